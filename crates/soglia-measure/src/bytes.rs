//! Whole numbers and texts as few bytes, for what travels between the parts of a query. Read
//! [`Reader`] first.

/// Bytes that are not what [`put`] and [`put_text`] wrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the counts of a part of a query are damaged")]
pub struct Damaged;

/// Appends a number, seven bits a byte, the lowest first.
pub fn put(out: &mut Vec<u8>, mut n: u64) {
    while 0x80 <= n {
        out.push(low(n) | 0x80);
        n >>= 7;
    }
    out.push(low(n));
}

/// The lowest seven bits.
fn low(n: u64) -> u8 {
    u8::try_from(n & 0x7f).expect("seven bits")
}

/// Appends a text.
pub fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Reads what was written, in the same order.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Begins to read.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next number.
    pub fn number(&mut self) -> Result<u64, Damaged> {
        let mut n = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(Damaged)?;
            self.0 = rest;
            n |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Ok(n);
            }
        }
        Err(Damaged)
    }

    /// The next number, as a narrower one.
    pub fn narrow<N: TryFrom<u64>>(&mut self) -> Result<N, Damaged> {
        N::try_from(self.number()?).map_err(|_| Damaged)
    }

    /// The next text.
    pub fn text(&mut self) -> Result<&'a str, Damaged> {
        let len = self.narrow()?;
        std::str::from_utf8(self.bytes(len)?).map_err(|_| Damaged)
    }

    /// The next bytes, so many.
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], Damaged> {
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(Damaged)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// Ends reading: nothing may be left.
    pub const fn end(&self) -> Result<(), Damaged> {
        if self.0.is_empty() { Ok(()) } else { Err(Damaged) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_what_was_written(numbers: Vec<u64>, text: String) {
            let mut bytes = Vec::new();
            put_text(&mut bytes, &text);
            for n in &numbers {
                put(&mut bytes, *n);
            }
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.text(), Ok(text.as_str()));
            for n in numbers {
                prop_assert_eq!(reader.number(), Ok(n));
            }
            prop_assert_eq!(reader.end(), Ok(()));
        }

        #[test]
        fn damaged_bytes_are_no_panic(bytes: Vec<u8>) {
            let mut reader = Reader::new(&bytes);
            while reader.text().is_ok() && reader.narrow::<u8>().is_ok() {}
        }
    }
}

//! Commitments: what a hash covers when the text may have to be erased. Read [`Committed`] first.
//!
//! The chain of hashes must survive the erasure of a person's data. So it covers, in the place of
//! each text, the hash of that text with a random salt. When text and salt are erased the hash
//! stays, the chain still verifies, and nobody can find a telephone number back by trying all of
//! them.

use crate::canonical::{hex, sha256};

/// A text, its salt, and the hash that stands for both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Committed {
    /// The text; nothing after an erasure.
    pub text: Option<String>,
    /// The salt; nothing after an erasure.
    pub salt: Option<String>,
    /// SHA-256 of salt and text.
    pub commitment: String,
}

/// What a look at a commitment says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The text is the one that was written.
    Holds,
    /// The text is another one.
    Broken,
    /// The text is gone.
    Erased,
}

impl Committed {
    /// Commits to a text with a fresh salt.
    pub fn new(text: String) -> Self {
        let salt = random_hex::<16>();
        let commitment = commit(&salt, &text);
        Self { text: Some(text), salt: Some(salt), commitment }
    }

    /// Says whether the text is still the one committed to.
    pub fn standing(&self) -> Standing {
        match (&self.salt, &self.text) {
            (Some(salt), Some(text)) if commit(salt, text) == self.commitment => Standing::Holds,
            (None, None) => Standing::Erased,
            _ => Standing::Broken,
        }
    }
}

/// Random bytes as hexadecimal digits.
///
/// # Panics
/// If the operating system has no random numbers to give; nothing is safe then.
pub fn random_hex<const BYTES: usize>() -> String {
    hex(&random::<BYTES>())
}

/// Random bytes.
///
/// # Panics
/// As [`random_hex`].
pub fn random<const BYTES: usize>() -> [u8; BYTES] {
    let mut bytes = [0_u8; BYTES];
    getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
    bytes
}

fn commit(salt: &str, text: &str) -> String {
    sha256(format!("{salt}:{text}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_tells_change_from_erasure() {
        let mut committed = Committed::new("Anna".to_owned());
        assert_eq!(committed.standing(), Standing::Holds);
        let other = Committed::new("Anna".to_owned());
        assert_ne!(committed.commitment, other.commitment, "the same text twice shows nothing");
        committed.text = Some("Aldo".to_owned());
        assert_eq!(committed.standing(), Standing::Broken);
        committed.text = None;
        assert_eq!(committed.standing(), Standing::Broken, "half erased is not erased");
        committed.salt = None;
        assert_eq!(committed.standing(), Standing::Erased);
    }
}

//! A fast hash for tables keyed by call ids, and a stable one. Read [`Quick`] first.
//!
//! Neither is cryptographic. Nothing that comes out of a parser depends on the order of a hash
//! table: tables are only looked up, never walked.

use std::hash::{BuildHasherDefault, Hasher};

/// Builds [`Quick`] hashers.
pub(crate) type BuildQuick = BuildHasherDefault<Quick>;

/// Multiply and rotate, eight bytes at a time.
#[derive(Default, Clone, Copy)]
pub(crate) struct Quick(u64);

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Quick {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }
}

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        self.mix(u64::from_le_bytes(last));
    }

    fn write_usize(&mut self, n: usize) {
        self.mix(n as u64);
    }

    fn write_u64(&mut self, n: u64) {
        self.mix(n);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

/// FNV-1a of some pieces with a mark between them: the same in every run and version.
pub(crate) fn stable(pieces: &[&[u8]]) -> u64 {
    let mut sum: u64 = 0xcbf2_9ce4_8422_2325;
    for piece in pieces {
        for byte in piece.iter().chain(&[0xff]) {
            sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    sum
}

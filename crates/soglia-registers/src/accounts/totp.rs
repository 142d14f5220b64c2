//! One-time codes (RFC 6238: SHA-1, six digits, thirty seconds). Read [`Enrolment`] first.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use soglia_domain::time::Instant;

/// Seconds that a code lasts.
const STEP_SECS: i64 = 30;
/// Codes of this many steps around now are taken, for clocks that differ.
const WINDOW: i64 = 1;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A secret, on its way to an authenticator app or in use.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The secret in base 32, as apps take it by hand.
    pub secret: String,
    /// The address that apps read from a QR code.
    pub address: String,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Enrolment(…)")
    }
}

impl Enrolment {
    /// Makes an enrolment from random bytes.
    pub(super) fn new(login: &str, bytes: [u8; 20]) -> Self {
        let secret = base32(&bytes);
        let account = login.replace('@', "%40");
        let address = format!(
            "otpauth://totp/Soglia:{account}?secret={secret}&issuer=Soglia&algorithm=SHA1\
             &digits=6&period=30"
        );
        Self { secret, address }
    }

    /// The enrolment of a stored secret.
    pub(super) fn stored(secret: &str) -> Self {
        Self { secret: secret.to_owned(), address: String::new() }
    }

    /// The step of a code that is right now and newer than `last`; a code is good only once.
    pub(super) fn accepts(&self, code: &str, now: Instant, last: i64) -> Option<i64> {
        let key = unbase32(&self.secret)?;
        let step = step_at(now);
        let code = code.trim();
        (step - WINDOW..=step + WINDOW).find(|step| last < *step && code_of(&key, *step) == code)
    }
}

/// The code of a secret at an instant, as an app shows it.
pub fn code_at(secret: &str, at: Instant) -> Option<String> {
    Some(code_of(&unbase32(secret)?, step_at(at)))
}

fn step_at(at: Instant) -> i64 {
    at.as_millis().div_euclid(1000 * STEP_SECS)
}

fn code_of(key: &[u8], step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("keys of any length do");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = digest.last().map_or(0, |byte| usize::from(byte & 0x0f));
    let part = digest.iter().skip(offset).take(4);
    let number = part.fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(5) {
        let padded = chunk.iter().chain([0; 4].iter()).take(5);
        let bits = padded.fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
        let letters = (chunk.len() * 8).div_ceil(5);
        for at in 0..letters {
            let index = usize::try_from((bits >> (35 - 5 * at)) & 31).expect("five bits");
            text.push(char::from(*BASE32.get(index).expect("five bits")));
        }
    }
    text
}

fn unbase32(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut n_bits) = (0_u32, 0_u32);
    let mut bytes = Vec::new();
    for letter in text.bytes() {
        let index = BASE32.iter().position(|known| *known == letter.to_ascii_uppercase())?;
        bits = (bits << 5) | u32::try_from(index).ok()?;
        n_bits += 5;
        if 8 <= n_bits {
            n_bits -= 8;
            bytes.push(u8::try_from((bits >> n_bits) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_standards() {
        // RFC 6238, appendix B: the last six of its eight digits.
        let secret = base32(b"12345678901234567890");
        assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let cases = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (secs, expected) in cases {
            let code = code_at(&secret, Instant::from_secs(secs));
            assert_eq!(code.as_deref(), Some(expected), "{secs}");
        }
    }

    #[test]
    fn a_code_is_good_once_and_for_a_while() {
        let enrolment = Enrolment::new("anna", *b"12345678901234567890");
        let at = Instant::from_secs(1_111_111_111);
        let step = step_at(at);
        assert_eq!(enrolment.accepts("050471", at, 0), Some(step));
        assert_eq!(enrolment.accepts(" 050471 ", at, step - 1), Some(step));
        assert_eq!(enrolment.accepts("050471", at, step), None, "not twice");
        let later = |secs: i64| Instant::from_secs(1_111_111_111 + secs);
        assert!(enrolment.accepts("050471", later(30), 0).is_some());
        assert!(enrolment.accepts("050471", later(60), 0).is_none());
        assert!(enrolment.accepts("050472", at, 0).is_none());
    }

    #[test]
    fn base_32_reads_back() {
        for n in 0..=20_u8 {
            let bytes: Vec<u8> = (0..n).map(|byte| byte.wrapping_mul(37)).collect();
            assert_eq!(unbase32(&base32(&bytes)), Some(bytes));
        }
        assert_eq!(unbase32("A1"), None);
    }
}

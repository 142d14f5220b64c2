//! Signed files: made elsewhere, kept here, compared with what was approved. Read [`sign`] first.
//!
//! Soglia holds no keys and judges no certificates. What it can show is that the signed file holds
//! the approved document byte for byte: a PAdES signature is appended to the document's bytes, a
//! CAdES envelope has them inside, in one piece or in pieces. Where that cannot be shown it says
//! so, and does not say more.

use soglia_domain::register::SIGNATURES;

use super::{require_register, texts};
use crate::actor::By;
use crate::canonical::sha256;
use crate::database::Tx;
use crate::entries::{Entry, Setting, Step, load};
use crate::error::{RegisterError, Rule};
use crate::files::Files;

/// How a file was signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignatureFormat {
    /// Inside the PDF.
    Pades,
    /// Around the document, `.p7m`.
    Cades,
}

/// A signed file.
#[derive(Clone, Debug)]
pub struct SignedFile<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// How it was signed.
    pub format: SignatureFormat,
    /// Who signed, as they say.
    pub signer: &'a str,
    /// When, as they say.
    pub signed_on: jiff::civil::Date,
    /// The document that was approved, as it was made.
    pub document: &'a [u8],
}

/// Puts a signed file into its slot.
pub async fn sign(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    files: &Files,
    slot: &Entry,
    signed: SignedFile<'_>,
) -> Result<Entry, RegisterError> {
    require_register(slot, &SIGNATURES)?;
    let review = load(tx, slot.words("review").unwrap_or_default()).await?;
    let state = review.state.code;
    if state != "approved" {
        let review = review.id.clone();
        return Err(RegisterError::Rule(Rule::NotApproved { review, state }));
    }
    let approved = review.words("document").unwrap_or_default().to_owned();
    let found = sha256(signed.document);
    if found != approved {
        return Err(RegisterError::Rule(Rule::OtherDocument { approved, found }));
    }
    let SignedFile { name, bytes, format, signer, signed_on, document } = signed;
    let file = files.store(name, bytes)?;
    let (wanted, code) = match format {
        SignatureFormat::Pades => ("application/pdf", "pades"),
        SignatureFormat::Cades => ("application/pkcs7-mime", "cades"),
    };
    if file.media != wanted {
        let problem = format!("it is {}, not {wanted}", file.media);
        return Err(RegisterError::Attachment { name: name.to_owned(), problem });
    }
    let holds = match format {
        SignatureFormat::Pades => document.len() < bytes.len() && bytes.starts_with(document),
        SignatureFormat::Cades => holds_in_pieces(bytes, document),
    };
    let fields = [
        ("signer", signer),
        ("signed_on", &signed_on.to_string()),
        ("format", code),
        ("signed_sha256", &file.sha256),
        ("document", &approved),
        ("holds_document", if holds { "byte_for_byte" } else { "not_shown" }),
    ];
    let changes = texts(slot.register, &fields)?;
    // A signed slot has no further step, and with it nobody who signs could attach.
    let slot = tx.attach(by, setting, &slot.id, slot.version, file).await?;
    let step = Step { version: slot.version, transition: "sign", changes };
    tx.advance_loaded(by, setting, slot, step).await
}

/// Whether an envelope holds the document as the content of one octet string, or of several that
/// follow each other. Only octet strings are looked at: bytes elsewhere are no content.
fn holds_in_pieces(envelope: &[u8], document: &[u8]) -> bool {
    !document.is_empty() && octet_runs(envelope, 0).iter().any(|content| content == document)
}

/// How deep structures may be nested.
const DEPTH_MAX: usize = 24;
/// The tag of an octet string; a constructed one has pieces inside.
const OCTETS: u8 = 0x04;
const CONSTRUCTED: u8 = 0x20;

/// The contents of octet strings in a BER structure, the pieces of constructed ones joined.
fn octet_runs(bytes: &[u8], depth: usize) -> Vec<Vec<u8>> {
    let mut runs = Vec::new();
    let mut rest = bytes;
    while let Some((tag, content, after)) = element(rest, depth) {
        if tag == OCTETS {
            runs.push(content.to_vec());
        } else if tag == OCTETS | CONSTRUCTED {
            runs.push(octet_runs(content, depth + 1).concat());
        } else if tag & CONSTRUCTED != 0 {
            runs.extend(octet_runs(content, depth + 1));
        }
        rest = after;
    }
    runs
}

/// One element: tag, content, what follows. Nothing at the end, or where it is no BER.
fn element(bytes: &[u8], depth: usize) -> Option<(u8, &[u8], &[u8])> {
    if DEPTH_MAX < depth {
        return None;
    }
    let (tag, rest) = bytes.split_first()?;
    // Tags of several bytes do not occur in signed data.
    if tag & 0x1f == 0x1f || *tag == 0 {
        return None;
    }
    let (first, rest) = rest.split_first()?;
    let length = match first {
        0x80 => return indefinite(*tag, rest, depth),
        0x81..=0x84 => {
            let n = usize::from(first & 0x7f);
            let digits = rest.get(..n)?;
            let length = digits.iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
            let rest = rest.get(n..)?;
            return Some((*tag, rest.get(..length)?, rest.get(length..)?));
        }
        0x85..=0xff => return None,
        short => usize::from(*short),
    };
    Some((*tag, rest.get(..length)?, rest.get(length..)?))
}

/// An element without a length: it ends with two zero bytes after its last part.
fn indefinite(tag: u8, bytes: &[u8], depth: usize) -> Option<(u8, &[u8], &[u8])> {
    if tag & CONSTRUCTED == 0 {
        return None;
    }
    let mut rest = bytes;
    loop {
        if let Some(after) = rest.strip_prefix(&[0, 0]) {
            let length = bytes.len() - rest.len();
            return Some((tag, bytes.get(..length)?, after));
        }
        let (_, _, after) = element(rest, depth + 1)?;
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";

    #[test]
    fn an_envelope_holds_what_is_its_content() {
        // SEQUENCE { OID, [0] { OCTET STRING } }, all lengths known.
        let mut der = vec![0x30, 22];
        der.extend(SIGNED_DATA);
        der.extend([0xa0, 9, 0x04, 7]);
        der.extend(b"%PDF-xy");
        assert!(holds_in_pieces(&der, b"%PDF-xy"));
        assert!(!holds_in_pieces(&der, b"%PDF-x"), "a part is not the whole");
        assert!(!holds_in_pieces(&der, SIGNED_DATA), "bytes elsewhere are no content");
        // The same without lengths and in two pieces, as signing programs write large files.
        let mut ber = vec![0x30, 0x80];
        ber.extend(SIGNED_DATA);
        ber.extend([0xa0, 0x80, 0x24, 0x80, 0x04, 4]);
        ber.extend(b"%PDF");
        ber.extend([0x04, 0x81, 3]);
        ber.extend(b"-xy");
        ber.extend([0; 6]);
        assert!(holds_in_pieces(&ber, b"%PDF-xy"));
        assert!(!holds_in_pieces(&ber, b"%PDF"));
    }

    #[test]
    fn broken_envelopes_hold_nothing() {
        for bytes in [&b""[..], b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80", b"\x1f\x01"] {
            assert!(!holds_in_pieces(bytes, b"x"));
        }
        let deep: Vec<u8> = std::iter::repeat_n([0x30, 0x80], 10_000).flatten().collect();
        assert!(!holds_in_pieces(&deep, b"x"));
    }
}

//! Any bytes as an Amazon Connect contact record file, in one piece, in small ones and cut in two
//! files: no panic, the rows balance, pieces do not matter, and what the first file leaves open
//! reads back.
#![no_main]

use std::io::BufRead;

use libfuzzer_sys::fuzz_target;
use soglia_domain::time::Instant;
use soglia_fuzz::{Audit, in_pieces, with_choice};
use soglia_sources::amazon_connect::{AmazonConnect, AmazonConnectConfig, OpenContacts};
use soglia_sources::outcome::{Emitted, Totals};

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = with_choice(bytes) else { return };
    let whole = read(bytes, OpenContacts::default());
    let pieces = read(in_pieces(bytes, choice), OpenContacts::default());
    assert_eq!(whole, pieces, "pieces do not matter");
    // Cut between lines, as deliveries are; between two records that is a cut between records.
    let ends: Vec<usize> =
        bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1).collect();
    let Some(cut) = ends.get(usize::from(choice) % ends.len().max(1)) else { return };
    let (first, second) = bytes.split_at(*cut);
    let Some((before, _, open)) = read(first, OpenContacts::default()) else { return };
    let Some((after, _, _)) = read(second, open) else { return };
    let Some((whole, _, _)) = whole else { return };
    let clean = |totals: &Totals| totals.rejected_rows == 0 && totals.ignored_rows == 0;
    if clean(&whole) && clean(&before) && clean(&after) {
        assert_eq!(whole.rows, before.rows + after.rows, "records are neither lost nor doubled");
    }
});

type Read = (Totals, Vec<String>, OpenContacts);

fn read(input: impl BufRead, open: OpenContacts) -> Option<Read> {
    let json = serde_json::to_string(&open).expect("plain structs always serialise");
    let open = serde_json::from_str(&json).expect("what was written reads");
    let mut parser = AmazonConnect::resume(AmazonConnectConfig::default(), open);
    let mut audit = Audit::default();
    let totals = parser.read("a", input, &mut |one: Emitted| audit.take(&one)).ok()?;
    audit.agrees_with(&totals);
    Some((totals, audit.bare, parser.open(nameless)))
}

/// Keeps nothing of a caller's number.
fn nameless(_: &str, _: Instant) -> String {
    String::new()
}

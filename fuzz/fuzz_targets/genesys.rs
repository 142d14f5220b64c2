//! Any bytes as a Genesys Cloud conversation file, in one piece and in small ones: no panic, the
//! rows balance, and pieces do not matter.
#![no_main]

use std::io::BufRead;

use libfuzzer_sys::fuzz_target;
use soglia_fuzz::{Audit, in_pieces, with_choice};
use soglia_sources::genesys::{self, GenesysConfig};
use soglia_sources::outcome::{Emitted, Totals};

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = with_choice(bytes) else { return };
    assert_eq!(read(bytes), read(in_pieces(bytes, size)), "pieces do not matter");
});

fn read(input: impl BufRead) -> Option<(Totals, Vec<String>)> {
    let mut audit = Audit::default();
    let mut out = |one: Emitted| audit.take(&one);
    let totals = genesys::read(input, &GenesysConfig::default(), &mut out).ok()?;
    audit.agrees_with(&totals);
    Some((totals, audit.bare))
}

//! Any bytes as a Genesys Cloud conversation file: no panic, and the rows balance.

#![no_main]

use libfuzzer_sys::fuzz_target;
use soglia_sources::genesys::{self, GenesysConfig};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(totals) = genesys::read(bytes, &GenesysConfig::default(), &mut |_| {}) {
        assert!(totals.balance(), "{totals:?}");
    }
});

//! Any bytes as a FreeSWITCH call record file: no panic, and the rows balance.

#![no_main]

use libfuzzer_sys::fuzz_target;
use soglia_sources::freeswitch::{self, FreeSwitchConfig};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(totals) = freeswitch::read(bytes, &FreeSwitchConfig::default(), &mut |_| {}) {
        assert!(totals.balance(), "{totals:?}");
    }
});

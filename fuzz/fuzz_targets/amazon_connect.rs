//! Any bytes as an Amazon Connect contact record file, in one piece and cut in two: no panic, and
//! the rows balance.

#![no_main]

use libfuzzer_sys::fuzz_target;
use soglia_sources::amazon_connect::{self, AmazonConnect, AmazonConnectConfig};

fuzz_target!(|bytes: &[u8]| {
    let config = AmazonConnectConfig::default;
    if let Ok(totals) = amazon_connect::read(bytes, config(), &mut |_| {}) {
        assert!(totals.balance(), "{totals:?}");
    }
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let mut parser = AmazonConnect::new(config());
    for (file, part) in [("a", first), ("b", second)] {
        let Ok(totals) = parser.read(file, part, &mut |_| {}) else { return };
        assert!(totals.balance(), "{totals:?}");
        parser = AmazonConnect::resume(config(), parser.open());
    }
});

//! Any bytes as a CDR file: no panic, every row accounted for. A crash becomes a fixture.
#![no_main]

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use soglia_sources::asterisk_cdr::{CdrConfig, CdrItem, CdrParser};

fuzz_target!(|bytes: &[u8]| {
    let mut config = CdrConfig::new(TimeZone::get("Europe/Rome").expect("bundled"));
    config.open_calls_max = 8;
    let mut parser = CdrParser::new(config);
    let (mut given, mut taken) = (0, 0);
    let mut out = |item: CdrItem| {
        taken += match item {
            CdrItem::Call(call) => {
                assert!(call.rows.first <= call.rows.last);
                drop(call.to_call());
                call.rows.n
            }
            CdrItem::Rejected(_) | CdrItem::Ignored { .. } => 1,
        };
    };
    for (row, line) in (1..).zip(bytes.split(|&b| b == b'\n')) {
        if parser.push(row, line, &mut out).is_err() {
            return;
        }
        given += 1;
    }
    parser.finish(&mut out);
    assert_eq!(given, taken, "every row went somewhere");
});

//! Any bytes as a CDR file: no panic, every row accounted for. A crash becomes a fixture.
#![no_main]

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use soglia_fuzz::Audit;
use soglia_sources::asterisk_cdr::{CdrConfig, CdrItem, CdrParser};
use soglia_sources::outcome::Emitted;

fuzz_target!(|bytes: &[u8]| {
    let mut config = CdrConfig::new(TimeZone::get("Europe/Rome").expect("bundled"));
    config.open_calls_max = 8;
    let mut parser = CdrParser::new(config);
    let (mut given, mut taken) = (0_u64, 0_u64);
    let mut audit = Audit::default();
    let mut out = |item: CdrItem| match item {
        CdrItem::Call(call) => {
            assert!(0 < call.rows.n && call.rows.first <= call.rows.last, "{:?}", call.rows);
            assert!(call.arrived <= call.ended, "{call:?}");
            taken += u64::from(call.rows.n);
            audit.take(&call.into_emitted());
        }
        CdrItem::Rejected(rejected) => {
            taken += 1;
            audit.take(&Emitted::Rejected(rejected));
        }
        CdrItem::Ignored { row, .. } => {
            assert!(0 < row);
            taken += 1;
        }
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

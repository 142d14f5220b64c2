//! Any bytes as a `queue_log`: no panic, every row accounted for, the saved state reads back, and
//! cutting the file in two changes no count. A crash becomes a fixture.
#![no_main]

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use soglia_sources::outcome::{Emitted, Totals};
use soglia_sources::queue_log::{End, OpenState, QueueLogConfig, QueueLogParser, sniff};

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, log)) = bytes.split_first() else { return };
    let lines: Vec<&[u8]> = log.split(|&b| b == b'\n').collect();
    // Whether it looks like a log or not, it must not break the parser.
    drop(sniff(lines.iter().copied().take(50), &zone()));
    let whole = read(&lines, lines.len());
    let parts = read(&lines, usize::from(*cut) % lines.len().max(1));
    assert_eq!(whole, parts, "a cut changes nothing");
});

fn zone() -> TimeZone {
    TimeZone::get("Europe/Rome").expect("bundled")
}

/// Calls, rejected rows and ignored rows of a log cut before a line.
fn read(lines: &[&[u8]], cut: usize) -> [u64; 3] {
    let mut config = QueueLogConfig::new("fuzz", zone());
    config.open_calls_max = 64;
    let mut sums = [0; 3];
    let mut add = |totals: &Totals| {
        assert!(totals.balance());
        sums[0] += totals.n_calls;
        sums[1] += totals.rejected_rows;
        sums[2] += totals.ignored_rows;
    };
    let mut out = |_: Emitted| {};
    let (first, second) = lines.split_at(cut);
    let mut parser = QueueLogParser::new(config.clone());
    for (row, line) in (1..).zip(first) {
        parser.push(row, line, &mut out);
    }
    let end = if second.is_empty() { End::Final } else { End::Continues };
    let done = parser.finish(end, &mut out);
    add(&done.totals);
    if !second.is_empty() {
        let open = OpenState::from_json(&done.open.to_json()).expect("what was written reads");
        let mut parser = QueueLogParser::resume(config, open);
        for (row, line) in (1..).zip(second) {
            parser.push(row, line, &mut out);
        }
        add(&parser.finish(End::Final, &mut out).totals);
    }
    sums
}

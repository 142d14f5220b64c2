//! Any bytes as a `queue_log`: no panic, every row accounted for, the saved state reads back, few
//! calls stay open, and cutting the file in three changes nothing of any call. A crash becomes a
//! fixture.
#![no_main]

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use soglia_fuzz::{Audit, with_choice};
use soglia_sources::outcome::Emitted;
use soglia_sources::queue_log::{End, OpenState, QueueLogConfig, QueueLogParser, sniff};

const OPEN_CALLS_MAX: usize = 16;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, log)) = with_choice(bytes) else { return };
    let lines: Vec<&[u8]> = log.split(|&b| b == b'\n').collect();
    // Whether it looks like a log or not, it must not break the parser.
    drop(sniff(lines.iter().copied().take(50), &zone()));
    let whole = read(&lines, &[]);
    let first = usize::from(choice) % lines.len();
    let second = first + usize::from(choice >> 4) % (lines.len() - first);
    assert_eq!(whole, read(&lines, &[first, second]), "a cut changes nothing");
});

fn zone() -> TimeZone {
    TimeZone::get("Europe/Rome").expect("bundled")
}

/// What comes of a log that is cut into files before some of its lines.
fn read(lines: &[&[u8]], cuts: &[usize]) -> Vec<String> {
    let mut bare = Vec::new();
    let mut open = None;
    let mut from = 0;
    let ends = cuts.iter().copied().chain([lines.len()]);
    for (n, until) in ends.enumerate() {
        let mut config = QueueLogConfig::new(n.to_string(), zone());
        config.open_calls_max = OPEN_CALLS_MAX;
        let mut parser = match open.take() {
            None => QueueLogParser::new(config),
            Some(open) => QueueLogParser::resume(config, open),
        };
        let mut audit = Audit::default();
        let mut out = |one: Emitted| audit.take(&one);
        for (row, line) in (1..).zip(lines.get(from..until).unwrap_or_default()) {
            parser.push(row, line, &mut out);
        }
        let end = if n == cuts.len() { End::Final } else { End::Continues };
        let done = parser.finish(end, &mut out);
        audit.agrees_with(&done.totals);
        assert_eq!(done.totals.rows, (until - from) as u64);
        assert!(done.open.n_calls() <= OPEN_CALLS_MAX, "memory stays bounded");
        bare.append(&mut audit.bare);
        open = Some(OpenState::from_json(&done.open.to_json()).expect("what was written reads"));
        from = until;
    }
    bare
}

//! How many bytes of `queue_log` are read per second: `cargo bench -p soglia-sources`. Read
//! [`log`] first: it writes a plausible day, the same every time.

use std::fmt::Write;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use jiff::tz::TimeZone;
use soglia_sources::outcome::Emitted;
use soglia_sources::queue_log::{End, QueueLogConfig, QueueLogParser};

fn main() {
    divan::main();
}

/// Calls that overlap: two of three are answered, every row in time order.
fn log(n_calls: u32) -> String {
    let mut rows: Vec<(u64, String)> = Vec::new();
    for call in 0..n_calls {
        let at = 1_700_000_000 + u64::from(call) * 3;
        let id = format!("{at}.{call}");
        let queue = if call % 4 == 0 { "contact" } else { "cup" };
        let mut row = |after: u64, text: String| {
            rows.push((at + after, format!("{}|{id}|{text}", at + after)));
        };
        row(0, "NONE|NONE|INFO|DID|0855550100".to_owned());
        row(6, "NONE|NONE|INFO|IVR|principale|1|OK".to_owned());
        row(6, format!("{queue}|NONE|ENTERQUEUE||333555{:04}|{}", call % 10_000, call % 9 + 1));
        if call % 3 == 0 {
            row(40, format!("{queue}|NONE|ABANDON|1|3|34"));
        } else {
            row(21, format!("{queue}|Operatore {}|RINGNOANSWER|15000", call % 40));
            row(29, format!("{queue}|Operatore {}|CONNECT|23|{at}.9|8", call % 37));
            row(229, format!("{queue}|Operatore {}|COMPLETECALLER|23|200|1", call % 37));
        }
    }
    rows.sort_by_key(|(at, _)| *at);
    let mut out = String::new();
    for (_, text) in rows {
        writeln!(out, "{text}").expect("strings take everything");
    }
    out
}

#[divan::bench]
fn parse(bencher: Bencher<'_, '_>) {
    let log = log(100_000);
    bencher.counter(BytesCount::of_str(&log)).counter(ItemsCount::new(log.lines().count())).bench(
        || {
            let mut n_calls = 0_u64;
            let mut out = |one| n_calls += u64::from(matches!(one, Emitted::Fact { .. }));
            let mut parser = QueueLogParser::new(QueueLogConfig::new("bench", TimeZone::UTC));
            for (row, line) in (1..).zip(log.as_bytes().split(|&b| b == b'\n')) {
                parser.push(row, line, &mut out);
            }
            parser.finish(End::Final, &mut out);
            n_calls
        },
    );
}

//! CDR fixtures against what they must become, and the recorded traffic. Read [`fixture`] first.

use jiff::tz::TimeZone;
use soglia_domain::facts::{Direction, Disposition, Fact};
use soglia_domain::time::{Instant, Millis};
use soglia_sources::asterisk_cdr::{CdrCall, CdrConfig, CdrItem, CdrParser, Finding, enrich};
use soglia_sources::outcome::{Emitted, NotThisFormat};
use soglia_sources::queue_log::{End, QueueLogConfig, QueueLogParser};

use crate::{shared_data, table};

fn read(bytes: &[u8], zone: &str) -> Result<Vec<CdrItem>, NotThisFormat> {
    let zone = TimeZone::get(zone).expect("a bundled zone");
    let mut parser = CdrParser::new(CdrConfig::new(zone));
    let mut items = Vec::new();
    for (row, line) in (1..).zip(bytes.split_inclusive(|&b| b == b'\n')) {
        parser.push(row, line, &mut |item| items.push(item))?;
    }
    parser.finish(&mut |item| items.push(item));
    Ok(items)
}

/// A fixture and, beside it, the snapshot of what it becomes without a queue log.
fn fixture(name: &str, bytes: &[u8]) {
    let items = read(bytes, "Europe/Rome").expect("a CDR file");
    let emitted: Vec<Emitted> = items
        .into_iter()
        .map(|item| match item {
            CdrItem::Call(call) => call.into_emitted(),
            CdrItem::Rejected(rejected) => Emitted::Rejected(rejected),
            CdrItem::Ignored { row, why } => Emitted::Ignored { row, n: 1, why },
        })
        .collect();
    let n: u64 = emitted
        .iter()
        .map(|one| match one {
            Emitted::Fact { fact: Fact::Call(call, _), .. } => u64::from(call.rows.n),
            Emitted::Ignored { n, .. } => u64::from(*n),
            _ => 1,
        })
        .sum();
    assert_eq!(n, bytes.split_inclusive(|&b| b == b'\n').count() as u64, "rows balance");
    insta::with_settings!({
        snapshot_path => "../../fixtures/asterisk_cdr",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, table::all(&emitted)) });
}

#[test]
fn basic() {
    fixture("basic", include_bytes!("../../fixtures/asterisk_cdr/basic.csv"));
}

#[test]
fn recoverable_errors() {
    let bytes = include_bytes!("../../fixtures/asterisk_cdr/recoverable-errors.csv");
    fixture("recoverable-errors", bytes);
}

#[test]
fn clock_change() {
    fixture("clock-change", include_bytes!("../../fixtures/asterisk_cdr/clock-change.csv"));
}

#[test]
fn truncated() {
    fixture("truncated", include_bytes!("../../fixtures/asterisk_cdr/truncated.csv"));
}

#[test]
fn an_unrelated_file_is_refused_with_the_reason() {
    let bytes = include_bytes!("../../fixtures/asterisk_cdr/unrelated.csv");
    let error = read(bytes, "UTC").expect_err("no CDR file").to_string();
    assert_eq!(
        error,
        "not a CDR file: row 1 has 4 fields and names no columns, where CDR rows have 17 to \
         21 with their start in the ninth or tenth"
    );
}

fn calls(items: Vec<CdrItem>) -> Vec<CdrCall> {
    let call = |item| match item {
        CdrItem::Call(call) => Some(call),
        CdrItem::Rejected(rejected) => panic!("a real row was rejected: {rejected:?}"),
        CdrItem::Ignored { .. } => None,
    };
    items.into_iter().filter_map(call).collect()
}

/// Both files of the recorded run tell the same calls that never met a queue: those that the tags
/// of the ground truth say. A10 and A17 were turned away, A05 and A30 served, A07 and A28 hung up.
#[test]
fn recorded_calls_without_a_queue() {
    for name in ["asterisk-22/cdr-Master.csv", "asterisk-22/cdr-custom.csv"] {
        let Some(bytes) = shared_data::file(name) else { return };
        let calls = calls(read(&bytes, "UTC").expect("a CDR file"));
        let mut found: Vec<(String, Disposition)> = calls
            .iter()
            .filter_map(CdrCall::to_call)
            .map(|call| {
                let caller = call.caller.expect("all six show their number");
                (caller.expose().to_owned(), call.disposition)
            })
            .collect();
        found.sort();
        let expect = [
            ("0600000105", Disposition::IvrContained),
            ("0600000107", Disposition::AbandonedInIvr),
            ("0600000110", Disposition::Rejected),
            ("0600000117", Disposition::Rejected),
            ("0600000128", Disposition::AbandonedInIvr),
            ("0600000130", Disposition::IvrContained),
        ];
        let expect: Vec<_> = expect.map(|(who, what)| (who.to_owned(), what)).into();
        assert_eq!(found, expect, "{name}");
    }
}

/// Arrivals and ends are those of the ground truth, for every call in it.
#[test]
fn recorded_arrivals_and_ends() {
    let Some(bytes) = shared_data::file("asterisk-22/cdr-custom.csv") else { return };
    let Some(truth) = shared_data::file("asterisk-22/calls.csv") else { return };
    let calls = calls(read(&bytes, "UTC").expect("a CDR file"));
    for record in csv::Reader::from_reader(truth.as_slice()).records() {
        let record = record.expect("the ground truth is a CSV file");
        let at = |n: usize| record[n].parse::<f64>().expect("seconds");
        let near = |call: &&CdrCall| {
            call.direction == Direction::Inbound
                && (call.arrived.as_millis() as f64 / 1000.0 - at(5)).abs() < 2.0
                && call.caller.as_ref().is_none_or(|caller| caller.expose() == &record[3])
        };
        let call = calls.iter().find(near).unwrap_or_else(|| panic!("{} missing", &record[1]));
        let ended = call.ended.as_millis() as f64 / 1000.0;
        assert!(ended < at(8) + 2.0, "{}: {ended} after {}", &record[1], at(8));
        // A caller who gives up while nothing rings has been silent since the last row.
        if &record[9] != "caller" || call.queue.is_none() {
            assert!(at(8) < ended + 2.0, "{}: {ended} before {}", &record[1], at(8));
        }
    }
}

/// The crash run has both files of the same calls.
#[test]
fn enrichment_fills_what_the_queue_log_lacks() {
    let Some(cdr) = shared_data::file("asterisk-22-crash/cdr-custom.csv") else { return };
    let Some(log) = shared_data::file("asterisk-22-crash/queue_log") else { return };
    let cdr = calls(read(&cdr, "UTC").expect("a CDR file"));
    let mut queued = Vec::new();
    let mut parser = QueueLogParser::new(QueueLogConfig::new("log", TimeZone::UTC));
    let mut out = |one| {
        if let Emitted::Fact { fact: Fact::Call(call, _), .. } = one {
            queued.push(call);
        }
    };
    for (row, line) in (1..).zip(log.split_inclusive(|&b| b == b'\n')) {
        parser.push(row, line, &mut out);
    }
    parser.finish(End::Final, &mut out);
    assert_eq!(cdr.len(), 2, "calls open at the crash left no CDR");
    for cdr in &cdr {
        assert_eq!(cdr.to_call(), None, "it met a queue");
        let call = queued.iter_mut().find(|call| call.id == cdr.id).expect("the same id");
        let before = call.clone();
        call.ended = None;
        assert_eq!(enrich(call, cdr), []);
        assert_eq!((call.wait, call.talk), (before.wait, before.talk));
        assert!(before.ended.is_some_and(|ended| call.ended.is_some_and(|now| ended <= now)));
    }
}

#[test]
fn a_call_taken_out_of_the_queue_is_found_out() {
    let bytes = include_bytes!("../../fixtures/asterisk_cdr/basic.csv");
    let all = calls(read(bytes, "Europe/Rome").expect("a CDR file"));
    let cdr = all.iter().find(|call| call.id == "1772434980.4").expect("in the fixture");
    let mut call = all[0].to_call().expect("never met a queue");
    call.arrived = cdr.arrived;
    call.queued = Some(cdr.arrived);
    call.wait = Some(Millis::from_secs(12));
    call.disposition = Disposition::AbandonedInQueue;
    assert_eq!(enrich(&mut call, cdr), [Finding::AnsweredOutsideQueue]);
    assert_eq!(call.disposition, Disposition::AbandonedInQueue);
    call.arrived = Instant::from_secs(0);
    assert_eq!(enrich(&mut call, cdr), [Finding::ArrivalsDisagree]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 256, failure_persistence: None, ..Default::default()
    })]

    /// Whatever follows a CDR file's first row, every row goes somewhere once.
    #[test]
    fn totals_balance_for_arbitrary_rows(
        picks in proptest::collection::vec((0..9_usize, 0..200_usize, 0..=255_u8), 0..60),
    ) {
        let basic = include_bytes!("../../fixtures/asterisk_cdr/basic.csv").as_slice();
        let rows: Vec<&[u8]> = basic.split_inclusive(|&b| b == b'\n').collect();
        let mut bytes = rows[0].to_vec();
        for (row, at, byte) in picks {
            let mut line = rows[row].to_vec();
            if let Some(place) = line[..].get_mut(at * 2) {
                *place = byte;
            }
            bytes.extend(line);
        }
        let n_rows = |item: &CdrItem| match item {
            CdrItem::Call(call) => u64::from(call.rows.n),
            CdrItem::Rejected(_) | CdrItem::Ignored { .. } => 1,
        };
        let items = read(&bytes, "Europe/Rome").expect("a CDR file");
        let n: u64 = items.iter().map(n_rows).sum();
        proptest::prop_assert_eq!(n, bytes.split_inclusive(|&b| b == b'\n').count() as u64);
    }
}

//! The recorded traffic of a real Asterisk 22, call by call against what was meant to happen. Read
//! [`A_CALLS`] first: it was written from the ground truth's tags, not from what the parser says.
//!
//! The ground truth's clock is that of an earlier run of the same script: 1 601 s before the
//! log's, and some seconds more where the run dragged on. Calls are joined by caller and time.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use soglia_domain::facts::{Call, Disposition, Fact, QueueEntry, QueueExit};
use soglia_domain::time::{Instant, Millis};
use soglia_sources::outcome::Emitted;
use soglia_sources::queue_log::{End, Finished, QueueLogConfig, QueueLogParser};

use crate::shared_data;

use Disposition::{
    AbandonedInIvr, AbandonedInQueue, Answered, CallbackRequested, IvrContained, Rejected,
    ReleasedBySystem,
};

/// Tag, caller, what became of the call, transfers, queues met in order.
///
/// * A15 hangs up before the PBX answers, in the queue: abandoned.
/// * A25 is taken out of the queue by a command; the log writes ABANDON and nothing else.
/// * A26 meets a telephone that is dead but registered. In the run of the ground truth another
///   operator answered; in the run of the log the dead one rang four times and the caller gave up
///   after 60 s.
/// * A28 and A30 stay in an IVR that writes nothing to the log: they are not in it.
/// * A33 is in the log only.
const A_CALLS: [(&str, &str, Disposition, u32, &[&str]); 30] = [
    ("A01", "0600000101", Answered, 0, &["anagrafe"]),
    ("A02", "0600000102", Answered, 0, &["anagrafe"]),
    ("A03", "0600000103", AbandonedInQueue, 0, &["anagrafe"]),
    ("A04", "0600000104", Answered, 0, &["tributi"]),
    ("A05", "1795409110.10", IvrContained, 0, &[]),
    ("A06", "0600000106", Answered, 0, &["urp"]),
    ("A07", "1795409116.21", AbandonedInIvr, 0, &[]),
    ("A08", "0600000108", Answered, 0, &["tributi", "overflow"]),
    ("A09", "0600000109", CallbackRequested, 0, &["urp"]),
    ("A10", "1795409142.44", Rejected, 0, &[]),
    ("A11", "0600000111", ReleasedBySystem, 0, &["notturno"]),
    ("A12", "0600000112", Answered, 1, &["anagrafe", "tributi"]),
    ("A13", "0600000113", Answered, 1, &["anagrafe"]),
    ("A14", "0600000114", Answered, 1, &["anagrafe"]),
    ("A14b", "0600000132", Answered, 1, &["anagrafe", "tributi"]),
    ("A15", "0600000115", AbandonedInQueue, 0, &["anagrafe"]),
    ("A16", "0600000116", AbandonedInQueue, 0, &["piccola"]),
    ("A17", "1795409273.123", Rejected, 0, &[]),
    ("A18", "0600000118", AbandonedInQueue, 0, &["vip"]),
    ("A19", "0600000119", Answered, 0, &["anagrafe"]),
    ("A20", "0600000120", Answered, 0, &["anagrafe"]),
    ("A21", "0600000121", Answered, 0, &["anagrafe"]),
    ("A22", "0600000122", ReleasedBySystem, 0, &["tributi"]),
    ("A23", "anonymous", Answered, 0, &["tributi"]),
    ("A24", "0600000124", Answered, 0, &["anagrafe"]),
    ("A25", "0600000125", AbandonedInQueue, 0, &["tributi"]),
    ("A26", "0600000126", AbandonedInQueue, 0, &["tributi"]),
    ("A27", "0600000127", Answered, 0, &["anagrafe"]),
    ("A31", "0600000131", Answered, 0, &["anagrafe"]),
    ("A33", "0600000133", Answered, 0, &["anagrafe"]),
];

/// How far the log's clock is ahead of the ground truth's.
const AHEAD_SECS: f64 = 1601.0;

/// Queue, entry's way out, seconds waited, seconds talked; read in the log by eye.
const A_TIMES: [(&str, i64, Option<i64>); 14] = [
    ("0600000101", 2, Some(12)),
    ("0600000102", 3, Some(11)),
    ("0600000103", 30, None),
    ("0600000104", 4, Some(9)),
    ("0600000108", 13, Some(10)),
    ("0600000109", 6, None),
    ("0600000111", 12, None),
    ("0600000112", 2, Some(6 + 9)),
    ("0600000113", 2, Some(6)),
    ("0600000114", 2, Some(14)),
    ("0600000132", 2, Some(258 - 240)),
    ("0600000121", 16, Some(6)),
    ("0600000122", 14, None),
    ("0600000126", 60, None),
];

struct Read {
    calls: Vec<(Call, Vec<QueueEntry>)>,
    finished: Finished,
}

fn read(bytes: &[u8]) -> Read {
    let mut calls = Vec::new();
    let mut out = |emitted| match emitted {
        Emitted::Fact { fact: Fact::Call(call, entries), .. } => calls.push((call, entries)),
        Emitted::Rejected(rejected) => panic!("a real row was rejected: {rejected:?}"),
        _ => {}
    };
    let mut parser = QueueLogParser::new(QueueLogConfig::new("recorded", TimeZone::UTC));
    for (row, line) in (1..).zip(bytes.split_inclusive(|&b| b == b'\n')) {
        parser.push(row, line, &mut out);
    }
    let finished = parser.finish(End::Final, &mut out);
    Read { calls, finished }
}

fn who(call: &Call) -> String {
    call.caller.as_ref().map_or_else(|| call.id.clone(), |caller| caller.expose().to_owned())
}

/// The recorded call of a caller, the earliest one; for anonymous ones and those that were never
/// queued, by id.
fn find<'a>(read: &'a Read, caller: &str) -> &'a (Call, Vec<QueueEntry>) {
    let is = |(call, _): &&(Call, Vec<QueueEntry>)| match caller {
        "anonymous" => call.id == "1795409364.170",
        _ => who(call) == caller,
    };
    let found = read.calls.iter().filter(is).min_by_key(|(call, _)| call.arrived);
    found.unwrap_or_else(|| panic!("no call of {caller}"))
}

#[test]
fn every_recorded_call_became_what_it_was_meant_to() {
    let Some(log) = shared_data::file("asterisk-22/queue_log") else { return };
    let read = read(&log);
    for (tag, caller, disposition, transfers, queues) in A_CALLS {
        let (call, entries) = find(&read, caller);
        let met: Vec<&str> = entries.iter().map(|entry| entry.queue.as_str()).collect();
        assert_eq!((call.disposition, call.transfers), (disposition, transfers), "{tag} {call:?}");
        assert_eq!(met, queues, "{tag}");
        assert_eq!(call.precision, Millis::from_secs(1), "{tag}");
    }
    // The call-back to A09's caller is one more call; A14b's consultation is none.
    assert_eq!(read.calls.len(), A_CALLS.len() + 1);
    assert!(read.calls.iter().all(|(call, _)| who(call) != "1001"));
    assert_eq!(read.finished.totals.rows, 143);
    assert_eq!(read.finished.open.n_calls(), 0);
    assert_eq!(read.finished.totals.anomalies, BTreeMap::new());
}

#[test]
fn recorded_times_are_those_of_the_log() {
    let Some(log) = shared_data::file("asterisk-22/queue_log") else { return };
    let read = read(&log);
    for (caller, wait, talk) in A_TIMES {
        let (call, _) = find(&read, caller);
        assert_eq!(call.wait, Some(Millis::from_secs(wait)), "{caller}");
        assert_eq!(call.talk, talk.map(Millis::from_secs), "{caller}");
    }
    let (overflowed, entries) = find(&read, "0600000108");
    let exits: Vec<_> = entries.iter().map(|entry| entry.exit).collect();
    assert_eq!(exits, [QueueExit::TimedOut, QueueExit::Answered]);
    assert_eq!(overflowed.first_queue.as_deref(), Some("tributi"));
    let (menu, _) = find(&read, "0600000104");
    assert_eq!(menu.dialled.as_deref(), Some("800000100"));
    assert_eq!(menu.ivr_path.as_deref(), Some("principale:2"));
    let (refused, _) = find(&read, "1795409142.44");
    assert_eq!(refused.first_queue.as_deref(), Some("notturno"));
    assert_eq!(refused.queued, None);
}

/// Every call that the ground truth saw reach a queue or a menu is in the log, at the same time by
/// the log's clock; only two IVR calls that write nothing are missing.
#[test]
fn the_ground_truth_has_no_other_calls() {
    let Some(log) = shared_data::file("asterisk-22/queue_log") else { return };
    let Some(truth) = shared_data::file("asterisk-22/calls.csv") else { return };
    let read = read(&log);
    let mut missing = Vec::new();
    for record in csv::Reader::from_reader(truth.as_slice()).records() {
        let record = record.expect("the ground truth is a CSV file");
        let (tag, caller) = (record[1].split(' ').next().expect("a tag"), &record[3]);
        let invited: f64 = record[5].parse().expect("seconds");
        let expect = A_CALLS.iter().find(|(known, ..)| *known == tag);
        let Some((_, caller, ..)) = expect
            .filter(|(_, of, ..)| *of == caller || of.contains('.'))
            .or(expect.filter(|_| caller == "anonymous"))
        else {
            missing.push(tag.to_owned());
            continue;
        };
        let (call, _) = find(&read, caller);
        let arrived = Instant::as_millis(call.arrived) as f64 / 1000.0;
        let off = arrived - invited - AHEAD_SECS;
        assert!((-2.0..20.0).contains(&off), "{tag}: {off} s apart");
    }
    assert_eq!(missing, ["A28", "A30"]);
}

/// The PBX was killed with three calls open, and restarted.
#[test]
fn a_crash_ends_the_calls_that_were_open() {
    let Some(log) = shared_data::file("asterisk-22-crash/queue_log") else { return };
    let read = read(&log);
    let expect = [
        ("0600000301", Answered, Some(8)),
        ("0600000302", Answered, None),
        ("0600000303", ReleasedBySystem, None),
        ("0600000304", ReleasedBySystem, None),
        ("0600000305", Answered, Some(6)),
    ];
    assert_eq!(read.calls.len(), expect.len());
    for (caller, disposition, talk) in expect {
        let (call, entries) = find(&read, caller);
        assert_eq!(call.disposition, disposition, "{caller}");
        assert_eq!(call.talk, talk.map(Millis::from_secs), "{caller}");
        assert_eq!(entries.len(), 1, "{caller}");
        if disposition == ReleasedBySystem {
            assert_eq!(entries[0].exit, QueueExit::Failed, "{caller}");
        }
    }
    let restarted = Instant::from_secs(1_795_409_978);
    for caller in ["0600000302", "0600000303", "0600000304"] {
        assert_eq!(find(&read, caller).0.ended, Some(restarted), "{caller}");
    }
    let noted = &read.finished.totals.anomalies;
    assert_eq!(noted.get("conversation_cut_by_restart"), Some(&1));
    assert_eq!(noted.get("wait_cut_by_restart"), Some(&2));
}

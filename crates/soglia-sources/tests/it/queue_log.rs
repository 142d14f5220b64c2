//! `queue_log` fixtures against what they must become, and single situations. Read [`check`]
//! first.

use jiff::tz::TimeZone;
use soglia_domain::facts::{Disposition, Fact};
use soglia_domain::time::{Instant, Millis};
use soglia_sources::outcome::Emitted;
use soglia_sources::queue_log::{
    End, Finished, OpenState, QueueLogConfig, QueueLogParser, first_instant, sniff,
};

use crate::table;

fn config(file: &str) -> QueueLogConfig {
    QueueLogConfig::new(file, TimeZone::get("Europe/Rome").expect("a bundled zone"))
}

/// Feeds a file's lines, ends as told.
fn run(mut parser: QueueLogParser, log: &[u8], end: End) -> (Vec<Emitted>, Finished) {
    let mut emitted = Vec::new();
    for (row, line) in (1..).zip(log.split_inclusive(|&b| b == b'\n')) {
        parser.push(row, line, &mut |one| emitted.push(one));
    }
    let finished = parser.finish(end, &mut |one| emitted.push(one));
    (emitted, finished)
}

fn read(log: &[u8]) -> (Vec<Emitted>, Finished) {
    run(QueueLogParser::new(config("log")), log, End::Final)
}

/// A fixture and, beside it, the snapshot of what it becomes.
fn fixture(name: &str, log: &[u8]) {
    let (emitted, finished) = read(log);
    let found = format!("{}{}", table::all(&emitted), table::totals(&finished.totals));
    insta::with_settings!({
        snapshot_path => "../../fixtures/queue_log",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, found) });
}

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../fixtures/queue_log/", $name, ".log")).as_slice()
    };
}

#[test]
fn basic() {
    fixture("basic", fixture!("basic"));
}

#[test]
fn recoverable_errors() {
    fixture("recoverable-errors", fixture!("recoverable-errors"));
}

#[test]
fn clock_change() {
    fixture("clock-change", fixture!("clock-change"));
}

#[test]
fn truncated() {
    fixture("truncated", fixture!("truncated"));
}

#[test]
fn an_unrelated_file_is_refused_with_the_reason() {
    let check = |log: &[u8]| {
        let lines = log.split(|&b| b == b'\n');
        sniff(lines, &TimeZone::UTC).map_err(|error| error.to_string())
    };
    assert_eq!(
        check(fixture!("unrelated")),
        Err("not a queue_log: row 1 does not begin with seconds since 1970 or a local date and \
             time, then `|`"
            .to_owned())
    );
    assert_eq!(
        check(b"\n\n"),
        Err("not a queue_log: row 1 is empty, and so are those that follow".to_owned())
    );
    for log in [fixture!("basic"), fixture!("recoverable-errors"), fixture!("clock-change")] {
        assert_eq!(check(log), Ok(()));
    }
}

#[test]
fn files_are_put_in_order_by_their_first_instant() {
    let at = |line: &str| first_instant(line.as_bytes(), &TimeZone::UTC).map(Instant::as_millis);
    assert_eq!(at("1772434800|NONE|NONE|NONE|QUEUESTART|\n"), Some(1_772_434_800_000));
    assert_eq!(at("2026-03-02 07:00:00.5|1|cup|NONE|DID|"), Some(1_772_434_800_500));
    assert_eq!(at("id,data"), None);
}

/// Rows as they stand in a log; calls as `id disposition wait talk transfers queue:exit …`.
fn check(log: &str, expect: &str) {
    let (emitted, _) = read(log.as_bytes());
    let calls = emitted.iter().filter_map(|one| match one {
        Emitted::Fact { fact: Fact::Call(call, entries), .. } => {
            let span = |span: Option<Millis>| span.map_or("-".to_owned(), |span| span.to_string());
            let mut line = format!(
                "{} {} {} {} {}",
                call.id,
                call.disposition.name(),
                span(call.wait),
                span(call.talk),
                call.transfers
            );
            for entry in entries {
                line = format!("{line} {}:{}", entry.queue, entry.exit.name());
            }
            Some(line)
        }
        _ => None,
    });
    let found: Vec<String> = calls.collect();
    let expect: Vec<&str> = expect.lines().map(str::trim).collect();
    assert_eq!(found, expect);
}

#[test]
fn a_transfer_to_a_queue_under_the_operators_own_id_is_one_call() {
    check(
        "1717397259|1717397243.26|1501|NONE|ENTERQUEUE|3335550209|1\n\
         1717397271|1717397243.26|1501|PJSIP/7009|CONNECT|12|1717397259.27|11\n\
         1717397390|1717397390.30|1509|NONE|DID|\n\
         1717397390|1717397390.30|1509|NONE|ENTERQUEUE||7009|1\n\
         1717397391|1717397390.30|1501|PJSIP/7009|ATTENDEDTRANSFER|APP|Queue|12|120|1\n\
         1717397397|1717397243.26|1509|PJSIP/7051|CONNECT|7|1717397390.31|6\n\
         1717397570|1717397243.26|1509|PJSIP/7051|COMPLETEAGENT|7|173|1",
        "1717397243.26 answered 12s 4min53s 1 1501:answered 1509:answered",
    );
}

#[test]
fn of_several_consultations_the_operators_own_is_joined() {
    check(
        "100|1.1|a|NONE|ENTERQUEUE||3335550209|1\n\
         101|1.1|a|PJSIP/7009|CONNECT|1|x|1\n\
         110|1.2|b|NONE|ENTERQUEUE||7010|1\n\
         111|1.3|b|NONE|ENTERQUEUE||7009|2\n\
         115|1.3|b|PJSIP/7051|CONNECT|4|x|1\n\
         120|1.1|a|PJSIP/7009|ATTENDEDTRANSFER|BRIDGE|x|1|19|1\n\
         125|1.2|b|NONE|ABANDON|1|1|15\n\
         130|1.3|b|PJSIP/7051|COMPLETECALLER|4|15|2",
        "1.2 abandoned_in_queue 15s - 0 b:abandoned
         1.1 answered 1s 29s 1 a:answered b:answered",
    );
}

#[test]
fn rows_of_transfer_and_new_queue_may_come_in_either_order() {
    let expect = "1.1 answered 2s 17s 1 a:answered b:answered";
    let rest = "1122|1.1|b|X|CONNECT|2|x|2\n1129|1.1|b|X|COMPLETEAGENT|2|7|1";
    let start = "1100|1.1|a|NONE|ENTERQUEUE||0855550112|1\n1102|1.1|a|Y|CONNECT|2|x|2";
    let moved = "1112|1.1|a|Y|BLINDTRANSFER|7002|agenti|2|10|1";
    let again = "1120|1.1|b|NONE|ENTERQUEUE||0855550112|1";
    check(&format!("{start}\n{moved}\n{again}\n{rest}"), expect);
    check(&format!("{start}\n{again}\n{moved}\n{rest}"), expect);
}

#[test]
fn a_call_left_without_a_row_is_given_up_after_a_day() {
    check(
        "1000|1.1|a|NONE|ENTERQUEUE||0855550112\n\
         90000|1.2|a|NONE|ENTERQUEUE||0855550113\n\
         90010|1.2|a|NONE|ABANDON|1|1|10\n\
         90011|1.3|a|NONE|ENTERQUEUE||0855550114",
        "1.1 technical_failure 0s - 0 a:failed
         1.2 abandoned_in_queue 10s - 0 a:abandoned",
    );
}

#[test]
fn a_restart_ends_the_wait_even_after_a_weekend_off() {
    check(
        "1000|1.1|a|NONE|ENTERQUEUE||0855550112|1\n\
         200000|NONE|NONE|NONE|QUEUESTART|\n\
         200010|NONE|NONE|NONE|CONFIGRELOAD|",
        "1.1 released_by_system 55h16min40s - 0 a:failed",
    );
}

#[test]
fn an_operator_who_puts_the_caller_back_has_not_answered() {
    check(
        "1000|1.1|a|NONE|ENTERQUEUE||0855550112|1\n\
         1010|1.1|a|X|AGENTDUMP|\n\
         1030|1.1|a|NONE|ABANDON|1|1|30",
        "1.1 abandoned_in_queue 30s - 0 a:abandoned",
    );
}

#[test]
fn events_of_the_database_product_are_known() {
    check(
        "1000|1.1|q|NONE|JOINEMPTY||||\n\
         1001|1.2|q|NONE|FULL||||\n\
         1002|1.3|q|NONE|CLOSED||||\n\
         1003|1.4|q|NONE|ENTERQUEUE||0855550112|1||\n\
         1009|1.4|q|NONE|LEAVEEMPTY||||\n\
         1010|1.5|q|NONE|DIVERT_CA_RATIO||||\n\
         1011|1.6|q|X|WRAPUPSTART|15||||",
        "1.1 rejected - - 0
         1.2 rejected - - 0
         1.3 out_of_hours - - 0
         1.4 released_by_system 6s - 0 q:emptied
         1.5 rejected - - 0",
    );
}

#[test]
fn calls_left_open_are_completed_by_the_next_file() {
    let (one, two) = (
        b"1000|1.1|a|NONE|ENTERQUEUE||0855550112|1\n1005|1.1|a|X|RINGNOANSWER|4000\n".as_slice(),
        b"1010|1.1|a|X|CONNECT|10|x|3\n1040|1.1|a|X|COMPLETEAGENT|10|30|1\n".as_slice(),
    );
    let (first, left) = run(QueueLogParser::new(config("one")), one, End::Final);
    assert!(first.is_empty());
    assert_eq!((left.totals.open_calls, left.totals.pending_rows), (1, 2));
    let mut stored = left.open.clone();
    stored.map_callers(|number| {
        assert_eq!(number, "0855550112");
        "pseudonym".to_owned()
    });
    let json = stored.to_json();
    assert!(!json.contains("0855550112") && !json.contains("\"X\""), "{json}");
    let open = OpenState::from_json(&json).expect("what was written can be read");
    let (second, done) = run(QueueLogParser::resume(config("two"), open), two, End::Final);
    assert_eq!(
        table::all(&second),
        "1.1 answered inbound | arrived 1970-01-01T00:16:40.000Z answered \
         1970-01-01T00:16:50.000Z ended 1970-01-01T00:17:20.000Z rang 1970-01-01T00:16:41.000Z | \
         wait 10s talk 30s transfers 0 | queue a dialled - ivr - group - caller pseudonym \
         precision 1s | rows 1-2/2 + one:1-2/2\n    \
         1 a answered | entered 1970-01-01T00:16:40.000Z left 1970-01-01T00:16:50.000Z wait 10s | \
         position 1 | rows 1-2/2\n"
    );
    assert_eq!(done.totals.fact_rows, 2);
}

#[test]
fn stray_rows_in_the_next_file_belong_to_the_call() {
    let one = b"1000|1.1|a|NONE|ENTERQUEUE||0855550112|1\n1009|1.1|a|NONE|ABANDON|1|1|9\n";
    let (first, left) = run(QueueLogParser::new(config("one")), one, End::Final);
    assert!(matches!(first.as_slice(), [Emitted::Fact { revision: Some(-3), .. }]), "{first:?}");
    assert_eq!((left.totals.open_calls, left.totals.pending_rows, left.open.n_calls()), (0, 0, 0));
    let two = b"1010|1.1|a|NONE|INFO|STATO|X\n1010|1.1|NONE|NONE|INFO|IVR|m|1|OK\n";
    let (second, done) = run(QueueLogParser::resume(config("two"), left.open), two, End::Final);
    let [Emitted::Withdrawn { id, revision: -3 }, Emitted::Fact { fact, earlier, revision }] =
        second.as_slice()
    else {
        panic!("what was told is taken back: {second:?}");
    };
    assert_eq!((id.as_str(), fact.id(), *revision), ("1.1", "1.1", Some(-5)));
    assert_eq!(earlier.iter().map(|rows| rows.n).sum::<u32>(), 2);
    assert_eq!(done.totals.fact_rows, 2);
}

/// Once found in a log that was rotated at noon: a caller who was in the IVR had given up there by
/// one file, and was answered by the next.
#[test]
fn a_call_in_the_ivr_when_the_file_ends_is_one_call() {
    let one = b"1000|1.1|NONE|NONE|DID|0855550100\n";
    let (first, left) = run(QueueLogParser::new(config("one")), one, End::Final);
    assert_eq!(first.len(), 1, "it is told as it stands: {first:?}");
    let two = b"1020|1.1|a|NONE|ENTERQUEUE||0855550112|1\n1030|1.1|a|X|CONNECT|10|x|3\n";
    let (second, left) = run(QueueLogParser::resume(config("two"), left.open), two, End::Final);
    assert!(matches!(second.as_slice(), [Emitted::Withdrawn { .. }]), "it talks: {second:?}");
    assert_eq!(left.totals.open_calls, 1);
    let three = b"1060|1.1|a|X|COMPLETEAGENT|10|30|1\n9000|NONE|NONE|NONE|CONFIGRELOAD|\n\
        9001|NONE|NONE|NONE|CONFIGRELOAD|\n";
    let (third, _) = run(QueueLogParser::resume(config("three"), left.open), three, End::Final);
    let facts: Vec<&Emitted> =
        third.iter().filter(|one| matches!(one, Emitted::Fact { .. })).collect();
    let [Emitted::Fact { fact: Fact::Call(call, _), revision: None, .. }] = facts.as_slice() else {
        panic!("one call: {third:?}");
    };
    assert_eq!(call.disposition, Disposition::Answered);
}

/// What nobody continued stands as it was told, and is not told again.
#[test]
fn a_call_told_at_the_end_of_a_file_is_told_once() {
    let one = b"1000|1.1|a|NONE|ENTERQUEUE||0855550112|1\n1009|1.1|a|NONE|ABANDON|1|1|9\n";
    let (_, left) = run(QueueLogParser::new(config("one")), one, End::Final);
    let two = b"9000|NONE|NONE|NONE|CONFIGRELOAD|\n9001|NONE|NONE|NONE|CONFIGRELOAD|\n";
    let (second, left) = run(QueueLogParser::resume(config("two"), left.open), two, End::Final);
    assert!(second.iter().all(|one| matches!(one, Emitted::Ignored { .. })), "{second:?}");
    assert_eq!(left.open.to_json().matches("1.1").count(), 0, "it is forgotten");
}

#[test]
fn a_later_version_of_the_saved_state_is_refused() {
    let json = run(QueueLogParser::new(config("one")), b"", End::Final).1.open.to_json();
    let later = json.replace("\"version\":2", "\"version\":3");
    let error = OpenState::from_json(&later).expect_err("a later version").to_string();
    assert_eq!(error, "open calls are saved in version `3`, this program reads up to `2`");
    assert!(OpenState::from_json("{").is_err());
}

#[test]
fn open_calls_are_limited() {
    let mut config = config("log");
    config.open_calls_max = 3;
    let lines = (0..10).map(|n| format!("{}|1.{n}|a|NONE|ENTERQUEUE||0855550112|1", 1000 + n));
    let log = lines.collect::<Vec<_>>().join("\n");
    let (emitted, finished) = run(QueueLogParser::new(config), log.as_bytes(), End::Final);
    assert_eq!((emitted.len(), finished.totals.open_calls), (7, 3));
    assert_eq!(finished.totals.anomalies.get("too_many_open_calls"), Some(&7));
}

#[test]
fn groups_stand_for_operators() {
    let mut config = config("log");
    config.groups.insert("Ivo Bassi".to_owned(), "primo".to_owned());
    config.test_callers.insert("0855550199".to_owned());
    let log = "1000|1.1|a|NONE|ENTERQUEUE||0855550112|1\n1001|1.1|a|Ivo Bassi|CONNECT|1|x|1\n\
               1002|1.1|a|Ivo Bassi|COMPLETEAGENT|1|1|1\n\
               1003|1.2|a|NONE|ENTERQUEUE||0855550199|1\n1004|1.2|a|NONE|ABANDON|1|1|1\n";
    let (emitted, _) = run(QueueLogParser::new(config), log.as_bytes(), End::Final);
    let text = table::all(&emitted);
    assert!(text.contains("group primo") && text.contains("1.2 test"), "{text}");
    assert!(!text.contains("Ivo Bassi"), "{text}");
}

#[test]
fn what_is_added_to_a_call_long_closed_makes_no_new_call() {
    check(
        "1000|1.1|a|NONE|ENTERQUEUE||0855550112|1\n\
         1009|1.1|a|NONE|ABANDON|1|1|9\n\
         5000|1.1|NONE|NONE|INFO|ARGOMENTO|prenotazioni\n\
         5001|1.1|a|NONE|LEAVEEMPTY|\n\
         5002|1.1|a|NONE|INFO|STATO|CONTINUE",
        "1.1 abandoned_in_queue 9s - 0 a:abandoned",
    );
}

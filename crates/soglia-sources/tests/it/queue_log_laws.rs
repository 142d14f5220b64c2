//! Laws of the `queue_log` parser over arbitrary logs. Read [`log`] first: it writes rows that are
//! likely to meet one another, in an order that need not make sense.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use soglia_domain::facts::{Disposition, Fact, Rows};
use soglia_sources::outcome::{EarlierRows, Emitted, Totals};
use soglia_sources::queue_log::{End, OpenState, QueueLogConfig, QueueLogParser};

fn config(file: &str) -> QueueLogConfig {
    let mut config = QueueLogConfig::new(file, TimeZone::UTC);
    config.open_calls_max = 12;
    config
}

/// Feeds lines; `cuts` are the rows before which a new file begins, which is known to follow.
fn run(lines: &[Vec<u8>], cuts: &[usize]) -> (Vec<Emitted>, Vec<Totals>) {
    run_ending(lines, cuts, End::Continues)
}

/// Feeds lines; files before the last end in some way.
fn run_ending(lines: &[Vec<u8>], cuts: &[usize], end: End) -> (Vec<Emitted>, Vec<Totals>) {
    let mut emitted = Vec::new();
    let mut totals = Vec::new();
    let mut parser = QueueLogParser::new(config("0"));
    let mut row = 0;
    for (n, line) in lines.iter().enumerate() {
        if cuts.contains(&n) {
            let done = parser.finish(end, &mut |one| emitted.push(one));
            totals.push(done.totals);
            let open = OpenState::from_json(&done.open.to_json()).expect("what was written reads");
            parser = QueueLogParser::resume(config(&totals.len().to_string()), open);
            row = 0;
        }
        row += 1;
        parser.push(row, line, &mut |one| emitted.push(one));
    }
    totals.push(parser.finish(End::Final, &mut |one| emitted.push(one)).totals);
    (emitted, totals)
}

/// What still holds when everything was read: what was withdrawn later is left out, and so are the
/// revisions. In the order of identifiers.
fn standing(emitted: &[Emitted]) -> Vec<String> {
    let withdrawn = |id: &str, of: Option<i64>| {
        emitted.iter().any(|one| {
            matches!(one, Emitted::Withdrawn { id: taken, revision }
                if taken == id && Some(*revision) == of)
        })
    };
    let holds = |one: &&Emitted| match one {
        Emitted::Fact { fact, revision, .. } => !withdrawn(fact.id(), *revision),
        _ => false,
    };
    let mut found: Vec<String> =
        emitted.iter().filter(holds).map(|one| format!("{:?}", bare(one))).collect();
    found.sort();
    found
}

/// A call without the rows it was read from, and how many they were.
fn bare(one: &Emitted) -> (Option<Fact>, u32) {
    let Emitted::Fact { fact: Fact::Call(call, entries), earlier, .. } = one else {
        return (None, 1);
    };
    let (mut call, mut entries) = (call.clone(), entries.clone());
    let n = call.rows.n + earlier.iter().map(|EarlierRows { n, .. }| n).sum::<u32>();
    call.rows = Rows::default();
    for entry in &mut entries {
        entry.rows = Rows::default();
    }
    (Some(Fact::Call(call, entries)), n)
}

/// Rows of few calls, queues and members, at times that mostly go forward.
fn log() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let id = prop_oneof![
        8 => (0..6_u32).prop_map(|n| format!("1.{n}")),
        1 => Just("NONE".to_owned()),
        1 => (0..6_u32).prop_map(|n| format!("pbx-{}.{n}", 1_700_000_000 + n)),
    ];
    let queue = prop::sample::select(vec!["a", "b", "NONE"]);
    let member = prop::sample::select(vec!["NONE", "PJSIP/7009", "Ivo Bassi"]);
    let event = prop::sample::select(vec![
        "ENTERQUEUE||0855550112|1",
        "ENTERQUEUE||0855550112|1",
        "ENTERQUEUE||7009|1",
        "ENTERQUEUE||7010|2",
        "ENTERQUEUE|",
        "CONNECT|3|x|2",
        "CONNECT|3|x|2",
        "CONNECT|",
        "COMPLETEAGENT|3|9|1",
        "COMPLETECALLER|3|9|1",
        "ABANDON|1|1|9",
        "EXITWITHTIMEOUT|1|1|9",
        "EXITWITHKEY|1|1|1|9",
        "EXITEMPTY|1|1|9",
        "WITHDRAW|1|1|9",
        "RINGNOANSWER|5000",
        "RINGCANCELED|1",
        "BLINDTRANSFER|7|x|3|9|1",
        "ATTENDEDTRANSFER|BRIDGE|x|3|9|1",
        "ATTENDEDTRANSFER|LINK|x|y|3|9|1",
        "SYSCOMPAT|",
        "AGENTDUMP|",
        "QUEUESTART|",
        "PAUSE|",
        "INFO|DID|0855550100",
        "INFO|IVR|m|1|OK",
        "INFO|IVR|o|servito",
        "INFO|STATO|FULL",
        "INFO|STATO|CONTINUE",
        "INFO|RICHIAMATA|0855550112",
        "CLOSED|",
        "LEAVEEMPTY|",
        "X|y",
        "INFO|PROVA",
        "CONN",
    ]);
    let step = prop_oneof![
        12 => 0..30_i64,
        2 => 300..900_i64,
        1 => 3000..5000_i64,
        1 => 80_000..100_000_i64,
        1 => -40..0_i64,
    ];
    let row = (step, id, queue, member, event);
    prop::collection::vec(row, 1..60).prop_map(|rows| {
        let mut at = 1_700_000_000_i64;
        let mut line = |(step, id, queue, member, event): (i64, String, &str, &str, &str)| {
            at += step;
            format!("{at}|{id}|{queue}|{member}|{event}").into_bytes()
        };
        rows.into_iter().map(&mut line).collect()
    })
}

/// Once found by the law below: a row from before the previous one, which tells the call nothing,
/// still brought its deadline forward, but only for a parser that was resumed.
#[test]
fn a_row_from_the_past_moves_the_deadline_in_one_file_as_in_two() {
    let log = "\
        1700000000|1.4|a|NONE|INFO|DID|0855550100
        1699999989|1.4|a|NONE|ABANDON|1|1|9
        1700003589|1.0|a|NONE|ENTERQUEUE||0855550112|1
        1700003589|1.0|a|NONE|ABANDON|1|1|0";
    let lines: Vec<Vec<u8>> = log.lines().map(|line| line.trim().as_bytes().to_vec()).collect();
    let bared = |emitted: &[Emitted]| emitted.iter().map(bare).collect::<Vec<_>>();
    for cut in 1..lines.len() {
        assert_eq!(bared(&run(&lines, &[]).0), bared(&run(&lines, &[cut]).0), "cut at {cut}");
    }
}

/// Once found by fuzzing: a queue whose name is not UTF-8 was another queue after a cut, and the
/// answer was lost.
#[test]
fn a_queue_with_an_unreadable_name_is_the_same_in_the_next_file() {
    let log = b"1700000000|1.4|citt\xe0|NONE|ENTERQUEUE||0855550112|1\n\
        1700000012|1.4|citt\xe0|PJSIP/7009|CONNECT|12|1.5|3\n\
        1700000100|1.4|citt\xe0|PJSIP/7009|COMPLETECALLER|12|88|1";
    let lines: Vec<Vec<u8>> = log.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
    let (whole, _) = run(&lines, &[]);
    let Some(Emitted::Fact { fact: Fact::Call(call, _), .. }) = whole.first() else {
        panic!("one call: {whole:?}");
    };
    assert_eq!(call.disposition, Disposition::Answered);
    for cut in 1..lines.len() {
        let (parts, _) = run(&lines, &[cut]);
        let bared = |emitted: &[Emitted]| emitted.iter().map(bare).collect::<Vec<_>>();
        assert_eq!(bared(&whole), bared(&parts), "cut at {cut}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512, failure_persistence: None, ..Default::default()
    })]

    /// Whatever the bytes, every row goes somewhere once, and nothing panics.
    #[test]
    fn totals_balance_for_arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let lines: Vec<Vec<u8>> = bytes.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
        let (_, totals) = run(&lines, &[]);
        prop_assert!(totals[0].balance());
        prop_assert_eq!(totals[0].rows, lines.len() as u64);
    }

    /// The same for rows that look right.
    #[test]
    fn totals_balance_and_facts_hold_together(lines in log()) {
        let (emitted, totals) = run(&lines, &[]);
        prop_assert!(totals[0].balance());
        let mut by_disposition = [0_u64; Disposition::ALL.len()];
        for one in &emitted {
            let Emitted::Fact { fact: Fact::Call(call, entries), .. } = one else { continue };
            by_disposition[usize::from(call.disposition.code())] += 1;
            prop_assert!(0 < call.rows.n && call.rows.first <= call.rows.last);
            prop_assert!(call.queued.is_none_or(|queued| call.arrived <= queued));
            prop_assert!(call.wait.is_none_or(|wait| 0 <= wait.get()));
            prop_assert!(call.talk.is_none_or(|talk| 0 <= talk.get()));
            prop_assert_eq!(call.queued.is_some(), !entries.is_empty());
            let answered = entries.iter().any(|entry| entry.answered.is_some());
            prop_assert_eq!(call.answered.is_some(), answered);
            for entry in entries {
                prop_assert!(entry.entered <= entry.left, "{entry:?}");
                prop_assert_eq!(entry.left - entry.entered, entry.wait);
            }
        }
        prop_assert_eq!(by_disposition.iter().sum::<u64>(), totals[0].n_calls);
    }

    /// A log cut anywhere into files that are read one after the other gives the same calls.
    #[test]
    fn cutting_a_log_into_files_changes_nothing(
        lines in log(),
        cuts in prop::collection::vec(1..60_usize, 0..4),
    ) {
        let (whole, whole_totals) = run(&lines, &[]);
        let (parts, part_totals) = run(&lines, &cuts);
        let bared = |emitted: &[Emitted]| emitted.iter().map(bare).collect::<Vec<_>>();
        prop_assert_eq!(bared(&whole), bared(&parts));
        prop_assert!(part_totals.iter().all(Totals::balance));
        let sum = |count: fn(&Totals) -> u64| part_totals.iter().map(count).sum::<u64>();
        prop_assert_eq!(sum(|totals| totals.rows), whole_totals[0].rows);
        prop_assert_eq!(sum(|totals| totals.rejected_rows), whole_totals[0].rejected_rows);
        prop_assert_eq!(sum(|totals| totals.ignored_rows), whole_totals[0].ignored_rows);
        let noted = |totals: &Totals| totals.anomalies.values().sum::<u64>();
        prop_assert_eq!(
            part_totals.iter().map(noted).sum::<u64>(),
            noted(&whole_totals[0])
        );
    }

    /// The same where nobody knew that another file would follow: calls told too early are taken
    /// back and told again, and each row is counted in its own file.
    #[test]
    fn cutting_a_log_into_deliveries_changes_no_call(
        lines in log(),
        cuts in prop::collection::vec(1..60_usize, 0..4),
    ) {
        let (whole, whole_totals) = run(&lines, &[]);
        let (parts, part_totals) = run_ending(&lines, &cuts, End::Final);
        prop_assert_eq!(standing(&whole), standing(&parts));
        prop_assert!(part_totals.iter().all(Totals::balance));
        let sum = |count: fn(&Totals) -> u64| part_totals.iter().map(count).sum::<u64>();
        prop_assert_eq!(sum(|totals| totals.rows), whole_totals[0].rows);
        prop_assert_eq!(sum(|totals| totals.rejected_rows), whole_totals[0].rejected_rows);
        prop_assert_eq!(sum(|totals| totals.ignored_rows), whole_totals[0].ignored_rows);
    }

    /// Rows of different calls in the same second may stand in any order, as long as no transfer
    /// with consultation and no restart is among them.
    #[test]
    fn order_within_a_second_matters_only_within_a_call(n in 1..8_u32, seed in any::<u64>()) {
        let story = ["ENTERQUEUE||0855550112|1", "RINGNOANSWER|900", "CONNECT|2|x|1",
            "COMPLETEAGENT|2|1|1"];
        let mut rows: Vec<(usize, u64, Vec<u8>)> = Vec::new();
        for call in 0..n {
            for (second, event) in story.iter().enumerate() {
                let key = (u64::from(call) * 31 + second as u64).wrapping_mul(seed | 1) >> 7;
                let line = format!("{}|1.{call}|a|X|{event}", 1_700_000_000 + second);
                rows.push((second, key, line.into_bytes()));
            }
        }
        let calls = |rows: &[(usize, u64, Vec<u8>)]| {
            let lines: Vec<Vec<u8>> = rows.iter().map(|(_, _, line)| line.clone()).collect();
            let mut found: Vec<String> = run(&lines, &[]).0.iter()
                .map(|one| format!("{:?}", bare(one)))
                .collect();
            found.sort();
            found
        };
        rows.sort_by_key(|(second, ..)| *second);
        let plain = calls(&rows);
        rows.sort_by_key(|(second, key, _)| (*second, *key));
        prop_assert_eq!(plain, calls(&rows));
    }
}

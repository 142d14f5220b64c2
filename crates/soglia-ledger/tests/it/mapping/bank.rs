//! The 1999 bank data, January to June: every published count comes out of the mapping.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use soglia_domain::facts::{Call, Disposition, Fact, QueueExit};
use soglia_domain::time::Millis;
use soglia_ledger::mapping::{MappedOutcome, Mapping, read};

use super::{repository, rows_in, told};

const MONTHS: [&str; 6] = ["january", "february", "march", "april", "may", "june"];
const HEADER: &str = "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\t\
    vru_time\tq_start\tq_exit\tq_time\toutcome\tser_start\tser_exit\tser_time\tserver\n";

fn mapping_text() -> String {
    let path = repository().join("examples/bank-1999/mapping.toml");
    std::fs::read_to_string(path).expect("the bank's mapping")
}

fn jerusalem() -> TimeZone {
    TimeZone::get("Asia/Jerusalem").expect("bundled")
}

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("SOGLIA_SHARED_DATA")
        .map_or_else(|| repository().join("../shared/data"), PathBuf::from)
        .join("anonymous-bank");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} missing", folder.display());
    None
}

/// Counts over all six months.
#[derive(Default)]
struct Tally {
    rows: u64,
    rows_by_date: BTreeMap<String, u64>,
    ignored: BTreeMap<String, u64>,
    repaired: BTreeMap<String, u64>,
    rejected: Vec<String>,
    dispositions: BTreeMap<Disposition, u64>,
    ids: BTreeSet<String>,
    n_entries: u64,
    within_20: u64,
    under_20: u64,
    left_within_20: u64,
    waits: Millis,
    without_queueing: u64,
    february: Wednesdays,
}

impl Tally {
    fn call(&mut self, call: &Call) {
        *self.dispositions.entry(call.disposition).or_default() += 1;
        assert!(self.ids.insert(call.id.clone()), "{} occurs twice", call.id);
        let limit = Millis::from_secs(20);
        match (call.disposition, call.wait) {
            (Disposition::Answered, Some(wait)) => {
                self.within_20 += u64::from(wait <= limit);
                self.under_20 += u64::from(wait < limit);
                self.waits = self.waits + wait;
                let queued = call.queued.expect("answered calls have one");
                assert_eq!(call.answered.expect("answered") - queued, wait, "{}", call.id);
            }
            (Disposition::AbandonedInQueue, Some(wait)) => {
                self.left_within_20 += u64::from(wait <= limit);
            }
            (Disposition::AbandonedInIvr, None) => self.without_queueing += 1,
            (_, wait) => panic!("{} has wait {wait:?}", call.id),
        }
        self.february.call(call);
    }
}

/// Miller's mean service rate on Wednesdays of February.
#[derive(Default)]
struct Wednesdays {
    /// Seconds and calls by hour of arrival.
    served: BTreeMap<i8, (i64, i64)>,
}

impl Wednesdays {
    fn call(&mut self, call: &Call) {
        let local = call.arrived.in_zone(&jerusalem());
        let (first, until): (Date, Date) = (date(1999, 2, 1), date(1999, 3, 1));
        let day = local.date();
        // The call's time in the IVR is not negative.
        let left_ivr = call.queued.or(call.ended).expect("every call leaves the IVR");
        let served = call.group.is_some() && call.arrived <= left_ivr;
        if served && first <= day && day < until && day.weekday() == Weekday::Wednesday {
            let (seconds, calls) = self.served.entry(local.hour()).or_default();
            *seconds += call.talk.map_or(0, Millis::get) / 1000;
            *calls += 1;
        }
    }

    fn mean_rate(&self) -> f64 {
        let rate = |&(seconds, calls): &(i64, i64)| 3600.0 / (seconds as f64 / calls as f64 + 60.0);
        let all = self.served.values().fold((0, 0), |sum, hour| (sum.0 + hour.0, sum.1 + hour.1));
        (0..24).map(|hour| rate(self.served.get(&hour).unwrap_or(&all))).sum::<f64>() / 24.0
    }
}

#[tokio::test]
async fn six_months_give_the_published_counts() {
    let Some(folder) = data() else { return };
    let mapping = Mapping::parse(&mapping_text(), "mapping.toml")
        .unwrap_or_else(|error| panic!("{}", told(&error)));
    let mut tally = Tally::default();
    for month in MONTHS {
        let path = folder.join(format!("{month}.txt.xz"));
        let mut next_line = 2;
        let sink = &mut |row: soglia_ledger::mapping::MappedRow| {
            assert_eq!(row.row, next_line);
            next_line += 1;
            tally.rows += 1;
            let written = row.raw.split('\t').nth(5).unwrap_or_default();
            *tally.rows_by_date.entry(written.to_owned()).or_default() += 1;
            if let Some(rule) = row.repaired {
                *tally.repaired.entry(rule).or_default() += 1;
            }
            match row.outcome {
                MappedOutcome::Fact(Fact::Call(call, entries)) => {
                    tally.n_entries += entries.len() as u64;
                    tally.call(&call);
                }
                MappedOutcome::Ignored { reason } => *tally.ignored.entry(reason).or_default() += 1,
                other => tally.rejected.push(format!("{other:?}")),
            }
            Ok(())
        };
        // The contract's zone would be another: the mapping's own counts.
        read(&mapping, &path, &TimeZone::UTC, sink).await.expect("a readable month");
    }
    check(&tally);
}

fn check(tally: &Tally) {
    assert_eq!(tally.rejected, Vec::<String>::new());
    assert_eq!(tally.rows, 213_268);
    assert_eq!(tally.ignored, BTreeMap::from([("phantom".to_owned(), 1970)]));
    assert_eq!(tally.repaired, BTreeMap::from([("type_after_blank".to_owned(), 6)]));
    let expected = BTreeMap::from([
        (Disposition::Answered, 166_768),
        (Disposition::AbandonedInQueue, 33_171),
        (Disposition::AbandonedInIvr, 11_359),
    ]);
    assert_eq!(tally.dispositions, expected);
    assert_eq!(tally.n_entries, 199_939);
    assert_eq!(tally.without_queueing, 11_359);
    assert_eq!((tally.within_20, tally.under_20), (86_579, 85_641));
    assert_eq!(tally.left_within_20, 9_914);
    assert_eq!(tally.waits, Millis::from_secs(9_982_553));
    let busiest = tally.rows_by_date.iter().max_by_key(|(_, rows)| **rows);
    assert_eq!(busiest, Some((&"990523".to_owned(), &3064)));
    let rate = tally.february.mean_rate();
    assert!((rate - 14.864_43).abs() < 0.000_005, "{rate}");
}

async fn calls(rows: &str) -> Vec<Call> {
    let file = format!("{HEADER}{rows}");
    let rows = rows_in(&mapping_text(), "month.txt", file.as_bytes()).await.expect("read");
    rows.into_iter()
        .map(|row| match row.outcome {
            MappedOutcome::Fact(Fact::Call(call, _)) => call,
            other => panic!("line {}: {other:?}", row.row),
        })
        .collect()
}

/// Invented rows with the dirt of the real ones.
#[tokio::test]
async fn midnight_and_clocks_that_disagree_are_understood() {
    let calls = calls(
        "AA0101\t1\t555\t2\tPS\t990331\t23:58:50\t23:59:00\t10\t23:59:00\t0:00:30\t90\tAGENT\t\
         0:00:29\t0:04:29\t240\tDORA\n\
         AA0101\t2\t3.06E+08\t1\tIN\t990401\t10:00:37\t10:00:00\t-37\t10:00:00\t10:00:20\t20\t\
         HANG\t0:00:00\t0:00:00\t0\tNO_SERVER\n\
         AA0101\t3\t0\t0\tPS\t990401\t11:00:00\t11:00:09\t9\t0:00:00\t0:00:00\t0\tAGENT\t\
         11:00:08\t11:01:08\t60\tNO_SERVER\n\
         AA0101\t4\t556\t0\tPS\t990401\t23:59:54\t23:59:54\t0\t0:00:00\t0:00:27\t27\tAGENT\t\
         0:00:26\t0:01:26\t60\tDORA\n",
    )
    .await;
    let shown: Vec<String> = calls
        .iter()
        .map(|call| {
            let instants = [Some(call.arrived), call.queued, call.answered, call.ended];
            let instants: Vec<String> = instants
                .iter()
                .map(|at| {
                    at.map_or_else(|| "-".to_owned(), |at| at.in_zone(&jerusalem()).to_string())
                })
                .map(|text| text.replace("[Asia/Jerusalem]", ""))
                .collect();
            let (wait, group) = (call.wait, call.group.as_deref());
            let caller = call.caller.is_some();
            format!("{} {:?} {wait:?} {group:?} {caller}", instants.join(" "), call.disposition)
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[tokio::test]
async fn sixteen_fields_are_repaired_and_other_counts_rejected() {
    let file = format!(
        "{HEADER}\
         AA0101\t5\t557\t2   TT\t990401\t10:00:00\t10:00:10\t10\t10:00:10\t10:00:40\t30\tAGENT\t\
         10:00:39\t10:01:39\t60\tDORA\n\
         AA0101\t6\t558\t0\t NW\t990401\t10:00:00\t10:00:10\t10\t0:00:00\t0:00:00\t0\tHANG\t\
         0:00:00\t0:00:00\t0\tNO_SERVER\n\
         AA0101\t7\t559\t990401\t10:00:00\t10:00:10\t10\t10:00:10\t10:00:40\t30\tAGENT\t\
         10:00:39\t10:01:39\t60\tDORA\n"
    );
    let rows = rows_in(&mapping_text(), "month.txt", file.as_bytes()).await.expect("read");
    let rules: Vec<Option<&str>> = rows.iter().map(|row| row.repaired.as_deref()).collect();
    assert_eq!(rules, [Some("priority_and_type_merged"), Some("type_after_blank"), None]);
    let MappedOutcome::Fact(Fact::Call(call, entries)) = &rows[0].outcome else { panic!("a call") };
    assert_eq!((call.topic.as_deref(), call.priority_class.as_deref()), (Some("TT"), Some("2")));
    assert_eq!((call.wait, call.talk), (Some(Millis::from_secs(30)), Some(Millis::from_mins(1))));
    assert_eq!(entries.first().map(|entry| entry.exit), Some(QueueExit::Answered));
    let MappedOutcome::Fact(Fact::Call(call, _)) = &rows[1].outcome else { panic!("a call") };
    assert_eq!((call.topic.as_deref(), call.queued), (Some("NW"), None));
    assert!(matches!(rows[2].outcome, MappedOutcome::Rejected { code: "wrong_field_count", .. }));
}

#[test]
fn the_contract_fits_the_mapping() {
    let path = repository().join("examples/bank-1999/contract.toml");
    let text = std::fs::read_to_string(&path).expect("the bank's contract");
    let contract = soglia_domain::contract::parse(&text, "contract.toml")
        .unwrap_or_else(|error| panic!("{error}"));
    let mapping = Mapping::parse(&mapping_text(), "mapping.toml").expect("valid");
    let service = mapping.service().expect("the mapping names one");
    let found = contract.service(service).expect("the contract has it");
    assert_eq!(found.indicators.len(), 2);
    assert_eq!(contract.zone, jerusalem());
}

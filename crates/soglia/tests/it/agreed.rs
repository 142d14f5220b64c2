//! What a contract agrees about its sources, from the file to the figures. Read
//! [`the_reference_log_is_read_as_the_contract_says`] first.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::import::{n, outcome};
use crate::support::{CONTRACT, Log, MONDAY, Place, Ran, dispositions, soglia, temp, write};

const LOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/reference/queue_log");

/// The lines of `measure --by group`: group → arrived, answered.
fn by_group(place: &Place, period: &str) -> BTreeMap<String, (u64, u64)> {
    let arguments = ["measure", "--period", period, "--by", "group", "--format", "csv"];
    let text = place.soglia(&arguments).ok().out;
    let rows = text.lines().skip(1).filter(|line| line.starts_with("cup,"));
    rows.map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |at: usize| cells[at].parse().expect("a count");
        (cells[1].to_owned(), (number(2), number(3)))
    })
    .collect()
}

#[test]
fn the_reference_log_is_read_as_the_contract_says() {
    let dir = temp();
    let place = Place::new(dir.path());
    let read = outcome(&place.import(&[Path::new(LOG)]).ok());
    assert_eq!((n(&read, "calls"), n(&read, "rejected"), n(&read, "ignored")), (7, 0, 0), "{read}");
    let found = dispositions(&place.measure("2023-07"), "cup");
    let expected = [
        ("abandoned_in_queue", 1),
        ("answered", 3),
        ("callback_requested", 1),
        ("ivr_contained", 1),
        ("test", 1),
    ];
    let found: Vec<(&str, u64)> =
        found.iter().filter(|(_, n)| 0 < **n).map(|(name, n)| (name.as_str(), *n)).collect();
    assert_eq!(found, expected);
    let story = place.soglia(&["call", "1688364040.2"]).ok().out;
    for line in ["topic              booking", "operator_group     cup_sede_a", "principale:1"] {
        assert!(story.contains(line), "`{line}` is not in {story}");
    }
    assert!(!story.contains("OP2100"), "no operator is named: {story}");
    let unlisted = place.soglia(&["call", "1688364500.10"]).ok().out;
    assert!(!unlisted.contains("operator_group"), "{unlisted}");
}

#[test]
fn the_contract_explains_its_sources() {
    let run = |lang: &str| soglia(["contract", "explain", CONTRACT, "--lang", lang]).ok().out;
    assert!(run("it").contains("INFO|MENU|*|FINE → risolta dall'IVR (valore: parametro 2)"));
    assert!(run("en").contains("RICHIAMAMI → call-back requested"));
    let one = soglia(["contract", "explain", CONTRACT, "--indicator", "K1"]).ok().out;
    assert!(!one.contains("RICHIAMAMI"), "one indicator's card is only that card: {one}");
}

/// The reference contract with something changed.
fn changed(dir: &Path, from: &str, to: &str) -> PathBuf {
    let text = fs::read_to_string(CONTRACT).expect("the contract is there");
    assert!(text.contains(from), "`{from}` is not in the contract");
    write(dir, "changed.toml", text.replace(from, to))
}

#[test]
fn a_small_group_is_refused_by_every_command() {
    let dir = temp();
    let few = ", \"OP2112\", \"OP2113\", \"OP2114\", \"OP2115\"";
    let contract = changed(dir.path(), few, "");
    let refused = |ran: Ran| {
        let ran = ran.code(3);
        assert!(ran.err.contains("operator_group[1].members: expected at least 5 operators"));
        assert!(ran.err.contains("art. 4 L. 300/1970"), "{}", ran.err);
    };
    refused(soglia(["contract".as_ref(), "check".as_ref(), contract.as_os_str()]));
    let place = Place { contract, ..Place::new(dir.path()) };
    refused(place.import(&[Path::new(LOG)]));
    assert!(!place.ledger.exists(), "nothing was made");
}

/// Calls of a group's operators, `each` times for every one of them.
fn answered_by(log: &mut Log, at: i64, operators: &[&str], each: i64) {
    for (nth, operator) in (0..).zip(operators) {
        for turn in 0..each {
            let start = at + 1000 * nth + 200 * turn;
            let id = log.enter(start, "cup_prenotazione");
            let connect = format!("CONNECT|5|{start}.1|1");
            log.line(start + 5, &id, "cup_prenotazione", operator, &connect);
            let complete = "COMPLETECALLER|5|60|1";
            log.line(start + 65, &id, "cup_prenotazione", operator, complete);
        }
    }
}

const SITE_A: [&str; 5] = ["OP2100", "OP2101", "OP2102", "OP2103", "OP2104"];
const SITE_B: [&str; 5] = ["OP2108", "OP2109", "OP2110", "OP2111", "OP2112"];

#[test]
fn cells_of_few_answered_calls_are_not_shown() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mut log = Log::default();
    answered_by(&mut log, MONDAY, &SITE_A, 3);
    answered_by(&mut log, MONDAY + 10_000, &SITE_B[..4], 1);
    answered_by(&mut log, MONDAY + 20_000, &["OP2900"], 6);
    place.import(&[&log.write(dir.path(), "monday")]).ok();
    let groups = by_group(&place, "2023-07");
    let expected = [(String::new(), (10, 10)), ("cup_sede_a".to_owned(), (15, 15))];
    assert_eq!(groups, BTreeMap::from(expected), "four calls of site B are told with the rest");
}

#[test]
fn subtraction_does_not_show_a_hidden_cell() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mut log = Log::default();
    answered_by(&mut log, MONDAY, &SITE_A, 3);
    answered_by(&mut log, MONDAY + 10_000, &SITE_B[..4], 1);
    place.import(&[&log.write(dir.path(), "monday")]).ok();
    let groups = by_group(&place, "2023-07");
    assert_eq!(groups, BTreeMap::from([(String::new(), (19, 19))]));
    let csv = place.soglia(&["measure", "--period", "2023-07", "--by", "group", "--format", "csv"]);
    let csv = csv.ok().out;
    let rest = csv.lines().find(|line| line.starts_with("cup,")).expect("a line");
    assert!(rest.ends_with(','), "conversations of the rest are not told: {rest}");
}

#[test]
fn groups_that_a_later_contract_does_not_name_disappear() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mut log = Log::default();
    answered_by(&mut log, MONDAY, &SITE_A, 3);
    answered_by(&mut log, MONDAY + 10_000, &SITE_B, 3);
    place.import(&[&log.write(dir.path(), "monday")]).ok();
    assert_eq!(by_group(&place, "2023-07").len(), 2);
    let contract = changed(dir.path(), "code = \"cup_sede_b\"", "code = \"cup_sede_c\"");
    let later = Place { contract, ..place };
    let groups = by_group(&later, "2023-07");
    assert_eq!(groups.keys().collect::<Vec<_>>(), ["", "cup_sede_a"]);
    let story = later.soglia(&["call", &format!("{}.16", MONDAY + 10_000)]).ok().out;
    assert!(story.contains("1688374000.16") && !story.contains("operator_group"), "{story}");
}

#[test]
fn a_platforms_own_group_counts_only_if_the_contract_names_it() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mapping = write(
        dir.path(),
        "calls.toml",
        "fact = \"calls\"\nservice = \"cup\"\n\n[read]\nformat = \"csv\"\n\n[columns]\n\
         id = \"id\"\narrived = \"utc_instant(at)\"\nanswered = \"utc_instant(at)\"\n\
         wait_s = \"0\"\ndisposition = \"'answered'\"\ngroup = \"team\"\ncaller = \"caller\"\n",
    );
    let mut csv = "id,at,team,caller\n".to_owned();
    for at in 0..6 {
        writeln!(csv, "L-{at},2023-07-03 08:0{at}:00,2L,0000100001").expect("text grows");
        writeln!(csv, "T-{at},2023-07-03 09:0{at}:00,Team Rossi,0000100001").expect("text grows");
    }
    csv += "P-1,2023-07-03 10:00:00,2L,+390000555002\n";
    let file = write(dir.path(), "calls.csv", csv);
    let [mapping, file] = [&mapping, &file].map(|path| path.to_str().expect("paths are UTF-8"));
    let ran = place.soglia(&["import", "--json", "--mapping", mapping, file]).ok();
    let read = outcome(&ran);
    assert_eq!(read["anomalies"]["operator_group_not_in_contract"], 6, "{read}");
    let groups = by_group(&place, "2023-07");
    assert_eq!(groups.keys().collect::<Vec<_>>(), ["", "secondo_livello"]);
    assert_eq!(dispositions(&place.measure("2023-07"), "cup").get("test"), Some(&1));
}

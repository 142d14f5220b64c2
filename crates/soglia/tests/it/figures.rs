//! What figures say of themselves: what was not measured, what is still to come, what is whose.
//! Read [`days_add_up_where_outages_are_rare`] first.

use std::path::Path;

use serde_json::Value;

use crate::support::{CONTRACT, Log, MONDAY, Place, demo, soglia, temp, write};

const SECOND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/second/contract.toml");
const MAPPINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/mappings");

/// A figure of a measurement.
#[track_caller]
fn figure<'a>(report: &'a Value, service: &str, indicator: &str) -> &'a Value {
    let all = report["measurements"].as_array().expect("a measurement has figures");
    let own = all.iter().find(|m| m["service"] == service && m["indicator"] == indicator);
    own.unwrap_or_else(|| panic!("no {service} {indicator}"))
}

/// Imports a file by one of the templates.
fn mapped(place: &Place, template: &str, file: &Path) {
    let mapping = format!("{MAPPINGS}/{template}.toml");
    let arguments = ["import", "--quiet", "--mapping", &mapping, file.to_str().expect("UTF-8")];
    place.soglia(&arguments);
}

#[test]
fn days_add_up_where_outages_are_rare() {
    let place = &demo().place;
    let arguments =
        ["measure", "--period", "2023-H2", "--each", "week", "--format", "json", "--quiet"];
    let weeks = place.soglia(&arguments).ok().json();
    let weeks = weeks.as_array().expect("a document a week");
    let own = |report: &Value, what: &str| figure(report, "cup", "K10")[what].as_u64();
    // The half-year begins on a Saturday and ends on a Sunday: weeks cover it and a little more,
    // with no service.
    for what in ["numerator", "denominator"] {
        let sum: u64 = weeks.iter().filter_map(|week| own(week, what)).sum();
        assert_eq!(Some(sum), own(&demo().report, what), "{what}");
    }
    let unmeasured = weeks.iter().find(|week| {
        let k10 = figure(week, "cup", "K10");
        k10["reason"] == "not_measured"
    });
    assert_eq!(unmeasured, None, "a file with an outage in August speaks for July, too");
}

#[test]
fn a_part_of_the_period_that_misses_its_target_is_a_breach() {
    let place = &demo().place;
    let measure = |more: &[&str]| {
        place.soglia(&[&["measure", "--period", "2023-H2", "--quiet"][..], more].concat())
    };
    measure(&["--each", "quarter", "--fail-on-breach"]).code(10);
    measure(&["--each", "quarter"]).ok();
    // What would have no effect is refused, not left unsaid.
    for wrong in [&["--by", "queue", "--each", "month"][..], &["--by", "queue", "--fail-on-breach"]]
    {
        let ran = measure(wrong).code(2);
        assert!(ran.err.contains("--by"), "{}", ran.err);
    }
}

#[test]
fn declared_values_of_another_period_are_not_compared() {
    let file = demo().dir.join("sources/valori-dichiarati.csv");
    let file = file.to_str().expect("UTF-8");
    let place = &demo().place;
    let compared = |period: &str| {
        let arguments = ["measure", "--period", period, "--declared", file, "--lang", "en"];
        place.soglia(&arguments).ok().err
    };
    let july = compared("2023-07");
    assert!(july.contains("20 declared values are of other periods, not of 2023-07"), "{july}");
    assert!(!july.contains("differs"), "{july}");
    let half_year = compared("2023-H2");
    assert!(half_year.contains("differs") && !half_year.contains("other periods"), "{half_year}");
}

#[test]
fn tables_are_in_the_language_asked_for() {
    let place = &demo().place;
    let table =
        |lang: &str| place.soglia(&["measure", "--period", "2023-H2", "--lang", lang]).ok().out;
    let (it, en) = (table("it"), table("en"));
    for words in ["indicatore", "esito", "n.a.", "chiamate arrivate = ", "dati non consegnati"] {
        assert!(it.contains(words) && !en.contains(words), "`{words}` in {it}");
    }
    let card = place.soglia(&["explain", "K1", "--service", "cup", "--period", "2023-H2"]).ok().out;
    for words in ["completezza: ", "attesa delle risposte, media", "registrata a unità di: 1''"] {
        assert!(card.contains(words), "`{words}` is not in {card}");
    }
    assert!(!card.contains("completeness"), "{card}");
}

#[test]
fn rows_that_were_all_refused_are_no_measure() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mut log = Log::default();
    log.answered(MONDAY, "cc_assistenza", 5, 60);
    place.import(&[&log.write(dir.path(), "queue_log")]).ok();
    let outages = "evento;componente;inizio;fine;tipo;preavviso;causa;perdita_percento\n\
                   G-1;telephony_inbound;05/07/2023 10:25:00;05/07/2023 10:00:00;Guasto;;;100\n";
    mapped(&place, "outages", &write(dir.path(), "outages.csv", outages));
    let july = place.measure("2023-07");
    let k10 = figure(&july, "cc", "K10");
    assert_eq!((&k10["value"], &k10["verdict"]), (&Value::Null, &"NA".into()), "{k10}");
    assert_eq!(k10["reason"], "not_measured");
}

#[test]
fn a_clock_that_was_not_recorded_measures_nothing() {
    let dir = temp();
    let mut place = Place::new(dir.path());
    mapped(&place, "calls", &Path::new(MAPPINGS).join("calls.csv"));
    let july = |place: &Place| {
        place.soglia(&["measure", "--period", "2023-07", "--format", "json"]).ok().json()
    };
    let report = july(&place);
    let k1 = figure(&report, "cup", "K1");
    assert!(k1["value"].is_string(), "the wait in the queue is known: {k1}");
    let lines = k1["sensitivity"].as_array().expect("lines");
    let first_ring = lines.iter().find(|line| line["alternative"] == "first_ring");
    let first_ring = first_ring.expect("a disputed question");
    assert_eq!((&first_ring["value"], &first_ring["changes"]), (&Value::Null, &false.into()));
    assert_eq!((&first_ring["numerator"], &first_ring["denominator"]), (&0.into(), &0.into()));

    let text = std::fs::read_to_string(CONTRACT).expect("the contract is there");
    let by_ring = text.replace("wait_start = \"queue_entry\"", "wait_start = \"first_ring\"");
    assert_ne!(by_ring, text);
    place.contract = write(dir.path(), "contract.toml", by_ring);
    let report = july(&place);
    let k1 = figure(&report, "cup", "K1");
    assert_eq!((&k1["verdict"], &k1["reason"]), (&"NA".into(), &"not_measured".into()), "{k1}");
}

#[test]
fn what_was_not_delivered_is_not_met_and_what_never_closes_may_be_provisional() {
    let dir = temp();
    let place = Place { contract: SECOND.into(), ..Place::new(dir.path()) };
    let mut log = Log::default();
    // Friday 5 January 2024, 10:00 UTC.
    log.answered(1_704_448_800, "Help Line", 5, 60);
    place.import(&[&log.write(dir.path(), "queue_log")]).ok();
    let january = place.measure("2024-01");
    let mail = figure(&january, "helpline", "MAIL");
    assert_eq!((&mail["verdict"], &mail["reason"]), (&"NA".into(), &"not_measured".into()));
    for m in january["measurements"].as_array().expect("figures") {
        assert_eq!(m["provisional"], true, "nothing came after the fifth: {m}");
    }
}

#[test]
fn each_table_says_how_far_it_reaches() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mut log = Log::default();
    log.answered(MONDAY, "cup_prenotazione", 5, 60);
    place.import(&[&log.write(dir.path(), "queue_log")]).ok();
    let cases = demo().dir.join("sources/casi-cup-2023-12.csv");
    let mapping = demo().dir.join("sources/casi.toml");
    let (cases, mapping) = (cases.to_str().expect("UTF-8"), mapping.to_str().expect("UTF-8"));
    place.soglia(&["import", "--quiet", "--service", "cup", "--mapping", mapping, cases]).ok();
    let report = place.measure("2023-H2");
    assert_eq!(figure(&report, "cup", "K1")["provisional"], true, "calls end in July");
    assert_eq!(figure(&report, "cup", "K4")["provisional"], false, "cases reach the end");
}

#[test]
fn later_data_show_in_every_count() {
    let dir = temp();
    let place = Place::new(dir.path());
    let mut log = Log::default();
    log.answered(MONDAY, "cup_prenotazione", 5, 60);
    place.import(&[&log.write(dir.path(), "queue_log")]).ok();
    place.soglia(&["seal", "--period", "2023-07"]).ok();
    // At three in the morning nobody is at work: no figure moves.
    let mut late = Log::default();
    late.abandoned(MONDAY - 5 * 3600, "cup_prenotazione", 9);
    let file = late.write(dir.path(), "late");
    let file = file.to_str().expect("UTF-8");
    let arguments = ["import", "--quiet", "--format", "queue-log", "--source", "late", file];
    place.soglia(&arguments).ok();
    let again = place.soglia(&["measure", "--period", "2023-07", "--lang", "en"]).ok();
    let line = "adjustment: cup K1, excluded: out of hours: sealed 0, with later data 1";
    assert!(again.err.contains(line), "{}", again.err);
    let line = "adjustment: cup calls: abandoned_in_queue: sealed 0, with later data 1";
    assert!(again.err.contains(line), "{}", again.err);
    // A sealed period is shown as any other: with its sum of calls, and without `null`.
    assert!(again.out.contains("calls arrived = ") && !again.out.contains("null"), "{}", again.out);
    let again =
        soglia(place.arguments(&["measure", "--period", "2023-07", "--format", "csv"])).ok();
    assert!(!again.out.contains("null") && again.out.contains("excluded"), "{}", again.out);
}

//! The forms in which figures are written. Read [`profiles_are_written_in_three_forms`] first.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::nasty::{VARIATIONS, nasty};
use crate::support::{Place, demo, temp, write};

const DIMENSIONS: [&str; 7] =
    ["day", "hour-of-week", "queue", "group", "topic", "priority-class", "booking-system"];

fn by(place: &Place, dimension: &str, format: &str) -> String {
    let arguments =
        ["measure", "--period", "2023-H2", "--by", dimension, "--format", format, "--lang", "it"];
    place.soglia(&arguments).ok().out
}

#[test]
fn profiles_are_written_in_three_forms() {
    let place = &demo().place;
    for dimension in DIMENSIONS {
        let json: Value = serde_json::from_str(&by(place, dimension, "json")).expect("JSON");
        assert_eq!(json["schema"], "soglia.profile/1");
        assert_eq!(json["by"], dimension);
        assert_eq!(json["counts_unit"], "call");
        let lines = json["lines"].as_array().expect("lines");
        let csv = by(place, dimension, "csv");
        let mut rows = csv::Reader::from_reader(csv.as_bytes());
        assert_eq!(rows.headers().expect("a header").get(1), Some(dimension));
        let rows: Vec<csv::StringRecord> = rows.records().map(|row| row.expect("a row")).collect();
        assert_eq!(rows.len(), lines.len(), "{dimension}");
        for (row, line) in rows.iter().zip(lines) {
            let cell = |at: usize| row.get(at).expect("a cell");
            assert_eq!((&line["service"], &line["value"]), (&cell(0).into(), &cell(1).into()));
            let counts = [
                (2, &line["arrived"]),
                (3, &line["answered"]),
                (4, &line["in_time"]["numerator"]),
                (5, &line["in_time"]["denominator"]),
                (7, &line["lost"]["numerator"]),
            ];
            for (at, count) in counts {
                assert_eq!(cell(at), count.to_string(), "{dimension} {line}");
            }
            let share = line["in_time"]["value"].as_str().unwrap_or("n/a");
            assert_eq!(cell(6), share, "a point in CSV and in JSON, whatever the language");
        }
        let table = by(place, dimension, "table");
        assert!(table.contains("───") && !table.contains("\",\""), "{dimension}: {table}");
    }
}

/// A period's counts are the sums of its parts' counts, by the rule in force in each part.
#[test]
fn profiles_add_up_to_the_figures() {
    let dir = temp();
    let mut place = nasty(dir.path(), 7);
    let text = |what: &str| {
        let one = VARIATIONS.iter().find(|one| one.what == what);
        one.unwrap_or_else(|| panic!("no {what}")).text()
    };
    let as_it_stands = text("as it stands");
    let (queue, ivr) = ("wait_start = \"queue_entry\"", "wait_start = \"ivr_entry\"");
    assert!(as_it_stands.contains(queue));
    for (what, old) in [
        ("as it stands", as_it_stands.clone()),
        ("short abandons", text("early abandons met, short ones left out")),
        ("waits from the IVR", as_it_stands.replace(queue, ivr)),
    ] {
        let new = old.replace("\"20s\"", "\"5s\"");
        // The same indicators again, from October on, with a shorter limit.
        let later: String = new
            .split("\n\n")
            .filter(|part| part.contains(".indicator]]") && part.contains("inbound_"))
            .map(|part| part.replace("valid_from = 2022-05-05", "valid_from = 2023-10-02") + "\n\n")
            .collect();
        place.contract = write(dir.path(), "contract.toml", format!("{old}\n\n{later}"));
        let report = place.measure("2023-H2");
        let json: Value = serde_json::from_str(&by(&place, "queue", "json")).expect("JSON");
        for m in report["measurements"].as_array().expect("figures") {
            let part = match m["indicator"].as_str() {
                Some("K1") => "in_time",
                Some("K3") => "lost",
                _ => continue,
            };
            assert_eq!(m["rule_version"], "1+2");
            let own = json["lines"].as_array().into_iter().flatten();
            let own: Vec<&Value> = own.filter(|line| line["service"] == m["service"]).collect();
            for count in ["numerator", "denominator"] {
                let sum: u64 = own.iter().filter_map(|line| line[part][count].as_u64()).sum();
                assert_eq!(m[count], sum, "{what}: {} {part} {count}", m["service"]);
            }
        }
    }
}

#[test]
fn figures_say_what_they_count() {
    let report = demo().place.soglia(&["measure", "--period", "2023-H2", "--format", "json"]);
    let report = report.ok().json();
    let units: Vec<&str> = report["measurements"]
        .as_array()
        .expect("figures")
        .iter()
        .filter(|m| m["service"] == "cup")
        .filter_map(|m| m["counts_unit"].as_str())
        .collect();
    let expected =
        ["call", "message", "call", "case", "call", "case", "case", "record", "batch", "ms"];
    assert_eq!(units, expected);
}

/// Question Q10e: K1 and K3 count the same calls, under every reading of which calls count.
#[test]
fn population_questions_are_asked_of_both() {
    let dir = temp();
    let place = nasty(dir.path(), 7);
    let report = place.soglia(&["measure", "--period", "2023-H2", "--format", "json"]).ok().json();
    let all = report["measurements"].as_array().expect("figures");
    let find = |code: &str| {
        let found = all.iter().find(|m| m["service"] == "cup" && m["indicator"] == code);
        found.unwrap_or_else(|| panic!("no {code}"))
    };
    let mut asked = BTreeSet::new();
    for (own, other) in [("K1", "K3"), ("K3", "K1")] {
        for line in find(own)["sensitivity"].as_array().expect("lines") {
            let together = line["together"].as_array().expect("a list");
            let question = line["question"].as_str().expect("a question");
            if ["Q8e", "Q8f", "Q8g", "Q8h", "Q8i", "Q8j", "Q10a", "Q3"].contains(&question) {
                asked.insert(question);
                assert_eq!(together.len(), 1, "{line}");
                let same = find(other)["sensitivity"].as_array().expect("lines").iter().find(|o| {
                    o["parameter"] == line["parameter"] && o["alternative"] == line["alternative"]
                });
                let same = same.expect("the other is read the same way");
                assert_eq!(together[0]["indicator"], other);
                for name in ["numerator", "denominator", "value", "verdict", "changes"] {
                    assert_eq!(together[0][name], same[name], "{question} {name}");
                }
                // They share the population, so the denominators are one number.
                assert_eq!(together[0]["denominator"], line["denominator"], "{line}");
            } else {
                assert!(together.is_empty(), "{line}");
            }
        }
    }
    assert_eq!(asked.len(), 8);
    let arguments = ["explain", "K1", "--service", "cup", "--period", "2023-H2", "--lang", "en"];
    let out = place.soglia(&arguments).ok().out;
    let line = out.lines().find(|line| line.starts_with("Q10a")).expect("a line for Q10a");
    assert!(line.contains("K3 "), "{line}");
}

//! The fictitious semester from end to end: the reference report's twenty values, and everything
//! one does with them. Read [`the_twenty_values_of_the_reference_report`] first.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Log, Place, counts, demo, dispositions, figures, soglia, temp, write};

/// Value and verdict of K1 to K10, as the reference report's sheets print them.
pub const CUP: [(&str, &str); 10] = [
    ("56.78", "KO"),
    ("100.00", "OK"),
    ("12.25", "KO"),
    ("99.39", "OK"),
    ("65.15", "KO"),
    ("99.83", "KO"),
    ("100.00", "OK"),
    ("100.00", "OK"),
    ("", "NA"),
    ("100.00", "OK"),
];
/// The same of the help desk.
pub const CC: [(&str, &str); 10] = [
    ("98.05", "OK"),
    ("100.00", "OK"),
    ("1.41", "OK"),
    ("100.00", "OK"),
    ("100.00", "OK"),
    ("100.00", "OK"),
    ("100.00", "OK"),
    ("100.00", "OK"),
    ("", "NA"),
    ("100.00", "OK"),
];

#[test]
fn the_twenty_values_of_the_reference_report() {
    let figures = figures(&demo().report);
    assert_eq!(figures.len(), 20);
    for (service, expected) in [("cup", CUP), ("cc", CC)] {
        for (k, (value, verdict)) in (1..).zip(expected) {
            let figure = &figures[&(service.to_owned(), format!("K{k}"))];
            let found = (figure.2.as_deref().unwrap_or(""), figure.3.as_str());
            assert_eq!(found, (value, verdict), "{service} K{k}");
        }
    }
}

#[test]
fn the_integers_behind_them() {
    let report = &demo().report;
    let expected = [
        ("cup", "K1", (62_373, 109_850)),
        ("cup", "K3", (13_457, 109_850)),
        ("cup", "K4", (95_805, 96_393)),
        ("cup", "K5", (62_417, 95_805)),
        ("cup", "K6", (587, 588)),
        ("cup", "K7", (587, 587)),
        ("cc", "K1", (49_025, 50_000)),
        ("cc", "K3", (705, 50_000)),
        ("cc", "K4", (49_293, 49_295)),
        ("cc", "K5", (49_293, 49_293)),
        ("cc", "K6", (2, 2)),
        ("cc", "K7", (2, 2)),
    ];
    for (service, indicator, pair) in expected {
        assert_eq!(counts(report, service, indicator), pair, "{service} {indicator}");
    }
    for service in ["cup", "cc"] {
        for indicator in ["K2", "K8", "K10"] {
            let (met, counted) = counts(report, service, indicator);
            assert!(0 < counted && met == counted, "{service} {indicator}: {met}/{counted}");
        }
    }
    // Working hours of 2023-H2: 125 days of eleven hours.
    assert_eq!(counts(report, "cup", "K10").1, 82_500 * 60_000);
}

#[test]
fn dispositions_sum_to_the_calls_of_the_ledger() {
    let demo = demo();
    let status = demo.place.soglia(&["ledger", "status", "--lang", "en"]).ok().out;
    let mut calls = 0;
    for service in ["cup", "cc"] {
        let arrived = dispositions(&demo.report, service);
        let (_, offered) = counts(&demo.report, service, "K3");
        let all: u64 = arrived.values().sum();
        assert!(arrived["answered"] < offered && offered < all, "{arrived:?}");
        calls += all;
    }
    assert_eq!(calls, calls_of(&status));
    assert_eq!(status.matches("quadratura: balances").count(), 2, "{status}");
    assert!(!status.contains("WRONG") && !status.contains("DOES NOT"), "{status}");
}

/// The calls that `ledger status` sums up, over services: `  123,456 calls = …`.
fn calls_of(status: &str) -> u64 {
    let number = |line: &str| {
        let (number, _) = line.trim().split_once(" calls = ")?;
        number.replace([',', '.'], "").parse::<u64>().ok()
    };
    status.lines().filter_map(number).sum()
}

#[test]
fn months_add_up_to_quarters_and_the_half_year() {
    let demo = demo();
    let parts = |grain: &str, period: &str| {
        let arguments = ["measure", "--period", period, "--each", grain, "--format", "json"];
        let all = demo.place.soglia(&arguments).ok().json();
        all.as_array().expect("a list").clone()
    };
    let months = parts("month", "2023-H2");
    let quarters = parts("quarter", "2023-H2");
    assert_eq!((months.len(), quarters.len()), (6, 2));
    for service in ["cup", "cc"] {
        for indicator in ["K1", "K3"] {
            let sum = |parts: &[serde_json::Value]| {
                parts
                    .iter()
                    .map(|part| counts(part, service, indicator))
                    .fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
            };
            let whole = counts(&demo.report, service, indicator);
            assert_eq!(sum(&months), whole);
            assert_eq!(sum(&quarters), whole);
            assert_eq!(sum(&months[..3]), counts(&quarters[0], service, indicator));
            assert_eq!(sum(&months[3..]), counts(&quarters[1], service, indicator));
        }
        let mut by_month: BTreeMap<String, u64> = BTreeMap::new();
        for month in &months {
            for (name, n) in dispositions(month, service) {
                *by_month.entry(name).or_default() += n;
            }
        }
        assert_eq!(by_month, dispositions(&demo.report, service));
    }
}

/// `3–5 of 120` on standard error: how many items there are.
fn total(err: &str) -> u64 {
    let line = err.lines().last().expect("a line says how many");
    line.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("the line ends in a number")
}

#[test]
fn every_call_behind_a_figure_is_listed_once() {
    let demo = demo();
    let list = |indicator: &str, which: &str| {
        let arguments = [
            "explain",
            indicator,
            "--service",
            "cup",
            "--period",
            "2023-H2",
            "--calls",
            which,
            "--limit",
            "5",
            "--csv",
        ];
        let ran = demo.place.soglia(&arguments).ok();
        assert_eq!(ran.out.lines().count(), 6, "{}", ran.out);
        total(&ran.err)
    };
    let (met, late, lost) = (list("K1", "met"), list("K1", "late"), list("K1", "lost"));
    assert_eq!(met, 62_373);
    assert_eq!(late, 96_393 - 62_373);
    assert_eq!(lost, 13_457);
    assert_eq!(met + late + lost, 109_850);
    assert_eq!(list("K1", "missed"), late + lost);
    assert_eq!(list("K3", "lost"), 13_457);
    assert_eq!(list("K5", "missed"), 95_805 - 62_417);
}

#[test]
fn a_figure_is_explained_with_its_rule_and_its_query() {
    let arguments = ["explain", "K1", "--service", "cup", "--period", "2023-H2", "--lang", "it"];
    let ran = demo().place.soglia(&arguments).ok();
    for expected in ["62373 / 109850 = 56,78", "SELECT ", "Q8c", "62373/96393"] {
        assert!(ran.out.contains(expected), "{expected}: {}", ran.out);
    }
}

#[test]
fn a_call_leads_to_the_rows_of_its_file() {
    let demo = demo();
    let arguments = [
        "explain",
        "K1",
        "--service",
        "cup",
        "--period",
        "2023-H2",
        "--calls",
        "late",
        "--limit",
        "1",
        "--csv",
    ];
    let list = demo.place.soglia(&arguments).ok().out;
    let id = list.lines().nth(1).and_then(|line| line.split(',').next()).expect("a call");
    let story = demo.place.soglia(&["call", id]).ok().out;
    assert!(story.contains("CONNECT") && story.contains("ENTERQUEUE"), "{story}");
    assert!(story.contains("queue_log-2023-07.gz"), "{story}");
    demo.place.soglia(&["call", "no-such-call"]).code(4);
}

#[test]
fn measuring_twice_gives_the_same_bytes() {
    let arguments = ["measure", "--period", "2023-H2", "--format", "json"];
    let once = demo().place.soglia(&arguments).ok().out;
    assert_eq!(once, demo().place.soglia(&arguments).ok().out);
}

#[test]
fn importing_everything_again_changes_nothing() {
    let demo = demo();
    let (_dir, place) = demo.place.copy();
    let sources = demo.dir.join("sources");
    let logs = files(&sources, "queue_log-", "gz");
    let ran = place.import(&logs.iter().map(PathBuf::as_path).collect::<Vec<_>>()).ok();
    let mut outcomes = ran.json().as_array().expect("a list").clone();
    assert_eq!(outcomes.len(), 6);
    let mapped = [
        ("casi.toml", Some("cup"), "casi-cup-"),
        ("casi.toml", Some("cc"), "casi-cc-"),
        ("messaggi.toml", None, "messaggi"),
        ("campagne.toml", None, "campagne"),
        ("interruzioni.toml", None, "interruzioni"),
    ];
    for (mapping, service, prefix) in mapped {
        let mapping = sources.join(mapping);
        let mut arguments = vec!["import", "--quiet", "--json", "--mapping", as_text(&mapping)];
        arguments.extend(service.iter().flat_map(|service| ["--service", *service]));
        let files = files(&sources, prefix, "csv");
        assert!(!files.is_empty(), "{prefix}");
        arguments.extend(files.iter().map(|file| as_text(file)));
        outcomes.extend(place.soglia(&arguments).ok().json().as_array().expect("a list").clone());
    }
    for outcome in &outcomes {
        assert_eq!(outcome["already"], true, "{outcome}");
    }
    assert_eq!(place.measure("2023-H2"), demo.report);
}

fn as_text(path: &Path) -> &str {
    path.to_str().expect("paths are UTF-8")
}

/// Files of a folder with a prefix and an extension, in order.
fn files(dir: &Path, prefix: &str, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(dir)
        .expect("the folder is there")
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8");
            name.starts_with(prefix) && name.ends_with(extension)
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_sealed_period_does_not_move() {
    let (dir, place) = demo().place.copy();
    let open = place.soglia(&["measure", "--period", "2023-H2", "--format", "json"]).ok().out;
    let sealed = PathBuf::from(place.soglia(&["seal", "--period", "2023-H2"]).ok().out.trim());
    let text = fs::read_to_string(&sealed).expect("the seal is a file");
    place.soglia(&["verify", as_text(&sealed)]).ok();
    place.soglia(&["seal", "--period", "2023-H2"]).code(2);
    assert_eq!(text.len(), open.len() + 66 - 4, "only the seal is new");

    let forged = write(dir.path(), "forged.json", text.replacen("62373", "99373", 1));
    let ran = place.soglia(&["verify", as_text(&forged)]).code(10);
    let said = format!("{}{}", ran.out, ran.err);
    assert!(said.contains("/seal") && said.contains("/measurements/0/numerator"), "{said}");
    assert!(said.contains("99373") && said.contains("62373"), "{said}");

    // A late delivery: one more call, answered late, in the sealed period.
    let mut late = Log::default();
    late.answered(1_701_680_400, "cup_prenotazione", 300, 60);
    let file = late.write(dir.path(), "late");
    place
        .soglia(&["import", "--quiet", "--format", "queue-log", "--source", "late", as_text(&file)])
        .ok();
    let again = place.soglia(&["measure", "--period", "2023-H2", "--format", "json"]).ok();
    assert_eq!(again.out, text, "the sealed figures are what is published");
    let line = "rettifica: cup K1: sigillato 62373/109850 = 56.78 KO, coi dati di poi \
                62373/109851";
    assert!(again.err.contains(line), "{}", again.err);
    place.soglia(&["verify", as_text(&sealed)]).ok();
}

#[test]
fn the_report_says_what_was_measured() {
    let dir = temp();
    let out = dir.path().join("report");
    let arguments = ["report", "--period", "2023-H2", "--out", as_text(&out), "--lang", "it"];
    demo().place.soglia(&arguments).ok();
    let html = fs::read_to_string(&files(&out, "", ".html")[0]).expect("UTF-8");
    for value in ["56,78", "12,25", "99,39", "65,15", "99,83", "98,05", "1,41"] {
        assert!(html.contains(value), "{value}");
    }
    let pdf = fs::read(&files(&out, "", ".pdf")[0]).expect("a file");
    assert!(pdf.starts_with(b"%PDF-") && 20_000 < pdf.len());
    for document in ["html", "pdf"] {
        assert_eq!(files(&demo().dir.join("report"), "", document).len(), 1);
    }
}

#[test]
fn the_pdf_has_the_values_as_text() {
    let pdfs = files(&demo().dir.join("report"), "", ".pdf");
    let Ok(output) = std::process::Command::new("pdftotext").arg(&pdfs[0]).arg("-").output() else {
        println!("skipped: no pdftotext on this machine");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for value in ["56,78", "12,25", "99,39", "65,15", "99,83", "98,05", "1,41"] {
        assert!(text.contains(value), "{value}");
    }
}

/// The cases know the booking system, so that the conversations can be split by it.
#[test]
fn the_demo_splits_conversations_by_booking_system() {
    let findings = demo().report["findings"].as_array().expect("findings").clone();
    let split = findings.iter().find(|one| one["code"] == "I3" && one["service"] == "cup");
    let text = split.expect("a finding")["text"]["it"].as_str().expect("a text").to_owned();
    for system in ["prenota2", "storico"] {
        assert!(text.contains(system), "{text}");
    }
}

#[test]
fn the_demo_says_where_the_supplier_disagrees() {
    let out = &demo().ran.out;
    assert!(out.contains("declared cup K1: 64,71"), "{out}");
    assert!(out.contains("declared cup K6: 100,00"), "{out}");
    assert_eq!(out.matches("declared ").count(), 2, "{out}");
}

#[test]
fn exit_codes_say_whose_fault_it_is() {
    let demo = demo();
    let place = &demo.place;
    place.soglia(&["measure", "--period", "2023-H2", "--fail-on-breach"]).code(10);
    place.soglia(&["measure", "--period", "2019-H1"]).code(4);
    place.soglia(&["measure", "--period", "2023-H3"]).code(2);
    place.soglia(&["measure", "--period", "2023-13"]).code(2);
    place.soglia(&["explain", "K99", "--service", "cup", "--period", "2023-H2"]).code(2);
    place.soglia(&["explain", "K1", "--service", "nobody", "--period", "2023-H2"]).code(2);
    place.soglia(&["demo", "--out", as_text(&demo.dir)]).code(2);
    soglia(["measure"]).code(2);
    soglia(["measure", "--period", "2023-H2"]).code(2);

    let dir = temp();
    let broken = write(dir.path(), "broken.toml", "[contract]\ncode = 3\n");
    let missing = dir.path().join("missing.toml");
    for contract in [broken, missing] {
        let place = Place { contract, ..place.clone() };
        let ran = place.soglia(&["measure", "--period", "2023-H2"]).code(3);
        assert!(ran.err.starts_with("error: "), "{}", ran.err);
    }
    let nowhere = Place { ledger: dir.path().join("nowhere"), ..place.clone() };
    nowhere.soglia(&["measure", "--period", "2023-H2"]).code(3);
    let verified = place.soglia(&["verify", as_text(&demo.dir.join("contract.toml"))]).code(5);
    assert!(verified.err.contains("is no measurement of Soglia"), "{}", verified.err);
}

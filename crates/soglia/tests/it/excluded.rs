//! What approved exclusions take out of K5, K9 and K10. Read [`Case`] first.

use std::fs;

use serde_json::{Value, json};

use crate::nasty::{Kind, Sheet};
use crate::support::{CONTRACT, Place, temp, write};

/// Instants around an exclusion from 08:00 to 09:00 UTC on 3 July 2023, a Monday.
const INSTANTS: [&str; 5] = ["07:59:59", "08:00:00", "08:30:00", "08:59:59", "09:00:00"];

fn at(time: &str) -> String {
    format!("2023-07-03T{time}")
}

/// Calls with a case each, of one queue at all instants, of another queue and of another service
/// in the middle.
fn calls_and_cases() -> [Sheet; 2] {
    use Kind::{Instant, Number, Text};
    let mut calls = Sheet::new(
        "calls",
        &[
            ("id", Text),
            ("service", Text),
            ("arrived", Instant),
            ("disposition", Text),
            ("first_queue", Text),
            ("queued", Instant),
            ("wait_s", Number),
            ("talk_s", Number),
        ],
    );
    let mut cases = Sheet::new(
        "cases",
        &[
            ("id", Text),
            ("service", Text),
            ("opened_by", Text),
            ("opened", Instant),
            ("closed", Instant),
            ("contacts", Number),
        ],
    );
    let others = [("cup", "cup_priorita", "08:30:00"), ("cc", "cc_assistenza", "08:30:00")];
    let all = INSTANTS.map(|time| ("cup", "cup_prenotazione", time)).into_iter().chain(others);
    for (n, (service, queue, time)) in all.enumerate() {
        let (id, texts) = (format!("c-{n}"), [service, "answered", queue].map(str::to_owned));
        let [service, answered, queue] = texts;
        let (when, ten, hundred) = (at(time), "10".to_owned(), "100".to_owned());
        calls.row(&[
            id.clone(),
            service.clone(),
            when.clone(),
            answered,
            queue,
            when.clone(),
            ten,
            hundred,
        ]);
        let closed = at("10:00:00");
        cases.row(&[format!("k-{n}"), service, id, when, closed, "1".to_owned()]);
    }
    [calls, cases]
}

/// Batches released at all instants, and one of another service.
fn batches() -> Sheet {
    use Kind::{Instant, Number, Text};
    let columns: &[_] = &[
        ("id", Text),
        ("service", Text),
        ("released", Instant),
        ("n_records", Number),
        ("completed", Instant),
    ];
    let mut sheet = Sheet::new("outbound_batches", columns);
    let all = INSTANTS.map(|time| ("cup", time)).into_iter().chain([("cc", "08:30:00")]);
    for (n, (service, time)) in all.enumerate() {
        let ten = "10".to_owned();
        sheet.row(&[format!("b-{n}"), service.to_owned(), at(time), ten, at("10:00:00")]);
    }
    sheet
}

/// Ten minutes up to the exclusion, its hour, ten minutes after it; and the same hour of another
/// service.
fn outages() -> Sheet {
    use Kind::{Instant, Text};
    let columns: &[_] = &[
        ("id", Text),
        ("service", Text),
        ("component", Text),
        ("from", Instant),
        ("until", Instant),
    ];
    let mut sheet = Sheet::new("outages", columns);
    for (n, (service, from, until)) in [
        ("cup", "07:50:00", "08:00:00"),
        ("cup", "08:00:00", "09:00:00"),
        ("cup", "09:00:00", "09:10:00"),
        ("cc", "08:00:00", "09:00:00"),
    ]
    .into_iter()
    .enumerate()
    {
        let ivr = "ivr".to_owned();
        sheet.row(&[format!("o-{n}"), service.to_owned(), ivr, at(from), at(until)]);
    }
    sheet
}

/// An exclusion, and what it leaves of each figure: numerator missing from the denominator,
/// denominator (K10: nothing), what was left out.
struct Case {
    what: &'static str,
    lines: &'static str,
    cup: [(u64, Option<u64>, Value); 3],
}

#[test]
fn exclusions_take_what_lies_in_their_time_and_nothing_else() {
    let dir = temp();
    let mut place = Place::new(dir.path());
    for sheet in calls_and_cases().into_iter().chain([batches(), outages()]) {
        sheet.import(dir.path(), &place);
    }
    let (hour, twenty) = (3_600_000, 1_200_000);
    let untouched =
        || [(0, Some(6), json!({})), (0, Some(5), json!({})), (hour + twenty, None, json!({}))];
    let cases = [
        Case {
            what: "every indicator",
            lines: "",
            cup: [
                (0, Some(2), json!({"force_majeure": 4})),
                (0, Some(2), json!({"force_majeure": 3})),
                (twenty, None, json!({"force_majeure_ms": hour})),
            ],
        },
        Case {
            what: "only named indicators",
            lines: "indicators = [\"K5\", \"K10\"]",
            cup: [
                (0, Some(2), json!({"force_majeure": 4})),
                (0, Some(5), json!({})),
                (twenty, None, json!({"force_majeure_ms": hour})),
            ],
        },
        Case { what: "other indicators", lines: "indicators = [\"K1\"]", cup: untouched() },
        Case {
            what: "one queue: neither batches nor outages have one",
            lines: "queue = \"cup_priorita\"",
            cup: [
                (0, Some(5), json!({"force_majeure": 1})),
                (0, Some(5), json!({})),
                (hour + twenty, None, json!({})),
            ],
        },
    ];
    for case in cases {
        place.contract = write(dir.path(), "contract.toml", with_exclusion(case.lines));
        let report = place.measure("2023-07-03");
        for (code, (short, den, left_out)) in ["K5", "K9", "K10"].into_iter().zip(&case.cup) {
            check(&report, ("cup", code), *short, *den, left_out, case.what);
        }
        // The other service had the same hour.
        check(&report, ("cc", "K5"), 0, Some(1), &json!({}), case.what);
        check(&report, ("cc", "K9"), 0, Some(1), &json!({}), case.what);
        check(&report, ("cc", "K10"), hour, None, &json!({}), case.what);
    }
}

fn with_exclusion(lines: &str) -> String {
    let contract = fs::read_to_string(CONTRACT).expect("the contract is there");
    format!(
        "{contract}\n[[exclusion]]\ncode = \"X1\"\nservice = \"cup\"\nreason = \
         \"force_majeure\"\nfrom = 2023-07-03T10:00:00+02:00\nuntil = 2023-07-03T11:00:00+02:00\n\
         approved_by = \"Corrado Belmonte\"\napproved_on = 2023-07-05\n\
         document = \"Prot. 1/2023\"\n{lines}\n"
    )
}

#[track_caller]
fn check(
    report: &Value,
    (service, code): (&str, &str),
    short: u64,
    den: Option<u64>,
    left_out: &Value,
    what: &str,
) {
    let all = report["measurements"].as_array().expect("figures");
    let m = all.iter().find(|m| m["service"] == service && m["indicator"] == code);
    let m = m.unwrap_or_else(|| panic!("{what}: no {service} {code}"));
    let (num, counted) = (m["numerator"].as_u64(), m["denominator"].as_u64().expect("a count"));
    assert_eq!(counted - num.unwrap_or(0), short, "{what}: {service} {code}: {m}");
    if let Some(den) = den {
        assert_eq!(counted, den, "{what}: {service} {code}");
    }
    assert_eq!(&m["excluded"], left_out, "{what}: {service} {code}");
}

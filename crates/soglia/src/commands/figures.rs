//! Figures as lines of a table, computed now or sealed once. Read [`table`] first.

use std::io::Write;

use serde_json::Value;
use soglia_app::review::words;
use soglia_domain::facts::Disposition;
use soglia_domain::text::Lang;
use soglia_domain::verdict::NaReason;
use soglia_report::format::{na_reason, say};

use crate::error::Failure;
use crate::output::{Table, grouped, localised, value_or_na};

/// For whom a table is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reader {
    /// For programs: names and numbers as in the JSON document, nothing where there is nothing.
    Program,
    /// For people who read a language.
    Person(Lang),
}

/// The names of a table's columns.
pub const COLUMNS: [&str; 12] = [
    "service",
    "indicator",
    "numerator",
    "denominator",
    "counts",
    "value",
    "unit",
    "target",
    "verdict",
    "rule",
    "excluded",
    "note",
];

/// One line a figure of a document `soglia.measure/1`.
pub fn table(document: &Value, reader: Reader) -> Table {
    let mut table = Table::new(COLUMNS);
    for figure in figures(document) {
        table.row(line(figure, reader));
    }
    table
}

/// The figures of a document.
pub fn figures(document: &Value) -> impl Iterator<Item = &Value> {
    document.get("measurements").and_then(Value::as_array).into_iter().flatten()
}

/// A figure under [`COLUMNS`].
pub fn line(figure: &Value, reader: Reader) -> Vec<String> {
    let text = |name: &str| figure.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| match (figure.get(name).and_then(Value::as_u64), reader) {
        (Some(n), _) => n.to_string(),
        (None, Reader::Program) => String::new(),
        (None, Reader::Person(_)) => "–".to_owned(),
    };
    let value = figure.get("value").and_then(Value::as_str);
    let (value, target) = match reader {
        Reader::Program => (value.unwrap_or_default().to_owned(), text("target").to_owned()),
        Reader::Person(lang) => (value_or_na(value, lang), localised(text("target"), lang)),
    };
    vec![
        text("service").to_owned(),
        text("indicator").to_owned(),
        number("numerator"),
        number("denominator"),
        counts(text("counts_unit"), reader).to_owned(),
        value,
        text("unit").to_owned(),
        target,
        verdict(text("verdict"), reader).to_owned(),
        text("rule_version").to_owned(),
        excluded(figure, reader),
        notes(figure, reader),
    ]
}

/// What numerator and denominator count.
pub fn counts(unit: &str, reader: Reader) -> &str {
    match (reader, unit) {
        (Reader::Person(Lang::It), "call") => "chiamate",
        (Reader::Person(Lang::It), "queue_entry") => "ingressi in coda",
        (Reader::Person(Lang::It), "message") => "messaggi",
        (Reader::Person(Lang::It), "case") => "casi",
        (Reader::Person(Lang::It), "contact" | "record") => "contatti",
        (Reader::Person(Lang::It), "attempt") => "tentativi",
        (Reader::Person(Lang::It), "batch") => "liste",
        _ => unit,
    }
}

/// A verdict; what does not apply is said as in the report.
pub fn verdict(name: &str, reader: Reader) -> &str {
    match (reader, name) {
        (Reader::Person(Lang::It), "NA") => "n.a.",
        _ => name,
    }
}

/// Why a figure does not apply.
pub fn reason(name: &str, reader: Reader) -> String {
    let all = [
        NaReason::NoActivity,
        NaReason::NotMeasured,
        NaReason::NotForeseen,
        NaReason::ExcludedByAgreement,
    ];
    match (reader, all.into_iter().find(|reason| reason.name() == name)) {
        (Reader::Person(lang), Some(reason)) => na_reason(lang, reason).to_owned(),
        _ => name.to_owned(),
    }
}

/// What was left out, and how much of it.
pub fn left_out(why: &str, n: u64, reader: Reader) -> String {
    match reader {
        Reader::Program => format!("{why} {n}"),
        Reader::Person(lang) => {
            let count = words::excluded(why, n);
            format!("{} {}", count.name.get(lang), grouped(count.n, lang))
        }
    }
}

fn excluded(figure: &Value, reader: Reader) -> String {
    let all = figure.get("excluded").and_then(Value::as_object).into_iter().flatten();
    let parts: Vec<String> =
        all.map(|(why, n)| left_out(why, n.as_u64().unwrap_or(0), reader)).collect();
    parts.join(", ")
}

fn notes(figure: &Value, reader: Reader) -> String {
    let text = |value: &Value, name: &str| -> String {
        value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let holds = |value: &Value, name: &str| value.get(name).and_then(Value::as_bool) == Some(true);
    let lang = match reader {
        Reader::Program => Lang::En,
        Reader::Person(lang) => lang,
    };
    let mut notes = Vec::new();
    if let Some(why) = figure.get("reason").and_then(Value::as_str) {
        notes.push(reason(why, reader));
    }
    if holds(figure, "provisional") {
        notes.push(say(lang, "provvisorio", "provisional").to_owned());
    }
    let lines = figure.get("sensitivity").and_then(Value::as_array).into_iter().flatten();
    let changing: Vec<String> = lines
        .filter(|line| holds(line, "changes"))
        .map(|line| {
            let (question, parameter) = (text(line, "question"), text(line, "parameter"));
            format!("{question} {parameter}={}", text(line, "alternative"))
        })
        .collect();
    if !changing.is_empty() {
        let under = say(lang, "l'esito cambia con", "verdict changes under");
        notes.push(format!("{under} {}", changing.join(", ")));
    }
    notes.join("; ")
}

/// The *quadratura* of a document, a line a service: where the calls that arrived went.
pub fn quadratura(document: &Value, lang: Lang, out: &mut impl Write) -> Result<(), Failure> {
    let services = document.get("dispositions").and_then(Value::as_object).into_iter().flatten();
    for (service, counts) in services {
        let counts = counts.as_object().into_iter().flatten();
        let counts = counts.map(|(name, n)| (name.as_str(), n.as_u64().unwrap_or(0)));
        let parts: Vec<String> = counts
            .clone()
            .map(|(name, n)| format!("{} {}", grouped(n, lang), disposition(name, lang)))
            .collect();
        let total = grouped(counts.map(|(_, n)| n).sum(), lang);
        let arrived = say(lang, "chiamate arrivate", "calls arrived");
        let sum = if parts.is_empty() { String::new() } else { " = ".to_owned() };
        writeln!(out, "\n{service}: {total} {arrived}{sum}{}", parts.join(" + "))?;
    }
    Ok(())
}

/// What became of a call, as the language says it.
pub fn disposition(name: &str, lang: Lang) -> String {
    match (lang, Disposition::from_name(name)) {
        (Lang::It, Some(known)) => {
            words::disposition(known).it.to_lowercase().replace("ivr", "IVR")
        }
        _ => name.to_owned(),
    }
}

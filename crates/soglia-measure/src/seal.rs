//! Freezing a period, and checking afterwards that it did not move. Read [`seal`] first.
//!
//! A seal is the SHA-256 of the canonical form with its `seal` field empty. It proves that the
//! figures are those that were sealed and, recomputed over the table versions it names, that they
//! follow from the data; it does not prove that the platforms recorded the truth.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};
use soglia_domain::text::Lang;
use soglia_ledger::objects::hex;

use crate::MeasureError;
use crate::measurement::{Report, SCHEMA};

/// Fields that were added to the form after files had been sealed in it.
const LATER_FIELDS: [&str; 2] = ["counts_unit", "together"];

/// Seals a report: its hash is written into it.
pub fn seal(mut report: Report) -> Report {
    report.seal = None;
    report.seal = Some(hex(&Sha256::digest(report.to_json())));
    report
}

/// A sealed file as it was read.
#[derive(Clone, Debug)]
pub struct Sealed {
    value: Value,
    /// The hash written in it.
    pub seal: String,
    /// The period's label.
    pub period: String,
    /// The newest import it stands on.
    pub import_no: i64,
    /// SHA-256 of the contract file.
    pub contract_sha256: String,
    /// The language it was written in.
    pub lang: Lang,
    /// The program that sealed it.
    pub software: String,
}

impl Sealed {
    /// Reads a sealed file.
    pub fn parse(text: &str, file: &str) -> Result<Self, MeasureError> {
        let not = |problem: &str| MeasureError::NotAMeasurement {
            file: file.to_owned(),
            problem: problem.to_owned(),
        };
        let value: Value =
            serde_json::from_str(text).map_err(|e| not(&format!("not JSON: {e}")))?;
        let at = |path: &str| value.pointer(path);
        if at("/schema").and_then(Value::as_str) != Some(SCHEMA) {
            return Err(not(&format!("its `schema` is not `{SCHEMA}`")));
        }
        let words = |path: &str| {
            at(path)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| not(&format!("`{path}` is missing")))
        };
        Ok(Self {
            seal: words("/seal").map_err(|_| not("it is not sealed"))?,
            period: words("/period/label")?,
            lang: if words("/lang")? == "en" { Lang::En } else { Lang::It },
            software: words("/ledger/software")?,
            contract_sha256: words("/contract/sha256")?,
            import_no: at("/ledger/import_no")
                .and_then(Value::as_i64)
                .ok_or_else(|| not("`/ledger/import_no` is missing"))?,
            value,
        })
    }

    /// What differs between the file and the figures computed now over the same data.
    ///
    /// The file's own hash is checked first: a hand that changed a figure without changing the
    /// hash shows up as `/seal`.
    pub fn differences(&self, text: &str, recomputed: &Report) -> Vec<Difference> {
        let mut found = Vec::new();
        let unsealed = text.replacen(&format!("\"{}\"", self.seal), "null", 1);
        let own = hex(&Sha256::digest(&unsealed));
        if own != self.seal {
            found.push(Difference {
                path: "/seal".to_owned(),
                sealed: self.seal.clone(),
                now: format!("{own} (the file was changed after it was sealed)"),
            });
        }
        let now: Value = serde_json::from_str(&recomputed.to_json()).unwrap_or(Value::Null);
        let (mut a, mut b) = (flat(&self.value), flat(&now));
        for own in ["/seal", "/ledger/software"] {
            a.remove(own);
            b.remove(own);
        }
        for field in LATER_FIELDS {
            let has = |path: &str| path.split('/').any(|part| part == field);
            // Sealed before the field existed: the file does not contradict it.
            if !a.keys().any(|path| has(path)) {
                b.retain(|path, _| !has(path));
            }
        }
        found.extend(compare(&a, &b));
        found
    }

    /// The sealed figures, one row a measurement, under [`Sealed::HEADERS`].
    pub fn rows(&self) -> Vec<Vec<String>> {
        let all = self.value.pointer("/measurements").and_then(Value::as_array);
        let field = |m: &Value, name: &str| m.get(name).map(print).unwrap_or_default();
        all.into_iter()
            .flatten()
            .map(|m| Self::HEADERS.iter().map(|name| field(m, name)).collect())
            .collect()
    }

    /// Names of the columns of [`Sealed::rows`], as in the file.
    pub const HEADERS: [&'static str; 9] = [
        "service",
        "indicator",
        "numerator",
        "denominator",
        "value",
        "unit",
        "target",
        "verdict",
        "rule_version",
    ];

    /// Whether any target was missed.
    pub fn any_breach(&self) -> bool {
        self.rows().iter().any(|row| row.get(7).is_some_and(|verdict| verdict == "KO"))
    }

    /// The figures of a measurement in the file: numerator, denominator, value, verdict.
    pub fn figures(&self, service: &str, indicator: &str) -> Option<[String; 4]> {
        let all = self.value.pointer("/measurements")?.as_array()?;
        let one = all.iter().find(|m| {
            m.get("service").and_then(Value::as_str) == Some(service)
                && m.get("indicator").and_then(Value::as_str) == Some(indicator)
        })?;
        Some(
            ["numerator", "denominator", "value", "verdict"]
                .map(|name| one.get(name).map_or_else(|| "null".to_owned(), print)),
        )
    }
}

/// One thing that differs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// Where, as a JSON pointer.
    pub path: String,
    /// What was sealed.
    pub sealed: String,
    /// What is found now.
    pub now: String,
}

fn compare(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> Vec<Difference> {
    let paths: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let none = || "nothing".to_owned();
    paths
        .into_iter()
        .filter(|path| a.get(*path) != b.get(*path))
        .map(|path| Difference {
            path: path.clone(),
            sealed: a.get(path).cloned().unwrap_or_else(none),
            now: b.get(path).cloned().unwrap_or_else(none),
        })
        .collect()
}

fn print(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A JSON value as paths to its leaves.
fn flat(value: &Value) -> BTreeMap<String, String> {
    fn walk(value: &Value, path: &str, all: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (name, inner) in fields {
                    walk(inner, &format!("{path}/{name}"), all);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                for (at, inner) in items.iter().enumerate() {
                    walk(inner, &format!("{path}/{at}"), all);
                }
            }
            leaf => {
                all.insert(path.to_owned(), print(leaf));
            }
        }
    }
    let mut all = BTreeMap::new();
    walk(value, "", &mut all);
    all
}

/// How a sealed period's figures would read with the data that came later.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Adjustment {
    /// The service.
    pub service: String,
    /// The indicator.
    pub indicator: String,
    /// Sealed numerator, denominator, value, verdict.
    pub sealed: [String; 4],
    /// The same with all data.
    pub now: [String; 4],
}

/// Lists the figures that later data would move.
pub fn adjustments(sealed: &Sealed, now: &Report) -> Vec<Adjustment> {
    let number = |n: Option<u64>| n.map_or_else(|| "null".to_owned(), |n| n.to_string());
    now.measurements
        .iter()
        .filter_map(|m| {
            let current = [
                number(m.numerator),
                number(m.denominator),
                m.value.clone().unwrap_or_else(|| "null".to_owned()),
                m.verdict.to_owned(),
            ];
            let before = sealed.figures(&m.service, &m.indicator)?;
            (before != current).then(|| Adjustment {
                service: m.service.clone(),
                indicator: m.indicator.clone(),
                sealed: before,
                now: current,
            })
        })
        .collect()
}

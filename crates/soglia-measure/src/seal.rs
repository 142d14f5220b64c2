//! Freezing a period, and checking afterwards that it did not move. Read [`seal`] first.
//!
//! A seal is the SHA-256 of the canonical form with its `seal` field empty. It proves that the
//! figures are those that were sealed and, recomputed over the table versions it names, that they
//! follow from the data; it does not prove that the platforms recorded the truth.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};
use soglia_domain::text::Lang;
use soglia_ledger::objects::hex;

use crate::MeasureError;
use crate::measurement::{Report, SCHEMA};

/// What fields end in that were added to the form after files had been sealed in it.
const LATER_FIELDS: [&str; 3] = ["counts_unit", "together", "_granularity_s"];

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
            let has = |path: &str| path.split('/').any(|part| part.ends_with(field));
            // Sealed before the field existed: the file does not contradict it.
            if !a.keys().any(|path| has(path)) {
                b.retain(|path, _| !has(path));
            }
        }
        found.extend(compare(&a, &b));
        found
    }

    /// Whether any target was missed.
    pub fn any_breach(&self) -> bool {
        let all = self.value.pointer("/measurements").and_then(Value::as_array);
        all.into_iter().flatten().any(|m| m.get("verdict").and_then(Value::as_str) == Some("KO"))
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

/// How something in a sealed period would read with the data that came later.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Adjustment {
    /// The service.
    pub service: String,
    /// What: `K1`, `K1 out_of_hours` (left out for that reason), `calls answered`.
    pub what: String,
    /// As it was sealed.
    pub sealed: String,
    /// With all data.
    pub now: String,
}

/// Lists what later data would move: figures, what they leave out, and where calls went.
pub fn adjustments(sealed: &Sealed, now: &Report) -> Vec<Adjustment> {
    let now: Value = serde_json::from_str(&now.to_json()).unwrap_or(Value::Null);
    let (before, after) = (readings(&sealed.value), readings(&now));
    let keys: BTreeSet<&(String, String)> = before.keys().chain(after.keys()).collect();
    let none = |counts: &str| if counts.contains('/') { "–" } else { "0" };
    keys.into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| {
            let (old, new) = (before.get(key), after.get(key));
            let nothing = none(old.or(new).map_or("", String::as_str)).to_owned();
            Adjustment {
                service: key.0.clone(),
                what: key.1.clone(),
                sealed: old.unwrap_or(&nothing).clone(),
                now: new.unwrap_or(&nothing).clone(),
            }
        })
        .collect()
}

/// What a document says, by service and name.
fn readings(document: &Value) -> BTreeMap<(String, String), String> {
    let mut all = BTreeMap::new();
    let text = |m: &Value, name: &str| match m.get(name) {
        None | Some(Value::Null) => "–".to_owned(),
        Some(value) => print(value),
    };
    for m in document.get("measurements").and_then(Value::as_array).into_iter().flatten() {
        let (service, indicator) = (text(m, "service"), text(m, "indicator"));
        for (why, n) in m.get("excluded").and_then(Value::as_object).into_iter().flatten() {
            all.insert((service.clone(), format!("{indicator} {why}")), print(n));
        }
        let [n, d, value, verdict] =
            ["numerator", "denominator", "value", "verdict"].map(|name| text(m, name));
        all.insert((service, indicator), format!("{n}/{d} = {value} {verdict}"));
    }
    let services = document.get("dispositions").and_then(Value::as_object);
    for (service, counts) in services.into_iter().flatten() {
        for (name, n) in counts.as_object().into_iter().flatten() {
            all.insert((service.clone(), format!("calls {name}")), print(n));
        }
    }
    all
}

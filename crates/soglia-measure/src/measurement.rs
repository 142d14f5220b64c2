//! What a measurement is, and its canonical form. Read [`Measurement`] first.
//!
//! The same inputs give the same bytes: [`Report::to_json`] has a fixed order of fields, integers
//! and decimal strings only, and no instant of its own making.

use std::collections::BTreeMap;

use serde::Serialize;
use soglia_domain::contract::Contract;
use soglia_domain::period::Period;

/// The name of the format written by [`Report::to_json`].
pub const SCHEMA: &str = "soglia.measure/1";

/// All measurements of one period.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The language of names and labels, `it` or `en`.
    pub lang: &'static str,
    /// The contract.
    pub contract: ContractRef,
    /// The period.
    pub period: PeriodRef,
    /// SHA-256 of the sealed form, if the period is sealed.
    pub seal: Option<String>,
    /// What the figures stand on.
    pub ledger: LedgerRef,
    /// One a service and indicator, in the contract's order.
    pub measurements: Vec<Measurement>,
    /// The *quadratura*: calls arrived, by service and disposition.
    pub dispositions: BTreeMap<String, BTreeMap<String, u64>>,
    /// What stands out in the traffic.
    pub findings: Vec<Finding>,
    /// Coherence checks N1–N18 that had something to say.
    pub checks: Vec<CheckLine>,
}

/// Which contract.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ContractRef {
    /// Its code.
    pub code: String,
    /// Its title.
    pub title: String,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// Which period.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PeriodRef {
    /// `2023-H2`.
    pub label: String,
    /// First instant.
    pub start: String,
    /// First instant after it.
    pub end: String,
    /// The zone of civil rules.
    pub zone: String,
}

impl PeriodRef {
    /// Names a period, its instants in the contract's zone.
    pub fn new(period: &Period, contract: &Contract) -> Self {
        Self {
            label: period.label().to_owned(),
            start: period.start().in_zone(&contract.zone).to_string(),
            end: period.end().in_zone(&contract.zone).to_string(),
            zone: contract.zone_name.clone(),
        }
    }
}

/// Which data.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LedgerRef {
    /// The newest import looked at.
    pub import_no: i64,
    /// The version of each table.
    pub tables: BTreeMap<String, u64>,
    /// Files behind it: name and SHA-256.
    pub files: Vec<FileRef>,
    /// The program.
    pub software: String,
}

/// A file taken in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FileRef {
    /// Its number.
    pub import_no: i64,
    /// Its name.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
}

/// One indicator of one service.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Measurement {
    /// The service's code.
    pub service: String,
    /// The indicator's code.
    pub indicator: String,
    /// Its name.
    pub name: String,
    /// The version of the rule; several where it changed within the period, as `1+2`.
    pub rule_version: String,
    /// What met the rule.
    pub numerator: Option<u64>,
    /// What was counted.
    pub denominator: Option<u64>,
    /// What numerator and denominator count: `call`, `queue_entry`, `message`, `case`, `record`,
    /// `attempt`, `contact`, `batch`, or `ms` (milliseconds of agreed time).
    pub counts_unit: &'static str,
    /// The value, rounded as the rule says; nothing when not applicable.
    pub value: Option<String>,
    /// `%`, `h` or `s`.
    pub unit: &'static str,
    /// Whether it counts milliseconds of agreed time, not items.
    #[serde(skip)]
    pub of_time: bool,
    /// The target, e.g. `>= 95 %`.
    pub target: String,
    /// `OK`, `KO`, `NA`.
    pub verdict: &'static str,
    /// Why it is not applicable, or what there is to say about the verdict.
    pub reason: Option<String>,
    /// Whether data may still change it.
    pub provisional: bool,
    /// What was left out, by reason.
    pub excluded: BTreeMap<String, u64>,
    /// How complete the data are.
    pub completeness: Completeness,
    /// What the disputed alternatives would have given.
    pub sensitivity: Vec<Sensitivity>,
    /// Plain statistics beside the figure: seconds as decimal strings.
    pub statistics: BTreeMap<String, String>,
}

/// How complete the data are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Completeness {
    /// Days on which the service was open.
    pub service_days: u32,
    /// Of these, days with at least one item.
    pub days_with_data: u32,
    /// Rows of the period's files that could not be read.
    pub rejected_rows: u64,
    /// Calls still open at the end of the newest file.
    pub open_calls: u64,
}

/// One disputed alternative.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Sensitivity {
    /// The question, e.g. `Q8c`.
    pub question: String,
    /// The parameter.
    pub parameter: String,
    /// Its alternative value.
    pub alternative: String,
    /// What the alternative means.
    pub label: String,
    /// What would have met the rule.
    pub numerator: u64,
    /// What would have been counted.
    pub denominator: u64,
    /// What numerator and denominator would count.
    pub counts_unit: &'static str,
    /// The value.
    pub value: Option<String>,
    /// The verdict.
    pub verdict: &'static str,
    /// Whether the verdict changes.
    pub changes: bool,
    /// The service's other indicators about the same calls, read the same way (question Q10e);
    /// empty where the question is about this indicator alone.
    pub together: Vec<Together>,
}

/// Another indicator under the same reading of the population that it shares.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Together {
    /// Its code.
    pub indicator: String,
    /// What would have met its rule.
    pub numerator: u64,
    /// What would have been counted.
    pub denominator: u64,
    /// The value.
    pub value: Option<String>,
    /// The verdict.
    pub verdict: &'static str,
    /// Whether the verdict changes.
    pub changes: bool,
}

/// Something that stands out in the traffic.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// A stable code, e.g. `I1`.
    pub code: String,
    /// The service.
    pub service: String,
    /// In Italian and English.
    pub text: BTreeMap<&'static str, String>,
    /// The figures behind the text.
    pub figures: BTreeMap<String, String>,
}

/// A coherence check that had something to say.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CheckLine {
    /// `N1` … `N18`.
    pub code: String,
    /// `error`, `warning`, `note`.
    pub severity: &'static str,
    /// The service.
    pub service: Option<String>,
    /// The indicator.
    pub indicator: Option<String>,
    /// In Italian and English.
    pub text: BTreeMap<&'static str, String>,
}

impl Report {
    /// Writes the canonical form: the same measurements are the same bytes.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a report is plain data");
        text.push('\n');
        text
    }

    /// Finds a measurement.
    pub fn find(&self, service: &str, indicator: &str) -> Option<&Measurement> {
        self.measurements.iter().find(|m| m.service == service && m.indicator == indicator)
    }

    /// Whether any target was missed.
    pub fn any_breach(&self) -> bool {
        self.measurements.iter().any(|m| m.verdict == "KO")
    }

    /// Whether the period has any data at all.
    pub fn is_empty(&self) -> bool {
        let calls: u64 = self.dispositions.values().flat_map(BTreeMap::values).sum();
        calls == 0
            && self.measurements.iter().all(|m| {
                // Agreed service time passes without any data.
                m.denominator.unwrap_or(0) == 0 || m.of_time
            })
    }
}

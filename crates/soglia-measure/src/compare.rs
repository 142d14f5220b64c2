//! Computed figures against declared ones, and against each other. Read [`compare`] first.

use std::collections::BTreeMap;

use soglia_domain::checks;
use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_domain::text::{Lang, Text};
use soglia_domain::verdict::{NaReason, Verdict};

use crate::measurement::{CheckLine, Measurement, Report};

/// A value that the supplier declared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Declared {
    /// The service's code.
    pub service: String,
    /// The indicator's code.
    pub indicator: String,
    /// The value as printed, e.g. `56,78%`, `n/a`.
    pub printed: String,
    /// The period that it is of, if the file says.
    pub period: Option<String>,
    /// The line of the file.
    pub line: u64,
}

/// A declared value beside the computed one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comparison {
    /// The service.
    pub service: String,
    /// The indicator.
    pub indicator: String,
    /// As declared.
    pub declared: String,
    /// As computed.
    pub computed: String,
    /// Declared minus computed, in thousandths of a percentage point, where both are numbers.
    pub difference_milli_points: Option<i64>,
    /// What to make of it.
    pub agreement: Agreement,
}

/// What to make of a declared value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Agreement {
    /// Within the tolerance.
    Agrees,
    /// Beyond the tolerance.
    Differs,
    /// One of the two has no value.
    OneSided,
    /// The declared text is no value.
    Unreadable,
    /// The contract has no such indicator.
    Unknown,
}

impl Agreement {
    /// Returns the name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Differs => "differs",
            Self::OneSided => "one_sided",
            Self::Unreadable => "unreadable",
            Self::Unknown => "unknown",
        }
    }
}

/// Compares declared values with the computed ones.
pub fn compare(contract: &Contract, report: &Report, declared: &[Declared]) -> Vec<Comparison> {
    declared.iter().map(|one| compare_one(contract, report, one)).collect()
}

fn compare_one(contract: &Contract, report: &Report, declared: &Declared) -> Comparison {
    let found = report.find(&declared.service, &declared.indicator);
    let computed = found.and_then(|m| m.value.clone());
    let (difference, agreement) = match found {
        None => (None, Agreement::Unknown),
        Some(measurement) => judge(contract, measurement, &declared.printed),
    };
    Comparison {
        service: declared.service.clone(),
        indicator: declared.indicator.clone(),
        declared: declared.printed.clone(),
        computed: computed.unwrap_or_else(|| "n/a".to_owned()),
        difference_milli_points: difference,
        agreement,
    }
}

fn judge(contract: &Contract, found: &Measurement, printed: &str) -> (Option<i64>, Agreement) {
    let not_available = ["n/a", "na", "n.a.", "n.d.", "-"];
    let compact: String = printed.trim().trim_matches('"').to_lowercase();
    let said = if not_available.contains(&compact.as_str()) {
        None
    } else {
        match milli_points(&compact) {
            Some(value) => Some(value),
            None => return (None, Agreement::Unreadable),
        }
    };
    let computed = found.value.as_deref().and_then(milli_points);
    match (said, computed) {
        (None, None) => (None, Agreement::Agrees),
        (Some(said), Some(computed)) => {
            let difference = said - computed;
            let version = contract
                .service(&found.service)
                .and_then(|service| service.indicator(&found.indicator))
                .and_then(|indicator| indicator.versions.last());
            let tolerance = version.map_or(0, |v| i64::from(v.tolerance_milli_points));
            let agrees = difference.abs() <= tolerance;
            (Some(difference), if agrees { Agreement::Agrees } else { Agreement::Differs })
        }
        _ => (None, Agreement::OneSided),
    }
}

/// `56,78%` as thousandths of a percentage point.
fn milli_points(printed: &str) -> Option<i64> {
    let text = printed.trim().trim_end_matches(['"', '%', ' ']).replace(',', ".");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || fraction.len() > 9 {
        return None;
    }
    let digits = format!("{fraction:0<3}");
    let thousandths: i64 = digits.get(..3)?.parse().ok()?;
    Some(whole.parse::<i64>().ok()? * 1000 + thousandths)
}

/// Coherence checks of the contract and of the figures among each other.
pub fn checks(contract: &Contract, period: &Period, report: &Report) -> Vec<CheckLine> {
    let mut found = checks::check_contract(contract);
    found.extend(checks::check_results(&figures(contract, period, report)));
    found.into_iter().map(line).collect()
}

/// What the checks know of a report before anybody wrote a text.
pub fn figures(contract: &Contract, period: &Period, report: &Report) -> checks::Figures {
    let last = period.until_date().yesterday().unwrap_or(period.first_date());
    checks::Figures {
        first: period.first_date(),
        last,
        services: contract
            .services
            .iter()
            .map(|service| checks::ServiceFigures {
                code: service.code.clone(),
                names: called(&service.name),
                indicators: report
                    .measurements
                    .iter()
                    .filter(|m| m.service == service.code)
                    .filter_map(|m| figure(contract, m))
                    .collect(),
            })
            .collect(),
        texts: Vec::new(),
        known_dates: Vec::new(),
        findings: Vec::new(),
        inspections: Vec::new(),
    }
}

/// What texts call a service: its whole name, and the parts of `CUP – Centro Unico`.
fn called(name: &Text) -> Vec<String> {
    let mut names = both(name);
    let parts: Vec<String> = names
        .iter()
        .flat_map(|name| name.split(['–', '—', '(', ')', ':']))
        .map(|part| part.trim().to_owned())
        .filter(|part| 2 <= part.chars().count() && !names.contains(part))
        .collect();
    names.extend(parts);
    names
}

fn both(text: &Text) -> Vec<String> {
    [Some(&text.it), text.en.as_ref()].into_iter().flatten().cloned().collect()
}

fn figure(contract: &Contract, m: &Measurement) -> Option<checks::IndicatorFigures> {
    let indicator = contract.service(&m.service)?.indicator(&m.indicator)?;
    let version = indicator.versions.last()?;
    let mut names = both(&indicator.objective);
    names.extend(both(&indicator.name));
    Some(checks::IndicatorFigures {
        code: m.indicator.clone(),
        measure: version.rule.measure().to_owned(),
        names,
        figure: checks::Figure::Counts {
            num: m.numerator.unwrap_or(0),
            den: m.denominator.unwrap_or(0),
        },
        verdict: match (m.verdict, m.reason.as_deref()) {
            ("OK", _) => Verdict::Ok,
            ("KO", _) => Verdict::Ko,
            (_, Some("not_measured")) => Verdict::Na(NaReason::NotMeasured),
            (_, Some("excluded_by_agreement")) => Verdict::Na(NaReason::ExcludedByAgreement),
            (_, Some("not_foreseen")) => Verdict::Na(NaReason::NotForeseen),
            _ => Verdict::Na(NaReason::NoActivity),
        },
    })
}

/// A check as measurements list it.
pub fn line(check: checks::Check) -> CheckLine {
    CheckLine {
        code: check.code.to_owned(),
        severity: check.severity.name(),
        service: check.service,
        indicator: check.indicator,
        text: BTreeMap::from([
            ("it", check.text.get(Lang::It).to_owned()),
            ("en", check.text.get(Lang::En).to_owned()),
        ]),
    }
}

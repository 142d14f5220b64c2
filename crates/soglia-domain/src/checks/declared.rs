//! A report that somebody typed by hand, held against the measured figures and the contract. Read
//! [`DeclaredReport`] first, then [`check_declared`].
//!
//! What a platform exports can be measured; what a person typed can only be compared: sentences
//! with verdicts, dates with the period, printed rows with the rules and with one another.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use super::contract_level::{channels, count_and_name, incomplete, kind_and_name};
use super::{
    Check, Figure, Figures, FindingSeen, IndicatorFigures, Inspection, Severity, TextBlock,
    check_results, parse_printed,
};
use crate::contract::{Contract, RuleVersion};
use crate::rule::Rule;
use crate::text::Text;
use crate::verdict::{TargetDirection, Verdict};

/// What the first line of a declared report says.
pub const DECLARED: &str = "soglia.declared/1";
/// Files longer than this are no declared reports: 1 MiB.
const TEXT_MAX: usize = 1024 * 1024;
/// Roles that are normally kept apart.
const KEPT_APART: [&str; 3] = ["rup", "dec", "monitoring_manager"];

/// A report as it was typed.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredReport {
    /// [`DECLARED`].
    format: String,
    /// What it calls itself.
    pub title: String,
    /// Its sections, in order; a heading with nothing under it has an empty text.
    #[serde(default, rename = "text")]
    pub texts: Vec<DeclaredText>,
    /// The rows of its sheets.
    #[serde(default, rename = "row")]
    pub rows: Vec<DeclaredRow>,
    /// Findings that it presents.
    #[serde(default, rename = "finding")]
    pub findings: Vec<DeclaredFinding>,
    /// Inspections that it names.
    #[serde(default, rename = "inspection")]
    pub inspections: Vec<DeclaredInspection>,
    /// Who holds which role.
    #[serde(default, rename = "role")]
    pub roles: Vec<DeclaredRole>,
}

/// A section of a declared report.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredText {
    /// Its heading.
    pub section: String,
    /// What stands under it.
    #[serde(default)]
    pub text: String,
}

/// A row of a declared sheet, as printed; what the sheet leaves blank is empty.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredRow {
    /// The service's code.
    pub service: String,
    /// The indicator's code.
    pub indicator: String,
    /// *Processo*.
    #[serde(default)]
    pub process: String,
    /// *Obiettivo*.
    #[serde(default)]
    pub objective: String,
    /// *Indicatore e unità di misura*.
    #[serde(default)]
    pub name: String,
    /// The value: `56,78%`, `n/a`.
    pub value: String,
    /// The target: `95% dei casi`.
    #[serde(default)]
    pub target: String,
    /// *Documenti di rilevazione*.
    #[serde(default)]
    pub source: String,
    /// *Responsabile*.
    #[serde(default)]
    pub responsible: String,
    /// *Frequenza*.
    #[serde(default)]
    pub frequency: String,
    /// The box that was ticked: `OK`, `KO`, or none.
    #[serde(default)]
    pub reached: String,
}

/// A finding of a declared report.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredFinding {
    /// Its code or title.
    pub code: String,
    /// The first day of the period in which it was first reported.
    pub first_seen: toml::value::Datetime,
    /// The report says that it is carried over.
    #[serde(default)]
    pub labelled: bool,
}

/// An inspection that a declared report names.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredInspection {
    /// Where, or which.
    pub what: String,
    /// When.
    pub date: toml::value::Datetime,
}

/// A role and its holder, as a declared report has them.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredRole {
    /// `rup`, `dec`, `monitoring_manager` …
    pub role: String,
    /// Who holds it.
    pub person: String,
}

/// Why a text is no declared report.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DeclaredError {
    /// It is too long.
    #[error("it has {0} bytes, {TEXT_MAX} is the most")]
    TooLong(usize),
    /// It is not written as declared reports are.
    #[error("{0}")]
    Syntax(String),
    /// It is written for another program.
    #[error("its format is `{0}`, not `{DECLARED}`")]
    Format(String),
    /// A date lacks its day, or has an hour.
    #[error("`{0}` is no date")]
    Date(String),
}

impl DeclaredError {
    /// Says what to do.
    pub const fn hint(&self) -> &'static str {
        "`resoconto-dichiarato.toml` in the demo's folder is one that works"
    }
}

/// Whether a file's bytes say that they are a declared report.
pub fn is_declared(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut lines = text.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| line.starts_with("format") && line.contains("soglia.declared/"))
}

/// Reads a declared report.
pub fn parse_declared(text: &str) -> Result<DeclaredReport, DeclaredError> {
    if TEXT_MAX < text.len() {
        return Err(DeclaredError::TooLong(text.len()));
    }
    let report: DeclaredReport =
        toml::from_str(text).map_err(|error| DeclaredError::Syntax(error.message().to_owned()))?;
    if report.format != DECLARED {
        return Err(DeclaredError::Format(report.format));
    }
    let dates = report.findings.iter().map(|finding| &finding.first_seen);
    for date in dates.chain(report.inspections.iter().map(|one| &one.date)) {
        if civil(date).is_none() {
            return Err(DeclaredError::Date(date.to_string()));
        }
    }
    Ok(report)
}

fn civil(date: &toml::value::Datetime) -> Option<Date> {
    let toml::value::Datetime { date: Some(day), time: None, offset: None } = date else {
        return None;
    };
    let year = i16::try_from(day.year).ok()?;
    Date::new(year, i8::try_from(day.month).ok()?, i8::try_from(day.day).ok()?).ok()
}

/// Finds what a declared report contradicts: the measured verdicts, its period, the contract's
/// rules, itself. `measured` holds the computed figures and the dates that texts may name.
pub fn check_declared(
    contract: &Contract,
    measured: &Figures,
    declared: &DeclaredReport,
) -> Vec<Check> {
    let mut checks = check_results(&figures(measured, declared));
    let mut frequencies = BTreeMap::new();
    let mut targets = Vec::new();
    for row in &declared.rows {
        let at = |check: Check| check.of(&row.service, &row.indicator);
        let known = contract.service(&row.service).and_then(|one| one.indicator(&row.indicator));
        let Some(version) = known.and_then(|indicator| indicator.version_on(measured.last)) else {
            checks.push(at(unknown()));
            continue;
        };
        checks.extend(ticked(measured, row).map(at));
        checks.extend(check_row(row, version).into_iter().map(at));
        if is_one_frequency(row) {
            *frequencies.entry((&row.frequency, &row.source)).or_insert(0_u32) += 1;
        }
        targets.extend(written_target(row, version));
    }
    checks.extend(target_forms(&targets));
    checks.extend(frequencies.into_iter().map(|((frequency, source), n)| {
        Check::new(
            "N15",
            Severity::Warning,
            &format!(
                "«{frequency}» con «{source}» in {n} righe: frequenza di misura e di resoconto \
                 sono due campi"
            ),
            &format!(
                "“{frequency}” with “{source}” in {n} rows: frequency of measurement and of \
                 report are two fields"
            ),
        )
    }));
    checks.extend(roles(&declared.roles));
    checks.sort_by_key(|check| (check.severity, number(check.code)));
    checks
}

fn number(code: &str) -> u32 {
    code.trim_start_matches('N').parse().unwrap_or(u32::MAX)
}

/// The computed verdicts with the figures that were typed.
fn figures(measured: &Figures, declared: &DeclaredReport) -> Figures {
    let mut figures = measured.clone();
    for service in &mut figures.services {
        for indicator in &mut service.indicators {
            let row = declared
                .rows
                .iter()
                .find(|row| row.service == service.code && row.indicator == indicator.code);
            let Some(row) = row else { continue };
            indicator.figure = Figure::Printed(parse_printed(&row.value));
            let typed = [&row.objective, &row.name].into_iter().filter(|name| !name.is_empty());
            indicator.names.extend(typed.cloned());
        }
    }
    let texts = declared.texts.iter();
    figures.texts = texts
        .map(|one| TextBlock { section: one.section.clone(), text: one.text.clone() })
        .collect();
    let findings = declared.findings.iter().filter_map(|one| {
        let first_seen = civil(&one.first_seen)?;
        Some(FindingSeen { code: one.code.clone(), first_seen, labelled: one.labelled })
    });
    figures.findings = findings.collect();
    let inspections = declared.inspections.iter();
    figures.inspections = inspections
        .filter_map(|one| Some(Inspection { what: one.what.clone(), date: civil(&one.date)? }))
        .collect();
    figures
}

fn unknown() -> Check {
    Check::new(
        "W-ROW",
        Severity::Warning,
        "il contratto non ha questo indicatore",
        "the contract has no such indicator",
    )
}

/// N1 and N3, of a box that was ticked.
fn ticked(measured: &Figures, row: &DeclaredRow) -> Option<Check> {
    let service = measured.services.iter().find(|one| one.code == row.service)?;
    let found = service.indicators.iter().find(|one| one.code == row.indicator)?;
    let IndicatorFigures { verdict, .. } = found;
    let (code, it, en) = match (row.reached.as_str(), verdict) {
        ("OK", Verdict::Ko) => (
            "N1",
            "la casella dice OK, il valore misurato è KO",
            "the box says OK, the measured value is KO",
        ),
        ("KO", Verdict::Ok) => (
            "N3",
            "la casella dice KO, il valore misurato è OK",
            "the box says KO, the measured value is OK",
        ),
        _ => return None,
    };
    Some(Check::new(code, Severity::Error, it, en))
}

fn check_row(row: &DeclaredRow, version: &RuleVersion) -> Vec<Check> {
    let mut checks = Vec::new();
    checks.extend(direction(row, version));
    let names = format!("{} {}", row.objective, row.name).to_lowercase();
    checks.extend(kind_and_name(&names, &version.rule));
    let typed = |text: &str| Text { it: text.to_owned(), en: None };
    let (objective, name) = (typed(&row.objective), typed(&row.name));
    checks.extend(count_and_name(&[&objective, &name], &version.rule));
    if let Rule::RepliedWithin(rule) = &version.rule {
        checks.extend(channels(&row.objective, &row.name, rule));
    }
    checks.extend(incomplete(&[
        (row.process.is_empty(), ("processo", "process")),
        (row.name.is_empty(), ("indicatore", "indicator")),
        (row.source.is_empty(), ("fonte", "source")),
        (row.responsible.is_empty(), ("responsabile", "responsible")),
        (row.frequency.is_empty(), ("frequenza", "frequency")),
    ]));
    checks
}

/// N5: a target that does not say which way is good, where the contract means the unusual one.
fn direction(row: &DeclaredRow, version: &RuleVersion) -> Option<Check> {
    const SAID: [&str; 10] =
        ["≤", "≥", "<", ">", "almeno", "al massimo", "non oltre", "non più", "at least", "at most"];
    let target = row.target.to_lowercase();
    let is_share = parse_printed(&row.target).share().is_some();
    let says = SAID.iter().any(|word| target.contains(word));
    (is_share && !says && version.target.direction == TargetDirection::AtMost).then(|| {
        let written = &row.target;
        Check::new(
            "N5",
            Severity::Warning,
            &format!("«{written}» non dice il verso: il contratto vuole al massimo questo valore"),
            &format!("“{written}” does not say its direction: the contract wants at most this"),
        )
    })
}

/// How a target on a share is written: with its number and its time left out.
fn written_target(row: &DeclaredRow, version: &RuleVersion) -> Option<(String, String)> {
    parse_printed(&row.target).share()?;
    // Targets that go the other way are another matter (N5).
    if version.target.direction == TargetDirection::AtMost {
        return None;
    }
    let blank = |c: char| if c.is_ascii_digit() || c == ',' || c == '.' { '#' } else { c };
    let mut form: String = row.target.to_lowercase().chars().map(blank).collect();
    form.retain(|c| !c.is_whitespace());
    while form.contains("##") {
        form = form.replace("##", "#");
    }
    Some((form, row.target.trim().to_owned()))
}

/// N11: targets of one kind that are written in several ways.
fn target_forms(targets: &[(String, String)]) -> Option<Check> {
    let mut forms: Vec<(&str, &str)> = Vec::new();
    for (form, written) in targets {
        if !forms.iter().any(|(known, _)| known == form) {
            forms.push((form, written));
        }
    }
    if forms.len() < 2 {
        return None;
    }
    let n = forms.len();
    let list = |open: &str, close: &str| {
        let written = forms.iter().map(|(_, written)| format!("{open}{written}{close}"));
        written.collect::<Vec<_>>().join(", ")
    };
    Some(Check::new(
        "N11",
        Severity::Warning,
        &format!("gli obiettivi sono scritti in {n} modi: {}", list("«", "»")),
        &format!("targets are written in {n} ways: {}", list("“", "”")),
    ))
}

/// N15: a row that reports each half-year from documents that come each quarter, in one field.
fn is_one_frequency(row: &DeclaredRow) -> bool {
    let has = |text: &str, words: &[&str]| {
        let lower = text.to_lowercase();
        words.iter().any(|word| lower.contains(word))
    };
    has(&row.source, &["trimestral", "quarterly"])
        && has(&row.frequency, &["semestral", "half", "annual"])
}

/// N16: one person in roles that are normally kept apart.
fn roles(roles: &[DeclaredRole]) -> Vec<Check> {
    let mut people: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for one in roles.iter().filter(|one| KEPT_APART.contains(&one.role.as_str())) {
        people.entry(&one.person).or_default().push(&one.role);
    }
    let several = people.into_iter().filter(|(_, roles)| 1 < roles.len());
    several
        .map(|(person, roles)| {
            let roles = roles.join(", ");
            Check::new(
                "N16",
                Severity::Warning,
                &format!("{person} ricopre insieme i ruoli {roles}: di norma sono separati"),
                &format!("{person} holds the roles {roles} at once: they are normally separate"),
            )
        })
        .collect()
}

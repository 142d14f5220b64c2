//! What stands between a review and its approval. Read [`standing`] first.
//!
//! Texts that people wrote are compared with the figures: what a text calls met must be met.

use soglia_domain::checks::{
    Check, Figures, FindingSeen, Inspection, Severity, TextBlock, check_contract, check_results,
};
use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_domain::register::{ELEMENTS, INSPECTIONS, REVIEW_FINDINGS, Register, Value, by_code};
use soglia_domain::text::{Lang, Text};
use soglia_measure::compare;
use soglia_measure::measurement::Report;
use soglia_registers::actor::{Actor, By};
use soglia_registers::database::Tx;
use soglia_registers::entries::Entry;
use soglia_registers::files::Files;
use soglia_registers::query::{Filter, Order, Query, Test};
use soglia_registers::review::{self, parts};

use super::declared::{Declared, declared};
use super::{SemesterError, period_of, view::element_label};

/// Whether a review is ready, and what its texts and figures say about one another.
#[derive(Clone, PartialEq, Debug)]
pub struct Standing {
    /// What must be settled before the approval; empty if it is ready.
    pub obstacles: Vec<Text>,
    /// Every coherence check that has something to say, errors first.
    pub checks: Vec<Check>,
    /// What the report that somebody declared contradicts, if one is attached; it keeps nobody
    /// from approving.
    pub declared: Option<Declared>,
}

impl Standing {
    /// The checks where text and figures cannot both be true.
    pub fn errors(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.severity == Severity::Error)
    }
}

/// Says what must be settled before a review can be approved.
pub async fn standing(
    tx: &mut Tx,
    by: &By<'_>,
    files: &Files,
    contract: &Contract,
    review: &Entry,
    report: &Report,
) -> Result<Standing, SemesterError> {
    let period = period_of(review, contract)?;
    let checks = checks(tx, by, contract, review, report).await?;
    let obstacles = review::obstacles(tx, by, contract, review, &checks).await?;
    let declared = declared(files, contract, &period, report, review)?;
    Ok(Standing { obstacles, checks, declared })
}

/// Runs the coherence checks over a review's figures and all texts in it.
pub async fn checks(
    tx: &mut Tx,
    by: &By<'_>,
    contract: &Contract,
    review: &Entry,
    report: &Report,
) -> Result<Vec<Check>, SemesterError> {
    let figures = looked_at(tx, by, contract, review, report).await?;
    let mut found = check_contract(contract);
    found.extend(check_results(&figures));
    found.sort_by_key(|check| check.severity);
    Ok(found)
}

/// What the checks of a review look at: figures, texts, findings, inspections.
pub async fn looked_at(
    tx: &mut Tx,
    by: &By<'_>,
    contract: &Contract,
    review: &Entry,
    report: &Report,
) -> Result<Figures, SemesterError> {
    let period = period_of(review, contract)?;
    let program = Actor::program();
    let by = By { actor: &program, ..*by };
    let findings = parts(tx, &by, contract, known(&REVIEW_FINDINGS), &review.id).await?;
    let elements = parts(tx, &by, contract, known(&ELEMENTS), &review.id).await?;
    let figures = Figures {
        texts: texts(review, &elements, &findings),
        findings: findings.iter().filter_map(|finding| seen(finding, contract)).collect(),
        inspections: inspections(tx, &by, contract, &period).await?,
        known_dates: known_dates(review, contract),
        ..compare::figures(contract, &period, report)
    };
    Ok(figures)
}

fn known(register: &Register) -> &'static Register {
    by_code(register.code).expect("the registers are named in this module")
}

/// Everything that people wrote: the review's own texts, why elements do not apply, findings that
/// were edited or written by hand. Rejected findings stand in no document.
fn texts(review: &Entry, elements: &[Entry], findings: &[Entry]) -> Vec<TextBlock> {
    let mut texts = Vec::new();
    let mut add = |section: String, text: Option<&str>| {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            texts.push(TextBlock { section, text: text.to_owned() });
        }
    };
    for field in ["preamble", "outputs", "resources"] {
        let label = review.register.field(field).map_or(field, |field| field.label.it);
        add(label.to_owned(), review.words(field));
    }
    for element in elements {
        let label = element_label(element).map_or_else(|| element.id.clone(), |l| l.it.to_owned());
        let why = element.words("why").filter(|_| element.state.code == "not_applicable");
        add(label, why);
    }
    for finding in findings {
        let own = finding.words("origin") == Some("person");
        let text = match finding.state.code {
            "rejected" => None,
            "edited" => finding.words("text"),
            _ if own => finding.words("proposed"),
            _ => None,
        };
        add(finding.id.clone(), text);
    }
    texts
}

/// When a finding was first seen. The program says it of those that it carries over.
fn seen(finding: &Entry, contract: &Contract) -> Option<FindingSeen> {
    if finding.state.code == "rejected" {
        return None;
    }
    let first = Period::parse(finding.words("first_seen")?, &contract.zone).ok()?;
    Some(FindingSeen { code: finding.id.clone(), first_seen: first.first_date(), labelled: true })
}

/// Inspections of the period, as the register has them.
async fn inspections(
    tx: &mut Tx,
    by: &By<'_>,
    contract: &Contract,
    period: &Period,
) -> Result<Vec<Inspection>, SemesterError> {
    let register = known(&INSPECTIONS);
    let held = register.field("held_on").expect("inspections have a date");
    let last = period.until_date().yesterday().unwrap_or(period.until_date());
    let tests = [Test::AtLeast(Value::Date(period.first_date())), Test::AtMost(Value::Date(last))];
    let query = Query {
        contract: Some(contract.code.clone()),
        filters: tests.map(|test| Filter { field: held, test }).into(),
        order: Order::Oldest,
        ..Query::new(register)
    };
    let found = tx.find_all(by.actor, by.at, &query).await?;
    let inspection = |entry: Entry| {
        let Some(Value::Date(date)) = entry.value("held_on") else { return None };
        Some(Inspection { what: entry.id.clone(), date: *date })
    };
    Ok(found.into_iter().filter_map(inspection).collect())
}

/// Dates that texts may name although they lie outside the period: when rules began, when the
/// review is issued.
pub fn known_dates(review: &Entry, contract: &Contract) -> Vec<jiff::civil::Date> {
    let services = contract.services.iter().flat_map(|service| &service.indicators);
    let versions = services.flat_map(|indicator| &indicator.versions);
    let mut dates: Vec<jiff::civil::Date> = versions
        .flat_map(|version| {
            [
                Some(version.valid_from),
                version.valid_until,
                version.approved_on,
                version.target_date,
            ]
        })
        .flatten()
        .collect();
    if let Some(Value::Date(date)) = review.value("issued_on") {
        dates.push(*date);
    }
    dates.sort_unstable();
    dates.dedup();
    dates
}

/// A check as one line in a language.
pub fn line(check: &Check, lang: Lang) -> String {
    let about: Vec<&str> =
        check.service.iter().chain(&check.indicator).map(String::as_str).collect();
    let about = if about.is_empty() { String::new() } else { format!(" {}", about.join("/")) };
    format!("{}{about}: {}", check.code, check.text.get(lang))
}

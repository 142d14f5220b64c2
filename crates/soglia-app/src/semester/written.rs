//! What people wrote about a period, put into the input of its documents. Read [`put_written`]
//! first.

use soglia_domain::checks::{Check, check_contract, check_results};
use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_domain::register::{REVIEWS, by_code};
use soglia_domain::time::Instant;
use soglia_measure::compare;
use soglia_measure::measurement::Report;
use soglia_registers::actor::{Actor, By};
use soglia_registers::database::Tx;
use soglia_registers::entries::Entry;
use soglia_registers::files::Files;
use soglia_registers::query::{Order, Query};
use soglia_report::model::{self, ReportInput};

use super::checks::looked_at;
use super::{SemesterError, declared};
use crate::registers;
use crate::review::checks::{Looked, checks, found, title};

/// Puts the registers' entries into the input of a period's documents; if the period has a review,
/// then also what the checks find in its texts and in the report that was declared.
pub async fn put_written(
    tx: &mut Tx,
    files: &Files,
    contract: &Contract,
    period: &Period,
    report: &Report,
    input: &mut ReportInput,
    at: Instant,
) -> Result<(), SemesterError> {
    input.registers = Some(registers::written(tx, contract, period, at).await?);
    let program = Actor::program();
    let by = By { actor: &program, at, reason: "document" };
    let Some(review) = review_of(tx, &by, contract, period).await? else { return Ok(()) };
    let figures = looked_at(tx, &by, contract, &review, report).await?;
    let mut all = check_contract(contract);
    all.extend(check_results(&figures));
    let lines: Vec<_> = all.into_iter().map(compare::line).collect();
    let looked = Looked {
        texts: !figures.texts.is_empty(),
        earlier_findings: figures.findings.iter().any(|seen| seen.first_seen < figures.first),
        inspections: !figures.inspections.is_empty(),
    };
    input.checks = checks(contract, &lines, looked);
    let declared = declared(files, contract, period, report, &review)?;
    input.declared = declared.map(|declared| model::DeclaredReport {
        title: declared.title,
        sha256: declared.sha256,
        found: declared.found.into_iter().map(shown).collect(),
    });
    Ok(())
}

fn shown(check: Check) -> model::Check {
    let name = title(check.code);
    found(name, &compare::line(check))
}

/// The period's review; the newest one if an older one was rectified.
async fn review_of(
    tx: &mut Tx,
    by: &By<'_>,
    contract: &Contract,
    period: &Period,
) -> Result<Option<Entry>, SemesterError> {
    let register = by_code(REVIEWS.code).expect("it is one of them");
    let code = Some(contract.code.clone());
    let query = Query { contract: code, order: Order::Oldest, ..Query::new(register) };
    let all = tx.find_all(by.actor, by.at, &query).await?;
    let mut own = all.into_iter().filter(|review| {
        review.words("period") == Some(period.label()) && review.state.code != "rectified"
    });
    Ok(own.next_back())
}

//! A group of operators as a whole: how long its contacts last, how many it solves at once. Read
//! [`group`] first.
//!
//! No figure here is a person's: the same rules hide a group as in [`crate::profile`], and what is
//! hidden there has no figures here.

use arrow::array::Array;
use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_domain::rule::{FirstContact, Rule};
use soglia_ledger::session::Session;

use crate::MeasureError;
use crate::measure::handled::solved_sql;
use crate::plan::{quoted, sql_instant};
use crate::profile::{By, profile};

/// A group's figures in a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupFigures {
    /// Seconds of conversation and hold, and the answered calls they are of.
    pub handling_secs: (u64, u64),
    /// Cases opened by the group's calls that were solved at first contact, and all of them;
    /// nothing if the service has no such rule, or no cases were delivered.
    pub first_contact: Option<(u64, u64)>,
    /// Answered calls that lasted no longer than the limit of the service's rule, and all of them;
    /// nothing if there is no such rule.
    pub within_limit: Option<(u64, u64)>,
}

/// Counts a group's calls and cases; nothing if the group is too small to be shown.
pub async fn group(
    session: &Session,
    contract: &Contract,
    period: &Period,
    service: &str,
    group: &str,
) -> Result<Option<GroupFigures>, MeasureError> {
    let shown = profile(session, contract, period, service, By::Group).await?;
    let Some(line) = shown.get(group).filter(|_| !group.is_empty()) else { return Ok(None) };
    let secs = u64::try_from((line.talk.sum() + 500) / 1000).unwrap_or(0);
    let rules = contract.service(service).into_iter().flat_map(|service| &service.indicators);
    let in_force = rules.filter_map(|indicator| indicator.version_on(period.first_date()));
    let (mut limit, mut solved) = (None, None);
    for version in in_force {
        match &version.rule {
            Rule::HandledWithin(rule) => limit = Some(rule.limit.span.get()),
            Rule::FirstContact(rule) => solved = Some(*rule),
            _ => {}
        }
    }
    let first_contact = match solved {
        Some(rule) => first_contact(session, period, service, group, rule).await?,
        None => None,
    };
    Ok(Some(GroupFigures {
        handling_secs: (secs, line.talk.n()),
        first_contact,
        within_limit: limit
            .map(|limit| (line.talk.count_while(|millis| millis <= limit), line.talk.n())),
    }))
}

/// Cases of the period that a call of the group opened.
async fn first_contact(
    session: &Session,
    period: &Period,
    service: &str,
    group: &str,
    rule: FirstContact,
) -> Result<Option<(u64, u64)>, MeasureError> {
    let sql = format!(
        "SELECT count(*) AS n, coalesce(sum(CASE WHEN {solved} THEN 1 ELSE 0 END), 0) AS met \
         FROM (SELECT * FROM cases WHERE service = '{service}' AND opened >= {start} AND \
         opened < {end}) k JOIN (SELECT call_id FROM calls WHERE service = '{service}' AND \
         operator_group = '{group}' AND arrived < {end}) c ON k.opened_by = c.call_id \
         WHERE k.cancelled IS NULL",
        solved = solved_sql(rule),
        service = quoted(service),
        group = quoted(group),
        start = sql_instant(period.start()),
        end = sql_instant(period.end()),
    );
    let mut counts = (0, 0);
    for batch in session.rows(&sql).await? {
        let columns = crate::rows::Columns(&batch);
        let (all, met) = (columns.longs("n")?, columns.longs("met")?);
        for row in 0..batch.num_rows() {
            let count = |column: &arrow::array::Int64Array| {
                if column.is_valid(row) { u64::try_from(column.value(row)).unwrap_or(0) } else { 0 }
            };
            counts = (counts.0 + count(&met), counts.1 + count(&all));
        }
    }
    Ok(Some(counts).filter(|(_, all)| 0 < *all))
}

//! Rules that look at calls and cases together: K5, K4 over calls, K8 with inbound calls. Read
//! [`handled_sql`] first.
//!
//! Each query says in its first column why an item is left out, if it is.

use arrow::array::Array;
use soglia_domain::contract::{Contract, Service};
use soglia_domain::facts::Disposition;
use soglia_domain::period::Period;
use soglia_domain::rule::{
    CaseUnit, FirstContact, HandledDenominator, HandledWithin, ItemAttribution, Rule,
};
use soglia_domain::time::Instant;
use soglia_ledger::session::Session;

use super::{Job, jobs::service_index};
use crate::MeasureError;
use crate::calls::{self, Counted, Exclusion};
use crate::plan::{CallsPass, Scans, covers, exclusions, quoted, sql_instant};
use crate::rows::{self, Shown};

/// Approved exclusions of a service that are approved for an indicator.
pub fn approved(contract: &Contract, service: &Service, indicator: &str) -> Vec<Exclusion> {
    let mut all = exclusions(contract, service);
    all.retain(|one| one.names(indicator));
    all
}

/// The query for K5's items by the rule: a case each with the call that opened it, or a call each.
///
/// It says what [`crate::items::Counter::handled_case`] counts for all rules in one scan; a test
/// holds them together.
pub fn handled_sql(
    rule: &HandledWithin,
    service: &Service,
    period: &Period,
    approved: &[Exclusion],
) -> String {
    let code = quoted(&service.code);
    let (start, end) = (sql_instant(period.start()), sql_instant(period.end()));
    let times = "c.talk_ms, c.hold_ms, c.wrap_ms, c.wait_ms";
    match rule.denominator {
        HandledDenominator::Answered => format!(
            "SELECT {left_out} AS left_out, {times} {ANSWERED} AND c.service = '{code}' AND \
             c.arrived >= {start} AND c.arrived < {end}",
            left_out = left_out(approved, "c.arrived", &[]),
        ),
        HandledDenominator::FirstContact => {
            let at = match rule.first_contact.attribution {
                ItemAttribution::Receipt => "opened",
                ItemAttribution::Due | ItemAttribution::Closing => "closed",
            };
            let own = [
                ("not_a_call", "k.opened_by IS NULL OR coalesce(k.channel, 'phone') <> 'phone'"),
                ("call_not_found", "c.call_id IS NULL"),
            ];
            format!(
                "SELECT {left_out} AS left_out, {times} FROM (SELECT * FROM cases k \
                 WHERE k.service = '{code}' AND k.{at} >= {start} AND k.{at} < {end} AND {solved}) \
                 k LEFT JOIN (SELECT * FROM calls WHERE service = '{code}') c \
                 ON k.opened_by = c.call_id",
                left_out = left_out(approved, "k.opened", &own),
                solved = solved_sql(rule.first_contact),
            )
        }
    }
}

/// The query for K4's items when it is read over calls: answered calls, and whether a case of
/// theirs was closed at first contact, however many they opened.
pub fn by_call_sql(
    rule: FirstContact,
    service: &Service,
    period: &Period,
    approved: &[Exclusion],
    shown: Shown,
) -> String {
    let code = quoted(&service.code);
    let (columns, group) = match shown {
        Shown::Counts => ("left_out, count(*) AS den, count(solved) AS num", "left_out"),
        Shown::Places => (
            "left_out, CAST(1 AS BIGINT) AS den, count(solved) AS num, id, at, import_no, \
             row_first, row_last",
            "left_out, id, at, import_no, row_first, row_last",
        ),
    };
    format!(
        "SELECT {columns} FROM (SELECT {left_out} AS left_out, s.opened_by AS solved, \
         c.call_id AS id, c.arrived AS at, c.import_no, c.row_first, c.row_last \
         FROM (SELECT c.* {ANSWERED} AND c.service = '{code}' AND c.arrived >= {start} \
         AND c.arrived < {end}) c LEFT JOIN (SELECT DISTINCT k.opened_by FROM cases k \
         WHERE k.service = '{code}' AND k.opened_by IS NOT NULL AND {solved}) s \
         ON c.call_id = s.opened_by) AS items GROUP BY {group}",
        left_out = left_out(approved, "c.arrived", &[]),
        start = sql_instant(period.start()),
        end = sql_instant(period.end()),
        solved = solved_sql(rule),
    )
}

/// Inbound calls that an operator answered.
const ANSWERED: &str = "FROM calls c WHERE c.disposition = 'answered' AND c.direction = 'inbound'";

/// Why an item is left out: the contract's first exclusion that holds it, or a reason of its own.
fn left_out(approved: &[Exclusion], at: &str, own: &[(&str, &str)]) -> String {
    let approved = approved.iter().map(|Exclusion { spec, reason, .. }| {
        let from = sql_instant(Instant::from_millis(spec.from));
        let until = sql_instant(Instant::from_millis(spec.until));
        let queue = spec
            .queue
            .as_ref()
            .map_or_else(String::new, |queue| format!(" AND c.first_queue = '{}'", quoted(queue)));
        let reason = quoted(reason);
        format!(" WHEN {at} >= {from} AND {at} < {until}{queue} THEN '{reason}'")
    });
    let own = own.iter().map(|(reason, condition)| format!(" WHEN {condition} THEN '{reason}'"));
    let whens: String = approved.chain(own).collect();
    if whens.is_empty() {
        return "CAST(NULL AS VARCHAR)".to_owned();
    }
    format!("CASE{whens} END")
}

/// A case closed and not cancelled that [`crate::items::is_first_contact`] calls solved.
pub fn solved_sql(rule: FirstContact) -> String {
    use soglia_domain::rule::ClosedWhen;
    let mut all = vec!["k.closed IS NOT NULL", "k.cancelled IS NULL", "k.escalated IS NULL"];
    if rule.closed == ClosedWhen::SameContact {
        all.push("k.contacts <= 1");
    }
    let days = rule.reopen_window_days;
    let again = format!("(k.reopened IS NULL OR k.reopened > k.closed + INTERVAL '{days} days')");
    if 0 < days {
        all.push(&again);
    }
    if !rule.unavailable_counts {
        all.push("coalesce(k.outcome, '') NOT IN ('no_availability', 'agenda_closed')");
    }
    all.join(" AND ")
}

/// Rules whose unit is the call, or whose population includes answered calls.
pub async fn run_answered(scans: &mut Scans<'_>, jobs: &mut [Job<'_>]) -> Result<(), MeasureError> {
    for job in jobs {
        match &job.rule {
            Rule::FirstContact(rule) if rule.unit == CaseUnit::Call => {
                let approved = approved(scans.contract, job.service, &job.indicator.code);
                let sql = by_call_sql(*rule, job.service, &job.stretch, &approved, Shown::Counts);
                job.result.counted = by_call(scans.session, &sql).await?;
            }
            Rule::OutboundPositive(rule) if rule.inbound_too => add_inbound(scans, job).await?,
            _ => {}
        }
    }
    Ok(())
}

async fn by_call(session: &Session, sql: &str) -> Result<Counted, MeasureError> {
    let mut counted = Counted::default();
    for batch in session.rows(sql).await? {
        let columns = rows::Columns(&batch);
        let left_out = columns.texts("left_out")?;
        let (num, den) = (columns.longs("num")?, columns.longs("den")?);
        for row in 0..batch.num_rows() {
            let count =
                |column: &arrow::array::Int64Array| u64::try_from(column.value(row)).unwrap_or(0);
            if left_out.is_valid(row) {
                counted.exclude(left_out.value(row), count(&den));
            } else {
                counted.num += count(&num);
                counted.den += count(&den);
            }
        }
    }
    Ok(counted)
}

/// K8: inbound answered calls are positive contacts as well.
async fn add_inbound(scans: &mut Scans<'_>, job: &mut Job<'_>) -> Result<(), MeasureError> {
    let tally = scans.total(&CallsPass::ordinary(), &job.stretch).await?;
    let index = service_index(scans.contract, job.service);
    let covers = covers(scans.contract, job.service);
    let counted = &mut job.result.counted;
    for (_, key, class) in tally.of_service(index) {
        if key.disposition() != Disposition::Answered {
            continue;
        }
        if let Some(reason) = calls::exclusion(key, &covers, &job.indicator.code) {
            counted.exclude(reason, class.n);
        } else {
            counted.num += class.n;
            counted.den += class.n;
        }
    }
    Ok(())
}

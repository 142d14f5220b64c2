//! Doing jobs together, table by table. Read [`run`] first.

use std::collections::BTreeMap;

use soglia_domain::calendar::ServiceCalendar;
use soglia_domain::contract::{Contract, Service};
use soglia_domain::facts::Disposition;
use soglia_domain::period::Period;
use soglia_domain::rule::{
    CaseUnit, FirstContact, HandledDenominator, HandledWithin, ItemAttribution, Rule, TimedDuration,
};
use soglia_domain::time::{Instant, Millis};
use soglia_ledger::session::Session;
use soglia_ledger::store::ImportRow;

use super::{Evaluated, Job};
use crate::MeasureError;
use crate::calls::{self, Counted, Exclusion};
use crate::histogram::Histogram;
use crate::items::{self, Counter};
use crate::plan::{CallsPass, Tallies, exclusions, sql_instant};
use crate::rows;
use crate::tally::Dimension;

/// Tables that rules look at.
pub const TABLES: [&str; 6] =
    ["calls", "messages", "cases", "outbound_records", "outbound_batches", "outages"];

/// The table a rule looks at.
pub const fn table_of(rule: &Rule) -> &'static str {
    match rule {
        Rule::AnsweredWithin(_) | Rule::Lost(_) => "calls",
        Rule::RepliedWithin(_) => "messages",
        Rule::FirstContact(_)
        | Rule::HandledWithin(_)
        | Rule::SecondLevelResolved(_)
        | Rule::SecondLevelWithin(_) => "cases",
        Rule::OutboundPositive(_) => "outbound_records",
        Rule::BatchTurnaround(_) => "outbound_batches",
        Rule::Availability(_) => "outages",
    }
}

/// Whether an import delivered a table, be it without a single row.
pub fn delivers(row: &ImportRow, table: &str) -> bool {
    row.facts.contains_key(table)
        || row.stream.split('/').next() == Some(&format!("mapping:{table}"))
        || (table == "calls" && row.format != "mapping")
}

/// Evaluates all jobs.
pub async fn run(
    session: &Session,
    contract: &Contract,
    period: &Period,
    jobs: &mut [Job<'_>],
) -> Result<(), MeasureError> {
    run_calls(session, contract, jobs).await?;
    for service in &contract.services {
        let exclusions = exclusions(contract, service);
        let scope = Scope { session, service, period, exclusions: &exclusions };
        scope.messages(jobs).await?;
        scope.cases(jobs).await?;
        scope.outbound(jobs).await?;
        scope.batches(jobs).await?;
        scope.outages(jobs).await?;
    }
    run_handled(session, contract, jobs).await?;
    add_answered_calls(session, contract, jobs).await
}

/// Rules about calls: one pass for all that look at calls the same way.
async fn run_calls(
    session: &Session,
    contract: &Contract,
    jobs: &mut [Job<'_>],
) -> Result<(), MeasureError> {
    let mut tallies: BTreeMap<String, Tallies> = BTreeMap::new();
    for job in jobs {
        let Some(pass) = CallsPass::of(&job.rule) else { continue };
        let made = tallies.entry(job.stretch.label().to_owned()).or_default();
        if !made.contains_key(&pass) {
            let tally = pass.run(session, contract, &job.stretch, Dimension::None, None).await?;
            made.insert(pass.clone(), tally);
        }
        let Some(tally) = made.get(&pass) else { continue };
        let index = service_index(contract, job.service);
        let exclusions = exclusions(contract, job.service);
        let classes = || tally.of_service(index).map(|(_, key, class)| (key, class));
        let code = &job.indicator.code;
        job.result.counted = match &job.rule {
            Rule::AnsweredWithin(rule) => {
                calls::answered_within(classes(), rule, &exclusions, code)
            }
            Rule::Lost(rule) => calls::lost(classes(), rule, &exclusions, code),
            _ => continue,
        };
        for (key, class) in classes().filter(|(key, _)| key.open) {
            match key.disposition() {
                Disposition::Answered => {
                    job.result.durations.merge(&class.wait);
                    job.result.unknown += class.n - class.wait.n();
                }
                Disposition::AbandonedInQueue => job.result.abandoned.merge(&class.wait),
                _ => {}
            }
        }
    }
    Ok(())
}

fn service_index(contract: &Contract, service: &Service) -> u16 {
    let at = contract.services.iter().position(|s| s.code == service.code);
    at.and_then(|at| u16::try_from(at).ok()).unwrap_or(0)
}

/// One service in one period.
struct Scope<'a> {
    session: &'a Session,
    service: &'a Service,
    period: &'a Period,
    exclusions: &'a [Exclusion],
}

impl Scope<'_> {
    /// The jobs of this service that look at a table, each with a counter.
    fn counters<'j>(
        &'j self,
        jobs: &'j mut [Job<'_>],
        table: &str,
        calendar: &'j ServiceCalendar,
    ) -> Vec<(&'j Rule, Counter<'j>, &'j mut Evaluated)> {
        jobs.iter_mut()
            .filter(|job| job.service.code == self.service.code && table_of(&job.rule) == table)
            .map(|job| {
                let counter =
                    Counter::new(&job.stretch, calendar, self.exclusions, &job.indicator.code);
                (&job.rule, counter, &mut job.result)
            })
            .collect()
    }

    /// Approved exclusions of whole services that touch an indicator.
    fn approved(&self, indicator: &str) -> impl Iterator<Item = &Exclusion> {
        self.exclusions.iter().filter(move |exclusion| exclusion.touches(indicator))
    }

    async fn messages(&self, jobs: &mut [Job<'_>]) -> Result<(), MeasureError> {
        let mut counters = self.counters(jobs, "messages", &self.service.written_calendar);
        if counters.is_empty() {
            return Ok(());
        }
        rows::messages(self.session, &self.service.code, self.period, |message| {
            for (rule, counter, _) in &mut counters {
                if let Rule::RepliedWithin(rule) = rule {
                    counter.message(rule, message);
                }
            }
        })
        .await?;
        keep(counters);
        Ok(())
    }

    async fn cases(&self, jobs: &mut [Job<'_>]) -> Result<(), MeasureError> {
        let calendar = &self.service.second_level_calendar;
        let mut counters = self.counters(jobs, "cases", calendar);
        counters.retain(|(rule, ..)| !matches!(rule, Rule::HandledWithin(_)));
        if counters.is_empty() {
            return Ok(());
        }
        rows::cases(self.session, &self.service.code, self.period, |case| {
            for (rule, counter, _) in &mut counters {
                match rule {
                    Rule::FirstContact(rule) => counter.first_contact(rule, case),
                    Rule::SecondLevelResolved(rule) => counter.second_level_resolved(rule, case),
                    Rule::SecondLevelWithin(rule) => counter.second_level_within(rule, case),
                    _ => {}
                }
            }
        })
        .await?;
        keep(counters);
        Ok(())
    }

    async fn outbound(&self, jobs: &mut [Job<'_>]) -> Result<(), MeasureError> {
        let calendar = &self.service.outbound_calendar;
        let mut counters = self.counters(jobs, "outbound_records", calendar);
        if counters.is_empty() {
            return Ok(());
        }
        rows::outbound_records(self.session, &self.service.code, self.period, |record| {
            for (rule, counter, _) in &mut counters {
                if let Rule::OutboundPositive(rule) = rule {
                    counter.outbound(rule, record);
                }
            }
        })
        .await?;
        keep(counters);
        Ok(())
    }

    async fn batches(&self, jobs: &mut [Job<'_>]) -> Result<(), MeasureError> {
        let calendar = &self.service.outbound_calendar;
        let mut own: Vec<&mut Job<'_>> = jobs
            .iter_mut()
            .filter(|job| job.service.code == self.service.code)
            .filter(|job| matches!(job.rule, Rule::BatchTurnaround(_)))
            .collect();
        if own.is_empty() {
            return Ok(());
        }
        let mut excluded: BTreeMap<String, u64> = BTreeMap::new();
        rows::outbound_batches(self.session, &self.service.code, self.period, |batch| {
            for job in &mut own {
                let at = batch.released.as_millis();
                let approved = self
                    .approved(&job.indicator.code)
                    .find(|one| one.spec.from <= at && at < one.spec.until);
                if let Some(approved) = approved {
                    if job.alternative.is_none() && job.stretch.contains(batch.released) {
                        *excluded.entry(approved.reason.clone()).or_default() += 1;
                    }
                } else if let Rule::BatchTurnaround(rule) = &job.rule {
                    let time = items::batch_time(rule, batch, calendar, &job.stretch);
                    job.result.batches.extend(time);
                }
            }
        })
        .await?;
        for job in own {
            if let Rule::BatchTurnaround(rule) = &job.rule {
                job.result.counted = items::batches(rule, &job.result.batches);
                job.result.counted.excluded = excluded.clone();
            }
        }
        Ok(())
    }

    async fn outages(&self, jobs: &mut [Job<'_>]) -> Result<(), MeasureError> {
        let outages = rows::outages(self.session, &self.service.code, self.period).await?;
        for job in jobs.iter_mut().filter(|job| job.service.code == self.service.code) {
            if let Rule::Availability(rule) = &job.rule {
                let calendar = &self.service.calendar;
                let approved: Vec<&Exclusion> = self.approved(&job.indicator.code).collect();
                job.result.counted =
                    items::availability(rule, &outages, calendar, &job.stretch, &approved);
            }
        }
        Ok(())
    }
}

fn keep(counters: Vec<(&Rule, Counter<'_>, &mut Evaluated)>) {
    for (_, counter, result) in counters {
        result.counted = counter.counted;
        result.durations = counter.durations;
    }
}

/// Durations of the calls behind K5, one histogram for each way of timing.
#[derive(Clone, Default)]
struct Durations {
    by: [Histogram; 4],
    n: u64,
    unknown: u64,
}

impl Durations {
    fn of(&self, timed: TimedDuration) -> &Histogram {
        let [talk_hold, talk, talk_hold_wrap, wait_talk_hold] = &self.by;
        match timed {
            TimedDuration::TalkHold => talk_hold,
            TimedDuration::Talk => talk,
            TimedDuration::TalkHoldWrap => talk_hold_wrap,
            TimedDuration::WaitTalkHold => wait_talk_hold,
        }
    }

    fn add(&mut self, talk: Option<i64>, hold: i64, wrap: i64, wait: i64) {
        self.n += 1;
        let Some(talk) = talk else {
            self.unknown += 1;
            return;
        };
        let values = [talk + hold, talk, talk + hold + wrap, wait + talk + hold];
        for (histogram, value) in self.by.iter_mut().zip(values) {
            histogram.add(value);
        }
    }
}

/// K5: durations of calls whose case was closed at first contact.
async fn run_handled(
    session: &Session,
    contract: &Contract,
    jobs: &mut [Job<'_>],
) -> Result<(), MeasureError> {
    let mut made: BTreeMap<String, (Durations, Vec<u64>)> = BTreeMap::new();
    for job in jobs {
        let Rule::HandledWithin(rule) = &job.rule else { continue };
        let exclusions = exclusions(contract, job.service);
        let approved: Vec<&Exclusion> =
            exclusions.iter().filter(|one| one.touches(&job.indicator.code)).collect();
        let (sql, counts) = handled_sql(rule, job.service, &job.stretch, &approved);
        if !made.contains_key(&sql) {
            let durations = durations(session, &sql).await?;
            let solved = match &counts {
                Some(counts) => all_counts(session, counts).await?,
                None => vec![durations.n, durations.n],
            };
            made.insert(sql.clone(), (durations, solved));
        }
        let Some((durations, solved)) = made.get(&sql) else { continue };
        let (all, by_call) = (solved.first().unwrap_or(&0), solved.get(1).unwrap_or(&0));
        let histogram = durations.of(rule.duration);
        let limit = rule.limit;
        let mut counted = Counted {
            num: histogram.count_while(|millis| limit.keeps(Millis::new(millis))),
            den: durations.n,
            ..Counted::default()
        };
        let mut leave_out = |reason: &str, n: u64| {
            if 0 < n {
                *counted.excluded.entry(reason.to_owned()).or_default() += n;
            }
        };
        leave_out("not_a_call", all.saturating_sub(*by_call));
        for (one, n) in approved.iter().zip(solved.iter().skip(2)) {
            leave_out(&one.reason, *n);
        }
        leave_out("call_not_found", by_call.saturating_sub(durations.n));
        job.result.counted = counted;
        job.result.durations = histogram.clone();
        job.result.unknown = durations.unknown;
    }
    Ok(())
}

/// The query for the durations, and the one for the cases solved and those opened by calls.
pub fn handled_sql(
    rule: &HandledWithin,
    service: &Service,
    period: &Period,
    approved: &[&Exclusion],
) -> (String, Option<String>) {
    let code = service.code.replace('\'', "''");
    let (start, end) = (sql_instant(period.start()), sql_instant(period.end()));
    let columns = "c.talk_ms, c.hold_ms, c.wrap_ms, c.wait_ms";
    match rule.denominator {
        HandledDenominator::Answered => (
            format!(
                "SELECT {columns} FROM calls c WHERE c.service = '{code}' AND \
                 c.disposition = 'answered' AND c.direction = 'inbound' AND \
                 c.arrived >= {start} AND c.arrived < {end}"
            ),
            None,
        ),
        HandledDenominator::FirstContact => {
            let solved = first_contact_sql(rule.first_contact);
            let at = match rule.first_contact.attribution {
                ItemAttribution::Receipt => "opened",
                ItemAttribution::Due | ItemAttribution::Closing => "closed",
            };
            let all = format!(
                "FROM cases k WHERE k.service = '{code}' AND k.{at} >= {start} AND \
                 k.{at} < {end} AND k.closed IS NOT NULL AND k.cancelled IS NULL AND {solved}"
            );
            let inside = |one: &Exclusion| {
                let from = sql_instant(Instant::from_millis(one.spec.from));
                let until = sql_instant(Instant::from_millis(one.spec.until));
                format!("(k.opened >= {from} AND k.opened < {until})")
            };
            let windows: Vec<String> = approved.iter().map(|one| inside(one)).collect();
            let mut cases = all.clone();
            let mut excluded = String::new();
            for window in &windows {
                cases = format!("{cases} AND NOT {window}");
                excluded = format!("{excluded}, count(*) FILTER (WHERE {window})");
            }
            let kept = if windows.is_empty() {
                "true".to_owned()
            } else {
                format!("NOT ({})", windows.join(" OR "))
            };
            (
                format!(
                    "SELECT {columns} FROM (SELECT opened_by {cases}) s JOIN \
                     (SELECT call_id, talk_ms, hold_ms, wrap_ms, wait_ms FROM calls \
                     WHERE service = '{code}' AND arrived < {end}) c ON s.opened_by = c.call_id"
                ),
                Some(format!(
                    "SELECT count(*) FILTER (WHERE {kept}), count(*) FILTER (WHERE {kept} AND \
                     coalesce(k.channel, 'phone') = 'phone' AND k.opened_by IS NOT NULL){excluded} \
                     {all}"
                )),
            )
        }
    }
}

/// [`items::is_first_contact`] in the query engine's words; a property test holds them together.
pub fn first_contact_sql(rule: FirstContact) -> String {
    use soglia_domain::rule::ClosedWhen;
    let mut all = vec!["k.escalated IS NULL".to_owned()];
    if rule.closed == ClosedWhen::SameContact {
        all.push("k.contacts <= 1".to_owned());
    }
    if 0 < rule.reopen_window_days {
        let days = rule.reopen_window_days;
        all.push(format!("(k.reopened IS NULL OR k.reopened > k.closed + INTERVAL '{days} days')"));
    }
    if !rule.unavailable_counts {
        all.push("coalesce(k.outcome, '') NOT IN ('no_availability', 'agenda_closed')".to_owned());
    }
    all.join(" AND ")
}

async fn durations(session: &Session, sql: &str) -> Result<Durations, MeasureError> {
    use arrow::array::Array;
    let mut durations = Durations::default();
    rows::stream(session, sql, |batch| {
        let columns = rows::Columns(batch);
        let (talk, hold) = (columns.longs("talk_ms")?, columns.longs("hold_ms")?);
        let (wrap, wait) = (columns.longs("wrap_ms")?, columns.longs("wait_ms")?);
        let or_zero = |column: &arrow::array::Int64Array, row| {
            if column.is_valid(row) { column.value(row) } else { 0 }
        };
        for row in 0..batch.num_rows() {
            let talked = talk.is_valid(row).then(|| talk.value(row));
            durations.add(talked, or_zero(&hold, row), or_zero(&wrap, row), or_zero(&wait, row));
        }
        Ok(())
    })
    .await?;
    Ok(durations)
}

/// The integers of a query's only row.
async fn all_counts(session: &Session, sql: &str) -> Result<Vec<u64>, MeasureError> {
    use arrow::array::AsArray;
    let batches = session.rows(sql).await?;
    let columns = batches.first().map_or(&[][..], |batch| batch.columns());
    let value = |column: &arrow::array::ArrayRef| {
        let column = column.as_primitive_opt::<arrow::datatypes::Int64Type>()?;
        column.values().first().and_then(|n| u64::try_from(*n).ok())
    };
    Ok(columns.iter().map(|column| value(column).unwrap_or(0)).collect())
}

/// Rules whose unit or population includes answered calls.
async fn add_answered_calls(
    session: &Session,
    contract: &Contract,
    jobs: &mut [Job<'_>],
) -> Result<(), MeasureError> {
    for job in jobs {
        let by_call = matches!(&job.rule, Rule::FirstContact(rule) if rule.unit == CaseUnit::Call);
        let inbound_too = matches!(&job.rule, Rule::OutboundPositive(rule) if rule.inbound_too);
        if !by_call && !inbound_too {
            continue;
        }
        let pass = CallsPass::ordinary();
        let tally = pass.run(session, contract, &job.stretch, Dimension::None, None).await?;
        let index = service_index(contract, job.service);
        let answered: u64 = tally
            .of_service(index)
            .filter(|(_, key, _)| key.disposition() == Disposition::Answered)
            .map(|(_, _, class)| class.n)
            .sum();
        let counted = &mut job.result.counted;
        if by_call {
            // Calls without a case are not solved; several cases of one call do not solve it twice.
            counted.num = counted.num.min(answered);
            counted.den = answered;
        } else {
            counted.num += answered;
            counted.den += answered;
        }
    }
    Ok(())
}

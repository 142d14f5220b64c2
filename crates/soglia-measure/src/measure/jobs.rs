//! Doing jobs together, table by table. Read [`run`] first.

use std::collections::BTreeMap;

use soglia_domain::calendar::ServiceCalendar;
use soglia_domain::contract::{Contract, Service};
use soglia_domain::facts::Disposition;
use soglia_domain::period::Period;
use soglia_domain::rule::{
    CaseUnit, FirstContact, HandledDenominator, HandledWithin, ItemAttribution, Rule,
};
use soglia_domain::time::Instant;
use soglia_ledger::session::Session;
use soglia_ledger::store::ImportRow;

use super::{Evaluated, Job};
use crate::MeasureError;
use crate::calls::{self, Exclusion};
use crate::items::{self, Counter};
use crate::plan::{CallsPass, Clocks, Scans, exclusions, sql_instant};
use crate::rows::{self, CallTimes};

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
pub async fn run(scans: &mut Scans<'_>, jobs: &mut [Job<'_>]) -> Result<(), MeasureError> {
    let Scans { session, contract, period, .. } = *scans;
    if let Some(clocks) = jobs.iter().map(|job| Clocks::of(&job.rule)).max() {
        scans.look_at(clocks);
    }
    run_calls(scans, jobs).await?;
    for service in &contract.services {
        let exclusions = exclusions(contract, service);
        let scope = Scope { session, service, period, exclusions: &exclusions };
        scope.messages(jobs).await?;
        scope.cases(jobs).await?;
        scope.handled(jobs).await?;
        scope.outbound(jobs).await?;
        scope.batches(jobs).await?;
        scope.outages(jobs).await?;
    }
    add_answered_calls(scans, jobs).await
}

/// Rules about calls: one pass for all that look at calls the same way.
async fn run_calls(scans: &mut Scans<'_>, jobs: &mut [Job<'_>]) -> Result<(), MeasureError> {
    let contract = scans.contract;
    for job in jobs {
        let Some(pass) = CallsPass::of(&job.rule) else { continue };
        let tally = scans.total(&pass, &job.stretch).await?;
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
        if counters.is_empty() {
            return Ok(());
        }
        rows::cases(self.session, &self.service.code, self.period, |case| {
            for (rule, counter, _) in &mut counters {
                match rule {
                    Rule::FirstContact(rule) => counter.first_contact(rule, case),
                    Rule::SecondLevelResolved(rule) => counter.second_level_resolved(rule, case),
                    Rule::SecondLevelWithin(rule) => counter.second_level_within(rule, case),
                    Rule::HandledWithin(rule) => counter.handled_case(rule, case),
                    _ => {}
                }
            }
        })
        .await?;
        keep(counters);
        Ok(())
    }

    /// K5: the calls behind the cases that were counted, or all calls answered, by duration.
    async fn handled(&self, jobs: &mut [Job<'_>]) -> Result<(), MeasureError> {
        let (mut of_cases, mut of_calls) = (Vec::new(), Vec::new());
        for job in jobs.iter_mut().filter(|job| job.service.code == self.service.code) {
            let Rule::HandledWithin(rule) = &job.rule else { continue };
            let calendar = &self.service.calendar;
            let code = &job.indicator.code;
            let counter = Counter::new(&job.stretch, calendar, self.exclusions, code);
            let timed = (rule, counter, &mut job.result);
            match rule.denominator {
                HandledDenominator::FirstContact => of_cases.push(timed),
                HandledDenominator::Answered => of_calls.push(timed),
            }
        }
        if !of_cases.is_empty() {
            rows::calls_of_cases(self.session, &self.service.code, self.period, |case, times| {
                for (rule, counter, result) in &mut of_cases {
                    if counter.is_timed(rule, case) {
                        result.time(rule, times);
                    }
                }
            })
            .await?;
        }
        for (_, _, result) in of_cases {
            // Until here the denominator is the cases opened by calls.
            let timed = result.durations.n() + result.unknown;
            let missing = result.counted.den.saturating_sub(timed);
            result.counted.den = timed;
            result.counted.exclude("call_not_found", missing);
        }
        if !of_calls.is_empty() {
            rows::answered_calls(self.session, &self.service.code, self.period, |call, times| {
                for (rule, counter, result) in &mut of_calls {
                    if counter.answered_call(call) {
                        result.time(rule, times);
                        result.counted.den += 1;
                    }
                }
            })
            .await?;
        }
        for (_, counter, result) in of_calls {
            result.counted.excluded = counter.counted.excluded;
        }
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

impl Evaluated {
    /// K5: times one call; one whose duration is not known is not shown to be in time.
    fn time(&mut self, rule: &HandledWithin, times: &CallTimes) {
        let Some(took) = times.of(rule.duration) else {
            self.unknown += 1;
            return;
        };
        self.durations.add(took.get());
        self.counted.num += u64::from(rule.limit.keeps(took));
    }
}

fn keep(counters: Vec<(&Rule, Counter<'_>, &mut Evaluated)>) {
    for (_, counter, result) in counters {
        result.counted = counter.counted;
        result.durations = counter.durations;
    }
}

/// The query for the calls timed, as it is explained.
pub fn handled_sql(
    rule: &HandledWithin,
    service: &Service,
    period: &Period,
    approved: &[&Exclusion],
) -> String {
    let code = service.code.replace('\'', "''");
    let (start, end) = (sql_instant(period.start()), sql_instant(period.end()));
    let columns = "c.talk_ms, c.hold_ms, c.wrap_ms, c.wait_ms";
    match rule.denominator {
        HandledDenominator::Answered => format!(
            "SELECT {columns} FROM calls c WHERE c.service = '{code}' AND \
             c.disposition = 'answered' AND c.direction = 'inbound' AND \
             c.arrived >= {start} AND c.arrived < {end}"
        ),
        HandledDenominator::FirstContact => {
            let solved = first_contact_sql(rule.first_contact);
            let at = match rule.first_contact.attribution {
                ItemAttribution::Receipt => "opened",
                ItemAttribution::Due | ItemAttribution::Closing => "closed",
            };
            let mut cases = format!(
                "FROM cases k WHERE k.service = '{code}' AND k.{at} >= {start} AND \
                 k.{at} < {end} AND k.closed IS NOT NULL AND k.cancelled IS NULL AND \
                 coalesce(k.channel, 'phone') = 'phone' AND {solved}"
            );
            let outside = |one: &&Exclusion| {
                let from = sql_instant(Instant::from_millis(one.spec.from));
                let until = sql_instant(Instant::from_millis(one.spec.until));
                format!(" AND NOT (k.opened >= {from} AND k.opened < {until})")
            };
            cases.extend(approved.iter().map(outside));
            format!(
                "SELECT {columns} FROM (SELECT opened_by {cases}) s JOIN \
                 (SELECT call_id, talk_ms, hold_ms, wrap_ms, wait_ms FROM calls \
                 WHERE service = '{code}' AND arrived < {end}) c ON s.opened_by = c.call_id"
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

/// Rules whose unit or population includes answered calls.
async fn add_answered_calls(
    scans: &mut Scans<'_>,
    jobs: &mut [Job<'_>],
) -> Result<(), MeasureError> {
    for job in jobs {
        let by_call = matches!(&job.rule, Rule::FirstContact(rule) if rule.unit == CaseUnit::Call);
        let inbound_too = matches!(&job.rule, Rule::OutboundPositive(rule) if rule.inbound_too);
        if !by_call && !inbound_too {
            continue;
        }
        let tally = scans.total(&CallsPass::ordinary(), &job.stretch).await?;
        let index = service_index(scans.contract, job.service);
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

//! Doing jobs together, table by table. Read [`run`] first.

use soglia_domain::calendar::ServiceCalendar;
use soglia_domain::contract::{Contract, Service};
use soglia_domain::facts::Disposition;
use soglia_domain::period::Period;
use soglia_domain::rule::{CaseUnit, HandledDenominator, Rule};
use soglia_ledger::session::Session;
use soglia_ledger::store::ImportRow;

use super::{Evaluated, Job, handled};
use crate::MeasureError;
use crate::calls::{self, Exclusion};
use crate::items::{self, Counter, Timed};
use crate::plan::{CallsPass, Clocks, Scans, covers, exclusions};
use crate::rows::{self, Shown};
use crate::tally::ClassKey;

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

/// Whether an import delivered a table, be it without a single row. Rows that were all refused say
/// nothing, not even that there was nothing.
pub fn delivers(row: &ImportRow, table: &str) -> bool {
    let its = row.stream.split('/').next() == Some(&format!("mapping:{table}"))
        || (table == "calls" && row.format != "mapping");
    row.facts.contains_key(table) || (its && row.rejected_rows == 0)
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
    handled::run_answered(scans, jobs).await
}

/// Rules about calls: one pass for all that look at calls the same way.
async fn run_calls(scans: &mut Scans<'_>, jobs: &mut [Job<'_>]) -> Result<(), MeasureError> {
    let contract = scans.contract;
    for job in jobs {
        let Some(pass) = CallsPass::of(&job.rule) else { continue };
        let tally = scans.total(&pass, &job.stretch).await?;
        let index = service_index(contract, job.service);
        let covers = covers(contract, job.service);
        let classes = || tally.of_service(index).map(|(_, key, class)| (key, class));
        let code = &job.indicator.code;
        job.result.counted = match &job.rule {
            Rule::AnsweredWithin(rule) => calls::answered_within(classes(), rule, &covers, code),
            Rule::Lost(rule) => calls::lost(classes(), rule, &covers, code),
            _ => continue,
        };
        if let Rule::AnsweredWithin(rule) = &job.rule {
            for (_, class) in classes().filter(|(key, _)| is_answered(*key)) {
                job.result.timed.add(class.n, calls::wait_of(rule, class).n());
            }
        }
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

fn is_answered(key: ClassKey) -> bool {
    key.open && key.disposition() == Disposition::Answered
}

pub fn service_index(contract: &Contract, service: &Service) -> u16 {
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
        let doubtful = counters.iter().any(|(_, counter, _)| counter.timed.not_measured());
        if doubtful && rows::any_resolved(self.session, &self.service.code).await? {
            // The platform does record it: these requests are not resolved.
            for (_, counter, _) in &mut counters {
                counter.timed = Timed::default();
            }
        }
        keep(counters);
        Ok(())
    }

    async fn cases(&self, jobs: &mut [Job<'_>]) -> Result<(), MeasureError> {
        let calendar = &self.service.second_level_calendar;
        let mut counters = self.counters(jobs, "cases", calendar);
        // Calls and cases together are looked at elsewhere.
        counters.retain(|(rule, ..)| match rule {
            Rule::FirstContact(rule) => rule.unit == CaseUnit::Case,
            rule => !matches!(rule, Rule::HandledWithin(_)),
        });
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

    /// K5: calls whose case was closed at first contact, or all calls answered, by duration.
    async fn handled(&self, jobs: &mut [Job<'_>]) -> Result<(), MeasureError> {
        let counters = self.counters(jobs, "cases", &self.service.calendar);
        let (mut of_cases, mut of_calls) = (Vec::new(), Vec::new());
        for (rule, counter, result) in counters {
            let Rule::HandledWithin(handled) = rule else { continue };
            match handled.denominator {
                HandledDenominator::FirstContact => of_cases.push((rule, counter, result)),
                HandledDenominator::Answered => of_calls.push((rule, counter, result)),
            }
        }
        let code = &self.service.code;
        if !of_cases.is_empty() {
            let sql = rows::cases_with_calls_sql(code, self.period, Shown::Counts);
            rows::stream(self.session, &sql, |batch| {
                rows::cases_with_calls(batch, |_, case, call| {
                    for (rule, counter, _) in &mut of_cases {
                        if let Rule::HandledWithin(rule) = rule {
                            counter.handled_case(rule, case, call);
                        }
                    }
                })
            })
            .await?;
        }
        if !of_calls.is_empty() {
            let sql = rows::answered_calls_sql(code, self.period, Shown::Counts);
            rows::stream(self.session, &sql, |batch| {
                rows::answered_calls(batch, |_, arrived, call| {
                    for (rule, counter, _) in &mut of_calls {
                        if let Rule::HandledWithin(rule) = rule {
                            counter.answered_call(rule, arrived, call);
                        }
                    }
                })
            })
            .await?;
        }
        keep(of_cases);
        keep(of_calls);
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
        rows::outbound_batches(self.session, &self.service.code, self.period, |batch| {
            for job in &mut own {
                let Rule::BatchTurnaround(rule) = &job.rule else { continue };
                let time = items::batch_time(rule, batch, calendar, &job.stretch);
                let left_out =
                    items::covering(self.exclusions, &job.indicator.code, batch.released, None);
                match (time, left_out) {
                    (Some(_), Some(one)) => job.result.counted.exclude(&one.reason, 1),
                    (Some(time), None) => job.result.batches.push(time),
                    (None, _) => {}
                }
            }
        })
        .await?;
        for job in own {
            if let Rule::BatchTurnaround(rule) = &job.rule {
                let counted = items::batches(rule, &job.result.batches);
                job.result.counted.merge(counted);
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
        result.unknown = counter.unknown;
        result.timed = counter.timed;
    }
}

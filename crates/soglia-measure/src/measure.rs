//! From the contract's rules to measurements. Read [`measure`] first.
//!
//! Rules and their disputed alternatives become [`Job`]s; jobs that look at the same table are
//! done together, so that each table is read once however many alternatives are tried.

pub(crate) mod handled;
mod jobs;
mod judge;

use std::collections::BTreeMap;

use jiff::civil::Date;
use soglia_domain::card::{alternatives, of_population};
use soglia_domain::contract::{Contract, Indicator, RuleVersion, Service};
use soglia_domain::period::Period;
use soglia_domain::rule::Rule;
use soglia_domain::text::Lang;
use soglia_domain::time::{Instant, Millis};
use soglia_domain::verdict::Verdict;
use soglia_ledger::session::Session;
use soglia_ledger::status::date_of;

use crate::MeasureError;
use crate::calls::Counted;
use crate::histogram::Histogram;
use crate::items::{BatchTime, Timed};
use crate::measurement::{
    ContractRef, FileRef, LedgerRef, Measurement, PeriodRef, Report, SCHEMA, Sensitivity, Together,
};
use crate::plan::{CallsPass, Scans};
use crate::tally::Tally;

pub use handled::{approved, by_call_sql, handled_sql};
pub use jobs::table_of;
pub use judge::{print_target, print_value};

use judge::Known;

/// What a measurement is made with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The language of names and labels.
    pub lang: Lang,
    /// Whether disputed alternatives are tried.
    pub sensitivity: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { lang: Lang::It, sensitivity: true }
    }
}

/// One rule to be evaluated over one stretch of the period.
#[derive(Clone, Debug)]
pub struct Job<'a> {
    /// The service.
    pub service: &'a Service,
    /// The indicator.
    pub indicator: &'a Indicator,
    /// The version in force.
    pub version: &'a RuleVersion,
    /// The part of the period in which it is in force.
    pub stretch: Period,
    /// The version's rule, or an alternative to it.
    pub rule: Rule,
    /// Which alternative, by position; nothing for the rule itself.
    pub alternative: Option<usize>,
    /// What came out.
    pub result: Evaluated,
}

/// What evaluating a rule gives.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Evaluated {
    /// Counts.
    pub counted: Counted,
    /// Durations behind the counts, where the rule times something.
    pub durations: Histogram,
    /// Waits of those who gave up (K1, K3).
    pub abandoned: Histogram,
    /// Batches (K9).
    pub batches: Vec<BatchTime>,
    /// Items whose duration is not known.
    pub unknown: u64,
    /// Whether the instants that the rule's clock needs were recorded.
    pub timed: Timed,
}

impl Evaluated {
    fn merge(&mut self, other: &Self) {
        self.counted.merge(other.counted.clone());
        self.durations.merge(&other.durations);
        self.abandoned.merge(&other.abandoned);
        self.batches.extend_from_slice(&other.batches);
        self.unknown += other.unknown;
        self.timed.merge(other.timed);
    }
}

/// Measures all indicators of all services in a period.
pub async fn measure(
    session: &Session,
    contract: &Contract,
    period: &Period,
    options: Options,
) -> Result<Report, MeasureError> {
    measure_with(&mut Scans::new(session, contract, period), options).await
}

/// Measures, and leaves in `scans` what was counted, for who wants to look at it in other ways.
pub async fn measure_with(scans: &mut Scans<'_>, options: Options) -> Result<Report, MeasureError> {
    let Scans { session, contract, period, .. } = *scans;
    let mut jobs = jobs_of(contract, period, options);
    jobs::run(scans, &mut jobs).await?;
    let days = scans.days(&CallsPass::ordinary()).await?;
    let coverage = Coverage::new(session, contract, period, &days);
    let mut measurements = Vec::new();
    for service in &contract.services {
        for indicator in &service.indicators {
            let own: Vec<&Job<'_>> = jobs
                .iter()
                .filter(|job| {
                    job.service.code == service.code && job.indicator.code == indicator.code
                })
                .collect();
            if let Some(first) = own.first() {
                measurements.push(measurement(service, indicator, first, &own, &coverage, options));
            }
        }
    }
    read_together(contract, &mut measurements);
    let findings = crate::findings::findings(scans).await?;
    let mut report = Report {
        schema: SCHEMA,
        lang: match options.lang {
            Lang::It => "it",
            Lang::En => "en",
        },
        contract: ContractRef {
            code: contract.code.clone(),
            title: contract.title.get(options.lang).to_owned(),
            sha256: contract.file_hash.clone(),
        },
        period: PeriodRef::new(period, contract),
        seal: None,
        ledger: ledger_ref(session),
        measurements,
        dispositions: dispositions(contract, &days),
        findings,
        checks: Vec::new(),
    };
    report.checks = crate::compare::checks(contract, period, &report);
    Ok(report)
}

fn jobs_of<'a>(contract: &'a Contract, period: &Period, options: Options) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    for service in &contract.services {
        for indicator in &service.indicators {
            for version in &indicator.versions {
                let Some(stretch) = stretch(version, period, contract) else { continue };
                let job = |rule: Rule, alternative| Job {
                    service,
                    indicator,
                    version,
                    stretch: stretch.clone(),
                    rule,
                    alternative,
                    result: Evaluated::default(),
                };
                jobs.push(job(version.rule.clone(), None));
                if options.sensitivity {
                    let others = alternatives(&version.rule).into_iter().enumerate();
                    jobs.extend(others.map(|(at, other)| job(other.rule, Some(at))));
                }
            }
        }
    }
    jobs
}

/// The part of the period in which a version is in force.
pub fn stretch(version: &RuleVersion, period: &Period, contract: &Contract) -> Option<Period> {
    let first = version.valid_from.max(period.first_date());
    let until =
        version.valid_until.map_or(period.until_date(), |until| until.min(period.until_date()));
    if first == period.first_date() && until == period.until_date() {
        return Some(period.clone());
    }
    (first < until).then(|| {
        Period::parse(&format!("{first}..{until}"), &contract.zone)
            .expect("two dates in order are a period")
    })
}

fn measurement(
    service: &Service,
    indicator: &Indicator,
    first: &Job<'_>,
    own: &[&Job<'_>],
    coverage: &Coverage,
    options: Options,
) -> Measurement {
    let main: Vec<&&Job<'_>> = own.iter().filter(|job| job.alternative.is_none()).collect();
    let mut result = Evaluated::default();
    for job in &main {
        result.merge(&job.result);
    }
    let version = main.last().map_or(first.version, |job| job.version);
    let table = jobs::table_of(&version.rule);
    let known = Known { delivered: coverage.delivered(table), approved: &coverage.approved };
    let judged = judge::judge(version, &version.rule, &result, &known);
    let versions: Vec<String> = main.iter().map(|job| job.version.version.to_string()).collect();
    Measurement {
        service: service.code.clone(),
        indicator: indicator.code.clone(),
        name: indicator.name.get(options.lang).to_owned(),
        rule_version: versions.join("+"),
        numerator: judged.value.as_ref().map(|_| result.counted.num),
        denominator: Some(result.counted.den),
        counts_unit: judge::counts_unit(&version.rule),
        value: judged.value,
        unit: judged.unit,
        of_time: matches!(version.rule, Rule::Availability(_)),
        target: print_target(version),
        verdict: judged.verdict.name(),
        reason: judged.reason,
        provisional: coverage.provisional(table),
        excluded: result.counted.excluded.clone(),
        completeness: coverage.of(service, table),
        // Data that were not delivered say nothing under any reading.
        sensitivity: if known.delivered {
            sensitivity(version, own, (&judged.verdict, &known), options)
        } else {
            Vec::new()
        },
        statistics: judge::statistics(&version.rule, &result),
    }
}

/// What the alternatives would have given, and whether the verdict would change.
///
/// Where the rule changed within the period, each of its versions is read the same way, if it has
/// that alternative; if not, it stays as it is.
fn sensitivity(
    version: &RuleVersion,
    own: &[&Job<'_>],
    (verdict, known): (&Verdict, &Known<'_>),
    options: Options,
) -> Vec<Sensitivity> {
    let mut lines = Vec::new();
    if !options.sensitivity {
        return lines;
    }
    for other in alternatives(&version.rule) {
        let mut result = Evaluated::default();
        for main in own.iter().filter(|job| job.alternative.is_none()) {
            let at = alternatives(&main.version.rule)
                .iter()
                .position(|one| (one.parameter, &one.value) == (other.parameter, &other.value));
            let same = own
                .iter()
                .find(|job| job.version.version == main.version.version && job.alternative == at);
            result.merge(&same.unwrap_or(main).result);
        }
        let judged = judge::judge(version, &other.rule, &result, known);
        // What the platforms do not record says nothing under this reading.
        let read = !result.timed.not_measured();
        let Counted { num, den, .. } = if read { result.counted } else { Counted::default() };
        lines.push(Sensitivity {
            question: other.question.to_string(),
            parameter: other.parameter.to_string(),
            alternative: other.value.clone(),
            label: other.label.get(options.lang).to_owned(),
            numerator: num,
            denominator: den,
            counts_unit: judge::counts_unit(&other.rule),
            value: judged.value,
            verdict: judged.verdict.name(),
            changes: read && judged.verdict.name() != verdict.name(),
            together: Vec::new(),
        });
    }
    lines.extend(judge::rounded_to_units(version, own, verdict, options.lang));
    lines
}

/// Puts beside each line about the population what the service's other indicators about calls give
/// when they are read the same way: they count the same calls (question Q10e).
fn read_together(contract: &Contract, measurements: &mut [Measurement]) {
    let about_calls = |m: &Measurement| {
        let indicator = contract.service(&m.service).and_then(|s| s.indicator(&m.indicator));
        let version = indicator.and_then(|indicator| indicator.versions.last());
        version.is_some_and(|version| version.call_population().is_some())
    };
    let read: Vec<(String, String, Vec<Sensitivity>)> = measurements
        .iter()
        .filter(|m| about_calls(m))
        .map(|m| (m.service.clone(), m.indicator.clone(), m.sensitivity.clone()))
        .collect();
    for m in measurements.iter_mut().filter(|m| about_calls(m)) {
        for line in m.sensitivity.iter_mut().filter(|line| of_population(&line.parameter)) {
            let others = read.iter().filter(|(service, indicator, _)| {
                *service == m.service && *indicator != m.indicator
            });
            line.together = others
                .filter_map(|(_, indicator, lines)| {
                    let same = lines.iter().find(|other| {
                        other.parameter == line.parameter && other.alternative == line.alternative
                    })?;
                    Some(Together {
                        indicator: indicator.clone(),
                        numerator: same.numerator,
                        denominator: same.denominator,
                        value: same.value.clone(),
                        verdict: same.verdict,
                        changes: same.changes,
                    })
                })
                .collect();
        }
    }
}

/// How complete the data of a period are.
pub struct Coverage {
    /// Reasons that leave things out because somebody approved it.
    approved: Vec<String>,
    last_service_day: Option<i32>,
    rejected_rows: u64,
    open_calls: u64,
    /// The last day of any row delivered, by table.
    last_data: BTreeMap<&'static str, i32>,
    delivered: Vec<&'static str>,
    service_days: BTreeMap<String, (u32, u32)>,
    spans: BTreeMap<&'static str, Vec<(i32, i32)>>,
    first_date: Date,
    until_date: Date,
}

impl Coverage {
    fn new(session: &Session, contract: &Contract, period: &Period, days: &Tally) -> Self {
        let day_of = |at: soglia_domain::time::Instant| {
            i32::try_from(at.as_millis().div_euclid(86_400_000)).unwrap_or(0)
        };
        // Rows' days are days UTC: a civil day that begins the evening before belongs to the next.
        let next_midnight = Millis::new(86_400_000 - 1);
        let (first_day, until_day) = (day_of(period.start() + next_midnight), day_of(period.end()));
        let touches = |row: &&soglia_ledger::store::ImportRow| {
            row.days.is_some_and(|(first, last)| first <= until_day && first_day <= last)
        };
        let half_years = half_years(contract, period);
        let (half_first, half_until) = (day_of(half_years.0 + next_midnight), day_of(half_years.1));
        let rejected: i64 =
            session.imports.iter().filter(touches).map(|row| row.rejected_rows).sum();
        // East of Greenwich a period ends before the UTC day of its last instants does.
        let last_instant = period.end() + Millis::new(-1);
        let open_calls = open_calls(session, day_of(last_instant));
        let mut spans: BTreeMap<&'static str, Vec<(i32, i32)>> = BTreeMap::new();
        let mut last_data: BTreeMap<&'static str, i32> = BTreeMap::new();
        let mut delivered = Vec::new();
        for row in &session.imports {
            for table in jobs::TABLES.into_iter().filter(|table| jobs::delivers(row, table)) {
                if let Some((_, last)) = row.days {
                    let newest = last_data.entry(table).or_insert(last);
                    *newest = last.max(*newest);
                }
                let (from, until) =
                    if is_rare(table) { (half_first, half_until) } else { (first_day, until_day) };
                if row.days.is_none_or(|(first, last)| first <= until && from <= last) {
                    delivered.push(table);
                    spans.entry(table).or_default().extend(row.days);
                }
            }
        }
        Self {
            approved: contract.exclusions.iter().map(|one| one.reason.clone()).collect(),
            last_service_day: last_service_day(contract, period),
            last_data,
            rejected_rows: u64::try_from(rejected).unwrap_or(0),
            open_calls,
            delivered,
            service_days: service_days(contract, period, days),
            spans,
            first_date: period.first_date(),
            until_date: period.until_date(),
        }
    }

    fn delivered(&self, table: &str) -> bool {
        self.delivered.contains(&table)
    }

    /// Whether data are still to come: calls are open, or the last day of service is not reached.
    fn provisional(&self, table: &str) -> bool {
        let last = match table {
            // Written contacts do not come every day: any file that reaches the end will do.
            "calls" | "cases" => self.last_data.get(table).copied(),
            _ => self.last_data.values().max().copied(),
        };
        let reached = |last| self.last_service_day.is_none_or(|day| day <= last);
        0 < self.open_calls || !last.is_some_and(reached)
    }

    fn of(&self, service: &Service, table: &'static str) -> crate::measurement::Completeness {
        let (days, with_calls) = self.service_days.get(&service.code).copied().unwrap_or_default();
        let days_with_data = match table {
            "calls" => with_calls,
            // There is one for every answered call, or nearly: their first and last say how far
            // the files reach.
            "cases" | "messages" => self.days_between(service, table),
            // These are too rare for that: a file delivered speaks for its half-year.
            _ if self.delivered(table) => days,
            _ => 0,
        };
        crate::measurement::Completeness {
            service_days: days,
            days_with_data,
            rejected_rows: self.rejected_rows,
            open_calls: self.open_calls,
        }
    }

    /// Service days of the period between the first and the last row of a table's files.
    fn days_between(&self, service: &Service, table: &str) -> u32 {
        let spans = self.spans.get(table).map_or(&[][..], Vec::as_slice);
        let first = spans.iter().map(|(first, _)| *first).min().and_then(date_of);
        let last = spans.iter().map(|(_, last)| *last).max().and_then(date_of);
        let (Some(first), Some(last)) = (first, last) else { return 0 };
        let until = last.tomorrow().unwrap_or(last).min(self.until_date);
        service.calendar.service_days(first.max(self.first_date), until)
    }
}

/// Calls open in the newest file of each stream that ends within the period.
fn open_calls(session: &Session, last_day: i32) -> u64 {
    let mut newest: BTreeMap<&str, &soglia_ledger::store::ImportRow> = BTreeMap::new();
    for row in &session.imports {
        newest.insert(&row.stream, row);
    }
    let open = newest.values().filter(|row| row.days.is_some_and(|(_, last)| last <= last_day));
    open.map(|row| u64::try_from(row.open_calls).unwrap_or(0)).sum()
}

/// Whether there may be none for weeks.
fn is_rare(table: &str) -> bool {
    ["outages", "outbound_batches", "outbound_records"].contains(&table)
}

/// From the beginning of the half-year in which a period begins to the end of that in which it
/// ends.
fn half_years(contract: &Contract, period: &Period) -> (Instant, Instant) {
    let half_year = |date: Date| {
        let half = if date.month() <= 6 { 1 } else { 2 };
        let label = format!("{}-H{half}", date.year());
        Period::parse(&label, &contract.zone).ok()
    };
    let last = period.until_date().yesterday().unwrap_or(period.first_date());
    let start = half_year(period.first_date()).map_or(period.start(), |half| half.start());
    (start, half_year(last).map_or(period.end(), |half| half.end()))
}

/// The last day (UTC) of the period on which any service was open.
fn last_service_day(contract: &Contract, period: &Period) -> Option<i32> {
    contract
        .services
        .iter()
        .filter_map(|service| {
            let open = service.calendar.open_intervals(period.start(), period.end());
            // A service that never closes is open until the period's last instant.
            let last = open.last()?.1 + Millis::new(-1);
            i32::try_from(last.as_millis().div_euclid(86_400_000)).ok()
        })
        .max()
}

/// Service days of the period, and how many of them have calls, by service.
fn service_days(
    contract: &Contract,
    period: &Period,
    days: &Tally,
) -> BTreeMap<String, (u32, u32)> {
    let mut found = BTreeMap::new();
    for (index, service) in (0_u16..).zip(&contract.services) {
        let total = service.calendar.service_days(period.first_date(), period.until_date());
        let mut with_calls: Vec<&str> = days
            .of_service(index)
            .filter(|(_, key, class)| key.open && 0 < class.n)
            .map(|(day, ..)| day)
            .collect();
        with_calls.dedup();
        let with_calls = u32::try_from(with_calls.len()).unwrap_or(u32::MAX);
        found.insert(service.code.clone(), (total, with_calls));
    }
    found
}

fn dispositions(contract: &Contract, tally: &Tally) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut found = BTreeMap::new();
    for (index, service) in (0_u16..).zip(&contract.services) {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (_, key, class) in tally.of_service(index) {
            *counts.entry(key.disposition().name().to_owned()).or_default() += class.n;
        }
        found.insert(service.code.clone(), counts);
    }
    found
}

fn ledger_ref(session: &Session) -> LedgerRef {
    LedgerRef {
        import_no: session.import_no(),
        tables: session.versions.clone(),
        files: session
            .imports
            .iter()
            .map(|row| FileRef {
                import_no: row.import_no,
                file: row.file.clone(),
                sha256: row.sha256.clone(),
            })
            .collect(),
        software: concat!("soglia ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

//! Rules to query plans: what a pass looks at, and the query that runs it. Read [`CallsPass`]
//! first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use soglia_domain::contract::{Contract, Service};
use soglia_domain::period::Period;
use soglia_domain::rule::{CallAttribution, Callback, Legs, Rule, WaitStart, WaitStop};
use soglia_domain::time::{Instant, Millis};
use soglia_ledger::session::Session;

use crate::MeasureError;
use crate::calls::{self, Cover, Exclusion};
use crate::kept::Kept;
use crate::profile::{CaseColumn, CasesBy, Topics, cases_by, topics};
use crate::tally::{Column, Dimension, ExclusionSpec, ServiceSpec, Spec, Tally};

/// Margin around a period within which opening hours are known: calls attributed by their end may
/// have arrived before it.
const MARGIN: Millis = Millis::from_hours(48);

/// The same where a call counts when it is called back: nobody is called back after a month.
const CALL_BACK_MARGIN: Millis = Millis::from_hours(24 * 31);

/// One pass over the calls: which calls, looked at how.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CallsPass {
    /// Which instant puts a call into the period.
    pub attribution: Attribution,
    /// Calls, or queue entries.
    pub each_leg: bool,
    /// How long a call-back may take.
    pub callback_limit: Option<i64>,
}

/// [`CallAttribution`], sortable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Attribution {
    /// When it arrived.
    Arrival,
    /// When it was answered, or left.
    Answer,
    /// When it was answered or called back, or left.
    AnswerOrCallBack,
    /// When it ended.
    End,
}

impl CallsPass {
    /// The pass that a rule about calls needs.
    pub fn of(rule: &Rule) -> Option<Self> {
        let population = match rule {
            Rule::AnsweredWithin(rule) => rule.population,
            Rule::Lost(rule) => rule.population,
            _ => return None,
        };
        Some(Self {
            attribution: match (population.attribution, population.callback) {
                (CallAttribution::Arrival, _) => Attribution::Arrival,
                (CallAttribution::Answer, Callback::Deferred { .. }) => Attribution::Answer,
                (CallAttribution::Answer, Callback::AnsweredAtCallback) => {
                    Attribution::AnswerOrCallBack
                }
                (CallAttribution::End, _) => Attribution::End,
            },
            each_leg: population.legs == Legs::Each,
            callback_limit: match population.callback {
                Callback::Deferred { limit } => limit.map(Millis::get),
                Callback::AnsweredAtCallback => None,
            },
        })
    }

    /// The pass behind dispositions and profiles.
    pub const fn ordinary() -> Self {
        Self { attribution: Attribution::Arrival, each_leg: false, callback_limit: None }
    }

    /// Whether a call belongs to the period in which the day that it is counted in lies.
    pub fn days_are_whole(&self) -> bool {
        self.attribution == Attribution::Arrival
    }

    /// The query of the pass over a part of the calls.
    pub fn sql(
        &self,
        contract: &Contract,
        period: &Period,
        (look, clocks): (Look<'_>, Clocks),
        part: Part,
    ) -> String {
        let mut spec = self.spec(contract, period, look.dimension());
        spec.columns = columns(contract, (look, clocks), part);
        let text = match look {
            Look::Text(column) => Some(column),
            _ => None,
        };
        let json = serde_json::to_string(&spec).expect("a specification is plain data");
        let arguments: Vec<String> = spec
            .columns
            .iter()
            .map(|column| match column {
                Column::Text => text.unwrap_or("first_queue").to_owned(),
                other => other.sql().to_owned(),
            })
            .collect();
        format!(
            "SELECT {}(arrow_cast('{}', 'Dictionary(Int32, Utf8)'), {}) AS tally FROM {} \
             WHERE {}{}",
            crate::udaf::NAME,
            quoted(&json),
            arguments.join(", "),
            self.source(),
            self.filter(period),
            if part == Part::Callbacks { " AND disposition = 'callback_requested'" } else { "" },
        )
    }

    /// What the pass reads: calls, or their legs.
    pub const fn source(&self) -> &'static str {
        if self.each_leg { crate::legs::SQL } else { "calls" }
    }

    /// How long before a period a call that belongs to it may have arrived.
    const fn margin(&self) -> Millis {
        match self.attribution {
            Attribution::Arrival | Attribution::Answer | Attribution::End => MARGIN,
            Attribution::AnswerOrCallBack => CALL_BACK_MARGIN,
        }
    }

    /// Inbound calls of the period.
    pub fn filter(&self, period: &Period) -> String {
        let at = match self.attribution {
            Attribution::Arrival => "arrived",
            Attribution::Answer => "coalesce(answered, ended, arrived)",
            Attribution::AnswerOrCallBack => "coalesce(answered, called_back, ended, arrived)",
            Attribution::End => "coalesce(ended, arrived)",
        };
        let mut filter = format!(
            "direction = 'inbound' AND {at} >= {} AND {at} < {}",
            sql_instant(period.start()),
            sql_instant(period.end())
        );
        if self.attribution != Attribution::Arrival {
            // Lets files be skipped: no call lasts longer than the margin.
            let from = sql_instant(period.start() + Millis::new(-self.margin().get()));
            let until = sql_instant(period.end());
            filter = format!("{filter} AND arrived >= {from} AND arrived < {until}");
        }
        filter
    }

    /// What the pass must know of the contract.
    pub fn spec(&self, contract: &Contract, period: &Period, dimension: Dimension) -> Spec {
        let services = contract
            .services
            .iter()
            .map(|service| ServiceSpec {
                code: service.code.clone(),
                open: open_intervals(service, period, self.margin()),
                exclusions: covers(contract, service).into_iter().map(|c| c.spec).collect(),
                callback_limit: self.callback_limit,
                day_ends: day_ends(service, period, self.margin()),
            })
            .collect();
        Spec { services, dimension, columns: Vec::new() }
    }

    /// Runs the pass.
    ///
    /// Calls that asked to be called back need two more columns. Few contracts have any, so they
    /// are read again only where the first reading has found some.
    pub async fn run(
        &self,
        session: &Session,
        contract: &Contract,
        period: &Period,
        look: (Look<'_>, Clocks),
    ) -> Result<Tally, MeasureError> {
        let mut tally = scan(session, &self.sql(contract, period, look, Part::All)).await?;
        if tally.any_callback() {
            let sql = self.sql(contract, period, look, Part::Callbacks);
            tally.drop_callbacks();
            tally.merge(scan(session, &sql).await?);
        }
        Ok(tally)
    }
}

/// The columns that a look at a part of the calls needs: each costs a third of a pass.
pub fn columns(contract: &Contract, (look, clocks): (Look<'_>, Clocks), part: Part) -> Vec<Column> {
    let mut columns = vec![Column::Service, Column::Disposition, Column::Arrived];
    match part {
        Part::Callbacks => columns.extend([Column::Queued, Column::CalledBack]),
        Part::All => {
            columns.extend([Column::WaitMs, Column::TalkMs, Column::HoldMs]);
            if clocks == Clocks::All {
                columns.extend([Column::Queued, Column::FirstRang, Column::Answered]);
            }
        }
    }
    if contract.exclusions.iter().any(|exclusion| exclusion.queue.is_some()) {
        columns.push(Column::FirstQueue);
    }
    match look {
        Look::Days | Look::HourOfWeek => columns.push(Column::LocalHour),
        Look::Text(_) => columns.push(Column::Text),
        Look::Total => {}
    }
    columns
}

/// Runs the query of a pass.
async fn scan(session: &Session, sql: &str) -> Result<Tally, MeasureError> {
    let mut tally = Tally::default();
    for batch in &session.rows(sql).await? {
        let column = batch.column(0).as_binary::<i32>();
        for row in (0..column.len()).filter(|row| column.is_valid(*row)) {
            tally.merge(Tally::from_bytes(column.value(row))?);
        }
    }
    Ok(tally)
}

/// How a pass looks at calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look<'a> {
    /// All together.
    Total,
    /// By local day and, within it, by hour of arrival.
    Days,
    /// By weekday and hour.
    HourOfWeek,
    /// By a text column.
    Text(&'a str),
}

impl Look<'_> {
    const fn dimension(self) -> Dimension {
        match self {
            Self::Total => Dimension::None,
            Self::Days => Dimension::Day,
            Self::HourOfWeek => Dimension::HourOfWeek,
            Self::Text(_) => Dimension::Text,
        }
    }
}

/// Which waits are looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Clocks {
    /// From entering the queue to the answer.
    Queue,
    /// Also those from the arrival, from the first ring and to it.
    All,
}

impl Clocks {
    /// Those that the rules of a service need.
    pub fn of_service(service: &Service) -> Self {
        let versions = service.indicators.iter().flat_map(|indicator| &indicator.versions);
        versions.map(|version| Self::of(&version.rule)).max().unwrap_or(Self::Queue)
    }

    /// Those that a rule needs.
    pub fn of(rule: &Rule) -> Self {
        match rule {
            Rule::AnsweredWithin(rule)
                if (rule.wait_start, rule.wait_stop)
                    != (WaitStart::QueueEntry, WaitStop::AgentAnswer) =>
            {
                Self::All
            }
            _ => Self::Queue,
        }
    }
}

/// Which calls a query of a pass reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// All of them.
    All,
    /// Those that asked to be called back.
    Callbacks,
}

impl Column {
    /// The column of `calls` (or of the legs) behind it.
    pub const fn sql(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Disposition => "disposition",
            Self::Arrived => "arrived",
            Self::LocalHour => "local_hour",
            Self::Queued => "queued",
            Self::FirstRang => "first_rang",
            Self::Answered => "answered",
            Self::CalledBack => "called_back",
            Self::WaitMs => "wait_ms",
            Self::TalkMs => "talk_ms",
            Self::HoldMs => "hold_ms",
            Self::FirstQueue | Self::Text => "first_queue",
        }
    }
}

/// An instant as the query engine's literal.
pub fn sql_instant(at: Instant) -> String {
    format!("arrow_cast({}, 'Timestamp(Microsecond, Some(\"UTC\"))')", at.as_millis() * 1000)
}

/// A text between the query engine's quotation marks.
pub fn quoted(text: &str) -> String {
    text.replace('\'', "''")
}

/// Opening intervals around a period, in milliseconds.
fn open_intervals(service: &Service, period: &Period, margin: Millis) -> Vec<(i64, i64)> {
    let from = Instant::from_millis(period.start().as_millis() - margin.get());
    service
        .calendar
        .open_intervals(from, period.end() + MARGIN)
        .into_iter()
        .map(|(open, close)| (open.as_millis(), close.as_millis()))
        .collect()
}

/// Ends of service days around a period, in milliseconds.
fn day_ends(service: &Service, period: &Period, margin: Millis) -> Vec<i64> {
    let first = Instant::from_millis(period.start().as_millis() - margin.get());
    let next = |at: Instant| service.calendar.end_of_service_day(at).ok();
    let ends = std::iter::successors(next(first), |end| next(*end).filter(|_| *end < period.end()));
    ends.map(Instant::as_millis).collect()
}

/// Approved exclusions of a service, in the order of the contract.
pub fn exclusions(contract: &Contract, service: &Service) -> Vec<Exclusion> {
    contract
        .exclusions
        .iter()
        .filter(|exclusion| exclusion.service == service.code)
        .map(|exclusion| Exclusion {
            spec: ExclusionSpec {
                code: exclusion.code.clone(),
                from: exclusion.from.as_millis(),
                until: exclusion.until.as_millis(),
                queue: exclusion.queue.clone(),
            },
            reason: exclusion.reason.clone(),
            indicators: exclusion.indicators.clone(),
        })
        .collect()
}

/// Approved exclusions of a service as a pass over its calls sees them.
pub fn covers(contract: &Contract, service: &Service) -> Vec<Cover> {
    calls::covers(&exclusions(contract, service))
}

/// What was counted in a run, so that what is asked for twice is read once.
pub struct Scans<'a> {
    /// The tables.
    pub session: &'a Session,
    /// The contract.
    pub contract: &'a Contract,
    /// The period.
    pub period: &'a Period,
    clocks: Clocks,
    kept: Option<Kept>,
    /// Passes whose days are known to be the contract's: parts of the period are sums of them.
    checked: BTreeSet<CallsPass>,
    days: BTreeMap<CallsPass, Arc<Tally>>,
    /// By pass and by the label of the stretch.
    totals: BTreeMap<(CallsPass, String), Arc<Tally>>,
    cases: BTreeMap<(String, CaseColumn), Arc<CasesBy>>,
    topics: BTreeMap<String, Arc<Option<Topics>>>,
}

impl<'a> Scans<'a> {
    /// Nothing counted yet.
    pub fn new(session: &'a Session, contract: &'a Contract, period: &'a Period) -> Self {
        Self {
            session,
            contract,
            period,
            clocks: Clocks::Queue,
            kept: None,
            checked: BTreeSet::new(),
            days: BTreeMap::new(),
            totals: BTreeMap::new(),
            cases: BTreeMap::new(),
            topics: BTreeMap::new(),
        }
    }

    /// Uses counts of whole files that were kept, and keeps those that it makes.
    #[must_use]
    pub fn keeping(mut self, kept: Kept) -> Self {
        self.kept = Some(kept);
        self
    }

    /// Looks at more clocks from now on; what was counted without them is counted again.
    pub fn look_at(&mut self, clocks: Clocks) {
        if self.clocks < clocks {
            self.clocks = clocks;
            self.days.clear();
            self.totals.clear();
            self.checked.clear();
        }
    }

    /// The calls of the period by day.
    pub async fn days(&mut self, pass: &CallsPass) -> Result<Arc<Tally>, MeasureError> {
        if let Some(made) = self.days.get(pass) {
            return Ok(Arc::clone(made));
        }
        let Self { session, contract, period, clocks, .. } = *self;
        let kept = match &self.kept {
            Some(kept) => kept.days(session, (contract, period), pass).await?,
            None => None,
        };
        let made = match kept {
            Some(tally) => {
                self.checked.insert(pass.clone());
                tally
            }
            None => pass.run(session, contract, period, (Look::Days, clocks)).await?,
        };
        let made = Arc::new(made);
        self.days.insert(pass.clone(), Arc::clone(&made));
        Ok(made)
    }

    /// The calls of the period, or of a part of it, together.
    pub async fn total(
        &mut self,
        pass: &CallsPass,
        stretch: &Period,
    ) -> Result<Arc<Tally>, MeasureError> {
        let key = (pass.clone(), stretch.label().to_owned());
        if let Some(made) = self.totals.get(&key) {
            return Ok(Arc::clone(made));
        }
        let made = if stretch == self.period {
            self.days(pass).await?.total()
        } else if self.checked.contains(pass) {
            let mut days = Tally::clone(&*self.days(pass).await?);
            days.retain_days(stretch.first_date(), stretch.until_date());
            days.total()
        } else {
            let look = (Look::Total, self.clocks);
            pass.run(self.session, self.contract, stretch, look).await?
        };
        let made = Arc::new(made);
        self.totals.insert(key, Arc::clone(&made));
        Ok(made)
    }

    /// Cases of a service in the period by one of their columns.
    pub async fn cases_by(
        &mut self,
        service: &str,
        column: CaseColumn,
    ) -> Result<Arc<CasesBy>, MeasureError> {
        let key = (service.to_owned(), column);
        if let Some(made) = self.cases.get(&key) {
            return Ok(Arc::clone(made));
        }
        let made = Arc::new(cases_by(self.session, self.period, service, column).await?);
        self.cases.insert(key, Arc::clone(&made));
        Ok(made)
    }

    /// Cases of a service by topic, in both halves of the period.
    pub async fn topics(&mut self, service: &str) -> Result<Arc<Option<Topics>>, MeasureError> {
        if let Some(made) = self.topics.get(service) {
            return Ok(Arc::clone(made));
        }
        let made = Arc::new(topics(self.session, self.contract, self.period, service).await?);
        self.topics.insert(service.to_owned(), Arc::clone(&made));
        Ok(made)
    }
}

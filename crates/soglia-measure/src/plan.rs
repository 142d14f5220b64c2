//! Rules to query plans: what a pass looks at, and the query that runs it. Read [`CallsPass`]
//! first.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use soglia_domain::contract::{Contract, Service};
use soglia_domain::period::Period;
use soglia_domain::rule::{CallAttribution, Callback, Legs, Rule};
use soglia_domain::time::{Instant, Millis};
use soglia_ledger::session::Session;

use crate::MeasureError;
use crate::calls::Exclusion;
use crate::tally::{Column, Dimension, ExclusionSpec, ServiceSpec, Spec, Tally};

/// Margin around a period within which opening hours are known: calls attributed by their end may
/// have arrived before it.
const MARGIN: Millis = Millis::from_hours(48);

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
            attribution: match population.attribution {
                CallAttribution::Arrival => Attribution::Arrival,
                CallAttribution::Answer => Attribution::Answer,
                CallAttribution::End => Attribution::End,
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

    /// The query of the pass.
    pub fn sql(
        &self,
        contract: &Contract,
        period: &Period,
        dimension: Dimension,
        text: Option<&str>,
    ) -> String {
        let spec = self.spec(contract, period, dimension);
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
            "SELECT {}(arrow_cast('{}', 'Dictionary(Int32, Utf8)'), {}) AS tally FROM {} WHERE {}",
            crate::udaf::NAME,
            json.replace('\'', "''"),
            arguments.join(", "),
            if self.each_leg { LEGS } else { "calls" },
            self.filter(period),
        )
    }

    /// Inbound calls of the period.
    pub fn filter(&self, period: &Period) -> String {
        let at = match self.attribution {
            Attribution::Arrival => "arrived",
            Attribution::Answer => "coalesce(answered, ended, arrived)",
            Attribution::End => "coalesce(ended, arrived)",
        };
        let mut filter = format!(
            "direction = 'inbound' AND {at} >= {} AND {at} < {}",
            sql_instant(period.start()),
            sql_instant(period.end())
        );
        if self.attribution != Attribution::Arrival {
            // Lets files be skipped: no call lasts longer than the margin.
            let from = sql_instant(period.start() + Millis::new(-MARGIN.get()));
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
                open: open_intervals(service, period),
                exclusions: exclusions(contract, service).into_iter().map(|e| e.spec).collect(),
                callback_limit: self.callback_limit,
            })
            .collect();
        let mut columns = vec![
            Column::Service,
            Column::Disposition,
            Column::Arrived,
            Column::Queued,
            Column::CalledBack,
            Column::WaitMs,
            Column::TalkMs,
            Column::HoldMs,
        ];
        // Profiles need waits and conversations; only whole periods are looked at every way.
        if dimension == Dimension::None {
            columns.extend([Column::FirstRang, Column::Answered, Column::PrecisionMs]);
        }
        let by_queue = contract.exclusions.iter().any(|exclusion| exclusion.queue.is_some());
        if by_queue {
            columns.push(Column::FirstQueue);
        }
        match dimension {
            Dimension::Day | Dimension::HourOfWeek => columns.push(Column::LocalHour),
            Dimension::Text => columns.push(Column::Text),
            Dimension::None => {}
        }
        Spec { services, dimension, columns }
    }

    /// Runs the pass.
    pub async fn run(
        &self,
        session: &Session,
        contract: &Contract,
        period: &Period,
        dimension: Dimension,
        text: Option<&str>,
    ) -> Result<Tally, MeasureError> {
        let batches = session.rows(&self.sql(contract, period, dimension, text)).await?;
        let mut tally = Tally::default();
        for batch in &batches {
            let column = batch.column(0).as_binary::<i32>();
            for row in 0..column.len() {
                if column.is_valid(row) {
                    tally.merge(serde_json::from_slice(column.value(row))?);
                }
            }
        }
        Ok(tally)
    }
}

impl Column {
    /// The column of `calls` (or of the legs) behind it.
    const fn sql(self) -> &'static str {
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
            Self::PrecisionMs => "precision_ms",
            Self::FirstQueue | Self::Text => "first_queue",
        }
    }
}

/// Queue entries seen as calls.
const LEGS: &str = "(SELECT service, 'inbound' AS direction, entered AS arrived, local_hour, \
    entered AS queued, answered, \"left\" AS ended, wait_ms, queue AS first_queue, \
    arrow_cast(NULL, 'Timestamp(Microsecond, Some(\"UTC\"))') AS first_rang, \
    arrow_cast(NULL, 'Timestamp(Microsecond, Some(\"UTC\"))') AS called_back, \
    CAST(NULL AS BIGINT) AS talk_ms, CAST(NULL AS BIGINT) AS hold_ms, \
    CAST(1000 AS INT) AS precision_ms, \
    CASE exit WHEN 'answered' THEN 'answered' WHEN 'abandoned' THEN 'abandoned_in_queue' \
    WHEN 'key_pressed' THEN 'abandoned_in_queue' ELSE 'released_by_system' END AS disposition \
    FROM queue_entries) AS legs";

/// An instant as the query engine's literal.
pub fn sql_instant(at: Instant) -> String {
    format!("arrow_cast({}, 'Timestamp(Microsecond, Some(\"UTC\"))')", at.as_millis() * 1000)
}

/// Opening intervals around a period, in milliseconds.
pub fn open_intervals(service: &Service, period: &Period) -> Vec<(i64, i64)> {
    let from = Instant::from_millis(period.start().as_millis() - MARGIN.get());
    service
        .calendar
        .open_intervals(from, period.end() + MARGIN)
        .into_iter()
        .map(|(open, close)| (open.as_millis(), close.as_millis()))
        .collect()
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

/// Tallies already made, by pass.
pub type Tallies = BTreeMap<CallsPass, Tally>;

//! A service's recorded calls, as the simulator learns from them. Read [`recorded`] first.

use std::fmt::Write as _;

use arrow::array::Array;
use jiff::civil::Date;
use soglia_domain::contract::{Contract, Service};
use soglia_domain::facts::Disposition;
use soglia_domain::period::start_of_day;
use soglia_domain::time::Instant;
use soglia_ledger::session::Session;
use soglia_measure::MeasureError;
use soglia_measure::plan::{quoted, sql_instant};
use soglia_measure::rows::{Columns, Instants, stream};
use soglia_sim::learn::history::{DAY_US, HistoryCall, HistoryEnd};
use soglia_sim::learn::model::Openings;

/// Reads the inbound calls of a service, all that the ledger has or those before a day; test calls
/// are left out.
///
/// One query: simulated weeks need every call once, whichever indicator is asked for.
pub async fn recorded(
    session: &Session,
    contract: &Contract,
    service: &Service,
    until: Option<Date>,
) -> Result<Vec<HistoryCall>, MeasureError> {
    let before = until.map_or_else(String::new, |day| {
        format!(" AND arrived < {}", sql_instant(start_of_day(day, &contract.zone)))
    });
    let sql = format!(
        "SELECT arrived, first_queue, queued, first_rang, answered, ended, disposition, \
         wait_ms, talk_ms, hold_ms, wrap_ms, topic, priority_class, booking_system, \
         operator_group, encode(caller, 'hex') AS caller FROM calls \
         WHERE service = '{}' AND direction = 'inbound' AND disposition <> 'test'{before} \
         ORDER BY arrived, call_id",
        quoted(&service.code),
    );
    let mut calls = Vec::new();
    stream(session, &sql, |batch| {
        let rows = Rows::of(&Columns(batch))?;
        for row in 0..batch.num_rows() {
            calls.extend(rows.call(row, contract));
        }
        Ok(())
    })
    .await?;
    Ok(calls)
}

/// When the service is open, for some weeks around its calls.
pub fn openings(service: &Service, calls: &[HistoryCall]) -> Openings {
    let day = |call: &HistoryCall| call.at_us.div_euclid(DAY_US);
    let first = calls.iter().map(day).min().unwrap_or(0);
    let last = calls.iter().map(day).max().unwrap_or(0);
    Openings::of(&service.calendar, (first - 7, last + 8))
}

/// The columns of one batch.
struct Rows {
    arrived: Instants,
    queued: Instants,
    first_rang: Instants,
    answered: Instants,
    ended: Instants,
    texts: [arrow::array::StringArray; 7],
    spans: [arrow::array::Int64Array; 4],
}

/// Texts, in the order of [`Rows::texts`].
const TEXTS: [&str; 7] = [
    "first_queue",
    "disposition",
    "topic",
    "priority_class",
    "booking_system",
    "operator_group",
    "caller",
];

impl Rows {
    fn of(columns: &Columns<'_>) -> Result<Self, MeasureError> {
        let text = |name: &str| columns.texts(name);
        let [queue, end, topic, class, system, group, caller] = TEXTS;
        Ok(Self {
            arrived: columns.instants("arrived")?,
            queued: columns.instants("queued")?,
            first_rang: columns.instants("first_rang")?,
            answered: columns.instants("answered")?,
            ended: columns.instants("ended")?,
            texts: [
                text(queue)?,
                text(end)?,
                text(topic)?,
                text(class)?,
                text(system)?,
                text(group)?,
                text(caller)?,
            ],
            spans: [
                columns.longs("wait_ms")?,
                columns.longs("talk_ms")?,
                columns.longs("hold_ms")?,
                columns.longs("wrap_ms")?,
            ],
        })
    }

    /// One row; nothing for calls whose wait or conversation is not known.
    fn call(&self, row: usize, contract: &Contract) -> Option<HistoryCall> {
        let text = |at: usize| {
            let column = self.texts.get(at)?;
            column.is_valid(row).then(|| column.value(row).to_owned())
        };
        let us = |at: usize| {
            let column = self.spans.get(at)?;
            column.is_valid(row).then(|| column.value(row) * 1000)
        };
        let between = |from: Option<Instant>, until: Option<Instant>| {
            Some((until?.as_millis() - from?.as_millis()).max(0) * 1000)
        };
        let (answered, ended) = (self.answered.at(row), self.ended.at(row));
        let joined = self.queued.at(row).or_else(|| self.arrived.at(row))?;
        let end = match Disposition::from_name(&text(1)?)? {
            Disposition::Answered => HistoryEnd::Answered {
                talk_us: match us(1) {
                    Some(talk_us) => talk_us + us(2).unwrap_or(0),
                    None => between(answered, ended)?,
                },
                wrap_us: us(3),
            },
            Disposition::AbandonedInQueue => HistoryEnd::Abandoned,
            Disposition::ReleasedBySystem | Disposition::TechnicalFailure => HistoryEnd::Released,
            Disposition::Rejected => HistoryEnd::Refused,
            Disposition::CallbackRequested => HistoryEnd::CallBack,
            Disposition::OutOfHours => HistoryEnd::OutOfHours,
            Disposition::AbandonedInIvr | Disposition::IvrContained => HistoryEnd::BeforeQueue,
            Disposition::Test => return None,
        };
        let queue = text(0).filter(|_| end != HistoryEnd::BeforeQueue);
        let left = answered.or(ended);
        let wait_us = us(0).or_else(|| between(Some(joined), left)).unwrap_or(0);
        // Only the last telephone that rang was answered; the first may have rung in vain.
        let rang_us = between(self.first_rang.at(row), answered).unwrap_or(0).min(RING_MAX_US);
        Some(HistoryCall {
            at_us: local_us(joined, contract),
            queue,
            topic: text(2),
            class: text(3),
            system: text(4),
            // A group that the contract does not name may be of fewer than five.
            group: text(5).filter(|code| contract.operator_group(code).is_some()),
            caller: text(6),
            wait_us,
            rang_us: rang_us.min(wait_us),
            end,
        })
    }
}

/// Rings longer than this were answered by somebody else in the end.
const RING_MAX_US: i64 = 20_000_000;

/// An instant on the contract's own clocks, in microseconds since 1970-01-01T00:00.
fn local_us(at: Instant, contract: &Contract) -> i64 {
    let zoned = at.in_zone(&contract.zone);
    let offset_secs = i64::from(zoned.offset().seconds());
    at.as_millis() * 1000 + offset_secs * 1_000_000
}

/// A local day as people read it, `2023-11-27`.
pub fn date(day: i64) -> String {
    let epoch = jiff::civil::date(1970, 1, 1);
    let date = jiff::Span::new().try_days(day).ok().and_then(|span| epoch.checked_add(span).ok());
    date.map_or_else(|| day.to_string(), |date| date.to_string())
}

/// A quarter of an hour of the week: its weekday from 0 for Monday, and its time.
pub fn quarter(number: usize) -> (usize, String) {
    let minutes = number % 96 * 15;
    let mut time = String::new();
    write!(time, "{:02}:{:02}", minutes / 60, minutes % 60).expect("a text takes everything");
    (number / 96, time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_quarters_are_told_as_people_do() {
        assert_eq!(date(19_541), "2023-07-03");
        assert_eq!(quarter(96 + 33), (1, "08:15".to_owned()));
    }
}

//! What a ledger knows about a service's calls as a load: how many, when, how long. Read
//! [`Demand::read`] first.
//!
//! The load is what operators are for: inbound calls that entered a queue or were answered (some
//! platforms record a queue only for those who waited), without tests and without calls out of
//! hours. Redials are in it: a forecast is of what will come.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::{Date, DateTime};
use soglia_domain::contract::{Contract, Service};
use soglia_domain::holiday::HolidaySet;
use soglia_domain::period::Period;
use soglia_domain::text::Lang;
use soglia_domain::time::{Instant, Millis};
use soglia_ledger::session::Session;
use soglia_measure::MeasureError;
use soglia_measure::plan::{quoted, sql_instant};
use soglia_measure::rows::{Columns, outages, stream};
use soglia_sim::forecast::{Days, History};

/// The intervals of histories, in minutes.
pub const INTERVAL_MINS: u16 = 15;

/// An outage in opening hours makes a day special if it lasts as long.
pub const OUTAGE_MIN: Millis = Millis::from_mins(15);

/// Days that handling times are taken from.
pub const HANDLING_DAYS: i64 = 28;

/// The past of a service as a load.
#[derive(Clone, Debug)]
pub struct Demand {
    /// Calls by day and quarter-hour of the contract's zone.
    pub history: History,
    /// Days that are not like others of their weekday, and why, in the language asked for.
    pub special: BTreeMap<Date, String>,
    /// The first day that is not known: after the ledger's last, whichever service it has calls of.
    pub until: Date,
    /// Handling times of the last weeks; nothing if no call was answered.
    pub handling: Option<Handling>,
}

/// How long answered calls took: conversation, hold and after-call work.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Handling {
    /// Calls.
    pub n: u64,
    /// The mean, in seconds.
    pub mean_secs: f64,
    /// Standard deviation over mean.
    pub cv: f64,
    /// For how many of the calls after-call work is known.
    pub n_wrap: u64,
}

impl Demand {
    /// Reads the load of a service before a day; all of it without one. Nothing if there is none.
    pub async fn read(
        session: &Session,
        contract: &Contract,
        service: &Service,
        until: Option<Date>,
        lang: Lang,
    ) -> Result<Option<Self>, MeasureError> {
        let history = history(session, contract, service).await?;
        let history = match until {
            Some(until) => history.before(until),
            None => history,
        };
        let Some(end) = history.until() else { return Ok(None) };
        let until = match until {
            Some(until) => until,
            None => end.max(after_last(session, contract).await?.unwrap_or(end)),
        };
        let special = special(session, contract, service, &history, lang).await?;
        let handling = handling(session, contract, service, until).await?;
        Ok(Some(Self { history, special, until, handling }))
    }

    /// The days as a forecast sees them.
    pub fn days<'a>(&self, service: &'a Service) -> Days<'a> {
        let special: BTreeSet<Date> = self.special.keys().copied().collect();
        Days { calendar: &service.calendar, special }
    }
}

/// Which calls are load.
fn load(service: &str) -> String {
    format!(
        "service = '{}' AND direction = 'inbound' \
         AND (queued IS NOT NULL OR answered IS NOT NULL) \
         AND disposition NOT IN ('test', 'out_of_hours')",
        quoted(service),
    )
}

/// The day after the ledger's last.
async fn after_last(session: &Session, contract: &Contract) -> Result<Option<Date>, MeasureError> {
    let mut last = None;
    stream(session, "SELECT max(arrived) AS last FROM calls", |batch| {
        let instants = Columns(batch).instants("last")?;
        last = last.max((0..batch.num_rows()).filter_map(|row| instants.at(row)).max());
        Ok(())
    })
    .await?;
    Ok(last.and_then(|last| last.in_zone(&contract.zone).date().tomorrow().ok()))
}

/// Counts a service's calls by quarter-hour, on the instant's axis, and sorts them onto wall
/// clocks.
async fn history(
    session: &Session,
    contract: &Contract,
    service: &Service,
) -> Result<History, MeasureError> {
    const QUARTER_MS: i64 = 900_000;
    let sql = format!(
        "SELECT CAST(arrived AS BIGINT) / {} AS quarter, count(*) AS n FROM calls WHERE {} \
         GROUP BY 1 ORDER BY 1",
        QUARTER_MS * 1000,
        load(&service.code),
    );
    let mut history = History::new(INTERVAL_MINS).expect("quarters divide the day");
    stream(session, &sql, |batch| {
        let columns = Columns(batch);
        let (quarters, counts) = (columns.longs("quarter")?, columns.longs("n")?);
        for (quarter, n) in quarters.values().iter().zip(counts.values()) {
            let at = Instant::from_millis(quarter * QUARTER_MS).in_zone(&contract.zone);
            let minute = u16::try_from(i32::from(at.hour()) * 60 + i32::from(at.minute()));
            let n = u32::try_from(*n).unwrap_or(u32::MAX);
            history.add(at.date(), minute.unwrap_or(0), n);
        }
        Ok(())
    })
    .await?;
    Ok(history)
}

/// Holidays on which the service stays open, and days with outages; from the first known day to a
/// year after the last.
async fn special(
    session: &Session,
    contract: &Contract,
    service: &Service,
    history: &History,
    lang: Lang,
) -> Result<BTreeMap<Date, String>, MeasureError> {
    let mut found = BTreeMap::new();
    let (Some(first), Some(until)) = (history.dates().next(), history.until()) else {
        return Ok(found);
    };
    let last = until.checked_add(Span::new().days(366)).unwrap_or(until);
    let is_italian = contract.zone_name == "Europe/Rome";
    for date in first.series(Span::new().days(1)).take_while(|date| *date < last) {
        let is_open = !service.calendar.slots_on(date).is_empty();
        let holiday = HolidaySet::Italy.holiday_name(date, lang).filter(|_| is_italian && is_open);
        if let Some(name) = holiday {
            found.insert(date, name.to_owned());
        }
    }
    let Ok(period) = Period::parse(&format!("{first}..{until}"), &contract.zone) else {
        return Ok(found);
    };
    for outage in outages(session, &service.code, &period).await? {
        let ended = outage.until.unwrap_or(period.end()).min(period.end());
        let from = outage.from.max(period.start());
        for (open, close) in service.calendar.open_intervals(from, ended) {
            if close - open < OUTAGE_MIN {
                continue;
            }
            let (from, to) = (open.in_zone(&contract.zone), close.in_zone(&contract.zone));
            let days = from.date().series(Span::new().days(1));
            let why = match lang {
                Lang::It => format!("fermo di `{}`", outage.component),
                Lang::En => format!("outage of `{}`", outage.component),
            };
            for date in days.take_while(|date| *date <= to.date()) {
                found.entry(date).or_insert_with(|| why.clone());
            }
        }
    }
    Ok(found)
}

async fn handling(
    session: &Session,
    contract: &Contract,
    service: &Service,
    until: Date,
) -> Result<Option<Handling>, MeasureError> {
    let first = until.checked_sub(Span::new().days(HANDLING_DAYS)).unwrap_or(until);
    let at = |date: Date| {
        sql_instant(soglia_domain::period::first_instant(
            DateTime::from_parts(date, jiff::civil::Time::midnight()),
            &contract.zone,
        ))
    };
    let sql = format!(
        "SELECT count(*) AS n, coalesce(sum(h), 0) AS total, \
         coalesce(sum(CAST(h AS DOUBLE) * h), 0.0) AS squares, count(wrap_ms) AS wraps FROM \
         (SELECT talk_ms + coalesce(hold_ms, 0) + coalesce(wrap_ms, 0) AS h, wrap_ms FROM calls \
         WHERE {} AND answered IS NOT NULL AND talk_ms IS NOT NULL AND arrived >= {} \
         AND arrived < {})",
        load(&service.code),
        at(first),
        at(until),
    );
    let mut found = None;
    stream(session, &sql, |batch| {
        let columns = Columns(batch);
        let (n, total) = (columns.longs("n")?, columns.longs("total")?);
        let (squares, wraps) = (columns.doubles("squares")?, columns.longs("wraps")?);
        for row in 0..batch.num_rows() {
            let count = u64::try_from(n.value(row)).unwrap_or(0);
            if count == 0 {
                continue;
            }
            let mean = total.value(row) as f64 / count as f64;
            let variance = (squares.value(row) / count as f64 - mean * mean).max(0.0);
            let cv = if 0.0 < mean { variance.sqrt() / mean } else { 0.0 };
            let n_wrap = u64::try_from(wraps.value(row)).unwrap_or(0);
            found = Some(Handling { n: count, mean_secs: mean / 1000.0, cv, n_wrap });
        }
        Ok(())
    })
    .await?;
    Ok(found)
}

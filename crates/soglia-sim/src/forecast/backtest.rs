//! How wrong a method was on a service's own past. Read [`backtest`] first.

use jiff::civil::Date;

use super::band::{Band, Spread, floor};
use super::{DayForecast, Days, History, Method, one_day, references};

/// What a method got wrong on days of the past that it did not know.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Errors {
    /// Days that were forecast.
    pub n_days: u32,
    /// Sum of the counts.
    pub calls: f64,
    /// Sum of the absolute errors of intervals.
    intervals: f64,
    /// Sum of the absolute errors of days.
    days: f64,
    /// Sums that would be left if every mean had been known.
    floor_intervals: f64,
    floor_days: f64,
    /// Sum of the absolute errors of repeating what came a week before, and ours beside them.
    week_before: f64,
    beside_week_before: f64,
    n_intervals: u64,
    held_intervals: u64,
    held_days: u64,
}

impl Errors {
    /// Weighted absolute percentage error of intervals: all absolute errors over all calls.
    pub fn wape_intervals(&self) -> f64 {
        self.intervals / self.calls
    }

    /// The same of whole days.
    pub fn wape_days(&self) -> f64 {
        self.days / self.calls
    }

    /// The error of intervals that would remain if every mean were known: chance alone.
    pub fn floor_intervals(&self) -> f64 {
        self.floor_intervals / self.calls
    }

    /// The same of whole days.
    pub fn floor_days(&self) -> f64 {
        self.floor_days / self.calls
    }

    /// The error of intervals over that of repeating what came a week before, on the same days;
    /// nothing where no week before is known.
    pub fn scaled(&self) -> Option<f64> {
        (0.0 < self.week_before).then(|| self.beside_week_before / self.week_before)
    }

    /// The share of intervals that lay within their band.
    pub fn held_intervals(&self) -> f64 {
        self.held_intervals as f64 / self.n_intervals as f64
    }

    /// The share of days that lay within their band.
    pub fn held_days(&self) -> f64 {
        self.held_days as f64 / f64::from(self.n_days)
    }

    fn add(&mut self, forecast: &DayForecast, actual: &[u32], before: Option<&[u32]>, length: u16) {
        let count = |counts: &[u32], from_mins: u16| {
            counts.get(usize::from(from_mins / length)).copied().map_or(0.0, f64::from)
        };
        let holds = |band: Band, n: f64| u64::from(band.holds(crate::num::floor_usize(n) as u64));
        let (mut total, mut expected) = (0.0, 0.0);
        for interval in forecast.intervals.iter().filter(|i| 0 < i.n_references) {
            let n = count(actual, interval.from_mins);
            let error = (n - interval.mean).abs();
            total += n;
            expected += interval.mean;
            self.intervals += error;
            self.floor_intervals += floor(interval.mean);
            self.held_intervals += holds(interval.band, n);
            self.n_intervals += 1;
            if let Some(before) = before {
                self.week_before += (n - count(before, interval.from_mins)).abs();
                self.beside_week_before += error;
            }
        }
        self.n_days += 1;
        self.calls += total;
        self.days += (total - expected).abs();
        self.floor_days += floor(expected);
        self.held_days += holds(forecast.band, total);
    }
}

/// Forecasts the last `weeks` weeks of a history, each day by what was known `ahead` days before
/// it, and adds up what was wrong. Days that were not ordinary are left out; the spread behind the
/// bands is estimated on what came before the first of those days. Nothing if no day could be
/// forecast.
pub fn backtest(
    history: &History,
    days: &Days<'_>,
    method: Method,
    (ahead, weeks): (u32, u32),
    level: f64,
) -> Option<Errors> {
    let until = history.until()?;
    let first = until.checked_sub(jiff::Span::new().weeks(i64::from(weeks))).ok()?;
    let spread = Spread::estimate(&history.before(first), days, method);
    let mut errors = Errors::default();
    let tested =
        |date: &Date| first <= *date && references::ordinary(history, days, *date) == Some(true);
    for date in history.dates().filter(tested) {
        let origin = date.checked_sub(jiff::Span::new().days(i64::from(ahead.max(1)) - 1)).ok()?;
        let Some(forecast) = hindsight(history, days, method, (date, origin), (level, spread))
        else {
            continue;
        };
        let week_before = date.checked_sub(jiff::Span::new().weeks(1)).ok();
        let before = week_before
            .filter(|date| references::ordinary(history, days, *date) == Some(true))
            .and_then(|date| history.day(date));
        if let Some(actual) = history.day(date) {
            errors.add(&forecast, actual, before, history.interval_mins());
        }
    }
    (0 < errors.n_days && 0.0 < errors.calls).then_some(errors)
}

/// Forecasts a day of the past by what was known before another.
fn hindsight(
    history: &History,
    days: &Days<'_>,
    method: Method,
    (date, origin): (Date, Date),
    (level, spread): (f64, Spread),
) -> Option<DayForecast> {
    if method == Method::Seasonal {
        let known = history.before(origin);
        let found = super::forecast_with(&known, days, method, &[date], (level, spread));
        return found.ok()?.pop();
    }
    one_day(history, days, method, (date, origin), (level, spread)).ok()
}

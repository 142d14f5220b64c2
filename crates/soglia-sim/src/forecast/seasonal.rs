//! Another way to forecast: seasons of a day and of a week, and smoothing of the rest. Read
//! [`forecast`] first.
//!
//! Decomposition into seasons by local regression and exponential smoothing of what is left, as in
//! the library `augurs`. It takes opening hours of every day as one series: days that were not
//! ordinary are filled with the mean of four, as if they had been.

use augurs::ets::AutoETS;
use augurs::mstl::MSTLModel;
use augurs::prelude::*;
use jiff::civil::Date;

use super::band::{Band, Spread};
use super::{DayForecast, Days, ForecastError, History, IntervalForecast, Method, one_day};
use super::{references, references::References};

/// Weeks that the model looks back.
const WEEKS: i64 = 10;
/// Weeks that it needs at least.
const WEEKS_MIN: usize = 2;

pub(super) fn forecast(
    history: &History,
    days: &Days<'_>,
    wanted: &[Date],
    (level, spread): (f64, Spread),
) -> Result<Vec<DayForecast>, ForecastError> {
    let mut known: Vec<Date> = history.dates().collect();
    known.retain(|date| days.like(*date).is_some());
    let Some(&last) = known.last() else { return Err(ForecastError::TooShort(0)) };
    let first = last.checked_sub(jiff::Span::new().weeks(WEEKS)).unwrap_or(last);
    known.retain(|date| first < *date);
    let open = Open::new(history, days, &known);
    let week = open.days_a_week * open.places.len();
    if known.len() < WEEKS_MIN * open.days_a_week || week == 0 {
        return Err(ForecastError::TooShort(known.len()));
    }
    let until = wanted.iter().copied().max().unwrap_or(last);
    let ahead: Vec<Date> = last
        .series(jiff::Span::new().days(1))
        .skip(1)
        .take_while(|date| *date <= until)
        .filter(|date| days.like(*date).is_some())
        .collect();
    let values: Vec<f64> =
        known.iter().flat_map(|date| open.values(history, days, *date)).collect();
    let horizon = ahead.len() * open.places.len();
    let points = points(&values, &[open.places.len(), week], horizon)?;
    let one = |date: &Date| {
        let Some(at) = ahead.iter().position(|day| day == date) else {
            return one_day(history, days, Method::MeanOfFour, (*date, *date), (level, spread));
        };
        let from = at * open.places.len();
        let day = points.get(from..from + open.places.len()).unwrap_or_default();
        Ok(open.day(history, days, *date, day, (level, spread)))
    };
    wanted.iter().map(one).collect()
}

fn points(values: &[f64], periods: &[usize], horizon: usize) -> Result<Vec<f64>, ForecastError> {
    let failed = |problem: &dyn std::fmt::Display| ForecastError::Model(problem.to_string());
    let trend = AutoETS::non_seasonal().into_trend_model();
    let model = MSTLModel::new(periods.to_vec(), trend);
    let fitted = model.fit(values).map_err(|problem| failed(&problem))?;
    let forecast = fitted.predict(horizon, None).map_err(|problem| failed(&problem))?;
    Ok(forecast.point.into_iter().map(|point| point.max(0.0)).collect())
}

/// The intervals and days that make the series.
struct Open {
    /// Intervals in which the service is ever open.
    places: Vec<usize>,
    days_a_week: usize,
}

impl Open {
    fn new(history: &History, days: &Days<'_>, known: &[Date]) -> Self {
        let is_open = |at: &usize| known.iter().any(|date| days.open_at(*date, history, *at));
        let weekdays: std::collections::BTreeSet<i8> =
            known.iter().map(|date| date.weekday().to_monday_zero_offset()).collect();
        let places = (0..history.intervals()).filter(is_open).collect();
        Self { places, days_a_week: weekdays.len() }
    }

    /// What is known of a day, or what would have been usual.
    fn values(&self, history: &History, days: &Days<'_>, date: Date) -> Vec<f64> {
        if references::ordinary(history, days, date) == Some(true)
            && let Some(day) = history.day(date)
        {
            let count = |at: &usize| day.get(*at).copied().map_or(0.0, f64::from);
            return self.places.iter().map(count).collect();
        }
        let how = (0.5, Spread::ASSUMED);
        let usual = one_day(history, days, Method::MeanOfFour, (date, date), how);
        let mean = |at: &usize| {
            let from = at * usize::from(history.interval_mins());
            let intervals = usual.as_ref().map(|day| day.intervals.as_slice()).unwrap_or_default();
            intervals.iter().find(|i| usize::from(i.from_mins) == from).map_or(0.0, |i| i.mean)
        };
        self.places.iter().map(mean).collect()
    }

    fn day(
        &self,
        history: &History,
        days: &Days<'_>,
        date: Date,
        points: &[f64],
        (level, spread): (f64, Spread),
    ) -> DayForecast {
        // The band is that of a method that stands on four days.
        const REFERENCES: usize = 4;
        let intervals =
            self.places.iter().zip(points).filter(|(at, _)| days.open_at(date, history, **at)).map(
                |(&at, &mean)| IntervalForecast {
                    from_mins: u16::try_from(at).unwrap_or(0) * history.interval_mins(),
                    mean,
                    band: Band::new(mean, spread.interval, REFERENCES, level),
                    n_references: REFERENCES,
                },
            );
        let intervals = intervals.collect();
        let dates: Vec<Date> = history.dates().rev().take(REFERENCES).collect();
        let found = References { dates, method: Method::Seasonal, left_out: Vec::new() };
        DayForecast::of(date, intervals, found, (level, spread))
    }
}

//! The rest of a day that has begun. Read [`update`] first.
//!
//! A morning that is busier than expected tells something about the afternoon, but less than it
//! seems to: taking the whole ratio makes forecasts worse. The ratio is shrunken towards 1 by a
//! weight that the service's own past gives, itself drawn towards a usual value while that past is
//! short.

use super::band::{Band, Spread, Squares};
use super::{DayForecast, Days, History, Method, one_day, references};

/// The usual weight when less than [`EARLY_MINS`] of the day's opening have passed.
pub const WEIGHT_EARLY: f64 = 0.5;
/// The usual weight later.
pub const WEIGHT_LATER: f64 = 0.7;
/// Two and a half hours: halfway between the two hours and the three that the weights were seen at.
pub const EARLY_MINS: u16 = 150;
/// The usual weight counts like so many days of the past.
const PRIOR_DAYS: f64 = 10.0;
/// Days of the past that the weight is learned from.
const DAYS_MAX: usize = 120;

/// What the begun day says about its rest.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Update {
    /// Calls that came so far, over those expected.
    pub ratio: f64,
    /// How much of the ratio's distance from 1 is believed, 0 to 1.
    pub weight: f64,
    /// What the rest of the day was multiplied by.
    pub factor: f64,
    /// Days of the past that the weight was learned from.
    pub n_days: u32,
}

/// Corrects the intervals from minute `now_mins` on by what came before it, and puts what came in
/// the place of what was expected before.
///
/// `so_far` are the counts of the day's intervals from midnight. Nothing is changed, and nothing
/// returned, if no whole interval of opening hours is over or nothing was expected in it.
pub fn update(
    day: &mut DayForecast,
    so_far: &[u32],
    now_mins: u16,
    (history, days, method): (&History, &Days<'_>, Method),
    (level, spread): (f64, Spread),
) -> Option<Update> {
    let length = history.interval_mins();
    let passed = day.intervals.iter().filter(|i| i.from_mins + length <= now_mins);
    let n_passed = passed.clone().count();
    let expected: f64 = passed.clone().map(|interval| interval.mean).sum();
    let count = |from_mins: u16| so_far.get(usize::from(from_mins / length)).copied().unwrap_or(0);
    let came: f64 = passed.map(|interval| f64::from(count(interval.from_mins))).sum();
    if n_passed == 0 || expected <= 0.0 {
        return None;
    }
    let (weight, rest_spread, n_days) = learned((history, days, method), day.date, n_passed);
    let ratio = came / expected;
    let factor = 1.0 + weight * (ratio - 1.0);
    let mut rest = 0.0;
    for (n, interval) in day.intervals.iter_mut().enumerate() {
        if n < n_passed {
            let n = count(interval.from_mins);
            interval.mean = f64::from(n);
            interval.band = Band { low: u64::from(n), high: u64::from(n) };
        } else {
            interval.mean *= factor;
            rest += interval.mean;
            let n_references = interval.n_references;
            interval.band = Band::new(interval.mean, spread.interval, n_references, level);
        }
    }
    let of_rest = Band::new(rest, rest_spread.unwrap_or(spread.day), day.references.len(), level);
    let came_whole = crate::num::floor_usize(came) as u64;
    day.band = Band { low: came_whole + of_rest.low, high: came_whole + of_rest.high };
    day.total = came + rest;
    Some(Update { ratio, weight, factor, n_days })
}

/// The weight after so many intervals of opening, the spread that is left, and the days behind it.
fn learned(
    (history, days, method): (&History, &Days<'_>, Method),
    today: jiff::civil::Date,
    n_passed: usize,
) -> (f64, Option<f64>, u32) {
    let usual = if n_passed * usize::from(history.interval_mins()) < usize::from(EARLY_MINS) {
        WEIGHT_EARLY
    } else {
        WEIGHT_LATER
    };
    let (mut products, mut squares) = (0.0, 0.0);
    let mut seen = Vec::new();
    let ordinary =
        |date: &jiff::civil::Date| references::ordinary(history, days, *date) == Some(true);
    let past = history.dates().rev().filter(|date| *date < today).filter(ordinary);
    for date in past.take(DAYS_MAX) {
        let how = (0.5, Spread::ASSUMED);
        let Ok(forecast) = one_day(history, days, method, (date, date), how) else { continue };
        let Some(actual) = history.day(date) else { continue };
        let parts = Parts::of(&forecast, actual, n_passed, history.interval_mins());
        if parts.expected_before <= 0.0 || parts.expected_rest <= 0.0 {
            continue;
        }
        let early = parts.came_before / parts.expected_before - 1.0;
        let late = parts.came_rest / parts.expected_rest - 1.0;
        products += parts.expected_rest * early * late;
        squares += parts.expected_rest * early * early;
        seen.push((parts, early, forecast.references.len()));
    }
    let n = seen.len() as f64;
    if squares <= 0.0 {
        return (usual, None, 0);
    }
    let weight = (n * products / squares + PRIOR_DAYS * usual) / (n + PRIOR_DAYS);
    let weight = weight.clamp(0.0, 1.0);
    let mut left = Squares::default();
    for (parts, early, n_references) in &seen {
        let mean = parts.expected_rest * (1.0 + weight * early);
        left.add(parts.came_rest, mean, *n_references);
    }
    let n_days = crate::num::id(seen.len());
    (weight, (super::band::SPREAD_DAYS_MIN <= n_days).then(|| left.spread()), n_days)
}

/// A past day cut at the same place as today.
struct Parts {
    expected_before: f64,
    came_before: f64,
    expected_rest: f64,
    came_rest: f64,
}

impl Parts {
    fn of(forecast: &DayForecast, actual: &[u32], n_passed: usize, length: u16) -> Self {
        let mut parts =
            Self { expected_before: 0.0, came_before: 0.0, expected_rest: 0.0, came_rest: 0.0 };
        for (n, interval) in forecast.intervals.iter().enumerate() {
            let at = usize::from(interval.from_mins / length);
            let came = actual.get(at).copied().map_or(0.0, f64::from);
            if n < n_passed {
                parts.expected_before += interval.mean;
                parts.came_before += came;
            } else {
                parts.expected_rest += interval.mean;
                parts.came_rest += came;
            }
        }
        parts
    }
}

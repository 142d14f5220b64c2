//! How far counts stray from a forecast. Read [`Band::new`] first.

use super::{Days, History, Method, references};
use crate::num;

/// The spread of days that is assumed where a history is too short to tell.
pub const SPREAD_ASSUMED: f64 = 0.08;

/// Days that an estimate of the spread needs.
pub const SPREAD_DAYS_MIN: u32 = 10;

/// Days that an estimate of the spread looks at.
const SPREAD_DAYS_MAX: usize = 120;

/// Whole numbers of calls, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Band {
    /// The least.
    pub low: u64,
    /// The most.
    pub high: u64,
}

impl Band {
    /// The middle `level` of the counts to be expected around a forecast `mean` that stands on so
    /// many days.
    ///
    /// A count is Poisson's with a mean that is itself gamma distributed, with standard deviation
    /// `spread` relative to it: a negative binomial of variance `m + (spread·m)²`. The mean of `n`
    /// days strays likewise, hence the factor `1 + 1/n`.
    pub fn new(mean: f64, spread: f64, n_references: usize, level: f64) -> Self {
        if mean <= 0.0 {
            return Self { low: 0, high: 0 };
        }
        let of_mean = 1.0 / (n_references.max(1) as f64);
        let variance = (mean + spread * spread * mean * mean) * (1.0 + of_mean);
        let tail = (1.0 - level) / 2.0;
        Self { low: quantile(mean, variance, tail), high: quantile(mean, variance, 1.0 - tail) }
    }

    /// Says whether a count lies within.
    pub const fn holds(self, n: u64) -> bool {
        self.low <= n && n <= self.high
    }
}

/// The least count that a negative binomial stays at or below with probability `p`.
fn quantile(mean: f64, variance: f64, p: f64) -> u64 {
    // Beyond this the distribution is Poisson's to all digits that are shown.
    const SHAPE_MAX: f64 = 1e7;
    let shape = (mean * mean / (variance - mean).max(f64::MIN_POSITIVE)).min(SHAPE_MAX);
    let success = shape / (shape + mean);
    let below = |n: u64| num::incomplete_beta(shape, n as f64 + 1.0, success);
    let (mut low, mut high) = (0_u64, 1_u64);
    while below(high) < p && high < 1 << 40 {
        high *= 2;
    }
    while low < high {
        let middle = low.midpoint(high);
        if below(middle) < p {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    high
}

/// The mean absolute error that remains if the mean of a count is known exactly and nothing varies
/// but Poisson's chance: no forecast can be better on average.
pub fn floor(mean: f64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    let whole = libm::floor(mean);
    2.0 * num::exp((whole + 1.0) * num::ln(mean) - mean - num::ln_gamma(whole + 1.0))
}

/// How much the busyness of days and of intervals varies, relative to the forecast.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spread {
    /// Of whole days.
    pub day: f64,
    /// Of single intervals, the day's included.
    pub interval: f64,
    /// Days it was estimated on; 0 if it is [assumed](SPREAD_ASSUMED).
    pub n_days: u32,
}

impl Spread {
    /// What is assumed where nothing is known.
    pub const ASSUMED: Self = Self { day: SPREAD_ASSUMED, interval: SPREAD_ASSUMED, n_days: 0 };

    /// Estimates the spread from the errors that the method would have made on the days of the
    /// history, each by the weeks before it: what is left of the squares after Poisson's part.
    ///
    /// A method that is not one of the same weekdays is judged by its own errors in a
    /// [backtest](mod@super::backtest); its bands take the spread of the mean of four.
    pub fn estimate(history: &History, days: &Days<'_>, method: Method) -> Self {
        let method = match method {
            Method::Seasonal => Method::MeanOfFour,
            other => other,
        };
        let (mut of_days, mut of_intervals) = (Squares::default(), Squares::default());
        let ordinary =
            |date: &jiff::civil::Date| references::ordinary(history, days, *date) == Some(true);
        let mut n_days = 0;
        for date in history.dates().rev().filter(ordinary).take(SPREAD_DAYS_MAX) {
            let how = (0.5, Self::ASSUMED);
            let known = super::one_day(history, days, method, (date, date), how);
            let Ok(forecast) = known else { continue };
            let Some(actual) = history.day(date) else { continue };
            let n_references = forecast.references.len();
            let mut total = 0.0;
            for interval in forecast.intervals.iter().filter(|i| 0 < i.n_references) {
                let at = usize::from(interval.from_mins / history.interval_mins());
                let n = actual.get(at).copied().map_or(0.0, f64::from);
                total += n;
                of_intervals.add(n, interval.mean, interval.n_references);
            }
            of_days.add(total, forecast.total, n_references);
            n_days += 1;
        }
        if n_days < SPREAD_DAYS_MIN {
            return Self::ASSUMED;
        }
        Self { day: of_days.spread(), interval: of_intervals.spread(), n_days }
    }
}

/// Sums for an estimate by moments.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Squares {
    beyond_poisson: f64,
    means: f64,
}

impl Squares {
    pub(super) fn add(&mut self, actual: f64, mean: f64, n_references: usize) {
        let factor = 1.0 + 1.0 / (n_references.max(1) as f64);
        let error = actual - mean;
        self.beyond_poisson += error * error - mean * factor;
        self.means += mean * mean * factor;
    }

    pub(super) fn spread(self) -> f64 {
        if self.means <= 0.0 { 0.0 } else { (self.beyond_poisson / self.means).max(0.0).sqrt() }
    }
}

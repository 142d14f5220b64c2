//! Another way to forecast: the seasons of a day and of a week are taken apart, and what is left of
//! the days is smoothed. Read [`forecast`] first.
//!
//! The last weeks make one series: every day of the weekdays that the service opens on, each with
//! every interval in which it is ever open. Closed days, days that were not ordinary and hours that
//! were closed are filled with the mean of the same weekday, so that all weeks have one length. The
//! library `augurs` takes the seasons apart by local regression (MSTL, 32-bit floats, no elementary
//! function: the same bits on every machine). The level of a day is what it has besides seasons;
//! exponential smoothing of the levels is the level to come.

use std::collections::BTreeSet;

use augurs_core::Fit as _;
use augurs_mstl::MSTLModel;
use jiff::civil::Date;

use super::band::{Band, Spread};
use super::references::ordinary;
use super::{DayForecast, Days, ForecastError, History, IntervalForecast, Method};

/// Weeks that the model looks back at most.
const WEEKS_MAX: i32 = 10;
/// Weeks that it needs: a season is seen when it comes again.
const WEEKS_MIN: i32 = 2;
/// Bands are those of a method that stands on at most so many days.
const BAND_DAYS_MAX: usize = 4;
/// Weights of the newest day that are tried, in twentieths.
const WEIGHTS: std::ops::RangeInclusive<u8> = 1..=20;

/// Forecasts days; the model is fitted once, and only if one of them is open.
pub(super) fn forecast(
    history: &History,
    days: &Days<'_>,
    wanted: &[Date],
    how: (f64, Spread),
) -> Result<Vec<DayForecast>, ForecastError> {
    let mut fitted = None;
    let one = |&date: &Date| {
        let Some(like) = days.like(date) else {
            return Ok(DayForecast::closed(date, Method::Seasonal));
        };
        let model = match &fitted {
            Some(model) => model,
            None => fitted.insert(Model::fit(history, days)?),
        };
        model.day(history, days, (date, like), how)
    };
    wanted.iter().map(one).collect()
}

/// What the last weeks say of the days to come.
struct Model {
    grid: Grid,
    /// Calls of an interval besides seasons.
    level: f64,
    /// What the seasons add, like [`Grid::usual`].
    seasons: Vec<f64>,
}

/// The days and intervals of the series.
struct Grid {
    /// Days of whole weeks, oldest first, of the weekdays below.
    dates: Vec<Date>,
    /// Those that were open and ordinary.
    ordinary: BTreeSet<Date>,
    /// The weekdays that have such days, Monday 0, in the order of the series' weeks.
    weekdays: Vec<i8>,
    /// Intervals that were ever open.
    places: Vec<usize>,
    /// What was usual, by weekday and place.
    usual: Vec<Usual>,
}

/// The mean of some counts, and how many they are.
#[derive(Clone, Copy, Default)]
struct Usual {
    mean: f64,
    n: usize,
}

impl Model {
    fn fit(history: &History, days: &Days<'_>) -> Result<Self, ForecastError> {
        let grid = Grid::new(history, days)?;
        let (a_day, a_week) = (grid.places.len(), grid.usual.len());
        let mut periods = vec![a_day, a_week];
        periods.dedup();
        periods.retain(|period| 1 < *period);
        let failed = |problem: augurs_mstl::Error| ForecastError::Model(problem.to_string());
        let model = MSTLModel::naive(periods.clone());
        let model = model.fit(&grid.values(history, days)).map_err(failed)?;
        let parts = model.fit();
        let mut seasons = vec![0.0; a_week];
        for (period, component) in periods.iter().zip(parts.seasonal()) {
            let last = component.get(component.len() - period..).unwrap_or_default();
            let cycle = last.iter().cycle();
            seasons.iter_mut().zip(cycle).for_each(|(sum, part)| *sum += f64::from(*part));
        }
        let rest = parts.trend().iter().zip(parts.remainder());
        let rest: Vec<f64> = rest.map(|(a, b)| f64::from(*a) + f64::from(*b)).collect();
        let levels = rest.chunks(a_day).map(|day| day.iter().sum::<f64>() / a_day as f64);
        let level = smoothed(&levels.collect::<Vec<f64>>(), grid.weekdays.len());
        Ok(Self { grid, level, seasons })
    }

    fn day(
        &self,
        history: &History,
        days: &Days<'_>,
        (date, like): (Date, i8),
        (level, spread): (f64, Spread),
    ) -> Result<DayForecast, ForecastError> {
        let grid = &self.grid;
        let Some(weekday) = grid.weekdays.iter().position(|weekday| *weekday == like) else {
            return Err(ForecastError::NoReference { date, origin: history.until() });
        };
        let open = days.open(date, history).into_iter().enumerate().filter(|(_, open)| *open);
        let interval = |(at, _)| {
            let place = grid.places.binary_search(&at).ok();
            let place = place.map(|place| weekday * grid.places.len() + place);
            let n_references = place.and_then(|at| grid.usual.get(at)).map_or(0, |usual| usual.n);
            let season = place.and_then(|at| self.seasons.get(at)).copied().unwrap_or(0.0);
            let mean = if n_references == 0 { 0.0 } else { (self.level + season).max(0.0) };
            let from_mins = u16::try_from(at).unwrap_or(0) * history.interval_mins();
            let band = Band::new(mean, spread.interval, n_references.min(BAND_DAYS_MAX), level);
            IntervalForecast { from_mins, mean, band, n_references }
        };
        let intervals: Vec<IntervalForecast> = open.map(interval).collect();
        let total = intervals.iter().map(|interval| interval.mean).sum();
        let references: Vec<Date> = grid.ordinary.iter().rev().copied().collect();
        let left_out =
            grid.dates.iter().filter(|date| ordinary(history, days, **date) == Some(false));
        Ok(DayForecast {
            date,
            intervals,
            total,
            band: Band::new(total, spread.day, references.len().min(BAND_DAYS_MAX), level),
            left_out: left_out.rev().copied().collect(),
            references,
            method: Method::Seasonal,
        })
    }
}

impl Grid {
    fn new(history: &History, days: &Days<'_>) -> Result<Self, ForecastError> {
        let (mut known, too_short) = (history.dates(), |n| Err(ForecastError::TooShort(n)));
        let Some(first) = known.next() else { return too_short(0) };
        let last = known.next_back().unwrap_or(first);
        let n_days = first.until(last).map_or(0, |span| span.get_days()) + 1;
        let weeks = (n_days / 7).min(WEEKS_MAX);
        if weeks < WEEKS_MIN {
            return too_short(usize::try_from(n_days).unwrap_or(0));
        }
        let before = jiff::Span::new().days(7 * weeks - 1);
        let start = last.checked_sub(before).unwrap_or(first);
        let mut dates: Vec<Date> =
            start.series(jiff::Span::new().days(1)).take_while(|date| *date <= last).collect();
        let is_ordinary = |date: &&Date| ordinary(history, days, **date) == Some(true);
        let ordinary: BTreeSet<Date> = dates.iter().filter(is_ordinary).copied().collect();
        let weekday = |date: &Date| date.weekday().to_monday_zero_offset();
        let open: BTreeSet<i8> = ordinary.iter().map(weekday).collect();
        dates.retain(|date| open.contains(&weekday(date)));
        let weekdays: Vec<i8> = dates.iter().take(open.len()).map(weekday).collect();
        let mut places = BTreeSet::new();
        for date in &ordinary {
            let open = days.open(*date, history).into_iter().enumerate();
            places.extend(open.filter(|(_, open)| *open).map(|(at, _)| at));
        }
        if places.is_empty() {
            return too_short(0);
        }
        let places: Vec<usize> = places.into_iter().collect();
        let mut grid = Self { dates, ordinary, weekdays, places, usual: Vec::new() };
        grid.usual = grid.usual(history, days);
        Ok(grid)
    }

    /// The means of each weekday's ordinary days, hour by hour.
    fn usual(&self, history: &History, days: &Days<'_>) -> Vec<Usual> {
        let mut usual = vec![Usual::default(); self.weekdays.len() * self.places.len()];
        for (at, date) in self.dates.iter().enumerate() {
            let from = at % self.weekdays.len() * self.places.len();
            let counts = self.counts(history, days, *date);
            for (sum, count) in usual.iter_mut().skip(from).zip(counts) {
                if let Some(count) = count {
                    sum.mean += count;
                    sum.n += 1;
                }
            }
        }
        for sum in &mut usual {
            sum.mean /= sum.n.max(1) as f64;
        }
        usual
    }

    /// What came on a day, where it was ordinary and the service was open.
    fn counts(&self, history: &History, days: &Days<'_>, date: Date) -> Vec<Option<f64>> {
        let open = days.open(date, history);
        let counts = history.day(date).filter(|_| self.ordinary.contains(&date));
        let count = |at: &usize| {
            let is_open = open.get(*at).copied().unwrap_or(false);
            counts.filter(|_| is_open)?.get(*at).map(|n| f64::from(*n))
        };
        self.places.iter().map(count).collect()
    }

    /// The whole series: what came, or what would have been usual.
    fn values(&self, history: &History, days: &Days<'_>) -> Vec<f64> {
        let usual = self.usual.chunks(self.places.len()).cycle();
        let day = |(date, usual): (&Date, &[Usual])| -> Vec<f64> {
            let counts = self.counts(history, days, *date);
            counts.iter().zip(usual).map(|(count, usual)| count.unwrap_or(usual.mean)).collect()
        };
        self.dates.iter().zip(usual).flat_map(day).collect()
    }
}

/// The level after the last of some, by that weight of the newest which would have forecast each of
/// them best from those before it. The first week is where it starts from.
fn smoothed(levels: &[f64], a_week: usize) -> f64 {
    let (begin, rest) = levels.split_at(a_week.min(levels.len()));
    let start = begin.iter().sum::<f64>() / begin.len().max(1) as f64;
    let with = |weight: u8| {
        let weight = f64::from(weight) / 20.0;
        let (mut level, mut squares) = (start, 0.0);
        for next in rest {
            let error = next - level;
            squares += error * error;
            level += weight * error;
        }
        (squares, level)
    };
    let best = WEIGHTS.map(with).min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or(start, |(_, level)| level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_wanders_is_followed_and_one_that_jumps_about_is_not() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        // All on the newest: each step is kept.
        close(smoothed(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 1), 6.0);
        // Up and down around 10: as little as may be on the newest.
        let around: Vec<f64> = (0..40).map(|n| if n % 2 == 0 { 9.0 } else { 11.0 }).collect();
        assert!((smoothed(&around, 2) - 10.0).abs() < 0.1);
        close(smoothed(&[7.0], 5), 7.0);
    }
}

//! How many calls will come. Read [`forecast`] first.
//!
//! The forecast of a day is the mean of the last four days of the same weekday, interval by
//! interval: on recorded centres hardly anything beats it beyond two or three days ahead, and
//! anybody can check it with a pencil. Days that were not ordinary (holidays, outages, days without
//! data) are never among the four; if one of them would have been, the median of the last six is
//! taken instead, because where one day is known to be odd others may be without our knowing.
//!
//! A day has one busyness for all its calls, so counts vary more than Poisson's: [`band`] says
//! how much; [`backtest`](mod@backtest) says how wrong the method was on the same
//! service's past, beside what nobody could have known ([`band::floor`]); [`today`] corrects the
//! rest of a day that has begun.
//!
//! Intervals are those of the wall clock. Where a clock change makes an hour twice, its calls are
//! counted in the one interval that both show.

pub mod backtest;
pub mod band;
mod references;
mod seasonal;
pub mod today;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use soglia_domain::calendar::{ServiceCalendar, Slot};

use self::band::{Band, Spread};

pub use self::references::AGE_WEEKS_MAX;

const MINUTES_A_DAY: u16 = 24 * 60;

/// Calls that came, by civil day and interval of the wall clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct History {
    interval_mins: u16,
    days: BTreeMap<Date, Vec<u32>>,
}

/// What cannot be forecast, or not from this.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ForecastError {
    /// An interval that does not divide the day.
    #[error(
        "an interval must divide the day into equal parts of whole minutes, found `{0}` minutes"
    )]
    Interval(u16),
    /// No day of the past is like the one asked for.
    #[error("there is no day{} from which `{date}` could be forecast", before(*.origin))]
    NoReference {
        /// The day asked for.
        date: Date,
        /// The first day that is not known; nothing where no day is.
        origin: Option<Date>,
    },
    /// The seasonal model needs more days.
    #[error("the seasonal model needs two whole weeks of data, found `{0}` days")]
    TooShort(usize),
    /// The seasonal model gave up.
    #[error("the seasonal model could not be fitted: {0}")]
    Model(String),
}

fn before(origin: Option<Date>) -> String {
    origin.map_or_else(
        || " with calls before the present".to_owned(),
        |origin| format!(" before `{origin}`"),
    )
}

impl ForecastError {
    /// Says what to do.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Interval(_) => "take 15, 30 or 60 minutes",
            Self::NoReference { .. } => {
                "import earlier weeks, or ask for days on which the service is open as before"
            }
            Self::TooShort(_) => "import earlier weeks, or take the mean of the same weekdays",
            Self::Model(_) => "take the mean of the same weekdays",
        }
    }
}

impl History {
    /// Begins a history with intervals of so many minutes.
    pub fn new(interval_mins: u16) -> Result<Self, ForecastError> {
        if interval_mins == 0 || !MINUTES_A_DAY.is_multiple_of(interval_mins) {
            return Err(ForecastError::Interval(interval_mins));
        }
        Ok(Self { interval_mins, days: BTreeMap::new() })
    }

    /// Returns the length of an interval in minutes.
    pub const fn interval_mins(&self) -> u16 {
        self.interval_mins
    }

    /// Returns how many intervals a day has.
    pub fn intervals(&self) -> usize {
        usize::from(MINUTES_A_DAY / self.interval_mins)
    }

    /// Adds calls to the interval that holds a minute of a day; minutes beyond the day count in its
    /// last interval.
    pub fn add(&mut self, date: Date, minute: u16, n: u32) {
        let n_intervals = self.intervals();
        let at = usize::from(minute / self.interval_mins).min(n_intervals - 1);
        let day = self.days.entry(date).or_insert_with(|| vec![0; n_intervals]);
        if let Some(count) = day.get_mut(at) {
            *count = count.saturating_add(n);
        }
    }

    /// Returns the counts of a day, if it is known.
    pub fn day(&self, date: Date) -> Option<&[u32]> {
        self.days.get(&date).map(Vec::as_slice)
    }

    /// Returns the known days, in order.
    pub fn dates(&self) -> impl DoubleEndedIterator<Item = Date> + '_ {
        self.days.keys().copied()
    }

    /// Returns the first day after the last known one.
    pub fn until(&self) -> Option<Date> {
        self.days.keys().next_back().and_then(|date| date.tomorrow().ok())
    }

    /// Returns what was known before a day.
    #[must_use]
    pub fn before(&self, date: Date) -> Self {
        let days = self.days.range(..date).map(|(date, day)| (*date, day.clone())).collect();
        Self { interval_mins: self.interval_mins, days }
    }
}

/// Which days are ordinary.
#[derive(Clone, Debug)]
pub struct Days<'a> {
    /// When the service is open.
    pub calendar: &'a ServiceCalendar,
    /// Days that are not like others of their weekday although the service is open: holidays it
    /// stays open on, outages, strikes.
    pub special: BTreeSet<Date>,
}

impl Days<'_> {
    /// The weekday, Monday 0, whose days a day is like: a special day is like a Sunday if the
    /// service is open on Sundays; nothing if it is closed.
    pub(crate) fn like(&self, date: Date) -> Option<i8> {
        if self.calendar.slots_on(date).is_empty() {
            return None;
        }
        if self.special.contains(&date) && self.opens_on_sundays(date) {
            return Some(6);
        }
        Some(date.weekday().to_monday_zero_offset())
    }

    fn opens_on_sundays(&self, near: Date) -> bool {
        let to_sunday = 6 - near.weekday().to_monday_zero_offset();
        let sunday = near.checked_add(jiff::Span::new().days(i64::from(to_sunday)));
        sunday.is_ok_and(|sunday| !self.calendar.slots_on(sunday).is_empty())
    }

    /// Whether the service is open in some minute of an interval.
    fn open_at(&self, date: Date, history: &History, at: usize) -> bool {
        let length = history.interval_mins;
        let Ok(at) = u16::try_from(at) else { return false };
        let from = at * length;
        let meets = |slot: &Slot| slot.open() < from + length && from < slot.close();
        self.calendar.slots_on(date).iter().any(meets)
    }

    /// Whether the service is open in some minute of each interval.
    fn open(&self, date: Date, history: &History) -> Vec<bool> {
        (0..history.intervals()).map(|at| self.open_at(date, history, at)).collect()
    }
}

/// How counts of the past become a forecast.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Method {
    /// The mean of the last four days of the same weekday; the median of the last six if one of the
    /// last four was not ordinary.
    Usual,
    /// Always the mean of the last four.
    MeanOfFour,
    /// Always the median of the last six.
    MedianOfSix,
    /// What came a week before.
    LastWeek,
    /// Seasons of a day and of a week by local regression, and exponential smoothing of the days'
    /// levels.
    Seasonal,
}

impl Method {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::Usual, Self::MeanOfFour, Self::MedianOfSix, Self::LastWeek, Self::Seasonal];

    /// Returns the name used in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::MeanOfFour => "mean-of-4",
            Self::MedianOfSix => "median-of-6",
            Self::LastWeek => "last-week",
            Self::Seasonal => "seasonal",
        }
    }

    /// Finds the method with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| method.name() == name)
    }
}

/// What is expected of an interval.
#[derive(Clone, PartialEq, Debug)]
pub struct IntervalForecast {
    /// Minutes from midnight.
    pub from_mins: u16,
    /// Calls.
    pub mean: f64,
    /// Within which the count will be.
    pub band: Band,
    /// How many days of the past it stands on; 0 where the service was never open before.
    pub n_references: usize,
}

/// What is expected of a day.
#[derive(Clone, PartialEq, Debug)]
pub struct DayForecast {
    /// The day.
    pub date: Date,
    /// Its intervals in opening hours; none on a closed day.
    pub intervals: Vec<IntervalForecast>,
    /// Calls of the whole day.
    pub total: f64,
    /// Within which the day's count will be.
    pub band: Band,
    /// The days of the past it stands on, newest first.
    pub references: Vec<Date>,
    /// How it was made: [`Method::Usual`] never, but what it chose.
    pub method: Method,
    /// Days that would have been references had they been ordinary.
    pub left_out: Vec<Date>,
}

/// Forecasts days by what was known before `origin`: `days` from `first` on, closed ones included.
///
/// `level` is the share of counts that the bands are to hold, e.g. 0.9. The spread of days is
/// estimated on the same history ([`Spread::estimate`]); where that is too short the usual 8 % is
/// assumed and said so.
pub fn forecast(
    history: &History,
    days: &Days<'_>,
    method: Method,
    wanted: &[Date],
    level: f64,
) -> Result<Vec<DayForecast>, ForecastError> {
    let spread = Spread::estimate(history, days, method);
    forecast_with(history, days, method, wanted, (level, spread))
}

/// The same with a spread that is known.
pub fn forecast_with(
    history: &History,
    days: &Days<'_>,
    method: Method,
    wanted: &[Date],
    (level, spread): (f64, Spread),
) -> Result<Vec<DayForecast>, ForecastError> {
    if method == Method::Seasonal {
        return seasonal::forecast(history, days, wanted, (level, spread));
    }
    let until = history.until().unwrap_or(Date::MIN);
    let one = |&date: &Date| one_day(history, days, method, (date, until), (level, spread));
    wanted.iter().map(one).collect()
}

/// Forecasts a day by what was known before another.
fn one_day(
    history: &History,
    days: &Days<'_>,
    method: Method,
    (date, until): (Date, Date),
    (level, spread): (f64, Spread),
) -> Result<DayForecast, ForecastError> {
    let Some(like) = days.like(date) else {
        return Ok(DayForecast::closed(date, method));
    };
    let found = references::find(history, days, method, (date, until), like);
    if found.dates.is_empty() {
        return Err(ForecastError::NoReference { date, origin: history.until() });
    }
    let open = days.open(date, history);
    let intervals = open.iter().enumerate().filter(|(_, open)| **open).map(|(at, _)| {
        let counts = found.counts(history, days, at);
        let mean = found.value(&counts);
        let n_references = counts.len();
        let from_mins = u16::try_from(at).unwrap_or(0) * history.interval_mins;
        let band = Band::new(mean, spread.interval, n_references, level);
        IntervalForecast { from_mins, mean, band, n_references }
    });
    let intervals: Vec<IntervalForecast> = intervals.collect();
    Ok(DayForecast::of(date, intervals, found, (level, spread)))
}

impl DayForecast {
    fn closed(date: Date, method: Method) -> Self {
        let band = Band { low: 0, high: 0 };
        let (intervals, references, left_out) = (Vec::new(), Vec::new(), Vec::new());
        Self { date, intervals, total: 0.0, band, references, method, left_out }
    }

    fn of(
        date: Date,
        intervals: Vec<IntervalForecast>,
        found: references::References,
        (level, spread): (f64, Spread),
    ) -> Self {
        let total = intervals.iter().map(|interval| interval.mean).sum();
        let band = Band::new(total, spread.day, found.dates.len(), level);
        let references::References { dates, method, left_out } = found;
        Self { date, intervals, total, band, references: dates, method, left_out }
    }

    /// Returns the minutes from midnight of the intervals in which the service was never open
    /// before: nothing is known of them.
    pub fn unknown(&self) -> impl Iterator<Item = u16> + '_ {
        self.intervals.iter().filter(|i| i.n_references == 0).map(|i| i.from_mins)
    }
}

//! Which days of the past a forecast stands on. Read [`find`] first.

use jiff::civil::Date;

use super::{Days, History, Method};

/// Days older than this many weeks say nothing about today.
pub const AGE_WEEKS_MAX: i32 = 26;

/// How many days the mean takes.
const MEAN_DAYS: usize = 4;
/// How many days the median takes.
const MEDIAN_DAYS: usize = 6;

/// The days found, and what is done with their counts.
#[derive(Clone, Debug)]
pub(super) struct References {
    /// Newest first.
    pub(super) dates: Vec<Date>,
    /// Never [`Method::Usual`].
    pub(super) method: Method,
    /// Days of the weekday that were not ordinary.
    pub(super) left_out: Vec<Date>,
}

/// Finds the last ordinary days before `until` that are like `date`, a weekday `like` (Monday 0).
pub(super) fn find(
    history: &History,
    days: &Days<'_>,
    method: Method,
    (date, until): (Date, Date),
    like: i8,
) -> References {
    let (mut dates, mut left_out) = (Vec::new(), Vec::new());
    let Some(last) = history.days.range(..until).next_back().map(|(date, _)| *date) else {
        return References { dates, method, left_out };
    };
    let back = (last.weekday().to_monday_zero_offset() - like).rem_euclid(7);
    let mut day = last.checked_sub(jiff::Span::new().days(i64::from(back)));
    for _ in 0..AGE_WEEKS_MAX {
        let Ok(candidate) = day else { break };
        // A day that is being forecast again, in hindsight, does not stand on itself.
        if candidate < date {
            match ordinary(history, days, candidate) {
                Some(true) => dates.push(candidate),
                Some(false) if dates.len() < MEAN_DAYS => left_out.push(candidate),
                Some(false) | None => {}
            }
        }
        if MEDIAN_DAYS <= dates.len() {
            break;
        }
        day = candidate.checked_sub(jiff::Span::new().days(7));
    }
    let method = match method {
        Method::Usual if left_out.is_empty() => Method::MeanOfFour,
        Method::Usual => Method::MedianOfSix,
        other => other,
    };
    dates.truncate(match method {
        Method::MedianOfSix => MEDIAN_DAYS,
        Method::LastWeek => 1,
        _ => MEAN_DAYS,
    });
    References { dates, method, left_out }
}

/// Whether an open day was ordinary and has data; nothing for a closed day or one before all data.
pub(super) fn ordinary(history: &History, days: &Days<'_>, date: Date) -> Option<bool> {
    if days.calendar.slots_on(date).is_empty() || history.dates().next().is_none_or(|d| date < d) {
        return None;
    }
    let has_calls = history.day(date).is_some_and(|day| day.iter().any(|n| 0 < *n));
    Some(has_calls && !days.special.contains(&date))
}

impl References {
    /// The counts of an interval on the days on which the service was open then.
    pub(super) fn counts(&self, history: &History, days: &Days<'_>, at: usize) -> Vec<u32> {
        let count = |date: &Date| {
            let is_open = days.open_at(*date, history, at);
            is_open.then(|| history.day(*date)?.get(at).copied()).flatten()
        };
        self.dates.iter().filter_map(count).collect()
    }

    /// Their mean or median; 0 without any.
    pub(super) fn value(&self, counts: &[u32]) -> f64 {
        if counts.is_empty() {
            return 0.0;
        }
        if self.method == Method::MedianOfSix {
            return median(counts);
        }
        let sum: f64 = counts.iter().map(|&n| f64::from(n)).sum();
        sum / counts.len() as f64
    }
}

fn median(counts: &[u32]) -> f64 {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let n = sorted.len();
    let at = |index: usize| sorted.get(index).copied().map_or(0.0, f64::from);
    f64::midpoint(at((n - 1) / 2), at(n / 2))
}

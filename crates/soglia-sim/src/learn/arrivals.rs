//! How many calls come when, for weeks that have not been yet. Read [`Arrivals::of`] first.
//!
//! Only original demand is counted: redials come about in the simulation. Callers who are not known
//! redial as others do, and nobody sees it: so many of their calls as must be redials do not count
//! either, else the simulation would have them twice. A weekday's volume is the mean of its last
//! days; how it spreads over the quarter-hours and the types, the mean of all.

use std::collections::BTreeMap;

use super::history::{DAY_US, History, HistoryEnd, QUARTER_US, QUARTERS};
use super::redial::Demand as Again;
use crate::table::Demand;

/// Same weekdays whose mean is a day's volume.
pub const DAYS_FOR_VOLUME: usize = 4;

/// Arrivals of a typical week.
#[derive(Clone, PartialEq, Debug)]
pub struct Arrivals {
    /// For each type, for each quarter-hour of the week from Monday: mean number of calls.
    pub calls: Vec<Vec<f64>>,
    /// Spread of days around their weekday's mean beyond chance: the standard deviation of a day's
    /// factor.
    pub day_spread: f64,
    /// Days learned from.
    pub n_days: usize,
    /// Days left out: open by the calendar and next to empty, or closed.
    pub n_days_left_out: usize,
}

/// Returns the weekday of a local day, 0 for Monday.
pub fn weekday(day: i64) -> usize {
    // 1970-01-01 was a Thursday.
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// Returns the Monday of a local day's week.
pub fn monday(day: i64) -> i64 {
    day - (day + 3).rem_euclid(7)
}

impl Arrivals {
    /// Learns from the history's days; `open` says whether the service was open on a day.
    pub fn of(history: &History, open: impl Fn(i64) -> bool) -> Self {
        let mut days: BTreeMap<i64, u32> = BTreeMap::new();
        for call in originals(history) {
            *days.entry(call.day()).or_default() += 1;
        }
        let left_out = left_out(&days, open);
        let mut volumes: Vec<Vec<u32>> = vec![Vec::new(); 7];
        for (day, n) in days.iter().filter(|(day, _)| !left_out.contains(day)) {
            if let Some(volumes) = volumes.get_mut(weekday(*day)) {
                volumes.push(*n);
            }
        }
        let n_types = history.types.len();
        let mut shape = vec![vec![0.0; 7 * QUARTERS]; n_types];
        for call in originals(history).filter(|call| !left_out.contains(&call.day())) {
            let quarter = usize::try_from(call.at_us.rem_euclid(DAY_US) / QUARTER_US).unwrap_or(0);
            let at = weekday(call.day()) * QUARTERS + quarter;
            if let Some(count) = shape.get_mut(call.kind).and_then(|shape| shape.get_mut(at)) {
                *count += 1.0;
            }
        }
        for (weekday, volumes) in volumes.iter().enumerate() {
            let last = volumes.iter().rev().take(DAYS_FOR_VOLUME);
            let n = last.clone().count().max(1) as f64;
            let recent = f64::from(last.sum::<u32>()) / n;
            let all: u32 = volumes.iter().sum();
            let scale = if all == 0 { 0.0 } else { recent / f64::from(all) };
            for shape in &mut shape {
                let from = weekday * QUARTERS;
                shape.iter_mut().skip(from).take(QUARTERS).for_each(|count| *count *= scale);
            }
        }
        for (shape, share) in shape.iter_mut().zip(seen_as_original(history)) {
            for count in shape {
                *count *= 1.0 - share;
            }
        }
        Self {
            calls: shape,
            day_spread: day_spread(&volumes),
            n_days: days.len() - left_out.len(),
            n_days_left_out: left_out.len(),
        }
    }

    /// Returns the demand of a week for the simulator, with the day's own factor.
    pub fn demand(&self) -> Demand {
        Demand {
            interval_us: QUARTER_US,
            calls: self.calls.clone(),
            day_us: DAY_US,
            day_spread: self.day_spread,
        }
    }

    /// Returns the mean number of calls in a week.
    pub fn per_week(&self) -> f64 {
        self.calls.iter().flatten().sum()
    }
}

fn originals(history: &History) -> impl Iterator<Item = &super::history::Seen> {
    history.calls.iter().filter(|call| call.demand == Again::Original && call.queued())
}

/// For each type, the share of its original calls that are redials of callers who are not known:
/// as many of their unserved calls were tried again as of those of known callers.
fn seen_as_original(history: &History) -> Vec<f64> {
    let mut hidden = vec![0_u32; history.types.len()];
    let mut original = hidden.clone();
    let (mut followed, mut again) = (0_u32, 0_u32);
    for call in history.calls.iter().filter(|call| call.queued()) {
        let add = |counts: &mut Vec<u32>| {
            if let Some(count) = counts.get_mut(call.kind) {
                *count += 1;
            }
        };
        if call.demand == Again::Original {
            add(&mut original);
        } else {
            again += 1;
        }
        if call.followed {
            followed += 1;
        } else if matches!(
            call.end,
            HistoryEnd::Abandoned | HistoryEnd::Released | HistoryEnd::Refused
        ) {
            add(&mut hidden);
        }
    }
    let rate = f64::from(again) / f64::from(followed.max(1));
    let share = |(hidden, original): (&u32, &u32)| {
        (rate * f64::from(*hidden) / f64::from(*original).max(1.0)).min(1.0)
    };
    hidden.iter().zip(&original).map(share).collect()
}

/// Days that say nothing about others: closed, or with less than a quarter of their weekday's
/// median.
fn left_out(
    days: &BTreeMap<i64, u32>,
    open: impl Fn(i64) -> bool,
) -> std::collections::BTreeSet<i64> {
    let mut by_weekday: Vec<Vec<u32>> = vec![Vec::new(); 7];
    for (day, n) in days {
        if let Some(counts) = by_weekday.get_mut(weekday(*day)) {
            counts.push(*n);
        }
    }
    for counts in &mut by_weekday {
        counts.sort_unstable();
    }
    let median = |day: i64| {
        let counts = by_weekday.get(weekday(day)).map_or(&[][..], Vec::as_slice);
        counts.get(counts.len() / 2).copied().unwrap_or(0)
    };
    days.iter()
        .filter(|(day, n)| !open(**day) || **n * 4 < median(**day))
        .map(|(day, _)| *day)
        .collect()
}

/// The spread of consecutive same weekdays around each other, less what chance alone gives.
fn day_spread(volumes: &[Vec<u32>]) -> f64 {
    let (mut sum, mut n) = (0.0, 0_u32);
    for volumes in volumes {
        for pair in volumes.windows(2) {
            let [one, other] = pair else { continue };
            let (one, other) = (f64::from(*one), f64::from(*other));
            let mean = f64::midpoint(one, other);
            if 0.0 < mean {
                // Half the squared difference estimates one day's variance, trend apart.
                sum += (one - other) * (one - other) / 2.0 / (mean * mean) - 1.0 / mean;
                n += 1;
            }
        }
    }
    if n == 0 { 0.0 } else { (sum / f64::from(n)).max(0.0).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::history::HistoryCall;

    #[test]
    fn the_last_four_same_weekdays_give_the_volume_and_closed_days_none() {
        let mut calls = Vec::new();
        // Six Mondays with 100, 100, 200, 200, 200, 200 calls at 9, the last but one closed.
        for (week, n) in (0..6).zip([100, 100, 200, 200, 200, 240]) {
            for i in 0..n {
                calls.push(HistoryCall {
                    at_us: (4 + 7 * week) * DAY_US + 9 * 3_600_000_000 + i,
                    queue: Some("q".to_owned()),
                    topic: None,
                    class: None,
                    system: None,
                    group: None,
                    caller: None,
                    wait_us: 0,
                    rang_us: 0,
                    end: HistoryEnd::Abandoned,
                });
            }
        }
        let history = History::new(&calls, 1).expect("calls");
        let found = Arrivals::of(&history, |day| day != 4 + 28);
        assert_eq!((found.n_days, found.n_days_left_out), (5, 1));
        assert!((found.calls[0][36] - 185.0).abs() < 1e-9, "{}", found.calls[0][36]);
        assert!((found.per_week() - 185.0).abs() < 1e-9);
        assert!(0.1 < found.day_spread && found.day_spread < 0.4, "{}", found.day_spread);
        assert_eq!((weekday(4), monday(9), monday(4), weekday(-1)), (0, 4, 4, 2));
    }

    /// Of a hundred callers who gave up half tried again and were answered; of a hundred others as
    /// many, whom nobody could recognise.
    #[test]
    fn redials_of_unknown_callers_are_not_demand_of_their_own() {
        let call = |n: i64, minute: i64, caller: Option<String>, end| HistoryCall {
            at_us: 4 * DAY_US + 9 * 3_600_000_000 + minute * 60_000_000 + n,
            queue: Some("q".to_owned()),
            topic: None,
            class: None,
            system: None,
            group: None,
            caller,
            wait_us: 1_000_000,
            rang_us: 0,
            end,
        };
        let answered = HistoryEnd::Answered { talk_us: 1_000_000, wrap_us: None };
        let name = |n: i64| Some(format!("c{n}"));
        let mut calls = Vec::new();
        for n in 0..100 {
            calls.push(call(n, 0, name(n), HistoryEnd::Abandoned));
            calls.push(call(n, 0, None, HistoryEnd::Abandoned));
        }
        for n in 0..50 {
            calls.push(call(n, 5, name(n), answered));
            calls.push(call(n, 5, None, answered));
        }
        let history = History::new(&calls, 3_600_000_000).expect("calls");
        let found = Arrivals::of(&history, |_| true);
        assert!((found.per_week() - 200.0).abs() < 1e-9, "{}", found.per_week());
        // If everybody is known, nothing is taken off.
        let known: Vec<HistoryCall> = calls.into_iter().filter(|c| c.caller.is_some()).collect();
        let found = Arrivals::of(&History::new(&known, 3_600_000_000).expect("calls"), |_| true);
        assert!((found.per_week() - 100.0).abs() < 1e-9, "{}", found.per_week());
    }
}

//! What a running period still needs. Read [`outlook`] first, then [`likely`].
//!
//! The first is arithmetic on whole numbers and has no model in it: of the calls that are still to
//! come, so many may go wrong. The second says how likely that is if the days that are left go like
//! the last ones of the same weekday.

use std::collections::BTreeMap;

use jiff::civil::Date;
use soglia_domain::ratio::Ratio;
use soglia_domain::verdict::{Bound, Compare, Target, TargetDirection, Verdict};

use crate::forecast::Days;
use crate::random::Key;

/// What met a rule, and what was counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Counts {
    /// The numerator: calls in time, or calls lost.
    pub met: u64,
    /// The denominator.
    pub counted: u64,
}

impl Counts {
    /// Adds other counts.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { met: self.met + other.met, counted: self.counted + other.counted }
    }
}

/// A target, and what is compared with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Goal {
    /// The target.
    pub target: Target,
    /// The exact integers, or the rounded value.
    pub compare: Compare,
}

/// Whether a target can still be met, if so many more items will be counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outlook {
    /// Whatever happens to them.
    Certain,
    /// If at most so many of them go wrong, and only then.
    Possible {
        /// How many may go wrong: late or lost.
        wrong_max: u64,
    },
    /// Not even if all of them go well.
    Impossible {
        /// With how many more it would become possible, all of them going well; nothing if no
        /// number would do.
        enough: Option<u64>,
    },
    /// Nothing was counted and nothing will be.
    Empty,
}

/// The most items that are looked ahead.
const ITEMS_MAX: u64 = 1 << 40;

impl Goal {
    /// Takes a target about a share; nothing for one about a duration.
    pub fn new(target: Target, compare: Compare) -> Option<Self> {
        matches!(target.bound, Bound::Share(_)).then_some(Self { target, compare })
    }

    /// Judges counts; nothing if nothing was counted.
    pub fn is_met(&self, counts: Counts) -> Option<bool> {
        let value = Ratio::new(counts.met, counts.counted)?;
        Some(self.target.judge(value, self.compare) == Verdict::Ok)
    }

    /// The counts at the end, if of `rest` more items so many go wrong.
    const fn at_end(&self, so_far: Counts, rest: u64, wrong: u64) -> Counts {
        let met = match self.target.direction {
            TargetDirection::AtLeast => rest - wrong,
            TargetDirection::AtMost => wrong,
        };
        Counts { met: so_far.met + met, counted: so_far.counted + rest }
    }
}

/// Says whether a target can still be met if `rest` more items will be counted, and how many of
/// them may go wrong: exact, whatever the target's bound and rounding.
///
/// ```
/// use soglia_domain::ratio::Ratio;
/// use soglia_domain::verdict::{Bound, Compare, Target, TargetDirection};
/// use soglia_sim::projection::{Counts, Goal, Outlook, outlook};
/// let target = Target {
///     direction: TargetDirection::AtLeast,
///     inclusive: true,
///     bound: Bound::Share(Ratio::new(95, 100).expect("a share")),
/// };
/// let goal = Goal::new(target, Compare::Exact).expect("a share");
/// // 9 000 of 10 000 so far: of the next 12 000 at most 100 may be late.
/// let so_far = Counts { met: 9_000, counted: 10_000 };
/// assert_eq!(outlook(&goal, so_far, 12_000), Outlook::Possible { wrong_max: 100 });
/// // With 9 000 more it is too late, even if all are in time: 10 000 would be enough.
/// assert_eq!(outlook(&goal, so_far, 9_000), Outlook::Impossible { enough: Some(10_000) });
/// ```
pub fn outlook(goal: &Goal, so_far: Counts, rest: u64) -> Outlook {
    let rest = rest.min(ITEMS_MAX);
    let met_with = |wrong: u64| goal.is_met(goal.at_end(so_far, rest, wrong));
    match met_with(0) {
        None => return Outlook::Empty,
        Some(false) => return Outlook::Impossible { enough: enough(goal, so_far, rest) },
        Some(true) => {}
    }
    if met_with(rest) == Some(true) {
        return Outlook::Certain;
    }
    // The more go wrong the worse: the last number that is still good enough.
    let (mut good, mut bad) = (0, rest);
    while good + 1 < bad {
        let middle = good.midpoint(bad);
        if met_with(middle) == Some(true) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    Outlook::Possible { wrong_max: good }
}

/// The least number of items above `rest` that, all going well, would meet the target.
fn enough(goal: &Goal, so_far: Counts, rest: u64) -> Option<u64> {
    let met_with = |n: u64| goal.is_met(goal.at_end(so_far, n, 0)) == Some(true);
    let mut high = rest.max(1);
    while !met_with(high) {
        if ITEMS_MAX <= high {
            return None;
        }
        high = (high * 2).min(ITEMS_MAX);
    }
    let mut low = rest;
    while low + 1 < high {
        let middle = low.midpoint(high);
        if met_with(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

/// What is left of a period.
#[derive(Clone, Debug)]
pub struct Remaining<'a> {
    /// Counts of the days that are over, by day.
    pub past: &'a BTreeMap<Date, Counts>,
    /// When the service is open, and which days were not ordinary.
    pub days: &'a Days<'a>,
    /// The first day that is left.
    pub first: Date,
    /// The first day after the period.
    pub until: Date,
}

/// How the period may end.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Likely {
    /// Open days that are left.
    pub n_days: u32,
    /// Items still to come: fewest, median, most of the middle 90 %.
    pub rest: [u64; 3],
    /// The share at the end: lowest, median, highest of the middle 90 %; nothing if nothing will
    /// have been counted.
    pub share: Option<[f64; 3]>,
    /// In how many of the trials the target was met.
    pub met: u32,
    /// Trials.
    pub n_trials: u32,
}

/// Trials that [`likely`] makes by default.
pub const TRIALS: u32 = 2000;

/// Weeks that days are drawn from.
const WEEKS: usize = 4;

/// Lets each open day that is left go like one of the last four of the same weekday, drawn at
/// random (a special day like a Sunday's, as in a [forecast](mod@crate::forecast)), and counts how
/// often the target is met. Days with no known day of their weekday go like any of the last ones.
///
/// Nothing if no day of the past can be drawn from.
pub fn likely(
    goal: &Goal,
    so_far: Counts,
    remaining: &Remaining<'_>,
    n_trials: u32,
    key: Key,
) -> Option<Likely> {
    let pools = remaining.pools()?;
    let mut stream = key.stream();
    let mut trials: Vec<Counts> = (0..n_trials.max(1))
        .map(|_| {
            pools.iter().fold(Counts::default(), |sum, pool| {
                let at = crate::num::floor_usize(stream.uniform() * pool.len() as f64);
                sum.plus(pool.get(at).copied().unwrap_or_default())
            })
        })
        .collect();
    let n_trials = crate::num::id(trials.len());
    let at_end = |rest: &Counts| so_far.plus(*rest);
    let met = trials.iter().filter(|rest| goal.is_met(at_end(rest)) == Some(true)).count();
    let mut shares: Vec<f64> = trials
        .iter()
        .filter_map(|rest| crate::tally::share(at_end(rest).met, at_end(rest).counted))
        .collect();
    shares.sort_by(f64::total_cmp);
    trials.sort_by_key(|rest| rest.counted);
    let place = |share: f64, n: usize| crate::num::floor_usize(share * (n - 1) as f64 + 0.5);
    let rest = [0.05, 0.5, 0.95]
        .map(|share| trials.get(place(share, trials.len())).map_or(0, |rest| rest.counted));
    let share = (!shares.is_empty()).then(|| {
        [0.05, 0.5, 0.95].map(|at| shares.get(place(at, shares.len())).copied().unwrap_or(0.0))
    });
    let n_days = crate::num::id(pools.len());
    Some(Likely { n_days, rest, share, met: crate::num::id(met), n_trials })
}

impl Remaining<'_> {
    /// For each open day that is left, the days it may go like.
    fn pools(&self) -> Option<Vec<Vec<Counts>>> {
        let ordinary: Vec<(Date, i8, Counts)> = self
            .past
            .iter()
            .rev()
            .filter(|(date, counts)| {
                **date < self.first && 0 < counts.counted && !self.days.special.contains(date)
            })
            .filter_map(|(date, counts)| Some((*date, self.days.like(*date)?, *counts)))
            .collect();
        if ordinary.is_empty() {
            return None;
        }
        let left = self.first.series(jiff::Span::new().days(1)).take_while(|d| *d < self.until);
        let pools = left.filter_map(|date| {
            let like = self.days.like(date)?;
            let same = ordinary.iter().filter(|(_, weekday, _)| *weekday == like);
            let pool: Vec<Counts> = same.take(WEEKS).map(|(.., counts)| *counts).collect();
            if pool.is_empty() {
                return Some(ordinary.iter().take(7).map(|(.., counts)| *counts).collect());
            }
            Some(pool)
        });
        Some(pools.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use soglia_domain::ratio::Rounding;

    fn goal(direction: TargetDirection, percent: u64, inclusive: bool, compare: Compare) -> Goal {
        let bound = Bound::Share(Ratio::new(percent, 100).expect("a share"));
        Goal::new(Target { direction, inclusive, bound }, compare).expect("a share")
    }

    #[test]
    fn lost_calls_are_counted_the_other_way() {
        let goal = goal(TargetDirection::AtMost, 5, true, Compare::Exact);
        let so_far = Counts { met: 600, counted: 10_000 };
        assert_eq!(outlook(&goal, so_far, 10_000), Outlook::Possible { wrong_max: 400 });
        assert_eq!(outlook(&goal, so_far, 1_000), Outlook::Impossible { enough: Some(2_000) });
        let good = Counts { met: 0, counted: 10_000 };
        assert_eq!(outlook(&goal, good, 500), Outlook::Certain);
        assert_eq!(outlook(&goal, Counts::default(), 0), Outlook::Empty);
    }

    #[test]
    fn hundred_percent_cannot_be_won_back() {
        let goal = goal(TargetDirection::AtLeast, 100, true, Compare::Exact);
        let so_far = Counts { met: 9, counted: 10 };
        assert_eq!(outlook(&goal, so_far, 1_000), Outlook::Impossible { enough: None });
    }

    proptest! {
        /// Against trying every number.
        #[test]
        fn the_answer_is_the_last_number_that_is_good_enough(
            met in 0_u64..200, late in 0_u64..200, rest in 0_u64..150, percent in 1_u64..=100,
            at_least: bool, inclusive: bool, rounded: bool,
        ) {
            let direction =
                if at_least { TargetDirection::AtLeast } else { TargetDirection::AtMost };
            let tenths = Compare::Rounded(Rounding::half_up(1));
            let compare = if rounded { tenths } else { Compare::Exact };
            let goal = goal(direction, percent, inclusive, compare);
            let so_far = Counts { met, counted: met + late };
            let good: Vec<u64> = (0..=rest)
                .filter(|wrong| goal.is_met(goal.at_end(so_far, rest, *wrong)) == Some(true))
                .collect();
            let expected = match good.last() {
                _ if met + late + rest == 0 => Outlook::Empty,
                Some(last) if *last == rest => Outlook::Certain,
                Some(last) => Outlook::Possible { wrong_max: *last },
                None => {
                    let enough = |n: &u64| goal.is_met(goal.at_end(so_far, *n, 0)) == Some(true);
                    let found = outlook(&goal, so_far, rest);
                    let Outlook::Impossible { enough: Some(n) } = found else {
                        // Nothing is enough: not even as many as have been counted, many times.
                        prop_assert_eq!(found, Outlook::Impossible { enough: None });
                        prop_assert!(!enough(&(400 * 1000 * 10)));
                        return Ok(());
                    };
                    prop_assert!(enough(&n) && !enough(&(n - 1)) && rest < n);
                    found
                }
            };
            prop_assert_eq!(outlook(&goal, so_far, rest), expected);
        }
    }

    #[test]
    fn days_left_go_like_the_last_of_their_weekday() {
        use jiff::civil::date;
        use soglia_domain::calendar::ServiceCalendar;
        let calendar = ServiceCalendar::always(jiff::tz::TimeZone::UTC);
        let days = Days { calendar: &calendar, special: std::collections::BTreeSet::new() };
        // Two weeks: 100 calls a day, all in time but on Mondays, when half are.
        let first = date(2024, 1, 1);
        let past: BTreeMap<Date, Counts> = first
            .series(jiff::Span::new().days(1))
            .take(14)
            .map(|day| {
                let monday = day.weekday() == jiff::civil::Weekday::Monday;
                (day, Counts { met: if monday { 50 } else { 100 }, counted: 100 })
            })
            .collect();
        let so_far = past.values().fold(Counts::default(), |sum, day| sum.plus(*day));
        let (first, until) = (date(2024, 1, 15), date(2024, 1, 29));
        let remaining = Remaining { past: &past, days: &days, first, until };
        let goal = |percent| goal(TargetDirection::AtLeast, percent, true, Compare::Exact);
        let found = likely(&goal(92), so_far, &remaining, 50, Key::new(1)).expect("days");
        assert_eq!((found.n_days, found.rest, found.met), (14, [1400, 1400, 1400], 50));
        let [low, middle, high] = found.share.expect("a share");
        assert!((low - middle).abs() < 1e-12 && (middle - 2600.0 / 2800.0).abs() < 1e-12);
        assert!((high - middle).abs() < 1e-12);
        let found = likely(&goal(93), so_far, &remaining, 50, Key::new(1)).expect("days");
        assert_eq!(found.met, 0);
        let none = BTreeMap::new();
        let remaining = Remaining { past: &none, ..remaining };
        assert!(likely(&goal(93), so_far, &remaining, 50, Key::new(1)).is_none());
    }
}

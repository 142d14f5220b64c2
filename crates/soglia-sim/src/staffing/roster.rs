//! Shifts handed to positions. Read [`roster`] first.

use std::cmp::Reverse;

use jiff::civil::Date;

use super::StaffingError;
use super::rules::{Pattern, Position};

/// A shift on a day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Shift {
    /// The day, by its place in the plan.
    pub day: usize,
    /// The pattern, by its place in the rules.
    pub pattern: usize,
}

/// Positions and the shifts that each works, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Roster {
    /// One for each position: never a person.
    pub positions: Vec<Vec<Shift>>,
    /// Fewer positions cannot do it: the busiest day's shifts, all days' shifts over the days of a
    /// week, all minutes over the minutes of a week.
    pub at_least: usize,
}

/// Hands shifts to positions so that each has its rest, its free days and its hours; weeks begin on
/// Monday.
///
/// Day by day, the latest shift goes to whoever may take it and has worked least, a new position
/// only if nobody may. Every rule is kept; the number of positions is small, not proved least:
/// `at_least` says how far off it can be.
pub fn roster(
    shifts: &[Shift],
    dates: &[Date],
    patterns: &[Pattern],
    rules: &Position,
) -> Result<Roster, StaffingError> {
    let mut order: Vec<Work> =
        shifts.iter().filter_map(|shift| Work::new(*shift, dates, patterns)).collect();
    if let Some(work) = order.iter().find(|work| rules.mins_a_week < work.paid_mins) {
        let (paid_mins, max_mins) = (work.paid_mins, rules.mins_a_week);
        return Err(StaffingError::Position { paid_mins, max_mins });
    }
    // Late shifts first: whoever worked late yesterday can only work late today.
    order.sort_by_key(|work| (work.shift.day, Reverse(work.from), work.shift.pattern));
    let mut positions: Vec<State> = Vec::new();
    for work in &order {
        let free = positions.iter_mut().filter(|state| state.may_take(work, rules));
        let least = |state: &&mut State| (state.of_week(work.week), Reverse(state.until));
        if let Some(state) = free.min_by_key(least) {
            state.take(work);
        } else {
            let mut state = State::default();
            state.take(work);
            positions.push(state);
        }
    }
    let at_least = at_least(&order, rules);
    let positions = positions.into_iter().map(|state| state.shifts).collect();
    Ok(Roster { positions, at_least })
}

/// A shift with its instants in minutes from the first day's midnight.
struct Work {
    shift: Shift,
    from: i64,
    until: i64,
    week: i64,
    paid_mins: u32,
}

impl Work {
    fn new(shift: Shift, dates: &[Date], patterns: &[Pattern]) -> Option<Self> {
        let pattern = patterns.get(shift.pattern)?;
        let (first, date) = (dates.first()?, dates.get(shift.day)?);
        let days = i64::from((*date - *first).get_days());
        let monday = i64::from(first.weekday().to_monday_zero_offset());
        let midnight = days * 1440;
        Some(Self {
            shift,
            from: midnight + i64::from(pattern.from_mins),
            until: midnight + i64::from(pattern.until_mins),
            week: (days + monday) / 7,
            paid_mins: pattern.paid_mins(),
        })
    }
}

#[derive(Default)]
struct State {
    shifts: Vec<Shift>,
    until: Option<i64>,
    week: i64,
    days: u32,
    mins: u32,
}

impl State {
    /// Days and minutes worked in a week.
    const fn of_week(&self, week: i64) -> (u32, u32) {
        if self.week == week { (self.days, self.mins) } else { (0, 0) }
    }

    fn may_take(&self, work: &Work, rules: &Position) -> bool {
        let (days, mins) = self.of_week(work.week);
        let rested = self.until.is_none_or(|until| until + i64::from(rules.rest_mins) <= work.from);
        let is_another_day = self.shifts.last().is_none_or(|last| last.day < work.shift.day);
        rested
            && is_another_day
            && days < rules.days_a_week
            && mins + work.paid_mins <= rules.mins_a_week
    }

    fn take(&mut self, work: &Work) {
        let (days, mins) = self.of_week(work.week);
        self.week = work.week;
        self.days = days + 1;
        self.mins = mins + work.paid_mins;
        self.until = Some(work.until);
        self.shifts.push(work.shift);
    }
}

fn at_least(order: &[Work], rules: &Position) -> usize {
    let mut by_day = std::collections::BTreeMap::<usize, usize>::new();
    let mut by_week = std::collections::BTreeMap::<i64, (usize, usize)>::new();
    for work in order {
        *by_day.entry(work.shift.day).or_default() += 1;
        let (shifts, mins) = by_week.entry(work.week).or_default();
        *shifts += 1;
        *mins += work.paid_mins as usize;
    }
    let of_week = |(shifts, mins): &(usize, usize)| {
        let by_days = shifts.div_ceil(rules.days_a_week as usize);
        by_days.max(mins.div_ceil((rules.mins_a_week as usize).max(1)))
    };
    by_day.into_values().chain(by_week.values().map(of_week)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn patterns() -> Vec<Pattern> {
        let shift = |from: u32, hours: u32| Pattern {
            from_mins: from * 60,
            until_mins: (from + hours) * 60,
            breaks: Vec::new(),
        };
        vec![shift(6, 8), shift(9, 6), shift(14, 8), shift(22, 8)]
    }

    proptest! {
        #[test]
        fn every_rule_is_kept_and_every_shift_is_worked(
            counts in prop::collection::vec(prop::collection::vec(0_usize..4, 4), 7..15),
            days_a_week in 3_u32..7, hours_a_week in 24_u32..49,
        ) {
            let patterns = patterns();
            let first = jiff::civil::date(2024, 1, 3);
            let dates: Vec<Date> =
                first.series(jiff::Span::new().days(1)).take(counts.len()).collect();
            let mut shifts = Vec::new();
            for (day, counts) in counts.iter().enumerate() {
                for (pattern, n) in counts.iter().enumerate() {
                    shifts.extend(vec![Shift { day, pattern }; *n]);
                }
            }
            let rules =
                Position { rest_mins: 660, days_a_week, mins_a_week: hours_a_week * 60 };
            let found = roster(&shifts, &dates, &patterns, &rules).expect("a roster");
            let mut worked: Vec<Shift> = found.positions.concat();
            worked.sort_unstable();
            prop_assert_eq!(&worked, &shifts);
            prop_assert!(found.at_least <= found.positions.len());
            for position in &found.positions {
                let work: Vec<Work> =
                    position.iter().filter_map(|s| Work::new(*s, &dates, &patterns)).collect();
                for pair in work.windows(2) {
                    prop_assert!(660 <= pair[1].from - pair[0].until);
                    prop_assert!(pair[0].shift.day < pair[1].shift.day);
                }
                for week in 0..3 {
                    let of_week = work.iter().filter(|work| work.week == week);
                    let mins: u32 = of_week.clone().map(|work| work.paid_mins).sum();
                    prop_assert!(of_week.count() <= days_a_week as usize);
                    prop_assert!(mins <= hours_a_week * 60);
                }
            }
        }
    }

    #[test]
    fn a_shift_longer_than_the_week_is_refused() {
        let rules = Position { rest_mins: 660, days_a_week: 5, mins_a_week: 300 };
        let shifts = [Shift { day: 0, pattern: 0 }];
        let found = roster(&shifts, &[jiff::civil::date(2024, 1, 3)], &patterns(), &rules);
        assert_eq!(found, Err(StaffingError::Position { paid_mins: 480, max_mins: 300 }));
    }
}

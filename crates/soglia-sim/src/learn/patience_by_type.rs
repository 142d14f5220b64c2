//! Patience of each type of calls at each time of day. Read [`PatienceTable::of`] first.
//!
//! Waits and patience are both longer at some hours, so an estimate over the whole day would be
//! biased; and few calls make a bad curve. Each cell therefore has its own curve if enough callers
//! gave up in it, or else the curve of the next larger group that has enough.

use super::history::{DAY_US, History, HistoryEnd, Seen};
use super::patience::{PatienceEstimate, Wait, WaitEnd, kaplan_meier};
use crate::centre::Patience;
use crate::distribution::Distribution;
use crate::random::Key;

/// Starts of the parts of a day, in hours: night and early morning, the morning's peak, late
/// morning, afternoon, evening.
pub const DAYPARTS: [i64; 5] = [0, 8, 10, 13, 17];

/// Returns the part of the day of an instant.
pub fn daypart(at_us: i64) -> usize {
    let hour = at_us.rem_euclid(DAY_US) / 3_600_000_000;
    DAYPARTS.iter().filter(|from| **from <= hour).count() - 1
}

/// Callers who gave up that a curve of its own takes.
pub const GAVE_UP_MIN: usize = 100;
/// Leaving within this is leaving at once.
pub const AT_ONCE_US: i64 = 3_000_000;
/// Waits shorter than this are not counted as having had to wait, unless they were given up.
const WAITED_US: i64 = 1_000_000;

/// Over which calls a cell's curve was estimated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Pool {
    /// The type at that time of day.
    Cell,
    /// The type, all day.
    Type,
    /// All types at that time of day.
    Daypart,
    /// All calls.
    All,
    /// Too few of all: patience without end is assumed.
    None,
}

/// Patience by type and part of the day.
#[derive(Clone, PartialEq, Debug)]
pub struct PatienceTable {
    /// For each type, for each part of the day: the curve and what it stands on.
    cells: Vec<Vec<(Pool, usize)>>,
    estimates: Vec<PatienceEstimate>,
    patience: Vec<Patience>,
}

impl PatienceTable {
    /// Estimates from the waits of a history.
    pub fn of(history: &History) -> Self {
        Self::weighted(history, |_| 1)
    }

    /// Estimates from a resample of the waits, drawn by a key: another table that the same events
    /// could have given, for the uncertainty of the estimate to reach the answers.
    pub fn resampled(history: &History, key: Key) -> Self {
        let mut stream = key.stream();
        let mut copies: Vec<u8> = vec![0; history.calls.len()];
        for _ in 0..copies.len() {
            let at = crate::num::floor_usize(stream.uniform() * copies.len() as f64);
            if let Some(n) = copies.get_mut(at) {
                *n = n.saturating_add(1);
            }
        }
        Self::weighted(history, |n| copies.get(n).copied().unwrap_or(0))
    }

    fn weighted(history: &History, copies: impl Fn(usize) -> u8) -> Self {
        let parts = DAYPARTS.len();
        let mut waits: Vec<Vec<Wait>> = vec![Vec::new(); history.types.len() * parts];
        for (n, call) in history.calls.iter().enumerate() {
            let Some(wait) = wait_of(call) else { continue };
            if let Some(cell) = waits.get_mut(call.kind * parts + daypart(call.at_us)) {
                (0..copies(n)).for_each(|_| cell.push(wait));
            }
        }
        let mut table = Self { cells: Vec::new(), estimates: Vec::new(), patience: Vec::new() };
        let pooled = |pick: &dyn Fn(usize) -> bool| -> Vec<Wait> {
            let picked = waits.iter().enumerate().filter(|(n, _)| pick(*n));
            picked.flat_map(|(_, waits)| waits.iter().copied()).collect()
        };
        let all = table.try_add(&pooled(&|_| true), 1);
        let by_part: Vec<Option<usize>> = (0..parts)
            .map(|part| table.try_add(&pooled(&|n| n % parts == part), GAVE_UP_MIN))
            .collect();
        for kind in 0..history.types.len() {
            let whole = table.try_add(&pooled(&|n| n / parts == kind), GAVE_UP_MIN);
            let cells = (0..parts).map(|part| {
                let own = waits.get(kind * parts + part).map_or(&[][..], Vec::as_slice);
                let found = table.try_add(own, GAVE_UP_MIN).map(|n| (Pool::Cell, n));
                found
                    .or_else(|| whole.map(|n| (Pool::Type, n)))
                    .or_else(|| by_part.get(part).copied().flatten().map(|n| (Pool::Daypart, n)))
                    .or_else(|| all.map(|n| (Pool::All, n)))
                    .unwrap_or((Pool::None, usize::MAX))
            });
            let cells: Vec<(Pool, usize)> = cells.collect();
            table.cells.push(cells);
        }
        table
    }

    /// Adds a curve if enough gave up.
    fn try_add(&mut self, waits: &[Wait], gave_up_min: usize) -> Option<usize> {
        let gave_up = waits.iter().filter(|wait| wait.end == WaitEnd::GaveUp).count();
        if gave_up < gave_up_min {
            return None;
        }
        let estimate = kaplan_meier(waits, AT_ONCE_US)?;
        self.patience.push(estimate.patience());
        self.estimates.push(estimate);
        Some(self.estimates.len() - 1)
    }

    /// Returns the patience of a type's callers at an instant; without any data, without end.
    pub fn at(&self, kind: usize, at_us: i64) -> &Patience {
        const ENDLESS: &Patience = &Patience { none: 0.0, then: Distribution::Never };
        let cell = self.cells.get(kind).and_then(|cells| cells.get(daypart(at_us)));
        cell.and_then(|(_, n)| self.patience.get(*n)).unwrap_or(ENDLESS)
    }

    /// Returns the estimate from the waits of all calls, which cells with few of their own take;
    /// nothing where nobody gave up.
    pub fn overall(&self) -> Option<&PatienceEstimate> {
        self.estimates.first()
    }

    /// Returns the estimate behind a cell, and over which calls it was made.
    pub fn estimate(&self, kind: usize, part: usize) -> (Pool, Option<&PatienceEstimate>) {
        let cell = self.cells.get(kind).and_then(|cells| cells.get(part));
        let (pool, n) = cell.copied().unwrap_or((Pool::None, usize::MAX));
        (pool, self.estimates.get(n))
    }
}

/// A call's wait, if it had to wait.
fn wait_of(call: &Seen) -> Option<Wait> {
    // While the telephone rings the caller still waits, and may give up.
    let wait_us = call.wait_us;
    match call.end {
        HistoryEnd::Abandoned => Some(Wait { wait_us, end: WaitEnd::GaveUp }),
        HistoryEnd::Answered { .. } if WAITED_US < call.wait_us - call.rang_us => {
            Some(Wait { wait_us, end: WaitEnd::Censored })
        }
        HistoryEnd::Released | HistoryEnd::CallBack => {
            Some(Wait { wait_us, end: WaitEnd::Censored })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::history::HistoryCall;

    #[test]
    fn few_who_gave_up_take_the_curve_of_more() {
        let hour = 3_600_000_000;
        let call = |topic: &str, at_us: i64, wait_secs: i64, gave_up: bool| HistoryCall {
            at_us,
            queue: Some("q".to_owned()),
            topic: Some(topic.to_owned()),
            class: None,
            system: None,
            group: None,
            caller: None,
            wait_us: wait_secs * 1_000_000,
            rang_us: 0,
            end: if gave_up {
                HistoryEnd::Abandoned
            } else {
                HistoryEnd::Answered { talk_us: 1_000_000, wrap_us: None }
            },
        };
        let mut calls = Vec::new();
        for n in 0..400 {
            calls.push(call("many", 9 * hour, 20 + n % 50, n % 2 == 0));
            calls.push(call("few", 9 * hour, 60 + n % 50, n % 20 == 0));
        }
        let table = PatienceTable::of(&History::new(&calls, 1).expect("calls"));
        // Types are in order of their names: few, many.
        let part = daypart(9 * hour);
        assert_eq!(table.estimate(1, part).0, Pool::Cell);
        assert_eq!(table.estimate(1, daypart(14 * hour)).0, Pool::Type);
        assert_eq!(table.estimate(0, part).0, Pool::Daypart);
        assert_eq!(table.estimate(0, daypart(14 * hour)).0, Pool::All);
        assert_eq!(table.overall(), table.estimate(0, daypart(14 * hour)).1);
        let resampled = |seed: u64| {
            let history = History::new(&calls, 1).expect("calls");
            PatienceTable::resampled(&history, Key::new(seed))
        };
        assert_eq!(resampled(1), resampled(1));
        assert_ne!(resampled(1), resampled(2));
        assert_eq!((daypart(-1), daypart(0), daypart(8 * hour)), (4, 0, 1));
    }
}

//! Opening hours computed once, for hot loops. Read [`Schedule`] first.

use super::{CalendarError, HORIZON, ServiceCalendar};
use crate::time::{Instant, Millis};

/// The opening hours of a calendar between two instants, computed once: questions about them take
/// logarithmic time. Questions about instants outside are put to the calendar, so that the answer
/// is always the calendar's.
#[derive(Clone, PartialEq, Debug)]
pub struct Schedule {
    calendar: ServiceCalendar,
    from: i64,
    until: i64,
    /// Open intervals, in milliseconds; sorted, neither overlapping nor touching.
    intervals: Vec<(i64, i64)>,
    /// Open milliseconds before each interval, and at the end their total.
    open_before: Vec<i64>,
}

impl Schedule {
    pub(super) fn new(calendar: &ServiceCalendar, from: Instant, until: Instant) -> Self {
        let intervals: Vec<(i64, i64)> = calendar
            .open_intervals(from, until)
            .into_iter()
            .map(|(open, close)| (open.as_millis(), close.as_millis()))
            .collect();
        let mut total = 0;
        let mut open_before = Vec::with_capacity(intervals.len() + 1);
        for (open, close) in &intervals {
            open_before.push(total);
            total += close - open;
        }
        open_before.push(total);
        Self {
            calendar: calendar.clone(),
            from: from.as_millis(),
            until: until.as_millis(),
            intervals,
            open_before,
        }
    }

    /// Returns the calendar it was computed from.
    pub fn calendar(&self) -> &ServiceCalendar {
        &self.calendar
    }

    /// Returns the open intervals, in milliseconds since the epoch; sorted, neither overlapping
    /// nor touching.
    pub fn intervals(&self) -> &[(i64, i64)] {
        &self.intervals
    }

    /// Returns all the service time of the schedule.
    pub fn total(&self) -> Millis {
        Millis::new(self.open_before.last().copied().unwrap_or_default())
    }

    /// As [`ServiceCalendar::is_open`].
    pub fn is_open(&self, at: Instant) -> bool {
        let t = at.as_millis();
        if !self.covers(t) {
            return self.calendar.is_open(at);
        }
        self.intervals.get(self.index(t)).is_some_and(|(open, _)| *open <= t)
    }

    /// As [`Schedule::is_open`], for instants in milliseconds that come nearly in order: `hint`
    /// remembers where the last one was found; start with zero.
    pub fn open_at(&self, t: i64, hint: &mut usize) -> bool {
        if !self.covers(t) {
            return self.calendar.is_open(Instant::from_millis(t));
        }
        let found = [*hint, *hint + 1].into_iter().find(|index| self.is_index(*index, t));
        *hint = found.unwrap_or_else(|| self.index(t));
        self.intervals.get(*hint).is_some_and(|(open, _)| *open <= t)
    }

    /// As [`ServiceCalendar::elapsed`].
    pub fn elapsed(&self, from: Instant, until: Instant) -> Millis {
        let (a, b) = (from.as_millis(), until.as_millis());
        if b <= a {
            return Millis::ZERO;
        }
        if a < self.from || self.until < b {
            return self.calendar.elapsed(from, until);
        }
        Millis::new(self.open_until(b) - self.open_until(a))
    }

    /// As [`ServiceCalendar::due`].
    pub fn due(&self, start: Instant, span: Millis) -> Result<Instant, CalendarError> {
        let known = span > Millis::ZERO && self.covers(start.as_millis());
        known
            .then(|| self.due_within(start.as_millis(), span.get()))
            .flatten()
            .filter(|due| *due <= start + HORIZON)
            .map_or_else(|| self.calendar.due(start, span), Ok)
    }

    fn due_within(&self, start: i64, span: i64) -> Option<Instant> {
        let target = self.open_until(start).checked_add(span)?;
        // The interval before the first one that begins with the target reached.
        let index = self.open_before.partition_point(|before| *before < target).checked_sub(1)?;
        let ((open, _), before) = (self.intervals.get(index)?, self.open_before.get(index)?);
        Some(Instant::from_millis(open + target - before))
    }

    fn covers(&self, t: i64) -> bool {
        self.from <= t && t < self.until
    }

    /// The first interval that closes after `t`.
    fn index(&self, t: i64) -> usize {
        self.intervals.partition_point(|(_, close)| *close <= t)
    }

    fn is_index(&self, index: usize, t: i64) -> bool {
        let before = index.checked_sub(1).and_then(|previous| self.intervals.get(previous));
        before.is_none_or(|(_, close)| *close <= t)
            && self.intervals.get(index).map_or(index == self.intervals.len(), |it| t < it.1)
    }

    /// Open milliseconds from the schedule's beginning to `t`.
    fn open_until(&self, t: i64) -> i64 {
        let index = self.index(t);
        let before = self.open_before.get(index).copied().unwrap_or_default();
        before + self.intervals.get(index).map_or(0, |(open, _)| (t - open).max(0))
    }
}

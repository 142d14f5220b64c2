//! How many operators were there: as a roster says ([`Presence::given`]), or as the events show.
//! Read [`infer`] first.
//!
//! The events are read as if by somebody who watches the seats and does not know the people. Each
//! conversation is given to a seat that is free, the one that has been for the longest time; where
//! none is, somebody has come. A seat that is free while a call waits longer than people take to
//! pick up was empty since its last call. What a seat does between two calls while somebody waits
//! is work that no platform recorded: it is taken as after-call work. Nobody's working time can be
//! told from it: a seat may be several people.

use std::collections::BTreeMap;

use super::arrivals::monday;
use super::history::{DAY_US, History, HistoryEnd, SLOT_US, Seen};
use crate::centre::{Operator, Span};
use crate::num;

/// Operators at work.
#[derive(Clone, PartialEq, Debug)]
pub struct Presence {
    /// The local day in which the first slot begins.
    pub first_day: i64,
    /// For each group, for each slot of five minutes: how many; parts of one are there for part of
    /// it.
    pub levels: Vec<Vec<f64>>,
    /// For each group, each seat's hours, where they were read from the events; local.
    pub seats: Vec<Vec<Seat>>,
    /// Operators with their hours from each week's Monday, where a roster says them to the second.
    pub rosters: BTreeMap<i64, Vec<Operator>>,
    /// Where that comes from.
    pub source: PresenceSource,
}

/// Where the numbers of operators come from.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum PresenceSource {
    /// A roster.
    Given,
    /// The events themselves.
    Inferred {
        /// Of the calls answered, the share that had to wait: then every operator was busy and
        /// could be counted. In quiet times operators without calls are not seen.
        waited: f64,
    },
}

/// A call that waits no longer than this may have found somebody free, who took so long to pick up.
pub const PICK_UP_US: i64 = 20_000_000;
/// A seat that is free for longer than this while somebody waits was empty; if it takes a call
/// before, it was at work on the last one until then.
pub const AFTER_MAX_US: i64 = 180_000_000;
/// A seat without a call for longer than this is taken to have been empty from then on.
pub const IDLE_MAX_US: i64 = 1_800_000_000;

/// A seat and the time in which somebody sat there, from a call to the end of the last one before
/// it was empty; local.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seat {
    /// From the first call to the end of the last.
    pub span: Span,
    /// When the last call began. After that no other was taken; who finishes a call and then leaves
    /// has decided to by then.
    pub last_us: i64,
    /// Until when somebody may still have sat there without a call: until it was seen that nobody
    /// did, and at most [`IDLE_MAX_US`] after the last call.
    pub idle_until_us: i64,
}

/// What is made of seats that were free when last seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Idle {
    /// Nobody sat there: right for the calls that came.
    Left,
    /// Somebody did, for a while: right for calls that come at other instants.
    Stays,
}

/// What the events show of seats and of what happens between calls.
#[derive(Clone, PartialEq, Debug)]
pub struct Inferred {
    /// Who was there.
    pub presence: Presence,
    /// For each call of the history: work after it that nobody recorded; nothing where nobody
    /// waited afterwards, so that it cannot be known.
    pub after_us: Vec<Option<i64>>,
    /// For each call of the history: the last part of its wait, in which somebody was free.
    pub picked_up_us: Vec<i64>,
}

/// A seat that is free.
#[derive(Clone, Copy, Debug)]
struct Free {
    seat: usize,
    since_us: i64,
    /// Until when it cannot have been free, because somebody waited.
    at_work_until_us: i64,
    /// The call it had last.
    last: usize,
}

/// What happens to one group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Event {
    /// A conversation, and the work recorded after it, is over.
    Ends(usize),
    /// A call that waited longer than picking up takes is answered, or gone.
    Waited,
    /// An operator takes a call.
    Begins(usize),
}

/// One group's seats under way.
#[derive(Debug, Default)]
struct Floor {
    seats: Vec<Seat>,
    free: Vec<Free>,
    /// The seat of each call under way.
    taken: BTreeMap<usize, usize>,
}

/// Reads the operators of days `[first, until)` from the events.
///
/// `serves` says for each group which queues it serves; `queue_of` the queue of each type.
pub fn infer(
    history: &History,
    serves: &[Vec<usize>],
    queue_of: &[usize],
    days: (i64, i64),
) -> Inferred {
    let n = history.calls.len();
    let (mut after_us, mut picked_up_us) = (vec![None; n], vec![0; n]);
    let mut seats = Vec::new();
    for (group, queues) in serves.iter().enumerate() {
        let is_for =
            |call: &Seen| queue_of.get(call.kind).is_some_and(|queue| queues.contains(queue));
        let mut floor = Floor::default();
        for (at_us, event) in events(history, group, is_for) {
            match event {
                Event::Ends(call) => floor.ends(call, at_us),
                Event::Waited => floor.waited(at_us),
                Event::Begins(n) => {
                    let Some(call) = history.calls.get(n) else { continue };
                    let (after, picked_up) = floor.begins(n, call, at_us);
                    if let Some((last, us)) = after
                        && let Some(slot) = after_us.get_mut(last)
                    {
                        *slot = Some(us);
                    }
                    if let Some(slot) = picked_up_us.get_mut(n) {
                        *slot = picked_up;
                    }
                }
            }
        }
        seats.push(floor.seats);
    }
    let answered = || history.calls.iter().filter(|call| call.busy().is_some());
    let waited = answered().filter(|call| PICK_UP_US < call.wait_us - call.rang_us).count();
    let source =
        PresenceSource::Inferred { waited: waited as f64 / answered().count().max(1) as f64 };
    let levels =
        seats.iter().map(|seats| levels(seats.iter().map(|seat| seat.span), days)).collect();
    let presence = Presence { first_day: days.0, levels, seats, rosters: BTreeMap::new(), source };
    Inferred { presence, after_us, picked_up_us }
}

/// What one group goes through, in order; at one instant calls end before others begin.
fn events(history: &History, group: usize, is_for: impl Fn(&Seen) -> bool) -> Vec<(i64, Event)> {
    let mut events: Vec<(i64, Event)> = Vec::new();
    for (n, call) in history.calls.iter().enumerate() {
        let free_us = call.wait_us - call.rang_us;
        let in_queue = matches!(call.end, HistoryEnd::Answered { .. } | HistoryEnd::Abandoned)
            || call.end == HistoryEnd::Released;
        if in_queue && is_for(call) && PICK_UP_US < free_us {
            events.push((call.at_us + free_us, Event::Waited));
        }
        if let Some((from_us, until_us)) = call.busy().filter(|_| call.group == Some(group)) {
            events.push((from_us, Event::Begins(n)));
            // An instant's call still takes its seat.
            events.push((until_us.max(from_us + 1), Event::Ends(n)));
        }
    }
    events.sort_unstable();
    events
}

impl Floor {
    fn ends(&mut self, call: usize, at_us: i64) {
        if let Some(seat) = self.taken.remove(&call) {
            if let Some(seat) = self.seats.get_mut(seat) {
                seat.span.until_us = at_us;
                seat.idle_until_us = at_us + IDLE_MAX_US;
            }
            self.free.push(Free { seat, since_us: at_us, at_work_until_us: at_us, last: call });
        }
    }

    /// Somebody has waited until now: whoever seemed free was still at work on the last call, or
    /// not there.
    fn waited(&mut self, now_us: i64) {
        for free in &mut self.free {
            if free.since_us <= now_us - PICK_UP_US {
                free.at_work_until_us = now_us;
            }
        }
        let empty = |free: &Free| AFTER_MAX_US < free.at_work_until_us - free.since_us;
        for free in self.free.iter().filter(|free| empty(free)) {
            if let Some(seat) = self.seats.get_mut(free.seat) {
                seat.idle_until_us = seat.last_us + 1;
            }
        }
        self.free.retain(|free| !empty(free));
    }

    /// A call is taken: by the seat that has been free for the longest time, or by a new one.
    /// Returns the work that was done after that seat's last call, and how long picking up took.
    fn begins(&mut self, n: usize, call: &Seen, now_us: i64) -> (Option<(usize, i64)>, i64) {
        self.free.retain(|free| now_us - free.since_us <= IDLE_MAX_US);
        if self.free.is_empty() {
            self.taken.insert(n, self.seats.len());
            let span = Span { from_us: now_us, until_us: now_us };
            self.seats.push(Seat { span, last_us: now_us, idle_until_us: now_us });
            return (None, 0);
        }
        let free = self.free.remove(0);
        self.taken.insert(n, free.seat);
        if let Some(seat) = self.seats.get_mut(free.seat) {
            seat.last_us = now_us;
        }
        // Who takes a call that was already waiting was at work until then.
        let at_work_us = if call.at_us <= free.since_us {
            now_us - free.since_us
        } else {
            free.at_work_until_us - free.since_us
        };
        let ready_us = free.since_us + at_work_us;
        let known = call.at_us <= free.since_us || free.since_us < free.at_work_until_us;
        (known.then_some((free.last, at_work_us)), now_us - call.at_us.max(ready_us))
    }
}

/// Time at work by slot.
fn levels(spans: impl Iterator<Item = Span>, (first, until): (i64, i64)) -> Vec<f64> {
    let per_day = DAY_US / SLOT_US;
    let mut busy_us = vec![0_i64; usize::try_from((until - first) * per_day).unwrap_or(0)];
    for span in spans {
        let mut from_us = span.from_us - first * DAY_US;
        let until_us = span.until_us - first * DAY_US;
        while from_us < until_us {
            let slot = from_us.div_euclid(SLOT_US);
            let end_us = ((slot + 1) * SLOT_US).min(until_us);
            if let Some(busy) = usize::try_from(slot).ok().and_then(|slot| busy_us.get_mut(slot)) {
                *busy += end_us - from_us;
            }
            from_us = end_us;
        }
    }
    busy_us.into_iter().map(|us| us as f64 / SLOT_US as f64).collect()
}

impl Presence {
    /// Takes a roster: for each group the hours of each of its operators; local. It is looked at in
    /// the weeks of the days `[first, until)`.
    pub fn given(groups: &[Vec<Span>], (first, until): (i64, i64)) -> Self {
        let days = (monday(first), monday(until - 1) + 7);
        let week = |monday: i64| {
            let (from_us, until_us) = (monday * DAY_US, (monday + 7) * DAY_US);
            let operator = |group: usize, span: &Span| {
                let from_us = span.from_us.max(from_us) - monday * DAY_US;
                let until_us = span.until_us.min(until_us) - monday * DAY_US;
                let presence = vec![Span { from_us, until_us }];
                (from_us < until_us).then_some(Operator { group, presence })
            };
            let operators = groups.iter().enumerate().flat_map(|(group, spans)| {
                spans.iter().filter_map(move |span| operator(group, span))
            });
            (monday, operators.collect::<Vec<_>>())
        };
        Self {
            first_day: days.0,
            levels: groups.iter().map(|spans| levels(spans.iter().copied(), days)).collect(),
            seats: Vec::new(),
            rosters: (days.0..days.1).step_by(7).map(week).collect(),
            source: PresenceSource::Given,
        }
    }

    /// Returns the levels of a group in the days `[first, until)`.
    pub fn of_days(&self, group: usize, first: i64, until: i64) -> Vec<f64> {
        let per_day = DAY_US / SLOT_US;
        let levels = self.levels.get(group).map_or(&[][..], Vec::as_slice);
        ((first - self.first_day) * per_day..(until - self.first_day) * per_day)
            .map(|i| usize::try_from(i).ok().and_then(|i| levels.get(i)).copied().unwrap_or(0.0))
            .collect()
    }

    /// Returns the operators of a week with their hours from its Monday, where seats were read from
    /// the events.
    pub fn week(&self, monday: i64, idle: Idle) -> Option<Vec<Operator>> {
        if let Some(roster) = self.rosters.get(&monday) {
            return Some(roster.clone());
        }
        if self.source == PresenceSource::Given {
            return None;
        }
        let week = Span { from_us: monday * DAY_US, until_us: (monday + 7) * DAY_US };
        let mut operators = Vec::new();
        for (group, seats) in self.seats.iter().enumerate() {
            for seat in seats {
                // A seat may be left during its last call, which is then finished.
                let from_us = seat.span.from_us.max(week.from_us);
                let until_us = match idle {
                    Idle::Left => seat.last_us + 1,
                    Idle::Stays => seat.idle_until_us,
                };
                let until_us = until_us.min(week.until_us);
                if from_us < until_us {
                    let presence = vec![Span {
                        from_us: from_us - week.from_us,
                        until_us: until_us - week.from_us,
                    }];
                    operators.push(Operator { group, presence });
                }
            }
        }
        Some(operators)
    }

    /// Returns the mean level of a group in an interval of the week over the weeks that begin on
    /// `mondays`, leaving out days in which the group was not there at all.
    pub fn typical_week(&self, group: usize, mondays: &[i64]) -> Vec<f64> {
        let per_day = usize::try_from(DAY_US / SLOT_US).unwrap_or(1);
        let weeks: Vec<Vec<f64>> =
            mondays.iter().map(|&monday| self.of_days(group, monday, monday + 7)).collect();
        let mut typical = vec![0.0; 7 * per_day];
        for (day, typical) in typical.chunks_mut(per_day).enumerate() {
            let days: Vec<&[f64]> = weeks
                .iter()
                .filter_map(|week| week.chunks(per_day).nth(day))
                .filter(|day| day.iter().any(|level| 0.0 < *level))
                .collect();
            for (i, typical) in typical.iter_mut().enumerate() {
                let sum: f64 = days.iter().filter_map(|day| day.get(i)).sum();
                *typical = sum / (days.len().max(1) as f64);
            }
        }
        typical
    }

    /// Returns the share of planned hours in which nobody was there: breaks, absences, training.
    /// Only intervals in which operators could be counted or bounded, and only where the plan has
    /// somebody; nothing without any.
    pub fn shrinkage(&self, planned: &Self) -> Option<f64> {
        let (mut there, mut plan) = (0.0, 0.0);
        for (levels, others) in self.levels.iter().zip(&planned.levels) {
            let off = (self.first_day - planned.first_day) * (DAY_US / SLOT_US);
            for (i, level) in (0_i64..).zip(levels) {
                let other = usize::try_from(i + off).ok().and_then(|i| others.get(i));
                if let Some(other) = other.filter(|other| 0.0 < **other && 0.0 < *level) {
                    there += level.min(*other);
                    plan += other;
                }
            }
        }
        (0.0 < plan).then(|| 1.0 - there / plan)
    }
}

/// Turns levels with parts of operators into seats with hours: a part of a seat is there for part
/// of the interval, at its beginning if the seat was there just before, else at its end.
pub fn seats(group: usize, interval_us: i64, levels: &[f64]) -> Vec<Operator> {
    let n = levels.iter().copied().fold(0.0, f64::max);
    let n = num::ceil_u32((n - 1e-9).max(0.0));
    let mut operators = Vec::new();
    for seat in 0..n {
        let mut presence: Vec<Span> = Vec::new();
        for (&level, from_us) in levels.iter().zip((0..).map(|i: i64| i * interval_us)) {
            let part = (level - f64::from(seat)).clamp(0.0, 1.0);
            let length_us = num::round_i64(part * interval_us as f64);
            if length_us <= 0 {
                continue;
            }
            let until_us = from_us + interval_us;
            match presence.last_mut() {
                Some(last) if last.until_us == from_us => last.until_us = from_us + length_us,
                _ => presence.push(Span { from_us: until_us - length_us, until_us }),
            }
        }
        operators.push(Operator { group, presence });
    }
    operators
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::history::WEEK_US as WEEK;

    #[test]
    fn parts_of_operators_are_there_for_part_of_the_time() {
        let found = seats(3, 100, &[0.5, 1.0, 1.25, 0.0, 2.0]);
        let spans = |n: usize| -> Vec<(i64, i64)> {
            found[n].presence.iter().map(|s| (s.from_us, s.until_us)).collect()
        };
        assert_eq!(found.len(), 2);
        assert_eq!(spans(0), [(50, 300), (400, 500)]);
        assert_eq!(spans(1), [(275, 300), (400, 500)]);
        let total: i64 = found.iter().flat_map(|o| &o.presence).map(|s| s.length_us()).sum();
        assert_eq!(total, 475);
    }

    #[test]
    fn a_roster_says_hours_to_the_second() {
        let monday = 19_541 * DAY_US;
        let hour = 3_600_000_000;
        let night = Span { from_us: monday + 6 * DAY_US + 22 * hour, until_us: monday + WEEK };
        let over_midnight = Span { until_us: monday + WEEK + 6 * hour, ..night };
        let given = Presence::given(&[vec![night], vec![over_midnight]], (19_541, 19_555));
        let week = |n: i64| given.week(19_541 + 7 * n, Idle::Left).expect("a roster");
        let spans = |n: i64| -> Vec<(usize, i64, i64)> {
            let one = |o: &Operator| (o.group, o.presence[0].from_us, o.presence[0].until_us);
            week(n).iter().map(one).collect()
        };
        let from = 6 * DAY_US + 22 * hour;
        assert_eq!(spans(0), [(0, from, WEEK), (1, from, WEEK)]);
        assert_eq!(spans(1), [(1, 0, 6 * hour)]);
        assert_eq!(given.source, PresenceSource::Given);
        let there: f64 = given.levels[1].iter().sum();
        assert!((there - 8.0 * 12.0).abs() < 1e-9, "{there}");
    }

    #[test]
    fn a_roster_longer_than_what_was_there_is_shrinkage() {
        let one = |levels: Vec<f64>| Presence {
            first_day: 10,
            levels: vec![levels],
            seats: Vec::new(),
            rosters: BTreeMap::new(),
            source: PresenceSource::Given,
        };
        let there = one(vec![0.0, 4.0, 3.0, 0.0]);
        let planned = one(vec![2.0, 5.0, 5.0, 0.0]);
        let share = there.shrinkage(&planned).expect("hours were planned");
        assert!((share - 0.3).abs() < 1e-12, "{share}");
        assert_eq!(there.shrinkage(&one(vec![0.0; 4])), None);
        assert_eq!(there.of_days(0, 10, 11)[..5], [0.0, 4.0, 3.0, 0.0, 0.0]);
    }
}

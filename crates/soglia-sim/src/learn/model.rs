//! All that a service's history teaches, in one place. Read [`Learned::new`] first.

use soglia_domain::calendar::{ServiceCalendar, Slot};

use super::arrivals::{Arrivals, monday};
use super::handling::HandlingTable;
use super::history::{DAY_US, History, HistoryEnd, TypeInfo};
use super::patience::{Wait, WaitEnd};
use super::patience_by_type::PatienceTable;
use super::presence::{self, Presence};
use super::redial::{self, Demand};
use crate::centre::{Redial, Span};
use crate::distribution::{Distribution, SECOND_US};

/// When a service is open: for each local day, spans in microseconds of that day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Openings {
    first_day: i64,
    days: Vec<Vec<Span>>,
}

impl Openings {
    /// Reads a calendar for the local days `[first, until)`.
    pub fn of(calendar: &ServiceCalendar, (first_day, until_day): (i64, i64)) -> Self {
        let epoch = jiff::civil::date(1970, 1, 1);
        let slots = (first_day..until_day).map(|day| {
            let span = jiff::Span::new().try_days(day).ok();
            let date = span.and_then(|span| epoch.checked_add(span).ok()).unwrap_or(epoch);
            calendar.slots_on(date)
        });
        Self::from_slots(first_day, slots)
    }

    /// Takes the slots of each day from `first_day`.
    pub fn from_slots(first_day: i64, slots: impl Iterator<Item = Vec<Slot>>) -> Self {
        let days = slots.map(|mut slots| {
            slots.sort_by_key(|slot| slot.open());
            let spans = slots.iter().map(|slot| {
                Span::of_secs(i64::from(slot.open()) * 60, i64::from(slot.close()) * 60)
            });
            spans.collect()
        });
        Self { first_day, days: days.collect() }
    }

    /// Open day and night.
    pub fn always((first_day, until_day): (i64, i64)) -> Self {
        let all = vec![Span { from_us: 0, until_us: DAY_US }];
        Self { first_day, days: (first_day..until_day).map(|_| all.clone()).collect() }
    }

    /// Returns the spans of a day.
    pub fn on(&self, day: i64) -> &[Span] {
        let at = usize::try_from(day - self.first_day).ok();
        at.and_then(|at| self.days.get(at)).map_or(&[], Vec::as_slice)
    }

    /// Says whether the service is open at a local instant.
    pub fn holds(&self, at_us: i64) -> bool {
        let day = at_us.div_euclid(DAY_US);
        self.on(day).iter().any(|span| span.holds(at_us - day * DAY_US))
    }

    /// Returns for how long the service stays open from a local instant on, at most `most_us`.
    pub fn open_for(&self, at_us: i64, most_us: i64) -> i64 {
        let mut until_us = at_us;
        while until_us < at_us + most_us {
            let midnight_us = until_us.div_euclid(DAY_US) * DAY_US;
            let spans = self.on(until_us.div_euclid(DAY_US));
            match spans.iter().find(|span| span.holds(until_us - midnight_us)) {
                Some(span) => until_us = midnight_us + span.until_us,
                None => break,
            }
        }
        (until_us - at_us).min(most_us)
    }

    /// Returns the days that are known.
    pub fn days(&self) -> (i64, i64) {
        (self.first_day, self.first_day + i64::try_from(self.days.len()).unwrap_or(0))
    }

    /// Returns the spans of a week from its Monday, in microseconds since then.
    pub fn week(&self, monday: i64) -> Vec<Span> {
        (0..7)
            .flat_map(|day| {
                let off = day * DAY_US;
                self.on(monday + day)
                    .iter()
                    .map(move |s| Span { from_us: s.from_us + off, until_us: s.until_us + off })
            })
            .collect()
    }
}

/// A group of operators that serves a queue, as the events show it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Skill {
    /// The group.
    pub group: usize,
    /// The queue, an index of [`Learned::queues`].
    pub queue: usize,
    /// Calls of the queue that the group answered.
    pub n_answered: usize,
}

/// What a history teaches.
#[derive(Clone, PartialEq, Debug)]
pub struct Learned {
    /// The calls.
    pub history: History,
    /// Names of the queues.
    pub queues: Vec<String>,
    /// The queue of each type.
    pub queue_of: Vec<usize>,
    /// For each type the first with the same topic, whatever the queue and the class; types without
    /// a topic go by their queue.
    pub topic_of: Vec<usize>,
    /// Hours.
    pub openings: Openings,
    /// Who serves what.
    pub skills: Vec<Skill>,
    /// Operators at work.
    pub presence: Presence,
    /// Handling times.
    pub handling: HandlingTable,
    /// Patience.
    pub patience: PatienceTable,
    /// Redials; nothing where nobody called again.
    pub redial: Option<Redial>,
    /// Arrivals of a typical week.
    pub arrivals: Arrivals,
    /// How long a telephone usually rings, in microseconds.
    pub rang_us: i64,
    /// How long after closing those who wait are still served, in microseconds.
    pub grace_us: i64,
    /// Calls that joined a queue although the calendar says closed; they are left out.
    pub n_out_of_hours_queued: usize,
}

/// Calls of a queue that a group must have answered to count as serving it.
pub const SKILL_MIN: usize = 20;
/// Attempts after the first that a caller makes at most.
pub const ATTEMPTS_MAX: u8 = 10;
/// The longest time after closing in which those who wait are taken to be served on purpose.
pub const GRACE_MAX_US: i64 = 1800 * SECOND_US;

impl Learned {
    /// Learns all there is to learn; `roster`, where there is one, takes the place of the operators
    /// read from the events.
    pub fn new(mut history: History, openings: Openings, roster: Option<Presence>) -> Self {
        let before = history.calls.len();
        leave_out_closed(&mut history, &openings);
        let queues = history.queues();
        let queue_of: Vec<usize> = history
            .types
            .iter()
            .map(|kind| queues.binary_search(&kind.queue).unwrap_or_default())
            .collect();
        let same = |one: &TypeInfo, other: &TypeInfo| {
            one.topic == other.topic && (!one.topic.is_empty() || one.queue == other.queue)
        };
        let topic_of = history
            .types
            .iter()
            .map(|kind| history.types.iter().position(|other| same(kind, other)).unwrap_or(0))
            .collect();
        let skills = skills(&history, &queue_of, queues.len());
        let serves: Vec<Vec<usize>> = (0..history.groups.len())
            .map(|g| skills.iter().filter(|s| s.group == g).map(|s| s.queue).collect())
            .collect();
        let days = history.days();
        // Whole weeks, so that a week can be looked up by its Monday.
        let days = (monday(days.0), monday(days.1 - 1) + 7);
        let presence = roster.unwrap_or_else(|| {
            let inferred = presence::infer(&history, &serves, &queue_of, days);
            let between = inferred.after_us.iter().zip(&inferred.picked_up_us);
            for (call, (after_us, picked_up_us)) in history.calls.iter_mut().zip(between) {
                call.add_unrecorded(*after_us, *picked_up_us);
            }
            inferred.presence
        });
        let arrivals = Arrivals::of(&history, |day| !openings.on(day).is_empty());
        Self {
            handling: HandlingTable::of(&history),
            patience: PatienceTable::of(&history),
            redial: redial(&history, &openings),
            rang_us: usual_rang_us(&history),
            grace_us: grace_us(&history, &openings),
            n_out_of_hours_queued: before - history.calls.len(),
            arrivals,
            presence,
            skills,
            openings,
            queue_of,
            topic_of,
            queues,
            history,
        }
    }

    /// Returns the share of callers who were not served that call again.
    pub fn redial_share(&self) -> f64 {
        self.redial.as_ref().map_or(0.0, |redial| redial.share)
    }

    /// Returns the name of a topic, given the first type that has it.
    pub fn topic_name(&self, kind: usize) -> String {
        let kind = self.history.types.get(kind);
        kind.map_or_else(String::new, |kind| {
            if kind.topic.is_empty() { kind.queue.clone() } else { kind.topic.clone() }
        })
    }

    /// Returns the Mondays of the last `n` weeks with calls in them, oldest first; the last week
    /// counts if its open days have passed.
    pub fn last_mondays(&self, n: usize) -> Vec<i64> {
        let (first, until) = self.history.days();
        let mut mondays: Vec<i64> = (0..)
            .map(|week| monday(until - 1) - 7 * week)
            .take_while(|monday| first <= *monday)
            .filter(|monday| self.is_whole(*monday, until))
            .take(n)
            .collect();
        mondays.reverse();
        mondays
    }

    /// A week that has calls, and no open day beyond the history's end.
    fn is_whole(&self, monday: i64, until: i64) -> bool {
        let from = self.history.calls.partition_point(|call| call.day() < monday);
        let some = self.history.calls.get(from).is_some_and(|call| call.day() < monday + 7);
        some && (until..monday + 7).all(|day| self.openings.on(day).is_empty())
    }
}

/// Keeps calls that joined a queue when the service was open, and the others as out of hours.
fn leave_out_closed(history: &mut History, openings: &Openings) {
    let keep: Vec<bool> = history
        .calls
        .iter()
        .map(|call| call.queued() == openings.holds(call.at_us) || !call.queued())
        .collect();
    let mut place = vec![None; keep.len()];
    let mut n = 0;
    for (slot, keep) in place.iter_mut().zip(&keep) {
        if *keep {
            *slot = Some(n);
            n += 1;
        }
    }
    let mut kept = keep.iter();
    history.calls.retain(|_| kept.next().copied().unwrap_or(false));
    for call in &mut history.calls {
        if let Demand::Redial { of, attempt } = call.demand {
            call.demand = match place.get(of).copied().flatten() {
                Some(of) => Demand::Redial { of, attempt },
                None => Demand::Original,
            };
        }
    }
}

fn skills(history: &History, queue_of: &[usize], n_queues: usize) -> Vec<Skill> {
    let n_groups = history.groups.len();
    let mut answered = vec![0_usize; n_groups * n_queues];
    let mut of_queue = vec![0_usize; n_queues];
    for call in &history.calls {
        let (Some(group), Some(&queue)) = (call.group, queue_of.get(call.kind)) else { continue };
        if let (Some(n), Some(all)) =
            (answered.get_mut(group * n_queues + queue), of_queue.get_mut(queue))
        {
            *n += 1;
            *all += 1;
        }
    }
    let mut skills = Vec::new();
    for (queue, &all) in of_queue.iter().enumerate() {
        for group in 0..n_groups {
            let n_answered = answered.get(group * n_queues + queue).copied().unwrap_or(0);
            // A queue with few calls is still served by whoever took most of them.
            if SKILL_MIN.min(all.div_ceil(2)).max(1) <= n_answered && all <= n_answered * 100 {
                skills.push(Skill { group, queue, n_answered });
            }
        }
    }
    skills
}

/// Who calls again and when; a redial can be seen until the service closes, or the window ends.
fn redial(history: &History, openings: &Openings) -> Option<Redial> {
    let mut tried_again: Vec<Option<i64>> = vec![None; history.calls.len()];
    for call in &history.calls {
        if let Demand::Redial { of, .. } = call.demand
            && let Some((slot, before)) = tried_again.get_mut(of).zip(history.calls.get(of))
        {
            *slot = Some((call.at_us - before.at_us - before.wait_us).max(0));
        }
    }
    let calls = history.calls.iter().zip(tried_again).filter(|(call, _)| call.followed);
    let mut unserved: Vec<Wait> = calls
        .map(|(call, tried_again)| {
            let ended_us = call.at_us + call.wait_us;
            let seen_us = || openings.open_for(ended_us, history.window_us);
            match tried_again {
                Some(wait_us) => Wait { wait_us, end: WaitEnd::GaveUp },
                None => Wait { wait_us: seen_us(), end: WaitEnd::Censored },
            }
        })
        .collect();
    let (share, after) = redial::estimate(&mut unserved)?;
    Some(Redial { share, after: Distribution::Sample(after), attempts_max: ATTEMPTS_MAX })
}

/// The median of the rings that were recorded.
fn usual_rang_us(history: &History) -> i64 {
    let mut rings: Vec<i64> = history
        .calls
        .iter()
        .filter(|call| matches!(call.end, HistoryEnd::Answered { .. }))
        .map(|call| call.rang_us)
        .collect();
    rings.sort_unstable();
    rings.get(rings.len() / 2).copied().unwrap_or(0)
}

/// How long after closing somebody was still answered, at most half an hour: the 95th percentile of
/// the days on which anybody was.
fn grace_us(history: &History, openings: &Openings) -> i64 {
    let mut latest: std::collections::BTreeMap<(i64, i64), i64> = std::collections::BTreeMap::new();
    for call in &history.calls {
        if !matches!(call.end, HistoryEnd::Answered { .. }) {
            continue;
        }
        let day = call.day();
        let (from_us, until_us) =
            (call.at_us - day * DAY_US, call.at_us - day * DAY_US + call.wait_us);
        let closing = openings.on(day).iter().find(|span| span.holds(from_us));
        if let Some(span) =
            closing.filter(|span| span.until_us < until_us && span.until_us < DAY_US)
        {
            let late = latest.entry((day, span.until_us)).or_default();
            *late = (*late).max(until_us - span.until_us);
        }
    }
    let mut late: Vec<i64> = latest.into_values().collect();
    late.sort_unstable();
    let at = (late.len() * 95 / 100).min(late.len().saturating_sub(1));
    late.get(at).copied().unwrap_or(0).min(GRACE_MAX_US)
}

//! Queues, groups and hours as a scenario changes them. Read [`Week::queue`] first.

use soglia_domain::calendar::Slot;

use super::QueueChange;
use super::apply::{ApplyError, position};
use crate::centre::{CallBack, CallType, Group, Outgoing, Overflow, Queue, Route, Service, Span};
use crate::distribution::Distribution;
use crate::learn::arrivals::weekday;
use crate::learn::history::{DAY_US, TypeInfo};
use crate::learn::model::Learned;
use crate::week::Week;

/// What an attempt to call back that nobody answers takes, in microseconds.
const ATTEMPT_US: i64 = 30_000_000;
/// Until the next attempt.
const RETRY_US: i64 = 900_000_000;
/// Attempts after the first.
const ATTEMPTS_MAX: u8 = 2;
/// The queue of call-backs.
pub const CALL_BACK_QUEUE: &str = "call-back";

impl Week {
    pub(super) fn group(&self, name: &str) -> Result<usize, ApplyError> {
        let names: Vec<String> = self.centre.groups.iter().map(|g| g.name.clone()).collect();
        position("group of operators", name, &names)
    }

    fn queue_number(&self, name: &str) -> Result<usize, ApplyError> {
        let names: Vec<String> = self.centre.queues.iter().map(|q| q.name.clone()).collect();
        position("queue", name, &names)
    }

    /// Makes a queue, or gives one other rules.
    pub(super) fn queue(&mut self, change: &QueueChange) -> Result<(), ApplyError> {
        let takes = change.takes.as_ref().map(|of| self.fitting(of)).transpose()?;
        let q = match self.queue_number(&change.name) {
            Ok(q) => q,
            Err(unknown) => {
                let first = takes.iter().flatten().position(|fits| *fits).ok_or(unknown)?;
                self.new_queue(&change.name, first)
            }
        };
        if !change.served_by.is_empty() {
            self.serve_only(q, &change.served_by)?;
        }
        let overflow = match &change.overflow {
            Some((after_us, to)) => {
                Some(Overflow { after_us: *after_us, queue: self.queue_number(to)? })
            }
            None => None,
        };
        let Some(queue) = self.centre.queues.get_mut(q) else { return Ok(()) };
        queue.head_start_us = change.head_start_us.unwrap_or(queue.head_start_us);
        queue.capacity = change.capacity.or(queue.capacity);
        queue.overflow = overflow.or(queue.overflow);
        if let Some(takes) = takes {
            for (kind, _) in self.centre.types.iter_mut().zip(&takes).filter(|(_, fits)| **fits) {
                kind.queue = q;
            }
        }
        Ok(())
    }

    /// A queue with the hours and the operators of the one that a type's calls join now.
    fn new_queue(&mut self, name: &str, kind: usize) -> usize {
        let old = self.centre.types.get(kind).map_or(0, |kind| kind.queue);
        let number = self.centre.queues.len();
        if let Some(like) = self.centre.queues.get(old).cloned() {
            self.centre.queues.push(Queue { name: name.to_owned(), overflow: None, ..like });
        }
        for group in &mut self.centre.groups {
            if let Some(own) = group.serves.iter().find(|s| s.queue == old).copied() {
                group.serves.push(Service { queue: number, ..own });
            }
        }
        number
    }

    /// Lets only the groups named serve a queue.
    fn serve_only(&mut self, q: usize, groups: &[(String, u8)]) -> Result<(), ApplyError> {
        let mut routes = Vec::new();
        for (name, tier) in groups {
            routes.push(Route::to(self.group(name)?, *tier));
        }
        for (g, group) in self.centre.groups.iter_mut().enumerate() {
            let route = routes.iter().find(|route| route.group == g);
            let old = group.serves.iter().position(|s| s.queue == q);
            match (route, old) {
                (None, Some(at)) => {
                    group.serves.remove(at);
                }
                (Some(_), None) => group.serves.push(Service { queue: q, tier: 0 }),
                _ => {}
            }
        }
        if let Some(queue) = self.centre.queues.get_mut(q) {
            queue.routing = routes;
        }
        Ok(())
    }

    pub(super) fn prefer(&mut self, queue: &str, group: &str, tier: u8) -> Result<(), ApplyError> {
        let (q, g) = (self.queue_number(queue)?, self.group(group)?);
        self.teach(g, q, tier);
        Ok(())
    }

    /// A group serves a queue from now on, with a preference on both sides.
    fn teach(&mut self, g: usize, q: usize, tier: u8) {
        if let Some(group) = self.centre.groups.get_mut(g) {
            match group.serves.iter_mut().find(|s| s.queue == q) {
                Some(service) => service.tier = tier,
                None => group.serves.push(Service { queue: q, tier }),
            }
        }
        if let Some(queue) = self.centre.queues.get_mut(q) {
            match queue.routing.iter_mut().find(|route| route.group == g) {
                Some(route) => route.tier = tier,
                None => queue.routing.push(Route::to(g, tier)),
            }
        }
    }

    pub(super) fn group_or_new(
        &mut self,
        name: &str,
        serves: &[(String, u8)],
    ) -> Result<usize, ApplyError> {
        let found = self.group(name);
        if let (Ok(number), false) = (&found, serves.is_empty()) {
            let own = self.centre.groups.get(*number).map_or(&[][..], |g| g.serves.as_slice());
            for (queue, _) in serves {
                let q = self.queue_number(queue)?;
                if own.iter().all(|service| service.queue != q) {
                    let (group, queue) = (name.to_owned(), queue.clone());
                    return Err(ApplyError::Serves { group, queue });
                }
            }
        }
        if serves.is_empty() || found.is_ok() {
            return found;
        }
        let number = self.centre.groups.len();
        self.centre.groups.push(Group { name: name.to_owned(), serves: Vec::new() });
        for (queue, tier) in serves {
            let q = self.queue_number(queue)?;
            self.teach(number, q, *tier);
        }
        Ok(number)
    }

    /// When at least one queue that a group serves is open, in order.
    pub(super) fn open_for(&self, group: usize) -> Vec<Span> {
        let serves = self.centre.groups.get(group).map_or(&[][..], |g| g.serves.as_slice());
        let queues = serves.iter().filter_map(|service| self.centre.queues.get(service.queue));
        let mut spans: Vec<Span> = queues.flat_map(|queue| &queue.opening).copied().collect();
        spans.sort_unstable();
        let mut open: Vec<Span> = Vec::new();
        for span in spans {
            match open.last_mut() {
                Some(last) if span.from_us <= last.until_us => {
                    last.until_us = last.until_us.max(span.until_us);
                }
                _ => open.push(span),
            }
        }
        open
    }

    /// A group with the skills of another, and more.
    pub(super) fn copy_group(
        &mut self,
        from: usize,
        name: &str,
        learn: &[(String, u8)],
    ) -> Result<usize, ApplyError> {
        let number = self.centre.groups.len();
        let serves = self.centre.groups.get(from).map(|g| g.serves.clone()).unwrap_or_default();
        self.centre.groups.push(Group { name: name.to_owned(), serves });
        for queue in &mut self.centre.queues {
            if let Some(own) = queue.routing.iter().find(|route| route.group == from).copied() {
                queue.routing.push(Route { group: number, ..own });
            }
        }
        for (queue, tier) in learn {
            let q = self.queue_number(queue)?;
            self.teach(number, q, *tier);
        }
        Ok(number)
    }

    /// Gives queues other hours, on days that are not holidays.
    pub(super) fn hours(
        &mut self,
        queues: &[String],
        weekly: &[Option<Vec<Slot>>; 7],
        learned: &Learned,
    ) -> Result<(), ApplyError> {
        for name in queues {
            self.queue_number(name)?;
        }
        let (first, until) = learned.openings.days();
        let usual = |day: usize| {
            (first..until).any(|d| weekday(d) == day && !learned.openings.on(d).is_empty())
        };
        for queue in &mut self.centre.queues {
            if !queues.is_empty() && !queues.contains(&queue.name) {
                continue;
            }
            let mut opening = Vec::new();
            for (day, slots) in weekly.iter().enumerate() {
                let midnight_us = i64::try_from(day).unwrap_or(0) * DAY_US;
                let today = Span { from_us: midnight_us, until_us: midnight_us + DAY_US };
                let now: Vec<Span> = queue
                    .opening
                    .iter()
                    .filter(|span| today.holds(span.from_us))
                    .copied()
                    .collect();
                match slots {
                    // A day that is usually open, and is not: a holiday.
                    Some(slots) if !now.is_empty() || !usual(day) => {
                        opening.extend(slots.iter().map(|slot| Span {
                            from_us: midnight_us + i64::from(slot.open()) * 60_000_000,
                            until_us: midnight_us + i64::from(slot.close()) * 60_000_000,
                        }));
                    }
                    _ => opening.extend(now),
                }
            }
            queue.opening = opening;
        }
        Ok(())
    }

    /// Call-backs: a queue of their own that keeps the place of those who leave theirs.
    pub(super) fn call_back(&mut self, fitting: &[bool], after_us: i64, share: f64, reached: f64) {
        let first = fitting.iter().position(|fits| *fits).unwrap_or(0);
        let q = self.new_queue(CALL_BACK_QUEUE, first);
        if let Some(queue) = self.centre.queues.get_mut(q) {
            queue.head_start_us += after_us;
            queue.capacity = None;
        }
        let becomes = self.centre.types.len();
        let outgoing = Outgoing {
            reached,
            attempt_us: ATTEMPT_US,
            retry_us: RETRY_US,
            attempts_max: ATTEMPTS_MAX,
        };
        let talk = Distribution::Constant { secs: 0.0 };
        self.centre.types.push(CallType {
            outgoing: Some(outgoing),
            ..CallType::plain(CALL_BACK_QUEUE, q, talk, Distribution::Never)
        });
        self.types.push(TypeInfo {
            queue: CALL_BACK_QUEUE.to_owned(),
            topic: String::new(),
            class: String::new(),
        });
        for (kind, _) in self.centre.types.iter_mut().zip(fitting).filter(|(_, fits)| **fits) {
            kind.call_back = Some(CallBack { after_us, share, becomes });
        }
    }
}

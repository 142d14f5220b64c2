//! A centre's rules in the form in which the simulator asks for them. Read [`Rules`] first.

use super::Abandonment;
use crate::centre::{AtClosing, Centre, Queue};

#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) abandonment: Abandonment,
    pub(super) queues: Vec<QueueRules>,
    pub(super) groups: Vec<GroupRules>,
    /// When the waiting of a queue is cleared, in order.
    pub(super) clearings: Vec<Clearing>,
}

#[derive(Clone, Debug)]
pub(super) struct QueueRules {
    /// Groups by tier, then by their number.
    pub(super) routes: Vec<RouteRules>,
    /// Groups that take a call at once.
    pub(super) at_once: u64,
    pub(super) head_start_us: i64,
    pub(super) capacity: u32,
    /// Waits after which another group may take a call, shortest first.
    pub(super) steps_us: Vec<i64>,
    pub(super) overflow: Option<(i64, u32)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct RouteRules {
    pub(super) group: usize,
    pub(super) tier: u8,
    pub(super) after_us: i64,
}

#[derive(Clone, Debug)]
pub(super) struct GroupRules {
    pub(super) serves: Vec<ServiceRules>,
    /// Queues that the group serves.
    pub(super) mask: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ServiceRules {
    pub(super) queue: usize,
    pub(super) tier: u8,
    pub(super) after_us: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Clearing {
    pub(super) at_us: i64,
    pub(super) queue: usize,
}

impl Rules {
    pub(super) fn new(centre: &Centre) -> Self {
        let queues: Vec<QueueRules> = (0..centre.queues.len()).map(|q| queue(centre, q)).collect();
        let groups = (0..centre.groups.len()).map(|g| group(centre, g)).collect();
        let mut clearings: Vec<Clearing> = centre
            .queues
            .iter()
            .enumerate()
            .filter(|(_, queue)| queue.at_closing == AtClosing::Release)
            .flat_map(|(q, queue)| closings(queue).map(move |at_us| Clearing { at_us, queue: q }))
            .collect();
        clearings.sort_unstable();
        let depends =
            centre.types.iter().any(|kind| kind.redial.is_some() || kind.call_back.is_some())
                || centre.queues.iter().any(|queue| {
                    queue.capacity.is_some()
                        || queue.overflow.is_some()
                        || queue.routing.iter().any(|route| 0 < route.after_us)
                });
        let abandonment = if depends { Abandonment::Eager } else { Abandonment::Lazy };
        Self { abandonment, queues, groups, clearings }
    }
}

/// When the grace after each closing is over, unless the queue is open again by then.
fn closings(queue: &Queue) -> impl Iterator<Item = i64> {
    let next = queue.opening.iter().skip(1).map(Some).chain([None]);
    queue.opening.iter().zip(next).filter_map(|(span, next)| {
        let over_us = span.until_us + queue.grace_us;
        next.is_none_or(|next| over_us < next.from_us).then_some(over_us)
    })
}

fn queue(centre: &Centre, q: usize) -> QueueRules {
    let queue = &centre.queues[q];
    let mut routes: Vec<RouteRules> = queue
        .routing
        .iter()
        .map(|r| RouteRules { group: r.group, tier: r.tier, after_us: r.after_us })
        .collect();
    routes.sort_by_key(|r| (r.tier, r.group));
    let at_once = routes.iter().filter(|r| r.after_us == 0).fold(0, |m, r| m | 1 << r.group);
    let mut steps_us: Vec<i64> =
        routes.iter().map(|r| r.after_us).filter(|after| 0 < *after).collect();
    steps_us.sort_unstable();
    steps_us.dedup();
    QueueRules {
        routes,
        at_once,
        head_start_us: queue.head_start_us,
        capacity: queue.capacity.unwrap_or(u32::MAX),
        steps_us,
        overflow: queue.overflow.map(|o| (o.after_us, crate::num::id(o.queue))),
    }
}

fn group(centre: &Centre, g: usize) -> GroupRules {
    let after = |q: usize| {
        let routes = &centre.queues[q].routing;
        routes.iter().find(|r| r.group == g).map_or(0, |r| r.after_us)
    };
    let mut serves: Vec<ServiceRules> = centre.groups[g]
        .serves
        .iter()
        .map(|s| ServiceRules { queue: s.queue, tier: s.tier, after_us: after(s.queue) })
        .collect();
    serves.sort_by_key(|s| (s.tier, s.queue));
    let mask = serves.iter().fold(0, |m, s| m | 1 << s.queue);
    GroupRules { serves, mask }
}

//! What was recorded, as the learner takes it. Read [`HistoryCall`] first, then [`History`].
//!
//! Instants are *local*: microseconds since 1970-01-01T00:00 on the service's own clocks, because
//! opening hours, shifts and habits follow those. Durations are true ones. In the hour that a
//! change of clocks repeats, calls of both hours lie upon each other; nobody is at work then.

use std::collections::BTreeMap;

use super::redial::{self, CallerCall, Demand, Served};
use crate::random::{Key, Purpose};

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;
/// Microseconds of a week.
pub const WEEK_US: i64 = 7 * DAY_US;
/// Microseconds of a quarter of an hour.
pub const QUARTER_US: i64 = 900_000_000;
/// The interval in which operators are counted.
pub const SLOT_US: i64 = 300_000_000;
/// Quarters of an hour in a day.
pub const QUARTERS: usize = 96;

/// One inbound call of one service, as recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryCall {
    /// When it joined its first queue, or arrived where it joined none; local.
    pub at_us: i64,
    /// Its first queue.
    pub queue: Option<String>,
    /// What it was about.
    pub topic: Option<String>,
    /// Its priority class.
    pub class: Option<String>,
    /// The booking system that was used.
    pub system: Option<String>,
    /// The group of the operator who answered.
    pub group: Option<String>,
    /// The caller's pseudonym; nothing for withheld numbers.
    pub caller: Option<String>,
    /// From joining the queue to the answer, or to leaving.
    pub wait_us: i64,
    /// The last part of the wait, in which the telephone of the operator who answered rang.
    pub rang_us: i64,
    /// How it ended.
    pub end: HistoryEnd,
}

/// How a recorded call ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HistoryEnd {
    /// An operator answered.
    Answered {
        /// Conversation, hold included.
        talk_us: i64,
        /// After-call work, where the platform says it.
        wrap_us: Option<i64>,
    },
    /// Gave up in the queue.
    Abandoned,
    /// Put out of the queue by the platform.
    Released,
    /// Turned away at the queue's door.
    Refused,
    /// Asked to be called back.
    CallBack,
    /// Came when the service was closed.
    OutOfHours,
    /// Ended before any queue: in the IVR.
    BeforeQueue,
}

/// Calls that share a queue, a topic and a priority class.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TypeInfo {
    /// The queue they join.
    pub queue: String,
    /// What they are about; empty where rare topics are taken together.
    pub topic: String,
    /// The priority class; empty where there is none, or rare ones are taken together.
    pub class: String,
}

impl TypeInfo {
    /// Returns a name for people: the parts that are there.
    pub fn name(&self) -> String {
        let parts = [&self.queue, &self.topic, &self.class];
        let there: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        there.join(" · ")
    }
}

/// A call of the [`History`]: names have become numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// When it joined its queue; local.
    pub at_us: i64,
    /// Its type, an index of [`History::types`].
    pub kind: usize,
    /// The booking system, an index of [`History::systems`].
    pub system: Option<usize>,
    /// The group that answered, an index of [`History::groups`].
    pub group: Option<usize>,
    /// From joining the queue to the answer, or to leaving.
    pub wait_us: i64,
    /// The last part of the wait, in which a telephone rang.
    pub rang_us: i64,
    /// How it ended.
    pub end: HistoryEnd,
    /// Original demand, or the redial of which call.
    pub demand: Demand,
    /// Whether it was not served and its caller would be recognised: a redial would be seen.
    pub followed: bool,
}

impl Seen {
    /// Says whether the call joined a queue, or was turned away from one.
    pub const fn queued(&self) -> bool {
        !matches!(self.end, HistoryEnd::OutOfHours | HistoryEnd::BeforeQueue)
    }

    /// Returns when the operator was free again, for calls that were answered.
    pub fn busy(&self) -> Option<(i64, i64)> {
        let HistoryEnd::Answered { talk_us, wrap_us } = self.end else { return None };
        let from_us = self.at_us + self.wait_us - self.rang_us;
        Some((from_us, self.at_us + self.wait_us + talk_us + wrap_us.unwrap_or(0)))
    }

    /// Adds work after the call, and time to pick it up, that no platform recorded.
    pub fn add_unrecorded(&mut self, after_us: Option<i64>, picked_up_us: i64) {
        if let HistoryEnd::Answered { wrap_us, .. } = &mut self.end {
            if let Some(after_us) = after_us {
                *wrap_us = Some(wrap_us.unwrap_or(0) + after_us);
            }
            self.rang_us = (self.rang_us + picked_up_us).min(self.wait_us);
        }
    }

    /// Returns the local day, counted from 1970-01-01.
    pub const fn day(&self) -> i64 {
        self.at_us.div_euclid(DAY_US)
    }
}

/// Calls of one service in order, with what they share.
#[derive(Clone, PartialEq, Debug)]
pub struct History {
    /// Types of calls.
    pub types: Vec<TypeInfo>,
    /// Booking systems.
    pub systems: Vec<String>,
    /// Groups of operators.
    pub groups: Vec<String>,
    /// Calls that joined a queue, and those that came out of hours, by instant.
    pub calls: Vec<Seen>,
    /// Calls that ended before any queue.
    pub n_before_queue: usize,
    /// Calls without a topic that got one as others of their queue have it.
    pub n_topics_spread: usize,
    /// The longest time until a redial.
    pub window_us: i64,
    /// Calls whose caller is known.
    pub n_known_callers: usize,
}

/// Topics and classes with fewer calls are taken together.
pub const TYPE_MIN: usize = 200;
/// A number from which more calls come in one day is no person's: its calls are not linked.
pub const CALLS_OF_A_PERSON: usize = 30;
/// The only group, where calls say none.
pub const NO_GROUP: &str = "operators";
/// Label of the numbers that spread topics.
const TOPIC: u64 = 0x544F_5049;
/// The most types: the simulator numbers them with a byte, and scenarios add some.
const TYPES_MAX: usize = 200;

/// What cannot be learned from.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HistoryError {
    /// No calls.
    #[error("no call joined a queue in the time looked at")]
    Empty,
    /// Too many queues and topics.
    #[error("at most {TYPES_MAX} types of calls can be told apart, found `{0}`")]
    TooManyTypes(usize),
}

impl History {
    /// Takes calls in any order; a redial is a call of the same caller within `window_us` after one
    /// that was not served.
    pub fn new(calls: &[HistoryCall], window_us: i64) -> Result<Self, HistoryError> {
        let mut order: Vec<&HistoryCall> =
            calls.iter().filter(|call| call.end != HistoryEnd::BeforeQueue).collect();
        order.sort_by_key(|call| call.at_us);
        if order.iter().all(|call| call.queue.is_none()) {
            return Err(HistoryError::Empty);
        }
        let spread = spread_topics(&order);
        for (place, call) in &spread {
            if let Some(slot) = order.get_mut(*place) {
                *slot = call;
            }
        }
        let names = Types::of(&order);
        if TYPES_MAX < names.infos.len() {
            return Err(HistoryError::TooManyTypes(names.infos.len()));
        }
        let systems = distinct(order.iter().filter_map(|call| call.system.as_deref()));
        let mut groups = distinct(order.iter().filter_map(|call| group_of(call)));
        if groups.is_empty() {
            groups.push(NO_GROUP.to_owned());
        }
        let linked = link(&order, window_us);
        let mut seen: Vec<Seen> = Vec::with_capacity(order.len());
        for (call, (demand, followed)) in order.iter().zip(linked) {
            seen.push(Seen {
                at_us: call.at_us,
                kind: names.kind(call),
                system: call.system.as_ref().and_then(|name| systems.binary_search(name).ok()),
                group: group_of(call)
                    .and_then(|name| groups.binary_search_by(|g| g.as_str().cmp(name)).ok()),
                wait_us: call.wait_us.max(0),
                rang_us: call.rang_us.clamp(0, call.wait_us.max(0)),
                end: call.end,
                demand,
                followed,
            });
        }
        put_into_groups(&mut seen, names.infos.len(), groups.len());
        Ok(Self {
            types: names.infos,
            systems,
            groups,
            n_before_queue: calls.len() - seen.len(),
            n_topics_spread: spread.len(),
            window_us,
            n_known_callers: order.iter().filter(|call| call.caller.is_some()).count(),
            calls: seen,
        })
    }

    /// Returns the names of the queues, in order.
    pub fn queues(&self) -> Vec<String> {
        distinct(self.types.iter().map(|kind| kind.queue.as_str()))
    }

    /// Returns the first day and the one after the last.
    pub fn days(&self) -> (i64, i64) {
        let first = self.calls.first().map_or(0, Seen::day);
        let last = self.calls.last().map_or(0, Seen::day);
        (first, last + 1)
    }

    /// Returns the calls of some days, `[first, until)`.
    #[must_use]
    pub fn between(&self, first_day: i64, until_day: i64) -> Self {
        let from = self.calls.partition_point(|call| call.day() < first_day);
        let until = self.calls.partition_point(|call| call.day() < until_day);
        let mut calls = self.calls.get(from..until).unwrap_or_default().to_vec();
        for call in &mut calls {
            call.demand = match call.demand {
                Demand::Redial { of, attempt } if from <= of => {
                    Demand::Redial { of: of - from, attempt }
                }
                _ => Demand::Original,
            };
        }
        Self { calls, ..self.clone() }
    }
}

/// The group of a call that an operator answered.
fn group_of(call: &HistoryCall) -> Option<&str> {
    let answered = matches!(call.end, HistoryEnd::Answered { .. });
    if answered { call.group.as_deref() } else { None }
}

/// Puts answered calls whose group is not recorded into the group that answers most of their type.
fn put_into_groups(calls: &mut [Seen], n_types: usize, n_groups: usize) {
    let mut counts = vec![vec![0_usize; n_groups]; n_types];
    for call in calls.iter() {
        let of_type = counts.get_mut(call.kind);
        if let Some(n) = call.group.and_then(|group| of_type.and_then(|c| c.get_mut(group))) {
            *n += 1;
        }
    }
    let main = |kind: usize| {
        let counts = counts.get(kind).map_or(&[][..], Vec::as_slice);
        (0..n_groups).max_by_key(|g| (counts.get(*g).copied().unwrap_or(0), n_groups - g))
    };
    for call in calls.iter_mut() {
        if call.group.is_none() && matches!(call.end, HistoryEnd::Answered { .. }) {
            call.group = main(call.kind);
        }
    }
}

fn distinct<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let set: std::collections::BTreeSet<&str> = names.collect();
    set.into_iter().map(str::to_owned).collect()
}

/// Redials, of calls in order; and whether a redial of the call would be seen.
fn link(order: &[&HistoryCall], window_us: i64) -> Vec<(Demand, bool)> {
    let mut of_day: BTreeMap<(&str, i64), usize> = BTreeMap::new();
    for call in order {
        if let Some(caller) = call.caller.as_deref() {
            *of_day.entry((caller, call.at_us.div_euclid(DAY_US))).or_default() += 1;
        }
    }
    let busy = of_day.into_iter().filter(|(_, n)| CALLS_OF_A_PERSON < *n);
    let busy: std::collections::BTreeSet<&str> = busy.map(|((caller, _), _)| caller).collect();
    let calls: Vec<CallerCall<'_>> = order
        .iter()
        .map(|call| CallerCall {
            at_us: call.at_us,
            caller: call
                .caller
                .as_deref()
                .filter(|caller| call.end != HistoryEnd::OutOfHours && !busy.contains(caller)),
            end: match call.end {
                HistoryEnd::Answered { .. } | HistoryEnd::CallBack => Served::Yes,
                _ => Served::No,
            },
        })
        .collect();
    let mut demand = redial::link(&calls, window_us);
    // Whoever calls on a second line before giving up on the first has not called again.
    for n in 0..order.len() {
        let Some(Demand::Redial { of, .. }) = demand.get(n).copied() else { continue };
        let at_once = order
            .get(n)
            .zip(order.get(of))
            .is_none_or(|(call, before)| call.at_us < before.at_us + before.wait_us);
        if at_once && let Some(demand) = demand.get_mut(n) {
            *demand = Demand::Original;
        }
    }
    attempts_from_the_first(&mut demand);
    let followed = calls.iter().map(|call| call.caller.is_some() && call.end == Served::No);
    demand.into_iter().zip(followed).collect()
}

/// Numbers attempts anew where a link was cut.
fn attempts_from_the_first(demand: &mut [Demand]) {
    let attempt_of = |demand: &[Demand], n: usize| match demand.get(n) {
        Some(Demand::Redial { attempt, .. }) => *attempt,
        _ => 0,
    };
    for n in 0..demand.len() {
        if let Some(Demand::Redial { of, .. }) = demand.get(n).copied() {
            let attempt = attempt_of(demand, of) + 1;
            if let Some(slot) = demand.get_mut(n) {
                *slot = Demand::Redial { of, attempt };
            }
        }
    }
}

/// Which queue, topic and class is which type.
#[derive(Debug)]
struct Types {
    infos: Vec<TypeInfo>,
    by_key: BTreeMap<TypeInfo, usize>,
    /// The type with the most calls: for calls that reached no queue.
    first: usize,
}

impl Types {
    fn of(order: &[&HistoryCall]) -> Self {
        let queued = || order.iter().filter(|call| call.queue.is_some());
        let mut exact: BTreeMap<TypeInfo, usize> = BTreeMap::new();
        let mut by_topic: BTreeMap<TypeInfo, usize> = BTreeMap::new();
        for call in queued() {
            let key = key(call);
            *by_topic.entry(TypeInfo { class: String::new(), ..key.clone() }).or_default() += 1;
            *exact.entry(key).or_default() += 1;
        }
        let mut names: BTreeMap<TypeInfo, TypeInfo> = BTreeMap::new();
        let mut sizes: BTreeMap<TypeInfo, usize> = BTreeMap::new();
        for (key, n) in &exact {
            let topic = TypeInfo { class: String::new(), ..key.clone() };
            let name = if TYPE_MIN <= *n {
                key.clone()
            } else if by_topic.get(&topic).is_some_and(|n| TYPE_MIN <= *n) {
                topic
            } else {
                TypeInfo { topic: String::new(), ..topic }
            };
            *sizes.entry(name.clone()).or_default() += n;
            names.insert(key.clone(), name);
        }
        let infos: Vec<TypeInfo> = sizes.keys().cloned().collect();
        let number = |name: &TypeInfo| infos.binary_search(name).unwrap_or_default();
        let first = sizes.iter().max_by_key(|(_, n)| **n).map_or(0, |(name, _)| number(name));
        let by_key = names.iter().map(|(key, name)| (key.clone(), number(name))).collect();
        Self { infos, by_key, first }
    }

    fn kind(&self, call: &HistoryCall) -> usize {
        self.by_key.get(&key(call)).copied().unwrap_or(self.first)
    }
}

/// Topics of a queue's calls.
#[derive(Default)]
struct QueueTopics<'c> {
    answered: usize,
    answered_known: usize,
    /// Calls by topic and class.
    known: BTreeMap<(&'c str, Option<&'c str>), usize>,
}

impl<'c> QueueTopics<'c> {
    /// Whether operators write topics down in this queue: whoever was not answered has none then.
    fn are_written(&self) -> bool {
        0 < self.answered_known && self.answered <= 2 * self.answered_known
    }

    /// One of the topics, as often as it occurs; `u` lies between 0 and 1.
    fn draw(&self, u: f64) -> Option<(&'c str, Option<&'c str>)> {
        let all: usize = self.known.values().sum();
        let mut left = u * all as f64;
        let found = self.known.iter().find(|(_, n)| {
            left -= **n as f64;
            left < 0.0
        });
        found.or_else(|| self.known.iter().next_back()).map(|(topic, _)| *topic)
    }
}

/// The calls without a topic, each with one, where operators write topics down: whoever gave up was
/// never asked. They get topics and classes as the queue's other calls have them, each by a number
/// of its own instant. Left as they are, those who gave up would be a type of their own, and the
/// others a type in which nobody ever does.
fn spread_topics(order: &[&HistoryCall]) -> Vec<(usize, HistoryCall)> {
    let mut queues: BTreeMap<&str, QueueTopics<'_>> = BTreeMap::new();
    for &call in order {
        let Some(queue) = call.queue.as_deref() else { continue };
        let topics = queues.entry(queue).or_default();
        let answered = matches!(call.end, HistoryEnd::Answered { .. });
        topics.answered += usize::from(answered);
        if let Some(topic) = call.topic.as_deref() {
            topics.answered_known += usize::from(answered);
            *topics.known.entry((topic, call.class.as_deref())).or_default() += 1;
        }
    }
    let key = Key::new(TOPIC);
    let drawn = |(place, call): (usize, &&HistoryCall)| {
        let topics = queues.get(call.queue.as_deref()?)?;
        if call.topic.is_some() || !topics.are_written() {
            return None;
        }
        let u = key.split(call.at_us.unsigned_abs()).uniform(Purpose::Thin, 0);
        let (topic, class) = topics.draw(u)?;
        let topic = Some(topic.to_owned());
        let class = call.class.clone().or_else(|| class.map(str::to_owned));
        Some((place, HistoryCall { topic, class, ..(**call).clone() }))
    };
    order.iter().enumerate().filter_map(drawn).collect()
}

fn key(call: &HistoryCall) -> TypeInfo {
    let text = |name: &Option<String>| name.clone().unwrap_or_default();
    TypeInfo { queue: text(&call.queue), topic: text(&call.topic), class: text(&call.class) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(secs: i64, queue: &str, caller: &str, end: HistoryEnd) -> HistoryCall {
        HistoryCall {
            at_us: secs * 1_000_000,
            queue: (!queue.is_empty()).then(|| queue.to_owned()),
            topic: None,
            class: None,
            system: None,
            group: None,
            caller: (!caller.is_empty()).then(|| caller.to_owned()),
            wait_us: 30_000_000,
            rang_us: 4_000_000,
            end,
        }
    }

    #[test]
    fn redials_are_linked_and_second_lines_are_not() {
        let answered = HistoryEnd::Answered { talk_us: 60_000_000, wrap_us: None };
        let calls = [
            call(0, "a", "x", HistoryEnd::Abandoned),
            call(10, "a", "x", HistoryEnd::Abandoned),
            call(100, "a", "x", HistoryEnd::Abandoned),
            call(200, "a", "x", answered),
            call(300, "", "x", HistoryEnd::BeforeQueue),
        ];
        let history = History::new(&calls, 3_600_000_000).expect("calls");
        let demand: Vec<Demand> = history.calls.iter().map(|call| call.demand).collect();
        let again = |of: usize, attempt: u32| Demand::Redial { of, attempt };
        assert_eq!(demand, [Demand::Original, Demand::Original, again(1, 1), again(2, 2)]);
        let followed: Vec<bool> = history.calls.iter().map(|call| call.followed).collect();
        assert_eq!((followed, history.n_before_queue), (vec![true, true, true, false], 1));
        assert_eq!(history.calls[3].busy(), Some((226_000_000, 290_000_000)));
        assert_eq!(history.groups, [NO_GROUP]);
        assert_eq!(History::new(&calls[4..], 1), Err(HistoryError::Empty));
    }

    #[test]
    fn those_who_gave_up_have_topics_as_the_others_of_their_queue() {
        let answered = HistoryEnd::Answered { talk_us: 60_000_000, wrap_us: None };
        let mut calls = Vec::new();
        let mut add = |n: i64, queue: &str, topic: Option<&str>, end: HistoryEnd| {
            for _ in 0..n {
                let at = 60 * i64::try_from(calls.len()).expect("few");
                let topic = topic.map(str::to_owned);
                calls.push(HistoryCall { topic, ..call(at, queue, "", end) });
            }
        };
        add(3000, "q", Some("book"), answered);
        add(1000, "q", Some("ask"), answered);
        add(1000, "q", None, HistoryEnd::Abandoned);
        // Here nobody writes topics down, but once in a while.
        add(900, "r", None, answered);
        add(300, "r", Some("book"), answered);
        add(500, "r", None, HistoryEnd::Abandoned);
        let history = History::new(&calls, 1).expect("calls");
        let names: Vec<String> = history.types.iter().map(TypeInfo::name).collect();
        assert_eq!(
            (names.as_slice(), history.n_topics_spread),
            (["q · ask", "q · book", "r", "r · book"].map(str::to_owned).as_slice(), 1000)
        );
        let n = |kind: usize| {
            let gave_up = |c: &&Seen| c.kind == kind && c.end == HistoryEnd::Abandoned;
            history.calls.iter().filter(gave_up).count()
        };
        assert_eq!((n(0) + n(1), n(2), n(3)), (1000, 500, 0));
        assert!((200..300).contains(&n(0)), "a quarter of them: {}", n(0));
        assert_eq!(History::new(&calls, 1), Ok(history), "the same again");
    }

    #[test]
    fn rare_topics_and_classes_are_taken_together() {
        let mut calls = Vec::new();
        for (n, topic, class) in
            [(300, "book", "D"), (50, "book", "P"), (60, "ask", ""), (10, "", "")]
        {
            for _ in 0..n {
                let topic = (!topic.is_empty()).then(|| topic.to_owned());
                let class = (!class.is_empty()).then(|| class.to_owned());
                calls.push(HistoryCall { topic, class, ..call(0, "q", "", HistoryEnd::Abandoned) });
            }
        }
        let history = History::new(&calls, 1).expect("calls");
        let names: Vec<String> = history.types.iter().map(TypeInfo::name).collect();
        assert_eq!(names, ["q", "q · book", "q · book · D"]);
        let n = |kind: usize| history.calls.iter().filter(|call| call.kind == kind).count();
        assert_eq!([n(0), n(1), n(2)], [70, 50, 300]);
    }
}

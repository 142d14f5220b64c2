//! A contact centre as the simulator sees it. Read [`Centre`] first.
//!
//! Everything is in microseconds from an origin that the caller chooses, usually a Monday's
//! midnight. Spans are half-open. [`Centre::check`] says what does not fit together.

use crate::distribution::{Distribution, DistributionError};

/// A span of time, `[from_us, until_us)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Span {
    /// The first microsecond in it.
    pub from_us: i64,
    /// The first microsecond after it.
    pub until_us: i64,
}

impl Span {
    /// Makes a span from seconds.
    pub const fn of_secs(from_secs: i64, until_secs: i64) -> Self {
        Self { from_us: from_secs * 1_000_000, until_us: until_secs * 1_000_000 }
    }

    /// Says whether an instant lies in it.
    pub const fn holds(self, at_us: i64) -> bool {
        self.from_us <= at_us && at_us < self.until_us
    }

    /// Returns its length.
    pub const fn length_us(self) -> i64 {
        self.until_us - self.from_us
    }
}

/// Queues, operators, and what happens to each type of call.
#[derive(Clone, PartialEq, Debug)]
pub struct Centre {
    /// When the simulation ends: who still waits then is released.
    pub until_us: i64,
    /// Types of calls: what arrives, how long it takes, what callers put up with.
    pub types: Vec<CallType>,
    /// Where calls wait.
    pub queues: Vec<Queue>,
    /// Operators with the same skills.
    pub groups: Vec<Group>,
    /// Operators and when they are at work.
    pub operators: Vec<Operator>,
}

/// A type of calls. Indices point into the [`Centre`]'s lists.
#[derive(Clone, PartialEq, Debug)]
pub struct CallType {
    /// Its name.
    pub name: String,
    /// The queue it enters.
    pub queue: usize,
    /// Conversation, hold included.
    pub talk: Distribution,
    /// After-call work.
    pub wrap: Distribution,
    /// How long callers wait for an operator.
    pub patience: Patience,
    /// The share that the IVR answers without an operator.
    pub contained: f64,
    /// Whether callers who were not answered try again.
    pub redial: Option<Redial>,
    /// Whether callers who wait are offered to be called back.
    pub call_back: Option<CallBack>,
    /// For calls that the centre makes: how often somebody answers.
    pub outgoing: Option<Outgoing>,
    /// Whether some go on to a second level.
    pub second_level: Option<SecondLevel>,
}

/// How long callers wait for an operator.
#[derive(Clone, PartialEq, Debug)]
pub struct Patience {
    /// The share that leaves at once when not answered at once.
    pub none: f64,
    /// The others.
    pub then: Distribution,
}

/// Callers who gave up, or were released or refused, and try again.
#[derive(Clone, PartialEq, Debug)]
pub struct Redial {
    /// The share that tries again, each time.
    pub share: f64,
    /// After how long.
    pub after: Distribution,
    /// Attempts after the first.
    pub attempts_max: u8,
}

/// The offer to be called back.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CallBack {
    /// Made after waiting this long.
    pub after_us: i64,
    /// The share that accepts.
    pub share: f64,
    /// The type that the call becomes, another one; the conversation and the after-call work are
    /// those of the original call. To let callers keep their place, its queue has a head start
    /// of `after_us` over the queue they leave.
    pub becomes: usize,
}

/// Calls that the centre makes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Outgoing {
    /// The share of attempts that somebody answers.
    pub reached: f64,
    /// The operator's time for an attempt that nobody answers.
    pub attempt_us: i64,
    /// Until the next attempt.
    pub retry_us: i64,
    /// Attempts after the first.
    pub attempts_max: u8,
}

/// The share of calls that ends as work for a second level.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SecondLevel {
    /// The share.
    pub share: f64,
    /// The type that the work becomes, another one, at the end of the conversation.
    pub becomes: usize,
}

/// A waiting line: first come, first served within it.
#[derive(Clone, PartialEq, Debug)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Groups that serve it, as an arriving call prefers them.
    pub routing: Vec<Route>,
    /// Ageing: among queues of the same tier, calls here count as if they had waited this much
    /// longer; a call of another queue overtakes them only when it has waited longer still.
    pub head_start_us: i64,
    /// When it is open, in order; calls at other times are turned away. Spans may touch: a queue
    /// that never closes is one span, or a span for each day.
    pub opening: Vec<Span>,
    /// How long after closing those who wait are still served; then they are released, unless the
    /// queue is open again.
    pub grace_us: i64,
    /// What happens to those who wait when the grace is over.
    pub at_closing: AtClosing,
    /// How many may wait: one more is refused.
    pub capacity: Option<u32>,
    /// Another queue for those who wait too long.
    pub overflow: Option<Overflow>,
}

/// What happens to those who wait when a queue has closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AtClosing {
    /// They are released.
    Release,
    /// They stay for the next day: written or second-level work.
    Keep,
}

/// A group that serves a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Route {
    /// The group.
    pub group: usize,
    /// Preference: 0 first. Within a tier, the operator idle for longest gets the call.
    pub tier: u8,
    /// The group serves only calls that have waited this long: 0 for a plain skill, more for
    /// overflow to other operators.
    pub after_us: i64,
}

/// Another queue for those who wait too long; a call overflows once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overflow {
    /// After how long.
    pub after_us: i64,
    /// The queue.
    pub queue: usize,
}

/// Operators with the same skills.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Queues that a free operator looks at.
    pub serves: Vec<Service>,
}

/// A queue that a group serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Service {
    /// The queue.
    pub queue: usize,
    /// Preference: 0 first. Within a tier, the call with the longest wait, head start included.
    pub tier: u8,
}

/// An operator: never a person, a seat with hours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operator {
    /// The group.
    pub group: usize,
    /// When at work: shifts without their breaks, in order and without overlap. Who is busy at the
    /// end of one finishes, then leaves; a break that begins late does not end later.
    pub presence: Vec<Span>,
}

/// The most queues, and the most groups: sets of them are kept in the bits of a word.
pub const QUEUES_MAX: usize = 64;

/// The most operators of one simulation.
pub const OPERATORS_MAX: usize = 20_000;

/// What does not fit together in a centre.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum CentreError {
    /// Too many of something.
    #[error("at most {max} {what} can be simulated, found `{found}`")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// An index that points nowhere.
    #[error("{whose} `{name}` names {what} number `{index}`, but there are only {n}")]
    Missing {
        /// Whose it is.
        whose: &'static str,
        /// Its name.
        name: String,
        /// What it points to.
        what: &'static str,
        /// The index.
        index: usize,
        /// How many there are.
        n: usize,
    },
    /// A share outside 0 to 1.
    #[error("the share `{what}` of `{name}` must be from 0 to 1, found `{found}`")]
    Share {
        /// Whose it is.
        name: String,
        /// What it is.
        what: &'static str,
        /// What was given.
        found: f64,
    },
    /// A duration.
    #[error("`{what}` of `{name}`: {cause}")]
    Distribution {
        /// Whose it is.
        name: String,
        /// What it is.
        what: &'static str,
        /// Why.
        #[source]
        cause: DistributionError,
    },
    /// Spans that are empty, overlap or are not in order.
    #[error("the {what} of `{name}` must be spans in order, without overlap and not empty")]
    Spans {
        /// Whose they are.
        name: String,
        /// What they are.
        what: &'static str,
    },
    /// A queue and a group that do not agree.
    #[error("queue `{queue}` and group `{group}` must both name each other, once")]
    Skill {
        /// The queue.
        queue: String,
        /// The group.
        group: String,
    },
    /// A type that calls would become again and again.
    #[error("`{what}` of `{name}` must lead to other types and never back to its own")]
    Circle {
        /// The type.
        name: String,
        /// What leads back to it.
        what: &'static str,
    },
    /// A negative duration.
    #[error("`{what}` of `{name}` must not be negative")]
    Negative {
        /// Whose it is.
        name: String,
        /// What it is.
        what: &'static str,
    },
}

impl Centre {
    /// Says the first thing that does not fit together.
    pub fn check(&self) -> Result<(), CentreError> {
        limit("queues", self.queues.len(), QUEUES_MAX)?;
        limit("groups", self.groups.len(), QUEUES_MAX)?;
        limit("types of calls", self.types.len(), usize::from(u8::MAX))?;
        limit("operators", self.operators.len(), OPERATORS_MAX)?;
        self.types.iter().enumerate().try_for_each(|(t, kind)| self.check_type(t, kind))?;
        self.queues.iter().enumerate().try_for_each(|(q, queue)| self.check_queue(q, queue))?;
        self.groups.iter().enumerate().try_for_each(|(g, group)| self.check_group(g, group))?;
        for operator in &self.operators {
            index("an operator", "", "group", operator.group, self.groups.len())?;
            let group = self.groups.get(operator.group);
            let name = group.map_or("", |group| group.name.as_str());
            spans(name, "presence", &operator.presence)?;
        }
        Ok(())
    }

    fn check_type(&self, t: usize, kind: &CallType) -> Result<(), CentreError> {
        let CallType { name, queue, talk, wrap, patience, .. } = kind;
        index("type", name, "queue", *queue, self.queues.len())?;
        for (what, distribution) in [("talk", talk), ("wrap", wrap)] {
            let endless = matches!(distribution, Distribution::Never);
            let checked =
                if endless { Err(DistributionError::Endless) } else { distribution.check() };
            checked.map_err(|cause| distribution_error(name, what, cause))?;
        }
        patience.then.check().map_err(|cause| distribution_error(name, "patience", cause))?;
        share(name, "patience.none", patience.none)?;
        share(name, "contained", kind.contained)?;
        if let Some(redial) = &kind.redial {
            share(name, "redial", redial.share)?;
            redial.after.check().map_err(|cause| distribution_error(name, "redial", cause))?;
        }
        if let Some(call_back) = &kind.call_back {
            share(name, "call_back", call_back.share)?;
            not_negative(name, "call_back", call_back.after_us)?;
            index("type", name, "type", call_back.becomes, self.types.len())?;
            self.check_ends(t, call_back.becomes, "call_back")?;
        }
        if let Some(second) = &kind.second_level {
            share(name, "second_level", second.share)?;
            index("type", name, "type", second.becomes, self.types.len())?;
            self.check_ends(t, second.becomes, "second_level")?;
        }
        if let Some(outgoing) = &kind.outgoing {
            share(name, "reached", outgoing.reached)?;
            not_negative(name, "attempt", outgoing.attempt_us)?;
            not_negative(name, "retry", outgoing.retry_us)?;
        }
        Ok(())
    }

    /// A type's calls never become calls of the same type again, neither by call-backs nor by the
    /// second level nor by both in turn.
    fn check_ends(&self, t: usize, becomes: usize, what: &'static str) -> Result<(), CentreError> {
        let mut seen = vec![false; self.types.len()];
        let mut ahead = vec![becomes];
        while let Some(later) = ahead.pop() {
            if later == t {
                return Err(CentreError::Circle { name: self.types[t].name.clone(), what });
            }
            let (Some(kind), Some(seen)) = (self.types.get(later), seen.get_mut(later)) else {
                continue;
            };
            if !std::mem::replace(seen, true) {
                ahead.extend(kind.call_back.map(|c| c.becomes));
                ahead.extend(kind.second_level.map(|s| s.becomes));
            }
        }
        Ok(())
    }

    fn check_queue(&self, q: usize, queue: &Queue) -> Result<(), CentreError> {
        let name = &queue.name;
        for route in &queue.routing {
            index("queue", name, "group", route.group, self.groups.len())?;
            not_negative(name, "after", route.after_us)?;
            let group = &self.groups[route.group];
            let served = group.serves.iter().filter(|s| s.queue == q).count();
            let routed = queue.routing.iter().filter(|r| r.group == route.group).count();
            if served != 1 || routed != 1 {
                return Err(CentreError::Skill { queue: name.clone(), group: group.name.clone() });
            }
        }
        spans(name, "opening", &queue.opening)?;
        not_negative(name, "grace", queue.grace_us)?;
        if let Some(overflow) = &queue.overflow {
            index("queue", name, "queue", overflow.queue, self.queues.len())?;
            not_negative(name, "overflow", overflow.after_us)?;
        }
        Ok(())
    }

    fn check_group(&self, g: usize, group: &Group) -> Result<(), CentreError> {
        for service in &group.serves {
            index("group", &group.name, "queue", service.queue, self.queues.len())?;
            let queue = &self.queues[service.queue];
            if queue.routing.iter().filter(|r| r.group == g).count() != 1 {
                let (queue, group) = (queue.name.clone(), group.name.clone());
                return Err(CentreError::Skill { queue, group });
            }
        }
        Ok(())
    }
}

fn limit(what: &'static str, found: usize, max: usize) -> Result<(), CentreError> {
    if max < found { Err(CentreError::TooMany { what, found, max }) } else { Ok(()) }
}

fn index(
    whose: &'static str,
    name: &str,
    what: &'static str,
    index: usize,
    n: usize,
) -> Result<(), CentreError> {
    if index < n {
        return Ok(());
    }
    Err(CentreError::Missing { whose, name: name.to_owned(), what, index, n })
}

fn share(name: &str, what: &'static str, found: f64) -> Result<(), CentreError> {
    let valid = (0.0..=1.0).contains(&found);
    if valid { Ok(()) } else { Err(CentreError::Share { name: name.to_owned(), what, found }) }
}

fn not_negative(name: &str, what: &'static str, us: i64) -> Result<(), CentreError> {
    if us < 0 { Err(CentreError::Negative { name: name.to_owned(), what }) } else { Ok(()) }
}

fn distribution_error(name: &str, what: &'static str, cause: DistributionError) -> CentreError {
    CentreError::Distribution { name: name.to_owned(), what, cause }
}

fn spans(name: &str, what: &'static str, spans: &[Span]) -> Result<(), CentreError> {
    let full = spans.iter().all(|span| span.from_us < span.until_us);
    let in_order =
        spans.iter().zip(spans.iter().skip(1)).all(|(one, next)| one.until_us <= next.from_us);
    if full && in_order {
        return Ok(());
    }
    Err(CentreError::Spans { name: name.to_owned(), what })
}

impl CallType {
    /// A type without redials, call-backs or second level.
    pub fn plain(name: &str, queue: usize, talk: Distribution, patience: Distribution) -> Self {
        Self {
            name: name.to_owned(),
            queue,
            talk,
            wrap: Distribution::Constant { secs: 0.0 },
            patience: Patience { none: 0.0, then: patience },
            contained: 0.0,
            redial: None,
            call_back: None,
            outgoing: None,
            second_level: None,
        }
    }
}

impl Queue {
    /// A queue without limits, overflow or head start.
    pub fn plain(name: &str, opening: Vec<Span>, routing: Vec<Route>) -> Self {
        Self {
            name: name.to_owned(),
            routing,
            head_start_us: 0,
            opening,
            grace_us: 0,
            at_closing: AtClosing::Release,
            capacity: None,
            overflow: None,
        }
    }
}

impl Route {
    /// A group that serves a queue from the start.
    pub const fn to(group: usize, tier: u8) -> Self {
        Self { group, tier, after_us: 0 }
    }
}

/// Turns numbers of operators present by interval into operators with hours: whoever came last
/// leaves first.
///
/// `levels` are counts in intervals of `interval_us` from the origin.
pub fn operators_from_levels(group: usize, interval_us: i64, levels: &[u32]) -> Vec<Operator> {
    let n = levels.iter().copied().max().unwrap_or(0);
    let mut operators = Vec::new();
    for seat in 0..n {
        let mut presence: Vec<Span> = Vec::new();
        for (&level, from_us) in levels.iter().zip((0..).map(|i: i64| i * interval_us)) {
            if level <= seat {
                continue;
            }
            let until_us = from_us + interval_us;
            match presence.last_mut() {
                Some(last) if last.until_us == from_us => last.until_us = until_us,
                _ => presence.push(Span { from_us, until_us }),
            }
        }
        operators.push(Operator { group, presence });
    }
    operators
}

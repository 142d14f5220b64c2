//! A change to the present, to be tried before it is made. Read [`Scenario`] first.
//!
//! A scenario is a difference: what it does not say stays as it was learned. It is written as a
//! TOML file beside the contract ([`file::parse`]) and done to a week by [`Scenario::apply`].

pub mod file;

mod apply;
mod queues;
mod staff;

use soglia_domain::calendar::Slot;
use soglia_domain::text::Text;

use crate::centre::Span;

pub use apply::ApplyError;

/// A change to the present.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// Short code for files and figures.
    pub code: String,
    /// Name.
    pub name: Text,
    /// What it is about, in some sentences.
    pub about: Option<Text>,
    /// The service it changes; nothing where the contract has only one.
    pub service: Option<String>,
    /// What changes, in the order in which it is done.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// More or fewer calls.
    Demand {
        /// Which.
        of: Calls,
        /// Times as many.
        times: f64,
    },
    /// Longer or shorter handling.
    Handling {
        /// Of which calls.
        of: Calls,
        /// Only with this booking system.
        system: Option<String>,
        /// Conversations are so many times as long.
        times: f64,
        /// After-call work is so much longer, in microseconds.
        wrap_us: i64,
        /// Telephones ring so much longer, in microseconds.
        rang_us: i64,
    },
    /// The IVR answers a share of the calls.
    Contain {
        /// Of which calls.
        of: Calls,
        /// The share.
        share: f64,
    },
    /// A new queue, or other rules for one.
    Queue(QueueChange),
    /// Other opening hours.
    Hours {
        /// Of these queues; of all, if none is named.
        queues: Vec<String>,
        /// The new hours by weekday from Monday; nothing where they stay.
        weekly: [Option<Vec<Slot>>; 7],
        /// Callers who call at other times because of it.
        moves: Vec<Move>,
    },
    /// More or fewer operators.
    Operators {
        /// The group; a new one is made if it serves something.
        group: String,
        /// Weekdays from Monday; without them, those on which a queue of theirs is open.
        days: Option<[bool; 7]>,
        /// Time of day; without it those who come are there while a queue of theirs is open, and
        /// those who go are gone all day.
        between: Option<Span>,
        /// How many.
        staff: StaffChange,
        /// Queues that a new group serves, with preferences.
        serves: Vec<(String, u8)>,
    },
    /// Operators who learn to serve other queues.
    CrossTrain {
        /// Their group.
        group: String,
        /// How many of those present, at most.
        n: u32,
        /// What they learn, with preferences.
        learn: Vec<(String, u8)>,
    },
    /// Callers who wait are offered to be called back.
    CallBack {
        /// Which callers.
        of: Calls,
        /// After waiting this long.
        after_us: i64,
        /// The share that accepts.
        share: f64,
        /// The share of attempts that reach the caller.
        reached: f64,
    },
    /// Who of the operators a queue prefers, and whom else it may have.
    Prefer {
        /// The queue.
        queue: String,
        /// The group.
        group: String,
        /// Preference, 0 first.
        tier: u8,
    },
}

/// Which calls: all that fit every part that is given.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Calls {
    /// The queue.
    pub queue: Option<String>,
    /// The topic.
    pub topic: Option<String>,
    /// Priority classes, any of them; all if none is named.
    pub classes: Vec<String>,
}

/// A new queue, or other rules for one.
#[derive(Clone, PartialEq, Debug)]
pub struct QueueChange {
    /// Its name.
    pub name: String,
    /// Calls that join it from now on.
    pub takes: Option<Calls>,
    /// Groups that serve it, with preferences; those of the queue that the calls come from if none
    /// is named.
    pub served_by: Vec<(String, u8)>,
    /// Calls count as if they had waited so much longer.
    pub head_start_us: Option<i64>,
    /// How many may wait.
    pub capacity: Option<u32>,
    /// Another queue after a while.
    pub overflow: Option<(i64, String)>,
}

/// Callers who call at another time.
#[derive(Clone, PartialEq, Debug)]
pub struct Move {
    /// From this time of day.
    pub from: Span,
    /// To this one.
    pub to: Span,
    /// The share that moves: nobody knows it, so each value is tried.
    pub shares: Vec<f64>,
}

/// A change in the number of operators.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum StaffChange {
    /// So many more, or fewer.
    Plus(i32),
    /// Exactly so many.
    Set(u32),
    /// So many times as many.
    Times(f64),
}

impl Scenario {
    /// Puts recorded calls into the queues that the scenario takes them to, and returns the rest of
    /// it: for a description of the present, where the platform's queues hide what it tells apart.
    #[must_use]
    pub fn split(mut self, calls: &mut [crate::learn::history::HistoryCall]) -> Self {
        for change in &mut self.changes {
            let Change::Queue(QueueChange { name, takes, .. }) = change else { continue };
            let Some(of) = takes.take() else { continue };
            for call in calls.iter_mut().filter(|call| call.queue.is_some()) {
                let text = |part: &Option<String>| part.clone().unwrap_or_default();
                let kind = crate::learn::history::TypeInfo {
                    queue: text(&call.queue),
                    topic: text(&call.topic),
                    class: text(&call.class),
                };
                if of.fit(&kind) {
                    call.queue = Some(name.clone());
                }
            }
        }
        self
    }

    /// Nothing changes.
    pub fn nothing(code: &str, name: Text) -> Self {
        Self { code: code.to_owned(), name, about: None, service: None, changes: Vec::new() }
    }

    /// Returns how many variants there are: one for each share of callers that might move.
    pub fn n_variants(&self) -> usize {
        self.moves().map(|m| m.shares.len()).max().unwrap_or(1).max(1)
    }

    /// Returns the share of callers that moves in a variant; nothing where nobody could.
    pub fn share_moved(&self, variant: usize) -> Option<f64> {
        self.moves().next().and_then(|m| m.share(variant))
    }

    fn moves(&self) -> impl Iterator<Item = &Move> {
        self.changes.iter().flat_map(|change| match change {
            Change::Hours { moves, .. } => moves.as_slice(),
            _ => &[],
        })
    }
}

impl Move {
    /// The share of a variant: the last one where others have more.
    fn share(&self, variant: usize) -> Option<f64> {
        self.shares.get(variant.min(self.shares.len().saturating_sub(1))).copied()
    }
}

impl Calls {
    /// Says whether calls of a type fit.
    pub fn fit(&self, kind: &crate::learn::history::TypeInfo) -> bool {
        self.queue.as_ref().is_none_or(|queue| *queue == kind.queue)
            && self.topic.as_ref().is_none_or(|topic| *topic == kind.topic)
            && (self.classes.is_empty() || self.classes.contains(&kind.class))
    }
}

impl std::fmt::Display for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let classes = self.classes.join("+");
        let parts = [self.queue.as_deref(), self.topic.as_deref(), Some(classes.as_str())];
        let there: Vec<&str> =
            parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        f.write_str(&if there.is_empty() { "all calls".to_owned() } else { there.join(" · ") })
    }
}

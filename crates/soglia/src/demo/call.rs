//! A call as the demo plays it, before it is written down. Read [`Call`] first.

use super::shape::Service;

/// One citizen's call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Whom it is for.
    pub service: Service,
    /// When it reached the PBX, in seconds since 1970.
    pub arrived: i64,
    /// When it chose in the menu, or was turned away; the first queue is entered in this second.
    pub chose: i64,
    /// What the menu did with it.
    pub door: Door,
    /// The caller's invented number; `None` when withheld.
    pub caller: Option<i64>,
    /// What it is about.
    pub topic: &'static str,
    /// Priority class of the prescription, or nothing.
    pub class: &'static str,
    /// Booking system that the operator uses, or nothing.
    pub system: &'static str,
    /// How long the caller would wait, in seconds.
    pub patience: i64,
    /// How long the conversation takes with the first operator.
    pub talk: i64,
    /// Where the first operator passes the call on, and how long the second conversation takes.
    pub passed_on: Option<(usize, i64)>,
    /// After how many seconds the caller presses a key to change queue.
    pub changes_after: Option<i64>,
    /// Whether the caller, and not the operator, hangs up first.
    pub caller_ends: bool,
    /// The queues it met, in order.
    pub visits: Vec<Visit>,
    /// Number of its channel, given when the log is written.
    pub channel: u32,
}

/// What the menu did with a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    /// Sent to a queue.
    Queue(usize),
    /// Sent to a queue that was full.
    Full(usize),
    /// Answered by recorded information.
    Contained(&'static str),
    /// Hung up before choosing.
    LeftEarly,
    /// Hung up after an invalid choice.
    LeftLate,
    /// Told that the service is closed.
    Closed(usize),
}

/// One stay in one queue.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The queue.
    pub queue: usize,
    /// When it was entered.
    pub entered: i64,
    /// Place on entry, from 1.
    pub place: usize,
    /// Operators' phones that rang for it.
    pub rings: Vec<Ring>,
    /// When waiting ended: an answer, or leaving without.
    pub left: i64,
    /// How it ended.
    pub exit: Exit,
}

/// How a stay in a queue ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Not yet.
    Waiting,
    /// Answered; the conversation with this operator went on until then.
    Talked {
        /// End of the conversation.
        until: i64,
    },
    /// The caller hung up, from this place.
    Abandoned(usize),
    /// It waited longer than the queue allows.
    TimedOut(usize),
    /// The last operator went home.
    Emptied(usize),
    /// The caller pressed a key.
    Changed(usize),
}

/// An operator's phone that rang.
#[derive(Clone, Debug)]
pub struct Ring {
    /// The operator, 0 for the shift leader.
    pub operator: u32,
    /// From when.
    pub from: i64,
    /// Until when.
    pub until: i64,
    /// What came of it.
    pub result: RingResult,
    /// Number of the operator's channel, given when the log is written.
    pub channel: u32,
}

/// What came of a ringing phone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RingResult {
    /// Still ringing.
    Ringing,
    /// Picked up.
    Answered,
    /// Nobody picked up.
    NoAnswer,
    /// The caller left meanwhile.
    Cancelled,
}

impl Call {
    /// When an operator first answered.
    pub fn answered(&self) -> Option<i64> {
        self.visits.iter().find(|v| matches!(v.exit, Exit::Talked { .. })).map(|v| v.left)
    }

    /// Seconds from the first queue to the answer.
    pub fn wait(&self) -> Option<i64> {
        Some(self.answered()? - self.visits.first()?.entered)
    }

    /// Seconds of conversation with all operators.
    pub fn talked(&self) -> i64 {
        let talk = |v: &Visit| match v.exit {
            Exit::Talked { until } => until - v.left,
            _ => 0,
        };
        self.visits.iter().map(talk).sum()
    }

    /// When it was over.
    pub fn ended(&self) -> i64 {
        self.visits.last().map_or(self.chose, |v| match v.exit {
            Exit::Talked { until } => until,
            _ => v.left,
        })
    }

    /// Whether it met one queue only.
    pub fn is_plain(&self) -> bool {
        self.visits.len() == 1
    }
}

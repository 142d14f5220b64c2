//! Facts: what the platforms recorded, one row each. Read [`Call`] first.
//!
//! Facts come out of the parsers with raw caller numbers in a [`RawCaller`], which the ledger
//! replaces by keyed pseudonyms at the door; nothing else ever sees them.

use std::fmt;

use crate::time::{Instant, Millis};

/// What became of a call: exactly one value per call, so that their counts add up to the calls
/// that arrived (the *quadratura*).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Disposition {
    /// An operator answered.
    Answered = 0,
    /// The caller hung up while queueing.
    AbandonedInQueue = 1,
    /// The caller hung up in the IVR, before any queue.
    AbandonedInIvr = 2,
    /// The IVR answered the request, without operators.
    IvrContained = 3,
    /// The platform turned the call away because the service was closed.
    OutOfHours = 4,
    /// Turned away at the door: busy lines, full queue, no operator logged in.
    Rejected = 5,
    /// The platform ended the wait: time-out, emptied queue, fault, restart.
    ReleasedBySystem = 6,
    /// The caller left the queue asking to be called back.
    CallbackRequested = 7,
    /// A fault of the platform ended the call.
    TechnicalFailure = 8,
    /// A test call.
    Test = 9,
}

impl Disposition {
    /// All values, in the order of their codes.
    pub const ALL: [Self; 10] = [
        Self::Answered,
        Self::AbandonedInQueue,
        Self::AbandonedInIvr,
        Self::IvrContained,
        Self::OutOfHours,
        Self::Rejected,
        Self::ReleasedBySystem,
        Self::CallbackRequested,
        Self::TechnicalFailure,
        Self::Test,
    ];

    /// Returns the stable integer code used in the ledger.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Finds the disposition of a code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Returns the name used in files and interfaces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::AbandonedInQueue => "abandoned_in_queue",
            Self::AbandonedInIvr => "abandoned_in_ivr",
            Self::IvrContained => "ivr_contained",
            Self::OutOfHours => "out_of_hours",
            Self::Rejected => "rejected",
            Self::ReleasedBySystem => "released_by_system",
            Self::CallbackRequested => "callback_requested",
            Self::TechnicalFailure => "technical_failure",
            Self::Test => "test",
        }
    }

    /// Finds the disposition with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.name() == name)
    }
}

/// Who started a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// A citizen called.
    Inbound,
    /// The service called.
    Outbound,
    /// Between operators.
    Internal,
}

impl Direction {
    /// Returns the name used in files and interfaces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Internal => "internal",
        }
    }

    /// Finds the direction with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Inbound, Self::Outbound, Self::Internal].into_iter().find(|d| d.name() == name)
    }
}

/// A caller's number or customer id as the platform wrote it. It never prints itself.
#[derive(Clone, PartialEq, Eq)]
pub struct RawCaller(String);

impl RawCaller {
    /// Takes a number; an empty or anonymous one is no caller.
    pub fn new(number: &str) -> Option<Self> {
        let number = number.trim();
        let unknown = ["", "anonymous", "unknown", "unavailable", "restricted", "0"];
        (!unknown.contains(&number.to_ascii_lowercase().as_str())).then(|| Self(number.to_owned()))
    }

    /// Hands the number to the one place that turns it into a pseudonym.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RawCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawCaller(…)")
    }
}

/// One citizen's call, whatever queues and operators it met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// The platform's identifier.
    pub id: String,
    /// The service's code; `None` until the ledger assigns it from the queue or number.
    pub service: Option<String>,
    /// Who started it.
    pub direction: Direction,
    /// When it reached the platform, as far as the source knows.
    pub arrived: Instant,
    /// The number that was dialled, if known; it can decide the service.
    pub dialled: Option<String>,
    /// The IVR choices made, e.g. `principale:2`.
    pub ivr_path: Option<String>,
    /// The first queue entered.
    pub first_queue: Option<String>,
    /// When the first queue was entered.
    pub queued: Option<Instant>,
    /// When an operator's phone first rang.
    pub first_rang: Option<Instant>,
    /// When an operator answered.
    pub answered: Option<Instant>,
    /// When the call (for the caller) ended.
    pub ended: Option<Instant>,
    /// What became of it.
    pub disposition: Disposition,
    /// Queue entry to answer, or to leaving the queue.
    pub wait: Option<Millis>,
    /// Conversation, without hold where the source tells them apart.
    pub talk: Option<Millis>,
    /// Time on hold during the conversation.
    pub hold: Option<Millis>,
    /// After-call work.
    pub wrap: Option<Millis>,
    /// Transfers after the first answer.
    pub transfers: u32,
    /// When a requested call-back reached the caller.
    pub called_back: Option<Instant>,
    /// Topic code.
    pub topic: Option<String>,
    /// Priority class of the prescription (`U`, `B`, `D`, `P`).
    pub priority_class: Option<String>,
    /// Booking system used.
    pub booking_system: Option<String>,
    /// The operator's group, never the operator.
    pub group: Option<String>,
    /// The caller, before pseudonymisation.
    pub caller: Option<RawCaller>,
    /// How precise the source's instants are: 1 s for `queue_log`.
    pub precision: Millis,
    /// Where in the source file it was written.
    pub rows: Rows,
}

/// One entry of a call into one queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueueEntry {
    /// The call's identifier.
    pub call: String,
    /// The queue.
    pub queue: String,
    /// 1 for the call's first queue, then counting.
    pub ordinal: u32,
    /// When it was entered.
    pub entered: Instant,
    /// When it was left, by answer or otherwise.
    pub left: Instant,
    /// When an operator answered, if one did.
    pub answered: Option<Instant>,
    /// How it was left.
    pub exit: QueueExit,
    /// Entered to left.
    pub wait: Millis,
    /// Position on entry.
    pub position: Option<u32>,
    /// Where in the source file it was written.
    pub rows: Rows,
}

/// How a call left a queue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum QueueExit {
    /// Connected to an operator.
    Answered,
    /// The caller hung up.
    Abandoned,
    /// Waited longer than the queue allows.
    TimedOut,
    /// No operator left in the queue.
    Emptied,
    /// The caller pressed a key to leave.
    KeyPressed,
    /// Taken out by a command or another channel.
    Withdrawn,
    /// Moved to another queue or extension while waiting.
    Redirected,
    /// The platform failed or restarted.
    Failed,
}

impl QueueExit {
    /// Returns the name used in files and interfaces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::TimedOut => "timed_out",
            Self::Emptied => "emptied",
            Self::KeyPressed => "key_pressed",
            Self::Withdrawn => "withdrawn",
            Self::Redirected => "redirected",
            Self::Failed => "failed",
        }
    }

    /// Finds the exit with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Answered,
            Self::Abandoned,
            Self::TimedOut,
            Self::Emptied,
            Self::KeyPressed,
            Self::Withdrawn,
            Self::Redirected,
            Self::Failed,
        ]
        .into_iter()
        .find(|exit| exit.name() == name)
    }
}

/// One written contact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// The platform's identifier.
    pub id: String,
    /// The service's code.
    pub service: Option<String>,
    /// `email`, `pec`, `fax`, `sms`, `letter`, `web_form`.
    pub channel: String,
    /// When it was received; for letters, when it was registered.
    pub received: Instant,
    /// When a person first gave a qualified reply.
    pub first_reply: Option<Instant>,
    /// When the request was resolved, if later than the reply.
    pub resolved: Option<Instant>,
    /// The case it belongs to.
    pub case: Option<String>,
    /// Topic code.
    pub topic: Option<String>,
    /// Why it needs no reply: `spam`, `duplicate`, `receipt` …
    pub excluded: Option<String>,
    /// The sender, before pseudonymisation.
    pub sender: Option<RawCaller>,
    /// Where in the source file it was written.
    pub rows: Rows,
}

/// One request, from opening to closing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// The platform's identifier.
    pub id: String,
    /// The service's code.
    pub service: Option<String>,
    /// The contact (call or message id) that opened it.
    pub opened_by: Option<String>,
    /// The channel of that contact.
    pub channel: Option<String>,
    /// When it was opened.
    pub opened: Instant,
    /// When it was handed to the second level.
    pub escalated: Option<Instant>,
    /// When the second level took it in charge.
    pub taken_in_charge: Option<Instant>,
    /// Times when the clock stood still, with reasons.
    pub suspensions: Vec<Suspension>,
    /// When it was resolved.
    pub resolved: Option<Instant>,
    /// When it was closed.
    pub closed: Option<Instant>,
    /// When it was first reopened.
    pub reopened: Option<Instant>,
    /// Contacts it took; 1 means closed in the contact that opened it.
    pub contacts: u32,
    /// The level that closed it, 1 or 2.
    pub closed_by_level: Option<u32>,
    /// Outcome code.
    pub outcome: Option<String>,
    /// Topic code.
    pub topic: Option<String>,
    /// Priority class of the prescription (`U`, `B`, `D`, `P`).
    pub priority_class: Option<String>,
    /// Booking system used.
    pub booking_system: Option<String>,
    /// Handed to a third party (facility, software vendor).
    pub third_party: bool,
    /// Cancelled, and why.
    pub cancelled: Option<String>,
    /// Where in the source file it was written.
    pub rows: Rows,
}

/// A time when a case's clock stood still.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Suspension {
    /// From when.
    pub from: Instant,
    /// Until when; open while the case is still suspended.
    pub until: Option<Instant>,
    /// Why.
    pub reason: String,
}

/// One person to call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboundRecord {
    /// The platform's identifier.
    pub id: String,
    /// The service's code.
    pub service: Option<String>,
    /// The batch it came in.
    pub batch: Option<String>,
    /// When the client released it.
    pub released: Instant,
    /// Calls attempted.
    pub attempts: u32,
    /// When somebody was reached.
    pub reached: Option<Instant>,
    /// When it reached a terminal outcome.
    pub closed: Option<Instant>,
    /// The terminal outcome: `positive`, `refused`, `wrong_number`, `unreachable`, `excluded` or a
    /// code that the contract's taxonomy maps.
    pub outcome: Option<String>,
    /// Where in the source file it was written.
    pub rows: Rows,
}

/// One list of people to call, released by the client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboundBatch {
    /// The platform's identifier.
    pub id: String,
    /// The service's code.
    pub service: Option<String>,
    /// When a complete, valid list was released.
    pub released: Instant,
    /// Records in the list.
    pub n_records: u32,
    /// When the first call was made.
    pub first_attempt: Option<Instant>,
    /// When the last attempt was made.
    pub last_attempt: Option<Instant>,
    /// When the last record reached a terminal outcome.
    pub completed: Option<Instant>,
    /// Where in the source file it was written.
    pub rows: Rows,
}

/// One interruption of one component.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outage {
    /// The platform's identifier.
    pub id: String,
    /// The service's code.
    pub service: Option<String>,
    /// The component, as the contract names it.
    pub component: String,
    /// From when.
    pub from: Instant,
    /// Until when; open while it lasts.
    pub until: Option<Instant>,
    /// Planned maintenance?
    pub planned: bool,
    /// When planned maintenance was notified.
    pub notified: Option<Instant>,
    /// Cause code.
    pub cause: Option<String>,
    /// Permille of the service that was lost: 1000 is down, less is degraded.
    pub weight_permille: u32,
    /// Where in the source file it was written.
    pub rows: Rows,
}

/// The rows of a source file that a fact was read from, 1-based, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rows {
    /// The first row.
    pub first: u64,
    /// The last row; rows of other facts may stand between.
    pub last: u64,
    /// How many rows belong to the fact.
    pub n: u32,
}

impl Rows {
    /// A single row.
    pub const fn one(row: u64) -> Self {
        Self { first: row, last: row, n: 1 }
    }
}

/// Any fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fact {
    /// A call and its queue entries.
    Call(Call, Vec<QueueEntry>),
    /// A written contact.
    Message(Message),
    /// A request.
    Case(Case),
    /// A person to call.
    OutboundRecord(OutboundRecord),
    /// A list of people to call.
    OutboundBatch(OutboundBatch),
    /// An interruption.
    Outage(Outage),
}

impl Fact {
    /// The platform's identifier.
    pub fn id(&self) -> &str {
        match self {
            Self::Call(call, _) => &call.id,
            Self::Message(message) => &message.id,
            Self::Case(case) => &case.id,
            Self::OutboundRecord(record) => &record.id,
            Self::OutboundBatch(batch) => &batch.id,
            Self::Outage(outage) => &outage.id,
        }
    }
}

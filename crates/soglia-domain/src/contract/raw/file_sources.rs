//! The tables about sources, as they are written. Read [`RawSources`] first.

use schemars::JsonSchema;
use serde::Deserialize;

use super::file::RawText;
use super::indicator::words;
use super::values::{Code, LimitSpan, Line, Named};
use crate::contract::{CommonEvents, Meaning};

/// How the platforms' files are to be read; what is left out is read as the parsers do untold.
#[derive(Deserialize, JsonSchema, Debug, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSources {
    /// Callers' numbers whose calls are tests, on every platform.
    #[serde(default)]
    pub test_callers: Vec<Line>,
    /// Asterisk's `queue_log` (`--format queue-log`).
    #[serde(default)]
    pub queue_log: RawQueueLog,
    /// Asterisk's call detail records (`--format asterisk-cdr`).
    #[serde(default)]
    pub asterisk_cdr: RawCdr,
    /// FreeSWITCH's call records (`--format freeswitch`).
    #[serde(default)]
    pub freeswitch: RawFreeSwitch,
    /// Amazon Connect's contact records (`--format amazon-connect`).
    #[serde(default)]
    pub amazon_connect: RawConnect,
    /// Genesys Cloud's conversations (`--format genesys`).
    #[serde(default)]
    pub genesys: RawGenesys,
}

/// Asterisk's `queue_log`.
#[derive(Deserialize, JsonSchema, Debug, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawQueueLog {
    /// What the dialplan's own events mean; the first rule that fits an event decides.
    #[serde(default)]
    pub event: Vec<RawEvent>,
    /// Events that no rule names; `understood` when left out.
    pub common_events: Option<RawCommonEvents>,
    /// Callers with at most so many digits are operators' extensions, whose calls into queues are
    /// consultations; 5 when left out, 0 when extensions do not call queues.
    #[schemars(range(min = 0, max = 15))]
    pub extension_digits_max: Option<u8>,
    /// Extensions of members whose name does not hold it.
    #[serde(default)]
    pub extensions: Named<Line>,
    /// Quiet log time after which a call that was completed or abandoned is closed; `10min`.
    pub quiet: Option<LimitSpan>,
    /// Quiet log time after which a call that may go on elsewhere is closed; `1h`.
    pub onward: Option<LimitSpan>,
    /// Quiet log time after which a call that still waits or talks is given up as a fault; `24h`.
    pub open_limit: Option<LimitSpan>,
}

/// What one of the dialplan's own events means.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEvent {
    /// The event as the fifth field of the line has it, e.g. `INFO`.
    pub event: Line,
    /// The parameters it must begin with; `*` stands for any one.
    #[serde(default)]
    pub params: Vec<Line>,
    /// What it says about its call.
    pub means: RawMeaning,
    /// Which parameter holds the value, 0 being the first; the one after `params` when left out.
    #[schemars(range(min = 0, max = 20))]
    pub value: Option<u8>,
}

words! {
    /// Events that no rule of the contract names.
    RawCommonEvents => CommonEvents {
        /// The words of common dialplans, FreePBX and XiVO are understood.
        Understood => CommonEvents::Understood,
        /// They have no consequence.
        Ignored => CommonEvents::Ignored,
    }
    /// What a custom event says about its call.
    RawMeaning => Meaning {
        /// The value is the number dialled.
        Dialled => Meaning::Dialled,
        /// A choice in the IVR: from the value on menu, choice and status.
        IvrChoice => Meaning::IvrChoice,
        /// The IVR answered the request.
        IvrServed => Meaning::IvrServed,
        /// The value is the queue application's status: `FULL`, `JOINEMPTY`, `CONTINUE` …
        QueueStatus => Meaning::QueueStatus,
        /// Turned away: the queue was full, or its wait was too long.
        Full => Meaning::Full,
        /// Turned away: no operator.
        NoOperators => Meaning::NoOperators,
        /// Turned away: closed.
        Closed => Meaning::Closed,
        /// Left the queue because its operators left.
        Emptied => Meaning::Emptied,
        /// Asked to be called back.
        CallbackRequested => Meaning::CallbackRequested,
        /// A requested call-back reached the caller.
        CalledBack => Meaning::CalledBack,
        /// The service started the call.
        Outbound => Meaning::Outbound,
        /// A test.
        Test => Meaning::Test,
        /// The value is the topic's code.
        Topic => Meaning::Topic,
        /// The value is the prescription's priority class.
        PriorityClass => Meaning::PriorityClass,
        /// The value is the booking system.
        BookingSystem => Meaning::BookingSystem,
        /// About the call, without consequence.
        Note => Meaning::Note,
        /// About an operator or the platform, not about a call.
        NotContact => Meaning::NotContact,
    }
}

/// Asterisk's call detail records.
#[derive(Deserialize, JsonSchema, Debug, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCdr {
    /// Contexts from which the service calls citizens.
    pub outbound_contexts: Option<Vec<Line>>,
    /// Contexts in which operators dial.
    pub internal_contexts: Option<Vec<Line>>,
    /// Contexts that only lead into a queue: a call that ends there without one was turned away.
    pub queue_contexts: Option<Vec<Line>>,
    /// What stands before the dialled number in the user field.
    pub dialled_mark: Option<Line>,
    /// Callers with at most so many digits are extensions; 5 when left out.
    #[schemars(range(min = 0, max = 15))]
    pub extension_digits_max: Option<u8>,
}

/// FreeSWITCH's call records.
#[derive(Deserialize, JsonSchema, Debug, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFreeSwitch {
    /// Dialplan contexts through which citizens' calls come in; `public` when left out.
    pub public_contexts: Option<Vec<Line>>,
    /// Channel variables that carry the contract's vocabulary.
    #[serde(default)]
    pub labels: RawLabels,
}

/// Amazon Connect's contact records.
#[derive(Deserialize, JsonSchema, Debug, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConnect {
    /// Contact attributes that carry the contract's vocabulary.
    #[serde(default)]
    pub labels: RawLabels,
    /// Data this much newer than the last of a call's contacts give up waiting for those that are
    /// missing; `336h`, two weeks, when left out.
    pub open_limit: Option<LimitSpan>,
}

/// Genesys Cloud's conversations.
#[derive(Deserialize, JsonSchema, Debug, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGenesys {
    /// Participant attributes that carry the contract's vocabulary.
    #[serde(default)]
    pub labels: RawLabels,
}

/// Names of a platform's attributes that carry the contract's vocabulary.
#[derive(Deserialize, JsonSchema, Debug, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLabels {
    /// The IVR choices made.
    pub ivr_path: Option<Line>,
    /// Topic code.
    pub topic: Option<Line>,
    /// Priority class of the prescription.
    pub priority_class: Option<Line>,
    /// Booking system used.
    pub booking_system: Option<Line>,
    /// What became of a call that no operator answered, by the name of a disposition.
    pub disposition: Option<Line>,
}

/// A group of operators. Groups of fewer than five are refused (art. 4 L. 300/1970).
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOperatorGroup {
    /// Code that the ledger records.
    pub code: Code,
    /// Name; the code when left out.
    pub name: Option<RawText>,
    /// How many operators it has, where `members` does not list them.
    pub operators: Option<u32>,
    /// Members as the `queue_log` writes them in the fourth field, each one in full.
    #[serde(default)]
    pub members: Vec<Line>,
    /// Names under which other platforms and mapped tables say the group, besides its code.
    #[serde(default)]
    pub platform_names: Vec<Line>,
}

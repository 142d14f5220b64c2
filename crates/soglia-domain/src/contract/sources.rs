//! What a contract agrees about reading its platforms' files. Read [`Sources`] first.
//!
//! A dialplan writes events of its own, an IVR names its attributes, test calls come from known
//! numbers: none of it stands in the platforms' manuals, all of it moves figures. So it is part of
//! the contract file, which both parties sign and whose hash every measurement carries.

use std::collections::{BTreeMap, BTreeSet};

use crate::text::Text;
use crate::time::Millis;

/// Operators that a group has at least: below it a group's figures are those of a person (art. 4
/// L. 300/1970).
pub const GROUP_SIZE_MIN: u32 = 5;

/// How the platforms' files are to be read. The default is what the parsers do untold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sources {
    /// Callers whose calls are tests, on every platform.
    pub test_callers: BTreeSet<String>,
    /// Asterisk's `queue_log`.
    pub queue_log: QueueLogSettings,
    /// Asterisk's call detail records.
    pub asterisk_cdr: CdrSettings,
    /// FreeSWITCH's call records.
    pub freeswitch: FreeSwitchSettings,
    /// Amazon Connect's contact records.
    pub amazon_connect: ConnectSettings,
    /// Genesys Cloud's conversations.
    pub genesys: GenesysSettings,
}

/// What a site's `queue_log` leaves to agreement; `None` is the parser's default.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct QueueLogSettings {
    /// What the dialplan's own events mean; the first rule that fits decides.
    pub events: Vec<EventRule>,
    /// Whether events that no rule of the contract names may mean what they commonly do.
    pub common_events: CommonEvents,
    /// Callers with at most so many digits are extensions.
    pub extension_digits_max: Option<u8>,
    /// Member → extension, where the member's name does not hold it.
    pub extensions: BTreeMap<String, String>,
    /// Quiet log time after which a completed or abandoned call is closed.
    pub quiet: Option<Millis>,
    /// Quiet log time after which a call that may go on elsewhere is closed.
    pub onward: Option<Millis>,
    /// Quiet log time after which a call that still waits or talks is given up.
    pub open_limit: Option<Millis>,
}

/// What happens to events that no rule of the contract names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CommonEvents {
    /// The words of common dialplans, FreePBX and XiVO are understood.
    #[default]
    Understood,
    /// Only the contract's own rules count.
    Ignored,
}

/// One rule about a custom event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventRule {
    /// The event's name, e.g. `INFO`.
    pub event: String,
    /// The first parameters; `*` is any.
    pub params: Vec<String>,
    /// What it says about the call.
    pub means: Meaning,
    /// The parameter (0-based) that holds the value, for meanings that have one.
    pub value: usize,
}

impl EventRule {
    /// Whether an event that fits `later` always fits this rule too.
    pub fn covers(&self, later: &Self) -> bool {
        self.event == later.event
            && self.params.len() <= later.params.len()
            && self.params.iter().zip(&later.params).all(|(own, its)| own == "*" || own == its)
    }
}

/// What a custom event says about its call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// The number dialled.
    Dialled,
    /// A choice in the IVR: menu, then choice, then status, from `value` on.
    IvrChoice,
    /// The IVR answered the request.
    IvrServed,
    /// The queue application's status: `FULL`, `JOINEMPTY`, `CONTINUE` …
    QueueStatus,
    /// Turned away: the queue was full, or its wait was too long.
    Full,
    /// Turned away: no operator.
    NoOperators,
    /// Turned away: closed.
    Closed,
    /// Left the queue because its operators left.
    Emptied,
    /// Asked to be called back.
    CallbackRequested,
    /// A requested call-back reached the caller; counts only while its call is known.
    CalledBack,
    /// The service started the call.
    Outbound,
    /// A test.
    Test,
    /// The topic's code; counts only while its call is known.
    Topic,
    /// The prescription's priority class.
    PriorityClass,
    /// The booking system.
    BookingSystem,
    /// About the call, without consequence.
    Note,
    /// About an operator or the platform, not about a call.
    NotContact,
}

impl Meaning {
    /// Whether a parameter of the event holds a value.
    pub const fn has_value(self) -> bool {
        matches!(
            self,
            Self::Dialled
                | Self::IvrChoice
                | Self::IvrServed
                | Self::QueueStatus
                | Self::Topic
                | Self::PriorityClass
                | Self::BookingSystem
        )
    }
}

/// What a site's call detail records leave to agreement; `None` is the parser's default.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CdrSettings {
    /// Contexts from which the service calls citizens.
    pub outbound_contexts: Option<BTreeSet<String>>,
    /// Contexts in which operators dial.
    pub internal_contexts: Option<BTreeSet<String>>,
    /// Contexts that only lead into a queue.
    pub queue_contexts: Option<BTreeSet<String>>,
    /// What stands before the dialled number in the user field.
    pub dialled_mark: Option<String>,
    /// Callers with at most so many digits are extensions.
    pub extension_digits_max: Option<u8>,
}

/// What FreeSWITCH's records leave to agreement; `None` is the parser's default.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FreeSwitchSettings {
    /// Dialplan contexts through which citizens' calls come in.
    pub public_contexts: Option<Vec<String>>,
    /// Channel variables that carry the contract's vocabulary.
    pub labels: AttributeNames,
}

/// What Amazon Connect's records leave to agreement; `None` is the parser's default.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ConnectSettings {
    /// Contact attributes that carry the contract's vocabulary.
    pub labels: AttributeNames,
    /// Data this much newer than the last of a call's legs give up waiting for the others.
    pub open_limit: Option<Millis>,
}

/// What Genesys Cloud's records leave to agreement.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GenesysSettings {
    /// Participant attributes that carry the contract's vocabulary.
    pub labels: AttributeNames,
}

/// Which of a platform's free attributes carry the contract's own vocabulary.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AttributeNames {
    /// The IVR choices made.
    pub ivr_path: Option<String>,
    /// Topic code.
    pub topic: Option<String>,
    /// Priority class of the prescription.
    pub priority_class: Option<String>,
    /// Booking system used.
    pub booking_system: Option<String>,
    /// What became of a call that no operator answered.
    pub disposition: Option<String>,
}

impl AttributeNames {
    /// Names of the attributes that are set, under the name of what they carry.
    pub fn set(&self) -> Vec<(&'static str, &str)> {
        let Self { ivr_path, topic, priority_class, booking_system, disposition } = self;
        let all = [
            ("ivr_path", ivr_path),
            ("topic", topic),
            ("priority_class", priority_class),
            ("booking_system", booking_system),
            ("disposition", disposition),
        ];
        all.into_iter().filter_map(|(what, name)| Some((what, name.as_deref()?))).collect()
    }
}

/// A group of operators: the smallest unit whose figures may be seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OperatorGroup {
    /// The code that the ledger records.
    pub code: String,
    /// Name.
    pub name: Text,
    /// How many operators it has, each counted once; never fewer than [`GROUP_SIZE_MIN`].
    pub size: u32,
    /// Members as the `queue_log` writes them.
    pub members: BTreeSet<String>,
    /// Names under which other platforms, or mapped tables, say the group; besides its code.
    pub platform_names: BTreeSet<String>,
}

impl OperatorGroup {
    /// Whether a platform, or the ledger, means this group by a name.
    pub fn is_called(&self, name: &str) -> bool {
        self.code == name || self.platform_names.contains(name)
    }
}

/// What identifies an operator behind a member's name: the extension, if one is known for it, or
/// the name without the technology before it and the context after it, in one case and spacing.
///
/// `SIP/201`, `PJSIP/201` and `Local/201@agents/n` are one operator.
///
/// ```
/// use soglia_domain::contract::operator_of;
/// let none = Default::default();
/// assert_eq!(operator_of("PJSIP/201", &none), operator_of("Local/201@agents/n", &none));
/// assert_eq!(operator_of("Bea  Conti", &none), operator_of("bea conti", &none));
/// ```
pub fn operator_of(member: &str, extensions: &BTreeMap<String, String>) -> String {
    let written = extensions.get(member).map_or(member, String::as_str);
    let bare = written.split_once('/').map_or(written, |(_, after)| after);
    let bare = bare.split(['@', '/']).next().unwrap_or(bare);
    let words: Vec<String> = bare.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

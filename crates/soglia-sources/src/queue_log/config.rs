//! What a site's `queue_log` leaves to agreement. Read [`QueueLogConfig`] first.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::tz::TimeZone;
use soglia_domain::contract::{CommonEvents, Contract, QueueLogSettings};
use soglia_domain::time::Millis;

use super::line::Params;
use crate::hash::BuildQuick;
use crate::labels::test_callers;

pub use soglia_domain::contract::{EventRule, Meaning};

/// How to read a site's log. [`QueueLogConfig::new`] has the defaults; all fields may be changed.
#[derive(Clone, Debug)]
pub struct QueueLogConfig {
    /// The identifier under which the ledger knows the file being read.
    pub file: String,
    /// Zone of local times in a database export; not used by files that write epochs.
    pub zone: TimeZone,
    /// What the dialplan's own events mean.
    pub events: EventMap,
    /// Callers with at most so many digits are the operators' extensions: their queue entries are
    /// consultations, never citizens' calls. 0 when extensions do not call queues.
    pub extension_digits_max: usize,
    /// Member → extension, where the member's name does not hold it.
    pub extensions: BTreeMap<String, String>,
    /// Member → group. Members without one leave no trace.
    pub groups: BTreeMap<String, String>,
    /// Callers whose calls are tests.
    pub test_callers: BTreeSet<String>,
    /// Quiet log time after which a call that was completed or abandoned is closed.
    pub quiet: Millis,
    /// Quiet log time after which a call that may go on elsewhere (IVR, transfer, exit from a
    /// queue by time or key) is closed.
    pub onward: Millis,
    /// Quiet log time after which a call that still waits or talks is given up as a fault.
    pub open_limit: Millis,
    /// Calls open at one moment; beyond it the one to expire first is closed.
    pub open_calls_max: usize,
    /// Different queues in one log; rows of further ones are rejected.
    pub queues_max: usize,
}

impl QueueLogConfig {
    /// The defaults, for a file known under an identifier and local times in a zone.
    pub fn new(file: impl Into<String>, zone: TimeZone) -> Self {
        Self {
            file: file.into(),
            zone,
            events: EventMap::default(),
            extension_digits_max: 5,
            extensions: BTreeMap::new(),
            groups: BTreeMap::new(),
            test_callers: BTreeSet::new(),
            quiet: Millis::from_mins(10),
            onward: Millis::from_hours(1),
            open_limit: Millis::from_hours(24),
            open_calls_max: 200_000,
            queues_max: 10_000,
        }
    }

    /// What a contract agrees; the defaults where it is silent.
    pub fn agreed(file: impl Into<String>, zone: TimeZone, contract: &Contract) -> Self {
        let defaults = Self::new(file, zone);
        let QueueLogSettings {
            events,
            common_events,
            extension_digits_max,
            extensions,
            quiet,
            onward,
            open_limit,
        } = &contract.sources.queue_log;
        let groups = contract.operator_groups.iter().flat_map(|group| {
            group.members.iter().map(|member| (member.clone(), group.code.clone()))
        });
        let mut rules = events.clone();
        if *common_events == CommonEvents::Understood {
            rules.extend(defaults.events.rules);
        }
        Self {
            events: EventMap { rules },
            extension_digits_max: extension_digits_max
                .map_or(defaults.extension_digits_max, usize::from),
            extensions: extensions.clone(),
            groups: groups.collect(),
            test_callers: test_callers(contract),
            quiet: quiet.unwrap_or(defaults.quiet),
            onward: onward.unwrap_or(defaults.onward),
            open_limit: open_limit.unwrap_or(defaults.open_limit),
            ..defaults
        }
    }
}

/// What events that are not the queue's own mean: the first rule that fits decides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventMap {
    /// The rules, in order.
    pub rules: Vec<EventRule>,
}

/// The rules of an [`EventMap`], found by the event's name.
#[derive(Debug)]
pub(super) struct Rules {
    by_event: HashMap<Box<[u8]>, Vec<EventRule>, BuildQuick>,
}

impl Rules {
    pub(super) fn new(map: &EventMap) -> Self {
        let mut by_event: HashMap<Box<[u8]>, Vec<EventRule>, BuildQuick> = HashMap::default();
        for rule in &map.rules {
            by_event.entry(rule.event.as_bytes().into()).or_default().push(rule.clone());
        }
        Self { by_event }
    }

    /// Finds what an event means.
    pub(super) fn meaning(&self, event: &[u8], params: Params<'_>) -> Option<(Meaning, usize)> {
        let rule = self.by_event.get(event)?.iter().find(|rule| {
            let mut found = params.iter();
            rule.params.iter().all(|wanted| {
                found.next().is_some_and(|param| wanted == "*" || wanted.as_bytes() == param)
            })
        })?;
        Some((rule.means, rule.value))
    }
}

/// The words of common dialplans (Italian and English), FreePBX's `DID`, and XiVO's events.
impl Default for EventMap {
    fn default() -> Self {
        let rule = |event: &str, params: &[&str], means: Meaning, value: usize| EventRule {
            event: event.to_owned(),
            params: params.iter().map(|&param| param.to_owned()).collect(),
            means,
            value,
        };
        let info = |word: &str, means: Meaning| rule("INFO", &[word], means, 1);
        let bare = |event: &str, means: Meaning| rule(event, &[], means, 0);
        Self {
            rules: vec![
                rule("INFO", &["IVR", "*", "servito"], Meaning::IvrServed, 1),
                rule("INFO", &["IVR", "*", "served"], Meaning::IvrServed, 1),
                info("IVR", Meaning::IvrChoice),
                info("STATO", Meaning::QueueStatus),
                info("STATUS", Meaning::QueueStatus),
                info("DID", Meaning::Dialled),
                info("RICHIAMATA", Meaning::CallbackRequested),
                info("CALLBACK", Meaning::CallbackRequested),
                info("RICHIAMATO", Meaning::CalledBack),
                info("CALLEDBACK", Meaning::CalledBack),
                info("USCENTE", Meaning::Outbound),
                info("CAMPAGNA", Meaning::Outbound),
                info("OUTBOUND", Meaning::Outbound),
                info("PROVA", Meaning::Test),
                info("TEST", Meaning::Test),
                info("ARGOMENTO", Meaning::Topic),
                info("TOPIC", Meaning::Topic),
                info("CLASSE", Meaning::PriorityClass),
                info("CLASS", Meaning::PriorityClass),
                info("SISTEMA", Meaning::BookingSystem),
                info("SYSTEM", Meaning::BookingSystem),
                info("TRABOCCO", Meaning::Note),
                info("OVERFLOW", Meaning::Note),
                bare("DID", Meaning::Dialled),
                bare("FULL", Meaning::Full),
                bare("DIVERT_CA_RATIO", Meaning::Full),
                bare("DIVERT_HOLDTIME", Meaning::Full),
                bare("JOINEMPTY", Meaning::NoOperators),
                bare("CLOSED", Meaning::Closed),
                bare("LEAVEEMPTY", Meaning::Emptied),
                bare("CALLBACK", Meaning::CallbackRequested),
                bare("RICHIAMATA", Meaning::CallbackRequested),
                bare("WRAPUPSTART", Meaning::NotContact),
            ],
        }
    }
}

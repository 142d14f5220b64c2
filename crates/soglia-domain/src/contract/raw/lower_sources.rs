//! From the tables about sources to what they mean. Read [`lower_sources`] first.

use std::collections::{BTreeMap, BTreeSet};

use super::file::RawText;
use super::file_sources::{RawCdr, RawEvent, RawLabels, RawOperatorGroup, RawQueueLog, RawSources};
use super::problem::{Path, Reporter};
use super::values::{Code, LimitSpan, Line};
use crate::contract::{
    AttributeNames, CdrSettings, CommonEvents, ConnectSettings, EventRule, FreeSwitchSettings,
    GROUP_SIZE_MIN, GenesysSettings, Meaning, OperatorGroup, QueueLogSettings, Sources,
    operator_of,
};
use crate::text::Text;
use crate::time::Millis;

/// Events of the queue application itself: no rule of a contract changes what they mean.
const QUEUE_EVENTS: [&str; 30] = [
    "ENTERQUEUE",
    "CONNECT",
    "COMPLETEAGENT",
    "COMPLETECALLER",
    "ABANDON",
    "EXITWITHTIMEOUT",
    "EXITEMPTY",
    "EXITWITHKEY",
    "WITHDRAW",
    "SYSCOMPAT",
    "RINGNOANSWER",
    "RINGCANCELED",
    "AGENTDUMP",
    "BLINDTRANSFER",
    "TRANSFER",
    "ATTENDEDTRANSFER",
    "QUEUESTART",
    "CONFIGRELOAD",
    "ADDMEMBER",
    "REMOVEMEMBER",
    "PAUSE",
    "UNPAUSE",
    "PAUSEALL",
    "UNPAUSEALL",
    "PENALTY",
    "RINGINUSE",
    "AGENTLOGIN",
    "AGENTLOGOFF",
    "OUTCALL",
    "AGENTCALLBACKLOGIN",
];

/// Rules about events that a contract may have.
const RULES_MAX: usize = 500;

/// Parameters that a rule may look at.
const PARAMS_MAX: usize = 20;

/// Makes the settings of sources, or reports why they cannot be made.
pub(super) fn lower_sources(raw: RawSources, reporter: &mut Reporter<'_>) -> Sources {
    let RawSources { test_callers, queue_log, asterisk_cdr, freeswitch, amazon_connect, genesys } =
        raw;
    let path = Path::default().key("source");
    let test_callers = distinct(test_callers, &path.key("test_callers"), reporter);
    for (index, caller) in test_callers.iter().enumerate() {
        if !caller.chars().any(|c| c.is_ascii_digit()) || caller.contains('*') {
            let hint = "write each number in full, as the platform does".to_owned();
            let at = path.key("test_callers").item(index);
            reporter.add(&at, "a caller's number", format!("`{caller}`"), Some(hint));
        }
    }
    let labels = |raw: RawLabels, format: &str, reporter: &mut Reporter<'_>| {
        lower_labels(raw, &path.key(format).key("labels"), reporter)
    };
    Sources {
        test_callers: test_callers.into_iter().collect(),
        queue_log: lower_queue_log(queue_log, &path.key("queue_log"), reporter),
        asterisk_cdr: lower_cdr(asterisk_cdr, &path.key("asterisk_cdr"), reporter),
        freeswitch: FreeSwitchSettings {
            public_contexts: freeswitch.public_contexts.map(|contexts| {
                distinct(contexts, &path.key("freeswitch").key("public_contexts"), reporter)
            }),
            labels: labels(freeswitch.labels, "freeswitch", reporter),
        },
        amazon_connect: ConnectSettings {
            labels: labels(amazon_connect.labels, "amazon_connect", reporter),
            open_limit: amazon_connect.open_limit.map(|LimitSpan(span)| span),
        },
        genesys: GenesysSettings { labels: labels(genesys.labels, "genesys", reporter) },
    }
}

/// Texts in their order, each once.
fn distinct(raw: Vec<Line>, path: &Path, reporter: &mut Reporter<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (index, Line(text)) in raw.into_iter().enumerate() {
        if found.contains(&text) {
            reporter.add(&path.item(index), "each once", format!("`{text}` again"), None);
        }
        found.push(text);
    }
    found
}

fn lower_queue_log(raw: RawQueueLog, path: &Path, reporter: &mut Reporter<'_>) -> QueueLogSettings {
    let RawQueueLog {
        event,
        common_events,
        extension_digits_max,
        extensions,
        quiet,
        onward,
        open_limit,
    } = raw;
    let span = |written: Option<LimitSpan>| written.map(|LimitSpan(span)| span);
    let settings = QueueLogSettings {
        events: lower_events(event, &path.key("event"), reporter),
        common_events: common_events.map(CommonEvents::from).unwrap_or_default(),
        extension_digits_max,
        extensions: extensions.0.into_iter().map(|(member, Line(ext))| (member, ext)).collect(),
        quiet: span(quiet),
        onward: span(onward),
        open_limit: span(open_limit),
    };
    let spans = [
        ("quiet", settings.quiet.unwrap_or(Millis::from_mins(10))),
        ("onward", settings.onward.unwrap_or(Millis::from_hours(1))),
        ("open_limit", settings.open_limit.unwrap_or(Millis::from_hours(24))),
    ];
    for ((shorter, short), (longer, long)) in spans.iter().zip(spans.iter().skip(1)) {
        if long < short {
            let hint = "a call that may go on is waited for longer than one that is over";
            let expected = format!("at least `{shorter}`, {short}");
            reporter.add(&path.key(longer), expected, format!("{long}"), Some(hint.to_owned()));
        }
    }
    settings
}

fn lower_events(raw: Vec<RawEvent>, path: &Path, reporter: &mut Reporter<'_>) -> Vec<EventRule> {
    if RULES_MAX < raw.len() {
        let found = format!("{} rules", raw.len());
        reporter.add(path, format!("at most {RULES_MAX} rules"), found, None);
    }
    let mut rules: Vec<EventRule> = Vec::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let path = path.item(index);
        let RawEvent { event: Line(event), params, means, value } = raw;
        let means = Meaning::from(means);
        if QUEUE_EVENTS.contains(&event.as_str()) {
            let hint = "the queue application's own events always mean the same".to_owned();
            let expected = "an event that the dialplan writes, such as `INFO`";
            reporter.add(&path.key("event"), expected, format!("`{event}`"), Some(hint));
        }
        if event.contains('|') || params.iter().any(|Line(param)| param.contains('|')) {
            let hint = "write the parameters as a list: `params = [\"IVR\", \"*\"]`".to_owned();
            let expected = "an event and its parameters, apart from each other";
            reporter.add(&path, expected, "a `|`", Some(hint));
        }
        if PARAMS_MAX < params.len() {
            let expected = format!("at most {PARAMS_MAX} parameters");
            reporter.add(&path.key("params"), expected, format!("{}", params.len()), None);
        }
        if value.is_some() && !means.has_value() {
            let hint = "leave it out".to_owned();
            reporter.add(
                &path.key("value"),
                "a meaning that has a value, such as `topic`",
                "one that has none",
                Some(hint),
            );
        }
        let params: Vec<String> = params.into_iter().map(|Line(param)| param).collect();
        let value = value.map_or(params.len(), usize::from);
        let rule = EventRule { event, params, means, value };
        if let Some(first) = rules.iter().position(|earlier| earlier.covers(&rule)) {
            let expected = "a rule that some event can reach";
            let found = format!("one whose events the rule [{first}] has decided already");
            let hint = "put the narrower rule first".to_owned();
            reporter.add(&path, expected, found, Some(hint));
        }
        rules.push(rule);
    }
    rules
}

fn lower_cdr(raw: RawCdr, path: &Path, reporter: &mut Reporter<'_>) -> CdrSettings {
    let RawCdr {
        outbound_contexts,
        internal_contexts,
        queue_contexts,
        dialled_mark,
        extension_digits_max,
    } = raw;
    let mut set = |key: &str, contexts: Option<Vec<Line>>| {
        contexts.map(|names| BTreeSet::from_iter(distinct(names, &path.key(key), reporter)))
    };
    let settings = CdrSettings {
        outbound_contexts: set("outbound_contexts", outbound_contexts),
        internal_contexts: set("internal_contexts", internal_contexts),
        queue_contexts: set("queue_contexts", queue_contexts),
        dialled_mark: dialled_mark.map(|Line(mark)| mark),
        extension_digits_max,
    };
    let kinds = [
        ("outbound_contexts", &settings.outbound_contexts),
        ("internal_contexts", &settings.internal_contexts),
        ("queue_contexts", &settings.queue_contexts),
    ];
    for (at, (key, contexts)) in kinds.iter().enumerate() {
        for (other, earlier) in kinds.iter().take(at) {
            let both =
                contexts.iter().flatten().find(|c| earlier.iter().flatten().any(|e| e == *c));
            if let Some(context) = both {
                let found = format!("`{context}`, which `{other}` has too");
                reporter.add(&path.key(key), "a context of one kind", found, None);
            }
        }
    }
    settings
}

fn lower_labels(raw: RawLabels, path: &Path, reporter: &mut Reporter<'_>) -> AttributeNames {
    let RawLabels { ivr_path, topic, priority_class, booking_system, disposition } = raw;
    let name = |line: Option<Line>| line.map(|Line(name)| name);
    let names = AttributeNames {
        ivr_path: name(ivr_path),
        topic: name(topic),
        priority_class: name(priority_class),
        booking_system: name(booking_system),
        disposition: name(disposition),
    };
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (what, name) in names.set() {
        if let Some(other) = seen.insert(name, what) {
            let found = format!("`{name}`, which is `{other}` already");
            reporter.add(&path.key(what), "an attribute of its own", found, None);
        }
    }
    names
}

/// Makes the groups of operators; none may be so small that its figures are a person's.
pub(super) fn lower_groups(
    raw: Vec<RawOperatorGroup>,
    extensions: &BTreeMap<String, String>,
    reporter: &mut Reporter<'_>,
) -> Vec<OperatorGroup> {
    let mut groups: Vec<OperatorGroup> = Vec::new();
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let path = Path::default().key("operator_group").item(index);
        let RawOperatorGroup { code: Code(code), name, operators, members, platform_names } = raw;
        let mut own = BTreeSet::new();
        for (index, Line(member)) in members.iter().enumerate() {
            let at = path.key("members").item(index);
            check_member(member, &at, reporter);
            let operator = operator_of(member, extensions);
            if let Some(owner) = owners.get(&operator).filter(|owner| **owner != code) {
                let found = format!("`{member}`, who is in `{owner}`");
                reporter.add(&at, "an operator of one group", found, None);
            }
            owners.insert(operator.clone(), code.clone());
            own.insert(operator);
        }
        let size = group_size(&own, operators, &path, reporter);
        let platform_names: BTreeSet<String> =
            platform_names.into_iter().map(|Line(name)| name).collect();
        let taken = |name: &str| groups.iter().find(|group| group.is_called(name));
        for name in platform_names.iter().chain([&code]) {
            if let Some(other) = taken(name) {
                let found = format!("`{name}`, which means `{}`", other.code);
                reporter.add(&path.key("code"), "names of one group", found, None);
            }
        }
        groups.push(OperatorGroup {
            name: name.map_or_else(|| Text { it: code.clone(), en: None }, RawText::into_text),
            code,
            size,
            members: members.into_iter().map(|Line(member)| member).collect(),
            platform_names,
        });
    }
    groups
}

/// Members are written in full: a pattern could stand for one person, or for nobody.
fn check_member(member: &str, path: &Path, reporter: &mut Reporter<'_>) {
    if member.contains(['*', '?', '%', '|', '[']) {
        let hint = "name each member as the fourth field of the log does; patterns are not read";
        let expected = "one member's name";
        reporter.add(path, expected, format!("`{member}`"), Some(hint.to_owned()));
    }
}

/// Counts a group's operators and refuses too few.
fn group_size(
    members: &BTreeSet<String>,
    operators: Option<u32>,
    path: &Path,
    reporter: &mut Reporter<'_>,
) -> u32 {
    let listed = u32::try_from(members.len()).unwrap_or(u32::MAX);
    let (key, size) = match operators {
        Some(said) if 0 < listed && said != listed => {
            let expected = format!("`{listed}`, as `members` lists, or neither of the two");
            let found = format!("the number `{said}`");
            reporter.add(&path.key("operators"), expected, found, None);
            ("operators", said.min(listed))
        }
        Some(said) => ("operators", said),
        None => ("members", listed),
    };
    if size < GROUP_SIZE_MIN {
        let hint = "join it with another group: figures of few are figures of persons (art. 4 L. \
                    300/1970); a member written in several ways counts once";
        let expected = format!("at least {GROUP_SIZE_MIN} operators");
        reporter.add(&path.key(key), expected, format!("{size}"), Some(hint.to_owned()));
    }
    size
}

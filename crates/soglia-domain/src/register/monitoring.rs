//! Changes to the monitoring system, logged by the program when a contract file changes.

use super::{Choice, Field, Register, Transition, check_nothing, closed, fill_nothing, open};
use crate::access::Permission as P;
use crate::contract::{Contract, Indicator, Service};
use crate::text::Label;

const CHANGED_ON: Field = Field::date("changed_on", "Data", "Date").required();
const PART: Field = Field::choice("part", "Che cosa", "What", CONTRACT_CHANGE_PARTS).required();
const SUBJECT: Field = Field::line("subject", "Oggetto", "Subject").required();
const BEFORE: Field = Field::text("before", "Prima", "Before");
const AFTER: Field = Field::text("after", "Dopo", "After");
const FROM_HASH: Field = Field::line("from_hash", "Contratto prima", "Contract file before");
const TO_HASH: Field = Field::line("to_hash", "Contratto dopo", "Contract file after");
const GROUNDS: Field = Field::text("grounds", "Motivo", "Grounds");

/// Parts of the monitoring system that can change.
pub const CONTRACT_CHANGE_PARTS: &[Choice] = &[
    Choice::new("indicator", "indicatore o regola", "indicator or rule"),
    Choice::new("target", "valore da raggiungere", "target"),
    Choice::new("calendar", "calendario", "calendar"),
    Choice::new("service", "servizio", "service"),
    Choice::new("queue", "code", "queues"),
    Choice::new("exclusion", "esclusione", "exclusion"),
    Choice::new("penalties", "penali", "penalties"),
    Choice::new("terms", "termini", "terms"),
    Choice::new("party", "parti e ruoli", "parties and roles"),
    Choice::new("source", "fonte dei dati", "source of data"),
    Choice::new("tool", "strumento", "tool"),
];

/// Changes to the monitoring system.
pub const MONITORING: Register = Register {
    code: "monitoring",
    prefix: "MON",
    label: Label::new("Modifiche al sistema di monitoraggio", "Changes to the monitoring system"),
    about: Label::new(
        "Modifiche a regole, calendari e fonti: le annota il programma, le parti le motivano.",
        "Changes to rules, calendars and sources: the program logs them, the parties explain them.",
    ),
    fields: &[CHANGED_ON, PART, SUBJECT, BEFORE, AFTER, FROM_HASH, TO_HASH, GROUNDS],
    states: &[open("logged", "annotata", "logged"), closed("explained", "motivata", "explained")],
    transitions: &[Transition {
        code: "explain",
        label: Label::new("motiva", "explain"),
        from: &["logged"],
        to: "explained",
        needs: &["grounds"],
        by: &[P::RecordClient],
    }],
    record: &[P::RecordClient],
    fill: fill_nothing,
    check: check_nothing,
    derived: &[],
};

/// One difference between two contract files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContractChange {
    /// One of [`CONTRACT_CHANGE_PARTS`].
    pub part: &'static str,
    /// The service it is about.
    pub service: Option<String>,
    /// The indicator it is about.
    pub indicator: Option<String>,
    /// What it is about.
    pub subject: String,
    /// How it was; empty if it was not there.
    pub before: String,
    /// How it is; empty if it is gone.
    pub after: String,
}

/// Says how a contract file differs from an earlier one, in the order of the file.
pub fn contract_changes(old: &Contract, new: &Contract) -> Vec<ContractChange> {
    let mut changes = Changes::default();
    changes.compare("party", "supplier", &old.supplier.join(", "), &new.supplier.join(", "));
    changes.compare("party", "authority", &old.authority, &new.authority);
    changes.compare("party", "roles", &debug(&old.roles), &debug(&new.roles));
    changes.compare("calendar", "zone", &old.zone_name, &new.zone_name);
    for (old, new) in pairs(&old.services, &new.services, |service: &Service| &service.code) {
        changes.service = old.or(new).map(|service| service.code.clone());
        service_changes(&mut changes, old, new);
    }
    changes.service = None;
    for (old, new) in pairs(&old.exclusions, &new.exclusions, |exclusion| &exclusion.code) {
        let code = old.or(new).map(|exclusion| exclusion.code.as_str()).unwrap_or_default();
        changes.compare("exclusion", code, &debug_if(old), &debug_if(new));
    }
    changes.compare(
        "penalties",
        "penalties",
        &debug_if(old.penalties.as_ref()),
        &debug_if(new.penalties.as_ref()),
    );
    changes.compare("terms", "terms", &debug(&old.terms), &debug(&new.terms));
    changes.found
}

#[derive(Default)]
struct Changes {
    service: Option<String>,
    indicator: Option<String>,
    found: Vec<ContractChange>,
}

impl Changes {
    fn compare(&mut self, part: &'static str, subject: &str, before: &str, after: &str) {
        if before != after {
            self.found.push(ContractChange {
                part,
                service: self.service.clone(),
                indicator: self.indicator.clone(),
                subject: subject.to_owned(),
                before: before.to_owned(),
                after: after.to_owned(),
            });
        }
    }
}

fn service_changes(changes: &mut Changes, old: Option<&Service>, new: Option<&Service>) {
    let (Some(old), Some(new)) = (old, new) else {
        let name = |service: Option<&Service>| service.map(|s| s.name.it.clone());
        let code = old.or(new).map(|service| service.code.as_str()).unwrap_or_default();
        let (before, after) = (name(old).unwrap_or_default(), name(new).unwrap_or_default());
        changes.compare("service", code, &before, &after);
        return;
    };
    changes.compare("queue", "queues", &debug(&old.queues), &debug(&new.queues));
    changes.compare("queue", "numbers", &old.numbers.join(", "), &new.numbers.join(", "));
    let calendars = [
        ("opening hours", &old.calendar, &new.calendar),
        ("written contacts", &old.written_calendar, &new.written_calendar),
        ("second level", &old.second_level_calendar, &new.second_level_calendar),
        ("outbound", &old.outbound_calendar, &new.outbound_calendar),
    ];
    for (subject, old, new) in calendars {
        changes.compare("calendar", subject, &debug(old), &debug(new));
    }
    let code = |indicator: &Indicator| indicator.code.clone();
    for (old, new) in pairs(&old.indicators, &new.indicators, |indicator| &indicator.code) {
        changes.indicator = old.or(new).map(code);
        indicator_changes(changes, old, new);
    }
    changes.indicator = None;
}

fn indicator_changes(changes: &mut Changes, old: Option<&Indicator>, new: Option<&Indicator>) {
    let code = old.or(new).map(|indicator| indicator.code.clone()).unwrap_or_default();
    let (Some(old), Some(new)) = (old, new) else {
        let name = |indicator: Option<&Indicator>| {
            indicator.map(|indicator| indicator.name.it.clone()).unwrap_or_default()
        };
        changes.compare("indicator", &code, &name(old), &name(new));
        return;
    };
    for version in 0..old.versions.len().max(new.versions.len()) {
        let (old, new) = (old.versions.get(version), new.versions.get(version));
        let subject = format!("{code} v{}", version + 1);
        let targets = |v: Option<&crate::contract::RuleVersion>| {
            v.map(|v| debug(&(&v.target, v.target_date))).unwrap_or_default()
        };
        changes.compare("target", &subject, &targets(old), &targets(new));
        let rules = |v: Option<&crate::contract::RuleVersion>| {
            v.map(|v| {
                let validity = (v.valid_from, v.valid_until);
                debug(&(validity, &v.rule, v.rounding, v.compare, v.empty))
            })
            .unwrap_or_default()
        };
        changes.compare("indicator", &subject, &rules(old), &rules(new));
        let sources = |v: Option<&crate::contract::RuleVersion>| {
            v.map(|v| debug(&(&v.source, &v.responsible, &v.frequency))).unwrap_or_default()
        };
        changes.compare("source", &subject, &sources(old), &sources(new));
    }
}

/// Items of two lists by their key: those of the old list first, then the new ones.
fn pairs<'t, T>(
    old: &'t [T],
    new: &'t [T],
    key: impl Fn(&'t T) -> &'t String,
) -> Vec<(Option<&'t T>, Option<&'t T>)> {
    let mut found: Vec<(Option<&T>, Option<&T>)> = old
        .iter()
        .map(|item| (Some(item), new.iter().find(|other| key(other) == key(item))))
        .collect();
    let added = new.iter().filter(|item| !old.iter().any(|other| key(other) == key(item)));
    found.extend(added.map(|item| (None, Some(item))));
    found
}

/// What the program thinks something is, cut to what fits in a field.
fn debug(thing: &impl std::fmt::Debug) -> String {
    const MOST: usize = 4000;
    let text = format!("{thing:?}");
    if text.chars().count() <= MOST {
        return text;
    }
    text.chars().take(MOST).chain(['…']).collect()
}

fn debug_if(thing: Option<&impl std::fmt::Debug>) -> String {
    thing.map(debug).unwrap_or_default()
}

//! Registers as data: fields, states, transitions, labels. Read [`Register`] first, then [`ALL`].
//!
//! One module for each register says everything that distinguishes it; storage, import, export and
//! pages are the same for all. What a field holds is a typed [`Value`], never a bare string.

mod actions;
mod complaints;
mod exclusions;
mod feasibility;
mod field;
mod finances;
mod findings;
mod follow_up;
mod inspections;
mod monitoring;
mod nonconformities;
mod operations;
mod penalties;
mod recommendations;
mod review_parts;
mod status;
mod training;
mod value;

use jiff::civil::Date;

use crate::access::Permission;
use crate::text::{Label, Text};

pub use self::actions::ACTIONS;
pub use self::complaints::COMPLAINTS;
pub use self::exclusions::EXCLUSIONS;
pub use self::feasibility::FEASIBILITY;
pub use self::field::{Choice, Field, Kind, Need, Privacy};
pub use self::finances::FINANCES;
pub use self::findings::FINDINGS;
pub use self::follow_up::FOLLOW_UP;
pub use self::inspections::INSPECTIONS;
pub use self::monitoring::{CONTRACT_CHANGE_PARTS, ContractChange, MONITORING, contract_changes};
pub use self::nonconformities::NONCONFORMITIES;
pub use self::operations::OPERATIONS;
pub use self::penalties::PENALTIES;
pub use self::recommendations::RECOMMENDATIONS;
pub use self::review_parts::{
    ELEMENTS, INPUTS, INPUTS_DIGITAL_AGENDA, InputElement, REMARKS, REVIEW_FINDINGS, REVIEWS,
    SHEET_ACTIONS, SHEETS, SIGNATURES,
};
pub use self::status::STATUS;
pub use self::training::{GROUP_MIN, TRAINING};
pub use self::value::{
    CENTS_MAX, Changes, LINE_MAX, TEXT_MAX, Value, ValueProblem, Values, refusals,
};

/// A register: everything that distinguishes it from the others.
#[derive(Debug)]
pub struct Register {
    /// The name in files, commands and addresses.
    pub code: &'static str,
    /// What its entries' numbers begin with: `REC` in `REC-12`.
    pub prefix: &'static str,
    /// The name for people.
    pub label: Label,
    /// What it is for, in one sentence.
    pub about: Label,
    /// Fields, in the order of forms and files.
    pub fields: &'static [Field],
    /// States; the first is where entries begin.
    pub states: &'static [State],
    /// Ways from one state to another.
    pub transitions: &'static [Transition],
    /// Who may enter and correct: any of these.
    pub record: &'static [Permission],
    /// Fills in what follows from what is there.
    pub fill: fn(&mut Values, Terms),
    /// Says what does not fit together.
    pub check: fn(&Values) -> Vec<Remark>,
    /// Figures that follow from the fields and are never typed.
    pub derived: &'static [Derived],
}

/// Registers are told apart by their names.
impl PartialEq for Register {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

/// A state of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct State {
    /// The name in files and commands.
    pub code: &'static str,
    /// The name for people.
    pub label: Label,
    /// Whether work on the entry is over.
    pub stage: Stage,
}

/// Whether work on an entry is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Somebody still has something to do.
    Open,
    /// Nothing is left to do.
    Closed,
}

/// A way from one state to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transition {
    /// The name in commands.
    pub code: &'static str,
    /// The name for people.
    pub label: Label,
    /// States it starts from.
    pub from: &'static [&'static str],
    /// The state it ends in.
    pub to: &'static str,
    /// Fields that must be filled in before.
    pub needs: &'static [&'static str],
    /// Who may do it: any of these.
    pub by: &'static [Permission],
}

/// A figure that follows from the fields.
#[derive(Clone, Copy, Debug)]
pub struct Derived {
    /// The name in files.
    pub code: &'static str,
    /// The name for people.
    pub label: Label,
    /// Computes it, given today's date; nothing while it cannot be known.
    pub compute: fn(&Values, Date) -> Option<Value>,
}

/// Terms that registers apply where an entry does not say otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// Days to answer a complaint.
    pub complaint_days: u16,
    /// Days to answer a notified penalty.
    pub penalty_days: u16,
}

impl Default for Terms {
    fn default() -> Self {
        Self { complaint_days: 30, penalty_days: 15 }
    }
}

/// Something about an entry that does not fit together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remark {
    /// Whether the entry can be kept like this.
    pub weight: Weight,
    /// The field it is about.
    pub field: &'static str,
    /// What was noticed.
    pub text: Text,
}

/// Whether an entry with a remark can be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weight {
    /// It cannot be true.
    Refused,
    /// Somebody should look at it.
    Warning,
}

/// Registers that people work with, in the order of the reference report's input elements.
pub const ALL: [&Register; 15] = [
    &INSPECTIONS,
    &COMPLAINTS,
    &FINDINGS,
    &FINANCES,
    &STATUS,
    &NONCONFORMITIES,
    &ACTIONS,
    &FEASIBILITY,
    &FOLLOW_UP,
    &TRAINING,
    &MONITORING,
    &RECOMMENDATIONS,
    &OPERATIONS,
    &EXCLUSIONS,
    &PENALTIES,
];

/// Registers whose entries without a service speak of the measured services all the same; others
/// without a service belong to the areas of activities.
pub const OF_SERVICES: [&Register; 6] =
    [&COMPLAINTS, &NONCONFORMITIES, &ACTIONS, &TRAINING, &PENALTIES, &EXCLUSIONS];

/// Parts of a review that are kept like entries of a register.
pub const REVIEW_PARTS: [&Register; 7] =
    [&REVIEWS, &ELEMENTS, &REVIEW_FINDINGS, &REMARKS, &SHEETS, &SHEET_ACTIONS, &SIGNATURES];

/// Finds a register, or a part of a review, by its name.
pub fn by_code(code: &str) -> Option<&'static Register> {
    ALL.into_iter().chain(REVIEW_PARTS).find(|register| register.code == code)
}

impl Register {
    /// Finds a field.
    pub fn field(&self, code: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.code == code)
    }

    /// Finds a state.
    pub fn state(&self, code: &str) -> Option<&'static State> {
        self.states.iter().find(|state| state.code == code)
    }

    /// The state in which entries begin.
    pub fn first_state(&self) -> &'static State {
        self.states.first().expect("every register has a first state")
    }

    /// Finds a transition that starts from a state.
    pub fn transition(&self, code: &str, from: &str) -> Option<&'static Transition> {
        self.transitions.iter().find(|t| t.code == code && t.from.contains(&from))
    }

    /// The transitions that start from a state.
    pub fn transitions_from(&self, from: &str) -> impl Iterator<Item = &'static Transition> {
        self.transitions.iter().filter(move |t| t.from.contains(&from))
    }

    /// Says what is missing or does not fit together for an entry in a state, most serious first.
    /// What every way into the state asks for is asked for here too, so that an entry brought in
    /// from a file is held to the same rules as one that went the way.
    pub fn remarks(&self, values: &Values, state: &str) -> Vec<Remark> {
        let mut remarks: Vec<Remark> = Vec::new();
        let ways: Vec<&Transition> = self.transitions.iter().filter(|t| t.to == state).collect();
        for field in self.fields {
            let always = field.need == Need::Required;
            let here = !ways.is_empty()
                && state != self.first_state().code
                && ways.iter().all(|way| way.needs.contains(&field.code));
            if (always || here) && !values.has(field.code) {
                remarks.push(missing(field));
            }
        }
        remarks.extend((self.check)(values));
        remarks.sort_by_key(|remark| remark.weight == Weight::Warning);
        remarks
    }

    /// Who answers for a field: whoever may do the first transition that needs it, or whoever may
    /// enter. So nobody edits the other party's arguments, or a decision taken by somebody else.
    pub fn owners(&self, field: &Field) -> &'static [Permission] {
        let needing = self.transitions.iter().find(|t| t.needs.contains(&field.code));
        needing.map_or(self.record, |transition| transition.by)
    }

    /// Says what a transition needs and the entry does not have.
    pub fn missing_for(&self, transition: &Transition, values: &Values) -> Vec<Remark> {
        let needed = transition.needs.iter().filter(|code| !values.has(code));
        needed.filter_map(|code| self.field(code)).map(missing).collect()
    }
}

impl Remark {
    /// What cannot be true.
    pub fn refused(field: &Field, it: &str, en: &str) -> Self {
        Self { weight: Weight::Refused, field: field.code, text: Text::new(it, en) }
    }

    /// What somebody should look at.
    pub fn warning(field: &Field, it: &str, en: &str) -> Self {
        Self { weight: Weight::Warning, field: field.code, text: Text::new(it, en) }
    }
}

fn missing(field: &Field) -> Remark {
    let it = format!("manca «{}»", field.label.it);
    let en = format!("“{}” is missing", field.label.en);
    Remark::refused(field, &it, &en)
}

// What registers share.

const fn open(code: &'static str, it: &'static str, en: &'static str) -> State {
    State { code, label: Label::new(it, en), stage: Stage::Open }
}

const fn closed(code: &'static str, it: &'static str, en: &'static str) -> State {
    State { code, label: Label::new(it, en), stage: Stage::Closed }
}

fn fill_nothing(_: &mut Values, _: Terms) {}

fn check_nothing(_: &Values) -> Vec<Remark> {
    Vec::new()
}

/// A remark if two dates are in the wrong order.
fn in_order(values: &Values, earlier: &Field, later: &Field) -> Option<Remark> {
    let (first, second) = (values.date(earlier)?, values.date(later)?);
    (second < first).then(|| {
        let it = format!("«{}» viene prima di «{}»", later.label.it, earlier.label.it);
        let en = format!("“{}” comes before “{}”", later.label.en, earlier.label.en);
        Remark::refused(later, &it, &en)
    })
}

/// Whole days from one date to another.
fn days_between(from: Date, until: Date) -> i64 {
    i64::from((until - from).get_days())
}

/// Days past a term, as of the day it was kept or of today; nothing while the term runs.
fn days_late(values: &Values, due: &Field, done: &Field, today: Date) -> Option<Value> {
    let late = days_between(values.date(due)?, values.date(done).unwrap_or(today));
    u64::try_from(late).ok().filter(|days| 0 < *days).map(Value::Count)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all() -> impl Iterator<Item = &'static Register> {
        ALL.into_iter().chain(REVIEW_PARTS)
    }

    #[test]
    fn names_are_unique() {
        let codes: BTreeSet<&str> = all().map(|register| register.code).collect();
        let prefixes: BTreeSet<&str> = all().map(|register| register.prefix).collect();
        assert_eq!((codes.len(), prefixes.len()), (22, 22));
        for register in all() {
            let fields: BTreeSet<&str> = register.fields.iter().map(|f| f.code).collect();
            assert_eq!(fields.len(), register.fields.len(), "{}", register.code);
            let derived: BTreeSet<&str> = register.derived.iter().map(|d| d.code).collect();
            assert!(fields.is_disjoint(&derived), "{}", register.code);
            assert_eq!(by_code(register.code).map(|r| r.prefix), Some(register.prefix));
        }
    }

    #[test]
    fn every_transition_names_states_and_fields_that_exist() {
        for register in all() {
            for transition in register.transitions {
                let at = format!("{}.{}", register.code, transition.code);
                assert!(register.state(transition.to).is_some(), "{at}");
                assert!(!transition.from.is_empty() && !transition.by.is_empty(), "{at}");
                assert!(transition.from.iter().all(|s| register.state(s).is_some()), "{at}");
                assert!(transition.needs.iter().all(|f| register.field(f).is_some()), "{at}");
            }
        }
    }

    #[test]
    fn every_state_can_be_reached_and_an_end_too() {
        for register in all() {
            let mut reached = BTreeSet::from([register.first_state().code]);
            loop {
                let next: BTreeSet<&str> = register
                    .transitions
                    .iter()
                    .filter(|t| t.from.iter().any(|s| reached.contains(s)))
                    .map(|t| t.to)
                    .collect();
                let before = reached.len();
                reached.extend(next);
                if reached.len() == before {
                    break;
                }
            }
            assert_eq!(reached.len(), register.states.len(), "{}", register.code);
            assert!(register.states.iter().any(|s| s.stage == Stage::Closed), "{}", register.code);
        }
    }

    #[test]
    fn every_label_has_both_languages() {
        for register in all() {
            let labels = [register.label, register.about]
                .into_iter()
                .chain(register.fields.iter().map(|f| f.label))
                .chain(register.states.iter().map(|s| s.label))
                .chain(register.transitions.iter().map(|t| t.label))
                .chain(register.derived.iter().map(|d| d.label));
            for label in labels {
                assert!(!label.it.is_empty() && !label.en.is_empty(), "{}", register.code);
            }
        }
    }
}

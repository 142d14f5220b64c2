//! Entries of registers: made, corrected, moved on, never deleted. Read [`Entry`] first, then
//! [`Tx::create`], [`Tx::edit`] and [`Tx::advance`].
//!
//! Each of them writes a new version, its link of the audit trail and the tables that show the
//! newest version, in one transaction. Whoever changes an entry says which version they read; if
//! another one came in between, nothing is written and both are handed back ([`Conflict`]).

mod store;

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use soglia_domain::access::Permission;
use soglia_domain::contract::Contract;
use soglia_domain::register::{
    Changes, Field, Privacy, REVIEW_PARTS, Register, Stage, State, Terms, Transition, Value,
    Values, refusals,
};
use soglia_domain::time::Instant;

use crate::actor::{Actor, By};
use crate::database::Tx;
use crate::error::{RegisterError, Rule};
use crate::rules;

pub(crate) use self::store::{Written, file_part, load, load_all, load_version, show_again, write};

/// An entry of a register at its newest version.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// `REC-12`.
    pub id: String,
    /// Its register.
    pub register: &'static Register,
    /// The contract it belongs to.
    pub contract: String,
    /// The service, if it is about one.
    pub service: Option<String>,
    /// The number that somebody else gave it, unique in register and contract.
    pub reference: Option<String>,
    /// 1 for the first.
    pub version: i64,
    /// Where it is.
    pub state: &'static State,
    /// What its fields hold.
    pub values: Values,
    /// What it points at.
    pub links: Vec<Link>,
    /// Files attached to it.
    pub files: Vec<Attached>,
    /// When and by whom it was entered.
    pub created: (Instant, String),
    /// When and by whom it was last changed.
    pub changed: (Instant, String),
    /// Fields whose values were erased, or are hidden from whoever looks.
    pub hidden: BTreeSet<&'static str>,
}

/// What an entry points at.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Link {
    /// What kind of thing.
    pub kind: LinkKind,
    /// Its name.
    pub target: String,
}

/// What kind of thing a link points at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LinkKind {
    /// An indicator, `cup/K1`.
    Indicator,
    /// A call, by the platform's identifier.
    Call,
    /// Another entry, `NC-3`.
    Entry,
    /// A sealed measurement, by its hash.
    Measurement,
}

/// A file attached to an entry.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Attached {
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// What it is, by its first bytes.
    pub media: String,
    /// How long it is.
    pub bytes: u64,
    /// What it was called; nothing once erased.
    pub name: Option<String>,
}

/// What is needed for a new entry.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Draft {
    /// The contract.
    pub contract: String,
    /// The service.
    pub service: Option<String>,
    /// Somebody else's number.
    pub reference: Option<String>,
    /// The fields.
    pub values: Values,
    /// What it points at.
    pub links: Vec<Link>,
}

/// A correction.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Edit {
    /// The version that was read.
    pub version: i64,
    /// Fields to set or to empty.
    pub changes: Changes,
    /// The new service, if it changes.
    pub service: Option<Option<String>>,
    /// The new reference, if it changes.
    pub reference: Option<Option<String>>,
    /// All links anew, if they change.
    pub links: Option<Vec<Link>>,
}

/// Two people changed the same entry.
#[derive(Clone, PartialEq, Debug)]
pub struct Conflict {
    /// The version that was read.
    pub base_version: i64,
    /// What was read.
    pub base: Values,
    /// What should have been written.
    pub yours: Values,
    /// What somebody else wrote.
    pub theirs: Entry,
    /// Fields that both changed, differently.
    pub both: Vec<&'static str>,
}

/// What rules need to know besides the entry.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Terms where an entry does not say otherwise.
    pub terms: Terms,
    /// The zone of civil dates.
    pub zone: TimeZone,
    /// The contract, for penalties and their cap.
    pub contract: Option<Contract>,
}

impl LinkKind {
    const ALL: [Self; 4] = [Self::Indicator, Self::Call, Self::Entry, Self::Measurement];

    /// Returns the name used in files and in the database.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Indicator => "indicator",
            Self::Call => "call",
            Self::Entry => "entry",
            Self::Measurement => "measurement",
        }
    }

    /// Finds a kind by that name.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl Link {
    /// Makes a link.
    pub fn new(kind: LinkKind, target: &str) -> Self {
        Self { kind, target: target.to_owned() }
    }

    /// Reads `kind:target`.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, target) = text.split_once(':')?;
        let kind = LinkKind::parse(kind.trim())?;
        let target = target.trim();
        (!target.is_empty()).then(|| Self::new(kind, target))
    }
}

impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.kind.code(), self.target)
    }
}

impl Setting {
    /// The civil date at an instant.
    pub fn date(&self, at: Instant) -> jiff::civil::Date {
        at.in_zone(&self.zone).date()
    }
}

impl Entry {
    /// An entry before it is written.
    fn blank(
        by: &By<'_>,
        register: &'static Register,
        contract: String,
        service: Option<String>,
        values: Values,
    ) -> Self {
        Self {
            id: String::new(),
            register,
            contract,
            service,
            reference: None,
            version: 0,
            state: register.first_state(),
            values,
            links: Vec::new(),
            files: Vec::new(),
            created: (by.at, by.actor.id().to_owned()),
            changed: (by.at, by.actor.id().to_owned()),
            hidden: BTreeSet::new(),
        }
    }

    /// Whether work on it is over.
    pub fn is_open(&self) -> bool {
        self.state.stage == Stage::Open
    }

    /// A field's value by name.
    pub fn value(&self, field: &str) -> Option<&Value> {
        self.values.get(field)
    }

    /// A text or name of a choice, by the field's name.
    pub fn words(&self, field: &str) -> Option<&str> {
        match self.values.get(field)? {
            Value::Text(text) => Some(text),
            Value::Choice(code) => Some(code),
            _ => None,
        }
    }

    /// The same entry as `actor` may see it: personal values hidden without permission.
    #[must_use]
    pub fn seen_by(mut self, actor: &Actor, at: Instant) -> Self {
        let needed = [Permission::ReadPersonal];
        if !actor.may(&needed, &self.contract, self.service.as_deref(), at) {
            for field in personal(self.register) {
                if self.values.has(field.code) {
                    self.values.put(field, None);
                    self.hidden.insert(field.code);
                }
            }
            for file in &mut self.files {
                file.name = None;
            }
        }
        self
    }
}

/// The fields of a register that are about persons.
pub(crate) fn personal(register: &'static Register) -> impl Iterator<Item = &'static Field> {
    register.fields.iter().filter(|field| field.privacy == Privacy::Personal)
}

impl Tx {
    /// Enters something new.
    pub async fn create(
        &mut self,
        by: &By<'_>,
        setting: &Setting,
        register: &'static Register,
        draft: Draft,
    ) -> Result<Entry, RegisterError> {
        let reason = by.reason()?;
        let Draft { contract, service, reference, mut values, mut links } = draft;
        by.actor.require(register.record, &contract, service.as_deref(), by.at)?;
        let touched = values.iter().filter_map(|(code, _)| register.field(code));
        require_owners(by, register, touched, &contract, service.as_deref())?;
        (register.fill)(&mut values, setting.terms);
        tidy(&mut links);
        let blank = Entry::blank(by, register, contract, service, values);
        let entry = Entry { reference, links, ..blank };
        rules::check(self, by, setting, None, &entry, None).await?;
        write(self, Written::new(by, "entry.create", reason, None, entry)).await
    }

    /// Enters a row of a file, in the state it says. Whoever takes it in must be allowed to bring
    /// an entry there, and answers for the fields that are filled in.
    pub(crate) async fn create_from_file(
        &mut self,
        by: &By<'_>,
        setting: &Setting,
        register: &'static Register,
        draft: Draft,
        state: &str,
        import_key: &str,
    ) -> Result<Entry, RegisterError> {
        if REVIEW_PARTS.contains(&register) {
            let step = "reviews are written here, not taken from files";
            return Err(RegisterError::Rule(Rule::OwnStep(step)));
        }
        let Draft { contract, service, reference, values, links } = draft;
        let state = register.state(state).ok_or_else(|| RegisterError::unknown("state", state))?;
        let scope = service.as_deref();
        by.actor.require(register.record, &contract, scope, by.at)?;
        let touched = values.iter().filter_map(|(code, _)| register.field(code));
        require_owners(by, register, touched, &contract, scope)?;
        let ways = register.transitions.iter().filter(|way| way.to == state.code);
        let any: Vec<Permission> = ways.flat_map(|way| way.by.to_vec()).collect();
        if *state != *register.first_state() {
            by.actor.require(&any, &contract, scope, by.at)?;
        }
        let entry = Entry {
            reference,
            state,
            links,
            ..Entry::blank(by, register, contract, service, values)
        };
        rules::check(self, by, setting, None, &entry, None).await?;
        let written = Written::new(by, "entry.import", by.reason()?, None, entry);
        write(self, Written { import_key: Some(import_key), ..written }).await
    }

    /// Corrects an entry: the old version stays, the new one is shown.
    pub async fn edit(
        &mut self,
        by: &By<'_>,
        setting: &Setting,
        id: &str,
        edit: Edit,
    ) -> Result<Entry, RegisterError> {
        let reason = by.reason()?;
        let before = load(self, id).await?;
        let Edit { version, changes, service, reference, links } = edit;
        self.require_newest(by, &before, version, &changes).await?;
        let scope = before.service.clone();
        let register = before.register;
        let changed: Vec<&'static Field> = changes
            .iter()
            .filter(|(field, value)| before.values.get(field.code) != value.as_ref())
            .map(|(field, _)| *field)
            .collect();
        let others = service.is_some() || reference.is_some() || links.is_some();
        if others || changed.is_empty() {
            by.actor.require(register.record, &before.contract, scope.as_deref(), by.at)?;
        }
        require_owners(by, register, changed.into_iter(), &before.contract, scope.as_deref())?;
        let mut entry = Entry { values: before.values.with(&changes), ..before.clone() };
        (register.fill)(&mut entry.values, setting.terms);
        entry.service = service.unwrap_or(entry.service);
        entry.reference = reference.unwrap_or(entry.reference);
        entry.links = links.unwrap_or(entry.links);
        tidy(&mut entry.links);
        if entry.service != before.service {
            let there = entry.service.as_deref();
            by.actor.require(register.record, &entry.contract, there, by.at)?;
        }
        rules::check(self, by, setting, Some(&before), &entry, None).await?;
        write(self, Written::new(by, "entry.edit", reason, Some(&before), entry)).await
    }

    /// Moves an entry on to another state. With the step one may fill in the fields it asks for.
    pub async fn advance(
        &mut self,
        by: &By<'_>,
        setting: &Setting,
        id: &str,
        step: Step<'_>,
    ) -> Result<Entry, RegisterError> {
        let entry = load(self, id).await?;
        rules::own_step(&entry, step.transition)?;
        self.advance_loaded(by, setting, entry, step).await
    }

    /// The same, for steps that checked more before.
    pub(crate) async fn advance_loaded(
        &mut self,
        by: &By<'_>,
        setting: &Setting,
        before: Entry,
        step: Step<'_>,
    ) -> Result<Entry, RegisterError> {
        let reason = by.reason()?;
        let Step { version, transition, changes } = step;
        self.require_newest(by, &before, version, &changes).await?;
        let register = before.register;
        let Some(transition) = register.transition(transition, before.state.code) else {
            return Err(cannot_go(&before, transition));
        };
        let (contract, service) = (before.contract.as_str(), before.service.as_deref());
        by.actor.require(transition.by, contract, service, by.at)?;
        // What a step needs it may fill in; what is there already belongs to whoever decided it.
        let touched = changes.iter().filter(|(f, to)| before.values.get(f.code) != to.as_ref());
        let beyond = touched.map(|(field, _)| *field).filter(|field| {
            before.values.has(field.code) || !rules::fills_in(register, transition, field.code)
        });
        require_owners(by, register, beyond, contract, service)?;
        let mut entry = Entry { values: before.values.with(&changes), ..before.clone() };
        (register.fill)(&mut entry.values, setting.terms);
        let missing = register.missing_for(transition, &entry.values);
        if !missing.is_empty() {
            return Err(RegisterError::Refused(missing));
        }
        entry.state = register.state(transition.to).expect("transitions lead to states");
        rules::check(self, by, setting, Some(&before), &entry, Some(transition)).await?;
        write(self, Written::new(by, "entry.move", reason, Some(&before), entry)).await
    }

    /// Attaches a file that is in the folder of files already.
    pub async fn attach(
        &mut self,
        by: &By<'_>,
        setting: &Setting,
        id: &str,
        version: i64,
        file: Attached,
    ) -> Result<Entry, RegisterError> {
        let reason = by.reason()?;
        let before = load(self, id).await?;
        self.require_newest(by, &before, version, &Vec::new()).await?;
        let steps = before.register.transitions_from(before.state.code);
        let mut may: Vec<Permission> = steps.flat_map(|step| step.by.to_vec()).collect();
        may.extend(before.register.record);
        by.actor.require(&may, &before.contract, before.service.as_deref(), by.at)?;
        let mut entry = before.clone();
        entry.files.retain(|known| known.sha256 != file.sha256);
        entry.files.push(file);
        entry.files.sort_unstable();
        rules::check(self, by, setting, Some(&before), &entry, None).await?;
        write(self, Written::new(by, "entry.attach", reason, Some(&before), entry)).await
    }

    /// Takes a file off an entry; earlier versions still have it.
    pub async fn detach(
        &mut self,
        by: &By<'_>,
        setting: &Setting,
        id: &str,
        version: i64,
        sha256: &str,
    ) -> Result<Entry, RegisterError> {
        let reason = by.reason()?;
        let before = load(self, id).await?;
        self.require_newest(by, &before, version, &Vec::new()).await?;
        let (contract, service) = (&before.contract, before.service.as_deref());
        by.actor.require(before.register.record, contract, service, by.at)?;
        let mut entry = before.clone();
        entry.files.retain(|known| known.sha256 != sha256);
        if entry.files.len() == before.files.len() {
            return Err(RegisterError::unknown("attached file", sha256));
        }
        rules::check(self, by, setting, Some(&before), &entry, None).await?;
        write(self, Written::new(by, "entry.detach", reason, Some(&before), entry)).await
    }

    /// Reads an entry for somebody: as they may see it. One that they may not see is not there.
    pub async fn entry_for(
        &mut self,
        actor: &Actor,
        at: Instant,
        id: &str,
    ) -> Result<Entry, RegisterError> {
        let entry = load(self, id).await?;
        let service = entry.service.as_deref();
        if !actor.may(&[Permission::Read], &entry.contract, service, at) {
            return Err(RegisterError::unknown("entry", id));
        }
        Ok(entry.seen_by(actor, at))
    }

    /// Reads an entry as it is now, whoever asks.
    pub async fn entry(&mut self, id: &str) -> Result<Entry, RegisterError> {
        load(self, id).await
    }

    /// Reads an entry as it was at a version, whoever asks.
    pub async fn entry_at(&mut self, id: &str, version: i64) -> Result<Entry, RegisterError> {
        load_version(self, id, version).await
    }

    async fn require_newest(
        &mut self,
        by: &By<'_>,
        newest: &Entry,
        version: i64,
        changes: &Changes,
    ) -> Result<(), RegisterError> {
        if newest.version == version {
            return Ok(());
        }
        // Whoever may not see personal values does not get to see them by a conflict either.
        let base = load_version(self, &newest.id, version).await?.seen_by(by.actor, by.at).values;
        let yours = base.with(changes);
        let newest = newest.clone().seen_by(by.actor, by.at);
        let fields = newest.register.fields.iter().map(|field| field.code);
        let both = fields.filter(|code| {
            let (read, mine, other) = (base.get(code), yours.get(code), newest.values.get(code));
            read != mine && read != other && mine != other
        });
        let both = both.collect();
        let conflict = Conflict { base_version: version, base, yours, theirs: newest, both };
        Err(RegisterError::Conflict(Box::new(conflict)))
    }
}

/// A step from one state to another.
#[derive(Clone, PartialEq, Debug)]
pub struct Step<'a> {
    /// The version that was read.
    pub version: i64,
    /// The transition's name.
    pub transition: &'a str,
    /// Fields to fill in with it.
    pub changes: Changes,
}

/// Fields belong to whoever answers for them.
fn require_owners(
    by: &By<'_>,
    register: &'static Register,
    fields: impl Iterator<Item = &'static Field>,
    contract: &str,
    service: Option<&str>,
) -> Result<(), RegisterError> {
    for field in fields {
        by.actor.require(register.owners(field), contract, service, by.at)?;
    }
    Ok(())
}

pub(crate) fn cannot_go(entry: &Entry, transition: &str) -> RegisterError {
    let possible = entry.register.transitions_from(entry.state.code);
    RegisterError::Transition {
        entry: entry.id.clone(),
        state: entry.state.code,
        transition: transition.to_owned(),
        possible: possible.map(|Transition { code, .. }| *code).collect(),
    }
}

pub(crate) fn tidy(links: &mut Vec<Link>) {
    links.sort_unstable();
    links.dedup();
}

/// Refuses an entry that does not fit together.
pub(crate) fn require_coherent(entry: &Entry) -> Result<(), RegisterError> {
    let remarks = entry.register.remarks(&entry.values, entry.state.code);
    let refused: Vec<_> = refusals(remarks)
        .into_iter()
        .filter(|remark| !entry.hidden.contains(remark.field))
        .collect();
    if refused.is_empty() { Ok(()) } else { Err(RegisterError::Refused(refused)) }
}

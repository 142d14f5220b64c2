//! One entry: what stands in it, its steps, its history. Read [`show`] first.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use soglia_domain::access::Permission;
use soglia_domain::register::{REVIEW_PARTS, Register, Transition, Values};
use soglia_domain::text::Lang;
use soglia_domain::time::Instant;
use soglia_registers::accounts::Users;
use soglia_registers::actor::Actor;
use soglia_registers::database::Tx;
use soglia_registers::entries::{self, Attached, Draft, Edit, Entry, Link, LinkKind};
use soglia_registers::error::RegisterError;
use soglia_registers::query::Query;
use soglia_registers::trail;
use soglia_report::format;

use super::conflict;
use super::fields::{self, Input, inputs, refused, shown};
use super::list::known;
use crate::access::{Fields, Visit};
use crate::pages::inside;
use crate::reply::{Answer, Problem, page, said};
use crate::shell::Shell;
use crate::state::{App, Shared};

#[derive(Template)]
#[template(path = "registers/entry.html")]
struct EntryPage {
    shell: Shell,
    id: String,
    version: i64,
    state: &'static str,
    open: bool,
    service: Option<String>,
    reference: Option<String>,
    rows: Vec<(&'static str, String)>,
    derived: Vec<(&'static str, String)>,
    remarks: Vec<(bool, String)>,
    links: Vec<(String, Option<String>)>,
    pointing: Vec<(String, String)>,
    files: Vec<FileView>,
    steps: Vec<Step>,
    may_edit: bool,
    may_attach: bool,
    review: Option<String>,
    history: Vec<Happened>,
    next: String,
}

struct FileView {
    sha256: String,
    name: Option<String>,
    media: String,
    bytes: u64,
}

/// A step that the visitor may take.
pub struct Step {
    /// Its name.
    pub code: &'static str,
    /// Its label.
    pub label: &'static str,
    /// What has to be filled in with it.
    pub inputs: Vec<Input>,
}

/// A change of an entry.
pub struct Happened {
    /// Its link of the audit trail.
    pub seq: i64,
    /// When.
    pub at: Instant,
    /// Who.
    pub who: String,
    /// What was done.
    pub what: &'static str,
    /// Where it led.
    pub state: String,
    /// Why, for those who may read it.
    pub reason: Option<String>,
    /// What it changed: field, before, after.
    pub changed: Vec<(&'static str, String, String)>,
}

/// An entry.
pub async fn show(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let who = visit.who()?;
    let lang = visit.lang;
    let mut tx = app.database.read().await?;
    let entry = tx.entry_for(&who.actor, visit.now, &id).await?;
    let register = entry.register;
    let rows = register.fields.iter().filter_map(|field| {
        if entry.hidden.contains(field.code) {
            let gone = visit.say("(non visibile, o cancellato)", "(not visible, or erased)");
            return Some((field.label.get(lang), gone.to_owned()));
        }
        Some((field.label.get(lang), shown(field, entry.value(field.code)?, lang)))
    });
    let rows = rows.collect();
    let today = app.setting().date(visit.now);
    let derived = register.derived.iter().filter_map(|derived| {
        let value = (derived.compute)(&entry.values, today)?;
        let text = value.to_string();
        Some((derived.label.get(lang), text))
    });
    let remarks = register.remarks(&entry.values, entry.state.code).into_iter();
    let remarks = remarks.filter(|remark| !entry.hidden.contains(remark.field));
    let refuses = soglia_domain::register::Weight::Refused;
    let remarks = remarks.map(|one| (one.weight == refuses, one.text.get(lang).to_owned()));
    let pointing = pointing(&mut tx, &who.actor, visit.now, &app, &entry, lang).await?;
    let history = history(&mut tx, &app, &visit, &entry).await?;
    let title = format!("{} · {}", entry.id, register.label.get(lang));
    let below = format!("/registers/{}", register.code);
    let shell = Shell::new(&app, &visit, &title)
        .below(visit.say("Registri", "Registers"), "/registers")
        .below(register.label.get(lang), below);
    let may = |any: &[Permission]| {
        who.actor.may(any, &entry.contract, entry.service.as_deref(), visit.now)
    };
    let attaching = register.transitions_from(entry.state.code);
    let mut attaching: Vec<Permission> = attaching.flat_map(|step| step.by.to_vec()).collect();
    attaching.extend(register.record);
    page(&EntryPage {
        shell,
        rows,
        derived: derived.collect(),
        remarks: remarks.collect(),
        links: entry.links.iter().map(|link| (link.to_string(), address_of(link))).collect(),
        pointing,
        files: entry.files.iter().map(file_view).collect(),
        steps: steps(&app, &visit, &entry)?,
        may_edit: may(register.record) || register.fields.iter().any(|f| may(register.owners(f))),
        may_attach: may(&attaching),
        review: entry
            .words("review")
            .map(ToOwned::to_owned)
            .or_else(|| (register.code == "reviews").then(|| entry.id.clone())),
        history,
        next: format!("/entries/{}", entry.id),
        version: entry.version,
        state: entry.state.label.get(lang),
        open: entry.is_open(),
        service: entry.service.clone(),
        reference: entry.reference.clone(),
        id: entry.id,
    })
}

fn file_view(file: &entries::Attached) -> FileView {
    let entries::Attached { sha256, media, bytes, name } = file.clone();
    FileView { sha256, name, media, bytes }
}

/// Where a link leads on these pages.
fn address_of(link: &Link) -> Option<String> {
    let target = &link.target;
    match link.kind {
        LinkKind::Indicator => Some(format!("/services/{target}")),
        LinkKind::Call => Some(format!("/calls/{target}")),
        LinkKind::Entry => Some(format!("/entries/{target}")),
        LinkKind::Measurement => None,
    }
}

/// Entries of any register that point at this one.
async fn pointing(
    tx: &mut Tx,
    actor: &Actor,
    now: Instant,
    app: &App,
    entry: &Entry,
    lang: Lang,
) -> Result<Vec<(String, String)>, Problem> {
    let mut found = Vec::new();
    for register in soglia_domain::register::ALL {
        let query = Query {
            contract: Some(app.contract.code.clone()),
            link: Some(Link::new(LinkKind::Entry, &entry.id)),
            limit: 20,
            ..Query::new(register)
        };
        for other in tx.find(actor, now, &query).await?.entries {
            found.push((other.id, register.label.get(lang).to_owned()));
        }
    }
    Ok(found)
}

/// The steps that the visitor may take, with what each needs.
pub fn steps(app: &App, visit: &Visit, entry: &Entry) -> Result<Vec<Step>, Problem> {
    let who = visit.who()?;
    let service = entry.service.as_deref();
    let mine = |step: &&Transition| {
        who.actor.may(step.by, &app.contract.code, service, visit.now) && !has_own_page(entry, step)
    };
    let steps = entry.register.transitions_from(entry.state.code).filter(mine);
    Ok(steps
        .map(|step| {
            let needed = entry.register.fields.iter().filter(|f| step.needs.contains(&f.code));
            // What is there already belongs to whoever decided it.
            let open = needed.filter(|field| !entry.values.has(field.code));
            Step {
                code: step.code,
                label: step.label.get(visit.lang),
                inputs: inputs(open, &entry.values, step.needs, visit.lang),
            }
        })
        .collect())
}

/// Steps that check more stand on the review's own pages.
fn has_own_page(entry: &Entry, step: &Transition) -> bool {
    matches!(
        (entry.register.code, step.code),
        ("reviews", "approve" | "rectify" | "publish") | ("signatures", "sign")
    )
}

/// What was done to an entry, newest first, with what each version changed.
pub async fn history(
    tx: &mut Tx,
    app: &App,
    visit: &Visit,
    entry: &Entry,
) -> Result<Vec<Happened>, Problem> {
    let who = visit.who()?;
    let service = entry.service.as_deref();
    let reads = [Permission::ReadTrail, Permission::ReadPersonal];
    let sees_reasons = who.actor.may(&reads, &app.contract.code, service, visit.now);
    let names: BTreeMap<String, String> = Users(&mut *tx)
        .list()
        .await?
        .into_iter()
        .filter_map(|user| Some((user.id, user.name?)))
        .collect();
    let links = trail::links_of(tx, &entry.id).await?;
    let mut history = Vec::new();
    let mut before = (Values::default(), Vec::new());
    for (version, link) in (1_i64..).zip(links) {
        let now = match tx.entry_at(&entry.id, version).await {
            Ok(at) => {
                let Entry { values, files, .. } = at.seen_by(&who.actor, visit.now);
                (values, files)
            }
            Err(RegisterError::Unknown { .. }) => before.clone(),
            Err(other) => return Err(other.into()),
        };
        let changed = if version == 1 {
            Vec::new()
        } else {
            let mut changed = differences(entry.register, &before.0, &now.0, visit.lang);
            changed.extend(files_changed(&before.1, &now.1, visit.lang));
            changed
        };
        let state = link.detail_text("state").unwrap_or_default();
        let state = entry.register.state(&state).map(|state| state.label.get(visit.lang));
        history.push(Happened {
            seq: link.seq,
            at: link.at,
            who: names.get(&link.actor).cloned().unwrap_or_else(|| link.actor.clone()),
            what: action(&link.action, visit.lang),
            state: state.unwrap_or_default().to_owned(),
            reason: link.detail_text("reason").filter(|_| sees_reasons),
            changed,
        });
        before = now;
    }
    history.reverse();
    Ok(history)
}

/// Files that came and went, each with its SHA-256.
fn files_changed(
    before: &[Attached],
    after: &[Attached],
    lang: Lang,
) -> Vec<(&'static str, String, String)> {
    let label = format::say(lang, "Allegato", "Attachment");
    let named = |file: &Attached| match &file.name {
        Some(name) => format!("{name} (SHA-256 {})", file.sha256),
        None => format!("SHA-256 {}", file.sha256),
    };
    let only = |these: &[Attached], others: &[Attached]| -> Vec<String> {
        let own = these.iter().filter(|one| !others.iter().any(|two| two.sha256 == one.sha256));
        own.map(named).collect()
    };
    let went = only(before, after).into_iter().map(|file| (label, file, String::new()));
    let came = only(after, before).into_iter().map(|file| (label, String::new(), file));
    went.chain(came).collect()
}

fn differences(
    register: &'static Register,
    before: &Values,
    after: &Values,
    lang: Lang,
) -> Vec<(&'static str, String, String)> {
    let fields = register.fields.iter();
    let changed = fields.filter(|field| before.get(field.code) != after.get(field.code));
    let text = |field, values: &Values| {
        values.get(field_code(field)).map(|value| shown(field, value, lang)).unwrap_or_default()
    };
    changed.map(|field| (field.label.get(lang), text(field, before), text(field, after))).collect()
}

const fn field_code(field: &soglia_domain::register::Field) -> &'static str {
    field.code
}

fn action(code: &str, lang: Lang) -> &'static str {
    let (it, en) = match code {
        "entry.create" => ("registrata", "entered"),
        "entry.edit" => ("corretta", "corrected"),
        "entry.move" => ("fatta avanzare", "moved on"),
        "entry.import" => ("presa da un file", "taken from a file"),
        "entry.attach" => ("allegato aggiunto", "file attached"),
        "entry.detach" => ("allegato tolto", "file taken off"),
        _ => ("modificata", "changed"),
    };
    if lang == Lang::It { it } else { en }
}

#[derive(Template)]
#[template(path = "registers/form.html")]
struct FormPage {
    shell: Shell,
    action: String,
    back: String,
    version: Option<i64>,
    inputs: Vec<Input>,
    services: Vec<(String, String, bool)>,
    reference: String,
    reason: String,
    wrong: Option<String>,
}

fn services(app: &App, chosen: Option<&str>, lang: Lang) -> Vec<(String, String, bool)> {
    let services = app.contract.services.iter();
    let one = |service: &soglia_domain::contract::Service| {
        let name = service.name.get(lang).to_owned();
        (service.code.clone(), name, chosen == Some(service.code.as_str()))
    };
    services.map(one).collect()
}

/// The form of a new entry.
pub async fn new(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    let register = enterable(&code)?;
    if !app.may_anywhere(&visit, register.record) {
        return Err(Problem::forbidden(register.record));
    }
    new_form(&app, &visit, register, &Values::default(), None)
}

/// A register whose entries people make; parts of reviews are made on the review's own pages.
fn enterable(code: &str) -> Result<&'static Register, Problem> {
    let register = known(code)?;
    let made = REVIEW_PARTS.contains(&register);
    let own = ["remarks", "review_findings", "sheet_actions"].contains(&register.code);
    if made && !own {
        return Err(Problem::bad(
            "questa parte nasce con il riesame",
            "this part comes with its review",
        ));
    }
    Ok(register)
}

fn new_form(
    app: &Shared,
    visit: &Visit,
    register: &'static Register,
    values: &Values,
    failed: Option<(&Fields, String)>,
) -> Answer {
    let lang = visit.lang;
    let title = format!("{}: {}", register.label.get(lang), visit.say("nuova voce", "new entry"));
    let address = format!("/registers/{}", register.code);
    let shell = Shell::new(app, visit, &title)
        .below(visit.say("Registri", "Registers"), "/registers")
        .below(register.label.get(lang), address.clone());
    let (sent, wrong) = failed.unzip();
    let service = sent.and_then(|sent| sent.some("service"));
    // What comes with later steps is filled in with them.
    let later = |code: &str| register.transitions.iter().any(|step| step.needs.contains(&code));
    let asked = register.fields.iter().filter(|field| {
        field.need == soglia_domain::register::Need::Required || !later(field.code)
    });
    let mut all = inputs(asked, values, &[], lang);
    if let Some(sent) = sent {
        refill(&mut all, sent);
    }
    page(&FormPage {
        shell,
        action: address.clone(),
        back: address,
        version: None,
        inputs: all,
        services: services(app, service, lang),
        reference: sent.map(|sent| sent.text("reference").to_owned()).unwrap_or_default(),
        reason: sent.map(|sent| sent.text("reason").to_owned()).unwrap_or_default(),
        wrong,
    })
}

/// What was typed stays in the form when it is refused.
fn refill(inputs: &mut [Input], sent: &Fields) {
    for input in inputs {
        input.value = sent.text(&input.name).to_owned();
        for (code, _, chosen) in &mut input.choices {
            *chosen = *code == input.value;
        }
    }
}

/// Says what is wrong in the words of the page.
fn words(problem: &Problem, lang: Lang) -> Option<String> {
    match problem {
        Problem::Refused { text, .. } => Some(text.get(lang).to_owned()),
        Problem::Login | Problem::Failed(_) => None,
    }
}

/// Enters something new.
pub async fn create(
    State(app): State<Shared>,
    visit: Visit,
    Path(code): Path<String>,
    sent: Fields,
) -> Answer {
    let register = enterable(&code)?;
    match created(&app, &visit, register, &sent).await {
        Ok(entry) => {
            let told = format!("{} {}", entry.id, visit.say("registrata", "entered"));
            let address = format!("/entries/{}", entry.id);
            Ok(said(sent.some("next").map_or(&address, |next| inside(next)), &told))
        }
        Err(error) => {
            let problem = refused(error);
            let Some(wrong) = words(&problem, visit.lang) else { return Err(problem) };
            if sent.some("next").is_some() {
                return Err(problem);
            }
            let empty = Values::default();
            let mut answer = new_form(&app, &visit, register, &empty, Some((&sent, wrong)))?;
            *answer.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            Ok(answer)
        }
    }
}

async fn created(
    app: &Shared,
    visit: &Visit,
    register: &'static Register,
    sent: &Fields,
) -> Result<Entry, RegisterError> {
    let values = fields::values(register, sent)?;
    let links = sent.text("links").split_whitespace();
    let links =
        links.map(|text| Link::parse(text).ok_or_else(|| RegisterError::unknown("link", text)));
    let draft = Draft {
        contract: app.contract.code.clone(),
        service: sent.some("service").map(ToOwned::to_owned),
        reference: sent.some("reference").map(ToOwned::to_owned),
        values,
        links: links.collect::<Result<_, _>>()?,
    };
    let by = visit.by(sent.text("reason")).map_err(|_| RegisterError::Login)?;
    let mut tx = app.database.write().await?;
    let entry = tx.create(&by, &app.setting(), register, draft).await?;
    tx.commit().await?;
    Ok(entry)
}

/// The form of a correction.
pub async fn form(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let who = visit.who()?;
    let mut tx = app.database.read().await?;
    let entry = tx.entry_for(&who.actor, visit.now, &id).await?;
    edit_form(&app, &visit, &entry, None)
}

fn edit_form(
    app: &Shared,
    visit: &Visit,
    entry: &Entry,
    failed: Option<(&Fields, String)>,
) -> Answer {
    let who = visit.who()?;
    let lang = visit.lang;
    let service = entry.service.as_deref();
    // Fields of others, and what cannot be seen, are not asked for.
    let mine = entry.register.fields.iter().filter(|field| {
        let owners = entry.register.owners(field);
        who.actor.may(owners, &entry.contract, service, visit.now)
            && !entry.hidden.contains(field.code)
    });
    let title = format!("{}: {}", entry.id, visit.say("correggi", "correct"));
    let back = format!("/entries/{}", entry.id);
    let register = entry.register;
    let shell = Shell::new(app, visit, &title)
        .below(register.label.get(lang), format!("/registers/{}", register.code))
        .below(&entry.id, back.clone());
    let (sent, wrong) = failed.unzip();
    let mut all = inputs(mine, &entry.values, &[], lang);
    if let Some(sent) = sent {
        refill(&mut all, sent);
    }
    let version = sent.and_then(|sent| sent.text("version").parse().ok());
    page(&FormPage {
        shell,
        action: format!("/entries/{}/edit", entry.id),
        back,
        version: Some(version.unwrap_or(entry.version)),
        inputs: all,
        services: Vec::new(),
        reference: String::new(),
        reason: sent.map(|sent| sent.text("reason").to_owned()).unwrap_or_default(),
        wrong,
    })
}

/// The version that a form was made from.
fn version(sent: &Fields) -> Result<i64, Problem> {
    sent.text("version").parse().map_err(|_| {
        Problem::bad("il modulo non dice quale versione ha letto", "the form names no version")
    })
}

/// Corrects an entry. If somebody else wrote in the meantime, nothing is written, and both are
/// shown beside one another.
pub async fn edit(
    State(app): State<Shared>,
    visit: Visit,
    Path(id): Path<String>,
    sent: Fields,
) -> Answer {
    let version = version(&sent)?;
    let by = visit.by(sent.text("reason"))?;
    let setting = app.setting();
    let mut tx = app.database.write().await?;
    let now = tx.entry_for(by.actor, visit.now, &id).await?;
    let read = tx.entry_at(&id, version).await?.seen_by(by.actor, visit.now);
    let changes = fields::changes(read.register, &read.values, &sent);
    let result = match changes {
        Ok(changes) => {
            let edit = Edit { version, changes, ..Edit::default() };
            tx.edit(&by, &setting, &id, edit).await
        }
        Err(problem) => Err(problem),
    };
    match result {
        Ok(entry) => {
            tx.commit().await?;
            Ok(done(&entry, &sent, visit.say("corretta", "corrected")))
        }
        Err(RegisterError::Conflict(both)) => {
            drop(tx);
            conflict::show(&app, &visit, &both, &sent, None)
        }
        Err(error @ RegisterError::Forbidden { .. }) => Err(refused(error)),
        Err(error) => {
            drop(tx);
            let problem = refused(error);
            let Some(wrong) = words(&problem, visit.lang) else { return Err(problem) };
            if sent.some("next").is_some() {
                return Err(problem);
            }
            let mut answer = edit_form(&app, &visit, &now, Some((&sent, wrong)))?;
            *answer.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            Ok(answer)
        }
    }
}

/// Moves an entry on.
pub async fn step(
    State(app): State<Shared>,
    visit: Visit,
    Path((id, step)): Path<(String, String)>,
    sent: Fields,
) -> Answer {
    let version = version(&sent)?;
    let by = visit.by(sent.text("reason"))?;
    let setting = app.setting();
    let mut tx = app.database.write().await?;
    tx.entry_for(by.actor, visit.now, &id).await?;
    let read = tx.entry_at(&id, version).await?.seen_by(by.actor, visit.now);
    let changes = fields::changes(read.register, &read.values, &sent).map_err(refused)?;
    let taken = entries::Step { version, transition: &step, changes };
    match tx.advance(&by, &setting, &id, taken).await {
        Ok(entry) => {
            tx.commit().await?;
            Ok(done(&entry, &sent, entry.state.label.get(visit.lang)))
        }
        Err(RegisterError::Conflict(both)) => {
            drop(tx);
            conflict::show(&app, &visit, &both, &sent, Some(&step))
        }
        Err(error) => Err(refused(error)),
    }
}

fn done(entry: &Entry, sent: &Fields, what: &str) -> Response {
    let address = format!("/entries/{}", entry.id);
    let next = sent.some("next").map_or(address.as_str(), |next| inside(next));
    said(next, &format!("{}: {what}", entry.id))
}

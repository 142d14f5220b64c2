//! `soglia register`. Read [`run`] first, then [`Opened`], which the other commands of the
//! registers use too.

use std::io::Write as _;
use std::path::Path;

use soglia_domain::contract::Contract;
use soglia_domain::register::{self, Changes, Field, Kind, Need, Privacy, Register, Stage};
use soglia_domain::register::{Value, Values};
use soglia_domain::text::Lang;
use soglia_domain::time::Instant;
use soglia_registers::accounts::Users;
use soglia_registers::actor::{Actor, By};
use soglia_registers::database::{Database, Tx};
use soglia_registers::entries::{Draft, Edit, Entry, Link, Setting, Step};
use soglia_registers::error::RegisterError;
use soglia_registers::files::Files;
use soglia_registers::query::{Filter, Order, Query};
use soglia_registers::{contracts, exchange, trail};

use crate::cli::{ListArgs, RegisterCommand, Why, Write};
use crate::config::{Settings, with_vault};
use crate::error::{DONE, Done, Failure, REJECTED};
use crate::output::Table;

/// The registers, opened by somebody at an instant.
pub struct Opened {
    /// The database.
    pub database: Database,
    /// The attachments.
    pub files: Files,
    /// The contract.
    pub contract: Contract,
    /// What rules need to know.
    pub setting: Setting,
    /// Who acts.
    pub actor: Actor,
    /// When.
    pub now: Instant,
}

impl Opened {
    /// Opens the registers for whoever sits at the machine.
    pub async fn new(settings: &Settings) -> Result<Self, Failure> {
        let folder = settings.registers()?.to_owned();
        let contract = settings.contract()?;
        let now = super::now();
        let (database, backup) =
            Database::open(settings.database()?, &folder.join("backups"), now).await?;
        let database = with_vault(database, &folder)?;
        if let Some(backup) = backup {
            note!("the database was of an older program; saved to {}", backup.display());
        }
        let zone = contract.zone.clone();
        let setting = Setting { terms: contract.terms, zone, contract: Some(contract.clone()) };
        let account = std::env::var("USER").or_else(|_| std::env::var("LOGNAME"));
        let actor = Actor::console(account.as_deref().unwrap_or("unknown"));
        Ok(Self {
            database,
            files: Files::new(folder.join("files")),
            contract,
            setting,
            actor,
            now,
        })
    }

    /// Opens the registers for an account with its roles, or for whoever sits at the machine.
    pub async fn acting(settings: &Settings, login: Option<&str>) -> Result<Self, Failure> {
        Self::new(settings).await?.acting_as(login).await
    }

    /// The same for an account, with its roles.
    async fn acting_as(mut self, login: Option<&str>) -> Result<Self, Failure> {
        if let Some(login) = login {
            let mut tx = self.database.read().await?;
            let user = Users(&mut tx).find(login).await?;
            let user = user.ok_or_else(|| RegisterError::unknown("user", login))?;
            self.actor = Users(&mut tx).actor(&user.id).await?;
        }
        Ok(self)
    }

    /// Who, when and why.
    pub fn by<'a>(&'a self, reason: &'a str) -> By<'a> {
        By { actor: &self.actor, at: self.now, reason }
    }
}

/// Works with the registers.
pub async fn run(settings: &Settings, command: RegisterCommand) -> Done {
    if let RegisterCommand::Fields { register } = &command {
        return fields(known(register)?, settings.lang);
    }
    let opened = Opened::new(settings).await?;
    match command {
        RegisterCommand::Fields { .. } => Ok(DONE),
        RegisterCommand::List(args) => {
            let opened = opened.acting_as(args.login.as_deref()).await?;
            list(&opened, &args, settings.lang).await
        }
        RegisterCommand::Show { entry, history } => {
            show(&opened, &entry, history, settings.lang).await
        }
        RegisterCommand::Export { register, out, login } => {
            let opened = opened.acting_as(login.as_deref()).await?;
            export(&opened, known(&register)?, out.as_deref(), settings.lang).await
        }
        RegisterCommand::Add { register, service, reference, write } => {
            let opened = opened.acting_as(write.why.login.as_deref()).await?;
            add(&opened, known(&register)?, service, reference, &write).await
        }
        RegisterCommand::Edit { entry, version, write } => {
            let opened = opened.acting_as(write.why.login.as_deref()).await?;
            edit(&opened, &entry, version, &write).await
        }
        RegisterCommand::Move { entry, step, version, write } => {
            let opened = opened.acting_as(write.why.login.as_deref()).await?;
            advance(&opened, &entry, &step, version, &write).await
        }
        RegisterCommand::Attach { entry, file, why } => {
            let opened = opened.acting_as(why.login.as_deref()).await?;
            attach(&opened, &entry, &file, &why).await
        }
        RegisterCommand::Import { register, file, dry_run, max_rejects, why } => {
            let opened = opened.acting_as(why.login.as_deref()).await?;
            let imported = import(&opened, known(&register)?, &file, dry_run, &why).await?;
            let beyond = max_rejects.is_some_and(|most| most < imported);
            Ok(if beyond { REJECTED } else { DONE })
        }
        RegisterCommand::NoteContract { why } => {
            let opened = opened.acting_as(why.login.as_deref()).await?;
            note_contract(&opened, &settings.contract_file(), &why).await
        }
    }
}

fn known(code: &str) -> Result<&'static Register, Failure> {
    register::by_code(code).ok_or_else(|| {
        let names: Vec<&str> = register::ALL.iter().map(|register| register.code).collect();
        Failure::usage(format!("there is no register `{code}`"))
            .hint(format!("there are: {}", names.join(", ")))
    })
}

fn fields(register: &'static Register, lang: Lang) -> Done {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}: {}\n", register.label.get(lang), register.about.get(lang))?;
    let mut table = Table::new(["field", "name", "holds", "needed", "personal"]);
    for field in register.fields {
        let need = if field.need == Need::Required { "yes" } else { "" };
        let personal = if field.privacy == Privacy::Personal { "yes" } else { "" };
        let holds = holds(field);
        table.row([field.code, field.label.get(lang), &holds, need, personal]);
    }
    table.print(&mut out)?;
    writeln!(out)?;
    let mut table = Table::new(["state", "name", "step", "to", "needs"]);
    for state in register.states {
        let name = state.label.get(lang);
        let mut steps = register.transitions_from(state.code).peekable();
        if steps.peek().is_none() {
            table.row([state.code, name, "", "", ""]);
        }
        for step in steps {
            table.row([state.code, name, step.code, step.to, &step.needs.join(" ")]);
        }
    }
    table.print(&mut out)?;
    Ok(DONE)
}

fn holds(field: &Field) -> String {
    match field.kind {
        Kind::Line => "line".to_owned(),
        Kind::Text => "text".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::Count => "number".to_owned(),
        Kind::Money => "euro".to_owned(),
        Kind::Choice(choices) => {
            choices.iter().map(|choice| choice.code).collect::<Vec<_>>().join(" | ")
        }
    }
}

async fn list(opened: &Opened, args: &ListArgs, lang: Lang) -> Done {
    let mut out = std::io::stdout().lock();
    let mut tx = opened.database.read().await?;
    let Some(code) = &args.register else {
        let mut table = Table::new(["register", "name", "open", "all"]);
        for register in register::ALL {
            let contract = Some(opened.contract.code.clone());
            let query = Query { contract, limit: 0, ..Query::new(register) };
            let all = tx.find(&opened.actor, opened.now, &query).await?.total;
            let query = Query { stage: Some(Stage::Open), ..query };
            let open = tx.find(&opened.actor, opened.now, &query).await?.total;
            let (open, all) = (open.to_string(), all.to_string());
            table.row([register.code, register.label.get(lang), &open, &all]);
        }
        table.print(&mut out)?;
        return Ok(DONE);
    };
    let register = known(code)?;
    let link = args
        .link
        .as_deref()
        .map(|text| Link::parse(text).ok_or_else(|| RegisterError::unknown("link", text)));
    let filters = args.conditions.iter().map(|text| Filter::parse(register, text));
    let query = Query {
        contract: Some(opened.contract.code.clone()),
        service: args.service.clone(),
        states: args.state.clone(),
        stage: args.open.then_some(Stage::Open),
        search: args.search.clone(),
        filters: filters.collect::<Result<_, _>>()?,
        link: link.transpose()?,
        limit: args.limit,
        offset: args.skip,
        ..Query::new(register)
    };
    let found = tx.find(&opened.actor, opened.now, &query).await?;
    let shown = register.fields.iter().filter(|f| f.need == Need::Required && f.kind != Kind::Text);
    let shown: Vec<&Field> = shown.take(4).collect();
    let heading = ["entry", "version", "state", "service"].into_iter();
    let names = shown.iter().map(|field| field.code);
    let derived = register.derived.iter().map(|derived| derived.code);
    let mut table = Table::new(heading.chain(names).chain(derived));
    for entry in &found.entries {
        table.row(cells(opened, entry, &shown, lang));
    }
    table.print(&mut out)?;
    writeln!(out, "{} / {}", found.entries.len(), found.total)?;
    Ok(DONE)
}

fn cells(opened: &Opened, entry: &Entry, shown: &[&Field], lang: Lang) -> Vec<String> {
    let mut cells = vec![
        entry.id.clone(),
        entry.version.to_string(),
        entry.state.label.get(lang).to_owned(),
        entry.service.clone().unwrap_or_default(),
    ];
    let text = |field: &&Field| entry.value(field.code).map(|value| shown_text(field, value, lang));
    cells.extend(shown.iter().map(|field| text(field).unwrap_or_default()));
    let today = opened.setting.date(opened.now);
    cells.extend(entry.register.derived.iter().map(|derived| {
        (derived.compute)(&entry.values, today).map(|v| v.to_string()).unwrap_or_default()
    }));
    cells
}

/// A value as people read it.
fn shown_text(field: &Field, value: &Value, lang: Lang) -> String {
    match (field.kind, value) {
        (Kind::Choice(choices), Value::Choice(code)) => {
            let choice = choices.iter().find(|choice| choice.code == *code);
            choice.map_or_else(|| (*code).to_owned(), |choice| choice.label.get(lang).to_owned())
        }
        (_, Value::Money(_)) => crate::output::localised(&value.to_string(), lang),
        _ => value.to_string(),
    }
}

async fn show(opened: &Opened, id: &str, history: bool, lang: Lang) -> Done {
    let mut out = std::io::stdout().lock();
    let mut tx = opened.database.read().await?;
    let entry = tx.entry_for(&opened.actor, opened.now, id).await?;
    let (register, state) = (entry.register, entry.state.label.get(lang));
    writeln!(out, "{}: {} — {state}, v{}", entry.id, register.label.get(lang), entry.version)?;
    let mut table = Table::new(["field", "value"]);
    for field in register.fields {
        if entry.hidden.contains(field.code) {
            table.row([field.label.get(lang), "—"]);
        } else if let Some(value) = entry.value(field.code) {
            table.row([field.label.get(lang), &shown_text(field, value, lang)]);
        }
    }
    let today = opened.setting.date(opened.now);
    for derived in register.derived {
        if let Some(value) = (derived.compute)(&entry.values, today) {
            table.row([derived.label.get(lang), &value.to_string()]);
        }
    }
    for link in &entry.links {
        table.row(["→", &link.to_string()]);
    }
    for file in &entry.files {
        let name = file.name.as_deref().unwrap_or("—");
        table.row(["file", &format!("{name} ({}, {} B)", file.media, file.bytes)]);
    }
    table.print(&mut out)?;
    for remark in register.remarks(&entry.values, entry.state.code) {
        if !entry.hidden.contains(remark.field) {
            writeln!(out, "! {}", remark.text.get(lang))?;
        }
    }
    let steps = register.transitions_from(entry.state.code);
    let steps: Vec<String> =
        steps.map(|step| format!("{} ({})", step.code, step.label.get(lang))).collect();
    writeln!(out, "→ {}", steps.join(", "))?;
    if history {
        write_history(&mut out, &mut tx, id).await?;
    }
    Ok(DONE)
}

async fn write_history(
    out: &mut impl std::io::Write,
    tx: &mut Tx,
    id: &str,
) -> Result<(), Failure> {
    writeln!(out)?;
    let mut table = Table::new(["link", "when", "who", "what", "state", "reason"]);
    for link in trail::links_of(tx, id).await? {
        let (state, reason) = (link.detail_text("state"), link.detail_text("reason"));
        table.row([
            link.seq.to_string(),
            link.at.to_string(),
            link.actor,
            link.action,
            state.unwrap_or_default(),
            reason.unwrap_or_else(|| "—".to_owned()),
        ]);
    }
    table.print(out)?;
    Ok(())
}

async fn export(
    opened: &Opened,
    register: &'static Register,
    out: Option<&Path>,
    lang: Lang,
) -> Done {
    let needed = [soglia_domain::access::Permission::Export];
    opened.actor.require(&needed, &opened.contract.code, None, opened.now)?;
    let contract = Some(opened.contract.code.clone());
    let query = Query { contract, order: Order::Oldest, ..Query::new(register) };
    let mut tx = opened.database.read().await?;
    let entries = tx.find_all(&opened.actor, opened.now, &query).await?;
    let today = opened.setting.date(opened.now);
    let is_workbook = out.and_then(Path::extension).is_some_and(|ending| ending == "xlsx");
    let bytes = if is_workbook {
        exchange::export_xlsx(register, &entries, today, lang)?
    } else {
        exchange::export(register, &entries, today)
    };
    match out {
        Some(path) => std::fs::write(path, bytes)?,
        None => std::io::stdout().lock().write_all(&bytes)?,
    }
    Ok(DONE)
}

async fn add(
    opened: &Opened,
    register: &'static Register,
    service: Option<String>,
    reference: Option<String>,
    write: &Write,
) -> Done {
    let pairs = pairs(&write.fields)?;
    let values = Values::parse(register, pairs.iter().copied()).map_err(RegisterError::Values)?;
    let contract = opened.contract.code.clone();
    let draft = Draft { contract, service, reference, values, links: Vec::new() };
    let mut tx = opened.database.write().await?;
    let entry = tx.create(&opened.by(&write.why.reason), &opened.setting, register, draft).await?;
    tx.commit().await?;
    print_written(&entry)
}

async fn edit(opened: &Opened, id: &str, version: Option<i64>, write: &Write) -> Done {
    let mut tx = opened.database.write().await?;
    let before = tx.entry(id).await?;
    let version = version.unwrap_or(before.version);
    let changes = changes(before.register, &write.fields)?;
    let edit = Edit { version, changes, ..Edit::default() };
    let entry = tx.edit(&opened.by(&write.why.reason), &opened.setting, id, edit).await?;
    tx.commit().await?;
    print_written(&entry)
}

async fn advance(
    opened: &Opened,
    id: &str,
    transition: &str,
    version: Option<i64>,
    write: &Write,
) -> Done {
    let mut tx = opened.database.write().await?;
    let before = tx.entry(id).await?;
    let version = version.unwrap_or(before.version);
    let step = Step { version, transition, changes: changes(before.register, &write.fields)? };
    let entry = tx.advance(&opened.by(&write.why.reason), &opened.setting, id, step).await?;
    tx.commit().await?;
    print_written(&entry)
}

async fn attach(opened: &Opened, id: &str, path: &Path, why: &Why) -> Done {
    let bytes = std::fs::read(path)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let mut tx = opened.database.write().await?;
    let version = tx.entry(id).await?.version;
    let file = opened.files.store(&name.unwrap_or_default(), &bytes)?;
    let entry = tx.attach(&opened.by(&why.reason), &opened.setting, id, version, file).await?;
    tx.commit().await?;
    print_written(&entry)
}

/// Takes a file in and says how many rows were rejected.
async fn import(
    opened: &Opened,
    register: &'static Register,
    path: &Path,
    dry_run: bool,
    why: &Why,
) -> Result<usize, Failure> {
    let bytes = std::fs::read(path)?;
    let (by, setting) = (opened.by(&why.reason), &opened.setting);
    let code = &opened.contract.code;
    let mut tx = opened.database.write().await?;
    let imported = exchange::import(&mut tx, &by, setting, register, code, &bytes).await?;
    if !dry_run {
        tx.commit().await?;
    }
    let mut out = std::io::stdout().lock();
    for rejected in &imported.rejected {
        writeln!(out, "{}:{}: {}", path.display(), rejected.line, rejected.reason)?;
    }
    writeln!(
        out,
        "{} rows = {} inserted + {} unchanged + {} rejected",
        imported.rows,
        imported.inserted.len(),
        imported.unchanged,
        imported.rejected.len()
    )?;
    Ok(imported.rejected.len())
}

async fn note_contract(opened: &Opened, path: &str, why: &Why) -> Done {
    let text = std::fs::read_to_string(path)?;
    let mut tx = opened.database.write().await?;
    let before = contracts::noted(&mut tx, &opened.contract.code).await?.len();
    let by = opened.by(&why.reason);
    let entries = contracts::note(&mut tx, &by, &opened.setting, &text).await?;
    let after = contracts::noted(&mut tx, &opened.contract.code).await?.len();
    if before < after {
        tx.commit().await?;
    }
    for entry in &entries {
        print_written(entry)?;
    }
    Ok(DONE)
}

pub fn print_written(entry: &Entry) -> Done {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} v{} {}", entry.id, entry.version, entry.state.code)?;
    Ok(DONE)
}

/// `name=value` pairs.
pub fn pairs(texts: &[String]) -> Result<Vec<(&str, &str)>, Failure> {
    let wrong = |text: &String| Failure::usage(format!("`{text}` is no `field=value`"));
    texts.iter().map(|text| text.split_once('=').ok_or_else(|| wrong(text))).collect()
}

fn changes(register: &'static Register, texts: &[String]) -> Result<Changes, Failure> {
    Ok(Values::changes(register, pairs(texts)?).map_err(RegisterError::Values)?)
}

//! A register as a list: search, filters, pages, files out and in. Read [`one`] first.

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Path, State};
use soglia_domain::access::Permission;
use soglia_domain::register::{self, Field, Kind, Need, Register, Stage, Value, by_code};
use soglia_domain::text::Lang;
use soglia_registers::entries::{Entry, Link};
use soglia_registers::error::RegisterError;
use soglia_registers::exchange;
use soglia_registers::query::{Filter, Order, Query, Test};

use super::fields::{refused, shown};
use crate::access::{Seen, Visit};
use crate::reply::{Answer, Problem, file, page};
use crate::shell::Shell;
use crate::state::{App, Refused, Shared};

/// Entries on a page.
const PAGE: u32 = 50;
/// Rejected rows told after an import.
const TOLD: usize = 5;
/// Characters told after an import: they travel in a cookie.
const TOLD_CHARS: usize = 900;

/// Finds a register by its name.
pub fn known(code: &str) -> Result<&'static Register, Problem> {
    by_code(code)
        .ok_or_else(|| Problem::missing("questo registro non c'è", "there is no such register"))
}

#[derive(Template)]
#[template(path = "registers/all.html")]
struct AllPage {
    shell: Shell,
    registers: Vec<Counted>,
}

struct Counted {
    code: &'static str,
    label: &'static str,
    about: &'static str,
    open: u64,
    all: u64,
}

/// All registers with their counts.
pub async fn all(State(app): State<Shared>, visit: Visit) -> Answer {
    let mine = app.services(&visit);
    app.allow(&visit, &[Permission::Read], None).or(mine.map(|_| ()))?;
    let who = visit.who()?;
    let mut tx = app.database.read().await?;
    let mut registers = Vec::new();
    for register in register::ALL {
        let contract = Some(app.contract.code.clone());
        let query = Query { contract, limit: 0, ..Query::new(register) };
        let all = tx.find(&who.actor, visit.now, &query).await?.total;
        let query = Query { stage: Some(Stage::Open), ..query };
        let open = tx.find(&who.actor, visit.now, &query).await?.total;
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        registers.push(Counted {
            code: register.code,
            label: register.label.get(visit.lang),
            about: register.about.get(visit.lang),
            open: count(open),
            all: count(all),
        });
    }
    let shell = Shell::new(&app, &visit, visit.say("Registri", "Registers"));
    page(&AllPage { shell, registers })
}

/// What was asked of a register.
pub struct Asked {
    /// The query.
    pub query: Query,
    /// Words looked for.
    pub search: String,
    /// The state, if only one.
    pub state: String,
    /// The service, if only one.
    pub service: String,
    /// Whether only open entries.
    pub open: bool,
    /// The field and way of the order.
    pub order: String,
    /// The first day, of the register's own date.
    pub from: String,
    /// The last day.
    pub to: String,
    /// Values of fields that are chosen from a list.
    pub chosen: Vec<(String, String)>,
}

impl Asked {
    /// Reads the parameters of a request.
    pub fn read(
        app: &App,
        seen: &Seen,
        register: &'static Register,
    ) -> Result<Self, RegisterError> {
        let text = |name: &str| seen.parameter(name).unwrap_or_default();
        let (search, state, service) = (text("q"), text("state"), text("service"));
        let (from, to, order, open) = (text("from"), text("to"), text("order"), text("open"));
        let mut filters = Vec::new();
        let mut chosen = Vec::new();
        for field in register.fields.iter().filter(|field| matches!(field.kind, Kind::Choice(_))) {
            let value = text(field.code);
            if !value.is_empty() {
                filters.push(Filter { field, test: Test::Is(parsed(field, &value)?) });
                chosen.push((field.code.to_owned(), value));
            }
        }
        if let Some(field) = dated(register) {
            if !from.is_empty() {
                filters.push(Filter { field, test: Test::AtLeast(parsed(field, &from)?) });
            }
            if !to.is_empty() {
                filters.push(Filter { field, test: Test::AtMost(parsed(field, &to)?) });
            }
        }
        if let Some(condition) = seen.parameter("where") {
            filters.push(Filter::parse(register, &condition)?);
        }
        let link = text("link");
        let link = (!link.is_empty())
            .then(|| Link::parse(&link).ok_or_else(|| RegisterError::unknown("link", &link)));
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let skipped = u32::try_from(seen.page() - 1).unwrap_or(0).saturating_mul(PAGE);
        let query = Query {
            contract: Some(app.contract.code.clone()),
            service: some(&service),
            states: some(&state).into_iter().collect(),
            stage: (!open.is_empty()).then_some(Stage::Open),
            search: search.clone(),
            filters,
            link: link.transpose()?,
            order: ordered(register, &order)?,
            limit: PAGE,
            offset: skipped,
            ..Query::new(register)
        };
        let open = !open.is_empty();
        Ok(Self { query, search, state, service, open, order, from, to, chosen })
    }
}

fn parsed(field: &Field, text: &str) -> Result<Value, RegisterError> {
    let value =
        Value::parse(field, text).map_err(|problem| RegisterError::Values(vec![problem]))?;
    value.ok_or_else(|| RegisterError::unknown("value", text))
}

/// `received_on` or `-received_on`; nothing for the newest first.
fn ordered(register: &'static Register, order: &str) -> Result<Order, RegisterError> {
    let (code, down) = order.strip_prefix('-').map_or((order, false), |code| (code, true));
    match code {
        "" | "newest" => Ok(Order::Newest),
        "oldest" => Ok(Order::Oldest),
        "changed" => Ok(Order::Changed),
        _ => {
            let field = register.field(code);
            let field = field.ok_or_else(|| RegisterError::unknown("field", code))?;
            Ok(if down { Order::Down(field) } else { Order::Up(field) })
        }
    }
}

/// The date that says when an entry happened.
fn dated(register: &'static Register) -> Option<&'static Field> {
    register.fields.iter().find(|f| f.kind == Kind::Date && f.need == Need::Required)
}

#[derive(Template)]
#[template(path = "registers/list.html")]
struct ListPage {
    shell: Shell,
    code: &'static str,
    about: &'static str,
    asked: Asked,
    states: Vec<(&'static str, &'static str)>,
    services: Vec<(String, String)>,
    choices: Vec<ChoiceFilter>,
    date: Option<&'static str>,
    columns: Vec<Column>,
    derived: Option<&'static str>,
    rows: Vec<Row>,
    total: u64,
    page_no: usize,
    previous: Option<String>,
    next: Option<String>,
    query: String,
    may_add: bool,
    may_export: bool,
    may_import: bool,
}

struct ChoiceFilter {
    code: &'static str,
    label: &'static str,
    choices: Vec<(&'static str, &'static str, bool)>,
}

struct Column {
    label: &'static str,
    href: String,
    sorted: &'static str,
}

struct Row {
    id: String,
    state: &'static str,
    open: bool,
    service: String,
    cells: Vec<String>,
}

/// A register's entries.
pub async fn one(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    let register = known(&code)?;
    let who = visit.who()?;
    let lang = visit.lang;
    let asked = Asked::read(&app, &visit, register).map_err(refused)?;
    let mut tx = app.database.read().await?;
    let found = tx.find(&who.actor, visit.now, &asked.query).await.map_err(refused)?;
    drop(tx);
    let shown_fields: Vec<&'static Field> = columns(register);
    let today = app.setting().date(visit.now);
    let rows = found.entries.iter().map(|entry| row(entry, &shown_fields, today, lang)).collect();
    let may = |any: &[Permission]| app.may_anywhere(&visit, any);
    let total = u64::try_from(found.total).unwrap_or(0);
    let page_no = visit.page();
    let last = total <= u64::try_from(page_no).unwrap_or(1) * u64::from(PAGE);
    let label = register.label.get(lang);
    let choices = register.fields.iter().filter_map(|field| choice_filter(field, &asked, lang));
    let is_review = register::REVIEW_PARTS.contains(&register);
    page(&ListPage {
        shell: Shell::new(&app, &visit, label)
            .below(visit.say("Registri", "Registers"), "/registers"),
        code: register.code,
        about: register.about.get(lang),
        states: register.states.iter().map(|s| (s.code, s.label.get(lang))).collect(),
        services: services(&app, lang),
        choices: choices.collect(),
        date: dated(register).map(|field| field.label.get(lang)),
        columns: shown_fields.iter().map(|field| column(field, &asked, &visit)).collect(),
        derived: register.derived.first().map(|derived| derived.label.get(lang)),
        rows,
        total,
        page_no,
        previous: (1 < page_no).then(|| with(&visit, "page", &(page_no - 1).to_string())),
        next: (!last).then(|| with(&visit, "page", &(page_no + 1).to_string())),
        query: visit.query.clone(),
        may_add: !is_review && may(register.record),
        may_export: may(&[Permission::Export]),
        may_import: !is_review && may(register.record),
        asked,
    })
}

fn services(app: &App, lang: Lang) -> Vec<(String, String)> {
    let services = app.contract.services.iter();
    services.map(|s| (s.code.clone(), s.name.get(lang).to_owned())).collect()
}

fn choice_filter(field: &'static Field, asked: &Asked, lang: Lang) -> Option<ChoiceFilter> {
    let Kind::Choice(choices) = field.kind else { return None };
    let chosen = asked.chosen.iter().find(|(code, _)| code == field.code).map(|(_, v)| v.as_str());
    let choices =
        choices.iter().map(|c| (c.code, c.label.get(lang), chosen == Some(c.code))).collect();
    Some(ChoiceFilter { code: field.code, label: field.label.get(lang), choices })
}

/// The fields that a list shows: what always stands there and is short.
fn columns(register: &'static Register) -> Vec<&'static Field> {
    let short = |field: &&Field| field.need == Need::Required && field.kind != Kind::Text;
    register.fields.iter().filter(short).take(4).collect()
}

fn column(field: &'static Field, asked: &Asked, visit: &Visit) -> Column {
    let down = format!("-{}", field.code);
    let (next, sorted) = match asked.order.as_str() {
        order if order == field.code => (down.as_str(), "ascending"),
        order if order == down => (field.code, "descending"),
        _ => (field.code, "none"),
    };
    Column { label: field.label.get(visit.lang), href: with(visit, "order", next), sorted }
}

fn row(entry: &Entry, fields: &[&'static Field], today: jiff::civil::Date, lang: Lang) -> Row {
    let text = |field: &&'static Field| {
        entry.value(field.code).map(|value| shown(field, value, lang)).unwrap_or_default()
    };
    let mut cells: Vec<String> = fields.iter().map(text).collect();
    let derived = entry.register.derived.first().and_then(|d| (d.compute)(&entry.values, today));
    if !entry.register.derived.is_empty() {
        cells.push(derived.map(|value| value.to_string()).unwrap_or_default());
    }
    Row {
        id: entry.id.clone(),
        state: entry.state.label.get(lang),
        open: entry.is_open(),
        service: entry.service.clone().unwrap_or_default(),
        cells,
    }
}

/// This address with one parameter changed; a new order or filter begins at the first page.
fn with(visit: &Visit, name: &str, value: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (key, text) in url::form_urlencoded::parse(visit.query.as_bytes()) {
        if key != name && key != "page" {
            query.append_pair(&key, &text);
        }
    }
    query.append_pair(name, value);
    format!("{}?{}", visit.path, query.finish())
}

/// The entries that were asked for, as a file.
pub async fn export(
    State(app): State<Shared>,
    visit: Visit,
    Path((code, kind)): Path<(String, String)>,
) -> Answer {
    let register = known(&code)?;
    app.allow(&visit, &[Permission::Export], None)?;
    let who = visit.who()?;
    let asked = Asked::read(&app, &visit, register).map_err(refused)?;
    let mut tx = app.database.read().await?;
    let query = Query { order: Order::Oldest, ..asked.query };
    let entries = tx.find_all(&who.actor, visit.now, &query).await.map_err(refused)?;
    let today = app.setting().date(visit.now);
    let name = format!("{}-{today}.{kind}", register.code);
    match kind.as_str() {
        "csv" => {
            let bytes = exchange::export(register, &entries, today);
            Ok(file("text/csv; charset=utf-8", &name, bytes))
        }
        "xlsx" => {
            let bytes = exchange::export_xlsx(register, &entries, today, visit.lang)?;
            Ok(file(exchange::XLSX, &name, bytes))
        }
        _ => Err(Problem::missing("questo formato non c'è", "there is no such format")),
    }
}

/// Takes a file in, or says what would become of it.
pub async fn import(
    State(app): State<Shared>,
    visit: Visit,
    Path(code): Path<String>,
    body: Bytes,
) -> Answer {
    let register = known(&code)?;
    let reason = visit.parameter("reason").unwrap_or_default();
    let trial = visit.parameter("trial").is_some();
    let by = visit.by(&reason)?;
    let setting = app.setting();
    let mut tx = app.database.write().await?;
    let contract = app.contract.code.clone();
    let imported = exchange::import(&mut tx, &by, &setting, register, &contract, &body)
        .await
        .map_err(refused)?;
    if !trial {
        tx.commit().await?;
    }
    let (inserted, rejected) = (imported.inserted.len(), imported.rejected.len());
    let mut told = match visit.lang {
        Lang::It => format!(
            "{} righe = {inserted} inserite + {} già presenti + {rejected} scartate",
            imported.rows, imported.unchanged
        ),
        Lang::En => format!(
            "{} rows = {inserted} inserted + {} unchanged + {rejected} rejected",
            imported.rows, imported.unchanged
        ),
    };
    if trial {
        let note = visit.say("Prova, nulla è cambiato: ", "Trial, nothing changed: ");
        told.insert_str(0, note);
    }
    let list = format!("/registers/{}", register.code);
    if TOLD < rejected {
        let by = by.actor.id();
        let no = app.keep_refused(by, register.code, &told, &imported.rejected);
        return Ok(uploaded(&format!("{list}/rejects/{no}"), &told));
    }
    for row in &imported.rejected {
        let line = visit.say("riga", "line");
        told.push_str(&["; ", line, " ", &row.line.to_string(), ": ", &row.reason].concat());
    }
    let told: String = told.chars().take(TOLD_CHARS).collect();
    Ok(uploaded(&list, &told))
}

#[derive(Template)]
#[template(path = "registers/rejects.html")]
struct RejectsPage {
    shell: Shell,
    found: std::sync::Arc<Refused>,
}

/// The rows that a register did not take from a file, for whoever sent it.
pub async fn rejects(
    State(app): State<Shared>,
    visit: Visit,
    Path((code, no)): Path<(String, u64)>,
) -> Answer {
    let register = known(&code)?;
    let found = app.refused(no, visit.who()?.actor.id(), register.code).ok_or_else(|| {
        Problem::missing(
            "queste righe non si ricordano più: importi di nuovo il file, anche solo per prova",
            "these rows are not remembered any more: import the file again, if only for trial",
        )
    })?;
    let shell = Shell::new(&app, &visit, visit.say("Righe non prese", "Rows that were not taken"))
        .below(visit.say("Registri", "Registers"), "/registers")
        .below(register.label.get(visit.lang), format!("/registers/{code}"));
    page(&RejectsPage { shell, found })
}

/// The answer to an upload: where to go on, and what to say there.
pub fn uploaded(next: &str, told: &str) -> axum::response::Response {
    use axum::response::IntoResponse;
    let mut response =
        axum::Json(serde_json::json!({ "next": next, "said": told })).into_response();
    if let Some(cookie) =
        crate::reply::said(next, told).headers().get(axum::http::header::SET_COOKIE)
    {
        response.headers_mut().append(axum::http::header::SET_COOKIE, cookie.clone());
    }
    response
}

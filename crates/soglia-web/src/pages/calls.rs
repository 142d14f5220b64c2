//! The items behind a figure, and one call's whole story. Read [`behind`] first.
//!
//! Whoever looks at single calls says what for; each look has its link in the audit trail, with
//! that purpose.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use soglia_domain::access::Permission;
use soglia_measure::explain::{self, Behind, Wanted};
use soglia_measure::story::{Story, story};
use soglia_registers::accounts::log_access;

use super::inside;
use crate::access::{Fields, Visit};
use crate::engine;
use crate::figures::Choice;
use crate::reply::{Answer, Problem, file, go, page};
use crate::shell::Shell;
use crate::state::{App, Shared};
use crate::view::Paging;

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/services/{service}/{indicator}/calls", get(behind))
        .route("/calls/{id}", get(call))
        .route("/purpose", post(state_purpose))
}

/// Items in one CSV file at most.
const FILE_MAX: usize = 100_000;
/// A purpose says something.
const PURPOSE_MIN: usize = 5;

#[derive(Template)]
#[template(path = "calls/purpose.html")]
struct PurposePage {
    shell: Shell,
    next: String,
}

#[derive(Template)]
#[template(path = "calls/behind.html")]
struct BehindPage {
    shell: Shell,
    choice: Choice,
    service: String,
    code: String,
    which: String,
    purpose: String,
    counted: u64,
    paging: Paging,
    columns: Vec<&'static str>,
    rows: Vec<Row>,
}

/// An item, as listed.
struct Row {
    id: String,
    at: String,
    class: String,
    cells: Vec<String>,
    file: String,
    rows: String,
    is_call: bool,
}

async fn behind(
    State(app): State<Shared>,
    visit: Visit,
    Path((code, indicator)): Path<(String, String)>,
) -> Answer {
    let service = app.service(&visit, &code)?;
    app.allow(&visit, &[Permission::SeeCalls], Some(&code))?;
    explain::find(&app.contract, &code, &indicator)?;
    let Some(purpose) = app.purpose(&visit.who()?.session, visit.now) else {
        return ask(&app, &visit);
    };
    let choice = app.figures.choice(&visit).await?;
    let which = visit.parameter("which").unwrap_or_else(|| "missed".to_owned());
    let as_file = visit.parameter("file").is_some();
    let (skip, limit) = if as_file { (0, FILE_MAX) } else { (Paging::skip(&visit), Paging::PER) };
    let listed =
        list(&app, &visit, &purpose, (&code, &indicator), &choice, &which, (skip, limit)).await?;
    let Listed { items, total, counted } = listed;
    let session = app.figures.session().await?;
    let columns: Vec<&'static str> = items
        .first()
        .map(|first| first.details.iter().map(|(name, _)| *name).collect())
        .unwrap_or_default();
    let mut shell = Shell::new(&app, &visit, visit.say("Che cosa c'è dietro", "What is behind"));
    let period = choice.period.label().to_owned();
    shell = shell
        .below(service.name.get(visit.lang), format!("/services/{code}?period={period}"))
        .below(&indicator, format!("/services/{code}/{indicator}?period={period}"));
    let is_call = explain_is_call(&items);
    let rows: Vec<Row> =
        items.into_iter().map(|item| row(item, &shell, &session, &columns, is_call)).collect();
    if as_file {
        let name = format!("{code}-{indicator}-{period}.csv");
        return Ok(file("text/csv; charset=utf-8", &name, csv(&columns, &rows)));
    }
    let more = ((skip + rows.len()) as u64) < total;
    let paging = Paging::new(&visit, Some(total), more);
    let code_of = indicator;
    page(&BehindPage {
        shell,
        choice,
        service: code,
        code: code_of,
        which,
        purpose,
        counted,
        paging,
        columns,
        rows,
    })
}

/// Items and what they add up to.
pub struct Listed {
    /// The page's items.
    pub items: Vec<Behind>,
    /// How many there are.
    pub total: u64,
    /// What they add up to.
    pub counted: u64,
}

/// Lists items, after writing down who looks and what for.
pub async fn list(
    app: &App,
    visit: &Visit,
    purpose: &str,
    (service, indicator): (&str, &str),
    choice: &Choice,
    which: &str,
    (skip, limit): (usize, usize),
) -> Result<Listed, Problem> {
    let wanted = Wanted::from_name(which).ok_or_else(|| {
        Problem::bad(
            "elenchi possibili: met, missed, late, lost, excluded, excluded:MOTIVO, all",
            "possible lists: met, missed, late, lost, excluded, excluded:REASON, all",
        )
    })?;
    let what = format!("list:{service}/{indicator}/{}/{which}", choice.period.label());
    log(app, visit, purpose, service, &what).await?;
    let session = app.figures.session().await?;
    let skip = u64::try_from(skip).unwrap_or(u64::MAX);
    let (contract, period) = (Arc::clone(&app.contract), choice.period.clone());
    let (service, indicator) = (service.to_owned(), indicator.to_owned());
    let kept = app.figures.kept();
    let found = engine::run(async move || {
        let (of, places) = ((service.as_str(), indicator.as_str()), (skip, limit));
        Ok(explain::behind(&session, &contract, of, &period, &wanted, places, &kept).await?)
    })
    .await?;
    Ok(Listed { items: found.items, total: found.total, counted: found.counted })
}

async fn log(
    app: &App,
    visit: &Visit,
    purpose: &str,
    service: &str,
    what: &str,
) -> Result<(), Problem> {
    let by = visit.by(purpose)?;
    let mut tx = app.database.write().await?;
    log_access(&mut tx, &by, &app.contract.code, Some(service), what).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether the items are calls, which have a story.
fn explain_is_call(items: &[Behind]) -> bool {
    items.first().is_some_and(|item| {
        item.details.iter().any(|(name, _)| ["wait_s", "queue", "disposition"].contains(name))
    })
}

fn row(
    item: Behind,
    shell: &Shell,
    session: &soglia_ledger::session::Session,
    columns: &[&'static str],
    is_call: bool,
) -> Row {
    let import = session.imports.iter().find(|row| row.import_no == item.import_no);
    let cell = |name: &&str| {
        let found = item.details.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let (first, last) = item.rows;
    Row {
        at: shell.at(&item.at),
        class: item.class.clone(),
        cells: columns.iter().map(cell).collect(),
        file: import.map(|row| row.file.clone()).unwrap_or_default(),
        rows: if first == last { first.to_string() } else { format!("{first}–{last}") },
        is_call,
        id: item.id,
    }
}

fn csv(columns: &[&'static str], rows: &[Row]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    let fixed = ["id", "at", "counted_as"].into_iter();
    let heads = fixed.chain(columns.iter().copied()).chain(["file", "rows"]);
    writer.write_record(heads).expect("writing to memory does not fail");
    for row in rows {
        let fixed = [&row.id, &row.at, &row.class].into_iter();
        let cells = fixed.chain(&row.cells).chain([&row.file, &row.rows]);
        writer.write_record(cells).expect("writing to memory does not fail");
    }
    writer.into_inner().expect("writing to memory does not fail")
}

/// Asks what somebody looks at calls for.
fn ask(app: &App, visit: &Visit) -> Answer {
    let title = visit.say("Perché guarda queste chiamate?", "Why do you look at these calls?");
    page(&PurposePage { shell: Shell::new(app, visit, title), next: visit.address() })
}

async fn state_purpose(State(app): State<Shared>, visit: Visit, fields: Fields) -> Answer {
    let who = visit.who()?;
    let purpose = fields.text("purpose");
    if purpose.chars().count() < PURPOSE_MIN {
        return Err(Problem::bad(
            "scriva a che cosa serve guardare le chiamate",
            "write what looking at the calls is for",
        ));
    }
    app.state_purpose(&who.session, purpose, visit.now);
    Ok(go(inside(fields.text("next"))))
}

#[derive(Template)]
#[template(path = "calls/call.html")]
struct CallPage {
    shell: Shell,
    stories: Vec<Story>,
    purpose: String,
}

async fn call(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let who = visit.who()?;
    app.services(&visit)?;
    let Some(purpose) = app.purpose(&who.session, visit.now) else {
        return ask(&app, &visit);
    };
    let stories = told(&app, &visit, &purpose, &id).await?;
    let title = format!("{} {id}", visit.say("Chiamata", "Call"));
    let shell = Shell::new(&app, &visit, &title).below(visit.say("Panoramica", "Overview"), "/");
    page(&CallPage { shell, stories, purpose })
}

/// A call's stories, as far as the visitor may see them; who looks and what for is written down.
pub async fn told(
    app: &App,
    visit: &Visit,
    purpose: &str,
    id: &str,
) -> Result<Vec<Story>, Problem> {
    let session = app.figures.session().await?;
    let (ledger, name) = (app.ledger.clone(), id.to_owned());
    let mut stories = engine::run(async move || Ok(story(&ledger, &session, &name).await?)).await?;
    let service_of = |story: &Story| {
        let field = story.fields.iter().find(|(name, _)| name == "service");
        field.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let who = visit.who()?;
    let code = &app.contract.code;
    // Whoever may not see a call does not learn that there is one.
    stories.retain(|story| {
        let service = service_of(story);
        who.actor.may(&[Permission::SeeCalls], code, Some(&service), visit.now)
    });
    if stories.is_empty() {
        return Err(Problem::missing(
            "tra le chiamate che può vedere non c'è questa",
            "this is not among the calls that you may see",
        ));
    }
    for story in &mut stories {
        log(app, visit, purpose, &service_of(story), id).await?;
        // A group that the contract does not name may be of fewer than five.
        story.fields.retain(|(name, value)| {
            name != "operator_group" || app.contract.operator_group(value).is_some()
        });
    }
    Ok(stories)
}

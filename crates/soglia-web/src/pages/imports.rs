//! Imports: what was taken in, uploads and how far they are, rows that became no fact. Read
//! [`list`] first.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::StreamExt;
use futures::stream::Stream;
use soglia_domain::access::Permission;
use soglia_domain::text::{Lang, Text};
use soglia_ledger::import::Format;
use soglia_ledger::shown;
use soglia_ledger::status::{self, Reject, date_of};
use soglia_ledger::store::ImportRow;
use soglia_report::format;
use tokio::io::AsyncWriteExt;

use crate::access::Visit;
use crate::background::Stage;
use crate::engine;
use crate::jobs::{Job, State as JobState, Wanted};
use crate::reply::{Answer, Problem, followed, page};
use crate::shell::Shell;
use crate::state::{App, Shared};
use crate::view::Paging;

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/imports", get(list).post(upload).layer(DefaultBodyLimit::disable()))
        .route("/imports/{no}", get(one))
        .route("/jobs/{id}", get(job))
        .route("/jobs/{id}/events", get(events))
        .route("/rejects", get(rejects))
        .route("/duplicates", get(duplicates))
}

/// Who may take files in.
pub const MAY_IMPORT: &[Permission] =
    &[Permission::RecordClient, Permission::RecordSupplier, Permission::ManageRecords];
/// The largest file that is taken as an upload: 8 GiB. Larger ones go by the command line.
const UPLOAD_MAX: u64 = 8 << 30;

#[derive(Template)]
#[template(path = "imports/list.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<ImportRow>,
    jobs: Vec<(u64, String, String, String)>,
    may_import: bool,
    formats: Vec<String>,
    services: Vec<(String, String)>,
    running: Option<u64>,
}

async fn list(State(app): State<Shared>, visit: Visit) -> Answer {
    app.services(&visit)?;
    let session = app.figures.session().await?;
    let shell = Shell::new(&app, &visit, visit.say("Importazioni", "Imports"));
    let recent = app.jobs.recent();
    let jobs = recent.iter().map(|job| {
        (job.id, job.about.name.clone(), shell.at(&job.at), said(&job.state(), visit.lang))
    });
    let formats = Format::NAMES.iter().map(|name| (*name).to_owned()).chain(app.jobs.mappings());
    let services = app.contract.services.iter();
    let shown = ListPage {
        jobs: jobs.collect(),
        rows: session.imports.iter().rev().cloned().collect(),
        may_import: app.allow(&visit, MAY_IMPORT, None).is_ok(),
        formats: formats.collect(),
        services: services.map(|s| (s.code.clone(), s.name.get(visit.lang).to_owned())).collect(),
        running: recent.iter().find(|job| !job.state().is_over()).map(|job| job.id),
        shell,
    };
    page(&shown)
}

/// Takes a file: its name and how to read it stand in the query, its bytes are the body.
async fn upload(State(app): State<Shared>, visit: Visit, body: Body) -> Result<Response, Problem> {
    let job = receive(&app, &visit, body).await?;
    let next = format!("/jobs/{}", job.id);
    Ok((StatusCode::ACCEPTED, axum::Json(serde_json::json!({ "next": next, "job": job.id })))
        .into_response())
}

/// Keeps an upload and begins its import.
pub async fn receive(app: &App, visit: &Visit, body: Body) -> Result<Arc<Job>, Problem> {
    app.allow(visit, MAY_IMPORT, None)?;
    let name = file_name(&visit.parameter("name").unwrap_or_default())?;
    let format_name = visit.parameter("format").unwrap_or_default();
    let format = app.jobs.format(&format_name).map_err(|problem| {
        Problem::refused(StatusCode::UNPROCESSABLE_ENTITY, Text::new(&problem, &problem))
    })?;
    let kept =
        |cause: std::io::Error| Problem::failed(format!("failed to keep an upload: {cause}"));
    let path = tempfile::Builder::new()
        .prefix("upload-")
        .tempfile_in(app.jobs.folder())
        .map_err(kept)?
        .into_temp_path();
    let mut file = tokio::fs::File::create(&path).await.map_err(kept)?;
    let mut chunks = body.into_data_stream();
    let mut length: u64 = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| {
            Problem::bad("il file è arrivato solo in parte", "the file came only in part")
        })?;
        length += chunk.len() as u64;
        if UPLOAD_MAX < length {
            let text = Text::new(
                "il file supera 8 GiB: lo importi dalla riga di comando",
                "the file is larger than 8 GiB: import it on the command line",
            );
            return Err(Problem::refused(StatusCode::PAYLOAD_TOO_LARGE, text));
        }
        file.write_all(&chunk).await.map_err(kept)?;
    }
    file.flush().await.map_err(kept)?;
    drop(file);
    if length == 0 {
        return Err(Problem::bad("il file è vuoto", "the file is empty"));
    }
    let by = visit.who()?.actor.id().to_owned();
    let (service, source) = (visit.parameter("service"), visit.parameter("source"));
    let wanted = Wanted { path, name, format: format_name, service, source, by };
    Ok(app.jobs.begin(wanted, format))
}

/// The last part of a name, if it can be a file's.
fn file_name(name: &str) -> Result<String, Problem> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let good = !last.is_empty()
        && last.len() <= 200
        && !last.starts_with('.')
        && !last.chars().any(char::is_control);
    if good {
        return Ok(last.to_owned());
    }
    Err(Problem::bad("il file non ha un nome utilizzabile", "the file has no usable name"))
}

/// Where an import is, in words.
fn said(state: &JobState, lang: Lang) -> String {
    let n = |n: i64| format::integer(lang, u64::try_from(n).unwrap_or(0));
    let say = |it: &'static str, en: &'static str| format::say(lang, it, en);
    match state {
        JobState::Waiting => say("in attesa", "waiting").to_owned(),
        JobState::Copying(bytes) => {
            format!("{}: {} MB", say("copia dell'originale", "copying the original"), bytes >> 20)
        }
        JobState::Reading(rows) => {
            let rows = format::integer(lang, *rows);
            format!("{}: {rows}", say("righe lette", "rows read"))
        }
        JobState::Committing => say("scrittura delle tabelle", "writing the tables").to_owned(),
        JobState::Done(done) if done.already => {
            let text = say("già importato, nulla è cambiato", "taken in already, nothing changed");
            format!("{text} (n. {})", done.import_no)
        }
        JobState::Done(done) => format!(
            "{} {}: {} {} = {} {} + {} {} + {} {} + {} {}",
            say("importazione", "import"),
            done.import_no,
            n(done.rows),
            say("righe", "rows"),
            n(done.fact_rows),
            say("di fatti", "of facts"),
            n(done.duplicate_rows),
            say("duplicate", "duplicates"),
            n(done.rejected_rows),
            say("scartate", "rejected"),
            n(done.ignored_rows),
            say("ignorate", "ignored"),
        ),
        JobState::Failed(why, hint) => {
            let hint = hint.as_ref().map_or_else(String::new, |hint| format!(" — {hint}"));
            format!("{}: {why}{hint}", say("non importato", "not taken in"))
        }
    }
}

#[derive(Template)]
#[template(path = "imports/job.html")]
struct JobPage {
    shell: Shell,
    id: u64,
    file: String,
    text: String,
    over: bool,
    failed: bool,
    import_no: Option<i64>,
    rejected: i64,
}

async fn job(State(app): State<Shared>, visit: Visit, Path(id): Path<u64>) -> Answer {
    app.services(&visit)?;
    let job = found(&app, id)?;
    let state = job.state();
    let shell = Shell::new(&app, &visit, &job.about.name)
        .below(visit.say("Importazioni", "Imports"), "/imports");
    page(&JobPage {
        shell,
        id,
        file: job.about.name.clone(),
        text: said(&state, visit.lang),
        over: state.is_over(),
        failed: matches!(state, JobState::Failed(..)),
        import_no: match &state {
            JobState::Done(done) => Some(done.import_no),
            _ => None,
        },
        rejected: match &state {
            JobState::Done(done) if !done.already => done.rejected_rows,
            _ => 0,
        },
    })
}

/// An import by its number.
pub fn found(app: &App, id: u64) -> Result<Arc<Job>, Problem> {
    let missing = || {
        Problem::missing(
            "da quando il programma è partito non c'è questa importazione",
            "there is no such import since the program was started",
        )
    };
    app.jobs.find(id).ok_or_else(missing)
}

/// How far an import is, as it goes on.
async fn events(
    State(app): State<Shared>,
    visit: Visit,
    Path(id): Path<u64>,
) -> Result<Sse<impl Stream<Item = Result<Event, std::convert::Infallible>>>, Problem> {
    app.services(&visit)?;
    let (state, lang) = (found(&app, id)?.watch(), visit.lang);
    Ok(followed(state, move |now| said(now, lang)))
}

#[derive(Template)]
#[template(path = "imports/one.html")]
struct OnePage {
    shell: Shell,
    row: ImportRow,
    days: Option<(jiff::civil::Date, jiff::civil::Date)>,
}

async fn one(State(app): State<Shared>, visit: Visit, Path(no): Path<i64>) -> Answer {
    app.services(&visit)?;
    let session = app.figures.session().await?;
    let row = session.imports.iter().find(|row| row.import_no == no).cloned();
    let row = row.ok_or_else(|| {
        Problem::missing("questa importazione non c'è", "there is no such import")
    })?;
    let title = format!("{} {no}", visit.say("Importazione", "Import"));
    let shell =
        Shell::new(&app, &visit, &title).below(visit.say("Importazioni", "Imports"), "/imports");
    let days = engine::run(async move || Ok(status::days(&session, Some(no)).await?)).await?;
    let in_utc = |(first, last)| date_of(first).zip(date_of(last));
    let days = days.get(&no).copied().or_else(|| row.days.and_then(in_utc));
    page(&OnePage { shell, row, days })
}

#[derive(Template)]
#[template(path = "imports/rejects.html")]
struct RejectsPage {
    shell: Shell,
    import: Option<i64>,
    rows: Vec<(Reject, String)>,
    paging: Paging,
}

async fn rejects(State(app): State<Shared>, visit: Visit) -> Answer {
    app.allow(&visit, &[Permission::SeeCalls], None)?;
    let import = visit.parameter("import").and_then(|text| text.parse().ok());
    let found = rejected(&app, import, (Paging::skip(&visit), Paging::PER + 1)).await?;
    let more = Paging::PER < found.len();
    let shell = Shell::new(&app, &visit, visit.say("Righe scartate", "Rejected rows"))
        .below(visit.say("Importazioni", "Imports"), "/imports");
    let rows = found.into_iter().take(Paging::PER).collect();
    page(&RejectsPage { shell, import, rows, paging: Paging::new(&visit, None, more) })
}

/// Rejected rows with the names of their files.
pub async fn rejected(
    app: &App,
    import: Option<i64>,
    (skip, limit): (usize, usize),
) -> Result<Vec<(Reject, String)>, Problem> {
    let session = app.figures.session().await?;
    let (own, names) = (Arc::clone(&session), session);
    let found =
        engine::run(async move || Ok(status::rejects(&own, import, skip, limit).await?)).await?;
    let name = |no: i64| {
        let row = names.imports.iter().find(|row| row.import_no == no);
        row.map(|row| row.file.clone()).unwrap_or_default()
    };
    Ok(found
        .into_iter()
        .map(|reject| (name(reject.import_no), reject))
        .map(|(n, r)| (r, n))
        .collect())
}

/// A run of rows that the ledger had already.
pub struct Duplicate {
    /// The import.
    pub import_no: i64,
    /// The file.
    pub file: String,
    /// First and last row.
    pub rows: (i64, i64),
    /// Why.
    pub reason: String,
    /// The first row's text, callers' numbers covered.
    pub text: String,
}

#[derive(Template)]
#[template(path = "imports/duplicates.html")]
struct DuplicatesPage {
    shell: Shell,
    import: Option<i64>,
    rows: Vec<Duplicate>,
    paging: Paging,
}

async fn duplicates(State(app): State<Shared>, visit: Visit) -> Answer {
    app.allow(&visit, &[Permission::SeeCalls], None)?;
    let import = visit.parameter("import").and_then(|text| text.parse().ok());
    let mut rows = duplicated(&app, import, (Paging::skip(&visit), Paging::PER + 1)).await?;
    let more = Paging::PER < rows.len();
    rows.truncate(Paging::PER);
    let shell = Shell::new(&app, &visit, visit.say("Righe duplicate", "Duplicate rows"))
        .below(visit.say("Importazioni", "Imports"), "/imports");
    page(&DuplicatesPage { shell, import, rows, paging: Paging::new(&visit, None, more) })
}

/// Runs of duplicates, each with its first row out of the original.
pub async fn duplicated(
    app: &App,
    import: Option<i64>,
    (skip, limit): (usize, usize),
) -> Result<Vec<Duplicate>, Problem> {
    let session = app.figures.session().await?;
    let ledger = app.ledger.clone();
    engine::run(async move || {
        let found = status::duplicates(&session, import, skip, limit).await?;
        let texts = shown::first_rows(&ledger, &session.imports, &found).await?;
        let rows = found.into_iter().map(|run| {
            let row = session.imports.iter().find(|row| row.import_no == run.import_no);
            let text = texts.get(&(run.import_no, run.first)).cloned().unwrap_or_default();
            Duplicate {
                import_no: run.import_no,
                file: row.map(|row| row.file.clone()).unwrap_or_default(),
                rows: (run.first, run.last),
                reason: run.reason,
                text,
            }
        });
        Ok(rows.collect())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_files_are_taken() {
        let name = |text| file_name(text).ok();
        assert_eq!(name("queue_log").as_deref(), Some("queue_log"));
        assert_eq!(name("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(name("C:\\dati\\casi 2023.csv").as_deref(), Some("casi 2023.csv"));
        for bad in ["", "..", ".hidden", "a\nb", "dir/"] {
            assert_eq!(name(bad), None, "{bad:?}");
        }
    }
}

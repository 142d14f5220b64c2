//! Open data of a period, and what was published for everybody. Read [`show`] first, then
//! [`published`].
//!
//! The files are those that `soglia report --formats opendata` writes. What stands under
//! `/published` needs no login: the approved document of each published review, its signed files
//! and its open data.

use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use soglia_app::measured::Measured;
use soglia_app::semester;
use soglia_domain::access::Permission;
use soglia_domain::period::Period;
use soglia_domain::register::{REVIEWS, SIGNATURES, by_code};
use soglia_domain::text::{Lang, Text};
use soglia_registers::actor::{Actor, By};
use soglia_registers::entries::Entry;
use soglia_registers::query::Query;
use soglia_registers::review::parts;
use soglia_report::template::Template as BodyTemplate;
use soglia_report::{DataFile, Edition, packed};

use crate::access::Visit;
use crate::figures::{Choice, Look};
use crate::reply::{Answer, Problem, file, page};
use crate::shell::Shell;
use crate::state::{App, Shared};

/// Who may take open data of a period that is not published.
pub const MAY_EXPORT: &[Permission] = &[Permission::Export];

/// How often, and after how long, figures that are being computed are looked for again.
const LOOKS: u32 = 120;
const PAUSE: Duration = Duration::from_millis(250);

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/open-data", get(show))
        .route("/open-data/{file}", get(one))
        .route("/published", get(published))
        .route("/published/{review}/{file}", get(published_file))
}

#[derive(Template)]
#[template(path = "open_data/show.html")]
struct ShowPage {
    shell: Shell,
    choice: Choice,
    working: bool,
    empty: bool,
    /// Name and bytes of each file.
    files: Vec<(String, u64)>,
    archive: String,
}

/// The files of a period.
async fn show(State(app): State<Shared>, visit: Visit) -> Answer {
    app.allow(&visit, MAY_EXPORT, None)?;
    let choice = app.figures.choice(&visit).await?;
    let title = visit.say("Dati aperti", "Open data");
    let mut shell = Shell::new(&app, &visit, title).below(visit.say("Panoramica", "Overview"), "/");
    shell.period = Some(choice.period.label().to_owned());
    let archive = archive_name(&choice.period);
    let mut shown =
        ShowPage { shell, choice, working: false, empty: false, files: Vec::new(), archive };
    match app.figures.review(&shown.choice.period, visit.lang).await? {
        Look::Working => shown.working = true,
        Look::Ready(measured) => match measured.as_ref() {
            None => shown.empty = true,
            Some(measured) => {
                let files = files(measured, visit.lang)?;
                shown.files = files.into_iter().map(|one| (one.name, size(&one.bytes))).collect();
            }
        },
    }
    page(&shown)
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn archive_name(period: &Period) -> String {
    format!("soglia-opendata-{}.zip", period.label().replace(['/', ':'], "-"))
}

/// One file of a period, or all of them in one.
async fn one(State(app): State<Shared>, visit: Visit, Path(name): Path<String>) -> Answer {
    app.allow(&visit, MAY_EXPORT, None)?;
    let period = app.figures.choice(&visit).await?.period;
    let files = of_period(&app, &period, visit.lang).await?;
    given(&name, &archive_name(&period), files)
}

fn given(name: &str, archive: &str, files: Vec<DataFile>) -> Answer {
    if name == archive {
        let bytes = packed(&files).map_err(|error| Problem::failed_by(&error))?;
        return Ok(file("application/zip", archive, bytes));
    }
    let found = files.into_iter().find(|one| one.name == name);
    let found = found.ok_or_else(|| {
        Problem::missing("questo file non c'è tra i dati aperti", "open data have no such file")
    })?;
    let is_catalogue = name.rsplit('.').next() == Some("ttl");
    let kind = if is_catalogue { "text/turtle" } else { "text/csv; charset=utf-8" };
    Ok(file(kind, &found.name, found.bytes))
}

/// The files as the command line writes them.
fn files(measured: &Measured, lang: Lang) -> Result<Vec<DataFile>, Problem> {
    let template = BodyTemplate::default();
    let edition = Edition::new(&measured.input, lang, &template, measured.written);
    Ok(edition.map_err(|error| Problem::failed_by(&error))?.open_data())
}

/// Waits for figures that are being computed: whoever follows a link to a file expects the file.
async fn of_period(app: &App, period: &Period, lang: Lang) -> Result<Vec<DataFile>, Problem> {
    for _ in 0..LOOKS {
        match app.figures.review(period, lang).await? {
            Look::Working => tokio::time::sleep(PAUSE).await,
            Look::Ready(measured) => {
                let measured = measured.as_ref().as_ref().ok_or_else(|| {
                    Problem::missing(
                        "non ci sono dati in questo periodo",
                        "there are no data in this period",
                    )
                })?;
                return files(measured, lang);
            }
        }
    }
    Err(Problem::refused(
        StatusCode::SERVICE_UNAVAILABLE,
        Text::new(
            "i dati si stanno preparando: riprovi tra poco",
            "the data are being prepared: try again in a moment",
        ),
    ))
}

/// A review that everybody may read.
struct Published {
    id: String,
    period: String,
    issued: Option<String>,
    protocol: Option<String>,
    sha256: String,
    unsigned_why: Option<String>,
    /// Number, role and SHA-256 of each signed file.
    signed: Vec<(String, String, String)>,
    archive: String,
}

#[derive(Template)]
#[template(path = "open_data/published.html")]
struct PublishedPage {
    shell: Shell,
    reviews: Vec<Published>,
}

/// What was published, for anybody.
async fn published(State(app): State<Shared>, visit: Visit) -> Answer {
    let title = visit.say("Documenti pubblicati", "Published documents");
    let mut reviews = Vec::new();
    for (review, slots) in all(&app, &visit).await? {
        let period = semester::period_of(&review, &app.contract)?;
        let words = |field: &str| review.words(field).map(ToOwned::to_owned);
        reviews.push(Published {
            period: period.name(visit.lang),
            issued: crate::pages::registers::fields::text_of(&review, "issued_on", visit.lang),
            protocol: words("protocol"),
            sha256: words("document").unwrap_or_default(),
            unsigned_why: words("unsigned_why"),
            signed: slots.iter().filter_map(|slot| signed(&app, slot, visit.lang)).collect(),
            archive: archive_name(&period),
            id: review.id,
        });
    }
    page(&PublishedPage { shell: Shell::new(&app, &visit, title), reviews })
}

fn signed(app: &App, slot: &Entry, lang: Lang) -> Option<(String, String, String)> {
    let hash = slot.words("signed_sha256")?.to_owned();
    let code = slot.words("role").unwrap_or_default();
    let role = app.contract.roles.iter().find(|role| role.role == code);
    let name = role.map_or_else(|| code.to_owned(), |role| role.title.get(lang).to_owned());
    Some((slot.id.clone(), name, hash))
}

/// Published reviews, newest first, with their signature slots in order.
async fn all(app: &App, visit: &Visit) -> Result<Vec<(Entry, Vec<Entry>)>, Problem> {
    let program = Actor::program();
    let by = By { actor: &program, at: visit.now, reason: "published" };
    let register = by_code(REVIEWS.code).expect("it is one of them");
    let query = Query {
        contract: Some(app.contract.code.clone()),
        states: vec!["published".to_owned()],
        ..Query::new(register)
    };
    let mut tx = app.database.read().await?;
    let mut found = Vec::new();
    let slots = by_code(SIGNATURES.code).expect("it is one of them");
    for review in tx.find_all(&program, visit.now, &query).await? {
        let mut own = parts(&mut tx, &by, &app.contract, slots, &review.id).await?;
        own.sort_by_key(|slot| slot.value("place").cloned());
        found.push((review, own));
    }
    Ok(found)
}

/// A file of a published review: the document, a signed file, the hashes, open data.
async fn published_file(
    State(app): State<Shared>,
    visit: Visit,
    Path((id, name)): Path<(String, String)>,
) -> Answer {
    let missing = || Problem::missing("non è pubblicato", "it is not published");
    let found = all(&app, &visit).await?;
    let (review, slots) = found.iter().find(|(review, _)| review.id == id).ok_or_else(missing)?;
    let period = semester::period_of(review, &app.contract)?;
    let label = period.label().replace(['/', ':'], "-");
    let document = format!("resoconto-{label}.pdf");
    if name == "document" {
        let bytes = semester::approved_document(&app.files, review)?;
        return Ok(file("application/pdf", &document, bytes));
    }
    let stored: Vec<Stored<'_>> = slots.iter().filter_map(|slot| stored(slot, &label)).collect();
    if name == "SHA256SUMS" {
        let own = review.words("document").unwrap_or_default();
        let mut text = format!("{own}  {document}\n");
        for Stored { name, sha256, .. } in &stored {
            text.push_str(&[sha256, "  ", name.as_str(), "\n"].concat());
        }
        return Ok(file("text/plain; charset=utf-8", "SHA256SUMS", text));
    }
    if let Some(one) = stored.iter().find(|one| one.slot == name) {
        return Ok(file(one.kind, &one.name, app.files.read(one.sha256)?));
    }
    let files = of_period(&app, &period, app.lang).await?;
    given(&name, &archive_name(&period), files)
}

/// A signed file, under the name that it is published with.
struct Stored<'a> {
    slot: &'a str,
    name: String,
    kind: &'static str,
    sha256: &'a str,
}

fn stored<'a>(slot: &'a Entry, label: &str) -> Option<Stored<'a>> {
    let sha256 = slot.words("signed_sha256")?;
    let (ending, kind) = match slot.words("format") {
        Some("cades") => ("pdf.p7m", "application/pkcs7-mime"),
        _ => ("pdf", "application/pdf"),
    };
    let role = slot.words("role").unwrap_or_default();
    let name = format!("{}-{role}-{label}.{ending}", slot.id);
    Some(Stored { slot: &slot.id, name, kind, sha256 })
}

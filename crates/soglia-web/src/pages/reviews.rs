//! The semester's review: prepared, discussed, approved, signed, published. Read [`list`] first.
//!
//! Parts of a review are entries: their steps are taken at the entries' own addresses
//! ([`crate::pages::registers`]) and lead back here. What is made here is what needs figures.

pub mod approval;
mod documents;
mod parts;
mod sheets;
mod summary;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use soglia_app::measured::Measured;
use soglia_app::semester::{self, SemesterError, View};
use soglia_domain::access::Permission;
use soglia_domain::period::Period;
use soglia_domain::register::{REVIEWS, by_code};
use soglia_domain::text::{Lang, Text};
use soglia_registers::entries::Entry;
use soglia_registers::query::Query;
use soglia_registers::review::NewReview;

use crate::access::{Fields, Visit};
use crate::reply::{Answer, Problem, page, said};
use crate::shell::Shell;
use crate::state::{App, Shared};

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/reviews", get(list).post(open))
        .route("/reviews/{id}", get(summary::show))
        .route("/reviews/{id}/refresh", post(refresh))
        .route("/reviews/{id}/inputs", get(parts::inputs))
        .route("/reviews/{id}/findings", get(parts::findings).post(parts::add_finding))
        .route("/reviews/{id}/figures", get(sheets::all))
        .route("/reviews/{id}/remarks", post(sheets::remark))
        .route("/reviews/{id}/sheets/{sheet}", get(sheets::one))
        .route("/reviews/{id}/sheets/{sheet}/actions", post(sheets::add_action))
        .route("/reviews/{id}/checks", get(summary::checks))
        .route("/reviews/{id}/documents", get(documents::show))
        .route("/reviews/{id}/documents/{kind}", get(documents::draft))
        .route("/reviews/{id}/approve", post(documents::approve))
        .route("/reviews/{id}/publish", post(documents::publish))
        .route("/reviews/{id}/rectify", post(documents::rectify))
        .route("/reviews/{id}/signatures/{slot}", post(documents::sign))
        .layer(axum::extract::DefaultBodyLimit::max(soglia_registers::files::BYTES_MAX + 4096))
}

impl From<SemesterError> for Problem {
    fn from(error: SemesterError) -> Self {
        use axum::http::StatusCode;
        let status = match error {
            SemesterError::Registers(error) => return super::registers::fields::refused(error),
            SemesterError::Measures(error) => return error.into(),
            SemesterError::Document(_) | SemesterError::Seal(_) => return Self::failed_by(&error),
            SemesterError::NoReview(_) | SemesterError::NotAReview(_) => StatusCode::NOT_FOUND,
            SemesterError::NoData(_)
            | SemesterError::Period(_)
            | SemesterError::OtherSeal { .. }
            | SemesterError::Training { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let text = error.to_string();
        let hint = error.hint().map(|hint| Text::new(&hint, &hint));
        Self::Refused { status, text: Text::new(&text, &text), hint }
    }
}

/// What stands on every page of a review.
pub struct Head {
    /// `RIE-1`.
    pub id: String,
    /// Its version, for forms.
    pub version: i64,
    /// Its period's name.
    pub period: String,
    /// Its state.
    pub state: &'static str,
    /// Whether its parts may still change.
    pub open: bool,
    /// The pages of the review: address, name, how many things are left to do, whether it is this.
    pub tabs: Vec<(String, &'static str, u64, bool)>,
}

/// A review with its parts, as the visitor may see them.
pub struct Opened {
    /// The review and its parts.
    pub view: View,
    /// What stands on every page.
    pub head: Head,
    /// The frame.
    pub shell: Shell,
}

/// Opens a review for one of its pages.
pub async fn opened(app: &App, visit: &Visit, id: &str, here: &str) -> Result<Opened, Problem> {
    let by = visit.by("look")?;
    let mut tx = app.database.read().await?;
    let review = semester::find(&mut tx, &by, &app.contract, id).await?;
    let view = semester::view(&mut tx, &by, &app.contract, review).await?;
    let head = head(app, visit, &view, here)?;
    let title = format!("{} {}", visit.say("Riesame", "Review of"), head.period);
    let tab = head.tabs.iter().find(|(.., current)| *current).map(|(_, name, ..)| *name);
    let shell = match tab.filter(|_| !here.is_empty()) {
        Some(tab) => Shell::new(app, visit, &format!("{tab} · {title}"))
            .below(visit.say("Riesami", "Reviews"), "/reviews")
            .below(&title, format!("/reviews/{}", head.id)),
        None => Shell::new(app, visit, &title).below(visit.say("Riesami", "Reviews"), "/reviews"),
    };
    Ok(Opened { view, head, shell })
}

fn head(app: &App, visit: &Visit, view: &View, here: &str) -> Result<Head, Problem> {
    let review = &view.review;
    let period = semester::period_of(review, &app.contract)?;
    let open = |entries: &[Entry]| entries.iter().filter(|entry| entry.is_open()).count() as u64;
    let sheets = view.sheets.iter().filter(|one| one.sheet.is_open()).count() as u64;
    let pages = [
        ("", visit.say("Riepilogo", "Summary"), 0),
        ("inputs", visit.say("Elementi in ingresso", "Input elements"), open(&view.elements)),
        ("findings", visit.say("Osservazioni", "Findings"), open(&view.findings)),
        (
            "figures",
            visit.say("Schede e cifre", "Sheets and figures"),
            sheets + open(&view.remarks),
        ),
        ("checks", visit.say("Verifiche", "Checks"), 0),
        ("documents", visit.say("Documenti e firme", "Documents and signatures"), 0),
    ];
    let tabs = pages.map(|(name, label, left)| {
        let address = match name {
            "" => format!("/reviews/{}", review.id),
            name => format!("/reviews/{}/{name}", review.id),
        };
        (address, label, left, name == here)
    });
    Ok(Head {
        id: review.id.clone(),
        version: review.version,
        period: period.name(visit.lang),
        state: review.state.label.get(visit.lang),
        open: semester::is_open(review),
        tabs: tabs.into(),
    })
}

/// Measures the period of a review, as it was sealed if it was.
pub async fn measured(app: &App, visit: &Visit, period: &Period) -> Result<Measured, Problem> {
    measured_in(app, visit.lang, period).await
}

async fn measured_in(app: &App, lang: Lang, period: &Period) -> Result<Measured, Problem> {
    let session = app.figures.session().await?;
    let read = Measured::read(
        &app.ledger,
        &session,
        &app.contract,
        &app.contract_file,
        period,
        lang,
        app.notice.clone(),
    );
    let found = read.await?;
    found.ok_or_else(|| SemesterError::NoData(period.label().to_owned()).into())
}

#[derive(Template)]
#[template(path = "reviews/list.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Listed>,
    periods: Vec<(String, String)>,
    may_open: bool,
}

struct Listed {
    id: String,
    period: String,
    state: &'static str,
    open: bool,
    changed: soglia_domain::time::Instant,
    document: Option<String>,
}

/// The reviews, and the form that begins one.
pub async fn list(State(app): State<Shared>, visit: Visit) -> Answer {
    let who = visit.who()?;
    app.allow_anywhere(&visit, &[Permission::Read])?;
    let mut tx = app.database.read().await?;
    let register = by_code(REVIEWS.code).expect("it is one of them");
    let query = Query { contract: Some(app.contract.code.clone()), ..Query::new(register) };
    let found = tx.find_all(&who.actor, visit.now, &query).await?;
    drop(tx);
    let zone = &app.contract.zone;
    let rows = found.iter().map(|review| {
        let label = review.words("period").unwrap_or_default();
        let period = Period::parse(label, zone).map(|period| period.name(visit.lang));
        Listed {
            id: review.id.clone(),
            period: period.unwrap_or_else(|_| label.to_owned()),
            state: review.state.label.get(visit.lang),
            open: review.is_open(),
            changed: review.changed.0,
            document: review.words("document").map(ToOwned::to_owned),
        }
    });
    let rows = rows.collect();
    let choice = app.figures.choice(&visit).await?;
    let taken: Vec<&str> = found
        .iter()
        .filter(|review| review.state.code != "rectified")
        .filter_map(|review| review.words("period"))
        .collect();
    let half_years = choice
        .offered
        .into_iter()
        .filter(|(label, _)| label.contains("-H") && !taken.contains(&label.as_str()));
    let periods = half_years.collect();
    let shell = Shell::new(&app, &visit, visit.say("Riesami", "Reviews"));
    let may_open = who.actor.may(&[Permission::PrepareReview], &app.contract.code, None, visit.now);
    page(&ListPage { shell, rows, periods, may_open })
}

/// Begins a review.
pub async fn open(State(app): State<Shared>, visit: Visit, sent: Fields) -> Answer {
    app.allow(&visit, &[Permission::PrepareReview], None)?;
    let by = visit.by(sent.text("reason"))?;
    let period =
        Period::parse(sent.text("period"), &app.contract.zone).map_err(SemesterError::from)?;
    let measured = measured_in(&app, visit.lang, &period).await?;
    let profile = sent.some("profile").unwrap_or("iso_2008");
    let new = NewReview { period: &period, profile };
    let mut tx = app.database.write().await?;
    let setting = app.setting();
    let filled =
        semester::open(&mut tx, &by, &setting, &app.contract, new, &measured.report).await?;
    tx.commit().await?;
    let id = filled.review.id;
    Ok(said(&format!("/reviews/{id}"), &format!("{id}: {}", visit.say("aperto", "begun"))))
}

/// Takes figures and computed findings anew.
pub async fn refresh(
    State(app): State<Shared>,
    visit: Visit,
    Path(id): Path<String>,
    sent: Fields,
) -> Answer {
    let by = visit.by(sent.text("reason"))?;
    let mut tx = app.database.read().await?;
    let review = semester::find(&mut tx, &by, &app.contract, &id).await?;
    drop(tx);
    let period = semester::period_of(&review, &app.contract)?;
    let measured = measured_in(&app, visit.lang, &period).await?;
    let mut tx = app.database.write().await?;
    let before = soglia_registers::trail::head(&mut tx).await?.seq;
    let setting = app.setting();
    semester::fill(&mut tx, &by, &setting, &app.contract, review, &measured.report).await?;
    let after = soglia_registers::trail::head(&mut tx).await?.seq;
    if before < after {
        tx.commit().await?;
    }
    let told = visit.say("parti aggiornate", "parts brought up to date");
    Ok(said(&format!("/reviews/{id}"), &format!("{} {told}", after - before)))
}

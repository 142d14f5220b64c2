//! What would happen and what will come, of one service: levers, scenarios, forecast, projection,
//! shifts. Read [`routes`] first, then one module for each page.

pub mod forecast;
pub mod projection;
pub mod scenarios;
pub mod staffing;
pub mod studies;
pub mod whatif;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use soglia_app::whatif::levers::Board;
use soglia_app::whatif::study::study;
use soglia_app::whatif::{Prepared, document};
use soglia_domain::contract::Service;
use soglia_domain::text::Text;
use soglia_report::format;
use soglia_report::model::{ScenarioIndicator, ScenarioRow, ScenarioStudy};
use soglia_sim::scenario::Scenario;
use soglia_sim::whatif::Answers;

use crate::access::Visit;
use crate::figures::{Choice, Look};
use crate::planning::{Known, Wanted, nothing};
use crate::reply::Problem;
use crate::shell::Shell;
use crate::state::{App, Shared};
use crate::view::{Told, told};

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/services/{service}/whatif", get(whatif::show))
        .route("/services/{service}/whatif/{file}", get(whatif::export))
        .route("/services/{service}/scenarios", get(scenarios::show))
        .route("/services/{service}/scenarios/{file}", get(scenarios::export))
        .route("/services/{service}/studies", post(studies::begin))
        .route("/services/{service}/forecast", get(forecast::show))
        .route("/services/{service}/projection", get(projection::show))
        .route("/services/{service}/staffing", get(staffing::show).post(staffing::begin))
        .route("/studies/{id}", get(studies::show))
        .route("/studies/{id}/events", get(studies::events))
        .route("/studies/{id}/{file}", get(studies::export))
}

/// Weeks that a reader can choose.
pub const WEEKS: [usize; 4] = [2, 4, 8, 13];

/// Weeks of whoever did not choose.
const WEEKS_USUAL: usize = 4;

/// Which present a visitor looks at.
pub async fn wanted(app: &App, visit: &Visit, service: &str) -> Result<(Wanted, Choice), Problem> {
    let choice = app.figures.choice(visit).await?;
    let weeks = match visit.parameter("weeks") {
        None => WEEKS_USUAL,
        Some(text) => text
            .parse()
            .ok()
            .filter(|weeks| WEEKS.contains(weeks))
            .ok_or_else(|| Problem::bad("`weeks` è 2, 4, 8 o 13", "`weeks` is 2, 4, 8 or 13"))?,
    };
    let (service, period) = (service.to_owned(), choice.period.clone());
    Ok((Wanted { service, period, weeks }, choice))
}

/// The present, for what cannot wait: files and programs.
pub async fn present_now(app: &App, wanted: &Wanted) -> Result<Option<Arc<Known>>, Problem> {
    match app.planning.prepared(&app.figures, wanted).await? {
        Look::Ready(known) => Ok(Some(known)),
        Look::Working => Ok(None),
    }
}

/// The pairs of an address.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// The levers as an address has them.
pub fn board(
    app: &App,
    service: &Service,
    prepared: &Prepared,
    (visit, pairs): (&Visit, &[(String, String)]),
) -> Result<Board, Text> {
    let board = Board::new(&app.contract, service, &prepared.present, visit.lang);
    let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    board.read(pairs).map_err(|wrong| wrong.text())
}

/// What is asked: ready-made scenarios by their codes, and what the levers say.
pub struct Asked {
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
    /// The address's parameters, to ask again.
    pub query: String,
    /// The levers, as they were moved.
    pub board: Board,
}

/// Reads what an address asks about: `scenario=CODE` as often as wanted, and levers.
pub fn asked(
    app: &App,
    service: &Service,
    prepared: &Prepared,
    (visit, wanted, pairs): (&Visit, &Wanted, &[(String, String)]),
) -> Result<Asked, Text> {
    let board = board(app, service, prepared, (visit, pairs))?;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("period", wanted.period.label());
    query.append_pair("weeks", &wanted.weeks.to_string());
    let mut scenarios = Vec::new();
    for (_, code) in pairs.iter().filter(|(name, _)| name == "scenario") {
        let offered = app.planning.offered(&service.code).find(|one| one.scenario.code == *code);
        let offered = offered.ok_or_else(|| {
            Text::new(
                &format!("non c'è nessuno scenario `{code}` di questo servizio"),
                &format!("this service has no scenario `{code}`"),
            )
        })?;
        scenarios.push(offered.scenario.clone());
        query.append_pair("scenario", code);
    }
    if board.is_moved() {
        scenarios.push(board.scenario());
    }
    for (name, value) in board.pairs() {
        query.append_pair(&name, &value);
    }
    Ok(Asked { scenarios, query: query.finish(), board })
}

/// An answer as pages show it.
pub struct Shown {
    /// Whether the replay gives back what happened.
    pub calibrated: bool,
    /// The sections: gate first.
    pub sections: Vec<Told>,
    /// Sections that are folded.
    pub folded: Vec<Told>,
    /// The answer in a sentence, for whoever hears the page.
    pub said: String,
    /// What was asked, as an address says it.
    pub query: String,
}

/// What scenarios would do, as pages show it, or what does not fit in the question.
pub async fn answered(
    app: &App,
    service: &Service,
    known: &Arc<Known>,
    (visit, scenarios, query): (&Visit, Vec<Scenario>, String),
) -> Result<Result<Shown, String>, Problem> {
    let prepared = known.as_ref().as_ref().map_err(|why| nothing(why.clone()))?;
    match app.planning.answer(Arc::clone(known), scenarios).await {
        Ok(answers) => Ok(Ok(shown(service, prepared, &answers, (visit, query)))),
        Err(Problem::Refused { text, hint, .. }) => {
            let hint = hint.map_or_else(String::new, |h| format!(" ({})", h.get(visit.lang)));
            Ok(Err(format!("{}{hint}", text.get(visit.lang))))
        }
        Err(other) => Err(other),
    }
}

/// Makes an answer into sections.
pub fn shown(
    service: &Service,
    prepared: &Prepared,
    answers: &Answers,
    (visit, query): (&Visit, String),
) -> Shown {
    let study = study(service, &prepared.present, answers, &prepared.gate);
    let said = said(&study, visit);
    let sections: Vec<Told> =
        soglia_report::study(&study, visit.lang).into_iter().map(told).collect();
    let apart = ["-argomenti", "-scarti", "-note"];
    let (folded, sections) =
        sections.into_iter().partition(|one| apart.iter().any(|end| one.id.ends_with(end)));
    Shown { calibrated: study.gate.holds(), sections, folded, said, query }
}

/// Each indicator now and under the last scenario, in a sentence.
fn said(study: &ScenarioStudy, visit: &Visit) -> String {
    let lang = visit.lang;
    let value = |row: &ScenarioRow| {
        row.value.as_ref().map_or_else(
            || format::not_applicable(lang).to_owned(),
            |value| format!("{}%", format::decimal(lang, value)),
        )
    };
    let one = |indicator: &ScenarioIndicator| {
        let (now, others) = indicator.rows.split_first()?;
        let code = &indicator.code;
        // One change may have several variants: how many callers move is a range, not one number.
        let others: Vec<String> = others
            .iter()
            .map(|row| format!("{} {}", value(row), document::verdict(row.met)))
            .collect();
        let arrow = if others.is_empty() { "" } else { " → " };
        Some(format!("{code} {}{arrow}{}", value(now), others.join(" / ")))
    };
    let figures: Vec<String> = study.indicators.iter().filter_map(one).collect();
    let gate = if study.gate.holds() {
        visit.say("calibrato", "calibrated")
    } else {
        visit.say("non calibrato", "not calibrated")
    };
    format!("{}; {gate}", figures.join("; "))
}

/// The frame of a page about a service.
pub fn shell(app: &App, visit: &Visit, service: &Service, title: &str) -> Shell {
    let (name, code) = (service.name.get(visit.lang), &service.code);
    Shell::new(app, visit, title)
        .below(visit.say("Panoramica", "Overview"), "/")
        .below(name, format!("/services/{code}"))
}

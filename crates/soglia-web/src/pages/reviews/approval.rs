//! Approvals, and the scenarios that are played before one. Read [`approve`] first.
//!
//! Without scenarios a review is approved while the visitor waits. Scenarios take longer: they are
//! played beside the requests, and the approval follows them. Until then nothing is written, so
//! whatever ends it leaves the review in discussion.

use std::sync::Arc;

use jiff::civil::Date;
use soglia_app::measured::Measured;
use soglia_app::semester::{self, Approved, NewApproval};
use soglia_app::whatif::ScenarioFile;
use soglia_domain::contract::Service;
use soglia_domain::text::{Lang, Text};
use soglia_registers::actor::By;
use soglia_registers::entries::Entry;
use soglia_report::template::Template;
use tokio::sync::watch;

use super::measured_in;
use crate::access::Visit;
use crate::background::Stage;
use crate::pages::planning::studies::too_many;
use crate::reply::Problem;
use crate::state::{App, Shared};
use crate::studies::{About, Outcome, State, Study, Subject};

/// What somebody approves with.
pub struct Wanted {
    /// Why.
    pub reason: String,
    /// Where the document is issued.
    pub place: String,
    /// Its date.
    pub date: Date,
    /// Its language.
    pub lang: Lang,
    /// Scenarios for its chapter about them.
    pub scenarios: Vec<ScenarioFile>,
}

/// What came of asking.
pub enum Approval {
    /// The review is approved.
    Done(Box<Approved>),
    /// Scenarios are played first.
    Begun(Arc<Study>),
}

/// What a ready-made scenario is called among those of all services: `cup/code_ivr`.
pub fn name_of(service: &Service, one: &ScenarioFile) -> String {
    format!("{}/{}", service.code, one.scenario.code)
}

/// Ready-made scenarios by their names.
pub fn chosen<'n>(
    app: &App,
    names: impl Iterator<Item = &'n str>,
) -> Result<Vec<ScenarioFile>, Problem> {
    let found = names.map(|name| {
        let mut offered = app.planning.all_offered();
        let found = offered.find(|(service, one)| name_of(service, one) == name);
        found.map(|(_, one)| one.clone()).ok_or_else(|| {
            Problem::bad(
                &format!("`scenarios`: non c'è nessuno scenario `{name}`"),
                &format!("`scenarios`: there is no scenario `{name}`"),
            )
        })
    });
    found.collect()
}

/// Approves a review, or begins to: what stands in the way is said at once.
pub async fn approve(
    app: &Shared,
    visit: &Visit,
    review: Entry,
    wanted: Wanted,
) -> Result<Approval, Problem> {
    let period = semester::period_of(&review, &app.contract)?;
    let measured = measured_in(app, wanted.lang, &period).await?;
    let by = visit.by(&wanted.reason)?;
    if wanted.scenarios.is_empty() {
        let approved = write(app, &by, &review, measured, &wanted).await?;
        return Ok(Approval::Done(Box::new(approved)));
    }
    if wanted.place.is_empty() {
        return Err(Problem::bad("`place`: manca il luogo", "`place` is missing"));
    }
    let mut tx = app.database.read().await?;
    semester::require_ready(&mut tx, &by, &app.contract, &review, &measured.report).await?;
    drop(tx);
    let title = |approval, lang| format!("{approval} {} ({})", review.id, period.name(lang));
    let title =
        Text { it: title("Approvazione di", Lang::It), en: Some(title("Approval of", Lang::En)) };
    let id = review.id.clone();
    let about = About { subject: Subject::Review(id.clone()), title };
    let (own, own_visit) = (Arc::clone(app), visit.clone());
    let begun = app.studies.begin(about, visit.who()?.name.clone(), async move |sender| {
        let approved = played(&own, &own_visit, &review, measured, wanted, sender).await;
        approved.map(Outcome::Approval).map_err(|problem| {
            if let Problem::Failed(cause) = &problem {
                eprintln!("error: approval of {}: {cause}", review.id);
            }
            problem.told()
        })
    });
    begun.map(Approval::Begun).ok_or_else(|| {
        let under_way = app.studies.approval(&id).is_some_and(|one| !one.state().is_over());
        if under_way { already(&id) } else { too_many() }
    })
}

fn already(review: &str) -> Problem {
    let text = Text::new(
        &format!("`{review}` è già in corso di approvazione"),
        &format!("`{review}` is being approved already"),
    );
    Problem::refused(axum::http::StatusCode::CONFLICT, text)
}

/// Plays the scenarios, then approves.
async fn played(
    app: &App,
    visit: &Visit,
    review: &Entry,
    mut measured: Measured,
    mut wanted: Wanted,
    sender: &watch::Sender<State>,
) -> Result<Approved, Problem> {
    let period = semester::period_of(review, &app.contract)?;
    let scenarios = std::mem::take(&mut wanted.scenarios);
    // Readers may be gone.
    let mut progress = |weeks, width| drop(sender.send(State::Playing(weeks, width)));
    let (roster, threads) = (app.planning.roster(), app.planning.threads());
    let of = (&*app.contract, &period);
    measured.play(&app.ledger, of, scenarios, roster, threads, &mut progress).await?;
    let _ = sender.send(State::Writing);
    let by = By { actor: &visit.who()?.actor, at: app.now(), reason: &wanted.reason };
    write(app, &by, review, measured, &wanted).await
}

/// Seals the figures and makes the document.
async fn write(
    app: &App,
    by: &By<'_>,
    review: &Entry,
    measured: Measured,
    wanted: &Wanted,
) -> Result<Approved, Problem> {
    let Wanted { place, date, lang, .. } = wanted;
    let template = Template::default();
    let new = NewApproval { review, place, date: *date, lang: *lang, template: &template };
    let (database, files, ledger) = (&app.database, &app.files, &app.ledger);
    let setting = app.setting();
    let approved =
        semester::approve(database, files, ledger, by, &setting, &app.contract, measured, new);
    Ok(Box::pin(approved).await?)
}

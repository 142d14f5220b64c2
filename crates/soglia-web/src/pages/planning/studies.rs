//! Simulations that take long: begun, followed, shown. Read [`begin`] first.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use futures::stream::Stream;
use soglia_app::whatif::{Effort, HALF_WIDTH, WEEKS_MAX, document};
use soglia_domain::access::Permission;
use soglia_domain::text::{Lang, Text};
use soglia_report::format;
use soglia_sim::whatif::Source;

use super::whatif::refused;
use super::{Shown, asked, pairs, present_now, shell, shown, staffing, wanted};
use crate::access::{Fields, Visit};
use crate::background::Stage;
use crate::planning::{misfit, nothing};
use crate::reply::{Answer, Problem, file, followed, go, page};
use crate::shell::Shell;
use crate::state::{App, Shared};
use crate::studies::{About, Outcome, State as StudyState, Study, Subject};
use crate::view;

/// Plays more weeks than fit into a moment.
pub async fn begin(
    State(app): State<Shared>,
    visit: Visit,
    Path(code): Path<String>,
    sent: Fields,
) -> Answer {
    let source = if sent.some("drawn").is_some() { Source::Drawn } else { Source::Recorded };
    let study = ask(&app, &visit, &code, source).await?;
    Ok(go(&format!("/studies/{}", study.id)))
}

/// The same for pages and programs: what the address asks about.
pub async fn ask(
    app: &Shared,
    visit: &Visit,
    code: &str,
    source: Source,
) -> Result<Arc<Study>, Problem> {
    let service = app.service(visit, code)?;
    let pairs = pairs(&visit.query);
    let (wanted, _) = wanted(app, visit, code).await?;
    let known = present_now(app, &wanted).await?.ok_or_else(crate::pages::services::later)?;
    let prepared = known.as_ref().as_ref().map_err(|why| nothing(why.clone()))?;
    let found = asked(app, service, prepared, (visit, &wanted, &pairs)).map_err(refused)?;
    if found.scenarios.is_empty() {
        let text = Text::new("nessuno scenario è stato scelto", "no scenario was chosen");
        return Err(refused(text));
    }
    let effort = Effort { source, half_width: HALF_WIDTH, weeks_max: WEEKS_MAX };
    let names = |lang: Lang| {
        let names: Vec<&str> = found.scenarios.iter().map(|one| one.name.get(lang)).collect();
        format!("{}: {}", service.name.get(lang), names.join(", "))
    };
    let title = Text { it: names(Lang::It), en: Some(names(Lang::En)) };
    let (held, scenarios) = (Arc::clone(&known), found.scenarios);
    let by = visit.who()?.name.clone();
    let about = About { subject: Subject::Service(code.to_owned()), title };
    let begun = app.studies.begin(about, by, async move |sender| {
        let prepared = held.as_ref().as_ref().map_err(Clone::clone)?;
        let answers = prepared.answer_until(&scenarios, effort, &mut |weeks, width| {
            // Readers may be gone.
            let _ = sender.send(StudyState::Playing(weeks, width));
        });
        let answers = answers.map_err(|error| misfit(&error).told())?;
        Ok(Outcome::WhatIf { known: Arc::clone(&held), scenarios, answers })
    });
    begun.ok_or_else(too_many)
}

/// Others wait already.
pub fn too_many() -> Problem {
    let text = Text::new(
        "ci sono già troppe simulazioni in attesa: riprovi tra poco",
        "too many simulations are waiting already: try again in a moment",
    );
    Problem::refused(StatusCode::TOO_MANY_REQUESTS, text)
}

/// A study by its number, for whoever may see what it is about.
pub fn found(app: &App, visit: &Visit, id: &str) -> Result<Arc<Study>, Problem> {
    visit.who()?;
    let missing = || {
        Problem::missing(
            "da quando il programma è partito non c'è questa simulazione",
            "there is no such simulation since the program was started",
        )
    };
    let id: u64 = id.parse().map_err(|_| missing())?;
    let study = app.studies.find(id).ok_or_else(missing)?;
    match &study.about.subject {
        Subject::Service(code) => {
            app.service(visit, code)?;
        }
        Subject::Review(_) => app.allow(visit, &[Permission::Read], None)?,
    }
    Ok(study)
}

/// Where a study is, in a sentence.
pub fn said(state: &StudyState, lang: Lang) -> String {
    let say = |it: &'static str, en: &'static str| format::say(lang, it, en);
    match state {
        StudyState::Waiting => say("in attesa", "waiting").to_owned(),
        StudyState::Working => say("si calcola", "under way").to_owned(),
        StudyState::Playing(weeks, width) => {
            let weeks = format::integer(lang, u64::from(*weeks));
            let played = say("settimane giocate", "weeks played");
            if !width.is_finite() {
                return format!("{played}: {weeks}");
            }
            let width = format::decimal(lang, &format!("{:.2}", width * 100.0));
            format!("{played}: {weeks}, ± {width} {}", say("punti", "points"))
        }
        StudyState::Writing => say("si scrive il documento", "the document is written").to_owned(),
        StudyState::Done(_) => say("fatto", "done").to_owned(),
        StudyState::Failed(why) => why.get(lang).to_owned(),
    }
}

#[derive(Template)]
#[template(path = "planning/study.html")]
struct StudyPage {
    shell: Shell,
    id: u64,
    service: String,
    title: String,
    by: String,
    text: String,
    over: bool,
    failed: bool,
    answer: Option<Shown>,
    staffed: Option<staffing::Staffed>,
}

/// A study: how far it is, then what came of it.
pub async fn show(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let study = found(&app, &visit, &id)?;
    let code = match &study.about.subject {
        Subject::Service(code) => code,
        Subject::Review(review) => return Ok(go(&format!("/reviews/{review}/documents"))),
    };
    let service = app.service(&visit, code)?;
    let state = study.state();
    let title = visit.say("Simulazione", "Simulation");
    let mut shown_page = StudyPage {
        shell: shell(&app, &visit, service, title),
        id: study.id,
        service: code.clone(),
        title: study.about.title.get(visit.lang).to_owned(),
        by: study.by.clone(),
        text: said(&state, visit.lang),
        over: state.is_over(),
        failed: matches!(state, StudyState::Failed(_)),
        answer: None,
        staffed: None,
    };
    if let StudyState::Done(outcome) = &state {
        match outcome.as_ref() {
            Outcome::WhatIf { known, answers, .. } => {
                let prepared = known.as_ref().as_ref().map_err(|why| nothing(why.clone()))?;
                let answer = shown(service, prepared, answers, (&visit, String::new()));
                shown_page.answer = Some(answer);
            }
            Outcome::Staffing { rules, question, demand, answer } => {
                let told = staffing::told((rules, question, demand), answer, visit.lang);
                shown_page.staffed = Some(told);
            }
            // Those have the review's own page.
            Outcome::Approval(_) => {}
        }
    }
    page(&shown_page)
}

/// What came of a study, as a file.
pub async fn export(
    State(app): State<Shared>,
    visit: Visit,
    Path((id, name)): Path<(String, String)>,
) -> Answer {
    let study = found(&app, &visit, &id)?;
    let missing = || Problem::missing("questo file non c'è", "there is no such file");
    let StudyState::Done(outcome) = study.state() else { return Err(missing()) };
    let Subject::Service(code) = &study.about.subject else { return Err(missing()) };
    let stem = format!("{code}-{}", study.id);
    let json =
        |value: &serde_json::Value| serde_json::to_vec_pretty(value).map_err(Problem::failed);
    match (outcome.as_ref(), name.as_str()) {
        (Outcome::WhatIf { known, answers, .. }, "answer.json" | "answer.csv") => {
            let prepared = known.as_ref().as_ref().map_err(|why| nothing(why.clone()))?;
            let (present, gate) = (&prepared.present, &prepared.gate);
            if name == "answer.csv" {
                let lines = document::lines(present, answers, gate);
                let csv = view::csv_of(&document::COLUMNS, &lines);
                return Ok(file("text/csv; charset=utf-8", &format!("whatif-{stem}.csv"), csv));
            }
            let bytes = json(&document::answers(present, answers, gate))?;
            Ok(file("application/json", &format!("whatif-{stem}.json"), bytes))
        }
        (Outcome::Staffing { rules, question, demand, answer }, "answer.json") => {
            let asked = soglia_app::staffed::Asked { rules, question, demand };
            let bytes = json(&soglia_app::staffed::document(&asked, answer))?;
            Ok(file("application/json", &format!("staffing-{stem}.json"), bytes))
        }
        _ => Err(missing()),
    }
}

/// How far a study is, as it goes on.
pub async fn events(
    State(app): State<Shared>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, std::convert::Infallible>>>, Problem> {
    let (state, lang) = (found(&app, &visit, &id)?.watch(), visit.lang);
    Ok(followed(state, move |now| said(now, lang)))
}

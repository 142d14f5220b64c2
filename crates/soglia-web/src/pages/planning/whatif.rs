//! The levers: a form that answers while it is moved. Read [`show`] first.

use askama::Template;
use axum::extract::{Path, State};
use soglia_app::whatif::document;
use soglia_app::whatif::levers::{Board, FILE, Lever};
use soglia_domain::text::Text;

use super::{Shown, answered, asked, board, pairs, present_now, shell, wanted};
use crate::access::Visit;
use crate::figures::{Choice, Look};
use crate::planning::nothing;
use crate::reply::{Answer, Problem, file, page};
use crate::shell::Shell;
use crate::state::Shared;
use crate::view;

#[derive(Template)]
#[template(path = "planning/whatif.html")]
struct WhatIfPage {
    shell: Shell,
    choice: Choice,
    service: String,
    period: String,
    weeks: usize,
    weeks_offered: [usize; 4],
    working: bool,
    empty: Option<String>,
    wrong: Option<String>,
    panels: Vec<PanelShown>,
    offered: Vec<(String, String)>,
    answer: Option<Shown>,
}

/// Levers about the same thing, as the form has them.
struct PanelShown {
    title: &'static str,
    about: String,
    levers: Vec<LeverShown>,
}

/// A lever with its address inside the page.
struct LeverShown {
    id: String,
    lever: Lever,
    now: String,
    range: Option<(i64, i64, i64)>,
}

fn panels(board: Board) -> Vec<PanelShown> {
    let mut n = 0;
    let mut one = |lever: Lever| {
        n += 1;
        let (now, range) = (lever.written(lever.now), lever.range());
        LeverShown { id: format!("lever-{n}"), now, range, lever }
    };
    let panels = board.panels.into_iter().map(|panel| PanelShown {
        title: panel.title,
        about: panel.about,
        levers: panel.levers.into_iter().map(&mut one).collect(),
    });
    panels.collect()
}

/// The levers and what they would do.
pub async fn show(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    let service = app.service(&visit, &code)?;
    let (wanted, choice) = wanted(&app, &visit, &code).await?;
    let offered = app.planning.offered(&code);
    let offered = offered
        .map(|one| (one.scenario.code.clone(), one.scenario.name.get(visit.lang).to_owned()));
    let mut shown_page = WhatIfPage {
        shell: shell(&app, &visit, service, visit.say("Che cosa cambierebbe", "What if")),
        period: choice.period.label().to_owned(),
        weeks: wanted.weeks,
        weeks_offered: super::WEEKS,
        working: false,
        empty: None,
        wrong: None,
        panels: Vec::new(),
        offered: offered.collect(),
        answer: None,
        service: code.clone(),
        choice,
    };
    let known = match app.planning.prepared(&app.figures, &wanted).await? {
        Look::Working => {
            shown_page.working = true;
            return page(&shown_page);
        }
        Look::Ready(known) => known,
    };
    let prepared = match known.as_ref() {
        Ok(prepared) => prepared,
        Err(why) => {
            shown_page.empty = Some(why.get(visit.lang).to_owned());
            return page(&shown_page);
        }
    };
    let mut levers = pairs(&visit.query);
    levers.retain(|(name, _)| name != "scenario");
    let found = match asked(&app, service, prepared, (&visit, &wanted, &levers)) {
        Ok(found) => found,
        Err(wrong) => {
            shown_page.wrong = Some(wrong.get(visit.lang).to_owned());
            let still = Board::new(&app.contract, service, &prepared.present, visit.lang);
            shown_page.panels = panels(still);
            return page(&shown_page);
        }
    };
    shown_page.panels = panels(found.board);
    match answered(&app, service, &known, (&visit, found.scenarios, found.query)).await? {
        Ok(answer) => shown_page.answer = Some(answer),
        Err(wrong) => shown_page.wrong = Some(wrong),
    }
    page(&shown_page)
}

/// What cannot be asked.
pub fn refused(why: Text) -> Problem {
    Problem::refused(axum::http::StatusCode::UNPROCESSABLE_ENTITY, why)
}

/// The answer, or the scenario that the levers describe, as a file.
pub async fn export(
    State(app): State<Shared>,
    visit: Visit,
    Path((code, name)): Path<(String, String)>,
) -> Answer {
    let service = app.service(&visit, &code)?;
    let (wanted, _) = wanted(&app, &visit, &code).await?;
    let known = present_now(&app, &wanted).await?.ok_or_else(crate::pages::services::later)?;
    let prepared = known.as_ref().as_ref().map_err(|why| nothing(why.clone()))?;
    let pairs = pairs(&visit.query);
    if name == FILE {
        let board = board(&app, service, prepared, (&visit, &pairs)).map_err(refused)?;
        return Ok(file("application/toml", FILE, board.toml()));
    }
    let found = asked(&app, service, prepared, (&visit, &wanted, &pairs)).map_err(refused)?;
    let answers = app.planning.answer(known.clone(), found.scenarios).await?;
    let present = &prepared.present;
    answer_file(&name, (&code, &wanted.period), |kind| match kind {
        "json" => {
            let document = document::answers(present, &answers, &prepared.gate);
            Ok(serde_json::to_vec_pretty(&document).map_err(Problem::failed)?)
        }
        _ => Ok(view::csv_of(
            &document::COLUMNS,
            &document::lines(present, &answers, &prepared.gate),
        )),
    })
}

/// An answer under its name: `answer.json`, `answer.csv`.
pub fn answer_file(
    name: &str,
    (code, period): (&str, &soglia_domain::period::Period),
    write: impl FnOnce(&str) -> Result<Vec<u8>, Problem>,
) -> Answer {
    let kind = match name {
        "answer.json" => "json",
        "answer.csv" => "csv",
        _ => return Err(Problem::missing("questo file non c'è", "there is no such file")),
    };
    let media = if kind == "json" { "application/json" } else { "text/csv; charset=utf-8" };
    let own = format!("whatif-{code}-{}.{kind}", period.label());
    Ok(file(media, &own, write(kind)?))
}

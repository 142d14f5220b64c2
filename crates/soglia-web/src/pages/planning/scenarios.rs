//! Several scenarios side by side. Read [`show`] first.

use askama::Template;
use axum::extract::{Path, State};

use super::whatif::refused;
use super::{Shown, answered, asked, pairs, shell, wanted};
use crate::access::Visit;
use crate::figures::{Choice, Look};
use crate::reply::{Answer, Problem, file, page};
use crate::shell::Shell;
use crate::state::Shared;

#[derive(Template)]
#[template(path = "planning/scenarios.html")]
struct ScenariosPage {
    shell: Shell,
    choice: Choice,
    service: String,
    period: String,
    weeks: usize,
    weeks_offered: [usize; 4],
    working: bool,
    empty: Option<String>,
    wrong: Option<String>,
    offered: Vec<OfferedShown>,
    /// Levers that were moved, by which the visitor came: sent along.
    moved: Vec<(String, String)>,
    answer: Option<Shown>,
}

/// A ready-made scenario.
struct OfferedShown {
    code: String,
    file: String,
    name: String,
    /// What it is about: as it says itself, or the remarks at the head of its file.
    about: String,
    chosen: bool,
}

/// The remarks that a file begins with, as one text.
pub fn about(text: &str) -> String {
    let lines = text.lines().take_while(|line| line.starts_with('#'));
    let words = lines.map(|line| line.trim_start_matches('#').trim());
    let first: Vec<&str> = words.take_while(|line| !line.is_empty()).collect();
    first.join(" ")
}

/// Scenarios, and what they would do.
pub async fn show(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    let service = app.service(&visit, &code)?;
    let (wanted, choice) = wanted(&app, &visit, &code).await?;
    let mut pairs = pairs(&visit.query);
    // Whoever chose nothing sees all of them.
    if !pairs.iter().any(|(name, _)| name == "scenario" || name == "chosen") {
        let all = app.planning.offered(&code);
        pairs.extend(all.map(|one| ("scenario".to_owned(), one.scenario.code.clone())));
    }
    let chosen = |code: &str| pairs.iter().any(|(name, one)| name == "scenario" && one == code);
    let offered = app.planning.offered(&code).map(|one| OfferedShown {
        code: one.scenario.code.clone(),
        file: one.name.clone(),
        name: one.scenario.name.get(visit.lang).to_owned(),
        about: one
            .scenario
            .about
            .as_ref()
            .map_or_else(|| about(&one.text), |about| about.get(visit.lang).to_owned()),
        chosen: chosen(&one.scenario.code),
    });
    let mut shown_page = ScenariosPage {
        shell: shell(&app, &visit, service, visit.say("Scenari a confronto", "Scenarios")),
        period: choice.period.label().to_owned(),
        weeks: wanted.weeks,
        weeks_offered: super::WEEKS,
        working: false,
        empty: None,
        wrong: None,
        offered: offered.collect(),
        moved: Vec::new(),
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
    let found = asked(&app, service, prepared, (&visit, &wanted, &pairs)).map_err(refused)?;
    shown_page.moved = found.board.pairs();
    match answered(&app, service, &known, (&visit, found.scenarios, found.query)).await? {
        Ok(answer) => shown_page.answer = Some(answer),
        Err(wrong) => shown_page.wrong = Some(wrong),
    }
    page(&shown_page)
}

/// A ready-made scenario's file.
pub async fn export(
    State(app): State<Shared>,
    visit: Visit,
    Path((code, name)): Path<(String, String)>,
) -> Answer {
    app.service(&visit, &code)?;
    let found = app.planning.offered(&code).find(|one| one.name == name);
    let found = found
        .ok_or_else(|| Problem::missing("questo scenario non c'è", "there is no such scenario"))?;
    Ok(file("application/toml", &found.name, found.text.clone()))
}

#[cfg(test)]
mod tests {
    use super::about;

    #[test]
    fn a_files_first_remarks_say_what_it_is_about() {
        let text = "# Una coda\n# prioritaria.\n#\n# Come si prova.\n\n[scenario]\n# no\n";
        assert_eq!(about(text), "Una coda prioritaria.");
        assert_eq!(about("[scenario]\n"), "");
    }
}

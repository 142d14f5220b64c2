//! Operators and shifts for the days to come. Read [`show`] first, then [`begin`].

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use jiff::civil::Date;
use soglia_app::demand::{Demand, INTERVAL_MINS};
use soglia_app::staffed::{Answer as Staff, Question, at, breaks, money, next_monday, staff};
use soglia_domain::text::{Label, Lang, Text};
use soglia_report::document::{Cell, Column, Table, TableStyle};
use soglia_report::format;
use soglia_sim::erlang::{ServiceLevelKind, positions};
use soglia_sim::staffing::cover::Cover;
use soglia_sim::staffing::plan::{Effort, Goal, Judgement, Scope};
use soglia_sim::staffing::rules::Rules;
use soglia_sim::tally::sum;

use super::forecast::{demand, no_calls};
use super::shell;
use super::studies::too_many;
use super::whatif::refused;
use crate::access::{Fields, Visit};
use crate::reply::{Answer, Problem, go, page};
use crate::shell::Shell;
use crate::state::Shared;
use crate::studies::{About, Outcome, Study, Subject};

/// The level that Erlang A must promise in every quarter-hour.
const FLOOR: f64 = 0.5;

/// A whole number that a question has.
pub struct Whole {
    /// Its name in forms and bodies.
    pub name: &'static str,
    /// What it says.
    pub label: Label,
    /// What holds where nobody says another.
    pub usual: Option<u32>,
    /// The least.
    pub min: u32,
    /// The most.
    pub max: u32,
}

const DAYS: Whole = Whole {
    name: "days",
    label: Label::new("Per quanti giorni", "For how many days"),
    usual: Some(7),
    min: 1,
    max: 14,
};
const LEVEL: Whole = Whole {
    name: "level",
    label: Label::new("Obiettivo: percento", "Goal: percent"),
    usual: Some(80),
    min: 1,
    max: 99,
};
const LIMIT: Whole = Whole {
    name: "limit",
    label: Label::new("entro secondi", "within seconds"),
    usual: Some(20),
    min: 1,
    max: 3600,
};
const PATIENCE: Whole = Whole {
    name: "patience",
    label: Label::new(
        "Pazienza media di chi chiama, in secondi",
        "Callers' mean patience, in seconds",
    ),
    usual: Some(120),
    min: 1,
    max: 3600,
};
const HANDLING: Whole = Whole {
    name: "aht",
    label: Label::new(
        "Durata media di una chiamata, in secondi (vuoto: quella registrata)",
        "Mean handling time, in seconds (empty: as recorded)",
    ),
    usual: None,
    min: 1,
    max: 7200,
};

/// Over what a goal holds: code, meaning, name.
pub const SCOPES: [(&str, Scope, Label); 3] = [
    ("whole", Scope::Whole, Label::new("su tutti i giorni insieme", "over all days together")),
    ("day", Scope::EachDay, Label::new("ogni giorno", "each day")),
    ("hour", Scope::EachHour, Label::new("ogni ora", "each hour")),
];

/// A question's numbers.
pub const NUMBERS: [Whole; 5] = [DAYS, LEVEL, LIMIT, PATIENCE, HANDLING];
/// A question's texts: the first day, over what the goal holds, the working rules.
pub const TEXTS: [&str; 3] = ["from", "scope", "rules"];

#[derive(Template)]
#[template(path = "planning/staffing.html")]
struct StaffingPage {
    shell: Shell,
    service: String,
    period: String,
    first: Option<Date>,
    goal: [Whole; 3],
    scopes: [(&'static str, Label); 3],
    callers: [Whole; 2],
    rules: String,
}

/// The form.
pub async fn show(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    let service = app.service(&visit, &code)?;
    let choice = app.figures.choice(&visit).await?;
    let known = demand(&app, &visit, &code).await?;
    let title = visit.say("Operatori e turni", "Operators and shifts");
    page(&StaffingPage {
        shell: shell(&app, &visit, service, title),
        service: code.clone(),
        period: choice.period.label().to_owned(),
        first: known.map(|known| next_monday(known.until)),
        goal: [DAYS, LEVEL, LIMIT],
        scopes: SCOPES.map(|(code, _, label)| (code, label)),
        callers: [PATIENCE, HANDLING],
        rules: app.planning.rules().to_owned(),
    })
}

impl Whole {
    /// Its value in what was sent, or what is usual.
    fn read(&self, sent: &Fields) -> Result<Option<u32>, Problem> {
        let Self { name, usual, min, max, .. } = self;
        let Some(text) = sent.some(name) else { return Ok(*usual) };
        let found = text.parse().ok().filter(|n| (*min..=*max).contains(n));
        let wrong = || {
            Problem::bad(
                &format!("`{name}` è un numero intero da {min} a {max}"),
                &format!("`{name}` is a whole number from {min} to {max}"),
            )
        };
        found.ok_or_else(wrong).map(Some)
    }

    /// The same where something is usual.
    fn needed(&self, sent: &Fields) -> Result<u32, Problem> {
        Ok(self.read(sent)?.unwrap_or(self.min))
    }
}

/// What is asked: what was not sent is as usual.
fn question(sent: &Fields, known: &Demand, threads: usize) -> Result<Question, Problem> {
    let first = match sent.some("from") {
        None => next_monday(known.until),
        Some(text) => text.parse().map_err(|_| {
            Problem::bad("`from` è una data: 2024-01-08", "`from` is a date: 2024-01-08")
        })?,
    };
    if first < known.until {
        return Err(Problem::bad(
            "`from`: quel giorno è passato, che cosa è arrivato si sa già",
            "`from`: that day is over, what came is known",
        ));
    }
    let scope = sent.some("scope").unwrap_or("whole");
    let scope = SCOPES.iter().find(|(code, ..)| *code == scope).ok_or_else(|| {
        let codes = SCOPES.map(|(code, ..)| format!("`{code}`")).join(", ");
        Problem::bad(&format!("`scope` è uno di {codes}"), &format!("`scope` is one of {codes}"))
    })?;
    Ok(Question {
        first,
        n_days: DAYS.needed(sent)?,
        goal: Goal {
            level: f64::from(LEVEL.needed(sent)?) / 100.0,
            limit_secs: LIMIT.needed(sent)?,
            kind: ServiceLevelKind::OfOffered,
            scope: scope.1,
            floor: FLOOR,
        },
        patience_secs: f64::from(PATIENCE.needed(sent)?),
        handling_secs: HANDLING.read(sent)?.map(f64::from),
        effort: Effort { threads, ..Effort::default() },
    })
}

/// Plans shifts, beside the requests.
pub async fn begin(
    State(app): State<Shared>,
    visit: Visit,
    Path(code): Path<String>,
    sent: Fields,
) -> Answer {
    let study = ask(&app, &visit, code, &sent).await?;
    Ok(go(&format!("/studies/{}", study.id)))
}

/// The same for pages and programs: what was sent says what is asked.
pub async fn ask(
    app: &Shared,
    visit: &Visit,
    code: String,
    sent: &Fields,
) -> Result<Arc<Study>, Problem> {
    let service = app.service(visit, &code)?.clone();
    let rules = sent.some("rules").unwrap_or_else(|| app.planning.rules());
    let rules = Rules::parse(rules, INTERVAL_MINS).map_err(|problem| {
        let said = format!("`rules`: {problem}");
        refused(Text::new(&said, &said))
    })?;
    let known = demand(app, visit, &code).await?.ok_or_else(no_calls)?;
    let question = question(sent, &known, app.planning.threads())?;
    let title = Text {
        it: format!("{}: turni dal {}", service.name.get(Lang::It), question.first),
        en: Some(format!("{}: shifts from {}", service.name.get(Lang::En), question.first)),
    };
    let by = visit.who()?.name.clone();
    let about = About { subject: Subject::Service(code), title };
    let begun = app.studies.begin(about, by, async move |_| {
        match staff(&service, &known, &rules, &question) {
            Ok(answer) => Ok(Outcome::Staffing { rules, question, demand: known, answer }),
            Err(problem) => Err(Text::new(
                &format!("non ci sono turni: {problem}"),
                &format!("there are no shifts: {problem}"),
            )),
        }
    });
    begun.ok_or_else(too_many)
}

/// Shifts as the page shows them.
pub struct Staffed {
    /// Whether the goal is reached, and what the shifts stand on.
    pub notes: Vec<String>,
    /// Whether the goal is reached.
    pub reached: bool,
    /// Shifts for Erlang A beside those chosen.
    pub compared: Table,
    /// A line for each day and shift.
    pub shifts: Table,
}

/// Makes shifts into tables.
pub fn told(
    (rules, question, known): (&Rules, &Question, &Demand),
    answer: &Staff,
    lang: Lang,
) -> Staffed {
    Staffed {
        notes: notes((rules, question, known), answer, lang),
        reached: question.goal.level <= answer.staffed.judged.lowest,
        compared: compared(rules, answer, lang),
        shifts: shifts(rules, answer, lang),
    }
}

fn percent(share: f64, lang: Lang) -> String {
    format!("{}%", format::decimal(lang, &format!("{:.2}", 100.0 * share)))
}

fn shifts(rules: &Rules, answer: &Staff, lang: Lang) -> Table {
    let say = |it: &'static str, en: &'static str| format::say(lang, it, en);
    let rows = answer.staffed.cover.shifts.iter().filter_map(|(shift, n)| {
        let (day, pattern) = (answer.work.days.get(shift.day)?, rules.patterns.get(shift.pattern)?);
        let pauses = breaks(pattern);
        let name =
            format!("{} {}", format::weekday_of(lang, day.date), format::day(lang, day.date));
        Some(vec![
            Cell::head(name),
            Cell::text(at(pattern.start())),
            Cell::text(at(pattern.end())),
            Cell::text(if pauses.is_empty() { "–".to_owned() } else { pauses }),
            Cell::text(format::integer(lang, u64::from(*n))),
        ])
    });
    Table {
        id: "t-shifts".to_owned(),
        caption: say("I turni", "The shifts").to_owned(),
        columns: vec![
            Column::text(say("Giorno", "Day"), 3.0),
            Column::number(say("Dalle", "From"), 1.5),
            Column::number(say("Alle", "To"), 1.5),
            Column::text(say("Pausa", "Break"), 2.0),
            Column::number(say("Operatori", "Operators"), 1.5),
        ],
        rows: rows.collect(),
        style: TableStyle::Plain,
    }
}

fn compared(rules: &Rules, answer: &Staff, lang: Lang) -> Table {
    let say = |it: &'static str, en: &'static str| format::say(lang, it, en);
    let staffed = &answer.staffed;
    let row = |name: &str, of: &dyn Fn(&Cover, &Judgement) -> String| {
        vec![
            Cell::head(name),
            Cell::text(of(&staffed.erlang_cover, &staffed.erlang_judged)),
            Cell::text(of(&staffed.cover, &staffed.judged)),
        ]
    };
    let hours = |mins: u64| format::decimal(lang, &format!("{:.2}", mins as f64 / 60.0));
    let mut rows = vec![
        row(say("Turni", "Shifts"), &|cover, _| cover.singles().len().to_string()),
        row(say("Ore pagate", "Paid hours"), &|cover, _| hours(cover.paid_mins)),
    ];
    if money(rules, 0).is_some() {
        rows.push(row(say("Costo", "Cost"), &|cover, _| {
            let text = money(rules, cover.cost).unwrap_or_default();
            let (amount, currency) = text.split_once(' ').unwrap_or((&text, ""));
            format!("{} {currency}", format::decimal(lang, amount))
        }));
    }
    rows.push(row(say("In tempo", "In time"), &|_, judged| {
        let half = format::decimal(lang, &format!("{:.2}", 100.0 * judged.level.half_width));
        format!("{} ± {half}", percent(judged.level.mean, lang))
    }));
    rows.push(row(say("Abbandonate", "Abandoned"), &|_, judged| {
        percent(sum(judged.hours.iter().flatten()).abandoned_share().unwrap_or(0.0), lang)
    }));
    rows.push(row(say("Occupazione", "Occupancy"), &|_, judged| percent(judged.occupancy, lang)));
    Table {
        id: "t-compared".to_owned(),
        caption: say(
            "I turni scelti accanto a quelli che chiede Erlang A",
            "The shifts chosen beside those that Erlang A asks for",
        )
        .to_owned(),
        columns: vec![
            Column::text(say("Che cosa", "What"), 3.0),
            Column::number("Erlang A", 2.0),
            Column::number(say("Scelti", "Chosen"), 2.0),
        ],
        rows,
        style: TableStyle::Plain,
    }
}

fn notes(
    (rules, question, known): (&Rules, &Question, &Demand),
    answer: &Staff,
    lang: Lang,
) -> Vec<String> {
    let judged = &answer.staffed.judged;
    let wanted = percent(question.goal.level, lang);
    let (lowest, n) = (percent(judged.lowest, lang), judged.level.n);
    let reached = question.goal.level <= judged.lowest;
    let verdict = match (reached, lang) {
        (true, Lang::It) => format!("Obiettivo del {wanted} raggiunto ({lowest})"),
        (true, Lang::En) => format!("Goal of {wanted} reached ({lowest})"),
        (false, Lang::It) => format!("Obiettivo del {wanted} non raggiunto: {lowest}"),
        (false, Lang::En) => format!("Goal of {wanted} not reached: {lowest}"),
    };
    let independent = match lang {
        Lang::It => format!("su {n} ripetizioni che non hanno avuto parte nella scelta."),
        Lang::En => format!("on {n} repetitions that had no part in the choice."),
    };
    let n_positions = answer.roster.positions.len();
    let away = percent(rules.cost.shrinkage, lang);
    let people = positions(u32::try_from(n_positions).unwrap_or(0), rules.cost.shrinkage);
    let people = people.map_or_else(|_| "–".to_owned(), |n| n.to_string());
    let least = answer.roster.at_least;
    let secs = answer.callers.handling.mean_secs().unwrap_or(0.0);
    let secs = format::decimal(lang, &format!("{secs:.0}"));
    let recorded = known.handling.filter(|_| question.handling_secs.is_none());
    let calls = recorded.map_or_else(String::new, |known| format!(" ({})", known.n));
    let patience = format::decimal(lang, &format!("{:.0}", question.patience_secs));
    vec![
        format!("{verdict} {independent}"),
        match lang {
            Lang::It => format!(
                "Posti per coprire i turni: {n_positions}, non meno di {least}; con il {away} di \
                 assenze servono {people} persone."
            ),
            Lang::En => format!(
                "Positions that work the shifts: {n_positions}, no fewer than {least}; with {away} \
                 away, {people} people are needed."
            ),
        },
        match lang {
            Lang::It => format!(
                "Durata media di una chiamata {secs} s{calls}; pazienza {patience} s. Un solo \
                 gruppo di operatori che fanno tutti lo stesso lavoro."
            ),
            Lang::En => format!(
                "Mean handling time {secs} s{calls}; patience {patience} s. One pool of operators \
                 who all do the same work."
            ),
        },
    ]
}

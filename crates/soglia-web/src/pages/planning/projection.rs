//! What a running period still needs. Read [`show`] first.

use askama::Template;
use axum::extract::{Path, State};
use jiff::civil::Date;
use serde_json::{Value, json};
use soglia_app::projected::{Projected, project};
use soglia_domain::contract::Service;
use soglia_domain::ratio::Rounding;
use soglia_domain::text::Lang;
use soglia_ledger::status;
use soglia_measure::measure::print_value;
use soglia_report::document::{Badge, Cell, Column, Table, TableStyle, Tone};
use soglia_report::format;
use soglia_sim::projection::Outlook;

use super::shell;
use crate::access::Visit;
use crate::engine;
use crate::figures::Choice;
use crate::reply::{Answer, Problem, page};
use crate::shell::Shell;
use crate::state::{App, Shared};

#[derive(Template)]
#[template(path = "planning/projection.html")]
struct ProjectionPage {
    shell: Shell,
    choice: Choice,
    service: String,
    period: String,
    as_of: Option<Date>,
    until: Date,
    table: Option<Table>,
    notes: Vec<String>,
}

/// The projection of a period, and the first day that is still to come.
async fn found(
    app: &App,
    visit: &Visit,
    (service, choice): (&Service, &Choice),
) -> Result<Option<(Date, Vec<Projected>)>, Problem> {
    let asked = visit.parameter("as_of").map(|text| {
        text.parse::<Date>().map_err(|_| {
            Problem::bad("`as_of` è una data: 2023-11-01", "`as_of` is a date: 2023-11-01")
        })
    });
    let asked = asked.transpose()?;
    let session = app.figures.session().await?;
    let (ledger, contract) = (app.ledger.clone(), app.contract.clone());
    let (period, code, lang) = (choice.period.clone(), service.code.clone(), visit.lang);
    engine::run(async move || {
        let as_of = if asked.is_some() {
            asked
        } else {
            let coverage = status::coverage(&session).await?;
            let last = coverage.values().filter_map(|days| days.keys().next_back()).max();
            last.and_then(|day| day.tomorrow().ok())
        };
        let Some(as_of) = as_of else { return Ok(None) };
        let of = (&*contract, &period);
        let found = project((&ledger, &session), of, as_of, Some(&code), lang).await?;
        Ok(Some((as_of, found)))
    })
    .await
}

/// The same for programs.
pub async fn document(app: &App, visit: &Visit, service: &Service) -> Result<Value, Problem> {
    let choice = app.figures.choice(visit).await?;
    let found = found(app, visit, (service, &choice)).await?;
    let (as_of, found) = found.ok_or_else(super::forecast::no_calls)?;
    let session = app.figures.session().await?;
    Ok(json!({
        "schema": "soglia.projection/1",
        "contract": { "code": app.contract.code, "sha256": app.contract.file_hash },
        "period": choice.period.label(),
        "as_of": as_of.to_string(),
        "ledger": { "import_no": session.import_no() },
        "indicators": found.iter().map(Projected::document).collect::<Vec<_>>(),
    }))
}

/// Whether targets can still be met, and what it takes.
pub async fn show(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    let service = app.service(&visit, &code)?;
    let choice = app.figures.choice(&visit).await?;
    let found = found(&app, &visit, (service, &choice)).await?;
    let title = visit.say("Si può ancora raggiungere?", "Can it still be met?");
    page(&ProjectionPage {
        shell: shell(&app, &visit, service, title),
        service: code.clone(),
        period: choice.period.label().to_owned(),
        as_of: found.as_ref().map(|(as_of, _)| *as_of),
        until: choice.period.until_date(),
        table: found.as_ref().map(|(_, found)| table(found, visit.lang)),
        notes: found.as_ref().map(|(_, found)| notes(found, visit.lang)).unwrap_or_default(),
        choice,
    })
}

/// A count, or hours where milliseconds of agreed time are counted.
fn amount(n: u64, unit: &str, lang: Lang) -> String {
    if unit == "ms" {
        return format::decimal(lang, &format!("{:.1}", n as f64 / 3_600_000.0)) + " h";
    }
    format::integer(lang, n)
}

/// A target's text as people of the language write it.
fn target(text: &str, lang: Lang) -> String {
    let text = text.replace(">=", "≥").replace("<=", "≤");
    match lang {
        Lang::It => text.replace('.', ","),
        Lang::En => text,
    }
}

const fn tone(outlook: Outlook) -> Tone {
    match outlook {
        Outlook::Certain => Tone::Good,
        Outlook::Possible { .. } => Tone::Attention,
        Outlook::Impossible { .. } => Tone::Bad,
        Outlook::Empty => Tone::Neutral,
    }
}

fn table(found: &[Projected], lang: Lang) -> Table {
    let say = |it: &'static str, en: &'static str| format::say(lang, it, en);
    let row = |p: &Projected| {
        let count = |n: u64| amount(n, p.counts_unit, lang);
        let value = print_value(p.so_far.met, p.so_far.counted, Rounding::half_up(2));
        let value = value.map_or_else(
            || format::not_applicable(lang).to_owned(),
            |value| format!("{}%", format::decimal(lang, &value)),
        );
        let chance = p.likely.as_ref().map(|likely| {
            let share = 100.0 * f64::from(likely.met) / f64::from(likely.n_trials.max(1));
            format!("{}%", format::decimal(lang, &format!("{share:.1}")))
        });
        let badge = Badge { text: p.outlook_name(lang).to_owned(), tone: tone(p.outlook) };
        let name = Cell { small: vec![p.name.clone()], ..Cell::head(&p.indicator) };
        vec![
            name,
            Cell::text(format!("{} / {}", count(p.so_far.met), count(p.so_far.counted))),
            Cell::text(value),
            Cell::text(target(&p.target, lang)),
            Cell::text(format::integer(lang, u64::from(p.n_days))),
            Cell::text(count(p.rest)),
            Cell::text(p.wrong_max().map_or_else(|| "–".to_owned(), count)),
            Cell { badge: Some(badge), ..Cell::default() },
            Cell::text(chance.unwrap_or_else(|| "–".to_owned())),
        ]
    };
    Table {
        id: "t-projection".to_owned(),
        caption: say("Che cosa serve ancora", "What is still needed").to_owned(),
        columns: vec![
            Column::text(say("Indicatore", "Indicator"), 2.0),
            Column::number(say("Finora", "So far"), 2.0),
            Column::number(say("Valore", "Value"), 1.5),
            Column::number(say("Obiettivo", "Target"), 1.5),
            Column::number(say("Giorni che restano", "Days left"), 1.5),
            Column::number(say("Casi che restano", "Still to come"), 1.5),
            Column::number(say("Di questi, al più male", "Of them, wrong at most"), 1.5),
            Column::text(say("Esito", "Outlook"), 1.5),
            Column::number(say("Probabilità", "Chance"), 1.5),
        ],
        rows: found.iter().map(row).collect(),
        style: TableStyle::Plain,
    }
}

fn notes(found: &[Projected], lang: Lang) -> Vec<String> {
    let mut notes = Vec::new();
    for p in found {
        let code = &p.indicator;
        if let Outlook::Impossible { enough } = p.outlook {
            let rest = amount(p.rest, p.counts_unit, lang);
            notes.push(match (enough.map(|n| amount(n, p.counts_unit, lang)), lang) {
                (Some(n), Lang::It) => format!(
                    "{code}: per tornare all'obiettivo ne servirebbero altri {n} ({rest} attesi), \
                     tutti andati bene."
                ),
                (Some(n), Lang::En) => format!(
                    "{code}: {n} more would be needed to reach the target ({rest} expected), all \
                     going well."
                ),
                (None, Lang::It) => format!("{code}: nessun numero di casi basterebbe."),
                (None, Lang::En) => format!("{code}: no number of items would be enough."),
            });
        }
        if let Some([low, middle, high]) = p.likely.as_ref().and_then(|likely| likely.share) {
            let share = |share: f64| format::decimal(lang, &format!("{:.2}", 100.0 * share));
            let (low, middle, high) = (share(low), share(middle), share(high));
            notes.push(match lang {
                Lang::It => format!(
                    "{code}: a fine periodo {middle}% (da {low} a {high} in 9 prove su 10), se i \
                     giorni che restano vanno come gli ultimi quattro uguali."
                ),
                Lang::En => format!(
                    "{code}: {middle}% at the end ({low} to {high} in 9 of 10 trials), if the days \
                     that are left go like the last four of the same weekday."
                ),
            });
        }
    }
    notes
}

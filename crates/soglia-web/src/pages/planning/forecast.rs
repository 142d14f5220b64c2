//! How many calls will come. Read [`show`] first.

use askama::Template;
use axum::extract::{Path, State};
use jiff::civil::Date;
use serde_json::Value;
use soglia_app::demand::Demand;
use soglia_app::forecasted::{self, Asked, Made, MakeError, SCHEMA, Which, clock};
use soglia_domain::contract::Service;
use soglia_domain::text::{Lang, Text};
use soglia_report::chart::trend::{self, Trend};
use soglia_report::document::{Cell, Column, Figure, Table, TableStyle};
use soglia_report::format;
use soglia_sim::forecast::{DayForecast, ForecastError, Method};

use super::shell;
use super::whatif::refused;
use crate::access::Visit;
use crate::engine;
use crate::reply::{Answer, Problem, page};
use crate::shell::Shell;
use crate::state::{App, Shared};

/// Share of counts that a band holds.
const LEVEL: f64 = 0.9;
/// Weeks of the past on which the method is tried.
const BACKTEST_WEEKS: u32 = 8;

#[derive(Template)]
#[template(path = "planning/forecast.html")]
struct ForecastPage {
    shell: Shell,
    service: String,
    period: String,
    date: String,
    weeks: u32,
    /// Code, name, and whether it is the one that was asked for.
    methods: Vec<(&'static str, &'static str, bool)>,
    /// The query of the same forecast for programs.
    query: String,
    empty: Option<String>,
    notes: Vec<String>,
    figure: Option<Figure>,
    tables: Vec<Table>,
}

/// What a visitor asks for: a day, or some weeks.
fn which(visit: &Visit) -> Result<Which, Problem> {
    if let Some(text) = visit.parameter("date") {
        let date = text.parse().map_err(|_| {
            Problem::bad("`date` è una data: 2024-01-08", "`date` is a date: 2024-01-08")
        });
        return Ok(Which::Day(date?));
    }
    let weeks = visit.parameter("weeks").map_or(Some(1), |text| text.parse().ok());
    let weeks = weeks.filter(|weeks| (1..=8).contains(weeks));
    Ok(Which::Weeks(
        weeks.ok_or_else(|| Problem::bad("`weeks` va da 1 a 8", "`weeks` is from 1 to 8"))?,
    ))
}

/// By which method: the usual one if none is named.
fn method(visit: &Visit) -> Result<Method, Problem> {
    let named = visit.parameter("method").map(|name| Method::from_name(&name));
    named.unwrap_or(Some(Method::Usual)).ok_or_else(|| {
        let names: Vec<&str> = Method::ALL.iter().map(|method| method.name()).collect();
        let names = names.join(", ");
        Problem::bad(
            &format!("`method` è uno di: {names}"),
            &format!("`method` is one of: {names}"),
        )
    })
}

/// What a method is called where it can be chosen.
fn called(method: Method, lang: Lang) -> &'static str {
    let say = |it, en| format::say(lang, it, en);
    match method {
        Method::Usual => say("quello consueto", "the usual one"),
        Method::MeanOfFour => say("media di quattro giorni", "mean of four days"),
        Method::MedianOfSix => say("mediana di sei giorni", "median of six days"),
        Method::LastWeek => say("la settimana prima", "the week before"),
        Method::Seasonal => say("modello stagionale", "seasonal model"),
    }
}

/// What is known of a service's calls as a load.
pub async fn demand(app: &App, visit: &Visit, code: &str) -> Result<Option<Demand>, Problem> {
    let session = app.figures.session().await?;
    let (contract, code, lang) = (app.contract.clone(), code.to_owned(), visit.lang);
    engine::run(async move || {
        let Some(service) = contract.service(&code) else { return Ok(None) };
        Ok(Demand::read(&session, &contract, service, None, lang).await?)
    })
    .await
}

/// The forecast itself, with what it stands on; nothing where no call is known.
pub async fn made(
    app: &App,
    visit: &Visit,
    service: &Service,
) -> Result<Option<(Made, Demand)>, Problem> {
    let (which, method) = (which(visit)?, method(visit)?);
    let Some(demand) = demand(app, visit, &service.code).await? else { return Ok(None) };
    let asked = Asked {
        which,
        method,
        level: LEVEL,
        backtest_weeks: BACKTEST_WEEKS,
        // A day that is over is told in hindsight, from its morning.
        present: match which {
            Which::Day(date) => Some(date.at(0, 0, 0, 0)),
            Which::Weeks(_) => None,
        },
    };
    let own = service.clone();
    engine::run(async move || match forecasted::make(&own, &demand, &asked) {
        Ok(made) => Ok(Some((made, demand))),
        Err(MakeError::Forecast(error)) => Err(not_forecast(&error)),
        Err(error) => Err(refused(Text::new(&error.to_string(), &error.to_string()))),
    })
    .await
}

fn not_forecast(error: &ForecastError) -> Problem {
    let earlier = "importare settimane precedenti";
    let (text, hint) = match error {
        ForecastError::TooShort(_) => (
            "il modello stagionale chiede due settimane intere di dati",
            format!("{earlier}, o scegliere la media degli stessi giorni"),
        ),
        ForecastError::Model(_) => (
            "il modello stagionale non si adatta a questi dati",
            "scegliere la media degli stessi giorni".to_owned(),
        ),
        ForecastError::NoReference { .. } | ForecastError::Interval(_) => (
            "per quel giorno non c'è un passato da cui prevedere",
            format!("{earlier}, o chiedere giorni in cui il servizio è aperto come prima"),
        ),
    };
    let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
    let text = Text::new(text, &error.to_string());
    Problem::Refused { status, text, hint: Some(Text::new(&hint, error.hint())) }
}

/// The same for programs.
pub async fn document(app: &App, visit: &Visit, service: &Service) -> Result<Value, Problem> {
    let found = made(app, visit, service).await?;
    let (made, demand) = found.ok_or_else(no_calls)?;
    let session = app.figures.session().await?;
    Ok(serde_json::json!({
        "schema": SCHEMA,
        "contract": { "code": app.contract.code, "sha256": app.contract.file_hash },
        "service": service.code,
        "ledger": { "import_no": session.import_no() },
        "forecast": forecasted::document(&made, &demand),
    }))
}

/// No call of the service is known.
pub fn no_calls() -> Problem {
    Problem::missing(
        "di questo servizio non ci sono chiamate arrivate a una coda",
        "there are no calls of this service that reached a queue",
    )
}

/// What will come, and how sure that is.
pub async fn show(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    let service = app.service(&visit, &code)?;
    let choice = app.figures.choice(&visit).await?;
    let title = visit.say("Previsione delle chiamate", "Forecast of calls");
    let (which, chosen) = (which(&visit)?, method(&visit)?);
    let asked = match which {
        Which::Weeks(weeks) => format!("weeks={weeks}"),
        Which::Day(date) => format!("date={date}"),
    };
    let mut shown = ForecastPage {
        shell: shell(&app, &visit, service, title),
        service: code.clone(),
        period: choice.period.label().to_owned(),
        date: visit.parameter("date").unwrap_or_default(),
        weeks: match which {
            Which::Weeks(weeks) => weeks,
            Which::Day(_) => 1,
        },
        methods: Method::ALL
            .iter()
            .map(|method| (method.name(), called(*method, visit.lang), *method == chosen))
            .collect(),
        query: format!("{asked}&method={}", chosen.name()),
        empty: None,
        notes: Vec::new(),
        figure: None,
        tables: Vec::new(),
    };
    match made(&app, &visit, service).await? {
        None => {
            let text = "Di questo servizio non ci sono chiamate arrivate a una coda.";
            let en = "There are no calls of this service that reached a queue.";
            shown.empty = Some(visit.say(text, en).to_owned());
        }
        Some((made, demand)) => {
            shown.notes = notes(&made, visit.lang);
            let days = days(&made, &demand, visit.lang);
            match made.days.as_slice() {
                [day] => {
                    let hours = hours(day, visit.lang);
                    shown.figure = Some(drawn(&hours, day.date, visit.lang));
                    shown.tables = vec![days, hours];
                }
                _ => shown.tables = vec![days],
            }
        }
    }
    page(&shown)
}

fn number(n: f64, decimals: usize, lang: Lang) -> String {
    format::decimal(lang, &format!("{n:.decimals$}"))
}

/// A line for each day.
fn days(made: &Made, demand: &Demand, lang: Lang) -> Table {
    let say = |it: &'static str, en: &'static str| format::say(lang, it, en);
    let row = |day: &DayForecast| {
        let why = demand.special.get(&day.date).map(String::as_str).unwrap_or_default();
        let name =
            format!("{} {}", format::weekday_of(lang, day.date), format::day(lang, day.date));
        let closed = day.references.is_empty();
        let behind = if closed {
            say("chiuso", "closed").to_owned()
        } else {
            forecasted::behind(day, lang, |date| format::day(lang, date))
        };
        let band = format!("{} – {}", day.band.low, day.band.high);
        vec![
            Cell::head(name),
            Cell::text(if closed { "0".to_owned() } else { number(day.total, 0, lang) }),
            Cell::text(if closed { "–".to_owned() } else { band }),
            Cell::text(format!("{behind} {why}").trim().to_owned()),
        ]
    };
    Table {
        id: "t-days".to_owned(),
        caption: say("Chiamate attese, giorno per giorno", "Calls expected, day by day").to_owned(),
        columns: vec![
            Column::text(say("Giorno", "Day"), 3.0),
            Column::number(say("Chiamate", "Calls"), 1.5),
            Column::number(say("In 9 casi su 10", "In 9 cases of 10"), 2.0),
            Column::text(say("Giorni alla base", "Days behind it"), 5.0),
        ],
        rows: made.days.iter().map(row).collect(),
        style: TableStyle::Plain,
    }
}

/// A line for each quarter of an hour.
fn hours(day: &DayForecast, lang: Lang) -> Table {
    let say = |it: &'static str, en: &'static str| format::say(lang, it, en);
    let rows = day.intervals.iter().map(|interval| {
        vec![
            Cell::head(clock(Some(interval.from_mins))),
            Cell::text(number(interval.mean, 1, lang)),
            Cell::text(format!("{} – {}", interval.band.low, interval.band.high)),
        ]
    });
    Table {
        id: "t-quarters".to_owned(),
        caption: say("Chiamate attese, quarto d'ora per quarto d'ora", "Calls by quarter-hour")
            .to_owned(),
        columns: vec![
            Column::text(say("Dalle", "From"), 2.0),
            Column::number(say("Chiamate", "Calls"), 2.0),
            Column::number(say("In 9 casi su 10", "In 9 cases of 10"), 2.0),
        ],
        rows: rows.collect(),
        style: TableStyle::Plain,
    }
}

/// The day's quarter-hours as a line.
fn drawn(table: &Table, date: Date, lang: Lang) -> Figure {
    let cell = |row: &Vec<Cell>, at: usize| {
        row.get(at).and_then(|cell| cell.lines.first()).cloned().unwrap_or_default()
    };
    let value = |row: &Vec<Cell>| {
        let text = cell(row, 1);
        let plain = text.replace('.', "").replace(',', ".");
        let parsed = if lang == Lang::It { plain } else { text.replace(',', "") };
        Some((parsed.parse().ok()?, String::new()))
    };
    let caption = match lang {
        Lang::It => format!("Chiamate attese il {}", format::day(lang, date)),
        Lang::En => format!("Calls expected on {}", format::day(lang, date)),
    };
    let drawing = Trend {
        months: table.rows.iter().map(|row| cell(row, 0)).collect(),
        lines: vec![trend::Line {
            name: format::say(lang, "chiamate", "calls").to_owned(),
            points: table.rows.iter().map(value).collect(),
        }],
        bound: None,
    };
    let id = "f-forecast".to_owned();
    let svg = trend::draw(&id, (&caption, &caption), &drawing);
    Figure { id, alt: caption.clone(), caption, svg, table: table.clone(), plot: None }
}

/// How wrong the method was, beside what nobody can know.
fn notes(made: &Made, lang: Lang) -> Vec<String> {
    let share = |share: f64| number(100.0 * share, 1, lang);
    let until = format::day(lang, made.until);
    let spread = share(made.spread.day);
    let how = forecasted::explained(made.method);
    let how = how.get(lang);
    let mut notes = vec![match lang {
        Lang::It => format!(
            "Con i dati fino al {until} escluso: {how}. Oltre al caso i giorni si scostano del \
             {spread}%."
        ),
        Lang::En => {
            format!("By the data before {until}: {how}. Beyond chance days stray by {spread}%.")
        }
    }];
    for (ahead, errors) in &made.errors {
        let Some(e) = errors else { continue };
        let (days, floor) = (share(e.wape_days()), share(e.floor_days()));
        let (quarters, least) = (share(e.wape_intervals()), share(e.floor_intervals()));
        let (held, weeks) = (share(e.held_days()), made.backtest_weeks);
        notes.push(match lang {
            Lang::It => format!(
                "Provato sulle ultime {weeks} settimane con {ahead} d di anticipo: errore dei \
                 giorni {days}% (il solo caso: {floor}%), dei quarti d'ora {quarters}% ({least}%); \
                 nella fascia {held}% dei giorni."
            ),
            Lang::En => format!(
                "Tried on the last {weeks} weeks, {ahead} d ahead: error of days {days}% \
                 (chance alone: {floor}%), of quarter-hours {quarters}% ({least}%); within the \
                 band {held}% of days."
            ),
        });
    }
    notes
}

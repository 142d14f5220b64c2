//! `soglia forecast`. Read [`run`] first.

use std::io::Write;

use jiff::civil::{Date, DateTime};
use serde_json::json;
use soglia_app::demand::Demand;
use soglia_app::forecasted::{
    Asked, Made, MakeError, SCHEMA, Which, behind, clock, document, make,
};
use soglia_domain::contract::Service;
use soglia_domain::text::Lang;
use soglia_sim::forecast::{DayForecast, ForecastError, Method};

use super::opened;
use super::projection::{date, unknown_service};
use crate::cli::{Forecast, ForecastGrain, OutputFormat};
use crate::config::Settings;
use crate::error::{DONE, Done, Failure};
use crate::output::{Table, localised};

/// Forecasts a service's calls.
pub async fn run(settings: &Settings, args: Forecast) -> Done {
    let (contract, _, session) = opened(settings).await?;
    let service =
        contract.service(&args.service).ok_or_else(|| unknown_service(&contract, &args.service))?;
    let present = args.as_of.as_deref().map(present).transpose()?;
    let lang = settings.lang;
    let demand = Demand::read(&session, &contract, service, None, lang).await?;
    let demand = demand.ok_or_else(|| no_calls(&args.service))?;
    let which = match (args.date.as_deref(), args.weeks) {
        (Some(text), _) => Which::Day(date("--date", text)?),
        (None, weeks) => Which::Weeks(weeks.unwrap_or(1)),
    };
    let asked = Asked {
        which,
        method: Method::from_name(&args.method).unwrap_or(Method::Usual),
        level: level(&args.level)?,
        backtest_weeks: args.backtest,
        present,
    };
    let made = make(service, &demand, &asked).map_err(not_made)?;
    let mut out = std::io::stdout().lock();
    match args.format {
        OutputFormat::Table => print(&made, &demand, (service, args.grain, lang), &mut out)?,
        OutputFormat::Csv => lines(&made, args.grain).print_csv(&mut out)?,
        OutputFormat::Json => {
            let json = json!({
                "schema": SCHEMA,
                "contract": { "code": contract.code, "sha256": contract.file_hash },
                "service": service.code,
                "ledger": { "import_no": session.import_no() },
                "forecast": document(&made, &demand),
            });
            let text = serde_json::to_string_pretty(&json).map_err(Failure::internal)?;
            writeln!(out, "{text}")?;
        }
    }
    Ok(DONE)
}

pub(super) fn no_calls(service: &str) -> Failure {
    Failure::no_data(format!("the ledger has no calls of `{service}` that reached a queue"))
        .hint("`soglia ledger status` shows what it has")
}

fn not_made(problem: MakeError) -> Failure {
    match problem {
        MakeError::Over(_) => {
            Failure::usage(problem).hint("add `--as-of` with that day to forecast it in hindsight")
        }
        MakeError::Forecast(problem) => refused(&problem),
    }
}

pub(super) fn refused(problem: &ForecastError) -> Failure {
    let failure = match problem {
        ForecastError::Interval(_) | ForecastError::Model(_) => Failure::usage(problem),
        ForecastError::NoReference { .. } | ForecastError::TooShort(_) => Failure::no_data(problem),
    };
    failure.hint(problem.hint())
}

/// `2023-12-15` or `2023-12-15T11:00`.
fn present(text: &str) -> Result<DateTime, Failure> {
    if text.contains('T') {
        return text.parse().map_err(|_| {
            Failure::usage(format!("`--as-of` must be a date and a time, found `{text}`"))
                .hint("e.g. 2023-12-15T11:00")
        });
    }
    Ok(date("--as-of", text)?.at(0, 0, 0, 0))
}

fn level(text: &str) -> Result<f64, Failure> {
    let percent = text.trim_end_matches('%').trim().parse::<f64>().ok();
    percent.map(|percent| percent / 100.0).filter(|level| 0.0 < *level && *level < 1.0).ok_or_else(
        || {
            Failure::usage(format!("`--level` must be between 0 and 100 %, found `{text}`"))
                .hint("e.g. 90%")
        },
    )
}

/// A line of a forecast.
struct Line {
    date: Date,
    at: Option<u16>,
    mean: f64,
    band: Option<(u64, u64)>,
    n_references: usize,
}

/// Quarter-hours and days have bands; hours are sums of quarter-hours, whose bands do not add up.
fn of_grain(made: &Made, grain: ForecastGrain) -> Vec<Line> {
    let of_day = |day: &DayForecast| -> Vec<Line> {
        let quarter = |i: &soglia_sim::forecast::IntervalForecast| Line {
            date: day.date,
            at: Some(i.from_mins),
            mean: i.mean,
            band: Some((i.band.low, i.band.high)),
            n_references: i.n_references,
        };
        match grain {
            ForecastGrain::Day => vec![Line {
                date: day.date,
                at: None,
                mean: day.total,
                band: Some((day.band.low, day.band.high)),
                n_references: day.references.len(),
            }],
            ForecastGrain::Quarter => day.intervals.iter().map(quarter).collect(),
            ForecastGrain::Hour => {
                let mut hours: Vec<Line> = Vec::new();
                for line in day.intervals.iter().map(quarter) {
                    let at = line.at.map(|at| at / 60 * 60);
                    match hours.last_mut() {
                        Some(hour) if hour.at == at => {
                            hour.mean += line.mean;
                            hour.n_references = hour.n_references.min(line.n_references);
                        }
                        _ => hours.push(Line { at, band: None, ..line }),
                    }
                }
                hours
            }
        }
    };
    made.days.iter().flat_map(of_day).collect()
}

fn lines(made: &Made, grain: ForecastGrain) -> Table {
    let mut table = Table::new(["date", "from", "calls", "low", "high", "days_behind"]);
    for line in of_grain(made, grain) {
        let edge = |edge: Option<u64>| edge.map_or_else(String::new, |n| n.to_string());
        table.row([
            line.date.to_string(),
            clock(line.at),
            format!("{:.2}", line.mean),
            edge(line.band.map(|(low, _)| low)),
            edge(line.band.map(|(_, high)| high)),
            line.n_references.to_string(),
        ]);
    }
    table
}

fn print(
    made: &Made,
    demand: &Demand,
    (service, grain, lang): (&Service, ForecastGrain, Lang),
    out: &mut impl Write,
) -> Result<(), Failure> {
    let name = service.name.get(lang);
    let percent = localised(&format!("{:.0}", 100.0 * made.level), lang);
    let heads = match lang {
        Lang::It => {
            writeln!(out, "{name} · chiamate attese, con i dati fino al {} escluso\n", made.until)?;
            ["data", "dalle", "chiamate", "da", "a", "giorni alla base"]
        }
        Lang::En => {
            writeln!(out, "{name} · calls expected from data before {}\n", made.until)?;
            ["date", "from", "calls", "low", "high", "days behind"]
        }
    };
    let mut table = Table::new(heads);
    for line in of_grain(made, grain) {
        let edge = |edge: Option<u64>| edge.map_or_else(|| "–".to_owned(), |n| n.to_string());
        table.row([
            line.date.to_string(),
            clock(line.at),
            localised(&format!("{:.1}", line.mean), lang),
            edge(line.band.map(|(low, _)| low)),
            edge(line.band.map(|(_, high)| high)),
            line.n_references.to_string(),
        ]);
    }
    table.print(out)?;
    writeln!(out)?;
    days(made, demand, lang, out)?;
    notes(made, (&percent, lang), out)
}

/// What each day stands on.
fn days(made: &Made, demand: &Demand, lang: Lang, out: &mut impl Write) -> Result<(), Failure> {
    for day in &made.days {
        let date = day.date;
        let why = demand.special.get(&date).map_or_else(String::new, |why| format!(" ({why})"));
        if day.references.is_empty() {
            match lang {
                Lang::It => writeln!(out, "{date}{why}: chiuso")?,
                Lang::En => writeln!(out, "{date}{why}: closed")?,
            }
            continue;
        }
        let (total, low, high) = (format!("{:.0}", day.total), day.band.low, day.band.high);
        let behind = behind(day, lang, |date| date.to_string());
        match lang {
            Lang::It => writeln!(out, "{date}{why}: {total} chiamate ({low}–{high}); {behind}")?,
            Lang::En => writeln!(out, "{date}{why}: {total} calls ({low}–{high}); {behind}")?,
        }
        for left in &day.left_out {
            let why = demand.special.get(left).map_or("", String::as_str);
            let why = match (why, lang) {
                ("", Lang::It) => "senza dati",
                ("", Lang::En) => "no data",
                (why, _) => why,
            };
            match lang {
                Lang::It => writeln!(out, "  escluso {left}: {why}")?,
                Lang::En => writeln!(out, "  left out {left}: {why}")?,
            }
        }
        let unknown: Vec<String> = day.unknown().map(|at| clock(Some(at))).collect();
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            match lang {
                Lang::It => writeln!(out, "  orari mai aperti prima, ignoti: {unknown}")?,
                Lang::En => writeln!(out, "  hours never open before, unknown: {unknown}")?,
            }
        }
    }
    Ok(())
}

/// The begun day, the band, and how wrong the method was.
fn notes(made: &Made, (percent, lang): (&str, Lang), out: &mut impl Write) -> Result<(), Failure> {
    let number = |x: f64, decimals: usize| localised(&format!("{x:.decimals$}"), lang);
    let of_share = |share: f64| number(100.0 * share, 1);
    if let Some(update) = &made.update {
        let (ratio, weight) = (of_share(update.ratio), number(update.weight, 2));
        let (factor, n) = (number(update.factor, 3), update.n_days);
        match lang {
            Lang::It => writeln!(
                out,
                "giornata iniziata: {ratio} % dell'atteso; il resto è moltiplicato per {factor} \
                 (peso {weight}, da {n} giorni)",
            )?,
            Lang::En => writeln!(
                out,
                "the day has begun: {ratio} % of what was expected; the rest is multiplied by \
                 {factor} (weight {weight}, from {n} days)",
            )?,
        }
    }
    let (of_days, of_intervals) = (of_share(made.spread.day), of_share(made.spread.interval));
    let n = made.spread.n_days;
    match (lang, n) {
        (Lang::It, 0) => writeln!(
            out,
            "fascia del {percent} %: oltre al caso, scarto dei giorni {of_days} % supposto (storia \
             breve)",
        )?,
        (Lang::En, 0) => writeln!(
            out,
            "band of {percent} %: beyond chance, a spread of days of {of_days} % is assumed (short \
             history)",
        )?,
        (Lang::It, _) => writeln!(
            out,
            "fascia del {percent} %: oltre al caso, scarto dei giorni {of_days} %, dei quarti \
             d'ora {of_intervals} % (da {n} giorni)",
        )?,
        (Lang::En, _) => writeln!(
            out,
            "band of {percent} %: beyond chance, days stray by {of_days} %, quarter-hours by \
             {of_intervals} % (from {n} days)",
        )?,
    }
    for (ahead, errors) in &made.errors {
        let Some(e) = errors else { continue };
        let (wape, floor) = (of_share(e.wape_intervals()), of_share(e.floor_intervals()));
        let (of_day, day_floor) = (of_share(e.wape_days()), of_share(e.floor_days()));
        let scaled = e.scaled().map_or_else(|| "–".to_owned(), |s| number(s, 2));
        let (held, held_days) = (of_share(e.held_intervals()), of_share(e.held_days()));
        let (n, weeks) = (e.n_days, made.backtest_weeks);
        match lang {
            Lang::It => writeln!(
                out,
                "prova sulle ultime {weeks} settimane, con anticipo di {ahead} d ({n} giorni): \
                 errore dei quarti d'ora {wape} %\n  (il solo caso: {floor} %), dei giorni \
                 {of_day} % ({day_floor} %); {scaled} volte quello di ripetere\n  la settimana \
                 prima; nella fascia {held} % dei quarti d'ora, {held_days} % dei giorni",
            )?,
            Lang::En => writeln!(
                out,
                "tried on the last {weeks} weeks, {ahead} d ahead ({n} days): error of \
                 quarter-hours {wape} %\n  (chance alone: {floor} %), of days {of_day} % \
                 ({day_floor} %); {scaled} times that of repeating\n  the week before; within \
                 the band {held} % of quarter-hours, {held_days} % of days",
            )?,
        }
    }
    Ok(())
}

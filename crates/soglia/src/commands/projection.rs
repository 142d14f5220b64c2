//! `soglia projection`. Read [`run`] first.

use std::io::Write;

use jiff::civil::Date;
use serde_json::json;
use soglia_app::projected::{Projected, project};
use soglia_domain::ratio::Rounding;
use soglia_domain::text::Lang;
use soglia_measure::measure::print_value;
use soglia_sim::projection::{Counts, Outlook};

use super::{opened, period};
use crate::cli::{OutputFormat, Projection};
use crate::config::Settings;
use crate::error::{DONE, Done, Failure};
use crate::output::{Table, localised, value_or_na};

/// Projects a running period to its end.
pub async fn run(settings: &Settings, args: Projection) -> Done {
    let (contract, ledger, session) = opened(settings).await?;
    let period = period(&args.period.period, &contract)?;
    let as_of = match &args.as_of {
        Some(text) => date("--as-of", text)?,
        None => known_until(&session).await?,
    };
    if let Some(code) = args.service.as_deref().filter(|code| contract.service(code).is_none()) {
        return Err(unknown_service(&contract, code));
    }
    let only = args.service.as_deref();
    let lang = settings.lang;
    let found = project((&ledger, &session), (&contract, &period), as_of, only, lang).await?;
    let mut out = std::io::stdout().lock();
    match args.format {
        OutputFormat::Table => {
            match lang {
                Lang::It => writeln!(
                    out,
                    "{} · dati fino al {as_of} escluso · restano i giorni fino al {} escluso\n",
                    period.name(lang),
                    period.until_date(),
                )?,
                Lang::En => writeln!(
                    out,
                    "{} · data before {as_of} · the days before {} are left\n",
                    period.name(lang),
                    period.until_date(),
                )?,
            }
            table(&found, lang).print(&mut out)?;
            explain(&found, lang, &mut out)?;
        }
        OutputFormat::Csv => lines(&found).print_csv(&mut out)?,
        OutputFormat::Json => {
            let json = json!({
                "schema": "soglia.projection/1",
                "contract": { "code": contract.code, "sha256": contract.file_hash },
                "period": period.label(),
                "as_of": as_of.to_string(),
                "ledger": { "import_no": session.import_no() },
                "indicators": found.iter().map(Projected::document).collect::<Vec<_>>(),
            });
            let text = serde_json::to_string_pretty(&json).map_err(Failure::internal)?;
            writeln!(out, "{text}")?;
        }
    }
    Ok(DONE)
}

/// The day after the ledger's last call.
pub(super) async fn known_until(
    session: &soglia_ledger::session::Session,
) -> Result<Date, Failure> {
    let coverage = soglia_ledger::status::coverage(session).await?;
    let last = coverage.values().filter_map(|days| days.keys().next_back()).max();
    let date = last.and_then(|day| day.tomorrow().ok());
    date.ok_or_else(|| {
        Failure::no_data("the ledger has no calls").hint("`soglia import` takes files in")
    })
}

/// A date as written by the user.
pub(super) fn date(name: &str, text: &str) -> Result<Date, Failure> {
    text.parse().map_err(|_| {
        Failure::usage(format!("`{name}` must be a date, found `{text}`")).hint("e.g. 2024-01-08")
    })
}

/// A service that the contract does not have.
pub(super) fn unknown_service(contract: &soglia_domain::contract::Contract, code: &str) -> Failure {
    let known: Vec<&str> = contract.services.iter().map(|service| service.code.as_str()).collect();
    Failure::usage(format!("the contract has no service `{code}`; it has {}", known.join(", ")))
}

fn percent(counts: Counts, lang: Lang) -> String {
    let value = print_value(counts.met, counts.counted, Rounding::half_up(2));
    value_or_na(value.as_deref(), lang)
}

/// A count, or hours where milliseconds of agreed time are counted.
fn amount(n: u64, unit: &str, lang: Lang) -> String {
    if unit == "ms" {
        return localised(&format!("{:.2} h", n as f64 / 3_600_000.0), lang);
    }
    n.to_string()
}

fn table(found: &[Projected], lang: Lang) -> Table {
    let heads = match lang {
        Lang::It => [
            "servizio",
            "indicatore",
            "finora",
            "su",
            "valore",
            "obiettivo",
            "giorni",
            "restano",
            "al più male",
            "esito",
            "prob.",
        ],
        Lang::En => [
            "service",
            "indicator",
            "so far",
            "of",
            "value",
            "target",
            "days",
            "to come",
            "wrong at most",
            "outlook",
            "chance",
        ],
    };
    let mut table = Table::new(heads);
    for p in found {
        let chance = p.likely.as_ref().map(|likely| {
            let share = 100.0 * f64::from(likely.met) / f64::from(likely.n_trials);
            localised(&format!("{share:.1} %"), lang)
        });
        let count = |n: u64| amount(n, p.counts_unit, lang);
        table.row([
            p.service.clone(),
            p.indicator.clone(),
            count(p.so_far.met),
            count(p.so_far.counted),
            percent(p.so_far, lang),
            localised(&p.target, lang),
            p.n_days.to_string(),
            count(p.rest),
            p.wrong_max().map_or_else(|| "–".to_owned(), count),
            p.outlook_name(lang).to_owned(),
            chance.unwrap_or_else(|| "–".to_owned()),
        ]);
    }
    table
}

/// What the table's words mean, and what it stands on.
fn explain(found: &[Projected], lang: Lang, out: &mut impl Write) -> Result<(), Failure> {
    writeln!(out)?;
    for p in found {
        let who = format!("{} {}", p.service, p.indicator);
        if let Outlook::Impossible { enough } = p.outlook {
            let text = match (enough, lang) {
                (Some(n), Lang::It) => format!(
                    "{who}: servirebbero altri {n} casi ({} attesi), tutti andati bene",
                    p.rest
                ),
                (Some(n), Lang::En) => {
                    format!("{who}: {n} more would be needed ({} expected), all going well", p.rest)
                }
                (None, Lang::It) => format!("{who}: nessun numero di casi basterebbe"),
                (None, Lang::En) => format!("{who}: no number of items would be enough"),
            };
            writeln!(out, "{text}")?;
        }
        if let Some(likely) = &p.likely
            && let Some([low, middle, high]) = likely.share
        {
            let share = |share: f64| localised(&format!("{:.2}", 100.0 * share), lang);
            let (low, middle, high) = (share(low), share(middle), share(high));
            let [fewest, _, most] = likely.rest;
            let text = match lang {
                Lang::It => format!(
                    "{who}: a fine periodo {middle} % (da {low} a {high} in 9 prove su 10), \
                     da {fewest} a {most} casi ancora da contare",
                ),
                Lang::En => format!(
                    "{who}: {middle} % at the end ({low} to {high} in 9 of 10 trials), \
                     {fewest} to {most} still to be counted",
                ),
            };
            writeln!(out, "{text}")?;
        }
    }
    let text = match lang {
        Lang::It => {
            "\n«al più male»: dei casi che restano, quanti possono essere in ritardo o persi. \
             Probabilità: se i giorni che\nrestano vanno come gli ultimi quattro dello stesso \
             giorno della settimana; dove manca, i casi che restano\nseguono il passo tenuto \
             finora."
        }
        Lang::En => {
            "\n“wrong at most”: of the items to come, how many may be late or lost. Chance: if the \
             days that are left go like\nthe last four of the same weekday; where there is none, \
             the items to come follow the pace so far."
        }
    };
    writeln!(out, "{text}")?;
    Ok(())
}

fn lines(found: &[Projected]) -> Table {
    let mut table = Table::new([
        "service",
        "indicator",
        "met",
        "counted",
        "target",
        "counts",
        "days_left",
        "rest",
        "rest_basis",
        "outlook",
        "wrong_max",
        "enough",
        "chance",
        "share_low",
        "share_middle",
        "share_high",
    ]);
    let number = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
    for p in found {
        let enough = match p.outlook {
            Outlook::Impossible { enough } => enough,
            _ => None,
        };
        let likely = p.likely.as_ref();
        let chance = likely.map(|l| f64::from(l.met) / f64::from(l.n_trials));
        let share = |at: usize| likely.and_then(|l| l.share?.get(at).copied());
        let float = |n: Option<f64>| n.map_or_else(String::new, |n| n.to_string());
        table.row([
            p.service.clone(),
            p.indicator.clone(),
            p.so_far.met.to_string(),
            p.so_far.counted.to_string(),
            p.target.clone(),
            p.counts_unit.to_owned(),
            p.n_days.to_string(),
            p.rest.to_string(),
            p.basis.name().to_owned(),
            p.outlook_code().to_owned(),
            number(p.wrong_max()),
            number(enough),
            float(chance),
            float(share(0)),
            float(share(1)),
            float(share(2)),
        ]);
    }
    table
}

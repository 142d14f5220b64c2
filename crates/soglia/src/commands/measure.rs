//! `soglia measure`. Read [`run`] first.

use std::io::Write;
use std::path::Path;

use serde_json::Value;
use soglia_app::measured::figures;
use soglia_app::review::words;
use soglia_domain::contract::Contract;
use soglia_domain::period::{self, Period};
use soglia_domain::ratio::{Rounding, decimal};
use soglia_domain::text::Lang;
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;
use soglia_measure::calls::Counted;
use soglia_measure::compare::{self, Agreement, Declared};
use soglia_measure::measure::{Options, print_value};
use soglia_measure::measurement::{PeriodRef, Report};
use soglia_measure::profile::{self, By};
use soglia_measure::seal::{Adjustment, Sealed, adjustments};
use soglia_report::format::say;

use super::figures::{self as written, COLUMNS, Reader, disposition, line, quadratura, table};
use super::{opened, period};
use crate::cli::{Grain, Measure, OutputFormat};
use crate::config::Settings;
use crate::error::{BREACH, DONE, Done, Failure};
use crate::output::{Table, localised, value_or_na};

/// Measures a period.
pub async fn run(settings: &Settings, args: Measure) -> Done {
    let (contract, ledger, session) = opened(settings).await?;
    let period = period(&args.period.period, &contract)?;
    let options = Options { lang: settings.lang, sensitivity: !args.no_sensitivity };
    if let Some(by) = args.by.as_deref().and_then(By::from_name) {
        return by_something(&session, &contract, &period, by, args.format, settings.lang).await;
    }
    if let Some(each_of) = args.each {
        let parts = period.split(grain(each_of), &contract.zone);
        return each((&ledger, &session), (&contract, parts), &args, options).await;
    }
    let report = figures(&ledger, &session, (&contract, &period), options).await?;
    if report.is_empty() {
        return Err(Failure::no_data(format!("the ledger has no data in {}", period.label()))
            .hint("`soglia ledger status` shows which days are covered"));
    }
    let sealed = soglia_app::seals::read(&ledger, &contract, &period)?;
    print_report(&report, sealed.as_ref(), args.format, settings)?;
    if let Some(path) = &args.declared {
        print_declared(&contract, &report, path, settings.lang)?;
    }
    let breach = sealed.as_ref().map_or_else(|| report.any_breach(), |(_, s)| s.any_breach());
    Ok(if args.fail_on_breach && breach { BREACH } else { DONE })
}

/// Writes the figures: those that were sealed, if the period is sealed, and what later data add.
fn print_report(
    report: &Report,
    sealed: Option<&(String, Sealed)>,
    format: OutputFormat,
    settings: &Settings,
) -> Result<(), Failure> {
    let lang = settings.lang;
    let text = sealed.map_or_else(|| report.to_json(), |(text, _)| text.clone());
    let document: Value = serde_json::from_str(&text).map_err(Failure::internal)?;
    let mut out = std::io::stdout().lock();
    match format {
        OutputFormat::Json => out.write_all(text.as_bytes())?,
        OutputFormat::Csv => table(&document, Reader::Program).print_csv(&mut out)?,
        OutputFormat::Table => {
            let title = format!(
                "{} · {} · {} – {}",
                report.contract.title, report.period.label, report.period.start, report.period.end
            );
            writeln!(out, "{title}\n")?;
            table(&document, Reader::Person(lang)).in_lang(lang).print(&mut out)?;
            quadratura(&document, lang, &mut out)?;
        }
    }
    if let Some((_, sealed)) = sealed {
        let (Sealed { period, seal, .. }, moved) = (sealed, adjustments(sealed, report));
        match lang {
            Lang::It => note!("nota: {period} è sigillato ({seal})"),
            Lang::En => note!("note: {period} is sealed ({seal})"),
        }
        for Adjustment { service, what, sealed, now } in moved {
            let what = adjusted(&what, lang);
            match lang {
                Lang::It => {
                    note!("rettifica: {service} {what}: sigillato {sealed}, coi dati di poi {now}");
                }
                Lang::En => {
                    note!("adjustment: {service} {what}: sealed {sealed}, with later data {now}");
                }
            }
        }
    }
    Ok(())
}

/// What was adjusted, in words: a figure, what it leaves out, calls that went somewhere.
fn adjusted(what: &str, lang: Lang) -> String {
    let calls = say(lang, "chiamate", "calls");
    match what.split_once(' ') {
        Some(("calls", name)) => format!("{calls}: {}", disposition(name, lang)),
        Some((indicator, why)) => {
            format!(
                "{indicator}, {}: {}",
                say(lang, "esclusi", "excluded"),
                words::reason(why).get(lang)
            )
        }
        None => what.to_owned(),
    }
}

/// Measures the parts of a period.
async fn each(
    (ledger, session): (&Ledger, &Session),
    (contract, parts): (&Contract, Vec<Period>),
    args: &Measure,
    options: Options,
) -> Done {
    let (lang, format) = (options.lang, args.format);
    let reader = if format == OutputFormat::Table { Reader::Person(lang) } else { Reader::Program };
    let mut table = Table::new(std::iter::once("period").chain(COLUMNS));
    let options = Options { sensitivity: false, ..options };
    let (mut all, mut breach) = (Vec::new(), false);
    for part in parts {
        let report = figures(ledger, session, (contract, &part), options).await?;
        breach |= report.any_breach();
        let document: Value = serde_json::from_str(&report.to_json()).map_err(Failure::internal)?;
        for cells in written::figures(&document).map(|figure| line(figure, reader)) {
            table.row(std::iter::once(part.label().to_owned()).chain(cells));
        }
        all.push(document);
    }
    let mut out = std::io::stdout().lock();
    match format {
        OutputFormat::Table => table.in_lang(lang).print(&mut out)?,
        OutputFormat::Csv => table.print_csv(&mut out)?,
        OutputFormat::Json => {
            let text = serde_json::to_string_pretty(&all).map_err(Failure::internal)?;
            writeln!(out, "{text}")?;
        }
    }
    Ok(if args.fail_on_breach && breach { BREACH } else { DONE })
}

const fn grain(grain: Grain) -> period::Grain {
    match grain {
        Grain::Day => period::Grain::Day,
        Grain::Week => period::Grain::Week,
        Grain::Month => period::Grain::Month,
        Grain::Quarter => period::Grain::Quarter,
        Grain::HalfYear => period::Grain::HalfYear,
        Grain::Year => period::Grain::Year,
    }
}

/// Counts calls apart by something and writes a line a value.
async fn by_something(
    session: &Session,
    contract: &Contract,
    period: &Period,
    by: By,
    format: OutputFormat,
    lang: Lang,
) -> Done {
    let mut lines = Vec::new();
    for service in &contract.services {
        let profile = profile::profile(session, contract, period, &service.code, by).await?;
        lines.extend(profile.into_iter().map(|(value, line)| (service.code.clone(), value, line)));
    }
    let mut out = std::io::stdout().lock();
    match format {
        OutputFormat::Table => profile_table(by, &lines, lang).in_lang(lang).print(&mut out)?,
        OutputFormat::Csv => profile_table(by, &lines, Lang::En).print_csv(&mut out)?,
        OutputFormat::Json => {
            let json = profile_json(session, contract, period, by, &lines);
            let text = serde_json::to_string_pretty(&json).map_err(Failure::internal)?;
            writeln!(out, "{text}")?;
        }
    }
    Ok(DONE)
}

/// Service, value of the dimension, counts.
type ProfileLine = (String, String, profile::Line);

fn profile_table(by: By, lines: &[ProfileLine], lang: Lang) -> Table {
    let mut table = Table::new([
        "service",
        by.name(),
        "arrived",
        "answered",
        "in_time",
        "offered",
        "in_time_%",
        "lost",
        "lost_%",
        "wait_mean_s",
        "wait_p95_s",
        "talk_mean_s",
    ]);
    let percent = |counted: &Counted| value_or_na(share_of(counted).as_deref(), lang);
    let secs = |millis: Option<i64>| millis.map_or_else(String::new, |m| (m / 1000).to_string());
    for (service, value, line) in lines {
        table.row([
            service.clone(),
            value.clone(),
            line.arrived.to_string(),
            line.answered.to_string(),
            line.in_time.num.to_string(),
            line.in_time.den.to_string(),
            percent(&line.in_time),
            line.lost.num.to_string(),
            percent(&line.lost),
            secs(line.wait.mean()),
            secs(line.wait.percentile(95)),
            secs(line.talk.mean()),
        ]);
    }
    table
}

/// A share as a percentage with two decimals, whatever the rule prints.
fn share_of(counted: &Counted) -> Option<String> {
    print_value(counted.num, counted.den, Rounding::half_up(2))
}

/// The document `soglia.profile/1`; docs/reference/json.md describes it.
fn profile_json(
    session: &Session,
    contract: &Contract,
    period: &Period,
    by: By,
    lines: &[ProfileLine],
) -> serde_json::Value {
    let share = |counted: &Counted| {
        serde_json::json!({
            "numerator": counted.num,
            "denominator": counted.den,
            "value": share_of(counted),
            "excluded": counted.excluded,
        })
    };
    let secs = |millis: Option<i64>| {
        millis.map(|millis| decimal(u128::try_from(millis.max(0)).unwrap_or(0), 3))
    };
    let lines: Vec<serde_json::Value> = lines
        .iter()
        .map(|(service, value, line)| {
            serde_json::json!({
                "service": service,
                "value": value,
                "arrived": line.arrived,
                "answered": line.answered,
                "in_time": share(&line.in_time),
                "lost": share(&line.lost),
                "wait_mean_s": secs(line.wait.mean()),
                "wait_p95_s": secs(line.wait.percentile(95)),
                "talk_mean_s": secs(line.talk.mean()),
            })
        })
        .collect();
    serde_json::json!({
        "schema": "soglia.profile/1",
        "contract": { "code": contract.code, "sha256": contract.file_hash },
        "period": PeriodRef::new(period, contract),
        "ledger": { "import_no": session.import_no() },
        "by": by.name(),
        "counts_unit": "call",
        "lines": lines,
    })
}

/// Reads the supplier's declared values: a CSV with `service`, `indicator`, `value` and, if they
/// are of several periods, `period`.
pub fn read_declared(path: &Path) -> Result<Vec<Declared>, Failure> {
    let name = path.display().to_string();
    let bad = |problem: String| {
        Failure::configuration(anyhow::anyhow!("`{name}`: {problem}")).hint(
            "a header with service (servizio), indicator (indicatore) and value (valore); \
                 period (periodo) where values are of several",
        )
    };
    let text = std::fs::read_to_string(path).map_err(|e| bad(e.to_string()))?;
    let first = text.lines().next().unwrap_or_default();
    let delimiter = if first.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|e| bad(e.to_string()))?.clone();
    let column = |names: [&str; 2]| {
        headers
            .iter()
            .position(|h| names.contains(&h.trim().to_lowercase().as_str()))
            .ok_or_else(|| bad(format!("expected a column `{}`", names[0])))
    };
    let service = column(["service", "servizio"])?;
    let indicator = column(["indicator", "indicatore"])?;
    let value = column(["value", "valore"])?;
    let period = column(["period", "periodo"]).ok();
    let mut declared = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| bad(e.to_string()))?;
        let cell = |at: usize| record.get(at).unwrap_or_default().trim().to_owned();
        declared.push(Declared {
            period: period.map(cell).filter(|label| !label.is_empty()),
            service: cell(service),
            indicator: cell(indicator),
            printed: cell(value),
            line: record.position().map_or(0, csv::Position::line),
        });
    }
    Ok(declared)
}

fn print_declared(
    contract: &Contract,
    report: &Report,
    path: &Path,
    lang: Lang,
) -> Result<(), Failure> {
    let label = report.period.label.as_str();
    let (own, others): (Vec<Declared>, Vec<Declared>) = read_declared(path)?
        .into_iter()
        .partition(|one| one.period.as_deref().is_none_or(|period| period == label));
    if !others.is_empty() {
        let n = others.len();
        match lang {
            Lang::It => note!("nota: {n} valori dichiarati sono di altri periodi, non di {label}"),
            Lang::En => note!("note: {n} declared values are of other periods, not of {label}"),
        }
    }
    let mut table = Table::new([
        "service",
        "indicator",
        "declared",
        "computed",
        "difference_pp",
        "agreement",
        "calls",
    ]);
    for c in compare::compare(contract, report, &own) {
        let difference = c.difference_milli_points.map_or_else(String::new, |milli| {
            let sign = if milli < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:03}", milli.abs() / 1000, milli.abs() % 1000);
            localised(&text, lang)
        });
        let calls = match c.agreement {
            Agreement::Agrees | Agreement::Unknown => String::new(),
            _ => format!(
                "soglia explain {} --service {} --period {} --calls missed",
                c.indicator, c.service, report.period.label
            ),
        };
        table.row([
            c.service,
            c.indicator,
            c.declared,
            localised(&c.computed, lang),
            difference,
            c.agreement.name().to_owned(),
            calls,
        ]);
    }
    let mut out = std::io::stderr().lock();
    writeln!(out)?;
    table.in_lang(lang).print(&mut out)?;
    Ok(())
}

//! `soglia measure`. Read [`run`] first.

use std::io::Write;
use std::path::Path;

use soglia_app::measured::figures;
use soglia_domain::contract::Contract;
use soglia_domain::period::{self, Period};
use soglia_domain::ratio::{Rounding, decimal};
use soglia_domain::text::Lang;
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;
use soglia_measure::calls::Counted;
use soglia_measure::compare::{self, Agreement, Declared};
use soglia_measure::measure::{Options, print_value};
use soglia_measure::measurement::{Measurement, PeriodRef, Report};
use soglia_measure::profile::{self, By};
use soglia_measure::seal::{Sealed, adjustments};

use super::{opened, period};
use crate::cli::{Grain, Measure, OutputFormat};
use crate::config::Settings;
use crate::error::{BREACH, DONE, Done, Failure};
use crate::output::{Table, grouped, localised, value_or_na};

/// Measures a period.
pub async fn run(settings: &Settings, args: Measure) -> Done {
    let (contract, ledger, session) = opened(settings).await?;
    let period = period(&args.period.period, &contract)?;
    let options = Options { lang: settings.lang, sensitivity: !args.no_sensitivity };
    if let Some(by) = args.by.as_deref().and_then(By::from_name) {
        return by_something(&session, &contract, &period, by, args.format, settings.lang).await;
    }
    if let Some(grain) = args.each {
        return each((&ledger, &session), (&contract, &period), grain, args.format, options).await;
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
    let mut out = std::io::stdout().lock();
    match (format, sealed) {
        (OutputFormat::Json, Some((text, _))) => out.write_all(text.as_bytes())?,
        (OutputFormat::Json, None) => out.write_all(report.to_json().as_bytes())?,
        (OutputFormat::Csv, Some((_, sealed))) => sealed_figures(sealed).print_csv(&mut out)?,
        (OutputFormat::Csv, None) => table(report, Lang::En).print_csv(&mut out)?,
        (OutputFormat::Table, Some((_, sealed))) => sealed_figures(sealed).print(&mut out)?,
        (OutputFormat::Table, None) => {
            let title = format!(
                "{} · {} · {} – {}",
                report.contract.title, report.period.label, report.period.start, report.period.end
            );
            writeln!(out, "{title}\n")?;
            table(report, settings.lang).print(&mut out)?;
            quadratura(report, settings.lang, &mut out)?;
        }
    }
    if let Some((_, sealed)) = sealed {
        let moved = adjustments(sealed, report);
        note!("note: {} is sealed ({})", sealed.period, sealed.seal);
        for a in moved {
            let [n, d, v, verdict] = a.sealed;
            let [n2, d2, v2, verdict2] = a.now;
            note!(
                "adjustment: {} {}: sealed {n}/{d} = {v} {verdict}, \
                 with later data {n2}/{d2} = {v2} {verdict2}",
                a.service,
                a.indicator
            );
        }
    }
    Ok(())
}

/// The figures as they were sealed.
fn sealed_figures(sealed: &Sealed) -> Table {
    let mut table = Table::new(Sealed::HEADERS);
    for row in sealed.rows() {
        table.row(row);
    }
    table
}

/// One line a figure.
pub fn table(report: &Report, lang: Lang) -> Table {
    let mut table = Table::new([
        "service",
        "indicator",
        "numerator",
        "denominator",
        "counts",
        "value",
        "unit",
        "target",
        "verdict",
        "rule",
        "excluded",
        "note",
    ]);
    for m in &report.measurements {
        table.row(figure(m, lang));
    }
    table
}

fn figure(m: &Measurement, lang: Lang) -> Vec<String> {
    let excluded: Vec<String> = m.excluded.iter().map(|(why, n)| format!("{why} {n}")).collect();
    let mut notes: Vec<String> = m.reason.iter().cloned().collect();
    if m.provisional {
        notes.push("provisional".to_owned());
    }
    let changing = m.sensitivity.iter().filter(|line| line.changes);
    let changing: Vec<String> =
        changing.map(|l| format!("{} {}={}", l.question, l.parameter, l.alternative)).collect();
    if !changing.is_empty() {
        notes.push(format!("verdict changes under {}", changing.join(", ")));
    }
    let number = |n: Option<u64>| n.map_or_else(|| "–".to_owned(), |n| n.to_string());
    vec![
        m.service.clone(),
        m.indicator.clone(),
        number(m.numerator),
        number(m.denominator),
        m.counts_unit.to_owned(),
        value_or_na(m.value.as_deref(), lang),
        m.unit.to_owned(),
        localised(&m.target, lang),
        m.verdict.to_owned(),
        m.rule_version.clone(),
        excluded.join(", "),
        notes.join("; "),
    ]
}

fn quadratura(report: &Report, lang: Lang, out: &mut impl Write) -> Result<(), Failure> {
    for (service, counts) in &report.dispositions {
        let total: u64 = counts.values().sum();
        let parts: Vec<String> =
            counts.iter().map(|(name, n)| format!("{} {name}", grouped(*n, lang))).collect();
        let total = grouped(total, lang);
        writeln!(out, "\n{service}: {total} calls arrived = {}", parts.join(" + "))?;
    }
    Ok(())
}

async fn each(
    (ledger, session): (&Ledger, &Session),
    (contract, period): (&Contract, &Period),
    grain: Grain,
    format: OutputFormat,
    options: Options,
) -> Done {
    let grain = match grain {
        Grain::Day => period::Grain::Day,
        Grain::Week => period::Grain::Week,
        Grain::Month => period::Grain::Month,
        Grain::Quarter => period::Grain::Quarter,
        Grain::HalfYear => period::Grain::HalfYear,
        Grain::Year => period::Grain::Year,
    };
    let mut table = Table::new([
        "period",
        "service",
        "indicator",
        "numerator",
        "denominator",
        "counts",
        "value",
        "unit",
        "target",
        "verdict",
    ]);
    let options = Options { sensitivity: false, ..options };
    let mut all = Vec::new();
    for part in period.split(grain, &contract.zone) {
        let report = figures(ledger, session, (contract, &part), options).await?;
        for m in &report.measurements {
            let cells = figure(m, options.lang).into_iter().take(9);
            table.row(std::iter::once(part.label().to_owned()).chain(cells));
        }
        all.push(
            serde_json::from_str::<serde_json::Value>(&report.to_json())
                .map_err(Failure::internal)?,
        );
    }
    let mut out = std::io::stdout().lock();
    match format {
        OutputFormat::Table => table.print(&mut out)?,
        OutputFormat::Csv => table.print_csv(&mut out)?,
        OutputFormat::Json => {
            let text = serde_json::to_string_pretty(&all).map_err(Failure::internal)?;
            writeln!(out, "{text}")?;
        }
    }
    Ok(DONE)
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
        OutputFormat::Table => profile_table(by, &lines, lang).print(&mut out)?,
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

/// Reads the supplier's declared values: a CSV with `service`, `indicator` and `value`.
pub fn read_declared(path: &Path) -> Result<Vec<Declared>, Failure> {
    let name = path.display().to_string();
    let bad = |problem: String| {
        Failure::configuration(anyhow::anyhow!("`{name}`: {problem}"))
            .hint("a header with service (servizio), indicator (indicatore) and value (valore)")
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
    let mut declared = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| bad(e.to_string()))?;
        let cell = |at: usize| record.get(at).unwrap_or_default().trim().to_owned();
        declared.push(Declared {
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
    let mut table = Table::new([
        "service",
        "indicator",
        "declared",
        "computed",
        "difference_pp",
        "agreement",
        "calls",
    ]);
    for c in compare::compare(contract, report, &read_declared(path)?) {
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
    table.print(&mut out)?;
    Ok(())
}

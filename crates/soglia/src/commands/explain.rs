//! `soglia explain`. Read [`run`] first.

use std::io::Write;

use soglia_app::measured::figures;
use soglia_app::review::words;
use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_domain::text::Lang;
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;
use soglia_measure::explain::{self, Wanted};
use soglia_measure::kept::Kept;
use soglia_measure::measure::Options;
use soglia_measure::measurement::{Completeness, Measurement, Report, Together};
use soglia_report::format::{amount, say};

use super::figures::{Reader, counts, left_out, reason, verdict};
use super::{opened, period};
use crate::cli::Explain;
use crate::config::Settings;
use crate::error::{DONE, Done, Failure};
use crate::output::{Table, localised, value_or_na};

/// Shows how a figure came about, or lists the items behind it.
pub async fn run(settings: &Settings, args: Explain) -> Done {
    let (contract, ledger, session) = opened(settings).await?;
    let period = period(&args.period.period, &contract)?;
    match &args.calls {
        Some(which) => {
            list((&ledger, &session), &contract, &period, (&args, settings.lang), which).await
        }
        None => figure((&ledger, &session), (&contract, &period), &args, settings.lang).await,
    }
}

async fn figure(
    (ledger, session): (&Ledger, &Session),
    (contract, period): (&Contract, &Period),
    args: &Explain,
    lang: Lang,
) -> Done {
    let (service, indicator) = (args.service.as_str(), args.indicator.as_str());
    let cards = explain::cards(contract, service, indicator, period, lang)?;
    let options = Options { lang, sensitivity: true };
    let report = figures(ledger, session, (contract, period), options).await?;
    let Some(m) = report.find(service, indicator) else {
        return Err(no_rule(indicator, period));
    };
    let mut out = std::io::stdout().lock();
    for card in &cards {
        writeln!(out, "{}", card.to_text())?;
    }
    write_figure(&mut out, m, &report, lang)?;
    let queries = explain::sql(contract, service, indicator, period)?;
    let several = 1 < queries.len();
    for (version, sql) in queries {
        let of = if several {
            format!(" ({} {version})", say(lang, "versione della regola", "rule version"))
        } else {
            String::new()
        };
        writeln!(out, "\nSQL{of}\n{sql}")?;
    }
    Ok(DONE)
}

fn no_rule(indicator: &str, period: &Period) -> Failure {
    Failure::no_data(format!("no rule of {indicator} is in force in {}", period.label()))
}

fn write_figure(
    out: &mut impl Write,
    m: &Measurement,
    report: &Report,
    lang: Lang,
) -> std::io::Result<()> {
    let reader = Reader::Person(lang);
    let number = |n: Option<u64>| n.map_or_else(|| "–".to_owned(), |n| n.to_string());
    let value = value_or_na(m.value.as_deref(), lang);
    writeln!(out, "{} {} · {}", m.service, m.indicator, report.period.label)?;
    writeln!(
        out,
        "  {} / {} = {value} {} · {} · {}{}",
        number(m.numerator),
        number(m.denominator),
        m.unit,
        localised(&m.target, lang),
        verdict(m.verdict, reader),
        m.reason.as_ref().map_or_else(String::new, |why| format!(" ({})", reason(why, reader))),
    )?;
    writeln!(
        out,
        "  {}: {} · {} {}{}",
        say(lang, "conta", "counts"),
        counts(m.counts_unit, reader),
        say(lang, "versione della regola", "rule version"),
        m.rule_version,
        if m.provisional { say(lang, " · provvisorio", " · provisional") } else { "" }
    )?;
    for (why, n) in &m.excluded {
        writeln!(out, "  {}: {}", say(lang, "esclusi", "excluded"), left_out(why, *n, reader))?;
    }
    completeness(out, &m.completeness, lang)?;
    for (name, value) in &m.statistics {
        statistic(out, name, value, lang)?;
    }
    if !m.sensitivity.is_empty() {
        writeln!(out, "\n")?;
        sensitivity(m, lang).in_lang(lang).print(out)?;
    }
    let at = say(lang, "registro dei fatti all'importazione", "ledger at import");
    writeln!(out, "\n{at} {}:", report.ledger.import_no)?;
    for (table, version) in &report.ledger.tables {
        writeln!(out, "  {table} {} {version}", say(lang, "versione", "version"))?;
    }
    Ok(())
}

fn completeness(out: &mut impl Write, c: &Completeness, lang: Lang) -> std::io::Result<()> {
    let Completeness { service_days, days_with_data, rejected_rows, open_calls } = c;
    match lang {
        Lang::It => writeln!(
            out,
            "  completezza: {days_with_data} giorni di servizio con dati su {service_days}, \
             {rejected_rows} righe respinte, {open_calls} chiamate aperte"
        ),
        Lang::En => writeln!(
            out,
            "  completeness: {days_with_data} of {service_days} service days with data, \
             {rejected_rows} rows rejected, {open_calls} calls open"
        ),
    }
}

/// A statistic under its name in words; one that has none under its code.
fn statistic(out: &mut impl Write, code: &str, value: &str, lang: Lang) -> std::io::Result<()> {
    match words::statistic(code, value) {
        Some((_, name, figure)) => writeln!(out, "  {}: {}", name.get(lang), amount(lang, &figure)),
        None => writeln!(out, "  {code}: {}", localised(value, lang)),
    }
}

fn sensitivity(m: &Measurement, lang: Lang) -> Table {
    let mut table = Table::new([
        "question",
        "alternative",
        "count",
        "value",
        "verdict",
        "changes",
        "meaning",
        "together",
    ]);
    for line in &m.sensitivity {
        let others: Vec<String> = line.together.iter().map(|one| together(one, lang)).collect();
        table.row([
            line.question.clone(),
            format!("{} = {}", line.parameter, line.alternative),
            format!("{}/{}", line.numerator, line.denominator),
            value_or_na(line.value.as_deref(), lang),
            verdict(line.verdict, Reader::Person(lang)).to_owned(),
            if line.changes { say(lang, "sì", "yes").to_owned() } else { "no".to_owned() },
            line.label.clone(),
            others.join("; "),
        ]);
    }
    table
}

/// Another indicator under the same reading.
fn together(other: &Together, lang: Lang) -> String {
    let value = value_or_na(other.value.as_deref(), lang);
    let Together { indicator, numerator, denominator, .. } = other;
    let verdict = verdict(other.verdict, Reader::Person(lang));
    format!("{indicator} {numerator}/{denominator} = {value} {verdict}")
}

async fn list(
    (ledger, session): (&Ledger, &Session),
    contract: &Contract,
    period: &Period,
    (args, lang): (&Explain, Lang),
    which: &str,
) -> Done {
    let wanted = Wanted::from_name(which).ok_or_else(|| {
        Failure::usage(format!("nothing is called `{which}`"))
            .hint("met, missed, late, lost, excluded, excluded:REASON, all")
    })?;
    let figure = (args.service.as_str(), args.indicator.as_str());
    let versions = {
        let (_, indicator) = explain::find(contract, figure.0, figure.1)?;
        explain::in_force(contract, indicator, period)
    };
    if versions.is_empty() {
        return Err(no_rule(&args.indicator, period));
    }
    let (kept, places) = (Kept::beside(ledger), (args.skip, args.limit));
    let page = explain::behind(session, contract, figure, period, &wanted, places, &kept).await?;
    let mut headers = vec!["id", "at", "counted_as"];
    if let Some(first) = page.items.first() {
        headers.extend(first.details.iter().map(|(name, _)| *name));
    }
    if 1 < versions.len() {
        headers.push("rule_version");
    }
    headers.extend(["file", "rows"]);
    let mut table = Table::new(headers);
    for item in &page.items {
        let import = session.imports.iter().find(|row| row.import_no == item.import_no);
        let mut cells = vec![item.id.clone(), item.at.to_string(), item.class.clone()];
        // Calls that count beside records (question Q15d) have details of their own.
        for (at, (name, _)) in
            page.items.first().into_iter().flat_map(|first| first.details.iter().enumerate())
        {
            let own = item.details.get(at).filter(|(other, _)| other == name);
            cells.push(own.map(|(_, value)| value.clone()).unwrap_or_default());
        }
        if 1 < versions.len() {
            cells.push(item.version.to_string());
        }
        cells.push(import.map(|row| row.file.clone()).unwrap_or_default());
        cells.push(format!("{}-{}", item.rows.0, item.rows.1));
        table.row(cells);
    }
    let mut out = std::io::stdout().lock();
    if args.csv {
        table.print_csv(&mut out)?;
    } else {
        table.print(&mut out)?;
    }
    let of = say(lang, "di", "of");
    let from = args.skip.min(page.total) + u64::from(!page.items.is_empty());
    let last = args.skip + page.items.len() as u64;
    if page.counted == page.total {
        note!("{from}–{last} {of} {}", page.total);
    } else {
        let count = say(lang, "che valgono", "which count");
        note!("{from}–{last} {of} {}, {count} {}", page.total, page.counted);
    }
    Ok(DONE)
}

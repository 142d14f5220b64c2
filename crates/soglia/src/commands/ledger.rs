//! `soglia ledger`. Read [`run`] first.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use jiff::civil::Date;
use soglia_domain::contract::Contract;
use soglia_domain::text::Lang;
use soglia_ledger::import::Format;
use soglia_ledger::rebuild::{self, Compared, NewMapping, Plan};
use soglia_ledger::session::Session;
use soglia_ledger::shown;
use soglia_ledger::status::{self, Coverage};
use soglia_ledger::store::Ledger;
use soglia_report::format::say;

use super::{import, now, session};
use crate::cli::{LedgerCommand, Rebuild, Rows};
use crate::config::Settings;
use crate::error::{DONE, Done, Failure};
use crate::output::{Table, grouped};

/// Looks into the ledger.
pub async fn run(settings: &Settings, command: LedgerCommand) -> Done {
    let ledger = Ledger::open(settings.ledger()?)?;
    match command {
        LedgerCommand::Status { days } => show(settings, &ledger, days).await,
        LedgerCommand::Rejects(rows) => rejects(settings, &ledger, &rows).await,
        LedgerCommand::Duplicates(rows) => duplicates(settings, &ledger, &rows).await,
        LedgerCommand::Rebuild(args) => rebuild(settings, &ledger, &args).await,
        LedgerCommand::DestroyKey { period, yes } => {
            destroy_key(&ledger, &period, yes, settings.lang)
        }
    }
}

async fn show(settings: &Settings, ledger: &Ledger, days: bool) -> Done {
    let contract = settings.contract()?;
    let session = session(ledger, None).await?;
    let mut out = std::io::stdout().lock();
    imports(&session, &status::days(&session, None).await?, settings.lang).print(&mut out)?;
    let coverage = status::coverage(&session).await?;
    write_coverage(&mut out, &contract, &coverage, settings.lang)?;
    if days {
        writeln!(out)?;
        let mut table = Table::new(["service", "day", "calls"]).in_lang(settings.lang);
        for (service, by_day) in &coverage {
            for (day, count) in by_day {
                table.row([service.clone(), day.to_string(), count.calls.to_string()]);
            }
        }
        table.print(&mut out)?;
    }
    Ok(DONE)
}

/// `days` are the contract's days on which the facts of an import lie; of one without facts only
/// the UTC days of its rows are known.
fn imports(session: &Session, days: &BTreeMap<i64, (Date, Date)>, lang: Lang) -> Table {
    let mut table = Table::new([
        "import",
        "file",
        "stream",
        "rows",
        "facts",
        "duplicates",
        "rejected",
        "ignored",
        "open",
        "balance",
        "from",
        "to",
    ])
    .in_lang(lang);
    let n = |value: i64| grouped(u64::try_from(value).unwrap_or(0), lang);
    let in_utc = |(first, last)| status::date_of(first).zip(status::date_of(last));
    for row in &session.imports {
        let span = days.get(&row.import_no).copied().or_else(|| row.days.and_then(in_utc));
        let (first, last) = span.unzip();
        let day = |date: Option<Date>| date.map_or_else(String::new, |date| date.to_string());
        table.row([
            row.import_no.to_string(),
            row.file.clone(),
            row.stream.clone(),
            n(row.rows),
            n(row.fact_rows),
            n(row.duplicate_rows),
            n(row.rejected_rows),
            n(row.ignored_rows),
            n(row.open_calls),
            if row.balances() { "ok" } else { say(lang, "NO", "WRONG") }.to_owned(),
            day(first),
            day(last),
        ]);
    }
    table
}

fn write_coverage(
    out: &mut impl Write,
    contract: &Contract,
    coverage: &Coverage,
    lang: Lang,
) -> std::io::Result<()> {
    let gaps = status::gaps(contract, coverage);
    for (service, days) in coverage {
        let mut total = status::DayCount::default();
        for day in days.values() {
            total.calls += day.calls;
            for (name, n) in &day.dispositions {
                *total.dispositions.entry(name.clone()).or_default() += n;
            }
        }
        let (first, last) = (days.keys().next(), days.keys().next_back());
        let span = first.zip(last).map_or_else(String::new, |(a, b)| format!("{a} – {b}"));
        let with_calls = say(lang, "giorni con chiamate", "days with calls");
        writeln!(out, "\n{service}: {} {with_calls}, {span}", days.len())?;
        let parts: Vec<String> = total
            .dispositions
            .iter()
            .map(|(name, n)| format!("{} {name}", grouped(*n, lang)))
            .collect();
        let calls = say(lang, "chiamate", "calls");
        writeln!(out, "  {} {calls} = {}", grouped(total.calls, lang), parts.join(" + "))?;
        let sum: u64 = total.dispositions.values().sum();
        let balance = if sum == total.calls {
            say(lang, "torna", "balances")
        } else {
            say(lang, "NON TORNA", "DOES NOT BALANCE")
        };
        writeln!(out, "  quadratura: {balance}")?;
        match gaps.get(service).map_or(&[][..], Vec::as_slice) {
            [] => {
                let none = say(
                    lang,
                    "nessun giorno di servizio senza chiamate nel mezzo",
                    "no service day without calls in between",
                );
                writeln!(out, "  {none}")?;
            }
            missing => {
                let list: Vec<String> = missing.iter().map(ToString::to_string).collect();
                let without = say(
                    lang,
                    "giorni di servizio senza alcuna chiamata",
                    "service days without any call",
                );
                writeln!(out, "  {} {without}: {}", missing.len(), list.join(", "))?;
            }
        }
    }
    Ok(())
}

/// Headings of CSV, which programs read, are the same in every language.
fn print(table: Table, settings: &Settings, rows: &Rows) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let printed = if rows.csv {
        table.print_csv(&mut out)
    } else {
        table.in_lang(settings.lang).print(&mut out)
    };
    Ok(printed?)
}

async fn rejects(settings: &Settings, ledger: &Ledger, rows: &Rows) -> Done {
    let session = session(ledger, None).await?;
    let mut table = Table::new(["import", "file", "row", "rows", "code", "detail", "text"]);
    for reject in status::rejects(&session, rows.import, rows.skip, rows.limit).await? {
        table.row([
            reject.import_no.to_string(),
            file_of(&session, reject.import_no),
            reject.row.to_string(),
            reject.rows.to_string(),
            reject.code,
            reject.detail,
            reject.text,
        ]);
    }
    print(table, settings, rows)?;
    Ok(DONE)
}

fn file_of(session: &Session, import_no: i64) -> String {
    let row = session.imports.iter().find(|row| row.import_no == import_no);
    row.map(|row| row.file.clone()).unwrap_or_default()
}

/// Duplicates are kept as runs; their text is read from the original.
async fn duplicates(settings: &Settings, ledger: &Ledger, rows: &Rows) -> Done {
    let session = session(ledger, None).await?;
    let mut table = Table::new(["import", "file", "rows", "reason", "first row's text"]);
    let runs = status::duplicates(&session, rows.import, rows.skip, rows.limit).await?;
    let texts = shown::first_rows(ledger, &session.imports, &runs).await?;
    for run in runs {
        let text = texts.get(&(run.import_no, run.first)).cloned().unwrap_or_default();
        table.row([
            run.import_no.to_string(),
            file_of(&session, run.import_no),
            format!("{}-{}", run.first, run.last),
            run.reason,
            text,
        ]);
    }
    print(table, settings, rows)?;
    Ok(DONE)
}

/// Reads all originals again, by today's contract and mappings, into a new ledger.
async fn rebuild(settings: &Settings, ledger: &Ledger, args: &Rebuild) -> Done {
    let contract = settings.contract()?;
    let mappings = new_mappings(&args.mapping)?;
    let plan =
        Plan { old: ledger, out: &args.out, contract: &contract, mappings: &mappings, now: now() };
    let bar = import::bar(settings.quiet, &args.out);
    let mut files = Vec::new();
    let compared = rebuild::rebuild(
        &plan,
        &mut |row, progress| {
            bar.set_prefix(row.file.clone());
            import::show(&bar, progress);
        },
        &mut |row, outcome| {
            let path = Path::new(&row.file);
            if !settings.quiet {
                bar.suspend(|| import::print(path, outcome, settings.lang));
            }
            let mut file = import::json(path, outcome);
            if let Some(fields) = file.as_object_mut() {
                fields.insert("import_before".to_owned(), row.import_no.into());
            }
            files.push(file);
        },
    )
    .await;
    bar.finish_and_clear();
    let compared = compared?;
    let mut out = std::io::stdout().lock();
    if args.json {
        let rows: Vec<serde_json::Value> = compared.iter().map(compared_json).collect();
        let all = serde_json::json!({
            "out": args.out.display().to_string(),
            "files": files,
            "compared": rows,
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&all).map_err(Failure::internal)?)?;
    } else {
        comparison(&compared, settings.lang).print(&mut out)?;
    }
    if !settings.quiet {
        let (out, n, old) = (args.out.display(), files.len(), ledger.dir().display());
        match settings.lang {
            Lang::It => note!("{out}: {n} importazioni rilette; {old} è com'era"),
            Lang::En => note!("{out}: {n} imports read again; {old} is as it was"),
        }
    }
    Ok(DONE)
}

/// Reads `FILE` or `STREAM=FILE`.
fn new_mappings(written: &[String]) -> Result<Vec<NewMapping>, Failure> {
    let read = |text: &String| {
        let (stream, path) = match text.split_once('=') {
            Some((stream, path)) if stream.starts_with("mapping:") => (Some(stream), path),
            _ => (None, text.as_str()),
        };
        let Format::Mapped(mapping, sha256) = import::read_mapping(Path::new(path))? else {
            unreachable!("a mapping file is read as a mapping")
        };
        Ok(NewMapping { stream: stream.map(str::to_owned), mapping: *mapping, sha256 })
    };
    written.iter().map(read).collect()
}

fn compared_json(row: &Compared) -> serde_json::Value {
    let Compared { table, service, old, new } = row;
    serde_json::json!({ "table": table, "service": service, "old": old, "new": new })
}

fn comparison(compared: &[Compared], lang: Lang) -> Table {
    let mut table = Table::new(["table", "service", "old", "new", "difference"]).in_lang(lang);
    let n = |value: i64| grouped(u64::try_from(value).unwrap_or(0), lang);
    for Compared { table: name, service, old, new } in compared {
        let difference = old.map(|old| match new - old {
            0 => "0".to_owned(),
            less if less < 0 => format!("-{}", grouped(less.unsigned_abs(), lang)),
            more => format!("+{}", grouped(more.unsigned_abs(), lang)),
        });
        let told = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
        table.row([
            (*name).to_owned(),
            service.clone(),
            told(old.map(n)),
            n(*new),
            told(difference),
        ]);
    }
    table
}

fn destroy_key(ledger: &Ledger, period: &str, yes: bool, lang: Lang) -> Done {
    let well_formed = period.split_once("-H").is_some_and(|(year, half)| {
        year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()) && matches!(half, "1" | "2")
    });
    if !well_formed {
        return Err(Failure::usage(format!("`{period}` is no half-year such as 2023-H2")));
    }
    if !yes {
        return Err(Failure::usage("destroying a key cannot be undone")
            .hint("callers of that half-year can then never be told apart again; say `--yes`"));
    }
    let existed = ledger.pseudonyms().destroy(period)?;
    let what = if existed {
        say(lang, "distrutta", "destroyed")
    } else {
        say(lang, "non c'era; non ne sarà fatta una", "there was none; none will be made")
    };
    writeln!(std::io::stdout(), "{} {period}: {what}", say(lang, "chiave di", "key of"))?;
    Ok(DONE)
}

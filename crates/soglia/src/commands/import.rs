//! `soglia import`. Read [`run`] first.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use soglia_app::measured::keep_counts;
use soglia_domain::contract::Contract;
use soglia_domain::text::Lang;
use soglia_ledger::import::{self, Format, Outcome, Progress, Request};
use soglia_ledger::mapping::Mapping;
use soglia_ledger::objects::decompress;
use soglia_ledger::store::{Ledger, Locked};
use soglia_report::format::say;
use soglia_sources::queue_log;

use super::now;
use crate::cli::Import;
use crate::config::{Settings, sha256, sha256_of};
use crate::error::{DONE, Done, Failure, REJECTED};
use crate::output::grouped;

/// Takes files in.
pub async fn run(settings: &Settings, args: Import) -> Done {
    let contract = settings.contract()?;
    let format = format_of(&args)?;
    let mut files = args.files.clone();
    if matches!(format, Format::QueueLog) {
        sort_by_first_instant(&mut files, &contract);
    }
    let zone = match &args.zone {
        Some(name) => Some(jiff::tz::TimeZone::get(name).map_err(|problem| {
            Failure::usage(problem)
                .hint("a name of the time zone database, e.g. Europe/Rome or UTC")
        })?),
        None => None,
    };
    let ledger = Ledger::open_or_create(settings.ledger()?).await?;
    let mut locked = ledger.lock().await?;
    let mut batch = Batch::new(&files);
    let mut code = DONE;
    let mut reports = Vec::new();
    let mut failed = None;
    for (at, path) in files.iter().enumerate() {
        let request = Request {
            path,
            format: &format,
            service: args.service.as_deref(),
            source: args.source.as_deref(),
            contract: &contract,
            zone: zone.as_ref(),
            more_follow: batch.goes_on_after(at, &locked),
            now: now(),
        };
        let outcome = match one(&mut locked, &request, settings).await {
            Ok(outcome) => outcome,
            Err(failure) => {
                failed = Some(failure);
                break;
            }
        };
        let rejected = u64::try_from(outcome.row.rejected_rows).unwrap_or(0);
        if args.max_rejects.is_some_and(|most| most < rejected) {
            code = REJECTED;
        }
        reports.push(json(path, &outcome));
    }
    drop(locked);
    keep_counts(&ledger, &contract).await;
    if args.json {
        let text = serde_json::to_string_pretty(&reports).map_err(Failure::internal)?;
        writeln!(std::io::stdout(), "{text}")?;
    }
    if let Some(failure) = failed {
        return Err(failure);
    }
    if code == REJECTED {
        note!("error: a file has more rejected rows than --max-rejects allows; it was taken in");
        note!("hint: `soglia ledger rejects` lists them with their reasons");
    }
    Ok(code)
}

/// The files of one command, as far as it must be known which of them are new.
struct Batch<'a> {
    files: &'a [PathBuf],
    sizes: Vec<Option<u64>>,
    hashes: BTreeMap<usize, Option<String>>,
}

impl<'a> Batch<'a> {
    fn new(files: &'a [PathBuf]) -> Self {
        let size = |path: &PathBuf| std::fs::metadata(path).ok().map(|found| found.len());
        Self { files, sizes: files.iter().map(size).collect(), hashes: BTreeMap::new() }
    }

    /// Whether a file comes after this one that brings something: delivered once more, a file
    /// changes nothing, and cannot end a log.
    fn goes_on_after(&mut self, at: usize, ledger: &Locked) -> bool {
        (at + 1..self.files.len()).any(|later| !self.is_known(later, at, ledger))
    }

    /// Whether the ledger has a file, or will have it with the one at `current`.
    fn is_known(&mut self, at: usize, current: usize, ledger: &Locked) -> bool {
        let Some(Some(size)) = self.sizes.get(at).copied() else { return false };
        let alike = self.sizes.get(current).copied().flatten() == Some(size);
        let taken: Vec<&str> = ledger
            .rows()
            .iter()
            .filter(|row| u64::try_from(row.bytes) == Ok(size))
            .map(|row| row.sha256.as_str())
            .collect();
        // Only a file of the same size can be the same: almost none is read for this.
        if taken.is_empty() && !alike {
            return false;
        }
        let (own, current) = (self.hash(at), alike.then(|| self.hash(current)).flatten());
        own.is_some_and(|own| taken.contains(&own.as_str()) || current == Some(own))
    }

    fn hash(&mut self, at: usize) -> Option<String> {
        let path = self.files.get(at)?;
        self.hashes.entry(at).or_insert_with(|| sha256_of(path).ok()).clone()
    }
}

/// Takes one file in, with progress, and says what became of it.
pub async fn one(
    locked: &mut Locked,
    request: &Request<'_>,
    settings: &Settings,
) -> Result<Outcome, Failure> {
    let bar = bar(settings.quiet, request.path);
    let outcome = import::import(locked, request, &mut |progress| show(&bar, progress)).await;
    bar.finish_and_clear();
    let outcome = outcome?;
    if !settings.quiet {
        print(request.path, &outcome, settings.lang);
    }
    Ok(outcome)
}

/// Shows how far an import is.
pub fn show(bar: &ProgressBar, progress: Progress) {
    match progress {
        Progress::Copying(bytes) => bar.set_message(format!("copying, {} MB", bytes >> 20)),
        Progress::Reading(rows) => {
            bar.set_position(rows);
            bar.set_message("reading");
        }
        Progress::Committing => bar.set_message("committing"),
    }
}

/// A sign of life with rows and rows a second.
pub fn bar(quiet: bool, path: &Path) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    let style =
        ProgressStyle::with_template("{spinner} {prefix}: {human_pos} rows, {per_sec}, {msg}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_prefix(path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Says what became of a file.
pub fn print(path: &Path, outcome: &Outcome, lang: Lang) {
    let row = &outcome.row;
    let n = |value: i64| grouped(u64::try_from(value).unwrap_or(0), lang);
    let file = path.display();
    if outcome.already {
        let no = row.import_no;
        match lang {
            Lang::It => note!("{file}: già acquisito come importazione {no}, nulla è cambiato"),
            Lang::En => note!("{file}: already taken in as import {no}, nothing changed"),
        }
        return;
    }
    let facts: Vec<String> =
        row.facts.iter().map(|(table, count)| format!("{} {table}", n(*count))).collect();
    let facts = match facts.as_slice() {
        [] => say(lang, "nessun fatto", "no facts").to_owned(),
        some => some.join(", "),
    };
    let (no, rows, of_facts) = (row.import_no, n(row.rows), n(row.fact_rows));
    let (duplicates, rejected) = (n(row.duplicate_rows), n(row.rejected_rows));
    let (ignored, open) = (n(row.ignored_rows), n(row.open_calls));
    match lang {
        Lang::It => note!(
            "{file}: importazione {no}: {rows} righe = {of_facts} di fatti + {duplicates} doppie + \
             {rejected} scartate + {ignored} ignorate; {facts}; {open} chiamate aperte"
        ),
        Lang::En => note!(
            "{file}: import {no}: {rows} rows = {of_facts} of facts + {duplicates} duplicates + \
             {rejected} rejected + {ignored} ignored; {facts}; {open} calls open"
        ),
    }
    let row_word = say(lang, "riga", "row");
    for reject in outcome.rejects.iter().take(5) {
        note!("  {row_word} {}: {}: {}", reject.row, reject.code, reject.detail);
    }
    for (code, count) in &row.anomalies {
        note!("  {}: {code}: {}", say(lang, "nota", "note"), n(*count));
    }
}

/// What became of a file, as JSON.
pub fn json(path: &Path, outcome: &Outcome) -> serde_json::Value {
    let row = &outcome.row;
    let facts: i64 = row.facts.iter().filter(|(t, _)| *t != "queue_entries").map(|(_, n)| n).sum();
    let of = |table: &str| row.facts.get(table).copied().unwrap_or(0);
    serde_json::json!({
        "file": path.display().to_string(),
        "sha256": row.sha256,
        "import": row.import_no,
        "already": outcome.already,
        "rows": row.rows,
        "facts": facts,
        "fact_rows": row.fact_rows,
        "pending_rows": row.pending_rows,
        "duplicates": row.duplicate_rows,
        "rejected": row.rejected_rows,
        "ignored": row.ignored_rows,
        "calls": of("calls"),
        "queue_entries": of("queue_entries"),
        "by_table": row.facts,
        "open_calls": row.open_calls,
        "ignored_by_reason": row.ignored,
        "anomalies": row.anomalies,
    })
}

fn format_of(args: &Import) -> Result<Format, Failure> {
    let Some(path) = &args.mapping else {
        let name = args.format.as_deref().unwrap_or_default();
        return Format::from_name(name)
            .ok_or_else(|| Failure::usage(format!("no format `{name}`")));
    };
    read_mapping(path)
}

/// Reads a mapping file.
pub fn read_mapping(path: &Path) -> Result<Format, Failure> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|cause| {
        Failure::configuration(
            anyhow::Error::from(cause).context(format!("failed to read `{name}`")),
        )
    })?;
    let mapping = Mapping::parse(&text, &name).map_err(|problem| {
        let hint = problem.hint().map(str::to_owned);
        Failure::configuration(problem).maybe_hint(hint)
    })?;
    Ok(Format::Mapped(Box::new(mapping), sha256(text.as_bytes())))
}

/// Queue logs complete each other only in the order in which they were written.
pub fn sort_by_first_instant(files: &mut [PathBuf], contract: &Contract) {
    files.sort_by_cached_key(|path| {
        let first = std::fs::File::open(path).and_then(decompress).ok().and_then(|mut text| {
            let mut line = Vec::new();
            std::io::BufRead::read_until(&mut text, b'\n', &mut line).ok()?;
            queue_log::first_instant(&line, &contract.zone)
        });
        (first, path.clone())
    });
}

//! A new ledger from the originals of another, read by today's rules. Read [`rebuild`] first.
//!
//! The old ledger is only read. The new one grows in a folder beside its place that nobody can
//! open, and is renamed when it is complete: killed at any instant, there is a whole new ledger or
//! none, and what is left of it is removed by the next rebuild.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use jiff::tz::TimeZone;
use soglia_domain::contract::Contract;
use soglia_domain::time::Instant;

use crate::import::{self, Format, ImportError, Outcome, Progress, Request};
use crate::mapping::{Mapping, MappingError};
use crate::session::Session;
use crate::store::{ImportRow, Ledger, LedgerError};
use crate::tables::Table;

/// What is taken over as it is: keys of pseudonyms, seals, the mark of invented data.
const TAKEN_OVER: [&str; 3] = ["keys", "seals", "SIMULATED"];

/// What is to be rebuilt, where and by which rules.
pub struct Plan<'a> {
    /// The ledger whose originals are read.
    pub old: &'a Ledger,
    /// Where the new ledger is to stand.
    pub out: &'a Path,
    /// The contract.
    pub contract: &'a Contract,
    /// Mapping files that take the place of those of the old imports.
    pub mappings: &'a [NewMapping],
    /// The time of the imports.
    pub now: Instant,
}

/// A mapping file that takes the place of another.
#[derive(Debug)]
pub struct NewMapping {
    /// The stream whose files it reads; `None` if the old ledger has one of its table.
    pub stream: Option<String>,
    /// The mapping.
    pub mapping: Mapping,
    /// SHA-256 of its text.
    pub sha256: String,
}

/// Why there is no new ledger. The old one was not touched.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// A ledger refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// There is nothing to read.
    #[error("ledger `{0}` has no imports")]
    Empty(PathBuf),
    /// Something stands where the new ledger is to stand.
    #[error("`{0}` exists already")]
    InTheWay(PathBuf),
    /// The new ledger would stand in the old one.
    #[error("`{0}` lies in the ledger that is read")]
    Inside(PathBuf),
    /// The mapping of an old import was not kept.
    #[error("the mapping of import {import_no} (`{file}`, SHA-256 {sha256}) was not kept")]
    MappingMissing {
        /// The import.
        import_no: i64,
        /// Its file.
        file: String,
        /// The mapping's hash.
        sha256: String,
    },
    /// The mapping of an old import can no longer be read.
    #[error("the mapping of import {import_no} cannot be used")]
    Mapping {
        /// The import.
        import_no: i64,
        /// Why.
        #[source]
        source: Box<MappingError>,
    },
    /// A new mapping is for nothing, or it is not clear for what.
    #[error("a new mapping is for {table}, of which the ledger has {found}")]
    WhichStream {
        /// The table that the new mapping fills.
        table: &'static str,
        /// The streams of that table.
        found: String,
    },
    /// An import says something that this program does not know.
    #[error("import {import_no} has the {what} `{value}`, which this program does not know")]
    Unknown {
        /// The import.
        import_no: i64,
        /// What is unknown.
        what: &'static str,
        /// As it is written.
        value: String,
    },
    /// An original could not be taken over.
    #[error("failed to take over the original of import {import_no}, `{file}`")]
    Original {
        /// The import.
        import_no: i64,
        /// Its file.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// An original could not be read by the new rules.
    #[error("failed to read the original of import {import_no}, `{file}`, again")]
    Import {
        /// The import.
        import_no: i64,
        /// Its file.
        file: String,
        /// Why.
        #[source]
        source: Box<ImportError>,
    },
}

impl RebuildError {
    /// What the reader can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Ledger(error) => error.hint().map(str::to_owned),
            Self::Empty(_) => Some("check `--ledger`".to_owned()),
            Self::InTheWay(_) => Some("name a folder that does not exist yet".to_owned()),
            Self::Inside(_) => Some("name a folder beside it".to_owned()),
            Self::MappingMissing { .. } => {
                Some("give the mapping file with `--mapping`".to_owned())
            }
            Self::Mapping { source, .. } => source.hint().map(str::to_owned),
            Self::WhichStream { .. } => {
                Some("say which: `--mapping STREAM=FILE`, once for each stream".to_owned())
            }
            Self::Unknown { .. } => {
                Some("use the version of Soglia that wrote it, or a newer one".to_owned())
            }
            Self::Original { .. } => {
                Some("restore the ledger\u{2019}s folder from a copy".to_owned())
            }
            Self::Import { source, .. } => source.hint(),
        }
    }
}

/// Rows of one table and service in both ledgers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compared {
    /// The table.
    pub table: &'static str,
    /// The service; empty for tables without one.
    pub service: String,
    /// Rows that count in the old ledger; `None` where it has lost files and nobody can tell.
    pub old: Option<i64>,
    /// Rows that count in the new one.
    pub new: i64,
}

/// Reads every original of a ledger again, in order, into a new one; says how both compare.
///
/// `done` is told of each file with the import of the old ledger it stands for.
pub async fn rebuild(
    plan: &Plan<'_>,
    progress: &mut dyn FnMut(&ImportRow, Progress),
    done: &mut dyn FnMut(&ImportRow, &Outcome),
) -> Result<Vec<Compared>, RebuildError> {
    let rows = plan.old.imports().await?;
    if rows.is_empty() {
        return Err(RebuildError::Empty(plan.old.dir().to_owned()));
    }
    let formats = formats(plan, &rows)?;
    let partial = clear_the_way(plan)?;
    let ledger = Ledger::create_unfinished(&partial).await?;
    match replay(plan, &ledger, &rows, &formats, progress, done).await {
        Ok(compared) => {
            ledger.finish(plan.out)?;
            Ok(compared)
        }
        Err(problem) => {
            // What remains can do no harm: nobody can open it, and the next rebuild removes it.
            drop(fs::remove_dir_all(&partial));
            Err(problem)
        }
    }
}

/// Where the new ledger grows; what an earlier rebuild left there or in its place is removed.
fn clear_the_way(plan: &Plan<'_>) -> Result<PathBuf, RebuildError> {
    let out = plan.out;
    let Some(name) = out.file_name() else {
        return Err(RebuildError::InTheWay(out.to_owned()));
    };
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(LedgerError::io("make folder", parent))?;
    let parent = fs::canonicalize(parent).map_err(LedgerError::io("open", parent))?;
    if parent.join(name).starts_with(plan.old.dir()) {
        return Err(RebuildError::Inside(out.to_owned()));
    }
    let mut beside = name.to_owned();
    beside.push(".rebuilding");
    let partial = parent.join(beside);
    for path in [&partial, out] {
        if Ledger::is_unfinished(path) {
            Ledger::remove_unfinished(path)?;
        }
    }
    let is_empty = |path: &Path| fs::read_dir(path).is_ok_and(|mut found| found.next().is_none());
    for path in [&partial, out] {
        if path.exists() && !is_empty(path) {
            return Err(RebuildError::InTheWay(path.to_owned()));
        }
    }
    Ok(partial)
}

/// Each import's format, by the key that [`format_key`] gives it.
fn formats(plan: &Plan<'_>, rows: &[ImportRow]) -> Result<BTreeMap<String, Format>, RebuildError> {
    let new = new_mappings(plan, rows)?;
    let mut formats = BTreeMap::new();
    for row in rows {
        let key = format_key(row);
        if formats.contains_key(&key) {
            continue;
        }
        let format = match (&row.mapping, new.get(row.stream.as_str())) {
            (Some(_), Some(new)) => {
                Format::Mapped(Box::new(new.mapping.clone()), new.sha256.clone())
            }
            (Some(sha256), None) => kept_mapping(plan.old, row, sha256)?,
            (None, _) => Format::from_name(&row.format).ok_or_else(|| RebuildError::Unknown {
                import_no: row.import_no,
                what: "format",
                value: row.format.clone(),
            })?,
        };
        formats.insert(key, format);
    }
    Ok(formats)
}

fn format_key(row: &ImportRow) -> String {
    let Some(mapping) = &row.mapping else { return row.format.clone() };
    format!("{} {mapping}", row.stream)
}

/// The new mappings by the stream that each one is for.
fn new_mappings<'a>(
    plan: &Plan<'a>,
    rows: &[ImportRow],
) -> Result<BTreeMap<String, &'a NewMapping>, RebuildError> {
    let mut found = BTreeMap::new();
    for new in plan.mappings {
        let table = new.mapping.table().name();
        let kind = format!("mapping:{table}");
        let streams: BTreeSet<&str> = rows
            .iter()
            .map(|row| row.stream.as_str())
            .filter(|stream| stream.split('/').next() == Some(kind.as_str()))
            .filter(|stream| new.stream.as_deref().is_none_or(|wanted| wanted == *stream))
            .collect();
        let mut streams = streams.into_iter();
        match (streams.next(), streams.next()) {
            (Some(only), None) if !found.contains_key(only) => {
                found.insert(only.to_owned(), new);
            }
            (first, second) => {
                let names: Vec<String> = first
                    .into_iter()
                    .chain(second)
                    .chain(streams)
                    .map(|s| format!("`{s}`"))
                    .collect();
                let found = match names.as_slice() {
                    [] => "no such stream".to_owned(),
                    [only] => format!("one stream, {only}, with a new mapping already"),
                    many => format!("several streams: {}", many.join(", ")),
                };
                return Err(RebuildError::WhichStream { table, found });
            }
        }
    }
    Ok(found)
}

/// The mapping of an old import, as it was kept.
fn kept_mapping(old: &Ledger, row: &ImportRow, sha256: &str) -> Result<Format, RebuildError> {
    let mut text = String::new();
    let read = old.objects().open(sha256).and_then(|mut kept| kept.read_to_string(&mut text));
    if read.is_err() {
        return Err(RebuildError::MappingMissing {
            import_no: row.import_no,
            file: row.file.clone(),
            sha256: sha256.to_owned(),
        });
    }
    let name = format!("mapping {}", sha256.get(..12).unwrap_or(sha256));
    let mapping = Mapping::parse(&text, &name).map_err(|source| RebuildError::Mapping {
        import_no: row.import_no,
        source: Box::new(source),
    })?;
    Ok(Format::Mapped(Box::new(mapping), sha256.to_owned()))
}

/// Reads all originals into the new ledger and compares.
async fn replay(
    plan: &Plan<'_>,
    ledger: &Ledger,
    rows: &[ImportRow],
    formats: &BTreeMap<String, Format>,
    progress: &mut dyn FnMut(&ImportRow, Progress),
    done: &mut dyn FnMut(&ImportRow, &Outcome),
) -> Result<Vec<Compared>, RebuildError> {
    for name in TAKEN_OVER {
        let (from, to) = (plan.old.dir().join(name), ledger.dir().join(name));
        take_over(&from, &to).map_err(LedgerError::io("copy", &from))?;
    }
    let mut locked = ledger.lock().await?;
    for (at, row) in rows.iter().enumerate() {
        let format = formats.get(&format_key(row)).expect("every import's format was found");
        let zone = row.zone.as_deref().map(|name| zone(row, name)).transpose()?;
        let followed = || rows.get(at + 1).is_some_and(|next| next.stream == row.stream);
        let request = Request {
            path: Path::new(&row.file),
            format,
            service: row.service.as_deref(),
            source: row.source.as_deref().or_else(|| source_in_stream(row)),
            contract: plan.contract,
            zone: zone.as_ref(),
            more_follow: row.continued.unwrap_or_else(followed),
            now: plan.now,
        };
        let object = ledger
            .objects()
            .adopt(&plan.old.objects(), &row.sha256, &mut |bytes| {
                progress(row, Progress::Copying(bytes));
            })
            .map_err(|source| RebuildError::Original {
                import_no: row.import_no,
                file: row.file.clone(),
                source,
            })?;
        let outcome = import::import_kept(&mut locked, &request, object, &mut |p| progress(row, p))
            .await
            .map_err(|source| RebuildError::Import {
                import_no: row.import_no,
                file: row.file.clone(),
                source: Box::new(source),
            })?;
        done(row, &outcome);
    }
    let old = match counts(plan.old).await {
        Err(LedgerError::Lost { .. }) => None,
        other => Some(other?),
    };
    let new = counts(ledger).await?;
    let both: BTreeSet<_> =
        old.iter().flat_map(BTreeMap::keys).chain(new.keys()).cloned().collect();
    Ok(both
        .into_iter()
        .map(|key| Compared {
            old: old.as_ref().map(|old| old.get(&key).copied().unwrap_or(0)),
            new: new.get(&key).copied().unwrap_or(0),
            table: key.0,
            service: key.1,
        })
        .collect())
}

fn zone(row: &ImportRow, name: &str) -> Result<TimeZone, RebuildError> {
    TimeZone::get(name).map_err(|_| RebuildError::Unknown {
        import_no: row.import_no,
        what: "zone",
        value: name.to_owned(),
    })
}

/// The platform's name of an import that did not write it down: what follows the format and the
/// service in the stream's name.
fn source_in_stream(row: &ImportRow) -> Option<&str> {
    let (_, rest) = row.stream.split_once('/')?;
    match &row.service {
        Some(service) => rest.strip_prefix(service.as_str())?.strip_prefix('/'),
        None => Some(rest),
    }
}

/// Copies a file or folder, if there is one. A link, as of keys kept elsewhere, stays a link.
fn take_over(from: &Path, to: &Path) -> io::Result<()> {
    let Ok(kind) = fs::symlink_metadata(from).map(|found| found.file_type()) else {
        return Ok(());
    };
    #[cfg(unix)]
    if kind.is_symlink() {
        return std::os::unix::fs::symlink(fs::canonicalize(from)?, to);
    }
    if !kind.is_dir() {
        return fs::copy(from, to).map(|_| ());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        take_over(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Rows that count, by table and service.
async fn counts(ledger: &Ledger) -> Result<BTreeMap<(&'static str, String), i64>, LedgerError> {
    let session = Session::open(ledger, None).await?;
    let mut found = BTreeMap::new();
    // Facts have an instant; what an import notes beside them has none.
    for table in Table::FACTS.into_iter().filter(|table| table.sort_column().is_some()) {
        let name = table.name();
        let sql = format!(
            "SELECT arrow_cast(service, 'Utf8') AS service, count(*) FROM {name} GROUP BY 1"
        );
        for batch in session.rows(&sql).await? {
            let services = batch.column(0).as_string::<i32>();
            let n = batch.column(1).as_primitive::<Int64Type>();
            for row in 0..batch.num_rows() {
                found.insert((name, services.value(row).to_owned()), n.value(row));
            }
        }
    }
    let sum = |of: fn(&ImportRow) -> i64| session.imports.iter().map(of).sum::<i64>();
    found.insert(("rows rejected", String::new()), sum(|row| row.rejected_rows));
    found.insert(("rows duplicate", String::new()), sum(|row| row.duplicate_rows));
    found.insert(("rows ignored", String::new()), sum(|row| row.ignored_rows));
    Ok(found)
}

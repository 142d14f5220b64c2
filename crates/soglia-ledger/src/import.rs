//! Bringing a file in. Read [`import`] first.
//!
//! The original is copied into the ledger, then parsed from that copy; every row becomes a fact, a
//! duplicate, a reject or an ignored row, and one commit makes it all true at once.

mod collect;
mod deliveries;
mod enrich;
mod feed;
mod lines;
mod output;
mod records;
mod rules;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use soglia_domain::contract::Contract;
use soglia_domain::time::Instant;

use crate::mapping::{Mapping, MappingError};
use crate::objects::Object;
use crate::row_keys::TooDisordered;
use crate::store::{ImportRow, LedgerError, Locked, file_names};
use crate::tables::Table;

pub use collect::Rejects;
use rules::OtherRules;

/// The version of the rules by which rows become facts; it is stored with each import.
pub const FORMAT_VERSION: i32 = 1;

/// How a file is to be read.
#[derive(Debug)]
pub enum Format {
    /// Asterisk `queue_log`.
    QueueLog,
    /// Asterisk call detail records, CSV.
    AsteriskCdr,
    /// FreeSWITCH `mod_callcenter` records.
    FreeSwitch,
    /// Amazon Connect contact records.
    AmazonConnect,
    /// Genesys Cloud conversation details.
    Genesys,
    /// A table read through a mapping file, with that file's SHA-256.
    Mapped(Box<Mapping>, String),
}

impl Format {
    /// Names of the formats that need no mapping.
    pub const NAMES: [&'static str; 5] =
        ["queue-log", "asterisk-cdr", "freeswitch", "amazon-connect", "genesys"];

    /// Finds a format by name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "queue-log" => Self::QueueLog,
            "asterisk-cdr" => Self::AsteriskCdr,
            "freeswitch" => Self::FreeSwitch,
            "amazon-connect" => Self::AmazonConnect,
            "genesys" => Self::Genesys,
            _ => return None,
        })
    }

    /// Returns the name used on the command line and in the ledger.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::QueueLog => "queue-log",
            Self::AsteriskCdr => "asterisk-cdr",
            Self::FreeSwitch => "freeswitch",
            Self::AmazonConnect => "amazon-connect",
            Self::Genesys => "genesys",
            Self::Mapped(..) => "mapping",
        }
    }
}

/// What to import and how.
pub struct Request<'a> {
    /// The file.
    pub path: &'a Path,
    /// How to read it.
    pub format: &'a Format,
    /// The service of facts whose queue or number does not tell.
    pub service: Option<&'a str>,
    /// The platform that wrote the file, where several of one kind deliver to one ledger.
    pub source: Option<&'a str>,
    /// The contract: services, queues, zone.
    pub contract: &'a Contract,
    /// The zone of local times in the file, where it is not the contract's.
    pub zone: Option<&'a TimeZone>,
    /// Whether another file of the same log follows at once: calls that only wait for stray rows
    /// stay open for it.
    pub more_follow: bool,
    /// The time of the import.
    pub now: Instant,
}

impl Request<'_> {
    /// The zone of local times in the file.
    fn zone(&self) -> TimeZone {
        self.zone.unwrap_or(&self.contract.zone).clone()
    }

    /// The stream: files of one stream complete each other.
    fn stream(&self) -> String {
        let kind = match self.format {
            Format::Mapped(mapping, _) => format!("mapping:{}", mapping.table().name()),
            other => other.name().to_owned(),
        };
        [Some(kind.as_str()), self.service, self.source]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("/")
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug)]
pub enum Progress {
    /// The original is being copied: bytes so far.
    Copying(u64),
    /// Rows read so far.
    Reading(u64),
    /// Files are being committed.
    Committing,
}

/// What became of an import.
#[derive(Debug)]
pub struct Outcome {
    /// Its row in `imports`; of the earlier import if the file was known.
    pub row: ImportRow,
    /// Whether the ledger already had the same bytes.
    pub already: bool,
    /// The first rejects, for the user's eyes.
    pub rejects: Vec<crate::tables::RejectedRow>,
}

/// Why an import did not happen. The ledger is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The file could not be read.
    #[error("failed to read `{path}`")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("`{path}` is {problem}")]
    Unrelated {
        /// The file.
        path: PathBuf,
        /// What was found.
        problem: String,
    },
    /// The mapping does not fit the file.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// Rows that the stream has already would count once more.
    #[error(
        "`{path}`: {what}, which import {import_no} of `{stream}` took in by other rules \
         (another mapping file or zone), would count twice"
    )]
    OtherRules {
        /// The file.
        path: PathBuf,
        /// What would count twice.
        what: String,
        /// The import that has it.
        import_no: i64,
        /// The stream of both.
        stream: String,
    },
    /// Duplicates cannot be told in bounded memory.
    #[error(transparent)]
    Disordered(#[from] TooDisordered),
    /// The service given is not in the contract.
    #[error("the contract has no service `{service}`; it has {known}")]
    UnknownService {
        /// The service given.
        service: String,
        /// Those it has.
        known: String,
    },
}

impl ImportError {
    /// What the reader can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Ledger(error) => error.hint().map(str::to_owned),
            Self::Unrelated { .. } => Some(format!(
                "check `--format` ({}) or describe the file in a mapping (`--mapping`)",
                Format::NAMES.join(", ")
            )),
            Self::Unreadable { source, .. } => match source.kind() {
                std::io::ErrorKind::NotFound => Some("check the path".to_owned()),
                std::io::ErrorKind::PermissionDenied => {
                    Some("ask its owner to let you read it".to_owned())
                }
                std::io::ErrorKind::StorageFull => Some(
                    "the disk is full: nothing was taken in; free some space and import again"
                        .to_owned(),
                ),
                _ => None,
            },
            Self::Mapping(problem) => {
                Some(problem.hint().unwrap_or("see docs/how-to/bring-your-data.md").to_owned())
            }
            Self::OtherRules { .. } => Some(
                "nothing was taken in; to read everything by the new rules, make a new ledger \
                 from the kept originals: `soglia ledger rebuild --out NEW --mapping FILE`"
                    .to_owned(),
            ),
            Self::Disordered(_) => Some("sort the file by time, or split it by month".to_owned()),
            Self::UnknownService { .. } => {
                Some("use a service's `code` from the contract".to_owned())
            }
        }
    }
}

/// Brings one file in: all of it, or nothing.
pub async fn import(
    ledger: &mut Locked,
    request: &Request<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Outcome, ImportError> {
    check_service(request)?;
    let objects = ledger.ledger().objects();
    let object = objects
        .store(request.path, &mut |bytes| progress(Progress::Copying(bytes)))
        .map_err(|source| ImportError::Unreadable { path: request.path.to_owned(), source })?;
    import_kept(ledger, request, object, progress).await
}

/// Brings in an original that the ledger keeps already; the request's path is only its name.
pub(crate) async fn import_kept(
    ledger: &mut Locked,
    request: &Request<'_>,
    object: Object,
    progress: &mut dyn FnMut(Progress),
) -> Result<Outcome, ImportError> {
    check_service(request)?;
    let stream = request.stream();
    let mapping = match request.format {
        Format::Mapped(mapping, sha256) => {
            keep_mapping(ledger, mapping)?;
            Some(sha256.as_str())
        }
        _ => None,
    };
    if let Some(row) = ledger.find(&object.sha256, &stream, mapping) {
        return Ok(Outcome { row: row.clone(), already: true, rejects: Vec::new() });
    }
    let mut collector = collect::Collector::new(ledger, request, &stream, &object.sha256)?;
    let others = OtherRules::load(ledger, request, &stream).await?;
    collector.refuses(others);
    let open_state =
        feed::feed(ledger, request, &stream, &object, &mut collector, progress).await?;
    collector.check_repeated(&object.sha256)?;
    progress(Progress::Committing);
    let collected = collector.finish()?;
    let row = row_of(ledger, request, stream, object, open_state, &collected);
    let rejects = collected.rejects;
    let row = ledger.commit(collected.files, row).await?;
    Ok(Outcome { row, already: false, rejects })
}

/// Keeps the mapping file among the originals: without it nobody could read them again.
fn keep_mapping(ledger: &Locked, mapping: &Mapping) -> Result<(), ImportError> {
    let objects = ledger.ledger().objects();
    let dir = ledger.ledger().dir().join("objects");
    objects.keep_text(mapping.text()).map_err(LedgerError::io("write", &dir))?;
    Ok(())
}

fn check_service(request: &Request<'_>) -> Result<(), ImportError> {
    let mapped = match request.format {
        Format::Mapped(mapping, _) => mapping.service(),
        _ => None,
    };
    for service in request.service.into_iter().chain(mapped) {
        if request.contract.service(service).is_none() {
            let known: Vec<&str> = request.contract.services.iter().map(|s| &*s.code).collect();
            return Err(ImportError::UnknownService {
                service: service.to_owned(),
                known: known.join(", "),
            });
        }
    }
    Ok(())
}

fn row_of(
    ledger: &Locked,
    request: &Request<'_>,
    stream: String,
    object: Object,
    open_state: feed::OpenCalls,
    collected: &collect::Collected,
) -> ImportRow {
    use crate::tables::signed;
    let counts = &collected.counts;
    let facts: BTreeMap<String, i64> = counts
        .facts
        .iter()
        .map(|(table, n): (&Table, &u64)| (table.name().to_owned(), signed(*n)))
        .collect();
    ImportRow {
        import_no: next_no(ledger),
        stream,
        format: request.format.name().to_owned(),
        format_version: FORMAT_VERSION,
        mapping: match request.format {
            Format::Mapped(_, sha256) => Some(sha256.clone()),
            _ => None,
        },
        contract: {
            let hash = &request.contract.file_hash;
            (!hash.is_empty()).then(|| hash.clone())
        },
        service: request.service.map(str::to_owned),
        source: request.source.map(str::to_owned),
        zone: request.zone.and_then(TimeZone::iana_name).map(str::to_owned),
        continued: Some(request.more_follow),
        file: request
            .path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default(),
        sha256: object.sha256,
        bytes: signed(object.bytes),
        rows: signed(counts.rows),
        fact_rows: signed(counts.fact_rows + open_state.rows),
        pending_rows: signed(open_state.rows),
        duplicate_rows: signed(counts.duplicate_rows),
        rejected_rows: signed(counts.rejected_rows),
        ignored_rows: signed(counts.ignored_rows),
        facts,
        open_calls: signed(open_state.calls),
        days: counts.days,
        imported_at: request.now,
        software: concat!("soglia ", env!("CARGO_PKG_VERSION")).to_owned(),
        tables: BTreeMap::new(),
        open_state: open_state.state,
        ignored: counts.ignored.iter().map(|(why, n)| (why.clone(), signed(*n))).collect(),
        anomalies: counts.anomalies.iter().map(|(why, n)| (why.clone(), signed(*n))).collect(),
    }
}

/// The number of the import to come.
fn next_no(ledger: &Locked) -> i64 {
    ledger.rows().last().map_or(1, |row| row.import_no + 1)
}

/// Files of a table that earlier imports of a stream wrote, each with its import.
fn stream_files<'l>(
    ledger: &'l Locked,
    table: Table,
    stream: &str,
) -> Result<Vec<(PathBuf, &'l ImportRow)>, LedgerError> {
    let dir = ledger.ledger().table_dir(table);
    let names = file_names(ledger.table(table), table)?;
    // File names begin with the import's number.
    let found = names.into_iter().filter_map(|name| {
        let number: i64 = name.strip_prefix("part-")?.split('-').next()?.parse().ok()?;
        let row = ledger.rows().iter().find(|row| row.import_no == number)?;
        (row.stream == stream).then(|| (dir.join(name), row))
    });
    Ok(found.collect())
}

//! Counts of whole files, kept beside the ledger: a file of calls never changes, so it is counted
//! once. Read [`Kept`] first.
//!
//! A kept count is derived state. It says by its digest which calendars, exclusions and columns it
//! was made with, and by its checksum that it is whole; one that does not fit is made again, and
//! losing all of them changes no figure.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use datafusion::common::runtime::SpawnedTask;
use jiff::civil::Date;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::statistics::Statistics;
use sha2::{Digest, Sha256};
use soglia_domain::contract::Contract;
use soglia_domain::facts::{Direction, Disposition};
use soglia_domain::period::{Period, start_of_day};
use soglia_domain::time::Instant;
use soglia_ledger::beside::{Beside, open};
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;
use soglia_ledger::tables::Table;

use crate::MeasureError;
use crate::bytes::{Reader, put, put_text};
use crate::columns::Columns;
use crate::plan::{CallsPass, Clocks, Look, Part, columns};
use crate::tally::{Dimension, Pass, Seen, Spec, Tally};

/// Raised whenever a pass counts calls otherwise than before, or writes its counts otherwise.
const COUNTING: u32 = 1;

/// Counts of more bytes than these, and these for each row, are read no faster than the rows: a
/// platform that records milliseconds has hardly two durations alike.
const SMALL: u64 = 4096;
const BYTES_A_ROW: u64 = 8;

/// All days that a period can name.
const EVER: &str = "1900-01-01..2199-12-31";

/// Rows read at once.
const BATCH_ROWS: usize = 16 * 1024;

/// A folder of kept counts.
#[derive(Clone, Debug)]
pub struct Kept {
    beside: Beside,
}

impl Kept {
    /// The counts that are kept beside a ledger.
    pub fn beside(ledger: &Ledger) -> Self {
        Self { beside: Beside::new(ledger, "tallies") }
    }

    /// The calls of a period by day, from the counts of whole files; files that were not counted
    /// yet are, and their counts kept if the folder can be written.
    ///
    /// `None` where whole days of whole files do not make the period: calls that count when they
    /// end, legs, records that a newer revision replaced, days of another zone.
    pub async fn days(
        &self,
        session: &Session,
        (contract, period): (&Contract, &Period),
        pass: &CallsPass,
    ) -> Result<Option<Tally>, MeasureError> {
        if !pass.days_are_whole() || session.revised.contains(&Table::Calls) {
            return Ok(None);
        }
        let counting = Counting { contract, pass };
        let parts = session.ctx.state().config().target_partitions();
        let mut days = Tally::default();
        for file in session.files_of(Table::Calls) {
            let name = name_of(file);
            let kept = self.beside.read(&name);
            let kept = kept.and_then(|bytes| counting.read(&bytes, period));
            let counted = match kept {
                Some(counted) => counted,
                None => match counting.make(file, period, parts).await? {
                    Made::Elsewhere => continue,
                    Made::Doubtful => return Ok(None),
                    Made::Counted(counted) => {
                        // A folder that cannot be written costs time, not truth.
                        let _ = self.beside.write(&name, &counted.to_bytes());
                        counted
                    }
                },
            };
            let Some(mut tally) = counted.tally else { return Ok(None) };
            tally.retain_days(period.first_date(), period.until_date());
            days.merge(tally);
        }
        Ok(Some(days))
    }

    /// Counts the files of calls that nobody has counted, so that whoever measures next need not.
    ///
    /// Counts that are there are left alone: if they fit no longer, whoever measures finds out.
    pub async fn fill(&self, session: &Session, contract: &Contract) -> Result<(), MeasureError> {
        let Ok(ever) = Period::parse(EVER, &contract.zone) else { return Ok(()) };
        if session.revised.contains(&Table::Calls) {
            return Ok(());
        }
        let counting = Counting { contract, pass: &CallsPass::ordinary() };
        let parts = session.ctx.state().config().target_partitions();
        for file in session.files_of(Table::Calls) {
            let name = name_of(file);
            if self.beside.has(&name) {
                continue;
            }
            if let Made::Counted(counted) = counting.make(file, &ever, parts).await? {
                self.beside.write(&name, &counted.to_bytes())?;
            }
        }
        Ok(())
    }
}

/// The name of the counts of a file.
fn name_of(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    format!("{stem}.tally")
}

/// What files are counted by.
#[derive(Clone, Copy)]
struct Counting<'a> {
    contract: &'a Contract,
    pass: &'a CallsPass,
}

/// The counts of one file.
struct Counted {
    first: Date,
    until: Date,
    digest: Vec<u8>,
    /// Rows of the file.
    rows: u64,
    /// None if reading the counts takes longer than counting.
    tally: Option<Tally>,
}

/// What became of a file.
enum Made {
    /// No call of it arrived in the period.
    Elsewhere,
    /// It does not say when its calls arrived, or its days are not the contract's.
    Doubtful,
    /// It was counted.
    Counted(Counted),
}

impl Counting<'_> {
    /// Reads kept counts; none if they are damaged or made with anything else.
    fn read(&self, bytes: &[u8], period: &Period) -> Option<Counted> {
        let (checksum, body) = bytes.split_at_checked(32)?;
        if Sha256::digest(body).as_slice() != checksum {
            return None;
        }
        let mut reader = Reader::new(body);
        let mut date = || reader.text().ok()?.parse::<Date>().ok();
        let (first, until) = (date()?, date()?);
        let digest = digest(&self.spec(&stretch(first, until, self.contract)?, Part::All));
        if reader.bytes(digest.len()).ok()? != digest {
            return None;
        }
        let (rows, apart) =
            (reader.number().ok()?, until <= period.first_date() || period.until_date() <= first);
        let tally = match reader.number().ok()? {
            0 => None,
            _ if apart => Some(Tally::default()),
            _ => Some(Tally::read(reader).ok()?),
        };
        Some(Counted { first, until, digest, rows, tally })
    }

    /// Counts a file.
    async fn make(&self, file: &Path, period: &Period, parts: usize) -> Result<Made, MeasureError> {
        let metadata = ArrowReaderMetadata::load(&open(file)?, ArrowReaderOptions::default())?;
        let Some((least, most)) = arrivals(&metadata) else { return Ok(Made::Doubtful) };
        if most < period.start().as_millis() || period.end().as_millis() <= least {
            return Ok(Made::Elsewhere);
        }
        let date = |at| Instant::from_millis(at).in_zone(&self.contract.zone).date();
        let (first, last) = (date(least), date(most));
        let stretch = last.tomorrow().ok().and_then(|until| stretch(first, until, self.contract));
        let Some(stretch) = stretch else { return Ok(Made::Doubtful) };
        let days = Days::of(&stretch, self.contract);
        let spec = self.spec(&stretch, Part::All);
        let digest = digest(&spec);
        let rows = metadata.metadata().file_metadata().num_rows();
        let reading = Reading { file: file.to_owned(), metadata, days, spec, only: None };
        let Some(mut tally) = reading.clone().run(parts).await? else { return Ok(Made::Doubtful) };
        if tally.any_callback() {
            // They need two more columns, see `CallsPass::run`.
            let spec = self.spec(&stretch, Part::Callbacks);
            let only = Some(Disposition::CallbackRequested);
            let again = Reading { spec, only, ..reading };
            let Some(callbacks) = again.run(parts).await? else { return Ok(Made::Doubtful) };
            tally.drop_callbacks();
            tally.merge(callbacks);
        }
        let (first, until) = (stretch.first_date(), stretch.until_date());
        let rows = u64::try_from(rows).unwrap_or(0);
        Ok(Made::Counted(Counted { first, until, digest, rows, tally: Some(tally) }))
    }

    /// What to count a part of the calls of a stretch of days with.
    fn spec(&self, stretch: &Period, part: Part) -> Spec {
        Spec {
            columns: columns(self.contract, (Look::Days, Clocks::All), part),
            ..self.pass.spec(self.contract, stretch, Dimension::Day)
        }
    }
}

impl Counted {
    /// The counts as they are kept.
    fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        put_text(&mut body, &self.first.to_string());
        put_text(&mut body, &self.until.to_string());
        body.extend_from_slice(&self.digest);
        put(&mut body, self.rows);
        let counts = self.tally.as_ref().map(Tally::to_bytes);
        match counts.filter(|counts| counts.len() as u64 <= SMALL + self.rows * BYTES_A_ROW) {
            Some(counts) => {
                put(&mut body, 1);
                body.extend_from_slice(&counts);
            }
            None => put(&mut body, 0),
        }
        let mut bytes = Sha256::digest(&body).to_vec();
        bytes.append(&mut body);
        bytes
    }
}

/// What counts were made with, the program's way of counting included.
fn digest(spec: &Spec) -> Vec<u8> {
    let json = serde_json::to_vec(spec).expect("a specification is plain data");
    let mut hasher = Sha256::new();
    let mut version = Vec::new();
    put(&mut version, u64::from(COUNTING));
    hasher.update(&version);
    hasher.update(&json);
    hasher.finalize().to_vec()
}

fn stretch(first: Date, until: Date, contract: &Contract) -> Option<Period> {
    Period::parse(&format!("{first}..{until}"), &contract.zone).ok()
}

/// The first and the last arrival in a file, in milliseconds; none if a part does not say.
fn arrivals(metadata: &ArrowReaderMetadata) -> Option<(i64, i64)> {
    let metadata = metadata.metadata();
    let schema = metadata.file_metadata().schema_descr();
    let at = schema.columns().iter().position(|column| column.name() == "arrived")?;
    let mut all: Option<(i64, i64)> = None;
    for group in metadata.row_groups() {
        let Statistics::Int64(range) = group.column(at).statistics()? else { return None };
        let (least, most) = (*range.min_opt()?, *range.max_opt()?);
        let (least, most) = (least.div_euclid(1000), most.div_euclid(1000));
        all = Some(all.map_or((least, most), |(a, z)| (a.min(least), z.max(most))));
    }
    all
}

/// When each local day begins, from the first day of a stretch to the one after its last; by its
/// number since 1970-01-01.
#[derive(Clone)]
struct Days {
    first: i64,
    starts: Vec<i64>,
}

impl Days {
    fn of(stretch: &Period, contract: &Contract) -> Self {
        let (first, until) = (stretch.first_date(), stretch.until_date());
        let dates = std::iter::successors(Some(first), |date| date.tomorrow().ok());
        let dates = dates.take_while(|date| *date <= until);
        let starts = dates.map(|date| start_of_day(date, &contract.zone).as_millis()).collect();
        let epoch = jiff::civil::date(1970, 1, 1);
        Self { first: i64::from((first - epoch).get_days()), starts }
    }

    /// Whether a call is counted in the local day in which it arrived.
    #[inline]
    fn agree(&self, seen: &Seen<'_>) -> bool {
        let day = i64::from(seen.local_hour).div_euclid(24) - self.first;
        let Ok(at) = usize::try_from(day) else { return false };
        let start = self.starts.get(at).copied().unwrap_or(i64::MAX);
        let end = self.starts.get(at + 1).copied().unwrap_or(i64::MIN);
        start <= seen.arrived && seen.arrived < end
    }
}

/// A reading of one file from its first row to its last.
#[derive(Clone)]
struct Reading {
    file: PathBuf,
    metadata: ArrowReaderMetadata,
    days: Days,
    spec: Spec,
    /// Calls of one disposition only.
    only: Option<Disposition>,
}

impl Reading {
    /// Counts the file, its row groups shared out between so many threads. None if a call's local
    /// hour is not that of its arrival.
    async fn run(self, parts: usize) -> Result<Option<Tally>, MeasureError> {
        let groups: Vec<usize> = (0..self.metadata.metadata().num_row_groups()).collect();
        let chunk = groups.len().div_ceil(parts.max(1)).max(1);
        let reading = Arc::new(self);
        let count = |groups: &[usize]| {
            let (reading, groups) = (Arc::clone(&reading), groups.to_vec());
            SpawnedTask::spawn_blocking(move || reading.count(groups))
        };
        let tasks: Vec<_> = groups.chunks(chunk).map(count).collect();
        let mut tally = Some(Tally::default());
        for task in tasks {
            let part = task.join().await.map_err(io::Error::other)??;
            match (&mut tally, part) {
                (Some(tally), Some(part)) => tally.merge(part),
                _ => tally = None,
            }
        }
        Ok(tally)
    }

    fn count(&self, groups: Vec<usize>) -> Result<Option<Tally>, MeasureError> {
        let schema = self.metadata.parquet_schema();
        let mut names: Vec<&str> = vec!["direction"];
        names.extend(self.spec.columns.iter().map(|column| column.sql()));
        let file = open(&self.file)?;
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_projection(ProjectionMask::columns(schema, names.iter().copied()))
                .with_row_groups(groups)
                .with_batch_size(BATCH_ROWS)
                .build()?;
        let mut pass = Pass::new(self.spec.clone());
        let inbound = |text: &str| (text == Direction::Inbound.name()).then_some(0);
        for batch in reader {
            let batch = batch?;
            let find = |name: &str| {
                let missing = || ArrowError::SchemaError(format!("no column {name}"));
                batch.column_by_name(name).cloned().ok_or_else(missing)
            };
            let arrays = self.spec.columns.iter().map(|column| find(column.sql()));
            let arrays = arrays.collect::<Result<Vec<ArrayRef>, _>>()?;
            let direction = crate::columns::Words::new(&find("direction")?, inbound)?;
            let columns = Columns::new(&self.spec.columns, &arrays, &pass)?;
            for row in columns.rows() {
                if direction.code(row).is_none() {
                    continue;
                }
                let Some(seen) = columns.seen(row) else { continue };
                if !self.days.agree(&seen) {
                    return Ok(None);
                }
                if self.only.is_none_or(|only| only.code() == seen.disposition) {
                    pass.add(&seen);
                }
            }
        }
        Ok(Some(pass.take()))
    }
}

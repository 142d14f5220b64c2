//! The counts of one file by itself. Read [`Counting::make`] first.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use datafusion::common::runtime::SpawnedTask;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::statistics::Statistics;
use soglia_domain::facts::{Direction, Disposition};
use soglia_domain::period::Period;
use soglia_domain::time::Instant;
use soglia_ledger::beside::open;

use super::{Counted, Counting, Days, stretch};
use crate::MeasureError;
use crate::columns::{Columns, NO_CODE, codes};
use crate::plan::Part;
use crate::tally::{Pass, Spec, Tally};

/// Rows read at once.
const BATCH_ROWS: usize = 16 * 1024;

/// What became of a file.
pub(super) enum Made {
    /// No call of it arrived in the period.
    Elsewhere,
    /// It does not say when its calls arrived, or its days are not the contract's.
    Doubtful,
    /// It was counted.
    Counted(Counted),
}

impl Counting<'_> {
    /// Counts a file.
    pub(super) async fn make(
        &self,
        file: &Path,
        period: &Period,
        parts: usize,
    ) -> Result<Made, MeasureError> {
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
        let digest = self.digest(&spec);
        let rows = rows_of(&metadata);
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
        Ok(Made::Counted(Counted { first, until, digest, rows, tally: Some(tally) }))
    }
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

fn rows_of(metadata: &ArrowReaderMetadata) -> u64 {
    u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0)
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
            let inbound = codes(&find("direction")?, inbound)?;
            let columns = Columns::new(&self.spec.columns, &arrays, &pass)?;
            for (row, _) in inbound.iter().enumerate().filter(|(_, code)| **code != NO_CODE) {
                let Some(seen) = columns.seen(row) else { continue };
                if !self.days.has(i64::from(seen.local_hour).div_euclid(24), seen.arrived) {
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

//! Facts of mapped tables that are delivered again, changed: a request that was open last month and
//! is closed in this one. Read [`Deliveries`] first.
//!
//! A mapping's identifier is the platform's, so of two rows with one identifier the one delivered
//! later says what became of it: the earlier fact stays in its table and no longer counts. The
//! revision of such facts is the number of the import that brought them.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::records::UNREVISED;
use super::stream_files;
use crate::row_keys::{Key, key_of};
use crate::store::{LedgerError, Locked};
use crate::tables::Table;

/// Identifiers held before those of earlier imports are read past them: 64 MB.
const IDS_MAX: usize = 4 << 20;

/// A fact that no longer counts: its identifier and its revision.
pub type Replaced = (String, i64);

/// The identifiers of a file of a mapped table, and the earlier files of its stream.
pub struct Deliveries {
    table: Table,
    files: Vec<PathBuf>,
    ids: Vec<Key>,
}

impl Deliveries {
    /// For a file that follows what the ledger has of a stream.
    pub fn new(ledger: &Locked, table: Table, stream: &str) -> Result<Self, LedgerError> {
        let files = stream_files(ledger, table, stream)?;
        let files = files.into_iter().map(|(path, _)| path).collect();
        Ok(Self { table, files, ids: Vec::new() })
    }

    /// The table that the facts belong to.
    pub const fn table(&self) -> Table {
        self.table
    }

    /// Notes a fact's identifier; `true` when it is time to [settle](Self::settle).
    pub fn push(&mut self, id: &str) -> bool {
        self.ids.push(key_of(id.as_bytes()));
        IDS_MAX <= self.ids.len()
    }

    /// Finds the newest of the earlier facts with the identifiers noted so far, and how many of
    /// these stood in this file before.
    pub fn settle(&mut self) -> Result<(Vec<Replaced>, u64), LedgerError> {
        let noted = self.ids.len();
        self.ids.sort_unstable();
        self.ids.dedup();
        let repeated = (noted - self.ids.len()) as u64;
        let mut newest = HashMap::new();
        for path in &self.files {
            self.look_in(path, &mut newest)?;
        }
        self.ids.clear();
        let mut replaced: Vec<Replaced> = newest.into_iter().collect();
        replaced.sort_unstable();
        Ok((replaced, repeated))
    }

    fn look_in(&self, path: &Path, newest: &mut HashMap<String, i64>) -> Result<(), LedgerError> {
        let damaged = |problem: String| LedgerError::Damaged {
            table: self.table.name(),
            problem: format!("`{}`: {problem}", path.display()),
        };
        let id = self.table.id_column();
        let file = File::open(path).map_err(LedgerError::io("open", path))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)
            .map_err(|problem| damaged(problem.to_string()))?;
        let columns = ProjectionMask::columns(builder.parquet_schema(), [id, "revision"]);
        let reader = builder
            .with_projection(columns)
            .build()
            .map_err(|problem| damaged(problem.to_string()))?;
        for batch in reader {
            let batch = batch.map_err(|problem| damaged(problem.to_string()))?;
            self.look_at(&batch, newest).ok_or_else(|| damaged(format!("column `{id}`")))?;
        }
        Ok(())
    }

    fn look_at(&self, batch: &RecordBatch, newest: &mut HashMap<String, i64>) -> Option<()> {
        let ids = batch.column_by_name(self.table.id_column())?.as_string_opt::<i32>()?;
        let revisions = batch.column_by_name("revision")?.as_primitive_opt::<Int64Type>()?;
        for (id, revision) in ids.iter().zip(revisions) {
            let id = id?;
            if self.ids.binary_search(&key_of(id.as_bytes())).is_err() {
                continue;
            }
            let revision = revision.unwrap_or(UNREVISED);
            let known = newest.entry(id.to_owned()).or_insert(revision);
            *known = (*known).max(revision);
        }
        Some(())
    }
}

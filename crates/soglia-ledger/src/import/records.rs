//! Records that a platform delivers again, revised. Read [`Records`] first.
//!
//! Memory is bounded by the file being read: a hash and a revision for each of its records. What
//! the ledger has is never held whole: records wait until there are enough of them, then the
//! identifiers of the stream's earlier imports are read past them once.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use soglia_domain::facts::Fact;
use soglia_sources::outcome::EarlierRows;

use super::stream_files;
use crate::row_keys::{BuildKeyHasher, Key, key_of};
use crate::store::{LedgerError, Locked};
use crate::tables::Table;

/// The revision of records whose platform does not revise them.
pub const UNREVISED: i64 = -1;

/// Records looked up at a time, and handed on at a time where there is nothing to look up.
const LOOKUP_RECORDS: usize = 32 * 1024;
const BATCH_RECORDS: usize = 4 * 1024;

/// A contact as its platform wrote it.
pub struct Record {
    /// Where its fact belongs.
    pub table: Table,
    /// Its identifier.
    pub id: String,
    /// Which writing of it this is.
    pub revision: i64,
    /// What it says.
    pub fact: Fact,
    /// Its rows in earlier files.
    pub earlier: Vec<EarlierRows>,
}

/// How a record stands to what the stream has brought before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The first of its contact.
    New,
    /// It replaces an older revision.
    Replaces(i64),
    /// The newest revision is this one.
    Same,
    /// There is a newer revision.
    Older,
}

/// Tells new records from those the stream has brought already.
pub struct Records {
    /// Files of the stream's earlier imports.
    files: Vec<(Table, PathBuf)>,
    /// Newest revisions of records of the file being read, as far as they were looked up.
    newest: HashMap<Key, i64, BuildKeyHasher>,
    waiting: Vec<Record>,
}

impl Records {
    /// For a file that follows what the ledger has of a stream.
    pub fn new(ledger: &Locked, stream: &str) -> Result<Self, LedgerError> {
        let mut files = Vec::new();
        for table in [Table::Calls, Table::Messages] {
            let found = stream_files(ledger, table, stream)?;
            files.extend(found.into_iter().map(|(path, _)| (table, path)));
        }
        Ok(Self { files, newest: HashMap::default(), waiting: Vec::new() })
    }

    /// Takes a record; `true` when it is time to [settle](Self::settle).
    pub fn push(&mut self, record: Record) -> bool {
        self.waiting.push(record);
        let enough = if self.files.is_empty() { BATCH_RECORDS } else { LOOKUP_RECORDS };
        enough <= self.waiting.len()
    }

    /// Hands back the records that wait, in their order, each with its standing.
    pub fn settle(&mut self) -> Result<Vec<(Record, Standing)>, LedgerError> {
        let waiting = std::mem::take(&mut self.waiting);
        self.look_up(&waiting)?;
        let newest = &mut self.newest;
        let settled = waiting.into_iter().map(|record| {
            let standing = stand(newest, key(record.table, &record.id), record.revision);
            (record, standing)
        });
        Ok(settled.collect())
    }

    /// Finds the newest revisions that the ledger has of some records.
    fn look_up(&mut self, records: &[Record]) -> Result<(), LedgerError> {
        for table in [Table::Calls, Table::Messages] {
            let mut wanted: HashMap<&str, Option<i64>> = records
                .iter()
                .filter(|record| record.table == table)
                .filter(|record| !self.newest.contains_key(&key(table, &record.id)))
                .map(|record| (record.id.as_str(), None))
                .collect();
            if wanted.is_empty() {
                continue;
            }
            for (_, path) in self.files.iter().filter(|(of, _)| *of == table) {
                each_revision(path, table, |id, revision| {
                    if let Some(known) = wanted.get_mut(id) {
                        *known = (*known).max(Some(revision));
                    }
                })?;
            }
            let found = wanted.into_iter().filter_map(|(id, known)| Some((key(table, id), known?)));
            self.newest.extend(found);
        }
        Ok(())
    }
}

fn stand(newest: &mut HashMap<Key, i64, BuildKeyHasher>, key: Key, revision: i64) -> Standing {
    let Some(known) = newest.get_mut(&key) else {
        newest.insert(key, revision);
        return Standing::New;
    };
    match revision.cmp(known) {
        std::cmp::Ordering::Less => Standing::Older,
        std::cmp::Ordering::Equal => Standing::Same,
        std::cmp::Ordering::Greater => Standing::Replaces(std::mem::replace(known, revision)),
    }
}

fn key(table: Table, id: &str) -> Key {
    key_of(format!("{}\0{id}", table.name()).as_bytes())
}

/// Hands on each identifier of a table's file, with its revision.
pub fn each_revision(
    path: &Path,
    table: Table,
    mut each: impl FnMut(&str, i64),
) -> Result<(), LedgerError> {
    let damaged = |problem: String| LedgerError::Damaged {
        table: table.name(),
        problem: format!("`{}`: {problem}", path.display()),
    };
    let id = table.id_column();
    let file = File::open(path).map_err(LedgerError::io("open", path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|problem| damaged(problem.to_string()))?;
    let columns = ProjectionMask::columns(builder.parquet_schema(), [id, "revision"]);
    let reader =
        builder.with_projection(columns).build().map_err(|problem| damaged(problem.to_string()))?;
    for batch in reader {
        let batch = batch.map_err(|problem| damaged(problem.to_string()))?;
        revisions_of(&batch, id, &mut each).ok_or_else(|| damaged(format!("column `{id}`")))?;
    }
    Ok(())
}

fn revisions_of(batch: &RecordBatch, id: &str, each: &mut impl FnMut(&str, i64)) -> Option<()> {
    let ids = batch.column_by_name(id)?.as_string_opt::<i32>()?;
    let revisions = batch.column_by_name("revision")?.as_primitive_opt::<Int64Type>()?;
    for (id, revision) in ids.iter().zip(revisions) {
        each(id?, revision.unwrap_or(UNREVISED));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_revision_stands_whatever_came_first() {
        let mut newest = HashMap::default();
        let mut check = |table, id: &str, revision, expect| {
            assert_eq!(stand(&mut newest, key(table, id), revision), expect, "{id} {revision}");
        };
        check(Table::Calls, "a", 5, Standing::New);
        check(Table::Calls, "a", 5, Standing::Same);
        check(Table::Calls, "a", 4, Standing::Older);
        check(Table::Calls, "a", 9, Standing::Replaces(5));
        check(Table::Calls, "a", 5, Standing::Older);
        check(Table::Messages, "a", 1, Standing::New);
        check(Table::Calls, "b", UNREVISED, Standing::New);
        check(Table::Calls, "b", UNREVISED, Standing::Same);
    }
}

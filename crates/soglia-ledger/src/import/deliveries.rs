//! Facts of mapped tables that are delivered again, changed: a request that was open last month and
//! is closed in this one. Read [`Deliveries`] first.
//!
//! A mapping's identifier is the platform's, so of two rows with one identifier the one delivered
//! later says what became of it: the earlier fact stays in its table and no longer counts. The
//! revision of such facts is the number of the import that brought them.

use std::collections::HashMap;
use std::path::PathBuf;

use super::records::each_revision;
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
        let mut newest: HashMap<String, i64> = HashMap::new();
        let Self { table, files, ids } = &*self;
        for path in files {
            each_revision(path, *table, |id, revision| {
                if ids.binary_search(&key_of(id.as_bytes())).is_ok() {
                    let known = newest.entry(id.to_owned()).or_insert(revision);
                    *known = (*known).max(revision);
                }
            })?;
        }
        self.ids.clear();
        let mut replaced: Vec<Replaced> = newest.into_iter().collect();
        replaced.sort_unstable();
        Ok((replaced, repeated))
    }
}

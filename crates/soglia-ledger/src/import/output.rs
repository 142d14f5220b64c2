//! The thread that writes what an import gathers. Read [`Output`] first.
//!
//! Finding out what rows mean and encoding them for the disk take about as long as each other, so
//! each has a thread. Rows come over in chunks, through a channel so short that whoever is ahead
//! waits; one thread writes all tables in the order in which chunks came, so that the same rows
//! make the same files.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow::array::{Array, AsArray, Int32Array, RecordBatch, StringArray};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{Int32Type, TimestampMicrosecondType};
use deltalake::kernel::Add;
use soglia_domain::facts::{
    Call, Case, Message, Outage, OutboundBatch, OutboundRecord, QueueEntry,
};

use crate::row_keys::Key;
use crate::store::LedgerError;
use crate::tables::{self, DuplicateRun, RejectedRow, Stored, Table};
use crate::writer::{GROUP_ROWS, TableWriter};

/// Rows handed over at a time.
pub const CHUNK_ROWS: usize = 4 * 1024;

/// Chunks that may wait to be written.
const CHUNKS_WAITING: usize = 4;

/// Files of tables, to be committed.
pub type Files = BTreeMap<Table, Vec<Add>>;

/// Rows of one table.
pub enum Chunk {
    Calls(Vec<Stored<Call>>),
    QueueEntries(Vec<Stored<QueueEntry>>),
    Messages(Vec<Stored<Message>>),
    Cases(Vec<Stored<Case>>),
    OutboundRecords(Vec<Stored<OutboundRecord>>),
    OutboundBatches(Vec<Stored<OutboundBatch>>),
    Outages(Vec<Stored<Outage>>),
    Rejected(Vec<RejectedRow>),
    Duplicates(Vec<DuplicateRun>),
    Keys(Vec<(i32, Key)>),
    Superseded(Vec<(Table, String, i64)>),
}

/// Where and as what an import's files are written.
pub struct Place {
    /// The folder of all tables.
    pub dir: PathBuf,
    /// What makes the import's file names unique.
    pub tag: String,
    /// The time of the import, ms since the epoch.
    pub now_millis: i64,
    /// The import's number.
    pub import_no: i64,
    /// The import's stream.
    pub stream: String,
}

/// Takes chunks and has them written. Dropped unfinished, it leaves files that belong to nothing.
pub struct Output {
    chunks: Option<SyncSender<Chunk>>,
    thread: Option<JoinHandle<Result<Files, LedgerError>>>,
}

impl Output {
    /// Starts the thread.
    pub fn new(place: Place) -> Result<Self, LedgerError> {
        let (chunks, waiting) = sync_channel(CHUNKS_WAITING);
        let dir = place.dir.clone();
        let thread = std::thread::Builder::new()
            .name("soglia-writer".to_owned())
            .spawn(move || Tables::new(place).write_all(&waiting))
            .map_err(LedgerError::io("start a thread that writes to", &dir))?;
        Ok(Self { chunks: Some(chunks), thread: Some(thread) })
    }

    /// Hands rows over; the failure, if any, may be that of an earlier chunk.
    pub fn take(&mut self, chunk: Chunk) -> Result<(), LedgerError> {
        let sent = self.chunks.as_ref().map(|chunks| chunks.send(chunk));
        if matches!(sent, Some(Ok(()))) {
            return Ok(());
        }
        // The thread has gone, which it does only with an error.
        self.end().map(|_| ())
    }

    /// Writes what is left and hands over the files.
    pub fn finish(mut self) -> Result<Files, LedgerError> {
        self.end()
    }

    fn end(&mut self) -> Result<Files, LedgerError> {
        drop(self.chunks.take());
        let thread = self.thread.take().expect("an output is not used after it failed");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Output {
    /// Waits, so that nothing is written any more when the import is over.
    fn drop(&mut self) {
        drop(self.chunks.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The files being written, and the rows of row groups that are not full yet.
struct Tables {
    place: Place,
    writers: BTreeMap<Table, TableWriter>,
    gathered: BTreeMap<Table, Gathered>,
}

#[derive(Default)]
struct Gathered {
    batches: Vec<RecordBatch>,
    n_rows: usize,
}

impl Tables {
    const fn new(place: Place) -> Self {
        Self { place, writers: BTreeMap::new(), gathered: BTreeMap::new() }
    }

    fn write_all(mut self, chunks: &Receiver<Chunk>) -> Result<Files, LedgerError> {
        while let Ok(chunk) = chunks.recv() {
            self.take(chunk)?;
        }
        for (table, gathered) in std::mem::take(&mut self.gathered) {
            self.write(table, &sorted(table, &gathered.batches))?;
        }
        let mut files = BTreeMap::new();
        for (table, writer) in self.writers {
            let dir = self.place.dir.join(table.name());
            files.insert(table, writer.finish().map_err(LedgerError::io("write", &dir))?);
        }
        Ok(files)
    }

    /// Facts wait until their row group is full, so that it can be sorted; other rows do not.
    fn take(&mut self, chunk: Chunk) -> Result<(), LedgerError> {
        let import_no = self.place.import_no;
        let (table, batch) = match chunk {
            Chunk::Calls(rows) => (Table::Calls, tables::calls(&rows)),
            Chunk::QueueEntries(rows) => (Table::QueueEntries, tables::queue_entries(&rows)),
            Chunk::Messages(rows) => (Table::Messages, tables::messages(&rows)),
            Chunk::Cases(rows) => (Table::Cases, tables::cases(&rows)),
            Chunk::OutboundRecords(rows) => {
                (Table::OutboundRecords, tables::outbound_records(&rows))
            }
            Chunk::OutboundBatches(rows) => {
                (Table::OutboundBatches, tables::outbound_batches(&rows))
            }
            Chunk::Outages(rows) => (Table::Outages, tables::outages(&rows)),
            Chunk::Rejected(rows) => (Table::RejectedRows, tables::rejected_rows(import_no, &rows)),
            Chunk::Duplicates(runs) => {
                (Table::DuplicateRows, tables::duplicate_rows(import_no, &runs))
            }
            Chunk::Keys(keys) => (Table::RowKeys, tables::row_keys(&self.place.stream, &keys)),
            Chunk::Superseded(rows) => (Table::Superseded, tables::superseded(&rows)),
        };
        if table.sort_column().is_none() {
            return self.write(table, &batch);
        }
        let gathered = self.gathered.entry(table).or_default();
        gathered.n_rows += batch.num_rows();
        gathered.batches.push(batch);
        if gathered.n_rows < GROUP_ROWS {
            return Ok(());
        }
        let full = std::mem::take(gathered);
        self.write(table, &sorted(table, &full.batches))
    }

    fn write(&mut self, table: Table, batch: &RecordBatch) -> Result<(), LedgerError> {
        let Place { dir, tag, now_millis, .. } = &self.place;
        let dir = dir.join(table.name());
        let writer = self
            .writers
            .entry(table)
            .or_insert_with(|| TableWriter::new(table, dir.clone(), tag.clone(), *now_millis));
        writer.write(batch).map_err(LedgerError::io("write", &dir))
    }
}

/// All rows by their main instant, then by identifier and ordinal: the order in which they came
/// does not show.
fn sorted(table: Table, batches: &[RecordBatch]) -> RecordBatch {
    let keys: Vec<SortKeys<'_>> = batches
        .iter()
        .map(|batch| SortKeys::of(table, batch).expect("facts have an instant and an identifier"))
        .collect();
    let mut order: Vec<(i64, usize, usize)> = keys
        .iter()
        .enumerate()
        .flat_map(|(at, keys)| {
            (0..).zip(keys.instants).map(move |(row, instant)| (*instant, at, row))
        })
        .collect();
    let tie = |at: usize, row: usize| keys.get(at).map(|keys| keys.tie(row));
    order.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| tie(a.1, a.2).cmp(&tie(b.1, b.2))));
    let places: Vec<(usize, usize)> = order.into_iter().map(|(_, at, row)| (at, row)).collect();
    let batches: Vec<&RecordBatch> = batches.iter().collect();
    interleave_record_batch(&batches, &places).expect("batches of one table have one schema")
}

/// The columns that decide the order of a batch's rows.
struct SortKeys<'a> {
    instants: &'a [i64],
    ids: &'a StringArray,
    ordinals: Option<&'a Int32Array>,
}

impl<'a> SortKeys<'a> {
    fn of(table: Table, batch: &'a RecordBatch) -> Option<Self> {
        let instants = batch.column_by_name(table.sort_column()?)?;
        let ordinals = batch.column_by_name("ordinal");
        Some(Self {
            instants: instants.as_primitive_opt::<TimestampMicrosecondType>()?.values(),
            ids: batch.columns().first()?.as_string_opt::<i32>()?,
            ordinals: ordinals.and_then(|column| column.as_primitive_opt::<Int32Type>()),
        })
    }

    fn tie(&self, row: usize) -> (&'a str, i32) {
        let ordinal = self.ordinals.filter(|column| row < column.len());
        (self.ids.value(row), ordinal.map_or(0, |column| column.value(row)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use soglia_domain::facts::Rows;
    use soglia_domain::time::{Instant, Millis};

    use crate::tables::Provenance;

    fn outage(id: &str, secs: i64) -> Stored<Outage> {
        Stored {
            fact: Outage {
                id: id.to_owned(),
                service: None,
                component: "ivr".to_owned(),
                from: Instant::from_secs(secs),
                until: Some(Instant::from_secs(secs) + Millis::from_mins(1)),
                planned: false,
                notified: None,
                cause: None,
                weight_permille: 1000,
                rows: Rows::one(1),
            },
            service: "cup".into(),
            caller: None,
            local_hour: 0,
            provenance: Provenance {
                import_no: 1,
                rows: Rows::one(1),
                earlier: None,
                revision: None,
            },
        }
    }

    fn ids(batch: &RecordBatch) -> Vec<String> {
        batch.column(0).as_string::<i32>().iter().flatten().map(str::to_owned).collect()
    }

    #[test]
    fn rows_of_several_chunks_are_sorted_by_instant_then_identifier() {
        let one = tables::outages(&[outage("d", 30), outage("b", 10)]);
        let two = tables::outages(&[outage("c", 10), outage("a", 20)]);
        let forth = sorted(Table::Outages, &[one.clone(), two.clone()]);
        let back = sorted(Table::Outages, &[two, one]);
        assert_eq!(ids(&forth), ["b", "c", "a", "d"]);
        assert_eq!(ids(&back), ids(&forth));
    }

    #[test]
    fn a_failure_of_the_thread_comes_back_to_whoever_hands_rows_over() {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        let place = Place {
            dir: file.path().to_owned(), // a file cannot hold a table's folder
            tag: "000001-0".to_owned(),
            now_millis: 0,
            import_no: 1,
            stream: "queue-log".to_owned(),
        };
        let mut output = Output::new(place).expect("a thread");
        let failed = (0..1000).find_map(|_| output.take(Chunk::Keys(vec![(0, [0; 16])])).err());
        assert!(matches!(failed, Some(LedgerError::Io { what: "write", .. })), "{failed:?}");
    }
}

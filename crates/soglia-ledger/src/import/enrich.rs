//! Calls that the queue log told, completed by the CDR. Read [`enrich`] first.
//!
//! The queue log begins when a call enters a queue; the CDR knows when it reached the PBX, which
//! number was dialled and when it ended. A call completed this way is written again as a newer
//! revision; the older one stays in the table and no longer counts.

use std::collections::HashMap;

use arrow::array::{
    Array, AsArray, BinaryArray, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimestampMicrosecondType};
use futures::TryStreamExt;
use soglia_domain::facts::{Call, Direction, Disposition, QueueEntry, QueueExit, Rows};
use soglia_domain::time::{Instant, Millis};
use soglia_sources::asterisk_cdr::{self, CdrCall};

use super::ImportError;
use super::collect::Collector;
use crate::session::Session;
use crate::store::LedgerError;
use crate::tables::{Provenance, Stored};

/// How far a call's instant in the queue log may be from the CDR's.
const MARGIN: Millis = Millis::from_hours(48);

/// Calls looked up at a time.
pub const CHUNK: usize = 20_000;

/// The revision of a call completed by the CDR, by that of the call as the queue log told it: none,
/// or an odd one below it for a call that the log may yet go on with.
pub const fn completed(revision: i64) -> i64 {
    revision + 1
}

/// Completes the calls of a chunk; rows of those that need nothing, or that the queue log did not
/// tell, are ignored and counted.
pub async fn enrich(
    session: &Session,
    chunk: Vec<CdrCall>,
    collector: &mut Collector<'_>,
) -> Result<(), ImportError> {
    let (Some(first), Some(last)) =
        (chunk.iter().map(|c| c.arrived).min(), chunk.iter().map(|c| c.arrived).max())
    else {
        return Ok(());
    };
    let from = (first.as_millis() - MARGIN.get()) * 1000;
    let until = (last.as_millis() + MARGIN.get()) * 1000;
    let mut wanted: HashMap<String, CdrCall> =
        chunk.into_iter().map(|call| (call.id.clone(), call)).collect();
    let mut entries = entries_of(session, (from, until), &wanted).await?;
    let sql = window("calls", "arrived", from, until);
    let mut batches = session.sql(&sql).await?.execute_stream().await.map_err(LedgerError::from)?;
    while let Some(batch) = batches.try_next().await.map_err(LedgerError::from)? {
        let columns = CallColumns::new(&batch)?;
        for row in 0..batch.num_rows() {
            let Some(cdr) = wanted.remove(columns.ids.value(row)) else { continue };
            let mut stored = columns.stored(row)?;
            let before = stored.fact.clone();
            for finding in asterisk_cdr::enrich(&mut stored.fact, &cdr) {
                collector.note(finding.code());
            }
            let caller = stored.fact.caller.take();
            if stored.caller.is_none() {
                stored.caller = collector.pseudonym(caller, stored.fact.arrived)?;
            }
            if stored.fact == before {
                collector.ignored(u64::from(cdr.rows.n), "nothing_new");
            } else {
                let entries = entries.remove(&stored.fact.id).unwrap_or_default();
                collector.completed(stored, entries, cdr.rows)?;
            }
        }
    }
    for cdr in wanted.into_values() {
        collector.ignored(u64::from(cdr.rows.n), "queued_call_not_in_queue_log");
    }
    Ok(())
}

fn window(table: &str, main: &str, from: i64, until: i64) -> String {
    let instant = |at| format!("arrow_cast({at}, 'Timestamp(Microsecond, Some(\"UTC\"))')");
    format!(
        "SELECT * FROM {table} WHERE (revision IS NULL OR (revision < 0 AND revision % 2 <> 0)) \
         AND {main} >= {} AND {main} < {}",
        instant(from),
        instant(until)
    )
}

/// Queue entries of the wanted calls.
async fn entries_of(
    session: &Session,
    (from, until): (i64, i64),
    wanted: &HashMap<String, CdrCall>,
) -> Result<HashMap<String, Vec<Stored<QueueEntry>>>, ImportError> {
    let mut found: HashMap<String, Vec<Stored<QueueEntry>>> = HashMap::new();
    let sql = window("queue_entries", "entered", from, until);
    let mut batches = session.sql(&sql).await?.execute_stream().await.map_err(LedgerError::from)?;
    while let Some(batch) = batches.try_next().await.map_err(LedgerError::from)? {
        let columns = EntryColumns::new(&batch)?;
        for row in 0..batch.num_rows() {
            let id = columns.ids.value(row);
            if wanted.contains_key(id) {
                found.entry(id.to_owned()).or_default().push(columns.stored(row)?);
            }
        }
    }
    Ok(found)
}

/// A batch's columns by name.
struct Columns<'a> {
    batch: &'a RecordBatch,
    table: &'static str,
}

impl Columns<'_> {
    fn damaged(&self, name: &str) -> ImportError {
        LedgerError::Damaged { table: self.table, problem: format!("column `{name}`") }.into()
    }

    fn text(&self, name: &str) -> Result<StringArray, ImportError> {
        let column = self.batch.column_by_name(name).ok_or_else(|| self.damaged(name))?;
        let text = cast(column, &DataType::Utf8).map_err(|_| self.damaged(name))?;
        Ok(text.as_string::<i32>().clone())
    }

    fn instants(&self, name: &str) -> Result<TimestampMicrosecondArray, ImportError> {
        let column = self.batch.column_by_name(name);
        let column = column.and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>());
        column.cloned().ok_or_else(|| self.damaged(name))
    }

    fn longs(&self, name: &str) -> Result<Int64Array, ImportError> {
        let column = self.batch.column_by_name(name);
        let column = column.and_then(|c| c.as_primitive_opt::<Int64Type>());
        column.cloned().ok_or_else(|| self.damaged(name))
    }

    fn ints(&self, name: &str) -> Result<Int32Array, ImportError> {
        let column = self.batch.column_by_name(name);
        let column = column.and_then(|c| c.as_primitive_opt::<Int32Type>());
        column.cloned().ok_or_else(|| self.damaged(name))
    }
}

fn text(column: &StringArray, row: usize) -> Option<String> {
    column.is_valid(row).then(|| column.value(row).to_owned())
}

fn instant(column: &TimestampMicrosecondArray, row: usize) -> Option<Instant> {
    column.is_valid(row).then(|| Instant::from_millis(column.value(row).div_euclid(1000)))
}

fn millis(column: &Int64Array, row: usize) -> Option<Millis> {
    column.is_valid(row).then(|| Millis::new(column.value(row)))
}

fn count(value: i32) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

/// Where a row of the ledger came from.
struct PlaceColumns {
    import_no: Int64Array,
    first: Int64Array,
    last: Int64Array,
    n: Int32Array,
    earlier: StringArray,
    revision: Int64Array,
    local_hour: Int32Array,
    service: StringArray,
}

impl PlaceColumns {
    fn new(columns: &Columns<'_>) -> Result<Self, ImportError> {
        Ok(Self {
            import_no: columns.longs("import_no")?,
            first: columns.longs("row_first")?,
            last: columns.longs("row_last")?,
            n: columns.ints("rows")?,
            earlier: columns.text("earlier_rows")?,
            revision: columns.longs("revision")?,
            local_hour: columns.ints("local_hour")?,
            service: columns.text("service")?,
        })
    }

    fn provenance(&self, row: usize) -> Provenance {
        let whole = |column: &Int64Array| u64::try_from(column.value(row)).unwrap_or(0);
        Provenance {
            import_no: self.import_no.value(row),
            rows: Rows {
                first: whole(&self.first),
                last: whole(&self.last),
                n: count(self.n.value(row)),
            },
            earlier: text(&self.earlier, row),
            revision: self.revision.is_valid(row).then(|| self.revision.value(row)),
        }
    }

    fn stored<F>(&self, row: usize, fact: F, caller: Option<[u8; 16]>) -> Stored<F> {
        Stored {
            fact,
            service: self.service.value(row).into(),
            caller,
            local_hour: self.local_hour.value(row),
            provenance: self.provenance(row),
        }
    }
}

struct CallColumns {
    ids: StringArray,
    words: [StringArray; 9],
    instants: [TimestampMicrosecondArray; 6],
    spans: [Int64Array; 4],
    transfers: Int32Array,
    precision: Int32Array,
    caller: BinaryArray,
    places: PlaceColumns,
}

impl CallColumns {
    fn new(batch: &RecordBatch) -> Result<Self, ImportError> {
        let columns = Columns { batch, table: "calls" };
        let [direction, dialled, path, queue, disposition, topic, class, system, group] = [
            "direction",
            "dialled",
            "ivr_path",
            "first_queue",
            "disposition",
            "topic",
            "priority_class",
            "booking_system",
            "operator_group",
        ]
        .map(|name| columns.text(name));
        let [arrived, queued, rang, answered, ended, back] =
            ["arrived", "queued", "first_rang", "answered", "ended", "called_back"]
                .map(|name| columns.instants(name));
        let [wait, talk, hold, wrap] =
            ["wait_ms", "talk_ms", "hold_ms", "wrap_ms"].map(|name| columns.longs(name));
        let caller = batch.column_by_name("caller").and_then(|c| c.as_binary_opt::<i32>());
        Ok(Self {
            ids: columns.text("call_id")?,
            words: [
                direction?,
                dialled?,
                path?,
                queue?,
                disposition?,
                topic?,
                class?,
                system?,
                group?,
            ],
            instants: [arrived?, queued?, rang?, answered?, ended?, back?],
            spans: [wait?, talk?, hold?, wrap?],
            transfers: columns.ints("transfers")?,
            precision: columns.ints("precision_ms")?,
            caller: caller.cloned().ok_or_else(|| columns.damaged("caller"))?,
            places: PlaceColumns::new(&columns)?,
        })
    }

    fn stored(&self, row: usize) -> Result<Stored<Call>, ImportError> {
        let [direction, dialled, path, queue, disposition, topic, class, system, group] =
            &self.words;
        let [arrived, queued, rang, answered, ended, back] = &self.instants;
        let [wait, talk, hold, wrap] = &self.spans;
        let unknown = || -> ImportError {
            let problem = format!("call `{}` has an unknown value", self.ids.value(row));
            LedgerError::Damaged { table: "calls", problem }.into()
        };
        let call = Call {
            id: self.ids.value(row).to_owned(),
            service: None,
            direction: Direction::from_name(direction.value(row)).ok_or_else(unknown)?,
            arrived: instant(arrived, row).ok_or_else(unknown)?,
            dialled: text(dialled, row),
            ivr_path: text(path, row),
            first_queue: text(queue, row),
            queued: instant(queued, row),
            first_rang: instant(rang, row),
            answered: instant(answered, row),
            ended: instant(ended, row),
            disposition: Disposition::from_name(disposition.value(row)).ok_or_else(unknown)?,
            wait: millis(wait, row),
            talk: millis(talk, row),
            hold: millis(hold, row),
            wrap: millis(wrap, row),
            transfers: count(self.transfers.value(row)),
            called_back: instant(back, row),
            topic: text(topic, row),
            priority_class: text(class, row),
            booking_system: text(system, row),
            group: text(group, row),
            caller: None,
            precision: Millis::new(i64::from(self.precision.value(row))),
            rows: Rows::default(),
        };
        let caller = self.caller.is_valid(row).then(|| self.caller.value(row));
        let caller = caller.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        Ok(self.places.stored(row, call, caller))
    }
}

struct EntryColumns {
    ids: StringArray,
    queue: StringArray,
    exit: StringArray,
    ordinal: Int32Array,
    position: Int32Array,
    entered: TimestampMicrosecondArray,
    left: TimestampMicrosecondArray,
    answered: TimestampMicrosecondArray,
    wait: Int64Array,
    places: PlaceColumns,
}

impl EntryColumns {
    fn new(batch: &RecordBatch) -> Result<Self, ImportError> {
        let columns = Columns { batch, table: "queue_entries" };
        Ok(Self {
            ids: columns.text("call_id")?,
            queue: columns.text("queue")?,
            exit: columns.text("exit")?,
            ordinal: columns.ints("ordinal")?,
            position: columns.ints("position")?,
            entered: columns.instants("entered")?,
            left: columns.instants("left")?,
            answered: columns.instants("answered")?,
            wait: columns.longs("wait_ms")?,
            places: PlaceColumns::new(&columns)?,
        })
    }

    fn stored(&self, row: usize) -> Result<Stored<QueueEntry>, ImportError> {
        let unknown = || -> ImportError {
            let problem = format!("an entry of call `{}`", self.ids.value(row));
            LedgerError::Damaged { table: "queue_entries", problem }.into()
        };
        let entry = QueueEntry {
            call: self.ids.value(row).to_owned(),
            queue: self.queue.value(row).to_owned(),
            ordinal: count(self.ordinal.value(row)),
            entered: instant(&self.entered, row).ok_or_else(unknown)?,
            left: instant(&self.left, row).ok_or_else(unknown)?,
            answered: instant(&self.answered, row),
            exit: QueueExit::from_name(self.exit.value(row)).ok_or_else(unknown)?,
            wait: Millis::new(self.wait.value(row)),
            position: self.position.is_valid(row).then(|| count(self.position.value(row))),
            rows: Rows::default(),
        };
        Ok(self.places.stored(row, entry, None))
    }
}

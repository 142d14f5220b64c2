//! Tables of the ledger: their columns and how facts become rows. Read [`Table`] first.
//!
//! Instants are microseconds UTC, durations milliseconds; text with few values is dictionary
//! encoded, so that a scan works on integer codes while any other tool still reads text.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanArray, DictionaryArray, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef, TimeUnit};
use soglia_domain::facts::{
    Call, Case, Message, Outage, OutboundBatch, OutboundRecord, QueueEntry,
};
use soglia_domain::facts::{Rows, Suspension};
use soglia_domain::time::{Instant, Millis};

/// A table of the ledger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Table {
    /// One call a row.
    Calls,
    /// One entry of a call into a queue a row.
    QueueEntries,
    /// One written contact a row.
    Messages,
    /// One request a row.
    Cases,
    /// One person to call a row.
    OutboundRecords,
    /// One list of people to call a row.
    OutboundBatches,
    /// One interruption a row.
    Outages,
    /// One row that could not be read, with its text and reason.
    RejectedRows,
    /// Runs of rows that the ledger already had.
    DuplicateRows,
    /// Keys of the rows taken in, to tell duplicates.
    RowKeys,
    /// Facts replaced by a newer revision of the same contact.
    Superseded,
    /// One file taken in a row; the point of truth.
    Imports,
}

impl Table {
    /// All tables but `imports`, in the order in which an import commits them.
    pub const FACTS: [Self; 11] = [
        Self::Calls,
        Self::QueueEntries,
        Self::Messages,
        Self::Cases,
        Self::OutboundRecords,
        Self::OutboundBatches,
        Self::Outages,
        Self::RejectedRows,
        Self::DuplicateRows,
        Self::RowKeys,
        Self::Superseded,
    ];

    /// Returns the table's name: a folder of the ledger and a table of the query session.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::QueueEntries => "queue_entries",
            Self::Messages => "messages",
            Self::Cases => "cases",
            Self::OutboundRecords => "outbound_records",
            Self::OutboundBatches => "outbound_batches",
            Self::Outages => "outages",
            Self::RejectedRows => "rejected_rows",
            Self::DuplicateRows => "duplicate_rows",
            Self::RowKeys => "row_keys",
            Self::Superseded => "superseded",
            Self::Imports => "imports",
        }
    }

    /// Returns the column that names the fact; of a queue entry, its call.
    pub const fn id_column(self) -> &'static str {
        match self {
            Self::Messages => "message_id",
            Self::Cases => "case_id",
            Self::OutboundRecords => "record_id",
            Self::OutboundBatches => "batch_id",
            Self::Outages => "outage_id",
            _ => "call_id",
        }
    }

    /// Returns the column by which files are sorted and pruned.
    pub const fn sort_column(self) -> Option<&'static str> {
        match self {
            Self::Calls => Some("arrived"),
            Self::QueueEntries => Some("entered"),
            Self::Messages => Some("received"),
            Self::Cases => Some("opened"),
            Self::OutboundRecords | Self::OutboundBatches => Some("released"),
            Self::Outages => Some("from"),
            _ => None,
        }
    }

    /// Returns the table's columns.
    pub fn schema(self) -> SchemaRef {
        let mut fields = match self {
            Self::Calls => calls_fields(),
            Self::QueueEntries => queue_entries_fields(),
            Self::Messages => messages_fields(),
            Self::Cases => cases_fields(),
            Self::OutboundRecords => outbound_records_fields(),
            Self::OutboundBatches => outbound_batches_fields(),
            Self::Outages => outages_fields(),
            Self::RejectedRows => {
                return Arc::new(Schema::new(vec![
                    long("import_no"),
                    long("row"),
                    int("rows"),
                    word("code"),
                    text("detail"),
                    text("text"),
                ]));
            }
            Self::DuplicateRows => {
                return Arc::new(Schema::new(vec![
                    long("import_no"),
                    long("row_first"),
                    long("row_last"),
                    word("reason"),
                ]));
            }
            Self::RowKeys => {
                return Arc::new(Schema::new(vec![
                    word("stream"),
                    int("day"),
                    Field::new("key", DataType::Binary, false),
                ]));
            }
            Self::Superseded => {
                return Arc::new(Schema::new(vec![word("table"), text("id"), long("revision")]));
            }
            Self::Imports => return crate::store::imports_schema(),
        };
        fields.extend([
            long("import_no"),
            long("row_first"),
            long("row_last"),
            int("rows"),
            text_null("earlier_rows"),
            long_null("revision"),
        ]);
        Arc::new(Schema::new(fields))
    }
}

/// What every fact row carries about where it came from.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// The import.
    pub import_no: i64,
    /// The rows of that import's file.
    pub rows: Rows,
    /// Rows in earlier files: `3:17-19/2` is two rows between 17 and 19 of import 3.
    pub earlier: Option<String>,
    /// The revision of the record, where the platform revises its records.
    pub revision: Option<i64>,
}

/// A fact ready to be stored: its service assigned, its caller replaced.
#[derive(Clone, Debug)]
pub struct Stored<F> {
    /// The fact, with caller and service emptied into the fields beside.
    pub fact: F,
    /// The service's code.
    pub service: Arc<str>,
    /// The caller's pseudonym.
    pub caller: Option<[u8; 16]>,
    /// Civil hours since 1970-01-01T00:00 local, of the fact's main instant.
    pub local_hour: i32,
    /// Where it came from.
    pub provenance: Provenance,
}

fn instant(name: &str) -> Field {
    Field::new(name, instant_type(), false)
}

fn instant_null(name: &str) -> Field {
    Field::new(name, instant_type(), true)
}

/// The type of instants.
pub fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn word_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn word(name: &str) -> Field {
    Field::new(name, word_type(), false)
}

fn word_null(name: &str) -> Field {
    Field::new(name, word_type(), true)
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, false)
}

fn text_null(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn long(name: &str) -> Field {
    Field::new(name, DataType::Int64, false)
}

fn long_null(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

fn int(name: &str) -> Field {
    Field::new(name, DataType::Int32, false)
}

fn flag(name: &str) -> Field {
    Field::new(name, DataType::Boolean, false)
}

fn calls_fields() -> Vec<Field> {
    vec![
        text("call_id"),
        word("service"),
        word("direction"),
        instant("arrived"),
        int("local_hour"),
        word_null("dialled"),
        word_null("ivr_path"),
        word_null("first_queue"),
        instant_null("queued"),
        instant_null("first_rang"),
        instant_null("answered"),
        instant_null("ended"),
        word("disposition"),
        long_null("wait_ms"),
        long_null("talk_ms"),
        long_null("hold_ms"),
        long_null("wrap_ms"),
        int("transfers"),
        instant_null("called_back"),
        word_null("topic"),
        word_null("priority_class"),
        word_null("booking_system"),
        word_null("operator_group"),
        Field::new("caller", DataType::Binary, true),
        int("precision_ms"),
    ]
}

fn queue_entries_fields() -> Vec<Field> {
    vec![
        text("call_id"),
        word("service"),
        word("queue"),
        int("ordinal"),
        instant("entered"),
        int("local_hour"),
        instant("left"),
        instant_null("answered"),
        word("exit"),
        long("wait_ms"),
        Field::new("position", DataType::Int32, true),
    ]
}

fn messages_fields() -> Vec<Field> {
    vec![
        text("message_id"),
        word("service"),
        word("channel"),
        instant("received"),
        int("local_hour"),
        instant_null("first_reply"),
        instant_null("resolved"),
        text_null("case_id"),
        word_null("topic"),
        word_null("excluded"),
        Field::new("sender", DataType::Binary, true),
    ]
}

fn cases_fields() -> Vec<Field> {
    vec![
        text("case_id"),
        word("service"),
        text_null("opened_by"),
        word_null("channel"),
        instant("opened"),
        int("local_hour"),
        instant_null("escalated"),
        instant_null("taken_in_charge"),
        text_null("suspensions"),
        instant_null("resolved"),
        instant_null("closed"),
        instant_null("reopened"),
        int("contacts"),
        Field::new("closed_by_level", DataType::Int32, true),
        word_null("outcome"),
        word_null("topic"),
        word_null("priority_class"),
        word_null("booking_system"),
        flag("third_party"),
        word_null("cancelled"),
    ]
}

fn outbound_records_fields() -> Vec<Field> {
    vec![
        text("record_id"),
        word("service"),
        text_null("batch_id"),
        instant("released"),
        int("local_hour"),
        int("attempts"),
        instant_null("reached"),
        instant_null("closed"),
        word_null("outcome"),
    ]
}

fn outbound_batches_fields() -> Vec<Field> {
    vec![
        text("batch_id"),
        word("service"),
        instant("released"),
        int("local_hour"),
        int("n_records"),
        instant_null("first_attempt"),
        instant_null("last_attempt"),
        instant_null("completed"),
    ]
}

fn outages_fields() -> Vec<Field> {
    vec![
        text("outage_id"),
        word("service"),
        word("component"),
        instant("from"),
        int("local_hour"),
        instant_null("until"),
        flag("planned"),
        instant_null("notified"),
        word_null("cause"),
        int("weight_permille"),
    ]
}

/// Builds columns one after the other; their order is the schema's.
struct Columns<'a, F> {
    rows: &'a [Stored<F>],
    columns: Vec<ArrayRef>,
}

impl<'a, F> Columns<'a, F> {
    fn new(rows: &'a [Stored<F>]) -> Self {
        Self { rows, columns: Vec::new() }
    }

    fn text(mut self, value: impl Fn(&'a Stored<F>) -> Option<&'a str>) -> Self {
        let array: StringArray = self.rows.iter().map(value).collect();
        self.columns.push(Arc::new(array));
        self
    }

    fn word(mut self, value: impl Fn(&'a Stored<F>) -> Option<&'a str>) -> Self {
        self.columns.push(Arc::new(words(self.rows.iter().map(value))));
        self
    }

    fn instant(mut self, value: impl Fn(&'a F) -> Option<Instant>) -> Self {
        let array: TimestampMicrosecondArray =
            self.rows.iter().map(|row| value(&row.fact).map(|at| at.as_millis() * 1000)).collect();
        self.columns.push(Arc::new(array.with_timezone("UTC")));
        self
    }

    fn long(mut self, value: impl Fn(&'a Stored<F>) -> Option<i64>) -> Self {
        let array: Int64Array = self.rows.iter().map(value).collect();
        self.columns.push(Arc::new(array));
        self
    }

    fn millis(self, value: impl Fn(&'a F) -> Option<Millis>) -> Self {
        self.long(move |row| value(&row.fact).map(Millis::get))
    }

    fn int(mut self, value: impl Fn(&'a Stored<F>) -> Option<i32>) -> Self {
        let array: Int32Array = self.rows.iter().map(value).collect();
        self.columns.push(Arc::new(array));
        self
    }

    fn flag(mut self, value: impl Fn(&'a F) -> bool) -> Self {
        let array: BooleanArray = self.rows.iter().map(|row| Some(value(&row.fact))).collect();
        self.columns.push(Arc::new(array));
        self
    }

    fn caller(mut self) -> Self {
        let mut builder = BinaryBuilder::with_capacity(self.rows.len(), self.rows.len() * 16);
        for row in self.rows {
            builder.append_option(row.caller);
        }
        self.columns.push(Arc::new(builder.finish()));
        self
    }

    /// Adds what every fact row carries and makes the batch.
    fn finish(self, table: Table) -> RecordBatch {
        let columns = self
            .long(|row| Some(row.provenance.import_no))
            .long(|row| Some(signed(row.provenance.rows.first)))
            .long(|row| Some(signed(row.provenance.rows.last)))
            .int(|row| Some(signed32(row.provenance.rows.n)))
            .text(|row| row.provenance.earlier.as_deref())
            .long(|row| row.provenance.revision)
            .columns;
        RecordBatch::try_new(table.schema(), columns).expect("columns are built in schema order")
    }
}

/// Words that are looked for one by one before they are hashed.
const WORDS_AT_HAND: usize = 8;

/// A column of words. Most have few, so that comparing with those met first is faster than hashing.
fn words<'a>(values: impl Iterator<Item = Option<&'a str>>) -> DictionaryArray<Int32Type> {
    let mut dictionary: Vec<&'a str> = Vec::new();
    let mut codes: HashMap<&'a str, i32> = HashMap::new();
    let mut code_of = |word: &'a str| {
        let at_hand = dictionary.iter().take(WORDS_AT_HAND).position(|known| *known == word);
        if let Some(code) = at_hand.and_then(|at| i32::try_from(at).ok()) {
            return code;
        }
        let new = i32::try_from(dictionary.len()).expect("a chunk has fewer than 2^31 rows");
        let code = *codes.entry(word).or_insert(new);
        if code == new {
            dictionary.push(word);
        }
        code
    };
    let codes: Int32Array = values.map(|word| word.map(&mut code_of)).collect();
    let dictionary = StringArray::from(dictionary);
    DictionaryArray::try_new(codes, Arc::new(dictionary)).expect("codes are places in the list")
}

/// Row numbers and counts fit: no file has 2^63 rows.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).expect("a row number fits 63 bits")
}

fn signed32(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// Makes rows of `calls`.
pub fn calls(rows: &[Stored<Call>]) -> RecordBatch {
    Columns::new(rows)
        .text(|row| Some(&row.fact.id))
        .word(|row| Some(&row.service))
        .word(|row| Some(row.fact.direction.name()))
        .instant(|call| Some(call.arrived))
        .int(|row| Some(row.local_hour))
        .word(|row| row.fact.dialled.as_deref())
        .word(|row| row.fact.ivr_path.as_deref())
        .word(|row| row.fact.first_queue.as_deref())
        .instant(|call| call.queued)
        .instant(|call| call.first_rang)
        .instant(|call| call.answered)
        .instant(|call| call.ended)
        .word(|row| Some(row.fact.disposition.name()))
        .millis(|call| call.wait)
        .millis(|call| call.talk)
        .millis(|call| call.hold)
        .millis(|call| call.wrap)
        .int(|row| Some(signed32(row.fact.transfers)))
        .instant(|call| call.called_back)
        .word(|row| row.fact.topic.as_deref())
        .word(|row| row.fact.priority_class.as_deref())
        .word(|row| row.fact.booking_system.as_deref())
        .word(|row| row.fact.group.as_deref())
        .caller()
        .int(|row| Some(i32::try_from(row.fact.precision.get()).unwrap_or(i32::MAX)))
        .finish(Table::Calls)
}

/// Makes rows of `queue_entries`.
pub fn queue_entries(rows: &[Stored<QueueEntry>]) -> RecordBatch {
    Columns::new(rows)
        .text(|row| Some(&row.fact.call))
        .word(|row| Some(&row.service))
        .word(|row| Some(&row.fact.queue))
        .int(|row| Some(signed32(row.fact.ordinal)))
        .instant(|entry| Some(entry.entered))
        .int(|row| Some(row.local_hour))
        .instant(|entry| Some(entry.left))
        .instant(|entry| entry.answered)
        .word(|row| Some(row.fact.exit.name()))
        .millis(|entry| Some(entry.wait))
        .int(|row| row.fact.position.map(signed32))
        .finish(Table::QueueEntries)
}

/// Makes rows of `messages`.
pub fn messages(rows: &[Stored<Message>]) -> RecordBatch {
    Columns::new(rows)
        .text(|row| Some(&row.fact.id))
        .word(|row| Some(&row.service))
        .word(|row| Some(&row.fact.channel))
        .instant(|message| Some(message.received))
        .int(|row| Some(row.local_hour))
        .instant(|message| message.first_reply)
        .instant(|message| message.resolved)
        .text(|row| row.fact.case.as_deref())
        .word(|row| row.fact.topic.as_deref())
        .word(|row| row.fact.excluded.as_deref())
        .caller()
        .finish(Table::Messages)
}

/// Makes rows of `cases`; `suspensions` holds each row's suspensions as JSON.
pub fn cases(rows: &[Stored<Case>]) -> RecordBatch {
    let suspensions: Vec<Option<String>> =
        rows.iter().map(|row| suspensions_json(&row.fact.suspensions)).collect();
    let mut columns = Columns::new(rows)
        .text(|row| Some(&row.fact.id))
        .word(|row| Some(&row.service))
        .text(|row| row.fact.opened_by.as_deref())
        .word(|row| row.fact.channel.as_deref())
        .instant(|case| Some(case.opened))
        .int(|row| Some(row.local_hour))
        .instant(|case| case.escalated)
        .instant(|case| case.taken_in_charge);
    columns
        .columns
        .push(Arc::new(suspensions.iter().map(Option::as_deref).collect::<StringArray>()));
    columns
        .instant(|case| case.resolved)
        .instant(|case| case.closed)
        .instant(|case| case.reopened)
        .int(|row| Some(signed32(row.fact.contacts)))
        .int(|row| row.fact.closed_by_level.map(signed32))
        .word(|row| row.fact.outcome.as_deref())
        .word(|row| row.fact.topic.as_deref())
        .word(|row| row.fact.priority_class.as_deref())
        .word(|row| row.fact.booking_system.as_deref())
        .flag(|case| case.third_party)
        .word(|row| row.fact.cancelled.as_deref())
        .finish(Table::Cases)
}

/// Makes rows of `outbound_records`.
pub fn outbound_records(rows: &[Stored<OutboundRecord>]) -> RecordBatch {
    Columns::new(rows)
        .text(|row| Some(&row.fact.id))
        .word(|row| Some(&row.service))
        .text(|row| row.fact.batch.as_deref())
        .instant(|record| Some(record.released))
        .int(|row| Some(row.local_hour))
        .int(|row| Some(signed32(row.fact.attempts)))
        .instant(|record| record.reached)
        .instant(|record| record.closed)
        .word(|row| row.fact.outcome.as_deref())
        .finish(Table::OutboundRecords)
}

/// Makes rows of `outbound_batches`.
pub fn outbound_batches(rows: &[Stored<OutboundBatch>]) -> RecordBatch {
    Columns::new(rows)
        .text(|row| Some(&row.fact.id))
        .word(|row| Some(&row.service))
        .instant(|batch| Some(batch.released))
        .int(|row| Some(row.local_hour))
        .int(|row| Some(signed32(row.fact.n_records)))
        .instant(|batch| batch.first_attempt)
        .instant(|batch| batch.last_attempt)
        .instant(|batch| batch.completed)
        .finish(Table::OutboundBatches)
}

/// Makes rows of `outages`.
pub fn outages(rows: &[Stored<Outage>]) -> RecordBatch {
    Columns::new(rows)
        .text(|row| Some(&row.fact.id))
        .word(|row| Some(&row.service))
        .word(|row| Some(&row.fact.component))
        .instant(|outage| Some(outage.from))
        .int(|row| Some(row.local_hour))
        .instant(|outage| outage.until)
        .flag(|outage| outage.planned)
        .instant(|outage| outage.notified)
        .word(|row| row.fact.cause.as_deref())
        .int(|row| Some(signed32(row.fact.weight_permille)))
        .finish(Table::Outages)
}

/// A row that could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RejectedRow {
    /// The row, 1-based; the first of several.
    pub row: u64,
    /// How many rows it stands for: a call of no service is rejected whole.
    pub rows: u32,
    /// A stable code.
    pub code: String,
    /// What was wrong.
    pub detail: String,
    /// The row's text.
    pub text: String,
}

/// Makes rows of `rejected_rows`.
pub fn rejected_rows(import_no: i64, rows: &[RejectedRow]) -> RecordBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![import_no; rows.len()])),
        Arc::new(rows.iter().map(|row| Some(signed(row.row))).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| Some(signed32(row.rows))).collect::<Int32Array>()),
        Arc::new(rows.iter().map(|row| Some(&*row.code)).collect::<DictionaryArray<Int32Type>>()),
        Arc::new(rows.iter().map(|row| Some(&*row.detail)).collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| Some(&*row.text)).collect::<StringArray>()),
    ];
    RecordBatch::try_new(Table::RejectedRows.schema(), columns).expect("schema order")
}

/// A run of rows that the ledger already had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DuplicateRun {
    /// First row.
    pub first: u64,
    /// Last row.
    pub last: u64,
    /// `same_row` or `older_revision`.
    pub reason: &'static str,
}

/// Makes rows of `duplicate_rows`.
pub fn duplicate_rows(import_no: i64, runs: &[DuplicateRun]) -> RecordBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![import_no; runs.len()])),
        Arc::new(runs.iter().map(|run| Some(signed(run.first))).collect::<Int64Array>()),
        Arc::new(runs.iter().map(|run| Some(signed(run.last))).collect::<Int64Array>()),
        Arc::new(runs.iter().map(|run| Some(run.reason)).collect::<DictionaryArray<Int32Type>>()),
    ];
    RecordBatch::try_new(Table::DuplicateRows.schema(), columns).expect("schema order")
}

/// Makes rows of `row_keys`.
pub fn row_keys(stream: &str, keys: &[(i32, [u8; 16])]) -> RecordBatch {
    let mut bytes = BinaryBuilder::with_capacity(keys.len(), keys.len() * 16);
    for (_, key) in keys {
        bytes.append_value(key);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(keys.iter().map(|_| Some(stream)).collect::<DictionaryArray<Int32Type>>()),
        Arc::new(keys.iter().map(|(day, _)| Some(*day)).collect::<Int32Array>()),
        Arc::new(bytes.finish()),
    ];
    RecordBatch::try_new(Table::RowKeys.schema(), columns).expect("schema order")
}

/// Makes rows of `superseded`.
pub fn superseded(rows: &[(Table, String, i64)]) -> RecordBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|(t, ..)| Some(t.name())).collect::<DictionaryArray<Int32Type>>()),
        Arc::new(rows.iter().map(|(_, id, _)| Some(&**id)).collect::<StringArray>()),
        Arc::new(rows.iter().map(|(.., revision)| Some(*revision)).collect::<Int64Array>()),
    ];
    RecordBatch::try_new(Table::Superseded.schema(), columns).expect("schema order")
}

/// Suspensions as JSON: `[{"from":ms,"until":ms|null,"reason":"…"}]`; nothing for none.
fn suspensions_json(suspensions: &[Suspension]) -> Option<String> {
    let items: Vec<serde_json::Value> = suspensions
        .iter()
        .map(|Suspension { from, until, reason }| {
            serde_json::json!({
                "from": from.as_millis(),
                "until": until.map(Instant::as_millis),
                "reason": reason,
            })
        })
        .collect();
    (!items.is_empty()).then(|| serde_json::Value::from(items).to_string())
}

/// Reads what [`cases`] wrote.
pub fn suspensions_from_json(json: &str) -> Vec<Suspension> {
    let items: Vec<serde_json::Value> = serde_json::from_str(json).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| {
            Some(Suspension {
                from: Instant::from_millis(item.get("from")?.as_i64()?),
                until: item
                    .get("until")
                    .and_then(serde_json::Value::as_i64)
                    .map(Instant::from_millis),
                reason: item.get("reason")?.as_str()?.to_owned(),
            })
        })
        .collect()
}

//! Rows on their way from a reader to the mapping. Read [`Delivered`] and [`Rows`] first.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{Schema, SchemaRef};
use soglia_sources::mapping::text::Fault;
use soglia_sources::mapping::{N_FIELDS, RAW};
use tokio::sync::mpsc::Sender;

use super::error::MappingError;
use super::plan::with_pseudo_columns;

/// Rows of one batch.
pub(super) const BATCH_ROWS: usize = 8192;
/// Bytes of text after which a batch is handed over with fewer rows, so that long rows do not add
/// up to more than memory, or a column, can hold.
const BATCH_BYTES: usize = 16 << 20;

/// What a reader hands over: first the header, then batches of rows.
pub(super) enum Delivered {
    /// The columns of the file, [`N_FIELDS`] and [`RAW`] included, and how many are the file's own.
    Header(SchemaRef, usize),
    /// The next rows.
    Batch(Batch),
}

/// Rows as delivered; `rows` and `cells` run in parallel.
pub(super) struct Batch {
    pub rows: Vec<Row>,
    pub cells: RecordBatch,
}

/// What is known about a row before any expression.
pub(super) struct Row {
    /// Its number in the file, 1-based.
    pub number: u64,
    /// Its text as delivered.
    pub raw: String,
    /// Its number of fields.
    pub n_fields: usize,
    /// Why it has no cells, if it has none.
    pub fault: Option<Fault>,
}

/// The receiving side has gone.
#[derive(Debug, thiserror::Error)]
#[error("nobody takes the rows any more")]
struct Gone;

/// Where a reader puts what it has read.
pub(super) struct Outlet {
    pub sender: Sender<Delivered>,
    /// Whether an expression uses the row's text.
    pub with_raw: WithRaw,
}

/// Whether the column [`RAW`] is filled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum WithRaw {
    /// Some expression uses it.
    Filled,
    /// Nobody asks for it.
    Empty,
}

impl Outlet {
    pub fn header(&mut self, schema: &Schema) -> Result<(), MappingError> {
        let whole = Arc::new(with_pseudo_columns(schema));
        self.send(Delivered::Header(whole, schema.fields().len()))
    }

    /// Sends the rows of a text format collected so far, if there are any.
    pub fn rows(&mut self, rows: &mut Rows) -> Result<(), MappingError> {
        if rows.collected.is_empty() {
            return Ok(());
        }
        rows.bytes = 0;
        let cells = rows.cells.iter_mut().map(|cells| Arc::new(cells.finish()) as ArrayRef);
        let cells = cells.collect();
        self.columns(&rows.schema, std::mem::take(&mut rows.collected), cells)
    }

    /// Sends rows with their cells, column by column.
    pub fn columns(
        &mut self,
        schema: &Schema,
        rows: Vec<Row>,
        mut cells: Vec<ArrayRef>,
    ) -> Result<(), MappingError> {
        let whole = with_pseudo_columns(schema);
        for field in whole.fields().iter().skip(cells.len()) {
            cells.push(match field.name().as_str() {
                N_FIELDS => Arc::new(
                    rows.iter().map(|row| i64::try_from(row.n_fields).ok()).collect::<Int64Array>(),
                ),
                RAW if self.with_raw == WithRaw::Filled => {
                    Arc::new(rows.iter().map(|row| Some(&row.raw)).collect::<StringArray>())
                }
                _ => Arc::new(StringArray::new_null(rows.len())),
            });
        }
        let cells = RecordBatch::try_new(Arc::new(whole), cells)
            .expect("each column has one cell for each row, of its own type");
        self.send(Delivered::Batch(Batch { rows, cells }))
    }

    fn send(&mut self, delivered: Delivered) -> Result<(), MappingError> {
        self.sender.blocking_send(delivered).map_err(|_| MappingError::stop(Gone))
    }
}

/// Rows of text cells being collected.
pub(super) struct Rows {
    schema: Schema,
    collected: Vec<Row>,
    /// Of the rows collected.
    bytes: usize,
    cells: Vec<StringBuilder>,
    nulls: Vec<String>,
}

impl Rows {
    pub fn text(schema: &Schema, nulls: &[String]) -> Self {
        let cells = schema.fields().iter().map(|_| StringBuilder::new()).collect();
        Self {
            schema: schema.clone(),
            collected: Vec::new(),
            bytes: 0,
            cells,
            nulls: nulls.to_vec(),
        }
    }

    /// Decides whether it is time to hand the rows over.
    pub fn is_full(&self) -> bool {
        BATCH_ROWS <= self.collected.len() || BATCH_BYTES <= self.bytes
    }

    /// Adds a row; `cell` finds its cells by position.
    pub fn push<'a>(
        &mut self,
        number: u64,
        raw: String,
        n_fields: usize,
        fault: Option<Fault>,
        cell: impl Fn(usize) -> Option<&'a str>,
    ) {
        for (column, cells) in self.cells.iter_mut().enumerate() {
            let value = if column < n_fields { cell(column) } else { None };
            let said = |value: &&str| !value.is_empty() && self.nulls.iter().all(|n| n != value);
            cells.append_option(value.filter(said));
        }
        self.bytes += raw.len();
        self.collected.push(Row { number, raw, n_fields, fault });
    }
}

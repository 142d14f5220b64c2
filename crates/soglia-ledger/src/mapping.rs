//! Any CSV, TSV, XLSX or Parquet file becomes facts through a mapping file. Read [`Mapping`] and
//! [`read`] first.
//!
//! A mapping file (TOML) says how to read the file and gives one SQL expression, in the query
//! engine's own dialect, for each column of the fact. `docs/how-to/bring-your-data.md` is the
//! guide for those who write one.
//!
//! The way of a row: a reader (`text`, `sheet`, `columnar`) delivers it with its text and number;
//! `batch` repairs it, sets it apart or evaluates its expressions; `facts` makes the fact.

mod batch;
mod columnar;
mod columns;
mod delivery;
mod error;
mod facts;
mod functions;
mod open;
mod parse;
mod plan;
mod raw;
mod sheet;
mod text;

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use soglia_domain::facts::Fact;
use soglia_domain::time::Millis;
use tokio::sync::mpsc;

pub use columns::{Column, Kind};
pub use error::MappingError;
pub use raw::{Ambiguous, FactKind};

use crate::tables::Table;
use batch::Plan;
use delivery::{Delivered, Outlet, WithRaw};
use functions::Clock;
use plan::Expression;
use sheet::SheetLayout;
use text::TextLayout;

/// Batches that a reader may be ahead.
const BATCHES_AHEAD: usize = 2;

/// How one supplier's files become facts of one kind.
#[derive(Clone, Debug)]
pub struct Mapping {
    file: Arc<str>,
    /// The mapping file as it was written.
    source: Arc<str>,
    fact: FactKind,
    service: Option<String>,
    zone: Option<TimeZone>,
    ambiguous: Ambiguous,
    precision: Millis,
    layout: Layout,
    /// Names that the file must have, if the mapping declares them.
    declared: Option<Vec<String>>,
    repairs: Vec<Repair>,
    skips: Vec<Skip>,
    lets: Vec<(String, Expression)>,
    columns: Vec<(&'static Column, Expression)>,
    /// Columns of the file that the expressions use.
    used: Vec<String>,
    with_raw: WithRaw,
}

#[derive(Clone, Debug)]
enum Layout {
    Text(TextLayout),
    Sheet(SheetLayout),
    Parquet,
}

/// Puts right rows that were written wrongly in a known way.
#[derive(Clone, Debug)]
struct Repair {
    name: String,
    when: Expression,
    set: Vec<(String, Expression)>,
}

/// Sets rows apart that are not facts.
#[derive(Clone, Debug)]
struct Skip {
    when: Expression,
    reason: String,
}

impl Mapping {
    /// Reads a mapping file's text; `file` is its name for error messages.
    pub fn parse(text: &str, file: &str) -> Result<Self, MappingError> {
        parse::parse(text, file)
    }

    /// Returns the mapping file's text.
    pub fn text(&self) -> &str {
        &self.source
    }

    /// Returns the kind of fact that a row becomes.
    pub fn fact(&self) -> FactKind {
        self.fact
    }

    /// Returns the service of rows that do not name one.
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// Returns the zone of local times, if the mapping has its own.
    pub fn zone(&self) -> Option<&TimeZone> {
        self.zone.as_ref()
    }
}

impl FactKind {
    /// Returns the table that the facts go to.
    pub const fn table(self) -> Table {
        match self {
            Self::Calls => Table::Calls,
            Self::Messages => Table::Messages,
            Self::Cases => Table::Cases,
            Self::OutboundRecords => Table::OutboundRecords,
            Self::OutboundBatches => Table::OutboundBatches,
            Self::Outages => Table::Outages,
        }
    }
}

/// Returns the JSON Schema of mapping files.
pub fn mapping_schema() -> serde_json::Value {
    schemars::schema_for!(raw::RawMapping).to_value()
}

/// What became of one row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MappedRow {
    /// Its number as people count it: the line for text formats (the first, if a quoted field
    /// spans several), the sheet's row for XLSX, the record for Parquet.
    pub row: u64,
    /// The row as delivered, for the row key; in a rejected row, which is kept with its text,
    /// numbers and addresses of people are replaced by `…`.
    pub raw: String,
    /// UTC day of the fact's main instant, counted from 1970-01-01.
    pub day: Option<i32>,
    /// What it became.
    pub outcome: MappedOutcome,
    /// The rule that repaired it, if one did.
    pub repaired: Option<String>,
}

/// A fact, a reject or an ignored row.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(clippy::large_enum_variant, reason = "almost every row is a fact")]
pub enum MappedOutcome {
    /// A fact.
    Fact(Fact),
    /// A row that could not be read.
    Rejected {
        /// A stable code in snake case.
        code: &'static str,
        /// The value at fault and what was expected.
        detail: String,
    },
    /// A row that is not a fact.
    Ignored {
        /// `empty_line`, `repeated_header`, or the reason that the mapping gives.
        reason: String,
    },
}

/// Replaces runs of six digits or more, and words with an `@`.
fn mask_anywhere(text: &str) -> String {
    const DIGITS_MIN: usize = 6;
    let mut masked = String::with_capacity(text.len());
    let is_break = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '"' | '<' | '>');
    for word in text.split_inclusive(is_break) {
        let (body, end) = match word.char_indices().last() {
            Some((at, last)) if is_break(last) => word.split_at(at),
            _ => (word, ""),
        };
        if body.contains('@') {
            masked.push('…');
        } else {
            let mut rest = body;
            while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
                let (before, digits) = rest.split_at(start);
                let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
                let (number, after) = digits.split_at(end);
                masked.push_str(before);
                masked.push_str(if number.len() < DIGITS_MIN { number } else { "…" });
                rest = after;
            }
            masked.push_str(rest);
        }
        masked.push_str(end);
    }
    masked
}

/// Reads `path` row by row, in order, in bounded memory, and hands each row to `sink`.
///
/// `zone` is the zone of local times unless the mapping names its own. An error from the sink
/// stops the reading and is returned.
pub async fn read(
    mapping: &Mapping,
    path: &Path,
    zone: &TimeZone,
    sink: &mut dyn FnMut(MappedRow) -> Result<(), MappingError>,
) -> Result<(), MappingError> {
    let zone = mapping.zone.clone().unwrap_or_else(|| zone.clone());
    let clock = Clock { zone, ambiguous: mapping.ambiguous };
    let (sender, mut delivered) = mpsc::channel(BATCHES_AHEAD);
    let outlet = Outlet { sender, with_raw: mapping.with_raw };
    let reader = tokio::task::spawn_blocking({
        let (layout, path) = (mapping.layout.clone(), path.to_owned());
        move || deliver(&layout, &path, outlet)
    });
    let mut plan = None;
    while let Some(delivered) = delivered.recv().await {
        match (delivered, &plan) {
            (Delivered::Header(schema, width), _) => {
                plan = Some(Plan::new(mapping, &schema, width, clock.clone(), path)?);
            }
            (Delivered::Batch(batch), Some(plan)) => {
                for row in plan.map(batch) {
                    sink(row)?;
                }
            }
            (Delivered::Batch(_), None) => unreachable!("readers send the header first"),
        }
    }
    reader.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}

fn deliver(layout: &Layout, path: &Path, mut outlet: Outlet) -> Result<(), MappingError> {
    match layout {
        Layout::Text(layout) => text::read(layout, path, &mut outlet),
        Layout::Sheet(layout) => sheet::read(layout, path, &mut outlet),
        Layout::Parquet => columnar::read(path, &mut outlet),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_masked_where_cells_are_unknown() {
        assert_eq!(
            mask_anywhere("12;0971123456;+39347111222;anna@example.org;2023-07-03"),
            "12;…;+…;…;2023-07-03"
        );
    }
}

//! Any CSV, TSV, XLSX or Parquet file becomes facts through a mapping file. Read [`Mapping`] and
//! [`read`] first.
//!
//! A mapping file (TOML) says how to read the file and gives one SQL expression, in the query
//! engine's own dialect, for each column of the fact. `docs/how-to/bring-your-data.md` is the
//! guide for those who write one.
//!
//! The file itself and the reader of delimited text stand in [`soglia_sources::mapping`]; here its
//! expressions are planned and evaluated.
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
mod plan;
mod sheet;
mod text;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use jiff::tz::TimeZone;
use soglia_domain::facts::Fact;
use soglia_sources::mapping::{Definition, Layout, N_FIELDS, RAW, WrongMapping};
use soglia_sources::shown::{Shown, Wanted};
use tokio::sync::mpsc;

pub use error::MappingError;
pub use soglia_sources::mapping::{FactKind, schema as mapping_schema};

use crate::tables::Table;
use batch::Plan;
use delivery::{Batch, Delivered, Outlet, WithRaw};
use functions::Clock;
use plan::{Planner, text_schema};

/// Batches that a reader may be ahead.
const BATCHES_AHEAD: usize = 2;

/// How one supplier's files become facts of one kind: a mapping file whose expressions the query
/// engine understands.
#[derive(Clone, Debug)]
pub struct Mapping {
    definition: Definition,
    /// Columns of the file that the expressions use.
    used: Vec<String>,
    with_raw: WithRaw,
}

impl Mapping {
    /// Reads a mapping file's text; `file` is its name for error messages. Where the types of the
    /// file's columns are known, everything is planned, so that mistakes are found now.
    pub fn parse(text: &str, file: &str) -> Result<Self, MappingError> {
        let definition = Definition::parse(text, file)?;
        let zone = definition.zone.clone().unwrap_or(TimeZone::UTC);
        let clock = Clock { zone, ambiguous: definition.ambiguous };
        let mut used = used(&definition, &Planner::new(&clock))?;
        let with_raw = if used.remove(RAW) { WithRaw::Filled } else { WithRaw::Empty };
        used.remove(N_FIELDS);
        let mapping = Self { definition, used: used.into_iter().collect(), with_raw };
        if !matches!(mapping.definition.layout, Layout::Parquet) {
            let declared = mapping.definition.declared.as_ref();
            let names = declared.unwrap_or(&mapping.used).clone();
            Plan::check(&mapping, &text_schema(names), clock)?;
        }
        Ok(mapping)
    }

    /// Returns the mapping file's text.
    pub fn text(&self) -> &str {
        &self.definition.source
    }

    /// Returns the kind of fact that a row becomes.
    pub fn fact(&self) -> FactKind {
        self.definition.fact
    }

    /// Returns the table that the facts go to.
    pub fn table(&self) -> Table {
        match self.definition.fact {
            FactKind::Calls => Table::Calls,
            FactKind::Messages => Table::Messages,
            FactKind::Cases => Table::Cases,
            FactKind::OutboundRecords => Table::OutboundRecords,
            FactKind::OutboundBatches => Table::OutboundBatches,
            FactKind::Outages => Table::Outages,
        }
    }

    /// Returns the service of rows that do not name one.
    pub fn service(&self) -> Option<&str> {
        self.definition.service.as_deref()
    }

    /// Returns the zone of local times, if the mapping has its own.
    pub fn zone(&self) -> Option<&TimeZone> {
        self.definition.zone.as_ref()
    }
}

/// Finds the columns of the file that the expressions use; `let` makes names of its own.
fn used(definition: &Definition, planner: &Planner) -> Result<BTreeSet<String>, WrongMapping> {
    let set = definition.repairs.iter().flat_map(|rule| &rule.set);
    let mut used: BTreeSet<String> = set.map(|(name, _)| name.clone()).collect();
    let mut made = BTreeSet::new();
    let mut lets = definition.lets.iter().peekable();
    for expression in definition.expressions() {
        let names = planner.names(expression)?;
        used.extend(names.into_iter().filter(|name| !made.contains(name)));
        if let Some((name, _)) = lets.next_if(|(_, of_let)| of_let.key == expression.key) {
            made.insert(name.clone());
        }
    }
    Ok(used)
}

/// What became of one row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MappedRow {
    /// Its number as people count it: the line for text formats (the first, if a quoted field
    /// spans several), the sheet's row for XLSX, the record for Parquet.
    pub row: u64,
    /// The row as delivered, for the row key; in a rejected row, which is kept with its text,
    /// numbers, names and addresses of people are replaced by `…`.
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
    each_batch(mapping, path, zone, &mut |plan, batch| {
        plan.map(batch).into_iter().try_for_each(&mut *sink)?;
        Ok(ControlFlow::Continue(()))
    })
    .await
}

/// Reads rows of `path` as they may be shown: cells that the mapping does not read, and those that
/// a person or a group of operators is read from, are `…`.
pub async fn shown(
    mapping: &Mapping,
    path: &Path,
    zone: &TimeZone,
    wanted: Wanted<'_>,
) -> Result<Shown, MappingError> {
    let mut shown = Shown::new();
    each_batch(mapping, path, zone, &mut |plan, batch| {
        shown.extend(plan.shown(&batch, wanted));
        let done = batch.rows.last().is_some_and(|row| wanted.last <= row.number);
        Ok(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
    .await?;
    Ok(shown)
}

/// Takes a batch and says whether to go on.
type BatchSink<'s> = dyn FnMut(&Plan<'_>, Batch) -> Result<ControlFlow<()>, MappingError> + 's;

/// Reads `path` batch by batch, until the sink has enough.
async fn each_batch(
    mapping: &Mapping,
    path: &Path,
    zone: &TimeZone,
    sink: &mut BatchSink<'_>,
) -> Result<(), MappingError> {
    let zone = mapping.definition.zone.clone().unwrap_or_else(|| zone.clone());
    let clock = Clock { zone, ambiguous: mapping.definition.ambiguous };
    let (sender, mut delivered) = mpsc::channel(BATCHES_AHEAD);
    let outlet = Outlet { sender, with_raw: mapping.with_raw };
    let reader = tokio::task::spawn_blocking({
        let (layout, path) = (mapping.definition.layout.clone(), path.to_owned());
        move || deliver(&layout, &path, outlet)
    });
    let mut plan = None;
    while let Some(delivered) = delivered.recv().await {
        match (delivered, &plan) {
            (Delivered::Header(schema, width), _) => {
                plan = Some(Plan::new(mapping, &schema, width, clock.clone(), path)?);
            }
            (Delivered::Batch(batch), Some(plan)) => {
                if sink(plan, batch)?.is_break() {
                    return Ok(());
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

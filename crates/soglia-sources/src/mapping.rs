//! Mapping files: how any CSV, TSV, XLSX or Parquet file becomes facts. Read [`Definition`] first.
//!
//! A mapping file (TOML) says how to read a file and gives one SQL expression for each column of
//! the fact. Here stand the file itself and the reader of delimited text ([`text`]), which need no
//! query engine; the expressions stay text. The ledger plans and evaluates them, and reads
//! workbooks and Parquet, with the engine's own libraries.

mod columns;
mod parse;
mod raw;
pub mod text;

use std::sync::Arc;

use jiff::tz::TimeZone;
use soglia_domain::time::Millis;

pub use columns::{Column, Kind};
pub use raw::{Ambiguous, Encoding, FactKind, OnError};
use text::TextLayout;

/// Number of fields of the row, as delivered: a name that expressions can use.
pub const N_FIELDS: &str = "n_fields";
/// The row's text, as delivered: a name that expressions can use.
pub const RAW: &str = "raw";

/// What a mapping file says, its expressions as text.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The file's name, for messages.
    pub file: Arc<str>,
    /// The file as it was written.
    pub source: Arc<str>,
    /// The kind of fact that a row becomes.
    pub fact: FactKind,
    /// The service of rows that do not name one.
    pub service: Option<String>,
    /// The zone of local times, if it is not the contract's.
    pub zone: Option<TimeZone>,
    /// What a local time means that occurs twice.
    pub ambiguous: Ambiguous,
    /// How precise the source's instants are.
    pub precision: Millis,
    /// How files are laid out.
    pub layout: Layout,
    /// Names that files must have, if they are declared.
    pub declared: Option<Vec<String>>,
    /// Rules that put rows right, in order.
    pub repairs: Vec<Repair>,
    /// Rules that set rows apart, in order.
    pub skips: Vec<Skip>,
    /// Named expressions, in order.
    pub lets: Vec<(String, Expression)>,
    /// The expression of each column of the fact.
    pub columns: Vec<(&'static Column, Expression)>,
}

/// How a file is laid out.
#[derive(Clone, Debug)]
pub enum Layout {
    /// Delimited text.
    Text(TextLayout),
    /// A sheet of a workbook.
    Sheet(SheetLayout),
    /// Parquet.
    Parquet,
}

/// How a sheet is laid out.
#[derive(Clone, Debug)]
pub struct SheetLayout {
    /// The sheet's name; the first sheet without one.
    pub sheet: Option<String>,
    /// Rows before the header, or before the first row without one.
    pub skip_rows: u64,
    /// Names of the columns when the sheet has none.
    pub names: Option<Vec<String>>,
    /// Cells that mean nothing was recorded.
    pub nulls: Vec<String>,
}

/// Puts right rows that were written wrongly in a known way.
#[derive(Clone, Debug)]
pub struct Repair {
    /// The rule's name, under which rows are counted.
    pub name: String,
    /// Which rows.
    pub when: Expression,
    /// Columns of the file and their new values.
    pub set: Vec<(String, Expression)>,
}

/// Sets rows apart that are not facts.
#[derive(Clone, Debug)]
pub struct Skip {
    /// Which rows.
    pub when: Expression,
    /// The reason under which they are counted.
    pub reason: String,
}

/// An SQL expression and where the mapping file has it.
#[derive(Clone, Debug)]
pub struct Expression {
    /// The mapping file.
    pub file: Arc<str>,
    /// Its line.
    pub line: usize,
    /// Its key, such as `columns.arrived`.
    pub key: String,
    /// The expression.
    pub sql: String,
    /// What its failure does.
    pub on_error: OnError,
}

/// A mapping file says something that cannot be done.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}:{line}: `{key}`: {problem}")]
pub struct WrongMapping {
    /// The mapping file.
    pub file: String,
    /// The line, 1-based.
    pub line: usize,
    /// The key, as a path such as `columns.arrived`.
    pub key: String,
    /// What is wrong and what was expected.
    pub problem: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Definition {
    /// Reads a mapping file's text; `file` is its name for messages.
    pub fn parse(text: &str, file: &str) -> Result<Self, WrongMapping> {
        parse::parse(text, file)
    }

    /// Returns every expression, in the order in which rows meet them: repairs, skips, `let`,
    /// columns.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let repairs = self.repairs.iter().flat_map(|rule| {
            std::iter::once(&rule.when).chain(rule.set.iter().map(|(_, expression)| expression))
        });
        repairs
            .chain(self.skips.iter().map(|rule| &rule.when))
            .chain(self.lets.iter().map(|(_, expression)| expression))
            .chain(self.columns.iter().map(|(_, expression)| expression))
    }
}

impl Expression {
    /// Makes the error that points at this expression.
    pub fn wrong(&self, problem: impl Into<String>, hint: Option<String>) -> WrongMapping {
        WrongMapping {
            file: self.file.to_string(),
            line: self.line,
            key: self.key.clone(),
            problem: problem.into(),
            hint,
        }
    }
}

/// Returns the JSON Schema of mapping files.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(raw::RawMapping).to_value()
}

//! Indicator rules to measurements: one pass, exact integers, evidence.
//!
//! Read [`measure::measure`] first. Calls are counted by class in one pass of the query engine
//! ([`tally`], [`udaf`]), each rule is a sum over classes ([`calls`]); messages, cases, outbound
//! work and outages are looked at one by one ([`items`]). A [`measurement::Measurement`] keeps its
//! integers, its exclusions, its rule and what it stands on; [`seal`] freezes it, [`explain`] goes
//! from it to the calls behind it.

pub mod bytes;
pub mod calls;
pub mod columns;
pub mod compare;
pub mod explain;
pub mod findings;
pub mod groups;
pub mod histogram;
pub mod items;
pub mod kept;
pub mod legs;
pub mod measure;
pub mod measurement;
pub mod plan;
pub mod profile;
pub mod rows;
pub mod seal;
pub mod story;
pub mod tally;
pub mod udaf;

/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] soglia_ledger::store::LedgerError),
    /// The query engine refused.
    #[error("failed to run a query")]
    Query(#[from] datafusion::error::DataFusionError),
    /// Columns could not be read.
    #[error("failed to read a column")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A file of the ledger could not be read.
    #[error("failed to read a file of the ledger")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A file of the ledger could not be opened.
    #[error("failed to open a file of the ledger")]
    Io(#[from] std::io::Error),
    /// A table lacks a column, or has it with another type.
    #[error("column `{0}` of the ledger is missing or damaged")]
    Column(String),
    /// A figure could not be read back.
    #[error("failed to read a measurement")]
    Json(#[from] serde_json::Error),
    /// What the aggregate function counted could not be read back.
    #[error("failed to read back what a pass counted")]
    Counts(#[from] crate::bytes::Damaged),
    /// No service, indicator or rule of that name.
    #[error("the contract has no {what} `{name}`; it has {known}")]
    Unknown {
        /// `service` or `indicator`.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A sealed file does not say what it should.
    #[error("`{file}` is no measurement of Soglia: {problem}")]
    NotAMeasurement {
        /// The file.
        file: String,
        /// What is wrong.
        problem: String,
    },
}

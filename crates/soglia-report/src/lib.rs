//! The semester's report: results in, one accessible HTML file and one archival PDF out.
//!
//! A tour, in the order of the flow:
//!
//! * [`model::ReportInput`] — what the caller knows: identity, period, results, provenance, as
//!   typed values;
//! * [`document::Document`] — the same in the reader's language, as headings, tables and figures;
//! * [`html()`] and [`pdf()`] — two renderings of that one document, so they cannot differ.
//!
//! Nothing here reads the clock, the environment, a file or a random source: the same input gives
//! the same bytes.

pub mod chart;
mod compose;
pub mod document;
mod error;
mod fonts;
pub mod format;
mod html;
pub mod model;
mod pdf;

pub use compose::analysis;
pub use error::ReportError;
pub use html::html;
pub use pdf::pdf;

//! The semester's report: results in, documents for readers, offices and programs out.
//!
//! A tour, in the order of the flow:
//!
//! * [`model::ReportInput`] — what the caller knows: identity, period, results, provenance, as
//!   typed values;
//! * [`document::Document`] — the same in the reader's language, as headings, tables and figures;
//! * [`template::Template`] — a body's own name, logo, colours and texts;
//! * [`Edition`] — that one document in any [`Format`]: HTML, PDF, DOCX, XLSX, JSON, open data;
//!   they show the same figures because they are written from the same cells.
//!
//! Nothing here reads the clock, the environment, a file or a random source: the same input gives
//! the same bytes.

pub mod chart;
mod compose;
pub mod document;
mod docx;
mod edition;
mod error;
mod fonts;
pub mod format;
mod html;
mod json;
pub mod model;
mod open_data;
mod pdf;
mod raster;
pub mod template;
mod xlsx;

pub use compose::{analysis, study};
pub use edition::{Edition, Format};
pub use error::ReportError;
pub use open_data::{DataFile, packed};

//! The document and its figures for programs. Read [`json`] first.

use serde::Serialize;

use crate::document::{Dataset, Document};
use crate::error::ReportError;

/// The layout's name; it changes when a program that reads it would have to.
pub const SCHEMA: &str = "soglia.report/1";

#[derive(Serialize)]
struct Whole<'a> {
    schema: &'static str,
    document: &'a Document,
    datasets: &'a [Dataset],
}

/// Writes sections with their cells, and the figures as datasets.
pub fn json(document: &Document) -> Result<String, ReportError> {
    let whole = Whole { schema: SCHEMA, document, datasets: &document.datasets };
    let mut text = serde_json::to_string_pretty(&whole)?;
    text.push('\n');
    Ok(text)
}

//! The report's figures as open data: one CSV for each dataset and the catalogue that describes
//! them. Read [`open_data`] first, then [`cells`] for what is suppressed.

mod catalogue;
pub(crate) mod cells;

use std::io::{Cursor, Write};

use jiff::Timestamp;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::document::{Dataset, Datum, Document};
use crate::error::ReportError;
use crate::model::ReportInput;
use crate::template::Template;

/// A file of a folder that belongs together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataFile {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Writes datasets and catalogue; `written` is the catalogue's date.
pub fn open_data(
    input: &ReportInput,
    document: &Document,
    template: &Template,
    written: Timestamp,
) -> Vec<DataFile> {
    let min = template.open_data.small_cell_min;
    let published = document.datasets.iter().filter(|dataset| !dataset.rows.is_empty());
    let safe: Vec<Dataset> = published.map(|dataset| cells::suppressed(dataset, min)).collect();
    let mut files: Vec<DataFile> = safe
        .iter()
        .map(|dataset| DataFile {
            name: format!("{}.csv", dataset.code),
            bytes: csv(dataset).into_bytes(),
        })
        .collect();
    let catalogue = catalogue::turtle(input, document, template, (&safe, &files), written);
    files.push(DataFile { name: "catalogo.ttl".to_owned(), bytes: catalogue.into_bytes() });
    files
}

/// Packs files into one, in their order. They have no date, so the same files give the same bytes.
pub fn packed(files: &[DataFile]) -> Result<Vec<u8>, ReportError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    for file in files {
        zip.start_file(&file.name, options)?;
        zip.write_all(&file.bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// A dataset as CSV: commas, decimal points, one line for each row, RFC 4180.
pub fn csv(dataset: &Dataset) -> String {
    let mut out = String::new();
    line(&mut out, dataset.columns.iter().map(|column| column.code.to_owned()));
    for row in &dataset.rows {
        line(&mut out, row.iter().map(|value| value.as_ref().map_or_else(String::new, plain)));
    }
    out
}

fn line(out: &mut String, values: impl Iterator<Item = String>) {
    for (nth, value) in values.enumerate() {
        if 0 < nth {
            out.push(',');
        }
        if value.contains(['"', ',', '\n', '\r']) {
            out.push('"');
            out.push_str(&value.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&value);
        }
    }
    out.push_str("\r\n");
}

/// A value as files have it.
pub fn plain(datum: &Datum) -> String {
    match datum {
        Datum::Text(text) => text.clone(),
        Datum::Count(n) => n.to_string(),
        Datum::Decimal(number) | Datum::Percent(number) | Datum::Euro(number) => number.clone(),
        Datum::Date(date) => date.to_string(),
        Datum::Millis(millis) => format!("{}.{:03}", millis / 1000, millis % 1000),
    }
}

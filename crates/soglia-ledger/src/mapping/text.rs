//! Rows of CSV and TSV files in batches. Read [`read`].

use std::io::BufReader;
use std::path::Path;

use soglia_sources::mapping::text::{TextLayout, TextReader};

use super::delivery::{Outlet, Rows};
use super::error::MappingError;
use super::open::open;
use super::plan::text_schema;

/// Reads a file row by row and hands over batches, the header's names first.
pub(super) fn read(
    layout: &TextLayout,
    path: &Path,
    outlet: &mut Outlet,
) -> Result<(), MappingError> {
    let unfit = |error| MappingError::text(path, error);
    let input = BufReader::with_capacity(1 << 16, open(path)?);
    let mut reader = TextReader::new(layout, input).map_err(unfit)?;
    let schema = text_schema(reader.names().to_vec());
    outlet.header(&schema)?;
    let mut rows = Rows::text(&schema, &layout.nulls);
    while let Some(row) = reader.next_row().map_err(unfit)? {
        rows.push(row.line, row.raw, row.n_fields, row.fault, |column| reader.field(column));
        if rows.is_full() {
            outlet.rows(&mut rows)?;
        }
    }
    outlet.rows(&mut rows)
}

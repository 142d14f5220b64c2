//! Rows of Parquet files, columns with their types. Read [`read`].

use std::fs::File;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::delivery::{BATCH_ROWS, Outlet, Row};
use super::error::MappingError;

/// Reads a Parquet file and hands over batches, its schema first. A row's text is its values,
/// separated by tabs.
pub(super) fn read(path: &Path, outlet: &mut Outlet) -> Result<(), MappingError> {
    let file = File::open(path).map_err(|source| MappingError::io(path, source))?;
    let broken = |problem: String| {
        MappingError::data(path, format!("cannot be read as Parquet: {problem}"), None)
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)
        .map_err(|error| broken(error.to_string()))?
        .with_batch_size(BATCH_ROWS);
    let schema = builder.schema().clone();
    outlet.header(&schema)?;
    let batches = builder.build().map_err(|error| broken(error.to_string()))?;
    let mut before = 0;
    for batch in batches {
        let batch = batch.map_err(|error| broken(error.to_string()))?;
        let rows = rows(&batch, before).map_err(|error| broken(error.to_string()))?;
        before += rows.len() as u64;
        outlet.columns(&schema, rows, batch.columns().to_vec())?;
    }
    Ok(())
}

fn rows(batch: &RecordBatch, before: u64) -> Result<Vec<Row>, ArrowError> {
    let options = FormatOptions::default();
    let columns = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column, &options))
        .collect::<Result<Vec<_>, _>>()?;
    let row = |(number, at): (u64, usize)| {
        let mut raw = String::new();
        for (position, column) in columns.iter().enumerate() {
            if 0 < position {
                raw.push('\t');
            }
            column.value(at).write(&mut raw)?;
        }
        Ok(Row { number, raw, n_fields: columns.len(), fault: None })
    };
    (before + 1..).zip(0..batch.num_rows()).map(row).collect()
}

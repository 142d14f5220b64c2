//! Parquet files of one table during one import. Read [`TableWriter`] first.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use arrow::array::{RecordBatch, TimestampMicrosecondArray};
use arrow::datatypes::DataType;
use deltalake::kernel::Add;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use crate::tables::Table;

/// Rows after which a new file is begun.
const FILE_ROWS_MAX: usize = 8_000_000;

/// Rows of a row group: small enough to skip most of a month for one day's drill-down.
pub const GROUP_ROWS: usize = 128 * 1024;

/// Writes a table's files; they belong to nothing until the import commits them.
pub struct TableWriter {
    table: Table,
    dir: PathBuf,
    tag: String,
    open: Option<OpenFile>,
    done: Vec<Add>,
    now_millis: i64,
}

struct OpenFile {
    name: String,
    writer: ArrowWriter<File>,
    rows: usize,
    least: Option<i64>,
    most: Option<i64>,
}

impl TableWriter {
    /// `tag` makes the file names of this import unique.
    pub fn new(table: Table, dir: PathBuf, tag: String, now_millis: i64) -> Self {
        Self { table, dir, tag, open: None, done: Vec::new(), now_millis }
    }

    /// Appends rows.
    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let (least, most) = self.bounds(batch);
        if self.open.is_none() {
            self.open = Some(self.begin()?);
        }
        let file = self.open.as_mut().expect("opened above");
        file.writer.write(batch).map_err(io::Error::other)?;
        file.rows += batch.num_rows();
        file.least = file.least.into_iter().chain(least).min();
        file.most = file.most.into_iter().chain(most).max();
        if FILE_ROWS_MAX <= file.rows {
            self.end_file()?;
        }
        Ok(())
    }

    /// Ends the last file and hands over what to commit.
    pub fn finish(mut self) -> io::Result<Vec<Add>> {
        self.end_file()?;
        Ok(self.done)
    }

    fn begin(&self) -> io::Result<OpenFile> {
        fs::create_dir_all(&self.dir)?;
        let name = format!("part-{}-{:05}.parquet", self.tag, self.done.len());
        let file = File::create(self.dir.join(&name))?;
        let writer = ArrowWriter::try_new(file, self.table.schema(), Some(properties(self.table)))
            .map_err(io::Error::other)?;
        Ok(OpenFile { name, writer, rows: 0, least: None, most: None })
    }

    fn end_file(&mut self) -> io::Result<()> {
        let Some(OpenFile { name, mut writer, rows, least, most }) = self.open.take() else {
            return Ok(());
        };
        writer.finish().map_err(io::Error::other)?;
        writer.inner().sync_all()?;
        drop(writer);
        let size = fs::metadata(self.dir.join(&name))?.len();
        self.done.push(Add {
            path: name,
            partition_values: std::collections::HashMap::new(),
            size: i64::try_from(size).unwrap_or(i64::MAX),
            modification_time: self.now_millis,
            data_change: true,
            stats: Some(self.stats(rows, least, most)),
            tags: None,
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
            clustering_provider: None,
        });
        Ok(())
    }

    /// Least and greatest instant of the sort column.
    fn bounds(&self, batch: &RecordBatch) -> (Option<i64>, Option<i64>) {
        let column = self.table.sort_column().and_then(|name| batch.column_by_name(name));
        let Some(column) =
            column.and_then(|c| c.as_any().downcast_ref::<TimestampMicrosecondArray>())
        else {
            return (None, None);
        };
        (arrow::compute::min(column), arrow::compute::max(column))
    }

    /// The statistics that Delta readers prune files by.
    fn stats(&self, rows: usize, least: Option<i64>, most: Option<i64>) -> String {
        let mut stats = serde_json::json!({ "numRecords": rows });
        if let (Some(name), Some(least), Some(most)) = (self.table.sort_column(), least, most) {
            let iso = |micros: i64| {
                let at = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
                format!("{at:.6}")
            };
            stats["minValues"] = serde_json::json!({ name: iso(least) });
            stats["maxValues"] = serde_json::json!({ name: iso(most) });
            stats["nullCount"] = serde_json::json!({ name: 0 });
        }
        stats.to_string()
    }
}

/// Columns by which one call's story is looked up: whole row groups without it are skipped.
const LOOKED_UP: [&str; 2] = ["call_id", "opened_by"];

/// Wrong answers of a filter that says whether a row group may have a value.
const FALSE_POSITIVES: f64 = 0.01;

/// Delta packing for numbers and instants, dictionaries for words, plain bytes for keys.
fn properties(table: Table) -> WriterProperties {
    let zstd = Compression::ZSTD(ZstdLevel::try_new(3).expect("3 is a zstd level"));
    let mut builder = WriterProperties::builder()
        .set_compression(zstd)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_created_by(concat!("soglia ", env!("CARGO_PKG_VERSION")).to_owned());
    for field in table.schema().fields() {
        let column = ColumnPath::from(field.name().as_str());
        builder = match field.data_type() {
            DataType::Int32 | DataType::Int64 | DataType::Timestamp(..) => builder
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED),
            DataType::Utf8 => builder
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, Encoding::DELTA_BYTE_ARRAY),
            DataType::Binary => builder
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_compression(column, Compression::UNCOMPRESSED),
            _ => builder,
        };
        if LOOKED_UP.contains(&field.name().as_str()) {
            let column = ColumnPath::from(field.name().as_str());
            builder = builder.set_column_bloom_filter_fpp(column, FALSE_POSITIVES);
        }
    }
    builder.build()
}

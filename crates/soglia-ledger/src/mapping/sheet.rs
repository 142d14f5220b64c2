//! Rows of Excel workbooks, cell by cell. Read [`read`].
//!
//! Every cell becomes text, because one column of a sheet often mixes types: whole numbers without
//! decimals, dates as `2023-07-03 09:15:00`, times as `09:15:00`.

use std::path::Path;

use calamine::{Data, DataRef, ExcelDateTime, Reader, Xlsx, XlsxError, open_workbook};
use soglia_domain::text::nearest;
use soglia_sources::mapping::SheetLayout;
use soglia_sources::mapping::text::{Fault, header_names};

use super::delivery::{Outlet, Rows};
use super::error::MappingError;
use super::plan::text_schema;

/// Cells that a row of a workbook has at most, up to column XFD.
const CELLS_MAX: u32 = 16_384;

/// Reads a sheet row by row and hands over batches, the header's names first.
pub(super) fn read(
    layout: &SheetLayout,
    path: &Path,
    outlet: &mut Outlet,
) -> Result<(), MappingError> {
    let broken = |error: XlsxError| {
        let hint = "save it as an Excel workbook (.xlsx) without a password";
        let problem = format!("cannot be read as an XLSX workbook: {error}");
        MappingError::data(path, problem, Some(hint.to_owned()))
    };
    let mut book: Xlsx<_> = open_workbook(path).map_err(|error| match error {
        XlsxError::Io(source) => MappingError::io(path, source),
        other => broken(other),
    })?;
    let sheet = find_sheet(&book.sheet_names(), layout.sheet.as_deref(), path)?;
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(broken)?;
    let mut table = Table { layout, path, outlet, state: State::Before };
    let mut row = Row::default();
    while let Some(cell) = cells.next_cell().map_err(broken)? {
        let (at, column) = cell.get_position();
        if at != row.at {
            table.take(&row)?;
            row = Row { at, cells: Vec::new() };
        }
        if CELLS_MAX <= column {
            // A damaged address would otherwise ask for more memory than there is.
            let problem = format!("has a cell beyond the last column, in row {}", at + 1);
            return Err(MappingError::data(path, problem, None));
        }
        let column = column as usize;
        if row.cells.len() <= column {
            row.cells.resize(column + 1, String::new());
        }
        if let Some(place) = row.cells.get_mut(column) {
            *place = text(cell.get_value());
        }
    }
    table.take(&row)?;
    table.finish()
}

fn find_sheet(names: &[String], wanted: Option<&str>, path: &Path) -> Result<String, MappingError> {
    let Some(wanted) = wanted else {
        let none = || MappingError::data(path, "has no sheet", None);
        return names.first().cloned().ok_or_else(none);
    };
    if let Some(name) = names.iter().find(|name| *name == wanted) {
        return Ok(name.clone());
    }
    let hint = match nearest(wanted, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("its sheets are {}", names.join(", ")),
    };
    Err(MappingError::data(path, format!("has no sheet `{wanted}`"), Some(hint)))
}

/// A row of the sheet; `at` counts from 0.
#[derive(Default)]
struct Row {
    at: u32,
    cells: Vec<String>,
}

impl Row {
    /// Number of cells up to the last that is filled.
    fn filled(&self) -> usize {
        self.cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |at| at + 1)
    }
}

enum State {
    /// The header has not been seen.
    Before,
    /// Rows are being collected.
    Within { rows: Rows, width: usize },
}

struct Table<'a> {
    layout: &'a SheetLayout,
    path: &'a Path,
    outlet: &'a mut Outlet,
    state: State,
}

impl Table<'_> {
    fn take(&mut self, row: &Row) -> Result<(), MappingError> {
        if u64::from(row.at) < self.layout.skip_rows || row.cells.is_empty() {
            return Ok(());
        }
        if matches!(self.state, State::Before) {
            if let Some(names) = self.layout.names.clone() {
                self.start(names)?;
            } else if row.filled() == 0 {
                return Ok(());
            } else {
                let names = row.cells.iter().take(row.filled()).cloned();
                let names =
                    header_names(names).map_err(|error| MappingError::text(self.path, error))?;
                return self.start(names);
            }
        }
        let State::Within { rows, width } = &mut self.state else {
            return Ok(());
        };
        let filled = row.filled();
        let raw = row.cells.join("\t");
        let fault = (filled == 0).then_some(Fault::Ignored("empty_line"));
        let n_fields = if fault.is_some() { 0 } else { filled.max(*width) };
        let cell = |column: usize| row.cells.get(column).map(String::as_str);
        rows.push(u64::from(row.at) + 1, raw, n_fields, fault, cell);
        if rows.is_full() {
            self.outlet.rows(rows)?;
        }
        Ok(())
    }

    fn start(&mut self, names: Vec<String>) -> Result<(), MappingError> {
        let width = names.len();
        let schema = text_schema(names);
        self.outlet.header(&schema)?;
        self.state = State::Within { rows: Rows::text(&schema, &self.layout.nulls), width };
        Ok(())
    }

    fn finish(mut self) -> Result<(), MappingError> {
        match &mut self.state {
            State::Before => Err(MappingError::data(self.path, "has no row", None)),
            State::Within { rows, .. } => self.outlet.rows(rows),
        }
    }
}

/// A cell as text.
fn text(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(moment) => moment_text(*moment),
        DataRef::Error(_) => Data::from(cell.clone()).to_string(),
        DataRef::Empty => String::new(),
    }
}

fn number_text(number: f64) -> String {
    // Rust prints the shortest text that reads back, and whole numbers without decimals.
    format!("{number}")
}

fn moment_text(moment: ExcelDateTime) -> String {
    let millis = (moment.as_f64() * 86_400_000.0).round();
    if moment.is_duration() || millis < 86_400_000.0 {
        return clock_text(millis);
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let whole = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
    if milli == 0 { whole } else { format!("{whole}.{milli:03}") }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a sheet's serial numbers end in the year 9999, far below 2^53 ms"
)]
fn clock_text(millis: f64) -> String {
    let total = millis as i64;
    let sign = if total < 0 { "-" } else { "" };
    let total = total.abs();
    let (hours, minutes) = (total / 3_600_000, total / 60_000 % 60);
    let (seconds, rest) = (total / 1000 % 60, total % 1000);
    let whole = format!("{sign}{hours:02}:{minutes:02}:{seconds:02}");
    if rest == 0 { whole } else { format!("{whole}.{rest:03}") }
}

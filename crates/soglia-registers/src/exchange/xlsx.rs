//! Registers as workbooks: real dates and numbers, and the same columns as the CSV file, so that a
//! sheet that was filled in comes back. Read [`export_xlsx`] first.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use jiff::civil::Date;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use soglia_domain::register::{Field, Kind, Register, Value};
use soglia_domain::text::Lang;

use super::{AFTER, BEFORE, ROWS_MAX, cells};
use crate::entries::Entry;
use crate::error::RegisterError;

/// The media type of workbooks.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The most characters of a cell.
const CELL_MAX: usize = 32_000;

/// Writes entries as a workbook: a sheet with the entries, another one that says what the columns
/// are called. The same entries and day give the same bytes.
pub fn export_xlsx(
    register: &'static Register,
    entries: &[Entry],
    today: Date,
    lang: Lang,
) -> Result<Vec<u8>, RegisterError> {
    written(register, entries, today, lang)
        .map_err(|problem| RegisterError::Table(format!("it cannot be written: {problem}")))
}

fn written(
    register: &'static Register,
    entries: &[Entry],
    today: Date,
    lang: Lang,
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let properties = DocProperties::new()
        .set_title(register.label.get(lang))
        .set_creation_datetime(&excel(today)?);
    book.set_properties(&properties);
    let sheet = book.add_worksheet();
    sheet.set_name(register.code)?;
    let head = Format::new().set_bold();
    let names: Vec<&str> = names(register).collect();
    for (column, name) in (0_u16..).zip(&names) {
        sheet.write_string_with_format(0, column, *name, &head)?;
        sheet.set_column_width(column, width(register, name))?;
    }
    for (row, entry) in (1_u32..).zip(entries) {
        for (column, (name, text)) in (0_u16..).zip(names.iter().zip(cells(register, entry, today)))
        {
            let value = register.field(name).and_then(|field| entry.value(field.code));
            write_cell(sheet, (row, column), value, &text)?;
        }
    }
    let last = u16::try_from(names.len().saturating_sub(1)).unwrap_or(0);
    let rows = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    sheet.autofilter(0, 0, rows, last)?;
    sheet.set_freeze_panes(1, 1)?;
    write_legend(book.add_worksheet(), register, lang)?;
    book.save_to_buffer()
}

fn names(register: &'static Register) -> impl Iterator<Item = &'static str> {
    let fields = register.fields.iter().map(|field| field.code);
    let derived = register.derived.iter().map(|derived| derived.code);
    BEFORE.into_iter().chain(fields).chain(AFTER).chain(derived)
}

fn width(register: &Register, name: &str) -> f64 {
    match register.field(name).map(|field| field.kind) {
        Some(Kind::Text) => 48.0,
        Some(Kind::Line) => 24.0,
        _ => 14.0,
    }
}

fn write_cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    value: Option<&Value>,
    text: &str,
) -> Result<(), XlsxError> {
    match value {
        Some(Value::Date(date)) => {
            let format = Format::new().set_num_format("yyyy-mm-dd");
            sheet.write_datetime_with_format(row, column, excel(*date)?, &format)?;
        }
        Some(Value::Count(count)) if *count < 1 << 50 => {
            sheet.write_number(row, column, *count as f64)?;
        }
        Some(Value::Money(cents)) if cents.unsigned_abs() < 1 << 50 => {
            let format = Format::new().set_num_format("#,##0.00");
            sheet.write_number_with_format(row, column, *cents as f64 / 100.0, &format)?;
        }
        // Cells are typed: no text is run as a formula, and none needs a mark against it.
        Some(Value::Text(text)) => {
            let text: String = text.chars().take(CELL_MAX).collect();
            sheet.write_string(row, column, text)?;
        }
        _ if text.is_empty() => {}
        _ => {
            sheet.write_string(row, column, text)?;
        }
    }
    Ok(())
}

fn excel(date: Date) -> Result<ExcelDateTime, XlsxError> {
    let part = |part: i8| u8::try_from(part).unwrap_or(1);
    let year = u16::try_from(date.year()).unwrap_or(1900);
    ExcelDateTime::from_ymd(year, part(date.month()), part(date.day()))
}

/// What the columns are called, and what can stand in them.
fn write_legend(
    sheet: &mut Worksheet,
    register: &'static Register,
    lang: Lang,
) -> Result<(), XlsxError> {
    sheet.set_name(if lang == Lang::It { "colonne" } else { "columns" })?;
    for (row, field) in (0_u32..).zip(register.fields) {
        let Field { code, label, kind, .. } = field;
        sheet.write_string(row, 0, *code)?;
        sheet.write_string(row, 1, label.get(lang))?;
        if let Kind::Choice(choices) = kind {
            let names: Vec<String> =
                choices.iter().map(|c| format!("{} = {}", c.code, c.label.get(lang))).collect();
            sheet.write_string(row, 2, names.join("; "))?;
        }
    }
    sheet.set_column_width(0, 18)?;
    sheet.set_column_width(1, 36)?;
    sheet.set_column_width(2, 80)?;
    Ok(())
}

/// The first sheet of a workbook as rows of texts, the heading first.
pub(super) fn rows(bytes: &[u8]) -> Result<Vec<Vec<String>>, RegisterError> {
    let broken = |problem: String| RegisterError::Table(format!("it is no workbook: {problem}"));
    let mut book: Xlsx<_> =
        Xlsx::new(Cursor::new(bytes)).map_err(|problem| broken(problem.to_string()))?;
    let sheet = book.worksheet_range_at(0).ok_or_else(|| broken("it has no sheet".to_owned()))?;
    let range = sheet.map_err(|problem| broken(problem.to_string()))?;
    if usize::try_from(ROWS_MAX).unwrap_or(usize::MAX) < range.height() {
        let problem = format!("it has more than {ROWS_MAX} rows, cut it in parts");
        return Err(RegisterError::Table(problem));
    }
    Ok(range.rows().map(|row| row.iter().map(text).collect()).collect())
}

fn text(cell: &Data) -> String {
    match cell {
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            format!("{number:.0}")
        }
        Data::Float(number) => format!("{number:.2}"),
        Data::DateTime(instant) => {
            let (year, month, day, ..) = instant.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        other => other.to_string(),
    }
}

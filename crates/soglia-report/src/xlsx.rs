//! The document as a workbook: one table a sheet, real numbers, charts that the office can change.
//! Read [`render`] first, then [`grid`] for how the document's tables become sheets.

mod grid;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_xlsxwriter::{
    Chart, ChartType, Color, ConditionalFormat2ColorScale, DocProperties, ExcelDateTime, Format,
    FormatAlign, Table, TableColumn, TableStyle, Url, Workbook, Worksheet, XlsxError,
};

use self::grid::{Grid, GridCell, grids};
use crate::document::{Datum, Document, Plot, PlotForm, Tone};
use crate::error::ReportError;
use crate::template::Colours;

/// The longest text of a cell in a workbook.
const TEXT_MAX: usize = 32_000;
/// The longest name of a sheet.
const NAME_MAX: usize = 31;
/// Widths of columns, in characters.
const WIDTHS: (usize, usize) = (9, 56);
/// The height of a line and of the tallest row, in points.
const LINE_HIGH: u32 = 15;
const ROW_HIGH_MAX: u32 = 405;
/// A4.
const PAPER: u8 = 9;

/// Writes the workbook; `written` is its date of creation.
pub fn render(document: &Document, written: Timestamp) -> Result<Vec<u8>, ReportError> {
    let grids = grids(document);
    let names: Vec<String> =
        (1..).zip(&grids).map(|(nth, grid)| sheet_name(nth, &grid.title)).collect();
    let mut workbook = Workbook::new();
    let created = written.to_zoned(TimeZone::UTC);
    let created = day(created.date()).ok_or(ReportError::Timestamp(written))?;
    let properties = DocProperties::new()
        .set_title(&document.title)
        .set_author(&document.cover.authority)
        .set_subject(&document.cover.contract)
        .set_comment(document.notice.as_deref().unwrap_or("Soglia"))
        .set_creation_datetime(&created);
    workbook.set_properties(&properties);
    contents(workbook.add_worksheet(), document, (&grids, &names))?;
    for (grid, name) in grids.iter().zip(&names) {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name)?;
        Page { document, grid, name }.write(sheet)?;
    }
    Ok(workbook.save_to_buffer()?)
}

/// A name that spreadsheets accept, unique by its number.
fn sheet_name(nth: usize, title: &str) -> String {
    let clean = |c: char| {
        if matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'') { ' ' } else { c }
    };
    let title: String = title.chars().map(clean).collect();
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let whole = format!("{nth:02} {title}");
    if whole.chars().count() <= NAME_MAX {
        return whole;
    }
    let cut: String = whole.chars().take(NAME_MAX - 1).collect();
    let cut = cut.trim_end_matches([' ', ',', '–', '«', '(', '.']);
    format!("{cut}…")
}

/// The first sheet: what the workbook is, and where everything stands.
fn contents(
    sheet: &mut Worksheet,
    document: &Document,
    (grids, names): (&[Grid], &[String]),
) -> Result<(), XlsxError> {
    let look = Formats::new(&document.look.colours);
    sheet.set_name(document.words.sheets)?;
    let lines = [
        (&document.cover.authority, &look.title),
        (&document.cover.report, &look.title),
        (&document.cover.contract, &look.text),
    ];
    let mut row = 0;
    for (text, format) in lines {
        sheet.write_string_with_format(row, 1, text, format)?;
        row += 1;
    }
    if let Some(notice) = &document.notice {
        sheet.write_string_with_format(row, 1, notice, &look.bad)?;
        row += 1;
    }
    row += 1;
    sheet.write_string_with_format(row, 0, "N.", &look.head)?;
    sheet.write_string_with_format(row, 1, document.words.sheet, &look.head)?;
    for (nth, (grid, name)) in (1_u32..).zip(grids.iter().zip(names)) {
        sheet.write_number_with_format(row + nth, 0, nth, &look.count)?;
        let link = Url::new(format!("internal:'{name}'!A1"));
        sheet.write_url_with_text(row + nth, 1, link, cut(&grid.title))?;
    }
    sheet.set_column_width(0, 5)?;
    sheet.set_column_width(1, 96)?;
    printed(sheet, document, document.words.sheets);
    sheet.set_portrait();
    Ok(())
}

/// How sheets lie on paper.
fn printed(sheet: &mut Worksheet, document: &Document, title: &str) {
    sheet.set_paper_size(PAPER).set_landscape().set_print_fit_to_pages(1, 0);
    let head = field(&document.running_head);
    sheet.set_header(format!("&L&8{head}&R&8{}", field(title)));
    let notice = document.notice.as_deref().map(field).unwrap_or_default();
    let words = &document.words;
    sheet.set_footer(format!("&L&8{notice}&R&8{} &P {} &N", words.page, words.of));
    sheet.set_margins(0.5, 0.5, 0.7, 0.7, 0.3, 0.3);
}

/// A text inside a header: `&` begins a code there, and 255 characters are the most.
fn field(text: &str) -> String {
    text.chars().take(90).collect::<String>().replace('&', "&&")
}

/// Formats of cells.
struct Formats {
    title: Format,
    head: Format,
    text: Format,
    strong: Format,
    good: Format,
    bad: Format,
    attention: Format,
    count: Format,
}

impl Formats {
    fn new(colours: &Colours) -> Self {
        let top = Format::new().set_align(FormatAlign::Top);
        let text = top.clone().set_text_wrap();
        let toned = |colour: &str| text.clone().set_bold().set_font_color(colour_of(colour));
        Self {
            title: Format::new()
                .set_bold()
                .set_font_size(14)
                .set_font_color(colour_of(&colours.deep)),
            head: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_font_color(Color::White)
                .set_background_color(colour_of(&colours.deep)),
            strong: text.clone().set_bold(),
            good: toned(&colours.good),
            bad: toned(&colours.bad),
            attention: toned(&colours.attention),
            count: top.set_num_format("#,##0"),
            text,
        }
    }

    fn of(&self, tone: Option<Tone>) -> &Format {
        match tone {
            Some(Tone::Good) => &self.good,
            Some(Tone::Bad) => &self.bad,
            Some(Tone::Attention) => &self.attention,
            Some(Tone::Neutral) | None => &self.text,
        }
    }
}

fn colour_of(colour: &str) -> Color {
    let digits = colour.strip_prefix('#').unwrap_or_default();
    Color::RGB(u32::from_str_radix(digits, 16).unwrap_or(0))
}

/// One table on its sheet.
struct Page<'a> {
    document: &'a Document,
    grid: &'a Grid,
    name: &'a str,
}

impl Page<'_> {
    fn write(&self, sheet: &mut Worksheet) -> Result<(), ReportError> {
        let Self { document, grid, .. } = self;
        let look = Formats::new(&document.look.colours);
        let columns: Vec<TableColumn> = grid
            .headers
            .iter()
            .map(|header| {
                TableColumn::new().set_header(header).set_header_format(look.head.clone())
            })
            .collect();
        let (last_row, last_column) = (index(grid.rows.len())?, narrow(grid.headers.len() - 1)?);
        let table = Table::new()
            .set_columns(&columns)
            .set_style(TableStyle::Light1)
            .set_alt_text_title(&grid.title)
            .set_alt_text(&grid.alt);
        sheet.add_table(0, 0, last_row.max(1), last_column, &table)?;
        let widths = self.widths();
        let heads = grid.headers.iter().map(String::as_str);
        sheet.set_row_height(0, high(heads.zip(&widths)))?;
        for (at, row) in (1..).zip(&grid.rows) {
            for (column, cell) in (0..).zip(row) {
                put(sheet, (at, column), cell, &look)?;
            }
            let words: Vec<String> = row.iter().map(GridCell::words).collect();
            let lines = high(words.iter().map(String::as_str).zip(&widths));
            if LINE_HIGH < lines {
                sheet.set_row_height(at, lines)?;
            }
        }
        for (column, width) in (0..).zip(widths) {
            sheet.set_column_width(column, width)?;
        }
        sheet.set_freeze_panes(1, 1)?;
        sheet.set_repeat_rows(0, 0)?;
        printed(sheet, document, &grid.title);
        if let Some(plot) = &grid.plot {
            self.draw(sheet, plot)?;
        }
        Ok(())
    }

    /// Widths by content: programs that fit columns by themselves get dates and shares wrong.
    fn widths(&self) -> Vec<u32> {
        let (least, most) = WIDTHS;
        let headers = self.grid.headers.iter();
        let mut widths: Vec<usize> = headers
            .map(|header| header.split_whitespace().map(|word| word.chars().count()).max())
            .map(|longest| (longest.unwrap_or_default() + 4).clamp(least, 24))
            .collect();
        for row in &self.grid.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                let wanted = match cell {
                    GridCell::Empty => 0,
                    GridCell::Figure(Datum::Text(text)) | GridCell::Text { text, .. } => {
                        text.lines().map(|line| line.chars().count() + 2).max().unwrap_or_default()
                    }
                    GridCell::Figure(_) => 12,
                };
                *width = (*width).max(wanted.min(most));
            }
        }
        widths.into_iter().map(|width| u32::try_from(width).unwrap_or(20)).collect()
    }

    fn draw(&self, sheet: &mut Worksheet, plot: &Plot) -> Result<(), ReportError> {
        let Plot { form, series, .. } = plot;
        if *form == PlotForm::Heat {
            // The last row and column are totals.
            let last = index(self.grid.rows.len())?.saturating_sub(1);
            let first_column = series.iter().min().copied().unwrap_or_default();
            let last_column = series.iter().max().copied().unwrap_or_default();
            let colours = &self.document.look.colours;
            let scale = ConditionalFormat2ColorScale::new()
                .set_minimum_color(Color::White)
                .set_maximum_color(paler(&colours.deep));
            let (from, to) = (narrow(first_column)?, narrow(last_column)?);
            if 0 < last {
                sheet.add_conditional_format(1, from, last, to, &scale)?;
            }
            return Ok(());
        }
        let kind = match form {
            PlotForm::Columns => ChartType::Column,
            PlotForm::Lines | PlotForm::Heat => ChartType::Line,
        };
        let mut chart = Chart::new(kind);
        for (group, first, last) in self.runs() {
            for column in series {
                self.series(&mut chart, plot, (*column, group.as_deref()), (first, last))?;
            }
        }
        chart.title().set_name(&self.grid.title);
        chart.set_width(760).set_height(380);
        chart.set_alt_text(self.grid.alt.chars().take(2_000).collect::<String>());
        sheet.insert_chart(1, narrow(self.grid.headers.len() + 1)?, &chart)?;
        Ok(())
    }

    fn series(
        &self,
        chart: &mut Chart,
        plot: &Plot,
        (column, group): (usize, Option<&str>),
        (first, last): (usize, usize),
    ) -> Result<(), ReportError> {
        let (first, last) = (index(first + 1)?, index(last + 1)?);
        let (labels, values) = (narrow(plot.categories)?, narrow(column)?);
        let name = match group {
            Some(group) => group.to_owned(),
            None => self.grid.headers.get(column).cloned().unwrap_or_default(),
        };
        chart
            .add_series()
            .set_name(&name)
            .set_categories((self.name, first, labels, last, labels))
            .set_values((self.name, first, values, last, values));
        Ok(())
    }

    /// Runs of rows that are one series each: those of a service in a dataset, else all.
    fn runs(&self) -> Vec<(Option<String>, usize, usize)> {
        let all = self.grid.rows.len().saturating_sub(1);
        let grouped = self.grid.plot.as_ref().is_some_and(|plot| 0 < plot.categories);
        if !grouped {
            return vec![(None, 0, all)];
        }
        let mut runs: Vec<(Option<String>, usize, usize)> = Vec::new();
        for (at, row) in self.grid.rows.iter().enumerate() {
            let group = row.first().map(GridCell::words).unwrap_or_default();
            match runs.last_mut() {
                Some((Some(name), _, last)) if *name == group => *last = at,
                _ => runs.push((Some(group), at, at)),
            }
        }
        runs
    }
}

/// The height that texts need in columns of these widths: not every program finds it by itself.
fn high<'t>(cells: impl Iterator<Item = (&'t str, &'t u32)>) -> u32 {
    let lines = |(text, width): (&str, &u32)| {
        // Words are not cut, so that a line holds a little less than its width.
        let width = usize::try_from(*width).unwrap_or(20).saturating_sub(2).max(4);
        text.lines().map(|line| line.chars().count().div_ceil(width).max(1)).sum::<usize>()
    };
    let most = cells.map(lines).max().unwrap_or(1).max(1);
    u32::try_from(most).unwrap_or(ROW_HIGH_MAX).saturating_mul(LINE_HIGH).min(ROW_HIGH_MAX)
}

/// Half way between a colour and white.
fn paler(colour: &str) -> Color {
    let digits = colour.strip_prefix('#').unwrap_or_default();
    let value = u32::from_str_radix(digits, 16).unwrap_or(0);
    let half = |shift: u32| u32::midpoint(value >> shift & 0xff, 0xff) << shift;
    Color::RGB(half(16) | half(8) | half(0))
}

fn index(n: usize) -> Result<u32, ReportError> {
    u32::try_from(n).map_err(|_| ReportError::Xlsx(XlsxError::RowColumnLimitError))
}

fn narrow(n: usize) -> Result<u16, ReportError> {
    u16::try_from(n).map_err(|_| ReportError::Xlsx(XlsxError::RowColumnLimitError))
}

fn put(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &GridCell,
    look: &Formats,
) -> Result<(), ReportError> {
    match cell {
        GridCell::Empty => {}
        GridCell::Text { text, tone, strong } => {
            let format = if *strong && tone.is_none() { &look.strong } else { look.of(*tone) };
            sheet.write_string_with_format(row, column, cut(text), format)?;
        }
        GridCell::Figure(datum) => figure(sheet, (row, column), datum, look)?,
    }
    Ok(())
}

fn figure(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    datum: &Datum,
    look: &Formats,
) -> Result<(), ReportError> {
    let top = || Format::new().set_align(FormatAlign::Top);
    let numbered = |format: String| top().set_num_format(format);
    match datum {
        Datum::Text(text) => {
            sheet.write_string_with_format(row, column, cut(text), &look.text)?;
        }
        Datum::Count(n) => {
            sheet.write_number_with_format(row, column, *n as f64, &look.count)?;
        }
        Datum::Decimal(text) | Datum::Percent(text) | Datum::Euro(text) => {
            let Ok(number) = text.parse::<f64>() else {
                sheet.write_string_with_format(row, column, cut(text), &look.text)?;
                return Ok(());
            };
            let zeros = match decimals(text) {
                0 => String::new(),
                n => format!(".{}", "0".repeat(n)),
            };
            let (number, format) = match datum {
                Datum::Percent(_) => (number / 100.0, format!("0{zeros}%")),
                Datum::Euro(_) => (number, format!("#,##0{zeros} [$€-410]")),
                _ => (number, format!("#,##0{zeros}")),
            };
            sheet.write_number_with_format(row, column, number, &numbered(format))?;
        }
        Datum::Date(date) => {
            let Some(day) = day(*date) else { return Ok(()) };
            let format = numbered("dd/mm/yyyy".to_owned());
            sheet.write_datetime_with_format(row, column, &day, &format)?;
        }
        Datum::Millis(millis) => {
            let format = numbered("#,##0.0".to_owned());
            sheet.write_number_with_format(row, column, *millis as f64 / 1000.0, &format)?;
        }
    }
    Ok(())
}

fn decimals(number: &str) -> usize {
    number.split_once('.').map_or(0, |(_, fraction)| fraction.len())
}

fn cut(text: &str) -> String {
    if text.chars().count() <= TEXT_MAX {
        return text.to_owned();
    }
    let cut: String = text.chars().take(TEXT_MAX).collect();
    format!("{cut}…")
}

/// Spreadsheets know no days before 1900.
fn day(date: Date) -> Option<ExcelDateTime> {
    let year = u16::try_from(date.year()).ok()?;
    let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
    ExcelDateTime::from_ymd(year, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sheets_are_accepted() {
        assert_eq!(sheet_name(3, "Esiti: CUP"), "03 Esiti CUP");
        let long = sheet_name(12, "Elementi in ingresso per il riesame: Contact Center e CUP");
        assert_eq!(long, "12 Elementi in ingresso per il…");
        assert!(long.chars().count() <= NAME_MAX);
        assert_eq!(sheet_name(4, "[a]/b"), "04 a b");
    }

    #[test]
    fn numbers_keep_the_decimals_that_are_printed() {
        assert_eq!([decimals("95"), decimals("56.78"), decimals("0.5")], [0, 2, 1]);
    }
}

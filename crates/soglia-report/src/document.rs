//! The report in the reader's language: headings, paragraphs, tables, figures. Read [`Document`]
//! first.
//!
//! All renderings walk these structs and decide nothing about content, so what the HTML says and
//! what the PDF, the DOCX or the workbook says cannot differ. A figure stands in a cell twice: as
//! people of the language read it, and as a [`Datum`] for programs.

use jiff::civil::Date;
use serde::Serialize;

use crate::template::Look;

/// A whole document.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Document {
    /// Language tag: `it` or `en`.
    pub lang: &'static str,
    /// Title, as in the document's properties.
    pub title: String,
    /// The cover.
    pub cover: Cover,
    /// A notice for the cover and every page.
    pub notice: Option<String>,
    /// What stands at the head of every page.
    pub running_head: String,
    /// A line of the body's own at the foot of every page.
    pub footer: Option<String>,
    /// Words of the frame: contents, page, skip link.
    pub words: Words,
    /// Sections, in order; levels say how they nest.
    pub sections: Vec<Section>,
    /// The figures as long tables, for programs.
    #[serde(skip)]
    pub datasets: Vec<Dataset>,
    /// Logo and colours.
    pub look: Look,
}

/// The cover.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Cover {
    /// Lines above the title, such as the monitoring's kind and the authority.
    pub kicker: String,
    /// The contracting authority.
    pub authority: String,
    /// Its office or address.
    pub office: Option<String>,
    /// What kind of document it is.
    pub plan: String,
    /// Which one.
    pub report: String,
    /// Label of the contract.
    pub contract_label: String,
    /// The contract's title.
    pub contract: String,
    /// Register number and supplier.
    pub contract_lines: Vec<String>,
    /// Heading of the distribution list.
    pub distribution_label: String,
    /// Roles and persons.
    pub distribution: Vec<(String, String)>,
}

/// Words of the frame.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Words {
    /// Heading of the contents.
    pub contents: &'static str,
    /// Text of the skip link.
    pub skip: &'static str,
    /// *Page*, before its number.
    pub page: &'static str,
    /// *of*, before the number of pages.
    pub of: &'static str,
    /// Summary of a figure's folded table.
    pub figure_data: &'static str,
    /// *Table*, before its number.
    pub table: &'static str,
    /// *Figure*, before its number.
    pub figure: &'static str,
    /// Heading of a workbook's list of sheets.
    pub sheets: &'static str,
    /// *Sheet*, the word.
    pub sheet: &'static str,
    /// *Data*, before the title of a dataset.
    pub data: &'static str,
}

/// A heading and what follows it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Section {
    /// Address inside the document.
    pub id: String,
    /// 1 for an area or an annex, at most one deeper than the section before.
    pub level: u8,
    /// Heading.
    pub title: String,
    /// How its pages lie.
    pub page: Page,
    /// Content.
    pub blocks: Vec<Block>,
}

/// How pages lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// Upright.
    Portrait,
    /// On their side, beginning a new page.
    Landscape,
}

/// A piece of content.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    /// A paragraph.
    Para {
        /// Its text.
        text: String,
    },
    /// A label and its text on one line.
    Labelled {
        /// The label.
        label: String,
        /// The text.
        text: String,
    },
    /// A list.
    List {
        /// Its items.
        items: Vec<String>,
    },
    /// A remark set apart: why nothing stands here, what is still to be written, what to look at.
    Remark {
        /// Its tone.
        tone: Tone,
        /// Its text.
        text: String,
    },
    /// A table.
    Table(Table),
    /// A chart with its table.
    Figure(Figure),
    /// Signature slots.
    Signatures {
        /// Place and date, perhaps with room to fill them in.
        place_date: String,
        /// The word above each slot.
        label: String,
        /// Who signs, in order.
        slots: Vec<Slot>,
    },
}

/// Room for a signature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Slot {
    /// The role.
    pub role: String,
    /// Who holds it.
    pub person: String,
    /// What is known of the signature.
    pub lines: Vec<String>,
}

/// The tone of a remark or a badge; the words say the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Met, passed.
    Good,
    /// Missed, failed.
    Bad,
    /// Nothing to judge.
    Neutral,
    /// Something is missing or to be looked at.
    Attention,
}

/// A table.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Table {
    /// Address inside the document.
    pub id: String,
    /// Caption.
    pub caption: String,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows; every row has as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// How it is set.
    pub style: TableStyle,
}

/// A column.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Column {
    /// Heading.
    pub title: String,
    /// Share of the width.
    pub width: f32,
    /// Numbers stand at the right.
    pub align: Align,
    /// Names of the figures inside its cells, where cells hold more than one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
}

/// Where a column's cells stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Text.
    Start,
    /// Numbers.
    End,
}

/// How a table is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TableStyle {
    /// Horizontal rules.
    Plain,
    /// Small type, for many numbers.
    Dense,
    /// The improvement sheet: every cell boxed.
    Sheet,
    /// Two columns of label and text, without a heading row.
    Card,
    /// Days down, months across: for the eye; programs read the dataset of days.
    Calendar,
}

/// A cell.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Cell {
    /// Lines of text.
    pub lines: Vec<String>,
    /// A verdict, drawn with its shape, after the lines.
    pub badge: Option<Badge>,
    /// Lines in smaller type, last.
    pub small: Vec<String>,
    /// How the cell is read.
    pub role: CellRole,
    /// The figures in its lines, for programs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Datum>,
}

/// A figure as a program reads it; decimals have a point and are rounded as printed.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Datum {
    /// A text.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A decimal number.
    Decimal(String),
    /// A number of per cent.
    Percent(String),
    /// Euro, to the cent.
    Euro(String),
    /// A civil date.
    Date(Date),
    /// A duration in milliseconds.
    Millis(u64),
}

/// A long table for programs: one row for each thing, plain values, no totals.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Dataset {
    /// Its name in files and addresses.
    pub code: &'static str,
    /// Its title.
    pub title: String,
    /// What a row is.
    pub about: String,
    /// Columns.
    pub columns: Vec<DataColumn>,
    /// Rows; a value that does not exist is empty.
    pub rows: Vec<Vec<Option<Datum>>>,
    /// How it is drawn in a workbook.
    #[serde(skip)]
    pub plot: Option<Plot>,
}

/// A column of a dataset.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct DataColumn {
    /// Its name in files, the same in every language.
    pub code: &'static str,
    /// Its title.
    pub title: &'static str,
}

/// How a table's figures are drawn by programs that draw themselves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plot {
    /// The form.
    pub form: PlotForm,
    /// The column of the categories.
    pub categories: usize,
    /// The columns of the series.
    pub series: Vec<usize>,
}

/// The form of a drawing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlotForm {
    /// Upright bars.
    Columns,
    /// Lines with marks.
    Lines,
    /// Colours behind the numbers.
    Heat,
}

/// How a cell is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CellRole {
    /// Content.
    #[default]
    Data,
    /// The heading of its row.
    RowHeader,
    /// Content in a fixed-width type, breakable anywhere.
    Code,
}

/// A verdict with its shape.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Badge {
    /// Its word.
    pub text: String,
    /// Its tone, and so its shape.
    pub tone: Tone,
}

/// A chart with its table.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Figure {
    /// Address inside the document and name of the virtual file.
    pub id: String,
    /// Caption.
    pub caption: String,
    /// What the chart shows, for who cannot see it.
    pub alt: String,
    /// The drawing.
    #[serde(skip)]
    pub svg: String,
    /// The same data as a table.
    pub table: Table,
    /// How a workbook draws the table.
    #[serde(skip)]
    pub plot: Option<Plot>,
}

impl Cell {
    /// One line of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { lines: vec![text.into()], ..Self::default() }
    }

    /// The heading of a row.
    pub fn head(text: impl Into<String>) -> Self {
        Self { role: CellRole::RowHeader, ..Self::text(text) }
    }

    /// A hash or an address.
    pub fn code(text: impl Into<String>) -> Self {
        Self { role: CellRole::Code, ..Self::text(text) }
    }

    /// A verdict.
    pub fn badge(text: impl Into<String>, tone: Tone) -> Self {
        let badge = Some(Badge { text: text.into(), tone });
        Self { badge, ..Self::default() }
    }

    /// The same cell with the figure in it.
    #[must_use]
    pub fn with(mut self, datum: Datum) -> Self {
        self.data.push(datum);
        self
    }

    /// The same cell with a line in smaller type.
    #[must_use]
    pub fn and_small(mut self, text: impl Into<String>) -> Self {
        self.small.push(text.into());
        self
    }
}

impl Column {
    /// A column of text.
    pub fn text(title: impl Into<String>, width: f32) -> Self {
        Self { title: title.into(), width, align: Align::Start, parts: Vec::new() }
    }

    /// A column of numbers.
    pub fn number(title: impl Into<String>, width: f32) -> Self {
        Self { title: title.into(), width, align: Align::End, parts: Vec::new() }
    }

    /// The same column, whose cells hold these figures.
    #[must_use]
    pub fn of(mut self, parts: [&str; 2]) -> Self {
        self.parts = parts.map(str::to_owned).into();
        self
    }
}

impl Block {
    /// A paragraph.
    pub fn para(text: impl Into<String>) -> Self {
        Self::Para { text: text.into() }
    }

    /// A remark.
    pub fn remark(tone: Tone, text: impl Into<String>) -> Self {
        Self::Remark { tone, text: text.into() }
    }
}

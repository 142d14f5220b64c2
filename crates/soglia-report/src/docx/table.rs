//! Tables of the office document. Read [`Tables::write`] first.

use super::fixed::PORTRAIT;
use super::xml::{escape, field, paragraph, run};
use crate::document::{Align, Cell, CellRole, Document, Table, TableStyle, Tone};

/// Characters up to which a row stays on one page.
const SHORT: usize = 500;

/// What is counted and known from table to table.
pub struct Tables {
    n_tables: usize,
    /// The width of the text, in twentieths of a point.
    pub width: u32,
}

/// The colour of a tone, without its `#`.
pub fn tone_colour(document: &Document, tone: Tone) -> &str {
    let colours = &document.look.colours;
    let colour = match tone {
        Tone::Good => &colours.good,
        Tone::Bad => &colours.bad,
        Tone::Attention => &colours.attention,
        Tone::Neutral => &colours.quiet,
    };
    bare(colour)
}

fn bare(colour: &str) -> &str {
    colour.strip_prefix('#').unwrap_or(colour)
}

impl Tables {
    /// Begins to count.
    pub const fn new() -> Self {
        Self { n_tables: 0, width: PORTRAIT.2 }
    }

    /// Writes caption and table.
    pub fn write(&mut self, document: &Document, table: &Table) -> String {
        self.n_tables += 1;
        let word = document.words.table;
        let number = field(&format!("SEQ {word} \\* ARABIC"), &self.n_tables.to_string());
        let caption = format!(
            "{}{number}{}",
            run("", &format!("{word} ")),
            run("", &format!(": {}", table.caption))
        );
        let caption = paragraph("CaptionAbove", &caption);
        let widths = self.widths(table);
        let grid: Vec<String> =
            widths.iter().map(|width| format!("<w:gridCol w:w=\"{width}\"/>")).collect();
        let grid = grid.concat();
        let total: u32 = widths.iter().sum();
        let has_head = table.style != TableStyle::Card;
        let look = if has_head { "w:firstRow=\"1\"" } else { "w:firstRow=\"0\"" };
        let style = match table.style {
            TableStyle::Sheet => "SogliaSheet",
            _ => "SogliaTable",
        };
        let head = if has_head { header_row(table, &widths) } else { String::new() };
        let rows: String =
            table.rows.iter().map(|row| data_row(document, table, row, &widths)).collect();
        format!(
            "{caption}<w:tbl><w:tblPr><w:tblStyle w:val=\"{style}\"/><w:tblW w:w=\"{total}\" \
             w:type=\"dxa\"/><w:tblLayout w:type=\"fixed\"/><w:tblLook w:val=\"04A0\" {look} \
             w:lastRow=\"0\" w:firstColumn=\"1\" w:lastColumn=\"0\" w:noHBand=\"1\" \
             w:noVBand=\"1\"/><w:tblCaption w:val=\"{}\"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>\
             {head}{rows}</w:tbl>{}",
            escape(&table.caption),
            paragraph("AfterTable", ""),
        )
    }

    fn widths(&self, table: &Table) -> Vec<u32> {
        let sum: f32 = table.columns.iter().map(|column| column.width).sum();
        let all = self.width as f32;
        let share = |width: f32| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a part of the page's width"
            )]
            let part = (width / sum.max(0.1) * all).floor().clamp(0.0, all) as u32;
            part
        };
        table.columns.iter().map(|column| share(column.width)).collect()
    }
}

const fn text_style(style: TableStyle) -> &'static str {
    match style {
        TableStyle::Plain | TableStyle::Card => "TableText",
        TableStyle::Dense | TableStyle::Calendar | TableStyle::Sheet => "TableDense",
    }
}

const fn side(align: Align) -> &'static str {
    match align {
        Align::Start => "",
        Align::End => "<w:jc w:val=\"right\"/>",
    }
}

fn cell(width: u32, properties: &str, paragraphs: &str) -> String {
    format!(
        "<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/>{properties}</w:tcPr>{paragraphs}\
         </w:tc>"
    )
}

/// The header row, repeated on every page that the table reaches.
fn header_row(table: &Table, widths: &[u32]) -> String {
    let style = text_style(table.style);
    let cells = table.columns.iter().zip(widths).map(|(column, width)| {
        let runs = run("<w:b/>", &column.title);
        let side = side(column.align);
        let paragraph = format!(
            "<w:p><w:pPr><w:pStyle w:val=\"{style}\"/><w:keepNext/>{side}</w:pPr>{runs}</w:p>"
        );
        cell(*width, "<w:vAlign w:val=\"bottom\"/>", &paragraph)
    });
    format!(
        "<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{}</w:tr>",
        cells.collect::<String>()
    )
}

fn data_row(document: &Document, table: &Table, row: &[Cell], widths: &[u32]) -> String {
    let longest = row.iter().map(|cell| cell.lines.iter().map(String::len).sum::<usize>()).max();
    let whole = longest.unwrap_or_default() < SHORT;
    let split = if whole { "<w:trPr><w:cantSplit/></w:trPr>" } else { "" };
    let cells = row.iter().zip(&table.columns).zip(widths).map(|((content, column), width)| {
        let style = text_style(table.style);
        cell(*width, "", &paragraphs(document, content, style, column.align))
    });
    format!("<w:tr>{split}{}</w:tr>", cells.collect::<String>())
}

/// A cell's lines, its verdict with a shape of its own, its remarks.
fn paragraphs(document: &Document, content: &Cell, style: &str, align: Align) -> String {
    let colours = &document.look.colours;
    let of = match content.role {
        CellRole::RowHeader => "<w:b/>".to_owned(),
        CellRole::Code => "<w:rFonts w:ascii=\"Consolas\" w:hAnsi=\"Consolas\" \
                           w:cs=\"Consolas\"/><w:noProof/><w:sz w:val=\"14\"/>"
            .to_owned(),
        CellRole::Data => String::new(),
    };
    let mut lines: Vec<String> = content.lines.iter().map(|line| run(&of, line)).collect();
    lines.extend(content.badge.iter().map(|badge| {
        let shape = match badge.tone {
            Tone::Good => "●",
            Tone::Bad => "◆",
            Tone::Attention => "□",
            Tone::Neutral => "–",
        };
        let look = format!("<w:b/><w:color w:val=\"{}\"/>", tone_colour(document, badge.tone));
        run(&look, &format!("{shape}\u{a0}{}", badge.text))
    }));
    let small = format!("<w:color w:val=\"{}\"/><w:sz w:val=\"15\"/>", bare(&colours.quiet));
    lines.extend(content.small.iter().map(|line| run(&small, line)));
    if lines.is_empty() {
        lines.push(String::new());
    }
    let side = side(align);
    let paragraph = |runs: &String| {
        format!("<w:p><w:pPr><w:pStyle w:val=\"{style}\"/>{side}</w:pPr>{runs}</w:p>")
    };
    lines.iter().map(paragraph).collect()
}

//! The document's tables as sheets of plain columns. Read [`grids`] first.
//!
//! A cell that holds two figures becomes two columns, remarks beside a figure a column of their
//! own, so that every column holds one kind of thing. Improvement sheets and definition cards
//! follow each other in one table each, as what they are: rows of the same columns.

use crate::document::{
    Block, Cell, CellRole, Column, Dataset, Datum, Document, Plot, Table, TableStyle, Tone,
};

/// A sheet.
pub struct Grid {
    /// What it holds.
    pub title: String,
    /// What it shows, for who cannot see it.
    pub alt: String,
    /// Headers, all different.
    pub headers: Vec<String>,
    /// Rows, as wide as the headers.
    pub rows: Vec<Vec<GridCell>>,
    /// How it is drawn.
    pub plot: Option<Plot>,
    /// Tables with the same key follow each other in one grid.
    key: Option<Vec<String>>,
}

/// A cell of a sheet.
pub enum GridCell {
    /// Nothing.
    Empty,
    /// Words.
    Text {
        /// The words.
        text: String,
        /// Their tone.
        tone: Option<Tone>,
        /// Whether they head their row.
        strong: bool,
    },
    /// A figure.
    Figure(Datum),
}

impl GridCell {
    /// The cell's words, if it has words.
    pub fn words(&self) -> String {
        match self {
            Self::Text { text, .. } | Self::Figure(Datum::Text(text)) => text.clone(),
            Self::Empty | Self::Figure(_) => String::new(),
        }
    }
}

/// Makes a grid for every table, then for every dataset with rows.
pub fn grids(document: &Document) -> Vec<Grid> {
    let mut grids: Vec<Grid> = Vec::new();
    let mut chapter = "";
    for section in &document.sections {
        if section.level == 1 {
            chapter = &section.title;
        }
        for block in &section.blocks {
            let (table, drawn) = match block {
                Block::Table(table) => (table, None),
                Block::Figure(figure) => (&figure.table, Some((&figure.alt, &figure.plot))),
                _ => continue,
            };
            if table.style == TableStyle::Calendar || table.rows.is_empty() {
                continue;
            }
            let mut grid = of_table(table, chapter);
            if let Some((alt, plot)) = drawn {
                grid.alt.clone_from(alt);
                grid.plot.clone_from(plot);
            }
            match grids.last_mut() {
                Some(last) if last.key.is_some() && last.key == grid.key => {
                    last.rows.append(&mut grid.rows);
                }
                _ => grids.push(grid),
            }
        }
    }
    let filled = document.datasets.iter().filter(|dataset| !dataset.rows.is_empty());
    grids.extend(filled.map(|dataset| of_dataset(document, dataset)));
    grids
}

/// What a column of the document becomes.
struct Spread {
    /// Columns of figures; none for words.
    figures: usize,
    /// Whether remarks stand beside figures.
    notes: bool,
}

fn of_table(table: &Table, chapter: &str) -> Grid {
    let merged = matches!(table.style, TableStyle::Sheet | TableStyle::Card);
    let cells = |at: usize| table.rows.iter().filter_map(move |row| row.get(at));
    // Merged tables must have the same columns whatever their cells hold.
    let spread: Vec<Spread> = (0..table.columns.len())
        .map(|at| {
            let figures = cells(at).map(|cell| cell.data.len()).max().unwrap_or_default();
            let figures = if merged { figures.min(1) } else { figures };
            let notes = 0 < figures && cells(at).any(|c| !c.small.is_empty() || c.badge.is_some());
            Spread { figures, notes: notes || (merged && 0 < figures) }
        })
        .collect();
    let mut headers = Vec::new();
    if merged {
        headers.push(chapter.to_owned());
    }
    for (column, spread) in table.columns.iter().zip(&spread) {
        headers.extend(titles(column, spread));
    }
    let rows = table.rows.iter().map(|row| {
        let mut cells = Vec::new();
        if merged {
            cells.push(words(&table.caption, CellRole::RowHeader));
        }
        for (cell, spread) in row.iter().zip(&spread) {
            cells.extend(spread_cell(cell, spread));
        }
        cells
    });
    let headers = unique(headers);
    Grid {
        title: if merged { chapter.to_owned() } else { table.caption.clone() },
        alt: table.caption.clone(),
        rows: rows.collect(),
        plot: None,
        key: merged.then(|| headers.clone()),
        headers,
    }
}

fn titles(column: &Column, spread: &Spread) -> Vec<String> {
    let mut titles: Vec<String> = match spread.figures {
        0 | 1 => vec![column.title.clone()],
        n => (0..n)
            .map(|at| match column.parts.get(at) {
                Some(part) => format!("{} – {part}", column.title),
                None => format!("{} {}", column.title, at + 1),
            })
            .collect(),
    };
    if spread.notes {
        titles.push(format!("{} (*)", column.title));
    }
    titles
}

fn spread_cell(cell: &Cell, spread: &Spread) -> Vec<GridCell> {
    if spread.figures == 0 {
        let badge = cell.badge.iter().map(|badge| badge.text.clone());
        let lines: Vec<String> =
            cell.lines.iter().cloned().chain(badge).chain(cell.small.iter().cloned()).collect();
        let strong = cell.role == CellRole::RowHeader;
        let tone = cell.badge.as_ref().map(|badge| badge.tone).filter(|_| cell.lines.len() < 2);
        return vec![GridCell::Text { text: lines.join("\n"), tone, strong }];
    }
    let mut cells: Vec<GridCell> =
        cell.data.iter().take(spread.figures).cloned().map(GridCell::Figure).collect();
    if cells.is_empty() {
        cells.push(words(&cell.lines.join("\n"), cell.role));
    }
    while cells.len() < spread.figures {
        cells.push(GridCell::Empty);
    }
    if spread.notes {
        let badge = cell.badge.iter().map(|badge| badge.text.clone());
        let notes: Vec<String> = badge.chain(cell.small.iter().cloned()).collect();
        cells.push(if notes.is_empty() {
            GridCell::Empty
        } else {
            words(&notes.join("\n"), CellRole::Data)
        });
    }
    cells
}

fn words(text: &str, role: CellRole) -> GridCell {
    let strong = role == CellRole::RowHeader;
    GridCell::Text { text: text.to_owned(), tone: None, strong }
}

fn of_dataset(document: &Document, dataset: &Dataset) -> Grid {
    let value = |value: &Option<Datum>| value.clone().map_or(GridCell::Empty, GridCell::Figure);
    let headers = dataset.columns.iter().map(|column| column.title.to_owned());
    Grid {
        title: format!("{}: {}", document.words.data, dataset.title),
        alt: dataset.about.clone(),
        headers: unique(headers.collect()),
        rows: dataset.rows.iter().map(|row| row.iter().map(value).collect()).collect(),
        plot: dataset.plot.clone(),
        key: None,
    }
}

/// Headers of a spreadsheet's table are all different and none is empty.
fn unique(headers: Vec<String>) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    for header in headers {
        let header = if header.trim().is_empty() { "–".to_owned() } else { header };
        let same =
            |name: &str| known.iter().any(|other| other.to_lowercase() == name.to_lowercase());
        let mut name = header.clone();
        let mut nth = 2;
        while same(&name) {
            name = format!("{header} {nth}");
            nth += 1;
        }
        known.push(name);
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_apart() {
        let given = ["Valore", "valore", "", "Valore"].map(str::to_owned).into();
        assert_eq!(unique(given), ["Valore", "valore 2", "–", "Valore 3"]);
    }
}

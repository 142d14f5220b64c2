//! Finds the reference values, where they are at hand. Read [`rows`] first.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A row of a table of reference values, by column.
#[derive(Clone, Debug)]
pub struct Row(BTreeMap<String, String>);

impl Row {
    pub fn text(&self, column: &str) -> &str {
        self.0.get(column).unwrap_or_else(|| panic!("no column {column}"))
    }

    pub fn number(&self, column: &str) -> f64 {
        let text = self.text(column);
        text.parse().unwrap_or_else(|_| panic!("{column}: `{text}` is no number"))
    }

    /// The number, or nothing where the cell is empty.
    pub fn given(&self, column: &str) -> Option<f64> {
        (!self.text(column).is_empty()).then(|| self.number(column))
    }
}

/// The rows of a file of reference values, or a note that the test was skipped.
pub fn rows(name: &str) -> Option<Vec<Row>> {
    let folder = std::env::var_os("SOGLIA_SHARED_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let path = folder.join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} missing", path.display());
        return None;
    };
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let row = |line: &str| {
        // Only the note, the last column, may hold commas.
        let cells = line.splitn(header.len(), ',').map(str::to_owned);
        Row(header.iter().map(|&h| h.to_owned()).zip(cells).collect())
    };
    Some(lines.map(row).collect())
}

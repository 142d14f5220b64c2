//! What is wrong with a contract file, and where. Read [`Problem`] first.

use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One thing wrong with a contract file: where it is, what was expected, what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The file's name as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The dotted path of the key, e.g. `service.cup.indicator[0].limit`; empty for the file.
    pub key: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "expected {}, found {}", self.expected, self.found)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// A contract file that cannot be used, with everything wrong with it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", list(.problems))]
pub struct ContractError {
    /// Every problem found, in the file's order; never empty.
    pub problems: Vec<Problem>,
}

/// Problems printed: a file of another kind would fill screens.
const PRINTED_MAX: usize = 40;

fn list(problems: &[Problem]) -> String {
    let mut lines: Vec<String> =
        problems.iter().take(PRINTED_MAX).map(Problem::to_string).collect();
    if let Some(more) = problems.len().checked_sub(PRINTED_MAX).filter(|more| 0 < *more) {
        lines.push(format!("and {more} more problems"));
    }
    lines.join("\n")
}

/// A step from a table or list into one of its values.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Step {
    Key(String),
    Item(usize),
}

/// The way from the top of the file to a value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Path(Vec<Step>);

impl Path {
    /// The value of a key in the table at this place.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.then(Step::Key(key.to_owned()))
    }

    /// An item of the list at this place.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        self.then(Step::Item(index))
    }

    fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if is_bare(key) && depth == 0 => write!(f, "{key}")?,
                Step::Key(key) if is_bare(key) => write!(f, ".{key}")?,
                Step::Key(key) if depth == 0 => write!(f, "{key:?}")?,
                Step::Key(key) => write!(f, ".{key:?}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

fn is_bare(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// Collects problems and finds where they stand in the file.
pub(super) struct Reporter<'a> {
    file: &'a str,
    text: &'a str,
    root: &'a Spanned<DeTable<'a>>,
    problems: Vec<(usize, Problem)>,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(file: &'a str, text: &'a str, root: &'a Spanned<DeTable<'a>>) -> Self {
        Self { file, text, root, problems: Vec::new() }
    }

    /// Adds a problem at a path; a missing value is reported where its table starts.
    pub(super) fn add(
        &mut self,
        path: &Path,
        expected: impl Into<String>,
        found: impl Into<String>,
        hint: Option<String>,
    ) {
        let at = self.offset(path);
        let key = path.to_string();
        self.push(at, key, expected.into(), found.into(), hint);
    }

    /// Adds a problem with a key itself.
    pub(super) fn add_key(
        &mut self,
        path: &Path,
        key_at: usize,
        expected: String,
        hint: Option<String>,
    ) {
        self.push(key_at, path.to_string(), expected, "an unknown key".to_owned(), hint);
    }

    /// Adds a problem at a place in the text.
    pub(super) fn add_at(&mut self, at: usize, expected: &str, found: &str, hint: Option<String>) {
        self.push(at, String::new(), expected.to_owned(), found.to_owned(), hint);
    }

    fn push(
        &mut self,
        at: usize,
        key: String,
        expected: String,
        found: String,
        hint: Option<String>,
    ) {
        let (line, column) = position(self.text, at);
        let file = self.file.to_owned();
        self.problems.push((at, Problem { file, line, column, key, expected, found, hint }));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Returns everything found, in the file's order.
    pub(super) fn finish(mut self) -> Result<(), ContractError> {
        if self.problems.is_empty() {
            return Ok(());
        }
        self.problems.sort_by_key(|(at, _)| *at);
        Err(ContractError { problems: self.problems.into_iter().map(|(_, p)| p).collect() })
    }

    /// The byte where a path's value (or, if it is missing, its nearest ancestor) stands.
    fn offset(&self, path: &Path) -> usize {
        let mut at = self.root.span().start;
        let mut table = Some(self.root.get_ref());
        let mut list: Option<&[Spanned<DeValue<'_>>]> = None;
        for step in &path.0 {
            let value = match step {
                Step::Key(key) => {
                    let Some(found) = table.and_then(|t| entry(t, key)) else { return at };
                    at = found.0;
                    found.1
                }
                Step::Item(index) => {
                    let Some(value) = list.and_then(|l| l.get(*index)) else { return at };
                    at = value.span().start;
                    value
                }
            };
            table = value.get_ref().as_table();
            list = value.get_ref().as_array().map(|a| &**a);
        }
        at
    }
}

/// Finds a key's value and the byte to point at: the value, or the key of a table or of a list of
/// tables.
fn entry<'t>(table: &'t DeTable<'_>, key: &str) -> Option<(usize, &'t Spanned<DeValue<'t>>)> {
    let (name, value) = table.get_key_value(key)?;
    let at = if is_leaf(value.get_ref()) { value.span().start } else { name.span().start };
    Some((at, value))
}

fn is_leaf(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Table(_) => false,
        DeValue::Array(items) => !items.iter().any(|i| i.get_ref().is_table()),
        _ => true,
    }
}

/// Line and column of a byte, both from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Joins words as a sentence lists them: `` `a`, `b` or `c` ``.
pub(super) fn alternatives<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        assert_eq!(position("a\nè = 1", 5), (2, 3));
        assert_eq!(position("", 9), (1, 1));
    }
}

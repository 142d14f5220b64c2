//! What can go wrong with a mapping file or with a file read through it. Read [`MappingError`].

use std::io::ErrorKind;
use std::path::Path;

/// Why a mapping file, or a file read through it, was refused as a whole.
///
/// One bad row is never an error: it becomes [`super::MappedOutcome::Rejected`].
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// The mapping file says something that cannot be done.
    #[error("{file}:{line}: `{key}`: {problem}")]
    Definition {
        /// The mapping file.
        file: String,
        /// The line, 1-based.
        line: usize,
        /// The key, as a path such as `columns.arrived`.
        key: String,
        /// What is wrong and what was expected.
        problem: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The data file could not be read from disk.
    #[error("failed to read `{path}`")]
    Io {
        /// The data file.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The data file is not what the mapping describes.
    #[error("`{path}` {problem}")]
    Data {
        /// The data file.
        path: String,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        hint: Option<String>,
    },
    /// Whoever received the rows asked to stop.
    #[error("reading stopped")]
    Stopped(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl MappingError {
    /// Makes the error with which a sink stops the reading.
    pub fn stop(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Stopped(cause.into())
    }

    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Definition { hint, .. } | Self::Data { hint, .. } => hint.as_deref(),
            Self::Io { source, .. } if source.kind() == ErrorKind::UnexpectedEof => {
                Some("the file is cut short; ask for it again")
            }
            Self::Io { .. } | Self::Stopped(_) => None,
        }
    }

    pub(super) fn data(path: &Path, problem: impl Into<String>, hint: Option<String>) -> Self {
        Self::Data { path: path.display().to_string(), problem: problem.into(), hint }
    }

    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.display().to_string(), source }
    }
}

/// Finds the name that looks most like `name`, if one is near enough to be a slip.
pub(super) fn nearest<'a>(name: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    among
        .into_iter()
        .map(|candidate| (distance(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|&(distance, _)| distance <= wanted.chars().count().div_ceil(3))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Counts the insertions, deletions and replacements that turn one word into the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut row = Vec::with_capacity(above.len());
        let mut before = i + 1;
        row.push(before);
        for ((diagonal, upper), right) in above.iter().zip(above.iter().skip(1)).zip(&b) {
            before = (diagonal + usize::from(left != *right)).min(upper + 1).min(before + 1);
            row.push(before);
        }
        above = row;
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["data_chiamata", "esito", "coda"];
        assert_eq!(nearest("data_chiamta", known), Some("data_chiamata"));
        assert_eq!(nearest("ESITO", known), Some("esito"));
        assert_eq!(nearest("operatore", known), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}

//! What can go wrong with a mapping file or with a file read through it. Read [`MappingError`].

use std::io::ErrorKind;
use std::path::Path;

use soglia_sources::mapping::WrongMapping;
use soglia_sources::mapping::text::TextError;

/// Why a mapping file, or a file read through it, was refused as a whole.
///
/// One bad row is never an error: it becomes [`super::MappedOutcome::Rejected`].
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// The mapping file says something that cannot be done.
    #[error(transparent)]
    Definition(#[from] WrongMapping),
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
            Self::Definition(wrong) => wrong.hint.as_deref(),
            Self::Data { hint, .. } => hint.as_deref(),
            Self::Io { source, .. } if source.kind() == ErrorKind::UnexpectedEof => {
                Some("the file is cut short; ask for it again")
            }
            Self::Io { .. } | Self::Stopped(_) => None,
        }
    }

    /// Names the file as the user knows it, where a copy of it was read.
    #[must_use]
    pub fn of_file(mut self, known_as: &Path) -> Self {
        if let Self::Io { path, .. } | Self::Data { path, .. } = &mut self {
            *path = known_as.display().to_string();
        }
        self
    }

    pub(super) fn data(path: &Path, problem: impl Into<String>, hint: Option<String>) -> Self {
        Self::Data { path: path.display().to_string(), problem: problem.into(), hint }
    }

    /// Says in which file a text was not what the mapping describes.
    pub(super) fn text(path: &Path, error: TextError) -> Self {
        match error {
            TextError::Io(source) => Self::io(path, source),
            TextError::Unfit { problem, hint } => Self::data(path, problem, hint),
        }
    }

    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.display().to_string(), source }
    }
}

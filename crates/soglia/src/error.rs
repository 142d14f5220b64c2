//! What went wrong, whose fault it is and what to do. Read [`Failure`] first.

use std::fmt;
use std::process::ExitCode;

/// Everything was done.
pub const DONE: u8 = 0;
/// A fault of the program.
pub const INTERNAL: u8 = 1;
/// The command was written wrongly.
pub const USAGE: u8 = 2;
/// The contract, a mapping or the configuration is wrong.
pub const CONFIGURATION: u8 = 3;
/// The period has no data.
pub const NO_DATA: u8 = 4;
/// More rows were rejected than allowed, or a file could not be taken in.
pub const REJECTED: u8 = 5;
/// A target is missed (only with `--fail-on-breach`), or a sealed file does not verify.
pub const BREACH: u8 = 10;

/// An error on its way to the user.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    error: anyhow::Error,
    hints: Vec<String>,
}

/// What commands return: an exit code, or why there is none.
pub type Done = Result<u8, Failure>;

impl Failure {
    fn new(code: u8, error: impl Into<anyhow::Error>) -> Self {
        Self { code, error: error.into(), hints: Vec::new() }
    }

    /// A fault of the program or the machine.
    pub fn internal(error: impl Into<anyhow::Error>) -> Self {
        Self::new(INTERNAL, error)
    }

    /// A fault in how the command was written.
    pub fn usage(text: impl fmt::Display) -> Self {
        Self::new(USAGE, anyhow::anyhow!("{text}"))
    }

    /// A fault in a file that configures the work.
    pub fn configuration(error: impl Into<anyhow::Error>) -> Self {
        Self::new(CONFIGURATION, error)
    }

    /// A fault in the data.
    pub fn data(error: impl Into<anyhow::Error>) -> Self {
        Self::new(REJECTED, error)
    }

    /// Nothing to work on.
    pub fn no_data(text: impl fmt::Display) -> Self {
        Self::new(NO_DATA, anyhow::anyhow!("{text}"))
    }

    /// Says what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says what to do, if anybody knows.
    pub fn maybe_hint(self, hint: Option<impl Into<String>>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// Prints the error and its hints to stderr. A reader that went away is no error.
    pub fn report(self) -> ExitCode {
        let broken_pipe = self.error.chain().any(|cause| {
            cause
                .downcast_ref::<std::io::Error>()
                .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
        });
        if broken_pipe {
            return ExitCode::from(DONE);
        }
        note!("error: {:#}", self.error);
        for hint in &self.hints {
            note!("hint: {hint}");
        }
        if self.hints.is_empty() && is_full_disk(&self.error) {
            note!("hint: the disk is full: free some space and run the command again");
        }
        ExitCode::from(self.code)
    }
}

/// Whether a disk was full, also where a writer told it in its own words.
fn is_full_disk(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|io| io.kind() == std::io::ErrorKind::StorageFull)
            || cause.to_string().contains("No space left on device")
    })
}

impl From<soglia_ledger::store::LedgerError> for Failure {
    fn from(error: soglia_ledger::store::LedgerError) -> Self {
        use soglia_ledger::store::LedgerError;
        let hint = error.hint();
        let failure = match error {
            LedgerError::Missing(_)
            | LedgerError::NotALedger(_)
            | LedgerError::Unfinished(_)
            | LedgerError::Layout { .. } => Self::configuration(error),
            other => Self::internal(other),
        };
        failure.maybe_hint(hint)
    }
}

impl From<soglia_measure::MeasureError> for Failure {
    fn from(error: soglia_measure::MeasureError) -> Self {
        use soglia_measure::MeasureError;
        match error {
            MeasureError::Ledger(error) => error.into(),
            MeasureError::Unknown { .. } => Self::usage(error),
            MeasureError::NotAMeasurement { .. } => Self::data(error),
            other => Self::internal(other),
        }
    }
}

impl From<soglia_ledger::import::ImportError> for Failure {
    fn from(error: soglia_ledger::import::ImportError) -> Self {
        use soglia_ledger::import::ImportError;
        use soglia_ledger::mapping::MappingError;
        let hint = error.hint();
        let failure = match error {
            ImportError::Ledger(error) => return error.into(),
            ImportError::Mapping(MappingError::Definition(_)) => Self::configuration(error),
            ImportError::UnknownService { .. } => Self::usage(error),
            other => Self::data(other),
        };
        failure.maybe_hint(hint)
    }
}

impl From<soglia_registers::error::RegisterError> for Failure {
    fn from(error: soglia_registers::error::RegisterError) -> Self {
        use soglia_registers::error::RegisterError;
        let hint = error.hint();
        let failure = match error {
            RegisterError::Database(_)
            | RegisterError::Address { .. }
            | RegisterError::Migration(_)
            | RegisterError::Key { .. }
            | RegisterError::Program { .. }
            | RegisterError::Contract(_) => Self::configuration(error),
            RegisterError::File { .. } => Self::internal(error),
            RegisterError::Corrupt { .. }
            | RegisterError::Backup { .. }
            | RegisterError::Attachment { .. }
            | RegisterError::Table(_) => Self::data(error),
            other => Self::new(USAGE, other),
        };
        failure.maybe_hint(hint)
    }
}

impl From<soglia_app::semester::SemesterError> for Failure {
    fn from(error: soglia_app::semester::SemesterError) -> Self {
        use soglia_app::semester::SemesterError as E;
        let hint = error.hint();
        let failure = match error {
            E::Registers(error) => return error.into(),
            E::Measures(error) => return error.into(),
            E::NoData(_) => Self::new(NO_DATA, error),
            E::Document(_) | E::Seal(_) => Self::internal(error),
            E::Period(_)
            | E::NoReview(_)
            | E::NotAReview(_)
            | E::OtherSeal { .. }
            | E::Training { .. } => Self::new(USAGE, error),
        };
        failure.maybe_hint(hint)
    }
}

impl From<soglia_ledger::rebuild::RebuildError> for Failure {
    fn from(error: soglia_ledger::rebuild::RebuildError) -> Self {
        use soglia_ledger::rebuild::RebuildError;
        let hint = error.hint();
        let failure = match error {
            RebuildError::Ledger(error) => return error.into(),
            RebuildError::InTheWay(_)
            | RebuildError::Inside(_)
            | RebuildError::WhichStream { .. }
            | RebuildError::MappingMissing { .. } => Self::usage(error),
            RebuildError::Mapping { .. } | RebuildError::Unknown { .. } => {
                Self::configuration(error)
            }
            RebuildError::Empty(_) => Self::no_data(error),
            RebuildError::Original { .. } | RebuildError::Import { .. } => Self::data(error),
        };
        failure.maybe_hint(hint)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_known_however_it_is_wrapped() {
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        assert!(is_full_disk(&anyhow::Error::new(full()).context("failed to write the report")));
        assert!(is_full_disk(&anyhow::anyhow!(
            "Parquet error: No space left on device (os error 28)"
        )));
        assert!(!is_full_disk(&anyhow::anyhow!("failed to read")));
    }
}

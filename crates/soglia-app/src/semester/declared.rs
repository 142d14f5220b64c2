//! The report that somebody typed by hand, and what it contradicts. Read [`declared`] first.
//!
//! It is attached to the review as a file whose first line is its format; it stands in no document
//! of the review and keeps nobody from approving.

use soglia_domain::checks::{
    self, Check, Figures, Severity, check_declared, is_declared, parse_declared,
};
use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_measure::compare;
use soglia_measure::measurement::Report;
use soglia_registers::entries::Entry;
use soglia_registers::files::Files;

use super::SemesterError;
use super::checks::known_dates;

/// A declared report and what was found in it.
#[derive(Clone, PartialEq, Debug)]
pub struct Declared {
    /// What it calls itself.
    pub title: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// What it contradicts, errors first.
    pub found: Vec<Check>,
}

/// Reads the first declared report among a review's attachments, and holds it against the
/// figures. One that cannot be read is said to be so.
pub fn declared(
    files: &Files,
    contract: &Contract,
    period: &Period,
    report: &Report,
    review: &Entry,
) -> Result<Option<Declared>, SemesterError> {
    for file in review.files.iter().filter(|file| file.media == "text/plain") {
        let bytes = files.read(&file.sha256)?;
        if !is_declared(&bytes) {
            continue;
        }
        let sha256 = file.sha256.clone();
        let text = String::from_utf8_lossy(&bytes);
        return Ok(Some(match parse_declared(&text) {
            Ok(declared) => {
                let measured = Figures {
                    known_dates: known_dates(review, contract),
                    ..compare::figures(contract, period, report)
                };
                let found = check_declared(contract, &measured, &declared);
                Declared { title: declared.title, sha256, found }
            }
            Err(error) => Declared { title: sha256.clone(), sha256, found: vec![broken(&error)] },
        }));
    }
    Ok(None)
}

fn broken(error: &checks::DeclaredError) -> Check {
    Check {
        code: "W-DECLARED",
        severity: Severity::Warning,
        service: None,
        indicator: None,
        text: soglia_domain::text::Text::new(
            &format!("il resoconto dichiarato non si legge: {error}"),
            &format!("the declared report cannot be read: {error}"),
        ),
    }
}

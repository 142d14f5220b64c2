//! Coherence checks N1–N18. Read [`Check`] first.
//!
//! Each code is a fault once found in a real report. Some can be seen in the contract
//! ([`check_contract`]), the others need figures and texts ([`check_results`]). A report that
//! somebody typed by hand is held against the measured figures by [`check_declared`].

mod contract_level;
mod declared;
mod narrative;
mod printed;
mod results;
mod scan;

use jiff::civil::Date;

use crate::text::Text;
use crate::verdict::Verdict;

pub use self::contract_level::check_contract;
pub use self::declared::{
    DECLARED, DeclaredError, DeclaredFinding, DeclaredInspection, DeclaredReport, DeclaredRole,
    DeclaredRow, DeclaredText, check_declared, is_declared, parse_declared,
};
pub use self::printed::{Printed, parse_printed};
pub use self::results::check_results;

/// How serious a remark is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Two things cannot both be true.
    Error,
    /// Somebody should look at it before signing.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// Returns the name used in files and interfaces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A remark about the coherence of a contract or of a report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// The check, `N1` to `N18`.
    pub code: &'static str,
    /// How serious it is.
    pub severity: Severity,
    /// The service it is about.
    pub service: Option<String>,
    /// The indicator it is about.
    pub indicator: Option<String>,
    /// What was found.
    pub text: Text,
}

impl Check {
    fn new(code: &'static str, severity: Severity, it: &str, en: &str) -> Self {
        Self { code, severity, service: None, indicator: None, text: Text::new(it, en) }
    }

    fn of(self, service: &str, indicator: &str) -> Self {
        let (service, indicator) = (Some(service.to_owned()), Some(indicator.to_owned()));
        Self { service, indicator, ..self }
    }

    fn of_service(self, service: &str) -> Self {
        Self { service: Some(service.to_owned()), ..self }
    }
}

/// What a report says, for the checks that need figures and texts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figures {
    /// The first day of the period.
    pub first: Date,
    /// The last day of the period.
    pub last: Date,
    /// The measured services.
    pub services: Vec<ServiceFigures>,
    /// Texts written by people.
    pub texts: Vec<TextBlock>,
    /// Dates that texts may mention although they lie outside the period: the contract's, the
    /// report's own.
    pub known_dates: Vec<Date>,
    /// Findings of the analysis.
    pub findings: Vec<FindingSeen>,
    /// Inspections.
    pub inspections: Vec<Inspection>,
}

/// One service's figures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceFigures {
    /// Its code.
    pub code: String,
    /// What texts call it; compared without regard to case.
    pub names: Vec<String>,
    /// Its indicators.
    pub indicators: Vec<IndicatorFigures>,
}

/// One indicator's figures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndicatorFigures {
    /// Its code.
    pub code: String,
    /// What it measures, as [`crate::rule::Rule::measure`] names it.
    pub measure: String,
    /// What texts call it: objective, name, in any language.
    pub names: Vec<String>,
    /// The figure.
    pub figure: Figure,
    /// The verdict.
    pub verdict: Verdict,
}

/// An indicator's value as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Figure {
    /// Exact integers.
    Counts {
        /// What met the rule.
        num: u64,
        /// What was counted.
        den: u64,
    },
    /// A printed value, without the integers behind it.
    Printed(Printed),
}

/// A text written by a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextBlock {
    /// The section's heading.
    pub section: String,
    /// The text; empty where a heading has nothing under it.
    pub text: String,
}

/// A finding and since when it has been repeated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FindingSeen {
    /// Its code or title.
    pub code: String,
    /// The first day of the period in which it was first reported.
    pub first_seen: Date,
    /// The text says that it is carried over.
    pub labelled: bool,
}

/// An inspection and its date.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inspection {
    /// Where, or which.
    pub what: String,
    /// When.
    pub date: Date,
}

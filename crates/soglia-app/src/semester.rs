//! The semester's review, from the first draft to the signed document. Read [`open`] first, then
//! [`standing`] and [`approve`].
//!
//! The registers know what a review is, the measures what its figures are, the report how it is
//! written; here they meet. Whoever calls brings the transaction, the figures and the instant.

mod approval;
mod checks;
mod declared;
mod figures;
mod training;
mod view;
mod written;

use soglia_domain::contract::Contract;
use soglia_domain::period::{Period, PeriodError};
use soglia_domain::register::{REVIEWS, Stage};
use soglia_measure::MeasureError;
use soglia_measure::measurement::Report;
use soglia_registers::actor::By;
use soglia_registers::database::Tx;
use soglia_registers::entries::{Entry, Setting};
use soglia_registers::error::{RegisterError, Rule};
use soglia_registers::query::{Filter, Query, Test};
use soglia_registers::review::{self, NewReview};

pub use self::approval::{Approved, NewApproval, approve, approved_document, require_ready};
pub use self::checks::{Standing, checks, line, standing};
pub use self::declared::{Declared, declared};
pub use self::figures::{proposed, sheet_figures};
pub use self::training::{Effect, measure_training};
pub use self::view::{SheetView, View, element_label, figure, view};
pub use self::written::put_written;

/// Why a step of a review was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum SemesterError {
    /// The registers refuse it.
    #[error(transparent)]
    Registers(#[from] RegisterError),
    /// The figures cannot be computed.
    #[error(transparent)]
    Measures(#[from] MeasureError),
    /// The document cannot be made.
    #[error(transparent)]
    Document(#[from] soglia_report::ReportError),
    /// The ledger has no data in the period.
    #[error("the ledger has no data in {0}")]
    NoData(String),
    /// What stands as the review's period is none.
    #[error(transparent)]
    Period(#[from] PeriodError),
    /// There is no review of the period.
    #[error("there is no review of {0}")]
    NoReview(String),
    /// Something else stands where the review should be.
    #[error("`{0}` is no review")]
    NotAReview(String),
    /// The period was sealed with other figures.
    #[error("{period} is sealed ({seal}), and the figures are not those that were sealed")]
    OtherSeal {
        /// The period.
        period: String,
        /// The seal.
        seal: String,
    },
    /// The figures cannot be sealed.
    #[error("failed to write the seal")]
    Seal(#[source] std::io::Error),
    /// A training event says too little to be measured.
    #[error("the effect of `{entry}` cannot be measured: {why}")]
    Training {
        /// The entry.
        entry: String,
        /// What is missing.
        why: String,
    },
}

impl SemesterError {
    /// Says what to do, if anybody knows.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Registers(error) => return error.hint(),
            Self::NoData(_) => "`soglia ledger status` shows which days are covered".to_owned(),
            Self::NoReview(period) => {
                format!("begin it: `soglia review open --period {period} --reason …`")
            }
            Self::OtherSeal { .. } => {
                "use the contract file of then; `soglia verify` says what differs".to_owned()
            }
            Self::Training { .. } => {
                "groups have at least five operators and stand in the contract".to_owned()
            }
            Self::Document(error) => error.hint().to_owned(),
            Self::Period(error) => error.hint().to_owned(),
            Self::Measures(_) | Self::NotAReview(_) | Self::Seal(_) => return None,
        })
    }
}

/// A review that was begun or brought up to date.
#[derive(Clone, PartialEq, Debug)]
pub struct Filled {
    /// The review.
    pub review: Entry,
    /// Its improvement sheets.
    pub sheets: Vec<Entry>,
    /// Its computed findings.
    pub findings: Vec<Entry>,
}

/// Begins the review of a period and fills it with the period's figures.
pub async fn open(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    contract: &Contract,
    new: NewReview<'_>,
    report: &Report,
) -> Result<Filled, SemesterError> {
    let review = review::begin(tx, by, setting, contract, new).await?;
    fill(tx, by, setting, contract, review, report).await
}

/// Brings a review's figures, sheets and computed findings up to date; what people wrote stays.
pub async fn fill(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    contract: &Contract,
    review: Entry,
    report: &Report,
) -> Result<Filled, SemesterError> {
    if !is_open(&review) {
        let state = review.state.code;
        let fixed = Rule::ReviewFixed { review: review.id, state };
        return Err(RegisterError::Rule(fixed).into());
    }
    let figures = sheet_figures(report);
    let sheets = review::fill_sheets(tx, by, setting, contract, &review, &figures).await?;
    let proposals = proposed(report);
    let findings = review::propose(tx, by, setting, contract, &review, &proposals).await?;
    let summary = figures::summary(report);
    let period = period_of(&review, contract)?;
    let (it, en) = (summary.it.as_str(), summary.en.as_deref().unwrap_or_default());
    let evidence = format!("{it}\n{en}");
    review::gather(tx, by, setting, contract, &review, &period, &evidence).await?;
    Ok(Filled { review, sheets, findings })
}

/// The period that a review is about.
pub fn period_of(review: &Entry, contract: &Contract) -> Result<Period, SemesterError> {
    if *review.register != REVIEWS {
        return Err(SemesterError::NotAReview(review.id.clone()));
    }
    let label = review.words("period").unwrap_or_default();
    Ok(Period::parse(label, &contract.zone)?)
}

/// Finds a review by its number (`RIE-1`) or by its period: the newest one that was not replaced
/// by a rectification.
pub async fn find(
    tx: &mut Tx,
    by: &By<'_>,
    contract: &Contract,
    name: &str,
) -> Result<Entry, SemesterError> {
    let is_number = name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("RIE-"));
    if is_number {
        let entry = tx.entry_for(by.actor, by.at, &name.to_uppercase()).await?;
        period_of(&entry, contract)?;
        return Ok(entry);
    }
    let period = Period::parse(name, &contract.zone)?;
    let register = soglia_domain::register::by_code(REVIEWS.code).expect("it is one of them");
    let field = register.field("period").expect("reviews have a period");
    let value = soglia_domain::register::Value::Text(period.label().to_owned());
    let query = Query {
        contract: Some(contract.code.clone()),
        filters: vec![Filter { field, test: Test::Is(value) }],
        ..Query::new(register)
    };
    let found = tx.find_all(by.actor, by.at, &query).await?;
    let living = found.iter().find(|review| review.state.code != "rectified");
    let newest = living.or(found.first());
    newest.cloned().ok_or_else(|| SemesterError::NoReview(period.label().to_owned()))
}

/// Whether a review's figures may still change.
pub fn is_open(review: &Entry) -> bool {
    review.state.stage == Stage::Open && review.state.code != "approved"
}

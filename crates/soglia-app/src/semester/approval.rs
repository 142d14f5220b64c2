//! Approval: figures sealed, the document made, its hash recorded. Read [`approve`] first.
//!
//! The document that people sign is made once, kept among the review's attachments under its
//! hash, and never made again: signatures are compared with it byte for byte.

use jiff::civil::Date;
use soglia_domain::checks::Check;
use soglia_domain::contract::Contract;
use soglia_domain::register::Value;
use soglia_domain::text::Lang;
use soglia_ledger::store::Ledger;
use soglia_measure::measurement::Report;
use soglia_measure::seal;
use soglia_registers::actor::By;
use soglia_registers::canonical::sha256;
use soglia_registers::database::{Database, Tx};
use soglia_registers::entries::{Entry, Setting};
use soglia_registers::error::RegisterError;
use soglia_registers::files::Files;
use soglia_registers::review::{self, Approval};
use soglia_report::Edition;
use soglia_report::model::Registers;
use soglia_report::template::Template;

use super::{SemesterError, checks, period_of, put_written};
use crate::measured::Measured;
use crate::seals;

/// What is needed to approve a review.
#[derive(Clone, Copy, Debug)]
pub struct NewApproval<'a> {
    /// The review, as it was read.
    pub review: &'a Entry,
    /// Where the document is issued.
    pub place: &'a str,
    /// Its date.
    pub date: Date,
    /// Its language.
    pub lang: Lang,
    /// The body's own look.
    pub template: &'a Template,
}

/// An approved review.
#[derive(Clone, PartialEq, Debug)]
pub struct Approved {
    /// The review.
    pub review: Entry,
    /// The seal of its figures.
    pub seal: String,
    /// SHA-256 of the document that is to be signed.
    pub document: String,
}

/// Approves a review: refuses while anything is open or texts contradict figures, seals the
/// figures, makes the document and records its hash, with the files of the scenarios that were
/// played for it. All of it happens, or nothing does.
#[expect(clippy::too_many_arguments, reason = "an approval brings all of the review together")]
pub async fn approve(
    database: &Database,
    files: &Files,
    ledger: &Ledger,
    by: &By<'_>,
    setting: &Setting,
    contract: &Contract,
    measured: Measured,
    new: NewApproval<'_>,
) -> Result<Approved, SemesterError> {
    let NewApproval { review, place, date, lang, template } = new;
    let period = period_of(review, contract)?;
    let label = period.label().to_owned();
    let mut tx = database.write().await?;
    // What stands in the way is said before anything is made.
    let checks = require_ready(&mut tx, by, contract, review, &measured.report).await?;
    let Measured { report, mut input, sealed, written, played, .. } = measured;
    let seal = match (&sealed, &input.provenance.seal) {
        (Some(_), Some(seal)) => seal.clone(),
        (Some(sealed), None) => {
            let seal = sealed.seal.clone();
            return Err(SemesterError::OtherSeal { period: label, seal });
        }
        (None, _) => seal::seal(report.clone()).seal.unwrap_or_default(),
    };
    input.provenance.seal = Some(seal.clone());
    input.signatures.place = Some(place.to_owned());
    input.signatures.date = Some(date);
    put_written(&mut tx, files, contract, &period, &report, &mut input, by.at).await?;
    if let Some(written_down) = &mut input.registers {
        as_approved(written_down, review, &seal, place, date);
    }
    let bytes = Edition::new(&input, lang, template, written)?.pdf()?;
    let hash = sha256(&bytes);
    let file = files.store(&file_name(&label, lang), &bytes)?;
    let mut review = tx.attach(by, setting, &review.id, review.version, file).await?;
    // What was played stays beside what it gave, and the trail names it.
    for one in &played {
        let file = files.store(&one.name, one.text.as_bytes())?;
        review = tx.attach(by, setting, &review.id, review.version, file).await?;
    }
    let approval = Approval { seal: &seal, document: &hash, place, date };
    let review =
        review::approve(&mut tx, by, setting, contract, &review, approval, &checks).await?;
    if sealed.is_none() {
        seals::seal(ledger, contract, &period, report).map_err(SemesterError::Seal)?;
    }
    tx.commit().await?;
    Ok(Approved { review, seal, document: hash })
}

/// Refuses unless nothing stands between a review and its approval: worth asking before scenarios
/// are played for it. Returns what the coherence checks say.
pub async fn require_ready(
    tx: &mut Tx,
    by: &By<'_>,
    contract: &Contract,
    review: &Entry,
    report: &Report,
) -> Result<Vec<Check>, SemesterError> {
    let checks = checks(tx, by, contract, review, report).await?;
    review::require_ready(tx, by, contract, review, &checks).await?;
    Ok(checks)
}

/// The document says of its review what holds from its approval on.
fn as_approved(registers: &mut Registers, review: &Entry, seal: &str, place: &str, date: Date) {
    let own = registers.entries.iter_mut().find(|entry| entry.id == review.id);
    let Some(own) = own else { return };
    own.state = own.register.state("approved").unwrap_or(own.state);
    for (code, value) in [
        ("seal", Value::Text(seal.to_owned())),
        ("issued_place", Value::Text(place.to_owned())),
        ("issued_on", Value::Date(date)),
    ] {
        if let Some(field) = own.register.field(code) {
            own.values.put(field, Some(value));
        }
    }
}

/// The document that was approved, as it was made.
pub fn approved_document(files: &Files, review: &Entry) -> Result<Vec<u8>, SemesterError> {
    let state = review.state.code;
    let hash = review.words("document").ok_or_else(|| {
        let review = review.id.clone();
        RegisterError::Rule(soglia_registers::error::Rule::NotApproved { review, state })
    })?;
    Ok(files.read(hash)?)
}

fn file_name(label: &str, lang: Lang) -> String {
    let name = label.replace(['/', ':'], "-");
    match lang {
        Lang::It => format!("resoconto-{name}.pdf"),
        Lang::En => format!("report-{name}.pdf"),
    }
}

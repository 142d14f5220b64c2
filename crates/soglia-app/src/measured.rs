//! A period's figures, over the data they stand on. Read [`Measured`] first.

use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_domain::text::{Lang, Text};
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;
use soglia_measure::MeasureError;
use soglia_measure::kept::Kept;
use soglia_measure::measure::{Options, measure_with};
use soglia_measure::measurement::Report;
use soglia_measure::plan::Scans;
use soglia_measure::seal::{Sealed, adjustments};
use soglia_report::model::ReportInput;

use crate::roster::Roster;
use crate::whatif::study::{StudyError, studies};
use crate::whatif::{PlayedFile, PresentError, ScenarioFile};
use crate::{review, seals};

/// A session that knows the functions of measures; at the newest import, or at the one named.
pub async fn session(ledger: &Ledger, import_no: Option<i64>) -> Result<Session, MeasureError> {
    let session = Session::open(ledger, import_no).await?;
    session.ctx.register_udaf(soglia_measure::udaf::udaf());
    Ok(session)
}

/// A period's figures, with the help of the counts that are kept beside the ledger.
///
/// Who seals or verifies counts every row again instead ([`soglia_measure::measure::measure`]).
pub async fn figures(
    ledger: &Ledger,
    session: &Session,
    (contract, period): (&Contract, &Period),
    options: Options,
) -> Result<Report, MeasureError> {
    let scans = Scans::new(session, contract, period);
    measure_with(&mut scans.keeping(Kept::beside(ledger)), options).await
}

/// Counts the calls that an import brought, so that measuring them finds the counts. The calls are
/// in the ledger whatever becomes of it: who measures counts again.
pub async fn keep_counts(ledger: &Ledger, contract: &Contract) {
    let Ok(session) = session(ledger, None).await else { return };
    let _ = Kept::beside(ledger).fill(&session, contract).await;
}

/// A period as a review tells it: measured, and ready to be written as documents.
pub struct Measured {
    /// The figures.
    pub report: Report,
    /// What the documents are made from.
    pub input: ReportInput,
    /// What was sealed, if the period is sealed.
    pub sealed: Option<Sealed>,
    /// How many figures differ from the sealed ones, with this contract file.
    pub moved: usize,
    /// Whether data that came after the seal were left out.
    pub pinned: bool,
    /// When the newest file was taken in: the documents' date, so that the same data give the
    /// same bytes.
    pub written: jiff::Timestamp,
    /// Files behind the documents' chapter about scenarios.
    pub played: Vec<PlayedFile>,
}

impl Measured {
    /// Measures a period with what its review needs; a sealed period is measured over the data
    /// it was sealed with. `None` if the ledger has no data in it.
    ///
    /// `contract_file` is the file's name as printed in the documents.
    pub async fn read(
        ledger: &Ledger,
        session: &Session,
        contract: &Contract,
        contract_file: &str,
        period: &Period,
        lang: Lang,
        notice: Option<Text>,
    ) -> Result<Option<Self>, MeasureError> {
        let sealed = seals::read(ledger, contract, period)?.map(|(_, sealed)| sealed);
        let pinned = match &sealed {
            Some(sealed) if sealed.import_no != session.import_no() => {
                Some(self::session(ledger, Some(sealed.import_no)).await?)
            }
            _ => None,
        };
        let session = pinned.as_ref().unwrap_or(session);
        let kept = Kept::beside(ledger);
        let mut scans = Scans::new(session, contract, period).keeping(kept);
        let report = measure_with(&mut scans, Options { lang, sensitivity: true }).await?;
        if report.is_empty() {
            return Ok(None);
        }
        let moved = sealed.as_ref().map_or(0, |sealed| adjustments(sealed, &report).len());
        let vouches =
            |sealed: &&Sealed| moved == 0 && sealed.contract_sha256 == report.contract.sha256;
        let seal = sealed.as_ref().filter(vouches).map(|sealed| sealed.seal.clone());
        let input = review::input(&mut scans, contract_file, &report, seal, notice).await?;
        let written = newest(session);
        let (pinned, played) = (pinned.is_some(), Vec::new());
        Ok(Some(Self { report, input, sealed, moved, pinned, written, played }))
    }

    /// Plays scenarios on the data that the figures stand on and puts what comes of it into the
    /// documents: the chapter of scenarios, and where they come from. Nothing without scenarios.
    ///
    /// `progress` is told how many weeks of a service have been played and how wide the widest
    /// interval is.
    pub async fn play(
        &mut self,
        ledger: &Ledger,
        (contract, period): (&Contract, &Period),
        scenarios: Vec<ScenarioFile>,
        roster: Option<&Roster>,
        threads: usize,
        progress: &mut dyn FnMut(u32, f64),
    ) -> Result<(), StudyError> {
        if scenarios.is_empty() {
            return Ok(());
        }
        let session = session(ledger, Some(self.report.ledger.import_no)).await;
        let session = session.map_err(PresentError::from)?;
        let all = scenarios.iter().map(|one| &one.scenario);
        let studies = studies(&session, contract, period, all, roster, threads, progress).await?;
        self.input.scenarios = studies;
        self.played =
            scenarios.iter().map(PlayedFile::of).chain(roster.map(PlayedFile::of_roster)).collect();
        self.input.provenance.scenarios = review::provenance::played_files(&self.played);
        Ok(())
    }

    /// Whether the figures are those that were sealed.
    pub fn is_vouched(&self) -> bool {
        self.input.provenance.seal.is_some()
    }
}

/// When the newest file was taken in.
fn newest(session: &Session) -> jiff::Timestamp {
    let instants = session.imports.iter().map(|row| row.imported_at.to_timestamp());
    instants.max().unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

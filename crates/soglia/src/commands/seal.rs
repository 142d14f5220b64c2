//! `soglia seal` and `soglia verify`. Read [`seal`] first.

use std::io::Write;

use soglia_app::seals;
use soglia_ledger::store::Ledger;
use soglia_measure::measure::{Options, measure};
use soglia_measure::seal::Sealed;

use super::{opened, period, session};
use crate::cli::{Seal, Verify};
use crate::config::Settings;
use crate::error::{BREACH, DONE, Done, Failure};

/// Freezes a period.
pub async fn seal(settings: &Settings, args: Seal) -> Done {
    let (contract, ledger, session) = opened(settings).await?;
    let period = period(&args.period.period, &contract)?;
    if let Some((_, sealed)) = seals::read(&ledger, &contract, &period)? {
        return Err(Failure::usage(format!(
            "{} is sealed already ({})",
            period.label(),
            sealed.seal
        ))
        .hint("later data show as adjustments in `soglia measure`; a seal is never replaced"));
    }
    let options = Options { lang: settings.lang, sensitivity: true };
    let report = measure(&session, &contract, &period, options).await?;
    if report.is_empty() {
        return Err(Failure::no_data(format!("the ledger has no data in {}", period.label())));
    }
    let (path, report) = seals::seal(&ledger, &contract, &period, report)?;
    writeln!(std::io::stdout(), "{}", path.display())?;
    if !settings.quiet {
        note!("sealed {}: sha256 {}", period.label(), report.seal.unwrap_or_default());
        if report.measurements.iter().any(|m| m.provisional) {
            note!("note: the data of the period were still open when it was sealed");
        }
    }
    Ok(DONE)
}

/// Recomputes a sealed measurement over the data it stands on.
pub async fn verify(settings: &Settings, args: Verify) -> Done {
    let contract = settings.contract()?;
    let name = args.file.display().to_string();
    let text = std::fs::read_to_string(&args.file).map_err(|cause| {
        Failure::data(anyhow::Error::from(cause).context(format!("failed to read `{name}`")))
    })?;
    let sealed = Sealed::parse(&text, &name)?;
    let ledger = Ledger::open(settings.ledger()?)?;
    let session = session(&ledger, Some(sealed.import_no)).await?;
    let period = period(&sealed.period, &contract)?;
    let options = Options { lang: sealed.lang, sensitivity: true };
    let report = measure(&session, &contract, &period, options).await?;
    if report.ledger.software != sealed.software {
        note!("note: sealed by {}, recomputed by {}", sealed.software, report.ledger.software);
    }
    if contract.file_hash != sealed.contract_sha256 {
        note!(
            "note: the contract file is not the one that was sealed; differences may come from it"
        );
    }
    let differences = sealed.differences(&text, &report);
    for difference in &differences {
        writeln!(
            std::io::stdout(),
            "{}: sealed {}, now {}",
            difference.path,
            difference.sealed,
            difference.now
        )?;
    }
    if !differences.is_empty() {
        note!("{name}: {} differences", differences.len());
        return Ok(BREACH);
    }
    if !settings.quiet {
        note!("{name}: verified, {} recomputed from import {}", sealed.period, sealed.import_no);
    }
    Ok(DONE)
}

//! Where sealed figures stand beside a ledger. Read [`seal`] and [`read`] first.

use std::io::Write;
use std::path::PathBuf;

use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_ledger::store::Ledger;
use soglia_measure::MeasureError;
use soglia_measure::measurement::Report;
use soglia_measure::seal::{self, Sealed};

/// Where a period's sealed figures stand.
pub fn path(ledger: &Ledger, contract: &Contract, period: &Period) -> PathBuf {
    let name = format!("{}-{}.json", contract.code, period.label());
    ledger.dir().join("seals").join(name.replace(['/', ':'], "_"))
}

/// Reads a period's sealed figures, with the file's text, if the period is sealed.
pub fn read(
    ledger: &Ledger,
    contract: &Contract,
    period: &Period,
) -> Result<Option<(String, Sealed)>, MeasureError> {
    let path = path(ledger, contract, period);
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(None) };
    let sealed = Sealed::parse(&text, &path.display().to_string())?;
    Ok(Some((text, sealed)))
}

/// Seals figures and writes them; says where, and what was sealed. A seal is never replaced:
/// that a period is sealed already is an error of the kind `AlreadyExists`.
pub fn seal(
    ledger: &Ledger,
    contract: &Contract,
    period: &Period,
    report: Report,
) -> std::io::Result<(PathBuf, Report)> {
    let path = path(ledger, contract, period);
    let report = seal::seal(report);
    let folder = path.parent().unwrap_or(ledger.dir());
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(report.to_json().as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(&path).map_err(|failed| failed.error)?;
    Ok((path, report))
}

//! Where the figures come from. Read [`provenance`] first.

use soglia_domain::contract::Contract;
use soglia_ledger::session::Session;
use soglia_ledger::store::ImportRow;
use soglia_registers::canonical::sha256;
use soglia_report::model::{InputFile, PlayedScenario, Provenance};

use super::traffic::Traffic;
use crate::whatif::PlayedFile;

/// Characters of a mapping's checksum that name it.
const SHORT_HASH: usize = 12;

/// Files, versions of tables, coverage and seal behind the report.
pub fn provenance(
    session: &Session,
    contract: &Contract,
    contract_file: &str,
    seal: Option<String>,
    traffic: &Traffic<'_>,
) -> Provenance {
    Provenance {
        contract_file: contract_file.to_owned(),
        contract_sha256: contract.file_hash.clone(),
        inputs: session.imports.iter().map(input_file).collect(),
        table_versions: session.versions.iter().map(|(name, at)| (name.clone(), *at)).collect(),
        coverage: contract.services.iter().map(|service| traffic.coverage(service)).collect(),
        seal,
        scenarios: Vec::new(),
        software: concat!("Soglia ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// The files behind the chapter about scenarios, each with its SHA-256.
pub fn played_files(files: &[PlayedFile]) -> Vec<PlayedScenario> {
    let played = files.iter().map(|one| PlayedScenario {
        name: one.what.clone(),
        file: one.name.clone(),
        sha256: sha256(one.text.as_bytes()),
    });
    played.collect()
}

fn input_file(row: &ImportRow) -> InputFile {
    let n = |rows: i64| u64::try_from(rows).unwrap_or(0);
    let format = match row.mapping.as_deref().and_then(|hash| hash.get(..SHORT_HASH)) {
        Some(mapping) => format!("{} {mapping}…", row.format),
        None => format!("{} v{}", row.format, row.format_version),
    };
    InputFile {
        name: row.file.clone(),
        sha256: row.sha256.clone(),
        format,
        rows: n(row.rows),
        facts: n(row.fact_rows),
        duplicates: n(row.duplicate_rows),
        rejected: n(row.rejected_rows),
        ignored: n(row.ignored_rows),
    }
}

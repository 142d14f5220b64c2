//! `soglia contract`. Read [`run`] first.

use std::io::Write;

use soglia_domain::{card, contract};

use crate::cli::ContractCommand;
use crate::config::{Settings, read_contract};
use crate::error::{DONE, Done, Failure};

/// Checks, explains or describes contract files.
pub fn run(settings: &Settings, command: ContractCommand) -> Done {
    let mut out = std::io::stdout().lock();
    match command {
        ContractCommand::Check { file } => {
            let contract = read_contract(&file)?;
            for warning in &contract.warnings {
                note!("warning: {}: {}", warning.code, warning.text.get(settings.lang));
            }
            let indicators: usize = contract.services.iter().map(|s| s.indicators.len()).sum();
            writeln!(
                out,
                "{}: {} services, {indicators} indicators, no errors, {} warnings",
                file.display(),
                contract.services.len(),
                contract.warnings.len()
            )?;
        }
        ContractCommand::Explain { file, service, indicator } => {
            let contract = read_contract(&file)?;
            let mut found = false;
            for s in
                contract.services.iter().filter(|s| service.as_ref().is_none_or(|c| *c == s.code))
            {
                for i in
                    s.indicators.iter().filter(|i| indicator.as_ref().is_none_or(|c| *c == i.code))
                {
                    for version in &i.versions {
                        found = true;
                        let card = card::card(&contract, (s, i), version, settings.lang);
                        writeln!(out, "{}", card.to_text())?;
                    }
                }
            }
            if indicator.is_none() && found {
                writeln!(out, "{}", card::sources_card(&contract, settings.lang).to_text())?;
            }
            if !found {
                return Err(Failure::usage("the contract has no such service or indicator"));
            }
        }
        ContractCommand::Schema => {
            let schema = serde_json::to_string_pretty(&contract::json_schema());
            writeln!(out, "{}", schema.map_err(Failure::internal)?)?;
        }
    }
    Ok(DONE)
}

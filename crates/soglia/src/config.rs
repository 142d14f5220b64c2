//! Where the ledger and the contract are. Read [`Settings`] first.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use soglia_domain::contract::{self, Contract};
use soglia_domain::text::Lang;
use soglia_ledger::objects::hex;
use soglia_registers::database::{Database, Location};
use soglia_registers::secrets::Vault;

use crate::cli::{self, Global};
use crate::error::Failure;

/// The file read in the current folder.
const FILE: &str = "soglia.toml";

/// What was written in `soglia.toml`; paths are relative to it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    ledger: Option<PathBuf>,
    contract: Option<PathBuf>,
    registers: Option<PathBuf>,
    database: Option<String>,
    lang: Option<String>,
}

/// Arguments, environment and `soglia.toml` together, in that order of precedence.
#[derive(Clone, Debug)]
pub struct Settings {
    ledger: Option<PathBuf>,
    contract: Option<PathBuf>,
    registers: Option<PathBuf>,
    database: Option<String>,
    /// The language of names and texts.
    pub lang: Lang,
    /// Whether to print errors only.
    pub quiet: bool,
}

impl Settings {
    /// Reads what is there.
    pub fn new(global: &Global) -> Result<Self, Failure> {
        let raw = match std::fs::read_to_string(FILE) {
            Ok(text) => toml::from_str::<Raw>(&text)
                .map_err(|problem| Failure::configuration(anyhow::anyhow!("{FILE}: {problem}")))?,
            Err(_) => Raw::default(),
        };
        let lang = match (global.lang, raw.lang.as_deref()) {
            (Some(cli::Lang::En), _) | (None, Some("en")) => Lang::En,
            (Some(cli::Lang::It), _) | (None, None | Some("it")) => Lang::It,
            (None, Some(other)) => {
                let text =
                    anyhow::anyhow!("{FILE}: expected `it` or `en` for `lang`, found `{other}`");
                return Err(Failure::configuration(text));
            }
        };
        Ok(Self {
            ledger: global.ledger.clone().or(raw.ledger),
            contract: global.contract.clone().or(raw.contract),
            registers: global.registers.clone().or(raw.registers),
            database: global.database.clone().or(raw.database),
            lang,
            quiet: global.quiet,
        })
    }

    /// The ledger's folder.
    pub fn ledger(&self) -> Result<&Path, Failure> {
        self.ledger.as_deref().ok_or_else(|| {
            Failure::usage("no ledger was named")
                .hint("give `--ledger DIR`, set SOGLIA_LEDGER, or write `ledger` into soglia.toml")
        })
    }

    /// Whether registers were named.
    pub fn has_registers(&self) -> bool {
        self.registers.is_some()
    }

    /// The folder of the registers.
    pub fn registers(&self) -> Result<&Path, Failure> {
        self.registers.as_deref().ok_or_else(|| {
            Failure::usage("no registers were named").hint(
                "give `--registers DIR`, set SOGLIA_REGISTERS, or write `registers` into \
                 soglia.toml",
            )
        })
    }

    /// Where the registers' database is: a server if one was named, a file in the folder if not.
    pub fn database(&self) -> Result<Location, Failure> {
        let folder = self.registers()?;
        Ok(match &self.database {
            Some(url) => Location::parse(url),
            None => Location::Sqlite(folder.join("registers.sqlite")),
        })
    }

    /// The contract file's path, as named.
    pub fn contract_file(&self) -> String {
        self.contract.as_ref().map(|path| path.display().to_string()).unwrap_or_default()
    }

    /// The contract, read and checked.
    pub fn contract(&self) -> Result<Contract, Failure> {
        let path = self.contract.as_deref().ok_or_else(|| {
            Failure::usage("no contract was named").hint(
                "give `--contract FILE`, set SOGLIA_CONTRACT, or write `contract` into soglia.toml",
            )
        })?;
        read_contract(path)
    }
}

/// A registers' database with the key that seals the secrets of one-time codes: that of the
/// environment; for a server's database without one, a file in the folder of the registers.
pub fn with_vault(database: Database, registers: &Path) -> Result<Database, Failure> {
    let named = std::env::var("SOGLIA_SECRETS_KEY").ok().filter(|key| !key.is_empty());
    Ok(match (named, database.location()) {
        (Some(key), _) => database.with_vault(Vault::key(&key)?),
        (None, Location::Postgres(_)) => {
            database.with_vault(Vault::File(registers.join("registers.key")))
        }
        (None, Location::Sqlite(_)) => database,
    })
}

/// Reads and checks a contract file.
pub fn read_contract(path: &Path) -> Result<Contract, Failure> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|cause| {
        let error = anyhow::Error::from(cause).context(format!("failed to read `{name}`"));
        Failure::configuration(error).hint("check the path and that the file is UTF-8")
    })?;
    let mut contract = contract::parse(&text, &name).map_err(|problems| {
        Failure::configuration(anyhow::anyhow!("{problems}")).hint(
            "`soglia contract schema` describes the file; examples/reference/contract.toml is a \
             whole one",
        )
    })?;
    contract.file_hash = sha256(text.as_bytes());
    Ok(contract)
}

/// SHA-256 of bytes, hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex(&Sha256::digest(bytes))
}

//! Where the ledger and the contract are. Read [`Settings`] first.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use soglia_domain::contract::{self, Contract};
use soglia_domain::text::Lang;
use soglia_ledger::objects::hex;
use soglia_registers::database::{Database, Location};
use soglia_registers::secrets::Vault;
use soglia_web::openid::{LocalSignIn, OpenIdSetting, Secret};
use soglia_web::proxy::{Network, Proxies, ProxyHeader};

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
    roster: Option<PathBuf>,
    public_address: Option<String>,
    trusted_proxies: Option<Vec<String>>,
    proxy_header: Option<String>,
    openid: Option<RawOpenId>,
}

/// The table `[openid]`: sign-in by OpenID Connect.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOpenId {
    issuer: Option<String>,
    client_id: Option<String>,
    client_secret_file: Option<PathBuf>,
    label: Option<String>,
    scopes: Option<Vec<String>>,
    claim: Option<String>,
    acr: Option<Vec<String>>,
    amr: Option<Vec<String>>,
    only: Option<bool>,
}

/// Arguments, environment and `soglia.toml` together, in that order of precedence.
#[derive(Clone, Debug)]
pub struct Settings {
    ledger: Option<PathBuf>,
    contract: Option<PathBuf>,
    registers: Option<PathBuf>,
    database: Option<String>,
    roster: Option<PathBuf>,
    public_address: Option<String>,
    trusted_proxies: Vec<String>,
    proxy_header: Option<String>,
    openid: RawOpenId,
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
            roster: raw.roster,
            public_address: raw.public_address,
            trusted_proxies: raw.trusted_proxies.unwrap_or_default(),
            proxy_header: raw.proxy_header,
            openid: raw.openid.unwrap_or_default(),
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

    /// The file that says who was at work, if it was named.
    pub fn roster(&self, named: Option<&Path>) -> Option<PathBuf> {
        named.map(Path::to_owned).or_else(|| self.roster.clone())
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

    /// The identity provider that is named, or the one of `soglia.toml`.
    pub fn issuer(&self, named: Option<String>) -> Result<String, Failure> {
        named.or_else(|| self.openid.issuer.clone()).ok_or_else(|| {
            Failure::usage("no identity provider was named").hint(
                "give `--issuer URL`, set SOGLIA_OIDC_ISSUER, or write `issuer` into `[openid]` \
                 of soglia.toml",
            )
        })
    }

    /// The address by which browsers reach the pages, if it was said.
    pub fn public_address(&self, named: Option<&String>) -> Option<String> {
        named.or(self.public_address.as_ref()).cloned()
    }

    /// Servers whose word about clients' addresses is believed.
    pub fn proxies(
        &self,
        named: &[String],
        header: Option<cli::ProxyHeader>,
    ) -> Result<Proxies, Failure> {
        let texts = if named.is_empty() { &self.trusted_proxies } else { named };
        let networks = texts.iter().map(|text| {
            Network::parse(text).ok_or_else(|| {
                Failure::configuration(anyhow::anyhow!("`{text}` is no address"))
                    .hint("trusted servers are written as `127.0.0.1` or `10.0.0.0/8`")
            })
        });
        let header = match (header, self.proxy_header.as_deref()) {
            (Some(cli::ProxyHeader::XForwardedFor), _) | (None, None | Some("x-forwarded-for")) => {
                ProxyHeader::XForwardedFor
            }
            (Some(cli::ProxyHeader::Forwarded), _) | (None, Some("forwarded")) => {
                ProxyHeader::Forwarded
            }
            (None, Some(other)) => {
                return Err(Failure::configuration(anyhow::anyhow!(
                    "{FILE}: expected `x-forwarded-for` or `forwarded` for `proxy_header`, found \
                     `{other}`"
                )));
            }
        };
        Ok(Proxies::new(networks.collect::<Result<_, _>>()?, header))
    }

    /// What was said about an identity provider: arguments and environment first.
    pub fn openid(&self, named: cli::OpenIdArgs) -> Result<Option<OpenIdSetting>, Failure> {
        let raw = self.openid.clone();
        let Some(issuer) = named.issuer.or(raw.issuer) else {
            return if named.only || raw.only == Some(true) {
                Err(Failure::configuration(anyhow::anyhow!("no identity provider was named"))
                    .hint("log-ins by passwords can be closed only where there is another way in"))
            } else {
                Ok(None)
            };
        };
        let some = |named: Vec<String>, raw: Option<Vec<String>>| {
            if named.is_empty() { raw } else { Some(named) }
        };
        let usual = || vec!["email".to_owned(), "profile".to_owned()];
        let file = named.client_secret_file.or(raw.client_secret_file);
        let only = named.only || raw.only == Some(true);
        Ok(Some(OpenIdSetting {
            label: named.label.or(raw.label).unwrap_or_else(|| "OpenID Connect".to_owned()),
            client_id: named.client_id.or(raw.client_id).unwrap_or_default(),
            client_secret: client_secret(file.as_deref())?,
            scopes: some(named.scope, raw.scopes).unwrap_or_else(usual),
            claim: named.claim.or(raw.claim).unwrap_or_else(|| "email".to_owned()),
            acr: some(named.acr, raw.acr).unwrap_or_default(),
            amr: some(named.amr, raw.amr).unwrap_or_default(),
            local: if only { LocalSignIn::Closed } else { LocalSignIn::Offered },
            issuer,
        }))
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

/// The client's secret: that of the environment, or that of the file.
fn client_secret(file: Option<&Path>) -> Result<Option<Secret>, Failure> {
    let named = std::env::var("SOGLIA_OIDC_CLIENT_SECRET").ok();
    if let Some(secret) = named.as_deref().and_then(Secret::new) {
        return Ok(Some(secret));
    }
    let Some(file) = file else { return Ok(None) };
    let text = std::fs::read_to_string(file).map_err(|cause| {
        let what = format!("failed to read `{}`", file.display());
        Failure::configuration(anyhow::Error::from(cause).context(what))
    })?;
    Secret::new(&text).map(Some).ok_or_else(|| {
        Failure::configuration(anyhow::anyhow!("`{}` holds no secret", file.display()))
    })
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

/// The SHA-256 of a file, hexadecimal.
pub fn sha256_of(path: &Path) -> std::io::Result<String> {
    use sha2::{Digest, Sha256};
    use std::io::Read;
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut chunk = vec![0_u8; 1 << 20];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hex(&hasher.finalize())),
            n => hasher.update(chunk.get(..n).unwrap_or_default()),
        }
    }
}

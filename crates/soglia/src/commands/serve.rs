//! `soglia serve`. Read [`run`] first.

use std::io::Write;
use std::path::{Path, PathBuf};

use soglia_app::review;
use soglia_app::whatif::ScenarioFile;
use soglia_domain::contract::Contract;
use soglia_domain::text::Lang;
use soglia_ledger::store::Ledger;
use soglia_registers::accounts::Users;
use soglia_registers::database::{Database, Location};
use soglia_registers::files::Files;
use soglia_web::access::random;
use soglia_web::openid::{LocalSignIn, OpenId, OpenIdSetting};
use soglia_web::serve::{self, ServeError};
use soglia_web::state::{App, Setting, Transport};

use super::demo::{self, people};
use super::{now, report, roster, scenario};
use crate::cli::{Demo, Serve};
use crate::config::{Settings, read_contract, with_vault};
use crate::error::{DONE, Done, Failure};

/// The folder of scenarios, beside the contract.
const SCENARIOS: &str = "scenarios";

/// Working rules for shifts, beside the contract.
const RULES: &str = "turni.toml";

/// Where everything is.
struct Places {
    ledger: PathBuf,
    contract: PathBuf,
    registers: PathBuf,
    database: Location,
    mappings: Vec<PathBuf>,
    scenarios: Vec<PathBuf>,
}

/// Answers requests until it is interrupted.
pub async fn run(settings: &Settings, args: Serve) -> Done {
    let places = match &args.demo {
        Some(folder) => demo_places(settings, folder).await?,
        None => Places {
            ledger: settings.ledger()?.to_owned(),
            contract: PathBuf::from(settings.contract_file()),
            registers: settings.registers()?.to_owned(),
            database: settings.database()?,
            mappings: args.mapping.clone(),
            scenarios: args.scenario.clone(),
        },
    };
    let scenarios = scenarios(&places)?;
    let roster = match &args.demo {
        Some(_) => None,
        None => roster::given(settings, args.roster.as_deref())?,
    };
    let rules = beside(&places.contract, RULES).filter(|path| path.exists());
    let contract = match &args.demo {
        Some(_) => read_contract(&places.contract)?,
        None => settings.contract()?,
    };
    let ledger = Ledger::open_or_create(&places.ledger).await?;
    let database = opened(&places).await?;
    let password = match &args.demo {
        Some(folder) => Some(demo_accounts(&database, &contract, folder).await?),
        None => None,
    };
    let nobody = Users(&mut database.read().await?).list().await?.is_empty();
    let setup = nobody.then(random);
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(serve::tls(certificate, key).map_err(refused)?),
        _ => None,
    };
    let listener = serve::listen(args.listen).await.map_err(refused)?;
    let address = listener.local_addr()?;
    let own = if tls.is_some() { Transport::Tls } else { Transport::Plain };
    if own == Transport::Plain && !address.ip().is_loopback() {
        note!("warning: without TLS, others can read along; see `--tls-cert` and `--tls-key`");
    }
    let public = settings.public_address(args.public_address.as_ref());
    let public = public.unwrap_or_else(|| format!("{}://{address}", scheme(own)));
    let transport = if public.starts_with("https://") { Transport::Tls } else { own };
    let openid = match settings.openid(args.openid)? {
        Some(setting) => Some(identity_provider(&database, setting, &public).await?),
        None => None,
    };
    let simulated = ledger.dir().join(report::SIMULATED).exists();
    let app = App::new(Setting {
        contract_file: name_of(&places.contract),
        contract_text: std::fs::read_to_string(&places.contract)?,
        uploads: uploads(&places.registers)?,
        files: Files::new(places.registers.join("files")),
        notice: simulated.then(review::simulated_notice),
        mappings: places.mappings,
        rules: rules.map(std::fs::read_to_string).transpose()?,
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        scenarios,
        roster,
        lang: settings.lang,
        clock: now,
        ledger,
        contract,
        database,
        transport,
        openid,
        proxies: settings.proxies(&args.trusted_proxy, args.proxy_header)?,
        setup: setup.clone(),
    });
    // Nobody need read it.
    let _ = announce(settings.lang, own, address, setup.as_deref(), password.as_deref());
    match tls {
        Some(config) => {
            let served = serve::serve_tls(listener, config, app, interrupted()).await;
            served.map_err(refused)?;
        }
        None => serve::serve(listener, app, interrupted()).await,
    }
    Ok(DONE)
}

/// A file or a folder in the contract's own folder.
fn beside(contract: &Path, name: &str) -> Option<PathBuf> {
    contract.parent().map(|folder| folder.join(name))
}

/// Scenarios that the pages offer: those in the folder beside the contract, and those named.
fn scenarios(places: &Places) -> Result<Vec<ScenarioFile>, Failure> {
    let mut paths: Vec<PathBuf> = Vec::new();
    if let Some(folder) = beside(&places.contract, SCENARIOS).filter(|folder| folder.is_dir()) {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.extend(places.scenarios.clone());
    paths.iter().map(|path| scenario::read_file(path)).collect()
}

fn scheme(transport: Transport) -> &'static str {
    if transport == Transport::Tls { "https" } else { "http" }
}

/// The identity provider, ready to be asked. It need not be there yet.
async fn identity_provider(
    database: &Database,
    setting: OpenIdSetting,
    public: &str,
) -> Result<OpenId, Failure> {
    let closed = setting.local == LocalSignIn::Closed;
    if closed && !Users(&mut database.read().await?).anybody_linked(&setting.issuer).await? {
        note!(
            "warning: nobody is linked to {}, so nobody can come in; see `soglia user link`",
            setting.issuer
        );
    }
    let key = format!("{}{}", random(), random());
    OpenId::new(setting, public, key).map_err(|error| {
        Failure::configuration(error).hint(
            "name provider and client with `--oidc-issuer` and `--oidc-client-id`, and with \
             `--public-address` the address by which browsers reach the pages",
        )
    })
}

/// The registers' database, brought up to date.
async fn opened(places: &Places) -> Result<Database, Failure> {
    let backups = places.registers.join("backups");
    let (database, backup) = Database::open(places.database.clone(), &backups, now()).await?;
    if let Some(backup) = backup {
        note!("the database was of an older program; saved to {}", backup.display());
    }
    with_vault(database, &places.registers)
}

async fn interrupted() {
    // Without signals the program ends with its process.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Where uploads wait; what an earlier run left there is removed.
fn uploads(registers: &Path) -> Result<PathBuf, Failure> {
    let folder = registers.join("uploads");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn refused(error: ServeError) -> Failure {
    let hint = error.hint();
    Failure::configuration(error).maybe_hint(hint)
}

/// Says where the pages are and how to come in.
fn announce(
    lang: Lang,
    transport: Transport,
    address: std::net::SocketAddr,
    setup: Option<&str>,
    password: Option<&str>,
) -> std::io::Result<()> {
    let scheme = scheme(transport);
    let mut out = std::io::stdout().lock();
    writeln!(out, "{scheme}://{address}/")?;
    if let Some(setup) = setup {
        writeln!(
            out,
            "first start: make the administrator at {scheme}://{address}/setup?token={setup}"
        )?;
    }
    if let Some(password) = password {
        writeln!(out, "\nlog in as one of these, password {password}")?;
        for (login, name, role) in people::ACCOUNTS {
            writeln!(out, "  {login:<15} {name}, {}", role.row().label.get(lang))?;
        }
    }
    Ok(())
}

/// The demo's folder, made if it is not there.
async fn demo_places(settings: &Settings, folder: &Path) -> Result<Places, Failure> {
    let ledger = folder.join("ledger");
    if ledger.exists() && !ledger.join(report::SIMULATED).exists() {
        return Err(Failure::usage(format!("`{}` is no demo's ledger", ledger.display()))
            .hint("name another folder: `soglia serve --demo DIR`"));
    }
    if !ledger.exists() {
        let args = Demo {
            out: folder.to_owned(),
            seed: 2023,
            sources_only: false,
            large_queue_log: None,
            over: None,
        };
        demo::run(settings, args).await?;
        writeln!(std::io::stdout())?;
    }
    let registers = folder.join("registers");
    std::fs::create_dir_all(&registers)?;
    let mut mappings: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder.join("sources"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            mappings.push(path);
        }
    }
    mappings.sort();
    Ok(Places {
        contract: folder.join("contract.toml"),
        database: Location::Sqlite(registers.join("registers.sqlite")),
        ledger,
        registers,
        mappings,
        scenarios: Vec::new(),
    })
}

/// The demo's accounts, made if there are none. Returns their password.
async fn demo_accounts(
    database: &Database,
    contract: &Contract,
    folder: &Path,
) -> Result<String, Failure> {
    let mut tx = database.write().await?;
    if Users(&mut tx).list().await?.is_empty() {
        people::people(&mut tx, contract, folder).await?;
        tx.commit().await?;
    }
    Ok(people::password(folder))
}

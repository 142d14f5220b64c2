//! `soglia serve`. Read [`run`] first.

use std::path::{Path, PathBuf};

use soglia_app::review;
use soglia_domain::access::{Grant, Role};
use soglia_domain::contract::Contract;
use soglia_domain::text::Lang;
use soglia_ledger::store::Ledger;
use soglia_registers::accounts::{NewUser, Users};
use soglia_registers::actor::{Actor, By};
use soglia_registers::database::{Database, Location};
use soglia_registers::files::Files;
use soglia_web::access::random;
use soglia_web::openid::{LocalSignIn, OpenId, OpenIdSetting};
use soglia_web::serve::{self, ServeError};
use soglia_web::state::{App, Setting, Transport};

use super::{demo, now, report};
use crate::cli::{Demo, Serve};
use crate::config::{Settings, read_contract, with_vault};
use crate::error::{DONE, Done, Failure};

/// The demo's accounts: login, name and role.
const DEMO_ACCOUNTS: [(&str, &str, Role); 7] = [
    ("monitoraggio", "Marta Colonna", Role::MonitoringManager),
    ("dec", "Dario Esposito", Role::Dec),
    ("rup", "Rita Ungaro", Role::Rup),
    ("fornitore", "Franco Olivieri", Role::SupplierQuality),
    ("servizio", "Sara Viggiani", Role::SupplierServiceManager),
    ("revisore", "Remo Vitale", Role::Auditor),
    ("amministratore", "Ada Minervini", Role::Administrator),
];

/// Where the demo's password is written.
const DEMO_PASSWORD: &str = "password.txt";

/// Where everything is.
struct Places {
    ledger: PathBuf,
    contract: PathBuf,
    registers: PathBuf,
    database: Location,
    mappings: Vec<PathBuf>,
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
        },
    };
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
        eprintln!("warning: without TLS, others can read along; see `--tls-cert` and `--tls-key`");
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
    announce(settings.lang, own, address, setup.as_deref(), password.as_deref());
    match tls {
        Some(config) => {
            let served = serve::serve_tls(listener, config, app, interrupted()).await;
            served.map_err(refused)?;
        }
        None => serve::serve(listener, app, interrupted()).await,
    }
    Ok(DONE)
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
        eprintln!(
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
        eprintln!("the database was of an older program; saved to {}", backup.display());
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
) {
    let scheme = scheme(transport);
    println!("{scheme}://{address}/");
    if let Some(setup) = setup {
        println!("first start: make the administrator at {scheme}://{address}/setup?token={setup}");
    }
    if let Some(password) = password {
        println!("\nlog in as one of these, password {password}");
        for (login, name, role) in DEMO_ACCOUNTS {
            println!("  {login:<15} {name}, {}", role.row().label.get(lang));
        }
    }
}

/// The demo's folder, made if it is not there.
async fn demo_places(settings: &Settings, folder: &Path) -> Result<Places, Failure> {
    let ledger = folder.join("ledger");
    if ledger.exists() && !ledger.join(report::SIMULATED).exists() {
        return Err(Failure::usage(format!("`{}` is no demo's ledger", ledger.display()))
            .hint("name another folder: `soglia serve --demo DIR`"));
    }
    if !ledger.exists() {
        let args =
            Demo { out: folder.to_owned(), seed: 2023, sources_only: false, large_queue_log: None };
        demo::run(settings, args).await?;
        println!();
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
    })
}

/// The demo's accounts, made if there are none. Returns their password.
async fn demo_accounts(
    database: &Database,
    contract: &Contract,
    folder: &Path,
) -> Result<String, Failure> {
    let path = folder.join(DEMO_PASSWORD);
    let mut tx = database.write().await?;
    if !Users(&mut tx).list().await?.is_empty() {
        let written = std::fs::read_to_string(&path);
        return Ok(written.map_or_else(|_| "?".to_owned(), |text| text.trim().to_owned()));
    }
    let password: String = random().chars().take(16).collect();
    let actor = Actor::program();
    let by = By { actor: &actor, at: now(), reason: "demo" };
    for (login, name, role) in DEMO_ACCOUNTS {
        let new = NewUser {
            login: login.to_owned(),
            name: name.to_owned(),
            email: None,
            password: Some(password.clone()),
        };
        let user = Users(&mut tx).create(&by, new).await?;
        let contract = (role != Role::Administrator).then(|| contract.code.clone());
        let service = (role == Role::SupplierServiceManager).then(|| "cup".to_owned());
        let grant = Grant { contract, service, ..Grant::everywhere(role) };
        Users(&mut tx).grant(&by, &user.id, grant).await?;
    }
    std::fs::write(&path, format!("{password}\n"))?;
    tx.commit().await?;
    Ok(password)
}

//! A world to test in: an empty database of either kind, folders, a contract, people. Read
//! [`World`] first.

use std::future::Future;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use soglia_domain::access::{Grant, Role};
use soglia_domain::contract::{self, Contract};
use soglia_domain::register::{self, Changes, Register, Value, Values};
use soglia_domain::time::{Instant, Millis};
use soglia_registers::actor::{Actor, By};
use soglia_registers::database::{Database, Location, Tx};
use soglia_registers::entries::{Draft, Edit, Entry, Setting, Step};
use soglia_registers::error::RegisterError;
use soglia_registers::files::Files;
use soglia_registers::secrets::Vault;
use tempfile::TempDir;

/// Runs a test on SQLite and on PostgreSQL.
macro_rules! both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { crate::support::on_sqlite(super::$name); })*
        }
        mod postgres {
            $(#[test] fn $name() { crate::support::on_postgres(super::$name); })*
        }
    };
}

/// 15 January 2024, 10:00 in Rome.
pub const NOW: Instant = Instant::from_secs(1_705_309_200);
/// A day.
pub const DAY: Millis = Millis::from_hours(24);
/// The contract's code.
pub const CONTRACT: &str = "rep-1";

/// An empty database and what belongs to it.
pub struct World {
    pub db: Database,
    pub files: Files,
    pub setting: Setting,
    pub folder: TempDir,
    pub location: Location,
}

/// Runs a test on a SQLite file.
pub fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(World) -> F) {
    let folder = tempfile::tempdir().expect("a folder");
    let location = Location::Sqlite(folder.path().join("data/registers.sqlite"));
    run(folder, location, test);
}

/// Runs a test on a PostgreSQL server, if there is one.
pub fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(World) -> F) {
    let Some(server) = server() else {
        println!("skipped: PostgreSQL is missing (scripts/deps.sh test installs it)");
        return;
    };
    let location = Location::Postgres(server.new_database());
    run(tempfile::tempdir().expect("a folder"), location, test);
}

fn run<F: Future<Output = ()>>(folder: TempDir, location: Location, test: impl FnOnce(World) -> F) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().expect("a runtime").block_on(async {
        let backups = folder.path().join("backups");
        let opened = Database::open(location.clone(), &backups, NOW).await;
        let (db, backup) = opened.expect("an empty database");
        let db = db.with_vault(Vault::File(folder.path().join("data/secrets.key")));
        assert_eq!(backup, None, "nothing to save in an empty database");
        let files = Files::new(folder.path().join("files"));
        let contract = contract();
        let zone = contract.zone.clone();
        let setting = Setting { terms: contract.terms, zone, contract: Some(contract) };
        test(World { db, files, setting, folder, location }).await;
    });
}

impl World {
    pub fn backups(&self) -> PathBuf {
        self.folder.path().join("backups")
    }

    /// Enters something as the console.
    pub async fn create(&self, code: &str, fields: &[(&str, &str)]) -> Entry {
        self.create_as(&console(), code, fields).await.expect("a good entry")
    }

    /// Enters something as somebody.
    pub async fn create_as(
        &self,
        actor: &Actor,
        code: &str,
        fields: &[(&str, &str)],
    ) -> Result<Entry, RegisterError> {
        let mut tx = self.db.write().await?;
        let draft = draft(code, fields);
        let entry = tx.create(&by(actor), &self.setting, register(code), draft).await?;
        tx.commit().await?;
        Ok(entry)
    }

    /// Moves an entry on as somebody.
    pub async fn advance_as(
        &self,
        actor: &Actor,
        entry: &Entry,
        transition: &str,
        fields: &[(&str, &str)],
    ) -> Result<Entry, RegisterError> {
        let changes = changes(entry.register, fields);
        let step = Step { version: entry.version, transition, changes };
        let mut tx = self.db.write().await?;
        let entry = tx.advance(&by(actor), &self.setting, &entry.id, step).await?;
        tx.commit().await?;
        Ok(entry)
    }

    /// Moves an entry on as the console.
    pub async fn advance(&self, entry: &Entry, to: &str, fields: &[(&str, &str)]) -> Entry {
        self.advance_as(&console(), entry, to, fields).await.expect("a good step")
    }

    /// Corrects an entry as somebody.
    pub async fn edit_as(
        &self,
        actor: &Actor,
        entry: &Entry,
        fields: &[(&str, &str)],
    ) -> Result<Entry, RegisterError> {
        let changes = changes(entry.register, fields);
        let edit = Edit { version: entry.version, changes, ..Edit::default() };
        let mut tx = self.db.write().await?;
        let entry = tx.edit(&by(actor), &self.setting, &entry.id, edit).await?;
        tx.commit().await?;
        Ok(entry)
    }

    /// Corrects an entry as the console.
    pub async fn edit(&self, entry: &Entry, fields: &[(&str, &str)]) -> Entry {
        self.edit_as(&console(), entry, fields).await.expect("a good correction")
    }

    /// Reads an entry.
    pub async fn entry(&self, id: &str) -> Entry {
        self.read().await.entry(id).await.expect("it is there")
    }

    pub async fn read(&self) -> Tx {
        self.db.read().await.expect("a transaction")
    }

    /// Whether the whole trail holds.
    pub async fn assert_trail_holds(&self) {
        let verified = soglia_registers::trail::verify(&self.db, None).await.expect("a look");
        assert_eq!(verified.broken, None);
    }

    /// Runs a statement behind the program's back.
    pub async fn tamper(&self, sql: &str) {
        let touched = self.tamper_quietly(sql).await;
        assert!(0 < touched || sql.contains("'nothing'"), "{sql}");
    }

    /// The same, where nothing may have to be changed.
    pub async fn tamper_quietly(&self, sql: &str) -> u64 {
        let mut tx = self.db.write().await.expect("a transaction");
        drop_triggers(&mut tx, &self.location).await;
        let touched = tx.run(sql, &[]).await.expect(sql);
        tx.finish().await.expect("a commit");
        touched
    }
}

async fn drop_triggers(tx: &mut Tx, location: &Location) {
    for trigger in ["trail_is_append_only_update", "trail_is_append_only_delete"] {
        let on = if matches!(location, Location::Postgres(_)) { " ON trail" } else { "" };
        let sql = format!("DROP TRIGGER IF EXISTS {trigger}{on}");
        tx.run(&sql, &[]).await.expect("no trigger");
    }
}

/// Somebody who may do everything.
pub fn console() -> Actor {
    Actor::console("tester")
}

/// Somebody with roles in the contract.
pub fn person(id: &str, roles: &[Role]) -> Actor {
    let grant =
        |role: &Role| Grant { contract: Some(CONTRACT.to_owned()), ..Grant::everywhere(*role) };
    Actor::user(id, roles.iter().map(grant).collect())
}

pub fn by(actor: &Actor) -> By<'_> {
    By { actor, at: NOW, reason: "prova" }
}

pub fn register(code: &str) -> &'static Register {
    register::by_code(code).expect(code)
}

pub fn values(code: &str, fields: &[(&str, &str)]) -> Values {
    Values::parse(register(code), fields.iter().copied()).expect("good values")
}

pub fn changes(register: &'static Register, fields: &[(&str, &str)]) -> Changes {
    let change = |(code, text): &(&str, &str)| {
        let field = register.field(code).expect(code);
        (field, Value::parse(field, text).expect(text))
    };
    fields.iter().map(change).collect()
}

pub fn draft(code: &str, fields: &[(&str, &str)]) -> Draft {
    let contract = CONTRACT.to_owned();
    let service = Some("cup".to_owned());
    Draft { contract, service, values: values(code, fields), ..Draft::default() }
}

/// A contract with one service, one indicator and penalties.
pub fn contract() -> Contract {
    contract_with("")
}

/// The same, with some text replaced: `old=>new`.
pub fn contract_with(replacement: &str) -> Contract {
    let text = contract_text(replacement);
    contract::parse(&text, "contract.toml").unwrap_or_else(|problem| panic!("{problem:?}"))
}

pub fn contract_text(replacement: &str) -> String {
    let text = include_str!("contract.toml").to_owned();
    match replacement.split_once("=>") {
        Some((old, new)) => {
            assert!(text.contains(old), "`{old}` stands in the contract");
            text.replace(old, new)
        }
        None => text,
    }
}

/// A PostgreSQL server of our own, on loopback, in a temporary folder.
struct Server {
    bin: PathBuf,
    port: u16,
    // Its end of the pipe closes when the tests end; the server is then stopped and removed.
    _keeper: Child,
}

const PASSWORD: &str = "prova@1";

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(start_server).as_ref()
}

fn start_server() -> Option<Server> {
    let bin = newest_bin()?;
    let folder = tempfile::tempdir().expect("a folder").keep();
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("one").port();
    let secret = folder.join("password");
    std::fs::write(&secret, PASSWORD).expect("a file");
    let user =
        if is_root() { "setpriv --reuid=postgres --regid=postgres --clear-groups --" } else { "" };
    if is_root() {
        let status = Command::new("chown").arg("-R").arg("postgres:postgres").arg(&folder).status();
        assert!(status.expect("chown runs").success());
    }
    let script = format!(
        "cd {dir} && {user} {bin}/initdb -D {dir}/data -U soglia -A scram-sha-256 \
         --pwfile={dir}/password --locale=C.UTF-8 --encoding=UTF8 --no-sync >{dir}/log 2>&1 && \
         {{ {user} {bin}/postgres -D {dir}/data -p {port} -c listen_addresses=127.0.0.1 \
         -c unix_socket_directories= -c fsync=off -c max_connections=200 >>{dir}/log 2>&1 & \
         pid=$!; cat >/dev/null; kill -INT $pid; wait $pid; rm -rf {dir}; }}",
        dir = folder.display(),
        bin = bin.display(),
    );
    let keeper = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell");
    let server = Server { bin, port, _keeper: keeper };
    for _ in 0..600 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() && server.sql("SELECT 1") {
            return Some(server);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let mut log = String::new();
    if let Ok(mut file) = std::fs::File::open(folder.join("log")) {
        file.read_to_string(&mut log).expect("text");
    }
    panic!("PostgreSQL is installed but did not start:\n{log}");
}

impl Server {
    /// Makes an empty database and returns its URL.
    fn new_database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        assert!(self.sql(&format!("CREATE DATABASE {name}")), "a new database");
        format!("postgres://soglia:prova%401@127.0.0.1:{}/{name}", self.port)
    }

    fn sql(&self, sql: &str) -> bool {
        let port = self.port.to_string();
        let status = Command::new(self.bin.join("psql"))
            .args(["-h", "127.0.0.1", "-p", &port, "-U", "soglia", "-d", "postgres", "-qc", sql])
            .env("PGPASSWORD", PASSWORD)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.expect("psql runs").success()
    }
}

/// Makes another empty database of the same kind.
pub fn another_location(world: &World) -> Location {
    match &world.location {
        Location::Sqlite(_) => Location::Sqlite(world.folder.path().join("other/db.sqlite")),
        Location::Postgres(_) => another_of_kind(&world.location),
    }
}

/// The same place for a file, another database for a server.
pub fn another_of_kind(location: &Location) -> Location {
    match location {
        Location::Sqlite(path) => Location::Sqlite(path.clone()),
        Location::Postgres(_) => Location::Postgres(server().expect("it runs").new_database()),
    }
}

fn newest_bin() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let newest = versions
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max()?;
    let bin = Path::new("/usr/lib/postgresql").join(newest.to_string()).join("bin");
    bin.join("initdb").exists().then_some(bin)
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id runs");
    output.stdout.trim_ascii() == b"0"
}

//! The SQL database, SQLite or PostgreSQL, behind one narrow door. Read [`Database`] first.
//!
//! Both dialects get the same statements: `$1` placeholders, `TEXT` and `BIGINT` columns, nothing
//! that only one of them knows. What differs stands in [`Database::open`] and in the migrations'
//! small second files.

mod migrations;
mod row;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Postgres, Sqlite, Transaction};

use soglia_domain::time::Instant;

use crate::backup;
use crate::error::RegisterError;
use crate::files::private_folder;
use crate::secrets::{self, Vault};

pub use self::row::{Param, Row};

/// How long a writer waits for another one before it gives up.
pub const LOCK_WAIT: Duration = Duration::from_secs(20);
/// The first layout with a key for hashes.
const SECRETS_LAYOUT: i64 = 5;
/// Connections held open at most.
pub const CONNECTIONS_MAX: u32 = 8;

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server: `postgres://user:password@host:port/database`.
    Postgres(String),
}

/// An open database at the newest layout.
#[derive(Clone, Debug)]
pub struct Database {
    pool: Pool,
    location: Location,
    vault: Vault,
}

#[derive(Clone, Debug)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A transaction; dropped without [`Tx::commit`] it has not happened.
pub struct Tx {
    inner: Inner,
    pub(crate) recorded: u64,
    pub(crate) vault: Vault,
}

enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Location {
    /// Reads `postgres://…` as a server and everything else as the path of a file.
    pub fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Self::Postgres(text.to_owned())
        } else {
            Self::Sqlite(PathBuf::from(text.strip_prefix("sqlite:").unwrap_or(text)))
        }
    }
}

/// Without the password.
impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => match (url.split_once("://"), url.rsplit_once('@')) {
                (Some((scheme, _)), Some((_, host))) => write!(f, "{scheme}://…@{host}"),
                _ => write!(f, "{url}"),
            },
        }
    }
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tx({} recorded)", self.recorded)
    }
}

impl Database {
    /// Opens a database, making it if it is not there, and brings its layout up to date. Before an
    /// older layout is changed, the whole database is written to `backups`.
    ///
    /// Returns the backup, if one had to be made.
    pub async fn open(
        location: Location,
        backups: &Path,
        now: Instant,
    ) -> Result<(Self, Option<PathBuf>), RegisterError> {
        Self::open_at(location, backups, now, i64::MAX).await
    }

    /// The same, with the layout of an older program: no migration beyond `newest` is made. Tests
    /// of upgrades begin here.
    #[doc(hidden)]
    pub async fn open_at(
        location: Location,
        backups: &Path,
        now: Instant,
        newest: i64,
    ) -> Result<(Self, Option<PathBuf>), RegisterError> {
        let pool = match &location {
            Location::Sqlite(path) => Pool::Sqlite(open_sqlite(path).await?),
            Location::Postgres(url) => Pool::Postgres(open_postgres(url).await?),
        };
        let vault = match &location {
            Location::Sqlite(path) => Vault::File(path.with_extension("key")),
            Location::Postgres(_) => Vault::Closed,
        };
        let database = Self { pool, location, vault };
        let migrator = migrations::migrator(database.is_postgres(), newest);
        let applied = database.layout().await?;
        let pending = migrator.iter().map(|m| m.version).max().unwrap_or(0);
        let backup = match applied {
            Some(applied) if applied < pending => {
                let name = format!("before-layout-{pending}-{}", backup::file_stamp(now));
                let folder = backup::free_folder(backups, &name);
                backup::write_database(&database, &folder, now).await?;
                Some(folder)
            }
            _ => None,
        };
        match &database.pool {
            Pool::Sqlite(pool) => migrator.run(pool).await?,
            Pool::Postgres(pool) => migrator.run(pool).await?,
        }
        if SECRETS_LAYOUT <= pending {
            let mut tx = database.write().await?;
            secrets::prepare(&mut tx).await?;
            tx.finish().await?;
        }
        Ok((database, backup))
    }

    /// The same database with another key for its secrets. A file database has one beside it
    /// (`registers.key`); a server's has none until it is named here.
    #[must_use]
    pub fn with_vault(self, vault: Vault) -> Self {
        Self { vault, ..self }
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The number of its layout: the newest migration applied, or nothing if it is empty.
    pub async fn layout(&self) -> Result<Option<i64>, RegisterError> {
        let table = if self.is_postgres() {
            "SELECT COUNT(*) FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_name = '_sqlx_migrations'"
        } else {
            "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'"
        };
        let mut tx = self.read().await?;
        if tx.one(table, &[]).await?.int(0) == 0 {
            return Ok(None);
        }
        let row = tx.one("SELECT MAX(version) FROM _sqlx_migrations", &[]).await?;
        Ok(row.int_opt(0))
    }

    /// Begins a transaction that only looks: all it sees is of one instant.
    pub async fn read(&self) -> Result<Tx, RegisterError> {
        let inner = match &self.pool {
            Pool::Sqlite(pool) => Inner::Sqlite(pool.begin().await?),
            Pool::Postgres(pool) => Inner::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?,
            ),
        };
        Ok(Tx { inner, recorded: 0, vault: self.vault.clone() })
    }

    /// Begins a transaction that changes something. Writers come one after the other: the next one
    /// waits here until this one is over.
    pub async fn write(&self) -> Result<Tx, RegisterError> {
        let inner = match &self.pool {
            Pool::Sqlite(pool) => Inner::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Pool::Postgres(pool) => Inner::Postgres(pool.begin().await?),
        };
        let mut tx = Tx { inner, recorded: 0, vault: self.vault.clone() };
        tx.run("UPDATE trail_head SET seq = seq WHERE one = 1", &[]).await?;
        Ok(tx)
    }

    /// Writes a copy of a SQLite database, consistent while others work.
    pub(crate) async fn vacuum_into(&self, path: &Path) -> Result<(), RegisterError> {
        let Pool::Sqlite(pool) = &self.pool else {
            unreachable!("only files are copied by SQLite")
        };
        let path = path.to_string_lossy().into_owned();
        sqlx::query("VACUUM INTO $1").bind(path).execute(pool).await?;
        Ok(())
    }

    /// Takes what was erased out of the database's own files too, as far as it can be told to:
    /// SQLite's journal is emptied (freed pages are overwritten at once), PostgreSQL's old rows are
    /// freed. A server's own journals and replicas are its administrator's.
    pub(crate) async fn forget(&self) -> Result<(), RegisterError> {
        match &self.pool {
            Pool::Sqlite(pool) => {
                sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(pool).await?;
            }
            Pool::Postgres(pool) => {
                sqlx::query("VACUUM").execute(pool).await?;
            }
        }
        Ok(())
    }

    /// Closes all connections.
    pub async fn close(self) {
        match self.pool {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(pool) => pool.close().await,
        }
    }

    fn is_postgres(&self) -> bool {
        matches!(self.pool, Pool::Postgres(_))
    }
}

impl Tx {
    /// Runs a statement and says how many rows it touched.
    pub async fn run(&mut self, sql: &str, params: &[Param]) -> Result<u64, RegisterError> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &mut self.inner {
            Inner::Sqlite(tx) => {
                let query = row::bind(sqlx::query(sql), params);
                Ok(query.execute(&mut **tx).await?.rows_affected())
            }
            Inner::Postgres(tx) => {
                let query = row::bind(sqlx::query(sql), params);
                Ok(query.execute(&mut **tx).await?.rows_affected())
            }
        }
    }

    /// Runs a query.
    pub async fn rows(&mut self, sql: &str, params: &[Param]) -> Result<Vec<Row>, RegisterError> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &mut self.inner {
            Inner::Sqlite(tx) => {
                let rows = row::bind(sqlx::query(sql), params).fetch_all(&mut **tx).await?;
                rows.iter().map(Row::from_sqlite).collect()
            }
            Inner::Postgres(tx) => {
                let rows = row::bind(sqlx::query(sql), params).fetch_all(&mut **tx).await?;
                rows.iter().map(Row::from_postgres).collect()
            }
        }
    }

    /// Runs a query that gives one row or none.
    pub async fn maybe(
        &mut self,
        sql: &str,
        params: &[Param],
    ) -> Result<Option<Row>, RegisterError> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }

    /// Runs a query that always gives a row, such as a count.
    pub async fn one(&mut self, sql: &str, params: &[Param]) -> Result<Row, RegisterError> {
        Ok(self.maybe(sql, params).await?.expect("an aggregate always gives a row"))
    }

    /// The next number of a table that counts its rows.
    pub(crate) async fn next_number(&mut self, table: &str) -> Result<i64, RegisterError> {
        let sql = format!("SELECT COALESCE(MAX(number), 0) + 1 FROM {table}");
        Ok(self.one(&sql, &[]).await?.int(0))
    }

    /// Makes a change permanent.
    ///
    /// # Panics
    /// If nothing was written to the audit trail: every change has its link.
    pub async fn commit(self) -> Result<(), RegisterError> {
        assert!(0 < self.recorded, "a change must be written to the audit trail");
        self.finish().await
    }

    /// Makes permanent what is no change of the records: when a session was last seen, how often a
    /// login failed. (And what tests of tampering do.)
    #[doc(hidden)]
    pub async fn finish(self) -> Result<(), RegisterError> {
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

async fn open_sqlite(path: &Path) -> Result<SqlitePool, RegisterError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private_folder(folder)?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        .busy_timeout(LOCK_WAIT);
    Ok(SqlitePoolOptions::new().max_connections(CONNECTIONS_MAX).connect_with(options).await?)
}

async fn open_postgres(url: &str) -> Result<PgPool, RegisterError> {
    let options: PgConnectOptions =
        url.parse().map_err(|cause| RegisterError::Address { cause })?;
    let options = options
        .application_name("soglia")
        .options([("lock_timeout", format!("{}s", LOCK_WAIT.as_secs()))]);
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS_MAX);
    Ok(pool.acquire_timeout(LOCK_WAIT).connect_with(options).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_printed() {
        let location = Location::parse("postgres://anna:pa@ss@db.example:5432/soglia");
        assert_eq!(format!("{location:?}"), "postgres://…@db.example:5432/soglia");
        let location = Location::parse("sqlite:registers/soglia.db");
        assert_eq!(format!("{location:?}"), "registers/soglia.db");
    }
}

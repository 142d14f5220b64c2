//! The layouts of the database, one after the other. Read [`migrator`] first.
//!
//! A migration that was released is never edited: the migrator compares checksums.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

/// What one migration says to each dialect.
struct Step {
    name: &'static str,
    common: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

const STEPS: [Step; 6] = [
    Step {
        name: "trail",
        common: include_str!("../../migrations/0001_trail.sql"),
        sqlite: include_str!("../../migrations/0001_trail.sqlite.sql"),
        postgres: include_str!("../../migrations/0001_trail.postgres.sql"),
    },
    common("entries", include_str!("../../migrations/0002_entries.sql")),
    common("accounts", include_str!("../../migrations/0003_accounts.sql")),
    common("records", include_str!("../../migrations/0004_records.sql")),
    common("secrets", include_str!("../../migrations/0005_secrets.sql")),
    common("identities", include_str!("../../migrations/0006_identities.sql")),
];

const fn common(name: &'static str, common: &'static str) -> Step {
    Step { name, common, sqlite: "", postgres: "" }
}

/// Returns the migrations up to `newest`.
pub(super) fn migrator(postgres: bool, newest: i64) -> Migrator {
    let steps = (1_i64..).zip(&STEPS).take_while(|(version, _)| *version <= newest);
    let migrations = steps.map(|(version, step)| {
        let own = if postgres { step.postgres } else { step.sqlite };
        let sql = AssertSqlSafe(format!("{}{own}", step.common)).into_sql_str();
        Migration::new(version, step.name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

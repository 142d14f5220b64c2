//! Tables of one set of versions, ready to be queried. Read [`Session`] first.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};

use crate::store::{ImportRow, Ledger, LedgerError, Versions, whole_files};
use crate::tables::Table;

/// Memory that queries may take before they spill to disk.
const QUERY_MEMORY: usize = 2 << 30;

/// A query session over tables of versions that belong together.
pub struct Session {
    /// The engine.
    pub ctx: SessionContext,
    /// The versions.
    pub versions: Versions,
    /// The imports behind them, oldest first.
    pub imports: Vec<ImportRow>,
    /// Each table's files, sorted.
    pub files: Vec<(Table, Vec<PathBuf>)>,
    /// Tables of whose rows some no longer count, because a newer revision replaced them.
    pub revised: Vec<Table>,
}

impl Session {
    /// Opens the tables at the versions of an import, the newest by default.
    ///
    /// A ledger without imports has empty tables.
    pub async fn open(ledger: &Ledger, import_no: Option<i64>) -> Result<Self, LedgerError> {
        let mut imports = ledger.imports().await?;
        if let Some(last) = import_no {
            imports.retain(|row| row.import_no <= last);
        }
        let versions = imports.last().map(|row| row.tables.clone()).unwrap_or_default();
        let mut files = Vec::new();
        for table in Table::FACTS {
            // Version 0 made the table and put nothing into it.
            let version = versions.get(table.name()).copied().filter(|version| 0 < *version);
            let Some(version) = version else {
                files.push((table, Vec::new()));
                continue;
            };
            let loaded = ledger.load(table, Some(version)).await?;
            files.push((table, whole_files(&loaded, table, &ledger.table_dir(table))?));
        }
        let ctx = context(&config())?;
        register(&ctx, &files)?;
        let revised = hide_superseded(&ctx, &files).await?;
        Ok(Self { ctx, versions, imports, files, revised })
    }

    /// The same tables on another engine, such as a cluster's client.
    pub async fn on(&self, ctx: SessionContext) -> Result<Self, LedgerError> {
        register(&ctx, &self.files)?;
        let revised = hide_superseded(&ctx, &self.files).await?;
        Ok(Self {
            ctx,
            versions: self.versions.clone(),
            imports: self.imports.clone(),
            files: self.files.clone(),
            revised,
        })
    }

    /// The number of the newest import, 0 if there is none.
    pub fn import_no(&self) -> i64 {
        self.imports.last().map_or(0, |row| row.import_no)
    }

    /// Plans a query.
    pub async fn sql(&self, sql: &str) -> Result<DataFrame, LedgerError> {
        Ok(self.ctx.sql(sql).await?)
    }

    /// Runs a query whose answer is small.
    pub async fn rows(&self, sql: &str) -> Result<Vec<RecordBatch>, LedgerError> {
        Ok(self.sql(sql).await?.collect().await?)
    }

    /// Files of a table.
    pub fn files_of(&self, table: Table) -> &[PathBuf] {
        self.files.iter().find(|(t, _)| *t == table).map_or(&[], |(_, files)| files)
    }
}

/// The session's settings; a cluster's client uses the same.
pub fn config() -> SessionConfig {
    let mut config = SessionConfig::new().with_collect_statistics(true);
    let parquet = &mut config.options_mut().execution.parquet;
    parquet.schema_force_view_types = false; // dictionaries stay dictionaries, text stays text
    config
}

/// An engine with bounded memory.
fn context(config: &SessionConfig) -> Result<SessionContext, LedgerError> {
    let runtime = RuntimeEnvBuilder::new().with_memory_limit(QUERY_MEMORY, 1.0).build_arc()?;
    let state = SessionStateBuilder::new()
        .with_config(config.clone())
        .with_runtime_env(runtime)
        .with_default_features()
        .build();
    Ok(SessionContext::new_with_state(state))
}

/// Registers tables as plain lists of files: the lists are the pinned versions.
fn register(ctx: &SessionContext, files: &[(Table, Vec<PathBuf>)]) -> Result<(), LedgerError> {
    for (table, paths) in files {
        let schema = table.schema();
        if paths.is_empty() {
            let empty = MemTable::try_new(schema, vec![vec![]])?;
            ctx.register_table(table.name(), Arc::new(empty))?;
        } else {
            ctx.register_table(table.name(), Arc::new(listing(paths, schema)?))?;
        }
    }
    Ok(())
}

/// Leaves out of tables the records that a newer revision replaced; names those tables.
async fn hide_superseded(
    ctx: &SessionContext,
    files: &[(Table, Vec<PathBuf>)],
) -> Result<Vec<Table>, LedgerError> {
    let any = files.iter().any(|(table, paths)| *table == Table::Superseded && !paths.is_empty());
    if !any {
        return Ok(Vec::new());
    }
    let sql = "SELECT DISTINCT arrow_cast(\"table\", 'Utf8') FROM superseded";
    let mut named = BTreeSet::new();
    for batch in ctx.sql(sql).await?.collect().await? {
        let names = batch.column(0).as_string::<i32>();
        named.extend(names.iter().flatten().map(str::to_owned));
    }
    let mut revised = Vec::new();
    for table in Table::FACTS {
        // Entries go with their calls.
        let fact = if table == Table::QueueEntries { Table::Calls } else { table };
        if named.contains(fact.name()) {
            hide(ctx, table, fact).await?;
            revised.push(table);
        }
    }
    Ok(revised)
}

/// Leaves out of a table the rows whose fact was replaced.
async fn hide(ctx: &SessionContext, table: Table, fact: Table) -> Result<(), LedgerError> {
    let name = table.name();
    let Some(provider) = ctx.deregister_table(name)? else { return Ok(()) };
    let all = format!("{name}_all");
    ctx.register_table(&all, provider)?;
    let view = format!(
        "CREATE VIEW {name} AS SELECT a.* FROM {all} a LEFT ANTI JOIN \
         (SELECT id, revision FROM superseded WHERE \"table\" = '{fact}') s \
         ON a.{id} = s.id AND coalesce(a.revision, -1) = s.revision",
        id = table.id_column(),
        fact = fact.name(),
    );
    ctx.sql(&view).await?.collect().await?;
    Ok(())
}

fn listing(paths: &[PathBuf], schema: SchemaRef) -> Result<ListingTable, LedgerError> {
    let urls = paths
        .iter()
        .map(|path| ListingTableUrl::parse(path.to_string_lossy()))
        .collect::<Result<Vec<_>, _>>()?;
    let options =
        ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
    let config = ListingTableConfig::new_with_multi_paths(urls)
        .with_listing_options(options)
        .with_schema(schema);
    Ok(ListingTable::try_new(config)?)
}

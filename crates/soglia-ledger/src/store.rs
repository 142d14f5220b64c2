//! The ledger's folder and its point of truth. Read [`Ledger`] first.
//!
//! Delta commits one table at a time. An import touches several, so it commits the facts' tables
//! first and the row in `imports` last; that row names the version of every table that belongs to
//! it. Readers open tables at the versions of the newest import row and never see half an import;
//! [`Ledger::lock`] takes back what a killed import left behind it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, Field, Int32Type, Int64Type, Schema, SchemaRef, TimestampMicrosecondType,
};
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel as _;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, Add, StructType};
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use soglia_domain::time::Instant;

use crate::objects::Objects;
use crate::pseudonym::Pseudonyms;
use crate::tables::{Table, instant_type};
use crate::writer::TableWriter;

/// The version of the folder's layout.
const LAYOUT: u32 = 1;

/// The file that says that a ledger is there, and in which layout.
const MARKER: &str = "soglia-ledger";

/// The file that says that a ledger is not complete yet.
const UNFINISHED: &str = "rebuilding";

/// What can go wrong with a ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is no ledger in the folder.
    #[error("no ledger in `{0}`")]
    Missing(PathBuf),
    /// The folder holds something else.
    #[error("`{0}` is not empty and holds no ledger")]
    NotALedger(PathBuf),
    /// A newer Soglia wrote it.
    #[error("ledger `{path}` has `{found}`, this program reads `layout {LAYOUT}`")]
    Layout {
        /// The folder.
        path: PathBuf,
        /// Its layout, as the mark says it.
        found: String,
    },
    /// A rebuild that did not come to its end.
    #[error("`{0}` is an unfinished rebuild of another ledger")]
    Unfinished(PathBuf),
    /// Another import is running.
    #[error("another import is writing to `{0}`")]
    Locked(PathBuf),
    /// A file could not be read or written.
    #[error("failed to {what} `{path}`")]
    Io {
        /// What was attempted.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The table format refused.
    #[error("failed to {what} table `{table}`")]
    Delta {
        /// What was attempted.
        what: &'static str,
        /// On which table.
        table: &'static str,
        /// Why it failed.
        #[source]
        source: Box<DeltaTableError>,
    },
    /// A table's file does not hold what it should.
    #[error("table `{table}` is damaged: {problem}")]
    Damaged {
        /// The table.
        table: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A table's file is gone or cut.
    #[error("the ledger is damaged: file `{path}` of table `{table}` {problem}")]
    Lost {
        /// The table.
        table: &'static str,
        /// The file.
        path: PathBuf,
        /// `is missing`, or how its size differs.
        problem: String,
    },
    /// The query engine refused.
    #[error("failed to query the ledger")]
    Query(#[from] Box<datafusion::error::DataFusionError>),
}

impl From<datafusion::error::DataFusionError> for LedgerError {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        Self::Query(Box::new(error))
    }
}

impl LedgerError {
    /// What the reader can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing(_) => Some("run `soglia import` to create it, or check `--ledger`"),
            Self::NotALedger(_) => Some("name a new or empty folder"),
            Self::Layout { .. } => Some("use the version of Soglia that wrote it, or a newer one"),
            Self::Unfinished(_) => {
                Some("run `soglia ledger rebuild` again: it removes this folder and starts over")
            }
            Self::Locked(_) => Some("wait for it to end; a lock of a dead process frees itself"),
            Self::Lost { .. } => Some(
                "put the file back from a backup, or read the kept originals again into a new \
                 ledger: `soglia ledger rebuild --out NEW`",
            ),
            Self::Io { source, .. } if is_full(source) => {
                Some("the disk is full: nothing was taken in; free some space and import again")
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("check who owns the file or folder")
            }
            _ => None,
        }
    }

    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}

/// Whether a disk was full, also where a writer wrapped the error.
pub(crate) fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::StorageFull || error.to_string().contains("No space left")
}

/// Versions of tables that belong together.
pub type Versions = BTreeMap<String, u64>;

/// A ledger in a folder.
#[derive(Clone, Debug)]
pub struct Ledger {
    dir: PathBuf,
}

/// One file taken in.
#[derive(Clone, PartialEq, Debug)]
pub struct ImportRow {
    /// 1 for the first.
    pub import_no: i64,
    /// Imports of one stream complete each other: open calls, duplicates.
    pub stream: String,
    /// The format's name, or `mapping`.
    pub format: String,
    /// The version of the parser's rules.
    pub format_version: i32,
    /// SHA-256 of the mapping file, whose text stands among the originals.
    pub mapping: Option<String>,
    /// SHA-256 of the contract file.
    pub contract: Option<String>,
    /// The service given on the command line.
    pub service: Option<String>,
    /// The platform given on the command line.
    pub source: Option<String>,
    /// The zone given on the command line.
    pub zone: Option<String>,
    /// Whether another file of the same log followed at once; `None` where nobody wrote it down.
    pub continued: Option<bool>,
    /// The file's name, without its folder.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its size.
    pub bytes: i64,
    /// Rows read.
    pub rows: i64,
    /// Rows that became facts, now or (for calls still open) later.
    pub fact_rows: i64,
    /// Of these, rows of calls still open.
    pub pending_rows: i64,
    /// Rows the ledger had already.
    pub duplicate_rows: i64,
    /// Rows rejected.
    pub rejected_rows: i64,
    /// Rows that are not about a contact.
    pub ignored_rows: i64,
    /// Facts by table.
    pub facts: BTreeMap<String, i64>,
    /// Calls open at the file's end.
    pub open_calls: i64,
    /// Days (since 1970-01-01 UTC) of the first and last row.
    pub days: Option<(i32, i32)>,
    /// When it was taken in.
    pub imported_at: Instant,
    /// The program that did it.
    pub software: String,
    /// Versions of all tables after it.
    pub tables: Versions,
    /// The parser's state for the next file of the stream.
    pub open_state: Option<String>,
    /// Rows ignored, by reason.
    pub ignored: BTreeMap<String, i64>,
    /// Things worth a look, by code.
    pub anomalies: BTreeMap<String, i64>,
}

impl ImportRow {
    /// Checks that every row went somewhere exactly once.
    pub const fn balances(&self) -> bool {
        self.rows == self.fact_rows + self.duplicate_rows + self.rejected_rows + self.ignored_rows
    }
}

/// The ledger, held for writing until dropped.
pub struct Locked {
    ledger: Ledger,
    _lock: File,
    tables: BTreeMap<Table, DeltaTable>,
    imports: DeltaTable,
    rows: Vec<ImportRow>,
}

impl Ledger {
    /// Opens a ledger.
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        if Self::is_unfinished(dir) {
            return Err(LedgerError::Unfinished(dir.to_owned()));
        }
        let marker = dir.join(MARKER);
        match fs::read_to_string(&marker) {
            Ok(text) if text.trim() == format!("layout {LAYOUT}") => {
                let dir = fs::canonicalize(dir).map_err(LedgerError::io("open", dir))?;
                Ok(Self { dir })
            }
            Ok(text) => {
                Err(LedgerError::Layout { path: dir.to_owned(), found: text.trim().to_owned() })
            }
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
                Err(LedgerError::Missing(dir.to_owned()))
            }
            Err(other) => Err(LedgerError::io("read", &marker)(other)),
        }
    }

    /// Opens a ledger, making it first in a new or empty folder.
    pub async fn open_or_create(dir: &Path) -> Result<Self, LedgerError> {
        match Self::open(dir) {
            Err(LedgerError::Missing(_)) => {}
            other => return other,
        }
        fs::create_dir_all(dir).map_err(LedgerError::io("make folder", dir))?;
        let (tables_dir, lock) = (dir.join("tables"), dir.join("lock"));
        for entry in fs::read_dir(dir).map_err(LedgerError::io("read folder", dir))? {
            // A creation that was killed leaves its tables without the marker: begin again.
            let entry = entry.map_err(LedgerError::io("read folder", dir))?;
            if ![&tables_dir, &lock, &dir.join(MARKER)].contains(&&entry.path()) {
                return Err(LedgerError::NotALedger(dir.to_owned()));
            }
        }
        // Whoever comes while the ledger is being made is told so, as while it is written to.
        let _lock = hold(&lock, dir)?;
        match Self::open(dir) {
            Err(LedgerError::Missing(_)) => {}
            other => return other,
        }
        if tables_dir.exists() {
            fs::remove_dir_all(&tables_dir).map_err(LedgerError::io("clear", &tables_dir))?;
        }
        make(dir).await?;
        Self::open(dir)
    }

    /// Makes a ledger that nobody can open before it is [finished](Self::finish).
    pub(crate) async fn create_unfinished(dir: &Path) -> Result<Self, LedgerError> {
        fs::create_dir_all(dir).map_err(LedgerError::io("make folder", dir))?;
        let mark = dir.join(UNFINISHED);
        fs::write(&mark, "").map_err(LedgerError::io("write", &mark))?;
        make(dir).await?;
        Ok(Self { dir: fs::canonicalize(dir).map_err(LedgerError::io("open", dir))? })
    }

    /// Gives an unfinished ledger its place: from then on it can be opened.
    pub(crate) fn finish(self, dir: &Path) -> Result<Self, LedgerError> {
        fs::rename(&self.dir, dir).map_err(LedgerError::io("rename", &self.dir))?;
        let mark = dir.join(UNFINISHED);
        fs::remove_file(&mark).map_err(LedgerError::io("remove", &mark))?;
        Self::open(dir)
    }

    /// Whether a folder holds a ledger that was never finished.
    pub(crate) fn is_unfinished(dir: &Path) -> bool {
        dir.join(UNFINISHED).exists()
    }

    /// Removes a ledger that was never finished, unless somebody still works at it.
    pub(crate) fn remove_unfinished(dir: &Path) -> Result<(), LedgerError> {
        let lock = File::open(dir.join("lock"));
        if lock.is_ok_and(|lock| lock.try_lock().is_err()) {
            return Err(LedgerError::Locked(dir.to_owned()));
        }
        fs::remove_dir_all(dir).map_err(LedgerError::io("remove", dir))
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The originals.
    pub fn objects(&self) -> Objects {
        Objects::new(self.dir.join("objects"))
    }

    /// The keys of callers' pseudonyms.
    pub fn pseudonyms(&self) -> Pseudonyms {
        Pseudonyms::new(self.dir.join("keys"))
    }

    /// Where a table's files stand.
    pub fn table_dir(&self, table: Table) -> PathBuf {
        self.dir.join("tables").join(table.name())
    }

    /// Returns all imports, oldest first.
    pub async fn imports(&self) -> Result<Vec<ImportRow>, LedgerError> {
        read_imports(&self.load(Table::Imports, None).await?, &self.table_dir(Table::Imports))
    }

    /// Opens a table at a version, the newest by default.
    pub async fn load(
        &self,
        table: Table,
        version: Option<u64>,
    ) -> Result<DeltaTable, LedgerError> {
        let failed = |source| LedgerError::Delta {
            what: "open",
            table: table.name(),
            source: Box::new(source),
        };
        let mut builder =
            DeltaTableBuilder::from_url(table_url(&self.table_dir(table))?).map_err(failed)?;
        if let Some(version) = version {
            builder = builder.with_version(version);
        }
        builder.load().await.map_err(failed)
    }

    /// Takes the ledger for writing, and takes back what a killed import left behind.
    pub async fn lock(&self) -> Result<Locked, LedgerError> {
        let lock = hold(&self.dir.join("lock"), &self.dir)?;
        let imports = self.load(Table::Imports, None).await?;
        let rows = read_imports(&imports, &self.table_dir(Table::Imports))?;
        let head = rows.last().map(|row| row.tables.clone()).unwrap_or_default();
        let mut tables = BTreeMap::new();
        for table in Table::FACTS {
            let pinned = head.get(table.name()).copied().unwrap_or(0);
            tables.insert(table, self.recover(table, pinned).await?);
        }
        self.remove_strays(&imports, Table::Imports)?;
        self.objects().sweep().map_err(LedgerError::io("clear", &self.dir))?;
        Ok(Locked { ledger: self.clone(), _lock: lock, tables, imports, rows })
    }

    /// Removes from a table the files that no import row stands for.
    async fn recover(&self, table: Table, pinned: u64) -> Result<DeltaTable, LedgerError> {
        let mut newest = self.load(table, None).await?;
        if newest.version() != Some(pinned) {
            let belongs: std::collections::BTreeSet<String> =
                file_names(&self.load(table, Some(pinned)).await?, table)?.into_iter().collect();
            let removed: Vec<Action> = newest
                .snapshot()
                .map_err(|source| delta("read", table, source))?
                .log_data()
                .into_iter()
                .filter(|file| !belongs.contains(file.path().as_ref()))
                .map(|file| Action::Remove(file.remove_action(true)))
                .collect();
            if !removed.is_empty() {
                commit(&mut newest, table, removed).await?;
            }
        }
        self.remove_strays(&newest, table)?;
        Ok(newest)
    }

    /// Deletes files that stand in a table's folder but not in the table.
    fn remove_strays(&self, loaded: &DeltaTable, table: Table) -> Result<(), LedgerError> {
        let dir = self.table_dir(table);
        let known = file_names(loaded, table)?;
        for entry in fs::read_dir(&dir).map_err(LedgerError::io("read folder", &dir))? {
            let path = entry.map_err(LedgerError::io("read folder", &dir))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.ends_with(".parquet") && !known.iter().any(|k| k == name) {
                fs::remove_file(&path).map_err(LedgerError::io("remove", &path))?;
            }
        }
        Ok(())
    }
}

impl Locked {
    /// The ledger.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// All imports, oldest first.
    pub fn rows(&self) -> &[ImportRow] {
        &self.rows
    }

    /// A facts' table as it stands.
    pub(crate) fn table(&self, table: Table) -> &DeltaTable {
        self.tables.get(&table).expect("all tables were opened")
    }

    /// The import of a file with these bytes into a stream by the same mapping, if it happened.
    pub fn find(&self, sha256: &str, stream: &str, mapping: Option<&str>) -> Option<&ImportRow> {
        self.rows.iter().find(|row| {
            row.sha256 == sha256 && row.stream == stream && row.mapping.as_deref() == mapping
        })
    }

    /// The newest import of a stream.
    pub fn newest_of(&self, stream: &str) -> Option<&ImportRow> {
        self.rows.iter().rev().find(|row| row.stream == stream)
    }

    /// Versions of the tables as they stand.
    pub fn versions(&self) -> Versions {
        let version = |table: &DeltaTable| table.version().unwrap_or(0);
        self.tables
            .iter()
            .map(|(table, loaded)| (table.name().to_owned(), version(loaded)))
            .collect()
    }

    /// Commits files to the facts' tables, then the import's row: from then on it has happened.
    pub async fn commit(
        &mut self,
        files: BTreeMap<Table, Vec<Add>>,
        mut row: ImportRow,
    ) -> Result<ImportRow, LedgerError> {
        assert!(row.balances(), "rows of `{}` do not balance: {row:?}", row.file);
        for (table, adds) in files {
            if adds.is_empty() {
                continue;
            }
            let loaded = self.tables.get_mut(&table).expect("all tables were opened");
            commit(loaded, table, adds.into_iter().map(Action::Add).collect()).await?;
        }
        row.tables = self.versions();
        let actions = self.imports_actions(&row)?;
        commit(&mut self.imports, Table::Imports, actions).await?;
        self.rows.push(row.clone());
        Ok(row)
    }

    /// What adds an import's row to the list of imports: a file with that row or, once there are
    /// many, one with all rows in place of all files. Opening a ledger reads each of them.
    fn imports_actions(&self, row: &ImportRow) -> Result<Vec<Action>, LedgerError> {
        let snapshot =
            self.imports.snapshot().map_err(|source| delta("read", Table::Imports, source))?;
        let known = snapshot.log_data();
        let together = IMPORT_FILES <= known.num_files();
        let before = if together { self.rows.as_slice() } else { &[] };

        let tag = format!("{:06}-{}", row.import_no, row.sha256.get(..8).unwrap_or_default());
        let dir = self.ledger.table_dir(Table::Imports);
        let mut writer =
            TableWriter::new(Table::Imports, dir.clone(), tag, row.imported_at.as_millis());
        let adds = before
            .iter()
            .chain([row])
            .try_for_each(|row| writer.write(&imports_batch(row)))
            .and_then(|()| writer.finish())
            .map_err(LedgerError::io("write", &dir))?;
        let mut actions: Vec<Action> = adds.into_iter().map(Action::Add).collect();
        if together {
            let replaced = known.iter().map(|file| Action::Remove(file.remove_action(false)));
            actions.extend(replaced);
        }
        Ok(actions)
    }
}

/// Takes a ledger's lock, which whoever holds it frees by ending.
fn hold(path: &Path, dir: &Path) -> Result<File, LedgerError> {
    let lock = File::create(path).map_err(LedgerError::io("open", path))?;
    lock.try_lock().map_err(|_| LedgerError::Locked(dir.to_owned()))?;
    Ok(lock)
}

/// Files of the list of imports, before they are put together.
const IMPORT_FILES: usize = 32;

fn delta(what: &'static str, table: Table, source: DeltaTableError) -> LedgerError {
    LedgerError::Delta { what, table: table.name(), source: Box::new(source) }
}

fn table_url(dir: &Path) -> Result<url::Url, LedgerError> {
    url::Url::from_directory_path(dir).map_err(|()| LedgerError::Missing(dir.to_owned()))
}

/// Names of a table's files.
pub(crate) fn file_names(loaded: &DeltaTable, table: Table) -> Result<Vec<String>, LedgerError> {
    let snapshot = loaded.snapshot().map_err(|source| delta("read", table, source))?;
    Ok(snapshot.log_data().into_iter().map(|file| file.path().into_owned()).collect())
}

/// Paths of a table's files, each of which is there with the size that the table names.
pub(crate) fn whole_files(
    loaded: &DeltaTable,
    table: Table,
    dir: &Path,
) -> Result<Vec<PathBuf>, LedgerError> {
    let snapshot = loaded.snapshot().map_err(|source| delta("read", table, source))?;
    let mut paths = Vec::new();
    for file in snapshot.log_data() {
        let path = dir.join(file.path().as_ref());
        let lost = |problem| LedgerError::Lost { table: table.name(), path: path.clone(), problem };
        let found = match fs::metadata(&path) {
            Ok(found) => i64::try_from(found.len()).unwrap_or(i64::MAX),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                return Err(lost("is missing".to_owned()));
            }
            Err(cause) => return Err(LedgerError::io("open", &path)(cause)),
        };
        if found != file.size() {
            return Err(lost(format!("has {found} bytes instead of {}", file.size())));
        }
        paths.push(path);
    }
    paths.sort();
    Ok(paths)
}

/// Makes the tables, then the mark that a ledger is there.
async fn make(dir: &Path) -> Result<(), LedgerError> {
    for table in Table::FACTS.into_iter().chain([Table::Imports]) {
        create_table(&dir.join("tables"), table).await?;
    }
    let marker = dir.join(MARKER);
    fs::write(&marker, format!("layout {LAYOUT}\n")).map_err(LedgerError::io("write", &marker))
}

async fn create_table(dir: &Path, table: Table) -> Result<(), LedgerError> {
    let dir = dir.join(table.name());
    fs::create_dir_all(&dir).map_err(LedgerError::io("make folder", &dir))?;
    let dir = fs::canonicalize(&dir).map_err(LedgerError::io("open", &dir))?;
    let plain: Vec<Field> = table.schema().fields().iter().map(|field| plain(field)).collect();
    let schema: StructType = (&Schema::new(plain)).try_into_kernel().map_err(|problem| {
        LedgerError::Damaged { table: table.name(), problem: format!("{problem}") }
    })?;
    // Old versions stay readable for good: sealed measurements name them.
    let keep =
        [("delta.logRetentionDuration", "interval 36500 days"), ("delta.appendOnly", "false")];
    DeltaTableBuilder::from_url(table_url(&dir)?)
        .and_then(DeltaTableBuilder::build)
        .map_err(|source| delta("make", table, source))?
        .create()
        .with_table_name(table.name())
        .with_columns(schema.fields().cloned())
        .with_configuration(keep.map(|(key, value)| (key.to_owned(), Some(value.to_owned()))))
        .await
        .map_err(|source| delta("make", table, source))?;
    Ok(())
}

/// A field as Delta knows it: dictionaries are an encoding, not a type.
fn plain(field: &Field) -> Field {
    match field.data_type() {
        DataType::Dictionary(_, value) => {
            Field::new(field.name(), value.as_ref().clone(), field.is_nullable())
        }
        _ => field.clone(),
    }
}

async fn commit(
    loaded: &mut DeltaTable,
    table: Table,
    actions: Vec<Action>,
) -> Result<(), LedgerError> {
    let log_store = loaded.log_store();
    let operation =
        DeltaOperation::Write { mode: SaveMode::Append, partition_by: None, predicate: None };
    let properties = CommitProperties::default().with_cleanup_expired_logs(Some(false));
    let snapshot = loaded.snapshot().map_err(|source| delta("read", table, source))?;
    let done = CommitBuilder::from(properties)
        .with_actions(actions)
        .build(Some(snapshot), log_store, operation)
        .await
        .map_err(|source| delta("commit to", table, source))?;
    loaded.state = Some(done.snapshot());
    Ok(())
}

/// Columns of `imports`.
pub fn imports_schema() -> SchemaRef {
    let long = |name| Field::new(name, DataType::Int64, false);
    let text = |name| Field::new(name, DataType::Utf8, false);
    let text_null = |name| Field::new(name, DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        long("import_no"),
        text("stream"),
        text("format"),
        Field::new("format_version", DataType::Int32, false),
        text_null("mapping"),
        text_null("service"),
        text("file"),
        text("sha256"),
        long("bytes"),
        long("rows"),
        long("fact_rows"),
        long("pending_rows"),
        long("duplicate_rows"),
        long("rejected_rows"),
        long("ignored_rows"),
        text("facts"),
        long("open_calls"),
        Field::new("first_day", DataType::Int32, true),
        Field::new("last_day", DataType::Int32, true),
        Field::new("imported_at", instant_type(), false),
        text("software"),
        text("tables"),
        text_null("open_state"),
        text("ignored"),
        text("anomalies"),
        text_null("contract"),
        text_null("source"),
        text_null("zone"),
        Field::new("continued", DataType::Boolean, true),
    ]))
}

fn imports_batch(row: &ImportRow) -> RecordBatch {
    let long = |value: i64| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
    let int = |value: Option<i32>| Arc::new(Int32Array::from(vec![value])) as ArrayRef;
    let text = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    let text_null = |value: Option<&str>| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    let json = |value: Result<String, serde_json::Error>| {
        text(&value.expect("maps of text and numbers are always JSON"))
    };
    let at = TimestampMicrosecondArray::from(vec![row.imported_at.as_millis() * 1000]);
    let columns = vec![
        long(row.import_no),
        text(&row.stream),
        text(&row.format),
        int(Some(row.format_version)),
        text_null(row.mapping.as_deref()),
        text_null(row.service.as_deref()),
        text(&row.file),
        text(&row.sha256),
        long(row.bytes),
        long(row.rows),
        long(row.fact_rows),
        long(row.pending_rows),
        long(row.duplicate_rows),
        long(row.rejected_rows),
        long(row.ignored_rows),
        json(serde_json::to_string(&row.facts)),
        long(row.open_calls),
        int(row.days.map(|(first, _)| first)),
        int(row.days.map(|(_, last)| last)),
        Arc::new(at.with_timezone("UTC")),
        text(&row.software),
        json(serde_json::to_string(&row.tables)),
        text_null(row.open_state.as_deref()),
        json(serde_json::to_string(&row.ignored)),
        json(serde_json::to_string(&row.anomalies)),
        text_null(row.contract.as_deref()),
        text_null(row.source.as_deref()),
        text_null(row.zone.as_deref()),
        Arc::new(BooleanArray::from(vec![row.continued])),
    ];
    RecordBatch::try_new(imports_schema(), columns).expect("columns are built in schema order")
}

fn read_imports(loaded: &DeltaTable, dir: &Path) -> Result<Vec<ImportRow>, LedgerError> {
    let mut rows = Vec::new();
    for path in whole_files(loaded, Table::Imports, dir)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let damaged = |problem: String| LedgerError::Damaged { table: "imports", problem };
        let file = File::open(&path).map_err(LedgerError::io("open", &path))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(ParquetRecordBatchReaderBuilder::build)
            .map_err(|problem| damaged(format!("`{name}`: {problem}")))?;
        for batch in reader {
            let batch = batch.map_err(|problem| damaged(format!("`{name}`: {problem}")))?;
            for at in 0..batch.num_rows() {
                rows.push(import_row(&batch, at).ok_or_else(|| damaged(format!("`{name}`")))?);
            }
        }
    }
    rows.sort_by_key(|row| row.import_no);
    Ok(rows)
}

fn import_row(batch: &RecordBatch, at: usize) -> Option<ImportRow> {
    let long =
        |name: &str| Some(batch.column_by_name(name)?.as_primitive_opt::<Int64Type>()?.value(at));
    let int = |name: &str| {
        let column = batch.column_by_name(name)?.as_primitive_opt::<Int32Type>()?;
        column.is_valid(at).then(|| column.value(at))
    };
    let text_null = |name: &str| {
        let column = batch.column_by_name(name)?.as_string_opt::<i32>()?;
        column.is_valid(at).then(|| column.value(at).to_owned())
    };
    let counts = |name: &str| serde_json::from_str(&text_null(name)?).ok();
    let imported_at =
        batch.column_by_name("imported_at")?.as_primitive_opt::<TimestampMicrosecondType>()?;
    Some(ImportRow {
        import_no: long("import_no")?,
        stream: text_null("stream")?,
        format: text_null("format")?,
        format_version: int("format_version")?,
        mapping: text_null("mapping"),
        contract: text_null("contract"),
        service: text_null("service"),
        source: text_null("source"),
        zone: text_null("zone"),
        continued: batch.column_by_name("continued").and_then(|column| {
            let column = column.as_boolean_opt()?;
            column.is_valid(at).then(|| column.value(at))
        }),
        file: text_null("file")?,
        sha256: text_null("sha256")?,
        bytes: long("bytes")?,
        rows: long("rows")?,
        fact_rows: long("fact_rows")?,
        pending_rows: long("pending_rows")?,
        duplicate_rows: long("duplicate_rows")?,
        rejected_rows: long("rejected_rows")?,
        ignored_rows: long("ignored_rows")?,
        facts: counts("facts")?,
        open_calls: long("open_calls")?,
        days: int("first_day").zip(int("last_day")),
        imported_at: Instant::from_millis(imported_at.value(at).div_euclid(1000)),
        software: text_null("software")?,
        tables: serde_json::from_str(&text_null("tables")?).ok()?,
        open_state: text_null("open_state"),
        ignored: counts("ignored")?,
        anomalies: counts("anomalies")?,
    })
}

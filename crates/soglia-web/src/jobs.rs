//! Imports in the background, one at a time. Read [`Jobs::begin`] first.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use soglia_app::measured::keep_counts;
use soglia_domain::contract::Contract;
use soglia_domain::time::Instant;
use soglia_ledger::import::{self, Format, Outcome, Progress, Request};
use soglia_ledger::mapping::Mapping;
use soglia_ledger::objects::hex;
use soglia_ledger::store::Ledger;
use tempfile::TempPath;
use tokio::sync::watch;

use crate::background::{Line, Stage, Work};

/// Imports remembered at most.
const REMEMBERED: usize = 50;

/// Imports, running and done.
pub struct Jobs {
    ledger: Ledger,
    contract: Arc<Contract>,
    uploads: PathBuf,
    mappings: Vec<PathBuf>,
    clock: fn() -> Instant,
    line: Line<File, State>,
}

/// One import.
pub type Job = Work<File, State>;

/// The file that an import is about.
pub struct File {
    /// Its name.
    pub name: String,
}

/// Where an import is.
#[derive(Clone, Default, Debug)]
pub enum State {
    /// Others come first.
    #[default]
    Waiting,
    /// The original is being copied: bytes so far.
    Copying(u64),
    /// Rows read so far.
    Reading(u64),
    /// The tables are being written.
    Committing,
    /// Done.
    Done(Done),
    /// Nothing was taken in: why, and what to do.
    Failed(String, Option<String>),
}

/// What became of a file.
#[derive(Clone, Debug)]
pub struct Done {
    /// The import's number in the ledger.
    pub import_no: i64,
    /// Whether the ledger had the same bytes already.
    pub already: bool,
    /// Rows of the file.
    pub rows: i64,
    /// Rows that became facts.
    pub fact_rows: i64,
    /// Rows that the ledger had.
    pub duplicate_rows: i64,
    /// Rows that could not be read.
    pub rejected_rows: i64,
    /// Rows that say nothing of interest.
    pub ignored_rows: i64,
}

/// What somebody wants to have taken in.
pub struct Wanted {
    /// The file, as it was uploaded.
    pub path: TempPath,
    /// Its name.
    pub name: String,
    /// A format's name, or the name of a mapping offered.
    pub format: String,
    /// The service of rows that nothing else assigns.
    pub service: Option<String>,
    /// The platform, where several of one kind deliver.
    pub source: Option<String>,
    /// Who.
    pub by: String,
}

impl Jobs {
    /// No imports yet.
    pub fn new(
        ledger: Ledger,
        contract: Arc<Contract>,
        uploads: PathBuf,
        mappings: Vec<PathBuf>,
        clock: fn() -> Instant,
    ) -> Self {
        let line = Line::new(clock, REMEMBERED);
        Self { ledger, contract, uploads, mappings, clock, line }
    }

    /// Where uploads are kept until they are taken in.
    pub fn folder(&self) -> &Path {
        &self.uploads
    }

    /// Names of mappings that can be chosen.
    pub fn mappings(&self) -> Vec<String> {
        self.mappings.iter().map(|path| name_of(path)).collect()
    }

    /// Finds a format or a mapping by its name.
    pub fn format(&self, name: &str) -> Result<Format, String> {
        if let Some(format) = Format::from_name(name) {
            return Ok(format);
        }
        let path = self.mappings.iter().find(|path| name_of(path) == name);
        let path = path.ok_or_else(|| format!("there is no format or mapping `{name}`"))?;
        let text = std::fs::read_to_string(path)
            .map_err(|cause| format!("failed to read `{}`: {cause}", path.display()))?;
        let mapping = Mapping::parse(&text, name).map_err(|problem| problem.to_string())?;
        Ok(Format::Mapped(Box::new(mapping), hex(&Sha256::digest(text.as_bytes()))))
    }

    /// Takes a file in as soon as the imports before it are over.
    pub fn begin(self: &Arc<Self>, wanted: Wanted, format: Format) -> Arc<Job> {
        let (file, by) = (File { name: wanted.name.clone() }, wanted.by.clone());
        let jobs = Arc::clone(self);
        let begun = self.line.begin(
            (file, by),
            |_| true,
            async move |sender| {
                let state = jobs.take_in(&wanted, &format, sender).await;
                // The upload is removed before anybody hears that it is over.
                drop(wanted);
                state
            },
        );
        begun.expect("any number of imports may wait")
    }

    /// The same import as on the command line.
    async fn take_in(
        &self,
        wanted: &Wanted,
        format: &Format,
        sender: &watch::Sender<State>,
    ) -> State {
        let mut locked = match self.ledger.lock().await {
            Ok(locked) => locked,
            Err(error) => {
                return State::Failed(error.to_string(), error.hint().map(str::to_owned));
            }
        };
        // The ledger remembers the name of the path that it reads.
        let named = self.uploads.join(format!("{}.d", unique(&wanted.path)));
        let path = named.join(&wanted.name);
        let linked = std::fs::create_dir_all(&named).and_then(|()| {
            std::fs::hard_link(&wanted.path, &path)
                .or_else(|_| std::fs::copy(&wanted.path, &path).map(|_| ()))
        });
        if let Err(cause) = linked {
            return State::Failed(format!("failed to keep `{}`: {cause}", wanted.name), None);
        }
        let request = Request {
            path: &path,
            format,
            service: wanted.service.as_deref(),
            source: wanted.source.as_deref(),
            contract: &self.contract,
            zone: None,
            more_follow: false,
            now: (self.clock)(),
        };
        let outcome = import::import(&mut locked, &request, &mut |progress| {
            let _ = sender.send(match progress {
                Progress::Copying(bytes) => State::Copying(bytes),
                Progress::Reading(rows) => State::Reading(rows),
                Progress::Committing => State::Committing,
            });
        })
        .await;
        // What stays behind is a copy in the folder of uploads, nothing more.
        let _ = std::fs::remove_dir_all(&named);
        drop(locked);
        if outcome.as_ref().is_ok_and(|outcome| !outcome.already) {
            keep_counts(&self.ledger, &self.contract).await;
        }
        match outcome {
            Ok(Outcome { row, already, .. }) => State::Done(Done {
                import_no: row.import_no,
                already,
                rows: row.rows,
                fact_rows: row.fact_rows,
                duplicate_rows: row.duplicate_rows,
                rejected_rows: row.rejected_rows,
                ignored_rows: row.ignored_rows,
            }),
            Err(error) => {
                let text = crate::reply::chain(&error);
                // Nobody needs to know where the server keeps uploads.
                let folder = format!("{}/", named.display());
                State::Failed(text.replace(&folder, ""), error.hint())
            }
        }
    }

    /// Imports since the server was started, newest first.
    pub fn recent(&self) -> Vec<Arc<Job>> {
        self.line.recent()
    }

    /// An import by its number.
    pub fn find(&self, id: u64) -> Option<Arc<Job>> {
        self.line.find(id)
    }
}

impl Stage for State {
    fn is_over(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Failed(..))
    }

    fn broken() -> Self {
        let hint = "its console says why".to_owned();
        Self::Failed("the program broke off".to_owned(), Some(hint))
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn unique(path: &Path) -> String {
    name_of(path)
}

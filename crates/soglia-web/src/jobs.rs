//! Imports in the background, one at a time. Read [`Jobs::begin`] first.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use soglia_app::measured::keep_counts;
use soglia_domain::contract::Contract;
use soglia_domain::time::Instant;
use soglia_ledger::import::{self, Format, Outcome, Progress, Request};
use soglia_ledger::mapping::Mapping;
use soglia_ledger::objects::hex;
use soglia_ledger::store::Ledger;
use tempfile::TempPath;
use tokio::sync::{Semaphore, watch};

use crate::engine;

/// Imports remembered at most.
const REMEMBERED: usize = 50;

/// Imports, running and done.
pub struct Jobs {
    ledger: Ledger,
    contract: Arc<Contract>,
    uploads: PathBuf,
    mappings: Vec<PathBuf>,
    clock: fn() -> Instant,
    known: Mutex<VecDeque<Arc<Job>>>,
    turn: Arc<Semaphore>,
}

/// One import.
pub struct Job {
    /// Its number since the server was started.
    pub id: u64,
    /// The file's name.
    pub file: String,
    /// Who began it.
    pub by: String,
    /// When.
    pub at: Instant,
    state: watch::Receiver<State>,
}

/// Where an import is.
#[derive(Clone, Debug)]
pub enum State {
    /// Others come first.
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
        Self {
            ledger,
            contract,
            uploads,
            mappings,
            clock,
            known: Mutex::new(VecDeque::new()),
            turn: Arc::new(Semaphore::new(1)),
        }
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
        let (sender, state) = watch::channel(State::Waiting);
        let at = (self.clock)();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let id = known.back().map_or(1, |job| job.id + 1);
        let (file, by) = (wanted.name.clone(), wanted.by.clone());
        let job = Arc::new(Job { id, file, by, at, state });
        known.push_back(Arc::clone(&job));
        if REMEMBERED < known.len() {
            known.pop_front();
        }
        drop(known);
        let jobs = Arc::clone(self);
        engine::begin(async move || {
            let _turn = jobs.turn.acquire().await;
            let state = jobs.take_in(&wanted, &format, &sender).await;
            // The upload is removed before anybody hears that it is over.
            drop(wanted);
            // Readers may be gone.
            let _ = sender.send(state);
        });
        job
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
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().rev().cloned().collect()
    }

    /// An import by its number.
    pub fn find(&self, id: u64) -> Option<Arc<Job>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|job| job.id == id).cloned()
    }
}

impl Job {
    /// Where it is.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Where it is, as often as that changes.
    pub fn watch(&self) -> watch::Receiver<State> {
        self.state.clone()
    }
}

impl State {
    /// Whether nothing more will happen.
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Failed(..))
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn unique(path: &Path) -> String {
    name_of(path)
}

//! Results that take long, computed once. Read [`Cache::get`] first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use soglia_domain::period::Period;
use soglia_domain::text::Lang;
use soglia_ledger::session::Session;
use tokio::sync::{Semaphore, watch};

use super::Look;
use crate::engine;
use crate::reply::Problem;

/// How long a request waits for a computation.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Results kept at most.
const KEPT_MAX: usize = 48;
/// One computation at a time: each uses all processors.
static TURN: Semaphore = Semaphore::const_new(1);

/// What a result follows from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Key {
    import_no: i64,
    what: String,
    lang: &'static str,
}

impl Key {
    /// The newest import of a session, and a period.
    pub fn new(session: &Session, period: &Period, lang: Lang) -> Self {
        let lang = match lang {
            Lang::It => "it",
            Lang::En => "en",
        };
        Self { import_no: session.import_no(), what: period.label().to_owned(), lang }
    }

    /// The newest import of a session, and something else that is the same in every language.
    pub fn of(session: &Session, what: String) -> Self {
        Self { import_no: session.import_no(), what, lang: "" }
    }
}

/// Results by what they follow from.
pub struct Cache<T> {
    kept: Mutex<BTreeMap<Key, watch::Receiver<State<T>>>>,
    max: usize,
}

enum State<T> {
    Working,
    Ready(Arc<T>),
    Failed(Arc<str>),
}

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Working => Self::Working,
            Self::Ready(value) => Self::Ready(Arc::clone(value)),
            Self::Failed(cause) => Self::Failed(Arc::clone(cause)),
        }
    }
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self::keeping(KEPT_MAX)
    }
}

impl<T> Cache<T> {
    /// Keeps so many results at most.
    pub const fn keeping(max: usize) -> Self {
        Self { kept: Mutex::new(BTreeMap::new()), max }
    }
}

impl<T: Send + Sync + 'static> Cache<T> {
    /// The result, if it is there within a moment; its computation is begun if nobody did.
    pub async fn get<F>(&self, key: Key, make: F) -> Result<Look<T>, Problem>
    where
        F: AsyncFnOnce() -> Result<T, String> + Send + 'static,
    {
        let mut state = self.state(key, make);
        let settled = state.wait_for(|state| !matches!(state, State::Working));
        let Ok(settled) = tokio::time::timeout(PATIENCE, settled).await else {
            return Ok(Look::Working);
        };
        match settled.map(|state| state.clone()) {
            Ok(State::Ready(value)) => Ok(Look::Ready(value)),
            Ok(State::Failed(cause)) => Err(Problem::Failed(cause)),
            Ok(State::Working) => Ok(Look::Working),
            Err(_) => Err(Problem::failed("a computation was given up")),
        }
    }

    fn state<F>(&self, key: Key, make: F) -> watch::Receiver<State<T>>
    where
        F: AsyncFnOnce() -> Result<T, String> + Send + 'static,
    {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = kept.get(&key).filter(|state| is_alive(state)) {
            return state.clone();
        }
        let newest = key.import_no;
        kept.retain(|other, _| other.import_no == newest);
        while self.max <= kept.len() {
            kept.pop_first();
        }
        let (sender, receiver) = watch::channel(State::Working);
        kept.insert(key, receiver.clone());
        engine::begin(async move || {
            let _turn = TURN.acquire().await;
            let state = match make().await {
                Ok(value) => State::Ready(Arc::new(value)),
                Err(cause) => State::Failed(cause.into()),
            };
            // Nobody may wait any more.
            let _ = sender.send(state);
        });
        receiver
    }
}

/// Whether a result is there or on its way; one that failed is tried again.
fn is_alive<T>(state: &watch::Receiver<State<T>>) -> bool {
    match *state.borrow() {
        State::Ready(_) => true,
        State::Failed(_) => false,
        State::Working => state.has_changed().is_ok(),
    }
}

//! Work beside the requests, one piece at a time. Read [`Line::begin`] first.
//!
//! What is remembered lasts as long as the program: a piece of work either reached what it was
//! begun for, or changed nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use soglia_domain::time::Instant;
use tokio::sync::{Semaphore, watch};

use crate::engine;

/// Where a piece of work is; it begins with waiting for its turn, which is the default.
pub trait Stage: Clone + Default + Send + Sync + 'static {
    /// Whether nothing more will happen.
    fn is_over(&self) -> bool;
}

/// A line of work, with the last pieces that were begun.
pub struct Line<A, S> {
    clock: fn() -> Instant,
    remembered: usize,
    known: Mutex<VecDeque<Arc<Work<A, S>>>>,
    turn: Arc<Semaphore>,
}

/// One piece of work.
pub struct Work<A, S> {
    /// Its number since the server was started.
    pub id: u64,
    /// What it is about.
    pub about: A,
    /// Who began it.
    pub by: String,
    /// When.
    pub at: Instant,
    state: watch::Receiver<S>,
}

impl<A, S: Stage> Line<A, S> {
    /// No work yet; so many pieces are remembered.
    pub fn new(clock: fn() -> Instant, remembered: usize) -> Self {
        let (known, turn) = (Mutex::new(VecDeque::new()), Arc::new(Semaphore::new(1)));
        Self { clock, remembered, known, turn }
    }

    /// Begins work as soon as what was begun before is over; nothing if it does not fit beside
    /// what is remembered. The work says where it is; what it returns is its last word.
    pub fn begin(
        &self,
        (about, by): (A, String),
        fits: impl FnOnce(&VecDeque<Arc<Work<A, S>>>) -> bool,
        work: impl AsyncFnOnce(&watch::Sender<S>) -> S + Send + 'static,
    ) -> Option<Arc<Work<A, S>>> {
        let (sender, state) = watch::channel(S::default());
        let at = (self.clock)();
        let mut known = self.known();
        if !fits(&known) {
            return None;
        }
        let id = known.back().map_or(1, |work| work.id + 1);
        let begun = Arc::new(Work { id, about, by, at, state });
        known.push_back(Arc::clone(&begun));
        if self.remembered < known.len() {
            known.pop_front();
        }
        drop(known);
        let turn = Arc::clone(&self.turn);
        engine::begin(async move || {
            let _turn = turn.acquire().await;
            let state = work(&sender).await;
            // Readers may be gone.
            let _ = sender.send(state);
        });
        Some(begun)
    }

    /// Work since the server was started, newest first.
    pub fn recent(&self) -> Vec<Arc<Work<A, S>>> {
        self.known().iter().rev().cloned().collect()
    }

    /// A piece of work by its number.
    pub fn find(&self, id: u64) -> Option<Arc<Work<A, S>>> {
        self.known().iter().find(|work| work.id == id).cloned()
    }

    fn known(&self) -> MutexGuard<'_, VecDeque<Arc<Work<A, S>>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A, S: Stage> Work<A, S> {
    /// Where it is.
    pub fn state(&self) -> S {
        self.state.borrow().clone()
    }

    /// Where it is, as often as that changes.
    pub fn watch(&self) -> watch::Receiver<S> {
        self.state.clone()
    }
}

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

    /// Where work is that broke off without a last word: the program failed.
    fn broken() -> Self;
}

/// Where work is that this is the state of.
pub fn latest<S: Stage>(state: &watch::Receiver<S>) -> S {
    // Looked at first: what is there after the work is gone was its last word.
    let gone = state.has_changed().is_err();
    let now = state.borrow().clone();
    if gone && !now.is_over() { S::broken() } else { now }
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
        latest(&self.state)
    }

    /// Where it is, as often as that changes.
    pub fn watch(&self) -> watch::Receiver<S> {
        self.state.clone()
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[derive(Clone, Default, PartialEq, Debug)]
    enum Place {
        #[default]
        Waiting,
        Working,
        Done,
        Broken,
    }

    impl Stage for Place {
        fn is_over(&self) -> bool {
            matches!(self, Self::Done | Self::Broken)
        }

        fn broken() -> Self {
            Self::Broken
        }
    }

    fn line() -> Line<&'static str, Place> {
        Line::new(|| Instant::from_millis(0), 2)
    }

    /// Waits until a piece of work says no more, and says where it is.
    fn end(work: &Work<&'static str, Place>) -> Place {
        let mut state = work.watch();
        block_on(async { while state.changed().await.is_ok() {} });
        work.state()
    }

    fn begin(
        line: &Line<&'static str, Place>,
        about: &'static str,
        work: impl AsyncFnOnce(&watch::Sender<Place>) -> Place + Send + 'static,
    ) -> Arc<Work<&'static str, Place>> {
        line.begin((about, "Mia".to_owned()), |_| true, work).expect("everything fits")
    }

    #[test]
    fn one_piece_follows_the_other_and_the_last_ones_are_remembered() {
        let line = line();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let first = begin(&line, "first", async move |sender| {
            let _ = sender.send(Place::Working);
            let _ = wait.recv();
            Place::Done
        });
        let second = begin(&line, "second", async |_| Place::Done);
        assert_eq!(second.state(), Place::Waiting, "the first has its turn");
        let refused = line.begin(
            ("third", "Mia".to_owned()),
            |known| known.iter().all(|work| work.state().is_over()),
            async |_| Place::Done,
        );
        assert!(refused.is_none(), "it does not fit beside those");
        drop(go);
        assert_eq!((end(&first), end(&second)), (Place::Done, Place::Done));
        let third = begin(&line, "third", async |_| Place::Done);
        assert_eq!(third.id, 3);
        let known: Vec<&str> = line.recent().iter().map(|work| work.about).collect();
        assert_eq!(known, ["third", "second"]);
        assert!(line.find(1).is_none() && line.find(3).is_some());
    }

    #[test]
    fn work_that_breaks_off_is_over_and_holds_nobody_up() {
        let line = line();
        let broken = begin(&line, "broken", async |_| panic!("on purpose"));
        assert_eq!(end(&broken), Place::Broken);
        let next = begin(&line, "next", async |_| Place::Done);
        assert_eq!(end(&next), Place::Done);
    }
}

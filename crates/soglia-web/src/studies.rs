//! Simulations that take long, in the background, one at a time. Read [`Studies::begin`] first.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use soglia_app::demand::Demand;
use soglia_app::staffed;
use soglia_domain::text::Text;
use soglia_domain::time::Instant;
use soglia_sim::scenario::Scenario;
use soglia_sim::staffing::rules::Rules;
use soglia_sim::whatif::Answers;
use tokio::sync::{Semaphore, watch};

use crate::engine;
use crate::planning::Known;

/// Studies remembered at most.
const REMEMBERED: usize = 30;
/// Studies that may wait for their turn.
pub const WAITING_MAX: usize = 8;

/// Studies, running and done.
pub struct Studies {
    clock: fn() -> Instant,
    known: Mutex<VecDeque<Arc<Study>>>,
    turn: Arc<Semaphore>,
}

/// One study.
pub struct Study {
    /// Its number since the server was started.
    pub id: u64,
    /// The service's code.
    pub service: String,
    /// What it is about.
    pub title: Text,
    /// Who began it.
    pub by: String,
    /// When.
    pub at: Instant,
    state: watch::Receiver<State>,
}

/// Where a study is.
#[derive(Clone)]
pub enum State {
    /// Others come first.
    Waiting,
    /// Under way.
    Working,
    /// Weeks played so far, and how wide the widest interval is.
    Playing(u32, f64),
    /// Done.
    Done(Arc<Outcome>),
    /// Nothing came of it: why.
    Failed(Text),
}

/// What came of a study.
#[expect(clippy::large_enum_variant, reason = "each stands alone behind a pointer")]
pub enum Outcome {
    /// What scenarios would do.
    WhatIf {
        /// The present.
        known: Arc<Known>,
        /// The scenarios.
        scenarios: Vec<Scenario>,
        /// What they would do.
        answers: Answers,
    },
    /// Shifts.
    Staffing {
        /// The rules.
        rules: Rules,
        /// What was asked.
        question: staffed::Question,
        /// What the service's calls are like.
        demand: Demand,
        /// The shifts.
        answer: staffed::Answer,
    },
}

impl Studies {
    /// No studies yet.
    pub fn new(clock: fn() -> Instant) -> Self {
        let (known, turn) = (Mutex::new(VecDeque::new()), Arc::new(Semaphore::new(1)));
        Self { clock, known, turn }
    }

    /// Begins a study as soon as those before it are over; nothing if too many wait.
    pub fn begin(
        &self,
        (service, title, by): (String, Text, String),
        work: impl FnOnce(&watch::Sender<State>) -> Result<Outcome, Text> + Send + 'static,
    ) -> Option<Arc<Study>> {
        let (sender, state) = watch::channel(State::Waiting);
        let at = (self.clock)();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if WAITING_MAX <= known.iter().filter(|study| !study.state().is_over()).count() {
            return None;
        }
        let id = known.back().map_or(1, |study| study.id + 1);
        let study = Arc::new(Study { id, service, title, by, at, state });
        known.push_back(Arc::clone(&study));
        if REMEMBERED < known.len() {
            known.pop_front();
        }
        drop(known);
        let turn = Arc::clone(&self.turn);
        engine::begin(async move || {
            let _turn = turn.acquire().await;
            // Readers may be gone.
            let _ = sender.send(State::Working);
            let state = match work(&sender) {
                Ok(outcome) => State::Done(Arc::new(outcome)),
                Err(why) => State::Failed(why),
            };
            let _ = sender.send(state);
        });
        Some(study)
    }

    /// A study by its number.
    pub fn find(&self, id: u64) -> Option<Arc<Study>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|study| study.id == id).cloned()
    }
}

impl Study {
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
        matches!(self, Self::Done(_) | Self::Failed(_))
    }
}

//! Simulations that take long, and approvals that wait for them, in the background. Read
//! [`Studies::begin`] first.

use std::sync::Arc;

use soglia_app::demand::Demand;
use soglia_app::semester::Approved;
use soglia_app::staffed;
use soglia_domain::text::Text;
use soglia_domain::time::Instant;
use soglia_sim::scenario::Scenario;
use soglia_sim::staffing::rules::Rules;
use soglia_sim::whatif::Answers;
use tokio::sync::watch;

use crate::background::{Line, Stage, Work};
use crate::planning::Known;

/// Studies remembered at most.
const REMEMBERED: usize = 30;
/// Studies that may wait for their turn.
pub const WAITING_MAX: usize = 8;

/// Studies, running and done.
pub struct Studies(Line<About, State>);

/// One study.
pub type Study = Work<About, State>;

/// What a study is about.
pub struct About {
    /// What it is done for.
    pub subject: Subject,
    /// The same in words.
    pub title: Text,
}

/// What a study is done for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subject {
    /// A service, by its code.
    Service(String),
    /// A review that is to be approved, by its number.
    Review(String),
}

/// Where a study is.
#[derive(Clone, Default)]
pub enum State {
    /// Others come first.
    #[default]
    Waiting,
    /// Under way.
    Working,
    /// Weeks played so far, and how wide the widest interval is.
    Playing(u32, f64),
    /// What was played is written into a document.
    Writing,
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
    /// An approved review, its documents with the chapter of scenarios.
    Approval(Approved),
}

impl Studies {
    /// No studies yet.
    pub fn new(clock: fn() -> Instant) -> Self {
        Self(Line::new(clock, REMEMBERED))
    }

    /// Begins a study as soon as those before it are over; nothing if too many wait, or if the same
    /// review is being approved.
    pub fn begin(
        &self,
        about: About,
        by: String,
        work: impl AsyncFnOnce(&watch::Sender<State>) -> Result<Outcome, Text> + Send + 'static,
    ) -> Option<Arc<Study>> {
        let subject = about.subject.clone();
        let approves = move |study: &Study| {
            matches!(subject, Subject::Review(_)) && study.about.subject == subject
        };
        self.0.begin(
            (about, by),
            |known| {
                let open = known.iter().filter(|study| !study.state().is_over());
                !open.clone().any(|study| approves(study)) && open.count() < WAITING_MAX
            },
            async move |sender| {
                // Readers may be gone.
                let _ = sender.send(State::Working);
                match work(sender).await {
                    Ok(outcome) => State::Done(Arc::new(outcome)),
                    Err(why) => State::Failed(why),
                }
            },
        )
    }

    /// A study by its number.
    pub fn find(&self, id: u64) -> Option<Arc<Study>> {
        self.0.find(id)
    }

    /// The newest approval of a review that was begun in the background.
    pub fn approval(&self, review: &str) -> Option<Arc<Study>> {
        let wanted = |subject: &Subject| matches!(subject, Subject::Review(id) if id == review);
        self.0.recent().into_iter().find(|study| wanted(&study.about.subject))
    }
}

impl Stage for State {
    fn is_over(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Failed(_))
    }

    fn broken() -> Self {
        Self::Failed(Text::new(
            "il programma si è interrotto: la causa sta sulla sua console",
            "the program broke off: its console says why",
        ))
    }
}

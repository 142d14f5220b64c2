//! The simulator: a centre, a table of calls, and what became of each. Read [`Plan::run`] first.
//!
//! Three sources of events are merged: the table's next arrival, the operators' next change (the
//! end of a call or of a shift, kept in a [tournament](tournament::Tournament)), and a heap for
//! everything that calls bring about themselves. At the same instant operators come first, then
//! closings, then the heap, then arrivals: who loses patience in the instant when an operator gets
//! free is answered.
//!
//! Where nothing depends on how many wait, an abandonment is noticed only when its call is due
//! (*lazy*), which costs no event. With redials, limits on the queue's length, overflow or
//! call-backs each abandonment is an event (*eager*). Where both are possible they give the same
//! bits.
//!
//! Private tables are indexed by ids that [`Centre::check`] has validated.

mod idle;
mod rules;
mod state;
mod tournament;

use crate::centre::{Centre, CentreError};
use crate::table::{Call, CallTable, KnownRedials};

use rules::Rules;
use state::State;

/// A centre that has been checked and prepared: runs are cheap and may go on in parallel.
#[derive(Debug)]
pub struct Plan<'a> {
    centre: &'a Centre,
    rules: Rules,
}

/// Whether each abandonment is an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Abandonment {
    /// Noticed when the call is due; exact where nothing depends on how many wait.
    Lazy,
    /// An event of its own.
    Eager,
}

/// What became of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// From joining the first queue to the answer, or to leaving.
    pub wait_us: i64,
    /// Who answered.
    pub operator: Option<u32>,
    /// What became of it.
    pub end: End,
}

/// What became of a call. Each call has exactly one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum End {
    /// Still waiting; never seen when a run is over.
    Waiting,
    /// An operator answered.
    Answered,
    /// Lost patience.
    Abandoned,
    /// The IVR was enough.
    Contained,
    /// Came when its queue was closed.
    OutOfHours,
    /// Still waited when its queue had closed, or when the simulation ended.
    Released,
    /// Found the queue full.
    Refused,
    /// Accepted to be called back; the call-back is a call of its own.
    CallBack,
    /// Nobody answered the centre's call.
    NotReached,
}

/// What a run leaves.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Run {
    /// What became of the table's calls, in the table's order.
    pub outcomes: Vec<Outcome>,
    /// Redials, call-backs and second-level work, in the order in which they came about.
    pub extra: Vec<Call>,
    /// What became of them.
    pub extra_outcomes: Vec<Outcome>,
    /// Time that each group's operators spent on calls and after-call work, until the
    /// simulation ends.
    pub busy_us: Vec<i64>,
    /// Time that each group's operators were present: their hours, and what they stayed longer,
    /// until the simulation ends.
    pub present_us: Vec<i64>,
}

impl<'a> Plan<'a> {
    /// Checks and prepares a centre.
    pub fn new(centre: &'a Centre) -> Result<Self, CentreError> {
        centre.check()?;
        Ok(Self { centre, rules: Rules::new(centre) })
    }

    /// Returns how abandonments are noticed.
    pub const fn abandonment(&self) -> Abandonment {
        self.rules.abandonment
    }

    /// Makes each abandonment an event even where that is not needed.
    #[must_use]
    pub fn eager(mut self) -> Self {
        self.rules.abandonment = Abandonment::Eager;
        self
    }

    /// Lets the calls of a table meet the centre.
    ///
    /// # Panics
    /// If the table is not in order of arrival, or names a type that the centre does not have.
    pub fn run(&self, table: &CallTable) -> Run {
        self.run_with(table, &KnownRedials::default())
    }

    /// The same, where records say who of those not answered called again, and when: the others
    /// follow their type's rule. Known redials count only where abandonments are events.
    ///
    /// # Panics
    /// As [`Plan::run`] does.
    pub fn run_with(&self, table: &CallTable, known: &KnownRedials) -> Run {
        let of_a_type =
            table.calls.iter().all(|call| usize::from(call.kind) < self.centre.types.len());
        assert!(of_a_type, "a call is of a type that the centre does not have");
        assert!(table.calls.is_sorted_by_key(|call| call.at_us), "calls are in order of arrival");
        State::new(self.centre, &self.rules, table, known).run()
    }
}

impl Run {
    /// Returns all calls with what became of them: the table's, then those they brought about.
    pub fn all<'r>(
        &'r self,
        table: &'r CallTable,
    ) -> impl Iterator<Item = (&'r Call, &'r Outcome)> {
        let extra = self.extra.iter().zip(&self.extra_outcomes);
        table.calls.iter().zip(&self.outcomes).chain(extra)
    }
}

//! How many operators, in which shifts. Read [`plan::plan`] first.
//!
//! For one pool of operators who all do the same work:
//!
//! 1. [`need`]: operators for each interval, by Erlang A;
//! 2. [`cover`]: the shifts that cover a need at least cost, under [`rules::Rules`];
//! 3. [`plan`](mod@plan): cuts — the cover is simulated, with breaks, peaks and days that vary;
//!    what it lacks becomes a condition on the next cover, what it has too much of may go; in the
//!    end an independent run judges it;
//! 4. [`roster`]: the shifts of a week handed to positions, with rest and free days.
//!
//! Several pools with different skills are the business of the simulator: plan each, then simulate
//! all together.

pub mod cover;
pub mod need;
pub mod plan;
pub mod roster;
pub mod rules;

use jiff::civil::{Date, Time};

use crate::centre::CentreError;
use crate::erlang::InputError;

/// Why there is no plan.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum StaffingError {
    /// Rules that cannot be kept, whatever the need.
    #[error("`{what}` {problem}")]
    Rules {
        /// Which rule.
        what: String,
        /// What is wrong.
        problem: String,
    },
    /// Nobody may work then.
    #[error("no shift works on {date} at {at}, when {need} operators are needed")]
    Uncovered {
        /// The day.
        date: Date,
        /// The beginning of the interval.
        at: Time,
        /// How many are needed.
        need: u32,
    },
    /// More are needed than may be present.
    #[error("on {date} at {at} {need} operators are needed, and at most {max} may be present")]
    Seats {
        /// The day.
        date: Date,
        /// The beginning of the interval.
        at: Time,
        /// How many are needed.
        need: u32,
        /// How many may be present.
        max: u32,
    },
    /// Each interval could be covered, but not all at once.
    #[error("no combination of shifts covers the need without having more than {max} present")]
    Infeasible {
        /// How many may be present.
        max: u32,
    },
    /// The goal is beyond what shifts can do.
    #[error("the goal was not reached in {rounds} rounds: {reached:.2} % instead of {wanted:.2} %")]
    NotReached {
        /// Rounds of cover and simulation.
        rounds: u32,
        /// The best level, in percent.
        reached: f64,
        /// The goal, in percent.
        wanted: f64,
    },
    /// A shift that no position may take.
    #[error("a shift of {paid_mins} minutes is longer than a position's week of {max_mins}")]
    Position {
        /// Paid minutes of the shift.
        paid_mins: u32,
        /// Minutes a week at most.
        max_mins: u32,
    },
    /// The solver gave up.
    #[error("the solver failed: {0}")]
    Solver(String),
    /// What the formulas or the simulator refuse.
    #[error(transparent)]
    Input(#[from] InputError),
    /// What the simulator refuses.
    #[error(transparent)]
    Centre(#[from] CentreError),
}

impl StaffingError {
    /// Says what to do.
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Uncovered { .. } => {
                "let shifts start earlier or end later, move the breaks, or close the service then"
            }
            Self::Seats { .. } | Self::Infeasible { .. } => {
                "raise `max_present`, or ask for a lower level"
            }
            Self::NotReached { .. } => {
                "ask for a lower level, or allow more operators and earlier shifts"
            }
            Self::Position { .. } => "shorten the shift, or raise `hours_a_week`",
            Self::Rules { .. } | Self::Solver(_) | Self::Input(_) | Self::Centre(_) => return None,
        })
    }
}

/// What is to be staffed: days, and what comes in each interval.
#[derive(Clone, PartialEq, Debug)]
pub struct Work {
    /// Length of an interval in minutes.
    pub interval_mins: u16,
    /// The days, in order.
    pub days: Vec<WorkDay>,
}

/// A day to be staffed.
#[derive(Clone, PartialEq, Debug)]
pub struct WorkDay {
    /// The day.
    pub date: Date,
    /// For each interval from midnight: the calls expected if the service is open, nothing if it is
    /// closed.
    pub calls: Vec<Option<f64>>,
}

impl Work {
    /// Returns how many intervals a day has.
    pub fn intervals(&self) -> usize {
        usize::from(24 * 60 / self.interval_mins)
    }

    /// Returns the calls expected in all.
    pub fn total(&self) -> f64 {
        self.days.iter().flat_map(|day| day.calls.iter().flatten()).sum()
    }

    fn at(&self, interval: usize) -> Time {
        time_of(interval * usize::from(self.interval_mins))
    }
}

/// The wall clock's time so many minutes after midnight, of the same day.
pub fn time_of(mins: usize) -> Time {
    let hour = i8::try_from(mins / 60 % 24).unwrap_or(0);
    let minute = i8::try_from(mins % 60).unwrap_or(0);
    jiff::civil::time(hour, minute, 0, 0)
}

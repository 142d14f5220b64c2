//! Closed formulas for one kind of operators with exponential handling times. Read [`Load`] first,
//! then [`erlang_a`].
//!
//! | formula | callers who wait | where |
//! |---|---|---|
//! | Erlang B | are refused | [`erlang_b`] |
//! | Erlang C | wait for ever | [`erlang_c`] |
//! | Erlang A | give up after an exponential patience | [`erlang_a`] |
//! | M/M/c with priorities | wait for ever, higher classes first | [`priority`] |
//! | M/M/c+M with priorities | give up, higher classes first | [`priority_with_patience`] |
//!
//! Published values that these reproduce (tests of this crate, `tests/it/published.rs`):
//!
//! * 100 calls in 30 minutes, 180 s, 14 operators, 20 s: delayed .1741319, within 20 s .88835, mean
//!   wait 7.83593701 s, occupancy .7142857 (README of the R package *ErlangC*; *pyworkforce* 0.5.1
//!   says the same, and with 30 % shrinkage 20 positions for 14 operators);
//! * Garnett, Mandelbaum and Reiman (2002), comparison of M/M/50 and M/M/50+M at 48 calls a minute
//!   of one minute each, patience two minutes: mean wait 20.8 and 3.7 s, abandonment 3.1 %, queue
//!   17 and 3, utilisation 96 and 93 %.
//!
//! With fewer operators than load, Erlang C has no steady state: that is the value
//! [`Steady::Unstable`], never a number.

mod delay;
mod patience;
mod priorities;
mod required;

use crate::num;

pub use delay::erlang_c;
pub use patience::erlang_a;
pub use priorities::{ClassDelay, ClassPatience, priority, priority_with_patience};
pub use required::{
    Requirement, positions, required_erlang_a, required_erlang_b, required_erlang_c,
    required_priority, required_priority_with_patience,
};

/// What arrives and how long it takes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Load {
    calls_per_hour: f64,
    handling_secs: f64,
}

/// Numbers that no formula can be fed with.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
pub enum InputError {
    /// Calls an hour.
    #[error("calls an hour must be a number of at least 0, found `{0}`")]
    Calls(f64),
    /// Mean handling time.
    #[error("the mean handling time must be a number of seconds above 0, found `{0}`")]
    Handling(f64),
    /// Mean patience.
    #[error("the mean patience must be a number of seconds above 0, found `{0}`")]
    Patience(f64),
    /// The limit of a service level.
    #[error("the limit must be a number of seconds of at least 0, found `{0}`")]
    Limit(f64),
    /// A share.
    #[error("a share must be at least 0 and below 1, found `{0}`")]
    Share(f64),
    /// The share that may be blocked.
    #[error("the share blocked at most must be above 0 and below 1, found `{0}`")]
    Blocked(f64),
    /// The share of their time that operators may be busy.
    #[error("the highest occupancy must be above 0 and at most 1, found `{0}`")]
    Occupancy(f64),
    /// The share that may give up.
    #[error("the share that gives up at most must be above 0 and at most 1, found `{0}`")]
    Abandoned(f64),
    /// No operators.
    #[error("at least one operator is needed, found `0`")]
    NoOperators,
    /// No classes.
    #[error("at least one priority class is needed, found none")]
    NoClasses,
    /// More operators than any formula here is meant for.
    #[error("at most {OPERATORS_MAX} operators can be computed, found `{0}`")]
    Operators(u32),
    /// More load than the most operators could handle.
    #[error("a load of at most {OPERATORS_MAX} Erlang can be computed, found `{0}`")]
    Erlangs(f64),
    /// More calls than a sum over those waiting can be taken over.
    #[error("at most {WAITING_MAX} calls may come while one caller is patient, found `{0:.0}`")]
    Waiting(f64),
    /// More events than are followed one by one.
    #[error(
        "at most {EVENTS_MAX} conversations may end and calls come within the limit while all \
         operators are busy, found `{0:.0}`"
    )]
    Events(f64),
    /// No number of operators is enough.
    #[error("not even {OPERATORS_MAX} operators are enough")]
    NeverEnough,
}

/// The most operators that formulas take: a hundred times the largest contact centres.
pub const OPERATORS_MAX: u32 = 1_000_000;

/// The most calls that come on average while one caller is patient: Erlang A adds up that many
/// states where few operators meet many calls.
pub const WAITING_MAX: f64 = 1_000_000.0;

/// The most events within the limit of a service level that priorities without patience follow.
pub const EVENTS_MAX: f64 = 20_000.0;

impl Load {
    /// Takes calls an hour and the mean handling time in seconds (conversation and after-call
    /// work).
    pub fn new(calls_per_hour: f64, handling_secs: f64) -> Result<Self, InputError> {
        if !(calls_per_hour.is_finite() && 0.0 <= calls_per_hour) {
            return Err(InputError::Calls(calls_per_hour));
        }
        if !(handling_secs.is_finite() && 0.0 < handling_secs) {
            return Err(InputError::Handling(handling_secs));
        }
        let load = Self { calls_per_hour, handling_secs };
        let erlangs = load.erlangs();
        if erlangs <= f64::from(OPERATORS_MAX) {
            Ok(load)
        } else {
            Err(InputError::Erlangs(erlangs))
        }
    }

    /// Returns the mean handling time in seconds.
    pub const fn handling_secs(self) -> f64 {
        self.handling_secs
    }

    /// Returns the offered load in Erlang: operators busy on average if nobody were refused.
    pub fn erlangs(self) -> f64 {
        self.calls_per_sec() * self.handling_secs
    }

    fn calls_per_sec(self) -> f64 {
        self.calls_per_hour / 3600.0
    }
}

/// What a formula says where a steady state exists, and what it says where none does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Steady<T> {
    /// The queue has a steady state.
    Stable(T),
    /// More arrives than the operators can handle and nobody gives up: the queue grows for ever.
    Unstable {
        /// What arrives.
        erlangs: f64,
        /// Who is there.
        operators: u32,
    },
}

impl<T> Steady<T> {
    /// Returns the value, if there is a steady state.
    pub fn stable(self) -> Option<T> {
        match self {
            Self::Stable(value) => Some(value),
            Self::Unstable { .. } => None,
        }
    }
}

/// The four service levels in use, which differ in what happens to those who gave up.
///
/// With exponential patience of one minute, 8 operators and 10 Erlang, "answered within 20 seconds"
/// is 52.8 %, 73.1 %, 62.3 % or 68.1 % of the same calls.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ServiceLevels {
    /// Answered within the limit, of all offered.
    pub of_offered: f64,
    /// Answered within the limit, of all answered.
    pub of_answered: f64,
    /// Answered within the limit, of all but those who gave up within the limit.
    pub without_short_abandons: f64,
    /// Answered or given up within the limit, of all offered.
    pub counting_short_abandons: f64,
}

/// Which of the four service levels is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServiceLevelKind {
    /// [`ServiceLevels::of_offered`].
    OfOffered,
    /// [`ServiceLevels::of_answered`].
    OfAnswered,
    /// [`ServiceLevels::without_short_abandons`].
    WithoutShortAbandons,
    /// [`ServiceLevels::counting_short_abandons`].
    CountingShortAbandons,
}

impl ServiceLevelKind {
    /// All four.
    pub const ALL: [Self; 4] = [
        Self::OfOffered,
        Self::OfAnswered,
        Self::WithoutShortAbandons,
        Self::CountingShortAbandons,
    ];

    /// Returns the name used in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OfOffered => "of-offered",
            Self::OfAnswered => "of-answered",
            Self::WithoutShortAbandons => "without-short-abandons",
            Self::CountingShortAbandons => "counting-short-abandons",
        }
    }

    /// Finds the definition with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl ServiceLevels {
    /// Returns the one that is meant.
    pub const fn of(self, kind: ServiceLevelKind) -> f64 {
        match kind {
            ServiceLevelKind::OfOffered => self.of_offered,
            ServiceLevelKind::OfAnswered => self.of_answered,
            ServiceLevelKind::WithoutShortAbandons => self.without_short_abandons,
            ServiceLevelKind::CountingShortAbandons => self.counting_short_abandons,
        }
    }

    /// All four are the same where nobody gives up.
    const fn nobody_gives_up(share: f64) -> Self {
        Self {
            of_offered: share,
            of_answered: share,
            without_short_abandons: share,
            counting_short_abandons: share,
        }
    }

    /// From shares of the calls offered.
    fn from_shares(within: f64, abandoned: f64, abandoned_within: f64) -> Self {
        Self {
            of_offered: within,
            of_answered: share_of(within, 1.0 - abandoned),
            without_short_abandons: share_of(within, 1.0 - abandoned_within),
            counting_short_abandons: within + abandoned_within,
        }
    }
}

/// A part of a whole; where the whole is nothing, nothing is missing.
fn share_of(part: f64, whole: f64) -> f64 {
    if whole <= 0.0 { 1.0 } else { part / whole }
}

/// What a queue does in its steady state.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Performance {
    /// Share of calls that find every operator busy.
    pub delayed: f64,
    /// Service levels at the limit asked for.
    pub levels: ServiceLevels,
    /// Mean wait of the calls answered (ASA), those that did not wait included.
    pub wait_answered_secs: f64,
    /// Mean wait of all calls, answered or not.
    pub wait_all_secs: f64,
    /// Mean number of calls waiting.
    pub queue_length: f64,
    /// Share of calls that give up.
    pub abandoned: f64,
    /// Share of calls that give up within the limit.
    pub abandoned_within: f64,
    /// Share of the operators' time that is busy.
    pub occupancy: f64,
}

/// Erlang B: what `operators` without a queue do.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Loss {
    /// Share of calls refused.
    pub blocked: f64,
    /// Share of the operators' time that is busy.
    pub occupancy: f64,
}

/// Computes Erlang B by the recurrence `B(k) = a B(k-1) / (k + a B(k-1))`, which neither overflows
/// nor loses digits.
///
/// ```
/// use soglia_sim::erlang::{Load, erlang_b};
/// let loss = erlang_b(Load::new(60.0, 180.0)?, 5)?;
/// assert!((loss.blocked - 0.110054347826087).abs() < 1e-15);
/// # Ok::<(), soglia_sim::erlang::InputError>(())
/// ```
pub fn erlang_b(load: Load, operators: u32) -> Result<Loss, InputError> {
    check_operators(operators)?;
    let erlangs = load.erlangs();
    let blocked = blocking(erlangs, operators);
    Ok(Loss { blocked, occupancy: erlangs * (1.0 - blocked) / f64::from(operators) })
}

fn blocking(erlangs: f64, operators: u32) -> f64 {
    (1..=operators).fold(1.0, |blocked, k| {
        let carried = erlangs * blocked;
        carried / (f64::from(k) + carried)
    })
}

fn check_operators(operators: u32) -> Result<(), InputError> {
    match operators {
        0 => Err(InputError::NoOperators),
        1..=OPERATORS_MAX => Ok(()),
        _ => Err(InputError::Operators(operators)),
    }
}

fn check_limit(limit_secs: f64) -> Result<(), InputError> {
    let valid = limit_secs.is_finite() && 0.0 <= limit_secs;
    if valid { Ok(()) } else { Err(InputError::Limit(limit_secs)) }
}

fn check_patience(load: Load, patience_secs: f64) -> Result<(), InputError> {
    if !(patience_secs.is_finite() && 0.0 < patience_secs) {
        return Err(InputError::Patience(patience_secs));
    }
    let waiting = load.calls_per_sec() * patience_secs;
    if waiting <= WAITING_MAX { Ok(()) } else { Err(InputError::Waiting(waiting)) }
}

/// A service without calls: nobody waits.
const fn idle() -> Performance {
    Performance {
        delayed: 0.0,
        levels: ServiceLevels::nobody_gives_up(1.0),
        wait_answered_secs: 0.0,
        wait_all_secs: 0.0,
        queue_length: 0.0,
        abandoned: 0.0,
        abandoned_within: 0.0,
        occupancy: 0.0,
    }
}

/// Share of exponential times of mean `mean_secs` that are longer than `secs`.
fn longer_than(secs: f64, mean_secs: f64) -> f64 {
    num::exp(-secs / mean_secs)
}

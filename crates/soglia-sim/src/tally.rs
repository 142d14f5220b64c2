//! Counts of what became of calls. Read [`Tally`] first.
//!
//! Shares are never averaged: counts are added, then divided.

use crate::engine::{End, Outcome, Run};
use crate::erlang::ServiceLevelKind;
use crate::table::CallTable;

/// What calls are counted against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Answered within this is in time (inclusive).
    pub answer_us: i64,
    /// Who gives up within this gave up early (inclusive); usually the same.
    pub short_abandon_us: i64,
}

impl Limits {
    /// The same limit for answers and early abandons.
    pub const fn of_secs(secs: i64) -> Self {
        Self { answer_us: secs * 1_000_000, short_abandon_us: secs * 1_000_000 }
    }
}

/// Counts of calls that reached a queue in its hours, and of those that did not.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// First attempts and further ones that joined a queue: the sum of the next five.
    pub offered: u64,
    /// An operator answered.
    pub answered: u64,
    /// Lost patience.
    pub abandoned: u64,
    /// Still waited after closing.
    pub released: u64,
    /// Found the queue full.
    pub refused: u64,
    /// Accepted to be called back.
    pub call_backs: u64,
    /// Of those answered: within the limit.
    pub within: u64,
    /// Of those offered: did not find an operator at once.
    pub delayed: u64,
    /// Of those abandoned: within the limit of short abandons.
    pub abandoned_within: u64,
    /// Of those offered: further attempts, redials and the centre's own.
    pub redials: u64,
    /// The IVR was enough.
    pub contained: u64,
    /// Came when the queue was closed.
    pub out_of_hours: u64,
    /// Calls of the centre that nobody answered.
    pub not_reached: u64,
    /// Sum of the waits of those answered.
    pub wait_answered_us: u64,
    /// Sum of the waits of those offered.
    pub wait_all_us: u64,
}

impl Tally {
    /// Counts one call.
    pub fn add(&mut self, outcome: &Outcome, attempt: u8, limits: Limits) {
        let wait_us = outcome.wait_us.unsigned_abs();
        match outcome.end {
            End::Contained => return self.contained += 1,
            End::OutOfHours => return self.out_of_hours += 1,
            End::NotReached => return self.not_reached += 1,
            End::Answered => {
                self.answered += 1;
                self.within += u64::from(outcome.wait_us <= limits.answer_us);
                self.wait_answered_us += wait_us;
                self.delayed += u64::from(0 < outcome.wait_us);
            }
            End::Abandoned => {
                self.abandoned += 1;
                self.abandoned_within += u64::from(outcome.wait_us <= limits.short_abandon_us);
            }
            End::Released => self.released += 1,
            End::Refused => self.refused += 1,
            End::CallBack => self.call_backs += 1,
            End::Waiting => unreachable!("a run that is over leaves nobody waiting"),
        }
        self.offered += 1;
        self.redials += u64::from(0 < attempt);
        self.wait_all_us += wait_us;
        self.delayed += u64::from(outcome.end != End::Answered);
    }

    /// Adds the counts of another period, type or replication.
    pub fn merge(&mut self, other: &Self) {
        let Self {
            offered,
            answered,
            abandoned,
            released,
            refused,
            call_backs,
            within,
            delayed,
            abandoned_within,
            redials,
            contained,
            out_of_hours,
            not_reached,
            wait_answered_us,
            wait_all_us,
        } = other;
        self.offered += offered;
        self.answered += answered;
        self.abandoned += abandoned;
        self.released += released;
        self.refused += refused;
        self.call_backs += call_backs;
        self.within += within;
        self.delayed += delayed;
        self.abandoned_within += abandoned_within;
        self.redials += redials;
        self.contained += contained;
        self.out_of_hours += out_of_hours;
        self.not_reached += not_reached;
        self.wait_answered_us += wait_answered_us;
        self.wait_all_us += wait_all_us;
    }

    /// Returns numerator and denominator of a service level.
    pub const fn level(&self, kind: ServiceLevelKind) -> (u64, u64) {
        match kind {
            ServiceLevelKind::OfOffered => (self.within, self.offered),
            ServiceLevelKind::OfAnswered => (self.within, self.answered),
            ServiceLevelKind::WithoutShortAbandons => {
                (self.within, self.offered - self.abandoned_within)
            }
            ServiceLevelKind::CountingShortAbandons => {
                (self.within + self.abandoned_within, self.offered)
            }
        }
    }

    /// Returns a service level; nothing when no call counts.
    pub fn level_share(&self, kind: ServiceLevelKind) -> Option<f64> {
        let (num, den) = self.level(kind);
        share(num, den)
    }

    /// Returns the share of calls offered that gave up.
    pub fn abandoned_share(&self) -> Option<f64> {
        share(self.abandoned, self.offered)
    }

    /// Returns the mean wait of those answered, in seconds.
    pub fn wait_answered_secs(&self) -> Option<f64> {
        share(self.wait_answered_us, self.answered * 1_000_000)
    }

    /// Returns the mean wait of those offered, in seconds.
    pub fn wait_all_secs(&self) -> Option<f64> {
        share(self.wait_all_us, self.offered * 1_000_000)
    }
}

/// A share of a count; nothing of nothing.
pub fn share(num: u64, den: u64) -> Option<f64> {
    (0 < den).then(|| num as f64 / den as f64)
}

/// Counts by type, and by type and interval of arrival.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tallies {
    /// Length of an interval.
    pub interval_us: i64,
    /// By type.
    pub types: Vec<Tally>,
    /// By interval, then by type.
    pub intervals: Vec<Vec<Tally>>,
}

impl Tallies {
    /// Counts a run, by type and by interval.
    pub fn of(
        table: &CallTable,
        run: &Run,
        n_types: usize,
        limits: Limits,
        interval_us: i64,
    ) -> Self {
        let mut tallies =
            Self { interval_us, types: vec![Tally::default(); n_types], intervals: Vec::new() };
        for (call, outcome) in run.all(table) {
            let interval = usize::try_from(call.at_us.max(0) / interval_us)
                .expect("a simulation has fewer intervals than memory has words");
            if tallies.intervals.len() <= interval {
                tallies.intervals.resize(interval + 1, vec![Tally::default(); n_types]);
            }
            let kind = usize::from(call.kind);
            for row in [Some(&mut tallies.types), tallies.intervals.get_mut(interval)] {
                if let Some(tally) = row.and_then(|types| types.get_mut(kind)) {
                    tally.add(outcome, call.attempt, limits);
                }
            }
        }
        tallies
    }

    /// Adds the counts of another replication of the same centre.
    pub fn merge(&mut self, other: &Self) {
        merge_types(&mut self.types, &other.types);
        if self.intervals.len() < other.intervals.len() {
            let n_types = self.types.len();
            self.intervals.resize(other.intervals.len(), vec![Tally::default(); n_types]);
        }
        for (own, others) in self.intervals.iter_mut().zip(&other.intervals) {
            merge_types(own, others);
        }
    }

    /// Returns the counts of all types together.
    pub fn total(&self) -> Tally {
        sum(&self.types)
    }
}

fn merge_types(own: &mut [Tally], others: &[Tally]) {
    own.iter_mut().zip(others).for_each(|(own, other)| own.merge(other));
}

/// Adds counts up.
pub fn sum<'t>(tallies: impl IntoIterator<Item = &'t Tally>) -> Tally {
    tallies.into_iter().fold(Tally::default(), |mut total, tally| {
        total.merge(tally);
        total
    })
}

/// Counts a run by type only, leaving out what arrives before the system has filled.
pub fn by_type(
    table: &CallTable,
    run: &Run,
    n_types: usize,
    limits: Limits,
    from_us: i64,
) -> Vec<Tally> {
    let mut types = vec![Tally::default(); n_types];
    for (call, outcome) in run.all(table).filter(|(call, _)| from_us <= call.at_us) {
        if let Some(tally) = types.get_mut(usize::from(call.kind)) {
            tally.add(outcome, call.attempt, limits);
        }
    }
    types
}

//! The table of calls that a simulation is fed with. Read [`CallTable`] first.
//!
//! A table is either generated ([`Demand`]) or made from recorded calls ([`crate::trace`]); every
//! scenario works on the same one, thinned and moved by numbers that belong to each call, so that
//! differences between scenarios are differences of rules and not of luck.

use crate::centre::{CallType, Patience, Span};
use crate::distribution::{Distribution, NEVER_US, SECOND_US, Sampler};
use crate::num;
use crate::random::{Key, Purpose, Stream};

/// Calls in order of arrival.
#[derive(Clone, PartialEq, Debug)]
pub struct CallTable {
    /// What everything random about these calls follows from.
    pub key: Key,
    /// The calls.
    pub calls: Vec<Call>,
}

/// A call: when it comes, what it needs, what it puts up with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    /// Reaches the queue.
    pub at_us: i64,
    /// Conversation.
    pub talk_us: i64,
    /// After-call work.
    pub wrap_us: i64,
    /// Waits at most this long.
    pub patience_us: i64,
    /// The call of the table that this one goes back to: itself, unless it is a redial, a call-back
    /// or second-level work.
    pub root: u32,
    /// Its type.
    pub kind: u8,
    /// 0 for the first attempt.
    pub attempt: u8,
    /// 0 for the caller's own calls; one more for each call-back and each level that work was
    /// handed to. Decisions of different stages are taken by unrelated numbers.
    pub stage: u8,
}

impl CallTable {
    /// The numbers of one call of the table.
    pub(crate) fn key_of(&self, root: u32) -> Key {
        self.key.split(u64::from(root))
    }

    /// The numbers of a call, or of what it brought about: whatever queues and types a scenario
    /// adds, a call's decisions stay its own.
    pub(crate) fn key_at(&self, call: &Call) -> Key {
        let key = self.key_of(call.root);
        if call.stage == 0 { key } else { key.split(STAGES + u64::from(call.stage)) }
    }

    /// Keeps each call with a probability; a call kept at some probability is kept at any higher.
    #[must_use]
    pub fn thinned(&self, keep: impl Fn(&Call) -> f64) -> Self {
        let kept =
            |call: &&Call| self.key_of(call.root).uniform(Purpose::Thin, call.attempt) < keep(call);
        Self { key: self.key, calls: self.calls.iter().filter(kept).copied().collect() }
    }

    /// Moves a share of the calls of one span of the day to another, e.g. 15 % of 8–9 to 7–8.
    ///
    /// Spans are given as of the first day and repeat every `period_us`; a caller who moves at some
    /// share moves at any higher one.
    #[must_use]
    pub fn moved(&self, from: Span, to: Span, period_us: i64, share: f64) -> Self {
        let mut calls = self.calls.clone();
        for call in &mut calls {
            let start = call.at_us.div_euclid(period_us) * period_us;
            let within = call.at_us - start;
            if !from.holds(within) {
                continue;
            }
            let chance = self.key_of(call.root).uniform(Purpose::Move, 0);
            if chance < share {
                let place = (within - from.from_us) as f64 / from.length_us() as f64;
                call.at_us = start + to.from_us + num::round_i64(place * to.length_us() as f64);
            }
        }
        calls.sort_by_key(|call| call.at_us);
        Self { key: self.key, calls }
    }

    /// Changes each call, e.g. its handling time; order of arrival is put right afterwards.
    #[must_use]
    pub fn mapped(&self, mut change: impl FnMut(&mut Call)) -> Self {
        let mut calls = self.calls.clone();
        calls.iter_mut().for_each(&mut change);
        calls.sort_by_key(|call| call.at_us);
        Self { key: self.key, calls }
    }
}

/// What records say about calls that were not answered: whether their callers called again.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct KnownRedials {
    /// By the call tried again: root and attempt, in order.
    after: Vec<((u32, u8), Again)>,
}

/// Whether a caller called again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Again {
    /// Not within the time looked at.
    No,
    /// After a while.
    After {
        /// From giving up (or being turned away) to joining the queue again.
        delay_us: i64,
        /// The next attempt; its instant follows from the delay.
        again: Call,
    },
}

impl KnownRedials {
    /// Takes what is known of each attempt (root, attempt) that was not answered.
    pub fn new(mut after: Vec<((u32, u8), Again)>) -> Self {
        after.sort_by_key(|(attempt, _)| *attempt);
        Self { after }
    }

    /// Returns what is known of a call's next attempt; nothing where the call was answered in the
    /// records, or is not in them.
    pub fn after(&self, call: &Call) -> Option<Again> {
        if call.stage != 0 {
            return None;
        }
        let of = (call.root, call.attempt);
        let at = self.after.binary_search_by_key(&of, |(attempt, _)| *attempt).ok()?;
        self.after.get(at).map(|(_, again)| *again)
    }

    /// Changes each attempt that is known.
    #[must_use]
    pub fn mapped(&self, mut change: impl FnMut(&mut Call)) -> Self {
        let mut all = self.clone();
        for (_, again) in &mut all.after {
            if let Again::After { again, .. } = again {
                change(again);
            }
        }
        all
    }
}

/// Labels of stages, above those of purposes.
const STAGES: u64 = 0x5354_4147_4500;

/// How many calls come when.
#[derive(Clone, PartialEq, Debug)]
pub struct Demand {
    /// Length of an interval.
    pub interval_us: i64,
    /// Mean number of calls in each interval from the origin, for each type.
    pub calls: Vec<Vec<f64>>,
    /// Days share one factor on all their calls, of mean 1: counts vary more than Poisson's.
    pub day_us: i64,
    /// Standard deviation of the factor; 0.08 is usual, 0 for pure Poisson.
    pub day_spread: f64,
}

/// Shares of a whole that a type's calls take in an interval, and the whole.
#[derive(Debug)]
struct Interval {
    /// Calls of all types until the end of the interval, since the origin.
    until: f64,
    total: f64,
}

impl Demand {
    /// Makes one realisation: a Poisson process whose rate is constant within an interval, times
    /// the day's factor.
    ///
    /// Arrivals are found by following the cumulated rate, hence in order.
    pub fn generate(&self, types: &[CallType], key: Key) -> CallTable {
        let mut stream = key.split(0x6172_7269_7665).stream();
        let samplers: Vec<TypeSampler<'_>> = types.iter().map(TypeSampler::new).collect();
        let intervals = self.intervals(key);
        let n_expected = intervals.last().map_or(0.0, |last| last.until);
        let mut calls = Vec::with_capacity(num::floor_usize(n_expected * 1.1) + 64);
        let mut until = 0.0;
        let mut before = 0.0;
        let mut place = 0;
        let scale = self.interval_us as f64;
        loop {
            until -= num::ln(1.0 - stream.uniform());
            while intervals.get(place).is_some_and(|interval| interval.until <= until) {
                before = intervals[place].until;
                place += 1;
            }
            let Some(interval) = intervals.get(place) else { break };
            let within = (until - before) / (interval.until - before) * scale;
            let start = self.interval_us * i64::from(num::id(place));
            let kind = self.pick(place, stream.uniform() * interval.total);
            let at_us = start + num::round_i64(within).min(self.interval_us - 1);
            let sampler = &samplers[kind];
            calls.push(sampler.call(at_us, kind, num::id(calls.len()), &mut stream));
        }
        CallTable { key, calls }
    }

    /// The cumulated rate at the end of each interval.
    fn intervals(&self, key: Key) -> Vec<Interval> {
        let n = self.calls.iter().map(Vec::len).max().unwrap_or(0);
        let mut factors = key.split(0x6461_7973).stream();
        let (mut day, mut factor, mut until) = (-1, 1.0, 0.0);
        (0..n)
            .map(|i| {
                let this_day = i64::from(num::id(i)) * self.interval_us / self.day_us;
                if this_day != day {
                    day = this_day;
                    factor = self.day_factor(&mut factors);
                }
                let total: f64 = self.calls.iter().filter_map(|calls| calls.get(i)).sum();
                until += total * factor;
                Interval { until, total }
            })
            .collect()
    }

    /// A log-normal factor of mean 1.
    fn day_factor(&self, stream: &mut Stream) -> f64 {
        let u = stream.uniform();
        if self.day_spread <= 0.0 {
            return 1.0;
        }
        let variance = num::ln_1p(self.day_spread * self.day_spread);
        num::exp(variance.sqrt() * num::normal_quantile(u) - variance / 2.0)
    }

    /// The type at a place of an interval's total.
    #[inline]
    fn pick(&self, interval: usize, mut place: f64) -> usize {
        let mut last = 0;
        for (kind, calls) in self.calls.iter().enumerate() {
            let rate = calls.get(interval).copied().unwrap_or(0.0);
            if rate <= 0.0 {
                continue;
            }
            last = kind;
            if place < rate {
                return kind;
            }
            place -= rate;
        }
        last
    }
}

/// A type's durations, ready to be drawn from.
#[derive(Debug)]
pub(crate) struct TypeSampler<'a> {
    talk: Sampler<'a>,
    wrap: Sampler<'a>,
    patience: Sampler<'a>,
    none: f64,
}

impl<'a> TypeSampler<'a> {
    pub(crate) fn new(kind: &'a CallType) -> Self {
        Self {
            talk: kind.talk.sampler(),
            wrap: kind.wrap.sampler(),
            patience: kind.patience.then.sampler(),
            none: kind.patience.none,
        }
    }

    fn call(&self, at_us: i64, kind: usize, root: u32, stream: &mut Stream) -> Call {
        let talk_us = self.talk.quantile_us(stream.uniform());
        let wrap_us = match self.wrap {
            Sampler::Constant(us) => us,
            _ => self.wrap.quantile_us(stream.uniform()),
        };
        let patience_us = self.patience_us(stream.uniform());
        Call { at_us, talk_us, wrap_us, patience_us, root, kind: small(kind), attempt: 0, stage: 0 }
    }

    pub(crate) fn talk_us(&self, u: f64) -> i64 {
        self.talk.quantile_us(u)
    }

    pub(crate) fn wrap_us(&self, u: f64) -> i64 {
        self.wrap.quantile_us(u)
    }

    /// How long a caller waits at most.
    pub(crate) fn patience_us(&self, u: f64) -> i64 {
        if u < self.none {
            return 0;
        }
        if 0.0 < self.none {
            return self.patience.quantile_us((u - self.none) / (1.0 - self.none));
        }
        self.patience.quantile_us(u)
    }
}

/// The number of a type in a call.
pub(crate) fn small(kind: usize) -> u8 {
    u8::try_from(kind).expect("a centre has at most 255 types of calls")
}

/// Patience of somebody known to have had to wait, and not to have given up: the distribution given
/// that it is longer.
pub(crate) fn patience_beyond(kind: &CallType, waited_us: i64, u: f64) -> i64 {
    patience_given(&kind.patience.then, waited_us, u)
}

/// Patience given that it is longer than a wait.
pub(crate) fn patience_given(then: &Distribution, waited_us: i64, u: f64) -> i64 {
    let waited_secs = waited_us as f64 / SECOND_US as f64;
    let longer = then.survival(waited_secs);
    if longer <= 0.0 {
        return NEVER_US;
    }
    let drawn = then.sampler().quantile_us(1.0 - longer * (1.0 - u));
    drawn.max(waited_us)
}

/// Patience of somebody of whom nothing is known.
pub(crate) fn patience_of(patience: &Patience, u: f64) -> i64 {
    if u < patience.none {
        return 0;
    }
    patience.then.sampler().quantile_us((u - patience.none) / (1.0 - patience.none))
}

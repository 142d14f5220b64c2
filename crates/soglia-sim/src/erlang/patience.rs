//! Erlang A: those who wait give up. Read [`erlang_a`] first.
//!
//! Everything is a sum over the number `j` of calls found waiting. With service rate `c·mu` and
//! patience rate `theta`, the wait offered to a call that finds `j` others is a sum of exponential
//! times with rates `c·mu + i·theta`, `i = 0..=j`, and `exp(-theta · wait)` has the distribution
//! Beta(`c·mu/theta`, `j + 1`). Each service level is then a sum of regularised incomplete beta
//! functions, each got from the one before by one multiplication: no numerical integration.

use super::{
    InputError, Load, Performance, ServiceLevels, blocking, check_limit, check_operators,
    check_patience, idle,
};
use crate::num;

/// Computes Erlang A (M/M/c+M): callers who wait give up after an exponential time of mean
/// `patience_secs`; first come, first served.
///
/// A steady state exists for any load, because a long queue empties itself.
///
/// ```
/// use soglia_sim::erlang::{Load, erlang_a};
/// // 48 calls a minute of one minute each, 50 operators, patience two minutes.
/// let a = erlang_a(Load::new(2880.0, 60.0)?, 50, 120.0, 20.0)?;
/// assert_eq!(format!("{:.1} s, {:.1} %", a.wait_all_secs, 100.0 * a.abandoned), "3.7 s, 3.1 %");
/// # Ok::<(), soglia_sim::erlang::InputError>(())
/// ```
pub fn erlang_a(
    load: Load,
    operators: u32,
    patience_secs: f64,
    limit_secs: f64,
) -> Result<Performance, InputError> {
    check_operators(operators)?;
    check_limit(limit_secs)?;
    check_patience(load, patience_secs)?;
    if load.calls_per_sec() <= 0.0 {
        return Ok(idle());
    }
    let rates = Rates::new(load, operators, patience_secs);
    let delayed = rates.delayed(load.erlangs(), operators);
    let queue = rates.queue(rates.calls, delayed, limit_secs);
    Ok(queue.performance(&rates, rates.carried(queue.abandoned)))
}

/// Rates per second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    pub(super) calls: f64,
    pub(super) service: f64,
    pub(super) patience: f64,
}

impl Rates {
    pub(super) fn new(load: Load, operators: u32, patience_secs: f64) -> Self {
        Self {
            calls: load.calls_per_sec(),
            service: f64::from(operators) / load.handling_secs(),
            patience: 1.0 / patience_secs,
        }
    }

    /// The share of the operators' time that is busy.
    pub(super) fn carried(&self, abandoned: f64) -> f64 {
        self.calls * (1.0 - abandoned) / self.service
    }

    /// The probability that all operators are busy: waiting states weighed against Erlang B's.
    pub(super) fn delayed(&self, erlangs: f64, operators: u32) -> f64 {
        let blocked = blocking(erlangs, operators);
        let mut weights = Weights::new(self, self.calls);
        let (mut sum, mut scale) = (0.0, 1.0);
        while let Some(step) = weights.next_weight(sum) {
            if let Step::Rescaled = step {
                sum /= RESCALE;
                scale /= RESCALE;
            }
            sum += weights.weight;
        }
        // In units of "all busy, nobody waits": 1/B for up to c calls, the sum for c and more.
        sum * blocked / (scale * (1.0 - blocked) + sum * blocked)
    }

    /// What calls arriving at rate `calls` meet, if together they are delayed with probability
    /// `delayed` and wait only for each other.
    pub(super) fn queue(&self, calls: f64, delayed: f64, limit_secs: f64) -> Queue {
        let mut sums = Sums::new(self, limit_secs);
        let mut weights = Weights::new(self, calls);
        while let Some(step) = weights.next_weight(sums.weight) {
            if let Step::Rescaled = step {
                sums.divide(RESCALE);
            }
            sums.add(weights.weight);
        }
        let share = if sums.weight <= 0.0 { 0.0 } else { delayed / sums.weight };
        let abandoned = sums.abandoned * share;
        Queue {
            calls,
            delayed,
            within: (1.0 - delayed) + sums.within * share,
            abandoned,
            abandoned_within: sums.abandoned_within * share,
            wait_answered_secs: sums.wait_answered * share / (1.0 - abandoned),
        }
    }
}

/// What a class of calls meets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Queue {
    calls: f64,
    delayed: f64,
    within: f64,
    pub(super) abandoned: f64,
    abandoned_within: f64,
    wait_answered_secs: f64,
}

impl Queue {
    pub(super) fn performance(&self, rates: &Rates, occupancy: f64) -> Performance {
        let queue_length = self.calls * self.abandoned / rates.patience;
        Performance {
            delayed: self.delayed,
            levels: ServiceLevels::from_shares(self.within, self.abandoned, self.abandoned_within),
            wait_answered_secs: self.wait_answered_secs,
            wait_all_secs: self.abandoned / rates.patience,
            queue_length,
            abandoned: self.abandoned,
            abandoned_within: self.abandoned_within,
            occupancy,
        }
    }
}

/// Weights are divided by this when they grow beyond it; overload would otherwise overflow.
const RESCALE: f64 = 1e150;

/// Relative probabilities of `j` calls waiting: 1, then each times `calls/(service + j·patience)`.
struct Weights {
    calls: f64,
    service: f64,
    patience: f64,
    waiting: f64,
    weight: f64,
}

enum Step {
    Plain,
    Rescaled,
}

impl Weights {
    fn new(rates: &Rates, calls: f64) -> Self {
        Self { calls, service: rates.service, patience: rates.patience, waiting: -1.0, weight: 1.0 }
    }

    /// Moves to the next state, until the rest is negligible beside `sum`.
    fn next_weight(&mut self, sum: f64) -> Option<Step> {
        self.waiting += 1.0;
        if self.waiting <= 0.0 {
            return Some(Step::Plain);
        }
        let ratio = self.calls / (self.service + self.waiting * self.patience);
        self.weight *= ratio;
        // Ratios fall from here on: the rest is at most a geometric series.
        if ratio < 1.0 && self.weight <= 1e-18 * sum * (1.0 - ratio) {
            return None;
        }
        if RESCALE < self.weight {
            self.weight /= RESCALE;
            return Some(Step::Rescaled);
        }
        Some(Step::Plain)
    }
}

/// Sums over the number of calls found waiting, in step with [`Weights`].
struct Sums {
    service: f64,
    patience: f64,
    /// `service / patience`.
    ratio: f64,
    ahead: f64,
    /// `sum 1/(service + i·patience)`, `i = 1..=ahead + 1`.
    clearing_secs: f64,
    /// Probability that patience ends within the limit.
    impatient: f64,
    /// `I_y(ahead + 1, ratio)` and `I_y(ahead + 1, ratio + 1)`, where `y` is `impatient`.
    offered: BetaStep,
    served: BetaStep,
    weight: f64,
    within: f64,
    abandoned: f64,
    abandoned_within: f64,
    wait_answered: f64,
}

impl Sums {
    fn new(rates: &Rates, limit_secs: f64) -> Self {
        let ratio = rates.service / rates.patience;
        let impatient = -num::exp_m1(-rates.patience * limit_secs);
        let survival_exponent = -rates.patience * limit_secs;
        Self {
            service: rates.service,
            patience: rates.patience,
            ratio,
            ahead: 0.0,
            clearing_secs: 1.0 / (rates.service + rates.patience),
            impatient,
            offered: BetaStep::new(ratio, survival_exponent, impatient),
            served: BetaStep::new(ratio + 1.0, survival_exponent, impatient),
            weight: 0.0,
            within: 0.0,
            abandoned: 0.0,
            abandoned_within: 0.0,
            wait_answered: 0.0,
        }
    }

    fn add(&mut self, weight: f64) {
        let answered = self.ratio / (self.ratio + self.ahead + 1.0);
        let within = answered * self.served.value;
        // Neither answered nor gone at the limit: the wait is longer, and so is the patience.
        let still_waiting = (1.0 - self.offered.value) * (1.0 - self.impatient);
        self.weight += weight;
        self.within += weight * within;
        self.abandoned += weight * (1.0 - answered);
        self.abandoned_within += weight * (1.0 - still_waiting - within).max(0.0);
        self.wait_answered += weight * answered * self.clearing_secs;
        self.ahead += 1.0;
        self.clearing_secs += 1.0 / (self.service + (self.ahead + 1.0) * self.patience);
        self.offered.advance(self.ahead);
        self.served.advance(self.ahead);
    }

    fn divide(&mut self, by: f64) {
        for sum in [
            &mut self.weight,
            &mut self.within,
            &mut self.abandoned,
            &mut self.abandoned_within,
            &mut self.wait_answered,
        ] {
            *sum /= by;
        }
    }
}

/// `I_y(k, b)` for `k = 1, 2, …`: `I_y(k+1, b) = I_y(k, b) - y^k (1-y)^b / (k B(k, b))`.
struct BetaStep {
    b: f64,
    y: f64,
    value: f64,
    /// The next term is `mantissa · exp(-exponent · SHIFT)`: `(1-y)^b` alone may underflow.
    mantissa: f64,
    exponent: u32,
}

/// Powers of e that one unit of [`BetaStep::exponent`] stands for.
const SHIFT: f64 = 300.0;

impl BetaStep {
    /// Starts at k = 1; `exponent` is the logarithm of `1 - y`.
    fn new(b: f64, exponent: f64, y: f64) -> Self {
        let total = b * exponent;
        let shifts = num::ceil_u32(-total / SHIFT - 1.0);
        let mantissa = num::exp(total + f64::from(shifts) * SHIFT);
        // I_y(1, b) = 1 - (1-y)^b; the term that leads to k = 2 is y (1-y)^b / B(1, b).
        Self { b, y, value: -num::exp_m1(total), mantissa: mantissa * y * b, exponent: shifts }
    }

    /// Moves from `k` to `k + 1`.
    fn advance(&mut self, k: f64) {
        if self.exponent == 0 {
            self.value = (self.value - self.mantissa).max(0.0);
        }
        self.mantissa *= self.y * (self.b + k) / (k + 1.0);
        // A term not counted meanwhile is below exp(-SHIFT).
        if 0 < self.exponent && 1.0 < self.mantissa {
            self.mantissa *= num::exp(-SHIFT);
            self.exponent -= 1;
        }
    }
}

//! Several classes on the same operators, higher classes first. Read [`priority`] first.
//!
//! Handling times are exponential with the same mean for every class, a conversation is never
//! interrupted, and within a class the first come is the first served. This answers "a queue of its
//! own with priority, on the same operators" without simulation.

use super::delay::delay_probability;
use super::patience::Rates;
use super::{
    EVENTS_MAX, InputError, Load, Performance, Steady, check_limit, check_operators, check_patience,
};
use crate::num;

/// What a class meets where nobody gives up.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ClassDelay {
    /// Offered load of the class, in Erlang.
    pub erlangs: f64,
    /// Share of calls that find every operator busy; the same for every class.
    pub delayed: f64,
    /// Share answered within the limit.
    pub within: f64,
    /// Mean wait, those that did not wait included.
    pub wait_secs: f64,
    /// Mean number of the class's calls waiting.
    pub queue_length: f64,
}

/// What a class meets where callers give up.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ClassPatience {
    /// Offered load of the class, in Erlang.
    pub erlangs: f64,
    /// Share of calls that find every operator busy; the same for every class.
    pub delayed: f64,
    /// Share of calls that give up.
    pub abandoned: f64,
    /// Mean wait of all calls, answered or not.
    pub wait_all_secs: f64,
    /// Mean number of the class's calls waiting.
    pub queue_length: f64,
    /// Everything else; only for the highest class, which waits for nobody but itself.
    pub highest: Option<Performance>,
}

/// Computes M/M/c with non-preemptive priorities; `calls_per_hour` has the highest class first.
///
/// Class k waits on average `C h / c / ((1 - s(k-1)) (1 - s(k)))`, where `s(k)` is the load of
/// classes 1..=k per operator. Its delayed calls wait until the classes up to k that were there,
/// and everybody higher who comes meanwhile, are served: a random walk whose first passage is
/// computed exactly, event by event, instead of inverting a Laplace transform.
///
/// ```
/// use soglia_sim::erlang::{Steady, priority};
/// let Steady::Stable(classes) = priority(&[100.0, 500.0], 240.0, 45, 20.0)? else { panic!() };
/// let waits: Vec<String> = classes.iter().map(|c| format!("{:.4}", c.wait_secs)).collect();
/// assert_eq!(waits, ["2.1331", "19.1980"]);
/// # Ok::<(), soglia_sim::erlang::InputError>(())
/// ```
pub fn priority(
    calls_per_hour: &[f64],
    handling_secs: f64,
    operators: u32,
    limit_secs: f64,
) -> Result<Steady<Vec<ClassDelay>>, InputError> {
    let (loads, total) = loads(calls_per_hour, handling_secs)?;
    check_operators(operators)?;
    check_limit(limit_secs)?;
    let c = f64::from(operators);
    if c <= total.erlangs() {
        return Ok(Steady::Unstable { erlangs: total.erlangs(), operators });
    }
    let delayed = delay_probability(total.erlangs(), operators);
    let service = c / handling_secs;
    let events = (service + total.calls_per_sec()) * limit_secs;
    if 1 < loads.len() && EVENTS_MAX < events {
        return Err(InputError::Events(events));
    }
    let mut higher = 0.0;
    let classes = loads.iter().map(|load| {
        let up_to = higher + load.calls_per_sec();
        let wait_secs = delayed / service / ((1.0 - higher / service) * (1.0 - up_to / service));
        let late = delayed * still_waiting(higher, up_to, service, limit_secs);
        higher = up_to;
        ClassDelay {
            erlangs: load.erlangs(),
            delayed,
            within: 1.0 - late,
            wait_secs,
            queue_length: load.calls_per_sec() * wait_secs,
        }
    });
    Ok(Steady::Stable(classes.collect()))
}

/// Computes M/M/c+M with non-preemptive priorities: every class has the same exponential patience.
///
/// Classes 1..=k together do not notice the others, so their totals follow from
/// `calls(1..=k) p(i) = (c/h + (i + 1)/patience) p(i + 1)`, and each class is a difference.
pub fn priority_with_patience(
    calls_per_hour: &[f64],
    handling_secs: f64,
    operators: u32,
    patience_secs: f64,
    limit_secs: f64,
) -> Result<Vec<ClassPatience>, InputError> {
    let (loads, total) = loads(calls_per_hour, handling_secs)?;
    check_operators(operators)?;
    check_limit(limit_secs)?;
    check_patience(total, patience_secs)?;
    let rates = Rates::new(total, operators, patience_secs);
    let delayed = if 0.0 < rates.calls { rates.delayed(total.erlangs(), operators) } else { 0.0 };
    let everybody = rates.queue(rates.calls, delayed, limit_secs);
    let occupancy = rates.carried(everybody.abandoned);
    let (mut higher, mut lost_higher) = (0.0, 0.0);
    let classes = loads.iter().enumerate().map(|(k, load)| {
        let calls = load.calls_per_sec();
        let up_to = higher + calls;
        let queue = rates.queue(up_to, delayed, limit_secs);
        let lost = up_to * queue.abandoned;
        let abandoned = if 0.0 < calls { (lost - lost_higher) / calls } else { 0.0 };
        (higher, lost_higher) = (up_to, lost);
        ClassPatience {
            erlangs: load.erlangs(),
            delayed,
            abandoned,
            wait_all_secs: abandoned / rates.patience,
            queue_length: calls * abandoned / rates.patience,
            highest: (k == 0).then(|| queue.performance(&rates, occupancy)),
        }
    });
    Ok(classes.collect())
}

fn loads(calls_per_hour: &[f64], handling_secs: f64) -> Result<(Vec<Load>, Load), InputError> {
    if calls_per_hour.is_empty() {
        return Err(InputError::NoClasses);
    }
    let loads = calls_per_hour
        .iter()
        .map(|&calls| Load::new(calls, handling_secs))
        .collect::<Result<_, _>>();
    Ok((loads?, Load::new(calls_per_hour.iter().sum(), handling_secs)?))
}

/// The probability that a delayed call of a class still waits after `limit_secs`.
///
/// While all operators are busy, conversations end at rate `service` and calls that go ahead of
/// ours come at rate `higher`. Ours finds n calls of its class or higher, n geometric with ratio
/// `up_to / service`, and is answered at the first passage of the walk from n + 1 to 0.
fn still_waiting(higher: f64, up_to: f64, service: f64, limit_secs: f64) -> f64 {
    let down = service / (service + higher);
    let up = 1.0 - down;
    let ratio = up_to / service;
    if higher <= 0.0 {
        // Nobody overtakes: a geometric number of exponential times is exponential.
        return num::exp(-(service - up_to) * limit_secs);
    }
    let events = (service + higher) * limit_secs;
    let n_events = num::floor_usize(events + 12.0 * events.sqrt() + 40.0);
    // ahead[i]: probability that i + 1 services are missing; beyond n_events nobody gets through.
    let mut ahead: Vec<f64> = Vec::with_capacity(n_events + 1);
    let mut share = 1.0 - ratio;
    for _ in 0..=n_events {
        ahead.push(share);
        share *= ratio;
    }
    let mut beyond = 1.0 - ahead.iter().sum::<f64>();
    let mut poisson = Poisson::new(events);
    let mut late = 0.0;
    for event in 0..=n_events {
        let waiting = (ahead.iter().sum::<f64>() + beyond).max(0.0);
        late += poisson.probability(event) * waiting;
        walk(&mut ahead, &mut beyond, up, down);
    }
    late
}

/// One event: a service missing less with probability `down`, one more with `up`.
fn walk(ahead: &mut [f64], beyond: &mut f64, up: f64, down: f64) {
    let mut below = 0.0;
    let mut cells = ahead.iter_mut().peekable();
    while let Some(cell) = cells.next() {
        let here = *cell;
        let above = cells.peek().map_or(0.0, |next| **next);
        *cell = above * down + below * up;
        below = here;
    }
    *beyond += below * up;
}

/// Poisson probabilities in sequence, in logarithms: `exp(-mean)` alone may underflow.
struct Poisson {
    mean: f64,
    log: f64,
}

impl Poisson {
    fn new(mean: f64) -> Self {
        Self { mean, log: -mean }
    }

    /// The probability of `n`; asked for n = 0, 1, 2 … in turn.
    fn probability(&mut self, n: usize) -> f64 {
        if 0 < n {
            self.log += num::ln(self.mean / n as f64);
        }
        if self.mean <= 0.0 { f64::from(u8::from(n == 0)) } else { num::exp(self.log) }
    }
}

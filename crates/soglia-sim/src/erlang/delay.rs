//! Erlang C: everybody waits. Read [`erlang_c`] first.

use super::{
    InputError, Load, Performance, ServiceLevels, Steady, blocking, check_limit, check_operators,
    idle, longer_than,
};

/// Computes Erlang C (M/M/c): nobody gives up, first come first served.
///
/// With `a` Erlang on `c` operators and `B` from Erlang B, a call is delayed with probability
/// `C = B / (1 - (a/c)(1 - B))` and then waits an exponential time of mean `h / (c - a)`.
///
/// ```
/// use soglia_sim::erlang::{Load, Steady, erlang_c};
/// let load = Load::new(200.0, 180.0)?;
/// let Steady::Stable(c) = erlang_c(load, 14, 20.0)? else { panic!("14 operators are enough") };
/// assert_eq!(format!("{:.5}", c.levels.of_offered), "0.88835");
/// assert_eq!(format!("{:.8}", c.wait_answered_secs), "7.83593701");
/// assert!(matches!(erlang_c(load, 10, 20.0)?, Steady::Unstable { operators: 10, .. }));
/// # Ok::<(), soglia_sim::erlang::InputError>(())
/// ```
pub fn erlang_c(
    load: Load,
    operators: u32,
    limit_secs: f64,
) -> Result<Steady<Performance>, InputError> {
    check_operators(operators)?;
    check_limit(limit_secs)?;
    let erlangs = load.erlangs();
    let c = f64::from(operators);
    if c <= erlangs {
        return Ok(Steady::Unstable { erlangs, operators });
    }
    if erlangs <= 0.0 {
        return Ok(Steady::Stable(idle()));
    }
    let delayed = delay_probability(erlangs, operators);
    let wait_delayed_secs = load.handling_secs() / (c - erlangs);
    let wait = delayed * wait_delayed_secs;
    let within = 1.0 - delayed * longer_than(limit_secs, wait_delayed_secs);
    Ok(Steady::Stable(Performance {
        delayed,
        levels: ServiceLevels::nobody_gives_up(within),
        wait_answered_secs: wait,
        wait_all_secs: wait,
        queue_length: load.calls_per_sec() * wait,
        abandoned: 0.0,
        abandoned_within: 0.0,
        occupancy: erlangs / c,
    }))
}

/// The share of calls that find all operators busy; `erlangs` is below `operators`.
pub(super) fn delay_probability(erlangs: f64, operators: u32) -> f64 {
    let blocked = blocking(erlangs, operators);
    let used = erlangs / f64::from(operators);
    blocked / (1.0 - used * (1.0 - blocked))
}

//! Laws of the closed formulas.

use proptest::prelude::*;
use soglia_sim::erlang::{Load, ServiceLevelKind, Steady, erlang_a, erlang_b, erlang_c, priority};

fn load(calls: f64, secs: f64) -> Load {
    Load::new(calls, secs).expect("a load")
}

proptest! {
    #[test]
    fn more_operators_are_never_worse(
        calls in 1.0..3000.0_f64, secs in 30.0..600.0_f64, patience in 10.0..900.0_f64,
        limit in 0.0..120.0_f64, n in 1_u32..400,
    ) {
        let load = load(calls, secs);
        let with = |n: u32| erlang_a(load, n, patience, limit).expect("valid");
        let (few, more) = (with(n), with(n + 1));
        let rounding = 1e-9;
        for kind in ServiceLevelKind::ALL {
            prop_assert!(few.levels.of(kind) <= more.levels.of(kind) + rounding, "{kind:?}");
        }
        prop_assert!(more.abandoned <= few.abandoned + rounding);
        prop_assert!(more.wait_all_secs <= few.wait_all_secs + rounding * few.wait_all_secs);
        prop_assert!(more.occupancy <= few.occupancy + rounding);
        let blocked = |n: u32| erlang_b(load, n).expect("valid").blocked;
        prop_assert!(blocked(n + 1) <= blocked(n));
        if let Steady::Stable(few) = erlang_c(load, n, limit).expect("valid") {
            let more = erlang_c(load, n + 1, limit).expect("valid").stable().expect("stable");
            prop_assert!(few.levels.of_offered <= more.levels.of_offered + rounding);
            prop_assert!(load.erlangs() < f64::from(n));
        } else {
            prop_assert!(f64::from(n) <= load.erlangs());
        }
    }

    /// What comes in is answered or gives up, and who waits is who is on the way.
    #[test]
    fn flows_balance(
        calls in 1.0..3000.0_f64, secs in 30.0..600.0_f64, patience in 10.0..900.0_f64,
        limit in 0.0..120.0_f64, n in 1_u32..400,
    ) {
        let load = load(calls, secs);
        let found = erlang_a(load, n, patience, limit).expect("valid");
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-7 * a.abs().max(b.abs()).max(1e-6);
        let busy = found.occupancy * f64::from(n);
        prop_assert!(near(busy, load.erlangs() * (1.0 - found.abandoned)), "{found:?}");
        prop_assert!(near(found.queue_length, calls / 3600.0 * found.wait_all_secs));
        prop_assert!(near(found.abandoned * calls / 3600.0, found.queue_length / patience));
        let levels = found.levels;
        let rounding = 1e-9;
        prop_assert!(levels.of_offered <= levels.without_short_abandons + rounding);
        prop_assert!(levels.without_short_abandons <= levels.of_answered + rounding);
        prop_assert!(levels.of_offered <= levels.counting_short_abandons + rounding);
        prop_assert!(found.abandoned_within <= found.abandoned + rounding);
    }

    /// The total wait does not know of priorities (nobody gives up, equal handling times).
    #[test]
    fn priorities_move_waits_and_do_not_make_them(
        high in 1.0..600.0_f64, low in 1.0..600.0_f64, secs in 30.0..400.0_f64, spare in 1_u32..20,
    ) {
        let whole = load(high + low, secs);
        let n = soglia_sim::num::ceil_u32(whole.erlangs()) + spare;
        let classes = priority(&[high, low], secs, n, 20.0).expect("valid");
        let classes = classes.stable().expect("stable");
        let all = erlang_c(whole, n, 20.0).expect("valid").stable().expect("stable");
        let queue: f64 = classes.iter().map(|class| class.queue_length).sum();
        prop_assert!((queue - all.queue_length).abs() <= 1e-9 * queue.max(1e-6));
        prop_assert!(classes[0].wait_secs <= classes[1].wait_secs);
        prop_assert!(classes[1].within <= classes[0].within + 1e-9);
    }
}

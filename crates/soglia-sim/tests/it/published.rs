//! Values that others have published.

use soglia_sim::erlang::{
    Load, Requirement, ServiceLevelKind, Steady, erlang_a, erlang_c, positions, priority,
    priority_with_patience, required_erlang_a, required_erlang_b, required_erlang_c,
    required_priority, required_priority_with_patience,
};

fn load(calls_per_hour: f64, handling_secs: f64) -> Load {
    Load::new(calls_per_hour, handling_secs).expect("a load")
}

/// README of the R package ErlangC; pyworkforce 0.5.1 with occupancy 85 % and shrinkage 30 %.
#[test]
fn a_hundred_calls_in_half_an_hour() {
    let load = load(200.0, 180.0);
    let value = erlang_c(load, 14, 20.0).expect("valid").stable().expect("14 are enough");
    assert_eq!(format!("{:.7}", value.delayed), "0.1741319");
    assert_eq!(format!("{:.10}", value.levels.of_offered), "0.8883500192");
    assert_eq!(format!("{:.8}", value.wait_answered_secs), "7.83593701");
    assert_eq!(format!("{:.7}", value.occupancy), "0.7142857");
    let requirement = Requirement { occupancy_max: 0.85, ..Requirement::of_offered(0.8, 20.0) };
    assert_eq!(required_erlang_c(load, &requirement), Ok(14));
    assert_eq!(positions(14, 0.3), Ok(20));
}

/// Garnett, Mandelbaum and Reiman (2002): what a little impatience changes.
#[test]
fn fifty_operators_with_and_without_patience() {
    let load = load(48.0 * 60.0, 60.0);
    let without = erlang_c(load, 50, 20.0).expect("valid").stable().expect("stable");
    let with = erlang_a(load, 50, 120.0, 20.0).expect("valid");
    assert_eq!(format!("{:.1} {:.1}", without.wait_all_secs, with.wait_all_secs), "20.8 3.7");
    assert_eq!(format!("{:.1} %", 100.0 * with.abandoned), "3.1 %");
    assert_eq!(format!("{:.0} {:.0}", without.queue_length, with.queue_length), "17 3");
    let busy = (100.0 * without.occupancy, 100.0 * with.occupancy);
    assert_eq!(format!("{:.0} {:.0}", busy.0, busy.1), "96 93");
}

/// One widely used calculator starts its search above the answer: 10.6 Erlang need 11 operators.
#[test]
fn the_search_does_not_skip_the_answer() {
    let load = load(212.0, 180.0);
    let value = erlang_c(load, 11, 20.0).expect("valid").stable().expect("stable");
    assert_eq!(format!("{:.4}", value.levels.of_offered), "0.1726");
    assert_eq!(required_erlang_c(load, &Requirement::of_offered(0.15, 20.0)), Ok(11));
}

/// Erlang C asks for five operators too many where callers give up.
#[test]
fn patience_saves_operators() {
    let load = load(600.0, 240.0);
    let requirement = Requirement::of_offered(0.8, 20.0);
    assert_eq!(required_erlang_c(load, &requirement), Ok(46));
    assert_eq!(required_erlang_a(load, 120.0, &requirement), Ok(41));
}

#[test]
fn an_understaffed_queue_is_unstable_and_never_a_number() {
    for (calls, operators) in [(200.0, 9), (200.0, 10), (1e6, 1)] {
        let value = erlang_c(load(calls, 180.0), operators, 20.0).expect("valid");
        assert!(matches!(value, Steady::Unstable { .. }), "{calls} on {operators}: {value:?}");
    }
    let classes = priority(&[100.0, 100.0], 180.0, 10, 20.0).expect("valid");
    assert!(matches!(classes, Steady::Unstable { operators: 10, .. }));
}

#[test]
fn ten_thousand_operators_do_not_overflow() {
    for calls in [1.0, 120_000.0, 149_000.0, 149_999.0, 150_000.0, 300_000.0, 3_000_000.0] {
        let load = load(calls, 240.0);
        let a = erlang_a(load, 10_000, 120.0, 20.0).expect("valid");
        let shares = [
            a.delayed,
            a.levels.of_offered,
            a.levels.of_answered,
            a.levels.without_short_abandons,
            a.levels.counting_short_abandons,
            a.abandoned,
            a.abandoned_within,
            a.occupancy,
        ];
        for share in shares {
            assert!((-1e-12..=1.0 + 1e-12).contains(&share), "{calls} calls: {a:?}");
        }
        // What comes in goes out: answered, or gone.
        let busy = load.erlangs() * (1.0 - a.abandoned) / 10_000.0;
        assert!((busy - a.occupancy).abs() < 1e-12 && a.wait_answered_secs.is_finite(), "{a:?}");
        let classes = priority_with_patience(&[calls / 2.0; 2], 240.0, 10_000, 120.0, 20.0);
        for class in classes.expect("valid") {
            assert!((-1e-9..=1.0).contains(&class.abandoned), "{calls} calls: {class:?}");
        }
        if let Steady::Stable(c) = erlang_c(load, 10_000, 20.0).expect("valid") {
            assert!((0.0..=1.0).contains(&c.delayed) && c.wait_all_secs.is_finite(), "{c:?}");
        }
        if let Steady::Stable(classes) =
            priority(&[calls / 2.0; 2], 240.0, 10_000, 20.0).expect("valid")
        {
            for class in classes {
                assert!((-1e-12..=1.0).contains(&class.within), "{calls} calls: {class:?}");
            }
        }
    }
    // Twice the load for a very patient public: half is lost, nobody is answered at once.
    let a = erlang_a(load(300_000.0, 240.0), 10_000, 3600.0, 20.0).expect("valid");
    assert!((a.abandoned - 0.5).abs() < 1e-6 && a.levels.of_offered < 1e-9, "{a:?}");
}

#[test]
fn service_levels_are_named_apart() {
    // 8 operators, 10 Erlang, patience one minute: four answers to the same question.
    let levels = erlang_a(load(200.0, 180.0), 8, 60.0, 20.0).expect("valid").levels;
    let printed = [
        ServiceLevelKind::OfOffered,
        ServiceLevelKind::OfAnswered,
        ServiceLevelKind::WithoutShortAbandons,
        ServiceLevelKind::CountingShortAbandons,
    ]
    .map(|kind| format!("{:.1}", 100.0 * levels.of(kind)));
    assert_eq!(printed, ["52.8", "73.1", "62.3", "68.1"]);
}

#[test]
fn input_that_means_nothing_is_refused() {
    assert!(Load::new(-1.0, 180.0).is_err());
    assert!(Load::new(f64::NAN, 180.0).is_err());
    assert!(Load::new(10.0, 0.0).is_err());
    assert!(erlang_c(load(10.0, 180.0), 0, 20.0).is_err());
    assert!(erlang_a(load(10.0, 180.0), 1, f64::INFINITY, 20.0).is_err());
    assert!(erlang_a(load(10.0, 180.0), 1, 60.0, -1.0).is_err());
    assert!(positions(10, 1.0).is_err());
    assert!(priority(&[], 180.0, 3, 20.0).is_err());
    assert!(required_erlang_c(load(10.0, 180.0), &Requirement::of_offered(1.0, 20.0)).is_err());
}

#[test]
fn a_refusal_names_the_bounds_that_hold() {
    let blocked = required_erlang_b(load(10.0, 180.0), 0.0).expect_err("nobody blocked");
    assert_eq!(
        blocked.to_string(),
        "the share blocked at most must be above 0 and below 1, found `0`",
    );
    let idle = Requirement { occupancy_max: 0.0, ..Requirement::of_offered(0.8, 20.0) };
    let idle = required_erlang_c(load(10.0, 180.0), &idle).expect_err("nobody busy");
    assert_eq!(idle.to_string(), "the highest occupancy must be above 0 and at most 1, found `0`");
}

/// A limit on those who give up may ask for more than the level does, and the answer is the first
/// number that keeps both.
#[test]
fn a_limit_on_who_gives_up_asks_for_operators_too() {
    let load = load(600.0, 240.0);
    let level = Requirement::of_offered(0.8, 20.0);
    let both = Requirement { abandoned_max: 0.03, ..level };
    let n = required_erlang_a(load, 120.0, &both).expect("valid");
    let with = |n: u32| erlang_a(load, n, 120.0, 20.0).expect("valid");
    assert!(with(n).abandoned <= 0.03 && 0.03 < with(n - 1).abandoned, "{n}");
    assert!(required_erlang_a(load, 120.0, &level).expect("valid") < n);
    let none = Requirement { abandoned_max: 0.0, ..level };
    assert_eq!(
        required_erlang_a(load, 120.0, &none).expect_err("nobody gives up").to_string(),
        "the share that gives up at most must be above 0 and at most 1, found `0`",
    );
}

/// The selected values: priority 100 an hour over 500 on 45 operators, 40 with patience.
#[test]
fn operators_for_classes_are_the_first_that_meet_every_level() {
    let calls = [100.0, 500.0];
    let within = |n: u32| -> Vec<f64> {
        let classes = priority(&calls, 240.0, n, 20.0).expect("valid").stable().expect("stable");
        classes.iter().map(|class| class.within).collect()
    };
    assert_eq!(format!("{:.7} {:.7}", within(45)[0], within(45)[1]), "0.9860347 0.7645900");
    let n = required_priority(&calls, 240.0, &[0.95, 0.8], 20.0, 1.0).expect("valid");
    let meets = |n: u32| 0.95 <= within(n)[0] && 0.8 <= within(n)[1];
    assert!(meets(n) && !meets(n - 1), "{n}");
    assert_eq!(required_priority(&calls, 240.0, &[0.986, 0.76], 20.0, 1.0), Ok(45));
    // 40 Erlang on 48 operators are the first at most 84 % busy.
    assert_eq!(required_priority(&calls, 240.0, &[0.986, 0.76], 20.0, 0.84), Ok(48));

    let requirement = Requirement { abandoned_max: 0.084, ..Requirement::of_offered(0.95, 20.0) };
    assert_eq!(required_priority_with_patience(&calls, 240.0, 120.0, &requirement), Ok(40));
    let classes = priority_with_patience(&calls, 240.0, 40, 120.0, 20.0).expect("valid");
    let highest = classes[0].highest.expect("the highest class");
    assert_eq!(format!("{:.7}", highest.levels.of_offered), "0.9552556");
    let lost: Vec<String> = classes.iter().map(|c| format!("{:.6}", c.abandoned)).collect();
    assert_eq!(lost, ["0.024389", "0.083537"]);
    assert!(required_priority(&calls, 240.0, &[1.0], 20.0, 1.0).is_err());
}

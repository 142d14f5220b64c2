//! Laws of the simulator. Read [`busy_centre`] first: every rule there is, switched on.

use proptest::prelude::*;
use soglia_sim::centre::{
    AtClosing, CallBack, CallType, Centre, Group, Operator, Outgoing, Overflow, Patience, Queue,
    Redial, Route, SecondLevel, Service, Span,
};
use soglia_sim::distribution::Distribution;
use soglia_sim::engine::{Abandonment, End, Plan, Run};
use soglia_sim::random::Key;
use soglia_sim::replicate::replicate;
use soglia_sim::table::{Call, CallTable, Demand};
use soglia_sim::tally::{Limits, Tallies};
use soglia_sim::trace::{Recorded, RecordedEnd, table};

const HOUR: i64 = 3600;
const QUARTER_US: i64 = 900_000_000;

fn exponential(mean_secs: f64) -> Distribution {
    Distribution::Exponential { mean_secs }
}

/// Two queues with skills both ways, operators with breaks; nothing that needs events.
fn plain_centre(operators: u32) -> Centre {
    let open = vec![Span::of_secs(8 * HOUR, 18 * HOUR)];
    let routes = |own: usize, other: usize| vec![Route::to(own, 0), Route::to(other, 1)];
    let serves = |first: usize, second: usize| {
        vec![Service { queue: first, tier: 0 }, Service { queue: second, tier: 1 }]
    };
    let presence = |n: u32| {
        let pause = 11 * HOUR + i64::from(n % 8) * 900;
        vec![Span::of_secs(8 * HOUR, pause), Span::of_secs(pause + 1800, 18 * HOUR)]
    };
    let log_normal = Distribution::LogNormal { mean_secs: 240.0, cv: 0.8 };
    Centre {
        until_us: 24 * HOUR * 1_000_000,
        types: vec![
            CallType::plain("bookings", 0, log_normal, exponential(180.0)),
            CallType::plain("information", 1, exponential(120.0), exponential(90.0)),
        ],
        queues: vec![
            Queue { grace_us: 600_000_000, ..Queue::plain("first", open.clone(), routes(0, 1)) },
            Queue::plain("second", open, routes(1, 0)),
        ],
        groups: vec![
            Group { name: "one".to_owned(), serves: serves(0, 1) },
            Group { name: "two".to_owned(), serves: serves(1, 0) },
        ],
        operators: (0..operators)
            .map(|n| Operator { group: (n % 2) as usize, presence: presence(n) })
            .collect(),
    }
}

/// Everything that the simulator can do at once.
fn busy_centre(operators: u32) -> Centre {
    let mut centre = plain_centre(operators);
    let open = vec![Span::of_secs(8 * HOUR, 18 * HOUR)];
    let [bookings, information] = &mut centre.types[..] else { unreachable!("two types") };
    bookings.redial = Some(Redial { share: 0.6, after: exponential(600.0), attempts_max: 5 });
    bookings.call_back = Some(CallBack { after_us: 60_000_000, share: 0.3, becomes: 2 });
    bookings.second_level = Some(SecondLevel { share: 0.1, becomes: 3 });
    bookings.wrap = Distribution::Constant { secs: 30.0 };
    information.contained = 0.3;
    information.patience = Patience { none: 0.1, then: exponential(120.0) };
    let outgoing =
        Outgoing { reached: 0.8, attempt_us: 25_000_000, retry_us: QUARTER_US, attempts_max: 2 };
    let back = CallType::plain("call-backs", 2, exponential(200.0), Distribution::Never);
    centre.types.push(CallType { outgoing: Some(outgoing), ..back });
    centre.types.push(CallType::plain("cases", 3, exponential(900.0), Distribution::Never));
    centre.queues[0].overflow = Some(Overflow { after_us: 90_000_000, queue: 1 });
    centre.queues[1].capacity = Some(12);
    centre.queues[1].routing[1].after_us = 30_000_000;
    let routes = vec![Route::to(0, 0)];
    centre.queues.push(Queue {
        head_start_us: 60_000_000,
        ..Queue::plain("call-backs", open.clone(), routes.clone())
    });
    let kept = Queue::plain("cases", open, routes);
    centre.queues.push(Queue { at_closing: AtClosing::Keep, ..kept });
    centre.groups[0].serves.push(Service { queue: 2, tier: 0 });
    centre.groups[0].serves.push(Service { queue: 3, tier: 2 });
    centre
}

fn calls(centre: &Centre, per_hour: f64, seed: u64) -> CallTable {
    let mut rates = vec![vec![0.0; 96]; centre.types.len()];
    for rates in rates.iter_mut().take(2) {
        rates[28..76].fill(per_hour / 4.0);
    }
    let day_us = 86_400_000_000;
    let demand = Demand { interval_us: QUARTER_US, calls: rates, day_us, day_spread: 0.08 };
    demand.generate(&centre.types, Key::new(seed))
}

fn run(centre: &Centre, table: &CallTable) -> Run {
    Plan::new(centre).expect("a centre").run(table)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_call_has_one_end(seed in 0_u64..1_000_000, n in 0_u32..40, rate in 0.0..400.0_f64) {
        let centre = busy_centre(n);
        let table = calls(&centre, rate, seed);
        let run = run(&centre, &table);
        prop_assert_eq!(run.outcomes.len(), table.calls.len());
        prop_assert_eq!(run.extra.len(), run.extra_outcomes.len());
        prop_assert!(run.all(&table).all(|(_, o)| o.end != End::Waiting && 0 <= o.wait_us));
        let tallies = Tallies::of(&table, &run, 4, Limits::of_secs(20), QUARTER_US);
        let t = tallies.total();
        let ended = t.answered + t.abandoned + t.released + t.refused + t.call_backs;
        prop_assert_eq!(t.offered, ended);
        let all = t.offered + t.contained + t.out_of_hours + t.not_reached;
        prop_assert_eq!(all, (table.calls.len() + run.extra.len()) as u64);
        let by_interval = tallies.intervals.iter().flatten().map(|t| t.offered).sum::<u64>();
        prop_assert_eq!(by_interval, t.offered);
        prop_assert!(run.busy_us.iter().zip(&run.present_us).all(|(busy, there)| busy <= there));
    }

    /// Around the clock, and the simulation ends when everybody is busy, some beyond their shift.
    #[test]
    fn nobody_is_busy_for_longer_than_there(
        seed in 0_u64..1_000_000,
        n in 1_u32..30,
        rate in 100.0..400.0_f64,
    ) {
        let mut centre = plain_centre(n);
        centre.until_us = 17 * HOUR * 1_000_000;
        centre.types.iter_mut().for_each(|kind| kind.talk = exponential(1200.0));
        for queue in &mut centre.queues {
            let third = |n: i64| Span::of_secs(n * 8 * HOUR, (n + 1) * 8 * HOUR);
            queue.opening = (0..3).map(third).collect();
        }
        for (operator, n) in centre.operators.iter_mut().zip(0..) {
            let end = 16 * HOUR + n % 5 * 900;
            let later = Span::of_secs(end + 300, end + 500);
            operator.presence = vec![Span::of_secs(8 * HOUR, end), later];
        }
        let run = run(&centre, &calls(&centre, rate, seed));
        for (busy_us, present_us) in run.busy_us.iter().zip(&run.present_us) {
            prop_assert!(busy_us <= present_us, "{busy_us} of {present_us}");
        }
        let until_us = centre.until_us - 8 * HOUR * 1_000_000;
        prop_assert!(run.present_us.iter().sum::<i64>() <= i64::from(n) * until_us);
    }

    #[test]
    fn a_table_is_thinned_and_moved_by_numbers_that_stay(
        seed in 0_u64..1_000_000,
        one in 0.0..=1.0_f64,
        other in 0.0..=1.0_f64,
    ) {
        let all = calls(&plain_centre(1), 60.0, seed);
        let (low, high) = (one.min(other), one.max(other));
        let (few, more) = (all.thinned(|_| low), all.thinned(|_| high));
        let mut rest = more.calls.iter();
        prop_assert!(few.calls.iter().all(|call| rest.any(|c| c == call)), "a subset, in order");
        prop_assert_eq!((all.thinned(|_| 0.0).calls.len(), &all.thinned(|_| 1.0)), (0, &all));

        let (eight, seven) =
            (Span::of_secs(8 * HOUR, 9 * HOUR), Span::of_secs(7 * HOUR, 8 * HOUR));
        let moved = |share: f64| {
            let table = all.moved(eight, seven, 24 * HOUR * 1_000_000, share);
            let in_order = table.calls.is_sorted_by_key(|call| call.at_us);
            let mut calls = table.calls;
            calls.sort_by_key(|call| call.root);
            let earlier: Vec<bool> =
                calls.iter().zip(&all.calls).map(|(now, was)| now.at_us != was.at_us).collect();
            (in_order, calls, earlier)
        };
        let (in_order, calls, moved_at_low) = moved(low);
        let (_, _, moved_at_high) = moved(high);
        prop_assert!(in_order && calls.len() == all.calls.len());
        for ((now, was), moves) in calls.iter().zip(&all.calls).zip(&moved_at_low) {
            prop_assert!(!moves || (eight.holds(was.at_us) && seven.holds(now.at_us)));
            prop_assert_eq!(Call { at_us: was.at_us, ..*now }, *was);
        }
        prop_assert!(moved_at_low.iter().zip(&moved_at_high).all(|(low, high)| low <= high));
        let n_moved = moved(1.0).2.iter().filter(|moved| **moved).count();
        prop_assert_eq!(n_moved, all.calls.iter().filter(|c| eight.holds(c.at_us)).count());

        let end_us = all.calls.last().map_or(0, |call| call.at_us);
        let turned = all.mapped(|call| call.at_us = end_us - call.at_us);
        prop_assert!(turned.calls.is_sorted_by_key(|call| call.at_us));
        let back = turned.mapped(|call| call.at_us = end_us - call.at_us);
        prop_assert_eq!(back.calls.len(), all.calls.len());
        prop_assert!(back.calls.iter().zip(&all.calls).all(|(b, a)| b.at_us == a.at_us));
    }

    #[test]
    fn lazy_and_eager_give_the_same_bits(seed in 0_u64..1_000_000, n in 0_u32..40) {
        let centre = plain_centre(n);
        let table = calls(&centre, 250.0, seed);
        let lazy = Plan::new(&centre).expect("a centre");
        prop_assert_eq!(lazy.abandonment(), Abandonment::Lazy);
        let eager = Plan::new(&centre).expect("a centre").eager();
        prop_assert_eq!(lazy.run(&table), eager.run(&table));
    }

    /// One queue, first come first served, operators always there, nobody gives up.
    #[test]
    fn one_operator_more_never_makes_a_call_wait_longer(seed in 0_u64..1_000_000, n in 1_u32..30) {
        let with = |n: u32| {
            let mut centre = plain_centre(0);
            centre.types.truncate(1);
            centre.types[0].patience.then = Distribution::Never;
            centre.queues.truncate(1);
            centre.groups.truncate(1);
            centre.queues[0].routing.truncate(1);
            centre.queues[0].grace_us = 6 * HOUR * 1_000_000;
            centre.groups[0].serves.truncate(1);
            let presence = vec![Span::of_secs(0, 24 * HOUR)];
            centre.operators = vec![Operator { group: 0, presence }; n as usize];
            let table = calls(&centre, 200.0, seed);
            run(&centre, &table).outcomes
        };
        for (few, more) in with(n).iter().zip(&with(n + 1)) {
            prop_assert!(more.wait_us <= few.wait_us);
        }
    }

    #[test]
    fn a_recorded_day_replays_exactly(seed in 0_u64..1_000_000, n in 1_u32..40) {
        let mut centre = plain_centre(n);
        centre.types[1].patience.none = 0.1;
        let original = calls(&centre, 200.0, seed);
        let run_before = run(&centre, &original);
        let recorded: Vec<Recorded> = run_before
            .all(&original)
            .filter(|(_, o)| o.end != End::OutOfHours)
            .map(|(call, o)| Recorded {
                at_us: call.at_us,
                kind: usize::from(call.kind),
                wait_us: o.wait_us,
                end: match o.end {
                    End::Answered => {
                        RecordedEnd::Answered { talk_us: call.talk_us, wrap_us: call.wrap_us }
                    }
                    End::Abandoned => RecordedEnd::GaveUp,
                    _ => RecordedEnd::Other,
                },
            })
            .collect();
        let replayed = table(&recorded, &centre.types, Key::new(seed + 1));
        let run_after = run(&centre, &replayed);
        let before = run_before.outcomes.iter().filter(|o| o.end != End::OutOfHours);
        prop_assert!(before.eq(&run_after.outcomes));
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
    let centre = busy_centre(16);
    let plan = Plan::new(&centre).expect("a centre");
    let job = |n: u32| plan.run(&calls(&centre, 150.0, u64::from(n)));
    let one = replicate(0, 12, 1, job);
    assert_eq!(replicate(0, 12, 2, job), one);
    assert_eq!(replicate(0, 12, 4, job), one);
    assert!(one.iter().all(|run| !run.extra.is_empty()), "redials and call-backs came about");
    assert_ne!(one[0], one[1]);
}

#[test]
fn without_calls_nothing_happens_and_without_operators_nobody_is_answered() {
    let centre = plain_centre(3);
    let empty = run(&centre, &calls(&centre, 0.0, 1));
    assert!(empty.outcomes.is_empty() && empty.busy_us == [0, 0]);
    let centre = plain_centre(0);
    let table = calls(&centre, 100.0, 1);
    let nobody = run(&centre, &table);
    let ends = |end: End| nobody.outcomes.iter().filter(|o| o.end == end).count();
    assert_eq!(ends(End::Answered), 0);
    assert!(0 < ends(End::Abandoned) && 0 < ends(End::Released) && 0 < ends(End::OutOfHours));
}

#[test]
fn one_operator_under_overload_is_always_busy() {
    let centre = plain_centre(1);
    let table = calls(&centre, 400.0, 3);
    let run = run(&centre, &table);
    let busy = run.busy_us[0] as f64 / run.present_us[0] as f64;
    assert!((0.98..=1.0).contains(&busy), "busy {busy}");
    let answered = run.outcomes.iter().filter(|o| o.end == End::Answered).count();
    assert!(answered < table.calls.len() / 10 && 100 < answered, "{answered}");
}

/// A head start puts a queue first until the other's calls have waited that much longer.
#[test]
fn ageing_lets_the_patient_overtake() {
    let order = |head_start_secs: i64| {
        let mut centre = plain_centre(1);
        for kind in &mut centre.types {
            kind.talk = Distribution::Constant { secs: 60.0 };
            kind.patience.then = Distribution::Never;
        }
        centre.operators[0].presence = vec![Span::of_secs(8 * HOUR, 18 * HOUR)];
        for service in &mut centre.groups[0].serves {
            service.tier = 0;
        }
        centre.queues[1].head_start_us = head_start_secs * 1_000_000;
        let at = |secs: i64, kind: usize| Recorded {
            at_us: (8 * HOUR + secs) * 1_000_000,
            kind,
            wait_us: 0,
            end: RecordedEnd::Answered { talk_us: 60_000_000, wrap_us: 0 },
        };
        let recorded = [at(0, 0), at(10, 0), at(30, 1)];
        let run = run(&centre, &table(&recorded, &centre.types, Key::new(1)));
        run.outcomes.iter().map(|o| o.wait_us / 1_000_000).collect::<Vec<_>>()
    };
    assert_eq!(order(0), [0, 50, 90]);
    assert_eq!(order(15), [0, 50, 90]);
    assert_eq!(order(25), [0, 110, 30]);
}

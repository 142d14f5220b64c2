//! Rules of the simulator on small centres whose answers are found by hand. Read [`desk`] first.

use soglia_sim::centre::{
    CallBack, CallType, Centre, CentreError, Group, Operator, Queue, Route, SecondLevel, Service,
    Span,
};
use soglia_sim::distribution::Distribution;
use soglia_sim::engine::{End, Plan, Run};
use soglia_sim::random::Key;
use soglia_sim::trace::{Recorded, RecordedEnd, table};

/// One patient type, one queue, one operator.
fn desk(until_secs: i64, opening: &[(i64, i64)], presence: &[(i64, i64)]) -> Centre {
    let spans = |spans: &[(i64, i64)]| spans.iter().map(|&(a, b)| Span::of_secs(a, b)).collect();
    let talk = Distribution::Constant { secs: 1.0 };
    Centre {
        until_us: until_secs * 1_000_000,
        types: vec![CallType::plain("calls", 0, talk, Distribution::Never)],
        queues: vec![Queue::plain("queue", spans(opening), vec![Route::to(0, 0)])],
        groups: vec![Group {
            name: "desk".to_owned(),
            serves: vec![Service { queue: 0, tier: 0 }],
        }],
        operators: vec![Operator { group: 0, presence: spans(presence) }],
    }
}

fn answered(at_secs: i64, wait_secs: i64, talk_secs: i64) -> Recorded {
    Recorded {
        at_us: at_secs * 1_000_000,
        kind: 0,
        wait_us: wait_secs * 1_000_000,
        end: RecordedEnd::Answered { talk_us: talk_secs * 1_000_000, wrap_us: 0 },
    }
}

fn run(centre: &Centre, recorded: &[Recorded]) -> Run {
    let table = table(recorded, &centre.types, Key::new(1));
    Plan::new(centre).expect("a centre").run(&table)
}

/// A call from 900 s on that outlasts the shift, the next shifts and the simulation.
#[test]
fn time_counts_until_the_simulation_ends() {
    let shifts: [&[(i64, i64)]; 4] = [
        &[(0, 1000)],
        &[(0, 1000), (1200, 1300)],
        &[(0, 1000), (1200, 1300), (1400, 5000)],
        &[(0, 5000)],
    ];
    for presence in shifts {
        let run = run(&desk(1600, &[(0, 86_400)], presence), &[answered(900, 0, 3000)]);
        assert_eq!((run.busy_us[0], run.present_us[0]), (700_000_000, 1_600_000_000));
    }
}

/// A call at 900 s, an operator at 1100 s.
#[test]
fn a_queue_closes_only_where_it_does_not_open_again() {
    let end = |opening: &[(i64, i64)], grace_secs: i64| {
        let mut centre = desk(3000, opening, &[(1100, 2000)]);
        centre.queues[0].grace_us = grace_secs * 1_000_000;
        let outcome = run(&centre, &[answered(900, 200, 1)]).outcomes[0];
        (outcome.end, outcome.wait_us / 1_000_000)
    };
    assert_eq!(end(&[(0, 2000)], 0), (End::Answered, 200));
    assert_eq!(end(&[(0, 1000), (1000, 2000)], 0), (End::Answered, 200));
    assert_eq!(end(&[(0, 1000), (1060, 2000)], 60), (End::Answered, 200));
    assert_eq!(end(&[(0, 1000), (1060, 2000)], 30), (End::Released, 130));
    assert_eq!(end(&[(0, 1000)], 0), (End::Released, 100));
}

/// A tenth of a tenth: what a level decides says nothing about the next.
#[test]
fn levels_decide_one_by_one() {
    let mut centre = desk(90_000, &[(0, 90_000)], &[(0, 90_000)]);
    for (becomes, name) in [(1, "second"), (2, "third")] {
        let last = centre.types.len() - 1;
        centre.types[last].second_level = Some(SecondLevel { share: 0.1, becomes });
        let next =
            CallType { name: name.to_owned(), second_level: None, ..centre.types[0].clone() };
        centre.types.push(next);
    }
    let recorded: Vec<Recorded> = (0..20_000).map(|n| answered(4 * n, 0, 1)).collect();
    let run = run(&centre, &recorded);
    let of = |kind: u8| run.extra.iter().filter(|call| call.kind == kind).count();
    assert!((1850..=2150).contains(&of(1)), "{} of 20 000 reach the second level", of(1));
    assert!((150..=250).contains(&of(2)), "{} of 20 000 reach the third level", of(2));
}

#[test]
fn no_call_becomes_what_it_was() {
    let circle = |what: &'static str| Err(CentreError::Circle { name: "calls".to_owned(), what });
    let plain = desk(10, &[(0, 10)], &[]);
    let second = |becomes| Some(SecondLevel { share: 0.1, becomes });
    let mut own = plain.clone();
    own.types[0].second_level = second(0);
    assert_eq!(own.check(), circle("second_level"));
    let mut own = plain.clone();
    own.types[0].call_back = Some(CallBack { after_us: 0, share: 0.1, becomes: 0 });
    assert_eq!(own.check(), circle("call_back"));
    let mut two = plain;
    two.types.push(two.types[0].clone());
    two.types[0].second_level = second(1);
    assert_eq!(two.check(), Ok(()));
    two.types[1].second_level = second(0);
    assert_eq!(two.check(), circle("second_level"));
    // A call-back one way and the second level the other.
    two.types[0].second_level = None;
    two.types[0].call_back = Some(CallBack { after_us: 0, share: 0.1, becomes: 1 });
    assert_eq!(two.check(), circle("call_back"));
}

/// Who was answered at once may be of those who leave at once; who waited is not.
#[test]
fn patience_that_was_not_tried_is_drawn_whole() {
    let mut centre = desk(90_000, &[(0, 90_000)], &[]);
    centre.types[0].patience.none = 0.2;
    let impatient = |wait_secs: i64| {
        let recorded: Vec<Recorded> = (0..10_000).map(|n| answered(n, wait_secs, 1)).collect();
        let calls = table(&recorded, &centre.types, Key::new(5)).calls;
        calls.iter().filter(|call| call.patience_us == 0).count()
    };
    assert!((1880..=2120).contains(&impatient(0)), "{} of 10 000", impatient(0));
    assert_eq!(impatient(1), 0);
}

//! The simulator against theory: 58 checks with fixed seeds. Read [`the_simulator_agrees`] first.
//!
//! Each check compares a mean over replications with an exact value by Student's t. Of 58 intervals
//! at 95 % about three miss; more than seven, or one beyond four standard errors, is a mistake.

use soglia_sim::centre::{
    CallType, Centre, Group, Operator, Queue, Route, Service, Span, operators_from_levels,
};
use soglia_sim::distribution::Distribution;
use soglia_sim::engine::Plan;
use soglia_sim::erlang::{
    Load, ServiceLevelKind, Steady, erlang_a, erlang_c, priority, priority_with_patience,
};
use soglia_sim::random::Key;
use soglia_sim::replicate::{Estimate, replicate};
use soglia_sim::table::Demand;
use soglia_sim::tally::{Limits, Tally, by_type};

use crate::vectors::{Row, rows};

const REPLICATIONS: u32 = 20;
const LIMIT_SECS: i64 = 20;
const HOUR_US: i64 = 3_600_000_000;

#[derive(Debug)]
struct Check {
    name: String,
    exact: f64,
    found: Estimate,
}

impl Check {
    fn sigmas(&self) -> f64 {
        (self.found.mean - self.exact) / (self.found.spread / f64::from(self.found.n).sqrt())
    }
}

#[test]
fn the_simulator_agrees() {
    let mut checks = Vec::new();
    formula_checks(&mut checks);
    priority_checks(&mut checks);
    let from_files = ctmc_checks(&mut checks).and_then(|()| varying_checks(&mut checks));
    if from_files.is_some() {
        assert_eq!(checks.len(), 58);
    }
    for check in &checks {
        println!("{:>6.2} {} {} {:?}", check.sigmas(), check.name, check.exact, check.found);
    }
    let outside = checks.iter().filter(|check| !check.found.holds(check.exact)).count();
    let worst = checks.iter().map(|check| check.sigmas().abs()).fold(0.0, f64::max);
    println!("{outside} of {} outside 95 %, worst {worst:.2} standard errors", checks.len());
    assert!(outside <= 7 && worst < 4.0);
}

/// Calls an hour of each type for `hours`, after a warm-up of two hours.
struct Steadily {
    centre: Centre,
    demand: Demand,
    from_us: i64,
}

const WARM_UP_HOURS: i64 = 2;

fn steadily(mut centre: Centre, calls: &[f64], hours: i64) -> Steadily {
    let until_us = (hours + WARM_UP_HOURS) * HOUR_US;
    centre.until_us = until_us + HOUR_US;
    let n = usize::try_from(hours + WARM_UP_HOURS).expect("positive");
    let demand = Demand {
        interval_us: HOUR_US,
        calls: calls.iter().map(|&rate| vec![rate; n]).collect(),
        day_us: centre.until_us,
        day_spread: 0.0,
    };
    Steadily { centre, demand, from_us: WARM_UP_HOURS * HOUR_US }
}

fn simulate(case: &Steadily, seed: u64) -> Vec<Vec<Tally>> {
    let plan = Plan::new(&case.centre).expect("a centre");
    let n_types = case.centre.types.len();
    replicate(0, REPLICATIONS, 2, |replication| {
        let key = Key::new(seed).split(u64::from(replication));
        let table = case.demand.generate(&case.centre.types, key);
        let run = plan.run(&table);
        by_type(&table, &run, n_types, Limits::of_secs(LIMIT_SECS), case.from_us)
    })
}

fn check(
    checks: &mut Vec<Check>,
    name: &str,
    exact: f64,
    tallies: &[Vec<Tally>],
    of: impl Fn(&[Tally]) -> f64,
) {
    let values: Vec<f64> = tallies.iter().map(|types| of(types)).collect();
    checks.push(Check { name: name.to_owned(), exact, found: Estimate::of(&values, 0.95) });
}

fn level(tally: &Tally) -> f64 {
    tally.level_share(ServiceLevelKind::OfOffered).expect("calls")
}

fn always() -> Vec<Span> {
    vec![Span { from_us: 0, until_us: i64::MAX / 8 }]
}

fn types(n: usize, handling_secs: f64, patience: &Distribution) -> Vec<CallType> {
    let talk = Distribution::Exponential { mean_secs: handling_secs };
    (0..n).map(|q| CallType::plain("calls", q, talk.clone(), patience.clone())).collect()
}

fn staff(group: usize, n: u32) -> Vec<Operator> {
    (0..n).map(|_| Operator { group, presence: always() }).collect()
}

/// One group, one queue for each type, queue 0 first.
fn pool(n_types: usize, operators: u32, handling_secs: f64, patience: &Distribution) -> Centre {
    let queues =
        (0..n_types).map(|_| Queue::plain("queue", always(), vec![Route::to(0, 0)])).collect();
    let serves =
        (0..n_types).map(|q| Service { queue: q, tier: u8::try_from(q).expect("few") }).collect();
    Centre {
        until_us: 0,
        types: types(n_types, handling_secs, patience),
        queues,
        groups: vec![Group { name: "all".to_owned(), serves }],
        operators: staff(0, operators),
    }
}

fn patience(mean_secs: f64) -> Distribution {
    Distribution::Exponential { mean_secs }
}

/// Erlang C (3 cases, 3 checks each) and Erlang A (4 cases, 4 checks each): 25.
fn formula_checks(checks: &mut Vec<Check>) {
    for (calls, handling, operators, hours) in
        [(200.0, 180.0, 14, 300), (60.0, 180.0, 5, 600), (600.0, 240.0, 45, 200)]
    {
        let load = Load::new(calls, handling).expect("a load");
        let exact = erlang_c(load, operators, 20.0).expect("valid").stable().expect("stable");
        let centre = pool(1, operators, handling, &Distribution::Never);
        let tallies = simulate(&steadily(centre, &[calls], hours), u64::from(operators));
        let name = |what: &str| format!("Erlang C {calls} on {operators}, {what}");
        check(checks, &name("delayed"), exact.delayed, &tallies, |t| {
            t[0].delayed as f64 / t[0].offered as f64
        });
        check(checks, &name("level"), exact.levels.of_offered, &tallies, |t| level(&t[0]));
        check(checks, &name("wait"), exact.wait_all_secs, &tallies, |t| {
            t[0].wait_all_secs().expect("calls")
        });
    }
    for (calls, handling, operators, secs, hours) in [
        (200.0, 180.0, 8, 60.0, 200),
        (600.0, 240.0, 40, 120.0, 100),
        (1000.0, 240.0, 60, 120.0, 60),
        (6000.0, 300.0, 500, 150.0, 10),
    ] {
        let load = Load::new(calls, handling).expect("a load");
        let exact = erlang_a(load, operators, secs, 20.0).expect("valid");
        let centre = pool(1, operators, handling, &patience(secs));
        let tallies = simulate(&steadily(centre, &[calls], hours), u64::from(operators));
        let name = |what: &str| format!("Erlang A {calls} on {operators}, {what}");
        check(checks, &name("level"), exact.levels.of_offered, &tallies, |t| level(&t[0]));
        check(checks, &name("without short"), exact.levels.without_short_abandons, &tallies, |t| {
            t[0].level_share(ServiceLevelKind::WithoutShortAbandons).expect("calls")
        });
        check(checks, &name("abandoned"), exact.abandoned, &tallies, |t| {
            t[0].abandoned_share().expect("calls")
        });
        check(checks, &name("answered wait"), exact.wait_answered_secs, &tallies, |t| {
            t[0].wait_answered_secs().expect("calls")
        });
    }
}

/// Two classes on the same operators, without and with patience: 4 + 3 checks.
fn priority_checks(checks: &mut Vec<Check>) {
    let calls = [100.0, 500.0];
    let Steady::Stable(classes) = priority(&calls, 240.0, 45, 20.0).expect("valid") else {
        panic!("45 operators are enough")
    };
    let centre = pool(2, 45, 240.0, &Distribution::Never);
    let tallies = simulate(&steadily(centre, &calls, 200), 77);
    for (k, class) in classes.iter().enumerate() {
        let name = |what: &str| format!("priority class {k}, {what}");
        check(checks, &name("level"), class.within, &tallies, |t| level(&t[k]));
        check(checks, &name("wait"), class.wait_secs, &tallies, |t| {
            t[k].wait_all_secs().expect("calls")
        });
    }
    let classes = priority_with_patience(&calls, 240.0, 40, 120.0, 20.0).expect("valid");
    let tallies = simulate(&steadily(pool(2, 40, 240.0, &patience(120.0)), &calls, 200), 78);
    for (k, class) in classes.iter().enumerate() {
        check(checks, &format!("impatient class {k}"), class.abandoned, &tallies, |t| {
            t[k].abandoned_share().expect("calls")
        });
    }
    let highest = classes[0].highest.expect("the highest class").levels.of_offered;
    check(checks, "impatient class 0, level", highest, &tallies, |t| level(&t[0]));
}

/// Own operators of two types and flexible ones, who take type 1 first: 5 cases, 4 checks each.
fn ctmc_checks(checks: &mut Vec<Check>) -> Option<()> {
    let rows = rows("queueing-reference-ctmc.csv")?;
    for n in [0, 1, 3, 5, 8] {
        let row = &rows[n];
        let calls = [row.number("lambda1_per_h"), row.number("lambda2_per_h")];
        let tallies = simulate(&steadily(two_skills(row), &calls, 150), 100 + n as u64);
        let name = |what: &str| format!("{} {n}, {what}", row.text("design"));
        check(checks, &name("level 1"), row.number("sl1_20s"), &tallies, |t| level(&t[0]));
        for (k, column) in [(0, "abandon1"), (1, "abandon2")] {
            check(checks, &name(column), row.number(column), &tallies, |t| {
                t[k].abandoned_share().expect("calls")
            });
        }
        check(checks, &name("wait 2"), row.number("meanwait2_s"), &tallies, |t| {
            t[1].wait_all_secs().expect("calls")
        });
    }
    Some(())
}

fn two_skills(row: &Row) -> Centre {
    let secs = row.number("patience_s");
    let count = |column: &str| row.text(column).parse::<u32>().expect("operators");
    let queue =
        |own: usize| Queue::plain("queue", always(), vec![Route::to(own, 0), Route::to(2, 1)]);
    let group = |name: &str, queues: &[usize]| Group {
        name: name.to_owned(),
        serves: queues.iter().zip(0..).map(|(&queue, tier)| Service { queue, tier }).collect(),
    };
    let mut operators = staff(0, count("n1"));
    operators.extend(staff(1, count("n2")));
    operators.extend(staff(2, count("nf")));
    Centre {
        until_us: 0,
        types: types(2, row.number("aht_s"), &patience(secs)),
        queues: vec![queue(0), queue(1)],
        groups: vec![group("one", &[0]), group("two", &[1]), group("both", &[0, 1])],
        operators,
    }
}

/// Days with changing arrivals and operators, from empty: 3 cases, 2 checks each.
fn varying_checks(checks: &mut Vec<Check>) -> Option<()> {
    let rows = rows("queueing-reference-timevarying.csv")?;
    let quarters = |case: &str| -> Vec<&Row> {
        let of_case = rows.iter().filter(|row| row.text("case") == case);
        of_case.filter(|row| row.text("interval") != "day").collect()
    };
    let rates: Vec<f64> =
        quarters("const12").iter().map(|row| row.number("lambda_per_h") / 4.0).collect();
    for (case, seed) in [("const12", 301), ("steps_8_12_9_7", 302), ("step_up_8_12", 303)] {
        let levels: Vec<u32> = match case {
            "step_up_8_12" => [vec![8; 4], vec![12; 44]].concat(),
            _ => quarters(case).iter().map(|r| as_count(r.number("agents"))).collect(),
        };
        let day = rows.iter().find(|r| r.text("case") == case && r.text("interval") == "day")?;
        let tallies = vary(&levels, &rates, seed);
        check(checks, &format!("{case}, abandoned"), day.number("abandon_rate"), &tallies, |t| {
            t[0].abandoned_share().expect("calls")
        });
        check(checks, &format!("{case}, delayed"), day.number("p_wait"), &tallies, |t| {
            t[0].delayed as f64 / t[0].offered as f64
        });
    }
    Some(())
}

fn as_count(number: f64) -> u32 {
    format!("{number}").parse().expect("a whole number")
}

/// Replications of 100 days each, each day beginning empty.
///
/// When operators leave, theory lets idle ones go first, the simulator whoever's hours end, after
/// the call: about 0.3 % more capacity for a moment, too little for these intervals to show.
fn vary(levels: &[u32], calls: &[f64], seed: u64) -> Vec<Vec<Tally>> {
    let quarter_us = HOUR_US / 4;
    let mut centre = pool(1, 0, 180.0, &patience(120.0));
    centre.operators = operators_from_levels(0, quarter_us, levels);
    centre.until_us = quarter_us * i64::try_from(levels.len()).expect("few");
    let demand = Demand {
        interval_us: quarter_us,
        calls: vec![calls.to_vec()],
        day_us: centre.until_us,
        day_spread: 0.0,
    };
    let plan = Plan::new(&centre).expect("a centre");
    replicate(0, REPLICATIONS, 2, |replication| {
        let mut total = Tally::default();
        for day in 0..100 {
            let key = Key::new(seed).split(u64::from(replication)).split(day);
            let table = demand.generate(&centre.types, key);
            let run = plan.run(&table);
            total.merge(&by_type(&table, &run, 1, Limits::of_secs(LIMIT_SECS), 0)[0]);
        }
        vec![total]
    })
}

//! Covers a need by each solver of this build, for the figures of `docs/staffing.md`.
//!
//! `covers SOLVER DAYS SEED` says what the shifts cost and how far above the least that may be;
//! several days are tied by a condition on all of them, as when a plan is made.

use jiff::civil::date;
use soglia_sim::random::Key;
use soglia_sim::staffing::cover::{Cut, Problem, Solver, cover_by};
use soglia_sim::staffing::need::{Levels, erlang};
use soglia_sim::staffing::rules::Rules;
use soglia_sim::staffing::{Work, WorkDay};

/// From 8 to 20: 361 shifts a day.
const RULES: &str = r#"
    [shifts]
    lengths = ["4h", "5h", "6h", "7h", "8h"]
    first_start = "08:00"
    last_end = "20:00"
    every = "15min"
    [[break]]
    shifts_from = "6h"
    length = "30min"
    after_start = "2h30min"
    before_end = "2h"
    every = "30min"
"#;

/// Calls an hour of an ordinary day, from 8 on.
const SHAPE: [f64; 12] =
    [640.0, 600.0, 540.0, 460.0, 380.0, 300.0, 320.0, 300.0, 260.0, 220.0, 160.0, 100.0];

/// Days like the others, each hour busier or quieter by up to a fifth.
fn work(n_days: usize, seed: u64) -> Work {
    let mut stream = Key::new(seed).stream();
    let dates = date(2024, 1, 8).series(jiff::Span::new().days(1)).take(n_days);
    let day = |date| {
        let mut calls = vec![None; 96];
        for (hour, n) in SHAPE.iter().enumerate() {
            let a_quarter = n / 4.0 * (0.8 + 0.4 * stream.uniform());
            for calls in calls.iter_mut().skip((8 + hour) * 4).take(4) {
                *calls = Some(a_quarter);
            }
        }
        WorkDay { date, calls }
    };
    Work { interval_mins: 15, days: dates.map(day).collect() }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let n_days = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1);
    let work = work(n_days, arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1));
    let solver = Solver::ALL.iter().find(|one| format!("{one:?}").eq_ignore_ascii_case(&name));
    let Some(&solver) = solver else {
        eprintln!("this build has {:?}", Solver::ALL);
        return;
    };
    let rules = Rules::parse(RULES, 15).expect("rules");
    let requirement = soglia_sim::erlang::Requirement::of_offered(0.8, 20.0);
    let need: Levels = erlang(&work, 240.0, Some(120.0), &requirement, 1).expect("a need");
    // A condition as a plan makes them: early hours weigh more, and a little more than covering.
    let of_day: Vec<f64> =
        (0..96).map(|at| if (32..48).contains(&at) { 1.5 } else { 1.0 }).collect();
    let weighed = need.iter().flat_map(|day| day.iter().zip(&of_day));
    let at_least = 1.08 * weighed.map(|(n, weight)| f64::from(*n) * weight).sum::<f64>();
    let tie = [Cut { weights: vec![of_day.clone(); n_days], at_least }];
    let cuts = if 1 < n_days { &tie[..] } else { &[] };
    let problem = Problem { work: &work, rules: &rules, need: &need, cuts, gap: 0.0 };
    let found = cover_by(solver, &problem).expect("a cover");
    let shifts: u32 = found.shifts.iter().map(|(_, n)| n).sum();
    println!(
        "{solver:?}: {} patterns, {n_days} days, {shifts} shifts, {:.2} paid hours, gap {:.4} %",
        rules.patterns.len(),
        f64::from(u32::try_from(found.paid_mins).unwrap_or(u32::MAX)) / 60.0,
        100.0 * found.gap,
    );
}

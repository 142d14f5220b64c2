//! Shifts for days with a peak, judged by simulation.

use jiff::civil::date;
use soglia_sim::centre::Patience;
use soglia_sim::distribution::Distribution;
use soglia_sim::erlang::ServiceLevelKind;
use soglia_sim::staffing::cover::Problem;
use soglia_sim::staffing::plan::{Callers, Effort, Goal, Scope, Staffed, plan};
use soglia_sim::staffing::rules::Rules;
use soglia_sim::staffing::{StaffingError, Work, WorkDay};

const RULES: &str = r#"
    [shifts]
    lengths = ["4h", "6h", "8h"]
    first_start = "07:30"
    last_end = "19:00"
    every = "30min"
    [[break]]
    shifts_from = "6h"
    length = "30min"
    after_start = "2h30min"
    before_end = "2h"
    every = "30min"
    [limits]
    min_present = 2
    max_present = 60
"#;

/// Two days from 8 to 19 with a peak in the morning.
fn work(a_day: f64) -> Work {
    let shape = [16.0, 15.0, 13.0, 11.0, 9.0, 7.0, 8.0, 7.0, 6.0, 5.0, 3.0];
    let mut calls = vec![None; 96];
    for (hour, share) in shape.into_iter().enumerate() {
        for quarter in 0..4 {
            calls[(8 + hour) * 4 + quarter] = Some(a_day * share / 400.0);
        }
    }
    let day = |date, factor: f64| WorkDay {
        date,
        calls: calls.iter().map(|n| n.map(|n| n * factor)).collect(),
    };
    let days = vec![day(date(2024, 1, 8), 1.2), day(date(2024, 1, 9), 0.9)];
    Work { interval_mins: 15, days }
}

fn callers() -> Callers {
    Callers {
        handling: Distribution::LogNormal { mean_secs: 240.0, cv: 0.8 },
        patience: Patience { none: 0.0, then: Distribution::Exponential { mean_secs: 180.0 } },
        day_spread: 0.08,
    }
}

fn goal(level: f64, scope: Scope) -> Goal {
    Goal { level, limit_secs: 20, kind: ServiceLevelKind::OfOffered, scope, floor: 0.5 }
}

const EFFORT: Effort = Effort { n_fit: 20, n_judge: 100, rounds_max: 20, threads: 2, seed: 3 };

fn staffed(scope: Scope) -> (Work, Rules, Staffed) {
    let (work, rules) = (work(2000.0), Rules::parse(RULES, 15).expect("rules"));
    let found = plan(&work, &rules, &callers(), &goal(0.8, scope), &EFFORT).expect("a plan");
    (work, rules, found)
}

#[test]
fn the_whole_reaches_its_goal_for_less_than_each_quarter_for_itself() {
    let (work, rules, found) = staffed(Scope::Whole);
    assert!(0.8 <= found.judged.level.mean, "{:?}", found.judged.level);
    assert!(found.judged.level.mean < 0.83, "no more than needed: {:?}", found.judged.level);
    assert!(found.cover.cost < found.erlang_cover.cost, "{:?}", found.rounds);
    // The cover that Erlang asks for covers it, the other one at least two present.
    let problem = Problem { work: &work, rules: &rules, need: &found.erlang, cuts: &[], gap: 0.0 };
    assert!(found.erlang_cover.holds(&problem));
    let open = found.cover.present.iter().flat_map(|day| &day[32..76]);
    assert!(open.clone().all(|present| 2 <= *present));
    assert!((0.5..1.0).contains(&found.judged.occupancy));
    // Calls are as many as were expected, within what chance allows.
    let offered: u64 = found.judged.hours.iter().flatten().map(|tally| tally.offered).sum();
    let a_week = offered as f64 / f64::from(EFFORT.n_judge);
    assert!((a_week / work.total() - 1.0).abs() < 0.03, "{a_week}");
}

#[test]
fn each_day_reaches_its_goal() {
    let (.., found) = staffed(Scope::EachDay);
    assert!(0.8 <= found.judged.lowest, "{}", found.judged.lowest);
    for day in &found.judged.hours {
        let total = soglia_sim::tally::sum(day);
        let level = total.level_share(ServiceLevelKind::OfOffered).expect("calls");
        assert!((0.8..0.85).contains(&level), "{level}");
    }
}

#[test]
fn the_same_seed_gives_the_same_shifts_on_any_number_of_threads() {
    let (work, rules) = (work(700.0), Rules::parse(RULES, 15).expect("rules"));
    let with = |threads| {
        let effort = Effort { n_fit: 10, n_judge: 20, threads, ..EFFORT };
        plan(&work, &rules, &callers(), &goal(0.8, Scope::Whole), &effort).expect("a plan")
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn a_goal_beyond_all_shifts_is_refused() {
    let rules = RULES.replace("max_present = 60", "max_present = 12");
    let rules = Rules::parse(&rules, 15).expect("rules");
    let found = plan(&work(2000.0), &rules, &callers(), &goal(0.8, Scope::Whole), &EFFORT);
    assert!(matches!(found, Err(StaffingError::Seats { max: 12, .. })), "{found:?}");
}

/// One day each, needs at random: what one solver proves to be the least is what the other proves.
#[cfg(feature = "highs")]
#[test]
fn both_solvers_find_covers_of_the_same_cost() {
    use soglia_sim::staffing::cover::{Solver, cover_by};

    let rules = Rules::parse(RULES, 15).expect("rules");
    let work = work(2000.0);
    let mut stream = soglia_sim::random::Key::new(11).stream();
    for case in 0..12 {
        let peak = 5.0 + 40.0 * stream.uniform();
        let quarter = |calls: &Option<f64>| {
            let share = calls.map(|calls| calls / 96.0 * (0.7 + 0.6 * stream.uniform()));
            share.map_or(0, |share| soglia_sim::num::round_u32(peak * share))
        };
        let need = vec![work.days[0].calls.iter().map(quarter).collect(), vec![0; 96]];
        let problem = Problem { work: &work, rules: &rules, need: &need, cuts: &[], gap: 0.0 };
        let by = |solver| cover_by(solver, &problem).expect("a cover");
        let (own, other) = (by(Solver::MicroLp), by(Solver::Highs));
        println!("{case}: {own:?} {other:?}", own = own.cost, other = other.cost);
        assert!(own.holds(&problem) && other.holds(&problem));
        assert_eq!((own.cost, own.gap.to_bits()), (other.cost, other.gap.to_bits()), "{case}");
        assert_eq!(other, by(Solver::Highs), "the same answer again");
    }
}

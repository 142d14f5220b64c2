//! Shifts that cover a need at least cost. Read [`cover`] first.
//!
//! A mixed-integer program: one whole number for each day and pattern, as few as cost least such
//! that each interval has whom it needs, nobody more than there are places for, and every [`Cut`]
//! holds. Days that no cut and no shift beyond midnight ties together are solved one by one.

use std::collections::{BTreeMap, BTreeSet};

use good_lp::variable::UnsolvedProblem;
use good_lp::{Constraint, Expression, ProblemVariables, SolverModel as _, variable};

use super::need::Levels;
use super::roster::Shift;
use super::rules::Rules;
use super::{StaffingError, Work};

/// A condition on how many are present: the weighted sum is at least so much.
#[derive(Clone, PartialEq, Debug)]
pub struct Cut {
    /// Weight of an operator present, by day and interval; none is negative.
    pub weights: Vec<Vec<f64>>,
    /// What the sum must reach.
    pub at_least: f64,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// The days.
    pub work: &'a Work,
    /// The shifts there are.
    pub rules: &'a Rules,
    /// Operators needed.
    pub need: &'a Levels,
    /// Conditions besides.
    pub cuts: &'a [Cut],
    /// How far from the least cost the answer may be, relative to it: 0 for the least.
    pub gap: f64,
}

/// Shifts that cover a need.
#[derive(Clone, PartialEq, Debug)]
pub struct Cover {
    /// Which shifts, how many of each; in order.
    pub shifts: Vec<(Shift, u32)>,
    /// Operators at work, breaks left out, by day and interval.
    pub present: Levels,
    /// What they cost, as [`Cost::of`](super::rules::Cost::of) says.
    pub cost: u64,
    /// Paid minutes.
    pub paid_mins: u64,
    /// How far above the least cost it is at most, relative to it: 0 if it is proved the least.
    pub gap: f64,
}

/// A shift that may be chosen, and the intervals that it works in.
struct Column {
    shift: Shift,
    cost: u64,
    covers: Vec<(usize, usize)>,
}

/// What searches the least cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Solver {
    /// `microlp`, in every build.
    MicroLp,
    /// HiGHS.
    #[cfg(feature = "highs")]
    Highs,
}

impl Solver {
    /// Those of this build.
    pub const ALL: &'static [Self] = &[
        Self::MicroLp,
        #[cfg(feature = "highs")]
        Self::Highs,
    ];

    /// Returns the one that [`cover`] takes: HiGHS where it was built in.
    pub fn chosen() -> Self {
        Self::ALL.last().copied().unwrap_or(Self::MicroLp)
    }
}

/// Finds the shifts that cover a need at least cost, within the gap.
///
/// An error says which interval no shift works in, or where more are needed than may be present.
pub fn cover(problem: &Problem<'_>) -> Result<Cover, StaffingError> {
    cover_by(Solver::chosen(), problem)
}

/// The same by a solver of one's choice.
pub fn cover_by(solver: Solver, problem: &Problem<'_>) -> Result<Cover, StaffingError> {
    let columns = columns(problem);
    check(problem, &columns)?;
    let mut counts: BTreeMap<Shift, u32> = BTreeMap::new();
    let (mut least, mut cost) = (0.0, 0.0);
    for days in blocks(problem, &columns) {
        let own: Vec<&Column> = columns.iter().filter(|c| days.contains(&c.shift.day)).collect();
        let (found, gap) = block(problem, &own, &days, solver)?;
        let of_block: u64 = own.iter().zip(&found).map(|(c, n)| c.cost * u64::from(*n)).sum();
        cost += of_block as f64;
        least += of_block as f64 * (1.0 - gap);
        for (column, n) in own.iter().zip(found).filter(|(_, n)| 0 < *n) {
            counts.insert(column.shift, n);
        }
    }
    let shifts: Vec<(Shift, u32)> = counts.into_iter().collect();
    let gap = if 0.0 < cost { 1.0 - least / cost } else { 0.0 };
    let cover = Cover { gap, ..Cover::of(problem.work, problem.rules, shifts) };
    if cover.holds(problem) {
        return Ok(cover);
    }
    Err(StaffingError::Solver("its answer does not cover the need".to_owned()))
}

/// Days that are solved together: how many of each column, and how far from the least cost at most.
fn block(
    problem: &Problem<'_>,
    columns: &[&Column],
    days: &BTreeSet<usize>,
    solver: Solver,
) -> Result<(Vec<u32>, f64), StaffingError> {
    let by_hand = greedy(problem, columns, days);
    let cost = |counts: &[u32]| -> u64 {
        columns.iter().zip(counts).map(|(column, n)| column.cost * u64::from(*n)).sum()
    };
    // Costs are multiples of a step: what is less than a step above the bound is the least.
    let step = columns.iter().map(|column| column.cost).fold(0, gcd);
    let bound = by_hand.as_deref().map(cost).filter(|cost| 0 < *cost);
    let of_step = bound.map_or(0.0, |cost| 0.99 * step as f64 / cost as f64);
    let gap = problem.gap.max(of_step);
    let mut found = solve(problem, columns, days, (solver, Seats::Unlimited, gap))?;
    let crowded =
        |counts: &[u32]| problem.rules.present_max < most_present(problem, columns, counts);
    if found.as_ref().is_some_and(|(counts, _)| crowded(counts)) {
        found = solve(problem, columns, days, (solver, Seats::Limited, gap))?;
    }
    let by_hand = by_hand.filter(|counts| !crowded(counts));
    match (found, by_hand) {
        (Some((counts, gap)), Some(by_hand)) if cost(&by_hand) < cost(&counts) => {
            let least = cost(&counts) as f64 * (1.0 - gap);
            let gap = 1.0 - least / cost(&by_hand) as f64;
            Ok((by_hand, gap.max(0.0)))
        }
        (Some((counts, gap)), _) => {
            let proved = gap * cost(&counts) as f64 <= 0.99 * step as f64;
            Ok((counts, if proved { 0.0 } else { gap }))
        }
        (None, Some(by_hand)) => Ok((by_hand, 1.0)),
        (None, None) => {
            Err(StaffingError::Solver(format!("nothing was found in {NODES_MAX} nodes")))
        }
    }
}

/// Takes the shift that helps most for its cost, again and again, then drops what is not needed.
/// Nothing if more and more shifts do not help.
fn greedy(problem: &Problem<'_>, columns: &[&Column], days: &BTreeSet<usize>) -> Option<Vec<u32>> {
    let mut counts = vec![0_u32; columns.len()];
    let mut missing: BTreeMap<(usize, usize), i64> = BTreeMap::new();
    for day in days {
        let needs = problem.need.get(*day)?.iter().enumerate();
        missing.extend(needs.map(|(at, need)| ((*day, at), i64::from(*need))));
    }
    let cuts: Vec<&Cut> = problem.cuts.iter().filter(|cut| concerns(cut, days)).collect();
    let mut short: Vec<f64> = cuts.iter().map(|cut| cut.at_least).collect();
    let weight = |cut: &Cut, column: &Column| -> f64 {
        let of = |(day, at): &(usize, usize)| cut.weights.get(*day)?.get(*at).copied();
        column.covers.iter().filter_map(of).sum()
    };
    let weights: Vec<Vec<f64>> =
        columns.iter().map(|column| cuts.iter().map(|cut| weight(cut, column)).collect()).collect();
    let limit = u64::from(problem.rules.present_max) * columns.len() as u64;
    for _ in 0..limit {
        let help = |(at, column): (usize, &&Column)| {
            let lacking = column.covers.iter().filter(|p| missing.get(p).is_some_and(|n| 0 < *n));
            let own = weights.get(at).map_or(&[][..], Vec::as_slice).iter().zip(&short).zip(&cuts);
            let of_cuts = own.map(|((weight, short), cut)| {
                weight.min(short.max(0.0)) / cut.at_least.abs().max(1e-9)
            });
            let help = lacking.count() as f64 + 100.0 * of_cuts.sum::<f64>();
            (help / column.cost.max(1) as f64, at)
        };
        let best = columns.iter().enumerate().map(help).max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((help, at)) = best.filter(|(help, _)| 0.0 < *help) else { break };
        debug_assert!(0.0 < help, "each shift helps");
        add(columns.get(at)?, 1, &mut missing);
        short.iter_mut().zip(weights.get(at)?).for_each(|(short, weight)| *short -= weight);
        *counts.get_mut(at)? += 1;
    }
    let enough = missing.values().all(|n| *n <= 0) && short.iter().all(|short| *short <= 1e-9);
    if !enough {
        return None;
    }
    let mut dearest: Vec<usize> = (0..columns.len()).collect();
    dearest.sort_by_key(|at| std::cmp::Reverse(columns.get(*at).map(|column| column.cost)));
    for at in dearest {
        let (column, weights) = (columns.get(at)?, weights.get(at)?);
        let spare = |missing: &BTreeMap<(usize, usize), i64>, short: &[f64]| {
            column.covers.iter().all(|place| missing.get(place).is_none_or(|n| *n < 0))
                && short.iter().zip(weights).all(|(short, weight)| short + weight <= 1e-9)
        };
        while 0 < *counts.get(at)? && spare(&missing, &short) {
            add(column, -1, &mut missing);
            short.iter_mut().zip(weights).for_each(|(short, weight)| *short += weight);
            *counts.get_mut(at)? -= 1;
        }
    }
    Some(counts)
}

fn add(column: &Column, n: i64, missing: &mut BTreeMap<(usize, usize), i64>) {
    for place in &column.covers {
        if let Some(missing) = missing.get_mut(place) {
            *missing -= n;
        }
    }
}

const fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Cover {
    /// Adds up what shifts are worth; nothing is known of how far that is from the least.
    pub fn of(work: &Work, rules: &Rules, shifts: Vec<(Shift, u32)>) -> Self {
        let mut present: Levels = vec![vec![0; work.intervals()]; work.days.len()];
        let (mut cost, mut paid_mins) = (0, 0);
        for &(shift, n) in &shifts {
            let (Some(day), Some(pattern)) =
                (work.days.get(shift.day), rules.patterns.get(shift.pattern))
            else {
                continue;
            };
            for (day, interval) in covers(work, rules, shift) {
                if let Some(level) = present.get_mut(day).and_then(|day| day.get_mut(interval)) {
                    *level += n;
                }
            }
            cost += u64::from(n) * rules.cost.of(pattern, day.date);
            paid_mins += u64::from(n) * u64::from(pattern.paid_mins());
        }
        Self { shifts, present, cost, paid_mins, gap: 1.0 }
    }

    /// Says whether it covers the need and keeps every condition.
    pub fn holds(&self, problem: &Problem<'_>) -> bool {
        let enough = |(present, need): (&Vec<u32>, &Vec<u32>)| {
            present.iter().zip(need).all(|(present, need)| need <= present)
        };
        let seats = self.present.iter().flatten().all(|n| *n <= problem.rules.present_max);
        let cut = |cut: &Cut| {
            let sum = weighed(cut, &self.present);
            cut.at_least - 1e-6 * cut.at_least.abs().max(1.0) <= sum
        };
        seats && self.present.iter().zip(problem.need).all(enough) && problem.cuts.iter().all(cut)
    }

    /// Returns each single shift.
    pub fn singles(&self) -> Vec<Shift> {
        self.shifts.iter().flat_map(|(shift, n)| vec![*shift; *n as usize]).collect()
    }
}

/// The weighted sum of a cut.
pub(super) fn weighed(cut: &Cut, present: &Levels) -> f64 {
    let days = cut.weights.iter().zip(present);
    days.flat_map(|(weights, present)| weights.iter().zip(present))
        .map(|(weight, present)| weight * f64::from(*present))
        .sum()
}

/// The days and intervals that a shift works in.
fn covers(work: &Work, rules: &Rules, shift: Shift) -> Vec<(usize, usize)> {
    let Some(pattern) = rules.patterns.get(shift.pattern) else { return Vec::new() };
    let length = u32::from(work.interval_mins);
    let n = work.intervals();
    let tomorrow = shift.day + 1;
    let follows = work
        .days
        .get(shift.day)
        .zip(work.days.get(tomorrow))
        .is_some_and(|(one, next)| one.date.tomorrow().is_ok_and(|date| date == next.date));
    let last = pattern.until_mins / length;
    (pattern.from_mins / length..last)
        .filter(|at| pattern.works(at * length, (at + 1) * length))
        .filter_map(|at| {
            let at = at as usize;
            if at < n {
                return Some((shift.day, at));
            }
            follows.then_some((tomorrow, at - n))
        })
        .collect()
}

/// All shifts that work in some open interval; of those that work in the same, the cheapest.
fn columns(problem: &Problem<'_>) -> Vec<Column> {
    let Problem { work, rules, .. } = problem;
    let open = |&(day, at): &(usize, usize)| {
        work.days.get(day).and_then(|day| day.calls.get(at)).is_some_and(Option::is_some)
    };
    let mut best: BTreeMap<Vec<(usize, usize)>, Column> = BTreeMap::new();
    for (day, of_day) in work.days.iter().enumerate() {
        for (n, pattern) in rules.patterns.iter().enumerate() {
            let shift = Shift { day, pattern: n };
            let covers: Vec<_> = covers(work, rules, shift).into_iter().filter(open).collect();
            if covers.is_empty() {
                continue;
            }
            let cost = rules.cost.of(pattern, of_day.date);
            let column = Column { shift, cost, covers: covers.clone() };
            let known = best.get(&covers);
            if known.is_none_or(|known| cost < known.cost) {
                best.insert(covers, column);
            }
        }
    }
    let mut columns: Vec<Column> = best.into_values().collect();
    columns.sort_by_key(|column| column.shift);
    columns
}

/// Says what cannot be, before the solver only says that it cannot.
fn check(problem: &Problem<'_>, columns: &[Column]) -> Result<(), StaffingError> {
    let covered: BTreeSet<&(usize, usize)> = columns.iter().flat_map(|c| &c.covers).collect();
    let max = problem.rules.present_max;
    let weightless = |cut: &&Cut| cut.weights.iter().flatten().all(|weight| *weight <= 0.0);
    if problem.cuts.iter().filter(weightless).any(|cut| 0.0 < cut.at_least) {
        return Err(StaffingError::Infeasible { max });
    }
    for (day, needs) in problem.need.iter().enumerate() {
        for (at, &need) in needs.iter().enumerate().filter(|(_, need)| 0 < **need) {
            let Some(date) = problem.work.days.get(day).map(|day| day.date) else { continue };
            let time = problem.work.at(at);
            if max < need {
                return Err(StaffingError::Seats { date, at: time, need, max });
            }
            if !covered.contains(&(day, at)) {
                return Err(StaffingError::Uncovered { date, at: time, need });
            }
        }
    }
    Ok(())
}

/// Days that must be solved together.
fn blocks(problem: &Problem<'_>, columns: &[Column]) -> Vec<BTreeSet<usize>> {
    let touched = |cut: &Cut| -> BTreeSet<usize> {
        let weighs = |day: &&(usize, &Vec<f64>)| day.1.iter().any(|weight| *weight != 0.0);
        cut.weights.iter().enumerate().filter(|day| weighs(&day)).map(|(day, _)| day).collect()
    };
    let days_of = |c: &Column| c.covers.iter().map(|(day, _)| *day).chain([c.shift.day]).collect();
    let beyond = columns.iter().map(days_of);
    let ties: BTreeSet<BTreeSet<usize>> =
        problem.cuts.iter().map(touched).chain(beyond).filter(|days| 1 < days.len()).collect();
    let mut blocks: Vec<BTreeSet<usize>> =
        (0..problem.work.days.len()).map(|day| BTreeSet::from([day])).collect();
    for tie in ties {
        let (together, apart): (Vec<_>, Vec<_>) =
            blocks.into_iter().partition(|block| !block.is_disjoint(&tie));
        blocks = apart;
        blocks.push(together.into_iter().flatten().collect());
    }
    blocks
}

/// Whether places are part of the program. They seldom matter and double its rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seats {
    Unlimited,
    Limited,
}

fn most_present(problem: &Problem<'_>, columns: &[&Column], counts: &[u32]) -> u32 {
    let chosen = columns.iter().zip(counts).map(|(column, n)| (column.shift, *n)).collect();
    let cover = Cover::of(problem.work, problem.rules, chosen);
    cover.present.iter().flatten().copied().max().unwrap_or(0)
}

/// How many of each column, and how far from the least cost at most; nothing if nothing was found
/// within [`NODES_MAX`].
type Found = Option<(Vec<u32>, f64)>;

/// The program for some days, as any solver takes it.
fn solve(
    problem: &Problem<'_>,
    columns: &[&Column],
    days: &BTreeSet<usize>,
    (solver, seats, gap): (Solver, Seats, f64),
) -> Result<Found, StaffingError> {
    let mut variables = ProblemVariables::new();
    let max = problem.rules.present_max;
    let counts = variables.add_vector(variable().integer().min(0).max(max), columns.len());
    let cost = columns.iter().zip(&counts).map(|(column, n)| column.cost as f64 * *n);
    let cost: Expression = cost.sum();
    let mut present: BTreeMap<(usize, usize), Expression> = BTreeMap::new();
    for (column, n) in columns.iter().zip(&counts) {
        for place in &column.covers {
            *present.entry(*place).or_default() += *n;
        }
    }
    let mut rows = Vec::new();
    for cut in problem.cuts.iter().filter(|cut| concerns(cut, days)) {
        let mut sum = Expression::default();
        for (column, n) in columns.iter().zip(&counts) {
            let weight = |(day, at): &(usize, usize)| {
                cut.weights.get(*day).and_then(|day| day.get(*at)).copied().unwrap_or(0.0)
            };
            sum += column.covers.iter().map(weight).sum::<f64>() * *n;
        }
        rows.push(sum.geq(cut.at_least));
    }
    for ((day, at), present) in present {
        let need = problem.need.get(day).and_then(|day| day.get(at)).copied().unwrap_or(0);
        if seats == Seats::Limited {
            rows.push(present.clone().leq(f64::from(max)));
        }
        if 0 < need {
            rows.push(present.geq(f64::from(need)));
        }
    }
    let program = variables.minimise(cost);
    match solver {
        Solver::MicroLp => by_microlp(program, rows, (gap, max)),
        #[cfg(feature = "highs")]
        Solver::Highs => by_highs(program, rows, (gap, max)),
    }
}

/// Nodes of branch and bound after which the best cover so far has to do: the same on every
/// machine, unlike a time.
pub const NODES_MAX: u64 = 3000;

fn by_microlp(
    program: UnsolvedProblem,
    rows: Vec<Constraint>,
    (gap, max): (f64, u32),
) -> Result<Found, StaffingError> {
    let model = program.using(good_lp::microlp).with_all(rows);
    let mut options = microlp::SolveOptions::default();
    options.mip_gap = gap;
    options.node_limit = Some(NODES_MAX);
    let outcome = model.as_inner().solve_with(options).map_err(|problem| match problem {
        microlp::Error::Infeasible => StaffingError::Infeasible { max },
        other => StaffingError::Solver(other.to_string()),
    })?;
    // Variables were made in the order of the columns.
    let values = |solution: &microlp::Solution| {
        let counts = solution.iter().map(|(_, value)| crate::num::round_u32(value)).collect();
        (counts, solution.gap().unwrap_or(1.0))
    };
    Ok(outcome.solution().map(values))
}

/// One thread and a fixed seed: the same answer again.
#[cfg(feature = "highs")]
fn by_highs(
    program: UnsolvedProblem,
    rows: Vec<Constraint>,
    (gap, max): (f64, u32),
) -> Result<Found, StaffingError> {
    use highs::{HighsModelStatus as Status, HighsSolutionStatus};

    let failed = |problem: &dyn std::fmt::Debug| StaffingError::Solver(format!("{problem:?}"));
    let model = program.using(good_lp::highs).with_all(rows);
    let mut model = model.try_into_inner().map_err(|problem| failed(&problem))?;
    model.make_quiet();
    let nodes = i32::try_from(NODES_MAX).expect("few nodes");
    for (name, value) in [("threads", 1), ("random_seed", 0), ("mip_max_nodes", nodes)] {
        model.try_set_option(name, value).map_err(|problem| failed(&problem))?;
    }
    model.try_set_option("mip_rel_gap", gap).map_err(|problem| failed(&problem))?;
    let solved = model.try_solve().map_err(|problem| failed(&problem))?;
    match solved.status() {
        Status::Infeasible | Status::UnboundedOrInfeasible => {
            return Err(StaffingError::Infeasible { max });
        }
        Status::Optimal | Status::ReachedSolutionLimit => {}
        other => return Err(failed(&other)),
    }
    if solved.primal_solution_status() != HighsSolutionStatus::Feasible {
        return Ok(None);
    }
    let solution = solved.get_solution();
    let counts = solution.columns().iter().map(|value| crate::num::round_u32(*value)).collect();
    Ok(Some((counts, solved.mip_gap().clamp(0.0, 1.0))))
}

/// Whether a cut weighs on some of the days.
fn concerns(cut: &Cut, days: &BTreeSet<usize>) -> bool {
    let weighs = |day: &usize| {
        cut.weights.get(*day).is_some_and(|day| day.iter().any(|weight| *weight != 0.0))
    };
    days.iter().any(weighs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staffing::WorkDay;
    use proptest::prelude::*;

    /// A short day of six hours, open from 8 to 14, in hours; shifts of two and three hours.
    fn small(days: usize) -> (Work, Rules) {
        let first = jiff::civil::date(2024, 1, 8);
        let dates = first.series(jiff::Span::new().days(1)).take(days);
        let calls: Vec<Option<f64>> =
            (0..24).map(|hour| (8..14).contains(&hour).then_some(1.0)).collect();
        let days = dates.map(|date| WorkDay { date, calls: calls.clone() }).collect();
        let rules = r#"
            [shifts]
            lengths = ["2h", "3h"]
            first_start = "08:00"
            last_end = "14:00"
            every = "1h"
            [limits]
            max_present = 9
            [cost]
            hour = "10"
            shift = "4"
        "#;
        (Work { interval_mins: 60, days }, Rules::parse(rules, 60).expect("rules"))
    }

    /// The least cost, by trying everything: shifts in order, as many as may still be useful.
    fn brute(problem: &Problem<'_>) -> Option<u64> {
        fn go(
            problem: &Problem<'_>,
            columns: &[Column],
            chosen: &mut Vec<(Shift, u32)>,
            (cost, best): (u64, &mut Option<u64>),
        ) {
            if best.is_some_and(|best| best <= cost) {
                return;
            }
            let Some((column, rest)) = columns.split_first() else {
                if Cover::of(problem.work, problem.rules, chosen.clone()).holds(problem) {
                    *best = Some(cost);
                }
                return;
            };
            for n in 0..=5 {
                chosen.push((column.shift, n));
                go(problem, rest, chosen, (cost + u64::from(n) * column.cost, best));
                chosen.pop();
            }
        }
        let mut best = None;
        go(problem, &columns(problem), &mut Vec::new(), (0, &mut best));
        best
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn the_least_cost_is_that_of_trying_everything(
            need in prop::collection::vec(0_u32..4, 6),
            weights in prop::collection::vec(0_u32..3, 6),
            at_least in 0_u32..8,
        ) {
            let (work, mut rules) = small(1);
            // Few patterns, so that everything can be tried.
            rules.patterns.retain(|p| p.from_mins % 120 == 0 || p.until_mins == 840);
            let mut levels = vec![vec![0; 24]];
            levels[0][8..14].copy_from_slice(&need);
            let mut by_hour = vec![vec![0.0; 24]];
            for (hour, weight) in weights.iter().enumerate() {
                by_hour[0][8 + hour] = f64::from(*weight);
            }
            let cuts = [Cut { weights: by_hour, at_least: f64::from(at_least) }];
            let problem =
                Problem { work: &work, rules: &rules, need: &levels, cuts: &cuts, gap: 0.0 };
            let expected = brute(&problem);
            for solver in Solver::ALL {
                match cover_by(*solver, &problem) {
                    Ok(found) => {
                        prop_assert!(found.holds(&problem));
                        prop_assert_eq!(Some(found.cost), expected, "{:?}", solver);
                    }
                    Err(error) => {
                        prop_assert!(matches!(error, StaffingError::Infeasible { .. }), "{error}");
                        prop_assert_eq!(None, expected, "{:?}", solver);
                    }
                }
            }
        }
    }

    #[test]
    fn days_are_solved_apart_unless_something_ties_them() {
        let (work, rules) = small(3);
        let mut need = vec![vec![0; 24]; 3];
        for day in &mut need {
            day[8..14].copy_from_slice(&[1, 2, 3, 3, 2, 1]);
        }
        let problem = Problem { work: &work, rules: &rules, need: &need, cuts: &[], gap: 0.0 };
        let apart = cover(&problem).expect("a cover");
        assert_eq!(blocks(&problem, &columns(&problem)).len(), 3);
        // A condition over all days that is met anyway changes nothing but how it is solved.
        let tie = [Cut { weights: vec![vec![1.0; 24]; 3], at_least: 3.0 }];
        let tied = Problem { cuts: &tie, ..problem };
        assert_eq!(blocks(&tied, &columns(&tied)).len(), 1);
        let together = cover(&tied).expect("a cover");
        assert_eq!((apart.cost, apart.cost % 3), (together.cost, 0));
        assert_eq!(cover(&tied), Ok(together), "the same answer again");
    }

    #[test]
    fn what_cannot_be_is_named() {
        let problem = |work: &Work, rules: &Rules, needs: &[(usize, u32)]| {
            let mut need = vec![vec![0; 24]];
            for (hour, n) in needs {
                need[0][*hour] = *n;
            }
            let problem = Problem { work, rules, need: &need, cuts: &[], gap: 0.0 };
            let by = |solver| cover_by(solver, &problem).expect_err("it cannot be").to_string();
            for solver in Solver::ALL {
                assert_eq!(by(*solver), by(Solver::MicroLp));
            }
            by(Solver::MicroLp)
        };
        let (work, mut rules) = small(1);
        assert_eq!(
            problem(&work, &rules, &[(13, 10)]),
            "on 2024-01-08 at 13:00:00 10 operators are needed, and at most 9 may be present",
        );
        let mut late = work.clone();
        late.days[0].calls[14] = Some(1.0);
        assert_eq!(
            problem(&late, &rules, &[(14, 2)]),
            "no shift works on 2024-01-08 at 14:00:00, when 2 operators are needed",
        );
        // Shifts from 8 to 11 and from 9 to 12 only: five of each are ten at nine.
        rules.patterns.retain(|p| p.until_mins - p.from_mins == 180 && p.from_mins <= 540);
        assert_eq!(
            problem(&work, &rules, &[(8, 5), (11, 5)]),
            "no combination of shifts covers the need without having more than 9 present",
        );
    }

    /// Shifts over midnight count for both days.
    #[test]
    fn a_night_is_covered_from_the_evening_before() {
        let (mut work, _) = small(2);
        for day in &mut work.days {
            day.calls = vec![Some(1.0); 24];
        }
        let rules = "[shifts]\nlengths = [\"8h\"]\nfirst_start = \"00:00\"\n\
                     last_end = \"32:00\"\nevery = \"8h\"";
        let rules = Rules::parse(rules, 60).expect("rules");
        let need = vec![vec![1; 24]; 2];
        let problem = Problem { work: &work, rules: &rules, need: &need, cuts: &[], gap: 0.0 };
        let found = cover(&problem).expect("a cover");
        assert_eq!((found.paid_mins, found.present), (2880, need.clone()));
    }
}

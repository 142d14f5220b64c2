//! The cheapest shifts that a simulation finds good enough. Read [`plan`] first.
//!
//! The start is the cover of Erlang A's need. It is simulated on some weeks; what each hour gains
//! from one operator more, on the same weeks, gives a *cut*: a condition on how many are present
//! that holds wherever the service level bends downwards, as it does once a queue is not badly
//! understaffed. The cheapest shifts under all cuts are simulated again, and so on until they are
//! good enough. What a round lacked is asked for besides in the next one, a *margin*, or the end
//! would be approached from below for ever; shifts that are good enough are tried again with half
//! of it. Then weeks that had no part in this are the judge. If they find the level too low,
//! because the shifts were fitted to the luck of their weeks, the goal is raised by what was
//! missing and the rounds go on.

use std::collections::BTreeMap;

use super::cover::{Cover, Cut, Problem, cover, weighed};
use super::need::{Levels, erlang};
use super::rules::Rules;
use super::{StaffingError, Work};
use crate::centre::{CallType, Centre, Group, Operator, Patience, Queue, Route, Service, Span};
use crate::distribution::Distribution;
use crate::engine::Plan;
use crate::erlang::{Requirement, ServiceLevelKind};
use crate::random::Key;
use crate::replicate::{Estimate, replicate};
use crate::table::{CallTable, Demand};
use crate::tally::{Limits, Tallies, Tally};

/// What the shifts must reach.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Goal {
    /// The share, e.g. 0.8.
    pub level: f64,
    /// Within how many seconds.
    pub limit_secs: u32,
    /// Of which calls.
    pub kind: ServiceLevelKind,
    /// Over what the share is taken.
    pub scope: Scope,
    /// The share that Erlang A must promise in every interval, whatever the others do; e.g. 0.5.
    pub floor: f64,
}

/// Over what a share is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Over all days together, as a contract counts a month.
    Whole,
    /// Over each day.
    EachDay,
    /// Over each hour of each day.
    EachHour,
}

/// What callers are like.
#[derive(Clone, PartialEq, Debug)]
pub struct Callers {
    /// Conversation and after-call work together.
    pub handling: Distribution,
    /// How long they wait.
    pub patience: Patience,
    /// How much days vary around what is expected; 0.08 is usual.
    pub day_spread: f64,
}

/// How much is simulated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effort {
    /// Repetitions of the days that shifts are fitted to.
    pub n_fit: u32,
    /// Repetitions that judge them, others.
    pub n_judge: u32,
    /// Rounds of cover and simulation at most.
    pub rounds_max: u32,
    /// Threads; the answer does not depend on them.
    pub threads: usize,
    /// The seed.
    pub seed: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self { n_fit: 40, n_judge: 200, rounds_max: 20, threads: 1, seed: 1 }
    }
}

/// The gap of covers within rounds: half a hundredth of their cost.
pub const GAP: f64 = 0.005;

/// How often shifts that are good enough are tried again with half the margin.
const REFINEMENTS: u32 = 2;

/// A round of cover and simulation.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Round {
    /// What the shifts cost.
    pub cost: u64,
    /// Their paid minutes.
    pub paid_mins: u64,
    /// The level over all days, on the weeks that shifts are fitted to.
    pub level: f64,
    /// Days or hours below the goal there.
    pub n_below: usize,
}

/// How independent weeks judge a cover.
#[derive(Clone, PartialEq, Debug)]
pub struct Judgement {
    /// The level over all days, with its interval of confidence at 95 %.
    pub level: Estimate,
    /// Counts by day and hour of the day.
    pub hours: Vec<Vec<Tally>>,
    /// The share of paid presence in which operators were busy.
    pub occupancy: f64,
    /// The lowest level of what the goal speaks of: everything, a day, or an hour.
    pub lowest: f64,
}

/// Shifts that are good enough.
#[derive(Clone, PartialEq, Debug)]
pub struct Staffed {
    /// Operators that Erlang A asks for, by day and interval.
    pub erlang: Levels,
    /// The shifts that cover them.
    pub erlang_cover: Cover,
    /// What independent weeks say of those.
    pub erlang_judged: Judgement,
    /// The shifts chosen.
    pub cover: Cover,
    /// What independent weeks say of them.
    pub judged: Judgement,
    /// What was tried.
    pub rounds: Vec<Round>,
}

const HOUR_US: i64 = 3_600_000_000;
const HOURS: usize = 24;

/// Finds shifts for days.
///
/// # Panics
/// If the effort has no repetitions.
pub fn plan(
    work: &Work,
    rules: &Rules,
    callers: &Callers,
    goal: &Goal,
    effort: &Effort,
) -> Result<Staffed, StaffingError> {
    assert!(0 < effort.n_fit && 0 < effort.n_judge, "something must be simulated");
    let need = |level: f64| {
        let limit_secs = f64::from(goal.limit_secs);
        let requirement =
            Requirement { kind: goal.kind, ..Requirement::of_offered(level, limit_secs) };
        let handling_secs = callers.handling.mean_secs().unwrap_or(0.0);
        let patience_secs = mean_patience(&callers.patience);
        erlang(work, handling_secs, patience_secs, &requirement, rules.present_min)
    };
    let wanted = need(goal.level)?;
    let floor = need(goal.floor.min(goal.level))?;
    let fit = Simulation::new(work, rules, callers, goal, effort, Weeks::Fit);
    let judge = Simulation::new(work, rules, callers, goal, effort, Weeks::Judge);
    let problem = Problem { work, rules, need: &wanted, cuts: &[], gap: 0.0 };
    let erlang_cover = cover(&problem)?;
    let erlang_judged = judge.judge(&erlang_cover)?;
    let mut search = Search { fit: &fit, goal: *goal, floor, rounds: Vec::new() };
    let mut aim = goal.level;
    loop {
        let cover = search.run(&erlang_cover, aim, effort.rounds_max)?;
        let judged = judge.judge(&cover)?;
        let missing = goal.level - judged.lowest;
        let done = missing <= 0.0 || effort.rounds_max <= crate::num::id(search.rounds.len());
        if done {
            let rounds = search.rounds;
            return Ok(Staffed {
                erlang: wanted,
                erlang_cover,
                erlang_judged,
                cover,
                judged,
                rounds,
            });
        }
        aim = (aim + missing + 0.0005).min(f64::midpoint(aim, 1.0));
    }
}

fn mean_patience(patience: &Patience) -> Option<f64> {
    // Whoever leaves at once has no patience at all.
    patience.then.mean_secs().map(|secs| ((1.0 - patience.none) * secs).max(1.0))
}

/// Covers and simulations in turn.
struct Search<'a> {
    fit: &'a Simulation<'a>,
    goal: Goal,
    floor: Levels,
    rounds: Vec<Round>,
}

impl Search<'_> {
    /// Goes on from a first cover until one is good enough at the level `aim`.
    fn run(&mut self, start: &Cover, aim: f64, rounds_max: u32) -> Result<Cover, StaffingError> {
        let mut cuts: Vec<(usize, Cut)> = Vec::new();
        let mut margins: BTreeMap<usize, f64> = BTreeMap::new();
        let mut current = start.clone();
        let mut best: Option<Cover> = None;
        let mut n_good = 0;
        loop {
            let base = self.fit.run(&current, None)?;
            let parts = self.fit.parts(&base, aim);
            let below: Vec<&Part> = parts.iter().filter(|part| part.surplus < 0.0).collect();
            let level = self.fit.level(&base);
            let (cost, paid_mins, n_below) = (current.cost, current.paid_mins, below.len());
            self.rounds.push(Round { cost, paid_mins, level, n_below });
            let first = cuts.is_empty();
            if below.is_empty() {
                if best.as_ref().is_none_or(|best| current.cost < best.cost) {
                    best = Some(current.clone());
                }
                n_good += u32::from(!first);
                // The margins made sure of it: less of them may do.
                for margin in margins.values_mut() {
                    *margin /= 2.0;
                }
            }
            let over = rounds_max <= crate::num::id(self.rounds.len());
            if REFINEMENTS < n_good || over {
                break;
            }
            if first || !below.is_empty() {
                let of = if first { parts.iter().collect() } else { below.clone() };
                self.cut(&current, &base, aim, (&of, &mut cuts))?;
            }
            for part in &below {
                *margins.entry(part.n).or_default() -= part.surplus / 2.0;
            }
            current = self.cheapest(&cuts, &margins)?;
        }
        best.ok_or_else(|| StaffingError::NotReached {
            rounds: crate::num::id(self.rounds.len()),
            reached: 100.0 * self.rounds.last().map_or(0.0, |round| round.level),
            wanted: 100.0 * self.goal.level,
        })
    }

    /// The cheapest cover under all cuts and their margins.
    fn cheapest(
        &self,
        cuts: &[(usize, Cut)],
        margins: &BTreeMap<usize, f64>,
    ) -> Result<Cover, StaffingError> {
        let with_margin = |(n, cut): &(usize, Cut)| {
            let at_least = cut.at_least + margins.get(n).copied().unwrap_or(0.0);
            Cut { at_least, ..cut.clone() }
        };
        let cuts: Vec<Cut> = cuts.iter().map(with_margin).collect();
        let (work, rules) = (self.fit.work, self.fit.rules);
        cover(&Problem { work, rules, need: &self.floor, cuts: &cuts, gap: GAP })
    }

    /// Adds a cut for each part.
    fn cut(
        &self,
        current: &Cover,
        base: &[Vec<Tally>],
        aim: f64,
        (parts, cuts): (&[&Part], &mut Vec<(usize, Cut)>),
    ) -> Result<(), StaffingError> {
        let gains = self.fit.gains(current, base, aim)?;
        for part in parts {
            let weights = self.fit.weights(&gains, part.n);
            let mut cut = Cut { weights, at_least: 0.0 };
            cut.at_least = weighed(&cut, &current.present) - part.surplus;
            let total: f64 = cut.weights.iter().flatten().sum();
            if 1e-9 < total {
                cuts.push((part.n, cut));
            }
        }
        Ok(())
    }
}

/// Which random numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weeks {
    Fit,
    Judge,
}

/// The days, ready to be simulated with any shifts.
struct Simulation<'a> {
    work: &'a Work,
    rules: &'a Rules,
    goal: Goal,
    threads: usize,
    centre: Centre,
    tables: Vec<CallTable>,
    /// Days between the first and each.
    offsets: Vec<i64>,
}

/// A part of the days that has to reach the goal.
struct Part {
    n: usize,
    /// Calls in time beyond the goal, in one repetition.
    surplus: f64,
}

/// What one operator more in each hour brings, by that hour, then by day and hour of the calls.
type Gains = Vec<(usize, Vec<Vec<f64>>)>;

impl<'a> Simulation<'a> {
    fn new(
        work: &'a Work,
        rules: &'a Rules,
        callers: &Callers,
        goal: &Goal,
        effort: &Effort,
        weeks: Weeks,
    ) -> Self {
        let first = work.days.first().map(|day| day.date);
        let offset =
            |date: jiff::civil::Date| first.map_or(0, |first| i64::from((date - first).get_days()));
        let offsets: Vec<i64> = work.days.iter().map(|day| offset(day.date)).collect();
        let n_days = offsets.last().map_or(0, |last| last + 1);
        let interval_us = i64::from(work.interval_mins) * 60_000_000;
        let n = work.intervals();
        let mut calls = vec![0.0; n * usize::try_from(n_days).unwrap_or(0)];
        let mut opening: Vec<Span> = Vec::new();
        for (day, offset) in work.days.iter().zip(&offsets) {
            let start = usize::try_from(*offset).unwrap_or(0) * n;
            for (at, expected) in day.calls.iter().enumerate() {
                let Some(expected) = expected else { continue };
                if let Some(slot) = calls.get_mut(start + at) {
                    *slot = *expected;
                }
                let from_us = i64::from(crate::num::id(start + at)) * interval_us;
                let until_us = from_us + interval_us;
                match opening.last_mut() {
                    Some(last) if last.until_us == from_us => last.until_us = until_us,
                    _ => opening.push(Span { from_us, until_us }),
                }
            }
        }
        let kind = CallType {
            patience: callers.patience.clone(),
            ..CallType::plain("calls", 0, callers.handling.clone(), Distribution::Never)
        };
        let centre = Centre {
            until_us: (n_days + 1) * 24 * HOUR_US,
            types: vec![kind],
            queues: vec![Queue::plain("queue", opening, vec![Route::to(0, 0)])],
            groups: vec![Group {
                name: "operators".to_owned(),
                serves: vec![Service { queue: 0, tier: 0 }],
            }],
            operators: Vec::new(),
        };
        let (label, n_tables) = match weeks {
            Weeks::Fit => (1, effort.n_fit),
            Weeks::Judge => (2, effort.n_judge),
        };
        let key = Key::new(effort.seed).split(label);
        let day_us = 24 * HOUR_US;
        let day_spread = callers.day_spread;
        let demand = Demand { interval_us, calls: vec![calls], day_us, day_spread };
        let table = |n: u32| demand.generate(&centre.types, key.split(u64::from(n)));
        let tables = replicate(0, n_tables, effort.threads, table);
        Self { work, rules, goal: *goal, threads: effort.threads, centre, tables, offsets }
    }

    /// The centre with the operators of a cover, and one more in an hour of every day.
    fn staffed(&self, cover: &Cover, more: Option<usize>) -> Centre {
        let span = |day: i64, (from, until): (u32, u32)| {
            let at = |mins: u32| (day * 1440 + i64::from(mins)) * 60_000_000;
            Span { from_us: at(from), until_us: at(until) }
        };
        let mut operators = Vec::new();
        for (shift, n) in &cover.shifts {
            let Some(pattern) = self.rules.patterns.get(shift.pattern) else { continue };
            let day = self.offsets.get(shift.day).copied().unwrap_or(0);
            let presence: Vec<Span> =
                pattern.spans().into_iter().map(|mins| span(day, mins)).collect();
            operators.extend(vec![Operator { group: 0, presence }; *n as usize]);
        }
        if let Some(hour) = more {
            let from = crate::num::id(hour) * 60;
            let presence = self.offsets.iter().map(|day| span(*day, (from, from + 60))).collect();
            operators.push(Operator { group: 0, presence });
        }
        Centre { operators, ..self.centre.clone() }
    }

    /// Counts by day and hour, over all repetitions.
    fn run(&self, cover: &Cover, more: Option<usize>) -> Result<Vec<Vec<Tally>>, StaffingError> {
        let centre = self.staffed(cover, more);
        let plan = Plan::new(&centre)?;
        let n = crate::num::id(self.tables.len());
        let limits = Limits::of_secs(i64::from(self.goal.limit_secs));
        let one = |n: u32| {
            let table = self.tables.get(n as usize).expect("one for each repetition");
            Tallies::of(table, &plan.run(table), 1, limits, HOUR_US)
        };
        let mut all = replicate(0, n, self.threads, one).into_iter();
        let mut total = all.next().expect("at least one repetition");
        all.for_each(|tallies| total.merge(&tallies));
        Ok(self.by_hour(&total))
    }

    fn by_hour(&self, tallies: &Tallies) -> Vec<Vec<Tally>> {
        let hour = |day: i64, hour: usize| {
            let at = usize::try_from(day).unwrap_or(0) * HOURS + hour;
            tallies.intervals.get(at).and_then(|types| types.first()).copied().unwrap_or_default()
        };
        self.offsets.iter().map(|day| (0..HOURS).map(|h| hour(*day, h)).collect()).collect()
    }

    fn level(&self, hours: &[Vec<Tally>]) -> f64 {
        crate::tally::sum(hours.iter().flatten()).level_share(self.goal.kind).unwrap_or(1.0)
    }

    /// Calls in time beyond a level, in one repetition.
    fn surplus(&self, tally: &Tally, level: f64) -> f64 {
        let (met, counted) = tally.level(self.goal.kind);
        (met as f64 - level * counted as f64) / self.tables.len() as f64
    }

    /// Which group a day's hour belongs to.
    const fn group_of(&self, day: usize, hour: usize) -> usize {
        match self.goal.scope {
            Scope::Whole => 0,
            Scope::EachDay => day,
            Scope::EachHour => day * HOURS + hour,
        }
    }

    /// The parts in which somebody calls.
    fn parts(&self, hours: &[Vec<Tally>], level: f64) -> Vec<Part> {
        let groups = self.tallies(hours).into_iter();
        groups.map(|(n, tally)| Part { n, surplus: self.surplus(&tally, level) }).collect()
    }

    fn tallies(&self, hours: &[Vec<Tally>]) -> Vec<(usize, Tally)> {
        let mut groups = BTreeMap::<usize, Tally>::new();
        for (day, of_day) in hours.iter().enumerate() {
            for (hour, tally) in of_day.iter().enumerate().filter(|(_, t)| 0 < t.offered) {
                groups.entry(self.group_of(day, hour)).or_default().merge(tally);
            }
        }
        groups.into_iter().collect()
    }

    /// Simulates one operator more in each hour in turn, on every day at once: days do not touch.
    fn gains(
        &self,
        cover: &Cover,
        base: &[Vec<Tally>],
        level: f64,
    ) -> Result<Gains, StaffingError> {
        let open =
            |hour: &usize| base.iter().any(|day| day.get(*hour).is_some_and(|t| 0 < t.offered));
        let gain = |hour: usize| {
            let more = self.run(cover, Some(hour))?;
            let gain = |(more, base): (&Tally, &Tally)| {
                self.surplus(more, level) - self.surplus(base, level)
            };
            let days = more.iter().zip(base);
            let days = days.map(|(more, base)| more.iter().zip(base).map(gain).collect());
            Ok((hour, days.collect()))
        };
        (0..HOURS).filter(open).map(gain).collect()
    }

    /// The weights of a group's cut: what an operator more in an interval brings the group.
    fn weights(&self, gains: &Gains, group: usize) -> Vec<Vec<f64>> {
        let an_hour = 60 / usize::from(self.work.interval_mins).clamp(1, 60);
        let mut weights = vec![vec![0.0; self.work.intervals()]; self.work.days.len()];
        for (hour, days) in gains {
            for (day, (of_day, weights)) in days.iter().zip(&mut weights).enumerate() {
                let own =
                    of_day.iter().enumerate().filter(|(h, _)| self.group_of(day, *h) == group);
                let gain: f64 = own.map(|(_, gain)| *gain).sum();
                let from = hour * an_hour;
                for weight in weights.iter_mut().skip(from).take(an_hour) {
                    // More operators do not harm: what looks like it is chance.
                    *weight = (gain / an_hour as f64).max(0.0);
                }
            }
        }
        weights
    }

    /// Judges a cover on these repetitions.
    fn judge(&self, cover: &Cover) -> Result<Judgement, StaffingError> {
        let centre = self.staffed(cover, None);
        let plan = Plan::new(&centre)?;
        let limits = Limits::of_secs(i64::from(self.goal.limit_secs));
        let one = |n: u32| {
            let table = self.tables.get(n as usize).expect("one for each repetition");
            let run = plan.run(table);
            let (busy, present) = (run.busy_us.iter().sum(), run.present_us.iter().sum());
            let tallies = Tallies::of(table, &run, 1, limits, HOUR_US);
            (tallies, busy, present)
        };
        let runs: Vec<(Tallies, i64, i64)> =
            replicate(0, crate::num::id(self.tables.len()), self.threads, one);
        let levels: Vec<f64> =
            runs.iter().filter_map(|(t, ..)| t.total().level_share(self.goal.kind)).collect();
        let (busy, present) =
            runs.iter().fold((0, 0), |(busy, present), (_, b, p)| (busy + b, present + p));
        let mut all = runs.into_iter().map(|(tallies, ..)| tallies);
        let mut total = all.next().expect("at least one repetition");
        all.for_each(|tallies| total.merge(&tallies));
        let hours = self.by_hour(&total);
        let shares = self
            .tallies(&hours)
            .into_iter()
            .filter_map(|(_, tally)| tally.level_share(self.goal.kind));
        let lowest = shares.fold(1.0, f64::min);
        let occupancy = if present == 0 { 0.0 } else { busy as f64 / present as f64 };
        // Of all calls together: shares are not averaged.
        let spread = Estimate::of(&levels, 0.95);
        let mean = total.total().level_share(self.goal.kind).unwrap_or(spread.mean);
        Ok(Judgement { level: Estimate { mean, ..spread }, hours, occupancy, lowest })
    }
}

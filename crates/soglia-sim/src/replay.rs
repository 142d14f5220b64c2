//! Whether the simulator gives back what happened: the gate before any answer. Read [`replay`]
//! first.
//!
//! The last weeks are played again with the calls that came, and every week, day, hour and type is
//! compared with what was observed. Where it differs by more than the [`Limits`] allow, answers are
//! *not calibrated*; the worst hours are listed and probable causes are tried by playing again.

use std::collections::BTreeMap;

use crate::centre::{CentreError, Span};
use crate::indicator::{CallRule, Counts, Fate};
use crate::learn::history::{DAY_US, History};
use crate::learn::model::Learned;
use crate::random::Key;
use crate::replicate::replicate;
use crate::scenario::{ApplyError, Calls, Change, QueueChange, Scenario, StaffChange};
use crate::week::{Week, observed};

/// Differences that are small enough, as shares.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Limits {
    /// Service level of a week, and of a type in a week.
    pub week: f64,
    /// Calls that a type needs in a week to be judged.
    pub week_calls: u64,
    /// Service level of a day.
    pub day: f64,
    /// Calls that a day needs to be judged.
    pub day_calls: u64,
    /// Service level of an hour.
    pub hour: f64,
    /// Calls that an hour needs to be judged.
    pub hour_calls: u64,
    /// Calls lost in a week.
    pub lost: f64,
    /// A group's share of the calls answered in a week.
    pub group: f64,
}

impl Default for Limits {
    /// Half a point for a week and for types with 500 calls, one for a day, five for an hour with
    /// 100 calls, 0.3 for calls lost, two for a group's share.
    fn default() -> Self {
        Self {
            week: 0.005,
            week_calls: 500,
            day: 0.01,
            day_calls: 100,
            hour: 0.05,
            hour_calls: 100,
            lost: 0.003,
            group: 0.02,
        }
    }
}

/// What is compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scope {
    /// Service level of a week.
    Week,
    /// Service level of a topic in a week: the first type with it.
    Type(usize),
    /// Calls lost in a week.
    Lost,
    /// A group's share of the calls answered in a week: the group.
    Group(usize),
    /// Service level of a day: 0 for Monday.
    Day(usize),
    /// Service level of an hour: day and hour.
    Hour(usize, usize),
}

/// A figure observed and replayed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Comparison {
    /// The week's Monday, a local day.
    pub monday: i64,
    /// What.
    pub scope: Scope,
    /// Calls observed.
    pub n: u64,
    /// As observed.
    pub observed: f64,
    /// As replayed.
    pub replayed: f64,
    /// How much it may differ; nothing where there are too few calls to judge.
    pub limit: Option<f64>,
}

impl Comparison {
    /// Replayed less observed.
    pub fn difference(&self) -> f64 {
        self.replayed - self.observed
    }

    /// Says whether it lies outside its limit.
    pub fn outside(&self) -> bool {
        // Shares of counts: what differs by less than this does not differ.
        self.limit.is_some_and(|limit| limit + 1e-9 < self.difference().abs())
    }
}

/// What the gate says.
#[derive(Clone, PartialEq, Debug)]
pub struct Gate {
    /// Everything compared, by week and scope.
    pub comparisons: Vec<Comparison>,
    /// The limits.
    pub limits: Limits,
    /// Causes tried, those that explain most first; empty where nothing is outside.
    pub causes: Vec<Cause>,
    /// Mean absolute difference of hours, weighted by calls.
    pub miss: f64,
}

/// Whether causes are looked for where something lies outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Causes {
    /// The weeks are played again with each.
    Try,
    /// They are not.
    Leave,
}

/// A change that makes the replay fit better or worse.
#[derive(Clone, PartialEq, Debug)]
pub struct Cause {
    /// What was tried.
    pub what: CauseKind,
    /// Mean absolute difference of hours with it.
    pub miss: f64,
    /// Difference of the service level over all weeks with it: replayed less observed.
    pub difference: f64,
}

/// What may be wrong with the picture of the present.
#[derive(Clone, PartialEq, Debug)]
pub enum CauseKind {
    /// So many times as many operators, all day.
    Staff(f64),
    /// So many times as many operators from 12 to 15.
    StaffAtLunch(f64),
    /// So many times as many operators before 10.
    StaffEarly(f64),
    /// Conversations so many times as long.
    Handling(f64),
    /// Seconds of after-call work that is not recorded.
    AfterCall(i64),
    /// Seconds of ringing that is not recorded.
    Ringing(i64),
    /// A queue goes first by so many seconds.
    HeadStart(String, i64),
    /// Each queue prefers the group that answers most of it.
    MainGroupFirst,
}

impl Gate {
    /// Says whether answers may stand on it.
    pub fn calibrated(&self) -> bool {
        !self.comparisons.iter().any(Comparison::outside) && self.judged() != 0
    }

    /// Returns how many figures had enough calls to be judged.
    pub fn judged(&self) -> usize {
        self.comparisons.iter().filter(|c| c.limit.is_some()).count()
    }

    /// Returns what lies outside its limit, the worst of each scope first.
    pub fn outside(&self) -> impl Iterator<Item = &Comparison> {
        self.comparisons.iter().filter(|c| c.outside())
    }

    /// Returns the `n` hours that differ most, weighted by their calls.
    pub fn worst_hours(&self, n: usize) -> Vec<Comparison> {
        let hour = |c: &&Comparison| matches!(c.scope, Scope::Hour(..));
        let mut hours: Vec<Comparison> = self.comparisons.iter().filter(hour).copied().collect();
        let weight = |c: &Comparison| c.difference().abs() * c.n as f64;
        hours.sort_by(|one, other| weight(other).total_cmp(&weight(one)));
        hours.truncate(n);
        hours
    }
}

/// What the gate looks at.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What was learned.
    pub learned: &'a Learned,
    /// Mondays of the weeks to replay.
    pub mondays: &'a [i64],
    /// What the present is like beyond what the events show; may be empty.
    pub base: &'a Scenario,
    /// The rule whose share is the service level.
    pub level: CallRule,
    /// The rule whose share is the calls lost.
    pub lost: CallRule,
    /// The limits.
    pub limits: Limits,
    /// Whether to look for causes.
    pub causes: Causes,
    /// What everything random follows from.
    pub seed: u64,
    /// Threads.
    pub threads: usize,
}

impl Ask<'_> {
    /// Returns a week as it was recorded, with the base's changes; `imputation` numbers the ways in
    /// which what was not seen can be drawn.
    pub fn week(&self, monday: i64, imputation: u32) -> Result<Week, ApplyError> {
        let key = Key::new(self.seed).split(monday.unsigned_abs()).split(u64::from(imputation));
        let week = Week::recorded(self.learned, monday, &self.learned.patience, key);
        self.base.apply(&week, self.learned, 0)
    }
}

/// Replays the weeks, compares, and tries causes if anything lies outside.
pub fn replay(ask: &Ask<'_>) -> Result<Gate, ApplyError> {
    let weeks: Vec<Week> =
        ask.mondays.iter().map(|&monday| ask.week(monday, 0)).collect::<Result<_, _>>()?;
    let observed: Vec<Vec<Fate>> =
        ask.mondays.iter().map(|&monday| observed(ask.learned, monday)).collect();
    let replayed = run_all(&weeks, ask.threads)?;
    let comparisons = compare_all(ask, &observed, &replayed);
    let (miss, _) = misses(ask, &observed, &replayed);
    let mut gate = Gate { comparisons, limits: ask.limits, causes: Vec::new(), miss };
    if ask.causes == Causes::Try && !gate.calibrated() {
        gate.causes = causes(ask, &weeks, &observed)?;
    }
    Ok(gate)
}

/// Compares weeks that were played elsewhere, in the order of `ask.mondays`.
pub fn compare_with(ask: &Ask<'_>, replayed: &[Vec<Fate>]) -> Gate {
    let observed: Vec<Vec<Fate>> =
        ask.mondays.iter().map(|&monday| observed(ask.learned, monday)).collect();
    let comparisons = compare_all(ask, &observed, replayed);
    let (miss, _) = misses(ask, &observed, replayed);
    Gate { comparisons, limits: ask.limits, causes: Vec::new(), miss }
}

fn run_all(weeks: &[Week], threads: usize) -> Result<Vec<Vec<Fate>>, CentreError> {
    let job = |n: u32| {
        let week = usize::try_from(n).ok().and_then(|n| weeks.get(n));
        week.map_or(Ok(Vec::new()), |week| week.run().map(|lived| lived.fates))
    };
    replicate(0, crate::num::id(weeks.len()), threads, job).into_iter().collect()
}

/// The counts that are compared, by scope.
fn figures(ask: &Ask<'_>, fates: &[Fate]) -> BTreeMap<Scope, Counts> {
    let mut figures: BTreeMap<Scope, Counts> = BTreeMap::new();
    let mut answered = 0_u64;
    for fate in fates {
        let level = ask.level.count(fate);
        let day = usize::try_from(fate.at_us / DAY_US).unwrap_or(0);
        let hour = usize::try_from(fate.at_us % DAY_US / 3_600_000_000).unwrap_or(0);
        let topic = ask.learned.topic_of.get(fate.kind).copied().unwrap_or(fate.kind);
        for scope in [Scope::Week, Scope::Type(topic), Scope::Day(day), Scope::Hour(day, hour)] {
            figures.entry(scope).or_default().add(level);
        }
        figures.entry(Scope::Lost).or_default().add(ask.lost.count(fate));
        if let Some(group) = fate.group {
            answered += 1;
            figures.entry(Scope::Group(group)).or_default().num += 1;
        }
    }
    for (scope, counts) in &mut figures {
        if matches!(scope, Scope::Group(_)) {
            counts.den = answered;
        }
    }
    figures
}

fn compare_all(ask: &Ask<'_>, observed: &[Vec<Fate>], replayed: &[Vec<Fate>]) -> Vec<Comparison> {
    let mut comparisons = Vec::new();
    for ((observed, replayed), &monday) in observed.iter().zip(replayed).zip(ask.mondays) {
        let (before, after) = (figures(ask, observed), figures(ask, replayed));
        for (scope, counts) in &before {
            let again = after.get(scope).copied().unwrap_or_default();
            let (Some(seen), true) = (counts.share(), 0 < counts.den) else { continue };
            comparisons.push(Comparison {
                monday,
                scope: *scope,
                n: counts.den,
                observed: seen,
                replayed: again.share().unwrap_or(0.0),
                limit: limit(&ask.limits, *scope, counts.den),
            });
        }
    }
    comparisons
}

fn limit(limits: &Limits, scope: Scope, n: u64) -> Option<f64> {
    let (limit, n_min) = match scope {
        Scope::Week | Scope::Type(_) => (limits.week, limits.week_calls),
        Scope::Lost => (limits.lost, limits.week_calls),
        Scope::Group(_) => (limits.group, limits.week_calls),
        Scope::Day(_) => (limits.day, limits.day_calls),
        Scope::Hour(..) => (limits.hour, limits.hour_calls),
    };
    (n_min <= n).then_some(limit)
}

/// Mean absolute difference of hours, weighted by calls, and the difference of the whole.
fn misses(ask: &Ask<'_>, observed: &[Vec<Fate>], replayed: &[Vec<Fate>]) -> (f64, f64) {
    let (mut sum, mut n) = (0.0, 0.0);
    let (mut before, mut after) = (Counts::default(), Counts::default());
    for (observed, replayed) in observed.iter().zip(replayed) {
        let again = figures(ask, replayed);
        for (scope, counts) in figures(ask, observed) {
            let other = again.get(&scope).copied().unwrap_or_default();
            match scope {
                Scope::Hour(..) => {
                    let weight = counts.den as f64;
                    if let (Some(seen), Some(played)) = (counts.share(), other.share()) {
                        sum += weight * (seen - played).abs();
                        n += weight;
                    }
                }
                Scope::Week => {
                    before.add(counts);
                    after.add(other);
                }
                _ => {}
            }
        }
    }
    let difference = after.share().unwrap_or(0.0) - before.share().unwrap_or(0.0);
    (if 0.0 < n { sum / n } else { 0.0 }, difference)
}

/// Plays the weeks again with each thing that may be wrong.
fn causes(ask: &Ask<'_>, weeks: &[Week], observed: &[Vec<Fate>]) -> Result<Vec<Cause>, ApplyError> {
    let mut found = Vec::new();
    for what in kinds(ask.learned) {
        let scenario = what.scenario(ask.learned);
        let changed: Vec<Week> = weeks
            .iter()
            .map(|week| scenario.apply(week, ask.learned, 0))
            .collect::<Result<_, _>>()?;
        let replayed = run_all(&changed, ask.threads)?;
        let (miss, difference) = misses(ask, observed, &replayed);
        found.push(Cause { what, miss, difference });
    }
    found.sort_by(|one, other| one.miss.total_cmp(&other.miss));
    Ok(found)
}

fn kinds(learned: &Learned) -> Vec<CauseKind> {
    let mut kinds = Vec::new();
    for times in [0.9, 0.95, 1.05, 1.1] {
        kinds.push(CauseKind::Staff(times));
        kinds.push(CauseKind::Handling(times));
    }
    for times in [0.8, 0.9, 1.1] {
        kinds.push(CauseKind::StaffAtLunch(times));
        kinds.push(CauseKind::StaffEarly(times));
    }
    for secs in [10, 20, 40] {
        kinds.push(CauseKind::AfterCall(secs));
    }
    for secs in [3, 6] {
        kinds.push(CauseKind::Ringing(secs));
    }
    if 1 < learned.queues.len() {
        kinds.extend(learned.queues.iter().map(|q| CauseKind::HeadStart(q.clone(), 60)));
    }
    if 1 < learned.history.groups.len() {
        kinds.push(CauseKind::MainGroupFirst);
    }
    kinds
}

impl CauseKind {
    /// The change that shows what the cause would do.
    fn scenario(&self, learned: &Learned) -> Scenario {
        let name = soglia_domain::text::Text { it: String::new(), en: None };
        let mut scenario = Scenario::nothing("cause", name);
        let staff = |times: f64, hours: (i64, i64), history: &History| -> Vec<Change> {
            let between = Span::of_secs(hours.0 * 3600, hours.1 * 3600);
            let of = |group: &String| Change::Operators {
                group: group.clone(),
                days: None,
                between: Some(between),
                staff: StaffChange::Times(times),
                serves: Vec::new(),
            };
            history.groups.iter().map(of).collect()
        };
        let handling = |times: f64, wrap_secs: i64, rang_secs: i64| {
            vec![Change::Handling {
                of: Calls::default(),
                system: None,
                times,
                wrap_us: wrap_secs * 1_000_000,
                rang_us: rang_secs * 1_000_000,
            }]
        };
        scenario.changes = match self {
            Self::Staff(times) => staff(*times, (0, 24), &learned.history),
            Self::StaffAtLunch(times) => staff(*times, (12, 15), &learned.history),
            Self::StaffEarly(times) => staff(*times, (0, 10), &learned.history),
            Self::Handling(times) => handling(*times, 0, 0),
            Self::AfterCall(secs) => handling(1.0, *secs, 0),
            Self::Ringing(secs) => handling(1.0, 0, *secs),
            Self::HeadStart(queue, secs) => vec![Change::Queue(QueueChange {
                name: queue.clone(),
                takes: None,
                served_by: Vec::new(),
                head_start_us: Some(secs * 1_000_000),
                capacity: None,
                overflow: None,
            })],
            Self::MainGroupFirst => main_group_first(learned),
        };
        scenario
    }
}

fn main_group_first(learned: &Learned) -> Vec<Change> {
    let mut changes = Vec::new();
    for (q, queue) in learned.queues.iter().enumerate() {
        let of_queue = || learned.skills.iter().filter(|skill| skill.queue == q);
        let main = of_queue().max_by_key(|skill| skill.n_answered).map(|skill| skill.group);
        for skill in of_queue() {
            let Some(group) = learned.history.groups.get(skill.group) else { continue };
            changes.push(Change::Prefer {
                queue: queue.clone(),
                group: group.clone(),
                tier: u8::from(Some(skill.group) != main),
            });
        }
    }
    changes
}

//! One week, ready to be simulated. Read [`Week::recorded`] first.
//!
//! A *recorded* week has the calls that came; what was not seen of them (how long those who were
//! answered would have waited, how long those who left would have talked) is drawn, by numbers that
//! belong to the call. A *drawn* week has calls that might come. Both are the present; a scenario
//! is a change to either.

use crate::centre::{
    CallType, Centre, CentreError, Group, Operator, Patience, Queue, Route, Service,
};
use crate::distribution::Distribution;
use crate::engine::{End, Outcome, Plan, Run};
use crate::indicator::Fate;
use crate::learn::history::{HistoryEnd, QUARTER_US, SLOT_US, Seen, TypeInfo, WEEK_US};
use crate::learn::model::Learned;
use crate::learn::patience_by_type::PatienceTable;
use crate::learn::presence::{Idle, seats};
use crate::learn::redial::Demand as Link;
use crate::random::{Key, Purpose};
use crate::table::{Again, Call, CallTable, KnownRedials, small};

/// Intervals of a week in which operators are counted.
pub const SLOTS_OF_WEEK: usize = 2016;

/// A week, ready to be simulated. Everything counts from its Monday's midnight.
#[derive(Clone, PartialEq, Debug)]
pub struct Week {
    /// What is special about each type of the centre's; in the same order.
    pub types: Vec<TypeInfo>,
    /// Rules, queues and groups; its operators follow from [`Week::staff`].
    pub centre: Centre,
    /// Who is at work.
    pub staff: Staff,
    /// The calls.
    pub table: CallTable,
    /// Redials that are known.
    pub known: KnownRedials,
    /// What else is known of the calls, by root.
    pub marks: Vec<Mark>,
    /// The same of known redials, by root and attempt, in order.
    pub again: Vec<((u32, u8), Mark)>,
}

/// Who is at work.
#[derive(Clone, PartialEq, Debug)]
pub enum Staff {
    /// Operators by group and slot of five minutes.
    Levels(Vec<Vec<f64>>),
    /// Operators with their hours, to the second.
    Exact(Vec<Operator>),
}

impl Staff {
    /// Whoever was at work in the week that began on `monday`.
    pub fn of(learned: &Learned, monday: i64, idle: Idle) -> Self {
        let presence = &learned.presence;
        presence.week(monday, idle).map_or_else(
            || {
                let groups = 0..learned.history.groups.len();
                let of_group = |group| presence.of_days(group, monday, monday + 7);
                Self::Levels(groups.map(of_group).collect())
            },
            Self::Exact,
        )
    }
}

/// What else is known of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    /// How long the telephone rings: part of the wait, and of the operator's time.
    pub rang_us: i64,
    /// The booking system, an index of the history's.
    pub system: Option<usize>,
}

/// No work.
const NOTHING: &Distribution = &Distribution::Constant { secs: 0.0 };

/// Labels of a call's numbers: they part what is drawn once more from what the simulator draws.
const SYSTEM: u64 = 0x5359_5354;

impl Week {
    /// Makes the week that began on `monday` as it was recorded; `key` decides what was not seen.
    pub fn recorded(learned: &Learned, monday: i64, patience: &PatienceTable, key: Key) -> Self {
        let mut week = Self::empty(learned, &learned.openings.week(monday), key);
        week.staff = Staff::of(learned, monday, Idle::Left);
        let calls = &learned.history.calls;
        let from = calls.partition_point(|call| call.day() < monday);
        let until = calls.partition_point(|call| call.day() < monday + 7);
        let origin_us = monday * crate::learn::history::DAY_US;
        let draw = Draw { learned, patience, origin_us, key };
        // Where each call stands: its root and its attempt.
        let mut place: Vec<(u32, u8)> = Vec::with_capacity(until - from);
        let mut known: Vec<((u32, u8), Again)> = Vec::new();
        for call in calls.get(from..until).unwrap_or_default() {
            let before = match call.demand {
                Link::Redial { of, .. } => {
                    of.checked_sub(from).and_then(|of| place.get(of).copied().map(|p| (of, p)))
                }
                Link::Original => None,
            };
            let (root, attempt) = match before {
                Some((_, (root, attempt))) if attempt < u8::MAX => (root, attempt + 1),
                _ => (crate::num::id(week.marks.len()), 0),
            };
            let (drawn, mark) = draw.call(call, root, attempt);
            if let Some((of, tried)) = before.filter(|_| 0 < attempt) {
                let ended_us = calls.get(from + of).map_or(0, |c| c.at_us + c.wait_us);
                let after = Again::After { delay_us: call.at_us - ended_us, again: drawn };
                known.push((tried, after));
                week.again.push(((root, attempt), mark));
            } else {
                week.marks.push(mark);
                week.table.calls.push(drawn);
            }
            place.push((root, attempt));
        }
        not_tried_again(calls.get(from..until).unwrap_or_default(), &place, &mut known);
        week.again.sort_unstable_by_key(|(attempt, _)| *attempt);
        week.known = KnownRedials::new(known);
        week
    }

    /// Draws a week like those learned from, with the hours and the operators of the week that
    /// began on `monday`.
    pub fn drawn(learned: &Learned, monday: i64, key: Key) -> Self {
        let mut week = Self::empty(learned, &learned.openings.week(monday), key);
        week.staff = Staff::of(learned, monday, Idle::Stays);
        let table = learned.arrivals.demand().generate(&week.centre.types, key);
        let draw = Draw { learned, patience: &learned.patience, origin_us: 0, key };
        let open = &learned.openings.week(monday);
        for call in &table.calls {
            // Days on which this week is closed have no calls, though the typical week has.
            if !open.iter().any(|span| span.holds(call.at_us)) {
                continue;
            }
            let root = crate::num::id(week.marks.len());
            let (drawn, mark) = draw.fresh(call, root);
            week.marks.push(mark);
            week.table.calls.push(drawn);
        }
        week
    }

    /// The present without calls.
    fn empty(learned: &Learned, opening: &[crate::centre::Span], key: Key) -> Self {
        let routes = |queue: usize| {
            let skills = learned.skills.iter().filter(move |skill| skill.queue == queue);
            skills.map(|skill| Route::to(skill.group, 0)).collect()
        };
        let queues = learned.queues.iter().enumerate().map(|(q, name)| Queue {
            grace_us: learned.grace_us,
            ..Queue::plain(name, opening.to_vec(), routes(q))
        });
        let groups = learned.history.groups.iter().enumerate().map(|(g, name)| Group {
            name: name.clone(),
            serves: learned
                .skills
                .iter()
                .filter(|skill| skill.group == g)
                .map(|skill| Service { queue: skill.queue, tier: 0 })
                .collect(),
        });
        let types = learned.history.types.iter().zip(&learned.queue_of).enumerate().map(
            |(kind, (info, &queue))| CallType {
                wrap: learned.handling.wrap(),
                patience: learned.patience.at(kind, 10 * 4 * QUARTER_US).clone(),
                redial: learned.redial.clone(),
                ..CallType::plain(
                    &info.name(),
                    queue,
                    learned.handling.talk(kind),
                    Distribution::Never,
                )
            },
        );
        Self {
            types: learned.history.types.clone(),
            centre: Centre {
                until_us: WEEK_US,
                types: types.collect(),
                queues: queues.collect(),
                groups: groups.collect(),
                operators: Vec::new(),
            },
            staff: Staff::Levels(Vec::new()),
            table: CallTable { key, calls: Vec::new() },
            known: KnownRedials::default(),
            marks: Vec::new(),
            again: Vec::new(),
        }
    }

    /// Simulates the week and says what became of each call.
    pub fn run(&self) -> Result<Lived, CentreError> {
        let operators = self.operators();
        let hours_us = operators.iter().flat_map(|o| &o.presence).map(|s| s.length_us()).sum();
        let centre = Centre { operators, ..self.centre.clone() };
        let run = Plan::new(&centre)?.run_with(&self.table, &self.known);
        let fates = self.fates(&centre, &run);
        Ok(Lived { fates, busy_us: run.busy_us, present_us: run.present_us, hours_us })
    }

    /// Returns the operators with their hours.
    pub fn operators(&self) -> Vec<Operator> {
        match &self.staff {
            Staff::Exact(operators) => operators.clone(),
            Staff::Levels(levels) => levels
                .iter()
                .enumerate()
                .flat_map(|(group, levels)| seats(group, SLOT_US, levels))
                .collect(),
        }
    }

    /// Returns operators by group and slot, whatever they are kept as.
    pub fn levels(&self) -> Vec<Vec<f64>> {
        let operators = match &self.staff {
            Staff::Levels(levels) => return levels.clone(),
            Staff::Exact(operators) => operators,
        };
        let mut levels = vec![vec![0.0; SLOTS_OF_WEEK]; self.centre.groups.len()];
        for operator in operators {
            let Some(levels) = levels.get_mut(operator.group) else { continue };
            for (level, from_us) in levels.iter_mut().zip((0..).map(|i: i64| i * SLOT_US)) {
                let inside = operator
                    .presence
                    .iter()
                    .map(|span| span.until_us.min(from_us + SLOT_US) - span.from_us.max(from_us));
                let inside_us: i64 = inside.map(|us| us.max(0)).sum();
                *level += inside_us as f64 / SLOT_US as f64;
            }
        }
        levels
    }

    /// What else is known of a call.
    pub fn mark(&self, call: &Call) -> Option<Mark> {
        let own = || {
            let of = (call.root, call.attempt);
            let at = self.again.binary_search_by_key(&of, |(attempt, _)| *attempt).ok()?;
            self.again.get(at).map(|(_, mark)| *mark)
        };
        let first = || self.marks.get(usize::try_from(call.root).ok()?).copied();
        if call.attempt == 0 { first() } else { own().or_else(first) }
    }

    fn fates(&self, centre: &Centre, run: &Run) -> Vec<Fate> {
        let mut called_back: Vec<u32> = Vec::new();
        for (call, outcome) in run.extra.iter().zip(&run.extra_outcomes) {
            if 0 < call.stage && outcome.end == End::Answered {
                called_back.push(call.root);
            }
        }
        called_back.sort_unstable();
        let fate = |(call, outcome): (&Call, &Outcome)| {
            let rang_us = self.mark(call).map_or(0, |mark| mark.rang_us);
            let answered = outcome.end == End::Answered;
            let operator = outcome.operator.and_then(|o| usize::try_from(o).ok());
            Fate {
                at_us: call.at_us,
                kind: usize::from(call.kind),
                attempt: call.attempt,
                end: outcome.end,
                wait_us: outcome.wait_us + if answered { rang_us } else { 0 },
                rang_us: if answered { rang_us } else { 0 },
                // The operator's time begins with the ring, the caller's conversation after it.
                talk_us: if answered { (call.talk_us - rang_us).max(0) } else { 0 },
                wrap_us: if answered { call.wrap_us } else { 0 },
                group: operator.and_then(|o| centre.operators.get(o)).map(|o| o.group),
                called_back: called_back.binary_search(&call.root).is_ok(),
            }
        };
        run.all(&self.table)
            .filter(|(call, _)| call.stage == 0 && call.at_us < centre.until_us)
            .map(fate)
            .collect()
    }
}

/// What became of a week.
#[derive(Clone, PartialEq, Debug)]
pub struct Lived {
    /// Of each call that a caller made.
    pub fates: Vec<Fate>,
    /// Time that each group's operators were busy.
    pub busy_us: Vec<i64>,
    /// Time that each group's operators were present, overtime included.
    pub present_us: Vec<i64>,
    /// The hours planned for all of them.
    pub hours_us: i64,
}

/// What became of the calls of a week, as it was recorded; operators' time is not known.
pub fn observed(learned: &Learned, monday: i64) -> Vec<Fate> {
    let calls = &learned.history.calls;
    let from = calls.partition_point(|call| call.day() < monday);
    let until = calls.partition_point(|call| call.day() < monday + 7);
    let origin_us = monday * crate::learn::history::DAY_US;
    let fate = |call: &Seen| {
        let (answered, talk_us, wrap_us) = match call.end {
            HistoryEnd::Answered { talk_us, wrap_us } => (true, talk_us, wrap_us.unwrap_or(0)),
            _ => (false, 0, 0),
        };
        Fate {
            at_us: call.at_us - origin_us,
            kind: call.kind,
            attempt: match call.demand {
                Link::Original => 0,
                Link::Redial { attempt, .. } => u8::try_from(attempt).unwrap_or(u8::MAX),
            },
            end: match call.end {
                HistoryEnd::Answered { .. } => End::Answered,
                HistoryEnd::Abandoned => End::Abandoned,
                HistoryEnd::Released => End::Released,
                HistoryEnd::Refused => End::Refused,
                HistoryEnd::CallBack => End::CallBack,
                HistoryEnd::OutOfHours | HistoryEnd::BeforeQueue => End::OutOfHours,
            },
            wait_us: call.wait_us,
            rang_us: if answered { call.rang_us } else { 0 },
            talk_us,
            wrap_us,
            group: call.group,
            called_back: call.end == HistoryEnd::CallBack,
        }
    };
    calls.get(from..until).unwrap_or_default().iter().map(fate).collect()
}

/// Calls that were not answered and not tried again were not tried again: callers who are not known
/// have their next call, if any, in the records as demand of its own.
fn not_tried_again(calls: &[Seen], place: &[(u32, u8)], known: &mut Vec<((u32, u8), Again)>) {
    let tried: std::collections::BTreeSet<(u32, u8)> =
        known.iter().map(|(attempt, _)| *attempt).collect();
    for (call, place) in calls.iter().zip(place) {
        let unserved =
            matches!(call.end, HistoryEnd::Abandoned | HistoryEnd::Released | HistoryEnd::Refused);
        if unserved && !tried.contains(place) {
            known.push((*place, Again::No));
        }
    }
}

/// Draws what was not seen.
struct Draw<'a> {
    learned: &'a Learned,
    patience: &'a PatienceTable,
    origin_us: i64,
    key: Key,
}

impl Draw<'_> {
    /// A recorded call.
    fn call(&self, call: &Seen, root: u32, attempt: u8) -> (Call, Mark) {
        let own = self.key.split(u64::from(root));
        let patience_u = own.uniform(Purpose::Patience, attempt);
        let patience = self.patience.at(call.kind, call.at_us);
        let (system, talk_us, wrap_us, rang_us) = if let HistoryEnd::Answered { talk_us, wrap_us } =
            call.end
        {
            (call.system, talk_us, wrap_us.unwrap_or(0), call.rang_us)
        } else {
            let (system, talk_us, wrap_us) = self.handling(call.kind, call.system, own, attempt);
            (system, talk_us, wrap_us, self.learned.rang_us)
        };
        let patience_us = match call.end {
            HistoryEnd::Abandoned => call.wait_us,
            // Whoever did not have to wait may be one of those who leave when they have to.
            HistoryEnd::Answered { .. } if call.wait_us <= call.rang_us => {
                drawn_patience(patience, patience_u)
            }
            HistoryEnd::Refused | HistoryEnd::OutOfHours | HistoryEnd::BeforeQueue => {
                drawn_patience(patience, patience_u)
            }
            _ => patience_longer(patience, call.wait_us, patience_u),
        };
        let drawn = Call {
            at_us: call.at_us - self.origin_us,
            // While the telephone rings the operator is taken.
            talk_us: rang_us + talk_us,
            wrap_us,
            patience_us,
            root,
            kind: small(call.kind),
            attempt,
            stage: 0,
        };
        (drawn, Mark { rang_us, system })
    }

    /// A call that was drawn: what its type and hour say.
    fn fresh(&self, call: &Call, root: u32) -> (Call, Mark) {
        let own = self.key.split(u64::from(root));
        let kind = usize::from(call.kind);
        let (system, talk_us, wrap_us) = self.handling(kind, None, own, 0);
        let rang_us = self.learned.rang_us;
        let patience = self.patience.at(kind, call.at_us);
        let patience_us = drawn_patience(patience, own.uniform(Purpose::Patience, 0));
        let talk_us = rang_us + talk_us;
        (Call { talk_us, wrap_us, patience_us, root, ..*call }, Mark { rang_us, system })
    }

    /// The booking system, then the conversation in it.
    fn handling(
        &self,
        kind: usize,
        system: Option<usize>,
        own: Key,
        attempt: u8,
    ) -> (Option<usize>, i64, i64) {
        let handling = &self.learned.handling;
        let mut place = own.split(SYSTEM).uniform(Purpose::Talk, attempt);
        let mut chosen = None;
        for cell in handling.systems_of(kind) {
            if system.is_none_or(|system| cell.system == Some(system)) {
                chosen = Some(cell);
                if place < cell.share || system.is_some() {
                    break;
                }
                place -= cell.share;
            }
        }
        let whole = handling.types.get(kind);
        let talk = chosen.or(whole).map_or(NOTHING, |cell| &cell.talk);
        let talk_us = talk.sampler().quantile_us(own.uniform(Purpose::Talk, attempt));
        let wrap = handling.wrap.as_ref().unwrap_or(NOTHING);
        let wrap_us = wrap.sampler().quantile_us(own.uniform(Purpose::Wrap, attempt));
        (chosen.and_then(|cell| cell.system), talk_us, wrap_us)
    }
}

fn drawn_patience(patience: &Patience, u: f64) -> i64 {
    crate::table::patience_of(patience, u)
}

/// Patience of somebody known to have waited so long.
fn patience_longer(patience: &Patience, waited_us: i64, u: f64) -> i64 {
    crate::table::patience_given(&patience.then, waited_us, u)
}

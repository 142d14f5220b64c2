//! One day on the operators' floor, second by second: queues, phones, shifts, breaks. Read
//! [`play`] first.
//!
//! An event list in the manner of any discrete-event simulation. It makes waits and losses follow
//! the load, as on a real floor; the exact counts are put right afterwards (`exact`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::call::{Call, Door, Exit, Ring, RingResult, Visit};
use super::hours::{Day, HALF_HOURS};
use super::random::Rng;
use super::shape::Plan;

/// Operators on duty in each half-hour.
pub type Rota = [usize; HALF_HOURS];

/// What an operator told the PBX.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Duty {
    /// When.
    pub at: i64,
    /// Who, from 1.
    pub operator: u32,
    /// What.
    pub change: Change,
}

/// A change of an operator's state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Logged in.
    Joined,
    /// Logged out.
    Left,
    /// Went on a break.
    Paused,
    /// Came back.
    Resumed,
}

/// Plays a day: fills in the calls' visits and returns the operators' changes.
///
/// `calls` are the day's calls, those sent to a queue in the order in which they enter it.
pub fn play(plan: &Plan, day: &Day, rota: &Rota, calls: &mut [Call], rng: Rng) -> Vec<Duty> {
    let n_operators = rota.iter().copied().max().unwrap_or(0);
    let mut floor = Floor {
        plan,
        day,
        rota,
        ringing: vec![None; calls.len()],
        calls,
        operators: vec![Operator::default(); n_operators],
        waiting: Vec::new(),
        agenda: BinaryHeap::new(),
        n_events: 0,
        duties: Vec::new(),
        rng,
    };
    floor.fill_agenda();
    while let Some(Reverse((at, _, event))) = floor.agenda.pop() {
        floor.happen(at, event);
    }
    assert!(floor.waiting.is_empty(), "everybody has left the queues at night");
    floor.duties
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Event {
    Shift(usize),
    BreakDue(usize),
    BreakOver(usize),
    Arrival(usize),
    RingOver { call: usize, operator: usize, ring: usize },
    TalkOver { call: usize, operator: usize },
    Ready(usize),
    PatienceOver { call: usize, visit: usize },
    TimeOver { call: usize, visit: usize },
    KeyPressed { call: usize, visit: usize },
}

#[derive(Clone, Default, Debug)]
struct Operator {
    state: State,
    leaving: bool,
    break_due: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
enum State {
    #[default]
    Off,
    Idle(i64),
    Busy,
    Paused,
}

struct Floor<'a> {
    plan: &'a Plan,
    day: &'a Day,
    rota: &'a Rota,
    calls: &'a mut [Call],
    ringing: Vec<Option<usize>>,
    operators: Vec<Operator>,
    waiting: Vec<usize>,
    agenda: BinaryHeap<Reverse<(i64, u64, Event)>>,
    n_events: u64,
    duties: Vec<Duty>,
    rng: Rng,
}

/// Seconds of work after a conversation.
const WRAP_UP: [(i64, i64); 3] = [(0, 9), (700, 25), (1000, 60)];
/// Seconds until an operator picks up.
const PICK_UP: [(i64, i64); 3] = [(0, 2), (800, 6), (1000, 10)];
/// Seconds after which an unanswered phone stops ringing.
const RING_MAX: i64 = 15;
/// Unanswered rings, in permille.
const UNANSWERED: i64 = 14;
/// Length of a break.
const BREAK: i64 = 15 * 60;
/// The last operators take calls this long after closing.
const OVERTIME: i64 = 15;

impl Floor<'_> {
    fn fill_agenda(&mut self) {
        for half_hour in 0..=HALF_HOURS {
            let start = self.day.opens + 1800 * as_secs(half_hour);
            let late = if half_hour == HALF_HOURS { OVERTIME } else { -20 };
            self.plan_event(start + late, Event::Shift(half_hour));
        }
        for operator in 0..self.operators.len() {
            let on_duty: Vec<usize> =
                (0..HALF_HOURS).filter(|&h| operator < self.staff(h)).collect();
            if let (6.., Some(&middle)) = (on_duty.len(), on_duty.get(on_duty.len() / 2)) {
                let spread = as_secs(operator % 7) * 2000 - 6000;
                let at = self.day.opens + as_secs(middle) * 1800 + spread;
                self.plan_event(at, Event::BreakDue(operator));
            }
        }
        for call in 0..self.calls.len() {
            let Some(c) = self.calls.get(call) else { continue };
            if matches!(c.door, Door::Queue(_)) {
                let at = c.chose;
                self.plan_event(at, Event::Arrival(call));
            }
        }
    }

    fn staff(&self, half_hour: usize) -> usize {
        self.rota.get(half_hour).copied().unwrap_or(0)
    }

    fn plan_event(&mut self, at: i64, event: Event) {
        self.n_events += 1;
        self.agenda.push(Reverse((at, self.n_events, event)));
    }

    fn happen(&mut self, at: i64, event: Event) {
        match event {
            Event::Shift(half_hour) => self.change_shift(at, half_hour),
            Event::BreakDue(operator) => self.take_break(at, operator),
            Event::BreakOver(operator) => {
                self.note(at, operator, Change::Resumed);
                self.release(at, operator);
            }
            Event::Arrival(call) => self.arrive(at, call),
            Event::RingOver { call, operator, ring } => self.ring_over(at, call, operator, ring),
            Event::TalkOver { call, operator } => self.talk_over(at, call, operator),
            Event::Ready(operator) => self.release(at, operator),
            Event::PatienceOver { call, visit } => {
                if self.is_waiting(call, visit) {
                    let place = self.leave(at, call, RingResult::Cancelled);
                    self.close_visit(at, call, Exit::Abandoned(place));
                }
            }
            Event::TimeOver { call, visit } => self.time_over(at, call, visit),
            Event::KeyPressed { call, visit } => {
                if self.is_waiting(call, visit) {
                    let place = self.leave(at, call, RingResult::Cancelled);
                    self.close_visit(at, call, Exit::Changed(place));
                    self.enter(at, call, 0);
                }
            }
        }
    }

    fn change_shift(&mut self, at: i64, half_hour: usize) {
        let staff = self.staff(half_hour);
        for operator in 0..self.operators.len() {
            let Some(o) = self.operators.get_mut(operator) else { continue };
            if operator < staff {
                o.leaving = false;
                if o.state == State::Off {
                    o.state = State::Idle(at);
                    self.note(at, operator, Change::Joined);
                }
            } else {
                o.leaving = true;
                if matches!(o.state, State::Idle(_)) {
                    self.release(at, operator);
                }
            }
        }
        self.ring_phones(at);
        self.empty_when_nobody_is_left(at);
    }

    fn take_break(&mut self, at: i64, operator: usize) {
        let Some(o) = self.operators.get_mut(operator) else { return };
        match o.state {
            State::Idle(_) => self.pause(at, operator),
            State::Busy => o.break_due = true,
            State::Off | State::Paused => {}
        }
    }

    fn pause(&mut self, at: i64, operator: usize) {
        let Some(o) = self.operators.get_mut(operator) else { return };
        o.break_due = false;
        o.state = State::Paused;
        self.note(at, operator, Change::Paused);
        self.plan_event(at + BREAK, Event::BreakOver(operator));
    }

    /// An operator has nothing in hand: goes home, on a break, or takes the next call.
    fn release(&mut self, at: i64, operator: usize) {
        let Some(o) = self.operators.get_mut(operator) else { return };
        if o.leaving {
            o.state = State::Off;
            self.note(at, operator, Change::Left);
            self.empty_when_nobody_is_left(at);
        } else if o.break_due {
            self.pause(at, operator);
        } else {
            o.state = State::Idle(at);
            self.ring_phones(at);
        }
    }

    fn empty_when_nobody_is_left(&mut self, at: i64) {
        if at < self.day.closes || self.operators.iter().any(|o| o.state != State::Off) {
            return;
        }
        while let Some(&call) = self.waiting.first() {
            let place = self.leave(at, call, RingResult::Cancelled);
            self.close_visit(at, call, Exit::Emptied(place));
        }
    }

    fn arrive(&mut self, at: i64, call: usize) {
        let room = self.plan.room;
        let Some(c) = self.calls.get_mut(call) else { return };
        let Door::Queue(queue) = c.door else { return };
        if room <= self.waiting.len() {
            c.door = Door::Full(queue);
        } else {
            self.enter(at, call, queue);
        }
    }

    fn enter(&mut self, at: i64, call: usize, queue: usize) {
        let place = 1 + self.ahead(queue, self.waiting.len());
        let Some(c) = self.calls.get_mut(call) else { return };
        let visit = c.visits.len();
        let was_answered = c.answered().is_some();
        let hangs_up = c.visits.first().map_or(at, |first| first.entered) + c.patience;
        let changes = c.changes_after.filter(|_| visit == 0);
        c.visits.push(Visit {
            queue,
            entered: at,
            place,
            rings: Vec::new(),
            left: at,
            exit: Exit::Waiting,
        });
        self.waiting.push(call);
        if !was_answered {
            let timeout = self.plan.queues.get(queue).map_or(900, |q| q.timeout);
            self.plan_event(hangs_up.max(at + 3), Event::PatienceOver { call, visit });
            self.plan_event(at + timeout, Event::TimeOver { call, visit });
            if let Some(seconds) = changes {
                self.plan_event(at + seconds, Event::KeyPressed { call, visit });
            }
        }
        self.ring_phones(at);
    }

    /// Callers of a queue among the first `n` that wait.
    fn ahead(&self, queue: usize, n: usize) -> usize {
        let waits_there = |&&call: &&usize| {
            self.calls.get(call).and_then(|c| c.visits.last()).is_some_and(|v| v.queue == queue)
        };
        self.waiting.iter().take(n).filter(waits_there).count()
    }

    fn is_waiting(&self, call: usize, visit: usize) -> bool {
        self.calls.get(call).is_some_and(|c| {
            c.visits.len() == visit + 1 && c.visits.last().is_some_and(|v| v.exit == Exit::Waiting)
        })
    }

    fn ring_phones(&mut self, at: i64) {
        while let (Some(operator), Some(call)) = (self.next_operator(), self.next_call()) {
            if let Some(o) = self.operators.get_mut(operator) {
                o.state = State::Busy;
            }
            if let Some(ringing) = self.ringing.get_mut(call) {
                *ringing = Some(operator);
            }
            let unanswered = self.rng.permille(UNANSWERED);
            let length = if unanswered { RING_MAX } else { self.rng.quantiles(&PICK_UP) };
            let Some(visit) = self.calls.get_mut(call).and_then(|c| c.visits.last_mut()) else {
                return;
            };
            let ring = visit.rings.len();
            visit.rings.push(Ring {
                operator: u32::try_from(operator + 1).expect("few operators"),
                from: at,
                until: at + length,
                result: RingResult::Ringing,
                channel: 0,
            });
            self.plan_event(at + length, Event::RingOver { call, operator, ring });
        }
    }

    /// The operator who has been idle longest.
    fn next_operator(&self) -> Option<usize> {
        let idle = |(index, o): (usize, &Operator)| match o.state {
            State::Idle(since) => Some((since, index)),
            _ => None,
        };
        self.operators.iter().enumerate().filter_map(idle).min().map(|(_, index)| index)
    }

    /// The caller who has waited longest, head starts included, and for whom no phone rings.
    fn next_call(&self) -> Option<usize> {
        let turn = |&call: &usize| {
            if self.ringing.get(call).copied().flatten().is_some() {
                return None;
            }
            let visit = self.calls.get(call)?.visits.last()?;
            let queue = self.plan.queues.get(visit.queue)?;
            let first = self.calls.get(call)?.visits.first()?;
            Some((first.entered - queue.head_start, call))
        };
        self.waiting.iter().filter_map(turn).min().map(|(_, call)| call)
    }

    fn ring_over(&mut self, at: i64, call: usize, operator: usize, ring: usize) {
        let rings_there = self.ringing.get(call).copied().flatten() == Some(operator);
        let Some(c) = self.calls.get_mut(call) else { return };
        let (talk, first) = (c.talk, c.answered().is_none());
        let second = c.passed_on.map_or(0, |(_, seconds)| seconds);
        let Some(visit) = c.visits.last_mut() else { return };
        if !rings_there || visit.rings.len() != ring + 1 {
            return;
        }
        let Some(phone) = visit.rings.last_mut() else { return };
        if phone.until != at {
            return;
        }
        if phone.until - phone.from == RING_MAX {
            phone.result = RingResult::NoAnswer;
            if let Some(ringing) = self.ringing.get_mut(call) {
                *ringing = None;
            }
            return self.release(at, operator);
        }
        phone.result = RingResult::Answered;
        let until = at + if first { talk } else { second };
        visit.left = at;
        visit.exit = Exit::Talked { until };
        self.forget(call);
        self.plan_event(until, Event::TalkOver { call, operator });
    }

    fn talk_over(&mut self, at: i64, call: usize, operator: usize) {
        let wrap_up = self.rng.quantiles(&WRAP_UP);
        self.plan_event(at + wrap_up, Event::Ready(operator));
        let passed_on = self.calls.get(call).and_then(|c| c.passed_on);
        if let (Some((queue, _)), 1) = (passed_on, self.n_answers(call)) {
            self.enter(at, call, queue);
        }
    }

    fn n_answers(&self, call: usize) -> usize {
        let answered = |v: &&Visit| matches!(v.exit, Exit::Talked { .. });
        self.calls.get(call).map_or(0, |c| c.visits.iter().filter(answered).count())
    }

    fn time_over(&mut self, at: i64, call: usize, visit: usize) {
        if !self.is_waiting(call, visit) {
            return;
        }
        let queue = self.calls.get(call).and_then(|c| c.visits.last()).map_or(0, |v| v.queue);
        let place = self.leave(at, call, RingResult::NoAnswer);
        self.close_visit(at, call, Exit::TimedOut(place));
        if let Some(overflow) = self.plan.queues.get(queue).and_then(|q| q.overflow) {
            self.enter(at, call, overflow);
        }
    }

    /// Takes a caller out of the queue without an answer; returns the place it had.
    fn leave(&mut self, at: i64, call: usize, ring: RingResult) -> usize {
        let position = self.waiting.iter().position(|&c| c == call).unwrap_or(0);
        let queue = self.calls.get(call).and_then(|c| c.visits.last()).map_or(0, |v| v.queue);
        let place = 1 + self.ahead(queue, position);
        let rang = self.ringing.get(call).copied().flatten();
        self.forget(call);
        if let Some(operator) = rang {
            let visit = self.calls.get_mut(call).and_then(|c| c.visits.last_mut());
            if let Some(phone) = visit.and_then(|v| v.rings.last_mut()) {
                phone.until = at;
                phone.result = ring;
            }
            self.release(at, operator);
        }
        place
    }

    fn forget(&mut self, call: usize) {
        self.waiting.retain(|&c| c != call);
        if let Some(ringing) = self.ringing.get_mut(call) {
            *ringing = None;
        }
    }

    fn close_visit(&mut self, at: i64, call: usize, exit: Exit) {
        if let Some(visit) = self.calls.get_mut(call).and_then(|c| c.visits.last_mut()) {
            visit.left = at;
            visit.exit = exit;
        }
    }

    fn note(&mut self, at: i64, operator: usize, change: Change) {
        let operator = u32::try_from(operator + 1).expect("few operators");
        self.duties.push(Duty { at, operator, change });
    }
}

fn as_secs(n: usize) -> i64 {
    i64::try_from(n).expect("a small count")
}

//! A run under way. Read [`State::run`] first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::idle::IdleLists;
use super::rules::{QueueRules, Rules};
use super::tournament::Tournament;
use super::{Abandonment, End, Outcome, Run};
use crate::centre::{CallType, Centre, Operator, Span};
use crate::distribution::NEVER_US;
use crate::num::id;
use crate::random::{Key, Purpose};
use crate::table::{Again, Call, CallTable, KnownRedials, TypeSampler, small};

pub(super) struct State<'a> {
    centre: &'a Centre,
    rules: &'a Rules,
    table: &'a CallTable,
    known: &'a KnownRedials,
    samplers: Vec<TypeSampler<'a>>,
    run: Run,
    lines: Vec<Line>,
    /// One bit for each queue in which somebody may be waiting.
    waiting: u64,
    operators: Vec<OperatorState>,
    changes: Tournament,
    idle: IdleLists,
    heap: BinaryHeap<Reverse<Event>>,
    n_events: u32,
    next_clearing: usize,
    eager: bool,
    /// By call; empty where abandonments are no events.
    places: Vec<Place>,
}

/// A queue's waiting calls. Entries of calls that have left stay until they come first.
#[derive(Debug, Default)]
struct Line {
    entries: VecDeque<Waiting>,
    /// How many still wait; kept only where abandonments are events.
    n_waiting: u32,
    /// The opening that holds the present, or the next one.
    opening: usize,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    joined_us: i64,
    gives_up_us: i64,
    call: u32,
}

#[derive(Clone, Copy, Debug)]
struct OperatorState {
    group: usize,
    /// The present presence, or the next one.
    presence: usize,
    until_us: i64,
    doing: Doing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doing {
    Absent,
    Idle,
    Busy,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Event {
    at_us: i64,
    /// Events at the same instant happen in the order in which they were foreseen.
    order: u32,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum What {
    Arrive { extra: u32 },
    GiveUp { call: u32 },
    NextGroups { call: u32, queue: u32 },
    Overflow { call: u32, to: u32 },
    OfferCallBack { call: u32 },
}

/// Where a call waits; kept only where abandonments are events.
#[derive(Clone, Copy, Debug)]
struct Place {
    queue: usize,
    /// When the call entered its first queue, and this one.
    entered_us: i64,
    joined_us: i64,
    overflows: Overflows,
}

/// Whether a call may still overflow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Overflows {
    NotYet,
    Done,
}

const NOWHERE: Place =
    Place { queue: usize::MAX, entered_us: 0, joined_us: 0, overflows: Overflows::NotYet };

impl<'a> State<'a> {
    pub(super) fn new(
        centre: &'a Centre,
        rules: &'a Rules,
        table: &'a CallTable,
        known: &'a KnownRedials,
    ) -> Self {
        let operators: Vec<OperatorState> =
            centre.operators.iter().map(OperatorState::new).collect();
        let first: Vec<i64> = centre
            .operators
            .iter()
            .map(|o| o.presence.first().map_or(i64::MAX, |span| span.from_us))
            .collect();
        let waiting = Outcome { wait_us: 0, operator: None, end: End::Waiting };
        let eager = rules.abandonment == Abandonment::Eager;
        Self {
            centre,
            rules,
            table,
            known,
            samplers: centre.types.iter().map(TypeSampler::new).collect(),
            run: Run {
                outcomes: vec![waiting; table.calls.len()],
                busy_us: vec![0; centre.groups.len()],
                present_us: present(centre),
                ..Run::default()
            },
            lines: centre.queues.iter().map(|_| Line::default()).collect(),
            waiting: 0,
            changes: Tournament::new(&first),
            idle: IdleLists::new(centre.groups.len(), operators.len()),
            operators,
            heap: BinaryHeap::new(),
            n_events: 0,
            next_clearing: 0,
            eager,
            places: if eager { vec![NOWHERE; table.calls.len()] } else { Vec::new() },
        }
    }

    pub(super) fn run(mut self) -> Run {
        let table = self.table;
        let until_us = self.centre.until_us;
        for (call, n) in table.calls.iter().zip(0..) {
            if until_us <= call.at_us {
                self.leave(n, 0, End::OutOfHours);
                continue;
            }
            self.advance(call.at_us);
            self.arrive(n, call);
        }
        self.advance(until_us);
        for queue in 0..self.lines.len() {
            self.clear(queue, until_us);
        }
        self.book_overtime(until_us);
        self.run
    }

    /// Whoever works beyond a shift when the simulation ends has been there until then.
    fn book_overtime(&mut self, until_us: i64) {
        for n in 0..self.operators.len() {
            let OperatorState { doing, until_us: shift_until_us, .. } = self.operators[n];
            if doing == Doing::Busy && shift_until_us < until_us {
                self.change(id(n), until_us);
            }
        }
    }

    /// Lets everything happen until an arrival at `arrival_us`.
    #[inline]
    fn advance(&mut self, arrival_us: i64) {
        loop {
            let change = self.changes.first();
            let clearing_us = self.clearing_us();
            let event_us = self.heap.peek().map_or(i64::MAX, |Reverse(event)| event.at_us);
            let other_us = clearing_us.min(event_us);
            if change.at_us <= arrival_us && change.at_us <= other_us {
                if change.at_us == i64::MAX {
                    return;
                }
                self.change(change.index, change.at_us);
            } else if arrival_us < other_us {
                return;
            } else if clearing_us <= event_us {
                let queue = self.rules.clearings[self.next_clearing].queue;
                self.next_clearing += 1;
                self.clear(queue, clearing_us);
            } else if let Some(Reverse(event)) = self.heap.pop() {
                self.happen(event);
            }
        }
    }

    #[inline]
    fn clearing_us(&self) -> i64 {
        self.rules.clearings.get(self.next_clearing).map_or(i64::MAX, |c| c.at_us)
    }

    /// A call reaches its queue, if it is not answered by the IVR and the queue is open;
    /// whatever comes when it is closed is lost, work that the centre brought about included.
    #[inline]
    fn arrive(&mut self, n: u32, call: &Call) {
        let kind = &self.centre.types[usize::from(call.kind)];
        let contained = 0.0 < kind.contained
            && call.attempt == 0
            && self.key(call).uniform(Purpose::Contain, 0) < kind.contained;
        if contained {
            return self.leave(n, 0, End::Contained);
        }
        if !self.is_open(kind.queue, call.at_us) {
            return self.leave(n, 0, End::OutOfHours);
        }
        let (queue, now_us) = (kind.queue, call.at_us);
        let overflows = Overflows::NotYet;
        let place = Place { queue, entered_us: now_us, joined_us: now_us, overflows };
        let gives_up_us = now_us + call.patience_us;
        self.join(n, place, gives_up_us);
        if self.eager && self.outcome(n).end == End::Waiting {
            if let Some(offer) = kind.call_back {
                self.foresee(now_us + offer.after_us, What::OfferCallBack { call: n });
            }
            if call.patience_us < NEVER_US {
                self.foresee(gives_up_us, What::GiveUp { call: n });
            }
        }
    }

    fn is_open(&mut self, queue: usize, at_us: i64) -> bool {
        let opening = &self.centre.queues[queue].opening;
        let line = &mut self.lines[queue];
        while opening.get(line.opening).is_some_and(|span| span.until_us <= at_us) {
            line.opening += 1;
        }
        opening.get(line.opening).is_some_and(|span| span.from_us <= at_us)
    }

    /// A call is answered at once, or waits in a queue from now on, or finds it full.
    #[inline]
    fn join(&mut self, n: u32, place: Place, gives_up_us: i64) {
        let rules = self.rules;
        let queue = &rules.queues[place.queue];
        let now_us = place.joined_us;
        if let Some(operator) = self.longest_idle(queue, 0) {
            return self.answer(operator, n, now_us - place.entered_us, now_us);
        }
        if self.eager {
            if queue.capacity <= self.lines[place.queue].n_waiting {
                self.leave(n, now_us - place.entered_us, End::Refused);
                return self.try_again(n, now_us);
            }
            self.lines[place.queue].n_waiting += 1;
            self.places[n as usize] = place;
            self.foresee_steps(n, place, queue);
        }
        let entry = Waiting { joined_us: now_us, gives_up_us, call: n };
        self.lines[place.queue].entries.push_back(entry);
        self.waiting |= 1 << place.queue;
    }

    fn foresee_steps(&mut self, n: u32, place: Place, queue: &QueueRules) {
        for &after_us in &queue.steps_us {
            let queue = id(place.queue);
            self.foresee(place.joined_us + after_us, What::NextGroups { call: n, queue });
        }
        if let (Some((after_us, to)), Overflows::NotYet) = (queue.overflow, place.overflows) {
            self.foresee(place.joined_us + after_us, What::Overflow { call: n, to });
        }
    }

    /// The idle operator whom a call that has waited `waited_us` in a queue prefers.
    #[inline]
    fn longest_idle(&self, queue: &QueueRules, waited_us: i64) -> Option<u32> {
        let idle = self.idle.mask();
        if waited_us == 0 && idle & queue.at_once == 0 {
            return None;
        }
        let mut best: Option<(u64, u32)> = None;
        let mut tier = 0;
        for route in &queue.routes {
            if best.is_some() && tier < route.tier {
                break;
            }
            if idle >> route.group & 1 == 0 || waited_us < route.after_us {
                continue;
            }
            tier = route.tier;
            let candidate = self.idle.longest(route.group);
            best = match (best, candidate) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        best.map(|(_, operator)| operator)
    }

    /// An operator's call or shift ends, or a shift begins.
    #[inline]
    fn change(&mut self, operator: u32, now_us: i64) {
        let o = operator as usize;
        let state = self.operators[o];
        match state.doing {
            Doing::Busy if now_us < state.until_us => self.look_for_work(operator, now_us),
            Doing::Busy => {
                self.run.present_us[state.group] += now_us - state.until_us;
                self.go(operator, now_us);
            }
            Doing::Idle => {
                self.idle.remove(state.group, operator);
                self.go(operator, now_us);
            }
            Doing::Absent => self.look_for_work(operator, now_us),
        }
    }

    /// A shift is over: until the next one, which may have begun meanwhile.
    fn go(&mut self, operator: u32, now_us: i64) {
        let spans = &self.centre.operators[operator as usize].presence;
        let state = &mut self.operators[operator as usize];
        state.presence += 1;
        while let Some(span) = spans.get(state.presence).filter(|span| span.from_us < now_us) {
            // Worked into the next shift: that time would be counted twice.
            self.run.present_us[state.group] -= span.until_us.min(now_us) - span.from_us;
            if now_us < span.until_us {
                state.until_us = span.until_us;
                return self.look_for_work(operator, now_us);
            }
            state.presence += 1;
        }
        state.doing = Doing::Absent;
        let Some(span) = spans.get(state.presence) else {
            return self.changes.set(operator, i64::MAX);
        };
        state.until_us = span.until_us;
        self.changes.set(operator, span.from_us);
    }

    /// A free operator takes the call that is due, or waits for one.
    #[inline]
    fn look_for_work(&mut self, operator: u32, now_us: i64) {
        let group = self.operators[operator as usize].group;
        if let Some((queue, entry)) = self.due(group, now_us) {
            self.lines[queue].entries.pop_front();
            let entered_us = self.entered_us(entry);
            return self.answer_waiting(operator, entry.call, now_us - entered_us, now_us);
        }
        let state = &mut self.operators[operator as usize];
        state.doing = Doing::Idle;
        self.idle.push(group, operator);
        self.changes.set(operator, state.until_us);
    }

    /// The call that a group's operator takes next.
    #[inline]
    fn due(&mut self, group: usize, now_us: i64) -> Option<(usize, Waiting)> {
        let rules = self.rules;
        let group = &rules.groups[group];
        if self.waiting & group.mask == 0 {
            return None;
        }
        let mut best: Option<(i64, usize, Waiting)> = None;
        let mut tier = 0;
        for service in &group.serves {
            if best.is_some() && tier < service.tier {
                break;
            }
            if self.waiting >> service.queue & 1 == 0 {
                continue;
            }
            let Some(head) = self.head(service.queue, now_us) else { continue };
            if now_us - head.joined_us < service.after_us {
                continue;
            }
            let counts_from_us = head.joined_us - rules.queues[service.queue].head_start_us;
            if best.is_none_or(|(from_us, ..)| counts_from_us < from_us) {
                best = Some((counts_from_us, service.queue, head));
            }
            tier = service.tier;
        }
        best.map(|(_, queue, entry)| (queue, entry))
    }

    /// The first of a queue who is still there; whoever has left is taken out.
    #[inline]
    fn head(&mut self, queue: usize, now_us: i64) -> Option<Waiting> {
        while let Some(&entry) = self.lines[queue].entries.front() {
            let still_here = !self.eager || self.waits_here(queue, entry.call);
            if still_here && now_us <= entry.gives_up_us {
                return Some(entry);
            }
            self.lines[queue].entries.pop_front();
            if still_here {
                let wait_us = entry.gives_up_us - self.entered_us(entry);
                self.leave(entry.call, wait_us, End::Abandoned);
            }
        }
        self.waiting &= !(1 << queue);
        None
    }

    #[inline]
    fn answer(&mut self, operator: u32, n: u32, wait_us: i64, now_us: i64) {
        let group = self.operators[operator as usize].group;
        self.idle.remove(group, operator);
        self.answer_waiting(operator, n, wait_us, now_us);
    }

    #[inline]
    fn answer_waiting(&mut self, operator: u32, n: u32, wait_us: i64, now_us: i64) {
        let call = *self.call(n);
        let kind = &self.centre.types[usize::from(call.kind)];
        let mut busy_us = call.talk_us + call.wrap_us;
        let mut end = End::Answered;
        if let Some(outgoing) = kind.outgoing
            && outgoing.reached <= self.key(&call).uniform(Purpose::Reach, call.attempt)
        {
            busy_us = outgoing.attempt_us;
            end = End::NotReached;
            if call.attempt < outgoing.attempts_max {
                let at_us = now_us + outgoing.attempt_us + outgoing.retry_us;
                self.bring_about(Call { at_us, attempt: call.attempt + 1, ..call });
            }
        }
        *self.outcome(n) = Outcome { wait_us, operator: Some(operator), end };
        if end == End::Answered && kind.second_level.is_some() {
            self.go_on(kind, &call, now_us + call.talk_us);
        }
        let state = &mut self.operators[operator as usize];
        state.doing = Doing::Busy;
        self.run.busy_us[state.group] += busy_us.min(self.centre.until_us - now_us);
        self.changes.set(operator, now_us + busy_us);
    }

    /// A call goes on to the second level.
    fn go_on(&mut self, kind: &CallType, call: &Call, at_us: i64) {
        let Some(second) = kind.second_level else { return };
        let key = self.key(call);
        if second.share <= key.uniform(Purpose::SecondLevel, call.attempt) {
            return;
        }
        let stage = call.stage.saturating_add(1);
        let key = self.key(&Call { stage, ..*call });
        let sampler = &self.samplers[second.becomes];
        let work = Call {
            at_us,
            talk_us: sampler.talk_us(key.uniform(Purpose::Talk, 0)),
            wrap_us: sampler.wrap_us(key.uniform(Purpose::Wrap, 0)),
            patience_us: sampler.patience_us(key.uniform(Purpose::Patience, 0)),
            root: call.root,
            kind: small(second.becomes),
            attempt: 0,
            stage,
        };
        self.bring_about(work);
    }

    fn happen(&mut self, event: Event) {
        let now_us = event.at_us;
        match event.what {
            What::Arrive { extra } => {
                let call = self.run.extra[extra as usize];
                self.arrive(id(self.table.calls.len()) + extra, &call);
            }
            What::GiveUp { call } => {
                if self.outcome(call).end == End::Waiting {
                    let place = self.take_out(call);
                    self.leave(call, now_us - place.entered_us, End::Abandoned);
                    self.try_again(call, now_us);
                }
            }
            What::NextGroups { call, queue } => {
                let place = self.places[call as usize];
                let waits = self.outcome(call).end == End::Waiting;
                if !waits || id(place.queue) != queue {
                    return;
                }
                let rules = self.rules;
                let waited_us = now_us - place.joined_us;
                if let Some(o) = self.longest_idle(&rules.queues[place.queue], waited_us) {
                    self.take_out(call);
                    self.answer(o, call, now_us - place.entered_us, now_us);
                }
            }
            What::Overflow { call, to } => {
                if self.outcome(call).end == End::Waiting {
                    let left = self.take_out(call);
                    let patience_us = self.call(call).patience_us;
                    let (queue, overflows) = (to as usize, Overflows::Done);
                    let place = Place { queue, joined_us: now_us, overflows, ..left };
                    self.join(call, place, left.entered_us + patience_us);
                }
            }
            What::OfferCallBack { call } => self.offer(call, now_us),
        }
    }

    fn offer(&mut self, n: u32, now_us: i64) {
        let call = *self.call(n);
        let Some(offer) = self.centre.types[usize::from(call.kind)].call_back else { return };
        if self.outcome(n).end != End::Waiting
            || offer.share <= self.key(&call).uniform(Purpose::CallBack, call.attempt)
        {
            return;
        }
        let place = self.take_out(n);
        self.leave(n, now_us - place.entered_us, End::CallBack);
        let kind = small(offer.becomes);
        let stage = call.stage.saturating_add(1);
        let patience_us = NEVER_US;
        self.bring_about(Call { at_us: now_us, patience_us, kind, attempt: 0, stage, ..call });
    }

    /// A caller who was not answered may call again.
    fn try_again(&mut self, n: u32, now_us: i64) {
        let call = *self.call(n);
        let kind = usize::from(call.kind);
        let centre = self.centre;
        if let Some(known) = self.known.after(&call) {
            if let Again::After { delay_us, again } = known {
                self.bring_about(Call { at_us: now_us + delay_us, ..again });
            }
            return;
        }
        let Some(redial) = &centre.types[kind].redial else { return };
        let attempt = call.attempt.saturating_add(1);
        let key = self.key(&call);
        let again = key.uniform(Purpose::Redial, attempt) < redial.share;
        if redial.attempts_max < attempt || !again {
            return;
        }
        let delay = key.uniform(Purpose::RedialDelay, attempt);
        let at_us = now_us + redial.after.sampler().quantile_us(delay);
        let patience_us = self.samplers[kind].patience_us(key.uniform(Purpose::Patience, attempt));
        self.bring_about(Call { at_us, patience_us, attempt, ..call });
    }

    /// Releases everybody who waits in a queue.
    fn clear(&mut self, queue: usize, now_us: i64) {
        while let Some(entry) = self.head(queue, now_us) {
            self.lines[queue].entries.pop_front();
            let entered_us = self.entered_us(entry);
            self.leave(entry.call, now_us - entered_us, End::Released);
            self.try_again(entry.call, now_us);
        }
    }

    fn bring_about(&mut self, call: Call) {
        let extra = id(self.run.extra.len());
        let at_us = call.at_us;
        self.run.extra.push(call);
        let end = if at_us < self.centre.until_us { End::Waiting } else { End::OutOfHours };
        self.run.extra_outcomes.push(Outcome { wait_us: 0, operator: None, end });
        if self.eager {
            self.places.push(NOWHERE);
        }
        if end == End::Waiting {
            self.foresee(at_us, What::Arrive { extra });
        }
    }

    fn foresee(&mut self, at_us: i64, what: What) {
        let order = self.n_events;
        self.n_events += 1;
        self.heap.push(Reverse(Event { at_us, order, what }));
    }

    /// Takes a waiting call out of its queue; its entry stays until it comes first.
    fn take_out(&mut self, n: u32) -> Place {
        let place = self.places[n as usize];
        self.lines[place.queue].n_waiting -= 1;
        self.places[n as usize] = NOWHERE;
        place
    }

    /// When a call that comes first in its queue entered its first queue.
    #[inline]
    fn entered_us(&mut self, entry: Waiting) -> i64 {
        // Without events for abandonments nothing overflows.
        if self.eager { self.take_out(entry.call).entered_us } else { entry.joined_us }
    }

    #[inline]
    fn waits_here(&self, queue: usize, n: u32) -> bool {
        self.places[n as usize].queue == queue
    }

    #[inline]
    fn leave(&mut self, n: u32, wait_us: i64, end: End) {
        *self.outcome(n) = Outcome { wait_us, operator: None, end };
    }

    #[inline]
    fn outcome(&mut self, n: u32) -> &mut Outcome {
        let n = n as usize;
        let n_table = self.table.calls.len();
        if n < n_table {
            &mut self.run.outcomes[n]
        } else {
            &mut self.run.extra_outcomes[n - n_table]
        }
    }

    #[inline]
    fn call(&self, n: u32) -> &Call {
        let n = n as usize;
        self.table.calls.get(n).unwrap_or_else(|| &self.run.extra[n - self.table.calls.len()])
    }

    #[inline]
    fn key(&self, call: &Call) -> Key {
        self.table.key_at(call)
    }
}

impl OperatorState {
    fn new(operator: &Operator) -> Self {
        let until_us = operator.presence.first().map_or(0, |span| span.until_us);
        Self { group: operator.group, presence: 0, until_us, doing: Doing::Absent }
    }
}

/// The operators' hours by group, as far as the simulation goes.
fn present(centre: &Centre) -> Vec<i64> {
    let mut present_us = vec![0; centre.groups.len()];
    let inside = |span: &Span| (span.until_us.min(centre.until_us) - span.from_us).max(0);
    for operator in &centre.operators {
        present_us[operator.group] += operator.presence.iter().map(inside).sum::<i64>();
    }
    present_us
}

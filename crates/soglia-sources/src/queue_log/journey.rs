//! One call while its events are still coming. Read [`Journey`] first, then [`Journey::into_fact`].

use std::collections::BTreeSet;

use soglia_domain::facts::{
    Call, Direction, Disposition, Fact, QueueEntry, QueueExit, RawCaller, Rows,
};
use soglia_domain::time::{Instant, Millis};

use super::config::QueueLogConfig;
use crate::outcome::{EarlierRows, Totals};

/// A call that is not closed yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Journey {
    /// Order of appearance, unique within a ledger's chain of files.
    pub(super) seq: u64,
    pub(super) id: Box<[u8]>,
    /// Ids of consulting legs that were joined to this call.
    pub(super) aliases: Vec<Box<[u8]>>,
    pub(super) arrived: Instant,
    /// Instant of the latest row.
    pub(super) last: Instant,
    pub(super) precision: Millis,
    /// Rows of the current file.
    pub(super) rows: Rows,
    pub(super) earlier: Vec<EarlierRows>,
    pub(super) legs: Vec<Leg>,
    pub(super) direction: Direction,
    pub(super) caller: Option<String>,
    pub(super) dialled: Option<String>,
    pub(super) ivr_path: String,
    pub(super) first_rang: Option<Instant>,
    pub(super) refused: Option<Refused>,
    pub(super) marks: BTreeSet<Mark>,
    pub(super) called_back: Option<Instant>,
    pub(super) topic: Option<String>,
    pub(super) priority_class: Option<String>,
    pub(super) booking_system: Option<String>,
    pub(super) group: Option<String>,
    pub(super) transfers: u32,
    pub(super) talk: Millis,
    /// Until when the caller has talked, so that overlapping conversations count once.
    pub(super) talked_until: Option<Instant>,
    pub(super) ended: Option<Instant>,
    pub(super) after: After,
    /// The earliest moment for which the parser has set an alarm.
    pub(super) alarm: Instant,
    /// At which telling of calls that may go on it was told, unless it went on since.
    pub(super) told: Option<i64>,
}

/// One entry into one queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Leg {
    pub(super) queue: QueueNo,
    pub(super) entered: Instant,
    pub(super) answered: Option<Instant>,
    pub(super) left: Option<Instant>,
    pub(super) exit: Option<QueueExit>,
    pub(super) stage: Stage,
    pub(super) position: Option<u32>,
    pub(super) rows: Rows,
    /// Who answered, as a hash that only compares within one call.
    pub(super) member: Option<u64>,
    /// The extension of who answered, likewise.
    pub(super) extension: Option<u64>,
}

/// A queue's number in the parser's list of names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct QueueNo(pub(super) u32);

/// Where a queue entry stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    Waiting,
    Talking,
    Done,
}

/// What may come after a call's last event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum After {
    /// Stray rows only: it was completed or abandoned.
    Nothing,
    /// Another queue: it was transferred, or left a queue or menu by time or key.
    Onward,
}

/// Turned away at the door of a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Refused {
    pub(super) why: Refusal,
    pub(super) queue: Option<QueueNo>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refusal {
    Full,
    NoOperators,
    Closed,
}

/// What else is known of a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Mark {
    /// The IVR served it.
    Served,
    /// It asked to be called back.
    Callback,
    /// It is a test.
    Test,
    /// The platform restarted while it was open.
    Restarted,
    /// A conversation ended at a moment that the log does not tell.
    TalkUnknown,
    /// It did not end within the limit, or its queue entry ended by a fault.
    Fault,
}

impl Journey {
    /// A call met for the first time.
    pub(super) fn new(seq: u64, id: &[u8], arrived: Instant, last: Instant) -> Self {
        Self {
            seq,
            id: id.into(),
            aliases: Vec::new(),
            arrived,
            last,
            precision: Millis::ZERO,
            rows: Rows::default(),
            earlier: Vec::new(),
            legs: Vec::new(),
            direction: Direction::Inbound,
            caller: None,
            dialled: None,
            ivr_path: String::new(),
            first_rang: None,
            refused: None,
            marks: BTreeSet::new(),
            called_back: None,
            topic: None,
            priority_class: None,
            booking_system: None,
            group: None,
            transfers: 0,
            talk: Millis::ZERO,
            talked_until: None,
            ended: None,
            after: After::Onward,
            alarm: Instant::from_millis(i64::MAX),
            told: None,
        }
    }

    /// Is somebody waiting or talking, as far as the log says?
    pub(super) fn is_open(&self) -> bool {
        self.legs.iter().any(|leg| leg.stage != Stage::Done)
    }

    /// When the call is closed if nothing more is heard of it.
    pub(super) fn deadline(&self, config: &QueueLogConfig) -> Instant {
        let quiet = match self.after {
            _ if self.is_open() => config.open_limit,
            After::Nothing => config.quiet,
            After::Onward => config.onward,
        };
        self.last + quiet
    }

    /// Takes a row as its own.
    pub(super) fn touch(&mut self, row: u64, at: Instant, precision: Millis) {
        self.rows = joined(self.rows, Rows::one(row));
        self.last = at;
        self.precision = self.precision.max(precision);
    }

    /// The latest entry into a queue that stands at a stage.
    pub(super) fn leg(&mut self, queue: QueueNo, stage: Stage) -> Option<&mut Leg> {
        self.legs.iter_mut().rev().find(|leg| leg.queue == queue && leg.stage == stage)
    }

    /// Enters a queue. Whatever queue it was still waiting in, it has been moved from.
    pub(super) fn enter(&mut self, leg: Leg, totals: &mut Totals) {
        for old in self.legs.iter_mut().filter(|old| old.stage == Stage::Waiting) {
            old.leave(QueueExit::Redirected, leg.entered, None, totals);
            totals.note("left_without_a_row");
        }
        if let Some(old) = self.legs.last_mut()
            && old.exit == Some(QueueExit::Abandoned)
        {
            old.exit = Some(QueueExit::Redirected);
            totals.note("abandon_was_a_redirect");
        }
        self.ended = None;
        self.after = After::Onward;
        self.legs.push(leg);
    }

    /// A conversation ended. Hands back when: by the platform's own count if the clock went back
    /// meanwhile.
    pub(super) fn hung_up(&mut self, talk: Talk, totals: &mut Totals) -> Instant {
        let Talk { answered, mut until, reported } = talk;
        if until < answered {
            totals.note("clock_went_back");
            until = answered + reported.unwrap_or(Millis::ZERO);
        } else if reported.is_some_and(|said| far(said, until - answered)) {
            totals.note("talk_time_differs");
        }
        let from = self.talked_until.map_or(answered, |before| before.max(answered));
        self.talk = self.talk + (until - from).max(Millis::ZERO);
        self.talked_until = Some(self.talked_until.map_or(until, |before| before.max(until)));
        until
    }

    /// The platform restarted: nothing that was open has survived. A call in the IVR was open if
    /// it wrote one of the log's last rows, until `alive`. Hands back whether it was.
    pub(super) fn restarted(&mut self, at: Instant, alive: Instant, totals: &mut Totals) -> bool {
        let mut was_open = self.legs.is_empty() && alive - self.last <= IVR_CUT;
        for leg in self.legs.iter_mut().filter(|leg| leg.stage != Stage::Done) {
            was_open = true;
            if leg.stage == Stage::Talking {
                self.marks.insert(Mark::TalkUnknown);
                totals.note("conversation_cut_by_restart");
            } else {
                leg.leave(QueueExit::Failed, at, None, totals);
                totals.note("wait_cut_by_restart");
            }
            leg.stage = Stage::Done;
            self.ended = Some(at.max(leg.answered.unwrap_or(leg.entered)));
        }
        if was_open {
            self.marks.insert(Mark::Restarted);
        }
        self.after = After::Nothing;
        was_open
    }

    /// Joins an operator's consulting leg to the citizen's call.
    pub(super) fn join(&mut self, leg: Self) {
        self.rows = joined(self.rows, leg.rows);
        for rows in leg.earlier {
            match self.earlier.iter_mut().find(|mine| mine.file == rows.file) {
                Some(mine) => {
                    let both = joined(mine.rows(), rows.rows());
                    (mine.first, mine.last, mine.n) = (both.first, both.last, both.n);
                }
                None => self.earlier.push(rows),
            }
        }
        self.legs.extend(leg.legs);
        self.aliases.push(leg.id);
        self.aliases.extend(leg.aliases);
        self.precision = self.precision.max(leg.precision);
        self.ended = None;
    }

    /// What became of the call.
    fn disposition(&self) -> Disposition {
        let has = |mark| self.marks.contains(&mark);
        if has(Mark::Test) {
            return Disposition::Test;
        }
        if self.legs.iter().any(|leg| leg.answered.is_some()) {
            return Disposition::Answered;
        }
        if has(Mark::Callback) {
            return Disposition::CallbackRequested;
        }
        let Some(last) = self.legs.last() else {
            return match self.refused.map(|refused| refused.why) {
                Some(Refusal::Closed) => Disposition::OutOfHours,
                Some(Refusal::Full | Refusal::NoOperators) => Disposition::Rejected,
                None if has(Mark::Served) => Disposition::IvrContained,
                None if has(Mark::Restarted) => Disposition::TechnicalFailure,
                None => Disposition::AbandonedInIvr,
            };
        };
        match last.exit {
            Some(QueueExit::Abandoned | QueueExit::KeyPressed) => Disposition::AbandonedInQueue,
            Some(QueueExit::Failed) | None if !has(Mark::Restarted) => {
                Disposition::TechnicalFailure
            }
            _ => Disposition::ReleasedBySystem,
        }
    }

    /// Closes the call: the fact, and its rows in earlier files.
    pub(super) fn into_fact(
        mut self,
        name: impl Fn(QueueNo) -> String,
        totals: &mut Totals,
    ) -> (Fact, Vec<EarlierRows>) {
        let last = self.last;
        for leg in self.legs.iter_mut().filter(|leg| leg.stage != Stage::Done) {
            totals.note("never_completed");
            if leg.stage == Stage::Talking {
                self.marks.insert(Mark::TalkUnknown);
            } else {
                leg.leave(QueueExit::Failed, last, None, totals);
            }
        }
        let disposition = self.disposition();
        let answered = self.legs.iter().find_map(|leg| leg.answered);
        let queued = self.legs.first().map(|leg| leg.entered);
        let left = answered.or_else(|| self.legs.last().and_then(|leg| leg.left));
        let wait = queued.zip(left).map(|(from, to)| (to - from).max(Millis::ZERO));
        let first = self.legs.first().map(|leg| leg.queue);
        let first = first.or_else(|| self.refused.and_then(|refused| refused.queue));
        let id = String::from_utf8_lossy(&self.id).into_owned();
        let ended = self.ended_at(left, answered);
        let entries = entries(&id, &self.legs, &name);
        let talked = answered.is_some() && !self.marks.contains(&Mark::TalkUnknown);
        let call = Call {
            id,
            service: None,
            direction: self.direction,
            arrived: queued.map_or(self.arrived, |queued| queued.min(self.arrived)),
            dialled: self.dialled,
            ivr_path: Some(self.ivr_path).filter(|path| !path.is_empty()),
            first_queue: first.map(name),
            queued,
            first_rang: self.first_rang,
            answered,
            ended,
            disposition,
            wait,
            talk: talked.then_some(self.talk),
            hold: None,
            wrap: None,
            transfers: self.transfers,
            called_back: self.called_back,
            topic: self.topic,
            priority_class: self.priority_class,
            booking_system: self.booking_system,
            group: self.group,
            caller: self.caller.as_deref().and_then(RawCaller::new),
            precision: self.precision,
            rows: self.rows,
        };
        (Fact::Call(call, entries), self.earlier)
    }

    /// When the caller's call ended, as far as the log says: a call released by the queue goes on
    /// to its last row, one transferred out or still in the IVR to nobody knows when.
    fn ended_at(&self, left: Option<Instant>, answered: Option<Instant>) -> Option<Instant> {
        if self.ended.is_some() || answered.is_some() {
            return self.ended;
        }
        match left {
            Some(left) => Some(left.max(self.last)),
            None => self.refused.map(|_| self.last),
        }
    }
}

/// How long before the last row of a log that ends in a crash an IVR may have been silent.
const IVR_CUT: Millis = Millis::from_mins(1);

/// A conversation to be added to a call.
#[derive(Clone, Copy)]
pub(super) struct Talk {
    pub(super) answered: Instant,
    pub(super) until: Instant,
    pub(super) reported: Option<Millis>,
}

impl Leg {
    /// An entry that has just been made.
    pub(super) fn new(queue: QueueNo, entered: Instant, position: Option<u32>) -> Self {
        Self {
            queue,
            entered,
            answered: None,
            left: None,
            exit: None,
            stage: Stage::Waiting,
            position,
            rows: Rows::default(),
            member: None,
            extension: None,
        }
    }

    /// Leaves the queue without an answer.
    pub(super) fn leave(
        &mut self,
        exit: QueueExit,
        at: Instant,
        reported: Option<Millis>,
        totals: &mut Totals,
    ) {
        self.left = Some(self.entered + self.waited(at, reported, totals));
        self.exit = Some(exit);
        self.stage = Stage::Done;
    }

    /// Is answered.
    pub(super) fn connect(&mut self, at: Instant, reported: Option<Millis>, totals: &mut Totals) {
        let answered = self.entered + self.waited(at, reported, totals);
        self.answered = Some(answered);
        self.left = Some(answered);
        self.exit = Some(QueueExit::Answered);
        self.stage = Stage::Talking;
    }

    /// The wait by the instants; by the platform's own count when the clock went back meanwhile.
    fn waited(&self, at: Instant, reported: Option<Millis>, totals: &mut Totals) -> Millis {
        let wait = at - self.entered;
        if wait < Millis::ZERO {
            totals.note("clock_went_back");
            return reported.unwrap_or(Millis::ZERO);
        }
        if reported.is_some_and(|said| far(said, wait)) {
            totals.note("hold_time_differs");
        }
        wait
    }
}

/// Do two counts of the same time differ by more than rounding to seconds explains?
fn far(one: Millis, other: Millis) -> bool {
    1000 < (one - other).get().abs()
}

/// The rows of both.
pub(super) fn joined(one: Rows, other: Rows) -> Rows {
    match (one.n, other.n) {
        (_, 0) => one,
        (0, _) => other,
        _ => Rows {
            first: one.first.min(other.first),
            last: one.last.max(other.last),
            n: one.n.saturating_add(other.n),
        },
    }
}

fn entries(call: &str, legs: &[Leg], name: &impl Fn(QueueNo) -> String) -> Vec<QueueEntry> {
    (1_u32..)
        .zip(legs)
        .map(|(ordinal, leg)| {
            let left = leg.left.unwrap_or(leg.entered);
            QueueEntry {
                call: call.to_owned(),
                queue: name(leg.queue),
                ordinal,
                entered: leg.entered,
                left,
                answered: leg.answered,
                exit: leg.exit.unwrap_or(QueueExit::Failed),
                wait: left - leg.entered,
                position: leg.position,
                rows: leg.rows,
            }
        })
        .collect()
}

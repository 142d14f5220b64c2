//! From lines to calls: the tables of open calls and their expiry. Read [`QueueLogParser`] first,
//! then `dispatch` in `events`.

use std::collections::{HashMap, HashSet};

use soglia_domain::time::{Instant, Millis};

use super::alarms::Alarms;
use super::config::{QueueLogConfig, Rules};
use super::journey::{Journey, QueueNo};
use super::line::{self, BadLine, Line};
use super::saved::{OpenState, SavedCall};
use super::sniff::trimmed;
use crate::hash::{BuildQuick, stable};
use crate::outcome::{Emitted, Rejected, Totals};

/// Reads a `queue_log` line by line and hands out calls as they close.
///
/// Memory is bounded by the calls open at one moment of the log, at most
/// [`QueueLogConfig::open_calls_max`].
#[derive(Debug)]
pub struct QueueLogParser {
    pub(super) config: QueueLogConfig,
    pub(super) rules: Rules,
    pub(super) totals: Totals,
    names: Names,
    pub(super) calls: Vec<Option<Journey>>,
    free: Vec<usize>,
    pub(super) by_id: HashMap<Box<[u8]>, usize, BuildQuick>,
    alarms: Alarms,
    next_seq: u64,
    /// Instant of the row before this one. Expiry goes by the smaller of two rows in succession,
    /// so that one row with a wrong clock closes nothing.
    previous: Instant,
    /// How often calls that may go on were told at the end of a file.
    tellings: i64,
    /// Calls told by an earlier file that went on with the row being read.
    withdrawn: Vec<Emitted>,
    /// Ids of calls that an earlier program closed for good when the previous file ended; their
    /// stray rows may still come.
    closed: HashSet<u64, BuildQuick>,
    closed_until: Instant,
}

/// Whether the next rows of the same log are expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Another file follows: calls that only wait for stray rows stay open as well.
    Continues,
    /// The log ends here for now: every call that neither waits nor talks is told as it stands. If
    /// more files come after all and one of them goes on, what was told is
    /// [withdrawn](Emitted::Withdrawn) and told again, so that a log gives the same calls wherever
    /// it was cut.
    Final,
}

/// What a file amounted to, and what it left open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finished {
    /// Counts; [`Totals::balance`] holds.
    pub totals: Totals,
    /// For the parser of the next file.
    pub open: OpenState,
}

/// Queue names, numbered.
#[derive(Debug, Default)]
struct Names {
    pub(super) names: Vec<String>,
    numbers: HashMap<Box<[u8]>, QueueNo, BuildQuick>,
}

/// Why a row that reads well becomes nothing.
pub(super) struct Refuse(pub(super) &'static str, pub(super) &'static str);

/// What became of a row that reads well.
pub(super) enum Taken {
    /// It belongs to a call.
    Call,
    Ignored(&'static str),
    Refused(Refuse),
}

pub(super) type Outcome = Result<Taken, Refuse>;

/// Bytes of the longest call id that Asterisk can write, with some to spare.
const ID_MAX: usize = 256;

impl QueueLogParser {
    /// A parser for a log of which nothing was read before.
    pub fn new(config: QueueLogConfig) -> Self {
        Self {
            rules: Rules::new(&config.events),
            config,
            totals: Totals::default(),
            names: Names::default(),
            calls: Vec::new(),
            free: Vec::new(),
            by_id: HashMap::default(),
            alarms: Alarms::default(),
            next_seq: 0,
            previous: Instant::from_millis(i64::MIN),
            tellings: 0,
            withdrawn: Vec::new(),
            closed: HashSet::default(),
            closed_until: Instant::from_millis(i64::MIN),
        }
    }

    /// A parser for the file that follows one already read.
    pub fn resume(config: QueueLogConfig, open: OpenState) -> Self {
        let mut parser = Self::new(config);
        parser.next_seq = open.next_seq;
        parser.previous = Instant::from_millis(open.previous);
        parser.tellings = open.tellings;
        parser.closed.extend(open.closed);
        parser.closed_until = Instant::from_millis(open.closed_until);
        for name in open.queues {
            parser.names.push(name.as_bytes());
        }
        let known = parser.names.names.len();
        for saved in open.calls {
            let mut journey = saved.restore();
            journey.legs.retain(|leg| (leg.queue.0 as usize) < known);
            let ids: Vec<_> = journey.aliases.iter().chain([&journey.id]).cloned().collect();
            let slot = parser.place(journey);
            for id in ids {
                parser.by_id.insert(id, slot);
            }
            parser.set_alarm(slot);
        }
        parser
    }

    /// Counts so far.
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Reads one row (1-based), with or without its line end.
    pub fn push(&mut self, row: u64, text: &[u8], out: &mut impl FnMut(Emitted)) {
        self.totals.rows += 1;
        let text = trimmed(text);
        if text.is_empty() {
            self.emit(Emitted::Ignored { row, n: 1, why: "empty_line" }, out);
            return;
        }
        match Line::read(text, &self.config.zone, self.previous) {
            Ok(line) => {
                let at = line.stamp.at;
                self.expire(self.previous.min(at), out);
                if at < self.previous {
                    self.totals.note("row_before_the_previous");
                }
                let taken = self.dispatch(row, &line, out).unwrap_or_else(Taken::Refused);
                self.previous = at;
                for withdrawn in std::mem::take(&mut self.withdrawn) {
                    self.emit(withdrawn, out);
                }
                match taken {
                    Taken::Call => {}
                    Taken::Ignored(why) => self.emit(Emitted::Ignored { row, n: 1, why }, out),
                    Taken::Refused(Refuse(code, detail)) => {
                        self.reject(row, text, code, detail.to_owned(), out);
                    }
                }
            }
            Err(problem) => {
                let (code, detail) = explained(problem);
                self.reject(row, text, code, detail, out);
            }
        }
    }

    /// Ends the file.
    pub fn finish(mut self, end: End, out: &mut impl FnMut(Emitted)) -> Finished {
        if end == End::Final {
            self.tell_settled(out);
        }
        let mut left: Vec<Journey> =
            std::mem::take(&mut self.calls).into_iter().flatten().collect();
        left.sort_by_key(|journey| journey.seq);
        let open = || left.iter().filter(|journey| journey.told.is_none());
        self.totals.open_calls = open().count() as u64;
        self.totals.pending_rows = open().map(|journey| u64::from(journey.rows.n)).sum();
        assert!(self.totals.balance(), "every row went somewhere: {:?}", self.totals);
        let names = std::mem::take(&mut self.names.names);
        let mut open = OpenState::new(self.next_seq, self.previous, names);
        open.tellings = self.tellings;
        open.closed = self.closed.iter().copied().collect();
        open.closed.sort_unstable();
        open.closed_until = self.closed_until.as_millis();
        let file = &self.config.file;
        open.calls = left.into_iter().map(|journey| SavedCall::save(journey, file)).collect();
        Finished { totals: self.totals, open }
    }

    /// Tells what neither waits nor talks, in the order in which time would close it.
    fn tell_settled(&mut self, out: &mut impl FnMut(Emitted)) {
        self.tellings += 1;
        let mut settled: Vec<_> = (0..)
            .zip(&self.calls)
            .filter_map(|(slot, journey)| Some((slot, journey.as_ref()?)))
            .filter(|(_, journey)| !journey.is_open() && journey.told.is_none())
            .map(|(slot, journey)| (journey.deadline(&self.config), journey.seq, slot))
            .collect();
        settled.sort_unstable();
        for (_, _, slot) in settled {
            let Some(journey) = self.calls.get_mut(slot).and_then(Option::as_mut) else { continue };
            let told = journey.clone();
            journey.told = Some(self.tellings);
            self.tell(told, Some(revision(self.tellings)), out);
        }
    }

    pub(super) fn restart(&mut self, at: Instant) {
        let alive = self.previous;
        for slot in 0..self.calls.len() {
            let Some(journey) = self.calls.get_mut(slot).and_then(Option::as_mut) else { continue };
            if journey.restarted(at, alive, &mut self.totals) {
                self.withdrawn.extend(withdrawal(journey));
            }
            self.set_alarm(slot);
        }
    }

    /// The open call with an id.
    pub(super) fn find(&self, id: &[u8]) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The open call that a row of the queue application must belong to.
    pub(super) fn known(&self, line: &Line<'_>, orphan: &'static str) -> Result<usize, Refuse> {
        self.find(line.id).ok_or(if self.is_late(line.id) {
            Refuse("late_row", "its call was closed when the previous file ended")
        } else {
            Refuse(orphan, "no open call has this id: its ENTERQUEUE row is not in the files read")
        })
    }

    pub(super) fn is_late(&self, id: &[u8]) -> bool {
        !self.closed.is_empty() && self.closed.contains(&stable(&[id]))
    }

    /// Starts a call at its first row.
    pub(super) fn begin(
        &mut self,
        line: &Line<'_>,
        out: &mut impl FnMut(Emitted),
    ) -> Result<usize, Refuse> {
        if !callable(line.id) {
            return Err(Refuse("no_call_id", "the row names no call, or its id is too long"));
        }
        if self.is_late(line.id) {
            self.totals.note("call_id_seen_again");
        }
        while self.config.open_calls_max <= self.calls.len() - self.free.len() {
            let Some(slot) = self.next_to_expire() else {
                break;
            };
            self.totals.note("too_many_open_calls");
            if let Some(journey) = self.take(slot) {
                self.close(journey, out);
            }
        }
        let at = line.stamp.at;
        let born = line::born(line.id);
        if born.is_some_and(|born| APART_MAX < Millis::new((at - born).get().abs())) {
            self.totals.note("id_and_clock_disagree");
        }
        let born = born.filter(|born| *born <= at && at - *born <= LEAD_MAX);
        let seq = self.next_seq;
        self.next_seq += 1;
        let slot = self.place(Journey::new(seq, line.id, born.unwrap_or(at), at));
        self.by_id.insert(line.id.into(), slot);
        Ok(slot)
    }

    fn place(&mut self, journey: Journey) -> usize {
        let free = self.free.pop();
        if let Some(slot) = free
            && let Some(place) = self.calls.get_mut(slot)
        {
            *place = Some(journey);
            return slot;
        }
        self.calls.push(Some(journey));
        self.calls.len() - 1
    }

    pub(super) fn journey(&self, slot: usize) -> Option<&Journey> {
        self.calls.get(slot)?.as_ref()
    }

    pub(super) fn touch(
        &mut self,
        slot: usize,
        row: u64,
        line: &Line<'_>,
    ) -> (&mut Journey, &mut Totals) {
        let journey = self.calls.get_mut(slot).and_then(Option::as_mut);
        let journey = journey.expect("ids point at open calls only");
        self.withdrawn.extend(withdrawal(journey));
        journey.touch(row, line.stamp.at, line.stamp.precision);
        // A row before the previous brings the deadline forward, whatever becomes of the row.
        bring_forward(&mut self.alarms, journey, slot, &self.config);
        (journey, &mut self.totals)
    }

    pub(super) fn queue(&mut self, name: &[u8]) -> Result<QueueNo, Refuse> {
        if let Some(no) = self.names.find(name) {
            return Ok(no);
        }
        if matches!(name, b"" | b"NONE") {
            return Err(Refuse("no_queue", "an event of a queue names no queue"));
        }
        if self.config.queues_max <= self.names.names.len() {
            return Err(Refuse("too_many_queues", "more queues than the limit allows"));
        }
        Ok(self.names.push(name))
    }

    /// Makes sure that the call is looked at when its deadline comes.
    pub(super) fn set_alarm(&mut self, slot: usize) {
        let Some(journey) = self.calls.get_mut(slot).and_then(Option::as_mut) else {
            return;
        };
        bring_forward(&mut self.alarms, journey, slot, &self.config);
    }

    /// The call whose deadline comes first, once alarms that rang too early are set right.
    fn next_to_expire(&mut self) -> Option<usize> {
        while let Some((at, seq, slot)) = self.alarms.first() {
            let journey = self.calls.get_mut(slot).and_then(Option::as_mut);
            match journey.filter(|journey| journey.seq == seq && journey.alarm == at) {
                None => self.alarms.pop(),
                Some(journey) => {
                    let deadline = journey.deadline(&self.config);
                    if deadline == at {
                        return Some(slot);
                    }
                    self.alarms.pop();
                    journey.alarm = deadline;
                    self.alarms.push((deadline, seq, slot));
                }
            }
        }
        None
    }

    /// Closes the calls whose deadline has come.
    fn expire(&mut self, now: Instant, out: &mut impl FnMut(Emitted)) {
        if !self.closed.is_empty() && self.closed_until < now {
            self.closed.clear();
        }
        while self.alarms.any_due(now) {
            let Some(slot) = self.next_to_expire() else {
                return;
            };
            let due = self.journey(slot).is_some_and(|journey| journey.alarm <= now);
            if !due {
                return;
            }
            if let Some(journey) = self.take(slot) {
                self.close(journey, out);
            }
        }
    }

    /// Takes a call out of the tables.
    pub(super) fn take(&mut self, slot: usize) -> Option<Journey> {
        let journey = self.calls.get_mut(slot)?.take()?;
        self.free.push(slot);
        for id in journey.aliases.iter().chain([&journey.id]) {
            self.by_id.remove(id);
        }
        Some(journey)
    }

    /// Tells a call that is over, unless an earlier file told the same.
    fn close(&mut self, journey: Journey, out: &mut impl FnMut(Emitted)) {
        if journey.told.is_none() {
            self.tell(journey, None, out);
        }
    }

    fn tell(&mut self, journey: Journey, revision: Option<i64>, out: &mut impl FnMut(Emitted)) {
        let names = &self.names;
        let (fact, earlier) = journey.into_fact(|queue| names.name(queue), &mut self.totals);
        self.emit(Emitted::Fact { fact, earlier, revision }, out);
    }

    /// Takes back what was told of a call that is now part of another.
    pub(super) fn withdraw(&mut self, mut journey: Journey) -> Journey {
        self.withdrawn.extend(withdrawal(&mut journey));
        journey
    }

    fn reject(
        &mut self,
        row: u64,
        text: &[u8],
        code: &'static str,
        detail: String,
        out: &mut impl FnMut(Emitted),
    ) {
        let rejected = Rejected::new(row, &line::masked(text), code, detail);
        self.emit(Emitted::Rejected(rejected), out);
    }

    fn emit(&mut self, emitted: Emitted, out: &mut impl FnMut(Emitted)) {
        self.totals.count(&emitted);
        out(emitted);
    }
}

/// The revision of calls told at one telling. It is odd and below -1, so that the one after it is
/// free for a call that another source completes, and neither is any other platform's.
const fn revision(telling: i64) -> i64 {
    -2 * telling - 1
}

/// Takes back what was told of a call, if something was.
fn withdrawal(journey: &mut Journey) -> Option<Emitted> {
    let telling = journey.told.take()?;
    let id = String::from_utf8_lossy(&journey.id).into_owned();
    Some(Emitted::Withdrawn { id, revision: revision(telling) })
}

/// Sets the alarm of a call to its deadline, if that comes first: an alarm may ring too early,
/// never too late.
fn bring_forward(alarms: &mut Alarms, journey: &mut Journey, slot: usize, config: &QueueLogConfig) {
    let deadline = journey.deadline(config);
    if deadline < journey.alarm {
        journey.alarm = deadline;
        alarms.push((deadline, journey.seq, slot));
    }
}

impl Names {
    fn push(&mut self, name: &[u8]) -> QueueNo {
        let no = QueueNo(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let text = String::from_utf8_lossy(name).into_owned();
        self.numbers.insert(text.as_bytes().into(), no);
        self.names.push(text);
        no
    }

    /// Finds a name by its readable text: a name that is not UTF-8 is saved like that, and must be
    /// the same queue for the parser of the next file.
    fn find(&self, name: &[u8]) -> Option<QueueNo> {
        let found = self.numbers.get(name);
        let readable = || self.numbers.get(String::from_utf8_lossy(name).as_bytes());
        found.or_else(|| if name.is_ascii() { None } else { readable() }).copied()
    }

    fn name(&self, QueueNo(no): QueueNo) -> String {
        self.names.get(no as usize).cloned().unwrap_or_default()
    }
}

/// The id's own second may lie so long before the first row: time spent in the IVR.
const LEAD_MAX: Millis = Millis::from_hours(1);

/// An id's own second and its first row further apart than this are an anomaly.
const APART_MAX: Millis = Millis::from_hours(24);

/// Does an id name a call?
pub(super) fn callable(id: &[u8]) -> bool {
    !matches!(id, b"" | b"NONE" | b"REALTIME" | b"MANAGER" | b"CLI") && id.len() <= ID_MAX
}

fn explained(problem: BadLine) -> (&'static str, String) {
    match problem {
        BadLine::TooFewFields { n } => ("too_few_fields", format!("{n} fields instead of 5")),
        BadLine::BadInstant => {
            ("bad_instant", "neither seconds since 1970 nor a local date and time".to_owned())
        }
        BadLine::NoEvent => ("no_event", "the fifth field is empty".to_owned()),
    }
}

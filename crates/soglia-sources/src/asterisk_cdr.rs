//! Asterisk's call detail records (CSV), for what the queue log lacks. Read [`CdrParser`] first,
//! then [`CdrCall::to_call`] and [`enrich`].
//!
//! A CDR row is one path between two parties; all rows of a call share its `linkedid`, which is
//! also its id in the queue log. The rows tell when the call arrived and ended, the number that
//! was dialled, and that calls existed which never met a queue. They cannot tell the service level:
//! the platform itself answers before it queues, so `ANSWERED` says nothing about operators.
//!
//! Local times come from the zone of the configuration. Ends are start plus duration: in the night
//! when clocks go back, written ends lie before their starts.

mod row;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{self, BufRead};

use jiff::tz::TimeZone;
use soglia_domain::contract::{CdrSettings, Contract};
use soglia_domain::facts::{Call, Direction, Disposition, Fact, RawCaller, Rows};
use soglia_domain::time::{Instant, Millis};

use self::row::{CdrRow, FirstRow, Layout, split};
use crate::hash::BuildQuick;
use crate::outcome::{Emitted, NotThisFormat, Rejected};
use crate::queue_log::line::{in_zone, masked_record, read_civil};
use crate::shown::{Asked, Shown, Wanted, lines};

/// How to read a site's CDR files.
#[derive(Clone, Debug)]
pub struct CdrConfig {
    /// Zone of the local times; UTC where `cdr.conf` says `usegmtime=yes`.
    pub zone: TimeZone,
    /// Contexts from which the service calls citizens.
    pub outbound_contexts: BTreeSet<String>,
    /// Contexts in which operators dial.
    pub internal_contexts: BTreeSet<String>,
    /// Contexts that only lead into a queue: a call that ends there without a queue was turned
    /// away.
    pub queue_contexts: BTreeSet<String>,
    /// What stands before the dialled number in the user field.
    pub dialled_mark: String,
    /// Callers with at most so many digits are extensions.
    pub extension_digits_max: usize,
    /// Time without rows after which a call is complete.
    pub quiet: Millis,
    /// Calls open at one moment; beyond it the oldest is closed.
    pub open_calls_max: usize,
}

impl CdrConfig {
    /// The defaults, with local times in a zone.
    pub fn new(zone: TimeZone) -> Self {
        let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            zone,
            outbound_contexts: set(&["uscente", "campagna", "outbound", "campaign"]),
            internal_contexts: set(&["agenti", "interni", "from-internal", "internal"]),
            queue_contexts: set(&["diretto", "coda", "ext-queues"]),
            dialled_mark: "in:did=".to_owned(),
            extension_digits_max: 5,
            quiet: Millis::from_hours(4),
            open_calls_max: 200_000,
        }
    }

    /// What a contract agrees; the defaults where it is silent.
    pub fn agreed(zone: TimeZone, contract: &Contract) -> Self {
        let defaults = Self::new(zone);
        let CdrSettings {
            outbound_contexts,
            internal_contexts,
            queue_contexts,
            dialled_mark,
            extension_digits_max,
        } = contract.sources.asterisk_cdr.clone();
        Self {
            outbound_contexts: outbound_contexts.unwrap_or(defaults.outbound_contexts),
            internal_contexts: internal_contexts.unwrap_or(defaults.internal_contexts),
            queue_contexts: queue_contexts.unwrap_or(defaults.queue_contexts),
            dialled_mark: dialled_mark.unwrap_or(defaults.dialled_mark),
            extension_digits_max: extension_digits_max
                .map_or(defaults.extension_digits_max, usize::from),
            ..defaults
        }
    }
}

/// What came of a file's rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CdrItem {
    /// All rows of a call.
    Call(CdrCall),
    /// A row that could not be read.
    Rejected(Rejected),
    /// The header, or an empty line.
    Ignored {
        /// The row, 1-based.
        row: u64,
        /// Why.
        why: &'static str,
    },
}

/// One call, from all its rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CdrCall {
    /// The id that the queue log knows it by.
    pub id: String,
    /// Who started it.
    pub direction: Direction,
    /// When its first row starts.
    pub arrived: Instant,
    /// When the caller's last row ends: the end of the call, unless the caller then went on waiting
    /// in a queue without any telephone ringing, which writes no row.
    pub ended: Instant,
    /// The number dialled, if a row tells.
    pub dialled: Option<String>,
    /// The caller.
    pub caller: Option<RawCaller>,
    /// The first queue that a row names.
    pub queue: Option<String>,
    /// What became of it if it never met a queue.
    pub unqueued: Disposition,
    /// When a telephone outside any queue first answered it.
    pub dialled_out: Option<Instant>,
    /// How precise the instants are.
    pub precision: Millis,
    /// Where it stands in the file.
    pub rows: Rows,
}

/// Groups rows into calls. Memory is bounded by the calls of [`CdrConfig::quiet`], at most
/// [`CdrConfig::open_calls_max`].
#[derive(Debug)]
pub struct CdrParser {
    config: CdrConfig,
    layout: Option<Layout>,
    fields: Vec<String>,
    open: HashMap<String, Group, BuildQuick>,
    /// Calls in the order in which they are looked at, with the moment to do it.
    queue: VecDeque<(Instant, String)>,
    latest: Instant,
}

/// A call whose rows are still coming.
#[derive(Debug)]
struct Group {
    call: CdrCall,
    /// End of the latest row, whoever's it was.
    last: Instant,
    /// The caller's own latest row decides what became of the call.
    decided: Option<(Instant, u64)>,
}

/// The instant of a row's first local date and time: its start, in all layouts known. It depends on
/// nothing but the row, so a row that is delivered again has the same one.
pub fn first_instant(line: &[u8], zone: &TimeZone) -> Option<Instant> {
    let mut fields = line.split(|byte| matches!(byte, b',' | b'"')).map(<[u8]>::trim_ascii);
    let civil = fields.find_map(read_civil)?;
    in_zone(civil, zone, Instant::from_secs(0))
}

impl CdrParser {
    /// A parser for one file.
    pub fn new(config: CdrConfig) -> Self {
        Self {
            config,
            layout: None,
            fields: Vec::new(),
            open: HashMap::default(),
            queue: VecDeque::new(),
            latest: Instant::from_millis(i64::MIN / 2),
        }
    }

    /// Reads one row (1-based), with or without its line end. The first row that is not empty
    /// must be a header or fit a known layout; otherwise the file is not a CDR file.
    pub fn push(
        &mut self,
        row: u64,
        line: &[u8],
        out: &mut impl FnMut(CdrItem),
    ) -> Result<(), NotThisFormat> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let text = clean_whole(line);
        if text.trim().is_empty() {
            out(CdrItem::Ignored { row, why: "empty_line" });
            return Ok(());
        }
        let mut fields = std::mem::take(&mut self.fields);
        let whole = split(&text, &mut fields);
        if self.layout.is_none() {
            match Layout::of(&fields) {
                FirstRow::Header(layout) => {
                    self.layout = Some(layout);
                    out(CdrItem::Ignored { row, why: "header" });
                    return Ok(());
                }
                FirstRow::Data(layout) => self.layout = Some(layout),
                FirstRow::Unknown => return Err(unknown(row, fields.len())),
            }
        }
        match whole {
            None => reject(row, line, "open_quote", "a quote is not closed".to_owned(), out),
            Some(()) => self.take(row, line, &fields, out),
        }
        self.fields = fields;
        Ok(())
    }

    /// Ends the file: every call is complete. One whose rows go on in the next file comes again
    /// under the same id; [`enrich`] adds what is new.
    pub fn finish(mut self, out: &mut impl FnMut(CdrItem)) {
        while let Some((_, id)) = self.queue.pop_front() {
            if let Some(group) = self.open.remove(&id) {
                out(CdrItem::Call(group.call));
            }
        }
    }

    fn take(&mut self, row: u64, line: &[u8], fields: &[String], out: &mut impl FnMut(CdrItem)) {
        let Some(layout) = &self.layout else { return };
        match CdrRow::read(layout, fields, &self.config.zone) {
            Err((code, detail)) => reject(row, line, code, detail, out),
            Ok(read) => {
                self.latest = self.latest.max(read.end);
                let id = read.call.to_owned();
                if !self.open.contains_key(&id) {
                    self.queue.push_back((read.end + self.config.quiet, id.clone()));
                }
                let config = &self.config;
                let group = self.open.entry(id).or_insert_with(|| Group::new(&read, row));
                group.add(&read, row, config);
                self.expire(out);
            }
        }
    }

    /// Closes calls that have been quiet for long, and the oldest ones beyond the limit.
    fn expire(&mut self, out: &mut impl FnMut(CdrItem)) {
        while let Some((at, _)) = self.queue.front() {
            let full = self.config.open_calls_max < self.open.len();
            if self.latest < *at && !full {
                return;
            }
            let Some((_, id)) = self.queue.pop_front() else { return };
            let due = self.open.get(&id).map(|group| group.last + self.config.quiet);
            match due {
                Some(due) if self.latest < due && !full => self.queue.push_back((due, id)),
                _ => {
                    if let Some(group) = self.open.remove(&id) {
                        out(CdrItem::Call(group.call));
                    }
                }
            }
        }
    }
}

impl Group {
    fn new(read: &CdrRow<'_>, row: u64) -> Self {
        Self {
            call: CdrCall {
                id: read.call.to_owned(),
                direction: Direction::Inbound,
                arrived: read.start,
                ended: read.end,
                dialled: None,
                caller: None,
                queue: None,
                unqueued: Disposition::AbandonedInIvr,
                dialled_out: None,
                precision: read.precision,
                rows: Rows { first: row, last: row, n: 0 },
            },
            last: read.end,
            decided: None,
        }
    }

    fn add(&mut self, read: &CdrRow<'_>, row: u64, config: &CdrConfig) {
        let call = &mut self.call;
        call.rows = Rows {
            first: call.rows.first.min(row),
            last: call.rows.last.max(row),
            n: call.rows.n.saturating_add(1),
        };
        self.last = self.last.max(read.end);
        call.arrived = call.arrived.min(read.start);
        if read.app == "Queue" && call.queue.is_none() {
            call.queue = read.data.split(',').next().map(str::to_owned);
        }
        // The caller's own rows are those of the channel that gave the call its id.
        if read.uniqueid != read.call {
            return;
        }
        let first = self.decided.is_none();
        call.ended = if first { read.end } else { call.ended.max(read.end) };
        if first {
            call.direction = direction(read, config);
            call.caller = RawCaller::new(read.src);
        }
        if call.dialled.is_none() {
            call.dialled = dialled(read, config);
        }
        if read.app == "Dial" && read.disposition == "ANSWERED" && !read.dst_channel.is_empty() {
            call.dialled_out =
                Some(call.dialled_out.map_or(read.start, |before| before.min(read.start)));
        }
        if self.decided.is_none_or(|before| before <= (read.end, row)) {
            self.decided = Some((read.end, row));
            call.unqueued = unqueued(read, config);
        }
    }
}

impl CdrCall {
    /// The call as a fact, if it came from a citizen and never met a queue; calls that did are the
    /// queue log's.
    pub fn to_call(&self) -> Option<Call> {
        if self.direction != Direction::Inbound || self.queue.is_some() {
            return None;
        }
        Some(Call {
            id: self.id.clone(),
            service: None,
            direction: Direction::Inbound,
            arrived: self.arrived,
            dialled: self.dialled.clone(),
            ivr_path: None,
            first_queue: None,
            queued: None,
            first_rang: None,
            answered: None,
            ended: Some(self.ended),
            disposition: self.unqueued,
            wait: None,
            talk: None,
            hold: None,
            wrap: None,
            transfers: 0,
            called_back: None,
            topic: None,
            priority_class: None,
            booking_system: None,
            group: None,
            caller: self.caller.clone(),
            precision: self.precision,
            rows: self.rows,
        })
    }

    /// What its rows become where no queue log knows the call: a fact, or rows set aside with the
    /// reason.
    pub fn into_emitted(self) -> Emitted {
        let why = match (self.direction, self.to_call()) {
            (_, Some(call)) => {
                let fact = Fact::Call(call, Vec::new());
                return Emitted::Fact { fact, earlier: Vec::new(), revision: None };
            }
            (Direction::Inbound, None) => "call_of_a_queue",
            (Direction::Outbound, None) => "outbound_call",
            (Direction::Internal, None) => "internal_call",
        };
        Emitted::Ignored { row: self.rows.first, n: self.rows.n, why }
    }
}

/// What [`enrich`] found that the call itself does not show.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Finding {
    /// The queue log says abandoned, but a telephone outside the queue answered afterwards: the
    /// call was taken out of the queue by a command. The disposition stays what the book of record
    /// says; somebody has to decide.
    AnsweredOutsideQueue,
    /// The two sources put the arrival more than an hour apart; nothing was changed.
    ArrivalsDisagree,
}

impl Finding {
    /// Returns the stable code under which it is counted.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AnsweredOutsideQueue => "answered_outside_queue",
            Self::ArrivalsDisagree => "arrivals_disagree",
        }
    }
}

/// Completes a call of the queue log with what its CDR rows know: arrival, number dialled, end
/// where the log lacks it, and that the service made the call. Waits, talk and the disposition
/// stay the queue log's.
pub fn enrich(call: &mut Call, cdr: &CdrCall) -> Vec<Finding> {
    let mut findings = Vec::new();
    if ARRIVALS_APART_MAX < Millis::new((call.arrived - cdr.arrived).get().abs()) {
        findings.push(Finding::ArrivalsDisagree);
        return findings;
    }
    call.arrived = call.arrived.min(cdr.arrived);
    if call.dialled.is_none() {
        call.dialled.clone_from(&cdr.dialled);
    }
    if call.caller.is_none() {
        call.caller.clone_from(&cdr.caller);
    }
    let left = call.queued.zip(call.wait).map(|(queued, wait)| queued + wait);
    if call.ended.is_none() {
        call.ended = Some(cdr.ended.max(left.unwrap_or(call.arrived)));
    }
    if cdr.direction == Direction::Outbound && call.direction == Direction::Inbound {
        call.direction = Direction::Outbound;
    }
    if call.disposition == Disposition::AbandonedInQueue
        && left.zip(cdr.dialled_out).is_some_and(|(left, at)| left <= at + Millis::from_secs(1))
    {
        findings.push(Finding::AnsweredOutsideQueue);
    }
    findings
}

const ARRIVALS_APART_MAX: Millis = Millis::from_hours(1);

/// Who started a call, by its first row. A citizen's call shows an operators' context as well when
/// it was transferred before its first row was written; an outside number, or none, tells it apart.
fn direction(read: &CdrRow<'_>, config: &CdrConfig) -> Direction {
    let extension = |number: &str| {
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        0 < digits && digits <= config.extension_digits_max
    };
    let inside = |caller: &str| {
        let named = caller.bytes().any(|b| b.is_ascii_alphabetic());
        extension(caller) || named && RawCaller::new(caller).is_some()
    };
    if config.outbound_contexts.contains(read.context) {
        Direction::Outbound
    } else if !config.internal_contexts.contains(read.context) || !inside(read.src) {
        Direction::Inbound
    } else if read.app != "Dial" || extension(read.dst) {
        Direction::Internal
    } else {
        Direction::Outbound
    }
}

/// The number dialled: told in the user field, or the destination while it is still a number.
fn dialled(read: &CdrRow<'_>, config: &CdrConfig) -> Option<String> {
    let marked = Some(config.dialled_mark.as_str()).filter(|mark| !mark.is_empty());
    if let Some(number) = marked.and_then(|mark| read.userfield.strip_prefix(mark)) {
        return Some(number.to_owned());
    }
    let number = read.dst.strip_prefix('+').unwrap_or(read.dst);
    let outside =
        config.extension_digits_max < number.len() && number.bytes().all(|b| b.is_ascii_digit());
    outside.then(|| read.dst.to_owned())
}

/// What became of a call that met no queue, by the caller's last row. The application in which it
/// ended tells who hung up: in `Hangup` it was the platform, when it had done.
fn unqueued(read: &CdrRow<'_>, config: &CdrConfig) -> Disposition {
    match (read.disposition, read.app) {
        ("FAILED", _) => Disposition::TechnicalFailure,
        ("CONGESTION" | "BUSY", _) => Disposition::Rejected,
        (_, "Hangup" | "Congestion" | "Busy") if config.queue_contexts.contains(read.context) => {
            Disposition::Rejected
        }
        (_, "Congestion" | "Busy") => Disposition::Rejected,
        (_, "Hangup") => Disposition::IvrContained,
        ("ANSWERED", "Dial") if !read.dst_channel.is_empty() => Disposition::Answered,
        _ => Disposition::AbandonedInIvr,
    }
}

fn unknown(row: u64, n: usize) -> NotThisFormat {
    let problem = format!(
        "has {n} fields and names no columns, where CDR rows have 17 to 21 with their start in the \
         ninth or tenth"
    );
    NotThisFormat { format: "CDR file", row, problem }
}

fn reject(
    row: u64,
    line: &[u8],
    code: &'static str,
    detail: String,
    out: &mut impl FnMut(CdrItem),
) {
    out(CdrItem::Rejected(Rejected::new(row, masked_record(line).as_bytes(), code, detail)));
}

/// Reads lines as they may be shown.
pub fn shown(input: impl BufRead, wanted: Wanted<'_>) -> io::Result<Shown> {
    lines(input, wanted, |line, asked| match asked {
        Asked::For => masked_record(line),
        Asked::Not => String::new(),
    })
}

/// A line as text, without its end.
fn clean_whole(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.trim_end_matches(['\r', '\n']).to_owned()
}

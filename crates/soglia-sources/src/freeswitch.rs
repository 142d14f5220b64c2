//! FreeSWITCH call records of calls that met `mod_callcenter`. Read [`read`] first.
//!
//! # The file
//! Two forms, told apart by the first byte:
//!
//! * **JSON** of `mod_json_cdr`: one file per call, or any number of objects in one file
//!   ([`crate::json_records`]), with percent-encoded values or without; a row is one object.
//! * **CSV** of `mod_cdr_csv` with a template, below which a header row names the columns. The
//!   module does not write the header itself: the job that rotates the files puts it on top.
//!   A row is one line, the header included. Columns may come in any order, and more of them may
//!   be there; those that matter are the channel variables
//!
//! ```text
//! uuid,direction,context,caller_id_number,destination_number,start_uepoch,end_uepoch,
//! cc_side,cc_queue,cc_queue_joined_epoch,cc_queue_answered_epoch,cc_queue_terminated_epoch,
//! cc_queue_canceled_epoch,cc_cause,cc_cancel_reason,cc_agent_bridged,hold_accum_seconds,
//! hangup_cause,sip_hangup_disposition,endpoint_disposition
//! ```
//!
//! each written in the template as `"${name}"`; `start_epoch` and `end_epoch` do in place of the
//! finer ones. `uuid`, a start and `cc_queue_joined_epoch` are required.
//!
//! # What a call is
//! The citizen's leg (`cc_side` is `member`). The operator's leg of the same call is ignored, and
//! so is a leg that met no queue, unless it came in through a public context
//! ([`FreeSwitchConfig::public_contexts`]): that is a call that ended in the IVR. Channel
//! variables only tell the last queue of a call; those before it are known from the JSON form,
//! whose log of applications says when each was entered.
//!
//! # What it became
//! `cc_queue_answered_epoch` (and `cc_agent_bridged` not `false`) → *answered*. Otherwise
//! `cc_cancel_reason`: `BREAK_OUT` and `EXIT_WITH_KEY` → *abandoned in queue*; `TIMEOUT`,
//! `NO_AGENT_TIMEOUT` → *released by system*; `NONE` → *abandoned in queue* if the caller's end
//! hung up, *released by system* if not; joined and neither answered nor cancelled → *technical
//! failure*. Without a queue the hang-up cause decides: refused or congested → *rejected*, faults
//! → *technical failure*, the caller hung up → *abandoned in IVR*, otherwise *contained*; a
//! channel variable can say more ([`Labels::disposition`]).
//!
//! Queue instants are whole seconds, so a call with a queue has a precision of 1 s, and its other
//! instants are cut to it; one without has 1 ms when microseconds are written. `talk` leaves out
//! `hold_accum_seconds`. The operator (`cc_agent`) is never read.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

use serde::Deserialize;
use serde_json::Value;
use soglia_domain::contract::{Contract, FreeSwitchSettings};
use soglia_domain::facts::{
    Call, Direction, Disposition, Fact, QueueEntry, QueueExit, RawCaller, Rows,
};
use soglia_domain::time::{Instant, Millis};

use crate::json_records::{self, Record, Records, SourceError};
use crate::labels::Labels;
use crate::outcome::{Emitted, NotThisFormat, Rejected, Totals};
use crate::shown::{Asked, Shown, Wanted, lines};

/// What a site decides about its call records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FreeSwitchConfig {
    /// Dialplan contexts through which citizens' calls come in.
    pub public_contexts: Vec<String>,
    /// Channel variables that carry the contract's vocabulary.
    pub labels: Labels,
}

impl Default for FreeSwitchConfig {
    fn default() -> Self {
        Self { public_contexts: vec!["public".to_owned()], labels: Labels::default() }
    }
}

impl FreeSwitchConfig {
    /// What a contract agrees; the defaults where it is silent.
    pub fn agreed(contract: &Contract) -> Self {
        let FreeSwitchSettings { public_contexts, labels } = &contract.sources.freeswitch;
        let public_contexts =
            public_contexts.clone().unwrap_or_else(|| Self::default().public_contexts);
        Self { public_contexts, labels: labels.into() }
    }
}

/// The longest line that is read, in bytes.
const LINE_MAX: u64 = 1 << 20;

const MASKED: [&str; 20] = [
    "caller_id_number",
    "caller_id_name",
    "effective_caller_id_number",
    "effective_caller_id_name",
    "username",
    "ani",
    "aniii",
    "sip_from_user",
    "sip_from_uri",
    "sip_from_display",
    "sip_full_from",
    "sip_contact_user",
    "sip_contact_uri",
    "sip_P-Asserted-Identity",
    "cc_agent",
    "callee_id_number",
    "callee_id_name",
    "last_sent_callee_id_name",
    "sip_from_user_stripped",
    "dialed_user",
];

/// Reads records as they may be shown.
pub fn shown(mut input: impl BufRead, wanted: Wanted<'_>) -> io::Result<Shown> {
    if matches!(first_byte(&mut input)?, Some(b'{' | b'[')) {
        return json_records::shown(input, None, &MASKED, wanted);
    }
    let mut header: Option<Vec<String>> = None;
    lines(input, wanted, |line, asked| match (&header, asked) {
        (None, _) => {
            header = Some(fields(line));
            String::from_utf8_lossy(line).into_owned()
        }
        (Some(columns), Asked::For) => {
            let masked = masked_line(columns, &fields(line));
            String::from_utf8_lossy(&masked).into_owned()
        }
        (Some(_), Asked::Not) => String::new(),
    })
}

/// The first byte of the text.
fn first_byte(input: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        match input.fill_buf()?.first().copied() {
            Some(b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb | 0xbf) => input.consume(1),
            other => return Ok(other),
        }
    }
}

/// Reads call records of either form.
pub fn read(
    mut input: impl BufRead,
    config: &FreeSwitchConfig,
    out: &mut impl FnMut(Emitted),
) -> Result<Totals, SourceError> {
    match first_byte(&mut input)? {
        None => Ok(Totals::default()),
        Some(b'{' | b'[') => read_json(input, config, out),
        _ => read_csv(input, config, out),
    }
}

fn other_format(row: u64, problem: impl Into<String>) -> SourceError {
    let format = "call record file of FreeSWITCH";
    NotThisFormat { format, row, problem: problem.into() }.into()
}

type Problem = (&'static str, String);

/// What a row turned out to be.
enum Parsed {
    Call(Box<Call>, Vec<QueueEntry>),
    Ignored(&'static str),
}

fn emit(emitted: Emitted, totals: &mut Totals, out: &mut impl FnMut(Emitted)) {
    totals.count(&emitted);
    out(emitted);
}

fn emitted(row: u64, outcome: Result<Parsed, (Problem, Vec<u8>)>) -> Emitted {
    match outcome {
        Ok(Parsed::Call(call, entries)) => {
            // A record is written once, but a failed delivery may be repeated.
            let revision = Some(call.ended.unwrap_or(call.arrived).as_millis());
            let fact = Fact::Call(*call, entries);
            Emitted::Fact { fact, earlier: Vec::new(), revision }
        }
        Ok(Parsed::Ignored(why)) => Emitted::Ignored { row, n: 1, why },
        Err(((code, detail), text)) => Emitted::Rejected(Rejected::new(row, &text, code, detail)),
    }
}

// JSON

#[derive(Deserialize)]
struct RawRecord {
    variables: Option<BTreeMap<String, Value>>,
    channel_data: Option<BTreeMap<String, Value>>,
    callflow: Option<Vec<RawFlow>>,
    app_log: Option<RawAppLog>,
}

#[derive(Deserialize)]
struct RawFlow {
    caller_profile: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
struct RawAppLog {
    #[serde(default)]
    applications: Vec<RawApplication>,
}

#[derive(Deserialize)]
struct RawApplication {
    #[serde(rename = "app_name")]
    name: Option<String>,
    #[serde(rename = "app_data")]
    data: Option<String>,
    #[serde(rename = "app_stamp")]
    stamp: Option<Value>,
}

fn read_json(
    input: impl BufRead,
    config: &FreeSwitchConfig,
    out: &mut impl FnMut(Emitted),
) -> Result<Totals, SourceError> {
    let mut totals = Totals::default();
    let mut records = Records::new(input, None);
    let mut recognised = false;
    while let Some(record) = records.read()? {
        totals.rows += 1;
        let row = totals.rows;
        let outcome = match record {
            Record::Object(text) => parse_object(text, row, config, &mut totals)
                .map_err(|problem| (problem, json_records::mask(text, &MASKED))),
            Record::Broken { text, code, detail } => {
                Err(((code, detail.to_owned()), json_records::mask(text, &MASKED)))
            }
        };
        match &outcome {
            Err((("not_a_call_record", detail), _)) if !recognised => {
                return Err(other_format(row, detail.as_str()));
            }
            Err(_) => {}
            Ok(_) => recognised = true,
        }
        emit(emitted(row, outcome), &mut totals, out);
    }
    Ok(totals)
}

fn parse_object(
    text: &[u8],
    row: u64,
    config: &FreeSwitchConfig,
    totals: &mut Totals,
) -> Result<Parsed, Problem> {
    let raw: RawRecord = serde_json::from_slice(text)
        .map_err(|error| ("unreadable_record", json_records::object_problem(&error)))?;
    let Some(variables) = raw.variables else {
        return Err(("not_a_call_record", "has no `variables`".to_owned()));
    };
    // The call flow is written newest first; what the citizen dialled is in the oldest.
    let profile = raw.callflow.unwrap_or_default().pop().and_then(|flow| flow.caller_profile);
    let profile = profile.unwrap_or_default();
    let channel = raw.channel_data.unwrap_or_default();
    let value = |name: &str| {
        let value = variables.get(name).or_else(|| profile.get(name)).or_else(|| channel.get(name));
        let text = match value? {
            Value::String(text) => percent_decoded(text),
            Value::Null => return None,
            other => other.to_string(),
        };
        (!text.is_empty()).then_some(text)
    };
    let visited = raw.app_log.map(visited_queues).unwrap_or_default();
    Leg { value: &value, visited, row }.parse(config, totals)
}

/// The queues entered, with the instants, as the log of applications tells.
fn visited_queues(log: RawAppLog) -> Vec<(String, Instant)> {
    let entered =
        log.applications.into_iter().filter(|app| app.name.as_deref() == Some("callcenter"));
    entered
        .filter_map(|app| {
            let stamp = match app.stamp? {
                Value::String(text) => text,
                other => other.to_string(),
            };
            Some((percent_decoded(app.data?.trim()), epoch(&stamp, 1000)?))
        })
        .collect()
}

fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let code = tail.get(..2).filter(|_| byte == b'%').and_then(|hex| {
            let hex = str::from_utf8(hex).ok().filter(|h| !h.starts_with('+'))?;
            u8::from_str_radix(hex, 16).ok()
        });
        out.push(code.unwrap_or(byte));
        rest = if code.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&out).into_owned()
}

// CSV

fn read_csv(
    mut input: impl BufRead,
    config: &FreeSwitchConfig,
    out: &mut impl FnMut(Emitted),
) -> Result<Totals, SourceError> {
    let mut totals = Totals::default();
    let mut header: Option<Vec<String>> = None;
    let mut line = Vec::new();
    while let Some(whole) = next_line(&mut input, &mut line)? {
        totals.rows += 1;
        let row = totals.rows;
        let text = line.trim_ascii();
        let Some(columns) = &header else {
            let columns = fields(text);
            check_header(row, &columns)?;
            header = Some(columns);
            emit(Emitted::Ignored { row, n: 1, why: "header" }, &mut totals, out);
            continue;
        };
        let values = fields(text);
        if text.is_empty() || values == *columns {
            let why = if text.is_empty() { "blank_line" } else { "header" };
            emit(Emitted::Ignored { row, n: 1, why }, &mut totals, out);
            continue;
        }
        let outcome = if whole == Whole::No {
            Err(("too_long", "line of more than 1 MiB".to_owned()))
        } else {
            parse_values(columns, &values, row, config, &mut totals)
        };
        let outcome = outcome.map_err(|problem| (problem, masked_line(columns, &values)));
        emit(emitted(row, outcome), &mut totals, out);
    }
    if header.is_none() {
        return Err(other_format(1, "is missing: the file is empty"));
    }
    Ok(totals)
}

/// Whether a line was read to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Yes,
    No,
}

/// Reads a line into `line`; of one that is too long only the beginning is kept.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<Whole>> {
    line.clear();
    if input.by_ref().take(LINE_MAX).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.ends_with(b"\n") || (line.len() as u64) < LINE_MAX {
        return Ok(Some(Whole::Yes));
    }
    loop {
        let chunk = input.fill_buf()?;
        let end = chunk.iter().position(|&b| b == b'\n');
        let n = end.map_or(chunk.len(), |at| at + 1);
        input.consume(n);
        if n == 0 || end.is_some() {
            return Ok(Some(Whole::No));
        }
    }
}

fn check_header(row: u64, columns: &[String]) -> Result<(), SourceError> {
    let has = |name: &str| columns.iter().any(|column| column == name);
    for (name, present) in [
        ("uuid", has("uuid")),
        ("start_epoch", has("start_epoch") || has("start_uepoch")),
        ("cc_queue_joined_epoch", has("cc_queue_joined_epoch")),
    ] {
        if !present {
            return Err(other_format(row, format!("is no header with a column `{name}`")));
        }
    }
    Ok(())
}

/// Splits a line. The module writes values between quotes as they are, so that a quote inside a
/// name is not doubled: a quoted value ends at a quote that a comma or the line's end follows.
fn fields(line: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(line);
    let mut values = Vec::new();
    let mut rest = text.as_ref();
    loop {
        let (value, tail) = match rest.strip_prefix('"') {
            Some(inner) => match inner.find("\",") {
                Some(at) => (inner.get(..at), inner.get(at + 2..)),
                None => (Some(inner.strip_suffix('"').unwrap_or(inner)), None),
            },
            None => match rest.split_once(',') {
                Some((value, tail)) => (Some(value), Some(tail)),
                None => (Some(rest), None),
            },
        };
        values.push(value.unwrap_or_default().replace("\"\"", "\"").trim().to_owned());
        let Some(tail) = tail else { return values };
        rest = tail;
    }
}

fn parse_values(
    columns: &[String],
    values: &[String],
    row: u64,
    config: &FreeSwitchConfig,
    totals: &mut Totals,
) -> Result<Parsed, Problem> {
    if values.len() != columns.len() {
        let detail = format!("{} values for {} columns", values.len(), columns.len());
        return Err(("wrong_field_count", detail));
    }
    let value = |name: &str| {
        let at = columns.iter().position(|column| column == name)?;
        values.get(at).filter(|text| !text.is_empty()).cloned()
    };
    Leg { value: &value, visited: Vec::new(), row }.parse(config, totals)
}

/// The line again, without callers and operators.
fn masked_line(columns: &[String], values: &[String]) -> Vec<u8> {
    let shown: Vec<&str> = values
        .iter()
        .enumerate()
        .map(|(at, value)| {
            let name = columns.get(at).map_or("", String::as_str);
            if MASKED.contains(&name) || looks_like_number(value) { "…" } else { value.as_str() }
        })
        .collect();
    shown.join(",").into_bytes()
}

/// At least six digits and separators only, and no epoch.
fn looks_like_number(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let only = value.bytes().all(|b| b.is_ascii_digit() || b"+-. /\"".contains(&b));
    let epoch = value.starts_with('1') && matches!(value.len(), 10 | 13 | 16);
    only && 5 < digits && !epoch
}

// Both

/// One leg of a call, whatever it was written in.
struct Leg<'a> {
    value: &'a dyn Fn(&str) -> Option<String>,
    visited: Vec<(String, Instant)>,
    row: u64,
}

/// The citizen's stay in the last queue.
struct Stay {
    queue: String,
    joined: Instant,
    answered: Option<Instant>,
    left: Instant,
    exit: QueueExit,
}

impl Leg<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (self.value)(name)
    }

    fn parse(&self, config: &FreeSwitchConfig, totals: &mut Totals) -> Result<Parsed, Problem> {
        let Some(id) = self.get("uuid") else {
            return Err(("not_a_call_record", "has no `uuid`".to_owned()));
        };
        if self.get("cc_side").as_deref() == Some("agent") {
            return Ok(Parsed::Ignored("operator_leg"));
        }
        let arrived = self
            .instant("start")?
            .ok_or_else(|| ("missing_field", "no `start_epoch`".to_owned()))?;
        let ended = self.instant("end")?;
        let stay = self.stay(ended)?;
        let outbound = self.get("direction").as_deref() == Some("outbound");
        if stay.is_none() {
            let context = self.get("context").unwrap_or_default();
            if outbound || !config.public_contexts.contains(&context) {
                return Ok(Parsed::Ignored("not_a_citizens_call"));
            }
        }
        let rows = Rows::one(self.row);
        let entries = stay.as_ref().map(|stay| self.entries(&id, stay, rows)).unwrap_or_default();
        let mut call = self.call(id, arrived, ended, stay.as_ref(), &entries);
        if outbound {
            call.direction = Direction::Outbound;
        }
        check_order(&call)?;
        config.labels.apply(&mut call, totals, |name| self.get(name));
        Ok(Parsed::Call(Box::new(call), entries))
    }

    fn stay(&self, ended: Option<Instant>) -> Result<Option<Stay>, Problem> {
        let Some(joined) = self.epoch("cc_queue_joined_epoch")? else { return Ok(None) };
        let queue = self
            .get("cc_queue")
            .ok_or_else(|| ("missing_field", "joined a queue but no `cc_queue`".to_owned()))?;
        let bridged = self.get("cc_agent_bridged").as_deref() != Some("false");
        let answered = self.epoch("cc_queue_answered_epoch")?.filter(|_| bridged);
        let cancelled = self.epoch("cc_queue_canceled_epoch")?;
        let terminated = self.epoch("cc_queue_terminated_epoch")?;
        let exit = match self.get("cc_cancel_reason").as_deref() {
            _ if answered.is_some() => QueueExit::Answered,
            Some("BREAK_OUT") => QueueExit::Abandoned,
            Some("EXIT_WITH_KEY") => QueueExit::KeyPressed,
            Some("TIMEOUT") => QueueExit::TimedOut,
            Some("NO_AGENT_TIMEOUT") => QueueExit::Emptied,
            Some(_) if self.caller_hung_up() => QueueExit::Abandoned,
            Some(_) => QueueExit::Withdrawn,
            None if cancelled.is_some() && self.caller_hung_up() => QueueExit::Abandoned,
            None if cancelled.is_some() => QueueExit::Withdrawn,
            None => QueueExit::Failed,
        };
        let left = answered.or(cancelled).or(terminated).or(ended.map(to_second));
        Ok(Some(Stay { queue, joined, answered, left: left.unwrap_or(joined), exit }))
    }

    fn entries(&self, id: &str, stay: &Stay, rows: Rows) -> Vec<QueueEntry> {
        let entry = |queue: &str, entered: Instant, left: Instant| QueueEntry {
            call: id.to_owned(),
            queue: queue.to_owned(),
            ordinal: 0,
            entered,
            left,
            answered: None,
            exit: QueueExit::Redirected,
            wait: left - entered,
            position: None,
            rows,
        };
        let mut entries = Vec::new();
        // The last queue visited is the one that the channel variables tell more about.
        for pair in self.visited.windows(2) {
            let [(queue, entered), (_, left)] = pair else { continue };
            let left = to_second(*left).min(stay.joined);
            let entered = to_second(*entered);
            if entered <= left {
                entries.push(entry(queue, entered, left));
            }
        }
        let last = entry(&stay.queue, stay.joined, stay.left);
        entries.push(QueueEntry { answered: stay.answered, exit: stay.exit, ..last });
        for (at, entry) in entries.iter_mut().enumerate() {
            entry.ordinal = u32::try_from(at + 1).unwrap_or(u32::MAX);
        }
        entries
    }

    fn call(
        &self,
        id: String,
        arrived: Instant,
        ended: Option<Instant>,
        stay: Option<&Stay>,
        entries: &[QueueEntry],
    ) -> Call {
        let fine = stay.is_none() && self.get("start_uepoch").is_some();
        let cut = |at: Instant| if fine { at } else { to_second(at) };
        let (arrived, ended) = (cut(arrived), ended.map(cut));
        let answered = stay.and_then(|stay| stay.answered);
        let queued = entries.first().map(|entry| entry.entered);
        let hold = answered.map(|_| self.hold());
        let until = self.epoch("cc_queue_terminated_epoch").ok().flatten().or(ended);
        let talk = answered
            .zip(until)
            .zip(hold)
            .map(|((from, to), hold)| Millis::ZERO.max(to - from - hold));
        Call {
            id,
            service: None,
            direction: Direction::Inbound,
            arrived,
            dialled: self.get("destination_number"),
            ivr_path: None,
            first_queue: entries.first().map(|entry| entry.queue.clone()),
            queued,
            first_rang: None,
            answered,
            ended,
            disposition: stay.map_or_else(|| self.without_queue(), |stay| of_exit(stay.exit)),
            wait: queued.zip(stay).map(|(from, stay)| stay.left - from),
            talk,
            hold,
            wrap: None,
            transfers: u32::from(answered.is_some() && self.was_transferred()),
            called_back: None,
            topic: None,
            priority_class: None,
            booking_system: None,
            group: None,
            caller: self.get("caller_id_number").and_then(|number| RawCaller::new(&number)),
            precision: if fine { Millis::new(1) } else { Millis::from_secs(1) },
            rows: Rows::one(self.row),
        }
    }

    fn without_queue(&self) -> Disposition {
        match self.get("hangup_cause").as_deref() {
            Some(
                "USER_BUSY"
                | "CALL_REJECTED"
                | "SWITCH_CONGESTION"
                | "NORMAL_CIRCUIT_CONGESTION"
                | "NO_ROUTE_DESTINATION"
                | "UNALLOCATED_NUMBER"
                | "INVALID_NUMBER_FORMAT",
            ) => Disposition::Rejected,
            Some(
                "NETWORK_OUT_OF_ORDER"
                | "DESTINATION_OUT_OF_ORDER"
                | "MEDIA_TIMEOUT"
                | "NORMAL_TEMPORARY_FAILURE"
                | "RECOVERY_ON_TIMER_EXPIRE"
                | "SYSTEM_SHUTDOWN"
                | "CRASH"
                | "INCOMPATIBLE_DESTINATION",
            ) => Disposition::TechnicalFailure,
            _ if self.caller_hung_up() => Disposition::AbandonedInIvr,
            _ => Disposition::IvrContained,
        }
    }

    /// Whether the hang-up came from the caller's end.
    fn caller_hung_up(&self) -> bool {
        let by = self.get("sip_hangup_disposition");
        by.is_some_and(|by| by.starts_with("recv_"))
            || self.get("hangup_cause").as_deref() == Some("ORIGINATOR_CANCEL")
    }

    fn was_transferred(&self) -> bool {
        ["hangup_cause", "endpoint_disposition"].into_iter().any(|name| {
            matches!(self.get(name).as_deref(), Some("BLIND_TRANSFER" | "ATTENDED_TRANSFER"))
        })
    }

    fn hold(&self) -> Millis {
        let secs = self.get("hold_accum_seconds").and_then(|text| text.parse::<u32>().ok());
        Millis::from_secs(i64::from(secs.unwrap_or(0)))
    }

    /// `start` or `end`, from microseconds if they are written. FreeSWITCH writes 0 for never.
    fn instant(&self, name: &str) -> Result<Option<Instant>, Problem> {
        let fine = format!("{name}_uepoch");
        if let Some(text) = self.get(&fine).filter(|text| text != "0") {
            return match epoch(&text, 1000) {
                Some(at) => Ok(Some(at)),
                None => Err(("bad_instant", format!("`{fine}` is `{}`", brief(&text)))),
            };
        }
        self.epoch(&format!("{name}_epoch"))
    }

    fn epoch(&self, name: &str) -> Result<Option<Instant>, Problem> {
        let Some(text) = self.get(name).filter(|text| text != "0") else { return Ok(None) };
        match text.parse::<i64>().ok().and_then(|secs| secs.checked_mul(1000)) {
            Some(millis) if json_records::is_plausible(Instant::from_millis(millis)) => {
                Ok(Some(Instant::from_millis(millis)))
            }
            _ => Err(("bad_instant", format!("`{name}` is `{}`", brief(&text)))),
        }
    }
}

fn of_exit(exit: QueueExit) -> Disposition {
    match exit {
        QueueExit::Answered => Disposition::Answered,
        QueueExit::Abandoned | QueueExit::KeyPressed => Disposition::AbandonedInQueue,
        QueueExit::Failed => Disposition::TechnicalFailure,
        QueueExit::TimedOut | QueueExit::Emptied | QueueExit::Withdrawn | QueueExit::Redirected => {
            Disposition::ReleasedBySystem
        }
    }
}

fn check_order(call: &Call) -> Result<(), Problem> {
    let left = call.queued.zip(call.wait).map(|(queued, wait)| queued + wait);
    let instants = [Some(call.arrived), call.queued, left, call.ended];
    if instants.iter().flatten().is_sorted() {
        return Ok(());
    }
    Err(("instants_out_of_order", "start, queue, answer and end are not in this order".to_owned()))
}

/// Reads a whole number of units since the epoch, so many of which make a millisecond.
fn epoch(text: &str, per_millisecond: i64) -> Option<Instant> {
    let at = Instant::from_millis(text.trim().parse::<i64>().ok()?.div_euclid(per_millisecond));
    json_records::is_plausible(at).then_some(at)
}

fn to_second(at: Instant) -> Instant {
    Instant::from_millis(at.as_millis().div_euclid(1000) * 1000)
}

fn brief(text: &str) -> String {
    text.chars().take(40).collect()
}

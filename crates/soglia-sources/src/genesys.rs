//! Genesys Cloud conversation details. Read [`read`] first.
//!
//! # The file
//! One conversation, JSON lines, objects one after another, an array, or the analytics API's
//! envelope `{"conversations":[…]}` ([`crate::json_records`]); a row is one conversation.
//! Participants hold sessions, sessions hold segments; segments are where times come from, metrics
//! only say how a queue was left. A conversation that has not ended is counted as open: it will
//! be delivered again, complete. Details may be delivered again with after-call work added: the
//! latest instant written in a conversation is its `revision`.
//!
//! # A call
//! is a conversation with a voice or call-back session. Each `acd` session is an entry into a
//! queue, from its first `interact` segment on (the few milliseconds of `delay` before are the
//! platform's own); queues are named by `queueId`, because names change. An operator (`agent` or
//! `user`) answers with the first `interact` segment; the queue's session ends some milliseconds
//! before that, so that `wait` may exceed the platform's `tAnswered` by as much: it runs until the
//! caller has somebody to talk to.
//!
//! # What a call became
//! An operator's voice → *answered*; otherwise a call-back session → *callback requested*;
//! otherwise the last queue decides: `tAbandon`, or the caller's end hung up → *abandoned in
//! queue*; fault → *technical failure*; flow-out, time-out and the like → *released by system*.
//! Without a queue: the caller hung up → *abandoned in IVR*, fault → *technical failure*, no IVR
//! at all → *rejected*, otherwise *contained*; only an attribute can tell a closed service
//! ([`Labels::disposition`]). `transfers` counts operators' sessions that ended by a transfer.
//! `topic` is the operator's wrap-up code, unless an attribute says it.
//!
//! # A message
//! is a conversation in writing. The first reply to a chat is the operator joining it; to an
//! e-mail, the first `tAgentResponseTime`, or else the end of the operator's first segment that
//! was not a transfer (counted as `inferred_reply`). Conversations that the service began are
//! ignored, as are screen shares and monitoring.
//!
//! Operators' names and identifiers are never read; `group` is the team identifier.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use serde::Deserialize;
use soglia_domain::contract::Contract;
use soglia_domain::facts::{
    Call, Direction, Disposition, Fact, Message, QueueEntry, QueueExit, RawCaller, Rows,
};
use soglia_domain::time::{Instant, Millis};

use crate::json_records::{self, Padded, Record, Records, SourceError};
use crate::labels::Labels;
use crate::outcome::{Emitted, NotThisFormat, Rejected, Totals};
use crate::shown::{Shown, Wanted};

/// What a site decides about its conversations.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GenesysConfig {
    /// Participant attributes that carry the contract's vocabulary.
    pub labels: Labels,
}

impl GenesysConfig {
    /// What a contract agrees.
    pub fn agreed(contract: &Contract) -> Self {
        Self { labels: (&contract.sources.genesys.labels).into() }
    }
}

const MASKED: [&str; 12] = [
    "ani",
    "dnis",
    "sessionDnis",
    "remote",
    "remoteNameDisplayable",
    "participantName",
    "addressFrom",
    "addressTo",
    "addressSelf",
    "addressOther",
    "callbackUserName",
    "userId",
];

/// Reads records as they may be shown.
pub fn shown(input: impl BufRead, wanted: Wanted<'_>) -> io::Result<Shown> {
    json_records::shown(input, Some("conversations"), &MASKED, wanted)
}

/// Reads conversation details.
pub fn read(
    input: impl BufRead,
    config: &GenesysConfig,
    out: &mut impl FnMut(Emitted),
) -> Result<Totals, SourceError> {
    let mut totals = Totals::default();
    let mut records = Records::new(input, Some("conversations"));
    let mut recognised = false;
    while let Some(record) = records.read()? {
        totals.rows += 1;
        let row = totals.rows;
        let outcome = match record {
            Record::Object(text) => parse(text, row, config, &mut totals)
                .map_err(|problem| (problem, json_records::mask(text, &MASKED))),
            Record::Broken { text, code, detail } => {
                if row == 1 && code == "not_json" {
                    return Err(other_format(row, detail));
                }
                Err(((code, detail.to_owned()), json_records::mask(text, &MASKED)))
            }
        };
        let emitted = match outcome {
            Ok(Parsed::Fact { fact, revision }) => {
                Emitted::Fact { fact: *fact, earlier: Vec::new(), revision: Some(revision) }
            }
            Ok(Parsed::Ignored(why)) => Emitted::Ignored { row, n: 1, why },
            Ok(Parsed::Open) => {
                recognised = true;
                totals.pending_rows += 1;
                totals.open_calls += 1;
                continue;
            }
            Err((("not_a_conversation", _), _)) if !recognised => {
                return Err(other_format(row, "has no `conversationId`"));
            }
            Err(((code, detail), text)) => {
                Emitted::Rejected(Rejected::new(row, &text, code, detail))
            }
        };
        recognised |= !matches!(emitted, Emitted::Rejected(_));
        totals.count(&emitted);
        out(emitted);
    }
    Ok(totals)
}

fn other_format(row: u64, problem: &str) -> SourceError {
    let format = "conversation file of Genesys Cloud";
    NotThisFormat { format, row, problem: problem.to_owned() }.into()
}

enum Parsed {
    Fact { fact: Box<Fact>, revision: i64 },
    Ignored(&'static str),
    Open,
}

type Problem = (&'static str, String);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawConversation {
    conversation_id: Option<String>,
    conversation_start: Option<String>,
    conversation_end: Option<String>,
    originating_direction: Option<String>,
    #[serde(default)]
    participants: Vec<RawParticipant>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawParticipant {
    purpose: Option<String>,
    team_id: Option<String>,
    attributes: Option<BTreeMap<String, serde_json::Value>>,
    #[serde(default)]
    sessions: Vec<RawSession>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSession {
    media_type: Option<String>,
    message_type: Option<String>,
    direction: Option<String>,
    ani: Option<String>,
    dnis: Option<String>,
    address_from: Option<String>,
    flow: Option<RawFlow>,
    #[serde(default)]
    segments: Vec<RawSegment>,
    #[serde(default)]
    metrics: Vec<RawMetric>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFlow {
    flow_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSegment {
    segment_start: Option<String>,
    segment_end: Option<String>,
    segment_type: Option<String>,
    queue_id: Option<String>,
    disconnect_type: Option<String>,
    wrap_up_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMetric {
    name: Option<String>,
    emit_date: Option<String>,
}

/// A conversation with its instants read.
struct Conversation {
    id: String,
    start: Instant,
    end: Option<Instant>,
    outbound: bool,
    sessions: Vec<Session>,
    attributes: BTreeMap<String, String>,
    /// The latest instant written anywhere in it.
    revision: Instant,
}

struct Session {
    role: Role,
    media: String,
    message_type: Option<String>,
    outbound: bool,
    ani: Option<String>,
    dnis: Option<String>,
    address_from: Option<String>,
    flow: Option<String>,
    team: Option<String>,
    segments: Vec<Segment>,
    metrics: BTreeMap<String, Instant>,
}

/// Who or what takes part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Customer,
    Ivr,
    Queue,
    Operator,
    Other,
}

struct Segment {
    kind: String,
    start: Instant,
    end: Option<Instant>,
    queue: Option<String>,
    disconnect: String,
    wrap_up_code: Option<String>,
}

fn parse(
    text: &[u8],
    row: u64,
    config: &GenesysConfig,
    totals: &mut Totals,
) -> Result<Parsed, Problem> {
    let raw: RawConversation = serde_json::from_slice(text)
        .map_err(|error| ("unreadable_record", json_records::object_problem(&error)))?;
    let conversation = Conversation::of(raw, totals)?;
    if conversation.is_open() {
        return Ok(Parsed::Open);
    }
    if conversation.end.is_none() {
        totals.note("conversation_end_missing");
    }
    let revision = conversation.revision.as_millis();
    let rows = Rows::one(row);
    let voice = |s: &Session| s.media == "voice" || s.media == "callback";
    let fact = if conversation.sessions.iter().any(voice) {
        let entries = conversation.queue_entries(rows)?;
        let mut call = conversation.call(&entries, rows);
        let lookup = |name: &str| conversation.attributes.get(name).cloned();
        config.labels.apply(&mut call, totals, lookup);
        Fact::Call(call, entries)
    } else {
        match conversation.written_channel() {
            None => return Ok(Parsed::Ignored("other_media")),
            Some(_) if conversation.outbound => return Ok(Parsed::Ignored("outbound_message")),
            Some(channel) => Fact::Message(conversation.message(channel, config, rows, totals)),
        }
    };
    Ok(Parsed::Fact { fact: Box::new(fact), revision })
}

impl Conversation {
    fn of(raw: RawConversation, totals: &mut Totals) -> Result<Self, Problem> {
        let Some(id) = raw.conversation_id else {
            return Err(("not_a_conversation", "no `conversationId`".to_owned()));
        };
        let mut clock = Clock { latest: None, totals };
        let start = clock
            .read("conversationStart", raw.conversation_start.as_deref())?
            .ok_or_else(|| ("missing_field", "no `conversationStart`".to_owned()))?;
        let end = clock.read("conversationEnd", raw.conversation_end.as_deref())?;
        let mut sessions = Vec::new();
        let mut attributes = BTreeMap::new();
        for participant in raw.participants {
            for (name, value) in participant.attributes.unwrap_or_default() {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                attributes.insert(name, text);
            }
            let role = Role::of(participant.purpose.as_deref().unwrap_or_default());
            for session in participant.sessions {
                sessions.push(Session::of(session, role, participant.team_id.clone(), &mut clock)?);
            }
        }
        let first = sessions.iter().find(|s| s.role == Role::Customer || s.role == Role::Operator);
        let outbound = match raw.originating_direction.as_deref() {
            Some(direction) => direction == "outbound",
            None => first.is_some_and(|session| session.outbound),
        };
        let revision = clock.latest.unwrap_or(start);
        Ok(Self { id, start, end, outbound, sessions, attributes, revision })
    }

    /// Still going on: no end of its own, and the citizen's side has not ended either.
    fn is_open(&self) -> bool {
        let mut customers = self.sessions.iter().filter(|s| s.role == Role::Customer).peekable();
        self.end.is_none()
            && (customers.peek().is_none() || customers.any(|session| session.end().is_none()))
    }

    fn of_role(&self, role: Role) -> impl Iterator<Item = &Session> {
        self.sessions.iter().filter(move |session| session.role == role)
    }

    /// When a call-back was set up, if one was.
    fn callback_set_up(&self) -> Option<Instant> {
        let callbacks = self.sessions.iter().filter(|session| session.media == "callback");
        callbacks.filter_map(Session::start).min()
    }

    /// Operators' voice sessions of the call itself, in order of answer; call-backs are not.
    fn operators(&self) -> Vec<(&Session, Instant)> {
        let until = self.callback_set_up();
        let mut sessions: Vec<(&Session, Instant)> = self
            .of_role(Role::Operator)
            .filter(|session| session.media == "voice")
            .filter_map(|session| Some((session, session.first("interact")?.start)))
            .filter(|(_, at)| until.is_none_or(|until| *at < until))
            .collect();
        sessions.sort_by_key(|(_, at)| *at);
        sessions
    }

    fn queue_entries(&self, rows: Rows) -> Result<Vec<QueueEntry>, Problem> {
        let mut stays: Vec<(&Session, &Segment, Instant)> = self
            .of_role(Role::Queue)
            .filter(|session| session.media == "voice")
            .filter_map(|session| {
                let entered = session.first("interact").or_else(|| session.segments.first())?;
                Some((session, entered, session.end().or(self.end)?))
            })
            .collect();
        stays.sort_by_key(|(_, entered, _)| entered.start);
        let operators = self.operators();
        let mut entries = Vec::new();
        for (at, (session, entered, ended)) in stays.iter().enumerate() {
            let next = stays.get(at + 1).map(|(_, segment, _)| segment.start);
            let answered = operators.iter().map(|(_, answered)| *answered).find(|answered| {
                entered.start <= *answered && next.is_none_or(|next| *answered < next)
            });
            let left = answered.unwrap_or(*ended);
            if left < entered.start {
                let detail = "a queue was left before it was entered".to_owned();
                return Err(("instants_out_of_order", detail));
            }
            entries.push(QueueEntry {
                call: self.id.clone(),
                queue: session.queue().unwrap_or_else(|| "unknown".to_owned()),
                ordinal: u32::try_from(at + 1).unwrap_or(u32::MAX),
                entered: entered.start,
                left,
                answered,
                exit: if answered.is_some() { QueueExit::Answered } else { self.exit(session) },
                wait: left - entered.start,
                position: None,
                rows,
            });
        }
        Ok(entries)
    }

    fn exit(&self, session: &Session) -> QueueExit {
        let set_up = self.callback_set_up();
        if session.metrics.contains_key("tAbandon") {
            return QueueExit::Abandoned;
        }
        if set_up.is_some_and(|at| session.start().is_some_and(|start| start <= at)) {
            return QueueExit::Withdrawn;
        }
        match session.disconnect() {
            _ if session.metrics.contains_key("tFlowOut") => QueueExit::Redirected,
            "peer" | "endpoint" | "client" => QueueExit::Abandoned,
            "timeout" => QueueExit::TimedOut,
            other if is_fault(other) => QueueExit::Failed,
            other if other.contains("transfer") => QueueExit::Redirected,
            _ => QueueExit::Withdrawn,
        }
    }

    fn call(&self, entries: &[QueueEntry], rows: Rows) -> Call {
        let operators = self.operators();
        let served = operators.first();
        let customer = self.of_role(Role::Customer).find(|session| session.media == "voice");
        let citizen = customer.or_else(|| self.of_role(Role::Customer).next());
        let direction = if self.outbound { Direction::Outbound } else { Direction::Inbound };
        let disposition = self.disposition(entries, served.is_some());
        let answered = match direction {
            // The operator is there from the start; it is the citizen who answers.
            Direction::Outbound => customer.and_then(|s| s.first("interact")).map(|s| s.start),
            _ => served.map(|(_, at)| *at),
        };
        let answered = answered.filter(|_| disposition == Disposition::Answered);
        let queued = entries.first().map(|entry| entry.entered);
        let stopped = answered.or(entries.last().map(|entry| entry.left));
        let sum = |kind: &str| {
            let spans = operators.iter().map(|(session, _)| session.total(kind));
            served.map(|_| spans.sum::<Millis>())
        };
        let transfers = operators.iter().filter(|(session, _)| session.was_transferred()).count();
        let (from, to) = citizen.map_or((None, None), |s| (s.ani.as_ref(), s.dnis.as_ref()));
        let (caller, dialled) = if self.outbound { (to, None) } else { (from, to) };
        let arrived = entries.first().map_or(self.start, |entry| entry.entered.min(self.start));
        let rang = self.of_role(Role::Operator).filter(|session| session.media == "voice");
        Call {
            id: self.id.clone(),
            service: None,
            direction,
            arrived,
            dialled: dialled.map(|address| number(address).to_owned()),
            ivr_path: self.ivr_path(),
            first_queue: entries.first().map(|entry| entry.queue.clone()),
            queued,
            first_rang: rang.filter_map(|s| s.first("alert")).map(|s| s.start).min(),
            answered,
            ended: self.ended(answered),
            disposition,
            wait: queued.zip(stopped).map(|(from, to)| to - from).filter(|w| Millis::ZERO <= *w),
            talk: sum("interact"),
            hold: sum("hold"),
            wrap: sum("wrapup"),
            transfers: u32::try_from(transfers).unwrap_or(u32::MAX),
            called_back: self.called_back(),
            topic: operators.iter().rev().find_map(|(session, _)| session.wrap_up_code()),
            priority_class: None,
            booking_system: None,
            group: served.and_then(|(session, _)| session.team.clone()),
            caller: caller.and_then(|address| RawCaller::new(number(address))),
            precision: Millis::new(1),
            rows,
        }
    }

    fn disposition(&self, entries: &[QueueEntry], answered: bool) -> Disposition {
        let customer = self.of_role(Role::Customer).last();
        let hung_up = customer.map_or("", |session| session.disconnect());
        if self.outbound {
            let reached = customer.is_some_and(|session| session.first("interact").is_some());
            return if reached { Disposition::Answered } else { Disposition::Rejected };
        }
        match entries.last().map(|entry| entry.exit) {
            _ if answered => Disposition::Answered,
            _ if self.callback_set_up().is_some() => Disposition::CallbackRequested,
            Some(QueueExit::Abandoned) => Disposition::AbandonedInQueue,
            Some(QueueExit::Failed) => Disposition::TechnicalFailure,
            Some(_) => Disposition::ReleasedBySystem,
            None if is_fault(hung_up) => Disposition::TechnicalFailure,
            None if matches!(hung_up, "endpoint" | "client") => Disposition::AbandonedInIvr,
            None if self.of_role(Role::Ivr).next().is_none() => Disposition::Rejected,
            None => Disposition::IvrContained,
        }
    }

    fn ended(&self, answered: Option<Instant>) -> Option<Instant> {
        let until = self.callback_set_up();
        let own = |session: &&Session| {
            session.media == "voice" && until.is_none_or(|until| session.start() < Some(until))
        };
        let customer = self.of_role(Role::Customer).filter(own);
        customer.filter_map(Session::end).max().or(self.end).max(answered)
    }

    /// When an operator's call reached the citizen who had asked for a call-back.
    fn called_back(&self) -> Option<Instant> {
        let from = self.callback_set_up()?;
        let customer = self.of_role(Role::Customer).filter(|session| session.media == "voice");
        let talks = customer.flat_map(|session| &session.segments);
        let starts = talks.filter(|segment| segment.kind == "interact").map(|s| s.start);
        let operators = self.of_role(Role::Operator).filter(|session| session.media == "voice");
        let by = operators.filter_map(|s| s.first("interact")).map(|s| s.start);
        let first_by = by.filter(|at| from <= *at).min()?;
        Some(starts.filter(|at| from <= *at).min().unwrap_or(first_by))
    }

    fn ivr_path(&self) -> Option<String> {
        let flows = self.of_role(Role::Ivr).filter_map(|session| session.flow.as_deref());
        let path: Vec<&str> = flows.collect();
        (!path.is_empty()).then(|| path.join(" > "))
    }

    fn written_channel(&self) -> Option<String> {
        self.sessions.iter().find_map(|session| match session.media.as_str() {
            "chat" | "email" => Some(session.media.clone()),
            "message" => {
                Some(session.message_type.clone().unwrap_or_else(|| session.media.clone()))
            }
            _ => None,
        })
    }

    fn message(
        &self,
        channel: String,
        config: &GenesysConfig,
        rows: Rows,
        totals: &mut Totals,
    ) -> Message {
        let operators = || self.of_role(Role::Operator);
        let joined = operators().filter_map(|s| s.first("interact")).map(|s| s.start).min();
        let replied =
            operators().filter_map(|s| s.metrics.get("tAgentResponseTime")).min().copied();
        let first_reply = match channel.as_str() {
            "email" => replied.or_else(|| {
                let handled = operators().flat_map(|session| &session.segments);
                let ends = handled
                    .filter(|s| s.kind == "interact" && !s.disconnect.contains("transfer"))
                    .filter_map(|s| s.end);
                let inferred = ends.min();
                if inferred.is_some() {
                    totals.note("inferred_reply");
                }
                inferred
            }),
            "chat" => joined,
            _ => replied.or(joined),
        };
        let customer = self.of_role(Role::Customer).next();
        let sender = customer.and_then(|s| s.address_from.as_ref().or(s.ani.as_ref()));
        let topic = config.labels.topic.as_ref().and_then(|name| self.attributes.get(name));
        let code = || operators().filter_map(Session::wrap_up_code).last();
        Message {
            id: self.id.clone(),
            service: None,
            channel,
            received: self.start,
            first_reply,
            resolved: None,
            case: None,
            topic: topic.cloned().or_else(code),
            excluded: None,
            sender: sender.and_then(|address| RawCaller::new(number(address))),
            rows,
        }
    }
}

impl Session {
    fn of(
        raw: RawSession,
        role: Role,
        team: Option<String>,
        clock: &mut Clock<'_>,
    ) -> Result<Self, Problem> {
        let mut segments = Vec::with_capacity(raw.segments.len());
        for segment in raw.segments {
            let start = clock
                .read("segmentStart", segment.segment_start.as_deref())?
                .ok_or_else(|| ("missing_field", "no `segmentStart`".to_owned()))?;
            let end = clock.read("segmentEnd", segment.segment_end.as_deref())?;
            if end.is_some_and(|end| end < start) {
                return Err((
                    "instants_out_of_order",
                    "a segment ends before it starts".to_owned(),
                ));
            }
            segments.push(Segment {
                kind: segment.segment_type.unwrap_or_default(),
                start,
                end,
                queue: segment.queue_id,
                disconnect: segment.disconnect_type.unwrap_or_default(),
                wrap_up_code: segment.wrap_up_code,
            });
        }
        let mut metrics = BTreeMap::new();
        for metric in raw.metrics {
            let at = clock.read("emitDate", metric.emit_date.as_deref())?;
            if let (Some(name), Some(at)) = (metric.name, at) {
                metrics.entry(name).or_insert(at);
            }
        }
        Ok(Self {
            role,
            media: raw.media_type.unwrap_or_default(),
            message_type: raw.message_type,
            outbound: raw.direction.as_deref() == Some("outbound"),
            ani: raw.ani,
            dnis: raw.dnis,
            address_from: raw.address_from,
            flow: raw.flow.and_then(|flow| flow.flow_name),
            team,
            segments,
            metrics,
        })
    }

    fn first(&self, kind: &str) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.kind == kind)
    }

    fn start(&self) -> Option<Instant> {
        self.segments.iter().map(|segment| segment.start).min()
    }

    /// When the last segment ended; nothing while one is open.
    fn end(&self) -> Option<Instant> {
        let ends: Option<Vec<Instant>> = self.segments.iter().map(|s| s.end).collect();
        ends?.into_iter().max()
    }

    fn total(&self, kind: &str) -> Millis {
        let segments = self.segments.iter().filter(|segment| segment.kind == kind);
        segments.filter_map(|segment| Some(segment.end? - segment.start)).sum()
    }

    fn queue(&self) -> Option<String> {
        self.segments.iter().find_map(|segment| segment.queue.clone())
    }

    /// How the session ended: of the last segment that says so, after-call work excepted.
    fn disconnect(&self) -> &str {
        let segments = self.segments.iter().rev().filter(|segment| segment.kind != "wrapup");
        segments.map(|s| s.disconnect.as_str()).find(|text| !text.is_empty()).unwrap_or_default()
    }

    fn was_transferred(&self) -> bool {
        self.disconnect().contains("transfer")
    }

    /// The operator's code; the platform's own for skipped or timed-out wrap-ups are none.
    fn wrap_up_code(&self) -> Option<String> {
        let codes = self.segments.iter().rev().filter_map(|segment| segment.wrap_up_code.clone());
        codes.into_iter().find(|code| !code.starts_with("ININ-"))
    }
}

impl Role {
    fn of(purpose: &str) -> Self {
        match purpose {
            "customer" | "external" => Self::Customer,
            "ivr" => Self::Ivr,
            "acd" => Self::Queue,
            "agent" | "user" => Self::Operator,
            _ => Self::Other,
        }
    }
}

/// Reads a conversation's instants and remembers the latest.
struct Clock<'a> {
    latest: Option<Instant>,
    totals: &'a mut Totals,
}

impl Clock<'_> {
    fn read(&mut self, key: &'static str, text: Option<&str>) -> Result<Option<Instant>, Problem> {
        let Some(text) = text else { return Ok(None) };
        let (at, padded) = json_records::instant(text).ok_or_else(|| {
            let brief: String = text.chars().take(40).collect();
            ("bad_instant", format!("`{key}` is `{brief}`"))
        })?;
        if padded == Padded::PutRight {
            self.totals.note("unpadded_instant");
        }
        self.latest = self.latest.max(Some(at));
        Ok(Some(at))
    }
}

fn is_fault(disconnect: &str) -> bool {
    disconnect == "error" || disconnect.starts_with("transport")
}

/// The number or address without its scheme: `tel:+39…`, `sip:+39…@host`.
fn number(address: &str) -> &str {
    if let Some(number) = address.strip_prefix("tel:") {
        return number;
    }
    let Some(rest) = address.strip_prefix("sip:") else { return address };
    rest.split(['@', ';']).next().unwrap_or(rest)
}

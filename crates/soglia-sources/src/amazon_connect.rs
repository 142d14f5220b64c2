//! Amazon Connect contact records. Read [`AmazonConnect`] first, then [`read`] for a single file.
//!
//! # The file
//! JSON lines, objects one after another, or an array ([`crate::json_records`]); a row is one
//! contact record. Unknown fields are passed over: the platform adds fields without notice.
//!
//! # Revisions
//! Records are delivered at least once, and again when something changes. For one `ContactId` the
//! newest `LastUpdateTimestamp` wins: inside a file the others become duplicates, and each fact
//! carries the newest one as its `revision`, by which the ledger decides between files.
//!
//! # A call is a chain of contacts
//! A transfer, a move between queues, a call-back and a disconnect flow each open a new contact
//! that names the first one (`InitialContactId`). They are legs of the citizen's call, never calls
//! of their own: the fact has the first contact's identifier and all legs' rows. A chain is
//! complete when its first contact is there, every `NextContactId` is there, and every leg has
//! ended; what is not complete at the end of a file stays pending and is completed by the next
//! file ([`AmazonConnect::open`]). A `MONITOR` contact (a supervisor listening) is ignored, and so
//! are tasks.
//!
//! What a chain lacks may never come: the first contact lies before the first delivery, a record
//! was lost. Once the stream's newest `LastUpdateTimestamp` is more than
//! [`AmazonConnectConfig::open_limit`] after the last that is known of a chain, the chain becomes
//! what is known of it, and is counted as an anomaly. A call without its first contact arrived, as
//! far as is known, when its first leg began; one that never ended and that nobody answered is a
//! *technical failure*; a message without its first contact says so as the reason of its
//! exclusion, because nobody knows when it was received. The clock of the program plays no part.
//!
//! # What a call became
//! An operator connected in any leg → *answered*; otherwise a `CALLBACK` leg → *callback
//! requested*; otherwise, after a queue: `CUSTOMER_DISCONNECT` while queueing → *abandoned in
//! queue*, `TELECOM_PROBLEM` or `OTHER` → *technical failure*, anything else → *released by
//! system*, and so is a caller who hung up more than a second after the flow had taken the call
//! out of the queue. Without a queue: `CUSTOMER_DISCONNECT` → *abandoned in IVR*, a fault →
//! *technical failure*, otherwise *contained*; only an attribute can tell a closed service
//! ([`Labels::disposition`]). Outbound calls are *answered* when the citizen answered
//! (`ConnectedToSystemTimestamp`) and *rejected* otherwise.
//!
//! Instants are whole seconds and say so. `wait` runs from the first queue to the first answer or
//! to leaving the last queue. The operator's name is never read; `group` is the deepest level of
//! the agent hierarchy, or else the routing profile. Chats and e-mails become messages: the first
//! reply is the operator joining a chat, and the `AGENT_REPLY` contact of an e-mail.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use serde::{Deserialize, Serialize};
use soglia_domain::contract::Contract;
use soglia_domain::facts::{
    Call, Direction, Disposition, Fact, Message, QueueEntry, QueueExit, RawCaller, Rows,
};
use soglia_domain::time::{Instant, Millis};

use crate::json_records::{self, Padded, Record, Records, SourceError};
use crate::labels::Labels;
use crate::outcome::{EarlierRows, Emitted, NotThisFormat, Rejected, Totals};
use crate::shown::{Shown, Wanted};

/// What a site decides about its contact records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AmazonConnectConfig {
    /// Contact attributes that carry the contract's vocabulary.
    pub labels: Labels,
    /// Data this much newer than the last of a call's contacts give up waiting for the others. A
    /// chat may last a week, and its record comes when it is over.
    pub open_limit: Millis,
}

impl Default for AmazonConnectConfig {
    fn default() -> Self {
        Self { labels: Labels::default(), open_limit: Millis::from_hours(14 * 24) }
    }
}

impl AmazonConnectConfig {
    /// What a contract agrees; the defaults where it is silent.
    pub fn agreed(contract: &Contract) -> Self {
        let settings = &contract.sources.amazon_connect;
        let open_limit = settings.open_limit.unwrap_or_else(|| Self::default().open_limit);
        Self { labels: (&settings.labels).into(), open_limit }
    }
}

/// Contacts held in memory while their other legs and revisions may still come.
const CONTACTS_HELD_MAX: usize = 20_000;

/// Contacts that one call may consist of.
const LEGS_MAX: usize = 500;

/// A chain whose first contact never came.
const NO_FIRST_CONTACT: &str = "first_contact_missing";

const MASKED: [&str; 6] =
    ["Address", "Username", "DisplayName", "FriendlyName", "CustomerId", "Value"];

/// Reads records as they may be shown.
pub fn shown(input: impl BufRead, wanted: Wanted<'_>) -> io::Result<Shown> {
    json_records::shown(input, None, &MASKED, wanted)
}

/// Reads contact records, file after file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AmazonConnect {
    config: AmazonConnectConfig,
    chains: BTreeMap<String, Chain>,
    n_contacts: usize,
    next_order: u64,
    /// The newest `LastUpdateTimestamp` of the stream.
    newest: i64,
    /// How many contacts are held when complete chains are next looked for.
    release_at: usize,
}

/// Contacts whose other legs have not come yet, to be kept until the next file. In the place of a
/// caller's number stands what [`AmazonConnect::open`] was told to keep of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OpenContacts {
    chains: BTreeMap<String, Chain>,
    #[serde(default)]
    newest: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Chain {
    order: u64,
    legs: Vec<Leg>,
}

/// What matters in one contact record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Leg {
    id: String,
    next: Option<String>,
    revision: i64,
    /// `None` for a row of the file being read.
    file: Option<String>,
    row: u64,
    /// Rows of superseded revisions in earlier files.
    superseded: Vec<EarlierRows>,
    channel: String,
    method: String,
    reason: String,
    initiated: i64,
    connected: Option<i64>,
    disconnected: Option<i64>,
    queue: Option<String>,
    enqueued: Option<i64>,
    dequeued: Option<i64>,
    answered: Option<i64>,
    talk_secs: Option<i64>,
    hold_secs: Option<i64>,
    wrap_secs: Option<i64>,
    transferred: bool,
    group: Option<String>,
    dialled: Option<String>,
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    customer: Option<RawCallerText>,
}

/// A caller's number held until the call is complete; it never prints itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct RawCallerText(String);

impl std::fmt::Debug for RawCallerText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RawCallerText(…)")
    }
}

/// Reads one file on its own; contacts whose other legs are not in it are counted as pending.
pub fn read(
    input: impl BufRead,
    config: AmazonConnectConfig,
    out: &mut impl FnMut(Emitted),
) -> Result<Totals, SourceError> {
    AmazonConnect::new(config).read("", input, out)
}

impl AmazonConnect {
    /// Starts with nothing open.
    pub fn new(config: AmazonConnectConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// Goes on from what earlier files left open.
    pub fn resume(config: AmazonConnectConfig, open: OpenContacts) -> Self {
        let OpenContacts { chains, newest } = open;
        let n_contacts = chains.values().map(|chain| chain.legs.len()).sum();
        let next_order = chains.values().map(|chain| chain.order + 1).max().unwrap_or(0);
        Self { config, chains, n_contacts, next_order, newest, release_at: n_contacts }
    }

    /// Returns what is still open after the files read so far.
    ///
    /// `save` says what is kept of a caller's number, who called at an instant: never the number.
    pub fn open(&self, mut save: impl FnMut(&str, Instant) -> String) -> OpenContacts {
        // With nothing open there is nothing whose age could be asked for.
        let newest = if self.chains.is_empty() { 0 } else { self.newest };
        let mut chains = self.chains.clone();
        for leg in chains.values_mut().flat_map(|chain| &mut chain.legs) {
            if let Some(RawCallerText(number)) = &mut leg.customer {
                *number = save(number, Instant::from_millis(leg.initiated));
            }
        }
        OpenContacts { chains, newest }
    }

    /// Reads a file. `file` is the ledger's identifier of it, by which later files name its rows.
    /// After an error the parser is of no more use: go on from what was open before the file.
    pub fn read(
        &mut self,
        file: &str,
        input: impl BufRead,
        out: &mut impl FnMut(Emitted),
    ) -> Result<Totals, SourceError> {
        let mut totals = Totals::default();
        let mut records = Records::new(input, None);
        let mut recognised = false;
        while let Some(record) = records.read()? {
            totals.rows += 1;
            let row = totals.rows;
            let outcome = match record {
                Record::Object(text) => parse(text, row, &mut totals)
                    .map_err(|problem| (problem, json_records::mask(text, &MASKED))),
                Record::Broken { text, code, detail } => {
                    if row == 1 && code == "not_json" {
                        return Err(other_format(row, detail));
                    }
                    Err(((code, detail.to_owned()), json_records::mask(text, &MASKED)))
                }
            };
            match outcome {
                Ok(Parsed::Leg(key, leg)) => {
                    recognised = true;
                    self.add(key, *leg, &mut totals, out);
                }
                Ok(Parsed::Ignored(why)) => {
                    recognised = true;
                    emit(Emitted::Ignored { row, n: 1, why }, &mut totals, out);
                }
                Err((("not_a_contact_record", _), _)) if !recognised => {
                    return Err(other_format(row, "has no `ContactId`"));
                }
                Err(((code, detail), text)) => {
                    let rejected = Rejected::new(row, &text, code, detail);
                    emit(Emitted::Rejected(rejected), &mut totals, out);
                }
            }
            if self.release_at.max(CONTACTS_HELD_MAX) <= self.n_contacts {
                self.release(Keep::NewerHalf, &mut totals, out);
                // Should most of them be incomplete, looking again at once would find nothing.
                self.release_at = 2 * self.n_contacts;
            }
        }
        self.release(Keep::Incomplete, &mut totals, out);
        self.give_up(&mut totals, out);
        self.leave_open(file, &mut totals);
        Ok(totals)
    }

    /// Puts a leg into its chain; of two revisions of one contact the newer stays.
    fn add(
        &mut self,
        key: String,
        mut leg: Leg,
        totals: &mut Totals,
        out: &mut impl FnMut(Emitted),
    ) {
        self.newest = self.newest.max(leg.revision);
        let order = self.next_order;
        let chain = self.chains.entry(key).or_insert_with(|| {
            self.next_order += 1;
            Chain { order, legs: Vec::new() }
        });
        let n_legs = chain.legs.len();
        let Some(known) = chain.legs.iter_mut().find(|known| known.id == leg.id) else {
            if LEGS_MAX <= n_legs {
                let detail = format!("more than {LEGS_MAX} legs of one call");
                let rejected = Rejected::new(leg.row, leg.id.as_bytes(), "too_many_legs", detail);
                emit(Emitted::Rejected(rejected), totals, out);
                return;
            }
            chain.legs.push(leg);
            self.n_contacts += 1;
            return;
        };
        if leg.revision <= known.revision {
            let same = leg.revision == known.revision;
            let why = if same { "same_revision" } else { "superseded_revision" };
            emit(Emitted::Duplicate { row: leg.row, why }, totals, out);
            return;
        }
        leg.superseded.append(&mut known.superseded);
        if let Some(file) = &known.file {
            leg.superseded.push(rows_in(file, known.row));
        } else {
            let why = "superseded_revision";
            emit(Emitted::Duplicate { row: known.row, why }, totals, out);
        }
        *known = leg;
    }

    /// Emits complete chains, oldest first.
    fn release(&mut self, keep: Keep, totals: &mut Totals, out: &mut impl FnMut(Emitted)) {
        let limit = match keep {
            Keep::Incomplete => u64::MAX,
            Keep::NewerHalf => {
                let mut orders: Vec<u64> = self.chains.values().map(|c| c.order).collect();
                orders.sort_unstable();
                orders.get(orders.len() / 2).copied().unwrap_or(u64::MAX)
            }
        };
        let mut ready: Vec<(u64, String)> = self
            .chains
            .iter()
            .filter(|(key, chain)| chain.order <= limit && chain.is_complete(key))
            .map(|(key, chain)| (chain.order, key.clone()))
            .collect();
        ready.sort_unstable();
        for (_, key) in ready {
            let chain = self.chains.remove(&key).expect("key comes from the map");
            self.n_contacts -= chain.legs.len();
            let emitted = chain.into_fact(key, &self.config, totals);
            emit(emitted, totals, out);
        }
    }

    /// Emits what is known of chains that have waited too long for what they lack.
    fn give_up(&mut self, totals: &mut Totals, out: &mut impl FnMut(Emitted)) {
        let limit = self.config.open_limit.get();
        let mut due: Vec<(u64, String)> = self
            .chains
            .iter()
            .filter(|(_, chain)| chain.last_known().saturating_add(limit) < self.newest)
            .map(|(key, chain)| (chain.order, key.clone()))
            .collect();
        due.sort_unstable();
        for (_, key) in due {
            let chain = self.chains.remove(&key).expect("key comes from the map");
            self.n_contacts -= chain.legs.len();
            for lack in chain.lacks(&key) {
                totals.note(lack);
            }
            let emitted = chain.into_fact(key, &self.config, totals);
            emit(emitted, totals, out);
        }
    }

    fn leave_open(&mut self, file: &str, totals: &mut Totals) {
        for chain in self.chains.values_mut() {
            totals.open_calls += 1;
            for leg in &mut chain.legs {
                if leg.file.is_none() {
                    totals.pending_rows += 1;
                    leg.file = Some(file.to_owned());
                }
            }
        }
    }
}

/// Which chains stay in memory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Incomplete,
    NewerHalf,
}

fn emit(emitted: Emitted, totals: &mut Totals, out: &mut impl FnMut(Emitted)) {
    totals.count(&emitted);
    out(emitted);
}

fn other_format(row: u64, problem: &str) -> SourceError {
    let format = "contact record file of Amazon Connect";
    NotThisFormat { format, row, problem: problem.to_owned() }.into()
}

fn rows_in(file: &str, row: u64) -> EarlierRows {
    EarlierRows { file: file.to_owned(), first: row, last: row, n: 1 }
}

impl Chain {
    fn is_complete(&self, key: &str) -> bool {
        let known = |id: &str| self.legs.iter().any(|leg| leg.id == id);
        known(key)
            && self
                .legs
                .iter()
                .all(|leg| leg.disconnected.is_some() && leg.next.as_deref().is_none_or(known))
    }

    /// The newest instant that any of its contacts says.
    fn last_known(&self) -> i64 {
        let instants = self.legs.iter().map(|leg| {
            leg.revision.max(leg.initiated).max(leg.disconnected.unwrap_or(leg.initiated))
        });
        instants.max().unwrap_or(i64::MIN)
    }

    /// What it would need to be complete.
    fn lacks(&self, key: &str) -> Vec<&'static str> {
        let known = |id: &str| self.legs.iter().any(|leg| leg.id == id);
        let mut lacks = Vec::new();
        if !known(key) {
            lacks.push(NO_FIRST_CONTACT);
        }
        if self.legs.iter().any(|leg| leg.next.as_deref().is_some_and(|next| !known(next))) {
            lacks.push("next_contact_missing");
        }
        if self.never_ended() {
            lacks.push("contact_never_ended");
        }
        lacks
    }

    fn never_ended(&self) -> bool {
        self.legs.iter().any(|leg| leg.disconnected.is_none())
    }

    fn into_fact(
        mut self,
        key: String,
        config: &AmazonConnectConfig,
        totals: &mut Totals,
    ) -> Emitted {
        self.legs.sort_by(|a, b| {
            let first = |leg: &Leg| (leg.id != key, leg.initiated);
            first(a).cmp(&first(b)).then_with(|| a.id.cmp(&b.id))
        });
        let revision = self.legs.iter().map(|leg| leg.revision).max();
        let (rows, earlier) = self.rows();
        let root = self.legs.first().expect("a chain begins with a contact");
        let fact = if root.channel == "VOICE" {
            let entries = self.queue_entries(&key, rows);
            let mut call = self.call(key, root, &entries, rows);
            config.labels.apply(&mut call, totals, |name| {
                self.legs.iter().rev().find_map(|leg| leg.attributes.get(name).cloned())
            });
            Fact::Call(call, entries)
        } else {
            Fact::Message(self.message(key, root, config, rows))
        };
        Emitted::Fact { fact, earlier, revision }
    }

    /// The rows in the file being read, and those in earlier files.
    fn rows(&self) -> (Rows, Vec<EarlierRows>) {
        let mut rows = Rows::default();
        let mut earlier = Vec::new();
        for leg in &self.legs {
            earlier.extend(leg.superseded.iter().cloned());
            if let Some(file) = &leg.file {
                earlier.push(rows_in(file, leg.row));
                continue;
            }
            rows.first = if rows.n == 0 { leg.row } else { rows.first.min(leg.row) };
            rows.last = rows.last.max(leg.row);
            rows.n += 1;
        }
        (rows, earlier)
    }

    fn queue_entries(&self, key: &str, rows: Rows) -> Vec<QueueEntry> {
        let mut entries = Vec::new();
        for leg in self.legs.iter().filter(|leg| leg.method != "CALLBACK") {
            let (Some(queue), Some(entered)) = (&leg.queue, leg.enqueued) else { continue };
            let left = leg.answered.or(leg.dequeued).or(leg.disconnected).unwrap_or(entered);
            entries.push(QueueEntry {
                call: key.to_owned(),
                queue: queue.clone(),
                ordinal: u32::try_from(entries.len() + 1).unwrap_or(u32::MAX),
                entered: Instant::from_millis(entered),
                left: Instant::from_millis(left),
                answered: leg.answered.map(Instant::from_millis),
                exit: self.exit(leg),
                wait: Millis::new(left - entered),
                position: None,
                rows,
            });
        }
        entries
    }

    fn exit(&self, leg: &Leg) -> QueueExit {
        let moved = leg.next.as_ref().is_some_and(|next| {
            self.legs.iter().any(|l| l.id == *next && l.method.ends_with("TRANSFER"))
        });
        match leg.reason.as_str() {
            _ if leg.answered.is_some() => QueueExit::Answered,
            _ if moved => QueueExit::Redirected,
            _ if leg.dequeued.or(leg.disconnected).is_none() => QueueExit::Failed,
            _ if leg.left_queue_before_end() => QueueExit::Withdrawn,
            "CUSTOMER_DISCONNECT" => QueueExit::Abandoned,
            "EXPIRED" => QueueExit::TimedOut,
            reason if is_fault(reason) => QueueExit::Failed,
            _ => QueueExit::Withdrawn,
        }
    }

    fn call(&self, key: String, root: &Leg, entries: &[QueueEntry], rows: Rows) -> Call {
        let direction = match root.method.as_str() {
            "OUTBOUND" | "EXTERNAL_OUTBOUND" | "API" | "CALLBACK" => Direction::Outbound,
            _ => Direction::Inbound,
        };
        let called_back = self.legs.iter().skip(1).find(|leg| leg.method == "CALLBACK");
        let own = |leg: &&Leg| leg.method != "CALLBACK" || direction == Direction::Outbound;
        let served = self.legs.iter().filter(own).find(|leg| leg.answered.is_some());
        let queued = entries.first().map(|entry| entry.entered);
        let (disposition, answered) = match (direction, served) {
            (Direction::Outbound, _) if root.connected.is_some() => {
                (Disposition::Answered, root.connected)
            }
            (Direction::Outbound, _) => (Disposition::Rejected, None),
            (_, Some(leg)) => (Disposition::Answered, leg.answered),
            _ if called_back.is_some() => (Disposition::CallbackRequested, None),
            _ => (self.unanswered(entries), None),
        };
        let answered = answered.map(Instant::from_millis);
        let stopped = answered.or(entries.last().map(|entry| entry.left));
        let sum = |value: fn(&Leg) -> Option<i64>| {
            let legs = self.legs.iter().filter(own);
            served.map(|_| Millis::from_secs(legs.filter_map(value).sum()))
        };
        let handed_on = self.legs.iter().filter(|leg| leg.transferred && leg.answered.is_some());
        let moved = self.legs.iter().filter(|leg| {
            leg.method == "TRANSFER" && served.is_some_and(|s| s.initiated <= leg.initiated)
        });
        let ended = self.legs.iter().filter(own).filter_map(|leg| leg.disconnected).max();
        Call {
            id: key,
            service: None,
            direction,
            arrived: Instant::from_millis(root.initiated),
            dialled: root.dialled.clone(),
            ivr_path: None,
            first_queue: entries.first().map(|entry| entry.queue.clone()),
            queued,
            first_rang: None,
            answered,
            ended: ended.map(Instant::from_millis),
            disposition,
            // Answered before any queue, then moved into one: the caller did not wait for it.
            wait: queued.zip(stopped).map(|(from, to)| (to - from).max(Millis::ZERO)),
            talk: sum(|leg| leg.talk_secs),
            hold: sum(|leg| leg.hold_secs),
            wrap: sum(|leg| leg.wrap_secs),
            transfers: u32::try_from(handed_on.count().max(moved.count())).unwrap_or(u32::MAX),
            called_back: called_back.and_then(|leg| leg.connected).map(Instant::from_millis),
            topic: None,
            priority_class: None,
            booking_system: None,
            group: served.and_then(|leg| leg.group.clone()),
            caller: root.caller(),
            precision: Millis::from_secs(1),
            rows,
        }
    }

    /// What became of a call that nobody answered.
    fn unanswered(&self, entries: &[QueueEntry]) -> Disposition {
        let last = self.legs.last().map_or("", |leg| leg.reason.as_str());
        match entries.last().map(|entry| entry.exit) {
            _ if self.never_ended() => Disposition::TechnicalFailure,
            Some(QueueExit::Abandoned) => Disposition::AbandonedInQueue,
            Some(QueueExit::Failed) => Disposition::TechnicalFailure,
            Some(_) => Disposition::ReleasedBySystem,
            None if is_fault(last) => Disposition::TechnicalFailure,
            None if last == "CUSTOMER_DISCONNECT" => Disposition::AbandonedInIvr,
            None => Disposition::IvrContained,
        }
    }

    fn message(
        &self,
        key: String,
        root: &Leg,
        config: &AmazonConnectConfig,
        rows: Rows,
    ) -> Message {
        let email = root.channel == "EMAIL";
        let first_reply = if email {
            self.legs.iter().find(|leg| leg.method == "AGENT_REPLY").map(|leg| leg.initiated)
        } else {
            self.legs.iter().find_map(|leg| leg.answered)
        };
        let topic = config.labels.topic.as_ref().and_then(|name| {
            self.legs.iter().rev().find_map(|leg| leg.attributes.get(name).cloned())
        });
        let unknown_arrival = (root.id != key).then(|| NO_FIRST_CONTACT.to_owned());
        Message {
            id: key,
            service: None,
            channel: root.channel.to_ascii_lowercase(),
            received: Instant::from_millis(root.initiated),
            first_reply: first_reply.map(Instant::from_millis),
            resolved: None,
            case: None,
            topic,
            excluded: unknown_arrival,
            sender: root.caller(),
            rows,
        }
    }
}

impl Leg {
    fn caller(&self) -> Option<RawCaller> {
        self.customer.as_ref().and_then(|text| RawCaller::new(&text.0))
    }

    /// Whether a flow took the call out of the queue before the call ended. Both instants are cut
    /// to the second, so a difference of one second says nothing.
    fn left_queue_before_end(&self) -> bool {
        self.dequeued.zip(self.disconnected).is_some_and(|(left, end)| left + 1000 < end)
    }
}

fn is_fault(reason: &str) -> bool {
    matches!(reason, "TELECOM_PROBLEM" | "OTHER") || reason.ends_with("_ERROR")
}

/// What a record turned out to be.
enum Parsed {
    Leg(String, Box<Leg>),
    Ignored(&'static str),
}

type Problem = (&'static str, String);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawContact {
    contact_id: Option<String>,
    channel: Option<String>,
    initiation_method: Option<String>,
    initiation_timestamp: Option<String>,
    connected_to_system_timestamp: Option<String>,
    disconnect_timestamp: Option<String>,
    disconnect_reason: Option<String>,
    last_update_timestamp: Option<String>,
    initial_contact_id: Option<String>,
    previous_contact_id: Option<String>,
    next_contact_id: Option<String>,
    related_contact_id: Option<String>,
    customer_endpoint: Option<RawEndpoint>,
    system_endpoint: Option<RawEndpoint>,
    queue: Option<RawQueue>,
    agent: Option<RawAgent>,
    transfer_completed_timestamp: Option<String>,
    attributes: Option<BTreeMap<String, Option<String>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawEndpoint {
    address: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawQueue {
    #[serde(rename = "ARN")]
    arn: Option<String>,
    name: Option<String>,
    enqueue_timestamp: Option<String>,
    dequeue_timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawAgent {
    connected_to_agent_timestamp: Option<String>,
    agent_interaction_duration: Option<i64>,
    customer_hold_duration: Option<i64>,
    after_contact_work_duration: Option<i64>,
    hierarchy_groups: Option<BTreeMap<String, Option<RawGroup>>>,
    routing_profile: Option<RawName>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawGroup {
    group_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawName {
    name: Option<String>,
}

fn parse(text: &[u8], row: u64, totals: &mut Totals) -> Result<Parsed, Problem> {
    let raw: RawContact = serde_json::from_slice(text)
        .map_err(|error| ("unreadable_record", json_records::object_problem(&error)))?;
    let Some(id) = raw.contact_id.clone() else {
        return Err(("not_a_contact_record", "no `ContactId`".to_owned()));
    };
    let channel = raw.channel.clone().unwrap_or_default();
    let method = raw.initiation_method.clone().unwrap_or_default();
    match (channel.as_str(), method.as_str()) {
        ("TASK", _) => return Ok(Parsed::Ignored("task")),
        (_, "MONITOR") => return Ok(Parsed::Ignored("monitoring")),
        ("VOICE" | "CHAT" | "EMAIL", _) => {}
        (other, _) => return Err(("unknown_channel", format!("`{other}`"))),
    }
    let Instants { initiated, connected, enqueued, dequeued, answered, disconnected, updated } =
        Instants::of(&raw, totals)?;
    let mut leg = Leg {
        next: raw.next_contact_id,
        revision: updated.or(disconnected).unwrap_or(initiated),
        file: None,
        row,
        superseded: Vec::new(),
        channel,
        method,
        reason: raw.disconnect_reason.unwrap_or_default(),
        initiated,
        connected,
        disconnected,
        queue: raw.queue.and_then(|queue| queue.name.or(queue.arn)),
        enqueued,
        dequeued,
        answered,
        talk_secs: None,
        hold_secs: None,
        wrap_secs: None,
        transferred: raw.transfer_completed_timestamp.is_some(),
        group: None,
        dialled: raw.system_endpoint.and_then(|endpoint| endpoint.address),
        attributes: present(raw.attributes),
        customer: raw.customer_endpoint.and_then(|end| end.address).map(RawCallerText),
        id,
    };
    if let Some(agent) = raw.agent {
        add_agent(&mut leg, agent)?;
    }
    let first = raw.initial_contact_id.or(raw.previous_contact_id).or(raw.related_contact_id);
    Ok(Parsed::Leg(first.unwrap_or_else(|| leg.id.clone()), Box::new(leg)))
}

/// A record's instants, in milliseconds.
struct Instants {
    initiated: i64,
    connected: Option<i64>,
    enqueued: Option<i64>,
    dequeued: Option<i64>,
    answered: Option<i64>,
    disconnected: Option<i64>,
    updated: Option<i64>,
}

impl Instants {
    fn of(raw: &RawContact, totals: &mut Totals) -> Result<Self, Problem> {
        let mut at = |key, text: Option<&String>| instant(key, text, totals);
        let queue = raw.queue.as_ref();
        let enqueued = queue.and_then(|q| q.enqueue_timestamp.as_ref());
        let dequeued = queue.and_then(|q| q.dequeue_timestamp.as_ref());
        let agent = raw.agent.as_ref().and_then(|a| a.connected_to_agent_timestamp.as_ref());
        let instants = Self {
            initiated: at("InitiationTimestamp", raw.initiation_timestamp.as_ref())?
                .ok_or_else(|| ("missing_field", "no `InitiationTimestamp`".to_owned()))?,
            connected: at(
                "ConnectedToSystemTimestamp",
                raw.connected_to_system_timestamp.as_ref(),
            )?,
            enqueued: at("Queue.EnqueueTimestamp", enqueued)?,
            dequeued: at("Queue.DequeueTimestamp", dequeued)?,
            answered: at("Agent.ConnectedToAgentTimestamp", agent)?,
            disconnected: at("DisconnectTimestamp", raw.disconnect_timestamp.as_ref())?,
            updated: at("LastUpdateTimestamp", raw.last_update_timestamp.as_ref())?,
        };
        let Self { initiated, enqueued, dequeued, answered, disconnected, .. } = instants;
        in_order(&[Some(initiated), enqueued, answered.or(dequeued), disconnected])?;
        Ok(instants)
    }
}

fn add_agent(leg: &mut Leg, agent: RawAgent) -> Result<(), Problem> {
    leg.talk_secs = seconds("Agent.AgentInteractionDuration", agent.agent_interaction_duration)?;
    leg.hold_secs = seconds("Agent.CustomerHoldDuration", agent.customer_hold_duration)?;
    leg.wrap_secs = seconds("Agent.AfterContactWorkDuration", agent.after_contact_work_duration)?;
    // Levels are named `Level1` to `Level5`, so the map's order is that of depth.
    let levels = agent.hierarchy_groups.unwrap_or_default();
    let deepest = levels.into_values().rev().flatten().find_map(|group| group.group_name);
    leg.group = deepest.or_else(|| agent.routing_profile.and_then(|profile| profile.name));
    Ok(())
}

fn present(attributes: Option<BTreeMap<String, Option<String>>>) -> BTreeMap<String, String> {
    let pairs = attributes.unwrap_or_default().into_iter();
    pairs.filter_map(|(key, value)| Some((key, value?))).collect()
}

fn instant(
    key: &'static str,
    text: Option<&String>,
    totals: &mut Totals,
) -> Result<Option<i64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let (at, padded) = json_records::instant(text)
        .ok_or_else(|| ("bad_instant", format!("`{key}` is `{}`", brief(text))))?;
    if padded == Padded::PutRight {
        totals.note("unpadded_instant");
    }
    Ok(Some(at.as_millis()))
}

fn brief(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A duration of a day or less per leg; longer ones and negative ones are faults.
fn seconds(key: &'static str, value: Option<i64>) -> Result<Option<i64>, Problem> {
    match value {
        Some(secs) if !(0..=7 * 86_400).contains(&secs) => {
            Err(("bad_duration", format!("`{key}` is `{secs}` s")))
        }
        _ => Ok(value),
    }
}

fn in_order(instants: &[Option<i64>]) -> Result<(), Problem> {
    if instants.iter().flatten().is_sorted() {
        return Ok(());
    }
    Err(("instants_out_of_order", "start, queue, answer and end are not in this order".to_owned()))
}

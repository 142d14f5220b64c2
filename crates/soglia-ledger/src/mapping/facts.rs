//! Rows of finished columns become facts. Read [`facts`] first.

use serde::Deserialize;
use soglia_domain::facts::{
    Call, Case, Direction, Disposition, Fact, Message, Outage, OutboundBatch, OutboundRecord,
    QueueEntry, QueueExit, RawCaller, Rows, Suspension,
};
use soglia_domain::time::{Instant, Millis};
use soglia_sources::mapping::FactKind;

use super::columns::{Booleans, Columns, Instants, Texts, Wholes};
use super::functions::Clock;

/// Why a row's values make no fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    /// A stable code in snake case.
    pub code: &'static str,
    /// The value at fault and what was expected.
    pub detail: String,
}

impl Refusal {
    fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    fn missing(column: &str) -> Self {
        Self::new("missing_value", format!("`{column}` is empty"))
    }
}

type Made<T> = Result<T, Refusal>;

/// What the mapping says about all its facts.
pub(super) struct Context<'a> {
    pub service: Option<&'a str>,
    pub precision: Millis,
    pub clock: &'a Clock,
}

/// A fact and the instant that puts it on a day.
pub(super) type Dated = (Fact, Instant);

/// Makes a fact of each row, or says why not; `rows` are the numbers of the rows in the file.
pub(super) fn facts(columns: &Columns, rows: &[u64], context: &Context<'_>) -> Vec<Made<Dated>> {
    fn each(rows: &[u64], make: impl Fn(usize, Rows) -> Made<Dated>) -> Vec<Made<Dated>> {
        rows.iter().enumerate().map(|(at, row)| make(at, Rows::one(*row))).collect()
    }
    match columns.kind {
        FactKind::Calls => {
            let calls = Calls::new(columns);
            each(rows, |at, row| calls.make(at, row, context))
        }
        FactKind::Messages => each(rows, |at, row| message(columns, at, row, context)),
        FactKind::Cases => each(rows, |at, row| case(columns, at, row, context)),
        FactKind::OutboundRecords => each(rows, |at, row| record(columns, at, row, context)),
        FactKind::OutboundBatches => each(rows, |at, row| batch(columns, at, row, context)),
        FactKind::Outages => each(rows, |at, row| outage(columns, at, row, context)),
    }
}

/// The columns of calls, found once for many rows.
struct Calls<'a> {
    id: Texts<'a>,
    service: Texts<'a>,
    direction: Texts<'a>,
    arrived: Instants<'a>,
    disposition: Texts<'a>,
    dialled: Texts<'a>,
    ivr_path: Texts<'a>,
    first_queue: Texts<'a>,
    queued: Instants<'a>,
    first_rang: Instants<'a>,
    answered: Instants<'a>,
    ended: Instants<'a>,
    wait: Wholes<'a>,
    talk: Wholes<'a>,
    hold: Wholes<'a>,
    wrap: Wholes<'a>,
    transfers: Wholes<'a>,
    called_back: Instants<'a>,
    topic: Texts<'a>,
    priority_class: Texts<'a>,
    booking_system: Texts<'a>,
    group: Texts<'a>,
    caller: Texts<'a>,
}

impl<'a> Calls<'a> {
    fn new(columns: &'a Columns) -> Self {
        Self {
            id: columns.text("id"),
            service: columns.text("service"),
            direction: columns.text("direction"),
            arrived: columns.instant("arrived"),
            disposition: columns.text("disposition"),
            dialled: columns.text("dialled"),
            ivr_path: columns.text("ivr_path"),
            first_queue: columns.text("first_queue"),
            queued: columns.instant("queued"),
            first_rang: columns.instant("first_rang"),
            answered: columns.instant("answered"),
            ended: columns.instant("ended"),
            wait: columns.whole("wait_s"),
            talk: columns.whole("talk_s"),
            hold: columns.whole("hold_s"),
            wrap: columns.whole("wrap_s"),
            transfers: columns.whole("transfers"),
            called_back: columns.instant("called_back"),
            topic: columns.text("topic"),
            priority_class: columns.text("priority_class"),
            booking_system: columns.text("booking_system"),
            group: columns.text("group"),
            caller: columns.text("caller"),
        }
    }

    fn make(&self, at: usize, rows: Rows, context: &Context<'_>) -> Made<Dated> {
        let arrived = needed(instant(self.arrived, at, "arrived")?, "arrived")?;
        let disposition = self.disposition(at)?;
        let queued = instant(self.queued, at, "queued")?;
        let ended = instant(self.ended, at, "ended")?;
        let answered = instant(self.answered, at, "answered")?;
        let wait = span(self.wait, at, "wait_s")?;
        let (answered, wait) = complete(disposition, queued, answered, ended, wait)?;
        let call = Call {
            id: needed(self.id.owned(at), "id")?,
            service: self.service.owned(at).or_else(|| context.service.map(str::to_owned)),
            direction: self.direction(at)?,
            arrived,
            dialled: self.dialled.owned(at),
            ivr_path: self.ivr_path.owned(at),
            first_queue: self.first_queue.owned(at),
            queued,
            first_rang: instant(self.first_rang, at, "first_rang")?,
            answered,
            ended,
            disposition,
            wait,
            talk: span(self.talk, at, "talk_s")?,
            hold: span(self.hold, at, "hold_s")?,
            wrap: span(self.wrap, at, "wrap_s")?,
            transfers: count(self.transfers, at, "transfers")?.unwrap_or_default(),
            called_back: instant(self.called_back, at, "called_back")?,
            topic: self.topic.owned(at),
            priority_class: self.priority_class.owned(at),
            booking_system: self.booking_system.owned(at),
            group: self.group.owned(at),
            caller: self.caller.at(at).and_then(RawCaller::new),
            precision: context.precision,
            rows,
        };
        let entries = entry(&call).into_iter().collect();
        Ok((Fact::Call(call, entries), arrived))
    }

    fn disposition(&self, at: usize) -> Made<Disposition> {
        let name = needed(self.disposition.at(at), "disposition")?;
        Disposition::from_name(name).ok_or_else(|| {
            let known: Vec<_> = Disposition::ALL.iter().map(|known| known.name()).collect();
            let detail = format!("`{name}` is none of {}", known.join(", "));
            Refusal::new("unknown_disposition", detail)
        })
    }

    fn direction(&self, at: usize) -> Made<Direction> {
        let Some(name) = self.direction.at(at) else {
            return Ok(Direction::Inbound);
        };
        Direction::from_name(name).ok_or_else(|| {
            let detail = format!("`{name}` is none of inbound, outbound, internal");
            Refusal::new("unknown_direction", detail)
        })
    }
}

/// Completes answer and wait from each other, and refuses an answer without either.
fn complete(
    disposition: Disposition,
    queued: Option<Instant>,
    answered: Option<Instant>,
    ended: Option<Instant>,
    wait: Option<Millis>,
) -> Made<(Option<Instant>, Option<Millis>)> {
    if disposition != Disposition::Answered {
        let left = if answered.is_some() { answered } else { ended };
        let wait = wait.or_else(|| Some(left? - queued?));
        return not_negative(wait, "wait_s").map(|wait| (answered, wait));
    }
    let answered = answered.or_else(|| Some(queued? + wait?));
    let wait = not_negative(wait.or_else(|| Some(answered? - queued?)), "wait_s")?;
    if answered.is_none() && wait.is_none() {
        let detail = "`disposition` is `answered` but neither `answered` nor `wait_s` says when";
        return Err(Refusal::new("contradiction", detail));
    }
    Ok((answered, wait))
}

/// The call's one queue entry, if the source tells both queue and instants.
fn entry(call: &Call) -> Option<QueueEntry> {
    let exit = match call.disposition {
        Disposition::Answered => QueueExit::Answered,
        Disposition::AbandonedInQueue | Disposition::Test => QueueExit::Abandoned,
        Disposition::ReleasedBySystem => QueueExit::TimedOut,
        Disposition::CallbackRequested => QueueExit::KeyPressed,
        Disposition::TechnicalFailure => QueueExit::Failed,
        Disposition::AbandonedInIvr
        | Disposition::IvrContained
        | Disposition::OutOfHours
        | Disposition::Rejected => return None,
    };
    let (entered, wait) = (call.queued?, call.wait?);
    Some(QueueEntry {
        call: call.id.clone(),
        queue: call.first_queue.clone()?,
        ordinal: 1,
        entered,
        left: entered + wait,
        answered: call.answered,
        exit,
        wait,
        position: None,
        rows: call.rows,
    })
}

fn message(columns: &Columns, at: usize, rows: Rows, context: &Context<'_>) -> Made<Dated> {
    let read = Reader { columns, at };
    let received = needed(read.instant("received")?, "received")?;
    let message = Message {
        id: needed(read.text("id"), "id")?,
        service: read.service(context),
        channel: needed(read.text("channel"), "channel")?,
        received,
        first_reply: read.instant("first_reply")?,
        resolved: read.instant("resolved")?,
        case: read.text("case"),
        topic: read.text("topic"),
        excluded: read.text("excluded"),
        sender: read.text("sender").as_deref().and_then(RawCaller::new),
        rows,
    };
    Ok((Fact::Message(message), received))
}

fn case(columns: &Columns, at: usize, rows: Rows, context: &Context<'_>) -> Made<Dated> {
    let read = Reader { columns, at };
    let opened = needed(read.instant("opened")?, "opened")?;
    let case = Case {
        id: needed(read.text("id"), "id")?,
        service: read.service(context),
        opened_by: read.text("opened_by"),
        channel: read.text("channel"),
        opened,
        escalated: read.instant("escalated")?,
        taken_in_charge: read.instant("taken_in_charge")?,
        suspensions: suspensions(&read, context.clock)?,
        resolved: read.instant("resolved")?,
        closed: read.instant("closed")?,
        reopened: read.instant("reopened")?,
        contacts: needed(read.count("contacts")?, "contacts")?,
        closed_by_level: read.count("closed_by_level")?,
        outcome: read.text("outcome"),
        topic: read.text("topic"),
        priority_class: read.text("priority_class"),
        booking_system: read.text("booking_system"),
        third_party: read.boolean("third_party"),
        cancelled: read.text("cancelled"),
        rows,
    };
    if case.closed_by_level.is_some_and(|level| !(1..=2).contains(&level)) {
        return Err(Refusal::new("out_of_range", "`closed_by_level` is neither 1 nor 2"));
    }
    Ok((Fact::Case(case), opened))
}

/// One suspension as the JSON text writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonSuspension {
    from: String,
    until: Option<String>,
    reason: String,
}

fn suspensions(read: &Reader<'_>, clock: &Clock) -> Made<Vec<Suspension>> {
    let mut found = Vec::new();
    if let Some(from) = read.instant("suspended_from")? {
        let until = read.instant("suspended_until")?;
        let reason = read.text("suspension_reason").unwrap_or_default();
        found.push(Suspension { from, until, reason });
    } else if read.instant("suspended_until")?.is_some() {
        let detail = "`suspended_until` has a value but `suspended_from` is empty";
        return Err(Refusal::new("contradiction", detail));
    }
    if let Some(text) = read.text("suspensions") {
        let bad = |problem: String| Refusal::new("bad_value", format!("`suspensions`: {problem}"));
        let listed: Vec<JsonSuspension> =
            serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
        let moment = |text: &str| clock.read(text).map(Instant::from_millis).map_err(bad);
        for JsonSuspension { from, until, reason } in listed {
            let until = until.as_deref().map(moment).transpose()?;
            found.push(Suspension { from: moment(&from)?, until, reason });
        }
    }
    if found.iter().any(|s| s.until.is_some_and(|until| until < s.from)) {
        return Err(Refusal::new("contradiction", "a suspension ends before it starts"));
    }
    Ok(found)
}

fn record(columns: &Columns, at: usize, rows: Rows, context: &Context<'_>) -> Made<Dated> {
    let read = Reader { columns, at };
    let released = needed(read.instant("released")?, "released")?;
    let record = OutboundRecord {
        id: needed(read.text("id"), "id")?,
        service: read.service(context),
        batch: read.text("batch"),
        released,
        attempts: needed(read.count("attempts")?, "attempts")?,
        reached: read.instant("reached")?,
        closed: read.instant("closed")?,
        outcome: read.text("outcome"),
        rows,
    };
    Ok((Fact::OutboundRecord(record), released))
}

fn batch(columns: &Columns, at: usize, rows: Rows, context: &Context<'_>) -> Made<Dated> {
    let read = Reader { columns, at };
    let released = needed(read.instant("released")?, "released")?;
    let batch = OutboundBatch {
        id: needed(read.text("id"), "id")?,
        service: read.service(context),
        released,
        n_records: needed(read.count("n_records")?, "n_records")?,
        first_attempt: read.instant("first_attempt")?,
        last_attempt: read.instant("last_attempt")?,
        completed: read.instant("completed")?,
        rows,
    };
    Ok((Fact::OutboundBatch(batch), released))
}

fn outage(columns: &Columns, at: usize, rows: Rows, context: &Context<'_>) -> Made<Dated> {
    let read = Reader { columns, at };
    let from = needed(read.instant("from")?, "from")?;
    let outage = Outage {
        id: needed(read.text("id"), "id")?,
        service: read.service(context),
        component: needed(read.text("component"), "component")?,
        from,
        until: read.instant("until")?,
        planned: read.boolean("planned"),
        notified: read.instant("notified")?,
        cause: read.text("cause"),
        weight_permille: read.count("weight_permille")?.unwrap_or(1000),
        rows,
    };
    if !(1..=1000).contains(&outage.weight_permille) {
        let detail = format!("`weight_permille` is {}, not 1 to 1000", outage.weight_permille);
        return Err(Refusal::new("out_of_range", detail));
    }
    if outage.until.is_some_and(|until| until < from) {
        return Err(Refusal::new("contradiction", "`until` is before `from`"));
    }
    Ok((Fact::Outage(outage), from))
}

/// Reads one row by column name; enough for the tables that are small.
struct Reader<'a> {
    columns: &'a Columns,
    at: usize,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.columns.text(name).owned(self.at)
    }

    fn service(&self, context: &Context<'_>) -> Option<String> {
        self.text("service").or_else(|| context.service.map(str::to_owned))
    }

    fn instant(&self, name: &str) -> Made<Option<Instant>> {
        instant(self.columns.instant(name), self.at, name)
    }

    fn count(&self, name: &str) -> Made<Option<u32>> {
        count(self.columns.whole(name), self.at, name)
    }

    fn boolean(&self, name: &str) -> bool {
        let booleans: Booleans<'_> = self.columns.boolean(name);
        booleans.at(self.at).unwrap_or_default()
    }
}

fn needed<T>(value: Option<T>, column: &str) -> Made<T> {
    value.ok_or_else(|| Refusal::missing(column))
}

/// 1900-01-01 and 2200-01-01: what lies outside is a placeholder such as `0001-01-01`.
const PLAUSIBLE_MILLIS: std::ops::Range<i64> = -2_208_988_800_000..7_258_118_400_000;

fn instant(column: Instants<'_>, at: usize, name: &str) -> Made<Option<Instant>> {
    let Some(millis) = column.at(at) else {
        return Ok(None);
    };
    if PLAUSIBLE_MILLIS.contains(&millis) {
        return Ok(Some(Instant::from_millis(millis)));
    }
    let detail = format!("`{name}` is not between the years 1900 and 2199");
    Err(Refusal::new("out_of_range", detail))
}

fn span(column: Wholes<'_>, at: usize, name: &str) -> Made<Option<Millis>> {
    not_negative(column.at(at).map(Millis::new), name)
}

fn not_negative(span: Option<Millis>, name: &str) -> Made<Option<Millis>> {
    match span {
        Some(span) if span < Millis::ZERO => {
            Err(Refusal::new("out_of_range", format!("`{name}` is `{span}`, less than nothing")))
        }
        other => Ok(other),
    }
}

fn count(column: Wholes<'_>, at: usize, name: &str) -> Made<Option<u32>> {
    let Some(value) = column.at(at) else {
        return Ok(None);
    };
    u32::try_from(value).map(Some).map_err(|_| {
        Refusal::new("out_of_range", format!("`{name}` is `{value}`, not 0 to 4294967295"))
    })
}

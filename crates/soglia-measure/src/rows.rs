//! Items of a period as the ledger has them, one batch after the other. Read [`cases`] first.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimestampMicrosecondType};
use futures::TryStreamExt;
use soglia_domain::facts::{Case, Message, Outage, OutboundBatch, OutboundRecord, Rows};
use soglia_domain::period::Period;
use soglia_domain::rule::TimedDuration;
use soglia_domain::time::{Instant, Millis};
use soglia_ledger::session::Session;
use soglia_ledger::tables::suspensions_from_json;

use crate::MeasureError;
use crate::plan::{quoted, sql_instant};

/// How far before a period an item may have ended and still fall due in it.
const LOOK_BACK: Millis = Millis::from_hours(24 * 400);

/// A batch with its columns by name.
pub struct Columns<'a>(pub &'a RecordBatch);

impl Columns<'_> {
    /// A text column, dictionaries undone.
    pub fn texts(&self, name: &str) -> Result<StringArray, MeasureError> {
        let column = cast(self.find(name)?, &DataType::Utf8)?;
        Ok(column.as_string::<i32>().clone())
    }

    /// An instant column.
    pub fn instants(&self, name: &str) -> Result<Instants, MeasureError> {
        let column = self.find(name)?.as_primitive_opt::<TimestampMicrosecondType>();
        column.cloned().map(Instants).ok_or_else(|| damaged(name))
    }

    /// A column of 32-bit integers.
    pub fn ints(&self, name: &str) -> Result<arrow::array::Int32Array, MeasureError> {
        let column = self.find(name)?.as_primitive_opt::<Int32Type>();
        column.cloned().ok_or_else(|| damaged(name))
    }

    /// A column of 64-bit integers.
    pub fn longs(&self, name: &str) -> Result<arrow::array::Int64Array, MeasureError> {
        let column = self.find(name)?.as_primitive_opt::<Int64Type>();
        column.cloned().ok_or_else(|| damaged(name))
    }

    /// A column of floating-point numbers: sums that no figure stands on.
    pub fn doubles(&self, name: &str) -> Result<arrow::array::Float64Array, MeasureError> {
        let column = cast(self.find(name)?, &DataType::Float64)?;
        Ok(column.as_primitive::<arrow::datatypes::Float64Type>().clone())
    }

    /// A column of yes and no.
    pub fn flags(&self, name: &str) -> Result<arrow::array::BooleanArray, MeasureError> {
        self.find(name)?.as_boolean_opt().cloned().ok_or_else(|| damaged(name))
    }

    fn find(&self, name: &str) -> Result<&ArrayRef, MeasureError> {
        self.0.column_by_name(name).ok_or_else(|| damaged(name))
    }
}

/// An instant column.
pub struct Instants(arrow::array::TimestampMicrosecondArray);

impl Instants {
    /// The instant of a row.
    pub fn at(&self, row: usize) -> Option<Instant> {
        self.0.is_valid(row).then(|| Instant::from_millis(self.0.value(row).div_euclid(1000)))
    }

    fn known(&self, row: usize, name: &str) -> Result<Instant, MeasureError> {
        self.at(row).ok_or_else(|| damaged(name))
    }
}

fn damaged(name: &str) -> MeasureError {
    MeasureError::Column(name.to_owned())
}

/// The text of a row.
pub fn text(column: &StringArray, row: usize) -> Option<String> {
    column.is_valid(row).then(|| column.value(row).to_owned())
}

fn whole(column: &arrow::array::Int32Array, row: usize) -> Option<u32> {
    column.is_valid(row).then(|| u32::try_from(column.value(row)).unwrap_or(0))
}

/// Runs a query and hands on its batches.
pub async fn stream(
    session: &Session,
    sql: &str,
    mut each: impl FnMut(&RecordBatch) -> Result<(), MeasureError>,
) -> Result<(), MeasureError> {
    let mut batches = session.sql(sql).await?.execute_stream().await?;
    while let Some(batch) = batches.try_next().await? {
        each(&batch)?;
    }
    Ok(())
}

/// Items of a service that began before the period's end and were not over long before it.
fn from_table(table: &str, service: &str, (main, over): (&str, &str), period: &Period) -> String {
    let earliest = Instant::from_millis(period.start().as_millis() - LOOK_BACK.get());
    format!(
        "SELECT * FROM {table} WHERE service = '{}' AND \"{main}\" < {} AND \
         (\"{over}\" IS NULL OR \"{over}\" >= {})",
        quoted(service),
        sql_instant(period.end()),
        sql_instant(earliest),
    )
}

/// Hands on the cases that can matter in a period.
pub async fn cases(
    session: &Session,
    service: &str,
    period: &Period,
    mut each: impl FnMut(&Case),
) -> Result<(), MeasureError> {
    let sql = from_table("cases", service, ("opened", "closed"), period);
    stream(session, &sql, |batch| {
        let columns = Columns(batch);
        let (ids, by) = (columns.texts("case_id")?, columns.texts("opened_by")?);
        let (channel, outcome) = (columns.texts("channel")?, columns.texts("outcome")?);
        let (topic, cancelled) = (columns.texts("topic")?, columns.texts("cancelled")?);
        let priority_class = columns.texts("priority_class")?;
        let booking_system = columns.texts("booking_system")?;
        let suspensions = columns.texts("suspensions")?;
        let (opened, closed) = (columns.instants("opened")?, columns.instants("closed")?);
        let (escalated, taken) =
            (columns.instants("escalated")?, columns.instants("taken_in_charge")?);
        let (resolved, reopened) = (columns.instants("resolved")?, columns.instants("reopened")?);
        let (contacts, level) = (columns.ints("contacts")?, columns.ints("closed_by_level")?);
        let third_party = columns.flags("third_party")?;
        for row in 0..batch.num_rows() {
            each(&Case {
                id: text(&ids, row).unwrap_or_default(),
                service: Some(service.to_owned()),
                opened_by: text(&by, row),
                channel: text(&channel, row),
                opened: opened.known(row, "opened")?,
                escalated: escalated.at(row),
                taken_in_charge: taken.at(row),
                suspensions: text(&suspensions, row)
                    .map(|json| suspensions_from_json(&json))
                    .unwrap_or_default(),
                resolved: resolved.at(row),
                closed: closed.at(row),
                reopened: reopened.at(row),
                contacts: whole(&contacts, row).unwrap_or(1),
                closed_by_level: whole(&level, row),
                outcome: text(&outcome, row),
                topic: text(&topic, row),
                priority_class: text(&priority_class, row),
                booking_system: text(&booking_system, row),
                third_party: third_party.value(row),
                cancelled: text(&cancelled, row),
                rows: Rows::default(),
            });
        }
        Ok(())
    })
    .await
}

/// The durations of a call, as far as they are known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallTimes {
    talk: Option<i64>,
    hold: i64,
    wrap: i64,
    wait: i64,
}

impl CallTimes {
    /// The duration that a rule times.
    pub fn of(&self, timed: TimedDuration) -> Option<Millis> {
        let talk = self.talk?;
        Some(Millis::new(match timed {
            TimedDuration::TalkHold => talk + self.hold,
            TimedDuration::Talk => talk,
            TimedDuration::TalkHoldWrap => talk + self.hold + self.wrap,
            TimedDuration::WaitTalkHold => self.wait + talk + self.hold,
        }))
    }
}

/// The columns of a call's durations.
struct TimesColumns([arrow::array::Int64Array; 4]);

impl TimesColumns {
    fn new(columns: &Columns<'_>) -> Result<Self, MeasureError> {
        let long = |name| columns.longs(name);
        Ok(Self([long("talk_ms")?, long("hold_ms")?, long("wrap_ms")?, long("wait_ms")?]))
    }

    fn at(&self, row: usize) -> CallTimes {
        let known =
            |column: &arrow::array::Int64Array| column.is_valid(row).then(|| column.value(row));
        let [talk, hold, wrap, wait] = &self.0;
        let zero = |column| known(column).unwrap_or(0);
        CallTimes { talk: known(talk), hold: zero(hold), wrap: zero(wrap), wait: zero(wait) }
    }
}

/// What a query shows of its items.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    /// What counts.
    Counts,
    /// What they are and where they came from as well: `id`, `at`, `import_no`, `row_first`,
    /// `row_last`.
    Places,
}

/// A call as K5 looks at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimedCall<'a> {
    /// The first queue.
    pub queue: Option<&'a str>,
    /// Its durations.
    pub times: CallTimes,
}

/// The query for cases closed without the second level, each with the call that opened it.
pub fn cases_with_calls_sql(service: &str, period: &Period, shown: Shown) -> String {
    let code = quoted(service);
    let (start, end) = (sql_instant(period.start()), sql_instant(period.end()));
    let place = match shown {
        Shown::Counts => "",
        Shown::Places => {
            ", coalesce(c.call_id, k.case_id) AS id, coalesce(c.arrived, k.opened) AS at, \
             coalesce(c.import_no, k.import_no) AS import_no, \
             coalesce(c.row_first, k.row_first) AS row_first, \
             coalesce(c.row_last, k.row_last) AS row_last"
        }
    };
    format!(
        "SELECT k.opened_by IS NOT NULL AS by_contact, k.channel, k.opened, k.closed, k.reopened, \
         k.contacts, k.outcome, c.call_id IS NOT NULL AS found, c.first_queue, c.talk_ms, \
         c.hold_ms, c.wrap_ms, c.wait_ms{place} FROM (SELECT * FROM cases \
         WHERE service = '{code}' AND closed IS NOT NULL AND cancelled IS NULL AND \
         escalated IS NULL AND \
         ((opened >= {start} AND opened < {end}) OR (closed >= {start} AND closed < {end}))) k \
         LEFT JOIN (SELECT * FROM calls WHERE service = '{code}' AND arrived < {end}) c \
         ON k.opened_by = c.call_id"
    )
}

/// Hands on what [`cases_with_calls_sql`] finds, with the row of the batch.
///
/// Of a case only what [`crate::items::Counter::handled_case`] looks at is filled in: that it was
/// opened by a contact, not by which.
pub fn cases_with_calls(
    batch: &RecordBatch,
    mut each: impl FnMut(usize, &Case, Option<&TimedCall<'_>>),
) -> Result<(), MeasureError> {
    let columns = Columns(batch);
    let (channel, outcome) = (columns.texts("channel")?, columns.texts("outcome")?);
    let (opened, closed) = (columns.instants("opened")?, columns.instants("closed")?);
    let (reopened, contacts) = (columns.instants("reopened")?, columns.ints("contacts")?);
    let (by_contact, found) = (columns.flags("by_contact")?, columns.flags("found")?);
    let queues = columns.texts("first_queue")?;
    let times = TimesColumns::new(&columns)?;
    for row in 0..batch.num_rows() {
        let case = Case {
            opened_by: by_contact.value(row).then(String::new),
            channel: text(&channel, row),
            opened: opened.known(row, "opened")?,
            closed: closed.at(row),
            reopened: reopened.at(row),
            contacts: whole(&contacts, row).unwrap_or(1),
            outcome: text(&outcome, row),
            ..blank_case()
        };
        let call = found.value(row).then(|| TimedCall {
            queue: queues.is_valid(row).then(|| queues.value(row)),
            times: times.at(row),
        });
        each(row, &case, call.as_ref());
    }
    Ok(())
}

/// A case of which nothing is known.
fn blank_case() -> Case {
    Case {
        id: String::new(),
        service: None,
        opened_by: None,
        channel: None,
        opened: Instant::from_millis(0),
        escalated: None,
        taken_in_charge: None,
        suspensions: Vec::new(),
        resolved: None,
        closed: None,
        reopened: None,
        contacts: 1,
        closed_by_level: None,
        outcome: None,
        topic: None,
        priority_class: None,
        booking_system: None,
        third_party: false,
        cancelled: None,
        rows: Rows::default(),
    }
}

/// The query for the inbound calls of a period that were answered.
pub fn answered_calls_sql(service: &str, period: &Period, shown: Shown) -> String {
    let place = match shown {
        Shown::Counts => "",
        Shown::Places => ", call_id AS id, arrived AS at, import_no, row_first, row_last",
    };
    format!(
        "SELECT arrived, first_queue, talk_ms, hold_ms, wrap_ms, wait_ms{place} FROM calls \
         WHERE service = '{}' AND disposition = 'answered' AND direction = 'inbound' AND \
         arrived >= {} AND arrived < {}",
        quoted(service),
        sql_instant(period.start()),
        sql_instant(period.end()),
    )
}

/// Hands on what [`answered_calls_sql`] finds, with the row of the batch and the arrival.
pub fn answered_calls(
    batch: &RecordBatch,
    mut each: impl FnMut(usize, Instant, &TimedCall<'_>),
) -> Result<(), MeasureError> {
    let columns = Columns(batch);
    let (arrived, queues) = (columns.instants("arrived")?, columns.texts("first_queue")?);
    let times = TimesColumns::new(&columns)?;
    for row in 0..batch.num_rows() {
        let queue = queues.is_valid(row).then(|| queues.value(row));
        let call = TimedCall { queue, times: times.at(row) };
        each(row, arrived.known(row, "arrived")?, &call);
    }
    Ok(())
}

/// Whether any message of a service, of any time, says when its request was resolved.
pub async fn any_resolved(session: &Session, service: &str) -> Result<bool, MeasureError> {
    let service = quoted(service);
    let sql = format!(
        "SELECT 1 FROM messages WHERE service = '{service}' AND resolved IS NOT NULL LIMIT 1"
    );
    let mut any = false;
    stream(session, &sql, |batch| {
        any |= 0 < batch.num_rows();
        Ok(())
    })
    .await?;
    Ok(any)
}

/// Hands on the messages that can matter in a period, oldest first.
pub async fn messages(
    session: &Session,
    service: &str,
    period: &Period,
    mut each: impl FnMut(&Message),
) -> Result<(), MeasureError> {
    let sql = from_table("messages", service, ("received", "first_reply"), period)
        + " ORDER BY received, message_id";
    stream(session, &sql, |batch| {
        let columns = Columns(batch);
        let (ids, channel) = (columns.texts("message_id")?, columns.texts("channel")?);
        let (case, topic) = (columns.texts("case_id")?, columns.texts("topic")?);
        let excluded = columns.texts("excluded")?;
        let received = columns.instants("received")?;
        let (reply, resolved) = (columns.instants("first_reply")?, columns.instants("resolved")?);
        for row in 0..batch.num_rows() {
            each(&Message {
                id: text(&ids, row).unwrap_or_default(),
                service: Some(service.to_owned()),
                channel: text(&channel, row).unwrap_or_default(),
                received: received.known(row, "received")?,
                first_reply: reply.at(row),
                resolved: resolved.at(row),
                case: text(&case, row),
                topic: text(&topic, row),
                excluded: text(&excluded, row),
                sender: None,
                rows: Rows::default(),
            });
        }
        Ok(())
    })
    .await
}

/// Hands on the outbound records that can matter in a period.
pub async fn outbound_records(
    session: &Session,
    service: &str,
    period: &Period,
    mut each: impl FnMut(&OutboundRecord),
) -> Result<(), MeasureError> {
    let sql = from_table("outbound_records", service, ("released", "closed"), period);
    stream(session, &sql, |batch| {
        let columns = Columns(batch);
        let (ids, in_batch) = (columns.texts("record_id")?, columns.texts("batch_id")?);
        let (outcome, attempts) = (columns.texts("outcome")?, columns.ints("attempts")?);
        let released = columns.instants("released")?;
        let (reached, closed) = (columns.instants("reached")?, columns.instants("closed")?);
        for row in 0..batch.num_rows() {
            each(&OutboundRecord {
                id: text(&ids, row).unwrap_or_default(),
                service: Some(service.to_owned()),
                batch: text(&in_batch, row),
                released: released.known(row, "released")?,
                attempts: whole(&attempts, row).unwrap_or(0),
                reached: reached.at(row),
                closed: closed.at(row),
                outcome: text(&outcome, row),
                rows: Rows::default(),
            });
        }
        Ok(())
    })
    .await
}

/// Hands on the outbound batches that can matter in a period.
pub async fn outbound_batches(
    session: &Session,
    service: &str,
    period: &Period,
    mut each: impl FnMut(&OutboundBatch),
) -> Result<(), MeasureError> {
    let sql = from_table("outbound_batches", service, ("released", "completed"), period);
    stream(session, &sql, |batch| {
        let columns = Columns(batch);
        let (ids, n_records) = (columns.texts("batch_id")?, columns.ints("n_records")?);
        let (released, completed) = (columns.instants("released")?, columns.instants("completed")?);
        let (first, last) = (columns.instants("first_attempt")?, columns.instants("last_attempt")?);
        for row in 0..batch.num_rows() {
            each(&OutboundBatch {
                id: text(&ids, row).unwrap_or_default(),
                service: Some(service.to_owned()),
                released: released.known(row, "released")?,
                n_records: whole(&n_records, row).unwrap_or(0),
                first_attempt: first.at(row),
                last_attempt: last.at(row),
                completed: completed.at(row),
                rows: Rows::default(),
            });
        }
        Ok(())
    })
    .await
}

/// Returns the outages that touch a period; there are few.
pub async fn outages(
    session: &Session,
    service: &str,
    period: &Period,
) -> Result<Vec<Outage>, MeasureError> {
    let sql = from_table("outages", service, ("from", "until"), period);
    let mut outages = Vec::new();
    stream(session, &sql, |batch| {
        let columns = Columns(batch);
        let (ids, component) = (columns.texts("outage_id")?, columns.texts("component")?);
        let (cause, weight) = (columns.texts("cause")?, columns.ints("weight_permille")?);
        let (from, until) = (columns.instants("from")?, columns.instants("until")?);
        let (planned, notified) = (columns.flags("planned")?, columns.instants("notified")?);
        for row in 0..batch.num_rows() {
            let outage = Outage {
                id: text(&ids, row).unwrap_or_default(),
                service: Some(service.to_owned()),
                component: text(&component, row).unwrap_or_default(),
                from: from.known(row, "from")?,
                until: until.at(row),
                planned: planned.value(row),
                notified: notified.at(row),
                cause: text(&cause, row),
                weight_permille: whole(&weight, row).unwrap_or(1000),
                rows: Rows::default(),
            };
            if outage.until.is_none_or(|until| period.start() < until) {
                outages.push(outage);
            }
        }
        Ok(())
    })
    .await?;
    Ok(outages)
}

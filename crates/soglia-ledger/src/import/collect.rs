//! What an import has gathered so far: rows on their way to the tables. Read [`Collector`] first.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Int32Type;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use soglia_domain::contract::Contract;
use soglia_domain::facts::{
    Call, Case, Disposition, Message, Outage, OutboundBatch, OutboundRecord, QueueEntry,
};
use soglia_domain::facts::{Fact, RawCaller, Rows};
use soglia_domain::time::Instant;
use soglia_sources::labels::{normalised, test_callers};
use soglia_sources::outcome::{EarlierRows, Rejected};

use super::deliveries::Deliveries;
use super::enrich::completed;
use super::output::{CHUNK_ROWS, Chunk, Files, Output, Place};
use super::records::{Record, Records, Standing, UNREVISED};
use super::rules::OtherRules;
use super::{ImportError, Request, next_no, stream_files};
use crate::objects::hex;
use crate::pseudonym::Pseudonyms;
use crate::row_keys::{Key, KeyCounts, Known};
use crate::store::{LedgerError, Locked};
use crate::tables::{DuplicateRun, Provenance, RejectedRow, Stored, Table};

/// Rejects shown to the user; all of them are in the table.
const REJECTS_SHOWN: usize = 20;

/// What the saved caller of an open call begins with, its pseudonym following; and one that the
/// contract names as a tester.
const SAVED: &str = "pseudonym:";
const SAVED_TESTER: &str = "tester:";

/// The first rejects of an import.
pub type Rejects = Vec<RejectedRow>;

/// Counts of one import.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub rows: u64,
    pub fact_rows: u64,
    pub duplicate_rows: u64,
    pub rejected_rows: u64,
    pub ignored_rows: u64,
    pub facts: BTreeMap<Table, u64>,
    pub days: Option<(i32, i32)>,
    pub ignored: BTreeMap<String, u64>,
    pub anomalies: BTreeMap<String, u64>,
}

/// What an import hands over to the commit.
pub struct Collected {
    pub files: Files,
    pub counts: Counts,
    pub rejects: Rejects,
}

/// Looks up the keys of one day.
type DayLoader = Box<dyn FnMut(i32) -> Result<KeyCounts, ImportError>>;

/// Gathers facts, rejects and duplicates, and hands them on to be written chunk by chunk.
pub struct Collector<'a> {
    contract: &'a Contract,
    service: Option<&'a str>,
    services: Services,
    test_callers: BTreeSet<String>,
    others: OtherRules,
    import_no: i64,
    keys_dir: PathBuf,
    pseudonyms: Pseudonyms,
    known: Known<DayLoader>,
    records: Records,
    deliveries: Option<Deliveries>,
    clock: LocalHours,
    output: Output,
    calls: Vec<Stored<Call>>,
    queue_entries: Vec<Stored<QueueEntry>>,
    messages: Vec<Stored<Message>>,
    cases: Vec<Stored<Case>>,
    outbound_records: Vec<Stored<OutboundRecord>>,
    outbound_batches: Vec<Stored<OutboundBatch>>,
    outages: Vec<Stored<Outage>>,
    rejected: Vec<RejectedRow>,
    duplicates: Vec<DuplicateRun>,
    keys: Vec<(i32, Key)>,
    rejects_shown: Rejects,
    superseded: Vec<(Table, String, i64)>,
    pub counts: Counts,
}

impl<'a> Collector<'a> {
    pub fn new(
        ledger: &Locked,
        request: &Request<'a>,
        stream: &str,
        sha256: &str,
    ) -> Result<Self, ImportError> {
        let import_no = next_no(ledger);
        let store = ledger.ledger();
        let output = Output::new(Place {
            dir: store.dir().join("tables"),
            tag: format!("{import_no:06}-{}", sha256.get(..8).unwrap_or_default()),
            now_millis: request.now.as_millis(),
            import_no,
            stream: stream.to_owned(),
        })?;
        Ok(Self {
            contract: request.contract,
            service: request.service,
            services: Services::default(),
            test_callers: test_callers(request.contract),
            others: OtherRules::default(),
            import_no,
            keys_dir: store.dir().join("keys"),
            pseudonyms: store.pseudonyms(),
            known: known_rows(ledger, stream)?,
            records: Records::new(ledger, stream)?,
            deliveries: None,
            clock: LocalHours::new(request.contract.zone.clone()),
            output,
            calls: Vec::new(),
            queue_entries: Vec::new(),
            messages: Vec::new(),
            cases: Vec::new(),
            outbound_records: Vec::new(),
            outbound_batches: Vec::new(),
            outages: Vec::new(),
            rejected: Vec::new(),
            duplicates: Vec::new(),
            keys: Vec::new(),
            rejects_shown: Vec::new(),
            superseded: Vec::new(),
            counts: Counts::default(),
        })
    }

    /// The import's number, as other imports will cite it.
    pub const fn import_no(&self) -> i64 {
        self.import_no
    }

    /// Says what the stream's imports by other rules have taken in.
    pub fn refuses(&mut self, others: OtherRules) {
        self.others = others;
    }

    /// Says what a mapped table's stream has delivered before.
    pub fn follows(&mut self, deliveries: Deliveries) {
        self.deliveries = Some(deliveries);
    }

    /// Takes in a fact of a mapped table: it replaces one of its identifier that an earlier import
    /// brought, unless that was read by other rules.
    pub fn delivered(&mut self, fact: Fact) -> Result<(), ImportError> {
        self.others.check(&fact)?;
        let enough = self.deliveries.as_mut().is_some_and(|known| known.push(fact.id()));
        self.fact(fact, &[], Some(self.import_no))?;
        if enough { self.settle_deliveries() } else { Ok(()) }
    }

    /// Finds what the facts taken in so far replace.
    fn settle_deliveries(&mut self) -> Result<(), ImportError> {
        let Some(known) = &mut self.deliveries else { return Ok(()) };
        let table = known.table();
        let (replaced, repeated) = known.settle()?;
        for (id, revision) in replaced {
            self.note("replaced_by_a_later_delivery");
            self.supersede(table, id, revision)?;
        }
        if 0 < repeated {
            count(&mut self.counts.anomalies, "identifier_repeated_in_the_file", repeated);
        }
        Ok(())
    }

    /// Refuses bytes that other rules read, unless all rows they took in were told as duplicates.
    pub fn check_repeated(&mut self, sha256: &str) -> Result<(), ImportError> {
        self.others.check_repeated(sha256, self.counts.duplicate_rows)?;
        if !self.others.is_empty() && 0 < self.counts.duplicate_rows {
            let n = self.counts.duplicate_rows;
            self.counts.anomalies.insert("already_read_by_other_rules".to_owned(), n);
        }
        Ok(())
    }

    /// Counts a row read; `true` if the ledger already has it and it must not be parsed.
    ///
    /// A row that is new must be [remembered](Self::remember), unless it ought to be read again
    /// when it is delivered again.
    pub fn is_duplicate(&mut self, row: u64, day: i32, key: Key) -> Result<bool, ImportError> {
        self.counts.rows += 1;
        if day != crate::row_keys::UNDATED {
            let (first, last) = self.counts.days.unwrap_or((day, day));
            self.counts.days = Some((first.min(day), last.max(day)));
        }
        if self.known.take(day, &key)? {
            self.duplicate(row, "same_row")?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Notes that the ledger has a row.
    pub fn remember(&mut self, day: i32, key: Key) -> Result<(), ImportError> {
        self.keys.push((day, key));
        if CHUNK_ROWS <= self.keys.len() {
            self.flush_keys()?;
        }
        Ok(())
    }

    /// Counts a row that the ledger already had.
    pub fn duplicate(&mut self, row: u64, reason: &'static str) -> Result<(), ImportError> {
        self.duplicate_rows(Rows::one(row), reason)
    }

    /// Counts rows that the ledger already had; rows one after the other make one run.
    fn duplicate_rows(&mut self, rows: Rows, reason: &'static str) -> Result<(), ImportError> {
        let Rows { first, last, n } = rows;
        self.counts.duplicate_rows += u64::from(n);
        match self.duplicates.last_mut() {
            Some(run) if run.reason == reason && run.last + 1 == first => run.last = last,
            _ => {
                if CHUNK_ROWS <= self.duplicates.len() {
                    self.flush_duplicates()?;
                }
                self.duplicates.push(DuplicateRun { first, last, reason });
            }
        }
        Ok(())
    }

    /// Counts rows that are not about a contact.
    pub fn ignored(&mut self, n: u64, why: &str) {
        self.counts.ignored_rows += n;
        count(&mut self.counts.ignored, why, n);
    }

    /// Takes in a row that could not be read.
    pub fn rejected(&mut self, rejected: Rejected) -> Result<(), ImportError> {
        let Rejected { row, text, reason } = rejected;
        let code = reason.code.to_owned();
        self.reject_rows(RejectedRow { row, rows: 1, code, detail: reason.detail, text })
    }

    /// Takes in a reject that may stand for several rows.
    pub fn reject_rows(&mut self, row: RejectedRow) -> Result<(), ImportError> {
        self.counts.rejected_rows += u64::from(row.rows);
        if self.rejects_shown.len() < REJECTS_SHOWN {
            self.rejects_shown.push(row.clone());
        }
        self.rejected.push(row);
        if CHUNK_ROWS <= self.rejected.len() {
            self.flush_rejected()?;
        }
        Ok(())
    }

    /// Takes in a record of a platform that writes one record per contact: the newest revision
    /// stays, the same or an older one is a duplicate.
    pub fn record(
        &mut self,
        fact: Fact,
        earlier: Vec<EarlierRows>,
        revision: Option<i64>,
    ) -> Result<(), ImportError> {
        let (table, id, at) = match &fact {
            Fact::Call(call, _) => (Table::Calls, call.id.clone(), call.arrived),
            Fact::Message(message) => (Table::Messages, message.id.clone(), message.received),
            _ => return self.fact(fact, &earlier, revision),
        };
        self.seen_on(at);
        let revision = revision.unwrap_or(UNREVISED);
        if self.records.push(Record { table, id, revision, fact, earlier }) {
            self.settle_records()?;
        }
        Ok(())
    }

    /// Takes in the records that waited to be looked up.
    fn settle_records(&mut self) -> Result<(), ImportError> {
        for (record, standing) in self.records.settle()? {
            let Record { table, id, revision, fact, earlier } = record;
            let rows = soglia_sources::outcome::rows_of(&fact);
            match standing {
                Standing::Same => self.duplicate_rows(rows, "same_record")?,
                Standing::Older => self.duplicate_rows(rows, "older_revision")?,
                Standing::New => self.fact(fact, &earlier, Some(revision))?,
                Standing::Replaces(known) => {
                    self.supersede(table, id, known)?;
                    self.fact(fact, &earlier, Some(revision))?;
                }
            }
        }
        Ok(())
    }

    /// Notes that a newer row of a fact's table stands for the one with this revision.
    fn supersede(&mut self, table: Table, id: String, revision: i64) -> Result<(), ImportError> {
        self.superseded.push((table, id, revision));
        if CHUNK_ROWS <= self.superseded.len() {
            self.flush_superseded()?;
        }
        Ok(())
    }

    /// Takes in a call that an earlier import told, completed by rows of this one.
    pub fn completed(
        &mut self,
        mut call: Stored<Call>,
        entries: Vec<Stored<QueueEntry>>,
        rows: Rows,
    ) -> Result<(), ImportError> {
        self.counts.fact_rows += u64::from(rows.n);
        let known = call.provenance.revision.unwrap_or(UNREVISED);
        self.supersede(Table::Calls, call.fact.id.clone(), known)?;
        call.local_hour = self.clock.hour_of(call.fact.arrived);
        call.provenance = self.completing(&call.provenance, rows);
        for mut entry in entries {
            entry.provenance.revision = Some(completed(known));
            self.queue_entries.push(entry);
        }
        self.count(Table::Calls);
        self.calls.push(call);
        self.flush_if_full(Table::QueueEntries)?;
        self.flush_if_full(Table::Calls)
    }

    /// Takes back a call that an earlier import told before its end, completed or not.
    pub fn withdraw(&mut self, id: String, revision: i64) -> Result<(), ImportError> {
        self.note("ended_in_a_later_file");
        self.supersede(Table::Calls, id.clone(), revision)?;
        self.supersede(Table::Calls, id, completed(revision))
    }

    /// Rows of this import after those that a fact already had.
    fn completing(&self, known: &Provenance, rows: Rows) -> Provenance {
        let Rows { first, last, n } = known.rows;
        let own = format!("{}:{first}-{last}/{n}", known.import_no);
        let earlier =
            known.earlier.as_ref().map_or(own.clone(), |before| format!("{before} {own}"));
        Provenance {
            import_no: self.import_no,
            rows,
            earlier: Some(earlier),
            revision: Some(completed(known.revision.unwrap_or(UNREVISED))),
        }
    }

    /// Counts something worth a look.
    pub fn note(&mut self, code: &str) {
        count(&mut self.counts.anomalies, code, 1);
    }

    /// Widens the span of days that the import covers.
    pub fn seen_on(&mut self, at: Instant) {
        let Ok(day) = i32::try_from(at.as_millis().div_euclid(86_400_000)) else { return };
        let (first, last) = self.counts.days.unwrap_or((day, day));
        self.counts.days = Some((first.min(day), last.max(day)));
    }

    /// Takes in a fact: finds its service, replaces its caller.
    pub fn fact(
        &mut self,
        fact: Fact,
        earlier: &[EarlierRows],
        revision: Option<i64>,
    ) -> Result<(), ImportError> {
        let rows = soglia_sources::outcome::rows_of(&fact);
        let Some(service) = self.service_of(&fact) else {
            return self.without_service(&fact, rows);
        };
        self.counts.fact_rows += u64::from(rows.n);
        let provenance = Provenance {
            import_no: self.import_no,
            rows,
            earlier: earlier_text(earlier),
            revision,
        };
        match fact {
            Fact::Call(call, entries) => self.call(call, entries, service, provenance),
            Fact::Message(mut message) => {
                let caller = self.pseudonym(message.sender.take(), message.received)?;
                let stored = self.stored(message, service, caller, provenance, |m| m.received);
                self.count(Table::Messages);
                self.messages.push(stored);
                self.flush_if_full(Table::Messages)
            }
            Fact::Case(case) => {
                let stored = self.stored(case, service, None, provenance, |c| c.opened);
                self.count(Table::Cases);
                self.cases.push(stored);
                self.flush_if_full(Table::Cases)
            }
            Fact::OutboundRecord(record) => {
                let stored = self.stored(record, service, None, provenance, |r| r.released);
                self.count(Table::OutboundRecords);
                self.outbound_records.push(stored);
                self.flush_if_full(Table::OutboundRecords)
            }
            Fact::OutboundBatch(batch) => {
                let stored = self.stored(batch, service, None, provenance, |b| b.released);
                self.count(Table::OutboundBatches);
                self.outbound_batches.push(stored);
                self.flush_if_full(Table::OutboundBatches)
            }
            Fact::Outage(outage) => {
                let stored = self.stored(outage, service, None, provenance, |o| o.from);
                self.count(Table::Outages);
                self.outages.push(stored);
                self.flush_if_full(Table::Outages)
            }
        }
    }

    fn call(
        &mut self,
        mut call: Call,
        entries: Vec<QueueEntry>,
        service: Arc<str>,
        provenance: Provenance,
    ) -> Result<(), ImportError> {
        if call.caller.as_ref().is_some_and(|caller| self.is_tester(caller.expose())) {
            call.disposition = Disposition::Test;
        }
        call.group = self.group_of(call.group.take());
        let caller = self.pseudonym(call.caller.take(), call.arrived)?;
        for entry in entries {
            let own = Provenance { rows: entry.rows, earlier: None, ..provenance.clone() };
            let stored = self.stored(entry, service.clone(), None, own, |e| e.entered);
            self.count(Table::QueueEntries);
            self.queue_entries.push(stored);
        }
        let stored = self.stored(call, service, caller, provenance, |c| c.arrived);
        self.count(Table::Calls);
        self.calls.push(stored);
        self.flush_if_full(Table::QueueEntries)?;
        self.flush_if_full(Table::Calls)
    }

    fn is_tester(&self, caller: &str) -> bool {
        caller.starts_with(SAVED_TESTER)
            || (!self.test_callers.is_empty()
                && self.test_callers.contains(normalised(caller).as_ref()))
    }

    /// The contract's code of a group; groups that it does not name are not recorded, because
    /// nobody says that they have enough operators.
    fn group_of(&mut self, said: Option<String>) -> Option<String> {
        let said = said?;
        let group = self.contract.operator_group(&said).map(|group| group.code.clone());
        if group.is_none() {
            self.note("operator_group_not_in_contract");
        }
        group
    }

    fn count(&mut self, table: Table) {
        *self.counts.facts.entry(table).or_default() += 1;
    }

    fn stored<F>(
        &mut self,
        fact: F,
        service: Arc<str>,
        caller: Option<[u8; 16]>,
        provenance: Provenance,
        main: impl Fn(&F) -> Instant,
    ) -> Stored<F> {
        let local_hour = self.clock.hour_of(main(&fact));
        Stored { fact, service, caller, local_hour, provenance }
    }

    /// Replaces a caller.
    pub fn pseudonym(
        &mut self,
        caller: Option<RawCaller>,
        at: Instant,
    ) -> Result<Option<[u8; 16]>, ImportError> {
        let Some(caller) = caller else { return Ok(None) };
        let saved = |mark| caller.expose().strip_prefix(mark);
        if let Some(known) = saved(SAVED).or_else(|| saved(SAVED_TESTER)) {
            return Ok(u128::from_str_radix(known, 16).ok().map(u128::to_be_bytes));
        }
        let on = self.clock.date_of(at);
        let pseudonym = self.pseudonyms.replace(&caller, on);
        Ok(pseudonym.map_err(LedgerError::io("read keys in", &self.keys_dir))?)
    }

    /// The caller of a call still open, as it is stored until the call is complete.
    pub fn saved_caller(&mut self, number: &str, at: Instant) -> Result<String, ImportError> {
        if number.starts_with(SAVED) || number.starts_with(SAVED_TESTER) {
            return Ok(number.to_owned());
        }
        let mark = if self.is_tester(number) { SAVED_TESTER } else { SAVED };
        let pseudonym = self.pseudonym(RawCaller::new(number), at)?;
        Ok(pseudonym.map_or_else(String::new, |known| format!("{mark}{}", hex(&known))))
    }

    /// The fact's own service, its queue's, its number's, or the one given by the user.
    fn service_of(&mut self, fact: &Fact) -> Option<Arc<str>> {
        let contract = self.contract;
        let own = match fact {
            Fact::Call(call, _) => {
                if let (None, Some(queue)) = (&call.service, &call.first_queue) {
                    let on = self.clock.date_of(call.arrived);
                    let found = self.services.of_queue(contract, queue, call.arrived, on);
                    // A queue outside the contract is no queue of the service given by the user,
                    // unless the contract maps no queue at all.
                    let mapped = || contract.services.iter().any(|s| !s.queues.is_empty());
                    return found.or_else(|| self.service.filter(|_| !mapped()).map(Arc::from));
                }
                let number = call.dialled.as_deref();
                let by_number = number.and_then(|number| contract.service_of_number(number));
                call.service.as_deref().or_else(|| by_number.map(|service| &*service.code))
            }
            Fact::Message(fact) => fact.service.as_deref(),
            Fact::Case(fact) => fact.service.as_deref(),
            Fact::OutboundRecord(fact) => fact.service.as_deref(),
            Fact::OutboundBatch(fact) => fact.service.as_deref(),
            Fact::Outage(fact) => fact.service.as_deref(),
        };
        match own {
            Some(code) => contract.service(code).map(|service| service.code.as_str().into()),
            None => self.service.map(Arc::from),
        }
    }

    /// A fact of no service: ignored if the contract says so, rejected otherwise.
    fn without_service(&mut self, fact: &Fact, rows: Rows) -> Result<(), ImportError> {
        let id = fact.id();
        let queue = match fact {
            Fact::Call(call, _) => call.first_queue.as_deref(),
            _ => None,
        };
        if let Some(queue) = queue
            && self.contract.ignored_queues.iter().any(|ignored| ignored == queue)
        {
            self.ignored(u64::from(rows.n), "ignored_queue");
            return Ok(());
        }
        let (code, detail) = queue.map_or_else(
            || ("no_service", "nothing tells its service; give `--service`".to_owned()),
            |queue| ("unknown_queue", format!("queue `{queue}` is in no service of the contract")),
        );
        let Rows { first, last, n } = rows;
        let row = RejectedRow {
            row: first,
            rows: n,
            code: code.to_owned(),
            detail,
            text: format!("{id}, {n} rows from {first} to {last}"),
        };
        self.reject_rows(row)
    }

    fn flush_if_full(&mut self, table: Table) -> Result<(), ImportError> {
        let len = match table {
            Table::Calls => self.calls.len(),
            Table::QueueEntries => self.queue_entries.len(),
            Table::Messages => self.messages.len(),
            Table::Cases => self.cases.len(),
            Table::OutboundRecords => self.outbound_records.len(),
            Table::OutboundBatches => self.outbound_batches.len(),
            Table::Outages => self.outages.len(),
            _ => 0,
        };
        if len < CHUNK_ROWS { Ok(()) } else { self.flush(table) }
    }

    fn flush(&mut self, table: Table) -> Result<(), ImportError> {
        let chunk = match table {
            Table::Calls => Chunk::Calls(drained(&mut self.calls)),
            Table::QueueEntries => Chunk::QueueEntries(drained(&mut self.queue_entries)),
            Table::Messages => Chunk::Messages(drained(&mut self.messages)),
            Table::Cases => Chunk::Cases(drained(&mut self.cases)),
            Table::OutboundRecords => Chunk::OutboundRecords(drained(&mut self.outbound_records)),
            Table::OutboundBatches => Chunk::OutboundBatches(drained(&mut self.outbound_batches)),
            Table::Outages => Chunk::Outages(drained(&mut self.outages)),
            _ => return Ok(()),
        };
        Ok(self.output.take(chunk)?)
    }

    fn flush_rejected(&mut self) -> Result<(), ImportError> {
        Ok(self.output.take(Chunk::Rejected(drained(&mut self.rejected)))?)
    }

    fn flush_keys(&mut self) -> Result<(), ImportError> {
        Ok(self.output.take(Chunk::Keys(drained(&mut self.keys)))?)
    }

    fn flush_duplicates(&mut self) -> Result<(), ImportError> {
        Ok(self.output.take(Chunk::Duplicates(drained(&mut self.duplicates)))?)
    }

    fn flush_superseded(&mut self) -> Result<(), ImportError> {
        Ok(self.output.take(Chunk::Superseded(drained(&mut self.superseded)))?)
    }

    /// Has what is left written and hands everything over.
    pub fn finish(mut self) -> Result<Collected, ImportError> {
        self.settle_records()?;
        self.settle_deliveries()?;
        for table in Table::FACTS {
            self.flush(table)?;
        }
        self.flush_rejected()?;
        self.flush_keys()?;
        self.flush_superseded()?;
        self.flush_duplicates()?;
        let files = self.output.finish()?;
        Ok(Collected { files, counts: self.counts, rejects: self.rejects_shown })
    }
}

/// Takes the rows out and leaves room for as many.
fn drained<T>(rows: &mut Vec<T>) -> Vec<T> {
    let room = Vec::with_capacity(rows.len());
    std::mem::replace(rows, room)
}

fn count(counts: &mut BTreeMap<String, u64>, code: &str, n: u64) {
    match counts.get_mut(code) {
        Some(so_far) => *so_far += n,
        None => drop(counts.insert(code.to_owned(), n)),
    }
}

/// The services of queues on the day last asked for.
#[derive(Default)]
struct Services {
    on: Option<Date>,
    by_queue: BTreeMap<String, Option<Arc<str>>>,
}

impl Services {
    /// The service of a queue at an instant, which lies in the contract's zone on that date.
    fn of_queue(
        &mut self,
        contract: &Contract,
        queue: &str,
        at: Instant,
        on: Date,
    ) -> Option<Arc<str>> {
        if self.on != Some(on) {
            self.by_queue.clear();
            self.on = Some(on);
        }
        if let Some(known) = self.by_queue.get(queue) {
            return known.clone();
        }
        let found = contract.service_of_queue(queue, at).map(|service| Arc::from(&*service.code));
        self.by_queue.insert(queue.to_owned(), found.clone());
        found
    }
}

/// `3:17-19/2` is two rows between 17 and 19 of import 3.
fn earlier_text(earlier: &[EarlierRows]) -> Option<String> {
    let parts: Vec<String> = earlier
        .iter()
        .map(|EarlierRows { file, first, last, n }| format!("{file}:{first}-{last}/{n}"))
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Quarters of an hour remembered at a time: calls end in another order than they begin.
const QUARTERS: usize = 16;

/// Civil hours and dates, remembered for the quarters of an hour last asked for.
struct LocalHours {
    zone: TimeZone,
    quarters: [Quarter; QUARTERS],
}

/// The civil time of a quarter of an hour: since 1972 no zone changes offset or date inside one.
#[derive(Clone, Copy)]
struct Quarter {
    no: i64,
    offset_millis: i64,
    date: Date,
}

impl LocalHours {
    const fn new(zone: TimeZone) -> Self {
        let unset = Quarter { no: i64::MIN, offset_millis: 0, date: Date::ZERO };
        Self { zone, quarters: [unset; QUARTERS] }
    }

    fn quarter_of(&mut self, at: Instant) -> Quarter {
        let no = at.as_millis().div_euclid(900_000);
        let place = usize::try_from(no.rem_euclid(1 << 20)).unwrap_or(0) % QUARTERS;
        if let Some(known) = self.quarters.get(place)
            && known.no == no
        {
            return *known;
        }
        let timestamp = at.to_timestamp();
        let offset = self.zone.to_offset(timestamp);
        let date = offset.to_datetime(timestamp).date();
        let quarter = Quarter { no, offset_millis: i64::from(offset.seconds()) * 1000, date };
        if let Some(place) = self.quarters.get_mut(place) {
            *place = quarter;
        }
        quarter
    }

    /// Civil hours since 1970-01-01T00:00 local.
    fn hour_of(&mut self, at: Instant) -> i32 {
        let offset_millis = self.quarter_of(at).offset_millis;
        i32::try_from((at.as_millis() + offset_millis).div_euclid(3_600_000)).unwrap_or(0)
    }

    /// The local date.
    fn date_of(&mut self, at: Instant) -> Date {
        self.quarter_of(at).date
    }
}

/// The rows that earlier imports of the stream took in.
fn known_rows(ledger: &Locked, stream: &str) -> Result<Known<DayLoader>, ImportError> {
    let overlapping = ledger.newest_of(stream).is_some();
    // An import's row tells the days that its files can hold.
    let spans: Vec<(PathBuf, Option<(i32, i32)>)> = stream_files(ledger, Table::RowKeys, stream)?
        .into_iter()
        .map(|(path, row)| (path, row.days))
        .collect();
    let load: DayLoader = Box::new(move |day| {
        let mut counts = KeyCounts::default();
        for (path, days) in &spans {
            let dated = day != crate::row_keys::UNDATED;
            if dated && days.is_none_or(|(first, last)| day < first || last < day) {
                continue;
            }
            load_day(path, day, &mut counts)?;
        }
        Ok(counts)
    });
    Ok(Known::new(overlapping, load))
}

/// Adds the keys of one day in one file, reading only the row groups that can hold it.
fn load_day(path: &PathBuf, day: i32, counts: &mut KeyCounts) -> Result<(), ImportError> {
    let damaged = |problem: parquet::errors::ParquetError| LedgerError::Damaged {
        table: "row_keys",
        problem: format!("`{}`: {problem}", path.display()),
    };
    let file = File::open(path).map_err(LedgerError::io("open", path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(damaged)?;
    let groups: Vec<usize> = builder
        .metadata()
        .row_groups()
        .iter()
        .enumerate()
        .filter(|(_, group)| {
            use parquet::file::statistics::Statistics;
            match group.column(1).statistics() {
                Some(Statistics::Int32(stats)) => {
                    stats.min_opt().is_none_or(|min| *min <= day)
                        && stats.max_opt().is_none_or(|max| day <= *max)
                }
                _ => true,
            }
        })
        .map(|(at, _)| at)
        .collect();
    let reader = builder.with_row_groups(groups).build().map_err(damaged)?;
    for batch in reader {
        let batch = batch.map_err(|problem| damaged(problem.into()))?;
        let days = batch.column(1).as_primitive::<Int32Type>();
        let keys = batch.column(2).as_binary::<i32>();
        for (found, key) in days.values().iter().zip(keys.iter().flatten()) {
            if *found == day
                && let Ok(key) = Key::try_from(key)
            {
                *counts.entry(key).or_default() += 1;
            }
        }
    }
    Ok(())
}

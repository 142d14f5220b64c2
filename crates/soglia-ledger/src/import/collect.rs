//! What an import has gathered so far: rows on their way to the tables. Read [`Collector`] first.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::PathBuf;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int32Type;
use deltalake::kernel::Add;
use jiff::tz::TimeZone;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use soglia_domain::contract::Contract;
use soglia_domain::facts::{
    Call, Case, Disposition, Message, Outage, OutboundBatch, OutboundRecord, QueueEntry,
};
use soglia_domain::facts::{Fact, RawCaller, Rows};
use soglia_domain::time::Instant;
use soglia_sources::labels::normalised;
use soglia_sources::outcome::{EarlierRows, Rejected};

use super::rules::OtherRules;
use super::{ImportError, Request, next_no};
use crate::objects::hex;
use crate::pseudonym::Pseudonyms;
use crate::row_keys::{Key, Known};
use crate::store::{LedgerError, Locked, file_names};
use crate::tables::{self, DuplicateRun, Provenance, RejectedRow, Stored, Table};
use crate::writer::{GROUP_ROWS, TableWriter};

/// Rejects shown to the user; all of them are in the table.
const REJECTS_SHOWN: usize = 20;

/// The revision of records whose platform does not revise them.
pub const UNREVISED: i64 = -1;

/// What the saved caller of an open call begins with, its pseudonym following.
const SAVED: &str = "pseudonym:";

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
    pub files: BTreeMap<Table, Vec<Add>>,
    pub counts: Counts,
    pub rejects: Rejects,
}

/// Looks up the keys of one day.
type DayLoader = Box<dyn FnMut(i32) -> Result<HashMap<Key, u32>, ImportError>>;

/// Gathers facts, rejects and duplicates, and writes them out whenever a row group is full.
pub struct Collector<'a> {
    contract: &'a Contract,
    service: Option<&'a str>,
    test_callers: BTreeSet<String>,
    others: OtherRules,
    import_no: i64,
    stream: String,
    dir: PathBuf,
    tag: String,
    now_millis: i64,
    pseudonyms: Pseudonyms,
    known: Known<DayLoader>,
    clock: LocalHours,
    writers: BTreeMap<Table, TableWriter>,
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
    revisions: HashMap<(Table, String), i64>,
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
        Ok(Self {
            contract: request.contract,
            service: request.service,
            test_callers: request
                .contract
                .sources
                .test_callers
                .iter()
                .map(|number| normalised(number))
                .collect(),
            others: OtherRules::default(),
            import_no,
            stream: stream.to_owned(),
            dir: store.dir().join("tables"),
            tag: format!("{import_no:06}-{}", sha256.get(..8).unwrap_or_default()),
            now_millis: request.now.as_millis(),
            pseudonyms: store.pseudonyms(),
            known: known_rows(ledger, stream)?,
            clock: LocalHours::new(request.contract.zone.clone()),
            writers: BTreeMap::new(),
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
            revisions: HashMap::new(),
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

    /// Refuses a fact of a mapped table that the stream has from a row read by other rules.
    pub fn check_new(&self, fact: &Fact) -> Result<(), ImportError> {
        self.others.check(fact)
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
            self.duplicate(row, "same_row");
            return Ok(true);
        }
        Ok(false)
    }

    /// Notes that the ledger has a row.
    pub fn remember(&mut self, day: i32, key: Key) -> Result<(), ImportError> {
        self.keys.push((day, key));
        if GROUP_ROWS <= self.keys.len() {
            self.flush_keys()?;
        }
        Ok(())
    }

    /// Counts a row that the ledger already had.
    pub fn duplicate(&mut self, row: u64, reason: &'static str) {
        self.counts.duplicate_rows += 1;
        match self.duplicates.last_mut() {
            Some(run) if run.reason == reason && run.last + 1 == row => run.last = row,
            _ => self.duplicates.push(DuplicateRun { first: row, last: row, reason }),
        }
    }

    /// Counts rows that are not about a contact.
    pub fn ignored(&mut self, n: u64, why: &str) {
        self.counts.ignored_rows += n;
        *self.counts.ignored.entry(why.to_owned()).or_default() += n;
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
        if GROUP_ROWS <= self.rejected.len() {
            self.flush_rejected()?;
        }
        Ok(())
    }

    /// Says which records the stream has brought already, with their revisions.
    pub fn knows(&mut self, revisions: HashMap<(Table, String), i64>) {
        self.revisions = revisions;
    }

    /// Takes in a record of a platform that writes one record per contact: the newest revision
    /// stays, the same or an older one is a duplicate.
    pub fn record(
        &mut self,
        fact: Fact,
        earlier: &[EarlierRows],
        revision: Option<i64>,
    ) -> Result<(), ImportError> {
        let (key, at) = match &fact {
            Fact::Call(call, _) => ((Table::Calls, call.id.clone()), call.arrived),
            Fact::Message(message) => ((Table::Messages, message.id.clone()), message.received),
            _ => return self.fact(fact, earlier, revision),
        };
        self.seen_on(at);
        let new = revision.unwrap_or(UNREVISED);
        if let Some(known) = self.revisions.insert(key.clone(), new) {
            if new <= known {
                self.revisions.insert(key, known);
                let rows = soglia_sources::outcome::rows_of(&fact);
                self.counts.duplicate_rows += u64::from(rows.n);
                self.duplicates.push(DuplicateRun {
                    first: rows.first,
                    last: rows.last,
                    reason: if new == known { "same_record" } else { "older_revision" },
                });
                return Ok(());
            }
            self.superseded.push((key.0, key.1, known));
        }
        self.fact(fact, earlier, Some(new))
    }

    /// Takes in a call that an earlier import told, completed by rows of this one.
    pub fn completed(
        &mut self,
        mut call: Stored<Call>,
        entries: Vec<Stored<QueueEntry>>,
        rows: Rows,
    ) -> Result<(), ImportError> {
        self.counts.fact_rows += u64::from(rows.n);
        self.superseded.push((Table::Calls, call.fact.id.clone(), UNREVISED));
        call.local_hour = self.clock.hour_of(call.fact.arrived);
        call.provenance = self.completing(&call.provenance, rows);
        for mut entry in entries {
            entry.provenance.revision = Some(super::enrich::COMPLETED);
            self.queue_entries.push(entry);
        }
        self.count(Table::Calls);
        self.calls.push(call);
        self.flush_if_full(Table::QueueEntries)?;
        self.flush_if_full(Table::Calls)
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
            revision: Some(super::enrich::COMPLETED),
        }
    }

    /// Counts something worth a look.
    pub fn note(&mut self, code: &str) {
        *self.counts.anomalies.entry(code.to_owned()).or_default() += 1;
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
        service: String,
        provenance: Provenance,
    ) -> Result<(), ImportError> {
        if let Some(caller) = &call.caller
            && self.test_callers.contains(&normalised(caller.expose()))
        {
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
        service: String,
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
        if let Some(known) = caller.expose().strip_prefix(SAVED) {
            return Ok(u128::from_str_radix(known, 16).ok().map(u128::to_be_bytes));
        }
        let on = at.in_zone(&self.contract.zone).date();
        let path = self.dir.join("../keys");
        Ok(self.pseudonyms.replace(&caller, on).map_err(LedgerError::io("read keys in", &path))?)
    }

    /// The caller of a call still open, as it is stored until the call is complete.
    pub fn saved_caller(&mut self, number: &str, at: Instant) -> Result<String, ImportError> {
        if number.starts_with(SAVED) {
            return Ok(number.to_owned());
        }
        let pseudonym = self.pseudonym(RawCaller::new(number), at)?;
        Ok(pseudonym.map_or_else(String::new, |known| format!("{SAVED}{}", hex(&known))))
    }

    /// The fact's own service, its queue's, its number's, or the one given by the user.
    fn service_of(&self, fact: &Fact) -> Option<String> {
        let own = match fact {
            Fact::Call(call, _) => {
                if call.service.is_none() && call.first_queue.is_some() {
                    let queue = call.first_queue.as_deref().unwrap_or_default();
                    let found = self.contract.service_of_queue(queue, call.arrived);
                    // A queue outside the contract is no queue of the service given by the user,
                    // unless the contract maps no queue at all.
                    let mapped = self.contract.services.iter().any(|s| !s.queues.is_empty());
                    let fallback = self.service.filter(|_| !mapped);
                    return found.map(|s| s.code.clone()).or(fallback.map(str::to_owned));
                }
                let number = call.dialled.as_deref();
                let by_number = number.and_then(|number| self.contract.service_of_number(number));
                call.service.clone().or_else(|| by_number.map(|service| service.code.clone()))
            }
            Fact::Message(fact) => fact.service.clone(),
            Fact::Case(fact) => fact.service.clone(),
            Fact::OutboundRecord(fact) => fact.service.clone(),
            Fact::OutboundBatch(fact) => fact.service.clone(),
            Fact::Outage(fact) => fact.service.clone(),
        };
        match own {
            Some(code) => self.contract.service(&code).map(|service| service.code.clone()),
            None => self.service.map(str::to_owned),
        }
    }

    /// A fact of no service: ignored if the contract says so, rejected otherwise.
    fn without_service(&mut self, fact: &Fact, rows: Rows) -> Result<(), ImportError> {
        let (id, queue) = match fact {
            Fact::Call(call, _) => (call.id.as_str(), call.first_queue.as_deref()),
            Fact::Message(message) => (message.id.as_str(), None),
            Fact::Case(case) => (case.id.as_str(), None),
            Fact::OutboundRecord(record) => (record.id.as_str(), None),
            Fact::OutboundBatch(batch) => (batch.id.as_str(), None),
            Fact::Outage(outage) => (outage.id.as_str(), None),
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
        if len < GROUP_ROWS { Ok(()) } else { self.flush(table) }
    }

    fn flush(&mut self, table: Table) -> Result<(), ImportError> {
        use std::cmp::Ordering;
        /// Rows nearly sorted already, as logs are, cost next to nothing.
        fn sorted<F>(
            rows: &mut Vec<Stored<F>>,
            order: impl Fn(&F, &F) -> Ordering,
        ) -> Vec<Stored<F>> {
            let mut rows = std::mem::take(rows);
            rows.sort_by(|a, b| order(&a.fact, &b.fact));
            rows
        }
        let batch = match table {
            Table::Calls => tables::calls(&sorted(&mut self.calls, |a, b| {
                (a.arrived, &a.id).cmp(&(b.arrived, &b.id))
            })),
            Table::QueueEntries => {
                tables::queue_entries(&sorted(&mut self.queue_entries, |a, b| {
                    (a.entered, &a.call, a.ordinal).cmp(&(b.entered, &b.call, b.ordinal))
                }))
            }
            Table::Messages => tables::messages(&sorted(&mut self.messages, |a, b| {
                (a.received, &a.id).cmp(&(b.received, &b.id))
            })),
            Table::Cases => tables::cases(&sorted(&mut self.cases, |a, b| {
                (a.opened, &a.id).cmp(&(b.opened, &b.id))
            })),
            Table::OutboundRecords => {
                tables::outbound_records(&sorted(&mut self.outbound_records, |a, b| {
                    (a.released, &a.id).cmp(&(b.released, &b.id))
                }))
            }
            Table::OutboundBatches => {
                tables::outbound_batches(&sorted(&mut self.outbound_batches, |a, b| {
                    (a.released, &a.id).cmp(&(b.released, &b.id))
                }))
            }
            Table::Outages => tables::outages(&sorted(&mut self.outages, |a, b| {
                (a.from, &a.id).cmp(&(b.from, &b.id))
            })),
            _ => return Ok(()),
        };
        self.write(table, &batch)
    }

    fn flush_rejected(&mut self) -> Result<(), ImportError> {
        let rows = std::mem::take(&mut self.rejected);
        self.write(Table::RejectedRows, &tables::rejected_rows(self.import_no, &rows))
    }

    fn flush_keys(&mut self) -> Result<(), ImportError> {
        let keys = std::mem::take(&mut self.keys);
        let batch = tables::row_keys(&self.stream, &keys);
        self.write(Table::RowKeys, &batch)
    }

    fn write(&mut self, table: Table, batch: &RecordBatch) -> Result<(), ImportError> {
        let dir = self.dir.join(table.name());
        let writer = self.writers.entry(table).or_insert_with(|| {
            TableWriter::new(table, dir.clone(), self.tag.clone(), self.now_millis)
        });
        Ok(writer.write(batch).map_err(LedgerError::io("write", &dir))?)
    }

    /// Writes what is left and hands everything over.
    pub fn finish(mut self) -> Result<Collected, ImportError> {
        for table in Table::FACTS {
            self.flush(table)?;
        }
        self.flush_rejected()?;
        self.flush_keys()?;
        let superseded = std::mem::take(&mut self.superseded);
        self.write(Table::Superseded, &tables::superseded(&superseded))?;
        let runs = std::mem::take(&mut self.duplicates);
        self.write(Table::DuplicateRows, &tables::duplicate_rows(self.import_no, &runs))?;
        let mut files = BTreeMap::new();
        for (table, writer) in self.writers {
            let dir = self.dir.join(table.name());
            files.insert(table, writer.finish().map_err(LedgerError::io("write", &dir))?);
        }
        Ok(Collected { files, counts: self.counts, rejects: self.rejects_shown })
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

/// Civil hours, remembered for the quarter of an hour last asked for.
struct LocalHours {
    zone: TimeZone,
    quarter: i64,
    offset_millis: i64,
}

impl LocalHours {
    fn new(zone: TimeZone) -> Self {
        Self { zone, quarter: i64::MIN, offset_millis: 0 }
    }

    /// Civil hours since 1970-01-01T00:00 local.
    fn hour_of(&mut self, at: Instant) -> i32 {
        let quarter = at.as_millis().div_euclid(900_000);
        if quarter != self.quarter {
            let offset = self.zone.to_offset(at.to_timestamp());
            self.offset_millis = i64::from(offset.seconds()) * 1000;
            self.quarter = quarter;
        }
        i32::try_from((at.as_millis() + self.offset_millis).div_euclid(3_600_000)).unwrap_or(0)
    }
}

/// The rows that earlier imports of the stream took in.
fn known_rows(ledger: &Locked, stream: &str) -> Result<Known<DayLoader>, ImportError> {
    let overlapping = ledger.newest_of(stream).is_some();
    let dir = ledger.ledger().table_dir(Table::RowKeys);
    let names = file_names(ledger.table(Table::RowKeys), Table::RowKeys)?;
    // File names begin with the import's number; its row tells the days it can hold.
    let spans: Vec<(PathBuf, Option<(i32, i32)>)> = names
        .into_iter()
        .filter_map(|name| {
            let number: i64 = name.strip_prefix("part-")?.split('-').next()?.parse().ok()?;
            let row = ledger.rows().iter().find(|row| row.import_no == number)?;
            (row.stream == stream).then(|| (dir.join(&name), row.days))
        })
        .collect();
    let load: DayLoader = Box::new(move |day| {
        let mut counts = HashMap::new();
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
fn load_day(path: &PathBuf, day: i32, counts: &mut HashMap<Key, u32>) -> Result<(), ImportError> {
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

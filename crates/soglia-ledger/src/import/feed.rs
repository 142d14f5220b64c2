//! Feeding an original to the parser of its format. Read [`feed`] first.

use std::io::{self, BufRead};

use soglia_domain::time::Instant;
use soglia_sources::amazon_connect::{AmazonConnect, AmazonConnectConfig, OpenContacts};
use soglia_sources::asterisk_cdr::{self, CdrCall, CdrConfig, CdrItem, CdrParser};
use soglia_sources::json_records::SourceError;
use soglia_sources::outcome::{Emitted, Totals};
use soglia_sources::queue_log::{self, End, OpenState, QueueLogConfig, QueueLogParser};
use soglia_sources::{freeswitch, genesys};

use super::collect::Collector;
use super::deliveries::Deliveries;
use super::lines::{Lines, Row, read_line};
use super::{Format, ImportError, Progress, Request, enrich};
use crate::mapping::{self, MappedOutcome, Mapping};
use crate::objects::Object;
use crate::row_keys::{UNDATED, key_of};
use crate::session::Session;
use crate::store::{LedgerError, Locked};

/// Rows between two signs of progress.
const PROGRESS_ROWS: u64 = 16 * 1024;

/// Lines looked at to tell whether a file is what it is said to be.
const SNIFF_LINES: usize = 40;

/// Calls still open at the end of a file.
#[derive(Default)]
pub struct OpenCalls {
    /// How many.
    pub calls: u64,
    /// Rows of this file that belong to them.
    pub rows: u64,
    /// The parser's state for the next file of the stream.
    pub state: Option<String>,
}

/// Reads an original from its copy and hands what its rows became to the collector.
pub async fn feed<'a>(
    ledger: &Locked,
    request: &Request<'a>,
    stream: &str,
    object: &Object,
    collector: &mut Collector<'a>,
    progress: &mut dyn FnMut(Progress),
) -> Result<OpenCalls, ImportError> {
    let mut run = Run { ledger, request, stream, object, collector, progress, failed: None };
    // Rotation leaves empty files behind: a delivery of nothing, whatever the format. A mapped file
    // has at least a header.
    let mapped = matches!(request.format, Format::Mapped(..));
    if !mapped && run.open_text()?.fill_buf().map_err(run.unreadable())?.is_empty() {
        run.collector.note("empty_file");
    }
    match request.format {
        Format::QueueLog => run.queue_log(),
        Format::AsteriskCdr => run.asterisk_cdr().await,
        Format::FreeSwitch | Format::AmazonConnect | Format::Genesys => run.records(),
        Format::Mapped(mapping, _) => run.mapped(mapping).await,
    }
}

struct Run<'r, 'a> {
    ledger: &'r Locked,
    request: &'r Request<'a>,
    stream: &'r str,
    object: &'r Object,
    collector: &'r mut Collector<'a>,
    progress: &'r mut dyn FnMut(Progress),
    failed: Option<ImportError>,
}

impl Run<'_, '_> {
    fn unreadable(&self) -> impl Fn(io::Error) -> ImportError + use<> {
        let path = self.request.path.to_owned();
        move |source| ImportError::Unreadable { path: path.clone(), source }
    }

    fn open_text(&self) -> Result<Box<dyn BufRead + Send>, ImportError> {
        let objects = self.ledger.ledger().objects();
        objects.open_text(&self.object.sha256).map_err(self.unreadable())
    }

    /// Hands on what a row became; the first failure is kept and ends the import.
    fn take(&mut self, emitted: Emitted) {
        if self.failed.is_some() {
            return;
        }
        let taken = match emitted {
            Emitted::Fact { fact, earlier, revision } => {
                self.collector.fact(fact, &earlier, revision)
            }
            Emitted::Withdrawn { id, revision } => self.collector.withdraw(id, revision),
            Emitted::Duplicate { row, why } => self.collector.duplicate(row, why),
            Emitted::Rejected(rejected) => self.collector.rejected(rejected),
            Emitted::Ignored { n, why, .. } => {
                self.collector.ignored(u64::from(n), why);
                Ok(())
            }
        };
        self.failed = taken.err();
    }

    fn check(&mut self) -> Result<(), ImportError> {
        self.failed.take().map_or(Ok(()), Err)
    }

    fn tick(&mut self, row: u64) {
        if row.is_multiple_of(PROGRESS_ROWS) {
            (self.progress)(Progress::Reading(row));
        }
    }

    fn anomalies(&mut self, totals: &Totals) {
        for (code, n) in &totals.anomalies {
            *self.collector.counts.anomalies.entry((*code).to_owned()).or_default() += n;
        }
    }

    fn queue_log(&mut self) -> Result<OpenCalls, ImportError> {
        let zone = self.request.zone();
        let first_lines = first_lines(&mut self.open_text()?).map_err(self.unreadable())?;
        if !first_lines.is_empty() {
            queue_log::sniff(first_lines.iter().map(Vec::as_slice), &zone).map_err(|problem| {
                ImportError::Unrelated {
                    path: self.request.path.to_owned(),
                    problem: problem.to_string(),
                }
            })?;
        }
        let file = self.collector.import_no().to_string();
        let config = QueueLogConfig::agreed(file, zone.clone(), self.request.contract);
        let mut parser =
            match self.ledger.newest_of(self.stream).and_then(|r| r.open_state.as_deref()) {
                Some(json) => QueueLogParser::resume(config, saved(json)?),
                None => QueueLogParser::new(config),
            };
        let day_of = move |line: &[u8]| bucket_of(queue_log::first_instant(line, &zone));
        let mut lines = Lines::new(self.open_text()?, day_of).map_err(self.unreadable())?;
        let mut row = 0;
        while let Some(Row { line, day, key }) = lines.next().map_err(self.unreadable())? {
            row += 1;
            if !self.collector.is_duplicate(row, day, key)? {
                self.collector.remember(day, key)?;
                parser.push(row, line, &mut |emitted| self.take(emitted));
                self.check()?;
            }
            self.tick(row);
        }
        let end = if self.request.more_follow { End::Continues } else { End::Final };
        let finished = parser.finish(end, &mut |emitted| self.take(emitted));
        self.check()?;
        self.anomalies(&finished.totals);
        let mut open = finished.open;
        let mut failed = None;
        let now = self.request.now;
        let collector = &mut *self.collector;
        open.map_callers(|number| {
            collector.saved_caller(number, now).unwrap_or_else(|error| {
                failed = Some(error);
                String::new()
            })
        });
        if let Some(error) = failed {
            return Err(error);
        }
        Ok(OpenCalls {
            calls: open.n_calls() as u64,
            rows: finished.totals.pending_rows,
            state: Some(open.to_json()),
        })
    }

    /// Formats that write one record per contact.
    fn records(&mut self) -> Result<OpenCalls, ImportError> {
        let input = self.open_text()?;
        let file = self.collector.import_no().to_string();
        let mut open = OpenCalls::default();
        let totals = {
            let format = self.request.format;
            let contract = self.request.contract;
            let saved = self.ledger.newest_of(self.stream).and_then(|row| row.open_state.clone());
            let mut out = |emitted| self.take_record(emitted);
            match format {
                Format::FreeSwitch => freeswitch::read(
                    input,
                    &freeswitch::FreeSwitchConfig::agreed(contract),
                    &mut out,
                ),
                Format::Genesys => {
                    genesys::read(input, &genesys::GenesysConfig::agreed(contract), &mut out)
                }
                _ => {
                    let config = AmazonConnectConfig::agreed(contract);
                    let mut parser = match saved {
                        Some(json) => AmazonConnect::resume(config, saved_contacts(&json)?),
                        None => AmazonConnect::new(config),
                    };
                    let totals = parser.read(&file, input, &mut out);
                    let mut failed = None;
                    let kept = parser.open(|number, at| {
                        self.collector.saved_caller(number, at).unwrap_or_else(|error| {
                            failed = Some(error);
                            String::new()
                        })
                    });
                    if let Some(error) = failed {
                        return Err(error);
                    }
                    open.state = serde_json::to_string(&kept).ok();
                    totals
                }
            }
        }
        .map_err(|problem| self.source_error(problem))?;
        self.check()?;
        self.anomalies(&totals);
        self.collector.counts.rows += totals.rows;
        open.rows = totals.pending_rows;
        open.calls = totals.open_calls;
        Ok(open)
    }

    fn take_record(&mut self, emitted: Emitted) {
        match emitted {
            Emitted::Fact { fact, earlier, revision } if self.failed.is_none() => {
                self.failed = self.collector.record(fact, earlier, revision).err();
            }
            other => self.take(other),
        }
    }

    fn source_error(&self, problem: SourceError) -> ImportError {
        match problem {
            SourceError::NotThisFormat(problem) => ImportError::Unrelated {
                path: self.request.path.to_owned(),
                problem: problem.to_string(),
            },
            SourceError::Read(source) => self.unreadable()(source),
        }
    }

    /// Call detail records: calls that never met a queue, and what the queue log lacks of those
    /// that did; how they fared in the queue only the queue log knows.
    async fn asterisk_cdr(&mut self) -> Result<OpenCalls, ImportError> {
        let session = Session::open(self.ledger.ledger(), None).await?;
        let zone = self.request.zone();
        let mut parser = CdrParser::new(CdrConfig::agreed(zone.clone(), self.request.contract));
        let mut queued = Vec::new();
        let day_of = move |line: &[u8]| bucket_of(asterisk_cdr::first_instant(line, &zone));
        let mut lines = Lines::new(self.open_text()?, day_of).map_err(self.unreadable())?;
        let mut row = 0;
        while let Some(Row { line, day, key }) = lines.next().map_err(self.unreadable())? {
            row += 1;
            if !self.collector.is_duplicate(row, day, key)? {
                self.collector.remember(day, key)?;
                parser
                    .push(row, line, &mut |item| self.take_cdr(item, &mut queued))
                    .map_err(|problem| self.source_error(SourceError::NotThisFormat(problem)))?;
                self.check()?;
            }
            if enrich::CHUNK <= queued.len() {
                enrich::enrich(&session, std::mem::take(&mut queued), self.collector).await?;
            }
            self.tick(row);
        }
        parser.finish(&mut |item| self.take_cdr(item, &mut queued));
        self.check()?;
        enrich::enrich(&session, queued, self.collector).await?;
        Ok(OpenCalls::default())
    }

    fn take_cdr(&mut self, item: CdrItem, queued: &mut Vec<CdrCall>) {
        let call = match item {
            CdrItem::Call(call) => call,
            CdrItem::Rejected(rejected) => return self.take(Emitted::Rejected(rejected)),
            CdrItem::Ignored { row, why } => return self.take(Emitted::Ignored { row, n: 1, why }),
        };
        self.collector.seen_on(call.arrived);
        if call.queue.is_some() {
            queued.push(call);
        } else {
            self.take(call.into_emitted());
        }
    }

    async fn mapped(&mut self, mapping: &Mapping) -> Result<OpenCalls, ImportError> {
        let folder = tempfile::tempdir_in(self.ledger.ledger().dir().join("objects"))
            .map_err(self.unreadable())?;
        let name = self.request.path.file_name().unwrap_or_default();
        let path = folder.path().join(name);
        let objects = self.ledger.ledger().objects();
        objects.extract(&self.object.sha256, &path).map_err(self.unreadable())?;
        let zone = self.request.zone();
        self.collector.follows(Deliveries::new(self.ledger, mapping.table(), self.stream)?);
        let mut failed = None;
        let known_as = self.request.path;
        let read = mapping::read(mapping, &path, &zone, &mut |row| {
            self.mapped_row(row).map_err(|error| {
                failed = Some(error);
                mapping::MappingError::stop("the ledger refused a row")
            })
        })
        .await;
        if let Some(error) = failed {
            return Err(error);
        }
        read.map_err(|error| error.of_file(known_as))?;
        Ok(OpenCalls::default())
    }

    fn mapped_row(&mut self, mapped: mapping::MappedRow) -> Result<(), ImportError> {
        let mapping::MappedRow { row, raw, day, outcome, repaired } = mapped;
        self.tick(row);
        let (bucket, key) = (day.unwrap_or(UNDATED), key_of(raw.as_bytes()));
        if self.collector.is_duplicate(row, bucket, key)? {
            return Ok(());
        }
        // A rejected row is read again when it comes again: the mapping may have been corrected.
        if !matches!(outcome, MappedOutcome::Rejected { .. }) {
            self.collector.remember(bucket, key)?;
        }
        if let Some(rule) = repaired {
            *self.collector.counts.anomalies.entry(format!("repaired:{rule}")).or_default() += 1;
        }
        match outcome {
            MappedOutcome::Fact(fact) => self.collector.delivered(fact),
            MappedOutcome::Ignored { reason } => {
                self.collector.ignored(1, &reason);
                Ok(())
            }
            MappedOutcome::Rejected { code, detail } => {
                let text = soglia_sources::outcome::clean(raw.as_bytes());
                let code = code.to_string();
                self.collector.reject_rows(crate::tables::RejectedRow {
                    row,
                    rows: 1,
                    code,
                    detail,
                    text,
                })
            }
        }
    }
}

fn saved_contacts(json: &str) -> Result<OpenContacts, ImportError> {
    serde_json::from_str(json).map_err(|problem| {
        let problem = format!("the open contacts of the previous file: {problem}");
        LedgerError::Damaged { table: "imports", problem }.into()
    })
}

fn saved(json: &str) -> Result<OpenState, ImportError> {
    OpenState::from_json(json).map_err(|problem| {
        let problem = format!("the open calls of the previous file: {problem}");
        LedgerError::Damaged { table: "imports", problem }.into()
    })
}

/// A row's bucket in the index of known rows: days since 1970-01-01 UTC.
fn bucket_of(at: Option<Instant>) -> i32 {
    let day = at.and_then(|at| i32::try_from(at.as_millis().div_euclid(86_400_000)).ok());
    day.unwrap_or(UNDATED)
}

/// As many lines as tell what a file is.
fn first_lines(text: &mut impl BufRead) -> io::Result<Vec<Vec<u8>>> {
    let mut lines = Vec::new();
    while lines.len() < SNIFF_LINES {
        let mut line = Vec::new();
        if !read_line(text, &mut line)? {
            break;
        }
        lines.push(line);
    }
    Ok(lines)
}

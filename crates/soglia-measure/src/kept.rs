//! Counts of whole files, kept beside the ledger: a file of calls never changes, so it is counted
//! once. Read [`Kept`] first.
//!
//! A kept count is derived state. It says by its digest which calendars, exclusions and columns it
//! was made with, and by its checksum that it is whole; one that does not fit is made again, and
//! losing all of them changes no figure.

mod file;
mod together;

use std::path::Path;

use jiff::civil::Date;
use sha2::{Digest, Sha256};
use soglia_domain::contract::Contract;
use soglia_domain::period::{Period, start_of_day};
use soglia_ledger::beside::Beside;
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;
use soglia_ledger::tables::Table;

use self::file::Made;
use self::together::halves;
use crate::MeasureError;
use crate::bytes::{Reader, put, put_text};
use crate::plan::{CallsPass, Clocks, Look, Part, columns};
use crate::tally::{Dimension, Spec, Tally};

/// Raised whenever a pass counts calls otherwise than before, or writes its counts otherwise.
const COUNTING: u32 = 1;

/// Counts of more bytes than these, and these for each row, are read no faster than the rows: a
/// platform that records milliseconds has hardly two durations alike.
const SMALL: u64 = 4096;
const BYTES_A_ROW: u64 = 8;

/// All days that a period can name.
const EVER: &str = "1900-01-01..2199-12-31";

/// A folder of kept counts.
#[derive(Clone, Debug)]
pub struct Kept {
    beside: Beside,
}

impl Kept {
    /// The counts that are kept beside a ledger.
    pub fn beside(ledger: &Ledger) -> Self {
        Self { beside: Beside::new(ledger, "tallies") }
    }

    /// The calls of a period by day, from the counts of whole files; files that were not counted
    /// yet are, and their counts kept if the folder can be written.
    ///
    /// Of legs, and where newer revisions replaced calls, no file stands alone: all are counted
    /// together, by half-year.
    ///
    /// `None` where whole days do not make the period: calls that count when they end, days of
    /// another zone.
    pub async fn days(
        &self,
        session: &Session,
        (contract, period): (&Contract, &Period),
        pass: &CallsPass,
    ) -> Result<Option<Tally>, MeasureError> {
        if !pass.days_are_whole() {
            return Ok(None);
        }
        if let Some(tables) = pass.mixes(session) {
            let files = tables.iter().flat_map(|table| session.files_of(*table));
            let files = files.map(|file| name_of(file)).collect();
            let counting = Counting { contract, pass, files };
            return self.together(session, &counting, period).await;
        }
        let counting = Counting { contract, pass, files: Vec::new() };
        let parts = session.ctx.state().config().target_partitions();
        let mut days = Tally::default();
        for file in session.files_of(Table::Calls) {
            let name = pass.kept_name(&name_of(file));
            let kept = self.beside.read(&name);
            let kept = kept.and_then(|bytes| counting.read(&bytes, period));
            let counted = match kept {
                Some(counted) => counted,
                None => match counting.make(file, period, parts).await? {
                    Made::Elsewhere => continue,
                    Made::Doubtful => return Ok(None),
                    Made::Counted(counted) => {
                        // A folder that cannot be written costs time, not truth.
                        let _ = self.beside.write(&name, &counted.to_bytes());
                        counted
                    }
                },
            };
            let Some(mut tally) = counted.tally else { return Ok(None) };
            tally.retain_days(period.first_date(), period.until_date());
            days.merge(tally);
        }
        Ok(Some(days))
    }

    /// The calls of a period by day, from the counts of all files together.
    async fn together(
        &self,
        session: &Session,
        counting: &Counting<'_>,
        period: &Period,
    ) -> Result<Option<Tally>, MeasureError> {
        let Some(halves) = halves(period, counting) else { return Ok(None) };
        let mut days = Tally::default();
        for half in halves {
            let name = counting.pass.kept_half(&half);
            let kept = self.beside.read(&name);
            let kept = kept.and_then(|bytes| counting.read(&bytes, period));
            let counted = if let Some(counted) = kept {
                counted
            } else {
                let counted = counting.make_together(session, &half).await?;
                let _ = self.beside.write(&name, &counted.to_bytes());
                counted
            };
            let Some(mut tally) = counted.tally else { return Ok(None) };
            tally.retain_days(period.first_date(), period.until_date());
            days.merge(tally);
        }
        Ok(Some(days))
    }

    /// Counts the files of calls that nobody has counted, so that whoever measures next need not.
    ///
    /// Counts that are there are left alone: if they fit no longer, whoever measures finds out.
    /// Counts of all files together are made by whoever measures: each import makes them void.
    pub async fn fill(&self, session: &Session, contract: &Contract) -> Result<(), MeasureError> {
        let Ok(ever) = Period::parse(EVER, &contract.zone) else { return Ok(()) };
        if session.revised.contains(&Table::Calls) {
            return Ok(());
        }
        let counting = Counting { contract, pass: &CallsPass::ordinary(), files: Vec::new() };
        let parts = session.ctx.state().config().target_partitions();
        for file in session.files_of(Table::Calls) {
            let name = counting.pass.kept_name(&name_of(file));
            if self.beside.has(&name) {
                continue;
            }
            if let Made::Counted(counted) = counting.make(file, &ever, parts).await? {
                self.beside.write(&name, &counted.to_bytes())?;
            }
        }
        Ok(())
    }
}

impl CallsPass {
    /// The name of the counts of a file; those of call-backs in time stand beside the others.
    fn kept_name(&self, file: &str) -> String {
        self.callback_limit
            .map_or_else(|| format!("{file}.tally"), |limit| format!("{file}-{limit}.tally"))
    }
}

/// The name of a file of calls.
fn name_of(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// What files are counted by.
struct Counting<'a> {
    contract: &'a Contract,
    pass: &'a CallsPass,
    /// The files that are counted together; none where each is by itself.
    files: Vec<String>,
}

/// The counts of one file, or of all together.
struct Counted {
    first: Date,
    until: Date,
    digest: Vec<u8>,
    /// Rows of the files.
    rows: u64,
    /// None if reading the counts takes longer than counting, or days are not the contract's.
    tally: Option<Tally>,
}

impl Counting<'_> {
    /// Reads kept counts; none if they are damaged or made with anything else.
    fn read(&self, bytes: &[u8], period: &Period) -> Option<Counted> {
        let (checksum, body) = bytes.split_at_checked(32)?;
        if Sha256::digest(body).as_slice() != checksum {
            return None;
        }
        let mut reader = Reader::new(body);
        let mut date = || reader.text().ok()?.parse::<Date>().ok();
        let (first, until) = (date()?, date()?);
        let digest = self.digest(&self.spec(&stretch(first, until, self.contract)?, Part::All));
        if reader.bytes(digest.len()).ok()? != digest {
            return None;
        }
        let (rows, apart) =
            (reader.number().ok()?, until <= period.first_date() || period.until_date() <= first);
        let tally = match reader.number().ok()? {
            0 => None,
            _ if apart => Some(Tally::default()),
            _ => Some(Tally::read(reader).ok()?),
        };
        Some(Counted { first, until, digest, rows, tally })
    }

    /// What to count a part of the calls of a stretch of days with.
    fn spec(&self, stretch: &Period, part: Part) -> Spec {
        Spec {
            columns: columns(self.contract, (Look::Days, Clocks::All), part),
            ..self.pass.spec(self.contract, stretch, Dimension::Day)
        }
    }

    /// What counts were made with, the program's way of counting included.
    fn digest(&self, spec: &Spec) -> Vec<u8> {
        let json = serde_json::to_vec(spec).expect("a specification is plain data");
        let mut head = Vec::new();
        put(&mut head, u64::from(COUNTING));
        for file in &self.files {
            put_text(&mut head, file);
        }
        let mut hasher = Sha256::new();
        hasher.update(&head);
        hasher.update(&json);
        hasher.finalize().to_vec()
    }
}

impl Counted {
    /// The counts as they are kept.
    fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        put_text(&mut body, &self.first.to_string());
        put_text(&mut body, &self.until.to_string());
        body.extend_from_slice(&self.digest);
        put(&mut body, self.rows);
        let counts = self.tally.as_ref().map(Tally::to_bytes);
        match counts.filter(|counts| counts.len() as u64 <= SMALL + self.rows * BYTES_A_ROW) {
            Some(counts) => {
                put(&mut body, 1);
                body.extend_from_slice(&counts);
            }
            None => put(&mut body, 0),
        }
        let mut bytes = Sha256::digest(&body).to_vec();
        bytes.append(&mut body);
        bytes
    }
}

fn stretch(first: Date, until: Date, contract: &Contract) -> Option<Period> {
    Period::parse(&format!("{first}..{until}"), &contract.zone).ok()
}

/// When each local day begins, from the first day of a stretch to the one after its last; by its
/// number since 1970-01-01.
#[derive(Clone)]
struct Days {
    first: i64,
    starts: Vec<i64>,
}

impl Days {
    fn of(stretch: &Period, contract: &Contract) -> Self {
        let (first, until) = (stretch.first_date(), stretch.until_date());
        let dates = std::iter::successors(Some(first), |date| date.tomorrow().ok());
        let dates = dates.take_while(|date| *date <= until);
        let starts = dates.map(|date| start_of_day(date, &contract.zone).as_millis()).collect();
        let epoch = jiff::civil::date(1970, 1, 1);
        Self { first: i64::from((first - epoch).get_days()), starts }
    }

    /// Whether an instant lies in a local day.
    #[inline]
    fn has(&self, day: i64, at: i64) -> bool {
        let Ok(day) = usize::try_from(day - self.first) else { return false };
        let start = self.starts.get(day).copied().unwrap_or(i64::MAX);
        let end = self.starts.get(day + 1).copied().unwrap_or(i64::MIN);
        start <= at && at < end
    }
}

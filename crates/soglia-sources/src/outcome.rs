//! What the rows of a source became, shared by all formats. Read [`Emitted`] first.
//!
//! For each file `rows = fact rows + pending rows + duplicates + rejected + ignored`
//! ([`Totals::balance`]); rows that an earlier file already held never reach a parser and are
//! counted by the ledger, so a parser's own duplicates are only revisions inside one file.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use soglia_domain::facts::{Fact, Rows};

/// What one or more rows of a source became.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(clippy::large_enum_variant, reason = "almost everything emitted is a fact")]
pub enum Emitted {
    /// A complete fact; its `rows` are those of the file being read.
    Fact {
        /// The fact.
        fact: Fact,
        /// Rows of the same fact in earlier files, oldest first; empty for most.
        earlier: Vec<EarlierRows>,
        /// For platforms that deliver one contact again with new information: when this version
        /// of it was written (ms since the epoch). The ledger keeps the highest for one fact
        /// identifier, across files too. `None` where the platform never revises. Negative for a
        /// call told at the end of a file that may yet go on in the next
        /// ([`Emitted::Withdrawn`]).
        revision: Option<i64>,
    },
    /// A call that an earlier file told before its end, and that goes on in this one: what was told
    /// of it no longer holds. It is told again when it ends.
    Withdrawn {
        /// Its identifier.
        id: String,
        /// The revision under which it was told.
        revision: i64,
    },
    /// A row that says again, or says an older version of, what another row of the file says.
    Duplicate {
        /// The row, 1-based.
        row: u64,
        /// Why: a stable code such as `superseded_revision`.
        why: &'static str,
    },
    /// A row that could not be read, or whose meaning cannot be told.
    Rejected(Rejected),
    /// Rows that are not about a contact (a pause, a configuration reload, an empty line).
    Ignored {
        /// The first of them, 1-based.
        row: u64,
        /// How many.
        n: u32,
        /// Why: a stable code such as `member_event`.
        why: &'static str,
    },
}

/// Rows of a fact that stand in a file read before the one that completed it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EarlierRows {
    /// The file's identifier, as the ledger gave it to the parser.
    pub file: String,
    /// First row, 1-based.
    pub first: u64,
    /// Last row; rows of other facts may stand between.
    pub last: u64,
    /// How many rows belong to the fact.
    pub n: u32,
}

impl EarlierRows {
    /// The rows without the file.
    pub const fn rows(&self) -> Rows {
        Rows { first: self.first, last: self.last, n: self.n }
    }
}

/// A row that became nothing, kept with its text so that somebody can put it right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejected {
    /// The row, 1-based.
    pub row: u64,
    /// Its text: made valid UTF-8, cut to [`TEXT_MAX`] bytes, callers' numbers replaced by `…`.
    pub text: String,
    /// Why.
    pub reason: RejectReason,
}

impl Rejected {
    /// Makes a reject from raw bytes that hold no caller's number (the parser masks those first).
    pub fn new(row: u64, text: &[u8], code: &'static str, detail: impl Into<String>) -> Self {
        Self { row, text: clean(text), reason: RejectReason { code, detail: detail.into() } }
    }
}

/// Why a row was rejected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RejectReason {
    /// A stable code in snake case such as `bad_instant`; counts are kept by it.
    pub code: &'static str,
    /// The value at fault and what was expected, in a fragment without full stop; may be empty.
    pub detail: String,
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

/// Bytes of a rejected row that are kept.
pub const TEXT_MAX: usize = 2000;

/// Valid UTF-8 of at most [`TEXT_MAX`] bytes, without the line end.
pub fn clean(text: &[u8]) -> String {
    let end = text.iter().rposition(|b| !matches!(b, b'\r' | b'\n')).map_or(0, |at| at + 1);
    let kept = text.get(..end.min(TEXT_MAX)).unwrap_or(text);
    let mut lossy = String::from_utf8_lossy(kept).into_owned();
    while TEXT_MAX < lossy.len() {
        lossy.pop();
    }
    lossy
}

/// What a file amounted to. Counts only; a parser fills one while it emits.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Totals {
    /// Rows the parser was given.
    pub rows: u64,
    /// Rows of this file in the facts emitted.
    pub fact_rows: u64,
    /// Rows of this file that belong to calls still open at its end.
    pub pending_rows: u64,
    /// Rows superseded by another row of this file.
    pub duplicate_rows: u64,
    /// Rows rejected.
    pub rejected_rows: u64,
    /// Rows ignored because they are not about a contact.
    pub ignored_rows: u64,
    /// Facts emitted, calls included.
    pub n_facts: u64,
    /// Calls emitted.
    pub n_calls: u64,
    /// Entries into queues emitted.
    pub n_queue_entries: u64,
    /// Calls still open at the end of the file.
    pub open_calls: u64,
    /// Things worth a look that changed nothing: code → how often.
    pub anomalies: BTreeMap<&'static str, u64>,
}

impl Totals {
    /// Checks that every row went somewhere exactly once.
    pub const fn balance(&self) -> bool {
        self.rows
            == self.fact_rows
                + self.pending_rows
                + self.duplicate_rows
                + self.rejected_rows
                + self.ignored_rows
    }

    /// Counts something emitted. `rows` is not touched: the parser counts what it is given.
    pub fn count(&mut self, emitted: &Emitted) {
        match emitted {
            Emitted::Fact { fact, .. } => {
                self.n_facts += 1;
                self.fact_rows += u64::from(rows_of(fact).n);
                if let Fact::Call(_, entries) = fact {
                    self.n_calls += 1;
                    self.n_queue_entries += entries.len() as u64;
                }
            }
            Emitted::Duplicate { .. } => self.duplicate_rows += 1,
            Emitted::Rejected(_) => self.rejected_rows += 1,
            Emitted::Ignored { n, .. } => self.ignored_rows += u64::from(*n),
            Emitted::Withdrawn { .. } => {}
        }
    }

    /// Counts an anomaly.
    pub fn note(&mut self, code: &'static str) {
        *self.anomalies.entry(code).or_default() += 1;
    }
}

/// The rows a fact was read from, in the file that completed it.
pub const fn rows_of(fact: &Fact) -> Rows {
    match fact {
        Fact::Call(call, _) => call.rows,
        Fact::Message(message) => message.rows,
        Fact::Case(case) => case.rows,
        Fact::OutboundRecord(record) => record.rows,
        Fact::OutboundBatch(batch) => batch.rows,
        Fact::Outage(outage) => outage.rows,
    }
}

/// A file that is not what it was said to be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a {format}: row {row} {problem}")]
pub struct NotThisFormat {
    /// The format's name.
    pub format: &'static str,
    /// The first row that could not belong to it, 1-based.
    pub row: u64,
    /// What is wrong with it.
    pub problem: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_rejects_is_cut_and_made_readable() {
        assert_eq!(clean(b"a|b\r\n"), "a|b");
        assert_eq!(clean(b"caf\xe9"), "caf\u{fffd}");
        assert!(clean(&[0xff; 3 * TEXT_MAX]).len() <= TEXT_MAX);
        assert_eq!(clean(b"\n"), "");
    }
}

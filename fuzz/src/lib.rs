//! The laws that every parser must keep, whatever the bytes. Read [`Audit`] first.
//!
//! A fuzz target feeds bytes and ends with these; a panic in here is a finding as much as one in a
//! parser.

use std::io::{BufRead, BufReader};

use soglia_domain::facts::{Call, Fact, QueueEntry, Rows};
use soglia_domain::time::Millis;
use soglia_sources::outcome::{EarlierRows, Emitted, TEXT_MAX, Totals, rows_of};

/// What came out of one file, counted a second time.
#[derive(Default)]
pub struct Audit {
    again: Totals,
    /// What was emitted, each fact without the rows it was read from.
    pub bare: Vec<String>,
}

impl Audit {
    /// Takes what a parser emits.
    pub fn take(&mut self, one: &Emitted) {
        self.again.count(one);
        match one {
            Emitted::Fact { fact, earlier, .. } => {
                let rows = rows_of(fact);
                assert!(0 < rows.n || !earlier.is_empty(), "a fact has rows: {fact:?}");
                assert!(rows.first <= rows.last, "{rows:?}");
                if let Fact::Call(call, entries) = fact {
                    call_holds_together(call, entries);
                }
            }
            Emitted::Rejected(rejected) => {
                assert!(rejected.text.len() <= TEXT_MAX, "rejects keep little text");
                let code = rejected.reason.code;
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
                assert!(!code.is_empty() && code.bytes().all(plain), "a stable code: {code}");
            }
            Emitted::Withdrawn { revision, .. } => assert!(*revision < -1),
            Emitted::Duplicate { row, .. } | Emitted::Ignored { row, .. } => assert!(0 < *row),
        }
        self.bare.push(bare(one));
    }

    /// Compares with what the parser says of the file.
    pub fn agrees_with(&self, totals: &Totals) {
        assert!(totals.balance(), "rows must balance: {totals:?}");
        let pairs = [
            (self.again.fact_rows, totals.fact_rows),
            (self.again.duplicate_rows, totals.duplicate_rows),
            (self.again.rejected_rows, totals.rejected_rows),
            (self.again.ignored_rows, totals.ignored_rows),
            (self.again.n_facts, totals.n_facts),
            (self.again.n_calls, totals.n_calls),
            (self.again.n_queue_entries, totals.n_queue_entries),
        ];
        assert!(pairs.iter().all(|(emitted, said)| emitted == said), "{pairs:?} {totals:?}");
    }
}

fn call_holds_together(call: &Call, entries: &[QueueEntry]) {
    for span in [call.wait, call.talk, call.hold, call.wrap].into_iter().flatten() {
        assert!(Millis::ZERO <= span, "{call:?}");
    }
    // A call that a queue turned away at its door has a first queue and no entry.
    let named = call.first_queue.is_some() && call.queued.is_some();
    assert!(entries.is_empty() || named, "{call:?}");
    for entry in entries {
        assert!(entry.entered <= entry.left, "{entry:?}");
        assert_eq!(entry.left - entry.entered, entry.wait, "{entry:?}");
    }
}

/// A fact without its rows but with their number; another outcome by its kind. Numbers of rows
/// start again in every file, so what a cut must not change is told without them.
fn bare(one: &Emitted) -> String {
    match one {
        Emitted::Fact { fact: Fact::Call(call, entries), earlier, revision } => {
            let n = call.rows.n + earlier.iter().map(|EarlierRows { n, .. }| n).sum::<u32>();
            let call = Call { rows: Rows::default(), ..call.clone() };
            let mut entries = entries.clone();
            entries.iter_mut().for_each(|entry| entry.rows = Rows::default());
            format!("{call:?} {entries:?} {n} rows, revision {revision:?}")
        }
        Emitted::Fact { fact, .. } => format!("{fact:?}"),
        Emitted::Withdrawn { id, .. } => format!("withdrawn {id}"),
        Emitted::Duplicate { why, .. } | Emitted::Ignored { why, .. } => (*why).to_owned(),
        Emitted::Rejected(rejected) => format!("{} {}", rejected.reason, rejected.text),
    }
}

/// Reads bytes as a stream that comes in pieces of at most `size` bytes.
pub fn in_pieces(bytes: &[u8], size: u8) -> impl BufRead {
    BufReader::with_capacity(usize::from(size).max(1), bytes)
}

/// Takes the last byte off, which decides where or how the rest is cut. The last, so that a file
/// can be a seed as it is.
pub fn with_choice(bytes: &[u8]) -> Option<(u8, &[u8])> {
    bytes.split_last().map(|(choice, rest)| (*choice, rest))
}

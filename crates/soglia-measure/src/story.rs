//! One call's whole story, down to the rows of the file. Read [`story`] first.

use soglia_domain::time::Instant;
use soglia_ledger::session::Session;
use soglia_ledger::shown::Wanted;
use soglia_ledger::store::{ImportRow, Ledger};

use crate::MeasureError;
use crate::rows::{Columns, stream, text};

/// A call, as the ledger has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    /// Names and values, in the order of the table's columns; instants as text.
    pub fields: Vec<(String, String)>,
    /// Its queue entries, each as names and values.
    pub queue_entries: Vec<Vec<(String, String)>>,
    /// Cases it opened.
    pub cases: Vec<Vec<(String, String)>>,
    /// The rows it was read from, then those of its cases.
    pub raw: Vec<RawRow>,
}

/// A row of a source file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawRow {
    /// The file's name.
    pub file: String,
    /// The file's SHA-256.
    pub sha256: String,
    /// The row, 1-based.
    pub row: u64,
    /// Its text, numbers and names of people replaced by `…`.
    pub text: String,
}

/// Rows of one file that a fact was read from.
struct Source<'a> {
    import: &'a ImportRow,
    first: u64,
    last: u64,
}

/// Tells a call's story; nothing if the ledger has no such call.
pub async fn story(
    ledger: &Ledger,
    session: &Session,
    id: &str,
) -> Result<Vec<Story>, MeasureError> {
    let quoted = crate::plan::quoted(id);
    let calls =
        records(session, &format!("SELECT * FROM calls WHERE call_id = '{quoted}'")).await?;
    let entries =
        format!("SELECT * FROM queue_entries WHERE call_id = '{quoted}' ORDER BY ordinal");
    let cases = format!("SELECT * FROM cases WHERE opened_by = '{quoted}' ORDER BY opened");
    let mut stories = Vec::new();
    for fields in calls {
        let cases = records(session, &cases).await?;
        let mut raw = raw_rows(ledger, session, &fields, id).await?;
        for case in &cases {
            raw.extend(raw_rows(ledger, session, case, id).await?);
        }
        let queue_entries = records(session, &entries).await?;
        stories.push(Story { fields, queue_entries, cases, raw });
    }
    Ok(stories)
}

/// Rows of a query as names and values, empty values left out.
async fn records(session: &Session, sql: &str) -> Result<Vec<Vec<(String, String)>>, MeasureError> {
    let mut found = Vec::new();
    stream(session, sql, |batch| {
        let columns = Columns(batch);
        let names: Vec<String> =
            batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        for row in 0..batch.num_rows() {
            let mut fields = Vec::new();
            for name in &names {
                let value = if let Ok(instants) = columns.instants(name) {
                    instants.at(row).map(|at: Instant| at.to_string())
                } else if name == "caller" {
                    None
                } else {
                    text(&columns.texts(name)?, row)
                };
                if let Some(value) = value {
                    fields.push((name.clone(), value));
                }
            }
            found.push(fields);
        }
        Ok(())
    })
    .await?;
    Ok(found)
}

async fn raw_rows(
    ledger: &Ledger,
    session: &Session,
    fields: &[(String, String)],
    id: &str,
) -> Result<Vec<RawRow>, MeasureError> {
    let field =
        |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let number = |name: &str| field(name).and_then(|value| value.parse::<u64>().ok());
    let import = |no: i64| session.imports.iter().find(|row| row.import_no == no);
    let mut sources = earlier(field("earlier_rows").unwrap_or_default(), &import);
    if let (Some(no), Some(first), Some(last)) =
        (number("import_no"), number("row_first"), number("row_last"))
        && let Some(import) = i64::try_from(no).ok().and_then(import)
    {
        sources.push(Source { import, first, last });
    }
    let mut rows = Vec::new();
    for source in sources {
        rows.extend(read_rows(ledger, &source, id).await?);
    }
    Ok(rows)
}

/// Reads `3:17-19/2`, as the import wrote it.
fn earlier<'a>(text: &str, import: &impl Fn(i64) -> Option<&'a ImportRow>) -> Vec<Source<'a>> {
    text.split(' ')
        .filter_map(|part| {
            let (no, rows) = part.split_once(':')?;
            let (span, _) = rows.split_once('/')?;
            let (first, last) = span.split_once('-')?;
            let import = import(no.parse().ok()?)?;
            Some(Source { import, first: first.parse().ok()?, last: last.parse().ok()? })
        })
        .collect()
}

/// Reads the rows between two that name the call; a table's row is its own.
async fn read_rows(
    ledger: &Ledger,
    source: &Source<'_>,
    id: &str,
) -> Result<Vec<RawRow>, MeasureError> {
    let Source { import, first, last } = *source;
    let wanted = Wanted { last, chosen: &|row| first <= row };
    let found = soglia_ledger::shown::rows(ledger, import, wanted).await?;
    // Between the rows of a call stand those of others.
    let apart = first < last;
    let own = found.into_iter().filter(|(_, text)| !apart || text.contains(id));
    let made = own.map(|(row, text)| RawRow {
        file: import.file.clone(),
        sha256: import.sha256.clone(),
        row,
        text,
    });
    Ok(made.collect())
}

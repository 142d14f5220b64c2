//! One call's whole story, down to the rows of the file. Read [`story`] first.

use std::io::BufRead;

use soglia_domain::time::Instant;
use soglia_ledger::session::Session;
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
    /// The rows it was read from.
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
    /// Its text, callers' numbers replaced by `…`.
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
        let raw = raw_rows(ledger, session, &fields, id)?;
        stories.push(Story {
            fields,
            queue_entries: records(session, &entries).await?,
            cases: records(session, &cases).await?,
            raw,
        });
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

fn raw_rows(
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
        rows.extend(read_rows(ledger, &source, id)?);
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
fn read_rows(ledger: &Ledger, source: &Source<'_>, id: &str) -> Result<Vec<RawRow>, MeasureError> {
    let sha256 = &source.import.sha256;
    let unreadable = |cause: std::io::Error| soglia_ledger::store::LedgerError::Io {
        what: "read",
        path: ledger.objects().path(sha256),
        source: cause,
    };
    let one = source.first == source.last;
    let mut text = ledger.objects().open_text(sha256).map_err(unreadable)?;
    let mut rows = Vec::new();
    let mut line = Vec::new();
    for row in 1..=source.last {
        line.clear();
        if text.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        let printed = String::from_utf8_lossy(&line).trim_end().to_owned();
        let names_it = source.import.format != "queue-log" || printed.contains(id);
        if source.first <= row && (one || names_it) {
            rows.push(RawRow {
                file: source.import.file.clone(),
                sha256: sha256.clone(),
                row,
                text: masked(&printed, id),
            });
        }
    }
    Ok(rows)
}

/// A row with everything that looks like a telephone number replaced, and the operator's name in
/// the lines of a queue log.
pub fn masked(line: &str, id: &str) -> String {
    let separator = ['|', ';', ',', '\t'].into_iter().find(|c| line.contains(*c)).unwrap_or('|');
    let fields: Vec<&str> = line
        .split(separator)
        .enumerate()
        .map(|(at, field)| {
            let digits = field.trim_matches(|c: char| "+\" ".contains(c));
            let number = digits.len() >= 6 && digits.bytes().all(|b| b.is_ascii_digit());
            // The first field of a queue log is its instant, the fourth its operator.
            let operator = separator == '|' && at == 3 && field != "NONE";
            if (number && at > 0 && field != id) || operator { "…" } else { field }
        })
        .collect();
    without_bracketed(&fields.join(&separator.to_string()))
}

/// A row with what stands in angle brackets, as a caller's number does in a CDR, replaced.
fn without_bracketed(row: &str) -> String {
    let mut left = String::with_capacity(row.len());
    let mut rest = row;
    while let Some((before, after)) = rest.split_once('<') {
        left.push_str(before);
        left.push('<');
        match after.split_once('>') {
            Some((_, tail)) => {
                left.push_str("…>");
                rest = tail;
            }
            None => rest = after,
        }
    }
    left.push_str(rest);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_callers_do_not_show() {
        let line = "1795409094|1795409093.0|anagrafe|NONE|ENTERQUEUE||0000123456|1";
        assert_eq!(
            masked(line, "1795409093.0"),
            "1795409094|1795409093.0|anagrafe|NONE|ENTERQUEUE||…|1"
        );
        let line = r#""","0000123456","cup",""""" <0000123456>","PJSIP/x","1795409093.0""#;
        assert!(!masked(line, "1795409093.0").contains("0000123456"));
    }

    #[test]
    fn operators_do_not_show() {
        let line = "1795409096|1795409093.0|anagrafe|Anna Rossi|CONNECT|2|1795409094.1|2";
        assert!(!masked(line, "1795409093.0").contains("Rossi"));
    }
}

//! Registers as CSV files and workbooks, out and in. Read [`export`] and [`import`] first.
//!
//! Of each row of a file it is said what became of it: inserted, unchanged (the register had it),
//! or rejected with the reason; the three add up to the rows. An import never changes an entry:
//! corrections have an author and a reason, a file has neither. A file taken in twice changes
//! nothing, also when its entries were corrected meanwhile.

mod xlsx;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::json;
use soglia_domain::register::{Field, Kind, Register, Values};
use soglia_domain::time::Instant;

use crate::actor::By;
use crate::canonical::{canonical, sha256};
use crate::database::Tx;
use crate::entries::{Draft, Entry, Link, Setting, tidy};
use crate::error::RegisterError;
use crate::query::Query;
use crate::secrets::{self, IndexKey};

pub use self::xlsx::{XLSX, export_xlsx};

/// The largest file.
pub const BYTES_MAX: usize = 50 * 1024 * 1024;
/// The most rows of a file.
pub const ROWS_MAX: u64 = 100_000;

/// Columns before the fields.
const BEFORE: [&str; 5] = ["id", "reference", "contract", "service", "state"];
/// Columns after them; the first one is read back.
const AFTER: [&str; 7] =
    ["links", "files", "version", "created", "created_by", "changed", "changed_by"];

/// What became of a file's rows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Imported {
    /// Rows of the file, without its heading.
    pub rows: u64,
    /// Entries made.
    pub inserted: Vec<String>,
    /// Rows that the register had already.
    pub unchanged: u64,
    /// Rows that were not taken in.
    pub rejected: Vec<Rejected>,
}

/// A row that was not taken in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejected {
    /// Its line in the file.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// What a row says.
struct Line {
    id: Option<String>,
    state: Option<String>,
    draft: Draft,
}

/// Writes entries as CSV, `;` between columns as spreadsheets in Italian expect.
pub fn export(register: &'static Register, entries: &[Entry], today: Date) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    let fields = register.fields.iter().map(|field| field.code);
    let derived = register.derived.iter().map(|derived| derived.code);
    let heading = BEFORE.into_iter().chain(fields).chain(AFTER).chain(derived);
    writer.write_record(heading).expect("memory takes all that is written");
    for entry in entries {
        writer.write_record(cells(register, entry, today)).expect("all rows are as long");
    }
    writer.into_inner().expect("memory takes all that is written")
}

fn cells(register: &'static Register, entry: &Entry, today: Date) -> Vec<String> {
    let joined = |items: Vec<String>| items.join(" ");
    let mut cells = vec![
        entry.id.clone(),
        safe(entry.reference.as_deref().unwrap_or_default()),
        entry.contract.clone(),
        safe(entry.service.as_deref().unwrap_or_default()),
        entry.state.code.to_owned(),
    ];
    for field in register.fields {
        let text = entry.value(field.code).map(ToString::to_string).unwrap_or_default();
        let written = matches!(field.kind, Kind::Line | Kind::Text);
        cells.push(if written { safe(&text) } else { text });
    }
    cells.extend([
        joined(entry.links.iter().map(|link| escape_link(&link.to_string())).collect()),
        joined(entry.files.iter().map(|file| file.sha256.clone()).collect()),
        entry.version.to_string(),
        entry.created.0.to_string(),
        entry.created.1.clone(),
        entry.changed.0.to_string(),
        entry.changed.1.clone(),
    ]);
    cells.extend(register.derived.iter().map(|derived| {
        (derived.compute)(&entry.values, today).map(|v| v.to_string()).unwrap_or_default()
    }));
    cells
}

/// Takes a file in. The caller commits, or does not: then it was a trial.
pub async fn import(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    register: &'static Register,
    contract: &str,
    bytes: &[u8],
) -> Result<Imported, RegisterError> {
    by.reason()?;
    let (heading, records) = read(bytes)?;
    check_heading(register, &heading)?;
    let mut known = Known::load(tx, by.at, register, contract).await?;
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let mut imported = Imported::default();
    for (line, record) in records {
        imported.rows += 1;
        let fate = match record.and_then(|record| parse(register, contract, &heading, &record)) {
            Ok(row) => take(tx, by, setting, &mut known, &mut seen, register, row).await?,
            Err(reason) => Fate::Rejected(reason),
        };
        match fate {
            Fate::Inserted(id) => imported.inserted.push(id),
            Fate::Unchanged => imported.unchanged += 1,
            Fate::Rejected(reason) => imported.rejected.push(Rejected { line, reason }),
        }
    }
    let accounted = imported.inserted.len() + imported.rejected.len();
    let accounted = u64::try_from(accounted).expect("it fits") + imported.unchanged;
    assert_eq!(imported.rows, accounted, "every row has one fate");
    tx.record(crate::trail::Event {
        actor: by.actor.id(),
        at: by.at,
        action: "register.import",
        object: register.code,
        digest: &sha256(bytes),
        detail: json!({
            "reason": by.reason()?,
            "rows": imported.rows,
            "inserted": imported.inserted.len(),
            "unchanged": imported.unchanged,
            "rejected": imported.rejected.len(),
        }),
    })
    .await?;
    Ok(imported)
}

enum Fate {
    Inserted(String),
    Unchanged,
    Rejected(String),
}

/// What the register has already.
struct Known {
    key: IndexKey,
    by_id: BTreeMap<String, String>,
    by_reference: BTreeMap<String, (String, String)>,
    /// How many entries have a content now, or had it when they were taken in.
    contents: BTreeMap<String, u64>,
}

impl Known {
    async fn load(
        tx: &mut Tx,
        at: Instant,
        register: &'static Register,
        contract: &str,
    ) -> Result<Self, RegisterError> {
        let query = Query { contract: Some(contract.to_owned()), ..Query::new(register) };
        let all = tx.find_all(&crate::actor::Actor::program(), at, &query).await?;
        let sql = "SELECT id, import_key FROM entries \
                   WHERE register = $1 AND contract = $2 AND import_key IS NOT NULL";
        let rows = tx.rows(sql, &[register.code.into(), contract.into()]).await?;
        let keys: BTreeMap<String, String> =
            rows.iter().map(|row| (row.text(0), row.text(1))).collect();
        let mut known = Self {
            key: secrets::index_key(tx).await?,
            by_id: BTreeMap::new(),
            by_reference: BTreeMap::new(),
            contents: BTreeMap::new(),
        };
        for entry in all {
            let content = content(
                &known.key,
                entry.state.code,
                entry.service.as_deref(),
                entry.reference.as_deref(),
                &entry.values,
                &entry.links,
            );
            *known.contents.entry(content.clone()).or_default() += 1;
            if let Some(key) = keys.get(&entry.id).filter(|key| **key != content) {
                *known.contents.entry(key.clone()).or_default() += 1;
            }
            if let Some(reference) = entry.reference {
                known.by_reference.insert(reference, (entry.id.clone(), content.clone()));
            }
            known.by_id.insert(entry.id, content);
        }
        Ok(known)
    }
}

async fn take(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    known: &mut Known,
    seen: &mut BTreeMap<String, u64>,
    register: &'static Register,
    line: Line,
) -> Result<Fate, RegisterError> {
    let Line { id, state, mut draft } = line;
    (register.fill)(&mut draft.values, setting.terms);
    tidy(&mut draft.links);
    let state = state.unwrap_or_else(|| register.first_state().code.to_owned());
    let key = content(
        &known.key,
        &state,
        draft.service.as_deref(),
        draft.reference.as_deref(),
        &draft.values,
        &draft.links,
    );
    let occurrence = seen.entry(key.clone()).or_default();
    *occurrence += 1;
    if *occurrence <= known.contents.get(&key).copied().unwrap_or(0) {
        return Ok(Fate::Unchanged);
    }
    if let Some(id) = id.filter(|id| known.by_id.contains_key(id)) {
        return Ok(Fate::Rejected(format!(
            "`{id}` says something else; correct it in the register, or empty the column `id`"
        )));
    }
    if let Some(reference) = &draft.reference
        && let Some((id, _)) = known.by_reference.get(reference)
    {
        return Ok(Fate::Rejected(format!(
            "the reference `{reference}` is that of `{id}`, which says something else"
        )));
    }
    match tx.create_from_file(by, setting, register, draft, &state, &key).await {
        Ok(entry) => {
            if let Some(reference) = entry.reference {
                known.by_reference.insert(reference, (entry.id.clone(), key));
            }
            Ok(Fate::Inserted(entry.id))
        }
        Err(
            problem @ (RegisterError::Database(_)
            | RegisterError::Corrupt { .. }
            | RegisterError::File { .. }),
        ) => Err(problem),
        Err(problem) => Ok(Fate::Rejected(problem.to_string())),
    }
}

/// What a row or an entry says, as one hash. It outlives the erasure of what it says, so that an
/// old file does not bring that back; it is keyed, so that nobody finds it by trying.
fn content(
    key: &IndexKey,
    state: &str,
    service: Option<&str>,
    reference: Option<&str>,
    values: &Values,
    links: &[Link],
) -> String {
    let values: BTreeMap<&str, String> =
        values.iter().map(|(code, value)| (code, value.to_string())).collect();
    let links: Vec<String> = links.iter().map(ToString::to_string).collect();
    let content = json!({
        "state": state,
        "service": service,
        "reference": reference,
        "values": values,
        "links": links,
    });
    key.hash(&sha256(canonical(&content).as_bytes()))
}

type Records = Vec<(u64, Result<Vec<String>, String>)>;

/// The heading and the rows; both `;` and `,` are known, and workbooks by their first bytes.
fn read(bytes: &[u8]) -> Result<(Vec<String>, Records), RegisterError> {
    let table = |problem: String| RegisterError::Table(problem);
    if BYTES_MAX < bytes.len() {
        return Err(table(format!("it has {} bytes, {BYTES_MAX} is the most", bytes.len())));
    }
    if bytes.starts_with(b"PK") {
        return read_workbook(bytes);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| first.split(|byte| *byte == wanted).count();
    let delimiter = if count(b',') <= count(b';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(true)
        .flexible(true)
        .from_reader(bytes);
    let heading = reader.headers().map_err(|problem| table(problem.to_string()))?;
    let heading: Vec<String> = heading.iter().map(|name| name.trim().to_owned()).collect();
    let mut records = Records::new();
    for (n, record) in (1_u64..).zip(reader.records()) {
        if ROWS_MAX < n {
            return Err(table(format!("it has more than {ROWS_MAX} rows, cut it in parts")));
        }
        let line = match &record {
            Ok(record) => record.position().map_or(n + 1, csv::Position::line),
            Err(problem) => problem.position().map_or(n + 1, csv::Position::line),
        };
        let record = match record {
            Ok(record) if record.len() == heading.len() => {
                Ok(record.iter().map(ToOwned::to_owned).collect())
            }
            Ok(record) => Err(format!("it has {} cells, not {}", record.len(), heading.len())),
            Err(problem) => Err(problem.to_string()),
        };
        records.push((line, record));
    }
    Ok((heading, records))
}

/// The first sheet of a workbook; rows without any text are none.
fn read_workbook(bytes: &[u8]) -> Result<(Vec<String>, Records), RegisterError> {
    let mut rows = xlsx::rows(bytes)?.into_iter();
    let heading = rows.next().unwrap_or_default();
    let heading: Vec<String> = heading.iter().map(|name| name.trim().to_owned()).collect();
    let numbered = (2_u64..).zip(rows);
    let records = numbered.filter(|(_, row)| row.iter().any(|cell| !cell.trim().is_empty()));
    Ok((heading, records.map(|(line, row)| (line, Ok(row))).collect()))
}

fn check_heading(register: &'static Register, heading: &[String]) -> Result<(), RegisterError> {
    for (at, name) in heading.iter().enumerate() {
        let known = BEFORE.contains(&name.as_str())
            || AFTER.contains(&name.as_str())
            || register.field(name).is_some()
            || register.derived.iter().any(|derived| derived.code == name);
        if !known {
            let problem = format!("there is no column `{name}` in `{}`", register.code);
            return Err(RegisterError::Table(problem));
        }
        if heading.iter().skip(at + 1).any(|other| other == name) {
            return Err(RegisterError::Table(format!("the column `{name}` stands there twice")));
        }
    }
    Ok(())
}

fn parse(
    register: &'static Register,
    contract: &str,
    heading: &[String],
    record: &[String],
) -> Result<Line, String> {
    let cell = |name: &str| {
        let at = heading.iter().position(|column| column == name)?;
        let text = unsafe_text(record.get(at)?.trim());
        (!text.is_empty()).then(|| text.to_owned())
    };
    if let Some(other) = cell("contract").filter(|other| other != contract) {
        return Err(format!("it belongs to the contract `{other}`"));
    }
    let fields: Vec<(&Field, String)> =
        register.fields.iter().filter_map(|field| Some((field, cell(field.code)?))).collect();
    let texts = fields.iter().map(|(field, text)| (field.code, text.as_str()));
    let values = Values::parse(register, texts).map_err(|problems| {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    })?;
    let mut links = Vec::new();
    for text in cell("links").unwrap_or_default().split_whitespace() {
        let text = text.replace("%20", " ").replace("%25", "%");
        links.push(Link::parse(&text).ok_or_else(|| format!("`{text}` is no link"))?);
    }
    let draft = Draft {
        contract: contract.to_owned(),
        service: cell("service"),
        reference: cell("reference"),
        values,
        links,
    };
    Ok(Line { id: cell("id"), state: cell("state"), draft })
}

/// Links stand in one cell with spaces between them.
fn escape_link(link: &str) -> String {
    link.replace('%', "%25").replace(' ', "%20")
}

/// A text that a spreadsheet would take for a formula gets a mark before it.
fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\'']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// Takes the mark off again.
fn unsafe_text(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\'']) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_marked_and_come_back() {
        for text in ["=1+1", "+39 0971", "-", "@a", "'detto'", "plain", "it's", ""] {
            let written = safe(text);
            assert!(!written.starts_with(['=', '+', '-', '@']), "{text}");
            assert_eq!(unsafe_text(&written), text);
        }
    }
}

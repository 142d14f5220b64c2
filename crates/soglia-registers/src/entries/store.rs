//! How entries stand in the database. Read [`write`] first.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use soglia_domain::register::{self, Privacy, Register, Value, Values};
use soglia_domain::time::Instant;

use super::{Attached, Entry, Link, LinkKind, require_coherent};
use crate::actor::By;
use crate::canonical::sha256;
use crate::commitment::Committed;
use crate::database::{Param, Row, Tx};
use crate::error::RegisterError;
use crate::trail::Event;
use crate::versions::{self, Body, FieldValues, Salted};

/// A version about to be written.
pub(crate) struct Written<'a> {
    pub by: &'a By<'a>,
    pub action: &'static str,
    pub reason: &'a str,
    pub before: Option<&'a Entry>,
    pub entry: Entry,
    /// What a row of a file was known by, if the entry came out of one.
    pub import_key: Option<&'a str>,
}

impl<'a> Written<'a> {
    pub fn new(
        by: &'a By<'a>,
        action: &'static str,
        reason: &'a str,
        before: Option<&'a Entry>,
        entry: Entry,
    ) -> Self {
        Self { by, action, reason, before, entry, import_key: None }
    }
}

/// Where the newest version and its body are read from.
const COLUMNS: &str = "e.id, e.register, e.created_ms, e.created_by, e.changed_ms, e.changed_by, \
                       v.version, v.body, v.field_values";

/// Reads an entry at its newest version.
pub(crate) async fn load(tx: &mut Tx, id: &str) -> Result<Entry, RegisterError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM entries e JOIN entry_versions v \
         ON v.entry = e.id AND v.version = e.version WHERE e.id = $1"
    );
    let row = tx.maybe(&sql, &[id.into()]).await?;
    from_row(&row.ok_or_else(|| RegisterError::unknown("entry", id))?)
}

/// Reads an entry as it was at a version.
pub(crate) async fn load_version(
    tx: &mut Tx,
    id: &str,
    version: i64,
) -> Result<Entry, RegisterError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM entries e JOIN entry_versions v ON v.entry = e.id \
         WHERE e.id = $1 AND v.version = $2"
    );
    let row = tx.maybe(&sql, &[id.into(), version.into()]).await?;
    let unknown = || RegisterError::unknown("version", &versions::object(id, version));
    from_row(&row.ok_or_else(unknown)?)
}

/// Reads the entries with these ids, in this order.
pub(crate) async fn load_all(tx: &mut Tx, ids: &[String]) -> Result<Vec<Entry>, RegisterError> {
    let places: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM entries e JOIN entry_versions v \
         ON v.entry = e.id AND v.version = e.version WHERE e.id IN ({})",
        places.join(", ")
    );
    let params: Vec<Param> = ids.iter().map(Param::from).collect();
    let mut entries = Vec::new();
    for row in tx.rows(&sql, &params).await? {
        entries.push(from_row(&row)?);
    }
    entries.sort_by_key(|entry| ids.iter().position(|id| *id == entry.id));
    Ok(entries)
}

/// Writes a version, its link of the trail, and the tables that show it.
pub(crate) async fn write(tx: &mut Tx, written: Written<'_>) -> Result<Entry, RegisterError> {
    let Written { by, action, reason, before, mut entry, import_key } = written;
    require_coherent(&entry)?;
    entry.version += 1;
    entry.changed = (by.at, by.actor.id().to_owned());
    let mut number = None;
    if before.is_none() {
        let sql = "SELECT COALESCE(MAX(number), 0) + 1 FROM entries WHERE register = $1";
        let next = tx.one(sql, &[entry.register.code.into()]).await?.int(0);
        entry.id = format!("{}-{next}", entry.register.prefix);
        number = Some(next);
    }
    require_free_reference(tx, &entry).await?;
    let (mut commitments, values) = commit_values(&entry);
    carry_erased(tx, before, &entry, &mut commitments).await?;
    let text = body(&entry, commitments).text();
    let seq = tx
        .record(Event {
            actor: by.actor.id(),
            at: by.at,
            action,
            object: &entry.id,
            digest: &sha256(text.as_bytes()),
            detail: json!({
                "reason": reason,
                "version": entry.version,
                "state": entry.state.code,
                "state_before": before.map(|before| before.state.code),
            }),
        })
        .await?;
    show(tx, &entry, number).await?;
    if import_key.is_some() {
        let sql = "UPDATE entries SET import_key = $2 WHERE id = $1";
        tx.run(sql, &[(&entry.id).into(), import_key.into()]).await?;
    }
    tx.run(
        "INSERT INTO entry_versions (entry, version, seq, body, field_values) \
         VALUES ($1, $2, $3, $4, $5)",
        &[
            (&entry.id).into(),
            entry.version.into(),
            seq.into(),
            text.into(),
            versions::values_text(&values).into(),
        ],
    )
    .await?;
    Ok(entry)
}

/// Commitments to the values and file names of an entry, and what they commit to.
fn commit_values(entry: &Entry) -> (BTreeMap<String, String>, FieldValues) {
    let fields = entry.values.iter().map(|(code, value)| (code.to_owned(), value.to_string()));
    let files =
        entry.files.iter().filter_map(|file| Some((file_part(&file.sha256), file.name.clone()?)));
    let mut commitments = BTreeMap::new();
    let mut values = FieldValues::new();
    for (part, text) in fields.chain(files) {
        let Committed { text, salt, commitment } = Committed::new(text);
        let (text, salt) = text.zip(salt).expect("a fresh commitment has both");
        commitments.insert(part.clone(), commitment);
        values.insert(part, Salted { text, salt });
    }
    (commitments, values)
}

/// What was erased from the version before stays erased in the next one.
async fn carry_erased(
    tx: &mut Tx,
    before: Option<&Entry>,
    entry: &Entry,
    commitments: &mut BTreeMap<String, String>,
) -> Result<(), RegisterError> {
    let Some(before) = before else { return Ok(()) };
    let from = versions::object(&before.id, before.version);
    let sql = "SELECT body FROM entry_versions WHERE entry = $1 AND version = $2";
    let row = tx.one(sql, &[(&before.id).into(), before.version.into()]).await?;
    let body = Body::parse(&row.text(0), &from)?;
    let sql = "SELECT part, certificate FROM erasures WHERE object = $1";
    for row in tx.rows(sql, &[(&from).into()]).await? {
        let (part, certificate) = (row.text(0), row.text(1));
        let gone = part
            .strip_prefix("file:")
            .is_some_and(|sha256| !entry.files.iter().any(|file| file.sha256 == sha256));
        let Some(commitment) = body.commitments.get(&part) else { continue };
        if commitments.contains_key(&part) || gone {
            continue;
        }
        commitments.insert(part.clone(), commitment.clone());
        let object = versions::object(&entry.id, entry.version);
        let sql = "INSERT INTO erasures (object, part, certificate) VALUES ($1, $2, $3)";
        tx.run(sql, &[object.into(), part.into(), certificate.into()]).await?;
    }
    Ok(())
}

fn body(entry: &Entry, commitments: BTreeMap<String, String>) -> Body {
    let links = entry.links.iter();
    let files = entry.files.iter();
    Body {
        entry: entry.id.clone(),
        version: entry.version,
        register: entry.register.code.to_owned(),
        contract: entry.contract.clone(),
        service: entry.service.clone(),
        reference: entry.reference.clone(),
        state: entry.state.code.to_owned(),
        links: links.map(|link| (link.kind.code().to_owned(), link.target.clone())).collect(),
        files: files.map(|f| (f.sha256.clone(), f.media.clone(), f.bytes)).collect(),
        commitments,
    }
}

async fn require_free_reference(tx: &mut Tx, entry: &Entry) -> Result<(), RegisterError> {
    let Some(reference) = &entry.reference else { return Ok(()) };
    let sql = "SELECT COUNT(*) FROM entries \
               WHERE register = $1 AND contract = $2 AND reference = $3 AND id <> $4";
    let register = entry.register.code;
    let params = [register.into(), (&entry.contract).into(), reference.into(), (&entry.id).into()];
    if 0 < tx.one(sql, &params).await?.int(0) {
        return Err(RegisterError::Reference { reference: reference.clone(), register });
    }
    Ok(())
}

/// Writes the tables that show the newest version.
async fn show(tx: &mut Tx, entry: &Entry, number: Option<i64>) -> Result<(), RegisterError> {
    let (search, search_personal) = search_texts(entry);
    let common = [
        (&entry.id).into(),
        entry.version.into(),
        entry.state.code.into(),
        Param::from(entry.service.clone()),
        Param::from(entry.reference.clone()),
        search.into(),
        search_personal.into(),
        entry.changed.0.as_millis().into(),
        (&entry.changed.1).into(),
    ];
    if let Some(number) = number {
        let rest = [
            entry.register.code.into(),
            number.into(),
            (&entry.contract).into(),
            entry.created.0.as_millis().into(),
            (&entry.created.1).into(),
        ];
        tx.run(
            "INSERT INTO entries (id, version, state, service, reference, search, \
             search_personal, changed_ms, changed_by, register, number, contract, created_ms, \
             created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            &[common.as_slice(), &rest].concat(),
        )
        .await?;
    } else {
        tx.run(
            "UPDATE entries SET version = $2, state = $3, service = $4, reference = $5, \
             search = $6, search_personal = $7, changed_ms = $8, changed_by = $9 WHERE id = $1",
            &common,
        )
        .await?;
        for table in ["entry_values", "entry_links", "entry_files"] {
            let sql = format!("DELETE FROM {table} WHERE entry = $1");
            tx.run(&sql, &[(&entry.id).into()]).await?;
        }
    }
    show_parts(tx, entry).await
}

/// Writes the tables that show an entry anew, after a part of its newest version was erased.
pub(crate) async fn show_again(tx: &mut Tx, id: &str) -> Result<(), RegisterError> {
    let entry = load(tx, id).await?;
    show(tx, &entry, None).await
}

async fn show_parts(tx: &mut Tx, entry: &Entry) -> Result<(), RegisterError> {
    for (field, value) in entry.values.iter() {
        let sql = "INSERT INTO entry_values (entry, field, text, number) VALUES ($1, $2, $3, $4)";
        let params =
            [(&entry.id).into(), field.into(), value.to_string().into(), value.number().into()];
        tx.run(sql, &params).await?;
    }
    for Link { kind, target } in &entry.links {
        let sql = "INSERT INTO entry_links (entry, kind, target) VALUES ($1, $2, $3)";
        tx.run(sql, &[(&entry.id).into(), kind.code().into(), target.into()]).await?;
    }
    for file in &entry.files {
        let sql = "INSERT INTO entry_files (entry, sha256, media, bytes) VALUES ($1, $2, $3, $4)";
        let bytes = i64::try_from(file.bytes).expect("files are limited");
        let params =
            [(&entry.id).into(), (&file.sha256).into(), (&file.media).into(), bytes.into()];
        tx.run(sql, &params).await?;
    }
    Ok(())
}

/// What a search looks through: what says nothing about persons, and the rest.
fn search_texts(entry: &Entry) -> (String, String) {
    let mut plain = vec![entry.id.clone()];
    plain.extend(entry.reference.clone());
    plain.extend(entry.links.iter().map(|link| link.target.clone()));
    let mut personal = Vec::new();
    for (code, value) in entry.values.iter() {
        let field = entry.register.field(code);
        let private = field.is_some_and(|field| field.privacy == Privacy::Personal);
        if private { &mut personal } else { &mut plain }.push(value.to_string());
    }
    personal.extend(entry.files.iter().filter_map(|file| file.name.clone()));
    (plain.join("\n").to_lowercase(), personal.join("\n").to_lowercase())
}

/// The name of a file's name among the values.
pub(crate) fn file_part(sha256: &str) -> String {
    format!("file:{sha256}")
}

fn from_row(row: &Row) -> Result<Entry, RegisterError> {
    let (id, code, version) = (row.text(0), row.text(1), row.int(6));
    let object = versions::object(&id, version);
    let corrupt = |problem: String| RegisterError::Corrupt { object: object.clone(), problem };
    let register = register::by_code(&code)
        .ok_or_else(|| corrupt(format!("there is no register `{code}`")))?;
    let body = Body::parse(&row.text(7), &object)?;
    let stored = versions::parse_values(&row.text(8), &object)?;
    let state = register
        .state(&body.state)
        .ok_or_else(|| corrupt(format!("there is no state `{}`", body.state)))?;
    let (values, hidden) =
        read_values(register, &body, &stored).map_err(|problem| corrupt(problem.to_string()))?;
    let links = body.links.iter().map(|(kind, target)| {
        let kind = LinkKind::parse(kind).ok_or_else(|| corrupt(format!("a link to a `{kind}`")))?;
        Ok(Link::new(kind, target))
    });
    let links = links.collect::<Result<_, RegisterError>>()?;
    let files = body.files.iter().map(|(sha256, media, bytes)| Attached {
        sha256: sha256.clone(),
        media: media.clone(),
        bytes: *bytes,
        name: stored.get(&file_part(sha256)).map(|salted| salted.text.clone()),
    });
    Ok(Entry {
        id,
        register,
        contract: body.contract.clone(),
        service: body.service.clone(),
        reference: body.reference.clone(),
        version,
        state,
        values,
        links,
        files: files.collect(),
        created: (Instant::from_millis(row.int(2)), row.text(3)),
        changed: (Instant::from_millis(row.int(4)), row.text(5)),
        hidden,
    })
}

/// The values of the fields that the register knows; a field of an older program that it does not
/// know any more stays in the database and in the history's hashes.
fn read_values(
    register: &'static Register,
    body: &Body,
    stored: &FieldValues,
) -> Result<(Values, BTreeSet<&'static str>), register::ValueProblem> {
    let mut values = Values::default();
    let mut hidden = BTreeSet::new();
    for field in register.fields {
        match stored.get(field.code) {
            Some(salted) => values.put(field, Value::parse(field, &salted.text)?),
            None if body.commitments.contains_key(field.code) => {
                hidden.insert(field.code);
            }
            None => {}
        }
    }
    Ok((values, hidden))
}

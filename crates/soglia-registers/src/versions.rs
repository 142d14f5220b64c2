//! Versions of entries: what was written, what its digest covers, whether it still stands. Read
//! [`Body`] first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::canonical::{canonical, sha256};
use crate::commitment::{Committed, Standing};
use crate::database::Tx;
use crate::error::RegisterError;
use crate::trail::{Broken, Fault, Link, is_erased};

/// What the digest in the trail covers: everything about a version, with commitments in the place
/// of values and file names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Body {
    pub entry: String,
    pub version: i64,
    pub register: String,
    pub contract: String,
    pub service: Option<String>,
    pub reference: Option<String>,
    pub state: String,
    /// Kind and target.
    pub links: Vec<(String, String)>,
    /// SHA-256, media type and length.
    pub files: Vec<(String, String, u64)>,
    /// By field, or by `file:` and SHA-256 for the names of files.
    pub commitments: BTreeMap<String, String>,
}

/// A value and its salt, as stored beside the body.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Salted {
    pub text: String,
    pub salt: String,
}

/// Values by field; what was erased is not there.
pub(crate) type FieldValues = BTreeMap<String, Salted>;

/// The actions that record a version.
pub(crate) const ACTIONS: [&str; 6] =
    ["entry.create", "entry.edit", "entry.move", "entry.import", "entry.attach", "entry.detach"];

/// Whether an action records a version.
pub(crate) fn is_version_action(action: &str) -> bool {
    ACTIONS.contains(&action)
}

/// The name of a version in the list of erasures.
pub(crate) fn object(entry: &str, version: i64) -> String {
    format!("{entry}@{version}")
}

impl Body {
    /// The text that is stored and hashed.
    pub fn text(&self) -> String {
        let Self {
            entry,
            version,
            register,
            contract,
            service,
            reference,
            state,
            links,
            files,
            commitments,
        } = self;
        canonical(&json!({
            "entry": entry,
            "version": version,
            "register": register,
            "contract": contract,
            "service": service,
            "reference": reference,
            "state": state,
            "links": links,
            "files": files,
            "commitments": commitments,
        }))
    }

    /// Reads what [`Body::text`] wrote.
    pub fn parse(text: &str, object: &str) -> Result<Self, RegisterError> {
        serde_json::from_str(text).map_err(|problem| corrupt(object, problem))
    }
}

/// Reads the values stored beside a body.
pub(crate) fn parse_values(text: &str, object: &str) -> Result<FieldValues, RegisterError> {
    serde_json::from_str(text).map_err(|problem| corrupt(object, problem))
}

/// Writes them.
pub(crate) fn values_text(values: &FieldValues) -> String {
    canonical(&serde_json::to_value(values).expect("texts in a map are JSON"))
}

fn corrupt(object: &str, problem: impl std::fmt::Display) -> RegisterError {
    RegisterError::Corrupt { object: object.to_owned(), problem: problem.to_string() }
}

/// Looks behind a link that recorded a version. Says how many values were erased, or what is
/// wrong.
pub(crate) async fn check(tx: &mut Tx, link: &Link) -> Result<Result<i64, Fault>, RegisterError> {
    let sql = "SELECT entry, version, body, field_values FROM entry_versions WHERE seq = $1";
    let Some(row) = tx.maybe(sql, &[link.seq.into()]).await? else {
        return Ok(Err(Fault::VersionMissing));
    };
    let (entry, version, text) = (row.text(0), row.int(1), row.text(2));
    if sha256(text.as_bytes()) != link.digest || entry != link.object {
        return Ok(Err(Fault::Version));
    }
    let object = object(&entry, version);
    let Ok(body) = Body::parse(&text, &object) else { return Ok(Err(Fault::Version)) };
    if body.entry != entry || body.version != version {
        return Ok(Err(Fault::Version));
    }
    let Ok(values) = parse_values(&row.text(3), &object) else {
        return Ok(Err(Fault::FieldValue));
    };
    if values.keys().any(|part| !body.commitments.contains_key(part)) {
        return Ok(Err(Fault::FieldValue));
    }
    let mut n_erased = 0;
    for (part, commitment) in &body.commitments {
        let salted = values.get(part);
        let committed = Committed {
            text: salted.map(|value| value.text.clone()),
            salt: salted.map(|value| value.salt.clone()),
            commitment: commitment.clone(),
        };
        match committed.standing() {
            Standing::Holds => {}
            Standing::Broken => return Ok(Err(Fault::FieldValue)),
            Standing::Erased if is_erased(tx, &object, part).await? => n_erased += 1,
            Standing::Erased => return Ok(Err(Fault::FieldMissing)),
        }
    }
    if shown_is_newest(tx, &body, &values).await? {
        Ok(Ok(n_erased))
    } else {
        Ok(Err(Fault::Current))
    }
}

/// Whether the tables that show the entry say what its newest version says.
async fn shown_is_newest(
    tx: &mut Tx,
    body: &Body,
    values: &FieldValues,
) -> Result<bool, RegisterError> {
    let sql = "SELECT version, register, contract, service, reference, state FROM entries \
               WHERE id = $1";
    let Some(row) = tx.maybe(sql, &[(&body.entry).into()]).await? else { return Ok(false) };
    if body.version < row.int(0) {
        return Ok(true);
    }
    let same = body.version == row.int(0)
        && body.register == row.text(1)
        && body.contract == row.text(2)
        && body.service == row.text_opt(3)
        && body.reference == row.text_opt(4)
        && body.state == row.text(5);
    let sql = "SELECT field, text FROM entry_values WHERE entry = $1";
    let shown = tx.rows(sql, &[(&body.entry).into()]).await?;
    let shown: BTreeMap<String, String> =
        shown.iter().map(|row| (row.text(0), row.text(1))).collect();
    let fields = values.iter().filter(|(part, _)| !part.starts_with("file:"));
    let written: BTreeMap<String, String> =
        fields.map(|(part, value)| (part.clone(), value.text.clone())).collect();
    let sql = "SELECT kind, target FROM entry_links WHERE entry = $1";
    let links = tx.rows(sql, &[(&body.entry).into()]).await?;
    let mut links: Vec<(String, String)> =
        links.iter().map(|row| (row.text(0), row.text(1))).collect();
    links.sort_unstable();
    let sql = "SELECT sha256 FROM entry_files WHERE entry = $1";
    let files = tx.rows(sql, &[(&body.entry).into()]).await?;
    let mut files: Vec<String> = files.iter().map(|row| row.text(0)).collect();
    files.sort_unstable();
    let written_files: Vec<&String> = body.files.iter().map(|(sha256, _, _)| sha256).collect();
    // Versions have their links in the order of kinds, which is not that of their names.
    let mut written_links = body.links.clone();
    written_links.sort_unstable();
    Ok(same && shown == written && links == written_links && files.iter().eq(written_files))
}

/// Looks for versions and entries that no link recorded.
pub(crate) async fn unrecorded(tx: &mut Tx) -> Result<Option<Broken>, RegisterError> {
    let actions: Vec<String> = ACTIONS.iter().map(|action| format!("'{action}'")).collect();
    let sql = format!(
        "SELECT v.seq, v.entry FROM entry_versions v LEFT JOIN trail t ON t.seq = v.seq \
         WHERE t.seq IS NULL OR t.object <> v.entry OR t.action NOT IN ({}) \
         UNION ALL \
         SELECT 0, e.id FROM entries e LEFT JOIN entry_versions v \
         ON v.entry = e.id AND v.version = e.version WHERE v.entry IS NULL \
         ORDER BY 1, 2 LIMIT 1",
        actions.join(", ")
    );
    let row = tx.maybe(&sql, &[]).await?;
    Ok(row.map(|row| Broken {
        seq: row.int(0),
        object: row.text(1),
        fault: Fault::VersionUnrecorded,
    }))
}

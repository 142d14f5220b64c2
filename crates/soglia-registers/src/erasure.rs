//! Erasing what may not be kept, and proving that it was. Read [`plan_retention`] and
//! [`find_subject`] first, then [`carry_out`].
//!
//! First a [`Plan`], which changes nothing and can be shown; then the same plan is carried out in
//! one transaction, and a [`Certificate`] says what was erased — places, never contents. The audit
//! trail still verifies, because it covers commitments ([`crate::commitment`]).

mod subject;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use soglia_domain::access::Permission;
use soglia_domain::period::start_of_day;
use soglia_domain::register::{self, Stage};
use soglia_domain::retention::{Kept, RetentionRule};
use soglia_domain::time::Instant;

use crate::actor::By;
use crate::canonical::{canonical, sha256};
use crate::database::{Database, Tx};
use crate::entries::{Setting, file_part, load, personal, show_again};
use crate::error::RegisterError;
use crate::files::Files;
use crate::trail::Event;
use crate::versions;

pub use self::subject::{Subject, SubjectData, find_subject};

/// What would be erased.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// Parts of versions, of links, of accounts.
    pub parts: BTreeSet<Part>,
    /// Contents of files that nothing else needs.
    pub files: BTreeSet<String>,
    /// What was found and is not erased, and why.
    pub kept: Vec<String>,
}

/// A part to erase.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// A value of a version.
    Value {
        /// The entry.
        entry: String,
        /// The version.
        version: i64,
        /// The field, or `file:` and a hash for a file's name.
        field: String,
    },
    /// The reason and particulars of a link of the trail.
    Detail {
        /// Its place.
        seq: i64,
    },
    /// Name, login and address of an account that is not in use.
    Account {
        /// The user.
        user: String,
    },
    /// A session that is over.
    Session {
        /// The hash of its secret.
        token_hash: String,
    },
}

/// What was erased, when, by whom and why. Holds no contents.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// `C-2`.
    pub id: String,
    /// Its text, canonical JSON.
    pub text: String,
    /// The text's hash, which the audit trail recorded.
    pub sha256: String,
}

impl Plan {
    /// Whether there is nothing to erase.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.files.is_empty()
    }
}

/// Says what the rules would erase today; changes nothing.
pub async fn plan_retention(
    tx: &mut Tx,
    setting: &Setting,
    rules: &[RetentionRule],
    now: Instant,
) -> Result<Plan, RegisterError> {
    let mut plan = Plan::default();
    let today = setting.date(now);
    for rule in rules {
        let after = rule.last_day(today).tomorrow().unwrap_or(today);
        let before = start_of_day(after, &setting.zone);
        match &rule.what {
            Kept::Register(code) => plan_register(tx, &mut plan, code, before).await?,
            Kept::Accesses => plan_links(tx, &mut plan, "access.call", before).await?,
            Kept::Logins => {
                for action in ["login.ok", "login.refused"] {
                    plan_links(tx, &mut plan, action, before).await?;
                }
            }
            Kept::Sessions => {
                let sql = "SELECT token_hash FROM sessions WHERE expires_ms < $1";
                let rows = tx.rows(sql, &[before.as_millis().into()]).await?;
                let sessions = rows.iter().map(|row| Part::Session { token_hash: row.text(0) });
                plan.parts.extend(sessions);
            }
        }
    }
    find_files(tx, &mut plan).await?;
    Ok(plan)
}

async fn plan_register(
    tx: &mut Tx,
    plan: &mut Plan,
    code: &str,
    before: Instant,
) -> Result<(), RegisterError> {
    let register =
        register::by_code(code).ok_or_else(|| RegisterError::unknown("register", code))?;
    let sql = "SELECT id, state FROM entries WHERE register = $1 AND changed_ms < $2";
    for row in tx.rows(sql, &[code.into(), before.as_millis().into()]).await? {
        let (id, state) = (row.text(0), row.text(1));
        if register.state(&state).is_some_and(|state| state.stage == Stage::Closed) {
            add_person_of(tx, plan, &id).await?;
        }
    }
    Ok(())
}

/// Adds everything about persons in all versions of an entry.
async fn add_person_of(tx: &mut Tx, plan: &mut Plan, id: &str) -> Result<(), RegisterError> {
    let entry = load(tx, id).await?;
    let fields: BTreeSet<&str> = personal(entry.register).map(|field| field.code).collect();
    let sql = "SELECT version, field_values FROM entry_versions WHERE entry = $1";
    for row in tx.rows(sql, &[id.into()]).await? {
        let version = row.int(0);
        let values = versions::parse_values(&row.text(1), &versions::object(id, version))?;
        let about = values
            .into_keys()
            .filter(|part| fields.contains(part.as_str()) || part.starts_with("file:"));
        plan.parts.extend(about.map(|field| Part::Value { entry: id.to_owned(), version, field }));
    }
    Ok(())
}

async fn plan_links(
    tx: &mut Tx,
    plan: &mut Plan,
    action: &str,
    before: Instant,
) -> Result<(), RegisterError> {
    let sql = "SELECT seq FROM trail WHERE action = $1 AND at_ms < $2 AND detail IS NOT NULL";
    let rows = tx.rows(sql, &[action.into(), before.as_millis().into()]).await?;
    plan.parts.extend(rows.iter().map(|row| Part::Detail { seq: row.int(0) }));
    Ok(())
}

/// Adds the contents of files whose names all go: whatever else names a file keeps it.
async fn find_files(tx: &mut Tx, plan: &mut Plan) -> Result<(), RegisterError> {
    let hashes: BTreeSet<String> = plan
        .parts
        .iter()
        .filter_map(|part| match part {
            Part::Value { field, .. } => field.strip_prefix("file:").map(ToOwned::to_owned),
            _ => None,
        })
        .collect();
    for sha256 in hashes {
        let field = file_part(&sha256);
        let sql = "SELECT entry, version FROM entry_versions WHERE field_values LIKE $1";
        let rows = tx.rows(sql, &[format!("%\"{field}\"%").into()]).await?;
        let needed = rows.iter().any(|row| {
            let (entry, version, field) = (row.text(0), row.int(1), field.clone());
            !plan.parts.contains(&Part::Value { entry, version, field })
        });
        if !needed {
            plan.files.insert(sha256);
        }
    }
    Ok(())
}

/// Erases what a plan says and certifies it. The database first, in one transaction; then the
/// contents of files.
pub async fn carry_out(
    database: &Database,
    files: &Files,
    by: &By<'_>,
    plan: &Plan,
) -> Result<Certificate, RegisterError> {
    by.actor.require_everywhere(Permission::ManageRecords, by.at)?;
    let reason = by.reason()?;
    let mut tx = database.write().await?;
    let number = tx.next_number("certificates").await?;
    let id = format!("C-{number}");
    let mut shown = BTreeSet::new();
    for part in &plan.parts {
        erase(&mut tx, &id, part).await?;
        if let Part::Value { entry, .. } = part {
            shown.insert(entry.clone());
        }
    }
    for entry in &shown {
        show_again(&mut tx, entry).await?;
    }
    let parts: Vec<Value> = plan.parts.iter().map(part_json).collect();
    let text = canonical(&json!({
        "certificate": id,
        "at": by.at.as_millis(),
        "by": by.actor.id(),
        "reason": reason,
        "parts": parts,
        "files": plan.files,
        "kept": plan.kept,
    }));
    let sha256 = sha256(text.as_bytes());
    tx.run(
        "INSERT INTO certificates (id, number, made_ms, sha256, text) \
         VALUES ($1, $2, $3, $4, $5)",
        &[(&id).into(), number.into(), by.at.as_millis().into(), (&sha256).into(), (&text).into()],
    )
    .await?;
    tx.record(Event {
        actor: by.actor.id(),
        at: by.at,
        action: "erase.certificate",
        object: &id,
        digest: &sha256,
        detail: json!({ "reason": reason, "parts": plan.parts.len(), "files": plan.files.len() }),
    })
    .await?;
    tx.commit().await?;
    database.forget().await?;
    for sha256 in &plan.files {
        files.erase(sha256)?;
    }
    Ok(Certificate { id, text, sha256 })
}

/// Reads a certificate.
pub async fn certificate(tx: &mut Tx, id: &str) -> Result<Certificate, RegisterError> {
    let sql = "SELECT text, sha256 FROM certificates WHERE id = $1";
    let row = tx.maybe(sql, &[id.into()]).await?;
    let row = row.ok_or_else(|| RegisterError::unknown("certificate", id))?;
    Ok(Certificate { id: id.to_owned(), text: row.text(0), sha256: row.text(1) })
}

async fn erase(tx: &mut Tx, certificate: &str, part: &Part) -> Result<(), RegisterError> {
    match part {
        Part::Value { entry, version, field } => {
            let object = versions::object(entry, *version);
            let sql = "SELECT field_values FROM entry_versions WHERE entry = $1 AND version = $2";
            let params = [entry.into(), (*version).into()];
            let row = tx.maybe(sql, &params).await?;
            let row = row.ok_or_else(|| RegisterError::unknown("version", &object))?;
            let mut values = versions::parse_values(&row.text(0), &object)?;
            if values.remove(field).is_none() {
                return Err(RegisterError::unknown("value", &format!("{object} {field}")));
            }
            let sql = "UPDATE entry_versions SET field_values = $3 \
                       WHERE entry = $1 AND version = $2";
            let params = [entry.into(), (*version).into(), versions::values_text(&values).into()];
            tx.run(sql, &params).await?;
            mark(tx, &object, field, certificate).await
        }
        Part::Detail { seq } => {
            let sql = "UPDATE trail SET detail = NULL, salt = NULL WHERE seq = $1";
            tx.run(sql, &[(*seq).into()]).await?;
            mark(tx, &format!("trail:{seq}"), "detail", certificate).await
        }
        Part::Account { user } => {
            let sql = "UPDATE users SET login = NULL, name = NULL, email = NULL, \
                       password = NULL, totp_secret = NULL, state = 'erased', \
                       version = version + 1 WHERE id = $1 AND state <> 'active'";
            if tx.run(sql, &[user.into()]).await? == 0 {
                return Err(RegisterError::unknown("account out of use", user));
            }
            let sql = "UPDATE identities SET subject = NULL, awaited = NULL WHERE user_id = $1";
            tx.run(sql, &[user.into()]).await?;
            mark(tx, user, "account", certificate).await
        }
        Part::Session { token_hash } => {
            tx.run("DELETE FROM sessions WHERE token_hash = $1", &[token_hash.into()]).await?;
            Ok(())
        }
    }
}

async fn mark(
    tx: &mut Tx,
    object: &str,
    part: &str,
    certificate: &str,
) -> Result<(), RegisterError> {
    let sql = "INSERT INTO erasures (object, part, certificate) VALUES ($1, $2, $3)";
    tx.run(sql, &[object.into(), part.into(), certificate.into()]).await?;
    Ok(())
}

fn part_json(part: &Part) -> Value {
    match part {
        Part::Value { entry, version, field } => {
            json!({ "entry": entry, "version": version, "field": field })
        }
        Part::Detail { seq } => json!({ "link": seq }),
        Part::Account { user } => json!({ "account": user }),
        Part::Session { token_hash } => json!({ "session": token_hash.get(..8) }),
    }
}

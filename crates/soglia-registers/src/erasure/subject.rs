//! One person's data: found by what is known of them, exported, planned for erasure. Read
//! [`find_subject`] first.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use soglia_domain::access::Permission;

use super::{Part, Plan, add_person_of, find_files};
use crate::accounts;
use crate::actor::By;
use crate::commitment::random_hex;
use crate::database::Tx;
use crate::entries::{load, load_version, personal};
use crate::error::RegisterError;
use crate::trail::{self, Event};
use crate::versions;

/// Fewer characters would find half of the register.
const LENGTH_MIN: usize = 5;
/// Versions looked at in one go.
const PAGE: i64 = 500;

/// What is known of a person: telephone number, tax code, address, name.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject {
    identifiers: Vec<String>,
}

/// What is kept about a person.
#[derive(Clone, PartialEq, Debug)]
pub struct SubjectData {
    /// All of it, for the person.
    pub export: Value,
    /// What an erasure would erase.
    pub plan: Plan,
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Subject({} identifiers)", self.identifiers.len())
    }
}

impl Subject {
    /// Takes what is known; each of it must be long enough to mean one person.
    pub fn new(identifiers: &[&str]) -> Result<Self, RegisterError> {
        let identifiers: Vec<String> = identifiers.iter().map(|text| plain(text)).collect();
        if identifiers.is_empty() {
            return Err(RegisterError::unknown("identifier", ""));
        }
        for identifier in &identifiers {
            if identifier.chars().count() < LENGTH_MIN {
                return Err(RegisterError::unknown("identifier long enough", identifier));
            }
        }
        Ok(Self { identifiers })
    }

    /// Whether a text names the person.
    fn is_in(&self, text: &str) -> bool {
        let (text, digits) = (plain(text), digits(text));
        self.identifiers.iter().any(|identifier| {
            let number = digits_of_number(identifier);
            text.contains(identifier) || number.is_some_and(|number| digits.contains(&number))
        })
    }
}

/// Finds everything about a person: entries in all versions, reasons in the trail, accounts. Each
/// search is recorded, with a random name in the place of what was searched for: a hash of a
/// telephone number is found by trying them all.
pub async fn find_subject(
    tx: &mut Tx,
    by: &By<'_>,
    subject: &Subject,
) -> Result<SubjectData, RegisterError> {
    by.actor.require_everywhere(Permission::ManageRecords, by.at)?;
    let mut plan = Plan::default();
    let entries = find_entries(tx, subject, &mut plan).await?;
    let links = find_links(tx, subject, &mut plan).await?;
    let accounts = find_accounts(tx, subject, &mut plan).await?;
    find_files(tx, &mut plan).await?;
    let reason = by.reason()?;
    tx.record(Event {
        actor: by.actor.id(),
        at: by.at,
        action: "subject.search",
        object: &format!("subject:{}", random_hex::<8>()),
        digest: "",
        detail: json!({ "reason": reason, "entries": entries.len() }),
    })
    .await?;
    let export = json!({
        "made": by.at.to_string(),
        "entries": entries,
        "audit_trail": links,
        "accounts": accounts,
    });
    Ok(SubjectData { export, plan })
}

async fn find_entries(
    tx: &mut Tx,
    subject: &Subject,
    plan: &mut Plan,
) -> Result<Vec<Value>, RegisterError> {
    let mut found = Vec::new();
    let mut about: BTreeSet<String> = BTreeSet::new();
    let mut after = 0;
    loop {
        let sql = "SELECT seq, entry, version, field_values FROM entry_versions \
                   WHERE $1 < seq ORDER BY seq LIMIT $2";
        let rows = tx.rows(sql, &[after.into(), PAGE.into()]).await?;
        let Some(last) = rows.last() else { break };
        after = last.int(0);
        for row in rows {
            let (id, version) = (row.text(1), row.int(2));
            let values = versions::parse_values(&row.text(3), &versions::object(&id, version))?;
            let hits: Vec<String> = values
                .into_iter()
                .filter(|(_, value)| subject.is_in(&value.text))
                .map(|(part, _)| part)
                .collect();
            if hits.is_empty() {
                continue;
            }
            let entry = load_version(tx, &id, version).await?;
            let is_personal = |part: &String| {
                part.starts_with("file:")
                    || personal(entry.register).any(|field| field.code == part)
            };
            if hits.iter().any(is_personal) {
                about.insert(id.clone());
            }
            let in_text = hits.iter().filter(|part| !is_personal(part));
            plan.parts.extend(in_text.map(|field| Part::Value {
                entry: id.clone(),
                version,
                field: field.clone(),
            }));
            let fields = entry.values.iter();
            let fields: serde_json::Map<String, Value> =
                fields.map(|(code, value)| (code.to_owned(), value.to_string().into())).collect();
            found.push(json!({
                "entry": id,
                "version": version,
                "register": entry.register.code,
                "state": entry.state.code,
                "found_in": hits,
                "values": fields,
                "files": entry.files.iter().map(|file| file.sha256.clone()).collect::<Vec<_>>(),
            }));
        }
    }
    for id in about {
        add_person_of(tx, plan, &id).await?;
    }
    note_required(tx, plan).await?;
    Ok(found)
}

/// A plain field that names the person stays readable for nobody; say which, so that somebody can
/// write it anew without the name.
async fn note_required(tx: &mut Tx, plan: &mut Plan) -> Result<(), RegisterError> {
    let mut notes = BTreeSet::new();
    for part in &plan.parts {
        let Part::Value { entry, field, .. } = part else { continue };
        let register = load(tx, entry).await?.register;
        let plain = register
            .field(field)
            .filter(|known| !personal(register).any(|personal| personal.code == known.code));
        if plain.is_some() {
            notes.insert(format!("{entry}: `{field}` will be empty, write it anew"));
        }
    }
    plan.kept.extend(notes);
    Ok(())
}

async fn find_links(
    tx: &mut Tx,
    subject: &Subject,
    plan: &mut Plan,
) -> Result<Vec<Value>, RegisterError> {
    let mut found = Vec::new();
    let mut after = 0;
    loop {
        let page = trail::links(tx, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.seq;
        for link in page {
            let Some(detail) = link.detail.text.filter(|text| subject.is_in(text)) else {
                continue;
            };
            plan.parts.insert(Part::Detail { seq: link.seq });
            found.push(json!({
                "link": link.seq,
                "at": link.at.to_string(),
                "action": link.action,
                "object": link.object,
                "detail": detail,
            }));
        }
    }
}

async fn find_accounts(
    tx: &mut Tx,
    subject: &Subject,
    plan: &mut Plan,
) -> Result<Vec<Value>, RegisterError> {
    let sql = "SELECT id, login, name, email, state FROM users ORDER BY number";
    let mut found = Vec::new();
    for row in tx.rows(sql, &[]).await? {
        let texts = [row.text_opt(1), row.text_opt(2), row.text_opt(3)];
        let user = row.text(0);
        let identities = accounts::known_as(tx, &user).await?;
        if !texts.iter().flatten().chain(&identities).any(|text| subject.is_in(text)) {
            continue;
        }
        let [login, name, email] = texts;
        if row.text(4) == "active" {
            plan.kept.push(format!("{user}: the account is in use, disable it first"));
        } else {
            plan.parts.insert(Part::Account { user: user.clone() });
            // The login stands in the link that made the account, too; names at a provider in
            // those that linked it.
            let sql = "SELECT seq FROM trail WHERE object = $1 AND detail IS NOT NULL \
                       AND action IN ('user.create', 'user.link', 'user.bind')";
            let links = tx.rows(sql, &[(&user).into()]).await?;
            plan.parts.extend(links.iter().map(|row| Part::Detail { seq: row.int(0) }));
        }
        found.push(json!({
            "user": user, "login": login, "name": name, "email": email, "identities": identities,
        }));
    }
    Ok(found)
}

/// Lower case, single spaces.
fn plain(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The digits of a text, without the separators that numbers are written with.
fn digits(text: &str) -> String {
    let separators = [' ', '-', '.', '/', '(', ')'];
    let text: String = text.chars().filter(|c| !separators.contains(c)).collect();
    text.chars().map(|c| if c.is_ascii_digit() { c } else { ' ' }).collect()
}

/// A telephone number without its prefix, if the identifier is one.
fn digits_of_number(identifier: &str) -> Option<String> {
    let bare = identifier.strip_prefix("+39").or(identifier.strip_prefix("0039"));
    let bare = digits(bare.unwrap_or(identifier));
    let bare = bare.trim_matches(|c: char| c == ' ');
    let is_number = 6 <= bare.len()
        && bare.bytes().all(|byte| byte.is_ascii_digit())
        && !identifier.chars().any(char::is_alphabetic);
    is_number.then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_however_they_are_written() {
        let subject = Subject::new(&["+39 0971 123456", "BNCNNA80A41G942X", "Anna  Bianchi"]);
        let subject = subject.expect("long enough");
        for text in [
            "chiamare 0971/123456 dopo le 18",
            "tel. 0971-12.34.56",
            "bncnna80a41g942x",
            "la signora ANNA BIANCHI",
            "+390971123456",
        ] {
            assert!(subject.is_in(text), "{text}");
        }
        for text in ["0971 654321", "Anna Neri", "1234", ""] {
            assert!(!subject.is_in(text), "{text}");
        }
        assert!(Subject::new(&["Anna"]).is_err());
        assert!(Subject::new(&[]).is_err());
    }
}

//! Contract files as they were agreed, and what changed between them. Read [`note`] first.
//!
//! The program compares each new contract file with the one before and writes what changed into
//! the register of changes to the monitoring system; people add why.

use serde_json::json;
use soglia_domain::access::Permission;
use soglia_domain::contract::{self, Contract};
use soglia_domain::register::{MONITORING, Values, contract_changes};
use soglia_domain::time::Instant;

use crate::actor::{Actor, By};
use crate::canonical::sha256;
use crate::database::Tx;
use crate::entries::{Draft, Entry, Link, LinkKind, Setting};
use crate::error::RegisterError;
use crate::trail::Event;

/// A contract file that was noted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noted {
    /// SHA-256 of its bytes.
    pub hash: String,
    /// When it was noted.
    pub at: Instant,
    /// Its text.
    pub text: String,
}

/// Notes a contract file. Returns the changes entered: none for the first file of a contract, or
/// for one that was noted last already.
pub async fn note(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    text: &str,
) -> Result<Vec<Entry>, RegisterError> {
    by.actor.require_everywhere(Permission::ManageRecords, by.at)?;
    let reason = by.reason()?;
    let new = parse(text)?;
    let hash = sha256(text.as_bytes());
    let before = noted(tx, &new.code).await?.into_iter().next_back();
    if before.as_ref().is_some_and(|before| before.hash == hash) {
        return Ok(Vec::new());
    }
    let number = tx.next_number("contract_files").await?;
    tx.run(
        "INSERT INTO contract_files (hash, number, contract, noted_ms, text) \
         VALUES ($1, $2, $3, $4, $5)",
        &[(&hash).into(), number.into(), (&new.code).into(), by.at.as_millis().into(), text.into()],
    )
    .await?;
    tx.record(Event {
        actor: by.actor.id(),
        at: by.at,
        action: "contract.note",
        object: &format!("contract:{}", new.code),
        digest: &hash,
        detail: json!({ "reason": reason, "before": before.as_ref().map(|b| b.hash.clone()) }),
    })
    .await?;
    match before {
        Some(before) => enter_changes(tx, by, setting, &before, &new, &hash).await,
        None => Ok(Vec::new()),
    }
}

/// The files of a contract that were noted, oldest first.
pub async fn noted(tx: &mut Tx, contract: &str) -> Result<Vec<Noted>, RegisterError> {
    let sql = "SELECT hash, noted_ms, text FROM contract_files WHERE contract = $1 \
               ORDER BY number";
    let rows = tx.rows(sql, &[contract.into()]).await?;
    Ok(rows
        .iter()
        .map(|row| Noted {
            hash: row.text(0),
            at: Instant::from_millis(row.int(1)),
            text: row.text(2),
        })
        .collect())
}

async fn enter_changes(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    before: &Noted,
    new: &Contract,
    hash: &str,
) -> Result<Vec<Entry>, RegisterError> {
    let old = parse(&before.text)?;
    let program = Actor::program();
    let by = By { actor: &program, ..*by };
    let today = setting.date(by.at).to_string();
    let mut entries = Vec::new();
    for change in contract_changes(&old, new) {
        let fields = [
            ("changed_on", today.as_str()),
            ("part", change.part),
            ("subject", &change.subject),
            ("before", &change.before),
            ("after", &change.after),
            ("from_hash", &before.hash),
            ("to_hash", hash),
        ];
        let values = Values::parse(&MONITORING, fields).map_err(RegisterError::Values)?;
        let service = change.service.clone();
        let link = change.indicator.zip(change.service).map(|(indicator, service)| {
            Link::new(LinkKind::Indicator, &format!("{service}/{indicator}"))
        });
        let draft = Draft {
            contract: new.code.clone(),
            service,
            reference: None,
            values,
            links: link.into_iter().collect(),
        };
        entries.push(tx.create(&by, setting, &MONITORING, draft).await?);
    }
    Ok(entries)
}

fn parse(text: &str) -> Result<Contract, RegisterError> {
    contract::parse(text, "contract.toml")
        .map_err(|problem| RegisterError::Contract(problem.to_string()))
}

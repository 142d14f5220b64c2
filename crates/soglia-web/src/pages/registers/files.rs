//! Attachments of entries. Read [`attach`] first.

use axum::body::Bytes;
use axum::extract::{Path, State};
use soglia_domain::register::REVIEW_PARTS;
use soglia_registers::files::BYTES_MAX;

use super::fields::refused;
use super::list::uploaded;
use crate::access::{Fields, Visit};
use crate::reply::{Answer, Problem, file, said};
use crate::state::Shared;

/// Bodies are no larger than the largest attachment, and a little.
pub const BODY_MAX: usize = BYTES_MAX + 4096;

/// Attaches a file: its content is the body, its name stands in the address.
pub async fn attach(
    State(app): State<Shared>,
    visit: Visit,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let reason = visit.parameter("reason").unwrap_or_default();
    let name = visit.parameter("name").unwrap_or_default();
    let by = visit.by(&reason)?;
    let mut tx = app.database.write().await?;
    let entry = tx.entry_for(by.actor, visit.now, &id).await?;
    let asked = visit.parameter("version").and_then(|text| text.parse().ok());
    // A file that is added takes nothing away from what somebody else wrote meanwhile.
    let version = asked.unwrap_or(entry.version).max(entry.version);
    let stored = app.files.store(&name, &body).map_err(refused)?;
    let entry = tx.attach(&by, &app.setting(), &id, version, stored).await.map_err(refused)?;
    tx.commit().await?;
    let told = format!("{}: {name} {}", entry.id, visit.say("allegato", "attached"));
    Ok(uploaded(&format!("/entries/{id}"), &told))
}

/// Takes a file off; earlier versions still have it.
pub async fn detach(
    State(app): State<Shared>,
    visit: Visit,
    Path((id, sha256)): Path<(String, String)>,
    sent: Fields,
) -> Answer {
    let by = visit.by(sent.text("reason"))?;
    let version = sent.text("version").parse().unwrap_or(0);
    let mut tx = app.database.write().await?;
    tx.entry_for(by.actor, visit.now, &id).await?;
    let entry = tx.detach(&by, &app.setting(), &id, version, &sha256).await.map_err(refused)?;
    tx.commit().await?;
    let told = format!("{}: {}", entry.id, visit.say("allegato tolto", "file taken off"));
    Ok(said(&format!("/entries/{id}"), &told))
}

/// An attachment, for whoever may see what it is called: contents may be about persons.
pub async fn read(
    State(app): State<Shared>,
    visit: Visit,
    Path((id, sha256)): Path<(String, String)>,
) -> Answer {
    let who = visit.who()?;
    let mut tx = app.database.read().await?;
    let entry = tx.entry_for(&who.actor, visit.now, &id).await?;
    let attached = entry.files.iter().find(|file| file.sha256 == sha256);
    let attached = attached.ok_or_else(|| {
        Problem::missing("questo allegato non c'è", "there is no such attachment")
    })?;
    let needed = [soglia_domain::access::Permission::ReadPersonal];
    let name = match &attached.name {
        Some(name) => name.clone(),
        // What belongs to a review is about figures; of other entries nobody knows.
        None if REVIEW_PARTS.contains(&entry.register) => format!("{sha256}.pdf"),
        None => return Err(Problem::forbidden(&needed)),
    };
    let bytes = app.files.read(&sha256)?;
    // Whatever it is, browsers save it: nothing of it runs on these pages.
    Ok(file("application/octet-stream", &name, bytes))
}

//! Two people changed the same entry: both versions side by side. Read [`show`] first.
//!
//! Nothing was written. What only one of the two changed is taken over as it is; what both changed
//! has to be chosen. The form then goes out with the newest version's number, so that a third
//! person is noticed as well.

use askama::Template;
use axum::http::StatusCode;
use soglia_domain::register::Field;
use soglia_registers::entries::Conflict;

use super::fields::shown;
use crate::access::{Fields, Visit};
use crate::reply::{Answer, page};
use crate::shell::Shell;
use crate::state::Shared;

#[derive(Template)]
#[template(path = "registers/conflict.html")]
struct ConflictPage {
    shell: Shell,
    id: String,
    who: String,
    at: soglia_domain::time::Instant,
    base_version: i64,
    version: i64,
    action: String,
    next: String,
    reason: String,
    rows: Vec<Row>,
    state_moved: bool,
    state: &'static str,
}

/// A field that one of the two changed, or both.
struct Row {
    name: String,
    label: &'static str,
    base: String,
    yours: String,
    theirs: String,
    /// What the form sends back, as it is stored.
    your_value: String,
    their_value: String,
    both: bool,
    yours_only: bool,
}

/// Shows both versions, and lets whoever came later choose.
pub fn show(
    app: &Shared,
    visit: &Visit,
    conflict: &Conflict,
    sent: &Fields,
    step: Option<&str>,
) -> Answer {
    let Conflict { base_version, base, yours, theirs, both } = conflict;
    let lang = visit.lang;
    let text = |field: &Field, values: &soglia_domain::register::Values| {
        values.get(field.code).map(|value| shown(field, value, lang)).unwrap_or_default()
    };
    let value = |field: &Field, values: &soglia_domain::register::Values| {
        values.get(field.code).map(ToString::to_string).unwrap_or_default()
    };
    let rows = theirs.register.fields.iter().filter_map(|field| {
        let (read, mine, other) =
            (base.get(field.code), yours.get(field.code), theirs.values.get(field.code));
        if read == mine && read == other {
            return None;
        }
        Some(Row {
            name: format!("f.{}", field.code),
            label: field.label.get(lang),
            base: text(field, base),
            yours: text(field, yours),
            theirs: text(field, &theirs.values),
            your_value: value(field, yours),
            their_value: value(field, &theirs.values),
            both: both.contains(&field.code),
            yours_only: read != mine && read == other,
        })
    });
    let rows = rows.collect();
    let title =
        format!("{}: {}", theirs.id, visit.say("due modifiche insieme", "two changes at once"));
    let back = format!("/entries/{}", theirs.id);
    let shell = Shell::new(app, visit, &title).below(&theirs.id, back.clone());
    let action = match step {
        Some(step) => format!("/entries/{}/steps/{step}", theirs.id),
        None => format!("/entries/{}/edit", theirs.id),
    };
    let mut answer = page(&ConflictPage {
        shell,
        id: theirs.id.clone(),
        who: theirs.changed.1.clone(),
        at: theirs.changed.0,
        base_version: *base_version,
        version: theirs.version,
        action,
        next: sent.some("next").unwrap_or(&back).to_owned(),
        reason: sent.text("reason").to_owned(),
        rows,
        state_moved: step.is_some(),
        state: theirs.state.label.get(lang),
    })?;
    *answer.status_mut() = StatusCode::CONFLICT;
    Ok(answer)
}

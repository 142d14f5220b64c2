//! The audit trail. Read [`list`] first.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use soglia_domain::access::Permission;
use soglia_registers::accounts::Users;
use soglia_registers::trail::{self, Link, Verified};

use crate::access::Visit;
use crate::reply::{Answer, page};
use crate::shell::Shell;
use crate::state::Shared;
use crate::view::Paging;

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new().route("/audit", get(list)).route("/audit/verify", get(verify))
}

#[derive(Template)]
#[template(path = "audit/list.html")]
struct ListPage {
    shell: Shell,
    object: String,
    rows: Vec<(Link, String)>,
    paging: Paging,
}

async fn list(State(app): State<Shared>, visit: Visit) -> Answer {
    app.allow(&visit, &[Permission::ReadTrail], None)?;
    let object = visit.parameter("object").unwrap_or_default();
    let mut tx = app.database.read().await?;
    let names: BTreeMap<String, String> = Users(&mut tx)
        .list()
        .await?
        .into_iter()
        .filter_map(|user| Some((user.id, user.name.or(user.login)?)))
        .collect();
    let (skip, per) = (Paging::skip(&visit), Paging::PER);
    let (links, total) = if object.is_empty() {
        let newest = trail::head(&mut tx).await?.seq;
        let until = newest - i64::try_from(skip).unwrap_or(i64::MAX);
        let after = (until - i64::try_from(per).unwrap_or(50)).max(0);
        let links = trail::links(&mut tx, after, (until - after).max(0)).await?;
        (links, u64::try_from(newest).unwrap_or(0))
    } else {
        let all = trail::links_of(&mut tx, &object).await?;
        let total = all.len() as u64;
        let end = all.len().saturating_sub(skip);
        let begin = end.saturating_sub(per);
        (all.into_iter().take(end).skip(begin).collect(), total)
    };
    let more = ((skip + links.len()) as u64) < total;
    let rows = links.into_iter().rev().map(|link| {
        let name = names.get(&link.actor).cloned().unwrap_or_else(|| link.actor.clone());
        (link, name)
    });
    let shell = Shell::new(&app, &visit, visit.say("Tracciato", "Audit trail"));
    let paging = Paging::new(&visit, Some(total), more);
    page(&ListPage { shell, object, rows: rows.collect(), paging })
}

#[derive(Template)]
#[template(path = "audit/verify.html")]
struct VerifyPage {
    shell: Shell,
    verified: Verified,
}

/// Follows the whole chain.
async fn verify(State(app): State<Shared>, visit: Visit) -> Answer {
    app.allow(&visit, &[Permission::ReadTrail], None)?;
    let verified = trail::verify(&app.database, None).await?;
    let shell = Shell::new(&app, &visit, visit.say("Verifica del tracciato", "Verification"))
        .below(visit.say("Tracciato", "Audit trail"), "/audit");
    page(&VerifyPage { shell, verified })
}

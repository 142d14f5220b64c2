//! What the pages say about themselves. Read [`accessibility`] first.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;

use crate::access::Visit;
use crate::reply::{Answer, page};
use crate::shell::Shell;
use crate::state::Shared;

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new().route("/accessibility", get(accessibility))
}

#[derive(Template)]
#[template(path = "about/accessibility.html")]
struct AccessibilityPage {
    shell: Shell,
}

async fn accessibility(State(app): State<Shared>, visit: Visit) -> Answer {
    let shell = Shell::new(&app, &visit, visit.say("Accessibilità", "Accessibility"));
    page(&AccessibilityPage { shell })
}

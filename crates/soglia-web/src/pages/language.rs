//! Choosing a language. Read [`choose`] first.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;

use super::inside;
use crate::access::{Visit, set_cookie};
use crate::reply::go;
use crate::state::Shared;

const YEAR_SECS: u32 = 365 * 24 * 3600;

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new().route("/language/{tag}", get(choose))
}

/// Remembers the language and goes back to the page.
async fn choose(State(app): State<Shared>, visit: Visit, Path(tag): Path<String>) -> Response {
    let next = visit.parameter("next").unwrap_or_default();
    let mut response = go(inside(&next));
    let tag = if tag == "en" { "en" } else { "it" };
    set_cookie(&mut response, &app, "soglia_lang", tag, Some(YEAR_SECS));
    response
}

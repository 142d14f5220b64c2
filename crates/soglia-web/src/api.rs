//! The same as JSON, for programs. Read [`routes`] first.

use axum::Router;

use crate::state::Shared;

/// The routes below `/api`.
pub fn routes() -> Router<Shared> {
    Router::new().fallback(missing)
}

async fn missing() -> crate::reply::Problem {
    crate::reply::Problem::missing("questo indirizzo non c'è", "there is no such address")
}

//! The registers: what people write down beside the figures. Read [`list`] first, then
//! [`entry`](self::entry).

mod conflict;
mod entry;
pub mod fields;
mod files;
mod list;

use axum::Router;
use axum::routing::{get, post};

use crate::state::Shared;

pub use self::entry::{Step, history, steps};
pub use self::list::{Asked, known, uploaded};

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/registers", get(list::all))
        .route("/registers/{register}", get(list::one).post(entry::create))
        .route("/registers/{register}/new", get(entry::new))
        .route("/registers/{register}/export/{kind}", get(list::export))
        .route("/registers/{register}/import", post(list::import))
        .route("/registers/{register}/rejects/{no}", get(list::rejects))
        .route("/entries/{id}", get(entry::show))
        .route("/entries/{id}/edit", get(entry::form).post(entry::edit))
        .route("/entries/{id}/steps/{step}", post(entry::step))
        .route("/entries/{id}/files", post(files::attach))
        .route("/entries/{id}/files/{sha256}", get(files::read))
        .route("/entries/{id}/files/{sha256}/detach", post(files::detach))
        .layer(axum::extract::DefaultBodyLimit::max(files::BODY_MAX))
}

//! The pages, one module for each family. Read [`routes`] first.

pub mod about;
pub mod account;
pub mod audit;
pub mod calls;
pub mod contract;
pub mod imports;
pub mod language;
pub mod login;
pub mod open_data;
pub mod openid;
pub mod overview;
pub mod planning;
pub mod registers;
pub mod reviews;
pub mod services;
pub mod setup;
pub mod users;

use axum::Router;

use crate::state::Shared;

/// The routes of all pages.
pub fn routes() -> Router<Shared> {
    Router::new()
        .merge(about::routes())
        .merge(account::routes())
        .merge(audit::routes())
        .merge(calls::routes())
        .merge(contract::routes())
        .merge(imports::routes())
        .merge(language::routes())
        .merge(login::routes())
        .merge(open_data::routes())
        .merge(openid::routes())
        .merge(overview::routes())
        .merge(planning::routes())
        .merge(registers::routes())
        .merge(reviews::routes())
        .merge(services::routes())
        .merge(setup::routes())
        .merge(users::routes())
        .fallback(missing)
}

async fn missing() -> crate::reply::Problem {
    crate::reply::Problem::missing("questa pagina non c'è", "there is no such page")
}

/// An address inside this server, or the first page: nobody is sent elsewhere.
pub fn inside(address: &str) -> &str {
    let is_inside = address.starts_with('/')
        && !address.starts_with("//")
        && !address.contains('\\')
        && !address.chars().any(char::is_control);
    if is_inside { address } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(inside("/services/cup?period=2023-H2"), "/services/cup?period=2023-H2");
        for outside in ["https://example.org", "//example.org", "/\\example.org", "", "/a\r\nb"] {
            assert_eq!(inside(outside), "/", "{outside}");
        }
    }
}

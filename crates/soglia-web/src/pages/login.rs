//! Coming in and going out. Read [`come_in`] first.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use soglia_domain::text::Lang;
use soglia_registers::accounts::{self, Credentials};
use soglia_registers::error::RegisterError;

use super::inside;
use crate::access::{Fields, Visit, cookie, session_cookie, set_cookie};
use crate::reply::{Answer, go, page};
use crate::shell::Shell;
use crate::state::Shared;

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new().route("/login", get(form).post(come_in)).route("/logout", post(go_out))
}

#[derive(Template)]
#[template(path = "login/login.html")]
struct LoginPage {
    shell: Shell,
    next: String,
    login: String,
    wrong: Option<String>,
}

async fn form(State(app): State<Shared>, visit: Visit) -> Answer {
    if visit.caller.is_some() {
        return Ok(go("/"));
    }
    if app.awaits_setup() {
        return Ok(go("/setup"));
    }
    let next = visit.parameter("next").unwrap_or_default();
    page(&LoginPage { shell: shell(&app, &visit), next, login: String::new(), wrong: None })
}

fn shell(app: &Shared, visit: &Visit) -> Shell {
    Shell::new(app, visit, visit.say("Accesso", "Log in"))
}

/// Lets somebody in, or says that it was wrong, and never what.
async fn come_in(State(app): State<Shared>, visit: Visit, fields: Fields) -> Answer {
    let credentials = Credentials {
        login: fields.text("login").to_owned(),
        password: fields.exact("password").to_owned(),
        code: fields.some("code").map(str::to_owned),
        address: visit.address.to_string(),
    };
    match accounts::login(&app.database, credentials, visit.now).await {
        Ok(secret) => {
            let mut response = go(inside(fields.text("next")));
            set_cookie(&mut response, &app, session_cookie(&app), &secret, None);
            Ok(response)
        }
        Err(error @ (RegisterError::Login | RegisterError::Throttled { .. })) => {
            refused(&app, &visit, &fields, &error)
        }
        Err(other) => Err(other.into()),
    }
}

fn refused(app: &Shared, visit: &Visit, fields: &Fields, error: &RegisterError) -> Answer {
    let (status, wrong) = if let RegisterError::Throttled { wait_secs } = error {
        let wait = match visit.lang {
            Lang::It => format!("Troppi tentativi: riprovi tra {wait_secs} secondi."),
            Lang::En => format!("Too many attempts: try again in {wait_secs} seconds."),
        };
        (StatusCode::TOO_MANY_REQUESTS, wait)
    } else {
        let wrong = visit.say(
            "Nome utente, password o codice non sono corretti.",
            "Login, password or code are not right.",
        );
        (StatusCode::UNAUTHORIZED, wrong.to_owned())
    };
    let shell = shell(app, visit);
    let (next, login) = (fields.text("next").to_owned(), fields.text("login").to_owned());
    let answer = page(&LoginPage { shell, next, login, wrong: Some(wrong) })?;
    Ok((status, answer).into_response())
}

/// Ends the session, here and on the server.
async fn go_out(
    State(app): State<Shared>,
    visit: Visit,
    headers: axum::http::HeaderMap,
) -> Result<Response, crate::reply::Problem> {
    let name = session_cookie(&app);
    if let Some(secret) = cookie(&headers, name) {
        accounts::logout(&app.database, &secret, visit.now).await?;
    }
    let mut response = go("/login");
    set_cookie(&mut response, &app, name, "", Some(0));
    Ok(response)
}

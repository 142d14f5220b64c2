//! Coming in and going out. Read [`come_in`] first.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use soglia_domain::text::{Lang, Text};
use soglia_registers::accounts::{self, Credentials};
use soglia_registers::error::RegisterError;

use super::{inside, openid};
use crate::access::{Fields, Visit, cookie, session_cookie, set_cookie};
use crate::reply::{Answer, Problem, go, page};
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
    /// The identity provider: the name on the button and where it leads.
    provider: Option<(String, String)>,
    local: bool,
}

async fn form(State(app): State<Shared>, visit: Visit) -> Answer {
    if visit.caller.is_some() {
        return Ok(go("/"));
    }
    if app.awaits_setup() {
        return Ok(go("/setup"));
    }
    let next = visit.parameter("next").unwrap_or_default();
    page(&login_page(&app, &visit, &next, "", None))
}

fn login_page(
    app: &Shared,
    visit: &Visit,
    next: &str,
    login: &str,
    wrong: Option<String>,
) -> LoginPage {
    let openid = app.openid.as_ref();
    LoginPage {
        shell: Shell::new(app, visit, visit.say("Accesso", "Log in")),
        next: next.to_owned(),
        login: login.to_owned(),
        wrong,
        provider: openid.map(|one| (one.label().to_owned(), openid::beginning(next))),
        local: app.takes_passwords(),
    }
}

/// Lets somebody in, or says that it was wrong, and never what.
async fn come_in(State(app): State<Shared>, visit: Visit, fields: Fields) -> Answer {
    if !app.takes_passwords() {
        let text = Text::new(
            "qui si accede solo con il fornitore di identità",
            "here one logs in by the identity provider only",
        );
        return Err(Problem::refused(StatusCode::FORBIDDEN, text));
    }
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
    let (next, login) = (fields.text("next"), fields.text("login"));
    let answer = page(&login_page(app, visit, next, login, Some(wrong)))?;
    Ok((status, answer).into_response())
}

/// Ends the session, here and on the server, and at the identity provider if it began there.
async fn go_out(State(app): State<Shared>, visit: Visit, headers: axum::http::HeaderMap) -> Answer {
    let name = session_cookie(&app);
    let mut response = go("/login");
    if let Some(secret) = cookie(&headers, name) {
        let issuer = accounts::logout(&app.database, &secret, visit.now).await?;
        let provider = app.openid.as_ref();
        let provider = provider.filter(|one| Some(&one.setting().issuer) == issuer.as_ref());
        if let Some(provider) = provider {
            response = openid::leave(&app, &visit, provider, &secret).await?;
        }
    }
    set_cookie(&mut response, &app, name, "", Some(0));
    Ok(response)
}

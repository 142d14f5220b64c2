//! The first start: making the administrator. Read [`make`] first.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use soglia_domain::access::{Grant, Role};
use soglia_domain::text::Text;
use soglia_registers::accounts::{NewUser, Users};
use soglia_registers::actor::{Actor, By};

use crate::access::{Fields, Visit};
use crate::reply::{Answer, Problem, go, page, said};
use crate::shell::Shell;
use crate::state::Shared;

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new().route("/setup", get(form).post(make))
}

#[derive(Template)]
#[template(path = "login/setup.html")]
struct SetupPage {
    shell: Shell,
    token: String,
    login: String,
    name: String,
    wrong: Option<String>,
}

async fn form(State(app): State<Shared>, visit: Visit) -> Answer {
    if !app.awaits_setup() {
        return Ok(go("/login"));
    }
    let token = visit.parameter("token").unwrap_or_default();
    let shell = shell(&app, &visit);
    page(&SetupPage { shell, token, login: String::new(), name: String::new(), wrong: None })
}

fn shell(app: &Shared, visit: &Visit) -> Shell {
    Shell::new(app, visit, visit.say("Primo avvio", "First start"))
}

/// Makes the first administrator, for whoever reads the program's console.
async fn make(State(app): State<Shared>, visit: Visit, fields: Fields) -> Answer {
    if !app.is_setup(fields.text("token")) {
        let text = Text::new(
            "il codice non è quello scritto sulla console del programma",
            "the code is not the one written on the program's console",
        );
        return Err(Problem::refused(axum::http::StatusCode::FORBIDDEN, text));
    }
    let actor = Actor::program();
    let by = By { actor: &actor, at: visit.now, reason: "first start" };
    let new = NewUser {
        login: fields.text("login").to_owned(),
        name: fields.text("name").to_owned(),
        email: fields.some("email").map(str::to_owned),
        password: Some(fields.exact("password").to_owned()),
    };
    let mut tx = app.database.write().await?;
    let made = match Users(&mut tx).create(&by, new).await {
        Ok(user) => Users(&mut tx)
            .grant(&by, &user.id, Grant::everywhere(Role::Administrator))
            .await
            .map(|_| ()),
        Err(error) => Err(error),
    };
    if let Err(error) = made {
        let problem = Problem::from(error);
        let Problem::Refused { text, .. } = &problem else { return Err(problem) };
        return page(&SetupPage {
            shell: shell(&app, &visit),
            token: fields.text("token").to_owned(),
            login: fields.text("login").to_owned(),
            name: fields.text("name").to_owned(),
            wrong: Some(text.get(visit.lang).to_owned()),
        });
    }
    tx.commit().await?;
    app.end_setup();
    let text = visit.say(
        "L'amministratore è stato creato: ora può accedere.",
        "The administrator was made: you can log in now.",
    );
    Ok(said("/login", text))
}

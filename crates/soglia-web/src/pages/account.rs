//! One's own account: password and second factor. Read [`show`] first.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use soglia_domain::text::Text;
use soglia_registers::accounts::{
    self, Credentials, Enrolment, LocalPassword, SecondFactor, User, Users,
};
use soglia_registers::error::RegisterError;

use super::users::in_words;
use crate::access::{Fields, Visit, Way};
use crate::reply::{Answer, Problem, page, said};
use crate::shell::Shell;
use crate::state::{App, Shared};

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/account", get(show))
        .route("/account/password", post(password))
        .route("/account/second-factor", get(enrol).post(confirm))
}

#[derive(Template)]
#[template(path = "users/account.html")]
struct AccountPage {
    shell: Shell,
    login: String,
    grants: Vec<String>,
    second_factor: bool,
    /// Whether a password of Soglia's own opens this account.
    has_password: bool,
    /// Who one is at identity providers.
    identities: Vec<String>,
}

async fn own(app: &App, visit: &Visit) -> Result<User, Problem> {
    let who = visit.who()?;
    if who.way == Way::Token {
        return Err(Problem::missing("i token non hanno un profilo", "tokens have no account"));
    }
    let mut tx = app.database.read().await?;
    Ok(Users(&mut tx).get(who.actor.id()).await?)
}

async fn show(State(app): State<Shared>, visit: Visit) -> Answer {
    let user = own(&app, &visit).await?;
    let grants = user.grants.iter().map(|(_, grant)| in_words(grant, &app, visit.lang));
    page(&AccountPage {
        grants: grants.collect(),
        login: user.login.clone().unwrap_or_default(),
        second_factor: user.second_factor == SecondFactor::On,
        has_password: user.password == LocalPassword::Set && app.takes_passwords(),
        identities: user.identities.iter().map(|one| one.known.text().to_owned()).collect(),
        shell: Shell::new(&app, &visit, visit.say("Il mio profilo", "My account")),
    })
}

/// Changes one's own password, for whoever knows the old one.
async fn password(State(app): State<Shared>, visit: Visit, fields: Fields) -> Answer {
    let user = own(&app, &visit).await?;
    let credentials = Credentials {
        login: user.login.clone().unwrap_or_default(),
        password: fields.exact("old").to_owned(),
        code: fields.some("code").map(str::to_owned),
        address: visit.address.to_string(),
    };
    match accounts::login(&app.database, credentials, visit.now).await {
        Ok(secret) => {
            accounts::logout(&app.database, &secret, visit.now).await?;
        }
        Err(RegisterError::Login) => {
            return Err(Problem::bad(
                "la password attuale (o il codice) non è corretta",
                "the present password (or the code) is not right",
            ));
        }
        Err(other) => return Err(other.into()),
    }
    let new = fields.exact("password").to_owned();
    let mut tx = app.database.write().await?;
    Users(&mut tx).set_password(&visit.by("own password")?, &user.id, new).await?;
    tx.commit().await?;
    let text =
        visit.say("Password cambiata: ora acceda di nuovo.", "Password changed: now log in again.");
    Ok(said("/login", text))
}

#[derive(Template)]
#[template(path = "users/enrol.html")]
struct EnrolPage {
    shell: Shell,
    secret: String,
    grouped: String,
    address: String,
    wrong: bool,
}

fn enrolment(app: &App, visit: &Visit, enrolment: &Enrolment, wrong: bool) -> Answer {
    let title = visit.say("Secondo fattore", "Second factor");
    let shell =
        Shell::new(app, visit, title).below(visit.say("Il mio profilo", "My account"), "/account");
    let letters: Vec<char> = enrolment.secret.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    page(&EnrolPage {
        shell,
        secret: enrolment.secret.clone(),
        grouped: groups.join(" "),
        address: enrolment.address.clone(),
        wrong,
    })
}

async fn enrol(State(app): State<Shared>, visit: Visit) -> Answer {
    let user = own(&app, &visit).await?;
    let begun = Users::begin_second_factor(&user.login.unwrap_or_default());
    enrolment(&app, &visit, &begun, false)
}

/// Turns one-time codes on, with a code as proof that the app has the secret.
async fn confirm(State(app): State<Shared>, visit: Visit, fields: Fields) -> Answer {
    let user = own(&app, &visit).await?;
    if user.second_factor == SecondFactor::On {
        let text = Text::new(
            "il secondo fattore è già attivo; un amministratore può toglierlo",
            "the second factor is on already; an administrator can turn it off",
        );
        return Err(Problem::refused(StatusCode::CONFLICT, text));
    }
    let (secret, address) = (fields.text("secret").to_owned(), fields.text("address").to_owned());
    let begun = Enrolment { secret, address };
    let mut tx = app.database.write().await?;
    let by = visit.by("own second factor")?;
    let confirmed =
        Users(&mut tx).confirm_second_factor(&by, &user.id, &begun, fields.text("code")).await;
    match confirmed {
        Ok(()) => tx.commit().await?,
        Err(RegisterError::Login) => return enrolment(&app, &visit, &begun, true),
        Err(other) => return Err(other.into()),
    }
    Ok(said("/account", visit.say("Secondo fattore attivo.", "Second factor on.")))
}

//! Accounts, roles and tokens, for whoever keeps them. Read [`list`] first.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use soglia_domain::access::{Grant, Permission, ROLES, Role};
use soglia_domain::period::start_of_day;
use soglia_domain::text::{Lang, Text};
use soglia_domain::time::{Instant, Millis};
use soglia_registers::accounts::{
    Known, LocalPassword, NewToken, NewUser, SecondFactor, Standing, Token, User, Users,
};

use crate::access::{Fields, Visit};
use crate::reply::{Answer, Problem, page, said};
use crate::shell::Shell;
use crate::state::{App, Shared};

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/users", get(list).post(create))
        .route("/users/{id}", get(one))
        .route("/users/{id}/{change}", post(change))
        .route("/tokens", get(tokens).post(create_token))
        .route("/tokens/{id}/revoke", post(revoke_token))
}

/// A user, as shown.
struct Row {
    id: String,
    login: String,
    name: String,
    email: String,
    standing: &'static str,
    is_active: bool,
    second_factor: bool,
    has_password: bool,
    grants: Vec<(String, String)>,
    identities: Vec<Linked>,
}

/// An identity, as shown.
struct Linked {
    id: String,
    issuer: String,
    text: String,
    is_awaited: bool,
}

fn row(user: User, app: &App, visit: &Visit) -> Row {
    Row {
        login: user.login.unwrap_or_default(),
        name: user.name.unwrap_or_else(|| user.id.clone()),
        email: user.email.unwrap_or_default(),
        standing: match user.standing {
            Standing::Active => visit.say("attivo", "active"),
            Standing::Disabled => visit.say("disattivato", "disabled"),
            Standing::Erased => visit.say("cancellato", "erased"),
        },
        is_active: user.standing == Standing::Active,
        second_factor: user.second_factor == SecondFactor::On,
        grants: user
            .grants
            .into_iter()
            .map(|(id, grant)| (id, in_words(&grant, app, visit.lang)))
            .collect(),
        has_password: user.password == LocalPassword::Set,
        identities: user
            .identities
            .into_iter()
            .map(|one| Linked {
                is_awaited: matches!(one.known, Known::Name(_)),
                text: one.known.text().to_owned(),
                issuer: one.issuer,
                id: one.id,
            })
            .collect(),
        id: user.id,
    }
}

/// A grant for people.
pub fn in_words(grant: &Grant, app: &App, lang: Lang) -> String {
    let zone = &app.contract.zone;
    let day = |at: Option<Instant>| {
        let day = |at: Instant| soglia_report::format::day(lang, at.in_zone(zone).date());
        at.map_or_else(|| "…".to_owned(), day)
    };
    let role = grant.role.row().label.get(lang);
    let place: Vec<&str> =
        [grant.contract.as_deref(), grant.service.as_deref()].into_iter().flatten().collect();
    let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join("/")) };
    let time = if grant.from.is_none() && grant.until.is_none() {
        String::new()
    } else {
        format!(" {} – {}", day(grant.from), day(grant.until))
    };
    format!("{role}{place}{time}")
}

fn require(app: &App, visit: &Visit) -> Result<(), Problem> {
    app.allow(visit, &[Permission::ManageUsers], None)
}

#[derive(Template)]
#[template(path = "users/list.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    /// The identity provider's name.
    provider: Option<String>,
}

async fn list(State(app): State<Shared>, visit: Visit) -> Answer {
    require(&app, &visit)?;
    let mut tx = app.database.read().await?;
    let users = Users(&mut tx).list().await?;
    let rows = users.into_iter().map(|user| row(user, &app, &visit)).collect();
    let shell = Shell::new(&app, &visit, visit.say("Utenti", "Users"));
    page(&ListPage { shell, rows, provider: label(&app) })
}

fn label(app: &App) -> Option<String> {
    app.openid.as_ref().map(|one| one.label().to_owned())
}

async fn create(State(app): State<Shared>, visit: Visit, fields: Fields) -> Answer {
    require(&app, &visit)?;
    let new = NewUser {
        login: fields.text("login").to_owned(),
        name: fields.text("name").to_owned(),
        email: fields.some("email").map(str::to_owned),
        password: password(&app, &fields)?,
    };
    let mut tx = app.database.write().await?;
    let user = Users(&mut tx).create(&visit.by(fields.text("reason"))?, new).await?;
    tx.commit().await?;
    let text =
        visit.say("Utente creato: ora gli assegni un ruolo.", "User made: now grant a role.");
    Ok(said(&format!("/users/{}", user.id), text))
}

/// A first password; where there is an identity provider, it may be missing.
fn password(app: &App, fields: &Fields) -> Result<Option<String>, Problem> {
    let password = Some(fields.exact("password").to_owned()).filter(|text| !text.is_empty());
    if password.is_none() && app.openid.is_none() {
        return Err(Problem::bad("manca la password iniziale", "the first password is missing"));
    }
    Ok(password)
}

#[derive(Template)]
#[template(path = "users/one.html")]
struct OnePage {
    shell: Shell,
    user: Row,
    roles: Vec<(&'static str, &'static str)>,
    services: Vec<(String, String)>,
    /// The identity provider's name, and the claim with people's names there.
    provider: Option<(String, String)>,
}

async fn one(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    require(&app, &visit)?;
    let mut tx = app.database.read().await?;
    let user = row(Users(&mut tx).get(&id).await?, &app, &visit);
    let shell = Shell::new(&app, &visit, &user.name).below(visit.say("Utenti", "Users"), "/users");
    let (roles, services) = choices(&app, &visit);
    let provider = app.openid.as_ref();
    let provider = provider.map(|one| (one.label().to_owned(), one.setting().claim.clone()));
    page(&OnePage { shell, user, roles, services, provider })
}

/// Roles and services to choose from.
fn choices(app: &App, visit: &Visit) -> (Vec<NamedRole>, Vec<(String, String)>) {
    let services = app.contract.services.iter();
    (
        ROLES.iter().map(|row| (row.code, row.label.get(visit.lang))).collect(),
        services.map(|s| (s.code.clone(), s.name.get(visit.lang).to_owned())).collect(),
    )
}

/// A role's code and its name.
type NamedRole = (&'static str, &'static str);

/// A role out of a form: administrators everywhere, the others in this contract.
fn granted(app: &App, fields: &Fields) -> Result<Grant, Problem> {
    let role = Role::parse(fields.text("role"))
        .ok_or_else(|| Problem::bad("questo ruolo non c'è", "there is no such role"))?;
    let day = |name: &str| match fields.some(name) {
        None => Ok::<_, Problem>(None),
        Some(text) => {
            let date = text.parse().map_err(|_| {
                Problem::bad("la data si scrive 2024-01-31", "write the date as 2024-01-31")
            })?;
            Ok(Some(start_of_day(date, &app.contract.zone)))
        }
    };
    let everywhere = role == Role::Administrator;
    Ok(Grant {
        role,
        contract: (!everywhere).then(|| app.contract.code.clone()),
        service: fields.some("service").filter(|_| !everywhere).map(str::to_owned),
        from: day("from")?,
        until: day("until")?,
    })
}

/// What is done to an account: each change of the page with its form, a reason and a sentence.
async fn change(
    State(app): State<Shared>,
    visit: Visit,
    Path((id, change)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    require(&app, &visit)?;
    let by = visit.by(fields.text("reason"))?;
    let mut tx = app.database.write().await?;
    let mut users = Users(&mut tx);
    let text = match change.as_str() {
        "grant" => {
            let (_, warnings) = users.grant(&by, &id, granted(&app, &fields)?).await?;
            in_sentences(&visit, &warnings)
        }
        "revoke" => {
            users.revoke(&by, fields.text("grant")).await?;
            visit.say("Ruolo tolto.", "Role taken back.").to_owned()
        }
        "password" => {
            users.set_password(&by, &id, fields.exact("password").to_owned()).await?;
            let it = "Password cambiata: le sessioni aperte sono finite.";
            visit.say(it, "Password changed: open sessions have ended.").to_owned()
        }
        "standing" => {
            let active = fields.text("standing") == "active";
            let to = if active { Standing::Active } else { Standing::Disabled };
            users.set_standing(&by, &id, to).await?;
            visit.say("Fatto.", "Done.").to_owned()
        }
        "second-factor" => {
            users.drop_second_factor(&by, &id).await?;
            visit.say("Secondo fattore tolto.", "Second factor off.").to_owned()
        }
        "link" => {
            users.link(&by, &id, issuer(&app)?, known(&fields)).await?;
            visit.say("Collegato.", "Linked.").to_owned()
        }
        "unlink" => {
            users.unlink(&by, fields.text("identity")).await?;
            let it = "Collegamento tolto: le sessioni aperte sono finite.";
            visit.say(it, "No longer linked: open sessions have ended.").to_owned()
        }
        _ => return Err(Problem::missing("questa pagina non c'è", "there is no such page")),
    };
    tx.commit().await?;
    Ok(said(&format!("/users/{id}"), &text))
}

/// That a role was granted, and what to think about.
fn in_sentences(visit: &Visit, warnings: &[Text]) -> String {
    let mut text = visit.say("Ruolo assegnato.", "Role granted.").to_owned();
    for warning in warnings {
        let attention = visit.say("Attenzione", "Mind");
        text = format!("{text} {attention}: {}.", warning.get(visit.lang));
    }
    text
}

/// The identity provider that people are linked to.
fn issuer(app: &App) -> Result<&str, Problem> {
    let provider = app.openid.as_ref().map(|one| one.setting().issuer.as_str());
    provider.ok_or_else(|| {
        Problem::bad("qui non c'è un fornitore di identità", "there is no identity provider here")
    })
}

/// How a person is known at the provider, out of a form.
fn known(fields: &Fields) -> Known {
    let text = fields.text("known").to_owned();
    if fields.text("by") == "name" { Known::Name(text) } else { Known::Subject(text) }
}

#[derive(Template)]
#[template(path = "users/tokens.html")]
struct TokensPage {
    shell: Shell,
    rows: Vec<(Token, String)>,
    roles: Vec<(&'static str, &'static str)>,
    services: Vec<(String, String)>,
    secret: Option<String>,
}

async fn tokens(State(app): State<Shared>, visit: Visit) -> Answer {
    show_tokens(&app, &visit, None).await
}

async fn show_tokens(app: &App, visit: &Visit, secret: Option<String>) -> Answer {
    require(app, visit)?;
    let mut tx = app.database.read().await?;
    let tokens = Users(&mut tx).tokens(visit.now).await?;
    let rows = tokens.into_iter().map(|token| {
        let grant = in_words(&token.grant, app, visit.lang);
        (token, grant)
    });
    let (roles, services) = choices(app, visit);
    let shell = Shell::new(app, visit, visit.say("Token dei programmi", "Tokens of programs"))
        .below(visit.say("Utenti", "Users"), "/users");
    page(&TokensPage { shell, rows: rows.collect(), roles, services, secret })
}

/// Makes a token and shows it, this once.
async fn create_token(State(app): State<Shared>, visit: Visit, fields: Fields) -> Answer {
    require(&app, &visit)?;
    let days: i64 = fields.text("days").parse().unwrap_or(90);
    let name = fields.text("name").to_owned();
    if name.is_empty() || !(1..=3650).contains(&days) {
        return Err(Problem::bad(
            "servono un nome e una durata da 1 a 3650 giorni",
            "a name and a duration of 1 to 3650 days are needed",
        ));
    }
    let expires = visit.now + Millis::from_hours(24 * days);
    let new = NewToken { name, grant: granted(&app, &fields)?, expires };
    let mut tx = app.database.write().await?;
    let (_, secret) = Users(&mut tx).create_token(&visit.by(fields.text("reason"))?, new).await?;
    tx.commit().await?;
    show_tokens(&app, &visit, Some(secret)).await
}

async fn revoke_token(
    State(app): State<Shared>,
    visit: Visit,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    require(&app, &visit)?;
    let mut tx = app.database.write().await?;
    Users(&mut tx).revoke_token(&visit.by(fields.text("reason"))?, &id).await?;
    tx.commit().await?;
    Ok(said("/tokens", visit.say("Il token non vale più.", "The token is worthless now.")))
}

//! Coming in and going out by an identity provider. Read [`begin`] first, then [`back`].

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use soglia_domain::text::{Lang, Text};
use soglia_registers::accounts::{self, Admission, Arrival};
use soglia_registers::error::RegisterError;

use super::inside;
use crate::access::{Visit, cookie, session_cookie, session_name, set_cookie};
use crate::openid::{CALLBACK, Failure, OpenId, TICKET_LASTS, Ticket, Vouched};
use crate::reply::{Answer, Problem, go, page, said};
use crate::shell::Shell;
use crate::state::{App, Shared, Transport};

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new().route("/login/openid", get(begin)).route(CALLBACK, get(back))
}

/// The name of the ticket's cookie.
fn ticket_cookie(app: &App) -> &'static str {
    match app.transport {
        Transport::Tls => "__Host-soglia-openid",
        Transport::Plain => "soglia_openid",
    }
}

fn provider(app: &App) -> Result<&OpenId, Problem> {
    app.openid.as_ref().ok_or_else(|| {
        Problem::missing(
            "qui non c'è un fornitore di identità",
            "there is no identity provider here",
        )
    })
}

/// The address that begins a sign-in.
pub fn beginning(next: &str) -> String {
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("/login/openid?next={next}")
}

/// Sends the browser to the provider, with a ticket to come back by.
async fn begin(State(app): State<Shared>, visit: Visit) -> Answer {
    let openid = provider(&app)?;
    let next = visit.parameter("next").unwrap_or_default();
    if visit.caller.is_some() {
        return Ok(go(inside(&next)));
    }
    let ticket = Ticket::new(visit.now, &next);
    match openid.address(&ticket, visit.lang, visit.now).await {
        Ok(address) => {
            let mut response = go(&address);
            let age = u32::try_from(TICKET_LASTS.get() / 1000).ok();
            set_cookie(&mut response, &app, ticket_cookie(&app), &ticket.cookie(), age);
            Ok(response)
        }
        Err(failure) => failed(&app, &visit, openid, &failure),
    }
}

/// Why somebody who comes back from the provider does not come in.
enum Stop {
    Failure(Failure),
    Problem(Problem),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<RegisterError> for Stop {
    fn from(error: RegisterError) -> Self {
        Self::Problem(error.into())
    }
}

/// Takes whoever comes back from the provider. The ticket is used up in any case.
async fn back(State(app): State<Shared>, visit: Visit, headers: HeaderMap) -> Answer {
    let openid = provider(&app)?;
    let mut response = match arrived(&app, openid, &visit, &headers).await {
        Ok(Arrived::Admitted(ticket, vouched, secret)) => {
            if let Some(old) = cookie(&headers, session_cookie(&app)) {
                accounts::logout(&app.database, &old, visit.now).await?;
            }
            openid.remember(&session_name(&secret), *vouched, visit.now);
            let mut response = go(ticket.next());
            set_cookie(&mut response, &app, session_cookie(&app), &secret, None);
            response
        }
        Ok(Arrived::Unknown(subject, name)) => unknown(&app, &visit, openid, subject, name)?,
        Ok(Arrived::ShutOut) => shut_out(&app, &visit)?,
        Ok(Arrived::Wait(secs)) => wait(&app, &visit, secs)?,
        Err(Stop::Failure(failure)) => failed(&app, &visit, openid, &failure)?,
        Err(Stop::Problem(problem)) => problem.into_response(),
    };
    set_cookie(&mut response, &app, ticket_cookie(&app), "", Some(0));
    Ok(response)
}

/// What became of somebody who came back.
enum Arrived {
    Admitted(Ticket, Box<Vouched>, String),
    Unknown(String, Option<String>),
    ShutOut,
    Wait(u64),
}

async fn arrived(
    app: &App,
    openid: &OpenId,
    visit: &Visit,
    headers: &HeaderMap,
) -> Result<Arrived, Stop> {
    let ticket = cookie(headers, ticket_cookie(app)).and_then(|text| Ticket::parse(&text));
    let ticket = ticket.ok_or(Failure::State)?;
    let state = visit.parameter("state").unwrap_or_default();
    let issuer = visit.parameter("iss");
    openid.accepts(&ticket, &state, issuer.as_deref(), visit.now)?;
    if let Some(error) = visit.parameter("error") {
        return Err(Failure::refused(&error).into());
    }
    let code = visit.parameter("code").ok_or(Failure::State)?;
    let vouched = openid.vouched(&ticket, &code, visit.now).await?;
    let issuer = openid.setting().issuer.clone();
    let linked = accounts::is_linked(&app.database, &issuer, &vouched.subject).await?;
    let name = if linked { None } else { openid.name_of(&vouched, visit.now).await? };
    let address = visit.address.to_string();
    let arrival = Arrival { issuer, subject: vouched.subject.clone(), name, address };
    match accounts::admit(&app.database, &arrival, visit.now).await {
        Ok(Admission::In(secret)) => Ok(Arrived::Admitted(ticket, Box::new(vouched), secret)),
        Ok(Admission::Unknown) => Ok(Arrived::Unknown(vouched.subject, arrival.name)),
        Ok(Admission::ShutOut) => Ok(Arrived::ShutOut),
        Err(RegisterError::Throttled { wait_secs }) => Ok(Arrived::Wait(wait_secs)),
        Err(other) => Err(other.into()),
    }
}

#[derive(Template)]
#[template(path = "login/refused.html")]
struct RefusedPage {
    shell: Shell,
    text: String,
    hint: String,
    person: Option<Person>,
}

/// Who somebody is at the provider, for them to hand on to an administrator.
struct Person {
    issuer: String,
    subject: String,
    name: Option<String>,
}

fn refused(
    app: &App,
    visit: &Visit,
    status: StatusCode,
    (text, hint): (&Text, &Text),
    person: Option<Person>,
) -> Answer {
    let shell = Shell::new(app, visit, visit.say("Accesso non riuscito", "Sign-in failed"));
    let (text, hint) = (text.get(visit.lang).to_owned(), hint.get(visit.lang).to_owned());
    Ok((status, page(&RefusedPage { shell, text, hint, person })?).into_response())
}

fn failed(app: &App, visit: &Visit, openid: &OpenId, failure: &Failure) -> Answer {
    if let Some(problem) = failure.for_keeper() {
        eprintln!("warning: {} {}: {problem}", visit.method, visit.path);
    }
    let words = (failure.text(openid.label()), failure.hint());
    refused(app, visit, failure.status(), (&words.0, &words.1), None)
}

fn unknown(
    app: &App,
    visit: &Visit,
    openid: &OpenId,
    subject: String,
    name: Option<String>,
) -> Answer {
    let label = openid.label();
    let text = Text::new(
        &format!("{label} la riconosce, ma in Soglia nessun utente è collegato a lei."),
        &format!("{label} recognises you, but no user of Soglia is linked to you."),
    );
    let hint = Text::new(
        "Mandi a un amministratore di Soglia quanto segue: creerà l'utente, se non c'è, e lo \
         collegherà. Poi acceda di nuovo.",
        "Send the following to an administrator of Soglia, who will make the user if there is \
         none, and link it. Then sign in again.",
    );
    let issuer = openid.setting().issuer.clone();
    let person = Person { issuer, subject, name };
    refused(app, visit, StatusCode::FORBIDDEN, (&text, &hint), Some(person))
}

fn shut_out(app: &App, visit: &Visit) -> Answer {
    let text = Text::new("Il suo utente è disattivato.", "Your user is disabled.");
    let hint = Text::new(
        "Un amministratore di Soglia può riattivarlo.",
        "An administrator of Soglia can enable it again.",
    );
    refused(app, visit, StatusCode::FORBIDDEN, (&text, &hint), None)
}

fn wait(app: &App, visit: &Visit, secs: u64) -> Answer {
    let text = Text::new(
        &format!("Troppi tentativi: riprovi tra {secs} secondi."),
        &format!("Too many attempts: try again in {secs} seconds."),
    );
    let hint = Text::new(
        "Prima di riprovare chieda a un amministratore di collegare il suo utente.",
        "Before you try again, ask an administrator to link your user.",
    );
    refused(app, visit, StatusCode::TOO_MANY_REQUESTS, (&text, &hint), None)
}

#[derive(Template)]
#[template(path = "login/leaving.html")]
struct LeavingPage {
    shell: Shell,
    text: String,
    address: String,
}

/// Leads whoever went out to the provider, so that the session there ends too.
///
/// The page that does it is a page of its own: a form may not be answered with an address
/// elsewhere, the content security policy forbids it.
pub async fn leave(
    app: &App,
    visit: &Visit,
    openid: &OpenId,
    secret: &str,
) -> Result<Response, Problem> {
    let label = openid.label();
    let address = match openid.way_out(&session_name(secret), visit.now).await {
        Ok(address) => address,
        Err(failure) => {
            if let Some(problem) = failure.for_keeper() {
                eprintln!("warning: {} {}: {problem}", visit.method, visit.path);
            }
            None
        }
    };
    let Some(address) = address else {
        let text = match visit.lang {
            Lang::It => format!("È uscito da Soglia. La sessione presso {label} dura ancora."),
            Lang::En => format!("You are out of Soglia. The session at {label} still lasts."),
        };
        return Ok(said("/login", &text));
    };
    let mut shell = Shell::new(app, visit, visit.say("Uscita", "Logging out"));
    (shell.name, shell.navigation) = (None, Vec::new());
    let text = match visit.lang {
        Lang::It => format!("È uscito da Soglia. Ora finisce anche la sessione presso {label}."),
        Lang::En => format!("You are out of Soglia. Now the session at {label} ends too."),
    };
    let refresh = HeaderValue::from_str(&format!("0; url={address}"));
    let mut response = page(&LeavingPage { shell, text, address })?;
    if let Ok(refresh) = refresh {
        response.headers_mut().insert("refresh", refresh);
    }
    Ok(response)
}

//! What handlers return. Read [`Answer`] first, then [`Problem`].

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use futures::stream::{self, Stream};
use soglia_domain::access::{Permission, ROLES};
use soglia_domain::text::{Lang, Text};
use soglia_ledger::store::LedgerError;
use soglia_measure::MeasureError;
use soglia_registers::error::RegisterError;
use tokio::sync::watch;

use crate::access::Visit;
use crate::background::{Stage, latest};
use crate::shell::Shell;
use crate::state::Shared;

/// What a handler returns.
pub type Answer = Result<Response, Problem>;

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum Problem {
    /// Somebody has to come in first.
    Login,
    /// The request is refused: the status, what the visitor reads, and what to do.
    Refused {
        /// The status.
        status: StatusCode,
        /// What the visitor reads.
        text: Text,
        /// What to do about it.
        hint: Option<Text>,
    },
    /// The program failed: what its keeper reads; the visitor gets a fixed sentence.
    Failed(Arc<str>),
}

impl Problem {
    /// There is no such thing.
    pub fn missing(it: &str, en: &str) -> Self {
        Self::refused(StatusCode::NOT_FOUND, Text::new(it, en))
    }

    /// The request cannot be understood, or does not fit.
    pub fn bad(it: &str, en: &str) -> Self {
        Self::refused(StatusCode::UNPROCESSABLE_ENTITY, Text::new(it, en))
    }

    /// A refusal with another status.
    pub fn refused(status: StatusCode, text: Text) -> Self {
        Self::Refused { status, text, hint: None }
    }

    /// The visitor may not do it: names the roles that may.
    pub fn forbidden(any: &[Permission]) -> Self {
        let roles = ROLES.iter().filter(|row| any.iter().any(|one| row.may.contains(one)));
        let names = |lang: Lang| {
            let names: Vec<&str> = roles.clone().map(|row| row.label.get(lang)).collect();
            names.join(", ")
        };
        Self::Refused {
            status: StatusCode::FORBIDDEN,
            text: Text::new(
                "il suo ruolo non consente di vedere o fare questo",
                "your role does not allow you to see or do this",
            ),
            hint: Some(Text::new(
                &format!("Può farlo chi ha uno di questi ruoli: {}.", names(Lang::It)),
                &format!("Whoever has one of these roles can: {}.", names(Lang::En)),
            )),
        }
    }

    /// The program failed.
    pub fn failed(cause: impl std::fmt::Display) -> Self {
        Self::Failed(cause.to_string().into())
    }

    /// An error and its causes, as the program's keeper reads them.
    pub fn failed_by(cause: &dyn std::error::Error) -> Self {
        Self::Failed(chain(cause).into())
    }

    /// What the visitor reads, and what to do: for work beside the requests.
    pub fn told(&self) -> Text {
        let said = |lang: Lang| match words(self, lang) {
            (text, Some(hint)) => format!("{text} — {hint}"),
            (text, None) => text,
        };
        Text { it: said(Lang::It), en: Some(said(Lang::En)) }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Login => StatusCode::UNAUTHORIZED,
            Self::Refused { status, .. } => *status,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// An error with its causes.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text = format!("{text}: {next}");
        source = next.source();
    }
    text
}

/// The page is made by [`explained`], which knows the visitor.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        let status = match &error {
            RegisterError::Unknown { .. } => StatusCode::NOT_FOUND,
            RegisterError::Forbidden { needed, .. } => return Self::forbidden(needed),
            RegisterError::Conflict(_) | RegisterError::Reference { .. } => StatusCode::CONFLICT,
            RegisterError::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            RegisterError::Login => return Self::Login,
            RegisterError::Values(_)
            | RegisterError::Refused(_)
            | RegisterError::Transition { .. }
            | RegisterError::Rule(_)
            | RegisterError::NoReason
            | RegisterError::Attachment { .. }
            | RegisterError::Table(_)
            | RegisterError::Password(_) => StatusCode::UNPROCESSABLE_ENTITY,
            _ => return Self::failed_by(&error),
        };
        let hint = error.hint().map(|hint| Text::new(&hint, &hint));
        Self::Refused { status, text: Text::new(&error.to_string(), &error.to_string()), hint }
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        Self::failed_by(&error)
    }
}

impl From<MeasureError> for Problem {
    fn from(error: MeasureError) -> Self {
        match &error {
            MeasureError::Unknown { .. } => {
                let text = Text::new(&error.to_string(), &error.to_string());
                Self::refused(StatusCode::NOT_FOUND, text)
            }
            _ => Self::failed_by(&error),
        }
    }
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        Self::failed_by(&error)
    }
}

/// A page.
pub fn page(template: &impl Template) -> Answer {
    Ok(Html(template.render()?).into_response())
}

/// Another address, after something was done.
pub fn go(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// Another address, and there a sentence about what was done.
pub fn said(address: &str, text: &str) -> Response {
    let mut response = go(address);
    let value: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let cookie = format!("soglia_said={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// How far something is, as it goes on: what is said of each state, until one is the last.
pub fn followed<S: Stage>(
    state: watch::Receiver<S>,
    said: impl Fn(&S) -> String + Copy + Send + 'static,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let steps = stream::unfold((state, false), move |(mut state, over)| async move {
        if over {
            return None;
        }
        state.mark_unchanged();
        let now = latest(&state);
        if now.is_over() {
            let event = Event::default().event("over").data(said(&now));
            return Some((Ok(event), (state, true)));
        }
        let event = Event::default().event("state").data(said(&now));
        // Nobody reads faster; a sender that is gone says no more, which is the next step.
        tokio::time::sleep(Duration::from_millis(250)).await;
        let _ = state.changed().await;
        Some((Ok(event), (state, false)))
    });
    Sse::new(steps).keep_alive(KeepAlive::default())
}

/// A file to be saved.
pub fn file(kind: &'static str, name: &str, content: impl IntoResponse) -> Response {
    let mut response = content.into_response();
    let safe: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' })
        .collect();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let disposition = format!("attachment; filename=\"{safe}\"");
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    shell: Shell,
    status: u16,
    text: String,
    hint: Option<String>,
}

/// Turns a refusal into a page, or into JSON for programs; other answers stay as they are.
pub fn explained(app: &Shared, visit: &Visit, response: Response) -> Response {
    let status = response.status();
    let problem = match response.extensions().get::<Problem>() {
        Some(problem) => problem.clone(),
        // What the router itself refuses has no words of its own.
        None if status == StatusCode::NOT_FOUND && response.headers().is_empty() => {
            Problem::missing("questa pagina non c'è", "there is no such page")
        }
        None => return response,
    };
    if let Problem::Failed(cause) = &problem {
        eprintln!("error: {} {}: {cause}", visit.method, visit.path);
    }
    if visit.path.starts_with("/api/") || visit.wants_json {
        return as_json(&problem, visit.lang);
    }
    if matches!(problem, Problem::Login) {
        return to_login(visit);
    }
    let (text, hint) = words(&problem, visit.lang);
    let title = visit.say("Non è possibile", "This cannot be done");
    let shell = Shell::new(app, visit, title);
    let page = ProblemPage { shell, status: problem.status().as_u16(), text, hint };
    match page.render() {
        Ok(text) => (problem.status(), Html(text)).into_response(),
        Err(_) => problem.status().into_response(),
    }
}

fn to_login(visit: &Visit) -> Response {
    let next: String = url::form_urlencoded::byte_serialize(visit.address().as_bytes()).collect();
    let address = format!("/login?next={next}");
    if visit.from_script {
        let mut response = StatusCode::UNAUTHORIZED.into_response();
        if let Ok(value) = HeaderValue::from_str(&address) {
            response.headers_mut().insert("hx-redirect", value);
        }
        return response;
    }
    go(&address)
}

fn words(problem: &Problem, lang: Lang) -> (String, Option<String>) {
    let fixed = |it, en| Text::new(it, en).get(lang).to_owned();
    match problem {
        Problem::Login => (fixed("serve un accesso", "a login is needed"), None),
        Problem::Refused { text, hint, .. } => {
            (text.get(lang).to_owned(), hint.as_ref().map(|hint| hint.get(lang).to_owned()))
        }
        Problem::Failed(_) => (
            fixed(
                "qualcosa non ha funzionato nel programma",
                "something in the program did not work",
            ),
            Some(fixed(
                "Chi tiene il servizio trova la causa sulla console del programma.",
                "Whoever keeps the service finds the cause on the program's console.",
            )),
        ),
    }
}

/// `{"error": …, "hint": …}` with the status.
fn as_json(problem: &Problem, lang: Lang) -> Response {
    let (error, hint) = words(problem, lang);
    let body = serde_json::json!({ "error": error, "hint": hint });
    let mut response = (problem.status(), axum::Json(body)).into_response();
    if matches!(problem, Problem::Login) {
        let bearer = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
    }
    response
}

//! Whose request it is, in which language, and whether a form is its own. Read [`Visit`] first,
//! then [`identify`].
//!
//! People have a session in a cookie that scripts cannot read; programs have a token in the header
//! `Authorization`. Whatever changes something must carry, beside the cookie, a token made from it:
//! as the field `csrf` of a form or as the header `x-csrf-token`.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use soglia_domain::text::{Lang, Text};
use soglia_domain::time::Instant;
use soglia_registers::accounts::{Users, session, token_actor};
use soglia_registers::actor::{Actor, By};
use soglia_registers::error::RegisterError;

use crate::reply::{Problem, explained};
use crate::serve::Peer;
use crate::state::{App, Shared, Transport};

/// Forms are no larger than this; files come another way.
pub const FORM_MAX: usize = 2 << 20;

/// A request, as handlers see it.
#[derive(Clone)]
pub struct Visit(Arc<Seen>);

/// What is known of a request.
pub struct Seen {
    /// The language to answer in.
    pub lang: Lang,
    /// The method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// The query, without `?`.
    pub query: String,
    /// Who it is, if they came in.
    pub caller: Option<Who>,
    /// The token that forms of the answer carry.
    pub csrf: String,
    /// What was done just before.
    pub said: Option<String>,
    /// The period chosen last.
    pub period: Option<String>,
    /// Whether a script of ours asks for a part of a page.
    pub from_script: bool,
    /// Whether a refusal is wanted as JSON: uploads of our script, programs.
    pub wants_json: bool,
    /// Where it comes from; behind trusted servers, what they say.
    pub address: IpAddr,
    /// When it came.
    pub now: Instant,
}

impl Deref for Visit {
    type Target = Seen;
    fn deref(&self) -> &Seen {
        &self.0
    }
}

/// Somebody who came in.
pub struct Who {
    /// Who acts.
    pub actor: Actor,
    /// Their name.
    pub name: String,
    /// How they came.
    pub way: Way,
    /// What the session is called where its secret must not stand.
    pub session: String,
}

/// How somebody came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// With a session, by the pages.
    Session,
    /// With a token, as a program.
    Token,
}

impl Seen {
    /// Who it is; refuses whoever did not come in.
    pub fn who(&self) -> Result<&Who, Problem> {
        self.caller.as_ref().ok_or(Problem::Login)
    }

    /// Who, when and why.
    pub fn by<'a>(&'a self, reason: &'a str) -> Result<By<'a>, Problem> {
        Ok(By { actor: &self.who()?.actor, at: self.now, reason })
    }

    /// A text in the visitor's language.
    pub const fn say<'t>(&self, it: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::It => it,
            Lang::En => en,
        }
    }

    /// Path and query.
    pub fn address(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }

    /// A parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<String> {
        parameter(&self.query, name)
    }

    /// A number of the query, counted from 1.
    pub fn page(&self) -> usize {
        self.parameter("page").and_then(|text| text.parse().ok()).filter(|n| 0 < *n).unwrap_or(1)
    }
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let found = pairs.find(|(key, _)| key == name)?;
    Some(found.1.into_owned()).filter(|value| !value.is_empty())
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let visit = parts.extensions.get::<Self>().cloned();
        visit.ok_or_else(|| Problem::failed("a route stands outside `identify`"))
    }
}

/// The fields of a form that was sent; its `csrf` was looked at before.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Fields that came another way than as a form.
    pub const fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// All values of a field that may be there more than once.
    pub fn every<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.pairs().filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }

    /// A field without the spaces around it; empty if it is not there.
    pub fn text(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(key, _)| key == name);
        field.map_or("", |(_, value)| value.trim())
    }

    /// A field exactly as it was written: passwords.
    pub fn exact(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// A field, unless it is empty.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|value| !value.is_empty())
    }

    /// All fields but the token, in their order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs.filter(|(name, _)| *name != "csrf")
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await.map_err(|_| too_large())?;
        Ok(Self(url::form_urlencoded::parse(&bytes).into_owned().collect()))
    }
}

fn too_large() -> Problem {
    let text = Text::new("il modulo è troppo grande", "the form is too large");
    Problem::refused(StatusCode::PAYLOAD_TOO_LARGE, text)
}

/// Finds out who asks, and refuses changes that no page of ours asked for.
pub async fn identify(
    State(app): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let now = app.now();
    let found = caller(&app, headers, now).await;
    let (caller, secret) = match found {
        Ok(found) => found,
        Err(problem) => {
            eprintln!("error: {problem:?}");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    // Whoever has no session yet gets a random text to make the login form's token from.
    let fresh = random();
    let known = cookie(headers, "soglia_form").filter(|text| text.len() == fresh.len());
    let secret = secret.or_else(|| known.clone()).unwrap_or_else(|| fresh.clone());
    let needs_form_cookie = caller.is_none() && known.is_none();
    let said = cookie(headers, "soglia_said").map(|text| decoded(&text));
    let query = request.uri().query().unwrap_or_default().to_owned();
    let chosen = parameter(&query, "period");
    let by_token = caller.as_ref().is_some_and(|who| who.way == Way::Token);
    let seen = Seen {
        lang: language(&app, headers, &query),
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        csrf: form_token(&secret, &random()),
        said: said.clone(),
        period: chosen.clone().or_else(|| cookie(headers, "soglia_period")),
        from_script: headers.contains_key("hx-request"),
        wants_json: headers
            .get(header::ACCEPT)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json")),
        address: app.proxies.client(peer.0, headers),
        query,
        caller,
        now,
    };
    let visit = Visit(Arc::new(seen));
    let mut request = request;
    request.extensions_mut().insert(visit.clone());
    let response = if visit.method.is_safe() || by_token {
        next.run(request).await
    } else if visit.caller.is_none() && visit.path.starts_with("/api/") {
        // A program whose token does not hold sent no form.
        Problem::Login.into_response()
    } else {
        match own_form(request, &secret).await {
            Ok(request) => next.run(request).await,
            Err(problem) => problem.into_response(),
        }
    };
    let mut response = explained(&app, &visit, response);
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.starts_with("text/html")));
    if needs_form_cookie && is_page {
        set_cookie(&mut response, &app, "soglia_form", &secret, None);
    }
    if said.is_some() && is_page && !visit.from_script {
        set_cookie(&mut response, &app, "soglia_said", "", Some(0));
    }
    if let Some(period) = chosen.filter(|text| text.len() < 40 && is_plain(text)) {
        set_cookie(&mut response, &app, "soglia_period", &period, None);
    }
    response
}

fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c))
}

/// Who a request says it comes from, and the secret that its forms are bound to.
async fn caller(
    app: &App,
    headers: &HeaderMap,
    now: Instant,
) -> Result<(Option<Who>, Option<String>), RegisterError> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(token) = bearer.and_then(|text| text.strip_prefix("Bearer ")) {
        return match token_actor(&app.database, token.trim(), now).await {
            Ok(actor) => {
                let (name, session) = (actor.id().to_owned(), actor.id().to_owned());
                Ok((Some(Who { actor, name, way: Way::Token, session }), None))
            }
            Err(RegisterError::Login) => Ok((None, None)),
            Err(other) => Err(other),
        };
    }
    let Some(secret) = cookie(headers, session_cookie(app)) else { return Ok((None, None)) };
    match session(&app.database, &secret, now).await {
        Ok(actor) => {
            let mut tx = app.database.read().await?;
            let user = Users(&mut tx).get(actor.id()).await?;
            let name = user.name.or(user.login).unwrap_or(user.id);
            let session = session_name(&secret);
            Ok((Some(Who { actor, name, way: Way::Session, session }), Some(secret)))
        }
        Err(RegisterError::Login) => Ok((None, None)),
        Err(other) => Err(other),
    }
}

/// Lets a request that changes something through only if it carries the token of its own session.
async fn own_form(request: Request, secret: &str) -> Result<Request, Problem> {
    let foreign = || {
        let text = Text::new(
            "il modulo non viene da questa sessione, oppure la sessione è finita",
            "the form does not come from this session, or the session has ended",
        );
        let hint = Text::new(
            "Torni alla pagina, la ricarichi e invii di nuovo.",
            "Go back to the page, load it again and send once more.",
        );
        Problem::Refused { status: StatusCode::FORBIDDEN, text, hint: Some(hint) }
    };
    let elsewhere = request.headers().get("sec-fetch-site").is_some_and(|site| {
        site.to_str().is_ok_and(|site| site == "cross-site" || site == "same-site")
    });
    if elsewhere {
        return Err(foreign());
    }
    let header = request.headers().get("x-csrf-token").and_then(|value| value.to_str().ok());
    if let Some(token) = header {
        return if is_form_token(secret, token) { Ok(request) } else { Err(foreign()) };
    }
    let is_form = request.headers().get(header::CONTENT_TYPE).is_some_and(|kind| {
        kind.to_str().is_ok_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    });
    if !is_form {
        return Err(foreign());
    }
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, FORM_MAX).await.map_err(|_| too_large())?;
    let token = url::form_urlencoded::parse(&bytes).find(|(name, _)| name == "csrf");
    if !token.is_some_and(|(_, token)| is_form_token(secret, &token)) {
        return Err(foreign());
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// A token bound to a session. Each answer carries another one: answers are compressed, and what
/// never changes could be guessed from their lengths.
fn form_token(secret: &str, salt: &str) -> String {
    format!("{salt}{}", hash(&["form", secret, salt]))
}

fn is_form_token(secret: &str, token: &str) -> bool {
    let Some((salt, _)) = token.split_at_checked(SALT_LENGTH) else { return false };
    same(&form_token(secret, salt), token)
}

const SALT_LENGTH: usize = 32;

/// A hash of several texts; where one ends and the next begins matters.
pub(crate) fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part.as_bytes());
    }
    soglia_ledger::objects::hex(&hasher.finalize())
}

/// A random text of [`SALT_LENGTH`] hexadecimal digits.
pub fn random() -> String {
    let mut bytes = [0_u8; SALT_LENGTH / 2];
    getrandom::fill(&mut bytes).expect("the operating system has random numbers");
    soglia_ledger::objects::hex(&bytes)
}

/// Compares secrets without telling by the time how much of them is equal.
pub fn same(one: &str, other: &str) -> bool {
    let differing = one.bytes().zip(other.bytes()).fold(0, |seen, (a, b)| seen | (a ^ b));
    one.len() == other.len() && differing == 0
}

/// What a session is called where its secret must not stand.
pub fn session_name(secret: &str) -> String {
    hash(&["session", secret])
}

/// The name of the session's cookie; over TLS browsers keep its prefix's promises.
pub fn session_cookie(app: &App) -> &'static str {
    match app.transport {
        Transport::Tls => "__Host-soglia",
        Transport::Plain => "soglia_session",
    }
}

/// A cookie of the request.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|part| part.split_once('='));
    let found = pairs.find(|(key, _)| key.trim() == name)?;
    Some(found.1.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Sets a cookie that scripts cannot read; without an age it lasts as long as the browser.
pub fn set_cookie(
    response: &mut Response,
    app: &App,
    name: &str,
    value: &str,
    max_age: Option<u32>,
) {
    let age = max_age.map_or_else(String::new, |age| format!("; Max-Age={age}"));
    let secure = if app.transport == Transport::Tls { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// The language chosen, or the one that the browser prefers, or the server's.
fn language(app: &App, headers: &HeaderMap, query: &str) -> Lang {
    let named = |name: &str| match name {
        "it" => Some(Lang::It),
        "en" => Some(Lang::En),
        _ => None,
    };
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    parameter(query, "lang")
        .and_then(|text| named(&text))
        .or_else(|| cookie(headers, "soglia_lang").and_then(|text| named(&text)))
        .or_else(|| accepted?.split(',').find_map(|part| named(part.trim().get(..2)?)))
        .unwrap_or(app.lang)
}

fn decoded(text: &str) -> String {
    let query = format!("x={text}");
    let pair = url::form_urlencoded::parse(query.as_bytes()).next();
    pair.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_belongs_to_its_session() {
        let token = form_token("one", &random());
        assert!(is_form_token("one", &token));
        assert!(!is_form_token("other", &token));
        assert!(!is_form_token("one", &token.replace(['0', '1'], "2")));
        for wrong in ["", "short", "è".repeat(40).as_str()] {
            assert!(!is_form_token("one", wrong), "{wrong}");
        }
        assert_ne!(random(), random());
    }

    #[test]
    fn cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=1; soglia_lang=en; b="));
        assert_eq!(cookie(&headers, "soglia_lang").as_deref(), Some("en"));
        assert_eq!(cookie(&headers, "b"), None);
        assert_eq!(cookie(&headers, "lang"), None);
    }
}

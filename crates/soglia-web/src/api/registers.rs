//! Registers and reviews for programs. Read [`routes`] first, then [`paths`], which describes them.
//!
//! Whoever changes an entry says which version they read; if somebody else wrote one since, nothing
//! is written and the answer, 409, holds the newest one.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Map, Value, json};
use soglia_app::json as written;
use soglia_app::semester::{self, Approved, SemesterError};
use soglia_domain::access::Permission;
use soglia_domain::period::Period;
use soglia_domain::register::{self, REVIEW_PARTS, REVIEWS, Values, by_code};
use soglia_domain::text::Lang;
use soglia_registers::entries::{Conflict, Draft, Edit, Entry, Link, Step};
use soglia_registers::error::RegisterError;
use soglia_registers::query::Query;
use soglia_registers::review::NewReview;

use super::document::{example, problem as refusal};
use super::{begun, members};
use crate::access::Visit;
use crate::pages::registers::fields::refused;
use crate::pages::registers::{Asked, history, known};
use crate::pages::reviews::approval::{self, Approval, Wanted};
use crate::pages::reviews::measured;
use crate::reply::{Answer, Problem};
use crate::state::{App, Shared};

/// The routes below `/api`.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/registers", get(registers))
        .route("/v1/registers/{register}", get(one_register))
        .route("/v1/registers/{register}/entries", get(entries).post(create))
        .route("/v1/entries/{id}", get(entry).patch(edit))
        .route("/v1/entries/{id}/history", get(changes_of))
        .route("/v1/entries/{id}/steps/{step}", post(step))
        .route("/v1/reviews", get(reviews).post(open))
        .route("/v1/reviews/{id}", get(review))
        .route("/v1/reviews/{id}/standing", get(standing))
        .route("/v1/reviews/{id}/refresh", post(refresh))
        .route("/v1/reviews/{id}/approve", post(approve))
}

fn answer(value: &Value) -> Response {
    axum::Json(value).into_response()
}

fn today(app: &App, visit: &Visit) -> jiff::civil::Date {
    app.setting().date(visit.now)
}

fn made(app: &App, visit: &Visit, entry: &Entry) -> Value {
    written::entry(&entry.clone().seen(visit), today(app, visit))
}

/// What a request says in its body.
struct Sent(Map<String, Value>);

impl Sent {
    fn read(body: &Bytes) -> Result<Self, Problem> {
        let members = members(body)?;
        // What is of another type is not what it would be if it were absent.
        let wrong = members.iter().find(|(name, value)| !value.is_null() && !fits(name, value));
        if let Some((name, _)) = wrong {
            return Err(Problem::bad(
                &format!("`{name}` non è del tipo che il documento OpenAPI dice"),
                &format!("`{name}` is not of the type that the OpenAPI document says"),
            ));
        }
        Ok(Self(members))
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name).to_owned()).filter(|text| !text.is_empty())
    }

    fn version(&self) -> Result<i64, Problem> {
        self.0.get("version").and_then(Value::as_i64).ok_or_else(|| {
            Problem::bad(
                "`version` è il numero della versione letta",
                "`version` is the number of the version that was read",
            )
        })
    }

    /// Fields and their texts; numbers as they are, `null` to empty one.
    fn values(&self) -> Result<Vec<(String, String)>, Problem> {
        let wrong = || {
            Problem::bad(
                "`values` è un oggetto di testi e numeri interi",
                "`values` is an object of texts and whole numbers",
            )
        };
        let Some(values) = self.0.get("values") else { return Ok(Vec::new()) };
        let members = values.as_object().ok_or_else(wrong)?;
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) if number.is_u64() => Some(number.to_string()),
            Value::Null => Some(String::new()),
            _ => None,
        };
        let pairs =
            members.iter().map(|(code, value)| Ok((code.clone(), text(value).ok_or_else(wrong)?)));
        pairs.collect()
    }

    fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        let all = self.0.get(name).and_then(Value::as_array);
        all.into_iter().flatten().filter_map(Value::as_str)
    }

    fn links(&self) -> Result<Vec<Link>, RegisterError> {
        self.texts("links")
            .map(|text| Link::parse(text).ok_or_else(|| RegisterError::unknown("link", text)))
            .collect()
    }
}

/// Whether a member has the type of its name.
fn fits(name: &str, value: &Value) -> bool {
    match name {
        "version" => value.is_i64(),
        "values" => value.is_object(),
        "links" | "scenarios" => {
            value.as_array().is_some_and(|all| all.iter().all(Value::is_string))
        }
        _ => value.is_string(),
    }
}

/// Entries as whoever asks may see them.
trait SeenBy {
    fn seen(self, visit: &Visit) -> Self;
}

impl SeenBy for Entry {
    fn seen(self, visit: &Visit) -> Self {
        match visit.who() {
            Ok(who) => self.seen_by(&who.actor, visit.now),
            Err(_) => self,
        }
    }
}

/// A refusal; a conflict with both versions.
fn problem(app: &App, visit: &Visit, error: RegisterError) -> Result<Response, Problem> {
    let RegisterError::Conflict(conflict) = error else { return Err(refused(error)) };
    let text = RegisterError::Conflict(conflict.clone()).to_string();
    let Conflict { base_version, both, theirs, .. } = *conflict;
    let body = json!({
        "error": text,
        "hint": "look at the newest version, then make your change again",
        "base_version": base_version,
        "changed_by_both": both,
        "newest": written::entry(&theirs, today(app, visit)),
    });
    Ok((StatusCode::CONFLICT, axum::Json(body)).into_response())
}

async fn registers(State(app): State<Shared>, visit: Visit) -> Answer {
    app.allow_anywhere(&visit, &[Permission::Read])?;
    let all: Vec<Value> = register::ALL.into_iter().map(written::register).collect();
    Ok(answer(&json!({ "registers": all })))
}

async fn one_register(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    app.allow_anywhere(&visit, &[Permission::Read])?;
    Ok(answer(&written::register(known(&code)?)))
}

async fn entries(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    let register = known(&code)?;
    let who = visit.who()?;
    let asked = Asked::read(&app, &visit, register).map_err(refused)?;
    let mut tx = app.database.read().await?;
    let found = tx.find(&who.actor, visit.now, &asked.query).await.map_err(refused)?;
    let today = today(&app, &visit);
    let all: Vec<Value> = found.entries.iter().map(|one| written::entry(one, today)).collect();
    Ok(answer(&json!({
        "register": register.code,
        "total": found.total,
        "page": visit.page(),
        "entries": all,
    })))
}

async fn create(
    State(app): State<Shared>,
    visit: Visit,
    Path(code): Path<String>,
    body: Bytes,
) -> Answer {
    let register = known(&code)?;
    if REVIEW_PARTS.contains(&register) && register.code == REVIEWS.code {
        return Err(Problem::bad("i riesami si aprono", "reviews are opened, not entered"));
    }
    let sent = Sent::read(&body)?;
    let by = visit.by(sent.text("reason"))?;
    let pairs = sent.values()?;
    let pairs = pairs.iter().map(|(code, text)| (code.as_str(), text.as_str()));
    let values = Values::parse(register, pairs).map_err(RegisterError::Values).map_err(refused)?;
    let draft = Draft {
        contract: app.contract.code.clone(),
        service: sent.some("service"),
        reference: sent.some("reference"),
        values,
        links: sent.links().map_err(refused)?,
    };
    let mut tx = app.database.write().await?;
    let entry = tx.create(&by, &app.setting(), register, draft).await.map_err(refused)?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, axum::Json(made(&app, &visit, &entry))).into_response())
}

async fn entry(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let who = visit.who()?;
    let mut tx = app.database.read().await?;
    let entry = tx.entry_for(&who.actor, visit.now, &id).await?;
    Ok(answer(&written::entry(&entry, today(&app, &visit))))
}

async fn edit(
    State(app): State<Shared>,
    visit: Visit,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let sent = Sent::read(&body)?;
    let version = sent.version()?;
    let by = visit.by(sent.text("reason"))?;
    let pairs = sent.values()?;
    let mut tx = app.database.write().await?;
    let now = tx.entry_for(by.actor, visit.now, &id).await?;
    let pairs = pairs.iter().map(|(code, text)| (code.as_str(), text.as_str()));
    let changes = Values::changes(now.register, pairs).map_err(RegisterError::Values);
    let edit = Edit { version, changes: changes.map_err(refused)?, ..Edit::default() };
    match tx.edit(&by, &app.setting(), &id, edit).await {
        Ok(entry) => {
            tx.commit().await?;
            Ok(answer(&made(&app, &visit, &entry)))
        }
        Err(error) => problem(&app, &visit, error),
    }
}

async fn step(
    State(app): State<Shared>,
    visit: Visit,
    Path((id, step)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let sent = Sent::read(&body)?;
    let version = sent.version()?;
    let by = visit.by(sent.text("reason"))?;
    let pairs = sent.values()?;
    let mut tx = app.database.write().await?;
    let now = tx.entry_for(by.actor, visit.now, &id).await?;
    let pairs = pairs.iter().map(|(code, text)| (code.as_str(), text.as_str()));
    let changes = Values::changes(now.register, pairs).map_err(RegisterError::Values);
    let changes = changes.map_err(refused)?;
    let taken = Step { version, transition: &step, changes };
    match tx.advance(&by, &app.setting(), &id, taken).await {
        Ok(entry) => {
            tx.commit().await?;
            Ok(answer(&made(&app, &visit, &entry)))
        }
        Err(error) => problem(&app, &visit, error),
    }
}

async fn changes_of(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let who = visit.who()?;
    let mut tx = app.database.read().await?;
    let entry = tx.entry_for(&who.actor, visit.now, &id).await?;
    let all = history(&mut tx, &app, &visit, &entry).await?;
    let all = all.into_iter().map(|one| {
        let changed = one.changed.into_iter().map(
            |(field, before, after)| json!({ "field": field, "before": before, "after": after }),
        );
        json!({
            "link": one.seq,
            "at": one.at.to_string(),
            "who": one.who,
            "state": one.state,
            "reason": one.reason,
            "changed": changed.collect::<Vec<_>>(),
        })
    });
    Ok(answer(&json!({ "entry": entry.id, "history": all.collect::<Vec<_>>() })))
}

async fn reviews(State(app): State<Shared>, visit: Visit) -> Answer {
    app.allow_anywhere(&visit, &[Permission::Read])?;
    let who = visit.who()?;
    let register = by_code(REVIEWS.code).expect("it is one of them");
    let query = Query { contract: Some(app.contract.code.clone()), ..Query::new(register) };
    let mut tx = app.database.read().await?;
    let found = tx.find_all(&who.actor, visit.now, &query).await?;
    let today = today(&app, &visit);
    let all: Vec<Value> = found.iter().map(|one| written::entry(one, today)).collect();
    Ok(answer(&json!({ "schema": written::REVIEWS, "reviews": all })))
}

async fn open(State(app): State<Shared>, visit: Visit, body: Bytes) -> Answer {
    app.allow(&visit, &[Permission::PrepareReview], None)?;
    let sent = Sent::read(&body)?;
    let by = visit.by(sent.text("reason"))?;
    let period = Period::parse(sent.text("period"), &app.contract.zone);
    let period = period.map_err(SemesterError::from)?;
    let found = measured(&app, &visit, &period).await?;
    let profile = sent.some("profile").unwrap_or_else(|| "iso_2008".to_owned());
    let new = NewReview { period: &period, profile: &profile };
    let setting = app.setting();
    let mut tx = app.database.write().await?;
    let filled = semester::open(&mut tx, &by, &setting, &app.contract, new, &found.report).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, axum::Json(made(&app, &visit, &filled.review))).into_response())
}

async fn review(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let by = visit.by("look")?;
    let mut tx = app.database.read().await?;
    let found = semester::find(&mut tx, &by, &app.contract, &id).await?;
    let view = semester::view(&mut tx, &by, &app.contract, found).await?;
    Ok(answer(&written::review(&view, None, today(&app, &visit))))
}

async fn standing(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let by = visit.by("look")?;
    let mut tx = app.database.read().await?;
    let review = semester::find(&mut tx, &by, &app.contract, &id).await?;
    drop(tx);
    let period = semester::period_of(&review, &app.contract)?;
    let found = measured(&app, &visit, &period).await?;
    let mut tx = app.database.read().await?;
    let (files, report) = (&app.files, &found.report);
    let standing = semester::standing(&mut tx, &by, files, &app.contract, &review, report).await?;
    Ok(answer(&written::standing(&standing)))
}

async fn refresh(
    State(app): State<Shared>,
    visit: Visit,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let sent = Sent::read(&body)?;
    let by = visit.by(sent.text("reason"))?;
    let mut tx = app.database.read().await?;
    let review = semester::find(&mut tx, &by, &app.contract, &id).await?;
    drop(tx);
    let period = semester::period_of(&review, &app.contract)?;
    let found = measured(&app, &visit, &period).await?;
    let setting = app.setting();
    let mut tx = app.database.write().await?;
    let before = soglia_registers::trail::head(&mut tx).await?.seq;
    let filled =
        semester::fill(&mut tx, &by, &setting, &app.contract, review, &found.report).await?;
    if before < soglia_registers::trail::head(&mut tx).await?.seq {
        tx.commit().await?;
    }
    Ok(answer(&made(&app, &visit, &filled.review)))
}

async fn approve(
    State(app): State<Shared>,
    visit: Visit,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    app.allow(&visit, &[Permission::ApproveReview], None)?;
    let sent = Sent::read(&body)?;
    let by = visit.by(sent.text("reason"))?;
    let mut tx = app.database.read().await?;
    let review = semester::find(&mut tx, &by, &app.contract, &id).await?;
    drop(tx);
    let wanted = Wanted {
        reason: sent.text("reason").to_owned(),
        place: sent.text("place").to_owned(),
        date: sent.text("date").parse().map_err(|_| {
            Problem::bad("`date` è una data come 2024-02-02", "`date` is a date like 2024-02-02")
        })?,
        lang: if sent.text("lang") == "en" { Lang::En } else { Lang::It },
        scenarios: approval::chosen(&app, sent.texts("scenarios"))?,
    };
    match approval::approve(&app, &visit, review, wanted).await? {
        Approval::Done(approved) => Ok(answer(&approval_of(&app, &visit, &approved))),
        Approval::Begun(study) => Ok(begun(&study)),
    }
}

/// An approved review with what was made of it.
pub fn approval_of(app: &App, visit: &Visit, approved: &Approved) -> Value {
    let Approved { review, seal, document } = approved;
    json!({ "review": made(app, visit, review), "seal": seal, "document": document })
}

/// An operation of this part of the interface: method, path, what it does, its query, its body.
type Operation =
    (&'static str, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const LISTED: &[&str] = &["q", "state", "service", "open", "where", "order", "page", "lang"];

const OPERATIONS: &[Operation] = &[
    ("get", "/api/v1/registers", "The registers: fields, states, steps", &[], &[]),
    ("get", "/api/v1/registers/{register}", "One register", &[], &[]),
    ("get", "/api/v1/registers/{register}/entries", "Entries, fifty a page", LISTED, &[]),
    (
        "post",
        "/api/v1/registers/{register}/entries",
        "Enters something new",
        &[],
        &["reason", "values", "service", "reference", "links"],
    ),
    ("get", "/api/v1/entries/{id}", "An entry as whoever asks may see it", &[], &[]),
    (
        "patch",
        "/api/v1/entries/{id}",
        "Corrects an entry; 409 if another version came in between",
        &[],
        &["reason", "version", "values"],
    ),
    ("get", "/api/v1/entries/{id}/history", "What was done to an entry, newest first", &[], &[]),
    (
        "post",
        "/api/v1/entries/{id}/steps/{step}",
        "Moves an entry on by one of its steps",
        &[],
        &["reason", "version", "values"],
    ),
    ("get", "/api/v1/reviews", "The reviews of the contract", &[], &[]),
    (
        "post",
        "/api/v1/reviews",
        "Begins the review of a period with its figures",
        &["lang"],
        &["reason", "period", "profile"],
    ),
    ("get", "/api/v1/reviews/{id}", "A review with its parts: `soglia.review/1`", &[], &[]),
    (
        "get",
        "/api/v1/reviews/{id}/standing",
        "The coherence checks, and what stands in the way of approval",
        &["lang"],
        &[],
    ),
    (
        "post",
        "/api/v1/reviews/{id}/refresh",
        "Takes figures and computed findings anew",
        &["lang"],
        &["reason"],
    ),
    (
        "post",
        "/api/v1/reviews/{id}/approve",
        "Approves a review: figures sealed, document made; begun (202) if scenarios are played",
        &["lang"],
        &["reason", "place", "date", "lang", "scenarios"],
    ),
];

/// The OpenAPI description of these paths: for each, its methods.
pub fn paths() -> Map<String, Value> {
    let mut paths: Map<String, Value> = Map::new();
    for (method, path, summary, query, body) in OPERATIONS {
        let methods = paths.entry((*path).to_owned()).or_insert_with(|| json!({}));
        methods[*method] = described(method, path, summary, query, body);
    }
    paths
}

fn described(method: &str, path: &str, summary: &str, query: &[&str], body: &[&str]) -> Value {
    let named = path.split('{').skip(1).filter_map(|part| part.split('}').next());
    let text = |place: &str, name: &str, required: bool| {
        let mut parameter = json!({
            "name": name,
            "in": place,
            "required": required,
            "schema": { "type": "string" },
        });
        let what = match name {
            "id" if path.contains("/reviews/") => "review",
            "id" => "entry",
            other => other,
        };
        if let Some(example) = example(what).filter(|_| place == "path") {
            parameter["example"] = example;
        }
        parameter
    };
    let mut parameters: Vec<Value> = named.map(|name| text("path", name, true)).collect();
    parameters.extend(query.iter().map(|name| match *name {
        "page" => json!({
            "name": "page", "in": "query", "required": false,
            "schema": { "type": "integer", "minimum": 1 },
        }),
        "lang" => json!({
            "name": "lang", "in": "query", "required": false,
            "schema": { "type": "string", "enum": ["it", "en"] },
        }),
        name => text("query", name, false),
    }));
    let words: Vec<&str> = path
        .split(['/', '{', '}'])
        .filter(|word| !word.is_empty() && *word != "api" && *word != "v1")
        .collect();
    let made = matches!(path, "/api/v1/reviews" | "/api/v1/registers/{register}/entries")
        && method == "post";
    let mut operation = json!({
        "operationId": format!("{method}_{}", words.join("_")),
        "summary": summary,
        "parameters": parameters,
        "responses": answers(if made { "201" } else { "200" }, method),
    });
    if body.contains(&"scenarios") {
        let begun = operation["responses"]["200"].clone();
        operation["responses"]["202"] = begun;
        operation["responses"]["202"]["description"] = super::document::BEGUN.into();
        operation["responses"]["429"] = refusal(super::document::TOO_MANY);
    }
    if !body.is_empty() {
        operation["requestBody"] = request_body(body);
        operation["requestBody"]["content"]["application/json"]["example"] = body_example(body);
    }
    operation
}

/// A body that makes sense.
fn body_example(members: &[&str]) -> Value {
    let values = json!({
        "issued_on": "2023-11-02", "kind": "order", "subject": "Code", "text": "Aprire le code",
    });
    let member = |name: &str| {
        Some(match name {
            "reason" => "ordine del 2 novembre".into(),
            "version" => 1.into(),
            "values" if members.contains(&"version") => json!({ "subject": "Code del CUP" }),
            "values" => values.clone(),
            "service" => "cup".into(),
            "period" => "2023-H2".into(),
            "profile" => "iso_2008".into(),
            "date" => "2024-02-02".into(),
            "place" => "Valdoro".into(),
            _ => return None,
        })
    };
    let members = members.iter().filter_map(|name| Some(((*name).to_owned(), member(name)?)));
    Value::Object(members.collect())
}

fn request_body(members: &[&str]) -> Value {
    let member = |name: &str| match name {
        "version" => json!({ "type": "integer", "minimum": 1 }),
        "values" => json!({
            "type": "object",
            "additionalProperties": { "type": ["string", "integer", "null"] },
        }),
        "links" => json!({ "type": "array", "items": { "type": "string" } }),
        "scenarios" => json!({
            "type": "array",
            "description": "ready-made scenarios for the document's chapter: `cup/code_ivr`",
            "items": { "type": "string" },
        }),
        "profile" => json!({ "type": "string", "enum": ["iso_2008", "iso_2015"] }),
        "date" => json!({ "type": "string", "format": "date" }),
        _ => json!({ "type": "string" }),
    };
    let properties: Map<String, Value> =
        members.iter().map(|name| ((*name).to_owned(), member(name))).collect();
    let optional = ["service", "reference", "links", "profile", "lang", "scenarios"];
    let required: Vec<&&str> = members.iter().filter(|name| !optional.contains(name)).collect();
    json!({
        "required": true,
        "content": { "application/json": {
            "schema": { "type": "object", "required": required, "properties": properties },
        } },
    })
}

fn answers(status: &str, method: &str) -> Value {
    let problem = json!({ "application/json": {
        "schema": { "$ref": "#/components/schemas/Problem" },
    } });
    let mut all = json!({
        "401": { "description": "A token is needed", "content": problem.clone() },
        "403": { "description": "The role does not allow it", "content": problem.clone() },
        "404": { "description": "There is no such thing", "content": problem.clone() },
        "422": { "description": "It does not fit", "content": problem.clone() },
    });
    all[status] = json!({
        "description": "Done",
        "content": { "application/json": { "schema": { "type": "object" } } },
    });
    if method != "get" {
        all["409"] = json!({
            "description": "Somebody else wrote in the meantime",
            "content": problem,
        });
    }
    all
}

//! The same as JSON, for programs. Read [`routes`] first, then [`document`], which describes it.
//!
//! Programs come with a token in the header `Authorization`; scripts of the pages may use their
//! session. Figures that are still being computed answer 503 with `Retry-After`.

mod document;
mod planning;
mod registers;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};
use soglia_app::measured::Measured;
use soglia_app::seals;
use soglia_domain::access::Permission;
use soglia_ledger::status::date_of;
use soglia_ledger::store::ImportRow;
use soglia_registers::accounts::Users;
use soglia_registers::trail;

use crate::access::Visit;
use crate::figures::Look;
use crate::jobs;
use crate::pages::calls;
use crate::pages::contract::check_rows;
use crate::pages::imports;
use crate::reply::{Answer, Problem};
use crate::state::Shared;
use crate::studies::Study;
use crate::view;

/// Items of a list at most.
const LIMIT_MAX: usize = 1000;
const LIMIT_USUAL: usize = 50;

/// The routes below `/api`.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/openapi.json", get(openapi))
        .route("/v1/periods", get(periods))
        .route("/v1/measurements", get(measurements))
        .route("/v1/months", get(months))
        .route("/v1/checks", get(checks))
        .route("/v1/services/{service}/figures", get(figures))
        .route("/v1/services/{service}/indicators/{indicator}", get(indicator))
        .route("/v1/services/{service}/indicators/{indicator}/calls", get(behind))
        .route("/v1/calls/{id}", get(call))
        .route("/v1/imports", get(import_list).post(import).layer(DefaultBodyLimit::disable()))
        .route("/v1/imports/{no}", get(import_one))
        .route("/v1/jobs/{id}", get(job))
        .route("/v1/rejects", get(rejects))
        .route("/v1/duplicates", get(duplicates))
        .route("/v1/contract", get(contract))
        .route("/v1/users", get(users))
        .route("/v1/audit", get(audit))
        .route("/v1/audit/verification", get(verification))
        .merge(planning::routes())
        .merge(registers::routes())
        .fallback(missing)
        .layer(from_fn(spoken))
}

/// Refuses a language that there is not: programs learn it instead of reading the other one.
async fn spoken(visit: Visit, request: Request, next: Next) -> Response {
    let pairs = url::form_urlencoded::parse(visit.query.as_bytes());
    let known = |value: &str| value == "it" || value == "en";
    if pairs.filter(|(name, _)| name == "lang").all(|(_, value)| known(&value)) {
        return next.run(request).await;
    }
    Problem::bad("`lang` è `it` o `en`", "`lang` is `it` or `en`").into_response()
}

async fn missing() -> Problem {
    Problem::missing("questo indirizzo non c'è", "there is no such address")
}

#[expect(clippy::unnecessary_wraps, reason = "handlers end with it, and they return this")]
fn answer(value: &Value) -> Answer {
    Ok(axum::Json(value).into_response())
}

/// The description of this interface, which is no secret.
async fn openapi() -> Answer {
    answer(&document::document())
}

/// The members of a body that is a JSON object.
fn members(body: &Bytes) -> Result<Map<String, Value>, Problem> {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
        return Err(Problem::bad(
            "il corpo della richiesta è un oggetto JSON",
            "the body of the request is a JSON object",
        ));
    };
    Ok(members)
}

/// A study that was begun, and where to ask how far it is.
fn begun(study: &Study) -> Response {
    let address = format!("/api/v1/studies/{}", study.id);
    let body = axum::Json(json!({ "study": study.id, "state": address }));
    (StatusCode::ACCEPTED, [(header::LOCATION, address)], body).into_response()
}

/// Figures on their way: ask again in two seconds.
fn working() -> Response {
    let body = json!({ "error": "the figures are being computed", "hint": "ask again" });
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, axum::Json(body)).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

fn no_data() -> Problem {
    Problem::missing("non ci sono dati in questo periodo", "there are no data in this period")
}

/// A number of the query, within limits.
fn number(visit: &Visit, name: &str, usual: usize, max: usize) -> Result<usize, Problem> {
    let Some(text) = visit.parameter(name) else { return Ok(usual) };
    let wrong = || {
        Problem::bad(
            &format!("`{name}` è un numero intero fino a {max}"),
            &format!("`{name}` is a whole number up to {max}"),
        )
    };
    text.parse().ok().filter(|n| *n <= max).ok_or_else(wrong)
}

fn page_of(visit: &Visit) -> Result<(usize, usize), Problem> {
    let skip = number(visit, "skip", 0, 1_000_000_000)?;
    Ok((skip, number(visit, "limit", LIMIT_USUAL, LIMIT_MAX)?))
}

async fn periods(State(app): State<Shared>, visit: Visit) -> Answer {
    app.services(&visit)?;
    let choice = app.figures.choice(&visit).await?;
    let offered: Vec<Value> = choice
        .offered
        .iter()
        .map(|(label, name)| json!({ "period": label, "name": name }))
        .collect();
    answer(&json!({ "default": choice.period.label(), "periods": offered }))
}

/// The text of `soglia measure --format json`, seal included.
async fn measurements(State(app): State<Shared>, visit: Visit) -> Answer {
    app.allow(&visit, &[Permission::Read], None)?;
    let choice = app.figures.choice(&visit).await?;
    let Look::Ready(measured) = app.figures.review(&choice.period, visit.lang).await? else {
        return Ok(working());
    };
    let measured = measured.as_ref().as_ref().ok_or_else(no_data)?;
    let text = match seals::read(&app.ledger, &app.contract, &choice.period)? {
        Some((text, _)) => text,
        None => measured.report.to_json(),
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

async fn indicator(
    State(app): State<Shared>,
    visit: Visit,
    Path((code, indicator)): Path<(String, String)>,
) -> Answer {
    app.service(&visit, &code)?;
    soglia_measure::explain::find(&app.contract, &code, &indicator)?;
    let choice = app.figures.choice(&visit).await?;
    let Look::Ready(measured) = app.figures.review(&choice.period, visit.lang).await? else {
        return Ok(working());
    };
    let measured = measured.as_ref().as_ref().ok_or_else(no_data)?;
    let found = measured.report.find(&code, &indicator).ok_or_else(no_data)?;
    let lang = visit.lang;
    let cards =
        soglia_measure::explain::cards(&app.contract, &code, &indicator, &choice.period, lang)?;
    let cards: Vec<Value> =
        cards.into_iter().map(|card| json!({ "title": card.title, "rows": card.rows })).collect();
    answer(&json!({
        "period": measured.report.period,
        "ledger": { "import_no": measured.report.ledger.import_no },
        "measurement": found,
        "cards": cards,
    }))
}

async fn months(State(app): State<Shared>, visit: Visit) -> Answer {
    let mine = app.services(&visit)?;
    let choice = app.figures.choice(&visit).await?;
    let Look::Ready(months) = app.figures.months(&choice.period, visit.lang).await? else {
        return Ok(working());
    };
    let months: Vec<Value> = months
        .iter()
        .map(|month| {
            let measurements: Vec<_> = month
                .report
                .measurements
                .iter()
                .filter(|m| mine.iter().any(|service| service.code == m.service))
                .collect();
            json!({ "period": month.report.period, "measurements": measurements })
        })
        .collect();
    answer(&json!({ "months": months }))
}

async fn checks(State(app): State<Shared>, visit: Visit) -> Answer {
    app.services(&visit)?;
    let choice = app.figures.choice(&visit).await?;
    let Look::Ready(measured) = app.figures.review(&choice.period, visit.lang).await? else {
        return Ok(working());
    };
    let measured = measured.as_ref().as_ref().ok_or_else(no_data)?;
    let rows = check_rows(&measured.input.checks, &visit).into_iter().map(|row| {
        json!({
            "code": row.code, "title": row.title, "outcome": row.outcome, "text": row.text,
        })
    });
    answer(&json!({ "period": choice.period.label(), "checks": rows.collect::<Vec<_>>() }))
}

/// The figures of a service's page: sentence and table of each.
async fn figures(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    app.service(&visit, &code)?;
    let choice = app.figures.choice(&visit).await?;
    let Look::Ready(measured) = app.figures.review(&choice.period, visit.lang).await? else {
        return Ok(working());
    };
    let measured = measured.as_ref().as_ref().ok_or_else(no_data)?;
    answer(&json!({
        "period": choice.period.label(),
        "figures": figures_of(measured, &code, &visit)?,
    }))
}

fn figures_of(measured: &Measured, code: &str, visit: &Visit) -> Result<Vec<Value>, Problem> {
    let service = view::service_of(measured, code).ok_or_else(no_data)?;
    let sections = soglia_report::analysis(&measured.input, service, visit.lang);
    let shown = sections.into_iter().enumerate().map(|(nth, section)| {
        let view::Shown { title, paragraphs, figure, table, .. } = view::shown(nth, section);
        let table = figure.map(|figure| figure.table).or(table);
        json!({ "title": title, "text": paragraphs, "table": table })
    });
    Ok(shown.collect())
}

/// What somebody looks at calls for: a parameter, or a header.
fn purpose(visit: &Visit, headers: &HeaderMap) -> Result<String, Problem> {
    let header = headers.get("x-purpose").and_then(|value| value.to_str().ok());
    let stated = visit.parameter("purpose").or_else(|| header.map(str::to_owned));
    stated.filter(|text| 5 <= text.trim().chars().count()).ok_or_else(|| {
        Problem::bad(
            "dica a che cosa serve: parametro `purpose` o intestazione `X-Purpose`",
            "say what it is for: parameter `purpose` or header `X-Purpose`",
        )
    })
}

async fn behind(
    State(app): State<Shared>,
    visit: Visit,
    headers: HeaderMap,
    Path((code, indicator)): Path<(String, String)>,
) -> Answer {
    app.service(&visit, &code)?;
    app.allow(&visit, &[Permission::SeeCalls], Some(&code))?;
    soglia_measure::explain::find(&app.contract, &code, &indicator)?;
    let purpose = purpose(&visit, &headers)?;
    let choice = app.figures.choice(&visit).await?;
    let which = visit.parameter("which").unwrap_or_else(|| "missed".to_owned());
    let page = page_of(&visit)?;
    let of = (code.as_str(), indicator.as_str());
    let found = calls::list(&app, &visit, &purpose, of, &choice, &which, page).await?;
    let items: Vec<Value> = found
        .items
        .into_iter()
        .map(|item| {
            let details: serde_json::Map<String, Value> = item
                .details
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect();
            json!({
                "id": item.id, "at": item.at.to_string(), "counted_as": item.class,
                "rule_version": item.version, "details": details,
                "import_no": item.import_no, "rows": [item.rows.0, item.rows.1],
            })
        })
        .collect();
    answer(&json!({ "total": found.total, "counted": found.counted, "items": items }))
}

async fn call(
    State(app): State<Shared>,
    visit: Visit,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    app.services(&visit)?;
    let purpose = purpose(&visit, &headers)?;
    let stories = calls::told(&app, &visit, &purpose, &id).await?;
    let object = |fields: Vec<(String, String)>| -> Value {
        fields.into_iter().map(|(name, value)| (name, Value::from(value))).collect()
    };
    let stories: Vec<Value> = stories
        .into_iter()
        .map(|story| {
            let raw: Vec<Value> = story
                .raw
                .into_iter()
                .map(|raw| {
                    json!({
                        "file": raw.file, "sha256": raw.sha256, "row": raw.row, "text": raw.text,
                    })
                })
                .collect();
            json!({
                "call": object(story.fields),
                "queue_entries": story.queue_entries.into_iter().map(object).collect::<Vec<_>>(),
                "cases": story.cases.into_iter().map(object).collect::<Vec<_>>(),
                "rows": raw,
            })
        })
        .collect();
    answer(&json!({ "stories": stories }))
}

fn import_json(row: &ImportRow) -> Value {
    let day = |day: i32| date_of(day).map(|date| date.to_string());
    json!({
        "import_no": row.import_no,
        "file": row.file,
        "sha256": row.sha256,
        "format": row.format,
        "stream": row.stream,
        "imported_at": row.imported_at.to_string(),
        "rows": row.rows,
        "fact_rows": row.fact_rows,
        "duplicate_rows": row.duplicate_rows,
        "rejected_rows": row.rejected_rows,
        "ignored_rows": row.ignored_rows,
        "balances": row.balances(),
        "open_calls": row.open_calls,
        "days": row.days.map(|(first, last)| [day(first), day(last)]),
        "facts": row.facts,
        "ignored": row.ignored,
        "anomalies": row.anomalies,
    })
}

async fn import_list(State(app): State<Shared>, visit: Visit) -> Answer {
    app.services(&visit)?;
    let session = app.figures.session().await?;
    let rows: Vec<Value> = session.imports.iter().map(import_json).collect();
    answer(&json!({ "imports": rows }))
}

async fn import_one(State(app): State<Shared>, visit: Visit, Path(no): Path<String>) -> Answer {
    app.services(&visit)?;
    let no: i64 = numbered(&no)?;
    let session = app.figures.session().await?;
    let row = session.imports.iter().find(|row| row.import_no == no);
    let row = row.ok_or_else(|| {
        Problem::missing("questa importazione non c'è", "there is no such import")
    })?;
    answer(&import_json(row))
}

/// The body is the file; `name`, `format`, `service` and `source` stand in the query.
async fn import(State(app): State<Shared>, visit: Visit, body: Body) -> Answer {
    let job = imports::receive(&app, &visit, body).await?;
    let address = format!("/api/v1/jobs/{}", job.id);
    let body = axum::Json(json!({ "job": job.id, "state": address }));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, address)], body).into_response())
}

async fn job(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    app.services(&visit)?;
    let job = imports::found(&app, numbered(&id)?)?;
    let state = match job.state() {
        jobs::State::Waiting => json!({ "state": "waiting" }),
        jobs::State::Copying(bytes) => json!({ "state": "copying", "bytes": bytes }),
        jobs::State::Reading(rows) => json!({ "state": "reading", "rows": rows }),
        jobs::State::Committing => json!({ "state": "committing" }),
        jobs::State::Done(done) => json!({
            "state": "done",
            "import_no": done.import_no,
            "already": done.already,
            "rows": done.rows,
            "fact_rows": done.fact_rows,
            "duplicate_rows": done.duplicate_rows,
            "rejected_rows": done.rejected_rows,
            "ignored_rows": done.ignored_rows,
        }),
        jobs::State::Failed(error, hint) => {
            json!({ "state": "failed", "error": error, "hint": hint })
        }
    };
    answer(&state)
}

/// A number of the path.
fn numbered<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| {
        Problem::bad(
            "l'indirizzo finisce con un numero intero",
            "the address ends with a whole number",
        )
    })
}

fn import_of(visit: &Visit) -> Result<Option<i64>, Problem> {
    let number = |text: String| {
        text.parse()
            .map_err(|_| Problem::bad("`import` è un numero intero", "`import` is a whole number"))
    };
    visit.parameter("import").map(number).transpose()
}

async fn rejects(State(app): State<Shared>, visit: Visit) -> Answer {
    app.allow(&visit, &[Permission::SeeCalls], None)?;
    let found = imports::rejected(&app, import_of(&visit)?, page_of(&visit)?).await?;
    let rows: Vec<Value> = found
        .into_iter()
        .map(|(reject, file)| {
            json!({
                "import_no": reject.import_no, "file": file, "row": reject.row,
                "rows": reject.rows, "code": reject.code, "detail": reject.detail,
                "text": reject.text,
            })
        })
        .collect();
    answer(&json!({ "rejects": rows }))
}

async fn duplicates(State(app): State<Shared>, visit: Visit) -> Answer {
    app.allow(&visit, &[Permission::SeeCalls], None)?;
    let found = imports::duplicated(&app, import_of(&visit)?, page_of(&visit)?).await?;
    let rows: Vec<Value> = found
        .into_iter()
        .map(|run| {
            json!({
                "import_no": run.import_no, "file": run.file, "rows": [run.rows.0, run.rows.1],
                "reason": run.reason, "text": run.text,
            })
        })
        .collect();
    answer(&json!({ "duplicates": rows }))
}

async fn contract(State(app): State<Shared>, visit: Visit) -> Answer {
    let mine = app.services(&visit)?;
    let (lang, contract) = (visit.lang, &app.contract);
    let services: Vec<Value> = mine
        .into_iter()
        .map(|service| {
            let indicators: Vec<Value> = service
                .indicators
                .iter()
                .map(|indicator| {
                    let card = |version| {
                        let of = (service, indicator);
                        let card = soglia_domain::card::card(contract, of, version, lang);
                        json!({ "title": card.title, "rows": card.rows })
                    };
                    json!({
                        "code": indicator.code,
                        "name": indicator.name.get(lang),
                        "cards": indicator.versions.iter().map(card).collect::<Vec<_>>(),
                    })
                })
                .collect();
            json!({
                "code": service.code, "name": service.name.get(lang), "indicators": indicators,
            })
        })
        .collect();
    answer(&json!({
        "code": contract.code,
        "title": contract.title.get(lang),
        "sha256": contract.file_hash,
        "authority": contract.authority,
        "supplier": contract.supplier,
        "zone": contract.zone_name,
        "services": services,
    }))
}

async fn users(State(app): State<Shared>, visit: Visit) -> Answer {
    app.allow(&visit, &[Permission::ManageUsers], None)?;
    let mut tx = app.database.read().await?;
    let users: Vec<Value> = Users(&mut tx)
        .list()
        .await?
        .into_iter()
        .map(|user| {
            let grants: Vec<Value> = user
                .grants
                .iter()
                .map(|(id, grant)| {
                    json!({
                        "id": id, "role": grant.role.code(), "contract": grant.contract,
                        "service": grant.service,
                    })
                })
                .collect();
            let identities = user.identities.iter().map(
                |one| json!({ "id": one.id, "issuer": one.issuer, "known_as": one.known.text() }),
            );
            json!({
                "id": user.id, "login": user.login, "name": user.name, "grants": grants,
                "identities": identities.collect::<Vec<_>>(),
            })
        })
        .collect();
    answer(&json!({ "users": users }))
}

async fn audit(State(app): State<Shared>, visit: Visit) -> Answer {
    app.allow(&visit, &[Permission::ReadTrail], None)?;
    let (after, limit) = page_of(&visit)?;
    let (after, limit) =
        (i64::try_from(after).unwrap_or(i64::MAX), i64::try_from(limit).unwrap_or(i64::MAX));
    let mut tx = app.database.read().await?;
    let links: Vec<Value> = trail::links(&mut tx, after, limit)
        .await?
        .into_iter()
        .map(|link| {
            json!({
                "seq": link.seq, "at": link.at.to_string(), "actor": link.actor,
                "action": link.action, "object": link.object, "digest": link.digest,
                "reason": link.detail_text("reason"), "previous": link.previous,
                "hash": link.hash,
            })
        })
        .collect();
    answer(&json!({ "links": links }))
}

async fn verification(State(app): State<Shared>, visit: Visit) -> Answer {
    app.allow(&visit, &[Permission::ReadTrail], None)?;
    let verified = trail::verify(&app.database, None).await?;
    answer(&json!({
        "links": verified.n_links,
        "versions": verified.n_versions,
        "erased": verified.n_erased,
        "head": format!("{}:{}", verified.head.seq, verified.head.hash),
        "broken": verified.broken.map(|broken| broken.to_string()),
    }))
}

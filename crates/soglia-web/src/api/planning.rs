//! What would happen and what will come, for programs. Read [`routes`] first, then [`paths`].

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use serde_json::{Map, Value, json};
use soglia_app::whatif::document;
use soglia_app::whatif::levers::{Board, Form, Lever};
use soglia_sim::forecast::Method;
use soglia_sim::whatif::Source;

use super::document::{BEGUN, TOO_MANY, operation_id, parameter, problem, responses};
use super::registers::approval_of;
use super::{answer, begun, members, working};
use crate::access::{Fields, Visit};
use crate::pages::planning::staffing::{self, Whole};
use crate::pages::planning::whatif::refused;
use crate::pages::planning::{
    asked, board, forecast, pairs, present_now, projection, studies, wanted,
};
use crate::planning::nothing;
use crate::reply::{Answer, Problem};
use crate::state::Shared;
use crate::studies::{Outcome, State as StudyState};

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/services/{service}/levers", get(levers))
        .route("/v1/services/{service}/whatif", get(whatif))
        .route("/v1/services/{service}/studies", post(begin))
        .route("/v1/services/{service}/staffing", post(staff))
        .route("/v1/services/{service}/forecast", get(forecast))
        .route("/v1/services/{service}/projection", get(projection))
        .route("/v1/studies/{id}", get(study))
}

/// What can be moved, where it stands, and the scenario that it describes.
async fn levers(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    let service = app.service(&visit, &code)?;
    let (wanted, _) = wanted(&app, &visit, &code).await?;
    let Some(known) = present_now(&app, &wanted).await? else { return Ok(working()) };
    let prepared = known.as_ref().as_ref().map_err(|why| nothing(why.clone()))?;
    let moved = board(&app, service, prepared, (&visit, &pairs(&visit.query))).map_err(refused)?;
    let scenarios = app.planning.offered(&code).map(|one| {
        let scenario = &one.scenario;
        json!({ "code": scenario.code, "name": scenario.name.get(visit.lang), "toml": one.text })
    });
    answer(&json!({
        "service": code,
        "period": wanted.period.label(),
        "weeks": wanted.weeks,
        "levers": described(&moved),
        "toml": moved.toml(),
        "scenarios": scenarios.collect::<Vec<_>>(),
    }))
}

fn described(board: &Board) -> Vec<Value> {
    let one = |lever: &Lever| {
        let mut described = json!({
            "name": lever.key,
            "label": lever.label,
            "unit": lever.unit,
            "now": lever.written(lever.now),
            "value": lever.shown(),
        });
        let more = match &lever.form {
            Form::Number(min, max, _) | Form::Clock(min, max, _) => {
                json!({ "min": lever.written(*min), "max": lever.written(*max) })
            }
            Form::Choice(choices) => {
                let codes: Vec<&str> = choices.iter().map(|(code, _)| code.as_str()).collect();
                json!({ "choices": codes })
            }
        };
        if let (Some(all), Value::Object(more)) = (described.as_object_mut(), more) {
            all.extend(more);
        }
        described
    };
    board.levers().map(one).collect()
}

/// The document of `soglia whatif --format json`: ready-made scenarios and levers, at once.
async fn whatif(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    let service = app.service(&visit, &code)?;
    let (wanted, _) = wanted(&app, &visit, &code).await?;
    let Some(known) = present_now(&app, &wanted).await? else { return Ok(working()) };
    let prepared = known.as_ref().as_ref().map_err(|why| nothing(why.clone()))?;
    let pairs = pairs(&visit.query);
    let found = asked(&app, service, prepared, (&visit, &wanted, &pairs)).map_err(refused)?;
    let answers = app.planning.answer(known.clone(), found.scenarios).await?;
    answer(&document::answers(&prepared.present, &answers, &prepared.gate))
}

/// Plays more weeks than fit into a moment; `drawn=1` plays weeks drawn from what was learned.
async fn begin(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    let source = match visit.parameter("drawn") {
        Some(_) => Source::Drawn,
        None => Source::Recorded,
    };
    let study = studies::ask(&app, &visit, &code, source).await?;
    Ok(begun(&study))
}

/// Plans shifts; the body has the members of the page's form, and what it does not say is as usual.
async fn staff(
    State(app): State<Shared>,
    visit: Visit,
    Path(code): Path<String>,
    body: Bytes,
) -> Answer {
    app.service(&visit, &code)?;
    let study = staffing::ask(&app, &visit, code, &asked_for(&body)?).await?;
    Ok(begun(&study))
}

/// The members of a body as the form's fields.
fn asked_for(body: &Bytes) -> Result<Fields, Problem> {
    let fields = members(body)?.into_iter().map(|(name, value)| {
        let is_number = staffing::NUMBERS.iter().any(|one| one.name == name);
        let wrong = |it: &str, en: &str| {
            Err(Problem::bad(&format!("`{name}` {it}"), &format!("`{name}` {en}")))
        };
        if !is_number && !staffing::TEXTS.contains(&name.as_str()) {
            return wrong("non è tra ciò che si può chiedere", "is nothing that can be asked");
        }
        match value {
            // As if it were not there.
            Value::Null => Ok((name, String::new())),
            Value::Number(number) if is_number => Ok((name, number.to_string())),
            Value::String(text) if !is_number => Ok((name, text)),
            _ if is_number => wrong("è un numero intero", "is a whole number"),
            _ => wrong("è un testo", "is a text"),
        }
    });
    Ok(Fields::of(fields.collect::<Result<_, _>>()?))
}

/// Where a study is, and what came of it.
async fn study(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let study = studies::found(&app, &visit, &id)?;
    let title = study.about.title.get(visit.lang);
    answer(&match study.state() {
        StudyState::Waiting => json!({ "state": "waiting", "title": title }),
        StudyState::Working => json!({ "state": "working", "title": title }),
        StudyState::Playing(weeks, width) => {
            json!({ "state": "playing", "title": title, "weeks": weeks, "half_width": width })
        }
        StudyState::Writing => json!({ "state": "writing", "title": title }),
        StudyState::Failed(why) => {
            json!({ "state": "failed", "title": title, "error": why.get(visit.lang) })
        }
        StudyState::Done(outcome) => match outcome.as_ref() {
            Outcome::WhatIf { known, answers, .. } => {
                let prepared = known.as_ref().as_ref().map_err(|why| nothing(why.clone()))?;
                let found = document::answers(&prepared.present, answers, &prepared.gate);
                json!({ "state": "done", "title": title, "answer": found })
            }
            Outcome::Staffing { rules, question, demand, answer } => {
                let asked = soglia_app::staffed::Asked { rules, question, demand };
                let found = soglia_app::staffed::document(&asked, answer);
                json!({ "state": "done", "title": title, "answer": found })
            }
            Outcome::Approval(approved) => {
                let found = approval_of(&app, &visit, approved);
                json!({ "state": "done", "title": title, "answer": found })
            }
        },
    })
}

/// How many calls will come.
async fn forecast(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    let service = app.service(&visit, &code)?;
    answer(&forecast::document(&app, &visit, service).await?)
}

/// What a running period still needs.
async fn projection(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    let service = app.service(&visit, &code)?;
    answer(&projection::document(&app, &visit, service).await?)
}

/// The operations as OpenAPI describes them.
pub fn paths() -> Map<String, Value> {
    let mut paths = Map::new();
    let mut add = |method: &str, path: &str, summary: &str, own: Vec<Value>| {
        let parameters: Vec<Value> = own;
        let begins = method == "post";
        let good = if begins { ("202", BEGUN) } else { ("200", "What was asked for") };
        let mut operation = json!({
            "operationId": operation_id(method, path),
            "summary": summary,
            "parameters": parameters,
            "responses": responses(good.0, good.1),
        });
        if begins {
            operation["responses"]["429"] = problem(TOO_MANY);
        }
        if path.ends_with("/staffing") {
            operation["requestBody"] = shifts_wanted();
        }
        let mut methods = Map::new();
        methods.insert(method.to_owned(), operation);
        paths.insert(path.to_owned(), methods.into());
    };
    let base = "/api/v1/services/{service}";
    let known = |path: &str, names: &[&str]| -> Vec<Value> {
        names.iter().filter_map(|name| parameter(path, name)).collect()
    };
    let path = format!("{base}/levers");
    let mut own = known(&path, &["service", "period", "lang"]);
    own.extend([weeks(), moved()]);
    add("get", &path, "What can be moved, and ready-made scenarios, each as TOML", own);
    let path = format!("{base}/whatif");
    let mut own = known(&path, &["service", "period", "lang"]);
    own.extend([weeks(), scenario(), moved()]);
    let summary = "What changes would do: `soglia.whatif/1`, with the gate's answer";
    add("get", &path, summary, own);
    let path = format!("{base}/studies");
    let mut own = known(&path, &["service", "period"]);
    own.extend([weeks(), scenario(), moved(), query("drawn", "`1`: weeks drawn, not recorded")]);
    add("post", &path, "Begins the same over more weeks", own);
    let path = format!("{base}/staffing");
    let own = known(&path, &["service", "lang"]);
    add("post", &path, "Plans shifts for days to come, as `soglia staffing` does", own);
    let path = format!("{base}/forecast");
    let mut own = known(&path, &["service"]);
    own.extend(days_wanted());
    add("get", &path, "How many calls will come: `soglia.forecast/1`", own);
    let path = format!("{base}/projection");
    let mut own = known(&path, &["service", "period"]);
    own.push(query("as_of", "the first day still to come"));
    add("get", &path, "What a period still needs: `soglia.projection/1`", own);
    let path = "/api/v1/studies/{id}";
    let id = json!({
        "name": "id", "in": "path", "required": true,
        "description": "the number given when begun",
        "schema": { "type": "integer", "minimum": 0 },
    });
    add("get", path, "Where a study is, and what came of it", vec![id]);
    paths
}

/// Which days a forecast is of, and how it is made.
fn days_wanted() -> [Value; 3] {
    [
        query("date", "one day"),
        json!({
            "name": "weeks", "in": "query", "required": false,
            "description": "so many weeks after the last day known",
            "schema": { "type": "integer", "minimum": 1, "maximum": 8 },
        }),
        json!({
            "name": "method", "in": "query", "required": false,
            "description": "how counts of the past become a forecast",
            "schema": {
                "type": "string", "default": Method::Usual.name(),
                "enum": Method::ALL.iter().map(|method| method.name()).collect::<Vec<_>>(),
            },
        }),
    ]
}

/// The body of a question about shifts.
fn shifts_wanted() -> Value {
    let mut properties = Map::new();
    for Whole { name, label, usual, min, max } in &staffing::NUMBERS {
        let mut schema = json!({
            "type": "integer", "minimum": min, "maximum": max, "description": label.en,
        });
        if let Some(usual) = usual {
            schema["default"] = (*usual).into();
        }
        properties.insert((*name).to_owned(), schema);
    }
    for name in staffing::TEXTS {
        let schema = match name {
            "from" => json!({
                "type": "string", "format": "date",
                "description": "the first day; by default the first Monday after those known",
            }),
            "scope" => json!({
                "type": "string", "enum": staffing::SCOPES.map(|(code, ..)| code),
                "default": "whole", "description": "over what the goal holds",
            }),
            _ => json!({
                "type": "string",
                "description": "working rules and costs as TOML; by default the server's",
            }),
        };
        properties.insert(name.to_owned(), schema);
    }
    json!({
        "required": true,
        "content": { "application/json": {
            "schema": {
                "type": "object", "properties": properties, "additionalProperties": false,
            },
            "example": { "from": "2024-01-08", "days": 1, "level": 80, "limit": 20 },
        } },
    })
}

fn query(name: &str, description: &str) -> Value {
    json!({
        "name": name, "in": "query", "required": false, "description": description,
        "schema": { "type": "string" },
    })
}

fn weeks() -> Value {
    json!({
        "name": "weeks", "in": "query", "required": false,
        "description": "whole weeks played, the last of the period",
        "schema": { "type": "integer", "enum": crate::pages::planning::WEEKS },
    })
}

fn scenario() -> Value {
    json!({
        "name": "scenario", "in": "query", "required": false,
        "description": "codes of ready-made scenarios",
        "style": "form", "explode": true,
        "schema": { "type": "array", "items": { "type": "string" } },
    })
}

fn moved() -> Value {
    json!({
        "name": "levers", "in": "query", "required": false,
        "description": "levers by their names, as `/levers` lists them: `demand=10&ivr.TOPIC=40`",
        "style": "form", "explode": true,
        "schema": { "type": "object", "additionalProperties": { "type": "string" } },
    })
}

//! The description of the interface for programs, as OpenAPI 3.1. Read [`document`] first.

use serde_json::{Map, Value, json};

/// An operation: path, what it gives, its parameters.
struct Operation {
    path: &'static str,
    summary: &'static str,
    parameters: &'static [&'static str],
}

const OPERATIONS: &[Operation] = &[
    Operation {
        path: "/api/v1/periods",
        summary: "Half-years, quarters and months with data, newest first",
        parameters: &["lang"],
    },
    Operation {
        path: "/api/v1/measurements",
        summary: "The measurements of a period: the same text as `soglia measure --format json`",
        parameters: &["period", "lang"],
    },
    Operation {
        path: "/api/v1/months",
        summary: "The measurements month by month, without the disputed alternatives",
        parameters: &["period", "lang"],
    },
    Operation {
        path: "/api/v1/checks",
        summary: "The coherence checks N1 to N18 of a period, with what they found",
        parameters: &["period", "lang"],
    },
    Operation {
        path: "/api/v1/services/{service}/figures",
        summary: "The figures of a service's page, each with its sentences and its table",
        parameters: &["service", "period", "lang"],
    },
    Operation {
        path: "/api/v1/services/{service}/indicators/{indicator}",
        summary: "One indicator's measurement with its definition cards",
        parameters: &["service", "indicator", "period", "lang"],
    },
    Operation {
        path: "/api/v1/services/{service}/indicators/{indicator}/calls",
        summary: "The items behind a figure; who looks and what for is written down",
        parameters: &["service", "indicator", "period", "which", "skip", "limit", "purpose"],
    },
    Operation {
        path: "/api/v1/calls/{id}",
        summary: "One call's story down to the rows of the file, callers' numbers covered",
        parameters: &["id", "purpose"],
    },
    Operation {
        path: "/api/v1/imports",
        summary: "The files taken in, oldest first",
        parameters: &[],
    },
    Operation { path: "/api/v1/imports/{no}", summary: "One import", parameters: &["no"] },
    Operation {
        path: "/api/v1/jobs/{id}",
        summary: "Where an import begun here is",
        parameters: &["job"],
    },
    Operation {
        path: "/api/v1/rejects",
        summary: "Rows that could not be read, with their reasons",
        parameters: &["import", "skip", "limit"],
    },
    Operation {
        path: "/api/v1/duplicates",
        summary: "Runs of rows that the ledger had already",
        parameters: &["import", "skip", "limit"],
    },
    Operation {
        path: "/api/v1/contract",
        summary: "The contract's services and definition cards",
        parameters: &["lang"],
    },
    Operation { path: "/api/v1/users", summary: "Accounts and their roles", parameters: &[] },
    Operation {
        path: "/api/v1/audit",
        summary: "Links of the audit trail after a place, oldest first",
        parameters: &["skip", "limit"],
    },
    Operation {
        path: "/api/v1/audit/verification",
        summary: "Follows the whole audit trail",
        parameters: &[],
    },
];

/// The whole description.
pub fn document() -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let mut methods = Map::new();
        methods.insert("get".to_owned(), read(operation));
        if operation.path == "/api/v1/imports" {
            methods.insert("post".to_owned(), import());
        }
        paths.insert(operation.path.to_owned(), methods.into());
    }
    paths.append(&mut super::planning::paths());
    paths.append(&mut super::registers::paths());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Soglia",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Contact-centre contracts, measured from what the platforms recorded",
            "license": { "name": "EUPL-1.2", "identifier": "EUPL-1.2" },
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
            },
            "schemas": {
                "Problem": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {
                        "error": { "type": "string" },
                        "hint": { "type": ["string", "null"] },
                    },
                },
            },
        },
    })
}

fn read(operation: &Operation) -> Value {
    let parameters: Vec<Value> =
        operation.parameters.iter().filter_map(|name| parameter(operation.path, name)).collect();
    json!({
        "operationId": operation_id("get", operation.path),
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses("200", "What was asked for"),
    })
}

/// A name of its own for each operation.
pub fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(['/', '{', '}']).filter(|word| !word.is_empty() && *word != "api");
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

fn import() -> Value {
    let text = |name: &str, required: bool, description: &str| {
        json!({
            "name": name, "in": "query", "required": required, "description": description,
            "schema": { "type": "string", "minLength": usize::from(required) },
        })
    };
    json!({
        "operationId": "post_v1_imports",
        "summary": "Takes a file in, after those before it; the body is the file",
        "parameters": [
            text("name", true, "the file's name"),
            text("format", true, "a format, or the name of a mapping that the server offers"),
            text("service", false, "the service of rows that nothing else assigns"),
            text("source", false, "the platform, where several of one kind deliver"),
        ],
        "requestBody": {
            "required": true,
            "content": {
                "application/octet-stream": {
                    "schema": { "type": "string", "format": "binary", "minLength": 1 },
                },
            },
        },
        "responses": responses("202", BEGUN),
    })
}

/// What is said where work was begun beside the requests.
pub const BEGUN: &str = "Begun; `state` says where to ask how far it is";
/// What is said where no more work can be begun.
pub const TOO_MANY: &str = "Too much is waiting already: ask again in a moment";

/// A refusal among the answers.
pub fn problem(description: &str) -> Value {
    json!({
        "description": description,
        "content": {
            "application/json": { "schema": { "$ref": "#/components/schemas/Problem" } },
        },
    })
}

/// What an operation may answer.
pub fn responses(good: &str, description: &str) -> Value {
    let mut responses = Map::new();
    responses.insert(
        good.to_owned(),
        json!({
            "description": description,
            "content": { "application/json": { "schema": { "type": "object" } } },
        }),
    );
    for (status, description) in [
        ("401", "No token, or one that does not hold"),
        ("403", "The token's role does not allow it"),
        ("404", "There is no such thing, or no data"),
        ("422", "A parameter cannot be understood"),
        ("503", "The figures are being computed: ask again"),
    ] {
        responses.insert(status.to_owned(), problem(description));
    }
    responses.into()
}

/// A parameter that several operations share.
pub fn parameter(path: &str, name: &str) -> Option<Value> {
    let (shown, schema, description) = match name {
        "period" => ("period", json!({ "type": "string" }), "`2023-H2`, `2023-Q3`, `2023-07` …"),
        "lang" => ("lang", json!({ "type": "string", "enum": ["it", "en"] }), "language of names"),
        "service" => ("service", json!({ "type": "string" }), "the service's code"),
        "indicator" => ("indicator", json!({ "type": "string" }), "the indicator's code"),
        "id" => ("id", json!({ "type": "string" }), "the platform's identifier of the call"),
        "no" => ("no", json!({ "type": "integer", "format": "int64" }), "the import's number"),
        "job" => ("id", json!({ "type": "integer", "minimum": 0 }), "the number given when begun"),
        "import" => ("import", json!({ "type": "integer" }), "only of this import"),
        "skip" => ("skip", json!({ "type": "integer", "minimum": 0 }), "items to skip"),
        "limit" => {
            let schema = json!({ "type": "integer", "minimum": 0, "maximum": super::LIMIT_MAX });
            ("limit", schema, "items to list")
        }
        "which" => (
            "which",
            json!({ "type": "string" }),
            "`met`, `missed`, `late`, `lost`, `excluded`, `excluded:REASON`, `all`",
        ),
        "purpose" => {
            let schema = json!({ "type": "string", "minLength": 5 });
            ("purpose", schema, "what it is for; the audit trail keeps it (also `X-Purpose`)")
        }
        _ => return None,
    };
    let in_path = path.contains(&format!("{{{shown}}}"));
    let mut parameter = json!({
        "name": shown,
        "in": if in_path { "path" } else { "query" },
        "required": in_path || name == "purpose",
        "description": description,
        "schema": schema,
    });
    if let Some(example) = example(name) {
        parameter["example"] = example;
    }
    Some(parameter)
}

/// A value that makes sense.
pub(super) fn example(name: &str) -> Option<Value> {
    Some(match name {
        "period" => "2023-H2".into(),
        "service" => "cup".into(),
        "indicator" => "K1".into(),
        "id" => "1688364031.17".into(),
        "no" | "job" | "import" => 1.into(),
        "which" => "missed".into(),
        "purpose" => "rilievo RIL-1".into(),
        "register" => "findings".into(),
        "entry" => "RIL-1".into(),
        "review" => "RIE-1".into(),
        "step" => "close".into(),
        "lang" => "it".into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_a_path_is_described() {
        let document = document();
        let paths = document["paths"].as_object().expect("paths are an object");
        for (path, methods) in paths {
            let named: Vec<&str> = path
                .split('/')
                .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
                .collect();
            for (method, operation) in methods.as_object().expect("methods are an object") {
                let parameters = operation["parameters"].as_array().expect("a list");
                let in_path = parameters.iter().filter(|one| one["in"] == "path");
                let described: Vec<&str> =
                    in_path.filter_map(|parameter| parameter["name"].as_str()).collect();
                assert_eq!(named, described, "{method} {path}");
            }
        }
    }

    #[test]
    fn operations_have_names_of_their_own() {
        let document = document();
        let paths = document["paths"].as_object().expect("paths are an object");
        let methods = paths.values().flat_map(|methods| methods.as_object().into_iter().flatten());
        let mut names: Vec<&str> =
            methods.filter_map(|(_, operation)| operation["operationId"].as_str()).collect();
        let n = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), n);
    }
}

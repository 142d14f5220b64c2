//! Entries and reviews as JSON, for commands and for the pages' own interface. Read [`entry`]
//! first; `docs/reference/json.md` describes the documents.

use serde_json::{Map, Value as Json, json};
use soglia_domain::checks::Check;
use soglia_domain::register::{Kind, Need, Privacy, Register, Value};
use soglia_domain::text::{Label, Lang, Text};
use soglia_registers::entries::{Entry, Link};

use crate::semester::{Standing, View};

/// The name of the document written by [`review`].
pub const REVIEW: &str = "soglia.review/1";
/// The name of the list of reviews.
pub const REVIEWS: &str = "soglia.reviews/1";

/// An entry as whoever asked may see it. Amounts are texts with two decimals, counts are numbers.
pub fn entry(entry: &Entry, today: jiff::civil::Date) -> Json {
    let value = |value: &Value| match value {
        Value::Count(count) => Json::from(*count),
        other => Json::from(other.to_string()),
    };
    let values: Map<String, Json> =
        entry.values.iter().map(|(code, held)| (code.to_owned(), value(held))).collect();
    let derived = entry.register.derived.iter().filter_map(|derived| {
        Some((derived.code.to_owned(), value(&(derived.compute)(&entry.values, today)?)))
    });
    let derived: Map<String, Json> = derived.collect();
    let files = entry.files.iter().map(|file| {
        json!({
            "sha256": file.sha256,
            "media": file.media,
            "bytes": file.bytes,
            "name": file.name,
        })
    });
    json!({
        "id": entry.id,
        "register": entry.register.code,
        "contract": entry.contract,
        "service": entry.service,
        "reference": entry.reference,
        "version": entry.version,
        "state": entry.state.code,
        "open": entry.is_open(),
        "values": values,
        "derived": derived,
        "hidden": entry.hidden,
        "links": entry.links.iter().map(Link::to_string).collect::<Vec<_>>(),
        "files": files.collect::<Vec<_>>(),
        "created": stamp(&entry.created),
        "changed": stamp(&entry.changed),
    })
}

fn stamp((at, by): &(soglia_domain::time::Instant, String)) -> Json {
    json!({ "at": at.to_string(), "by": by })
}

/// What a register is: its fields, states and steps.
pub fn register(register: &Register) -> Json {
    let fields = register.fields.iter().map(|field| {
        let (kind, choices) = match field.kind {
            Kind::Line => ("line", None),
            Kind::Text => ("text", None),
            Kind::Date => ("date", None),
            Kind::Count => ("count", None),
            Kind::Money => ("money", None),
            Kind::Choice(choices) => ("choice", Some(choices)),
        };
        let choices = choices.map(|choices| {
            let choice = |choice: &soglia_domain::register::Choice| {
                json!({ "code": choice.code, "label": label(choice.label) })
            };
            choices.iter().map(choice).collect::<Vec<_>>()
        });
        json!({
            "code": field.code,
            "label": label(field.label),
            "kind": kind,
            "choices": choices,
            "required": field.need == Need::Required,
            "personal": field.privacy == Privacy::Personal,
        })
    });
    let states = register.states.iter().map(|state| {
        let steps = register.transitions_from(state.code);
        let steps = steps.map(|step| {
            json!({
                "code": step.code,
                "label": label(step.label),
                "to": step.to,
                "needs": step.needs,
            })
        });
        json!({
            "code": state.code,
            "label": label(state.label),
            "open": state.stage == soglia_domain::register::Stage::Open,
            "steps": steps.collect::<Vec<_>>(),
        })
    });
    json!({
        "code": register.code,
        "prefix": register.prefix,
        "label": label(register.label),
        "about": label(register.about),
        "fields": fields.collect::<Vec<_>>(),
        "states": states.collect::<Vec<_>>(),
    })
}

/// A review with all its parts and, where its figures were looked at, what stands in its way.
pub fn review(view: &View, standing: Option<&Standing>, today: jiff::civil::Date) -> Json {
    let View { review, elements, findings, remarks, sheets, signatures, follow_ups } = view;
    let all =
        |entries: &[Entry]| entries.iter().map(|one| entry(one, today)).collect::<Vec<Json>>();
    let sheets = sheets.iter().map(|sheet| {
        let mut json = entry(&sheet.sheet, today);
        json["actions"] = all(&sheet.actions).into();
        json
    });
    json!({
        "schema": REVIEW,
        "review": entry(review, today),
        "elements": all(elements),
        "findings": all(findings),
        "remarks": all(remarks),
        "sheets": sheets.collect::<Vec<_>>(),
        "signatures": all(signatures),
        "follow_ups": all(follow_ups),
        "standing": standing.map(self::standing),
    })
}

/// What stands between a review and its approval.
pub fn standing(standing: &Standing) -> Json {
    let Standing { obstacles, checks, declared } = standing;
    let declared = declared.as_ref().map(|declared| {
        let found: Vec<Json> = declared.found.iter().map(check).collect();
        json!({ "title": declared.title, "sha256": declared.sha256, "found": found })
    });
    json!({
        "ready": obstacles.is_empty(),
        "obstacles": obstacles.iter().map(text).collect::<Vec<_>>(),
        "checks": checks.iter().map(check).collect::<Vec<_>>(),
        "declared": declared,
    })
}

/// A coherence check that has something to say.
pub fn check(check: &Check) -> Json {
    let Check { code, severity, service, indicator, text: said } = check;
    json!({
        "code": code,
        "severity": severity.name(),
        "service": service,
        "indicator": indicator,
        "text": text(said),
    })
}

fn text(said: &Text) -> Json {
    json!({ "it": said.get(Lang::It), "en": said.get(Lang::En) })
}

fn label(label: Label) -> Json {
    json!({ "it": label.it, "en": label.en })
}

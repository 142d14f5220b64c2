//! Input elements and findings of a review. Read [`inputs`] first.

use askama::Template;
use axum::extract::{Path, State};
use soglia_app::semester::element_label;
use soglia_domain::access::Permission;
use soglia_domain::register::{INPUTS_DIGITAL_AGENDA, REVIEW_FINDINGS, Values, by_code};
use soglia_domain::text::Lang;
use soglia_registers::canonical::sha256;
use soglia_registers::entries::{Draft, Entry};
use soglia_registers::error::RegisterError;

use super::{Head, opened};
use crate::access::{Fields, Visit};
use crate::pages::registers::fields::{refused, text_of};
use crate::pages::registers::{Step, steps};
use crate::reply::{Answer, Problem, page, said};
use crate::shell::Shell;
use crate::state::Shared;

#[derive(Template)]
#[template(path = "reviews/inputs.html")]
struct InputsPage {
    shell: Shell,
    head: Head,
    areas: Vec<(String, Vec<Element>)>,
    next: String,
}

struct Element {
    id: String,
    version: i64,
    label: &'static str,
    clause: &'static str,
    register: Option<&'static str>,
    state: &'static str,
    class: &'static str,
    said: String,
    steps: Vec<Step>,
}

/// The input elements of both areas.
pub async fn inputs(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let super::Opened { view, head, shell } = opened(&app, &visit, &id, "inputs").await?;
    let lang = visit.lang;
    let newer = view.review.words("profile") == Some("iso_2015");
    let mut areas: Vec<(String, Vec<Element>)> = Vec::new();
    for element in &view.elements {
        let area = text_of(element, "area", lang).unwrap_or_default();
        let row = Element { steps: steps(&app, &visit, element)?, ..row(element, newer, lang) };
        match areas.iter_mut().find(|(name, _)| *name == area) {
            Some((_, rows)) => rows.push(row),
            None => areas.push((area, vec![row])),
        }
    }
    page(&InputsPage { next: format!("/reviews/{}/inputs", head.id), shell, head, areas })
}

fn row(element: &Entry, newer: bool, lang: Lang) -> Element {
    let code = element.words("element").unwrap_or_default();
    let input = INPUTS_DIGITAL_AGENDA.iter().find(|input| input.code == code);
    let clause = input.map(|input| if newer { input.iso_2015 } else { input.iso_2008 });
    let said = match element.state.code {
        "not_applicable" => element.words("why"),
        _ => element.words("evidence").or_else(|| element.words("why")),
    };
    let class = match element.state.code {
        "present" => "good",
        "missing" => "attention",
        _ => "",
    };
    Element {
        id: element.id.clone(),
        version: element.version,
        label: element_label(element).map(|label| label.get(lang)).unwrap_or_default(),
        clause: clause.unwrap_or_default(),
        register: input.and_then(|input| input.register),
        state: element.state.label.get(lang),
        class,
        said: in_lang(said.unwrap_or_default(), lang).to_owned(),
        steps: Vec::new(),
    }
}

/// The program writes Italian and English below one another.
fn in_lang(text: &str, lang: Lang) -> &str {
    match (text.split_once('\n'), lang) {
        (Some((_, en)), Lang::En) => en,
        (Some((it, _)), Lang::It) => it,
        (None, _) => text,
    }
}

#[derive(Template)]
#[template(path = "reviews/findings.html")]
struct FindingsPage {
    shell: Shell,
    head: Head,
    findings: Vec<Finding>,
    sections: Vec<(&'static str, &'static str)>,
    services: Vec<(String, String)>,
    may_add: bool,
    next: String,
}

struct Finding {
    id: String,
    version: i64,
    service: Option<String>,
    section: String,
    state: &'static str,
    class: &'static str,
    computed: String,
    edited: Option<String>,
    by_person: bool,
    carried_from: Option<String>,
    steps: Vec<Step>,
}

/// The findings of the analysis.
pub async fn findings(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let super::Opened { view, head, shell } = opened(&app, &visit, &id, "findings").await?;
    let lang = visit.lang;
    let mut findings = Vec::new();
    for entry in &view.findings {
        let mut steps = steps(&app, &visit, entry)?;
        // Whoever edits begins with the computed words.
        for input in steps.iter_mut().flat_map(|step| &mut step.inputs) {
            if input.name == "f.text" && input.value.is_empty() {
                entry.words("proposed").unwrap_or_default().clone_into(&mut input.value);
            }
        }
        findings.push(Finding { steps, ..finding(entry, lang) });
    }
    let register = by_code(REVIEW_FINDINGS.code).expect("it is one of them");
    let sections = register.field("section").map(|field| match field.kind {
        soglia_domain::register::Kind::Choice(choices) => {
            choices.iter().map(|choice| (choice.code, choice.label.get(lang))).collect()
        }
        _ => Vec::new(),
    });
    let services = app.contract.services.iter();
    let may_add = head.open && app.may_anywhere(&visit, &[Permission::PrepareReview]);
    page(&FindingsPage {
        next: format!("/reviews/{}/findings", head.id),
        sections: sections.unwrap_or_default(),
        services: services.map(|s| (s.code.clone(), s.name.get(lang).to_owned())).collect(),
        may_add,
        shell,
        head,
        findings,
    })
}

fn finding(entry: &Entry, lang: Lang) -> Finding {
    let words = |field: &str| entry.words(field).map(ToOwned::to_owned);
    let english = words("proposed_en").filter(|_| lang == Lang::En);
    let (period, first) = (entry.words("period"), words("first_seen"));
    let class = match entry.state.code {
        "proposed" => "attention",
        "rejected" => "",
        _ => "good",
    };
    Finding {
        id: entry.id.clone(),
        version: entry.version,
        service: entry.service.clone(),
        section: text_of(entry, "section", lang).unwrap_or_default(),
        state: entry.state.label.get(lang),
        class,
        computed: english.or_else(|| words("proposed")).unwrap_or_default(),
        edited: words("text").filter(|_| entry.state.code == "edited"),
        by_person: entry.words("origin") == Some("person"),
        carried_from: first.filter(|first| Some(first.as_str()) != period),
        steps: Vec::new(),
    }
}

/// Adds a finding of one's own.
pub async fn add_finding(
    State(app): State<Shared>,
    visit: Visit,
    Path(id): Path<String>,
    sent: Fields,
) -> Answer {
    let super::Opened { view, head, .. } = opened(&app, &visit, &id, "findings").await?;
    let text = sent.text("text");
    let period = view.review.words("period").unwrap_or_default();
    let key = format!("person:{}", sha256(text.as_bytes()).get(..12).unwrap_or_default());
    let fields = [
        ("review", head.id.as_str()),
        ("area", sent.some("area").unwrap_or("contact_centre")),
        ("section", sent.some("section").unwrap_or("performance")),
        ("period", period),
        ("first_seen", period),
        ("origin", "person"),
        ("key", &key),
        ("proposed", text),
    ];
    let register = by_code(REVIEW_FINDINGS.code).expect("it is one of them");
    let entry = create(&app, &visit, register, sent.some("service"), Vec::new(), &fields, &sent);
    let entry = entry.await?;
    let told = format!("{} {}", entry.id, visit.say("registrata", "entered"));
    Ok(said(&format!("/reviews/{}/findings", head.id), &told))
}

/// Enters a part of a review.
pub async fn create(
    app: &Shared,
    visit: &Visit,
    register: &'static soglia_domain::register::Register,
    service: Option<&str>,
    links: Vec<soglia_registers::entries::Link>,
    fields: &[(&str, &str)],
    sent: &Fields,
) -> Result<Entry, Problem> {
    let by = visit.by(sent.text("reason"))?;
    let values = Values::parse(register, fields.iter().copied()).map_err(RegisterError::Values);
    let values = values.map_err(refused)?;
    let draft = Draft {
        contract: app.contract.code.clone(),
        service: service.map(ToOwned::to_owned),
        reference: None,
        values,
        links,
    };
    let mut tx = app.database.write().await?;
    let entry = tx.create(&by, &app.setting(), register, draft).await.map_err(refused)?;
    tx.commit().await?;
    Ok(entry)
}

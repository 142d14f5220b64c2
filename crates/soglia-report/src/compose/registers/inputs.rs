//! What the review looks at: present, not applicable, missing, none, not yet filled in. Read
//! [`input`] first.

use soglia_domain::register::{
    ACTIONS, COMPLAINTS, ELEMENTS, FEASIBILITY, FINANCES, FINDINGS, FOLLOW_UP,
    INPUTS_DIGITAL_AGENDA, INSPECTIONS, MONITORING, RECOMMENDATIONS, Register, STATUS, TRAINING,
};
use soglia_domain::text::{Lang, Text};

use super::{Held, words};
use crate::format::say;
use crate::model::{Area, InputKind, RegisterEntry, SectionKind, Status};

/// Entries named in a list of evidence before the rest is only counted.
const NAMED: usize = 6;

/// An input element as it is printed.
pub struct Input {
    /// What there is.
    pub status: Status,
    /// What the registers hold of a missing element, to be confirmed.
    pub unconfirmed: Option<String>,
}

/// The register that feeds an element, and the element's name in the review.
const fn source(kind: InputKind) -> (&'static str, Option<&'static Register>) {
    match kind {
        InputKind::InspectionReports => ("inspections", Some(&INSPECTIONS)),
        InputKind::UserComplaints => ("complaints", Some(&COMPLAINTS)),
        InputKind::ClientFindings => ("findings", Some(&FINDINGS)),
        InputKind::FinancialProgress => ("finances", Some(&FINANCES)),
        InputKind::ProjectStatus => ("status", Some(&STATUS)),
        InputKind::SlaPerformance => ("performance", None),
        InputKind::CorrectiveActions => ("actions", Some(&ACTIONS)),
        InputKind::FeasibilityStudies => ("feasibility", Some(&FEASIBILITY)),
        InputKind::FollowUpActions => ("follow_up", Some(&FOLLOW_UP)),
        InputKind::Training => ("training", Some(&TRAINING)),
        InputKind::MonitoringChanges => ("monitoring", Some(&MONITORING)),
        InputKind::Recommendations => ("recommendations", Some(&RECOMMENDATIONS)),
    }
}

/// What the review says about an element; where it says nothing, what the registers hold.
pub fn input(held: Held<'_>, area: &Area, kind: InputKind, given: &Status) -> Input {
    let (code, register) = source(kind);
    let plain = |status| Input { status, unconfirmed: None };
    if let Some(element) = element(held, area, code) {
        let text = |code: &str| words(element, code).unwrap_or_default().to_owned();
        let own = |code: &str| match kind {
            InputKind::SlaPerformance => by_language(&text(code)),
            _ => Text { it: text(code), en: None },
        };
        return match element.state.code {
            "present" => match given {
                // Figures that the program wrote stand before what people noted.
                Status::Filled(lines) if kind == InputKind::SlaPerformance => {
                    let lines = lines.iter().cloned().chain([own("evidence")]);
                    plain(Status::Filled(lines.collect()))
                }
                _ => plain(Status::Filled(vec![own("evidence")])),
            },
            "not_applicable" => plain(Status::NotApplicable(own("why"))),
            _ => Input {
                status: Status::Missing,
                unconfirmed: Some(text("evidence")).filter(|text| !text.is_empty()),
            },
        };
    }
    if *given != Status::NotYetFilled {
        return plain(given.clone());
    }
    let Some(register) = register else { return plain(Status::NotYetFilled) };
    let entries = held.in_area(register, area);
    if entries.is_empty() {
        return plain(Status::None);
    }
    let it = listed(Lang::It, &entries);
    let en = listed(Lang::En, &entries);
    plain(Status::Filled(vec![Text { it, en: Some(en) }]))
}

/// What the program writes of performance has the Italian line first, then the English one.
fn by_language(text: &str) -> Text {
    match text.split_once('\n') {
        Some((it, en)) if !en.contains('\n') => Text::new(it, en),
        _ => Text { it: text.to_owned(), en: None },
    }
}

/// Why nothing stands in a section of the analysis, as the review says of the element that feeds
/// it.
pub fn section_status(held: Held<'_>, area: &Area, kind: SectionKind) -> Option<Status> {
    let code = match kind {
        SectionKind::Inspections => "inspections",
        SectionKind::Feedback => "complaints",
        SectionKind::Training => "training",
        SectionKind::NewProjects => "feasibility",
        SectionKind::FollowUp => "follow_up",
        SectionKind::ProcessPerformance | SectionKind::Measurement => return None,
    };
    let element = element(held, area, code)?;
    match element.state.code {
        "not_applicable" => {
            let why = words(element, "why").unwrap_or_default().to_owned();
            Some(Status::NotApplicable(Text { it: why, en: None }))
        }
        "missing" => Some(Status::Missing),
        _ => None,
    }
}

fn element<'a>(held: Held<'a>, area: &Area, code: &str) -> Option<&'a RegisterEntry> {
    let own = if area.services.is_empty() { "digital_agenda" } else { "contact_centre" };
    held.all(&ELEMENTS)
        .find(|entry| words(entry, "area") == Some(own) && words(entry, "element") == Some(code))
}

fn listed(lang: Lang, entries: &[&RegisterEntry]) -> String {
    let n = entries.len();
    let mut ids: Vec<&str> = entries.iter().take(NAMED).map(|entry| entry.id.as_str()).collect();
    if NAMED < n {
        ids.push("…");
    }
    let ids = ids.join(", ");
    match (lang, n) {
        (Lang::It, 1) => format!("Nel registro: {ids}."),
        (Lang::En, 1) => format!("In the register: {ids}."),
        (Lang::It, _) => format!("Nel registro {n} voci: {ids}."),
        (Lang::En, _) => format!("In the register {n} entries: {ids}."),
    }
}

/// The clause of the standard that asks for an element, by the review's profile.
pub fn profile(held: Held<'_>, kind: InputKind) -> Option<String> {
    let review = held.review()?;
    let element = INPUTS_DIGITAL_AGENDA.iter().find(|input| input.code == source(kind).0)?;
    let (clause, edition) = match words(review, "profile")? {
        "iso_2015" => (element.iso_2015, "ISO 9001:2015"),
        _ => (element.iso_2008, "ISO 9001:2008"),
    };
    let added = say(held.lang, "chiesto dal committente", "asked for by the client");
    Some(if clause.is_empty() { added.to_owned() } else { format!("{edition}, {clause}") })
}

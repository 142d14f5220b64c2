//! The review's own parts: findings, sheets, remarks, signatures, the two sides of a penalty. Read
//! [`findings`] first.

use soglia_domain::register::{REMARKS, REVIEW_FINDINGS, SHEET_ACTIONS, SHEETS, SIGNATURES, Value};
use soglia_domain::text::Lang;

use super::{Held, Outline, tables, words};
use crate::compose::{not_yet_filled, sentence};
use crate::document::{Block, Cell, Tone};
use crate::format::{day, euro, say};
use crate::model::{Area, IndicatorResult, RegisterEntry, SectionKind, ServiceReport, Signatures};

const fn section_code(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::Inspections => "inspections",
        SectionKind::Feedback => "feedback",
        SectionKind::ProcessPerformance => "performance",
        SectionKind::Training => "training",
        SectionKind::NewProjects => "new_projects",
        SectionKind::Measurement => "improvement",
        SectionKind::FollowUp => "follow_up",
    }
}

/// Writes the findings of a section that are about no service; says whether there were any.
pub fn findings(outline: &mut Outline, held: Held<'_>, area: &Area, kind: SectionKind) -> bool {
    let own = if area.services.is_empty() { "digital_agenda" } else { "contact_centre" };
    let apart = |entry: &&RegisterEntry| {
        let told_by_service = kind == SectionKind::ProcessPerformance
            && area.services.iter().any(|one| entry.service.as_ref() == Some(&one.code));
        !told_by_service
    };
    let found: Vec<&RegisterEntry> = held
        .all(&REVIEW_FINDINGS)
        .filter(|entry| words(entry, "area") == Some(own))
        .filter(|entry| words(entry, "section") == Some(section_code(kind)))
        .filter(apart)
        .collect();
    for entry in &found {
        finding(outline, entry);
    }
    !found.is_empty()
}

/// Writes the findings about a service; says whether there were any.
pub fn service_findings(outline: &mut Outline, held: Held<'_>, service: &ServiceReport) -> bool {
    let found: Vec<&RegisterEntry> = held
        .all(&REVIEW_FINDINGS)
        .filter(|entry| entry.service.as_ref() == Some(&service.code))
        .filter(|entry| words(entry, "section") == Some("performance"))
        .collect();
    for entry in &found {
        finding(outline, entry);
    }
    !found.is_empty()
}

/// Whether a computed sentence is among the findings that people decided on.
pub fn is_told(held: Held<'_>, text: &str) -> bool {
    let says = |entry: &RegisterEntry, field| words(entry, field) == Some(text.trim());
    held.all(&REVIEW_FINDINGS).any(|entry| says(entry, "proposed") || says(entry, "proposed_en"))
}

/// A finding with what people decided about it: an edit shows, a rejection has its reason.
fn finding(outline: &mut Outline, entry: &RegisterEntry) {
    let lang = outline.lang;
    let english = words(entry, "proposed_en").filter(|_| lang == Lang::En);
    let proposed = english.or_else(|| words(entry, "proposed")).unwrap_or_default();
    let reason = entry.reason.as_deref().map_or_else(String::new, |reason| {
        format!(" {}: {}", say(lang, "Motivo", "Reason"), sentence(reason))
    });
    match entry.state.code {
        "edited" => {
            outline.para(words(entry, "text").unwrap_or(proposed));
            let mark = say(lang, "Testo modificato; il programma proponeva", "Edited; proposed");
            outline.push(Block::remark(Tone::Neutral, format!("{mark}: «{proposed}»{reason}")));
        }
        "rejected" => {
            let mark = say(lang, "Osservazione respinta", "Finding rejected");
            outline.push(Block::remark(Tone::Neutral, format!("{mark}: «{proposed}».{reason}")));
        }
        "accepted" => outline.para(proposed),
        _ => {
            let mark = say(lang, "Osservazione da decidere", "Finding to be decided on");
            outline.push(Block::remark(Tone::Attention, format!("{mark}: «{proposed}»")));
        }
    }
    let (first, period) = (words(entry, "first_seen"), words(entry, "period"));
    if let Some(first) = first.filter(|first| Some(*first) != period) {
        let text = match lang {
            Lang::It => {
                format!("Osservazione ripresa da un riesame precedente: vista dal {first}.")
            }
            Lang::En => format!("Carried over from an earlier review: first seen in {first}."),
        };
        outline.push(Block::remark(Tone::Attention, text));
    }
}

/// Writes what both sides said about each penalty.
pub fn contradictory(outline: &mut Outline, held: Held<'_>, entries: &[&RegisterEntry]) {
    let lang = held.lang;
    let parts = [
        ("facts", say(lang, "Fatti", "Facts")),
        ("basis", say(lang, "Calcolo", "Computation")),
        ("arguments", say(lang, "Controdeduzioni del fornitore", "The supplier's arguments")),
        ("decision", say(lang, "Decisione", "Decision")),
    ];
    for entry in entries {
        let mut items: Vec<String> = parts
            .iter()
            .filter_map(|(code, label)| Some(format!("{label}: {}", words(entry, code)?)))
            .collect();
        if !entry.values.has("arguments") {
            let missing = say(lang, "nessuna finora", "none so far");
            items.push(format!(
                "{}: {missing}",
                say(lang, "Controdeduzioni del fornitore", "The supplier's arguments")
            ));
        }
        outline.push(Block::Labelled {
            label: format!("{}:", entry.id),
            text: entry.state.label.get(lang).to_owned(),
        });
        outline.push(Block::List { items });
    }
    let decided: i64 = entries
        .iter()
        .filter(|entry| matches!(entry.state.code, "applied" | "deducted"))
        .filter_map(|entry| match entry.values.get("decided") {
            Some(Value::Money(cents)) => Some(*cents),
            _ => None,
        })
        .sum();
    outline.push(Block::Labelled {
        label: say(lang, "Penali applicate:", "Penalties applied:").to_owned(),
        text: euro(lang, decided),
    });
}

/// The cells of actions and resources of an improvement sheet; `None` if no review has one.
pub fn sheet_cells(
    held: Held<'_>,
    service: &ServiceReport,
    result: &IndicatorResult,
) -> Option<(Cell, Cell)> {
    let lang = held.lang;
    let sheet = held.all(&SHEETS).find(|sheet| {
        sheet.service.as_ref() == Some(&service.code)
            && words(sheet, "indicator") == Some(&result.code)
    })?;
    let empty = || match sheet.state.code {
        "complete" => Cell::text(say(lang, "Nessuna", "None")),
        _ => Cell::text(not_yet_filled(lang)),
    };
    let of_sheet =
        held.all(&SHEET_ACTIONS).filter(|action| words(action, "sheet") == Some(sheet.id.as_str()));
    let mut actions = Cell::default();
    let mut resources: Vec<String> =
        words(sheet, "resources").map(ToOwned::to_owned).into_iter().collect();
    for action in of_sheet {
        actions.lines.push(format!("{}: {}", action.id, action_text(lang, action)));
        resources.extend(words(action, "resources").map(|text| format!("{}: {text}", action.id)));
    }
    let actions = if actions.lines.is_empty() { empty() } else { actions };
    let resources =
        if resources.is_empty() { empty() } else { Cell { lines: resources, ..Cell::default() } };
    Some((actions, resources))
}

/// An action in one line: what, who, by when, to what effect.
fn action_text(lang: Lang, action: &RegisterEntry) -> String {
    let title = words(action, "title").unwrap_or_default();
    let owner = words(action, "owner").unwrap_or("–");
    let due = match action.values.get("due_on") {
        Some(Value::Date(date)) => day(lang, *date),
        _ => "–".to_owned(),
    };
    let expected = words(action, "expected").unwrap_or("–");
    let state = action.state.label.get(lang);
    match lang {
        Lang::It => format!(
            "{title}. Responsabile: {owner}; entro il {due}; effetto atteso: {expected}; {state}"
        ),
        Lang::En => {
            format!("{title}. Owner: {owner}; by {due}; expected effect: {expected}; {state}")
        }
    }
}

/// Writes what was expected of earlier reviews' actions, beside what was measured.
pub fn effects(outline: &mut Outline, held: Held<'_>) {
    let lang = held.lang;
    let sheets: Vec<&str> = held.all(&SHEETS).map(|sheet| sheet.id.as_str()).collect();
    let earlier: Vec<&RegisterEntry> = held
        .all(&SHEET_ACTIONS)
        .filter(|action| words(action, "sheet").is_none_or(|sheet| !sheets.contains(&sheet)))
        .collect();
    let title = say(
        lang,
        "Effetto delle azioni decise nei riesami precedenti",
        "Effect of the actions that earlier reviews decided",
    );
    outline.open(2, "effetti", title);
    if earlier.is_empty() {
        let text = say(
            lang,
            "Nessuna azione decisa in riesami precedenti era da misurare nel periodo.",
            "No action of an earlier review was to be measured in the period.",
        );
        outline.push(Block::remark(Tone::Neutral, text));
        return;
    }
    let caption = say(
        lang,
        "Azioni precedenti: effetto atteso e misurato",
        "Earlier actions: expected and measured effect",
    );
    let name = ("t-effetti".to_owned(), caption.to_owned());
    outline.push(Block::Table(tables::table(held, name, &SHEET_ACTIONS, &earlier)));
}

/// Writes what the parties remarked beside figures.
pub fn remarks(outline: &mut Outline, held: Held<'_>) {
    let lang = held.lang;
    if held.review().is_none() {
        return;
    }
    let title = say(lang, "Osservazioni delle parti", "Remarks of the parties");
    outline.open(1, "osservazioni", title);
    let all: Vec<&RegisterEntry> = held.all(&REMARKS).collect();
    if all.is_empty() {
        let text = say(lang, "Nessuna osservazione.", "No remark was made.");
        outline.push(Block::remark(Tone::Neutral, text));
        return;
    }
    let caption = say(
        lang,
        "Osservazioni accanto alle cifre, con le risposte",
        "Remarks beside figures, with their answers",
    );
    let name = ("t-osservazioni".to_owned(), caption.to_owned());
    outline.push(Block::Table(tables::table(held, name, &REMARKS, &all)));
}

/// What the review is and where it stands, for the cover.
pub fn cover_lines(held: Held<'_>) -> Vec<String> {
    let lang = held.lang;
    let Some(review) = held.review() else { return Vec::new() };
    let state = review.state.label.get(lang);
    let mut lines = vec![format!("{} {}: {state}", say(lang, "Riesame", "Review"), review.id)];
    if let Some(protocol) = words(review, "protocol") {
        lines.push(format!("{}: {protocol}", say(lang, "Protocollo", "Register number")));
    }
    lines
}

/// The preamble that the review has.
pub fn preamble(held: Held<'_>) -> Option<&str> {
    words(held.review()?, "preamble")
}

/// Place and date of the review, where it has them.
pub fn place_and_date(held: Option<Held<'_>>, given: &Signatures) -> Signatures {
    let mut signatures = given.clone();
    let Some(review) = held.and_then(Held::review) else { return signatures };
    if let Some(place) = words(review, "issued_place") {
        signatures.place = Some(place.to_owned());
    }
    if let Some(Value::Date(date)) = review.values.get("issued_on") {
        signatures.date = Some(*date);
    }
    signatures
}

/// What is known of the signature in a place, from 1.
pub fn signature_lines(held: Held<'_>, place: u64) -> Vec<String> {
    let lang = held.lang;
    let at = |entry: &&RegisterEntry| entry.values.get("place") == Some(&Value::Count(place));
    let Some(slot) = held.all(&SIGNATURES).find(at) else { return Vec::new() };
    match slot.state.code {
        "signed" => {
            let signer = words(slot, "signer").unwrap_or_default();
            let on = match slot.values.get("signed_on") {
                Some(Value::Date(date)) => day(lang, *date),
                _ => String::new(),
            };
            let format = words(slot, "format").unwrap_or_default().to_uppercase();
            let holds = match words(slot, "holds_document") {
                Some("byte_for_byte") => {
                    say(lang, "contiene il documento approvato", "holds the approved document")
                }
                _ => say(
                    lang,
                    "non è dimostrato che contenga il documento approvato",
                    "not shown to hold the approved document",
                ),
            };
            let hash = words(slot, "signed_sha256").unwrap_or_default();
            let first = match lang {
                Lang::It => format!("Firmato da {signer} il {on} ({format}): {holds}."),
                Lang::En => format!("Signed by {signer} on {on} ({format}): {holds}."),
            };
            vec![first, format!("SHA-256: {hash}")]
        }
        "refused" => vec![say(lang, "Firma rifiutata.", "Signature refused.").to_owned()],
        _ => Vec::new(),
    }
}

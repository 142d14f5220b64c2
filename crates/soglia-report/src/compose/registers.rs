//! What the registers hold about the period, in the place where a review speaks of it. Read
//! [`Held`] first, then [`section`].
//!
//! Nothing personal is printed: no field of a person stands in a document.

mod inputs;
mod parts;
mod tables;

use soglia_domain::register::{
    ACTIONS, COMPLAINTS, EXCLUSIONS, FEASIBILITY, FINANCES, FINDINGS, FOLLOW_UP, INSPECTIONS,
    MONITORING, NONCONFORMITIES, OF_SERVICES, OPERATIONS, PENALTIES, RECOMMENDATIONS, Register,
    STATUS, TRAINING, Value,
};
use soglia_domain::text::Lang;

use super::Outline;
use crate::document::Block;
use crate::format::say;
use crate::model::{Area, OutputKind, RegisterEntry, ReportInput, SectionKind};

pub use self::inputs::{input, profile, section_status};
pub use self::parts::{
    cover_lines, effects, is_told, place_and_date, preamble, remarks, service_findings,
    sheet_cells, signature_lines,
};

/// The entries of a report, for whoever writes an area.
#[derive(Clone, Copy)]
pub struct Held<'a> {
    /// The language.
    pub lang: Lang,
    input: &'a ReportInput,
}

impl<'a> Held<'a> {
    /// What the registers hold; `None` if the report was written without them.
    pub fn of(input: &'a ReportInput, lang: Lang) -> Option<Self> {
        input.registers.as_ref().map(|_| Self { lang, input })
    }

    /// The entries of a register, in their order.
    pub fn all(self, register: &'static Register) -> impl Iterator<Item = &'a RegisterEntry> {
        let entries = self.input.registers.iter().flat_map(|registers| &registers.entries);
        entries.filter(move |entry| *entry.register == *register)
    }

    /// The entries of a register that belong to an area.
    pub fn in_area(self, register: &'static Register, area: &Area) -> Vec<&'a RegisterEntry> {
        self.all(register).filter(|entry| self.belongs(entry, area)).collect()
    }

    /// Entries about a service belong to its area; the others to the first area of activities,
    /// unless their register is about services.
    fn belongs(self, entry: &RegisterEntry, area: &Area) -> bool {
        let has_services = !area.services.is_empty();
        if let Some(service) = &entry.service {
            let known = |area: &Area| area.services.iter().any(|one| one.code == *service);
            let nowhere = !self.input.areas.iter().any(known);
            return known(area) || (nowhere && has_services);
        }
        let general = self.input.areas.iter().find(|area| area.services.is_empty());
        match general {
            Some(general) if !OF_SERVICES.contains(&entry.register) => general.code == area.code,
            _ => has_services,
        }
    }

    /// The review, if there is one.
    pub fn review(self) -> Option<&'a RegisterEntry> {
        self.all(&soglia_domain::register::REVIEWS).last()
    }
}

/// An entry's text, if the field is filled in.
pub fn words<'a>(entry: &'a RegisterEntry, code: &str) -> Option<&'a str> {
    match entry.values.get(code)? {
        Value::Text(text) => Some(text),
        Value::Choice(choice) => Some(choice),
        Value::Date(_) | Value::Count(_) | Value::Money(_) => None,
    }
}

/// The registers that a section of the analysis speaks of.
fn registers_of(kind: SectionKind) -> &'static [&'static Register] {
    match kind {
        SectionKind::Inspections => &[&INSPECTIONS],
        SectionKind::Feedback => &[&COMPLAINTS, &FINDINGS],
        SectionKind::ProcessPerformance => &[&OPERATIONS],
        SectionKind::Training => &[&TRAINING],
        SectionKind::NewProjects => &[&FEASIBILITY],
        SectionKind::Measurement => {
            &[&NONCONFORMITIES, &ACTIONS, &FINANCES, &STATUS, &PENALTIES, &EXCLUSIONS, &MONITORING]
        }
        SectionKind::FollowUp => &[&FOLLOW_UP],
    }
}

/// Writes what the registers hold about a section; says whether there was anything.
pub fn section(outline: &mut Outline, held: Held<'_>, area: &Area, kind: SectionKind) -> bool {
    let found = parts::findings(outline, held, area, kind);
    let mut any = found;
    for register in registers_of(kind) {
        let entries = held.in_area(register, area);
        if entries.is_empty() {
            continue;
        }
        any = true;
        match register.code {
            "complaints" => tables::complaints(outline, held, area, &entries),
            "operations" => tables::operations(outline, held, area, &entries),
            _ => tables::listed(outline, held, area, (register, &entries)),
        }
        if register.code == "penalties" {
            parts::contradictory(outline, held, &entries);
        }
    }
    any
}

/// What an output of the review holds: recommendations of its kind, and what the review says.
pub fn output(outline: &mut Outline, held: Held<'_>, area: &Area, kind: OutputKind) -> bool {
    let lang = held.lang;
    let code = match kind {
        OutputKind::ProcessEffectiveness => "process",
        OutputKind::ClientPerformance => "client",
        OutputKind::Resources => "resources",
    };
    let text = match kind {
        OutputKind::Resources => "resources",
        OutputKind::ProcessEffectiveness => "outputs",
        OutputKind::ClientPerformance => "",
    };
    let mut any = false;
    let own = !area.services.is_empty();
    if let Some(text) = held.review().filter(|_| own).and_then(|review| words(review, text)) {
        outline.para(text);
        any = true;
    }
    for entry in held.in_area(&RECOMMENDATIONS, area) {
        if words(entry, "kind") == Some(code) {
            recommendation(outline, lang, entry);
            any = true;
        }
    }
    any
}

fn recommendation(outline: &mut Outline, lang: Lang, entry: &RegisterEntry) {
    let title = words(entry, "title").unwrap_or_default();
    let text = words(entry, "text").unwrap_or_default();
    outline.push(Block::Labelled {
        label: format!("{} – {}", entry.id, super::sentence(title)),
        text: text.to_owned(),
    });
    let more = [
        ("grounds", say(lang, "Evidenza", "Grounds")),
        ("expected", say(lang, "Effetto atteso", "Expected effect")),
        ("resources", say(lang, "Risorse", "Resources")),
        ("answer", say(lang, "Risposta", "Answer")),
    ];
    let mut items: Vec<String> = more
        .into_iter()
        .filter_map(|(code, label)| Some(format!("{label}: {}", words(entry, code)?)))
        .collect();
    items.push(format!("{}: {}", say(lang, "Stato", "State"), entry.state.label.get(lang)));
    outline.push(Block::List { items });
}

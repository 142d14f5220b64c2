//! From what the caller knows to the document in the reader's language. Read [`document`] first.
//!
//! The order of the sections is the reference report's: cover, contents, areas, signatures, then
//! the annexes.

mod annexes;
mod area;
mod cells;
mod datasets;
mod findings;
mod names;
mod provenance;
mod registers;
mod scenarios;
mod sheets;
mod verdicts;

use soglia_domain::text::Lang;

use self::registers::Held;
use crate::document::{Block, Cover, Document, Page, Section, Slot, Tone, Words};
use crate::error::ReportError;
use crate::format::{day, period, say};
use crate::model::{
    Identity, InputFile, MonitoringKind, ReportInput, RolePerson, ScenarioStudy, ServiceReport,
    Signatures, Status,
};
use crate::template::Template;

/// Makes the document; figures that do not balance are refused.
pub fn document(
    input: &ReportInput,
    lang: Lang,
    template: &Template,
) -> Result<Document, ReportError> {
    check(input)?;
    let identity = &input.identity;
    let name = template.name.as_ref().map_or(identity.authority.as_str(), |name| name.get(lang));
    let period_name = period(lang, &input.period);
    let report = format!("{} {period_name}", say(lang, "Resoconto", "Report,"));
    let mut outline = Outline { lang, sections: Vec::new() };
    let held = Held::of(input, lang);
    for area in &input.areas {
        area::write(&mut outline, input, (area, template));
    }
    let signed = registers::place_and_date(held, &input.signatures);
    signatures(&mut outline, (&signed, held), template);
    sheets::write(&mut outline, input);
    if let Some(held) = held {
        registers::remarks(&mut outline, held);
    }
    scenarios::write(&mut outline, input);
    annexes::checks(&mut outline, input);
    annexes::declared(&mut outline, input);
    verdicts::annex(&mut outline, input);
    annexes::cards(&mut outline, input);
    annexes::days(&mut outline, input);
    provenance::write(&mut outline, input);
    Ok(Document {
        lang: say(lang, "it", "en"),
        title: format!("{report} – {}", identity.contract_title.get(lang)),
        cover: cover(lang, (identity, held), (name, template), report.clone()),
        notice: input.notice.as_ref().map(|notice| notice.get(lang).to_owned()),
        running_head: format!("{name} – {report}"),
        footer: template.footer.as_ref().map(|footer| footer.get(lang).to_owned()),
        words: words(lang),
        sections: outline.sections,
        datasets: datasets::datasets(input, lang),
        look: template.look(lang),
    })
}

/// What the document shows of one service's calls, for pages that show it apart: the balance of
/// its calls, then one section for each of its findings, in their order.
pub fn analysis(input: &ReportInput, service: &ServiceReport, lang: Lang) -> Vec<Section> {
    let mut outline = Outline { lang, sections: Vec::new() };
    let heading = say(lang, "Quadratura delle chiamate", "Balance of calls");
    outline.open(1, format!("{}-quadratura", service.code), heading);
    area::balance(&mut outline, service);
    for (nth, finding) in service.findings.iter().enumerate() {
        findings::write(&mut outline, input, service, (nth + 1, finding));
    }
    outline.sections
}

/// What the document shows of a study of scenarios, for pages that show it apart.
pub fn study(study: &ScenarioStudy, lang: Lang) -> Vec<Section> {
    let mut outline = Outline { lang, sections: Vec::new() };
    scenarios::study(&mut outline, study);
    outline.sections
}

/// Sections as they are written, one after the other.
struct Outline {
    lang: Lang,
    sections: Vec<Section>,
}

impl Outline {
    /// Begins a section.
    fn open(&mut self, level: u8, id: impl Into<String>, title: impl Into<String>) {
        self.open_on(Page::Portrait, level, id, title);
    }

    /// Begins a section whose pages lie otherwise.
    fn open_on(&mut self, page: Page, level: u8, id: impl Into<String>, title: impl Into<String>) {
        let (id, title) = (slug(&id.into()), title.into());
        self.sections.push(Section { id, level, title, page, blocks: Vec::new() });
    }

    /// Adds to the section begun last.
    fn push(&mut self, block: Block) {
        let section = self.sections.last_mut().expect("a section is opened before it is filled");
        section.blocks.push(block);
    }

    /// How many blocks there are, to see whether something was added.
    fn n_blocks(&self) -> usize {
        self.sections.iter().map(|section| section.blocks.len()).sum()
    }

    /// Adds a paragraph.
    fn para(&mut self, text: impl Into<String>) {
        self.push(Block::para(text));
    }

    /// Adds what a section holds, or why nothing stands there.
    fn status(&mut self, status: &Status) {
        match status {
            Status::Filled(paragraphs) => {
                for paragraph in paragraphs {
                    self.para(paragraph.get(self.lang));
                }
                if paragraphs.is_empty() {
                    self.push(Block::remark(Tone::Attention, not_yet_filled(self.lang)));
                }
            }
            other => {
                let tone = match other {
                    Status::Missing | Status::NotYetFilled => Tone::Attention,
                    _ => Tone::Neutral,
                };
                self.push(Block::remark(tone, status_line(self.lang, other)));
            }
        }
    }
}

/// Why nothing stands in a section, as a sentence.
fn status_line(lang: Lang, status: &Status) -> String {
    match status {
        Status::Filled(paragraphs) => {
            paragraphs.iter().map(|text| text.get(lang)).collect::<Vec<_>>().join(" ")
        }
        Status::None => say(lang, "Nessuno nel periodo.", "None in the period.").to_owned(),
        Status::NotApplicable(why) => {
            let label = say(lang, "Non applicabile", "Not applicable");
            format!("{label}: {}", sentence(why.get(lang)))
        }
        Status::Missing => say(lang, "Mancante.", "Missing.").to_owned(),
        Status::NotYetFilled => not_yet_filled(lang).to_owned(),
    }
}

const fn not_yet_filled(lang: Lang) -> &'static str {
    say(lang, "Da compilare.", "Not yet filled in.")
}

/// The text with a full stop at its end.
fn sentence(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?', ':']) { text.to_owned() } else { format!("{text}.") }
}

/// The text as a paragraph of its own: a capital at its start, a full stop at its end.
fn paragraph(text: &str) -> String {
    let mut chars = text.trim_start().chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    sentence(&format!("{first}{}", chars.as_str()))
}

/// Texts joined as people join them: `a, b e c`.
fn joined(lang: Lang, items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {} {last}", most.join(", "), say(lang, "e", "and")),
    }
}

/// An address inside the document: ASCII letters, digits and hyphens.
fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let kept: String =
        lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("s-{}", kept.trim_matches('-'))
}

fn check(input: &ReportInput) -> Result<(), ReportError> {
    let (first, last) = (input.period.first, input.period.last);
    if last < first {
        return Err(ReportError::EmptyPeriod { first, last });
    }
    for service in input.areas.iter().flat_map(|area| &area.services) {
        let sum = service.dispositions.rows.iter().map(|row| row.n).sum();
        let arrived = service.dispositions.arrived;
        if sum != arrived {
            return Err(ReportError::UnbalancedCalls {
                service: service.code.clone(),
                arrived,
                sum,
            });
        }
    }
    for file in &input.provenance.inputs {
        let InputFile { name, rows, facts, duplicates, rejected, ignored, .. } = file;
        let sum = facts + duplicates + rejected + ignored;
        if sum != *rows {
            return Err(ReportError::UnbalancedFile { file: name.clone(), rows: *rows, sum });
        }
    }
    Ok(())
}

fn cover(
    lang: Lang,
    (identity, held): (&Identity, Option<Held<'_>>),
    (name, template): (&str, &Template),
    report: String,
) -> Cover {
    let mut lines = Vec::new();
    lines.extend(identity.register.clone());
    if !identity.supplier.is_empty() {
        let label = say(lang, "Fornitore", "Supplier");
        lines.push(format!("{label}: {}", supplier(lang, identity)));
    }
    lines.extend(held.map(registers::cover_lines).unwrap_or_default());
    let kicker = match identity.monitoring {
        MonitoringKind::External => say(lang, "Monitoraggio esterno", "External monitoring"),
        MonitoringKind::Internal => say(lang, "Monitoraggio interno", "Internal monitoring"),
    };
    Cover {
        kicker: kicker.to_owned(),
        authority: name.to_owned(),
        office: template.office.as_ref().map(|office| office.get(lang).to_owned()),
        plan: say(lang, "Piano di monitoraggio", "Monitoring plan").to_owned(),
        report,
        contract_label: say(lang, "Contratto", "Contract").to_owned(),
        contract: format!("«{}»", identity.contract_title.get(lang)),
        contract_lines: lines,
        distribution_label: say(lang, "Lista di distribuzione", "Distribution list").to_owned(),
        distribution: identity.distribution.iter().map(|entry| person(lang, entry)).collect(),
    }
}

fn person(lang: Lang, entry: &RolePerson) -> (String, String) {
    let blank = say(lang, "(da indicare)", "(to be named)");
    let name = entry.person.clone().unwrap_or_else(|| blank.to_owned());
    (entry.role.get(lang).to_owned(), name)
}

/// The supplier, with its form if it is a temporary grouping.
fn supplier(lang: Lang, identity: &Identity) -> String {
    match identity.supplier.as_slice() {
        [one] => one.clone(),
        many => {
            format!("{} {}", say(lang, "RTI", "temporary grouping"), many.join(" / "))
        }
    }
}

fn signatures(
    outline: &mut Outline,
    (signatures, held): (&Signatures, Option<Held<'_>>),
    template: &Template,
) {
    let lang = outline.lang;
    outline.open(1, "firme", say(lang, "Firme", "Signatures"));
    for paragraph in &template.closing {
        outline.para(paragraph.get(lang));
    }
    let place = signatures.place.as_ref().or(template.place.as_ref()).cloned();
    let place = place.unwrap_or_else(|| "______________________".to_owned());
    let date = signatures.date.map_or_else(|| "____ /____ /________".to_owned(), |d| day(lang, d));
    outline.push(Block::Signatures {
        place_date: format!("{place}, {} {date}", say(lang, "lì", "on")),
        label: say(lang, "Firma", "Signature").to_owned(),
        slots: signatures
            .signatories
            .iter()
            .map(|entry| person(lang, entry))
            .zip(1..)
            .map(|((role, person), place)| {
                let lines = held.map(|held| registers::signature_lines(held, place));
                Slot { role, person, lines: lines.unwrap_or_default() }
            })
            .collect(),
    });
    if signatures.signatories.is_empty() {
        outline.push(Block::remark(Tone::Attention, not_yet_filled(lang)));
    }
}

const fn words(lang: Lang) -> Words {
    Words {
        contents: say(lang, "Sommario", "Contents"),
        skip: say(lang, "Vai al contenuto", "Skip to content"),
        page: say(lang, "pag.", "page"),
        of: say(lang, "di", "of"),
        figure_data: say(lang, "Dati della figura", "Data of the figure"),
        table: say(lang, "Tabella", "Table"),
        figure: say(lang, "Figura", "Figure"),
        sheets: say(lang, "Indice dei fogli", "List of sheets"),
        sheet: say(lang, "Foglio", "Sheet"),
        data: say(lang, "Dati", "Data"),
    }
}

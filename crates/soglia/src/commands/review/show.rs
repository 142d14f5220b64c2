//! A review as text. Read [`view`] first.

use std::io::{StdoutLock, Write};

use soglia_app::semester::{SheetView, Standing, View, element_label, figure, line};
use soglia_domain::checks::{Check, Severity};
use soglia_domain::register::Kind;
use soglia_domain::text::Lang;
use soglia_registers::entries::Entry;

use crate::error::{DONE, Done, Failure};
use crate::output::Table;

/// A decimal in the reader's language.
pub use crate::output::localised;

/// Writes a review with all its parts.
pub fn view(view: &View, lang: Lang) -> Done {
    let View { review, elements, findings, remarks, sheets, signatures, follow_ups } = view;
    let mut out = std::io::stdout().lock();
    let period = review.words("period").unwrap_or_default();
    let state = review.state.label.get(lang);
    writeln!(out, "{} · {period} · {state}, v{}", review.id, review.version)?;
    for field in review.register.fields.iter().skip(1) {
        if let Some(value) = review.value(field.code) {
            writeln!(out, "{}: {}", field.label.get(lang), shown(review, field.code, value))?;
        }
    }
    let heading = |out: &mut StdoutLock<'_>, it: &str, en: &str| {
        writeln!(out, "\n{}", if lang == Lang::It { it } else { en })
    };
    heading(&mut out, "Elementi in ingresso", "Input elements")?;
    elements_table(elements, lang).print(&mut out)?;
    if !findings.is_empty() {
        heading(&mut out, "Osservazioni dell'analisi", "Findings of the analysis")?;
        findings_table(findings, lang).print(&mut out)?;
    }
    if !remarks.is_empty() {
        heading(&mut out, "Osservazioni delle parti", "Remarks of the parties")?;
        remarks_table(remarks, lang).print(&mut out)?;
    }
    if !sheets.is_empty() {
        heading(&mut out, "Schede Piano di miglioramento", "Improvement sheets")?;
        sheets_table(sheets, lang).print(&mut out)?;
        actions(&mut out, sheets, lang)?;
    }
    if !follow_ups.is_empty() {
        heading(&mut out, "Azioni a seguire", "Follow-up")?;
        follow_up_table(follow_ups, lang).print(&mut out)?;
    }
    heading(&mut out, "Firme", "Signatures")?;
    signatures_table(signatures, lang).print(&mut out)?;
    Ok(DONE)
}

/// A value; choices by their names for people.
fn shown(entry: &Entry, code: &str, value: &soglia_domain::register::Value) -> String {
    let field = entry.register.field(code);
    let text = value.to_string();
    match field.map(|field| field.kind) {
        Some(Kind::Choice(choices)) => {
            let choice = choices.iter().find(|choice| choice.code == text);
            choice.map_or(text, |choice| choice.label.it.to_owned())
        }
        _ => text,
    }
}

fn elements_table(elements: &[Entry], lang: Lang) -> Table {
    let mut table = Table::new(["entry", "area", "element", "state", "evidence"]);
    for element in elements {
        let label = element_label(element).map(|label| label.get(lang)).unwrap_or_default();
        let said = match element.state.code {
            "not_applicable" => element.words("why"),
            _ => element.words("evidence").or_else(|| element.words("why")),
        };
        table.row([
            element.id.clone(),
            element.words("area").unwrap_or_default().to_owned(),
            short(label, 50),
            element.state.label.get(lang).to_owned(),
            short(in_lang(said.unwrap_or_default(), lang), 60),
        ]);
    }
    table
}

/// The program writes Italian and English below one another.
fn in_lang(text: &str, lang: Lang) -> &str {
    match (text.split_once('\n'), lang) {
        (Some((_, en)), Lang::En) => en,
        (Some((it, _)), Lang::It) => it,
        (None, _) => text,
    }
}

fn findings_table(findings: &[Entry], lang: Lang) -> Table {
    let mut table = Table::new(["entry", "service", "state", "first seen", "text"]);
    for finding in findings {
        let english = finding.words("proposed_en").filter(|_| lang == Lang::En);
        let own = finding.words("text").filter(|_| finding.state.code == "edited");
        let text = own.or(english).or_else(|| finding.words("proposed"));
        table.row([
            finding.id.clone(),
            finding.service.clone().unwrap_or_default(),
            finding.state.label.get(lang).to_owned(),
            finding.words("first_seen").unwrap_or_default().to_owned(),
            short(text.unwrap_or_default(), 90),
        ]);
    }
    table
}

fn remarks_table(remarks: &[Entry], lang: Lang) -> Table {
    let mut table = Table::new(["entry", "about", "figure", "state", "remark", "answer"]);
    for remark in remarks {
        let words = |field: &str| remark.words(field).unwrap_or_default();
        table.row([
            remark.id.clone(),
            words("target").to_owned(),
            words("figure").to_owned(),
            remark.state.label.get(lang).to_owned(),
            short(words("text"), 50),
            short(words("answer"), 50),
        ]);
    }
    table
}

fn sheets_table(sheets: &[SheetView], lang: Lang) -> Table {
    let mut table = Table::new([
        "entry", "service", "code", "measured", "target", "verdict", "state", "missing",
    ]);
    for SheetView { sheet, .. } in sheets {
        let complete = sheet.register.transition("complete", "draft");
        let missing: Vec<&str> = complete
            .filter(|_| sheet.is_open())
            .map(|step| step.needs.iter().copied().filter(|f| sheet.value(f).is_none()).collect())
            .unwrap_or_default();
        table.row([
            sheet.id.clone(),
            sheet.service.clone().unwrap_or_default(),
            sheet.words("indicator").unwrap_or_default().to_owned(),
            figure(sheet, lang),
            localised(sheet.words("target").unwrap_or_default(), lang),
            sheet.words("verdict").unwrap_or_default().to_owned(),
            sheet.state.label.get(lang).to_owned(),
            missing.join(" "),
        ]);
    }
    table
}

/// Actions, expected against measured effect.
fn actions(out: &mut StdoutLock<'_>, sheets: &[SheetView], lang: Lang) -> Result<(), Failure> {
    let all = sheets.iter().flat_map(|view| view.actions.iter().map(move |a| (view, a)));
    let mut table = Table::new([
        "action",
        "indicator",
        "title",
        "owner",
        "due",
        "state",
        "expected",
        "measured",
    ]);
    let mut any = false;
    for (SheetView { sheet, .. }, action) in all {
        any = true;
        let words = |field: &str| action.words(field).unwrap_or_default();
        let service = sheet.service.as_deref().unwrap_or_default();
        let measured = match (action.words("measured"), action.words("measured_in")) {
            (Some(effect), Some(period)) => format!("{} ({period})", localised(effect, lang)),
            _ => String::new(),
        };
        table.row([
            action.id.clone(),
            format!("{service}/{}", sheet.words("indicator").unwrap_or_default()),
            short(words("title"), 40),
            words("owner").to_owned(),
            action.value("due_on").map(ToString::to_string).unwrap_or_default(),
            action.state.label.get(lang).to_owned(),
            words("expected").to_owned(),
            measured,
        ]);
    }
    if any {
        writeln!(out, "\n{}", if lang == Lang::It { "Azioni" } else { "Actions" })?;
        table.print(out)?;
    }
    Ok(())
}

fn follow_up_table(follow_ups: &[Entry], lang: Lang) -> Table {
    let mut table = Table::new(["entry", "item", "first seen", "title", "state"]);
    for entry in follow_ups {
        let words = |field: &str| entry.words(field).unwrap_or_default();
        table.row([
            entry.id.clone(),
            words("item").to_owned(),
            words("first_seen").to_owned(),
            short(words("title"), 50),
            entry.state.label.get(lang).to_owned(),
        ]);
    }
    table
}

fn signatures_table(signatures: &[Entry], lang: Lang) -> Table {
    let mut table = Table::new(["entry", "role", "state", "signer", "on", "holds the document"]);
    for slot in signatures {
        let words = |field: &str| slot.words(field).unwrap_or_default();
        table.row([
            slot.id.clone(),
            words("role").to_owned(),
            slot.state.label.get(lang).to_owned(),
            words("signer").to_owned(),
            slot.value("signed_on").map(ToString::to_string).unwrap_or_default(),
            holds(slot, lang),
        ]);
    }
    table
}

fn holds(slot: &Entry, lang: Lang) -> String {
    let Some(code) = slot.words("holds_document") else { return String::new() };
    match slot.register.field("holds_document").map(|field| field.kind) {
        Some(Kind::Choice(choices)) => {
            let choice = choices.iter().find(|choice| choice.code == code);
            choice.map(|choice| choice.label.get(lang).to_owned()).unwrap_or_default()
        }
        _ => code.to_owned(),
    }
}

/// Says whether a signed file holds the approved document.
pub fn signature(slot: &Entry, lang: Lang) -> Done {
    let label = slot.register.field("holds_document").map(|field| field.label.get(lang));
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}: {}", label.unwrap_or_default(), holds(slot, lang))?;
    writeln!(out, "sha256 {}", slot.words("signed_sha256").unwrap_or_default())?;
    Ok(DONE)
}

/// Writes what stands in a review's way, and what its checks say.
pub fn standing(review: &Entry, standing: &Standing, lang: Lang) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    checks(&mut out, &standing.checks, lang)?;
    if let Some(declared) = &standing.declared {
        let (it, en) = ("resoconto dichiarato", "declared report");
        let name = if lang == Lang::It { it } else { en };
        writeln!(out, "\n{name} «{}» (sha256 {}):", declared.title, declared.sha256)?;
        checks(&mut out, &declared.found, lang)?;
        writeln!(out)?;
    }
    if standing.obstacles.is_empty() {
        let (it, en) = ("pronto per l'approvazione", "ready for approval");
        writeln!(out, "{}: {}", review.id, if lang == Lang::It { it } else { en })?;
        return Ok(());
    }
    let (it, en) = ("da sistemare prima dell'approvazione", "to settle before approval");
    writeln!(out, "{} — {}:", review.id, if lang == Lang::It { it } else { en })?;
    for obstacle in &standing.obstacles {
        writeln!(out, "- {}", obstacle.get(lang))?;
    }
    Ok(())
}

/// Checks, one a line.
fn checks(out: &mut impl std::io::Write, checks: &[Check], lang: Lang) -> std::io::Result<()> {
    for check in checks {
        let severity = match (check.severity, lang) {
            (Severity::Error, Lang::It) => "errore",
            (Severity::Warning, Lang::It) => "avviso",
            (Severity::Note, Lang::It) => "nota",
            (severity, Lang::En) => severity.name(),
        };
        writeln!(out, "{severity}: {}", line(check, lang))?;
    }
    Ok(())
}

/// The first line of a text, cut to what fits in a column.
fn short(text: &str, most: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= most {
        return line.to_owned();
    }
    line.chars().take(most - 1).chain(['…']).collect()
}

//! The improvement sheets, in the reference layout: nine columns, four rows a page. Read [`write`]
//! first.

use soglia_domain::text::Lang;

use super::registers::{self, Held};
use super::{Outline, cells, status_line, verdicts};
use crate::document::{Block, Cell, Column, Page, Table, TableStyle};
use crate::format::{day, ratio_line, say, target};
use crate::model::{IndicatorResult, ReportInput, ServiceReport, Status};

/// Rows of a page, as in the reference sheets: 4 + 4 + 2.
const ROWS: usize = 4;

/// Writes the sheets of every service.
pub fn write(outline: &mut Outline, input: &ReportInput) {
    let lang = outline.lang;
    let services: Vec<&ServiceReport> = input
        .areas
        .iter()
        .flat_map(|area| &area.services)
        .filter(|service| !service.indicators.is_empty())
        .collect();
    if services.is_empty() {
        return;
    }
    let names: Vec<String> = services.iter().map(|s| s.name.get(lang).to_owned()).collect();
    let title = match lang {
        Lang::It => format!("Allegati: schede «Piano di miglioramento {}»", names.join(" – ")),
        Lang::En => format!("Annexes: “Improvement plan {}” sheets", names.join(" – ")),
    };
    outline.open_on(Page::Landscape, 1, "schede", title);
    for service in services {
        let pages = service.indicators.chunks(ROWS);
        let of = pages.len();
        for (nth, rows) in pages.enumerate() {
            sheet(outline, input, service, (nth + 1, of, rows));
        }
    }
    if let Some(held) = Held::of(input, lang) {
        registers::effects(outline, held);
    }
}

fn sheet(
    outline: &mut Outline,
    input: &ReportInput,
    service: &ServiceReport,
    (nth, of, rows): (usize, usize, &[IndicatorResult]),
) {
    let lang = outline.lang;
    let name = service.name.get(lang);
    let title = match lang {
        Lang::It => format!("{name} – scheda {nth} di {of}"),
        Lang::En => format!("{name} – sheet {nth} of {of}"),
    };
    outline.open_on(Page::Landscape, 2, format!("scheda-{}-{nth}", service.code), title.clone());
    let last = day(lang, input.period.last);
    outline.push(Block::Table(Table {
        id: format!("t-scheda-{}-{nth}", service.code),
        caption: match lang {
            Lang::It => format!("Piano di miglioramento {title}"),
            Lang::En => format!("Improvement plan {title}"),
        },
        columns: columns(lang, &last),
        rows: rows.iter().map(|result| row(input, lang, (service, result))).collect(),
        style: TableStyle::Sheet,
    }));
    let codes: Vec<String> = input
        .identity
        .responsible_codes
        .iter()
        .filter(|(code, _)| rows.iter().any(|row| row.responsible.as_ref() == Some(code)))
        .map(|(code, text)| format!("{code} = {}", text.get(lang)))
        .collect();
    if !codes.is_empty() {
        outline.para(codes.join("; "));
    }
}

fn columns(lang: Lang, last: &str) -> Vec<Column> {
    let measured = match lang {
        Lang::It => format!("Valori al {last}"),
        Lang::En => format!("Values on {last}"),
    };
    vec![
        Column::text(say(lang, "Processo", "Process"), 1.5),
        Column::text(say(lang, "Obiettivo", "Objective"), 2.4),
        Column::text(say(lang, "Indicatore e unità di misura", "Indicator and unit"), 2.8),
        Column::text(measured, 1.9),
        Column::text(say(lang, "Valori da raggiungere", "Values to reach"), 1.8),
        Column::text(
            say(lang, "Modalità / documenti di rilevazione", "Method / source documents"),
            2.5,
        ),
        Column::text(say(lang, "Valori raggiunti", "Values reached"), 1.7),
        Column::text(say(lang, "Azioni da intraprendere", "Actions to take"), 2.6),
        Column::text(say(lang, "Risorse", "Resources"), 1.7),
    ]
}

fn row(
    input: &ReportInput,
    lang: Lang,
    (service, result): (&ServiceReport, &IndicatorResult),
) -> Vec<Cell> {
    let missing = || say(lang, "da indicare", "to be stated").to_owned();
    let text = |value: Option<&str>| value.map_or_else(missing, str::to_owned);
    let process = result.process.as_ref().map(|text| text.get(lang));
    let indicator = result.indicator.as_ref().map(|text| text.get(lang));
    let mut measured = cells::amount(lang, result.value.as_ref());
    measured.small.extend(result.ratio.map(|ratio| ratio_line(lang, ratio)));
    let by = match (result.target.date, lang) {
        (Some(date), Lang::It) => format!("entro il {}", day(lang, date)),
        (Some(date), Lang::En) => format!("by {}", day(lang, date)),
        (None, Lang::It) => "data non fissata".to_owned(),
        (None, Lang::En) => "no date set".to_owned(),
    };
    let responsible = text(result.responsible.as_deref());
    let frequency = text(result.frequency.as_ref().map(|text| text.get(lang)));
    let mut source = Cell::text(text(result.source.as_ref().map(|text| text.get(lang))));
    source.small.push(format!("{}: {responsible}", say(lang, "Responsabile", "Responsible")));
    source.small.push(format!("{}: {frequency}", say(lang, "Frequenza", "Frequency")));
    let mut reached = verdicts::verdict_cell(lang, result);
    reached.lines.push(say(lang, "Obiettivo raggiunto:", "Target reached:").to_owned());
    let written =
        Held::of(input, lang).and_then(|held| registers::sheet_cells(held, service, result));
    let (actions, resources) = written.unwrap_or_else(|| {
        (status_cell(lang, &result.actions), status_cell(lang, &result.resources))
    });
    vec![
        Cell::text(text(process)),
        Cell::head(format!("{} – {}", result.code, result.objective.get(lang))),
        Cell::text(text(indicator)),
        measured,
        Cell::text(target(lang, &result.target)).and_small(by),
        source,
        reached,
        actions,
        resources,
    ]
}

fn status_cell(lang: Lang, status: &Status) -> Cell {
    match status {
        Status::Filled(paragraphs) if !paragraphs.is_empty() => Cell {
            lines: paragraphs.iter().map(|text| text.get(lang).to_owned()).collect(),
            ..Cell::default()
        },
        Status::None => Cell::text(say(lang, "Nessuna", "None")),
        Status::NotApplicable(_) => Cell::text(status_line(lang, status)),
        Status::Filled(_) | Status::Missing | Status::NotYetFilled => {
            Cell::text(say(lang, "Da compilare", "Not yet filled in"))
        }
    }
}

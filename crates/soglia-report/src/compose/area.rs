//! One area of the report. Read [`write`] first.

use soglia_domain::text::Lang;

use super::registers::{self, Held};
use super::{
    Outline, cells, findings, joined, paragraph, sentence, status_line, supplier, verdicts,
};
use crate::document::{Badge, Block, Cell, Column, Table, TableStyle, Tone};
use crate::format::{day, days, not_applicable, say};
use crate::model::{
    AnalysisSection, Area, Dispositions, Finding, InputKind, OutputKind, ReportInput, SectionKind,
    ServiceReport, Status,
};
use crate::template::Template;

/// Writes an area: preamble, activities, inputs, analysis, outputs.
pub fn write(outline: &mut Outline, input: &ReportInput, (area, template): (&Area, &Template)) {
    let lang = outline.lang;
    outline.open(1, &area.code, area.name.get(lang));
    preamble(outline, input, (area, template));
    activities(outline, area);
    inputs(outline, input, area);
    outline.open(2, format!("{}-analisi", area.code), say(lang, "Analisi", "Analysis"));
    for kind in SectionKind::ALL {
        analysis(outline, input, area, kind);
    }
    outputs(outline, input, area);
}

fn preamble(outline: &mut Outline, input: &ReportInput, (area, template): (&Area, &Template)) {
    let lang = outline.lang;
    let (identity, period) = (&input.identity, &input.period);
    outline.open(2, format!("{}-premessa", area.code), say(lang, "Premessa", "Preamble"));
    let mut about: Vec<String> = identity.register.iter().cloned().collect();
    if !identity.supplier.is_empty() {
        let with = say(lang, "sottoscritto con", "signed with");
        about.push(format!("{with} {}", supplier(lang, identity)));
    }
    let title = identity.contract_title.get(lang);
    let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
    let range = days(lang, period.first, period.last);
    let last = day(lang, period.data_until.unwrap_or(period.last));
    outline.para(match lang {
        Lang::It => format!(
            "Il presente resoconto riguarda il piano di monitoraggio del contratto \
             «{title}»{about}, nel periodo {range}: i dati sono aggiornati a tutto il {last}."
        ),
        Lang::En => format!(
            "This report is about the monitoring plan of the contract «{title}»{about} in the \
             period {range}: data are up to date until the end of {last}."
        ),
    });
    if let Some(succession) = &identity.succession {
        outline.para(paragraph(succession.get(lang)));
    }
    for paragraph in template.preamble.iter().chain(&area.preamble) {
        outline.para(paragraph.get(lang));
    }
    if let Some(text) = Held::of(input, lang).and_then(registers::preamble) {
        outline.para(text);
    }
    if !area.services_offered.is_empty() {
        outline.para(say(lang, "I servizi dell'area sono:", "The services of the area are:"));
        let items = area.services_offered.iter().map(|text| text.get(lang).to_owned()).collect();
        outline.push(Block::List { items });
    }
}

fn activities(outline: &mut Outline, area: &Area) {
    let lang = outline.lang;
    if area.activities.is_empty() && !area.services.is_empty() {
        return;
    }
    let heading = say(lang, "Attività svolte", "Activities done");
    outline.open(2, format!("{}-attivita", area.code), heading);
    if area.activities.is_empty() {
        outline.status(&Status::NotYetFilled);
    }
    for (nth, group) in area.activities.iter().enumerate() {
        let id = format!("{}-attivita-{}", area.code, nth + 1);
        outline.open(3, id, group.name.get(lang));
        if let Some(note) = &group.note {
            outline.para(note.get(lang));
        }
        if group.items.is_empty() {
            outline.status(&Status::NotYetFilled);
        } else {
            let items = group.items.iter().map(|text| text.get(lang).to_owned()).collect();
            outline.push(Block::List { items });
        }
    }
}

fn inputs(outline: &mut Outline, input: &ReportInput, area: &Area) {
    let lang = outline.lang;
    let heading = say(lang, "Elementi in ingresso per il riesame", "Inputs of the review");
    outline.open(2, format!("{}-ingresso", area.code), heading);
    let held = Held::of(input, lang);
    let rows = InputKind::ALL.into_iter().map(|kind| {
        let given = area.inputs.iter().find(|input| input.kind == kind);
        let given = given.map_or(&Status::NotYetFilled, |input| &input.status);
        let found = held.map(|held| registers::input(held, area, kind, given));
        let status = found.as_ref().map_or(given, |found| &found.status);
        let (word, tone) = match status {
            Status::Filled(_) => (say(lang, "Presente", "Present"), Tone::Good),
            Status::None => (say(lang, "Nessuno", "None"), Tone::Neutral),
            Status::NotApplicable(_) => (not_applicable(lang), Tone::Neutral),
            Status::Missing => (say(lang, "Mancante", "Missing"), Tone::Bad),
            Status::NotYetFilled => {
                (say(lang, "Da compilare", "Not yet filled in"), Tone::Attention)
            }
        };
        let evidence = match status {
            Status::Filled(_) => status_line(lang, status),
            Status::NotApplicable(why) => sentence(why.get(lang)),
            Status::None | Status::Missing | Status::NotYetFilled => "–".to_owned(),
        };
        let mut head = Cell::head(kind.name(lang));
        head.small.extend(held.and_then(|held| registers::profile(held, kind)));
        let mut evidence = Cell::text(evidence);
        if let Some(text) = found.and_then(|found| found.unconfirmed) {
            let label = say(lang, "nei registri, da confermare", "in the registers, unconfirmed");
            evidence.small.push(format!("{label}: {text}"));
        }
        vec![head, Cell::badge(word, tone), evidence]
    });
    let name = area.name.get(lang);
    outline.push(Block::Table(Table {
        id: format!("t-{}-ingresso", area.code),
        caption: match lang {
            Lang::It => format!("Elementi in ingresso per il riesame: {name}"),
            Lang::En => format!("Inputs of the review: {name}"),
        },
        columns: vec![
            Column::text(say(lang, "Elemento", "Input"), 5.0),
            Column::text(say(lang, "Stato", "Status"), 2.2),
            Column::text(say(lang, "Evidenze", "Evidence"), 4.0),
        ],
        rows: rows.collect(),
        style: TableStyle::Plain,
    }));
}

fn analysis(outline: &mut Outline, input: &ReportInput, area: &Area, kind: SectionKind) {
    let lang = outline.lang;
    let given = area.analysis.iter().find(|section| section.kind == kind);
    outline.open(3, format!("{}-{}", area.code, kind.slug()), kind.name(lang));
    if let Some(AnalysisSection { sources, .. }) = given
        && !sources.is_empty()
    {
        let sources: Vec<String> = sources.iter().map(|text| text.get(lang).to_owned()).collect();
        outline.push(Block::Labelled {
            label: say(lang, "Dati in ingresso:", "Input data:").to_owned(),
            text: sentence(&joined(lang, &sources)),
        });
    }
    let status = given.map_or(&Status::NotYetFilled, |section| &section.status);
    let held = Held::of(input, lang);
    let generated = !area.services.is_empty()
        && matches!(kind, SectionKind::ProcessPerformance | SectionKind::Measurement);
    if !generated {
        let before = outline.n_blocks();
        if *status != Status::NotYetFilled {
            outline.status(status);
        }
        let told = held.is_some_and(|held| registers::section(outline, held, area, kind));
        if !told && outline.n_blocks() == before {
            let said = held
                .map(|held| registers::section_status(held, area, kind).unwrap_or(Status::None));
            outline.status(said.as_ref().unwrap_or(status));
        }
        return;
    }
    if kind == SectionKind::Measurement {
        verdicts::write(outline, area);
    }
    if let Status::Filled(_) = status {
        outline.status(status);
    }
    if let Some(held) = held {
        let told = registers::section(outline, held, area, kind);
        if !told && kind == SectionKind::Measurement {
            let text = say(
                lang,
                "Nel periodo i registri non hanno non conformità, azioni, penali o esclusioni.",
                "The registers hold no non-conformities, actions, penalties or exclusions.",
            );
            outline.push(Block::remark(Tone::Neutral, text));
        }
    }
    if kind == SectionKind::ProcessPerformance {
        for service in &area.services {
            performance(outline, input, service);
        }
    }
}

fn performance(outline: &mut Outline, input: &ReportInput, service: &ServiceReport) {
    let lang = outline.lang;
    outline.open(4, format!("{}-prestazioni", service.code), service.name.get(lang));
    let held = Held::of(input, lang);
    let told = held.is_some_and(|held| registers::service_findings(outline, held, service));
    match &service.narrative {
        Status::NotYetFilled if told => {}
        Status::NotYetFilled => {
            let text = say(
                lang,
                "Commento del servizio: da compilare.",
                "The service's comment: not yet filled in.",
            );
            outline.push(Block::remark(Tone::Attention, text));
        }
        other => outline.status(other),
    }
    balance(outline, service);
    if service.findings.is_empty() {
        let text = say(
            lang,
            "Nessun risultato calcolato per il periodo.",
            "No finding was computed for the period.",
        );
        outline.push(Block::remark(Tone::Neutral, text));
    }
    let told = |finding: &Finding| match (finding, held) {
        (Finding::Stated(stated), Some(held)) => registers::is_told(held, stated.text.get(lang)),
        _ => false,
    };
    for (nth, finding) in service.findings.iter().filter(|one| !told(one)).enumerate() {
        findings::write(outline, input, service, (nth + 1, finding));
    }
}

/// The *quadratura*: every call that arrived, by what became of it.
pub fn balance(outline: &mut Outline, service: &ServiceReport) {
    let lang = outline.lang;
    let Dispositions { arrived, rows } = &service.dispositions;
    let name = service.name.get(lang);
    let mut cells: Vec<Vec<Cell>> = rows
        .iter()
        .map(|row| {
            vec![
                Cell::head(row.name.get(lang)),
                cells::count(lang, row.n),
                cells::share(lang, row.n, *arrived),
            ]
        })
        .collect();
    let total = say(lang, "Chiamate arrivate", "Calls that arrived");
    cells.push(vec![
        Cell {
            badge: Some(Badge {
                text: say(lang, "quadra", "balances").to_owned(),
                tone: Tone::Good,
            }),
            ..Cell::head(total)
        },
        cells::count(lang, *arrived),
        cells::share(lang, *arrived, *arrived),
    ]);
    outline.push(Block::Table(Table {
        id: format!("t-{}-quadratura", service.code),
        caption: match lang {
            Lang::It => format!("Quadratura delle chiamate: {name}"),
            Lang::En => format!("Balance of calls: {name}"),
        },
        columns: vec![
            Column::text(say(lang, "Esito della chiamata", "What became of the call"), 5.0),
            Column::number(say(lang, "Chiamate", "Calls"), 2.0),
            Column::number(say(lang, "Quota", "Share"), 2.0),
        ],
        rows: cells,
        style: TableStyle::Plain,
    }));
}

fn outputs(outline: &mut Outline, input: &ReportInput, area: &Area) {
    let lang = outline.lang;
    let heading = say(lang, "Elementi in uscita dal riesame", "Outputs of the review");
    outline.open(2, format!("{}-uscita", area.code), heading);
    let held = Held::of(input, lang);
    for kind in OutputKind::ALL {
        let given = area.outputs.iter().find(|output| output.kind == kind);
        outline.open(3, format!("{}-{}", area.code, kind.slug()), kind.name(lang));
        let status = given.map_or(&Status::NotYetFilled, |output| &output.status);
        let told = held.is_some_and(|held| registers::output(outline, held, area, kind));
        match (status, held) {
            (Status::NotYetFilled, Some(_)) if told => {}
            (Status::NotYetFilled, Some(_)) => outline.status(&Status::None),
            _ => outline.status(status),
        }
    }
}

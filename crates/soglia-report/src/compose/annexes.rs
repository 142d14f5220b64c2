//! Annexes beside the sheets: coherence checks, definition cards, daily data. Read each function's
//! first line.

use soglia_domain::text::Lang;

use super::Outline;
use crate::document::{Align, Block, Cell, Column, Table, TableStyle, Tone};
use crate::format::{integer, month, not_applicable, say, share};
use crate::model::{
    CheckOutcome, DailyVolumes, DayVolume, DeclaredReport, Finding, ReportInput, ServiceReport,
};

/// Months that stand side by side in a table of days.
const MONTHS: usize = 6;

/// Writes which coherence checks were run and what they found.
pub fn checks(outline: &mut Outline, input: &ReportInput) {
    let lang = outline.lang;
    outline.open(1, "verifiche", say(lang, "Verifiche di coerenza", "Coherence checks"));
    if input.checks.is_empty() {
        let text = say(lang, "Nessuna verifica è stata eseguita.", "No check was run.");
        outline.push(Block::remark(Tone::Attention, text));
        return;
    }
    outline.para(say(
        lang,
        "Le verifiche confrontano tra loro i valori, gli obiettivi, le date e i testi del \
         resoconto. Un avviso non impedisce la firma: va letto e spiegato.",
        "The checks compare the report's values, targets, dates and texts with each other. A \
         warning does not prevent signing: it is to be read and explained.",
    ));
    let rows = input.checks.iter().map(|check| {
        let (word, tone, detail) = match &check.outcome {
            CheckOutcome::Passed => (say(lang, "Superata", "Passed"), Tone::Good, None),
            CheckOutcome::Warning(text) => {
                (say(lang, "Avviso", "Warning"), Tone::Attention, Some(text))
            }
            CheckOutcome::Failed(text) => {
                (say(lang, "Non superata", "Failed"), Tone::Bad, Some(text))
            }
            CheckOutcome::NotRun(why) => {
                (say(lang, "Non eseguita", "Not run"), Tone::Neutral, Some(why))
            }
        };
        let detail = detail.map_or("–", |text| text.get(lang));
        vec![
            Cell::head(&check.code),
            Cell::text(check.title.get(lang)),
            Cell::badge(word, tone),
            Cell::text(detail),
        ]
    });
    outline.push(Block::Table(Table {
        id: "t-verifiche".to_owned(),
        caption: say(lang, "Esito delle verifiche", "What the checks found").to_owned(),
        columns: check_columns(lang),
        rows: rows.collect(),
        style: TableStyle::Plain,
    }));
}

/// Writes what the report that somebody typed by hand contradicts.
pub fn declared(outline: &mut Outline, input: &ReportInput) {
    let lang = outline.lang;
    let Some(DeclaredReport { title, sha256, found }) = &input.declared else { return };
    let heading = say(
        lang,
        "Contraddizioni del resoconto dichiarato",
        "What the declared report contradicts",
    );
    outline.open(2, "dichiarato", heading);
    outline.para(match lang {
        Lang::It => format!(
            "«{title}» (SHA-256 {sha256}) è stato scritto a mano. I suoi testi e le sue righe sono \
             confrontati con i valori misurati, con il periodo e con il contratto."
        ),
        Lang::En => format!(
            "“{title}” (SHA-256 {sha256}) was typed by hand. Its texts and rows are held against \
             the measured values, the period and the contract."
        ),
    });
    if found.is_empty() {
        let text = say(lang, "Nessuna contraddizione.", "Nothing is contradicted.");
        outline.push(Block::remark(Tone::Good, text));
        return;
    }
    let rows = found.iter().map(|check| {
        let (word, tone, text) = match &check.outcome {
            CheckOutcome::Failed(text) => {
                (say(lang, "Contraddetto", "Contradicted"), Tone::Bad, Some(text))
            }
            CheckOutcome::Warning(text) => {
                (say(lang, "Avviso", "Warning"), Tone::Attention, Some(text))
            }
            CheckOutcome::Passed | CheckOutcome::NotRun(_) => ("–", Tone::Neutral, None),
        };
        vec![
            Cell::head(&check.code),
            Cell::text(check.title.get(lang)),
            Cell::badge(word, tone),
            Cell::text(text.map_or("–", |text| text.get(lang))),
        ]
    });
    outline.push(Block::Table(Table {
        id: "t-dichiarato".to_owned(),
        caption: say(
            lang,
            "Che cosa non regge nel resoconto dichiarato",
            "What does not hold in the declared report",
        )
        .to_owned(),
        columns: check_columns(lang),
        rows: rows.collect(),
        style: TableStyle::Plain,
    }));
}

fn check_columns(lang: Lang) -> Vec<Column> {
    vec![
        Column::text(say(lang, "Codice", "Code"), 1.2),
        Column::text(say(lang, "Verifica", "Check"), 4.0),
        Column::text(say(lang, "Esito", "Outcome"), 2.2),
        Column::text(say(lang, "Dettaglio", "Detail"), 4.6),
    ]
}

/// Writes the definition cards of the indicators.
pub fn cards(outline: &mut Outline, input: &ReportInput) {
    let lang = outline.lang;
    let services = || services(input).filter(|service| !service.cards.is_empty());
    if services().next().is_none() {
        return;
    }
    let title = say(lang, "Schede di definizione degli indicatori", "Definition of the indicators");
    outline.open(1, "definizioni", title);
    outline.para(say(
        lang,
        "Ogni scheda è generata dalla regola scritta nel file del contratto: è la regola con cui \
         il valore è stato calcolato.",
        "Each card is generated from the rule in the contract file: it is the rule by which the \
         value was computed.",
    ));
    for service in services() {
        let name = service.name.get(lang);
        outline.open(2, format!("definizioni-{}", service.code), name);
        for card in &service.cards {
            let rows = card
                .rows
                .iter()
                .map(|(label, text)| vec![Cell::head(label.get(lang)), Cell::text(text.get(lang))]);
            outline.push(Block::Table(Table {
                id: format!("t-definizione-{}-{}", service.code, card.code.to_lowercase()),
                caption: format!("{name}, {} – {}", card.code, card.title.get(lang)),
                columns: vec![
                    Column::text(say(lang, "Voce", "Item"), 1.0),
                    Column::text(say(lang, "Definizione", "Definition"), 3.0),
                ],
                rows: rows.collect(),
                style: TableStyle::Card,
            }));
        }
    }
}

/// Writes the values of every day behind the daily charts.
pub fn days(outline: &mut Outline, input: &ReportInput) {
    let lang = outline.lang;
    let data: Vec<(&ServiceReport, &DailyVolumes)> = services(input)
        .flat_map(|service| service.findings.iter().map(move |finding| (service, finding)))
        .filter_map(|(service, finding)| match finding {
            Finding::Daily(daily) if daily.days.iter().any(|day| 0 < day.n_calls) => {
                Some((service, daily))
            }
            _ => None,
        })
        .collect();
    if data.is_empty() {
        return;
    }
    outline.open(1, "giorni", say(lang, "Dati giornalieri", "Daily data"));
    outline.para(say(
        lang,
        "Per ogni giorno: chiamate arrivate e, tra parentesi, la quota che rispetta la regola \
         dell'indicatore. «–» indica un giorno senza chiamate.",
        "For each day: calls arrived and, in brackets, the share that met the indicator's rule. \
         “–” is a day without calls.",
    ));
    for (service, daily) in data {
        outline.open(2, format!("giorni-{}", service.code), service.name.get(lang));
        let months: Vec<&[DayVolume]> = daily
            .days
            .chunk_by(|a, b| a.date.first_of_month() == b.date.first_of_month())
            .collect();
        for (nth, months) in months.chunks(MONTHS).enumerate() {
            let id = format!("t-giorni-{}-{}", service.code, nth + 1);
            outline.push(Block::Table(days_table(lang, id, (service, daily), months)));
        }
    }
}

fn days_table(
    lang: Lang,
    id: String,
    (service, daily): (&ServiceReport, &DailyVolumes),
    months: &[&[DayVolume]],
) -> Table {
    let mut columns = vec![Column::text(say(lang, "Giorno", "Day"), 1.2)];
    columns.extend(months.iter().map(|days| Column {
        title: days.first().map(|day| month(lang, day.date)).unwrap_or_default(),
        width: 2.0,
        align: Align::End,
        parts: Vec::new(),
    }));
    let cell = |days: &[DayVolume], nth: i8| match days.iter().find(|day| day.date.day() == nth) {
        Some(day) if 0 < day.n_calls => {
            let quota = match day.counted {
                0 => not_applicable(lang).to_owned(),
                counted => share(lang, day.met, counted),
            };
            Cell::text(format!("{} ({quota})", integer(lang, day.n_calls)))
        }
        _ => Cell::text("–"),
    };
    let rows = (1..=31).map(|nth| {
        let mut cells = vec![Cell::head(nth.to_string())];
        cells.extend(months.iter().map(|days| cell(days, nth)));
        cells
    });
    let (name, code) = (service.name.get(lang), &daily.indicator);
    Table {
        id,
        caption: match lang {
            Lang::It => format!("{name}: chiamate arrivate e {code}, giorno per giorno"),
            Lang::En => format!("{name}: calls arrived and {code}, day by day"),
        },
        columns,
        rows: rows.collect(),
        style: TableStyle::Calendar,
    }
}

fn services(input: &ReportInput) -> impl Iterator<Item = &ServiceReport> {
    input.areas.iter().flat_map(|area| &area.services)
}

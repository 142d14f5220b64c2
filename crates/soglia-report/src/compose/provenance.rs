//! Where the figures come from, and what the seal proves and does not. Read [`write`] first.

use soglia_domain::text::Lang;

use super::{Outline, cells, person};
use crate::document::{Block, Cell, Column, Table, TableStyle, Tone};
use crate::format::{day_short, days, period, say};
use crate::model::{
    Amount, Count, Coverage, IndicatorResult, InputFile, PlayedScenario, Provenance, ReportInput,
    ServiceReport, Unit,
};

/// Days named in a list of gaps before the rest is only counted.
const GAPS: usize = 12;

/// Writes the provenance pages.
pub fn write(outline: &mut Outline, input: &ReportInput) {
    let lang = outline.lang;
    outline.open(1, "provenienza", say(lang, "Provenienza dei dati", "Provenance of the data"));
    outline.para(say(
        lang,
        "Ogni valore di questo resoconto deriva dai file elencati qui, con le regole e le versioni \
         indicate. Chi possiede gli stessi file e lo stesso contratto può rifare il calcolo e \
         ottenere gli stessi numeri.",
        "Every value of this report comes from the files listed here, by the rules and versions \
         stated. Whoever has the same files and the same contract can compute again and get the \
         same numbers.",
    ));
    basis(outline, input);
    files(outline, &input.provenance);
    scenarios(outline, &input.provenance);
    rules(outline, input);
    exclusions(outline, input);
    balance(outline, input);
    coverage(outline, &input.provenance);
    seal(outline, &input.provenance);
}

fn basis(outline: &mut Outline, input: &ReportInput) {
    let lang = outline.lang;
    let Provenance { contract_file, contract_sha256, software, table_versions, .. } =
        &input.provenance;
    let dates = &input.period;
    let range = days(lang, dates.first, dates.last);
    let versions: Vec<String> =
        table_versions.iter().map(|(table, version)| format!("{table}: {version}")).collect();
    let versions = if versions.is_empty() { "–".to_owned() } else { versions.join("; ") };
    let item = |label: &str, value: Cell| vec![Cell::head(label), value];
    let mut rows = vec![
        item(
            say(lang, "Periodo", "Period"),
            Cell::text(format!("{}, {range}", period(lang, dates))),
        ),
        item(say(lang, "Fuso orario", "Time zone"), Cell::text(&dates.zone)),
        item(say(lang, "File del contratto", "Contract file"), Cell::text(contract_file)),
        item(
            say(lang, "SHA-256 del contratto", "SHA-256 of the contract"),
            Cell::code(contract_sha256),
        ),
        item(say(lang, "Versioni delle tabelle", "Versions of the tables"), Cell::text(versions)),
        item(say(lang, "Software", "Software"), Cell::text(software)),
    ];
    for entry in &input.identity.roles {
        let (role, name) = person(lang, entry);
        rows.push(item(&role, Cell::text(name)));
    }
    outline.push(Block::Table(Table {
        id: "t-base".to_owned(),
        caption: say(lang, "Base del resoconto", "Basis of the report").to_owned(),
        columns: vec![
            Column::text(say(lang, "Voce", "Item"), 1.2),
            Column::text(say(lang, "Valore", "Value"), 3.0),
        ],
        rows,
        style: TableStyle::Card,
    }));
}

fn files(outline: &mut Outline, provenance: &Provenance) {
    let lang = outline.lang;
    outline.open(2, "file", say(lang, "File in ingresso", "Input files"));
    if provenance.inputs.is_empty() {
        let text = say(lang, "Nessun file importato.", "No file was imported.");
        outline.push(Block::remark(Tone::Attention, text));
        return;
    }
    outline.para(say(
        lang,
        "Righe lette = righe diventate fatti + duplicate + rifiutate + ignorate. L'impronta \
         SHA-256 di un file si ricalcola con il comando sha256sum.",
        "Rows read = rows that became facts + duplicates + rejected + ignored. A file's SHA-256 \
         can be recomputed with the command sha256sum.",
    ));
    let rows = provenance.inputs.iter().map(|file| {
        let InputFile { name, sha256, format, rows, facts, duplicates, rejected, ignored } = file;
        let mut row = vec![Cell::head(name).and_small(format.clone()), Cell::code(sha256)];
        let counts = [rows, facts, duplicates, rejected, ignored];
        row.extend(counts.map(|n| cells::count(lang, *n)));
        row
    });
    outline.push(Block::Table(Table {
        id: "t-file".to_owned(),
        caption: say(lang, "File in ingresso e righe", "Input files and rows").to_owned(),
        columns: vec![
            Column::text("File", 2.9),
            Column::text("SHA-256", 5.2),
            Column::number(say(lang, "Righe", "Rows"), 1.4),
            Column::number(say(lang, "Fatti", "Facts"), 1.4),
            Column::number(say(lang, "Duplicate", "Duplicates"), 1.5),
            Column::number(say(lang, "Rifiutate", "Rejected"), 1.5),
            Column::number(say(lang, "Ignorate", "Ignored"), 1.4),
        ],
        rows: rows.collect(),
        style: TableStyle::Dense,
    }));
}

/// The files of the scenarios that were played, if any were.
fn scenarios(outline: &mut Outline, provenance: &Provenance) {
    let lang = outline.lang;
    if provenance.scenarios.is_empty() {
        return;
    }
    let title = say(lang, "Scenari provati", "Scenarios played");
    outline.open(2, "scenari-provati", title);
    outline.para(say(
        lang,
        "Ogni scenario è un file che dice solo che cosa cambia; il resto è la storia del servizio, \
         nei file elencati sopra, con i turni degli operatori se sono elencati qui. Chi ha gli \
         stessi file ottiene le stesse cifre.",
        "Each scenario is a file that says only what changes; the rest is the service's history, \
         in the files listed above, with the operators' roster if it is listed here. Whoever has \
         the same files gets the same figures.",
    ));
    let rows = provenance.scenarios.iter().map(|one| {
        let PlayedScenario { name, file, sha256 } = one;
        vec![Cell::head(name.get(lang)), Cell::text(file), Cell::code(sha256)]
    });
    outline.push(Block::Table(Table {
        id: "t-scenari-provati".to_owned(),
        caption: title.to_owned(),
        columns: vec![
            Column::text(say(lang, "Che cosa", "What"), 2.4),
            Column::text("File", 2.9),
            Column::text("SHA-256", 5.2),
        ],
        rows: rows.collect(),
        style: TableStyle::Dense,
    }));
}

fn results(input: &ReportInput) -> impl Iterator<Item = (&ServiceReport, &IndicatorResult)> {
    let services = input.areas.iter().flat_map(|area| &area.services);
    services.flat_map(|service| service.indicators.iter().map(move |result| (service, result)))
}

fn rules(outline: &mut Outline, input: &ReportInput) {
    let lang = outline.lang;
    if results(input).next().is_none() {
        return;
    }
    let title = say(lang, "Regole applicate e completezza", "Rules applied and completeness");
    outline.open(2, "regole", title);
    let rows = results(input).map(|(service, result)| {
        let (version, since) = result.rule_version;
        let percent = |percent: &String| Amount { decimal: percent.clone(), unit: Unit::Percent };
        let complete = cells::amount(lang, result.completeness.as_ref().map(percent).as_ref());
        vec![
            Cell::head(format!("{} – {}", service.name.get(lang), result.code)),
            cells::count(lang, version.into()),
            cells::day(lang, since),
            complete,
        ]
    });
    outline.push(Block::Table(Table {
        id: "t-regole".to_owned(),
        caption: title.to_owned(),
        columns: vec![
            Column::text(say(lang, "Indicatore", "Indicator"), 4.0),
            Column::number(say(lang, "Versione della regola", "Version of the rule"), 2.2),
            Column::number(say(lang, "In vigore dal", "In force since"), 2.2),
            Column::number(say(lang, "Completezza dei dati", "Completeness of data"), 2.2),
        ],
        rows: rows.collect(),
        style: TableStyle::Dense,
    }));
}

fn exclusions(outline: &mut Outline, input: &ReportInput) {
    let lang = outline.lang;
    let title = say(lang, "Contatti esclusi, per motivo", "Contacts left out, by reason");
    outline.open(2, "esclusioni", title);
    let rows: Vec<Vec<Cell>> = results(input)
        .flat_map(|(service, result)| {
            result.excluded.iter().map(move |count| (service, result, count))
        })
        .map(|(service, result, Count { name, n })| {
            vec![
                Cell::head(format!("{} – {}", service.name.get(lang), result.code)),
                Cell::text(name.get(lang)),
                cells::count(lang, *n),
            ]
        })
        .collect();
    if rows.is_empty() {
        let text = say(lang, "Nessun contatto escluso.", "No contact was left out.");
        outline.push(Block::remark(Tone::Neutral, text));
        return;
    }
    outline.push(Block::Table(Table {
        id: "t-esclusioni".to_owned(),
        caption: title.to_owned(),
        columns: vec![
            Column::text(say(lang, "Indicatore", "Indicator"), 3.0),
            Column::text(say(lang, "Motivo", "Reason"), 5.0),
            Column::number(say(lang, "Contatti", "Contacts"), 1.6),
        ],
        rows,
        style: TableStyle::Dense,
    }));
}

/// Dispositions of all services side by side.
fn balance(outline: &mut Outline, input: &ReportInput) {
    let lang = outline.lang;
    let services: Vec<&ServiceReport> =
        input.areas.iter().flat_map(|area| &area.services).collect();
    if services.is_empty() {
        return;
    }
    let title = say(lang, "Quadratura delle chiamate", "Balance of calls");
    outline.open(2, "quadratura", title);
    let mut names: Vec<&str> = Vec::new();
    for row in services.iter().flat_map(|service| &service.dispositions.rows) {
        let name = row.name.get(lang);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut rows: Vec<Vec<Cell>> = names
        .into_iter()
        .map(|name| {
            let mut row = vec![Cell::head(name)];
            row.extend(services.iter().map(|service| {
                let rows = service.dispositions.rows.iter();
                let n = rows.filter(|row| row.name.get(lang) == name).map(|row| row.n).sum();
                cells::count(lang, n)
            }));
            row
        })
        .collect();
    let mut total = vec![Cell::head(say(lang, "Chiamate arrivate", "Calls that arrived"))];
    total.extend(services.iter().map(|service| cells::count(lang, service.dispositions.arrived)));
    rows.push(total);
    let mut columns = vec![Column::text(say(lang, "Esito", "What became of them"), 4.0)];
    columns.extend(services.iter().map(|service| Column::number(service.name.get(lang), 2.0)));
    outline.push(Block::Table(Table {
        id: "t-quadratura".to_owned(),
        caption: say(
            lang,
            "Chiamate arrivate = somma degli esiti, per servizio",
            "Calls that arrived = sum of what became of them, by service",
        )
        .to_owned(),
        columns,
        rows,
        style: TableStyle::Dense,
    }));
}

fn coverage(outline: &mut Outline, provenance: &Provenance) {
    let lang = outline.lang;
    let title = say(lang, "Giorni coperti dai dati", "Days covered by data");
    outline.open(2, "copertura", title);
    if provenance.coverage.is_empty() {
        let text = say(lang, "Copertura non calcolata.", "Coverage was not computed.");
        outline.push(Block::remark(Tone::Attention, text));
        return;
    }
    let rows = provenance.coverage.iter().map(|entry| {
        let Coverage { service, days_open, days_with_calls, gaps } = entry;
        let mut named: Vec<String> =
            gaps.iter().take(GAPS).map(|date| day_short(lang, *date)).collect();
        if let Some(more) = gaps.len().checked_sub(GAPS).filter(|more| 0 < *more) {
            named.push(match lang {
                Lang::It => format!("e altri {more}"),
                Lang::En => format!("and {more} more"),
            });
        }
        let named = if named.is_empty() {
            say(lang, "nessuno", "none").to_owned()
        } else {
            named.join(", ")
        };
        vec![
            Cell::head(service.get(lang)),
            cells::count(lang, *days_open),
            cells::count(lang, *days_with_calls),
            Cell::text(named),
        ]
    });
    outline.push(Block::Table(Table {
        id: "t-copertura".to_owned(),
        caption: title.to_owned(),
        columns: vec![
            Column::text(say(lang, "Servizio", "Service"), 2.6),
            Column::number(say(lang, "Giorni di apertura", "Days open"), 1.8),
            Column::number(say(lang, "Con chiamate", "With calls"), 1.8),
            Column::text(say(lang, "Senza chiamate", "Without calls"), 4.0),
        ],
        rows: rows.collect(),
        style: TableStyle::Dense,
    }));
}

fn seal(outline: &mut Outline, provenance: &Provenance) {
    let lang = outline.lang;
    outline.open(2, "sigillo", say(lang, "Sigillo", "Seal"));
    match &provenance.seal {
        Some(seal) => outline.push(Block::Table(Table {
            id: "t-sigillo".to_owned(),
            caption: say(lang, "Sigillo delle misure", "Seal of the measurements").to_owned(),
            columns: vec![
                Column::text(say(lang, "Voce", "Item"), 1.2),
                Column::text(say(lang, "Valore", "Value"), 3.0),
            ],
            rows: vec![vec![Cell::head("SHA-256"), Cell::code(seal)]],
            style: TableStyle::Card,
        })),
        None => outline.push(Block::remark(
            Tone::Attention,
            say(
                lang,
                "Le misure non sono ancora sigillate: i valori possono cambiare.",
                "The measurements are not sealed yet: values may change.",
            ),
        )),
    }
    outline.para(say(
        lang,
        "Che cosa prova. Il sigillo è l'impronta SHA-256 delle misure; il comando «soglia verify» \
         la ricalcola e dice che cosa è diverso. Se coincide, le misure sono quelle con cui questo \
         resoconto è stato scritto; se coincidono anche le impronte dei file, i dati sono quelli \
         elencati sopra.",
        "What it proves. The seal is the SHA-256 of the measurements; the command “soglia verify” \
         recomputes it and says what differs. If it matches, the measurements are those this \
         report was written from; if the files' checksums match too, the data are those above.",
    ));
    outline.para(say(
        lang,
        "Che cosa non prova. Un'impronta non dice chi ha prodotto un file, quando, né se è \
         completo e veritiero: un file alterato prima della consegna ha un'impronta regolare. Non \
         sostituisce la firma, il protocollo e la conservazione del documento, né i controlli sui \
         registri originali delle piattaforme.",
        "What it does not prove. A checksum does not say who made a file, or when, or whether it \
         is complete and true: a file altered before delivery has a checksum like any other. It \
         replaces neither the document's signature, registration and preservation nor checks on \
         the platforms' own records.",
    ));
}

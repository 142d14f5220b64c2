//! Entries of registers as tables. Read [`listed`] first, then [`COLUMNS`].

use soglia_domain::register::{Field, Kind, Register, Value};
use soglia_domain::text::Lang;

use super::{Held, Outline, words};
use crate::compose::cells;
use crate::document::{Block, Cell, Column, Datum, Table, TableStyle};
use crate::format::{self, say};
use crate::model::{Area, RegisterEntry};

/// Which fields of a register are printed, with the width of their column. The number stands
/// first, the state last; a name that is no field is a figure that follows from the fields.
const COLUMNS: [(&str, &[(&str, f32)]); 14] = [
    (
        "inspections",
        &[
            ("held_on", 1.5),
            ("place", 2.6),
            ("kind", 1.4),
            ("subject", 3.0),
            ("outcome", 1.6),
            ("minutes", 1.7),
        ],
    ),
    (
        "findings",
        &[
            ("issued_on", 1.5),
            ("kind", 1.4),
            ("subject", 3.4),
            ("due_on", 1.5),
            ("met_on", 1.5),
            ("days_late", 1.2),
        ],
    ),
    (
        "finances",
        &[
            ("period", 1.7),
            ("item", 2.4),
            ("budget", 1.8),
            ("accrued", 1.8),
            ("invoiced", 1.8),
            ("paid", 1.8),
            ("left", 1.8),
        ],
    ),
    (
        "status",
        &[
            ("milestone", 3.6),
            ("planned_on", 1.5),
            ("expected_on", 1.5),
            ("reached_on", 1.5),
            ("days_late", 1.2),
        ],
    ),
    (
        "nonconformities",
        &[
            ("detected_on", 1.5),
            ("gravity", 1.2),
            ("title", 3.0),
            ("cause", 3.0),
            ("due_on", 1.5),
            ("solved_on", 1.5),
        ],
    ),
    (
        "actions",
        &[
            ("kind", 1.5),
            ("title", 2.8),
            ("owner", 1.7),
            ("due_on", 1.5),
            ("done_on", 1.5),
            ("expected", 2.2),
            ("evidence", 2.2),
        ],
    ),
    (
        "feasibility",
        &[
            ("title", 3.0),
            ("area", 2.0),
            ("requested_on", 1.5),
            ("delivered_on", 1.5),
            ("cost", 1.8),
            ("decision", 1.5),
        ],
    ),
    (
        "follow_up",
        &[("item", 1.2), ("title", 3.4), ("first_seen", 1.4), ("due_on", 1.5), ("progress", 3.0)],
    ),
    (
        "training",
        &[
            ("held_on", 1.5),
            ("title", 2.6),
            ("group", 1.6),
            ("hours", 0.9),
            ("attended", 1.3),
            ("measure", 1.7),
            ("before", 1.3),
            ("after", 1.3),
        ],
    ),
    ("monitoring", &[("changed_on", 1.5), ("part", 1.7), ("subject", 1.8), ("grounds", 4.0)]),
    (
        "penalties",
        &[
            ("indicator", 1.5),
            ("clause", 1.9),
            ("amount", 1.8),
            ("notified_on", 1.5),
            ("argued_on", 1.5),
            ("decided_on", 1.5),
            ("decided", 1.8),
        ],
    ),
    (
        "exclusions",
        &[
            ("from_on", 1.5),
            ("until_on", 1.5),
            ("reason", 1.9),
            ("indicators", 1.5),
            ("facts", 3.0),
            ("decided_on", 1.5),
            ("document", 1.7),
        ],
    ),
    (
        "sheet_actions",
        &[
            ("title", 3.0),
            ("owner", 1.6),
            ("due_on", 1.5),
            ("done_on", 1.5),
            ("expected", 2.2),
            ("measured", 2.6),
        ],
    ),
    ("remarks", &[("target", 1.7), ("figure", 1.5), ("text", 3.6), ("answer", 3.6)]),
];

/// Writes the entries of a register as one table.
pub fn listed(
    outline: &mut Outline,
    held: Held<'_>,
    area: &Area,
    (register, entries): (&'static Register, &[&RegisterEntry]),
) {
    let caption = format!("{}: {}", register.label.get(held.lang), area.name.get(held.lang));
    let id = format!("t-{}-{}", area.code, register.code);
    outline.push(Block::Table(table(held, (id, caption), register, entries)));
}

/// A register's entries as a table with the columns that are printed of it.
pub fn table(
    held: Held<'_>,
    (id, caption): (String, String),
    register: &'static Register,
    entries: &[&RegisterEntry],
) -> Table {
    let lang = held.lang;
    let named = COLUMNS.iter().find(|(code, _)| *code == register.code);
    let printed = named.map_or(&[][..], |(_, columns)| *columns);
    let mut columns = vec![Column::text(say(lang, "N.", "No."), 1.2)];
    columns.extend(printed.iter().map(|(code, width)| column(lang, register, code, *width)));
    columns.push(Column::text(say(lang, "Stato", "State"), 1.6));
    let rows = entries.iter().map(|entry| {
        let mut row = vec![Cell::head(&entry.id)];
        row.extend(printed.iter().map(|(code, _)| value(held, entry, code)));
        row.push(Cell::text(entry.state.label.get(lang)));
        row
    });
    Table { id, caption, columns, rows: rows.collect(), style: TableStyle::Dense }
}

fn column(lang: Lang, register: &'static Register, code: &str, width: f32) -> Column {
    let Some(field) = register.field(code) else {
        let derived = register.derived.iter().find(|derived| derived.code == code);
        return Column::number(derived.map_or("", |derived| derived.label.get(lang)), width);
    };
    let title = field.label.get(lang);
    if matches!(field.kind, Kind::Count | Kind::Money) {
        Column::number(title, width)
    } else {
        Column::text(title, width)
    }
}

/// A field's value, or a figure that follows from the fields, as of the period's last day.
fn value(held: Held<'_>, entry: &RegisterEntry, code: &str) -> Cell {
    let lang = held.lang;
    let Some(field) = entry.register.field(code) else {
        let derived = entry.register.derived.iter().find(|derived| derived.code == code);
        let today = held.input.period.last;
        let value = derived.and_then(|derived| (derived.compute)(&entry.values, today));
        return value.map_or_else(|| Cell::text("–"), |value| cell(lang, None, &value));
    };
    entry.values.get(code).map_or_else(|| Cell::text("–"), |found| cell(lang, Some(field), found))
}

fn cell(lang: Lang, field: Option<&Field>, value: &Value) -> Cell {
    match value {
        Value::Text(text) => Cell::text(text.clone()),
        Value::Date(date) => Cell::text(format::day_narrow(lang, *date)).with(Datum::Date(*date)),
        Value::Count(n) => cells::count(lang, *n),
        Value::Money(cents) => {
            Cell::text(format::euro(lang, *cents)).with(Datum::Euro(format::cents(*cents)))
        }
        Value::Choice(code) => {
            let choices = match field.map(|field| field.kind) {
                Some(Kind::Choice(choices)) => choices,
                _ => &[],
            };
            let choice = choices.iter().find(|choice| choice.code == *code);
            Cell::text(choice.map_or(*code, |choice| choice.label.get(lang)))
        }
    }
}

/// Complaints are counted, not told: by kind, and how long their answers took.
pub fn complaints(outline: &mut Outline, held: Held<'_>, area: &Area, entries: &[&RegisterEntry]) {
    let lang = held.lang;
    let register = &soglia_domain::register::COMPLAINTS;
    let kinds = match register.field("kind").map(|field| field.kind) {
        Some(Kind::Choice(choices)) => choices,
        _ => &[],
    };
    let mut rows: Vec<Vec<Cell>> = kinds
        .iter()
        .filter_map(|kind| {
            let own: Vec<&RegisterEntry> = entries
                .iter()
                .copied()
                .filter(|entry| words(entry, "kind") == Some(kind.code))
                .collect();
            (!own.is_empty()).then(|| tally(held, kind.label.get(lang), &own))
        })
        .collect();
    rows.push(tally(held, say(lang, "Totale", "Total"), entries));
    let name = area.name.get(lang);
    outline.push(Block::Table(Table {
        id: format!("t-{}-complaints", area.code),
        caption: match lang {
            Lang::It => format!("Reclami e segnalazioni degli utenti: {name}"),
            Lang::En => format!("Users' complaints and reports: {name}"),
        },
        columns: vec![
            Column::text(say(lang, "Tipo", "Kind"), 2.4),
            Column::number(say(lang, "Ricevuti", "Received"), 1.3),
            Column::number(say(lang, "Con risposta", "Answered"), 1.5),
            Column::number(say(lang, "Nei termini", "In time"), 1.4),
            Column::number(say(lang, "Oltre i termini", "Late"), 1.4),
            Column::number(say(lang, "Giorni per rispondere, media", "Days to answer, mean"), 2.0),
            Column::number(say(lang, "Fondati", "Founded"), 1.3),
        ],
        rows,
        style: TableStyle::Plain,
    }));
}

fn tally(held: Held<'_>, label: &str, entries: &[&RegisterEntry]) -> Vec<Cell> {
    let lang = held.lang;
    let today = held.input.period.last;
    let derived = |entry: &RegisterEntry, code: &str| {
        let found = entry.register.derived.iter().find(|derived| derived.code == code)?;
        match (found.compute)(&entry.values, today)? {
            Value::Count(n) => Some(n),
            _ => None,
        }
    };
    let n = |wanted: &dyn Fn(&RegisterEntry) -> bool| {
        entries.iter().filter(|entry| wanted(entry)).count() as u64
    };
    let answered = n(&|entry| entry.values.has("answered_on"));
    let late = n(&|entry| derived(entry, "days_late").is_some());
    let in_time =
        n(&|entry| entry.values.has("answered_on") && derived(entry, "days_late").is_none());
    let founded = n(&|entry| matches!(words(entry, "outcome"), Some("founded" | "partly_founded")));
    let days: u64 = entries.iter().filter_map(|entry| derived(entry, "days_to_answer")).sum();
    let tenths = (days * 20 + answered) / (answered.max(1) * 2);
    let mean = format!("{}.{}", tenths / 10, tenths % 10);
    let mean = match answered {
        0 => Cell::text(format::not_applicable(lang)),
        _ => Cell::text(format::decimal(lang, &mean)).with(Datum::Decimal(mean)),
    };
    let mut row = vec![Cell::head(label)];
    let counts = [entries.len() as u64, answered, in_time, late];
    row.extend(counts.map(|count| cells::count(lang, count)));
    row.push(mean);
    row.push(cells::count(lang, founded));
    row
}

/// Operations by area of support: how many, hours, files, and those with issues.
pub fn operations(outline: &mut Outline, held: Held<'_>, area: &Area, entries: &[&RegisterEntry]) {
    let lang = held.lang;
    let mut names: Vec<&str> = Vec::new();
    for entry in entries {
        let name = words(entry, "area").unwrap_or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let sum = |own: &[&RegisterEntry], code: &str| -> u64 {
        let counts = own.iter().filter_map(|entry| match entry.values.get(code) {
            Some(Value::Count(n)) => Some(*n),
            _ => None,
        });
        counts.sum()
    };
    let row = |label: &str, own: &[&RegisterEntry]| {
        let issues = own.iter().filter(|entry| entry.values.has("issues")).count() as u64;
        let counts = [own.len() as u64, sum(own, "hours"), sum(own, "quantity"), issues];
        let mut row = vec![Cell::head(label)];
        row.extend(counts.map(|count| cells::count(lang, count)));
        row
    };
    let mut rows: Vec<Vec<Cell>> = names
        .into_iter()
        .map(|name| {
            let own: Vec<&RegisterEntry> = entries
                .iter()
                .copied()
                .filter(|entry| words(entry, "area").unwrap_or_default() == name)
                .collect();
            row(name, &own)
        })
        .collect();
    rows.push(row(say(lang, "Totale", "Total"), entries));
    let name = area.name.get(lang);
    outline.push(Block::Table(Table {
        id: format!("t-{}-operations", area.code),
        caption: match lang {
            Lang::It => format!("Operazioni svolte, dal registro: {name}"),
            Lang::En => format!("Operations done, from the log: {name}"),
        },
        columns: vec![
            Column::text(say(lang, "Ambito", "Area"), 4.0),
            Column::number(say(lang, "Operazioni", "Operations"), 1.6),
            Column::number(say(lang, "Ore", "Hours"), 1.4),
            Column::number(say(lang, "Pratiche o interventi", "Files or interventions"), 2.0),
            Column::number(say(lang, "Con criticità", "With issues"), 1.6),
        ],
        rows,
        style: TableStyle::Plain,
    }));
}

#[cfg(test)]
mod tests {
    use soglia_domain::register::{Privacy, by_code};

    use super::*;

    #[test]
    fn printed_columns_exist_and_say_nothing_about_people() {
        for (register, columns) in COLUMNS {
            let register = by_code(register).expect(register);
            for (code, _) in columns {
                let derived = register.derived.iter().any(|derived| derived.code == *code);
                let field = register.field(code);
                assert!(derived || field.is_some(), "{}.{code}", register.code);
                let personal = field.is_some_and(|field| field.privacy == Privacy::Personal);
                assert!(!personal, "{}.{code} is about a person", register.code);
            }
        }
    }
}

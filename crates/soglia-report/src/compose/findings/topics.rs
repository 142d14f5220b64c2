//! What people called about, before and after a date. Read [`comparison`] first.

use jiff::civil::Date;
use soglia_domain::text::Lang;

use super::super::{Outline, cells};
use super::{Place, change, nothing};
use crate::document::{Block, Cell, Column, Table, TableStyle};
use crate::format::{days, integer, not_applicable, say};
use crate::model::{TopicComparison, TopicCount};

/// Topics before and after; periods of different length are compared per day.
pub fn comparison(outline: &mut Outline, place: &Place<'_>, data: &TopicComparison) {
    let lang = place.lang;
    let before: u64 = data.rows.iter().map(|row| row.before).sum();
    let after: u64 = data.rows.iter().map(|row| row.after).sum();
    if before == 0 && after == 0 {
        return nothing(outline);
    }
    let was = days(lang, data.before.0, data.before.1);
    let is = days(lang, data.after.0, data.after.1);
    let per_day = |before: u64, after: u64| {
        let new = u128::from(after) * n_days(data.before);
        let old = u128::from(before) * n_days(data.after);
        change(lang, new, old).unwrap_or_else(|| not_applicable(lang).to_owned())
    };
    let moved = per_day(before, after);
    let (n_before, n_after) = (integer(lang, before), integer(lang, after));
    outline.para(match lang {
        Lang::It => format!(
            "Richieste {is}: {n_after}; richieste {was}: {n_before}. La variazione al giorno è \
             {moved}."
        ),
        Lang::En => format!(
            "Requests {is}: {n_after}; requests {was}: {n_before}. The change per day is {moved}."
        ),
    });
    let rows = data.rows.iter().map(|TopicCount { topic, before, after }| {
        vec![
            Cell::head(topic.get(lang)),
            cells::count(lang, *before),
            cells::count(lang, *after),
            Cell::text(per_day(*before, *after)),
        ]
    });
    outline.push(Block::Table(Table {
        id: format!("t-{}", place.id),
        caption: match lang {
            Lang::It => format!("{}: richieste per argomento, prima e dopo", place.service),
            Lang::En => format!("{}: requests by topic, before and after", place.service),
        },
        columns: vec![
            Column::text(say(lang, "Argomento", "Topic"), 4.0),
            Column::number(was, 2.4),
            Column::number(is, 2.4),
            Column::number(say(lang, "Variazione al giorno", "Change per day"), 1.8),
        ],
        rows: rows.collect(),
        style: TableStyle::Plain,
    }));
}

/// Days of a range, both ends included; a range written backwards counts one day.
fn n_days((first, last): (Date, Date)) -> u128 {
    let days = last.duration_since(first).as_hours() / 24;
    u128::try_from(days).unwrap_or_default() + 1
}

//! The verdict table, the sentences generated from it, and the annex of what else was computed.
//! Read [`write`] first, then [`annex`].

use soglia_domain::ratio::Ratio;
use soglia_domain::text::Lang;
use soglia_domain::verdict::{self, Bound, Verdict};

use super::{Outline, cells, joined};
use crate::document::{Block, Cell, Column, Table, TableStyle, Tone};
use crate::format::{amount_or_na, decimal, na_reason, ratio_line, say, target, verdict};
use crate::model::{Area, IndicatorResult, ReportInput, ServiceReport, Target, Together, Unit};

/// Writes what was met and what was not: from the verdicts, never typed beside them.
pub fn write(outline: &mut Outline, area: &Area) {
    let lang = outline.lang;
    for service in &area.services {
        outline.para(summary(lang, service));
    }
    for service in &area.services {
        if service.indicators.is_empty() {
            continue;
        }
        outline.push(Block::Table(verdict_table(lang, service)));
    }
}

/// Writes the values under other readings of the rules, and the plain statistics.
pub fn annex(outline: &mut Outline, input: &ReportInput) {
    let lang = outline.lang;
    let services = input.areas.iter().flat_map(|area| &area.services);
    let tables: Vec<Table> = services
        .flat_map(|service| [alternatives(lang, service), statistics(lang, service)])
        .flatten()
        .collect();
    if tables.is_empty() {
        return;
    }
    let title = say(lang, "Letture alternative e statistiche", "Other readings and statistics");
    outline.open(1, "letture", title);
    outline.para(say(
        lang,
        "Gli stessi dati sotto le letture della regola che il contratto non esclude: dove l'esito \
         è diverso, la regola va concordata. Le statistiche descrivono, non giudicano.",
        "The same data under readings of the rule that the contract does not rule out: where the \
         verdict differs, the rule is to be agreed. Statistics describe, they do not judge.",
    ));
    for table in tables {
        outline.push(Block::Table(table));
    }
}

/// A verdict's tone, and so its shape.
pub const fn tone(verdict: &Verdict) -> Tone {
    match verdict {
        Verdict::Ok => Tone::Good,
        Verdict::Ko => Tone::Bad,
        Verdict::Na(_) => Tone::Neutral,
    }
}

/// A verdict as a cell, with its reason and whether it may still change.
pub fn verdict_cell(lang: Lang, result: &IndicatorResult) -> Cell {
    let mut cell = Cell::badge(verdict(lang, &result.verdict), tone(&result.verdict));
    if let Verdict::Na(reason) = &result.verdict {
        cell.small.push(na_reason(lang, *reason).to_owned());
    }
    if result.provisional {
        cell.small.push(say(lang, "provvisorio", "provisional").to_owned());
    }
    cell
}

/// Whether a share meets a target in per cent, as its rule compares; `None` if nothing counts.
pub fn meets((met, counted): (u64, u64), target: &Target) -> Option<bool> {
    if target.bound.unit != Unit::Percent {
        return None;
    }
    let bound = u64::try_from(scaled(&target.bound.decimal)?).ok()?;
    let promise = verdict::Target {
        direction: target.direction,
        inclusive: target.inclusive,
        bound: Bound::Share(Ratio::new(bound, 100 * u64::try_from(SCALE).ok()?)?),
    };
    Some(promise.judge(Ratio::new(met, counted)?, target.compare) == Verdict::Ok)
}

const DECIMALS: usize = 6;
const SCALE: i128 = 1_000_000;

/// A decimal string as an integer of millionths.
fn scaled(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if DECIMALS < fraction.len() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    let fraction: i128 = format!("{fraction:0<DECIMALS$}").parse().ok()?;
    whole.checked_mul(SCALE)?.checked_add(fraction)
}

fn summary(lang: Lang, service: &ServiceReport) -> String {
    let of = |wanted: fn(&Verdict) -> bool| -> Vec<String> {
        let hits = service.indicators.iter().filter(|result| wanted(&result.verdict));
        hits.map(|result| format!("{} ({})", result.code, result.objective.get(lang))).collect()
    };
    let missed = of(|verdict| *verdict == Verdict::Ko);
    let n_met = service.indicators.iter().filter(|r| r.verdict == Verdict::Ok).count();
    let idle = of(|verdict| matches!(verdict, Verdict::Na(_)));
    let judged = n_met + missed.len();
    let name = service.name.get(lang);
    let mut text = match (lang, judged, missed.len()) {
        (Lang::It, 0, _) => format!("{name}: nessun indicatore è misurabile nel periodo."),
        (Lang::En, 0, _) => format!("{name}: no indicator can be measured in the period."),
        (Lang::It, _, 0) => {
            format!("{name}: tutti i {judged} indicatori misurabili rispettano l'obiettivo.")
        }
        (Lang::En, _, 0) => {
            format!("{name}: all {judged} measurable indicators meet their target.")
        }
        (Lang::It, _, n) => format!(
            "{name}: {n_met} indicatori misurabili su {judged} rispettano l'obiettivo; non \
             rispettati: {n}, cioè {}.",
            joined(lang, &missed)
        ),
        (Lang::En, _, n) => format!(
            "{name}: {n_met} of {judged} measurable indicators meet their target; missed: {n}, \
             namely {}.",
            joined(lang, &missed)
        ),
    };
    if !idle.is_empty() {
        let label = say(lang, "Non applicabili", "Not applicable");
        let more = format!(" {label}: {}.", joined(lang, &idle));
        text.push_str(&more);
    }
    if service.indicators.iter().any(|result| result.provisional) {
        text.push_str(say(
            lang,
            " I dati non sono ancora chiusi: gli esiti segnati «provvisorio» possono cambiare.",
            " Data are still open: verdicts marked “provisional” may change.",
        ));
    }
    text
}

fn verdict_table(lang: Lang, service: &ServiceReport) -> Table {
    let rows = service.indicators.iter().map(|result| {
        let mut head = Cell::head(format!("{} – {}", result.code, result.objective.get(lang)));
        head.small.extend(result.indicator.as_ref().map(|text| text.get(lang).to_owned()));
        let mut value = cells::amount(lang, result.value.as_ref());
        value.small.extend(distance(lang, result));
        vec![
            head,
            value,
            cells::ratio(lang, result.ratio),
            Cell::text(target(lang, &result.target)),
            verdict_cell(lang, result),
        ]
    });
    let name = service.name.get(lang);
    Table {
        id: format!("t-{}-esiti", service.code),
        caption: match lang {
            Lang::It => format!("Esiti degli indicatori: {name}"),
            Lang::En => format!("Verdicts: {name}"),
        },
        columns: vec![
            Column::text(say(lang, "Indicatore", "Indicator"), 4.8),
            Column::number(say(lang, "Valore", "Value"), 1.9),
            Column::number(say(lang, "Conteggi", "Counts"), 2.7).of(counts(lang)),
            Column::number(say(lang, "Obiettivo", "Target"), 2.2),
            Column::text(say(lang, "Esito", "Verdict"), 1.9),
        ],
        rows: rows.collect(),
        style: TableStyle::Plain,
    }
}

/// Names of the two integers of a share.
const fn counts(lang: Lang) -> [&'static str; 2] {
    [say(lang, "numeratore", "numerator"), say(lang, "denominatore", "denominator")]
}

/// How far a missed share is from its target, in percentage points.
fn distance(lang: Lang, result: &IndicatorResult) -> Option<String> {
    let value = result.value.as_ref().filter(|value| value.unit == Unit::Percent)?;
    if result.verdict != Verdict::Ko || result.target.bound.unit != Unit::Percent {
        return None;
    }
    let difference = scaled(&value.decimal)? - scaled(&result.target.bound.decimal)?;
    let hundredths = (difference.unsigned_abs() + 5_000) / 10_000;
    let sign = if difference < 0 { "−" } else { "+" };
    let text = decimal(lang, &format!("{}.{:02}", hundredths / 100, hundredths % 100));
    Some(format!("{sign}{text} {}", say(lang, "punti", "points")))
}

fn alternatives(lang: Lang, service: &ServiceReport) -> Option<Table> {
    let rows: Vec<Vec<Cell>> = service
        .indicators
        .iter()
        .flat_map(|result| result.sensitivity.iter().map(move |other| (result, other)))
        .map(|(result, other)| {
            let mut judged = Cell::badge(verdict(lang, &other.verdict), tone(&other.verdict));
            if other.verdict.name() != result.verdict.name() {
                judged.small.push(say(lang, "esito diverso", "verdict differs").to_owned());
            }
            let mut reading = Cell::text(other.rule.get(lang));
            reading.small.extend(other.together.iter().map(|one| together(lang, one)));
            vec![
                Cell::head(&result.code),
                reading,
                cells::amount(lang, other.value.as_ref()),
                cells::ratio(lang, other.ratio),
                judged,
            ]
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let name = service.name.get(lang);
    Some(Table {
        id: format!("t-{}-alternative", service.code),
        caption: match lang {
            Lang::It => format!("Valore ed esito sotto letture alternative della regola: {name}"),
            Lang::En => format!("Value and verdict under other readings of the rule: {name}"),
        },
        columns: vec![
            Column::text(say(lang, "Indicatore", "Indicator"), 1.4),
            Column::text(say(lang, "Lettura alternativa", "Other reading"), 5.6),
            Column::number(say(lang, "Valore", "Value"), 2.2),
            Column::number(say(lang, "Conteggi", "Counts"), 2.8).of(counts(lang)),
            Column::text(say(lang, "Esito", "Verdict"), 1.8),
        ],
        rows,
        style: TableStyle::Dense,
    })
}

/// Another indicator that counts the same calls, under the same reading.
fn together(lang: Lang, other: &Together) -> String {
    let value = amount_or_na(lang, other.value.as_ref());
    let counts =
        other.ratio.map_or_else(String::new, |ratio| format!(" ({})", ratio_line(lang, ratio)));
    let code = &other.code;
    let judged = verdict(lang, &other.verdict);
    format!("{} {code}: {value}{counts}, {judged}", say(lang, "stessa lettura,", "same reading,"))
}

fn statistics(lang: Lang, service: &ServiceReport) -> Option<Table> {
    let rows: Vec<Vec<Cell>> = service
        .indicators
        .iter()
        .flat_map(|result| result.statistics.iter().map(move |entry| (result, entry)))
        .map(|(result, (name, value))| {
            let head = Cell::head(format!("{} – {}", result.code, name.get(lang)));
            vec![head, cells::amount(lang, Some(value))]
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let name = service.name.get(lang);
    Some(Table {
        id: format!("t-{}-statistiche", service.code),
        caption: match lang {
            Lang::It => format!("Statistiche descrittive, accanto agli indicatori: {name}"),
            Lang::En => format!("Plain statistics beside the indicators: {name}"),
        },
        columns: vec![
            Column::text(say(lang, "Statistica", "Statistic"), 6.0),
            Column::number(say(lang, "Valore", "Value"), 2.0),
        ],
        rows,
        style: TableStyle::Dense,
    })
}

#[cfg(test)]
mod tests {
    use soglia_domain::ratio::Rounding;
    use soglia_domain::verdict::{Compare, TargetDirection};

    use super::*;
    use crate::model::Amount;

    #[test]
    fn targets_are_compared_exactly() {
        let at_least = |decimal: &str| Target {
            direction: TargetDirection::AtLeast,
            inclusive: true,
            compare: Compare::Exact,
            bound: Amount { decimal: decimal.to_owned(), unit: Unit::Percent },
            date: None,
        };
        assert_eq!(meets((95, 100), &at_least("95")), Some(true));
        assert_eq!(meets((94_999, 100_000), &at_least("95.00")), Some(false));
        assert_eq!(meets((199, 200), &at_least("99.5")), Some(true));
        assert_eq!(meets((0, 0), &at_least("95")), None);
        assert_eq!(meets((1, 2), &at_least("un po'")), None);
        let at_most = Target { direction: TargetDirection::AtMost, ..at_least("5") };
        assert_eq!(meets((5, 100), &at_most), Some(true));
        assert_eq!(meets((51, 1000), &at_most), Some(false));
        let less = Target { inclusive: false, ..at_most.clone() };
        assert_eq!(meets((5, 100), &less), Some(false));
        assert_eq!(meets((49, 1000), &less), Some(true));
        let rounded = Target { compare: Compare::Rounded(Rounding::half_up(0)), ..at_most };
        assert_eq!(meets((54, 1000), &rounded), Some(true));
    }
}

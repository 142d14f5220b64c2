//! How long callers waited and contacts lasted. Read [`waits`] first.

use soglia_domain::text::Lang;

use super::super::{Outline, cells};
use super::{Place, change, figure, nothing, plot};
use crate::chart::trend::{Line, Trend};
use crate::chart::{trend as trend_chart, waits as waits_chart};
use crate::document::{Block, Cell, Column, PlotForm, Table, TableStyle};
use crate::format::{duration, integer, month, month_short, not_applicable, say, share};
use crate::model::{DurationStats, DurationTrend, SystemDurations, WaitBin, WaitDistribution};

/// Waits of answered calls, in classes.
pub fn waits(outline: &mut Outline, place: &Place<'_>, data: &WaitDistribution) {
    let lang = place.lang;
    let total: u64 = data.bins.iter().map(|bin| bin.n).sum();
    if total == 0 {
        return nothing(outline);
    }
    let text = waits_text(lang, data, total);
    outline.para(&text);
    let (service, period) = (place.service, &place.period);
    let caption = match lang {
        Lang::It => format!("{service}: attese delle chiamate risposte, {period}"),
        Lang::En => format!("{service}: waits of answered calls, {period}"),
    };
    let rows = data.bins.iter().map(|bin| {
        let n = cells::count(lang, bin.n);
        vec![Cell::head(class_name(lang, bin)), n, cells::share(lang, bin.n, total)]
    });
    let table = Table {
        id: format!("t-{}", place.id),
        caption: caption.clone(),
        columns: vec![
            Column::text(say(lang, "Attesa", "Wait"), 4.0),
            Column::number(say(lang, "Chiamate risposte", "Answered calls"), 2.0),
            Column::number(say(lang, "Quota", "Share"), 2.0),
        ],
        rows: rows.collect(),
        style: TableStyle::Plain,
    };
    let draw = |id: &str, words: (&str, &str)| waits_chart::draw(lang, id, words, data);
    figure(outline, place, (caption, text), draw, (table, plot(PlotForm::Columns, &[1])));
}

fn class_name(lang: Lang, bin: &WaitBin) -> String {
    let from = duration(lang, bin.from_ms);
    let to = bin.to_ms.map(|to| duration(lang, to));
    match (lang, bin.from_ms, to) {
        (Lang::It, 0, Some(to)) => format!("fino a {to}"),
        (Lang::En, 0, Some(to)) => format!("up to {to}"),
        (Lang::It, _, Some(to)) => format!("oltre {from} e fino a {to}"),
        (Lang::En, _, Some(to)) => format!("over {from} and up to {to}"),
        (Lang::It, _, None) => format!("oltre {from}"),
        (Lang::En, _, None) => format!("over {from}"),
    }
}

fn waits_text(lang: Lang, data: &WaitDistribution, total: u64) -> String {
    let inside = data.bins.iter().filter(|bin| waits_chart::within(bin, data.limit_ms));
    let inside: u64 = inside.map(|bin| bin.n).sum();
    let split = data
        .bins
        .iter()
        .any(|bin| bin.from_ms < data.limit_ms && bin.to_ms.is_none_or(|to| data.limit_ms < to));
    let mut sentences = Vec::new();
    if !split {
        let (part, n) = (share(lang, inside, total), integer(lang, inside));
        let (all, limit) = (integer(lang, total), duration(lang, data.limit_ms));
        sentences.push(match lang {
            Lang::It => format!(
                "Delle {all} chiamate risposte il {part} ({n}) ha atteso non più di {limit}."
            ),
            Lang::En => {
                format!("Of the {all} answered calls {part} ({n}) waited no more than {limit}.")
            }
        });
    }
    if let Some(stats) = &data.stats {
        sentences.push(stats_line(lang, say(lang, "L'attesa", "The wait"), stats));
    }
    sentences.join(" ")
}

fn stats_line(lang: Lang, what: &str, stats: &DurationStats) -> String {
    let DurationStats { n, mean_ms, p50_ms, p90_ms, p95_ms, max_ms } = stats;
    let [mean, p50, p90, p95, max] =
        [mean_ms, p50_ms, p90_ms, p95_ms, max_ms].map(|millis| duration(lang, *millis));
    let n = integer(lang, *n);
    match lang {
        Lang::It => format!(
            "{what} è in media di {mean}, mediana {p50}, 90° percentile {p90}, 95° percentile \
             {p95}, massimo {max} (su {n} contatti)."
        ),
        Lang::En => format!(
            "{what} is {mean} on average, median {p50}, 90th percentile {p90}, 95th percentile \
             {p95}, maximum {max} (of {n} contacts)."
        ),
    }
}

/// Durations month by month, against their limit.
pub fn trend(outline: &mut Outline, place: &Place<'_>, data: &DurationTrend) {
    let lang = place.lang;
    let Some(text) = trend_text(lang, data) else {
        return nothing(outline);
    };
    outline.para(&text);
    let (service, period) = (place.service, &place.period);
    let caption = match lang {
        Lang::It => format!("{service}: durata dei contatti mese per mese, {period}"),
        Lang::En => format!("{service}: duration of contacts month by month, {period}"),
    };
    let rows = data.months.iter().map(|(date, stats)| stats_row(lang, month(lang, *date), *stats));
    let table = stats_table(place, (&caption, say(lang, "Mese", "Month")), rows.collect());
    let drawing = drawing(lang, data);
    let draw = |id: &str, words: (&str, &str)| trend_chart::draw(id, words, &drawing);
    figure(outline, place, (caption, text), draw, (table, plot(PlotForm::Lines, &[2, 4])));
}

fn trend_text(lang: Lang, data: &DurationTrend) -> Option<String> {
    let measured: Vec<_> =
        data.months.iter().filter_map(|(date, stats)| stats.map(|s| (*date, s))).collect();
    let ((first, begin), (last, end)) = (measured.first()?, measured.last()?);
    let moved = change(lang, end.mean_ms.into(), begin.mean_ms.into());
    let moved = moved.unwrap_or_else(|| not_applicable(lang).to_owned());
    let (from, to) = (duration(lang, begin.mean_ms), duration(lang, end.mean_ms));
    let (first, last) = (month(lang, *first), month(lang, *last));
    let mut text = match lang {
        Lang::It => format!(
            "La durata media del contatto passa da {from} in {first} a {to} in {last} ({moved})."
        ),
        Lang::En => format!(
            "The mean duration of a contact goes from {from} in {first} to {to} in {last} \
             ({moved})."
        ),
    };
    if let Some(limit) = data.limit_ms {
        let over = measured.iter().filter(|(_, stats)| limit < stats.mean_ms).count();
        let (of, limit) = (measured.len(), duration(lang, limit));
        let more = match lang {
            Lang::It => format!(" La media supera {limit} in {over} mesi su {of}."),
            Lang::En => format!(" The mean exceeds {limit} in {over} of {of} months."),
        };
        text.push_str(&more);
    }
    Some(text)
}

fn drawing(lang: Lang, data: &DurationTrend) -> Trend {
    let line = |name: &str, pick: fn(&DurationStats) -> u64| Line {
        name: name.to_owned(),
        points: data
            .months
            .iter()
            .map(|(_, stats)| {
                let millis = pick(stats.as_ref()?);
                Some((millis as f64, duration(lang, millis)))
            })
            .collect(),
    };
    Trend {
        months: data.months.iter().map(|(date, _)| month_short(lang, *date)).collect(),
        lines: vec![
            line(say(lang, "media", "mean"), |stats| stats.mean_ms),
            line(say(lang, "90° percentile", "90th percentile"), |stats| stats.p90_ms),
        ],
        bound: data.limit_ms.map(|limit| {
            let name = format!("{} {}", say(lang, "limite", "limit"), duration(lang, limit));
            (limit as f64, name)
        }),
    }
}

/// Durations by booking system.
pub fn systems(outline: &mut Outline, place: &Place<'_>, data: &[SystemDurations]) {
    let lang = place.lang;
    let known = data.iter().filter(|row| 0 < row.stats.n);
    let slowest = known.clone().max_by_key(|row| row.stats.mean_ms);
    let quickest = known.min_by_key(|row| row.stats.mean_ms);
    let (Some(slow), Some(quick)) = (slowest, quickest) else {
        return nothing(outline);
    };
    if slow.system != quick.system {
        outline.para(systems_text(lang, slow, quick));
    }
    let (service, period) = (place.service, &place.period);
    let caption = match lang {
        Lang::It => {
            format!("{service}: durata dei contatti per sistema di prenotazione usato, {period}")
        }
        Lang::En => format!("{service}: duration of contacts by booking system used, {period}"),
    };
    let rows =
        data.iter().map(|row| stats_row(lang, row.system.get(lang).to_owned(), Some(row.stats)));
    let head = say(lang, "Sistema", "System");
    outline.push(Block::Table(stats_table(place, (&caption, head), rows.collect())));
}

fn systems_text(lang: Lang, slow: &SystemDurations, quick: &SystemDurations) -> String {
    let (most, least) = (slow.system.get(lang), quick.system.get(lang));
    let (long, short) = (duration(lang, slow.stats.mean_ms), duration(lang, quick.stats.mean_ms));
    let more = change(lang, slow.stats.mean_ms.into(), quick.stats.mean_ms.into());
    let more = more.unwrap_or_else(|| not_applicable(lang).to_owned());
    match lang {
        Lang::It => format!(
            "I contatti più lunghi sono quelli gestiti con «{most}», in media {long}; i più brevi \
             quelli con «{least}», in media {short}. La differenza è {more}."
        ),
        Lang::En => format!(
            "Contacts handled with “{most}” last longest, {long} on average; those with “{least}” \
             least, {short}. The difference is {more}."
        ),
    }
}

fn stats_row(lang: Lang, label: String, stats: Option<DurationStats>) -> Vec<Cell> {
    let mut row = vec![Cell::head(label)];
    let Some(stats) = stats.filter(|stats| 0 < stats.n) else {
        row.push(cells::count(lang, 0));
        row.extend((0..5).map(|_| Cell::text(not_applicable(lang))));
        return row;
    };
    let DurationStats { n, mean_ms, p50_ms, p90_ms, p95_ms, max_ms } = stats;
    row.push(cells::count(lang, n));
    let millis = [mean_ms, p50_ms, p90_ms, p95_ms, max_ms];
    row.extend(millis.map(|millis| cells::duration(lang, millis)));
    row
}

fn stats_table(place: &Place<'_>, (caption, head): (&str, &str), rows: Vec<Vec<Cell>>) -> Table {
    let lang = place.lang;
    let mut columns = vec![Column::text(head, 3.0)];
    let names = [
        say(lang, "Contatti", "Contacts"),
        say(lang, "Media", "Mean"),
        say(lang, "Mediana", "Median"),
        say(lang, "90° perc.", "90th perc."),
        say(lang, "95° perc.", "95th perc."),
        say(lang, "Massimo", "Maximum"),
    ];
    columns.extend(names.map(|name| Column::number(name, 1.7)));
    let id = format!("t-{}", place.id);
    Table { id, caption: caption.to_owned(), columns, rows, style: TableStyle::Plain }
}

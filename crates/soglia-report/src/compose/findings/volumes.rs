//! How many calls came, and when. Read [`hour_profile`] first.

use soglia_domain::text::Lang;

use super::super::{Outline, cells, verdicts::meets};
use super::{Place, figure, nothing, plot};
use crate::chart::trend::{Line, Trend};
use crate::chart::{daily as daily_chart, heat, trend};
use crate::document::{Cell, Column, PlotForm, Table, TableStyle};
use crate::format::{day, integer, month, month_short, say, share, target, weekday, weekday_of};
use crate::model::{DailyVolumes, DayVolume, HourProfile, MonthlyShare, Unit};

/// Days named as peaks.
const PEAKS: usize = 5;

/// Calls by hour × weekday: the busiest two hours, the busiest day, the busiest cell.
pub fn hour_profile(outline: &mut Outline, place: &Place<'_>, profile: &HourProfile) {
    let total: u64 = profile.counts.iter().flatten().sum();
    if total == 0 {
        return nothing(outline);
    }
    let text = concentration(place.lang, profile, total);
    outline.para(&text);
    let (service, period) = (place.service, &place.period);
    let caption = match place.lang {
        Lang::It => {
            format!("{service}: chiamate arrivate per giorno della settimana e ora, {period}")
        }
        Lang::En => format!("{service}: calls arrived by weekday and hour, {period}"),
    };
    let table = hour_table(place, profile, &caption);
    let draw = |id: &str, words: (&str, &str)| heat::draw(place.lang, id, words, profile);
    figure(
        outline,
        place,
        (caption, text),
        draw,
        (table, plot(PlotForm::Heat, &[1, 2, 3, 4, 5, 6, 7])),
    );
}

fn concentration(lang: Lang, profile: &HourProfile, total: u64) -> String {
    let hour_sum = |hour: usize| profile.counts.iter().filter_map(|day| day.get(hour)).sum::<u64>();
    let pairs = (0..23).map(|hour| (hour_sum(hour) + hour_sum(hour + 1), hour));
    let (pair_n, from) = pairs.rev().max_by_key(|(n, _)| *n).unwrap_or_default();
    let days = profile.counts.iter().map(|day| day.iter().sum::<u64>()).enumerate();
    let (busy_day, day_n) = days.rev().max_by_key(|(_, n)| *n).unwrap_or_default();
    let cells = profile.counts.iter().enumerate().rev().flat_map(|(day, hours)| {
        hours.iter().enumerate().rev().map(move |(hour, n)| (*n, day, hour))
    });
    let (cell_n, cell_day, hour) = cells.max_by_key(|(n, ..)| *n).unwrap_or_default();
    let (pair_share, day_share) = (share(lang, pair_n, total), share(lang, day_n, total));
    let (pair_n, day_n) = (integer(lang, pair_n), integer(lang, day_n));
    let (cell_share, cell_n) = (share(lang, cell_n, total), integer(lang, cell_n));
    let (busy_day, cell_day) = (weekday(lang, busy_day), weekday(lang, cell_day));
    let (total, to, next) = (integer(lang, total), from + 2, hour + 1);
    match lang {
        Lang::It => format!(
            "Nella fascia {from}:00–{to}:00 arriva il {pair_share} delle {total} chiamate del \
             periodo ({pair_n}). Il giorno con più chiamate è {busy_day}: {day_n}, pari al \
             {day_share}. L'ora con più chiamate è {cell_day} {hour}:00–{next}:00: {cell_n} nel \
             periodo, pari al {cell_share}."
        ),
        Lang::En => format!(
            "Between {from}:00 and {to}:00 arrive {pair_share} of the {total} calls of the period \
             ({pair_n}). The busiest weekday is {busy_day}: {day_n}, or {day_share}. The busiest \
             hour is {cell_day} {hour}:00–{next}:00: {cell_n} in the period, or {cell_share}."
        ),
    }
}

fn hour_table(place: &Place<'_>, profile: &HourProfile, caption: &str) -> Table {
    let lang = place.lang;
    let (first, last) = heat::hours(profile);
    let total = say(lang, "Totale", "Total");
    let mut columns = vec![Column::text(say(lang, "Ora", "Hour"), 1.4)];
    columns.extend((0..7).map(|idx| Column::number(weekday(lang, idx), 1.5)));
    columns.push(Column::number(total, 1.5));
    let row = |label: String, numbers: Vec<u64>| {
        let sum = numbers.iter().sum();
        let mut row = vec![Cell::head(label)];
        row.extend(numbers.into_iter().chain([sum]).map(|n| cells::count(lang, n)));
        row
    };
    let mut rows: Vec<Vec<Cell>> = (first..=last)
        .map(|hour| {
            let numbers = profile.counts.iter().filter_map(|day| day.get(hour)).copied().collect();
            row(format!("{hour}–{}", hour + 1), numbers)
        })
        .collect();
    let totals = profile.counts.iter().map(|day| day.iter().sum()).collect();
    rows.push(row(total.to_owned(), totals));
    let id = format!("t-{}", place.id);
    Table { id, caption: caption.to_owned(), columns, rows, style: TableStyle::Dense }
}

/// Calls day by day: mean, peaks with their day, days that met the target.
pub fn daily(outline: &mut Outline, place: &Place<'_>, data: &DailyVolumes) {
    let lang = place.lang;
    let open: Vec<&DayVolume> = data.days.iter().filter(|day| 0 < day.n_calls).collect();
    if open.is_empty() {
        return nothing(outline);
    }
    let text = daily_text(lang, data, &open);
    outline.para(&text);
    for noted in &data.days {
        if let Some(note) = &noted.note {
            outline.para(format!("{}: {}", day(lang, noted.date), note.get(lang)));
        }
    }
    let (service, period, code) = (place.service, &place.period, &data.indicator);
    let caption = match lang {
        Lang::It => format!("{service}: chiamate al giorno e {code} giornaliero, {period}"),
        Lang::En => format!("{service}: calls a day and daily {code}, {period}"),
    };
    let table = peaks_table(place, data, open);
    let draw = |id: &str, words: (&str, &str)| daily_chart::draw(lang, id, words, data);
    figure(outline, place, (caption, text), draw, (table, None));
    outline.para(say(
        lang,
        "I valori di tutti i giorni sono nell'allegato «Dati giornalieri».",
        "The values of all days are in the annex “Daily data”.",
    ));
}

fn daily_text(lang: Lang, data: &DailyVolumes, open: &[&DayVolume]) -> String {
    let total: u64 = open.iter().map(|day| day.n_calls).sum();
    let n_days = u64::try_from(open.len()).unwrap_or(u64::MAX).max(1);
    let mean = integer(lang, (total * 2 + n_days) / (n_days * 2));
    let peak = open.iter().rev().max_by_key(|day| day.n_calls);
    let (peak, when) = peak.map_or_else(Default::default, |busiest| {
        let when = format!("{} {}", weekday_of(lang, busiest.date), day(lang, busiest.date));
        (integer(lang, busiest.n_calls), when)
    });
    let total = integer(lang, total);
    let mut text = match lang {
        Lang::It => format!(
            "Giorni con chiamate: {n_days}; chiamate arrivate: {total}, in media {mean} al giorno. \
             Il picco è di {peak} chiamate in un giorno ({when})."
        ),
        Lang::En => format!(
            "Days with calls: {n_days}; calls arrived: {total}, {mean} a day on average. The peak \
             is {peak} calls in one day ({when})."
        ),
    };
    let Some(bound) = &data.target else { return text };
    let judged: Vec<bool> =
        open.iter().filter_map(|day| meets((day.met, day.counted), bound)).collect();
    if !judged.is_empty() {
        let (met, of) = (judged.iter().filter(|met| **met).count(), judged.len());
        let (bound, code) = (target(lang, bound), &data.indicator);
        let more = match lang {
            Lang::It => format!(
                " Il valore giornaliero di {code} raggiunge l'obiettivo ({bound}) in {met} giorni \
                 su {of}."
            ),
            Lang::En => format!(
                " The daily value of {code} reaches the target ({bound}) on {met} of {of} days."
            ),
        };
        text.push_str(&more);
    }
    text
}

fn peaks_table(place: &Place<'_>, data: &DailyVolumes, mut open: Vec<&DayVolume>) -> Table {
    let lang = place.lang;
    open.sort_by(|a, b| b.n_calls.cmp(&a.n_calls).then(a.date.cmp(&b.date)));
    let rows = open.into_iter().take(PEAKS).map(|peak| {
        vec![
            Cell::head(format!("{} {}", weekday_of(lang, peak.date), day(lang, peak.date))),
            cells::count(lang, peak.n_calls),
            cells::share(lang, peak.met, peak.counted),
        ]
    });
    Table {
        id: format!("t-{}", place.id),
        caption: match lang {
            Lang::It => format!("{}: i giorni con più chiamate", place.service),
            Lang::En => format!("{}: the days with most calls", place.service),
        },
        columns: vec![
            Column::text(say(lang, "Giorno", "Day"), 4.0),
            Column::number(say(lang, "Chiamate arrivate", "Calls arrived"), 2.0),
            Column::number(data.indicator.clone(), 2.0),
        ],
        rows: rows.collect(),
        style: TableStyle::Plain,
    }
}

/// An indicator month by month, against its target.
pub fn monthly(outline: &mut Outline, place: &Place<'_>, data: &MonthlyShare) {
    let lang = place.lang;
    let measured: Vec<_> = data.months.iter().filter(|month| 0 < month.counted).collect();
    let (Some(first), Some(last)) = (measured.first(), measured.last()) else {
        return nothing(outline);
    };
    let (code, name) = (&data.indicator, data.name.get(lang));
    let (was, is) = (share(lang, first.met, first.counted), share(lang, last.met, last.counted));
    let (from, to) = (month(lang, first.month), month(lang, last.month));
    let a = say(lang, "a", "in");
    let then = if 1 < measured.len() { format!(", {is} {a} {to}") } else { String::new() };
    let mut text = format!("{code} ({name}): {was} {a} {from}{then}.");
    if let Some(bound) = &data.target {
        let judged: Vec<bool> =
            measured.iter().filter_map(|m| meets((m.met, m.counted), bound)).collect();
        let (met, of) = (judged.iter().filter(|met| **met).count(), judged.len());
        let bound = target(lang, bound);
        let more = match lang {
            Lang::It => format!(" L'obiettivo ({bound}) è raggiunto in {met} mesi su {of}."),
            Lang::En => format!(" The target ({bound}) is reached in {met} of {of} months."),
        };
        text.push_str(&more);
    }
    outline.para(&text);
    let (service, period) = (place.service, &place.period);
    let caption = match lang {
        Lang::It => format!("{service}: {code} mese per mese, {period}"),
        Lang::En => format!("{service}: {code} month by month, {period}"),
    };
    let table = month_table(place, data, &caption);
    let drawing = month_drawing(lang, data);
    let draw = |id: &str, words: (&str, &str)| trend::draw(id, words, &drawing);
    figure(outline, place, (caption, text), draw, (table, plot(PlotForm::Lines, &[3])));
}

fn month_table(place: &Place<'_>, data: &MonthlyShare, caption: &str) -> Table {
    let lang = place.lang;
    let rows = data.months.iter().map(|m| {
        vec![
            Cell::head(month(lang, m.month)),
            cells::count(lang, m.met),
            cells::count(lang, m.counted),
            cells::share(lang, m.met, m.counted),
        ]
    });
    Table {
        id: format!("t-{}", place.id),
        caption: caption.to_owned(),
        columns: vec![
            Column::text(say(lang, "Mese", "Month"), 3.0),
            Column::number(say(lang, "Numeratore", "Numerator"), 2.0),
            Column::number(say(lang, "Denominatore", "Denominator"), 2.0),
            Column::number(data.indicator.clone(), 2.0),
        ],
        rows: rows.collect(),
        style: TableStyle::Plain,
    }
}

fn month_drawing(lang: Lang, data: &MonthlyShare) -> Trend {
    let points = data.months.iter().map(|m| {
        let percent = m.met as f64 / m.counted.max(1) as f64 * 100.0;
        (0 < m.counted).then(|| (percent, share(lang, m.met, m.counted)))
    });
    let percent = data.target.as_ref().filter(|target| target.bound.unit == Unit::Percent);
    let bound = percent.and_then(|bound| {
        let value: f64 = bound.bound.decimal.parse().ok()?;
        Some((value, target(lang, bound)))
    });
    Trend {
        months: data.months.iter().map(|m| month_short(lang, m.month)).collect(),
        lines: vec![Line { name: data.indicator.clone(), points: points.collect() }],
        bound,
    }
}

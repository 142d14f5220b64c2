//! Calls day by day above, the service level of the same days below. Read [`draw`] first.

use jiff::civil::Date;
use soglia_domain::text::Lang;

use super::{AXIS, Anchor, DATA, Drawing, GRID, INK, LABEL, LIMIT, SMALL, WIDTH, nice_step};
use crate::format::{
    day_short, decimal, integer, month_short, say, target as target_text, weekday_of,
};
use crate::model::{DailyVolumes, DayVolume, Unit};

const LEFT: f64 = 52.0;
const RIGHT: f64 = 8.0;
const UPPER: (f64, f64) = (30.0, 170.0);
const LOWER: (f64, f64) = (226.0, 326.0);
const HEIGHT: f64 = 360.0;
const THIN: &str = " stroke-width=\"1\"";

/// Draws the days; a day without calls that count leaves a hole in the line.
pub fn draw(lang: Lang, id: &str, (title, desc): (&str, &str), data: &DailyVolumes) -> String {
    let mut drawing = Drawing::new(HEIGHT);
    let step = (WIDTH - LEFT - RIGHT) / data.days.len().max(1) as f64;
    let above = say(lang, "Chiamate arrivate al giorno", "Calls arrived each day");
    drawing.text((0.0, 14.0), LABEL, above);
    volumes(&mut drawing, lang, &data.days, step);
    let below = match lang {
        Lang::It => format!("{}: quota giornaliera", data.indicator),
        Lang::En => format!("{}: share each day", data.indicator),
    };
    drawing.text((0.0, LOWER.0 - 18.0), LABEL, below);
    months(&mut drawing, lang, &data.days, step);
    levels(&mut drawing, lang, data, step);
    drawing.finish(id, title, desc)
}

fn volumes(drawing: &mut Drawing, lang: Lang, days: &[DayVolume], step: f64) {
    let (top, bottom) = UPPER;
    let highest = days.iter().map(|day| day.n_calls).max().unwrap_or(0);
    let tick = nice_step(highest);
    let full = (tick * highest.div_ceil(tick).max(1)) as f64;
    let height = |n: u64| n as f64 / full * (bottom - top);
    let mut value = 0;
    while value <= highest.div_ceil(tick).max(1) * tick {
        let y = bottom - height(value);
        drawing.line((LEFT, y), (WIDTH - RIGHT, y), GRID, THIN);
        drawing.text((LEFT - 6.0, y + 4.0), SMALL.at(Anchor::End), integer(lang, value));
        value += tick;
    }
    let bar = (step - 0.6).max(0.6);
    for (idx, day) in days.iter().enumerate().filter(|(_, day)| 0 < day.n_calls) {
        let tall = height(day.n_calls);
        let noted = day.note.is_some() || day.n_calls == highest;
        let fill = if noted { INK } else { DATA };
        drawing.rect((LEFT + idx as f64 * step, bottom - tall), (bar, tall), fill, "");
    }
    let peak = days.iter().enumerate().find(|(_, day)| 0 < highest && day.n_calls == highest);
    if let Some((idx, day)) = peak {
        let x = LEFT + (idx as f64 + 0.5) * step;
        let anchor = if x < WIDTH * 0.7 { Anchor::Start } else { Anchor::End };
        let text = format!(
            "{} {}: {}",
            weekday_of(lang, day.date),
            day_short(lang, day.date),
            integer(lang, day.n_calls)
        );
        drawing.text((x, bottom - height(highest) - 4.0), LABEL.at(anchor), text);
    }
}

fn levels(drawing: &mut Drawing, lang: Lang, data: &DailyVolumes, step: f64) {
    let (top, bottom) = LOWER;
    let at = |percent: f64| bottom - percent / 100.0 * (bottom - top);
    for percent in [0.0, 50.0, 100.0] {
        drawing.line((LEFT, at(percent)), (WIDTH - RIGHT, at(percent)), GRID, THIN);
        let style = SMALL.at(Anchor::End);
        drawing.text((LEFT - 6.0, at(percent) + 4.0), style, format!("{percent}%"));
    }
    let mut run: Vec<(f64, f64)> = Vec::new();
    for (idx, day) in data.days.iter().enumerate() {
        if day.counted == 0 {
            // Closed days break the line, except single ones such as Sundays between open days.
            continue;
        }
        let percent = day.met as f64 / day.counted as f64 * 100.0;
        run.push((LEFT + (idx as f64 + 0.5) * step, at(percent)));
    }
    for points in broken(&run, step * 4.5) {
        drawing.path(points, INK, " stroke-width=\"1.4\" stroke-linejoin=\"round\"");
        if let [only] = points {
            drawing.circle(*only, 2.0, INK);
        }
    }
    let bound = data.target.as_ref().filter(|target| target.bound.unit == Unit::Percent);
    let Some((target, value)) = bound.and_then(|t| Some((t, t.bound.decimal.parse().ok()?))) else {
        return;
    };
    let y = at(value);
    let dashed = " stroke-width=\"1.5\" stroke-dasharray=\"6 4\"";
    drawing.line((LEFT, y), (WIDTH - RIGHT, y), LIMIT, dashed);
    let text = format!("{}: {}", say(lang, "obiettivo", "target"), target_text(lang, target));
    let style = LABEL.ink(LIMIT).at(Anchor::End);
    drawing.text((WIDTH - RIGHT, (top - 8.0).min(y - 5.0)), style, decimal(lang, &text));
}

/// Splits points where more than `gap` lies between two of them.
fn broken(points: &[(f64, f64)], gap: f64) -> impl Iterator<Item = &[(f64, f64)]> {
    points.chunk_by(move |(before, _), (after, _)| after - before <= gap)
}

fn months(drawing: &mut Drawing, lang: Lang, days: &[DayVolume], step: f64) {
    let mut shown: Option<Date> = None;
    for (idx, day) in days.iter().enumerate() {
        let first = day.date.first_of_month();
        if shown == Some(first) {
            continue;
        }
        let x = LEFT + idx as f64 * step;
        for (bottom, label) in [(UPPER.1, UPPER.1 + 16.0), (LOWER.1, LOWER.1 + 16.0)] {
            drawing.line((x, bottom), (x, bottom + 5.0), AXIS, THIN);
            drawing.text((x + 3.0, label), SMALL, month_short(lang, day.date));
        }
        shown = Some(first);
    }
    for bottom in [UPPER.1, LOWER.1] {
        drawing.line((LEFT, bottom), (WIDTH - RIGHT, bottom), AXIS, THIN);
    }
}

//! The heat map: weekday × hour, each cell with its number. Read [`draw`] first.

use soglia_domain::text::Lang;

use super::{AXIS, Anchor, Drawing, INK, LABEL, SMALL, WIDTH};
use crate::format::{integer, say, weekday_short};
use crate::model::HourProfile;

const LEFT: f64 = 44.0;
const TOP: f64 = 26.0;
const ROW: f64 = 30.0;
const SHADES: [&str; 6] = ["#ffffff", "#e3ebf3", "#bfd2e5", "#8fb1d3", "#4d7fb3", "#17324d"];

/// Draws the profile; hours without any call at either end are left out.
pub fn draw(lang: Lang, id: &str, (title, desc): (&str, &str), profile: &HourProfile) -> String {
    let (first, last) = hours(profile);
    let n_hours = last + 1 - first;
    let width = (WIDTH - LEFT) / n_hours as f64;
    let highest = profile.counts.iter().flatten().copied().max().unwrap_or(0);
    let mut drawing = Drawing::new(TOP + 7.0 * ROW + 34.0);
    let size = if n_hours <= 14 { 12.0 } else { 9.5 };
    let head = SMALL.at(Anchor::Middle);
    for hour in first..=last {
        let x = LEFT + (hour - first) as f64 * width + width / 2.0;
        let label = match n_hours {
            ..=14 => format!("{hour}–{}", hour + 1),
            _ => hour.to_string(),
        };
        drawing.text((x, TOP - 8.0), head, label);
    }
    for (day, counts) in profile.counts.iter().enumerate() {
        let y = TOP + day as f64 * ROW;
        drawing.text((0.0, y + 20.0), LABEL, weekday_short(lang, day));
        for (hour, n) in counts.iter().enumerate().take(last + 1).skip(first) {
            let x = LEFT + (hour - first) as f64 * width;
            let shade = shade(*n, highest);
            let fill = SHADES.get(shade).copied().unwrap_or("#ffffff");
            drawing.rect((x, y), (width - 2.0, ROW - 2.0), fill, "");
            if 0 < *n {
                let ink = if 4 <= shade { "#ffffff" } else { INK };
                let style = super::Type { size, ..LABEL.ink(ink).at(Anchor::Middle) };
                let text = if n_hours <= 14 { integer(lang, *n) } else { n.to_string() };
                drawing.text((x + width / 2.0 - 1.0, y + 19.0), style, text);
            }
            if *n == highest && 0 < highest {
                let frame = " stroke=\"#a3172f\" stroke-width=\"3\"";
                drawing.rect((x + 1.5, y + 1.5), (width - 5.0, ROW - 5.0), "none", frame);
            }
        }
    }
    legend(&mut drawing, lang, highest);
    drawing.finish(id, title, desc)
}

/// First and last hour with calls; opening hours of an office if there are none.
pub fn hours(profile: &HourProfile) -> (usize, usize) {
    let used = |hour: usize| profile.counts.iter().any(|day| day.get(hour).is_some_and(|n| 0 < *n));
    let first = (0..24).find(|hour| used(*hour)).unwrap_or(8);
    let last = (0..24).rev().find(|hour| used(*hour)).unwrap_or(18);
    (first, last)
}

fn shade(n: u64, highest: u64) -> usize {
    if n == 0 || highest == 0 {
        return 0;
    }
    let fifth = (u128::from(n) * 5).div_ceil(u128::from(highest));
    usize::try_from(fifth).unwrap_or(5).min(5)
}

fn legend(drawing: &mut Drawing, lang: Lang, highest: u64) {
    let y = TOP + 7.0 * ROW + 12.0;
    let fewer = say(lang, "meno chiamate", "fewer calls");
    drawing.text((LEFT + 96.0, y + 11.0), SMALL.at(Anchor::End), fewer);
    let mut x = LEFT + 104.0;
    for fill in SHADES.iter().skip(1) {
        let frame = format!(" stroke=\"{AXIS}\" stroke-width=\"0.5\"");
        drawing.rect((x, y), (26.0, 14.0), fill, &frame);
        x += 28.0;
    }
    drawing.text((x + 6.0, y + 11.0), SMALL, say(lang, "più chiamate", "more calls"));
    if 0 < highest {
        let frame = " stroke=\"#a3172f\" stroke-width=\"3\"";
        drawing.rect((x + 116.5, y + 1.0), (23.0, 12.0), "none", frame);
        let text = say(lang, "ora con più chiamate", "busiest hour");
        drawing.text((x + 148.0, y + 11.0), SMALL, text);
    }
}

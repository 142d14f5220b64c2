//! The distribution of waits, with the contract's limit marked. Read [`draw`] first.

use soglia_domain::text::Lang;

use super::{AXIS, Anchor, DATA, Drawing, INK, LABEL, LIMIT, PALE, SMALL, WIDTH};
use crate::format::{duration, say, share};
use crate::model::{WaitBin, WaitDistribution};

const LEFT: f64 = 4.0;
const TOP: f64 = 52.0;
const BOTTOM: f64 = 220.0;
const HEIGHT: f64 = 262.0;

/// Draws one bar per class; classes beyond the limit are paler and hatched by an outline.
pub fn draw(lang: Lang, id: &str, (title, desc): (&str, &str), data: &WaitDistribution) -> String {
    let mut drawing = Drawing::new(HEIGHT);
    let total: u64 = data.bins.iter().map(|bin| bin.n).sum();
    let highest = data.bins.iter().map(|bin| bin.n).max().unwrap_or(0).max(1) as f64;
    let step = (WIDTH - 2.0 * LEFT) / data.bins.len().max(1) as f64;
    for (idx, bin) in data.bins.iter().enumerate() {
        let x = LEFT + idx as f64 * step;
        let tall = bin.n as f64 / highest * (BOTTOM - TOP - 22.0);
        let (fill, more) = if within(bin, data.limit_ms) {
            (DATA, String::new())
        } else {
            (PALE, format!(" stroke=\"{AXIS}\" stroke-width=\"1\" stroke-dasharray=\"3 2\""))
        };
        drawing.rect((x + 3.0, BOTTOM - tall), (step - 6.0, tall), fill, &more);
        let middle = x + step / 2.0;
        let style = LABEL.at(Anchor::Middle);
        drawing.text((middle, BOTTOM - tall - 5.0), style, share(lang, bin.n, total));
        for (row, text) in class_lines(lang, bin).into_iter().enumerate() {
            let y = BOTTOM + 16.0 + row as f64 * 13.0;
            drawing.text((middle, y), SMALL.at(Anchor::Middle), text);
        }
    }
    drawing.line((LEFT, BOTTOM), (WIDTH - LEFT, BOTTOM), AXIS, " stroke-width=\"1\"");
    limit(&mut drawing, lang, data, (step, total));
    drawing.finish(id, title, desc)
}

/// Whether a class lies within the limit as a whole.
pub fn within(bin: &WaitBin, limit_ms: u64) -> bool {
    bin.to_ms.is_some_and(|to| to <= limit_ms)
}

fn class_lines(lang: Lang, bin: &WaitBin) -> [String; 2] {
    match bin.to_ms {
        Some(to) => [duration(lang, bin.from_ms), format!("– {}", duration(lang, to))],
        None => [say(lang, "oltre", "over").to_owned(), duration(lang, bin.from_ms)],
    }
}

fn limit(drawing: &mut Drawing, lang: Lang, data: &WaitDistribution, (step, total): (f64, u64)) {
    let n_within = data.bins.iter().take_while(|bin| within(bin, data.limit_ms)).count();
    let inside: u64 = data.bins.iter().take(n_within).map(|bin| bin.n).sum();
    let part = match data.bins.get(n_within) {
        Some(WaitBin { from_ms, to_ms: Some(to), .. }) if *from_ms < data.limit_ms => {
            (data.limit_ms - from_ms) as f64 / (to - from_ms).max(1) as f64
        }
        _ => 0.0,
    };
    let x = LEFT + (n_within as f64 + part) * step;
    let dashed = " stroke-width=\"2\" stroke-dasharray=\"6 4\"";
    drawing.line((x, 22.0), (x, BOTTOM + 6.0), LIMIT, dashed);
    let text = format!("{} {}", say(lang, "limite", "limit"), duration(lang, data.limit_ms));
    let anchor = if x < 60.0 { Anchor::Start } else { Anchor::Middle };
    drawing.text((x, 14.0), LABEL.ink(LIMIT).at(anchor), text);
    if 0.0 < part {
        return;
    }
    let shares = [(inside, x - 10.0, Anchor::End), (total - inside, x + 10.0, Anchor::Start)];
    let words = [say(lang, "entro il limite", "within the limit"), say(lang, "oltre", "beyond")];
    for ((n, x, anchor), word) in shares.into_iter().zip(words) {
        let fits = 130.0 < x && x < WIDTH - 90.0;
        if 0 < total && fits {
            let text = format!("{word}: {}", share(lang, n, total));
            drawing.text((x, 36.0), LABEL.ink(INK).at(anchor), text);
        }
    }
}

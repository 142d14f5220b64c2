//! One share under several conditions, as lying bars with a bound. Read [`Bars`] first, then
//! [`draw`].

use super::{AXIS, Anchor, DATA, Drawing, GRID, INK, LABEL, LIMIT, PALE, SMALL, WIDTH};

const LEFT: f64 = 12.0;
const RIGHT: f64 = 96.0;
const TOP: f64 = 26.0;
const STEP: f64 = 42.0;
const BAR: f64 = 14.0;

/// What is drawn.
pub struct Bars {
    /// Bars, from the top.
    pub rows: Vec<Bar>,
    /// The bound: where it lies, in per cent, and what it is called.
    pub bound: Option<(f64, String)>,
}

/// One bar.
pub struct Bar {
    /// What it is, written above it.
    pub name: String,
    /// How long it is, in per cent, and how that is written.
    pub value: (f64, String),
    /// From where to where it may reach, in per cent.
    pub range: Option<(f64, f64)>,
    /// What it is the bar of.
    pub kind: Kind,
}

/// What a bar is of: told apart by its filling and its edge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// What was, or is now: pale with a dashed edge.
    Now,
    /// What would be: full.
    Would,
}

/// Draws the bars on a scale that holds every value, every range and the bound.
pub fn draw(id: &str, (title, desc): (&str, &str), bars: &Bars) -> String {
    let bottom = TOP + STEP * bars.rows.len() as f64;
    let mut drawing = Drawing::new(bottom + 24.0);
    let reach = |bar: &Bar| bar.range.map_or(bar.value.0, |(_, high)| high.max(bar.value.0));
    let bound = bars.bound.as_ref().map_or(0.0, |(value, _)| *value);
    let highest = bars.rows.iter().map(reach).fold(bound, f64::max).clamp(0.5, 100.0);
    let step = step(highest);
    let ceiling = (highest / step).ceil() * step;
    let at = |value: f64| LEFT + value.clamp(0.0, ceiling) / ceiling * (WIDTH - LEFT - RIGHT);
    let mut tick = 0.0;
    while tick <= ceiling + step / 1000.0 {
        drawing.line((at(tick), TOP), (at(tick), bottom), GRID, " stroke-width=\"1\"");
        let text = format!("{tick}%");
        drawing.text((at(tick), bottom + 16.0), SMALL.at(Anchor::Middle), text);
        tick += step;
    }
    for (nth, bar) in bars.rows.iter().enumerate() {
        row(&mut drawing, TOP + STEP * nth as f64, bar, &at);
    }
    drawing.line((LEFT, TOP), (LEFT, bottom), AXIS, " stroke-width=\"1\"");
    if let Some((value, name)) = &bars.bound {
        let dashed = " stroke-width=\"1.5\" stroke-dasharray=\"6 4\"";
        drawing.line((at(*value), TOP - 6.0), (at(*value), bottom), LIMIT, dashed);
        let anchor = if WIDTH / 2.0 < at(*value) { Anchor::End } else { Anchor::Start };
        drawing.text((at(*value), TOP - 10.0), LABEL.ink(LIMIT).at(anchor), name);
    }
    drawing.finish(id, title, desc)
}

fn row(drawing: &mut Drawing, top: f64, bar: &Bar, at: &dyn Fn(f64) -> f64) {
    drawing.text((LEFT + 4.0, top + 15.0), SMALL.ink(INK), &bar.name);
    let (y, right) = (top + 20.0, at(bar.value.0));
    let width = (right - LEFT).max(0.5);
    match bar.kind {
        Kind::Now => {
            let edge = format!(" stroke=\"{DATA}\" stroke-dasharray=\"3 2\"");
            drawing.rect((LEFT, y), (width, BAR), PALE, &edge);
        }
        Kind::Would => drawing.rect((LEFT, y), (width, BAR), DATA, ""),
    }
    let mut label = right;
    if let Some((low, high)) = bar.range {
        let (low, high, middle) = (at(low), at(high), y + BAR / 2.0);
        drawing.line((low, middle), (high, middle), INK, " stroke-width=\"1.5\"");
        for x in [low, high] {
            drawing.line((x, middle - 4.0), (x, middle + 4.0), INK, " stroke-width=\"1.5\"");
        }
        label = label.max(high);
    }
    drawing.text((label + 6.0, y + 11.5), LABEL, &bar.value.1);
}

/// A round step, so that about five of them reach a value.
fn step(highest: f64) -> f64 {
    let steps = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0];
    steps.into_iter().find(|step| highest <= step * 5.0).unwrap_or(20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_values_and_the_bound_is_named() {
        let bar = |value: f64, kind| Bar {
            name: "oggi".to_owned(),
            value: (value, format!("{value}%")),
            range: Some((value - 1.0, value + 1.0)),
            kind,
        };
        let rows = vec![bar(40.0, Kind::Now), bar(80.0, Kind::Would)];
        let svg = draw("x", ("t", "d"), &Bars { rows, bound: Some((95.0, "95%".to_owned())) });
        let width = WIDTH - LEFT - RIGHT;
        for share in [0.4, 0.8] {
            assert!(svg.contains(&format!("width=\"{:.1}\"", share * width)), "{svg}");
        }
        assert!(svg.contains("stroke-dasharray=\"6 4\"") && svg.contains(">95%<"), "{svg}");
    }

    #[test]
    fn nothing_and_everything_can_be_drawn() {
        for value in [0.0, 0.001, 100.0] {
            let value = (value, "x".to_owned());
            let one = Bar { name: String::new(), value, range: None, kind: Kind::Would };
            let svg = draw("x", ("t", "d"), &Bars { rows: vec![one], bound: None });
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
        assert!((step(0.5) - 0.1).abs() < 1e-9 && (step(100.0) - 20.0).abs() < 1e-9);
    }
}

//! Lines month by month, with a bound. Read [`Trend`] first, then [`draw`].

use super::{AXIS, Anchor, DATA, Drawing, GRID, INK, LABEL, LIMIT, SMALL, Type, WIDTH};

const LEFT: f64 = 12.0;
const RIGHT: f64 = 118.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 196.0;
const HEIGHT: f64 = 226.0;

/// What is drawn.
pub struct Trend {
    /// Names of the months.
    pub months: Vec<String>,
    /// At most two lines: the first with full marks, the second with hollow ones.
    pub lines: Vec<Line>,
    /// The bound: where it lies and what it is called.
    pub bound: Option<(f64, String)>,
}

/// One line.
pub struct Line {
    /// Its name, written at its end.
    pub name: String,
    /// One value per month and how it is written; a hole where there is none.
    pub points: Vec<Option<(f64, String)>>,
}

/// Draws the lines; the scale holds every value and the bound.
pub fn draw(id: &str, (title, desc): (&str, &str), trend: &Trend) -> String {
    let mut drawing = Drawing::new(HEIGHT);
    let values = trend.lines.iter().flat_map(|line| line.points.iter().flatten());
    let all = values.map(|(value, _)| *value).chain(trend.bound.as_ref().map(|(value, _)| *value));
    let (low, high) = all.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
    let spread = (high - low).max(high.abs() * 0.02).max(0.001);
    let (floor, ceiling) = ((low - spread * 0.25).max(0.0), high + spread * 0.25);
    let at = |value: f64| BOTTOM - (value - floor) / (ceiling - floor) * (BOTTOM - TOP);
    let step = (WIDTH - LEFT - RIGHT) / trend.months.len().max(1) as f64;
    for (idx, month) in trend.months.iter().enumerate() {
        let x = LEFT + (idx as f64 + 0.5) * step;
        drawing.line((x, TOP - 6.0), (x, BOTTOM), GRID, " stroke-width=\"1\"");
        if idx.is_multiple_of(trend.months.len().div_ceil(12).max(1)) {
            drawing.text((x, BOTTOM + 18.0), SMALL.at(Anchor::Middle), month);
        }
    }
    drawing.line((LEFT, BOTTOM), (WIDTH - RIGHT, BOTTOM), AXIS, " stroke-width=\"1\"");
    if let Some((value, name)) = &trend.bound {
        let (y, dashed) = (at(*value), " stroke-width=\"1.5\" stroke-dasharray=\"6 4\"");
        drawing.line((LEFT, y), (WIDTH - RIGHT, y), LIMIT, dashed);
        drawing.text((WIDTH - RIGHT + 6.0, y + 4.0), LABEL.ink(LIMIT), name);
    }
    let taken = trend.bound.as_ref().map(|(value, _)| at(*value));
    for (nth, line) in trend.lines.iter().enumerate() {
        line_of(&mut drawing, nth, line, &|idx| LEFT + (idx as f64 + 0.5) * step, &at, taken);
    }
    drawing.finish(id, title, desc)
}

fn line_of(
    drawing: &mut Drawing,
    nth: usize,
    line: &Line,
    x_of: &dyn Fn(usize) -> f64,
    y_of: &dyn Fn(f64) -> f64,
    taken: Option<f64>,
) {
    let stroke = if nth == 0 { DATA } else { INK };
    let points: Vec<(usize, f64, &str)> = line
        .points
        .iter()
        .enumerate()
        .filter_map(|(idx, point)| point.as_ref().map(|(v, label)| (idx, y_of(*v), label.as_str())))
        .collect();
    for run in points.chunk_by(|before, after| before.0 + 1 == after.0) {
        let run: Vec<(f64, f64)> = run.iter().map(|(idx, y, _)| (x_of(*idx), *y)).collect();
        drawing.path(&run, stroke, " stroke-width=\"2\" stroke-linejoin=\"round\"");
    }
    let dense = 14 < line.points.len();
    for (nth_point, (idx, y, label)) in points.iter().enumerate() {
        let point = (x_of(*idx), *y);
        if nth == 0 {
            drawing.circle(point, 4.0, stroke);
        } else {
            drawing.diamond(point, 4.5, stroke);
        }
        // A label stands where neither the line nor the bound is: below a valley, or below a mark
        // that the bound passes closely above.
        let beside = [nth_point.checked_sub(1), Some(nth_point + 1)];
        let mut beside = beside.into_iter().flatten().filter_map(|at| points.get(at));
        let valley = beside.all(|(_, other, _)| other + 8.0 < *y) && 1 < points.len();
        let below = match taken {
            Some(taken) if (taken - y).abs() < 26.0 => taken <= *y,
            _ => valley,
        };
        let y = if below { y + 19.0 } else { y - 9.0 };
        if !dense {
            let style = Type { size: 11.5, ..LABEL.at(Anchor::Middle) };
            drawing.text((point.0, y), style, label);
        }
    }
    if let Some((_, y, _)) = points.last() {
        let clear = match taken {
            Some(taken) if (taken - y).abs() < 14.0 && taken <= *y => taken + 14.0,
            Some(taken) if (taken - y).abs() < 14.0 => taken - 14.0,
            _ => *y,
        };
        let style = LABEL.ink(stroke);
        drawing.text((WIDTH - RIGHT + 6.0, clear + 4.0), style, &line.name);
    }
}

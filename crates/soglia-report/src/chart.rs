//! Charts as SVG text, made here so that the HTML and the PDF show the same drawing. Read
//! [`Drawing`] first, then one module per chart.
//!
//! Every drawing is an image with a title and a description, labels its data directly and tells
//! things apart by shape, dash or words as well as by colour.

pub mod bars;
pub mod daily;
pub mod heat;
pub mod trend;
pub mod waits;

use std::fmt::{Display, Write};

/// Dark blue of lines and text of importance.
pub const INK: &str = "#17324d";
/// Grey of axes.
pub const AXIS: &str = "#5c6f82";
/// Pale grey of grids.
pub const GRID: &str = "#dfe4e9";
/// Blue of the data.
pub const DATA: &str = "#3a6ea5";
/// Pale blue of data that did not meet the limit.
pub const PALE: &str = "#c5d3e2";
/// Dark red of limits and targets.
pub const LIMIT: &str = "#a3172f";
/// Width of every drawing: it fills the text column.
pub const WIDTH: f64 = 680.0;

/// A drawing under construction.
pub struct Drawing {
    height: f64,
    body: String,
}

/// Where a text hangs from its point.
#[derive(Clone, Copy)]
pub enum Anchor {
    /// Begins there.
    Start,
    /// Is centred there.
    Middle,
    /// Ends there.
    End,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub struct Type {
    /// Size in drawing units.
    pub size: f64,
    /// Colour.
    pub fill: &'static str,
    /// Weight: 400 or 600.
    pub weight: u16,
    /// Where it hangs.
    pub anchor: Anchor,
}

/// Text of axes and remarks.
pub const SMALL: Type = Type { size: 11.5, fill: AXIS, weight: 400, anchor: Anchor::Start };
/// Text of values.
pub const LABEL: Type = Type { size: 12.0, fill: INK, weight: 600, anchor: Anchor::Start };

impl Type {
    /// The same, hanging otherwise.
    #[must_use]
    pub const fn at(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    /// The same in another colour.
    #[must_use]
    pub const fn ink(self, fill: &'static str) -> Self {
        Self { fill, ..self }
    }
}

impl Drawing {
    /// Begins a drawing.
    pub const fn new(height: f64) -> Self {
        Self { height, body: String::new() }
    }

    /// Draws a rectangle; `more` holds further attributes.
    pub fn rect(&mut self, (x, y): (f64, f64), (w, h): (f64, f64), fill: &str, more: &str) {
        self.add(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" \
             fill=\"{fill}\"{more}/>"
        ));
    }

    /// Draws a line; `more` holds further attributes.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str, more: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.add(format_args!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" \
             stroke=\"{stroke}\"{more}/>"
        ));
    }

    /// Draws a line through points.
    pub fn path(&mut self, points: &[(f64, f64)], stroke: &str, more: &str) {
        let mut d = String::new();
        for (idx, (x, y)) in points.iter().enumerate() {
            let command = if idx == 0 { 'M' } else { 'L' };
            write!(d, "{command}{x:.1} {y:.1}").expect("writing to a string cannot fail");
        }
        self.add(format_args!("<path d=\"{d}\" fill=\"none\" stroke=\"{stroke}\"{more}/>"));
    }

    /// Draws a mark: a filled circle.
    pub fn circle(&mut self, (x, y): (f64, f64), r: f64, fill: &str) {
        self.add(format_args!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r:.1}\" fill=\"{fill}\"/>"
        ));
    }

    /// Draws a mark: a hollow diamond.
    pub fn diamond(&mut self, (x, y): (f64, f64), r: f64, stroke: &str) {
        let (top, right, bottom, left) = (y - r, x + r, y + r, x - r);
        self.add(format_args!(
            "<path d=\"M{x:.1} {top:.1}L{right:.1} {y:.1}L{x:.1} {bottom:.1}L{left:.1} {y:.1}Z\" \
             fill=\"#ffffff\" stroke=\"{stroke}\" stroke-width=\"2\"/>"
        ));
    }

    /// Writes a text.
    pub fn text(&mut self, (x, y): (f64, f64), style: Type, text: impl Display) {
        let Type { size, fill, weight, anchor } = style;
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(&text.to_string());
        self.add(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" font-weight=\"{weight}\" \
             fill=\"{fill}\" text-anchor=\"{anchor}\">{text}</text>"
        ));
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        writeln!(self.body, "{element}").expect("writing to a string cannot fail");
    }

    /// Ends the drawing, with what it is and what it shows.
    pub fn finish(self, id: &str, title: &str, desc: &str) -> String {
        let Self { height, body } = self;
        let (title, desc) = (escape(title), escape(desc));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
             aria-labelledby=\"{id}-t {id}-d\" \
             font-family=\"'Titillium Web', 'DejaVu Sans', Arial, sans-serif\">\n\
             <title id=\"{id}-t\">{title}</title>\n<desc id=\"{id}-d\">{desc}</desc>\n\
             {body}</svg>\n"
        )
    }
}

/// A step between 1, 2 and 5 times a power of ten, so that about four of them reach `max`.
pub fn nice_step(max: u64) -> u64 {
    let mut step = 1;
    loop {
        for factor in [1, 2, 5] {
            let candidate: u64 = step * factor;
            if max <= candidate.saturating_mul(4) {
                return candidate;
            }
        }
        step = step.saturating_mul(10);
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_says_what_it_is_and_keeps_marks_out_of_its_text() {
        let mut drawing = Drawing::new(10.0);
        drawing.text((0.0, 1.0), SMALL, "a < b & \"c\"");
        let svg = drawing.finish("x", "T & t", "<d>");
        assert!(svg.contains("role=\"img\" aria-labelledby=\"x-t x-d\""), "{svg}");
        assert!(svg.contains("<title id=\"x-t\">T &amp; t</title>"), "{svg}");
        assert!(svg.contains("<desc id=\"x-d\">&lt;d&gt;</desc>"), "{svg}");
        assert!(svg.contains(">a &lt; b &amp; &quot;c&quot;</text>"), "{svg}");
    }

    #[test]
    fn steps_are_round() {
        for (max, step) in
            [(0, 1), (4, 1), (5, 2), (40, 10), (41, 20), (1_200, 500), (6_100, 2_000)]
        {
            assert_eq!(nice_step(max), step, "{max}");
        }
        assert!(u64::MAX / 4 <= nice_step(u64::MAX));
    }
}

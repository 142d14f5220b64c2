//! The document as one accessible HTML file. Read [`render`] first, then the template.
//!
//! The file needs nothing else: styles, drawings and fonts stand inside it, there is no script.

use askama::Template;

use crate::document::{
    Align, Block, Cell, CellRole, Document, Page, Section, Table, TableStyle, Tone,
};
use crate::error::ReportError;
use crate::fonts;
use crate::template::{Emblem, LogoFormat};

/// Writes the document as one HTML file.
pub fn render(document: &Document) -> Result<String, ReportError> {
    Ok(ReportPage { document, font_faces: font_faces() }.render()?)
}

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    document: &'a Document,
    font_faces: String,
}

impl ReportPage<'_> {
    /// The element of a section's heading: the document's title is the only `h1`.
    fn heading(section: &Section) -> u8 {
        (section.level + 1).min(6)
    }

    fn lying(section: &Section) -> &'static str {
        match section.page {
            Page::Portrait => "",
            Page::Landscape => "landscape",
        }
    }
}

/// Class names; askama reaches them through the values of the document.
impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Neutral => "neutral",
            Self::Attention => "attention",
        }
    }
}

impl Table {
    const fn class(&self) -> &'static str {
        match self.style {
            TableStyle::Plain => "plain",
            TableStyle::Dense | TableStyle::Calendar => "plain dense",
            TableStyle::Sheet => "sheet",
            TableStyle::Card => "card",
        }
    }

    /// Few columns always fit; more may need to scroll on a small screen.
    fn is_wide(&self) -> bool {
        3 < self.columns.len()
    }

    fn has_head(&self) -> bool {
        self.style != TableStyle::Card
    }

    fn align(&self, column: usize) -> &'static str {
        match self.columns.get(column).map(|column| column.align) {
            Some(Align::End) => "num",
            _ => "",
        }
    }
}

impl Cell {
    fn is_row_header(&self) -> bool {
        self.role == CellRole::RowHeader
    }

    fn class(&self) -> &'static str {
        match self.role {
            CellRole::Code => "code",
            CellRole::Data | CellRole::RowHeader => "",
        }
    }
}

impl Emblem {
    /// The logo as an address that holds it; an SVG there runs no script.
    fn address(&self) -> String {
        let media = match self.format {
            LogoFormat::Svg => "image/svg+xml",
            LogoFormat::Png => "image/png",
        };
        format!("data:{media};base64,{}", base64(&self.bytes))
    }
}

fn font_faces() -> String {
    let face = |(weight, bytes): &(&str, &[u8])| {
        format!(
            "@font-face{{font-family:\"Titillium Web\";font-style:normal;font-weight:{weight};\
             src:url(data:font/woff2;base64,{}) format(\"woff2\")}}\n",
            base64(bytes)
        )
    };
    fonts::WEB.iter().map(face).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = 0_usize;
        for idx in 0..3 {
            group = group << 8 | usize::from(chunk.get(idx).copied().unwrap_or(0));
        }
        for idx in 0..4 {
            let digit = DIGITS.get(group >> (18 - 6 * idx) & 63).copied().unwrap_or(b'=');
            out.push(if idx <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads_the_last_group() {
        for (text, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}

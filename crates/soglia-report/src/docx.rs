//! The document for an office: WordprocessingML with styles, a table of contents, repeated header
//! rows, captions with numbers, descriptions of figures and the document's language. Read
//! [`render`] first, then [`body`].
//!
//! It is written here, not by a library, because none of those that exist writes repeated header
//! rows and descriptions.

mod body;
mod fixed;
mod table;
mod xml;

use std::io::{Cursor, Write};

use jiff::Timestamp;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use self::body::Body;
use self::xml::escape;
use crate::document::Document;
use crate::error::ReportError;
use crate::fonts;

/// Weights of the document's type that a file carries: regular, italic, bold.
const EMBEDDED: [(usize, &str, &str); 3] = [
    (0, "embedRegular", "{5A3C1F00-7E2B-4C19-9D41-0B6E8F2A1C01}"),
    (3, "embedBold", "{5A3C1F00-7E2B-4C19-9D41-0B6E8F2A1C02}"),
    (1, "embedItalic", "{5A3C1F00-7E2B-4C19-9D41-0B6E8F2A1C03}"),
];

/// Writes the document; `written` is its date of creation.
pub fn render(document: &Document, written: Timestamp) -> Result<Vec<u8>, ReportError> {
    let body = Body::of(document)?;
    let mut package = Package::new();
    package.text("[Content_Types].xml", &fixed::content_types())?;
    package.text("_rels/.rels", fixed::RELS)?;
    package.text("docProps/core.xml", &core(document, written))?;
    package.text("docProps/app.xml", fixed::APP)?;
    package.text("word/document.xml", &body.xml)?;
    package.text("word/styles.xml", &fixed::styles(document))?;
    package.text("word/numbering.xml", fixed::NUMBERING)?;
    package.text("word/settings.xml", &fixed::settings(document))?;
    package.text("word/header1.xml", &header(document))?;
    package.text("word/header2.xml", fixed::EMPTY_HEADER)?;
    package.text("word/footer1.xml", &footer(document))?;
    package.text("word/_rels/document.xml.rels", &fixed::document_rels(&body.pictures))?;
    let fonts = embedded();
    package.text("word/fontTable.xml", &fixed::font_table(&fonts))?;
    package.text("word/_rels/fontTable.xml.rels", &fixed::font_rels(&fonts))?;
    for font in &fonts {
        package.file(&format!("word/fonts/{}", font.file), &font.bytes)?;
    }
    for (name, bytes) in &body.pictures {
        package.file(&format!("word/media/{name}"), bytes)?;
    }
    package.finish()
}

/// A weight of the document's type inside the file.
struct Embedded {
    file: String,
    element: &'static str,
    key: &'static str,
    bytes: Vec<u8>,
}

/// The licence of the type allows it to travel with documents; the format wants its first bytes
/// mixed with the key that stands beside.
fn embedded() -> Vec<Embedded> {
    let weights = EMBEDDED.into_iter().zip(1..);
    let fonts = weights.filter_map(|((at, element, key), nth)| {
        let mut bytes = fonts::DESKTOP.get(at)?.to_vec();
        let digits: Vec<u8> = key.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let mask: Vec<u8> = digits.chunks(2).rev().filter_map(pair).collect();
        for (byte, mask) in bytes.iter_mut().take(32).zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
        Some(Embedded { file: format!("font{nth}.odttf"), element, key, bytes })
    });
    fonts.collect()
}

/// The files of the document, packed in the order given.
struct Package {
    zip: ZipWriter<Cursor<Vec<u8>>>,
}

impl Package {
    fn new() -> Self {
        Self { zip: ZipWriter::new(Cursor::new(Vec::new())) }
    }

    fn text(&mut self, name: &str, text: &str) -> Result<(), ReportError> {
        self.file(name, text.as_bytes())
    }

    /// Every file has the same date, so that the same document gives the same bytes.
    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), ReportError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default());
        self.zip.start_file(name, options)?;
        Ok(self.zip.write_all(bytes)?)
    }

    fn finish(self) -> Result<Vec<u8>, ReportError> {
        Ok(self.zip.finish()?.into_inner())
    }
}

fn core(document: &Document, written: Timestamp) -> String {
    let title = escape(&document.title);
    let (author, subject) = (escape(&document.cover.authority), escape(&document.cover.contract));
    let date = written.strftime("%Y-%m-%dT%H:%M:%SZ");
    format!(
        "{}<cp:coreProperties \
         xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:title>{title}</dc:title>\
         <dc:subject>{subject}</dc:subject><dc:creator>{author}</dc:creator>\
         <cp:lastModifiedBy>Soglia</cp:lastModifiedBy>\
         <dcterms:created xsi:type=\"dcterms:W3CDTF\">{date}</dcterms:created>\
         <dcterms:modified xsi:type=\"dcterms:W3CDTF\">{date}</dcterms:modified>\
         <dc:language>{}</dc:language></cp:coreProperties>",
        fixed::XML,
        fixed::tag(document),
    )
}

fn header(document: &Document) -> String {
    format!(
        "{}<w:hdr {}><w:p><w:pPr><w:pStyle w:val=\"Header\"/></w:pPr><w:r>\
         <w:t xml:space=\"preserve\">{}</w:t></w:r></w:p></w:hdr>",
        fixed::XML,
        fixed::SPACES,
        escape(&document.running_head),
    )
}

fn footer(document: &Document) -> String {
    let field = |code: &str| {
        format!(
            "<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText \
             xml:space=\"preserve\"> {code} </w:instrText></w:r><w:r><w:fldChar \
             w:fldCharType=\"separate\"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar \
             w:fldCharType=\"end\"/></w:r>"
        )
    };
    let text =
        |text: &str| format!("<w:r><w:t xml:space=\"preserve\">{}</w:t></w:r>", escape(text));
    let lines = document.notice.iter().chain(&document.footer);
    let lines: Vec<String> = lines
        .map(|line| format!("<w:p><w:pPr><w:pStyle w:val=\"Footer\"/></w:pPr>{}</w:p>", text(line)))
        .collect();
    let words = &document.words;
    format!(
        "{}<w:ftr {}>{}<w:p><w:pPr><w:pStyle w:val=\"Footer\"/><w:jc w:val=\"right\"/></w:pPr>{}{}\
         {}{}</w:p></w:ftr>",
        fixed::XML,
        fixed::SPACES,
        lines.concat(),
        text(&format!("{} ", words.page)),
        field("PAGE"),
        text(&format!(" {} ", words.of)),
        field("NUMPAGES"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_are_mixed_with_their_key_and_back() {
        for font in embedded() {
            assert_eq!(font.key.len(), 38);
            // Undone, the file begins as TrueType files do.
            let last = font.key.get(35..37).and_then(|pair| u8::from_str_radix(pair, 16).ok());
            let first = font.bytes.first().zip(last).map(|(byte, mask)| byte ^ mask);
            assert_eq!(first, Some(0), "{}", font.file);
        }
    }
}

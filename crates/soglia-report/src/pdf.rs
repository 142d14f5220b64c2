//! The document as a PDF that can be archived and read aloud. Read [`render`] first.
//!
//! Typst runs as a library on virtual files only: the template, the document as `/data.json` and
//! the drawings. PDF/A-2a and PDF/UA-1 are requested together, and the export refuses a document
//! that does not conform (a figure without its description, a glyph that no font has).

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Feature, Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::document::{Block, Document};
use crate::error::ReportError;
use crate::fonts;
use crate::open_data;
use crate::template::LogoFormat;

const TEMPLATE: &str = include_str!("../templates/report.typ");

/// Compilations after which the typesetter forgets what it kept for reuse.
const CACHE_AGE_MAX: usize = 4;

/// Which PDF is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// PDF/A-2a and PDF/UA-1.
    Plain,
    /// PDF/A-3a and PDF/UA-1, with the datasets as attached files.
    WithData,
}

impl Profile {
    const fn archival(self) -> PdfStandard {
        match self {
            Self::Plain => PdfStandard::A_2a,
            Self::WithData => PdfStandard::A_3a,
        }
    }

    /// The profile in the document's identifier: two files of one report are two documents.
    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "A-2a",
            Self::WithData => "A-3a",
        }
    }
}

/// Writes the document as a PDF.
///
/// `written` is the date in the document's properties; the same input and date give the same bytes.
pub fn render(
    document: &Document,
    profile: Profile,
    written: Timestamp,
) -> Result<Vec<u8>, ReportError> {
    let bytes = typeset(document, profile, written);
    typst::comemo::evict(CACHE_AGE_MAX);
    bytes
}

fn typeset(
    document: &Document,
    profile: Profile,
    written: Timestamp,
) -> Result<Vec<u8>, ReportError> {
    let world = Desk::new(document, profile)?;
    let pages: PagedDocument = typst::compile(&world).output.map_err(|all| refused(&all))?;
    let standards = PdfStandards::new(&[profile.archival(), PdfStandard::Ua_1])
        .map_err(|error| ReportError::Pdf(error.message().to_string()))?;
    let options = PdfOptions {
        ident: Smart::Custom(format!("{} {} {}", document.title, document.lang, profile.name())),
        creator: Smart::Custom(Some("Soglia".to_owned())),
        timestamp: Some(date_of(written)?),
        standards,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&pages, &options).map_err(|all| refused(&all))
}

fn refused(diagnostics: &[SourceDiagnostic]) -> ReportError {
    let lines = diagnostics.iter().map(|diagnostic| {
        let hints = diagnostic.hints.iter().map(|hint| format!(" ({})", hint.v));
        format!("{}{}", diagnostic.message, hints.collect::<String>())
    });
    ReportError::Pdf(lines.collect::<Vec<_>>().join("; "))
}

fn date_of(written: Timestamp) -> Result<typst_pdf::Timestamp, ReportError> {
    let zoned: Zoned = written.to_zoned(TimeZone::UTC);
    let part = |value: i8| u8::try_from(value).unwrap_or_default();
    (1 <= zoned.year())
        .then(|| {
            Datetime::from_ymd_hms(
                zoned.year().into(),
                part(zoned.month()),
                part(zoned.day()),
                part(zoned.hour()),
                part(zoned.minute()),
                part(zoned.second()),
            )
        })
        .flatten()
        .map(typst_pdf::Timestamp::new_utc)
        .ok_or(ReportError::Timestamp(written))
}

/// A file inside the PDF.
#[derive(serde::Serialize)]
struct Attached<'a> {
    name: String,
    about: &'a str,
}

/// What the typesetter may see: nothing of the machine it runs on.
struct Desk {
    main: Source,
    files: HashMap<FileId, Bytes>,
}

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| {
    let features = [Feature::A11yExtras].into_iter().collect();
    LazyHash::new(Library::builder().with_features(features).build())
});

static FONTS: LazyLock<Vec<Font>> = LazyLock::new(|| {
    let own = fonts::DESKTOP.iter().copied();
    own.chain(typst_assets::fonts()).flat_map(|data| Font::iter(Bytes::new(data))).collect()
});

static BOOK: LazyLock<LazyHash<FontBook>> =
    LazyLock::new(|| LazyHash::new(FontBook::from_fonts(FONTS.iter())));

impl Desk {
    fn new(document: &Document, profile: Profile) -> Result<Self, ReportError> {
        let data = printable(&serde_json::to_string(document)?);
        let mut files = HashMap::from([(file("/data.json"), Bytes::from_string(data))]);
        let mut attached = Vec::new();
        if profile == Profile::WithData {
            for dataset in document.datasets.iter().filter(|dataset| !dataset.rows.is_empty()) {
                let name = format!("{}.csv", dataset.code);
                let csv = Bytes::from_string(open_data::csv(dataset));
                files.insert(file(&format!("/data/{name}")), csv);
                attached.push(Attached { name, about: &dataset.title });
            }
        }
        let attached = printable(&serde_json::to_string(&attached)?);
        files.insert(file("/attached.json"), Bytes::from_string(attached));
        if let Some(logo) = &document.look.logo {
            let path = match logo.format {
                LogoFormat::Svg => "/logo.svg",
                LogoFormat::Png => "/logo.png",
            };
            files.insert(file(path), Bytes::new(logo.bytes.clone()));
        }
        let blocks = document.sections.iter().flat_map(|section| &section.blocks);
        for block in blocks {
            if let Block::Figure(figure) = block {
                let path = format!("/charts/{}.svg", figure.id);
                files.insert(file(&path), Bytes::from_string(printable(&figure.svg)));
            }
        }
        Ok(Self { main: Source::new(file("/report.typ"), TEMPLATE.to_owned()), files })
    }
}

fn file(path: &str) -> FileId {
    let path = VirtualPath::new(path).expect("paths are made here of letters, digits and hyphens");
    FileId::new(RootedPath::new(VirtualRoot::Project, path))
}

/// Characters that no font has are written as their number: an archival PDF may not hide them.
fn printable(text: &str) -> String {
    let known = |c: char| {
        c.is_whitespace() || FONTS.iter().any(|font| font.info().coverage.contains(c.into()))
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' '..='~' => out.push(c),
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2060}'..='\u{2064}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' => {}
            c if known(c) => out.push(c),
            c => {
                let number = format!("[U+{:04X}]", u32::from(c));
                out.push_str(&number);
            }
        }
    }
    out
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &BOOK
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(&id).cloned().ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONTS.get(index).cloned()
    }

    /// The date is the caller's, see [`render`].
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_font_has_is_spelled_out() {
        assert_eq!(printable("perché è così – «sì»"), "perché è così – «sì»");
        assert_eq!(printable("a\u{200b}b \u{1f600} ≤"), "ab [U+1F600] ≤");
    }
}

//! A report in one language and one body's look, ready to be written in any [`Format`].
//! Read [`Edition`] first.

use jiff::Timestamp;
use soglia_domain::text::Lang;

use crate::document::Document;
use crate::error::ReportError;
use crate::model::ReportInput;
use crate::open_data::{DataFile, open_data};
use crate::pdf::Profile;
use crate::template::Template;
use crate::{compose, docx, html, json, pdf, xlsx};

/// A composed report; every format is written from this one document.
#[derive(Clone, Debug)]
pub struct Edition<'a> {
    input: &'a ReportInput,
    template: &'a Template,
    document: Document,
    written: Timestamp,
}

/// A format of the documents.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Format {
    /// One accessible HTML file.
    Html,
    /// PDF/A-2a and PDF/UA-1.
    Pdf,
    /// PDF/A-3a and PDF/UA-1, with the data inside.
    PdfA3,
    /// For offices to edit.
    Docx,
    /// Tables and charts.
    Xlsx,
    /// For programs.
    Json,
    /// CSV files fit to be published, and their catalogue: a folder.
    OpenData,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 7] =
        [Self::Html, Self::Pdf, Self::PdfA3, Self::Docx, Self::Xlsx, Self::Json, Self::OpenData];

    /// The name in commands and addresses.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::PdfA3 => "pdf-a3",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
            Self::OpenData => "opendata",
        }
    }

    /// Finds a format by that name.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.code() == code)
    }

    /// The media type of its files; that of the CSV files for open data.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Pdf | Self::PdfA3 => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Json => "application/json",
            Self::OpenData => "text/csv; charset=utf-8",
        }
    }
}

impl<'a> Edition<'a> {
    /// Composes a report. `written` is the date in the documents' properties: the same input and
    /// date give the same bytes.
    pub fn new(
        input: &'a ReportInput,
        lang: Lang,
        template: &'a Template,
        written: Timestamp,
    ) -> Result<Self, ReportError> {
        let document = compose::document(input, lang, template)?;
        Ok(Self { input, template, document, written })
    }

    /// The files of a format, named after the report; open data stand in a folder of their own.
    pub fn files(&self, format: Format, stem: &str) -> Result<Vec<DataFile>, ReportError> {
        let one =
            |ending: &str, bytes| Ok(vec![DataFile { name: format!("{stem}{ending}"), bytes }]);
        match format {
            Format::Html => one(".html", self.html()?.into_bytes()),
            Format::Pdf => one(".pdf", self.pdf()?),
            Format::PdfA3 => one("-a3.pdf", self.pdf_with_data()?),
            Format::Docx => one(".docx", self.docx()?),
            Format::Xlsx => one(".xlsx", self.xlsx()?),
            Format::Json => one(".json", self.json()?.into_bytes()),
            Format::OpenData => {
                let folder = |file: DataFile| DataFile {
                    name: format!("{stem}-opendata/{}", file.name),
                    bytes: file.bytes,
                };
                Ok(self.open_data().into_iter().map(folder).collect())
            }
        }
    }

    /// The composed document.
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// One accessible HTML file.
    pub fn html(&self) -> Result<String, ReportError> {
        html::render(&self.document)
    }

    /// A PDF of the profiles PDF/A-2a and PDF/UA-1.
    pub fn pdf(&self) -> Result<Vec<u8>, ReportError> {
        pdf::render(&self.document, Profile::Plain, self.written)
    }

    /// A PDF of the profiles PDF/A-3a and PDF/UA-1, with the datasets inside.
    pub fn pdf_with_data(&self) -> Result<Vec<u8>, ReportError> {
        pdf::render(&self.document, Profile::WithData, self.written)
    }

    /// A document that offices can edit.
    pub fn docx(&self) -> Result<Vec<u8>, ReportError> {
        docx::render(&self.document, self.written)
    }

    /// A workbook: one table a sheet, with charts.
    pub fn xlsx(&self) -> Result<Vec<u8>, ReportError> {
        xlsx::render(&self.document, self.written)
    }

    /// The document and its figures for programs.
    pub fn json(&self) -> Result<String, ReportError> {
        json::json(&self.document)
    }

    /// CSV files fit to be published, and their catalogue.
    pub fn open_data(&self) -> Vec<DataFile> {
        open_data(self.input, &self.document, self.template, self.written)
    }
}

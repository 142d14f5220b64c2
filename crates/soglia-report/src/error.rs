//! What can go wrong while a report is written. Read [`ReportError`] first.

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The dispositions of a service do not add up to the calls that arrived.
    #[error("dispositions of service `{service}` add up to {sum}, but {arrived} calls arrived")]
    UnbalancedCalls {
        /// The service's code.
        service: String,
        /// Calls that arrived.
        arrived: u64,
        /// What the dispositions add up to.
        sum: u64,
    },
    /// The rows of a file are not all accounted for.
    #[error("file `{file}` has {rows} rows, but {sum} are accounted for")]
    UnbalancedFile {
        /// The file's name.
        file: String,
        /// Rows read.
        rows: u64,
        /// Facts, duplicates, rejected and ignored rows together.
        sum: u64,
    },
    /// The period ends before it begins.
    #[error("period from `{first}` to `{last}` ends before it begins")]
    EmptyPeriod {
        /// First day.
        first: jiff::civil::Date,
        /// Last day.
        last: jiff::civil::Date,
    },
    /// The HTML page could not be rendered.
    #[error("failed to render the HTML page")]
    Html(#[from] askama::Error),
    /// The document could not be handed over to the typesetter.
    #[error("failed to encode the document")]
    Encode(#[from] serde_json::Error),
    /// The typesetter refused the document: the message names what it missed.
    #[error("failed to typeset the PDF: {0}")]
    Pdf(String),
    /// The workbook could not be written.
    #[error("failed to write the workbook")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    /// The office document could not be packed.
    #[error("failed to pack the office document")]
    Docx(#[from] zip::result::ZipError),
    /// The office document could not be packed.
    #[error("failed to pack the office document")]
    Pack(#[from] std::io::Error),
    /// A drawing or the logo could not be painted.
    #[error("failed to paint a drawing: {0}")]
    Picture(String),
    /// The instant of the document cannot be written in a PDF.
    #[error("instant `{0}` cannot be the date of a PDF")]
    Timestamp(jiff::Timestamp),
}

impl ReportError {
    /// Says what to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::UnbalancedCalls { .. } | Self::UnbalancedFile { .. } => {
                "import the sources again and run `soglia ledger status`; \
                 figures that do not balance are not printed"
            }
            Self::EmptyPeriod { .. } => "give the first and the last day in order",
            Self::Html(_) | Self::Encode(_) | Self::Xlsx(_) | Self::Docx(_) | Self::Pack(_) => {
                "report this as a bug, with the input"
            }
            Self::Picture(_) => "if it is the logo, save it again as plain SVG or as PNG",
            Self::Pdf(_) => "the HTML report is not affected; check the texts named in the message",
            Self::Timestamp(_) => "give an instant between the years 1 and 9999",
        }
    }
}

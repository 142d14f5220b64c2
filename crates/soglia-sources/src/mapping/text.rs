//! Rows of CSV and TSV files, with the text of each row as it stands in the file. Read
//! [`TextReader`].

use std::collections::VecDeque;
use std::io::{self, BufRead, Chain, Cursor, Read};

use super::raw::Encoding;

/// Bytes that one row may have.
pub const ROW_BYTES_MAX: usize = 1 << 20;
/// Lines over which one quoted field may run.
pub const QUOTED_LINES_MAX: usize = 200;

/// How a text file is laid out.
#[derive(Clone, Debug)]
pub struct TextLayout {
    /// Between fields; ASCII.
    pub delimiter: u8,
    /// Around fields that contain delimiters, if anything; ASCII.
    pub quote: Option<u8>,
    /// How bytes become text.
    pub encoding: Encoding,
    /// Lines before the header, or before the first row without one.
    pub skip_rows: u64,
    /// Names of the columns when the file has none.
    pub names: Option<Vec<String>>,
    /// Cells that mean nothing was recorded.
    pub nulls: Vec<String>,
}

/// Why a text file was refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// It could not be read.
    #[error("failed to read the text")]
    Io(#[from] io::Error),
    /// It is not what the layout describes.
    #[error("the text {problem}")]
    Unfit {
        /// What is wrong, as the end of a sentence that begins with the file's name.
        problem: String,
        /// What to do.
        hint: Option<String>,
    },
}

impl TextError {
    fn unfit(problem: impl Into<String>, hint: Option<&str>) -> Self {
        Self::Unfit { problem: problem.into(), hint: hint.map(str::to_owned) }
    }
}

/// One row of a text file: some physical lines, more than one if a quoted field spans them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextRow {
    /// Its first line, 1-based.
    pub line: u64,
    /// Its text as delivered, without the line end.
    pub raw: String,
    /// How many fields it has; 0 if it has a fault.
    pub n_fields: usize,
    /// Why it has no fields, if it has none.
    pub fault: Option<Fault>,
}

/// Why a row has no cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A code and what happened.
    Rejected(&'static str, &'static str),
    /// Not a row of data: a code.
    Ignored(&'static str),
}

/// Splits a text into rows, in bounded memory; every line belongs to exactly one row.
pub struct TextReader<'a, R> {
    records: Records<'a, R>,
    names: Vec<String>,
    /// The header's text, to know it again.
    header: Option<String>,
}

impl<'a, R: BufRead> TextReader<'a, R> {
    /// Reads the lines before the rows: those to skip and the header.
    pub fn new(layout: &'a TextLayout, input: R) -> Result<Self, TextError> {
        let mut records = Records::new(layout, input)?;
        for _ in 0..layout.skip_rows {
            if records.lines.next()?.is_none() {
                break;
            }
        }
        let (names, header) = match &layout.names {
            Some(names) => (names.clone(), None),
            None => records.header()?,
        };
        Ok(Self { records, names, header })
    }

    /// Returns the names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns a field of the latest row, without its quotes.
    pub fn field(&self, at: usize) -> Option<&str> {
        self.records.fields.get(at)
    }

    /// Reads the next row.
    pub fn next_row(&mut self) -> Result<Option<TextRow>, TextError> {
        let Some(Record { line, raw, fault }) = self.records.next()? else {
            return Ok(None);
        };
        let n_found = self.records.fields.len();
        let fault = match fault {
            None if self.header.as_ref() == Some(&raw) => Some(Fault::Ignored("repeated_header")),
            None if self.records.unfinished && n_found < self.names.len() => {
                Some(Fault::Rejected("truncated_row", "the file ends in the middle of this row"))
            }
            other => other,
        };
        let n_fields = if fault.is_some() { 0 } else { n_found };
        Ok(Some(TextRow { line, raw, n_fields, fault }))
    }
}

struct Record {
    line: u64,
    raw: String,
    fault: Option<Fault>,
}

/// Splits a text into records; `fields` holds the latest one's.
struct Records<'a, R> {
    lines: Lines<R>,
    layout: &'a TextLayout,
    fields: Fields,
    /// The latest record is the last of a text that does not end in a line break.
    unfinished: bool,
}

impl<'a, R: BufRead> Records<'a, R> {
    fn new(layout: &'a TextLayout, input: R) -> Result<Self, TextError> {
        let lines = Lines::new(input)?;
        Ok(Self { lines, layout, fields: Fields::default(), unfinished: false })
    }

    /// Reads the row with the names of the columns.
    fn header(&mut self) -> Result<(Vec<String>, Option<String>), TextError> {
        let found = loop {
            match self.next()? {
                Some(record) if matches!(record.fault, Some(Fault::Ignored(_))) => {}
                other => break other,
            }
        };
        let Some(record) = found else {
            return Err(TextError::unfit("has no row", None));
        };
        if let Some(Fault::Rejected(_, problem)) = record.fault {
            let problem = format!("is not a text file with a header: {problem}");
            return Err(TextError::unfit(problem, None));
        }
        let names = (0..self.fields.len()).filter_map(|at| self.fields.get(at)).map(str::to_owned);
        Ok((header_names(names)?, Some(record.raw)))
    }

    fn next(&mut self) -> Result<Option<Record>, TextError> {
        let Some(first) = self.lines.next()? else {
            return Ok(None);
        };
        let line = first.number;
        self.unfinished = !first.finished;
        self.fields.clear();
        if first.too_long {
            let fault = Fault::Rejected("too_long", "the row has more than 1048576 bytes");
            let raw = String::from_utf8_lossy(&first.bytes).into_owned();
            return Ok(Some(Record { line, raw, fault: Some(fault) }));
        }
        let (raw, fault) = decode(self.layout.encoding, &first.bytes);
        if fault.is_some() {
            return Ok(Some(Record { line, raw, fault }));
        }
        if raw.trim().is_empty() {
            return Ok(Some(Record { line, raw, fault: Some(Fault::Ignored("empty_line")) }));
        }
        if self.fields.split(&raw, self.layout) == Split::Complete {
            return Ok(Some(Record { line, raw, fault: None }));
        }
        let (raw, fault) = self.quoted(raw)?;
        Ok(Some(Record { line, raw, fault }))
    }

    /// Adds lines to a record until its last quoted field ends.
    fn quoted(&mut self, first: String) -> Result<(String, Option<Fault>), TextError> {
        let first_len = first.len();
        let mut raw = first;
        let mut more = Vec::new();
        loop {
            let next = if more.len() < QUOTED_LINES_MAX { self.lines.next()? } else { None };
            let decoded = next.as_ref().filter(|next| !next.too_long).and_then(|next| {
                let (text, fault) = decode(self.layout.encoding, &next.bytes);
                let fits = raw.len() + text.len() < ROW_BYTES_MAX;
                (fault.is_none() && fits).then_some((text, next.finished))
            });
            more.extend(next);
            let Some((text, finished)) = decoded else {
                // One stray quote must not swallow the rows after it.
                self.lines.put_back(more);
                self.fields.clear();
                raw.truncate(first_len);
                let fault = Fault::Rejected("unclosed_quote", "a quoted field does not end");
                return Ok((raw, Some(fault)));
            };
            // Splitting starts over each time, so only a line that can end the field is tried.
            let may_close = self.layout.quote.is_some_and(|quote| text.contains(char::from(quote)));
            raw.push('\n');
            raw.push_str(&text);
            if may_close && self.fields.split(&raw, self.layout) == Split::Complete {
                self.unfinished = !finished;
                return Ok((raw, None));
            }
        }
    }
}

/// Checks and tidies the names of a header.
pub fn header_names(names: impl Iterator<Item = String>) -> Result<Vec<String>, TextError> {
    let mut tidy: Vec<String> = Vec::new();
    for (at, name) in names.enumerate() {
        let name = match name.trim() {
            "" => format!("column_{}", at + 1),
            name => name.to_owned(),
        };
        if tidy.contains(&name) {
            let problem = format!("has two columns called `{name}`");
            let hint = "set `header = false`, `skip_rows = 1` and name the columns in `columns`";
            return Err(TextError::unfit(problem, Some(hint)));
        }
        tidy.push(name);
    }
    Ok(tidy)
}

/// Turns bytes into text, or says what they are not.
fn decode(encoding: Encoding, bytes: &[u8]) -> (String, Option<Fault>) {
    let (text, problem) = match encoding {
        Encoding::Utf8 => (
            std::str::from_utf8(bytes).ok().map(str::to_owned),
            "the row is not UTF-8; a file saved by Excel needs `encoding = \"windows-1252\"`",
        ),
        Encoding::Latin1 => (Some(bytes.iter().map(|byte| char::from(*byte)).collect()), ""),
        Encoding::Windows1252 => (
            bytes.iter().map(|byte| windows_1252(*byte)).collect::<Option<String>>(),
            "the row has a byte that windows-1252 does not know",
        ),
    };
    let Some(text) = text else {
        let readable = String::from_utf8_lossy(bytes).into_owned();
        return (readable, Some(Fault::Rejected("bad_encoding", problem)));
    };
    let fault = text
        .contains('\0')
        .then_some(Fault::Rejected("nul_byte", "the row has bytes that are zero"));
    (text, fault)
}

fn windows_1252(byte: u8) -> Option<char> {
    const UPPER: [Option<char>; 32] = {
        let mut table = [None; 32];
        let known: [(usize, char); 27] = [
            (0, '€'),
            (2, '‚'),
            (3, 'ƒ'),
            (4, '„'),
            (5, '…'),
            (6, '†'),
            (7, '‡'),
            (8, 'ˆ'),
            (9, '‰'),
            (10, 'Š'),
            (11, '‹'),
            (12, 'Œ'),
            (14, 'Ž'),
            (17, '‘'),
            (18, '’'),
            (19, '“'),
            (20, '”'),
            (21, '•'),
            (22, '–'),
            (23, '—'),
            (24, '˜'),
            (25, '™'),
            (26, 'š'),
            (27, '›'),
            (28, 'œ'),
            (30, 'ž'),
            (31, 'Ÿ'),
        ];
        let mut at = 0;
        while at < known.len() {
            table[known[at].0] = Some(known[at].1);
            at += 1;
        }
        table
    };
    match byte {
        0x80..=0x9f => UPPER.get(usize::from(byte - 0x80)).copied().flatten(),
        other => Some(char::from(other)),
    }
}

/// The fields of one record, without their quotes.
#[derive(Default)]
struct Fields {
    text: String,
    ends: Vec<usize>,
}

#[derive(PartialEq, Eq)]
enum Split {
    Complete,
    OpenQuote,
}

impl Fields {
    fn len(&self) -> usize {
        self.ends.len()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        self.text.get(start.unwrap_or_default()..end)
    }

    fn split(&mut self, record: &str, layout: &TextLayout) -> Split {
        self.clear();
        let delimiter = char::from(layout.delimiter);
        let quote = layout.quote.map(char::from);
        let mut rest = record;
        loop {
            if let Some(quoted) = quote.and_then(|quote| rest.strip_prefix(quote)) {
                let quote = quote.expect("it was just found");
                match self.quoted(quoted, quote) {
                    Some(after) => rest = after,
                    None => return Split::OpenQuote,
                }
            }
            // What follows a closing quote up to the delimiter belongs to the field too.
            let Some((field, after)) = rest.split_once(delimiter) else {
                self.text.push_str(rest);
                self.ends.push(self.text.len());
                return Split::Complete;
            };
            self.text.push_str(field);
            self.ends.push(self.text.len());
            rest = after;
        }
    }

    /// Takes a quoted part and returns what follows its closing quote.
    fn quoted<'a>(&mut self, mut rest: &'a str, quote: char) -> Option<&'a str> {
        loop {
            let (part, after) = rest.split_once(quote)?;
            self.text.push_str(part);
            match after.strip_prefix(quote) {
                Some(after) => {
                    self.text.push(quote);
                    rest = after;
                }
                None => return Some(after),
            }
        }
    }
}

struct Line {
    number: u64,
    bytes: Vec<u8>,
    /// It ends in a line break.
    finished: bool,
    too_long: bool,
}

/// Physical lines with their numbers.
struct Lines<R> {
    input: Chain<Cursor<Vec<u8>>, R>,
    number: u64,
    returned: VecDeque<Line>,
}

impl<R: BufRead> Lines<R> {
    fn new(mut input: R) -> Result<Self, TextError> {
        let mut start = Vec::new();
        input.by_ref().take(4).read_to_end(&mut start)?;
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            let hint = "save it as UTF-8 (Excel: `CSV UTF-8`)";
            return Err(TextError::unfit("is encoded in UTF-16", Some(hint)));
        }
        if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PAR1") {
            let hint = "set `format` to `xlsx` or `parquet`";
            return Err(TextError::unfit("is no text file", Some(hint)));
        }
        if start.starts_with(&[0xef, 0xbb, 0xbf]) {
            start.drain(..3);
        }
        let input = Cursor::new(start).chain(input);
        Ok(Self { input, number: 0, returned: VecDeque::new() })
    }

    fn next(&mut self) -> Result<Option<Line>, TextError> {
        if let Some(line) = self.returned.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::with_capacity(128);
        let limit = ROW_BYTES_MAX as u64 + 1;
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let mut finished = bytes.last() == Some(&b'\n');
        let too_long = !finished && ROW_BYTES_MAX < bytes.len();
        if too_long {
            bytes.truncate(ROW_BYTES_MAX);
            finished = true;
            self.input.skip_until(b'\n')?;
        }
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        Ok(Some(Line { number: self.number, bytes, finished, too_long }))
    }

    fn put_back(&mut self, lines: Vec<Line>) {
        for line in lines.into_iter().rev() {
            self.returned.push_front(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(quote: Option<u8>) -> TextLayout {
        TextLayout {
            delimiter: b';',
            quote,
            encoding: Encoding::Utf8,
            skip_rows: 0,
            names: None,
            nulls: Vec::new(),
        }
    }

    fn fields(record: &str, quote: Option<u8>) -> Option<Vec<String>> {
        let mut fields = Fields::default();
        match fields.split(record, &layout(quote)) {
            Split::OpenQuote => None,
            Split::Complete => {
                Some((0..fields.len()).filter_map(|at| fields.get(at)).map(str::to_owned).collect())
            }
        }
    }

    #[test]
    fn records_are_split_with_and_without_quotes() {
        let quoted = Some(b'"');
        let check = |record: &str, expected: &[&str]| {
            assert_eq!(fields(record, quoted).as_deref(), Some(&expected.map_to_strings()[..]));
        };
        check("a;b;c", &["a", "b", "c"]);
        check("a;;", &["a", "", ""]);
        check("\"a;b\";c", &["a;b", "c"]);
        check("\"disse \"\"pronto\"\"\";x", &["disse \"pronto\"", "x"]);
        check("a\"b;c", &["a\"b", "c"]);
        check("\"a\"b;c", &["ab", "c"]);
        check("\"\";\"\"", &["", ""]);
        assert_eq!(fields("\"a;b", quoted), None);
        assert_eq!(fields("\"a;b", None), Some(vec!["\"a".to_owned(), "b".to_owned()]));
    }

    trait MapToStrings {
        fn map_to_strings(&self) -> Vec<String>;
    }

    impl MapToStrings for [&str] {
        fn map_to_strings(&self) -> Vec<String> {
            self.iter().map(|text| (*text).to_owned()).collect()
        }
    }

    #[test]
    fn windows_text_is_read() {
        let (text, fault) = decode(Encoding::Windows1252, b"citt\xe0 5 \x80");
        assert_eq!((text.as_str(), fault.is_none()), ("città 5 €", true));
        assert!(decode(Encoding::Windows1252, b"\x81").1.is_some());
        assert!(decode(Encoding::Utf8, b"citt\xe0").1.is_some());
        assert!(decode(Encoding::Latin1, b"a\0b").1.is_some());
    }
}

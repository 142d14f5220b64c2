//! Rows of CSV and TSV files, with the text of each row as it stands in the file. Read [`read`].

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::delivery::{BATCH_ROWS, Fault, Outlet, Rows};
use super::error::MappingError;
use super::open::open;
use super::plan::text_schema;
use super::raw::Encoding;

/// Bytes that one row may have.
pub(super) const ROW_BYTES_MAX: usize = 1 << 20;
/// Lines over which one quoted field may run.
const QUOTED_LINES_MAX: usize = 200;

/// How a text file is laid out.
#[derive(Clone, Debug)]
pub(super) struct TextLayout {
    pub delimiter: u8,
    pub quote: Option<u8>,
    pub encoding: Encoding,
    pub skip_rows: u64,
    /// Names of the columns when the file has none.
    pub names: Option<Vec<String>>,
    pub nulls: Vec<String>,
}

/// Reads a file row by row and hands over batches, the header's names first.
pub(super) fn read(
    layout: &TextLayout,
    path: &Path,
    outlet: &mut Outlet,
) -> Result<(), MappingError> {
    let mut records = Records::new(layout, path)?;
    for _ in 0..layout.skip_rows {
        records.lines.next()?;
    }
    let (names, header) = match &layout.names {
        Some(names) => (names.clone(), None),
        None => records.header(path)?,
    };
    let width = names.len();
    let schema = text_schema(names);
    outlet.header(&schema)?;
    let mut rows = Rows::text(&schema, &layout.nulls);
    while let Some(record) = records.next()? {
        let Record { line, raw, fault } = record;
        let fault = match fault {
            None if header.as_ref() == Some(&raw) => Some(Fault::Ignored("repeated_header")),
            None if records.unfinished && records.fields.len() < width => {
                Some(Fault::Rejected("truncated_row", "the file ends in the middle of this row"))
            }
            other => other,
        };
        let n_fields = if fault.is_some() { 0 } else { records.fields.len() };
        rows.push(line, raw, n_fields, fault, |column| records.fields.get(column));
        if rows.len() == BATCH_ROWS {
            outlet.rows(&mut rows)?;
        }
    }
    outlet.rows(&mut rows)
}

struct Record {
    line: u64,
    raw: String,
    fault: Option<Fault>,
}

/// Splits a file into records; `fields` holds the latest one's.
struct Records<'a> {
    lines: Lines<'a>,
    layout: &'a TextLayout,
    fields: Fields,
    /// The latest record is the last of a file that does not end in a line break.
    unfinished: bool,
}

impl<'a> Records<'a> {
    fn new(layout: &'a TextLayout, path: &'a Path) -> Result<Self, MappingError> {
        let lines = Lines::new(path)?;
        Ok(Self { lines, layout, fields: Fields::default(), unfinished: false })
    }

    /// Reads the row with the names of the columns.
    fn header(&mut self, path: &Path) -> Result<(Vec<String>, Option<String>), MappingError> {
        let found = loop {
            match self.next()? {
                Some(record) if matches!(record.fault, Some(Fault::Ignored(_))) => {}
                other => break other,
            }
        };
        let Some(record) = found else {
            return Err(MappingError::data(path, "has no row", None));
        };
        if let Some(Fault::Rejected(_, problem)) = record.fault {
            let problem = format!("is not a text file with a header: {problem}");
            return Err(MappingError::data(path, problem, None));
        }
        let names = (0..self.fields.len()).filter_map(|at| self.fields.get(at)).map(str::to_owned);
        Ok((header_names(path, names)?, Some(record.raw)))
    }

    fn next(&mut self) -> Result<Option<Record>, MappingError> {
        let Some(first) = self.lines.next()? else {
            return Ok(None);
        };
        let line = first.number;
        self.unfinished = !first.finished;
        if first.too_long {
            let fault = Fault::Rejected("too_long", "the row has more than 1048576 bytes");
            let raw = String::from_utf8_lossy(&first.bytes).into_owned();
            return Ok(Some(Record { line, raw, fault: Some(fault) }));
        }
        let (mut raw, fault) = decode(self.layout.encoding, &first.bytes);
        if fault.is_some() {
            return Ok(Some(Record { line, raw, fault }));
        }
        if raw.trim().is_empty() {
            return Ok(Some(Record { line, raw, fault: Some(Fault::Ignored("empty_line")) }));
        }
        let mut more = Vec::new();
        while self.fields.split(&raw, self.layout) == Split::OpenQuote {
            let next = if more.len() < QUOTED_LINES_MAX { self.lines.next()? } else { None };
            let decoded = next.as_ref().map(|next| decode(self.layout.encoding, &next.bytes));
            let whole = decoded
                .filter(|(text, fault)| fault.is_none() && raw.len() + text.len() < ROW_BYTES_MAX);
            let finished = next.as_ref().is_some_and(|next| next.finished);
            more.extend(next);
            let Some((text, _)) = whole else {
                // One stray quote must not swallow the rows after it.
                let first_line = raw.lines().next().unwrap_or_default().to_owned();
                self.lines.put_back(more);
                let fault = Fault::Rejected("unclosed_quote", "a quoted field does not end");
                return Ok(Some(Record { line, raw: first_line, fault: Some(fault) }));
            };
            self.unfinished = !finished;
            raw.push('\n');
            raw.push_str(&text);
        }
        Ok(Some(Record { line, raw, fault: None }))
    }
}

/// Checks and tidies the names of a header.
pub(super) fn header_names(
    path: &Path,
    names: impl Iterator<Item = String>,
) -> Result<Vec<String>, MappingError> {
    let mut tidy: Vec<String> = Vec::new();
    for (at, name) in names.enumerate() {
        let name = match name.trim() {
            "" => format!("column_{}", at + 1),
            name => name.to_owned(),
        };
        if tidy.contains(&name) {
            let problem = format!("has two columns called `{name}`");
            let hint = "set `header = false`, `skip_rows = 1` and name the columns in `columns`";
            return Err(MappingError::data(path, problem, Some(hint.to_owned())));
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

    fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        self.text.get(start.unwrap_or_default()..end)
    }

    fn split(&mut self, record: &str, layout: &TextLayout) -> Split {
        self.text.clear();
        self.ends.clear();
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
struct Lines<'a> {
    path: &'a Path,
    input: BufReader<Box<dyn Read>>,
    number: u64,
    returned: VecDeque<Line>,
}

impl<'a> Lines<'a> {
    fn new(path: &'a Path) -> Result<Self, MappingError> {
        let mut input = BufReader::with_capacity(1 << 16, open(path)?);
        let start = input.fill_buf().map_err(|source| MappingError::io(path, source))?;
        let hint = |text: &str| Some(text.to_owned());
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            let hint = hint("save it as UTF-8 (Excel: `CSV UTF-8`)");
            return Err(MappingError::data(path, "is encoded in UTF-16", hint));
        }
        if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PAR1") {
            let hint = hint("set `format` to `xlsx` or `parquet`");
            return Err(MappingError::data(path, "is no text file", hint));
        }
        if start.starts_with(&[0xef, 0xbb, 0xbf]) {
            input.consume(3);
        }
        Ok(Self { path, input, number: 0, returned: VecDeque::new() })
    }

    fn next(&mut self) -> Result<Option<Line>, MappingError> {
        if let Some(line) = self.returned.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::with_capacity(128);
        let limit = ROW_BYTES_MAX as u64 + 1;
        let io = |source| MappingError::io(self.path, source);
        let read = self.input.by_ref().take(limit).read_until(b'\n', &mut bytes).map_err(io)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let mut finished = bytes.last() == Some(&b'\n');
        let too_long = !finished && ROW_BYTES_MAX < bytes.len();
        if too_long {
            bytes.truncate(ROW_BYTES_MAX);
            finished = true;
            self.input.skip_until(b'\n').map_err(io)?;
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

//! JSON objects out of a byte stream, one at a time. Read [`Records`] first.
//!
//! Platforms deliver the same objects as JSON lines, as objects one after another (pretty-printed
//! or not), as one array, or as an array inside an envelope such as `{"conversations":[…]}`. All
//! four are read here without being told which, holding one object in memory. A *row* of a JSON
//! source is one such object, numbered as it stands in the file; blank lines are no rows.
//!
//! An object that is cut off or ill-formed is handed out as [`Record::Broken`]. Between top-level
//! objects reading goes on at the next line; inside an array there is no sure place to go on, so
//! the rest of the array becomes one broken record.

use std::io::{self, BufRead};

use soglia_domain::time::Instant;

use crate::outcome::{NotThisFormat, TEXT_MAX};
use crate::shown::{Shown, Wanted};

/// The longest object that is read, in bytes.
pub const RECORD_MAX: usize = 16 << 20;
/// The deepest nesting that is read.
const DEPTH_MAX: usize = 120;

/// Why a source could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file is something else.
    #[error(transparent)]
    NotThisFormat(#[from] NotThisFormat),
    /// The stream failed.
    #[error("failed to read the source")]
    Read(#[from] io::Error),
}

/// One record as it stands in the stream.
#[derive(PartialEq, Eq, Debug)]
pub enum Record<'a> {
    /// The text of an object whose brackets and strings are balanced.
    Object(&'a [u8]),
    /// Something else, with as much of its text as rejects keep.
    Broken {
        /// Its text.
        text: &'a [u8],
        /// A stable code: `truncated`, `not_json` or `too_long`.
        code: &'static str,
        /// What happened.
        detail: &'static str,
    },
}

/// A reader of records.
#[derive(Debug)]
pub struct Records<R> {
    input: R,
    envelope: Option<&'static str>,
    place: Place,
    held: Vec<u8>,
    row: u64,
    started: bool,
}

/// Where in the stream the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Top,
    Array { enveloped: bool },
    End,
}

/// How capturing an object ended.
enum Captured {
    Whole,
    Envelope,
    Broken(&'static str, &'static str),
}

impl<R: BufRead> Records<R> {
    /// Reads from a stream; `envelope` is the key whose array holds the records, if the platform
    /// wraps them.
    pub const fn new(input: R, envelope: Option<&'static str>) -> Self {
        Self { input, envelope, place: Place::Top, held: Vec::new(), row: 0, started: false }
    }

    /// Returns the number of the record handed out last, 1-based.
    pub const fn row(&self) -> u64 {
        self.row
    }

    /// Hands out the next record, or nothing at the end of the stream.
    pub fn read(&mut self) -> io::Result<Option<Record<'_>>> {
        if !self.started {
            self.started = true;
            self.skip_byte_order_mark()?;
        }
        loop {
            self.held.clear();
            let Some(byte) = self.peek()? else { return Ok(self.at_end()) };
            match (self.place, byte) {
                (Place::End, _) => return Ok(None),
                (_, b' ' | b'\t' | b'\r' | b'\n' | b',') => self.input.consume(1),
                (_, b'{') => match self.capture()? {
                    Captured::Whole => {
                        self.row += 1;
                        return Ok(Some(Record::Object(&self.held)));
                    }
                    Captured::Envelope => self.place = Place::Array { enveloped: true },
                    Captured::Broken(code, detail) => return self.broken(code, detail).map(Some),
                },
                (Place::Top, b'[') => {
                    self.input.consume(1);
                    self.place = Place::Array { enveloped: false };
                }
                (Place::Array { enveloped }, b']') => {
                    self.input.consume(1);
                    self.place = Place::Top;
                    if enveloped && !self.skip_envelope()? {
                        return self.broken("truncated", "file ends inside its envelope").map(Some);
                    }
                }
                _ => return self.broken("not_json", "expected an object").map(Some),
            }
        }
    }

    fn at_end(&mut self) -> Option<Record<'_>> {
        let place = std::mem::replace(&mut self.place, Place::End);
        if !matches!(place, Place::Array { .. }) {
            return None;
        }
        self.row += 1;
        Some(Record::Broken { text: b"", code: "truncated", detail: "file ends inside an array" })
    }

    /// Takes what cannot be used into `held`: the rest of the line, or of the array.
    fn broken(&mut self, code: &'static str, detail: &'static str) -> io::Result<Record<'_>> {
        let whole_rest = matches!(self.place, Place::Array { .. });
        self.held.truncate(TEXT_MAX);
        // A new object that begins where the broken one was cut is left for the next read.
        if detail == CUT {
            self.row += 1;
            return Ok(Record::Broken { text: &self.held, code, detail });
        }
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            let line = chunk.iter().position(|&b| b == b'\n').filter(|_| !whole_rest);
            let n = line.map_or(chunk.len(), |at| at + 1);
            let room = TEXT_MAX.saturating_sub(self.held.len());
            self.held.extend(chunk.iter().take(n.min(room)));
            self.input.consume(n);
            if line.is_some() {
                break;
            }
        }
        if whole_rest {
            self.place = Place::End;
        }
        self.row += 1;
        Ok(Record::Broken { text: &self.held, code, detail })
    }

    /// Reads one object into `held`, from its opening bracket on.
    fn capture(&mut self) -> io::Result<Captured> {
        let mut scan = Scan::default();
        let lines = self.place == Place::Top;
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                return Ok(Captured::Broken("truncated", "file ends inside an object"));
            }
            let mut used = 0;
            let mut end = None;
            for &byte in chunk {
                let step = scan.step(byte, &self.held, lines, self.envelope);
                match step {
                    Step::Leave(captured) => {
                        end = Some(captured);
                        break;
                    }
                    Step::Take => {
                        self.held.push(byte);
                        used += 1;
                    }
                    Step::TakeAndLeave(captured) => {
                        self.held.push(byte);
                        used += 1;
                        end = Some(captured);
                        break;
                    }
                }
            }
            self.input.consume(used);
            if let Some(captured) = end {
                return Ok(captured);
            }
            if RECORD_MAX < self.held.len() {
                return Ok(Captured::Broken("too_long", "object of more than 16 MiB"));
            }
        }
    }

    /// Passes over what follows the array in its envelope; false if the file ends before.
    fn skip_envelope(&mut self) -> io::Result<bool> {
        let mut scan = Scan { open: vec![b'{'], ..Scan::default() };
        while let Some(byte) = self.peek()? {
            self.input.consume(1);
            match scan.step(byte, &[], false, None) {
                Step::TakeAndLeave(Captured::Whole) => return Ok(true),
                Step::Take => {}
                Step::Leave(_) | Step::TakeAndLeave(_) => return Ok(false),
            }
        }
        Ok(false)
    }

    fn skip_byte_order_mark(&mut self) -> io::Result<()> {
        // The three bytes may arrive in separate chunks.
        for mark in [0xef, 0xbb, 0xbf] {
            if self.peek()? != Some(mark) {
                break;
            }
            self.input.consume(1);
        }
        Ok(())
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.input.fill_buf()?.first().copied())
    }
}

const CUT: &str = "another object begins inside this one";

/// What to do with a byte.
enum Step {
    Take,
    TakeAndLeave(Captured),
    Leave(Captured),
}

/// Brackets and strings of one object.
#[derive(Default)]
struct Scan {
    open: Vec<u8>,
    text: Text,
    /// The last byte that is not white space.
    last: u8,
    line_start: bool,
    n_lines: u32,
    /// The first line holds more than the bracket: the object is probably written on one line.
    compact: bool,
}

/// Where a byte stands with regard to quoted text.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Text {
    #[default]
    Outside,
    Inside,
    Escaped,
}

impl Scan {
    fn step(&mut self, byte: u8, held: &[u8], lines: bool, envelope: Option<&str>) -> Step {
        if self.text != Text::Outside {
            return self.step_in_string(byte);
        }
        let line_start = std::mem::take(&mut self.line_start);
        match byte {
            b' ' | b'\t' | b'\r' => return Step::Take,
            b'\n' => {
                self.compact |= self.n_lines == 0 && self.last != b'{';
                self.line_start = true;
                self.n_lines += 1;
                return Step::Take;
            }
            b'{' if lines && line_start && self.is_cut() => {
                return Step::Leave(Captured::Broken("truncated", CUT));
            }
            b'[' if self.open.len() == 1 && is_envelope(held, envelope) => {
                return Step::TakeAndLeave(Captured::Envelope);
            }
            b'"' => self.text = Text::Inside,
            b'{' | b'[' => {
                if DEPTH_MAX <= self.open.len() {
                    return Step::Leave(Captured::Broken("not_json", "nested too deeply"));
                }
                self.open.push(byte);
            }
            b'}' | b']' => {
                let opening = if byte == b'}' { b'{' } else { b'[' };
                if self.open.pop() != Some(opening) {
                    return Step::Leave(Captured::Broken("not_json", "brackets do not match"));
                }
                if self.open.is_empty() {
                    return Step::TakeAndLeave(Captured::Whole);
                }
            }
            _ => {}
        }
        self.last = byte;
        Step::Take
    }

    fn step_in_string(&mut self, byte: u8) -> Step {
        match byte {
            b'\n' => return Step::Leave(Captured::Broken("truncated", "line ends inside a text")),
            _ if self.text == Text::Escaped => self.text = Text::Inside,
            b'\\' => self.text = Text::Escaped,
            b'"' => {
                self.text = Text::Outside;
                self.last = byte;
            }
            _ => {}
        }
        Step::Take
    }

    /// Whether a bracket at the start of a line must begin a new object: after an object's first
    /// line that held more than its bracket, or where the grammar allows no object.
    fn is_cut(&self) -> bool {
        let one_line = self.compact && self.n_lines == 1;
        let allowed = matches!(self.last, b':' | b'[')
            || (self.last == b',' && self.open.last() == Some(&b'['));
        one_line || !allowed
    }
}

fn is_envelope(held: &[u8], envelope: Option<&str>) -> bool {
    let Some(key) = envelope else { return false };
    let Some(before) = held.trim_ascii_end().strip_suffix(b":") else { return false };
    before
        .trim_ascii_end()
        .strip_suffix(b"\"")
        .and_then(|rest| rest.strip_suffix(key.as_bytes()))
        .is_some_and(|rest| rest.ends_with(b"\""))
}

/// Finds what is wrong with an object that was read whole but not understood.
pub(crate) fn object_problem(error: &serde_json::Error) -> String {
    // Without its position, which counts from the start of the object and not of the file, and
    // without the value, which may be a caller's number.
    match error.classify() {
        serde_json::error::Category::Data => "a field has another type than expected".to_owned(),
        _ => "not valid JSON inside its brackets".to_owned(),
    }
}

/// Reads an instant as these platforms write it: RFC 3339. Some exports do not pad days and months
/// (`2021-04-2T…`); nothing else can be meant, so that is put right and reported as such.
pub(crate) fn instant(text: &str) -> Option<(Instant, Padded)> {
    if let Some(instant) = strict_instant(text) {
        return Some((instant, Padded::AsWritten));
    }
    let (date, time) = text.split_once('T')?;
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let instant = strict_instant(&format!("{year}-{month:0>2}-{day:0>2}T{time}"))?;
    Some((instant, Padded::PutRight))
}

/// Whether an instant was written with all its digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Padded {
    AsWritten,
    PutRight,
}

fn strict_instant(text: &str) -> Option<Instant> {
    let timestamp = text.parse::<jiff::Timestamp>().ok()?;
    Some(Instant::from_timestamp(timestamp)).filter(|&at| is_plausible(at))
}

/// Whether an instant falls between 1990 and 2100: outside, it is a fault of the source.
pub(crate) fn is_plausible(at: Instant) -> bool {
    (631_152_000_000..4_102_444_800_000).contains(&at.as_millis())
}

/// Reads records as they may be shown, each in one line.
pub(crate) fn shown(
    input: impl BufRead,
    envelope: Option<&'static str>,
    keys: &[&str],
    wanted: Wanted<'_>,
) -> io::Result<Shown> {
    let mut records = Records::new(input, envelope);
    let mut shown = Shown::new();
    while records.row() < wanted.last {
        let row = records.row() + 1;
        let Some(Record::Object(text) | Record::Broken { text, .. }) = records.read()? else {
            break;
        };
        if (wanted.chosen)(row) {
            let masked = mask(text, keys);
            let lines = masked.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
            let lines: Vec<_> = lines.map(String::from_utf8_lossy).collect();
            shown.push((row, lines.join(" ").trim().to_owned()));
        }
    }
    Ok(shown)
}

/// Replaces by `…` the values of `keys` and whatever looks like a telephone number, in text that
/// may be broken JSON. Rejected rows are kept through this, so that they name no caller.
pub fn mask(text: &[u8], keys: &[&str]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        if byte == b'"'
            && let Some((kept, after)) = masked_pair(rest, keys).or_else(|| masked_number(rest))
        {
            out.extend_from_slice(kept);
            out.extend_from_slice("\"…\"".as_bytes());
            rest = after;
            continue;
        }
        let n = bare_number_len(&out, rest);
        if 0 < n {
            out.extend_from_slice("…".as_bytes());
            rest = rest.get(n..).unwrap_or_default();
            continue;
        }
        out.push(byte);
        rest = tail;
    }
    out
}

/// The length of a telephone number that stands at the start of `rest`, without quotes: after a
/// plus sign at least six digits, otherwise eight to fifteen that are no part of an identifier or
/// of an instant, and no epoch.
fn bare_number_len(before: &[u8], rest: &[u8]) -> usize {
    let plus = usize::from(rest.first() == Some(&b'+'));
    let n = rest.iter().skip(plus).take_while(|b| b.is_ascii_digit()).count();
    if plus == 1 {
        return if 5 < n { n + 1 } else { 0 };
    }
    let joins = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:".contains(byte);
    let percent_code = before.len().checked_sub(3).and_then(|at| before.get(at)) == Some(&b'%');
    let joined_before = !percent_code && before.last().is_some_and(joins);
    let joined = joined_before || rest.get(n).is_some_and(joins);
    let epoch = rest.first() == Some(&b'1') && matches!(n, 10 | 13);
    if (8..=15).contains(&n) && !joined && !epoch { n } else { 0 }
}

/// Splits `"key": value…` into the part up to the value and what follows the value.
fn masked_pair<'a>(text: &'a [u8], keys: &[&str]) -> Option<(&'a [u8], &'a [u8])> {
    let inner = text.strip_prefix(b"\"")?;
    let key = keys.iter().find(|key| {
        inner.strip_prefix(key.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'"'))
    })?;
    let after_key = inner.get(key.len() + 1..)?.trim_ascii_start();
    let value = after_key.strip_prefix(b":")?.trim_ascii_start();
    let kept = text.get(..text.len() - value.len())?;
    let n = match value.first()? {
        b'"' => string_len(value),
        b'{' | b'[' | b'n' => return None,
        _ => value
            .iter()
            .position(|b| matches!(b, b',' | b'}' | b']' | b'\n'))
            .unwrap_or(value.len()),
    };
    Some((kept, value.get(n..).unwrap_or_default()))
}

/// Splits off a text that is a telephone number by its look: digits and separators only, at least
/// six digits, and no epoch (which starts with 1 and has 10, 13 or 16 digits).
fn masked_number(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let n = string_len(text);
    let inner = text.get(1..n)?;
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    let only_number =
        inner.iter().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b' ' | b'.' | b'/'));
    let digits = inner.iter().filter(|b| b.is_ascii_digit()).count();
    let epoch = inner.first() == Some(&b'1') && matches!(inner.len(), 10 | 13 | 16);
    (only_number && 5 < digits && !epoch).then(|| (b"".as_slice(), text.get(n..).unwrap_or(b"")))
}

fn string_len(text: &[u8]) -> usize {
    let mut escaped = false;
    for (at, &byte) in text.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            b'\n' => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &[&str]) {
        for chunk in [1, 3, 4096] {
            let reader = io::BufReader::with_capacity(chunk, input.as_bytes());
            let mut records = Records::new(reader, Some("conversations"));
            let mut seen = Vec::new();
            while let Some(record) = records.read().expect("bytes in memory") {
                seen.push(match record {
                    Record::Object(text) => String::from_utf8_lossy(text).replace('\n', "⏎"),
                    Record::Broken { text, code, .. } => {
                        format!("{code}: {}", String::from_utf8_lossy(text).trim_end())
                    }
                });
            }
            assert_eq!(seen, expected, "chunks of {chunk}");
        }
    }

    #[test]
    fn layouts_are_told_apart() {
        check("{\"a\":1}\n\n{\"a\":2}\n", &["{\"a\":1}", "{\"a\":2}"]);
        check("{\"a\":1}{\"a\":\"}\\\"\"}", &["{\"a\":1}", "{\"a\":\"}\\\"\"}"]);
        check("\u{feff}[{\"a\":1},\n{\"a\":[{}]}]", &["{\"a\":1}", "{\"a\":[{}]}"]);
        check("{\n\"a\":[\n{\n}\n]\n}", &["{⏎\"a\":[⏎{⏎}⏎]⏎}"]);
        check(
            "{\"totalHits\":2, \"conversations\" : [{\"a\":1},{\"a\":2}], \"x\":{}}\n{\"a\":3}",
            &["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"],
        );
        check("", &[]);
        check("[]", &[]);
    }

    #[test]
    fn reading_goes_on_after_a_broken_line() {
        check("{\"a\":1\n{\"a\":2}\n", &["truncated: {\"a\":1", "{\"a\":2}"]);
        check("{\"a\":\"x\n{\"a\":2}\n", &["truncated: {\"a\":\"x", "{\"a\":2}"]);
        check("{\"a\":[1,\n{\"a\":2}\n", &["truncated: {\"a\":[1,", "{\"a\":2}"]);
        check("ciao\n{\"a\":2}\n{\"a\"", &["not_json: ciao", "{\"a\":2}", "truncated: {\"a\""]);
        check("{\"a\":1]\n{\"a\":2}", &["not_json: {\"a\":1]", "{\"a\":2}"]);
    }

    #[test]
    fn the_rest_of_a_broken_array_is_one_record() {
        check("[{\"a\":1},{\"a\":", &["{\"a\":1}", "truncated: {\"a\":"]);
        check("[{\"a\":1},", &["{\"a\":1}", "truncated: "]);
        check("[{\"a\":1},7,{\"a\":2}]", &["{\"a\":1}", "not_json: 7,{\"a\":2}]"]);
        check("{\"conversations\":[{\"a\":1}],\"x\":", &["{\"a\":1}", "truncated: "]);
    }

    #[test]
    fn callers_are_masked_in_text_that_may_be_cut() {
        let masked = |text: &str| {
            String::from_utf8_lossy(&mask(text.as_bytes(), &["ani", "Address"])).into_owned()
        };
        assert_eq!(masked(r#"{"ani" : "tel:333","b":1}"#), r#"{"ani" : "…","b":1}"#);
        assert_eq!(masked(r#"{"Address":33312,"ani":null}"#), r#"{"Address":"…","ani":null}"#);
        assert_eq!(
            masked(r#"{"tel":"06 123456","at":"1696995740","id":"12-a"}"#),
            r#"{"tel":"…","at":"1696995740","id":"12-a"}"#
        );
        let kept = r#"{"id":"a-000000000000","n":1696995740,"at":"00:00:00.12345678Z"}"#;
        assert_eq!(masked(kept), kept);
        assert_eq!(masked("chiamare 3330000000, poi"), "chiamare …, poi");
        assert_eq!(masked(r#"{"x":"sip%3A3330000000%40host"}"#), r#"{"x":"sip%3A…%40host"}"#);
        assert_eq!(masked(r#"{"x":"+390210203","ani":"33"#), r#"{"x":"…","ani":"…""#);
    }
}

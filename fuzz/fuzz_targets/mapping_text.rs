//! Any bytes as delimited text under any layout: no panic, every line belongs to exactly one row,
//! pieces do not matter, a file cut between two rows gives the same rows, and a row is never
//! longer than it may be.
#![no_main]

use std::io::BufRead;

use libfuzzer_sys::fuzz_target;
use soglia_fuzz::in_pieces;
use soglia_sources::mapping::Encoding;
use soglia_sources::mapping::text::{ROW_BYTES_MAX, TextLayout, TextReader, TextRow};

fuzz_target!(|bytes: &[u8]| {
    let Some((text, [options, size, cut])) = bytes.split_last_chunk() else { return };
    let layout = layout(*options);
    let whole = read(&layout, text);
    assert_eq!(whole, read(&layout, in_pieces(text, *size)), "pieces do not matter");
    let (Some((names, rows)), false) = (whole, text.is_empty()) else { return };
    check_lines(&layout, &rows, text);
    // The second part has no header of its own and begins where some row begins.
    let Some((row, _)) = rows.get(usize::from(*cut) % rows.len().max(1)) else { return };
    let from: usize =
        text.split_inclusive(|b| *b == b'\n').take(row.line as usize - 1).map(<[u8]>::len).sum();
    // There a byte order mark would be no text any more.
    if text[from..].starts_with(b"\xef\xbb\xbf") {
        return;
    }
    let rest = TextLayout { names: Some(names), skip_rows: 0, ..layout };
    let Some((_, tail)) = read(&rest, &text[from..]) else { return };
    let expected = rows.iter().filter(|found| row.line <= found.0.line).count();
    assert_eq!(expected, tail.len(), "a cut between rows changes none");
});

/// The layouts that there are, by the bits of a byte.
fn layout(options: u8) -> TextLayout {
    let pick = |bit: u8| options >> bit & 1 == 1;
    let encodings = [Encoding::Utf8, Encoding::Latin1, Encoding::Windows1252, Encoding::Utf8];
    TextLayout {
        delimiter: if pick(0) { b';' } else { b',' },
        quote: (!pick(1)).then_some(b'"'),
        encoding: encodings[usize::from(options >> 2 & 3)],
        skip_rows: u64::from(options >> 4 & 3),
        names: pick(6).then(|| ["a", "b", "c"].map(str::to_owned).to_vec()),
        nulls: Vec::new(),
    }
}

type Found = (Vec<String>, Vec<(TextRow, Vec<String>)>);

fn read(layout: &TextLayout, input: impl BufRead) -> Option<Found> {
    let mut reader = TextReader::new(layout, input).ok()?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().expect("bytes in memory are always read") {
        let fields: Vec<String> =
            (0..row.n_fields).map(|at| reader.field(at).expect("counted").to_owned()).collect();
        assert_eq!(row.fault.is_some(), fields.is_empty(), "{row:?}");
        // Text of one byte a character becomes at most three times as long.
        assert!(row.raw.len() <= 3 * ROW_BYTES_MAX, "memory stays bounded");
        rows.push((row, fields));
    }
    Some((reader.names().to_vec(), rows))
}

/// Each row begins at the line after the row before it, and the last one ends with the text.
fn check_lines(layout: &TextLayout, rows: &[(TextRow, Vec<String>)], text: &[u8]) {
    let mut next = None;
    for (row, _) in rows {
        assert_eq!(row.line, next.unwrap_or(row.line), "no line is lost or read twice");
        assert!(layout.skip_rows < row.line);
        next = Some(row.line + 1 + row.raw.matches('\n').count() as u64);
    }
    let n_lines = text.split_inclusive(|b| *b == b'\n').count() as u64;
    assert_eq!(next.unwrap_or(n_lines + 1), n_lines + 1, "the last line is read");
}

//! Delimited text as mappings read it: fixtures against what their rows are, and the laws that
//! hold for any text. Read [`check`] first.

use std::fmt::Write as _;
use std::io::BufReader;

use insta::assert_snapshot;
use proptest::prelude::*;
use soglia_sources::mapping::text::{Fault, TextError, TextLayout, TextReader, TextRow};
use soglia_sources::mapping::{Definition, Encoding, Layout};

fn layout() -> TextLayout {
    TextLayout {
        delimiter: b';',
        quote: Some(b'"'),
        encoding: Encoding::Utf8,
        skip_rows: 0,
        names: None,
        nulls: Vec::new(),
    }
}

type Rows = Vec<(TextRow, Vec<String>)>;

/// Reads text that comes in pieces of `size` bytes.
fn rows(layout: &TextLayout, text: &[u8], size: usize) -> Result<Rows, TextError> {
    let mut reader = TextReader::new(layout, BufReader::with_capacity(size, text))?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        let field = |at| reader.field(at).expect("fields that were counted").to_owned();
        let fields = (0..row.n_fields).map(field).collect();
        rows.push((row, fields));
    }
    Ok(rows)
}

/// A table of the rows, then the sum of them.
fn check(text: &[u8]) -> String {
    let rows = match rows(&layout(), text, 1 << 16) {
        Ok(rows) => rows,
        Err(error) => return format!("refused: {error}"),
    };
    let (mut whole, mut rejected, mut ignored) = (0, 0, 0);
    let mut out = String::new();
    for (TextRow { line, raw, fault, .. }, fields) in &rows {
        let what = match fault {
            None => fields.join("|").replace('\n', "⏎"),
            Some(Fault::Rejected(code, detail)) => format!("rejected {code}: {detail}: {raw:?}"),
            Some(Fault::Ignored(code)) => format!("ignored {code}"),
        };
        match fault {
            None => whole += 1,
            Some(Fault::Rejected(..)) => rejected += 1,
            Some(Fault::Ignored(_)) => ignored += 1,
        }
        writeln!(out, "{line}: {what}").expect("strings take everything");
    }
    let n = rows.len();
    write!(out, "{n} rows = {whole} whole + {rejected} rejected + {ignored} ignored")
        .expect("strings take everything");
    out
}

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../fixtures/mapping_text/", $name))
    };
}

#[test]
fn basic() {
    assert_snapshot!(check(fixture!("basic.csv")), @r#"
    2: C-1|03/07/2023 08:00:12|prenotazioni|risposta|
    3: C-2|03/07/2023 08:01:40|prenotazioni|abbandonata|chiede; poi riaggancia
    4: C-3|03/07/2023 08:02:05|disdette|risposta|disse "pronto" due volte
    3 rows = 3 whole + 0 rejected + 0 ignored
    "#);
}

#[test]
fn messy() {
    assert_snapshot!(check(fixture!("messy.csv")), @r#"
    2: C-1|03/07/2023 08:00:12|prenotazioni|risposta|
    3: ignored empty_line
    4: C-2|03/07/2023 08:01:40|prenotazioni
    5: C-3|03/07/2023 08:02:05|disdette|risposta|prima riga⏎seconda; riga
    7: ignored repeated_header
    8: rejected unclosed_quote: a quoted field does not end: "C-4;03/07/2023 08:03:00;disdette;\"risposta;senza fine"
    9: rejected bad_encoding: the row is not UTF-8; a file saved by Excel needs `encoding = "windows-1252"`: "C-5;03/07/2023 08:04:00;citt�;risposta;"
    10: rejected nul_byte: the row has bytes that are zero: "C-6;03/07/2023 08:05:00;dis\0dette;risposta;"
    11: C-7|03/07/2023 08:06:00|disdette|risposta||di troppo
    12: C-8|03/07/2023 08:07:00|disdette|risposta|chiusadopo
    10 rows = 5 whole + 3 rejected + 2 ignored
    "#);
}

#[test]
fn clock_change() {
    assert_snapshot!(check(fixture!("clock-change.csv")), @r#"
    2: C-1|26/03/2023 01:59:59|prenotazioni|risposta|
    3: C-2|26/03/2023 02:30:00|prenotazioni|risposta|quest'ora non esiste
    4: C-3|29/10/2023 02:30:00|prenotazioni|risposta|la prima o la seconda
    5: C-4|29/10/2023 03:00:00|prenotazioni|risposta|
    4 rows = 4 whole + 0 rejected + 0 ignored
    "#);
}

#[test]
fn truncated() {
    assert_snapshot!(check(fixture!("truncated.csv")), @r#"
    2: C-1|03/07/2023 08:00:12|prenotazioni|risposta|
    3: rejected truncated_row: the file ends in the middle of this row: "C-2;03/07/2023 08:01:40;preno"
    2 rows = 1 whole + 1 rejected + 0 ignored
    "#);
}

#[test]
fn unrelated() {
    assert_snapshot!(check(fixture!("unrelated.csv")), @"refused: the text is encoded in UTF-16");
}

#[test]
fn a_row_is_at_most_a_mebibyte_long() {
    let long = "x".repeat(3 << 20);
    let text = format!("a;b\n1;{long}\n2;y\n");
    let rows = rows(&layout(), text.as_bytes(), 4096).expect("read");
    let codes: Vec<_> = rows.iter().map(|(row, _)| row.fault).collect();
    assert!(matches!(codes[..], [Some(Fault::Rejected("too_long", _)), None]), "{codes:?}");
    assert_eq!(rows[0].0.raw.len(), 1 << 20);
}

/// A stray quote costs its own row, and not the time of reading all lines after it each time.
#[test]
fn many_stray_quotes_cost_little() {
    let text = format!("a;b\n{}", format!("\"x;{}\ny;1\nz;2\n", "w".repeat(2000)).repeat(300));
    let rows = rows(&layout(), text.as_bytes(), 4096).expect("read");
    let lines: u64 = rows.iter().map(|(row, _)| 1 + row.raw.matches('\n').count() as u64).sum();
    assert_eq!(lines, 900);
}

const OUTAGES: &str = r#"
fact = "outages"
[read]
format = "csv"
[columns]
id = "evento"
component = "componente"
from = "local_instant(inizio)"
"#;

#[test]
fn a_mapping_file_is_understood_without_a_query_engine() {
    let found = Definition::parse(OUTAGES, "m.toml").expect("a mapping");
    assert!(matches!(found.layout, Layout::Text(TextLayout { delimiter: b',', .. })));
    let keys: Vec<_> = found.expressions().map(|e| (e.line, e.key.as_str())).collect();
    assert_eq!(keys, [(6, "columns.id"), (7, "columns.component"), (8, "columns.from")]);
    let wrong = Definition::parse(&OUTAGES.replace("id =", "ids ="), "m.toml").expect_err("a slip");
    assert_eq!((wrong.line, wrong.key.as_str()), (6, "columns.ids"));
    assert_eq!(wrong.hint.as_deref(), Some("did you mean `id`?"));
}

/// Text that is likely to have rows: delimiters, quotes, line ends, letters of several bytes.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let parts: [&[u8]; 12] = [
        b";",
        b";",
        b"\n",
        b"\n",
        b"\r\n",
        b"\"",
        b"\"\"",
        b"a",
        b"\xc3\xa0",
        b"\xe0",
        b"\0",
        b" ",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..80)
        .prop_map(|parts| [b"a;b\n".as_slice(), &parts.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512, failure_persistence: None, ..Default::default()
    })]

    /// Rows follow one another without a gap, from the header to the end.
    #[test]
    fn every_line_belongs_to_one_row(text in texts()) {
        let mut next = 2;
        for (row, fields) in rows(&layout(), &text, 1 << 16).expect("a header") {
            prop_assert_eq!(row.line, next);
            prop_assert_eq!(row.fault.is_some(), fields.is_empty());
            next += 1 + row.raw.matches('\n').count() as u64;
        }
        prop_assert_eq!(next - 1, text.split_inclusive(|byte| *byte == b'\n').count() as u64);
    }

    #[test]
    fn pieces_do_not_matter(text in texts(), size in 1..9_usize) {
        let whole = rows(&layout(), &text, 1 << 16).expect("a header");
        prop_assert_eq!(whole, rows(&layout(), &text, size).expect("a header"));
    }

    /// Read again from where a row begins, the rest is the same.
    #[test]
    fn a_cut_between_rows_changes_none(text in texts(), at in any::<prop::sample::Index>()) {
        let whole = rows(&layout(), &text, 1 << 16).expect("a header");
        prop_assume!(!whole.is_empty());
        let (first, second) = whole.split_at(at.index(whole.len()));
        let before = second.first().map_or(0, |(row, _)| row.line - 1);
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        let from: usize = lines.take(usize::try_from(before).expect("few")).map(<[u8]>::len).sum();
        let named = TextLayout { names: Some(vec!["a".into(), "b".into()]), ..layout() };
        let rest = rows(&named, &text[from..], 1 << 16).expect("no header is needed");
        let told = |rows: &[(TextRow, Vec<String>)], before: u64| -> Vec<_> {
            let repeated = Some(Fault::Ignored("repeated_header"));
            let rows = rows.iter().filter(|(row, _)| row.fault != repeated && row.raw != "a;b");
            rows.map(|(row, fields)| (row.line - before, row.fault, fields.clone())).collect()
        };
        prop_assert_eq!(first.len() + rest.len(), whole.len());
        prop_assert_eq!(told(second, before), told(&rest, 0));
    }
}

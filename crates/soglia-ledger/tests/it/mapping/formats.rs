//! The same rows as CSV, packed, XLSX and Parquet.

use std::io::Write as _;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use insta::assert_snapshot;
use parquet::arrow::ArrowWriter;
use soglia_ledger::mapping::{MappedOutcome, MappedRow};

use super::{PLAIN, rows_in, show, told};

const FILE: &str = "evento;componente;inizio\nA;rete;2023-07-03 10:00:00\nB;posta;ieri\n";

#[tokio::test]
async fn packed_files_are_read_like_plain_ones() {
    let plain = rows_in(PLAIN, "eventi.csv", FILE.as_bytes()).await.expect("read");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(FILE.as_bytes()).expect("packed");
    let gz = gz.finish().expect("packed");
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 6);
    xz.write_all(FILE.as_bytes()).expect("packed");
    let xz = xz.finish().expect("packed");
    let zst = zstd::encode_all(FILE.as_bytes(), 3).expect("packed");
    for (name, packed) in [("a.gz", &gz), ("a.xz", &xz), ("a.csv", &zst)] {
        assert_eq!(rows_in(PLAIN, name, packed).await.expect("read"), plain, "{name}");
        let cut = &packed[..packed.len() - 6];
        assert!(rows_in(PLAIN, name, cut).await.is_err(), "{name} was cut short");
    }
}

#[tokio::test]
async fn windows_text_and_files_without_header_are_read() {
    let mapping = PLAIN.replace(
        "delimiter = \";\"",
        "delimiter = \"|\"\nencoding = \"windows-1252\"\nheader = false\nskip_rows = 1\n\
         columns = [\"evento\", \"componente\", \"inizio\"]",
    );
    let file = b"esportazione del 4 luglio\nA|citt\xe0 \x80|2023-07-03 10:00:00\n";
    let rows = rows_in(&mapping, "eventi.csv", file).await.expect("read");
    assert_snapshot!(lines(&rows), @"2: outage A of città €: 2023-07-03T08:00:00.000Z, 1000 ‰");
}

#[tokio::test]
async fn parquet_columns_keep_their_types() {
    let mapping = r#"
fact = "outages"
[read]
format = "parquet"
[columns]
id = "evento"
component = "CASE WHEN grave THEN 'rete' ELSE 'posta' END"
from = "local_instant(inizio)"
until = "plus_seconds(local_instant(inizio), durata)"
"#;
    let rows = rows_in(mapping, "eventi.parquet", &parquet()).await.expect("read");
    assert_snapshot!(lines(&rows), @r"
    1: outage 7 of rete: 2023-07-03T08:00:00.000Z to 2023-07-03T08:01:00.000Z, 1000 ‰
    2: rejected missing_value: `from` is empty | 8	false		
    ");
    let untyped = mapping.replace("local_instant(inizio)\"\nuntil", "inizio\"\nuntil");
    let error = rows_in(&untyped, "eventi.parquet", &parquet()).await.expect_err("no zone");
    assert_snapshot!("parquet_wall_clock", told(&error));
    let error = rows_in(mapping, "eventi.csv", FILE.as_bytes()).await.expect_err("no Parquet");
    assert!(told(&error).contains("cannot be read as Parquet"), "{}", told(&error));
}

fn parquet() -> Vec<u8> {
    let start: i64 = 1_688_378_400_000_000; // 2023-07-03 10:00:00 on the wall
    let batch = RecordBatch::try_from_iter([
        ("evento", Arc::new(Int64Array::from(vec![7, 8])) as ArrayRef),
        ("grave", Arc::new(BooleanArray::from(vec![true, false])) as ArrayRef),
        ("inizio", Arc::new(TimestampMicrosecondArray::from(vec![Some(start), None])) as ArrayRef),
        ("durata", Arc::new(Int64Array::from(vec![Some(60), None])) as ArrayRef),
    ])
    .expect("one length");
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    file
}

#[tokio::test]
async fn workbooks_are_read_cell_by_cell() {
    let mapping = r#"
fact = "outages"
[read]
format = "xlsx"
sheet = "Eventi"
skip_rows = 1
[columns]
id = "\"N. evento\""
component = "Componente"
from = "local_instant(Inizio)"
weight_permille = "CAST(Perdita AS BIGINT)"
"#;
    let rows = rows_in(mapping, "eventi.xlsx", &workbook()).await.expect("read");
    assert_snapshot!(lines(&rows));
    let other = mapping.replace("\"Eventi\"", "\"Evento\"");
    let error = rows_in(&other, "eventi.xlsx", &workbook()).await.expect_err("no such sheet");
    assert!(told(&error).ends_with("hint: did you mean `Eventi`?"), "{}", told(&error));
    let error = rows_in(mapping, "eventi.csv", FILE.as_bytes()).await.expect_err("no workbook");
    assert!(told(&error).contains("cannot be read as an XLSX workbook"), "{}", told(&error));
}

const HEADER: [&str; 3] = ["evento", "componente", "inizio"];

/// Two events.
const BASIC: [[&str; 3]; 3] = [
    ["A", "rete", "2023-07-03 10:00:00"],
    ["B", "posta", "2023-07-03 11:00:00"],
    ["C", "rete", "2023-07-03 12:00:00"],
];

/// A moment that is none, an event without a name, a component without one.
const MESSY: [[&str; 3]; 4] = [
    ["A", "rete", "ieri"],
    ["", "rete", "2023-07-03 10:00:00"],
    ["C", "", "2023-07-03 10:00:00"],
    ["D", "posta", "2023-07-03 12:00:00"],
];

/// The hour that does not exist, the one that occurs twice, the one after it.
const CLOCK_CHANGE: [[&str; 3]; 3] = [
    ["A", "rete", "2023-03-26 02:30:00"],
    ["B", "rete", "2023-10-29 02:30:00"],
    ["C", "rete", "2023-10-29 03:00:00"],
];

#[derive(Clone, Copy, Debug)]
enum Delivered {
    Csv,
    Tsv,
    Xlsx,
    Parquet,
}

impl Delivered {
    const ALL: [Self; 4] = [Self::Csv, Self::Tsv, Self::Xlsx, Self::Parquet];

    fn mapping(self) -> String {
        let read = match self {
            Self::Csv => return PLAIN.to_owned(),
            Self::Tsv => "format = \"tsv\"",
            Self::Xlsx => "format = \"xlsx\"",
            Self::Parquet => "format = \"parquet\"",
        };
        PLAIN.replace("format = \"csv\"\ndelimiter = \";\"", read)
    }

    fn file(self, header: [&str; 3], rows: &[[&str; 3]]) -> Vec<u8> {
        let lines = |delimiter: &str| {
            let all = std::iter::once(&header).chain(rows);
            all.map(|row| row.join(delimiter) + "\n").collect::<String>().into_bytes()
        };
        match self {
            Self::Csv => lines(";"),
            Self::Tsv => lines("\t"),
            Self::Xlsx => sheet_of(header, rows),
            Self::Parquet => parquet_of(header, rows),
        }
    }
}

fn sheet_of(header: [&str; 3], rows: &[[&str; 3]]) -> Vec<u8> {
    let all = std::iter::once(&header).chain(rows).zip(1..);
    let rows = all.map(|(row, number)| {
        let cells = row.iter().zip(["A", "B", "C"]).map(|(text, column)| {
            format!("<c r=\"{column}{number}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        });
        format!("<row r=\"{number}\">{}</row>", cells.collect::<String>())
    });
    book(&rows.collect::<String>())
}

fn parquet_of(header: [&str; 3], rows: &[[&str; 3]]) -> Vec<u8> {
    let column = |at: usize| {
        let values: StringArray = rows.iter().map(|row| Some(row[at])).collect();
        (header[at], Arc::new(values) as ArrayRef)
    };
    let batch = RecordBatch::try_from_iter((0..3).map(column)).expect("one length");
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    file
}

/// Facts, rejected rows by their codes, ignored rows.
fn totals(rows: &[MappedRow]) -> (usize, Vec<&'static str>, usize) {
    let mut totals = (0, Vec::new(), 0);
    for row in rows {
        match &row.outcome {
            MappedOutcome::Fact(_) => totals.0 += 1,
            MappedOutcome::Rejected { code, .. } => totals.1.push(*code),
            MappedOutcome::Ignored { .. } => totals.2 += 1,
        }
    }
    assert_eq!(rows.len(), totals.0 + totals.1.len() + totals.2);
    totals
}

#[tokio::test]
async fn the_same_rows_have_the_same_totals_in_every_format() {
    let cases = [
        (BASIC.as_slice(), 3, vec![]),
        (&MESSY, 1, vec!["bad_value", "missing_value", "missing_value"]),
        (&CLOCK_CHANGE, 1, vec!["bad_value", "bad_value"]),
    ];
    for format in Delivered::ALL {
        for (rows, n_facts, rejected) in &cases {
            let file = format.file(HEADER, rows);
            let read = rows_in(&format.mapping(), "eventi.csv", &file).await.expect("read");
            assert_eq!(totals(&read), (*n_facts, rejected.clone(), 0), "{format:?} {rows:?}");
        }
    }
}

/// Text tells how far it came; a workbook and Parquet keep what finds the rows at their end.
#[tokio::test]
async fn truncated_files_lose_one_row_or_are_refused() {
    for format in Delivered::ALL {
        let file = format.file(HEADER, &BASIC);
        let cut = &file[..file.len() - 24];
        let read = rows_in(&format.mapping(), "eventi.csv", cut).await;
        match format {
            Delivered::Csv | Delivered::Tsv => {
                let read = read.expect("the rows before the cut are read");
                assert_eq!(totals(&read), (2, vec!["truncated_row"], 0), "{format:?}");
            }
            Delivered::Xlsx | Delivered::Parquet => {
                let error = told(&read.expect_err("the file is cut"));
                assert!(error.contains("cannot be read as"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn unrelated_files_are_refused_whole() {
    for format in Delivered::ALL {
        let other = format.file(["nome", "prezzo", "peso"], &[["pane", "2", "1"]]);
        let error = rows_in(&format.mapping(), "eventi.csv", &other).await.expect_err("unrelated");
        assert!(told(&error).contains("is not the kind of file that"), "{}", told(&error));
        for file in [b"".as_slice(), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"<html></html>"] {
            let read = rows_in(&format.mapping(), "eventi.csv", file).await;
            read.expect_err("none of the formats");
        }
    }
}

fn lines(rows: &[MappedRow]) -> String {
    rows.iter().map(show).collect()
}

/// A workbook with one sheet: a title, a header, three rows, one of them empty in between.
fn workbook() -> Vec<u8> {
    let text = |cell: &str, text: &str| {
        format!("<c r=\"{cell}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
    };
    let number = |cell: &str, value: &str| format!("<c r=\"{cell}\"><v>{value}</v></c>");
    let date = |cell: &str, value: &str| format!("<c r=\"{cell}\" s=\"1\"><v>{value}</v></c>");
    let rows = [
        format!("<row r=\"1\">{}</row>", text("A1", "Eventi di luglio")),
        format!(
            "<row r=\"2\">{}{}{}{}</row>",
            text("A2", "N. evento"),
            text("B2", "Componente"),
            text("C2", "Inizio"),
            text("D2", "Perdita")
        ),
        // 45110.4166666667 is 2023-07-03 10:00:00.
        format!(
            "<row r=\"3\">{}{}{}{}</row>",
            number("A3", "7"),
            text("B3", "rete"),
            date("C3", "45110.4166666667"),
            number("D3", "500")
        ),
        format!("<row r=\"5\">{}{}</row>", number("A5", "8"), text("C5", "2023-07-03 11:00")),
        format!("<row r=\"6\">{}{}</row>", number("A6", "9"), text("F6", "di troppo")),
    ];
    book(&rows.concat())
}

/// A workbook of one sheet, from the sheet's rows.
fn book(rows: &str) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let relations =
        |items: &str| format!("<Relationships xmlns=\"{package}\">{items}</Relationships>");
    let one = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{relation}/{kind}\" Target=\"{target}\"/>")
    };
    zip(&[
        ("_rels/.rels", relations(&one("rId1", "officeDocument", "xl/workbook.xml"))),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{relation}\"><sheets>\
                 <sheet name=\"Eventi\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            relations(
                &[
                    one("rId1", "worksheet", "worksheets/sheet1.xml"),
                    one("rId2", "styles", "styles.xml"),
                ]
                .concat(),
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/>\
                 <xf numFmtId=\"22\"/></cellXfs></styleSheet>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(
                "<worksheet xmlns=\"{main}\"><dimension ref=\"A1:F6\"/><sheetData>{rows}\
                 </sheetData></worksheet>"
            ),
        ),
    ])
}

/// An archive with its files stored as they are.
fn zip(files: &[(&str, String)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let mut crc = flate2::Crc::new();
        crc.update(text.as_bytes());
        let size = u32::try_from(text.len()).expect("small").to_le_bytes();
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        common.extend(crc.sum().to_le_bytes());
        common.extend(size);
        common.extend(size);
        common.extend(u16::try_from(name.len()).expect("short").to_le_bytes());
        common.extend([0, 0]);
        let at = u32::try_from(archive.len()).expect("small").to_le_bytes();
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(name.as_bytes());
        archive.extend(text.as_bytes());
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(at);
        directory.extend(name.as_bytes());
    }
    let n = u16::try_from(files.len()).expect("few").to_le_bytes();
    let start = u32::try_from(archive.len()).expect("small").to_le_bytes();
    let size = u32::try_from(directory.len()).expect("small").to_le_bytes();
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(n);
    archive.extend(n);
    archive.extend(size);
    archive.extend(start);
    archive.extend([0, 0]);
    archive
}

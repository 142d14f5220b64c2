//! The same rows as CSV, packed, XLSX and Parquet.

use std::io::Write as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, TimestampMicrosecondArray};
use insta::assert_snapshot;
use parquet::arrow::ArrowWriter;
use soglia_ledger::mapping::MappedRow;

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
                "<worksheet xmlns=\"{main}\"><dimension ref=\"A1:F6\"/><sheetData>{}</sheetData>\
                 </worksheet>",
                rows.concat()
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

//! The same figures in every format. Read [`every_measured_value_is_in_every_format`] first.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::PathBuf;
use std::process::Command;

use calamine::{Data, Reader, Xlsx};
use jiff::Timestamp;
use soglia_domain::text::Lang;
use soglia_report::model::ReportInput;
use soglia_report::template::Template;
use soglia_report::{Edition, Format};

use crate::sample;

fn written() -> Timestamp {
    "2024-02-02T09:30:00Z".parse().expect("a timestamp")
}

/// The files of a format by name.
fn files(input: &ReportInput, lang: Lang, format: Format) -> BTreeMap<String, Vec<u8>> {
    let template = Template::default();
    let edition = Edition::new(input, lang, &template, written()).expect("the sample is sound");
    let files = edition.files(format, "r").expect("the sample can be written");
    files.into_iter().map(|file| (file.name, file.bytes)).collect()
}

fn file(input: &ReportInput, lang: Lang, format: Format) -> Vec<u8> {
    files(input, lang, format).into_values().next().expect("there is one file")
}

/// Writes a file where people can look at it.
fn kept(name: &str, bytes: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).expect("the folder of test files can be written");
    path
}

fn part(docx: &[u8], name: &str) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(docx)).expect("it is a package");
    let mut text = String::new();
    zip.by_name(name).expect(name).read_to_string(&mut text).expect("it is text");
    text
}

/// The words of a part, without its marks.
fn words(xml: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in xml.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

fn sheets(bytes: &[u8]) -> BTreeMap<String, Vec<Vec<Data>>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("it is a workbook");
    let names = book.sheet_names();
    let rows = |range: calamine::Range<Data>| range.rows().map(<[Data]>::to_vec).collect();
    names
        .into_iter()
        .map(|name| {
            let range = book.worksheet_range(&name).expect("the sheet can be read");
            (name, rows(range))
        })
        .collect()
}

/// A value as each format writes it: for people, as a fraction, as a plain number.
struct Measured {
    printed: String,
    number: f64,
    plain: String,
    counts: (u64, u64),
}

fn measured(input: &ReportInput) -> Vec<Measured> {
    let services = input.areas.iter().flat_map(|area| &area.services);
    let results = services.flat_map(|service| &service.indicators);
    let shares = results.filter_map(|result| {
        let value = result.value.as_ref()?;
        let number: f64 = value.decimal.parse().ok()?;
        Some(Measured {
            printed: format!("{}%", value.decimal.replace('.', ",")),
            number: number / 100.0,
            plain: value.decimal.clone(),
            counts: result.ratio?,
        })
    });
    shares.collect()
}

#[test]
fn every_measured_value_is_in_every_format() {
    let input = sample::half_year();
    let values = measured(&input);
    assert_eq!(values.len(), 18, "twenty indicators, two of them not applicable");
    let html = String::from_utf8(file(&input, Lang::It, Format::Html)).expect("it is text");
    let docx = words(&part(&file(&input, Lang::It, Format::Docx), "word/document.xml"));
    let json = String::from_utf8(file(&input, Lang::It, Format::Json)).expect("it is text");
    let data = files(&input, Lang::It, Format::OpenData);
    let csv = data.get("r-opendata/indicatori.csv").expect("the indicators are published");
    let csv = String::from_utf8(csv.clone()).expect("it is text");
    let book = sheets(&file(&input, Lang::It, Format::Xlsx));
    let numbers: Vec<f64> = book
        .values()
        .flatten()
        .flatten()
        .filter_map(|cell| if let Data::Float(number) = cell { Some(*number) } else { None })
        .collect();
    let path = kept("figures-it.pdf", &file(&input, Lang::It, Format::Pdf));
    let pdf = Command::new("pdftotext").args(["-layout"]).arg(&path).arg("-").output();
    let pdf = pdf.ok().map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    if pdf.is_none() {
        eprintln!("skipped: `pdftotext` of poppler-utils is missing");
    }
    for Measured { printed, number, plain, counts } in values {
        assert!(html.contains(&printed), "{printed} is not in the HTML");
        assert!(docx.contains(&printed), "{printed} is not in the DOCX");
        assert!(pdf.as_ref().is_none_or(|pdf| pdf.contains(&printed)), "{printed}: not in the PDF");
        assert!(json.contains(&format!("\"value\": \"{plain}\"")), "{plain} is not in the JSON");
        assert!(csv.contains(&format!(",{plain},%,")), "{plain} is not in the CSV");
        let close = |other: &f64| (other - number).abs() < 1e-12;
        assert!(numbers.iter().any(close), "{number} is not in the workbook");
        for count in [counts.0, counts.1] {
            let close = |other: &f64| (other - count as f64).abs() < 1e-6;
            assert!(numbers.iter().any(close), "{count} is not in the workbook");
        }
    }
}

/// What the formats say, as text: a change of a word or a figure shows.
#[test]
fn golden() {
    let input = sample::half_year();
    let docx = part(&file(&input, Lang::It, Format::Docx), "word/document.xml");
    let lines = docx.replace("</w:p>", "</w:p>\n").replace("<w:tab/>", "\t");
    let lines = words(&lines);
    let said: Vec<&str> = lines.lines().filter(|line| !line.trim().is_empty()).collect();
    insta::assert_snapshot!("docx-it", said.join("\n"));
    let mut book = Vec::new();
    for (name, rows) in sheets(&file(&input, Lang::En, Format::Xlsx)) {
        book.push(format!("[{name}] {} rows", rows.len()));
        for row in rows.iter().take(3) {
            let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
            book.push(cells.join(" | ").replace('\n', " / "));
        }
    }
    insta::assert_snapshot!("xlsx-en", book.join("\n"));
    let data = files(&input, Lang::It, Format::OpenData);
    for name in ["indicatori.csv", "chiamate-per-esito.csv", "catalogo.ttl"] {
        let text = data.get(&format!("r-opendata/{name}")).expect(name).clone();
        let text = String::from_utf8(text).expect("it is text").replace('\r', "");
        insta::assert_snapshot!(format!("opendata-{name}"), text);
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_in_every_format() {
    let input = sample::half_year();
    for format in Format::ALL {
        let first = files(&input, Lang::It, format);
        assert!(first == files(&input, Lang::It, format), "{} differs", format.code());
        let english = files(&input, Lang::En, format);
        assert!(first != english, "{} has one language only", format.code());
        assert_eq!(Format::parse(format.code()), Some(format));
    }
}

#[test]
fn every_sample_can_be_written_in_every_format() {
    for (name, input) in [
        ("empty", sample::empty()),
        ("all-breached", sample::all_breached()),
        ("long-texts", sample::long_texts()),
    ] {
        for format in Format::ALL {
            assert!(!files(&input, Lang::It, format).is_empty(), "{name} {}", format.code());
        }
        kept(&format!("{name}.docx"), &file(&input, Lang::It, Format::Docx));
        kept(&format!("{name}.xlsx"), &file(&input, Lang::It, Format::Xlsx));
    }
}

#[test]
fn the_workbook_has_numbers_headers_and_charts() {
    let bytes = file(&sample::half_year(), Lang::It, Format::Xlsx);
    let path = kept("half-year-it.xlsx", &bytes);
    kept("half-year-en.xlsx", &file(&sample::half_year(), Lang::En, Format::Xlsx));
    let book = sheets(&bytes);
    let found = book.iter().find(|(name, _)| name.contains("Dati Indicatori"));
    let (_, rows) = found.expect("the indicators have a sheet");
    assert_eq!(rows.len(), 21, "a header and twenty rows");
    assert_eq!(rows[0][0], Data::String("Servizio".to_owned()));
    assert_eq!(rows[1][3], Data::Float(62_373.0));
    let sheet = book.iter().find(|(name, _)| name.contains("Allegati schede"));
    let (_, rows) = sheet.expect("the improvement sheets have one sheet");
    assert_eq!(rows.len(), 21, "a header and twenty rows");
    for (name, rows) in &book {
        if name == "Indice dei fogli" {
            continue;
        }
        let headers: Vec<String> = rows[0].iter().map(ToString::to_string).collect();
        assert!(headers.iter().all(|header| !header.is_empty()), "{name}: {headers:?}");
        assert!(1 < rows.len(), "{name} has no rows");
    }
    let charts = ["xl/charts/chart1.xml", "xl/drawings/drawing1.xml"];
    let [chart, drawing] = charts.map(|name| part(&bytes, name));
    assert!(chart.contains("<c:cat>") && chart.contains("<c:val>"), "{}", path.display());
    assert!(drawing.contains(" descr=\""), "charts are described");
    let first = part(&bytes, "xl/worksheets/sheet2.xml");
    assert!(first.contains("state=\"frozen\""), "the header stays in sight");
}

#[test]
fn the_office_document_is_accessible() {
    let bytes = file(&sample::half_year(), Lang::It, Format::Docx);
    kept("half-year-it.docx", &bytes);
    kept("half-year-en.docx", &file(&sample::half_year(), Lang::En, Format::Docx));
    let text = part(&bytes, "word/document.xml");
    let n = |mark: &str| text.matches(mark).count();
    assert_eq!(n("<w:tblHeader/>"), n("w:firstRow=\"1\""), "header rows repeat");
    assert!(0 < n("<wp:docPr "));
    assert_eq!(n("<wp:docPr "), n("<pic:pic>"));
    assert!(!text.contains("descr=\"\""), "every picture is described");
    for style in ["Title", "Heading1", "Heading2", "Heading3", "TOC1", "Caption", "ListBullet"] {
        assert!(text.contains(&format!("<w:pStyle w:val=\"{style}\"/>")), "{style} is not used");
    }
    assert!(text.contains(" TOC \\o \"1-3\""), "the contents are a field");
    assert!(text.contains("w:orient=\"landscape\""), "sheets lie on their side");
    let styles = part(&bytes, "word/styles.xml");
    assert!(styles.contains("<w:lang w:val=\"it-IT\""));
    assert!(part(&bytes, "docProps/core.xml").contains("<dc:language>it-IT</dc:language>"));
    assert!(part(&bytes, "word/footer1.xml").contains(" PAGE "));
    let english = file(&sample::half_year(), Lang::En, Format::Docx);
    assert!(part(&english, "word/styles.xml").contains("<w:lang w:val=\"en-GB\""));
    for xml in [&text, &styles] {
        children_are_in_order(xml, "w:pPr", &PARAGRAPH);
        children_are_in_order(xml, "w:rPr", &RUN);
    }
    // Every style that the text names exists.
    for (at, _) in text.match_indices("<w:pStyle w:val=\"") {
        let rest = &text[at + 17..];
        let style = &rest[..rest.find('"').expect("it is closed")];
        assert!(styles.contains(&format!("w:styleId=\"{style}\"")), "`{style}` is no style");
    }
}

/// Properties of paragraphs and runs, in the order of the schema: Word refuses others.
const PARAGRAPH: [&str; 16] = [
    "pStyle",
    "keepNext",
    "keepLines",
    "pageBreakBefore",
    "numPr",
    "pBdr",
    "shd",
    "tabs",
    "suppressAutoHyphens",
    "spacing",
    "ind",
    "jc",
    "outlineLvl",
    "rPr",
    "sectPr",
    "",
];
const RUN: [&str; 9] = ["rFonts", "b", "i", "caps", "noProof", "color", "sz", "szCs", "lang"];

fn children_are_in_order(xml: &str, parent: &str, order: &[&str]) {
    let (open, close) = (format!("<{parent}>"), format!("</{parent}>"));
    for piece in xml.split(&open).skip(1) {
        let inside = piece.split(&close).next().expect("it is closed");
        let (mut depth, mut last) = (0_i32, 0);
        for mark in inside.split('<').skip(1) {
            if mark.starts_with('/') {
                depth -= 1;
                continue;
            }
            if depth == 0 {
                let name = mark.split([' ', '/', '>']).next().unwrap_or_default();
                let name = name.strip_prefix("w:").unwrap_or(name);
                let at = order.iter().position(|known| *known == name);
                let at = at.unwrap_or_else(|| panic!("`{name}` is not known in {parent}"));
                assert!(last <= at, "`{name}` comes too late in {inside}");
                last = at;
            }
            let whole = mark.split('>').next().unwrap_or_default();
            depth += i32::from(!whole.ends_with('/'));
        }
    }
}

/// Converts with LibreOffice, or says that it is not there.
fn converted(name: &str, to: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let profile = format!("-env:UserInstallation=file://{}/office-{name}", folder.display());
    let output = Command::new("soffice")
        .args([&profile, "--headless", "--convert-to", to, "--outdir"])
        .arg(folder.join("office"))
        .arg(folder.join(name))
        .output();
    let Ok(output) = output else {
        eprintln!("skipped: LibreOffice (`soffice`) is missing, `{name}` was not converted");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    Some(folder.join("office").join(format!("{stem}.{to}")))
}

#[test]
fn an_office_opens_both() {
    kept("office.docx", &file(&sample::half_year(), Lang::It, Format::Docx));
    kept("office-sheets.xlsx", &file(&sample::half_year(), Lang::It, Format::Xlsx));
    let Some(path) = converted("office.docx", "pdf") else { return };
    let text = Command::new("pdftotext").args(["-layout"]).arg(&path).arg("-").output();
    if let Ok(text) = text {
        let text = String::from_utf8_lossy(&text.stdout).into_owned();
        for printed in ["56,78%", "CUP – scheda 3 di 3", "Sommario", "Dati simulati"] {
            assert!(text.contains(printed), "`{printed}` is missing in {}", path.display());
        }
        // Header rows repeat: the daily annex has three pages or more.
        assert!(!text.contains("Errore"), "a field could not be read");
    }
    let Some(path) = converted("office-sheets.xlsx", "csv") else { return };
    let bytes = std::fs::read(path).expect("the first sheet was written");
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("REGIONE VALDIMONTE"), "{text}");
}

#[test]
fn open_data_are_described_and_small_counts_hidden() {
    let input = sample::half_year();
    let data = files(&input, Lang::It, Format::OpenData);
    let catalogue = data.get("r-opendata/catalogo.ttl").expect("there is a catalogue");
    let catalogue = String::from_utf8(catalogue.clone()).expect("it is text");
    kept("catalogo.ttl", catalogue.as_bytes());
    for name in data.keys().filter(|name| !name.contains("catalogo")) {
        let file = name.rsplit_once('/').map_or(name.as_str(), |(_, file)| file);
        assert!(catalogue.contains(&format!("dcat:downloadURL <{file}>")), "{file}");
    }
    for needed in [
        "a dcatapit:Catalog , dcat:Catalog",
        "a dcatapit:Dataset , dcat:Dataset",
        "a dcatapit:Distribution , dcat:Distribution",
        "dct:rightsHolder <#ente>",
        "dct:accrualPeriodicity \
         <http://publications.europa.eu/resource/authority/frequency/ANNUAL_2>",
        "dct:license <https://creativecommons.org/licenses/by/4.0/>",
        "foaf:name \"REGIONE VALDIMONTE\"@it",
        "dcatapit:startDate \"2023-07-01\"^^xsd:date",
    ] {
        assert!(catalogue.contains(needed), "`{needed}` is missing:\n{catalogue}");
    }
    let csv = String::from_utf8(data["r-opendata/indicatori.csv"].clone()).expect("it is text");
    let k6 = csv.lines().find(|line| line.starts_with("CUP,K6,")).expect("K6 is there");
    assert!(k6.contains(",,,99.83,%,") && k6.ends_with(",si"), "587 of 588 is hidden: {k6}");
    let k1 = csv.lines().find(|line| line.starts_with("CUP,K1,")).expect("K1 is there");
    assert!(k1.contains(",62373,109850,56.78,%,>=,95,KO,") && k1.ends_with(",no"), "{k1}");
}

/// Asks qpdf whether a file is sound, or says that it is not there.
fn is_sound(path: &std::path::Path) {
    match Command::new("qpdf").arg("--check").arg(path).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{}: {said}", path.display());
        }
        Err(_) => eprintln!("skipped: `qpdf` is missing, {} was not checked", path.display()),
    }
}

#[test]
fn a_pdf_can_hold_the_data() {
    let bytes = file(&sample::half_year(), Lang::It, Format::PdfA3);
    let path = kept("half-year-it-a3.pdf", &bytes);
    let text = String::from_utf8_lossy(&bytes);
    for declared in [
        "<pdfaid:part>3</pdfaid:part>",
        "<pdfaid:conformance>A</pdfaid:conformance>",
        "<pdfuaid:part>1</pdfuaid:part>",
    ] {
        assert!(text.contains(declared), "`{declared}` is missing");
    }
    is_sound(&path);
    is_sound(&kept("half-year-it-a2.pdf", &file(&sample::half_year(), Lang::It, Format::Pdf)));
    let listed = Command::new("pdfdetach").arg("-list").arg(&path).output();
    let Ok(listed) = listed else {
        eprintln!("skipped: `pdfdetach` of poppler-utils is missing");
        return;
    };
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("indicatori.csv"), "{listed}");
    assert!(listed.contains("chiamate-al-giorno.csv"), "{listed}");
}

#[test]
fn a_template_changes_the_look_without_code() {
    let toml = "name = 'COMUNE DI ROCCASPINA'\noffice = 'Ufficio Innovazione'\n\
                preamble = ['Il Comune pubblica i dati di questo resoconto.']\n\
                closing = ['Letto e approvato.']\nfooter = 'Via del Castello 1'\n\
                place = 'Roccaspina'\nlogo = 'logo.svg'\nlogo_alt = 'Stemma di Roccaspina'\n\
                [colours]\ndeep = '#7a003c'\n[open_data]\nipa_code = 'c_rocc'\n\
                licence_url = 'https://creativecommons.org/publicdomain/zero/1.0/'";
    let logo = "<svg xmlns='http://www.w3.org/2000/svg' width='60' height='60'>\
                <circle cx='30' cy='30' r='28' fill='#7a003c'/></svg>";
    let read = |_: &str| Ok::<_, soglia_report::template::TemplateError>(logo.as_bytes().to_vec());
    let template = Template::parse(toml, read).expect("it is sound");
    let input = sample::half_year();
    let edition = Edition::new(&input, Lang::It, &template, written()).expect("it is sound");
    let html = edition.html().expect("it can be written");
    for printed in [
        "COMUNE DI ROCCASPINA",
        "Ufficio Innovazione",
        "Il Comune pubblica",
        "Letto e approvato.",
        "Via del Castello 1",
        "Roccaspina, lì",
        "alt=\"Stemma di Roccaspina\"",
        "--deep: #7a003c",
    ] {
        assert!(html.contains(printed), "`{printed}` is missing");
    }
    assert!(!html.contains("REGIONE VALDIMONTE"), "the body's own name stands in its place");
    kept("template.pdf", &edition.pdf().expect("it can be typeset"));
    let docx = edition.docx().expect("it can be packed");
    kept("template.docx", &docx);
    assert!(part(&docx, "word/styles.xml").contains("7a003c"));
    assert!(part(&docx, "word/document.xml").contains("descr=\"Stemma di Roccaspina\""));
    let catalogue = edition.open_data().into_iter().find(|file| file.name == "catalogo.ttl");
    let catalogue = String::from_utf8(catalogue.expect("it is there").bytes).expect("it is text");
    assert!(catalogue.contains("dct:identifier \"c_rocc\""), "{catalogue}");
    assert!(catalogue.contains("licencetype/PublicDomain"), "{catalogue}");
}

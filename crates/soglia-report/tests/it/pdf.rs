//! The PDF report. Read [`every_sample_conforms`] first: the export itself refuses what does not.

use std::path::PathBuf;
use std::process::Command;

use jiff::Timestamp;
use soglia_domain::text::Lang;
use soglia_report::model::ReportInput;
use soglia_report::template::Template;
use soglia_report::{Edition, ReportError};

use crate::sample;

fn written() -> Timestamp {
    "2024-02-02T09:30:00Z".parse().expect("a timestamp")
}

fn pdf(input: &ReportInput, lang: Lang, written: Timestamp) -> Result<Vec<u8>, ReportError> {
    Edition::new(input, lang, &Template::default(), written)?.pdf()
}

fn bytes(input: &ReportInput, lang: Lang) -> Vec<u8> {
    match pdf(input, lang, written()) {
        Ok(bytes) => bytes,
        Err(error) => panic!("{error}"),
    }
}

/// Writes a PDF where people can look at it.
fn kept(name: &str, bytes: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).expect("the folder of test files can be written");
    path
}

/// Runs a tool of poppler, or says that it is not there.
fn poppler(tool: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(tool).args(arguments).output() else {
        eprintln!("skipped: `{tool}` of poppler-utils is missing");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn every_sample_conforms() {
    for (name, input) in [
        ("half-year", sample::half_year()),
        ("empty", sample::empty()),
        ("all-breached", sample::all_breached()),
        ("long-texts", sample::long_texts()),
    ] {
        let path = kept(&format!("{name}-it.pdf"), &bytes(&input, Lang::It));
        let path = path.to_str().expect("the target folder has a plain name");
        let Some(info) = poppler("pdfinfo", &[path]) else { return };
        assert!(info.contains("Tagged:          yes"), "{info}");
        assert!(info.contains("Title:           Resoconto II semestre 2023"), "{info}");
        assert!(
            info.contains("PDF subtype:     PDF/A-2a") || !info.contains("PDF subtype"),
            "{info}"
        );
    }
    kept("half-year-en.pdf", &bytes(&sample::half_year(), Lang::En));
}

#[test]
fn the_same_input_gives_the_same_bytes_and_the_date_is_the_callers() {
    let input = sample::half_year();
    let first = bytes(&input, Lang::It);
    assert!(first == bytes(&input, Lang::It), "two runs differ");
    let later = pdf(&input, Lang::It, written() + jiff::SignedDuration::from_hours(1));
    assert!(first != later.expect("an hour later"), "the date is in the document");
}

#[test]
fn both_profiles_are_declared() {
    let bytes = bytes(&sample::half_year(), Lang::It);
    let text = String::from_utf8_lossy(&bytes);
    for declared in ["<pdfaid:part>2</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>"] {
        assert!(text.contains(declared), "`{declared}` is missing");
    }
    assert!(text.contains("<pdfuaid:part>1</pdfuaid:part>"), "PDF/UA-1 is not declared");
}

#[test]
fn the_text_can_be_read() {
    let path = kept("text-it.pdf", &bytes(&sample::half_year(), Lang::It));
    let path = path.to_str().expect("the target folder has a plain name");
    let Some(text) = poppler("pdftotext", &["-layout", path, "-"]) else { return };
    for printed in [
        "REGIONE VALDIMONTE",
        "Sommario",
        "56,78%",
        "almeno 95%",
        "CUP – scheda 3 di 3",
        "Contact Center – scheda 3 di 3",
        "Che cosa non prova",
    ] {
        assert!(text.contains(printed), "`{printed}` is missing");
    }
    let pages: Vec<&str> = text.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    for (nth, page) in pages.iter().enumerate() {
        assert!(page.contains("Dati simulati"), "page {} does not say it", nth + 1);
        let number = format!("pag. {} di {}", nth + 1, pages.len());
        assert!(page.contains(&number), "page {} is not numbered `{number}`", nth + 1);
    }
    assert!(text.contains("vecchio applicativo"), "text of tables");
    assert!(text.contains("ora con più chiamate"), "text of drawings");
}

#[test]
fn a_date_that_no_pdf_can_hold_is_refused() {
    let error = pdf(&sample::empty(), Lang::It, Timestamp::MIN).expect_err("before the year 1");
    assert!(matches!(error, ReportError::Timestamp(_)), "{error:?}");
}

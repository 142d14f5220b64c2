//! The HTML report. Read [`golden`] first.

use soglia_domain::text::Lang;
use soglia_report::template::Template;
use soglia_report::{Edition, ReportError};

use crate::sample;

fn html(input: &soglia_report::model::ReportInput, lang: Lang) -> Result<String, ReportError> {
    Edition::new(input, lang, &Template::default(), jiff::Timestamp::UNIX_EPOCH)?.html()
}

/// Fonts differ from machine to machine, nothing else may.
fn without_fonts(page: &str) -> String {
    let lines = page.lines().filter(|line| !line.starts_with("@font-face"));
    lines.collect::<Vec<_>>().join("\n")
}

fn written(input: &soglia_report::model::ReportInput, lang: Lang) -> String {
    without_fonts(&html(input, lang).expect("the sample is sound"))
}

#[test]
fn golden() {
    insta::assert_snapshot!("half-year-it", written(&sample::half_year(), Lang::It));
    insta::assert_snapshot!("half-year-en", written(&sample::half_year(), Lang::En));
    insta::assert_snapshot!("empty-it", written(&sample::empty(), Lang::It));
}

#[test]
fn every_sample_is_a_page_that_needs_nothing_else() {
    for input in
        [sample::half_year(), sample::empty(), sample::all_breached(), sample::long_texts()]
    {
        for lang in [Lang::It, Lang::En] {
            let page = html(&input, lang).expect("the sample is sound");
            assert!(!page.contains("<script"), "no scripts");
            for outside in ["src=\"http", "href=\"http", "url(http", "@import"] {
                assert!(!page.contains(outside), "`{outside}` reaches outside");
            }
            headings_descend_one_by_one(&page);
            ids_are_unique(&page);
            for empty in ["\"></td>", "\"></th>"] {
                assert!(!page.contains(empty), "a cell says nothing");
            }
        }
    }
}

#[test]
fn scenarios_say_how_far_they_can_be_trusted() {
    let mut input = sample::half_year();
    input.scenarios = vec![sample::study(true, "cup"), sample::study(false, "cc")];
    let page = html(&input, Lang::It).expect("the sample is sound");
    for said in [
        "Calibrato: rigiocate",
        "Non calibrato: rigiocate, le settimane si scostano da quel che è successo in 1 confronti",
        "Errore sul passato: CUP",
        "+1,20",
        "A · IVR",
        "B · IVR (30 %)",
        "+23,90 ± 0,30",
        "paradosso di Simpson",
        "2023-12-18 lunedì 08:00",
        "lunedì 08:15: 15,5%",
        "Nessuna delle cause provate",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let page = html(&input, Lang::En).expect("the sample is sound");
    assert!(page.contains("Not calibrated: played again") && page.contains("−5.28"));
}

fn headings_descend_one_by_one(page: &str) {
    let levels = page.match_indices("<h").filter_map(|(at, _)| {
        page[at + 2..]
            .chars()
            .next()
            .and_then(|c| c.to_digit(10))
            .filter(|_| page[at + 3..].starts_with([' ', '>']))
    });
    let levels: Vec<u32> = levels.collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "one h1");
    for pair in levels.windows(2) {
        assert!(pair[1] <= pair[0] + 1, "h{} follows h{}", pair[1], pair[0]);
    }
}

fn ids_are_unique(page: &str) {
    let mut ids: Vec<&str> =
        page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let n_ids = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), n_ids, "an id occurs twice");
}

#[test]
fn the_twenty_values_and_verdicts_are_printed() {
    let page = written(&sample::half_year(), Lang::It);
    for printed in
        ["56,78%", "12,25%", "99,39%", "65,15%", "99,83%", "98,05%", "1,41%", "almeno 99,5%"]
    {
        assert!(page.contains(printed), "`{printed}` is missing");
    }
    assert!(page.contains("62.373 su 109.850"), "counts stand beside the value");
    assert!(page.contains("−38,22 punti"), "the distance is printed");
    assert!(page.contains("al massimo 5%"), "a bound says which way is good");
    let sheets = page.matches("Obiettivo raggiunto:").count();
    assert_eq!(sheets, 20, "twenty improvement sheets");
}

#[test]
fn sections_without_data_say_so() {
    let page = written(&sample::empty(), Lang::It);
    assert!(page.contains("Da compilare."));
    assert!(page.contains("Non ci sono chiamate nel periodo: nulla da calcolare."));
    assert!(page.contains("CUP: nessun indicatore è misurabile nel periodo."));
    assert!(page.contains("Nessun file importato."));
    assert!(page.contains("Le misure non sono ancora sigillate"));
    assert!(page.contains("Nessuna verifica è stata eseguita."));
}

#[test]
fn the_notice_stands_on_the_cover_and_in_the_footer() {
    let page = written(&sample::half_year(), Lang::En);
    assert!(page.contains("<aside class=\"notice\">Simulated data</aside>"));
    assert!(page.contains("<p class=\"notice-line\">Simulated data</p>"));
    let mut input = sample::half_year();
    input.notice = None;
    assert!(!written(&input, Lang::En).contains("Simulated data"));
}

#[test]
fn texts_are_escaped() {
    let page = written(&sample::long_texts(), Lang::It);
    assert!(!page.contains("<b>"), "a text is no markup");
    assert!(page.contains("&#60;b&#62;&#38;amp;"), "it is shown as it was written");
}

#[test]
fn figures_that_do_not_balance_are_refused() {
    let mut input = sample::half_year();
    input.areas[1].services[0].dispositions.rows[0].n += 1;
    let error = html(&input, Lang::It).expect_err("one call too many");
    assert!(matches!(error, ReportError::UnbalancedCalls { sum: 111_055, .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "dispositions of service `cup` add up to 111055, but 111054 calls arrived"
    );
    let mut input = sample::half_year();
    input.provenance.inputs[1].rejected += 1;
    let error = html(&input, Lang::It).expect_err("one row too many");
    assert!(matches!(error, ReportError::UnbalancedFile { .. }), "{error:?}");
    let mut input = sample::half_year();
    input.period.last = jiff::civil::date(2023, 6, 30);
    let error = html(&input, Lang::It).expect_err("the period is backwards");
    assert!(matches!(error, ReportError::EmptyPeriod { .. }), "{error:?}");
}

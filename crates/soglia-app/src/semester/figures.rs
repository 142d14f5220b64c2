//! Measurements as a review takes them: sheets, proposed findings, one sentence on all of them.
//! Read [`sheet_figures`] first.

use soglia_domain::text::Text;
use soglia_measure::measurement::{Measurement, Report};
use soglia_registers::review::{Proposed, SheetFigure};

/// The area whose services are measured.
const AREA: &str = "contact_centre";
/// The section of the analysis that figures speak of.
const SECTION: &str = "performance";

/// The computed part of each improvement sheet. Values are canonical decimals: whoever shows them
/// writes them as the reader's language does.
pub fn sheet_figures(report: &Report) -> Vec<SheetFigure> {
    report.measurements.iter().map(sheet_figure).collect()
}

fn sheet_figure(found: &Measurement) -> SheetFigure {
    SheetFigure {
        service: found.service.clone(),
        indicator: found.indicator.clone(),
        measured: found.value.clone().unwrap_or_else(|| "n/a".to_owned()),
        counts: found.numerator.zip(found.denominator),
        target: found.target.clone(),
        unit: found.unit.to_owned(),
        verdict: found.verdict.to_owned(),
        na_reason: found.reason.clone().filter(|_| found.verdict == "NA"),
    }
}

/// What stands out in the traffic, to be accepted, edited or rejected; Italian, with the English
/// beside it.
pub fn proposed(report: &Report) -> Vec<Proposed> {
    let text = |finding: &soglia_measure::measurement::Finding, lang: &str| {
        finding.text.get(lang).cloned().unwrap_or_default()
    };
    let key = |finding: &soglia_measure::measurement::Finding| {
        // A topic's growth is another finding than the next topic's.
        let about = finding.figures.get("topic").map(|topic| format!(":{topic}"));
        format!("{}:{}{}", finding.code, finding.service, about.unwrap_or_default())
    };
    let findings = report.findings.iter().map(|finding| Proposed {
        key: key(finding),
        area: AREA.to_owned(),
        section: SECTION.to_owned(),
        service: Some(finding.service.clone()),
        text: text(finding, "it"),
        text_en: Some(text(finding, "en")).filter(|text| !text.is_empty()),
    });
    findings.collect()
}

/// How many targets were met and which were missed, as evidence of the element *performance*.
pub fn summary(report: &Report) -> Text {
    let codes = |verdict: &str| -> Vec<String> {
        let of = report.measurements.iter().filter(|m| m.verdict == verdict);
        of.map(|m| format!("{}/{}", m.service, m.indicator)).collect()
    };
    let (met, missed, idle) = (codes("OK").len(), codes("KO"), codes("NA").len());
    let all = report.measurements.len();
    let list = if missed.is_empty() { String::new() } else { format!(" ({})", missed.join(", ")) };
    let n = missed.len();
    Text::new(
        &format!(
            "{all} indicatori misurati: {met} obiettivi raggiunti, {n} non raggiunti{list}, \
             {idle} non applicabili."
        ),
        &format!(
            "{all} indicators measured: {met} targets met, {n} missed{list}, {idle} not \
             applicable."
        ),
    )
}

//! What the analysis shows: sentences, charts and tables computed from counts. Read [`write`]
//! first, then one module per kind of finding.

mod durations;
mod topics;
mod volumes;

use soglia_domain::text::Lang;

use super::Outline;
use crate::document::{Block, Figure, Plot, PlotForm, Table, Tone};
use crate::format::{decimal, period, say};
use crate::model::{Finding, ReportInput, ServiceReport, StatedFinding};

/// What a finding's writer knows beside the finding.
struct Place<'a> {
    lang: Lang,
    /// The service's name.
    service: &'a str,
    /// The period's name.
    period: String,
    /// Address inside the document.
    id: String,
}

/// Writes one finding under its own heading.
pub fn write(
    outline: &mut Outline,
    input: &ReportInput,
    service: &ServiceReport,
    (nth, finding): (usize, &Finding),
) {
    let lang = outline.lang;
    let place = Place {
        lang,
        service: service.name.get(lang),
        period: period(lang, &input.period),
        id: format!("{}-{nth}", service.code),
    };
    outline.open(5, format!("{}-rilievo-{nth}", service.code), heading(lang, finding));
    match finding {
        Finding::HourProfile(profile) => volumes::hour_profile(outline, &place, profile),
        Finding::Daily(daily) => volumes::daily(outline, &place, daily),
        Finding::Waits(waits) => durations::waits(outline, &place, waits),
        Finding::MonthlyShare(monthly) => volumes::monthly(outline, &place, monthly),
        Finding::DurationTrend(trend) => durations::trend(outline, &place, trend),
        Finding::Topics(topics) => topics::comparison(outline, &place, topics),
        Finding::BookingSystems(systems) => durations::systems(outline, &place, systems),
        Finding::Stated(stated) => stated_finding(outline, stated),
    }
}

fn heading(lang: Lang, finding: &Finding) -> String {
    match finding {
        Finding::HourProfile(_) => {
            say(lang, "Concentrazione per ora e giorno", "Concentration by hour and weekday").into()
        }
        Finding::Daily(_) => say(lang, "Picchi giornalieri", "Daily peaks").into(),
        Finding::Waits(_) => say(lang, "Attese prima della risposta", "Waits before answer").into(),
        Finding::MonthlyShare(monthly) => match lang {
            Lang::It => format!("Andamento mensile di {}", monthly.indicator),
            Lang::En => format!("{} month by month", monthly.indicator),
        },
        Finding::DurationTrend(_) => {
            say(lang, "Durata dei contatti", "Duration of contacts").into()
        }
        Finding::Topics(_) => {
            say(lang, "Argomenti, prima e dopo", "Topics, before and after").into()
        }
        Finding::BookingSystems(_) => {
            say(lang, "Durata per sistema di prenotazione", "Duration by booking system").into()
        }
        Finding::Stated(_) => say(lang, "Altro rilievo", "Another finding").into(),
    }
}

fn stated_finding(outline: &mut Outline, stated: &StatedFinding) {
    let lang = outline.lang;
    outline.para(stated.text.get(lang));
    if let Some(seen) = &stated.first_seen {
        let text = match lang {
            Lang::It => format!("Rilievo riportato da un resoconto precedente: visto in {seen}."),
            Lang::En => format!("Carried over from an earlier report: first seen in {seen}."),
        };
        outline.push(Block::remark(Tone::Attention, text));
    }
}

/// Says that there is nothing to compute from.
fn nothing(outline: &mut Outline) {
    let text = say(
        outline.lang,
        "Non ci sono chiamate nel periodo: nulla da calcolare.",
        "There are no calls in the period: nothing to compute.",
    );
    outline.push(Block::remark(Tone::Neutral, text));
}

/// Adds a chart with its table; the chart's description is the finding's sentence.
fn figure(
    outline: &mut Outline,
    place: &Place<'_>,
    (caption, alt): (String, String),
    draw: impl FnOnce(&str, (&str, &str)) -> String,
    (table, plot): (Table, Option<Plot>),
) {
    let id = format!("f-{}", place.id);
    let svg = draw(&id, (&caption, &alt));
    outline.push(Block::Figure(Figure { id, caption, alt, svg, table, plot }));
}

/// Which columns a workbook draws, over the categories in the first one.
#[expect(clippy::unnecessary_wraps, reason = "some figures have none")]
fn plot(form: PlotForm, series: &[usize]) -> Option<Plot> {
    Some(Plot { form, categories: 0, series: series.to_vec() })
}

/// How much `new` differs from `old`, in per cent with one decimal and its sign.
fn change(lang: Lang, new: u128, old: u128) -> Option<String> {
    if old == 0 {
        return None;
    }
    let difference = new.abs_diff(old);
    let permille = (difference * 2000 + old) / (old * 2);
    let sign = if old <= new { "+" } else { "−" };
    let text = decimal(lang, &format!("{}.{}", permille / 10, permille % 10));
    Some(format!("{sign}{text}%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_no_base_has_no_change() {
        assert_eq!(change(Lang::It, 135, 100).as_deref(), Some("+35,0%"));
        assert_eq!(change(Lang::It, 2, 3).as_deref(), Some("−33,3%"));
        assert_eq!(change(Lang::En, 3, 3).as_deref(), Some("+0.0%"));
        assert_eq!(change(Lang::It, 3, 0), None);
    }
}

//! Checks of a report's figures, texts and dates. Read [`check_results`] first.

use jiff::civil::{Date, Weekday};

use super::scan::{counts, dates, find_phrase, months, sentences, words};
use super::{
    Check, Figure, Figures, FindingSeen, IndicatorFigures, Printed, ServiceFigures, Severity,
    TextBlock, narrative,
};
use crate::holiday::HolidaySet;
use crate::ratio::Ratio;
use crate::text::Lang;
use crate::verdict::Verdict;

/// Words that real reports got wrong, and what they should be.
const MISSPELT: [(&str, &str); 5] = [
    ("contat center", "Contact Center"),
    ("ijr", "URP"),
    ("tempo massima", "tempo massimo"),
    ("tempi massimo", "tempo massimo"),
    ("verifica ispettive", "verifica ispettiva"),
];

/// Checks figures against texts, dates against the period, and figures against one another.
pub fn check_results(figures: &Figures) -> Vec<Check> {
    let mut checks = Vec::new();
    for text in &figures.texts {
        checks.extend(narrative::check(&figures.services, text));
        checks.extend(text_dates(figures, text));
        checks.extend(text_inspections(text));
        checks.extend(vocabulary(&text.section, &text.text));
        checks.extend(empty_section(text));
        checks.extend(bare_counts(text));
    }
    let stale = |finding: &&FindingSeen| finding.first_seen < figures.first && !finding.labelled;
    checks.extend(figures.findings.iter().filter(stale).map(|finding| {
        let (code, since) = (&finding.code, finding.first_seen);
        Check::new(
            "N4",
            Severity::Warning,
            &format!("il rilievo «{code}», del {since}, è riportato come nuovo"),
            &format!("the finding “{code}”, of {since}, is presented as new"),
        )
    }));
    checks.extend(figures.inspections.iter().filter_map(|seen| non_working(&seen.what, seen.date)));
    for service in &figures.services {
        checks.extend(outbound_population(service));
        checks.extend(second_level_population(service));
    }
    checks
}

/// N2 and N4: what a text dates outside the period.
fn text_dates(figures: &Figures, text: &TextBlock) -> Vec<Check> {
    let Figures { first, last, known_dates, .. } = figures;
    let outside = |date: Date| date < *first || *last < date;
    let section = &text.section;
    let mut checks = Vec::new();
    for seen in dates(&text.text) {
        if !outside(seen.date) || known_dates.contains(&seen.date) {
            continue;
        }
        let as_of = ["a tutto il", "as of", "fino al", "until", "valori al"];
        let is_as_of = as_of.iter().any(|words| seen.before.ends_with(words));
        let severity = if is_as_of { Severity::Error } else { Severity::Note };
        let written = &seen.written;
        checks.push(Check::new(
            "N2",
            severity,
            &format!("«{section}»: la data {written} è fuori dal periodo ({first} – {last})"),
            &format!("“{section}”: the date {written} is outside the period ({first} – {last})"),
        ));
    }
    for (month, written) in months(&text.text) {
        if month < *first && month.last_of_month() < *first {
            checks.push(Check::new(
                "N4",
                Severity::Warning,
                &format!("«{section}»: «{written}» precede il periodo, è un rilievo riportato?"),
                &format!("“{section}”: “{written}” precedes the period, is it carried over?"),
            ));
        }
    }
    checks
}

/// N9, in texts.
fn text_inspections(text: &TextBlock) -> Vec<Check> {
    let is_inspection = |sentence: &String| {
        let lower = sentence.to_lowercase();
        ["ispettiv", "ispezion", "inspection", "audit"].iter().any(|word| lower.contains(word))
    };
    let sentences = sentences(&text.text).into_iter().filter(is_inspection);
    let dates: Vec<_> = sentences.flat_map(|sentence| dates(&sentence)).collect();
    dates.iter().filter_map(|seen| non_working(&text.section, seen.date)).collect()
}

/// N9: an inspection on a day when offices are closed.
fn non_working(what: &str, date: Date) -> Option<Check> {
    let (it, en) = match (date.weekday(), HolidaySet::Italy) {
        (Weekday::Saturday, _) => ("sabato".to_owned(), "a Saturday".to_owned()),
        (Weekday::Sunday, _) => ("domenica".to_owned(), "a Sunday".to_owned()),
        (_, holidays) => {
            let name = |lang| holidays.holiday_name(date, lang).map(str::to_owned);
            (name(Lang::It)?, name(Lang::En)?)
        }
    };
    Some(Check::new(
        "N9",
        Severity::Warning,
        &format!(
            "«{what}»: la verifica ispettiva del {date} cade in un giorno non lavorativo ({it})"
        ),
        &format!("“{what}”: the inspection of {date} falls on a non-working day ({en})"),
    ))
}

/// N12: words that real reports got wrong.
pub(super) fn vocabulary(section: &str, text: &str) -> Vec<Check> {
    let found = words(&format!("{section} {text}"));
    MISSPELT
        .iter()
        .filter(|(wrong, _)| find_phrase(&found, &words(wrong)).is_some())
        .map(|(wrong, right)| {
            Check::new(
                "N12",
                Severity::Note,
                &format!("«{section}»: «{wrong}», forse «{right}»"),
                &format!("“{section}”: “{wrong}”, perhaps “{right}”"),
            )
        })
        .collect()
}

/// N13: a heading with nothing under it.
fn empty_section(text: &TextBlock) -> Option<Check> {
    let section = &text.section;
    text.text.trim().is_empty().then(|| {
        Check::new(
            "N13",
            Severity::Warning,
            &format!("«{section}» è vuota: scrivere «nessuno» o «non applicabile», con il motivo"),
            &format!("“{section}” is empty: write “none” or “not applicable”, with the reason"),
        )
    })
}

/// N17: a number of contacts without a unit of time.
fn bare_counts(text: &TextBlock) -> Vec<Check> {
    const UNITS: [&str; 15] = [
        "giorn", "settiman", "mes", "ora", "ore", "orari", "trimestr", "semestr", "ann", "day",
        "week", "month", "quarter", "hour", "year",
    ];
    let section = &text.section;
    let has_unit = |after: &[String]| {
        after
            .iter()
            .any(|word| UNITS.iter().any(|unit| word.trim_start_matches('/').starts_with(unit)))
    };
    counts(&text.text)
        .iter()
        .filter(|seen| !has_unit(&seen.after))
        .map(|seen| {
            let written = &seen.written;
            Check::new(
                "N17",
                Severity::Warning,
                &format!("«{section}»: «{written}» senza unità di tempo e periodo"),
                &format!("“{section}”: “{written}” without a unit of time and a period"),
            )
        })
        .collect()
}

fn find<'s>(service: &'s ServiceFigures, measure: &str) -> Option<&'s IndicatorFigures> {
    service.indicators.iter().find(|indicator| indicator.measure == measure)
}

/// N14: outbound outcomes and outbound batches speak of the same contacts.
fn outbound_population(service: &ServiceFigures) -> Option<Check> {
    let outcomes = find(service, "outbound_positive_outcome_rate")?;
    let batches = find(service, "outbound_batch_turnaround")?;
    let is_na = |indicator: &IndicatorFigures| matches!(indicator.verdict, Verdict::Na(_));
    let (with, without) = match (is_na(outcomes), is_na(batches)) {
        (false, true) => (outcomes, batches),
        (true, false) => (batches, outcomes),
        _ => return None,
    };
    Some(
        Check::new(
            "N14",
            Severity::Warning,
            &format!(
                "{} ha un valore e {} no, ma contano gli stessi contatti in uscita",
                with.code, without.code
            ),
            &format!(
                "{} has a value and {} has none, but they count the same outbound contacts",
                with.code, without.code
            ),
        )
        .of(&service.code, &without.code),
    )
}

/// N18: the cases of the second level are those that first contact did not close.
fn second_level_population(service: &ServiceFigures) -> Vec<Check> {
    let Some(first) = find(service, "first_contact_resolution_rate") else { return Vec::new() };
    let second = ["second_level_resolution_rate", "second_level_resolved_within_limit"];
    let second = second.into_iter().filter_map(|measure| find(service, measure));
    second
        .filter_map(|other| second_level_pair(first, other))
        .map(|c| {
            let code = c.indicator.clone().unwrap_or_default();
            c.of(&service.code, &code)
        })
        .collect()
}

fn second_level_pair(first: &IndicatorFigures, second: &IndicatorFigures) -> Option<Check> {
    let is_resolution = second.measure == "second_level_resolution_rate";
    let (it, en) = match (first.figure, second.figure) {
        (Figure::Counts { num, den }, Figure::Counts { den: escalated, .. }) => {
            let expected = den.checked_sub(num)?;
            // The other counts cases when they fall due, be they left to it in another period.
            if !is_resolution || escalated == expected {
                return None;
            }
            (
                format!(
                    "{} lascia {expected} casi al secondo livello, ma {} ne conta {escalated}",
                    first.code, second.code
                ),
                format!(
                    "{} leaves {expected} cases to the second level, but {} counts {escalated}",
                    first.code, second.code
                ),
            )
        }
        _ if is_whole(first.figure) && has_value(second) => (
            format!(
                "{} è 100 %, dunque nessun caso è passato al secondo livello, ma {} ha un valore",
                first.code, second.code
            ),
            format!(
                "{} is 100 %, so no case was escalated, but {} has a value",
                first.code, second.code
            ),
        ),
        _ => return None,
    };
    let check = Check::new("N18", Severity::Warning, &it, &en);
    Some(Check { indicator: Some(second.code.clone()), ..check })
}

fn is_whole(figure: Figure) -> bool {
    let whole = |ratio: Ratio| ratio.num() == ratio.den();
    match figure {
        Figure::Counts { num, den } => 0 < den && num == den,
        Figure::Printed(printed) => printed.share().is_some_and(whole),
    }
}

fn has_value(indicator: &IndicatorFigures) -> bool {
    match indicator.figure {
        Figure::Counts { den, .. } => 0 < den,
        Figure::Printed(printed) => !matches!(printed, Printed::NotAvailable | Printed::Unreadable),
    }
}

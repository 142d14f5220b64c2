//! Compares what a text says was met or missed with the computed verdicts (findings N1 and N3).
//! Read [`check`] first.

use super::scan::{find_phrase, sentences, words};
use super::{Check, IndicatorFigures, ServiceFigures, Severity, TextBlock};
use crate::verdict::Verdict;

/// Words that carry no meaning when an indicator is named.
const EMPTY_WORDS: [&str; 34] = [
    "di",
    "d",
    "a",
    "al",
    "alla",
    "il",
    "lo",
    "la",
    "l",
    "i",
    "gli",
    "le",
    "un",
    "una",
    "e",
    "ed",
    "per",
    "nel",
    "nella",
    "con",
    "del",
    "dei",
    "delle",
    "the",
    "of",
    "at",
    "in",
    "and",
    "for",
    "monitoraggio",
    "monitoring",
    "indicatore",
    "solo",
    "only",
];

const MISSED: [&str; 8] =
    ["eccezione", "tranne", "salvo", "mancat", "except", "missed", "failed", "sotto soglia"];
const NOT_MET: [&str; 6] = [
    "non sono stati rispettati",
    "non sono stati raggiunti",
    "non è stato rispettato",
    "non è stato raggiunto",
    "were not met",
    "was not met",
];
const MET: [&str; 5] = ["rispettat", "raggiunt", "were met", "was met", "been met"];

/// Words that make a sentence speak of all targets at once.
const GENERAL: [&str; 9] = [
    "livelli di servizio",
    "obiettivi",
    "parametri",
    "indicatori",
    "soglie",
    "service levels",
    "targets",
    "objectives",
    "indicators",
];

/// Compares each sentence that judges a service with the verdicts of its indicators.
pub(super) fn check(services: &[ServiceFigures], text: &TextBlock) -> Vec<Check> {
    let mut checks = Vec::new();
    for sentence in sentences(&text.text) {
        let lower = sentence.to_lowercase();
        let is_general = GENERAL.iter().any(|word| lower.contains(word));
        for (service, part) in parts(services, &sentence) {
            let Some(claim) = claim(service, &part, is_general) else { continue };
            checks.extend(contradictions(service, &claim, &text.section));
        }
    }
    checks
}

/// The parts of a sentence that speak of a service: from its name to the next service's.
fn parts<'s>(services: &'s [ServiceFigures], sentence: &str) -> Vec<(&'s ServiceFigures, String)> {
    let mut marks: Vec<(usize, &ServiceFigures)> = Vec::new();
    for service in services {
        let names = service.names.iter().filter_map(|name| position(sentence, name));
        if let Some(at) = names.min() {
            marks.push((at, service));
        }
    }
    marks.sort_by_key(|(at, _)| *at);
    let ends: Vec<usize> = marks.iter().skip(1).map(|(at, _)| *at).collect();
    marks
        .into_iter()
        .enumerate()
        .map(|(index, (at, service))| {
            let end = ends.get(index).copied().unwrap_or(sentence.len());
            // A sentence about one service may judge it before naming it.
            let start = if ends.is_empty() { 0 } else { at };
            (service, sentence.get(start..end).unwrap_or_default().to_owned())
        })
        .collect()
}

/// The byte where a name stands as whole words, without regard to case.
fn position(sentence: &str, name: &str) -> Option<usize> {
    let wanted = words(name);
    let at = find_phrase(&words(sentence), &wanted)?;
    let first = wanted.first()?;
    // The n-th word of the sentence, found again among its bytes.
    let mut seen = 0;
    let mut start = None;
    for (index, c) in sentence.char_indices().chain([(sentence.len(), ' ')]) {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(index),
            (false, Some(begin)) => {
                if seen == at {
                    let word = sentence.get(begin..index)?;
                    return (word.to_lowercase() == *first).then_some(begin);
                }
                seen += 1;
                start = None;
            }
            _ => {}
        }
    }
    None
}

/// What a part of a sentence says about a service's indicators.
enum Claim<'s> {
    /// These were missed, the others were met.
    Missed(Vec<&'s IndicatorFigures>),
    /// These were met.
    Met(Vec<&'s IndicatorFigures>),
    /// All were met.
    AllMet,
}

impl Claim<'_> {
    /// Whether the indicator was met, if the claim says so.
    fn met(&self, indicator: &IndicatorFigures) -> Option<bool> {
        let among = |list: &[&IndicatorFigures]| list.iter().any(|i| i.code == indicator.code);
        match self {
            Self::Missed(list) => Some(!among(list)),
            Self::Met(list) => among(list).then_some(true),
            Self::AllMet => Some(true),
        }
    }
}

fn claim<'s>(service: &'s ServiceFigures, part: &str, is_general: bool) -> Option<Claim<'s>> {
    let lower = part.to_lowercase();
    let says = |list: &[&str]| list.iter().any(|word| lower.contains(word));
    let negative = says(&MISSED) || says(&NOT_MET);
    if !negative && !says(&MET) {
        return None;
    }
    let named = named(service, part);
    match (negative, named.is_empty()) {
        (true, false) => Some(Claim::Missed(named)),
        (false, false) => Some(Claim::Met(named)),
        (false, true) => is_general.then_some(Claim::AllMet),
        (true, true) => None,
    }
}

fn contradictions(service: &ServiceFigures, claim: &Claim<'_>, section: &str) -> Vec<Check> {
    let mut checks = Vec::new();
    for indicator in &service.indicators {
        let code = &indicator.code;
        let name = indicator.names.first().unwrap_or(code);
        let (number, it, en) = match (&indicator.verdict, claim.met(indicator)) {
            (Verdict::Ko, Some(true)) => (
                "N1",
                format!("«{section}» dà per raggiunto {code} ({name}), che risulta KO"),
                format!("“{section}” says that {code} ({name}) was met, but it is KO"),
            ),
            (Verdict::Ok, Some(false)) => (
                "N3",
                format!("«{section}» dà per mancato {code} ({name}), che risulta OK"),
                format!("“{section}” says that {code} ({name}) was missed, but it is OK"),
            ),
            _ => continue,
        };
        checks.push(Check::new(number, Severity::Error, &it, &en).of(&service.code, code));
    }
    checks
}

/// The indicators that a part of a sentence names, each by its best match.
fn named<'s>(service: &'s ServiceFigures, part: &str) -> Vec<&'s IndicatorFigures> {
    let lower = part.to_lowercase().replace(" and ", ",").replace(" mentre ", ",");
    let phrases = lower.split(['“', '”', '"', '«', '»', ',', ';', ':', '(', ')']);
    let phrases = phrases.flat_map(|phrase| phrase.split(" e ")).map(stems);
    let mut named: Vec<&IndicatorFigures> = Vec::new();
    for phrase in phrases.filter(|phrase| 2 <= phrase.len()) {
        let best = service
            .indicators
            .iter()
            .map(|indicator| {
                let scores = indicator.names.iter().map(|name| likeness(&phrase, &stems(name)));
                (scores.max().unwrap_or(0), indicator)
            })
            .max_by_key(|(score, _)| *score);
        if let Some((score, indicator)) = best
            && 60 <= score
        {
            named.push(indicator);
        }
    }
    named
}

/// The first letters of each meaningful word, so that endings and agreement do not matter.
fn stems(text: &str) -> Vec<String> {
    let mut stems: Vec<String> = words(text)
        .into_iter()
        .filter(|word| !EMPTY_WORDS.contains(&word.as_str()))
        .map(|word| word.chars().take(5).collect())
        .collect();
    stems.sort();
    stems.dedup();
    stems
}

/// How much two lists of stems have in common, in percent of the longer one.
fn likeness(a: &[String], b: &[String]) -> usize {
    let common = a.iter().filter(|stem| b.contains(stem)).count();
    common * 100 / a.len().max(b.len()).max(1)
}

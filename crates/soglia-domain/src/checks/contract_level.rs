//! Checks that a contract alone can fail. Read [`check_contract`] first.

use super::printed::time_unit;
use super::results::vocabulary;
use super::scan::words;
use super::{Check, Severity};
use crate::card::channels as named_channels;
use crate::contract::{Contract, Indicator, RuleVersion, Service};
use crate::rule::{CaseUnit, RepliedWithin, Rule};
use crate::text::{Lang, Text};
use crate::time::Millis;
use crate::verdict::{Bound, TargetDirection};

/// Checks a contract: explicit directions, names that say what is measured, complete sheets.
pub fn check_contract(contract: &Contract) -> Vec<Check> {
    let mut checks: Vec<Check> = contract
        .warnings
        .iter()
        .filter(|warning| warning.code == "W-ROLES")
        .map(|warning| Check {
            code: "N16",
            severity: Severity::Warning,
            service: None,
            indicator: None,
            text: warning.text.clone(),
        })
        .collect();
    for service in &contract.services {
        for indicator in &service.indicators {
            // What held once is history: the version in force last is the one to put right.
            let Some(version) = indicator.versions.last() else { continue };
            let found = check_indicator(indicator, version);
            checks.extend(found.into_iter().map(|c| c.of(&service.code, &indicator.code)));
        }
        checks.extend(check_pairs(service));
    }
    checks
}

fn check_indicator(indicator: &Indicator, version: &RuleVersion) -> Vec<Check> {
    let mut checks = Vec::new();
    checks.extend(direction(version));
    let (objective, name) = (&indicator.objective, &indicator.name);
    checks.extend(kind_and_name(&all_names(indicator), &version.rule));
    checks.extend(count_and_name(&[objective, name], &version.rule));
    if let Rule::RepliedWithin(rule) = &version.rule {
        checks.extend(channels(&both(objective), &both(name), rule));
    }
    checks.extend(completeness(indicator, version));
    checks.extend(limit_and_name(indicator, &version.rule));
    checks.extend(frequencies(version));
    for text in [&indicator.objective, &indicator.name] {
        checks.extend(vocabulary(&indicator.code, &text.it));
    }
    checks.dedup();
    checks
}

fn both(text: &Text) -> String {
    format!("{} {}", text.it, text.en.as_deref().unwrap_or_default()).to_lowercase()
}

fn all_names(indicator: &Indicator) -> String {
    format!("{} {}", both(&indicator.objective), both(&indicator.name))
}

/// N5: a target that goes the other way than its measure usually does.
fn direction(version: &RuleVersion) -> Option<Check> {
    let usual = match version.rule {
        Rule::Lost(_) | Rule::BatchTurnaround(_) => TargetDirection::AtMost,
        _ => TargetDirection::AtLeast,
    };
    let is_share = matches!(version.target.bound, Bound::Share(_));
    (is_share && version.target.direction != usual).then(|| {
        let measure = version.rule.measure();
        Check::new(
            "N5",
            Severity::Warning,
            &format!("il verso della soglia è insolito per `{measure}`"),
            &format!("the direction of the target is unusual for `{measure}`"),
        )
    })
}

/// N6: a name that speaks of a mean or a maximum for what is a share.
pub(super) fn kind_and_name(names: &str, rule: &Rule) -> Option<Check> {
    let claims = ["tempo medio", "tempo massimo", "mean time", "average time", "longest"];
    let claim = claims.into_iter().find(|claim| names.contains(claim))?;
    if let Rule::HandledWithin(rule) = rule
        && rule.verdict_on == crate::rule::VerdictOn::Mean
    {
        return None;
    }
    let kind = rule.kind();
    (kind == "share_within_limit" || kind == "rate").then(|| {
        Check::new(
            "N6",
            Severity::Note,
            &format!("il nome dice «{claim}», ma si misura una quota (`{kind}`)"),
            &format!("the name says “{claim}”, but a share is measured (`{kind}`)"),
        )
    })
}

/// N7: a name that speaks of a number for what is a percentage.
pub(super) fn count_and_name(names: &[&Text], rule: &Rule) -> Option<Check> {
    let starts = |text: &Text, lang| {
        let text = text.get(lang).to_lowercase();
        text.starts_with("numero ") || text.starts_with("number ")
    };
    let says_number = names.iter().any(|text| starts(text, Lang::It) || starts(text, Lang::En));
    (says_number && rule.kind() != "duration_limit").then(|| {
        Check::new(
            "N7",
            Severity::Note,
            "il nome dice «numero», ma il valore è una percentuale: stampare numeratore e \
             denominatore",
            "the name says “number”, but the value is a percentage: print numerator and \
             denominator",
        )
    })
}

/// N8: channels that names and rule do not share.
pub(super) fn channels(objective: &str, name: &str, rule: &RepliedWithin) -> Vec<Check> {
    const WORDS: [(&str, &[&str]); 6] = [
        ("email", &["email", "mail", "e-mail"]),
        ("pec", &["pec"]),
        ("fax", &["fax"]),
        ("sms", &["sms"]),
        ("letter", &["lettere", "lettera", "letter", "letters"]),
        ("web_form", &["web", "form"]),
    ];
    let named = |text: &str| -> Vec<&'static str> {
        let words = words(&text.to_lowercase());
        let has = |forms: &[&str]| forms.iter().any(|form| words.iter().any(|word| word == form));
        WORDS.iter().filter(|(_, forms)| has(forms)).map(|(channel, _)| *channel).collect()
    };
    let (objective, name) = (named(objective), named(name));
    let mut checks = Vec::new();
    for channel in objective.iter().chain(name.iter().filter(|c| !objective.contains(c))) {
        if !rule.channels.iter().any(|counted| counted == channel) {
            checks.push(Check::new(
                "N8",
                Severity::Warning,
                &format!(
                    "il testo nomina il canale «{}», la regola non lo conta",
                    named_channels(&[*channel], Lang::It)
                ),
                &format!(
                    "the text names the channel “{}”, the rule does not count it",
                    named_channels(&[*channel], Lang::En)
                ),
            ));
        }
    }
    if !objective.is_empty() && !name.is_empty() && objective != name {
        let both = |codes: &[&str]| [Lang::It, Lang::En].map(|lang| named_channels(codes, lang));
        let counted: Vec<&str> = rule.channels.iter().map(String::as_str).collect();
        let ([aim, aim_en], [said, said_en]) = (both(&objective), both(&name));
        let [counts, counts_en] = both(&counted);
        checks.push(Check::new(
            "N8",
            Severity::Note,
            &format!("l'obiettivo nomina {aim}, l'indicatore {said}; la regola conta {counts}"),
            &format!(
                "the objective names {aim_en}, the indicator {said_en}; the rule counts {counts_en}"
            ),
        ));
    }
    checks
}

/// N10: what a sheet must have before it is approved.
fn completeness(indicator: &Indicator, version: &RuleVersion) -> Option<Check> {
    incomplete(&[
        (indicator.process.is_none(), ("processo", "process")),
        (version.source.is_none(), ("fonte", "source")),
        (version.responsible.is_none(), ("responsabile", "responsible")),
        (version.frequency.is_none(), ("frequenza", "frequency")),
    ])
}

/// N10: names what a sheet lacks.
pub(super) fn incomplete(parts: &[(bool, (&str, &str))]) -> Option<Check> {
    let missing: Vec<(&str, &str)> =
        parts.iter().filter_map(|(missing, name)| missing.then_some(*name)).collect();
    if missing.is_empty() {
        return None;
    }
    let it: Vec<&str> = missing.iter().map(|(it, _)| *it).collect();
    let en: Vec<&str> = missing.iter().map(|(_, en)| *en).collect();
    Some(Check::new(
        "N10",
        Severity::Warning,
        &format!("scheda incompleta: manca {}", it.join(", ")),
        &format!("incomplete sheet: {} missing", en.join(", ")),
    ))
}

/// N11: a limit in the name that is not the rule's.
fn limit_and_name(indicator: &Indicator, rule: &Rule) -> Option<Check> {
    let limit = match rule {
        Rule::AnsweredWithin(rule) => rule.limit.span,
        Rule::RepliedWithin(rule) => rule.limit.span,
        Rule::HandledWithin(rule) => rule.limit.span,
        Rule::SecondLevelWithin(rule) => rule.limit.span,
        _ => return None,
    };
    let written = times(&all_names(indicator));
    let first = *written.first()?;
    (!written.contains(&limit)).then(|| {
        Check::new(
            "N11",
            Severity::Warning,
            &format!("il nome dice {first}, la regola {limit}"),
            &format!("the name says {first}, the rule {limit}"),
        )
    })
}

/// The times that a name mentions: `20''`, `4'`, `9h`, `60 s`.
fn times(text: &str) -> Vec<Millis> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        rest = rest.get(start..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(end);
        let unit = time_unit(tail.trim_start());
        let millis = number.parse::<u64>().ok().zip(unit).and_then(|(n, u)| n.checked_mul(u));
        found.extend(millis.and_then(|millis| i64::try_from(millis).ok()).map(Millis::new));
        rest = tail;
    }
    found
}

/// N15: measuring and reporting are two things, and documents cannot be finer than measures.
fn frequencies(version: &RuleVersion) -> Option<Check> {
    const ORDER: [&str; 6] = ["day", "week", "month", "quarter", "half_year", "year"];
    let frequency = version.frequency.as_ref()?;
    let rank = |name: &str| ORDER.iter().position(|known| *known == name);
    let (measure, report) = (rank(&frequency.measure)?, rank(&frequency.report)?);
    if report < measure {
        let (it, en) = (&frequency.measure, &frequency.report);
        return Some(Check::new(
            "N15",
            Severity::Error,
            &format!("si misura ogni `{it}` ma si riferisce ogni `{en}`, che è più breve"),
            &format!("measured each `{it}` but reported each `{en}`, which is shorter"),
        ));
    }
    let source = both(version.source.as_ref()?);
    let documents = [("mensil", 2), ("monthly", 2), ("trimestral", 3), ("quarterly", 3)];
    let (_, finest) = documents.into_iter().find(|(word, _)| source.contains(word))?;
    (finest < measure).then(|| {
        Check::new(
            "N15",
            Severity::Warning,
            "la fonte ha una cadenza più breve della misura",
            "the source comes more often than the measure is taken",
        )
    })
}

/// N14 and N18: indicators that share a population must be able to agree.
fn check_pairs(service: &Service) -> Vec<Check> {
    let mut checks = Vec::new();
    let last = |indicator: &'_ Indicator| indicator.versions.last().map(|v| v.rule.clone());
    let rules: Vec<(&str, Rule)> = service
        .indicators
        .iter()
        .filter_map(|indicator| Some((indicator.code.as_str(), last(indicator)?)))
        .collect();
    for (code, rule) in &rules {
        if let Rule::OutboundPositive(outcomes) = rule
            && outcomes.inbound_too
            && rules.iter().any(|(_, other)| matches!(other, Rule::BatchTurnaround(_)))
        {
            checks.push(
                Check::new(
                    "N14",
                    Severity::Warning,
                    "conta anche le chiamate in entrata, i pacchetti no: non si confrontano",
                    "counts inbound calls too, batches do not: they cannot be compared",
                )
                .of(&service.code, code),
            );
        }
        let Rule::FirstContact(first) = rule else { continue };
        for (other, second) in &rules {
            let Rule::SecondLevelResolved(second) = second else { continue };
            if first.attribution != second.attribution || first.unit != CaseUnit::Case {
                checks.push(
                    Check::new(
                        "N18",
                        Severity::Note,
                        &format!(
                            "{code} e {other} non contano gli stessi casi dello stesso periodo"
                        ),
                        &format!("{code} and {other} do not count the same cases of a period"),
                    )
                    .of_service(&service.code),
                );
            }
        }
    }
    checks
}

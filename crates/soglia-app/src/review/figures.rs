//! Measurements as rows of the verdict table and of the sheets. Read [`result`] first.

use soglia_domain::card::alternatives;
use soglia_domain::contract::{Contract, Indicator, RuleVersion, Service};
use soglia_domain::period::Period;
use soglia_domain::ratio::{Ratio, Rounding, RoundingMode, decimal, round_div};
use soglia_domain::rule::{BatchAggregate, Clock, Rule, VerdictOn};
use soglia_domain::text::{Lang, Text};
use soglia_domain::time::Millis;
use soglia_domain::verdict::{Bound, NaReason, Verdict};
use soglia_measure::measurement::{self, Measurement, Report, Sensitivity};
use soglia_report::model::{Alternative, Amount, IndicatorResult, Status, Target, Together, Unit};

use super::words::{self, without_zeros};

/// Digits of a bound that was written by people.
const BOUND_DECIMALS: u8 = 6;

/// The newest version of a rule in force within a period.
pub fn version_of<'a>(indicator: &'a Indicator, period: &Period) -> Option<&'a RuleVersion> {
    indicator.versions.iter().rev().find(|version| {
        version.valid_from < period.until_date()
            && version.valid_until.is_none_or(|until| period.first_date() < until)
    })
}

/// A measurement as a row of the report.
pub fn result(
    service: &Service,
    indicator: &Indicator,
    version: &RuleVersion,
    found: &Measurement,
) -> IndicatorResult {
    debug_assert_eq!(service.code, found.service, "the measurement is the service's");
    let verdict = verdict(found.verdict, found.reason.as_deref());
    let todo = if verdict == Verdict::Ko { Status::NotYetFilled } else { Status::None };
    let complete = &found.completeness;
    let covered = complete.days_with_data.min(complete.service_days);
    let completeness = Ratio::new(covered.into(), complete.service_days.into());
    IndicatorResult {
        code: indicator.code.clone(),
        process: indicator.process.clone(),
        objective: indicator.objective.clone(),
        indicator: Some(indicator.name.clone()),
        ratio: shown(&version.rule, ratio(found.numerator, found.denominator)),
        value: amount(found.value.as_deref(), unit(&version.rule)),
        target: target(version),
        source: version.source.clone(),
        responsible: version.responsible.clone(),
        frequency: version.frequency.as_ref().map(words::frequency),
        verdict,
        provisional: found.provisional,
        excluded: found.excluded.iter().map(|(why, n)| words::excluded(why, *n)).collect(),
        completeness: completeness.map(|ratio| ratio.percent(Rounding::half_up(2))),
        sensitivity: found
            .sensitivity
            .iter()
            .filter(|line| differs(found, line))
            .map(|line| alternative(version, line))
            .collect(),
        statistics: statistics(version, found),
        rule_version: (version.version, version.valid_from),
        actions: todo.clone(),
        resources: todo,
    }
}

/// A verdict as it was measured.
pub fn verdict(name: &str, reason: Option<&str>) -> Verdict {
    match name {
        "OK" => Verdict::Ok,
        "KO" => Verdict::Ko,
        _ => Verdict::Na(match reason {
            Some("not_measured") => NaReason::NotMeasured,
            Some("not_foreseen") => NaReason::NotForeseen,
            Some("excluded_by_agreement") => NaReason::ExcludedByAgreement,
            _ => NaReason::NoActivity,
        }),
    }
}

fn ratio(num: Option<u64>, den: Option<u64>) -> Option<(u64, u64)> {
    num.zip(den).filter(|(_, den)| 0 < *den)
}

/// Availability is counted in milliseconds: whole seconds are easier to read and as exact.
fn shown(rule: &Rule, ratio: Option<(u64, u64)>) -> Option<(u64, u64)> {
    match (rule, ratio) {
        (Rule::Availability(_), Some((up, agreed)))
            if up.is_multiple_of(1000) && agreed.is_multiple_of(1000) =>
        {
            Some((up / 1000, agreed / 1000))
        }
        _ => ratio,
    }
}

fn amount(value: Option<&str>, unit: Unit) -> Option<Amount> {
    value.map(|value| Amount { decimal: value.to_owned(), unit })
}

/// The unit of a rule's value.
fn unit(rule: &Rule) -> Unit {
    match rule {
        Rule::BatchTurnaround(rule)
            if !matches!(rule.aggregate, BatchAggregate::SharePermille(_)) =>
        {
            hours(rule.clock)
        }
        Rule::HandledWithin(rule) if rule.verdict_on == VerdictOn::Mean => Unit::Seconds,
        _ => Unit::Percent,
    }
}

const fn hours(clock: Clock) -> Unit {
    match clock {
        Clock::ServiceHours => Unit::ServiceHours,
        Clock::Elapsed => Unit::Hours,
    }
}

/// What the contract promises, in the report's words.
pub fn target(version: &RuleVersion) -> Target {
    let bound = match version.target.bound {
        Bound::Share(share) => Amount {
            decimal: without_zeros(&share.percent(Rounding::half_up(BOUND_DECIMALS))),
            unit: Unit::Percent,
        },
        Bound::Duration(span) => span_amount(span, &version.rule),
    };
    let (promise, compare) = (version.target, version.compare);
    let (direction, inclusive) = (promise.direction, promise.inclusive);
    Target { direction, inclusive, compare, bound, date: version.target_date }
}

/// A promised time, in hours for batches, else in the largest unit that it is a whole number of.
fn span_amount(span: Millis, rule: &Rule) -> Amount {
    let in_units = |millis: u128, unit| {
        let scale = 10_u128.pow(u32::from(BOUND_DECIMALS));
        let total = u128::try_from(span.get().max(0)).unwrap_or(0);
        let scaled = round_div(total * scale, millis, RoundingMode::HalfUp);
        Amount { decimal: without_zeros(&decimal(scaled, BOUND_DECIMALS)), unit }
    };
    match rule {
        Rule::BatchTurnaround(rule) => in_units(3_600_000, hours(rule.clock)),
        _ if span.get() % 3_600_000 == 0 => in_units(3_600_000, Unit::Hours),
        _ if span.get() % 60_000 == 0 => in_units(60_000, Unit::Minutes),
        _ => in_units(1000, Unit::Seconds),
    }
}

/// Whether an alternative counts something else: those that change nothing are only counted.
fn differs(found: &Measurement, line: &Sensitivity) -> bool {
    line.changes
        || found.numerator.unwrap_or(0) != line.numerator
        || found.denominator.unwrap_or(0) != line.denominator
}

fn alternative(version: &RuleVersion, line: &Sensitivity) -> Alternative {
    let (label, unit) = label(version, line);
    let rule = Text {
        it: format!("{}: {}", line.question, label.get(Lang::It)),
        en: Some(format!("{}: {}", line.question, label.get(Lang::En))),
    };
    Alternative {
        rule,
        ratio: shown(&version.rule, ratio(Some(line.numerator), Some(line.denominator))),
        value: amount(line.value.as_deref(), unit),
        verdict: verdict(line.verdict, None),
        together: line.together.iter().map(together).collect(),
    }
}

fn together(other: &measurement::Together) -> Together {
    Together {
        code: other.indicator.clone(),
        ratio: ratio(Some(other.numerator), Some(other.denominator)),
        value: amount(other.value.as_deref(), Unit::Percent),
        verdict: verdict(other.verdict, None),
    }
}

/// What an alternative means, in both languages, and the unit of its value.
fn label(version: &RuleVersion, line: &Sensitivity) -> (Text, Unit) {
    let found = alternatives(&version.rule)
        .into_iter()
        .find(|other| other.parameter == line.parameter && other.value == line.alternative);
    match found {
        Some(other) => (other.label, unit(&other.rule)),
        None if line.question == "Q1" => {
            let label = Text::new(
                "confronto dopo arrotondamento all'unità",
                "compared after rounding to whole percent",
            );
            (label, Unit::Percent)
        }
        None => (Text { it: line.label.clone(), en: None }, unit(&version.rule)),
    }
}

/// Plain statistics; those of waits stand once, beside the rule that they are about.
fn statistics(version: &RuleVersion, found: &Measurement) -> Vec<(Text, Amount)> {
    let elsewhere = match version.rule {
        Rule::AnsweredWithin(_) => "wait_abandoned",
        Rule::Lost(_) => "wait_answered",
        _ => "-",
    };
    let own = found.statistics.iter().filter(|(key, _)| !key.starts_with(elsewhere));
    let mut all: Vec<(usize, Text, Amount)> =
        own.filter_map(|(key, value)| words::statistic(key, value)).collect();
    all.sort_by_key(|(place, ..)| *place);
    let mut all: Vec<(Text, Amount)> =
        all.into_iter().map(|(_, name, amount)| (name, amount)).collect();
    if let (Rule::Availability(_), Some((up, agreed))) =
        (&version.rule, ratio(found.numerator, found.denominator))
    {
        let down = agreed.saturating_sub(up);
        all.push((Text::new("tempo concordato", "agreed time"), words::span(agreed.into())));
        all.push((Text::new("tempo di fermo", "downtime"), words::span(down.into())));
    }
    all
}

/// How many targets were met and which were missed: one sentence a service, from the verdicts.
pub fn performance(contract: &Contract, report: &Report) -> Vec<Text> {
    let services = contract.services.iter().filter(|service| !service.indicators.is_empty());
    services
        .map(|service| {
            let all: Vec<&Measurement> =
                report.measurements.iter().filter(|m| m.service == service.code).collect();
            let codes = |verdict: &str| -> Vec<&str> {
                let of = all.iter().filter(|m| m.verdict == verdict);
                of.map(|m| m.indicator.as_str()).collect()
            };
            let (met, missed, idle) = (codes("OK"), codes("KO"), codes("NA"));
            let name = &service.name;
            Text {
                it: format!("{}: {}.", name.get(Lang::It), tally_it(&met, &missed, &idle)),
                en: Some(format!("{}: {}.", name.get(Lang::En), tally_en(&met, &missed, &idle))),
            }
        })
        .collect()
}

fn listed(codes: &[&str]) -> String {
    if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) }
}

fn tally_it(met: &[&str], missed: &[&str], idle: &[&str]) -> String {
    let reached = match met.len() {
        1 => "1 obiettivo raggiunto".to_owned(),
        n => format!("{n} obiettivi raggiunti"),
    };
    let not = match missed.len() {
        1 => format!("1 non raggiunto{}", listed(missed)),
        n => format!("{n} non raggiunti{}", listed(missed)),
    };
    let none = match idle.len() {
        1 => format!("1 non applicabile{}", listed(idle)),
        n => format!("{n} non applicabili{}", listed(idle)),
    };
    format!("{reached}, {not}, {none}")
}

fn tally_en(met: &[&str], missed: &[&str], idle: &[&str]) -> String {
    let reached = match met.len() {
        1 => "1 target met".to_owned(),
        n => format!("{n} targets met"),
    };
    let (n_missed, n_idle) = (missed.len(), idle.len());
    let (missed, idle) = (listed(missed), listed(idle));
    format!("{reached}, {n_missed} missed{missed}, {n_idle} not applicable{idle}")
}

/// Whether a verdict hangs on how a disputed rule is read: one sentence a service.
pub fn robustness(contract: &Contract, report: &Report) -> Vec<Text> {
    let mut texts = Vec::new();
    for service in &contract.services {
        let own = || report.measurements.iter().filter(|m| m.service == service.code);
        let tried: usize = own().map(|m| m.sensitivity.len()).sum();
        if tried == 0 {
            continue;
        }
        let moved: Vec<Text> = own()
            .filter_map(|m| {
                let indicator = service.indicator(&m.indicator)?;
                let version = in_report(indicator, m)?;
                let changing = m.sensitivity.iter().filter(|line| line.changes);
                Some(changing.map(move |line| moved_by(version, m, line)))
            })
            .flatten()
            .collect();
        texts.push(robustness_text(service, tried, &moved));
    }
    texts
}

/// The version that a measurement names last.
fn in_report<'a>(indicator: &'a Indicator, found: &Measurement) -> Option<&'a RuleVersion> {
    let last = found.rule_version.rsplit('+').next()?;
    indicator.versions.iter().find(|version| version.version.to_string() == last)
}

fn moved_by(version: &RuleVersion, found: &Measurement, line: &Sensitivity) -> Text {
    let (label, _) = label(version, line);
    let (it, en) = match line.verdict {
        "OK" => ("raggiunto", "met"),
        "KO" => ("non raggiunto", "missed"),
        _ => ("non applicabile", "not applicable"),
    };
    let (code, question) = (&found.indicator, &line.question);
    Text {
        it: format!("{code} sarebbe {it} con «{}» ({question})", label.get(Lang::It)),
        en: Some(format!("{code} would be {en} with “{}” ({question})", label.get(Lang::En))),
    }
}

fn robustness_text(service: &Service, tried: usize, moved: &[Text]) -> Text {
    let list = |lang: Lang| {
        let list: Vec<&str> = moved.iter().map(|text| text.get(lang)).collect();
        list.join("; ")
    };
    let (name_it, name_en) = (service.name.get(Lang::It), service.name.get(Lang::En));
    if moved.is_empty() {
        return Text {
            it: format!(
                "{name_it}: sono state provate {tried} letture alternative delle regole; nessuna \
                 cambia un esito."
            ),
            en: Some(format!(
                "{name_en}: {tried} alternative readings of the rules were tried; none changes a \
                 verdict."
            )),
        };
    }
    let n = moved.len();
    Text {
        it: format!(
            "{name_it}: sono state provate {tried} letture alternative delle regole; {n} \
             cambierebbero un esito. {}.",
            list(Lang::It)
        ),
        en: Some(format!(
            "{name_en}: {tried} alternative readings of the rules were tried; {n} would change a \
             verdict. {}.",
            list(Lang::En)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_told_with_their_codes() {
        let met = ["K2", "K4", "K7", "K8", "K10"];
        let missed = ["K1", "K3", "K5", "K6"];
        assert_eq!(
            tally_it(&met, &missed, &["K9"]),
            "5 obiettivi raggiunti, 4 non raggiunti (K1, K3, K5, K6), 1 non applicabile (K9)"
        );
        assert_eq!(
            tally_it(&["K1"], &[], &[]),
            "1 obiettivo raggiunto, 0 non raggiunti, 0 non applicabili"
        );
        assert_eq!(
            tally_en(&["K1"], &["K3"], &[]),
            "1 target met, 1 missed (K3), 0 not applicable"
        );
    }

    #[test]
    fn reasons_survive_the_way_through_text() {
        assert_eq!(verdict("OK", None), Verdict::Ok);
        for reason in [
            NaReason::NoActivity,
            NaReason::NotMeasured,
            NaReason::NotForeseen,
            NaReason::ExcludedByAgreement,
        ] {
            assert_eq!(verdict("NA", Some(reason.name())), Verdict::Na(reason));
        }
    }

    #[test]
    fn bounds_are_printed_as_they_were_written() {
        assert_eq!(without_zeros("99.500000"), "99.5");
        assert_eq!(without_zeros("100.000000"), "100");
        assert_eq!(without_zeros("100"), "100");
    }
}

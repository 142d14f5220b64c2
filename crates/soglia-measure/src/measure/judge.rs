//! From counts to a value and a verdict. Read [`judge`] first.

use std::collections::BTreeMap;

use soglia_domain::contract::{EmptyMeans, RuleVersion};
use soglia_domain::ratio::{Ratio, Rounding, RoundingMode, decimal, round_div};
use soglia_domain::rule::{
    BatchAggregate, CallPopulation, CaseUnit, Legs, OutboundUnit, Rule, VerdictOn,
};
use soglia_domain::text::{Lang, Text};
use soglia_domain::time::Millis;
use soglia_domain::verdict::{Bound, Compare, NaReason, Target, TargetDirection, Verdict};

use super::{Evaluated, Job};
use crate::histogram::Histogram;
use crate::measurement::Sensitivity;

/// A value and what it means.
pub struct Judged {
    /// As printed; nothing when not applicable.
    pub value: Option<String>,
    /// `%`, `h`, `s`.
    pub unit: &'static str,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not applicable, or is what it is without data.
    pub reason: Option<String>,
}

/// What must be known beside the counts.
pub struct Known<'a> {
    /// Whether the rule's data were delivered at all.
    pub delivered: bool,
    /// Reasons of approved exclusions.
    pub approved: &'a [String],
}

/// Judges what a rule counted.
pub fn judge(version: &RuleVersion, rule: &Rule, result: &Evaluated, known: &Known<'_>) -> Judged {
    let (value, unit) = value_of(version, rule, result);
    let available = matches!(rule, Rule::Availability(_));
    if result.timed.not_measured() || (available && !known.delivered) {
        return without_data(version, result, unit, &Known { delivered: false, ..*known });
    }
    if value.is_none() {
        return without_data(version, result, unit, known);
    }
    let verdict = verdict(version, rule, result);
    Judged { value, unit, verdict, reason: None }
}

fn value_of(
    version: &RuleVersion,
    rule: &Rule,
    result: &Evaluated,
) -> (Option<String>, &'static str) {
    let rounding = version.rounding;
    match rule {
        Rule::BatchTurnaround(rule)
            if !matches!(rule.aggregate, BatchAggregate::SharePermille(_)) =>
        {
            let longest = match rule.aggregate {
                BatchAggregate::Mean => mean(result.batches.iter().map(|time| time.took)),
                _ => result.batches.iter().map(|time| time.took).max(),
            };
            (longest.map(|span| print_hours(span, rounding)), "h")
        }
        Rule::HandledWithin(rule) if rule.verdict_on == VerdictOn::Mean => {
            (result.durations.mean().map(|millis| print_secs(millis, rounding)), "s")
        }
        _ => (print_value(result.counted.num, result.counted.den, rounding), "%"),
    }
}

fn mean(spans: impl ExactSizeIterator<Item = Millis>) -> Option<Millis> {
    let n = i64::try_from(spans.len()).ok().filter(|n| 0 < *n)?;
    Some(Millis::new(spans.sum::<Millis>().get() / n))
}

/// The share as a percentage, or nothing when nothing was counted.
pub fn print_value(num: u64, den: u64, rounding: Rounding) -> Option<String> {
    Ratio::new(num, den).map(|ratio| ratio.percent(rounding))
}

fn print_hours(span: Millis, rounding: Rounding) -> String {
    let scale = 10_u128.pow(u32::from(rounding.decimals));
    let millis = u128::try_from(span.get().max(0)).unwrap_or(0);
    decimal(round_div(millis * scale, 3_600_000, rounding.mode), rounding.decimals)
}

fn print_secs(millis: i64, rounding: Rounding) -> String {
    let scale = 10_u128.pow(u32::from(rounding.decimals));
    let millis = u128::try_from(millis.max(0)).unwrap_or(0);
    decimal(round_div(millis * scale, 1000, rounding.mode), rounding.decimals)
}

fn verdict(version: &RuleVersion, rule: &Rule, result: &Evaluated) -> Verdict {
    let counted = &result.counted;
    match rule {
        Rule::BatchTurnaround(rule) => {
            let kept = match rule.aggregate {
                BatchAggregate::SharePermille(permille) => {
                    u128::from(permille) * u128::from(counted.den) <= u128::from(counted.num) * 1000
                }
                BatchAggregate::All | BatchAggregate::Mean => counted.num == counted.den,
            };
            if kept { Verdict::Ok } else { Verdict::Ko }
        }
        Rule::HandledWithin(rule) if rule.verdict_on == VerdictOn::Mean => {
            // Exact: sum ≤ limit × n, without dividing.
            let allowed = i128::from(rule.limit.span.get()) * i128::from(result.durations.n());
            if result.durations.sum() <= allowed { Verdict::Ok } else { Verdict::Ko }
        }
        _ => match Ratio::new(counted.num, counted.den) {
            Some(ratio) => judge_share(version, ratio, version.compare),
            None => Verdict::Na(NaReason::NoActivity),
        },
    }
}

fn judge_share(version: &RuleVersion, ratio: Ratio, compare: Compare) -> Verdict {
    match version.target.bound {
        Bound::Share(_) => version.target.judge(ratio, compare),
        // A share whose target is a limit on time: all must keep it.
        Bound::Duration(_) if ratio.num() == ratio.den() => Verdict::Ok,
        Bound::Duration(_) => Verdict::Ko,
    }
}

fn without_data(
    version: &RuleVersion,
    result: &Evaluated,
    unit: &'static str,
    known: &Known<'_>,
) -> Judged {
    let excluded = result.counted.excluded.keys().any(|reason| known.approved.contains(reason));
    let reason = match (known.delivered, excluded) {
        (false, _) => NaReason::NotMeasured,
        (true, true) => NaReason::ExcludedByAgreement,
        (true, false) => NaReason::NoActivity,
    };
    let verdict = match version.empty {
        // What nobody measured is neither met nor missed, whatever no activity means.
        _ if !known.delivered => Verdict::Na(reason),
        EmptyMeans::NotApplicable => Verdict::Na(reason),
        EmptyMeans::Ok => Verdict::Ok,
        EmptyMeans::Ko => Verdict::Ko,
    };
    Judged { value: None, unit, verdict, reason: Some(reason.name().to_owned()) }
}

/// What a rule's numerator and denominator count.
pub fn counts_unit(rule: &Rule) -> &'static str {
    let calls = |population: CallPopulation| match population.legs {
        Legs::First => "call",
        Legs::Each => "queue_entry",
    };
    match rule {
        Rule::AnsweredWithin(rule) => calls(rule.population),
        Rule::Lost(rule) => calls(rule.population),
        Rule::HandledWithin(_) => "call",
        Rule::RepliedWithin(_) => "message",
        Rule::FirstContact(rule) if rule.unit == CaseUnit::Call => "call",
        Rule::FirstContact(_) | Rule::SecondLevelResolved(_) | Rule::SecondLevelWithin(_) => "case",
        // Records (or attempts) and calls together.
        Rule::OutboundPositive(rule) if rule.inbound_too => "contact",
        Rule::OutboundPositive(rule) if rule.unit == OutboundUnit::Attempt => "attempt",
        Rule::OutboundPositive(_) => "record",
        Rule::BatchTurnaround(_) => "batch",
        Rule::Availability(_) => "ms",
    }
}

/// A target as text: `>= 95 %`, `<= 4h`.
pub fn print_target(version: &RuleVersion) -> String {
    let Target { direction, inclusive, bound } = version.target;
    let sign = match (direction, inclusive) {
        (TargetDirection::AtLeast, true) => ">=",
        (TargetDirection::AtLeast, false) => ">",
        (TargetDirection::AtMost, true) => "<=",
        (TargetDirection::AtMost, false) => "<",
    };
    match bound {
        Bound::Share(share) => {
            let text = share.percent(Rounding { decimals: 4, mode: RoundingMode::HalfUp });
            let text = text.trim_end_matches('0').trim_end_matches('.');
            format!("{sign} {text} %")
        }
        Bound::Duration(span) => format!("{sign} {span}"),
    }
}

/// Q1: whether the verdict would change if rounded percentages were compared.
pub fn rounded_to_units(
    version: &RuleVersion,
    own: &[&Job<'_>],
    verdict: &Verdict,
    lang: Lang,
) -> Option<Sensitivity> {
    let mut result = Evaluated::default();
    for job in own.iter().filter(|job| job.alternative.is_none()) {
        result.merge(&job.result);
    }
    let ratio = Ratio::new(result.counted.num, result.counted.den)?;
    let Bound::Share(_) = version.target.bound else { return None };
    let rounding = Rounding::half_up(0);
    let rounded = version.target.judge(ratio, Compare::Rounded(rounding));
    let label = Text::new(
        "confronto dopo arrotondamento all'unità",
        "compared after rounding to whole percent",
    );
    Some(Sensitivity {
        question: "Q1".to_owned(),
        parameter: "rounding.compare".to_owned(),
        alternative: "0".to_owned(),
        label: label.get(lang).to_owned(),
        numerator: ratio.num(),
        denominator: ratio.den(),
        counts_unit: counts_unit(&version.rule),
        value: Some(ratio.percent(rounding)),
        verdict: rounded.name(),
        changes: rounded.name() != verdict.name(),
        together: Vec::new(),
    })
}

/// Plain statistics beside a figure; names end in their unit.
pub fn statistics(rule: &Rule, result: &Evaluated) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let prefix = match rule {
        Rule::AnsweredWithin(_) | Rule::Lost(_) => "wait_answered",
        Rule::RepliedWithin(_) => "reply",
        Rule::HandledWithin(_) => "duration",
        Rule::SecondLevelWithin(_) => "resolution",
        _ => return all,
    };
    describe(&mut all, prefix, &result.durations);
    describe(&mut all, "wait_abandoned", &result.abandoned);
    if 0 < result.unknown {
        all.insert("duration_unknown".to_owned(), result.unknown.to_string());
    }
    all
}

fn describe(all: &mut BTreeMap<String, String>, prefix: &str, histogram: &Histogram) {
    let mut put = |name: &str, millis: Option<i64>| {
        if let Some(millis) = millis {
            let text = print_secs(millis, Rounding::half_up(3));
            all.insert(format!("{prefix}_{name}_s"), text);
        }
    };
    put("max", histogram.max());
    put("mean", histogram.mean());
    put("p50", histogram.percentile(50));
    put("p90", histogram.percentile(90));
    put("p95", histogram.percentile(95));
    if 0 < histogram.n() {
        let sum = decimal(u128::try_from(histogram.sum().max(0)).unwrap_or(0), 3);
        all.insert(format!("{prefix}_sum_s"), sum);
        all.insert(format!("{prefix}_n"), histogram.n().to_string());
        if histogram.whole_seconds() {
            all.insert(format!("{prefix}_granularity_s"), "1".to_owned());
        }
    }
}

//! From an indicator as it is written to its rule and target. Read [`lower_version`] first.

use super::indicator::{
    RawAggregate, RawAggregateWord, RawAnsweredWithin, RawAvailability, RawBatchTurnaround,
    RawBoundary, RawChannel, RawCommon, RawComponent, RawFirstContactRule, RawHandledWithin,
    RawIndicator, RawLost, RawOutboundPositive, RawPopulation, RawRepliedWithin, RawRounding,
    RawRule, RawSecondLevelResolved, RawSecondLevelWithin, RawTarget,
};
use super::problem::{Path, Reporter};
use super::values::{Code, Day, LimitSpan, Line, Points, RawBound, Share, Span, permille};
use crate::contract::{Frequency, RuleVersion};
use crate::rule::{
    AnsweredWithin, Availability, BatchAggregate, BatchTurnaround, CallAttribution, CallPopulation,
    CallScope, Callback, CaseUnit, Clock, Component, FirstContact, HandledWithin, Inclusion,
    ItemAttribution, IvrContained, Legs, Limit, Lost, OutboundPositive, RejectedCalls,
    RepliedWithin, Rule, SecondLevelResolved, SecondLevelWithin, VerdictOn,
};
use crate::text::Text;
use crate::time::Millis;
use crate::verdict::{Bound, Target, TargetDirection};

/// An indicator's names and one version of its rule.
pub(super) struct Lowered {
    pub code: String,
    pub process: Option<Text>,
    pub objective: Option<Text>,
    pub name: Option<Text>,
    pub version: RuleVersion,
    pub path: Path,
}

/// Makes a version of a rule, numbered 1 until its place among the others is known.
pub(super) fn lower_version(
    raw: RawIndicator,
    path: Path,
    reporter: &mut Reporter<'_>,
) -> Option<Lowered> {
    let RawIndicator { common, rule } = raw;
    let RawCommon {
        code: Code(code),
        process,
        objective,
        name,
        target,
        target_date,
        rounding,
        empty,
        source,
        responsible,
        frequency,
        approved_by,
        approved_on,
        clause,
        tolerance,
        valid_from: Day(valid_from),
        valid_until,
    } = common;
    let per = target.per;
    let bound = lower_target(&target, &path, reporter)?;
    let rule = lower_rule(rule, &bound, per, &path, reporter);
    let target_fits = check_target(&rule, &bound, per, &path, reporter);
    let (rounding, compare) = RawRounding::lower(rounding.as_ref());
    let version = RuleVersion {
        version: 1,
        valid_from,
        valid_until: valid_until.map(|Day(date)| date),
        rule,
        target: bound,
        target_date: target_date.map(|Day(date)| date),
        rounding,
        compare,
        empty: empty.map(Into::into).unwrap_or_default(),
        source: source.map(super::file::RawText::into_text),
        responsible: responsible.map(|Line(text)| text),
        frequency: frequency.map(|f| {
            let (measure, report): (&str, &str) = (f.measure.into(), f.report.into());
            Frequency { measure: measure.to_owned(), report: report.to_owned() }
        }),
        approved_by: approved_by.map(|Line(text)| text),
        approved_on: approved_on.map(|Day(date)| date),
        clause: clause.map(|Line(text)| text),
        tolerance_milli_points: tolerance.map_or(0, |Points(points)| points),
    };
    let text = super::file::RawText::into_text;
    target_fits.then(|| Lowered {
        code,
        process: process.map(text),
        objective: objective.map(text),
        name: name.map(text),
        version,
        path,
    })
}

fn lower_target(raw: &RawTarget, path: &Path, reporter: &mut Reporter<'_>) -> Option<Target> {
    let (direction, bound) = match (&raw.at_least, &raw.at_most) {
        (Some(RawBound(bound)), None) => (TargetDirection::AtLeast, *bound),
        (None, Some(RawBound(bound))) => (TargetDirection::AtMost, *bound),
        (both, _) => {
            let found = if both.is_some() { "both" } else { "neither" };
            let hint = "lost calls and times are `at_most`, everything else is `at_least`";
            reporter.add(
                &path.key("target"),
                "exactly one of `at_least` and `at_most`",
                found,
                Some(hint.to_owned()),
            );
            return None;
        }
    };
    Some(Target { direction, inclusive: raw.exclusive != Some(true), bound })
}

/// Checks that a rule and its target speak of the same thing.
fn check_target(
    rule: &Rule,
    target: &Target,
    per: Option<u32>,
    path: &Path,
    reporter: &mut Reporter<'_>,
) -> bool {
    let path = path.key("target");
    let mut fail = |key: &str, expected: String, found: &str| {
        reporter.add(&path.key(key), expected, found.to_owned(), None);
        false
    };
    let key = match target.direction {
        TargetDirection::AtLeast => "at_least",
        TargetDirection::AtMost => "at_most",
    };
    let measure = rule.measure();
    if per.is_some() && !matches!(rule, Rule::BatchTurnaround(_)) {
        return fail("per", format!("no `per` with `{measure}`"), "a number of records");
    }
    match (rule, target.bound, target.direction) {
        (Rule::BatchTurnaround(_), Bound::Duration(_), TargetDirection::AtMost) => true,
        (Rule::BatchTurnaround(_), ..) => fail(
            key,
            "`at_most` and the time for a package, such as `4h`".to_owned(),
            &show(target),
        ),
        (Rule::HandledWithin(rule), bound, direction) if rule.verdict_on == VerdictOn::Mean => {
            let limit = rule.limit.span;
            (bound, direction) == (Bound::Duration(limit), TargetDirection::AtMost)
                || fail(
                    key,
                    format!("`at_most = \"{limit}\"`, the limit of the mean"),
                    &show(target),
                )
        }
        (_, Bound::Share(_), _) => true,
        (_, Bound::Duration(_), _) => {
            fail(key, format!("a percentage, because `{measure}` is a share"), &show(target))
        }
    }
}

fn show(target: &Target) -> String {
    let key = match target.direction {
        TargetDirection::AtLeast => "at_least",
        TargetDirection::AtMost => "at_most",
    };
    match target.bound {
        Bound::Share(_) => format!("`{key}` and a percentage"),
        Bound::Duration(span) => format!("`{key} = \"{span}\"`"),
    }
}

fn lower_rule(
    raw: RawRule,
    target: &Target,
    per: Option<u32>,
    path: &Path,
    reporter: &mut Reporter<'_>,
) -> Rule {
    match raw {
        RawRule::AnsweredWithin(raw) => Rule::AnsweredWithin(answered_within(raw, path, reporter)),
        RawRule::RepliedWithin(raw) => Rule::RepliedWithin(replied_within(raw, path, reporter)),
        RawRule::Lost(raw) => Rule::Lost(lost(raw, path, reporter)),
        RawRule::FirstContact(raw) => {
            let unit = raw.unit.map(Into::into).unwrap_or_default();
            Rule::FirstContact(first_contact(&raw.first_contact, unit))
        }
        RawRule::HandledWithin(raw) => Rule::HandledWithin(handled_within(&raw)),
        RawRule::SecondLevelResolved(raw) => Rule::SecondLevelResolved(resolved(&raw)),
        RawRule::SecondLevelWithin(raw) => Rule::SecondLevelWithin(resolved_within(&raw)),
        RawRule::OutboundPositive(raw) => {
            Rule::OutboundPositive(outbound_positive(raw, path, reporter))
        }
        RawRule::BatchTurnaround(raw) => {
            Rule::BatchTurnaround(batch_turnaround(&raw, target, per, path, reporter))
        }
        RawRule::Availability(raw) => Rule::Availability(availability(raw, path, reporter)),
    }
}

fn limit(span: &LimitSpan, boundary: Option<RawBoundary>) -> Limit {
    Limit { span: span.0, boundary: boundary.map(Into::into).unwrap_or_default() }
}

fn population(raw: RawPopulation, path: &Path, reporter: &mut Reporter<'_>) -> CallPopulation {
    let RawPopulation {
        population,
        out_of_hours,
        short_abandon,
        rejected,
        ivr_contained,
        callback,
        callback_limit,
        legs,
        attribution,
    } = raw;
    let at_callback = callback.is_some_and(bool::from);
    if at_callback && callback_limit.is_some() {
        reporter.add(
            &path.key("callback_limit"),
            "no limit with `callback = \"answered_at_callback\"`",
            "a limit",
            Some("a limit belongs to `callback = \"deferred\"`".to_owned()),
        );
    }
    let callback = if at_callback {
        Callback::AnsweredAtCallback
    } else {
        Callback::Deferred { limit: callback_limit.map(|LimitSpan(span)| span) }
    };
    CallPopulation {
        scope: population.map(Into::into).unwrap_or_default(),
        out_of_hours: out_of_hours.map(Into::into).unwrap_or_default(),
        short_abandon: short_abandon.map_or(Millis::ZERO, |Span(span)| span),
        rejected: rejected.map(Into::into).unwrap_or_default(),
        ivr_contained: ivr_contained.map(Into::into).unwrap_or_default(),
        callback,
        legs: legs.map(Into::into).unwrap_or_default(),
        attribution: attribution.map(Into::into).unwrap_or_default(),
    }
}

fn answered_within(
    raw: RawAnsweredWithin,
    path: &Path,
    reporter: &mut Reporter<'_>,
) -> AnsweredWithin {
    AnsweredWithin {
        wait_start: raw.wait_start.map(Into::into).unwrap_or_default(),
        wait_stop: raw.wait_stop.map(Into::into).unwrap_or_default(),
        limit: limit(&raw.limit, raw.boundary),
        denominator: raw.denominator.map(Into::into).unwrap_or_default(),
        early_abandon: raw.abandon_before_threshold.map(Into::into).unwrap_or_default(),
        population: population(raw.population, path, reporter),
    }
}

fn lost(raw: RawLost, path: &Path, reporter: &mut Reporter<'_>) -> Lost {
    Lost {
        ended_by: raw.ended_by.map(Into::into).unwrap_or_default(),
        short_abandon_in_denominator: raw.short_abandon_in_denominator.unwrap_or(false),
        population: population(raw.population, path, reporter),
    }
}

fn replied_within(
    raw: RawRepliedWithin,
    path: &Path,
    reporter: &mut Reporter<'_>,
) -> RepliedWithin {
    let clock: Clock = raw.clock.map(Into::into).unwrap_or_default();
    if raw.start_at_opening == Some(true) && clock == Clock::ServiceHours {
        reporter.add(
            &path.key("start_at_opening"),
            "`start_at_opening` only with `clock = \"elapsed\"`",
            "`clock = \"service_hours\"`",
            Some("service hours always start at the next opening".to_owned()),
        );
    }
    let channels: Vec<&str> = match raw.channels {
        Some(channels) => channels.into_iter().map(RawChannel::into).collect(),
        None => vec!["email", "pec", "fax", "sms", "letter"],
    };
    not_empty(&channels, "channels", "at least one channel", path, reporter);
    RepliedWithin {
        clock,
        start_at_opening: raw.start_at_opening.unwrap_or(false),
        channels: channels.into_iter().map(str::to_owned).collect(),
        answer: raw.answer.map(Into::into).unwrap_or_default(),
        threads: raw.threads.map(Into::into).unwrap_or_default(),
        limit: limit(&raw.limit, raw.boundary),
        attribution: raw.attribution.map(Into::into).unwrap_or_default(),
    }
}

/// Reports a list that must not be empty, or that names something twice.
fn not_empty<T: PartialEq + std::fmt::Display>(
    list: &[T],
    key: &str,
    expected: &str,
    path: &Path,
    reporter: &mut Reporter<'_>,
) {
    if list.is_empty() {
        reporter.add(&path.key(key), expected, "an empty list", None);
    }
    for (index, item) in list.iter().enumerate() {
        if list.iter().take(index).any(|earlier| earlier == item) {
            let found = format!("`{item}` twice");
            reporter.add(&path.key(key).item(index), "each name once", found, None);
        }
    }
}

fn first_contact(raw: &RawFirstContactRule, unit: CaseUnit) -> FirstContact {
    FirstContact {
        unit,
        closed: raw.closed.map(Into::into).unwrap_or_default(),
        reopen_window_days: raw.reopen_window_days.unwrap_or(0),
        unavailable_counts: raw.unavailable_counts.unwrap_or(true),
        attribution: raw.attribution.map_or(ItemAttribution::Closing, Into::into),
    }
}

fn handled_within(raw: &RawHandledWithin) -> HandledWithin {
    HandledWithin {
        limit: limit(&raw.limit, raw.boundary),
        duration: raw.duration.map(Into::into).unwrap_or_default(),
        denominator: raw.denominator.map(Into::into).unwrap_or_default(),
        verdict_on: raw.verdict_on.map(Into::into).unwrap_or_default(),
        first_contact: first_contact(&raw.first_contact, CaseUnit::Case),
    }
}

fn resolved(raw: &RawSecondLevelResolved) -> SecondLevelResolved {
    SecondLevelResolved {
        denominator: raw.denominator.map(Into::into).unwrap_or_default(),
        open_at_end: raw.open_at_end.map(Into::into).unwrap_or_default(),
        third_party: raw.third_level.map(Into::into).unwrap_or_default(),
        due_after: raw.due_after.as_ref().map_or(Millis::from_hours(4), |LimitSpan(span)| *span),
        clock: raw.clock.map(Into::into).unwrap_or_default(),
        attribution: raw.attribution.map_or(ItemAttribution::Closing, Into::into),
    }
}

fn resolved_within(raw: &RawSecondLevelWithin) -> SecondLevelWithin {
    SecondLevelWithin {
        limit: limit(&raw.limit, raw.boundary),
        clock: raw.clock.map(Into::into).unwrap_or_default(),
        start: raw.start.map(Into::into).unwrap_or_default(),
        suspensions: raw.suspensions.map(Into::into).unwrap_or_default(),
        denominator: raw.denominator.map(Into::into).unwrap_or_default(),
        attribution: raw.attribution.map(Into::into).unwrap_or_default(),
    }
}

fn outbound_positive(
    raw: RawOutboundPositive,
    path: &Path,
    reporter: &mut Reporter<'_>,
) -> OutboundPositive {
    let positive = match raw.positive {
        Some(codes) => codes.into_iter().map(|Code(code)| code).collect(),
        None => vec!["positive".to_owned()],
    };
    not_empty(&positive, "positive", "at least one outcome code", path, reporter);
    OutboundPositive {
        unit: raw.unit.map(Into::into).unwrap_or_default(),
        positive,
        unreachable: raw.unreachable.map_or(Inclusion::Included, Into::into),
        inbound_too: raw.inbound_too.unwrap_or(false),
    }
}

fn batch_turnaround(
    raw: &RawBatchTurnaround,
    target: &Target,
    per: Option<u32>,
    path: &Path,
    reporter: &mut Reporter<'_>,
) -> BatchTurnaround {
    let aggregate = match &raw.aggregate {
        None | Some(RawAggregate::Word(RawAggregateWord::All)) => BatchAggregate::All,
        Some(RawAggregate::Word(RawAggregateWord::Mean)) => BatchAggregate::Mean,
        Some(RawAggregate::Share(share)) => {
            let Share(ratio) = share.share;
            BatchAggregate::SharePermille(permille(ratio).unwrap_or_else(|| {
                let expected = "whole tenths of a percent, such as `95%` or `99.5%`";
                reporter.add(&path.key("aggregate"), expected, "a finer share", None);
                0
            }))
        }
    };
    // A target that is no duration is reported when rule and target are paired.
    let allowed = match target.bound {
        Bound::Duration(span) => span,
        Bound::Share(_) => Millis::ZERO,
    };
    BatchTurnaround {
        package: per.unwrap_or(100),
        allowed,
        multiples: raw.multiples.map(Into::into).unwrap_or_default(),
        small_batch_whole: raw.small_batch.is_none_or(bool::from),
        start: raw.start.map(Into::into).unwrap_or_default(),
        end: raw.end.map(Into::into).unwrap_or_default(),
        clock: raw.clock.map(Into::into).unwrap_or_default(),
        aggregate,
    }
}

fn availability(raw: RawAvailability, path: &Path, reporter: &mut Reporter<'_>) -> Availability {
    let component = |raw| match raw {
        RawComponent::Code(Code(code)) => Component { code, agreed: Clock::ServiceHours },
        RawComponent::Agreed(raw) => Component { code: raw.code.0, agreed: raw.agreed.into() },
    };
    let standard = || {
        let codes = [
            ("telephony_inbound", Clock::ServiceHours),
            ("ivr", Clock::Elapsed),
            ("agent_desktop", Clock::ServiceHours),
        ];
        codes.map(|(code, agreed)| Component { code: code.to_owned(), agreed }).into()
    };
    let components: Vec<Component> = match raw.components {
        Some(components) => components.into_iter().map(component).collect(),
        None => standard(),
    };
    let codes: Vec<&str> = components.iter().map(|component| component.code.as_str()).collect();
    not_empty(&codes, "components", "at least one component", path, reporter);
    let excluded = raw.planned_maintenance.is_none_or(bool::from);
    if !excluded && raw.planned_notice.is_some() {
        let expected = "no notice with `planned_maintenance = \"counted\"`";
        reporter.add(&path.key("planned_notice"), expected, "a notice", None);
    }
    let notice = raw.planned_notice.map_or(Millis::from_hours(48), |Span(span)| span);
    let degraded = raw.degraded_weight.map(|Share(share)| permille(share));
    let degraded_permille = degraded.unwrap_or(Some(0)).unwrap_or_else(|| {
        let expected = "whole tenths of a percent, such as `50%`";
        reporter.add(&path.key("degraded_weight"), expected, "a finer share", None);
        0
    });
    let causes = raw.excluded_causes.unwrap_or_default();
    Availability {
        components,
        planned_notice: excluded.then_some(notice),
        degraded_permille,
        excluded_causes: causes.into_iter().map(|Code(code)| code).collect(),
    }
}

/// A population's parameters as a contract file writes them, to say where two differ.
pub(super) fn written(population: &CallPopulation) -> [(&'static str, String); 9] {
    let CallPopulation {
        scope,
        out_of_hours,
        short_abandon,
        rejected,
        ivr_contained,
        callback,
        legs,
        attribution,
    } = population;
    let (callback, callback_limit) = match callback {
        Callback::Deferred { limit: None } => ("deferred", "the same service day".to_owned()),
        Callback::Deferred { limit: Some(limit) } => ("deferred", limit.to_string()),
        Callback::AnsweredAtCallback => ("answered_at_callback", "none".to_owned()),
    };
    let scope = match scope {
        CallScope::QueueOffered => "queue_offered",
        CallScope::AllInbound => "all_inbound",
    };
    let out_of_hours = match out_of_hours {
        Inclusion::Excluded => "excluded",
        Inclusion::Included => "included",
    };
    let rejected = match rejected {
        RejectedCalls::Lost => "lost",
        RejectedCalls::Excluded => "excluded",
    };
    let ivr_contained = match ivr_contained {
        IvrContained::Excluded => "excluded",
        IvrContained::AnsweredAtOnce => "answered_at_once",
    };
    let legs = match legs {
        Legs::First => "first",
        Legs::Each => "each",
    };
    let attribution = match attribution {
        CallAttribution::Arrival => "arrival",
        CallAttribution::Answer => "answer",
        CallAttribution::End => "end",
    };
    [
        ("population", scope.to_owned()),
        ("out_of_hours", out_of_hours.to_owned()),
        ("short_abandon", short_abandon.to_string()),
        ("rejected", rejected.to_owned()),
        ("ivr_contained", ivr_contained.to_owned()),
        ("callback", callback.to_owned()),
        ("callback_limit", callback_limit),
        ("legs", legs.to_owned()),
        ("attribution", attribution.to_owned()),
    ]
}

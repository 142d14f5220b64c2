//! Rules about calls as sums over the classes of a tally. Read [`answered_within`] first.

use std::collections::{BTreeMap, BTreeSet};

use soglia_domain::facts::Disposition;
use soglia_domain::rule::{
    AnsweredWithin, CallPopulation, CallScope, Callback, Denominator, EarlyAbandon, EndedBy,
    Inclusion, IvrContained, Limit, Lost, RejectedCalls, WaitStart, WaitStop,
};
use soglia_domain::time::Millis;

use crate::histogram::Histogram;
use crate::tally::{Class, ClassKey, ExclusionSpec};

/// What a rule counted, and what it left out, by reason.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counted {
    /// What met (K1) or broke (K3) the rule.
    pub num: u64,
    /// What counts.
    pub den: u64,
    /// What does not, by reason.
    pub excluded: BTreeMap<String, u64>,
}

impl Counted {
    /// Counts one item: left out for a reason, or with what it adds to the numerator.
    pub fn of_one(left_out: Option<&str>, num: u64) -> Self {
        left_out.map_or_else(
            || Self { num, den: 1, ..Self::default() },
            |reason| Self { excluded: BTreeMap::from([(reason.to_owned(), 1)]), ..Self::default() },
        )
    }

    /// Adds another count.
    pub fn merge(&mut self, other: Self) {
        self.num += other.num;
        self.den += other.den;
        for (reason, n) in other.excluded {
            *self.excluded.entry(reason).or_default() += n;
        }
    }

    /// Leaves `n` items out for a reason.
    pub fn exclude(&mut self, reason: &str, n: u64) {
        if 0 < n {
            *self.excluded.entry(reason.to_owned()).or_default() += n;
        }
    }
}

/// What the population makes of a class of calls.
enum Role {
    /// Left out, for a reason.
    Out(&'static str),
    /// Answered by an operator (or, if the contract says so, by a call-back).
    Answered,
    /// Answered at once by the IVR.
    AnsweredAtOnce,
    /// The caller gave up in the queue; short abandons may be left out.
    Abandoned,
    /// Lost before the queue by the caller.
    LostByCaller,
    /// Lost by the system.
    LostBySystem,
}

fn role(population: &CallPopulation, key: ClassKey) -> Role {
    let disposition = key.disposition();
    if disposition == Disposition::Test {
        return Role::Out("test");
    }
    let closed = !key.open || disposition == Disposition::OutOfHours;
    if closed && population.out_of_hours == Inclusion::Excluded {
        return Role::Out("out_of_hours");
    }
    let all = population.scope == CallScope::AllInbound;
    match disposition {
        Disposition::Answered => Role::Answered,
        Disposition::AbandonedInQueue => Role::Abandoned,
        Disposition::AbandonedInIvr if all => Role::LostByCaller,
        Disposition::AbandonedInIvr => Role::Out("abandoned_in_ivr"),
        Disposition::IvrContained => match population.ivr_contained {
            IvrContained::Excluded => Role::Out("ivr_contained"),
            IvrContained::AnsweredAtOnce => Role::AnsweredAtOnce,
        },
        Disposition::Rejected => match population.rejected {
            RejectedCalls::Lost => Role::LostBySystem,
            RejectedCalls::Excluded => Role::Out("rejected"),
        },
        Disposition::CallbackRequested => match population.callback {
            Callback::Deferred { .. } if key.called_back => Role::Out("callback_fulfilled"),
            Callback::AnsweredAtCallback => Role::Answered,
            Callback::Deferred { .. } => Role::LostBySystem,
        },
        Disposition::OutOfHours | Disposition::ReleasedBySystem | Disposition::TechnicalFailure => {
            Role::LostBySystem
        }
        Disposition::Test => Role::Out("test"),
    }
}

/// The approved exclusion that takes a class out of an indicator: the contract's first that does.
pub fn exclusion<'a>(key: ClassKey, covers: &'a [Cover], indicator: &str) -> Option<&'a str> {
    let at = usize::from(key.exclusion).checked_sub(1)?;
    let causes = &covers.get(at)?.causes;
    causes.iter().find(|cause| cause.names(indicator)).map(|cause| cause.reason.as_str())
}

/// An approved exclusion, as it is reported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exclusion {
    /// What the pass looks at.
    pub spec: ExclusionSpec,
    /// The reason reported.
    pub reason: String,
    /// Indicators it touches; empty for all.
    pub indicators: Vec<String>,
}

impl Exclusion {
    /// Whether it takes items that know no queue out of an indicator.
    pub fn touches(&self, indicator: &str) -> bool {
        self.touches_in(indicator, None)
    }

    /// Whether it takes items of a queue out of an indicator.
    pub fn touches_in(&self, indicator: &str, queue: Option<&str>) -> bool {
        (self.spec.queue.is_none() || self.spec.queue.as_deref() == queue) && self.names(indicator)
    }

    /// Whether it is approved for an indicator.
    pub fn names(&self, indicator: &str) -> bool {
        self.indicators.is_empty() || self.indicators.iter().any(|code| code == indicator)
    }
}

/// A stretch of time (and a queue, or any) in which the same approved exclusions hold.
///
/// A call is in one cover at most, so that the pass need remember one number of it, however many
/// exclusions overlap there and whichever indicators each is approved for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cover {
    /// What the pass looks at.
    pub spec: ExclusionSpec,
    /// The exclusions that hold there, in the order of the contract.
    pub causes: Vec<Exclusion>,
}

/// Cuts exclusions at each other's edges. Covers of one queue come before those of any queue, so
/// the first that holds a call has all of its exclusions.
pub fn covers(exclusions: &[Exclusion]) -> Vec<Cover> {
    let mut edges: Vec<i64> =
        exclusions.iter().flat_map(|one| [one.spec.from, one.spec.until]).collect();
    edges.sort_unstable();
    edges.dedup();
    let queues: BTreeSet<&String> =
        exclusions.iter().filter_map(|one| one.spec.queue.as_ref()).collect();
    let mut covers = Vec::new();
    for (from, until) in edges.iter().zip(edges.iter().skip(1)) {
        let here = |one: &&Exclusion| one.spec.from <= *from && *until <= one.spec.until;
        let mut add = |queue: Option<&String>, causes: Vec<Exclusion>| {
            if causes.iter().any(|one| one.spec.queue.as_ref() == queue) {
                let codes: Vec<&str> = causes.iter().map(|one| one.spec.code.as_str()).collect();
                let spec = ExclusionSpec {
                    code: codes.join("+"),
                    from: *from,
                    until: *until,
                    queue: queue.cloned(),
                };
                covers.push(Cover { spec, causes });
            }
        };
        for queue in &queues {
            let fits = |one: &&Exclusion| one.spec.queue.as_ref().is_none_or(|own| own == *queue);
            add(Some(queue), exclusions.iter().filter(here).filter(fits).cloned().collect());
        }
        let any = |one: &&Exclusion| one.spec.queue.is_none();
        add(None, exclusions.iter().filter(here).filter(any).cloned().collect());
    }
    covers
}

/// K1: `answered with wait ≤ limit / offered`.
pub fn answered_within<'a>(
    classes: impl Iterator<Item = (ClassKey, &'a Class)>,
    rule: &AnsweredWithin,
    covers: &[Cover],
    indicator: &str,
) -> Counted {
    let mut counted = Counted::default();
    for (key, class) in classes {
        if let Some(reason) = exclusion(key, covers, indicator) {
            counted.exclude(reason, class.n);
            continue;
        }
        match role(&rule.population, key) {
            Role::Out(reason) => counted.exclude(reason, class.n),
            Role::Answered => {
                // An answer whose wait is not known is not shown to be in time.
                counted.num += within(wait_of(rule, class), rule.limit);
                counted.den += class.n;
            }
            Role::AnsweredAtOnce => {
                counted.num += class.n;
                counted.den += class.n;
            }
            Role::Abandoned => abandoned_in_k1(rule, class, &mut counted),
            Role::LostByCaller | Role::LostBySystem => lost_in_k1(rule, class.n, &mut counted),
        }
    }
    counted
}

fn abandoned_in_k1(rule: &AnsweredWithin, class: &Class, counted: &mut Counted) {
    let short = short_abandons(class, rule.population.short_abandon);
    counted.exclude("short_abandon", short);
    let early = within(&class.wait, rule.limit).saturating_sub(short);
    match rule.early_abandon {
        EarlyAbandon::CountInDenominator => lost_in_k1(rule, class.n - short, counted),
        EarlyAbandon::Exclude => {
            counted.exclude("early_abandon", early);
            lost_in_k1(rule, class.n - short - early, counted);
        }
        EarlyAbandon::CountAsMet => {
            counted.num += early;
            counted.den += early;
            lost_in_k1(rule, class.n - short - early, counted);
        }
    }
}

fn lost_in_k1(rule: &AnsweredWithin, n: u64, counted: &mut Counted) {
    match rule.denominator {
        Denominator::Offered => counted.den += n,
        Denominator::Answered => counted.exclude("lost", n),
    }
}

/// The histogram of the wait as a rule times it.
pub fn wait_of<'a>(rule: &AnsweredWithin, class: &'a Class) -> &'a Histogram {
    match (rule.wait_start, rule.wait_stop) {
        (WaitStart::QueueEntry, WaitStop::AgentAnswer) => &class.wait,
        (WaitStart::IvrEntry, WaitStop::AgentAnswer) => &class.wait_from_arrival,
        (WaitStart::FirstRing, _) => &class.ring_to_answer,
        (WaitStart::QueueEntry, WaitStop::AgentRing) => &class.wait_to_ring,
        (WaitStart::IvrEntry, WaitStop::AgentRing) => &class.arrival_to_ring,
    }
}

fn within(histogram: &Histogram, limit: Limit) -> u64 {
    histogram.count_while(|millis| limit.keeps(Millis::new(millis)))
}

/// Abandons of at most `short`; none when the contract leaves none out.
fn short_abandons(class: &Class, short: Millis) -> u64 {
    if short == Millis::ZERO {
        return 0;
    }
    class.wait.count_while(|millis| millis <= short.get())
}

/// K3: `lost / offered`.
pub fn lost<'a>(
    classes: impl Iterator<Item = (ClassKey, &'a Class)>,
    rule: &Lost,
    covers: &[Cover],
    indicator: &str,
) -> Counted {
    let mut counted = Counted::default();
    for (key, class) in classes {
        if let Some(reason) = exclusion(key, covers, indicator) {
            counted.exclude(reason, class.n);
            continue;
        }
        match role(&rule.population, key) {
            Role::Out(reason) => counted.exclude(reason, class.n),
            Role::Answered | Role::AnsweredAtOnce => {
                // A call-back that never came is no answer.
                let answered = match key.disposition() {
                    Disposition::CallbackRequested => class.wait_from_arrival.n(),
                    _ => class.n,
                };
                counted.den += class.n;
                counted.num += class.n - answered;
            }
            Role::Abandoned => {
                let short = short_abandons(class, rule.population.short_abandon);
                counted.num += class.n - short;
                counted.den += class.n - short;
                if rule.short_abandon_in_denominator {
                    counted.den += short;
                } else {
                    counted.exclude("short_abandon", short);
                }
            }
            Role::LostByCaller => {
                counted.num += class.n;
                counted.den += class.n;
            }
            Role::LostBySystem => {
                counted.den += class.n;
                if rule.ended_by == EndedBy::Both {
                    counted.num += class.n;
                }
            }
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approved(from: i64, until: i64, queue: Option<&str>, indicators: &[&str]) -> Exclusion {
        let code = format!("{from}-{until}");
        Exclusion {
            spec: ExclusionSpec { code: code.clone(), from, until, queue: queue.map(Into::into) },
            reason: code,
            indicators: indicators.iter().map(|one| (*one).to_owned()).collect(),
        }
    }

    /// The reason for which a call is left out of an indicator, found as a pass and a rule do.
    fn reason(covers: &[Cover], at: i64, queue: &str, indicator: &str) -> Option<String> {
        let position = covers.iter().position(|cover| {
            let spec = &cover.spec;
            spec.from <= at
                && at < spec.until
                && spec.queue.as_deref().is_none_or(|own| own == queue)
        });
        let key = ClassKey {
            service: 0,
            disposition: 0,
            open: true,
            exclusion: position.map_or(0, |at| u16::try_from(at + 1).expect("few")),
            called_back: false,
        };
        exclusion(key, covers, indicator).map(str::to_owned)
    }

    #[test]
    fn each_call_has_all_the_exclusions_that_hold_it() {
        let all = [
            approved(0, 10, None, &["K3"]),
            approved(5, 15, None, &[]),
            approved(8, 20, Some("a"), &["K1"]),
            approved(15, 16, None, &["K1"]),
            approved(30, 31, Some("b"), &[]),
        ];
        let covers = covers(&all);
        for at in -1..40 {
            for queue in ["a", "b", ""] {
                for indicator in ["K1", "K3"] {
                    let first = all.iter().find(|one| {
                        one.spec.from <= at
                            && at < one.spec.until
                            && one.spec.queue.as_deref().is_none_or(|own| own == queue)
                            && one.names(indicator)
                    });
                    let expected = first.map(|one| one.reason.clone());
                    let found = reason(&covers, at, queue, indicator);
                    assert_eq!(found, expected, "{at} {queue} {indicator}");
                }
            }
        }
    }

    #[test]
    fn one_exclusion_is_one_cover() {
        let covers = covers(&[approved(3, 7, Some("a"), &[])]);
        let specs: Vec<_> = covers.iter().map(|cover| &cover.spec).collect();
        let expected = approved(3, 7, Some("a"), &[]).spec;
        assert_eq!(specs, [&expected]);
        assert!(super::covers(&[]).is_empty());
    }
}

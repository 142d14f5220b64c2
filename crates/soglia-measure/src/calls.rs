//! Rules about calls as sums over the classes of a tally. Read [`answered_within`] first.

use std::collections::BTreeMap;

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
    /// Adds another count.
    pub fn merge(&mut self, other: Self) {
        self.num += other.num;
        self.den += other.den;
        for (reason, n) in other.excluded {
            *self.excluded.entry(reason).or_default() += n;
        }
    }

    /// Leaves `n` out, for a reason.
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

/// The approved exclusion that takes a class out of an indicator.
fn exclusion<'a>(key: ClassKey, exclusions: &'a [Exclusion], indicator: &str) -> Option<&'a str> {
    let at = usize::from(key.exclusion).checked_sub(1)?;
    let exclusion = exclusions.get(at)?;
    let touches = exclusion.indicators.is_empty()
        || exclusion.indicators.iter().any(|code| code == indicator);
    touches.then_some(exclusion.reason.as_str())
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
        (self.spec.queue.is_none() || self.spec.queue.as_deref() == queue)
            && (self.indicators.is_empty() || self.indicators.iter().any(|code| code == indicator))
    }
}

/// K1: `answered with wait ≤ limit / offered`.
pub fn answered_within<'a>(
    classes: impl Iterator<Item = (ClassKey, &'a Class)>,
    rule: &AnsweredWithin,
    exclusions: &[Exclusion],
    indicator: &str,
) -> Counted {
    let mut counted = Counted::default();
    for (key, class) in classes {
        if let Some(reason) = exclusion(key, exclusions, indicator) {
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

fn wait_of<'a>(rule: &AnsweredWithin, class: &'a Class) -> &'a Histogram {
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
    exclusions: &[Exclusion],
    indicator: &str,
) -> Counted {
    let mut counted = Counted::default();
    for (key, class) in classes {
        if let Some(reason) = exclusion(key, exclusions, indicator) {
            counted.exclude(reason, class.n);
            continue;
        }
        match role(&rule.population, key) {
            Role::Out(reason) => counted.exclude(reason, class.n),
            Role::Answered | Role::AnsweredAtOnce => {
                // A call-back that never came is no answer.
                let answered = match key.disposition() {
                    Disposition::CallbackRequested => class.wait.n(),
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

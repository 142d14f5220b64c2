//! The contract's own indicators, counted on what became of simulated or recorded calls. Read
//! [`CallRule::of`] first, then [`Fate`].
//!
//! The rules are those of the contract, the same that measurements follow; what the simulator
//! cannot know is said as a [`Caveat`], not guessed.

use soglia_domain::rule::{
    Boundary, CallPopulation, CallScope, Callback, Denominator, EarlyAbandon, EndedBy,
    HandledDenominator, Inclusion, Legs, RejectedCalls, Rule, TimedDuration, VerdictOn, WaitStart,
    WaitStop,
};

use crate::engine::End;

/// What became of a call, as a contract looks at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fate {
    /// When it joined its queue, in microseconds since the week's Monday.
    pub at_us: i64,
    /// Its type.
    pub kind: usize,
    /// 0 for the first attempt.
    pub attempt: u8,
    /// What became of it.
    pub end: End,
    /// From joining the queue to the answer, or to leaving; ringing included.
    pub wait_us: i64,
    /// The last part of it, in which a telephone rang.
    pub rang_us: i64,
    /// Conversation, hold included, of calls that were answered.
    pub talk_us: i64,
    /// The work after it.
    pub wrap_us: i64,
    /// The group that answered.
    pub group: Option<usize>,
    /// For callers who asked to be called back: whether they were reached.
    pub called_back: bool,
}

/// Something that an indicator looks at and the simulator does not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Caveat {
    /// Calls that ended in the IVR count, and only those of the records are known.
    AllInbound,
    /// The wait counts from the IVR, and calls enter at the queue.
    FromIvr,
    /// Each entry into a queue counts, and calls are followed as one.
    EachLeg,
    /// Only calls closed at first contact count, and all that were answered are taken for such.
    FirstContact,
    /// Only talk counts, and hold cannot be told apart.
    Hold,
}

/// What a rule looks at, in the order in which indicators are shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Aspect {
    /// How long callers wait for an answer.
    Waits,
    /// Who is never answered.
    Losses,
    /// How long those who were answered are talked to.
    Handling,
}

/// A rule about calls, ready to count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallRule {
    what: What,
    population: CallPopulation,
    short_abandon_us: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    Within {
        limit_us: i64,
        boundary: Boundary,
        denominator: Denominator,
        early: EarlyAbandon,
        start: WaitStart,
        stop: WaitStop,
    },
    Lost {
        ended_by: EndedBy,
        short_in_denominator: bool,
    },
    Handled {
        limit_us: i64,
        boundary: Boundary,
        duration: TimedDuration,
        denominator: HandledDenominator,
    },
}

/// What one call, or many, add to an indicator.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// The numerator.
    pub num: u64,
    /// The denominator.
    pub den: u64,
}

impl Counts {
    /// Adds others.
    pub const fn add(&mut self, other: Self) {
        self.num += other.num;
        self.den += other.den;
    }

    /// Returns the share; nothing of nothing.
    pub fn share(self) -> Option<f64> {
        crate::tally::share(self.num, self.den)
    }
}

const NOTHING: Counts = Counts { num: 0, den: 0 };
const MISS: Counts = Counts { num: 0, den: 1 };
const HIT: Counts = Counts { num: 1, den: 1 };

/// How a call ended, in the words of rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Out,
    Answered,
    Abandoned,
    LostBySystem,
}

impl CallRule {
    /// Returns a contract's rule, if it is one about waits, losses or the handling of calls.
    pub fn of(rule: &Rule) -> Option<Self> {
        let (what, population) = match rule {
            Rule::AnsweredWithin(rule) => {
                let what = What::Within {
                    limit_us: rule.limit.span.get() * 1000,
                    boundary: rule.limit.boundary,
                    denominator: rule.denominator,
                    early: rule.early_abandon,
                    start: rule.wait_start,
                    stop: rule.wait_stop,
                };
                (what, rule.population)
            }
            Rule::Lost(rule) => {
                let what = What::Lost {
                    ended_by: rule.ended_by,
                    short_in_denominator: rule.short_abandon_in_denominator,
                };
                (what, rule.population)
            }
            Rule::HandledWithin(rule) if rule.verdict_on == VerdictOn::Share => {
                let what = What::Handled {
                    limit_us: rule.limit.span.get() * 1000,
                    boundary: rule.limit.boundary,
                    duration: rule.duration,
                    denominator: rule.denominator,
                };
                (what, CallPopulation::default())
            }
            _ => return None,
        };
        Some(Self { what, population, short_abandon_us: population.short_abandon.get() * 1000 })
    }

    /// Says what the rule looks at and the simulator does not.
    pub fn caveats(&self) -> Vec<Caveat> {
        let mut caveats = Vec::new();
        if self.population.scope == CallScope::AllInbound {
            caveats.push(Caveat::AllInbound);
        }
        if matches!(self.what, What::Within { start: WaitStart::IvrEntry, .. }) {
            caveats.push(Caveat::FromIvr);
        }
        if self.population.legs == Legs::Each {
            caveats.push(Caveat::EachLeg);
        }
        if let What::Handled { duration, denominator, .. } = self.what {
            if denominator == HandledDenominator::FirstContact {
                caveats.push(Caveat::FirstContact);
            }
            if duration == TimedDuration::Talk {
                caveats.push(Caveat::Hold);
            }
        }
        caveats
    }

    /// What the rule looks at.
    pub const fn aspect(&self) -> Aspect {
        match self.what {
            What::Within { .. } => Aspect::Waits,
            What::Lost { .. } => Aspect::Losses,
            What::Handled { .. } => Aspect::Handling,
        }
    }

    /// Counts one call.
    pub fn count(&self, fate: &Fate) -> Counts {
        let role = self.role(fate);
        let short = role == Role::Abandoned && fate.wait_us <= self.short_abandon_us;
        match self.what {
            _ if role == Role::Out => NOTHING,
            What::Lost { short_in_denominator: true, .. } if short => MISS,
            _ if short && 0 < self.short_abandon_us => NOTHING,
            What::Within { denominator, early, .. } => {
                let lost = if denominator == Denominator::Answered { NOTHING } else { MISS };
                match (role, early) {
                    (Role::Answered, _) if self.in_time(self.wait_us(fate)) => HIT,
                    (Role::Answered, _) => MISS,
                    (Role::Abandoned, EarlyAbandon::Exclude) if self.in_time(fate.wait_us) => {
                        NOTHING
                    }
                    (Role::Abandoned, EarlyAbandon::CountAsMet) if self.in_time(fate.wait_us) => {
                        HIT
                    }
                    _ => lost,
                }
            }
            What::Lost { ended_by, .. } => match (role, ended_by) {
                (Role::Abandoned, _) | (Role::LostBySystem, EndedBy::Both) => HIT,
                _ => MISS,
            },
            What::Handled { .. } if role != Role::Answered => NOTHING,
            What::Handled { duration, .. } => {
                let lasted_us = match duration {
                    TimedDuration::TalkHold | TimedDuration::Talk => fate.talk_us,
                    TimedDuration::TalkHoldWrap => fate.talk_us + fate.wrap_us,
                    TimedDuration::WaitTalkHold => fate.wait_us + fate.talk_us,
                };
                if self.in_time(lasted_us) { HIT } else { MISS }
            }
        }
    }

    fn role(&self, fate: &Fate) -> Role {
        match fate.end {
            End::Answered => Role::Answered,
            End::Abandoned => Role::Abandoned,
            End::Refused if self.population.rejected == RejectedCalls::Excluded => Role::Out,
            End::OutOfHours if self.population.out_of_hours == Inclusion::Excluded => Role::Out,
            End::Released | End::Refused | End::OutOfHours => Role::LostBySystem,
            End::CallBack => match self.population.callback {
                Callback::Deferred { .. } if fate.called_back => Role::Out,
                Callback::AnsweredAtCallback if fate.called_back => Role::Answered,
                _ => Role::LostBySystem,
            },
            // What the IVR answers in a scenario leaves the count, as under the contract's default.
            End::Contained | End::NotReached | End::Waiting => Role::Out,
        }
    }

    /// The wait that the rule's clock shows for an answered call.
    fn wait_us(&self, fate: &Fate) -> i64 {
        match self.what {
            What::Within { start: WaitStart::FirstRing, .. } => fate.rang_us,
            What::Within { stop: WaitStop::AgentRing, .. } => fate.wait_us - fate.rang_us,
            What::Within { .. } | What::Lost { .. } | What::Handled { .. } => fate.wait_us,
        }
    }

    const fn in_time(&self, us: i64) -> bool {
        match self.what {
            What::Within { limit_us, boundary, .. } | What::Handled { limit_us, boundary, .. } => {
                match boundary {
                    Boundary::Inclusive => us <= limit_us,
                    Boundary::Exclusive => us < limit_us,
                }
            }
            What::Lost { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use soglia_domain::rule::{
        AnsweredWithin, CaseUnit, ClosedWhen, FirstContact, HandledWithin, ItemAttribution, Limit,
        Lost,
    };
    use soglia_domain::time::Millis;

    fn within() -> AnsweredWithin {
        AnsweredWithin {
            population: CallPopulation::default(),
            wait_start: WaitStart::QueueEntry,
            wait_stop: WaitStop::AgentAnswer,
            limit: Limit { span: Millis::from_secs(20), boundary: Boundary::Inclusive },
            denominator: Denominator::Offered,
            early_abandon: EarlyAbandon::CountInDenominator,
        }
    }

    fn fate(end: End, wait_secs: i64) -> Fate {
        Fate {
            at_us: 0,
            kind: 0,
            attempt: 0,
            end,
            wait_us: wait_secs * 1_000_000,
            rang_us: 4_000_000,
            talk_us: 240_000_000,
            wrap_us: 30_000_000,
            group: None,
            called_back: false,
        }
    }

    fn count(rule: &Rule) -> Vec<(u64, u64)> {
        let rule = CallRule::of(rule).expect("a rule about calls");
        let ends = [
            (End::Answered, 20),
            (End::Answered, 22),
            (End::Abandoned, 3),
            (End::Abandoned, 60),
            (End::Released, 90),
            (End::Refused, 0),
            (End::OutOfHours, 0),
            (End::Contained, 0),
            (End::CallBack, 60),
        ];
        let counts = ends.map(|(end, secs)| rule.count(&fate(end, secs)));
        counts.iter().map(|c| (c.num, c.den)).collect()
    }

    #[test]
    fn each_end_counts_as_the_contract_says() {
        let (hit, miss, out) = ((1, 1), (0, 1), (0, 0));
        let first = within();
        let of = |rule: AnsweredWithin| count(&Rule::AnsweredWithin(rule));
        assert_eq!(of(first), [hit, miss, miss, miss, miss, miss, out, out, miss]);
        let answered = AnsweredWithin { denominator: Denominator::Answered, ..first };
        assert_eq!(of(answered)[..6], [hit, miss, out, out, out, out]);
        let ring = AnsweredWithin { wait_stop: WaitStop::AgentRing, ..first };
        assert_eq!(of(ring)[..2], [hit, hit]);
        let early = AnsweredWithin { early_abandon: EarlyAbandon::CountAsMet, ..first };
        assert_eq!(of(early)[2..4], [hit, miss]);
        let population =
            CallPopulation { short_abandon: Millis::from_secs(5), ..CallPopulation::default() };
        assert_eq!(of(AnsweredWithin { population, ..first })[2..4], [out, miss]);
        let lost = Lost { population, ended_by: EndedBy::Both, short_abandon_in_denominator: true };
        let found = count(&Rule::Lost(lost));
        assert_eq!(found, [miss, miss, miss, hit, hit, hit, out, out, hit]);
        let callers = Lost { ended_by: EndedBy::CallerOnly, ..lost };
        assert_eq!(count(&Rule::Lost(callers))[2..6], [miss, hit, miss, miss]);
    }

    #[test]
    fn conversations_count_as_the_contract_says() {
        let first_contact = FirstContact {
            unit: CaseUnit::Case,
            closed: ClosedWhen::SameContact,
            reopen_window_days: 0,
            unavailable_counts: false,
            attribution: ItemAttribution::default(),
        };
        let rule = HandledWithin {
            limit: Limit { span: Millis::from_secs(240), boundary: Boundary::Inclusive },
            duration: TimedDuration::TalkHold,
            denominator: HandledDenominator::FirstContact,
            verdict_on: VerdictOn::Share,
            first_contact,
        };
        let of = |rule: HandledWithin| count(&Rule::HandledWithin(rule));
        let (hit, miss, out) = ((1, 1), (0, 1), (0, 0));
        assert_eq!(of(rule)[..5], [hit, hit, out, out, out]);
        let limit = Limit { boundary: Boundary::Exclusive, ..rule.limit };
        assert_eq!(of(HandledWithin { limit, ..rule })[0], miss);
        let limit = Limit { span: Millis::from_secs(261), ..rule.limit };
        let waits = HandledWithin { duration: TimedDuration::WaitTalkHold, limit, ..rule };
        assert_eq!(of(waits)[..2], [hit, miss], "260 and 262 s");
        let whole = HandledWithin { duration: TimedDuration::TalkHoldWrap, limit, ..rule };
        assert_eq!(of(whole)[0], miss, "270 s");
        let counted = CallRule::of(&Rule::HandledWithin(rule)).expect("a share");
        assert_eq!(
            (counted.aspect(), counted.caveats()),
            (Aspect::Handling, vec![Caveat::FirstContact])
        );
        let mean = HandledWithin { verdict_on: VerdictOn::Mean, ..rule };
        assert_eq!(CallRule::of(&Rule::HandledWithin(mean)), None);
    }

    #[test]
    fn what_is_not_simulated_is_said() {
        let population =
            CallPopulation { scope: CallScope::AllInbound, ..CallPopulation::default() };
        let rule = AnsweredWithin { population, wait_start: WaitStart::IvrEntry, ..within() };
        let found = CallRule::of(&Rule::AnsweredWithin(rule)).expect("a rule").caveats();
        assert_eq!(found, [Caveat::AllInbound, Caveat::FromIvr]);
    }
}

//! Rules about messages, cases, outbound work and outages. Read [`Counter`] first.
//!
//! Each rule looks at one item after the other and adds it to a [`Counted`]; nothing here knows
//! where the items come from, so a stream of any length is counted in constant memory.

use std::collections::BTreeSet;

use soglia_domain::calendar::ServiceCalendar;
use soglia_domain::facts::{Case, Message, Outage, OutboundBatch, OutboundRecord, Suspension};
use soglia_domain::period::Period;
use soglia_domain::rule::{
    Answer, Availability, BatchAggregate, BatchEnd, BatchStart, BatchTurnaround, Clock, ClosedWhen,
    Component, FirstContact, HandledWithin, Inclusion, ItemAttribution, Multiples, OpenAtEnd,
    OutboundPositive, OutboundUnit, RepliedWithin, SecondLevelDenominator, SecondLevelResolved,
    SecondLevelStart, SecondLevelWithin, SecondLevelWithinDenominator, Suspensions, ThirdParty,
    Threads,
};
use soglia_domain::time::{Instant, Millis};

use crate::calls::{Counted, Exclusion};
use crate::histogram::Histogram;
use crate::rows::{CallTimes, TimedCall};

/// How many items were to be timed, and of how many the instants were recorded that it takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Timed {
    wanted: u64,
    known: u64,
    /// Whether one of several stretches of time was not measured.
    part: bool,
}

impl Timed {
    /// Counts items.
    pub const fn add(&mut self, wanted: u64, known: u64) {
        self.wanted += wanted;
        self.known += known;
    }

    /// Adds another stretch of time.
    pub const fn merge(&mut self, other: Self) {
        self.part |= other.not_measured();
        self.add(other.wanted, other.known);
    }

    /// Whether the platforms record no such instants, be it in a part of the time: half a figure is
    /// none.
    pub const fn not_measured(self) -> bool {
        self.part || (0 < self.wanted && self.known == 0)
    }
}

/// Counts the items of one service for one indicator in one period.
pub struct Counter<'a> {
    /// The period.
    pub period: &'a Period,
    /// The calendar that the rule's clock reads.
    pub calendar: &'a ServiceCalendar,
    /// Approved exclusions of the service.
    pub exclusions: &'a [Exclusion],
    /// The indicator.
    pub indicator: &'a str,
    /// What was counted so far.
    pub counted: Counted,
    /// Times to reply, to resolve, to complete.
    pub durations: Histogram,
    /// Items whose duration is not known.
    pub unknown: u64,
    /// Whether the instants that the clock needs were recorded.
    pub timed: Timed,
    /// Cases whose first message was counted, when there is one clock per case.
    seen_cases: BTreeSet<String>,
}

/// The approved exclusion that takes an item of an instant, and of a queue if it knows one, out of
/// an indicator: the contract's first that does.
pub fn covering<'a>(
    exclusions: &'a [Exclusion],
    indicator: &str,
    at: Instant,
    queue: Option<&str>,
) -> Option<&'a Exclusion> {
    let at = at.as_millis();
    exclusions.iter().find(|exclusion| {
        let spec = &exclusion.spec;
        exclusion.touches_in(indicator, queue) && spec.from <= at && at < spec.until
    })
}

impl<'a> Counter<'a> {
    /// Begins to count.
    pub fn new(
        period: &'a Period,
        calendar: &'a ServiceCalendar,
        exclusions: &'a [Exclusion],
        indicator: &'a str,
    ) -> Self {
        Self {
            period,
            calendar,
            exclusions,
            indicator,
            counted: Counted::default(),
            durations: Histogram::default(),
            unknown: 0,
            timed: Timed::default(),
            seen_cases: BTreeSet::new(),
        }
    }

    fn leave_out(&mut self, reason: &str) {
        *self.counted.excluded.entry(reason.to_owned()).or_default() += 1;
    }

    fn count(&mut self, met: bool) {
        self.counted.den += 1;
        self.counted.num += u64::from(met);
    }

    /// Leaves an item out if an approved exclusion covers its instant.
    fn is_excluded(&mut self, at: Instant) -> bool {
        self.is_excluded_in(at, None)
    }

    fn is_excluded_in(&mut self, at: Instant, queue: Option<&str>) -> bool {
        let Some(reason) = self.approved(at, queue) else { return false };
        self.leave_out(reason);
        true
    }

    /// The reason of the approved exclusion that covers an instant.
    fn approved(&self, at: Instant, queue: Option<&str>) -> Option<&'a str> {
        let found = covering(self.exclusions, self.indicator, at, queue)?;
        Some(found.reason.as_str())
    }

    fn elapsed(&self, clock: Clock, from: Instant, until: Instant) -> Millis {
        match clock {
            Clock::ServiceHours => self.calendar.elapsed(from, until),
            Clock::Elapsed => until - from,
        }
    }

    fn due(&self, clock: Clock, from: Instant, span: Millis) -> Option<Instant> {
        match clock {
            Clock::ServiceHours => self.calendar.due(from, span).ok(),
            Clock::Elapsed => Some(from + span),
        }
    }

    /// K2: one written contact.
    pub fn message(&mut self, rule: &RepliedWithin, message: &Message) {
        let replied = match rule.answer {
            Answer::FirstReply => message.first_reply,
            Answer::Resolution => message.resolved,
        };
        let start = if rule.start_at_opening {
            self.calendar.next_opening(message.received).unwrap_or(message.received)
        } else {
            message.received
        };
        let due = self.due(rule.clock, start, rule.limit.span);
        let belongs = match rule.attribution {
            ItemAttribution::Due => due.is_some_and(|due| self.period.contains(due)),
            ItemAttribution::Receipt => self.period.contains(message.received),
            ItemAttribution::Closing => replied.is_some_and(|at| self.period.contains(at)),
        };
        let covered = rule.channels.contains(&message.channel);
        // A case's clock is its first message's, be that message of an earlier period.
        let same_case = rule.threads == Threads::EachCase
            && covered
            && message.excluded.is_none()
            && !self.first_of_case(message);
        if !belongs || self.is_excluded(message.received) {
            return;
        }
        if let Some(reason) = &message.excluded {
            self.leave_out(reason);
        } else if !covered {
            self.leave_out("channel_not_covered");
        } else if same_case {
            self.leave_out("same_case");
        } else {
            if rule.answer == Answer::Resolution {
                self.timed.add(1, u64::from(message.resolved.is_some()));
            }
            let took = replied.map(|at| self.elapsed(rule.clock, start, at));
            if let Some(took) = took {
                self.durations.add(took.get());
            }
            self.count(took.is_some_and(|took| rule.limit.keeps(took)));
        }
    }

    fn first_of_case(&mut self, message: &Message) -> bool {
        message.case.as_ref().is_none_or(|case| self.seen_cases.insert(case.clone()))
    }

    /// K4: one case.
    pub fn first_contact(&mut self, rule: &FirstContact, case: &Case) {
        let belongs = match rule.attribution {
            ItemAttribution::Receipt => self.period.contains(case.opened),
            // Nothing falls due before it is closed.
            ItemAttribution::Due | ItemAttribution::Closing => {
                case.closed.is_some_and(|at| self.period.contains(at))
            }
        };
        if !belongs || self.is_excluded(case.opened) {
            return;
        }
        if case.cancelled.is_some() {
            self.leave_out("cancelled");
        } else if case.closed.is_none() {
            self.leave_out("open");
        } else {
            self.count(is_first_contact(rule, case));
        }
    }

    /// K5: one case, with the call that opened it if the ledger has it.
    pub fn handled_case(
        &mut self,
        rule: &HandledWithin,
        case: &Case,
        call: Option<&TimedCall<'_>>,
    ) {
        if !self.is_solved_here(rule.first_contact, case) {
            return;
        }
        let queue = call.and_then(|call| call.queue);
        if self.is_excluded_in(case.opened, queue) {
            return;
        }
        match call {
            _ if !is_phone(case) || case.opened_by.is_none() => self.leave_out("not_a_call"),
            Some(call) => self.time(rule, &call.times),
            None => self.leave_out("call_not_found"),
        }
    }

    /// K5: one answered call, where all of them count.
    pub fn answered_call(&mut self, rule: &HandledWithin, arrived: Instant, call: &TimedCall<'_>) {
        if self.period.contains(arrived) && !self.is_excluded_in(arrived, call.queue) {
            self.time(rule, &call.times);
        }
    }

    /// Times one call; one whose duration is not known is not shown to be in time.
    fn time(&mut self, rule: &HandledWithin, times: &CallTimes) {
        let took = times.of(rule.duration);
        match took {
            Some(took) => self.durations.add(took.get()),
            None => self.unknown += 1,
        }
        self.count(took.is_some_and(|took| rule.limit.keeps(took)));
    }

    fn is_solved_here(&self, rule: FirstContact, case: &Case) -> bool {
        let at = match rule.attribution {
            ItemAttribution::Receipt => Some(case.opened),
            ItemAttribution::Due | ItemAttribution::Closing => case.closed,
        };
        at.is_some_and(|at| self.period.contains(at))
            && case.closed.is_some()
            && case.cancelled.is_none()
            && is_first_contact(&rule, case)
    }

    /// K6: one case, judged as it stood at the period's end: what happened later never moves it.
    pub fn second_level_resolved(&mut self, rule: &SecondLevelResolved, case: &Case) {
        let Some(escalated) = case.escalated else {
            self.closed_at_first_level(rule, case);
            return;
        };
        let closed = self.by_the_end(case.closed);
        let due = self.due(rule.clock, escalated, rule.due_after);
        let due_here = due.is_some_and(|due| self.period.contains(due));
        // An open case is counted once: in the period in which it falls due (or was escalated).
        let (counted_before, open_counts_here) = match rule.open_at_end {
            OpenAtEnd::FailureIfOverdue => {
                (due.is_some_and(|due| due < self.period.start()), due_here)
            }
            OpenAtEnd::Failure => {
                (escalated < self.period.start(), self.period.contains(escalated))
            }
            OpenAtEnd::Excluded => (false, false),
        };
        let closed_here = closed.is_some_and(|at| self.period.contains(at)) && !counted_before;
        let belongs = match rule.attribution {
            ItemAttribution::Due => due_here,
            ItemAttribution::Receipt => self.period.contains(escalated),
            ItemAttribution::Closing => {
                closed_here
                    || (closed.is_none() && (open_counts_here || self.period.contains(escalated)))
            }
        };
        if !belongs || self.is_excluded(escalated) {
            return;
        }
        if case.cancelled.is_some() {
            self.leave_out("cancelled");
        } else if case.third_party && rule.third_party == ThirdParty::Neither {
            self.leave_out("third_party");
        } else if closed.is_some() {
            let resolved = self.by_the_end(case.resolved);
            self.count(resolved.is_some() && !case.third_party);
        } else if open_counts_here {
            self.count(false);
        } else {
            self.leave_out("open");
        }
    }

    /// An instant, if it came before the period's end.
    fn by_the_end(&self, at: Option<Instant>) -> Option<Instant> {
        at.filter(|at| *at < self.period.end())
    }

    /// A case closed without the second level counts only in the cumulative reading of K6.
    fn closed_at_first_level(&mut self, rule: &SecondLevelResolved, case: &Case) {
        let closed_here = case.closed.is_some_and(|at| self.period.contains(at));
        if rule.denominator == SecondLevelDenominator::AllCases
            && closed_here
            && case.cancelled.is_none()
            && !self.is_excluded(case.opened)
        {
            self.count(true);
        }
    }

    /// K7: one case, judged as it stood at the period's end.
    pub fn second_level_within(&mut self, rule: &SecondLevelWithin, case: &Case) {
        let Some(escalated) = case.escalated else { return };
        let start = match rule.start {
            SecondLevelStart::Escalation => escalated,
            SecondLevelStart::Opening => case.opened,
        };
        let (resolved, closed) = (self.by_the_end(case.resolved), self.by_the_end(case.closed));
        let end = resolved.or(closed).unwrap_or(self.period.end());
        let suspended = match rule.suspensions {
            Suspensions::StopClock => self.suspended(rule.clock, &case.suspensions, start, end),
            Suspensions::Ignored => Millis::ZERO,
        };
        let due = self.due(rule.clock, start, rule.limit.span + suspended);
        let due_here = due.is_some_and(|due| self.period.contains(due));
        // An overdue case that was open at an earlier period's end was counted there.
        let counted_before = rule.denominator == SecondLevelWithinDenominator::ResolvedAndOverdue
            && due.is_some_and(|due| due < self.period.start());
        let belongs = match rule.attribution {
            ItemAttribution::Due => due_here,
            ItemAttribution::Receipt => self.period.contains(escalated),
            ItemAttribution::Closing => resolved
                .or(closed)
                .map_or(due_here, |at| self.period.contains(at) && !counted_before),
        };
        if !belongs || self.is_excluded(escalated) {
            return;
        }
        match (resolved, closed) {
            _ if case.cancelled.is_some() => self.leave_out("cancelled"),
            (Some(resolved), _) => {
                let took = self.elapsed(rule.clock, start, resolved) - suspended;
                self.durations.add(took.get());
                self.count(rule.limit.keeps(took));
            }
            (None, Some(_)) => self.leave_out("closed_unresolved"),
            (None, None) if !due_here => self.leave_out("open_not_due"),
            (None, None) => match rule.denominator {
                SecondLevelWithinDenominator::ResolvedAndOverdue => self.count(false),
                SecondLevelWithinDenominator::Resolved => self.leave_out("open_overdue"),
            },
        }
    }

    /// Time that a case's clock stood still between two instants.
    fn suspended(
        &self,
        clock: Clock,
        suspensions: &[Suspension],
        from: Instant,
        until: Instant,
    ) -> Millis {
        let mut spans: Vec<(Instant, Instant)> = suspensions
            .iter()
            .map(|s| (s.from.max(from), s.until.unwrap_or(until).min(until)))
            .filter(|(from, until)| from < until)
            .collect();
        merge(&mut spans);
        spans.into_iter().map(|(from, until)| self.elapsed(clock, from, until)).sum()
    }

    /// K8: one person to call.
    pub fn outbound(&mut self, rule: &OutboundPositive, record: &OutboundRecord) {
        let belongs = record.closed.is_some_and(|at| self.period.contains(at));
        if !belongs || self.is_excluded(record.released) {
            return;
        }
        let outcome = record.outcome.as_deref().unwrap_or("unreachable");
        if outcome == "excluded" {
            self.leave_out("excluded_record");
            return;
        }
        if outcome == "unreachable" && rule.unreachable == Inclusion::Excluded {
            self.leave_out("unreachable");
            return;
        }
        let positive = rule.positive.iter().any(|code| code == outcome);
        match rule.unit {
            OutboundUnit::Reached if record.reached.is_none() => self.leave_out("not_reached"),
            OutboundUnit::Record | OutboundUnit::Reached => self.count(positive),
            OutboundUnit::Attempt => {
                self.counted.den += u64::from(record.attempts.max(1));
                self.counted.num += u64::from(positive);
            }
        }
    }
}

/// Whether a closed case was solved at first contact.
pub fn is_first_contact(rule: &FirstContact, case: &Case) -> bool {
    const DAY: i64 = 86_400_000;
    let window = Millis::new(i64::from(rule.reopen_window_days) * DAY);
    let reopened = case
        .reopened
        .zip(case.closed)
        .is_some_and(|(again, closed)| 0 < rule.reopen_window_days && again - closed <= window);
    let unavailable = ["no_availability", "agenda_closed"];
    let available = rule.unavailable_counts
        || case.outcome.as_deref().is_none_or(|outcome| !unavailable.contains(&outcome));
    let same_contact = rule.closed == ClosedWhen::WithoutEscalation || case.contacts <= 1;
    case.escalated.is_none() && same_contact && !reopened && available
}

/// Whether a case came in by phone, as those do that say nothing.
fn is_phone(case: &Case) -> bool {
    case.channel.as_deref().is_none_or(|channel| channel == "phone")
}

/// One batch's time, its allowance and whether it is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchTime {
    /// Working time it took so far.
    pub took: Millis,
    /// Working time allowed.
    pub allowed: Millis,
    /// Whether it was completed.
    pub completed: bool,
}

impl BatchTime {
    /// Whether it kept its allowance.
    pub fn kept(self) -> bool {
        self.completed && self.took <= self.allowed
    }
}

/// K9: the time of one batch, if it falls due in the period.
pub fn batch_time(
    rule: &BatchTurnaround,
    batch: &OutboundBatch,
    calendar: &ServiceCalendar,
    period: &Period,
) -> Option<BatchTime> {
    let allowed = allowed(rule, batch.n_records);
    let start = match rule.start {
        BatchStart::Release => batch.released,
        BatchStart::FirstAttempt => batch.first_attempt.unwrap_or(batch.released),
    };
    let end = match rule.end {
        BatchEnd::LastOutcome => batch.completed,
        BatchEnd::LastAttempt => batch.completed.and(batch.last_attempt),
    };
    let (due, took) = match rule.clock {
        Clock::ServiceHours => (
            calendar.due(start, allowed).ok()?,
            calendar.elapsed(start, end.unwrap_or(period.end())),
        ),
        Clock::Elapsed => (start + allowed, end.unwrap_or(period.end()) - start),
    };
    period.contains(due).then_some(BatchTime { took, allowed, completed: end.is_some() })
}

/// The time allowed for a batch of `n` records.
///
/// With packages of 100 in 4 h: 100 records have 4 h, 101 have 8 h, 250 have 12 h.
pub fn allowed(rule: &BatchTurnaround, n: u32) -> Millis {
    let package = i64::from(rule.package.max(1));
    let n = i64::from(n);
    let whole = rule.allowed.get();
    let small = n < package && rule.small_batch_whole;
    Millis::new(match rule.multiples {
        Multiples::Flat => whole,
        _ if small => whole,
        Multiples::Ceil if package <= n => (n + package - 1) / package * whole,
        Multiples::Ceil | Multiples::ProRata => n * whole / package,
    })
}

/// K9: all batches together: how many kept their allowance, of how many.
pub fn batches(rule: &BatchTurnaround, times: &[BatchTime]) -> Counted {
    let den = times.len() as u64;
    let num = match rule.aggregate {
        BatchAggregate::All | BatchAggregate::SharePermille(_) => {
            times.iter().filter(|time| time.kept()).count() as u64
        }
        BatchAggregate::Mean => {
            let took: Millis = times.iter().map(|time| time.took).sum();
            let allowed: Millis = times.iter().map(|time| time.allowed).sum();
            let all_done = times.iter().all(|time| time.completed);
            if all_done && took <= allowed { den } else { 0 }
        }
    };
    Counted { num, den, ..Counted::default() }
}

/// K10: milliseconds of agreed service time that were up, of all of them.
///
/// `approved` are the approved exclusions that touch the indicator: outages inside them are no
/// downtime, and are counted under their reason.
pub fn availability(
    rule: &Availability,
    outages: &[Outage],
    calendar: &ServiceCalendar,
    period: &Period,
    approved: &[&Exclusion],
) -> Counted {
    let agreed_of = |component: &Component| match component.agreed {
        Clock::ServiceHours => calendar.open_intervals(period.start(), period.end()),
        Clock::Elapsed => vec![(period.start(), period.end())],
    };
    let mut agreed: Vec<(Instant, Instant)> = rule.components.iter().flat_map(agreed_of).collect();
    merge(&mut agreed);
    let mut counted = Counted::default();
    let (mut down, mut degraded) = (Vec::new(), Vec::new());
    for outage in outages {
        let Some(component) = rule.components.iter().find(|c| c.code == outage.component) else {
            add(&mut counted, "component_not_covered_ms", span_of(outage, period));
            continue;
        };
        let hit = overlap(outage, &agreed_of(component), period);
        let hit = without(hit, approved, &mut counted);
        if let Some(reason) = not_down(rule, outage, calendar) {
            add(&mut counted, reason, total(&hit));
        } else if outage.weight_permille < 1000 {
            degraded.extend(hit);
        } else {
            down.extend(hit);
        }
    }
    merge(&mut down);
    merge(&mut degraded);
    let degraded_total = total(&degraded) - common(&degraded, &down);
    let part = degraded_total.get() * i64::from(rule.degraded_permille) / 1000;
    add(&mut counted, "degraded_ms", degraded_total - Millis::new(part));
    let agreed_total = total(&agreed);
    let lost = total(&down) + Millis::new(part);
    counted.den = u64::try_from(agreed_total.get()).unwrap_or(0);
    counted.num = u64::try_from((agreed_total - lost).get().max(0)).unwrap_or(0);
    counted
}

/// What each outage takes from the agreed time and what of it is left out, so that all together
/// give what [`availability`] counts: time that several take is the first one's. `den` and `num`
/// are milliseconds of agreed time lost and kept of them: none, so `num` is always zero.
pub fn outage_shares(
    rule: &Availability,
    outages: &[Outage],
    calendar: &ServiceCalendar,
    period: &Period,
    approved: &[&Exclusion],
) -> Vec<(Outage, Counted)> {
    let mut ordered = outages.to_vec();
    // Degradation takes only what nothing else takes: whole outages come first.
    ordered.sort_by_key(|outage| (outage.weight_permille < 1000, outage.from, outage.id.clone()));
    let lost = |counted: &Counted| counted.den - counted.num;
    let mut before = availability(rule, &[], calendar, period, approved);
    let mut shares = Vec::with_capacity(ordered.len());
    for n in 1..=ordered.len() {
        let now =
            availability(rule, ordered.get(..n).unwrap_or_default(), calendar, period, approved);
        let mut share = Counted { den: lost(&now) - lost(&before), ..Counted::default() };
        for (reason, span) in &now.excluded {
            let earlier = before.excluded.get(reason).copied().unwrap_or(0);
            share.exclude(reason, span.saturating_sub(earlier));
        }
        shares.extend(ordered.get(n - 1).map(|outage| (outage.clone(), share)));
        before = now;
    }
    shares
}

/// Takes approved exclusions out of intervals and counts what was taken out.
fn without(
    spans: Vec<(Instant, Instant)>,
    approved: &[&Exclusion],
    counted: &mut Counted,
) -> Vec<(Instant, Instant)> {
    let mut left = spans;
    for exclusion in approved {
        let from = Instant::from_millis(exclusion.spec.from);
        let until = Instant::from_millis(exclusion.spec.until);
        let taken = common(&left, &[(from, until)]);
        add(counted, &format!("{}_ms", exclusion.reason), taken);
        left = left
            .into_iter()
            .flat_map(|(start, end)| [(start, end.min(from)), (start.max(until), end)])
            .filter(|(start, end)| start < end)
            .collect();
    }
    left
}

/// Why an outage is no downtime.
fn not_down(
    rule: &Availability,
    outage: &Outage,
    calendar: &ServiceCalendar,
) -> Option<&'static str> {
    if outage.cause.as_ref().is_some_and(|cause| rule.excluded_causes.contains(cause)) {
        return Some("excluded_cause_ms");
    }
    let notice = rule.planned_notice?;
    let noticed = outage.notified.is_some_and(|at| notice <= outage.from - at);
    let until = outage.until?;
    let outside = calendar.elapsed(outage.from, until) == Millis::ZERO;
    (outage.planned && noticed && outside).then_some("planned_ms")
}

fn add(counted: &mut Counted, reason: &str, span: Millis) {
    if 0 < span.get() {
        let span = u64::try_from(span.get()).unwrap_or(0);
        *counted.excluded.entry(reason.to_owned()).or_default() += span;
    }
}

fn span_of(outage: &Outage, period: &Period) -> Millis {
    total(&overlap(outage, &[(period.start(), period.end())], period))
}

/// The parts of an outage inside intervals.
fn overlap(
    outage: &Outage,
    intervals: &[(Instant, Instant)],
    period: &Period,
) -> Vec<(Instant, Instant)> {
    let (from, until) = (outage.from, outage.until.unwrap_or(period.end()));
    intervals
        .iter()
        .map(|(open, close)| (from.max(*open), until.min(*close)))
        .filter(|(from, until)| from < until)
        .collect()
}

/// Sorts intervals and joins those that touch.
fn merge(spans: &mut Vec<(Instant, Instant)>) {
    spans.sort_unstable();
    let mut merged: Vec<(Instant, Instant)> = Vec::with_capacity(spans.len());
    for (from, until) in spans.drain(..) {
        match merged.last_mut() {
            Some((_, last)) if from <= *last => *last = (*last).max(until),
            _ => merged.push((from, until)),
        }
    }
    *spans = merged;
}

fn total(spans: &[(Instant, Instant)]) -> Millis {
    spans.iter().map(|(from, until)| *until - *from).sum()
}

/// Time that two sets of intervals share; neither overlaps itself.
fn common(a: &[(Instant, Instant)], b: &[(Instant, Instant)]) -> Millis {
    let pairs = a.iter().flat_map(|x| b.iter().map(move |y| (x.0.max(y.0), x.1.min(y.1))));
    pairs.filter(|(from, until)| from < until).map(|(from, until)| until - from).sum()
}

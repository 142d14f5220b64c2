//! Indicator rules: everything about an indicator that can be disputed. Read [`Rule`] first.
//!
//! Each variant's documentation cites the reference report, gives the formula and an example; each
//! parameter's first value is the default, the others are the alternatives that a contract may
//! choose and that sensitivity lines try out.

use crate::time::Millis;

/// What an indicator measures, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rule {
    /// K1, *% di chiamate risposte entro 20''*: `answered with wait ≤ limit / offered`.
    ///
    /// Example: 62 373 answered within 20 s of 109 850 offered = 56.78 %.
    AnsweredWithin(AnsweredWithin),
    /// K2, *% contatti email/fax/sms risposti entro 9h*: `replied within the limit / due`.
    RepliedWithin(RepliedWithin),
    /// K3, *percentuale di chiamate entranti perse*: `lost / offered`.
    ///
    /// Example: 13 457 lost of 109 850 offered = 12.25 %.
    Lost(Lost),
    /// K4, *chiamate evase al primo contatto*: `closed without escalation / closed`.
    FirstContact(FirstContact),
    /// K5, *% chiamate gestite al primo contatto ≤ 4'*: `first-contact calls with duration ≤ limit
    /// / first-contact calls`.
    HandledWithin(HandledWithin),
    /// K6, *casi risolti e chiusi dopo il ricorso al secondo livello*: `resolved and closed /
    /// escalated`.
    SecondLevelResolved(SecondLevelResolved),
    /// K7, *% chiamate risolte al II livello entro 4h*: `resolved within the limit / resolved +
    /// overdue`.
    SecondLevelWithin(SecondLevelWithin),
    /// K8, *contatti risolti con esito positivo rispetto al totale delle chiamate effettuate*:
    /// `positive / contacts`.
    OutboundPositive(OutboundPositive),
    /// K9, *tempo di evasione di un pacchetto da 100 contatti*: working time from release to the
    /// last terminal outcome, against `ceil(n / 100) × 4 h`.
    BatchTurnaround(BatchTurnaround),
    /// K10, *continuità di funzionamento*:
    /// `(agreed service time − downtime) / agreed service time`.
    Availability(Availability),
}

impl Rule {
    /// Returns the code name of the rule, as the contract file writes it in `measure`.
    pub const fn measure(&self) -> &'static str {
        match self {
            Self::AnsweredWithin(_) => "inbound_answered_within_threshold",
            Self::RepliedWithin(_) => "written_answered_within_limit",
            Self::Lost(_) => "inbound_lost_rate",
            Self::FirstContact(_) => "first_contact_resolution_rate",
            Self::HandledWithin(_) => "first_contact_handled_within_limit",
            Self::SecondLevelResolved(_) => "second_level_resolution_rate",
            Self::SecondLevelWithin(_) => "second_level_resolved_within_limit",
            Self::OutboundPositive(_) => "outbound_positive_outcome_rate",
            Self::BatchTurnaround(_) => "outbound_batch_turnaround",
            Self::Availability(_) => "service_continuity",
        }
    }

    /// Returns the kind of figure (finding N6: the name alone does not say it).
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::AnsweredWithin(_)
            | Self::RepliedWithin(_)
            | Self::HandledWithin(_)
            | Self::SecondLevelWithin(_) => "share_within_limit",
            Self::Lost(_)
            | Self::FirstContact(_)
            | Self::SecondLevelResolved(_)
            | Self::OutboundPositive(_) => "rate",
            Self::BatchTurnaround(_) => "duration_limit",
            Self::Availability(_) => "availability",
        }
    }
}

/// Whether a limit itself is within it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Boundary {
    /// `≤ limit`.
    #[default]
    Inclusive,
    /// `< limit`.
    Exclusive,
}

impl Boundary {
    /// Decides whether `span` keeps `limit`.
    pub fn keeps(self, span: Millis, limit: Millis) -> bool {
        match self {
            Self::Inclusive => span <= limit,
            Self::Exclusive => span < limit,
        }
    }
}

/// A limit and its boundary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// The limit.
    pub span: Millis,
    /// Whether exactly the limit keeps it.
    pub boundary: Boundary,
}

impl Limit {
    /// Decides whether `span` keeps the limit.
    pub fn keeps(self, span: Millis) -> bool {
        self.boundary.keeps(span, self.span)
    }
}

/// Which calls count. K1 and K3 of a service must agree on it (question Q10e).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallPopulation {
    /// Q10a: calls offered to a queue, or all that arrived.
    pub scope: CallScope,
    /// Q8g: calls outside opening hours.
    pub out_of_hours: Inclusion,
    /// Q8e, Q10d: abandons up to this long are ghost calls and count nowhere; 0 excludes none.
    pub short_abandon: Millis,
    /// Q8h: calls turned away at the door.
    pub rejected: RejectedCalls,
    /// Q8f: calls that the IVR answered.
    pub ivr_contained: IvrContained,
    /// Q8i: callers who asked to be called back.
    pub callback: Callback,
    /// Q8j: the call's first queue entry only, or each entry.
    pub legs: Legs,
    /// Q3: which instant decides the period.
    pub attribution: CallAttribution,
}

/// Q10a.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CallScope {
    /// Calls that entered a queue (or were turned away from it).
    #[default]
    QueueOffered,
    /// Every inbound call; hanging up in the IVR is a loss.
    AllInbound,
}

/// In or out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Inclusion {
    /// Left out and counted.
    #[default]
    Excluded,
    /// Counted like the others.
    Included,
}

/// Q8h.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RejectedCalls {
    /// Lost, and in the denominator.
    #[default]
    Lost,
    /// Left out and counted.
    Excluded,
}

/// Q8f.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum IvrContained {
    /// Left out and counted.
    #[default]
    Excluded,
    /// Answered after 0 s; inflates the share.
    AnsweredAtOnce,
}

/// Q8i.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Callback {
    /// Neither answered nor lost; lost if not fulfilled within the limit (`None`: by the end of
    /// the same service day).
    Deferred {
        /// How long the supplier has.
        limit: Option<Millis>,
    },
    /// Answered when the call-back reached the caller, lost otherwise.
    AnsweredAtCallback,
}

impl Default for Callback {
    fn default() -> Self {
        Self::Deferred { limit: None }
    }
}

/// Q8j.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Legs {
    /// The call's wait in its first queue, up to an answer anywhere.
    #[default]
    First,
    /// Each queue entry counts as an offered call.
    Each,
}

/// Q3.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CallAttribution {
    /// When it arrived.
    #[default]
    Arrival,
    /// When it was answered, or left.
    Answer,
    /// When it ended.
    End,
}

impl Default for CallPopulation {
    fn default() -> Self {
        Self {
            scope: CallScope::default(),
            out_of_hours: Inclusion::default(),
            short_abandon: Millis::ZERO,
            rejected: RejectedCalls::default(),
            ivr_contained: IvrContained::default(),
            callback: Callback::default(),
            legs: Legs::default(),
            attribution: CallAttribution::default(),
        }
    }
}

/// K1's parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnsweredWithin {
    /// Which calls count.
    pub population: CallPopulation,
    /// Q8a: when the clock starts.
    pub wait_start: WaitStart,
    /// Q8b: when it stops.
    pub wait_stop: WaitStop,
    /// The limit; Q8l: its boundary.
    pub limit: Limit,
    /// Q8c: over what.
    pub denominator: Denominator,
    /// Q8d: abandons within the limit.
    pub early_abandon: EarlyAbandon,
}

/// Q8a.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WaitStart {
    /// Entering the queue, after choosing an operator.
    #[default]
    QueueEntry,
    /// Entering the IVR: the whole wait as lived by the citizen.
    IvrEntry,
    /// An operator's phone first rings.
    FirstRing,
}

/// Q8b.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WaitStop {
    /// A human voice.
    #[default]
    AgentAnswer,
    /// An operator's phone rings.
    AgentRing,
}

/// Q8c.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Denominator {
    /// Answered and lost.
    #[default]
    Offered,
    /// Answered only; hides the lost.
    Answered,
}

/// Q8d.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EarlyAbandon {
    /// In the denominator, as not met.
    #[default]
    CountInDenominator,
    /// Left out and counted.
    Exclude,
    /// Counted as met.
    CountAsMet,
}

/// K3's parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// Which calls count.
    pub population: CallPopulation,
    /// Q10b: who ended the wait.
    pub ended_by: EndedBy,
    /// Short abandons leave the numerator but stay in the denominator.
    pub short_abandon_in_denominator: bool,
}

/// Q10b.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EndedBy {
    /// The caller or the system.
    #[default]
    Both,
    /// The caller only.
    CallerOnly,
}

/// Which hours a clock counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Clock {
    /// Hours of the service's calendar.
    #[default]
    ServiceHours,
    /// Every hour.
    Elapsed,
}

/// Q4: which instant puts a case or message into a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ItemAttribution {
    /// When it fell due; open overdue items count as failures.
    #[default]
    Due,
    /// When it was received or opened.
    Receipt,
    /// When it was closed.
    Closing,
}

/// K2's parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RepliedWithin {
    /// Q9a: which hours count; Q9f: with service hours, a message received while closed starts at
    /// the next opening.
    pub clock: Clock,
    /// Q9f: with elapsed hours, start at the next opening instead of at receipt.
    pub start_at_opening: bool,
    /// Q9b: the channels.
    pub channels: Vec<String>,
    /// Q9c: what stops the clock.
    pub answer: Answer,
    /// Q9d: one clock per message, or per case.
    pub threads: Threads,
    /// The limit.
    pub limit: Limit,
    /// Q4.
    pub attribution: ItemAttribution,
}

/// Q9c.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Answer {
    /// The first qualified reply by a person.
    #[default]
    FirstReply,
    /// The resolution.
    Resolution,
}

/// Q9d.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Threads {
    /// Each inbound message opens a clock.
    #[default]
    EachMessage,
    /// One clock per case, from its first message.
    EachCase,
}

/// K4's parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FirstContact {
    /// Q11a: cases or calls.
    pub unit: CaseUnit,
    /// Q11b: closed in the opening contact, or later but without escalation.
    pub closed: ClosedWhen,
    /// Q11c: a case reopened within so many days was not solved; 0 ignores reopening.
    pub reopen_window_days: u32,
    /// Q11d: `no_availability` and `agenda_closed` count as solved.
    pub unavailable_counts: bool,
    /// Q4.
    pub attribution: ItemAttribution,
}

/// Q11a.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CaseUnit {
    /// Cases.
    #[default]
    Case,
    /// Answered calls; those without a case count as not solved.
    Call,
}

/// Q11b.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ClosedWhen {
    /// In the contact that opened it.
    #[default]
    SameContact,
    /// At any time, without escalation.
    WithoutEscalation,
}

/// K5's parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HandledWithin {
    /// Q12a: the limit; Q12e: its boundary.
    pub limit: Limit,
    /// Q12b: what is timed.
    pub duration: TimedDuration,
    /// Q12c: over what.
    pub denominator: HandledDenominator,
    /// Q12d: share within the limit, or mean against the limit.
    pub verdict_on: VerdictOn,
    /// How first-contact cases are told.
    pub first_contact: FirstContact,
}

/// Q12b.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TimedDuration {
    /// Conversation as the caller sees it.
    #[default]
    TalkHold,
    /// Talk only.
    Talk,
    /// Handling time: talk, hold and after-call work.
    TalkHoldWrap,
    /// The wait too.
    WaitTalkHold,
}

/// Q12c.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum HandledDenominator {
    /// Calls whose case was closed at first contact.
    #[default]
    FirstContact,
    /// All answered calls.
    Answered,
}

/// Q12d.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum VerdictOn {
    /// The share within the limit, against the target share.
    #[default]
    Share,
    /// The mean, against the limit.
    Mean,
}

/// K6's parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SecondLevelResolved {
    /// Q13a: over what.
    pub denominator: SecondLevelDenominator,
    /// Q13b: escalated cases still open at the period's end.
    pub open_at_end: OpenAtEnd,
    /// Q13c: cases handed to third parties.
    pub third_party: ThirdParty,
    /// The time after which an open case is overdue, on the second level's calendar.
    pub due_after: Millis,
    /// Which hours count towards it.
    pub clock: Clock,
    /// Q4.
    pub attribution: ItemAttribution,
}

/// Q13a.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SecondLevelDenominator {
    /// Escalated cases.
    #[default]
    Escalated,
    /// All cases: cumulative resolution.
    AllCases,
}

/// Q13b.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OpenAtEnd {
    /// A failure once overdue, not counted before.
    #[default]
    FailureIfOverdue,
    /// Not counted.
    Excluded,
    /// A failure.
    Failure,
}

/// Q13c.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ThirdParty {
    /// Neither solved nor failed; counted apart.
    #[default]
    Neither,
    /// A failure.
    Failure,
}

/// K7's parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SecondLevelWithin {
    /// The limit.
    pub limit: Limit,
    /// Q14a: which hours count, on the second level's calendar.
    pub clock: Clock,
    /// Q14b: when the clock starts.
    pub start: SecondLevelStart,
    /// Q14c: whether suspensions stop the clock.
    pub suspensions: Suspensions,
    /// Q14d: over what.
    pub denominator: SecondLevelWithinDenominator,
    /// Q4.
    pub attribution: ItemAttribution,
}

/// Q14b.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SecondLevelStart {
    /// Hand-over to the second level.
    #[default]
    Escalation,
    /// The case's opening.
    Opening,
}

/// Q14c.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Suspensions {
    /// The clock stands still while suspended with a reason.
    #[default]
    StopClock,
    /// The clock runs on.
    Ignored,
}

/// Q14d.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SecondLevelWithinDenominator {
    /// Resolved cases and overdue open ones.
    #[default]
    ResolvedAndOverdue,
    /// Resolved cases only; hides an old backlog.
    Resolved,
}

/// K8's parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboundPositive {
    /// Q15a: over what.
    pub unit: OutboundUnit,
    /// Q15b: outcome codes that count as positive.
    pub positive: Vec<String>,
    /// Q15c: records unreachable after the last attempt.
    pub unreachable: Inclusion,
    /// Q15d: inbound answered calls count as well.
    pub inbound_too: bool,
}

/// Q15a.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OutboundUnit {
    /// Records closed in the period.
    #[default]
    Record,
    /// Attempts made.
    Attempt,
    /// Records in which somebody was reached.
    Reached,
}

/// K9's parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchTurnaround {
    /// Records in a package.
    pub package: u32,
    /// Time allowed for one package.
    pub allowed: Millis,
    /// Q16a: multiples of a package.
    pub multiples: Multiples,
    /// Q16b: batches smaller than a package get a whole package's time; `false`: pro rata.
    pub small_batch_whole: bool,
    /// Q16c: when the clock starts.
    pub start: BatchStart,
    /// Q16d: when it stops.
    pub end: BatchEnd,
    /// Q16e: which hours count.
    pub clock: Clock,
    /// Q16f: how several batches make one verdict.
    pub aggregate: BatchAggregate,
}

/// Q16a.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Multiples {
    /// `ceil(n / package) × allowed`.
    #[default]
    Ceil,
    /// `n × allowed / package`.
    ProRata,
    /// `allowed`, whatever the size.
    Flat,
}

/// Q16c.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum BatchStart {
    /// The client's release (the next working instant).
    #[default]
    Release,
    /// The first call.
    FirstAttempt,
}

/// Q16d.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum BatchEnd {
    /// The last record's terminal outcome.
    #[default]
    LastOutcome,
    /// The last attempt.
    LastAttempt,
}

/// Q16f.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum BatchAggregate {
    /// Every batch keeps its limit.
    #[default]
    All,
    /// The share of batches that keep it, against this many permille.
    SharePermille(u32),
    /// The mean time against the mean allowance.
    Mean,
}

/// K10's parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Availability {
    /// Q17a: components whose outage is downtime.
    pub components: Vec<Component>,
    /// Q17c: planned maintenance notified at least this long before, outside service hours, does
    /// not count; `None`: it always counts.
    pub planned_notice: Option<Millis>,
    /// Q17d: permille of a degraded minute that counts as down, 0 to 1000.
    pub degraded_permille: u32,
    /// Q17e: causes left out by approved exclusion.
    pub excluded_causes: Vec<String>,
}

/// Q17a, Q17b: a component and its agreed time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Component {
    /// Its code.
    pub code: String,
    /// Service hours, or every hour.
    pub agreed: Clock,
}

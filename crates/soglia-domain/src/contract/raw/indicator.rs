//! An indicator as it is written: common keys, and the parameters of its measure. Read
//! [`RawIndicator`] first.
//!
//! Every parameter is optional and stands for the default that its documentation names; only what
//! the contract alone can know (limits, targets, dates) must be written.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::file::RawText;
use super::values::{Code, Day, LimitSpan, Line, Points, RawBound, Share, Span};
use crate::contract::EmptyMeans;
use crate::ratio::{Rounding, RoundingMode};
use crate::rule::{
    Answer, BatchEnd, BatchStart, Boundary, CallAttribution, CallScope, CaseUnit, Clock,
    ClosedWhen, Denominator, EarlyAbandon, EndedBy, HandledDenominator, Inclusion, ItemAttribution,
    IvrContained, Legs, Multiples, OpenAtEnd, OutboundUnit, RejectedCalls, SecondLevelDenominator,
    SecondLevelStart, SecondLevelWithinDenominator, Suspensions, ThirdParty, Threads,
    TimedDuration, VerdictOn, WaitStart, WaitStop,
};
use crate::verdict::Compare;

/// The JSON Schema keyword that names the key which selects a branch.
pub(super) const TAG_KEY: &str = "x-soglia-tag";

/// The measures and the kind of figure each one gives; a test compares it with
/// [`crate::rule::Rule`].
pub(super) const MEASURES: [(&str, &str); 10] = [
    ("inbound_answered_within_threshold", "share_within_limit"),
    ("written_answered_within_limit", "share_within_limit"),
    ("inbound_lost_rate", "rate"),
    ("first_contact_resolution_rate", "rate"),
    ("first_contact_handled_within_limit", "share_within_limit"),
    ("second_level_resolution_rate", "rate"),
    ("second_level_resolved_within_limit", "share_within_limit"),
    ("outbound_positive_outcome_rate", "rate"),
    ("outbound_batch_turnaround", "duration_limit"),
    ("service_continuity", "availability"),
];

/// An indicator: what it is called, what it measures and how, what it must reach.
#[derive(Deserialize, Debug)]
pub(super) struct RawIndicator {
    #[serde(flatten)]
    pub common: RawCommon,
    #[serde(flatten)]
    pub rule: RawRule,
}

impl JsonSchema for RawIndicator {
    fn schema_name() -> Cow<'static, str> {
        "Indicator".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let common = RawCommon::json_schema(generator);
        let parameters = [
            RawAnsweredWithin::json_schema(generator),
            RawRepliedWithin::json_schema(generator),
            RawLost::json_schema(generator),
            RawFirstContact::json_schema(generator),
            RawHandledWithin::json_schema(generator),
            RawSecondLevelResolved::json_schema(generator),
            RawSecondLevelWithin::json_schema(generator),
            RawOutboundPositive::json_schema(generator),
            RawBatchTurnaround::json_schema(generator),
            RawAvailability::json_schema(generator),
        ];
        let branches: Vec<Value> = MEASURES
            .iter()
            .zip(&parameters)
            .map(|((measure, kind), parameters)| branch(measure, kind, &common, parameters))
            .collect();
        let mut schema = json_schema!({
            "description": "An indicator: what it is called, what it measures and how, what it \
                must reach. `measure` decides which parameters belong to it.",
        });
        schema.insert(TAG_KEY.to_owned(), "measure".into());
        schema.insert("oneOf".to_owned(), branches.into());
        schema
    }
}

/// The schema of an indicator with one measure.
fn branch(measure: &str, kind: &str, common: &Schema, parameters: &Schema) -> Value {
    let mut properties = Map::new();
    let mut required = vec![json!("measure")];
    properties.insert(
        "measure".to_owned(),
        json!({ "description": "What is measured.", "type": "string", "const": measure }),
    );
    properties.insert(
        "kind".to_owned(),
        json!({
            "description": "The kind of figure; if written, it must be the measure's.",
            "type": "string",
            "const": kind,
        }),
    );
    for part in [common, parameters] {
        if let Some(Value::Object(entries)) = part.get("properties") {
            properties.extend(entries.clone());
        }
        if let Some(Value::Array(keys)) = part.get("required") {
            required.extend(keys.iter().cloned());
        }
    }
    json!({
        "title": measure,
        "description": parameters.get("description").cloned().unwrap_or_default(),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// Keys that every indicator has.
#[derive(Deserialize, JsonSchema, Debug)]
pub(super) struct RawCommon {
    /// Code, e.g. `K1`.
    pub code: Code,
    /// The sheet's *processo*.
    pub process: Option<RawText>,
    /// The sheet's *obiettivo*; the name when left out.
    pub objective: Option<RawText>,
    /// The sheet's *indicatore*; needed in the first version.
    pub name: Option<RawText>,
    /// What must be reached.
    pub target: RawTarget,
    /// Question Q2: the date by which, if the contract gives one.
    pub target_date: Option<Day>,
    /// Question Q1: how the value is printed and what is compared.
    pub rounding: Option<RawRounding>,
    /// Question Q6: what an empty denominator means; `not_applicable` when left out.
    pub empty: Option<RawEmpty>,
    /// Documents that the figure is read from.
    pub source: Option<RawText>,
    /// Who answers for the measurement.
    pub responsible: Option<Line>,
    /// How often it is measured and reported.
    pub frequency: Option<RawFrequency>,
    /// Who approved the rule.
    pub approved_by: Option<Line>,
    /// When.
    pub approved_on: Option<Day>,
    /// The clause of the tender documents.
    pub clause: Option<Line>,
    /// Difference from the supplier's declared value that needs no explanation, in percentage
    /// points; `0%` when left out.
    pub tolerance: Option<Points>,
    /// First day of this version of the rule.
    pub valid_from: Day,
    /// First day after it; needed only when no later version follows.
    pub valid_until: Option<Day>,
}

/// What must be reached: exactly one of `at_least` and `at_most`.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTarget {
    /// More is better, from this value up.
    pub at_least: Option<RawBound>,
    /// Less is better, up to this value.
    pub at_most: Option<RawBound>,
    /// Reaching the bound exactly is not enough; `false` when left out.
    pub exclusive: Option<bool>,
    /// For batches: records in a package, 100 when left out; the time is allowed for each package.
    #[schemars(range(min = 1))]
    pub per: Option<u32>,
}

/// Question Q1: how the value is printed and what is compared.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRounding {
    /// `none` (the default) compares exact integers; a number compares the value rounded to so
    /// many decimals.
    pub compare: Option<RawCompare>,
    /// Decimals printed; 2 when left out.
    #[schemars(range(max = 6))]
    pub display_decimals: Option<u8>,
    /// What happens to the digit that is cut; `half_up` when left out.
    pub mode: Option<RawMode>,
}

impl RawRounding {
    /// How values are printed, and what is compared.
    pub(super) fn lower(raw: Option<&Self>) -> (Rounding, Compare) {
        let mode: RoundingMode =
            raw.and_then(|r| r.mode).map_or(RoundingMode::HalfUp, RoundingMode::from);
        let decimals = raw.and_then(|r| r.display_decimals).unwrap_or(2);
        let compare = match raw.and_then(|r| r.compare.as_ref()) {
            None | Some(RawCompare::Exact(_)) => Compare::Exact,
            Some(RawCompare::Decimals(decimals)) => {
                Compare::Rounded(Rounding { decimals: *decimals, mode })
            }
        };
        (Rounding { decimals, mode }, compare)
    }
}

/// What is compared with the target.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(untagged)]
pub(super) enum RawCompare {
    /// Exact integers.
    Exact(RawNone),
    /// The value rounded to so many decimals.
    Decimals(#[schemars(range(max = 6))] u8),
}

/// The word `none`.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawNone {
    /// No rounding.
    None,
}

/// How often (finding N15: two different things).
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFrequency {
    /// How often it is measured.
    pub measure: RawEvery,
    /// How often it is reported.
    pub report: RawEvery,
}

/// Declares the words of a parameter and what each one means.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident => $meaning:ty {
        $($(#[$word_doc:meta])* $word:ident => $value:expr,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Deserialize, JsonSchema, Debug, Clone, Copy)]
        #[serde(rename_all = "snake_case")]
        pub(super) enum $name { $($(#[$word_doc])* $word,)* }

        impl From<$name> for $meaning {
            fn from(word: $name) -> Self {
                match word { $($name::$word => $value,)* }
            }
        }
    )*};
}
pub(super) use words;

words! {
    /// A period of measurement.
    RawEvery => &'static str {
        /// Each day.
        Day => "day",
        /// Each week.
        Week => "week",
        /// Each month.
        Month => "month",
        /// Each quarter.
        Quarter => "quarter",
        /// Each half-year.
        HalfYear => "half_year",
        /// Each year.
        Year => "year",
    }
    /// What happens to the digit that is cut.
    RawMode => RoundingMode {
        /// Half rounds up.
        HalfUp => RoundingMode::HalfUp,
        /// Half rounds to the even neighbour.
        HalfEven => RoundingMode::HalfEven,
        /// Digits are cut.
        Down => RoundingMode::Down,
    }
    /// What an empty denominator means.
    RawEmpty => EmptyMeans {
        /// There is nothing to judge.
        NotApplicable => EmptyMeans::NotApplicable,
        /// Met.
        Ok => EmptyMeans::Ok,
        /// Missed.
        Ko => EmptyMeans::Ko,
    }
    /// Whether exactly the limit keeps it.
    RawBoundary => Boundary {
        /// It does.
        Inclusive => Boundary::Inclusive,
        /// It does not.
        Exclusive => Boundary::Exclusive,
    }
    /// Which calls count.
    RawScope => CallScope {
        /// Calls that entered a queue, or were turned away from it.
        QueueOffered => CallScope::QueueOffered,
        /// Every inbound call; hanging up in the IVR is a loss.
        AllInbound => CallScope::AllInbound,
    }
    /// In or out.
    RawInclusion => Inclusion {
        /// Left out and counted apart.
        Excluded => Inclusion::Excluded,
        /// Counted like the others.
        Included => Inclusion::Included,
    }
    /// Calls turned away at the door.
    RawRejected => RejectedCalls {
        /// Lost, and in the denominator.
        Lost => RejectedCalls::Lost,
        /// Left out and counted apart.
        Excluded => RejectedCalls::Excluded,
    }
    /// Calls that the IVR answered.
    RawIvr => IvrContained {
        /// Left out and counted apart.
        Excluded => IvrContained::Excluded,
        /// Answered after 0 s; inflates the share.
        AnsweredAtOnce => IvrContained::AnsweredAtOnce,
    }
    /// Callers who asked to be called back; `true` when the fulfilled ones count as answered.
    RawCallback => bool {
        /// Neither answered nor lost; lost if not called back within `callback_limit`.
        Deferred => false,
        /// Answered when the call-back reached the caller.
        AnsweredAtCallback => true,
    }
    /// Calls that met several queues.
    RawLegs => Legs {
        /// The wait in the first queue.
        First => Legs::First,
        /// Each queue entry counts as a call.
        Each => Legs::Each,
    }
    /// Which instant puts a call into a period.
    RawCallAttribution => CallAttribution {
        /// When it arrived.
        Arrival => CallAttribution::Arrival,
        /// When it was answered, or left.
        Answer => CallAttribution::Answer,
        /// When it ended.
        End => CallAttribution::End,
    }
    /// When the wait starts.
    RawWaitStart => WaitStart {
        /// Entering the queue.
        QueueEntry => WaitStart::QueueEntry,
        /// Entering the IVR.
        IvrEntry => WaitStart::IvrEntry,
        /// An operator's phone first rings.
        FirstRing => WaitStart::FirstRing,
    }
    /// When the wait stops.
    RawWaitStop => WaitStop {
        /// A human voice.
        AgentAnswer => WaitStop::AgentAnswer,
        /// An operator's phone rings.
        AgentRing => WaitStop::AgentRing,
    }
    /// The denominator of the share answered in time.
    RawDenominator => Denominator {
        /// Answered and lost.
        Offered => Denominator::Offered,
        /// Answered only.
        Answered => Denominator::Answered,
    }
    /// Callers who hang up within the limit.
    RawEarlyAbandon => EarlyAbandon {
        /// In the denominator, not met.
        CountInDenominator => EarlyAbandon::CountInDenominator,
        /// Left out and counted apart.
        Exclude => EarlyAbandon::Exclude,
        /// Counted as met.
        CountAsMet => EarlyAbandon::CountAsMet,
    }
    /// Who ended the wait of a lost call.
    RawEndedBy => EndedBy {
        /// The caller or the system.
        Both => EndedBy::Both,
        /// The caller only.
        CallerOnly => EndedBy::CallerOnly,
    }
    /// Which hours a clock counts.
    RawClock => Clock {
        /// Hours of the calendar.
        ServiceHours => Clock::ServiceHours,
        /// Every hour.
        Elapsed => Clock::Elapsed,
    }
    /// Which instant puts a case or message into a period.
    RawItemAttribution => ItemAttribution {
        /// When it fell due; open overdue items are failures.
        Due => ItemAttribution::Due,
        /// When it was received or opened.
        Receipt => ItemAttribution::Receipt,
        /// When it was closed.
        Closing => ItemAttribution::Closing,
    }
    /// A channel of written contacts.
    RawChannel => &'static str {
        /// Electronic mail.
        Email => "email",
        /// Certified electronic mail.
        Pec => "pec",
        /// Fax.
        Fax => "fax",
        /// Short messages.
        Sms => "sms",
        /// Letters; their clock starts when they are registered.
        Letter => "letter",
        /// A form on a web page.
        WebForm => "web_form",
    }
    /// What counts as an answer to a written contact.
    RawAnswer => Answer {
        /// The first qualified reply by a person.
        FirstReply => Answer::FirstReply,
        /// The resolution.
        Resolution => Answer::Resolution,
    }
    /// Clocks of a thread of messages.
    RawThreads => Threads {
        /// Each inbound message opens one.
        EachMessage => Threads::EachMessage,
        /// One for each case.
        EachCase => Threads::EachCase,
    }
    /// Cases or calls.
    RawCaseUnit => CaseUnit {
        /// Cases.
        Case => CaseUnit::Case,
        /// Answered calls.
        Call => CaseUnit::Call,
    }
    /// When a case must be closed to count as first contact.
    RawClosed => ClosedWhen {
        /// In the contact that opened it.
        SameContact => ClosedWhen::SameContact,
        /// At any time, without escalation.
        WithoutEscalation => ClosedWhen::WithoutEscalation,
    }
    /// What is timed.
    RawDuration => TimedDuration {
        /// Conversation as the caller sees it.
        TalkHold => TimedDuration::TalkHold,
        /// Talk only.
        Talk => TimedDuration::Talk,
        /// Talk, hold and after-call work.
        TalkHoldWrap => TimedDuration::TalkHoldWrap,
        /// The wait too.
        WaitTalkHold => TimedDuration::WaitTalkHold,
    }
    /// The denominator of the share handled in time.
    RawHandledDenominator => HandledDenominator {
        /// Calls whose case was closed at first contact.
        FirstContact => HandledDenominator::FirstContact,
        /// All answered calls.
        Answered => HandledDenominator::Answered,
    }
    /// What the verdict looks at.
    RawVerdictOn => VerdictOn {
        /// The share within the limit.
        Share => VerdictOn::Share,
        /// The mean, against the limit.
        Mean => VerdictOn::Mean,
    }
    /// The denominator of second-level resolution.
    RawResolvedDenominator => SecondLevelDenominator {
        /// Escalated cases.
        Escalated => SecondLevelDenominator::Escalated,
        /// All cases.
        AllCases => SecondLevelDenominator::AllCases,
    }
    /// Escalated cases still open at the period's end.
    RawOpenAtEnd => OpenAtEnd {
        /// A failure once overdue.
        FailureIfOverdue => OpenAtEnd::FailureIfOverdue,
        /// Not counted.
        Excluded => OpenAtEnd::Excluded,
        /// A failure.
        Failure => OpenAtEnd::Failure,
    }
    /// Cases handed to third parties.
    RawThirdLevel => ThirdParty {
        /// Neither solved nor failed.
        Neither => ThirdParty::Neither,
        /// A failure.
        Failure => ThirdParty::Failure,
    }
    /// When the second level's clock starts.
    RawSecondLevelStart => SecondLevelStart {
        /// Hand-over to the second level.
        Escalation => SecondLevelStart::Escalation,
        /// The case's opening.
        Opening => SecondLevelStart::Opening,
    }
    /// Suspensions with a reason.
    RawSuspensions => Suspensions {
        /// The clock stands still.
        StopClock => Suspensions::StopClock,
        /// The clock runs on.
        Ignored => Suspensions::Ignored,
    }
    /// The denominator of second-level timeliness.
    RawWithinDenominator => SecondLevelWithinDenominator {
        /// Resolved cases and overdue open ones.
        ResolvedAndOverdue => SecondLevelWithinDenominator::ResolvedAndOverdue,
        /// Resolved cases only.
        Resolved => SecondLevelWithinDenominator::Resolved,
    }
    /// What an outbound contact is.
    RawOutboundUnit => OutboundUnit {
        /// Records closed in the period.
        ContactRecord => OutboundUnit::Record,
        /// Attempts made.
        Attempt => OutboundUnit::Attempt,
        /// Records in which somebody was reached.
        Reached => OutboundUnit::Reached,
    }
    /// Time for several packages.
    RawMultiples => Multiples {
        /// A whole package's time for each started package.
        Ceil => Multiples::Ceil,
        /// In proportion to the records.
        ProRata => Multiples::ProRata,
        /// One package's time, whatever the size.
        Flat => Multiples::Flat,
    }
    /// Time for a batch smaller than a package; `true` when it gets a whole package's.
    RawSmallBatch => bool {
        /// A whole package's time.
        WholePackage => true,
        /// In proportion to the records.
        ProRata => false,
    }
    /// When a batch's clock starts.
    RawBatchStart => BatchStart {
        /// The client's release, or the next working instant.
        Release => BatchStart::Release,
        /// The first call.
        FirstAttempt => BatchStart::FirstAttempt,
    }
    /// When a batch's clock stops.
    RawBatchEnd => BatchEnd {
        /// The last record's terminal outcome.
        LastOutcome => BatchEnd::LastOutcome,
        /// The last attempt.
        LastAttempt => BatchEnd::LastAttempt,
    }
    /// Planned maintenance; `true` when notified maintenance is left out.
    RawMaintenance => bool {
        /// Left out when notified in time and outside service hours.
        ExcludedIfNotified => true,
        /// Downtime like any other.
        Counted => false,
    }
}

/// Words of `unit` where the measure leaves no choice: written only to be read by people.
macro_rules! units {
    ($($name:ident = $word:ident, $doc:literal;)*) => {$(
        #[doc = $doc]
        #[derive(Deserialize, JsonSchema, Debug, Clone, Copy)]
        #[serde(rename_all = "snake_case")]
        pub(super) enum $name {
            #[doc = $doc]
            $word,
        }
    )*};
}

units! {
    UnitCall = Call, "Calls.";
    UnitMessage = Message, "Written contacts.";
    UnitCase = Case, "Cases.";
    UnitBatch = Batch, "Batches of records to call.";
    UnitTime = Time, "Time in which the service was available.";
}

/// The parameters of an indicator's measure.
#[derive(Deserialize, Debug)]
#[serde(tag = "measure")]
pub(super) enum RawRule {
    #[serde(rename = "inbound_answered_within_threshold")]
    AnsweredWithin(RawAnsweredWithin),
    #[serde(rename = "written_answered_within_limit")]
    RepliedWithin(RawRepliedWithin),
    #[serde(rename = "inbound_lost_rate")]
    Lost(RawLost),
    #[serde(rename = "first_contact_resolution_rate")]
    FirstContact(RawFirstContact),
    #[serde(rename = "first_contact_handled_within_limit")]
    HandledWithin(RawHandledWithin),
    #[serde(rename = "second_level_resolution_rate")]
    SecondLevelResolved(RawSecondLevelResolved),
    #[serde(rename = "second_level_resolved_within_limit")]
    SecondLevelWithin(RawSecondLevelWithin),
    #[serde(rename = "outbound_positive_outcome_rate")]
    OutboundPositive(RawOutboundPositive),
    #[serde(rename = "outbound_batch_turnaround")]
    BatchTurnaround(RawBatchTurnaround),
    #[serde(rename = "service_continuity")]
    Availability(RawAvailability),
}

/// Which calls count; the same for every call indicator of a service (question Q10e).
#[derive(Deserialize, JsonSchema, Debug, Default)]
#[serde(default)]
pub(super) struct RawPopulation {
    /// Question Q10a: which calls count; `queue_offered` when left out.
    pub population: Option<RawScope>,
    /// Question Q8g: calls outside opening hours; `excluded` when left out.
    pub out_of_hours: Option<RawInclusion>,
    /// Questions Q8e, Q10d: abandons up to this long count nowhere; `0` (none) when left out.
    pub short_abandon: Option<Span>,
    /// Question Q8h: calls turned away at the door; `lost` when left out.
    pub rejected: Option<RawRejected>,
    /// Question Q8f: calls that the IVR answered; `excluded` when left out.
    pub ivr_contained: Option<RawIvr>,
    /// Question Q8i: callers who asked to be called back; `deferred` when left out.
    pub callback: Option<RawCallback>,
    /// Question Q8i: time to call back; the end of the same service day when left out.
    pub callback_limit: Option<LimitSpan>,
    /// Question Q8j: calls that met several queues; `first` when left out.
    pub legs: Option<RawLegs>,
    /// Question Q3: which instant decides the period; `arrival` when left out.
    pub attribution: Option<RawCallAttribution>,
}

/// K1: calls answered within a limit over calls offered.
#[derive(Deserialize, JsonSchema, Debug)]
pub(super) struct RawAnsweredWithin {
    /// Calls.
    #[serde(rename = "unit")]
    _unit: Option<UnitCall>,
    /// The longest wait that is in time.
    pub limit: LimitSpan,
    /// Question Q8l: whether exactly the limit is in time; `inclusive` when left out.
    pub boundary: Option<RawBoundary>,
    /// Question Q8a: when the wait starts; `queue_entry` when left out.
    pub wait_start: Option<RawWaitStart>,
    /// Question Q8b: when it stops; `agent_answer` when left out.
    pub wait_stop: Option<RawWaitStop>,
    /// Question Q8c: over what; `offered` when left out.
    pub denominator: Option<RawDenominator>,
    /// Question Q8d: callers who hang up within the limit; `count_in_denominator` when left out.
    pub abandon_before_threshold: Option<RawEarlyAbandon>,
    /// Which calls count.
    #[serde(flatten)]
    pub population: RawPopulation,
}

/// K3: calls lost over calls offered.
#[derive(Deserialize, JsonSchema, Debug)]
pub(super) struct RawLost {
    /// Calls.
    #[serde(rename = "unit")]
    _unit: Option<UnitCall>,
    /// Question Q10b: who ended the wait; `both` when left out.
    pub ended_by: Option<RawEndedBy>,
    /// Short abandons leave the numerator but stay in the denominator; `false` when left out.
    pub short_abandon_in_denominator: Option<bool>,
    /// Which calls count.
    #[serde(flatten)]
    pub population: RawPopulation,
}

/// K2: written contacts answered within a limit over those due.
#[derive(Deserialize, JsonSchema, Debug)]
pub(super) struct RawRepliedWithin {
    /// Written contacts.
    #[serde(rename = "unit")]
    _unit: Option<UnitMessage>,
    /// The longest time to a reply that is in time.
    pub limit: LimitSpan,
    /// Whether exactly the limit is in time; `inclusive` when left out.
    pub boundary: Option<RawBoundary>,
    /// Question Q9a: which hours count, on the calendar of written contacts; `service_hours` when
    /// left out.
    pub clock: Option<RawClock>,
    /// Question Q9f: with `elapsed`, the clock starts at the next opening; `false` when left out.
    pub start_at_opening: Option<bool>,
    /// Question Q9b: channels; `email`, `pec`, `fax`, `sms` and `letter` when left out.
    pub channels: Option<Vec<RawChannel>>,
    /// Question Q9c: what stops the clock; `first_reply` when left out.
    pub answer: Option<RawAnswer>,
    /// Question Q9d: one clock for each message or case; `each_message` when left out.
    pub threads: Option<RawThreads>,
    /// Question Q4: which instant decides the period; `due` when left out.
    pub attribution: Option<RawItemAttribution>,
}

/// K4: cases closed at first contact over cases closed.
#[derive(Deserialize, JsonSchema, Debug)]
pub(super) struct RawFirstContact {
    /// Question Q11a: cases or calls; `case` when left out.
    pub unit: Option<RawCaseUnit>,
    /// What first contact means.
    #[serde(flatten)]
    pub first_contact: RawFirstContactRule,
}

/// What first contact means.
#[derive(Deserialize, JsonSchema, Debug, Default)]
#[serde(default)]
pub(super) struct RawFirstContactRule {
    /// Question Q11b: when it must be closed; `same_contact` when left out.
    pub closed: Option<RawClosed>,
    /// Question Q11c: reopened within so many days is not solved; 0 (ignored) when left out.
    #[schemars(range(max = 366))]
    pub reopen_window_days: Option<u32>,
    /// Question Q11d: no availability and closed agendas count as solved; `true` when left out.
    pub unavailable_counts: Option<bool>,
    /// Question Q4: which instant decides the period; `closing` when left out.
    pub attribution: Option<RawItemAttribution>,
}

/// K5: calls closed at first contact and handled within a limit.
#[derive(Deserialize, JsonSchema, Debug)]
pub(super) struct RawHandledWithin {
    /// Calls.
    #[serde(rename = "unit")]
    _unit: Option<UnitCall>,
    /// Question Q12a: the longest duration that is in time.
    pub limit: LimitSpan,
    /// Question Q12e: whether exactly the limit is in time; `inclusive` when left out.
    pub boundary: Option<RawBoundary>,
    /// Question Q12b: what is timed; `talk_hold` when left out.
    pub duration: Option<RawDuration>,
    /// Question Q12c: over what; `first_contact` when left out.
    pub denominator: Option<RawHandledDenominator>,
    /// Question Q12d: what the verdict looks at; `share` when left out. With `mean` the target is
    /// `{ at_most = <the limit> }`.
    pub verdict_on: Option<RawVerdictOn>,
    /// What first contact means.
    #[serde(flatten)]
    pub first_contact: RawFirstContactRule,
}

/// K6: cases resolved and closed by the second level over cases escalated.
#[derive(Deserialize, JsonSchema, Debug)]
pub(super) struct RawSecondLevelResolved {
    /// Cases.
    #[serde(rename = "unit")]
    _unit: Option<UnitCase>,
    /// Question Q13a: over what; `escalated` when left out.
    pub denominator: Option<RawResolvedDenominator>,
    /// Question Q13b: cases still open at the period's end; `failure_if_overdue` when left out.
    pub open_at_end: Option<RawOpenAtEnd>,
    /// Question Q13c: cases handed to third parties; `neither` when left out.
    pub third_level: Option<RawThirdLevel>,
    /// When an open case is overdue; `4h` when left out.
    pub due_after: Option<LimitSpan>,
    /// Which hours count towards it, on the second level's calendar; `service_hours` when left
    /// out.
    pub clock: Option<RawClock>,
    /// Question Q4: which instant decides the period; `closing` when left out.
    pub attribution: Option<RawItemAttribution>,
}

/// K7: second-level cases resolved within a limit.
#[derive(Deserialize, JsonSchema, Debug)]
pub(super) struct RawSecondLevelWithin {
    /// Cases.
    #[serde(rename = "unit")]
    _unit: Option<UnitCase>,
    /// The longest time to resolution that is in time.
    pub limit: LimitSpan,
    /// Whether exactly the limit is in time; `inclusive` when left out.
    pub boundary: Option<RawBoundary>,
    /// Question Q14a: which hours count, on the second level's calendar; `service_hours` when left
    /// out.
    pub clock: Option<RawClock>,
    /// Question Q14b: when the clock starts; `escalation` when left out.
    pub start: Option<RawSecondLevelStart>,
    /// Question Q14c: suspensions; `stop_clock` when left out.
    pub suspensions: Option<RawSuspensions>,
    /// Question Q14d: over what; `resolved_and_overdue` when left out.
    pub denominator: Option<RawWithinDenominator>,
    /// Question Q4: which instant decides the period; `due` when left out.
    pub attribution: Option<RawItemAttribution>,
}

/// K8: outbound contacts with a positive outcome.
#[derive(Deserialize, JsonSchema, Debug)]
pub(super) struct RawOutboundPositive {
    /// Question Q15a: over what; `contact_record` when left out.
    pub unit: Option<RawOutboundUnit>,
    /// Question Q15b: outcome codes that are positive; `["positive"]` when left out.
    pub positive: Option<Vec<Code>>,
    /// Question Q15c: people who could not be reached; `included` (not positive) when left out.
    pub unreachable: Option<RawInclusion>,
    /// Question Q15d: inbound answered calls count too; `false` when left out.
    pub inbound_too: Option<bool>,
}

/// K9: time to finish a package of outbound contacts; the target gives time and package.
#[derive(Deserialize, JsonSchema, Debug)]
pub(super) struct RawBatchTurnaround {
    /// Batches.
    #[serde(rename = "unit")]
    _unit: Option<UnitBatch>,
    /// Question Q16a: time for several packages; `ceil` when left out.
    pub multiples: Option<RawMultiples>,
    /// Question Q16b: time for less than a package; `whole_package` when left out.
    pub small_batch: Option<RawSmallBatch>,
    /// Question Q16c: when the clock starts; `release` when left out.
    pub start: Option<RawBatchStart>,
    /// Question Q16d: when it stops; `last_outcome` when left out.
    pub end: Option<RawBatchEnd>,
    /// Question Q16e: which hours count, on the outbound calendar; `service_hours` when left out.
    pub clock: Option<RawClock>,
    /// Question Q16f: how several batches make one verdict; `all` when left out.
    pub aggregate: Option<RawAggregate>,
}

/// How several batches make one verdict.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(untagged)]
pub(super) enum RawAggregate {
    /// `all` or `mean`.
    Word(RawAggregateWord),
    /// A share of the batches.
    Share(RawAggregateShare),
}

/// How several batches make one verdict.
#[derive(Deserialize, JsonSchema, Debug, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawAggregateWord {
    /// Every batch keeps its time.
    All,
    /// The mean time against the mean allowance.
    Mean,
}

/// A share of the batches keeps its time.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAggregateShare {
    /// The share, in whole tenths of a percent, e.g. `95%`.
    pub share: Share,
}

/// K10: agreed service time without downtime over agreed service time.
#[derive(Deserialize, JsonSchema, Debug)]
pub(super) struct RawAvailability {
    /// Time.
    #[serde(rename = "unit")]
    _unit: Option<UnitTime>,
    /// Questions Q17a, Q17b: components and their agreed time; when left out, `telephony_inbound`
    /// and `agent_desktop` in service hours and `ivr` at every hour.
    pub components: Option<Vec<RawComponent>>,
    /// Question Q17c: planned maintenance; `excluded_if_notified` when left out.
    pub planned_maintenance: Option<RawMaintenance>,
    /// Question Q17c: how long before it must be notified; `48h` when left out.
    pub planned_notice: Option<Span>,
    /// Question Q17d: the part of a degraded minute that is down; `0%` when left out.
    pub degraded_weight: Option<Share>,
    /// Question Q17e: causes left out by approved exclusion; none when left out.
    pub excluded_causes: Option<Vec<Code>>,
}

/// A component and its agreed time.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(untagged)]
pub(super) enum RawComponent {
    /// A component agreed in service hours.
    Code(Code),
    /// A component and its agreed time.
    Agreed(RawAgreed),
}

/// A component and its agreed time.
#[derive(Deserialize, JsonSchema, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAgreed {
    /// Code of the component.
    pub code: Code,
    /// `service_hours` or `elapsed` (every hour).
    pub agreed: RawClock,
}

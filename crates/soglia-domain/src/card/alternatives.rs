//! The disputed alternatives of a rule, one parameter at a time. Read [`alternatives`] first.

use crate::rule::{
    Answer, AnsweredWithin, Availability, BatchAggregate, BatchEnd, BatchStart, BatchTurnaround,
    Boundary, CallAttribution, CallPopulation, CallScope, Callback, CaseUnit, Clock, ClosedWhen,
    Denominator, EarlyAbandon, EndedBy, FirstContact, HandledDenominator, HandledWithin, Inclusion,
    IvrContained, Legs, Limit, Lost, Multiples, OpenAtEnd, OutboundPositive, OutboundUnit,
    RejectedCalls, RepliedWithin, Rule, SecondLevelDenominator, SecondLevelResolved,
    SecondLevelStart, SecondLevelWithin, SecondLevelWithinDenominator, Suspensions, ThirdParty,
    Threads, TimedDuration, VerdictOn, WaitStart, WaitStop,
};
use crate::text::Text;
use crate::time::Millis;

/// A rule that differs from the contract's in one disputed parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alternative {
    /// The question it answers differently, e.g. `Q8c`.
    pub question: &'static str,
    /// The parameter, as a contract file writes it.
    pub parameter: &'static str,
    /// Its other value, as a contract file writes it.
    pub value: String,
    /// What it means.
    pub label: Text,
    /// The whole rule.
    pub rule: Rule,
}

/// Lists the rules that differ from `rule` in one disputed parameter, in the order of their
/// questions; they drive the sensitivity lines of a measurement.
///
/// Changes of K1's and K3's population must be made in both, so that they keep counting the same
/// calls (question Q10e): look for the same `parameter` and `value` among the other's.
pub fn alternatives(rule: &Rule) -> Vec<Alternative> {
    let candidates = match rule {
        Rule::AnsweredWithin(rule) => answered_within(rule),
        Rule::RepliedWithin(rule) => replied_within(rule),
        Rule::Lost(rule) => lost(rule),
        Rule::FirstContact(rule) => {
            first_contact(*rule).into_iter().map(|c| c.map(Rule::FirstContact)).collect()
        }
        Rule::HandledWithin(rule) => handled_within(rule),
        Rule::SecondLevelResolved(rule) => second_level_resolved(rule),
        Rule::SecondLevelWithin(rule) => second_level_within(rule),
        Rule::OutboundPositive(rule) => outbound_positive(rule),
        Rule::BatchTurnaround(rule) => batch_turnaround(rule),
        Rule::Availability(rule) => availability(rule),
    };
    candidates
        .into_iter()
        .filter(|candidate| candidate.meaning != *rule)
        .map(|Candidate { question, parameter, value, it, en, meaning }| Alternative {
            question,
            parameter,
            value: value.to_owned(),
            label: Text::new(it, en),
            rule: meaning,
        })
        .collect()
}

/// Whether a parameter says which calls count, so that all indicators about calls share it
/// (question Q10e); parameters of that name have no other meaning among the alternatives.
pub fn of_population(parameter: &str) -> bool {
    let base = CallPopulation::default();
    population(base).iter().any(|candidate| candidate.parameter == parameter)
}

/// A parameter's value, what it means in words, and what follows from it.
struct Candidate<T> {
    question: &'static str,
    parameter: &'static str,
    value: &'static str,
    it: &'static str,
    en: &'static str,
    meaning: T,
}

impl<T> Candidate<T> {
    fn map<U>(self, change: impl Fn(T) -> U) -> Candidate<U> {
        let Self { question, parameter, value, it, en, meaning } = self;
        Candidate { question, parameter, value, it, en, meaning: change(meaning) }
    }
}

/// Lists values of one field: question, parameter, then value, meaning and words.
macro_rules! vary {
    ($base:expr, $wrap:expr; $($question:literal $parameter:literal $field:ident {
        $($value:literal = $meaning:expr, $it:literal, $en:literal;)*
    })*) => {{
        let wrap = $wrap;
        vec![$($(Candidate {
            question: $question,
            parameter: $parameter,
            value: $value,
            it: $it,
            en: $en,
            meaning: {
                let mut changed = $base.clone();
                changed.$field = $meaning;
                wrap(changed)
            },
        },)*)*]
    }};
}

fn boundary(limit: Limit) -> [Candidate<Limit>; 2] {
    let candidate = |value, boundary, it, en| Candidate {
        question: "Q8l",
        parameter: "boundary",
        value,
        it,
        en,
        meaning: Limit { boundary, ..limit },
    };
    [
        candidate("inclusive", Boundary::Inclusive, "il limite è compreso", "limit included"),
        candidate("exclusive", Boundary::Exclusive, "il limite è escluso", "limit not included"),
    ]
}

fn population(base: CallPopulation) -> Vec<Candidate<CallPopulation>> {
    let same = |changed: CallPopulation| changed;
    vary! { base, same;
        "Q8e" "short_abandon" short_abandon {
            "0s" = Millis::ZERO, "nessun abbandono escluso", "no abandon left out";
            "5s" = Millis::from_secs(5),
                "abbandoni entro 5 s esclusi", "abandons up to 5 s left out";
            "10s" = Millis::from_secs(10),
                "abbandoni entro 10 s esclusi", "abandons up to 10 s left out";
        }
        "Q8f" "ivr_contained" ivr_contained {
            "excluded" = IvrContained::Excluded,
                "risolte dall'IVR escluse", "IVR-contained left out";
            "answered_at_once" = IvrContained::AnsweredAtOnce,
                "risolte dall'IVR come risposte in 0 s", "IVR-contained as answered in 0 s";
        }
        "Q8g" "out_of_hours" out_of_hours {
            "excluded" = Inclusion::Excluded, "fuori orario escluse", "out of hours left out";
            "included" = Inclusion::Included, "fuori orario comprese", "out of hours counted";
        }
        "Q8h" "rejected" rejected {
            "lost" = RejectedCalls::Lost, "respinte come perse", "rejected as lost";
            "excluded" = RejectedCalls::Excluded, "respinte escluse", "rejected left out";
        }
        "Q8i" "callback" callback {
            "deferred" = Callback::Deferred { limit: None },
                "richiamate sospese fino a fine giornata", "call-backs deferred to the day's end";
            "answered_at_callback" = Callback::AnsweredAtCallback,
                "richiamate come risposte quando riescono",
                "call-backs as answered when they succeed";
        }
        "Q8j" "legs" legs {
            "first" = Legs::First, "conta la prima coda", "the first queue counts";
            "each" = Legs::Each, "conta ogni ingresso in coda", "each queue entry counts";
        }
        "Q10a" "population" scope {
            "queue_offered" = CallScope::QueueOffered,
                "chiamate offerte a una coda", "calls offered to a queue";
            "all_inbound" = CallScope::AllInbound,
                "tutte le chiamate in entrata", "all inbound calls";
        }
        "Q3" "attribution" attribution {
            "arrival" = CallAttribution::Arrival, "periodo dell'arrivo", "period of arrival";
            "answer" = CallAttribution::Answer, "periodo della risposta", "period of the answer";
            "end" = CallAttribution::End, "periodo della fine", "period of the end";
        }
    }
}

fn answered_within(base: &AnsweredWithin) -> Vec<Candidate<Rule>> {
    let mut found = vary! { base, Rule::AnsweredWithin;
        "Q8a" "wait_start" wait_start {
            "queue_entry" = WaitStart::QueueEntry,
                "attesa dall'ingresso in coda", "wait from queue entry";
            "ivr_entry" = WaitStart::IvrEntry,
                "attesa dall'ingresso nell'IVR", "wait from IVR entry";
            "first_ring" = WaitStart::FirstRing,
                "attesa dal primo squillo", "wait from the first ring";
        }
        "Q8b" "wait_stop" wait_stop {
            "agent_answer" = WaitStop::AgentAnswer, "fino alla risposta", "until the answer";
            "agent_ring" = WaitStop::AgentRing,
                "fino allo squillo dell'operatore", "until the operator's phone rings";
        }
        "Q8c" "denominator" denominator {
            "offered" = Denominator::Offered, "sulle offerte", "over calls offered";
            "answered" = Denominator::Answered, "sulle sole risposte", "over calls answered only";
        }
        "Q8d" "abandon_before_threshold" early_abandon {
            "count_in_denominator" = EarlyAbandon::CountInDenominator,
                "abbandoni entro il limite nel denominatore",
                "abandons within the limit in the denominator";
            "exclude" = EarlyAbandon::Exclude,
                "abbandoni entro il limite esclusi", "abandons within the limit left out";
            "count_as_met" = EarlyAbandon::CountAsMet,
                "abbandoni entro il limite come risposti", "abandons within the limit as met";
        }
    };
    let with = |population| Rule::AnsweredWithin(AnsweredWithin { population, ..*base });
    found.extend(population(base.population).into_iter().map(|c| c.map(with)));
    let with = |limit| Rule::AnsweredWithin(AnsweredWithin { limit, ..*base });
    found.extend(boundary(base.limit).map(|c| c.map(with)));
    found
}

fn lost(base: &Lost) -> Vec<Candidate<Rule>> {
    let with = |population| Rule::Lost(Lost { population, ..*base });
    let mut found: Vec<_> = population(base.population).into_iter().map(|c| c.map(with)).collect();
    found.extend(vary! { base, Rule::Lost;
        "Q10b" "ended_by" ended_by {
            "both" = EndedBy::Both,
                "perse per chi chiama o per il sistema", "lost by caller or system";
            "caller_only" = EndedBy::CallerOnly,
                "perse solo per chi chiama", "lost by the caller only";
        }
    });
    found.extend(short_abandons_in_denominator(base));
    found
}

/// Short abandons out of the numerator only: meaningful together with a limit for them.
fn short_abandons_in_denominator(base: &Lost) -> [Candidate<Rule>; 2] {
    let candidate = |value, secs, it, en| {
        let short_abandon = Millis::from_secs(secs);
        let population = CallPopulation { short_abandon, ..base.population };
        Candidate {
            question: "Q10d",
            parameter: "short_abandon_in_denominator",
            value,
            it,
            en,
            meaning: Rule::Lost(Lost { population, short_abandon_in_denominator: true, ..*base }),
        }
    };
    [
        candidate(
            "5s",
            5,
            "abbandoni entro 5 s tolti dal solo numeratore",
            "abandons up to 5 s out of the numerator only",
        ),
        candidate(
            "10s",
            10,
            "abbandoni entro 10 s tolti dal solo numeratore",
            "abandons up to 10 s out of the numerator only",
        ),
    ]
}

fn replied_within(base: &RepliedWithin) -> Vec<Candidate<Rule>> {
    let mut found = vary! { base, Rule::RepliedWithin;
        "Q9a" "clock" clock {
            "service_hours" = Clock::ServiceHours, "ore di servizio", "service hours";
            "elapsed" = Clock::Elapsed, "ore di orologio", "elapsed hours";
        }
        "Q9c" "answer" answer {
            "first_reply" = Answer::FirstReply,
                "alla prima risposta qualificata", "at the first qualified reply";
            "resolution" = Answer::Resolution, "alla soluzione", "at the resolution";
        }
        "Q9d" "threads" threads {
            "each_message" = Threads::EachMessage,
                "un orologio per messaggio", "a clock for each message";
            "each_case" = Threads::EachCase, "un orologio per caso", "a clock for each case";
        }
    };
    if base.channels.iter().any(|channel| channel == "letter") && 1 < base.channels.len() {
        let mut changed = base.clone();
        changed.channels.retain(|channel| channel != "letter");
        found.push(Candidate {
            question: "Q9b",
            parameter: "channels",
            value: "without letter",
            it: "senza le lettere",
            en: "without letters",
            meaning: Rule::RepliedWithin(changed),
        });
    }
    for candidate in boundary(base.limit) {
        let Candidate { meaning: limit, value, it, en, .. } = candidate;
        let meaning = Rule::RepliedWithin(RepliedWithin { limit, ..base.clone() });
        let (question, parameter) = ("Q8l", "boundary");
        found.push(Candidate { question, parameter, value, it, en, meaning });
    }
    found
}

fn first_contact(base: FirstContact) -> Vec<Candidate<FirstContact>> {
    let same = |changed: FirstContact| changed;
    vary! { base, same;
        "Q11a" "unit" unit {
            "case" = CaseUnit::Case, "sui casi", "over cases";
            "call" = CaseUnit::Call, "sulle chiamate risposte", "over calls answered";
        }
        "Q11b" "closed" closed {
            "same_contact" = ClosedWhen::SameContact,
                "chiusi nel contatto di apertura", "closed in the opening contact";
            "without_escalation" = ClosedWhen::WithoutEscalation,
                "chiusi senza secondo livello, anche dopo", "closed without escalation, even later";
        }
        "Q11c" "reopen_window_days" reopen_window_days {
            "0" = 0, "riaperture ignorate", "reopening ignored";
            "3" = 3, "riaperti entro 3 giorni: non evasi", "reopened within 3 days: not solved";
            "7" = 7, "riaperti entro 7 giorni: non evasi", "reopened within 7 days: not solved";
            "30" = 30, "riaperti entro 30 giorni: non evasi", "reopened within 30 days: not solved";
        }
        "Q11d" "unavailable_counts" unavailable_counts {
            "true" = true, "«nessuna disponibilità» come evasi", "no availability as solved";
            "false" = false,
                "«nessuna disponibilità» come non evasi", "no availability as not solved";
        }
    }
}

fn handled_within(base: &HandledWithin) -> Vec<Candidate<Rule>> {
    let mut found = vary! { base, Rule::HandledWithin;
        "Q12b" "duration" duration {
            "talk_hold" = TimedDuration::TalkHold,
                "conversazione e attesa in linea", "talk and hold";
            "talk" = TimedDuration::Talk, "sola conversazione", "talk only";
            "talk_hold_wrap" = TimedDuration::TalkHoldWrap,
                "con il lavoro successivo", "with after-call work";
            "wait_talk_hold" = TimedDuration::WaitTalkHold,
                "con l'attesa iniziale", "with the wait";
        }
        "Q12c" "denominator" denominator {
            "first_contact" = HandledDenominator::FirstContact,
                "sulle evase al primo contatto", "over calls closed at first contact";
            "answered" = HandledDenominator::Answered,
                "su tutte le risposte", "over all calls answered";
        }
        "Q12d" "verdict_on" verdict_on {
            "share" = VerdictOn::Share, "si giudica la quota", "the share is judged";
            "mean" = VerdictOn::Mean,
                "si giudica la media contro il limite", "the mean is judged against the limit";
        }
    };
    let with = |limit| Rule::HandledWithin(HandledWithin { limit, ..*base });
    found.extend(boundary(base.limit).map(|c| Candidate { question: "Q12e", ..c.map(with) }));
    let with = |first_contact| Rule::HandledWithin(HandledWithin { first_contact, ..*base });
    let related = first_contact(base.first_contact).into_iter();
    found.extend(related.filter(|c| c.parameter != "unit").map(|c| c.map(with)));
    found
}

fn second_level_resolved(base: &SecondLevelResolved) -> Vec<Candidate<Rule>> {
    vary! { base, Rule::SecondLevelResolved;
        "Q13a" "denominator" denominator {
            "escalated" = SecondLevelDenominator::Escalated,
                "sui casi passati al secondo livello", "over escalated cases";
            "all_cases" = SecondLevelDenominator::AllCases, "su tutti i casi", "over all cases";
        }
        "Q13b" "open_at_end" open_at_end {
            "failure_if_overdue" = OpenAtEnd::FailureIfOverdue,
                "aperti mancati se scaduti", "open ones fail when overdue";
            "excluded" = OpenAtEnd::Excluded, "aperti esclusi", "open ones left out";
            "failure" = OpenAtEnd::Failure, "aperti mancati", "open ones fail";
        }
        "Q13c" "third_level" third_party {
            "neither" = ThirdParty::Neither,
                "passati a terzi contati a parte", "third-party cases counted apart";
            "failure" = ThirdParty::Failure, "passati a terzi mancati", "third-party cases fail";
        }
    }
}

fn second_level_within(base: &SecondLevelWithin) -> Vec<Candidate<Rule>> {
    let mut found = vary! { base, Rule::SecondLevelWithin;
        "Q14a" "clock" clock {
            "service_hours" = Clock::ServiceHours, "ore di servizio", "service hours";
            "elapsed" = Clock::Elapsed, "ore di orologio", "elapsed hours";
        }
        "Q14b" "start" start {
            "escalation" = SecondLevelStart::Escalation,
                "dal passaggio al secondo livello", "from the escalation";
            "opening" = SecondLevelStart::Opening,
                "dall'apertura del caso", "from the case's opening";
        }
        "Q14c" "suspensions" suspensions {
            "stop_clock" = Suspensions::StopClock,
                "le sospensioni fermano l'orologio", "suspensions stop the clock";
            "ignored" = Suspensions::Ignored, "le sospensioni non contano", "suspensions ignored";
        }
        "Q14d" "denominator" denominator {
            "resolved_and_overdue" = SecondLevelWithinDenominator::ResolvedAndOverdue,
                "risolti e scaduti aperti", "resolved and overdue";
            "resolved" = SecondLevelWithinDenominator::Resolved, "solo risolti", "resolved only";
        }
    };
    let with = |limit| Rule::SecondLevelWithin(SecondLevelWithin { limit, ..*base });
    found.extend(boundary(base.limit).map(|c| c.map(with)));
    found
}

fn outbound_positive(base: &OutboundPositive) -> Vec<Candidate<Rule>> {
    vary! { base, Rule::OutboundPositive;
        "Q15a" "unit" unit {
            "contact_record" = OutboundUnit::Record, "sui contatti chiusi", "over records closed";
            "attempt" = OutboundUnit::Attempt, "sui tentativi", "over attempts";
            "reached" = OutboundUnit::Reached, "sulle persone raggiunte", "over people reached";
        }
        "Q15c" "unreachable" unreachable {
            "included" = Inclusion::Included,
                "irraggiungibili nel denominatore", "unreachable in the denominator";
            "excluded" = Inclusion::Excluded, "irraggiungibili esclusi", "unreachable left out";
        }
        "Q15d" "inbound_too" inbound_too {
            "false" = false, "sole chiamate in uscita", "outbound only";
            "true" = true, "anche le chiamate in entrata", "inbound calls too";
        }
    }
}

fn batch_turnaround(base: &BatchTurnaround) -> Vec<Candidate<Rule>> {
    vary! { base, Rule::BatchTurnaround;
        "Q16a" "multiples" multiples {
            "ceil" = Multiples::Ceil, "pacchetti interi", "whole packages";
            "pro_rata" = Multiples::ProRata, "in proporzione", "in proportion";
            "flat" = Multiples::Flat, "stesso tempo per ogni lista", "the same time for every list";
        }
        "Q16b" "small_batch" small_batch_whole {
            "whole_package" = true,
                "sotto un pacchetto: tempo intero", "below a package: its whole time";
            "pro_rata" = false,
                "sotto un pacchetto: in proporzione", "below a package: in proportion";
        }
        "Q16c" "start" start {
            "release" = BatchStart::Release, "dal rilascio", "from the release";
            "first_attempt" = BatchStart::FirstAttempt,
                "dalla prima chiamata", "from the first call";
        }
        "Q16d" "end" end {
            "last_outcome" = BatchEnd::LastOutcome, "all'ultimo esito", "to the last outcome";
            "last_attempt" = BatchEnd::LastAttempt, "all'ultimo tentativo", "to the last attempt";
        }
        "Q16e" "clock" clock {
            "service_hours" = Clock::ServiceHours, "ore lavorative", "working hours";
            "elapsed" = Clock::Elapsed, "ore di orologio", "elapsed hours";
        }
        "Q16f" "aggregate" aggregate {
            "all" = BatchAggregate::All, "tutte le liste nei tempi", "every list in time";
            "mean" = BatchAggregate::Mean, "in media", "as a mean";
        }
    }
}

fn availability(base: &Availability) -> Vec<Candidate<Rule>> {
    let mut found = Vec::new();
    for (value, clock, it, en) in [
        (
            "service_hours",
            Clock::ServiceHours,
            "tutto nelle ore di servizio",
            "all in service hours",
        ),
        ("elapsed", Clock::Elapsed, "tutto 24 ore su 24", "all around the clock"),
    ] {
        let mut changed = base.clone();
        for component in &mut changed.components {
            component.agreed = clock;
        }
        let meaning = Rule::Availability(changed);
        let (question, parameter) = ("Q17b", "components.agreed");
        found.push(Candidate { question, parameter, value, it, en, meaning });
    }
    found.extend(vary! { base, Rule::Availability;
        "Q17c" "planned_maintenance" planned_notice {
            "counted" = None,
                "manutenzione programmata come fermo", "planned maintenance as downtime";
        }
        "Q17d" "degraded_weight" degraded_permille {
            "0%" = 0, "degrado non contato", "degradation not counted";
            "50%" = 500, "degrado contato a metà", "degradation counted half";
            "100%" = 1000, "degrado contato come fermo", "degradation counted as downtime";
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_alternative_differs_from_the_rule_and_from_the_others() {
        let rule = Rule::AnsweredWithin(AnsweredWithin {
            population: CallPopulation::default(),
            wait_start: WaitStart::default(),
            wait_stop: WaitStop::default(),
            limit: Limit { span: Millis::from_secs(20), boundary: Boundary::Inclusive },
            denominator: Denominator::default(),
            early_abandon: EarlyAbandon::default(),
        });
        let found = alternatives(&rule);
        let shown: Vec<String> =
            found.iter().map(|a| format!("{} {}={}", a.question, a.parameter, a.value)).collect();
        assert_eq!(
            shown,
            [
                "Q8a wait_start=ivr_entry",
                "Q8a wait_start=first_ring",
                "Q8b wait_stop=agent_ring",
                "Q8c denominator=answered",
                "Q8d abandon_before_threshold=exclude",
                "Q8d abandon_before_threshold=count_as_met",
                "Q8e short_abandon=5s",
                "Q8e short_abandon=10s",
                "Q8f ivr_contained=answered_at_once",
                "Q8g out_of_hours=included",
                "Q8h rejected=excluded",
                "Q8i callback=answered_at_callback",
                "Q8j legs=each",
                "Q10a population=all_inbound",
                "Q3 attribution=answer",
                "Q3 attribution=end",
                "Q8l boundary=exclusive",
            ]
        );
        for (index, one) in found.iter().enumerate() {
            assert_ne!(one.rule, rule);
            assert!(found.iter().skip(index + 1).all(|other| other.rule != one.rule));
        }
    }
}

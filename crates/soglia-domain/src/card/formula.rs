//! The formula of a rule in words. Read [`formula`] first.

use super::words::pick;
use super::{share, span};
use crate::ratio::Ratio;
use crate::rule::{
    AnsweredWithin, BatchAggregate, BatchTurnaround, Boundary, CaseUnit, Clock, ClosedWhen,
    Denominator, EarlyAbandon, EndedBy, HandledDenominator, HandledWithin, Limit, Multiples,
    OpenAtEnd, OutboundPositive, OutboundUnit, Rule, SecondLevelDenominator, SecondLevelResolved,
    SecondLevelWithinDenominator, TimedDuration, VerdictOn, WaitStart, WaitStop,
};
use crate::text::Lang;

/// Writes a rule's formula, numerator over denominator, with every choice that changes it.
pub fn formula(rule: &Rule, lang: Lang) -> String {
    match rule {
        Rule::AnsweredWithin(rule) => answered_within(rule, lang),
        Rule::RepliedWithin(rule) => {
            let limit = limit(rule.limit, lang);
            let clock = clock(rule.clock, lang);
            match lang {
                Lang::It => {
                    format!("contatti risposti con tempo {limit} ({clock}) / contatti dovuti")
                }
                Lang::En => format!("contacts answered in a time {limit} ({clock}) / contacts due"),
            }
        }
        Rule::Lost(rule) => {
            let ended = match rule.ended_by {
                EndedBy::Both => pick(lang, "da chi chiama o dal sistema", "by caller or system"),
                EndedBy::CallerOnly => pick(lang, "da chi chiama", "by the caller"),
            };
            match lang {
                Lang::It => format!("chiamate perse (chiuse {ended}) / chiamate offerte"),
                Lang::En => format!("calls lost (ended {ended}) / calls offered"),
            }
        }
        Rule::FirstContact(rule) => {
            let closed = closed(rule.closed, lang);
            let unit = match rule.unit {
                CaseUnit::Case => pick(lang, "casi chiusi", "cases closed"),
                CaseUnit::Call => pick(lang, "chiamate risposte", "calls answered"),
            };
            match lang {
                Lang::It => format!("{unit} senza secondo livello, {closed} / {unit}"),
                Lang::En => format!("{unit} without escalation, {closed} / {unit}"),
            }
        }
        Rule::HandledWithin(rule) => handled_within(rule, lang),
        Rule::SecondLevelResolved(rule) => resolved(rule, lang),
        Rule::SecondLevelWithin(rule) => {
            let limit = limit(rule.limit, lang);
            let clock = clock(rule.clock, lang);
            let over = match rule.denominator {
                SecondLevelWithinDenominator::ResolvedAndOverdue => {
                    pick(lang, "casi risolti + aperti scaduti", "cases resolved + open overdue")
                }
                SecondLevelWithinDenominator::Resolved => {
                    pick(lang, "casi risolti", "cases resolved")
                }
            };
            match lang {
                Lang::It => format!("casi risolti con tempo {limit} ({clock}) / {over}"),
                Lang::En => format!("cases resolved in a time {limit} ({clock}) / {over}"),
            }
        }
        Rule::OutboundPositive(rule) => outbound(rule, lang),
        Rule::BatchTurnaround(rule) => batch(rule, lang),
        Rule::Availability(_) => pick(
            lang,
            "(tempo di servizio concordato − fermo) / tempo di servizio concordato",
            "(agreed service time − downtime) / agreed service time",
        )
        .to_owned(),
    }
}

fn limit(limit: Limit, lang: Lang) -> String {
    let sign = match limit.boundary {
        Boundary::Inclusive => "≤",
        Boundary::Exclusive => "<",
    };
    format!("{sign} {}", span(limit.span, lang))
}

fn clock(clock: Clock, lang: Lang) -> &'static str {
    match clock {
        Clock::ServiceHours => pick(lang, "ore di servizio", "service hours"),
        Clock::Elapsed => pick(lang, "ore di orologio", "elapsed hours"),
    }
}

fn closed(closed: ClosedWhen, lang: Lang) -> &'static str {
    match closed {
        ClosedWhen::SameContact => {
            pick(lang, "nel contatto di apertura", "in the contact that opened them")
        }
        ClosedWhen::WithoutEscalation => pick(lang, "in qualunque momento", "at any time"),
    }
}

fn answered_within(rule: &AnsweredWithin, lang: Lang) -> String {
    let start = match rule.wait_start {
        WaitStart::QueueEntry => pick(lang, "dall'ingresso in coda", "from queue entry"),
        WaitStart::IvrEntry => pick(lang, "dall'ingresso nell'IVR", "from IVR entry"),
        WaitStart::FirstRing => pick(lang, "dal primo squillo", "from the first ring"),
    };
    let stop = match rule.wait_stop {
        WaitStop::AgentAnswer => pick(lang, "alla risposta", "to the answer"),
        WaitStop::AgentRing => pick(lang, "allo squillo dell'operatore", "to the operator's ring"),
    };
    let limit = limit(rule.limit, lang);
    let mut over = match rule.denominator {
        Denominator::Offered => pick(lang, "chiamate offerte", "calls offered"),
        Denominator::Answered => pick(lang, "chiamate risposte", "calls answered"),
    }
    .to_owned();
    let mut met = match lang {
        Lang::It => format!("chiamate risposte con attesa {limit} ({start} {stop})"),
        Lang::En => format!("calls answered with a wait {limit} ({start} {stop})"),
    };
    let within = span(rule.limit.span, lang);
    let early = match lang {
        Lang::It => format!("abbandoni entro {within}"),
        Lang::En => format!("abandons within {within}"),
    };
    match rule.early_abandon {
        EarlyAbandon::CountInDenominator => {}
        EarlyAbandon::Exclude => over = format!("{over} − {early}"),
        EarlyAbandon::CountAsMet => met = format!("{met} + {early}"),
    }
    let [met, over] = [met, over].map(|part| {
        if part.contains(" + ") || part.contains(" − ") { format!("({part})") } else { part }
    });
    format!("{met} / {over}")
}

fn handled_within(rule: &HandledWithin, lang: Lang) -> String {
    let timed = match rule.duration {
        TimedDuration::TalkHold => pick(lang, "conversazione e attesa in linea", "talk and hold"),
        TimedDuration::Talk => pick(lang, "conversazione", "talk"),
        TimedDuration::TalkHoldWrap => pick(
            lang,
            "conversazione, attesa in linea e lavoro successivo",
            "talk, hold and after-call work",
        ),
        TimedDuration::WaitTalkHold => {
            pick(lang, "attesa, conversazione e attesa in linea", "wait, talk and hold")
        }
    };
    let over = match rule.denominator {
        HandledDenominator::FirstContact => {
            let closed = closed(rule.first_contact.closed, lang);
            match lang {
                Lang::It => format!("chiamate evase al primo contatto ({closed})"),
                Lang::En => format!("calls closed at first contact ({closed})"),
            }
        }
        HandledDenominator::Answered => {
            pick(lang, "chiamate risposte", "calls answered").to_owned()
        }
    };
    let limit = limit(rule.limit, lang);
    match (rule.verdict_on, lang) {
        (VerdictOn::Share, Lang::It) => format!("{over} con durata {limit} ({timed}) / {over}"),
        (VerdictOn::Share, Lang::En) => {
            format!("{over} with a duration {limit} ({timed}) / {over}")
        }
        (VerdictOn::Mean, Lang::It) => {
            format!("durata media ({timed}) delle {over}, da confrontare con {limit}")
        }
        (VerdictOn::Mean, Lang::En) => {
            format!("mean duration ({timed}) of {over}, to compare with {limit}")
        }
    }
}

fn resolved(rule: &SecondLevelResolved, lang: Lang) -> String {
    let open = match rule.open_at_end {
        OpenAtEnd::FailureIfOverdue => match lang {
            Lang::It => format!(
                "aperti mancati dopo {} ({})",
                span(rule.due_after, lang),
                clock(rule.clock, lang)
            ),
            Lang::En => format!(
                "open ones fail after {} ({})",
                span(rule.due_after, lang),
                clock(rule.clock, lang)
            ),
        },
        OpenAtEnd::Excluded => pick(lang, "aperti esclusi", "open ones left out").to_owned(),
        OpenAtEnd::Failure => pick(lang, "aperti mancati", "open ones fail").to_owned(),
    };
    match (rule.denominator, lang) {
        (SecondLevelDenominator::Escalated, Lang::It) => format!(
            "casi risolti e chiusi dopo il secondo livello / casi passati al secondo livello; \
             {open}"
        ),
        (SecondLevelDenominator::Escalated, Lang::En) => {
            format!("cases resolved and closed after escalation / cases escalated; {open}")
        }
        (SecondLevelDenominator::AllCases, Lang::It) => {
            format!("casi risolti e chiusi, anche dopo il secondo livello / tutti i casi; {open}")
        }
        (SecondLevelDenominator::AllCases, Lang::En) => {
            format!("cases resolved and closed, escalated ones too / all cases; {open}")
        }
    }
}

fn outbound(rule: &OutboundPositive, lang: Lang) -> String {
    let over = match rule.unit {
        OutboundUnit::Record => pick(lang, "contatti chiusi", "records closed"),
        OutboundUnit::Attempt => pick(lang, "tentativi", "attempts"),
        OutboundUnit::Reached => pick(lang, "persone raggiunte", "people reached"),
    };
    let positive = rule.positive.join(", ");
    match lang {
        Lang::It => format!("esiti positivi ({positive}) / {over}"),
        Lang::En => format!("positive outcomes ({positive}) / {over}"),
    }
}

fn batch(rule: &BatchTurnaround, lang: Lang) -> String {
    let (package, allowed) = (rule.package, span(rule.allowed, lang));
    let limit = match rule.multiples {
        Multiples::Ceil => format!("⌈n / {package}⌉ × {allowed}"),
        Multiples::ProRata => format!("n / {package} × {allowed}"),
        Multiples::Flat => allowed.clone(),
    };
    let small = match (rule.multiples, rule.small_batch_whole, lang) {
        (Multiples::Flat, ..) => String::new(),
        (_, true, Lang::It) => format!(" (almeno {allowed})"),
        (_, true, Lang::En) => format!(" (at least {allowed})"),
        (_, false, Lang::It) => format!(" (in proporzione sotto {package})"),
        (_, false, Lang::En) => format!(" (in proportion below {package})"),
    };
    let clock = clock(rule.clock, lang);
    let verdict = match (rule.aggregate, lang) {
        (BatchAggregate::All, _) => pick(lang, "per ogni lista", "for each list").to_owned(),
        (BatchAggregate::Mean, _) => {
            pick(lang, "in media sulle liste", "as a mean over the lists").to_owned()
        }
        (BatchAggregate::SharePermille(permille), Lang::It) => {
            format!("per almeno il {} delle liste", permille_text(permille, lang))
        }
        (BatchAggregate::SharePermille(permille), Lang::En) => {
            format!("for at least {} of the lists", permille_text(permille, lang))
        }
    };
    match lang {
        Lang::It => {
            format!("tempo ({clock}) per una lista di n contatti ≤ {limit}{small}, {verdict}")
        }
        Lang::En => format!("time ({clock}) for a list of n records ≤ {limit}{small}, {verdict}"),
    }
}

fn permille_text(permille: u32, lang: Lang) -> String {
    Ratio::new(u64::from(permille), 1000).map_or_else(String::new, |ratio| share(ratio, lang))
}

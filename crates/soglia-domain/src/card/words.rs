//! Sentences of a definition card that follow from a rule's parameters. Read [`calls_left_out`]
//! first.

use super::{share, span};
use crate::ratio::Ratio;
use crate::rule::{
    Answer, Availability, BatchEnd, BatchStart, BatchTurnaround, CallAttribution, CallPopulation,
    CallScope, Callback, CaseUnit, Clock, FirstContact, Inclusion, ItemAttribution, IvrContained,
    Legs, OutboundPositive, OutboundUnit, RejectedCalls, RepliedWithin, Rule, SecondLevelStart,
    SecondLevelWithin, Suspensions, ThirdParty, Threads,
};
use crate::text::Lang;

/// Chooses between two texts.
pub(super) fn pick<'t>(lang: Lang, it: &'t str, en: &'t str) -> &'t str {
    match lang {
        Lang::It => it,
        Lang::En => en,
    }
}

/// Which instant puts an item into the period.
pub(super) fn attribution(rule: &Rule, lang: Lang) -> String {
    let call = |attribution| match attribution {
        CallAttribution::Arrival => {
            pick(lang, "le chiamate arrivate nel periodo", "calls that arrived in the period")
        }
        CallAttribution::Answer => pick(
            lang,
            "le chiamate risposte, o uscite dalla coda, nel periodo",
            "calls answered, or leaving the queue, in the period",
        ),
        CallAttribution::End => {
            pick(lang, "le chiamate terminate nel periodo", "calls that ended in the period")
        }
    };
    let item = |attribution| match attribution {
        ItemAttribution::Due => pick(
            lang,
            "quanto scade nel periodo, anche se ancora aperto",
            "what falls due in the \
                period, even if still open",
        ),
        ItemAttribution::Receipt => pick(
            lang,
            "quanto è ricevuto o aperto nel periodo",
            "what is received or opened in \
                the period",
        ),
        ItemAttribution::Closing => {
            pick(lang, "quanto è chiuso nel periodo", "what is closed in the period")
        }
    };
    match rule {
        Rule::AnsweredWithin(rule) => call(rule.population.attribution),
        Rule::Lost(rule) => call(rule.population.attribution),
        Rule::RepliedWithin(rule) => item(rule.attribution),
        Rule::FirstContact(rule) => item(rule.attribution),
        Rule::HandledWithin(rule) => item(rule.first_contact.attribution),
        Rule::SecondLevelResolved(rule) => item(rule.attribution),
        Rule::SecondLevelWithin(rule) => item(rule.attribution),
        Rule::OutboundPositive(_) => {
            pick(lang, "i contatti chiusi nel periodo", "contacts closed in the period")
        }
        Rule::BatchTurnaround(_) => {
            pick(lang, "le liste che scadono nel periodo", "lists that fall due in the period")
        }
        Rule::Availability(_) => pick(
            lang,
            "il tempo concordato nel periodo, in secondi reali",
            "the agreed time in the period, in real seconds",
        ),
    }
    .to_owned()
}

/// The elementary data that a rule needs.
pub(super) fn data_needed(rule: &Rule, lang: Lang) -> String {
    match rule {
        Rule::AnsweredWithin(_) => pick(
            lang,
            "per chiamata: arrivo, ingresso in coda, risposta, uscita, esito, coda",
            "for each call: arrival, queue entry, answer, leaving, disposition, queue",
        ),
        Rule::Lost(_) => pick(
            lang,
            "per chiamata: arrivo, coda, esito e chi ha chiuso l'attesa, durata dell'attesa",
            "for each call: arrival, queue, disposition and who ended the wait, length of the wait",
        ),
        Rule::RepliedWithin(_) => pick(
            lang,
            "per contatto scritto: canale, ricezione, prima risposta qualificata, soluzione",
            "for each written contact: channel, receipt, first qualified reply, resolution",
        ),
        Rule::FirstContact(_) => pick(
            lang,
            "per caso: apertura, chiusura, passaggio al secondo livello, contatti, riapertura, \
             esito",
            "for each case: opening, closing, escalation, contacts, reopening, outcome",
        ),
        Rule::HandledWithin(_) => pick(
            lang,
            "per chiamata: conversazione, attesa in linea, lavoro successivo; caso collegato",
            "for each call: talk, hold, after-call work; the case it belongs to",
        ),
        Rule::SecondLevelResolved(_) | Rule::SecondLevelWithin(_) => pick(
            lang,
            "per caso: passaggio al secondo livello, sospensioni con motivo, soluzione, chiusura, \
             passaggio a terzi",
            "for each case: escalation, suspensions with reasons, resolution, closing, hand-over \
             to third parties",
        ),
        Rule::OutboundPositive(_) => pick(
            lang,
            "per contatto: rilascio, tentativi, esito finale",
            "for each record: release, attempts, terminal outcome",
        ),
        Rule::BatchTurnaround(_) => pick(
            lang,
            "per lista: rilascio, numero di contatti, primo e ultimo tentativo, ultimo esito",
            "for each list: release, number of records, first and last attempt, last outcome",
        ),
        Rule::Availability(_) => pick(
            lang,
            "per interruzione: componente, inizio, fine, peso, causa, preavviso",
            "for each outage: component, start, end, weight, cause, notice",
        ),
    }
    .to_owned()
}

/// Everything is counted; nothing is sampled.
pub(super) fn sampling(rule: &Rule, lang: Lang) -> String {
    let what = match rule {
        Rule::AnsweredWithin(_) | Rule::Lost(_) | Rule::HandledWithin(_) => {
            pick(lang, "tutte le chiamate", "all calls")
        }
        Rule::RepliedWithin(_) => pick(lang, "tutti i contatti scritti", "all written contacts"),
        Rule::FirstContact(_) | Rule::SecondLevelResolved(_) | Rule::SecondLevelWithin(_) => {
            pick(lang, "tutti i casi", "all cases")
        }
        Rule::OutboundPositive(_) => pick(lang, "tutti i contatti in uscita", "all records"),
        Rule::BatchTurnaround(_) => pick(lang, "tutte le liste", "all lists"),
        Rule::Availability(_) => pick(lang, "tutte le interruzioni", "all outages"),
    };
    match lang {
        Lang::It => format!("nessun campionamento: {what}; i periodi si sommano dai conteggi"),
        Lang::En => format!("no sampling: {what}; periods add up from counts"),
    }
}

/// What a rule leaves out or counts in a special way, one line each.
pub(super) fn calls_left_out(rule: &Rule, lang: Lang) -> String {
    let mut lines = match rule {
        Rule::AnsweredWithin(rule) => population(&rule.population, lang),
        Rule::Lost(rule) => {
            let mut lines = population(&rule.population, lang);
            if rule.short_abandon_in_denominator {
                lines.push(
                    pick(
                        lang,
                        "gli abbandoni brevissimi restano nel denominatore",
                        "short abandons stay in the denominator",
                    )
                    .to_owned(),
                );
            }
            lines
        }
        _ => special_cases(rule, lang),
    };
    lines.push(
        pick(
            lang,
            "le esclusioni approvate del contratto, contate per motivo",
            "the contract's approved exclusions, counted by reason",
        )
        .to_owned(),
    );
    lines.join("\n")
}

fn population(population: &CallPopulation, lang: Lang) -> Vec<String> {
    let CallPopulation {
        scope,
        out_of_hours,
        short_abandon,
        rejected,
        ivr_contained,
        callback,
        legs,
        attribution: _,
    } = population;
    let t = |it: &str, en: &str| pick(lang, it, en).to_owned();
    let mut lines = vec![match scope {
        CallScope::QueueOffered => {
            t("contano le chiamate offerte a una coda", "calls offered to a queue count")
        }
        CallScope::AllInbound => t(
            "contano tutte le chiamate in entrata: chi riaggancia nell'IVR è perso",
            "all inbound calls count: hanging up in the IVR is a loss",
        ),
    }];
    lines.push(match out_of_hours {
        Inclusion::Excluded => t("fuori orario: escluse", "out of hours: left out"),
        Inclusion::Included => t("fuori orario: comprese", "out of hours: counted"),
    });
    lines.push(if short_abandon.get() == 0 {
        t("abbandoni brevissimi: nessuna esclusione", "short abandons: none left out")
    } else {
        let limit = span(*short_abandon, lang);
        match lang {
            Lang::It => format!("abbandoni entro {limit}: esclusi"),
            Lang::En => format!("abandons within {limit}: left out"),
        }
    });
    lines.push(match rejected {
        RejectedCalls::Lost => t("respinte: perse", "rejected: lost"),
        RejectedCalls::Excluded => t("respinte: escluse", "rejected: left out"),
    });
    lines.push(match ivr_contained {
        IvrContained::Excluded => t("risolte dall'IVR: escluse", "IVR-contained: left out"),
        IvrContained::AnsweredAtOnce => {
            t("risolte dall'IVR: risposte in 0 s", "IVR-contained: answered in 0 s")
        }
    });
    lines.push(callback_line(*callback, lang));
    lines.push(match legs {
        Legs::First => t("più code: conta la prima", "several queues: the first counts"),
        Legs::Each => t("più code: conta ogni ingresso", "several queues: each entry counts"),
    });
    lines
}

fn callback_line(callback: Callback, lang: Lang) -> String {
    let t = |it: &str, en: &str| pick(lang, it, en).to_owned();
    let (it, en) = match callback {
        Callback::AnsweredAtCallback => {
            return t(
                "richieste di richiamata: risposte quando la richiamata riesce, altrimenti perse",
                "call-back requests: answered when the call-back succeeds, lost otherwise",
            );
        }
        Callback::Deferred { limit: None } => ("in giornata".to_owned(), "the same day".to_owned()),
        Callback::Deferred { limit: Some(limit) } => {
            (format!("entro {}", span(limit, lang)), format!("within {}", span(limit, lang)))
        }
    };
    match lang {
        Lang::It => {
            format!("richieste di richiamata: né risposte né perse; perse se non evase {it}")
        }
        Lang::En => {
            format!("call-back requests: neither answered nor lost; lost if not fulfilled {en}")
        }
    }
}

fn special_cases(rule: &Rule, lang: Lang) -> Vec<String> {
    match rule {
        Rule::RepliedWithin(rule) => written_cases(rule, lang),
        Rule::FirstContact(rule) => first_contact_cases(*rule, lang),
        Rule::HandledWithin(rule) => first_contact_cases(rule.first_contact, lang),
        Rule::SecondLevelResolved(rule) => vec![
            match rule.third_party {
                ThirdParty::Neither => pick(
                    lang,
                    "casi passati a terzi: né risolti né mancati, contati a parte",
                    "cases handed to third parties: neither solved nor failed, counted apart",
                ),
                ThirdParty::Failure => pick(
                    lang,
                    "casi passati a terzi: mancati",
                    "cases handed to third parties: failures",
                ),
            }
            .to_owned(),
        ],
        Rule::SecondLevelWithin(rule) => second_level_cases(*rule, lang),
        Rule::OutboundPositive(rule) => outbound_cases(rule, lang),
        Rule::BatchTurnaround(rule) => batch_cases(*rule, lang),
        Rule::Availability(rule) => availability_cases(rule, lang),
        Rule::AnsweredWithin(_) | Rule::Lost(_) => Vec::new(),
    }
}

fn written_cases(rule: &RepliedWithin, lang: Lang) -> Vec<String> {
    let t = |it: &str, en: &str| pick(lang, it, en).to_owned();
    let mut lines = vec![
        match rule.answer {
            Answer::FirstReply => t(
                "ferma l'orologio la prima risposta qualificata di una persona",
                "the first qualified reply by a person stops the clock",
            ),
            Answer::Resolution => {
                t("ferma l'orologio la soluzione", "the resolution stops the clock")
            }
        },
        match rule.threads {
            Threads::EachMessage => {
                t("ogni messaggio apre un orologio", "each message opens a clock")
            }
            Threads::EachCase => t(
                "un orologio per caso, dal primo messaggio",
                "one clock for each case, from its first message",
            ),
        },
        match lang {
            Lang::It => format!("canali: {}", channels(&rule.channels, lang)),
            Lang::En => format!("channels: {}", channels(&rule.channels, lang)),
        },
    ];
    if rule.start_at_opening || rule.clock == Clock::ServiceHours {
        lines.push(t(
            "ricevuti a servizio chiuso: l'orologio parte alla prima apertura",
            "received while closed: the clock starts at the next opening",
        ));
    }
    lines.push(t(
        "posta indesiderata e doppioni: esclusi con motivo",
        "spam and duplicates: left out with a reason",
    ));
    lines
}

fn second_level_cases(rule: SecondLevelWithin, lang: Lang) -> Vec<String> {
    let start = match rule.start {
        SecondLevelStart::Escalation => pick(
            lang,
            "l'orologio parte dal passaggio al secondo livello",
            "the clock starts at the escalation",
        ),
        SecondLevelStart::Opening => pick(
            lang,
            "l'orologio parte dall'apertura del caso",
            "the clock starts when the case is opened",
        ),
    };
    let suspensions = match rule.suspensions {
        Suspensions::StopClock => pick(
            lang,
            "le sospensioni con motivo fermano l'orologio e si stampano",
            "suspensions with a reason stop the clock and are printed",
        ),
        Suspensions::Ignored => {
            pick(lang, "le sospensioni non fermano l'orologio", "suspensions do not stop the clock")
        }
    };
    vec![start.to_owned(), suspensions.to_owned()]
}

fn outbound_cases(rule: &OutboundPositive, lang: Lang) -> Vec<String> {
    let t = |it: &str, en: &str| pick(lang, it, en).to_owned();
    let mut lines = vec![match rule.unreachable {
        Inclusion::Included => t(
            "irraggiungibili: nel denominatore, non positivi",
            "unreachable: in the denominator, not positive",
        ),
        Inclusion::Excluded => t("irraggiungibili: esclusi", "unreachable: left out"),
    }];
    if rule.unit == OutboundUnit::Attempt {
        lines.push(t("ogni tentativo conta", "each attempt counts"));
    }
    if rule.inbound_too {
        lines.push(t(
            "contano anche le chiamate in entrata risposte",
            "answered inbound calls count too",
        ));
    }
    lines
}

fn batch_cases(rule: BatchTurnaround, lang: Lang) -> Vec<String> {
    let start = match rule.start {
        BatchStart::Release => pick(
            lang,
            "dal rilascio di una lista completa (o dalla prima apertura successiva)",
            "from the release of a complete list (or the next opening)",
        ),
        BatchStart::FirstAttempt => pick(lang, "dalla prima chiamata", "from the first call"),
    };
    let end = match rule.end {
        BatchEnd::LastOutcome => {
            pick(lang, "all'ultimo esito definitivo", "to the last terminal outcome")
        }
        BatchEnd::LastAttempt => pick(lang, "all'ultimo tentativo", "to the last attempt"),
    };
    vec![start.to_owned(), end.to_owned()]
}

fn first_contact_cases(rule: FirstContact, lang: Lang) -> Vec<String> {
    let t = |it: &str, en: &str| pick(lang, it, en).to_owned();
    let mut lines = Vec::new();
    if rule.unit == CaseUnit::Call {
        lines.push(t(
            "le chiamate risposte senza caso contano come non evase",
            "answered calls without a case count as not solved",
        ));
    }
    lines.push(match (rule.reopen_window_days, lang) {
        (0, _) => t("le riaperture non contano", "reopening does not count"),
        (days, Lang::It) => format!("riaperto entro {days} giorni: non evaso"),
        (days, Lang::En) => format!("reopened within {days} days: not solved"),
    });
    lines.push(if rule.unavailable_counts {
        t(
            "«nessuna disponibilità» e «agenda chiusa»: evasi, ma segnalati",
            "no availability and closed agenda: solved, but marked",
        )
    } else {
        t(
            "«nessuna disponibilità» e «agenda chiusa»: non evasi",
            "no availability and closed agenda: not solved",
        )
    });
    lines
}

/// Channels as people call them.
pub fn channels<S: AsRef<str>>(codes: &[S], lang: Lang) -> String {
    let name = |code: &S| match code.as_ref() {
        "email" => "e-mail".to_owned(),
        "pec" => "PEC".to_owned(),
        "sms" => "SMS".to_owned(),
        "letter" => pick(lang, "lettera", "letter").to_owned(),
        "web_form" => pick(lang, "modulo web", "web form").to_owned(),
        other => other.to_owned(),
    };
    codes.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn availability_cases(rule: &Availability, lang: Lang) -> Vec<String> {
    let t = |it: &str, en: &str| pick(lang, it, en).to_owned();
    let components = rule.components.iter().map(|component| {
        let agreed = match component.agreed {
            Clock::ServiceHours => pick(lang, "ore di servizio", "service hours"),
            Clock::Elapsed => pick(lang, "24 ore su 24", "around the clock"),
        };
        format!("{} ({agreed})", component.code)
    });
    let components = components.collect::<Vec<_>>().join(", ");
    let mut lines = vec![match lang {
        Lang::It => format!("componenti: {components}"),
        Lang::En => format!("components: {components}"),
    }];
    lines.push(match (rule.planned_notice, lang) {
        (Some(notice), Lang::It) => format!(
            "manutenzione programmata: esclusa se annunciata almeno {} prima e fuori dalle ore \
             di servizio",
            span(notice, lang)
        ),
        (Some(notice), Lang::En) => format!(
            "planned maintenance: left out if notified at least {} before and outside service \
             hours",
            span(notice, lang)
        ),
        (None, _) => {
            t("manutenzione programmata: conta sempre", "planned maintenance: always counts")
        }
    });
    let weight = Ratio::new(u64::from(rule.degraded_permille), 1000)
        .map_or_else(String::new, |weight| share(weight, lang));
    lines.push(match lang {
        Lang::It => format!("un minuto degradato vale {weight} di fermo"),
        Lang::En => format!("a degraded minute is {weight} down"),
    });
    if !rule.excluded_causes.is_empty() {
        let causes = rule.excluded_causes.join(", ");
        lines.push(match lang {
            Lang::It => format!("cause escluse: {causes}"),
            Lang::En => format!("causes left out: {causes}"),
        });
    }
    lines
}

/// What the precision of a source means for a limit.
pub(super) fn precision_limits(rule: &Rule, lang: Lang) -> String {
    match rule {
        Rule::AnsweredWithin(_) | Rule::HandledWithin(_) | Rule::Lost(_) => pick(
            lang,
            "il limite si giudica sugli istanti come la fonte li scrive; una fonte a secondi \
             interi (queue_log) non distingue 20,0 s da 20,9 s, e la misura lo dice",
            "the limit is judged on instants as the source writes them; a source of whole seconds \
             (queue_log) cannot tell 20.0 s from 20.9 s, and the measurement says so",
        ),
        Rule::Availability(_) => pick(
            lang,
            "un'interruzione è nota tra due sonde: la sua durata ha la precisione del loro passo",
            "an outage is known between two probes: its length is as precise as their interval",
        ),
        _ => pick(
            lang,
            "gli istanti sono quelli registrati dal sistema dei contatti, al più al millisecondo",
            "instants are those recorded by the contact system, at most to the millisecond",
        ),
    }
    .to_owned()
}

//! The card of what a contract agrees about its sources. Read [`sources_card`] first.

use super::Card;
use super::words::pick;
use crate::contract::{AttributeNames, CommonEvents, Contract, EventRule, Meaning};
use crate::text::Lang;

/// Makes the card of a contract's sources: what moves every figure before any rule is applied.
pub fn sources_card(contract: &Contract, lang: Lang) -> Card {
    let t = |it: &str, en: &str| pick(lang, it, en).to_owned();
    let sources = &contract.sources;
    let mut rows = vec![(t("Chiamate di prova", "Test calls"), {
        if sources.test_callers.is_empty() {
            t("nessun numero di prova", "no caller is a test")
        } else {
            let numbers: Vec<&str> = sources.test_callers.iter().map(String::as_str).collect();
            let said = t("chi chiama da", "calls from");
            format!("{said} {}", numbers.join(", "))
        }
    })];
    let events = &sources.queue_log.events;
    if !events.is_empty() {
        let lines: Vec<String> = events.iter().map(|rule| event_line(rule, lang)).collect();
        let others = match sources.queue_log.common_events {
            CommonEvents::Understood => {
                t("gli altri eventi secondo l'uso comune", "other events as is common")
            }
            CommonEvents::Ignored => t("ogni altro evento senza effetto", "no other event counts"),
        };
        let label = t("Eventi propri di queue_log", "Custom events of queue_log");
        rows.push((label, format!("{}\n{others}", lines.join("\n"))));
    }
    let platforms = [
        ("FreeSWITCH", &sources.freeswitch.labels),
        ("Amazon Connect", &sources.amazon_connect.labels),
        ("Genesys Cloud", &sources.genesys.labels),
    ];
    for (platform, labels) in platforms {
        if let Some(line) = labels_line(labels, lang) {
            rows.push((format!("{} {platform}", t("Attributi di", "Attributes of")), line));
        }
    }
    rows.push((t("Gruppi di operatori", "Groups of operators"), groups(contract, lang)));
    let title = format!("{} · {}", contract.code, t("lettura delle fonti", "reading the sources"));
    Card { title, rows }
}

fn event_line(rule: &EventRule, lang: Lang) -> String {
    let mut written = vec![rule.event.as_str()];
    written.extend(rule.params.iter().map(String::as_str));
    let value = if rule.means.has_value() {
        let place = rule.value + 1;
        match lang {
            Lang::It => format!(" (valore: parametro {place})"),
            Lang::En => format!(" (value: parameter {place})"),
        }
    } else {
        String::new()
    };
    format!("{} → {}{value}", written.join("|"), meaning(rule.means, lang))
}

fn meaning(means: Meaning, lang: Lang) -> &'static str {
    let (it, en) = match means {
        Meaning::Dialled => ("numero chiamato", "number dialled"),
        Meaning::IvrChoice => ("scelta nell'IVR", "choice in the IVR"),
        Meaning::IvrServed => ("risolta dall'IVR", "served by the IVR"),
        Meaning::QueueStatus => ("stato della coda", "status of the queue"),
        Meaning::Full => ("respinta: coda piena", "turned away: queue full"),
        Meaning::NoOperators => ("respinta: nessun operatore", "turned away: no operator"),
        Meaning::Closed => ("respinta: servizio chiuso", "turned away: closed"),
        Meaning::Emptied => ("uscita: coda senza operatori", "left: the queue had no operators"),
        Meaning::CallbackRequested => ("richiamata richiesta", "call-back requested"),
        Meaning::CalledBack => ("richiamata riuscita", "called back"),
        Meaning::Outbound => ("chiamata in uscita", "outbound call"),
        Meaning::Test => ("prova", "test"),
        Meaning::Topic => ("argomento", "topic"),
        Meaning::PriorityClass => ("classe di priorità", "priority class"),
        Meaning::BookingSystem => ("sistema di prenotazione", "booking system"),
        Meaning::Note => ("nota, senza effetto", "note, without consequence"),
        Meaning::NotContact => ("non riguarda un contatto", "not about a contact"),
    };
    pick(lang, it, en)
}

fn labels_line(labels: &AttributeNames, lang: Lang) -> Option<String> {
    let lines: Vec<String> = labels
        .set()
        .into_iter()
        .map(|(what, name)| {
            let what = match what {
                "ivr_path" => pick(lang, "percorso nell'IVR", "path through the IVR"),
                "topic" => pick(lang, "argomento", "topic"),
                "priority_class" => pick(lang, "classe di priorità", "priority class"),
                "booking_system" => pick(lang, "sistema di prenotazione", "booking system"),
                _ => pick(lang, "esito senza operatore", "outcome without an operator"),
            };
            format!("{name} → {what}")
        })
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn groups(contract: &Contract, lang: Lang) -> String {
    if contract.operator_groups.is_empty() {
        let none = "nessuno: dei gruppi non si registra nulla";
        return pick(lang, none, "none: nothing is recorded about groups").to_owned();
    }
    let operators = pick(lang, "operatori", "operators");
    let lines = contract.operator_groups.iter().map(|group| {
        let name = group.name.get(lang);
        format!("{} ({}): {} {operators}", name, group.code, group.size)
    });
    lines.collect::<Vec<_>>().join("\n")
}

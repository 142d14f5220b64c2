//! What simulations say, in words. Read [`title`] first.

use soglia_domain::period::weekday_name;
use soglia_domain::text::{Label, Lang, Text};
use soglia_sim::indicator::Caveat;
use soglia_sim::learn::presence::PresenceSource;
use soglia_sim::replay::{CauseKind, Comparison, Scope};
use soglia_sim::whatif::Answer;

use super::Present;
use crate::history::date;

/// Both languages of a text that is made for each.
pub fn both(of: impl Fn(Lang) -> String) -> Text {
    Text { it: of(Lang::It), en: Some(of(Lang::En)) }
}

/// A decimal string with the language's decimal mark.
fn localised(value: &str, lang: Lang) -> String {
    match lang {
        Lang::It => value.replace('.', ","),
        Lang::En => value.to_owned(),
    }
}

/// A scenario's name, with the share of callers that moves in this variant.
pub fn title(answer: &Answer, lang: Lang) -> String {
    let moved = answer.moved.map(|share| {
        let text = Label::new("si spostano", "move");
        let share = localised(&format!("{:.0} %", share * 100.0), lang);
        format!(" ({share} {})", text.get(lang))
    });
    format!("{}{}", answer.name.get(lang), moved.unwrap_or_default())
}

/// What an indicator looks at and the simulator does not.
pub const fn caveat(caveat: Caveat, lang: Lang) -> &'static str {
    let label = match caveat {
        Caveat::AllInbound => Label::new(
            "le chiamate che finiscono nell'IVR non sono simulate",
            "calls that end in the IVR are not simulated",
        ),
        Caveat::FromIvr => Label::new(
            "il tempo nell'IVR non è simulato: l'attesa è contata dalla coda",
            "time in the IVR is not simulated: the wait counts from the queue",
        ),
        Caveat::EachLeg => Label::new(
            "ogni chiamata è contata una volta, non a ogni coda",
            "each call is counted once, not for each queue",
        ),
        Caveat::FirstContact => Label::new(
            "conta ogni chiamata risposta, anche le poche non chiuse al primo contatto",
            "every call answered counts, also the few not closed at first contact",
        ),
        Caveat::Hold => Label::new(
            "l'attesa in linea durante la conversazione conta anch'essa",
            "hold during the conversation counts too",
        ),
    };
    label.get(lang)
}

/// What was compared, and the day from which.
pub fn scope(present: &Present, c: &Comparison, lang: Lang) -> (String, String) {
    let learned = &present.learned;
    let what = |label: Label| label.get(lang).to_owned();
    match c.scope {
        Scope::Week => (what(Label::new("settimana", "week")), date(c.monday)),
        Scope::Lost => (what(Label::new("perse", "lost")), date(c.monday)),
        Scope::Type(kind) => (learned.topic_name(kind), date(c.monday)),
        Scope::Group(group) => {
            let name = learned.history.groups.get(group).cloned().unwrap_or_default();
            (what(Label::new("quota di ", "share of ")) + &name, date(c.monday))
        }
        Scope::Day(day) => {
            let at = date(c.monday + i64::try_from(day).unwrap_or(0));
            (weekday_name(lang, day).to_owned(), at)
        }
        Scope::Hour(day, hour) => {
            let at = date(c.monday + i64::try_from(day).unwrap_or(0));
            (format!("{} {hour:02}:00", weekday_name(lang, day)), at)
        }
    }
}

/// What may be wrong with the picture of the present.
pub fn cause(cause: &CauseKind, lang: Lang) -> String {
    let change = |times: f64| localised(&format!("{:+.0} %", (times - 1.0) * 100.0), lang);
    let say = |it: &str, en: &str| match lang {
        Lang::It => it.to_owned(),
        Lang::En => en.to_owned(),
    };
    match cause {
        CauseKind::Staff(times) => format!("{} {}", say("operatori", "operators"), change(*times)),
        CauseKind::StaffAtLunch(times) => {
            format!("{} {}", say("operatori 12–15", "operators 12–15"), change(*times))
        }
        CauseKind::StaffEarly(times) => {
            format!("{} {}", say("operatori prima delle 10", "operators before 10"), change(*times))
        }
        CauseKind::Handling(times) => {
            format!("{} {}", say("conversazioni", "conversations"), change(*times))
        }
        CauseKind::AfterCall(secs) => {
            format!("{} +{secs} s", say("lavoro dopo la chiamata", "after-call work"))
        }
        CauseKind::Ringing(secs) => format!("{} +{secs} s", say("squilli", "ringing")),
        CauseKind::HeadStart(queue, secs) => {
            format!("{queue}: {} {secs} s", say("precedenza di", "goes first by"))
        }
        CauseKind::MainGroupFirst => {
            say("prima il gruppo principale di ogni coda", "each queue's main group first")
        }
    }
}

/// What the answers stand on: calls, redials, operators, weeks; a sentence each.
pub fn basis(present: &Present, lang: Lang) -> Vec<String> {
    let learned = &present.learned;
    let percent =
        |share: f64, decimals: usize| localised(&format!("{:.decimals$} %", share * 100.0), lang);
    let (first, until) = learned.history.days();
    let calls = soglia_report::format::integer(lang, learned.history.calls.len() as u64);
    let (first, last) = (date(first), date(until - 1));
    let redials = percent(learned.redial_share(), 1);
    let weeks = present.mondays.len();
    let monday = |at: Option<&i64>| at.map(|monday| date(*monday)).unwrap_or_default();
    let (from, to) = (monday(present.mondays.first()), monday(present.mondays.last()));
    let mut said = match lang {
        Lang::It => vec![
            format!(
                "Appreso da {calls} chiamate, dal {first} al {last}; richiamano {redials} di \
                     chi non è stato servito."
            ),
            format!("Settimane giocate: {weeks}, quelle che cominciano dal {from} al {to}."),
        ],
        Lang::En => vec![
            format!(
                "Learned from {calls} calls, {first} to {last}; {redials} of calls are redials \
                     of callers who were not served."
            ),
            format!("Weeks played: {weeks}, those that begin {from} to {to}."),
        ],
    };
    if learned.presence.source == PresenceSource::Given {
        said.push(match lang {
            Lang::It => "Gli operatori presenti sono quelli dei turni.".to_owned(),
            Lang::En => "Operators present are those of the roster.".to_owned(),
        });
    }
    if let PresenceSource::Inferred { waited } = learned.presence.source {
        let waited = percent(waited, 0);
        said.push(match lang {
            Lang::It => format!(
                "Gli operatori presenti sono dedotti dagli eventi, non da turni ({waited} delle \
                 chiamate risposte li ha trovati tutti occupati)."
            ),
            Lang::En => format!(
                "Operators present are inferred from the events, not from a roster ({waited} of \
                 the calls answered found all of them busy)."
            ),
        });
    }
    said
}

/// What the figures leave out, and what to be careful about.
pub fn remarks(
    present: &Present,
    answers: &soglia_sim::whatif::Answers,
    lang: Lang,
) -> Vec<String> {
    let mut said = Vec::new();
    let (n, mondays) = (answers.n_weeks, answers.n_mondays);
    said.push(match lang {
        Lang::It => format!(
            "Settimane simulate: {n}, cioè {mondays} settimane con quel che nessuno ha visto \
             (pazienza di chi è stato servito, durata di chi ha rinunciato) estratto più volte."
        ),
        Lang::En => format!(
            "Weeks simulated: {n}, that is {mondays} weeks with what nobody saw (patience of those \
             served, talk of those who left) drawn several times."
        ),
    });
    if let Some(needed) = answers.weeks_needed {
        said.push(match lang {
            Lang::It => format!(
                "Per differenze sicure al decimo di punto servirebbero {needed} settimane di \
                 storia."
            ),
            Lang::En => format!(
                "Differences sure to a tenth of a point would take {needed} weeks of history."
            ),
        });
    }
    if !present.not_simulated.is_empty() {
        let codes = present.not_simulated.join(", ");
        said.push(match lang {
            Lang::It => format!("Indicatori che il simulatore non calcola: {codes}."),
            Lang::En => format!("Indicators that the simulator does not count: {codes}."),
        });
    }
    for (code, what) in &answers.caveats {
        said.push(format!("{code}: {}.", caveat(*what, lang)));
    }
    said
}

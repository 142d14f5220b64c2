//! What simulations say, in words. Read [`title`] first.

use soglia_domain::period::weekday_name;
use soglia_domain::text::{Label, Lang, Text, nearest};
use soglia_sim::centre::CentreError;
use soglia_sim::indicator::Caveat;
use soglia_sim::learn::presence::PresenceSource;
use soglia_sim::replay::{CauseKind, Comparison, Scope};
use soglia_sim::scenario::ApplyError;
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

/// Why a scenario does not fit the present, and what to do.
pub fn misfit(error: &ApplyError) -> (Text, Option<Text>) {
    let it = match error {
        ApplyError::Unknown { what, name, .. } => {
            let what = match *what {
                "queue" => "nessuna coda",
                "group of operators" => "nessun gruppo di operatori",
                "booking system" => "nessun sistema di prenotazione",
                other => other,
            };
            format!("non c'è {what} `{name}`")
        }
        ApplyError::NoCalls { of, .. } => format!("nessuna chiamata corrisponde a `{of}`"),
        ApplyError::Serves { group, queue } => {
            format!("il gruppo `{group}` c'è già e non serve la coda `{queue}`")
        }
        ApplyError::Centre(CentreError::TooMany { what, found, max }) => {
            let what = match *what {
                "operators" => "operatori",
                "queues" => "code",
                "groups" => "gruppi",
                _ => "tipi di chiamate",
            };
            format!("si simulano al massimo {max} {what}, qui sono `{found}`")
        }
        ApplyError::Centre(cause) => {
            format!("lo scenario descrive un centro che non si può simulare: {cause}")
        }
    };
    let en = match error {
        ApplyError::Centre(cause) => format!("{error}: {cause}"),
        other => other.to_string(),
    };
    let hint = error.hint().map(|en| {
        let it = match error {
            ApplyError::Unknown { name, known, .. } => {
                let near = nearest(name, known.iter().map(String::as_str));
                near.map_or_else(
                    || format!("ci sono: {}", known.join(", ")),
                    |near| format!("forse `{near}`?"),
                )
            }
            ApplyError::NoCalls { known, .. } => format!(
                "coda, argomento e classe delle chiamate che ci sono (le rare stanno insieme): {}",
                known.join("; ")
            ),
            ApplyError::Serves { .. } => "`serves` vale per gruppi nuovi: a quelli che ci sono \
                                          insegnano `[[cross_training]]` e `[[preference]]`"
                .to_owned(),
            ApplyError::Centre(_) => en.clone(),
        };
        Text { it, en: Some(en) }
    });
    (Text { it, en: Some(en) }, hint)
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
                "Learned from {calls} calls, {first} to {last}; {redials} of callers who were not \
                     served call again."
            ),
            format!("Weeks played: {weeks}, those that begin {from} to {to}."),
        ],
    };
    said.extend(spread(present, lang));
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

/// How many calls have no topic of their own, where it was spread.
pub fn spread(present: &Present, lang: Lang) -> Option<String> {
    let n = present.learned.history.n_topics_spread;
    let calls = soglia_report::format::integer(lang, n as u64);
    (0 < n).then(|| match lang {
        Lang::It => format!(
            "Di {calls} chiamate senza argomento (a chi rinuncia nessuno lo chiede) l'argomento \
             è estratto come nelle altre della loro coda."
        ),
        Lang::En => format!(
            "{calls} calls without a topic (nobody asks whoever gives up) have one drawn as \
             the others of their queue have it."
        ),
    })
}

/// What the figures leave out, and what to be careful about.
pub fn remarks(
    present: &Present,
    answers: &soglia_sim::whatif::Answers,
    lang: Lang,
) -> Vec<String> {
    let mut said = Vec::new();
    let (n, mondays) = (answers.n_weeks, answers.n_mondays);
    let drawn = answers.likeness.is_some();
    said.push(match (drawn, lang) {
        (false, Lang::It) => format!(
            "Settimane simulate: {n}, cioè {mondays} settimane con quel che nessuno ha visto \
             (pazienza di chi è stato servito, durata di chi ha rinunciato) estratto più volte."
        ),
        (false, Lang::En) => format!(
            "Weeks simulated: {n}, that is {mondays} weeks with what nobody saw (patience of those \
             served, talk of those who left) drawn several times."
        ),
        (true, Lang::It) => format!(
            "Settimane simulate: {n}, estratte da quel che si è appreso, con gli orari e gli \
             operatori di {mondays} settimane di storia; gli intervalli sono della media di \
             settimane così."
        ),
        (true, Lang::En) => format!(
            "Weeks simulated: {n}, drawn from what was learned, with the hours and operators of \
             {mondays} weeks of history; intervals are for the mean of weeks like them."
        ),
    });
    if let Some(needed) = answers.weeks_needed {
        said.push(match (drawn, lang) {
            (false, Lang::It) => format!(
                "Per differenze sicure al decimo di punto servirebbero {needed} settimane di \
                 storia."
            ),
            (false, Lang::En) => format!(
                "Differences sure to a tenth of a point would take {needed} weeks of history."
            ),
            (true, Lang::It) => format!(
                "Per differenze sicure al decimo di punto servirebbero {needed} settimane estratte."
            ),
            (true, Lang::En) => {
                format!("Differences sure to a tenth of a point would take {needed} weeks drawn.")
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_that_does_not_fit_says_why_in_both_languages() {
        let known = vec!["cup_sede_a".to_owned()];
        let what = "group of operators";
        let unknown = ApplyError::Unknown { what, name: "cup_sede_b".to_owned(), known };
        let (text, hint) = misfit(&unknown);
        assert_eq!(text.it, "non c'è nessun gruppo di operatori `cup_sede_b`");
        assert_eq!(text.en.as_deref(), Some("there is no group of operators `cup_sede_b`"));
        let hint = hint.expect("what there is");
        assert_eq!(hint.it, "forse `cup_sede_a`?");
        let many = CentreError::TooMany { what: "operators", found: 30_000, max: 20_000 };
        let (text, hint) = misfit(&ApplyError::Centre(many));
        assert_eq!(text.it, "si simulano al massimo 20000 operatori, qui sono `30000`");
        let en = text.en.expect("English");
        assert!(en.contains("at most 20000 operators") && hint.is_none(), "{en}");
    }
}

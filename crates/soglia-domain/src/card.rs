//! Definition cards: what an indicator means, generated from its rule. Read [`card`] first, then
//! [`alternatives`].
//!
//! Nothing here is typed beside a rule: every line follows from a parameter, so a parameter that
//! changes changes the card.

mod alternatives;
mod formula;
mod sources;
mod words;

use crate::contract::{Contract, EmptyMeans, Frequency, Indicator, RuleVersion, Service};
use crate::ratio::{Ratio, Rounding, RoundingMode, decimal};
use crate::rule::{Clock, Rule};
use crate::text::{Lang, Text};
use crate::time::Millis;
use crate::verdict::{Bound, Compare, Target, TargetDirection};

pub use self::alternatives::{Alternative, alternatives, of_population};
pub use self::formula::formula;
pub use self::sources::sources_card;

pub(crate) use self::words::channels;
use self::words::{calls_left_out, data_needed, pick, precision_limits, sampling};

/// A definition card in the form that Italian public buyers use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Card {
    /// Code and name of the indicator, and the service.
    pub title: String,
    /// Labels and values, in the card's order; a value may have several lines.
    pub rows: Vec<(String, String)>,
}

impl Card {
    /// Writes the card as text, one row a paragraph, values indented under long labels.
    ///
    /// ```
    /// use soglia_domain::card::Card;
    /// let rows = vec![("Codice".to_owned(), "K1".to_owned())];
    /// let card = Card { title: "cup K1".to_owned(), rows };
    /// assert_eq!(card.to_text(), "cup K1\n======\nCodice: K1\n");
    /// ```
    pub fn to_text(&self) -> String {
        let underline = "=".repeat(self.title.chars().count());
        let rows = self.rows.iter().map(|(label, value)| {
            if value.contains('\n') {
                format!("{label}:\n  {}\n", value.replace('\n', "\n  "))
            } else {
                format!("{label}: {value}\n")
            }
        });
        format!("{}\n{underline}\n{}", self.title, rows.collect::<String>())
    }
}

/// Makes the definition card of one version of an indicator's rule.
pub fn card(
    contract: &Contract,
    (service, indicator): (&Service, &Indicator),
    version: &RuleVersion,
    lang: Lang,
) -> Card {
    let t = |it: &str, en: &str| pick(lang, it, en).to_owned();
    let unset = || t("non indicato nel contratto", "not stated in the contract");
    let own = |text: Option<&Text>| text.map_or_else(unset, |text| text.get(lang).to_owned());
    let rule = &version.rule;
    let rows = vec![
        (t("Codice", "Code"), indicator.code.clone()),
        (t("Servizio", "Service"), format!("{} ({})", service.name.get(lang), service.code)),
        (t("Processo", "Process"), own(indicator.process.as_ref())),
        (t("Aspetto da valutare", "Aspect"), indicator.objective.get(lang).to_owned()),
        (t("Indicatore", "Indicator"), indicator.name.get(lang).to_owned()),
        (t("Tipo di misura", "Kind of figure"), kind(rule, lang).to_owned()),
        (t("Unità di misura", "Unit"), unit(rule, lang).to_owned()),
        (t("Fonte dati", "Source of the data"), own(version.source.as_ref())),
        (t("Periodo di riferimento", "Period"), words::attribution(rule, lang)),
        (t("Frequenza di misurazione", "Frequency"), frequency(version.frequency.as_ref(), lang)),
        (t("Dati elementari da rilevare", "Elementary data"), data_needed(rule, lang)),
        (t("Regole di campionamento", "Sampling"), sampling(rule, lang)),
        (t("Formula", "Formula"), formula(rule, lang)),
        (t("Orario di riferimento", "Hours"), hours(service, rule, lang)),
        (t("Regole di arrotondamento", "Rounding"), rounding(version, lang)),
        (t("Valore di soglia", "Target"), target(&version.target, rule, lang)),
        (t("Denominatore nullo", "Empty denominator"), empty(version.empty, lang)),
        (t("Azioni contrattuali", "Contractual action"), {
            actions(&penalty(contract, (service, indicator), lang), version, lang)
        }),
        (t("Eccezioni ed esclusioni", "Exceptions and exclusions"), calls_left_out(rule, lang)),
        (
            t("Responsabile della misura", "Responsible for the measurement"),
            version.responsible.clone().unwrap_or_else(unset),
        ),
        (t("Decorrenza e versione", "Validity and version"), validity(version, lang)),
        (t("Limiti di precisione della fonte", "Precision of the source"), {
            precision_limits(rule, lang)
        }),
    ];
    let title = format!("{} · {} · {}", service.code, indicator.code, indicator.name.get(lang));
    Card { title, rows }
}

fn kind(rule: &Rule, lang: Lang) -> &'static str {
    match rule.kind() {
        "share_within_limit" => pick(lang, "quota entro un limite", "share within a limit"),
        "rate" => pick(lang, "tasso", "rate"),
        "duration_limit" => pick(lang, "tempo entro un limite", "time within a limit"),
        _ => pick(lang, "disponibilità", "availability"),
    }
}

fn unit(rule: &Rule, lang: Lang) -> &'static str {
    match rule {
        Rule::BatchTurnaround(_) => pick(lang, "tempo per pacchetto", "time for a package"),
        Rule::Availability(_) => pick(lang, "percentuale di tempo", "percentage of time"),
        Rule::AnsweredWithin(_) | Rule::Lost(_) | Rule::HandledWithin(_) => {
            pick(lang, "percentuale di chiamate", "percentage of calls")
        }
        Rule::RepliedWithin(_) => {
            pick(lang, "percentuale di contatti scritti", "percentage of written contacts")
        }
        Rule::FirstContact(_) | Rule::SecondLevelResolved(_) | Rule::SecondLevelWithin(_) => {
            pick(lang, "percentuale di casi", "percentage of cases")
        }
        Rule::OutboundPositive(_) => {
            pick(lang, "percentuale di contatti in uscita", "percentage of outbound contacts")
        }
    }
}

fn frequency(frequency: Option<&Frequency>, lang: Lang) -> String {
    let Some(Frequency { measure, report }) = frequency else {
        return pick(lang, "non indicata nel contratto", "not stated in the contract").to_owned();
    };
    let name = |every: &str| match every {
        "day" => pick(lang, "giornaliera", "daily"),
        "week" => pick(lang, "settimanale", "weekly"),
        "month" => pick(lang, "mensile", "monthly"),
        "quarter" => pick(lang, "trimestrale", "quarterly"),
        "half_year" => pick(lang, "semestrale", "half-yearly"),
        _ => pick(lang, "annuale", "yearly"),
    };
    let (measure, report) = (name(measure), name(report));
    match lang {
        Lang::It => format!("misura {measure}, resoconto {report}"),
        Lang::En => format!("measured {measure}, reported {report}"),
    }
}

/// The hours that a rule's clocks and populations look at.
fn hours(service: &Service, rule: &Rule, lang: Lang) -> String {
    let every = pick(lang, "tutte le ore", "every hour");
    let (clock, calendar) = match rule {
        Rule::RepliedWithin(rule) => (rule.clock, &service.written_calendar),
        Rule::SecondLevelResolved(rule) => (rule.clock, &service.second_level_calendar),
        Rule::SecondLevelWithin(rule) => (rule.clock, &service.second_level_calendar),
        Rule::BatchTurnaround(rule) => (rule.clock, &service.outbound_calendar),
        _ => (Clock::ServiceHours, &service.calendar),
    };
    match clock {
        Clock::Elapsed => every.to_owned(),
        Clock::ServiceHours => match lang {
            Lang::It => format!("calendario `{}`", calendar.name()),
            Lang::En => format!("calendar `{}`", calendar.name()),
        },
    }
}

fn rounding(version: &RuleVersion, lang: Lang) -> String {
    let mode = |mode| match mode {
        RoundingMode::HalfUp => pick(lang, "mezzo per eccesso", "half up"),
        RoundingMode::HalfEven => pick(lang, "mezzo al pari", "half to even"),
        RoundingMode::Down => pick(lang, "troncamento", "cut"),
    };
    let Rounding { decimals, mode: shown } = version.rounding;
    let printed = match lang {
        Lang::It => format!("si stampa con {decimals} decimali ({})", mode(shown)),
        Lang::En => format!("printed with {decimals} decimals ({})", mode(shown)),
    };
    let compared = match (version.compare, lang) {
        (Compare::Exact, Lang::It) => "si confronta il valore esatto, senza arrotondare".to_owned(),
        (Compare::Exact, Lang::En) => "the exact value is compared, not rounded".to_owned(),
        (Compare::Rounded(r), Lang::It) => {
            format!(
                "si confronta il valore arrotondato a {} decimali ({})",
                r.decimals,
                mode(r.mode)
            )
        }
        (Compare::Rounded(r), Lang::En) => {
            format!("the value rounded to {} decimals ({}) is compared", r.decimals, mode(r.mode))
        }
    };
    format!("{compared}; {printed}")
}

/// Writes a share as a percentage with the digits it was written with.
pub(crate) fn share(ratio: Ratio, lang: Lang) -> String {
    let exact = Rounding::half_up(9);
    let mut text = decimal(ratio.percent_scaled(exact), exact.decimals);
    text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    match lang {
        Lang::It => format!("{}%", text.replace('.', ",")),
        Lang::En => format!("{text}%"),
    }
}

/// Writes a duration as people read it.
pub(crate) fn span(span: Millis, lang: Lang) -> String {
    let text = span.to_string();
    let mut spaced = String::new();
    let mut previous = ' ';
    for c in text.chars() {
        let boundary = previous.is_ascii_digit() != c.is_ascii_digit();
        if boundary && previous != ' ' && previous != '.' && c != '.' {
            spaced.push(' ');
        }
        spaced.push(if c == '.' && lang == Lang::It { ',' } else { c });
        previous = c;
    }
    spaced
}

fn target(target: &Target, rule: &Rule, lang: Lang) -> String {
    let sign = match (target.direction, target.inclusive) {
        (TargetDirection::AtLeast, true) => "≥",
        (TargetDirection::AtLeast, false) => ">",
        (TargetDirection::AtMost, true) => "≤",
        (TargetDirection::AtMost, false) => "<",
    };
    let bound = match target.bound {
        Bound::Share(ratio) => share(ratio, lang),
        Bound::Duration(time) => span(time, lang),
    };
    let good = match target.direction {
        TargetDirection::AtLeast => pick(lang, "più alto è meglio", "higher is better"),
        TargetDirection::AtMost => pick(lang, "più basso è meglio", "lower is better"),
    };
    let package = match (rule, lang) {
        (Rule::BatchTurnaround(rule), Lang::It) => {
            format!(" per pacchetto di {} contatti", rule.package)
        }
        (Rule::BatchTurnaround(rule), Lang::En) => {
            format!(" for each package of {} contacts", rule.package)
        }
        _ => String::new(),
    };
    format!("{sign} {bound}{package} ({good})")
}

fn empty(empty: EmptyMeans, lang: Lang) -> String {
    match empty {
        EmptyMeans::NotApplicable => {
            pick(lang, "non applicabile (nessuna attività)", "not applicable (no activity)")
        }
        EmptyMeans::Ok => pick(lang, "obiettivo raggiunto", "met"),
        EmptyMeans::Ko => pick(lang, "obiettivo non raggiunto", "missed"),
    }
    .to_owned()
}

/// What a miss costs by the contract's rates.
fn penalty(
    contract: &Contract,
    (service, indicator): (&Service, &Indicator),
    lang: Lang,
) -> String {
    let rates = contract.penalties.iter().flat_map(|penalties| &penalties.rates);
    let own = rates.filter(|r| r.service == service.code && r.indicator == indicator.code);
    let number = |thousandths: u32| {
        let text = decimal(u128::from(thousandths), 3);
        let text = text.trim_end_matches('0').trim_end_matches('.').to_owned();
        if lang == Lang::It { text.replace('.', ",") } else { text }
    };
    let rates: Vec<String> = own
        .map(|rate| {
            let (rate, step) = (number(rate.micro_rate), number(rate.step_centi_points * 10));
            match lang {
                Lang::It => format!(
                    "penale di {rate} ‰ del valore del contratto ogni {step} punti percentuali di \
                     scostamento"
                ),
                Lang::En => format!(
                    "a penalty of {rate} ‰ of the contract's value for each {step} percentage \
                     points missed"
                ),
            }
        })
        .collect();
    if rates.is_empty() {
        let none = pick(lang, "il contratto non prevede penali", "the contract has no penalties");
        return none.to_owned();
    }
    rates.join("; ")
}

fn actions(penalty: &str, version: &RuleVersion, lang: Lang) -> String {
    let sheet = pick(
        lang,
        "se mancata: scheda di miglioramento con azioni e risorse",
        "if missed: an improvement sheet with actions and resources",
    );
    let missed = format!("{sheet}; {penalty}");
    match (&version.clause, lang) {
        (Some(clause), Lang::It) => format!("{missed} (clausola: {clause})"),
        (Some(clause), Lang::En) => format!("{missed} (clause: {clause})"),
        (None, _) => missed,
    }
}

fn validity(version: &RuleVersion, lang: Lang) -> String {
    let RuleVersion { version: number, valid_from, valid_until, .. } = version;
    let mut parts = vec![match lang {
        Lang::It => format!("versione {number}, dal {valid_from}"),
        Lang::En => format!("version {number}, from {valid_from}"),
    }];
    parts.extend(valid_until.map(|until| match lang {
        Lang::It => format!(" al {until} escluso"),
        Lang::En => format!(" until {until}, not included"),
    }));
    parts.extend(version.target_date.map(|date| match lang {
        Lang::It => format!("; soglia da raggiungere entro il {date}"),
        Lang::En => format!("; target to be reached by {date}"),
    }));
    parts.extend(version.approved_by.as_ref().map(|by| {
        let on = version.approved_on.map(|date| format!(" ({date})")).unwrap_or_default();
        match lang {
            Lang::It => format!("; approvata da {by}{on}"),
            Lang::En => format!("; approved by {by}{on}"),
        }
    }));
    parts.concat()
}

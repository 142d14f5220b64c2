//! The report's figures as long tables, for programs. Read [`datasets`] first.
//!
//! Codes of files and columns are the same in every language; values are those that are printed,
//! with a decimal point, and their integers.

use soglia_domain::text::Lang;
use soglia_domain::verdict::{TargetDirection, Verdict};

use super::cells;
use crate::document::{DataColumn, Dataset, Datum, Plot, PlotForm};
use crate::format::{self, say};
use crate::model::{
    Amount, DurationStats, Finding, IndicatorResult, ReportInput, ServiceReport, Unit,
};

type Row = Vec<Option<Datum>>;

/// Makes all datasets, also those without rows.
pub fn datasets(input: &ReportInput, lang: Lang) -> Vec<Dataset> {
    vec![
        indicators(input, lang),
        alternatives(input, lang),
        dispositions(input, lang),
        days(input, lang),
        months(input, lang),
        hours(input, lang),
        waits(input, lang),
        durations(input, lang),
        topics(input, lang),
        scenarios(input, lang),
    ]
}

/// Columns as code, Italian and English title.
type Columns<'a> = &'a [(&'static str, &'static str, &'static str)];

fn dataset(
    lang: Lang,
    code: &'static str,
    (title, about): (&str, &str),
    columns: Columns<'_>,
    rows: Vec<Row>,
) -> Dataset {
    let column = |(code, it, en): &(&'static str, &'static str, &'static str)| DataColumn {
        code,
        title: say(lang, it, en),
    };
    Dataset {
        code,
        title: title.to_owned(),
        about: about.to_owned(),
        columns: columns.iter().map(column).collect(),
        rows,
        plot: None,
    }
}

fn services(input: &ReportInput) -> impl Iterator<Item = &ServiceReport> {
    input.areas.iter().flat_map(|area| &area.services)
}

#[expect(clippy::unnecessary_wraps, reason = "values of a row are optional")]
fn words(text: impl Into<String>) -> Option<Datum> {
    Some(Datum::Text(text.into()))
}

#[expect(clippy::unnecessary_wraps, reason = "values of a row are optional")]
fn n(count: u64) -> Option<Datum> {
    Some(Datum::Count(count))
}

const SERVICE: (&str, &str, &str) = ("servizio", "Servizio", "Service");
const INDICATOR: (&str, &str, &str) = ("indicatore", "Indicatore", "Indicator");

fn indicators(input: &ReportInput, lang: Lang) -> Dataset {
    let rows = services(input)
        .flat_map(|service| service.indicators.iter().map(move |result| (service, result)))
        .map(|(service, result)| indicator_row(lang, service, result));
    dataset(
        lang,
        "indicatori",
        (
            say(lang, "Indicatori del contratto", "Indicators of the contract"),
            say(
                lang,
                "Una riga per servizio e indicatore: valore misurato, conteggi, obiettivo, esito.",
                "One row for each service and indicator: value, counts, target, verdict.",
            ),
        ),
        &[
            SERVICE,
            INDICATOR,
            ("nome", "Nome", "Name"),
            ("numeratore", "Numeratore", "Numerator"),
            ("denominatore", "Denominatore", "Denominator"),
            ("valore", "Valore", "Value"),
            ("unita", "Unità di misura", "Unit"),
            ("verso", "Verso dell'obiettivo", "Direction of the target"),
            ("obiettivo", "Obiettivo", "Target"),
            ("esito", "Esito", "Verdict"),
            ("motivo_na", "Motivo se non applicabile", "Reason if not applicable"),
            ("provvisorio", "Provvisorio", "Provisional"),
            ("completezza", "Completezza dei dati (%)", "Completeness of data (%)"),
            ("versione_regola", "Versione della regola", "Version of the rule"),
            ("regola_dal", "Regola in vigore dal", "Rule in force since"),
        ],
        rows.collect(),
    )
}

fn indicator_row(lang: Lang, service: &ServiceReport, result: &IndicatorResult) -> Row {
    let (met, counted) = result.ratio.map_or((None, None), |(met, all)| (n(met), n(all)));
    let unit = result.value.as_ref().map_or(result.target.bound.unit, |value| value.unit);
    let direction = match (result.target.direction, result.target.inclusive) {
        (TargetDirection::AtLeast, true) => ">=",
        (TargetDirection::AtLeast, false) => ">",
        (TargetDirection::AtMost, true) => "<=",
        (TargetDirection::AtMost, false) => "<",
    };
    let reason = match &result.verdict {
        Verdict::Na(reason) => words(format::na_reason(lang, *reason)),
        Verdict::Ok | Verdict::Ko => None,
    };
    let provisional =
        if result.provisional { say(lang, "sì", "yes") } else { say(lang, "no", "no") };
    let complete = result.completeness.clone().map(Datum::Percent);
    let (version, since) = result.rule_version;
    vec![
        words(service.name.get(lang)),
        words(&result.code),
        words(result.objective.get(lang)),
        met,
        counted,
        result.value.as_ref().map(cells::datum),
        words(unit_name(lang, unit)),
        words(direction),
        Some(cells::datum(&result.target.bound)),
        words(result.verdict.name()),
        reason,
        words(provisional),
        complete,
        n(version.into()),
        Some(Datum::Date(since)),
    ]
}

const fn unit_name(lang: Lang, unit: Unit) -> &'static str {
    match unit {
        Unit::Percent => "%",
        Unit::ServiceHours => say(lang, "ore lavorative", "service hours"),
        Unit::Hours => say(lang, "ore", "hours"),
        Unit::Minutes => say(lang, "minuti", "minutes"),
        Unit::Seconds => say(lang, "secondi", "seconds"),
        Unit::Count => say(lang, "numero", "count"),
    }
}

fn alternatives(input: &ReportInput, lang: Lang) -> Dataset {
    let mut rows = Vec::new();
    for service in services(input) {
        for result in &service.indicators {
            for other in &result.sensitivity {
                let reading = other.rule.get(lang);
                let entry = (&other.value, other.ratio, &other.verdict);
                rows.push(alternative_row(lang, service, (&result.code, reading), entry));
                for one in &other.together {
                    let entry = (&one.value, one.ratio, &one.verdict);
                    rows.push(alternative_row(lang, service, (&one.code, reading), entry));
                }
            }
        }
    }
    dataset(
        lang,
        "letture-alternative",
        (
            say(lang, "Letture alternative delle regole", "Other readings of the rules"),
            say(
                lang,
                "Una riga per lettura discussa di una regola: che cosa darebbero gli stessi dati.",
                "One row for each disputed reading of a rule: what the same data would give.",
            ),
        ),
        &[
            SERVICE,
            INDICATOR,
            ("lettura", "Lettura", "Reading"),
            ("numeratore", "Numeratore", "Numerator"),
            ("denominatore", "Denominatore", "Denominator"),
            ("valore", "Valore", "Value"),
            ("esito", "Esito", "Verdict"),
        ],
        rows,
    )
}

fn alternative_row(
    lang: Lang,
    service: &ServiceReport,
    (code, reading): (&str, &str),
    (value, ratio, verdict): (&Option<Amount>, Option<(u64, u64)>, &Verdict),
) -> Row {
    let (met, counted) = ratio.map_or((None, None), |(met, all)| (n(met), n(all)));
    vec![
        words(service.name.get(lang)),
        words(code),
        words(reading),
        met,
        counted,
        value.as_ref().map(cells::datum),
        words(verdict.name()),
    ]
}

fn dispositions(input: &ReportInput, lang: Lang) -> Dataset {
    let rows = services(input).flat_map(|service| {
        let name = service.name.get(lang);
        let rows = service.dispositions.rows.iter();
        rows.map(move |row| vec![words(name), words(row.name.get(lang)), n(row.n)])
    });
    dataset(
        lang,
        "chiamate-per-esito",
        (
            say(lang, "Chiamate per esito", "Calls by what became of them"),
            say(
                lang,
                "Una riga per servizio ed esito: la somma è il numero di chiamate arrivate.",
                "One row for each service and outcome; they add up to the calls that arrived.",
            ),
        ),
        &[
            SERVICE,
            ("esito_chiamata", "Esito della chiamata", "What became of the call"),
            ("chiamate", "Chiamate", "Calls"),
        ],
        rows.collect(),
    )
}

fn days(input: &ReportInput, lang: Lang) -> Dataset {
    let mut rows = Vec::new();
    for (service, finding) in findings(input) {
        let Finding::Daily(daily) = finding else { continue };
        rows.extend(daily.days.iter().map(|day| {
            vec![
                words(service.name.get(lang)),
                Some(Datum::Date(day.date)),
                n(day.n_calls),
                words(&daily.indicator),
                n(day.met),
                n(day.counted),
                cells::percent(day.met, day.counted),
            ]
        }));
    }
    let mut days = dataset(
        lang,
        "chiamate-al-giorno",
        (
            say(lang, "Chiamate al giorno", "Calls a day"),
            say(
                lang,
                "Una riga per servizio e giorno: chiamate arrivate e valore giornaliero \
                 dell'indicatore.",
                "One row for each service and day: calls arrived and the indicator's daily value.",
            ),
        ),
        &[
            SERVICE,
            ("giorno", "Giorno", "Day"),
            ("chiamate", "Chiamate arrivate", "Calls arrived"),
            INDICATOR,
            ("numeratore", "Numeratore", "Numerator"),
            ("denominatore", "Denominatore", "Denominator"),
            ("quota", "Quota", "Share"),
        ],
        rows,
    );
    days.plot = Some(Plot { form: PlotForm::Lines, categories: 1, series: vec![2] });
    days
}

fn months(input: &ReportInput, lang: Lang) -> Dataset {
    let mut rows = Vec::new();
    for (service, finding) in findings(input) {
        let Finding::MonthlyShare(monthly) = finding else { continue };
        rows.extend(monthly.months.iter().map(|month| {
            vec![
                words(service.name.get(lang)),
                words(&monthly.indicator),
                words(month.month.strftime("%Y-%m").to_string()),
                n(month.met),
                n(month.counted),
                cells::percent(month.met, month.counted),
            ]
        }));
    }
    dataset(
        lang,
        "indicatori-al-mese",
        (
            say(lang, "Indicatori mese per mese", "Indicators month by month"),
            say(
                lang,
                "Una riga per servizio, indicatore e mese.",
                "One row for each service, indicator and month.",
            ),
        ),
        &[
            SERVICE,
            INDICATOR,
            ("mese", "Mese", "Month"),
            ("numeratore", "Numeratore", "Numerator"),
            ("denominatore", "Denominatore", "Denominator"),
            ("quota", "Quota", "Share"),
        ],
        rows,
    )
}

fn hours(input: &ReportInput, lang: Lang) -> Dataset {
    let mut rows = Vec::new();
    for (service, finding) in findings(input) {
        let Finding::HourProfile(profile) = finding else { continue };
        for (day, counts) in (1_u64..).zip(&profile.counts) {
            let counts = (0_u64..).zip(counts).filter(|(_, calls)| 0 < **calls);
            rows.extend(counts.map(|(hour, calls)| {
                vec![words(service.name.get(lang)), n(day), n(hour), n(*calls)]
            }));
        }
    }
    dataset(
        lang,
        "chiamate-per-ora",
        (
            say(lang, "Chiamate per giorno della settimana e ora", "Calls by weekday and hour"),
            say(
                lang,
                "Una riga per servizio, giorno della settimana (1 = lunedì) e ora di arrivo, se ci \
                 sono chiamate.",
                "One row for each service, weekday (1 = Monday) and hour of arrival with calls.",
            ),
        ),
        &[
            SERVICE,
            ("giorno_settimana", "Giorno della settimana", "Weekday"),
            ("ora", "Ora", "Hour"),
            ("chiamate", "Chiamate", "Calls"),
        ],
        rows,
    )
}

fn waits(input: &ReportInput, lang: Lang) -> Dataset {
    let mut rows = Vec::new();
    for (service, finding) in findings(input) {
        let Finding::Waits(waits) = finding else { continue };
        rows.extend(waits.bins.iter().map(|bin| {
            let (from, to) = (seconds(bin.from_ms), bin.to_ms.and_then(seconds));
            vec![words(service.name.get(lang)), from, to, n(bin.n)]
        }));
    }
    dataset(
        lang,
        "attese",
        (
            say(lang, "Attese delle chiamate risposte", "Waits of answered calls"),
            say(
                lang,
                "Una riga per classe di attesa, in secondi: oltre il primo valore e fino al \
                 secondo.",
                "One row for each class of waits, in seconds: over the first, up to the second.",
            ),
        ),
        &[
            SERVICE,
            ("oltre_s", "Oltre (s)", "Over (s)"),
            ("fino_a_s", "Fino a (s)", "Up to (s)"),
            ("chiamate", "Chiamate risposte", "Answered calls"),
        ],
        rows,
    )
}

fn durations(input: &ReportInput, lang: Lang) -> Dataset {
    let mut rows = Vec::new();
    for (service, finding) in findings(input) {
        let name = service.name.get(lang);
        match finding {
            Finding::DurationTrend(trend) => {
                rows.extend(trend.months.iter().filter_map(|(month, stats)| {
                    let month = month.strftime("%Y-%m").to_string();
                    Some(stats_row(name, &month, "", (*stats)?))
                }));
            }
            Finding::BookingSystems(systems) => {
                rows.extend(
                    systems
                        .iter()
                        .map(|system| stats_row(name, "", system.system.get(lang), system.stats)),
                );
            }
            _ => {}
        }
    }
    dataset(
        lang,
        "durate",
        (
            say(lang, "Durata dei contatti", "Duration of contacts"),
            say(
                lang,
                "Una riga per servizio e mese, oppure per servizio e sistema di prenotazione; \
                 durate in secondi.",
                "One row for each service and month, or service and booking system; in seconds.",
            ),
        ),
        &[
            SERVICE,
            ("mese", "Mese", "Month"),
            ("sistema", "Sistema di prenotazione", "Booking system"),
            ("contatti", "Contatti", "Contacts"),
            ("media_s", "Media (s)", "Mean (s)"),
            ("mediana_s", "Mediana (s)", "Median (s)"),
            ("p90_s", "90° percentile (s)", "90th percentile (s)"),
            ("p95_s", "95° percentile (s)", "95th percentile (s)"),
            ("massimo_s", "Massimo (s)", "Maximum (s)"),
        ],
        rows,
    )
}

fn stats_row(service: &str, month: &str, system: &str, stats: DurationStats) -> Row {
    let DurationStats { n: contacts, mean_ms, p50_ms, p90_ms, p95_ms, max_ms } = stats;
    let given = |text: &str| if text.is_empty() { None } else { words(text) };
    let mut row = vec![words(service), given(month), given(system), n(contacts)];
    row.extend([mean_ms, p50_ms, p90_ms, p95_ms, max_ms].map(seconds));
    row
}

fn topics(input: &ReportInput, lang: Lang) -> Dataset {
    let mut rows = Vec::new();
    for (service, finding) in findings(input) {
        let Finding::Topics(topics) = finding else { continue };
        for row in &topics.rows {
            for ((first, last), calls) in [(topics.before, row.before), (topics.after, row.after)] {
                rows.push(vec![
                    words(service.name.get(lang)),
                    words(row.topic.get(lang)),
                    Some(Datum::Date(first)),
                    Some(Datum::Date(last)),
                    n(calls),
                ]);
            }
        }
    }
    dataset(
        lang,
        "argomenti",
        (
            say(lang, "Richieste per argomento", "Requests by topic"),
            say(
                lang,
                "Una riga per servizio, argomento e periodo confrontato.",
                "One row for each service, topic and period compared.",
            ),
        ),
        &[
            SERVICE,
            ("argomento", "Argomento", "Topic"),
            ("dal", "Dal", "From"),
            ("al", "Al", "To"),
            ("richieste", "Richieste", "Requests"),
        ],
        rows,
    )
}

fn scenarios(input: &ReportInput, lang: Lang) -> Dataset {
    let mut rows = Vec::new();
    for study in &input.scenarios {
        let yes = if study.gate.holds() { say(lang, "sì", "yes") } else { say(lang, "no", "no") };
        for indicator in &study.indicators {
            rows.extend(indicator.rows.iter().map(|row| {
                let (num, den) = row.ratio;
                let differs = row.difference.as_ref();
                let decimal = |text: Option<&String>| text.cloned().map(Datum::Decimal);
                vec![
                    words(study.name.get(lang)),
                    words(&indicator.code),
                    words(row.name.get(lang)),
                    n(num),
                    n(den),
                    row.value.clone().map(Datum::Percent),
                    row.met.and_then(|met| words(if met { "OK" } else { "KO" })),
                    row.probability.clone().map(Datum::Percent),
                    decimal(differs.and_then(|d| d.total.as_ref())),
                    decimal(differs.and_then(|d| d.half_width.as_ref())),
                    decimal(differs.and_then(|d| d.fixed_mix.as_ref())),
                    words(yes),
                ]
            }));
        }
    }
    dataset(
        lang,
        "scenari",
        (
            say(lang, "Scenari provati", "Scenarios tried"),
            say(
                lang,
                "Una riga per servizio, indicatore e scenario: conteggi simulati, differenze in \
                 punti dal presente simulato.",
                "One row for each service, indicator and scenario: simulated counts, differences \
                 in points from the simulated present.",
            ),
        ),
        &[
            SERVICE,
            INDICATOR,
            ("scenario", "Scenario", "Scenario"),
            ("numeratore", "Numeratore", "Numerator"),
            ("denominatore", "Denominatore", "Denominator"),
            ("quota", "Quota", "Share"),
            ("esito", "Esito", "Verdict"),
            ("probabilita", "Probabilità di raggiungere l'obiettivo", "Probability of the target"),
            ("differenza", "Differenza (punti)", "Difference (points)"),
            ("semiampiezza", "Semiampiezza al 95% (punti)", "Half-width at 95% (points)"),
            ("pari_composizione", "A pari composizione (punti)", "At fixed mix (points)"),
            ("calibrato", "Calibrato", "Calibrated"),
        ],
        rows,
    )
}

fn findings(input: &ReportInput) -> impl Iterator<Item = (&ServiceReport, &Finding)> {
    services(input).flat_map(|service| service.findings.iter().map(move |one| (service, one)))
}

/// Milliseconds as seconds, with as many decimals as there are.
#[expect(clippy::unnecessary_wraps, reason = "values of a row are optional")]
fn seconds(millis: u64) -> Option<Datum> {
    let decimal = format!("{}.{:03}", millis / 1000, millis % 1000);
    let decimal = decimal.trim_end_matches('0').trim_end_matches('.');
    Some(Datum::Decimal(decimal.to_owned()))
}

//! What changes would do: the chapter of scenarios. Read [`write`] first, then [`study`].
//!
//! Scenarios are called by letters, so that tables with a column for each stay narrow.

use soglia_domain::text::Lang;
use soglia_domain::verdict::Verdict;

use super::{Outline, cells, verdicts};
use crate::chart::bars::{self, Bar, Bars, Kind};
use crate::document::{
    Block, Cell, Column, Datum, Figure, Plot, PlotForm, Table, TableStyle, Tone,
};
use crate::format::{decimal, integer, not_applicable, say, target, verdict};
use crate::model::{
    ReportInput, ScenarioDifference, ScenarioFloor, ScenarioGate, ScenarioIndicator,
    ScenarioLikeness, ScenarioRow, ScenarioStudy, Status, Unit,
};

/// Writes the chapter; it says so where nobody asked for a scenario.
pub fn write(outline: &mut Outline, input: &ReportInput) {
    let lang = outline.lang;
    outline.open(1, "scenari", say(lang, "Scenari", "Scenarios"));
    if input.scenarios.is_empty() {
        outline.status(&Status::None);
        return;
    }
    outline.para(say(
        lang,
        "Che cosa farebbe un cambiamento, provato sulla storia del servizio prima di farlo: le \
         stesse settimane, le stesse chiamate, gli indicatori del contratto. Accanto c'è quanto il \
         simulatore sbaglia quando rigioca quel che è successo davvero.",
        "What a change would do, played on the service's own history before it is made: the same \
         weeks, the same calls, the contract's indicators. Beside it stands how far off the \
         simulator is when it plays what really happened.",
    ));
    for one in &input.scenarios {
        study(outline, one);
    }
}

/// Writes one service's study.
pub fn study(outline: &mut Outline, study: &ScenarioStudy) {
    let lang = outline.lang;
    let code = &study.service;
    outline.open(2, format!("scenari-{code}"), study.name.get(lang));
    for text in &study.basis {
        outline.para(text.get(lang));
    }
    verdict_of(outline, &study.gate);
    outline.push(Block::Table(past(lang, study)));
    for indicator in &study.indicators {
        let title = format!("{} – {}", indicator.code, indicator.name.get(lang));
        outline.open(3, format!("scenari-{code}-{}", indicator.code), title);
        outline.push(Block::Figure(figure(lang, code, indicator)));
        outline.push(Block::Table(marked(lang, study, values(lang, code, indicator))));
        if indicator.rows.iter().any(|row| row.difference.as_ref().is_some_and(|d| d.misleads)) {
            outline.push(Block::remark(Tone::Attention, misled(lang)));
        }
    }
    outline.open(3, format!("scenari-{code}-sala"), say(lang, "In sala", "On the floor"));
    outline.push(Block::Table(marked(lang, study, floor(lang, study))));
    outline.open(3, format!("scenari-{code}-argomenti"), say(lang, "Per argomento", "By topic"));
    for indicator in &study.indicators {
        outline.push(Block::Table(marked(lang, study, topics(lang, code, indicator))));
    }
    if !study.gate.calibrated {
        differing(outline, code, &study.gate);
    }
    if !study.remarks.is_empty() {
        outline.open(3, format!("scenari-{code}-note"), say(lang, "Da sapere", "To be known"));
        let items = study.remarks.iter().map(|text| text.get(lang).to_owned()).collect();
        outline.push(Block::List { items });
    }
}

/// A table that says what it is worth, for whoever meets it by itself.
fn marked(lang: Lang, study: &ScenarioStudy, mut table: Table) -> Table {
    if !study.gate.calibrated {
        table.caption.push_str(say(lang, " (non calibrato)", " (not calibrated)"));
    }
    table
}

const fn misled(lang: Lang) -> &'static str {
    say(
        lang,
        "! Il totale si muove al contrario degli argomenti, perché cambia il loro peso (paradosso \
         di Simpson): vale la colonna a pari composizione.",
        "! The total moves against the topics, because their weights change (Simpson's paradox): \
         read the column at fixed mix.",
    )
}

/// The gate's answer, in one sentence.
fn verdict_of(outline: &mut Outline, gate: &ScenarioGate) {
    let lang = outline.lang;
    let ScenarioGate { calibrated, outside, judged, miss, .. } = gate;
    let miss = decimal(lang, miss);
    let (tone, text) = match (calibrated, lang) {
        (true, Lang::It) => (
            Tone::Good,
            format!(
                "Calibrato: rigiocate, le settimane ridanno quel che è successo ({judged} \
                 confronti nei limiti, ore a {miss} punti di media)."
            ),
        ),
        (true, Lang::En) => (
            Tone::Good,
            format!(
                "Calibrated: played again, the weeks give back what happened ({judged} \
                 comparisons within their limits, hours {miss} points off on average)."
            ),
        ),
        (false, Lang::It) => (
            Tone::Attention,
            format!(
                "Non calibrato: rigiocate, le settimane si scostano da quel che è successo in \
                 {outside} confronti su {judged}; le ore di {miss} punti in media. Le differenze \
                 tra scenari dicono il verso, non la misura esatta."
            ),
        ),
        (false, Lang::En) => (
            Tone::Attention,
            format!(
                "Not calibrated: played again, the weeks differ from what happened in {outside} \
                 of {judged} comparisons; hours by {miss} points on average. Differences between \
                 scenarios tell the direction, not the exact size."
            ),
        ),
    };
    outline.push(Block::remark(tone, text));
    if let Some(likeness) = &gate.likeness {
        let tone = if likeness.holds { Tone::Good } else { Tone::Attention };
        outline.push(Block::remark(tone, like_observed(lang, likeness)));
    }
}

/// Whether drawn weeks are like those observed, in a sentence.
fn like_observed(lang: Lang, likeness: &ScenarioLikeness) -> String {
    let ScenarioLikeness { holds, weeks: (weeks, of_weeks), days: (days, of_days) } = likeness;
    let inside = match lang {
        Lang::It => format!(
            "dove cadono 95 estratte su 100 stanno {weeks} settimane osservate su {of_weeks} e \
             {days} giorni su {of_days}"
        ),
        Lang::En => format!(
            "{weeks} of {of_weeks} weeks observed and {days} of {of_days} days lie where 95 of \
             100 drawn ones do"
        ),
    };
    match (holds, lang) {
        (true, Lang::It) => format!("Settimane estratte simili a quelle osservate: {inside}."),
        (true, Lang::En) => format!("Weeks drawn are like those observed: {inside}."),
        (false, Lang::It) => format!(
            "Non calibrato: le settimane estratte non somigliano a quelle osservate ({inside}). \
             Il presente simulato non è quello vero: contano le differenze, e solo per il verso."
        ),
        (false, Lang::En) => format!(
            "Not calibrated: weeks drawn are not like those observed ({inside}). The simulated \
             present is not the true one: differences count, and only for their direction."
        ),
    }
}

/// A number of per cent, with its sign.
fn percent(lang: Lang, value: Option<&String>) -> Cell {
    match value {
        Some(value) => {
            Cell::text(format!("{}%", decimal(lang, value))).with(Datum::Percent(value.clone()))
        }
        None => Cell::text(not_applicable(lang)),
    }
}

/// Points with their sign, and half the width of their interval.
fn points(lang: Lang, value: &str, half_width: Option<&String>) -> Cell {
    let signed = signed(lang, value);
    let text = match half_width {
        Some(half) => format!("{signed} ± {}", decimal(lang, half)),
        None => signed,
    };
    let mut cell = Cell::text(text).with(Datum::Decimal(value.to_owned()));
    cell.data.extend(half_width.cloned().map(Datum::Decimal));
    cell
}

/// The same where there may be nothing to compare.
fn points_or_none(lang: Lang, value: Option<&String>, half_width: Option<&String>) -> Cell {
    value.map_or_else(|| Cell::text(not_applicable(lang)), |value| points(lang, value, half_width))
}

fn signed(lang: Lang, value: &str) -> String {
    let plus = if value.starts_with('-') { "" } else { "+" };
    format!("{plus}{}", decimal(lang, value))
}

/// How far off the simulator is on what happened.
fn past(lang: Lang, study: &ScenarioStudy) -> Table {
    let rows = study.indicators.iter().map(|indicator| {
        let observed = indicator.observed.and_then(|(met, counted)| {
            let share = 100.0 * met as f64 / counted as f64;
            (0 < counted).then(|| format!("{share:.2}"))
        });
        let replayed = indicator.rows.first().and_then(|row| row.value.clone());
        let error = observed.as_ref().zip(replayed.as_ref()).and_then(|(seen, played)| {
            Some(played.parse::<f64>().ok()? - seen.parse::<f64>().ok()?)
        });
        let error = error.map_or_else(
            || Cell::text(not_applicable(lang)),
            |error| points(lang, &format!("{error:.2}"), None),
        );
        vec![
            Cell::head(&indicator.code),
            percent(lang, observed.as_ref()),
            percent(lang, replayed.as_ref()),
            error,
        ]
    });
    Table {
        id: format!("t-scenari-{}-passato", study.service),
        caption: match lang {
            Lang::It => format!("Errore sul passato: {}", study.name.get(lang)),
            Lang::En => format!("Error made on the past: {}", study.name.get(lang)),
        },
        columns: vec![
            Column::text(say(lang, "Indicatore", "Indicator"), 2.0),
            Column::number(say(lang, "Osservato", "Observed"), 2.0),
            Column::number(say(lang, "Simulato com'era", "Simulated as it was"), 2.0),
            Column::number(say(lang, "Errore (punti)", "Error (points)"), 2.0),
        ],
        rows: rows.collect(),
        style: TableStyle::Plain,
    }
}

/// The letter of a row: none for the present, then A, B, C.
fn letter(nth: usize) -> Option<char> {
    let at = u32::try_from(nth.checked_sub(1)?).ok()?;
    char::from_u32(u32::from('A') + at).filter(char::is_ascii_uppercase)
}

fn called(lang: Lang, nth: usize, row: &ScenarioRow) -> String {
    let name = row.name.get(lang);
    letter(nth).map_or_else(|| name.to_owned(), |letter| format!("{letter} · {name}"))
}

fn number(value: Option<&String>) -> Option<f64> {
    value.and_then(|value| value.parse().ok())
}

/// Now and each scenario, drawn beside the target.
fn figure(lang: Lang, code: &str, indicator: &ScenarioIndicator) -> Figure {
    let (id, of) = (format!("f-scenari-{code}-{}", indicator.code), &indicator.code);
    let caption = match lang {
        Lang::It => format!("{of} oggi e in ogni scenario, con l'intervallo al 95%"),
        Lang::En => format!("{of} today and in each scenario, with its 95% interval"),
    };
    let shown = |row: &ScenarioRow| percent(lang, row.value.as_ref()).lines.join(" ");
    let bar = |(nth, row): (usize, &ScenarioRow)| {
        let value = number(row.value.as_ref())?;
        let half = number(row.half_width.as_ref());
        Some(Bar {
            name: called(lang, nth, row),
            value: (value, shown(row)),
            range: half.map(|half| ((value - half).max(0.0), (value + half).min(100.0))),
            kind: if nth == 0 { Kind::Now } else { Kind::Would },
        })
    };
    let bound = Some(&indicator.target.bound).filter(|bound| bound.unit == Unit::Percent);
    let bound = bound.and_then(|bound| bound.decimal.parse().ok());
    let promised = target(lang, &indicator.target);
    let said: Vec<String> = indicator
        .rows
        .iter()
        .map(|row| format!("{}: {}", row.name.get(lang), shown(row)))
        .collect();
    let label = say(lang, "obiettivo", "target");
    let alt = format!("{} ({label}: {promised}). {}.", indicator.name.get(lang), said.join("; "));
    let drawing = Bars {
        rows: indicator.rows.iter().enumerate().filter_map(bar).collect(),
        bound: bound.map(|bound| (bound, promised)),
    };
    let svg = bars::draw(&id, (&caption, &alt), &drawing);
    let rows = indicator.rows.iter().enumerate().map(|(nth, row)| {
        let mut half = Cell::text(not_applicable(lang));
        if let Some(width) = &row.half_width {
            half = Cell::text(format!("± {}", decimal(lang, width)));
            half.data.push(Datum::Decimal(width.clone()));
        }
        vec![Cell::head(called(lang, nth, row)), percent(lang, row.value.as_ref()), half]
    });
    let table = Table {
        id: format!("t-scenari-{code}-{of}-figura"),
        caption: caption.clone(),
        columns: vec![
            Column::text(say(lang, "Scenario", "Scenario"), 5.0),
            Column::number(of.clone(), 2.0),
            Column::number(say(lang, "Intervallo (punti)", "Interval (points)"), 2.0),
        ],
        rows: rows.collect(),
        style: TableStyle::Plain,
    };
    let plot = Some(Plot { form: PlotForm::Columns, categories: 0, series: vec![1] });
    Figure { id, caption, alt, svg, table, plot }
}

/// Values, verdicts, probabilities and differences.
fn values(lang: Lang, code: &str, indicator: &ScenarioIndicator) -> Table {
    let rows = indicator.rows.iter().enumerate().map(|(nth, row)| {
        let judged = match row.met {
            Some(true) => Verdict::Ok,
            Some(false) => Verdict::Ko,
            None => Verdict::Na(soglia_domain::verdict::NaReason::NoActivity),
        };
        let verdict = Cell::badge(verdict(lang, &judged), verdicts::tone(&judged));
        let dash = || Cell::text("–");
        let (total, mix) = row.difference.as_ref().map_or_else(
            || (dash(), dash()),
            |ScenarioDifference { total, half_width, fixed_mix, misleads }| {
                let mut mix = points_or_none(lang, fixed_mix.as_ref(), None);
                if *misleads {
                    mix.lines.push("!".to_owned());
                }
                (points_or_none(lang, total.as_ref(), half_width.as_ref()), mix)
            },
        );
        vec![
            Cell::head(called(lang, nth, row)),
            percent(lang, row.value.as_ref()),
            verdict,
            percent(lang, row.probability.as_ref()),
            total,
            mix,
        ]
    });
    let promised = target(lang, &indicator.target);
    Table {
        id: format!("t-scenari-{code}-{}", indicator.code),
        caption: match lang {
            Lang::It => format!("{}, obiettivo {promised}: oggi e scenari", indicator.code),
            Lang::En => format!("{}, target {promised}: today and scenarios", indicator.code),
        },
        columns: vec![
            Column::text(say(lang, "Scenario", "Scenario"), 4.4),
            Column::number(say(lang, "Valore", "Value"), 1.5),
            Column::text(say(lang, "Esito", "Verdict"), 1.2),
            Column::number(
                say(lang, "Probabilità di raggiungerlo", "Probability of meeting it"),
                2.0,
            ),
            Column::number(say(lang, "Differenza (punti)", "Difference (points)"), 2.4)
                .of([say(lang, "valore", "value"), say(lang, "semiampiezza", "half-width")]),
            Column::number(say(lang, "A pari composizione", "At fixed mix"), 2.0),
        ],
        rows: rows.collect(),
        style: TableStyle::Plain,
    }
}

fn floor(lang: Lang, study: &ScenarioStudy) -> Table {
    let row = |(nth, one): (usize, &ScenarioFloor)| {
        let name = one.name.get(lang);
        let name =
            letter(nth).map_or_else(|| name.to_owned(), |letter| format!("{letter} · {name}"));
        let wait = one.wait_secs.as_ref().map_or_else(
            || Cell::text(not_applicable(lang)),
            |secs| {
                Cell::text(format!("{} s", decimal(lang, secs))).with(Datum::Decimal(secs.clone()))
            },
        );
        let worst = one.worst.as_ref().map_or_else(
            || Cell::text(not_applicable(lang)),
            |(at, share)| {
                Cell::text(format!("{}: {}%", at.get(lang), decimal(lang, share)))
                    .with(Datum::Percent(share.clone()))
            },
        );
        let calls = Cell::text(integer(lang, one.calls)).with(Datum::Count(one.calls));
        vec![
            Cell::head(name),
            calls,
            cells::count(lang, one.redials),
            cells::count(lang, one.contained),
            cells::count(lang, one.call_backs),
            percent(lang, one.abandoned.as_ref()),
            wait,
            percent(lang, one.occupancy.as_ref()),
            cells::count(lang, one.hours),
            worst,
        ]
    };
    Table {
        id: format!("t-scenari-{}-sala", study.service),
        caption: match lang {
            Lang::It => format!("Una settimana in sala: {}", study.name.get(lang)),
            Lang::En => format!("A week on the floor: {}", study.name.get(lang)),
        },
        columns: vec![
            Column::text(say(lang, "Scenario", "Scenario"), 2.4),
            Column::number(say(lang, "Chiamate", "Calls"), 1.7),
            Column::number(say(lang, "Richiamate", "Redials"), 1.9),
            Column::number("IVR", 1.1),
            Column::number(say(lang, "Ricontatti", "Call-backs"), 1.8),
            Column::number(say(lang, "Abbandoni", "Abandoned"), 1.9),
            Column::number(say(lang, "Attesa", "Wait"), 1.4),
            Column::number(say(lang, "Occupazione", "Occupancy"), 2.2),
            Column::number(say(lang, "Ore operatore", "Operator hours"), 1.7),
            Column::number(say(lang, "Quarto d'ora peggiore", "Worst quarter-hour"), 2.0),
        ],
        rows: study.floor.iter().enumerate().map(row).collect(),
        style: TableStyle::Dense,
    }
}

fn topics(lang: Lang, code: &str, indicator: &ScenarioIndicator) -> Table {
    let scenarios = indicator.rows.len().saturating_sub(1);
    let mut columns = vec![
        Column::text(say(lang, "Argomento", "Topic"), 3.0),
        Column::number(say(lang, "Quota", "Share"), 1.4),
        Column::number(say(lang, "Oggi", "Today"), 1.6),
    ];
    let letters = (1..=scenarios).map(|nth| letter(nth).map_or_else(String::new, String::from));
    columns.extend(letters.map(|letter| Column::number(letter, 2.0)));
    let rows = indicator.topics.iter().map(|topic| {
        let mut row = vec![
            Cell::head(topic.name.get(lang)),
            percent(lang, Some(&topic.share)),
            percent(lang, topic.now.as_ref()),
        ];
        let difference = |nth: usize| {
            let known = topic.differences.get(nth).and_then(Option::as_ref);
            let (value, half) = known.map(|(value, half)| (value, half.as_ref())).unzip();
            points_or_none(lang, value, half.flatten())
        };
        row.extend((0..scenarios).map(difference));
        row
    });
    Table {
        id: format!("t-scenari-{code}-{}-argomenti", indicator.code),
        caption: match lang {
            Lang::It => format!("{} per argomento: oggi, e di quanti punti cambia", indicator.code),
            Lang::En => {
                format!("{} by topic: today, and by how many points it changes", indicator.code)
            }
        },
        columns,
        rows: rows.collect(),
        style: TableStyle::Dense,
    }
}

/// Where playing again differs from what happened, and what would explain it.
fn differing(outline: &mut Outline, code: &str, gate: &ScenarioGate) {
    let lang = outline.lang;
    let title =
        say(lang, "Dove la rigiocata si scosta, e perché", "Where playing again differs, and why");
    outline.open(3, format!("scenari-{code}-scarti"), title);
    let rows = gate.worst.iter().map(|hour| {
        vec![
            Cell::head(hour.at.get(lang)),
            cells::count(lang, hour.calls),
            percent(lang, Some(&hour.observed)),
            percent(lang, Some(&hour.replayed)),
            points(lang, &hour.difference, None),
        ]
    });
    outline.push(Block::Table(Table {
        id: format!("t-scenari-{code}-ore"),
        caption: say(lang, "Ore che si scostano di più", "Hours that differ most").to_owned(),
        columns: vec![
            Column::text(say(lang, "Giorno e ora", "Day and hour"), 3.0),
            Column::number(say(lang, "Chiamate", "Calls"), 1.5),
            Column::number(say(lang, "Osservato", "Observed"), 1.8),
            Column::number(say(lang, "Rigiocato", "Replayed"), 1.8),
            Column::number(say(lang, "Punti", "Points"), 1.5),
        ],
        rows: rows.collect(),
        style: TableStyle::Plain,
    }));
    if gate.causes.is_empty() {
        let text = say(
            lang,
            "Nessuna delle cause provate spiega gli scarti.",
            "None of the causes tried explains the differences.",
        );
        outline.push(Block::remark(Tone::Attention, text));
        return;
    }
    let miss = decimal(lang, &gate.miss);
    outline.para(match lang {
        Lang::It => format!(
            "Cause provate rigiocando le settimane con ciascuna; accanto, di quanti punti si \
             scostano ancora le ore in media (senza: {miss}):"
        ),
        Lang::En => format!(
            "Causes tried by playing the weeks again with each; beside it, by how many points \
             hours still differ on average (without: {miss}):"
        ),
    });
    let items = gate.causes.iter();
    let items = items.map(|(what, left)| format!("{}: {}", what.get(lang), decimal(lang, left)));
    outline.push(Block::List { items: items.collect() });
}

//! `soglia whatif`. Read [`run`] first.

use std::io::Write;

use soglia_app::history::quarter;
use soglia_app::whatif::document::{self, verdict};
use soglia_app::whatif::words::{self, title};
use soglia_app::whatif::{BATCH, Present};
use soglia_domain::period::weekday_name;
use soglia_domain::ratio::Ratio;
use soglia_domain::text::{Label, Lang};
use soglia_domain::verdict::{Bound, TargetDirection};
use soglia_sim::replay::{Causes, Gate};
use soglia_sim::replicate::{Estimate, Precision};
use soglia_sim::scenario::Scenario;
use soglia_sim::whatif::{Answers, Figures, Indicator, Likeness, Question, Source, answer};

use super::replay::{failed, gate, percent, points, present, say, threads, write_gate};
use super::{replay, scenario};
use crate::cli::{FigureFormat, WhatIf};
use crate::config::Settings;
use crate::error::{DONE, Done, Failure};
use crate::output::{Table, localised};

/// The narrowest interval that may be asked for, in points.
const HALF_WIDTH_MIN: f64 = 0.001;

/// Says what changes would do to the contract's figures.
pub async fn run(settings: &Settings, args: WhatIf) -> Done {
    let scenarios: Vec<Scenario> =
        args.scenario.iter().map(|path| scenario::read(path)).collect::<Result<_, _>>()?;
    if !(HALF_WIDTH_MIN..=100.0).contains(&args.half_width) {
        let text = format!("`--half-width` must be from {HALF_WIDTH_MIN} to 100 points");
        return Err(Failure::usage(text).hint("e.g. `--half-width 0.1`: a tenth of a point"));
    }
    let named = scenarios.iter().find_map(|s| s.service.clone());
    let asked = args.history.service.as_ref().or(named.as_ref());
    if let Some((path, other)) =
        args.scenario.iter().zip(&scenarios).find_map(|(path, scenario)| {
            let own = scenario.service.as_ref()?;
            (Some(own) != asked).then_some((path, own))
        })
    {
        let asked = asked.map_or("", String::as_str);
        let path = path.display();
        let text = format!("`{path}` is about service `{other}`, not about `{asked}`");
        return Err(Failure::usage(text).hint("ask about one service at a time"));
    }
    let (present, _) = present(settings, &args.history, (named.as_deref(), None)).await?;
    let least = if args.drawn { 2 } else { 2 * present.mondays.len() };
    if usize::try_from(args.weeks_max).is_ok_and(|most| most < least) {
        let text = format!("`--weeks-max` must be at least {least}, found `{}`", args.weeks_max);
        return Err(Failure::usage(text).hint(
            "each week is played twice at least, or nothing is known of how sure the answer is; \
             play fewer: `--weeks`",
        ));
    }
    say(settings, "Replaying the weeks …");
    let gate = gate(&present, &args.history, Causes::Try)?;
    let question = Question {
        learned: &present.learned,
        mondays: &present.mondays,
        base: &present.base,
        scenarios: &scenarios,
        indicators: &present.indicators,
        source: if args.drawn { Source::Drawn } else { Source::Recorded },
        precision: Precision {
            level: 0.95,
            half_width: args.half_width / 100.0,
            n_batch: BATCH,
            n_max: args.weeks_max,
        },
        seed: args.history.seed,
        threads: threads(&args.history),
    };
    let answers = answer(&question, &mut |weeks, width| progress(settings, weeks, width));
    let answers = answers.map_err(failed)?;
    let mut out = std::io::stdout().lock();
    match args.format {
        FigureFormat::Table => {
            replay::write_present(&mut out, &present, settings.lang)?;
            write_answers(&mut out, &present, &answers, settings.lang)?;
            write_gate(&mut out, &present, &gate, settings.lang)?;
            if let Some(likeness) = answers.likeness {
                write_likeness(&mut out, likeness, settings.lang)?;
            }
        }
        FigureFormat::Csv => lines(&present, &answers, &gate).print_csv(&mut out)?,
        FigureFormat::Json => {
            let text = serde_json::to_string_pretty(&document::answers(&present, &answers, &gate));
            writeln!(out, "{}", text.map_err(Failure::internal)?)?;
        }
    }
    Ok(DONE)
}

/// Says how many weeks have been played and how wide the widest interval is.
pub fn progress(settings: &Settings, weeks: u32, width: f64) {
    let sure =
        if width.is_finite() { format!(", ± {:.2} points", width * 100.0) } else { String::new() };
    say(settings, &format!("  {weeks} weeks played{sure}"));
}

fn interval(estimate: &Estimate, lang: Lang) -> String {
    if !estimate.half_width.is_finite() {
        return points(estimate.mean, lang);
    }
    let half = localised(&format!("{:.2}", estimate.half_width * 100.0), lang);
    format!("{} ± {half}", points(estimate.mean, lang))
}

/// A difference; nothing where there is nothing to count on one side.
fn difference(estimate: Option<&Estimate>, lang: Lang) -> String {
    estimate.map_or_else(|| "n/a".to_owned(), |estimate| interval(estimate, lang))
}

fn probability(p: Option<f64>, lang: Lang) -> String {
    p.map_or_else(|| "n/a".to_owned(), |p| percent(p, 0, lang))
}

fn target(indicator: &Indicator, lang: Lang) -> String {
    let sign = match indicator.target.direction {
        TargetDirection::AtLeast => "≥",
        TargetDirection::AtMost => "≤",
    };
    match indicator.target.bound {
        Bound::Share(share) => format!("{sign} {}", percent(value(share), 1, lang)),
        Bound::Duration(_) => String::new(),
    }
}

fn value(share: Ratio) -> f64 {
    share.num() as f64 / share.den() as f64
}

fn write_answers(
    out: &mut impl Write,
    present: &Present,
    answers: &Answers,
    lang: Lang,
) -> std::io::Result<()> {
    for (i, indicator) in present.indicators.iter().enumerate() {
        writeln!(
            out,
            "{} {} {}",
            indicator.code,
            indicator.name.get(lang),
            target(indicator, lang)
        )?;
        of_indicator(answers, i, lang).print(out)?;
        writeln!(out)?;
    }
    floor(answers, lang).print(out)?;
    writeln!(out)?;
    for (i, indicator) in present.indicators.iter().enumerate() {
        let text = Label::new("per argomento", "by topic");
        writeln!(out, "{} {}", indicator.code, text.get(lang))?;
        topics(present, answers, i, lang).print(out)?;
        writeln!(out)?;
    }
    write_remarks(out, present, answers, lang)
}

/// One indicator: the present, then each scenario.
fn of_indicator(answers: &Answers, i: usize, lang: Lang) -> Table {
    let mut table = Table::new(match lang {
        Lang::It => ["", "valore", "esito", "P(raggiunto)", "differenza", "a pari mix"],
        Lang::En => ["", "value", "verdict", "P(met)", "difference", "at fixed mix"],
    });
    if let Some(seen) = answers.observed.get(i) {
        let share = seen.share().map_or_else(|| "n/a".to_owned(), |s| percent(s, 2, lang));
        let name = Label::new("osservato", "observed").get(lang);
        table.row([name, &share, "", "", "", ""]);
    }
    let figure = |figures: &Figures| {
        let figure = figures.indicators.get(i);
        [
            figure
                .and_then(|f| f.counts.share())
                .map_or_else(|| "n/a".to_owned(), |share| percent(share, 2, lang)),
            verdict(figure.and_then(|f| f.met)).to_owned(),
            probability(figure.and_then(|f| f.p_met), lang),
        ]
    };
    let [share, met, p] = figure(&answers.base);
    let name = match answers.likeness {
        None => Label::new("oggi, simulato", "today, simulated"),
        Some(_) => Label::new("oggi, settimane estratte", "today, weeks drawn"),
    };
    let name = name.get(lang);
    table.row([name.to_owned(), share, met, p, String::new(), String::new()]);
    for answer in &answers.scenarios {
        let [share, met, p] = figure(&answer.figures);
        let Some(d) = answer.differences.get(i) else { continue };
        let warn = if d.mix_misleads { " !" } else { "" };
        let mix = d.fixed_mix.map_or_else(|| "n/a".to_owned(), |mix| points(mix, lang) + warn);
        table.row([title(answer, lang), share, met, p, difference(d.total.as_ref(), lang), mix]);
    }
    table
}

/// What it is like on the floor.
fn floor(answers: &Answers, lang: Lang) -> Table {
    let mut table = Table::new(match lang {
        Lang::It => [
            "",
            "chiamate",
            "richiamate",
            "IVR",
            "ricontatti",
            "abbandoni",
            "attesa",
            "occupazione",
            "ore operatore",
            "quarto d'ora peggiore",
        ],
        Lang::En => [
            "",
            "calls",
            "redials",
            "IVR",
            "call-backs",
            "abandoned",
            "wait",
            "occupancy",
            "operator hours",
            "worst quarter-hour",
        ],
    });
    let mut add = |name: String, f: &Figures| {
        let share = |s: Option<f64>| s.map_or_else(|| "n/a".to_owned(), |s| percent(s, 1, lang));
        let whole = |n: f64| format!("{n:.0}");
        let worst = f.worst_quarter.map_or_else(String::new, |(number, share)| {
            let (day, time) = quarter(number);
            format!("{} {time}: {}", weekday_name(lang, day), percent(share, 1, lang))
        });
        let wait = f.wait_secs.map_or_else(String::new, |secs| format!("{secs:.0} s"));
        table.row([
            name,
            whole(f.offered_per_week),
            whole(f.redials_per_week),
            whole(f.contained_per_week),
            whole(f.call_backs_per_week),
            share(f.abandoned),
            wait,
            share(f.occupancy),
            whole(f.operator_hours),
            worst,
        ]);
    };
    let today = Label::new("oggi, a settimana", "today, a week").get(lang);
    add(today.to_owned(), &answers.base);
    for answer in &answers.scenarios {
        add(title(answer, lang), &answer.figures);
    }
    table
}

/// One indicator by topic: the present, and each scenario's difference.
fn topics(present: &Present, answers: &Answers, i: usize, lang: Lang) -> Table {
    let mut headers = vec![
        String::new(),
        Label::new("quota", "share").get(lang).to_owned(),
        Label::new("oggi", "today").get(lang).to_owned(),
    ];
    headers.extend(answers.scenarios.iter().map(|answer| title(answer, lang)));
    let mut table = Table::new(headers);
    let counts = |at: usize| answers.base.topics.get(at).and_then(|t| t.counts.get(i)).copied();
    let all: u64 = (0..answers.base.topics.len()).filter_map(counts).map(|c| c.den).sum();
    for (at, topic) in answers.base.topics.iter().enumerate() {
        let Some(counts) = counts(at) else { continue };
        let mut row = vec![
            present.learned.topic_name(topic.kind),
            percent(counts.den as f64 / all.max(1) as f64, 1, lang),
            counts.share().map_or_else(|| "n/a".to_owned(), |s| percent(s, 2, lang)),
        ];
        row.extend(answers.scenarios.iter().map(|answer| {
            let of_topic = answer.differences.get(i).and_then(|d| d.topics.get(at)?.as_ref());
            difference(of_topic, lang)
        }));
        table.row(row);
    }
    table
}

fn write_remarks(
    out: &mut impl Write,
    present: &Present,
    answers: &Answers,
    lang: Lang,
) -> std::io::Result<()> {
    let misled = answers.scenarios.iter().flat_map(|a| &a.differences).any(|d| d.mix_misleads);
    if misled {
        let text = Label::new(
            "! il totale si muove al contrario degli argomenti, perché cambia il loro peso: vale \
             la colonna a pari mix",
            "! the total moves against the topics, because their weights change: read the column \
             at fixed mix",
        );
        writeln!(out, "{}", text.get(lang))?;
    }
    let text = match answers.likeness {
        None => Label::new("settimane giocate", "weeks played"),
        Some(_) => Label::new("settimane estratte e giocate", "weeks drawn and played"),
    };
    writeln!(out, "{}: {}", text.get(lang), answers.n_weeks)?;
    if let Some(needed) = answers.weeks_needed {
        let text = Label::new(
            "settimane che servirebbero per la precisione chiesta",
            "weeks that the precision asked for would take",
        );
        writeln!(out, "{}: {needed}", text.get(lang))?;
    }
    if !present.not_simulated.is_empty() {
        let text = Label::new(
            "indicatori che il simulatore non calcola",
            "indicators that the simulator does not count",
        );
        writeln!(out, "{}: {}", text.get(lang), present.not_simulated.join(", "))?;
    }
    for (code, caveat) in &answers.caveats {
        writeln!(out, "{code}: {}", words::caveat(*caveat, lang))?;
    }
    Ok(())
}

/// Says whether drawn weeks are like those observed.
fn write_likeness(out: &mut impl Write, found: Likeness, lang: Lang) -> std::io::Result<()> {
    let text = if found.holds() {
        Label::new(
            "settimane estratte simili a quelle osservate",
            "weeks drawn are like those observed",
        )
    } else {
        Label::new(
            "NON CALIBRATO: le settimane estratte non somigliano a quelle osservate, contano solo \
             le differenze e per il verso",
            "NOT CALIBRATED: weeks drawn are not like those observed, only differences count and \
             for their direction",
        )
    };
    let Likeness { weeks, of_weeks, days, of_days } = found;
    let inside = match lang {
        Lang::It => format!(
            "dove cadono 95 estratte su 100: settimane {weeks}/{of_weeks}, giorni {days}/{of_days}"
        ),
        Lang::En => format!(
            "where 95 of 100 drawn ones lie: weeks {weeks}/{of_weeks}, days {days}/{of_days}"
        ),
    };
    writeln!(out, "{} ({inside})", text.get(lang))
}

/// Everything by line, for programs.
fn lines(present: &Present, answers: &Answers, gate: &Gate) -> Table {
    let mut table = Table::new(document::COLUMNS);
    for line in document::lines(present, answers, gate) {
        table.row(line);
    }
    table
}

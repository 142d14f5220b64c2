//! `soglia staffing`. Read [`run`] first.

use std::io::Write;

use serde_json::json;
use soglia_app::demand::{Demand, INTERVAL_MINS};
use soglia_app::staffed::{
    self, Answer, Asked, Question, SCHEMA, StaffError, at, breaks, document, next_monday, staff,
};
use soglia_domain::text::Lang;
use soglia_domain::time::Millis;
use soglia_sim::erlang::{ServiceLevelKind, positions};
use soglia_sim::staffing::cover::Cover;
use soglia_sim::staffing::plan::{Effort, Goal, Judgement, Scope};
use soglia_sim::staffing::rules::Rules;
use soglia_sim::tally::sum;

use super::opened;
use super::projection::{date, unknown_service};
use crate::cli::{OutputFormat, Staffing, StaffingScope};
use crate::config::Settings;
use crate::error::{DONE, Done, Failure};
use crate::output::{Table, localised};

/// Plans shifts.
pub async fn run(settings: &Settings, args: Staffing) -> Done {
    let (contract, _, session) = opened(settings).await?;
    let service =
        contract.service(&args.service).ok_or_else(|| unknown_service(&contract, &args.service))?;
    let rules = read_rules(&args.rules)?;
    let until = args.as_of.as_deref().map(|text| date("--as-of", text)).transpose()?;
    let demand = Demand::read(&session, &contract, service, until, settings.lang).await?;
    let demand = demand.ok_or_else(|| super::forecast::no_calls(&args.service))?;
    let question = question(&args, &demand)?;
    let answer = staff(service, &demand, &rules, &question).map_err(refused)?;
    let mut out = std::io::stdout().lock();
    let asked = Asked { rules: &rules, question: &question, demand: &demand };
    match args.format {
        OutputFormat::Table => print(&asked, &answer, settings.lang, &mut out)?,
        OutputFormat::Csv => intervals(&answer).print_csv(&mut out)?,
        OutputFormat::Json => {
            let json = json!({
                "schema": SCHEMA,
                "contract": { "code": contract.code, "sha256": contract.file_hash },
                "service": service.code,
                "ledger": { "import_no": session.import_no() },
                "staffing": document(&asked, &answer),
            });
            let text = serde_json::to_string_pretty(&json).map_err(Failure::internal)?;
            writeln!(out, "{text}")?;
        }
    }
    Ok(DONE)
}

fn read_rules(path: &std::path::Path) -> Result<Rules, Failure> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|cause| {
        let error = anyhow::Error::from(cause).context(format!("failed to read `{name}`"));
        Failure::configuration(error).hint("docs/staffing.md describes the file")
    })?;
    Rules::parse(&text, INTERVAL_MINS).map_err(|problem| {
        Failure::configuration(anyhow::anyhow!("{name}: {problem}"))
            .hint("docs/staffing.md describes the file; examples/reference/turni.toml is one")
    })
}

fn refused(problem: StaffError) -> Failure {
    match problem {
        StaffError::Forecast(problem) => super::forecast::refused(&problem),
        StaffError::Staffing(problem) => {
            let hint = problem.hint();
            Failure::usage(problem).maybe_hint(hint)
        }
        StaffError::Closed => {
            Failure::usage(problem).hint("ask for days on which the contract's calendar is open")
        }
        StaffError::NoHandling => Failure::no_data(problem).hint("give `--aht`, e.g. 240s"),
    }
}

fn question(args: &Staffing, demand: &Demand) -> Result<Question, Failure> {
    let bad = || {
        Failure::usage(format!("`{}` is no service level", args.service_level))
            .hint("share in percent and limit in seconds, e.g. 80/20 or 95/20")
    };
    let (level, limit) = args.service_level.split_once('/').ok_or_else(bad)?;
    let level = level.trim_end_matches('%').trim().parse::<f64>().map_err(|_| bad())? / 100.0;
    let limit_secs: u32 = limit.trim_end_matches('s').trim().parse().map_err(|_| bad())?;
    if !(0.0 < level && level < 1.0) {
        return Err(bad());
    }
    let floor = args.floor.trim_end_matches('%').trim().parse::<f64>().ok();
    let floor = floor.map(|floor| floor / 100.0).filter(|floor| (0.0..1.0).contains(floor));
    let floor = floor.ok_or_else(|| {
        Failure::usage(format!("`--floor` must be a share below 100 %, found `{}`", args.floor))
            .hint("e.g. 50%")
    })?;
    let scope = match args.scope {
        StaffingScope::Whole => Scope::Whole,
        StaffingScope::Day => Scope::EachDay,
        StaffingScope::Hour => Scope::EachHour,
    };
    let kind = ServiceLevelKind::from_name(&args.of).unwrap_or(ServiceLevelKind::OfOffered);
    let first = match &args.from {
        Some(text) => date("--from", text)?,
        None => next_monday(demand.until),
    };
    if first < demand.until {
        return Err(Failure::usage(format!("`{first}` is over: what came is known"))
            .hint("add `--as-of` with that day to plan it in hindsight"));
    }
    // The answer is the same on any number of threads.
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let effort =
        Effort { n_judge: args.repetitions, seed: args.seed, threads, ..Effort::default() };
    Ok(Question {
        first,
        n_days: args.days,
        goal: Goal { level, limit_secs, kind, scope, floor },
        patience_secs: secs("--patience", &args.patience)?,
        handling_secs: args.aht.as_deref().map(|text| secs("--aht", text)).transpose()?,
        effort,
    })
}

fn secs(name: &str, text: &str) -> Result<f64, Failure> {
    let millis = Millis::parse(text).filter(|millis| 0 < millis.get()).ok_or_else(|| {
        Failure::usage(format!("`{name}` must be a duration above 0, found `{text}`"))
            .hint("e.g. 120s or 4min")
    })?;
    Ok(millis.get() as f64 / 1000.0)
}

fn hours(mins: u64, lang: Lang) -> String {
    localised(&format!("{:.2}", mins as f64 / 60.0), lang)
}

/// What shifts cost in money, if an hour has a price.
fn money(asked: &Asked<'_>, cost: u64, lang: Lang) -> Option<String> {
    staffed::money(asked.rules, cost).map(|text| localised(&text, lang))
}

fn print(
    asked: &Asked<'_>,
    answer: &Answer,
    lang: Lang,
    out: &mut impl Write,
) -> Result<(), Failure> {
    shifts(asked, answer, lang).print(out)?;
    writeln!(out)?;
    by_hour(asked, answer, lang).print(out)?;
    writeln!(out)?;
    compared(asked, answer, lang).print(out)?;
    writeln!(out)?;
    notes(asked, answer, lang, out)
}

/// A line for each day and shift.
fn shifts(asked: &Asked<'_>, answer: &Answer, lang: Lang) -> Table {
    let mut table = Table::new(match lang {
        Lang::It => ["giorno", "dalle", "alle", "pausa", "operatori"],
        Lang::En => ["day", "from", "to", "break", "operators"],
    });
    for (shift, n) in &answer.staffed.cover.shifts {
        let (Some(day), Some(pattern)) =
            (answer.work.days.get(shift.day), asked.rules.patterns.get(shift.pattern))
        else {
            continue;
        };
        table.row([
            day.date.to_string(),
            at(pattern.start()),
            at(pattern.end()),
            breaks(pattern),
            n.to_string(),
        ]);
    }
    table
}

/// A line for each day and hour: calls, operators, level.
fn by_hour(asked: &Asked<'_>, answer: &Answer, lang: Lang) -> Table {
    let mut table = Table::new(match lang {
        Lang::It => ["giorno", "ora", "chiamate", "Erlang A", "presenti", "in tempo"],
        Lang::En => ["day", "hour", "calls", "Erlang A", "present", "in time"],
    });
    let per_hour = 60 / usize::from(answer.work.interval_mins);
    for (day, (work, hours)) in
        answer.work.days.iter().zip(&answer.staffed.judged.hours).enumerate()
    {
        for (hour, tally) in hours.iter().enumerate() {
            let span = hour * per_hour..(hour + 1) * per_hour;
            let calls: f64 =
                work.calls.get(span.clone()).unwrap_or_default().iter().flatten().sum();
            let range = |levels: &Vec<Vec<u32>>| {
                let levels = levels.get(day).and_then(|day| day.get(span.clone()));
                let levels = levels.unwrap_or_default();
                let (low, high) = (levels.iter().min(), levels.iter().max());
                match (low, high) {
                    (Some(low), Some(high)) if low < high => format!("{low}–{high}"),
                    (_, Some(high)) => high.to_string(),
                    _ => String::new(),
                }
            };
            if work.calls.get(span.clone()).is_none_or(|calls| calls.iter().all(Option::is_none)) {
                continue;
            }
            let level = tally.level_share(asked.question.goal.kind);
            table.row([
                work.date.to_string(),
                hour.to_string(),
                localised(&format!("{calls:.1}"), lang),
                range(&answer.staffed.erlang),
                range(&answer.staffed.cover.present),
                level.map_or_else(
                    || "–".to_owned(),
                    |level| localised(&format!("{:.1} %", 100.0 * level), lang),
                ),
            ]);
        }
    }
    table
}

/// Erlang A's shifts beside those found.
fn compared(asked: &Asked<'_>, answer: &Answer, lang: Lang) -> Table {
    let staffed = &answer.staffed;
    let mut table = Table::new(match lang {
        Lang::It => ["", "turni per Erlang A", "turni scelti"],
        Lang::En => ["", "shifts for Erlang A", "shifts chosen"],
    });
    let word = |it: &'static str, en: &'static str| match lang {
        Lang::It => it.to_owned(),
        Lang::En => en.to_owned(),
    };
    let both = |of: &dyn Fn(&Cover, &Judgement) -> String| {
        [of(&staffed.erlang_cover, &staffed.erlang_judged), of(&staffed.cover, &staffed.judged)]
    };
    let percent = |share: f64| localised(&format!("{:.2} %", 100.0 * share), lang);
    let mut row = |name: String, cells: [String; 2]| table.row(std::iter::once(name).chain(cells));
    row(word("turni", "shifts"), both(&|cover, _| cover.singles().len().to_string()));
    row(word("ore pagate", "paid hours"), both(&|cover, _| hours(cover.paid_mins, lang)));
    if money(asked, 0, lang).is_some() {
        let cost = both(&|cover, _| money(asked, cover.cost, lang).unwrap_or_default());
        row(word("costo", "cost"), cost);
    }
    let level = both(&|_, judged| {
        let half = localised(&format!("{:.2}", 100.0 * judged.level.half_width), lang);
        format!("{} ±{half}", percent(judged.level.mean))
    });
    row(word("in tempo", "in time"), level);
    let lost = both(&|_, judged| {
        let total = sum(judged.hours.iter().flatten());
        percent(total.abandoned_share().unwrap_or(0.0))
    });
    row(word("abbandonate", "abandoned"), lost);
    row(word("occupazione", "occupancy"), both(&|_, judged| percent(judged.occupancy)));
    table
}

fn notes(
    asked: &Asked<'_>,
    answer: &Answer,
    lang: Lang,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let staffed = &answer.staffed;
    let judged = &staffed.judged;
    let goal = asked.question.goal;
    let lowest = localised(&format!("{:.2}", 100.0 * judged.lowest), lang);
    let wanted = localised(&format!("{:.2}", 100.0 * goal.level), lang);
    let reached = goal.level <= judged.lowest;
    let (n, rounds) = (judged.level.n, staffed.rounds.len());
    match (lang, reached) {
        (Lang::It, true) => write!(out, "obiettivo {wanted} % raggiunto")?,
        (Lang::It, false) => write!(out, "obiettivo {wanted} % non raggiunto: {lowest} %")?,
        (Lang::En, true) => write!(out, "goal of {wanted} % reached")?,
        (Lang::En, false) => write!(out, "goal of {wanted} % not reached: {lowest} %")?,
    }
    match lang {
        Lang::It => writeln!(
            out,
            " su {n} ripetizioni indipendenti da quelle su cui i turni sono stati scelti ({rounds} \
             giri)",
        )?,
        Lang::En => writeln!(
            out,
            " on {n} repetitions that had no part in the choice of the shifts ({rounds} rounds)",
        )?,
    }
    positions_needed(asked, answer, lang, out)?;
    callers(asked, answer, lang, out)
}

fn positions_needed(
    asked: &Asked<'_>,
    answer: &Answer,
    lang: Lang,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let gap = localised(&format!("{:.2}", 100.0 * answer.staffed.cover.gap), lang);
    let positions_n = answer.roster.positions.len();
    let at_least = answer.roster.at_least;
    let people = positions(u32::try_from(positions_n).unwrap_or(0), asked.rules.cost.shrinkage)
        .map_err(Failure::usage)?;
    let share = localised(&format!("{:.1}", 100.0 * asked.rules.cost.shrinkage), lang);
    match lang {
        Lang::It => writeln!(
            out,
            "posti per coprire i turni: {positions_n} (non meno di {at_least}); con il \
             {share} % di assenze: {people} persone\ncosto dei turni: al più il {gap} % oltre il \
             minimo possibile con questi tagli",
        )?,
        Lang::En => writeln!(
            out,
            "positions that work the shifts: {positions_n} (no fewer than {at_least}); with \
             {share} % away: {people} people\ncost of the shifts: at most {gap} % above the least \
             possible under these cuts",
        )?,
    }
    Ok(())
}

/// What callers were taken to be like.
fn callers(
    asked: &Asked<'_>,
    answer: &Answer,
    lang: Lang,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let aht = answer.callers.handling.mean_secs().unwrap_or(0.0);
    let aht = localised(&format!("{aht:.1}"), lang);
    let spread = localised(&format!("{:.1}", 100.0 * answer.callers.day_spread), lang);
    let known = asked.demand.handling.filter(|_| asked.question.handling_secs.is_none());
    let source = match (known, lang) {
        (Some(known), Lang::It) => format!("da {} chiamate", known.n),
        (Some(known), Lang::En) => format!("from {} calls", known.n),
        (None, Lang::It) => "data".to_owned(),
        (None, Lang::En) => "given".to_owned(),
    };
    match lang {
        Lang::It => writeln!(
            out,
            "durata media di una chiamata {aht} s ({source}); pazienza {} s; scarto dei giorni \
             {spread} %",
            asked.question.patience_secs,
        )?,
        Lang::En => writeln!(
            out,
            "mean handling time {aht} s ({source}); patience {} s; days stray by {spread} %",
            asked.question.patience_secs,
        )?,
    }
    if let Some(known) = known.filter(|known| known.n_wrap < known.n) {
        let missing = known.n - known.n_wrap;
        match lang {
            Lang::It => writeln!(
                out,
                "attenzione: di {missing} chiamate non è noto il lavoro dopo la chiamata; la \
                 durata è sottostimata",
            )?,
            Lang::En => writeln!(
                out,
                "careful: of {missing} calls the after-call work is not known; handling times are \
                 too short",
            )?,
        }
    }
    Ok(())
}

/// A line for each day and quarter-hour.
fn intervals(answer: &Answer) -> Table {
    let mut table = Table::new(["date", "from", "calls", "erlang_a", "present"]);
    for (day, work) in answer.work.days.iter().enumerate() {
        for (interval, calls) in work.calls.iter().enumerate() {
            let Some(calls) = calls else { continue };
            let of = |levels: &Vec<Vec<u32>>| {
                levels.get(day).and_then(|day| day.get(interval)).copied().unwrap_or(0).to_string()
            };
            let mins = interval * usize::from(answer.work.interval_mins);
            table.row([
                work.date.to_string(),
                at(soglia_sim::staffing::time_of(mins)),
                format!("{calls:.2}"),
                of(&answer.staffed.erlang),
                of(&answer.staffed.cover.present),
            ]);
        }
    }
    table
}

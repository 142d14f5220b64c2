//! `soglia replay`. Read [`run`] first.

use std::io::Write;

use soglia_app::history::date;
use soglia_app::roster::Roster;
use soglia_app::whatif::{
    Described, Part, Present, PresentError, WORST_HOURS, document, undescribed, words,
};
use soglia_domain::contract::{Contract, Service};
use soglia_domain::period::Period;
use soglia_domain::text::{Label, Lang};
use soglia_sim::learn::presence::PresenceSource;
use soglia_sim::replay::{Causes, Comparison, Gate, Scope};
use soglia_sim::scenario::ApplyError;

use super::{opened, roster, scenario};
use crate::cli::{FigureFormat, HistoryArgs, Replay};
use crate::config::Settings;
use crate::error::{BREACH, DONE, Done, Failure};
use crate::output::{Table, grouped, localised};

/// Plays the last weeks again and compares.
pub async fn run(settings: &Settings, args: Replay) -> Done {
    let plan = args.planned.as_deref().map(roster::read).transpose()?;
    let (present, _) = present(settings, &args.history, (None, plan.as_ref())).await?;
    say(settings, "Replaying the weeks …");
    let gate = gate(&present, &args.history, Causes::Try)?;
    let mut out = std::io::stdout().lock();
    match args.format {
        FigureFormat::Table => {
            write_present(&mut out, &present, settings.lang)?;
            comparisons(&present, &gate, settings.lang).print(&mut out)?;
            write_gate(&mut out, &present, &gate, settings.lang)?;
        }
        FigureFormat::Csv => all(&present, &gate).print_csv(&mut out)?,
        FigureFormat::Json => {
            let text = serde_json::to_string_pretty(&document::gate(&present, &gate));
            writeln!(out, "{}", text.map_err(Failure::internal)?)?;
        }
    }
    Ok(if gate.calibrated() { DONE } else { BREACH })
}

/// Says what is being done, to whoever watches.
pub fn say(settings: &Settings, text: &str) {
    if !settings.quiet {
        note!("{text}");
    }
}

/// Learns from a service's history.
pub async fn present(
    settings: &Settings,
    args: &HistoryArgs,
    (named, plan): (Option<&str>, Option<&Roster>),
) -> Result<(Present, Contract), Failure> {
    let (contract, _, session) = opened(settings).await?;
    let service = service(&contract, args.service.as_deref().or(named))?.clone();
    let base = match &args.base {
        Some(path) => scenario::read(path)?,
        None => undescribed(),
    };
    let roster = roster::given(settings, args.roster.as_deref())?;
    say(settings, "Learning from the ledger …");
    let period = args.period.as_deref().map(|text| super::period(text, &contract)).transpose()?;
    let until = period.as_ref().map(Period::until_date);
    let part = Part { weeks: args.weeks.max(1), until };
    let described = Described { base: &base, roster: roster.as_ref(), plan };
    let present = Present::read(&session, &contract, &service, described, part).await;
    Ok((present.map_err(no_present)?, contract))
}

/// Why there is nothing to play.
pub fn no_present(error: PresentError) -> Failure {
    match error {
        PresentError::Measure(error) => Failure::from(error),
        PresentError::History(_) | PresentError::NoWeek(_) => Failure::no_data(error),
        PresentError::NoIndicator(_) => Failure::usage(error),
        PresentError::Roster(error) => {
            let hint = error.hint();
            Failure::configuration(error).hint(hint)
        }
    }
}

/// The service named, or the only one.
pub fn service<'c>(contract: &'c Contract, code: Option<&str>) -> Result<&'c Service, Failure> {
    let codes: Vec<&str> = contract.services.iter().map(|s| s.code.as_str()).collect();
    let known = format!("the contract has: {}", codes.join(", "));
    match (code, &contract.services[..]) {
        (None, [only]) => Ok(only),
        (None, _) => {
            Err(Failure::usage("no service was named")
                .hint(format!("give `--service CODE`; {known}")))
        }
        (Some(code), services) => services.iter().find(|s| s.code == code).ok_or_else(|| {
            Failure::usage(format!("the contract has no service `{code}`")).hint(known)
        }),
    }
}

/// Plays the weeks again.
pub fn gate(present: &Present, args: &HistoryArgs, causes: Causes) -> Result<Gate, Failure> {
    present.gate(causes, args.seed, threads(args)).map_err(failed)
}

/// A change that does not fit the present.
pub fn failed(error: ApplyError) -> Failure {
    let hint = error.hint();
    Failure::configuration(error).maybe_hint(hint)
}

/// Threads asked for, or as many as there are processors; figures do not depend on it.
pub fn threads(args: &HistoryArgs) -> usize {
    let all = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    args.threads.unwrap_or_else(all).max(1)
}

/// Says what the answers stand on.
pub fn write_present(out: &mut impl Write, present: &Present, lang: Lang) -> std::io::Result<()> {
    let learned = &present.learned;
    let say = |it: &str, en: &str| match lang {
        Lang::It => it.to_owned(),
        Lang::En => en.to_owned(),
    };
    let (first, until) = learned.history.days();
    let calls = grouped(learned.history.calls.len() as u64, lang);
    writeln!(
        out,
        "{}: {calls} {} {} – {}",
        say("Appreso da", "Learned from"),
        say("chiamate", "calls"),
        date(first),
        date(until - 1)
    )?;
    let share = percent(learned.redial_share(), 1, lang);
    writeln!(
        out,
        "  {}: {share}",
        say("richiamate dopo un'attesa vana", "redials when not served")
    )?;
    if let Some(spread) = words::spread(present, lang) {
        writeln!(out, "  {spread}")?;
    }
    if let PresenceSource::Inferred { waited } = learned.presence.source {
        writeln!(
            out,
            "  {} ({} {})",
            say(
                "operatori presenti: dedotti dagli eventi, non da turni",
                "operators present: inferred from the events, not from a roster"
            ),
            percent(waited, 0, lang),
            say("delle chiamate li ha visti tutti occupati", "of calls found all of them busy")
        )?;
    }
    if learned.presence.source == PresenceSource::Given {
        writeln!(
            out,
            "  {}",
            say("operatori presenti: dai turni", "operators present: from the roster")
        )?;
    }
    if let Some(share) = present.shrinkage {
        writeln!(
            out,
            "  {}: {}",
            say(
                "ore previste senza nessuno (shrinkage)",
                "planned hours with nobody there (shrinkage)"
            ),
            percent(share, 1, lang)
        )?;
    }
    let weeks: Vec<String> = present.mondays.iter().map(|monday| date(*monday)).collect();
    let (first, last) = (weeks.first(), weeks.last());
    writeln!(
        out,
        "  {}: {} ({} – {})",
        say("settimane rigiocate", "weeks replayed"),
        weeks.len(),
        first.map_or("", String::as_str),
        last.map_or("", String::as_str)
    )?;
    writeln!(out)
}

/// A share as people read it.
pub fn percent(share: f64, decimals: usize, lang: Lang) -> String {
    localised(&format!("{:.decimals$} %", share * 100.0), lang)
}

/// A difference of shares, in points.
pub fn points(difference: f64, lang: Lang) -> String {
    localised(&format!("{:+.2}", difference * 100.0), lang)
}

fn row(present: &Present, c: &Comparison, lang: Lang) -> [String; 7] {
    let (what, at) = words::scope(present, c, lang);
    [
        at,
        what,
        c.n.to_string(),
        percent(c.observed, 2, lang),
        percent(c.replayed, 2, lang),
        points(c.difference(), lang),
        match (c.limit, c.outside()) {
            (None, _) => String::new(),
            (Some(limit), false) => format!("≤ {}", localised(&format!("{}", limit * 100.0), lang)),
            (Some(limit), true) => format!("> {}", localised(&format!("{}", limit * 100.0), lang)),
        },
    ]
}

fn headers(lang: Lang) -> [&'static str; 7] {
    match lang {
        Lang::It => ["da", "che cosa", "chiamate", "osservato", "rigiocato", "punti", "limite"],
        Lang::En => ["from", "what", "calls", "observed", "replayed", "points", "limit"],
    }
}

/// Weeks, topics, groups and days; hours only where they lie outside.
fn comparisons(present: &Present, gate: &Gate, lang: Lang) -> Table {
    let mut table = Table::new(headers(lang));
    for c in &gate.comparisons {
        let hour = matches!(c.scope, Scope::Hour(..));
        if c.limit.is_some() && (!hour || c.outside()) {
            table.row(row(present, c, lang));
        }
    }
    table
}

/// Everything, for programs.
fn all(present: &Present, gate: &Gate) -> Table {
    let mut table =
        Table::new(["from", "what", "calls", "observed", "replayed", "limit", "outside"]);
    for c in &gate.comparisons {
        let (what, at) = words::scope(present, c, Lang::En);
        table.row([
            at,
            what,
            c.n.to_string(),
            format!("{:.6}", c.observed),
            format!("{:.6}", c.replayed),
            c.limit.map_or_else(String::new, |limit| limit.to_string()),
            u8::from(c.outside()).to_string(),
        ]);
    }
    table
}

/// The gate's verdict, the worst hours and what would explain them.
pub fn write_gate(
    out: &mut impl Write,
    present: &Present,
    gate: &Gate,
    lang: Lang,
) -> std::io::Result<()> {
    let (n, judged) = (gate.outside().count(), gate.judged());
    if gate.calibrated() {
        let text = Label::new(
            "calibrato: il simulatore ridà quel che è successo",
            "calibrated: the simulator gives back what happened",
        );
        return writeln!(out, "\n{} ({judged})", text.get(lang));
    }
    let text = Label::new("NON CALIBRATO: fuori dai limiti", "NOT CALIBRATED: outside the limits");
    writeln!(out, "\n{} {n}/{judged}", text.get(lang))?;
    writeln!(out, "{}", Label::new("ore peggiori:", "worst hours:").get(lang))?;
    for c in gate.worst_hours(WORST_HOURS) {
        let [at, what, calls, observed, replayed, points, _] = row(present, &c, lang);
        writeln!(out, "  {at} {what}: {observed} → {replayed} ({points}; {calls})")?;
    }
    let causes: Vec<_> =
        gate.causes.iter().filter(|c| c.miss < gate.miss).take(WORST_HOURS).collect();
    let text = if causes.is_empty() {
        Label::new("nessuna causa provata spiega le ore", "no cause tried explains the hours")
    } else {
        Label::new(
            "cause provate rigiocando (differenza media delle ore che resta):",
            "causes tried by playing again (mean difference of hours that remains):",
        )
    };
    writeln!(out, "{} {}", text.get(lang), points(gate.miss, lang))?;
    for cause in causes {
        let left = points(cause.miss, lang);
        writeln!(out, "  {left}  {}", words::cause(&cause.what, lang))?;
    }
    Ok(())
}

//! `soglia replay`. Read [`run`] first.

use std::io::Write;

use serde_json::{Value, json};
use soglia_app::history::date;
use soglia_app::whatif::{Present, PresentError};
use soglia_domain::contract::{Contract, Service};
use soglia_domain::period::weekday_name;
use soglia_domain::text::{Label, Lang, Text};
use soglia_sim::learn::presence::PresenceSource;
use soglia_sim::replay::{CauseKind, Causes, Comparison, Gate, Scope};
use soglia_sim::scenario::{ApplyError, Scenario};

use super::{opened, scenario};
use crate::cli::{FigureFormat, HistoryArgs, Replay};
use crate::config::Settings;
use crate::error::{BREACH, DONE, Done, Failure};
use crate::output::{Table, grouped, localised};

/// Causes and hours printed.
const PRINTED: usize = 6;

/// Plays the last weeks again and compares.
pub async fn run(settings: &Settings, args: Replay) -> Done {
    let (present, _) = present(settings, &args.history, None).await?;
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
            let text = serde_json::to_string_pretty(&as_json(&present, &gate));
            writeln!(out, "{}", text.map_err(Failure::internal)?)?;
        }
    }
    Ok(if gate.calibrated() { DONE } else { BREACH })
}

/// Says what is being done, to whoever watches.
pub fn say(settings: &Settings, text: &str) {
    if !settings.quiet {
        eprintln!("{text}");
    }
}

/// Learns from a service's history.
pub async fn present(
    settings: &Settings,
    args: &HistoryArgs,
    named: Option<&str>,
) -> Result<(Present, Contract), Failure> {
    let (contract, _, session) = opened(settings).await?;
    let service = service(&contract, args.service.as_deref().or(named))?.clone();
    let base = match &args.base {
        Some(path) => scenario::read(path)?,
        None => Scenario::nothing("present", Text { it: "oggi".to_owned(), en: None }),
    };
    say(settings, "Learning from the ledger …");
    let present = Present::read(&session, &contract, &service, base, args.weeks.max(1)).await;
    let present = present.map_err(|error| match error {
        PresentError::Measure(error) => Failure::from(error),
        PresentError::History(_) | PresentError::NoWeek(_) => Failure::no_data(error),
        PresentError::NoIndicator(_) => Failure::usage(error),
    })?;
    Ok((present, contract))
}

/// The service named, or the only one.
fn service<'c>(contract: &'c Contract, code: Option<&str>) -> Result<&'c Service, Failure> {
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
    let share = percent(learned.history.redial_share(), 1, lang);
    writeln!(
        out,
        "  {}: {share}",
        say("richiamate dopo un'attesa vana", "redials when not served")
    )?;
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

fn scope(present: &Present, c: &Comparison, lang: Lang) -> (String, String) {
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

fn row(present: &Present, c: &Comparison, lang: Lang) -> [String; 7] {
    let (what, at) = scope(present, c, lang);
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
        let (what, at) = scope(present, c, Lang::En);
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
    for c in gate.worst_hours(PRINTED) {
        let [at, what, calls, observed, replayed, points, _] = row(present, &c, lang);
        writeln!(out, "  {at} {what}: {observed} → {replayed} ({points}; {calls})")?;
    }
    let causes: Vec<_> = gate.causes.iter().filter(|c| c.miss < gate.miss).take(PRINTED).collect();
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
        writeln!(out, "  {left}  {}", cause_name(&cause.what, lang))?;
    }
    Ok(())
}

fn cause_name(cause: &CauseKind, lang: Lang) -> String {
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

/// The gate, for programs.
pub fn as_json(present: &Present, gate: &Gate) -> Value {
    let comparison = |c: &Comparison| {
        let (what, at) = scope(present, c, Lang::En);
        json!({
            "from": at, "what": what, "calls": c.n, "observed": c.observed,
            "replayed": c.replayed, "limit": c.limit, "outside": c.outside(),
        })
    };
    let causes = gate.causes.iter().map(|cause| {
        json!({
            "cause": cause_name(&cause.what, Lang::En), "remaining": cause.miss,
            "difference": cause.difference,
        })
    });
    json!({
        "calibrated": gate.calibrated(),
        "mean_difference_of_hours": gate.miss,
        "comparisons": gate.comparisons.iter().map(comparison).collect::<Vec<_>>(),
        "worst_hours": gate.worst_hours(PRINTED).iter().map(comparison).collect::<Vec<_>>(),
        "causes": causes.collect::<Vec<_>>(),
    })
}

//! `soglia erlang`. Read [`run`] first.
//!
//! Closed formulas for one kind of operators and a steady load; it needs no ledger and no contract.

use std::io::Write;

use serde_json::{Map, Value, json};
use soglia_domain::text::Lang;
use soglia_domain::time::Millis;
use soglia_report::format::say;
use soglia_sim::erlang::{
    self, InputError, Load, Performance, Requirement, ServiceLevelKind, Steady, positions,
};

use crate::cli::{Erlang, ErlangModel, OutputFormat};
use crate::config::Settings;
use crate::error::{DONE, Done, Failure};
use crate::output::{Table, localised};

/// What was asked, in the units of the formulas.
struct Question {
    model: ErlangModel,
    /// Calls an hour, by class; one class where there are no priorities.
    calls: Vec<f64>,
    handling_secs: f64,
    patience_secs: Option<f64>,
    limit_secs: f64,
    requirement: Option<Requirement>,
    blocked_max: Option<f64>,
    operators: Vec<u32>,
    shrinkage: f64,
}

/// What a number of operators does.
struct Answer {
    operators: u32,
    /// By class; one where there are no priorities. Nothing where the queue grows for ever.
    classes: Option<Vec<Vec<Figure>>>,
}

/// A figure with its name.
#[derive(Clone, Copy)]
struct Figure {
    key: &'static str,
    value: f64,
}

/// Computes what was asked.
pub fn run(settings: &Settings, args: &Erlang) -> Done {
    let mut question = Question::new(args)?;
    let needed = question.needed().map_err(refused)?;
    if let Some(needed) = needed {
        question.operators = (needed.saturating_sub(1).max(1)..=needed.max(1)).collect();
    }
    let answers: Vec<Answer> = question
        .operators
        .iter()
        .map(|&operators| question.answer(operators))
        .collect::<Result<_, _>>()
        .map_err(refused)?;
    let mut out = std::io::stdout().lock();
    match args.format {
        OutputFormat::Table => print(&question, needed, &answers, settings.lang, &mut out)?,
        OutputFormat::Csv => lines(&question, &answers).print_csv(&mut out)?,
        OutputFormat::Json => {
            let json = document(&question, needed, &answers).map_err(refused)?;
            let text = serde_json::to_string_pretty(&json).map_err(Failure::internal)?;
            writeln!(out, "{text}")?;
        }
    }
    Ok(DONE)
}

fn refused(problem: InputError) -> Failure {
    let failure = Failure::usage(problem);
    match problem {
        InputError::NeverEnough => failure.hint("ask for less, or for more time"),
        InputError::Operators(_) | InputError::Erlangs(_) => {
            failure.hint("part the calls into services, or check `--calls`, `--interval`, `--aht`")
        }
        InputError::Waiting(_) => {
            failure.hint("with such patience hardly anybody gives up: take `--model c`")
        }
        InputError::Events(_) => failure.hint("take a shorter limit, or add `--patience`"),
        _ => failure,
    }
}

impl Question {
    fn new(args: &Erlang) -> Result<Self, Failure> {
        let interval_secs = secs("--interval", &args.interval)?;
        if interval_secs <= 0.0 {
            return Err(Failure::usage("an interval must be longer than 0"));
        }
        let calls: Vec<f64> = args.calls.iter().map(|n| n * 3600.0 / interval_secs).collect();
        let model = args.model;
        if model != ErlangModel::Priority && calls.len() != 1 {
            return Err(Failure::usage(format!("`--calls` has {} classes", calls.len()))
                .hint("classes are for `--model priority`; give one number of calls"));
        }
        let patience = args.patience.as_deref();
        let patience_secs = patience.map(|text| secs("--patience", text)).transpose()?;
        match (model, patience_secs) {
            (ErlangModel::A, None) => {
                return Err(Failure::usage("Erlang A needs `--patience`")
                    .hint("how long callers wait on average before they give up, e.g. 120s"));
            }
            (ErlangModel::B | ErlangModel::C, Some(_)) => {
                return Err(Failure::usage("nobody gives up in Erlang B and C")
                    .hint("leave out `--patience`, or take `--model a`"));
            }
            _ => {}
        }
        let (level, limit_secs) = goal(args)?;
        let share =
            |name, text: &Option<String>| text.as_deref().map(|text| share(name, text)).transpose();
        let requirement = level.map(|level| -> Result<Requirement, Failure> {
            Ok(Requirement {
                kind: ServiceLevelKind::from_name(&args.of).unwrap_or(ServiceLevelKind::OfOffered),
                occupancy_max: share("--max-occupancy", &args.max_occupancy)?.unwrap_or(1.0),
                abandoned_max: share("--max-abandoned", &args.max_abandoned)?.unwrap_or(1.0),
                ..Requirement::of_offered(level, limit_secs)
            })
        });
        let question = Self {
            model,
            calls,
            handling_secs: secs("--aht", &args.aht)?,
            patience_secs,
            limit_secs,
            requirement: requirement.transpose()?,
            blocked_max: share("--max-blocked", &args.max_blocked)?,
            operators: args.operators.as_deref().map(operators).transpose()?.unwrap_or_default(),
            shrinkage: share("--shrinkage", &args.shrinkage)?.unwrap_or(0.0),
        };
        question.check()
    }

    /// Says what does not fit the model.
    fn check(self) -> Result<Self, Failure> {
        let is_b = self.model == ErlangModel::B;
        if is_b && self.requirement.is_some() {
            return Err(Failure::usage("Erlang B has no queue, and so no service level")
                .hint("give `--max-blocked`, e.g. 1%, or take another model"));
        }
        if !is_b && self.blocked_max.is_some() {
            return Err(Failure::usage("only Erlang B blocks calls")
                .hint("give `--service-level`, e.g. 80/20, or take `--model b`"));
        }
        if self.patience_secs.is_none() && self.requirement.is_some_and(|r| r.abandoned_max < 1.0) {
            return Err(Failure::usage("nobody gives up without `--patience`")
                .hint("leave out `--max-abandoned`, or say how long callers wait: `--patience`"));
        }
        positions(1, self.shrinkage).map_err(|problem| {
            Failure::usage(problem).hint("`--shrinkage` is the share of paid time away, e.g. 30%")
        })?;
        let asks = self.requirement.is_some() || self.blocked_max.is_some();
        if asks != self.operators.is_empty() {
            let hint = if is_b { "`--max-blocked 1%`" } else { "`--service-level 80/20`" };
            return Err(Failure::usage("either operators are given or asked for")
                .hint(format!("give `--operators N`, or {hint}")));
        }
        Ok(self)
    }

    fn load(&self) -> Result<Load, InputError> {
        Load::new(self.calls.iter().sum(), self.handling_secs)
    }

    /// The fewest operators, if they are what was asked for.
    fn needed(&self) -> Result<Option<u32>, InputError> {
        if let Some(blocked_max) = self.blocked_max {
            return erlang::required_erlang_b(self.load()?, blocked_max).map(Some);
        }
        let Some(requirement) = &self.requirement else { return Ok(None) };
        let needed = match (self.model, self.patience_secs) {
            (ErlangModel::Priority, None) => {
                let levels = vec![requirement.level; self.calls.len()];
                let limit_secs = requirement.limit_secs;
                let (calls, handling_secs) = (&self.calls, self.handling_secs);
                let busy = requirement.occupancy_max;
                erlang::required_priority(calls, handling_secs, &levels, limit_secs, busy)
            }
            (ErlangModel::Priority, Some(patience_secs)) => {
                let (calls, handling_secs) = (&self.calls, self.handling_secs);
                erlang::required_priority_with_patience(
                    calls,
                    handling_secs,
                    patience_secs,
                    requirement,
                )
            }
            (_, Some(patience_secs)) => {
                erlang::required_erlang_a(self.load()?, patience_secs, requirement)
            }
            (_, None) => erlang::required_erlang_c(self.load()?, requirement),
        };
        needed.map(Some)
    }

    fn answer(&self, operators: u32) -> Result<Answer, InputError> {
        let (load, limit) = (self.load()?, self.limit_secs);
        let classes = match (self.model, self.patience_secs) {
            (ErlangModel::B, _) => {
                let loss = erlang::erlang_b(load, operators)?;
                let figures = [("blocked", loss.blocked), ("occupancy", loss.occupancy)];
                Some(vec![named(&figures)])
            }
            (ErlangModel::C, _) => {
                let found = erlang::erlang_c(load, operators, limit)?.stable();
                found.map(|found| vec![of_queue(&found)])
            }
            (ErlangModel::A, patience) => {
                let patience = patience.unwrap_or(f64::NAN);
                Some(vec![of_queue(&erlang::erlang_a(load, operators, patience, limit)?)])
            }
            (ErlangModel::Priority, None) => {
                let (calls, aht) = (&self.calls, self.handling_secs);
                match erlang::priority(calls, aht, operators, limit)? {
                    Steady::Stable(classes) => {
                        let busy = load.erlangs() / f64::from(operators);
                        Some(classes.iter().map(|class| of_class(class, busy)).collect())
                    }
                    Steady::Unstable { .. } => None,
                }
            }
            (ErlangModel::Priority, Some(patience)) => {
                let (calls, aht) = (&self.calls, self.handling_secs);
                let classes =
                    erlang::priority_with_patience(calls, aht, operators, patience, limit)?;
                let busy = classes.first().and_then(|class| class.highest).map(|h| h.occupancy);
                let of = |class| of_impatient_class(class, busy.unwrap_or(0.0));
                Some(classes.iter().map(of).collect())
            }
        };
        Ok(Answer { operators, classes })
    }
}

/// The level asked for, and the limit.
fn goal(args: &Erlang) -> Result<(Option<f64>, f64), Failure> {
    let Some(text) = args.service_level.as_deref() else {
        return Ok((None, secs("--limit", &args.limit)?));
    };
    let bad = || {
        Failure::usage(format!("`{text}` is no service level"))
            .hint("share in percent and limit in seconds, e.g. 80/20 or 95/20")
    };
    let (level, limit) = text.split_once('/').ok_or_else(bad)?;
    let limit: f64 = limit.trim_end_matches('s').parse().map_err(|_| bad())?;
    let level = share("--service-level", level)?;
    if 1.0 <= level {
        return Err(Failure::usage("no number of operators answers every call in time")
            .hint("ask for less than 100 %"));
    }
    Ok((Some(level), limit))
}

/// Seconds of `240s`, `4min` or plain `240`.
fn secs(name: &str, text: &str) -> Result<f64, Failure> {
    if let Ok(secs) = text.parse::<f64>() {
        return Ok(secs);
    }
    let millis = Millis::parse(text).ok_or_else(|| {
        Failure::usage(format!("`{name}` must be a duration, found `{text}`"))
            .hint("e.g. 20s, 240s, 4min, 15m, 1h")
    })?;
    Ok(millis.get() as f64 / 1000.0)
}

/// A share of `85%` or `85`.
fn share(name: &str, text: &str) -> Result<f64, Failure> {
    let percent = text.trim_end_matches('%').trim().parse::<f64>().ok();
    percent.map(|percent| percent / 100.0).ok_or_else(|| {
        Failure::usage(format!("`{name}` must be a share in percent, found `{text}`"))
            .hint("e.g. 85%")
    })
}

/// The most numbers of operators that are computed at once.
const OPERATORS_AT_ONCE: usize = 200;

/// `40`, `38..44` (both included) or `38,40,44`.
fn operators(text: &str) -> Result<Vec<u32>, Failure> {
    let bad = || {
        Failure::usage(format!("`{text}` is no number of operators"))
            .hint("e.g. 40, 38..44 or 38,40,44")
    };
    let one = |text: &str| text.trim().parse::<u32>().map_err(|_| bad());
    let found: Vec<u32> = match text.split_once("..") {
        Some((from, to)) => (one(from)?..=one(to)?).take(OPERATORS_AT_ONCE + 1).collect(),
        None => text.split(',').map(one).collect::<Result<_, _>>()?,
    };
    if found.is_empty() {
        return Err(bad());
    }
    if OPERATORS_AT_ONCE < found.len() {
        return Err(Failure::usage(format!(
            "at most {OPERATORS_AT_ONCE} numbers of operators are computed at once"
        )));
    }
    Ok(found)
}

fn named(figures: &[(&'static str, f64)]) -> Vec<Figure> {
    figures.iter().map(|&(key, value)| Figure { key, value }).collect()
}

fn of_queue(found: &Performance) -> Vec<Figure> {
    named(&[
        ("occupancy", found.occupancy),
        ("delayed", found.delayed),
        ("of-offered", found.levels.of_offered),
        ("of-answered", found.levels.of_answered),
        ("without-short-abandons", found.levels.without_short_abandons),
        ("counting-short-abandons", found.levels.counting_short_abandons),
        ("wait_answered_s", found.wait_answered_secs),
        ("wait_all_s", found.wait_all_secs),
        ("queue_length", found.queue_length),
        ("abandoned", found.abandoned),
        ("abandoned_within", found.abandoned_within),
    ])
}

/// What a class meets; the operators are busy for the same share, whichever class is asked about.
fn of_class(found: &erlang::ClassDelay, occupancy: f64) -> Vec<Figure> {
    // Nobody gives up: the four service levels are the same.
    named(&[
        ("occupancy", occupancy),
        ("delayed", found.delayed),
        ("of-offered", found.within),
        ("of-answered", found.within),
        ("without-short-abandons", found.within),
        ("counting-short-abandons", found.within),
        ("wait_answered_s", found.wait_secs),
        ("wait_all_s", found.wait_secs),
        ("queue_length", found.queue_length),
        ("abandoned", 0.0),
        ("abandoned_within", 0.0),
    ])
}

fn of_impatient_class(found: &erlang::ClassPatience, occupancy: f64) -> Vec<Figure> {
    if let Some(highest) = &found.highest {
        return of_queue(highest);
    }
    named(&[
        ("occupancy", occupancy),
        ("delayed", found.delayed),
        ("wait_all_s", found.wait_all_secs),
        ("queue_length", found.queue_length),
        ("abandoned", found.abandoned),
    ])
}

/// Names of figures in Italian and English, in the order in which they are shown.
const NAMES: [(&str, &str, &str); 12] = [
    ("occupancy", "occupazione", "occupancy"),
    ("blocked", "chiamate rifiutate", "calls refused"),
    ("delayed", "non risposte subito", "not answered at once"),
    ("of-offered", "in tempo, su tutte le offerte", "in time, of all offered"),
    ("of-answered", "in tempo, sulle risposte", "in time, of those answered"),
    (
        "without-short-abandons",
        "in tempo, senza abbandoni brevi",
        "in time, without short abandons",
    ),
    ("counting-short-abandons", "in tempo o abbandono breve", "in time or short abandon"),
    ("wait_answered_s", "attesa media delle risposte", "mean wait of those answered"),
    ("wait_all_s", "attesa media di tutte", "mean wait of all"),
    ("queue_length", "in coda in media", "waiting on average"),
    ("abandoned", "abbandonate", "abandoned"),
    ("abandoned_within", "abbandonate entro il limite", "abandoned within the limit"),
];

/// Pads a share or a time for people.
fn shown(figure: &Figure, lang: Lang) -> String {
    let text = match figure.key {
        "wait_answered_s" | "wait_all_s" => format!("{:.2} s", figure.value),
        "queue_length" => format!("{:.3}", figure.value),
        _ => format!("{:.2} %", 100.0 * figure.value),
    };
    localised(&text, lang)
}

fn print(
    question: &Question,
    needed: Option<u32>,
    answers: &[Answer],
    lang: Lang,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let erlangs = question.load().map_err(refused)?.erlangs();
    let calls: f64 = question.calls.iter().sum();
    let head = match lang {
        Lang::It => format!("{calls:.1} chiamate l'ora, {erlangs:.2} Erlang"),
        Lang::En => format!("{calls:.1} calls an hour, {erlangs:.2} Erlang"),
    };
    let limit = match (question.model, lang) {
        (ErlangModel::B, _) => String::new(),
        (_, Lang::It) => format!("; in tempo: entro {} s", question.limit_secs),
        (_, Lang::En) => format!("; in time: within {} s", question.limit_secs),
    };
    writeln!(out, "{}{limit}", localised(&head, lang))?;
    if let Some(needed) = needed {
        let people = positions(needed, question.shrinkage).map_err(refused)?;
        match lang {
            Lang::It => write!(out, "servono {needed} operatori")?,
            Lang::En => write!(out, "{needed} operators are needed")?,
        }
        if 0.0 < question.shrinkage {
            let share = localised(&format!("{:.1}", 100.0 * question.shrinkage), lang);
            match lang {
                Lang::It => write!(out, ", {people} posti con il {share} % di assenze")?,
                Lang::En => write!(out, ", {people} positions with {share} % away")?,
            }
        }
        writeln!(out)?;
    }
    writeln!(out)?;
    by_operators(question, answers, lang).print(out)?;
    for answer in answers.iter().filter(|answer| answer.classes.is_none()) {
        let n = answer.operators;
        match lang {
            Lang::It => writeln!(
                out,
                "{n} operatori: instabile. Arriva più di quanto possano gestire e nessuno \
                 rinuncia: la coda cresce senza fine",
            )?,
            Lang::En => writeln!(
                out,
                "{n} operators: unstable. More arrives than they can handle and nobody gives up: \
                 the queue grows for ever",
            )?,
        }
    }
    Ok(())
}

/// A line for each figure, a column for each number of operators.
fn by_operators(question: &Question, answers: &[Answer], lang: Lang) -> Table {
    let heads = answers.iter().map(|answer| answer.operators.to_string());
    let first = say(lang, "operatori", "operators").to_owned();
    let mut table = Table::new(std::iter::once(first).chain(heads));
    let n_classes = question.calls.len();
    for class in 0..n_classes {
        for (key, it, en) in NAMES {
            let cell = |answer: &Answer| match &answer.classes {
                None => Some(say(lang, "instabile", "unstable").to_owned()),
                Some(classes) => {
                    let figures = classes.get(class)?.iter();
                    figures.clone().find(|f| f.key == key).map(|figure| shown(figure, lang))
                }
            };
            let cells: Vec<Option<String>> = answers.iter().map(cell).collect();
            let known = answers.iter().filter_map(|a| a.classes.as_ref()?.get(class)).flatten();
            let never = known.clone().next().is_some() && known.clone().all(|f| f.key != key);
            let of_all = key == "occupancy";
            let said = of_all && 0 < class;
            let skip = never || said || (key == "blocked" && question.model != ErlangModel::B);
            if skip || cells.iter().all(Option::is_none) {
                continue;
            }
            let name = say(lang, it, en);
            let name = match (n_classes, lang) {
                (1, _) => name.to_owned(),
                _ if of_all => name.to_owned(),
                (_, Lang::It) => format!("classe {}: {name}", class + 1),
                (_, Lang::En) => format!("class {}: {name}", class + 1),
            };
            let cells = cells.into_iter().map(|cell| cell.unwrap_or_else(|| "–".to_owned()));
            table.row(std::iter::once(name).chain(cells));
        }
    }
    table
}

/// A line for each number of operators and class.
fn lines(question: &Question, answers: &[Answer]) -> Table {
    let keys = NAMES.map(|(key, ..)| key);
    let mut table =
        Table::new(["operators", "class", "calls_per_hour", "state"].into_iter().chain(keys));
    for answer in answers {
        for (class, calls) in question.calls.iter().enumerate() {
            let figures = answer.classes.as_ref().and_then(|classes| classes.get(class));
            let state = if answer.classes.is_some() { "stable" } else { "unstable" };
            let cell = |key: &str| {
                let figure = figures.and_then(|all| all.iter().find(|figure| figure.key == key));
                figure.map_or_else(String::new, |figure| figure.value.to_string())
            };
            let first = [
                answer.operators.to_string(),
                (class + 1).to_string(),
                calls.to_string(),
                state.to_owned(),
            ];
            table.row(first.into_iter().chain(keys.map(cell)));
        }
    }
    table
}

/// The document `soglia.erlang/1`; docs/reference/json.md describes it.
fn document(
    question: &Question,
    needed: Option<u32>,
    answers: &[Answer],
) -> Result<Value, InputError> {
    let class = |figures: &Vec<Figure>| -> Value {
        figures
            .iter()
            .map(|f| (f.key.replace('-', "_"), json!(f.value)))
            .collect::<Map<_, _>>()
            .into()
    };
    let row = |answer: &Answer| {
        let classes = answer.classes.as_ref();
        json!({
            "operators": answer.operators,
            "state": if classes.is_some() { "stable" } else { "unstable" },
            "classes": classes.map(|all| all.iter().map(class).collect::<Vec<_>>()),
        })
    };
    let rows: Vec<Value> = answers.iter().map(row).collect();
    let people = needed.map(|needed| positions(needed, question.shrinkage)).transpose()?;
    Ok(json!({
        "schema": "soglia.erlang/1",
        "model": question.model.name(),
        "input": {
            "calls_per_hour": question.calls,
            "handling_s": question.handling_secs,
            "patience_s": question.patience_secs,
            "limit_s": question.limit_secs,
            "level": question.requirement.map(|requirement| requirement.level),
            "of": question.requirement.map(|requirement| requirement.kind.name()),
            "shrinkage": question.shrinkage,
        },
        "erlangs": question.load()?.erlangs(),
        "needed": needed.map(|operators| json!({ "operators": operators, "positions": people })),
        "answers": rows,
    }))
}

//! The contract and the coherence checks. Read [`contract`] first.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use soglia_domain::card::{Card, card, sources_card};
use soglia_registers::contracts::{Noted, noted};
use soglia_report::format;
use soglia_report::model::CheckOutcome;

use crate::access::Visit;
use crate::figures::{Choice, Look};
use crate::reply::{Answer, Problem, file, page};
use crate::shell::Shell;
use crate::state::{App, Shared};

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/contract", get(contract))
        .route("/contract/file", get(contract_file))
        .route("/contract/changes", get(changes))
        .route("/checks", get(checks))
}

#[derive(Template)]
#[template(path = "contract/contract.html")]
struct ContractPage {
    shell: Shell,
    facts: Vec<(String, String)>,
    roles: Vec<(String, String, String)>,
    warnings: Vec<(String, String)>,
    services: Vec<ServiceCards>,
    sources: Card,
    versions: Vec<Noted>,
}

struct ServiceCards {
    code: String,
    name: String,
    queues: String,
    cards: Vec<(String, Card)>,
}

async fn contract(State(app): State<Shared>, visit: Visit) -> Answer {
    let mine = app.services(&visit)?;
    let (lang, contract) = (visit.lang, &app.contract);
    let services = mine.into_iter().map(|service| {
        let versions = service.indicators.iter().flat_map(|indicator| {
            indicator.versions.iter().map(move |version| (indicator, version))
        });
        ServiceCards {
            code: service.code.clone(),
            name: service.name.get(lang).to_owned(),
            queues: service.queues.iter().map(|q| q.queue.clone()).collect::<Vec<_>>().join(", "),
            cards: versions
                .map(|(indicator, version)| {
                    let since = format::day(lang, version.valid_from);
                    let name = format!("{} v{} ({since})", indicator.code, version.version);
                    (name, card(contract, (service, indicator), version, lang))
                })
                .collect(),
        }
    });
    let roles = contract.roles.iter().map(|role| {
        let day = |date: Option<jiff::civil::Date>| {
            date.map_or_else(|| "…".to_owned(), |date| format::day(lang, date))
        };
        let until = role.valid_until.and_then(|until| until.yesterday().ok());
        let validity = if role.valid_from.is_none() && until.is_none() {
            visit.say("non indicata", "not stated").to_owned()
        } else {
            format!("{} – {}", day(role.valid_from), day(until))
        };
        (role.title.get(lang).to_owned(), role.person.clone(), validity)
    });
    let warnings = contract.warnings.iter();
    let mut tx = app.database.read().await?;
    page(&ContractPage {
        facts: facts(&app, &visit),
        roles: roles.collect(),
        warnings: warnings
            .map(|warning| (warning.code.to_owned(), warning.text.get(lang).to_owned()))
            .collect(),
        services: services.collect(),
        sources: sources_card(contract, lang),
        versions: noted(&mut tx, &contract.code).await?,
        shell: Shell::new(&app, &visit, visit.say("Contratto", "Contract")),
    })
}

fn facts(app: &App, visit: &Visit) -> Vec<(String, String)> {
    let contract = &app.contract;
    let fact =
        |it: &'static str, en: &'static str, value: String| (visit.say(it, en).to_owned(), value);
    let mut facts = vec![
        fact("Titolo", "Title", contract.title.get(visit.lang).to_owned()),
        fact("Amministrazione", "Authority", contract.authority.clone()),
        fact("Fornitore", "Supplier", contract.supplier.join(" / ")),
        fact("Fuso orario", "Time zone", contract.zone_name.clone()),
        fact("File", "File", app.contract_file.clone()),
        fact("SHA-256 del file", "SHA-256 of the file", contract.file_hash.clone()),
    ];
    if let Some(register) = &contract.register {
        facts.insert(1, fact("Repertorio", "Register number", register.clone()));
    }
    facts
}

/// The contract file, byte for byte.
async fn contract_file(State(app): State<Shared>, visit: Visit) -> Answer {
    app.services(&visit)?;
    Ok(file("application/toml", &app.contract_file, app.contract_text.clone()))
}

#[derive(Template)]
#[template(path = "contract/changes.html")]
struct ChangesPage {
    shell: Shell,
    lines: Vec<(char, String)>,
}

/// What changed from one noted file to another, line by line.
async fn changes(State(app): State<Shared>, visit: Visit) -> Answer {
    app.services(&visit)?;
    let mut tx = app.database.read().await?;
    let versions = noted(&mut tx, &app.contract.code).await?;
    let of = |name: &str, otherwise| match visit.parameter(name) {
        Some(hash) => versions.iter().find(|version| version.hash == hash),
        None => otherwise,
    };
    let lines = match (of("from", versions.first()), of("to", versions.last())) {
        (Some(old), Some(new)) => difference(&old.text, &new.text),
        _ if versions.is_empty() => Vec::new(),
        _ => {
            return Err(Problem::missing(
                "una delle due versioni non c'è",
                "one of the two versions is not there",
            ));
        }
    };
    let shell = Shell::new(&app, &visit, visit.say("Che cosa è cambiato", "What changed"))
        .below(visit.say("Contratto", "Contract"), "/contract");
    page(&ChangesPage { shell, lines })
}

/// Lines taken out (`-`), put in (`+`) and, around them, lines that stayed; `…` where others did.
fn difference(old: &str, new: &str) -> Vec<(char, String)> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - before;
    let after =
        old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let part = |lines: &[&str]| -> Vec<String> {
        let kept = lines.iter().skip(before).take(lines.len() - before - after);
        kept.map(|line| (*line).to_owned()).collect()
    };
    let (old_part, new_part) = (part(&old), part(&new));
    let common = longest_common(&old_part, &new_part);
    let mut lines = Vec::new();
    let (mut at_old, mut at_new) = (0, 0);
    for (in_old, in_new) in common.into_iter().chain([(old_part.len(), new_part.len())]) {
        let gone = old_part.iter().take(in_old).skip(at_old).map(|line| ('-', line.clone()));
        lines.extend(gone);
        let come = new_part.iter().take(in_new).skip(at_new).map(|line| ('+', line.clone()));
        lines.extend(come);
        lines.extend(old_part.get(in_old).map(|line| (' ', line.clone())));
        (at_old, at_new) = (in_old + 1, in_new + 1);
    }
    shortened(lines)
}

/// Places of the lines that both have, in order; of files too long for that, none.
fn longest_common(old: &[String], new: &[String]) -> Vec<(usize, usize)> {
    const CELLS_MAX: usize = 4_000_000;
    if CELLS_MAX < (old.len() + 1) * (new.len() + 1) {
        return Vec::new();
    }
    // Each row says how many lines the rests have in common.
    let mut rests: Vec<Vec<usize>> = vec![vec![0; new.len() + 1]];
    for line in old.iter().rev() {
        let below = rests.last().expect("the first row is there");
        let mut row = vec![0; new.len() + 1];
        let mut right = 0;
        for (at, other) in new.iter().enumerate().rev() {
            let under = below.get(at).copied().unwrap_or(0);
            let diagonal = below.get(at + 1).copied().unwrap_or(0);
            right = if line == other { diagonal + 1 } else { under.max(right) };
            if let Some(cell) = row.get_mut(at) {
                *cell = right;
            }
        }
        rests.push(row);
    }
    rests.reverse();
    let length = |i: usize, j: usize| rests.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0);
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while let (Some(a), Some(b)) = (old.get(i), new.get(j)) {
        if a == b {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if length(i, j + 1) <= length(i + 1, j) {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// Leaves out lines that stayed, but for three around each change.
fn shortened(lines: Vec<(char, String)>) -> Vec<(char, String)> {
    const AROUND: usize = 3;
    let changed: Vec<usize> =
        lines.iter().enumerate().filter(|(_, (sign, _))| *sign != ' ').map(|(at, _)| at).collect();
    let near = |at: usize| changed.iter().any(|other| other.abs_diff(at) <= AROUND);
    let mut kept: Vec<(char, String)> = Vec::new();
    for (at, line) in lines.into_iter().enumerate() {
        if near(at) {
            kept.push(line);
        } else if kept.last().is_none_or(|(sign, _)| *sign != '…') {
            kept.push(('…', String::new()));
        }
    }
    kept
}

#[derive(Template)]
#[template(path = "checks/checks.html")]
struct ChecksPage {
    shell: Shell,
    choice: Choice,
    working: bool,
    empty: bool,
    rows: Vec<CheckRow>,
}

/// A check, as shown.
pub struct CheckRow {
    /// `N1` … `N18`.
    pub code: String,
    /// What it looks at.
    pub title: String,
    /// `passed`, `warning`, `failed`, `not run`.
    pub outcome: &'static str,
    /// The outcome for people.
    pub word: &'static str,
    /// The class that colours it.
    pub tone: &'static str,
    /// What it found.
    pub text: String,
}

async fn checks(State(app): State<Shared>, visit: Visit) -> Answer {
    app.services(&visit)?;
    let choice = app.figures.choice(&visit).await?;
    let shell = Shell::new(&app, &visit, visit.say("Controlli di coerenza", "Coherence checks"));
    let mut shown = ChecksPage { shell, choice, working: false, empty: false, rows: Vec::new() };
    match app.figures.review(&shown.choice.period, visit.lang).await? {
        Look::Working => shown.working = true,
        Look::Ready(measured) => match measured.as_ref() {
            None => shown.empty = true,
            Some(measured) => shown.rows = check_rows(&measured.input.checks, &visit),
        },
    }
    page(&shown)
}

/// The checks of a period with what they found.
pub fn check_rows(checks: &[soglia_report::model::Check], visit: &Visit) -> Vec<CheckRow> {
    let rows = checks.iter().map(|check| {
        let (outcome, word, tone, text) = match &check.outcome {
            CheckOutcome::Passed => ("passed", visit.say("superato", "passed"), "good", None),
            CheckOutcome::Warning(text) => {
                ("warning", visit.say("da guardare", "to look at"), "attention", Some(text))
            }
            CheckOutcome::Failed(text) => {
                ("failed", visit.say("da risolvere", "to settle"), "bad", Some(text))
            }
            CheckOutcome::NotRun(text) => {
                ("not run", visit.say("non eseguito", "not run"), "", Some(text))
            }
        };
        CheckRow {
            code: check.code.clone(),
            title: check.title.get(visit.lang).to_owned(),
            outcome,
            word,
            tone,
            text: text.map(|text| text.get(visit.lang).to_owned()).unwrap_or_default(),
        }
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_what_went_and_what_came() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
        let new = "a\nb\nc\nd\ne\nF\ng\nh\ni\nj\nk\n";
        let lines: Vec<String> =
            difference(old, new).iter().map(|(sign, line)| format!("{sign}{line}")).collect();
        assert_eq!(lines, ["-f", "+F", " g", " h", " i", " j", "+k"]);
        assert!(difference(old, old).is_empty());
    }

    #[test]
    fn lines_far_from_a_change_are_left_out() {
        let middle: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        let old = format!("x\n{}\ny\n", middle.join("\n"));
        let new = format!("X\n{}\nY\n", middle.join("\n"));
        let signs: String = difference(&old, &new).iter().map(|(sign, _)| *sign).collect();
        assert_eq!(signs, "-+   …   -+");
    }
}

//! `soglia penalty`. Read [`run`] first.

use std::io::Write as _;

use serde_json::json;
use soglia_app::json as app_json;
use soglia_app::measured::{Measured, session};
use soglia_domain::penalty::StepsCounted;
use soglia_domain::ratio::{Ratio, decimal};
use soglia_domain::register::{PENALTIES, Values, by_code};
use soglia_ledger::store::Ledger;
use soglia_registers::entries::{Entry, Step};
use soglia_registers::error::{RegisterError, Rule};
use soglia_registers::penalties::{self, Missed};
use soglia_registers::query::Query;

use super::register::{Opened, print_written};
use super::report::contract_name;
use super::review::print_json;
use crate::cli::{PenaltyCommand, Why};
use crate::config::Settings;
use crate::error::{DONE, Done, Failure};
use crate::output::{Table, localised};

/// The name of the list for programs.
const SCHEMA: &str = "soglia.penalties/1";

/// Works on penalties.
pub async fn run(settings: &Settings, command: PenaltyCommand) -> Done {
    use PenaltyCommand as C;
    let opened = Opened::acting(settings, login(&command)).await?;
    match command {
        C::List { json } => list(settings, &opened, json).await,
        C::Cap { json } => cap(settings, &opened, json).await,
        C::Detect { indicator, period, clause, why } => {
            detect(settings, &opened, &indicator, &period, clause.as_deref(), &why).await
        }
        C::Notify { penalty, on, by, due, why } => {
            let mut fields = vec![("notified_on", on.as_str()), ("notified_by", by.as_str())];
            fields.extend(due.as_deref().map(|due| ("reply_due_on", due)));
            step(&opened, &penalty, "notify", &fields, &why).await
        }
        C::Argue { penalty, on, text, why } => {
            let fields = [("argued_on", on.as_str()), ("arguments", text.as_str())];
            step(&opened, &penalty, "argue", &fields, &why).await
        }
        C::Expire { penalty, why } => step(&opened, &penalty, "expire", &[], &why).await,
        C::Apply { penalty, on, amount, text, why } => {
            let fields = [
                ("decided_on", on.as_str()),
                ("decided", amount.as_str()),
                ("decision", text.as_str()),
            ];
            step(&opened, &penalty, "apply", &fields, &why).await
        }
        C::Waive { penalty, on, text, why } => {
            let fields = [("decided_on", on.as_str()), ("decision", text.as_str())];
            step(&opened, &penalty, "waive", &fields, &why).await
        }
        C::Deduct { penalty, on, from, why } => {
            let fields = [("deducted_on", on.as_str()), ("deducted_from", from.as_str())];
            step(&opened, &penalty, "deduct", &fields, &why).await
        }
        C::Withdraw { penalty, why } => step(&opened, &penalty, "withdraw", &[], &why).await,
    }
}

fn login(command: &PenaltyCommand) -> Option<&str> {
    use PenaltyCommand as C;
    match command {
        C::List { .. } | C::Cap { .. } => None,
        C::Detect { why, .. }
        | C::Notify { why, .. }
        | C::Argue { why, .. }
        | C::Expire { why, .. }
        | C::Apply { why, .. }
        | C::Waive { why, .. }
        | C::Deduct { why, .. }
        | C::Withdraw { why, .. } => why.login.as_deref(),
    }
}

async fn list(settings: &Settings, opened: &Opened, as_json: bool) -> Done {
    let register = by_code(PENALTIES.code).expect("it is one of them");
    let contract = Some(opened.contract.code.clone());
    let query = Query { contract, ..Query::new(register) };
    let mut tx = opened.database.read().await?;
    let found = tx.find_all(&opened.actor, opened.now, &query).await?;
    if as_json {
        let today = opened.setting.date(opened.now);
        let all: Vec<_> = found.iter().map(|entry| app_json::entry(entry, today)).collect();
        return print_json(&json!({ "schema": SCHEMA, "penalties": all }));
    }
    let mut table =
        Table::new(["entry", "indicator", "period", "state", "amount", "decided", "reply due"]);
    for entry in &found {
        let value = |field: &str| entry.value(field).map(ToString::to_string).unwrap_or_default();
        let service = entry.service.as_deref().unwrap_or_default();
        table.row([
            entry.id.clone(),
            format!("{service}/{}", value("indicator")),
            value("period"),
            entry.state.label.get(settings.lang).to_owned(),
            localised(&value("amount"), settings.lang),
            localised(&value("decided"), settings.lang),
            value("reply_due_on"),
        ]);
    }
    table.print(&mut std::io::stdout().lock())?;
    Ok(DONE)
}

async fn cap(settings: &Settings, opened: &Opened, as_json: bool) -> Done {
    let mut tx = opened.database.read().await?;
    let cap = penalties::cap(&mut tx, &opened.contract).await?;
    let cap = cap.ok_or(RegisterError::Rule(Rule::NoPenalties))?;
    let euro = |cents: u64| decimal(cents.into(), 2);
    let (most, applied, room) =
        (euro(cap.cap_cents), euro(cap.applied_cents), euro(cap.room_cents));
    if as_json {
        return print_json(&json!({ "cap": most, "applied": applied, "room": room }));
    }
    let mut table = Table::new(["cap", "applied", "room"]);
    table.row([most, applied, room].map(|amount| localised(&amount, settings.lang)));
    table.print(&mut std::io::stdout().lock())?;
    Ok(DONE)
}

async fn detect(
    settings: &Settings,
    opened: &Opened,
    name: &str,
    period: &str,
    clause: Option<&str>,
    why: &Why,
) -> Done {
    let contract = &opened.contract;
    let period = super::period(period, contract)?;
    let (service, code) = name.split_once('/').ok_or_else(|| {
        Failure::usage(format!("`{name}` is no indicator of a service")).hint("write `cup/K1`")
    })?;
    let indicator = contract.service(service).and_then(|found| found.indicator(code));
    let indicator = indicator.ok_or_else(|| RegisterError::unknown("indicator", name))?;
    let last = period.until_date().yesterday().unwrap_or(period.first_date());
    let version = indicator.version_on(last).ok_or_else(|| {
        Failure::usage(format!("no rule of `{name}` is in force in {}", period.label()))
    })?;
    let ledger = Ledger::open(settings.ledger()?)?;
    let session = session(&ledger, None).await?;
    let file = contract_name(settings);
    let read = Measured::read(&ledger, &session, contract, &file, &period, settings.lang, None);
    let measured = read
        .await?
        .ok_or_else(|| Failure::no_data(format!("the ledger has no data in {}", period.label())))?;
    let found = measured.report.find(service, code);
    let counts = found.and_then(|found| Ratio::new(found.numerator?, found.denominator?));
    let counts = counts
        .ok_or_else(|| Failure::no_data(format!("`{name}` has no figure in {}", period.label())))?;
    let foreseen = contract.penalties.as_ref();
    let clause = clause.or_else(|| foreseen?.clause.as_deref()).ok_or_else(|| {
        Failure::usage("no clause foresees the penalty")
            .hint("give --clause, or write `clause` into the contract's [penalties]")
    })?;
    let missed = Missed {
        service,
        indicator: code,
        period: period.label(),
        measured: counts,
        target: version.target,
        seal: measured.input.provenance.seal.as_deref(),
        counted: foreseen.map_or(StepsCounted::Completed, |penalties| penalties.counted),
        clause,
        lang: settings.lang,
    };
    let mut tx = opened.database.write().await?;
    let by = opened.by(&why.reason);
    let entry = penalties::detect(&mut tx, &by, &opened.setting, missed).await?;
    tx.commit().await?;
    print_amount(settings, &entry)
}

fn print_amount(settings: &Settings, entry: &Entry) -> Done {
    print_written(entry)?;
    let amount = entry.value("amount").map(ToString::to_string).unwrap_or_default();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} €", localised(&amount, settings.lang))?;
    writeln!(out, "{}", entry.words("basis").unwrap_or_default())?;
    Ok(DONE)
}

async fn step(
    opened: &Opened,
    id: &str,
    transition: &str,
    fields: &[(&str, &str)],
    why: &Why,
) -> Done {
    let mut tx = opened.database.write().await?;
    let entry = tx.entry(&id.to_uppercase()).await?;
    if *entry.register != PENALTIES {
        return Err(RegisterError::unknown("penalty", id).into());
    }
    let changes = Values::changes(entry.register, fields.iter().copied());
    let changes = changes.map_err(RegisterError::Values)?;
    let step = Step { version: entry.version, transition, changes };
    let entry = tx.advance(&opened.by(&why.reason), &opened.setting, &entry.id, step).await?;
    tx.commit().await?;
    print_written(&entry)
}

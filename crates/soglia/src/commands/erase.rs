//! `soglia erase`. Read [`run`] first.

use std::io::Write;
use std::path::Path;

use soglia_domain::retention::{DEFAULTS, RetentionRule};
use soglia_domain::text::Lang;
use soglia_registers::erasure::{self, Part, Plan, Subject};

use super::register::Opened;
use crate::cli::EraseCommand;
use crate::config::Settings;
use crate::error::{DONE, Done, Failure};

/// Erases what may not be kept.
pub async fn run(settings: &Settings, command: EraseCommand) -> Done {
    let opened = Opened::new(settings).await?;
    match command {
        EraseCommand::Old { months, carry_out, reason } => {
            let rules = rules(&months)?;
            write_rules(&rules, settings.lang)?;
            let mut tx = opened.database.read().await?;
            let now = opened.now;
            let plan = erasure::plan_retention(&mut tx, &opened.setting, &rules, now).await?;
            drop(tx);
            finish(&opened, &plan, carry_out, &reason).await
        }
        EraseCommand::Person { identifiers, out, carry_out, reason } => {
            person(&opened, &identifiers, &out, carry_out, &reason).await
        }
    }
}

fn rules(changed: &[String]) -> Result<Vec<RetentionRule>, Failure> {
    let mut rules = RetentionRule::defaults();
    for text in changed {
        let rule = text
            .split_once('=')
            .and_then(|(code, months)| RetentionRule::parse(code, months.parse().ok()?));
        let rule = rule.ok_or_else(|| {
            Failure::usage(format!("`{text}` is no rule")).hint("write `complaints=24`")
        })?;
        rules.retain(|known| known.code != rule.code);
        rules.push(rule);
    }
    Ok(rules)
}

fn write_rules(rules: &[RetentionRule], lang: Lang) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    for rule in rules {
        let why =
            DEFAULTS.iter().find(|known| known.code == rule.code && known.months == rule.months);
        let why = why.map(|known| format!(" — {}", known.why.get(lang))).unwrap_or_default();
        let months = if lang == Lang::It { "mesi" } else { "months" };
        writeln!(out, "{}: {} {months}{why}", rule.code, rule.months)?;
    }
    Ok(())
}

async fn person(
    opened: &Opened,
    identifiers: &[String],
    path: &Path,
    carry_out: bool,
    reason: &str,
) -> Done {
    let identifiers: Vec<&str> = identifiers.iter().map(String::as_str).collect();
    let subject = Subject::new(&identifiers)?;
    let mut tx = opened.database.write().await?;
    let data = erasure::find_subject(&mut tx, &opened.by(reason), &subject).await?;
    let text = serde_json::to_string_pretty(&data.export).map_err(Failure::internal)?;
    std::fs::File::create_new(path)?.write_all(text.as_bytes())?;
    tx.commit().await?;
    finish(opened, &data.plan, carry_out, reason).await
}

/// Shows a plan, and carries it out if asked to.
async fn finish(opened: &Opened, plan: &Plan, carry_out: bool, reason: &str) -> Done {
    {
        let mut out = std::io::stdout().lock();
        for part in &plan.parts {
            let text = match part {
                Part::Value { entry, version, field } => format!("{entry} v{version} {field}"),
                Part::Detail { seq } => format!("link {seq}: reason"),
                Part::Account { user } => format!("account {user}"),
                Part::Session { token_hash } => {
                    format!("session {}", token_hash.get(..8).unwrap_or_default())
                }
            };
            writeln!(out, "{text}")?;
        }
        for file in &plan.files {
            writeln!(out, "file {file}")?;
        }
        for kept in &plan.kept {
            writeln!(out, "! {kept}")?;
        }
    }
    if carry_out && !plan.is_empty() {
        let (files, by) = (&opened.files, opened.by(reason));
        let certificate = erasure::carry_out(&opened.database, files, &by, plan).await?;
        writeln!(std::io::stdout().lock(), "{} {}", certificate.id, certificate.sha256)?;
    }
    Ok(DONE)
}

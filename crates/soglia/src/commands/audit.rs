//! `soglia audit`. Read [`run`] first.

use std::io::Write;

use soglia_registers::trail::{self, Head};

use super::register::Opened;
use crate::cli::AuditCommand;
use crate::config::Settings;
use crate::error::{BREACH, DONE, Done, Failure};
use crate::output::Table;

/// Looks into the audit trail.
pub async fn run(settings: &Settings, command: AuditCommand) -> Done {
    let opened = Opened::new(settings).await?;
    match command {
        AuditCommand::Verify { expect } => verify(&opened, expect.as_deref()).await,
        AuditCommand::Log { object, limit } => log(&opened, object.as_deref(), limit).await,
    }
}

async fn verify(opened: &Opened, expect: Option<&str>) -> Done {
    let expect = expect.map(parse_head).transpose()?;
    let verified = trail::verify(&opened.database, expect.as_ref()).await?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} links, {} versions of entries, {} parts erased by certificate",
        verified.n_links, verified.n_versions, verified.n_erased
    )?;
    if let Some(broken) = verified.broken {
        writeln!(out, "BROKEN at {broken}")?;
        return Ok(BREACH);
    }
    writeln!(out, "whole; head {}:{}", verified.head.seq, verified.head.hash)?;
    Ok(DONE)
}

fn parse_head(text: &str) -> Result<Head, Failure> {
    let head = text
        .split_once(':')
        .and_then(|(seq, hash)| Some(Head { seq: seq.parse().ok()?, hash: hash.to_owned() }));
    head.ok_or_else(|| {
        Failure::usage(format!("`{text}` is no head"))
            .hint("write it as `soglia audit verify` prints it: `12:ab34…`")
    })
}

async fn log(opened: &Opened, object: Option<&str>, limit: u32) -> Done {
    let mut tx = opened.database.read().await?;
    let mut links = if let Some(object) = object {
        trail::links_of(&mut tx, object).await?
    } else {
        let newest = trail::head(&mut tx).await?.seq;
        trail::links(&mut tx, newest - i64::from(limit), i64::from(limit)).await?
    };
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    links.drain(..links.len().saturating_sub(most));
    let mut table = Table::new(["link", "when", "who", "what", "about", "reason"]);
    for link in links {
        let reason = link.detail_text("reason").unwrap_or_else(|| "—".to_owned());
        table.row([
            link.seq.to_string(),
            link.at.to_string(),
            link.actor,
            link.action,
            link.object,
            reason,
        ]);
    }
    table.print(&mut std::io::stdout().lock())?;
    Ok(DONE)
}

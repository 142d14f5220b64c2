//! `soglia call`. Read [`run`] first.

use std::io::Write;

use soglia_measure::story::story;
use soglia_report::format::say;

use super::opened;
use crate::cli::Call;
use crate::config::Settings;
use crate::error::{DONE, Done, Failure};

/// Shows one call's whole story.
pub async fn run(settings: &Settings, args: Call) -> Done {
    let (contract, ledger, session) = opened(settings).await?;
    let mut stories = story(&ledger, &session, &args.id).await?;
    if stories.is_empty() {
        return Err(Failure::no_data(format!("the ledger has no call `{}`", args.id))
            .hint("`soglia explain … --calls all` lists identifiers"));
    }
    for story in &mut stories {
        // A group that the contract does not name may be of fewer than five.
        story.fields.retain(|(name, value)| {
            name != "operator_group" || contract.operator_group(value).is_some()
        });
    }
    let mut out = std::io::stdout().lock();
    for story in stories {
        let mut section = |title: &str, records: &[Vec<(String, String)>]| -> std::io::Result<()> {
            for (at, fields) in records.iter().enumerate() {
                writeln!(out, "{title} {}", at + 1)?;
                for (name, value) in fields {
                    writeln!(out, "  {name:<18} {value}")?;
                }
            }
            Ok(())
        };
        let say = |it, en| say(settings.lang, it, en);
        section(say("chiamata", "call"), std::slice::from_ref(&story.fields))?;
        section(say("ingresso in coda", "queue entry"), &story.queue_entries)?;
        section(say("caso", "case"), &story.cases)?;
        let row = say("riga", "row");
        for raw in &story.raw {
            let short = raw.sha256.get(..12).unwrap_or_default();
            writeln!(out, "{} ({short}…) {row} {}: {}", raw.file, raw.row, raw.text)?;
        }
    }
    Ok(DONE)
}

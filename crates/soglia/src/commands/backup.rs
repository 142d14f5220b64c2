//! `soglia backup` and `soglia restore`. Read [`backup()`] first.

use std::io::Write;
use std::path::Path;

use soglia_registers::backup as copy;
use soglia_registers::files::Files;

use super::register::Opened;
use crate::cli::Restore;
use crate::config::Settings;
use crate::error::{BREACH, DONE, Done};

/// Writes the registers to a new folder.
pub async fn backup(settings: &Settings, folder: &Path) -> Done {
    let opened = Opened::new(settings).await?;
    let contents = copy::write(&opened.database, &opened.files, folder, opened.now).await?;
    writeln!(
        std::io::stdout().lock(),
        "{} files, head {}:{}",
        contents.files.len(),
        contents.trail_seq,
        contents.trail_hash
    )?;
    Ok(DONE)
}

/// Puts a backup where no registers are.
pub async fn restore(settings: &Settings, args: Restore) -> Done {
    let place = settings.registers()?;
    let files = Files::new(place.join("files"));
    let (location, backups) = (settings.database()?, place.join("backups"));
    let now = super::now();
    let (_, verified) = copy::restore(&args.folder, location, &files, &backups, now).await?;
    let mut out = std::io::stdout().lock();
    if let Some(broken) = verified.broken {
        writeln!(out, "BROKEN at {broken}")?;
        return Ok(BREACH);
    }
    writeln!(out, "restored: {} links, the trail is whole", verified.n_links)?;
    Ok(DONE)
}

//! Rows of the originals behind facts, duplicates and rejects, as they may be shown: numbers and
//! names of people replaced by `…`. Read [`rows`] first.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Read};

use jiff::tz::TimeZone;
use soglia_sources::{amazon_connect, asterisk_cdr, freeswitch, genesys, queue_log};

pub use soglia_sources::shown::{Shown, Wanted};

use crate::mapping::{self, Mapping};
use crate::status::Duplicates;
use crate::store::{ImportRow, Ledger, LedgerError};

/// Reads some rows of an import's original, as its format counts them.
pub async fn rows(
    ledger: &Ledger,
    import: &ImportRow,
    wanted: Wanted<'_>,
) -> Result<Shown, LedgerError> {
    if import.format == "mapping" {
        return mapped(ledger, import, wanted).await;
    }
    let objects = ledger.objects();
    let text = objects.open_text(&import.sha256);
    text.and_then(|text| text_rows(&import.format, text, wanted))
        .map_err(LedgerError::io("read", &objects.path(&import.sha256)))
}

/// Reads the first row of each run of duplicates, by import and row; each original is read once.
pub async fn first_rows(
    ledger: &Ledger,
    imports: &[ImportRow],
    runs: &[Duplicates],
) -> Result<BTreeMap<(i64, i64), String>, LedgerError> {
    let mut found = BTreeMap::new();
    for import in imports {
        let own = runs.iter().filter(|run| run.import_no == import.import_no);
        let firsts: BTreeSet<i64> = own.map(|run| run.first).collect();
        let last = firsts.last().and_then(|last| u64::try_from(*last).ok());
        let Some(last) = last else { continue };
        let chosen = |row| i64::try_from(row).is_ok_and(|row| firsts.contains(&row));
        for (row, text) in rows(ledger, import, Wanted { last, chosen: &chosen }).await? {
            found.insert((import.import_no, i64::try_from(row).unwrap_or(i64::MAX)), text);
        }
    }
    Ok(found)
}

fn text_rows(format: &str, text: impl BufRead, wanted: Wanted<'_>) -> io::Result<Shown> {
    match format {
        "asterisk-cdr" => asterisk_cdr::shown(text, wanted),
        "freeswitch" => freeswitch::shown(text, wanted),
        "amazon-connect" => amazon_connect::shown(text, wanted),
        "genesys" => genesys::shown(text, wanted),
        _ => queue_log::shown(text, wanted),
    }
}

/// Rows of a table, read by the mapping file that was kept with it.
async fn mapped(
    ledger: &Ledger,
    import: &ImportRow,
    wanted: Wanted<'_>,
) -> Result<Shown, LedgerError> {
    let objects = ledger.objects();
    let damaged = |problem: String| LedgerError::Damaged { table: "imports", problem };
    let sha256 = import.mapping.as_deref().unwrap_or_default();
    let mut text = String::new();
    objects
        .open(sha256)
        .and_then(|mut kept| kept.read_to_string(&mut text))
        .map_err(LedgerError::io("read", &objects.path(sha256)))?;
    let mapping = Mapping::parse(&text, sha256).map_err(|problem| {
        damaged(format!("the mapping of import {}: {problem}", import.import_no))
    })?;
    let folder = tempfile::tempdir().map_err(LedgerError::io("make folder", ledger.dir()))?;
    let path = folder.path().join("original");
    objects
        .extract(&import.sha256, &path)
        .map_err(LedgerError::io("read", &objects.path(&import.sha256)))?;
    mapping::shown(&mapping, &path, &TimeZone::UTC, wanted)
        .await
        .map_err(|problem| damaged(format!("original `{}`: {problem}", import.file)))
}

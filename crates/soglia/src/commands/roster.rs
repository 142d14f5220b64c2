//! Hours of operators, read from a file. Read [`given`] first.

use std::path::Path;

use soglia_app::roster::Roster;

use crate::config::Settings;
use crate::error::Failure;

/// The roster that is named, or the one of `soglia.toml`.
pub fn given(settings: &Settings, named: Option<&Path>) -> Result<Option<Roster>, Failure> {
    settings.roster(named).as_deref().map(read).transpose()
}

/// Reads and checks a roster.
pub fn read(path: &Path) -> Result<Roster, Failure> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|cause| {
        let error = anyhow::Error::from(cause).context(format!("failed to read `{name}`"));
        Failure::configuration(error).hint("check the path and that the file is UTF-8")
    })?;
    let own = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Roster::parse(&own, &text).map_err(|problems| {
        Failure::configuration(anyhow::anyhow!("{name}:\n{problems}"))
            .hint("a line has group, from and until: `desk a,2023-12-04T08:00,2023-12-04T11:30`")
    })
}

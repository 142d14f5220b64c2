//! Backups: the database and the attachments in one folder, with a list of hashes. Read [`write`]
//! and [`restore`] first.
//!
//! A backup says what it holds (`backup.json`: the hash of each file, the head of the audit
//! trail). Restoring checks all of it, into a place where nothing is, and follows the trail to its
//! end. Data erased after a backup come back with it: erase them again from the certificates.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::{Deserialize, Serialize};
use soglia_domain::time::Instant;
use tokio::process::Command;

use crate::canonical::sha256;
use crate::database::{Database, Location};
use crate::error::RegisterError;
use crate::files::{Files, private_folder, write_whole};
use crate::trail::{self, Head, Verified};

/// The version of `backup.json`.
const FORMAT: u32 = 1;
const LIST: &str = "backup.json";
const SQLITE: &str = "registers.sqlite";
const POSTGRES: &str = "registers.pgdump";

/// What a backup holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Contents {
    /// The version of this list.
    pub format: u32,
    /// When it was made, in UTC.
    pub made: String,
    /// `sqlite` or `postgres`.
    pub kind: String,
    /// The layout of the database.
    pub layout: i64,
    /// Where the audit trail ended; nothing for layouts without one.
    pub trail_seq: i64,
    /// The last link's hash.
    pub trail_hash: String,
    /// SHA-256 of each file, by its path in the folder.
    pub files: BTreeMap<String, String>,
}

/// Writes everything to a new folder: the database as of one instant, then the attachments it
/// names (contents are added to before the database is, never changed).
pub async fn write(
    database: &Database,
    files: &Files,
    folder: &Path,
    now: Instant,
) -> Result<Contents, RegisterError> {
    let mut contents = write_database(database, folder, now).await?;
    for name in files.list()? {
        let bytes = files.read(&name)?;
        let path = format!("files/{}/{name}", name.get(..2).unwrap_or("00"));
        let target = folder.join(&path);
        write_whole(target.parent().expect("it stands in a folder"), &target, &bytes)?;
        contents.files.insert(path, name);
    }
    write_list(folder, &contents)?;
    Ok(contents)
}

/// Writes the database alone.
pub(crate) async fn write_database(
    database: &Database,
    folder: &Path,
    now: Instant,
) -> Result<Contents, RegisterError> {
    if folder.exists() {
        return Err(RegisterError::Occupied(folder.to_owned()));
    }
    private_folder(folder)?;
    let (kind, name) = match database.location() {
        Location::Sqlite(_) => ("sqlite", SQLITE),
        Location::Postgres(_) => ("postgres", POSTGRES),
    };
    // The head is read first: it is then in the copy for certain.
    let mut tx = database.read().await?;
    let head = trail::head(&mut tx).await?;
    drop(tx);
    let target = folder.join(name);
    match database.location() {
        Location::Sqlite(_) => database.vacuum_into(&target).await?,
        Location::Postgres(url) => pg_dump(url, &target).await?,
    }
    let bytes = fs::read(&target).map_err(|cause| RegisterError::file(&target, cause))?;
    let contents = Contents {
        format: FORMAT,
        made: now.to_string(),
        kind: kind.to_owned(),
        layout: database.layout().await?.unwrap_or(0),
        trail_seq: head.seq,
        trail_hash: head.hash,
        files: BTreeMap::from([(name.to_owned(), sha256(&bytes))]),
    };
    write_list(folder, &contents)?;
    Ok(contents)
}

/// Puts a backup where nothing is, checks it and follows the audit trail to its end.
///
/// A PostgreSQL database must exist and be empty. A folder of attachments may exist: contents that
/// are there already are the same by their names.
pub async fn restore(
    folder: &Path,
    location: Location,
    files: &Files,
    backups: &Path,
    now: Instant,
) -> Result<(Database, Verified), RegisterError> {
    let contents = check(folder)?;
    match (&location, contents.kind.as_str()) {
        (Location::Sqlite(path), "sqlite") => {
            if path.exists() {
                return Err(RegisterError::Occupied(path.clone()));
            }
            let source = folder.join(SQLITE);
            let bytes = fs::read(&source).map_err(|cause| RegisterError::file(&source, cause))?;
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            write_whole(parent.unwrap_or(Path::new(".")), path, &bytes)?;
        }
        (Location::Postgres(url), "postgres") => pg_restore(url, &folder.join(POSTGRES)).await?,
        (_, kind) => {
            return Err(broken(folder, &format!("it is of a {kind} database, restore it to one")));
        }
    }
    for (path, name) in &contents.files {
        if path.starts_with("files/") && !files.has(name) {
            let source = folder.join(path);
            let bytes = fs::read(&source).map_err(|cause| RegisterError::file(&source, cause))?;
            let target = files.path(name);
            write_whole(target.parent().expect("it stands in a folder"), &target, &bytes)?;
        }
    }
    let (database, _) = Database::open(location, backups, now).await?;
    let head = Head { seq: contents.trail_seq, hash: contents.trail_hash };
    let verified = trail::verify(&database, Some(&head)).await?;
    Ok((database, verified))
}

/// Checks that a backup is whole, and says what it holds.
pub fn check(folder: &Path) -> Result<Contents, RegisterError> {
    let path = folder.join(LIST);
    let text = fs::read(&path).map_err(|cause| RegisterError::file(&path, cause))?;
    let contents: Contents = serde_json::from_slice(&text)
        .map_err(|problem| broken(folder, &format!("its list cannot be read: {problem}")))?;
    if contents.format != FORMAT {
        let problem = format!("its list has format {}, {FORMAT} is known", contents.format);
        return Err(broken(folder, &problem));
    }
    for (name, expected) in &contents.files {
        let inside = Path::new(name)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if !inside {
            return Err(broken(folder, &format!("`{name}` lies outside of it")));
        }
        let path = folder.join(name);
        let bytes = fs::read(&path).map_err(|cause| RegisterError::file(&path, cause))?;
        if sha256(&bytes) != *expected {
            return Err(broken(folder, &format!("`{name}` was changed")));
        }
    }
    Ok(contents)
}

/// An instant as part of a file's name.
pub fn file_stamp(at: Instant) -> String {
    at.to_string().replace([':', '.'], "-")
}

/// A folder of this name that is not there yet.
pub(crate) fn free_folder(parent: &Path, name: &str) -> PathBuf {
    let names = (1..).map(|n| if n == 1 { name.to_owned() } else { format!("{name}-{n}") });
    let mut folders = names.map(|name| parent.join(name));
    folders.find(|folder| !folder.exists()).expect("numbers do not end")
}

fn write_list(folder: &Path, contents: &Contents) -> Result<(), RegisterError> {
    let text = serde_json::to_vec_pretty(contents).expect("texts and numbers are JSON");
    write_whole(folder, &folder.join(LIST), &text)
}

fn broken(folder: &Path, problem: &str) -> RegisterError {
    RegisterError::Backup { folder: folder.to_owned(), problem: problem.to_owned() }
}

async fn pg_dump(url: &str, target: &Path) -> Result<(), RegisterError> {
    let target = target.to_string_lossy().into_owned();
    let arguments = ["--format=custom", "--no-owner", "--no-privileges", "--file", &target];
    run("pg_dump", url, &arguments).await
}

async fn pg_restore(url: &str, source: &Path) -> Result<(), RegisterError> {
    let source = source.to_string_lossy().into_owned();
    let arguments = ["--exit-on-error", "--single-transaction", "--no-owner", &source];
    run("pg_restore", url, &arguments).await
}

/// Runs one of PostgreSQL's programs. The password goes by environment, never by argument, where
/// every account of the machine could read it.
async fn run(program: &'static str, url: &str, arguments: &[&str]) -> Result<(), RegisterError> {
    let (url, password) = split_password(url);
    let mut command = Command::new(program_path(program));
    command.arg("--no-password").arg("--dbname").arg(url).args(arguments).stdin(Stdio::null());
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    let fail = |message: String| RegisterError::Program { program, message };
    let output = command.output().await.map_err(|cause| fail(cause.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(fail(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

/// The newest version of a program: Debian keeps each server's own beside the wrappers.
fn program_path(program: &str) -> PathBuf {
    let root = Path::new("/usr/lib/postgresql");
    let versions = fs::read_dir(root).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max()
        .map(|version| root.join(version.to_string()).join("bin").join(program));
    newest.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from(program))
}

/// Takes the password out of a URL.
fn split_password(url: &str) -> (String, Option<String>) {
    let parts = url.split_once("://").and_then(|(scheme, rest)| {
        let (account, host) = rest.rsplit_once('@')?;
        let (user, password) = account.split_once(':')?;
        Some((format!("{scheme}://{user}@{host}"), password.to_owned()))
    });
    match parts {
        Some((url, password)) => (url, Some(percent_decoded(&password))),
        None => (url.to_owned(), None),
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        if let Some(code) = code.filter(|_| *first == b'%') {
            bytes.push(code);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_leave_the_url() {
        let (url, password) = split_password("postgres://anna:s%40gr%3Ato@db:5432/soglia");
        assert_eq!(
            (url.as_str(), password.as_deref()),
            ("postgres://anna@db:5432/soglia", Some("s@gr:to"),)
        );
        assert_eq!(split_password("postgres://db/soglia").1, None);
    }
}

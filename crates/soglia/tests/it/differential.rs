//! The same figures computed by another engine from the same files. Read
//! `tests/differential/check.py`, then [`the_demo_agrees`].

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;
use soglia_ledger::tables::Table;

use crate::nasty::{VARIATIONS, nasty};
use crate::support::{Place, demo, temp, write};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/differential/check.py");
/// What reads the ledger's files for the script, where it can be had.
const READER: &str = "duckdb==2.0.0";

/// A Python, and whether it can read the ledger's files itself.
struct Python {
    program: PathBuf,
    reads_parquet: bool,
}

/// A Python with DuckDB, made once and kept beside the build; the machine's own where that fails.
fn python() -> Option<&'static Python> {
    static PYTHON: OnceLock<Option<Python>> = OnceLock::new();
    let found = PYTHON.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential");
        let own = dir.join("bin/python");
        let works = |python: &Path| succeeds(Command::new(python).args(["-c", "import duckdb"]));
        if !works(&own) {
            succeeds(Command::new("python3").args(["-m", "venv"]).arg(&dir));
            succeeds(Command::new(&own).args(["-m", "pip", "install", "--quiet", READER]));
        }
        if works(&own) {
            return Some(Python { program: own, reads_parquet: true });
        }
        let program = PathBuf::from("python3");
        let can = "import sqlite3, tomllib, zoneinfo; zoneinfo.ZoneInfo('Europe/Rome')";
        succeeds(Command::new(&program).args(["-c", can]))
            .then_some(Python { program, reads_parquet: false })
    });
    match found {
        None => println!("skipped: no Python 3.11 with SQLite and time zones"),
        Some(python) if !python.reads_parquet => {
            println!("note: no {READER}: the ledger's files are read by Soglia's own engine");
        }
        Some(_) => {}
    }
    found.as_ref()
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Runs the script; it prints what differs.
fn agree(python: &Python, dir: &Path, place: &Place, report: &Value, what: &str) {
    let measurement = write(dir, "measurement.json", report.to_string());
    let mut command = Command::new(&python.program);
    command.arg(SCRIPT);
    command.arg("--ledger").arg(&place.ledger).arg("--contract").arg(&place.contract);
    command.arg("--measurement").arg(measurement);
    if !python.reads_parquet {
        let facts = dir.join("facts");
        if !facts.exists() {
            dump(place, &facts);
        }
        command.arg("--facts").arg(facts);
    }
    let output = command.output().expect("Python starts");
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {out}{err}");
    println!("{what}: {}", out.trim());
}

/// Writes the ledger's tables as CSV: instants in milliseconds, nothing for no value.
fn dump(place: &Place, facts: &Path) {
    std::fs::create_dir(facts).expect("the folder is writable");
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    runtime.block_on(async {
        let ledger = Ledger::open(&place.ledger).expect("there is a ledger");
        let session = Session::open(&ledger, None).await.expect("it has tables");
        for table in FACTS {
            let mut columns = String::new();
            for field in table.schema().fields() {
                let name = field.name();
                let kind = field.data_type().to_string();
                if kind.starts_with("Timestamp") {
                    write!(columns, "CAST(\"{name}\" AS BIGINT) / 1000 AS \"{name}\", ")
                } else if kind.starts_with("Dictionary") {
                    write!(columns, "CAST(\"{name}\" AS VARCHAR) AS \"{name}\", ")
                } else if kind == "Binary" {
                    Ok(())
                } else {
                    write!(columns, "\"{name}\", ")
                }
                .expect("text grows");
            }
            let file = facts.join(format!("{}.csv", table.name()));
            let sql = format!(
                "COPY (SELECT {} FROM {}) TO '{}' STORED AS CSV \
                 OPTIONS ('format.has_header' 'true')",
                columns.trim_end_matches(", "),
                table.name(),
                file.display()
            );
            session.rows(&sql).await.expect("a table can be copied");
        }
    });
}

/// Tables that the script reads.
const FACTS: [Table; 7] = [
    Table::Calls,
    Table::QueueEntries,
    Table::Messages,
    Table::Cases,
    Table::OutboundRecords,
    Table::OutboundBatches,
    Table::Outages,
];

#[test]
fn the_demo_agrees() {
    let Some(python) = python() else { return };
    let demo = demo();
    agree(python, temp().path(), &demo.place, &demo.report, "demo");
}

#[test]
fn nasty_data_agree_under_every_variation() {
    let Some(python) = python() else { return };
    let dir = temp();
    let mut place = nasty(dir.path(), 2023);
    for variation in &VARIATIONS {
        place.contract = write(dir.path(), "contract.toml", variation.text());
        // Parts of the half-year have edges of their own; one more reading each is enough.
        let parts: &[&str] = match (variation.changes, variation.later) {
            ([], None) => &["2023-H2", "2023-Q3", "2023-10", "2023-12-29"],
            (_, Some(_)) => &["2023-H2", "2023-10"],
            _ => &["2023-H2"],
        };
        for period in parts {
            // Every alternative is a contract of its own.
            let arguments = ["measure", "--period", period, "--format", "json"];
            let report = place.soglia(&arguments).ok().json();
            let what = format!("{}, {period}", variation.what);
            agree(python, dir.path(), &place, &report, &what);
        }
    }
}

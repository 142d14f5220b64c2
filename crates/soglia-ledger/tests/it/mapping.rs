//! Files read through mapping files: layouts, dirt, errors, the templates and the bank of 1999.

mod bank;
mod formats;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use jiff::tz::TimeZone;
use soglia_domain::facts::{Fact, Outage, RawCaller};
use soglia_ledger::mapping::{
    FactKind, MappedOutcome, MappedRow, Mapping, MappingError, mapping_schema, read,
};

/// Two columns and a condition, enough to see what becomes of rows.
const PLAIN: &str = r#"
fact = "outages"
service = "cup"
[read]
format = "csv"
delimiter = ";"
[columns]
id = "evento"
component = "componente"
from = "local_instant(inizio)"
"#;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rome() -> TimeZone {
    TimeZone::get("Europe/Rome").expect("bundled")
}

async fn rows_of(mapping: &Mapping, path: &Path) -> Result<Vec<MappedRow>, MappingError> {
    let mut rows = Vec::new();
    let sink = &mut |row| {
        rows.push(row);
        Ok(())
    };
    read(mapping, path, &rome(), sink).await.map(|()| rows)
}

/// Reads bytes as a file of that name.
async fn rows_in(mapping: &str, name: &str, bytes: &[u8]) -> Result<Vec<MappedRow>, MappingError> {
    let mapping =
        Mapping::parse(mapping, "mapping.toml").unwrap_or_else(|e| panic!("{}", told(&e)));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("written");
    rows_of(&mapping, &path).await
}

async fn shown(mapping: &str, bytes: &[u8]) -> String {
    match rows_in(mapping, "eventi.csv", bytes).await {
        Ok(rows) => rows.iter().map(show).collect(),
        Err(error) => told(&error),
    }
}

/// One line a row: number, outcome.
fn show(row: &MappedRow) -> String {
    let mut line = format!("{}: ", row.row);
    match &row.outcome {
        MappedOutcome::Fact(fact) => line.push_str(&show_fact(fact)),
        MappedOutcome::Rejected { code, detail } => {
            write!(line, "rejected {code}: {detail} | {}", row.raw).expect("text");
        }
        MappedOutcome::Ignored { reason } => write!(line, "ignored {reason}").expect("text"),
    }
    if let Some(rule) = &row.repaired {
        write!(line, " (repaired: {rule})").expect("text");
    }
    line.push('\n');
    line
}

fn show_fact(fact: &Fact) -> String {
    match fact {
        Fact::Call(call, entries) => format!("{call:?} {entries:?}"),
        Fact::Message(message) => format!("{message:?}"),
        Fact::Case(case) => format!("{case:?}"),
        Fact::OutboundRecord(record) => format!("{record:?}"),
        Fact::OutboundBatch(batch) => format!("{batch:?}"),
        Fact::Outage(outage) => {
            let Outage { id, component, from, until, planned, weight_permille, .. } = outage;
            let until = until.map(|until| format!(" to {until}")).unwrap_or_default();
            let planned = if *planned { ", planned" } else { "" };
            format!("outage {id} of {component}: {from}{until}, {weight_permille} ‰{planned}")
        }
    }
}

/// An error as the command line tells it, without the path of the temporary folder.
fn told(error: &MappingError) -> String {
    let mut text = error.to_string();
    if let (Some(start), Some(end)) = (text.find("`/"), text.rfind("eventi.csv")) {
        text.replace_range(start + 1..end, "");
    }
    if let Some(hint) = error.hint() {
        write!(text, "\nhint: {hint}").expect("text");
    }
    text
}

fn refused(mapping: &str) -> String {
    match Mapping::parse(mapping, "mapping.toml") {
        Ok(_) => panic!("the mapping should have been refused"),
        Err(error) => told(&error),
    }
}

#[tokio::test]
async fn templates_read_their_samples() {
    for kind in FactKind::ALL {
        let folder = repository().join("examples/mappings");
        let path = folder.join(format!("{}.toml", kind.name()));
        let text = std::fs::read_to_string(&path).expect("a template for each kind");
        let mapping = Mapping::parse(&text, &path.display().to_string())
            .unwrap_or_else(|error| panic!("{}", told(&error)));
        assert_eq!(mapping.fact(), kind);
        let sample = folder.join(format!("{}.csv", kind.name()));
        let rows = rows_of(&mapping, &sample).await.expect("the sample fits");
        let mut all: String = rows.iter().map(show).collect();
        all = all.replace(", ", "\n   ");
        assert_snapshot!(format!("template_{}", kind.name()), all);
    }
}

#[tokio::test]
async fn rows_keep_their_numbers_and_texts() {
    let file = "evento;componente;inizio\r\n\
        A;centralino;2023-07-03 10:00:00\r\n\
        \r\n\
        B;\"rete;\nsede \"\"nord\"\"\";2023-07-03 11:00:00\r\n\
        evento;componente;inizio\r\n\
        C;posta;2023-07-03 12:00:00";
    assert_snapshot!(shown(PLAIN, file.as_bytes()).await);
    let rows = rows_in(PLAIN, "eventi.csv", file.as_bytes()).await.expect("read");
    let raws: Vec<&str> = rows.iter().map(|row| row.raw.as_str()).collect();
    assert_eq!(raws[0], "A;centralino;2023-07-03 10:00:00");
    assert_eq!(raws[2], "B;\"rete;\nsede \"\"nord\"\"\";2023-07-03 11:00:00");
    assert_eq!(rows[0].day, Some(19_541));
}

#[tokio::test]
async fn dirty_rows_are_rejected_one_by_one() {
    let mut file = b"\xef\xbb\xbfevento;componente;inizio\n".to_vec();
    file.extend_from_slice(b"A;centralino\n");
    file.extend_from_slice(b"B;centralino;2023-07-03 10:00:00;di troppo\n");
    file.extend_from_slice(b"C;\"centralino;2023-07-03 10:00:00\n");
    file.extend_from_slice(b"D;citt\xe0;2023-07-03 10:00:00\n");
    file.extend_from_slice(b"E;a\0b;2023-07-03 10:00:00\n");
    file.extend_from_slice(b"F;rete;2023-02-30 10:00:00\n");
    file.extend_from_slice(b";rete;2023-07-03 10:00:00\n");
    file.extend_from_slice(b"H;rete;0001-01-01 00:00:00\n");
    file.extend_from_slice(b"I;rete;2023-03-26 02:30:00\n");
    file.extend_from_slice(b"L;rete;2023-10-29 02:30:00\n");
    file.extend_from_slice(b"M;rete;2023-07-03 10:00:00\n");
    file.extend_from_slice(b"N;rete");
    assert_snapshot!(shown(PLAIN, &file).await);
}

#[tokio::test]
async fn the_doubled_hour_is_what_the_mapping_says() {
    let file = b"evento;componente;inizio\nA;rete;2023-10-29 02:30:00\n";
    for (policy, instant) in [("earlier", "T00:30:00.000Z"), ("later", "T01:30:00.000Z")] {
        let mapping = format!("ambiguous_local_time = \"{policy}\"\n{PLAIN}");
        let shown = shown(&mapping, file).await;
        assert!(shown.contains(instant), "{shown}");
    }
}

#[tokio::test]
async fn files_that_are_something_else_are_refused_whole() {
    let mut all = String::new();
    let cases: [&[u8]; 7] = [
        b"",
        b"name,price\nbread,2\n",
        b"evento;component;inizio\nA;rete;2023-07-03 10:00:00\n",
        b"\xff\xfee\0v\0",
        b"PAR1....",
        b"evento;evento;inizio\n",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    ];
    for case in cases {
        writeln!(all, "{}\n", shown(PLAIN, case).await).expect("text");
    }
    assert_snapshot!(all);
}

#[test]
fn mistakes_in_a_mapping_are_found_before_any_file() {
    let read = "[read]\nformat = \"csv\"\n";
    let declared = "[read]\nformat = \"csv\"\ncolumns = [\"evento\", \"componente\", \"inizio\"]\n";
    let start = |columns: &str| format!("fact = \"outages\"\n{declared}[columns]\n{columns}");
    let rest = "component = \"componente\"\nfrom = \"local_instant(inizio)\"\n";
    let cases = [
        "fact = \"phones\"\n".to_owned(),
        format!("fact = \"outages\"\n{read}delimeter = \";\"\n[columns]\n"),
        format!("fact = \"outages\"\n{read}[columns]\nid = \"evento\"\n"),
        start(&format!("id = \"eventi\"\n{rest}")),
        start(&format!("id = \"evento\"\n{rest}untill = \"local_instant(inizio)\"\n")),
        start(&format!("id = \"evento ||\"\n{rest}")),
        start(&format!("id = \"frobnicate(evento)\"\n{rest}")),
        start(&format!("id = \"evento\"\n{rest}until = \"inizio\"\n")),
        start(&format!("id = \"evento\"\n{rest}until = \"CAST(inizio AS TIMESTAMP)\"\n")),
        start(&format!("id = \"evento\"\n{rest}planned = \"evento\"\n")),
        start(&format!("id = \"evento\"\n{rest}weight_permille = \"evento\"\n")),
        start(&format!("id = \"evento\"\n{rest}notified = \"now()\"\n")),
        start(&format!("id = \"uuid()\"\n{rest}")),
        start(&format!("id = \"(SELECT 1)\"\n{rest}")),
        start(&format!("id = \"max(evento)\"\n{rest}")),
        start(&format!("id = \"evento\"\n{rest}until = \"seconds(evento)\"\n")),
        start(&format!("id = \"evento\"\n{rest}until = {{ sql = \"inizio\", on = \"null\" }}\n")),
        format!("zone = \"Europe/Roma\"\nfact = \"outages\"\n{read}[columns]\n"),
        "fact = \"outages\"\n[read]\nformat = \"csv\"\nheader = false\n[columns]\n".to_owned(),
        "fact = \"outages\"\n[read]\nformat = \"xlsx\"\ndelimiter = \";\"\n[columns]\n".to_owned(),
        "fact = \"outages\"\n[read]\nformat = \"csv\"\ndelimiter = \"::\"\n[columns]\n".to_owned(),
    ];
    let all: Vec<String> = cases.iter().map(|case| refused(case)).collect();
    assert_snapshot!(all.join("\n\n"));
}

#[tokio::test]
async fn one_bad_value_costs_one_row_of_many() {
    let mut file = "evento;componente;inizio\n".to_owned();
    for row in 0..20_000 {
        let start = if row % 7001 == 3 { "ieri" } else { "2023-07-03 10:00:00" };
        writeln!(file, "{row};rete;{start}").expect("text");
    }
    let rows = rows_in(PLAIN, "eventi.csv", file.as_bytes()).await.expect("read");
    assert_eq!(rows.len(), 20_000);
    assert!(rows.iter().zip(2..).all(|(row, number)| row.row == number));
    let rejected: Vec<u64> = rows
        .iter()
        .filter(|row| matches!(row.outcome, MappedOutcome::Rejected { code: "bad_value", .. }))
        .map(|row| row.row)
        .collect();
    assert_eq!(rejected, [5, 7006, 14_007]);
    let forgiving = PLAIN.replace(
        "from = \"local_instant(inizio)\"",
        "from = \"local_instant('2023-07-03 10:00')\"\n\
         until = { sql = \"local_instant(inizio)\", on_error = \"null\" }",
    );
    let rows = rows_in(&forgiving, "eventi.csv", file.as_bytes()).await.expect("read");
    assert!(rows.iter().all(|row| matches!(row.outcome, MappedOutcome::Fact(_))));
}

#[tokio::test]
async fn repairs_and_skips_are_counted_by_name() {
    let mapping = r#"
fact = "outages"
[read]
format = "csv"
delimiter = ";"
[[repair]]
name = "component_missing"
when = "n_fields = 2 AND regexp_like(componente, '^20')"
set.inizio = "componente"
set.componente = "'rete'"
[[repair]]
name = "extra_field"
when = "n_fields = 4"
set.inizio = "split_part(raw, ';', 4)"
[[skip]]
when = "starts_with(evento, 'PROVA')"
reason = "test"
[let]
moment = "local_instant(inizio)"
later = "moment + INTERVAL '90 seconds'"
[columns]
id = "evento"
component = "componente"
from = "moment"
until = "later"
"#;
    let file = "evento;componente;inizio\n\
        A;2023-07-03 10:00:00\n\
        B;rete;x;2023-07-03 11:00:00\n\
        PROVA-1;rete;mai\n\
        C;rete\n\
        D;rete;2023-07-03 12:00:00\n";
    assert_snapshot!(shown(mapping, file.as_bytes()).await);
    let rows = rows_in(mapping, "eventi.csv", file.as_bytes()).await.expect("read");
    let MappedOutcome::Fact(Fact::Outage(outage)) = &rows[0].outcome else { panic!("a fact") };
    assert_eq!((outage.until.expect("set") - outage.from).to_string(), "1min30s");
}

#[tokio::test]
async fn callers_never_reach_rejects() {
    let mapping = r#"
fact = "calls"
[read]
format = "csv"
[let]
numero = "replace(telefono, ' ', '')"
[columns]
id = "id"
arrived = "local_instant(ora)"
disposition = "esito"
caller = "numero"
"#;
    let file = "id,ora,esito,telefono\n\
        1,ieri,answered,0971 555001\n\
        2,2023-07-03 10:00:00,boh,0971 555001\n\
        3,2023-07-03 10:00:00,answered,0971555001,x\n\
        4,2023-07-03 10:00:00,abandoned_in_ivr,0971 555001\n";
    let rows = rows_in(mapping, "chiamate.csv", file.as_bytes()).await.expect("read");
    for row in rows.iter().take(3) {
        let shown = show(row);
        assert!(shown.contains("rejected") && !shown.contains("555001"), "{shown}");
    }
    let MappedOutcome::Fact(Fact::Call(call, _)) = &rows[3].outcome else { panic!("a fact") };
    assert_eq!(call.caller.as_ref().map(RawCaller::expose), Some("0971555001"));
    assert_eq!(rows[3].raw, "4,2023-07-03 10:00:00,abandoned_in_ivr,0971 555001");
}

#[tokio::test]
async fn a_sink_can_stop_the_reading() {
    let mapping = Mapping::parse(PLAIN, "mapping.toml").expect("valid");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("eventi.csv");
    let rows = "A;rete;2023-07-03 10:00:00\n".repeat(100_000);
    std::fs::write(&path, format!("evento;componente;inizio\n{rows}")).expect("written");
    let mut taken = 0;
    let stopped = read(&mapping, &path, &rome(), &mut |_| {
        taken += 1;
        if taken == 10 { Err(MappingError::stop("enough")) } else { Ok(()) }
    })
    .await;
    assert!(matches!(stopped, Err(MappingError::Stopped(_))));
    assert_eq!(taken, 10);
}

#[test]
fn the_guide_lists_every_column() {
    let guide = std::fs::read_to_string(repository().join("docs/how-to/bring-your-data.md"))
        .expect("the guide");
    for kind in FactKind::ALL {
        let heading = format!("\n### {}\n", kind.name());
        let section = guide.split_once(&heading).expect("a section").1;
        let section = section.split("\n### ").next().expect("a section");
        let listed: Vec<&str> = section
            .lines()
            .filter(|line| line.starts_with("| `") || line.starts_with("| **"))
            .collect();
        let expected: Vec<String> = kind
            .columns()
            .iter()
            .map(|column| {
                let name = format!("`{}`", column.name);
                let name = if column.required { format!("**{name}**") } else { name };
                format!("| {name} | {} | {} |", column.kind.name(), column.meaning)
            })
            .collect();
        assert_eq!(listed, expected, "{}", kind.name());
    }
}

#[test]
fn the_schema_knows_the_keys() {
    let schema = mapping_schema();
    let properties = &schema["properties"];
    for key in ["fact", "service", "zone", "read", "repair", "skip", "let", "columns"] {
        assert!(properties.get(key).is_some(), "{key}");
    }
}

//! The scenario files of the examples, and the schema that describes such files.

use std::path::{Path, PathBuf};

use soglia_sim::scenario::file::{parse, schema};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn examples_are_scenarios() {
    let folder = repository().join("examples/reference/scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the examples")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.push(repository().join("examples/bank-1999/present.toml"));
    files.sort();
    let codes: Vec<String> = files
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).expect("a text");
            let found = parse(&text, &path.display().to_string());
            let scenario = found.unwrap_or_else(|problems| panic!("{problems}"));
            assert!(!scenario.changes.is_empty() && scenario.service.is_some());
            scenario.code
        })
        .collect();
    assert_eq!(codes, ["bank", "coda_prioritaria", "code_ivr", "formazione_incrociata"]);
}

#[test]
fn the_published_schema_is_the_one_in_the_program() {
    let path = repository().join("docs/scenario.schema.json");
    let mut schema = serde_json::to_string_pretty(&schema()).expect("a schema is JSON");
    schema.push('\n');
    if std::env::var_os("SOGLIA_UPDATE").is_some() {
        std::fs::write(&path, &schema).expect("docs/ can be written");
    }
    let published = std::fs::read_to_string(&path).expect("the published schema");
    assert!(
        published == schema,
        "docs/scenario.schema.json is not current: run the tests with SOGLIA_UPDATE=1"
    );
}

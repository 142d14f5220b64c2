//! The scenario files of the examples.

use std::path::{Path, PathBuf};

use soglia_sim::scenario::file::parse;

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

//! The registers on a real SQLite file and on a real PostgreSQL server: the same tests for both.

#[macro_use]
mod support;

mod access;
mod backup;
mod contracts;
mod entries;
mod exchange;
mod identities;
mod laws;
mod penalties;
mod retention;
mod review;
mod trail;

/// A file of tests that nobody names here would never run.
#[test]
fn no_file_of_tests_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    let main = include_str!("main.rs");
    for entry in std::fs::read_dir(folder).expect("this folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        let Some(module) = name.strip_suffix(".rs") else { continue };
        assert!(module == "main" || main.contains(&format!("mod {module};")), "{name}");
    }
}

//! Reports of every sample context, as HTML and as PDF. Read [`sample`] first.

mod formats;
mod html;
mod pdf;
mod registers;
mod sample;

/// A file that nobody declares would be a test that nobody runs.
#[test]
fn every_file_of_this_folder_is_a_module() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    let main = include_str!("main.rs");
    for entry in std::fs::read_dir(folder).expect("the folder of this file exists") {
        let path = entry.expect("the folder can be read").path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        if path.extension().is_some_and(|ext| ext == "rs") && stem != "main" {
            assert!(main.contains(&format!("mod {stem};")), "`{stem}` is not declared in main.rs");
        }
    }
}

//! Finds the recorded traffic that tests compare with, where it is at hand. Read [`file`] first.

use std::path::PathBuf;

/// The bytes of a file of the shared data, or a note that the test was skipped.
pub fn file(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("SOGLIA_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: {} missing", path.display());
    }
    bytes
}

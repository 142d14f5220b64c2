//! The `soglia` command.
fn main() {}

//! Any text as a contract file: it is refused with a place for each problem, or means a contract
//! that always means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use soglia_domain::contract;

fuzz_target!(|text: &str| {
    let n_lines = text.split('\n').count();
    match contract::parse(text, "contract.toml") {
        Err(error) => {
            assert!(!error.problems.is_empty());
            for problem in &error.problems {
                assert!((1..=n_lines).contains(&problem.line), "{problem:?}");
            }
        }
        Ok(found) => {
            let again = contract::parse(text, "contract.toml").expect("it was read before");
            assert_eq!(format!("{found:?}"), format!("{again:?}"));
        }
    }
});

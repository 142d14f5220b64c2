//! Any text as a mapping file: it is refused with a place in it, or means something whose parts
//! all have one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use soglia_sources::mapping::Definition;

fuzz_target!(|text: &str| {
    let n_lines = text.split('\n').count();
    match Definition::parse(text, "mapping.toml") {
        Err(wrong) => {
            assert!((1..=n_lines).contains(&wrong.line), "{wrong:?}");
            assert!(!wrong.key.is_empty() && !wrong.problem.is_empty(), "{wrong:?}");
        }
        Ok(definition) => {
            let known = definition.fact.columns();
            let required = known.iter().filter(|column| column.required);
            for column in required {
                assert!(definition.columns.iter().any(|(found, _)| found.name == column.name));
            }
            for expression in definition.expressions() {
                assert!((1..=n_lines).contains(&expression.line), "{expression:?}");
            }
        }
    }
});

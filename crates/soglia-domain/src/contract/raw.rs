//! What a contract file says, and its translation into what it means. Read [`parse`] first.
//!
//! Three steps, and each one reports everything wrong before the next begins: the text is TOML; the
//! tables and values have the shape that the published schema asks for ([`validate`]); together
//! they mean a contract ([`lower`]).

mod file;
mod file_sources;
mod indicator;
mod lint;
mod lower;
mod lower_rule;
mod lower_sources;
mod problem;
mod validate;
mod values;

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::Value;
use toml::Spanned;
use toml::de::DeTable;

use self::file::RawContract;
use self::problem::Reporter;
use super::Contract;

pub use self::problem::{ContractError, Path, Problem};
pub use self::values::{parse_change, parse_share};

/// Files longer than this are not contracts: 4 MiB.
const TEXT_MAX: usize = 4 * 1024 * 1024;

/// The schema does not change while the program runs.
static SCHEMA: LazyLock<Value> = LazyLock::new(json_schema);

/// Reads a contract file's text; `file` is its name as errors say it.
///
/// ```
/// let error = soglia_domain::contract::parse("[contract]\ncode = 1151\n", "contract.toml")
///     .expect_err("the code must be a text");
/// let wrong: Vec<&str> = error.problems.iter().map(|p| p.key.as_str()).collect();
/// let missing = ["contract.title", "contract.authority", "contract.supplier"];
/// assert_eq!(wrong, [&missing[..], &["contract.code"]].concat());
/// ```
pub fn parse(text: &str, file: &str) -> Result<Contract, ContractError> {
    let (table, errors) = parse_table(text);
    syntax(text, file, &table, errors)?;
    let mut reporter = Reporter::new(file, text, &table);
    validate::validate(&SCHEMA, table.get_ref(), &mut reporter);
    reporter.finish()?;
    let mut reporter = Reporter::new(file, text, &table);
    let contract = read(&table, &mut reporter).and_then(|raw| lower::lower(raw, &mut reporter));
    reporter.finish()?;
    let mut contract = contract.expect("a contract that was not made has a problem to report");
    contract.warnings = lint::warnings(&contract);
    Ok(contract)
}

/// Reads another file that people write beside the contract, such as a scenario, in the same way:
/// everything wrong with it is said with line, key and hint.
///
/// `schema` describes the file (see [`schema_of`]); its leaves may carry the forms of contract
/// files under `x-soglia-form`: `text`, `code`, `duration`, `share`, `change`, `slot`. What a
/// schema cannot say, `check` does: which values do not go together.
pub fn read_beside<T: serde::de::DeserializeOwned>(
    text: &str,
    file: &str,
    schema: &Value,
    check: impl FnOnce(&T, &mut Faults<'_, '_>),
) -> Result<T, ContractError> {
    let (table, errors) = parse_table(text);
    syntax(text, file, &table, errors)?;
    let mut reporter = Reporter::new(file, text, &table);
    validate::validate(schema, table.get_ref(), &mut reporter);
    reporter.finish()?;
    let mut reporter = Reporter::new(file, text, &table);
    let found = read::<T>(&table, &mut reporter);
    if let Some(found) = &found {
        check(found, &mut Faults(&mut reporter));
    }
    reporter.finish()?;
    Ok(found.expect("a file that was not read has a problem to report"))
}

/// Takes what does not go together in a file whose every value is right.
pub struct Faults<'r, 'a>(&'r mut Reporter<'a>);

impl Faults<'_, '_> {
    /// Says what was expected at a place, what was found, and what to do.
    pub fn add(&mut self, place: &Path, expected: &str, found: &str, hint: &str) {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        self.0.add(place, expected, found, hint);
    }
}

/// A text that is too long is not looked at; [`syntax`] says so.
fn parse_table(text: &str) -> (Spanned<DeTable<'_>>, Vec<toml::de::Error>) {
    DeTable::parse_recoverable(if TEXT_MAX < text.len() { "" } else { text })
}

/// Says what keeps the text from being TOML.
fn syntax(
    text: &str,
    file: &str,
    table: &Spanned<DeTable<'_>>,
    errors: Vec<toml::de::Error>,
) -> Result<(), ContractError> {
    let mut reporter = Reporter::new(file, text, table);
    if TEXT_MAX < text.len() {
        let found = format!("{} bytes", text.len());
        reporter.add_at(0, &format!("a file of at most {TEXT_MAX} bytes"), &found, None);
    }
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        let hint = Some("see https://toml.io for the syntax".to_owned());
        reporter.add_at(at, "valid TOML", &format!("a fault: {}", error.message()), hint);
    }
    reporter.finish()
}

/// Reads the tables into their types; the schema has already said that they fit.
fn read<T: serde::de::DeserializeOwned>(
    table: &Spanned<DeTable<'_>>,
    reporter: &mut Reporter<'_>,
) -> Option<T> {
    match T::deserialize(toml::de::Deserializer::from(table.clone())) {
        Ok(raw) => Some(raw),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let found = format!("a value that could not be read: {}", error.message());
            reporter.add_at(at, "a file of this kind", &found, None);
            None
        }
    }
}

/// Returns the JSON Schema (draft 2020-12) of contract files, made from the types that read them.
///
/// Values under `x-soglia-form` are checked beyond their pattern: durations are at most a year,
/// percentages at most 100 %, zones exist. Dates and instants are TOML dates, without quotes.
pub fn json_schema() -> Value {
    schema_of::<RawContract>("Soglia contract file")
}

/// Returns the JSON Schema of files that a type reads, in the form in which [`read_beside`] checks
/// them.
pub fn schema_of<T: schemars::JsonSchema>(title: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    if let Value::Object(entries) = &mut schema {
        entries.insert("title".to_owned(), title.into());
    }
    without_null(&mut schema);
    // The order of keys must not depend on which features other crates switch on.
    schema.sort_all_objects();
    schema
}

/// TOML has no null: what may be left out is simply not required.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(entries) => {
            if let Some(Value::Array(types)) = entries.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    entries.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(parts)) = entries.get_mut("anyOf") {
                parts.retain(|part| part.get("type").is_none_or(|kind| kind != "null"));
                if let [Value::Object(only)] = parts.as_slice() {
                    let only = only.clone();
                    entries.remove("anyOf");
                    for (key, value) in only {
                        entries.entry(key).or_insert(value);
                    }
                }
            }
            if entries.get("default").is_some_and(Value::is_null) {
                entries.remove("default");
            }
            entries.values_mut().for_each(without_null);
        }
        Value::Array(parts) => parts.iter_mut().for_each(without_null),
        _ => {}
    }
}

//! Checks a file against the published JSON Schema and says everything wrong with it. Read
//! [`validate`] first.
//!
//! Only the keywords that the schema uses are understood; a test walks the schema and fails when
//! an unknown one appears. In this way what is published is exactly what is accepted.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::indicator::TAG_KEY;
use super::problem::{Path, Reporter, alternatives};
use super::values::{FORM_KEY, Form};
use crate::text::nearest;

/// Checks a table against a schema.
pub(super) fn validate(schema: &Value, table: &DeTable<'_>, reporter: &mut Reporter<'_>) {
    let mut walk = Walk { root: schema, reporter };
    walk.table(schema, table, &Path::default());
}

struct Walk<'s, 'r, 'a> {
    root: &'s Value,
    reporter: &'r mut Reporter<'a>,
}

impl<'s> Walk<'s, '_, '_> {
    fn value(&mut self, schema: &'s Value, value: &Spanned<DeValue<'_>>, path: &Path) {
        let schema = resolve(self.root, schema);
        if let Some(words) = words(self.root, schema) {
            return self.word(&words, value.get_ref(), path);
        }
        if let Some(form) = form(schema) {
            return self.leaf(form, value.get_ref(), path);
        }
        if let Some(branches) = branches(schema) {
            return self.choice(schema, branches, value, path);
        }
        match (text(schema, "type"), value.get_ref()) {
            (Some("object"), DeValue::Table(table)) => self.table(schema, table, path),
            (Some("array"), DeValue::Array(items)) => {
                if let Some(item) = schema.get("items") {
                    for (index, value) in items.iter().enumerate() {
                        self.value(item, value, &path.item(index));
                    }
                }
            }
            (Some("boolean"), DeValue::Boolean(_)) => {}
            (Some("integer"), DeValue::Integer(number)) => {
                let number = i64::from_str_radix(number.as_str(), number.radix()).ok();
                if !number.is_some_and(|n| in_range(schema, n)) {
                    self.mismatch(schema, value.get_ref(), path);
                }
            }
            _ => self.mismatch(schema, value.get_ref(), path),
        }
    }

    fn table(&mut self, schema: &'s Value, table: &DeTable<'_>, path: &Path) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let open = schema.get("additionalProperties").filter(|value| value.is_object());
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let here = path.key(name);
            match properties.and_then(|p| p.get(name)).or(open) {
                Some(expected) => self.value(expected, value, &here),
                None => self.unknown(properties, name, key.span().start, &here),
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for key in required.into_iter().flatten().filter_map(Value::as_str) {
            if table.get(key).is_none() {
                let expected = properties.and_then(|p| p.get(key));
                let expected = expected.map(|schema| describe(self.root, schema));
                let expected = expected.unwrap_or_else(|| "a value".to_owned());
                self.reporter.add(&path.key(key), expected, "nothing", Some(missing_hint(key)));
            }
        }
    }

    fn unknown(&mut self, known: Option<&Map<String, Value>>, name: &str, at: usize, path: &Path) {
        let measure = known.and_then(|known| text(known.get("measure")?, "const"));
        let parameters = |common: bool| {
            let keys = known.into_iter().flat_map(Map::keys).map(String::as_str);
            keys.filter(move |key| common || !is_common(key))
        };
        let expected = match measure {
            Some(measure) => {
                format!("a key of `{measure}`: {}", alternatives(parameters(false)))
            }
            None => format!("one of {}", alternatives(parameters(true))),
        };
        let owners = measure.map(|_| owners(self.root, name)).unwrap_or_default();
        let hint = if owners.is_empty() {
            nearest(name, parameters(true)).map(|key| format!("did you mean `{key}`?"))
        } else {
            let owners = alternatives(owners.iter().map(String::as_str));
            Some(format!("`{name}` is a parameter of {owners}"))
        };
        self.reporter.add_key(path, at, expected, hint);
    }

    /// Checks a value that may take one of several shapes.
    fn choice(
        &mut self,
        schema: &'s Value,
        branches: &'s [Value],
        value: &Spanned<DeValue<'_>>,
        path: &Path,
    ) {
        let (Some(tag), DeValue::Table(table)) = (text(schema, TAG_KEY), value.get_ref()) else {
            let fitting = branches.iter().find(|b| fits(self.root, b, value.get_ref()));
            return match fitting {
                Some(branch) => self.value(branch, value, path),
                None => self.mismatch(schema, value.get_ref(), path),
            };
        };
        let tags = || branches.iter().filter_map(|b| text(b.get("properties")?.get(tag)?, "const"));
        let Some(chosen) = table.get(tag) else {
            let hint = Some(missing_hint(tag));
            return self.reporter.add(&path.key(tag), one_of(tags()), "nothing", hint);
        };
        let DeValue::String(chosen) = chosen.get_ref() else {
            let found = show(chosen.get_ref());
            return self.reporter.add(&path.key(tag), one_of(tags()), found, None);
        };
        let branch = branches.iter().zip(tags()).find(|(_, t)| *t == chosen.as_ref());
        if let Some((branch, _)) = branch {
            return self.table(branch, table, path);
        }
        let hint = nearest(chosen, tags()).map(|t| format!("did you mean `{t}`?"));
        self.reporter.add(&path.key(tag), one_of(tags()), format!("`{chosen}`"), hint);
    }

    fn word(&mut self, words: &[&str], value: &DeValue<'_>, path: &Path) {
        let found = value.as_str();
        if found.is_some_and(|found| words.contains(&found)) {
            return;
        }
        let hint = found
            .and_then(|found| nearest(found, words.iter().copied()))
            .map(|word| format!("did you mean `{word}`?"));
        self.reporter.add(path, one_of(words.iter().copied()), show(value), hint);
    }

    fn leaf(&mut self, form: Form, value: &DeValue<'_>, path: &Path) {
        let (written, accepted) = match value {
            DeValue::String(text) => (text.to_string(), !form.is_datetime() && form.accepts(text)),
            DeValue::Datetime(moment) => {
                let text = moment.to_string();
                let accepted = form.is_datetime() && form.accepts(&text);
                (text, accepted)
            }
            other => (show(other), false),
        };
        if accepted {
            return;
        }
        let quoted = matches!(value, DeValue::String(_)) && form.is_datetime();
        let hint = if quoted && form.accepts(&written) {
            Some("take the quotes away".to_owned())
        } else {
            form.hint(&written)
        };
        self.reporter.add(path, form.expected(), show(value), hint);
    }

    fn mismatch(&mut self, schema: &Value, value: &DeValue<'_>, path: &Path) {
        let hint = match (text(schema, "type"), value) {
            (Some("array"), DeValue::Table(_)) => {
                Some(format!("a list of tables is written `[[{path}]]`"))
            }
            (Some("array"), _) => Some("lists are written in square brackets".to_owned()),
            _ => None,
        };
        self.reporter.add(path, describe(self.root, schema), show(value), hint);
    }
}

fn missing_hint(key: &str) -> String {
    format!("add `{key} = …`")
}

/// Keys that belong to every indicator, which an error about a parameter need not repeat.
fn is_common(key: &str) -> bool {
    matches!(
        key,
        "code"
            | "process"
            | "objective"
            | "name"
            | "kind"
            | "measure"
            | "target"
            | "target_date"
            | "rounding"
            | "empty"
            | "source"
            | "responsible"
            | "frequency"
            | "approved_by"
            | "approved_on"
            | "clause"
            | "tolerance"
            | "valid_from"
            | "valid_until"
    )
}

/// The measures that have a parameter.
fn owners(root: &Value, name: &str) -> Vec<String> {
    let indicator = root.get("$defs").and_then(|defs| defs.get("Indicator"));
    let measures = indicator.and_then(branches).unwrap_or_default();
    let has = |branch: &&Value| branch.get("properties").is_some_and(|p| p.get(name).is_some());
    measures.iter().filter(has).filter_map(|b| text(b, "title")).map(str::to_owned).collect()
}

fn text<'v>(schema: &'v Value, key: &str) -> Option<&'v str> {
    schema.get(key).and_then(Value::as_str)
}

fn branches(schema: &Value) -> Option<&[Value]> {
    let list = schema.get("oneOf").or_else(|| schema.get("anyOf"))?;
    list.as_array().map(Vec::as_slice)
}

fn form(schema: &Value) -> Option<Form> {
    text(schema, FORM_KEY).and_then(Form::from_name)
}

/// Follows `$ref` to a definition.
fn resolve<'v>(root: &'v Value, schema: &'v Value) -> &'v Value {
    let target = text(schema, "$ref").and_then(|path| path.strip_prefix("#/$defs/"));
    let found = target.and_then(|name| root.get("$defs")?.get(name));
    found.map_or(schema, |found| resolve(root, found))
}

/// The words of an enumeration, if the schema is one.
fn words<'v>(root: &'v Value, schema: &'v Value) -> Option<Vec<&'v str>> {
    if let Some(word) = text(schema, "const") {
        return Some(vec![word]);
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return words.iter().map(Value::as_str).collect();
    }
    let parts = branches(schema)?.iter().map(|branch| words_of_part(root, branch));
    let parts: Option<Vec<Vec<&str>>> = parts.collect();
    parts.map(|parts| parts.concat())
}

fn words_of_part<'v>(root: &'v Value, branch: &'v Value) -> Option<Vec<&'v str>> {
    let branch = resolve(root, branch);
    if branch.get("properties").is_some() { None } else { words(root, branch) }
}

/// Whether a value has the outer shape that a schema asks for.
fn fits(root: &Value, schema: &Value, value: &DeValue<'_>) -> bool {
    let schema = resolve(root, schema);
    if let Some(form) = form(schema) {
        return if form.is_datetime() { value.is_datetime() } else { value.is_str() };
    }
    if words(root, schema).is_some() {
        return value.is_str();
    }
    match text(schema, "type") {
        Some("object") => value.is_table(),
        Some("array") => value.is_array(),
        Some("integer") => value.is_integer(),
        Some("boolean") => value.is_bool(),
        _ => false,
    }
}

fn bounds(schema: &Value) -> (Option<i64>, Option<i64>) {
    let bound = |key| schema.get(key).and_then(Value::as_i64);
    let widest = match text(schema, "format") {
        Some("uint8") => Some(255),
        Some("int8") => Some(127),
        Some("uint32") => Some(i64::from(u32::MAX)),
        _ => None,
    };
    (bound("minimum"), bound("maximum").or(widest))
}

fn in_range(schema: &Value, number: i64) -> bool {
    let (least, most) = bounds(schema);
    least.is_none_or(|least| least <= number) && most.is_none_or(|most| number <= most)
}

fn one_of<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let words: Vec<&str> = words.collect();
    match words.as_slice() {
        [only] => format!("`{only}`"),
        _ => format!("one of {}", alternatives(words)),
    }
}

/// Says in words what a schema asks for.
fn describe(root: &Value, schema: &Value) -> String {
    let schema = resolve(root, schema);
    if let Some(words) = words(root, schema) {
        return one_of(words.into_iter());
    }
    if let Some(form) = form(schema) {
        return form.expected().to_owned();
    }
    if let Some(parts) = branches(schema) {
        let parts: BTreeSet<String> = parts.iter().map(|part| describe(root, part)).collect();
        return parts.into_iter().collect::<Vec<_>>().join(", or ");
    }
    match text(schema, "type") {
        Some("array") => match schema.get("items") {
            Some(item) => format!("a list, each item {}", describe(root, item)),
            None => "a list".to_owned(),
        },
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("integer") => match bounds(schema) {
            (Some(least), Some(most)) if most < i64::from(u32::MAX) => {
                format!("a whole number from {least} to {most}")
            }
            (Some(least), _) => format!("a whole number from {least} up"),
            _ => "a whole number".to_owned(),
        },
        _ => describe_table(schema),
    }
}

fn describe_table(schema: &Value) -> String {
    let keys = schema.get("properties").and_then(Value::as_object);
    match keys {
        Some(keys) if keys.len() <= 6 => {
            let keys: Vec<&str> = keys.keys().map(String::as_str).collect();
            format!("a table with {}", keys.join(", "))
        }
        _ => "a table".to_owned(),
    }
}

/// Shows a value as an error names it.
fn show(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) if text.is_empty() => "an empty text".to_owned(),
        DeValue::String(text) => format!("`{}`", shorten(text)),
        DeValue::Integer(number) => format!("the number `{number}`"),
        DeValue::Float(number) => format!("the number `{}`", number.as_str()),
        DeValue::Boolean(flag) => format!("`{flag}`"),
        DeValue::Datetime(moment) => format!("the date or time `{moment}`"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Long texts are cut: an error is a line.
fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.replace(['\n', '\r'], " ");
    if line.chars().count() <= MOST {
        return line;
    }
    let start: String = line.chars().take(MOST).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keywords that [`validate`] obeys, and those that only inform people.
    const KNOWN: [&str; 22] = [
        "$schema",
        "$id",
        "$defs",
        "$ref",
        "title",
        "description",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "anyOf",
        "oneOf",
        "const",
        "enum",
        "format",
        "pattern",
        "minimum",
        "maximum",
        "default",
        TAG_KEY,
        FORM_KEY,
    ];

    #[test]
    fn the_schema_uses_only_keywords_that_are_checked() {
        let schema = crate::contract::json_schema();
        walk(&schema, "");
    }

    fn walk(schema: &Value, at: &str) {
        let Value::Object(entries) = schema else { return };
        for (key, value) in entries {
            assert!(KNOWN.contains(&key.as_str()), "unknown keyword `{key}` at {at}");
            match (key.as_str(), value) {
                ("properties" | "$defs", Value::Object(parts)) => {
                    for (name, part) in parts {
                        walk(part, &format!("{at}/{name}"));
                    }
                }
                ("anyOf" | "oneOf", Value::Array(parts)) => {
                    for part in parts {
                        walk(part, at);
                    }
                }
                ("items" | "additionalProperties", part) => walk(part, at),
                _ => {}
            }
        }
    }
}

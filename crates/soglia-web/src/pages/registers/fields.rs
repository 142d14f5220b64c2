//! Fields of registers on pages: as inputs, as text, and read back. Read [`inputs`] first.

use axum::http::StatusCode;
use soglia_domain::register::{Changes, Field, Kind, Need, Register, Value, ValueProblem, Values};
use soglia_domain::text::{Lang, Text};
use soglia_registers::entries::Entry;
use soglia_registers::error::RegisterError;
use soglia_report::format;

use crate::access::Fields;
use crate::reply::Problem;

/// What the names of a register's fields begin with in forms.
const PREFIX: &str = "f.";

/// A field as an input.
pub struct Input {
    /// Its name in the form.
    pub name: String,
    /// Its label.
    pub label: &'static str,
    /// `line`, `text`, `date`, `count`, `money`, `choice`.
    pub kind: &'static str,
    /// What it holds.
    pub value: String,
    /// What can be chosen: code, name, whether it is.
    pub choices: Vec<(&'static str, &'static str, bool)>,
    /// Whether it must be filled in.
    pub required: bool,
}

/// Inputs for fields, filled with values.
pub fn inputs<'f>(
    fields: impl Iterator<Item = &'f Field>,
    values: &Values,
    needed: &[&str],
    lang: Lang,
) -> Vec<Input> {
    fields.map(|field| input(field, values.get(field.code), needed, lang)).collect()
}

fn input(field: &Field, value: Option<&Value>, needed: &[&str], lang: Lang) -> Input {
    let text = value.map(ToString::to_string).unwrap_or_default();
    let (kind, choices) = match field.kind {
        Kind::Line => ("line", &[][..]),
        Kind::Text => ("text", &[][..]),
        Kind::Date => ("date", &[][..]),
        Kind::Count => ("count", &[][..]),
        Kind::Money => ("money", &[][..]),
        Kind::Choice(choices) => ("choice", choices),
    };
    let choices =
        choices.iter().map(|choice| (choice.code, choice.label.get(lang), choice.code == text));
    Input {
        name: format!("{PREFIX}{}", field.code),
        label: field.label.get(lang),
        kind,
        choices: choices.collect(),
        value: text,
        required: field.need == Need::Required || needed.contains(&field.code),
    }
}

/// A value as people read it.
pub fn shown(field: &Field, value: &Value, lang: Lang) -> String {
    match (field.kind, value) {
        (Kind::Choice(choices), Value::Choice(code)) => {
            let choice = choices.iter().find(|choice| choice.code == *code);
            choice.map_or_else(|| (*code).to_owned(), |choice| choice.label.get(lang).to_owned())
        }
        (_, Value::Date(date)) => format::day(lang, *date),
        (_, Value::Count(count)) => format::integer(lang, *count),
        (_, Value::Money(_)) => format!("{} €", format::decimal(lang, &value.to_string())),
        _ => value.to_string(),
    }
}

/// A field of an entry as people read it; nothing where it is empty.
pub fn text_of(entry: &Entry, code: &str, lang: Lang) -> Option<String> {
    let field = entry.register.field(code)?;
    Some(shown(field, entry.value(code)?, lang))
}

/// The fields of a form that belong to the register, with their texts.
pub fn sent(fields: &Fields) -> Vec<(&str, &str)> {
    fields.pairs().filter_map(|(name, text)| Some((name.strip_prefix(PREFIX)?, text))).collect()
}

/// What a form fills in.
pub fn values(register: &'static Register, fields: &Fields) -> Result<Values, RegisterError> {
    Values::parse(register, sent(fields)).map_err(RegisterError::Values)
}

/// What a form changes of what was read; a field that was sent back as it was is no change.
pub fn changes(
    register: &'static Register,
    read: &Values,
    fields: &Fields,
) -> Result<Changes, RegisterError> {
    let mut changes = Values::changes(register, sent(fields)).map_err(RegisterError::Values)?;
    changes.retain(|(field, value)| read.get(field.code) != value.as_ref());
    Ok(changes)
}

/// A refusal in the visitor's language, as far as the program has words for it.
pub fn refused(error: RegisterError) -> Problem {
    match error {
        RegisterError::Values(problems) => {
            let it: Vec<String> = problems.iter().map(in_italian).collect();
            let en: Vec<String> = problems.iter().map(ToString::to_string).collect();
            let text = Text::new(&it.join("; "), &en.join("; "));
            Problem::refused(StatusCode::UNPROCESSABLE_ENTITY, text)
        }
        RegisterError::Refused(remarks) => {
            let words = |lang: Lang| {
                let texts: Vec<&str> = remarks.iter().map(|one| one.text.get(lang)).collect();
                texts.join("; ")
            };
            let text = Text::new(&words(Lang::It), &words(Lang::En));
            Problem::refused(StatusCode::UNPROCESSABLE_ENTITY, text)
        }
        RegisterError::NoReason => Problem::bad(
            "ogni modifica vuole un motivo: lo scriva in poche parole",
            "every change has a reason: write it in a few words",
        ),
        other => other.into(),
    }
}

fn in_italian(problem: &ValueProblem) -> String {
    match problem {
        ValueProblem::UnknownField { field, register } => {
            format!("in «{register}» non c'è il campo «{field}»")
        }
        ValueProblem::Date { field, text } => format!("«{text}» in «{field}» non è una data"),
        ValueProblem::Count { field, text } => {
            format!("«{text}» in «{field}» non è un numero intero")
        }
        ValueProblem::Money { field, text } => {
            format!("«{text}» in «{field}» non è un importo in euro")
        }
        ValueProblem::Choice { field, text, .. } => {
            format!("«{text}» in «{field}» non è fra le voci possibili")
        }
        ValueProblem::Long { field, length, max } => {
            format!("il testo in «{field}» ha {length} caratteri, al più {max}")
        }
        ValueProblem::Control { field } => {
            format!("il testo in «{field}» ha caratteri di controllo o righe a capo")
        }
    }
}

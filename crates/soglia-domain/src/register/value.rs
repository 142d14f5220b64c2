//! What fields hold, typed. Read [`Value`] first, then [`Values`].

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;

use super::field::{Choice, Field, Kind};
use super::{Register, Remark};
use crate::ratio::decimal;

/// The longest line.
pub const LINE_MAX: usize = 400;
/// The longest text.
pub const TEXT_MAX: usize = 20_000;
/// The largest number of cents: a hundred thousand million euro.
pub const CENTS_MAX: i64 = 10_000_000_000_000;

/// What a field holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Value {
    /// A line or text, without spaces at its ends.
    Text(String),
    /// A civil date.
    Date(Date),
    /// A whole number.
    Count(u64),
    /// Cents of a euro.
    Money(i64),
    /// One of the field's list.
    Choice(&'static str),
}

/// The values of an entry's fields.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Values(BTreeMap<&'static str, Value>);

/// Why a text is no value of a field.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ValueProblem {
    /// The register has no such field.
    #[error("there is no field `{field}` in `{register}`")]
    UnknownField {
        /// What was written.
        field: String,
        /// The register.
        register: &'static str,
    },
    /// The text is no date.
    #[error("`{text}` in `{field}` is no date")]
    Date {
        /// The field.
        field: &'static str,
        /// What was written.
        text: String,
    },
    /// The text is no whole number.
    #[error("`{text}` in `{field}` is no whole number")]
    Count {
        /// The field.
        field: &'static str,
        /// What was written.
        text: String,
    },
    /// The text is no amount.
    #[error("`{text}` in `{field}` is no amount in euro")]
    Money {
        /// The field.
        field: &'static str,
        /// What was written.
        text: String,
    },
    /// The text is none of the list.
    #[error("`{text}` in `{field}` is none of {}", list(choices))]
    Choice {
        /// The field.
        field: &'static str,
        /// What was written.
        text: String,
        /// What it could be.
        choices: &'static [Choice],
    },
    /// The text is too long.
    #[error("the text in `{field}` has {length} characters, {max} is the most")]
    Long {
        /// The field.
        field: &'static str,
        /// Its length.
        length: usize,
        /// The limit.
        max: usize,
    },
    /// The text has characters that are none, or more than one line where one is expected.
    #[error("the text in `{field}` has control characters or line breaks")]
    Control {
        /// The field.
        field: &'static str,
    },
}

impl ValueProblem {
    /// Says what to do.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::UnknownField { .. } => "`soglia register fields REGISTER` lists them",
            Self::Date { .. } => "write dates as `2023-12-31` or `31/12/2023`",
            Self::Count { .. } => "write digits only, without thousands separators",
            Self::Money { .. } => "write euro and cents as `1234.50` or `1234,50`",
            Self::Choice { .. } => "write one of the names listed",
            Self::Long { .. } => "attach longer texts as files",
            Self::Control { .. } => "write it in one line, without tabs",
        }
    }
}

impl Value {
    /// Reads a text as the field's kind; nothing if it is empty.
    pub fn parse(field: &Field, text: &str) -> Result<Option<Self>, ValueProblem> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let name = field.code;
        let found = || text.chars().take(60).collect::<String>();
        let value = match field.kind {
            Kind::Line => Self::Text(checked(name, text, LINE_MAX, char::is_control)?),
            Kind::Text => {
                let text = text.replace("\r\n", "\n");
                let control = |c: char| c.is_control() && c != '\n';
                Self::Text(checked(name, &text, TEXT_MAX, control)?)
            }
            Kind::Date => {
                let date = parse_date(text);
                Self::Date(date.ok_or_else(|| ValueProblem::Date { field: name, text: found() })?)
            }
            Kind::Count => {
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                let count = text.parse().ok().filter(|count| digits && *count <= COUNT_MAX);
                let problem = || ValueProblem::Count { field: name, text: found() };
                Self::Count(count.ok_or_else(problem)?)
            }
            Kind::Money => {
                let cents = parse_cents(text);
                Self::Money(
                    cents.ok_or_else(|| ValueProblem::Money { field: name, text: found() })?,
                )
            }
            Kind::Choice(choices) => {
                let choice = choices.iter().find(|choice| choice.code == text);
                let problem = || ValueProblem::Choice { field: name, text: found(), choices };
                Self::Choice(choice.ok_or_else(problem)?.code)
            }
        };
        Ok(Some(value))
    }

    /// The number that the value is ordered by, if it is one.
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Count(count) => i64::try_from(*count).ok(),
            Self::Money(cents) => Some(*cents),
            Self::Text(_) | Self::Date(_) | Self::Choice(_) => None,
        }
    }
}

/// The largest count: what fits in a signed number of the database.
const COUNT_MAX: u64 = i64::MAX as u64;

/// The canonical form, which [`Value::parse`] reads back.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Date(date) => write!(f, "{date}"),
            Self::Count(count) => write!(f, "{count}"),
            Self::Money(cents) => {
                let sign = if *cents < 0 { "-" } else { "" };
                write!(f, "{sign}{}", decimal(cents.unsigned_abs().into(), 2))
            }
            Self::Choice(code) => f.write_str(code),
        }
    }
}

impl Values {
    /// Reads fields and texts; says everything that is wrong with them.
    pub fn parse<'t>(
        register: &Register,
        texts: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Self, Vec<ValueProblem>> {
        Ok(Self::default().with(&Self::changes(register, texts)?))
    }

    /// Reads fields and texts as changes; an empty text empties its field. Says everything that is
    /// wrong with them.
    pub fn changes<'t>(
        register: &Register,
        texts: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<Changes, Vec<ValueProblem>> {
        let mut changes = Changes::new();
        let mut problems = Vec::new();
        for (code, text) in texts {
            let Some(field) = register.field(code) else {
                let (field, register) = (code.to_owned(), register.code);
                problems.push(ValueProblem::UnknownField { field, register });
                continue;
            };
            match Value::parse(field, text) {
                Ok(value) => changes.push((field, value)),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(changes) } else { Err(problems) }
    }

    /// Sets a field, or empties it.
    pub fn put(&mut self, field: &Field, value: Option<Value>) {
        match value {
            Some(value) => self.0.insert(field.code, value),
            None => self.0.remove(field.code),
        };
    }

    /// Takes over what `changes` says; fields it names with nothing are emptied.
    #[must_use]
    pub fn with(&self, changes: &Changes) -> Self {
        let mut values = self.clone();
        for (field, value) in changes {
            values.put(field, value.clone());
        }
        values
    }

    /// A field's value by name.
    pub fn get(&self, code: &str) -> Option<&Value> {
        self.0.get(code)
    }

    /// Says whether a field is filled in.
    pub fn has(&self, code: &str) -> bool {
        self.0.contains_key(code)
    }

    /// The values in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(code, value)| (*code, value))
    }

    /// A date.
    pub fn date(&self, field: &Field) -> Option<Date> {
        match self.get(field.code)? {
            Value::Date(date) => Some(*date),
            other => unreachable!("`{}` is no date but {other:?}", field.code),
        }
    }

    /// A whole number.
    pub fn count(&self, field: &Field) -> Option<u64> {
        match self.get(field.code)? {
            Value::Count(count) => Some(*count),
            other => unreachable!("`{}` is no count but {other:?}", field.code),
        }
    }

    /// Cents.
    pub fn cents(&self, field: &Field) -> Option<i64> {
        match self.get(field.code)? {
            Value::Money(cents) => Some(*cents),
            other => unreachable!("`{}` is no amount but {other:?}", field.code),
        }
    }

    /// A text or one of a list.
    pub fn words(&self, field: &Field) -> Option<&str> {
        match self.get(field.code)? {
            Value::Text(text) => Some(text),
            Value::Choice(code) => Some(code),
            other => unreachable!("`{}` is no text but {other:?}", field.code),
        }
    }
}

/// Fields to set, or to empty.
pub type Changes = Vec<(&'static Field, Option<Value>)>;

/// Refusals among remarks.
pub fn refusals(remarks: Vec<Remark>) -> Vec<Remark> {
    remarks.into_iter().filter(|remark| remark.weight == super::Weight::Refused).collect()
}

fn list(choices: &[Choice]) -> String {
    choices.iter().map(|choice| format!("`{}`", choice.code)).collect::<Vec<_>>().join(", ")
}

fn checked(
    field: &'static str,
    text: &str,
    max: usize,
    control: impl Fn(char) -> bool,
) -> Result<String, ValueProblem> {
    let length = text.chars().count();
    if max < length {
        return Err(ValueProblem::Long { field, length, max });
    }
    if text.chars().any(control) {
        return Err(ValueProblem::Control { field });
    }
    Ok(text.to_owned())
}

fn parse_date(text: &str) -> Option<Date> {
    let date = if let Some((day, rest)) = text.split_once('/') {
        let (month, year) = rest.split_once('/')?;
        let four = year.len() == 4;
        four.then(|| Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok())??
    } else {
        (text.len() == 10).then(|| text.parse().ok())??
    };
    let years = crate::period::YEAR_FIRST..=crate::period::YEAR_LAST;
    years.contains(&date.year()).then_some(date)
}

/// Euro with a point or a comma before the cents; no thousands separators, which are ambiguous.
fn parse_cents(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (euro, cents) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if euro.is_empty() || !plain(euro) || !plain(cents) {
        return None;
    }
    let cents: i64 = match cents.len() {
        0 if !digits.contains(['.', ',']) => 0,
        1 => cents.parse::<i64>().ok()? * 10,
        2 => cents.parse().ok()?,
        _ => return None,
    };
    let total = euro.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)?;
    (total <= CENTS_MAX).then_some(if negative { -total } else { total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_back_what_they_print() {
        const CHOICES: &[Choice] = &[Choice::new("phone", "telefono", "telephone")];
        let cases = [
            (Field::line("f", "f", "f"), "  due parole ", "due parole"),
            (Field::text("f", "f", "f"), "una\r\ndue", "una\ndue"),
            (Field::date("f", "f", "f"), "9/9/2023", "2023-09-09"),
            (Field::date("f", "f", "f"), "2023-09-09", "2023-09-09"),
            (Field::count("f", "f", "f"), "007", "7"),
            (Field::money("f", "f", "f"), "1234,5", "1234.50"),
            (Field::money("f", "f", "f"), "-0.07", "-0.07"),
            (Field::choice("f", "f", "f", CHOICES), "phone", "phone"),
        ];
        for (field, text, canonical) in cases {
            let value = Value::parse(&field, text).expect(text).expect(text);
            assert_eq!(value.to_string(), canonical);
            assert_eq!(Value::parse(&field, canonical), Ok(Some(value)), "{text}");
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        let refused = |field: Field, text: &str| {
            assert!(Value::parse(&field, text).is_err(), "{text}");
        };
        for text in ["31/2/2023", "2023-13-01", "9/9/23", "ieri", "2023-9-9", "1/1/0023"] {
            refused(Field::date("f", "f", "f"), text);
        }
        for text in ["-1", "1.5", "+3", "1.000", "99999999999999999999"] {
            refused(Field::count("f", "f", "f"), text);
        }
        for text in ["1.234,50", "12.345", "€ 5", "5.", ".5", "--5", "1e3", "999999999999999"] {
            refused(Field::money("f", "f", "f"), text);
        }
        refused(Field::line("f", "f", "f"), "due\nrighe");
        refused(Field::line("f", "f", "f"), &"x".repeat(LINE_MAX + 1));
        assert_eq!(Value::parse(&Field::date("f", "f", "f"), "  "), Ok(None));
    }
}

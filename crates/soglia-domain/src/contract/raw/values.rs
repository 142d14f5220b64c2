//! The words a contract file is written with: durations, percentages, dates, slots. Read [`Form`]
//! first: it says what each one looks like, once for the parser and for the published schema.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use crate::calendar::Slot;
use crate::contract::LIMIT_MAX;
use crate::ratio::Ratio;
use crate::time::{Instant, Millis};
use crate::verdict::Bound;

/// The JSON Schema keyword that carries a [`Form`]'s name.
pub(super) const FORM_KEY: &str = "x-soglia-form";

/// What a leaf of the file looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    Text,
    Code,
    Limit,
    Duration,
    Share,
    Bound,
    Day,
    Moment,
    Slot,
    Zone,
    Money,
    Rate,
    Points,
    Change,
}

impl Form {
    const ALL: [Self; 14] = [
        Self::Text,
        Self::Code,
        Self::Limit,
        Self::Duration,
        Self::Share,
        Self::Bound,
        Self::Day,
        Self::Moment,
        Self::Slot,
        Self::Zone,
        Self::Money,
        Self::Rate,
        Self::Points,
        Self::Change,
    ];

    /// Returns the name in the schema.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Code => "code",
            Self::Limit => "limit",
            Self::Duration => "duration",
            Self::Share => "share",
            Self::Bound => "bound",
            Self::Day => "date",
            Self::Moment => "instant",
            Self::Slot => "slot",
            Self::Zone => "zone",
            Self::Money => "money",
            Self::Rate => "rate",
            Self::Points => "points",
            Self::Change => "change",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }

    /// Returns what an error says was expected.
    pub(super) const fn expected(self) -> &'static str {
        match self {
            Self::Text => "a text that is not empty",
            Self::Code => "a code of letters, digits, `_`, `-` and `.`, such as `cup` or `K1`",
            Self::Limit => "a duration such as `20s`, above zero and up to a year",
            Self::Duration => "a duration such as `5s`, or `0`, up to a year",
            Self::Share => "a percentage from 0% to 100%, such as `95%`",
            Self::Bound => "a percentage such as `95%`, or a duration such as `4h`",
            Self::Day => "a date such as `2022-05-05`, without quotes",
            Self::Moment => "an instant with its offset, such as `2023-07-01T08:00:00+02:00`",
            Self::Slot => "a slot such as `08:00-19:00`, ending after it starts",
            Self::Zone => "the name of a time zone, such as `Europe/Rome`",
            Self::Money => "an amount in euro such as `1250000.00`",
            Self::Rate => "a rate such as `0.3‰` or `0.03%`",
            Self::Points => "percentage points such as `0.01%`",
            Self::Change => "a change such as `+10%` or `-15%`, from -100% to +900%",
        }
    }

    /// Returns what to do about a text that is not of the form, if something can be said.
    pub(super) fn hint(self, found: &str) -> Option<String> {
        match self {
            Self::Limit | Self::Duration => Some(
                "write the number and its unit together: `250ms`, `20s`, `4min`, `9h`, `1h30min`"
                    .to_owned(),
            ),
            Self::Share | Self::Points | Self::Bound if found.contains(',') => {
                Some("decimals are written with a point: `99.5%`".to_owned())
            }
            Self::Change if !found.starts_with(['+', '-']) => {
                Some("write the sign of the change first: `+10%`, `-15%`".to_owned())
            }
            Self::Share | Self::Points if !found.contains('%') => {
                Some("write the sign: `95%`".to_owned())
            }
            Self::Bound if !found.contains('%') => {
                Some("write the unit: `95%` for a share, `4h` for a time".to_owned())
            }
            Self::Share | Self::Bound => Some("a share is at most `100%`".to_owned()),
            Self::Moment => Some(
                "civil times are ambiguous when clocks change: add `+01:00`, `+02:00` or `Z`"
                    .to_owned(),
            ),
            Self::Slot => Some("midnight at the end of a day is `24:00`".to_owned()),
            Self::Money if found.contains(',') => {
                Some("no thousands separators, and a point before the cents".to_owned())
            }
            _ => None,
        }
    }

    /// The pattern that editors can check; [`Form::accepts`] decides.
    const fn pattern(self) -> Option<&'static str> {
        match self {
            Self::Text => Some(r"\S"),
            Self::Code => Some(r"^[A-Za-z0-9_.\-]{1,64}$"),
            Self::Limit | Self::Duration => Some(r"^(0|([0-9]+(\.[0-9]+)?(ms|s|min|m|h) ?)+)$"),
            Self::Share | Self::Points => Some(r"^[0-9]+(\.[0-9]+)?%$"),
            Self::Bound => Some(r"^([0-9]+(\.[0-9]+)?%|([0-9]+(\.[0-9]+)?(ms|s|min|m|h) ?)+)$"),
            Self::Slot => Some(r"^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$"),
            Self::Money => Some(r"^[0-9]+(\.[0-9]{2})?$"),
            Self::Rate => Some(r"^[0-9]+(\.[0-9]+)?[%‰]$"),
            Self::Change => Some(r"^[+\-][0-9]+(\.[0-9]+)?%$"),
            Self::Day | Self::Moment | Self::Zone => None,
        }
    }

    /// Decides whether a text is of the form.
    pub(super) fn accepts(self, text: &str) -> bool {
        match self {
            Self::Text => parse_text(text).is_some(),
            Self::Code => parse_code(text).is_some(),
            Self::Limit => parse_limit(text).is_some(),
            Self::Duration => parse_duration(text).is_some(),
            Self::Share => parse_share(text).is_some(),
            Self::Bound => parse_bound(text).is_some(),
            Self::Day => text.parse::<Date>().is_ok(),
            Self::Moment => parse_moment(text).is_some(),
            Self::Slot => parse_slot(text).is_some(),
            Self::Zone => parse_zone(text).is_some(),
            Self::Money => parse_money(text).is_some(),
            Self::Rate => parse_rate(text).is_some(),
            Self::Points => parse_points(text).is_some(),
            Self::Change => parse_change(text).is_some(),
        }
    }

    /// Returns whether the file writes it as a date or time of its own, without quotes.
    pub(super) const fn is_datetime(self) -> bool {
        matches!(self, Self::Day | Self::Moment)
    }

    fn schema(self) -> Schema {
        let mut schema = json_schema!({ "type": "string" });
        match self {
            Self::Day => {
                schema.insert("format".to_owned(), "date".into());
            }
            Self::Moment => {
                schema.insert("format".to_owned(), "date-time".into());
            }
            _ => {}
        }
        if let Some(pattern) = self.pattern() {
            schema.insert("pattern".to_owned(), pattern.into());
        }
        schema.insert(FORM_KEY.to_owned(), self.name().into());
        schema
    }
}

/// Declares a leaf type: a form, what it means, and how it is read.
macro_rules! leaf {
    ($($(#[$doc:meta])* $name:ident($inner:ty) = $form:ident, $parse:path;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Debug)]
        pub(super) struct $name(pub(super) $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
                let text = if Form::$form.is_datetime() {
                    toml::value::Datetime::deserialize(source)?.to_string()
                } else {
                    String::deserialize(source)?
                };
                $parse(&text).map(Self).ok_or_else(|| {
                    D::Error::custom(format_args!(
                        "expected {}, found `{text}`", Form::$form.expected()
                    ))
                })
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Form::$form.schema()
            }
        }
    )*};
}

leaf! {
    /// A text that is not empty.
    Line(String) = Text, parse_text;
    /// A code.
    Code(String) = Code, parse_code;
    /// A duration above zero.
    LimitSpan(Millis) = Limit, parse_limit;
    /// A duration, zero included.
    Span(Millis) = Duration, parse_duration;
    /// A percentage.
    Share(Ratio) = Share, parse_share;
    /// A percentage or a duration.
    RawBound(Bound) = Bound, parse_bound;
    /// A date.
    Day(Date) = Day, parse_day;
    /// An instant with its offset.
    Moment(Instant) = Moment, parse_moment;
    /// Opening hours in a day.
    RawSlot(Slot) = Slot, parse_slot;
    /// A time zone and its name.
    Zone((TimeZone, String)) = Zone, parse_zone;
    /// Euro, in cents.
    Money(u64) = Money, parse_money;
    /// A rate in thousandths of a permille.
    Rate(u32) = Rate, parse_rate;
    /// Percentage points, in thousandths of one.
    Points(u32) = Points, parse_points;
}

fn parse_text(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn parse_code(text: &str) -> Option<String> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    (!text.is_empty() && text.chars().count() <= 64 && text.chars().all(fits))
        .then(|| text.to_owned())
}

fn parse_duration(text: &str) -> Option<Millis> {
    Millis::parse(text).filter(|span| *span <= LIMIT_MAX)
}

fn parse_limit(text: &str) -> Option<Millis> {
    parse_duration(text).filter(|span| Millis::ZERO < *span)
}

/// Reads a decimal as digits and the power of ten they are divided by.
fn decimal(text: &str) -> Option<(u64, u64)> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (text, ""),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || 9 < fraction.len() {
        return None;
    }
    let unit = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    Some((format!("{whole}{fraction}").parse().ok()?, unit))
}

/// Reads a percentage from 0 to 100.
pub fn parse_share(text: &str) -> Option<Ratio> {
    let (num, unit) = decimal(text.strip_suffix('%')?.trim_end())?;
    let den = unit.checked_mul(100)?;
    if den < num { None } else { Ratio::new(num, den) }
}

fn parse_bound(text: &str) -> Option<Bound> {
    parse_share(text).map(Bound::Share).or_else(|| parse_limit(text).map(Bound::Duration))
}

fn parse_day(text: &str) -> Option<Date> {
    text.parse().ok()
}

fn parse_moment(text: &str) -> Option<Instant> {
    text.parse::<jiff::Timestamp>().ok().map(Instant::from_timestamp)
}

fn parse_slot(text: &str) -> Option<Slot> {
    Slot::parse(text).ok()
}

fn parse_zone(text: &str) -> Option<(TimeZone, String)> {
    TimeZone::get(text).ok().map(|zone| (zone, text.to_owned()))
}

fn parse_money(text: &str) -> Option<u64> {
    let (value, unit) = decimal(text)?;
    match unit {
        1 => value.checked_mul(100),
        10 => value.checked_mul(10),
        100 => Some(value),
        _ => None,
    }
}

/// Reads a decimal as whole 10^-`places` units, or nothing when it is finer.
fn scaled(text: &str, scale: u64) -> Option<u32> {
    let (value, unit) = decimal(text)?;
    let scaled = value.checked_mul(scale)?;
    (scaled % unit == 0).then(|| u32::try_from(scaled / unit).ok())?
}

fn parse_rate(text: &str) -> Option<u32> {
    if let Some(permille) = text.strip_suffix('‰') {
        return scaled(permille.trim_end(), 1000);
    }
    scaled(text.strip_suffix('%')?.trim_end(), 10_000)
}

fn parse_points(text: &str) -> Option<u32> {
    scaled(text.strip_suffix('%')?.trim_end(), 1000)
}

/// Reads a change as the whole that is left or added to, in thousandths of a percent: `+10%` is
/// 110 000, `-15%` is 85 000.
pub fn parse_change(text: &str) -> Option<u32> {
    let (sign, digits) = (text.get(..1)?, text.get(1..)?);
    let change = scaled(digits.strip_suffix('%')?, 1000)?;
    match sign {
        "+" if change <= 900_000 => Some(100_000 + change),
        "-" => 100_000_u32.checked_sub(change),
        _ => None,
    }
}

/// Returns a share in permille when it is a whole number of them.
pub(super) fn permille(share: Ratio) -> Option<u32> {
    let scaled = share.num().checked_mul(1000)?;
    (scaled % share.den() == 0).then(|| u32::try_from(scaled / share.den()).ok())?
}

/// A table whose keys are codes, in the file's order.
#[derive(Clone, Debug)]
pub(super) struct Named<T>(pub(super) Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Named<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Named(entries))
            }
        }
        source.deserialize_map(Entries(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({ "type": "object", "additionalProperties": value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_exact() {
        let share = |text| parse_share(text).map(|r| (r.num(), r.den()));
        assert_eq!(share("95%"), Some((95, 100)));
        assert_eq!(share("99.5%"), Some((995, 1000)));
        assert_eq!(share("100%"), Some((100, 100)));
        assert_eq!(share("0%"), Some((0, 100)));
        for text in ["95", "101%", "-5%", "95,5%", "9.%", ".5%", "%", "1e2%", ""] {
            assert_eq!(share(text), None, "{text}");
        }
    }

    #[test]
    fn money_and_rates_are_exact() {
        assert_eq!(parse_money("1250000.05"), Some(125_000_005));
        assert_eq!(parse_money("10"), Some(1000));
        assert_eq!(parse_money("1.250.000"), None);
        assert_eq!(parse_rate("0.3‰"), Some(300));
        assert_eq!(parse_rate("0.03%"), Some(300));
        assert_eq!(parse_points("0.01%"), Some(10));
        assert_eq!(parse_points("0.0001%"), None);
        assert_eq!(parse_change("+10%"), Some(110_000));
        assert_eq!(parse_change("-12.5%"), Some(87_500));
        for text in ["10%", "-101%", "+901%", "+", "±1%", "+1"] {
            assert_eq!(parse_change(text), None, "{text}");
        }
    }

    #[test]
    fn limits_are_above_zero_and_at_most_a_year() {
        assert_eq!(parse_limit("0"), None);
        assert_eq!(parse_limit("9000h"), None);
        assert_eq!(parse_duration("0"), Some(Millis::ZERO));
        assert_eq!(parse_limit("20s"), Some(Millis::from_secs(20)));
    }
}

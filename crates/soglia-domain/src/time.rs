//! Instants and durations, exact to the millisecond. Read [`Instant`] first.
//!
//! A millisecond is the ledger's precision: finer instants are cut to it on import, and each fact
//! says how precise its source was ([`crate::facts::Call::precision`]).

use std::fmt;
use std::ops::{Add, Sub};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// An exact duration in milliseconds; negative only as the result of a subtraction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(i64);

impl Instant {
    /// Makes an instant from milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Makes an instant from whole seconds since the epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1000)
    }

    /// Returns milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Converts from a timestamp, cutting what is finer than a millisecond.
    pub fn from_timestamp(timestamp: Timestamp) -> Self {
        let millis = timestamp.as_nanosecond().div_euclid(1_000_000);
        Self(i64::try_from(millis).expect("jiff holds twenty thousand years"))
    }

    /// Converts to a timestamp.
    ///
    /// # Panics
    /// Outside the years −9999 to 9999, which no parser lets in.
    pub fn to_timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).expect("parsers only let in years jiff can hold")
    }

    /// Returns the civil date and time in a zone.
    pub fn in_zone(self, zone: &TimeZone) -> jiff::Zoned {
        self.to_timestamp().to_zoned(zone.clone())
    }
}

impl Millis {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// Makes a duration from milliseconds.
    pub const fn new(millis: i64) -> Self {
        Self(millis)
    }

    /// Makes a duration from whole seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1000)
    }

    /// Makes a duration from whole minutes.
    pub const fn from_mins(mins: i64) -> Self {
        Self(mins * 60_000)
    }

    /// Makes a duration from whole hours.
    pub const fn from_hours(hours: i64) -> Self {
        Self(hours * 3_600_000)
    }

    /// Returns milliseconds.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Parses what contracts write: `20s`, `20.5s`, `4min`, `9h`, `1h30min`, `250ms`, `0`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "0" {
            return Some(Self::ZERO);
        }
        let mut rest = text;
        let mut total: i64 = 0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let (number, tail) = rest.split_at(digits);
            let unit_len = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit_len);
            let scale: i64 = match unit {
                "ms" => 1,
                "s" => 1000,
                "min" | "m" => 60_000,
                "h" => 3_600_000,
                _ => return None,
            };
            total = total.checked_add(scaled(number, scale)?)?;
            rest = tail.trim_start();
        }
        (!text.is_empty()).then_some(Self(total))
    }
}

/// `number` (decimal) times `scale`, exactly, or nothing when that is no whole millisecond.
fn scaled(number: &str, scale: i64) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.len() > 9 {
        return None;
    }
    let mut value = whole.parse::<i64>().ok()?.checked_mul(scale)?;
    if !fraction.is_empty() {
        let unit = 10_i64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let part = fraction.parse::<i64>().ok()?.checked_mul(scale)?;
        if part % unit != 0 {
            return None;
        }
        value = value.checked_add(part / unit)?;
    }
    Some(value)
}

impl Sub for Instant {
    type Output = Millis;
    fn sub(self, earlier: Self) -> Millis {
        Millis(self.0 - earlier.0)
    }
}

impl Add<Millis> for Instant {
    type Output = Self;
    fn add(self, span: Millis) -> Self {
        Self(self.0 + span.0)
    }
}

impl Add for Millis {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Millis {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl std::iter::Sum for Millis {
    fn sum<I: Iterator<Item = Self>>(spans: I) -> Self {
        spans.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.to_timestamp())
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_millisecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp}"),
            Err(_) => write!(f, "Instant({})", self.0),
        }
    }
}

/// Shortest exact form that [`Millis::parse`] reads back: `20s`, `4min`, `1h30min`, `2.5s`.
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let total = self.0.unsigned_abs();
        let (hours, mins) = (total / 3_600_000, total / 60_000 % 60);
        let (secs, millis) = (total / 1000 % 60, total % 1000);
        if 0 < hours {
            write!(f, "{hours}h")?;
        }
        if 0 < mins {
            write!(f, "{mins}min")?;
        }
        match (secs, millis) {
            (0, 0) => Ok(()),
            (_, 0) => write!(f, "{secs}s"),
            _ => {
                let fraction = format!("{millis:03}");
                write!(f, "{secs}.{}s", fraction.trim_end_matches('0'))
            }
        }
    }
}

impl fmt::Debug for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_what_they_print() {
        for text in ["20s", "4min", "1h30min", "2.5s", "250ms", "9h", "0.001s", "412.5min"] {
            let span = Millis::parse(text).expect(text);
            assert_eq!(Millis::parse(&span.to_string()), Some(span), "{text}");
        }
        assert_eq!(Millis::parse("412.5min"), Some(Millis::new(24_750_000)));
        for text in ["", "20", "s", "20 x", "0.0001s", "1..2s", "-3s"] {
            assert_eq!(Millis::parse(text), None, "{text}");
        }
    }
}

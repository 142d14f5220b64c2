//! Values and targets as people print them. Read [`Printed`] first.

use crate::ratio::Ratio;
use crate::time::Millis;

/// What a printed value or target says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Printed {
    /// A percentage: `56,78%`, `95% dei casi`.
    Share(Ratio),
    /// A time, perhaps to be kept in a share of the cases: `4 minuti nel 95% dei casi`,
    /// `4 h lavorative`.
    Time {
        /// The time.
        span: Millis,
        /// In how many cases.
        share: Option<Ratio>,
        /// It counts working hours only.
        working: bool,
    },
    /// No value: `n/a`, `-`.
    NotAvailable,
    /// Something else.
    Unreadable,
}

impl Printed {
    /// Returns the percentage, if there is one.
    pub fn share(self) -> Option<Ratio> {
        match self {
            Self::Share(ratio) => Some(ratio),
            Self::Time { share, .. } => share,
            Self::NotAvailable | Self::Unreadable => None,
        }
    }
}

/// Reads a value or target as people print it in reports: decimal commas, stray quotes, words.
///
/// ```
/// use soglia_domain::checks::{Printed, parse_printed};
/// let share = parse_printed("56,78%").share().expect("a percentage");
/// assert_eq!((share.num(), share.den()), (5678, 10_000));
/// assert_eq!(parse_printed("100%\"").share().map(|r| r.num()), Some(100));
/// assert_eq!(parse_printed("n/a"), Printed::NotAvailable);
/// ```
pub fn parse_printed(text: &str) -> Printed {
    let text = text.trim().trim_matches(['"', '\'', '”', '“', '’', '.', ' ']).to_lowercase();
    if ["n/a", "n.a", "na", "nd", "n.d", "-", "–", "—"].contains(&text.as_str()) {
        return Printed::NotAvailable;
    }
    let (mut share, mut span) = (None, None);
    let mut rest = text.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        rest = rest.get(start..).unwrap_or_default();
        let end =
            rest.find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(end);
        let Some((value, unit)) = decimal(number.trim_end_matches([',', '.'])) else {
            return Printed::Unreadable;
        };
        let tail = tail.trim_start();
        if tail.starts_with('%') {
            match unit.checked_mul(100).filter(|den| value <= *den) {
                Some(den) => share = share.or(Ratio::new(value, den)),
                None => return Printed::Unreadable,
            }
        } else if let Some(scale) = time_unit(tail) {
            match value.checked_mul(scale).filter(|total| total % unit == 0) {
                Some(total) => {
                    let millis = i64::try_from(total / unit).unwrap_or(i64::MAX);
                    span = span.or(Some(Millis::new(millis)));
                }
                None => return Printed::Unreadable,
            }
        } else {
            return Printed::Unreadable;
        }
        rest = tail;
    }
    match (span, share) {
        (Some(span), share) => {
            let working = text.contains("lavorativ") || text.contains("working");
            Printed::Time { span, share, working }
        }
        (None, Some(share)) => Printed::Share(share),
        (None, None) => Printed::Unreadable,
    }
}

/// Reads a decimal with comma or point as digits and the power of ten they are divided by.
fn decimal(number: &str) -> Option<(u64, u64)> {
    let number = number.replace(',', ".");
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    if fraction.contains('.') || 9 < fraction.len() {
        return None;
    }
    let unit = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    Some((format!("{whole}{fraction}").parse().ok()?, unit))
}

/// The milliseconds of a unit of time that a text starts with.
pub(super) fn time_unit(text: &str) -> Option<u64> {
    let word: String = text.chars().take_while(|c| c.is_alphabetic()).collect();
    match word.as_str() {
        "s" | "sec" | "secondi" | "secondo" | "second" | "seconds" => Some(1000),
        "m" | "min" | "minuti" | "minuto" | "minute" | "minutes" => Some(60_000),
        "h" | "ore" | "ora" | "hour" | "hours" => Some(3_600_000),
        "" if text.starts_with("''") || text.starts_with(['"', '″', '”']) => Some(1000),
        "" if text.starts_with(['\'', '′', '’']) => Some(60_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(num: u64, den: u64) -> Ratio {
        Ratio::new(num, den).expect("counted")
    }

    #[test]
    fn what_people_print_is_read() {
        let time = |hours, share, working| Printed::Time {
            span: Millis::from_mins(hours),
            share,
            working,
        };
        assert_eq!(parse_printed("56,78%"), Printed::Share(share(5678, 10_000)));
        assert_eq!(parse_printed("100%\""), Printed::Share(share(100, 100)));
        assert_eq!(parse_printed("95% dei casi"), Printed::Share(share(95, 100)));
        assert_eq!(parse_printed("99,5%"), Printed::Share(share(995, 1000)));
        assert_eq!(
            parse_printed("4 minuti nel 95% dei casi"),
            time(4, Some(share(95, 100)), false)
        );
        assert_eq!(parse_printed("4 h lavorative"), time(240, None, true));
        assert_eq!(parse_printed("n/a"), Printed::NotAvailable);
        assert_eq!(parse_printed(" N/A "), Printed::NotAvailable);
        for text in ["", "presto", "95", "150%", "1.2.3%", "4 mele"] {
            assert_eq!(parse_printed(text), Printed::Unreadable, "{text}");
        }
    }
}

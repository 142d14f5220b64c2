//! Periods of measurement. Read [`Period`] first.

use std::fmt;

use jiff::civil::{Date, DateTime, ISOWeekDate, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};

use crate::text::Lang;
use crate::time::Instant;

/// The first year a period may be in.
pub const YEAR_FIRST: i16 = 1900;
/// The last year a period may be in.
pub const YEAR_LAST: i16 = 2199;

/// A span of whole civil days, `[first, until)`, and the instants at which it starts and ends.
///
/// ```
/// use jiff::tz::TimeZone;
/// use soglia_domain::period::Period;
/// let rome = TimeZone::get("Europe/Rome").expect("zones are bundled");
/// let half = Period::parse("2023-H2", &rome).expect("a half-year");
/// assert_eq!((half.end() - half.start()).get(), 4_417 * 3_600_000, "one hour more: October");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Period {
    label: String,
    grain: Option<Grain>,
    first: Date,
    until: Date,
    start: Instant,
    end: Instant,
}

/// The size of a calendar unit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Grain {
    /// A civil day.
    Day,
    /// An ISO week, Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// Three months from January, April, July or October.
    Quarter,
    /// Six months from January or July.
    HalfYear,
    /// A calendar year.
    Year,
}

/// Why a text is no period.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PeriodError {
    /// It is written like none of the forms.
    #[error("`{text}` is not a period")]
    Form {
        /// What was written.
        text: String,
    },
    /// It is written like a period, but the calendar has no such day, week or part of a year.
    #[error("`{text}` does not exist in the calendar")]
    NotInCalendar {
        /// What was written.
        text: String,
    },
    /// Its second date is not after its first.
    #[error("the range `{text}` is empty, its second date is not after its first")]
    EmptyRange {
        /// What was written.
        text: String,
    },
    /// The zone skipped that day altogether.
    #[error("the zone has no instant in `{text}`")]
    SkippedDay {
        /// What was written.
        text: String,
    },
    /// Its year is too far away.
    #[error("the year of `{text}` is not between {YEAR_FIRST} and {YEAR_LAST}")]
    Year {
        /// What was written.
        text: String,
    },
}

impl PeriodError {
    /// Says what to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::EmptyRange { .. } => {
                "the second date is the first day left out: July is `2023-07-01..2023-08-01`"
            }
            Self::Year { .. } => "write the year with four digits, as in `2023-H2`",
            Self::NotInCalendar { .. } => {
                "halves are H1-H2, quarters Q1-Q4, months 01-12, ISO weeks W01-W52 or W53"
            }
            Self::SkippedDay { .. } => "choose a period that the zone's clocks went through",
            Self::Form { .. } => {
                "write `2023`, `2023-H2`, `2023-Q3`, `2023-07`, `2023-W30`, `2023-07-14` or \
                 `2023-07-01..2023-10-01` (the last date is left out)"
            }
        }
    }
}

impl Period {
    /// Parses a period: `2023`, `2023-H2`, `2023-Q3`, `2023-07`, `2023-W30` (ISO week),
    /// `2023-07-14` or `2023-07-01..2023-10-01` (the second date is left out).
    ///
    /// Years go from [`YEAR_FIRST`] to [`YEAR_LAST`].
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, PeriodError> {
        let text = text.trim();
        let period = if let Some((first, until)) = text.split_once("..") {
            let (first, until) = (written_date(first, text)?, written_date(until, text)?);
            if until <= first {
                return Err(PeriodError::EmptyRange { text: text.to_owned() });
            }
            Self::range(first, until, zone)
        } else {
            let (grain, date) = written_unit(text)?;
            Self::containing(grain, date, zone)
                .ok_or_else(|| PeriodError::Year { text: text.to_owned() })?
        };
        if period.start < period.end {
            Ok(period)
        } else {
            Err(PeriodError::SkippedDay { text: text.to_owned() })
        }
    }

    /// Returns the day, week, month … that a date belongs to; nothing at the end of time (9999).
    pub fn containing(grain: Grain, date: Date, zone: &TimeZone) -> Option<Self> {
        let (first, until) = unit_around(grain, date)?;
        Some(Self::unit(grain, first, until, zone))
    }

    /// Returns the text that [`Period::parse`] reads back.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Returns the size of the calendar unit it is, or nothing for a free range of dates.
    pub fn grain(&self) -> Option<Grain> {
        self.grain
    }

    /// Returns the first civil day.
    pub fn first_date(&self) -> Date {
        self.first
    }

    /// Returns the first civil day after it.
    pub fn until_date(&self) -> Date {
        self.until
    }

    /// Returns the first instant.
    pub fn start(&self) -> Instant {
        self.start
    }

    /// Returns the first instant after it.
    pub fn end(&self) -> Instant {
        self.end
    }

    /// Says whether an instant belongs to the period.
    pub fn contains(&self, at: Instant) -> bool {
        self.start <= at && at < self.end
    }

    /// Cuts the period at the borders of calendar units: the parts follow each other without gaps
    /// and fill it exactly. A part cut short at either end is a range of dates.
    ///
    /// `zone` is the zone the period was made with.
    pub fn split(&self, grain: Grain, zone: &TimeZone) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut first = self.first;
        while first < self.until {
            let whole = unit_around(grain, first).filter(|(unit_first, unit_until)| {
                *unit_first == first && *unit_until <= self.until
            });
            let part = match (whole, unit_around(grain, first)) {
                (Some((first, until)), _) => Self::unit(grain, first, until, zone),
                (None, Some((_, until))) if until < self.until => Self::range(first, until, zone),
                _ if first == self.first => self.clone(),
                _ => Self::range(first, self.until, zone),
            };
            first = part.until;
            // A day that the zone skipped has no instants.
            if part.start < part.end {
                parts.push(part);
            }
        }
        parts
    }

    /// Returns the period of the same kind just before: the month before a month, as many days
    /// before a range of days, as many months before a range of whole months; nothing before
    /// [`YEAR_FIRST`].
    pub fn previous(&self, zone: &TimeZone) -> Option<Self> {
        let before = if let Some(grain) = self.grain {
            Self::containing(grain, self.first.yesterday().ok()?, zone)?
        } else {
            let first = self.first.checked_sub(self.size_in_civil_units()).ok()?;
            Self::range(first, self.first, zone)
        };
        (YEAR_FIRST <= before.first.year() && before.start < before.end).then_some(before)
    }

    /// Names the period for people: `II semestre 2023`, `luglio 2023`, `14/07/2023`.
    pub fn name(&self, lang: Lang) -> String {
        match lang {
            Lang::It => self.italian_name(),
            Lang::En => self.english_name(),
        }
    }

    fn unit(grain: Grain, first: Date, until: Date, zone: &TimeZone) -> Self {
        Self::build(unit_label(grain, first), Some(grain), first, until, zone)
    }

    fn range(first: Date, until: Date, zone: &TimeZone) -> Self {
        Self::build(format!("{first}..{until}"), None, first, until, zone)
    }

    fn build(
        label: String,
        grain: Option<Grain>,
        first: Date,
        until: Date,
        zone: &TimeZone,
    ) -> Self {
        assert!(first < until, "a period has at least one day, not `{first}..{until}`");
        let (start, end) = (start_of_day(first, zone), start_of_day(until, zone));
        Self { label, grain, first, until, start, end }
    }

    fn size_in_civil_units(&self) -> Span {
        let (first, until) = (self.first, self.until);
        if first.day() == 1 && until.day() == 1 {
            let years = i32::from(until.year()) - i32::from(first.year());
            Span::new().months(years * 12 + i32::from(until.month()) - i32::from(first.month()))
        } else {
            Span::new().days(self.days())
        }
    }

    fn days(&self) -> i32 {
        self.until.duration_since(self.first).as_hours().try_into().unwrap_or(i32::MAX) / 24
    }

    fn last(&self) -> Date {
        self.until.yesterday().expect("`until` is after `first`")
    }

    fn italian_name(&self) -> String {
        let (first, year) = (self.first, self.first.year());
        match self.grain {
            Some(Grain::Day) => dotted(first),
            Some(Grain::Week) => {
                let week = first.iso_week_date();
                format!("settimana {} del {}", week.week(), week.year())
            }
            Some(Grain::Month) => format!("{} {year}", month_name(Lang::It, first.month())),
            Some(Grain::Quarter) => {
                format!("{} trimestre {year}", ordinal(["I", "II", "III", "IV"], first, 3))
            }
            Some(Grain::HalfYear) => {
                format!("{} semestre {year}", ordinal(["I", "II", "", ""], first, 6))
            }
            Some(Grain::Year) => format!("anno {year}"),
            None if self.first == self.last() => dotted(first),
            None => format!("dal {} al {}", dotted(first), dotted(self.last())),
        }
    }

    fn english_name(&self) -> String {
        let (first, year) = (self.first, self.first.year());
        match self.grain {
            Some(Grain::Day) => english_date(first),
            Some(Grain::Week) => {
                let week = first.iso_week_date();
                format!("week {} of {}", week.week(), week.year())
            }
            Some(Grain::Month) => format!("{} {year}", month_name(Lang::En, first.month())),
            Some(Grain::Quarter) => {
                let names = ["first", "second", "third", "fourth"];
                format!("{} quarter of {year}", ordinal(names, first, 3))
            }
            Some(Grain::HalfYear) => {
                format!("{} half of {year}", ordinal(["first", "second", "", ""], first, 6))
            }
            Some(Grain::Year) => format!("year {year}"),
            None if self.first == self.last() => english_date(first),
            None => format!("{} to {}", english_date(first), english_date(self.last())),
        }
    }
}

/// The label.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

/// Returns the first instant of a civil day. Where midnight does not exist, that is when the
/// clocks resume; where it comes twice, the first time.
pub fn start_of_day(date: Date, zone: &TimeZone) -> Instant {
    first_instant(date.at(0, 0, 0, 0), zone)
}

/// Returns the first instant at which a wall clock in the zone shows this civil time, or a later
/// one if the clocks skip it. Beyond the years that can be converted, the nearest instant that can.
pub fn first_instant(at: DateTime, zone: &TimeZone) -> Instant {
    let timestamp = match zone.to_ambiguous_timestamp(at).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(at),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(at),
        // Read with the new offset, a skipped time lies just before the change: the change itself
        // is the next transition to that offset.
        AmbiguousOffset::Gap { after, .. } => after.to_timestamp(at).map(|just_before| {
            let mut changes = zone.following(just_before).take(4);
            changes
                .find(|change| change.offset() == after)
                .map_or(just_before, |change| change.timestamp())
        }),
    };
    let nearest = if at.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Instant::from_timestamp(timestamp.unwrap_or(nearest))
}

/// The first day of the unit that a date belongs to, and the first day after it.
fn unit_around(grain: Grain, date: Date) -> Option<(Date, Date)> {
    let month_of = |size: i8| (date.month() - 1) / size * size + 1;
    let (first, size) = match grain {
        Grain::Day => (date, Span::new().days(1)),
        Grain::Week => {
            let since_monday = date.weekday().to_monday_zero_offset();
            (date.checked_sub(Span::new().days(since_monday)).ok()?, Span::new().days(7))
        }
        Grain::Month => (date.first_of_month(), Span::new().months(1)),
        Grain::Quarter => (Date::new(date.year(), month_of(3), 1).ok()?, Span::new().months(3)),
        Grain::HalfYear => (Date::new(date.year(), month_of(6), 1).ok()?, Span::new().months(6)),
        Grain::Year => (date.first_of_year(), Span::new().years(1)),
    };
    Some((first, first.checked_add(size).ok()?))
}

fn unit_label(grain: Grain, first: Date) -> String {
    let (year, month) = (first.year(), first.month());
    match grain {
        Grain::Day => first.to_string(),
        Grain::Week => {
            let week = first.iso_week_date();
            format!("{:04}-W{:02}", week.year(), week.week())
        }
        Grain::Month => format!("{year:04}-{month:02}"),
        Grain::Quarter => format!("{year:04}-Q{}", (month - 1) / 3 + 1),
        Grain::HalfYear => format!("{year:04}-H{}", (month - 1) / 6 + 1),
        Grain::Year => format!("{year:04}"),
    }
}

/// The unit a text names, and one of its days.
fn written_unit(text: &str) -> Result<(Grain, Date), PeriodError> {
    let form = || PeriodError::Form { text: text.to_owned() };
    let missing = || PeriodError::NotInCalendar { text: text.to_owned() };
    let mut pieces = text.split('-');
    let year = written_year(pieces.next().unwrap_or_default(), text)?;
    let (part, day) = (pieces.next(), pieces.next());
    if pieces.next().is_some() {
        return Err(form());
    }
    if day.is_some() {
        return Ok((Grain::Day, written_date(text, text)?));
    }
    let Some(part) = part else {
        return Ok((Grain::Year, Date::new(year, 1, 1).map_err(|_| missing())?));
    };
    if let Some(week) = part.strip_prefix('W') {
        let week = digits(week, 2).ok_or_else(form)?;
        let week = i8::try_from(week).map_err(|_| missing())?;
        let monday = ISOWeekDate::new(year, week, Weekday::Monday).map_err(|_| missing())?;
        return Ok((Grain::Week, monday.date()));
    }
    let (grain, size, number) = match (part.strip_prefix('H'), part.strip_prefix('Q')) {
        (Some(half), _) => (Grain::HalfYear, 6, digits(half, 1)),
        (_, Some(quarter)) => (Grain::Quarter, 3, digits(quarter, 1)),
        _ => (Grain::Month, 1, digits(part, 2)),
    };
    let month = (number.ok_or_else(form)? - 1) * size + 1;
    let month = i8::try_from(month).map_err(|_| missing())?;
    Ok((grain, Date::new(year, month, 1).map_err(|_| missing())?))
}

/// A date as `2023-07-14`; `text` is the whole period, for the error.
fn written_date(date: &str, text: &str) -> Result<Date, PeriodError> {
    let form = || PeriodError::Form { text: text.to_owned() };
    let missing = || PeriodError::NotInCalendar { text: text.to_owned() };
    let (year, rest) = date.split_once('-').ok_or_else(form)?;
    let (month, day) = rest.split_once('-').ok_or_else(form)?;
    let year = written_year(year, text)?;
    let month = i8::try_from(digits(month, 2).ok_or_else(form)?).map_err(|_| missing())?;
    let day = i8::try_from(digits(day, 2).ok_or_else(form)?).map_err(|_| missing())?;
    Date::new(year, month, day).map_err(|_| missing())
}

fn written_year(year: &str, text: &str) -> Result<i16, PeriodError> {
    let year = digits(year, 4).ok_or_else(|| PeriodError::Form { text: text.to_owned() })?;
    if (YEAR_FIRST..=YEAR_LAST).contains(&year) {
        Ok(year)
    } else {
        Err(PeriodError::Year { text: text.to_owned() })
    }
}

/// A number of exactly `count` ASCII digits.
fn digits(text: &str, count: usize) -> Option<i16> {
    let only_digits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    only_digits.then(|| text.parse().ok())?
}

const MONTHS_IT: [&str; 12] = [
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
];

const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS_IT: [&str; 7] =
    ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"];

const WEEKDAYS_EN: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Returns a month's name, January being 1; nothing for a number that is no month.
pub fn month_name(lang: Lang, month: i8) -> &'static str {
    let names = match lang {
        Lang::It => MONTHS_IT,
        Lang::En => MONTHS_EN,
    };
    let at = usize::try_from(i16::from(month) - 1).ok();
    at.and_then(|at| names.get(at)).copied().unwrap_or_default()
}

/// Returns a weekday's name, Monday being 0; nothing for a number that is no weekday.
pub fn weekday_name(lang: Lang, weekday: usize) -> &'static str {
    let names = match lang {
        Lang::It => WEEKDAYS_IT,
        Lang::En => WEEKDAYS_EN,
    };
    names.get(weekday).copied().unwrap_or_default()
}

/// The name of the part of the year, `size` months long, that begins on a date.
fn ordinal(names: [&'static str; 4], first: Date, size: i8) -> &'static str {
    let index = usize::try_from((first.month() - 1) / size).unwrap_or_default();
    names.get(index).copied().unwrap_or_default()
}

fn dotted(date: Date) -> String {
    format!("{:02}/{:02}/{}", date.day(), date.month(), date.year())
}

fn english_date(date: Date) -> String {
    format!("{} {} {}", date.day(), month_name(Lang::En, date.month()), date.year())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::time::Millis;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect(name)
    }

    fn period(text: &str) -> Period {
        Period::parse(text, &zone("Europe/Rome")).expect(text)
    }

    fn labels(parts: &[Period]) -> Vec<&str> {
        parts.iter().map(Period::label).collect()
    }

    #[test]
    fn every_form_parses_to_its_days_and_instants() {
        let table = "\
            2023                   | 2023-01-01 | 2024-01-01 | 2022-12-31T23:00:00.000Z | 8760
            2023-H1                | 2023-01-01 | 2023-07-01 | 2022-12-31T23:00:00.000Z | 4343
            2023-H2                | 2023-07-01 | 2024-01-01 | 2023-06-30T22:00:00.000Z | 4417
            2026-H2                | 2026-07-01 | 2027-01-01 | 2026-06-30T22:00:00.000Z | 4417
            2027-H2                | 2027-07-01 | 2028-01-01 | 2027-06-30T22:00:00.000Z | 4417
            2023-Q3                | 2023-07-01 | 2023-10-01 | 2023-06-30T22:00:00.000Z | 2208
            2023-07                | 2023-07-01 | 2023-08-01 | 2023-06-30T22:00:00.000Z | 744
            2024-02                | 2024-02-01 | 2024-03-01 | 2024-01-31T23:00:00.000Z | 696
            2023-W30               | 2023-07-24 | 2023-07-31 | 2023-07-23T22:00:00.000Z | 168
            2020-W53               | 2020-12-28 | 2021-01-04 | 2020-12-27T23:00:00.000Z | 168
            2023-07-14             | 2023-07-14 | 2023-07-15 | 2023-07-13T22:00:00.000Z | 24
            2023-03-26             | 2023-03-26 | 2023-03-27 | 2023-03-25T23:00:00.000Z | 23
            2023-10-29             | 2023-10-29 | 2023-10-30 | 2023-10-28T22:00:00.000Z | 25
            2023-07-01..2023-10-01 | 2023-07-01 | 2023-10-01 | 2023-06-30T22:00:00.000Z | 2208";
        for line in table.lines() {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let period = period(cells[0]);
            assert_eq!(period.label(), cells[0]);
            assert_eq!(period.first_date().to_string(), cells[1], "{line}");
            assert_eq!(period.until_date().to_string(), cells[2], "{line}");
            assert_eq!(period.start().to_string(), cells[3], "{line}");
            let hours = Millis::from_hours(cells[4].parse().expect("hours"));
            assert_eq!(period.end() - period.start(), hours, "{line}");
        }
    }

    #[test]
    fn what_is_no_period_says_why() {
        let table = "\
            2023-h2                | is not a period
            2023/07                | is not a period
            23-07                  | is not a period
            2023-7                 | is not a period
            2023-07-4              | is not a period
            2023-07-14-01          | is not a period
            +023-07                | is not a period
            2023-H                 | is not a period
            2023-W3                | is not a period
            2023-                  | is not a period
            2023-07..2023-10       | is not a period
            2023-07-01..           | is not a period
            2023-07-01...2023-08-01 | is not a period
            2023-H3                | does not exist
            2023-H0                | does not exist
            2023-H9                | does not exist
            2023-Q5                | does not exist
            2023-13                | does not exist
            2023-00                | does not exist
            2023-W53               | does not exist
            2023-W00               | does not exist
            2023-02-29             | does not exist
            2023-07-01..2023-06-31 | does not exist
            2023-07-01..2023-07-01 | is empty
            2023-07-01..2023-06-01 | is empty
            1899                   | not between 1900 and 2199
            2200-H1                | not between 1900 and 2199";
        for line in table.lines().chain(["| is not a period"]) {
            let (text, problem) = line.split_once('|').expect("two columns");
            let error = Period::parse(text, &TimeZone::UTC).expect_err(text);
            let message = error.to_string();
            assert!(message.contains(problem.trim()), "{line}: {message}");
            assert!(message.contains(&format!("`{}`", text.trim())), "{message}");
            assert!(!error.hint().is_empty());
        }
    }

    #[test]
    fn days_without_midnight_start_when_clocks_resume() {
        // Clocks went from 24:00 to 01:00 in Santiago, and back from 24:00 to 23:00.
        let santiago = zone("America/Santiago");
        let spring = Period::parse("2023-09-03", &santiago).expect("a day of 23 hours");
        assert_eq!(spring.start().to_string(), "2023-09-03T04:00:00.000Z");
        assert_eq!(spring.end() - spring.start(), Millis::from_hours(23));
        let autumn = Period::parse("2023-04-01", &santiago).expect("a day of 25 hours");
        assert_eq!(autumn.end() - autumn.start(), Millis::from_hours(25));
        // Midnight came twice in Havana on 5 November 2023: the first one counts.
        let havana = Period::parse("2023-11-05", &zone("America/Havana")).expect("25 hours");
        assert_eq!(havana.start().to_string(), "2023-11-05T04:00:00.000Z");
        assert_eq!(havana.end() - havana.start(), Millis::from_hours(25));
        // Toronto's clocks went from 23:30 to 00:30 on 30 March 1919.
        let toronto = Period::parse("1919-03-31", &zone("America/Toronto")).expect("23.5 hours");
        assert_eq!(toronto.start().to_string(), "1919-03-31T04:30:00.000Z");
        assert_eq!(toronto.end() - toronto.start(), Millis::from_mins(23 * 60 + 30));
    }

    #[test]
    fn a_day_that_the_zone_skipped_is_no_period() {
        let apia = zone("Pacific/Apia");
        let error = Period::parse("2011-12-30", &apia).expect_err("Samoa had no such day");
        assert_eq!(error.to_string(), "the zone has no instant in `2011-12-30`");
        let month = Period::parse("2011-12", &apia).expect("a month of 30 days");
        let days = month.split(Grain::Day, &apia);
        assert_eq!(days.len(), 30);
        assert!(days.windows(2).all(|pair| pair[0].end() == pair[1].start()));
    }

    #[test]
    fn split_cuts_at_units_and_labels_what_is_clipped_as_ranges() {
        let rome = zone("Europe/Rome");
        let weeks = period("2023-07").split(Grain::Week, &rome);
        let expected = [
            "2023-07-01..2023-07-03",
            "2023-W27",
            "2023-W28",
            "2023-W29",
            "2023-W30",
            "2023-07-31..2023-08-01",
        ];
        assert_eq!(labels(&weeks), expected);
        let quarters = period("2023").split(Grain::Quarter, &rome);
        assert_eq!(labels(&quarters), ["2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4"]);
        assert_eq!(labels(&period("2023").split(Grain::HalfYear, &rome)), ["2023-H1", "2023-H2"]);
        let range = period("2023-06-15..2024-02-10").split(Grain::HalfYear, &rome);
        let expected = ["2023-06-15..2023-07-01", "2023-H2", "2024-01-01..2024-02-10"];
        assert_eq!(labels(&range), expected);
        assert_eq!(labels(&period("2023-Q3").split(Grain::Year, &rome)), ["2023-Q3"]);
        assert_eq!(labels(&period("2023-W52").split(Grain::Week, &rome)), ["2023-W52"]);
        assert_eq!(period("2023-H2").split(Grain::Day, &rome).len(), 184);
        let whole = period("2023-07-01..2023-08-01").split(Grain::Month, &rome);
        assert_eq!(labels(&whole), ["2023-07"]);
    }

    #[test]
    fn previous_is_of_the_same_kind() {
        let table = "\
            2023-H1 2022-H2
            2023-Q1 2022-Q4
            2023-01 2022-12
            2021-W01 2020-W53
            2024-03-01 2024-02-29
            2023 2022
            2023-07-01..2023-10-01 2023-04-01..2023-07-01
            2023-07-10..2023-07-20 2023-06-30..2023-07-10";
        let rome = zone("Europe/Rome");
        for line in table.lines() {
            let (text, before) = line.trim().split_once(' ').expect("two columns");
            assert_eq!(period(text).previous(&rome), Some(period(before)), "{line}");
        }
        assert_eq!(period("1900-H1").previous(&rome), None);
    }

    #[test]
    fn names_read_well_in_both_languages() {
        let table = "\
            2023                   | anno 2023                   | year 2023
            2023-H2                | II semestre 2023            | second half of 2023
            2023-Q3                | III trimestre 2023          | third quarter of 2023
            2023-07                | luglio 2023                 | July 2023
            2023-W30               | settimana 30 del 2023       | week 30 of 2023
            2023-07-14             | 14/07/2023                  | 14 July 2023
            2023-07-01..2023-10-01 | dal 01/07/2023 al 30/09/2023 | 1 July 2023 to 30 September 2023
            2023-07-01..2023-07-02 | 01/07/2023                  | 1 July 2023";
        for line in table.lines() {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let period = period(cells[0]);
            assert_eq!([period.name(Lang::It), period.name(Lang::En)], cells[1..], "{line}");
        }
    }

    #[test]
    fn a_call_belongs_to_the_half_year_in_which_it_arrives() {
        let at = |text: &str| Instant::from_timestamp(text.parse().expect(text));
        let (second, next) = (period("2023-H2"), period("2024-H1"));
        assert!(second.contains(at("2023-12-31T23:59:50+01:00")));
        assert!(!next.contains(at("2023-12-31T23:59:50+01:00")));
        assert!(next.contains(at("2024-01-01T00:00:00+01:00")));
        assert!(!second.contains(at("2024-01-01T00:00:00+01:00")));
    }

    #[test]
    fn a_date_belongs_to_one_unit_of_each_size() {
        let utc = TimeZone::UTC;
        let label = |grain| {
            let unit = Period::containing(grain, date(2024, 12, 31), &utc).expect("in range");
            unit.label().to_owned()
        };
        let grains =
            [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::HalfYear, Grain::Year];
        let expected = ["2024-12-31", "2025-W01", "2024-12", "2024-Q4", "2024-H2", "2024"];
        assert_eq!(grains.map(label), expected);
        assert_eq!(Period::containing(Grain::Year, Date::MAX, &utc), None);
    }
}

//! Service calendars: when a service is open, and arithmetic on its hours. Read
//! [`ServiceCalendar`] first, then [`Schedule`] for hot loops.
//!
//! A slot opens at the first instant at which a wall clock shows its opening time or later, and
//! closes likewise. So on the day the clocks go forward a slot loses the hour that does not exist,
//! and on the day they go back a slot that spans the doubled hour lasts one real hour more.

mod schedule;

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::holiday::HolidaySet;
use crate::period::{first_instant, start_of_day};
use crate::time::{Instant, Millis};

pub use schedule::Schedule;

/// How far ahead of its start a due instant or an opening is looked for: ten years.
pub const HORIZON: Millis = Millis::from_hours(24 * 3653);

const MINUTES_PER_DAY: u16 = 24 * 60;

/// Opening hours within one civil day, `[open, close)`, in minutes from midnight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    open: u16,
    close: u16,
}

/// The hours of a service for a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CalendarVersion {
    /// The first day on which it holds.
    pub valid_from: Date,
    /// The first day on which it no longer holds; nothing means until the next version begins, or
    /// for ever.
    pub valid_until: Option<Date>,
    /// Slots of each weekday, Monday first; sorted, not overlapping. No slots means closed.
    pub weekly: [Vec<Slot>; 7],
    /// The national holidays, on which the service is closed.
    pub holidays: HolidaySet,
    /// Days of every year on which this site is closed, such as a patron saint's.
    pub site_holidays: Vec<SiteHoliday>,
    /// Single days with hours of their own; they win over holidays and weekly hours.
    pub exceptions: Vec<CalendarException>,
}

/// A day of every year on which a site is closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SiteHoliday {
    /// Month, 1 to 12.
    pub month: i8,
    /// Day of the month.
    pub day: i8,
    /// What is celebrated.
    pub name: String,
}

/// A day with hours of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CalendarException {
    /// The day.
    pub date: Date,
    /// Its slots; none means closed.
    pub slots: Vec<Slot>,
    /// Why.
    pub reason: String,
}

/// When a service is open: versions of its hours, in a zone.
///
/// Days that no version covers are closed.
#[derive(Clone, PartialEq, Debug)]
pub struct ServiceCalendar {
    name: String,
    zone: TimeZone,
    versions: Vec<CalendarVersion>,
}

/// What is wrong with a calendar, or with a question put to it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CalendarError {
    /// A slot is not written as one.
    #[error("`{text}` is not a slot")]
    SlotForm {
        /// What was written.
        text: String,
    },
    /// A slot closes before it opens, or at once, or after midnight.
    #[error("the slot `{text}` does not open before it closes, within one day")]
    SlotOrder {
        /// What was written.
        text: String,
    },
    /// Two slots of a day overlap, or stand in the wrong order.
    #[error("slot `{later}` of {day} begins before `{earlier}` ends")]
    SlotOverlap {
        /// Weekday or date.
        day: String,
        /// The slot written first.
        earlier: Slot,
        /// The slot written after it.
        later: Slot,
    },
    /// There is no version at all.
    #[error("the calendar `{name}` has no hours at all")]
    NoVersion {
        /// The calendar's name.
        name: String,
    },
    /// A version ends before it begins.
    #[error("the hours valid from `{valid_from}` end before they begin, on `{valid_until}`")]
    VersionOrder {
        /// First day.
        valid_from: Date,
        /// First day after.
        valid_until: Date,
    },
    /// Two versions hold on the same day, or stand in the wrong order.
    #[error("the hours valid from `{later}` begin before those valid from `{earlier}` end")]
    VersionOverlap {
        /// First day of the version written first.
        earlier: Date,
        /// First day of the version written after it.
        later: Date,
    },
    /// A site holiday is no day of the year.
    #[error("`{month:02}-{day:02}` is not a day of the year")]
    SiteHoliday {
        /// Month.
        month: i8,
        /// Day.
        day: i8,
    },
    /// Two exceptions are for the same day.
    #[error("`{date}` has two exceptions")]
    ExceptionTwice {
        /// The day.
        date: Date,
    },
    /// An exception would have no effect: its version does not hold on that day.
    #[error("the exception for `{date}` lies outside the hours valid from `{valid_from}`")]
    ExceptionOutside {
        /// The day.
        date: Date,
        /// First day of the version.
        valid_from: Date,
    },
    /// A due instant was asked for a negative span.
    #[error("a span of service time cannot be negative: `{span}`")]
    NegativeSpan {
        /// The span.
        span: Millis,
    },
    /// The calendar does not have enough hours within [`HORIZON`].
    #[error(
        "the calendar `{name}` does not reach `{span}` of service within ten years of `{start}`"
    )]
    NeverDue {
        /// The calendar's name.
        name: String,
        /// From when.
        start: Instant,
        /// How much service time.
        span: Millis,
    },
    /// The calendar does not open again within [`HORIZON`].
    #[error("the calendar `{name}` does not open within ten years of `{start}`")]
    NeverOpens {
        /// The calendar's name.
        name: String,
        /// From when.
        start: Instant,
    },
}

impl CalendarError {
    /// Says what to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::SlotForm { .. } => "write `08:00-19:00`; a slot may close at `24:00`",
            Self::SlotOrder { .. } => {
                "cut a slot that crosses midnight: `20:00-24:00`, `00:00-02:00`"
            }
            Self::SlotOverlap { .. } => "write the slots of a day in order, without overlaps",
            Self::NoVersion { .. } => "give at least one version with `valid_from`",
            Self::VersionOrder { .. } => {
                "`valid_until` is the first day on which it no longer holds"
            }
            Self::VersionOverlap { .. } => "write the versions in order of `valid_from`",
            Self::SiteHoliday { .. } => "write month and day, as in `05-30`",
            Self::ExceptionTwice { .. } => "keep one, with all its slots",
            Self::ExceptionOutside { .. } => "move it to the version that holds on that day",
            Self::NegativeSpan { .. } => "give a span of zero or more",
            Self::NeverDue { .. } | Self::NeverOpens { .. } => {
                "check that the calendar has a version valid on those days, with some hours"
            }
        }
    }
}

impl Slot {
    /// The whole day, `00:00-24:00`.
    pub const ALL_DAY: Self = Self { open: 0, close: MINUTES_PER_DAY };

    /// Makes a slot from minutes after midnight; `close` may be 1440.
    pub fn new(open: u16, close: u16) -> Result<Self, CalendarError> {
        if open < close && close <= MINUTES_PER_DAY {
            Ok(Self { open, close })
        } else {
            Err(CalendarError::SlotOrder { text: format!("{}-{}", hhmm(open), hhmm(close)) })
        }
    }

    /// Parses `08:00-19:00`; a slot may close at `24:00`.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        let form = || CalendarError::SlotForm { text: text.to_owned() };
        let (open, close) = text.split_once('-').ok_or_else(form)?;
        let open = minute_of_day(open).ok_or_else(form)?;
        let close = minute_of_day(close).ok_or_else(form)?;
        Self::new(open, close).map_err(|_| CalendarError::SlotOrder { text: text.to_owned() })
    }

    /// Returns the minute of the day at which it opens.
    pub fn open(self) -> u16 {
        self.open
    }

    /// Returns the minute of the day at which it closes, up to 1440.
    pub fn close(self) -> u16 {
        self.close
    }

    /// The real instants of the slot on a day; nothing if the clocks skip it altogether.
    fn on(self, date: Date, zone: &TimeZone) -> Option<(Instant, Instant)> {
        let (open, close) = (instant_on(date, self.open, zone), instant_on(date, self.close, zone));
        (open < close).then_some((open, close))
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", hhmm(self.open), hhmm(self.close))
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl CalendarVersion {
    fn slots_on(&self, date: Date) -> &[Slot] {
        let exception = self.exceptions.binary_search_by_key(&date, |exception| exception.date);
        if let Some(exception) = exception.ok().and_then(|index| self.exceptions.get(index)) {
            return &exception.slots;
        }
        let site_holiday = self
            .site_holidays
            .iter()
            .any(|holiday| holiday.month == date.month() && holiday.day == date.day());
        if site_holiday || self.holidays.holiday_on(date).is_some() {
            return &[];
        }
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
        self.weekly.get(weekday).map_or(&[], Vec::as_slice)
    }

    fn holds_on(&self, date: Date) -> bool {
        self.valid_from <= date && self.valid_until.is_none_or(|until| date < until)
    }

    fn check(&self) -> Result<(), CalendarError> {
        if let Some(valid_until) = self.valid_until.filter(|until| *until <= self.valid_from) {
            return Err(CalendarError::VersionOrder { valid_from: self.valid_from, valid_until });
        }
        for (slots, day) in self.weekly.iter().zip(WEEKDAYS) {
            check_slots(slots, day)?;
        }
        for SiteHoliday { month, day, .. } in &self.site_holidays {
            // 2024 has every day that any year has.
            if Date::new(2024, *month, *day).is_err() {
                return Err(CalendarError::SiteHoliday { month: *month, day: *day });
            }
        }
        for CalendarException { date, slots, .. } in &self.exceptions {
            if !self.holds_on(*date) {
                let valid_from = self.valid_from;
                return Err(CalendarError::ExceptionOutside { date: *date, valid_from });
            }
            check_slots(slots, &date.to_string())?;
        }
        let dates = self.exceptions.iter().map(|exception| exception.date);
        match dates.clone().zip(dates.skip(1)).find(|(one, next)| one == next) {
            Some((date, _)) => Err(CalendarError::ExceptionTwice { date }),
            None => Ok(()),
        }
    }
}

const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

fn check_slots(slots: &[Slot], day: &str) -> Result<(), CalendarError> {
    let pairs = slots.iter().zip(slots.iter().skip(1));
    match pairs.into_iter().find(|(earlier, later)| later.open < earlier.close) {
        None => Ok(()),
        Some((earlier, later)) => Err(CalendarError::SlotOverlap {
            day: day.to_owned(),
            earlier: *earlier,
            later: *later,
        }),
    }
}

impl ServiceCalendar {
    /// Makes a calendar. Versions stand in order of `valid_from` and do not overlap; days between
    /// two versions are closed.
    pub fn new(
        name: impl Into<String>,
        zone: TimeZone,
        mut versions: Vec<CalendarVersion>,
    ) -> Result<Self, CalendarError> {
        let name = name.into();
        if versions.is_empty() {
            return Err(CalendarError::NoVersion { name });
        }
        for version in &mut versions {
            version.exceptions.sort_by_key(|exception| exception.date);
            version.check()?;
        }
        for (earlier, later) in versions.iter().zip(versions.iter().skip(1)) {
            let free_from = earlier.valid_until.unwrap_or(earlier.valid_from);
            if later.valid_from < free_from || later.valid_from <= earlier.valid_from {
                let (earlier, later) = (earlier.valid_from, later.valid_from);
                return Err(CalendarError::VersionOverlap { earlier, later });
            }
            let lost = earlier.exceptions.iter().find(|it| later.valid_from <= it.date);
            if let Some(CalendarException { date, .. }) = lost {
                let valid_from = earlier.valid_from;
                return Err(CalendarError::ExceptionOutside { date: *date, valid_from });
            }
        }
        Ok(Self { name, zone, versions })
    }

    /// Makes the calendar that is always open, 24×7, every day of every year.
    pub fn always(zone: TimeZone) -> Self {
        let version = CalendarVersion {
            valid_from: Date::MIN,
            valid_until: None,
            weekly: std::array::from_fn(|_| vec![Slot::ALL_DAY]),
            holidays: HolidaySet::None,
            site_holidays: Vec::new(),
            exceptions: Vec::new(),
        };
        Self { name: "24x7".to_owned(), zone, versions: vec![version] }
    }

    /// Returns the calendar's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the zone of its hours.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Returns its versions, in order.
    pub fn versions(&self) -> &[CalendarVersion] {
        &self.versions
    }

    /// Returns the slots of a civil day, in order; none when closed.
    pub fn slots_on(&self, date: Date) -> Vec<Slot> {
        self.day_slots(date).to_vec()
    }

    /// Says whether the service is open at an instant. It is open at the opening instant and
    /// closed at the closing instant.
    pub fn is_open(&self, at: Instant) -> bool {
        self.pieces(at, at + Millis::new(1)).next().is_some()
    }

    /// Returns the open intervals within `[from, until)`, in order; those that touch, as at
    /// midnight, are one.
    pub fn open_intervals(&self, from: Instant, until: Instant) -> Vec<(Instant, Instant)> {
        let mut intervals: Vec<(Instant, Instant)> = Vec::new();
        for (open, close) in self.pieces(from, until) {
            match intervals.last_mut() {
                Some((_, last_close)) if open <= *last_close => *last_close = close,
                _ => intervals.push((open, close)),
            }
        }
        intervals
    }

    /// Returns the service time within `[from, until)`; nothing if `until` is not after `from`.
    pub fn elapsed(&self, from: Instant, until: Instant) -> Millis {
        self.pieces(from, until).map(|(open, close)| close - open).sum()
    }

    /// Returns the first instant at which `span` of service time has elapsed since `start`: the
    /// closing instant, if the service closes just then, and `start` itself for no time at all.
    ///
    /// An error if that is not within [`HORIZON`].
    ///
    /// ```
    /// use soglia_domain::calendar::ServiceCalendar;
    /// use soglia_domain::time::{Instant, Millis};
    /// let rome = jiff::tz::TimeZone::get("Europe/Rome").expect("zones are bundled");
    /// let start: jiff::Timestamp = "2024-03-31T00:30+01:00".parse().expect("an instant");
    /// let due = ServiceCalendar::always(rome)
    ///     .due(Instant::from_timestamp(start), Millis::from_hours(4))
    ///     .expect("always open");
    /// assert_eq!(due.to_string(), "2024-03-31T03:30:00.000Z"); // 05:30 by the new time
    /// ```
    pub fn due(&self, start: Instant, span: Millis) -> Result<Instant, CalendarError> {
        if span < Millis::ZERO {
            return Err(CalendarError::NegativeSpan { span });
        }
        if span == Millis::ZERO {
            return Ok(start);
        }
        let mut left = span;
        for (open, close) in self.pieces(start, start + HORIZON) {
            if left <= close - open {
                return Ok(open + left);
            }
            left = left - (close - open);
        }
        Err(CalendarError::NeverDue { name: self.name.clone(), start, span })
    }

    /// Returns the first instant, from `at` on, at which the service is open: `at` itself if it is
    /// open then; nothing if it does not open within [`HORIZON`].
    pub fn next_opening(&self, at: Instant) -> Option<Instant> {
        self.pieces(at, at + HORIZON).next().map(|(open, _)| open)
    }

    /// Returns the closing instant of the last slot on the civil day of `at`; if that has passed,
    /// or the day is closed, of the next day with slots. At the closing instant itself the day is
    /// over.
    ///
    /// An error if there is no such day within [`HORIZON`].
    pub fn end_of_service_day(&self, at: Instant) -> Result<Instant, CalendarError> {
        let never = || CalendarError::NeverOpens { name: self.name.clone(), start: at };
        dates(civil_date(at, &self.zone), civil_date(at + HORIZON, &self.zone))
            .filter_map(|date| {
                self.day_slots(date).iter().filter_map(|slot| slot.on(date, &self.zone)).next_back()
            })
            .map(|(_, close)| close)
            .find(|close| at < *close)
            .ok_or_else(never)
    }

    /// Counts the civil days in `[first, until)` on which the service opens.
    pub fn service_days(&self, first: Date, until: Date) -> u32 {
        let open_days = dates(first, until)
            .filter(|date| *date < until)
            .filter(|date| !self.day_slots(*date).is_empty())
            .count();
        u32::try_from(open_days).expect("there are fewer than 8 million days")
    }

    /// Computes the opening hours within `[from, until)` once, for many questions.
    pub fn schedule(&self, from: Instant, until: Instant) -> Schedule {
        Schedule::new(self, from, until)
    }

    fn day_slots(&self, date: Date) -> &[Slot] {
        let begun = self.versions.partition_point(|version| version.valid_from <= date);
        let version = begun.checked_sub(1).and_then(|index| self.versions.get(index));
        match version {
            Some(version) if version.holds_on(date) => version.slots_on(date),
            _ => &[],
        }
    }

    /// Open intervals within `[from, until)`, in order, slot by slot, none of them empty.
    fn pieces(&self, from: Instant, until: Instant) -> impl Iterator<Item = (Instant, Instant)> {
        let first = civil_date(from, &self.zone);
        // Where clocks go back across midnight, the next day has begun before its date shows for
        // good: one day more is looked at.
        let last = civil_date(until, &self.zone);
        let last = last.tomorrow().unwrap_or(last);
        dates(first, last)
            .flat_map(move |date| {
                self.day_slots(date).iter().filter_map(move |it| it.on(date, &self.zone))
            })
            .map(move |(open, close)| (open.max(from), close.min(until)))
            .filter(|(open, close)| open < close)
    }
}

/// The days from `first` to `last`, both included.
fn dates(first: Date, last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |date| date.tomorrow().ok())
        .take_while(move |date| *date <= last)
}

/// The date that a wall clock shows; beyond the years that can be converted, the nearest.
fn civil_date(at: Instant, zone: &TimeZone) -> Date {
    match jiff::Timestamp::from_millisecond(at.as_millis()) {
        Ok(timestamp) => zone.to_datetime(timestamp).date(),
        Err(_) if at.as_millis() < 0 => Date::MIN,
        Err(_) => Date::MAX,
    }
}

fn instant_on(date: Date, minute: u16, zone: &TimeZone) -> Instant {
    if minute == MINUTES_PER_DAY {
        return start_of_day(date.tomorrow().unwrap_or(date), zone);
    }
    let part = |value: u16| i8::try_from(value).expect("a slot's minutes are within the day");
    first_instant(date.at(part(minute / 60), part(minute % 60), 0, 0), zone)
}

/// Minutes from midnight of a time written `08:00`, up to `24:00`.
fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str| -> Option<u16> {
        let two_digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        two_digits.then(|| part.parse().ok())?
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= MINUTES_PER_DAY).then_some(total)
}

fn hhmm(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::period::Period;

    fn rome() -> TimeZone {
        TimeZone::get("Europe/Rome").expect("zones are bundled")
    }

    fn slots(text: &str) -> Vec<Slot> {
        text.split_whitespace().map(|slot| Slot::parse(slot).expect(slot)).collect()
    }

    /// National holidays and these slots: Monday to Friday, Saturday, Sunday.
    fn version(weekdays: &str, saturday: &str, sunday: &str) -> CalendarVersion {
        let mut weekly: [Vec<Slot>; 7] = std::array::from_fn(|_| slots(weekdays));
        weekly[5] = slots(saturday);
        weekly[6] = slots(sunday);
        CalendarVersion {
            valid_from: date(2022, 1, 1),
            valid_until: None,
            weekly,
            holidays: HolidaySet::Italy,
            site_holidays: Vec::new(),
            exceptions: Vec::new(),
        }
    }

    fn calendar(version: CalendarVersion) -> ServiceCalendar {
        ServiceCalendar::new("test", rome(), vec![version]).expect("a valid calendar")
    }

    fn office() -> ServiceCalendar {
        calendar(version("08:00-19:00", "", ""))
    }

    /// An instant written as `2023-12-29 17:30` (Europe/Rome) or with its offset.
    fn at(text: &str) -> Instant {
        if let Ok(timestamp) = text.parse() {
            return Instant::from_timestamp(timestamp);
        }
        let civil: jiff::civil::DateTime = text.parse().expect(text);
        Instant::from_timestamp(civil.to_zoned(rome()).expect(text).timestamp())
    }

    fn check_due(calendar: &ServiceCalendar, start: &str, span: &str, due: &str) {
        let (start, span) = (at(start), Millis::parse(span).expect(span));
        let found = calendar.due(start, span).expect("open long enough");
        assert_eq!(found, at(due), "{start} + {span}");
        assert_eq!(calendar.elapsed(start, found), span, "{start} + {span}");
    }

    #[test]
    fn due_instants_of_the_reference_vectors() {
        let office = office();
        check_due(&office, "2023-12-29 17:30", "9h", "2024-01-02 15:30"); // B1
        check_due(&office, "2023-10-28 10:00", "4h", "2023-10-30 12:00"); // B2
        check_due(&office, "2023-05-29 15:00", "9h", "2023-05-30 13:00"); // B3
        check_due(&office, "2026-10-02 18:00", "4h", "2026-10-05 11:00"); // B4
        check_due(&office, "2027-10-01 18:00", "4h", "2027-10-05 11:00"); // B5
        check_due(&office, "2023-11-02 06:15", "9h", "2023-11-02 17:00"); // B6
        check_due(&office, "2023-11-03 19:00", "4h", "2023-11-06 12:00"); // B7
        check_due(&office, "2024-03-29 16:00", "9h", "2024-04-02 14:00"); // B8
    }

    #[test]
    fn site_holidays_and_other_hours_move_due_instants() {
        let name = "San Gerardo".to_owned();
        let mut potenza = version("08:00-19:00", "", "");
        potenza.site_holidays = vec![SiteHoliday { month: 5, day: 30, name }];
        check_due(&calendar(potenza), "2023-05-29 15:00", "9h", "2023-05-31 13:00"); // B3
        let early = calendar(version("07:00-19:00", "", ""));
        check_due(&early, "2023-11-02 06:15", "9h", "2023-11-02 16:00"); // B6
    }

    #[test]
    fn a_service_that_never_closes_counts_real_hours() {
        let always = ServiceCalendar::always(rome());
        check_due(&always, "2024-03-31T00:30+01:00", "4h", "2024-03-31T05:30+02:00");
        check_due(&always, "2023-10-29T00:30+02:00", "4h", "2023-10-29T03:30+01:00");
        let half = Period::parse("2023-H2", &rome()).expect("a half-year");
        let intervals = always.open_intervals(half.start(), half.end());
        assert_eq!(intervals, [(half.start(), half.end())]);
    }

    #[test]
    fn finishing_exactly_at_closing_is_due_at_closing() {
        check_due(&office(), "2023-11-03 15:00", "4h", "2023-11-03 19:00");
        check_due(&office(), "2023-11-03 15:00", "4h0.001s", "2023-11-06 08:00:00.001");
        check_due(&office(), "2023-11-04 15:00", "0", "2023-11-04 15:00");
    }

    #[test]
    fn period_sizes_of_the_reference_table() {
        // Period, working days Mon-Fri, Mon-Sat, hours 24×7, 0.5 % of them, hours at 11 a day,
        // 0.5 % of them.
        let table = "\
            2023-H1 | 125 | 150 | 4343h | 1302.9min | 1375h | 412.5min
            2023-H2 | 125 | 152 | 4417h | 1325.1min | 1375h | 412.5min
            2023    | 250 | 302 | 8760h | 2628min   | 2750h | 825min
            2026-H2 | 130 | 154 | 4417h | 1325.1min | 1430h | 429min
            2027-H2 | 129 | 154 | 4417h | 1325.1min | 1419h | 425.7min";
        let (office, always) = (office(), ServiceCalendar::always(rome()));
        let saturdays = calendar(version("08:00-19:00", "08:00-13:00", ""));
        for line in table.lines() {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let span = |cell: usize| Millis::parse(cells[cell]).expect("a duration");
            let period = Period::parse(cells[0], &rome()).expect("a period");
            let (first, until) = (period.first_date(), period.until_date());
            assert_eq!(office.service_days(first, until).to_string(), cells[1], "{line}");
            assert_eq!(saturdays.service_days(first, until).to_string(), cells[2], "{line}");
            let size = always.elapsed(period.start(), period.end());
            assert_eq!((size, size.get() / 200), (span(3), span(4).get()), "{line}");
            let size = office.elapsed(period.start(), period.end());
            assert_eq!((size, size.get() / 200), (span(5), span(6).get()), "{line}");
        }
    }

    #[test]
    fn clock_changes_of_the_reference_table() {
        let table = "\
            2022 03-27 10-30 Mon Sat Tue
            2023 03-26 10-29 Tue Sun Wed
            2024 03-31 10-27 Thu Tue Fri
            2025 03-30 10-26 Fri Wed Sat
            2026 03-29 10-25 Sat Thu Sun
            2027 03-28 10-31 Sun Fri Mon
            2028 03-26 10-29 Tue Sun Wed
            2029 03-25 10-28 Wed Mon Thu
            2030 03-31 10-27 Thu Tue Fri
            2031 03-30 10-26 Fri Wed Sat
            2032 03-28 10-31 Sun Fri Mon
            2033 03-27 10-30 Mon Sat Tue
            2034 03-26 10-29 Tue Sun Wed
            2035 03-25 10-28 Wed Mon Thu";
        let always = ServiceCalendar::always(rome());
        for line in table.lines() {
            let cells: Vec<&str> = line.split_whitespace().collect();
            let year: i16 = cells[0].parse().expect("a year");
            for (day, hours) in [(cells[1], 23), (cells[2], 25)] {
                let day = format!("{year}-{day}");
                let period = Period::parse(&day, &rome()).expect("a day");
                let size = always.elapsed(period.start(), period.end());
                assert_eq!(size, Millis::from_hours(hours), "{day}");
                let zone = rome();
                let change = zone.following(period.start().to_timestamp()).next();
                let change = change.expect("the clocks change that day").timestamp();
                assert_eq!(change.to_string(), format!("{day}T01:00:00Z"));
            }
            for ((month, day), name) in [(5, 30), (7, 2), (10, 4)].into_iter().zip(&cells[3..]) {
                let weekday = format!("{:?}", date(year, month, day).weekday());
                assert_eq!(&weekday[..3], *name, "{line}");
            }
        }
    }

    #[test]
    fn open_at_opening_and_closed_at_closing() {
        let office = office();
        assert!(!office.is_open(at("2023-11-03 07:59:59.999")));
        assert!(office.is_open(at("2023-11-03 08:00")));
        assert!(office.is_open(at("2023-11-03 18:59:59")));
        assert!(office.is_open(at("2023-11-03 18:59:59.999")));
        assert!(!office.is_open(at("2023-11-03 19:00")));
        assert!(!office.is_open(at("2023-11-04 10:00")), "a Saturday");
        assert!(!office.is_open(at("2023-11-01 10:00")), "a holiday");
    }

    #[test]
    fn slots_on_a_day_when_clocks_change_last_their_real_time() {
        let nights = calendar(version("", "", "00:00-02:00 02:00-03:00 03:00-06:00"));
        let spring = (at("2023-03-26 00:00"), at("2023-03-27 00:00"));
        assert_eq!(nights.elapsed(spring.0, spring.1), Millis::from_hours(5));
        let autumn = (at("2023-10-29 00:00"), at("2023-10-30 00:00"));
        assert_eq!(nights.elapsed(autumn.0, autumn.1), Millis::from_hours(7));
        // The hour that does not exist has no interval; a slot that begins or ends in it begins or
        // ends when the clocks jump.
        let hours =
            |text: &str, from, until| calendar(version("", "", text)).open_intervals(from, until);
        let (from, until) = spring;
        assert_eq!(hours("02:00-03:00", from, until), []);
        assert_eq!(hours("02:10-02:50", from, until), []);
        let jump = at("2023-03-26T03:00+02:00");
        assert_eq!(hours("02:30-04:00", from, until), [(jump, at("2023-03-26 04:00"))]);
        assert_eq!(hours("01:00-02:30", from, until), [(at("2023-03-26 01:00"), jump)]);
        // Of a time that comes twice, the first counts, for opening and closing alike.
        let (from, until) = autumn;
        let [two, later] = ["2023-10-29T02:00+02:00", "2023-10-29T02:30+02:00"].map(at);
        assert_eq!(hours("02:00-02:30", from, until), [(two, later)]);
        assert_eq!(hours("02:30-03:00", from, until), [(later, at("2023-10-29T03:00+01:00"))]);
    }

    #[test]
    fn a_day_begins_once_even_where_clocks_go_back_across_midnight() {
        // On 29 October 2006 the clocks of St. John's went from 00:01 back to 23:01.
        let always = ServiceCalendar::always(TimeZone::get("America/St_Johns").expect("bundled"));
        let [first_midnight, second_time] = ["2006-10-29T02:30Z", "2006-10-29T03:00Z"].map(at);
        assert_eq!(always.end_of_service_day(at("2006-10-28T12:00Z")), Ok(first_midnight));
        assert!(always.is_open(second_time), "23:30 again, by now the 29th");
        assert_eq!(always.elapsed(first_midnight, second_time), Millis::from_mins(30));
        assert_eq!(always.end_of_service_day(second_time), Ok(at("2006-10-30T03:30Z")));
    }

    #[test]
    fn slots_that_touch_at_midnight_are_one_interval() {
        let late = calendar(version("00:00-02:00 20:00-24:00", "00:00-02:00", ""));
        let (from, until) = (at("2023-11-06 00:00"), at("2023-11-08 00:00"));
        let expected = [
            (from, at("2023-11-06 02:00")),
            (at("2023-11-06 20:00"), at("2023-11-07 02:00")),
            (at("2023-11-07 20:00"), until),
        ];
        assert_eq!(late.open_intervals(from, until), expected);
    }

    #[test]
    fn exceptions_win_over_holidays_and_weekly_hours() {
        let mut version = version("08:00-13:00 14:00-19:00", "08:00-13:00", "");
        let exception = |date, slots_text: &str, reason: &str| CalendarException {
            date,
            slots: slots(slots_text),
            reason: reason.to_owned(),
        };
        version.exceptions = vec![
            exception(date(2023, 12, 29), "", "data centre moved"),
            exception(date(2023, 12, 8), "09:00-12:00", "open by agreement"),
        ];
        let calendar = calendar(version);
        assert_eq!(calendar.slots_on(date(2023, 12, 8)), slots("09:00-12:00"));
        assert_eq!(calendar.slots_on(date(2023, 12, 29)), []);
        assert_eq!(calendar.slots_on(date(2023, 12, 28)), slots("08:00-13:00 14:00-19:00"));
        assert_eq!(calendar.slots_on(date(2023, 12, 30)), slots("08:00-13:00"));
        assert_eq!(calendar.slots_on(date(2021, 12, 30)), [], "before the first version");
        let days = [(2023, 12, 28), (2023, 12, 29), (2023, 12, 31)].map(|(y, m, d)| date(y, m, d));
        assert_eq!(calendar.service_days(days[0], days[1]), 1);
        assert_eq!(calendar.service_days(days[1], days[2]), 1);
        assert_eq!(calendar.service_days(days[2], days[0]), 0);
    }

    #[test]
    fn versions_follow_each_other() {
        let mut old = version("08:00-14:00", "", "");
        let mut new = version("07:00-19:00", "", "");
        new.valid_from = date(2023, 9, 1);
        let two = ServiceCalendar::new("cup", rome(), vec![old.clone(), new.clone()]);
        let two = two.expect("the old one ends when the new one begins");
        assert_eq!(two.slots_on(date(2023, 8, 31)), slots("08:00-14:00"));
        assert_eq!(two.slots_on(date(2023, 9, 1)), slots("07:00-19:00"));
        old.valid_until = Some(date(2023, 8, 1));
        new.valid_until = Some(date(2024, 1, 1));
        let gap = ServiceCalendar::new("cup", rome(), vec![old, new]).expect("gaps are allowed");
        assert_eq!(gap.slots_on(date(2023, 7, 31)), slots("08:00-14:00"));
        assert_eq!(gap.slots_on(date(2023, 8, 1)), []);
        assert_eq!(gap.slots_on(date(2024, 1, 2)), []);
        let never = gap.due(at("2023-12-29 18:00"), Millis::from_hours(2)).expect_err("closed");
        assert!(matches!(never, CalendarError::NeverDue { .. }), "{never}");
        assert_eq!(gap.next_opening(at("2023-12-29 19:00")), None);
        let never = gap.end_of_service_day(at("2023-12-29 19:00")).expect_err("closed");
        assert!(matches!(never, CalendarError::NeverOpens { .. }), "{never}");
    }

    #[test]
    fn openings_and_ends_of_service_days() {
        let split = calendar(version("08:00-13:00 14:00-19:00", "08:00-24:00", ""));
        let table = "\
            2023-11-03 06:00 | 2023-11-03 08:00 | 2023-11-03 19:00
            2023-11-03 08:00 | 2023-11-03 08:00 | 2023-11-03 19:00
            2023-11-03 13:30 | 2023-11-03 14:00 | 2023-11-03 19:00
            2023-11-03 18:59 | 2023-11-03 18:59 | 2023-11-03 19:00
            2023-11-03 19:00 | 2023-11-04 08:00 | 2023-11-05 00:00
            2023-11-04 23:59 | 2023-11-04 23:59 | 2023-11-05 00:00
            2023-11-05 12:00 | 2023-11-06 08:00 | 2023-11-06 19:00
            2023-12-24 12:00 | 2023-12-27 08:00 | 2023-12-27 19:00";
        for line in table.lines() {
            let cells: Vec<Instant> = line.split('|').map(|cell| at(cell.trim())).collect();
            assert_eq!(split.next_opening(cells[0]), Some(cells[1]), "{line}");
            assert_eq!(split.end_of_service_day(cells[0]), Ok(cells[2]), "{line}");
        }
    }

    #[test]
    fn slots_read_back_what_they_print() {
        for text in ["08:00-19:00", "00:00-24:00", "23:59-24:00", "00:00-00:01"] {
            assert_eq!(Slot::parse(text).expect(text).to_string(), text);
        }
        for text in [
            "",
            "08:00",
            "8:00-19:00",
            "08:00 - 19:00",
            "08:00-19:60",
            "08:00-24:01",
            "08-19",
            "a-b",
        ] {
            let error = Slot::parse(text).expect_err(text);
            assert!(matches!(error, CalendarError::SlotForm { .. }), "{text}: {error}");
        }
        for text in ["19:00-08:00", "08:00-08:00", "24:00-24:00"] {
            let error = Slot::parse(text).expect_err(text);
            assert!(matches!(error, CalendarError::SlotOrder { .. }), "{text}: {error}");
        }
        assert!(Slot::new(0, 1441).is_err());
        assert_eq!(Slot::new(0, 1440), Ok(Slot::ALL_DAY));
    }

    #[test]
    fn calendars_that_contradict_themselves_are_refused() {
        let build = |versions| {
            let error = ServiceCalendar::new("cup", rome(), versions).expect_err("a contradiction");
            assert!(!error.hint().is_empty());
            error.to_string()
        };
        let good = version("08:00-19:00", "", "");
        assert_eq!(build(vec![]), "the calendar `cup` has no hours at all");
        assert_eq!(
            build(vec![version("08:00-13:00 12:00-19:00", "", "")]),
            "slot `12:00-19:00` of Monday begins before `08:00-13:00` ends"
        );
        assert_eq!(
            build(vec![good.clone(), good.clone()]),
            "the hours valid from `2022-01-01` begin before those valid from `2022-01-01` end"
        );
        let mut bad = good.clone();
        bad.valid_until = Some(date(2022, 1, 1));
        assert_eq!(
            build(vec![bad]),
            "the hours valid from `2022-01-01` end before they begin, on `2022-01-01`"
        );
        let mut bad = good.clone();
        bad.site_holidays = vec![SiteHoliday { month: 2, day: 30, name: "?".to_owned() }];
        assert_eq!(build(vec![bad]), "`02-30` is not a day of the year");
        let exception = |date| CalendarException { date, slots: vec![], reason: "?".to_owned() };
        let mut bad = good.clone();
        bad.exceptions = vec![exception(date(2023, 8, 14)), exception(date(2023, 8, 14))];
        assert_eq!(build(vec![bad]), "`2023-08-14` has two exceptions");
        let mut bad = good.clone();
        bad.exceptions = vec![exception(date(2023, 8, 14))];
        let mut later = good;
        later.valid_from = date(2023, 1, 1);
        assert_eq!(
            build(vec![bad, later]),
            "the exception for `2023-08-14` lies outside the hours valid from `2022-01-01`"
        );
    }

    #[test]
    fn a_schedule_answers_as_its_calendar_even_outside_itself() {
        let office = office();
        let half = Period::parse("2023-H2", &rome()).expect("a half-year");
        let schedule = office.schedule(half.start(), half.end());
        assert_eq!(schedule.total(), Millis::from_hours(1375));
        assert_eq!(schedule.intervals().len(), 125);
        let span = Millis::from_hours(9);
        for text in ["2023-06-29 17:00", "2023-12-29 17:30", "2024-02-05 11:00"] {
            assert_eq!(schedule.due(at(text), span), office.due(at(text), span), "{text}");
            assert!(schedule.is_open(at(text)), "{text}");
            assert!(schedule.open_at(at(text).as_millis(), &mut 0), "{text}");
        }
        let negative = schedule.due(half.start(), Millis::new(-1)).expect_err("negative");
        assert_eq!(negative.to_string(), "a span of service time cannot be negative: `-0.001s`");
    }
}

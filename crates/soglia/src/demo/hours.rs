//! The demo's working days and local times, Europe/Rome. Read [`Hours`] first.
//!
//! Written apart from the calendars of `soglia-domain` on purpose: a demo that used the arithmetic
//! it is there to try out would agree with it even where that is wrong.

use jiff::civil::{Date, date, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Half-hours of a service day.
pub const HALF_HOURS: usize = 22;

/// One day on which the services are open.
#[derive(Clone, Debug)]
pub struct Day {
    /// The date.
    pub date: Date,
    /// When the services open, in seconds since 1970.
    pub opens: i64,
    /// When they close.
    pub closes: i64,
    /// 0 for Monday.
    pub weekday: usize,
    /// Whether the day before (weekends aside) was a holiday.
    pub after_holiday: bool,
}

/// The second half of 2023: open from Monday to Friday, 08:00 to 19:00, except national holidays.
#[derive(Clone, Debug)]
pub struct Hours {
    zone: TimeZone,
    /// The days, in order.
    pub days: Vec<Day>,
}

/// National holidays that fall on working days of the half-year.
const HOLIDAYS: [Date; 5] = [
    date(2023, 8, 15),
    date(2023, 11, 1),
    date(2023, 12, 8),
    date(2023, 12, 25),
    date(2023, 12, 26),
];

/// First day of the half-year.
pub const FIRST: Date = date(2023, 7, 1);
/// First day after it.
pub const UNTIL: Date = date(2024, 1, 1);

impl Hours {
    /// Lays out the half-year.
    pub fn new() -> Self {
        let zone = TimeZone::get("Europe/Rome").expect("the zone is in the bundled database");
        let mut hours = Self { zone, days: Vec::new() };
        let mut day = FIRST;
        while day < UNTIL {
            if is_working(day) {
                let opened = Day {
                    date: day,
                    opens: hours.instant(day, 8, 0, 0),
                    closes: hours.instant(day, 19, 0, 0),
                    weekday: usize::try_from(day.weekday().to_monday_zero_offset())
                        .expect("0 to 6"),
                    after_holiday: is_after_holiday(day),
                };
                hours.days.push(opened);
            }
            day = day.saturating_add(1.day());
        }
        hours
    }

    /// Seconds since 1970 of a local date and time.
    pub fn instant(&self, day: Date, hour: i8, minute: i8, second: i8) -> i64 {
        day.to_datetime(time(hour, minute, second, 0))
            .to_zoned(self.zone.clone())
            .expect("every time of 2023 exists in jiff")
            .timestamp()
            .as_second()
    }

    /// The local time as Italians write it, `31/12/2023 08:05:09`.
    pub fn italian(&self, at: i64) -> String {
        let t = self.civil(at);
        format!(
            "{:02}/{:02}/{} {:02}:{:02}:{:02}",
            t.day(),
            t.month(),
            t.year(),
            t.hour(),
            t.minute(),
            t.second()
        )
    }

    /// Local midnight at the start of each month, and of the one after the last.
    pub fn month_starts(&self) -> Vec<i64> {
        (0..=6).map(|n| self.instant(FIRST.saturating_add(n.months()), 0, 0, 0)).collect()
    }

    /// Whether the services are open.
    pub fn is_open(&self, at: i64) -> bool {
        self.days.iter().any(|day| day.opens <= at && at < day.closes)
    }

    /// The instant reached after `seconds` of open time from `at`; `None` after the half-year.
    pub fn after(&self, at: i64, seconds: i64) -> Option<i64> {
        let mut left = seconds;
        let first = self.days.partition_point(|day| day.closes <= at);
        for day in self.days.get(first..)? {
            let from = at.max(day.opens);
            if left <= day.closes - from {
                return Some(from + left);
            }
            left -= day.closes - from;
        }
        None
    }

    fn civil(&self, at: i64) -> jiff::civil::DateTime {
        let timestamp = Timestamp::from_second(at).expect("an instant of 2023");
        self.zone.to_datetime(timestamp)
    }
}

fn is_working(day: Date) -> bool {
    day.weekday().to_monday_zero_offset() < 5 && !HOLIDAYS.contains(&day)
}

fn is_after_holiday(day: Date) -> bool {
    let mut before = day.saturating_sub(1.day());
    while before.weekday().to_monday_zero_offset() > 4 {
        before = before.saturating_sub(1.day());
    }
    HOLIDAYS.contains(&before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_half_year_has_125_working_days() {
        let hours = Hours::new();
        assert_eq!(hours.days.len(), 125);
        assert!(hours.days.iter().all(|day| day.closes - day.opens == 11 * 3600));
        let after: Vec<_> =
            hours.days.iter().filter(|d| d.after_holiday).map(|d| d.date.to_string()).collect();
        assert_eq!(after, ["2023-08-16", "2023-11-02", "2023-12-11", "2023-12-27"]);
    }

    #[test]
    fn open_time_runs_over_weekend_and_clock_change() {
        let hours = Hours::new();
        let friday = hours.instant(date(2023, 10, 27), 18, 0, 0);
        let due = hours.after(friday, 4 * 3600).expect("inside the half-year");
        assert_eq!(hours.italian(due), "30/10/2023 11:00:00");
        let late = hours.instant(date(2023, 12, 29), 18, 0, 0);
        assert_eq!(hours.after(late, 2 * 3600), None);
    }
}

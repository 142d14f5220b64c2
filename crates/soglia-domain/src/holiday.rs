//! National holidays, computed for any year. Read [`HolidaySet`] first.

use jiff::civil::Date;

use crate::text::Lang;

/// The days on which everything is closed, unless a calendar's exception says otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum HolidaySet {
    /// No holidays at all.
    #[default]
    None,
    /// The Italian national holidays (L. 260/1949 art. 2 and later changes) as they are since
    /// 2001, with 4 October from 2026 on (L. 151/2025). Patron saints belong to a site; plain
    /// Sundays belong to the weekly hours, so that a service may open on Sunday.
    ///
    /// Exact from 2001. For earlier years today's list is applied: 2 June was not a holiday from
    /// 1977 to 2000, Epiphany from 1978 to 1985, and other days, since abolished, are not listed.
    Italy,
}

/// A holiday with a fixed day: month, day, first year, Italian name, English name.
type Fixed = (i8, i8, i16, &'static str, &'static str);

const ITALY: [Fixed; 11] = [
    (1, 1, i16::MIN, "Capodanno", "New Year's Day"),
    (1, 6, i16::MIN, "Epifania", "Epiphany"),
    (4, 25, i16::MIN, "Festa della Liberazione", "Liberation Day"),
    (5, 1, i16::MIN, "Festa del lavoro", "Labour Day"),
    (6, 2, i16::MIN, "Festa della Repubblica", "Republic Day"),
    (8, 15, i16::MIN, "Assunzione di Maria", "Assumption Day"),
    (10, 4, 2026, "San Francesco d'Assisi", "Saint Francis of Assisi"),
    (11, 1, i16::MIN, "Ognissanti", "All Saints' Day"),
    (12, 8, i16::MIN, "Immacolata Concezione", "Immaculate Conception"),
    (12, 25, i16::MIN, "Natale", "Christmas Day"),
    (12, 26, i16::MIN, "Santo Stefano", "Saint Stephen's Day"),
];

impl HolidaySet {
    /// Returns the Italian name of the holiday that falls on a date.
    ///
    /// ```
    /// use jiff::civil::date;
    /// use soglia_domain::holiday::HolidaySet;
    /// assert_eq!(HolidaySet::Italy.holiday_on(date(2024, 4, 1)), Some("Lunedì dell'Angelo"));
    /// assert_eq!(HolidaySet::Italy.holiday_on(date(2025, 10, 4)), None);
    /// assert!(HolidaySet::Italy.holiday_on(date(2027, 10, 4)).is_some());
    /// ```
    pub fn holiday_on(self, date: Date) -> Option<&'static str> {
        self.holiday_name(date, Lang::It)
    }

    /// Returns the name, in a language, of the holiday that falls on a date.
    pub fn holiday_name(self, date: Date, lang: Lang) -> Option<&'static str> {
        let (it, en) = match self {
            Self::None => return None,
            Self::Italy => italian_holiday(date)?,
        };
        Some(match lang {
            Lang::It => it,
            Lang::En => en,
        })
    }
}

fn italian_holiday(date: Date) -> Option<(&'static str, &'static str)> {
    let fixed = ITALY.iter().find(|(month, day, since, ..)| {
        date.month() == *month && date.day() == *day && *since <= date.year()
    });
    if let Some((.., it, en)) = fixed {
        return Some((it, en));
    }
    if !matches!(date.month(), 3 | 4) {
        return None;
    }
    let easter = easter_sunday(date.year());
    if date == easter {
        Some(("Pasqua", "Easter Sunday"))
    } else if easter.tomorrow().is_ok_and(|monday| monday == date) {
        Some(("Lunedì dell'Angelo", "Easter Monday"))
    } else {
        None
    }
}

/// Returns Easter Sunday of a year of the Gregorian calendar.
///
/// # Panics
/// Outside the years −9999 to 9999, which no [`Date`] has.
pub fn easter_sunday(year: i16) -> Date {
    let y = i32::from(year);
    // Place of the year in the 19-year lunar cycle, and the corrections of the reform of 1582.
    let golden = y.rem_euclid(19);
    let century = y.div_euclid(100);
    let leap_centuries = century.div_euclid(4);
    let moon_drift = (8 * century + 13).div_euclid(25);
    // Days from 21 March to the paschal full moon; the two exceptions keep it within 18 April.
    let age = (19 * golden + century - leap_centuries - moon_drift + 15).rem_euclid(30);
    let moon = if age == 29 || (age == 28 && 10 < golden) { age - 1 } else { age };
    // Easter is the Sunday after that full moon, never the same day.
    let weekday = (y + y.div_euclid(4) - century + leap_centuries + moon + 2).rem_euclid(7);
    let from_march_1 = 20 + moon + 7 - weekday;
    let (month, day) = if from_march_1 < 31 { (3, from_march_1) } else { (4, from_march_1 - 31) };
    let day = i8::try_from(day + 1).expect("Easter falls from 22 March to 25 April");
    Date::new(year, month, day).expect("Easter falls from 22 March to 25 April")
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Weekday, date};

    use super::*;

    #[test]
    fn easter_falls_where_the_tables_say() {
        let table = "\
            2022-04-17 2023-04-09 2024-03-31 2025-04-20 2026-04-05 2027-03-28 2028-04-16 \
            2029-04-01 2030-04-21 2031-04-13 2032-03-28 2033-04-17 2034-04-09 2035-03-25 \
            1818-03-22 1943-04-25 1954-04-18 1981-04-19 2000-04-23 2038-04-25 2049-04-18 \
            2076-04-19 2285-03-22";
        for text in table.split_whitespace() {
            let expected: Date = text.parse().expect(text);
            assert_eq!(easter_sunday(expected.year()), expected);
        }
    }

    #[test]
    fn easter_is_a_sunday_between_22_march_and_25_april() {
        for year in -9999..=9999 {
            let easter = easter_sunday(year);
            assert_eq!(easter.weekday(), Weekday::Sunday, "{year}");
            assert!(date(year, 3, 22) <= easter && easter <= date(year, 4, 25), "{year}");
        }
    }

    #[test]
    fn saint_francis_is_a_holiday_from_2026() {
        assert_eq!(HolidaySet::Italy.holiday_on(date(2025, 10, 4)), None);
        assert_eq!(HolidaySet::Italy.holiday_on(date(2026, 10, 4)), Some("San Francesco d'Assisi"));
        assert_eq!(date(2026, 10, 4).weekday(), Weekday::Sunday);
        assert_eq!(
            HolidaySet::Italy.holiday_name(date(2027, 10, 4), Lang::En),
            Some("Saint Francis of Assisi")
        );
        assert_eq!(date(2027, 10, 4).weekday(), Weekday::Monday);
    }

    #[test]
    fn a_year_has_twelve_holidays_then_thirteen() {
        for year in 2022..=2035 {
            let first = date(year, 1, 1);
            let holidays: Vec<Date> = first
                .series(jiff::Span::new().days(1))
                .take_while(|day| day.year() == year)
                .filter(|day| HolidaySet::Italy.holiday_on(*day).is_some())
                .collect();
            let expected = if year < 2026 { 12 } else { 13 };
            assert_eq!(holidays.len(), expected, "{year}: {holidays:?}");
            assert!(holidays.contains(&easter_sunday(year)));
        }
    }

    #[test]
    fn working_days_and_local_saints_are_no_holidays() {
        let days =
            [(3, 19), (5, 18), (5, 30), (6, 8), (6, 29), (7, 2), (11, 4), (12, 24), (12, 31)];
        for (month, day) in days {
            assert_eq!(HolidaySet::Italy.holiday_on(date(2023, month, day)), None);
        }
        assert_eq!(HolidaySet::None.holiday_on(date(2023, 12, 25)), None);
    }
}

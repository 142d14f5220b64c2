//! The forecast on generated calls of which everything is known.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use soglia_domain::calendar::{CalendarVersion, ServiceCalendar, Slot};
use soglia_domain::holiday::HolidaySet;
use soglia_sim::forecast::backtest::backtest;
use soglia_sim::forecast::band::{Band, Spread, floor};
use soglia_sim::forecast::today::update;
use soglia_sim::forecast::{Days, ForecastError, History, Method, forecast};
use soglia_sim::num::{normal_quantile, round_u32};
use soglia_sim::random::{Key, Stream};

const LEVEL: f64 = 0.9;

/// Open on weekdays from 8 to 19, on Saturdays to 13; closed on Italian holidays.
fn calendar() -> ServiceCalendar {
    let slot = |text: &str| vec![Slot::parse(text).expect("a slot")];
    let weekly: [Vec<Slot>; 7] = std::array::from_fn(|day| match day {
        0..=4 => slot("08:00-19:00"),
        5 => slot("08:00-13:00"),
        _ => Vec::new(),
    });
    let version = CalendarVersion {
        valid_from: date(2023, 1, 1),
        valid_until: None,
        weekly,
        holidays: HolidaySet::Italy,
        site_holidays: Vec::new(),
        exceptions: Vec::new(),
    };
    let zone = jiff::tz::TimeZone::get("Europe/Rome").expect("a zone");
    ServiceCalendar::new("orari", zone, vec![version]).expect("a calendar")
}

fn ordinary(calendar: &ServiceCalendar) -> Days<'_> {
    Days { calendar, special: BTreeSet::new() }
}

fn series(first: Date, n: usize) -> Vec<Date> {
    first.series(jiff::Span::new().days(1)).take(n).collect()
}

/// A Poisson number, exactly, by arrivals of a process of rate 1.
fn poisson(mean: f64, stream: &mut Stream) -> u32 {
    let (mut n, mut at) = (0, 0.0);
    loop {
        at += libm::log(1.0 / stream.uniform());
        if mean < at {
            return n;
        }
        n += 1;
    }
}

/// Calls expected in a quarter of an hour of an ordinary day.
fn rate(day: Date, quarter: usize, a_day: f64) -> f64 {
    let weekday = f64::from(day.weekday().to_monday_zero_offset());
    let hour = quarter as f64 / 4.0;
    let shape = 1.0 + 2.0 * libm::exp(-(hour - 9.0) * (hour - 9.0) / 4.0);
    a_day / 70.0 * shape * (1.2 - 0.06 * weekday)
}

/// Days with a busyness of their own, and quarters with some besides.
fn generated(days: &Days<'_>, n: usize, a_day: f64, (day_sd, drift_sd): (f64, f64)) -> History {
    let mut history = History::new(15).expect("quarters");
    let mut stream = Key::new(7).stream();
    for date in series(date(2023, 1, 9), n) {
        let busy = libm::exp(day_sd * normal_quantile(stream.uniform()) - day_sd * day_sd / 2.0);
        // Mornings say something about afternoons, not everything: busyness wanders.
        let mut drift = 0.0;
        for slot in days.calendar.slots_on(date) {
            for quarter in usize::from(slot.open()) / 15..usize::from(slot.close()) / 15 {
                drift += drift_sd * normal_quantile(stream.uniform());
                let mean = rate(date, quarter, a_day) * busy * (1.0 + drift).max(0.1);
                let minute = u16::try_from(quarter * 15).expect("within a day");
                history.add(date, minute, poisson(mean, &mut stream));
            }
        }
    }
    history
}

/// Days that go exactly as expected, times a factor of the day.
fn exact(days: &Days<'_>, n: usize, factor: impl Fn(Date) -> f64) -> History {
    let mut history = History::new(15).expect("quarters");
    for date in series(date(2023, 1, 9), n) {
        for slot in days.calendar.slots_on(date) {
            for quarter in usize::from(slot.open()) / 15..usize::from(slot.close()) / 15 {
                let n = round_u32(rate(date, quarter, 8e3) * factor(date));
                history.add(date, u16::try_from(quarter * 15).expect("within a day"), n);
            }
        }
    }
    history
}

#[test]
fn the_mean_of_the_last_four_by_hand() {
    let calendar = calendar();
    let days = ordinary(&calendar);
    let mut history = History::new(60).expect("hours");
    let mondays = [date(2024, 1, 8), date(2024, 1, 15), date(2024, 1, 22), date(2024, 1, 29)];
    for (monday, n) in mondays.into_iter().zip([10, 20, 30, 44]) {
        history.add(monday, 8 * 60 + 59, n);
        history.add(monday, 9 * 60, 2 * n);
        history.add(monday, 20 * 60, 99);
    }
    let wanted = [date(2024, 2, 5), date(2024, 2, 4)];
    let found = forecast(&history, &days, Method::Usual, &wanted, LEVEL).expect("a forecast");
    let [monday, sunday] = &found[..] else { panic!("two days") };
    assert_eq!((monday.method, monday.intervals.len()), (Method::MeanOfFour, 11));
    assert_eq!((monday.intervals[0].from_mins, monday.intervals[0].mean), (480, 26.0));
    assert_eq!((monday.intervals[1].mean, monday.total), (52.0, 78.0));
    assert_eq!(monday.references, [mondays[3], mondays[2], mondays[1], mondays[0]]);
    assert!(monday.band.holds(78) && monday.intervals[0].band.holds(26));
    // Closed: nothing comes, and nothing is needed to know it.
    assert_eq!(
        (sunday.total, sunday.intervals.len(), sunday.band),
        (0.0, 0, Band { low: 0, high: 0 })
    );
    let tuesday = forecast(&history, &days, Method::Usual, &[date(2024, 2, 6)], LEVEL);
    let error = tuesday.expect_err("no Tuesday is known");
    assert_eq!(
        error.to_string(),
        "there is no day before `2024-01-30` from which `2024-02-06` could be forecast",
    );
    assert_eq!(History::new(7), Err(ForecastError::Interval(7)));
}

#[test]
fn days_that_were_not_ordinary_are_left_out_and_the_median_is_taken() {
    let calendar = calendar();
    let mut days = ordinary(&calendar);
    let mut history = History::new(60).expect("hours");
    // Ten Fridays; 8 December 2023 is a holiday, 24 November an outage.
    for (friday, n) in series(date(2023, 10, 20), 64).into_iter().step_by(7).zip(10..) {
        if friday != date(2023, 12, 8) {
            history.add(friday, 600, n);
        }
    }
    days.special.insert(date(2023, 11, 24));
    let wanted = [date(2023, 12, 29)];
    let found = forecast(&history, &days, Method::Usual, &wanted, LEVEL).expect("a forecast");
    let friday = &found[0];
    assert_eq!(friday.method, Method::MedianOfSix);
    assert_eq!(friday.left_out, [date(2023, 11, 24)]);
    assert!(!friday.references.contains(&date(2023, 12, 8)));
    // 22, 15, 1 December (19, 18, 16); 17, 10, 3 November (14, 13, 12): between 16 and 14.
    assert_eq!((friday.references.len(), friday.total), (6, 15.0));
    // The mean of four skips them as well.
    let found = forecast(&history, &days, Method::MeanOfFour, &wanted, LEVEL).expect("a forecast");
    assert_eq!(format!("{}", found[0].total), "16.75");
}

#[test]
fn hours_never_open_before_are_said_to_be_unknown() {
    let calendar = calendar();
    let days = ordinary(&calendar);
    let history = generated(&days, 40, 3000.0, (0.05, 0.0));
    let mut versions = calendar.versions().to_vec();
    versions[0].valid_until = Some(date(2023, 3, 1));
    let mut longer = versions[0].clone();
    (longer.valid_from, longer.valid_until) = (date(2023, 3, 1), None);
    longer.weekly[2] = vec![Slot::parse("07:00-19:00").expect("a slot")];
    versions.push(longer);
    let zone = calendar.zone().clone();
    let calendar = ServiceCalendar::new("orari", zone, versions).expect("a calendar");
    let days = ordinary(&calendar);
    let wanted = [date(2023, 3, 1)];
    let found = forecast(&history, &days, Method::Usual, &wanted, LEVEL).expect("a forecast");
    assert_eq!(found[0].unknown().collect::<Vec<_>>(), [420, 435, 450, 465]);
    assert!(found[0].intervals.iter().skip(4).all(|interval| 3 <= interval.n_references));
}

/// The spread that days were made with is found again, and bands hold what they promise.
#[test]
fn bands_hold_their_share_of_the_counts() {
    let calendar = calendar();
    let days = ordinary(&calendar);
    let history = generated(&days, 364, 4000.0, (0.08, 0.0));
    let spread = Spread::estimate(&history, &days, Method::Usual);
    assert!((0.065..0.095).contains(&spread.day), "{spread:?}");
    assert!((0.065..0.095).contains(&spread.interval) && 90 < spread.n_days, "{spread:?}");
    let errors = backtest(&history, &days, Method::MeanOfFour, (1, 26), LEVEL).expect("days");
    assert!((0.87..0.94).contains(&errors.held_intervals()), "{}", errors.held_intervals());
    assert!((0.83..0.96).contains(&errors.held_days()), "{}", errors.held_days());
    // Without any spread but Poisson's, the estimate finds next to none.
    let history = generated(&days, 364, 4000.0, (0.0, 0.0));
    let spread = Spread::estimate(&history, &days, Method::Usual);
    assert!(spread.day < 0.02 && spread.interval < 0.03, "{spread:?}");
    let short = History::new(15).expect("quarters");
    assert_eq!(Spread::estimate(&short, &days, Method::Usual), Spread::ASSUMED);
}

/// Where only chance is left, errors come close to the floor; means beat repeating last week.
#[test]
fn errors_stand_beside_what_nobody_can_know() {
    let calendar = calendar();
    let days = ordinary(&calendar);
    let history = generated(&days, 300, 4000.0, (0.0, 0.0));
    let test = |method| backtest(&history, &days, method, (1, 20), LEVEL).expect("days");
    let (mean, last) = (test(Method::MeanOfFour), test(Method::LastWeek));
    // The mean of four strays by half of Poisson's itself: the square root of 1.25 in all.
    let ratio = mean.wape_intervals() / mean.floor_intervals();
    assert!((1.09..1.15).contains(&ratio), "{ratio}");
    assert!((1.37..1.46).contains(&(last.wape_intervals() / last.floor_intervals())));
    let scaled = mean.scaled().expect("weeks before");
    assert!((0.76..0.83).contains(&scaled), "{scaled}");
    assert!(mean.wape_days() < mean.wape_intervals());
}

#[test]
fn the_floor_is_the_mean_absolute_deviation_of_poisson() {
    for mean in [0.3, 1.0, 7.5, 89.0, 578.0] {
        let (mut probability, mut sum) = (libm::exp(-mean), 0.0);
        for n in 0..2000 {
            sum += probability * (f64::from(n) - mean).abs();
            probability *= mean / f64::from(n + 1);
        }
        assert!((floor(mean) - sum).abs() < 1e-9 * sum, "{mean}: {} {sum}", floor(mean));
    }
    // The floors of the reference measurements: 578 and 89 calls a quarter.
    assert_eq!(format!("{:.1} {:.1}", floor(578.0) / 5.78, floor(89.0) / 0.89), "3.3 8.4");
    assert!(floor(0.0).abs() < 1e-15);
}

/// Half of a morning's surprise is believed, and the rest of the day is forecast better for it.
#[test]
fn a_begun_day_corrects_its_rest() {
    let calendar = calendar();
    let days = ordinary(&calendar);
    let history = generated(&days, 364, 12_000.0, (0.08, 0.01));
    let spread = Spread::estimate(&history, &days, Method::Usual);
    let (mut before, mut after, mut n) = (0.0, 0.0, 0);
    for date in series(date(2023, 9, 4), 90) {
        let (Some(actual), true) = (history.day(date), date.weekday().to_monday_zero_offset() < 5)
        else {
            continue;
        };
        let known = history.before(date);
        let Ok(mut found) = forecast(&known, &days, Method::MeanOfFour, &[date], LEVEL) else {
            continue;
        };
        let Some(mut day) = found.pop() else { continue };
        let rest = |day: &soglia_sim::forecast::DayForecast| -> f64 {
            let late = day.intervals.iter().filter(|i| 11 * 60 <= i.from_mins);
            late.map(|i| (i.mean - f64::from(actual[usize::from(i.from_mins / 15)])).abs()).sum()
        };
        before += rest(&day);
        let told =
            update(&mut day, actual, 11 * 60, (&known, &days, Method::MeanOfFour), (LEVEL, spread));
        let told = told.expect("three hours are over");
        assert!((0.3..=1.0).contains(&told.weight), "{told:?}");
        after += rest(&day);
        n += 1;
    }
    assert!(50 < n, "{n}");
    assert!(after < 0.85 * before, "{after} of {before}");
}

#[test]
fn nothing_is_corrected_before_an_interval_is_over() {
    let calendar = calendar();
    let days = ordinary(&calendar);
    let history = generated(&days, 60, 4000.0, (0.08, 0.0));
    let wanted = [date(2023, 3, 13)];
    let found = forecast(&history, &days, Method::Usual, &wanted, LEVEL).expect("a forecast");
    let mut day = found[0].clone();
    let by = (&history, &days, Method::Usual);
    assert_eq!(update(&mut day, &[9; 96], 8 * 60 + 14, by, (LEVEL, Spread::ASSUMED)), None);
    assert_eq!(day, found[0]);
    let told = update(&mut day, &[0; 96], 8 * 60 + 15, by, (LEVEL, Spread::ASSUMED));
    let told = told.expect("a quarter is over");
    assert_eq!((told.ratio, day.intervals[0].mean), (0.0, 0.0));
    assert!(day.total < found[0].total && 0.0 < day.total);
}

/// A season without chance, that the Italian holidays of spring interrupt: closed days do not shift
/// the weeks, and calls of days that were not ordinary do not count.
#[test]
fn seasons_are_found_again_beside_closed_days() {
    let calendar = calendar();
    let special = BTreeSet::from([date(2023, 5, 10)]);
    let days = Days { calendar: &calendar, special };
    let history = exact(&days, 120, |_| 1.0);
    // Easter Monday, 25 April, 1 May: Tuesdays and Mondays on which nobody was there.
    assert_eq!(history.day(date(2023, 5, 1)), None);
    let wanted = series(date(2023, 5, 9), 7);
    let found = forecast(&history, &days, Method::Seasonal, &wanted, LEVEL).expect("a forecast");
    for day in found.iter().filter(|day| day.date != date(2023, 5, 10)) {
        for interval in &day.intervals {
            let expected = round_u32(rate(day.date, usize::from(interval.from_mins) / 15, 8e3));
            let error = (interval.mean / f64::from(expected) - 1.0).abs();
            assert!(error < 0.03, "{}: {interval:?}, expected {expected}", day.date);
            assert!(interval.band.holds(u64::from(expected)));
        }
        let closed = day.date.weekday() == jiff::civil::Weekday::Sunday;
        assert_eq!(day.intervals.is_empty(), closed, "{}", day.date);
        assert_eq!(day.method, Method::Seasonal);
    }
    // The same if all calls of a day that is not ordinary were others.
    let mut outage = history.clone();
    let mut days = days;
    days.special.insert(date(2023, 5, 3));
    let without = forecast(&outage, &days, Method::Seasonal, &wanted, LEVEL).expect("a forecast");
    outage.add(date(2023, 5, 3), 600, 9000);
    let with = forecast(&outage, &days, Method::Seasonal, &wanted, LEVEL).expect("a forecast");
    assert_eq!(without, with);
    assert_eq!(with[0].left_out, [date(2023, 5, 3)]);
    assert!(!with[0].references.contains(&date(2023, 5, 1)));
}

/// What the mean of four cannot do: half its days are from before the change.
#[test]
fn a_new_level_is_followed_sooner_than_by_the_mean() {
    let calendar = calendar();
    let days = ordinary(&calendar);
    let history = exact(&days, 98, |day| if day < date(2023, 4, 3) { 1.0 } else { 1.4 });
    let wanted = [date(2023, 4, 18)];
    let error = |method| {
        let found = forecast(&history, &days, method, &wanted, LEVEL).expect("a forecast");
        let expected: f64 = (32..76).map(|at| libm::round(1.4 * rate(wanted[0], at, 8e3))).sum();
        (found[0].total / expected - 1.0).abs()
    };
    let (seasonal, mean) = (error(Method::Seasonal), error(Method::MeanOfFour));
    println!("two weeks after a step: seasonal {seasonal:.3}, mean of four {mean:.3}");
    assert!((0.1..0.2).contains(&mean), "{mean}");
    assert!(seasonal < 0.5 * mean, "{seasonal} {mean}");
}

#[test]
fn a_seasonal_model_says_what_it_does_not_know() {
    let calendar = calendar();
    let days = ordinary(&calendar);
    // Thirteen days, Monday to Saturday of the next week; then the whole two weeks.
    let wanted = [date(2023, 1, 23)];
    let short = exact(&days, 13, |_| 1.0);
    let error = forecast(&short, &days, Method::Seasonal, &wanted, LEVEL).expect_err("too short");
    assert_eq!(error, ForecastError::TooShort(13));
    assert_eq!(
        error.to_string(),
        "the seasonal model needs two whole weeks of data, found `13` days",
    );
    let none = History::new(15).expect("quarters");
    let error = forecast(&none, &days, Method::Seasonal, &wanted, LEVEL).expect_err("nothing");
    assert_eq!(error, ForecastError::TooShort(0));
    // A closed day needs no data.
    let sunday = forecast(&none, &days, Method::Seasonal, &[date(2023, 1, 22)], LEVEL);
    assert_eq!(sunday.expect("closed")[0].total.to_bits(), 0.0_f64.to_bits());
    let mut enough = short;
    enough.add(date(2023, 1, 22), 600, 1);
    let found = forecast(&enough, &days, Method::Seasonal, &wanted, LEVEL).expect("two weeks");
    assert_eq!(found[0].references.len(), 12);
    // From March open on Sundays and from seven on Wednesdays: never seen.
    let mut versions = calendar.versions().to_vec();
    versions[0].valid_until = Some(date(2023, 3, 1));
    let mut longer = versions[0].clone();
    (longer.valid_from, longer.valid_until) = (date(2023, 3, 1), None);
    longer.weekly[2] = vec![Slot::parse("07:00-19:00").expect("a slot")];
    longer.weekly[6] = vec![Slot::parse("09:00-12:00").expect("a slot")];
    versions.push(longer);
    let zone = calendar.zone().clone();
    let calendar = ServiceCalendar::new("orari", zone, versions).expect("a calendar");
    let later = Days { calendar: &calendar, special: BTreeSet::new() };
    let history = exact(&days, 51, |_| 1.0);
    let wednesday = [date(2023, 3, 1)];
    let found = forecast(&history, &later, Method::Seasonal, &wednesday, LEVEL).expect("known");
    assert_eq!(found[0].unknown().collect::<Vec<_>>(), [420, 435, 450, 465]);
    assert_eq!(found[0].intervals.len(), 48);
    let sunday = [date(2023, 3, 5)];
    let error = forecast(&history, &later, Method::Seasonal, &sunday, LEVEL).expect_err("unseen");
    assert!(matches!(error, ForecastError::NoReference { .. }), "{error}");
}

/// Where only chance is left and where days vary, seasons are worth about as much as means.
#[test]
fn a_seasonal_model_is_judged_beside_the_mean_of_four() {
    let calendar = calendar();
    let days = ordinary(&calendar);
    for (spread, ratio) in [((0.0, 0.0), 0.9..1.05), ((0.08, 0.0), 0.9..1.1)] {
        let history = generated(&days, 300, 4000.0, spread);
        let test = |method| backtest(&history, &days, method, (1, 10), LEVEL).expect("days");
        let (seasonal, mean) = (test(Method::Seasonal), test(Method::MeanOfFour));
        assert_eq!((seasonal.n_days, seasonal.calls), (mean.n_days, mean.calls));
        let found = seasonal.wape_intervals() / mean.wape_intervals();
        println!("seasonal over mean of four, spread {spread:?}: {found:.3}");
        assert!(ratio.contains(&found), "{spread:?}: {found}");
        assert!(seasonal.floor_intervals() < seasonal.wape_intervals());
        assert!((0.85..0.97).contains(&seasonal.held_intervals()));
    }
}

/// Calls of the 1999 bank that reached its operators' queue, by quarter-hour; nothing where the
/// data are not there.
fn bank() -> Option<History> {
    use std::io::Read as _;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = folder.join("../../../shared/data/anonymous-bank");
    if !folder.is_dir() {
        eprintln!("skipped: {} missing", folder.display());
        return None;
    }
    let mut history = History::new(15).expect("quarters");
    for month in ["january", "february", "march", "april", "may", "june"] {
        let file = std::fs::File::open(folder.join(format!("{month}.txt.xz"))).expect("a month");
        let mut text = Vec::new();
        liblzma::read::XzDecoder::new(file).read_to_end(&mut text).expect("xz");
        for line in String::from_utf8_lossy(&text).lines().skip(1) {
            let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
            let [_, _, _, _, _, day, entry, _, _, start, _, _, outcome, _, _, _, _] = fields[..]
            else {
                continue;
            };
            // Who was answered at once never queued; who left before the queue is no load.
            if outcome == "PHANTOM" || (start == "0:00:00" && outcome != "AGENT") {
                continue;
            }
            // 990131 and 14:05:59.
            let number = day.parse::<i32>().expect("a date of six digits");
            let part = |n: i32| i8::try_from(n % 100).expect("two digits");
            let mut clock = entry.split(':').map(|part| part.parse::<u16>().expect("a time"));
            let (hour, minute) = (clock.next().unwrap_or(0), clock.next().unwrap_or(0));
            history.add(date(1999, part(number / 100), part(number)), hour * 60 + minute, 1);
        }
    }
    Some(history)
}

/// May and June of a real centre: better than repeating the week before, and not far above what
/// chance alone leaves. Printed for docs/forecast.md.
#[test]
fn a_real_centre_is_forecast_better_than_by_its_last_week() {
    let Some(history) = bank() else { return };
    let slot = |text: &str| vec![Slot::parse(text).expect("a slot")];
    // Sunday to Thursday, Friday morning, Saturday night.
    let weekly: [Vec<Slot>; 7] = std::array::from_fn(|day| match day {
        4 => slot("07:00-14:00"),
        5 => slot("20:00-24:00"),
        _ => slot("07:00-24:00"),
    });
    let version = CalendarVersion {
        valid_from: date(1999, 1, 1),
        valid_until: None,
        weekly,
        holidays: HolidaySet::None,
        site_holidays: Vec::new(),
        exceptions: Vec::new(),
    };
    let zone = jiff::tz::TimeZone::UTC;
    let calendar = ServiceCalendar::new("bank", zone, vec![version]).expect("a calendar");
    // Purim, Passover, Independence Day, Pentecost, and their eves.
    let special = [(3, 2), (3, 31), (4, 1), (4, 6), (4, 7), (4, 20), (4, 21), (5, 20), (5, 21)];
    let special = special.map(|(month, day)| date(1999, month, day)).into_iter().collect();
    let days = Days { calendar: &calendar, special };
    for ahead in [1, 10] {
        let test = |method: Method| {
            let errors = backtest(&history, &days, method, (ahead, 8), LEVEL).expect("days");
            println!(
                "{ahead} d ahead, {}, {} days: {:.2} % (chance {:.2} %), days {:.2} %, \
                 scaled {:.3}, held {:.1} % and {:.1} %",
                method.name(),
                errors.n_days,
                100.0 * errors.wape_intervals(),
                100.0 * errors.floor_intervals(),
                100.0 * errors.wape_days(),
                errors.scaled().expect("weeks before"),
                100.0 * errors.held_intervals(),
                100.0 * errors.held_days(),
            );
            errors
        };
        let usual = test(Method::Usual);
        assert!(40 < usual.n_days);
        assert!(usual.scaled().expect("weeks before") < 0.95);
        assert!(usual.floor_intervals() < usual.wape_intervals());
        assert!(usual.wape_intervals() < 2.0 * usual.floor_intervals());
        assert!((0.85..0.99).contains(&usual.held_intervals()));
        for other in [Method::MeanOfFour, Method::MedianOfSix, Method::Seasonal] {
            let other = test(other);
            assert_eq!(other.n_days, usual.n_days);
            assert!(other.wape_intervals() < test(Method::LastWeek).wape_intervals());
            assert!((0.85..0.99).contains(&other.held_intervals()));
        }
    }
}

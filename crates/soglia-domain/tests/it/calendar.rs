//! Laws of service calendars and periods over 2022–2035, in zones with awkward clock changes.

use jiff::Span;
use jiff::civil::{Date, date};
use jiff::tz::{AmbiguousOffset, TimeZone};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use soglia_domain::calendar::{
    CalendarException, CalendarVersion, ServiceCalendar, SiteHoliday, Slot,
};
use soglia_domain::holiday::HolidaySet;
use soglia_domain::period::{Grain, Period};
use soglia_domain::time::{Instant, Millis};

/// Summer time by whole and half hours, at night and at midnight, and none at all.
const ZONES: [&str; 8] = [
    "Europe/Rome",
    "Europe/Rome",
    "Asia/Jerusalem",
    "America/Santiago",
    "America/Havana",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "UTC",
];

const GRAINS: [Grain; 6] =
    [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::HalfYear, Grain::Year];

const DAYS: i32 = 5113; // from 2022-01-01 to 2035-12-31
const DAY_MILLIS: i64 = 86_400_000;

fn zone() -> impl Strategy<Value = TimeZone> {
    select(&ZONES[..]).prop_map(|name| TimeZone::get(name).expect(name))
}

fn day() -> impl Strategy<Value = Date> {
    (0..DAYS).prop_map(|days| date(2022, 1, 1) + Span::new().days(days))
}

/// Up to three slots; some touch, some reach 24:00, some begin or end when clocks change.
fn slots() -> impl Strategy<Value = Vec<Slot>> {
    let minute = prop_oneof![
        4 => (0_u16..=48).prop_map(|half_hours| half_hours * 30),
        1 => 0_u16..=1440,
        1 => select(vec![0, 60, 120, 135, 180, 1440]),
    ];
    vec(minute, 0..=6).prop_map(|mut minutes| {
        minutes.sort_unstable();
        minutes.chunks_exact(2).filter_map(|pair| Slot::new(pair[0], pair[1]).ok()).collect()
    })
}

fn version() -> impl Strategy<Value = CalendarVersion> {
    let holidays = select(vec![HolidaySet::None, HolidaySet::Italy]);
    let closings = vec((1_i8..=12, 1_i8..=28), 0..3);
    let exceptions = vec((0_i32..DAYS, slots()), 0..4);
    (prop::array::uniform7(slots()), holidays, closings, exceptions).prop_map(
        |(weekly, holidays, closings, exceptions)| {
            let site_holiday = |(month, day)| SiteHoliday { month, day, name: String::new() };
            let exception = |(days, slots)| CalendarException {
                date: date(2022, 1, 1) + Span::new().days(days),
                slots,
                reason: String::new(),
            };
            CalendarVersion {
                valid_from: date(2022, 1, 1),
                valid_until: None,
                weekly,
                holidays,
                site_holidays: closings.into_iter().map(site_holiday).collect(),
                exceptions: exceptions.into_iter().map(exception).collect(),
            }
        },
    )
}

/// One version from 2022, perhaps a second one later, perhaps with closed days between them.
fn calendar() -> impl Strategy<Value = ServiceCalendar> {
    let second = option::of((version(), 1_i32..DAYS, 0_i32..60));
    (zone(), version(), second).prop_map(|(zone, mut first, second)| {
        let mut versions = Vec::new();
        if let Some((mut second, days, gap)) = second {
            let until = first.valid_from + Span::new().days(days);
            second.valid_from = until + Span::new().days(gap);
            first.valid_until = Some(until);
            versions.push(second);
        }
        versions.insert(0, first);
        for version in &mut versions {
            let CalendarVersion { valid_from, valid_until, exceptions, .. } = version;
            exceptions.retain(|it| {
                *valid_from <= it.date && valid_until.is_none_or(|until| it.date < until)
            });
            exceptions.sort_by_key(|it| it.date);
            exceptions.dedup_by_key(|it| it.date);
        }
        ServiceCalendar::new("random", zone, versions).expect("built to be valid")
    })
}

fn midnight(date: Date) -> i64 {
    date.to_zoned(TimeZone::UTC).expect("in range").timestamp().as_millisecond()
}

/// Any instant of 2022–2035; often on whole minutes, often near a clock change of some zone.
fn instant() -> impl Strategy<Value = Instant> {
    let near_change = (select(&ZONES[..]), day(), -36_i64 * 60..36 * 60).prop_map(|it| {
        let (name, day, minutes) = it;
        let zone = TimeZone::get(name).expect(name);
        let day = day.to_zoned(TimeZone::UTC).expect("in range").timestamp();
        let change = zone.following(day).next().map_or(day, |change| change.timestamp());
        change.as_millisecond() + minutes * 60_000
    });
    let anywhere = (day(), 0..DAY_MILLIS).prop_map(|(day, millis)| midnight(day) + millis);
    let minute = (day(), 0_i64..1440).prop_map(|(day, minute)| midnight(day) + minute * 60_000);
    prop_oneof![2 => near_change, 1 => anywhere, 1 => minute].prop_map(Instant::from_millis)
}

/// Two instants in order, at most 400 days apart.
fn window() -> impl Strategy<Value = (Instant, Instant)> {
    let size = prop_oneof![0..3 * DAY_MILLIS, 0..400 * DAY_MILLIS];
    (instant(), size).prop_map(|(from, size)| (from, from + Millis::new(size)))
}

fn span() -> impl Strategy<Value = Millis> {
    prop_oneof![
        1_i64..1000,
        (1_i64..200).prop_map(|minutes| minutes * 60_000),
        (1_i64..2000).prop_map(|half_hours| half_hours * 1_800_000),
    ]
    .prop_map(Millis::new)
}

fn period_text() -> impl Strategy<Value = String> {
    let unit = (select(&GRAINS[..]), day()).prop_map(|(grain, day)| {
        let unit = Period::containing(grain, day, &TimeZone::UTC).expect("in range");
        unit.label().to_owned()
    });
    let range = (day(), 1_i32..500)
        .prop_map(|(first, days)| format!("{first}..{}", first + Span::new().days(days)));
    prop_oneof![unit, range]
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1151),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn due_is_the_first_instant_at_which_the_span_has_elapsed(
        calendar in calendar(), start in instant(), span in span(),
    ) {
        if let Ok(due) = calendar.due(start, span) {
            prop_assert_eq!(calendar.elapsed(start, due), span);
            let just_before = due + Millis::new(-1);
            prop_assert_eq!(calendar.elapsed(start, just_before), span - Millis::new(1));
        } else {
            let ten_years = start + Millis::new(3653 * DAY_MILLIS);
            prop_assert!(calendar.elapsed(start, ten_years) < span);
        }
    }

    #[test]
    fn due_undoes_elapsed(calendar in calendar(), (from, until) in window()) {
        let elapsed = calendar.elapsed(from, until);
        let due = calendar.due(from, elapsed).expect("that much has elapsed");
        prop_assert!(due <= until);
        prop_assert_eq!(calendar.elapsed(due, until), Millis::ZERO);
    }

    #[test]
    fn elapsed_adds_up(calendar in calendar(), (a, c) in window(), cut in 0.0..=1.0_f64) {
        #[expect(clippy::cast_possible_truncation, reason = "any instant in between will do")]
        let b = a + Millis::new(((c - a).get() as f64 * cut) as i64);
        let whole = calendar.elapsed(a, c);
        prop_assert_eq!(calendar.elapsed(a, b) + calendar.elapsed(b, c), whole);
        prop_assert_eq!(calendar.elapsed(c, a), Millis::ZERO);
        prop_assert!(whole <= c - a);
    }

    #[test]
    fn open_intervals_are_apart_and_hold_the_elapsed_time(
        calendar in calendar(), (from, until) in window(),
    ) {
        let intervals = calendar.open_intervals(from, until);
        prop_assert!(intervals.iter().all(|(open, close)| from <= *open && *close <= until));
        prop_assert!(intervals.iter().all(|(open, close)| open < close));
        prop_assert!(intervals.windows(2).all(|pair| pair[0].1 < pair[1].0));
        let sum: Millis = intervals.iter().map(|(open, close)| *close - *open).sum();
        prop_assert_eq!(sum, calendar.elapsed(from, until));
        for (open, close) in intervals {
            prop_assert!(calendar.is_open(open));
            prop_assert!(calendar.is_open(close + Millis::new(-1)));
            prop_assert!(close == until || !calendar.is_open(close));
        }
    }

    #[test]
    fn open_means_that_the_wall_clock_is_within_a_slot(calendar in calendar(), at in instant()) {
        let civil = at.in_zone(calendar.zone()).datetime();
        let kind = calendar.zone().to_ambiguous_timestamp(civil).offset();
        // An hour that comes twice is open from the first opening to the first closing.
        prop_assume!(matches!(kind, AmbiguousOffset::Unambiguous { .. }));
        let minute = u16::try_from(i16::from(civil.hour()) * 60 + i16::from(civil.minute()));
        let minute = minute.expect("a time of day");
        let slots = calendar.slots_on(civil.date());
        let within = slots.iter().any(|it| it.open() <= minute && minute < it.close());
        prop_assert_eq!(calendar.is_open(at), within);
    }

    #[test]
    fn next_opening_is_the_first(calendar in calendar(), at in instant()) {
        match calendar.next_opening(at) {
            Some(opening) => {
                prop_assert!(at <= opening && calendar.is_open(opening));
                prop_assert_eq!(calendar.elapsed(at, opening), Millis::ZERO);
            }
            None => prop_assert!(!calendar.is_open(at)),
        }
    }

    #[test]
    fn end_of_service_day_leaves_nothing_of_that_day(calendar in calendar(), at in instant()) {
        if let Ok(end) = calendar.end_of_service_day(at) {
            prop_assert!(at < end && calendar.is_open(end + Millis::new(-1)));
            let last = (end + Millis::new(-1)).in_zone(calendar.zone()).date();
            let tomorrow = last.tomorrow().expect("in range");
            let next_day = Period::containing(Grain::Day, tomorrow, calendar.zone());
            let next_start = next_day.expect("in range").start();
            prop_assert_eq!(calendar.elapsed(end, next_start), Millis::ZERO);
        }
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn a_schedule_agrees_with_its_calendar(
        calendar in calendar(),
        (from, until) in window(),
        questions in vec((instant(), -20 * DAY_MILLIS..420 * DAY_MILLIS, span()), 1..8),
    ) {
        let schedule = calendar.schedule(from, until);
        prop_assert_eq!(schedule.total(), calendar.elapsed(from, until));
        let mut hint = 0;
        for (elsewhere, offset, span) in questions {
            let inside = from + Millis::new(offset);
            for at in [inside, elsewhere, from, until] {
                let open = calendar.is_open(at);
                prop_assert_eq!(schedule.is_open(at), open);
                prop_assert_eq!(schedule.open_at(at.as_millis(), &mut hint), open);
                prop_assert_eq!(schedule.due(at, span), calendar.due(at, span));
                prop_assert_eq!(schedule.elapsed(from, at), calendar.elapsed(from, at));
                prop_assert_eq!(schedule.elapsed(at, until), calendar.elapsed(at, until));
            }
        }
    }

    #[test]
    fn a_cursor_moves_through_every_opening(
        calendar in calendar(), from in instant(), step in 1_i64..40,
    ) {
        let until = from + Millis::new(30 * DAY_MILLIS);
        let schedule = calendar.schedule(from, until);
        let mut hint = 0;
        let mut t = from.as_millis();
        while t < until.as_millis() {
            let open = schedule.open_at(t, &mut hint);
            prop_assert_eq!(open, schedule.is_open(Instant::from_millis(t)));
            t += step * 900_000;
        }
    }

    #[test]
    fn parts_fill_the_period(
        calendar in calendar(), text in period_text(), grain in select(&GRAINS[..]),
    ) {
        let zone = calendar.zone();
        let period = Period::parse(&text, zone).expect("a period");
        let parts = period.split(grain, zone);
        prop_assert_eq!(parts[0].start(), period.start());
        prop_assert_eq!(parts[parts.len() - 1].end(), period.end());
        prop_assert!(parts.windows(2).all(|pair| pair[0].end() == pair[1].start()));
        prop_assert!(parts.windows(2).all(|pair| pair[0].until_date() == pair[1].first_date()));
        let elapsed = |it: &Period| calendar.elapsed(it.start(), it.end());
        prop_assert_eq!(parts.iter().map(elapsed).sum::<Millis>(), elapsed(&period));
        let days = |it: &Period| calendar.service_days(it.first_date(), it.until_date());
        prop_assert_eq!(parts.iter().map(days).sum::<u32>(), days(&period));
        for part in parts {
            prop_assert!(part.grain().is_none_or(|it| it == grain) || part == period);
            prop_assert_eq!(&Period::parse(part.label(), zone), &Ok(part));
        }
    }

    #[test]
    fn the_previous_period_ends_where_the_period_starts(
        zone in zone(), text in period_text(),
    ) {
        let period = Period::parse(&text, &zone).expect("a period");
        let before = period.previous(&zone).expect("after 1900");
        prop_assert_eq!(before.end(), period.start());
        prop_assert_eq!(before.grain(), period.grain());
    }
}

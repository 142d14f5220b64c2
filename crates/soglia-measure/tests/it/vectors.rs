//! Worked figures: ten readings of one month's calls, and what happens exactly at a limit. Read
//! [`ten_readings_of_the_same_calls`] first.

use jiff::tz::TimeZone;
use soglia_domain::contract::{self, Contract, RuleVersion};
use soglia_domain::facts::{Disposition, Outage, OutboundBatch, Rows};
use soglia_domain::period::Period;
use soglia_domain::ratio::Ratio;
use soglia_domain::rule::{AnsweredWithin, Boundary, Denominator, EarlyAbandon, Lost, Rule};
use soglia_domain::time::{Instant, Millis};
use soglia_domain::verdict::{Compare, Verdict};
use soglia_measure::calls::{Counted, answered_within, lost};
use soglia_measure::items::{availability, batch_time, batches};
use soglia_measure::measure::print_value;
use soglia_measure::tally::{Column, Dimension, NONE, Pass, Seen, ServiceSpec, Spec, Tally};

const CONTRACT: &str = include_str!("../../../../examples/reference/contract.toml");

fn reference() -> Contract {
    contract::parse(CONTRACT, "contract.toml").expect("the reference contract is right")
}

fn version(contract: &Contract, code: &str) -> RuleVersion {
    let service = contract.service("cup").expect("the reference contract has it");
    let indicator = service.indicators.iter().find(|indicator| indicator.code == code);
    indicator.and_then(|indicator| indicator.versions.first()).expect("it has ten").clone()
}

fn k1() -> AnsweredWithin {
    match version(&reference(), "K1").rule {
        Rule::AnsweredWithin(rule) => rule,
        other => panic!("K1 is {other:?}"),
    }
}

fn k3() -> Lost {
    match version(&reference(), "K3").rule {
        Rule::Lost(rule) => rule,
        other => panic!("K3 is {other:?}"),
    }
}

/// Counts calls, each a disposition and a wait in milliseconds, all within opening hours.
fn tally(calls: &[(Disposition, i64)]) -> Tally {
    let service = ServiceSpec {
        code: "cup".to_owned(),
        open: vec![(0, 1_000_000)],
        exclusions: Vec::new(),
        callback_limit: None,
        day_ends: Vec::new(),
    };
    let columns = vec![Column::Service, Column::Disposition, Column::Arrived, Column::WaitMs];
    let mut pass = Pass::new(Spec { services: vec![service], dimension: Dimension::None, columns });
    for (disposition, wait) in calls {
        let answered = *disposition == Disposition::Answered;
        pass.add(&Seen {
            service: 0,
            disposition: disposition.code(),
            arrived: 1000,
            local_hour: 0,
            queued: 1000,
            rang: NONE,
            answered: if answered { 1000 + wait } else { NONE },
            called_back: NONE,
            wait: *wait,
            talk: NONE,
            hold: NONE,
            queue: "",
            text: "",
        });
    }
    pass.take()
}

fn count_k1(rule: &AnsweredWithin, tally: &Tally) -> (u64, u64) {
    let classes = tally.of_service(0).map(|(_, key, class)| (key, class));
    pair(&answered_within(classes, rule, &[], "K1"))
}

fn count_k3(rule: &Lost, tally: &Tally) -> (u64, u64) {
    let classes = tally.of_service(0).map(|(_, key, class)| (key, class));
    pair(&lost(classes, rule, &[], "K3"))
}

fn pair(counted: &Counted) -> (u64, u64) {
    (counted.num, counted.den)
}

fn times(n: usize, disposition: Disposition, wait: i64) -> Vec<(Disposition, i64)> {
    vec![(disposition, wait); n]
}

/// 1000 answered, 860 of them within 20 s; 60 abandoned: 10 within 5 s, 10 more within 20 s.
fn month() -> Tally {
    use Disposition::{AbandonedInQueue, Answered};
    tally(
        &[
            times(430, Answered, 0),
            times(430, Answered, 20_000),
            times(140, Answered, 20_001),
            times(10, AbandonedInQueue, 5000),
            times(10, AbandonedInQueue, 5001),
            times(40, AbandonedInQueue, 20_001),
        ]
        .concat(),
    )
}

#[test]
fn ten_readings_of_the_same_calls() {
    let month = month();
    let strict = k1();
    let brief = |seconds: i64| {
        let mut rule = strict;
        rule.population.short_abandon = Millis::from_secs(seconds);
        rule
    };
    let early = |early_abandon| AnsweredWithin { early_abandon, ..strict };
    // Ghost calls counted as met: those of at most 5 s, which a limit of their own would say.
    let first_readings = [
        (strict, (860, 1060), "81.1321"),
        (AnsweredWithin { denominator: Denominator::Answered, ..strict }, (860, 1000), "86.0000"),
        (early(EarlyAbandon::Exclude), (860, 1040), "82.6923"),
        (brief(5), (860, 1050), "81.9048"),
        (early(EarlyAbandon::CountAsMet), (880, 1060), "83.0189"),
    ];
    for (rule, expected, printed) in first_readings {
        assert_eq!(count_k1(&rule, &month), expected);
        assert_eq!(four_decimals(expected).as_deref(), Some(printed));
    }
    let all = k3();
    let brief = |seconds: i64, short_abandon_in_denominator| {
        let mut rule = Lost { short_abandon_in_denominator, ..all };
        rule.population.short_abandon = Millis::from_secs(seconds);
        rule
    };
    let readings = [
        (all, (60, 1060), "5.6604", Verdict::Ko),
        (brief(5, false), (50, 1050), "4.7619", Verdict::Ok),
        (brief(5, true), (50, 1060), "4.7170", Verdict::Ok),
        (brief(20, false), (40, 1040), "3.8462", Verdict::Ok),
    ];
    let target = version(&reference(), "K3").target;
    for (rule, expected, printed, verdict) in readings {
        assert_eq!(count_k3(&rule, &month), expected);
        assert_eq!(four_decimals(expected).as_deref(), Some(printed));
        assert_eq!(target.judge(ratio(expected), Compare::Exact), verdict);
    }
}

/// The tenth reading, ghost calls of at most 5 s counted as met (870 / 1060), cannot be said in a
/// contract file: it is what the two parameters give together, worked out from their parts.
#[test]
fn the_tenth_reading_is_a_sum_of_two() {
    let month = month();
    let mut brief = k1();
    brief.population.short_abandon = Millis::from_secs(5);
    let (met, without) = count_k1(&brief, &month);
    let (_, with) = count_k1(&k1(), &month);
    let ghosts = with - without;
    assert_eq!((met + ghosts, with), (870, 1060));
    assert_eq!(four_decimals((870, 1060)).as_deref(), Some("82.0755"));
}

fn four_decimals((num, den): (u64, u64)) -> Option<String> {
    print_value(num, den, soglia_domain::ratio::Rounding::half_up(4))
}

fn ratio((num, den): (u64, u64)) -> Ratio {
    Ratio::new(num, den).expect("something was counted")
}

#[test]
fn exactly_at_the_limit_is_in_time() {
    use Disposition::Answered;
    let both = tally(&[(Answered, 20_000), (Answered, 20_001)]);
    assert_eq!(count_k1(&k1(), &both), (1, 2));
    let mut rule = k1();
    rule.limit.boundary = Boundary::Exclusive;
    assert_eq!(count_k1(&rule, &both), (0, 2));
    for (code, limit) in [("cup", 240_000), ("cc", 540_000)] {
        let contract = reference();
        let service = contract.service(code).expect("two services");
        let k5 = service.indicators.iter().find(|indicator| indicator.code == "K5").expect("K5");
        let Some(Rule::HandledWithin(rule)) = k5.versions.first().map(|v| &v.rule) else {
            panic!("K5 times calls");
        };
        assert!(rule.limit.keeps(Millis::new(limit)));
        assert!(!rule.limit.keeps(Millis::new(limit + 1)));
    }
}

#[test]
fn exactly_five_percent_lost_is_met() {
    use Disposition::{AbandonedInQueue, Answered};
    let target = version(&reference(), "K3").target;
    for (lost, verdict) in [(50, Verdict::Ok), (51, Verdict::Ko)] {
        let calls = [times(1000 - lost, Answered, 0), times(lost, AbandonedInQueue, 0)].concat();
        let counted = count_k3(&k3(), &tally(&calls));
        assert_eq!(counted, (lost as u64, 1000));
        assert_eq!(target.judge(ratio(counted), Compare::Exact), verdict);
    }
}

#[test]
fn no_calls_are_no_share() {
    let none = tally(&[]);
    assert_eq!(count_k1(&k1(), &none), (0, 0));
    assert_eq!(count_k3(&k3(), &none), (0, 0));
    assert_eq!(Ratio::new(0, 0), None);
    assert_eq!(four_decimals((0, 0)), None);
}

fn half_year() -> (TimeZone, Period) {
    let zone = TimeZone::get("Europe/Rome").expect("the zone is bundled");
    let period = Period::parse("2023-H2", &zone).expect("a half-year");
    (zone, period)
}

fn at(text: &str) -> Instant {
    Instant::from_timestamp(text.parse().expect("an instant"))
}

/// An interruption of so many seconds each on working days from Monday 3 July at 08:00.
fn down(seconds: i64) -> Vec<Outage> {
    let from = at("2023-07-03T06:00:00Z");
    vec![Outage {
        id: "1".to_owned(),
        service: Some("cup".to_owned()),
        component: "ivr".to_owned(),
        from,
        until: Some(from + Millis::from_secs(seconds)),
        planned: false,
        notified: None,
        cause: None,
        weight_permille: 1000,
        rows: Rows::default(),
    }]
}

#[test]
fn half_a_percent_of_the_half_year_may_be_down() {
    let contract = reference();
    let service = contract.service("cup").expect("two services");
    let version = version(&contract, "K10");
    let Rule::Availability(mut rule) = version.rule else { panic!("K10 is a share of time") };
    let (_, period) = half_year();
    let judged = |rule: &_, seconds| {
        let counted = availability(rule, &down(seconds), &service.calendar, &period, &[]);
        (version.target.judge(ratio(pair(&counted)), Compare::Exact), counted.den)
    };
    // 125 days of eleven hours; 412.5 minutes are half a percent.
    assert_eq!(judged(&rule, 24_750), (Verdict::Ok, 82_500 * 60_000));
    assert_eq!(judged(&rule, 24_756).0, Verdict::Ko);
    // Day and night, 4417 hours: the half-year has one hour more, when summer time ends.
    for component in &mut rule.components {
        component.agreed = soglia_domain::rule::Clock::Elapsed;
    }
    assert_eq!(judged(&rule, 79_506), (Verdict::Ok, 4417 * 3_600_000));
    assert_eq!(judged(&rule, 79_507).0, Verdict::Ko);
}

#[test]
fn each_hundred_contacts_have_four_hours() {
    let contract = reference();
    let service = contract.service("cup").expect("two services");
    let Rule::BatchTurnaround(rule) = version(&contract, "K9").rule else { panic!("K9 is a time") };
    let (_, period) = half_year();
    let released = at("2023-07-03T06:00:00Z");
    let took = |n_records: u32, completed: &str| {
        let batch = OutboundBatch {
            id: "1".to_owned(),
            service: Some("cup".to_owned()),
            released,
            n_records,
            first_attempt: None,
            last_attempt: None,
            completed: Some(at(completed)),
            rows: Rows::default(),
        };
        batch_time(&rule, &batch, &service.outbound_calendar, &period).expect("it falls due here")
    };
    for (n, hours) in [(1, 4), (99, 4), (100, 4), (101, 8), (200, 8), (250, 12)] {
        assert_eq!(took(n, "2023-07-03T07:00:00Z").allowed, Millis::from_hours(hours), "{n}");
    }
    // Twelve hours from Monday 08:00 end on Tuesday at 09:00.
    let (kept, missed) = (took(250, "2023-07-04T07:00:00Z"), took(250, "2023-07-04T07:00:01Z"));
    assert_eq!(kept.took, Millis::from_hours(12));
    assert!(kept.kept() && !missed.kept());
    assert_eq!(pair(&batches(&rule, &[kept, missed])), (1, 2));
    assert_eq!(pair(&batches(&rule, &[])), (0, 0));
}

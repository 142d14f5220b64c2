//! A busy week of a booking centre, with skills both ways, shifts and breaks. Read [`week`] first.

use soglia_sim::centre::{CallType, Centre, Group, Operator, Queue, Route, Service, Span};
use soglia_sim::distribution::Distribution;
use soglia_sim::table::Demand;

pub const QUARTER_US: i64 = 900_000_000;
const DAY_SECS: i64 = 86_400;
/// Calls of Monday to Saturday: 22 390 in all.
const DAYS: [f64; 6] = [5000.0, 4300.0, 4050.0, 3900.0, 3640.0, 1500.0];
/// Shares of the day in the hours from 8 to 19.
const HOURS: [f64; 11] = [0.16, 0.15, 0.13, 0.11, 0.09, 0.07, 0.08, 0.07, 0.06, 0.05, 0.03];
/// Prescriptions, bookings, information.
const TYPES: [f64; 3] = [0.15, 0.55, 0.30];

pub fn week() -> (Centre, Demand) {
    let open: Vec<Span> =
        (0..6).map(|d| Span::of_secs(d * DAY_SECS + 28_800, d * DAY_SECS + 68_400)).collect();
    let talk = |mean_secs: f64| Distribution::LogNormal { mean_secs, cv: 0.8 };
    let patience = Distribution::Exponential { mean_secs: 180.0 };
    let kind = |name: &str, queue: usize, secs: f64| {
        CallType::plain(name, queue, talk(secs), patience.clone())
    };
    // Groups in the order in which each queue prefers them, and queues likewise.
    let skills: [&[usize]; 4] = [&[0, 1], &[1], &[2, 1], &[2]];
    let prefers: [&[usize]; 3] = [&[0], &[1, 0, 2], &[3, 2]];
    let queues = prefers.iter().enumerate().map(|(q, groups)| {
        let routes = groups.iter().zip(0..).map(|(&group, tier)| Route::to(group, tier)).collect();
        Queue::plain(["prescriptions", "bookings", "information"][q], open.clone(), routes)
    });
    let groups = skills.iter().map(|queues| Group {
        name: "group".to_owned(),
        serves: queues.iter().zip(0..).map(|(&queue, tier)| Service { queue, tier }).collect(),
    });
    let centre = Centre {
        until_us: 7 * DAY_SECS * 1_000_000,
        types: vec![
            kind("prescriptions", 0, 240.0),
            kind("bookings", 1, 300.0),
            kind("information", 2, 150.0),
        ],
        queues: queues.collect(),
        groups: groups.collect(),
        operators: (0..60).map(operator).collect(),
    };
    let mut calls = vec![vec![0.0; 7 * 96]; 3];
    for (day, total) in DAYS.into_iter().enumerate() {
        for (hour, share) in HOURS.into_iter().enumerate() {
            for quarter in 0..4 {
                for (kind, of_type) in TYPES.into_iter().enumerate() {
                    let at = day * 96 + (8 + hour) * 4 + quarter;
                    calls[kind][at] = total * share * of_type / 4.0;
                }
            }
        }
    }
    let day_us = DAY_SECS * 1_000_000;
    (centre, Demand { interval_us: QUARTER_US, calls, day_us, day_spread: 0.0 })
}

/// Shifts of seven and a half hours that start at different quarters, with a break of half an hour.
fn operator(n: i64) -> Operator {
    let group = [0, 0, 1, 1, 1, 2, 2, 2, 3, 3][usize::try_from(n % 10).expect("a digit")];
    let days = if n % 4 == 0 { 6 } else { 5 };
    let presence = (0..days).flat_map(|day| {
        let start = day * DAY_SECS + 28_800 + (n % 15) * 900 * i64::from(n % 3 != 0);
        let pause = start + 10_800 + (n % 8) * 900;
        [Span::of_secs(start, pause), Span::of_secs(pause + 1800, start + 28_800)]
    });
    Operator { group, presence: presence.collect() }
}

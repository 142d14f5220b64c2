//! What happens while the services are closed: maintenance, the operator on call, callers who come
//! too early. Read [`Maintenance`] first.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::call::{Call, Door, Exit, Ring, RingResult, Visit};
use super::hours::{Day, FIRST, Hours};
use super::random::Rng;
use super::shape::Service;
use super::traffic::blank_call;

/// A planned interruption at night, announced days before.
#[derive(Clone, Copy, Debug)]
pub struct Maintenance {
    /// When it was announced.
    pub announced: i64,
    /// From when.
    pub from: i64,
    /// Until when.
    pub until: i64,
    /// When the queueing system started again.
    pub restarted: i64,
}

/// The first Saturday of each month, before dawn.
pub fn maintenance(hours: &Hours) -> Vec<Maintenance> {
    let on = |n: i32| {
        let mut day = FIRST.saturating_add(n.months());
        while day.weekday() != jiff::civil::Weekday::Saturday {
            day = day.saturating_add(1.day());
        }
        Maintenance {
            announced: hours.instant(day.saturating_sub(8.days()), 10, 15, 0),
            from: hours.instant(day, 5, 0, 0),
            until: hours.instant(day, 6, 30, 0),
            restarted: hours.instant(day, 6, 12, 40),
        }
    };
    (0..6).map(on).collect()
}

/// The help desk's operator on call, beyond the numbers of the day's operators.
const ON_CALL: u32 = 90;
/// The queue of digital signatures, the one with an operator on call.
const ON_CALL_QUEUE: usize = 2;

/// Calls for the operator on call: one over each end of month, two in the night in which summer
/// time ends, others here and there.
pub fn on_call(hours: &Hours, seed: u64) -> Vec<Call> {
    let mut rng = Rng::stream(seed, "on_call", 0);
    let mut calls = Vec::new();
    for &midnight in hours.month_starts().iter().skip(1).take(5) {
        let early = rng.between(60, 400);
        calls.push(night_call(midnight - early, early + rng.between(120, 500), &mut rng));
    }
    // 02:40 summer time for 45 minutes: it ends at 02:25 winter time.
    let before = hours.instant(date(2023, 10, 29), 1, 40, 0) + 3600;
    calls.push(night_call(before, 45 * 60, &mut rng));
    calls.push(night_call(before + 3600 - 120, 300, &mut rng));
    for day in quiet_nights() {
        let at = hours.instant(day, 21, 0, 0) + rng.between(0, 7200);
        let talk = rng.between(120, 900);
        calls.push(night_call(at, talk, &mut rng));
    }
    calls
}

/// Every fourth day; none near an end of month, where another call stands.
fn quiet_nights() -> impl Iterator<Item = Date> {
    (4..176).step_by(4).map(|n: i32| FIRST.saturating_add(n.days())).filter(|day| {
        let until_next = i32::from(day.days_in_month()) - i32::from(day.day());
        1 < until_next
    })
}

fn night_call(at: i64, talk: i64, rng: &mut Rng) -> Call {
    let mut call = blank_call(Service::Cc, at, at, Door::Queue(ON_CALL_QUEUE), rng);
    let ring = rng.between(4, 12);
    call.visits.push(Visit {
        queue: ON_CALL_QUEUE,
        entered: at,
        place: 1,
        rings: vec![Ring {
            operator: ON_CALL,
            from: at,
            until: at + ring,
            result: RingResult::Answered,
            channel: 0,
        }],
        left: at + ring,
        exit: Exit::Talked { until: at + ring + talk },
    });
    call
}

/// Callers whom the menu lets through a minute before opening and who hang up before eight.
pub fn too_early(days: &[Day], seed: u64) -> Vec<Call> {
    let mut rng = Rng::stream(seed, "too_early", 0);
    let mut calls = Vec::new();
    for day in days.iter().step_by(6) {
        let entered = day.opens - rng.between(35, 60);
        let door = Door::Queue(0);
        let mut call = blank_call(Service::Cup, entered - 12, entered, door, &mut rng);
        let left = entered + rng.between(8, 30);
        call.visits.push(Visit {
            queue: 0,
            entered,
            place: 1,
            rings: Vec::new(),
            left,
            exit: Exit::Abandoned(1),
        });
        calls.push(call);
    }
    calls
}

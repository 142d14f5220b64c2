//! Who calls, when, about what and for how long. Read [`calls_in_hours`] first.

use super::call::{Call, Door};
use super::hours::{Day, Hours};
use super::random::Rng;
use super::shape::{BONUS_PERMILLE, BONUS_TOPIC, CC, Plan, SYSTEMS, Service, TWO_SYSTEMS};

/// Draws the calls that ask for an operator in opening hours, day by day, each day in order.
pub fn calls_in_hours(plan: &Plan, days: &[Day], offered: i64, seed: u64) -> Vec<Vec<Call>> {
    let mut rng = Rng::stream(seed, plan.code, 1);
    let weights = day_weights(plan, days, &mut rng);
    let mut calls: Vec<Vec<Call>> = days.iter().map(|_| Vec::new()).collect();
    for _ in 0..offered {
        let index = rng.weighted(&weights);
        if let (Some(day), Some(of_day)) = (days.get(index), calls.get_mut(index)) {
            of_day.push(call_in_hours(plan, day, &mut rng));
        }
    }
    for of_day in &mut calls {
        of_day.sort_by_key(|call| call.chose);
    }
    fit_talk(plan, &mut calls);
    calls
}

/// Load of each day: season, weekday, holidays, and some luck.
fn day_weights(plan: &Plan, days: &[Day], rng: &mut Rng) -> Vec<(i64, usize)> {
    let weigh = |(index, day): (usize, &Day)| {
        let month = element(&plan.months, month_index(day));
        let weekday = element(&plan.weekdays, day.weekday);
        let holidays = match (day.date.month(), day.date.day()) {
            (8, 14 | 16..=18) | (12, 27..=29) => 55,
            (8, 7..=11) => 75,
            _ if day.after_holiday => 132,
            _ => 100,
        };
        (month * weekday * holidays * rng.between(93, 107), index)
    };
    days.iter().enumerate().map(weigh).collect()
}

fn call_in_hours(plan: &Plan, day: &Day, rng: &mut Rng) -> Call {
    let half_hours: Vec<(i64, i64)> = plan
        .half_hours
        .iter()
        .zip(0..)
        .map(|(&load, h)| {
            let monday_rush = plan.service == Service::Cup && day.weekday == 0 && h < 5;
            (if monday_rush { load * 130 } else { load * 100 }, h)
        })
        .collect();
    let half_hour = rng.weighted(&half_hours);
    let second = rng.below(1800);
    // The menu comes before the queue, and both inside the opening hours.
    let menu = rng.between(7, 38);
    let chose = (day.opens + half_hour * 1800 + second).max(day.opens + menu);
    let morning = day.weekday == 0 && half_hour < 6;
    let queue = draw_queue(plan, morning, rng);
    let mut call = blank_call(plan.service, chose - menu, chose, Door::Queue(queue), rng);
    describe(plan, day, queue, &mut call, rng);
    call.patience = rng.quantiles(plan.patience);
    call.talk = draw_talk(plan, day, &call, rng);
    change_course(plan, day, queue, &mut call, rng);
    call
}

/// A call about nothing in particular.
pub fn blank_call(service: Service, arrived: i64, chose: i64, door: Door, rng: &mut Rng) -> Call {
    Call {
        service,
        arrived,
        chose,
        door,
        caller: (!rng.permille(34)).then(|| draw_caller(rng)),
        topic: "",
        class: "",
        system: "",
        patience: 0,
        talk: 0,
        passed_on: None,
        changes_after: None,
        caller_ends: rng.permille(640),
        visits: Vec::new(),
        channel: 0,
    }
}

/// Some people call often: a quarter of the calls comes from a tenth of the numbers.
fn draw_caller(rng: &mut Rng) -> i64 {
    let often = rng.permille(250);
    rng.below(if often { 9_000 } else { 90_000 })
}

fn draw_queue(plan: &Plan, morning: bool, rng: &mut Rng) -> usize {
    let shares: Vec<(i64, usize)> = plan
        .queues
        .iter()
        .enumerate()
        .map(|(index, q)| (if morning { q.share.1 } else { q.share.0 }, index))
        .collect();
    rng.weighted(&shares)
}

fn describe(plan: &Plan, day: &Day, queue: usize, call: &mut Call, rng: &mut Rng) {
    let Some(queue) = plan.queues.get(queue) else { return };
    call.topic = rng.weighted(queue.topics);
    call.class = rng.weighted(queue.classes);
    if plan.service == Service::Cup {
        let month = i64::try_from(month_index(day)).expect("0 to 5");
        let share = |(july, december, name): (i64, i64, &'static str)| {
            (july * (5 - month) + december * month, name)
        };
        call.system = rng.weighted(&SYSTEMS.map(share));
    } else if month_index(day) >= 3 && rng.permille(BONUS_PERMILLE) {
        // People with a question on the bonus choose whatever menu entry comes first.
        call.topic = BONUS_TOPIC;
    }
}

fn draw_talk(plan: &Plan, day: &Day, call: &Call, rng: &mut Rng) -> i64 {
    let trend = element(&plan.talk_trend, month_index(day));
    let systems = if call.system.contains('+') { TWO_SYSTEMS } else { 1000 };
    (rng.quantiles(plan.talk) * trend / 1000 * systems / 1000).max(10)
}

/// A few calls are passed on to another queue, or change queue by a key while they wait.
fn change_course(plan: &Plan, day: &Day, queue: usize, call: &mut Call, rng: &mut Rng) {
    let early = call.chose < day.closes - 7200;
    let other = (queue + rng.index(plan.queues.len() - 1) + 1) % plan.queues.len();
    // Far from the limit of a first-contact conversation, however it is timed.
    let far = match plan.service {
        Service::Cup => call.talk > plan.talk_limit + 60,
        Service::Cc => (60..240).contains(&call.talk),
    };
    if early && far && rng.permille(55) {
        call.passed_on = Some((other, rng.between(40, 150)));
    } else if queue == 2 && rng.permille(40) {
        call.changes_after = Some(rng.between(25, 90));
    }
}

/// Stretches conversations so that the share within the limit is about the one wanted.
fn fit_talk(plan: &Plan, calls: &mut [Vec<Call>]) {
    if plan.service == CC.service {
        return;
    }
    let talks: Vec<i64> = calls.iter().flatten().map(|c| c.talk).collect();
    let within =
        |scale: i64| talks.iter().filter(|&&talk| talk * scale / 1000 <= plan.talk_limit).count();
    let wanted = talks.len() * 6515 / 10_000;
    let (mut low, mut high) = (600, 1600);
    while high - low > 1 {
        let middle = i64::midpoint(low, high);
        if within(middle) < wanted { high = middle } else { low = middle }
    }
    for call in calls.iter_mut().flatten() {
        if call.passed_on.is_none() {
            call.talk = (call.talk * low / 1000).max(10);
        }
    }
}

/// Draws the calls that no operator of the day sees: informed or lost in the menu, told that the
/// service is closed, and a few at night for the operator on call.
pub fn calls_aside(plan: &Plan, hours: &Hours, days: &[Day], offered: i64, seed: u64) -> Vec<Call> {
    let mut rng = Rng::stream(seed, plan.code, 2);
    let weights = day_weights(plan, days, &mut rng);
    let mut calls = Vec::new();
    for n in 0..offered / 6 {
        let Some(day) = days.get(rng.weighted(&weights)) else { continue };
        let mut call = call_in_hours(plan, day, &mut rng);
        call.passed_on = None;
        call.changes_after = None;
        call.door = match n % 20 {
            0..12 => Door::Contained(rng.weighted(&[(6, "orari"), (4, "documenti")])),
            12..17 => Door::LeftEarly,
            17 => Door::LeftLate,
            _ => Door::Closed(0),
        };
        if matches!(call.door, Door::Closed(_)) {
            call.chose = closed_instant(hours, day, &mut rng);
            call.arrived = call.chose - 1;
        }
        calls.push(call);
    }
    calls.retain(|c| !matches!(c.door, Door::Closed(_)) || !hours.is_open(c.arrived));
    calls
}

/// A time at which people find the service closed: mostly just before opening, in the evening, on
/// Saturdays.
fn closed_instant(hours: &Hours, day: &Day, rng: &mut Rng) -> i64 {
    let saturday = 86_400 * i64::try_from(5 - day.weekday.min(5)).expect("0 to 5");
    match rng.below(10) {
        0..4 => day.opens - rng.between(5, 2400),
        4..7 => day.closes + rng.between(5, 7200),
        _ => {
            let at = day.opens + saturday + rng.between(0, 32_000);
            if hours.is_open(at) { day.closes + 60 } else { at }
        }
    }
}

fn month_index(day: &Day) -> usize {
    usize::try_from(day.date.month()).expect("7 to 12").saturating_sub(7)
}

fn element<const N: usize>(of: &[i64; N], index: usize) -> i64 {
    of.get(index).copied().unwrap_or(100)
}

//! From a plausible half-year to one with exact counts. Read [`play_exactly`] first.
//!
//! A search over staffing and patience brings the simulated counts near the wanted ones; then as
//! few calls as possible are changed, those nearest to each limit, in ways that the floor could
//! have seen as well (a phone picked up two seconds sooner, a caller hanging up instead of being
//! served).

use super::call::{Call, Exit, Ring, RingResult};
use super::floor::{Duty, Rota, play};
use super::hours::Day;
use super::random::Rng;
use super::shape::{Counts, Plan, Service};

/// The limit of a prompt answer, in seconds, included.
pub const PROMPT: i64 = 20;

/// A played half-year of one service.
pub struct Played {
    /// Every call that asked for an operator in opening hours.
    pub calls: Vec<Call>,
    /// Operators' changes.
    pub duties: Vec<Duty>,
    /// Positions in `calls` of those handed to the second level, in order.
    pub escalated: Vec<usize>,
}

/// Plays the half-year so that `counts` hold.
pub fn play_exactly(
    plan: &Plan,
    days: &[Day],
    drawn: &[Vec<Call>],
    counts: &Counts,
    seed: u64,
) -> Played {
    let (mut calls, duties) = search(plan, days, drawn, counts, seed);
    let mut rng = Rng::stream(seed, plan.code, 4);
    lose_exactly(&mut calls, counts.lost, &mut rng);
    answer_promptly_exactly(&mut calls, counts.prompt);
    if plan.service == Service::Cc {
        shorten_passed_on(plan, &mut calls);
    }
    let escalated = choose_escalated(&calls, days, counts, &mut rng);
    talk_exactly(plan, &mut calls, &escalated, counts.brief);
    Played { calls, duties, escalated }
}

/// Staffing and patience, in permille of what [`Plan`] says.
#[derive(Clone, Copy, Debug)]
struct Tuning {
    staffing: i64,
    patience: i64,
}

/// Tries staffings until answers are about as prompt as wanted, and patiences until losses are.
fn search(
    plan: &Plan,
    days: &[Day],
    drawn: &[Vec<Call>],
    counts: &Counts,
    seed: u64,
) -> (Vec<Call>, Vec<Duty>) {
    let near = |got: i64, wanted: i64| (got - wanted).abs() <= wanted / 100 + 2;
    let load = load(plan, days.len(), counts.offered, drawn);
    let mut tuning = Tuning { staffing: plan.staffing, patience: plan.patience_scale };
    let mut best = None;
    let mut step = 16;
    let mut last_sign = 0;
    for _ in 0..SEARCH_MAX {
        let (calls, duties) = simulate(plan, days, drawn, &load, tuning, seed);
        let (lost, prompt) = (n_lost(&calls), n_prompt(&calls));
        let miss = (lost - counts.lost).abs() + (prompt - counts.prompt).abs();
        if best.as_ref().is_none_or(|(least, _, _)| miss < *least) {
            best = Some((miss, calls, duties));
        }
        if near(lost, counts.lost) && near(prompt, counts.prompt) {
            break;
        }
        if near(prompt, counts.prompt) {
            // More losses, less patient callers: half the relative error damps the answer.
            let change = (lost - counts.lost) * 500 / counts.lost.max(1);
            tuning.patience += tuning.patience * change.clamp(-300, 300) / 1000;
            last_sign = 0;
        } else {
            let sign = (counts.prompt - prompt).signum();
            step = match sign * last_sign {
                1 => (step * 2).min(256),
                -1 => (step / 2).max(2),
                _ => step,
            };
            tuning.staffing = (tuning.staffing + sign * step).max(100);
            last_sign = sign;
        }
    }
    let (_, calls, duties) = best.expect("at least one trial was made");
    (calls, duties)
}

/// Trials of the search.
const SEARCH_MAX: u32 = 40;

/// Operators' work that arrives in each half-hour of each weekday, in seconds.
fn load(plan: &Plan, n_days: usize, offered: i64, drawn: &[Vec<Call>]) -> [[i64; 22]; 5] {
    let talks: i64 = drawn.iter().flatten().map(|c| c.talk + 25).sum();
    let per_call = talks / offered.max(1);
    let per_day = offered * 1000 / i64::try_from(n_days.max(1)).expect("few days");
    let weekdays: i64 = plan.weekdays.iter().sum();
    let half_hours: i64 = plan.half_hours.iter().sum();
    plan.weekdays.map(|weekday| {
        plan.half_hours.map(|half_hour| {
            per_day * per_call / 1000 * weekday * 5 / weekdays * half_hour / half_hours
        })
    })
}

fn simulate(
    plan: &Plan,
    days: &[Day],
    drawn: &[Vec<Call>],
    load: &[[i64; 22]; 5],
    tuning: Tuning,
    seed: u64,
) -> (Vec<Call>, Vec<Duty>) {
    let mut all_calls = Vec::new();
    let mut all_duties = Vec::new();
    for ((day, drawn), number) in days.iter().zip(drawn).zip(0..) {
        let rota = rota(plan, day, load, tuning.staffing, number);
        let mut calls = drawn.clone();
        for call in &mut calls {
            call.patience = (call.patience * tuning.patience / 1000).max(3);
        }
        let rng = Rng::stream(seed, plan.code, 100 + number);
        all_duties.extend(play(plan, day, &rota, &mut calls, rng));
        all_calls.append(&mut calls);
    }
    (all_calls, all_duties)
}

/// Operators on duty; fewer in August. The remainder of the division goes to some days and not to
/// others, so that the staffing can be tuned finely.
fn rota(plan: &Plan, day: &Day, load: &[[i64; 22]; 5], staffing: i64, number: i64) -> Rota {
    let season = match day.date.month() {
        8 => 680,
        10 | 11 => 1060,
        _ => 1000,
    };
    // From October the help desk is reinforced for the bonus.
    let bonus = if plan.service == Service::Cc && day.date.month() >= 10 { 1250 } else { 1000 };
    let mut rota = [plan.least_staff; 22];
    let loads = load.get(day.weekday).copied().unwrap_or([0; 22]);
    for (((staff, load), cover), half_hour) in rota.iter_mut().zip(loads).zip(plan.cover).zip(0..) {
        let luck = (number * 7 + half_hour * 13) % 20 * 50;
        let permille = load * staffing / 1800 * season / 1000 * bonus / 1000 * cover / 1000;
        *staff = usize::try_from((permille + luck) / 1000).expect("not negative").max(*staff);
    }
    rota
}

fn n_lost(calls: &[Call]) -> i64 {
    count(calls, |c| c.answered().is_none())
}

fn n_prompt(calls: &[Call]) -> i64 {
    count(calls, |c| c.wait().is_some_and(|w| w <= PROMPT))
}

fn count(calls: &[Call], what: impl Fn(&Call) -> bool) -> i64 {
    i64::try_from(calls.iter().filter(|c| what(c)).count()).expect("calls in memory")
}

/// Makes exactly `wanted` calls lost, changing first those that waited longer than a prompt answer.
fn lose_exactly(calls: &mut [Call], wanted: i64, rng: &mut Rng) {
    let missing = wanted - n_lost(calls);
    let waited = |call: &Call| if 0 < missing { call.wait() } else { gave_up_after(call) };
    let mut candidates: Vec<(bool, usize)> = calls
        .iter()
        .enumerate()
        .filter(|(_, call)| call.is_plain())
        .filter_map(|(index, call)| Some((waited(call)? < PROMPT + 6, index)))
        .collect();
    rng.shuffle(&mut candidates);
    candidates.sort_by_key(|(short, _)| *short);
    let n = usize::try_from(missing.abs()).expect("not negative");
    assert!(n <= candidates.len(), "{n} calls to change, {} can be", candidates.len());
    for &(_, index) in candidates.iter().take(n) {
        let Some(call) = calls.get_mut(index) else { continue };
        if 0 < missing { give_up(call) } else { rescue(call) }
    }
}

fn gave_up_after(call: &Call) -> Option<i64> {
    let visit = call.visits.last()?;
    matches!(visit.exit, Exit::Abandoned(_)).then_some(visit.left - visit.entered)
}

/// The caller hangs up a moment before the operator picks up.
fn give_up(call: &mut Call) {
    call.passed_on = None;
    let Some(visit) = call.visits.last_mut() else { return };
    visit.left -= 1;
    visit.exit = Exit::Abandoned(1);
    if let Some(ring) = visit.rings.last_mut() {
        ring.until = visit.left.max(ring.from);
        ring.result = RingResult::Cancelled;
    }
}

/// The shift leader picks up a moment before the caller hangs up.
fn rescue(call: &mut Call) {
    let talk = call.talk;
    call.passed_on = None;
    let Some(visit) = call.visits.last_mut() else { return };
    visit.exit = Exit::Talked { until: visit.left + talk };
    leader_answers(&mut visit.rings, visit.left);
}

/// The shift leader's phone rings for the last two seconds before `at`.
fn leader_answers(rings: &mut Vec<Ring>, at: i64) {
    rings.retain(|ring| ring.until <= at - 2);
    for ring in rings.iter_mut() {
        ring.result = RingResult::NoAnswer;
    }
    rings.push(Ring {
        operator: 0,
        from: at - 2,
        until: at,
        result: RingResult::Answered,
        channel: 0,
    });
}

/// Makes exactly `wanted` answers prompt, changing those nearest to the limit.
fn answer_promptly_exactly(calls: &mut [Call], wanted: i64) {
    let missing = wanted - n_prompt(calls);
    let mut candidates: Vec<(i64, usize)> = calls
        .iter()
        .enumerate()
        .filter(|(_, c)| c.is_plain())
        .filter_map(|(index, c)| Some((c.wait()? - PROMPT, index)))
        .filter(|&(over, _)| (0 < missing) == (0 < over))
        .map(|(over, index)| (over.abs(), index))
        .collect();
    candidates.sort_unstable();
    let n = usize::try_from(missing.abs()).expect("not negative");
    assert!(n <= candidates.len(), "{n} calls to change, {} can be", candidates.len());
    for &(distance, index) in candidates.iter().take(n) {
        let Some(call) = calls.get_mut(index) else { continue };
        // Not all on the limit itself.
        let spread = i64::try_from(index % 3).expect("0 to 2");
        let shift = if 0 < missing { -distance - spread } else { distance + 1 + spread };
        answer_at_another_time(call, shift);
    }
}

/// Moves the answer by `shift` seconds: the operator picks up sooner or later, or, if that cannot
/// be, the shift leader answers.
fn answer_at_another_time(call: &mut Call, shift: i64) {
    call.passed_on = None;
    let Some(visit) = call.visits.last_mut() else { return };
    let Exit::Talked { until } = visit.exit else { return };
    visit.left += shift;
    visit.exit = Exit::Talked { until: until + shift };
    let small = shift.abs() <= 6;
    match visit.rings.last_mut() {
        Some(ring) if small && ring.from < visit.left => ring.until = visit.left,
        _ => leader_answers(&mut visit.rings, visit.left),
    }
}

/// Keeps calls that were passed on within the limit, from the first answer to the very end.
fn shorten_passed_on(plan: &Plan, calls: &mut [Call]) {
    for call in calls.iter_mut().filter(|c| 1 < c.visits.len()) {
        let Some(answered) = call.answered() else { continue };
        let over = call.ended() - answered - plan.talk_limit + 10;
        let Some(visit) = call.visits.last_mut() else { continue };
        if let (Exit::Talked { until }, 1..) = (visit.exit, over) {
            let sooner = (visit.left - visit.entered - 4).min(over);
            visit.left -= sooner;
            visit.exit = Exit::Talked { until: until - sooner };
            leader_answers(&mut visit.rings, visit.left);
        }
    }
}

/// Draws the cases that the second level takes, none in the last three days.
fn choose_escalated(calls: &[Call], days: &[Day], counts: &Counts, rng: &mut Rng) -> Vec<usize> {
    let until = days.len().checked_sub(3).and_then(|n| days.get(n)).map_or(i64::MAX, |d| d.opens);
    let mut candidates: Vec<usize> = calls
        .iter()
        .enumerate()
        .filter(|(_, c)| c.is_plain() && c.answered().is_some_and(|at| at < until))
        .map(|(index, _)| index)
        .collect();
    rng.shuffle(&mut candidates);
    candidates.truncate(usize::try_from(counts.escalated).expect("not negative"));
    candidates.sort_unstable();
    candidates
}

/// Makes exactly `wanted` first-contact conversations brief, changing those nearest to the limit.
fn talk_exactly(plan: &Plan, calls: &mut [Call], escalated: &[usize], wanted: i64) {
    let mut talks: Vec<(i64, usize)> = calls
        .iter()
        .enumerate()
        .filter(|(index, c)| c.answered().is_some() && escalated.binary_search(index).is_err())
        .map(|(index, c)| (c.talked() - plan.talk_limit, index))
        .collect();
    let brief = talks.iter().filter(|&&(over, _)| over <= 0).count();
    let missing = wanted - i64::try_from(brief).expect("calls in memory");
    talks.retain(|&(over, index)| {
        (0 < missing) == (0 < over) && calls.get(index).is_some_and(Call::is_plain)
    });
    talks.sort_unstable_by_key(|&(over, index)| (over.abs(), index));
    let n = usize::try_from(missing.abs()).expect("not negative");
    assert!(n <= talks.len(), "{n} calls to change, {} can be", talks.len());
    for &(over, index) in talks.iter().take(n) {
        let shift = if 0 < missing { -over } else { 1 - over };
        let visit = calls.get_mut(index).and_then(|c| c.visits.last_mut());
        if let Some(visit) = visit
            && let Exit::Talked { until } = visit.exit
        {
            visit.exit = Exit::Talked { until: until + shift };
        }
    }
}

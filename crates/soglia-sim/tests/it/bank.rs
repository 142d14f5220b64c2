//! The 1999 bank data: what is learned on January–April, replayed and predicted on May–June. Read
//! [`history`] first. The data are not part of this project; without them the tests say so.

use std::io::Read;
use std::path::{Path, PathBuf};

use soglia_domain::text::Text;
use soglia_sim::indicator::{CallRule, Counts};
use soglia_sim::learn::arrivals::monday;
use soglia_sim::learn::history::{History, HistoryCall, HistoryEnd};
use soglia_sim::learn::model::{Learned, Openings};
use soglia_sim::random::Key;
use soglia_sim::replay::{Ask, Causes, Comparison, Gate, Limits, Scope, replay};
use soglia_sim::replicate::replicate;
use soglia_sim::scenario::{Calls, Change, QueueChange, Scenario};
use soglia_sim::week::{Week, observed};

const SECOND_US: i64 = 1_000_000;
const MONTHS: [&str; 6] = ["january", "february", "march", "april", "may", "june"];

fn folder() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/anonymous-bank");
    if root.is_dir() {
        return Some(root);
    }
    eprintln!("skipped: {} missing", root.display());
    None
}

/// All calls of the half-year.
fn calls(folder: &Path) -> Vec<HistoryCall> {
    let mut calls = Vec::new();
    for month in MONTHS {
        let file = std::fs::File::open(folder.join(format!("{month}.txt.xz"))).expect("a month");
        let mut text = Vec::new();
        liblzma::read::XzDecoder::new(file).read_to_end(&mut text).expect("xz");
        let text = String::from_utf8_lossy(&text);
        calls.extend(text.lines().skip(1).filter_map(call));
    }
    calls
}

fn secs(time: &str) -> Option<i64> {
    let mut parts = time.split(':').map(|part| part.trim().parse::<i64>().ok());
    Some(parts.next()?? * 3600 + parts.next()?? * 60 + parts.next()??)
}

/// Days from 1970 to a date written 990131.
fn day(date: &str) -> Option<i64> {
    let number: i64 = date.trim().parse().ok()?;
    let (month, day) = (number / 100 % 100, number % 100);
    let before = [0, 31, 59, 90, 120, 151][usize::try_from(month - 1).ok()?];
    // 1999-01-01 is day 10 592.
    Some(10_592 + before + day - 1)
}

/// One row, as the mapping of the examples reads it.
fn call(line: &str) -> Option<HistoryCall> {
    let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
    let [
        _,
        _,
        customer,
        priority,
        kind,
        date,
        entry,
        exit,
        _,
        q_start,
        q_exit,
        q_time,
        outcome,
        _,
        _,
        ser_time,
        server,
    ] = fields[..]
    else {
        return None;
    };
    if outcome == "PHANTOM" {
        return None;
    }
    let arrived = day(date)? * 86_400 + secs(entry)?;
    let has_queued = q_start != "0:00:00" || q_exit != "0:00:00";
    // Times of day lie on the day nearest to the arrival.
    let near = |time: &str| {
        let at = day(date)? * 86_400 + secs(time)?;
        Some(at + (arrived - at + 43_200).div_euclid(86_400) * 86_400)
    };
    let answered = outcome == "AGENT";
    let wait = if has_queued { q_time.parse::<i64>().ok()?.max(0) } else { 0 };
    let end = match (answered, has_queued) {
        (true, _) => HistoryEnd::Answered {
            talk_us: ser_time.parse::<i64>().ok()?.max(0) * SECOND_US,
            wrap_us: None,
        },
        (false, true) => HistoryEnd::Abandoned,
        (false, false) => HistoryEnd::BeforeQueue,
    };
    let known = !customer.contains('E') && customer != "0";
    let group = match (server, kind) {
        ("NO_SERVER", _) => None,
        (_, "IN") => Some("internet".to_owned()),
        _ => Some("desk".to_owned()),
    };
    Some(HistoryCall {
        at_us: if has_queued { near(q_start)? } else { near(exit)? } * SECOND_US,
        queue: (end != HistoryEnd::BeforeQueue).then(|| "bank".to_owned()),
        topic: Some(kind.to_owned()),
        class: Some(if priority == "2" { "2" } else { "1" }.to_owned()),
        system: None,
        group,
        caller: known.then(|| customer.to_owned()),
        wait_us: wait * SECOND_US,
        rang_us: 0,
        end,
    })
}

/// What the documentation says of the present: customers of class 2 go in front by 90 s.
fn base() -> Scenario {
    let name = Text { it: "la banca".to_owned(), en: None };
    let mut base = Scenario::nothing("bank", name);
    let queue = |name: &str, takes: Calls, head_start_secs: i64| {
        Change::Queue(QueueChange {
            name: name.to_owned(),
            takes: Some(takes),
            served_by: Vec::new(),
            head_start_us: Some(head_start_secs * SECOND_US),
            capacity: None,
            overflow: None,
        })
    };
    let topic = |topic: &str| Calls { topic: Some(topic.to_owned()), ..Calls::default() };
    let second =
        Calls { queue: Some("bank".to_owned()), classes: vec!["2".to_owned()], ..Calls::default() };
    base.changes = vec![
        queue("internet", topic("IN"), 0),
        queue("returned", topic("TT"), 600),
        queue("first", second, 90),
    ];
    base
}

fn rules() -> (CallRule, CallRule) {
    use soglia_domain::rule::{
        AnsweredWithin, Boundary, CallPopulation, Denominator, EarlyAbandon, EndedBy, Limit, Lost,
        Rule, WaitStart, WaitStop,
    };
    let population = CallPopulation::default();
    let within = Rule::AnsweredWithin(AnsweredWithin {
        population,
        wait_start: WaitStart::QueueEntry,
        wait_stop: WaitStop::AgentAnswer,
        limit: Limit {
            span: soglia_domain::time::Millis::from_secs(20),
            boundary: Boundary::Inclusive,
        },
        denominator: Denominator::Offered,
        early_abandon: EarlyAbandon::CountInDenominator,
    });
    let lost = Rule::Lost(Lost {
        population,
        ended_by: EndedBy::Both,
        short_abandon_in_denominator: false,
    });
    (CallRule::of(&within).expect("K1"), CallRule::of(&lost).expect("K3"))
}

/// What the page on validation prints: weeks, topics, hours of the day, causes.
fn print(gate: &Gate, learned: &Learned) {
    let line = |name: &str, n: u64, observed: f64, replayed: f64| {
        let (observed, replayed) = (observed * 100.0, replayed * 100.0);
        let off = replayed - observed;
        println!("| {name} | {n} | {observed:.2} | {replayed:.2} | {off:+.2} |");
    };
    let mut sums: std::collections::BTreeMap<String, (u64, f64, f64)> =
        std::collections::BTreeMap::new();
    for c in &gate.comparisons {
        let name = match c.scope {
            Scope::Week => {
                line(&format!("week {}", c.monday), c.n, c.observed, c.replayed);
                "all weeks".to_owned()
            }
            Scope::Lost => {
                line(&format!("lost {}", c.monday), c.n, c.observed, c.replayed);
                "all lost".to_owned()
            }
            Scope::Type(kind) => format!("topic {}", learned.topic_name(kind)),
            Scope::Day(day) => format!("weekday {day}"),
            Scope::Hour(_, hour) => format!("hour {hour:02}"),
            Scope::Group(group) => format!("group {}", learned.history.groups[group]),
        };
        let sum = sums.entry(name).or_default();
        sum.0 += c.n;
        sum.1 += c.observed * c.n as f64;
        sum.2 += c.replayed * c.n as f64;
    }
    for (name, (n, observed, replayed)) in sums {
        line(&name, n, observed / n as f64, replayed / n as f64);
    }
    println!("mean difference of hours {:.4}", gate.miss);
    for cause in gate.causes.iter().take(8) {
        println!("{:?} {:.4} {:+.4}", cause.what, cause.miss, cause.difference);
    }
    for scope in ["Week", "Type", "Day", "Hour", "Lost", "Group"] {
        let of = |c: &&Comparison| format!("{:?}", c.scope).starts_with(scope);
        let judged = gate.comparisons.iter().filter(of).filter(|c| c.limit.is_some());
        let outside = judged.clone().filter(|c| c.outside()).count();
        println!("{scope}: {outside} of {} outside", judged.count());
    }
}

/// First days of May and of July 1999, from 1970.
const MAY: i64 = 10_592 + 120;
const JULY: i64 = 10_592 + 181;

/// What January–April teach, and the whole half-year with only the operators of May–June.
fn learned(folder: &Path) -> (Learned, Learned, Scenario) {
    let mut calls = calls(folder);
    let base = base().split(&mut calls);
    let history = History::new(&calls, 3600 * SECOND_US).expect("calls");
    assert_eq!((history.calls.len(), history.n_before_queue), (199_939, 11_359));
    let days = history.days();
    let openings = Openings::always((days.0, days.1 + 7));
    let past = Learned::new(history.between(days.0, MAY), openings.clone(), None);
    let mut now = Learned::new(history, openings, None);
    now.handling = past.handling.clone();
    now.patience = past.patience.clone();
    now.redial.clone_from(&past.redial);
    now.arrivals = past.arrivals.clone();
    now.rang_us = past.rang_us;
    (past, now, base)
}

/// The whole weeks of May and June.
fn mondays() -> Vec<i64> {
    (0..9).map(|week| monday(MAY + 6) + 7 * week).take_while(|monday| monday + 7 <= JULY).collect()
}

/// Replayed with operators read from the events: not calibrated, and near enough to be of use. What
/// the figures are and why they differ is told in `docs/validation.md`.
#[test]
fn weeks_of_may_and_june_are_replayed() {
    let Some(folder) = folder() else { return };
    let (past, now, base) = learned(&folder);
    assert!((0.35..0.5).contains(&past.redial_share()));
    let (mondays, (level, lost)) = (mondays(), rules());
    let ask = Ask {
        learned: &now,
        mondays: &mondays,
        base: &base,
        level,
        lost,
        limits: Limits::default(),
        causes: Causes::Try,
        seed: 1,
        threads: 2,
    };
    let gate = replay(&ask).expect("a replay");
    print(&gate, &now);
    assert!(!gate.calibrated() && !gate.causes.is_empty());
    assert!(gate.miss < 0.06, "hours differ by {} on average", gate.miss);
    for c in &gate.comparisons {
        match c.scope {
            Scope::Week => assert!(c.difference().abs() < 0.05, "{c:?}"),
            Scope::Lost => assert!(c.difference().abs() < 0.025, "{c:?}"),
            _ => {}
        }
    }
    let hours: Vec<f64> = gate
        .comparisons
        .iter()
        .filter(|c| matches!(c.scope, Scope::Hour(..)) && c.limit.is_some())
        .map(|c| c.difference().abs())
        .collect();
    let within = hours.iter().filter(|off| **off <= 0.05).count();
    println!("{within} of {} hours with 100 calls within 5 points", hours.len());
}

/// Service level, calls lost and calls of weeks drawn with somebody's operators.
fn drawn(learned: &Learned, base: &Scenario, of: &[i64], n: u32) -> Vec<(f64, f64, f64)> {
    let (level, lost) = rules();
    replicate(0, n, 2, |n| {
        let monday = of[usize::try_from(n).expect("small") % of.len()];
        let week = Week::drawn(learned, monday, Key::new(3).split(u64::from(n)));
        let week = base.apply(&week, learned, 0).expect("a week");
        let fates = week.run().expect("a run").fates;
        let (mut within, mut gone) = (Counts::default(), Counts::default());
        for fate in &fates {
            within.add(level.count(fate));
            gone.add(lost.count(fate));
        }
        let share = |counts: Counts| counts.share().expect("calls");
        (share(within), share(gone), gone.den as f64)
    })
}

fn band(values: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let at =
        |place: f64| values[soglia_sim::num::floor_usize(place * (values.len() - 1) as f64 + 0.5)];
    (mean, at(0.025), at(0.975))
}

/// Weeks drawn from January–April, against those of May–June: with the operators of March and
/// April, and with those of the weeks themselves.
#[test]
fn may_and_june_are_predicted() {
    let Some(folder) = folder() else { return };
    let (past, now, base) = learned(&folder);
    let (level, lost) = rules();
    let before: Vec<i64> = (1..=8).map(|week| monday(MAY) - 7 * week).collect();
    let predicted = drawn(&past, &base, &before, 80);
    let (mean, low, high) = band(predicted.iter().map(|week| week.0));
    let volume = band(predicted.iter().map(|week| week.2));
    println!("predicted {mean:.4} [{low:.4}, {high:.4}], calls {volume:?}");
    println!("lost {:?}", band(predicted.iter().map(|week| week.1)));
    let (mut inside, mut off) = (0, 0.0);
    let mondays = mondays();
    for &monday in &mondays {
        let (mut seen, mut gone) = (Counts::default(), Counts::default());
        for fate in observed(&now, monday) {
            seen.add(level.count(&fate));
            gone.add(lost.count(&fate));
        }
        let own = drawn(&now, &base, &[monday], 10);
        let (own_mean, own_low, own_high) = band(own.iter().map(|week| week.0));
        let share = seen.share().expect("calls");
        inside += u32::from(low <= share && share <= high);
        off += (own_mean - share).abs() / mondays.len() as f64;
        println!(
            "{monday} calls {} observed {share:.4} lost {:.4}; own operators {own_mean:.4} \
             [{own_low:.4}, {own_high:.4}]",
            seen.den,
            gone.share().expect("calls"),
        );
    }
    println!("{inside} of {} weeks inside the band; off by {off:.4}", mondays.len());
    assert!(mean.is_finite() && 0.0 < low && high < 1.0);
}

//! Histories whose truth is known: weeks that the simulator made, told as a platform would record
//! them. Read [`Made`] first.

use soglia_domain::calendar::Slot;
use soglia_domain::ratio::Ratio;
use soglia_domain::rule::{
    AnsweredWithin, Boundary, CallPopulation, Denominator, EarlyAbandon, EndedBy, Limit, Lost,
    Rule, WaitStart, WaitStop,
};
use soglia_domain::text::Text;
use soglia_domain::time::Millis;
use soglia_domain::verdict::{Bound, Compare, Target, TargetDirection};
use soglia_sim::centre::{CallType, Centre, Group, Operator, Queue, Redial, Route, Service, Span};
use soglia_sim::distribution::Distribution;
use soglia_sim::engine::{End, Outcome, Plan, Run};
use soglia_sim::indicator::{CallRule, Counts, Fate};
use soglia_sim::learn::history::{History, HistoryCall, HistoryEnd};
use soglia_sim::learn::model::{Learned, Openings};
use soglia_sim::learn::presence::{Presence, PresenceSource};
use soglia_sim::random::Key;
use soglia_sim::replay::{Ask, Causes, Limits, Scope, replay};
use soglia_sim::replicate::{Estimate, Precision, replicate};
use soglia_sim::scenario::{Calls, Change, Scenario, StaffChange};
use soglia_sim::table::{Call, CallTable, Demand, KnownRedials};
use soglia_sim::week::{Mark, Week, observed};
use soglia_sim::whatif::{Indicator, Question, Source, answer, answer_after, rehearse};

const HOUR: i64 = 3600;
const DAY_US: i64 = 86_400_000_000;
const WEEK_US: i64 = 7 * DAY_US;
/// A Monday, as a local day: 2023-07-03.
pub const MONDAY: i64 = 19_541;
/// In the order in which the learner numbers them.
const QUEUES: [&str; 3] = ["a prescriptions", "b bookings", "c information"];

/// A centre and weeks that were played with it.
pub struct Made {
    /// The centre of one week.
    pub centre: Centre,
    /// The calls of each week.
    pub tables: Vec<CallTable>,
    /// What became of them.
    pub runs: Vec<Run>,
}

/// Which rules the centre follows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Callers {
    /// Those who give up do not call again.
    Once,
    /// Some do.
    Again,
}

/// How large a centre is.
#[derive(Clone, Copy)]
pub struct Size {
    /// Operators.
    pub n_operators: i64,
    /// Calls, as a multiple of those of the small centre.
    pub calls: f64,
}

/// About 8 000 calls a week.
pub const SMALL: Size = Size { n_operators: 18, calls: 1.0 };
/// About 22 000, as many as a large booking centre has.
pub const LARGE: Size = Size { n_operators: 51, calls: 2.7 };

/// Three queues, three groups with skills both ways, shifts with breaks.
pub fn centre(callers: Callers, size: Size) -> Centre {
    let open: Vec<Span> =
        (0..5).map(|d| Span::of_secs((d * 24 + 8) * HOUR, (d * 24 + 18) * HOUR)).collect();
    let kind = |queue: usize, talk_secs: f64, patience_secs: f64| {
        let talk = Distribution::LogNormal { mean_secs: talk_secs, cv: 0.8 };
        let patience = Distribution::Exponential { mean_secs: patience_secs };
        CallType::plain(QUEUES[queue], queue, talk, patience)
    };
    let skills: [&[usize]; 3] = [&[0, 1], &[1], &[2, 1]];
    let serving = |q: usize| (0..3).filter(move |g| skills[*g].contains(&q));
    let mut centre = Centre {
        until_us: WEEK_US,
        types: vec![kind(0, 240.0, 150.0), kind(1, 280.0, 200.0), kind(2, 150.0, 120.0)],
        queues: (0..3)
            .map(|q| {
                let routes = serving(q).map(|g| Route::to(g, 0)).collect();
                Queue::plain(QUEUES[q], open.clone(), routes)
            })
            .collect(),
        groups: (0..3)
            .map(|g| Group {
                name: ["desk a", "desk b", "desk c"][g].to_owned(),
                serves: skills[g].iter().map(|&queue| Service { queue, tier: 0 }).collect(),
            })
            .collect(),
        operators: (0..size.n_operators).map(operator).collect(),
    };
    if callers == Callers::Again {
        for kind in &mut centre.types {
            let after = Distribution::Exponential { mean_secs: 400.0 };
            kind.redial = Some(Redial { share: 0.5, after, attempts_max: 6 });
        }
    }
    centre
}

fn operator(n: i64) -> Operator {
    let presence = (0..5).flat_map(|day| {
        let start = day * 24 * HOUR + 8 * HOUR + (n % 4) * 1800;
        let pause = start + 3 * HOUR + (n % 5) * 900;
        [Span::of_secs(start, pause), Span::of_secs(pause + 1800, start + 8 * HOUR)]
    });
    Operator {
        group: [0, 0, 1, 1, 1, 2][usize::try_from(n % 6).expect("small")],
        presence: presence.collect(),
    }
}

/// Plays weeks of the small centre.
pub fn make(callers: Callers, weeks: u32, seed: u64) -> Made {
    make_sized(callers, SMALL, weeks, seed)
}

/// Plays weeks.
pub fn make_sized(callers: Callers, size: Size, weeks: u32, seed: u64) -> Made {
    let centre = centre(callers, size);
    let mut calls = vec![vec![0.0; 672]; 3];
    for (day, of_day) in [1.25, 1.0, 0.95, 0.95, 0.85].into_iter().enumerate() {
        for (hour, share) in
            [1.5, 1.35, 1.2, 1.05, 0.85, 0.75, 0.9, 0.9, 0.8, 0.7].iter().enumerate()
        {
            for (kind, per_quarter) in [7.0, 23.0, 12.0].into_iter().enumerate() {
                let from = day * 96 + (8 + hour) * 4;
                calls[kind][from..from + 4].fill(per_quarter * of_day * share * size.calls);
            }
        }
    }
    let demand = Demand { interval_us: 900_000_000, calls, day_us: DAY_US, day_spread: 0.06 };
    let plan = Plan::new(&centre).expect("a centre");
    let tables: Vec<CallTable> = (0..weeks)
        .map(|week| demand.generate(&centre.types, Key::new(seed).split(u64::from(week))))
        .collect();
    let runs = tables.iter().map(|table| plan.run(table)).collect();
    Made { centre, tables, runs }
}

impl Made {
    /// The weeks as a platform would record them: what nobody sees is missing.
    pub fn recorded(&self) -> Vec<HistoryCall> {
        let mut recorded = Vec::new();
        for ((table, run), week) in self.tables.iter().zip(&self.runs).zip(0..) {
            let origin_us = (MONDAY + 7 * week) * DAY_US;
            recorded.extend(
                run.all(table)
                    .filter(|(_, o)| o.end != End::OutOfHours)
                    .map(|(call, outcome)| self.record(call, outcome, origin_us)),
            );
        }
        recorded
    }

    fn record(&self, call: &Call, outcome: &Outcome, origin_us: i64) -> HistoryCall {
        let group = outcome.operator.map(|o| self.centre.operators[o as usize].group);
        HistoryCall {
            at_us: origin_us + call.at_us,
            queue: Some(QUEUES[usize::from(call.kind)].to_owned()),
            topic: None,
            class: None,
            system: None,
            group: group.map(|g| self.centre.groups[g].name.clone()),
            caller: Some(format!("{origin_us}-{}", call.root)),
            wait_us: outcome.wait_us,
            rang_us: 0,
            end: match outcome.end {
                End::Answered => {
                    HistoryEnd::Answered { talk_us: call.talk_us, wrap_us: Some(call.wrap_us) }
                }
                End::Abandoned => HistoryEnd::Abandoned,
                _ => HistoryEnd::Released,
            },
        }
    }

    /// What is learned from the weeks; with the roster where there is one.
    pub fn learned(&self, roster: Option<Presence>) -> Learned {
        let history = History::new(&self.recorded(), HOUR * 3_000_000).expect("calls");
        let weeks = i64::try_from(self.tables.len()).expect("few");
        Learned::new(history, opened(weeks), roster)
    }

    /// Everybody's hours as a roster.
    pub fn roster(&self) -> Presence {
        let week = |monday: i64| (monday, self.centre.operators.clone());
        Presence {
            first_day: MONDAY,
            levels: vec![Vec::new(); self.centre.groups.len()],
            seats: Vec::new(),
            rosters: self.mondays().into_iter().map(week).collect(),
            source: PresenceSource::Given,
        }
    }

    /// The weeks' Mondays.
    pub fn mondays(&self) -> Vec<i64> {
        (0..).map(|week| MONDAY + 7 * week).take(self.tables.len()).collect()
    }
}

/// Open from Monday to Friday, 8 to 18.
fn opened(weeks: i64) -> Openings {
    let slot = soglia_domain::calendar::Slot::parse("08:00-18:00").expect("a slot");
    let spans = |day: i64| if (day - MONDAY) % 7 < 5 { vec![slot] } else { Vec::new() };
    Openings::from_slots(MONDAY, (MONDAY..MONDAY + 7 * weeks).map(spans))
}

/// 20 seconds, of offered; and calls lost.
pub fn rules() -> (CallRule, CallRule) {
    let population = CallPopulation::default();
    let within = Rule::AnsweredWithin(AnsweredWithin {
        population,
        wait_start: WaitStart::QueueEntry,
        wait_stop: WaitStop::AgentAnswer,
        limit: Limit { span: Millis::from_secs(20), boundary: Boundary::Inclusive },
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

/// What is asked of a replay.
pub fn ask<'a>(learned: &'a Learned, mondays: &'a [i64], base: &'a Scenario) -> Ask<'a> {
    let (level, lost) = rules();
    Ask {
        learned,
        mondays,
        base,
        level,
        lost,
        limits: Limits::default(),
        causes: Causes::Leave,
        seed: 7,
        threads: 2,
    }
}

/// Nothing changes.
pub fn nothing() -> Scenario {
    Scenario::nothing("base", Text { it: "oggi".to_owned(), en: None })
}

/// What is asked of a scenario.
fn question<'a>(
    learned: &'a Learned,
    mondays: &'a [i64],
    base: &'a Scenario,
    scenarios: &'a [Scenario],
    indicators: &'a [Indicator],
) -> Question<'a> {
    Question {
        learned,
        mondays,
        base,
        scenarios,
        indicators,
        source: Source::Recorded,
        precision: Precision { half_width: 0.001, n_batch: 12, n_max: 12, level: 0.95 },
        seed: 5,
        threads: 2,
    }
}

fn indicators() -> Vec<Indicator> {
    let (level, lost) = rules();
    let share = |num: u64| Bound::Share(Ratio::new(num, 100).expect("a share"));
    let indicator = |code: &str, rule: CallRule, direction: TargetDirection, num: u64| Indicator {
        code: code.to_owned(),
        name: Text { it: code.to_owned(), en: None },
        rule,
        target: Target { direction, inclusive: true, bound: share(num) },
        compare: Compare::Exact,
        weeks: 4,
    };
    vec![
        indicator("K1", level, TargetDirection::AtLeast, 80),
        indicator("K3", lost, TargetDirection::AtMost, 5),
    ]
}

/// Changes of several kinds, one for each number.
fn change(n: u64) -> Scenario {
    let mut scenario = nothing();
    let noon = Span::of_secs(9 * HOUR, 13 * HOUR);
    let staff = |more: i32| Change::Operators {
        group: "desk b".to_owned(),
        days: Some([true; 7]),
        between: Some(noon),
        staff: StaffChange::Plus(more),
        serves: Vec::new(),
    };
    let information = Calls { queue: Some("c information".to_owned()), ..Calls::default() };
    scenario.changes = vec![match n % 5 {
        0 => Change::CrossTrain {
            group: "desk c".to_owned(),
            n: 2,
            learn: vec![("b bookings".to_owned(), 1)],
        },
        1 => staff(2),
        2 => Change::Contain { of: information, share: 0.4 },
        3 => Change::Handling {
            of: Calls::default(),
            system: None,
            times: 0.95,
            wrap_us: 0,
            rang_us: 0,
        },
        _ => Change::Prefer {
            queue: "a prescriptions".to_owned(),
            group: "desk b".to_owned(),
            tier: 1,
        },
    }];
    scenario
}

/// The same change made to the weeks as they truly were, with what nobody saw.
fn truth(made: &Made, learned: &Learned, scenario: &Scenario, rule: &CallRule) -> f64 {
    let mut counts = Counts::default();
    for (table, monday) in made.tables.iter().zip(made.mondays()) {
        let recorded = Week::recorded(learned, monday, &learned.patience, table.key);
        let mark = Mark { rang_us: 0, system: None };
        let week = Week {
            centre: Centre { operators: Vec::new(), ..made.centre.clone() },
            marks: vec![mark; table.calls.len()],
            table: table.clone(),
            known: KnownRedials::default(),
            again: Vec::new(),
            ..recorded
        };
        let week = scenario.apply(&week, learned, 0).expect("a week");
        for fate in week.run().expect("a run").fates {
            counts.add(rule.count(&fate));
        }
    }
    counts.share().expect("calls")
}

/// The difference of the first indicator as answered, and as it truly would have been.
fn answered_and_true(made: &Made, scenario: Scenario, n_max: u32) -> (Estimate, f64) {
    let indicators = indicators();
    let learned = made.learned(Some(made.roster()));
    let (mondays, base, scenarios) = (made.mondays(), nothing(), [scenario]);
    let mut question = question(&learned, &mondays, &base, &scenarios, &indicators);
    question.precision.n_batch = n_max;
    question.precision.n_max = n_max;
    let answers = answer(&question, &mut |_, _| ()).expect("an answer");
    let rule = &indicators[0].rule;
    let after = truth(made, &learned, &scenarios[0], rule);
    let before = truth(made, &learned, &base, rule);
    (answers.scenarios[0].differences[0].total.expect("calls"), after - before)
}

/// A hundred weeks, each changed in one of five ways: answers beside the truth.
struct Hundred {
    /// Truths that lie in the interval.
    n_inside: usize,
    /// Answers within half a point of the truth.
    n_near: usize,
    /// The mean size of the changes.
    size: f64,
    /// The mean distance from the truth.
    off: f64,
    /// The mean difference from the truth.
    bias: f64,
}

fn hundred(size: Size, seed: u64) -> Hundred {
    let found = replicate(0, 100, 2, |n| {
        let n = u64::from(n);
        answered_and_true(&make_sized(Callers::Again, size, 1, seed + n), change(n), 8)
    });
    let count = |of: &dyn Fn(&(Estimate, f64)) -> bool| found.iter().filter(|one| of(one)).count();
    let mean = |of: &dyn Fn(&(Estimate, f64)) -> f64| found.iter().map(of).sum::<f64>() / 100.0;
    let hundred = Hundred {
        n_inside: count(&|(answer, truth)| answer.holds(*truth)),
        n_near: count(&|(answer, truth)| (answer.mean - truth).abs() < 0.005),
        size: mean(&|(_, truth)| truth.abs()),
        off: mean(&|(answer, truth)| (answer.mean - truth).abs()),
        bias: mean(&|(answer, truth)| answer.mean - truth),
    };
    let Hundred { n_inside, n_near, size, off, bias } = hundred;
    println!(
        "{n_inside} of 100 inside, {n_near} within half a point; changes of {size:.5}, off by \
         {off:.5}, bias {bias:+.5}"
    );
    assert!(90 <= n_inside, "{n_inside} of 100 truths lie in their intervals");
    assert!(0.01 < size, "the changes are worth asking for: {size}");
    hundred
}

/// The truth lies in the interval at least ninety times, and answers are not biased.
#[test]
fn the_truth_of_a_change_lies_in_the_interval() {
    let found = hundred(SMALL, 1000);
    assert!(found.off < 0.005 && found.bias.abs() < 0.001, "{} {}", found.off, found.bias);
}

/// Weeks with as many calls as a large booking centre has are answered within half a point. What
/// nobody saw of them is chance, and once in a while it is more.
#[test]
fn large_weeks_answer_within_half_a_point() {
    let found = hundred(LARGE, 5000);
    assert!(found.off < 0.002 && found.bias.abs() < 0.0005, "{} {}", found.off, found.bias);
    assert!(97 <= found.n_near, "{} of 100 answers are within half a point", found.n_near);
}

/// Four weeks: each kind of change is answered within half a point.
#[test]
fn four_weeks_answer_within_half_a_point() {
    let made = make(Callers::Again, 4, 77);
    for n in 0..5 {
        let (answer, truth) = answered_and_true(&made, change(n), 16);
        let off = answer.mean - truth;
        println!("change {n}: {:+.4} for {truth:+.4} ± {:.4}", answer.mean, answer.half_width);
        assert!(off.abs() < 0.005, "change {n} is off by {off}");
    }
}

/// The same bits on any number of threads.
#[test]
fn threads_do_not_change_answers() {
    let made = make(Callers::Again, 2, 78);
    let learned = made.learned(None);
    let (mondays, base, indicators) = (made.mondays(), nothing(), indicators());
    let scenarios = [change(0), change(2)];
    let ask = |threads: usize| {
        let question = question(&learned, &mondays, &base, &scenarios, &indicators);
        answer(&Question { threads, ..question }, &mut |_, _| ()).expect("an answer")
    };
    let one = ask(1);
    assert_eq!(one, ask(3));
    let asked = question(&learned, &mondays, &base, &scenarios, &indicators);
    for n in [3, 40] {
        let rehearsal = rehearse(&asked, n).expect("a present");
        let after = answer_after(&rehearsal, &asked, &mut |_, _| ()).expect("an answer");
        assert_eq!(after, one, "a rehearsal of {n} weeks changes nothing");
    }
    assert_eq!(one.scenarios.len(), 2);
    let drawn = Question {
        source: Source::Drawn,
        ..question(&learned, &mondays, &base, &scenarios, &indicators)
    };
    let drawn = answer(&drawn, &mut |_, _| ()).expect("an answer");
    assert!(drawn.weeks_needed.is_some_and(|n| 12 < n));
    assert_eq!((drawn.observed, one.likeness), (one.observed.clone(), None));
    let likeness = drawn.likeness.expect("drawn weeks are held against those observed");
    assert!(likeness.holds() && likeness.of_weeks == 2 && 8 <= likeness.of_days, "{likeness:?}");
}

/// No more weeks than were asked for, each of them equally often, and two of each at least.
#[test]
fn weeks_are_played_at_most_as_often_as_asked() {
    let made = make(Callers::Again, 4, 78);
    let learned = made.learned(None);
    let (mondays, base, indicators) = (made.mondays(), nothing(), indicators());
    let scenarios = [change(0)];
    for (source, n_max, n_weeks) in [
        (Source::Recorded, 1, 8),
        (Source::Recorded, 18, 16),
        (Source::Recorded, 20, 20),
        (Source::Drawn, 1, 2),
        (Source::Drawn, 14, 14),
    ] {
        let mut asked = question(&learned, &mondays, &base, &scenarios, &indicators);
        asked.source = source;
        asked.precision.n_max = n_max;
        asked.precision.half_width = 1e-9;
        let answers = answer(&asked, &mut |_, _| ()).expect("an answer");
        assert_eq!(answers.n_weeks, n_weeks, "{source:?}, at most {n_max}");
    }
}

/// Where nobody calls any more there is no figure and no difference, and no number of weeks that
/// would make it sure.
#[test]
fn nothing_to_count_is_no_figure() {
    let made = make(Callers::Again, 2, 78);
    let learned = made.learned(None);
    let (mondays, base, indicators) = (made.mondays(), nothing(), indicators());
    let gone = |of: Calls| {
        let changes = vec![Change::Demand { of, times: 0.0 }];
        Scenario { changes, ..nothing() }
    };
    let queue = learned.queues[0].clone();
    let one = Calls { queue: Some(queue), ..Calls::default() };
    let scenarios = [gone(Calls::default()), gone(one)];
    let asked = question(&learned, &mondays, &base, &scenarios, &indicators);
    let answers = answer(&asked, &mut |_, _| ()).expect("an answer");
    let all = &answers.scenarios[0];
    assert_eq!(all.figures.indicators[0].estimate, None);
    assert_eq!((all.differences[0].total, all.differences[0].fixed_mix), (None, None));
    assert!(all.differences[0].topics.iter().all(Option::is_none));
    let some = &answers.scenarios[1].differences[0];
    let gone = some.topics.iter().filter(|topic| topic.is_none()).count();
    assert!(0 < gone && gone < some.topics.len() && some.fixed_mix.is_some(), "{some:?}");
    // The widest interval is that of the difference that there is.
    assert!(answers.weeks_needed.is_none_or(|n| n < 1_000_000), "{:?}", answers.weeks_needed);
}

/// Operators who come without hours are there while their queues are open, and are as busy as that
/// makes them.
#[test]
fn operators_without_hours_come_while_it_is_open() {
    let made = make(Callers::Again, 2, 78);
    let learned = made.learned(None);
    let (mondays, base, indicators) = (made.mondays(), nothing(), indicators());
    let plus = |group: &str| {
        let change = Change::Operators {
            group: group.to_owned(),
            days: None,
            between: None,
            staff: StaffChange::Plus(1),
            serves: Vec::new(),
        };
        Scenario { changes: vec![change], ..nothing() }
    };
    let scenarios = [plus("desk b")];
    let asked = question(&learned, &mondays, &base, &scenarios, &indicators);
    let answers = answer(&asked, &mut |_, _| ()).expect("an answer");
    let open = learned.openings.week(mondays[0]);
    let open_hours = open.iter().map(|span| span.length_us() as f64 / 3.6e9).sum::<f64>();
    let more = answers.scenarios[0].figures.operator_hours - answers.base.operator_hours;
    assert!((more - open_hours).abs() < 1.0 && open_hours < 100.0, "{more} for {open_hours}");
}

/// Where every queue opens later, nobody is at work before.
#[test]
fn operators_are_not_at_work_while_everything_is_closed() {
    let made = make(Callers::Again, 2, 78);
    let learned = made.learned(None);
    let (mondays, base, indicators) = (made.mondays(), nothing(), indicators());
    let noon = Slot::new(12 * 60, 14 * 60).expect("hours");
    let late = Change::Hours {
        queues: Vec::new(),
        weekly: std::array::from_fn(|_| Some(vec![noon])),
        moves: Vec::new(),
    };
    let scenarios = [Scenario { changes: vec![late], ..nothing() }];
    let asked = question(&learned, &mondays, &base, &scenarios, &indicators);
    let answers = answer(&asked, &mut |_, _| ()).expect("an answer");
    let open = learned.openings.week(mondays[0]);
    let hours = |from: i64, until: i64| {
        let mut sum = 0.0;
        for span in &open {
            let day = span.from_us.div_euclid(86_400_000_000) * 86_400_000_000;
            let (from, until) = (day + from * HOUR * 1_000_000, day + until * HOUR * 1_000_000);
            sum += (span.until_us.min(until) - span.from_us.max(from)).max(0) as f64 / 3.6e9;
        }
        sum
    };
    let share = hours(12, 14) / hours(0, 24);
    let found = answers.scenarios[0].figures.operator_hours / answers.base.operator_hours;
    assert!(found < 2.0 * share && share < 0.4, "{found} of the hours for {share} of them open");
}

/// With the roster known, a recorded week replays to the microsecond, redials included.
#[test]
fn a_history_replays_exactly() {
    for callers in [Callers::Once, Callers::Again] {
        let made = make(callers, 4, 11);
        let learned = made.learned(Some(made.roster()));
        let (mondays, base) = (made.mondays(), nothing());
        let ask = ask(&learned, &mondays, &base);
        let gate = replay(&ask).expect("a replay");
        let off = gate.comparisons.iter().map(|c| c.difference().abs()).fold(0.0, f64::max);
        assert!(off <= 0.0, "the largest difference is {off}");
        assert!(gate.calibrated() && 4 * 3 < gate.judged());
        if callers == Callers::Again {
            let share = learned.redial_share();
            assert!((share - 0.5).abs() < 0.03, "{share} of those not served called again");
        }
    }
}

/// A telephone that rings keeps the operator, and is the end of the caller's wait, not the
/// beginning of the conversation.
#[test]
fn a_ring_is_no_conversation() {
    const RING_US: i64 = 3_000_000;
    let made = make(Callers::Once, 1, 13);
    let mut recorded = made.recorded();
    for call in &mut recorded {
        if let HistoryEnd::Answered { talk_us, .. } = &mut call.end
            && RING_US < *talk_us
        {
            *talk_us -= RING_US;
            call.wait_us += RING_US;
            call.rang_us = RING_US;
        }
    }
    let history = History::new(&recorded, HOUR * 3_000_000).expect("calls");
    let learned = Learned::new(history, opened(1), Some(made.roster()));
    let week = Week::recorded(&learned, MONDAY, &learned.patience, Key::new(1));
    let played = week.run().expect("a run").fates;
    let talks = |fates: &[Fate]| {
        let told = |fate: &Fate| (fate.at_us, fate.wait_us, fate.rang_us, fate.talk_us);
        let mut talks: Vec<_> = fates.iter().map(told).collect();
        talks.sort_unstable();
        talks
    };
    assert_eq!(talks(&played), talks(&observed(&learned, MONDAY)));
}

/// Without a roster the operators are read from the events: near enough for a first answer, and the
/// gate says where not.
#[test]
fn operators_are_read_from_the_events() {
    let made = make(Callers::Again, 4, 12);
    let learned = made.learned(None);
    let (mondays, base) = (made.mondays(), nothing());
    let gate = replay(&ask(&learned, &mondays, &base)).expect("a replay");
    for c in &gate.comparisons {
        if c.scope == Scope::Week {
            assert!(c.difference().abs() < 0.03, "{c:?}");
        }
    }
    let planned: i64 =
        made.centre.operators.iter().flat_map(|o| &o.presence).map(|s| s.length_us()).sum();
    let seen: f64 = learned.presence.levels.iter().flatten().sum::<f64>() * 300e6 / 4.0;
    let ratio = seen / planned as f64;
    assert!((0.9..1.1).contains(&ratio), "{ratio} of the hours were seen");
}

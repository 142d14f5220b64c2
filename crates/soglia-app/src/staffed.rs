//! Shifts for a service's forecast. Read [`staff`] first.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::{Date, Time};
use serde_json::{Value, json};
use soglia_domain::contract::Service;
use soglia_sim::centre::Patience;
use soglia_sim::distribution::Distribution;
use soglia_sim::forecast::band::Spread;
use soglia_sim::forecast::{ForecastError, Method, forecast_with};
use soglia_sim::staffing::cover::Cover;
use soglia_sim::staffing::plan::{Callers, Effort, Goal, Judgement, Staffed, plan};
use soglia_sim::staffing::roster::{Roster, Shift, roster};
use soglia_sim::staffing::rules::{Pattern, Pause, Pay, Rules};
use soglia_sim::staffing::{StaffingError, Work, WorkDay, time_of};
use soglia_sim::tally::sum;

use crate::demand::{Demand, INTERVAL_MINS};

/// What is asked.
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    /// The first day.
    pub first: Date,
    /// So many days, closed ones among them.
    pub n_days: u32,
    /// How many present, in time.
    pub goal: Goal,
    /// Mean patience of callers, in seconds.
    pub patience_secs: f64,
    /// Mean handling time in seconds, instead of the recorded one.
    pub handling_secs: Option<f64>,
    /// How much is simulated.
    pub effort: Effort,
}

/// Shifts and what they stand on.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// The days and the calls expected.
    pub work: Work,
    /// What callers are like.
    pub callers: Callers,
    /// The shifts.
    pub staffed: Staffed,
    /// The shifts handed to positions.
    pub roster: Roster,
}

/// Why there are no shifts.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// The calls could not be forecast.
    #[error(transparent)]
    Forecast(#[from] ForecastError),
    /// The shifts could not be planned.
    #[error(transparent)]
    Staffing(#[from] StaffingError),
    /// The service is closed on all days.
    #[error("the service is closed on all the days asked for")]
    Closed,
    /// Nobody knows how long calls take.
    #[error("no answered call of the last four weeks tells how long calls take")]
    NoHandling,
}

/// What was asked, with what it stands on.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// The question.
    pub question: &'a Question,
    /// What the service's calls are like.
    pub demand: &'a Demand,
}

/// The name of the document that holds [`document`].
pub const SCHEMA: &str = "soglia.staffing/1";

/// The first Monday from a day on.
pub fn next_monday(from: Date) -> Date {
    let days = (7 - i64::from(from.weekday().to_monday_zero_offset())) % 7;
    from.checked_add(Span::new().days(days)).unwrap_or(from)
}

/// A time of day, `07:30`.
pub fn at(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// A shift's pauses, `12:00–12:30`.
pub fn breaks(pattern: &Pattern) -> String {
    let one = |pause: &Pause| {
        let (from, until) = (pause.from_mins as usize, pause.until_mins as usize);
        let time = time_of;
        format!("{}–{}", at(time(from)), at(time(until)))
    };
    pattern.breaks.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// What shifts cost in money, if an hour has a price: `12.50 EUR`, with a point.
pub fn money(rules: &Rules, cost: u64) -> Option<String> {
    let has_price = 0 < rules.cost.hour_cents || 0 < rules.cost.shift_cents;
    has_price.then(|| {
        // Hundredths of a cent; whole cents are printed.
        let cents = cost.div_ceil(100);
        format!("{}.{:02} {}", cents / 100, cents % 100, rules.cost.currency)
    })
}

/// The level of the bands that a forecast is made with; shifts do not depend on it.
const LEVEL: f64 = 0.9;

/// The variation of handling times where it is given, not recorded.
const HANDLING_CV: f64 = 0.8;

/// Finds shifts for days after what is known.
pub fn staff(
    service: &Service,
    demand: &Demand,
    rules: &Rules,
    question: &Question,
) -> Result<Answer, StaffError> {
    let days = demand.days(service);
    let wanted: Vec<Date> = question
        .first
        .series(Span::new().days(1))
        .take(usize::try_from(question.n_days).unwrap_or(0))
        .filter(|date| !service.calendar.slots_on(*date).is_empty())
        .collect();
    if wanted.is_empty() {
        return Err(StaffError::Closed);
    }
    let spread = Spread::estimate(&demand.history, &days, Method::Usual);
    let how = (LEVEL, spread);
    let found = forecast_with(&demand.history, &days, Method::Usual, &wanted, how)?;
    let n = usize::from(24 * 60 / INTERVAL_MINS);
    let day = |day: &soglia_sim::forecast::DayForecast| {
        let mut calls = vec![None; n];
        for interval in &day.intervals {
            let at = usize::from(interval.from_mins / INTERVAL_MINS);
            if let Some(slot) = calls.get_mut(at) {
                *slot = Some(interval.mean);
            }
        }
        WorkDay { date: day.date, calls }
    };
    let work = Work { interval_mins: INTERVAL_MINS, days: found.iter().map(day).collect() };
    let handling = match (question.handling_secs, demand.handling) {
        (Some(mean_secs), known) => (mean_secs, known.map_or(HANDLING_CV, |known| known.cv)),
        (None, Some(known)) => (known.mean_secs, known.cv),
        (None, None) => return Err(StaffError::NoHandling),
    };
    let callers = Callers {
        handling: Distribution::LogNormal { mean_secs: handling.0, cv: handling.1 },
        patience: Patience {
            none: 0.0,
            then: Distribution::Exponential { mean_secs: question.patience_secs },
        },
        day_spread: spread.day,
    };
    let staffed = plan(&work, rules, &callers, &question.goal, &question.effort)?;
    let dates: Vec<Date> = work.days.iter().map(|day| day.date).collect();
    let singles = staffed.cover.singles();
    let roster = roster(&singles, &dates, &rules.patterns, &rules.position)?;
    Ok(Answer { work, callers, staffed, roster })
}

/// Shifts for programs.
pub fn document(asked: &Asked<'_>, answer: &Answer) -> Value {
    let staffed = &answer.staffed;
    let shift = |day: usize, pattern: usize| -> Option<Value> {
        let (work, pattern) = (answer.work.days.get(day)?, asked.rules.patterns.get(pattern)?);
        let breaks = pattern.breaks.iter().map(|pause| {
            let time = |mins: u32| at(time_of(mins as usize));
            let paid = pause.pay == Pay::Paid;
            json!({ "from": time(pause.from_mins), "to": time(pause.until_mins), "paid": paid })
        });
        let breaks: Vec<Value> = breaks.collect();
        let (from, to) = (at(pattern.start()), at(pattern.end()));
        Some(json!({ "date": work.date.to_string(), "from": from, "to": to, "breaks": breaks }))
    };
    let cover = |cover: &Cover, judged: &Judgement| {
        let shifts = cover.shifts.iter().filter_map(|(s, n)| {
            Some(json!({ "shift": shift(s.day, s.pattern)?, "operators": n }))
        });
        let total = sum(judged.hours.iter().flatten());
        json!({
            "shifts": shifts.collect::<Vec<_>>(),
            "paid_minutes": cover.paid_mins,
            "cost": money(asked.rules, cover.cost),
            "gap": cover.gap,
            "level": judged.level.mean,
            "level_half_width": judged.level.half_width,
            "repetitions": judged.level.n,
            "lowest": judged.lowest,
            "abandoned": total.abandoned_share(),
            "occupancy": judged.occupancy,
        })
    };
    let days = answer.work.days.iter().enumerate().map(|(day, work)| {
        let of = |levels: &Vec<Vec<u32>>| levels.get(day).cloned().unwrap_or_default();
        json!({
            "date": work.date.to_string(),
            "calls": work.calls,
            "erlang_a": of(&staffed.erlang),
            "present": of(&staffed.cover.present),
        })
    });
    let position = |shifts: &Vec<Shift>| -> Vec<Value> {
        shifts.iter().filter_map(|s| shift(s.day, s.pattern)).collect()
    };
    let rounds = staffed.rounds.iter().map(|round| {
        json!({ "paid_minutes": round.paid_mins, "level": round.level, "below": round.n_below })
    });
    let mut input = BTreeMap::new();
    input.insert("level", json!(asked.question.goal.level));
    input.insert("limit_s", json!(asked.question.goal.limit_secs));
    input.insert("of", json!(asked.question.goal.kind.name()));
    input.insert("floor", json!(asked.question.goal.floor));
    input.insert("patience_s", json!(asked.question.patience_secs));
    input.insert("handling_s", json!(answer.callers.handling.mean_secs()));
    input.insert("day_spread", json!(answer.callers.day_spread));
    input.insert("seed", json!(asked.question.effort.seed));
    json!({
        "input": input,
        "interval_mins": answer.work.interval_mins,
        "days": days.collect::<Vec<_>>(),
        "erlang_a": cover(&staffed.erlang_cover, &staffed.erlang_judged),
        "chosen": cover(&staffed.cover, &staffed.judged),
        "rounds": rounds.collect::<Vec<_>>(),
        "positions": answer.roster.positions.iter().map(position).collect::<Vec<_>>(),
        "positions_at_least": answer.roster.at_least,
    })
}

//! Shifts for a service's forecast. Read [`staff`] first.

use jiff::Span;
use jiff::civil::Date;
use soglia_domain::contract::Service;
use soglia_sim::centre::Patience;
use soglia_sim::distribution::Distribution;
use soglia_sim::forecast::band::Spread;
use soglia_sim::forecast::{ForecastError, Method, forecast_with};
use soglia_sim::staffing::plan::{Callers, Effort, Goal, Staffed, plan};
use soglia_sim::staffing::roster::{Roster, roster};
use soglia_sim::staffing::rules::Rules;
use soglia_sim::staffing::{StaffingError, Work, WorkDay};

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

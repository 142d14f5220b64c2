//! How many calls will come to a service, and how wrong that has been. Read [`make`] first.

use jiff::Span;
use jiff::civil::{Date, DateTime};
use serde_json::{Value, json};
use soglia_domain::contract::Service;
use soglia_domain::text::{Lang, Text};
use soglia_sim::forecast::backtest::{Errors, backtest};
use soglia_sim::forecast::band::Spread;
use soglia_sim::forecast::today::{Update, update};
use soglia_sim::forecast::{DayForecast, Days, ForecastError, History, Method, forecast_with};

use crate::demand::Demand;

/// Days ahead at which the method is tried beside one: the same weekday of the week before is not
/// known then.
const AHEAD_LATER: u32 = 10;

/// The name of the document written by [`document`].
pub const SCHEMA: &str = "soglia.forecast/1";

/// What is asked.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Asked {
    /// Which days.
    pub which: Which,
    /// How counts of the past become a forecast.
    pub method: Method,
    /// Share of counts that a band holds.
    pub level: f64,
    /// Weeks of the past on which the method is tried.
    pub backtest_weeks: u32,
    /// As if this were the present.
    pub present: Option<DateTime>,
}

/// Which days are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// One.
    Day(Date),
    /// So many weeks after the last day known.
    Weeks(u32),
}

/// Why there is no forecast.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MakeError {
    /// The day has passed.
    #[error("`{0}` is over: what came is known")]
    Over(Date),
    /// It cannot be forecast.
    #[error(transparent)]
    Forecast(#[from] ForecastError),
}

/// A forecast with what it stands on.
#[derive(Clone, PartialEq, Debug)]
pub struct Made {
    /// How counts of the past became a forecast.
    pub method: Method,
    /// Share of counts that a band holds.
    pub level: f64,
    /// The first day that was not known.
    pub until: Date,
    /// How much counts stray.
    pub spread: Spread,
    /// The days.
    pub days: Vec<DayForecast>,
    /// What the begun day said, if one has begun.
    pub update: Option<Update>,
    /// How wrong the method was, one day ahead and later.
    pub errors: [(u32, Option<Errors>); 2],
    /// Weeks on which it was tried.
    pub backtest_weeks: u32,
}

/// Forecasts days after what is known.
pub fn make(service: &Service, demand: &Demand, asked: &Asked) -> Result<Made, MakeError> {
    let Asked { which, method, level, backtest_weeks, present } = *asked;
    let until = present.map_or(demand.until, |present| present.date().min(demand.until));
    let history = demand.history.before(until);
    let days = demand.days(service);
    let wanted: Vec<Date> = match which {
        Which::Day(date) => vec![date],
        Which::Weeks(weeks) => {
            let n = 7 * usize::try_from(weeks).unwrap_or(1);
            until.series(Span::new().days(1)).take(n).collect()
        }
    };
    if let Some(first) = wanted.first().filter(|first| **first < until) {
        return Err(MakeError::Over(*first));
    }
    let spread = Spread::estimate(&history, &days, method);
    let mut found = forecast_with(&history, &days, method, &wanted, (level, spread))?;
    let by = (&history, &days, method);
    let update = present.and_then(|at| begun(&mut found, demand, at, by, (level, spread)));
    let test = |ahead| (ahead, backtest(&history, &days, method, (ahead, backtest_weeks), level));
    Ok(Made {
        method,
        level,
        until,
        spread,
        days: found,
        update,
        errors: [test(1), test(AHEAD_LATER)],
        backtest_weeks,
    })
}

/// Corrects the day that has begun, if it is one of those forecast.
fn begun(
    found: &mut [DayForecast],
    demand: &Demand,
    present: DateTime,
    by: (&History, &Days<'_>, Method),
    how: (f64, Spread),
) -> Option<Update> {
    let now_mins = u16::try_from(i32::from(present.hour()) * 60 + i32::from(present.minute()));
    let now_mins = now_mins.ok().filter(|mins| 0 < *mins)?;
    let day = found.iter_mut().find(|day| day.date == present.date())?;
    update(day, demand.history.day(present.date())?, now_mins, by, how)
}

/// The time of day of an interval's beginning.
pub fn clock(at: Option<u16>) -> String {
    at.map_or_else(String::new, |at| format!("{:02}:{:02}", at / 60, at % 60))
}

/// Says how a method makes a forecast, in the middle of a sentence.
pub fn explained(method: Method) -> Text {
    match method {
        Method::Usual | Method::MeanOfFour => Text::new(
            "la media degli ultimi quattro giorni uguali, quarto d'ora per quarto d'ora",
            "the mean of the last four days of the same weekday, quarter-hour by quarter-hour",
        ),
        Method::MedianOfSix => Text::new(
            "la mediana degli ultimi sei giorni uguali, quarto d'ora per quarto d'ora",
            "the median of the last six days of the same weekday, quarter-hour by quarter-hour",
        ),
        Method::LastWeek => Text::new(
            "ciò che è arrivato nell'ultimo giorno uguale",
            "what came on the last day of the same weekday",
        ),
        Method::Seasonal => Text::new(
            "le stagioni del giorno e della settimana separate da ciò che resta delle ultime \
             settimane, e di ciò che resta il livello per lisciamento esponenziale",
            "the seasons of the day and of the week taken apart from the rest of the last weeks, \
             and exponential smoothing of that rest",
        ),
    }
}

/// Says what a day's forecast stands on: how many of which days.
pub fn behind(day: &DayForecast, lang: Lang, show: impl Fn(Date) -> String) -> String {
    let n = day.references.len();
    let ends = day.references.last().zip(day.references.first());
    if let (Method::Seasonal, Some((first, last))) = (day.method, ends) {
        let (first, last) = (show(*first), show(*last));
        return match lang {
            Lang::It => format!("modello stagionale di {n} giorni, da {first} a {last}"),
            Lang::En => format!("seasonal model of {n} days, {first} to {last}"),
        };
    }
    let how = match (day.method, lang) {
        (Method::MedianOfSix, Lang::It) => "mediana di",
        (Method::MedianOfSix, Lang::En) => "median of",
        (Method::LastWeek, Lang::It) => "copia di",
        (Method::LastWeek, Lang::En) => "copy of",
        (_, Lang::It) => "media di",
        (_, Lang::En) => "mean of",
    };
    let dates: Vec<String> = day.references.iter().map(|date| show(*date)).collect();
    format!("{how} {}", dates.join(", "))
}

/// A forecast for programs.
pub fn document(made: &Made, demand: &Demand) -> Value {
    let day = |day: &DayForecast| {
        let intervals = day.intervals.iter().map(|i| {
            json!({
                "from": clock(Some(i.from_mins)),
                "calls": i.mean,
                "low": i.band.low,
                "high": i.band.high,
                "references": i.n_references,
            })
        });
        json!({
            "date": day.date.to_string(),
            "special": demand.special.get(&day.date),
            "method": day.method.name(),
            "references": day.references.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "left_out": day.left_out.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "calls": day.total,
            "low": day.band.low,
            "high": day.band.high,
            "intervals": intervals.collect::<Vec<_>>(),
        })
    };
    let errors = made.errors.iter().filter_map(|(ahead, errors)| {
        let e = errors.as_ref()?;
        Some(json!({
            "days_ahead": ahead,
            "days": e.n_days,
            "wape_intervals": e.wape_intervals(),
            "wape_intervals_floor": e.floor_intervals(),
            "wape_days": e.wape_days(),
            "wape_days_floor": e.floor_days(),
            "over_last_week": e.scaled(),
            "held_intervals": e.held_intervals(),
            "held_days": e.held_days(),
        }))
    });
    json!({
        "until": made.until.to_string(),
        "method": made.method.name(),
        "level": made.level,
        "spread": {
            "day": made.spread.day,
            "interval": made.spread.interval,
            "days": made.spread.n_days,
        },
        "update": made.update.map(|u| json!({
            "ratio": u.ratio, "weight": u.weight, "factor": u.factor, "days": u.n_days,
        })),
        "days": made.days.iter().map(day).collect::<Vec<_>>(),
        "backtest": { "weeks": made.backtest_weeks, "errors": errors.collect::<Vec<_>>() },
    })
}

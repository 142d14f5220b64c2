//! What-if on a service's own history: what commands and pages ask of the simulator. Read
//! [`Present::read`] first.

use soglia_domain::contract::{Contract, Indicator as ContractIndicator, Service};
use soglia_ledger::session::Session;
use soglia_measure::MeasureError;
use soglia_sim::indicator::CallRule;
use soglia_sim::learn::history::{History, HistoryError, SLOT_US};
use soglia_sim::learn::model::Learned;
use soglia_sim::replay::{self, Causes, Gate, Limits};
use soglia_sim::scenario::{ApplyError, Scenario};
use soglia_sim::whatif::Indicator;

use crate::history;

/// A call of the same caller within this after one that was not served is a redial.
pub const REDIAL_WINDOW_US: i64 = 12 * SLOT_US;

/// A service's present, as its history shows it.
pub struct Present {
    /// What was learned.
    pub learned: Learned,
    /// Mondays of the weeks that are played, oldest first.
    pub mondays: Vec<i64>,
    /// What the present is like beyond what the events show.
    pub base: Scenario,
    /// Indicators that the simulator counts; those about waits come first.
    pub indicators: Vec<Indicator>,
    /// Codes of the service's indicators that it does not count.
    pub not_simulated: Vec<String>,
}

/// Why there is no present.
#[derive(Debug, thiserror::Error)]
pub enum PresentError {
    /// The ledger.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// The calls.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// No whole week.
    #[error("the ledger has no whole week of service `{0}`")]
    NoWeek(String),
    /// No rule about calls.
    #[error("service `{0}` has no indicator about waits or losses of calls")]
    NoIndicator(String),
}

impl Present {
    /// Learns from all calls of a service and takes the last `weeks` whole weeks; `base` says what
    /// the events do not show.
    pub async fn read(
        session: &Session,
        contract: &Contract,
        service: &Service,
        base: Scenario,
        weeks: usize,
    ) -> Result<Self, PresentError> {
        let mut calls = history::recorded(session, contract, service).await?;
        let openings = history::openings(service, &calls);
        let base = base.split(&mut calls);
        let learned = Learned::new(History::new(&calls, REDIAL_WINDOW_US)?, openings, None);
        let mondays = learned.last_mondays(weeks);
        let Some(&last) = mondays.last() else {
            return Err(PresentError::NoWeek(service.code.clone()));
        };
        let (indicators, not_simulated) = indicators(service, last);
        if indicators.is_empty() {
            return Err(PresentError::NoIndicator(service.code.clone()));
        }
        Ok(Self { learned, mondays, base, indicators, not_simulated })
    }

    /// Replays the weeks and says whether answers may stand on it.
    pub fn gate(&self, causes: Causes, seed: u64, threads: usize) -> Result<Gate, ApplyError> {
        let first = |lost: bool| {
            self.indicators.iter().map(|i| i.rule).find(|rule| rule.is_about_losses() == lost)
        };
        let any = self.indicators.first().map(|i| i.rule).expect("a present has an indicator");
        replay::replay(&replay::Ask {
            learned: &self.learned,
            mondays: &self.mondays,
            base: &self.base,
            level: first(false).unwrap_or(any),
            lost: first(true).unwrap_or(any),
            limits: Limits::default(),
            causes,
            seed,
            threads,
        })
    }
}

/// The service's indicators in force in a week that the simulator can count, and the others.
fn indicators(service: &Service, monday: i64) -> (Vec<Indicator>, Vec<String>) {
    let epoch = jiff::civil::date(1970, 1, 1);
    let span = jiff::Span::new().try_days(monday).ok();
    let date = span.and_then(|span| epoch.checked_add(span).ok()).unwrap_or(epoch);
    let (mut counted, mut others) = (Vec::new(), Vec::new());
    for indicator in &service.indicators {
        let ContractIndicator { code, name, .. } = indicator;
        let version = indicator.version_on(date);
        match version.and_then(|v| Some((v, CallRule::of(&v.rule)?))) {
            Some((version, rule)) => counted.push(Indicator {
                code: code.clone(),
                name: name.clone(),
                rule,
                target: version.target,
                compare: version.compare,
                weeks: weeks(version.frequency.as_ref().map(|f| f.report.as_str())),
            }),
            None => others.push(code.clone()),
        }
    }
    counted.sort_by_key(|indicator| indicator.rule.is_about_losses());
    (counted, others)
}

/// Weeks of a reporting period; of a half-year where the contract does not say it.
fn weeks(report: Option<&str>) -> u32 {
    match report {
        Some("day" | "week") => 1,
        Some("month") => 4,
        Some("quarter") => 13,
        Some("year") => 52,
        _ => 26,
    }
}

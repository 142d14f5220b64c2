//! What-if on a service's own history: what commands and pages ask of the simulator. Read
//! [`Present::read`] first, then [`Prepared`]; [`levers`] makes scenarios out of a form, [`study`]
//! and [`document`] tell answers.

pub mod document;
pub mod levers;
pub mod study;
pub mod words;

use std::path::Path;

use jiff::civil::Date;
use soglia_domain::contract::{Contract, Indicator as ContractIndicator, Service};
use soglia_domain::text::Text;
use soglia_ledger::session::Session;
use soglia_measure::MeasureError;
use soglia_sim::indicator::{Aspect, CallRule};
use soglia_sim::learn::history::{History, HistoryError, SLOT_US};
use soglia_sim::learn::model::Learned;
use soglia_sim::learn::presence::{Idle, PresenceSource};
use soglia_sim::replay::{self, Causes, Gate, Limits};
use soglia_sim::replicate::Precision;
use soglia_sim::scenario::{ApplyError, Scenario};
use soglia_sim::whatif::{
    Answers, Indicator, Question, Rehearsal, Source, answer, answer_after, rehearse,
};

use crate::history;
use crate::roster::{Roster, RosterError};

/// A call of the same caller within this after one that was not served is a redial.
pub const REDIAL_WINDOW_US: i64 = 12 * SLOT_US;

/// Hours that are told where the replay differs, and causes.
pub const WORST_HOURS: usize = 6;

/// Weeks of history that are played unless somebody names another number.
pub const WEEKS: usize = 8;

/// Weeks between two looks at how sure an answer is.
pub const BATCH: u32 = 20;

/// Weeks that are played at most for an answer that is wanted at once.
pub const WEEKS_QUICK: u32 = 40;

/// Weeks that are played at most for one that may take its time.
pub const WEEKS_MAX: u32 = 160;

/// The half-width that answers are to reach: a tenth of a point.
pub const HALF_WIDTH: f64 = 0.001;

/// The seed that is used where nobody names another.
pub const SEED: u64 = 1;

/// Which part of a history is asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// So many whole weeks, the last ones.
    pub weeks: usize,
    /// As if this day were today: what came later is not looked at.
    pub until: Option<Date>,
}

/// A scenario with the file that says it.
#[derive(Clone, PartialEq, Debug)]
pub struct ScenarioFile {
    /// The file's name, without its folder.
    pub name: String,
    /// The file's text.
    pub text: String,
    /// What it says.
    pub scenario: Scenario,
}

/// A file that what scenarios would do stands on; among attachments its ending says what it holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlayedFile {
    /// What it says.
    pub what: Text,
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl PlayedFile {
    /// A scenario.
    pub fn of(one: &ScenarioFile) -> Self {
        let what = one.scenario.name.clone();
        Self { what, name: ending(&one.name, "toml"), text: one.text.clone() }
    }

    /// Who was at work.
    pub fn of_roster(roster: &Roster) -> Self {
        let what = Text::new("Turni degli operatori", "Operators' roster");
        Self { what, name: ending(&roster.name, "csv"), text: roster.text.clone() }
    }
}

fn ending(name: &str, ending: &str) -> String {
    Path::new(name).with_extension(ending).to_string_lossy().into_owned()
}

/// What is said of the present where the events do not show it.
#[derive(Clone, Copy, Debug)]
pub struct Described<'a> {
    /// Queues that go first, work after calls: a scenario that is already so.
    pub base: &'a Scenario,
    /// Who was there; without it that is inferred from the events.
    pub roster: Option<&'a Roster>,
    /// Who was to be there: held against who was.
    pub plan: Option<&'a Roster>,
}

/// A service's present, as its history shows it.
pub struct Present {
    /// What was learned.
    pub learned: Learned,
    /// Mondays of the weeks that are played, oldest first.
    pub mondays: Vec<i64>,
    /// What the present is like beyond what the events show.
    pub base: Scenario,
    /// Indicators that the simulator counts: about waits, about losses, about handling.
    pub indicators: Vec<Indicator>,
    /// Codes of the service's indicators that it does not count.
    pub not_simulated: Vec<String>,
    /// The share of the planned hours in which nobody was there, if a plan is known.
    pub shrinkage: Option<f64>,
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
    /// Hours of operators that do not fit the calls.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// No rule about calls.
    #[error("service `{0}` has no indicator about waits or losses of calls")]
    NoIndicator(String),
}

impl Present {
    /// Learns from all calls of a service and takes the last whole weeks.
    pub async fn read(
        session: &Session,
        contract: &Contract,
        service: &Service,
        described: Described<'_>,
        part: Part,
    ) -> Result<Self, PresentError> {
        let mut calls = history::recorded(session, contract, service, part.until).await?;
        let openings = history::openings(service, &calls);
        let base = described.base.clone().split(&mut calls);
        let history = History::new(&calls, REDIAL_WINDOW_US)?;
        let alone = (contract.services.len() == 1).then_some(service.code.as_str());
        let services: Vec<&str> = contract.services.iter().map(|s| s.code.as_str()).collect();
        let there = |roster: Option<&Roster>| match roster {
            Some(roster) => {
                roster.check_services(&services)?;
                roster.presence(&service.code, alone, &history.groups, history.days())
            }
            None => Ok(None),
        };
        let (roster, plan) = (there(described.roster)?, there(described.plan)?);
        let learned = Learned::new(history, openings, roster);
        let mondays = learned.last_mondays(part.weeks);
        let Some(&last) = mondays.last() else {
            return Err(PresentError::NoWeek(service.code.clone()));
        };
        let absent = |monday: &&i64| {
            learned.presence.week(**monday, Idle::Left).is_none_or(|there| there.is_empty())
        };
        let given = learned.presence.source == PresenceSource::Given;
        if let Some(&monday) = mondays.iter().filter(|_| given).find(absent) {
            return Err(RosterError::Week(day(monday).to_string()).into());
        }
        let (indicators, not_simulated) = indicators(service, last);
        if indicators.iter().all(|i| i.rule.aspect() == Aspect::Handling) {
            return Err(PresentError::NoIndicator(service.code.clone()));
        }
        let shrinkage = plan.and_then(|plan| learned.presence.shrinkage(&plan));
        Ok(Self { learned, mondays, base, indicators, not_simulated, shrinkage })
    }

    /// The Monday of the last week that is played.
    pub fn last_monday(&self) -> Date {
        day(self.mondays.last().copied().unwrap_or(0))
    }

    /// Replays the weeks and says whether answers may stand on it.
    pub fn gate(&self, causes: Causes, seed: u64, threads: usize) -> Result<Gate, ApplyError> {
        let first = |aspect: Aspect| {
            self.indicators.iter().map(|i| i.rule).find(|rule| rule.aspect() == aspect)
        };
        let any = self.indicators.first().map(|i| i.rule).expect("a present has an indicator");
        replay::replay(&replay::Ask {
            learned: &self.learned,
            mondays: &self.mondays,
            base: &self.base,
            level: first(Aspect::Waits).unwrap_or(any),
            lost: first(Aspect::Losses).unwrap_or(any),
            limits: Limits::default(),
            causes,
            seed,
            threads,
        })
    }
}

/// What is known without anybody's description of it.
pub fn undescribed() -> Scenario {
    Scenario::nothing("present", Text { it: "oggi".to_owned(), en: Some("today".to_owned()) })
}

/// A local day as a date.
fn day(number: i64) -> Date {
    let epoch = jiff::civil::date(1970, 1, 1);
    let span = jiff::Span::new().try_days(number).ok();
    span.and_then(|span| epoch.checked_add(span).ok()).unwrap_or(epoch)
}

/// How much an answer may take.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Effort {
    /// Which weeks are played.
    pub source: Source,
    /// The half-width asked for, as a share.
    pub half_width: f64,
    /// Weeks played at most.
    pub weeks_max: u32,
}

/// A present whose weeks were replayed and rehearsed, so that questions are answered at once.
pub struct Prepared {
    /// The present.
    pub present: Present,
    /// Whether answers may stand on it.
    pub gate: Gate,
    rehearsal: Rehearsal,
    threads: usize,
}

impl Prepared {
    /// Replays and rehearses a present.
    pub fn new(present: Present, threads: usize) -> Result<Self, ApplyError> {
        let gate = present.gate(Causes::Try, SEED, threads)?;
        let rehearsal = rehearse(&question(&present, &[], QUICK, threads), WEEKS_QUICK)?;
        Ok(Self { present, gate, rehearsal, threads })
    }

    /// Says at once what scenarios would do: the same as `soglia whatif --weeks-max 40`.
    pub fn answer(&self, scenarios: &[Scenario]) -> Result<Answers, ApplyError> {
        let question = question(&self.present, scenarios, QUICK, self.threads);
        answer_after(&self.rehearsal, &question, &mut |_, _| ())
    }

    /// Says it as surely as asked for; `progress` is told how many weeks have been played and how
    /// wide the widest interval is.
    pub fn answer_until(
        &self,
        scenarios: &[Scenario],
        effort: Effort,
        progress: &mut dyn FnMut(u32, f64),
    ) -> Result<Answers, ApplyError> {
        answer(&question(&self.present, scenarios, effort, self.threads), progress)
    }
}

/// What is answered at once.
const QUICK: Effort =
    Effort { source: Source::Recorded, half_width: HALF_WIDTH, weeks_max: WEEKS_QUICK };

fn question<'a>(
    present: &'a Present,
    scenarios: &'a [Scenario],
    effort: Effort,
    threads: usize,
) -> Question<'a> {
    let Effort { source, half_width, weeks_max } = effort;
    Question {
        learned: &present.learned,
        mondays: &present.mondays,
        base: &present.base,
        scenarios,
        indicators: &present.indicators,
        source,
        precision: Precision { level: 0.95, half_width, n_batch: BATCH, n_max: weeks_max },
        seed: SEED,
        threads,
    }
}

/// The service's indicators in force in a week that the simulator can count, and the others.
fn indicators(service: &Service, monday: i64) -> (Vec<Indicator>, Vec<String>) {
    let date = day(monday);
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
    counted.sort_by_key(|indicator| indicator.rule.aspect());
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

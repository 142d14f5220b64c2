//! What services are like now, learned once and kept, so that a moved lever answers at once. Read
//! [`Planning::prepared`] first.
//!
//! A present follows from the ledger's newest import, the contract (which does not change while the
//! server runs), the service, the period at whose end it is looked at, and the number of weeks.

use std::sync::Arc;

use soglia_app::roster::Roster;
use soglia_app::whatif::study::StudyError;
use soglia_app::whatif::{
    Described, Part, Prepared, Present, PresentError, ScenarioFile, undescribed, words,
};
use soglia_domain::contract::{Contract, Service};
use soglia_domain::period::Period;
use soglia_domain::text::Text;
use soglia_sim::scenario::{ApplyError, Scenario};
use soglia_sim::whatif::Answers;
use tokio::sync::Semaphore;

use crate::engine;
use crate::figures::cache::{Cache, Key};
use crate::figures::{Figures, Look};
use crate::reply::{Problem, chain};

/// Presents kept: each holds all calls of its service.
const KEPT: usize = 6;
/// Answers that are computed at the same time.
const ANSWERS: usize = 2;

/// The working rules inside the program.
const RULES: &str = include_str!("../../../examples/reference/turni.toml");

/// What whoever runs the server has prepared.
#[derive(Clone, Debug)]
pub struct Offers {
    /// Ready-made scenarios.
    pub scenarios: Vec<ScenarioFile>,
    /// Who was at work, if that is known.
    pub roster: Option<Roster>,
    /// Working rules for shifts, instead of those inside the program.
    pub rules: Option<String>,
}

/// A present, or why there is none.
pub type Known = Result<Prepared, Text>;

/// Presents and what is offered beside them.
pub struct Planning {
    contract: Arc<Contract>,
    offers: Offers,
    threads: usize,
    presents: Cache<Known>,
    answers: Arc<Semaphore>,
}

/// Which present is looked at.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The service's code.
    pub service: String,
    /// As if its end were today.
    pub period: Period,
    /// Whole weeks that are played.
    pub weeks: usize,
}

impl Planning {
    /// Nothing learned yet.
    pub fn new(contract: Arc<Contract>, offers: Offers, threads: usize) -> Self {
        let (presents, answers) = (Cache::keeping(KEPT), Arc::new(Semaphore::new(ANSWERS)));
        Self { contract, offers, threads, presents, answers }
    }

    /// Ready-made scenarios about a service.
    pub fn offered<'p>(&'p self, service: &'p str) -> impl Iterator<Item = &'p ScenarioFile> {
        let only = self.contract.services.len() == 1;
        self.offers.scenarios.iter().filter(move |one| match &one.scenario.service {
            Some(code) => code == service,
            None => only,
        })
    }

    /// Ready-made scenarios about all services of the contract, each with its service.
    pub fn all_offered(&self) -> impl Iterator<Item = (&Service, &ScenarioFile)> {
        let services = self.contract.services.iter();
        services.flat_map(|service| self.offered(&service.code).map(move |one| (service, one)))
    }

    /// Working rules for shifts, to begin with.
    pub fn rules(&self) -> &str {
        self.offers.rules.as_deref().unwrap_or(RULES)
    }

    /// Who was at work, if that is known.
    pub const fn roster(&self) -> Option<&Roster> {
        self.offers.roster.as_ref()
    }

    /// Threads that a simulation may use.
    pub const fn threads(&self) -> usize {
        self.threads
    }

    /// A service's present, if it is there within a moment; it is learned if nobody asked before.
    pub async fn prepared(
        self: &Arc<Self>,
        figures: &Arc<Figures>,
        wanted: &Wanted,
    ) -> Result<Look<Known>, Problem> {
        let session = figures.session().await?;
        let Wanted { service, period, weeks } = wanted.clone();
        let key = Key::of(&session, format!("{service} {} {weeks}", period.label()));
        let own = Arc::clone(self);
        let make = async move || {
            let part = Part { weeks, until: Some(period.until_date()) };
            let Some(service) = own.contract.service(&service) else {
                return Err("a service that the contract does not have".to_owned());
            };
            let (base, roster) = (undescribed(), own.roster());
            let described = Described { base: &base, roster, plan: None };
            let present = Present::read(&session, &own.contract, service, described, part);
            let present = match present.await {
                Ok(present) => present,
                Err(PresentError::Measure(error)) => return Err(chain(&error)),
                Err(nothing) => return Ok(Err(no_present(&nothing))),
            };
            match Prepared::new(present, own.threads) {
                Ok(prepared) => Ok(Ok(prepared)),
                Err(error) => Err(chain(&error)),
            }
        };
        self.presents.get(key, make).await
    }

    /// Says at once what scenarios would do. Whoever goes away before their turn costs nothing.
    pub async fn answer(
        &self,
        known: Arc<Known>,
        scenarios: Vec<Scenario>,
    ) -> Result<Answers, Problem> {
        let turn = Arc::clone(&self.answers).acquire_owned().await;
        engine::run(async move || {
            let _turn = turn;
            let prepared = known.as_ref().as_ref().map_err(|why| nothing(why.clone()))?;
            prepared.answer(&scenarios).map_err(|error| misfit(&error))
        })
        .await
    }
}

/// There is nothing to play.
pub fn nothing(why: Text) -> Problem {
    Problem::refused(axum::http::StatusCode::NOT_FOUND, why)
}

/// A scenario that does not fit the present.
pub fn misfit(error: &ApplyError) -> Problem {
    let (text, hint) = words::misfit(error);
    Problem::Refused { status: axum::http::StatusCode::UNPROCESSABLE_ENTITY, text, hint }
}

impl From<StudyError> for Problem {
    fn from(error: StudyError) -> Self {
        let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
        match error {
            StudyError::Present(PresentError::Measure(error)) => error.into(),
            StudyError::Present(why) => Self::refused(status, no_present(&why)),
            StudyError::Apply(error) => misfit(&error),
            StudyError::Service { .. } => {
                let said = error.to_string();
                Self::refused(status, Text::new(&said, &said))
            }
        }
    }
}

fn no_present(why: &PresentError) -> Text {
    match why {
        PresentError::NoIndicator(code) => Text::new(
            &format!("`{code}` non ha indicatori su attese o chiamate perse: nulla da simulare"),
            &format!("`{code}` has no indicator about waits or lost calls: nothing to simulate"),
        ),
        PresentError::Roster(why) => Text::new(
            &format!("i turni dati al server non valgono per queste chiamate: {why}"),
            &format!("the roster given to the server does not fit these calls: {why}"),
        ),
        _ => Text::new(
            "in questo periodo non c'è una settimana intera di chiamate da cui imparare",
            "in this period there is no whole week of calls to learn from",
        ),
    }
}

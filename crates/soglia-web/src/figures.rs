//! Measurements, computed beside the requests and kept. Read [`Figures::of`] first.
//!
//! A measurement follows from the ledger's newest import, the contract (which does not change while
//! the server runs) and the period; as long as these are the same it is computed once. Whoever asks
//! waits a moment; if it takes longer, a page says so and asks again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::civil::Date;
use soglia_domain::contract::Contract;
use soglia_domain::period::{Grain, Period};
use soglia_domain::text::{Lang, Text};
use soglia_ledger::session::Session;
use soglia_ledger::status::date_of;
use soglia_ledger::store::Ledger;
use soglia_ledger::tables::Table;
use soglia_measure::measure::{Options, measure_with};
use soglia_measure::measurement::Report;
use soglia_measure::plan::Scans;
use tokio::sync::{Semaphore, watch};

use crate::access::Visit;
use crate::reply::Problem;

/// How long a request waits for a computation.
const PATIENCE: Duration = Duration::from_millis(2500);
/// Measurements kept at most; a year by months and by half-years, a few times over.
const KEPT_MAX: usize = 96;

/// What the pages know of the ledger.
pub struct Figures {
    ledger: Ledger,
    contract: Arc<Contract>,
    session: tokio::sync::Mutex<Option<(SystemTime, Arc<Session>)>>,
    kept: Mutex<BTreeMap<Key, watch::Receiver<State>>>,
    /// One computation at a time: each uses all processors.
    turn: Arc<Semaphore>,
}

/// What a measurement follows from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key {
    import_no: i64,
    period: String,
    depth: Depth,
}

/// How much is computed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Depth {
    /// The verdicts only.
    Verdicts,
    /// Also the disputed alternatives.
    Whole,
}

#[derive(Clone)]
enum State {
    Working,
    Ready(Arc<Measured>),
    Failed(Arc<str>),
}

/// The measurements of a period.
pub struct Measured {
    /// With Italian names.
    pub it: Report,
    /// With English names.
    pub en: Report,
}

impl Measured {
    /// In a language.
    pub const fn report(&self, lang: Lang) -> &Report {
        match lang {
            Lang::It => &self.it,
            Lang::En => &self.en,
        }
    }
}

impl Choice {
    /// Whether the period is among those offered.
    pub fn is_offered(&self) -> bool {
        self.offered.iter().any(|(label, _)| label == self.period.label())
    }
}

/// What comes of looking for a measurement.
pub enum Look {
    /// There it is.
    Ready(Arc<Measured>),
    /// It is being computed.
    Working,
}

/// The periods that a reader can choose.
pub struct Choice {
    /// The one chosen.
    pub period: Period,
    /// Half-years, quarters and months with data, newest first.
    pub offered: Vec<(String, String)>,
}

impl Figures {
    /// Nothing computed yet.
    pub fn new(
        ledger: Ledger,
        contract: Arc<Contract>,
        _contract_file: String,
        _notice: Option<Text>,
    ) -> Self {
        Self {
            ledger,
            contract,
            session: tokio::sync::Mutex::new(None),
            kept: Mutex::new(BTreeMap::new()),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// The tables at the newest import; opened anew only when there is a newer one.
    pub async fn session(&self) -> Result<Arc<Session>, Problem> {
        let mut kept = self.session.lock().await;
        let stamp = self.stamp();
        if let Some((at, session)) = kept.as_ref()
            && *at == stamp
        {
            return Ok(Arc::clone(session));
        }
        let session = Session::open(&self.ledger, None).await?;
        session.ctx.register_udaf(soglia_measure::udaf::udaf());
        let session = Arc::new(session);
        *kept = Some((stamp, Arc::clone(&session)));
        Ok(session)
    }

    /// When the list of imports was written to; each import is a file in its log.
    fn stamp(&self) -> SystemTime {
        let log: PathBuf = self.ledger.table_dir(Table::Imports).join("_delta_log");
        let modified = std::fs::metadata(log).and_then(|metadata| metadata.modified());
        modified.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// The period that a visitor looks at: the one named, the one named last, or the newest
    /// half-year with data.
    pub async fn choice(&self, visit: &Visit) -> Result<Choice, Problem> {
        let session = self.session().await?;
        let zone = &self.contract.zone;
        let days = session.imports.iter().filter_map(|row| row.days);
        let span = days.fold(None, |span: Option<(i32, i32)>, (first, last)| {
            let (from, to) = span.unwrap_or((first, last));
            Some((from.min(first), to.max(last)))
        });
        let span = span.and_then(|(first, last)| date_of(first).zip(date_of(last)));
        let offered = span.map_or_else(Vec::new, |span| self.offered(span, visit.lang));
        let asked = visit.parameter("period");
        let parsed = asked.or_else(|| visit.period.clone()).map(|text| Period::parse(&text, zone));
        let period = match parsed {
            Some(Ok(period)) => period,
            // A period that nobody can read is refused only if it was asked for now.
            Some(Err(problem)) if visit.parameter("period").is_some() => {
                let text = problem.to_string();
                return Err(Problem::refused(
                    axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                    Text::new(&text, &text),
                ));
            }
            _ => {
                let day = span.map_or_else(|| visit.now.in_zone(zone).date(), |(_, last)| last);
                Period::containing(Grain::HalfYear, day, zone)
                    .ok_or_else(|| Problem::failed("a day belongs to a half-year"))?
            }
        };
        Ok(Choice { period, offered })
    }

    /// Half-years, quarters and months that touch the data: label and name.
    fn offered(&self, (first, last): (Date, Date), lang: Lang) -> Vec<(String, String)> {
        let zone = &self.contract.zone;
        let mut offered = Vec::new();
        for grain in [Grain::HalfYear, Grain::Quarter, Grain::Month] {
            let mut next = Period::containing(grain, last, zone);
            while let Some(period) = next.filter(|period| first < period.until_date()) {
                offered.push((period.label().to_owned(), period.name(lang)));
                next = period.previous(zone);
            }
        }
        offered
    }

    /// The measurements of a period, if they are there within a moment.
    pub async fn of(self: &Arc<Self>, period: &Period, depth: Depth) -> Result<Look, Problem> {
        let session = self.session().await?;
        let key = Key { import_no: session.import_no(), period: period.label().to_owned(), depth };
        let mut state = self.state(key, session, period.clone());
        let settled = state.wait_for(|state| !matches!(state, State::Working));
        let Ok(settled) = tokio::time::timeout(PATIENCE, settled).await else {
            return Ok(Look::Working);
        };
        match settled.map(|state| state.clone()) {
            Ok(State::Ready(measured)) => Ok(Look::Ready(measured)),
            Ok(State::Failed(cause)) => Err(Problem::Failed(cause)),
            Ok(State::Working) => Ok(Look::Working),
            Err(_) => Err(Problem::failed("a computation was given up")),
        }
    }

    /// Where a computation stands; begins it if nobody did.
    fn state(
        self: &Arc<Self>,
        key: Key,
        session: Arc<Session>,
        period: Period,
    ) -> watch::Receiver<State> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let given_up = |state: &watch::Receiver<State>| {
            matches!(*state.borrow(), State::Failed(_))
                || state.has_changed().is_err() && matches!(*state.borrow(), State::Working)
        };
        if let Some(state) = kept.get(&key).filter(|state| !given_up(state)) {
            return state.clone();
        }
        let newest = key.import_no;
        kept.retain(|other, _| other.import_no == newest);
        while KEPT_MAX <= kept.len() {
            kept.pop_first();
        }
        let (sender, receiver) = watch::channel(State::Working);
        let (turn, contract) = (Arc::clone(&self.turn), Arc::clone(&self.contract));
        let depth = key.depth;
        kept.insert(key, receiver.clone());
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            runtime.block_on(async {
                let _turn = turn.acquire().await;
                let state = match compute(&session, &contract, &period, depth).await {
                    Ok(measured) => State::Ready(Arc::new(measured)),
                    Err(problem) => State::Failed(format!("{problem:?}").into()),
                };
                // Nobody may wait any more.
                let _ = sender.send(state);
            });
        });
        receiver
    }
}

async fn compute(
    session: &Session,
    contract: &Contract,
    period: &Period,
    depth: Depth,
) -> Result<Measured, Problem> {
    let sensitivity = depth == Depth::Whole;
    let mut scans = Scans::new(session, contract, period);
    // The second language finds the counts of the first.
    let it = measure_with(&mut scans, Options { lang: Lang::It, sensitivity }).await?;
    let en = measure_with(&mut scans, Options { lang: Lang::En, sensitivity }).await?;
    Ok(Measured { it, en })
}

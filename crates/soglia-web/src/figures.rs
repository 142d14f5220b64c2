//! Measurements, computed beside the requests and kept. Read [`Figures::review`] first.
//!
//! A measurement follows from the ledger's newest import, the contract (which does not change while
//! the server runs) and the period; as long as these are the same it is computed once. Whoever asks
//! waits a moment; if it takes longer, the page says so and asks again.

pub mod cache;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use axum::http::StatusCode;
use jiff::civil::Date;
use soglia_app::measured::{self, Measured, figures};
use soglia_domain::contract::Contract;
use soglia_domain::period::{Grain, Period, PeriodError};
use soglia_domain::text::{Lang, Text};
use soglia_domain::time::Instant;
use soglia_ledger::session::Session;
use soglia_ledger::status::date_of;
use soglia_ledger::store::Ledger;
use soglia_ledger::tables::Table;
use soglia_measure::kept::Kept;
use soglia_measure::measure::Options;
use soglia_measure::measurement::Report;

use self::cache::{Cache, Key};
use crate::access::Visit;
use crate::engine;
use crate::reply::{Problem, chain};

/// What the pages know of the ledger.
pub struct Figures {
    ledger: Ledger,
    contract: Arc<Contract>,
    contract_file: String,
    notice: Option<Text>,
    session: tokio::sync::Mutex<Option<(SystemTime, Arc<Session>)>>,
    reviews: Cache<Option<Measured>>,
    months: Cache<Vec<Month>>,
}

/// The verdicts of one month.
pub struct Month {
    /// The month.
    pub period: Period,
    /// Its figures, without the disputed alternatives.
    pub report: Report,
}

/// What comes of looking for a figure.
pub enum Look<T> {
    /// There it is.
    Ready(Arc<T>),
    /// It is being computed.
    Working,
}

/// The periods that a reader can choose.
pub struct Choice {
    /// The one chosen.
    pub period: Period,
    /// Half-years, quarters and months with data, newest first: label and name.
    pub offered: Vec<(String, String)>,
}

impl Choice {
    /// Whether the period is among those offered.
    pub fn is_offered(&self) -> bool {
        self.offered.iter().any(|(label, _)| label == self.period.label())
    }
}

impl Figures {
    /// Nothing computed yet.
    pub fn new(
        ledger: Ledger,
        contract: Arc<Contract>,
        contract_file: String,
        notice: Option<Text>,
    ) -> Self {
        Self {
            ledger,
            contract,
            contract_file,
            notice,
            session: tokio::sync::Mutex::new(None),
            reviews: Cache::default(),
            months: Cache::default(),
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
        let ledger = self.ledger.clone();
        let opened = engine::run(async move || Ok(measured::session(&ledger, None).await?));
        let session = Arc::new(opened.await?);
        *kept = Some((stamp, Arc::clone(&session)));
        Ok(session)
    }

    /// The counts that are kept beside the ledger.
    pub fn kept(&self) -> Kept {
        Kept::beside(&self.ledger)
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
        let span = span(&session);
        let offered = span.map_or_else(Vec::new, |span| self.offered(span, visit.lang));
        let zone = &self.contract.zone;
        if let Some(text) = visit.parameter("period") {
            let period = Period::parse(&text, zone).map_err(|problem| {
                let (text, hint) = no_period(&problem);
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Problem::Refused { status, text, hint: Some(hint) }
            })?;
            return Ok(Choice { period, offered });
        }
        let last = visit.period.as_ref().and_then(|text| Period::parse(text, zone).ok());
        let period = last.or_else(|| self.newest(span, visit.now));
        let period = period.ok_or_else(|| Problem::failed("a day belongs to a half-year"))?;
        Ok(Choice { period, offered })
    }

    /// The newest half-year with data.
    fn newest(&self, span: Option<(Date, Date)>, now: Instant) -> Option<Period> {
        let zone = &self.contract.zone;
        let day = span.map_or_else(|| now.in_zone(zone).date(), |(_, last)| last);
        Period::containing(Grain::HalfYear, day, zone)
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

    /// What a review of the period says: figures, alternatives, analysis, checks. Nothing in it if
    /// the ledger has no data in the period.
    pub async fn review(
        self: &Arc<Self>,
        period: &Period,
        lang: Lang,
    ) -> Result<Look<Option<Measured>>, Problem> {
        let session = self.session().await?;
        let key = Key::new(&session, period, lang);
        let (own, period) = (Arc::clone(self), period.clone());
        let make = async move || {
            let Self { ledger, contract, contract_file, notice, .. } = &*own;
            let notice = notice.clone();
            let made =
                Measured::read(ledger, &session, contract, contract_file, &period, lang, notice);
            made.await.map_err(|error| chain(&error))
        };
        self.reviews.get(key, make).await
    }

    /// The verdicts month by month: the months of the period, or the twelve that end with it if it
    /// has only one.
    pub async fn months(
        self: &Arc<Self>,
        period: &Period,
        lang: Lang,
    ) -> Result<Look<Vec<Month>>, Problem> {
        let session = self.session().await?;
        let key = Key::new(&session, period, lang);
        let periods = self.months_of(period, span(&session));
        let own = Arc::clone(self);
        let make = async move || {
            let Self { ledger, contract, .. } = &*own;
            let mut months = Vec::new();
            for period in periods {
                let options = Options { lang, sensitivity: false };
                let report = figures(ledger, &session, (contract, &period), options).await;
                let report = report.map_err(|error| chain(&error))?;
                months.push(Month { period, report });
            }
            Ok(months)
        };
        self.months.get(key, make).await
    }

    fn months_of(&self, period: &Period, span: Option<(Date, Date)>) -> Vec<Period> {
        let zone = &self.contract.zone;
        let mut months = period.split(Grain::Month, zone);
        while months.len() < 6
            && let Some(before) = months.first().and_then(|first| first.previous(zone))
            && span.is_some_and(|(first, _)| first < before.until_date())
        {
            months.insert(0, before);
        }
        months
    }

    /// Computes what the first page shows before anybody asks.
    pub async fn warm(self: &Arc<Self>, lang: Lang, now: Instant) -> Result<(), Problem> {
        let span = span(&*self.session().await?);
        if let (Some(_), Some(period)) = (span, self.newest(span, now)) {
            self.review(&period, lang).await?;
            self.months(&period, lang).await?;
        }
        Ok(())
    }
}

/// The first and the last day with data.
fn span(session: &Session) -> Option<(Date, Date)> {
    let days = session.imports.iter().filter_map(|row| row.days);
    let (first, last) = days.reduce(|(from, to), (first, last)| (from.min(first), to.max(last)))?;
    date_of(first).zip(date_of(last))
}

/// Why a text is no period, and what to write.
fn no_period(problem: &PeriodError) -> (Text, Text) {
    let (it, hint) = match problem {
        PeriodError::Form { text } => (
            format!("`{text}` non è un periodo"),
            "scrivere `2023`, `2023-H2`, `2023-Q3`, `2023-07`, `2023-W30`, `2023-07-14` o \
             `2023-07-01..2023-10-01` (l'ultima data è esclusa)",
        ),
        PeriodError::NotInCalendar { text } => (
            format!("`{text}` non esiste nel calendario"),
            "semestri H1-H2, trimestri Q1-Q4, mesi 01-12, settimane ISO W01-W52 o W53",
        ),
        PeriodError::EmptyRange { text } => (
            format!("l'intervallo `{text}` è vuoto, la seconda data non segue la prima"),
            "la seconda data è il primo giorno escluso: luglio è `2023-07-01..2023-08-01`",
        ),
        PeriodError::SkippedDay { text } => (
            format!("il fuso orario non ha nessun istante in `{text}`"),
            "scegliere un periodo che gli orologi del fuso hanno attraversato",
        ),
        PeriodError::Year { text } => (
            format!("l'anno di `{text}` è troppo lontano"),
            "scrivere l'anno con quattro cifre, come in `2023-H2`",
        ),
    };
    (Text::new(&it, &problem.to_string()), Text::new(hint, problem.hint()))
}

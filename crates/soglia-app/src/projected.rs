//! What a running period still needs. Read [`project`] first.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use serde_json::{Value, json};
use soglia_domain::contract::{Contract, Indicator, Service};
use soglia_domain::period::Period;
use soglia_domain::rule::Rule;
use soglia_domain::text::Lang;
use soglia_ledger::session::Session;
use soglia_ledger::store::Ledger;
use soglia_measure::MeasureError;
use soglia_measure::measure::{Options, print_target};
use soglia_measure::measurement::Report;
use soglia_measure::profile::{By, Profile, profile};
use soglia_sim::projection::{Counts, Goal, Likely, Outlook, Remaining, TRIALS, likely, outlook};
use soglia_sim::random::Key;

use crate::demand::Demand;
use crate::measured::figures;

/// Days before the period from which days that are left may be drawn.
const LOOK_BACK_DAYS: i64 = 28;

/// The seed of the trials: the same data give the same figures.
const SEED: u64 = 20_231;

/// An indicator's projection.
#[derive(Clone, PartialEq, Debug)]
pub struct Projected {
    /// The service's code.
    pub service: String,
    /// The indicator's code.
    pub indicator: String,
    /// Its name.
    pub name: String,
    /// Its target, as text.
    pub target: String,
    /// What numerator and denominator count.
    pub counts_unit: &'static str,
    /// What was counted from the period's beginning on.
    pub so_far: Counts,
    /// Days on which the service will still be open.
    pub n_days: u32,
    /// Items still to come.
    pub rest: u64,
    /// How that was found.
    pub basis: Basis,
    /// Whether the target can still be met if as many come.
    pub outlook: Outlook,
    /// How the period may end; for indicators of calls only.
    pub likely: Option<Likely>,
}

/// How many items are still to come, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Basis {
    /// The last four days of the same weekday, drawn at random.
    Weekdays,
    /// As many on each open day as so far.
    Pace,
}

impl Projected {
    /// Whether the target can still be met, in one word for programs.
    pub const fn outlook_code(&self) -> &'static str {
        match self.outlook {
            Outlook::Certain => "certain",
            Outlook::Possible { .. } => "possible",
            Outlook::Impossible { .. } => "impossible",
            Outlook::Empty => "empty",
        }
    }

    /// The same for people.
    pub const fn outlook_name(&self, lang: Lang) -> &'static str {
        match (self.outlook, lang) {
            (Outlook::Certain, Lang::It) => "già certo",
            (Outlook::Certain, Lang::En) => "certain already",
            (Outlook::Possible { .. }, Lang::It) => "possibile",
            (Outlook::Possible { .. }, Lang::En) => "possible",
            (Outlook::Impossible { .. }, Lang::It) => "impossibile",
            (Outlook::Impossible { .. }, Lang::En) => "impossible",
            (Outlook::Empty, Lang::It) => "niente da contare",
            (Outlook::Empty, Lang::En) => "nothing to count",
        }
    }

    /// How many of the items to come may go wrong.
    pub const fn wrong_max(&self) -> Option<u64> {
        match self.outlook {
            Outlook::Possible { wrong_max } => Some(wrong_max),
            Outlook::Certain => Some(self.rest),
            Outlook::Impossible { .. } | Outlook::Empty => None,
        }
    }

    /// The projection for programs.
    pub fn document(&self) -> Value {
        let enough = match self.outlook {
            Outlook::Impossible { enough } => enough,
            _ => None,
        };
        json!({
            "service": self.service,
            "indicator": self.indicator,
            "name": self.name,
            "target": self.target,
            "counts_unit": self.counts_unit,
            "so_far": { "numerator": self.so_far.met, "denominator": self.so_far.counted },
            "days_left": self.n_days,
            "rest": self.rest,
            "rest_basis": self.basis.name(),
            "outlook": self.outlook_code(),
            "wrong_max": self.wrong_max(),
            "enough": enough,
            "likely": self.likely.map(|likely| json!({
                "trials": likely.n_trials,
                "met": likely.met,
                "rest": likely.rest,
                "share": likely.share,
            })),
        })
    }
}

impl Basis {
    /// The name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weekdays => "weekdays",
            Self::Pace => "pace",
        }
    }
}

/// Projects every indicator of a share to the end of a period; the first day to come is `as_of`.
///
/// Indicators of durations have no share to win back and are left out.
pub async fn project(
    (ledger, session): (&Ledger, &Session),
    (contract, period): (&Contract, &Period),
    as_of: Date,
    only: Option<&str>,
    lang: Lang,
) -> Result<Vec<Projected>, MeasureError> {
    let mut found = Vec::new();
    let so_far = match part(contract, period.first_date(), as_of.min(period.until_date())) {
        Some(passed) => {
            let options = Options { lang, sensitivity: false };
            Some(figures(ledger, session, (contract, &passed), options).await?)
        }
        None => None,
    };
    for service in &contract.services {
        if only.is_some_and(|code| code != service.code) {
            continue;
        }
        let days = by_day(session, contract, service, period, as_of).await?;
        let demand = Demand::read(session, contract, service, Some(as_of), lang).await?;
        for indicator in &service.indicators {
            let look = Look { service, indicator, period, as_of, lang };
            found.extend(look.project(so_far.as_ref(), &days, demand.as_ref()));
        }
    }
    Ok(found)
}

/// A stretch of days as a period, if it has any.
fn part(contract: &Contract, first: Date, until: Date) -> Option<Period> {
    (first < until).then(|| Period::parse(&format!("{first}..{until}"), &contract.zone).ok())?
}

/// A service's calls by day, from some weeks before the period on.
async fn by_day(
    session: &Session,
    contract: &Contract,
    service: &Service,
    period: &Period,
    as_of: Date,
) -> Result<Profile, MeasureError> {
    let first = period.first_date().min(as_of);
    let first = first.checked_sub(Span::new().days(LOOK_BACK_DAYS)).unwrap_or(first);
    match part(contract, first, as_of.min(period.until_date())) {
        Some(known) => profile(session, contract, &known, &service.code, By::Day).await,
        None => Ok(Profile::new()),
    }
}

struct Look<'a> {
    service: &'a Service,
    indicator: &'a Indicator,
    period: &'a Period,
    as_of: Date,
    lang: Lang,
}

impl Look<'_> {
    fn project(
        &self,
        so_far: Option<&Report>,
        days: &Profile,
        demand: Option<&Demand>,
    ) -> Option<Projected> {
        let Self { service, indicator, period, as_of, lang } = self;
        let last = period.until_date().yesterday().ok()?;
        let version = indicator.version_on(last).or_else(|| indicator.version_on(*as_of))?;
        let goal = Goal::new(version.target, version.compare)?;
        let measured = so_far.and_then(|report| report.find(&service.code, &indicator.code));
        let counts = measured.map_or_else(Counts::default, |m| Counts {
            met: m.numerator.unwrap_or(0),
            counted: m.denominator.unwrap_or(0),
        });
        let first = (*as_of).max(period.first_date());
        let n_days = service.calendar.service_days(first, period.until_date());
        let by_day = of_rule(&version.rule, days);
        let likely = demand.zip(by_day.as_ref()).and_then(|(demand, past)| {
            let days = demand.days(service);
            let until = period.until_date();
            let remaining = Remaining { past, days: &days, first, until };
            likely(&goal, counts, &remaining, TRIALS, Key::new(SEED))
        });
        let (rest, basis) = likely.as_ref().map_or_else(
            || {
                let passed = service.calendar.service_days(period.first_date(), first);
                (pace(counts.counted, passed, n_days), Basis::Pace)
            },
            |likely| (likely.rest[1], Basis::Weekdays),
        );
        Some(Projected {
            service: service.code.clone(),
            indicator: indicator.code.clone(),
            name: indicator.name.get(*lang).to_owned(),
            target: print_target(version),
            counts_unit: measured.map_or("call", |m| m.counts_unit),
            so_far: counts,
            n_days,
            rest,
            basis,
            outlook: outlook(&goal, counts, rest),
            likely,
        })
    }
}

/// As many items on each day that is left as on each that has passed; where there were any, at
/// least one more may come.
fn pace(counted: u64, n_passed: u32, n_left: u32) -> u64 {
    let exact = u128::from(counted) * u128::from(n_left);
    u64::try_from(exact.div_ceil(u128::from(n_passed.max(1)))).unwrap_or(u64::MAX)
}

/// A rule's counts by day; nothing for rules that are not about calls.
fn of_rule(rule: &Rule, days: &Profile) -> Option<BTreeMap<Date, Counts>> {
    let counts = days.iter().filter_map(|(day, line)| {
        let counted = match rule {
            Rule::AnsweredWithin(_) => &line.in_time,
            Rule::Lost(_) => &line.lost,
            _ => return None,
        };
        let counts = Counts { met: counted.num, counted: counted.den };
        Some((day.parse::<Date>().ok()?, counts))
    });
    matches!(rule, Rule::AnsweredWithin(_) | Rule::Lost(_)).then(|| counts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_kept_in_whole_items() {
        assert_eq!((pace(100, 20, 10), pace(100, 0, 3), pace(7, 2, 1)), (50, 300, 4));
        assert_eq!(pace(u64::MAX, 1, 2), u64::MAX);
    }
}

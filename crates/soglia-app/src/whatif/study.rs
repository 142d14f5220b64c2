//! Answers as the report tells them. Read [`study`] first, then [`studies`].

use soglia_domain::contract::{Contract, Service};
use soglia_domain::period::Period;
use soglia_domain::period::weekday_name;
use soglia_domain::text::Text;
use soglia_ledger::session::Session;
use soglia_report::model::{
    ScenarioDifference, ScenarioFloor, ScenarioGate, ScenarioHour, ScenarioIndicator,
    ScenarioLikeness, ScenarioRow, ScenarioStudy, ScenarioTopic, Target,
};
use soglia_sim::replay::{Comparison, Gate};
use soglia_sim::replicate::Estimate;
use soglia_sim::scenario::{ApplyError, Scenario};
use soglia_sim::whatif::{Answer, Answers, Figures, Indicator, IndicatorFigure, Source};

use super::{
    Described, Effort, HALF_WIDTH, Part, Prepared, Present, PresentError, WEEKS, WEEKS_MAX,
    WORST_HOURS, undescribed, words,
};
use crate::history::quarter;
use crate::review::figures;
use crate::roster::Roster;

/// Why there is no chapter about scenarios.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// Nothing can be learned.
    #[error(transparent)]
    Present(#[from] PresentError),
    /// A scenario does not fit the present.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// A scenario is about a service that the contract does not have, or does not say about which.
    #[error("scenario `{scenario}` must name one of the contract's services: {known}")]
    Service {
        /// The scenario.
        scenario: String,
        /// The services.
        known: String,
    },
}

/// What scenarios would do, for a period's document: its last weeks, one study for each service
/// that they are about. `progress` is told how many weeks of a service have been played and how
/// wide the widest interval is.
pub async fn studies(
    session: &Session,
    contract: &Contract,
    period: &Period,
    scenarios: impl Iterator<Item = &Scenario>,
    roster: Option<&Roster>,
    threads: usize,
    progress: &mut dyn FnMut(u32, f64),
) -> Result<Vec<ScenarioStudy>, StudyError> {
    let mut about: Vec<(&Service, Vec<Scenario>)> = Vec::new();
    for scenario in scenarios {
        let service = service_of(contract, scenario)?;
        match about.iter_mut().find(|(known, _)| known.code == service.code) {
            Some((_, own)) => own.push(scenario.clone()),
            None => about.push((service, vec![scenario.clone()])),
        }
    }
    let part = Part { weeks: WEEKS, until: Some(period.until_date()) };
    let effort = Effort { source: Source::Recorded, half_width: HALF_WIDTH, weeks_max: WEEKS_MAX };
    let base = undescribed();
    let described = Described { base: &base, roster, plan: None };
    let mut studies = Vec::new();
    for (service, own) in about {
        let present = Present::read(session, contract, service, described, part).await?;
        let prepared = Prepared::new(present, threads)?;
        let answers = prepared.answer_until(&own, effort, progress)?;
        studies.push(study(service, &prepared.present, &answers, &prepared.gate));
    }
    Ok(studies)
}

/// The service that a scenario is about.
fn service_of<'c>(contract: &'c Contract, scenario: &Scenario) -> Result<&'c Service, StudyError> {
    let found = match (&scenario.service, contract.services.as_slice()) {
        (Some(code), _) => contract.service(code),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    found.ok_or_else(|| {
        let known: Vec<&str> = contract.services.iter().map(|s| s.code.as_str()).collect();
        StudyError::Service { scenario: scenario.code.clone(), known: known.join(", ") }
    })
}

/// Makes a service's study for documents and pages.
pub fn study(
    service: &Service,
    present: &Present,
    answers: &Answers,
    gate: &Gate,
) -> ScenarioStudy {
    let indicators = 0..present.indicators.len();
    let floors = std::iter::once((today(answers), &answers.base));
    let floors = floors.chain(answers.scenarios.iter().map(|a| (title(a), &a.figures)));
    ScenarioStudy {
        service: service.code.clone(),
        name: service.name.clone(),
        basis: texts(|lang| words::basis(present, lang)),
        gate: told_gate(present, answers, gate),
        indicators: indicators.filter_map(|i| indicator(service, present, answers, i)).collect(),
        floor: floors.map(|(name, figures)| floor(name, figures)).collect(),
        remarks: texts(|lang| words::remarks(present, answers, lang)),
    }
}

fn today(answers: &Answers) -> Text {
    match answers.likeness {
        None => Text::new("Oggi, simulato", "Today, simulated"),
        Some(_) => Text::new("Oggi, settimane estratte", "Today, weeks drawn"),
    }
}

fn title(answer: &Answer) -> Text {
    words::both(|lang| words::title(answer, lang))
}

/// The same sentences in both languages.
fn texts(of: impl Fn(soglia_domain::text::Lang) -> Vec<String>) -> Vec<Text> {
    use soglia_domain::text::Lang;
    let pairs = of(Lang::It).into_iter().zip(of(Lang::En));
    pairs.map(|(it, en)| Text { it, en: Some(en) }).collect()
}

/// A share or a difference of shares, times a hundred.
fn hundredths(value: f64) -> String {
    let text = format!("{:.2}", 100.0 * value);
    if text == "-0.00" { "0.00".to_owned() } else { text }
}

fn tenths(value: f64) -> String {
    format!("{:.1}", 100.0 * value)
}

/// Half the width of an interval, if there is one.
fn half_width(estimate: Estimate) -> Option<String> {
    estimate.half_width.is_finite().then(|| hundredths(estimate.half_width))
}

fn told_gate(present: &Present, answers: &Answers, gate: &Gate) -> ScenarioGate {
    let hour = |c: Comparison| ScenarioHour {
        at: words::both(|lang| {
            let (what, day) = words::scope(present, &c, lang);
            format!("{day} {what}")
        }),
        calls: c.n,
        observed: hundredths(c.observed),
        replayed: hundredths(c.replayed),
        difference: hundredths(c.difference()),
    };
    let explaining = gate.causes.iter().filter(|cause| cause.miss < gate.miss);
    ScenarioGate {
        calibrated: gate.calibrated(),
        likeness: answers.likeness.map(|likeness| ScenarioLikeness {
            holds: likeness.holds(),
            weeks: (u64::from(likeness.weeks), u64::from(likeness.of_weeks)),
            days: (u64::from(likeness.days), u64::from(likeness.of_days)),
        }),
        outside: gate.outside().count() as u64,
        judged: gate.judged() as u64,
        miss: hundredths(gate.miss),
        worst: gate.worst_hours(WORST_HOURS).into_iter().map(hour).collect(),
        causes: explaining
            .take(WORST_HOURS)
            .map(|cause| {
                (words::both(|lang| words::cause(&cause.what, lang)), hundredths(cause.miss))
            })
            .collect(),
    }
}

fn indicator(
    service: &Service,
    present: &Present,
    answers: &Answers,
    i: usize,
) -> Option<ScenarioIndicator> {
    let own = present.indicators.get(i)?;
    let now = row(today(answers), answers.base.indicators.get(i)?, None);
    let scenarios = answers.scenarios.iter().filter_map(|answer| {
        let d = answer.differences.get(i)?;
        let difference = ScenarioDifference {
            total: d.total.map(|total| hundredths(total.mean)),
            half_width: d.total.and_then(half_width),
            fixed_mix: d.fixed_mix.map(hundredths),
            misleads: d.mix_misleads,
        };
        Some(row(title(answer), answer.figures.indicators.get(i)?, Some(difference)))
    });
    Some(ScenarioIndicator {
        code: own.code.clone(),
        name: own.name.clone(),
        target: target(service, own, present)?,
        observed: answers.observed.get(i).map(|c| (c.num, c.den)),
        rows: std::iter::once(now).chain(scenarios).collect(),
        topics: topics(service, present, answers, i),
    })
}

/// The target as the contract's file has it in the weeks played.
fn target(service: &Service, own: &Indicator, present: &Present) -> Option<Target> {
    let indicator = service.indicator(&own.code)?;
    let date = present.last_monday();
    let version = indicator.version_on(date).or_else(|| indicator.versions.last())?;
    Some(figures::target(version))
}

fn row(
    name: Text,
    figure: &IndicatorFigure,
    difference: Option<ScenarioDifference>,
) -> ScenarioRow {
    ScenarioRow {
        name,
        ratio: (figure.counts.num, figure.counts.den),
        value: figure.counts.share().map(hundredths),
        half_width: figure.estimate.and_then(half_width),
        met: figure.met,
        probability: figure.p_met.map(|p| format!("{:.0}", 100.0 * p)),
        difference,
    }
}

fn topics(service: &Service, present: &Present, answers: &Answers, i: usize) -> Vec<ScenarioTopic> {
    let counts = |at: usize| answers.base.topics.get(at).and_then(|t| t.counts.get(i)).copied();
    let n = answers.base.topics.len();
    let all: u64 = (0..n).filter_map(counts).map(|c| c.den).sum();
    let mut topics = Vec::new();
    for (at, topic) in answers.base.topics.iter().enumerate() {
        let Some(counts) = counts(at) else { continue };
        let code = present.learned.topic_name(topic.kind);
        let named = service.topics.iter().find(|(one, _)| *one == code);
        let differences = answers.scenarios.iter().map(|answer| {
            let d = answer.differences.get(i)?.topics.get(at).copied().flatten()?;
            Some((hundredths(d.mean), half_width(d)))
        });
        topics.push(ScenarioTopic {
            name: named.map_or_else(|| Text { it: code.clone(), en: None }, |(_, n)| n.clone()),
            share: tenths(counts.den as f64 / all.max(1) as f64),
            now: counts.share().map(hundredths),
            differences: differences.collect(),
        });
    }
    topics
}

fn floor(name: Text, figures: &Figures) -> ScenarioFloor {
    let whole = |n: f64| soglia_sim::num::round_i64(n).max(0).unsigned_abs();
    ScenarioFloor {
        name,
        calls: whole(figures.offered_per_week),
        redials: whole(figures.redials_per_week),
        contained: whole(figures.contained_per_week),
        call_backs: whole(figures.call_backs_per_week),
        abandoned: figures.abandoned.map(tenths),
        wait_secs: figures.wait_secs.map(|secs| format!("{secs:.0}")),
        occupancy: figures.occupancy.map(tenths),
        hours: whole(figures.operator_hours),
        worst: figures.worst_quarter.map(|(number, share)| {
            let (day, time) = quarter(number);
            (words::both(|lang| format!("{} {time}", weekday_name(lang, day))), tenths(share))
        }),
    }
}

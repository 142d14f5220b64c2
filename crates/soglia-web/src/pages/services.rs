//! A service and its indicators. Read [`service`] first, then [`indicator`].

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use soglia_app::measured::Measured;
use soglia_app::review::figures;
use soglia_domain::contract::{Indicator, RuleVersion, Service};
use soglia_domain::period::Period;
use soglia_domain::text::{Lang, Text};
use soglia_domain::verdict::Verdict;
use soglia_measure::explain;
use soglia_measure::measurement::Measurement;
use soglia_report::document::Figure;
use soglia_report::format;
use soglia_report::model::{Alternative, Finding, IndicatorResult, ServiceReport, Unit};

use crate::access::Visit;
use crate::figures::{Choice, Look};
use crate::reply::{Answer, Problem, file, page};
use crate::shell::Shell;
use crate::state::{App, Shared};
use crate::view::{self, Line, Shown};

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/services/{service}", get(service))
        .route("/services/{service}/figures/{file}", get(figure_file))
        .route("/services/{service}/{indicator}", get(indicator))
        .route("/services/{service}/{indicator}/trend", get(trend))
}

#[derive(Template)]
#[template(path = "services/service.html")]
struct ServicePage {
    shell: Shell,
    choice: Choice,
    working: bool,
    empty: bool,
    lines: Vec<Line>,
    figures: Vec<Shown>,
    service: String,
    period: String,
}

async fn service(State(app): State<Shared>, visit: Visit, Path(code): Path<String>) -> Answer {
    let service = app.service(&visit, &code)?;
    let choice = app.figures.choice(&visit).await?;
    let shell = Shell::new(&app, &visit, service.name.get(visit.lang));
    let shell = shell.below(visit.say("Panoramica", "Overview"), "/");
    let period = choice.period.label().to_owned();
    let mut shown = ServicePage {
        shell,
        working: false,
        empty: false,
        lines: Vec::new(),
        figures: Vec::new(),
        service: code.clone(),
        period,
        choice,
    };
    match app.figures.review(&shown.choice.period, visit.lang).await? {
        Look::Working => shown.working = true,
        Look::Ready(measured) => match found(measured.as_ref().as_ref(), &code) {
            None => shown.empty = true,
            Some((measured, found)) => {
                shown.lines = view::lines(service, found, visit.lang);
                shown.figures = sections(measured, found, &visit);
            }
        },
    }
    page(&shown)
}

fn found<'m>(
    measured: Option<&'m Measured>,
    code: &str,
) -> Option<(&'m Measured, &'m ServiceReport)> {
    let measured = measured?;
    Some((measured, view::service_of(measured, code)?))
}

/// The service's sections of the report, numbered in their order.
fn sections(measured: &Measured, found: &ServiceReport, visit: &Visit) -> Vec<Shown> {
    let sections = soglia_report::analysis(&measured.input, found, visit.lang);
    sections.into_iter().enumerate().map(|(nth, section)| view::shown(nth, section)).collect()
}

/// A figure of the service as a file: `3.svg`, `3.csv`.
async fn figure_file(
    State(app): State<Shared>,
    visit: Visit,
    Path((code, name)): Path<(String, String)>,
) -> Answer {
    app.service(&visit, &code)?;
    let missing = || Problem::missing("questa figura non c'è", "there is no such figure");
    let (nth, kind) = name.split_once('.').ok_or_else(missing)?;
    let nth: usize = nth.parse().map_err(|_| missing())?;
    let choice = app.figures.choice(&visit).await?;
    let Look::Ready(measured) = app.figures.review(&choice.period, visit.lang).await? else {
        return Err(later());
    };
    let (measured, found) = found(measured.as_ref().as_ref(), &code).ok_or_else(missing)?;
    let shown = sections(measured, found, &visit).into_iter().nth(nth).ok_or_else(missing)?;
    let name = format!("{code}-{}-{nth}.{kind}", choice.period.label());
    match (kind, shown.figure, shown.table) {
        ("svg", Some(Figure { svg, .. }), _) => Ok(file("image/svg+xml", &name, svg)),
        ("csv", Some(Figure { table, .. }), _) | ("csv", None, Some(table)) => {
            Ok(file("text/csv; charset=utf-8", &name, view::csv(&table)))
        }
        _ => Err(missing()),
    }
}

/// What was asked for is still being computed.
pub fn later() -> Problem {
    let text = Text::new(
        "le misure si stanno calcolando: riprovi tra poco",
        "the figures are being computed: try again in a moment",
    );
    Problem::refused(axum::http::StatusCode::SERVICE_UNAVAILABLE, text)
}

#[derive(Template)]
#[template(path = "services/indicator.html")]
struct IndicatorPage {
    shell: Shell,
    choice: Choice,
    working: bool,
    empty: bool,
    service: String,
    code: String,
    period: String,
    found: Option<FoundIndicator>,
    cards: Vec<soglia_domain::card::Card>,
    queries: Vec<(u32, String)>,
}

/// What was measured of an indicator.
struct FoundIndicator {
    line: Line,
    measurement: Measurement,
    excluded: Vec<(String, String, u64)>,
    statistics: Vec<(String, String)>,
    sensitivity: Vec<Reading>,
    completeness: String,
    unit: &'static str,
    figures: Vec<Shown>,
}

/// A disputed reading.
struct Reading {
    rule: String,
    ratio: String,
    value: String,
    verdict: &'static str,
    changes: bool,
}

async fn indicator(
    State(app): State<Shared>,
    visit: Visit,
    Path((code, indicator)): Path<(String, String)>,
) -> Answer {
    let service = app.service(&visit, &code)?;
    let own = known(service, &indicator)?;
    let choice = app.figures.choice(&visit).await?;
    let lang = visit.lang;
    let period = choice.period.label().to_owned();
    let title = format!("{} · {}", own.code, own.name.get(lang));
    let shell = Shell::new(&app, &visit, &title)
        .below(visit.say("Panoramica", "Overview"), "/")
        .below(service.name.get(lang), format!("/services/{code}?period={period}"));
    let mut shown = IndicatorPage {
        shell,
        working: false,
        empty: false,
        found: None,
        cards: explain::cards(&app.contract, &code, &indicator, &choice.period, lang)?,
        queries: explain::sql(&app.contract, &code, &indicator, &choice.period)?,
        service: code.clone(),
        code: indicator.clone(),
        period,
        choice,
    };
    match app.figures.review(&shown.choice.period, lang).await? {
        Look::Working => shown.working = true,
        Look::Ready(measured) => match measured.as_ref() {
            None => shown.empty = true,
            Some(measured) => shown.found = measured_indicator(measured, service, own, &visit),
        },
    }
    page(&shown)
}

fn known<'s>(service: &'s Service, code: &str) -> Result<&'s Indicator, Problem> {
    service.indicator(code).ok_or_else(|| {
        Problem::missing(
            "il servizio non ha questo indicatore",
            "the service has no such indicator",
        )
    })
}

fn measured_indicator(
    measured: &Measured,
    service: &Service,
    indicator: &Indicator,
    visit: &Visit,
) -> Option<FoundIndicator> {
    let lang = visit.lang;
    let found = view::service_of(measured, &service.code)?;
    let result = found.indicators.iter().find(|result| result.code == indicator.code)?;
    let measurement = measured.report.find(&service.code, &indicator.code)?.clone();
    let reasons = measurement.excluded.keys().zip(&result.excluded);
    let excluded = reasons
        .map(|(code, count)| (code.clone(), count.name.get(lang).to_owned(), count.n))
        .collect();
    let statistics = result
        .statistics
        .iter()
        .map(|(name, amount)| (name.get(lang).to_owned(), format::amount(lang, amount)))
        .collect();
    let c = &measurement.completeness;
    let completeness = visit.say(
        "giorni di servizio con dati su giorni di servizio",
        "service days with data, of all service days",
    );
    Some(FoundIndicator {
        line: view::line(service, indicator, result, lang),
        excluded,
        statistics,
        sensitivity: readings(result, lang),
        completeness: format!("{} / {} ({completeness})", c.days_with_data, c.service_days),
        unit: view::unit(measurement.counts_unit, lang),
        figures: own_figures(measured, found, &indicator.code, visit),
        measurement,
    })
}

fn readings(result: &IndicatorResult, lang: Lang) -> Vec<Reading> {
    let one = |other: &Alternative| Reading {
        rule: other.rule.get(lang).to_owned(),
        ratio: other.ratio.map_or_else(String::new, |ratio| format::ratio_line(lang, ratio)),
        value: format::amount_or_na(lang, other.value.as_ref()),
        verdict: match other.verdict {
            Verdict::Ok => "OK",
            Verdict::Ko => "KO",
            Verdict::Na(_) => "NA",
        },
        changes: std::mem::discriminant(&other.verdict) != std::mem::discriminant(&result.verdict),
    };
    result.sensitivity.iter().map(one).collect()
}

/// The figures about what the indicator counts: hours and waits for calls, durations for cases.
fn own_figures(
    measured: &Measured,
    found: &ServiceReport,
    code: &str,
    visit: &Visit,
) -> Vec<Shown> {
    let about_calls = found.findings.iter().any(
        |finding| matches!(finding, Finding::MonthlyShare(monthly) if monthly.indicator == code),
    );
    let belongs = |finding: &Finding| match finding {
        Finding::HourProfile(_) | Finding::Waits(_) => about_calls,
        Finding::Daily(daily) => daily.indicator == code,
        Finding::DurationTrend(_) => code == "K5",
        _ => false,
    };
    // The balance of calls comes before the findings.
    let wanted: Vec<bool> =
        std::iter::once(false).chain(found.findings.iter().map(belongs)).collect();
    let all = sections(measured, found, visit);
    all.into_iter().filter(|one| wanted.get(one.nth).copied().unwrap_or(false)).collect()
}

#[derive(Template)]
#[template(path = "services/trend.html")]
struct TrendPage {
    shell: Shell,
    choice: Choice,
    working: bool,
    service: String,
    code: String,
    figure: Option<Figure>,
}

/// An indicator month by month: a page, and a part of the indicator's page.
async fn trend(
    State(app): State<Shared>,
    visit: Visit,
    Path((code, indicator)): Path<(String, String)>,
) -> Answer {
    let service = app.service(&visit, &code)?;
    let own = known(service, &indicator)?;
    let choice = app.figures.choice(&visit).await?;
    let look = app.figures.months(&choice.period, visit.lang).await?;
    if let Some(kind) = visit.parameter("file") {
        return trend_file(&app, &visit, (service, own), &choice.period, &kind).await;
    }
    let title = format!("{} {}", own.code, visit.say("mese per mese", "month by month"));
    let address = format!("/services/{code}/{indicator}?period={}", choice.period.label());
    let shell = Shell::new(&app, &visit, &title)
        .below(service.name.get(visit.lang), format!("/services/{code}"))
        .below(&indicator, address);
    let (working, figure) = match look {
        Look::Working => (true, None),
        Look::Ready(months) => (false, drawn(&months, (service, own), &choice.period, &visit)),
    };
    page(&TrendPage { shell, choice, working, service: code, code: indicator, figure })
}

async fn trend_file(
    app: &App,
    visit: &Visit,
    of: (&Service, &Indicator),
    period: &Period,
    kind: &str,
) -> Answer {
    let Look::Ready(months) = app.figures.months(period, visit.lang).await? else {
        return Err(later());
    };
    let missing = || Problem::missing("questa figura non c'è", "there is no such figure");
    let Figure { svg, table, .. } = drawn(&months, of, period, visit).ok_or_else(missing)?;
    let name = format!("{}-{}-{}.{kind}", of.0.code, of.1.code, period.label());
    match kind {
        "svg" => Ok(file("image/svg+xml", &name, svg)),
        "csv" => Ok(file("text/csv; charset=utf-8", &name, view::csv(&table))),
        _ => Err(missing()),
    }
}

fn drawn(
    months: &[crate::figures::Month],
    (service, indicator): (&Service, &Indicator),
    period: &Period,
    visit: &Visit,
) -> Option<Figure> {
    let lang = visit.lang;
    let points = view::points(months, &service.code, &indicator.code, lang);
    let named = (indicator.code.as_str(), indicator.name.get(lang));
    let last = period.until_date().yesterday().ok()?;
    let version = indicator.version_on(last).or(indicator.versions.last())?;
    view::trend(&points, named, bound(version, lang), lang)
}

/// The target as a height of the drawing, where it is a percentage, and in words.
fn bound(version: &RuleVersion, lang: Lang) -> Option<(f64, String)> {
    let target = figures::target(version);
    let percent = target.bound.unit == Unit::Percent;
    let height = target.bound.decimal.parse().ok().filter(|_| percent)?;
    Some((height, format::target(lang, &target)))
}

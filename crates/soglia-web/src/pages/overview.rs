//! The first page: the verdicts of a period, service by service, and what needs attention. Read
//! [`show`] first.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use soglia_app::measured::Measured;
use soglia_domain::access::Permission;
use soglia_domain::contract::Service;
use soglia_domain::text::Lang;
use soglia_report::format;
use soglia_report::model::CheckOutcome;

use super::open_data;
use crate::access::Visit;
use crate::figures::{Choice, Look, Month};
use crate::reply::{Answer, go, page};
use crate::shell::Shell;
use crate::state::Shared;
use crate::view::{self, Line, Point};

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new().route("/", get(show)).route("/months", get(months))
}

#[derive(Template)]
#[template(path = "overview/overview.html")]
struct OverviewPage {
    shell: Shell,
    choice: Choice,
    working: bool,
    empty: bool,
    attention: Vec<Attention>,
    services: Vec<(String, String, Vec<Line>)>,
    open_data: bool,
}

/// Something to look at.
struct Attention {
    what: String,
    more: String,
    href: String,
}

async fn show(State(app): State<Shared>, visit: Visit) -> Answer {
    // Whoever keeps accounts only begins there.
    let who = visit.who()?;
    if app.services(&visit).is_err()
        && who.actor.may(&[Permission::ManageUsers], &app.contract.code, None, visit.now)
    {
        return Ok(go("/users"));
    }
    let mine = app.services(&visit)?;
    let choice = app.figures.choice(&visit).await?;
    let look = app.figures.review(&choice.period, visit.lang).await?;
    let mut shell = Shell::new(&app, &visit, visit.say("Panoramica", "Overview"));
    shell.period = Some(choice.period.label().to_owned());
    let mut shown = OverviewPage {
        shell,
        choice,
        working: false,
        empty: false,
        attention: Vec::new(),
        services: Vec::new(),
        open_data: app.allow(&visit, open_data::MAY_EXPORT, None).is_ok(),
    };
    match look {
        Look::Working => shown.working = true,
        Look::Ready(measured) => match measured.as_ref() {
            None => shown.empty = true,
            Some(measured) => {
                for service in mine {
                    let Some(found) = view::service_of(measured, &service.code) else { continue };
                    let name = service.name.get(visit.lang).to_owned();
                    let lines = view::lines(service, found, visit.lang);
                    shown.services.push((service.code.clone(), name, lines));
                }
                let period = shown.choice.period.label();
                shown.attention = attention(&visit, period, measured, &shown.services);
            }
        },
    }
    page(&shown)
}

fn attention(
    visit: &Visit,
    period: &str,
    measured: &Measured,
    services: &[(String, String, Vec<Line>)],
) -> Vec<Attention> {
    let lang = visit.lang;
    let mut found = Vec::new();
    for (code, name, lines) in services {
        let of = |line: &Line, more: String| Attention {
            what: format!("{name}, {}", line.code),
            more,
            href: format!("/services/{code}/{}?period={period}", line.code),
        };
        for line in lines.iter().filter(|line| line.verdict == "KO") {
            let missed = format::say(lang, "obiettivo mancato", "target missed");
            let of_target = format::say(lang, "obiettivo", "target");
            let more = format!("{missed}, {} ({of_target} {})", line.value, line.target);
            found.push(of(line, more));
        }
        let fragile = lines.iter().filter(|line| 0 < line.fragile);
        let fragile: Vec<&str> = fragile.map(|line| line.code.as_str()).collect();
        if !fragile.is_empty() {
            let why = format::say(
                lang,
                "l'esito cambia se la regola si legge in un altro dei modi discussi",
                "the verdict changes if the rule is read in another of the disputed ways",
            );
            found.push(Attention {
                what: name.clone(),
                more: format!("{}: {why}", fragile.join(", ")),
                href: format!("/services/{code}?period={period}"),
            });
        }
    }
    found.extend(checks(lang, period, measured));
    found.extend(data(lang, measured));
    found
}

/// Coherence checks that must be settled before anybody signs.
fn checks(lang: Lang, period: &str, measured: &Measured) -> Option<Attention> {
    let failed = |outcome: &CheckOutcome| matches!(outcome, CheckOutcome::Failed(_));
    let failed: Vec<&str> = measured
        .input
        .checks
        .iter()
        .filter(|check| failed(&check.outcome))
        .map(|check| check.code.as_str())
        .collect();
    (!failed.is_empty()).then(|| Attention {
        what: format::say(lang, "Controlli di coerenza", "Coherence checks").to_owned(),
        more: failed.join(", "),
        href: format!("/checks?period={period}"),
    })
}

/// Rows that could not be read, days without data, data that are still open.
fn data(lang: Lang, measured: &Measured) -> Vec<Attention> {
    let mut found = Vec::new();
    let rejected: u64 = measured.input.provenance.inputs.iter().map(|file| file.rejected).sum();
    if 0 < rejected {
        found.push(Attention {
            what: format::say(lang, "Righe scartate", "Rejected rows").to_owned(),
            more: format::integer(lang, rejected),
            href: "/rejects".to_owned(),
        });
    }
    for coverage in &measured.input.provenance.coverage {
        if !coverage.gaps.is_empty() {
            let days: Vec<String> =
                coverage.gaps.iter().take(5).map(|date| format::day(lang, *date)).collect();
            let name = coverage.service.get(lang);
            found.push(Attention {
                what: match lang {
                    Lang::It => format!("{name}: giorni di servizio senza chiamate"),
                    Lang::En => format!("{name}: service days without calls"),
                },
                more: format!("{} ({}…)", coverage.gaps.len(), days.join(", ")),
                href: "/imports".to_owned(),
            });
        }
    }
    if measured.report.measurements.iter().any(|m| m.provisional) {
        found.push(Attention {
            what: format::say(lang, "Dati ancora aperti", "Data still open").to_owned(),
            more: format::say(lang, "le cifre possono cambiare", "figures may change").to_owned(),
            href: "/imports".to_owned(),
        });
    }
    found
}

#[derive(Template)]
#[template(path = "overview/months.html")]
struct MonthsPage {
    shell: Shell,
    choice: Choice,
    working: bool,
    services: Vec<ServiceMonths>,
}

struct ServiceMonths {
    code: String,
    name: String,
    months: Vec<String>,
    rows: Vec<(String, Vec<Point>)>,
}

async fn months(State(app): State<Shared>, visit: Visit) -> Answer {
    let mine = app.services(&visit)?;
    let choice = app.figures.choice(&visit).await?;
    let look = app.figures.months(&choice.period, visit.lang).await?;
    let title = visit.say("Mese per mese", "Month by month");
    let shell = Shell::new(&app, &visit, title).below(visit.say("Panoramica", "Overview"), "/");
    let (working, services) = match look {
        Look::Working => (true, Vec::new()),
        Look::Ready(months) => {
            (false, mine.into_iter().map(|s| by_month(s, &months, visit.lang)).collect())
        }
    };
    page(&MonthsPage { shell, choice, working, services })
}

fn by_month(service: &Service, months: &[Month], lang: Lang) -> ServiceMonths {
    let rows = service.indicators.iter().map(|indicator| {
        let code = indicator.code.clone();
        let points = view::points(months, &service.code, &code, lang);
        (code, points)
    });
    ServiceMonths {
        code: service.code.clone(),
        name: service.name.get(lang).to_owned(),
        months: months.iter().map(|month| month.period.name(lang)).collect(),
        rows: rows.collect(),
    }
}

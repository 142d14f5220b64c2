//! The first page: the verdicts of a period, service by service. Read [`show`] first.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use soglia_domain::access::Permission;
use soglia_measure::measurement::Measurement;

use crate::access::Visit;
use crate::figures::{Choice, Depth, Look, Measured};
use crate::reply::{Answer, go, page};
use crate::shell::Shell;
use crate::state::{App, Shared};

/// The routes.
pub fn routes() -> Router<Shared> {
    Router::new().route("/", get(show))
}

#[derive(Template)]
#[template(path = "overview/overview.html")]
struct OverviewPage {
    shell: Shell,
    choice: Choice,
    services: Vec<ServiceRows>,
    working: bool,
}

struct ServiceRows {
    code: String,
    name: String,
    rows: Vec<Measurement>,
}

async fn show(State(app): State<Shared>, visit: Visit) -> Answer {
    // Whoever keeps accounts only begins there.
    let who = visit.who()?;
    if app.services(&visit).is_err()
        && who.actor.may(&[Permission::ManageUsers], &app.contract.code, None, visit.now)
    {
        return Ok(go("/users"));
    }
    let services = app.services(&visit)?;
    let choice = app.figures.choice(&visit).await?;
    let look = app.figures.of(&choice.period, Depth::Whole).await?;
    let mut shell = Shell::new(&app, &visit, visit.say("Panoramica", "Overview"));
    shell.period = Some(choice.period.label().to_owned());
    let (services, working) = match look {
        Look::Working => (Vec::new(), true),
        Look::Ready(measured) => {
            let codes: Vec<&str> = services.iter().map(|s| s.code.as_str()).collect();
            (rows(&app, &visit, &measured, &codes), false)
        }
    };
    page(&OverviewPage { shell, choice, services, working })
}

fn rows(app: &App, visit: &Visit, measured: &Arc<Measured>, codes: &[&str]) -> Vec<ServiceRows> {
    let report = measured.report(visit.lang);
    let services = app.contract.services.iter().filter(|s| codes.contains(&s.code.as_str()));
    services
        .map(|service| ServiceRows {
            code: service.code.clone(),
            name: service.name.get(visit.lang).to_owned(),
            rows: report
                .measurements
                .iter()
                .filter(|m| m.service == service.code)
                .cloned()
                .collect(),
        })
        .collect()
}

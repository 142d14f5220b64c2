//! A review at a glance, and what stands in its way. Read [`show`] first.

use askama::Template;
use axum::extract::{Path, State};
use soglia_app::semester;
use soglia_domain::checks::{Check, Severity};

use super::{Head, opened};
use crate::access::Visit;
use crate::pages::registers::fields::text_of;
use crate::pages::registers::{Step, steps};
use crate::reply::{Answer, page};
use crate::shell::Shell;
use crate::state::Shared;

#[derive(Template)]
#[template(path = "reviews/summary.html")]
struct SummaryPage {
    shell: Shell,
    head: Head,
    texts: Vec<(&'static str, String)>,
    left: Vec<(String, &'static str, u64)>,
    follow_ups: Vec<FollowUp>,
    steps: Vec<Step>,
    id: String,
    version: i64,
    next: String,
    may_prepare: bool,
}

struct FollowUp {
    id: String,
    item: String,
    title: String,
    first_seen: String,
    state: &'static str,
}

/// A review at a glance.
pub async fn show(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let super::Opened { view, head, shell } = opened(&app, &visit, &id, "").await?;
    let review = &view.review;
    let lang = visit.lang;
    let texts = review
        .register
        .fields
        .iter()
        .filter_map(|field| Some((field.label.get(lang), text_of(review, field.code, lang)?)));
    let left = head.tabs.iter().filter(|(.., left, _)| 0 < *left);
    let left = left.map(|(address, name, left, _)| (address.clone(), *name, *left)).collect();
    let follow_ups = view.follow_ups.iter().map(|entry| FollowUp {
        id: entry.id.clone(),
        item: entry.words("item").unwrap_or_default().to_owned(),
        title: entry.words("title").unwrap_or_default().to_owned(),
        first_seen: entry.words("first_seen").unwrap_or_default().to_owned(),
        state: entry.state.label.get(lang),
    });
    let prepare = [soglia_domain::access::Permission::PrepareReview];
    page(&SummaryPage {
        texts: texts.collect(),
        left,
        follow_ups: follow_ups.collect(),
        steps: steps(&app, &visit, review)?,
        may_prepare: app.may_anywhere(&visit, &prepare),
        id: review.id.clone(),
        version: review.version,
        next: format!("/reviews/{}", review.id),
        shell,
        head,
    })
}

#[derive(Template)]
#[template(path = "reviews/checks.html")]
struct ChecksPage {
    shell: Shell,
    head: Head,
    obstacles: Vec<String>,
    checks: Vec<CheckRow>,
    declared: Option<DeclaredRows>,
}

/// The report that was declared, and what it contradicts.
struct DeclaredRows {
    title: String,
    sha256: String,
    rows: Vec<CheckRow>,
}

struct CheckRow {
    code: &'static str,
    severity: &'static str,
    class: &'static str,
    about: String,
    text: String,
}

/// What the checks say, and what must be settled before approval.
pub async fn checks(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let super::Opened { view, head, shell } = opened(&app, &visit, &id, "checks").await?;
    let period = semester::period_of(&view.review, &app.contract)?;
    let measured = super::measured(&app, &visit, &period).await?;
    let by = visit.by("look")?;
    let mut tx = app.database.read().await?;
    let report = &measured.report;
    let review = &view.review;
    let standing =
        semester::standing(&mut tx, &by, &app.files, &app.contract, review, report).await?;
    let lang = visit.lang;
    let declared = standing.declared.map(|declared| DeclaredRows {
        title: declared.title,
        sha256: declared.sha256,
        rows: declared.found.iter().map(|check| check_row(check, &visit)).collect(),
    });
    page(&ChecksPage {
        declared,
        shell,
        head,
        obstacles: standing.obstacles.iter().map(|text| text.get(lang).to_owned()).collect(),
        checks: standing.checks.iter().map(|check| check_row(check, &visit)).collect(),
    })
}

fn check_row(check: &Check, visit: &Visit) -> CheckRow {
    let (severity, class) = match check.severity {
        Severity::Error => (visit.say("errore", "error"), "bad"),
        Severity::Warning => (visit.say("avviso", "warning"), "attention"),
        Severity::Note => (visit.say("nota", "note"), ""),
    };
    let about: Vec<&str> =
        check.service.iter().chain(&check.indicator).map(String::as_str).collect();
    CheckRow {
        code: check.code,
        severity,
        class,
        about: about.join("/"),
        text: check.text.get(visit.lang).to_owned(),
    }
}

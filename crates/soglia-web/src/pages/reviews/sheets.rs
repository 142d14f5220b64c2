//! Improvement sheets, with the remarks of the parties beside each figure. Read [`all`] first.

use askama::Template;
use axum::extract::{Path, State};
use soglia_app::semester::{SheetView, View, figure};
use soglia_domain::access::Permission;
use soglia_domain::register::{REMARKS, SHEET_ACTIONS, by_code};
use soglia_domain::text::Lang;
use soglia_registers::entries::{Entry, Link, LinkKind};

use super::parts::create;
use super::{Head, opened};
use crate::access::{Fields, Visit};
use crate::pages::registers::fields::text_of;
use crate::pages::registers::{Step, steps};
use crate::reply::{Answer, Problem, page, said};
use crate::shell::Shell;
use crate::state::Shared;

#[derive(Template)]
#[template(path = "reviews/figures.html")]
struct FiguresPage {
    shell: Shell,
    head: Head,
    services: Vec<(String, Vec<Row>)>,
    others: Vec<RemarkView>,
    may_remark: bool,
    next: String,
}

struct Row {
    id: String,
    on: String,
    code: String,
    objective: String,
    figure: String,
    target: String,
    verdict: String,
    state: &'static str,
    open: bool,
    n_actions: u64,
    remarks: Vec<RemarkView>,
}

struct RemarkView {
    id: String,
    version: i64,
    target: String,
    figure: Option<String>,
    text: String,
    answer: Option<String>,
    by: String,
    state: &'static str,
    open: bool,
    steps: Vec<Step>,
}

/// All sheets, with what the parties say about their figures.
pub async fn all(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let super::Opened { view, head, shell } = opened(&app, &visit, &id, "figures").await?;
    let lang = visit.lang;
    let mut services: Vec<(String, Vec<Row>)> = Vec::new();
    for sheet in &view.sheets {
        let row = row(&app, &visit, &view, sheet)?;
        let code = sheet.sheet.service.clone().unwrap_or_default();
        let name = app.contract.service(&code).map(|s| s.name.get(lang).to_owned());
        let name = name.unwrap_or(code);
        match services.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rows)) => rows.push(row),
            None => services.push((name, vec![row])),
        }
    }
    let known: Vec<&str> =
        services.iter().flat_map(|(_, rows)| rows).map(|row| row.on.as_str()).collect();
    let others = view
        .remarks
        .iter()
        .filter(|remark| !known.contains(&remark.words("target").unwrap_or_default()));
    let others = others.map(|remark| remark_view(&app, &visit, remark));
    let others = others.collect::<Result<_, _>>()?;
    let in_discussion = view.review.state.code == "in_discussion";
    page(&FiguresPage {
        next: format!("/reviews/{}/figures", head.id),
        may_remark: in_discussion && app.may_anywhere(&visit, &[Permission::RemarkReview]),
        others,
        shell,
        head,
        services,
    })
}

fn row(app: &Shared, visit: &Visit, view: &View, of: &SheetView) -> Result<Row, Problem> {
    let SheetView { sheet, actions } = of;
    let on = target_of(sheet);
    let about = view.remarks.iter().filter(|remark| remark.words("target") == Some(&on));
    let remarks = about.map(|remark| remark_view(app, visit, remark));
    let words = |field: &str| sheet.words(field).unwrap_or_default().to_owned();
    Ok(Row {
        remarks: remarks.collect::<Result<_, _>>()?,
        id: sheet.id.clone(),
        code: words("indicator"),
        objective: words("objective"),
        figure: figure(sheet, visit.lang),
        target: localised(&words("target"), visit.lang),
        verdict: words("verdict"),
        state: sheet.state.label.get(visit.lang),
        open: sheet.is_open(),
        n_actions: actions.len() as u64,
        on,
    })
}

/// What remarks call a sheet's figure: `cup/K1`.
fn target_of(sheet: &Entry) -> String {
    let service = sheet.service.as_deref().unwrap_or_default();
    format!("{service}/{}", sheet.words("indicator").unwrap_or_default())
}

/// A decimal, or a target such as `>= 95 %`, as people write it.
fn localised(text: &str, lang: Lang) -> String {
    let text = text.replace(">=", "≥").replace("<=", "≤");
    if lang == Lang::It { text.replace('.', ",") } else { text }
}

fn remark_view(app: &Shared, visit: &Visit, remark: &Entry) -> Result<RemarkView, Problem> {
    let words = |field: &str| remark.words(field).map(ToOwned::to_owned);
    Ok(RemarkView {
        id: remark.id.clone(),
        version: remark.version,
        target: words("target").unwrap_or_default(),
        figure: words("figure"),
        text: words("text").unwrap_or_default(),
        answer: words("answer"),
        by: remark.created.1.clone(),
        state: remark.state.label.get(visit.lang),
        open: remark.is_open(),
        steps: steps(app, visit, remark)?,
    })
}

/// Remarks on a figure or section; the figure stays with the remark as it was then.
pub async fn remark(
    State(app): State<Shared>,
    visit: Visit,
    Path(id): Path<String>,
    sent: Fields,
) -> Answer {
    let super::Opened { view, head, .. } = opened(&app, &visit, &id, "figures").await?;
    let on = sent.text("on");
    let sheet = view.sheets.iter().find(|one| target_of(&one.sheet) == on);
    let seen = sheet.map(|one| figure(&one.sheet, Lang::It));
    let mut fields =
        vec![("review", head.id.as_str()), ("target", on), ("text", sent.text("text"))];
    if let Some(seen) = &seen {
        fields.push(("figure", seen));
    }
    let links = sheet.map(|_| Link::new(LinkKind::Indicator, on)).into_iter().collect();
    let service = sheet.and_then(|one| one.sheet.service.as_deref());
    let register = by_code(REMARKS.code).expect("it is one of them");
    let entry = create(&app, &visit, register, service, links, &fields, &sent).await?;
    let told = format!("{} {}", entry.id, visit.say("registrata", "entered"));
    Ok(said(&format!("/reviews/{}/figures", head.id), &told))
}

#[derive(Template)]
#[template(path = "reviews/sheet.html")]
struct SheetPage {
    shell: Shell,
    head: Head,
    id: String,
    version: i64,
    verdict: String,
    state: &'static str,
    rows: Vec<(&'static str, String)>,
    actions: Vec<Action>,
    steps: Vec<Step>,
    may_edit: bool,
    may_act: bool,
    next: String,
}

struct Action {
    id: String,
    version: i64,
    title: String,
    owner: String,
    due: String,
    state: &'static str,
    expected: String,
    measured: Option<String>,
    measured_in: Option<String>,
    steps: Vec<Step>,
}

/// One improvement sheet, in the layout of the reference report.
pub async fn one(
    State(app): State<Shared>,
    visit: Visit,
    Path((id, sheet)): Path<(String, String)>,
) -> Answer {
    let super::Opened { view, head, shell } = opened(&app, &visit, &id, "figures").await?;
    let lang = visit.lang;
    let found = view.sheets.iter().find(|one| one.sheet.id == sheet);
    let SheetView { sheet, actions } = found.ok_or_else(missing)?;
    let left_out = ["review", "measured", "numerator", "denominator", "unit", "verdict"];
    let mut rows: Vec<(&'static str, String)> = Vec::new();
    for field in sheet.register.fields.iter().filter(|f| !left_out.contains(&f.code)) {
        if field.code == "target" {
            rows.push((visit.say("Valore misurato", "Measured value"), figure(sheet, lang)));
        }
        let text = text_of(sheet, field.code, lang).unwrap_or_else(|| "—".to_owned());
        let text = if field.code == "target" { localised(&text, lang) } else { text };
        rows.push((field.label.get(lang), text));
    }
    let own = |action: &Entry| -> Result<Action, Problem> {
        let words = |field: &str| action.words(field).map(ToOwned::to_owned);
        Ok(Action {
            id: action.id.clone(),
            version: action.version,
            title: words("title").unwrap_or_default(),
            owner: words("owner").unwrap_or_default(),
            due: text_of(action, "due_on", lang).unwrap_or_default(),
            state: action.state.label.get(lang),
            expected: words("expected").unwrap_or_default(),
            measured: words("measured").map(|text| localised(&text, lang)),
            measured_in: words("measured_in"),
            steps: steps(&app, &visit, action)?,
        })
    };
    let actions = actions.iter().map(own).collect::<Result<_, _>>()?;
    let may_act = head.open && app.may_anywhere(&visit, SHEET_ACTIONS.record);
    let may_edit = head.open && app.may_anywhere(&visit, sheet.register.record);
    let title = format!("{} · {}", sheet.id, target_of(sheet));
    let mut shell = shell;
    shell.title = title;
    let shell = shell.below(
        visit.say("Schede e cifre", "Sheets and figures"),
        format!("/reviews/{}/figures", head.id),
    );
    page(&SheetPage {
        verdict: sheet.words("verdict").unwrap_or_default().to_owned(),
        state: sheet.state.label.get(lang),
        steps: steps(&app, &visit, sheet)?,
        next: format!("/reviews/{}/sheets/{}", head.id, sheet.id),
        id: sheet.id.clone(),
        version: sheet.version,
        shell,
        head,
        rows,
        actions,
        may_edit,
        may_act,
    })
}

fn missing() -> Problem {
    Problem::missing("questa scheda non c'è", "there is no such sheet")
}

/// Adds an action, which the next period finds by its indicator.
pub async fn add_action(
    State(app): State<Shared>,
    visit: Visit,
    Path((id, sheet)): Path<(String, String)>,
    sent: Fields,
) -> Answer {
    let super::Opened { view, head, .. } = opened(&app, &visit, &id, "figures").await?;
    let found = view.sheets.iter().find(|one| one.sheet.id == sheet).ok_or_else(missing)?;
    let today = app.setting().date(visit.now).to_string();
    let fields = [
        ("sheet", found.sheet.id.as_str()),
        ("decided_on", &today),
        ("title", sent.text("title")),
        ("owner", sent.text("owner")),
        ("due_on", sent.text("due_on")),
        ("expected", sent.text("expected")),
        ("resources", sent.text("resources")),
    ];
    let links = found.sheet.links.iter().filter(|link| link.kind == LinkKind::Indicator);
    let links = links.cloned().collect();
    let service = found.sheet.service.as_deref();
    let register = by_code(SHEET_ACTIONS.code).expect("it is one of them");
    let entry = create(&app, &visit, register, service, links, &fields, &sent).await?;
    let told = format!("{} {}", entry.id, visit.say("registrata", "entered"));
    Ok(said(&format!("/reviews/{}/sheets/{sheet}", head.id), &told))
}

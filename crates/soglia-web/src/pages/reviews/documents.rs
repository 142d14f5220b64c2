//! Approval, documents, signatures, publication. Read [`show`] first.

use axum::body::Bytes;
use axum::extract::{Path, State};
use soglia_app::measured::Measured;
use soglia_app::semester;
use soglia_domain::access::Permission;
use soglia_domain::register::Values;
use soglia_domain::text::Lang;
use soglia_registers::entries::{Entry, Step};
use soglia_registers::error::RegisterError;
use soglia_registers::review::{self, NewReview, SignatureFormat, SignedFile};
use soglia_report::template::Template;
use soglia_report::{Edition, Format};

use super::approval::{self, Approval, Wanted};
use super::{Head, measured, opened};
use crate::access::{Fields, Visit};
use crate::background::Stage;
use crate::pages::planning::{scenarios, studies};
use crate::pages::registers;
use crate::pages::registers::fields::{refused, text_of};
use crate::reply::{Answer, Problem, file, go, page, said};
use crate::shell::Shell;
use crate::state::Shared;
use crate::studies::State as StudyState;

/// Formats of drafts: those that are one file.
const FORMATS: [Format; 6] =
    [Format::Pdf, Format::PdfA3, Format::Html, Format::Docx, Format::Xlsx, Format::Json];

#[derive(askama::Template)]
#[template(path = "reviews/documents.html")]
struct DocumentsPage {
    shell: Shell,
    head: Head,
    seal: Option<String>,
    document: Option<String>,
    slots: Vec<Slot>,
    /// `approve`, `publish`, `rectify`, `sign`: what the visitor may do now.
    may: Vec<&'static str>,
    /// Roles that have not signed.
    unsigned: Vec<String>,
    today: String,
    next: String,
    formats: Vec<(&'static str, String)>,
    /// An approval that plays scenarios first, or why the last one came to nothing.
    under_way: Option<UnderWay>,
    /// Ready-made scenarios by service.
    scenarios: Vec<(String, Vec<Offered>)>,
}

/// An approval in the background.
struct UnderWay {
    study: u64,
    by: String,
    text: String,
    failed: bool,
}

/// A ready-made scenario.
struct Offered {
    value: String,
    name: String,
    file: String,
    /// Where the file can be read.
    address: String,
    /// The remarks at its head.
    about: String,
}

struct Slot {
    id: String,
    version: i64,
    role: String,
    state: &'static str,
    open: bool,
    signer: Option<String>,
    on: Option<String>,
    sha256: Option<String>,
    holds: Option<String>,
    steps: Vec<registers::Step>,
}

/// The documents of a review and who signed them.
pub async fn show(State(app): State<Shared>, visit: Visit, Path(id): Path<String>) -> Answer {
    let super::Opened { view, head, shell } = opened(&app, &visit, &id, "documents").await?;
    let lang = visit.lang;
    let slot = |slot: &Entry| -> Result<Slot, Problem> {
        let words = |field: &str| slot.words(field).map(ToOwned::to_owned);
        let code = words("role").unwrap_or_default();
        let role = app.contract.roles.iter().find(|role| role.role == code);
        Ok(Slot {
            id: slot.id.clone(),
            version: slot.version,
            role: role.map_or(code, |role| role.title.get(lang).to_owned()),
            state: slot.state.label.get(lang),
            open: slot.is_open(),
            signer: words("signer"),
            on: text_of(slot, "signed_on", lang),
            sha256: words("signed_sha256"),
            holds: text_of(slot, "holds_document", lang),
            steps: registers::steps(&app, &visit, slot)?,
        })
    };
    let slots: Vec<Slot> = view.signatures.iter().map(slot).collect::<Result<_, _>>()?;
    let state = view.review.state.code;
    let under_way = under_way(&app, &visit, &view.review);
    let mut may = may(&app, &visit, state);
    if under_way.as_ref().is_some_and(|one| !one.failed) {
        may.retain(|step| *step != "approve");
    }
    page(&DocumentsPage {
        seal: view.review.words("seal").map(ToOwned::to_owned),
        document: view.review.words("document").map(ToOwned::to_owned),
        may,
        under_way,
        scenarios: offered(&app, lang),
        unsigned: slots.iter().filter(|slot| slot.open).map(|slot| slot.role.clone()).collect(),
        today: app.setting().date(visit.now).to_string(),
        formats: FORMATS.map(|format| (format.code(), format.code().to_uppercase())).into(),
        next: format!("/reviews/{}/documents", head.id),
        shell,
        head,
        slots,
    })
}

/// The approval that is under way, or why the last one came to nothing; nothing once the review has
/// moved on.
fn under_way(app: &Shared, visit: &Visit, review: &Entry) -> Option<UnderWay> {
    let study = app.studies.approval(&review.id)?;
    let state = study.state();
    let failed = matches!(state, StudyState::Failed(_));
    let shown = !state.is_over() || (failed && review.state.code == "in_discussion");
    let (by, text) = (study.by.clone(), studies::said(&state, visit.lang));
    shown.then_some(UnderWay { study: study.id, by, text, failed })
}

fn offered(app: &Shared, lang: Lang) -> Vec<(String, Vec<Offered>)> {
    let mut services: Vec<(String, Vec<Offered>)> = Vec::new();
    for (service, one) in app.planning.all_offered() {
        let name = service.name.get(lang);
        if services.last().is_none_or(|(last, _)| last != name) {
            services.push((name.to_owned(), Vec::new()));
        }
        let offered = Offered {
            value: approval::name_of(service, one),
            name: one.scenario.name.get(lang).to_owned(),
            file: one.name.clone(),
            about: scenarios::about(&one.text),
            address: format!("/services/{}/scenarios/{}", service.code, one.name),
        };
        if let Some((_, last)) = services.last_mut() {
            last.push(offered);
        }
    }
    services
}

/// What the visitor may do with a review in a state.
fn may(app: &Shared, visit: &Visit, state: &str) -> Vec<&'static str> {
    let steps: [(&str, Permission, &[&str]); 4] = [
        ("approve", Permission::ApproveReview, &["in_discussion"]),
        ("publish", Permission::PublishReview, &["approved"]),
        ("rectify", Permission::ApproveReview, &["approved", "published"]),
        ("sign", Permission::SignReview, &["approved"]),
    ];
    let now = steps.into_iter().filter(|(_, needed, states)| {
        states.contains(&state) && app.may_anywhere(visit, &[*needed])
    });
    now.map(|(step, ..)| step).collect()
}

/// A document of the review: the one that was approved, or a draft of today.
pub async fn draft(
    State(app): State<Shared>,
    visit: Visit,
    Path((id, kind)): Path<(String, String)>,
) -> Answer {
    let super::Opened { view, .. } = opened(&app, &visit, &id, "documents").await?;
    let label = view.review.words("period").unwrap_or_default().to_owned();
    let stem = visit.say("resoconto", "report");
    if kind == "approved" {
        let bytes = semester::approved_document(&app.files, &view.review)?;
        return Ok(file("application/pdf", &format!("{stem}-{label}.pdf"), bytes));
    }
    let period = semester::period_of(&view.review, &app.contract)?;
    let missing = || Problem::missing("questo formato non c'è", "there is no such format");
    let format = Format::parse(&kind).filter(|format| FORMATS.contains(format));
    let format = format.ok_or_else(missing)?;
    let mut measured = measured(&app, &visit, &period).await?;
    let mut tx = app.database.read().await?;
    let Measured { report, input, .. } = &mut measured;
    let (files, contract) = (&app.files, &app.contract);
    semester::put_written(&mut tx, files, contract, &period, report, input, visit.now).await?;
    drop(tx);
    let stem = format!("{stem}-{label}-{}", visit.say("bozza", "draft"));
    let template = Template::default();
    let edition = Edition::new(&measured.input, visit.lang, &template, measured.written);
    let files = edition.and_then(|edition| edition.files(format, &stem));
    let files = files.map_err(|error| Problem::failed_by(&error))?;
    let one = files.into_iter().next().ok_or_else(missing)?;
    Ok(file(format.media_type(), &one.name, one.bytes))
}

/// Approves a review.
pub async fn approve(
    State(app): State<Shared>,
    visit: Visit,
    Path(id): Path<String>,
    sent: Fields,
) -> Answer {
    app.allow(&visit, &[Permission::ApproveReview], None)?;
    let super::Opened { view, head, .. } = opened(&app, &visit, &id, "documents").await?;
    let address = format!("/reviews/{}/documents", head.id);
    let wanted = Wanted {
        reason: sent.text("reason").to_owned(),
        place: sent.text("place").to_owned(),
        date: sent.text("date").parse().map_err(|_| {
            Problem::bad("la data del documento non si legge", "the document's date cannot be read")
        })?,
        lang: if sent.text("lang") == "en" { Lang::En } else { Lang::It },
        scenarios: approval::chosen(&app, sent.every("scenario"))?,
    };
    if let Approval::Begun(_) = approval::approve(&app, &visit, view.review, wanted).await? {
        // How far it is stands there.
        return Ok(go(&address));
    }
    let told = visit.say(
        "approvato: le cifre sono sigillate, il documento è pronto per le firme",
        "approved: the figures are sealed, the document is ready to be signed",
    );
    Ok(said(&address, told))
}

/// Records a file that was signed elsewhere.
pub async fn sign(
    State(app): State<Shared>,
    visit: Visit,
    Path((id, slot)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let asked = |name: &str| visit.parameter(name).unwrap_or_default();
    let (reason, name, signer) = (asked("reason"), asked("name"), asked("signer"));
    let by = visit.by(&reason)?;
    let super::Opened { view, head, .. } = opened(&app, &visit, &id, "documents").await?;
    let slot = view.signatures.iter().find(|one| one.id == slot);
    let slot = slot.ok_or_else(|| {
        Problem::missing("questo spazio di firma non c'è", "there is no such signature slot")
    })?;
    let signed_on = asked("signed_on").parse().map_err(|_| {
        Problem::bad("la data della firma non si legge", "the date of the signature cannot be read")
    })?;
    let document = semester::approved_document(&app.files, &view.review)?;
    let format =
        if body.starts_with(b"%PDF-") { SignatureFormat::Pades } else { SignatureFormat::Cades };
    let signed = SignedFile {
        name: &name,
        bytes: &body,
        format,
        signer: &signer,
        signed_on,
        document: &document,
    };
    let mut tx = app.database.write().await?;
    let setting = app.setting();
    let slot = review::sign(&mut tx, &by, &setting, &app.files, slot, signed).await;
    let slot = slot.map_err(refused)?;
    tx.commit().await?;
    let holds = text_of(&slot, "holds_document", visit.lang).unwrap_or_default();
    let told = visit.say("contiene il documento approvato", "holds the approved document");
    let told = format!("{}: {told}: {holds}", slot.id);
    Ok(registers::uploaded(&format!("/reviews/{}/documents", head.id), &told))
}

/// Publishes a review.
pub async fn publish(
    State(app): State<Shared>,
    visit: Visit,
    Path(id): Path<String>,
    sent: Fields,
) -> Answer {
    let by = visit.by(sent.text("reason"))?;
    let super::Opened { view, head, .. } = opened(&app, &visit, &id, "documents").await?;
    let review = &view.review;
    let sent_fields = ["protocol", "unsigned_why"].map(|name| Some((name, sent.some(name)?)));
    let fields: Vec<(&str, &str)> = sent_fields.into_iter().flatten().collect();
    let changes = Values::changes(review.register, fields).map_err(RegisterError::Values);
    let changes = changes.map_err(refused)?;
    let step = Step { version: review.version, transition: "publish", changes };
    let mut tx = app.database.write().await?;
    tx.advance(&by, &app.setting(), &review.id, step).await.map_err(refused)?;
    tx.commit().await?;
    let told = visit.say("pubblicato", "published");
    Ok(said(&format!("/reviews/{}/documents", head.id), told))
}

/// Marks a review as rectified and begins another one of its period.
pub async fn rectify(
    State(app): State<Shared>,
    visit: Visit,
    Path(id): Path<String>,
    sent: Fields,
) -> Answer {
    let by = visit.by(sent.text("reason"))?;
    let super::Opened { view, .. } = opened(&app, &visit, &id, "documents").await?;
    let old = &view.review;
    let period = semester::period_of(old, &app.contract)?;
    let measured = measured(&app, &visit, &period).await?;
    let profile = old.words("profile").unwrap_or("iso_2008").to_owned();
    let setting = app.setting();
    let mut tx = app.database.write().await?;
    let new = NewReview { period: &period, profile: &profile };
    let begun = review::rectify(&mut tx, &by, &setting, &app.contract, old, new);
    let begun = begun.await.map_err(refused)?;
    let filled =
        semester::fill(&mut tx, &by, &setting, &app.contract, begun, &measured.report).await?;
    tx.commit().await?;
    let id = filled.review.id;
    Ok(said(&format!("/reviews/{id}"), &format!("{id}: {}", visit.say("aperto", "begun"))))
}

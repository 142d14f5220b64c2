//! The review of a period, from its first draft to the signed document. Read [`begin`] first, then
//! [`obstacles`] and [`approve`].
//!
//! A review and its parts are entries like all others ([`soglia_domain::register::REVIEWS`] and
//! its companions), so they have versions, authors and reasons. What this module adds is what
//! holds between them: what a new review brings along, what must be settled before it is
//! approved, and that nothing moves afterwards.

mod signing;

use soglia_domain::access::Permission;
use soglia_domain::checks::{Check, Severity};
use soglia_domain::contract::Contract;
use soglia_domain::period::{Grain, Period};
use soglia_domain::register::{
    self, Changes, ELEMENTS, FOLLOW_UP, INPUTS, INPUTS_DIGITAL_AGENDA, InputElement, Kind, Need,
    OF_SERVICES, REMARKS, REVIEW_FINDINGS, REVIEWS, Register, SHEET_ACTIONS, SHEETS, SIGNATURES,
    Stage, Value, Values, by_code,
};
use soglia_domain::text::{Lang, Text};

use crate::actor::{Actor, By};
use crate::database::Tx;
use crate::entries::{Draft, Edit, Entry, Link, LinkKind, Setting, Step, cannot_go, load};
use crate::error::{RegisterError, Rule};
use crate::query::{Filter, Order, Query, Test};

pub use self::signing::{SignatureFormat, SignedFile, sign};

/// The two areas of the reference report and their input elements.
pub const AREAS: [(&str, &[InputElement]); 2] =
    [("digital_agenda", &INPUTS_DIGITAL_AGENDA), ("contact_centre", &INPUTS)];

/// Registers whose open entries a new review takes up again.
const FOLLOWED: [&str; 3] = ["actions", "recommendations", "sheet_actions"];

/// Which review to begin.
#[derive(Clone, PartialEq, Debug)]
pub struct NewReview<'a> {
    /// Its period.
    pub period: &'a Period,
    /// `iso_2008` or `iso_2015`.
    pub profile: &'a str,
}

/// A computed finding, to be accepted, edited or rejected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposed {
    /// What stays the same when the text changes: `peak:cup:monday`.
    pub key: String,
    /// `digital_agenda` or `contact_centre`.
    pub area: String,
    /// The section of the analysis.
    pub section: String,
    /// The service, if it is about one.
    pub service: Option<String>,
    /// The text.
    pub text: String,
    /// The text in English, if it was computed in both languages.
    pub text_en: Option<String>,
}

/// The computed part of an improvement sheet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SheetFigure {
    /// The service.
    pub service: String,
    /// The indicator's code.
    pub indicator: String,
    /// The value as a decimal with a point, or `n/a`.
    pub measured: String,
    /// Its integers, if it has them.
    pub counts: Option<(u64, u64)>,
    /// The target as printed.
    pub target: String,
    /// `%`, `h` …
    pub unit: String,
    /// `OK`, `KO` or `NA`.
    pub verdict: String,
    /// Why there is nothing to judge.
    pub na_reason: Option<String>,
}

/// What approval fixes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Approval<'a> {
    /// The seal of the figures.
    pub seal: &'a str,
    /// SHA-256 of the document that will be signed.
    pub document: &'a str,
    /// Where.
    pub place: &'a str,
    /// The document's date.
    pub date: jiff::civil::Date,
}

/// Begins the review of a period: its input elements, still missing but with what the registers
/// have, its signature slots, and what earlier reviews left open.
pub async fn begin(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    contract: &Contract,
    new: NewReview<'_>,
) -> Result<Entry, RegisterError> {
    let NewReview { period, profile } = new;
    let same = Query {
        states: ["draft", "in_discussion", "approved", "published"].map(Into::into).to_vec(),
        ..about(&REVIEWS, contract, &[("period", period.label())])
    };
    if let Some(there) = tx.find_all(by.actor, by.at, &same).await?.first() {
        let reference = format!("{} ({})", period.label(), there.id);
        return Err(RegisterError::Reference { reference, register: REVIEWS.code });
    }
    let as_of = period.until_date().yesterday().unwrap_or(period.until_date());
    let fields = [("period", period.label()), ("profile", profile), ("as_of", &as_of.to_string())];
    let review = make(tx, by, setting, contract, &REVIEWS, None, &fields, Vec::new()).await?;
    for (area, inputs) in AREAS {
        for input in inputs {
            let evidence = evidence(tx, by, contract, period, (area, input)).await?;
            let mut fields =
                vec![("review", review.id.as_str()), ("area", area), ("element", input.code)];
            if let Some(evidence) = &evidence {
                fields.push(("evidence", evidence));
            }
            make(tx, by, setting, contract, &ELEMENTS, None, &fields, Vec::new()).await?;
        }
    }
    for (place, role) in (1_u32..).zip(&contract.signatories) {
        let place = place.to_string();
        let fields =
            [("review", review.id.as_str()), ("place", place.as_str()), ("role", role.as_str())];
        make(tx, by, setting, contract, &SIGNATURES, None, &fields, Vec::new()).await?;
    }
    carry_over(tx, by, setting, contract, period).await?;
    Ok(review)
}

/// Marks a review as rectified and begins another one of the same period. The old one stays as it
/// was signed.
pub async fn rectify(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    contract: &Contract,
    review: &Entry,
    new: NewReview<'_>,
) -> Result<Entry, RegisterError> {
    require_register(review, &REVIEWS)?;
    if review.words("period") != Some(new.period.label()) {
        return Err(RegisterError::unknown("review of this period", &review.id));
    }
    let newest = load(tx, &review.id).await?;
    let step = Step { version: review.version, transition: "rectify", changes: Vec::new() };
    tx.advance_loaded(by, setting, newest, step).await?;
    begin(tx, by, setting, contract, new).await
}

/// Takes up again what is still open: one follow-up for each item, none twice.
///
/// Returns the follow-ups made.
pub async fn carry_over(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    contract: &Contract,
    period: &Period,
) -> Result<Vec<Entry>, RegisterError> {
    let mut made = Vec::new();
    let program = Actor::program();
    for code in FOLLOWED {
        let register = known(code);
        let open = Query {
            stage: Some(Stage::Open),
            order: Order::Oldest,
            ..about(register, contract, &[])
        };
        for item in tx.find_all(&program, by.at, &open).await? {
            let earlier = Query {
                order: Order::Oldest,
                ..about(&FOLLOW_UP, contract, &[("item", item.id.as_str())])
            };
            let earlier = tx.find_all(&program, by.at, &earlier).await?;
            if earlier.iter().any(|entry| entry.words("period") == Some(period.label())) {
                continue;
            }
            // What was decided within the period is not carried over into it.
            let Some(began) = anchor(&item).filter(|date| *date < period.first_date()) else {
                continue;
            };
            let first = earlier.first().and_then(|entry| entry.words("first_seen"));
            let first = first.map_or_else(|| half_year(began, setting), ToOwned::to_owned);
            let title = item.words("title").unwrap_or_default().to_owned();
            let due = item.value("due_on").map(ToString::to_string).unwrap_or_default();
            let fields = [
                ("period", period.label()),
                ("item", item.id.as_str()),
                ("title", &title),
                ("first_seen", &first),
                ("due_on", &due),
                ("state_then", item.state.code),
            ];
            let links = vec![Link::new(LinkKind::Entry, &item.id)];
            let by = By { actor: &program, ..*by };
            let service = item.service.clone();
            made.push(make(tx, &by, setting, contract, &FOLLOW_UP, service, &fields, links).await?);
        }
    }
    Ok(made)
}

/// Puts computed findings before people. What was proposed in earlier reviews keeps the period in
/// which it was first seen; what people edited or rejected stays so, with the newest computed
/// text beside it.
pub async fn propose(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    contract: &Contract,
    review: &Entry,
    findings: &[Proposed],
) -> Result<Vec<Entry>, RegisterError> {
    require_register(review, &REVIEWS)?;
    by.actor.require(&[Permission::PrepareReview], &contract.code, None, by.at)?;
    let program = Actor::program();
    let by = By { actor: &program, ..*by };
    let period = review.words("period").unwrap_or_default().to_owned();
    let mut entries = Vec::new();
    for finding in findings {
        let query = Query {
            order: Order::Oldest,
            ..about(&REVIEW_FINDINGS, contract, &[("key", finding.key.as_str())])
        };
        let known = tx.find_all(&program, by.at, &query).await?;
        let here = known.iter().find(|entry| entry.words("review") == Some(review.id.as_str()));
        let entry = match here {
            Some(here) if says(here, finding) => here.clone(),
            Some(here) => {
                let english = finding.text_en.as_deref().unwrap_or_default();
                let fields = [("proposed", finding.text.as_str()), ("proposed_en", english)];
                let changes = texts(here.register, &fields)?;
                let edit = Edit { version: here.version, changes, ..Edit::default() };
                tx.edit(&by, setting, &here.id, edit).await?
            }
            None => {
                let first = known.first().and_then(|entry| entry.words("first_seen"));
                let fields = [
                    ("review", review.id.as_str()),
                    ("area", &finding.area),
                    ("section", &finding.section),
                    ("period", &period),
                    ("first_seen", first.unwrap_or(&period)),
                    ("origin", "computed"),
                    ("key", &finding.key),
                    ("proposed", &finding.text),
                    ("proposed_en", finding.text_en.as_deref().unwrap_or_default()),
                ];
                let service = finding.service.clone();
                let none = Vec::new();
                make(tx, &by, setting, contract, &REVIEW_FINDINGS, service, &fields, none).await?
            }
        };
        entries.push(entry);
    }
    Ok(entries)
}

/// Whether a finding stands as it was computed now.
fn says(here: &Entry, finding: &Proposed) -> bool {
    let english = finding.text_en.as_deref().map(str::trim).filter(|text| !text.is_empty());
    here.words("proposed") == Some(finding.text.trim()) && here.words("proposed_en") == english
}

/// Fills the evidence of input elements where there is none yet: what the registers have by now,
/// and what the measures say. Areas without measured services have no performance to show, and the
/// reason is proposed.
pub async fn gather(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    contract: &Contract,
    review: &Entry,
    period: &Period,
    performance: &str,
) -> Result<Vec<Entry>, RegisterError> {
    require_register(review, &REVIEWS)?;
    by.actor.require(&[Permission::PrepareReview], &contract.code, None, by.at)?;
    let program = Actor::program();
    let by = By { actor: &program, ..*by };
    let mut filled = Vec::new();
    for element in parts(tx, &by, contract, known("elements"), &review.id).await? {
        let (area, code) = (element.words("area"), element.words("element"));
        let found = match (area, code) {
            (Some("contact_centre"), Some("performance")) => {
                // Its figures change with every look, unless somebody wrote another text.
                let own = element.changed.1 == program.id() || element.words("evidence").is_none();
                own.then(|| ("evidence", performance.to_owned()))
            }
            (_, Some("performance")) if element.words("why").is_none() => Some((
                "why",
                "il contratto non fissa indicatori per quest'area\n\
                 the contract sets no indicators for this area"
                    .to_owned(),
            )),
            (Some(area), Some(code)) if element.words("evidence").is_none() => {
                let input = INPUTS_DIGITAL_AGENDA.iter().find(|input| input.code == code);
                let input = input.ok_or_else(|| RegisterError::unknown("element", code))?;
                let evidence = evidence(tx, &by, contract, period, (area, input)).await?;
                evidence.map(|evidence| ("evidence", evidence))
            }
            _ => None,
        };
        let Some((field, text)) = found else { continue };
        if element.words(field) == Some(text.as_str()) {
            continue;
        }
        let changes = texts(element.register, &[(field, text.as_str())])?;
        let edit = Edit { version: element.version, changes, ..Edit::default() };
        filled.push(tx.edit(&by, setting, &element.id, edit).await?);
    }
    Ok(filled)
}

/// Makes or brings up to date one sheet for each figure; what people wrote stays. Then writes the
/// measured effect beside the expected one, for actions that earlier reviews decided.
pub async fn fill_sheets(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    contract: &Contract,
    review: &Entry,
    figures: &[SheetFigure],
) -> Result<Vec<Entry>, RegisterError> {
    require_register(review, &REVIEWS)?;
    by.actor.require(&[Permission::PrepareReview], &contract.code, None, by.at)?;
    let program = Actor::program();
    let by = By { actor: &program, ..*by };
    let there = parts(tx, &by, contract, &SHEETS, &review.id).await?;
    let mut sheets = Vec::new();
    for figure in figures {
        let computed = computed_fields(figure);
        let sheet = there.iter().find(|sheet| {
            sheet.service.as_deref() == Some(&figure.service)
                && sheet.words("indicator") == Some(&figure.indicator)
        });
        let sheet = match sheet {
            Some(sheet) => {
                let fields: Vec<(&str, &str)> =
                    computed.iter().map(|(code, text)| (*code, text.as_str())).collect();
                let changes = texts(sheet.register, &fields)?;
                if sheet.values.with(&changes) == sheet.values {
                    sheet.clone()
                } else {
                    let edit = Edit { version: sheet.version, changes, ..Edit::default() };
                    tx.edit(&by, setting, &sheet.id, edit).await?
                }
            }
            None => new_sheet(tx, &by, setting, contract, review, figure, computed).await?,
        };
        measure_effects(tx, &by, setting, contract, review, &sheet).await?;
        sheets.push(sheet);
    }
    Ok(sheets)
}

/// Says what stands between a review and its approval; nothing if it is ready. `checks` are the
/// coherence checks of its texts against its figures.
pub async fn obstacles(
    tx: &mut Tx,
    by: &By<'_>,
    contract: &Contract,
    review: &Entry,
    checks: &[Check],
) -> Result<Vec<Text>, RegisterError> {
    require_register(review, &REVIEWS)?;
    let mut found = Vec::new();
    let program = Actor::program();
    let by = By { actor: &program, ..*by };
    let sheets = parts(tx, &by, contract, &SHEETS, &review.id).await?;
    for (register, it, en) in [
        (&ELEMENTS, "elementi in ingresso mancanti", "input elements missing"),
        (&REVIEW_FINDINGS, "osservazioni da decidere", "findings to decide on"),
        (&REMARKS, "osservazioni delle parti aperte", "remarks still open"),
        (&SHEETS, "schede da completare", "sheets to complete"),
    ] {
        let others = match register.code {
            "sheets" => Vec::new(),
            _ => parts(tx, &by, contract, register, &review.id).await?,
        };
        let all = sheets.iter().filter(|_| *register == SHEETS).chain(&others);
        let open: Vec<&str> =
            all.filter(|part| part.is_open()).map(|part| part.id.as_str()).collect();
        if !open.is_empty() {
            let ids = open.join(", ");
            found.push(Text::new(&format!("{it}: {ids}"), &format!("{en}: {ids}")));
        }
    }
    for service in &contract.services {
        for indicator in &service.indicators {
            let has = sheets.iter().any(|sheet| {
                sheet.service.as_deref() == Some(&service.code)
                    && sheet.words("indicator") == Some(&indicator.code)
            });
            if !has {
                let name = format!("{}/{}", service.code, indicator.code);
                let (it, en) = (format!("manca la scheda {name}"), format!("no sheet for {name}"));
                found.push(Text::new(&it, &en));
            }
        }
    }
    let errors = checks.iter().filter(|check| check.severity == Severity::Error);
    found.extend(errors.map(|check| {
        let (it, en) = (check.text.get(Lang::It), check.text.get(Lang::En));
        Text::new(&format!("{}: {it}", check.code), &format!("{}: {en}", check.code))
    }));
    Ok(found)
}

/// Refuses unless nothing stands between a review and its approval by whoever asks.
pub async fn require_ready(
    tx: &mut Tx,
    by: &By<'_>,
    contract: &Contract,
    review: &Entry,
    checks: &[Check],
) -> Result<(), RegisterError> {
    by.reason()?;
    let obstacles = obstacles(tx, by, contract, review, checks).await?;
    if !obstacles.is_empty() {
        let texts = obstacles.iter().map(|text| text.get(Lang::En).to_owned());
        return Err(RegisterError::Rule(Rule::NotReady(texts.collect())));
    }
    let step = review.register.transition("approve", review.state.code);
    let step = step.ok_or_else(|| cannot_go(review, "approve"))?;
    by.actor.require(step.by, &review.contract, review.service.as_deref(), by.at)
}

/// Approves a review that is in discussion and has no obstacles. From then on it does not move.
pub async fn approve(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    contract: &Contract,
    review: &Entry,
    approval: Approval<'_>,
    checks: &[Check],
) -> Result<Entry, RegisterError> {
    require_ready(tx, by, contract, review, checks).await?;
    let Approval { seal, document, place, date } = approval;
    let fields = [
        ("seal", seal),
        ("document", document),
        ("issued_place", place),
        ("issued_on", &date.to_string()),
    ];
    let changes = texts(review.register, &fields)?;
    let step = Step { version: review.version, transition: "approve", changes };
    let newest = load(tx, &review.id).await?;
    tx.advance_loaded(by, setting, newest, step).await
}

/// The parts of one kind that belong to a review, oldest first.
pub async fn parts(
    tx: &mut Tx,
    by: &By<'_>,
    contract: &Contract,
    register: &'static Register,
    review: &str,
) -> Result<Vec<Entry>, RegisterError> {
    let query = Query { order: Order::Oldest, ..about(register, contract, &[("review", review)]) };
    tx.find_all(by.actor, by.at, &query).await
}

/// What the registers have about an input element of an area in the period: numbers of entries.
async fn evidence(
    tx: &mut Tx,
    by: &By<'_>,
    contract: &Contract,
    period: &Period,
    (area, input): (&str, &InputElement),
) -> Result<Option<String>, RegisterError> {
    const LISTED: usize = 20;
    let Some(register) = input.register.map(known) else { return Ok(None) };
    let mut query = Query { order: Order::Oldest, ..about(register, contract, &[]) };
    let named = register.field("period");
    if named.is_none() {
        let Some(field) = anchor_field(register) else { return Ok(None) };
        let first = Value::Date(period.first_date());
        let last = period.until_date().yesterday().unwrap_or(period.until_date());
        let tests = [Test::AtLeast(first), Test::AtMost(Value::Date(last))];
        query.filters.extend(tests.map(|test| Filter { field, test }));
    }
    let mut entries = tx.find_all(&Actor::program(), by.at, &query).await?;
    entries.retain(|entry| {
        let own = || entry.words("period").is_some_and(|label| holds(period, label, contract));
        area_of(entry, contract) == area && (named.is_none() || own())
    });
    if entries.is_empty() {
        return Ok(None);
    }
    let ids: Vec<&str> = entries.iter().take(LISTED).map(|entry| entry.id.as_str()).collect();
    let more = if LISTED < entries.len() { ", …" } else { "" };
    Ok(Some(format!("{}: {}{more}", entries.len(), ids.join(", "))))
}

/// Whether a period named by its label lies in another one.
fn holds(period: &Period, label: &str, contract: &Contract) -> bool {
    Period::parse(label, &contract.zone).is_ok_and(|own| {
        period.first_date() <= own.first_date() && own.until_date() <= period.until_date()
    })
}

/// The area that an entry speaks of. A contract with one area has nothing but services.
fn area_of(entry: &Entry, contract: &Contract) -> &'static str {
    let of_services = entry.service.is_some() || OF_SERVICES.contains(&entry.register);
    if of_services || contract.areas.len() == 1 { "contact_centre" } else { "digital_agenda" }
}

/// The field that says when an entry happened: the first date that must be there, or its period.
fn anchor_field(register: &'static Register) -> Option<&'static register::Field> {
    let dated = register.fields.iter().find(|f| f.kind == Kind::Date && f.need == Need::Required);
    dated.or_else(|| register.field("period"))
}

fn anchor(entry: &Entry) -> Option<jiff::civil::Date> {
    match entry.value(anchor_field(entry.register)?.code)? {
        Value::Date(date) => Some(*date),
        _ => None,
    }
}

/// The half-year of a date.
fn half_year(date: jiff::civil::Date, setting: &Setting) -> String {
    Period::containing(Grain::HalfYear, date, &setting.zone)
        .map_or_else(|| date.to_string(), |period| period.label().to_owned())
}

fn computed_fields(figure: &SheetFigure) -> Vec<(&'static str, String)> {
    let count = |which: fn(&(u64, u64)) -> u64| {
        figure.counts.as_ref().map(|counts| which(counts).to_string()).unwrap_or_default()
    };
    vec![
        ("measured", figure.measured.clone()),
        ("numerator", count(|counts| counts.0)),
        ("denominator", count(|counts| counts.1)),
        ("target", figure.target.clone()),
        ("unit", figure.unit.clone()),
        ("verdict", figure.verdict.clone()),
        ("na_reason", figure.na_reason.clone().unwrap_or_default()),
    ]
}

async fn new_sheet(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    contract: &Contract,
    review: &Entry,
    figure: &SheetFigure,
    computed: Vec<(&'static str, String)>,
) -> Result<Entry, RegisterError> {
    let SheetFigure { service, indicator, .. } = figure;
    let unknown = || RegisterError::unknown("indicator", &format!("{service}/{indicator}"));
    let known = contract.service(service).and_then(|found| found.indicator(indicator));
    let known = known.ok_or_else(unknown)?;
    let date = match review.value("as_of") {
        Some(Value::Date(date)) => *date,
        _ => return Err(unknown()),
    };
    let version = known.version_on(date).ok_or_else(unknown)?;
    let optional = |text: Option<&Text>| text.map(|t| t.it.clone()).unwrap_or_default();
    let mut fields = vec![
        ("review", review.id.clone()),
        ("indicator", indicator.clone()),
        ("process", optional(known.process.as_ref())),
        ("objective", known.objective.it.clone()),
        ("indicator_text", known.name.it.clone()),
        ("target_date", version.target_date.map(|date| date.to_string()).unwrap_or_default()),
        ("source", optional(version.source.as_ref())),
        ("responsible", version.responsible.clone().unwrap_or_default()),
        ("frequency", version.frequency.as_ref().map(|f| f.report.clone()).unwrap_or_default()),
    ];
    fields.extend(computed);
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(code, text)| (*code, text.as_str())).collect();
    let links = vec![Link::new(LinkKind::Indicator, &format!("{service}/{indicator}"))];
    make(tx, by, setting, contract, &SHEETS, Some(service.clone()), &fields, links).await
}

/// Writes what became of the indicator since an action was decided: the share then and now.
async fn measure_effects(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    contract: &Contract,
    review: &Entry,
    sheet: &Entry,
) -> Result<(), RegisterError> {
    let indicator = sheet.words("indicator").unwrap_or_default().to_owned();
    let service = sheet.service.clone().unwrap_or_default();
    let link = Link::new(LinkKind::Indicator, &format!("{service}/{indicator}"));
    let query = Query {
        states: vec!["done".to_owned()],
        link: Some(link),
        order: Order::Oldest,
        ..about(&SHEET_ACTIONS, contract, &[])
    };
    for action in tx.find_all(by.actor, by.at, &query).await? {
        let before = load(tx, action.words("sheet").unwrap_or_default()).await?;
        if before.words("review") == Some(review.id.as_str()) {
            continue;
        }
        let Some(effect) = effect(&before, sheet) else { continue };
        let period = review.words("period").unwrap_or_default();
        let fields = [("measured", effect.as_str()), ("measured_in", period)];
        let changes = texts(action.register, &fields)?;
        let step = Step { version: action.version, transition: "measure", changes };
        tx.advance(by, setting, &action.id, step).await?;
    }
    Ok(())
}

/// The change between two sheets of an indicator: in percentage points from the exact counts, or in
/// the indicator's own unit.
fn effect(before: &Entry, now: &Entry) -> Option<String> {
    let unit = now.words("unit").unwrap_or_default();
    if unit != "%" {
        return effect_in_unit(before, now, unit);
    }
    let share = |sheet: &Entry| {
        let count = |code: &str| match sheet.value(code) {
            Some(Value::Count(count)) => Some(i128::from(*count)),
            _ => None,
        };
        Some((count("numerator")?, count("denominator").filter(|n| 0 < *n)?))
    };
    let ((num, den), (new_num, new_den)) = (share(before)?, share(now)?);
    let (top, bottom) = (new_num * den - num * new_den, den * new_den);
    let scaled = top.unsigned_abs().checked_mul(10_000)?;
    let half_up = soglia_domain::ratio::RoundingMode::HalfUp;
    let points = soglia_domain::ratio::round_div(scaled, bottom.unsigned_abs(), half_up);
    let sign = if top < 0 { "-" } else { "+" };
    let points = soglia_domain::ratio::decimal(points, 2);
    let measured = |sheet: &Entry| sheet.words("measured").unwrap_or_default().to_owned();
    Some(format!("{sign}{points} pp ({} → {})", measured(before), measured(now)))
}

/// The change of a value that is no share: hours, seconds.
fn effect_in_unit(before: &Entry, now: &Entry, unit: &str) -> Option<String> {
    let measured = |sheet: &Entry| sheet.words("measured").unwrap_or_default().to_owned();
    let (was, is) = (measured(before), measured(now));
    if before.words("unit") != Some(unit) {
        return None;
    }
    let decimals = |text: &str| text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let places = decimals(&was).max(decimals(&is));
    let scaled = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{fraction:0<places$}").parse::<i64>().ok()
    };
    let change = scaled(&is)? - scaled(&was)?;
    let sign = if change < 0 { "-" } else { "+" };
    let size =
        soglia_domain::ratio::decimal(change.unsigned_abs().into(), u8::try_from(places).ok()?);
    Some(format!("{sign}{size} {unit} ({was} → {is})"))
}

/// A query for a contract's entries whose fields are these.
fn about(register: &'static Register, contract: &Contract, fields: &[(&str, &str)]) -> Query {
    let filters = fields.iter().map(|(code, text)| {
        let field = register.field(code).expect("the fields are named in this module");
        Filter { field, test: Test::Is(Value::Text((*text).to_owned())) }
    });
    let filters = filters.collect();
    let contract = Some(contract.code.clone());
    Query { contract, filters, ..Query::new(register) }
}

#[expect(clippy::too_many_arguments, reason = "all of them are said in one line at each place")]
async fn make(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    contract: &Contract,
    register: &'static Register,
    service: Option<String>,
    fields: &[(&str, &str)],
    links: Vec<Link>,
) -> Result<Entry, RegisterError> {
    let values = Values::parse(register, fields.iter().copied()).map_err(RegisterError::Values)?;
    let draft = Draft { contract: contract.code.clone(), service, reference: None, values, links };
    tx.create(by, setting, register, draft).await
}

fn texts(register: &'static Register, fields: &[(&str, &str)]) -> Result<Changes, RegisterError> {
    Values::changes(register, fields.iter().copied()).map_err(RegisterError::Values)
}

fn known(code: &str) -> &'static Register {
    by_code(code).expect("the registers are named in this module")
}

fn require_register(entry: &Entry, register: &Register) -> Result<(), RegisterError> {
    if *entry.register == *register {
        return Ok(());
    }
    Err(RegisterError::unknown(register.code, &entry.id))
}

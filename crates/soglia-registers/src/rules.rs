//! Rules that need more than the entry: the cap of penalties, the life of a review. Read
//! [`check`] first.

use soglia_domain::penalty;
use soglia_domain::register::{
    ELEMENTS, OPERATIONS, PENALTIES, REMARKS, REVIEW_FINDINGS, REVIEWS, Register, Remark,
    SHEET_ACTIONS, SHEETS, SIGNATURES, Transition, Value, by_code,
};
use soglia_domain::text::{Lang, Text};

use crate::actor::{Actor, By};
use crate::database::Tx;
use crate::entries::{Entry, Setting, load};
use crate::error::{RegisterError, Rule};
use crate::query::{Filter, Order, Query, Test};

/// Penalties that count towards the cap.
const COUNTING: [&str; 2] = ["applied", "deducted"];

/// Why nobody fills in a signature's fields by hand.
const SIGNING: &str = "a signed file is compared with the approved document";

/// Refuses what a register's rules forbid. `before` is nothing for a new entry, `transition` is
/// nothing for a correction.
pub(crate) async fn check(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    before: Option<&Entry>,
    entry: &Entry,
    transition: Option<&Transition>,
) -> Result<(), RegisterError> {
    let register = entry.register;
    if *register == PENALTIES {
        return check_penalty(tx, by, setting, before, entry).await;
    }
    if *register == REVIEWS {
        check_review(before, entry, transition)?;
        let publishes = transition.is_some_and(|transition| transition.code == "publish");
        return if publishes { check_signed(tx, by, entry).await } else { Ok(()) };
    }
    if *register == OPERATIONS {
        return check_area(setting, entry);
    }
    let parts = [&ELEMENTS, &REVIEW_FINDINGS, &REMARKS, &SHEETS, &SIGNATURES];
    if parts.contains(&register) {
        let review = load(tx, entry.words("review").unwrap_or_default()).await?;
        return check_part(&review, before, entry, transition);
    }
    if *register == SHEET_ACTIONS {
        let sheet = load(tx, entry.words("sheet").unwrap_or_default()).await?;
        if *sheet.register != SHEETS {
            return Err(RegisterError::unknown("improvement sheet", &sheet.id));
        }
    }
    Ok(())
}

/// What a publication may add beside what it needs: the number under which it is published, which
/// not every body gives, and why signatures are missing.
const PUBLISHED_WITH: [&str; 2] = ["protocol", "unsigned_why"];

/// Whether whoever takes a step may fill in a field with it.
pub(crate) fn fills_in(register: &Register, transition: &Transition, field: &str) -> bool {
    let publishes = *register == REVIEWS && transition.code == "publish";
    transition.needs.contains(&field) || (publishes && PUBLISHED_WITH.contains(&field))
}

/// Steps that have a function of their own, which checks more.
pub(crate) fn own_step(entry: &Entry, transition: &str) -> Result<(), RegisterError> {
    let step = match (entry.register.code, transition) {
        ("reviews", "approve") => "approval compares texts with figures",
        ("reviews", "rectify") => "a rectification begins a new review",
        ("signatures", "sign") => SIGNING,
        _ => return Ok(()),
    };
    Err(RegisterError::Rule(Rule::OwnStep(step)))
}

/// Operations are done in the areas that the contract names, if it names any.
fn check_area(setting: &Setting, entry: &Entry) -> Result<(), RegisterError> {
    let contract = setting.contract.as_ref().filter(|c| c.code == entry.contract);
    let areas = contract.map(|contract| contract.areas.as_slice()).unwrap_or_default();
    let names: Vec<&Text> =
        areas.iter().flat_map(|area| &area.activities).map(|group| &group.name).collect();
    let area = entry.words("area").unwrap_or_default();
    let known = |name: &&Text| name.it == area || name.en.as_deref() == Some(area);
    if names.is_empty() || names.iter().any(known) {
        return Ok(());
    }
    let list = |lang: Lang| names.iter().map(|name| name.get(lang)).collect::<Vec<_>>().join("; ");
    let field = OPERATIONS.field("area").expect("operations have an area");
    let it = format!("il contratto ha le aree: {}", list(Lang::It));
    let en = format!("the contract has the areas: {}", list(Lang::En));
    Err(RegisterError::Refused(vec![Remark::refused(field, &it, &en)]))
}

async fn check_penalty(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    before: Option<&Entry>,
    entry: &Entry,
) -> Result<(), RegisterError> {
    check_reply_time(setting, before, entry)?;
    if entry.state.code == "unanswered"
        && let Some(Value::Date(until)) = entry.value("reply_due_on")
        && setting.date(by.at) <= *until
    {
        return Err(RegisterError::Rule(Rule::TimeToAnswer { until: *until }));
    }
    let Some(Value::Money(decided)) = entry.value("decided") else { return Ok(()) };
    if !COUNTING.contains(&entry.state.code) {
        return Ok(());
    }
    let decided = u64::try_from(*decided).unwrap_or(0);
    let contract = setting.contract.as_ref().filter(|c| c.code == entry.contract);
    let Some(penalties) = contract.and_then(|contract| contract.penalties.as_ref()) else {
        return Err(RegisterError::Rule(Rule::NoPenalties));
    };
    let applied = applied_cents(tx, &entry.contract, &entry.id).await?;
    let room_cents = penalty::room_cents(penalties, applied);
    if room_cents < decided {
        let cap_cents = penalty::cap_cents(penalties);
        return Err(RegisterError::Rule(Rule::Cap { room_cents, cap_cents }));
    }
    Ok(())
}

/// Whoever notifies a penalty also writes until when it may be answered: never less than the
/// contract's term, never less than was given before.
fn check_reply_time(
    setting: &Setting,
    before: Option<&Entry>,
    entry: &Entry,
) -> Result<(), RegisterError> {
    let date = |entry: &Entry, field: &str| match entry.value(field) {
        Some(Value::Date(date)) => Some(*date),
        _ => None,
    };
    let times = |entry: &Entry| (date(entry, "notified_on"), date(entry, "reply_due_on"));
    let (notified, due) = times(entry);
    // A term of the contract that changed later takes nothing from what was notified before.
    if before.is_some_and(|before| times(before) == (notified, due)) {
        return Ok(());
    }
    let told = before.filter(|before| before.state.code != "detected");
    let given = told.and_then(|before| date(before, "reply_due_on"));
    let term = jiff::Span::new().days(setting.terms.penalty_days);
    let least = notified.map(|notified| notified.saturating_add(term));
    match given.max(least) {
        Some(until) if due.is_none_or(|due| due < until) => {
            Err(RegisterError::Rule(Rule::TimeShortened { until }))
        }
        _ => Ok(()),
    }
}

/// What a contract's penalties come to, `except` one.
pub(crate) async fn applied_cents(
    tx: &mut Tx,
    contract: &str,
    except: &str,
) -> Result<u64, RegisterError> {
    let sql = "SELECT CAST(COALESCE(SUM(v.number), 0) AS BIGINT) FROM entries e \
               JOIN entry_values v ON v.entry = e.id AND v.field = 'decided' \
               WHERE e.register = 'penalties' AND e.contract = $1 AND e.id <> $2 \
               AND e.state IN ('applied', 'deducted')";
    let row = tx.one(sql, &[contract.into(), except.into()]).await?;
    Ok(u64::try_from(row.int(0)).unwrap_or(0))
}

/// From its approval on a review changes by its steps only, and they add what publishing needs.
fn check_review(
    before: Option<&Entry>,
    entry: &Entry,
    transition: Option<&Transition>,
) -> Result<(), RegisterError> {
    let Some(before) = before.filter(|before| is_fixed(before)) else { return Ok(()) };
    let Some(transition) = transition else { return Err(fixed(before)) };
    let adds = |code| {
        let may = transition.needs.contains(&code) || PUBLISHED_WITH.contains(&code);
        !before.values.has(code) && may
    };
    let moved = REVIEWS
        .fields
        .iter()
        .map(|field| field.code)
        .any(|code| before.values.get(code) != entry.values.get(code) && !adds(code));
    if moved { Err(fixed(before)) } else { Ok(()) }
}

/// Whoever publishes a review that not everybody signed says why.
async fn check_signed(tx: &mut Tx, by: &By<'_>, review: &Entry) -> Result<(), RegisterError> {
    if review.values.has("unsigned_why") {
        return Ok(());
    }
    let register = by_code(SIGNATURES.code).expect("it is one of them");
    let field = register.field("review").expect("slots name their review");
    let own = Filter { field, test: Test::Is(Value::Text(review.id.clone())) };
    let query = Query {
        contract: Some(review.contract.clone()),
        filters: vec![own],
        order: Order::Oldest,
        ..Query::new(register)
    };
    let slots = tx.find_all(&Actor::program(), by.at, &query).await?;
    let open = slots.iter().filter(|slot| slot.is_open());
    let roles: Vec<String> = open.filter_map(|slot| slot.words("role")).map(Into::into).collect();
    if roles.is_empty() { Ok(()) } else { Err(RegisterError::Rule(Rule::Unsigned(roles))) }
}

fn check_part(
    review: &Entry,
    before: Option<&Entry>,
    entry: &Entry,
    transition: Option<&Transition>,
) -> Result<(), RegisterError> {
    if *review.register != REVIEWS {
        return Err(RegisterError::unknown("review", &review.id));
    }
    if let Some(before) = before
        && before.words("review") != entry.words("review")
    {
        return Err(RegisterError::unknown("review", entry.words("review").unwrap_or_default()));
    }
    if *entry.register == SIGNATURES {
        let signing = transition.is_some() || before.is_some();
        return match review.state.code {
            "approved"
                if transition.is_none() && before.is_some_and(|b| b.values != entry.values) =>
            {
                Err(RegisterError::Rule(Rule::OwnStep(SIGNING)))
            }
            "approved" => Ok(()),
            "published" | "rectified" => Err(fixed(review)),
            state if signing => {
                Err(RegisterError::Rule(Rule::NotApproved { review: review.id.clone(), state }))
            }
            _ => Ok(()),
        };
    }
    if is_fixed(review) {
        return Err(fixed(review));
    }
    let state = review.state.code;
    if *entry.register == REMARKS && before.is_none() && state != "in_discussion" {
        let review = review.id.clone();
        return Err(RegisterError::Rule(Rule::NotInDiscussion { review, state }));
    }
    Ok(())
}

fn is_fixed(review: &Entry) -> bool {
    matches!(review.state.code, "approved" | "published" | "rectified")
}

fn fixed(review: &Entry) -> RegisterError {
    let (review, state) = (review.id.clone(), review.state.code);
    RegisterError::Rule(Rule::ReviewFixed { review, state })
}

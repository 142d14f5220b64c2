//! A review with all that belongs to it, as one looks at it. Read [`View`] first.

use soglia_domain::contract::Contract;
use soglia_domain::register::{
    ELEMENTS, FOLLOW_UP, INPUTS_DIGITAL_AGENDA, REMARKS, REVIEW_FINDINGS, Register, SHEET_ACTIONS,
    SHEETS, SIGNATURES, Value, by_code,
};
use soglia_domain::text::{Label, Lang};
use soglia_registers::actor::By;
use soglia_registers::database::Tx;
use soglia_registers::entries::Entry;
use soglia_registers::query::{Filter, Order, Query, Test};
use soglia_registers::review::parts;

use super::SemesterError;

/// A review and its parts, as somebody may see them.
#[derive(Clone, PartialEq, Debug)]
pub struct View {
    /// The review.
    pub review: Entry,
    /// Its input elements, in the order of the reference report.
    pub elements: Vec<Entry>,
    /// Findings of the analysis.
    pub findings: Vec<Entry>,
    /// Remarks of the parties.
    pub remarks: Vec<Entry>,
    /// Improvement sheets with their actions.
    pub sheets: Vec<SheetView>,
    /// Signature slots, in order.
    pub signatures: Vec<Entry>,
    /// What earlier reviews left open.
    pub follow_ups: Vec<Entry>,
}

/// An improvement sheet and its actions, those of earlier reviews included: their expected and
/// measured effects are about the same indicator.
#[derive(Clone, PartialEq, Debug)]
pub struct SheetView {
    /// The sheet.
    pub sheet: Entry,
    /// Its actions, oldest first.
    pub actions: Vec<Entry>,
}

/// Reads a review with all its parts.
pub async fn view(
    tx: &mut Tx,
    by: &By<'_>,
    contract: &Contract,
    review: Entry,
) -> Result<View, SemesterError> {
    let mut of = async |register: &Register| -> Result<Vec<Entry>, SemesterError> {
        Ok(parts(tx, by, contract, known(register), &review.id).await?)
    };
    let elements = of(&ELEMENTS).await?;
    let findings = of(&REVIEW_FINDINGS).await?;
    let remarks = of(&REMARKS).await?;
    let sheets = of(&SHEETS).await?;
    let mut signatures = of(&SIGNATURES).await?;
    signatures.sort_by_key(|slot| slot.value("place").cloned());
    let actions = all(tx, by, contract, &SHEET_ACTIONS, None).await?;
    let period = review.words("period").unwrap_or_default();
    let follow_ups = all(tx, by, contract, &FOLLOW_UP, Some(("period", period))).await?;
    let place = |sheet: &Entry| {
        let indicator = sheet.words("indicator").unwrap_or_default();
        let service = contract
            .services
            .iter()
            .position(|service| Some(&service.code) == sheet.service.as_ref());
        let known = service.and_then(|at| contract.services.get(at));
        let at = known
            .and_then(|known| known.indicators.iter().position(|other| other.code == indicator));
        (service, at)
    };
    let mut sheets: Vec<SheetView> = sheets
        .into_iter()
        .map(|sheet| {
            let about = |action: &&Entry| is_about(action, &sheet);
            let actions = actions.iter().filter(about).cloned().collect();
            SheetView { sheet, actions }
        })
        .collect();
    sheets.sort_by_key(|view| place(&view.sheet));
    Ok(View { review, elements, findings, remarks, sheets, signatures, follow_ups })
}

/// Whether an action belongs to a sheet, or to an earlier sheet of the same indicator.
fn is_about(action: &Entry, sheet: &Entry) -> bool {
    let own = action.words("sheet") == Some(sheet.id.as_str());
    let same = sheet.links.iter().any(|link| action.links.contains(link));
    let earlier = action.created.0 < sheet.created.0;
    own || (same && earlier)
}

async fn all(
    tx: &mut Tx,
    by: &By<'_>,
    contract: &Contract,
    register: &Register,
    only: Option<(&str, &str)>,
) -> Result<Vec<Entry>, SemesterError> {
    let register = known(register);
    let filter = only.map(|(code, text)| Filter {
        field: register.field(code).expect("the fields are named in this module"),
        test: Test::Is(Value::Text(text.to_owned())),
    });
    let query = Query {
        contract: Some(contract.code.clone()),
        filters: filter.into_iter().collect(),
        order: Order::Oldest,
        ..Query::new(register)
    };
    Ok(tx.find_all(by.actor, by.at, &query).await?)
}

fn known(register: &Register) -> &'static Register {
    by_code(register.code).expect("the registers are named in this module")
}

/// The name of the element that an entry is about.
pub fn element_label(element: &Entry) -> Option<Label> {
    let code = element.words("element")?;
    INPUTS_DIGITAL_AGENDA.iter().find(|input| input.code == code).map(|input| input.label)
}

/// A sheet's figure with its unit and integers, in the reader's language: `56,78 % (62373/109850)`.
pub fn figure(sheet: &Entry, lang: Lang) -> String {
    let words = |field: &str| sheet.words(field).unwrap_or_default();
    let measured = words("measured");
    let value = match (measured, lang) {
        ("n/a", _) => measured.to_owned(),
        (decimal, Lang::It) => format!("{} {}", decimal.replace('.', ","), words("unit")),
        (decimal, Lang::En) => format!("{decimal} {}", words("unit")),
    };
    match (sheet.value("numerator"), sheet.value("denominator")) {
        (Some(num), Some(den)) => format!("{value} ({num}/{den})"),
        _ => value,
    }
}

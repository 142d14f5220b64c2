//! What people wrote down about a period, as documents take it. Read [`written`] first.
//!
//! Entries stand in a document as they are now; the period decides only which ones.

use std::collections::BTreeMap;

use jiff::civil::Date;
use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_domain::register::{
    ALL, ELEMENTS, Kind, Need, REMARKS, REVIEW_FINDINGS, REVIEWS, Register, SHEET_ACTIONS, SHEETS,
    SIGNATURES, Stage, Value,
};
use soglia_domain::time::Instant;
use soglia_registers::actor::Actor;
use soglia_registers::database::Tx;
use soglia_registers::entries::Entry;
use soglia_registers::error::RegisterError;
use soglia_registers::query::{Order, Query};
use soglia_registers::trail;
use soglia_report::model::{RegisterEntry, Registers};

/// Parts of a review, which name it.
const PARTS: [&Register; 5] = [&ELEMENTS, &REVIEW_FINDINGS, &REMARKS, &SHEETS, &SIGNATURES];

/// Collects the entries of a contract that belong to a period, and the period's review. `at` is
/// the instant of the look, for who may see what.
pub async fn written(
    tx: &mut Tx,
    contract: &Contract,
    period: &Period,
    at: Instant,
) -> Result<Registers, RegisterError> {
    let mut look = Look { tx, contract, period, at };
    let mut entries = Vec::new();
    for register in ALL {
        let all = look.all(register).await?;
        entries.extend(all.into_iter().filter(|entry| belongs(entry, contract, period)));
    }
    let mut reasons = BTreeMap::new();
    if let Some(review) = look.review().await? {
        for register in PARTS {
            let parts = look.all(register).await?;
            let own = parts.into_iter().filter(|part| words(part, "review") == Some(&review.id));
            entries.extend(own);
        }
        entries.push(review);
    }
    let actions = look.all(&SHEET_ACTIONS).await?;
    let sheets: Vec<String> = entries
        .iter()
        .filter(|entry| *entry.register == SHEETS)
        .map(|sheet| sheet.id.clone())
        .collect();
    entries.extend(actions.into_iter().filter(|action| is_of_period(action, &sheets, period)));
    for entry in entries.iter().filter(|entry| *entry.register == REVIEW_FINDINGS) {
        if let Some(reason) = look.reason(&entry.id).await? {
            reasons.insert(entry.id.clone(), reason);
        }
    }
    let entries = entries.into_iter().map(|entry| {
        let Entry { id, register, service, state, values, .. } = entry;
        let reason = reasons.get(&id).cloned();
        RegisterEntry { id, register, service, state, values, reason }
    });
    Ok(Registers { entries: entries.collect() })
}

struct Look<'a> {
    tx: &'a mut Tx,
    contract: &'a Contract,
    period: &'a Period,
    at: Instant,
}

impl Look<'_> {
    /// The contract's entries of a register, oldest first.
    async fn all(&mut self, register: &'static Register) -> Result<Vec<Entry>, RegisterError> {
        let contract = Some(self.contract.code.clone());
        let query = Query { contract, order: Order::Oldest, ..Query::new(register) };
        self.tx.find_all(&Actor::program(), self.at, &query).await
    }

    /// The period's review; the newest one if an older one was rectified.
    async fn review(&mut self) -> Result<Option<Entry>, RegisterError> {
        let all = self.all(&REVIEWS).await?;
        let mut of_period = all.into_iter().filter(|entry| {
            words(entry, "period") == Some(self.period.label()) && entry.state.code != "rectified"
        });
        Ok(of_period.next_back())
    }

    /// Why an entry got where it is: the reason of its newest link in the trail.
    async fn reason(&mut self, id: &str) -> Result<Option<String>, RegisterError> {
        let links = trail::links_of(self.tx, id).await?;
        let newest = links.iter().max_by_key(|link| link.seq);
        let detail = newest.and_then(|link| link.detail.text.as_deref());
        let detail: Option<serde_json::Value> =
            detail.and_then(|text| serde_json::from_str(text).ok());
        let reason = detail.as_ref().and_then(|detail| detail.get("reason")?.as_str());
        Ok(reason.map(ToOwned::to_owned))
    }
}

fn words<'e>(entry: &'e Entry, code: &str) -> Option<&'e str> {
    match entry.values.get(code)? {
        Value::Text(text) => Some(text),
        Value::Choice(code) => Some(code),
        Value::Date(_) | Value::Count(_) | Value::Money(_) => None,
    }
}

/// An entry that names a period belongs to those that hold it. Others belong to a period if they
/// began in it, if another of their dates lies in it, or if they began before and are still open.
fn belongs(entry: &Entry, contract: &Contract, period: &Period) -> bool {
    let named = entry.register.field("period").and_then(|field| words(entry, field.code));
    if let Some(name) = named
        && let Ok(named) = Period::parse(name, &contract.zone)
    {
        return period.first_date() <= named.first_date()
            && named.until_date() <= period.until_date();
    }
    let in_period = |date: &Date| period.first_date() <= *date && *date < period.until_date();
    let Some(began) = began(entry) else { return false };
    if period.until_date() <= began {
        return false;
    }
    let dates = entry.values.iter().filter_map(|(_, value)| match value {
        Value::Date(date) => Some(*date),
        _ => None,
    });
    entry.state.stage == Stage::Open || dates.into_iter().any(|date| in_period(&date))
}

/// When an entry began: the first date that it must have.
fn began(entry: &Entry) -> Option<Date> {
    let dated = |field: &&soglia_domain::register::Field| {
        field.kind == Kind::Date && field.need == Need::Required
    };
    match entry.values.get(entry.register.fields.iter().find(dated)?.code)? {
        Value::Date(date) => Some(*date),
        _ => None,
    }
}

/// Actions of the review's own sheets, those of earlier ones that were measured in the period or
/// are still to be, but none that was decided later.
fn is_of_period(action: &Entry, sheets: &[String], period: &Period) -> bool {
    let own = words(action, "sheet").is_some_and(|sheet| sheets.iter().any(|one| one == sheet));
    if own {
        return true;
    }
    let earlier = began(action).is_some_and(|date| date < period.until_date());
    let measured = words(action, "measured_in") == Some(period.label());
    earlier && (measured || action.state.stage == Stage::Open)
}

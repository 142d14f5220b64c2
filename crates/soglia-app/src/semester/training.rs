//! What a course changed, measured on its group before and after. Read [`measure_training`] first.
//!
//! Nobody types these figures: they come from the ledger, for groups that the contract names and
//! that have at least five operators. Of a person there are none.

use soglia_domain::contract::Contract;
use soglia_domain::period::Period;
use soglia_domain::register::{GROUP_MIN, TRAINING, Value, Values};
use soglia_ledger::session::Session;
use soglia_measure::groups::{self, GroupFigures};
use soglia_registers::actor::By;
use soglia_registers::database::Database;
use soglia_registers::entries::{Edit, Entry, Setting};
use soglia_registers::error::RegisterError;

use super::SemesterError;

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effect<'a> {
    /// The training event.
    pub entry: &'a str,
    /// `handling_time`, `first_contact` or `within_limit`.
    pub measure: &'a str,
    /// A period that ends before the course.
    pub before: &'a Period,
    /// A period that begins after it.
    pub after: &'a Period,
}

/// Measures the group of a training event before and after it, and writes both into the event.
pub async fn measure_training(
    database: &Database,
    session: &Session,
    by: &By<'_>,
    setting: &Setting,
    contract: &Contract,
    effect: Effect<'_>,
) -> Result<Entry, SemesterError> {
    let Effect { entry: id, measure, before, after } = effect;
    let mut tx = database.read().await?;
    let entry = tx.entry_for(by.actor, by.at, id).await?;
    drop(tx);
    let no = |why: String| SemesterError::Training { entry: id.to_owned(), why };
    if *entry.register != TRAINING {
        return Err(no("it is no training event".to_owned()));
    }
    let service = entry.service.clone().ok_or_else(|| no("it names no service".to_owned()))?;
    let group = entry.words("group").unwrap_or_default().to_owned();
    let known = contract.operator_group(&group);
    let known = known.ok_or_else(|| no(format!("the contract has no group `{group}`")))?;
    if u64::from(known.size) < GROUP_MIN {
        return Err(no(format!("the group has {} operators", known.size)));
    }
    if let Some(Value::Date(held)) = entry.value("held_on")
        && (*held < before.until_date() || after.first_date() <= *held)
    {
        let (before, after) = (before.label(), after.label());
        return Err(no(format!("{held} does not lie between {before} and {after}")));
    }
    let mut fields = vec![("measure", measure.to_owned())];
    for (period, names) in [
        (before, ["before_period", "before_sum", "before_n"]),
        (after, ["after_period", "after_sum", "after_n"]),
    ] {
        let found = groups::group(session, contract, period, &service, &known.code).await?;
        let counts = found.and_then(|found| counts(&found, measure));
        let (sum, n) = counts.filter(|(_, n)| 0 < *n).ok_or_else(|| {
            no(format!("the group has too few calls in {} to be shown", period.label()))
        })?;
        let [label, total, count] = names;
        fields.extend([
            (label, period.label().to_owned()),
            (total, sum.to_string()),
            (count, n.to_string()),
        ]);
    }
    let fields = fields.iter().map(|(code, text)| (*code, text.as_str()));
    let changes = Values::changes(entry.register, fields).map_err(RegisterError::Values)?;
    let edit = Edit { version: entry.version, changes, ..Edit::default() };
    let mut tx = database.write().await?;
    let entry = tx.edit(by, setting, id, edit).await?;
    tx.commit().await?;
    Ok(entry)
}

fn counts(found: &GroupFigures, measure: &str) -> Option<(u64, u64)> {
    match measure {
        "handling_time" => Some(found.handling_secs),
        "first_contact" => found.first_contact,
        "within_limit" => found.within_limit,
        _ => None,
    }
}

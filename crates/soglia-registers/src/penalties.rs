//! Penalties from figures: what the contract's parameters give, up to what its cap leaves. Read
//! [`detect`] first.
//!
//! Detecting is not applying: the entry goes through the contradictory (notified, answered,
//! decided) like one that a person writes, and the cap is kept when it is decided.

use soglia_domain::contract::Contract;
use soglia_domain::penalty::{self, StepsCounted};
use soglia_domain::ratio::Ratio;
use soglia_domain::register::{PENALTIES, Value, Values};
use soglia_domain::text::Lang;
use soglia_domain::verdict::Target;

use crate::actor::By;
use crate::database::Tx;
use crate::entries::{Draft, Entry, Link, LinkKind, Setting};
use crate::error::{RegisterError, Rule};
use crate::rules;

/// A figure that missed its target.
#[derive(Clone, PartialEq, Debug)]
pub struct Missed<'a> {
    /// The service.
    pub service: &'a str,
    /// The indicator.
    pub indicator: &'a str,
    /// The period.
    pub period: &'a str,
    /// The figure.
    pub measured: Ratio,
    /// What was promised.
    pub target: Target,
    /// The seal of the measurement.
    pub seal: Option<&'a str>,
    /// How the contract counts steps.
    pub counted: StepsCounted,
    /// The clause that foresees the penalty.
    pub clause: &'a str,
    /// The language of the texts.
    pub lang: Lang,
}

/// What the penalties of a contract come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cap {
    /// The most they may reach.
    pub cap_cents: u64,
    /// Applied or deducted so far.
    pub applied_cents: u64,
    /// What is left.
    pub room_cents: u64,
}

/// Enters a penalty as detected, with the amount that follows from the contract.
pub async fn detect(
    tx: &mut Tx,
    by: &By<'_>,
    setting: &Setting,
    missed: Missed<'_>,
) -> Result<Entry, RegisterError> {
    let Missed { service, indicator, period, measured, target, seal, counted, clause, lang } =
        missed;
    let contract = setting.contract.as_ref().ok_or(RegisterError::Rule(Rule::NoPenalties))?;
    let penalties = contract.penalties.as_ref().ok_or(RegisterError::Rule(Rule::NoPenalties))?;
    let rate = penalties
        .rates
        .iter()
        .find(|rate| rate.service == service && rate.indicator == indicator)
        .ok_or_else(|| RegisterError::unknown("penalty for", &format!("{service}/{indicator}")))?;
    let assessed = penalty::assess(penalties, rate, &target, measured, counted)
        .map_err(|why| RegisterError::Rule(Rule::NoAmount(why)))?;
    let register = &PENALTIES;
    let mut values = Values::default();
    let mut put = |code: &str, value: Value| {
        let field = register.field(code).expect("a field of penalties");
        values.put(field, Some(value));
    };
    put("detected_on", Value::Date(setting.date(by.at)));
    for (code, text) in [
        ("period", period),
        ("indicator", indicator),
        ("clause", clause),
        ("facts", by.reason()?),
        ("basis", assessed.basis.get(lang)),
    ] {
        put(code, Value::Text(text.to_owned()));
    }
    let cents = i64::try_from(assessed.cents)
        .map_err(|_| RegisterError::Rule(Rule::NoAmount(penalty::PenaltyError::TooLarge)))?;
    put("amount", Value::Money(cents));
    let mut links = vec![Link::new(LinkKind::Indicator, &format!("{service}/{indicator}"))];
    if let Some(seal) = seal {
        put("seal", Value::Text(seal.to_owned()));
        links.push(Link::new(LinkKind::Measurement, seal));
    }
    let draft = Draft {
        contract: contract.code.clone(),
        service: Some(service.to_owned()),
        reference: None,
        values,
        links,
    };
    tx.create(by, setting, register, draft).await
}

/// What is left under a contract's cap; nothing if it foresees no penalties.
pub async fn cap(tx: &mut Tx, contract: &Contract) -> Result<Option<Cap>, RegisterError> {
    let Some(penalties) = &contract.penalties else { return Ok(None) };
    let applied_cents = rules::applied_cents(tx, &contract.code, "").await?;
    Ok(Some(Cap {
        cap_cents: penalty::cap_cents(penalties),
        applied_cents,
        room_cents: penalty::room_cents(penalties, applied_cents),
    }))
}

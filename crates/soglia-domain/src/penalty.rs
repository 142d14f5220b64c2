//! Amounts of penalties, in whole cents. Read [`assess`] first.
//!
//! The reference contract has no penalties; where a contract has them, rates, value and cap stand
//! in its file ([`crate::contract::Penalties`]). Nothing here decides: an [`Assessment`] is what a
//! person may notify.

use crate::contract::{Penalties, PenaltyRate};
use crate::ratio::{Ratio, Rounding, RoundingMode, decimal, round_div};
use crate::text::Text;
use crate::verdict::{Bound, Target, TargetDirection};

/// Hundredths of a percentage point in a whole.
const CENTI_POINTS: u128 = 10_000;
/// Rates are thousandths of a permille.
const MICRO: u128 = 1_000_000;

/// Which steps of a miss count, where the contract speaks of "each half point".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum StepsCounted {
    /// Only whole ones: the reading that asks for less.
    #[default]
    Completed,
    /// Also the last one, once it has begun.
    Begun,
}

/// What a miss amounts to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assessment {
    /// Steps missed.
    pub steps: u64,
    /// The amount, before the cap.
    pub cents: u64,
    /// How it follows, for the notification.
    pub basis: Text,
}

/// Why there is nothing to assess.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PenaltyError {
    /// The target was met.
    #[error("the target was met, there is no penalty to assess")]
    Met,
    /// The target is a duration: the contract's steps are percentage points.
    #[error("the target is a duration, steps of percentage points do not apply to it")]
    NotAShare,
    /// The miss is smaller than a step.
    #[error("the miss is smaller than the contract's first step")]
    BelowFirstStep,
    /// The result does not fit.
    #[error("the amount is larger than any contract")]
    TooLarge,
}

/// Computes the penalty for a missed share.
///
/// 94.20 % measured against at least 95 %, steps of 0.5 points, 0.3 ‰ a step, on 480 000.00 €: one
/// step completed (two begun), 144.00 € (288.00 €).
///
/// ```
/// use soglia_domain::contract::{Penalties, PenaltyRate};
/// use soglia_domain::penalty::{StepsCounted, assess};
/// use soglia_domain::ratio::Ratio;
/// use soglia_domain::verdict::{Bound, Target, TargetDirection};
///
/// let rate = PenaltyRate {
///     service: "helpline".into(),
///     indicator: "SL".into(),
///     step_centi_points: 50,
///     micro_rate: 300,
/// };
/// let rates = vec![rate.clone()];
/// let penalties = Penalties {
///     contract_value_cents: 48_000_000,
///     cap_permille: 100,
///     counted: StepsCounted::Completed,
///     clause: None,
///     rates,
/// };
/// let bound = Bound::Share(Ratio::new(95, 100).expect("a share"));
/// let target = Target { direction: TargetDirection::AtLeast, inclusive: true, bound };
/// let measured = Ratio::new(942, 1000).expect("calls were counted");
/// let assess = |counted| assess(&penalties, &rate, &target, measured, counted);
/// assert_eq!(assess(StepsCounted::Completed).map(|a| (a.steps, a.cents)), Ok((1, 14_400)));
/// assert_eq!(assess(StepsCounted::Begun).map(|a| (a.steps, a.cents)), Ok((2, 28_800)));
/// ```
pub fn assess(
    penalties: &Penalties,
    rate: &PenaltyRate,
    target: &Target,
    measured: Ratio,
    counted: StepsCounted,
) -> Result<Assessment, PenaltyError> {
    let Bound::Share(bound) = target.bound else { return Err(PenaltyError::NotAShare) };
    let (miss_num, miss_den) = miss(target.direction, bound, measured).ok_or(PenaltyError::Met)?;
    let step = u128::from(rate.step_centi_points);
    let (scaled, unit) = miss_num
        .checked_mul(CENTI_POINTS)
        .zip(miss_den.checked_mul(step))
        .filter(|(_, unit)| 0 < *unit)
        .ok_or(PenaltyError::TooLarge)?;
    let steps = match counted {
        StepsCounted::Completed => scaled / unit,
        StepsCounted::Begun => scaled.div_ceil(unit),
    };
    if steps == 0 {
        return Err(PenaltyError::BelowFirstStep);
    }
    let product = u128::from(penalties.contract_value_cents)
        .checked_mul(u128::from(rate.micro_rate))
        .and_then(|product| product.checked_mul(steps))
        .ok_or(PenaltyError::TooLarge)?;
    let cents = u64::try_from(round_div(product, MICRO, RoundingMode::HalfUp));
    let cents = cents.map_err(|_| PenaltyError::TooLarge)?;
    let steps = u64::try_from(steps).map_err(|_| PenaltyError::TooLarge)?;
    let basis = basis(penalties, rate, bound, measured, (steps, cents));
    Ok(Assessment { steps, cents, basis })
}

/// The most that all penalties of a contract may reach.
pub fn cap_cents(penalties: &Penalties) -> u64 {
    let product =
        u128::from(penalties.contract_value_cents) * u128::from(penalties.cap_permille) / 1000;
    u64::try_from(product).unwrap_or(u64::MAX)
}

/// What can still be applied under the cap, given what was applied before.
pub fn room_cents(penalties: &Penalties, applied_cents: u64) -> u64 {
    cap_cents(penalties).saturating_sub(applied_cents)
}

/// How far the value is from the target, as an exact fraction; nothing if it was met.
fn miss(direction: TargetDirection, bound: Ratio, measured: Ratio) -> Option<(u128, u128)> {
    let bound_part = u128::from(bound.num()) * u128::from(measured.den());
    let measured_part = u128::from(measured.num()) * u128::from(bound.den());
    let missed = match direction {
        TargetDirection::AtLeast => bound_part.checked_sub(measured_part)?,
        TargetDirection::AtMost => measured_part.checked_sub(bound_part)?,
    };
    (0 < missed).then(|| (missed, u128::from(bound.den()) * u128::from(measured.den())))
}

fn basis(
    penalties: &Penalties,
    rate: &PenaltyRate,
    bound: Ratio,
    measured: Ratio,
    (steps, cents): (u64, u64),
) -> Text {
    let two = Rounding::half_up(2);
    let measured_share = format!("{measured} ({} %)", measured.percent(two));
    let bound = bound.percent(two);
    let step = decimal(u128::from(rate.step_centi_points), 2);
    let permille = decimal(u128::from(rate.micro_rate), 3);
    let value = decimal(u128::from(penalties.contract_value_cents), 2);
    let cents = decimal(u128::from(cents), 2);
    Text::new(
        &format!(
            "{} {}: {measured_share} contro {bound} %; {steps} scatti da {step} punti, {permille} \
             ‰ ciascuno di {value} €: {cents} €",
            rate.service, rate.indicator
        ),
        &format!(
            "{} {}: {measured_share} against {bound} %; {steps} steps of {step} points, \
             {permille} ‰ each of {value} €: {cents} €",
            rate.service, rate.indicator
        ),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate() -> PenaltyRate {
        PenaltyRate {
            service: "cup".into(),
            indicator: "K1".into(),
            step_centi_points: 100,
            micro_rate: 500,
        }
    }

    fn contract() -> Penalties {
        Penalties {
            contract_value_cents: 100_000_000,
            cap_permille: 100,
            counted: StepsCounted::Completed,
            clause: None,
            rates: vec![rate()],
        }
    }

    fn check(direction: TargetDirection, bound: (u64, u64), measured: (u64, u64), expected: &str) {
        let share = |(num, den)| Ratio::new(num, den).expect("counted");
        let target = Target { direction, inclusive: true, bound: Bound::Share(share(bound)) };
        let counts = [StepsCounted::Completed, StepsCounted::Begun];
        let found = counts.map(|counted| {
            match assess(&contract(), &rate(), &target, share(measured), counted) {
                Ok(assessment) => format!("{}: {}", assessment.steps, assessment.cents),
                Err(problem) => format!("{problem:?}"),
            }
        });
        assert_eq!(found.join(" | "), expected);
    }

    #[test]
    fn steps_are_exact_at_their_borders() {
        use TargetDirection::{AtLeast, AtMost};
        check(AtLeast, (95, 100), (95, 100), "Met | Met");
        check(AtLeast, (95, 100), (96, 100), "Met | Met");
        check(AtLeast, (95, 100), (94, 100), "1: 50000 | 1: 50000");
        check(AtLeast, (95, 100), (9_399_999, 10_000_000), "1: 50000 | 2: 100000");
        check(AtLeast, (95, 100), (9_400_001, 10_000_000), "BelowFirstStep | 1: 50000");
        check(AtMost, (5, 100), (1225, 10_000), "7: 350000 | 8: 400000");
        check(AtMost, (5, 100), (5, 100), "Met | Met");
        // The reference report's CUP: 56.78 % against 95 %, 38.22 points.
        check(AtLeast, (95, 100), (5678, 10_000), "38: 1900000 | 39: 1950000");
    }

    proptest! {
        #[test]
        fn missing_more_never_costs_less(
            den in 1_u64..1_000_000,
            shares in (0_u64..=1_000_000, 0_u64..=1_000_000),
            bound in 0_u64..=1000,
            step in 1_u32..500,
        ) {
            let rate = PenaltyRate { step_centi_points: step, ..rate() };
            let bound = Bound::Share(Ratio::new(bound, 1000).expect("a share"));
            let target =
                Target { direction: TargetDirection::AtLeast, inclusive: true, bound };
            let cents = |share: u64, counted: StepsCounted| {
                let measured = Ratio::new(den * share / 1_000_000, den).expect("counted");
                assess(&contract(), &rate, &target, measured, counted).map_or(0, |a| a.cents)
            };
            let (better, worse) = (shares.0.max(shares.1), shares.0.min(shares.1));
            for counted in [StepsCounted::Completed, StepsCounted::Begun] {
                prop_assert!(cents(better, counted) <= cents(worse, counted));
            }
            let completed = cents(worse, StepsCounted::Completed);
            prop_assert!(completed <= cents(worse, StepsCounted::Begun));
        }
    }

    #[test]
    fn the_cap_leaves_what_is_left() {
        assert_eq!(cap_cents(&contract()), 10_000_000);
        assert_eq!(room_cents(&contract(), 9_999_999), 1);
        assert_eq!(room_cents(&contract(), 20_000_000), 0);
    }

    #[test]
    fn durations_have_no_steps() {
        let bound = Bound::Duration(crate::time::Millis::from_hours(4));
        let target = Target { direction: TargetDirection::AtMost, inclusive: true, bound };
        let measured = Ratio::new(1, 2).expect("counted");
        let result = assess(&contract(), &rate(), &target, measured, StepsCounted::Begun);
        assert_eq!(result, Err(PenaltyError::NotAShare));
    }
}

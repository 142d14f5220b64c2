//! Targets and verdicts. Read [`Verdict`] first, then [`Target::judge`].

use crate::ratio::{Ratio, Rounding};
use crate::time::Millis;

/// What a contract promises for an indicator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target {
    /// Which way is good.
    pub direction: TargetDirection,
    /// Whether reaching the bound exactly meets it.
    pub inclusive: bool,
    /// The bound.
    pub bound: Bound,
}

/// Which way is good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetDirection {
    /// More is better.
    AtLeast,
    /// Less is better.
    AtMost,
}

/// A target's bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    /// A share.
    Share(Ratio),
    /// A duration; for batches, the time allowed per package.
    Duration(Millis),
}

/// The outcome of a comparison with a target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The target was met.
    Ok,
    /// The target was missed.
    Ko,
    /// There is nothing to judge, and why.
    Na(NaReason),
}

/// Why an indicator does not apply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NaReason {
    /// Data were delivered, nothing happened.
    NoActivity,
    /// No data were delivered.
    NotMeasured,
    /// The contract does not foresee the activity.
    NotForeseen,
    /// Everything was excluded by agreement.
    ExcludedByAgreement,
}

impl NaReason {
    /// Returns the name used in files and interfaces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoActivity => "no_activity",
            Self::NotMeasured => "not_measured",
            Self::NotForeseen => "not_foreseen",
            Self::ExcludedByAgreement => "excluded_by_agreement",
        }
    }
}

impl Verdict {
    /// Returns `OK`, `KO` or `NA`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Ko => "KO",
            Self::Na(_) => "NA",
        }
    }
}

/// What is compared with the target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compare {
    /// The exact integers.
    Exact,
    /// The value after rounding.
    Rounded(Rounding),
}

impl Target {
    /// Judges a share.
    ///
    /// # Panics
    /// If the bound is a duration: the contract parser pairs them.
    pub fn judge(&self, value: Ratio, compare: Compare) -> Verdict {
        let Bound::Share(bound) = self.bound else {
            unreachable!("the contract parser gives share indicators a share to reach")
        };
        let ordering = match compare {
            Compare::Exact => value.compare(bound),
            Compare::Rounded(rounding) => {
                // The bound is written by people and taken as it is, with all its digits.
                let fine = Rounding { decimals: 9, ..rounding };
                let rounded = value.percent_scaled(rounding)
                    * 10_u128.pow(u32::from(9 - rounding.decimals.min(9)));
                rounded.cmp(&bound.percent_scaled(fine))
            }
        };
        self.verdict_of(ordering)
    }

    /// Judges a duration against `allowed`.
    pub fn judge_duration(&self, value: Millis, allowed: Millis) -> Verdict {
        self.verdict_of(value.cmp(&allowed))
    }

    fn verdict_of(&self, ordering: std::cmp::Ordering) -> Verdict {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let met = match (ordering, self.direction) {
            (Equal, _) => self.inclusive,
            (Greater, TargetDirection::AtLeast) | (Less, TargetDirection::AtMost) => true,
            _ => false,
        };
        if met { Verdict::Ok } else { Verdict::Ko }
    }
}

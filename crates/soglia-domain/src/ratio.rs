//! Exact shares. Read [`Ratio`] first.

use std::fmt;

/// Calls (or cases, messages, milliseconds) that met a rule over those that count, kept as
/// integers until printed.
///
/// ```
/// use soglia_domain::ratio::{Ratio, Rounding};
/// let lost = Ratio::new(13_457, 109_850).expect("calls were offered");
/// assert_eq!(lost.percent(Rounding::half_up(2)), "12.25");
/// assert!(Ratio::new(0, 0).is_none(), "no calls is not 0 %");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ratio {
    num: u64,
    den: u64,
}

/// How a value is rounded: for display only, unless the contract says that the rounded value is
/// what is compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rounding {
    /// Decimals shown.
    pub decimals: u8,
    /// What happens to the digit that is cut.
    pub mode: RoundingMode,
}

/// What happens to the digit that is cut.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RoundingMode {
    /// Half rounds up (away from zero; values are never negative).
    HalfUp,
    /// Half rounds to the even neighbour.
    HalfEven,
    /// Digits are cut.
    Down,
}

impl Rounding {
    /// Half-up rounding to `decimals`.
    pub const fn half_up(decimals: u8) -> Self {
        Self { decimals, mode: RoundingMode::HalfUp }
    }
}

impl Ratio {
    /// Returns `None` when nothing was counted.
    ///
    /// # Panics
    /// If more met the rule than were counted.
    pub fn new(num: u64, den: u64) -> Option<Self> {
        assert!(num <= den || den == 0, "{num} met the rule but only {den} were counted");
        (0 < den).then_some(Self { num, den })
    }

    /// What met the rule.
    pub const fn num(self) -> u64 {
        self.num
    }

    /// What was counted.
    pub const fn den(self) -> u64 {
        self.den
    }

    /// Compares with `other` exactly.
    pub fn compare(self, other: Self) -> std::cmp::Ordering {
        (u128::from(self.num) * u128::from(other.den))
            .cmp(&(u128::from(other.num) * u128::from(self.den)))
    }

    /// Returns the share in units of 10^-decimals percent, rounded.
    pub fn percent_scaled(self, rounding: Rounding) -> u128 {
        let scale = 100 * 10_u128.pow(u32::from(rounding.decimals));
        round_div(u128::from(self.num) * scale, u128::from(self.den), rounding.mode)
    }

    /// Returns the percentage as a decimal string with a point.
    pub fn percent(self, rounding: Rounding) -> String {
        decimal(self.percent_scaled(rounding), rounding.decimals)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

/// Divides and rounds.
pub fn round_div(num: u128, den: u128, mode: RoundingMode) -> u128 {
    let (quotient, rest) = (num / den, num % den);
    let up = match mode {
        RoundingMode::Down => false,
        RoundingMode::HalfUp => den <= rest * 2,
        RoundingMode::HalfEven => den < rest * 2 || (den == rest * 2 && quotient % 2 == 1),
    };
    quotient + u128::from(up)
}

/// Prints an integer count of 10^-decimals units.
pub fn decimal(scaled: u128, decimals: u8) -> String {
    if decimals == 0 {
        return scaled.to_string();
    }
    let unit = 10_u128.pow(u32::from(decimals));
    let width = usize::from(decimals);
    format!("{}.{:0width$}", scaled / unit, scaled % unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_public_forum_are_reproduced() {
        // The same calls under ten formulas; the percentages were computed by hand.
        let cases = [
            (860, 1060, "81.1321"),
            (860, 1000, "86.0000"),
            (860, 1040, "82.6923"),
            (860, 1050, "81.9048"),
            (880, 1060, "83.0189"),
            (870, 1060, "82.0755"),
            (60, 1060, "5.6604"),
            (50, 1050, "4.7619"),
            (50, 1060, "4.7170"),
            (40, 1040, "3.8462"),
        ];
        for (num, den, expected) in cases {
            let ratio = Ratio::new(num, den).expect("counted");
            assert_eq!(ratio.percent(Rounding::half_up(4)), expected);
        }
    }

    #[test]
    fn rounding_modes_differ_only_on_the_cut_digit() {
        assert_eq!(round_div(5, 2, RoundingMode::HalfUp), 3);
        assert_eq!(round_div(5, 2, RoundingMode::HalfEven), 2);
        assert_eq!(round_div(7, 2, RoundingMode::HalfEven), 4);
        assert_eq!(round_div(7, 2, RoundingMode::Down), 3);
        assert_eq!(decimal(5, 2), "0.05");
        assert_eq!(decimal(5, 0), "5");
    }
}

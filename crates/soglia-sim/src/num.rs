//! Mathematics that gives the same bits on every machine. Read [`incomplete_beta`] and
//! [`normal_quantile`] first.
//!
//! Elementary functions come from `libm`, compiled with the program, never from the platform.

/// Natural logarithm.
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Logarithm of `1 + x`, exact for small `x`.
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// Exponential.
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// Exponential less one, exact for small `x`.
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// Logarithm of the gamma function.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// Rounds to the nearest whole number; what does not fit is cut to the ends of the range.
#[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates, as documented")]
pub fn round_i64(x: f64) -> i64 {
    libm::round(x) as i64
}

/// Rounds up to a count; negative numbers give 0, what does not fit the greatest count.
#[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates, as documented")]
#[expect(clippy::cast_sign_loss, reason = "a cast from float saturates, as documented")]
pub fn ceil_u32(x: f64) -> u32 {
    libm::ceil(x) as u32
}

/// Rounds to the nearest count; negative numbers give 0, what does not fit the greatest count.
#[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates, as documented")]
#[expect(clippy::cast_sign_loss, reason = "a cast from float saturates, as documented")]
pub fn round_u32(x: f64) -> u32 {
    libm::round(x) as u32
}

/// The same number with fewer digits.
#[expect(clippy::cast_possible_truncation, reason = "fewer digits are what is asked for")]
pub fn narrow(x: f64) -> f32 {
    x as f32
}

/// Cuts to an index; negative numbers give 0.
#[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates, as documented")]
#[expect(clippy::cast_sign_loss, reason = "a cast from float saturates, as documented")]
pub fn floor_usize(x: f64) -> usize {
    x as usize
}

/// An index of at most four thousand million: what the simulator's tables hold.
///
/// # Panics
/// Beyond `u32::MAX`; limits on input keep tables far below.
pub fn id(index: usize) -> u32 {
    u32::try_from(index).expect("limits on input keep tables below four thousand million rows")
}

/// The regularised incomplete beta function I_x(a, b), by Lentz's continued fraction.
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if 1.0 <= x {
        return 1.0;
    }
    let front = exp(ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * ln(x) + b * ln_1p(-x));
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, x) / a
    } else {
        1.0 - front * beta_fraction(b, a, 1.0 - x) / b
    }
}

/// Terms after which the fraction has converged for every argument used here.
const FRACTION_TERMS_MAX: u32 = 10_000;

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |part: f64| if part.abs() < TINY { TINY } else { part };
    let mut upper = 1.0;
    let mut lower = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut value = lower;
    for term in 1..=FRACTION_TERMS_MAX {
        let k = f64::from(term);
        let even = k * (b - k) * x / ((a + 2.0 * k - 1.0) * (a + 2.0 * k));
        lower = 1.0 / guard(1.0 + even * lower);
        upper = guard(1.0 + even / upper);
        value *= lower * upper;
        let odd = -(a + k) * (a + b + k) * x / ((a + 2.0 * k) * (a + 2.0 * k + 1.0));
        lower = 1.0 / guard(1.0 + odd * lower);
        upper = guard(1.0 + odd / upper);
        let step = lower * upper;
        value *= step;
        if (step - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

/// The value that a standard normal variable stays below with probability `p` (Wichura 1988,
/// algorithm AS 241, sixteen digits).
///
/// Monotone in `p`, so that one uniform number gives one value: common random numbers stay paired.
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * horner(&CENTRAL_NUM, r) / horner(&CENTRAL_DEN, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail <= 0.0 {
        return if q < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let r = (-ln(tail)).sqrt();
    let value = if r <= 5.0 {
        horner(&MIDDLE_NUM, r - 1.6) / horner(&MIDDLE_DEN, r - 1.6)
    } else {
        horner(&FAR_NUM, r - 5.0) / horner(&FAR_DEN, r - 5.0)
    };
    if q < 0.0 { -value } else { value }
}

#[inline]
fn horner(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

// Coefficients of AS 241 (PPND16), constant term first.
const CENTRAL_NUM: [f64; 8] = [
    3.387_132_872_796_366_5,
    1.331_416_678_917_843_8e2,
    1.971_590_950_306_551_3e3,
    1.373_169_376_550_946e4,
    4.592_195_393_154_987e4,
    6.726_577_092_700_87e4,
    3.343_057_558_358_813e4,
    2.509_080_928_730_122_7e3,
];
const CENTRAL_DEN: [f64; 8] = [
    1.0,
    4.231_333_070_160_091e1,
    6.871_870_074_920_579e2,
    5.394_196_021_424_751e3,
    2.121_379_430_158_659_7e4,
    3.930_789_580_009_271e4,
    2.872_908_573_572_194_3e4,
    5.226_495_278_852_545e3,
];
const MIDDLE_NUM: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    2.417_807_251_774_506e-1,
    2.272_384_498_926_918_4e-2,
    7.745_450_142_783_414e-4,
];
const MIDDLE_DEN: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    6.897_673_349_851e-1,
    1.481_039_764_274_800_8e-1,
    1.519_866_656_361_645_7e-2,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const FAR_NUM: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    2.965_605_718_285_048_7e-1,
    2.653_218_952_657_612_4e-2,
    1.242_660_947_388_078_4e-3,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const FAR_DEN: [f64; 8] = [
    1.0,
    5.998_322_065_558_88e-1,
    1.369_298_809_227_358e-1,
    1.487_536_129_085_061_5e-2,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

/// The value that Student's t with `freedom` degrees exceeds in absolute value with probability
/// `1 - level`, e.g. 2.262 for 9 degrees at 0.95.
///
/// # Panics
/// Without a degree of freedom, or for a level outside (0, 1).
pub fn student_two_sided(freedom: u32, level: f64) -> f64 {
    assert!(0 < freedom, "one observation has no spread");
    assert!(0.0 < level && level < 1.0, "a level of {level} is no probability");
    let n = f64::from(freedom);
    let beyond = |t: f64| incomplete_beta(n / 2.0, 0.5, n / (n + t * t));
    let (mut low, mut high) = (0.0, 2.0);
    while 1.0 - level < beyond(high) {
        high *= 2.0;
    }
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if 1.0 - level < beyond(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The probability that a standard normal variable stays below `z`.
pub fn normal_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// Mean and standard deviation (divisor n − 1) of a sample; no spread for fewer than two values.
pub fn mean_and_spread(values: &[f64]) -> (f64, f64) {
    if values.is_empty() {
        return (f64::NAN, 0.0);
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if values.len() < 2 {
        return (mean, 0.0);
    }
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (squares / (n - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (p, z) in
            [(0.5, 0.0), (0.975, 1.959_963_984_540_054), (0.001, -3.090_232_306_167_813_5)]
        {
            assert!((normal_quantile(p) - z).abs() < 1e-13, "{p}: {}", normal_quantile(p));
        }
        assert!((normal_quantile(1e-20) + 9.262_340_089_798_408).abs() < 1e-12);
        for z in [-3.0, -0.7, 0.2, 1.5, 4.0] {
            assert!((normal_quantile(normal_below(z)) - z).abs() < 1e-10, "{z}");
        }
        // Student's t at 95 %, three decimals as printed in every handbook.
        for (freedom, t) in [(1, 12.706), (9, 2.262), (29, 2.045), (199, 1.972)] {
            assert!((student_two_sided(freedom, 0.95) - t).abs() < 5e-4, "{freedom}");
        }
    }

    #[test]
    fn the_incomplete_beta_function_is_a_binomial_tail() {
        // I_x(k, n - k + 1) = P(Binomial(n, x) >= k); here n = 5, k = 2, x = 0.3.
        let tail = 1.0 - 0.7_f64 * 0.7 * 0.7 * 0.7 * 0.7 - 5.0 * 0.3 * 0.7 * 0.7 * 0.7 * 0.7;
        assert!((incomplete_beta(2.0, 4.0, 0.3) - tail).abs() < 1e-14);
        assert!(
            (incomplete_beta(2.5, 4.5, 0.6) + incomplete_beta(4.5, 2.5, 0.4) - 1.0).abs() < 1e-14
        );
    }
}

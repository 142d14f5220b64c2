//! How long things take. Read [`Distribution`] first.
//!
//! Every distribution is drawn through its quantile function, which never falls: one uniform number
//! gives one duration, and a scenario that stretches durations keeps them paired with the base.

use std::sync::Arc;

use crate::num;

/// Microseconds in a second: the simulator's unit of time is the microsecond.
pub const SECOND_US: i64 = 1_000_000;

/// A time that never comes; far enough from the end of the range to be added to.
pub const NEVER_US: i64 = i64::MAX / 4;

/// How long something takes.
#[derive(Clone, PartialEq, Debug)]
pub enum Distribution {
    /// Always the same.
    Constant {
        /// In seconds.
        secs: f64,
    },
    /// Without memory.
    Exponential {
        /// The mean in seconds.
        mean_secs: f64,
    },
    /// Skewed, as handling times are.
    LogNormal {
        /// The mean in seconds.
        mean_secs: f64,
        /// Standard deviation over mean; 0.8 is usual for handling times.
        cv: f64,
    },
    /// Observed durations, drawn with equal probability.
    Sample(Sample),
    /// A survival curve with an exponential tail.
    Curve(Curve),
    /// Never ends: for patience only.
    Never,
}

/// Observed durations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sample {
    /// Shared, because weeks and scenarios are copied often.
    sorted_us: Arc<Vec<i64>>,
}

impl Sample {
    /// Takes durations in microseconds, in any order; nothing for an empty or a negative sample.
    pub fn new(mut durations_us: Vec<i64>) -> Option<Self> {
        durations_us.sort_unstable();
        let first = *durations_us.first()?;
        (0 <= first).then(|| Self { sorted_us: Arc::new(durations_us) })
    }

    /// Returns the mean in seconds.
    pub fn mean_secs(&self) -> f64 {
        let sum: f64 = self.sorted_us.iter().map(|&us| us as f64).sum();
        sum / SECOND_US as f64 / self.sorted_us.len() as f64
    }

    fn quantile_us(&self, u: f64) -> i64 {
        let index = num::floor_usize(u * self.sorted_us.len() as f64);
        let last = self.sorted_us.len() - 1;
        self.sorted_us.get(index.min(last)).copied().unwrap_or_default()
    }
}

/// A survival curve: steps, then an exponential tail where observation ends.
#[derive(Clone, PartialEq, Debug)]
pub struct Curve {
    /// Time in seconds and the share that lasts longer than it; times rise, shares fall.
    steps: Arc<Vec<(f64, f64)>>,
    /// Mean of the exponential tail after the last step, in seconds.
    tail_mean_secs: f64,
}

impl Curve {
    /// Takes steps of a survival curve; nothing unless times rise, shares fall within (0, 1) and
    /// the tail has a mean.
    pub fn new(steps: Vec<(f64, f64)>, tail_mean_secs: f64) -> Option<Self> {
        let mut previous = (0.0, 1.0);
        for &(secs, share) in &steps {
            let rises = previous.0 <= secs && secs.is_finite();
            let falls = share <= previous.1 && 0.0 < share;
            if !(rises && falls) {
                return None;
            }
            previous = (secs, share);
        }
        let tail = tail_mean_secs.is_finite() && 0.0 < tail_mean_secs;
        tail.then(|| Self { steps: Arc::new(steps), tail_mean_secs })
    }

    /// Returns the steps: time in seconds, and the share that lasts longer.
    pub fn steps(&self) -> &[(f64, f64)] {
        &self.steps
    }

    /// Returns the mean of the exponential tail in seconds.
    pub const fn tail_mean_secs(&self) -> f64 {
        self.tail_mean_secs
    }

    /// Returns the share that lasts longer than `secs`.
    pub fn survival(&self, secs: f64) -> f64 {
        let passed = self.steps.partition_point(|&(at, _)| at <= secs);
        let reached = passed.checked_sub(1).and_then(|last| self.steps.get(last));
        let (from, share) = reached.copied().unwrap_or((0.0, 1.0));
        if passed < self.steps.len() {
            return share;
        }
        share * num::exp(-(secs - from).max(0.0) / self.tail_mean_secs)
    }

    /// The time that a share `left` lasts longer than; between steps, on a straight line.
    fn time_at(&self, left: f64) -> f64 {
        let passed = self.steps.partition_point(|&(_, share)| left <= share);
        let before = passed.checked_sub(1).and_then(|last| self.steps.get(last));
        let (from, share) = before.copied().unwrap_or((0.0, 1.0));
        match self.steps.get(passed) {
            Some(&(to, after)) => from + (to - from) * (share - left) / (share - after),
            None => from - self.tail_mean_secs * num::ln(left / share),
        }
    }
}

/// A distribution that no duration can be drawn from.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum DistributionError {
    /// A mean or a constant.
    #[error("a duration must be a number of seconds of at least 0, found `{0}`")]
    Secs(f64),
    /// A coefficient of variation.
    #[error("a coefficient of variation must be a number of at least 0, found `{0}`")]
    Variation(f64),
    /// A handling time that never ends.
    #[error("only patience may be without end")]
    Endless,
}

impl Distribution {
    /// Checks the parameters.
    pub fn check(&self) -> Result<(), DistributionError> {
        match *self {
            Self::Constant { secs: value } | Self::Exponential { mean_secs: value } => secs(value),
            Self::LogNormal { mean_secs, cv } => {
                secs(mean_secs)?;
                let valid = cv.is_finite() && 0.0 <= cv;
                if valid { Ok(()) } else { Err(DistributionError::Variation(cv)) }
            }
            Self::Sample(_) | Self::Curve(_) | Self::Never => Ok(()),
        }
    }

    /// Prepares for drawing.
    pub(crate) fn sampler(&self) -> Sampler<'_> {
        match self {
            Self::Constant { secs } => Sampler::Constant(us(*secs)),
            Self::Exponential { mean_secs } => Sampler::Exponential(mean_secs * SECOND_US as f64),
            Self::LogNormal { mean_secs, cv } => {
                let variance = num::ln_1p(cv * cv);
                let log_mean = num::ln((mean_secs * SECOND_US as f64).max(1e-9));
                Sampler::LogNormal { location: log_mean - variance / 2.0, spread: variance.sqrt() }
            }
            Self::Sample(sample) => Sampler::Sample(sample),
            Self::Curve(curve) => Sampler::Curve(curve),
            Self::Never => Sampler::Never,
        }
    }

    /// Returns the share of durations longer than `secs`.
    pub fn survival(&self, secs: f64) -> f64 {
        match self {
            Self::Constant { secs: all } => f64::from(u8::from(secs < *all)),
            Self::Exponential { mean_secs } if *mean_secs <= 0.0 => 0.0,
            Self::Exponential { mean_secs } => num::exp(-secs / mean_secs),
            Self::LogNormal { .. } => self.log_normal_survival(secs),
            Self::Sample(sample) => {
                let longer = sample.sorted_us.len()
                    - sample.sorted_us.partition_point(|&one| one <= us(secs));
                longer as f64 / sample.sorted_us.len() as f64
            }
            Self::Curve(curve) => curve.survival(secs),
            Self::Never => 1.0,
        }
    }

    fn log_normal_survival(&self, secs: f64) -> f64 {
        let Sampler::LogNormal { location, spread } = self.sampler() else { return 0.0 };
        if secs <= 0.0 {
            return 1.0;
        }
        let log = num::ln(secs * SECOND_US as f64);
        if spread <= 0.0 {
            return f64::from(u8::from(log < location));
        }
        num::normal_below((location - log) / spread)
    }

    /// Returns the mean in seconds; nothing for what never ends.
    pub fn mean_secs(&self) -> Option<f64> {
        match self {
            Self::Constant { secs } => Some(*secs),
            Self::Exponential { mean_secs } | Self::LogNormal { mean_secs, .. } => Some(*mean_secs),
            Self::Sample(sample) => Some(sample.mean_secs()),
            Self::Curve(curve) => {
                let mut mean = 0.0;
                let mut previous = (0.0, 1.0);
                for &(secs, share) in curve.steps.iter() {
                    mean += (secs - previous.0) * f64::midpoint(previous.1, share);
                    previous = (secs, share);
                }
                Some(mean + previous.1 * curve.tail_mean_secs)
            }
            Self::Never => None,
        }
    }
}

fn secs(value: f64) -> Result<(), DistributionError> {
    let valid = value.is_finite() && 0.0 <= value;
    if valid { Ok(()) } else { Err(DistributionError::Secs(value)) }
}

/// Converts seconds to microseconds.
pub fn us(secs: f64) -> i64 {
    num::round_i64(secs * SECOND_US as f64).clamp(-NEVER_US, NEVER_US)
}

/// A distribution ready to be drawn from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sampler<'a> {
    Constant(i64),
    Exponential(f64),
    LogNormal { location: f64, spread: f64 },
    Sample(&'a Sample),
    Curve(&'a Curve),
    Never,
}

impl Sampler<'_> {
    /// The duration in microseconds that a share `u` of all durations stays below.
    #[inline]
    pub(crate) fn quantile_us(&self, u: f64) -> i64 {
        match *self {
            Self::Constant(us) => us,
            Self::Exponential(mean) => whole(-mean * num::ln(1.0 - u)),
            Self::LogNormal { location, spread } => {
                whole(num::exp(location + spread * num::normal_quantile(u)))
            }
            Self::Sample(sample) => sample.quantile_us(u),
            Self::Curve(curve) => us(curve.time_at(1.0 - u)),
            Self::Never => NEVER_US,
        }
    }
}

/// Cuts a non-negative number of microseconds to a whole one.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates; then it is cut")]
fn whole(us: f64) -> i64 {
    ((us + 0.5) as i64).min(NEVER_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_of_quantiles(distribution: &Distribution) -> f64 {
        let n = 200_000;
        let sampler = distribution.sampler();
        let sum: i64 =
            (0..n).map(|i| sampler.quantile_us((f64::from(i) + 0.5) / f64::from(n))).sum();
        sum as f64 / f64::from(n) / SECOND_US as f64
    }

    #[test]
    fn quantiles_have_the_mean_and_the_survival_they_promise() {
        let curve = Curve::new(vec![(10.0, 0.8), (40.0, 0.5)], 60.0).expect("a curve");
        let all = [
            Distribution::Constant { secs: 30.0 },
            Distribution::Exponential { mean_secs: 180.0 },
            Distribution::LogNormal { mean_secs: 240.0, cv: 0.8 },
            Distribution::Sample(Sample::new(vec![3_000_000, 1_000_000]).expect("a sample")),
            Distribution::Curve(curve),
        ];
        for distribution in &all {
            let (mean, expected) = (mean_of_quantiles(distribution), distribution.mean_secs());
            let expected = expected.expect("a mean");
            assert!((mean / expected - 1.0).abs() < 2e-4, "{distribution:?}: {mean}");
        }
        for distribution in &all[1..3] {
            for u in [0.01, 0.3, 0.9] {
                let at = distribution.sampler().quantile_us(u) as f64 / SECOND_US as f64;
                assert!((distribution.survival(at) - (1.0 - u)).abs() < 1e-6, "{distribution:?}");
            }
        }
    }

    #[test]
    fn a_curve_steps_and_then_falls_exponentially() {
        let curve = Curve::new(vec![(10.0, 0.8), (40.0, 0.5)], 60.0).expect("a curve");
        assert!((curve.survival(5.0) - 1.0).abs() < 1e-15);
        assert!((curve.survival(10.0) - 0.8).abs() < 1e-15);
        assert!((curve.survival(100.0) - 0.5 * num::exp(-1.0)).abs() < 1e-15);
        assert!((curve.time_at(0.65) - 25.0).abs() < 1e-12);
        assert!((curve.time_at(0.5 * num::exp(-1.0)) - 100.0).abs() < 1e-9);
        assert!(Curve::new(vec![(10.0, 0.8), (5.0, 0.5)], 60.0).is_none());
        assert!(Curve::new(vec![(10.0, 0.8), (15.0, 0.9)], 60.0).is_none());
    }
}

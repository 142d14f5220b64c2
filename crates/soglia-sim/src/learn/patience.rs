//! How long callers are willing to wait. Read [`kaplan_meier`] first.
//!
//! Whoever was answered would have waited longer, nobody knows how long: the wait is *censored*.
//! The mean wait of those who gave up ignores that and is three to five times too short; it is
//! never computed here.

use crate::centre::Patience;
use crate::distribution::{Curve, Distribution, SECOND_US};

/// A call that had to wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait {
    /// How long.
    pub wait_us: i64,
    /// How it ended.
    pub end: WaitEnd,
}

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitEnd {
    /// The caller gave up.
    GaveUp,
    /// Anything else: patience is only known to be at least as long.
    Censored,
}

/// An estimate of patience, and what it stands on.
#[derive(Clone, PartialEq, Debug)]
pub struct PatienceEstimate {
    /// The share of those who had to wait that left within the time counted as *at once*; it is
    /// kept apart from the curve.
    pub none: f64,
    /// The others: a step for each wait at which somebody gave up, then the tail.
    pub curve: Curve,
    /// Calls that had to wait.
    pub n_waited: usize,
    /// Of those, how many gave up.
    pub n_gave_up: usize,
    /// The longest wait, in seconds, at which somebody gave up and somebody else did not: the last
    /// step. Beyond it the curve is an exponential tail, an assumption and no observation.
    pub observed_until_secs: f64,
}

impl PatienceEstimate {
    /// Returns the share of those who had to wait whose patience is longer than `secs`.
    pub fn survival(&self, secs: f64) -> f64 {
        (1.0 - self.none) * self.curve.survival(secs)
    }

    /// Returns the estimate as the simulator takes it.
    pub fn patience(&self) -> Patience {
        Patience { none: self.none, then: Distribution::Curve(self.curve.clone()) }
    }
}

/// Estimates patience from censored waits (Kaplan and Meier 1958).
///
/// `S(t)` is the product, over the waits `w <= t` at which somebody gave up, of `1 - g(w)/n(w)`: of
/// those still waiting at `w`, the share that gave up then; who was answered at `w` still counts.
/// Waits up to `at_once_us` that ended in giving up are the mass at zero. The tail's mean is the
/// whole time waited over the number who gave up, the maximum-likelihood estimate for exponential
/// patience. A step that would leave nobody is left to the tail. Returns nothing without any step:
/// when nobody gave up after a wait, or nobody else waited as long as the first who did.
pub fn kaplan_meier(waits: &[Wait], at_once_us: i64) -> Option<PatienceEstimate> {
    let at_once = |wait: &&Wait| wait.end == WaitEnd::GaveUp && wait.wait_us <= at_once_us;
    let none = waits.iter().filter(at_once).count();
    let mut ends: Vec<Wait> = waits.iter().filter(|wait| !at_once(wait)).copied().collect();
    ends.sort_unstable_by_key(|wait| wait.wait_us);
    let total_us: i64 = ends.iter().map(|wait| wait.wait_us).sum();
    let gave_up = ends.iter().filter(|wait| wait.end == WaitEnd::GaveUp).count();
    let steps: Vec<(f64, f64)> = survival(&ends)
        .into_iter()
        // The last one to wait says when patience ended, not that nobody's is longer: the tail
        // does.
        .filter(|(_, share)| 0.0 < *share)
        .map(|(at_us, share)| (at_us as f64 / SECOND_US as f64, share))
        .collect();
    let observed_until_secs = steps.last()?.0;
    let tail_mean_secs = total_us as f64 / SECOND_US as f64 / gave_up as f64;
    Some(PatienceEstimate {
        none: none as f64 / waits.len() as f64,
        curve: Curve::new(steps, tail_mean_secs)?,
        n_waited: waits.len(),
        n_gave_up: none + gave_up,
        observed_until_secs,
    })
}

/// The product-limit estimate: for each wait at which somebody gave up, in order, the share that
/// waits longer. `ends` are sorted.
pub(super) fn survival(ends: &[Wait]) -> Vec<(i64, f64)> {
    let mut waiting = ends.len();
    let mut share = 1.0;
    let mut steps = Vec::new();
    for same in ends.chunk_by(|one, other| one.wait_us == other.wait_us) {
        let left = same.iter().filter(|wait| wait.end == WaitEnd::GaveUp).count();
        if let Some(first) = same.first().filter(|_| 0 < left) {
            share *= 1.0 - left as f64 / waiting as f64;
            steps.push((first.wait_us, share));
        }
        waiting -= same.len();
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    fn wait(secs: i64, end: WaitEnd) -> Wait {
        Wait { wait_us: secs * SECOND_US, end }
    }

    #[test]
    fn a_small_table_by_hand() {
        use WaitEnd::{Censored, GaveUp};
        let waits = [
            wait(0, GaveUp),
            wait(10, GaveUp),
            wait(10, Censored),
            wait(20, Censored),
            wait(30, GaveUp),
            wait(40, Censored),
        ];
        // At 10 s five wait and one gives up; at 30 s two wait and one gives up.
        let found = kaplan_meier(&waits, SECOND_US).expect("an estimate");
        assert_eq!(found.curve.steps(), [(10.0, 0.8), (30.0, 0.4)]);
        assert!((found.none - 1.0 / 6.0).abs() < 1e-12);
        assert!((found.curve.tail_mean_secs() - 110.0 / 2.0).abs() < 1e-12);
        assert!((found.observed_until_secs - 30.0).abs() < 1e-12);
        assert_eq!((found.n_waited, found.n_gave_up), (6, 3));
        assert!(kaplan_meier(&waits[2..3], SECOND_US).is_none());
        assert!(kaplan_meier(&[], SECOND_US).is_none());
    }

    /// 15 000 waits with known patience: within .02 at 20, 60 and 120 s.
    #[test]
    fn the_truth_is_found_behind_the_censoring() {
        let exponential = Distribution::Exponential { mean_secs: 180.0 };
        let log_normal = Distribution::LogNormal { mean_secs: 219.0, cv: 1.2 };
        for (truth, seed) in [(exponential, 1), (log_normal, 2)] {
            let mut stream = Key::new(seed).stream();
            let offered = Distribution::Exponential { mean_secs: 60.0 };
            let waits: Vec<Wait> = (0..15_000)
                .map(|_| {
                    let patience_us = truth.sampler().quantile_us(stream.uniform());
                    let offered_us = offered.sampler().quantile_us(stream.uniform());
                    let leaves_at_once = stream.uniform() < 0.05;
                    if leaves_at_once {
                        wait(0, WaitEnd::GaveUp)
                    } else if patience_us < offered_us {
                        Wait { wait_us: patience_us, end: WaitEnd::GaveUp }
                    } else {
                        Wait { wait_us: offered_us, end: WaitEnd::Censored }
                    }
                })
                .collect();
            let found = kaplan_meier(&waits, 1000).expect("an estimate");
            assert!((found.none - 0.05).abs() < 0.006, "{}", found.none);
            for secs in [20.0, 60.0, 120.0] {
                let (s, exact) = (found.curve.survival(secs), truth.survival(secs));
                assert!((s - exact).abs() < 0.02, "{truth:?} at {secs}: {s} for {exact}");
            }
        }
    }
}

//! Many weeks instead of one, on several threads. Read [`replicate`] first.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::num;

/// Runs `job` for each replication from `first`, on `threads` threads, and returns the results in
/// order: the same, bit for bit, on any number of threads, because a replication depends on its
/// number only.
///
/// # Panics
/// If `job` panics.
pub fn replicate<T: Send>(
    first: u32,
    n_replications: u32,
    threads: usize,
    job: impl Fn(u32) -> T + Sync,
) -> Vec<T> {
    let until = first + n_replications;
    if threads <= 1 || n_replications <= 1 {
        return (first..until).map(job).collect();
    }
    let next = AtomicU32::new(first);
    let results: Mutex<Vec<(u32, T)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let replication = next.fetch_add(1, Ordering::Relaxed);
                    if until <= replication {
                        return;
                    }
                    let result = job(replication);
                    let mut results = results.lock().expect("no job panics while it is locked");
                    results.push((replication, result));
                }
            });
        }
    });
    let mut results = results.into_inner().expect("no job panics while it is locked");
    results.sort_by_key(|(replication, _)| *replication);
    results.into_iter().map(|(_, result)| result).collect()
}

/// A mean with its interval of confidence.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the width of the interval.
    pub half_width: f64,
    /// Standard deviation of one replication.
    pub spread: f64,
    /// Replications.
    pub n: u32,
}

impl Estimate {
    /// Estimates a mean from independent replications, by Student's t.
    pub fn of(values: &[f64], level: f64) -> Self {
        let n = num::id(values.len());
        let (mean, spread) = num::mean_and_spread(values);
        let half_width = if n < 2 {
            f64::INFINITY
        } else {
            num::student_two_sided(n - 1, level) * spread / f64::from(n).sqrt()
        };
        Self { mean, half_width, spread, n }
    }

    /// Returns how many replications would bring the half-width down to `half_width`, by the spread
    /// seen so far.
    pub fn needed(&self, half_width: f64, level: f64) -> u32 {
        let z = num::normal_quantile(f64::midpoint(1.0, level));
        let root = z * self.spread / half_width;
        num::ceil_u32(root * root).max(2)
    }

    /// Says whether a value lies in the interval.
    pub fn holds(&self, value: f64) -> bool {
        (value - self.mean).abs() <= self.half_width
    }
}

/// How precise an answer is to be, and how long to try.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Precision {
    /// Level of confidence, e.g. 0.95.
    pub level: f64,
    /// Half-width asked for; not reached where more than `n_max` replications are needed.
    pub half_width: f64,
    /// Replications at least, and between two looks at the width.
    pub n_batch: u32,
    /// Replications at most.
    pub n_max: u32,
}

impl Default for Precision {
    /// A tenth of a percentage point at 95 %, in 20 to 400 replications.
    fn default() -> Self {
        Self { level: 0.95, half_width: 0.001, n_batch: 20, n_max: 400 }
    }
}

/// Replications until the estimate is as narrow as asked for.
#[derive(Clone, PartialEq, Debug)]
pub struct Replicated<T> {
    /// One result for each replication, in order.
    pub results: Vec<T>,
    /// The estimate that decided.
    pub estimate: Estimate,
    /// Replications that the half-width asked for needs, if they were not enough.
    pub short_of: Option<u32>,
}

/// Runs batches of replications until the estimate of `value` is narrow enough. Whether to go on is
/// decided only between batches, so the number of threads does not matter.
pub fn replicate_until<T: Send>(
    precision: &Precision,
    threads: usize,
    job: impl Fn(u32) -> T + Sync,
    value: impl Fn(&T) -> f64,
) -> Replicated<T> {
    let mut results: Vec<T> = Vec::new();
    loop {
        let done = num::id(results.len());
        let n = precision.n_batch.max(2).min(precision.n_max.saturating_sub(done));
        results.extend(replicate(done, n, threads, &job));
        let values: Vec<f64> = results.iter().map(&value).collect();
        let estimate = Estimate::of(&values, precision.level);
        let enough = estimate.half_width <= precision.half_width;
        if enough || precision.n_max <= num::id(results.len()) {
            // The normal quantile is narrower than Student's: what did not suffice is not needed.
            let needed = || {
                let n = estimate.needed(precision.half_width, precision.level);
                n.max(estimate.n.saturating_add(1))
            };
            return Replicated { results, estimate, short_of: (!enough).then(needed) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_on_any_number_of_threads() {
        let one = replicate(5, 40, 1, |n| n * n);
        for threads in [2, 4, 7] {
            assert_eq!(replicate(5, 40, threads, |n| n * n), one);
        }
    }

    #[test]
    fn replications_go_on_until_the_interval_is_narrow() {
        let job = |n: u32| f64::from(n % 10);
        let precision = Precision { level: 0.95, half_width: 0.5, n_batch: 20, n_max: 1000 };
        let done = replicate_until(&precision, 2, job, |&value| value);
        assert!(done.estimate.half_width <= 0.5 && done.short_of.is_none());
        assert!(100 < done.estimate.n && done.estimate.n < 180, "{:?}", done.estimate);
        let precision = Precision { n_max: 40, ..precision };
        let done = replicate_until(&precision, 2, job, |&value| value);
        let needed = done.short_of.expect("40 are not enough");
        assert!((120..=140).contains(&needed), "{needed}");
    }

    #[test]
    fn more_are_needed_than_were_not_enough() {
        let precision = Precision { level: 0.95, half_width: 1.0, n_batch: 2, n_max: 2 };
        let done = replicate_until(&precision, 1, f64::from, |&value| value);
        assert!(1.0 < done.estimate.half_width, "{:?}", done.estimate);
        assert_eq!((done.estimate.needed(1.0, 0.95), done.short_of), (2, Some(3)));
    }
}

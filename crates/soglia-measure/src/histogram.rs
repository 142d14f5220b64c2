//! Counts by value, exact and mergeable: all percentiles and all limits come out of one. Read
//! [`Histogram`] first.

use crate::bytes::{Damaged, Reader, put};

/// Whole seconds held in the dense part: two hours.
const SECONDS_DENSE: usize = 7200;

/// How many durations of each length, in milliseconds.
///
/// Whole seconds, which is what most platforms record, sit in a dense array; anything else and the
/// very long sits in a sorted map.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Histogram {
    seconds: Vec<u64>,
    others: std::collections::BTreeMap<i64, u64>,
    n: u64,
}

impl Histogram {
    /// Counts a duration; negative ones (clock faults) count as zero.
    #[inline]
    pub fn add(&mut self, millis: i64) {
        self.add_n(millis, 1);
    }

    /// Counts a duration `n` times.
    #[inline]
    pub fn add_n(&mut self, millis: i64, n: u64) {
        self.n += n;
        let millis = millis.max(0).cast_unsigned();
        if millis.is_multiple_of(1000)
            && let Ok(at) = usize::try_from(millis / 1000)
            && let Some(count) = self.seconds.get_mut(at)
        {
            *count += n;
        } else {
            self.add_first(millis.cast_signed(), n);
        }
    }

    /// Counts a duration beyond the dense part as it is now.
    #[cold]
    fn add_first(&mut self, millis: i64, n: u64) {
        match usize::try_from(millis / 1000) {
            Ok(at) if millis % 1000 == 0 && at < SECONDS_DENSE => {
                self.seconds.resize((at + 1).next_power_of_two().min(SECONDS_DENSE), 0);
                if let Some(count) = self.seconds.get_mut(at) {
                    *count += n;
                }
            }
            _ => *self.others.entry(millis).or_default() += n,
        }
    }

    /// Adds another histogram's counts.
    pub fn merge(&mut self, other: &Self) {
        if self.seconds.len() < other.seconds.len() {
            self.seconds.resize(other.seconds.len(), 0);
        }
        for (own, more) in self.seconds.iter_mut().zip(&other.seconds) {
            *own += more;
        }
        for (millis, n) in &other.others {
            *self.others.entry(*millis).or_default() += n;
        }
        self.n += other.n;
    }

    /// How many durations were counted.
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// Their sum in milliseconds.
    pub fn sum(&self) -> i128 {
        self.iter().map(|(millis, n)| i128::from(millis) * i128::from(n)).sum()
    }

    /// How many satisfy `keeps`, which must hold for all durations shorter than one that it holds
    /// for.
    pub fn count_while(&self, mut keeps: impl FnMut(i64) -> bool) -> u64 {
        self.iter().take_while(|(millis, _)| keeps(*millis)).map(|(_, n)| n).sum()
    }

    /// Whether all are whole seconds: then, with many, the platform records no finer.
    pub fn whole_seconds(&self) -> bool {
        self.others.keys().all(|millis| millis % 1000 == 0)
    }

    /// The longest.
    pub fn max(&self) -> Option<i64> {
        self.iter().last().map(|(millis, _)| millis)
    }

    /// The mean, rounded to the millisecond.
    pub fn mean(&self) -> Option<i64> {
        let n = i128::from(self.n);
        (0 < n).then(|| i64::try_from((self.sum() * 2 + n).div_euclid(2 * n)).unwrap_or(i64::MAX))
    }

    /// The nearest-rank percentile: the least value that at least `percent` % do not exceed.
    pub fn percentile(&self, percent: u64) -> Option<i64> {
        let rank = (self.n * percent).div_ceil(100).max(1);
        let mut seen = 0;
        self.iter()
            .find(|(_, n)| {
                seen += n;
                rank <= seen
            })
            .map(|(millis, _)| millis)
    }

    /// Appends the counts, each duration as the step from the one before it.
    pub fn put(&self, out: &mut Vec<u8>) {
        put(out, self.iter().count() as u64);
        let mut before = 0;
        for (millis, n) in self.iter() {
            put(out, u64::try_from(millis - before).expect("ascending from zero"));
            put(out, n);
            before = millis;
        }
    }

    /// Reads what [`Self::put`] wrote.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let mut histogram = Self::default();
        let mut millis = 0_i64;
        for _ in 0..reader.number()? {
            millis = millis.checked_add(reader.narrow()?).ok_or(Damaged)?;
            histogram.add_n(millis, reader.number()?);
        }
        Ok(histogram)
    }

    /// Durations and their counts, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (i64, u64)> {
        let mut dense = (0_i64..)
            .map(|second| second * 1000)
            .zip(self.seconds.iter().copied())
            .filter(|(_, n)| 0 < *n)
            .peekable();
        let mut sparse = self.others.iter().map(|(millis, n)| (*millis, *n)).peekable();
        std::iter::from_fn(move || match (dense.peek(), sparse.peek()) {
            (Some((a, _)), Some((b, _))) if b < a => sparse.next(),
            (Some(_), _) => dense.next(),
            (None, _) => sparse.next(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentiles_are_nearest_rank() {
        let mut histogram = Histogram::default();
        for second in 1..=10 {
            histogram.add(second * 1000);
        }
        assert_eq!(histogram.percentile(90), Some(9000));
        assert_eq!(histogram.percentile(91), Some(10_000));
        assert_eq!(histogram.percentile(0), Some(1000));
        assert_eq!(histogram.mean(), Some(5500));
        assert_eq!(histogram.max(), Some(10_000));
        assert_eq!(Histogram::default().percentile(50), None);
    }

    proptest! {
        #[test]
        fn agrees_with_a_sorted_list(values in prop::collection::vec(0_i64..20_000_000, 1..200)) {
            let (left, right) = values.split_at(values.len() / 2);
            let mut histogram = Histogram::default();
            let mut other = Histogram::default();
            for value in left {
                histogram.add(*value);
            }
            for value in right {
                other.add(*value);
            }
            histogram.merge(&other);
            let mut sorted = values.clone();
            sorted.sort_unstable();
            prop_assert_eq!(histogram.max(), sorted.last().copied());
            for percent in [1, 50, 90, 95, 100] {
                let rank = (sorted.len() * percent).div_ceil(100).max(1);
                let expected = sorted.get(rank - 1).copied();
                prop_assert_eq!(histogram.percentile(percent as u64), expected);
            }
            let limit = 20_000;
            let kept = sorted.iter().filter(|value| **value <= limit).count() as u64;
            prop_assert_eq!(histogram.count_while(|value| value <= limit), kept);
            let mut bytes = Vec::new();
            histogram.put(&mut bytes);
            prop_assert_eq!(Histogram::read(&mut Reader::new(&bytes)), Ok(histogram));
        }
    }
}

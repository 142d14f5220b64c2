//! Chance that repeats: a small generator, the same on every machine. Read [`Rng`] first.
//!
//! Whole numbers only, so that the demo's bytes do not depend on a mathematical library.

/// `SplitMix64` (Steele, Lea, Flood 2014): 64 bits of state, one addition and three mixings a draw.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Starts a generator.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Starts an independent generator for one purpose, so that drawing more for one leaves the
    /// others as they were.
    pub fn stream(seed: u64, purpose: &str, number: i64) -> Self {
        let mut mixed = Self::new(seed).next();
        for byte in purpose.bytes().chain(number.to_le_bytes()) {
            mixed = Self::new(mixed ^ u64::from(byte)).next();
        }
        Self::new(mixed)
    }

    /// Draws 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Draws a number from 0 to `n - 1`.
    pub fn below(&mut self, n: i64) -> i64 {
        assert!(0 < n, "cannot draw below {n}");
        let n = u128::from(n.unsigned_abs());
        i64::try_from((u128::from(self.next()) * n) >> 64).expect("below an i64")
    }

    /// Draws a number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high - low + 1)
    }

    /// Draws a position in something of `len` elements.
    pub fn index(&mut self, len: usize) -> usize {
        let len = i64::try_from(len).expect("a length in memory fits");
        usize::try_from(self.below(len)).expect("not negative")
    }

    /// Says yes so many times in a thousand.
    pub fn permille(&mut self, yes: i64) -> bool {
        self.below(1000) < yes
    }

    /// Draws one of the elements, each with its weight.
    pub fn weighted<T: Copy>(&mut self, choices: &[(i64, T)]) -> T {
        let mut at = self.below(choices.iter().map(|(weight, _)| weight).sum());
        for (weight, choice) in choices {
            if at < *weight {
                return *choice;
            }
            at -= weight;
        }
        unreachable!("the draw is below the sum of the weights")
    }

    /// Draws from a distribution given by its quantiles `(permille, value)`, straight in between.
    pub fn quantiles(&mut self, points: &[(i64, i64)]) -> i64 {
        let at = self.below(1_000_000);
        for pair in points.windows(2) {
            if let [(low, from), (high, to)] = *pair
                && at < high * 1000
            {
                return from + (to - from) * (at - low * 1000) / ((high - low) * 1000);
            }
        }
        points.last().expect("a distribution has points").1
    }

    /// Puts elements in a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.index(last + 1);
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published outputs of the reference implementation.
    #[test]
    fn draws_what_the_reference_implementation_draws() {
        let mut rng = Rng::new(1_234_567);
        let drawn: Vec<u64> = (0..5).map(|_| rng.next()).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ]
        );
        assert_eq!(Rng::new(0).next(), 0xE220_A839_7B1D_CDAF);
    }

    #[test]
    fn streams_differ_by_purpose_and_number() {
        let first = |purpose, number| Rng::stream(7, purpose, number).next();
        assert_eq!(first("a", 1), first("a", 1));
        assert_ne!(first("a", 1), first("b", 1));
        assert_ne!(first("a", 1), first("a", 2));
    }

    #[test]
    fn draws_stay_inside() {
        let mut rng = Rng::new(5);
        for _ in 0..10_000 {
            assert!((3..=9).contains(&rng.between(3, 9)));
            assert!((10..=90).contains(&rng.quantiles(&[(0, 10), (500, 20), (1000, 90)])));
            assert_eq!(rng.weighted(&[(0, 'a'), (5, 'b')]), 'b');
        }
        let mut items: Vec<u32> = (0..50).collect();
        rng.shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}

//! Random numbers that depend on what they are for, not on who asks first. Read [`Key`] first.
//!
//! A [`Key`] is split by labels (seed → replication → call → purpose), so a call meets the same
//! decisions in every scenario and on any number of threads. [`Stream`] is for long runs of numbers
//! from one key.

/// A point in a tree of random numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key(u64);

/// What a number of a call is for. The values are part of what a seed means: never reuse one. 12
/// has had a meaning and stays free.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Whether a call is kept when demand is thinned.
    Thin = 1,
    /// Whether a call is made at another hour.
    Move = 2,
    /// Whether the IVR contains it.
    Contain = 3,
    /// How long the caller waits at most.
    Patience = 4,
    /// Whether the caller tries again.
    Redial = 5,
    /// When the caller tries again.
    RedialDelay = 6,
    /// Whether the caller accepts to be called back.
    CallBack = 7,
    /// Whether the person called back answers.
    Reach = 8,
    /// Whether the call goes to the second level.
    SecondLevel = 9,
    /// How long the conversation takes.
    Talk = 10,
    /// How long the after-call work takes.
    Wrap = 11,
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Key {
    /// The root of everything random in a run.
    pub const fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x536F_676C_6961_2E31))
    }

    /// The key of a part: equal labels give equal parts, different labels unrelated ones.
    #[must_use]
    pub const fn split(self, label: u64) -> Self {
        Self(mix(self.0.wrapping_add(GOLDEN.wrapping_mul(label.wrapping_add(1)))))
    }

    /// A number strictly between 0 and 1 for one purpose and one attempt.
    pub fn uniform(self, purpose: Purpose, attempt: u8) -> f64 {
        let label = (purpose as u64) << 8 | u64::from(attempt);
        open_unit(mix(self.split(label).0))
    }

    /// A long sequence of numbers.
    pub fn stream(self) -> Stream {
        let mut state = [0; 4];
        for (word, label) in state.iter_mut().zip(0_u64..) {
            *word = self.split(label ^ 0x5354_5245_414D).0;
        }
        Stream { state }
    }
}

/// A finaliser that lets each bit of the input touch each bit of the output (Stafford's thirteenth
/// variant, as in SplitMix64).
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The middle of one of 2^52 equal parts of the unit interval: neither 0 nor 1.
#[inline]
fn open_unit(bits: u64) -> f64 {
    const PART: f64 = 1.0 / 4_503_599_627_370_496.0;
    ((bits >> 12) as f64 + 0.5) * PART
}

/// A sequence of random numbers (xoshiro256++ of Blackman and Vigna).
#[derive(Clone, Debug)]
pub struct Stream {
    state: [u64; 4],
}

impl Stream {
    /// The next 64 bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }

    /// A number strictly between 0 and 1.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        open_unit(self.bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_numbers_for_ever() {
        let key = Key::new(42).split(3);
        let mut stream = key.stream();
        let bits: Vec<u64> = (0..3).map(|_| stream.bits()).collect();
        assert_eq!(
            format!("{:x?} {:.12}", bits, key.uniform(Purpose::Patience, 0)),
            "[99b1808298dbc9fe, b25730347a40b12a, 39af80ecc1ad2b06] 0.103411055865",
        );
    }

    #[test]
    fn numbers_are_uniform_and_streams_unrelated() {
        let mut left = Key::new(1).split(7).stream();
        let mut right = Key::new(1).split(8).stream();
        let n = 100_000;
        let (mut sum, mut squares, mut product) = (0.0, 0.0, 0.0);
        for _ in 0..n {
            let (x, y) = (left.uniform() - 0.5, right.uniform() - 0.5);
            assert!(0.0 < x + 0.5 && x + 0.5 < 1.0);
            sum += x;
            squares += x * x;
            product += x * y;
        }
        let n = f64::from(n);
        assert!((sum / n).abs() < 0.004, "mean {}", sum / n);
        assert!((squares / n - 1.0 / 12.0).abs() < 0.001, "variance {}", squares / n);
        assert!((product / n).abs() < 0.001, "covariance {}", product / n);
    }

    #[test]
    fn neighbouring_keys_give_uniform_numbers_too() {
        let mut counts = [0_u32; 20];
        for call in 0..20_000 {
            let u = Key::new(5).split(call).uniform(Purpose::Redial, 1);
            counts[crate::num::floor_usize(u * 20.0)] += 1;
        }
        // Chi-square with 19 degrees of freedom: 43.8 is exceeded once in a thousand times.
        let chi: f64 = counts
            .iter()
            .map(|&n| {
                let off = f64::from(n) - 1000.0;
                off * off / 1000.0
            })
            .sum();
        assert!(chi < 43.8, "{chi}");
    }
}

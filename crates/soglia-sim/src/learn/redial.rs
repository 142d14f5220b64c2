//! Who calls again. Read [`link`] first, then [`estimate`].

use std::collections::BTreeMap;

use super::patience::{Wait, WaitEnd, survival};
use crate::distribution::Sample;

/// A call with its caller's pseudonym.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallerCall<'a> {
    /// When it arrived.
    pub at_us: i64,
    /// The caller's pseudonym; nothing for withheld numbers, which are never linked.
    pub caller: Option<&'a str>,
    /// Whether an operator answered.
    pub end: Served,
}

/// Whether a caller got what they called for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Served {
    /// Answered, or called back.
    Yes,
    /// Gave up, refused or released.
    No,
}

/// What a call is to the calls before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Demand {
    /// Original demand.
    Original,
    /// A redial of the call with this index, which was not served.
    Redial {
        /// Index of the call tried again.
        of: usize,
        /// 1 for the first redial of an original call.
        attempt: u32,
    },
}

/// Links each call to the latest unserved call of the same caller within `window_us` before it.
///
/// A call after one that was served is original demand again, however soon it comes. Calls may be
/// in any order; equal instants keep the order given.
pub fn link(calls: &[CallerCall<'_>], window_us: i64) -> Vec<Demand> {
    let mut order: Vec<usize> = (0..calls.len()).collect();
    order.sort_by_key(|&n| calls.get(n).map(|call| call.at_us));
    let mut demand = vec![Demand::Original; calls.len()];
    // The last call of each caller, if it was not served: index, instant, attempt.
    let mut open: BTreeMap<&str, (usize, i64, u32)> = BTreeMap::new();
    for n in order {
        let Some((call, slot)) = calls.get(n).zip(demand.get_mut(n)) else { continue };
        let Some(caller) = call.caller else { continue };
        let mut attempt = 0;
        if let Some((of, at_us, before)) = open.remove(caller)
            && call.at_us - at_us <= window_us
        {
            attempt = before + 1;
            *slot = Demand::Redial { of, attempt };
        }
        if call.end == Served::No {
            open.insert(caller, (n, call.at_us, attempt));
        }
    }
    demand
}

/// Returns the share of unserved callers who try again, and after how long they do.
///
/// `unserved` has for each call that was not served how long it took until the same caller tried
/// again, or else for how long that could have been seen: a caller who gives up five minutes before
/// closing and does not call within them may still be one of those who call again. Nothing where
/// nobody did.
pub fn estimate(unserved: &mut [Wait]) -> Option<(f64, Sample)> {
    unserved.sort_unstable_by_key(|call| call.wait_us);
    let steps = survival(unserved);
    let share = 1.0 - steps.last()?.1;
    let n = unserved.iter().filter(|call| call.end == WaitEnd::GaveUp).count();
    // As many delays as were seen, each standing for the same share of those who try again.
    let delay = |k: usize| {
        let left = 1.0 - share * (k as f64 + 0.5) / n as f64;
        let at = steps.partition_point(|&(_, after)| left < after).min(steps.len() - 1);
        steps.get(at).map_or(0, |&(delay_us, _)| delay_us)
    };
    Some((share, Sample::new((0..n).map(delay).collect())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::{Distribution, SECOND_US};
    use crate::random::Key;

    #[test]
    fn only_unserved_calls_of_the_same_caller_within_the_window_are_linked() {
        let call = |mins: i64, caller: Option<&'static str>, end: Served| CallerCall {
            at_us: mins * 60 * SECOND_US,
            caller,
            end,
        };
        let calls = [
            call(0, Some("a"), Served::No),
            call(5, Some("b"), Served::No),
            call(10, Some("a"), Served::No),
            call(12, None, Served::No),
            call(13, None, Served::Yes),
            call(30, Some("a"), Served::Yes),
            call(31, Some("a"), Served::Yes),
            call(90, Some("b"), Served::Yes),
        ];
        let found = link(&calls, 60 * 60 * SECOND_US);
        assert_eq!(found[2], Demand::Redial { of: 0, attempt: 1 });
        assert_eq!(found[5], Demand::Redial { of: 2, attempt: 2 });
        // Served before, withheld number, beyond the window: original.
        assert_eq!(found.iter().filter(|demand| **demand == Demand::Original).count(), 6);
    }

    /// Half of the callers try again, after six minutes and forty seconds on average; the service
    /// closes on one in three of them after at most five minutes.
    #[test]
    fn redials_that_closing_prevents_are_not_callers_who_gave_up() {
        let after = Distribution::Exponential { mean_secs: 400.0 };
        let mut stream = Key::new(1).stream();
        let mut naive = 0;
        let mut unserved: Vec<Wait> = (0..30_000)
            .map(|n| {
                let seen_us = if n % 3 == 0 { n * 10_000 } else { 3600 * SECOND_US };
                let delay_us = after.sampler().quantile_us(stream.uniform());
                let again = stream.uniform() < 0.5 && delay_us <= seen_us;
                naive += i32::from(again);
                let (wait_us, end) =
                    if again { (delay_us, WaitEnd::GaveUp) } else { (seen_us, WaitEnd::Censored) };
                Wait { wait_us, end }
            })
            .collect();
        let (share, delays) = estimate(&mut unserved).expect("some tried again");
        assert!(naive < 12_000, "{naive}");
        assert!((share - 0.5).abs() < 0.01, "{share}");
        let mean = Distribution::Sample(delays).mean_secs().expect("a mean");
        assert!((mean - 400.0).abs() < 15.0, "{mean}");
        assert_eq!(estimate(&mut []), None);
        let one = Wait { wait_us: 7, end: WaitEnd::GaveUp };
        assert_eq!(estimate(&mut [one]).map(|(share, _)| share), Some(1.0));
    }
}

//! Who calls again. Read [`link`] first.

use std::collections::BTreeMap;

use crate::distribution::SECOND_US;

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

/// What redials there were.
#[derive(Clone, PartialEq, Debug)]
pub struct Redials {
    /// For each call, in the order given.
    pub demand: Vec<Demand>,
    /// Calls of known callers that were not served.
    pub n_unserved: usize,
    /// Of those, how many were tried again within the window.
    pub n_tried_again: usize,
    /// Mean time until the next attempt, in seconds; nothing without redials.
    pub mean_delay_secs: Option<f64>,
}

/// Links each call to the latest unserved call of the same caller within `window_us` before it.
///
/// A call after one that was served is original demand again, however soon it comes. Calls may be
/// in any order; equal instants keep the order given.
pub fn link(calls: &[CallerCall<'_>], window_us: i64) -> Redials {
    let mut order: Vec<usize> = (0..calls.len()).collect();
    order.sort_by_key(|&n| calls.get(n).map(|call| call.at_us));
    let mut demand = vec![Demand::Original; calls.len()];
    // The last call of each caller, if it was not served: index, instant, attempt.
    let mut open: BTreeMap<&str, (usize, i64, u32)> = BTreeMap::new();
    let (mut n_unserved, mut n_tried_again, mut delays_us) = (0, 0, 0);
    for n in order {
        let Some((call, slot)) = calls.get(n).zip(demand.get_mut(n)) else { continue };
        let Some(caller) = call.caller else { continue };
        let mut attempt = 0;
        if let Some((of, at_us, before)) = open.remove(caller)
            && call.at_us - at_us <= window_us
        {
            attempt = before + 1;
            *slot = Demand::Redial { of, attempt };
            n_tried_again += 1;
            delays_us += call.at_us - at_us;
        }
        if call.end == Served::No {
            n_unserved += 1;
            open.insert(caller, (n, call.at_us, attempt));
        }
    }
    let mean_delay_secs = (0 < n_tried_again)
        .then(|| delays_us as f64 / SECOND_US as f64 / f64::from(crate::num::id(n_tried_again)));
    Redials { demand, n_unserved, n_tried_again, mean_delay_secs }
}

impl Redials {
    /// Returns the share of unserved calls that were tried again.
    pub fn share(&self) -> Option<f64> {
        crate::tally::share(self.n_tried_again as u64, self.n_unserved as u64)
    }

    /// Returns how many calls were original demand.
    pub fn n_original(&self) -> usize {
        self.demand.iter().filter(|demand| **demand == Demand::Original).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(found.demand[2], Demand::Redial { of: 0, attempt: 1 });
        assert_eq!(found.demand[5], Demand::Redial { of: 2, attempt: 2 });
        // Served before, withheld number, beyond the window: original.
        assert_eq!(found.n_original(), 6);
        assert_eq!((found.n_unserved, found.n_tried_again), (3, 2));
        assert_eq!(found.mean_delay_secs, Some(900.0));
    }
}

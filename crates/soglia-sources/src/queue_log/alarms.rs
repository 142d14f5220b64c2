//! When which call is to be looked at. Read [`Alarms`] first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use soglia_domain::time::{Instant, Millis};

/// An alarm: when, the call's number in order of appearance, and its place in the table of calls.
pub(super) type Alarm = (Instant, u64, usize);

/// A queue of alarms, the earliest first.
///
/// Most alarms are set ten minutes to a day ahead, and a busy log has tens of thousands of them. A
/// heap of all would cost a walk through memory for each; so only alarms of the minutes at hand
/// stand in a heap, later ones in a list for each minute, in no order.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    near: BinaryHeap<Reverse<Alarm>>,
    /// Minutes since the epoch; those before are at hand.
    begin_of_far: Option<i64>,
    far: BTreeMap<i64, Vec<Alarm>>,
}

impl Alarms {
    pub(super) fn push(&mut self, alarm: Alarm) {
        let minute = minute_of(alarm.0);
        if self.begin_of_far.is_some_and(|begin| minute < begin) {
            self.near.push(Reverse(alarm));
        } else {
            self.far.entry(minute).or_default().push(alarm);
        }
    }

    /// The earliest alarm.
    pub(super) fn first(&mut self) -> Option<Alarm> {
        if self.near.is_empty()
            && let Some((minute, alarms)) = self.far.pop_first()
        {
            self.near = alarms.into_iter().map(Reverse).collect();
            self.begin_of_far = Some(minute + 1);
        }
        self.near.peek().map(|Reverse(alarm)| *alarm)
    }

    /// Is any alarm due? Lists of later minutes are left alone.
    pub(super) fn any_due(&mut self, now: Instant) -> bool {
        let far = self.far.first_key_value().is_some_and(|(minute, _)| *minute <= minute_of(now));
        if self.near.is_empty() && !far {
            return false;
        }
        self.first().is_some_and(|(at, ..)| at <= now)
    }

    /// Takes the earliest alarm away.
    pub(super) fn pop(&mut self) {
        if self.first().is_some() {
            self.near.pop();
        }
    }
}

fn minute_of(at: Instant) -> i64 {
    at.as_millis().div_euclid(Millis::from_mins(1).get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is done to the queue.
    #[derive(Clone, Debug)]
    enum Step {
        Push(i64),
        Pop,
        Due(i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let at = -90_000_i64..400_000;
        prop_oneof![
            3 => at.clone().prop_map(Step::Push),
            2 => Just(Step::Pop),
            1 => at.prop_map(Step::Due),
        ]
    }

    proptest! {
        #[test]
        fn alarms_come_as_from_one_heap(steps in prop::collection::vec(step(), 0..200)) {
            let (mut alarms, mut heap) = (Alarms::default(), BinaryHeap::new());
            for (seq, step) in (0_u64..).zip(steps) {
                match step {
                    Step::Push(at) => {
                        let alarm = (Instant::from_millis(at), seq, 0);
                        alarms.push(alarm);
                        heap.push(Reverse(alarm));
                    }
                    Step::Pop => {
                        alarms.pop();
                        heap.pop();
                    }
                    Step::Due(at) => {
                        let now = Instant::from_millis(at);
                        let due = heap.peek().is_some_and(|Reverse((at, ..))| *at <= now);
                        prop_assert_eq!(alarms.any_due(now), due);
                        continue;
                    }
                }
                prop_assert_eq!(alarms.first(), heap.peek().map(|Reverse(alarm)| *alarm));
            }
        }
    }
}

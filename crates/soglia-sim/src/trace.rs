//! A call table made from recorded calls. Read [`table`] first.
//!
//! What was seen is kept exactly; what was not seen is drawn, by numbers that belong to the call:
//! the handling time of those who were not answered from their type, the patience of those who were
//! answered from their type given that it outlasted their wait, and the whole of it where they did
//! not have to wait. Under the hours and rules of the day itself neither matters, so a replay is
//! exact.

use crate::centre::CallType;
use crate::random::{Key, Purpose};
use crate::table::{Call, CallTable, TypeSampler, patience_beyond, small};

/// A call as it was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// Joined the queue.
    pub at_us: i64,
    /// The type's number in the centre.
    pub kind: usize,
    /// From joining the queue to the answer, or to leaving.
    pub wait_us: i64,
    /// How it ended.
    pub end: RecordedEnd,
}

/// How a recorded call ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecordedEnd {
    /// An operator answered.
    Answered {
        /// Conversation, hold included.
        talk_us: i64,
        /// After-call work.
        wrap_us: i64,
    },
    /// The caller gave up: the wait was the patience.
    GaveUp,
    /// Neither: patience is only known to be longer than the wait.
    Other,
}

/// Makes the table, in order of arrival; equal instants keep their order.
///
/// # Panics
/// If a call names a type that is not there.
pub fn table(recorded: &[Recorded], types: &[CallType], key: Key) -> CallTable {
    let samplers: Vec<TypeSampler<'_>> = types.iter().map(TypeSampler::new).collect();
    let mut order: Vec<&Recorded> = recorded.iter().collect();
    order.sort_by_key(|call| call.at_us);
    let calls = order.into_iter().zip(0_u32..).map(|(call, root)| {
        let (kind, sampler) = types
            .get(call.kind)
            .zip(samplers.get(call.kind))
            .expect("a recorded call is of a type of the centre");
        let own = key.split(u64::from(root));
        let (talk_us, wrap_us) = match call.end {
            RecordedEnd::Answered { talk_us, wrap_us } => (talk_us, wrap_us),
            RecordedEnd::GaveUp | RecordedEnd::Other => (
                sampler.talk_us(own.uniform(Purpose::Talk, 0)),
                sampler.wrap_us(own.uniform(Purpose::Wrap, 0)),
            ),
        };
        let patience_us = match call.end {
            RecordedEnd::GaveUp => call.wait_us,
            // Who did not have to wait may be one of those who leave when they have to.
            _ if call.wait_us <= 0 => sampler.patience_us(own.uniform(Purpose::Patience, 0)),
            RecordedEnd::Answered { .. } | RecordedEnd::Other => {
                patience_beyond(kind, call.wait_us, own.uniform(Purpose::Patience, 0))
            }
        };
        let kind = small(call.kind);
        Call { at_us: call.at_us, talk_us, wrap_us, patience_us, root, kind, attempt: 0, stage: 0 }
    });
    CallTable { key, calls: calls.collect() }
}

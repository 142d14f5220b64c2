//! Asterisk's `queue_log`: one line per event, many lines per call. Read [`QueueLogParser`] first,
//! then [`QueueLogConfig`] for what a site decides.
//!
//! # What a call is
//! One citizen's journey under one call id, whatever queues it meets: overflow, blind and attended
//! transfers included. A transfer with consultation writes the second queue under the operator's
//! own call id; that leg is joined to the citizen's call when the transfer is made. Calls of
//! extensions ([`QueueLogConfig::extension_digits_max`]) that no transfer claims are internal.
//!
//! # What it became
//! Any answered queue entry makes the call *answered*. Otherwise a request for a call-back makes
//! it *callback requested*; otherwise the way in which it left its last queue decides: caller hung
//! up, or left by a key without asking for a call-back → *abandoned in queue*; time-out, emptied
//! queue, withdrawal, restart of the platform → *released by system*; incompatible channels, or a
//! call that never ended within [`QueueLogConfig::open_limit`] → *technical failure*. Calls that
//! never entered a queue are *rejected* (full, no operators), *out of hours* (closed), *contained*
//! (the IVR served them) or *abandoned in IVR*; of these the log knows only what the dialplan
//! writes.
//!
//! # What it measures
//! `wait` runs from entry into the first queue to the first answer, or to leaving the last queue;
//! it includes messages between queues. `talk` adds up the caller's conversations, consultations
//! before a transfer excluded. A conversation cut by a restart has no `talk`: the log only says
//! that it was over by then. After a transfer out of the queues `ended` is unknown. Instants are
//! whole seconds and say so (`precision`), unless the log was exported from a database.
//!
//! # What it cannot tell
//! A waiting call taken away by a command of the manager interface is written as `ABANDON`; unless
//! it enters another queue under the same id, it counts as abandoned. A campaign's call looks like
//! a citizen's unless the dialplan says otherwise. Both show in the CDR
//! ([`crate::asterisk_cdr`]).

mod alarms;
mod config;
mod custom;
mod events;
mod journey;
pub(crate) mod line;
mod parser;
mod saved;
mod sniff;
mod transfers;

pub use config::{EventMap, EventRule, Meaning, QueueLogConfig};
pub use line::shown;
pub use parser::{End, Finished, QueueLogParser};
pub use saved::{OpenState, SavedStateError};
pub use sniff::{first_instant, sniff};

//! Parsers of what platforms recorded: bytes in, facts and rejects out. Read
//! [`outcome::Emitted`] first, then [`queue_log::QueueLogParser`] as the model of a parser.
//!
//! One module per foreign format. A parser never opens a file and never reads the clock: it is fed
//! rows (lines or records) in the order in which they stand in the file, and hands back what each
//! of them became through a sink. Memory stays bounded by the calls that are open at one moment of
//! the log, whatever the length of the file.

pub mod amazon_connect;
pub mod asterisk_cdr;
pub mod freeswitch;
pub mod genesys;
mod hash;
pub mod json_records;
pub mod labels;
pub mod mapping;
pub mod outcome;
pub mod queue_log;
pub mod shown;

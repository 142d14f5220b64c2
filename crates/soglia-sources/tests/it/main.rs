//! Integration tests of the parsers, one module per format; `queue_log` shows the pattern.

mod agreed;
mod asterisk_cdr;
mod mapping_text;
mod platforms;
mod queue_log;
mod queue_log_laws;
mod queue_log_recorded;
mod shared_data;
mod table;

//! Vocabulary and arithmetic of contact-centre contracts, with no input or output.
//!
//! A tour, in three groups:
//!
//! * **time** — [`time::Instant`], [`period::Period`], [`calendar::ServiceCalendar`]: when things
//!   happened, which period they belong to, and whether the service was open;
//! * **what happened and what was promised** — [`facts`]: one row per call, message, case, outbound
//!   record, outage; [`contract::Contract`]: parties, services, calendars, indicators;
//!   [`rule::Rule`]: everything about an indicator that can be disputed;
//! * **what follows** — [`ratio::Ratio`], [`verdict::Verdict`], [`checks`]: exact integers in,
//!   verdicts with reasons out; [`register`]: what people write down about it, as typed fields with
//!   states; [`penalty`]: amounts in whole cents; [`access`]: who may do what.
//!
//! Nothing here reads the clock, the locale, the environment, a file or a random source.

pub mod access;
pub mod calendar;
pub mod card;
pub mod checks;
pub mod contract;
pub mod facts;
pub mod holiday;
pub mod penalty;
pub mod period;
pub mod ratio;
pub mod register;
pub mod retention;
pub mod rule;
pub mod text;
pub mod time;
pub mod verdict;

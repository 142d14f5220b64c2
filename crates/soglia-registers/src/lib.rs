//! Registers, reviews, users and the audit trail, on SQLite or PostgreSQL.
//!
//! Read [`database::Database`] first: every change is one transaction
//! ([`database::Tx`]) that writes its link of the audit trail ([`trail`]). Then
//! [`entries::Entry`]: what registers hold, as versions that are never deleted. What a register is
//! — its fields, states and rules — is data in [`soglia_domain::register`].
//!
//! Nothing here reads the clock: whoever acts says who, when and why ([`actor::By`]).

pub mod accounts;
pub mod actor;
pub mod backup;
pub mod canonical;
pub mod commitment;
pub mod contracts;
pub mod database;
pub mod entries;
pub mod erasure;
pub mod error;
pub mod exchange;
pub mod files;
pub mod penalties;
pub mod query;
pub mod review;
mod rules;
pub mod secrets;
pub mod trail;
mod versions;

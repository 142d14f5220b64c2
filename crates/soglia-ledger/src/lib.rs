//! The ledger: imports with provenance into Delta tables, and the query session over them.
//!
//! Read [`store::Ledger`] first: a folder that holds the originals as delivered ([`objects`]), the
//! facts read from them ([`tables`]) and, as the one point of truth, the `imports` table: an
//! import has happened if and only if its row stands there. [`import`] brings a file in,
//! [`rebuild`] reads all originals again into a new ledger, [`session`] opens the tables at the
//! versions one import row names, [`status`] says what is there and what is missing.

pub mod beside;
pub mod import;
pub mod mapping;
pub mod objects;
pub mod pseudonym;
pub mod rebuild;
pub mod row_keys;
pub mod session;
pub mod shown;
pub mod status;
pub mod store;
pub mod tables;
mod writer;

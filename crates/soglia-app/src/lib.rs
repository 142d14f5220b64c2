//! What the command line and the pages both do. Read [`measured::Measured`] first, then
//! [`review::input`].
//!
//! A use case brings crates together that do not know one another: it opens a ledger, measures a
//! period, fills the model of a document. It prints nothing, reads no clock and no environment;
//! whoever calls it brings those.

pub mod demand;
pub mod forecasted;
pub mod history;
pub mod json;
pub mod measured;
pub mod projected;
pub mod registers;
pub mod review;
pub mod roster;
pub mod seals;
pub mod semester;
pub mod staffed;
pub mod whatif;

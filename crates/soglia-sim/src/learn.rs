//! What recorded calls teach. Read [`model::Learned`] first, then [`patience::kaplan_meier`].

pub mod arrivals;
pub mod handling;
pub mod history;
pub mod model;
pub mod patience;
pub mod patience_by_type;
pub mod presence;
pub mod redial;

//! What recorded calls teach. Pure functions over plain records; read [`patience::kaplan_meier`]
//! first.

pub mod patience;
pub mod redial;

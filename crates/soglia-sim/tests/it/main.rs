//! The simulator against theory, and its laws.

mod bank;
mod files;
mod forecast;
mod formulas;
mod laws;
mod published;
mod reference;
mod rules;
#[cfg(any(feature = "microlp", feature = "highs"))]
mod staffing;
mod synthetic;
mod theory;
mod vectors;

//! The simulator against theory, and its laws.

mod laws;
mod published;
mod reference;
mod rules;
mod theory;
mod vectors;

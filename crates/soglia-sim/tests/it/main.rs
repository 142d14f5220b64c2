//! The simulator against theory, and its laws.

mod bank;
mod laws;
mod published;
mod reference;
mod rules;
mod synthetic;
mod theory;
mod vectors;

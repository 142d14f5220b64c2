//! The simulator against theory, and its laws.

mod bank;
mod files;
mod forecast;
mod formulas;
mod laws;
mod published;
mod reference;
mod rules;
mod staffing;
mod synthetic;
mod theory;
mod vectors;

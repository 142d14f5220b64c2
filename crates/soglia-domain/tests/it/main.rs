//! Laws of the domain's arithmetic, on random input.

mod calendar;
mod card;
mod checks;
mod contract;
mod sources;
mod tidy;

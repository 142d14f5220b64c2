//! Tests of the command line, from files to figures. Read [`support::soglia`] first.

mod agreed;
mod demo;
mod differential;
mod import;
mod joined;
mod kill;
mod rebuild;
mod recorded;
mod registers;
mod support;

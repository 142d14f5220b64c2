//! Tests of the command line, from files to figures. Read [`support::soglia`] first.

mod agreed;
mod demo;
mod demo_review;
mod differential;
mod documents;
mod excluded;
mod figures;
mod forms;
mod import;
mod joined;
mod kept;
mod kill;
mod listed;
mod nasty;
mod pages;
mod planning;
mod rebuild;
mod recorded;
mod redelivered;
mod registers;
mod review;
mod serve;
mod support;

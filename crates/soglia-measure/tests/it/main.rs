//! Tests of the rules on counts worked out by hand. Read [`vectors`] first.

mod vectors;

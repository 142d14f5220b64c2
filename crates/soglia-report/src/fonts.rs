//! Fonts that the build found. Read [`DESKTOP`] first.

include!(concat!(env!("OUT_DIR"), "/fonts.rs"));

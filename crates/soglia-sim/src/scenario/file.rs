//! Scenario files. Read [`parse`] first.

//! Periods of measurement. Read [`Period`] first.

//! National holidays, computed. Read [`Holidays`] first.

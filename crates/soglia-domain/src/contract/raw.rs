//! What a contract file says, and its translation into what it means. Read [`parse`] first.

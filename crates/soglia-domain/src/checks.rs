//! Coherence checks N1–N18. Read [`Check`] first.

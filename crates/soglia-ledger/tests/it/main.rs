//! Tests of the ledger on real files. Read `mapping` first.

mod mapping;

//! From nodes to the warehouse: the RPC pool, verified blocks, backfill, the head, audit and redecode.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod rpc;

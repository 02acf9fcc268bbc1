//! The RPC pool: several endpoints, one view of the chain.
//!
//! A [`Pool`] takes lists of JSON-RPC [`Call`]s and gives every call its answer, from whichever endpoint serves it
//! best: batches are split to the size an endpoint handles well, errors move a call to another endpoint, rate limits
//! slow an endpoint down instead of failing, and what an endpoint cannot do (pruned state, another chain, no such
//! method) is remembered. Callers see an error only when no endpoint is left to ask.
//!
//! The transport is `jsonrpsee` (WebSocket and HTTP, TLS included). `subxt-rpcs` is not used: its clients hold a
//! single URL, know no batches and no HTTP, and its typed answers copy the bytes we only want to look at.

mod call;
mod client;
mod endpoint;
mod error;
mod health;
mod pacing;
mod pool;
pub mod wire;

pub use call::{Answer, Call, StateAt};
pub use endpoint::{Endpoint, EndpointStatus};
pub use error::{ErrorClass, RpcError};
pub use health::{HealthState, Refusal};
pub use pool::{HeadEvent, HeadSubscription, Pool, PoolConfig};

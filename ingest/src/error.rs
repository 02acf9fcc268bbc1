//! What can go wrong while ingesting, auditing or decoding again.

use yumascan_chain::{BlockNumber, Hash, SpecVersion};
use yumascan_store::StoreError;
use yumascan_warehouse::WarehouseError;

use crate::rpc::RpcError;

/// Error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The nodes.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The warehouse.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The operational store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No endpoint has a block that should exist.
    #[error("no endpoint has block {number} ({hash}); they are behind, have pruned it, or it was retracted")]
    MissingBlock {
        /// Its height.
        number: BlockNumber,
        /// Its hash, or `unknown`.
        hash: String,
    },
    /// Blocks that do not form a chain.
    #[error(
        "block {number} names {parent} as its parent, but block {} is {stored}; \
         the endpoints follow another fork than what is stored, or one of them lies: run `yumascan audit`, check --rpc",
        number.saturating_sub(1)
    )]
    BrokenLink {
        /// The upper block.
        number: BlockNumber,
        /// The parent it names.
        parent: Hash,
        /// The block below it.
        stored: Hash,
    },
    /// What is stored is not of the chain the endpoints serve.
    #[error(
        "the warehouse holds block {number} as {stored}, the endpoints serve {served}: \
         it belongs to another chain; use another --data-dir or database, or other endpoints"
    )]
    OtherChain {
        /// The block compared.
        number: BlockNumber,
        /// Its stored hash.
        stored: String,
        /// Its hash at the endpoints.
        served: Hash,
    },
    /// Metadata that no endpoint could give in a usable form.
    #[error("no usable metadata of spec {spec} could be read at block {block}: {reason}")]
    Metadata {
        /// The spec.
        spec: SpecVersion,
        /// The block at whose state it was asked.
        block: BlockNumber,
        /// Why.
        reason: String,
    },
    /// Raw rows whose runtime is not stored.
    #[error(
        "block {block} was executed by spec {spec}, whose metadata is not stored; \
         run `yumascan ingest` with a node that has it"
    )]
    MissingMetadata {
        /// The block.
        block: BlockNumber,
        /// The spec.
        spec: SpecVersion,
    },
    /// A range that holds no block.
    #[error("blocks {from} to {to}: there is nothing to do; the first block must not be above the last")]
    EmptyRange {
        /// First block asked.
        from: BlockNumber,
        /// Last block asked.
        to: BlockNumber,
    },
    /// A range that begins above the finalized head.
    #[error(
        "block {from} is above the finalized head ({head}); start lower, or follow the head with `yumascan up`"
    )]
    AboveHead {
        /// First block asked.
        from: BlockNumber,
        /// The head.
        head: BlockNumber,
    },
    /// Raw rows that are missing where rows were to be rebuilt.
    #[error("block {number} has no raw row; ingest it first (`yumascan ingest --from {number}`)")]
    MissingRaw {
        /// The block.
        number: BlockNumber,
    },
    /// An epoch that cannot be explained.
    #[error("the epoch of subnet {netuid} at block {block} cannot be explained: {reason}")]
    NoEpoch {
        /// The subnet.
        netuid: u16,
        /// The block.
        block: BlockNumber,
        /// Why, and what to do.
        reason: String,
    },
    /// A setting that makes no sense.
    #[error("ingest setting `{name}`: {reason}")]
    Config {
        /// Name of the setting.
        name: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A worker thread died.
    #[error("a worker stopped unexpectedly ({0}); this is a bug, run again and report it")]
    Worker(#[from] tokio::task::JoinError),
}

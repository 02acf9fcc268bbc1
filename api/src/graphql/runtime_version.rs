//! Runtimes that executed stored blocks.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use yumascan_warehouse::{Cursor, rows::RuntimeVersionRow};

use super::{
    block::{Block, find_stored},
    connection::Node,
    scalars::{BlockNumber, Hash, Long},
    scope::Scope,
};

/// A runtime.
#[derive(Debug, Clone)]
pub(crate) struct RuntimeVersion(pub(crate) Arc<RuntimeVersionRow>);

impl Node for RuntimeVersion {
    const NAME: &'static str = "RuntimeVersion";
    fn place(&self) -> Cursor {
        Cursor { block: self.0.first_block, major: self.0.spec_version, minor: 0 }
    }
}

/// A runtime that executed stored blocks, and the metadata by which they were decoded.
#[Object]
impl RuntimeVersion {
    /// Its version (`spec_version`).
    async fn spec_version(&self) -> u32 {
        self.0.spec_version
    }
    /// First stored block it executed. The block before it, executed by the runtime before, set the new code.
    async fn first_block(&self) -> BlockNumber {
        BlockNumber(self.0.first_block)
    }
    /// Last stored block it executed.
    async fn last_block(&self) -> BlockNumber {
        BlockNumber(self.0.last_block)
    }
    /// Stored blocks it executed.
    async fn block_count(&self) -> Long {
        Long(self.0.block_count)
    }
    /// Version of the stored metadata format: 14, 15 or 16; null if its metadata is not stored.
    async fn metadata_version(&self) -> Option<u32> {
        self.0.metadata_version
    }
    /// Blake2b-256 of the stored metadata.
    async fn metadata_hash(&self) -> Option<Hash> {
        self.0.metadata_hash.clone().map(Hash)
    }
    /// Size of the stored metadata, bytes.
    async fn metadata_bytes(&self) -> Option<Long> {
        self.0.metadata_bytes.map(Long)
    }
    /// The first stored block it executed.
    async fn first(&self, ctx: &Context<'_>) -> Result<Option<Block>> {
        Ok(find_stored(&*Scope::of(ctx)?, self.0.first_block).await?)
    }
}

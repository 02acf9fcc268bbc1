//! Blocks.

use crate::{Page, PageRequest, Warehouse, WarehouseError, query::Range, rows::BlockRow};

/// Which blocks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct BlockFilter {
    /// Blocks and times.
    pub range: Range,
    /// SS58 of the author.
    pub author: Option<String>,
    /// Runtime that executed them.
    pub spec_version: Option<u32>,
}

impl Warehouse {
    /// The highest stored block.
    pub async fn find_head(&self) -> Result<Option<BlockRow>, WarehouseError> {
        Ok(None)
    }
    /// A block by height.
    pub async fn find_block(&self, number: u64) -> Result<Option<BlockRow>, WarehouseError> {
        let _ = number;
        Ok(None)
    }
    /// A block by its 0x hash.
    pub async fn find_block_by_hash(&self, hash: &str) -> Result<Option<BlockRow>, WarehouseError> {
        let _ = hash;
        Ok(None)
    }
    /// Blocks by height, in one query; missing ones are absent. For dataloaders.
    pub async fn list_blocks_by_number(&self, numbers: &[u64]) -> Result<Vec<BlockRow>, WarehouseError> {
        let _ = numbers;
        Ok(Vec::new())
    }
    /// Blocks, newest first or as asked.
    pub async fn list_blocks(&self, filter: &BlockFilter, page: PageRequest) -> Result<Page<BlockRow>, WarehouseError> {
        let _ = (filter, page);
        Ok(Page { rows: Vec::new(), has_previous: false, has_next: false })
    }
    /// How many blocks there are.
    pub async fn count_blocks(&self, filter: &BlockFilter) -> Result<u64, WarehouseError> {
        let _ = filter;
        Ok(0)
    }
}

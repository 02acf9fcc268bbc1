//! Blocks.

use std::collections::HashMap;

use crate::{
    Page, PageRequest, Slice, Table, Warehouse, WarehouseError,
    query::{
        Range,
        list::List,
        sql::{Conditions, Sql},
    },
    rows::{BlockRow, hash_key},
};

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

impl BlockFilter {
    fn to_list(&self) -> List {
        let mut conditions = Conditions::default();
        conditions.equal("author", self.author.as_deref()).equal("spec_version", self.spec_version);
        List { doing: "list blocks", table: Table::Blocks, conditions, range: self.range, activity: None }
    }
}

impl Warehouse {
    /// The highest stored block.
    pub async fn find_head(&self) -> Result<Option<BlockRow>, WarehouseError> {
        self.fetch_optional(
            "find the head",
            Sql::new("SELECT ?fields FROM blocks ORDER BY number DESC LIMIT 1"),
        )
        .await
    }

    /// A block by height.
    pub async fn find_block(&self, number: u64) -> Result<Option<BlockRow>, WarehouseError> {
        let sql = Sql::new("SELECT ?fields FROM blocks WHERE number = ? LIMIT 1").bind(number);
        self.fetch_optional("find a block", sql).await
    }

    /// A block by its 0x hash.
    pub async fn find_block_by_hash(&self, hash: &str) -> Result<Option<BlockRow>, WarehouseError> {
        let hash = hash.to_ascii_lowercase();
        let Some(key) = hash_key(&hash) else { return Ok(None) };
        let sql = Sql::new(
            "SELECT ?fields FROM blocks WHERE hash = ? \
             AND number IN (SELECT block_number FROM hash_index WHERE hash_key = ? AND kind = 'block') LIMIT 1",
        );
        self.fetch_optional("find a block by hash", sql.bind(hash.as_str()).bind(key)).await
    }

    /// Blocks by height, in one query; missing ones are absent. For dataloaders.
    pub async fn list_blocks_by_number(&self, numbers: &[u64]) -> Result<Vec<BlockRow>, WarehouseError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let sql =
            Sql::new("SELECT ?fields FROM blocks WHERE number IN ? ORDER BY number").bind(numbers.to_vec());
        self.fetch_all("list blocks by number", sql).await
    }

    /// Times of stored blocks, milliseconds since the Unix epoch; those without are left out.
    pub async fn list_block_times(&self, numbers: &[u64]) -> Result<HashMap<u64, u64>, WarehouseError> {
        if numbers.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = Sql::new(
            "SELECT number, assumeNotNull(timestamp_ms) AS timestamp_ms FROM blocks \
             WHERE number IN ? AND isNotNull(timestamp_ms)",
        );
        let times = self.fetch_all::<(u64, u64)>("list times of blocks", sql.bind(numbers.to_vec())).await?;
        Ok(times.into_iter().collect())
    }

    /// Blocks, newest first or as asked.
    pub async fn list_blocks(
        &self,
        filter: &BlockFilter,
        page: PageRequest,
    ) -> Result<Page<BlockRow>, WarehouseError> {
        self.list_page(&filter.to_list(), page).await
    }

    /// Blocks, by the place of the page.
    pub async fn slice_blocks(
        &self,
        filter: &BlockFilter,
        slice: Slice,
    ) -> Result<Vec<BlockRow>, WarehouseError> {
        self.list_slice(&filter.to_list(), slice).await
    }

    /// How many blocks there are.
    pub async fn count_blocks(&self, filter: &BlockFilter) -> Result<u64, WarehouseError> {
        self.count_list(&filter.to_list()).await
    }
}

//! Runtimes and their metadata.

use clickhouse::Row;
use serde::Deserialize;

use crate::{
    Warehouse, WarehouseError,
    query::sql::Sql,
    rows::{RawBytes, RuntimeVersionRow},
};

/// Blocks of one runtime.
#[derive(Row, Deserialize)]
struct RuntimeBlocks {
    spec_version: u32,
    first_block: u64,
    last_block: u64,
    block_count: u64,
}

/// Metadata of one runtime, without its bytes.
#[derive(Row, Deserialize)]
struct MetadataFacts {
    spec_version: u32,
    metadata_version: u32,
    metadata_hash: String,
    metadata_bytes: u64,
}

impl Warehouse {
    /// Runtimes that executed stored blocks, newest first.
    pub async fn list_runtime_versions(&self) -> Result<Vec<RuntimeVersionRow>, WarehouseError> {
        let blocks = Sql::new(
            "SELECT spec_version, min(number) AS first_block, max(number) AS last_block, count() AS block_count \
             FROM blocks GROUP BY spec_version ORDER BY first_block DESC",
        );
        let metadata = Sql::new(
            "SELECT spec_version, metadata_version, metadata_hash, length(metadata) AS metadata_bytes \
             FROM runtime_metadata ORDER BY spec_version, metadata_version DESC, metadata_hash",
        );
        let (blocks, metadata) = futures::try_join!(
            self.fetch_all::<RuntimeBlocks>("list runtimes", blocks),
            self.fetch_all::<MetadataFacts>("list metadata", metadata),
        )?;
        let row = |of_blocks: RuntimeBlocks| {
            // the highest format comes first
            let facts = metadata.iter().find(|facts| facts.spec_version == of_blocks.spec_version);
            RuntimeVersionRow {
                spec_version: of_blocks.spec_version,
                first_block: of_blocks.first_block,
                last_block: of_blocks.last_block,
                block_count: of_blocks.block_count,
                metadata_version: facts.map(|facts| facts.metadata_version),
                metadata_hash: facts.map(|facts| facts.metadata_hash.clone()),
                metadata_bytes: facts.map(|facts| facts.metadata_bytes),
            }
        };
        Ok(blocks.into_iter().map(row).collect())
    }

    /// Stored metadata bytes (SCALE, from the magic on) of a spec, in its highest format.
    pub async fn find_metadata(&self, spec_version: u32) -> Result<Option<Vec<u8>>, WarehouseError> {
        let sql = Sql::new(
            "SELECT metadata FROM runtime_metadata WHERE spec_version = ? \
             ORDER BY metadata_version DESC, metadata_hash LIMIT 1",
        );
        let found = self.fetch_optional::<MetadataBytes>("find metadata", sql.bind(spec_version)).await?;
        Ok(found.map(|row| row.metadata.0))
    }
}

#[derive(Row, Deserialize)]
struct MetadataBytes {
    metadata: RawBytes,
}

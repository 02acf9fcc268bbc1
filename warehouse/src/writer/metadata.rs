//! Storing runtime metadata.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use yumascan_chain::Hash;

use crate::{Warehouse, WarehouseError, query::sql::Sql, rowbinary::write_row, rows::RawBytes};

/// Row of `runtime_metadata`.
#[derive(Debug, Row, Serialize, Deserialize)]
struct MetadataRow {
    spec_version: u32,
    metadata_version: u32,
    metadata_hash: String,
    metadata: RawBytes,
}

impl Warehouse {
    /// Keeps the metadata of a runtime: `bytes` are SCALE from the magic number on. The same bytes are kept
    /// once.
    pub async fn insert_metadata(
        &self,
        spec_version: u32,
        metadata_version: u32,
        bytes: &[u8],
    ) -> Result<(), WarehouseError> {
        let metadata_hash = Hash::blake2_256(bytes).to_string();
        let stored =
            Sql::new("SELECT count() FROM runtime_metadata WHERE spec_version = ? AND metadata_hash = ?")
                .bind(spec_version)
                .bind(metadata_hash.as_str());
        if self.fetch_count("look for metadata", stored).await? > 0 {
            return Ok(());
        }
        let token = format!("runtime_metadata:{spec_version}:{metadata_version}:{metadata_hash}");
        let metadata = RawBytes(bytes.to_vec());
        let row = MetadataRow { spec_version, metadata_version, metadata_hash, metadata };
        let mut encoded = Vec::with_capacity(bytes.len() + 128);
        write_row(&mut encoded, &row).map_err(|source| WarehouseError::Encode {
            table: "runtime_metadata",
            reason: source.to_string(),
        })?;
        let columns = MetadataRow::COLUMN_NAMES;
        self.insert_bytes("store metadata", "runtime_metadata", columns, encoded.into(), &token).await
    }
}

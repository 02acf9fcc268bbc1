//! Extrinsics.

use crate::{Page, PageRequest, Warehouse, WarehouseError, query::Range, rows::ExtrinsicRow};

/// Which extrinsics.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ExtrinsicFilter {
    /// Blocks and times.
    pub range: Range,
    /// SS58 (or other stored text) of the signer.
    pub signer: Option<String>,
    /// Pallet, exact.
    pub pallet: Option<String>,
    /// Call name, exact.
    pub call: Option<String>,
    /// Whether it succeeded.
    pub success: Option<bool>,
    /// Only signed (true) or only unsigned (false) ones.
    pub signed: Option<bool>,
}

impl Warehouse {
    /// Extrinsics, in list order. Cursors: major = extrinsic index.
    pub async fn list_extrinsics(&self, filter: &ExtrinsicFilter, page: PageRequest) -> Result<Page<ExtrinsicRow>, WarehouseError> {
        let _ = (filter, page);
        Ok(Page { rows: Vec::new(), has_previous: false, has_next: false })
    }
    /// How many there are.
    pub async fn count_extrinsics(&self, filter: &ExtrinsicFilter) -> Result<u64, WarehouseError> {
        let _ = filter;
        Ok(0)
    }
    /// An extrinsic by its place.
    pub async fn find_extrinsic(&self, block: u64, index: u32) -> Result<Option<ExtrinsicRow>, WarehouseError> {
        let _ = (block, index);
        Ok(None)
    }
    /// Extrinsics of this 0x hash (hashes are not unique), newest first, at most 100.
    pub async fn list_extrinsics_by_hash(&self, hash: &str) -> Result<Vec<ExtrinsicRow>, WarehouseError> {
        let _ = hash;
        Ok(Vec::new())
    }
    /// Extrinsics by (block, index), in one query. For dataloaders.
    pub async fn list_extrinsics_by_place(&self, places: &[(u64, u32)]) -> Result<Vec<ExtrinsicRow>, WarehouseError> {
        let _ = places;
        Ok(Vec::new())
    }
    /// All extrinsics of these blocks, in one query, by block and index. For dataloaders.
    pub async fn list_extrinsics_of_blocks(&self, blocks: &[u64]) -> Result<Vec<ExtrinsicRow>, WarehouseError> {
        let _ = blocks;
        Ok(Vec::new())
    }
}

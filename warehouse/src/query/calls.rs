//! Calls: nodes of call trees.

use crate::{Page, PageRequest, Warehouse, WarehouseError, query::Range, rows::CallRow};

/// Which calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CallFilter {
    /// Blocks and times.
    pub range: Range,
    /// Pallet, exact.
    pub pallet: Option<String>,
    /// Call name, exact.
    pub call: Option<String>,
    /// Effective origin (SS58, `Root`, …).
    pub origin: Option<String>,
    /// Whether it took effect.
    pub success: Option<bool>,
    /// Of one extrinsic: (block, index).
    pub extrinsic: Option<(u64, u32)>,
}

impl Warehouse {
    /// Calls: nodes of call trees, in list order. Cursors: major = extrinsic index, minor = call ordinal.
    pub async fn list_calls(&self, filter: &CallFilter, page: PageRequest) -> Result<Page<CallRow>, WarehouseError> {
        let _ = (filter, page);
        Ok(Page { rows: Vec::new(), has_previous: false, has_next: false })
    }
    /// How many there are.
    pub async fn count_calls(&self, filter: &CallFilter) -> Result<u64, WarehouseError> {
        let _ = filter;
        Ok(0)
    }
    /// All calls of these extrinsics (block, index), in one query, in pre-order. For dataloaders.
    pub async fn list_calls_of_extrinsics(&self, places: &[(u64, u32)]) -> Result<Vec<CallRow>, WarehouseError> {
        let _ = places;
        Ok(Vec::new())
    }
}

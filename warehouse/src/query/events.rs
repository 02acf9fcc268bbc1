//! Events.

use crate::{Page, PageRequest, Warehouse, WarehouseError, query::Range, rows::EventRow};

/// Which events.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct EventFilter {
    /// Blocks and times.
    pub range: Range,
    /// Pallet, exact.
    pub pallet: Option<String>,
    /// Variant, exact.
    pub variant: Option<String>,
    /// Of one extrinsic: (block, index).
    pub extrinsic: Option<(u64, u32)>,
    /// `Initialization`, `ApplyExtrinsic` or `Finalization`.
    pub phase: Option<String>,
    /// Events that mention this account (SS58).
    pub account: Option<String>,
}

impl Warehouse {
    /// Events, in list order. Cursors: major = event index.
    pub async fn list_events(&self, filter: &EventFilter, page: PageRequest) -> Result<Page<EventRow>, WarehouseError> {
        let _ = (filter, page);
        Ok(Page { rows: Vec::new(), has_previous: false, has_next: false })
    }
    /// How many there are.
    pub async fn count_events(&self, filter: &EventFilter) -> Result<u64, WarehouseError> {
        let _ = filter;
        Ok(0)
    }
    /// All events of these extrinsics (block, index), in one query. For dataloaders.
    pub async fn list_events_of_extrinsics(&self, places: &[(u64, u32)]) -> Result<Vec<EventRow>, WarehouseError> {
        let _ = places;
        Ok(Vec::new())
    }
    /// How often each (pallet, variant) occurs in a block, in a phase. For folded sections.
    pub async fn count_events_by_name(
        &self,
        block: u64,
        phase: &str,
    ) -> Result<Vec<(String, String, u64)>, WarehouseError> {
        let _ = (block, phase);
        Ok(Vec::new())
    }
}

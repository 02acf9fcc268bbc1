//! Transfers of TAO.

use crate::{Page, PageRequest, Warehouse, WarehouseError, query::Range, rows::TransferRow};

/// Which transfers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TransferFilter {
    /// Blocks and times.
    pub range: Range,
    /// Sender or receiver (SS58).
    pub account: Option<String>,
    /// Sender.
    pub from: Option<String>,
    /// Receiver.
    pub to: Option<String>,
    /// At least this much, rao.
    pub min_amount_rao: Option<u64>,
}

impl Warehouse {
    /// Transfers of TAO, in list order. Cursors: major = event index.
    pub async fn list_transfers(&self, filter: &TransferFilter, page: PageRequest) -> Result<Page<TransferRow>, WarehouseError> {
        let _ = (filter, page);
        Ok(Page { rows: Vec::new(), has_previous: false, has_next: false })
    }
    /// How many there are.
    pub async fn count_transfers(&self, filter: &TransferFilter) -> Result<u64, WarehouseError> {
        let _ = filter;
        Ok(0)
    }
}

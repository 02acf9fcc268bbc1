//! What can go wrong while watching.

use yumascan_store::StoreError;
use yumascan_warehouse::WarehouseError;

/// Error of the watch.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The warehouse failed.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A range that holds no stored block.
    #[error(
        "no block of {from}..={to} is stored; ingest it first, or choose --from and --to within what `yumascan audit` lists"
    )]
    NothingStored {
        /// First block.
        from: u64,
        /// Last block.
        to: u64,
    },
    /// The detectors' thread ended.
    #[error("the detectors were interrupted: {reason}; run `yumascan detect` again")]
    Interrupted {
        /// Why.
        reason: String,
    },
}

//! What the store calls sealed must be in the warehouse: a warehouse that was lost or restored from an older backup
//! is filled again.

use yumascan_chain::DECODER_GENERATION;
use yumascan_store::{BlockRange, ranges};

use super::{Ingest, IngestError};

/// Windows looked at per query.
const PAGE: u32 = 1000;

impl Ingest {
    /// Reopens the windows whose blocks are sealed in the store but missing in the warehouse.
    pub(super) async fn reopen_lost_windows(&self) -> Result<(), IngestError> {
        let stored = self.warehouse.get_coverage(None, None).await?.stored;
        let stored: Vec<BlockRange> =
            stored.into_iter().map(|run| BlockRange { from: run.from, to: run.to }).collect();
        for sealed in self.store.list_sealed_ranges().await? {
            for lost in ranges::gaps(sealed.from, sealed.to, stored.clone()) {
                tracing::warn!(
                    from = lost.from,
                    to = lost.to,
                    "sealed blocks are missing in the warehouse and are ingested again"
                );
                self.reopen(lost).await?;
            }
        }
        Ok(())
    }

    async fn reopen(&self, lost: BlockRange) -> Result<(), IngestError> {
        let mut from = lost.from;
        loop {
            let windows = self.store.list_windows(from, lost.to, PAGE).await?;
            let Some(highest) = windows.last().map(|window| window.last) else { return Ok(()) };
            for window in windows {
                self.store.reopen_window(window.first, window.last, DECODER_GENERATION).await?;
            }
            if highest >= lost.to {
                return Ok(());
            }
            from = highest + 1;
        }
    }
}

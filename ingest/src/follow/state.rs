//! Reading the state of what was sealed, behind the head, and sweeping now and then.

use yumascan_chain::BlockNumber;

use super::behind::Lane;
use crate::{IngestError, state::StateLane};

/// A state lane that sweeps.
pub(super) struct Sweeping {
    pub(super) lane: StateLane,
    /// Blocks between sweeps; 0: never.
    pub(super) every: u64,
}

impl Lane for Sweeping {
    const CURSOR: &'static str = super::STATE_CURSOR;
    const NAME: &'static str = "state";
    const COMMAND: &'static str = "yumascan state";

    async fn work(&self, from: BlockNumber, to: BlockNumber) -> Result<(), IngestError> {
        self.lane.read_sealed(from, to).await?;
        metrics::gauge!("yumascan_ingest_state_block").set(to as f64);
        if self.every > 0 && self.lane.blocks_since_sweep(to).await? >= self.every {
            self.lane.sweep(to).await?;
        }
        Ok(())
    }
}

//! Reading the state from the command line, and after a backfill.

use tokio_util::sync::CancellationToken;
use yumascan_chain::BlockNumber;

use super::Ingest;
use crate::{
    IngestError,
    pipeline::Pipeline,
    progress::{Progress, Stage},
    source::Source,
    state::{StateLane, StateReport, StateScope, default_stride},
};

/// Whose state to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StateRequest {
    /// First block; the lowest stored one when absent, or the configured first block while nothing is stored.
    pub from: Option<BlockNumber>,
    /// Last block; clipped to the finalized head.
    pub to: Option<BlockNumber>,
    /// Blocks between full readings; as configured when absent.
    pub stride: Option<u32>,
    /// Compare all accounts and stakes at the last block with what was followed.
    pub sweep: bool,
    /// Read again what was read before.
    pub again: bool,
}

impl Ingest {
    /// A state lane over the same endpoints and warehouse.
    #[must_use]
    pub fn state_lane(&self) -> StateLane {
        StateLane::new(Source::new(self.pool.clone(), self.warehouse.clone()), self.warehouse.clone())
    }

    /// Reads the state of a range of blocks and stores what changed. Blocks need not be ingested: what is not stored
    /// is read from the endpoints.
    ///
    /// # Errors
    /// When the endpoints or the warehouse fail; what was stored so far stays.
    pub async fn read_state(
        &self,
        request: StateRequest,
        cancel: &CancellationToken,
        progress: &Progress,
    ) -> Result<StateReport, IngestError> {
        progress.set_stage(Stage::Connecting);
        self.identify().await?;
        let head = self.see_head(progress).await?;
        let stored = self.warehouse.get_coverage(None, None).await?.stored;
        let lowest = stored.first().map(|run| run.from);
        let from = request.from.or(lowest).unwrap_or(self.config.from).max(1);
        if from > head {
            return Err(IngestError::AboveHead { from, head });
        }
        let scope = StateScope {
            from,
            to: request.to.unwrap_or(head).min(head),
            stride: self.stride(request.stride, head),
            again: request.again,
            sweep: request.sweep,
        };
        self.state_lane().run(scope, cancel, progress).await
    }

    /// Reads the state of what a backfill stored. Trouble is told; the blocks are stored all the same.
    pub(super) async fn read_state_after(
        &self,
        pipeline: &Pipeline,
        from: BlockNumber,
        to: BlockNumber,
        head: BlockNumber,
        cancel: &CancellationToken,
    ) {
        if !self.config.state {
            return;
        }
        let stride = self.stride(None, head);
        let scope = StateScope { from: from.max(1), to, stride, again: false, sweep: false };
        if scope.from > scope.to {
            return;
        }
        let lane = StateLane::new(pipeline.source.clone(), pipeline.warehouse.clone());
        match lane.run(scope, cancel, &Progress::unwatched()).await {
            Ok(report) if !report.cancelled => {
                if let Err(error) = pipeline.store.set_cursor(crate::follow::STATE_CURSOR, to, None).await {
                    tracing::warn!(%error, "the progress of reading the state was not written down");
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, from, to, "the state of these blocks was not read to the end; `yumascan state` takes it up");
            }
        }
    }

    fn stride(&self, asked: Option<u32>, head: BlockNumber) -> u32 {
        let configured = Some(self.config.state_stride).filter(|stride| *stride > 0);
        asked.or(configured).unwrap_or_else(|| default_stride(head)).max(1)
    }
}

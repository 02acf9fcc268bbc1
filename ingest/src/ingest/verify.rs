//! Verifying from the command line, and behind the head.

use tokio_util::sync::CancellationToken;
use yumascan_chain::BlockNumber;

use super::Ingest;
use crate::{
    IngestError,
    progress::{Progress, Stage},
    source::Source,
    verify::{Explanation, Verifier, VerifyReport, VerifyScope},
};

/// Which epochs to verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VerifyRequest {
    /// First block; the lowest stored one when absent, or the configured first block while nothing is stored.
    pub from: Option<BlockNumber>,
    /// Last block; clipped to the finalized head.
    pub to: Option<BlockNumber>,
    /// Only this subnet.
    pub netuid: Option<u16>,
    /// Look again at what was verified before.
    pub again: bool,
}

impl Ingest {
    /// A verifier over the same endpoints and warehouse.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier::new(Source::new(self.pool.clone(), self.warehouse.clone()), self.warehouse.clone())
    }

    /// Replays the epochs of a range and stores the verdicts. Blocks need not be ingested: what is not stored is read
    /// from the endpoints.
    ///
    /// # Errors
    /// When the endpoints or the warehouse fail; verdicts written so far stay.
    pub async fn verify(
        &self,
        request: VerifyRequest,
        cancel: &CancellationToken,
        progress: &Progress,
    ) -> Result<VerifyReport, IngestError> {
        progress.set_stage(Stage::Connecting);
        self.identify().await?;
        let head = self.see_head(progress).await?;
        let stored = self.warehouse.get_coverage(None, None).await?.stored;
        let lowest = stored.first().map(|run| run.from);
        let from = request.from.or(lowest).unwrap_or(self.config.from).max(1);
        if from > head {
            return Err(IngestError::AboveHead { from, head });
        }
        let to = request.to.unwrap_or(head).min(head);
        let scope = VerifyScope { from, to, netuid: request.netuid, again: request.again };
        self.verifier().run(scope, cancel, progress).await
    }

    /// Why a neuron got what it got in the epoch of a block. Nothing is stored.
    ///
    /// # Errors
    /// When no epoch of the subnet ran in the block, the neuron is none of it, or the endpoints fail.
    pub async fn explain(
        &self,
        netuid: u16,
        uid: u16,
        block: BlockNumber,
    ) -> Result<Explanation, IngestError> {
        self.identify().await?;
        self.verifier().explain(netuid, uid, block).await
    }
}

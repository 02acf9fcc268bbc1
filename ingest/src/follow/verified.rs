//! Verifying what was sealed, behind the head.

use yumascan_chain::BlockNumber;

use super::behind::Lane;
use crate::{IngestError, verify::Verifier};

impl Lane for Verifier {
    const CURSOR: &'static str = "verified";
    const NAME: &'static str = "verify";
    const COMMAND: &'static str = "yumascan verify";

    async fn work(&self, from: BlockNumber, to: BlockNumber) -> Result<(), IngestError> {
        self.verify_sealed(from, to).await?;
        metrics::gauge!("yumascan_ingest_verified_block").set(to as f64);
        Ok(())
    }
}

//! As of which block an answer holds, and which blocks a list covers.

use std::sync::Arc;

use async_graphql::{Object, Result, SimpleObject};
use yumascan_warehouse::{query::coverage as stored, rows::BlockRow};

use super::scalars::{BlockNumber, Hash, Long, Timestamp};

/// The block an answer holds as of: the highest stored block when it was made, one and the same for all of its parts.
#[derive(Debug, Clone)]
pub(crate) struct AsOf {
    pub(crate) row: Arc<BlockRow>,
    pub(crate) finalized: bool,
}

/// The block as of which an answer holds: one and the same for all parts of the answer.
#[Object]
impl AsOf {
    /// Height.
    async fn block(&self) -> BlockNumber {
        BlockNumber(self.row.number)
    }
    /// Hash of its header (Blake2b-256).
    async fn hash(&self) -> Hash {
        Hash(self.row.hash.clone())
    }
    /// Whether it is final. False only where unfinalized blocks were asked for.
    async fn finalized(&self) -> bool {
        self.finalized
    }
    /// Runtime that executed it (`spec_version`).
    async fn spec_version(&self) -> u32 {
        self.row.spec_version
    }
    /// Its time, UTC, from `Timestamp.set`; null for genesis.
    async fn timestamp(&self) -> Option<Timestamp> {
        self.row.timestamp_ms.map(Timestamp)
    }
    /// Its time, milliseconds since the Unix epoch.
    async fn timestamp_ms(&self) -> Option<Long> {
        self.row.timestamp_ms.map(Long)
    }
}

/// Consecutive blocks, both ends included.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub(crate) struct BlockSpan {
    /// Lowest height.
    pub(crate) from: BlockNumber,
    /// Highest height.
    pub(crate) to: BlockNumber,
    /// How many blocks.
    pub(crate) count: Long,
}

impl From<&stored::BlockRange> for BlockSpan {
    fn from(range: &stored::BlockRange) -> Self {
        let count = range.to.saturating_sub(range.from).saturating_add(1);
        Self { from: BlockNumber(range.from), to: BlockNumber(range.to), count: Long(count) }
    }
}

/// Which of a range of blocks are stored.
#[derive(Debug, Clone)]
pub(crate) struct CoverageOf {
    pub(crate) from: Option<u64>,
    pub(crate) to: Option<u64>,
    pub(crate) coverage: Arc<stored::Coverage>,
    pub(crate) as_of: Option<AsOf>,
}

/// Which blocks of a range are stored and where it has gaps: what an answer can and cannot know.
#[Object(name = "Coverage")]
impl CoverageOf {
    /// Lowest block of the range: as asked, else the lowest stored one. Null while nothing is stored.
    async fn from(&self) -> Option<BlockNumber> {
        self.from.or_else(|| self.coverage.stored.first().map(|run| run.from)).map(BlockNumber)
    }
    /// Highest block of the range: as asked but no higher than `asOf`, else the highest stored one. Null while nothing
    /// is stored.
    async fn to(&self) -> Option<BlockNumber> {
        self.to.or_else(|| self.coverage.stored.last().map(|run| run.to)).map(BlockNumber)
    }
    /// Stored runs of blocks, lowest first.
    async fn stored(
        &self,
        #[graphql(desc = "At most this many, 1 to 1000.", default = 100)] first: i64,
    ) -> Result<Vec<BlockSpan>> {
        Ok(spans(&self.coverage.stored, first)?)
    }
    /// Missing runs of blocks, lowest first. Empty: nothing is missing.
    async fn gaps(
        &self,
        #[graphql(desc = "At most this many, 1 to 1000.", default = 100)] first: i64,
    ) -> Result<Vec<BlockSpan>> {
        Ok(spans(&self.coverage.gaps, first)?)
    }
    /// Number of missing runs.
    async fn gap_count(&self) -> Long {
        Long(self.coverage.gaps.len() as u64)
    }
    /// Number of stored blocks in the range.
    async fn block_count(&self) -> Long {
        Long(self.coverage.stored.iter().map(|run| run.to - run.from + 1).sum())
    }
    /// Number of missing blocks in the range.
    async fn missing_count(&self) -> Long {
        Long(self.coverage.gaps.iter().map(|run| run.to - run.from + 1).sum())
    }
    /// The block as of which this holds; null while nothing is stored.
    async fn as_of(&self) -> Option<AsOf> {
        self.as_of.clone()
    }
}

fn spans(runs: &[stored::BlockRange], first: i64) -> Result<Vec<BlockSpan>, crate::ApiError> {
    const MAX: u32 = 1000;
    let limit = usize::try_from(first)
        .ok()
        .filter(|limit| (1..=MAX as usize).contains(limit))
        .ok_or(crate::ApiError::PageSize { argument: "first", value: first, max: MAX })?;
    Ok(runs.iter().take(limit).map(|run| run.into()).collect())
}

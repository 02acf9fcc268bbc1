//! Events.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use yumascan_warehouse::{
    Cursor,
    query::{Range, events::EventFilter},
    rows::EventRow,
};

use super::{
    as_of::AsOf,
    block::{Block, find_stored},
    connection::{List, Node},
    extrinsic::{Extrinsic, find_stored_extrinsic},
    filter::Phase,
    scalars::{BlockNumber, Json, Long, Timestamp},
    scope::Scope,
};

/// An event.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    row: Arc<EventRow>,
}

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        Self { row: Arc::new(row) }
    }
}

impl From<Arc<EventRow>> for Event {
    fn from(row: Arc<EventRow>) -> Self {
        Self { row }
    }
}

impl Node for Event {
    const NAME: &'static str = "Event";
    fn place(&self) -> Cursor {
        Cursor { block: self.row.block_number, major: self.row.event_index, minor: 0 }
    }
}

impl Event {
    /// Events of the warehouse, listed within `range`. They are counted by the filter alone: without a range of its own the
    /// warehouse keeps its count, whereas one that ends at the head would have to be counted anew.
    pub(crate) fn list(scope: &Arc<Scope>, filter: EventFilter, range: Range) -> List<Self> {
        let filter_to_count = filter.clone();
        let filter = EventFilter { range, ..filter };
        let blocks = (range.from_block, range.to_block);
        List::stored(
            scope,
            "events",
            blocks,
            move |warehouse, page| {
                let filter = filter.clone();
                async move { warehouse.list_events(&filter, page).await }
            },
            move |warehouse| {
                let filter = filter_to_count.clone();
                async move { warehouse.count_events(&filter).await }
            },
        )
    }
}

/// An event, as the runtime deposited it in `System.Events`.
#[Object]
impl Event {
    /// Block and index: `3010-12`.
    async fn id(&self) -> String {
        format!("{}-{}", self.row.block_number, self.row.event_index)
    }
    /// Height of its block.
    async fn block_number(&self) -> BlockNumber {
        BlockNumber(self.row.block_number)
    }
    /// Index in the block, from 0.
    async fn index(&self) -> u32 {
        self.row.event_index
    }
    /// When it was deposited; null for a phase this version does not know.
    async fn phase(&self) -> Option<Phase> {
        Phase::parse(&self.row.phase)
    }
    /// Index of the extrinsic that was being applied; null outside of extrinsics.
    async fn extrinsic_index(&self) -> Option<u32> {
        self.row.extrinsic_index
    }
    /// Id of that extrinsic: `3010-4`; null outside of extrinsics.
    async fn extrinsic_id(&self) -> Option<String> {
        self.row.extrinsic_index.map(|index| format!("{}-{index}", self.row.block_number))
    }
    /// Pallet.
    async fn pallet(&self) -> &str {
        &self.row.pallet
    }
    /// Variant.
    async fn variant(&self) -> &str {
        &self.row.variant
    }
    /// `Pallet.Variant`.
    async fn name(&self) -> String {
        format!("{}.{}", self.row.pallet, self.row.variant)
    }
    /// Fields: an object when the runtime names them, else an array.
    async fn args(&self) -> Json {
        Json(self.row.args.clone())
    }
    /// Topics: an array of 0x hashes, mostly empty.
    async fn topics(&self) -> Json {
        Json(self.row.topics.clone())
    }
    /// Time of its block, UTC.
    async fn timestamp(&self) -> Option<Timestamp> {
        self.row.timestamp_ms.map(Timestamp)
    }
    /// Time of its block, milliseconds since the Unix epoch.
    async fn timestamp_ms(&self) -> Option<Long> {
        self.row.timestamp_ms.map(Long)
    }
    /// Its block.
    async fn block(&self, ctx: &Context<'_>) -> Result<Option<Block>> {
        Ok(find_stored(&*Scope::of(ctx)?, self.row.block_number).await?)
    }
    /// The extrinsic that was being applied; null outside of extrinsics.
    async fn extrinsic(&self, ctx: &Context<'_>) -> Result<Option<Extrinsic>> {
        let Some(index) = self.row.extrinsic_index else {
            return Ok(None);
        };
        Ok(find_stored_extrinsic(&*Scope::of(ctx)?, (self.row.block_number, index)).await?)
    }
    /// The block as of which this holds; null while nothing is stored.
    async fn as_of(&self, ctx: &Context<'_>) -> Result<Option<AsOf>> {
        let head = Scope::of(ctx)?.find_head().await?;
        Ok(head.map(|row| AsOf { row, finalized: true }))
    }
}

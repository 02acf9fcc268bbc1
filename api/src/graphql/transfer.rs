//! Transfers of TAO.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use yumascan_warehouse::{
    Cursor,
    query::{Range, transfers::TransferFilter},
    rows::TransferRow,
};

use super::{
    as_of::AsOf,
    block::{Block, find_stored},
    connection::{List, Node},
    extrinsic::{Extrinsic, find_stored_extrinsic},
    scalars::{AccountId, BlockNumber, Long, Rao, Timestamp},
    scope::Scope,
};

/// A transfer.
#[derive(Debug, Clone)]
pub(crate) struct Transfer {
    row: Arc<TransferRow>,
}

impl From<TransferRow> for Transfer {
    fn from(row: TransferRow) -> Self {
        Self { row: Arc::new(row) }
    }
}

impl Node for Transfer {
    const NAME: &'static str = "Transfer";
    fn place(&self) -> Cursor {
        Cursor { block: self.row.block_number, major: self.row.event_index, minor: 0 }
    }
}

impl Transfer {
    /// Transfers of the warehouse, listed within `range`. They are counted by the filter alone: without a range of its own the
    /// warehouse keeps its count, whereas one that ends at the head would have to be counted anew.
    pub(crate) fn list(scope: &Arc<Scope>, filter: TransferFilter, range: Range) -> List<Self> {
        let filter_to_count = filter.clone();
        let filter = TransferFilter { range, ..filter };
        let blocks = (range.from_block, range.to_block);
        List::stored(
            scope,
            "transfers",
            blocks,
            move |warehouse, page| {
                let filter = filter.clone();
                async move { warehouse.list_transfers(&filter, page).await }
            },
            move |warehouse| {
                let filter = filter_to_count.clone();
                async move { warehouse.count_transfers(&filter).await }
            },
        )
    }
}

/// A transfer of TAO between accounts: a `Balances.Transfer` event. Stake moves, fees and emissions are other events.
#[Object]
impl Transfer {
    /// Id of its event: `3010-12`.
    async fn id(&self) -> String {
        format!("{}-{}", self.row.block_number, self.row.event_index)
    }
    /// Height of its block.
    async fn block_number(&self) -> BlockNumber {
        BlockNumber(self.row.block_number)
    }
    /// Index of its event in the block.
    async fn event_index(&self) -> u32 {
        self.row.event_index
    }
    /// Index of the extrinsic that caused it; null where none did.
    async fn extrinsic_index(&self) -> Option<u32> {
        self.row.extrinsic_index
    }
    /// Id of that extrinsic: `3010-4`; null where none did.
    async fn extrinsic_id(&self) -> Option<String> {
        self.row.extrinsic_index.map(|index| format!("{}-{index}", self.row.block_number))
    }
    /// Sender.
    async fn from(&self) -> AccountId {
        AccountId(self.row.from_account.clone())
    }
    /// Receiver.
    async fn to(&self) -> AccountId {
        AccountId(self.row.to_account.clone())
    }
    /// Amount, rao.
    async fn amount_rao(&self) -> Rao {
        Rao(self.row.amount_rao.into())
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
    /// The extrinsic that caused it; null where none did.
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

//! Extrinsics.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use yumascan_warehouse::{
    Cursor, Order,
    query::{Range, calls::CallFilter, events::EventFilter, extrinsics::ExtrinsicFilter},
    rows::ExtrinsicRow,
};

use super::{
    as_of::AsOf,
    block::{Block, WHOLE_LIST, find_stored},
    call::Call,
    connection::{Connection, List, Node},
    cursor::ListId,
    event::Event,
    paging::{PageArgs, list_cost},
    scalars::{BlockNumber, Hash, Json, Long, Rao, Timestamp},
    scope::Scope,
};
use crate::{ApiError, cache::Place};

/// An extrinsic.
#[derive(Debug, Clone)]
pub(crate) struct Extrinsic {
    pub(crate) row: Arc<ExtrinsicRow>,
    pub(crate) finalized: bool,
}

impl From<ExtrinsicRow> for Extrinsic {
    fn from(row: ExtrinsicRow) -> Self {
        Self { row: Arc::new(row), finalized: true }
    }
}

impl From<Arc<ExtrinsicRow>> for Extrinsic {
    fn from(row: Arc<ExtrinsicRow>) -> Self {
        Self { row, finalized: true }
    }
}

impl Node for Extrinsic {
    const NAME: &'static str = "Extrinsic";
    fn place(&self) -> Cursor {
        Cursor { block: self.row.block_number, major: self.row.extrinsic_index, minor: 0 }
    }
}

impl Extrinsic {
    /// Extrinsics of the warehouse, listed within `range`. They are counted by the filter alone: without a range of its own the
    /// warehouse keeps its count, whereas one that ends at the head would have to be counted anew.
    pub(crate) fn list(scope: &Arc<Scope>, filter: ExtrinsicFilter, range: Range) -> List<Self> {
        let filter_to_count = filter.clone();
        let filter = ExtrinsicFilter { range, ..filter };
        let blocks = (range.from_block, range.to_block);
        List::stored(
            scope,
            "extrinsics",
            blocks,
            move |warehouse, page| {
                let filter = filter.clone();
                async move { warehouse.list_extrinsics(&filter, page).await }
            },
            move |warehouse| {
                let filter = filter_to_count.clone();
                async move { warehouse.count_extrinsics(&filter).await }
            },
        )
    }

    pub(crate) fn row_place(&self) -> Place {
        (self.row.block_number, self.row.extrinsic_index)
    }

    fn only(&self) -> Range {
        Range {
            from_block: Some(self.row.block_number),
            to_block: Some(self.row.block_number),
            ..Range::default()
        }
    }

    fn call_list(&self, scope: &Arc<Scope>) -> List<Call> {
        let (place, count) = (self.row_place(), self.row.call_count);
        if count > WHOLE_LIST {
            let filter = CallFilter { range: self.only(), extrinsic: Some(place), ..CallFilter::default() };
            return Call::list(scope, filter, self.only());
        }
        let scope = scope.clone();
        List::loaded((Some(place.0), Some(place.0)), move || {
            let scope = scope.clone();
            async move {
                scope.budget.take_rows("calls", count.into())?;
                let rows = scope.loaders.calls_of_extrinsics.load_one(place).await?.unwrap_or_default();
                Ok(rows.iter().cloned().map(Call::from).collect())
            }
        })
    }

    fn event_list(&self, scope: &Arc<Scope>) -> List<Event> {
        let (place, count) = (self.row_place(), self.row.event_count);
        if count > WHOLE_LIST {
            let filter = EventFilter { range: self.only(), extrinsic: Some(place), ..EventFilter::default() };
            return Event::list(scope, filter, self.only());
        }
        let scope = scope.clone();
        List::loaded((Some(place.0), Some(place.0)), move || {
            let scope = scope.clone();
            async move {
                scope.budget.take_rows("events", count.into())?;
                let rows = scope.loaders.events_of_extrinsics.load_one(place).await?.unwrap_or_default();
                Ok(rows.iter().cloned().map(Event::from).collect())
            }
        })
    }
}

/// An extrinsic: a transaction, or an inherent that the block's author put in. Its outer call may carry other calls: see
/// `calls`.
#[Object]
impl Extrinsic {
    /// Block and index: `3010-4`. Unlike the hash, it is unique.
    async fn id(&self) -> String {
        format!("{}-{}", self.row.block_number, self.row.extrinsic_index)
    }
    /// Height of its block.
    async fn block_number(&self) -> BlockNumber {
        BlockNumber(self.row.block_number)
    }
    /// Index in its block, from 0.
    async fn index(&self) -> u32 {
        self.row.extrinsic_index
    }
    /// Blake2b-256 of its bytes. Not unique: the same bytes may occur again (inherents, reused nonces).
    async fn hash(&self) -> Hash {
        Hash(self.row.hash.clone())
    }
    /// Time of its block, UTC.
    async fn timestamp(&self) -> Option<Timestamp> {
        self.row.timestamp_ms.map(Timestamp)
    }
    /// Time of its block, milliseconds since the Unix epoch.
    async fn timestamp_ms(&self) -> Option<Long> {
        self.row.timestamp_ms.map(Long)
    }
    /// Size, bytes, the length prefix included.
    async fn length(&self) -> u32 {
        self.row.length
    }
    /// Version of the extrinsic format: 4 or 5.
    async fn version(&self) -> u32 {
        self.row.version.into()
    }
    /// `bare` (inherents), `signed` or `general` (version 5, authorised by extensions).
    async fn kind(&self) -> &str {
        &self.row.kind
    }
    /// Who signed: SS58; 0x hex of 20-byte addresses; `index:N`. Null for unsigned ones.
    async fn signer(&self) -> Option<&str> {
        self.row.signer.as_deref()
    }
    /// Signature: `{"Sr25519":"0x…"}`. Null for unsigned ones.
    async fn signature(&self) -> Option<Json> {
        self.row.signature.clone().map(Json)
    }
    /// The signer's nonce. Source: the `CheckNonce` extension; null for unsigned ones.
    async fn nonce(&self) -> Option<Long> {
        self.row.nonce.map(Long)
    }
    /// Tip, rao. Source: the `ChargeTransactionPayment` extension; null where there is none.
    async fn tip_rao(&self) -> Option<Rao> {
        self.row.tip_rao.map(|amount| Rao(amount.into()))
    }
    /// First block in which it is valid. Null for immortal and unsigned ones.
    async fn era_birth(&self) -> Option<BlockNumber> {
        self.row.era_birth.map(BlockNumber)
    }
    /// First block in which it is no longer valid. Null for immortal and unsigned ones.
    async fn era_death(&self) -> Option<BlockNumber> {
        self.row.era_death.map(BlockNumber)
    }
    /// All signed extensions by name.
    async fn extensions(&self) -> Json {
        Json(self.row.extensions.clone())
    }
    /// Pallet of the outer call.
    async fn pallet(&self) -> &str {
        &self.row.pallet
    }
    /// Name of the outer call.
    async fn call(&self) -> &str {
        &self.row.call
    }
    /// `Pallet.call` of the outer call.
    async fn name(&self) -> String {
        format!("{}.{}", self.row.pallet, self.row.call)
    }
    /// Arguments of the outer call, calls inside it included.
    async fn args(&self) -> Json {
        Json(self.row.args.clone())
    }
    /// Whether it succeeded. Source: `System.ExtrinsicSuccess` or `ExtrinsicFailed`; null if neither was decoded. A
    /// batch may succeed although calls inside it failed: see `calls`.
    async fn success(&self) -> Option<bool> {
        self.row.success
    }
    /// Why it failed: `Pallet.Error` or the name of a general error (`BadOrigin`). Named by its own runtime's metadata.
    async fn error(&self) -> Option<&str> {
        self.row.error.as_deref()
    }
    /// Fee that was charged, the tip included, rao. Source: `TransactionPayment.TransactionFeePaid`; null where the
    /// events do not tell.
    async fn fee_rao(&self) -> Option<Rao> {
        self.row.fee_rao.map(|amount| Rao(amount.into()))
    }
    /// Whether its call pays a fee at all. Source: dispatch info; null if it was not decoded.
    async fn pays_fee(&self) -> Option<bool> {
        self.row.pays_fee
    }
    /// Computation used, picoseconds. Source: dispatch info.
    async fn weight_ref_time(&self) -> Option<Long> {
        self.row.weight_ref_time.map(Long)
    }
    /// Proof size used, bytes. Source: dispatch info.
    async fn weight_proof_size(&self) -> Option<Long> {
        self.row.weight_proof_size.map(Long)
    }
    /// Nodes of its call tree, the outer call included.
    async fn call_count(&self) -> u32 {
        self.row.call_count
    }
    /// Events deposited while it was applied.
    async fn event_count(&self) -> u32 {
        self.row.event_count
    }
    /// Whether its block is final.
    async fn finalized(&self) -> bool {
        self.finalized
    }
    /// Its block.
    async fn block(&self, ctx: &Context<'_>) -> Result<Option<Block>> {
        let scope = Scope::of(ctx)?;
        if self.finalized {
            return Ok(find_stored(&scope, self.row.block_number).await?);
        }
        let tip = scope.shared.state.tip.blocks();
        Ok(tip.into_iter().find(|tip| tip.block.number == self.row.block_number).map(Block::from))
    }
    /// Its call tree in pre-order: the outer call (`path: "0"`), then the calls inside it. Null for unfinalized ones.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn calls(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<Call>>> {
        if !self.finalized {
            return Ok(None);
        }
        let scope = Scope::of(ctx)?;
        let id = ListId::new("Extrinsic.calls", &self.row_place(), Order::Oldest);
        let args = PageArgs::new(first, after, last, before);
        Ok(Some(Connection::new(id, Order::Oldest, &args, self.call_list(&scope), &scope)?))
    }
    /// Events deposited while it was applied, in order. Null for unfinalized ones.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<Event>>> {
        if !self.finalized {
            return Ok(None);
        }
        let scope = Scope::of(ctx)?;
        let id = ListId::new("Extrinsic.events", &self.row_place(), Order::Oldest);
        let args = PageArgs::new(first, after, last, before);
        Ok(Some(Connection::new(id, Order::Oldest, &args, self.event_list(&scope), &scope)?))
    }
    /// The block as of which this holds; null while nothing is stored.
    async fn as_of(&self, ctx: &Context<'_>) -> Result<Option<AsOf>> {
        let head = Scope::of(ctx)?.find_head().await?;
        Ok(head.map(|row| AsOf { row, finalized: true }))
    }
}

/// A stored extrinsic, through cache and dataloader.
pub(crate) async fn find_stored_extrinsic(
    scope: &Scope,
    place: Place,
) -> Result<Option<Extrinsic>, ApiError> {
    Ok(scope.loaders.extrinsics.load_one(place).await?.map(Extrinsic::from))
}

//! Blocks.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};
use yumascan_warehouse::{
    Cursor, Order,
    live::TipBlock,
    query::{Range, events::EventFilter, extrinsics::ExtrinsicFilter, transfers::TransferFilter},
    rows::BlockRow,
};

use super::{
    as_of::AsOf,
    connection::{Connection, List, Node},
    cursor::ListId,
    event::Event,
    extrinsic::Extrinsic,
    filter::Phase,
    paging::{PageArgs, list_cost},
    scalars::{AccountId, BlockNumber, Hash, Json, Long, Timestamp},
    scope::Scope,
    transfer::Transfer,
};
use crate::ApiError;

/// Lists inside of an object are loaded whole, many objects in one query, up to this many rows; longer ones page by page.
pub(crate) const WHOLE_LIST: u32 = 1_000;

/// A block: finalized and stored, or part of the unfinalized tip.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) row: Arc<BlockRow>,
    pub(crate) tip: Option<Arc<TipBlock>>,
}

impl From<BlockRow> for Block {
    fn from(row: BlockRow) -> Self {
        Self { row: Arc::new(row), tip: None }
    }
}

impl From<Arc<BlockRow>> for Block {
    fn from(row: Arc<BlockRow>) -> Self {
        Self { row, tip: None }
    }
}

impl From<Arc<TipBlock>> for Block {
    fn from(tip: Arc<TipBlock>) -> Self {
        Self { row: Arc::new(tip.block.clone()), tip: Some(tip) }
    }
}

impl Node for Block {
    const NAME: &'static str = "Block";
    fn place(&self) -> Cursor {
        Cursor { block: self.row.number, major: 0, minor: 0 }
    }
}

/// A number of events of one kind.
#[derive(Debug, SimpleObject)]
pub(crate) struct EventCount {
    /// Pallet.
    pallet: String,
    /// Variant.
    variant: String,
    /// How many.
    count: Long,
}

impl Block {
    fn only(&self) -> Range {
        Range { from_block: Some(self.row.number), to_block: Some(self.row.number), ..Range::default() }
    }

    fn span(&self) -> (Option<u64>, Option<u64>) {
        (Some(self.row.number), Some(self.row.number))
    }

    fn extrinsic_list(&self, scope: &Arc<Scope>) -> List<Extrinsic> {
        if let Some(tip) = self.tip.clone() {
            return List::loaded((None, None), move || {
                let rows = tip
                    .extrinsics
                    .iter()
                    .map(|row| Extrinsic { row: Arc::new(row.clone()), finalized: false });
                let rows: Vec<_> = rows.collect();
                async move { Ok(rows) }
            });
        }
        let (number, count) = (self.row.number, self.row.extrinsic_count);
        if count > WHOLE_LIST {
            let filter = ExtrinsicFilter { range: self.only(), ..ExtrinsicFilter::default() };
            return Extrinsic::list(scope, filter, self.only());
        }
        let scope = scope.clone();
        List::loaded(self.span(), move || {
            let scope = scope.clone();
            async move {
                scope.budget.take_rows("extrinsics", count.into())?;
                let rows = scope.loaders.extrinsics_of_blocks.load_one(number).await?.unwrap_or_default();
                Ok(rows.iter().cloned().map(Extrinsic::from).collect())
            }
        })
    }

    fn event_list(&self, scope: &Arc<Scope>, phase: Option<Phase>) -> List<Event> {
        let (number, count) = (self.row.number, self.row.event_count);
        if count > WHOLE_LIST {
            let phase = phase.map(|phase| phase.name().to_owned());
            let filter = EventFilter { range: self.only(), phase, ..EventFilter::default() };
            return Event::list(scope, filter, self.only());
        }
        let scope = scope.clone();
        List::loaded(self.span(), move || {
            let scope = scope.clone();
            async move {
                scope.budget.take_rows("events", count.into())?;
                let rows = scope.loaders.events_of_blocks.load_one(number).await?.unwrap_or_default();
                let wanted = rows.iter().filter(|row| phase.is_none_or(|phase| phase.name() == row.phase));
                Ok(wanted.cloned().map(Event::from).collect())
            }
        })
    }
}

/// A block. Finalized blocks are stored and never change; unfinalized ones (`finalized: false`) are answered only where
/// they were asked for, and may still be retracted.
#[Object]
impl Block {
    /// Height.
    async fn number(&self) -> BlockNumber {
        BlockNumber(self.row.number)
    }
    /// Blake2b-256 of the header, recomputed by us.
    async fn hash(&self) -> Hash {
        Hash(self.row.hash.clone())
    }
    /// Hash of the block before it. Source: header.
    async fn parent_hash(&self) -> Hash {
        Hash(self.row.parent_hash.clone())
    }
    /// Root of the state after the block. Source: header.
    async fn state_root(&self) -> Hash {
        Hash(self.row.state_root.clone())
    }
    /// Root of the trie of its extrinsics, verified by us. Source: header.
    async fn extrinsics_root(&self) -> Hash {
        Hash(self.row.extrinsics_root.clone())
    }
    /// Its time, UTC. Source: the `Timestamp.set` inherent; null for genesis.
    async fn timestamp(&self) -> Option<Timestamp> {
        self.row.timestamp_ms.map(Timestamp)
    }
    /// Its time, milliseconds since the Unix epoch.
    async fn timestamp_ms(&self) -> Option<Long> {
        self.row.timestamp_ms.map(Long)
    }
    /// Who made it. Source: Aura slot in the digest and the authorities at the parent; null where either is unknown.
    async fn author(&self) -> Option<AccountId> {
        self.row.author.clone().map(AccountId)
    }
    /// Runtime that executed it: the one in the state of its parent, also in the block that sets new code.
    async fn spec_version(&self) -> u32 {
        self.row.spec_version
    }
    /// Extrinsics the node gave, those that could not be decoded included.
    async fn extrinsic_count(&self) -> u32 {
        self.row.extrinsic_count
    }
    /// Events the node gave, those that could not be decoded included.
    async fn event_count(&self) -> u32 {
        self.row.event_count
    }
    /// Nodes of all call trees: outer calls and the calls inside them.
    async fn call_count(&self) -> u32 {
        self.row.call_count
    }
    /// Items that could not be decoded; they are kept with their raw bytes. 0 is normal.
    async fn quarantined_count(&self) -> u32 {
        self.row.quarantined_count
    }
    /// Computation used by its extrinsics, picoseconds. Source: dispatch infos of `System.ExtrinsicSuccess/Failed`.
    async fn weight_ref_time(&self) -> Long {
        Long(self.row.weight_ref_time)
    }
    /// Proof size used by its extrinsics, bytes. Source: as `weightRefTime`.
    async fn weight_proof_size(&self) -> Long {
        Long(self.row.weight_proof_size)
    }
    /// Digest logs: `[{"PreRuntime":["0x61757261","0x…"]}, …]`. Source: header.
    async fn digest(&self) -> Json {
        Json(self.row.digest.clone())
    }
    /// Whether it is final. False only for blocks of the live tip.
    async fn finalized(&self) -> bool {
        self.tip.is_none()
    }
    /// The block before it, if stored.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Block>> {
        match self.row.number.checked_sub(1) {
            Some(number) => Ok(find_stored(&*Scope::of(ctx)?, number).await?),
            None => Ok(None),
        }
    }
    /// The block after it, if stored.
    async fn next(&self, ctx: &Context<'_>) -> Result<Option<Block>> {
        let scope = Scope::of(ctx)?;
        scope.mark_volatile();
        let head = scope.find_head().await?.map_or(0, |head| head.number);
        if self.row.number >= head {
            return Ok(None);
        }
        Ok(find_stored(&scope, self.row.number + 1).await?)
    }
    /// Its extrinsics in the order of the block.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn extrinsics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Extrinsic>> {
        let scope = Scope::of(ctx)?;
        let id = ListId::new("Block.extrinsics", &self.row.hash, Order::Oldest);
        let args = PageArgs::new(first, after, last, before);
        Ok(Connection::new(id, Order::Oldest, &args, self.extrinsic_list(&scope), &scope)?)
    }
    /// Its events in the order of the block, all phases or one. Null for unfinalized blocks, whose events are not kept.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only events of this phase.")] phase: Option<Phase>,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<Event>>> {
        if self.tip.is_some() {
            return Ok(None);
        }
        let scope = Scope::of(ctx)?;
        let id = ListId::new("Block.events", &(&self.row.hash, phase), Order::Oldest);
        let args = PageArgs::new(first, after, last, before);
        Ok(Some(Connection::new(id, Order::Oldest, &args, self.event_list(&scope, phase), &scope)?))
    }
    /// How often each kind of event occurs in a phase, most frequent first. Null for unfinalized blocks.
    #[graphql(complexity = "20 * child_complexity")]
    async fn event_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The phase.")] phase: Phase,
    ) -> Result<Option<Vec<EventCount>>> {
        if self.tip.is_some() {
            return Ok(None);
        }
        let scope = Scope::of(ctx)?;
        let counts = scope
            .warehouse()?
            .count_events_by_name(self.row.number, phase.name())
            .await
            .map_err(ApiError::from)?;
        let count = |(pallet, variant, count)| EventCount { pallet, variant, count: Long(count) };
        Ok(Some(counts.into_iter().map(count).collect()))
    }
    /// Its transfers of TAO (`Balances.Transfer`) in the order of the block. Null for unfinalized blocks.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn transfers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<Transfer>>> {
        if self.tip.is_some() {
            return Ok(None);
        }
        let scope = Scope::of(ctx)?;
        let id = ListId::new("Block.transfers", &self.row.hash, Order::Oldest);
        let args = PageArgs::new(first, after, last, before);
        let filter = TransferFilter { range: self.only(), ..TransferFilter::default() };
        Ok(Some(Connection::new(
            id,
            Order::Oldest,
            &args,
            Transfer::list(&scope, filter, self.only()),
            &scope,
        )?))
    }
    /// The block as of which this holds; null while nothing is stored.
    async fn as_of(&self, ctx: &Context<'_>) -> Result<Option<AsOf>> {
        if self.tip.is_some() {
            return Ok(Some(AsOf { row: self.row.clone(), finalized: false }));
        }
        let head = Scope::of(ctx)?.find_head().await?;
        Ok(head.map(|row| AsOf { row, finalized: true }))
    }
}

/// A stored block, through cache and dataloader.
pub(crate) async fn find_stored(scope: &Scope, number: u64) -> Result<Option<Block>, ApiError> {
    Ok(scope.loaders.blocks.load_one(number).await?.map(Block::from))
}

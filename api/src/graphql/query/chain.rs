//! Blocks and what is in them.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use yumascan_warehouse::query::{Range, blocks::BlockFilter};

use super::super::{
    as_of::AsOf,
    block::{Block, find_stored},
    call::Call,
    connection::{Connection, List},
    cursor::ListId,
    event::Event,
    extrinsic::{Extrinsic, find_stored_extrinsic},
    filter::{
        BlockFilterInput, CallFilterInput, EventFilterInput, ExtrinsicFilterInput, OrderInput,
        TransferFilterInput,
    },
    names::parse_place,
    paging::{PageArgs, list_cost},
    scalars::{BlockNumber, Hash},
    scope::Scope,
    tip::{Tip, blocks_above, read_with_tip},
    transfer::Transfer,
};
use crate::ApiError;

/// Entry points of the chain's log.
#[derive(Default)]
pub(crate) struct ChainQuery;

#[Object]
impl ChainQuery {
    /// A block by height or by hash; null when it is not stored. Without either: the highest stored block.
    async fn block(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Height.")] number: Option<BlockNumber>,
        #[graphql(desc = "Hash of the header.")] hash: Option<Hash>,
        #[graphql(desc = "Look in the live tip too.", default = false)] include_unfinalized: bool,
    ) -> Result<Option<Block>> {
        let scope = Scope::of(ctx)?;
        let head = scope.pin().await?;
        let is_wanted = |block: &Block| match (&number, &hash) {
            (Some(number), _) => block.row.number == number.0,
            (None, Some(hash)) => block.row.hash == hash.0,
            (None, None) => true,
        };
        if include_unfinalized {
            scope.mark_volatile();
            let tip = blocks_above(&scope.shared.state.tip, head.as_deref(), &BlockFilter::default());
            if let Some(block) = tip.into_iter().rev().find(is_wanted) {
                return Ok(Some(block));
            }
        }
        let found = match (number, hash) {
            (Some(_), Some(_)) => {
                return Err(ApiError::BadInput("pass `number` or `hash`, not both".into()).into());
            }
            (Some(number), None) => find_stored(&scope, number.0).await?,
            (None, Some(hash)) => find_by_hash(&scope, &hash.0).await?,
            (None, None) => scope.find_head().await?.map(Block::from),
        };
        if found.is_none() {
            scope.mark_volatile();
        }
        Ok(found)
    }

    /// Blocks.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn blocks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which blocks.")] filter: Option<BlockFilterInput>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(
            desc = "List the blocks of the live tip too (`finalized: false`); they may be retracted.",
            default = false
        )]
        include_unfinalized: bool,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Block>> {
        let scope = Scope::of(ctx)?;
        let head = scope.find_head().await?;
        let filter = filter.unwrap_or_default().build()?;
        let id = ListId::new("blocks", &(&filter, include_unfinalized), order.into());
        let range = scope.clamp(filter.range).await?;
        let mut list = block_list(&scope, filter.clone(), range);
        if include_unfinalized {
            let tip = blocks_above(&scope.shared.state.tip, head.as_deref(), &filter);
            list = above(tip, list);
        }
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }

    /// The live tip: blocks above the finalized head, from memory. Empty where this process follows no node.
    #[graphql(complexity = "10 * child_complexity")]
    async fn tip(&self, ctx: &Context<'_>) -> Result<Tip> {
        let scope = Scope::of(ctx)?;
        let head = scope.find_head().await?;
        Ok(Tip::new(&scope.shared.state.tip, head))
    }

    /// An extrinsic by id or by hash; null when it is not stored. Hashes are not unique: the newest of its hash, see
    /// `extrinsicsByHash`.
    async fn extrinsic(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Block and index: `3010-4`.")] id: Option<String>,
        #[graphql(desc = "Blake2b-256 of its bytes.")] hash: Option<Hash>,
    ) -> Result<Option<Extrinsic>> {
        let scope = Scope::of(ctx)?;
        scope.pin().await?;
        let found = match (id, hash) {
            (Some(id), None) => find_stored_extrinsic(&scope, parse_place(&id, "extrinsic")?).await?,
            (None, Some(hash)) => {
                scope.mark_volatile();
                let rows =
                    scope.warehouse()?.list_extrinsics_by_hash(&hash.0).await.map_err(ApiError::from)?;
                rows.into_iter().next().map(Extrinsic::from)
            }
            _ => {
                return Err(
                    ApiError::BadInput("pass `id` (block and index, `3010-4`) or `hash`".into()).into()
                );
            }
        };
        if found.is_none() {
            scope.mark_volatile();
        }
        Ok(found)
    }

    /// All extrinsics of a hash, newest first, at most 100.
    #[graphql(complexity = "5 * child_complexity")]
    async fn extrinsics_by_hash(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Blake2b-256 of their bytes.")] hash: Hash,
    ) -> Result<Vec<Extrinsic>> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let rows = scope.warehouse()?.list_extrinsics_by_hash(&hash.0).await.map_err(ApiError::from)?;
        scope.budget.take_rows("extrinsics", rows.len() as u64)?;
        Ok(rows.into_iter().map(Extrinsic::from).collect())
    }

    /// Extrinsics, by their outer calls. What batches, proxies and the like carry is in `calls`.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn extrinsics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which extrinsics.")] filter: Option<ExtrinsicFilterInput>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Extrinsic>> {
        let scope = Scope::of(ctx)?;
        let filter = filter.unwrap_or_default().build()?;
        let id = ListId::new("extrinsics", &filter, order.into());
        let range = scope.clamp(filter.range).await?;
        let list = Extrinsic::list(&scope, filter, range);
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }

    /// Calls: the nodes of all call trees, outer calls and the calls inside them.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn calls(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which calls.")] filter: Option<CallFilterInput>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Call>> {
        let scope = Scope::of(ctx)?;
        let filter = filter.unwrap_or_default().build()?;
        let id = ListId::new("calls", &filter, order.into());
        let range = scope.clamp(filter.range).await?;
        let list = Call::list(&scope, filter, range);
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }

    /// Events.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which events.")] filter: Option<EventFilterInput>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Event>> {
        let scope = Scope::of(ctx)?;
        let filter = filter.unwrap_or_default().build()?;
        let id = ListId::new("events", &filter, order.into());
        let range = scope.clamp(filter.range).await?;
        let list = Event::list(&scope, filter, range);
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }

    /// Transfers of TAO between accounts (`Balances.Transfer`).
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn transfers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which transfers.")] filter: Option<TransferFilterInput>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Transfer>> {
        let scope = Scope::of(ctx)?;
        let filter = filter.unwrap_or_default().build()?;
        let id = ListId::new("transfers", &filter, order.into());
        let range = scope.clamp(filter.range).await?;
        let list = Transfer::list(&scope, filter, range);
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }
}

/// A stored block by hash: the cache knows the height of hashes it has seen.
async fn find_by_hash(scope: &Scope, hash: &str) -> Result<Option<Block>, ApiError> {
    if let Some(number) = scope.shared.cache.find_number(hash).await {
        return find_stored(scope, number).await;
    }
    let Some(row) = scope.warehouse()?.find_block_by_hash(hash).await? else {
        return Ok(None);
    };
    let row = Arc::new(row);
    scope.shared.cache.keep_block(&row).await;
    Ok(Some(row.into()))
}

fn block_list(scope: &Arc<Scope>, filter: BlockFilter, range: Range) -> List<Block> {
    let filter_to_count = filter.clone();
    let filter = BlockFilter { range, ..filter };
    List::stored(
        scope,
        "blocks",
        (range.from_block, range.to_block),
        move |warehouse, page| {
            let filter = filter.clone();
            async move { warehouse.list_blocks(&filter, page).await }
        },
        move |warehouse| {
            let filter = filter_to_count.clone();
            async move { warehouse.count_blocks(&filter).await }
        },
    )
}

/// The list that has `tip` above the stored blocks.
fn above(tip: Vec<Block>, stored: List<Block>) -> List<Block> {
    let as_of = tip.last().map(|block| AsOf { row: block.row.clone(), finalized: false });
    let (total, tip) = (tip.len() as u64, Arc::new(tip));
    let (read, count) = (Arc::new(stored.read), stored.count);
    List {
        read: Box::new(move |request| {
            let (tip, read) = (tip.clone(), read.clone());
            Box::pin(async move { read_with_tip(&tip, request, |request| read(request)).await })
        }),
        count: Box::new(move || {
            let counting = count();
            Box::pin(async move { Ok(counting.await? + total) })
        }),
        blocks: stored.blocks,
        as_of,
    }
}

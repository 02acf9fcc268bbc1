//! The entry points of the schema.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use yumascan_warehouse::query::{Range, blocks::BlockFilter};

use super::{
    account::Account,
    as_of::{AsOf, CoverageOf},
    block::{Block, find_stored},
    call::Call,
    connection::{Connection, List},
    cursor::ListId,
    epoch::Epoch,
    event::Event,
    extrinsic::{Extrinsic, find_stored_extrinsic},
    filter::{
        BlockFilterInput, CallFilterInput, EmissionVerificationFilterInput, EpochVerificationFilterInput,
        EventFilterInput, ExtrinsicFilterInput, OrderInput, TransferFilterInput,
    },
    names::parse_place,
    paging::{PageArgs, list_cost},
    runtime_version::RuntimeVersion,
    scalars::{AccountId, BlockNumber, Hash},
    scope::Scope,
    search::{self, SearchAnswer},
    status::Status,
    tip::{Tip, blocks_above, read_with_tip},
    transfer::Transfer,
    verification::{EmissionVerification, EpochVerification, VerdictTotals},
};
use crate::ApiError;

/// Root of all queries.
pub(crate) struct Query;

/// A Bittensor chain: its finalized blocks as they are stored, and its live tip.
///
/// Amounts are strings of whole rao (1 TAO = 1,000,000,000 rao); what is not known is null, never 0. All parts of an
/// answer hold as of one block, named in `extensions.asOf` and in every `asOf`. Refused queries say why in `message` and
/// have a stable `extensions.code`.
#[Object]
impl Query {
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

    /// Epochs that were recomputed and compared with what the chain stored, one a block, subnet and mechanism.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn epoch_verifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which epochs.")] filter: Option<EpochVerificationFilterInput>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<EpochVerification>> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let filter = filter.unwrap_or_default().build()?;
        let id = ListId::new("epochVerifications", &filter, order.into());
        let list = EpochVerification::list(&scope, filter);
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }

    /// How many epochs have which verdict.
    #[graphql(complexity = "5 + child_complexity")]
    async fn epoch_verdicts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which epochs.")] filter: Option<EpochVerificationFilterInput>,
    ) -> Result<VerdictTotals> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let filter = filter.unwrap_or_default().build()?;
        let counts = scope.warehouse()?.count_epoch_verdicts(&filter).await.map_err(ApiError::from)?;
        Ok(counts.into())
    }

    /// One epoch: inputs, every step, results and verdict, recomputed from the inputs that are kept. Null where it was not
    /// verified, or its inputs are not kept.
    #[graphql(complexity = "10 + child_complexity")]
    async fn epoch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Subnet.")] netuid: u16,
        #[graphql(desc = "Block in whose initialization it ran.")] block: BlockNumber,
        #[graphql(desc = "Mechanism, from 0.", default = 0)] mechid: u8,
    ) -> Result<Option<Epoch>> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let finding = scope.warehouse()?.find_epoch_verification(block.0, netuid, mechid);
        let Some(row) = finding.await.map_err(ApiError::from)? else { return Ok(None) };
        Ok(Epoch::find(&scope, Arc::new(row)).await?)
    }

    /// Emission of blocks and subnets that was recomputed and compared with what the chain stored.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn emission_verifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which blocks and subnets.")] filter: Option<EmissionVerificationFilterInput>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<EmissionVerification>> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let filter = filter.unwrap_or_default().build()?;
        let id = ListId::new("emissionVerifications", &filter, order.into());
        let list = EmissionVerification::list(&scope, filter);
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }

    /// How many blocks of subnets have which verdict on their emission.
    #[graphql(complexity = "5 + child_complexity")]
    async fn emission_verdicts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which blocks and subnets.")] filter: Option<EmissionVerificationFilterInput>,
    ) -> Result<VerdictTotals> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let filter = filter.unwrap_or_default().build()?;
        let counts = scope.warehouse()?.count_emission_verdicts(&filter).await.map_err(ApiError::from)?;
        Ok(counts.into())
    }

    /// An account; null when no stored block mentions it.
    async fn account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "SS58 of any prefix, or 0x and 64 hexadecimal digits.")] id: AccountId,
    ) -> Result<Option<Account>> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let found = scope.warehouse()?.find_account(&id.0).await.map_err(ApiError::from)?;
        Ok(found.map(|summary| Account(Arc::new(summary))))
    }

    /// What a text can mean: block number or hash, extrinsic hash or id, SS58 address or hex public key, `Pallet.call`
    /// or `Pallet.Event`, also their beginnings.
    #[graphql(complexity = "10 * child_complexity")]
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The text, at most 200 characters.")] text: String,
        #[graphql(desc = "At most this many hits, 1 to 50.", default = 10)] first: i64,
    ) -> Result<SearchAnswer> {
        const MAX: u32 = 50;
        let scope = Scope::of(ctx)?;
        if text.chars().count() > 200 {
            return Err(ApiError::BadInput(
                "`text` is longer than 200 characters; nothing here has so long a name".into(),
            )
            .into());
        }
        let limit = u32::try_from(first)
            .ok()
            .filter(|limit| (1..=MAX).contains(limit))
            .ok_or(ApiError::PageSize { argument: "first", value: first, max: MAX })?;
        let head = scope.find_head().await?;
        let found = scope.warehouse()?.search(&text, limit).await.map_err(ApiError::from)?;
        let as_of = head.map(|row| AsOf { row, finalized: true });
        Ok(SearchAnswer { hits: search::resolve(&scope, found).await?, as_of })
    }

    /// Runtimes that executed stored blocks.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn runtime_versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Direction along the chain.", default)] order: OrderInput,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<RuntimeVersion>> {
        let scope = Scope::of(ctx)?;
        scope.find_head().await?;
        let id = ListId::new("runtimeVersions", &(), order.into());
        let loading = scope.clone();
        let list = List::loaded((None, None), move || {
            let scope = loading.clone();
            async move {
                let mut rows = scope.warehouse()?.list_runtime_versions().await?;
                rows.sort_by_key(|row| (row.first_block, row.spec_version));
                Ok(rows.into_iter().map(|row| RuntimeVersion(Arc::new(row))).collect())
            }
        });
        Ok(Connection::new(id, order.into(), &PageArgs::new(first, after, last, before), list, &scope)?)
    }

    /// Which blocks are stored, and where the gaps are. Without ends: between the lowest and the highest stored block.
    async fn coverage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Lowest block of the range.")] from: Option<BlockNumber>,
        #[graphql(desc = "Highest block of the range.")] to: Option<BlockNumber>,
    ) -> Result<CoverageOf> {
        let scope = Scope::of(ctx)?;
        let head = scope.find_head().await?;
        let (from, to) = (from.map(|number| number.0), to.map(|number| number.0));
        if matches!((from, to), (Some(from), Some(to)) if from > to) {
            return Err(ApiError::BadInput("`from` is above `to`: exchange them".into()).into());
        }
        let coverage = scope.get_coverage(from, to).await?;
        Ok(CoverageOf { from, to, coverage, as_of: head.map(|row| AsOf { row, finalized: true }) })
    }

    /// What this instance holds and how it is doing.
    async fn status(&self, ctx: &Context<'_>) -> Result<Status> {
        Scope::of(ctx)?.mark_volatile();
        Ok(Status)
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

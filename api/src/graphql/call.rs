//! Calls: nodes of call trees.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, Result};
use yumascan_warehouse::{
    Cursor, Order,
    query::{Range, calls::CallFilter},
    rows::CallRow,
};

use super::{
    as_of::AsOf,
    block::{Block, find_stored},
    connection::{Connection, List, Node},
    cursor::ListId,
    extrinsic::{Extrinsic, find_stored_extrinsic},
    paging::{PageArgs, list_cost},
    scalars::{BlockNumber, Json, Long, Timestamp},
    scope::Scope,
};
use crate::{ApiError, cache::Place};

/// A call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    row: Arc<CallRow>,
}

impl From<CallRow> for Call {
    fn from(row: CallRow) -> Self {
        Self { row: Arc::new(row) }
    }
}

impl From<Arc<CallRow>> for Call {
    fn from(row: Arc<CallRow>) -> Self {
        Self { row }
    }
}

impl Node for Call {
    const NAME: &'static str = "Call";
    fn place(&self) -> Cursor {
        Cursor { block: self.row.block_number, major: self.row.extrinsic_index, minor: self.row.call_index }
    }
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum Outcome {
    /// It ran and took effect.
    Success,
    /// It ran and returned an error.
    Failed,
    /// It ran (or may have), but an enclosing call failed and rolled it back.
    Reverted,
    /// It never ran, e.g. after the interruption of a batch.
    NotExecuted,
    /// It was stored to run later: scheduler, crowdloan, multisig that is not yet approved.
    Deferred,
    /// The events do not tell.
    Unknown,
}

impl Outcome {
    fn parse(name: &str) -> Self {
        match name {
            "success" => Self::Success,
            "failed" => Self::Failed,
            "reverted" => Self::Reverted,
            "not_executed" => Self::NotExecuted,
            "deferred" => Self::Deferred,
            _ => Self::Unknown,
        }
    }
}

impl Call {
    /// Calls of the warehouse, listed within `range`. They are counted by the filter alone: without a range of its own the
    /// warehouse keeps its count, whereas one that ends at the head would have to be counted anew.
    pub(crate) fn list(scope: &Arc<Scope>, filter: CallFilter, range: Range) -> List<Self> {
        let filter_to_count = filter.clone();
        let filter = CallFilter { range, ..filter };
        let blocks = (range.from_block, range.to_block);
        List::stored(
            scope,
            "calls",
            blocks,
            move |warehouse, page| {
                let filter = filter.clone();
                async move { warehouse.list_calls(&filter, page).await }
            },
            move |warehouse| {
                let filter = filter_to_count.clone();
                async move { warehouse.count_calls(&filter).await }
            },
        )
    }

    fn extrinsic_place(&self) -> Place {
        (self.row.block_number, self.row.extrinsic_index)
    }

    /// The whole tree it stands in; loaded once an answer.
    async fn tree(scope: &Scope, place: Place) -> Result<Arc<Vec<Arc<CallRow>>>, ApiError> {
        let tree = scope.loaders.calls_of_extrinsics.load_one(place).await?.unwrap_or_default();
        Ok(tree)
    }
}

/// A call: one node of the call tree of an extrinsic, with its own origin and outcome.
#[Object]
impl Call {
    /// Block, extrinsic and path: `3010-4-0.3`.
    async fn id(&self) -> String {
        format!("{}-{}-{}", self.row.block_number, self.row.extrinsic_index, self.row.path)
    }
    /// Height of its block.
    async fn block_number(&self) -> BlockNumber {
        BlockNumber(self.row.block_number)
    }
    /// Index of its extrinsic in the block.
    async fn extrinsic_index(&self) -> u32 {
        self.row.extrinsic_index
    }
    /// Id of its extrinsic: `3010-4`.
    async fn extrinsic_id(&self) -> String {
        format!("{}-{}", self.row.block_number, self.row.extrinsic_index)
    }
    /// Ordinal in the extrinsic in pre-order; 0 is the outer call.
    async fn index(&self) -> u32 {
        self.row.call_index
    }
    /// Ordinal of the call it stands in; null for the outer call.
    async fn parent_index(&self) -> Option<u32> {
        self.row.parent_index
    }
    /// `0` for the outer call, `0.3.1` for the second call in its fourth call.
    async fn path(&self) -> &str {
        &self.row.path
    }
    /// 0 for the outer call.
    async fn depth(&self) -> u32 {
        self.row.depth
    }
    /// Pallet.
    async fn pallet(&self) -> &str {
        &self.row.pallet
    }
    /// Name.
    async fn call(&self) -> &str {
        &self.row.call
    }
    /// `Pallet.call`.
    async fn name(&self) -> String {
        format!("{}.{}", self.row.pallet, self.row.call)
    }
    /// Argument of the enclosing call that carries it, e.g. `calls`; empty for the outer call.
    async fn role(&self) -> &str {
        &self.row.role
    }
    /// Who acts: SS58 (signer, proxied account, multisig), `Root`, `None` (unsigned), or `Unknown`.
    async fn origin(&self) -> &str {
        &self.row.origin
    }
    /// What became of it. Source: the events of its extrinsic.
    async fn outcome(&self) -> Outcome {
        Outcome::parse(&self.row.outcome)
    }
    /// True for `SUCCESS`; false for `FAILED`, `REVERTED`, `NOT_EXECUTED`; null where not known (yet).
    async fn success(&self) -> Option<bool> {
        self.row.success
    }
    /// Why it failed: `Pallet.Error` or the name of a general error.
    async fn error(&self) -> Option<&str> {
        self.row.error.as_deref()
    }
    /// Arguments; a call inside is a reference `{"$call":"0.3.1"}` to its own node.
    async fn args(&self) -> Json {
        Json(self.row.args.clone())
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
    /// Its extrinsic.
    async fn extrinsic(&self, ctx: &Context<'_>) -> Result<Option<Extrinsic>> {
        Ok(find_stored_extrinsic(&*Scope::of(ctx)?, self.extrinsic_place()).await?)
    }
    /// The call it stands in; null for the outer call.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Call>> {
        let Some(parent) = self.row.parent_index else {
            return Ok(None);
        };
        let tree = Self::tree(&*Scope::of(ctx)?, self.extrinsic_place()).await?;
        Ok(tree.iter().find(|row| row.call_index == parent).cloned().map(Call::from))
    }
    /// Calls directly inside it, in order.
    #[graphql(complexity = "list_cost(first, last, child_complexity)")]
    async fn children(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Rows from the front, 1 to 1000; 25 when neither `first` nor `last` is given.")]
        first: Option<i64>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Rows from the back, 1 to 1000.")] last: Option<i64>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Call>> {
        let scope = Scope::of(ctx)?;
        let (place, index) = (self.extrinsic_place(), self.row.call_index);
        let id = ListId::new("Call.children", &(place, index), Order::Oldest);
        let loading = scope.clone();
        let list = List::loaded((Some(place.0), Some(place.0)), move || {
            let scope = loading.clone();
            async move {
                let tree = Self::tree(&scope, place).await?;
                let children: Vec<_> =
                    tree.iter().filter(|row| row.parent_index == Some(index)).cloned().collect();
                scope.budget.take_rows("calls", children.len() as u64)?;
                Ok(children.into_iter().map(Call::from).collect())
            }
        });
        Ok(Connection::new(id, Order::Oldest, &PageArgs::new(first, after, last, before), list, &scope)?)
    }
    /// The block as of which this holds; null while nothing is stored.
    async fn as_of(&self, ctx: &Context<'_>) -> Result<Option<AsOf>> {
        let head = Scope::of(ctx)?.find_head().await?;
        Ok(head.map(|row| AsOf { row, finalized: true }))
    }
}

//! What one request knows: as of which block it answers, what it may still spend, and its dataloaders.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_graphql::Context;
use tokio::sync::{Mutex, OnceCell};
use yumascan_warehouse::{
    Warehouse,
    query::{Range, coverage::Coverage},
    rows::BlockRow,
};

use super::loaders::Loaders;
use crate::{ApiError, limits::Tier, shared::Shared};

/// Rows and warehouse queries that an answer may still take. Shared with the loaders.
#[derive(Debug)]
pub(crate) struct Budget {
    rows: AtomicU64,
    queries: AtomicU64,
    max_rows: u64,
    max_queries: u64,
}

impl Budget {
    fn new(max_rows: u64, max_queries: u64) -> Self {
        Self { rows: AtomicU64::new(0), queries: AtomicU64::new(0), max_rows, max_queries }
    }

    /// Takes one warehouse query from the budget; call it before the query.
    pub(crate) fn take_query(&self) -> Result<(), ApiError> {
        let before = self.queries.fetch_add(1, Ordering::Relaxed);
        if before >= self.max_queries { Err(ApiError::QueryLimit { max: self.max_queries }) } else { Ok(()) }
    }

    /// Takes rows from the budget; call it before they are read where their number is known, else after.
    pub(crate) fn take_rows(&self, list: &'static str, wanted: u64) -> Result<(), ApiError> {
        let before = self.rows.fetch_add(wanted, Ordering::Relaxed);
        if before.saturating_add(wanted) > self.max_rows {
            return Err(ApiError::NodeLimit { list, wanted, max: self.max_rows });
        }
        Ok(())
    }

    pub(crate) fn spent(&self) -> (u64, u64) {
        (self.rows.load(Ordering::Relaxed), self.queries.load(Ordering::Relaxed))
    }
}

/// Ends of a range of blocks, inclusive; `None` is open.
type Ends = (Option<u64>, Option<u64>);

/// One request.
pub(crate) struct Scope {
    pub(crate) shared: Arc<Shared>,
    pub(crate) request_id: String,
    /// How many times the limits of an anonymous visitor this one has.
    pub(crate) factor: u64,
    pub(crate) budget: Arc<Budget>,
    pub(crate) loaders: Loaders,
    head: OnceCell<Option<Arc<BlockRow>>>,
    coverages: Mutex<HashMap<Ends, Arc<Coverage>>>,
    volatile: AtomicBool,
}

impl Scope {
    pub(crate) fn new(shared: Arc<Shared>, request_id: String, tier: Tier) -> Arc<Self> {
        let config = &shared.state.config;
        let factor = config.factor(tier);
        let (rows, queries) = (config.max_nodes, config.max_warehouse_queries);
        let budget = Arc::new(Budget::new(rows.saturating_mul(factor), queries.saturating_mul(factor)));
        let loaders = Loaders::new(&shared, &budget);
        Arc::new(Self {
            shared,
            request_id,
            factor,
            budget,
            loaders,
            head: OnceCell::new(),
            coverages: Mutex::default(),
            volatile: AtomicBool::new(false),
        })
    }

    /// The scope of the request that is being answered.
    pub(crate) fn of(ctx: &Context<'_>) -> Result<Arc<Self>, ApiError> {
        ctx.data_opt::<Arc<Self>>()
            .cloned()
            .ok_or(ApiError::Internal("a query was executed without its scope"))
    }

    /// The warehouse, for one query, which is taken from the budget.
    pub(crate) fn warehouse(&self) -> Result<&Warehouse, ApiError> {
        self.budget.take_query()?;
        Ok(&self.shared.state.warehouse)
    }

    /// The highest stored block: one and the same for the whole answer. `None` while nothing is stored.
    /// What depends on it is another thing when the next block arrives.
    pub(crate) async fn find_head(&self) -> Result<Option<Arc<BlockRow>>, ApiError> {
        self.mark_volatile();
        self.pin().await
    }

    /// Fixes the head of this answer.
    pub(crate) async fn pin(&self) -> Result<Option<Arc<BlockRow>>, ApiError> {
        self.head.get_or_try_init(|| self.shared.find_head()).await.cloned()
    }

    /// The head of this answer, if it has one.
    pub(crate) fn known_head(&self) -> Option<Arc<BlockRow>> {
        self.head.get().cloned().flatten()
    }

    /// Ends `range` at the head of this answer, so that its parts fit each other while blocks arrive.
    pub(crate) async fn clamp(&self, range: Range) -> Result<Range, ApiError> {
        let head = self.find_head().await?.map(|head| head.number);
        let to_block = match (range.to_block, head) {
            (Some(to), Some(head)) => Some(to.min(head)),
            (to, head) => to.or(head),
        };
        Ok(Range { to_block, ..range })
    }

    /// Coverage of a range, asked once an answer.
    pub(crate) async fn get_coverage(
        &self,
        from: Option<u64>,
        to: Option<u64>,
    ) -> Result<Arc<Coverage>, ApiError> {
        let mut coverages = self.coverages.lock().await;
        if let Some(known) = coverages.get(&(from, to)) {
            return Ok(known.clone());
        }
        let coverage = Arc::new(self.warehouse()?.get_coverage(from, to).await?);
        coverages.insert((from, to), coverage.clone());
        Ok(coverage)
    }

    /// Notes that the same query may be answered otherwise later: the answer may not be cached as finalized.
    pub(crate) fn mark_volatile(&self) {
        self.volatile.store(true, Ordering::Relaxed);
    }

    /// Whether the answer holds nothing but finalized objects.
    pub(crate) fn is_immutable(&self) -> bool {
        !self.volatile.load(Ordering::Relaxed)
    }
}

//! Dataloaders: what many objects of an answer want is asked of the warehouse in one query.
//!
//! They live as long as a request, remember what they loaded, and stop with it: when the client leaves or the time is
//! up, queries in flight are dropped.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use tokio::task::JoinSet;
use yumascan_warehouse::{
    Warehouse,
    rows::{BlockRow, CallRow, EventRow, ExtrinsicRow},
};

use super::scope::Budget;
use crate::{ApiError, cache::Place, shared::Shared};

/// What every loader needs.
#[derive(Clone)]
struct Source {
    shared: Arc<Shared>,
    budget: Arc<Budget>,
}

impl Source {
    fn warehouse(&self) -> Result<&Warehouse, ApiError> {
        self.budget.take_query()?;
        Ok(&self.shared.state.warehouse)
    }
}

/// Blocks by number, through the cache.
pub(crate) struct Blocks(Source);
/// Extrinsics by place, through the cache.
pub(crate) struct Extrinsics(Source);
/// All extrinsics of a block.
pub(crate) struct ExtrinsicsOfBlocks(Source);
/// All calls of an extrinsic, in pre-order.
pub(crate) struct CallsOfExtrinsics(Source);
/// All events of an extrinsic.
pub(crate) struct EventsOfExtrinsics(Source);
/// All events of a block.
pub(crate) struct EventsOfBlocks(Source);

/// A loader of one request.
pub(crate) type RequestLoader<L> = DataLoader<L, HashMapCache>;

/// All loaders of one request.
pub(crate) struct Loaders {
    pub(crate) blocks: RequestLoader<Blocks>,
    pub(crate) extrinsics: RequestLoader<Extrinsics>,
    pub(crate) extrinsics_of_blocks: RequestLoader<ExtrinsicsOfBlocks>,
    pub(crate) calls_of_extrinsics: RequestLoader<CallsOfExtrinsics>,
    pub(crate) events_of_extrinsics: RequestLoader<EventsOfExtrinsics>,
    pub(crate) events_of_blocks: RequestLoader<EventsOfBlocks>,
}

impl Loaders {
    pub(crate) fn new(shared: &Arc<Shared>, budget: &Arc<Budget>) -> Self {
        let source = Source { shared: shared.clone(), budget: budget.clone() };
        Self {
            blocks: loader(Blocks(source.clone())),
            extrinsics: loader(Extrinsics(source.clone())),
            extrinsics_of_blocks: loader(ExtrinsicsOfBlocks(source.clone())),
            calls_of_extrinsics: loader(CallsOfExtrinsics(source.clone())),
            events_of_extrinsics: loader(EventsOfExtrinsics(source.clone())),
            events_of_blocks: loader(EventsOfBlocks(source)),
        }
    }
}

fn loader<L>(loader: L) -> RequestLoader<L> {
    // Dropped with the loader, and so with the request: a `JoinSet` aborts its tasks.
    let tasks = Mutex::new(JoinSet::new());
    let spawn = move |future: futures::future::BoxFuture<'static, ()>| {
        if let Ok(mut tasks) = tasks.lock() {
            tasks.spawn(future);
        }
    };
    DataLoader::with_cache(loader, spawn, HashMapCache::default())
}

/// Rows that belong to the same key, under it; every key of `keys` gets an entry.
fn group<K: Copy + Eq + std::hash::Hash, R>(
    keys: &[K],
    rows: Vec<R>,
    key: impl Fn(&R) -> K,
) -> HashMap<K, Arc<Vec<R>>> {
    let mut groups: HashMap<K, Vec<R>> = keys.iter().map(|key| (*key, Vec::new())).collect();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups.into_iter().map(|(key, rows)| (key, Arc::new(rows))).collect()
}

impl Loader<u64> for Blocks {
    type Value = Arc<BlockRow>;
    type Error = ApiError;

    async fn load(&self, keys: &[u64]) -> Result<HashMap<u64, Self::Value>, ApiError> {
        let mut found = HashMap::with_capacity(keys.len());
        let mut missing = Vec::new();
        for number in keys {
            match self.0.shared.cache.find_block(*number).await {
                Some(row) => drop(found.insert(*number, row)),
                None => missing.push(*number),
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        for row in self.0.warehouse()?.list_blocks_by_number(&missing).await? {
            let row = Arc::new(row);
            self.0.shared.cache.keep_block(&row).await;
            found.insert(row.number, row);
        }
        Ok(found)
    }
}

impl Loader<Place> for Extrinsics {
    type Value = Arc<ExtrinsicRow>;
    type Error = ApiError;

    async fn load(&self, keys: &[Place]) -> Result<HashMap<Place, Self::Value>, ApiError> {
        let mut found = HashMap::with_capacity(keys.len());
        let mut missing = Vec::new();
        for place in keys {
            match self.0.shared.cache.find_extrinsic(*place).await {
                Some(row) => drop(found.insert(*place, row)),
                None => missing.push(*place),
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        for row in self.0.warehouse()?.list_extrinsics_by_place(&missing).await? {
            let row = Arc::new(row);
            self.0.shared.cache.keep_extrinsic(&row).await;
            found.insert((row.block_number, row.extrinsic_index), row);
        }
        Ok(found)
    }
}

impl Loader<u64> for ExtrinsicsOfBlocks {
    type Value = Arc<Vec<Arc<ExtrinsicRow>>>;
    type Error = ApiError;

    async fn load(&self, keys: &[u64]) -> Result<HashMap<u64, Self::Value>, ApiError> {
        let rows = self.0.warehouse()?.list_extrinsics_of_blocks(keys).await?;
        Ok(group(keys, rows.into_iter().map(Arc::new).collect(), |row| row.block_number))
    }
}

impl Loader<Place> for CallsOfExtrinsics {
    type Value = Arc<Vec<Arc<CallRow>>>;
    type Error = ApiError;

    async fn load(&self, keys: &[Place]) -> Result<HashMap<Place, Self::Value>, ApiError> {
        let rows = self.0.warehouse()?.list_calls_of_extrinsics(keys).await?;
        Ok(group(keys, rows.into_iter().map(Arc::new).collect(), |row| {
            (row.block_number, row.extrinsic_index)
        }))
    }
}

impl Loader<Place> for EventsOfExtrinsics {
    type Value = Arc<Vec<Arc<EventRow>>>;
    type Error = ApiError;

    async fn load(&self, keys: &[Place]) -> Result<HashMap<Place, Self::Value>, ApiError> {
        let rows = self.0.warehouse()?.list_events_of_extrinsics(keys).await?;
        let rows: Vec<_> = rows.into_iter().map(Arc::new).collect();
        Ok(group(keys, rows, |row| (row.block_number, row.extrinsic_index.unwrap_or(u32::MAX))))
    }
}

impl Loader<u64> for EventsOfBlocks {
    type Value = Arc<Vec<Arc<EventRow>>>;
    type Error = ApiError;

    async fn load(&self, keys: &[u64]) -> Result<HashMap<u64, Self::Value>, ApiError> {
        let rows = self.0.warehouse()?.list_events_of_blocks(keys).await?;
        Ok(group(keys, rows.into_iter().map(Arc::new).collect(), |row| row.block_number))
    }
}

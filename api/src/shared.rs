//! What all requests share: the state, the caches, the remembered head.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{Mutex, Semaphore};
use yumascan_warehouse::rows::BlockRow;

use crate::{ApiError, ApiState, cache::FinalizedCache, persisted::Persisted};

/// Lives as long as the router.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) state: ApiState,
    pub(crate) cache: FinalizedCache,
    /// Turns for queries.
    pub(crate) turns: Arc<Semaphore>,
    /// Queries that clients name by their hash.
    pub(crate) persisted: Persisted,
    /// Turns for questions in SQL.
    pub(crate) sql_turns: Arc<Semaphore>,
    head: Mutex<Option<(Instant, Option<Arc<BlockRow>>)>>,
}

impl Shared {
    pub(crate) fn new(state: ApiState) -> Self {
        Self {
            cache: FinalizedCache::new(
                state.config.cache_bytes,
                Duration::from_secs(state.config.cache_ttl_s),
            ),
            turns: Arc::new(Semaphore::new(state.config.max_concurrent_queries.max(1))),
            persisted: Persisted::new(state.config.persisted_bytes),
            sql_turns: Arc::new(Semaphore::new(state.config.sql_max_concurrent.max(1))),
            head: Mutex::new(None),
            state,
        }
    }

    /// The highest stored block, asked of the warehouse at most once per `head_ttl_ms`, however many requests want it.
    pub(crate) async fn find_head(&self) -> Result<Option<Arc<BlockRow>>, ApiError> {
        let ttl = Duration::from_millis(self.state.config.head_ttl_ms);
        let mut remembered = self.head.lock().await;
        if let Some((asked, head)) = remembered.as_ref()
            && asked.elapsed() < ttl
        {
            return Ok(head.clone());
        }
        let head = self.state.warehouse.find_head().await?.map(Arc::new);
        *remembered = Some((Instant::now(), head.clone()));
        Ok(head)
    }
}

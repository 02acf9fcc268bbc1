//! An engine and its source: reads a few blocks, looks at them on a thread of its own.

use std::sync::Arc;

use yumascan_store::Store;
use yumascan_warehouse::Warehouse;

use super::source::Source;
use crate::{Engine, Kind, Lane, WatchConfig, error::WatchError, ledger::Changes};

/// Blocks that are read at once.
pub(super) const BATCH: u64 = 32;

/// A lane at work.
pub(super) struct Drive {
    engine: Option<Engine>,
    pub(super) source: Source,
    lane: Lane,
}

impl Drive {
    /// A lane that begins with nothing.
    pub(super) fn new(
        warehouse: &Warehouse,
        config: Arc<WatchConfig>,
        lane: Lane,
        kinds: Option<&[Kind]>,
    ) -> Self {
        let engine = Engine::new(config, lane, kinds);
        Self { engine: Some(engine), source: Source::new(warehouse, lane, None), lane }
    }

    /// A lane that goes on where the store says it was.
    pub(super) async fn resume(
        warehouse: &Warehouse,
        store: &Store,
        config: Arc<WatchConfig>,
        lane: Lane,
    ) -> Result<Self, WatchError> {
        let mut engine = Engine::new(config, lane, None);
        super::memory::resume(&mut engine, store).await?;
        let source = Source::new(warehouse, lane, engine.last_spec()).patient();
        Ok(Self { engine: Some(engine), source, lane })
    }

    pub(super) fn engine(&self) -> Result<&Engine, WatchError> {
        self.engine.as_ref().ok_or_else(|| interrupted("the engine is gone"))
    }

    /// Looks at `from..=to`, all of which is stored. What happened, and how many blocks there were.
    pub(super) async fn advance(&mut self, from: u64, to: u64) -> Result<(Changes, u64), WatchError> {
        let inputs = self.source.read(from, to).await?;
        let mut engine = self.engine.take().ok_or_else(|| interrupted("the engine is gone"))?;
        let blocks = inputs.len() as u64;
        let looked = tokio::task::spawn_blocking(move || {
            let mut changes = Changes::default();
            for input in &inputs {
                changes.extend(engine.observe(input));
            }
            (engine, changes)
        });
        let (engine, changes) = looked.await.map_err(|err| interrupted(&err.to_string()))?;
        let lane = self.lane.name();
        metrics::counter!("yumascan_watch_blocks_total", "lane" => lane).increment(blocks);
        if let Some(last) = engine.last_block() {
            #[allow(clippy::cast_precision_loss)]
            metrics::gauge!("yumascan_watch_block", "lane" => lane).set(last as f64);
        }
        self.engine = Some(engine);
        Ok((changes, blocks))
    }
}

fn interrupted(reason: &str) -> WatchError {
    WatchError::Interrupted { reason: reason.to_owned() }
}

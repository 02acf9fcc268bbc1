//! Behind the head: each lane looks at blocks as soon as what it needs of them is stored.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;
use yumascan_store::Store;
use yumascan_warehouse::{LiveTip, TipEvent, Warehouse};

use super::{
    drive::{BATCH, Drive},
    memory,
    record::record,
};
use crate::{Lane, WatchConfig, error::WatchError};

/// How often it is looked for new blocks where nothing announces them.
const POLL: Duration = Duration::from_secs(2);
/// Blocks ahead in which it is looked first for what is stored.
const NEAR: u64 = 4_096;
/// How long a missing block is waited for before it counts as a gap.
const PATIENCE: Duration = Duration::from_secs(300);
/// Pause after warehouse or store failed.
const PAUSE: Duration = Duration::from_secs(10);

/// Watches until cancelled. `first` is the block from which blocks are being stored.
///
/// A failure is logged and tried again: watching never stops ingestion.
pub async fn follow(
    warehouse: &Warehouse,
    store: &Store,
    config: &WatchConfig,
    tip: &LiveTip,
    first: u64,
    cancel: &CancellationToken,
) {
    if !config.enabled {
        return;
    }
    let config = Arc::new(config.clone());
    let lane = |lane| keep_following(warehouse, store, config.clone(), tip, first, lane, cancel);
    let live = super::live::follow(warehouse, store, config.clone(), tip, cancel);
    tokio::join!(lane(Lane::Log), lane(Lane::State), lane(Lane::Verification), live);
}

async fn keep_following(
    warehouse: &Warehouse,
    store: &Store,
    config: Arc<WatchConfig>,
    tip: &LiveTip,
    first: u64,
    lane: Lane,
    cancel: &CancellationToken,
) {
    while !cancel.is_cancelled() {
        let followed = follow_lane(warehouse, store, config.clone(), tip, first, lane, cancel).await;
        let Err(error) = followed else { return };
        tracing::warn!(lane = lane.name(), %error, "watching was interrupted, it goes on from its last checkpoint");
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn follow_lane(
    warehouse: &Warehouse,
    store: &Store,
    config: Arc<WatchConfig>,
    tip: &LiveTip,
    first: u64,
    lane: Lane,
    cancel: &CancellationToken,
) -> Result<(), WatchError> {
    let mut drive = Drive::resume(warehouse, store, config.clone(), lane).await?;
    if drive.engine()?.is_idle() {
        return Ok(());
    }
    if lane == Lane::Log {
        warehouse.tidy_incidents().await?;
    }
    let mut announced = tip.subscribe();
    let mut kept = drive.engine()?.last_block();
    let mut waiting: Option<(u64, Instant)> = None;
    loop {
        let last = drive.engine()?.last_block();
        let next = last.map_or(first, |last| last + 1);
        // near first: all of a long history would be listed for every few blocks
        let mut range = drive.source.ranges(next, next + NEAR).await?.into_iter().next();
        if range.is_none() && waiting.is_none_or(|(block, since)| block == next && since.elapsed() > PATIENCE)
        {
            range = drive.source.ranges(next, u64::MAX >> 1).await?.into_iter().next();
        }
        let since = match waiting {
            Some((block, since)) if block == next => since,
            _ => waiting.insert((next, Instant::now())).1,
        };
        let range = range.filter(|range| range.from == next || since.elapsed() > PATIENCE);
        if let Some(range) = range {
            let to = range.to.min(range.from + BATCH - 1);
            let (changes, _) = drive.advance(range.from, to).await?;
            record(warehouse, store, &changes).await?;
            for event in &changes.events {
                tracing::info!(
                    incident = event.incident_id,
                    event = event.kind.name(),
                    severity = event.severity.name(),
                    block = event.block,
                    title = event.title,
                    "incident"
                );
            }
            if kept.is_none_or(|kept| to >= kept + config.checkpoint_blocks) {
                memory::keep(drive.engine()?, store).await?;
                kept = Some(to);
            }
            if cancel.is_cancelled() {
                break;
            }
            continue;
        }
        tokio::select! {
            () = cancel.cancelled() => break,
            event = announced.recv() => {
                // only what is stored concerns us; a channel that is behind or closed is polled
                if !matches!(event, Ok(TipEvent::Finalized(_))) {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            () = tokio::time::sleep(POLL) => {}
        }
    }
    memory::keep(drive.engine()?, store).await
}

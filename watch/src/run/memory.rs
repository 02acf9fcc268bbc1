//! Checkpoints: an engine's memory in the store.

use std::io::Read as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use yumascan_store::{NotEvaluableRow, Store, WatchCheckpoint};

use crate::{
    Engine, Lane,
    engine::{Checkpoint, NotEvaluable},
    error::WatchError,
};

/// Memory is no larger than this, bytes; a stored text that unpacks to more is not taken.
const LARGEST: u64 = 256 << 20;

/// Takes up a lane's memory. Whether there was one that fits.
pub(super) async fn resume(engine: &mut Engine, store: &Store) -> Result<bool, WatchError> {
    let Some(stored) = store.find_watch_checkpoint(engine.lane().name()).await? else { return Ok(false) };
    let Some(checkpoint) = unpack(&stored.memory) else {
        tracing::warn!(
            lane = engine.lane().name(),
            "the memory of the detectors cannot be read, they begin anew"
        );
        return Ok(false);
    };
    let taken = engine.restore(checkpoint);
    if !taken {
        tracing::info!(lane = engine.lane().name(), "detectors or thresholds have changed, they begin anew");
    }
    Ok(taken)
}

/// Stores a lane's memory, and what it could not judge.
pub(super) async fn keep(engine: &Engine, store: &Store) -> Result<(), WatchError> {
    let checkpoint = engine.checkpoint();
    let Some(memory) = pack(&checkpoint) else { return Ok(()) };
    store
        .set_watch_checkpoint(&WatchCheckpoint {
            lane: engine.lane().name().to_owned(),
            block: checkpoint.block,
            fingerprint: checkpoint.fingerprint,
            memory,
        })
        .await?;
    let blind: Vec<_> = engine.not_evaluable().map(|found| row_of(engine.lane(), found)).collect();
    store.set_not_evaluable(engine.lane().name(), &blind).await?;
    Ok(())
}

fn row_of(lane: Lane, found: &NotEvaluable) -> NotEvaluableRow {
    NotEvaluableRow {
        lane: lane.name().to_owned(),
        kind: found.kind.name().to_owned(),
        scope: found.scope.as_ref().map(ToString::to_string).unwrap_or_default(),
        reason: found.reason.clone(),
        first_block: found.first_block,
        last_block: found.last_block,
        blocks: found.blocks,
    }
}

fn pack(checkpoint: &Checkpoint) -> Option<String> {
    let json = serde_json::to_vec(checkpoint).ok()?;
    Some(STANDARD.encode(zstd::bulk::compress(&json, 1).ok()?))
}

fn unpack(memory: &str) -> Option<Checkpoint> {
    let packed = STANDARD.decode(memory).ok()?;
    let mut json = Vec::new();
    zstd::Decoder::new(packed.as_slice()).ok()?.take(LARGEST).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

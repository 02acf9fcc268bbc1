//! The blocks of a window: from the warehouse where they are stored, else from a node.

use std::sync::Arc;

use futures::TryStreamExt;
use yumascan_chain::{BlockNumber, DecodedBlock, RawBlock, Runtime};
use yumascan_warehouse::Warehouse;

use crate::{
    IngestError,
    rpc::{Call, wire},
    source::{BlockAt, Source},
};

/// A block to verify.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// Itself.
    pub(crate) at: BlockAt,
    /// The block whose state it began with.
    pub(crate) parent: BlockAt,
    /// Whether it is the first that a new runtime executed: migrations ran before everything else.
    pub(crate) is_upgraded: bool,
    /// The runtime that executed it.
    pub(crate) runtime: Arc<Runtime>,
    raw: Arc<RawBlock>,
}

impl Subject {
    /// The spec that executed it.
    pub(crate) fn spec(&self) -> u32 {
        self.raw.spec_version.0
    }

    /// Its calls and events.
    pub(crate) fn decode(&self) -> DecodedBlock {
        self.runtime.decode_block(&self.raw)
    }
}

/// The blocks `first..=last`, ascending.
pub(crate) async fn load(
    source: &Source,
    warehouse: &Warehouse,
    first: BlockNumber,
    last: BlockNumber,
) -> Result<Vec<Subject>, IngestError> {
    let raws: Vec<RawBlock> = warehouse.list_raw_blocks(first, last).try_collect().await?;
    let is_whole = raws.iter().map(|raw| raw.header.number).eq(first..=last);
    let mut blocks = match is_whole {
        true => with_stored_runtimes(source, raws).await?,
        false => None,
    };
    if blocks.is_none() {
        let fetched = source.fetch_window(first, last, &[]).await?;
        blocks = Some(fetched.blocks.into_iter().map(|block| (block.raw, block.runtime)).collect());
    }
    let blocks = blocks.unwrap_or_default();
    let mut announced = match blocks.first() {
        Some((raw, _)) if first > 0 => announces_code(source, raw).await?,
        _ => false,
    };
    let mut subjects = Vec::with_capacity(blocks.len());
    for (raw, runtime) in blocks {
        let at = BlockAt { number: raw.header.number, hash: raw.hash };
        let parent = BlockAt { number: at.number.saturating_sub(1), hash: raw.header.parent_hash };
        let is_upgraded = announced;
        announced = raw.header.logs.iter().any(|log| is_new_code(log));
        subjects.push(Subject { at, parent, is_upgraded, runtime, raw: Arc::new(raw) });
    }
    Ok(subjects)
}

/// `None` where a runtime's metadata is not stored.
async fn with_stored_runtimes(
    source: &Source,
    raws: Vec<RawBlock>,
) -> Result<Option<Vec<(RawBlock, Arc<Runtime>)>>, IngestError> {
    let mut blocks: Vec<(RawBlock, Arc<Runtime>)> = Vec::with_capacity(raws.len());
    for raw in raws {
        let known = blocks.last().filter(|(before, _)| before.spec_version == raw.spec_version);
        let runtime = match known {
            Some((_, runtime)) => runtime.clone(),
            None => match source.runtimes().find_stored(raw.spec_version).await? {
                Some(runtime) => runtime,
                None => return Ok(None),
            },
        };
        blocks.push((raw, runtime));
    }
    Ok(Some(blocks))
}

/// Whether the parent of `raw` set new code. A parent that nobody has any more counts as one that did not.
async fn announces_code(source: &Source, raw: &RawBlock) -> Result<bool, IngestError> {
    let mut call = Call::header(raw.header.parent_hash);
    call.error_is_answer = true;
    let Ok(answer) = source.pool().ask(call).await else { return Ok(false) };
    let header = wire::header(answer.value.get());
    Ok(header.is_ok_and(|header| header.logs.iter().any(|log| is_new_code(log))))
}

/// Digest item `RuntimeEnvironmentUpdated`.
fn is_new_code(log: &[u8]) -> bool {
    log.first() == Some(&8)
}

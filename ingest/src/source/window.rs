//! A run of blocks, ready to be decoded.

use std::{sync::Arc, time::Duration};

use yumascan_chain::{BlockNumber, Hash, Header, RawBlock};

use super::{
    BlockAt, Source, SourcedBlock,
    blocks::{HASTY, PATIENT, VerifiedBlock},
};
use crate::{
    error::IngestError,
    rpc::{Answer, Call, Endpoint, RpcError, wire},
};

/// How often a window is read anew because its blocks do not form a chain or are not there.
const MOST_ROUNDS: usize = 5;
/// Pause between such attempts, growing.
const ROUND_PAUSE: Duration = Duration::from_millis(250);

/// Verified, linked blocks with their runtimes.
#[derive(Debug)]
pub struct FetchedWindow {
    /// The blocks, ascending, without gaps.
    pub blocks: Vec<SourcedBlock>,
    /// Bytes of JSON they came in.
    pub bytes: usize,
    /// Who named the hashes: to be avoided if they turn out to be of another fork.
    pub named_by: Arc<Endpoint>,
}

impl FetchedWindow {
    /// Hash of the block below the first.
    #[must_use]
    pub fn parent_hash(&self) -> Hash {
        self.blocks.first().map(|block| block.raw.header.parent_hash).unwrap_or_default()
    }

    /// Hash of the last block.
    #[must_use]
    pub fn last_hash(&self) -> Hash {
        self.blocks.last().map(|block| block.raw.hash).unwrap_or_default()
    }
}

impl Source {
    /// Reads the blocks `first..=last` of the finalized chain.
    ///
    /// # Errors
    /// When the endpoints do not have them, or none gives right ones.
    pub async fn fetch_window(
        &self,
        first: BlockNumber,
        last: BlockNumber,
        avoid: &[Arc<Endpoint>],
    ) -> Result<FetchedWindow, IngestError> {
        let mut avoid = avoid.to_vec();
        let mut round = 0;
        loop {
            let error = match self.try_window(first, last, &avoid).await {
                Ok(window) => return Ok(window),
                Err(Retry::No(error)) => return Err(*error),
                Err(Retry::Elsewhere(endpoint, error)) => {
                    avoid.push(endpoint);
                    error
                }
            };
            round += 1;
            if round >= MOST_ROUNDS {
                return Err(*error);
            }
            tracing::debug!(first, last, %error, "window is read anew");
            tokio::time::sleep(ROUND_PAUSE * round.try_into().unwrap_or(1)).await;
        }
    }

    async fn try_window(
        &self,
        first: BlockNumber,
        last: BlockNumber,
        avoid: &[Arc<Endpoint>],
    ) -> Result<FetchedWindow, Retry> {
        let (hashes, named_by) = self.fetch_hashes(first.saturating_sub(1), last, avoid).await?;
        // the genesis block stands on nothing
        let (parent, wanted) = match (first, hashes.as_slice()) {
            (0, wanted) => (None, wanted),
            (_, [parent, wanted @ ..]) => (Some(*parent), wanted),
            (_, []) => (None, &[][..]),
        };
        let blocks = match self.fetch_blocks(wanted, avoid, PATIENT).await {
            Ok(blocks) => blocks,
            // perhaps the hash was wrong, or a replica lags: have the hashes named by another
            Err(
                error @ (IngestError::MissingBlock { .. } | IngestError::Rpc(RpcError::UnknownBlock { .. })),
            ) => {
                return Err(Retry::Elsewhere(named_by, Box::new(error)));
            }
            Err(error) => return Err(error.into()),
        };
        if let Err(error) = check_links(parent, wanted, &blocks) {
            if let IngestError::BrokenLink { number, parent, stored } = &error {
                let what = format!(
                    "it names block {} as {stored}, its child names {parent}",
                    number.saturating_sub(1)
                );
                self.pool.report_wrong(&named_by, *number, what);
            }
            return Err(Retry::Elsewhere(named_by, Box::new(error)));
        }
        let parents: Vec<BlockAt> = match parent {
            Some(_) => hashes[..hashes.len() - 1].to_vec(),
            // genesis is shown with its own state; above it every block has the parent before it
            None => wanted
                .iter()
                .take(1)
                .chain(wanted.iter().take(wanted.len().saturating_sub(1)))
                .copied()
                .collect(),
        };
        Ok(FetchedWindow {
            bytes: blocks.iter().map(|block| block.bytes).sum(),
            blocks: self.dress(&parents, blocks).await?,
            named_by,
        })
    }

    /// Reads a run of blocks above `parent` whose hashes are known (the unfinalized tip). `None` when one of them
    /// is gone.
    ///
    /// # Errors
    /// When the endpoints fail.
    pub async fn fetch_run(
        &self,
        parent: BlockAt,
        run: &[BlockAt],
    ) -> Result<Option<Vec<SourcedBlock>>, IngestError> {
        let blocks = match self.fetch_blocks(run, &[], HASTY).await {
            Ok(blocks) => blocks,
            Err(IngestError::MissingBlock { .. } | IngestError::Rpc(RpcError::UnknownBlock { .. })) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        check_links(Some(parent), run, &blocks)?;
        let parents: Vec<BlockAt> =
            std::iter::once(parent).chain(run.iter().copied()).take(run.len()).collect();
        self.dress(&parents, blocks).await.map(Some)
    }

    /// Hashes of the blocks `from..=to`.
    async fn fetch_hashes(
        &self,
        from: BlockNumber,
        to: BlockNumber,
        avoid: &[Arc<Endpoint>],
    ) -> Result<(Vec<BlockAt>, Arc<Endpoint>), Retry> {
        let mut call = Call::block_hashes(from, to);
        call.error_is_answer = true;
        let count = usize::try_from(to - from).unwrap_or(usize::MAX).saturating_add(1);
        let (answer, hashes) = match self.pool.ask_all(&[call], avoid).await {
            Ok(mut answers) => {
                let Some(answer) = answers.pop() else { return Err(missing(from, None)) };
                let hashes = wire::hashes(answer.value.get());
                (answer, hashes)
            }
            // an endpoint that does not take lists: one by one
            Err(RpcError::Node { .. }) => {
                let calls: Vec<Call> = (from..=to).map(Call::block_hash).collect();
                let answers = self.pool.ask_all(&calls, avoid).await.map_err(IngestError::from)?;
                let hashes =
                    answers.iter().map(|answer: &Answer| wire::optional_hash(&answer.value)).collect();
                let Some(answer) = answers.into_iter().next() else { return Err(missing(from, None)) };
                (answer, hashes)
            }
            Err(error) => return Err(IngestError::from(error).into()),
        };
        let endpoint = answer.endpoint;
        let hashes = match hashes {
            Ok(hashes) if hashes.len() == count => hashes,
            Ok(hashes) => {
                let what = format!("asked for {count} block hashes, it gave {}", hashes.len());
                let error = self.pool.report_wrong(&endpoint, from, what);
                return Err(Retry::Elsewhere(endpoint, Box::new(error.into())));
            }
            Err(error) => {
                let error = self.pool.report_wrong(&endpoint, from, error.to_string());
                return Err(Retry::Elsewhere(endpoint, Box::new(error.into())));
            }
        };
        let mut found = Vec::with_capacity(count);
        for (number, hash) in (from..=to).zip(hashes) {
            let Some(hash) = hash else { return Err(missing(number, Some(endpoint))) };
            found.push(BlockAt { number, hash });
        }
        Ok((found, endpoint))
    }

    /// Gives each block what it takes from its parent's state.
    async fn dress(
        &self,
        parents: &[BlockAt],
        blocks: Vec<VerifiedBlock>,
    ) -> Result<Vec<SourcedBlock>, IngestError> {
        let headers: Vec<&Header> = blocks.iter().map(|block| &block.header).collect();
        let states = self.parent_states(parents, &headers).await?;
        let mut dressed: Vec<SourcedBlock> = Vec::with_capacity(blocks.len());
        for ((block, state), parent) in blocks.into_iter().zip(states).zip(parents) {
            let runtime = match dressed.last().filter(|before| before.raw.spec_version == state.spec_version)
            {
                Some(before) => before.runtime.clone(),
                None => self.runtimes.get(&self.pool, state.spec_version, *parent).await?,
            };
            let VerifiedBlock { at, header, extrinsics, events, .. } = block;
            // the genesis block has no author
            let authorities = if at.number == 0 { Vec::new() } else { state.authorities.to_vec() };
            let spec_version = state.spec_version;
            let raw = RawBlock { hash: at.hash, header, extrinsics, events, authorities, spec_version };
            dressed.push(SourcedBlock { raw, runtime });
        }
        Ok(dressed)
    }
}

/// Why a window could not be read, and whether another endpoint may help.
enum Retry {
    No(Box<IngestError>),
    Elsewhere(Arc<Endpoint>, Box<IngestError>),
}

impl From<IngestError> for Retry {
    fn from(error: IngestError) -> Self {
        Self::No(Box::new(error))
    }
}

fn missing(number: BlockNumber, endpoint: Option<Arc<Endpoint>>) -> Retry {
    let error = Box::new(IngestError::MissingBlock { number, hash: "unknown".to_owned() });
    match endpoint {
        Some(endpoint) => Retry::Elsewhere(endpoint, error),
        None => Retry::No(error),
    }
}

/// Heights and parent links of a run that was asked for as `wanted`, above `parent`.
fn check_links(
    parent: Option<BlockAt>,
    wanted: &[BlockAt],
    blocks: &[VerifiedBlock],
) -> Result<(), IngestError> {
    let mut below = parent;
    for (block, at) in blocks.iter().zip(wanted) {
        let (number, named) = (block.header.number, block.header.parent_hash);
        let stored = below.map_or(named, |below| below.hash);
        if number != at.number || named != stored {
            return Err(IngestError::BrokenLink { number: at.number, parent: named, stored });
        }
        below = Some(block.at);
    }
    Ok(())
}

//! The ingester as the command line sees it.

use std::{fmt, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use yumascan_chain::{BlockNumber, Hash};
use yumascan_store::{BlockRange, EndpointHealth, EndpointState, Store};
use yumascan_warehouse::{LiveTip, Warehouse};

use crate::{
    IngestConfig, IngestError,
    backfill::{Filled, Limits, carry_again, fill},
    follow::{FollowPlan, follow},
    links::Links,
    pipeline::Pipeline,
    plan::count,
    progress::{Progress, Shares, Stage},
    rpc::{Call, EndpointStatus, HealthState, Pool, wire},
    source::Source,
};

mod health;
mod reconcile;
mod state;
mod verify;

pub use state::StateRequest;
pub use verify::VerifyRequest;

/// Cursor: everything from the configured start up to this block is sealed.
pub(crate) const STORED_CURSOR: &str = "stored";
/// Cursor: the finalized head last seen.
const HEAD_CURSOR: &str = "finalized_head";
/// Blocks an hour, at 12 seconds a block.
const BLOCKS_AN_HOUR: u64 = 300;
/// How often endpoint health and rates are written down.
const HOUSEKEEPING: Duration = Duration::from_secs(5);

/// What to ingest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IngestMode {
    /// Everything up to the finalized head, then end.
    ExitAtHead,
    /// Everything, then follow the head until cancelled.
    Follow,
    /// These blocks (`to` is clipped to the finalized head), then end.
    Range {
        /// First block.
        from: BlockNumber,
        /// Last block.
        to: BlockNumber,
    },
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct IngestReport {
    /// First block of the range.
    pub from: BlockNumber,
    /// Last block of the range that was to be stored; `None` when there was nothing yet.
    pub to: Option<BlockNumber>,
    /// Blocks stored by this run.
    pub blocks: u64,
    /// Extrinsics stored by this run.
    pub extrinsics: u64,
    /// Call-tree nodes stored by this run.
    pub calls: u64,
    /// Events stored by this run.
    pub events: u64,
    /// Items that could not be decoded.
    pub quarantined: u64,
    /// Windows sealed.
    pub windows: u64,
    /// Time taken.
    #[serde(serialize_with = "as_seconds", rename = "elapsed_s")]
    pub elapsed: Duration,
    /// Bytes of answers from nodes.
    pub rpc_bytes: u64,
    /// Where the time went.
    pub shares: Shares,
    /// Whether it was cancelled before the end.
    pub cancelled: bool,
    /// The finalized head, where the range asked reached beyond it.
    pub clipped_to: Option<BlockNumber>,
}

/// What the endpoints serve; nothing is written to find out.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Genesis hash.
    pub genesis: Hash,
    /// Name of the chain, as the node calls it.
    pub chain_name: String,
    /// Finalized head.
    pub finalized: BlockNumber,
    /// All endpoints.
    pub endpoints: Vec<EndpointStatus>,
}

/// The ingester.
#[derive(Debug)]
pub struct Ingest {
    config: IngestConfig,
    pool: Pool,
    warehouse: Warehouse,
    store: Store,
    tip: LiveTip,
}

impl Ingest {
    /// An ingester; connects to nothing yet.
    ///
    /// # Errors
    /// Settings that make no sense, URLs that are none.
    pub fn new(
        config: IngestConfig,
        warehouse: Warehouse,
        store: Store,
        tip: LiveTip,
    ) -> Result<Self, IngestError> {
        config.check()?;
        let pool = Pool::new(config.pool())?;
        Ok(Self { config, pool, warehouse, store, tip })
    }

    /// Snapshots of the endpoints.
    #[must_use]
    pub fn endpoints(&self) -> Vec<EndpointStatus> {
        self.pool.status()
    }

    /// Looks at the endpoints and the chain they serve.
    ///
    /// # Errors
    /// When none serves the chain that is stored here (or any).
    pub async fn probe(&self) -> Result<Probe, IngestError> {
        let expected = self.store.find_chain().await?.map(|chain| chain.genesis_hash);
        let genesis = self.pool.identify(expected).await?;
        let chain_name = self.pool.chain_name().await?;
        let (finalized, _) = self.pool.finalized_head().await?;
        Ok(Probe { genesis, chain_name, finalized, endpoints: self.pool.status() })
    }

    /// Ingests. Whatever was interrupted before is finished first, with the same windows.
    ///
    /// Cancelling finishes the windows that are being inserted and returns `Ok`; being killed is safe as well.
    ///
    /// # Errors
    /// When the endpoints, the warehouse or the store cannot do their part; what was sealed stays.
    pub async fn run(
        &self,
        mode: IngestMode,
        cancel: CancellationToken,
        progress: Progress,
    ) -> Result<IngestReport, IngestError> {
        let working = self.work(mode, &cancel, &progress);
        tokio::pin!(working);
        let mut housekeeping = tokio::time::interval(HOUSEKEEPING);
        let outcome = loop {
            tokio::select! {
                outcome = &mut working => break outcome,
                _ = housekeeping.tick() => {
                    progress.refresh();
                    self.record_health().await;
                }
            }
        };
        self.record_health().await;
        outcome
    }

    async fn work(
        &self,
        mode: IngestMode,
        cancel: &CancellationToken,
        progress: &Progress,
    ) -> Result<IngestReport, IngestError> {
        progress.set_stage(Stage::Connecting);
        let from = match mode {
            IngestMode::Range { from, .. } => from,
            IngestMode::ExitAtHead | IngestMode::Follow => self.config.from,
        };
        if let IngestMode::Range { from, to } = mode
            && from > to
        {
            return Err(IngestError::EmptyRange { from, to });
        }
        tokio::select! {
            identified = self.identify() => identified?,
            () = cancel.cancelled() => return Ok(self.report(progress, from, None, None, true)),
        }
        let pipeline = Arc::new(Pipeline {
            source: Source::new(self.pool.clone(), self.warehouse.clone()),
            warehouse: self.warehouse.clone(),
            store: self.store.clone(),
            tip: self.tip.clone(),
            links: Links::default(),
            progress: progress.clone(),
            bytes_in_flight: std::sync::atomic::AtomicUsize::new(0),
        });
        let mut head = tokio::select! {
            head = self.see_head(progress) => head?,
            () = cancel.cancelled() => return Ok(self.report(progress, from, None, None, true)),
        };
        if self.recover(&pipeline, cancel).await? == Filled::Cancelled {
            return Ok(self.report(progress, from, None, None, true));
        }
        match mode {
            IngestMode::Follow => {
                let plan = FollowPlan {
                    from,
                    finalized: head,
                    limits: self.limits(),
                    stall: Duration::from_secs(self.config.head_stall_s),
                    poll: Duration::from_millis(self.config.poll_ms),
                    verify: self.config.verify,
                    state: self.config.state,
                    state_sweep_blocks: self.config.state_sweep_hours * BLOCKS_AN_HOUR,
                };
                follow(&pipeline, plan, cancel).await?;
                Ok(self.report(progress, from, progress.view().head, None, true))
            }
            IngestMode::Range { to, .. } => {
                if from > head {
                    return Err(IngestError::AboveHead { from, head });
                }
                let last = to.min(head);
                let clipped = (last < to).then_some(last);
                if let Some(last) = clipped {
                    tracing::warn!(to, last, "the range reaches beyond the finalized head and ends there");
                }
                let filled = self.fill_range(&pipeline, from, last, cancel).await?;
                if filled == Filled::All {
                    self.read_state_after(&pipeline, from, last, head, cancel).await;
                }
                Ok(self.report(progress, from, Some(last), clipped, filled == Filled::Cancelled))
            }
            IngestMode::ExitAtHead => {
                if from > head {
                    return Err(IngestError::AboveHead { from, head });
                }
                // the chain grows meanwhile: done when nothing was missing up to a head just seen
                loop {
                    let filled = self.fill_range(&pipeline, from, head, cancel).await?;
                    let cancelled = filled == Filled::Cancelled;
                    let seen = tokio::select! {
                        seen = self.see_head(progress), if !cancelled => seen?,
                        // everything up to the head that was known is stored
                        () = cancel.cancelled() => head,
                    };
                    if cancelled || seen <= head {
                        if !cancelled {
                            self.read_state_after(&pipeline, from, head, head, cancel).await;
                        }
                        return Ok(self.report(progress, from, Some(head), None, cancelled));
                    }
                    head = seen;
                }
            }
        }
    }

    /// The endpoints serve the chain that is stored here, and this store and warehouse belong to it from now on.
    async fn identify(&self) -> Result<(), IngestError> {
        let known = self.store.find_chain().await?;
        let genesis = self.pool.identify(known.as_ref().map(|chain| chain.genesis_hash)).await?;
        let name = match known {
            Some(chain) => chain.name,
            None => self.pool.chain_name().await?,
        };
        self.check_warehouse().await?;
        self.store.claim_chain(genesis, &name).await?;
        tracing::info!(chain = name, %genesis, endpoints = self.pool.usable(), "connected");
        Ok(())
    }

    /// A warehouse that another store filled may hold another chain: its highest block tells.
    async fn check_warehouse(&self) -> Result<(), IngestError> {
        let Some(stored) = self.warehouse.find_head().await? else { return Ok(()) };
        let answer = self.pool.ask(Call::block_hash(stored.number)).await?;
        // an endpoint that is behind cannot tell; the windows' links will
        let Ok(Some(served)) = wire::optional_hash(&answer.value) else { return Ok(()) };
        if served.to_string() == stored.hash {
            return Ok(());
        }
        Err(IngestError::OtherChain { number: stored.number, stored: stored.hash, served })
    }

    async fn see_head(&self, progress: &Progress) -> Result<BlockNumber, IngestError> {
        let (head, hash) = self.pool.finalized_head().await?;
        progress.set_head(head);
        self.store.set_cursor(HEAD_CURSOR, head, Some(hash)).await?;
        Ok(head)
    }

    /// Finishes windows that were open when an earlier run ended, with the same boundaries.
    async fn recover(
        &self,
        pipeline: &Arc<Pipeline>,
        cancel: &CancellationToken,
    ) -> Result<Filled, IngestError> {
        self.reopen_lost_windows().await?;
        let open = self.store.list_open_windows().await?;
        if open.is_empty() {
            return Ok(Filled::All);
        }
        let ranges: Vec<BlockRange> =
            open.iter().map(|window| BlockRange { from: window.first, to: window.last }).collect();
        tracing::info!(windows = ranges.len(), "finishing windows that an earlier run left open");
        pipeline.progress.set_stage(Stage::Backfill);
        pipeline.progress.expect(ranges.first().map_or(0, |range| range.from), count(&ranges));
        carry_again(pipeline, ranges, self.limits(), cancel).await
    }

    async fn fill_range(
        &self,
        pipeline: &Arc<Pipeline>,
        from: BlockNumber,
        to: BlockNumber,
        cancel: &CancellationToken,
    ) -> Result<Filled, IngestError> {
        let gaps = self.store.list_gaps(from, to).await?;
        let missing = count(&gaps);
        let progress = &pipeline.progress;
        if missing > 0 {
            tracing::info!(from, to, missing, "ingesting");
            progress.set_stage(Stage::Backfill);
            progress.expect(gaps.first().map_or(from, |gap| gap.from), missing);
        }
        let filled = fill(pipeline, &gaps, self.limits(), None, cancel).await?;
        if filled == Filled::All {
            self.store.set_cursor(STORED_CURSOR, to, None).await?;
        }
        progress.set_stage(Stage::Done);
        Ok(filled)
    }

    fn limits(&self) -> Limits {
        Limits {
            window_blocks: self.config.window_blocks,
            windows: self.config.windows_in_flight(),
            bytes: self.config.memory_mb.saturating_mul(1 << 20),
        }
    }

    fn report(
        &self,
        progress: &Progress,
        from: BlockNumber,
        to: Option<BlockNumber>,
        clipped_to: Option<BlockNumber>,
        cancelled: bool,
    ) -> IngestReport {
        progress.refresh();
        let view = progress.view();
        IngestReport {
            from,
            to,
            blocks: view.blocks,
            extrinsics: view.extrinsics,
            calls: view.calls,
            events: view.events,
            quarantined: view.quarantined,
            windows: view.windows,
            elapsed: view.elapsed,
            rpc_bytes: self.pool.bytes_received(),
            shares: view.shares,
            cancelled,
            clipped_to,
        }
    }
}

impl fmt::Display for IngestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64().max(0.001);
        let head = self.to.map_or_else(|| "nothing".to_owned(), |to| format!("blocks {} to {to}", self.from));
        write!(
            f,
            "{head}: {} blocks, {} extrinsics, {} calls, {} events stored in {seconds:.1} s ({:.0} blocks/s, {:.0} events/s)",
            self.blocks,
            self.extrinsics,
            self.calls,
            self.events,
            self.blocks as f64 / seconds,
            self.events as f64 / seconds,
        )?;
        if self.quarantined > 0 {
            write!(f, "; {} items could not be decoded and are kept in quarantine", self.quarantined)?;
        }
        if self.cancelled {
            f.write_str("; stopped before the end, run again to go on")?;
        }
        Ok(())
    }
}

fn as_seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The compiler's word that a run can be spawned.
    #[allow(dead_code)]
    fn a_run_can_be_spawned(ingest: Ingest) {
        fn spawnable(_: impl Future + Send + 'static) {}
        spawnable(async move {
            ingest.run(IngestMode::Follow, CancellationToken::new(), Progress::unwatched()).await
        });
    }
}

//! Blocks for engines, from the warehouse.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use yumascan_warehouse::{Warehouse, query::coverage::BlockRange};

use super::{runtimes::Runtimes, states::States};
use crate::{BlockInput, Lane, error::WatchError, input::VerificationInput};

/// How long the state lane is waited for at the first block of a runtime.
const PATIENCE: Duration = Duration::from_secs(60);
/// Blocks behind in which the state lane must have been for it to be waited for.
const LANE_NEAR: u64 = 1_000;

/// Reads blocks in order and knows which runtime came before.
pub(super) struct Source {
    warehouse: Warehouse,
    lane: Lane,
    last_spec: Option<u32>,
    runtimes: Runtimes,
    /// How long the state lane is waited for where a block needs it.
    patience: Duration,
}

impl Source {
    /// `last_spec` is the runtime of the block before the first that will be read, where it is known.
    pub(super) fn new(warehouse: &Warehouse, lane: Lane, last_spec: Option<u32>) -> Self {
        Self {
            warehouse: warehouse.clone(),
            lane,
            last_spec,
            runtimes: Runtimes::default(),
            patience: Duration::ZERO,
        }
    }

    /// The same behind the head, where lanes are not equally far.
    pub(super) fn patient(mut self) -> Self {
        self.patience = PATIENCE;
        self
    }

    /// What of `from..=to` the lane can look at, lowest first.
    pub(super) async fn ranges(&self, from: u64, to: u64) -> Result<Vec<BlockRange>, WatchError> {
        let stored = self.warehouse.get_coverage(Some(from), Some(to)).await?.stored;
        let done = match self.lane {
            Lane::Log | Lane::Live => return Ok(stored),
            Lane::State => self.warehouse.list_watchable_state(from, to).await?,
            Lane::Verification => self.warehouse.list_all_verified_ranges(from, to).await?,
        };
        Ok(both(&stored, &joined(done)))
    }

    /// Stored blocks of `from..=to` with what the lane needs.
    pub(super) async fn read(&mut self, from: u64, to: u64) -> Result<Vec<BlockInput>, WatchError> {
        let blocks = self.warehouse.list_watched_blocks(from, to).await?;
        let mut verdicts = match self.lane {
            Lane::Verification => self.verdicts(from, to).await?,
            _ => BTreeMap::new(),
        };
        let mut states = match self.lane {
            Lane::State => Some(States::new(self.warehouse.list_watched_state(from, to).await?)),
            _ => None,
        };
        let mut inputs = Vec::with_capacity(blocks.len());
        for block in blocks {
            let (number, spec) = (block.block.number, block.block.spec_version);
            let before = self.last_spec.replace(spec).filter(|before| *before != spec);
            let (upgrade, migrations) = match before {
                Some(old) => (
                    Some(self.runtimes.compare(&self.warehouse, old, spec).await?),
                    self.migrations_of(number).await?,
                ),
                None => (None, None),
            };
            inputs.push(BlockInput {
                block: block.block,
                extrinsics: block.extrinsics,
                calls: block.calls,
                events: block.events,
                quarantine: block.quarantine,
                upgrade,
                migrations,
                state: states.as_mut().map(|states| states.take(number)),
                verification: (self.lane == Lane::Verification)
                    .then(|| verdicts.remove(&number).unwrap_or_default()),
            });
        }
        Ok(inputs)
    }

    /// Migrations that a runtime's first block began with. Behind the head the state lane may not be there yet: where it
    /// is at work it is waited for, so that what is told live is what a replay tells.
    async fn migrations_of(&self, number: u64) -> Result<Option<Vec<String>>, WatchError> {
        let started = Instant::now();
        loop {
            let found = self.warehouse.find_migrations(number).await?;
            if found.is_some() || started.elapsed() >= self.patience {
                return Ok(found.and_then(|list| serde_json::from_str(&list).ok()));
            }
            let near = number.saturating_sub(LANE_NEAR);
            if self.warehouse.list_watchable_state(near, number).await?.is_empty() {
                return Ok(None);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn verdicts(&self, from: u64, to: u64) -> Result<BTreeMap<u64, VerificationInput>, WatchError> {
        let (epochs, emissions) = self.warehouse.list_verdicts(from, to).await?;
        let mut by_block: BTreeMap<u64, VerificationInput> = BTreeMap::new();
        for row in epochs {
            by_block.entry(row.block_number).or_default().epochs.push(row);
        }
        for row in emissions {
            by_block.entry(row.block_number).or_default().emissions.push(row);
        }
        Ok(by_block)
    }
}

/// Joins ranges that touch or overlap.
fn joined(mut ranges: Vec<BlockRange>) -> Vec<BlockRange> {
    ranges.sort_unstable_by_key(|range| range.from);
    let mut all: Vec<BlockRange> = Vec::new();
    for range in ranges {
        match all.last_mut() {
            Some(last) if last.to + 1 >= range.from => last.to = last.to.max(range.to),
            _ => all.push(range),
        }
    }
    all
}

/// What two sorted lists of ranges have in common.
fn both(one: &[BlockRange], other: &[BlockRange]) -> Vec<BlockRange> {
    let mut common = Vec::new();
    for a in one {
        for b in other {
            let (from, to) = (a.from.max(b.from), a.to.min(b.to));
            if from <= to {
                common.push(BlockRange { from, to });
            }
        }
    }
    common
}

//! A window of blocks: its due epochs found, read, replayed.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use yumascan_chain::{BlockNumber, Runtime};
use yumascan_protocol::epoch::{Era, StorageItems, Workspace};
use yumascan_warehouse::VerifiedWindow;

use super::{
    GENERATION, Verifier,
    blocks::{self, Subject},
    coinbase::Pallets,
    distribution::{self, Accrued, Reading},
    due::{self, DueEpoch},
    effects::Effects,
    emission::{self, Emissions},
    items::{Items, Reason},
    load::{Loader, ROUNDS},
    outputs,
    replay::{Case, Judged, judge},
    state::States,
};
use crate::IngestError;

/// First spec that announces incentives by an event in every epoch.
const FIRST_ANNOUNCING_SPEC: u32 = 320;
/// First spec that leaves out subnets with two uids of one hotkey.
const FIRST_GUARDED_SPEC: u32 = 334;

/// What examining a window took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Costs {
    pub(crate) fetch: Duration,
    pub(crate) maths: Duration,
    /// Batches for the states of epochs and schedules.
    pub(crate) batches: u64,
    /// Of these, the ones that read inputs and outputs of epochs.
    pub(crate) epoch_batches: u64,
    pub(crate) keys: u64,
}

/// A window's rows and costs.
#[derive(Debug)]
pub(crate) struct Examined {
    pub(crate) window: VerifiedWindow,
    pub(crate) costs: Costs,
}

/// An epoch to look at: the block's position in the window, and the epoch.
#[derive(Debug, Clone, Copy)]
struct Target {
    position: usize,
    due: DueEpoch,
    /// What it found, where the block's emission could be recomputed.
    accrued: Option<Accrued>,
}

/// What is known of a window before its epochs are read.
struct Scheduled {
    targets: Vec<Target>,
    /// Blocks whose schedule could not be read, and why.
    unreadable: Vec<(BlockNumber, Reason)>,
    emissions: Emissions,
}

impl Verifier {
    /// Examines the blocks `first..=last`, all subnets or one.
    pub(crate) async fn examine(
        &self,
        first: BlockNumber,
        last: BlockNumber,
        netuid: Option<u16>,
    ) -> Result<Examined, IngestError> {
        let started = Instant::now();
        let mut costs = Costs::default();
        let blocks = blocks::load(&self.source, &self.warehouse, first, last).await?;
        let runtimes = distinct(&blocks);
        let pallets: Vec<Pallets<'_>> = runtimes.iter().map(|runtime| Pallets::of(runtime)).collect();
        let pallets_of = |position: usize| {
            let runtime = &blocks[position].runtime;
            let index = runtimes.iter().position(|known| Arc::ptr_eq(known, runtime)).unwrap_or(0);
            &pallets[index]
        };
        let items_of = |position: usize| &pallets_of(position).subtensor;
        let mut states = States::default();
        let Scheduled { mut targets, unreadable, mut emissions } =
            self.find_targets(&blocks, &pallets_of, &mut states).await?;
        targets.retain(|target| netuid.is_none_or(|wanted| wanted == target.due.netuid));
        let schedule_batches = states.batches;
        let effects = self.collect_effects(&blocks, &targets).await?;
        for target in &mut targets {
            target.accrued = emissions.accrued(target.position, target.due.netuid);
        }
        let mut judged = self.replay(&blocks, &items_of, &mut states, &targets, &effects, &mut costs).await?;
        costs.epoch_batches = states.batches - schedule_batches;
        self.confirm(&blocks, &items_of, &targets, &effects, &mut judged, &mut costs).await?;
        costs.maths += emissions.maths;
        costs.batches += states.batches;
        costs.keys += states.keys;
        costs.fetch = started.elapsed().saturating_sub(costs.maths);
        for (block, reason) in unreadable {
            tracing::warn!(block, reason, "the schedule of this block's epochs cannot be read");
        }
        let mut window =
            VerifiedWindow { first, last, netuid, generation: GENERATION, ..VerifiedWindow::default() };
        for found in judged {
            window.epochs.extend(found.epochs);
            window.differences.extend(found.differences);
            window.inputs.extend(found.inputs);
            window.causes.extend(found.causes);
        }
        let (rows, causes) = emissions.rows(&blocks, netuid);
        (window.emissions, window.causes) = (rows, [window.causes, causes].concat());
        window.epochs.sort_by_key(|row| (row.block_number, row.netuid, row.mechid));
        window.differences.sort_by_key(|row| (row.block_number, row.netuid, row.mechid, row.position));
        window.inputs.sort_by_key(|row| (row.netuid, row.block_number));
        window.causes.sort();
        Ok(Examined { window, costs })
    }

    /// Epochs due in the window, and the emission of all its blocks.
    async fn find_targets<'i>(
        &self,
        blocks: &[Subject],
        pallets_of: &impl Fn(usize) -> &'i Pallets<'i>,
        states: &mut States,
    ) -> Result<Scheduled, IngestError> {
        for (position, block) in blocks.iter().enumerate() {
            due::want_subnets(&pallets_of(position).subtensor, states, block.parent);
        }
        emission::want_positions(blocks, pallets_of, states);
        states.fetch(self.source.pool()).await?;
        let mut subnets = Vec::with_capacity(blocks.len());
        for (position, block) in blocks.iter().enumerate() {
            let items = &pallets_of(position).subtensor;
            let netuids = due::subnets(items, states, block.parent);
            due::want_clocks(items, states, block.parent, &netuids);
            due::want_clocks(items, states, block.at, &netuids);
            subnets.push(netuids);
        }
        let positions = emission::positions(blocks, pallets_of, states);
        emission::want(blocks, pallets_of, states, &subnets, &positions);
        states.fetch(self.source.pool()).await?;
        let (mut targets, mut unreadable) = (Vec::new(), Vec::new());
        let mut ran: Vec<Vec<u16>> = vec![Vec::new(); blocks.len()];
        for (position, block) in blocks.iter().enumerate() {
            let items = &pallets_of(position).subtensor;
            match due::list_due(items, states, block.parent, block.at, &subnets[position]) {
                Ok(found) => {
                    ran[position].extend(found.iter().filter(|due| due.ran).map(|due| due.netuid));
                    targets.extend(found.into_iter().map(|due| Target { position, due, accrued: None }));
                }
                Err(reason) => unreadable.push((block.at.number, reason)),
            }
        }
        let emissions = emission::recompute(blocks, pallets_of, states, &subnets, &positions, &ran);
        Ok(Scheduled { targets, unreadable, emissions })
    }

    /// What happened in each block that has epochs, by position.
    async fn collect_effects(
        &self,
        blocks: &[Subject],
        targets: &[Target],
    ) -> Result<HashMap<usize, Arc<Known>>, IngestError> {
        let mut effects = HashMap::new();
        for target in targets {
            if effects.contains_key(&target.position) {
                continue;
            }
            let block = blocks[target.position].clone();
            let collecting = move || {
                let decoded = block.decode();
                let timestamp_ms = decoded.summary.timestamp_ms;
                Known { effects: Effects::of(block.at.number, &decoded), timestamp_ms }
            };
            let known = tokio::task::spawn_blocking(collecting).await?;
            effects.insert(target.position, Arc::new(known));
        }
        Ok(effects)
    }

    /// Reads and replays `targets`.
    async fn replay<'i>(
        &self,
        blocks: &[Subject],
        items_of: &impl Fn(usize) -> &'i Items<'i>,
        states: &mut States,
        targets: &[Target],
        effects: &HashMap<usize, Arc<Known>>,
        costs: &mut Costs,
    ) -> Result<Vec<Judged>, IngestError> {
        let cases = self.read_cases(blocks, items_of, states, targets, effects).await?;
        let replaying = tokio::task::spawn_blocking(move || {
            let started = Instant::now();
            let mut workspace = Workspace::default();
            let judged: Vec<Judged> =
                cases.into_iter().map(|(case, known)| judge(case, &known.effects, &mut workspace)).collect();
            (judged, started.elapsed())
        });
        let (judged, took) = replaying.await?;
        costs.maths += took;
        Ok(judged)
    }

    /// Reads what `targets` began with and what was stored after them.
    async fn read_cases<'i>(
        &self,
        blocks: &[Subject],
        items_of: &impl Fn(usize) -> &'i Items<'i>,
        states: &mut States,
        targets: &[Target],
        effects: &HashMap<usize, Arc<Known>>,
    ) -> Result<Vec<(Case, Arc<Known>)>, IngestError> {
        let mut cases: Vec<(Case, Arc<Known>)> = Vec::with_capacity(targets.len());
        let mut loading: Vec<(usize, Loader<'_>)> = Vec::new();
        for target in targets {
            let block = &blocks[target.position];
            let items = items_of(target.position);
            let Some(known) = effects.get(&target.position) else { continue };
            let chosen = Era::choose(block.spec(), StorageItems::of(|name| items.has(name)));
            let (era, certainty) = match &chosen {
                Ok((era, certainty)) => (era.to_string(), Some(*certainty)),
                Err(_) => ("unsupported".to_owned(), None),
            };
            let case = Case {
                block: block.at.number,
                timestamp_ms: known.timestamp_ms,
                spec_version: block.spec(),
                due: target.due,
                is_upgraded: block.is_upgraded,
                skips_duplicates: block.spec() >= FIRST_GUARDED_SPEC,
                certainty,
                era,
                state: Err("it was not read".to_owned()),
                rao: target.accrued.map(|accrued| accrued.pendings.epoch_rao()),
                distribution: None,
            };
            cases.push((case, known.clone()));
            let index = cases.len() - 1;
            match chosen {
                Ok((era, _)) => {
                    let netuid = target.due.netuid;
                    let loader = Loader::new(items, era, block.parent, block.at, netuid, &known.effects);
                    loading.push((index, loader));
                }
                Err(unsupported) => cases[index].0.state = Err(unsupported.to_string()),
            }
        }
        for round in 0..ROUNDS {
            loading.retain_mut(|(index, loader)| {
                let mut wanted = loader.want(round, states);
                if wanted.is_ok() && round == 1 {
                    let target = &targets[*index];
                    let items = items_of(target.position);
                    let at = blocks[target.position].at;
                    wanted = outputs::want(items, states, at, loader.extent());
                }
                wanted.map_err(|reason| cases[*index].0.state = Err(reason)).is_ok()
            });
            states.fetch(self.source.pool()).await?;
        }
        for (index, loader) in loading {
            let target = &targets[index];
            let extent = loader.extent();
            let loaded = loader.finish(states);
            let (items, at) = (items_of(target.position), blocks[target.position].at);
            let effects = &cases[index].1.effects;
            let announces = blocks[target.position].spec() >= FIRST_ANNOUNCING_SPEC;
            let state = loaded.and_then(|loaded| {
                let stored = outputs::read(items, states, at, extent, effects, announces)?;
                Ok((loaded, stored))
            });
            cases[index].0.state = state;
        }
        self.read_distributions(blocks, items_of, states, targets, &mut cases).await?;
        Ok(cases)
    }

    /// Reads what the epochs' payments depend on, where the block's emission could be recomputed.
    async fn read_distributions<'i>(
        &self,
        blocks: &[Subject],
        items_of: &impl Fn(usize) -> &'i Items<'i>,
        states: &mut States,
        targets: &[Target],
        cases: &mut [(Case, Arc<Known>)],
    ) -> Result<(), IngestError> {
        let mut readings: Vec<(usize, Reading<'_>)> = Vec::new();
        for (index, target) in targets.iter().enumerate() {
            let Some((case, known)) = cases.get(index) else { continue };
            if let (Some(accrued), Ok((loaded, _)), true) = (target.accrued, &case.state, target.due.ran) {
                let block = &blocks[target.position];
                let items = items_of(target.position);
                let (inputs, moves) = (&loaded.inputs, &known.effects.moves);
                readings.push((index, Reading::new(items, block.parent, block.at, inputs, accrued, moves)));
            }
        }
        for round in 0..distribution::ROUNDS {
            readings.retain_mut(|(index, reading)| {
                let wanted = reading.want(round, states);
                wanted.map_err(|reason| cases[*index].0.distribution = Some(Err(reason))).is_ok()
            });
            states.fetch(self.source.pool()).await?;
        }
        for (index, reading) in readings {
            cases[index].0.distribution = Some(reading.finish(states));
        }
        Ok(())
    }

    /// One epoch, ready to be replayed; `None` where none was due and none ran.
    pub(super) async fn read_epoch(
        &self,
        netuid: u16,
        block: BlockNumber,
    ) -> Result<Option<(Case, Arc<Known>)>, IngestError> {
        let blocks = blocks::load(&self.source, &self.warehouse, block, block).await?;
        let Some(subject) = blocks.first() else { return Ok(None) };
        let pallets = Pallets::of(&subject.runtime);
        let pallets_of = |_: usize| &pallets;
        let items_of = |_: usize| &pallets.subtensor;
        let mut states = States::default();
        let Scheduled { mut targets, emissions, .. } =
            self.find_targets(&blocks, &pallets_of, &mut states).await?;
        targets.retain(|target| target.due.netuid == netuid);
        let effects = self.collect_effects(&blocks, &targets).await?;
        for target in &mut targets {
            target.accrued = emissions.accrued(target.position, netuid);
        }
        Ok(self.read_cases(&blocks, &items_of, &mut states, &targets, &effects).await?.pop())
    }

    /// Reads epochs that differ once more before they are told to differ: a node may have given a wrong value.
    async fn confirm<'i>(
        &self,
        blocks: &[Subject],
        items_of: &impl Fn(usize) -> &'i Items<'i>,
        targets: &[Target],
        effects: &HashMap<usize, Arc<Known>>,
        judged: &mut [Judged],
        costs: &mut Costs,
    ) -> Result<(), IngestError> {
        let doubtful: Vec<usize> = (0..judged.len()).filter(|index| judged[*index].differs()).collect();
        if doubtful.is_empty() {
            return Ok(());
        }
        let again: Vec<Target> = doubtful.iter().map(|index| targets[*index]).collect();
        let mut states = States::default();
        let second = self.replay(blocks, items_of, &mut states, &again, effects, costs).await?;
        costs.batches += states.batches;
        costs.keys += states.keys;
        for (index, found) in doubtful.into_iter().zip(second) {
            if !found.differs() {
                let target = &targets[index];
                tracing::warn!(
                    block = blocks[target.position].at.number,
                    netuid = target.due.netuid,
                    "a node gave other values for the same state before; the second reading is used"
                );
            }
            judged[index] = found;
        }
        Ok(())
    }
}

/// What is known of a block with epochs.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) effects: Effects,
    timestamp_ms: Option<u64>,
}

fn distinct(blocks: &[Subject]) -> Vec<Arc<Runtime>> {
    let mut runtimes: Vec<Arc<Runtime>> = Vec::new();
    for block in blocks {
        if !runtimes.iter().any(|known| Arc::ptr_eq(known, &block.runtime)) {
            runtimes.push(block.runtime.clone());
        }
    }
    runtimes
}

//! A window of blocks: what its blocks touched is found, read before and after each block, and told in rows.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use yumascan_chain::{BlockNumber, DecodedBlock, Runtime};
use yumascan_warehouse::{Holdings, Snapshots, StateWindow};

use super::{
    Costs, GENERATION, StateLane,
    block::{Known, Pallets},
    epochs::Metagraph,
    holdings, parameters, reach, subnets,
    touched::Touched,
};
use crate::{
    IngestError, moves,
    source::BlockAt,
    verify::{
        blocks::{self, Subject},
        due,
        state::States,
    },
};

/// How a window is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Blocks between full readings of all subnets.
    pub(crate) stride: u32,
    /// A block read in full whatever the stride: the last of a run.
    pub(crate) full: Option<BlockNumber>,
    /// Where changes of parameters are sought from.
    pub(crate) parameters: ParametersFrom,
}

/// Where changes of parameters are sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParametersFrom {
    /// In the window.
    Window,
    /// At the head, where windows are short: in the stretch from this block to the window's end, where the window
    /// ends a stretch or a block of it may have set any.
    Stretch(BlockNumber),
}

/// A window's rows and costs.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) window: StateWindow,
    pub(crate) costs: Costs,
    /// Time of reading.
    pub(crate) took: Duration,
}

/// A block, decoded.
struct Opened {
    subject: Subject,
    decoded: DecodedBlock,
    touched: Touched,
}

/// The block below a first window.
pub(crate) struct Base {
    pub(crate) at: BlockAt,
    pub(crate) timestamp_ms: Option<u64>,
    pub(crate) spec_version: u32,
    /// The runtime that wrote its state.
    pub(crate) runtime: Arc<Runtime>,
    /// Itself, or where nobody has it the block above: of a base only the state counts.
    decoded: DecodedBlock,
}

/// The blocks of a window and the runtimes that wrote their states.
struct Blocks {
    opened: Vec<Opened>,
    runtimes: Vec<Arc<Runtime>>,
    /// Index of the runtime that wrote the state before each block, then that after the last.
    layouts: Vec<usize>,
}

impl Blocks {
    fn known<'w>(&'w self, pallets: &'w [Pallets<'w>]) -> Vec<Known<'w>> {
        let pallets_of = |place: usize| &pallets[self.layouts[place]];
        let known = |(place, opened): (usize, &'w Opened)| Known {
            at: opened.subject.at,
            parent: opened.subject.parent,
            timestamp_ms: opened.decoded.summary.timestamp_ms,
            spec_version: opened.subject.spec(),
            is_upgraded: opened.subject.is_upgraded,
            decoded: &opened.decoded,
            before: pallets_of(place),
            after: pallets_of(place + 1),
        };
        self.opened.iter().enumerate().map(known).collect()
    }

    /// Positions of blocks that may have set parameters.
    fn hints(&self) -> BTreeSet<usize> {
        let may_set = |opened: &Opened| {
            opened.touched.parameters
                || opened.subject.is_upgraded
                || !opened.touched.added.is_empty()
                || !opened.touched.removed.is_empty()
        };
        (0..self.opened.len()).filter(|place| may_set(&self.opened[*place])).collect()
    }
}

impl Base {
    fn of(subject: &Subject, at: BlockAt) -> Self {
        let decoded = subject.decode();
        Self {
            at,
            timestamp_ms: decoded.summary.timestamp_ms,
            spec_version: subject.spec(),
            runtime: subject.runtime.clone(),
            decoded,
        }
    }
}

impl StateLane {
    /// Reads what the blocks `first..=last` changed.
    pub(crate) async fn read(
        &self,
        first: BlockNumber,
        last: BlockNumber,
        terms: Terms,
    ) -> Result<Found, IngestError> {
        let started = Instant::now();
        let blocks = self.open(first, last).await?;
        let pallets: Vec<Pallets<'_>> = blocks.runtimes.iter().map(|runtime| Pallets::of(runtime)).collect();
        let known = blocks.known(&pallets);
        let mut touched: Vec<Touched> = blocks.opened.iter().map(|opened| opened.touched.clone()).collect();
        let mut states = States::default();
        let mut window = StateWindow {
            first,
            last,
            generation: GENERATION,
            stride: terms.stride,
            ..StateWindow::default()
        };
        let mut metagraphs = self.find_epochs(&known, &touched, &mut states).await?;
        self.read_reach(&known, &mut touched, &mut states).await?;
        self.read_snapshots(&known, &touched, &mut metagraphs, terms, &mut states, &mut window.snapshots)
            .await?;
        window.moves = moves::lane::read(self.source.pool(), &known, &mut states).await?;
        for ((block, metagraphs), touched) in known.iter().zip(&metagraphs).zip(&mut touched) {
            metagraphs.iter().for_each(|metagraph| metagraph.touch(block, &states, touched));
        }
        window.holdings = self.read_holdings(&known, &touched, &mut states).await?;
        window.parameters = match terms.parameters {
            ParametersFrom::Window => {
                let hints = blocks.hints();
                Some(parameters::read_changes(self.source.pool(), &mut states, &known, &hints).await?)
            }
            ParametersFrom::Stretch(from) => {
                let ends = (last + 1).is_multiple_of(super::WINDOW);
                match ends || !blocks.hints().is_empty() {
                    true => Some(self.read_stretch(from.min(first), last, &mut states).await?),
                    false => None,
                }
            }
        };
        window.sort();
        let costs = Costs { batches: states.batches, keys: states.keys };
        Ok(Found { window, costs, took: started.elapsed() })
    }

    /// Changes of parameters in a stretch whose first blocks were in earlier windows.
    async fn read_stretch(
        &self,
        from: BlockNumber,
        last: BlockNumber,
        states: &mut States,
    ) -> Result<yumascan_warehouse::Parameters, IngestError> {
        let blocks = self.open(from, last).await?;
        let pallets: Vec<Pallets<'_>> = blocks.runtimes.iter().map(|runtime| Pallets::of(runtime)).collect();
        let known = blocks.known(&pallets);
        parameters::read_changes(self.source.pool(), states, &known, &blocks.hints()).await
    }

    /// The block below `first`.
    pub(crate) async fn open_base(&self, first: BlockNumber) -> Result<Option<Base>, IngestError> {
        let below = match first {
            0 | 1 => Vec::new(),
            // a node synced from a snapshot has the state and not the block
            _ => blocks::load(&self.source, &self.warehouse, first - 1, first - 1).await.unwrap_or_default(),
        };
        if let Some(subject) = below.into_iter().next() {
            return Ok(Some(Base::of(&subject, subject.at)));
        }
        let above = blocks::load(&self.source, &self.warehouse, first, first).await?;
        let base = above.first().map(|subject| Base::of(subject, subject.parent));
        Ok(base.map(|base| Base { timestamp_ms: None, ..base }))
    }

    async fn open(&self, first: BlockNumber, last: BlockNumber) -> Result<Blocks, IngestError> {
        let subjects = blocks::load(&self.source, &self.warehouse, first, last).await?;
        let before = match subjects.first() {
            // migrations ran: the state before is laid out as the runtime before has it
            Some(subject) if subject.is_upgraded && first > 1 => {
                let parent = blocks::load(&self.source, &self.warehouse, first - 1, first - 1).await;
                parent.ok().and_then(|parent| Some(parent.first()?.runtime.clone()))
            }
            _ => None,
        };
        let mut runtimes: Vec<Arc<Runtime>> = Vec::new();
        let mut place_of =
            |runtime: &Arc<Runtime>| match runtimes.iter().position(|known| Arc::ptr_eq(known, runtime)) {
                Some(place) => place,
                None => {
                    runtimes.push(runtime.clone());
                    runtimes.len() - 1
                }
            };
        let mut layouts = Vec::with_capacity(subjects.len() + 1);
        layouts.extend(
            before.iter().chain(subjects.first().map(|subject| &subject.runtime)).take(1).map(&mut place_of),
        );
        layouts.extend(subjects.iter().map(|subject| place_of(&subject.runtime)));
        let decoding = move || {
            let open = |subject: Subject| {
                let decoded = subject.decode();
                let touched = Touched::of(&decoded);
                Opened { subject, decoded, touched }
            };
            subjects.into_iter().map(open).collect()
        };
        let opened = tokio::task::spawn_blocking(decoding).await?;
        Ok(Blocks { opened, runtimes, layouts })
    }

    /// Subnets whose epochs ran in each block, and those that were registered in it.
    async fn find_epochs(
        &self,
        known: &[Known<'_>],
        touched: &[Touched],
        states: &mut States,
    ) -> Result<Vec<Vec<Metagraph>>, IngestError> {
        let Some(first) = known.first() else { return Ok(Vec::new()) };
        due::want_subnets(&first.before.subtensor, states, first.parent);
        for (block, touched) in known.iter().zip(touched) {
            due::want_subnets(&block.after.subtensor, states, block.at);
            reach::want(0, block, touched, states);
        }
        states.fetch(self.source.pool()).await?;
        for (block, touched) in known.iter().zip(touched) {
            let netuids = due::subnets(&block.before.subtensor, states, block.parent);
            // the clocks by the items of the runtime that executed the block
            due::want_clocks(&block.after.subtensor, states, block.parent, &netuids);
            due::want_clocks(&block.after.subtensor, states, block.at, &netuids);
            reach::want(1, block, touched, states);
        }
        states.fetch(self.source.pool()).await?;
        let mut found = Vec::with_capacity(known.len());
        for (block, touched) in known.iter().zip(touched) {
            let netuids = due::subnets(&block.before.subtensor, states, block.parent);
            let due = due::list_due(&block.after.subtensor, states, block.parent, block.at, &netuids);
            let due = due.unwrap_or_else(|reason| {
                tracing::warn!(
                    block = block.at.number,
                    reason,
                    "the schedule of this block's epochs cannot be read"
                );
                Vec::new()
            });
            let ran = due.iter().filter(|due| due.ran).map(|due| due.netuid);
            let ran: BTreeSet<u16> = ran.collect();
            let added = touched.added.iter().copied().filter(|netuid| !ran.contains(netuid));
            let mut metagraphs: Vec<Metagraph> =
                ran.iter().map(|netuid| Metagraph::new(*netuid, true)).collect();
            metagraphs.extend(added.map(|netuid| Metagraph::new(netuid, false)));
            found.push(metagraphs);
        }
        Ok(found)
    }

    async fn read_reach(
        &self,
        known: &[Known<'_>],
        touched: &mut [Touched],
        states: &mut States,
    ) -> Result<(), IngestError> {
        for round in 0..reach::ROUNDS {
            for (block, touched) in known.iter().zip(touched.iter()) {
                reach::want(round, block, touched, states);
            }
            states.fetch(self.source.pool()).await?;
        }
        for (block, touched) in known.iter().zip(touched) {
            reach::resolve(block, states, touched);
        }
        Ok(())
    }

    async fn read_snapshots(
        &self,
        known: &[Known<'_>],
        touched: &[Touched],
        metagraphs: &mut [Vec<Metagraph>],
        terms: Terms,
        states: &mut States,
        rows: &mut Snapshots,
    ) -> Result<(), IngestError> {
        let mut chosen: Vec<Vec<u16>> = Vec::with_capacity(known.len());
        for ((block, touched), metagraphs) in known.iter().zip(touched).zip(metagraphs.iter()) {
            let netuids = parameters::subnets(block.after, states, block.at);
            let number = block.at.number;
            let is_full = number.is_multiple_of(u64::from(terms.stride.max(1)))
                || terms.full == Some(number)
                || block.is_upgraded;
            let ran = |netuid: &u16| metagraphs.iter().any(|metagraph| metagraph.netuid == *netuid);
            let is_chosen = |netuid: &u16| is_full || touched.subnets.contains(netuid) || ran(netuid);
            let netuids: Vec<u16> = netuids.into_iter().filter(is_chosen).collect();
            for netuid in &netuids {
                subnets::want_subnet(block.after, states, block.at, *netuid);
            }
            if !netuids.is_empty() {
                subnets::want_network(block.after, states, block.at);
            }
            metagraphs.iter().for_each(|metagraph| metagraph.want_extent(block, states));
            chosen.push(netuids);
        }
        states.fetch(self.source.pool()).await?;
        self.read_neurons(known, metagraphs, states).await?;
        for ((block, netuids), metagraphs) in known.iter().zip(&chosen).zip(metagraphs.iter()) {
            let (at, timestamp, spec) = (block.at.number, block.timestamp_ms, block.spec_version);
            let read = |netuid: &u16| subnets::read_subnet(block.after, states, at, *netuid, timestamp, spec);
            rows.subnets.extend(netuids.iter().map(read));
            if !netuids.is_empty() {
                rows.network.push(subnets::read_network(block.after, states, at, timestamp, spec));
            }
            metagraphs.iter().for_each(|metagraph| metagraph.read(block, states, rows));
        }
        Ok(())
    }

    /// The rounds of reading that metagraphs take after their extent is there.
    async fn read_neurons(
        &self,
        known: &[Known<'_>],
        metagraphs: &mut [Vec<Metagraph>],
        states: &mut States,
    ) -> Result<(), IngestError> {
        for round in 0..4 {
            for (block, metagraphs) in known.iter().zip(metagraphs.iter_mut()) {
                for metagraph in metagraphs {
                    match round {
                        0 => metagraph.want_neurons(block, states),
                        1 => metagraph.want_accounts(block, states),
                        2 => metagraph.want_owners(block, states),
                        _ => metagraph.want_destinations(block, states),
                    }
                }
            }
            states.fetch(self.source.pool()).await?;
        }
        Ok(())
    }

    async fn read_holdings(
        &self,
        known: &[Known<'_>],
        touched: &[Touched],
        states: &mut States,
    ) -> Result<Holdings, IngestError> {
        for (block, touched) in known.iter().zip(touched) {
            holdings::want(block, touched, states);
        }
        states.fetch(self.source.pool()).await?;
        let mut rows = Holdings::default();
        for (block, touched) in known.iter().zip(touched) {
            if block.is_upgraded {
                // a migration touches what it likes: everything is compared
                rows.append(self.compare_all(block).await?);
            } else if let Err(reason) = holdings::read_changes(block, touched, states, &mut rows) {
                subnets::unreadable(block.at.number, "holdings", &reason);
            }
        }
        Ok(rows)
    }

    /// The base below a first window: everything there is in the state after `at`, but for the holdings.
    pub(crate) async fn read_base(&self, base: &Base) -> Result<Found, IngestError> {
        let started = Instant::now();
        let pallets = Pallets::of(&base.runtime);
        let mut states = States::default();
        let (at, timestamp_ms) = (base.at, base.timestamp_ms);
        let block = Known {
            at,
            parent: at,
            timestamp_ms,
            spec_version: base.spec_version,
            is_upgraded: false,
            decoded: &base.decoded,
            before: &pallets,
            after: &pallets,
        };
        let mut window = StateWindow {
            first: at.number,
            last: at.number,
            generation: GENERATION,
            is_base: true,
            ..StateWindow::default()
        };
        let pool = self.source.pool();
        window.parameters =
            Some(parameters::first_seen(pool, &mut states, &pallets, at, timestamp_ms).await?);
        let netuids = parameters::subnets(&pallets, &states, at);
        let mut metagraphs =
            vec![netuids.iter().map(|netuid| Metagraph::new(*netuid, false)).collect::<Vec<_>>()];
        let terms = Terms { stride: 1, full: None, parameters: ParametersFrom::Window };
        let known = [block];
        let touched = [Touched::default()];
        self.read_snapshots(&known, &touched, &mut metagraphs, terms, &mut states, &mut window.snapshots)
            .await?;
        window.sort();
        let costs = Costs { batches: states.batches, keys: states.keys };
        Ok(Found { window, costs, took: started.elapsed() })
    }
}

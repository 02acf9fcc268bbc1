//! The node: a recording, how much of it exists yet, and what goes wrong.

mod growth;

pub(crate) use growth::Step;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::sync::broadcast;
use yumascan_chain::{BlockNumber, Hash, Header};

use crate::{
    faults::{Faults, RateLimit},
    recording::Recording,
};

/// Notices that a slow connection may fall behind before it is closed.
const NOTICES_KEPT: usize = 4096;
/// Retracted blocks that can still be asked for by hash.
const FORKED_BLOCKS_KEPT: usize = 64;

/// How a node is set up. The default serves the whole recording and does not grow.
#[derive(Debug, Clone, Default)]
pub struct NodeOptions {
    /// Best block at the start; the last of the recording by default.
    pub head: Option<BlockNumber>,
    /// A block is produced every so often; without it, only [`crate::Handle::advance`] produces blocks.
    pub block_time: Option<Duration>,
    /// How far the finalized block stays behind the best block while the chain grows; 2 by default.
    pub finality_lag: Option<BlockNumber>,
    /// Start of all random choices.
    pub seed: u64,
    /// What goes wrong.
    pub faults: Faults,
}

/// A recorded chain that can be served: see [`DevNode::serve`].
#[derive(Debug, Clone)]
pub struct DevNode {
    pub(crate) shared: Arc<Shared>,
}

/// What a node has been through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stats {
    /// Requests, those of batches counted one by one.
    pub requests: u64,
    /// Requests by method.
    pub by_method: BTreeMap<String, u64>,
    /// WebSocket connections accepted.
    pub connections: u64,
    /// Connections closed, or requests not answered, on purpose.
    pub dropped: u64,
    /// Requests refused for their number.
    pub rate_limited: u64,
    /// Answers that were falsified.
    pub falsified: u64,
}

/// State of a node, shared by its connections.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) recording: Arc<Recording>,
    pub(crate) block_time: Option<Duration>,
    finality_lag: BlockNumber,
    tip: Mutex<Tip>,
    faults: Mutex<Faults>,
    random: Mutex<StdRng>,
    stats: Mutex<Stats>,
    /// Second that the requests are being counted in, and their number.
    window: Mutex<(u64, u32)>,
    started: Instant,
    pub(crate) notices: broadcast::Sender<Notice>,
}

/// How much of the chain exists.
#[derive(Debug)]
pub(crate) struct Tip {
    pub(crate) best: BlockNumber,
    pub(crate) finalized: BlockNumber,
    /// The competing branch that is best at present: its blocks, lowest first.
    pub(crate) branch: Vec<ForkedBlock>,
    /// Blocks of branches past and present, by hash.
    forked: VecDeque<ForkedBlock>,
    /// Number of the last notice.
    pub(crate) sequence: u64,
}

/// A block of a competing branch: the recorded block of its height, under another header.
#[derive(Debug, Clone)]
pub(crate) struct ForkedBlock {
    pub(crate) hash: Hash,
    pub(crate) header: Header,
}

/// Something that subscribers are told.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// Grows by one; a subscriber that saw the tip at `n` needs those above `n` only.
    pub(crate) sequence: u64,
    pub(crate) event: Event,
}

/// What happened to the chain.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// A block was imported and is the best now.
    Best(Header),
    /// A block was imported on the way to a better one.
    Imported(Header),
    /// A block was finalized.
    Finalized(Header),
    /// All connections are to be closed.
    Disconnect,
}

impl DevNode {
    /// Sets up a node on a recording.
    #[must_use]
    pub fn new(recording: Arc<Recording>, options: NodeOptions) -> Self {
        let last = recording.last_block();
        let best = options.head.unwrap_or(last).clamp(recording.first_block() - 1, last);
        let finality_lag = options.finality_lag.unwrap_or(2);
        let lag_now = if options.block_time.is_some() { finality_lag } else { 0 };
        let finalized = best.saturating_sub(lag_now).max(recording.first_block() - 1);
        let tip = Tip { best, finalized, branch: Vec::new(), forked: VecDeque::new(), sequence: 0 };
        let shared = Shared {
            recording,
            block_time: options.block_time,
            finality_lag,
            tip: Mutex::new(tip),
            faults: Mutex::new(options.faults),
            random: Mutex::new(StdRng::seed_from_u64(options.seed)),
            stats: Mutex::default(),
            window: Mutex::default(),
            started: Instant::now(),
            notices: broadcast::channel(NOTICES_KEPT).0,
        };
        Self { shared: Arc::new(shared) }
    }
}

impl Shared {
    pub(crate) fn tip(&self) -> MutexGuard<'_, Tip> {
        lock(&self.tip)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn stats(&self) -> MutexGuard<'_, Stats> {
        lock(&self.stats)
    }

    /// True with this probability.
    pub(crate) fn chance(&self, probability: f64) -> bool {
        probability > 0.0 && lock(&self.random).random::<f64>() < probability
    }

    /// A random number below `limit` (0 where that is 0).
    pub(crate) fn random_below(&self, limit: usize) -> usize {
        if limit == 0 { 0 } else { lock(&self.random).random_range(0..limit) }
    }

    /// A random time up to `longest`.
    pub(crate) fn random_time(&self, longest: Duration) -> Duration {
        longest.mul_f64(lock(&self.random).random())
    }

    /// An identifier for a subscription.
    pub(crate) fn random_id(&self) -> String {
        format!("{:016x}", lock(&self.random).random::<u64>())
    }

    /// Counts a request; the limit that it exceeds, if it does.
    pub(crate) fn exceeded_limit(&self) -> Option<RateLimit> {
        let limit = self.faults().rate_limit?;
        let second = self.started.elapsed().as_secs();
        let mut window = lock(&self.window);
        *window = if window.0 == second { (second, window.1 + 1) } else { (second, 1) };
        let exceeded = window.1 > limit.per_second;
        if exceeded {
            self.stats().rate_limited += 1;
        }
        exceeded.then_some(limit)
    }
}

impl Tip {
    /// A block of a competing branch, past or present.
    pub(crate) fn forked(&self, hash: &Hash) -> Option<&ForkedBlock> {
        self.forked.iter().find(|block| block.hash == *hash)
    }

    /// Height of the best block: that of the competing branch while there is one.
    pub(crate) fn height(&self) -> BlockNumber {
        self.branch.last().map_or(self.best, |block| block.header.number)
    }
}

/// A lock that a panicking test must not take from the others.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Verified blocks from nodes.
//!
//! Nothing a node says is believed that can be computed: a header must hash to the hash asked for, name the height
//! and the parent it stands on, and commit to the extrinsics given. Events cannot be recomputed; their second witness
//! is `state_getStorageHash`, which hashes what the node's database holds, not what travelled. Whoever gave a wrong
//! answer is named and avoided, and the block is read again, elsewhere if there is an elsewhere.

mod blocks;
mod runtimes;
mod sampling;
mod states;
mod window;

pub use runtimes::Runtimes;
pub use window::FetchedWindow;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use yumascan_chain::{BlockNumber, Hash, Runtime};
use yumascan_warehouse::Warehouse;

use crate::rpc::Pool;

/// `System.Events`.
const EVENTS_KEY: &str = "0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7";
/// `Aura.Authorities`.
const AUTHORITIES_KEY: &str = "0x57f8dc2f5ab09467896f47300f0424385e0621c4869aa60c02be9adcc98a0d1d";

/// A block's height and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockAt {
    /// Height.
    pub number: BlockNumber,
    /// Hash.
    pub hash: Hash,
}

/// Reads verified blocks and the runtimes that executed them; cheap to clone.
#[derive(Debug, Clone)]
pub struct Source {
    pool: Pool,
    runtimes: Arc<Runtimes>,
    /// Cleared when no endpoint serves `state_getStorageHash`.
    witness: Arc<AtomicBool>,
}

impl Source {
    /// A source over `pool`; runtimes are kept in `warehouse`.
    #[must_use]
    pub fn new(pool: Pool, warehouse: Warehouse) -> Self {
        let runtimes = Arc::new(Runtimes::new(warehouse));
        Self { pool, runtimes, witness: Arc::new(AtomicBool::new(true)) }
    }

    /// The pool it asks.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The runtimes it decodes with.
    pub(crate) fn runtimes(&self) -> &Runtimes {
        &self.runtimes
    }

    fn has_witness(&self) -> bool {
        self.witness.load(Ordering::Relaxed)
    }

    /// Called when no endpoint serves `state_getStorageHash`: events are then read twice.
    fn lose_witness(&self) {
        if self.witness.swap(false, Ordering::Relaxed) {
            tracing::warn!(
                "no endpoint serves state_getStorageHash; events are read twice to tell corrupt answers"
            );
        }
    }
}

/// A verified block and the runtime that executed it.
#[derive(Debug, Clone)]
pub struct SourcedBlock {
    /// The block.
    pub raw: yumascan_chain::RawBlock,
    /// Its runtime: that of the parent's state.
    pub runtime: Arc<Runtime>,
}

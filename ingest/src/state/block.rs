//! A block of a window, with the items of the states before and after it.

use yumascan_chain::{DecodedBlock, Runtime};

use super::parameters::MIGRATIONS;
use crate::{source::BlockAt, verify::items::Items};

/// The pallets whose state the lane reads.
#[derive(Debug)]
pub(crate) struct Pallets<'r> {
    pub(crate) subtensor: Items<'r>,
    pub(crate) swap: Items<'r>,
    pub(crate) system: Items<'r>,
    pub(crate) balances: Items<'r>,
    pub(crate) safe_mode: Items<'r>,
    pub(crate) drand: Items<'r>,
    pub(crate) alpha_assets: Items<'r>,
    pub(crate) sudo: Items<'r>,
    pub(crate) ethereum: Items<'r>,
    pub(crate) registry: Items<'r>,
    /// Pallets that note which of their migrations ran, by name.
    pub(crate) migrating: Vec<(&'r str, Items<'r>)>,
}

impl<'r> Pallets<'r> {
    /// The pallets of a runtime.
    pub(crate) fn of(runtime: &'r Runtime) -> Self {
        let items = |pallet| Items::of(runtime, pallet);
        Self {
            subtensor: items("SubtensorModule"),
            swap: items("Swap"),
            system: items("System"),
            balances: items("Balances"),
            safe_mode: items("SafeMode"),
            drand: items("Drand"),
            alpha_assets: items("AlphaAssets"),
            sudo: items("Sudo"),
            ethereum: items("Ethereum"),
            registry: items("Registry"),
            migrating: runtime
                .storage_items()
                .filter(|item| item.name() == MIGRATIONS)
                .map(|item| (item.pallet(), items(item.pallet())))
                .collect(),
        }
    }
}

/// A block of a window.
///
/// A state is laid out as the runtime has it that wrote it: the state before a block by the runtime of its parent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'w> {
    /// Itself.
    pub(crate) at: BlockAt,
    /// The block whose state it began with.
    pub(crate) parent: BlockAt,
    pub(crate) timestamp_ms: Option<u64>,
    pub(crate) spec_version: u32,
    /// Whether migrations ran before everything else.
    pub(crate) is_upgraded: bool,
    pub(crate) decoded: &'w DecodedBlock,
    /// Items of the state before it.
    pub(crate) before: &'w Pallets<'w>,
    /// Items of the state after it.
    pub(crate) after: &'w Pallets<'w>,
}

//! The events and calls of a block that tell of moves, each parsed once, calls by their extrinsic.

use std::collections::HashMap;

use yumascan_chain::{CallView, DecodedBlock, Outcome};

use super::args::Args;

/// An event.
#[derive(Debug)]
pub(super) struct Event<'b> {
    pub(super) index: u32,
    pub(super) extrinsic: Option<u32>,
    pub(super) pallet: &'b str,
    pub(super) name: &'b str,
    pub(super) args: Args,
}

/// A call that ran, or may have.
#[derive(Debug, Clone)]
pub(super) struct Call<'b> {
    pub(super) name: &'b str,
    /// Account it ran for; `None` where that is not an account.
    pub(super) origin: Option<&'b str>,
    pub(super) args: Args,
}

/// What a block tells.
#[derive(Debug)]
pub(super) struct Log<'b> {
    pub(super) events: Vec<Event<'b>>,
    /// By extrinsic.
    pub(super) calls: HashMap<u32, Vec<Call<'b>>>,
}

/// Events of `SubtensorModule` that are many and tell nothing here.
const IDLE: [&str; 9] = [
    "WeightsSet",
    "WeightsCommitted",
    "WeightsRevealed",
    "TimelockedWeightsCommitted",
    "TimelockedWeightsRevealed",
    "CRV3WeightsCommitted",
    "CRV3WeightsRevealed",
    "AxonServed",
    "IncentiveAlphaEmittedToMiners",
];

impl<'b> Log<'b> {
    pub(super) fn of(decoded: &'b DecodedBlock) -> Self {
        let events = decoded.events().filter(|event| tells(event.pallet, event.variant));
        let events: Vec<Event<'b>> = events
            .map(|event| Event {
                index: event.index,
                extrinsic: event.extrinsic_index(),
                pallet: event.pallet,
                name: event.variant,
                args: Args::parse(event.args),
            })
            .collect();
        let mut calls: HashMap<u32, Vec<Call<'b>>> = HashMap::new();
        for call in decoded.calls() {
            let may_have_run = matches!(call.outcome, Outcome::Success | Outcome::Unknown);
            if may_have_run && CALLS.contains(&call.call) {
                calls.entry(call.extrinsic_index).or_default().push(Call::of(&call));
            }
        }
        Self { events, calls }
    }

    /// Events of the pallet SubtensorModule.
    pub(super) fn subtensor(&self) -> impl Iterator<Item = &Event<'b>> {
        self.events.iter().filter(|event| event.pallet == super::read::SUBTENSOR)
    }

    /// Calls of these names in an extrinsic, in the order in which they ran.
    pub(super) fn calls(&self, extrinsic: Option<u32>, names: &[&str]) -> Vec<&Call<'b>> {
        let all = extrinsic.and_then(|extrinsic| self.calls.get(&extrinsic)).into_iter().flatten();
        all.filter(|call| names.contains(&call.name)).collect()
    }

    /// The same of all extrinsics, each with its extrinsic, ascending.
    pub(super) fn all_calls(&self, names: &[&str]) -> Vec<(u32, &Call<'b>)> {
        let mut extrinsics: Vec<u32> = self.calls.keys().copied().collect();
        extrinsics.sort_unstable();
        let of = |extrinsic: u32| {
            self.calls(Some(extrinsic), names).into_iter().map(move |call| (extrinsic, call))
        };
        extrinsics.into_iter().flat_map(of).collect()
    }
}

impl<'b> Call<'b> {
    fn of(view: &CallView<'b>) -> Self {
        let is_account = !matches!(view.origin, "Root" | "None" | "Unknown" | "");
        Self { name: view.call, origin: is_account.then_some(view.origin), args: Args::parse(view.args) }
    }
}

/// Calls that are looked at.
const CALLS: [&str; 18] = [
    "add_stake",
    "remove_stake",
    "burned_register",
    "register",
    "register_limit",
    "root_register",
    "register_network",
    "register_network_with_identity",
    "register_leased_network",
    "finalize",
    "dissolve_network",
    "root_dissolve_network",
    "sudo_trim_to_max_allowed_uids",
    "set_childkey_take",
    "transact",
    "call",
    "create",
    "create2",
];

fn tells(pallet: &str, name: &str) -> bool {
    match pallet {
        super::read::SUBTENSOR => !IDLE.contains(&name),
        "LimitOrders" | "Ethereum" | "Registry" => true,
        "EVM" => name == "Log",
        "Balances" => name == "Withdraw",
        _ => false,
    }
}

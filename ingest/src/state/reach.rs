//! What events do not name, found in the state: whom claims were settled for, who is staked to a swapped key, whom a
//! removed subnet pays out, who shares in a lease.

use std::collections::BTreeSet;

use serde_json::Value;
use yumascan_chain::{AccountId, KeyPart};

use super::{
    block::{Known, Pallets},
    touched::{Stake, Touched},
};
use crate::{
    source::BlockAt,
    verify::{
        items::{Fixed, Items, Part, account_of, number_of},
        state::States,
    },
};

const STAKES: [&str; 2] = ["Alpha", "AlphaV2"];
const POOLS: [&str; 3] = ["TotalHotkeyAlpha", "TotalHotkeyShares", "TotalHotkeySharesV2"];

/// Rounds of reading, each of which needs what the one before gave.
pub(crate) const ROUNDS: usize = 2;

/// Items of the states before and after a block.
fn sides<'w>(block: &Known<'w>) -> [(&'w Pallets<'w>, BlockAt); 2] {
    [(block.before, block.parent), (block.after, block.at)]
}

/// Wants the values of a round.
pub(crate) fn want(round: usize, block: &Known<'_>, touched: &Touched, states: &mut States) {
    match round {
        0 => want_keys(block, touched, states),
        _ => want_stakes_of_keys(block, touched, states),
    }
}

fn want_keys(block: &Known<'_>, touched: &Touched, states: &mut States) {
    for (pallets, at) in sides(block) {
        let items = &pallets.subtensor;
        for coldkey in touched.claims.iter().chain(touched.coldkeys.iter().flatten()) {
            for name in ["StakingHotkeys", "OwnedHotkeys", "RootClaimType"] {
                items.want(states, at, name, &[Part::Account(coldkey)]);
            }
        }
        for hotkey in &touched.hotkeys {
            for name in STAKES.iter().chain(&POOLS) {
                items.want_keys(states, at, name, &[Part::Account(hotkey)]);
            }
        }
        if !touched.leases.is_empty() {
            items.want_keys(states, at, "SubnetLeases", &[]);
        }
    }
    if !touched.removed.is_empty() {
        let items = &block.before.subtensor;
        for name in STAKES.iter().chain(&POOLS) {
            items.want_keys(states, block.parent, name, &[]);
        }
        items.want_keys(states, block.parent, "RootClaimable", &[]);
        for netuid in &touched.removed {
            items.want(states, block.parent, "SubnetOwner", &[Part::U16(*netuid)]);
        }
    }
}

fn want_stakes_of_keys(block: &Known<'_>, touched: &Touched, states: &mut States) {
    for coldkey in &touched.claims {
        let hotkeys = hotkeys_of(block, states, coldkey, &["StakingHotkeys"]);
        if !swaps(block, states, coldkey) {
            for hotkey in hotkeys {
                block.before.subtensor.want(states, block.parent, "RootClaimable", &[Part::Account(&hotkey)]);
            }
        }
    }
    for group in &touched.coldkeys {
        for hotkey in group_hotkeys(block, states, group) {
            for (pallets, at) in sides(block) {
                for name in POOLS {
                    pallets.subtensor.want_keys(states, at, name, &[Part::Account(&hotkey)]);
                }
            }
            for coldkey in group {
                for (pallets, at) in sides(block) {
                    for name in STAKES {
                        let key = [Part::Account(&hotkey), Part::Account(coldkey)];
                        pallets.subtensor.want_keys(states, at, name, &key);
                    }
                }
            }
        }
    }
    if !touched.leases.is_empty() {
        for (pallets, at) in sides(block) {
            for lease in leases(&pallets.subtensor, states, at) {
                states.want(at, lease);
            }
        }
    }
}

/// Adds to `touched` what was found.
pub(crate) fn resolve(block: &Known<'_>, states: &States, touched: &mut Touched) {
    let claims: Vec<AccountId> = touched.claims.iter().copied().collect();
    for coldkey in claims {
        let is_swapped = swaps(block, states, &coldkey);
        for hotkey in hotkeys_of(block, states, &coldkey, &["StakingHotkeys"]) {
            touched.stake(hotkey, coldkey, 0);
            if !is_swapped {
                for netuid in claimable(block, states, &hotkey) {
                    touched.stake(hotkey, coldkey, netuid);
                }
            }
        }
    }
    resolve_hotkeys(block, states, touched);
    resolve_coldkeys(block, states, touched);
    resolve_removed(block, states, touched);
    resolve_leases(block, states, touched);
}

fn resolve_hotkeys(block: &Known<'_>, states: &States, touched: &mut Touched) {
    let hotkeys: Vec<AccountId> = touched.hotkeys.iter().copied().collect();
    for hotkey in &hotkeys {
        for netuid in pools_of(block, states, hotkey) {
            touched.pools.extend(hotkeys.iter().map(|hotkey| (*hotkey, netuid)));
        }
    }
    for (pallets, at) in sides(block) {
        for hotkey in &hotkeys {
            let key = [Part::Account(hotkey)];
            for name in STAKES {
                for parts in pallets.subtensor.listed(states, at.number, name, &key) {
                    let Some(stake) = stake_of(&parts) else { continue };
                    // what one key had the other has
                    for hotkey in &hotkeys {
                        touched.stake(*hotkey, stake.coldkey, stake.netuid);
                    }
                }
            }
        }
    }
}

/// Subnets on which a hotkey has a pool, as listed.
fn pools_of(block: &Known<'_>, states: &States, hotkey: &AccountId) -> BTreeSet<u16> {
    let mut netuids = BTreeSet::new();
    for (pallets, at) in sides(block) {
        for name in POOLS {
            let listed = pallets.subtensor.listed(states, at.number, name, &[Part::Account(hotkey)]);
            netuids.extend(listed.iter().filter_map(|parts| number_of(parts.get(1)?)));
        }
    }
    netuids
}

fn resolve_coldkeys(block: &Known<'_>, states: &States, touched: &mut Touched) {
    for group in touched.coldkeys.clone() {
        touched.accounts.extend(&group);
        for hotkey in group_hotkeys(block, states, &group) {
            // a swap goes through every subnet and writes pools even where nothing moves
            let pools = pools_of(block, states, &hotkey);
            touched.pools.extend(pools.into_iter().map(|netuid| (hotkey, netuid)));
            for coldkey in &group {
                for (pallets, at) in sides(block) {
                    let key = [Part::Account(&hotkey), Part::Account(coldkey)];
                    for name in STAKES {
                        for parts in pallets.subtensor.listed(states, at.number, name, &key) {
                            let Some(stake) = stake_of(&parts) else { continue };
                            for coldkey in &group {
                                touched.stake(hotkey, *coldkey, stake.netuid);
                            }
                        }
                    }
                }
            }
        }
    }
}

fn resolve_removed(block: &Known<'_>, states: &States, touched: &mut Touched) {
    if touched.removed.is_empty() {
        return;
    }
    let (items, at) = (&block.before.subtensor, block.parent.number);
    for name in STAKES {
        for stake in items.listed(states, at, name, &[]).iter().filter_map(|parts| stake_of(parts)) {
            if touched.removed.contains(&stake.netuid) {
                touched.stake(stake.hotkey, stake.coldkey, stake.netuid);
                // paid out
                touched.accounts.insert(stake.coldkey);
            }
        }
    }
    for name in POOLS {
        for parts in items.listed(states, at, name, &[]) {
            let (Some(hotkey), Some(netuid)) =
                (parts.first().and_then(account_of), parts.get(1).and_then(number_of))
            else {
                continue;
            };
            if touched.removed.contains(&netuid) {
                touched.pools.insert((hotkey, netuid));
            }
        }
    }
    let rates = items.listed(states, at, "RootClaimable", &[]);
    touched.rates.extend(rates.iter().filter_map(|parts| account_of(parts.first()?)));
    for netuid in &touched.removed {
        if let Ok(Some(owner)) = items.find_value(states, at, "SubnetOwner", &[Part::U16(*netuid)]) {
            touched.accounts.insert(owner);
        }
    }
}

/// All contributors' shares of the leased subnets, held through the lease's hotkey.
fn resolve_leases(block: &Known<'_>, states: &States, touched: &mut Touched) {
    let accounts: Vec<AccountId> = touched.leases.iter().copied().collect();
    for (pallets, at) in sides(block) {
        let items = &pallets.subtensor;
        let Some(item) = items.find("SubnetLeases") else { continue };
        for key in leases(items, states, at) {
            let value = states.get(at.number, &key).and_then(|bytes| item.value(Some(bytes)).ok().flatten());
            let Some(lease) = value.and_then(|value| serde_json::from_str::<Value>(&value.json).ok()) else {
                continue;
            };
            let account = |name: &str| -> Option<AccountId> { lease.get(name)?.as_str()?.parse().ok() };
            let netuid =
                lease.get("netuid").and_then(Value::as_u64).and_then(|netuid| netuid.try_into().ok());
            let (Some(hotkey), Some(netuid)) = (account("hotkey"), netuid) else { continue };
            for coldkey in accounts.iter().copied().chain(account("beneficiary")).chain(account("coldkey")) {
                touched.stake(hotkey, coldkey, netuid);
            }
        }
    }
}

fn leases(items: &Items<'_>, states: &States, at: BlockAt) -> Vec<Vec<u8>> {
    let Some(prefix) = items.key("SubnetLeases", &[]) else { return Vec::new() };
    states.keys(at.number, &prefix).to_vec()
}

/// Whether claims of a coldkey are sold for TAO, so that only its stake on root changes.
fn swaps(block: &Known<'_>, states: &States, coldkey: &AccountId) -> bool {
    let swaps = |(pallets, at): (&Pallets<'_>, BlockAt)| {
        let kind: Option<Value> = pallets
            .subtensor
            .find_value(states, at.number, "RootClaimType", &[Part::Account(coldkey)])
            .ok()
            .flatten();
        kind.is_some_and(|kind| kind.get("Swap").is_some())
    };
    sides(block).into_iter().all(swaps)
}

/// Subnets of which root stakers of a hotkey may claim alpha.
fn claimable(block: &Known<'_>, states: &States, hotkey: &AccountId) -> Vec<u16> {
    let rates: Option<Vec<(u16, Fixed<i128>)>> = block
        .before
        .subtensor
        .find_value(states, block.parent.number, "RootClaimable", &[Part::Account(hotkey)])
        .ok()
        .flatten();
    rates.unwrap_or_default().into_iter().map(|(netuid, _)| netuid).collect()
}

fn hotkeys_of(block: &Known<'_>, states: &States, coldkey: &AccountId, names: &[&str]) -> Vec<AccountId> {
    let mut hotkeys = Vec::new();
    for (pallets, at) in sides(block) {
        for name in names {
            let found: Option<Vec<AccountId>> = pallets
                .subtensor
                .find_value(states, at.number, name, &[Part::Account(coldkey)])
                .ok()
                .flatten();
            hotkeys.extend(found.unwrap_or_default());
        }
    }
    hotkeys.sort_unstable();
    hotkeys.dedup();
    hotkeys
}

fn group_hotkeys(block: &Known<'_>, states: &States, group: &[AccountId]) -> Vec<AccountId> {
    let mut hotkeys: Vec<AccountId> = group
        .iter()
        .flat_map(|coldkey| hotkeys_of(block, states, coldkey, &["StakingHotkeys", "OwnedHotkeys"]))
        .collect();
    hotkeys.sort_unstable();
    hotkeys.dedup();
    hotkeys
}

/// Hotkey, coldkey and subnet of a key of `Alpha`.
pub(crate) fn stake_of(parts: &[KeyPart]) -> Option<Stake> {
    let [hotkey, coldkey, netuid] = parts else { return None };
    Some(Stake { hotkey: account_of(hotkey)?, coldkey: account_of(coldkey)?, netuid: number_of(netuid)? })
}

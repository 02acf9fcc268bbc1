//! Claims of root dividends in the block of an epoch: which alpha they kept on the subnet.
//!
//! The event names the coldkey alone. What it kept on a hotkey is what `RootClaimed` grew by: the chain notes there
//! what it has paid.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use yumascan_chain::AccountId;
use yumascan_protocol::epoch::AccountKey;

use crate::{
    source::BlockAt,
    verify::{
        effects::Moves,
        items::{Items, Part, Reason, Wide},
        state::States,
    },
};

const CLAIMED: &str = "RootClaimed";

/// Where claims are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'r> {
    pub(super) items: &'r Items<'r>,
    pub(super) parent: BlockAt,
    pub(super) at: BlockAt,
    pub(super) netuid: u16,
}

/// Coldkeys of which stake moved in the block without an event that has the amount.
#[derive(Debug)]
pub(super) struct Claims(Vec<Claimer>);

#[derive(Debug)]
struct Claimer {
    coldkey: AccountId,
    /// Hotkeys on which it stakes.
    staked: Vec<AccountId>,
    /// Whether it claimed and keeps the alpha; otherwise that is sold.
    keeps: bool,
    claimed: bool,
}

/// Value of `RootClaimType`.
#[derive(Deserialize)]
enum ClaimType {
    Swap(()),
    Keep(()),
    KeepSubnets { subnets: Vec<u16> },
}

impl Claims {
    pub(super) fn of(moves: &Moves) -> Self {
        let claimers = moves.claimers();
        let claimer = |coldkey| Claimer {
            coldkey,
            staked: Vec::new(),
            keeps: false,
            claimed: claimers.contains(&coldkey),
        };
        Self(moves.unclear_coldkeys().into_iter().map(claimer).collect())
    }

    /// Wants where the coldkeys stake and how they claim.
    pub(super) fn want(&self, place: Place<'_>, states: &mut States) {
        for claimer in &self.0 {
            for name in ["StakingHotkeys", "RootClaimType"] {
                place.items.want(states, place.parent, name, &[Part::Account(&claimer.coldkey)]);
            }
        }
    }

    pub(super) fn read(&mut self, place: Place<'_>, states: &States) -> Result<(), Reason> {
        for claimer in &mut self.0 {
            let (key, block) = ([Part::Account(&claimer.coldkey)], place.parent.number);
            claimer.staked = place.items.read(states, block, "StakingHotkeys", &key)?.unwrap_or_default();
            let kind: Option<ClaimType> = place.items.read(states, block, "RootClaimType", &key)?;
            let keeps = match kind {
                Some(ClaimType::Keep(())) => true,
                Some(ClaimType::KeepSubnets { subnets }) => subnets.contains(&place.netuid),
                Some(ClaimType::Swap(())) | None => false,
            };
            claimer.keeps = keeps && claimer.claimed;
        }
        Ok(())
    }

    /// Wants what was claimed of a hotkey before and after the block.
    pub(super) fn want_claimed(&self, place: Place<'_>, states: &mut States, hotkey: &AccountId) {
        for claimer in self.keepers().filter(|claimer| claimer.staked.contains(hotkey)) {
            for at in [place.parent, place.at] {
                place.items.want(states, at, CLAIMED, &key(place, hotkey, &claimer.coldkey));
            }
        }
    }

    /// Alpha that claims left on each of `hotkeys`.
    pub(super) fn kept(
        &self,
        place: Place<'_>,
        states: &States,
        hotkeys: &BTreeSet<AccountId>,
    ) -> Result<BTreeMap<AccountKey, i128>, Reason> {
        let mut kept = BTreeMap::new();
        for claimer in self.keepers() {
            for hotkey in claimer.staked.iter().filter(|hotkey| hotkeys.contains(hotkey)) {
                let claimed = |block| -> Result<i128, Reason> {
                    let key = key(place, hotkey, &claimer.coldkey);
                    let found: Option<Wide<i128>> = place.items.read(states, block, CLAIMED, &key)?;
                    Ok(found.map_or(0, |wide| wide.0))
                };
                let grown = claimed(place.at.number)?.saturating_sub(claimed(place.parent.number)?);
                *kept.entry(AccountKey(hotkey.0)).or_default() += grown;
            }
        }
        Ok(kept)
    }

    /// Those of the coldkeys that stake on a hotkey.
    pub(super) fn staking_on(&self, hotkey: &AccountId) -> Vec<AccountId> {
        let of = self.0.iter().filter(|claimer| claimer.staked.contains(hotkey));
        of.map(|claimer| claimer.coldkey).collect()
    }

    /// Those that did not claim: their stake went to another coldkey.
    pub(super) fn swapped_on(&self, hotkey: &AccountId) -> Vec<AccountId> {
        let of = self.0.iter().filter(|claimer| !claimer.claimed && claimer.staked.contains(hotkey));
        of.map(|claimer| claimer.coldkey).collect()
    }

    fn keepers(&self) -> impl Iterator<Item = &Claimer> {
        self.0.iter().filter(|claimer| claimer.keeps)
    }
}

fn key<'k>(place: Place<'_>, hotkey: &'k AccountId, coldkey: &'k AccountId) -> [Part<'k>; 3] {
    [Part::U16(place.netuid), Part::Account(hotkey), Part::Account(coldkey)]
}

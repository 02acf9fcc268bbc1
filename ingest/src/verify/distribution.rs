//! What an epoch paid: read, recomputed, compared.
//!
//! The epoch hands on what each neuron earned; parents, takes, stakers and root have their parts of it. The chain keeps the
//! dividends of the last epoch by hotkey, which nothing but the next epoch (and a swap of hotkeys) writes. Stake and the
//! subnet's alpha go on moving in the block.

mod claims;
mod payments;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use yumascan_chain::{AccountId, KeyPart};
use yumascan_protocol::{
    emission::{DistributionInputs, Era, HotkeyState, Parent, Pendings, Withholding},
    epoch::{AccountKey, EpochInputs},
    fixed::I96F32,
};

use claims::{Claims, Place};
pub(crate) use payments::{PaymentDifference, Payments};

use super::{
    effects::Moves,
    items::{Fixed, Items, Part, Reason, Wide},
    state::States,
};
use crate::source::BlockAt;

/// Rounds of reading.
pub(crate) const ROUNDS: usize = 3;

/// What the block's coinbase left for the epoch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accrued {
    pub(crate) era: Era,
    pub(crate) pendings: Pendings,
    pub(crate) alpha_out_rao: u64,
    /// Alpha in the pool.
    pub(crate) alpha_in_rao: u64,
    pub(crate) tao_weight: u64,
}

/// A distribution ready to be recomputed: the payouts are still missing.
#[derive(Debug)]
pub(crate) struct Distribution {
    inputs: DistributionInputs,
    stored: Paid,
    /// Alpha in the pool after the coinbase.
    alpha_in_rao: u64,
    claims: Claims,
    /// Alpha that claims of the block left on hotkeys.
    kept: BTreeMap<AccountKey, i128>,
}

/// What the chain keeps of an epoch's payments, by hotkey, after the block.
#[derive(Debug, Default)]
struct Paid {
    alpha: BTreeMap<AccountKey, u64>,
    root: Option<BTreeMap<AccountKey, u64>>,
    last_epoch: BTreeMap<AccountKey, u64>,
    /// Stake.
    total: BTreeMap<AccountKey, u64>,
    /// `SubnetAlphaOut`.
    alpha_out: u64,
    /// `SubnetAlphaIn`.
    alpha_in: u64,
}

const ALPHA: &str = "AlphaDividendsPerSubnet";
const ROOT: &str = "RootAlphaDividendsPerSubnet";
const LAST_EPOCH: &str = "TotalHotkeyAlphaLastEpoch";
const TOTAL: &str = "TotalHotkeyAlpha";
const ALPHA_OUT: &str = "SubnetAlphaOut";
const ALPHA_IN: &str = "SubnetAlphaIn";

/// A distribution whose inputs are being read.
#[derive(Debug)]
pub(crate) struct Reading<'r> {
    items: &'r Items<'r>,
    at: BlockAt,
    parent: BlockAt,
    netuid: u16,
    accrued: Accrued,
    neurons: Vec<AccountId>,
    /// All that may be paid: neurons, their parents, the owner's hotkey, destinations of automatic stake.
    hotkeys: BTreeSet<AccountId>,
    owner_coldkey: Option<AccountId>,
    owner_hotkey: Option<AccountId>,
    auto_stake: BTreeMap<AccountId, AccountId>,
    claims: Claims,
}

type Relations = Vec<(Wide<u64>, AccountId)>;

/// Value of `RecycleOrBurn`.
#[derive(Deserialize)]
enum StoredWithholding {
    Burn(()),
    Recycle(()),
}

impl<'r> Reading<'r> {
    pub(crate) fn new(
        items: &'r Items<'r>,
        parent: BlockAt,
        at: BlockAt,
        inputs: &EpochInputs,
        accrued: Accrued,
        moves: &Moves,
    ) -> Self {
        let neurons: Vec<AccountId> =
            inputs.neurons.iter().filter_map(|neuron| neuron.key).map(|key| AccountId(key.0)).collect();
        Self {
            items,
            at,
            parent,
            netuid: inputs.netuid,
            accrued,
            hotkeys: neurons.iter().copied().collect(),
            neurons,
            owner_coldkey: None,
            owner_hotkey: None,
            auto_stake: BTreeMap::new(),
            claims: Claims::of(moves),
        }
    }

    fn place(&self) -> Place<'r> {
        Place { items: self.items, parent: self.parent, at: self.at, netuid: self.netuid }
    }

    /// Wants the values of a round; those of the rounds before are there.
    pub(crate) fn want(&mut self, round: usize, states: &mut States) -> Result<(), Reason> {
        let netuid = [Part::U16(self.netuid)];
        match round {
            0 => {
                // read with the epoch's inputs
                self.owner_hotkey = self.find(states, "SubnetOwnerHotkey", &netuid)?;
                for hotkey in self.neurons.clone() {
                    let parents: Relations = self.of(states, "ParentKeys", &hotkey)?.unwrap_or_default();
                    self.hotkeys.extend(parents.into_iter().map(|(_, parent)| parent));
                }
                self.hotkeys.extend(self.owner_hotkey);
                for name in ["SubnetOwner", "RecycleOrBurn"] {
                    self.items.want(states, self.parent, name, &netuid);
                }
                self.items.want(states, self.parent, "CKBurn", &[]);
                for name in [ALPHA, ROOT] {
                    self.items.want_keys(states, self.at, name, &netuid);
                }
                for name in [ALPHA_OUT, ALPHA_IN] {
                    self.items.want(states, self.at, name, &netuid);
                }
                self.claims.want(self.place(), states);
                self.hotkeys.iter().for_each(|hotkey| self.want_hotkey(states, hotkey));
            }
            1 => {
                self.claims.read(self.place(), states)?;
                self.owner_coldkey = self.find(states, "SubnetOwner", &netuid)?;
                if let Some(coldkey) = &self.owner_coldkey {
                    self.items.want(states, self.parent, "OwnedHotkeys", &[Part::Account(coldkey)]);
                }
                for hotkey in &self.neurons {
                    let owner = self.owner(states, hotkey)?;
                    let key = [Part::Account(&owner), Part::U16(self.netuid)];
                    self.items.want(states, self.parent, "AutoStakeDestination", &key);
                }
                for name in [ALPHA, ROOT] {
                    let Some(prefix) = self.items.key(name, &netuid) else { continue };
                    for key in states.keys(self.at.number, &prefix).to_vec() {
                        states.want(self.at, key);
                    }
                }
                self.hotkeys.iter().for_each(|hotkey| self.want_after(states, hotkey));
            }
            _ => {
                for hotkey in self.neurons.clone() {
                    let owner = self.owner(states, &hotkey)?;
                    let key = [Part::Account(&owner), Part::U16(self.netuid)];
                    if let Some(destination) = self.find(states, "AutoStakeDestination", &key)? {
                        self.auto_stake.insert(owner, destination);
                        self.hotkeys.insert(destination);
                        self.want_hotkey(states, &destination);
                        self.want_after(states, &destination);
                    }
                }
            }
        }
        Ok(())
    }

    /// The inputs and what is stored, after all rounds.
    pub(crate) fn finish(self, states: &States) -> Result<Distribution, Reason> {
        let block = self.parent.number;
        let key_of = |account: AccountId| AccountKey(account.0);
        let owned: Vec<AccountId> = match &self.owner_coldkey {
            Some(coldkey) => {
                self.items.read(states, block, "OwnedHotkeys", &[Part::Account(coldkey)])?.unwrap_or_default()
            }
            None => Vec::new(),
        };
        let withholding: Option<StoredWithholding> =
            self.items.read(states, block, "RecycleOrBurn", &[Part::U16(self.netuid)])?;
        let burn: Option<Wide<u64>> = self.items.read(states, block, "CKBurn", &[])?;
        let mut hotkeys = BTreeMap::new();
        for hotkey in &self.hotkeys {
            hotkeys.insert(key_of(*hotkey), self.hotkey_state(states, hotkey)?);
        }
        let after = |name: &str, key: &[Part<'_>]| -> Result<u64, Reason> {
            let found: Option<Wide<u64>> = self.items.read(states, self.at.number, name, key)?;
            Ok(found.map_or(0, |wide| wide.0))
        };
        let (mut last_epoch, mut total) = (BTreeMap::new(), BTreeMap::new());
        for hotkey in &self.hotkeys {
            let key = [Part::Account(hotkey), Part::U16(self.netuid)];
            last_epoch.insert(key_of(*hotkey), after(LAST_EPOCH, &key)?);
            total.insert(key_of(*hotkey), after(TOTAL, &key)?);
        }
        let stored = Paid {
            alpha: self.by_hotkey(states, ALPHA)?.unwrap_or_default(),
            root: self.by_hotkey(states, ROOT)?,
            last_epoch,
            total,
            alpha_out: after(ALPHA_OUT, &[Part::U16(self.netuid)])?,
            alpha_in: after(ALPHA_IN, &[Part::U16(self.netuid)])?,
        };
        let kept = self.claims.kept(self.place(), states, &self.hotkeys)?;
        let inputs = DistributionInputs {
            era: self.accrued.era,
            netuid: self.netuid,
            pendings: self.accrued.pendings,
            tao_weight: self.accrued.tao_weight,
            childkey_burn: burn.map_or(0, |wide| wide.0),
            payouts: Vec::new(),
            hotkeys,
            owner_coldkey: self.owner_coldkey.map(key_of),
            owner_hotkey: self.owner_hotkey.map(key_of),
            owned_hotkeys: owned.into_iter().map(key_of).collect(),
            withholding: match withholding {
                Some(StoredWithholding::Recycle(())) => Withholding::Recycle,
                Some(StoredWithholding::Burn(())) | None => Withholding::Burn,
            },
            auto_stake: self
                .auto_stake
                .iter()
                .map(|(coldkey, destination)| (key_of(*coldkey), key_of(*destination)))
                .collect(),
            alpha_out_rao: self.accrued.alpha_out_rao,
        };
        let alpha_in_rao = self.accrued.alpha_in_rao;
        Ok(Distribution { inputs, stored, alpha_in_rao, claims: self.claims, kept })
    }

    fn want_hotkey(&self, states: &mut States, hotkey: &AccountId) {
        let account = Part::Account(hotkey);
        for name in ["Owner", "Delegates", "RootClaimable"] {
            self.items.want(states, self.parent, name, &[account]);
        }
        for name in ["ChildkeyTake", "ParentKeys", "ChildKeys", TOTAL] {
            self.items.want(states, self.parent, name, &[account, Part::U16(self.netuid)]);
        }
        self.items.want(states, self.parent, TOTAL, &[account, Part::U16(0)]);
    }

    /// Wants what is stored of a hotkey after the block, and what was claimed of it.
    fn want_after(&self, states: &mut States, hotkey: &AccountId) {
        for name in [LAST_EPOCH, TOTAL] {
            self.items.want(states, self.at, name, &[Part::Account(hotkey), Part::U16(self.netuid)]);
        }
        self.claims.want_claimed(self.place(), states, hotkey);
    }

    fn hotkey_state(&self, states: &States, hotkey: &AccountId) -> Result<HotkeyState, Reason> {
        let (items, block, account) = (self.items, self.parent.number, Part::Account(hotkey));
        let amount = |netuid| -> Result<u64, Reason> {
            let key = [account, Part::U16(netuid)];
            Ok(items.read::<Wide<u64>>(states, block, TOTAL, &key)?.map_or(0, |wide| wide.0))
        };
        let parents: Relations = self.of(states, "ParentKeys", hotkey)?.unwrap_or_default();
        let children: Relations = self.of(states, "ChildKeys", hotkey)?.unwrap_or_default();
        let claimable: Vec<(u16, Fixed<i128>)> =
            items.read(states, block, "RootClaimable", &[account])?.unwrap_or_default();
        Ok(HotkeyState {
            owner: AccountKey(self.owner(states, hotkey)?.0),
            alpha_rao: amount(self.netuid)?,
            root_rao: amount(0)?,
            take: items.read(states, block, "Delegates", &[account])?.unwrap_or_default(),
            childkey_take: self.of(states, "ChildkeyTake", hotkey)?.unwrap_or_default(),
            parents: parents
                .into_iter()
                .map(|(proportion, parent)| Parent { proportion: proportion.0, hotkey: AccountKey(parent.0) })
                .collect(),
            children: children.into_iter().map(|(proportion, _)| proportion.0).collect(),
            claimable: claimable
                .into_iter()
                .find(|(netuid, _)| *netuid == self.netuid)
                .map(|(_, rate)| I96F32::from_bits(rate.bits.0)),
        })
    }

    fn owner(&self, states: &States, hotkey: &AccountId) -> Result<AccountId, Reason> {
        self.items.require(states, self.parent.number, "Owner", &[Part::Account(hotkey)])
    }

    /// A value by hotkey and subnet.
    fn of<T: serde::de::DeserializeOwned>(
        &self,
        states: &States,
        name: &str,
        hotkey: &AccountId,
    ) -> Result<Option<T>, Reason> {
        let key = [Part::Account(hotkey), Part::U16(self.netuid)];
        self.items.read(states, self.parent.number, name, &key)
    }

    /// An account that is set, and not merely an item's default.
    fn find(&self, states: &States, name: &str, key: &[Part<'_>]) -> Result<Option<AccountId>, Reason> {
        match self.items.is_set(states, self.parent.number, name, key) {
            true => self.items.read(states, self.parent.number, name, key),
            false => Ok(None),
        }
    }

    /// Amounts by hotkey after the block; `None` where the runtime has no such item.
    fn by_hotkey(&self, states: &States, name: &str) -> Result<Option<BTreeMap<AccountKey, u64>>, Reason> {
        let (Some(item), Some(prefix)) =
            (self.items.find(name), self.items.key(name, &[Part::U16(self.netuid)]))
        else {
            return Ok(None);
        };
        let mut found = BTreeMap::new();
        for (key, parts) in states.parsed_keys(self.at.number, item, &prefix) {
            let Some(KeyPart::Json(hotkey)) = parts.get(1) else { continue };
            let hotkey: AccountId = serde_json::from_str(hotkey).map_err(|error| error.to_string())?;
            let amount: Option<Wide<u64>> = super::items::decode(item, states.get(self.at.number, key))?;
            found.insert(AccountKey(hotkey.0), amount.map_or(0, |wide| wide.0));
        }
        Ok(Some(found))
    }
}

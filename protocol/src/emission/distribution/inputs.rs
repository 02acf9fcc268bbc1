//! What a distribution reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    emission::{EmissionError, Era, Pendings},
    epoch::{AccountKey, Payout},
    fixed::I96F32,
};

/// Everything the distribution of one epoch reads: the state at the end of the block below, what the coinbase of the
/// block accrued, and what the epoch computed.
///
/// A missing item has the default of the metadata, not zero: `Delegates`, for instance, is 11796 by default.
///
/// A leased subnet (`SubnetUidToLeaseId`) passes part of its owner's cut on to those who financed it, every hundred
/// blocks: that moves stake between coldkeys of one hotkey and changes nothing that is computed here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistributionInputs {
    /// The rules.
    pub era: Era,
    /// The subnet.
    pub netuid: u16,
    /// What the epoch drained: the pendings of [`crate::emission::SubnetOutputs`].
    pub pendings: Pendings,
    /// Storage `TaoWeight`, of 2^64 − 1.
    pub tao_weight: u64,
    /// Storage `CKBurn`, of 2^64 − 1: what is burned of a parent's part where child and parent have different owners.
    pub childkey_burn: u64,
    /// What the epoch gave each neuron, zeros included. The order does not matter.
    pub payouts: Vec<Payout>,
    /// State of every hotkey that takes part: those of the payouts, their parents, the destinations of automatic
    /// stake, the owner's hotkey.
    pub hotkeys: BTreeMap<AccountKey, HotkeyState>,
    /// Storage `SubnetOwner`.
    pub owner_coldkey: Option<AccountKey>,
    /// Storage `SubnetOwnerHotkey`.
    pub owner_hotkey: Option<AccountKey>,
    /// Storage `OwnedHotkeys` of the owner's coldkey: their incentive is withheld, as is the owner hotkey's.
    pub owned_hotkeys: Vec<AccountKey>,
    /// Storage `RecycleOrBurn`.
    pub withholding: Withholding,
    /// Storage `AutoStakeDestination[coldkey, netuid]`, by coldkey, where it is set.
    pub auto_stake: BTreeMap<AccountKey, AccountKey>,
    /// Storage `SubnetAlphaOut`, with the coinbase of the block.
    pub alpha_out_rao: u64,
}

/// What becomes of the incentive of the owner's hotkeys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withholding {
    /// It stays in `SubnetAlphaOut` and belongs to nobody. Also where the item is not set.
    #[default]
    Burn,
    /// It leaves `SubnetAlphaOut`.
    Recycle,
}

/// What the distribution reads of a hotkey.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotkeyState {
    /// Storage `Owner`: its coldkey.
    pub owner: AccountKey,
    /// Storage `TotalHotkeyAlpha[hotkey, netuid]`.
    pub alpha_rao: u64,
    /// Storage `TotalHotkeyAlpha[hotkey, 0]`.
    pub root_rao: u64,
    /// Storage `Delegates`: the take from stakers, of 65535.
    pub take: u16,
    /// Storage `ChildkeyTake[hotkey, netuid]`: the take from parents, of 65535.
    pub childkey_take: u16,
    /// Storage `ParentKeys[hotkey, netuid]`, in storage order.
    pub parents: Vec<Parent>,
    /// Proportions of storage `ChildKeys[hotkey, netuid]`, of 2^64 − 1, in storage order.
    pub children: Vec<u64>,
    /// Storage `RootClaimable[hotkey][netuid]`: alpha for each rao on root.
    pub claimable: Option<I96F32>,
}

/// A parent of a hotkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The part of the parent's stake that the child has, of 2^64 − 1.
    pub proportion: u64,
    /// The parent.
    pub hotkey: AccountKey,
}

impl DistributionInputs {
    pub(super) fn hotkey(&self, hotkey: AccountKey) -> Result<&HotkeyState, EmissionError> {
        self.hotkeys.get(&hotkey).ok_or(EmissionError::MissingHotkey { hotkey })
    }

    /// Whether a hotkey is the owner's, so that its incentive is withheld.
    pub(super) fn is_owners(&self, hotkey: AccountKey) -> bool {
        self.owner_hotkey == Some(hotkey) || self.owned_hotkeys.contains(&hotkey)
    }
}

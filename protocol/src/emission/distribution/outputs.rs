//! What a distribution writes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    epoch::AccountKey,
    fixed::{I96F32, U96F32},
};

/// What the distribution of one epoch writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistributionOutputs {
    /// Alpha that the validators shared.
    pub validator_rao: u64,
    /// Incentives, by hotkey.
    pub incentives: Vec<Incentive>,
    /// Dividends, by hotkey: of validators, and of parents that need no place on the subnet.
    pub dividends: Vec<Dividend>,
    /// Every increase of stake, in the order of the chain: what share pools are replayed from.
    pub payments: Vec<Payment>,
    /// Storage `AlphaDividendsPerSubnet[netuid, ...]`, whole: entries of earlier epochs are removed.
    pub alpha_dividends: BTreeMap<AccountKey, u64>,
    /// Storage `RootAlphaDividendsPerSubnet[netuid, ...]`, whole; none where the era has no such item.
    pub root_alpha_dividends: Option<BTreeMap<AccountKey, u64>>,
    /// Storage `TotalHotkeyAlpha[hotkey, netuid]` of the hotkeys that were paid.
    pub hotkey_alpha: BTreeMap<AccountKey, u64>,
    /// Storage `TotalHotkeyAlphaLastEpoch[hotkey, netuid]`: the same between alpha and root dividends.
    pub hotkey_alpha_last_epoch: BTreeMap<AccountKey, u64>,
    /// Storage `RootClaimable[hotkey][netuid]`.
    pub claimable: BTreeMap<AccountKey, I96F32>,
    /// Alpha burned between children and parents of different owners; it leaves `SubnetAlphaOut`.
    pub childkey_burned_rao: u64,
    /// Incentive of the owner's hotkeys that left `SubnetAlphaOut`.
    pub recycled_rao: u64,
    /// Incentive of the owner's hotkeys that stayed in `SubnetAlphaOut` and belongs to nobody.
    pub burned_rao: u64,
    /// Storage `SubnetAlphaOut`.
    pub alpha_out_rao: u64,
}

/// The incentive of a hotkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incentive {
    /// The miner's hotkey.
    pub hotkey: AccountKey,
    /// Alpha.
    pub rao: u64,
    /// What became of it.
    pub outcome: IncentiveOutcome,
}

/// What became of an incentive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncentiveOutcome {
    /// Staked for the miner's coldkey, on this hotkey: the miner's, or where the coldkey wants it
    /// (event `AutoStakeAdded`).
    Staked {
        /// The hotkey on which it is staked.
        destination: AccountKey,
        /// Whether the destination was chosen by the coldkey.
        automatic: bool,
    },
    /// Withheld from the owner's hotkey, and recycled.
    Recycled,
    /// Withheld from the owner's hotkey, and burned.
    Burned,
}

/// The dividends of a hotkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dividend {
    /// The hotkey.
    pub hotkey: AccountKey,
    /// What it earned and its children gave it: a weight, not an amount.
    pub credit: U96F32,
    /// Its part of the validators' alpha, take included.
    pub alpha: U96F32,
    /// Its part of root's alpha, take included.
    pub root: U96F32,
    /// The hotkey's take of the former, staked for its coldkey.
    pub alpha_take_rao: u64,
    /// What its stakers on the subnet have of it.
    pub alpha_rao: u64,
    /// The hotkey's take of root's part, staked on the subnet for its coldkey.
    pub root_take_rao: u64,
    /// What its stakers on root have of it.
    pub root_rao: u64,
    /// How they have it.
    pub claim: Claim,
}

/// How stakers on root have their dividends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// To be claimed: alpha for each rao on root is this much more.
    Claimable {
        /// The increase of `RootClaimable`.
        increase: I96F32,
    },
    /// There is more alpha than TAO of the hotkey on root: staked for the hotkey's coldkey on the subnet.
    Staked,
}

/// An increase of stake on the subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Why.
    pub kind: PaymentKind,
    /// The hotkey.
    pub hotkey: AccountKey,
    /// The coldkey; none where all that stake on the hotkey have it in proportion.
    pub coldkey: Option<AccountKey>,
    /// Alpha.
    pub rao: u64,
}

/// Why stake increased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// The owner's cut.
    OwnerCut,
    /// A miner's incentive.
    Incentive,
    /// A hotkey's take of dividends.
    AlphaTake,
    /// Dividends of the stakers on the subnet.
    AlphaDividend,
    /// A hotkey's take of root's dividends.
    RootTake,
    /// Root's dividends, where they could not be made claimable.
    RootDividend,
}

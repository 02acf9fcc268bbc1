//! What an epoch reads.
//!
//! All of it is the state after the previous block, plus what the same block's initialisation did before the
//! epoch: migrations, time-locked reveals, the block's own accrual.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Era, StoredRow};

/// Public key of an account.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountKey(pub [u8; 32]);

impl fmt::Display for AccountKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::str::FromStr for AccountKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("0x").ok_or(InvalidKey)?.as_bytes();
        if digits.len() != 64 {
            return Err(InvalidKey);
        }
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let digit =
                |symbol: u8| char::from(symbol).to_digit(16).and_then(|value| u8::try_from(value).ok());
            let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else { return Err(InvalidKey) };
            *byte = (high << 4) | low;
        }
        Ok(Self(key))
    }
}

/// A text that is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an account key is 0x and 64 hexadecimal digits")]
pub struct InvalidKey;

impl Serialize for AccountKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AccountKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// All that the epoch of one subnet at one block reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochInputs {
    /// Rules in force.
    pub era: Era,
    /// Subnet; never 0, the root.
    pub netuid: u16,
    /// Block in whose initialisation the epoch runs.
    pub block: u64,
    /// What the epoch shares out, rao of the subnet's token (TAO before alpha existed).
    ///
    /// From spec 343 on it is the drained server, validator and root pendings together, with this block's accrual.
    pub rao: u64,
    /// Hyperparameters.
    pub parameters: Parameters,
    /// `Uids[netuid, SubnetOwnerHotkey]`; `None` where there is no owner hotkey or it has no uid.
    pub owner_uid: Option<u16>,
    /// `LastMechansimStepBlock[netuid]` before the epoch; read from spec 423 on, else 0.
    pub last_step_block: u64,
    /// Neurons by uid, 0 to `SubnetworkN` − 1.
    pub neurons: Vec<Neuron>,
    /// `MechanismEmissionSplit[netuid]`: shares of 65535; `None` splits evenly.
    pub mechanism_split: Option<Vec<u16>>,
    /// Mechanisms by number, `MechanismCountCurrent` of them; one before spec 320.
    pub mechanisms: Vec<MechanismInputs>,
}

/// Hyperparameters of the subnet and of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// `Tempo`, blocks.
    pub tempo: u16,
    /// `Kappa`, share of 65535: the majority.
    pub kappa: u16,
    /// `BondsPenalty`, share of 65535.
    pub bonds_penalty: u16,
    /// `BondsMovingAverage`, per million: the share of old bonds that stays.
    pub bonds_moving_average: u64,
    /// `Yuma3On`.
    pub yuma3_on: bool,
    /// `LiquidAlphaOn`.
    pub liquid_alpha_on: bool,
    /// `AlphaValues.0`, share of 65535.
    pub alpha_low: u16,
    /// `AlphaValues.1`, share of 65535.
    pub alpha_high: u16,
    /// `AlphaSigmoidSteepness`, as stored: u16 in specs 273–282, i16 after.
    pub alpha_sigmoid_steepness: i32,
    /// `ActivityCutoff`, blocks; from spec 423 on [`schedule::activity_cutoff`](super::schedule::activity_cutoff).
    pub activity_cutoff: u64,
    /// `MaxAllowedValidators`.
    pub max_allowed_validators: u16,
    /// `StakeThreshold`, rao.
    pub stake_threshold: u64,
    /// `TaoWeight`, share of 2^64 − 1.
    pub tao_weight: u64,
    /// `NetworkMaxStake[netuid]`, rao; read before spec 233 only, `None` where it has no limit.
    pub max_stake: Option<u64>,
}

/// One neuron, as all mechanisms see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neuron {
    /// `Keys[netuid, uid]`: the hotkey; `None` where the map has no entry.
    pub key: Option<AccountKey>,
    /// `BlockAtRegistration[netuid, uid]`.
    pub block_at_registration: u64,
    /// `ValidatorPermit[netuid][uid]` of the previous epoch; missing is `false`.
    pub permit: bool,
    /// Its stake and its relations.
    pub stake: StakeInputs,
}

impl Neuron {
    /// Block of registration; 0 for a uid without hotkey.
    pub(super) fn registered(&self) -> u64 {
        if self.key.is_some() { self.block_at_registration } else { 0 }
    }
}

/// Stake of a hotkey, its children and its parents on the subnet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StakeInputs {
    /// `TotalHotkeyAlpha[hotkey, netuid]`, rao of alpha; before spec 233 `TotalHotkeyStake[hotkey]`, rao of TAO.
    pub alpha: u64,
    /// `TotalHotkeyAlpha[hotkey, 0]`, rao of TAO on the root.
    pub tao: u64,
    /// Proportions of `ChildKeys[hotkey, netuid]`, shares of 2^64 − 1, in storage order.
    pub children: Vec<u64>,
    /// `ParentKeys[hotkey, netuid]` in storage order.
    pub parents: Vec<ParentStake>,
}

/// One parent of a hotkey.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentStake {
    /// Share of the parent's stake, of 2^64 − 1.
    pub proportion: u64,
    /// The parent's stake as [`StakeInputs::alpha`].
    pub alpha: u64,
    /// The parent's stake as [`StakeInputs::tao`].
    pub tao: u64,
}

/// What one mechanism has of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MechanismInputs {
    /// `LastUpdate[index]`; missing uids count as 0.
    pub last_update: Vec<u64>,
    /// `Weights[index, uid]` by uid, pairs in storage order; missing uids have none.
    pub weights: Vec<StoredRow>,
    /// `Bonds[index, uid]` by uid, pairs in storage order; missing uids have none.
    pub bonds: Vec<StoredRow>,
    /// Block of the oldest pending weight commit by uid, `u64::MAX` for none
    /// ([`commits::oldest_pending`](super::commits::oldest_pending)); `None` where `CommitRevealWeightsEnabled` is off.
    pub commit_blocks: Option<Vec<u64>>,
}

//! What an epoch stores and hands on.

use serde::{Deserialize, Serialize};

use super::{AccountKey, StoredRow};

/// The results of an epoch, as the chain stores them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochOutputs {
    /// Mechanisms by number.
    pub mechanisms: Vec<MechanismOutputs>,
    /// Vectors of the subnet, all mechanisms together.
    pub subnet: NeuronVectors,
    /// What goes on to the distribution, in the order of the hotkeys' bytes.
    pub payouts: Vec<Payout>,
}

/// Results of one mechanism.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MechanismOutputs {
    /// Number of the mechanism.
    pub mechid: u8,
    /// `mechid · 4096 + netuid`: the key of its storage maps.
    pub index: u16,
    /// Its part of the epoch's rao.
    pub rao: u64,
    /// `Incentive[index]` by uid.
    pub incentive: Vec<u16>,
    /// `Bonds[index, uid]` by uid, after the epoch.
    pub bonds: Vec<StoredRow>,
    /// Server part in rao by uid: event `IncentiveAlphaEmittedToMiners`.
    pub server_emission: Vec<u64>,
    /// Validator part in rao by uid.
    pub validator_emission: Vec<u64>,
}

/// Vectors by uid of a subnet; `None` where the era does not store them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeuronVectors {
    /// `Active`.
    pub active: Vec<bool>,
    /// `Emission`, rao.
    pub emission: Vec<u64>,
    /// `Consensus`.
    pub consensus: Vec<u16>,
    /// `Dividends`.
    pub dividends: Vec<u16>,
    /// `ValidatorTrust`.
    pub validator_trust: Vec<u16>,
    /// `ValidatorPermit`, in force from the next epoch on.
    pub validator_permit: Vec<bool>,
    /// `StakeWeight`.
    pub stake_weight: Option<Vec<u16>>,
    /// `Rank`.
    pub rank: Option<Vec<u16>>,
    /// `Trust`.
    pub trust: Option<Vec<u16>>,
    /// `PruningScores`.
    pub pruning_scores: Option<Vec<u16>>,
}

/// What a hotkey earned in all mechanisms, before parents, takes and owners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    /// Neuron.
    pub uid: u16,
    /// Its hotkey.
    pub hotkey: AccountKey,
    /// As a server (incentive), rao.
    pub server: u64,
    /// As a validator (dividends), rao; a weight rather than an amount since spec 257.
    pub validator: u64,
}

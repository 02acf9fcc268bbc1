//! Every intermediate of an epoch, for those who want to follow it.

use serde::{Deserialize, Serialize};

use crate::fixed::I32F32;

use super::StakeWeight;

/// Sparse rows of fixed-point values by uid: (uid, value) pairs.
pub type Rows = Vec<Vec<(u16, I32F32)>>;

/// What one mechanism computed on its way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochSteps {
    /// Weighed stake by uid, before the threshold.
    pub stake_weight: Vec<StakeWeight>,
    /// Stake as a share of all, after the threshold.
    pub stake: Vec<I32F32>,
    /// Activity by uid.
    pub active: Vec<bool>,
    /// Permits in force, with the owner's where the era grants it.
    pub permits: Vec<bool>,
    /// Stake of active validators as a share of all of it.
    pub active_stake: Vec<I32F32>,
    /// Weights that count, each row a share of its sum.
    pub weights: Rows,
    /// Consensus weight by uid.
    pub consensus: Vec<I32F32>,
    /// Weights cut at the consensus.
    pub clipped_weights: Rows,
    /// Sum of a validator's clipped weights.
    pub validator_trust: Vec<I32F32>,
    /// Clipped weights by stake, summed by miner.
    pub ranks: Vec<I32F32>,
    /// Ranks as a share of all.
    pub incentive: Vec<I32F32>,
    /// Weights that make bonds: between all weights and the clipped ones, by the bonds penalty.
    pub weights_for_bonds: Rows,
    /// Old bonds that still count; classic ones as shares of their column.
    pub old_bonds: Rows,
    /// Classic bonds only: what this epoch's weights bought, as shares of their column.
    pub new_bonds: Rows,
    /// Weight of the new in the moving average by bond; Yuma3 with liquid alpha only.
    pub bond_alphas: Rows,
    /// Bonds after the moving average; classic ones as shares of their column.
    pub bonds: Rows,
    /// Bonds as they are stored, before they become shares of 65535: classic ones with the greatest of each column
    /// scaled to one.
    pub scaled_bonds: Rows,
    /// Bonds by incentive, summed by validator, as a share of all.
    pub dividends: Vec<I32F32>,
    /// No incentive and no dividend: the rao follow the stake.
    pub fallback: bool,
    /// Server and validator part together in rao by uid.
    pub emission: Vec<u64>,
}

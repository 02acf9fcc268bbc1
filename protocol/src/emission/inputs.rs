//! What the coinbase reads: the state at the end of the block before.

use serde::{Deserialize, Serialize};

use super::Era;
use crate::{
    amm::Pool,
    fixed::{I64F64, I96F32, U64F64},
};

/// Everything the coinbase of one block reads.
///
/// It is the state at the end of the block below, after any migration in this block's own initialization: in the
/// first block of a new runtime that state cannot be asked of a node.
///
/// A missing item has the default of the metadata, not zero: `NetworkRegistrationAllowed` and
/// `NetworkPowRegistrationAllowed`, for instance, are true by default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoinbaseInputs {
    /// The rules.
    pub era: Era,
    /// The block that is computed.
    pub block_number: u64,
    /// Storage `SubtensorModule.TotalIssuance`.
    pub total_issuance_rao: u64,
    /// Storage `SubnetTAO[0]`: what is staked on root.
    pub root_tao_rao: u64,
    /// Storage `TaoWeight`, of 2^64 − 1.
    pub tao_weight: u64,
    /// Storage `SubnetOwnerCut`, of 65535.
    pub owner_cut: u16,
    /// Storage `SubnetMovingAlpha`.
    pub moving_alpha: I96F32,
    /// How flows become shares.
    pub flow: FlowParameters,
    /// Every subnet of `NetworksAdded` but root, ascending.
    pub subnets: Vec<SubnetInputs>,
}

/// How flows of TAO become shares of the emission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowParameters {
    /// Storage `FlowEmaSmoothingFactor`, of 2^63 − 1.
    pub smoothing_factor: u64,
    /// Storage `FlowNormExponent`.
    pub norm_exponent: U64F64,
    /// Storage `TaoFlowCutoff`.
    pub cutoff: I64F64,
}

/// What the coinbase reads of one subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetInputs {
    /// The subnet.
    pub netuid: u16,
    /// Storage `FirstEmissionBlockNumber`: none before the owner's start call.
    pub first_emission_block: Option<u64>,
    /// Storage `SubtokenEnabled`.
    pub subtoken_enabled: bool,
    /// Storage `NetworkRegistrationAllowed`.
    pub registration_allowed: bool,
    /// Storage `NetworkPowRegistrationAllowed`.
    pub pow_registration_allowed: bool,
    /// Storage `SubnetMovingPrice`.
    pub moving_price: I96F32,
    /// Storage `EMAPriceHalvingBlocks`.
    pub price_halving_blocks: u64,
    /// Storage `SubnetTaoFlow`: what users brought in, less what they took out, since the last average.
    pub tao_flow_rao: i64,
    /// Storage `SubnetEmaTaoFlow`.
    pub average_flow: Option<FlowAverage>,
    /// The subnet's pool.
    pub pool: Pool,
    /// Storage `SubnetAlphaOut`.
    pub alpha_out_rao: u64,
    /// What has accrued since the last epoch.
    pub pendings: Pendings,
}

/// Storage `SubnetEmaTaoFlow`: a moving average of the flow and its block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowAverage {
    /// The block whose coinbase wrote it.
    pub block_number: u64,
    /// Rao a block.
    pub rao: I64F64,
}

/// What accrues for the next epoch, in alpha rao.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pendings {
    /// Storage `PendingServerEmission`: for miners.
    pub server_rao: u64,
    /// Storage `PendingValidatorEmission`: for validators and their stakers on the subnet.
    pub validator_rao: u64,
    /// Storage `PendingRootAlphaDivs`: for stakers on root.
    pub root_rao: u64,
    /// Storage `PendingOwnerCut`: for the owner.
    pub owner_cut_rao: u64,
}

impl SubnetInputs {
    /// Alpha of the subnet in existence: in the pool, provided by users, and outside.
    #[must_use]
    pub const fn alpha_issuance_rao(&self) -> u64 {
        self.pool.alpha_reserve_rao().saturating_add(self.alpha_out_rao)
    }
}

impl Pendings {
    /// What the epoch splits: everything but the owner's cut.
    #[must_use]
    pub const fn epoch_rao(&self) -> u64 {
        self.server_rao.saturating_add(self.validator_rao).saturating_add(self.root_rao)
    }

    /// The sum of two, item by item.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self {
            server_rao: self.server_rao.saturating_add(more.server_rao),
            validator_rao: self.validator_rao.saturating_add(more.validator_rao),
            root_rao: self.root_rao.saturating_add(more.root_rao),
            owner_cut_rao: self.owner_cut_rao.saturating_add(more.owner_cut_rao),
        }
    }
}

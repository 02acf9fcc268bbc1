//! What the coinbase writes.

use serde::{Deserialize, Serialize};

use super::{Accrual, FlowAverage, Pendings};
use crate::{
    amm::{Pool, SwapError},
    fixed::{I96F32, U64F64, U96F32},
};

/// What the coinbase of a block writes, before the epochs of that block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoinbaseOutputs {
    /// TAO that this block may issue.
    pub block_emission_rao: u64,
    /// TAO that it did issue: what `TotalIssuance` grew by.
    pub issued_rao: u64,
    /// Whether root stakers receive alpha in this block; otherwise their part is recycled. They do while the moving
    /// prices of the receiving subnets sum to more than one.
    pub root_receives: bool,
    /// The subnets that receive, ascending.
    pub subnets: Vec<SubnetOutputs>,
    /// Subnets that receive, but whose alpha the chain bought in a way that is not followed: what they have is to be
    /// asked of the node.
    pub unknown: Vec<(u16, SwapError)>,
    /// The subnets that do not, ascending, each with the first reason: nothing of theirs is written, and all items
    /// below keep what an earlier block wrote.
    pub excluded: Vec<(u16, Exclusion)>,
}

/// Why a subnet does not receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// Its owner has not made the start call.
    NotStarted,
    /// Its token is not enabled.
    SubtokenDisabled,
    /// Nobody may register on it.
    RegistrationClosed,
}

/// What the coinbase writes of one subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetOutputs {
    /// The subnet.
    pub netuid: u16,
    /// Its share of the block's emission.
    pub share: U64F64,
    /// Its part of the block's emission, with the fraction of a rao that is dropped later.
    pub tao: U96F32,
    /// TAO for one alpha before anything was injected in this block.
    pub price: U96F32,
    /// Storage `SubnetTaoInEmission`: TAO put into the pool.
    pub tao_in_emission_rao: u64,
    /// Storage `SubnetAlphaInEmission`: alpha put into the pool.
    pub alpha_in_emission_rao: u64,
    /// Storage `SubnetAlphaOutEmission`: alpha for owner, miners, validators and root.
    pub alpha_out_emission_rao: u64,
    /// TAO that the alpha cap kept out of the pool, with which the chain buys alpha to recycle it.
    pub excess_tao_rao: u64,
    /// What that buy gave; none where there was no excess or the pool refused.
    pub bought_alpha_rao: Option<u64>,
    /// How the alpha for participants is split.
    pub accrual: Accrual,
    /// The pendings with it, as the epoch finds them; without an epoch in this block they are stored so.
    pub pendings: Pendings,
    /// Storage `SubnetEmaTaoFlow`; `SubnetTaoFlow` is removed.
    pub average_flow: FlowAverage,
    /// Storage `SubnetMovingPrice`.
    pub moving_price: I96F32,
    /// The pool after injection and buy.
    pub pool: Pool,
    /// Storage `SubnetAlphaOut`, before the epochs of the block.
    pub alpha_out_rao: u64,
    /// Storage `RootProp`, if no epoch of the block changes the subnet's alpha.
    pub root_proportion: U96F32,
}

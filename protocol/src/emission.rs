//! Emission: what a block issues, how subnets share it, and who receives it at an epoch.
//!
//! Two functions, both plain data in and plain data out:
//!
//! * [`coinbase`]: one block over all subnets: shares of TAO, injection into the pools, the chain's own buys, what
//!   accrues for miners, validators, root and owner, flow averages and moving prices;
//! * [`distribute`]: one epoch of one subnet: parents, takes, dividends on the subnet and on root, incentives paid,
//!   recycled or burned, as amounts for each hotkey.
//!
//! What is computed differs between runtimes: [`Era::detect`] tells which rules hold from the metadata and the spec
//! version, and refuses where no rules are implemented. docs/emission.md has the maths.

mod accrual;
mod coinbase;
mod distribution;
mod era;
mod injection;
mod inputs;
mod moving_price;
mod outputs;
pub mod shares;

pub use accrual::{Accrual, root_proportion};
pub use coinbase::coinbase;
pub use distribution::{
    Claim, DistributionInputs, DistributionOutputs, Dividend, HotkeyState, Incentive, IncentiveOutcome,
    Parent, Payment, PaymentKind, Withholding, distribute,
};
pub use era::Era;
pub use inputs::{CoinbaseInputs, FlowAverage, FlowParameters, Pendings, SubnetInputs};
pub use moving_price::moving_price;
pub use outputs::{CoinbaseOutputs, Exclusion, SubnetOutputs};

use crate::epoch::AccountKey;

/// Why an emission cannot be recomputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmissionError {
    /// The runtime's rules are not implemented.
    #[error("the emission rules of spec {spec_version} are not implemented: {reason}")]
    Unsupported {
        /// The runtime.
        spec_version: u32,
        /// What it has that is not implemented.
        reason: &'static str,
    },
    /// The inputs have a pool of another generation.
    #[error("the pool of subnet {netuid} is of a generation that these emission rules have not")]
    WrongPool {
        /// The subnet.
        netuid: u16,
    },
    /// A hotkey takes part whose state is not in the inputs.
    #[error("the state of hotkey {hotkey} is not in the inputs of the distribution")]
    MissingHotkey {
        /// The hotkey.
        hotkey: AccountKey,
    },
}

//! Rows of the state lane. Amounts are in rao (alpha-rao for alpha); columns named `_bits` are raw bits of fixed-point numbers.

mod changes;
mod holdings;
mod neurons;
mod subnets;

pub use changes::{HyperparameterRow, NetworkParameterRow, StateWindowRow, SweepDifferenceRow, SweepRow};
pub use holdings::{AccountBalanceRow, HotkeyPoolRow, RootClaimableRow, StakeShareRow};
pub use neurons::{BondsRow, DividendRow, NeuronStateRow, WeightsRow};
pub use subnets::{NetworkStateRow, SubnetStateRow};

//! Rows of what accounts hold, written whenever it changed.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

/// Row of `hotkey_pools`: stake of a hotkey on a subnet, all its stakers together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct HotkeyPoolRow {
    /// Block that changed it.
    pub block_number: u64,
    /// Hotkey, SS58.
    pub hotkey: String,
    /// Subnet; 0 is root.
    pub netuid: u16,
    /// All that is staked to it, alpha-rao, on root rao. Source: TotalHotkeyAlpha.
    pub total_alpha_rao: Option<u64>,
    /// Shares as U64F64: value times 2^64; NULL where the runtime has none. Source: TotalHotkeyShares.
    pub shares_bits: Option<u128>,
    /// Mantissa of the shares as a decimal float, value mantissa times 10^exponent; NULL where the runtime
    /// has none. Source: TotalHotkeySharesV2.
    pub shares_mantissa: Option<u128>,
    /// Its exponent. Source: TotalHotkeySharesV2.
    pub shares_exponent: Option<i64>,
}

/// Row of `stake_shares`: shares of a coldkey in the stake of a hotkey.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct StakeShareRow {
    /// Block that changed it.
    pub block_number: u64,
    /// Who staked, SS58.
    pub coldkey: String,
    /// To whom, SS58.
    pub hotkey: String,
    /// Subnet; 0 is root.
    pub netuid: u16,
    /// Shares as U64F64: value times 2^64; NULL where the runtime has none. Source: Alpha.
    pub shares_bits: Option<u128>,
    /// Mantissa of the shares as a decimal float, value mantissa times 10^exponent; NULL where the runtime
    /// has none. Source: AlphaV2.
    pub shares_mantissa: Option<u128>,
    /// Its exponent. Source: AlphaV2.
    pub shares_exponent: Option<i64>,
}

/// Row of `account_balances`: what an account has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct AccountBalanceRow {
    /// Block that changed it.
    pub block_number: u64,
    /// Account, SS58.
    pub account: String,
    /// Free TAO, rao. Source: System.Account.
    pub free_rao: u64,
    /// Reserved TAO, rao. Source: System.Account.
    pub reserved_rao: u64,
    /// Part of the free TAO that cannot be spent, rao. Source: System.Account.
    pub frozen_rao: u64,
    /// Extrinsics it signed. Source: System.Account.
    pub nonce: u32,
}

/// Row of `root_claimable`: rate at which root stakers of a hotkey can claim alpha.
#[derive(Debug, Clone, Default, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct RootClaimableRow {
    /// Block that changed it.
    pub block_number: u64,
    /// Hotkey, SS58.
    pub hotkey: String,
    /// Subnet; 0 is root.
    pub netuid: u16,
    /// Alpha-rao a rao, I96F32: value times 2^32. Source: RootClaimable.
    pub rate_bits: i128,
}

//! What accounts hold: balances, shares, pools and rates, read before and after a block.
//!
//! A value gives a row where it is another after the block than before. An item that a runtime has not is `None` and
//! counts as zero there, so that an upgrade alone changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use yumascan_chain::{AccountId, BlockNumber};
use yumascan_warehouse::{
    Holdings,
    rows::{AccountBalanceRow, HotkeyPoolRow, RootClaimableRow, StakeShareRow},
};

use super::{
    block::{Known, Pallets},
    touched::{Stake, Touched},
};
use crate::{
    source::BlockAt,
    verify::{
        items::{Fixed, Part, Reason, Wide},
        state::States,
    },
};

const STAKES: [&str; 2] = ["Alpha", "AlphaV2"];
const POOLS: [&str; 3] = ["TotalHotkeyAlpha", "TotalHotkeyShares", "TotalHotkeySharesV2"];

/// Value of `AlphaV2` and `TotalHotkeySharesV2`.
#[derive(Debug, Clone, Copy, Deserialize)]
struct SafeFloat {
    mantissa: Wide<u128>,
    exponent: Wide<i64>,
}

#[derive(Debug, Deserialize)]
struct AccountInfo {
    nonce: u32,
    data: AccountData,
}

#[derive(Debug, Deserialize)]
struct AccountData {
    free: Wide<u64>,
    reserved: Wide<u64>,
    frozen: Option<Wide<u64>>,
    /// Older runtimes.
    misc_frozen: Option<Wide<u64>>,
    fee_frozen: Option<Wide<u64>>,
}

/// Wants everything touched, before and after the block.
pub(crate) fn want(block: &Known<'_>, touched: &Touched, states: &mut States) {
    for (pallets, at) in [(block.before, block.parent), (block.after, block.at)] {
        for account in &touched.accounts {
            want_account(pallets, states, at, account);
        }
        for stake in &touched.stakes {
            want_stake(pallets, states, at, stake);
        }
        for (hotkey, netuid) in &touched.pools {
            want_pool(pallets, states, at, hotkey, *netuid);
        }
        for hotkey in &touched.rates {
            want_rates(pallets, states, at, hotkey);
        }
    }
}

pub(crate) fn want_account(pallets: &Pallets<'_>, states: &mut States, at: BlockAt, account: &AccountId) {
    pallets.system.want(states, at, "Account", &[Part::Account(account)]);
}

pub(crate) fn want_stake(pallets: &Pallets<'_>, states: &mut States, at: BlockAt, stake: &Stake) {
    for name in STAKES {
        pallets.subtensor.want(states, at, name, &stake.key());
    }
}

pub(crate) fn want_pool(
    pallets: &Pallets<'_>,
    states: &mut States,
    at: BlockAt,
    hotkey: &AccountId,
    netuid: u16,
) {
    for name in POOLS {
        pallets.subtensor.want(states, at, name, &[Part::Account(hotkey), Part::U16(netuid)]);
    }
}

pub(crate) fn want_rates(pallets: &Pallets<'_>, states: &mut States, at: BlockAt, hotkey: &AccountId) {
    pallets.subtensor.want(states, at, "RootClaimable", &[Part::Account(hotkey)]);
}

impl Stake {
    fn key(&self) -> [Part<'_>; 3] {
        [Part::Account(&self.hotkey), Part::Account(&self.coldkey), Part::U16(self.netuid)]
    }
}

/// Adds a row for everything touched that the block changed.
pub(crate) fn read_changes(
    block: &Known<'_>,
    touched: &Touched,
    states: &States,
    rows: &mut Holdings,
) -> Result<(), Reason> {
    let number = block.at.number;
    for account in &touched.accounts {
        let before = read_account(block.before, states, block.parent.number, account)?;
        let after = read_account(block.after, states, number, account)?;
        if !before.holds_as(&after) {
            rows.accounts.push(AccountBalanceRow { block_number: number, ..after });
        }
    }
    for stake in &touched.stakes {
        let before = read_stake(block.before, states, block.parent.number, stake)?;
        let after = read_stake(block.after, states, number, stake)?;
        if !before.holds_as(&after) {
            rows.stakes.push(StakeShareRow { block_number: number, ..after });
        }
    }
    for (hotkey, netuid) in &touched.pools {
        let before = read_pool(block.before, states, block.parent.number, hotkey, *netuid)?;
        let after = read_pool(block.after, states, number, hotkey, *netuid)?;
        if !before.holds_as(&after) {
            rows.pools.push(HotkeyPoolRow { block_number: number, ..after });
        }
    }
    for hotkey in &touched.rates {
        let before = read_rates(block.before, states, block.parent.number, hotkey)?;
        let after = read_rates(block.after, states, number, hotkey)?;
        let netuids: BTreeSet<u16> = before.keys().chain(after.keys()).copied().collect();
        for netuid in netuids {
            let rate_bits = after.get(&netuid).copied().unwrap_or_default();
            if before.get(&netuid).copied().unwrap_or_default() != rate_bits {
                let hotkey = hotkey.to_ss58();
                rows.rates.push(RootClaimableRow { block_number: number, hotkey, netuid, rate_bits });
            }
        }
    }
    Ok(())
}

pub(crate) fn read_account(
    pallets: &Pallets<'_>,
    states: &States,
    block: BlockNumber,
    account: &AccountId,
) -> Result<AccountBalanceRow, Reason> {
    let info: Option<AccountInfo> =
        pallets.system.find_value(states, block, "Account", &[Part::Account(account)])?;
    let mut row =
        AccountBalanceRow { block_number: block, account: account.to_ss58(), ..AccountBalanceRow::default() };
    if let Some(info) = info {
        row.free_rao = info.data.free.0;
        row.reserved_rao = info.data.reserved.0;
        let older = info.data.misc_frozen.max(info.data.fee_frozen);
        row.frozen_rao = info.data.frozen.or(older).map_or(0, |rao| rao.0);
        row.nonce = info.nonce;
    }
    Ok(row)
}

pub(crate) fn read_stake(
    pallets: &Pallets<'_>,
    states: &States,
    block: BlockNumber,
    stake: &Stake,
) -> Result<StakeShareRow, Reason> {
    let fixed: Option<Fixed<u128>> = pallets.subtensor.find_value(states, block, "Alpha", &stake.key())?;
    let float: Option<SafeFloat> = pallets.subtensor.find_value(states, block, "AlphaV2", &stake.key())?;
    Ok(StakeShareRow {
        block_number: block,
        coldkey: stake.coldkey.to_ss58(),
        hotkey: stake.hotkey.to_ss58(),
        netuid: stake.netuid,
        shares_bits: fixed.map(|fixed| fixed.bits.0),
        shares_mantissa: float.map(|float| float.mantissa.0),
        shares_exponent: float.map(|float| float.exponent.0),
    })
}

pub(crate) fn read_pool(
    pallets: &Pallets<'_>,
    states: &States,
    block: BlockNumber,
    hotkey: &AccountId,
    netuid: u16,
) -> Result<HotkeyPoolRow, Reason> {
    let key = [Part::Account(hotkey), Part::U16(netuid)];
    let items = &pallets.subtensor;
    let total: Option<Wide<u64>> = items.find_value(states, block, "TotalHotkeyAlpha", &key)?;
    let fixed: Option<Fixed<u128>> = items.find_value(states, block, "TotalHotkeyShares", &key)?;
    let float: Option<SafeFloat> = items.find_value(states, block, "TotalHotkeySharesV2", &key)?;
    Ok(HotkeyPoolRow {
        block_number: block,
        hotkey: hotkey.to_ss58(),
        netuid,
        total_alpha_rao: total.map(|total| total.0),
        shares_bits: fixed.map(|fixed| fixed.bits.0),
        shares_mantissa: float.map(|float| float.mantissa.0),
        shares_exponent: float.map(|float| float.exponent.0),
    })
}

/// Rates of a hotkey by subnet, those that are not 0.
pub(crate) fn read_rates(
    pallets: &Pallets<'_>,
    states: &States,
    block: BlockNumber,
    hotkey: &AccountId,
) -> Result<BTreeMap<u16, i128>, Reason> {
    let rates: Option<Vec<(u16, Fixed<i128>)>> =
        pallets.subtensor.find_value(states, block, "RootClaimable", &[Part::Account(hotkey)])?;
    let rates = rates.unwrap_or_default().into_iter().map(|(netuid, rate)| (netuid, rate.bits.0));
    Ok(rates.filter(|(_, bits)| *bits != 0).collect())
}

/// What is held, whatever the block.
pub(crate) trait Holding {
    /// Whether nothing is.
    fn is_nothing(&self) -> bool;
    /// Whether the other holds the same.
    fn holds_as(&self, other: &Self) -> bool;
}

impl Holding for AccountBalanceRow {
    fn is_nothing(&self) -> bool {
        self.free_rao == 0 && self.reserved_rao == 0 && self.frozen_rao == 0 && self.nonce == 0
    }
    fn holds_as(&self, other: &Self) -> bool {
        let of = |row: &Self| (row.free_rao, row.reserved_rao, row.frozen_rao, row.nonce);
        of(self) == of(other)
    }
}

impl Holding for StakeShareRow {
    fn is_nothing(&self) -> bool {
        self.shares_bits.unwrap_or(0) == 0 && self.shares_mantissa.unwrap_or(0) == 0
    }
    fn holds_as(&self, other: &Self) -> bool {
        let of = |row: &Self| shares(row.shares_bits, row.shares_mantissa, row.shares_exponent);
        of(self) == of(other)
    }
}

impl Holding for HotkeyPoolRow {
    fn is_nothing(&self) -> bool {
        self.total_alpha_rao.unwrap_or(0) == 0
            && self.shares_bits.unwrap_or(0) == 0
            && self.shares_mantissa.unwrap_or(0) == 0
    }
    fn holds_as(&self, other: &Self) -> bool {
        let of = |row: &Self| {
            let shares = shares(row.shares_bits, row.shares_mantissa, row.shares_exponent);
            (row.total_alpha_rao.unwrap_or(0), shares)
        };
        of(self) == of(other)
    }
}

impl Holding for RootClaimableRow {
    fn is_nothing(&self) -> bool {
        self.rate_bits == 0
    }
    fn holds_as(&self, other: &Self) -> bool {
        self.rate_bits == other.rate_bits
    }
}

/// Shares with what is not there as zero; the exponent of zero says nothing.
fn shares(bits: Option<u128>, mantissa: Option<u128>, exponent: Option<i64>) -> (u128, u128, i64) {
    let mantissa = mantissa.unwrap_or(0);
    let exponent = if mantissa == 0 { 0 } else { exponent.unwrap_or(0) };
    (bits.unwrap_or(0), mantissa, exponent)
}

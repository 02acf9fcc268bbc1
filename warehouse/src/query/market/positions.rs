//! What an account holds at a moment: balances, and stake by the rules of share pools, exact to the rao.

use std::collections::HashMap;

use serde::Serialize;
use yumascan_protocol::{
    fixed::{U64F64, U96F32},
    share_pool::{FixedPool, FloatPool, SafeFloat, Shares},
    valuation::worth_rao,
};

use super::Moment;
use crate::{
    Warehouse, WarehouseError,
    query::sql::Sql,
    rows::{AccountBalanceRow, HotkeyPoolRow, StakeShareRow},
};

/// Stake of a coldkey on a hotkey of a subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Position {
    /// Whose stake it is, SS58.
    pub coldkey: String,
    /// To whom it is staked, SS58.
    pub hotkey: String,
    /// Subnet; 0 is root.
    pub netuid: u16,
    /// The stake, alpha-rao; on root rao.
    pub alpha_rao: u64,
    /// Block that changed its shares last; dividends change the amount and no shares.
    pub shares_since: u64,
    /// Price of the alpha at the moment, bits of a U96F32; `None` where it is not known.
    pub price_bits: Option<u128>,
    /// What the stake is worth at that price, rao, rounded down. A sale of it would move the price.
    pub worth_rao: Option<u128>,
}

impl Position {
    /// Sets the price and what follows from it.
    #[must_use]
    pub fn at_price(mut self, price_bits: Option<u128>) -> Self {
        self.price_bits = price_bits;
        self.worth_rao = price_bits.map(|bits| worth_rao(self.alpha_rao, U96F32::from_bits(bits)));
        self
    }
}

/// Prices of alpha by netuid, bits of U96F32.
pub(crate) type Prices = HashMap<u16, u128>;

impl Warehouse {
    /// The balance of an account at a moment: the newest row at or before it. `None` where the account did not exist.
    pub async fn find_balance(
        &self,
        account: &str,
        moment: &Moment,
    ) -> Result<Option<AccountBalanceRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM account_balances WHERE account = ? AND block_number <= ? \
             ORDER BY account DESC, block_number DESC LIMIT 1",
        );
        self.fetch_optional("find a balance", sql.bind(account).bind(moment.block)).await
    }

    /// Balances of an account within `from..=to`, newest first, at most `limit`: one row a change.
    pub async fn list_balance_changes(
        &self,
        account: &str,
        (from, to): (u64, u64),
        limit: u32,
    ) -> Result<Vec<AccountBalanceRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM account_balances WHERE account = ? AND block_number BETWEEN ? AND ? \
             ORDER BY account DESC, block_number DESC LIMIT ?",
        );
        self.fetch_all("list balances", sql.bind(account).bind(from).bind(to).bind(limit)).await
    }

    /// All stake of a coldkey at a moment, by netuid and hotkey; positions of nothing are left out.
    pub async fn list_positions(
        &self,
        coldkey: &str,
        moment: &Moment,
    ) -> Result<Vec<Position>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM stake_shares WHERE coldkey = ? AND block_number <= ? \
             ORDER BY hotkey, netuid, block_number DESC LIMIT 1 BY hotkey, netuid",
        );
        let sql = sql.bind(coldkey).bind(moment.block);
        let shares = self.fetch_all::<StakeShareRow>("list shares", sql).await?;
        let shares: Vec<_> = shares.into_iter().filter(has_shares).collect();
        if shares.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = shares.iter().map(|row| (row.hotkey.clone(), row.netuid)).collect();
        let (pools, prices) =
            futures::try_join!(self.list_pools(&keys, moment.block), self.get_prices(moment))?;
        let mut positions = to_positions(shares, &pools);
        for position in &mut positions {
            *position = position.clone().at_price(prices.get(&position.netuid).copied());
        }
        positions.sort_by(|a, b| (a.netuid, &a.hotkey).cmp(&(b.netuid, &b.hotkey)));
        Ok(positions)
    }

    /// Share pools of these hotkeys and subnets at a block.
    pub async fn list_pools(
        &self,
        keys: &[(String, u16)],
        block: u64,
    ) -> Result<Vec<HotkeyPoolRow>, WarehouseError> {
        let mut sql = Sql::new("SELECT ?fields FROM hotkey_pools WHERE (hotkey, netuid) IN (");
        for (position, (hotkey, netuid)) in keys.iter().enumerate() {
            sql = sql.push(if position == 0 { "(?, ?)" } else { ", (?, ?)" });
            sql = sql.bind(hotkey.as_str()).bind(u32::from(*netuid));
        }
        let sql = sql.push(
            ") AND block_number <= ? ORDER BY hotkey, netuid, block_number DESC LIMIT 1 BY hotkey, netuid",
        );
        self.fetch_all("list share pools", sql.bind(block)).await
    }

    /// Prices of alpha at a moment, root's included.
    pub(crate) async fn get_prices(&self, moment: &Moment) -> Result<Prices, WarehouseError> {
        let sql = Sql::new(
            "SELECT netuid, price_bits FROM subnet_state WHERE block_number BETWEEN ? AND ? \
             ORDER BY netuid, block_number DESC LIMIT 1 BY netuid",
        );
        let sql = sql.bind(moment.floor()).bind(moment.block);
        let rows = self.fetch_all::<(u16, Option<u128>)>("read prices", sql).await?;
        Ok(rows.into_iter().filter_map(|(netuid, bits)| Some((netuid, bits?))).collect())
    }
}

/// Whether the row stands for any stake: what was removed has zeros.
pub(crate) fn has_shares(row: &StakeShareRow) -> bool {
    row.shares_bits.is_some_and(|bits| bits > 0) || row.shares_mantissa.is_some_and(|digits| digits > 0)
}

/// Values of shares in their pools; shares without a pool, or of no value, are left out.
pub(crate) fn to_positions(shares: Vec<StakeShareRow>, pools: &[HotkeyPoolRow]) -> Vec<Position> {
    let pools: HashMap<(&str, u16), &HotkeyPoolRow> =
        pools.iter().map(|pool| ((pool.hotkey.as_str(), pool.netuid), pool)).collect();
    let to_position = |row: StakeShareRow| {
        let pool = pools.get(&(row.hotkey.as_str(), row.netuid))?;
        let alpha_rao = value_of(pool, &row)?;
        (alpha_rao > 0).then_some(Position {
            coldkey: row.coldkey,
            hotkey: row.hotkey,
            netuid: row.netuid,
            alpha_rao,
            shares_since: row.block_number,
            price_bits: None,
            worth_rao: None,
        })
    };
    shares.into_iter().filter_map(to_position).collect()
}

/// What these shares are worth in their pool, alpha-rao; `None` where the pool or the shares are not known.
///
/// Where the runtime has decimal floats, an older fixed-point entry that was not moved there yet comes first, on both
/// sides.
#[must_use]
pub fn value_of(pool: &HotkeyPoolRow, shares: &StakeShareRow) -> Option<u64> {
    let value_rao = pool.total_alpha_rao?;
    let denominator = to_shares(pool.shares_bits, pool.shares_mantissa, pool.shares_exponent)?;
    let shares = to_shares(shares.shares_bits, shares.shares_mantissa, shares.shares_exponent)?;
    Some(match (denominator, shares, pool.shares_mantissa) {
        (Shares::Fixed(denominator), Shares::Fixed(shares), None) => {
            FixedPool { value_rao, denominator }.value_of(shares)
        }
        (denominator, shares, _) => {
            FloatPool { value_rao, denominator: denominator.to_float() }.value_of(shares.to_float())
        }
    })
}

fn to_shares(bits: Option<u128>, mantissa: Option<u128>, exponent: Option<i64>) -> Option<Shares> {
    match (bits, mantissa) {
        (Some(bits), _) if bits > 0 => Some(Shares::Fixed(U64F64::from_bits(bits))),
        (_, Some(mantissa)) => Some(Shares::Float(SafeFloat { mantissa, exponent: exponent.unwrap_or(0) })),
        (Some(_), None) => Some(Shares::Fixed(U64F64::ZERO)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Floats are stored as the chain has them: with a mantissa of 21 digits.
    fn pool(bits: Option<u128>, float: Option<u64>) -> HotkeyPoolRow {
        let float = float.map(SafeFloat::from);
        HotkeyPoolRow {
            total_alpha_rao: Some(900),
            shares_bits: bits,
            shares_mantissa: float.map(|float| float.mantissa),
            shares_exponent: float.map(|float| float.exponent),
            ..HotkeyPoolRow::default()
        }
    }

    fn shares(bits: Option<u128>, float: Option<u64>) -> StakeShareRow {
        let float = float.map(SafeFloat::from);
        StakeShareRow {
            shares_bits: bits,
            shares_mantissa: float.map(|float| float.mantissa),
            shares_exponent: float.map(|float| float.exponent),
            ..StakeShareRow::default()
        }
    }

    #[test]
    fn both_generations_of_shares_and_their_mixture_have_a_value() {
        let fixed = |count: u64| Some(U64F64::from_u64(count).to_bits());
        assert_eq!(value_of(&pool(fixed(300), None), &shares(fixed(100), None)), Some(300));
        assert_eq!(value_of(&pool(None, Some(300)), &shares(None, Some(100))), Some(300));
        assert_eq!(value_of(&pool(fixed(300), Some(0)), &shares(Some(0), Some(100))), Some(300));
        assert_eq!(value_of(&pool(Some(0), Some(300)), &shares(fixed(100), Some(0))), Some(300));
        assert_eq!(value_of(&pool(None, None), &shares(fixed(100), None)), None);
        assert_eq!(value_of(&pool(fixed(300), None), &shares(Some(0), None)), Some(0));
    }
}

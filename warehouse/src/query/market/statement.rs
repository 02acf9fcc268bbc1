//! What an account's statement is made of beside its lists: claims of root dividends, and its part of what epochs paid.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::positions::{has_shares, value_of};
use crate::{
    Warehouse, WarehouseError,
    query::sql::Sql,
    rows::{DividendRow, HotkeyPoolRow, RootClaimRow, StakeShareRow},
};

/// What a coldkey's stake earned in an epoch: its part of the dividends that raised the pool of the hotkey.
///
/// Takes and incentives, which the owner of a hotkey receives as new shares, are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Earned {
    /// Block of the epoch.
    pub block_number: u64,
    /// Its time, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// Hotkey staked to, SS58.
    pub hotkey: String,
    /// Subnet whose epoch paid.
    pub netuid: u16,
    /// What the stake grew by: alpha-rao of the subnet, or rao on root where older runtimes paid TAO.
    pub amount_rao: u64,
    /// Whether it is TAO.
    pub is_tao: bool,
    /// Price of the subnet's alpha after the block, bits of a U96F32.
    pub price_bits: Option<u128>,
}

/// Shares of a coldkey and their pools, by (hotkey, netuid), oldest first.
type ByPlace<T> = BTreeMap<(String, u16), Vec<T>>;

impl Warehouse {
    /// Claims of root dividends by a coldkey within `from..=to`, oldest first, at most `limit`.
    pub async fn list_root_claims(
        &self,
        coldkey: &str,
        (from, to): (u64, u64),
        limit: u32,
    ) -> Result<Vec<RootClaimRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM root_claims WHERE coldkey = ? AND block_number BETWEEN ? AND ? \
             ORDER BY block_number, item_index LIMIT ?",
        );
        self.fetch_all("list root claims", sql.bind(coldkey).bind(from).bind(to).bind(limit)).await
    }

    /// What the stake of a coldkey earned from the epochs within `from..=to`, oldest first, of at most `limit` payments
    /// to its hotkeys.
    pub async fn list_earned(
        &self,
        coldkey: &str,
        (from, to): (u64, u64),
        limit: u32,
    ) -> Result<Vec<Earned>, WarehouseError> {
        let shares = Sql::new(
            "SELECT ?fields FROM stake_shares WHERE coldkey = ? AND block_number <= ? ORDER BY block_number LIMIT ?",
        );
        let shares = shares.bind(coldkey).bind(to).bind(limit);
        let shares = self.fetch_all::<StakeShareRow>("list shares", shares).await?;
        if shares.is_empty() {
            return Ok(Vec::new());
        }
        let hotkeys: BTreeSet<String> = shares.iter().map(|row| row.hotkey.clone()).collect();
        let hotkeys: Vec<String> = hotkeys.into_iter().collect();
        let paid = Sql::new(
            "SELECT ?fields FROM dividends WHERE hotkey IN ? AND block_number BETWEEN ? AND ? \
             AND (alpha_dividends_rao > 0 OR tao_dividends_rao > 0) ORDER BY block_number, netuid, hotkey LIMIT ?",
        );
        let paid = paid.bind(hotkeys.clone()).bind(from).bind(to).bind(limit);
        let pools = Sql::new(
            "SELECT ?fields FROM hotkey_pools WHERE hotkey IN ? AND block_number <= ? ORDER BY block_number LIMIT ?",
        );
        // a pool changes when it is paid and when stake moves
        let pools = pools.bind(hotkeys).bind(to).bind(limit.saturating_mul(8));
        let (paid, pools, prices) = futures::try_join!(
            self.fetch_all::<DividendRow>("list dividends", paid),
            self.fetch_all::<HotkeyPoolRow>("list pools", pools),
            self.list_epoch_prices(None, (from, to)),
        )?;
        let mut shares_of: ByPlace<StakeShareRow> = BTreeMap::new();
        for row in shares {
            shares_of.entry((row.hotkey.clone(), row.netuid)).or_default().push(row);
        }
        let mut pools_of: ByPlace<HotkeyPoolRow> = BTreeMap::new();
        for row in pools {
            pools_of.entry((row.hotkey.clone(), row.netuid)).or_default().push(row);
        }
        let mut earned = Vec::new();
        for row in paid {
            let price_bits = prices.get(&(row.block_number, row.netuid)).copied();
            let of = |netuid: u16, before: Option<u64>, amount: Option<u64>| {
                part_of(&shares_of, &pools_of, &row, netuid, before?, amount?).filter(|part| *part > 0)
            };
            let to_earned = |amount_rao: u64, is_tao: bool| Earned {
                block_number: row.block_number,
                timestamp_ms: row.timestamp_ms,
                hotkey: row.hotkey.clone(),
                netuid: row.netuid,
                amount_rao,
                is_tao,
                price_bits,
            };
            let alpha = of(row.netuid, row.alpha_stake_before_rao, row.alpha_dividends_rao);
            let tao = of(0, row.root_stake_before_rao, row.tao_dividends_rao);
            earned.extend(alpha.map(|amount| to_earned(amount, false)));
            earned.extend(tao.map(|amount| to_earned(amount, true)));
        }
        Ok(earned)
    }
}

/// What the shares of the coldkey gained when `amount` came to a pool of `before`. Epochs run before extrinsics, so
/// shares and their sum are those of the block before.
fn part_of(
    shares: &ByPlace<StakeShareRow>,
    pools: &ByPlace<HotkeyPoolRow>,
    paid: &DividendRow,
    netuid: u16,
    before: u64,
    amount: u64,
) -> Option<u64> {
    let key = (paid.hotkey.clone(), netuid);
    let held = last_before(shares.get(&key)?, paid.block_number, |row| row.block_number)?;
    if !has_shares(held) {
        return None;
    }
    let pool = last_before(pools.get(&key)?, paid.block_number, |row| row.block_number)?;
    let with = |total: u64| HotkeyPoolRow { total_alpha_rao: Some(total), ..pool.clone() };
    let then = value_of(&with(before), held)?;
    value_of(&with(before.saturating_add(amount)), held)?.checked_sub(then)
}

fn last_before<T>(rows: &[T], block: u64, of: impl Fn(&T) -> u64) -> Option<&T> {
    rows.partition_point(|row| of(row) < block).checked_sub(1).and_then(|index| rows.get(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dividends_are_divided_by_the_shares_of_the_block_before() {
        let one = 1_u128 << 64;
        let place = ("h".to_owned(), 1);
        let share = |block_number, bits| StakeShareRow {
            block_number,
            shares_bits: Some(bits),
            ..StakeShareRow::default()
        };
        let pool = |block_number, bits| HotkeyPoolRow {
            block_number,
            total_alpha_rao: Some(1_000),
            shares_bits: Some(bits),
            ..HotkeyPoolRow::default()
        };
        let shares = BTreeMap::from([(place.clone(), vec![share(5, 25 * one), share(20, 75 * one)])]);
        let pools = BTreeMap::from([(place, vec![pool(5, 100 * one), pool(20, 150 * one)])]);
        let paid =
            |block_number| DividendRow { block_number, hotkey: "h".to_owned(), ..DividendRow::default() };
        let part = |block| part_of(&shares, &pools, &paid(block), 1, 1_000, 100);
        assert_eq!(part(10), Some(25), "a quarter");
        assert_eq!(part(20), Some(25), "stake of the same block comes after the epoch");
        assert_eq!(part(21), Some(50), "half of the shares");
        assert_eq!(part(5), None, "nothing was staked before");
        assert_eq!(part_of(&shares, &pools, &paid(10), 2, 1_000, 100), None);
    }
}

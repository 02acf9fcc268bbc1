//! What an account was worth over time: its balance and its stake at the prices of each moment.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use yumascan_protocol::{fixed::U96F32, valuation::worth_rao};

use super::{
    Moment,
    positions::{has_shares, value_of},
};
use crate::{
    Warehouse, WarehouseError,
    query::sql::Sql,
    rows::{AccountBalanceRow, HotkeyPoolRow, StakeShareRow},
};

/// What an account was worth after a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Worth {
    /// Block.
    pub block_number: u64,
    /// Its time, milliseconds since the Unix epoch.
    pub timestamp_ms: Option<u64>,
    /// Free and reserved TAO, rao; `None` while the account did not exist.
    pub balance_rao: Option<u64>,
    /// TAO staked on root, rao.
    pub root_rao: u64,
    /// Worth of the alpha staked on subnets, rao; `None` where a price is not known.
    pub alpha_rao: Option<u128>,
}

impl Worth {
    /// All of it, rao; an account that does not exist has no balance.
    #[must_use]
    pub fn total_rao(&self) -> Option<u128> {
        let liquid = u128::from(self.balance_rao.unwrap_or(0)) + u128::from(self.root_rao);
        self.alpha_rao.map(|alpha| alpha.saturating_add(liquid))
    }
}

/// The newest row at or before each of the sampled blocks, by key.
struct Sampled<K, T>(BTreeMap<K, Vec<T>>);

impl<K: Ord, T> Sampled<K, T> {
    fn of(rows: Vec<T>, key: impl Fn(&T) -> K, block: impl Fn(&T) -> u64) -> Self {
        let mut by_key: BTreeMap<K, Vec<T>> = BTreeMap::new();
        for row in rows {
            by_key.entry(key(&row)).or_default().push(row);
        }
        by_key.values_mut().for_each(|rows| rows.sort_by_key(&block));
        Self(by_key)
    }

    fn at<'a>(&'a self, key: &K, until: u64, block: impl Fn(&T) -> u64) -> Option<&'a T> {
        let rows = self.0.get(key)?;
        rows.partition_point(|row| block(row) <= until).checked_sub(1).and_then(|index| rows.get(index))
    }
}

impl Warehouse {
    /// What an account was worth at about `points` blocks from the first block with state to the moment, oldest first.
    ///
    /// Five statements, whatever it holds and however many points.
    pub async fn list_worths(
        &self,
        account: &str,
        moment: &Moment,
        points: u64,
    ) -> Result<Vec<Worth>, WarehouseError> {
        let first = Sql::new("SELECT block_number FROM network_state ORDER BY block_number LIMIT 1");
        let Some(first) = self.fetch_optional::<u64>("find the first state", first).await? else {
            return Ok(Vec::new());
        };
        let step = (moment.block.saturating_sub(first) / points.max(1)).max(1);
        // samples end at the moment: bucket k has the blocks above `moment − (k + 1)·step` up to `moment − k·step`
        let newest_of_each = |table: &str, condition: Sql, key: &str| {
            Sql::new(format!("SELECT ?fields FROM {table} WHERE "))
                .append(&condition)
                .push(" AND block_number <= ?")
                .bind(moment.block)
                .push(&format!(" ORDER BY {key}, block_number DESC LIMIT 1 BY {key}, intDiv(toUInt64(?) - block_number, ?)"))
                .bind(moment.block)
                .bind(step)
        };
        let times = Sql::new(
            "SELECT block_number, timestamp_ms FROM network_state WHERE block_number BETWEEN ? AND ? \
             ORDER BY block_number DESC LIMIT 1 BY intDiv(toUInt64(?) - block_number, ?)",
        );
        let times = times.bind(first).bind(moment.block).bind(moment.block).bind(step);
        let (balances, shares, times) = futures::try_join!(
            self.fetch_all::<AccountBalanceRow>(
                "sample balances",
                newest_of_each("account_balances", Sql::new("account = ?").bind(account), "account")
            ),
            self.fetch_all::<StakeShareRow>(
                "sample shares",
                newest_of_each("stake_shares", Sql::new("coldkey = ?").bind(account), "hotkey, netuid")
            ),
            self.fetch_all::<(u64, Option<u64>)>("sample blocks with state", times),
        )?;
        let keys: BTreeSet<(String, u16)> =
            shares.iter().map(|row| (row.hotkey.clone(), row.netuid)).collect();
        let netuids: BTreeSet<u64> = keys.iter().map(|(_, netuid)| u64::from(*netuid)).collect();
        let (pools, prices) = if keys.is_empty() {
            (Vec::new(), Vec::new())
        } else {
            let hotkeys: BTreeSet<String> = keys.iter().map(|(hotkey, _)| hotkey.clone()).collect();
            let (hotkeys, netuids): (Vec<_>, Vec<_>) =
                (hotkeys.into_iter().collect(), netuids.into_iter().collect());
            let of_keys = Sql::new("hotkey IN ? AND netuid IN ?").bind(hotkeys).bind(netuids.clone());
            let pools = newest_of_each("hotkey_pools", of_keys, "hotkey, netuid");
            let priced = Sql::new("netuid IN ? AND isNotNull(price_bits) AND block_number >= ?");
            let prices = newest_of_each("subnet_state", priced.bind(netuids).bind(first), "netuid");
            futures::try_join!(
                self.fetch_all::<HotkeyPoolRow>("sample pools", pools),
                self.fetch_all::<PriceRow>("sample prices", prices),
            )?
        };
        let holdings = Holdings {
            keys,
            balances: Sampled::of(balances, |_| (), |row| row.block_number),
            shares: Sampled::of(shares, |row| (row.hotkey.clone(), row.netuid), |row| row.block_number),
            pools: Sampled::of(pools, |row| (row.hotkey.clone(), row.netuid), |row| row.block_number),
            prices: Sampled::of(prices, |row| row.netuid, |row| row.block_number),
            step,
            stride: moment.stride,
        };
        let mut worths: Vec<_> = times.into_iter().map(|(block, ms)| holdings.worth_at(block, ms)).collect();
        worths.sort_by_key(|worth| worth.block_number);
        Ok(worths)
    }
}

#[derive(Debug, Clone, clickhouse::Row, serde::Serialize, serde::Deserialize)]
struct PriceRow {
    netuid: u16,
    block_number: u64,
    price_bits: Option<u128>,
}

struct Holdings {
    keys: BTreeSet<(String, u16)>,
    balances: Sampled<(), AccountBalanceRow>,
    shares: Sampled<(String, u16), StakeShareRow>,
    pools: Sampled<(String, u16), HotkeyPoolRow>,
    prices: Sampled<u16, PriceRow>,
    step: u64,
    stride: u64,
}

impl Holdings {
    fn worth_at(&self, block: u64, timestamp_ms: Option<u64>) -> Worth {
        let balance = self.balances.at(&(), block, |row| row.block_number);
        let mut worth = Worth {
            block_number: block,
            timestamp_ms,
            balance_rao: balance.map(|row| row.free_rao.saturating_add(row.reserved_rao)),
            root_rao: 0,
            alpha_rao: Some(0),
        };
        let mut known: HashMap<u16, Option<u128>> = HashMap::new();
        for key in &self.keys {
            let Some(held) = self.value_at(key, block) else { continue };
            if key.1 == 0 {
                worth.root_rao = worth.root_rao.saturating_add(held);
                continue;
            }
            let price = *known.entry(key.1).or_insert_with(|| self.price_at(key.1, block));
            let part = price.map(|bits| worth_rao(held, U96F32::from_bits(bits)));
            worth.alpha_rao = worth.alpha_rao.zip(part).map(|(sum, part)| sum.saturating_add(part));
        }
        worth
    }

    fn value_at(&self, key: &(String, u16), block: u64) -> Option<u64> {
        let shares = self.shares.at(key, block, |row| row.block_number).filter(|row| has_shares(row))?;
        let pool = self.pools.at(key, block, |row| row.block_number)?;
        value_of(pool, shares).filter(|value| *value > 0)
    }

    /// A price is not carried over a gap in the state.
    fn price_at(&self, netuid: u16, block: u64) -> Option<u128> {
        let row = self.prices.at(&netuid, block, |row| row.block_number)?;
        let age = block.saturating_sub(row.block_number);
        row.price_bits.filter(|_| age < self.stride.max(self.step))
    }
}

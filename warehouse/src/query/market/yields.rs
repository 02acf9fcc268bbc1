//! Yields: what stake earned, by validator and subnet, from dividends and stake. The definitions are those of
//! `yumascan_protocol::apy`.

use std::collections::{BTreeMap, BTreeSet};

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use yumascan_protocol::{
    apy::{self, EpochYield, Yield},
    fixed::{U64F64, U96F32},
};

mod best;
mod paid;

pub use best::BestFilter;
pub use paid::{Paid, Payments};

use super::Moment;
use crate::{
    Warehouse, WarehouseError,
    query::sql::{Conditions, Sql},
    rows::DividendRow,
};

/// An hour in milliseconds.
pub const HOUR_MS: u64 = 3_600_000;
/// A day.
pub const DAY_MS: u64 = 24 * HOUR_MS;
/// Windows of yields.
pub const WINDOWS: [(&str, u64); 4] =
    [("1h", HOUR_MS), ("1d", DAY_MS), ("7d", 7 * DAY_MS), ("30d", 30 * DAY_MS)];
/// Epochs are looked for so far before a window, to know how long its first one took.
const LOOK_BACK_MS: u64 = 6 * HOUR_MS;

/// What the stakers of a hotkey earned on a subnet, or those of all its hotkeys together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StakeYield {
    /// Subnet.
    pub netuid: u16,
    /// Hotkey, SS58; `None` for the whole subnet.
    pub hotkey: Option<String>,
    /// Stake after the last epoch, alpha-rao.
    pub stake_rao: Option<u64>,
    /// Alpha dividends to stakers within the window, alpha-rao, of all its epochs.
    pub dividends_rao: u128,
    /// The yield in alpha, net of takes.
    pub alpha: Yield,
    /// What TAO in the stake became in the covered time: growth in alpha and the change of the price.
    pub tao_growth: Option<U64F64>,
    /// That over a year, as a factor.
    pub tao_annual_factor: Option<U64F64>,
    /// Take of the hotkey at the last epoch, of 65535.
    pub take: Option<u16>,
    /// APR before the take.
    pub gross_apr: Option<U64F64>,
    /// Part of the dividends of specs 334 to 352 was for root and cannot be told apart.
    pub has_root_in_it: bool,
}

/// What root stake earned through a hotkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootYield {
    /// Hotkey, SS58.
    pub hotkey: String,
    /// Its root stake after the last epoch that paid, rao.
    pub stake_rao: Option<u64>,
    /// Worth of what was paid within the window, rao, at the prices of the blocks that paid.
    pub paid_rao: u128,
    /// Sum of the returns.
    pub sum: U64F64,
    /// Annual rate without compounding: what is not claimed earns nothing.
    pub apr: Option<U64F64>,
    /// Payments of epochs.
    pub payments: u32,
    /// Those that do not count, for too little root stake or an unknown price.
    pub skipped: u32,
    /// Part of the window for which the state is known, milliseconds.
    pub covered_ms: u64,
}

/// An epoch of a subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Row, Serialize, Deserialize)]
struct Epoch {
    netuid: u16,
    block_number: u64,
    timestamp_ms: Option<u64>,
    price_bits: Option<u128>,
    spec_version: u32,
    tempo: Option<u16>,
}

/// A change of a hotkey's pool.
#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
struct Staked {
    hotkey: String,
    netuid: u16,
    block_number: u64,
    total_alpha_rao: Option<u64>,
}

/// Blocks and times of a window.
#[derive(Debug, Clone, Copy)]
struct Window {
    length_ms: u64,
    /// First block looked at, before the window.
    from: u64,
    /// Epochs after this moment are in the window.
    after_ms: u64,
    to: u64,
}

/// All that yields of some subnets are made of.
struct Material {
    epochs: BTreeMap<u16, Vec<Epoch>>,
    dividends: BTreeMap<(u16, String), Vec<DividendRow>>,
    staked: BTreeMap<(u16, String), Vec<Staked>>,
    registered: BTreeMap<(u16, String), u64>,
}

impl Warehouse {
    /// Yields of a subnet in the window of `length_ms` that ends at the moment: the subnet's, then its hotkeys' by stake.
    ///
    /// Hotkeys are those that received alpha dividends in the window.
    pub async fn list_subnet_yields(
        &self,
        netuid: u16,
        moment: &Moment,
        length_ms: u64,
    ) -> Result<Vec<StakeYield>, WarehouseError> {
        let Some(window) = self.find_window(moment, length_ms).await? else { return Ok(Vec::new()) };
        let material = self.read_material(Some(netuid), None, window).await?;
        let Some(epochs) = material.epochs.get(&netuid) else { return Ok(Vec::new()) };
        let mut yields: Vec<_> =
            material.dividends.keys().map(|key| material.yield_of(key, window)).collect();
        yields.sort_by(|a, b| b.stake_rao.cmp(&a.stake_rao).then_with(|| a.hotkey.cmp(&b.hotkey)));
        yields.insert(0, material.yield_of_subnet(netuid, epochs, window));
        Ok(yields)
    }

    /// Yields of a hotkey on all subnets on which it received alpha dividends in the window.
    pub async fn list_hotkey_yields(
        &self,
        hotkey: &str,
        moment: &Moment,
        length_ms: u64,
    ) -> Result<Vec<StakeYield>, WarehouseError> {
        let Some(window) = self.find_window(moment, length_ms).await? else { return Ok(Vec::new()) };
        let material = self.read_material(None, Some(hotkey), window).await?;
        Ok(material.dividends.keys().map(|key| material.yield_of(key, window)).collect())
    }

    /// Yield of root stake through a hotkey; `None` where the state does not say.
    pub async fn find_root_yield(
        &self,
        hotkey: &str,
        moment: &Moment,
        length_ms: u64,
    ) -> Result<Option<RootYield>, WarehouseError> {
        let Some(window) = self.find_window(moment, length_ms).await? else { return Ok(None) };
        let Some(now) = moment.timestamp_ms else { return Ok(None) };
        let sql = Sql::new(
            "SELECT ?fields FROM dividends WHERE hotkey = ? AND block_number BETWEEN ? AND ? AND timestamp_ms > ? \
             AND (root_dividends_rao > 0 OR tao_dividends_rao > 0) ORDER BY block_number, netuid",
        );
        let sql = sql.bind(hotkey).bind(window.from).bind(window.to).bind(window.after_ms);
        let rows = self.fetch_all::<DividendRow>("list root dividends", sql).await?;
        let places: Vec<_> = rows.iter().map(|row| (row.block_number, u32::from(row.netuid))).collect();
        let prices = self.list_prices_at(&places).await?;
        let first = self.find_first_state_ms(window.from).await?.unwrap_or(now);
        let covered_ms = now.saturating_sub(first.max(window.after_ms));
        let price_at = |block, netuid| prices.get(&(block, netuid)).copied();
        let rows: Vec<&DividendRow> = rows.iter().collect();
        Ok(Some(best::root_yield(hotkey, &rows, price_at, covered_ms)))
    }

    async fn find_first_state_ms(&self, from: u64) -> Result<Option<u64>, WarehouseError> {
        let sql = Sql::new(
            "SELECT assumeNotNull(timestamp_ms) FROM network_state WHERE block_number >= ? AND isNotNull(timestamp_ms) \
             ORDER BY block_number LIMIT 1",
        );
        self.fetch_optional("find the first state", sql.bind(from)).await
    }

    /// Prices of (block, netuid), bits of U96F32.
    async fn list_prices_at(
        &self,
        places: &[(u64, u32)],
    ) -> Result<BTreeMap<(u64, u16), u128>, WarehouseError> {
        let mut found = BTreeMap::new();
        for part in places.chunks(2_000) {
            let sql = Sql::new(
                "SELECT block_number, netuid, price_bits FROM subnet_state WHERE (block_number, netuid) IN ",
            )
            .push_places(part);
            let rows = self.fetch_all::<(u64, u16, Option<u128>)>("read prices", sql).await?;
            found.extend(rows.into_iter().filter_map(|(block, netuid, bits)| Some(((block, netuid), bits?))));
        }
        Ok(found)
    }

    async fn find_window(&self, moment: &Moment, length_ms: u64) -> Result<Option<Window>, WarehouseError> {
        let Some(now) = moment.timestamp_ms else { return Ok(None) };
        let after_ms = now.saturating_sub(length_ms);
        let sql = Sql::new(
            "SELECT block_number FROM network_state WHERE block_number <= ? AND timestamp_ms <= ? \
             ORDER BY block_number DESC LIMIT 1",
        );
        let sql = sql.bind(moment.block).bind(after_ms.saturating_sub(LOOK_BACK_MS));
        let from = self.fetch_optional::<u64>("find the start of a window", sql).await?.unwrap_or(0);
        Ok(Some(Window { length_ms, from, after_ms, to: moment.block }))
    }

    async fn read_material(
        &self,
        netuid: Option<u16>,
        hotkey: Option<&str>,
        window: Window,
    ) -> Result<Material, WarehouseError> {
        let mut conditions = Conditions::default();
        conditions
            .equal("netuid", netuid.map(u32::from))
            .equal("hotkey", hotkey)
            .and(Sql::new("block_number BETWEEN ? AND ?").bind(window.from).bind(window.to))
            .and(Sql::new("isNotNull(alpha_dividends_rao)"));
        let sql = Sql::new("SELECT ?fields FROM dividends")
            .append(&conditions.to_where())
            .push(" ORDER BY netuid, hotkey, block_number");
        let rows = self.fetch_all::<DividendRow>("list dividends", sql).await?;
        let mut dividends: BTreeMap<(u16, String), Vec<DividendRow>> = BTreeMap::new();
        for row in rows {
            dividends.entry((row.netuid, row.hotkey.clone())).or_default().push(row);
        }
        dividends.retain(|_, rows| rows.iter().any(|row| pays_within(row, window)));
        let netuids: BTreeSet<u16> = netuid.into_iter().chain(dividends.keys().map(|key| key.0)).collect();
        let hotkeys: BTreeSet<String> = dividends.keys().map(|key| key.1.clone()).collect();
        let (netuids, hotkeys) =
            (netuids.into_iter().map(u64::from).collect(), hotkeys.into_iter().collect());
        let (epochs, staked, registered) = self.read_around(netuids, hotkeys, window).await?;
        Ok(Material { epochs, dividends, staked, registered })
    }

    /// Epochs of subnets, and pools and registrations of hotkeys on them.
    #[allow(clippy::type_complexity, reason = "three maps that are put into their struct at once")]
    async fn read_around(
        &self,
        netuids: Vec<u64>,
        hotkeys: Vec<String>,
        window: Window,
    ) -> Result<
        (BTreeMap<u16, Vec<Epoch>>, BTreeMap<(u16, String), Vec<Staked>>, BTreeMap<(u16, String), u64>),
        WarehouseError,
    > {
        let of_epochs = Sql::new(
            "SELECT ?fields FROM subnet_state WHERE netuid IN ? AND block_number BETWEEN ? AND ? \
             AND last_step_block = block_number ORDER BY netuid, block_number",
        );
        let of_epochs = of_epochs.bind(netuids.clone()).bind(window.from).bind(window.to);
        // within the window, and the last one before it
        let of_pools = Sql::new(
            "SELECT ?fields FROM hotkey_pools WHERE hotkey IN ? AND netuid IN ? AND block_number BETWEEN ? AND ? \
             UNION ALL SELECT hotkey, netuid, block_number, total_alpha_rao FROM (\
             SELECT hotkey, netuid, block_number, total_alpha_rao FROM hotkey_pools \
             WHERE hotkey IN ? AND netuid IN ? AND block_number < ? ORDER BY hotkey, netuid, block_number DESC \
             LIMIT 1 BY hotkey, netuid)",
        );
        let of_pools = of_pools
            .bind(hotkeys.clone())
            .bind(netuids.clone())
            .bind(window.from)
            .bind(window.to)
            .bind(hotkeys.clone())
            .bind(netuids.clone())
            .bind(window.from);
        let of_neurons = Sql::new(
            "SELECT netuid, assumeNotNull(hotkey), max(assumeNotNull(registered_at)) FROM neuron_state \
             WHERE netuid IN ? AND block_number BETWEEN ? AND ? AND hotkey IN ? AND isNotNull(registered_at) \
             GROUP BY netuid, hotkey",
        );
        let of_neurons = of_neurons.bind(netuids).bind(window.from).bind(window.to).bind(hotkeys);
        let (epochs, staked, registered) = futures::try_join!(
            self.fetch_all::<Epoch>("list epochs", of_epochs),
            self.fetch_all::<Staked>("list changes of pools", of_pools),
            self.fetch_all::<(u16, String, u64)>("list registrations of hotkeys", of_neurons),
        )?;
        let mut by_subnet: BTreeMap<u16, Vec<Epoch>> = BTreeMap::new();
        for epoch in epochs {
            by_subnet.entry(epoch.netuid).or_default().push(epoch);
        }
        let mut by_hotkey: BTreeMap<(u16, String), Vec<Staked>> = BTreeMap::new();
        for row in staked {
            by_hotkey.entry((row.netuid, row.hotkey.clone())).or_default().push(row);
        }
        by_hotkey.values_mut().for_each(|rows| rows.sort_by_key(|row| row.block_number));
        let registered = registered.into_iter().map(|(netuid, hotkey, block)| ((netuid, hotkey), block));
        Ok((by_subnet, by_hotkey, registered.collect()))
    }
}

fn pays_within(row: &DividendRow, window: Window) -> bool {
    row.alpha_dividends_rao.is_some_and(|rao| rao > 0)
        && row.timestamp_ms.is_some_and(|moment| moment > window.after_ms)
}

impl Material {
    fn yield_of(&self, key: &(u16, String), window: Window) -> StakeYield {
        let nothing = Vec::new();
        let epochs = self.epochs.get(&key.0).unwrap_or(&nothing);
        let rows = self.dividends.get(key).map(Vec::as_slice).unwrap_or_default();
        let staked = self.staked.get(key).map(Vec::as_slice).unwrap_or_default();
        let registered = self.registered.get(key).copied();
        let stake_at = |block: u64| {
            let before = staked.iter().take_while(|row| row.block_number <= block);
            before.last().and_then(|row| row.total_alpha_rao)
        };
        let input = |position: usize, epoch: &Epoch| {
            let row = rows.iter().find(|row| row.block_number == epoch.block_number);
            let before = row.and_then(|row| row.alpha_stake_before_rao);
            let stake_before = before.or_else(|| stake_at(epoch.block_number.saturating_sub(1)));
            let last = position.checked_sub(1).and_then(|last| epochs.get(last));
            let tempo = u64::from(epoch.tempo.unwrap_or(0)) + 1;
            let age = registered.map(|block| epoch.block_number.saturating_sub(block));
            EpochYield {
                dividends_rao: row.and_then(|row| row.alpha_dividends_rao).unwrap_or(0),
                stake_before_rao: stake_before.unwrap_or(0),
                stake_after_last_rao: last.and_then(|last| stake_at(last.block_number)),
                duration_ms: duration(last, epoch),
                young: age.is_some_and(|age| age < apy::YOUNG_EPOCHS * tempo),
            }
        };
        let last_row = rows.last();
        let mut found = to_yield(epochs, window, key.0, input);
        found.hotkey = Some(key.1.clone());
        found.stake_rao = stake_at(window.to).or_else(|| last_row.and_then(|row| row.alpha_stake_rao));
        found.take = last_row.and_then(|row| row.take);
        found.gross_apr = found.alpha.apr.and_then(|apr| apy::gross(apr, found.take?));
        found
    }

    /// The average over all hotkeys that an epoch paid, weighted by their stake.
    fn yield_of_subnet(&self, netuid: u16, epochs: &[Epoch], window: Window) -> StakeYield {
        let mut sums: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        let rows = self.dividends.iter().filter(|(key, _)| key.0 == netuid).flat_map(|(_, rows)| rows);
        for row in rows {
            let (Some(paid), Some(stake)) = (row.alpha_dividends_rao, row.alpha_stake_before_rao) else {
                continue;
            };
            if paid > 0 {
                let sum = sums.entry(row.block_number).or_default();
                *sum = (sum.0.saturating_add(paid), sum.1.saturating_add(stake));
            }
        }
        let input = |position: usize, epoch: &Epoch| {
            let (dividends_rao, stake_before_rao) =
                sums.get(&epoch.block_number).copied().unwrap_or_default();
            let last = position.checked_sub(1).and_then(|last| epochs.get(last));
            EpochYield {
                dividends_rao,
                stake_before_rao,
                duration_ms: duration(last, epoch),
                ..EpochYield::default()
            }
        };
        let mut found = to_yield(epochs, window, netuid, input);
        found.stake_rao = sums.values().next_back().map(|(_, stake)| *stake);
        found
    }
}

fn duration(last: Option<&Epoch>, epoch: &Epoch) -> Option<u64> {
    epoch.timestamp_ms?.checked_sub(last?.timestamp_ms?)
}

/// The yield of the epochs of a window. `input` makes the input of the epoch at a position.
fn to_yield(
    epochs: &[Epoch],
    window: Window,
    netuid: u16,
    input: impl Fn(usize, &Epoch) -> EpochYield,
) -> StakeYield {
    let within = |epoch: &Epoch| epoch.timestamp_ms.is_some_and(|moment| moment > window.after_ms);
    let first = epochs.iter().position(within).unwrap_or(epochs.len());
    let inputs: Vec<_> =
        epochs.iter().enumerate().skip(first).map(|(position, epoch)| input(position, epoch)).collect();
    let alpha = apy::realised(&inputs, window.length_ms);
    let price = |epoch: Option<&Epoch>| epoch.and_then(|epoch| epoch.price_bits);
    let then = price(first.checked_sub(1).and_then(|before| epochs.get(before)));
    let now = price(epochs.last());
    let to_price = |bits: u128| U96F32::from_bits(bits).convert::<U64F64>();
    let tao_growth = then.zip(now).and_then(|(then, now)| alpha.tao_growth(to_price(then), to_price(now)));
    StakeYield {
        netuid,
        hotkey: None,
        stake_rao: None,
        dividends_rao: inputs.iter().map(|epoch| u128::from(epoch.dividends_rao)).sum(),
        tao_annual_factor: tao_growth.and_then(|growth| alpha.annual_factor(growth)),
        tao_growth,
        alpha,
        take: None,
        gross_apr: None,
        has_root_in_it: epochs.iter().skip(first).any(|epoch| (334..=352).contains(&epoch.spec_version)),
    }
}

//! The highest yields of every subnet, and the yields of root stake, of many hotkeys in a few statements.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use yumascan_protocol::{
    apy::{self, RootPayment},
    fixed::U96F32,
    supply::RAO,
    valuation::worth_rao,
};

use super::{Material, RootYield, StakeYield, Window, pays_within};
use crate::{
    Warehouse, WarehouseError,
    query::{
        market::Moment,
        sql::{Conditions, Sql},
    },
    rows::DividendRow,
};

/// Which yields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct BestFilter {
    /// Of this subnet only.
    pub netuid: Option<u16>,
    /// Of hotkeys with at least so much stake after their last epoch, alpha-rao (of root yields: rao).
    pub least_stake_rao: u64,
    /// So many a subnet.
    pub per_subnet: u32,
}

/// Prices of alpha at epochs: (block, netuid), bits of a U96F32.
pub(crate) type EpochPrices = HashMap<(u64, u16), u128>;

impl Warehouse {
    /// The yields of the hotkeys that paid their stakers best on each subnet in the window of `length_ms` that ends at
    /// the moment, by netuid and falling APY; without a yield they come last.
    pub async fn list_best_yields(
        &self,
        filter: &BestFilter,
        moment: &Moment,
        length_ms: u64,
    ) -> Result<Vec<StakeYield>, WarehouseError> {
        let Some(window) = self.find_window(moment, length_ms).await? else { return Ok(Vec::new()) };
        let places = self.rank_by_yield(filter, window).await?;
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let netuids: BTreeSet<u64> = places.iter().map(|(netuid, _)| u64::from(*netuid)).collect();
        let hotkeys: BTreeSet<String> = places.iter().map(|(_, hotkey)| hotkey.clone()).collect();
        let (netuids, hotkeys): (Vec<_>, Vec<_>) =
            (netuids.into_iter().collect(), hotkeys.into_iter().collect());
        let sql = Sql::new(
            "SELECT ?fields FROM dividends WHERE netuid IN ? AND hotkey IN ? AND block_number BETWEEN ? AND ? \
             AND isNotNull(alpha_dividends_rao) ORDER BY netuid, hotkey, block_number",
        );
        let sql = sql.bind(netuids.clone()).bind(hotkeys.clone()).bind(window.from).bind(window.to);
        let (rows, (epochs, staked, registered)) = futures::try_join!(
            self.fetch_all::<DividendRow>("list dividends", sql),
            self.read_around(netuids, hotkeys, window),
        )?;
        let mut dividends: BTreeMap<(u16, String), Vec<DividendRow>> =
            places.into_iter().map(|place| (place, Vec::new())).collect();
        for row in rows {
            if let Some(of) = dividends.get_mut(&(row.netuid, row.hotkey.clone())) {
                of.push(row);
            }
        }
        dividends.retain(|_, rows| rows.iter().any(|row| pays_within(row, window)));
        let material = Material { epochs, dividends, staked, registered };
        let mut yields: Vec<_> =
            material.dividends.keys().map(|key| material.yield_of(key, window)).collect();
        yields.sort_by(|a, b| a.netuid.cmp(&b.netuid).then(b.alpha.apy.cmp(&a.alpha.apy)));
        let mut taken: BTreeMap<u16, u32> = BTreeMap::new();
        yields.retain(|of| {
            let count = taken.entry(of.netuid).or_default();
            *count = count.saturating_add(1);
            *count <= filter.per_subnet
        });
        Ok(yields)
    }

    /// Places (netuid, hotkey) by an estimate of their yield that leaves nothing out but epochs with little stake:
    /// twice as many as are wanted, for epochs that do not count may have brought some of them to the front.
    async fn rank_by_yield(
        &self,
        filter: &BestFilter,
        window: Window,
    ) -> Result<Vec<(u16, String)>, WarehouseError> {
        let mut conditions = Conditions::default();
        conditions
            .equal("netuid", filter.netuid.map(u32::from))
            .and(Sql::new("block_number BETWEEN ? AND ?").bind(window.from).bind(window.to))
            .and(Sql::new("timestamp_ms > ?").bind(window.after_ms))
            .and(Sql::new("alpha_dividends_rao > 0 AND alpha_stake_before_rao >= ?").bind(RAO));
        let sql = Sql::new("SELECT netuid, hotkey FROM dividends")
            .append(&conditions.to_where())
            .push(
                " GROUP BY netuid, hotkey HAVING argMax(ifNull(alpha_stake_rao, 0), block_number) >= ? \
                 ORDER BY netuid, sum(log1p(alpha_dividends_rao / alpha_stake_before_rao)) DESC, hotkey LIMIT ? BY netuid",
            )
            .bind(filter.least_stake_rao)
            .bind(filter.per_subnet.saturating_mul(2).saturating_add(2));
        self.fetch_all("rank hotkeys by yield", sql).await
    }

    /// Yields of root stake through the `limit` hotkeys with the most root stake that paid it in the window, the most
    /// stake first.
    pub async fn list_root_yields(
        &self,
        filter: &BestFilter,
        moment: &Moment,
        length_ms: u64,
    ) -> Result<Vec<RootYield>, WarehouseError> {
        let Some(window) = self.find_window(moment, length_ms).await? else { return Ok(Vec::new()) };
        let Some(now) = moment.timestamp_ms else { return Ok(Vec::new()) };
        const PAID: &str = "(root_dividends_rao > 0 OR tao_dividends_rao > 0)";
        let within = Sql::new(format!("block_number BETWEEN ? AND ? AND timestamp_ms > ? AND {PAID}"));
        let within = within.bind(window.from).bind(window.to).bind(window.after_ms);
        let ranked = Sql::new("SELECT hotkey FROM dividends WHERE ")
            .append(&within)
            .push(" GROUP BY hotkey HAVING argMax(ifNull(root_stake_rao, 0), (block_number, netuid)) >= ? ")
            .bind(filter.least_stake_rao)
            .push("ORDER BY argMax(ifNull(root_stake_rao, 0), (block_number, netuid)) DESC, hotkey LIMIT ?")
            .bind(filter.per_subnet);
        let hotkeys = self.fetch_all::<String>("rank hotkeys by root stake", ranked).await?;
        if hotkeys.is_empty() {
            return Ok(Vec::new());
        }
        let sql = Sql::new("SELECT ?fields FROM dividends WHERE hotkey IN ? AND ")
            .bind(hotkeys.clone())
            .append(&within)
            .push(" ORDER BY block_number, netuid");
        let (rows, prices, first) = futures::try_join!(
            self.fetch_all::<DividendRow>("list root dividends", sql),
            self.list_epoch_prices(None, (window.from, window.to)),
            self.find_first_state_ms(window.from),
        )?;
        let covered_ms = now.saturating_sub(first.unwrap_or(now).max(window.after_ms));
        let mut by_hotkey: HashMap<&str, Vec<&DividendRow>> = HashMap::new();
        for row in &rows {
            by_hotkey.entry(&row.hotkey).or_default().push(row);
        }
        let to_yield = |hotkey: &String| {
            let rows = by_hotkey.get(hotkey.as_str()).map(Vec::as_slice).unwrap_or_default();
            root_yield(hotkey, rows, |block, netuid| prices.get(&(block, netuid)).copied(), covered_ms)
        };
        Ok(hotkeys.iter().map(to_yield).collect())
    }

    /// Prices at the epochs of subnets within `from..=to`.
    pub(crate) async fn list_epoch_prices(
        &self,
        netuids: Option<&BTreeSet<u16>>,
        (from, to): (u64, u64),
    ) -> Result<EpochPrices, WarehouseError> {
        let mut conditions = Conditions::default();
        conditions
            .and(Sql::new("block_number BETWEEN ? AND ?").bind(from).bind(to))
            .and(Sql::new("last_step_block = block_number AND isNotNull(price_bits)"));
        if let Some(netuids) = netuids {
            let netuids: Vec<u64> = netuids.iter().map(|netuid| u64::from(*netuid)).collect();
            conditions.and(Sql::new("netuid IN ?").bind(netuids));
        }
        let sql = Sql::new("SELECT block_number, netuid, assumeNotNull(price_bits) FROM subnet_state")
            .append(&conditions.to_where());
        let rows = self.fetch_all::<(u64, u16, u128)>("read prices of epochs", sql).await?;
        Ok(rows.into_iter().map(|(block, netuid, bits)| ((block, netuid), bits)).collect())
    }
}

/// What root stake earned through a hotkey by these payments, oldest first.
pub(super) fn root_yield(
    hotkey: &str,
    rows: &[&DividendRow],
    price_at: impl Fn(u64, u16) -> Option<u128>,
    covered_ms: u64,
) -> RootYield {
    let mut paid_rao = 0_u128;
    let mut payments = Vec::with_capacity(rows.len());
    for row in rows {
        let worth = match row.root_dividends_rao.unwrap_or(0) {
            0 => Some(0),
            alpha => {
                let price = price_at(row.block_number, row.netuid);
                price.map(|bits| worth_rao(alpha, U96F32::from_bits(bits)))
            }
        };
        let tao = worth.map(|worth| worth.saturating_add(u128::from(row.tao_dividends_rao.unwrap_or(0))));
        paid_rao = paid_rao.saturating_add(tao.unwrap_or(0));
        if let (Some(tao), Some(stake)) = (tao, row.root_stake_before_rao) {
            let tao_rao = u64::try_from(tao).unwrap_or(u64::MAX);
            payments.push(RootPayment { tao_rao, root_stake_before_rao: stake });
        }
    }
    let (sum, little) = apy::root_return(&payments);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    RootYield {
        hotkey: hotkey.to_owned(),
        stake_rao: rows.last().and_then(|row| row.root_stake_rao),
        paid_rao,
        sum,
        apr: apy::annual(sum, covered_ms).filter(|_| !payments.is_empty()),
        payments: count(rows.len()),
        skipped: little.saturating_add(count(rows.len().saturating_sub(payments.len()))),
        covered_ms,
    }
}

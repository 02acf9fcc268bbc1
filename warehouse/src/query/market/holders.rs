//! Who holds a subnet's alpha, and how unevenly.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Moment,
    concentration::Concentration,
    positions::{Position, has_shares, to_positions},
};
use crate::{
    Warehouse, WarehouseError,
    query::sql::Sql,
    rows::{HotkeyPoolRow, StakeShareRow},
};

/// A coldkey with stake on a subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// SS58.
    pub coldkey: String,
    /// All its stake there, alpha-rao.
    pub alpha_rao: u64,
    /// On how many hotkeys.
    pub hotkeys: u32,
}

/// Everybody with stake on a subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holders {
    /// The greatest first.
    pub greatest: Vec<Holder>,
    /// Over all coldkeys; `None` where nobody has any.
    pub by_coldkey: Option<Concentration>,
    /// Over all hotkeys.
    pub by_hotkey: Option<Concentration>,
}

impl Warehouse {
    /// Who holds a subnet's alpha at a moment: the greatest `limit`, and the concentration over all. Reads the shares of
    /// the whole subnet.
    pub async fn find_holders(
        &self,
        netuid: u16,
        moment: &Moment,
        limit: usize,
    ) -> Result<Holders, WarehouseError> {
        let positions = self.list_subnet_positions(netuid, None, moment).await?;
        let mut by_coldkey: BTreeMap<&str, Holder> = BTreeMap::new();
        let mut by_hotkey: BTreeMap<&str, u64> = BTreeMap::new();
        for position in &positions {
            let holder = by_coldkey.entry(&position.coldkey).or_insert_with(|| Holder {
                coldkey: position.coldkey.clone(),
                alpha_rao: 0,
                hotkeys: 0,
            });
            holder.alpha_rao = holder.alpha_rao.saturating_add(position.alpha_rao);
            holder.hotkeys += 1;
            let staked = by_hotkey.entry(&position.hotkey).or_default();
            *staked = staked.saturating_add(position.alpha_rao);
        }
        let amounts: Vec<u64> = by_coldkey.values().map(|holder| holder.alpha_rao).collect();
        let staked: Vec<u64> = by_hotkey.values().copied().collect();
        let mut greatest: Vec<Holder> = by_coldkey.into_values().collect();
        greatest.sort_by(|a, b| b.alpha_rao.cmp(&a.alpha_rao).then_with(|| a.coldkey.cmp(&b.coldkey)));
        greatest.truncate(limit);
        Ok(Holders {
            greatest,
            by_coldkey: Concentration::of(&amounts),
            by_hotkey: Concentration::of(&staked),
        })
    }

    /// Stake of everybody on a subnet at a moment, or on one hotkey of it; without prices.
    pub async fn list_subnet_positions(
        &self,
        netuid: u16,
        hotkey: Option<&str>,
        moment: &Moment,
    ) -> Result<Vec<Position>, WarehouseError> {
        let of = |sql: &str| {
            let sql = Sql::new(sql).bind(u32::from(netuid)).bind(moment.block);
            match hotkey {
                Some(hotkey) => sql.push(" AND hotkey = ?").bind(hotkey),
                None => sql,
            }
        };
        let shares = of("SELECT ?fields FROM stake_shares WHERE netuid = ? AND block_number <= ?")
            .push(" ORDER BY coldkey, hotkey, block_number DESC LIMIT 1 BY coldkey, hotkey");
        let pools = of("SELECT ?fields FROM hotkey_pools WHERE netuid = ? AND block_number <= ?")
            .push(" ORDER BY hotkey, block_number DESC LIMIT 1 BY hotkey");
        let (shares, pools) = futures::try_join!(
            self.fetch_all::<StakeShareRow>("list shares of a subnet", shares),
            self.fetch_all::<HotkeyPoolRow>("list share pools of a subnet", pools),
        )?;
        Ok(to_positions(shares.into_iter().filter(has_shares).collect(), &pools))
    }
}

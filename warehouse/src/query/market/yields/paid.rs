//! What all validators paid to their stakers, and their takes, in a statement each.

use std::collections::BTreeMap;

use serde::Serialize;
use yumascan_protocol::{fixed::U96F32, valuation::worth_rao};

use crate::{Warehouse, WarehouseError, query::market::Moment, query::sql::Sql};

/// What a hotkey's stakers received on a subnet within a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Paid {
    /// Worth of what those who stake its alpha received, rao, at the price of the moment; `None` without a price.
    pub alpha_worth_rao: Option<u128>,
    /// Worth of what its root stakers received, rao, likewise.
    pub root_worth_rao: Option<u128>,
}

/// What all hotkeys paid within a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payments {
    /// By hotkey and netuid.
    pub by_hotkey: BTreeMap<String, BTreeMap<u16, Paid>>,
    /// Part of the window for which the state is known, milliseconds.
    pub covered_ms: u64,
}

/// hotkey, netuid, alpha to stakers on the subnet, alpha to root stakers, TAO to root stakers.
type PaidRow = (String, u16, u128, u128, u128);

/// Dividends are looked at so many blocks back for takes: a week.
const TAKES_LOOK_BACK: u64 = 50_400;

impl Warehouse {
    /// What the stakers of every hotkey received in the window of `length_ms` that ends at the moment.
    pub async fn list_paid(&self, moment: &Moment, length_ms: u64) -> Result<Payments, WarehouseError> {
        let Some(window) = self.find_window(moment, length_ms).await? else { return Ok(Payments::default()) };
        let sql = Sql::new(
            "SELECT hotkey, netuid, sum(toUInt128(ifNull(alpha_dividends_rao, 0))), \
             sum(toUInt128(ifNull(root_dividends_rao, 0))), sum(toUInt128(ifNull(tao_dividends_rao, 0))) FROM dividends \
             WHERE block_number BETWEEN ? AND ? AND timestamp_ms > ? GROUP BY hotkey, netuid",
        );
        let sql = sql.bind(window.from).bind(window.to).bind(window.after_ms);
        let (rows, prices, first) = futures::try_join!(
            self.fetch_all::<PaidRow>("sum dividends", sql),
            self.get_prices(moment),
            self.find_first_state_ms(window.from),
        )?;
        let worth = |netuid: u16, alpha: u128| match alpha {
            0 => Some(0),
            alpha => {
                let price = U96F32::from_bits(*prices.get(&netuid)?);
                Some(worth_rao(u64::try_from(alpha).unwrap_or(u64::MAX), price))
            }
        };
        let mut by_hotkey: BTreeMap<String, BTreeMap<u16, Paid>> = BTreeMap::new();
        for (hotkey, netuid, alpha, root, tao) in rows {
            let paid = Paid {
                alpha_worth_rao: worth(netuid, alpha),
                root_worth_rao: worth(netuid, root).map(|worth| worth.saturating_add(tao)),
            };
            by_hotkey.entry(hotkey).or_default().insert(netuid, paid);
        }
        let now = moment.timestamp_ms.unwrap_or(0);
        let covered_ms = now.saturating_sub(first.unwrap_or(now).max(window.after_ms));
        Ok(Payments { by_hotkey, covered_ms })
    }

    /// Takes of all hotkeys at a moment, of 65535, by [`Warehouse::find_take`]'s rule: as set last, else as the
    /// dividends of the last week say.
    pub async fn list_current_takes(&self, moment: &Moment) -> Result<BTreeMap<String, u16>, WarehouseError> {
        let set = Sql::new(
            "SELECT hotkey, argMax(new_take, (block_number, event_index)) FROM delegate_takes \
             WHERE kind = 'delegate' AND block_number <= ? GROUP BY hotkey",
        );
        let paid = Sql::new(
            "SELECT hotkey, argMax(assumeNotNull(take), block_number) FROM dividends \
             WHERE block_number BETWEEN ? AND ? AND isNotNull(take) GROUP BY hotkey",
        );
        let paid = paid.bind(moment.block.saturating_sub(TAKES_LOOK_BACK)).bind(moment.block);
        let (set, paid) = futures::try_join!(
            self.fetch_all::<(String, u16)>("list takes that were set", set.bind(moment.block)),
            self.fetch_all::<(String, u16)>("list takes of dividends", paid),
        )?;
        // what was set replaces what was paid by
        Ok(paid.into_iter().chain(set).collect())
    }
}

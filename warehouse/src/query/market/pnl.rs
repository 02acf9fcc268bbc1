//! Profit and loss of an account's stake, by average cost (`yumascan_protocol::cost_basis`).

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use yumascan_protocol::{
    cost_basis::{Flow, Ledger},
    fixed::U96F32,
    valuation::worth_rao,
};

use super::Moment;
use crate::{Warehouse, WarehouseError, query::sql::Sql, rows::StakeMoveRow};

/// Stake moves of one account that are looked at; beyond that the answer says that it is incomplete.
const MAX_MOVES: u64 = 200_000;

/// Profit and loss on one subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubnetProfit {
    /// Subnet; 0 is root.
    pub netuid: u16,
    /// Alpha held at the moment, alpha-rao.
    pub held_rao: u64,
    /// What it is worth at the price of the moment, rao; `None` without a price.
    pub worth_rao: Option<u128>,
    /// Cost of what is held, rao.
    pub cost_rao: u128,
    /// Proceeds of sales less their cost, rao.
    pub realised_rao: i128,
    /// Worth of what is held less its cost, rao; `None` without a price.
    pub unrealised_rao: Option<i128>,
    /// TAO paid, fees included, rao.
    pub bought_rao: u128,
    /// TAO received, rao.
    pub sold_rao: u128,
    /// Worth of alpha that others gave, or that was there when the history begins, rao.
    pub received_rao: u128,
    /// Cost of alpha given to others, rao.
    pub given_rao: u128,
    /// Alpha held that nobody paid for: dividends and other emission, alpha-rao.
    pub earned_rao: u128,
}

/// Profit and loss of an account's stake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profit {
    /// By netuid.
    pub subnets: Vec<SubnetProfit>,
    /// The first block with state: what was held after it came in at its price.
    pub since_block: u64,
    /// Stake moves entered.
    pub moves: u64,
    /// Moves whose amounts are not known; they are left out.
    pub unknown_moves: u64,
    /// Whether keys were swapped to or from the account: that stake came or went without a move, and counts as earned
    /// or as held no more.
    pub has_key_swaps: bool,
    /// Whether there are more moves than are looked at.
    pub is_cut: bool,
}

impl Warehouse {
    /// Profit and loss of a coldkey's stake up to a moment; `None` where no state is known.
    pub async fn find_profit(
        &self,
        coldkey: &str,
        moment: &Moment,
    ) -> Result<Option<Profit>, WarehouseError> {
        let sql = Sql::new("SELECT block_number FROM network_state ORDER BY block_number LIMIT 1");
        let Some(first) = self.fetch_optional::<u64>("find the first state", sql).await? else {
            return Ok(None);
        };
        let Ok(start) = self.find_moment(Some(first.min(moment.block))).await? else { return Ok(None) };
        let (opening, held, moves, has_key_swaps) = futures::try_join!(
            self.list_positions(coldkey, &start),
            self.list_positions(coldkey, moment),
            self.list_moves_of(coldkey, start.block.saturating_add(1), moment.block),
            self.has_key_swaps(coldkey, moment.block),
        )?;
        let mut ledgers: BTreeMap<u16, Ledger> = BTreeMap::new();
        for position in opening {
            let worth_rao = u64::try_from(position.worth_rao.unwrap_or(0)).unwrap_or(u64::MAX);
            let flow = Flow::Received { alpha_rao: position.alpha_rao, worth_rao };
            ledgers.entry(position.netuid).or_default().enter(flow);
        }
        let is_cut = moves.len() as u64 >= MAX_MOVES;
        let (mut entered, mut unknown_moves) = (0, 0);
        let summaries: HashMap<(u64, u32), &StakeMoveRow> =
            moves.iter().map(|row| ((row.block_number, row.event_index), row)).collect();
        for row in &moves {
            let summary = row.summary_event.and_then(|event| summaries.get(&(row.block_number, event)));
            match flow_of(coldkey, row, summary.copied()) {
                Entry::Flow(netuid, flow) => {
                    ledgers.entry(netuid).or_default().enter(flow);
                    entered += 1;
                }
                Entry::Unknown => unknown_moves += 1,
                Entry::None => {}
            }
        }
        let mut worths: BTreeMap<u16, (u64, Option<u128>)> = BTreeMap::new();
        for position in &held {
            let (alpha, worth) = worths.entry(position.netuid).or_insert((0, Some(0)));
            *alpha = alpha.saturating_add(position.alpha_rao);
            *worth = worth.zip(position.worth_rao).map(|(sum, part)| sum.saturating_add(part));
            ledgers.entry(position.netuid).or_default();
        }
        let to_profit = |(netuid, ledger): (u16, Ledger)| {
            let (held_rao, worth_rao) = worths.get(&netuid).copied().unwrap_or((0, Some(0)));
            SubnetProfit {
                netuid,
                held_rao,
                worth_rao,
                cost_rao: ledger.cost_rao,
                realised_rao: ledger.realised_rao,
                unrealised_rao: worth_rao.map(|worth| ledger.unrealised_rao(worth)),
                bought_rao: ledger.bought_rao,
                sold_rao: ledger.sold_rao,
                received_rao: ledger.received_rao,
                given_rao: ledger.given_rao,
                earned_rao: ledger.earned_alpha_rao(held_rao),
            }
        };
        let subnets = ledgers.into_iter().map(to_profit).collect();
        Ok(Some(Profit {
            subnets,
            since_block: start.block,
            moves: entered,
            unknown_moves,
            has_key_swaps,
            is_cut,
        }))
    }

    async fn list_moves_of(
        &self,
        coldkey: &str,
        from: u64,
        to: u64,
    ) -> Result<Vec<StakeMoveRow>, WarehouseError> {
        let sql = Sql::new(
            "SELECT ?fields FROM stake_moves WHERE (coldkey = ? OR to_coldkey = ?) AND block_number BETWEEN ? AND ? \
             ORDER BY block_number, event_index LIMIT ?",
        );
        let sql = sql.bind(coldkey).bind(coldkey).bind(from).bind(to).bind(MAX_MOVES);
        self.fetch_all("list stake moves of an account", sql).await
    }

    async fn has_key_swaps(&self, coldkey: &str, to: u64) -> Result<bool, WarehouseError> {
        let sql = Sql::new(
            "SELECT count() FROM key_swaps WHERE kind = 'coldkey' AND (old_key = ? OR new_key = ?) AND block_number <= ?",
        );
        Ok(self.fetch_count("look for key swaps", sql.bind(coldkey).bind(coldkey).bind(to)).await? > 0)
    }
}

/// What a stake move is in the ledger of an account.
enum Entry {
    Flow(u16, Flow),
    /// A flow without amounts.
    Unknown,
    /// Nothing: a summary of legs, or a move from one hotkey to another.
    None,
}

/// Legs are what counts: a summary only tells what they are part of.
fn flow_of(coldkey: &str, row: &StakeMoveRow, summary: Option<&StakeMoveRow>) -> Entry {
    let is_leg_of_one_subnet = summary.is_some_and(|row| row.netuid == row.to_netuid);
    let changes_hands = summary.is_some_and(|row| row.to_coldkey.is_some() && row.to_coldkey != row.coldkey);
    if row.coldkey.as_deref() != Some(coldkey) || (is_leg_of_one_subnet && !changes_hands) {
        return Entry::None;
    }
    let Some(netuid) = row.netuid else { return Entry::Unknown };
    let worth = || {
        let price = row.price_bits.map(U96F32::from_bits)?;
        u64::try_from(worth_rao(row.alpha_rao?, price)).ok()
    };
    let (alpha, tao) = (row.alpha_rao, row.tao_rao);
    let flow = match row.kind.as_str() {
        "stake_added" => alpha.zip(tao.or_else(worth)).map(|(alpha_rao, tao_rao)| {
            if changes_hands {
                Flow::Received { alpha_rao, worth_rao: tao_rao }
            } else {
                Flow::Bought { alpha_rao, tao_rao }
            }
        }),
        "stake_removed" if is_leg_of_one_subnet => alpha.map(|alpha_rao| Flow::Given { alpha_rao }),
        "stake_removed" => alpha.zip(tao).map(|(alpha_rao, tao_rao)| Flow::Sold { alpha_rao, tao_rao }),
        "fee_paid_with_alpha" => {
            alpha.zip(tao.or_else(worth)).map(|(alpha_rao, tao_rao)| Flow::Sold { alpha_rao, tao_rao })
        }
        "alpha_recycled" | "alpha_burned" => alpha.map(|alpha_rao| Flow::Given { alpha_rao }),
        // summaries, and what stakes emission: earned
        _ => return Entry::None,
    };
    flow.map_or(Entry::Unknown, |flow| Entry::Flow(netuid, flow))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: &str, coldkey: &str, netuid: u16) -> StakeMoveRow {
        StakeMoveRow {
            kind: kind.to_owned(),
            coldkey: Some(coldkey.to_owned()),
            netuid: Some(netuid),
            alpha_rao: Some(10),
            tao_rao: Some(4),
            ..StakeMoveRow::default()
        }
    }

    fn summary(from: &str, to: &str, netuid: u16, to_netuid: u16) -> StakeMoveRow {
        StakeMoveRow {
            to_coldkey: Some(to.to_owned()),
            to_netuid: Some(to_netuid),
            ..row("stake_transferred", from, netuid)
        }
    }

    fn entered(coldkey: &str, row: &StakeMoveRow, summary: Option<&StakeMoveRow>) -> Option<Flow> {
        match flow_of(coldkey, row, summary) {
            Entry::Flow(_, flow) => Some(flow),
            Entry::Unknown | Entry::None => None,
        }
    }

    #[test]
    fn legs_are_entered_by_what_they_are_part_of() {
        let (added, removed) = (row("stake_added", "a", 1), row("stake_removed", "a", 1));
        assert_eq!(entered("a", &added, None), Some(Flow::Bought { alpha_rao: 10, tao_rao: 4 }));
        assert_eq!(entered("a", &removed, None), Some(Flow::Sold { alpha_rao: 10, tao_rao: 4 }));
        let within = summary("a", "a", 1, 1);
        assert_eq!(entered("a", &removed, Some(&within)), None, "from one hotkey to another");
        let swap = summary("a", "a", 1, 2);
        assert_eq!(entered("a", &removed, Some(&swap)), Some(Flow::Sold { alpha_rao: 10, tao_rao: 4 }));
        let gift = summary("a", "b", 1, 1);
        assert_eq!(entered("a", &removed, Some(&gift)), Some(Flow::Given { alpha_rao: 10 }));
        let got = row("stake_added", "b", 1);
        assert_eq!(entered("b", &got, Some(&gift)), Some(Flow::Received { alpha_rao: 10, worth_rao: 4 }));
        assert_eq!(entered("b", &gift, None), None, "a summary is not a flow");
        assert_eq!(entered("a", &got, Some(&gift)), None, "another's leg is not ours");
    }
}

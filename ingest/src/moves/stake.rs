//! Stake that moved: one row an event, the legs of an operation tied to the event that sums it up.

use std::collections::HashMap;

use yumascan_protocol::fixed::U96F32;
use yumascan_warehouse::rows::{MoveRows, StakeMoveRow};

use super::{
    MovesOf,
    args::{Args, account, integer, variant},
    events::{Event, Log},
    price,
    read::{Key, Moment, Reader, SUBTENSOR},
};

const RAO: &str = "rao";
const ALPHA_RAO: &str = "alpha_rao";
const BUY: &str = "buy";
const SELL: &str = "sell";
const ADDED: &str = "stake_added";
const REMOVED: &str = "stake_removed";
/// Between an operation's first leg and its summary there are at most so many other rows of its extrinsic.
const LOOK_BACK: usize = 6;

/// Adds the rows of a block.
pub(super) fn collect(block: &MovesOf, log: &Log<'_>, reader: &Reader<'_>, rows: &mut MoveRows) {
    let era = Era {
        fee_in_alpha: reader.has(Moment::After, "Swap", "FeeRate"),
        sale_without_fee: reader.has(Moment::After, SUBTENSOR, "AlphaV2"),
    };
    let mut moves: Vec<StakeMoveRow> = Vec::new();
    for event in &log.events {
        let Some(mut row) = read_event(event, era, log, reader) else { continue };
        row.block_number = block.number;
        row.event_index = event.index;
        row.extrinsic_index = event.extrinsic;
        row.timestamp_ms = block.timestamp_ms;
        moves.push(row);
    }
    tie_legs(&mut moves);
    let mut pools: HashMap<u16, (Option<bool>, Option<U96F32>)> = HashMap::new();
    for row in &mut moves {
        let Some(netuid) = row.netuid else {
            (row.volume_rao, row.side) = (Some(0), None);
            continue;
        };
        let (has_pool, price) = *pools
            .entry(netuid)
            .or_insert_with(|| (price::has_pool(reader, netuid), price::before(reader, netuid)));
        row.price_bits = price.map(U96F32::to_bits);
        value(row, has_pool, era);
    }
    rows.stake_moves = moves;
}

/// How amounts and fees are meant.
#[derive(Debug, Clone, Copy)]
struct Era {
    /// With the pallet Swap (283 on) a sale pays its fee in alpha, and amounts of events include fees. Before, fees are
    /// in TAO, and amounts of events are without them.
    fee_in_alpha: bool,
    /// Since fees leave the pools (401, which brought `AlphaV2`), the alpha of a sale's event is what was sold for the
    /// seller; the fee is beside it, and is sold for the author of the block.
    sale_without_fee: bool,
}

fn read_event(event: &Event<'_>, era: Era, log: &Log<'_>, reader: &Reader<'_>) -> Option<StakeMoveRow> {
    let args = &event.args;
    match (event.pallet, event.name) {
        (SUBTENSOR, "StakeAdded") => Some(leg(event, ADDED, "add_stake", RAO, log)),
        (SUBTENSOR, "StakeRemoved") => {
            let unit = if era.fee_in_alpha { ALPHA_RAO } else { RAO };
            Some(leg(event, REMOVED, "remove_stake", unit, log))
        }
        (SUBTENSOR, "StakeMoved") => Some(StakeMoveRow {
            to_coldkey: args.account("coldkey", 0),
            hotkey: args.account("origin_hotkey", 1),
            netuid: args.u16("origin_netuid", 2),
            to_hotkey: args.account("destination_hotkey", 3),
            to_netuid: args.u16("destination_netuid", 4),
            tao_rao: args.u64("tao", 5),
            ..row("stake_moved", args.account("coldkey", 0))
        }),
        (SUBTENSOR, "StakeTransferred") => Some(StakeMoveRow {
            to_coldkey: args.account("destination_coldkey", 1),
            hotkey: args.account("hotkey", 2),
            to_hotkey: args.account("hotkey", 2),
            netuid: args.u16("origin_netuid", 3),
            to_netuid: args.u16("destination_netuid", 4),
            tao_rao: args.u64("tao", 5),
            ..row("stake_transferred", args.account("origin_coldkey", 0))
        }),
        (SUBTENSOR, "StakeSwapped") => Some(StakeMoveRow {
            to_coldkey: args.account("coldkey", 0),
            hotkey: args.account("hotkey", 1),
            to_hotkey: args.account("hotkey", 1),
            netuid: args.u16("origin_netuid", 2),
            to_netuid: args.u16("destination_netuid", 3),
            tao_rao: args.u64("tao", 4),
            ..row("stake_swapped", args.account("coldkey", 0))
        }),
        (SUBTENSOR, "AutoStakeAdded") => Some(StakeMoveRow {
            hotkey: args.account("hotkey", 2),
            netuid: args.u16("netuid", 0),
            to_coldkey: args.account("owner", 3),
            to_hotkey: args.account("destination", 1),
            to_netuid: args.u16("netuid", 0),
            alpha_rao: args.u64("incentive", 4),
            ..row("auto_stake_added", args.account("owner", 3))
        }),
        (SUBTENSOR, "AlphaRecycled" | "AlphaBurned") => Some(StakeMoveRow {
            hotkey: args.account("hotkey", 1),
            alpha_rao: args.u64("alpha", 2),
            netuid: args.u16("netuid", 3),
            ..row(
                if event.name == "AlphaBurned" { "alpha_burned" } else { "alpha_recycled" },
                args.account("coldkey", 0),
            )
        }),
        (SUBTENSOR, "AddStakeBurn") => Some(StakeMoveRow {
            netuid: args.u16("netuid", 0),
            hotkey: args.account("hotkey", 1),
            tao_rao: args.u64("amount", 2),
            alpha_rao: args.u64("alpha", 3),
            ..row("add_stake_burn", None)
        }),
        (SUBTENSOR, "TransactionFeePaidWithAlpha") => Some(StakeMoveRow {
            netuid: args.u16("netuid", 1),
            alpha_rao: args.u64("alpha_fee", 2),
            tao_rao: args.u64("tao_amount", 3),
            ..row("fee_paid_with_alpha", args.account("who", 0))
        }),
        (SUBTENSOR, "SubnetLeaseDividendsDistributed") => Some(lease_dividends(args, reader)),
        (SUBTENSOR, name) if name.starts_with("Aggregated") => aggregated(name, args),
        ("LimitOrders", "OrderExecuted") => Some(order_executed(args)),
        ("LimitOrders", "GroupExecutionSummary") => Some(group_executed(args)),
        _ => None,
    }
}

fn row(kind: &str, coldkey: Option<String>) -> StakeMoveRow {
    StakeMoveRow { kind: kind.to_owned(), coldkey, ..StakeMoveRow::default() }
}

/// StakeAdded and StakeRemoved: (hotkey, tao) before 233, then (coldkey, hotkey, tao, alpha, netuid), from 257 on with
/// the fee.
fn leg(event: &Event<'_>, kind: &str, call: &str, unit: &str, log: &Log<'_>) -> StakeMoveRow {
    let args = &event.args;
    if args.len() == 2 {
        let hotkey = args.account("hotkey", 0);
        let coldkey = only_origin(log, event.extrinsic, call, hotkey.as_deref());
        return StakeMoveRow { hotkey, tao_rao: args.u64("tao", 1), ..row(kind, coldkey) };
    }
    let fee = args.u64("fee", 5);
    StakeMoveRow {
        hotkey: args.account("hotkey", 1),
        tao_rao: args.u64("tao", 2),
        alpha_rao: args.u64("alpha", 3),
        netuid: args.u16("netuid", 4),
        fee,
        fee_unit: fee.map(|_| unit.to_owned()),
        ..row(kind, args.account("coldkey", 0))
    }
}

/// For whom an extrinsic staked to a hotkey, if for one account only.
fn only_origin(log: &Log<'_>, extrinsic: Option<u32>, call: &str, hotkey: Option<&str>) -> Option<String> {
    let calls = log.calls(extrinsic, &[call]);
    let mut origins = calls
        .iter()
        .filter(|call| call.args.account("hotkey", usize::MAX).as_deref() == hotkey)
        .map(|call| call.origin);
    let first = origins.next()??;
    origins.all(|origin| origin == Some(first)).then(|| first.to_owned())
}

fn lease_dividends(args: &Args, reader: &Reader<'_>) -> StakeMoveRow {
    let lease = args
        .get("lease_id", 0)
        .and_then(integer::<u32>)
        .and_then(|id| reader.value(Moment::After, SUBTENSOR, "SubnetLeases", &[Key::U32(id)]));
    let of_lease = |name: &str| lease.as_ref().and_then(|lease| lease.get(name));
    StakeMoveRow {
        hotkey: of_lease("hotkey").and_then(account),
        netuid: of_lease("netuid").and_then(integer),
        to_coldkey: args.account("contributor", 1),
        to_hotkey: of_lease("hotkey").and_then(account),
        to_netuid: of_lease("netuid").and_then(integer),
        alpha_rao: args.u64("alpha", 2),
        ..row("lease_dividends", of_lease("coldkey").and_then(account))
    }
}

/// The queue of specs 273 to 277: what was asked for, in TAO to stake and in alpha to unstake.
fn aggregated(name: &str, args: &Args) -> Option<StakeMoveRow> {
    let (kind, amount) = match name {
        "AggregatedStakeAdded" => ("aggregated_stake_added", (args.u64("amount", 3), None)),
        "AggregatedStakeRemoved" => ("aggregated_stake_removed", (None, args.u64("amount", 3))),
        "AggregatedLimitedStakeAdded" => ("aggregated_limited_stake_added", (args.u64("amount", 3), None)),
        "AggregatedLimitedStakeRemoved" => {
            ("aggregated_limited_stake_removed", (None, args.u64("amount", 3)))
        }
        "AggregatedUnstakeAllSucceeded" => ("aggregated_unstake_all_succeeded", (None, None)),
        "AggregatedUnstakeAllAlphaSucceeded" => ("aggregated_unstake_all_alpha_succeeded", (None, None)),
        _ => return None,
    };
    let (tao_rao, alpha_rao) = amount;
    Some(StakeMoveRow {
        hotkey: args.account("hotkey", 1),
        netuid: args.u16("netuid", 2),
        tao_rao,
        alpha_rao,
        ..row(kind, args.account("coldkey", 0))
    })
}

/// An order of a user: what went in and what came out, by its type.
fn order_executed(args: &Args) -> StakeMoveRow {
    let kind = args.get("order_type", 3).and_then(variant);
    let (amount_in, amount_out) = (args.u64("amount_in", 4), args.u64("amount_out", 5));
    let (tao_rao, alpha_rao) = match kind {
        Some(kind) if kind.contains("Buy") => (amount_in, amount_out),
        Some(_) => (amount_out, amount_in),
        None => (None, None),
    };
    let signer = args.account("signer", 1);
    StakeMoveRow { netuid: args.u16("netuid", 2), tao_rao, alpha_rao, ..row("order_executed", signer) }
}

/// What a batch of orders swapped in the end, after they were set off against each other.
fn group_executed(args: &Args) -> StakeMoveRow {
    let (amount_in, amount_out) = (args.u64("net_amount", 2), args.u64("actual_out", 3));
    let (tao_rao, alpha_rao) = match args.get("net_side", 1).and_then(variant) {
        Some("Buy") => (amount_in, amount_out),
        Some("Sell") => (amount_out, amount_in),
        _ => (None, None),
    };
    StakeMoveRow { netuid: args.u16("netuid", 0), tao_rao, alpha_rao, ..row("group_execution_summary", None) }
}

/// Ties legs to summaries: the nearest rows of the same extrinsic that fit and belong to no other summary.
fn tie_legs(moves: &mut [StakeMoveRow]) {
    for at in 0..moves.len() {
        let Some((before, rest)) = moves.split_at_mut_checked(at) else { continue };
        let Some(summary) = rest.first_mut() else { continue };
        // the fee is taken before all that an extrinsic does, and told after it
        let is_fee = summary.kind == "fee_paid_with_alpha";
        let from = match is_fee {
            true => before.partition_point(|row| row.extrinsic_index < summary.extrinsic_index),
            false => before.len().saturating_sub(LOOK_BACK),
        };
        let Some(near) = before.get_mut(from..) else { continue };
        match summary.kind.as_str() {
            "stake_moved" | "stake_transferred" | "stake_swapped" => tie_move(near, summary),
            "add_stake_burn" => tie_burn(near, summary),
            "fee_paid_with_alpha" => tie_fee(near, summary),
            "order_executed" => tie_order(near, summary),
            _ => {}
        }
    }
    // legs that stay within a subnet, or that the fee paid, are told by their summary
    let within: HashMap<u32, bool> = moves
        .iter()
        .map(|row| (row.event_index, row.to_netuid.is_some() && row.netuid == row.to_netuid))
        .collect();
    for row in moves.iter_mut() {
        let side = match row.kind.as_str() {
            ADDED => BUY,
            REMOVED => SELL,
            _ => continue,
        };
        let stays = row.summary_event.is_some_and(|summary| within.get(&summary).copied().unwrap_or(false));
        row.side = (!stays).then(|| side.to_owned());
    }
}

fn tie_move(near: &mut [StakeMoveRow], summary: &mut StakeMoveRow) {
    let added = free(near, summary, |row| {
        row.kind == ADDED
            && row.coldkey == summary.to_coldkey
            && row.hotkey == summary.to_hotkey
            && row.netuid == summary.to_netuid
    });
    let upto = added.unwrap_or(near.len());
    let removed = free(near.get(..upto).unwrap_or_default(), summary, |row| {
        row.kind == REMOVED
            && row.coldkey == summary.coldkey
            && row.hotkey == summary.hotkey
            && row.netuid == summary.netuid
    });
    summary.alpha_rao = removed.and_then(|at| near.get(at)?.alpha_rao);
    tie(near, &[added, removed], summary.event_index);
}

fn tie_burn(near: &mut [StakeMoveRow], summary: &mut StakeMoveRow) {
    let fits = |row: &StakeMoveRow| row.hotkey == summary.hotkey && row.netuid == summary.netuid;
    let burned = free(near, summary, |row| {
        row.kind == "alpha_burned" && fits(row) && row.alpha_rao == summary.alpha_rao
    });
    let added = free(near, summary, |row| row.kind == ADDED && fits(row));
    summary.coldkey = added.or(burned).and_then(|at| near.get(at)?.coldkey.clone());
    tie(near, &[burned, added], summary.event_index);
}

fn tie_fee(near: &mut [StakeMoveRow], summary: &mut StakeMoveRow) {
    let sold = free(near, summary, |row| {
        row.kind == REMOVED
            && row.coldkey == summary.coldkey
            && row.netuid == summary.netuid
            && row.alpha_rao == summary.alpha_rao
    });
    summary.hotkey = sold.and_then(|at| near.get(at)?.hotkey.clone());
    tie(near, &[sold], summary.event_index);
}

fn tie_order(near: &mut [StakeMoveRow], summary: &mut StakeMoveRow) {
    let leg = free(near, summary, |row| {
        let is_same_way = match row.kind.as_str() {
            ADDED => row.alpha_rao == summary.alpha_rao,
            REMOVED => row.alpha_rao.is_some() && row.alpha_rao == summary.alpha_rao,
            _ => false,
        };
        is_same_way && row.coldkey == summary.coldkey && row.netuid == summary.netuid
    });
    summary.hotkey = leg.and_then(|at| near.get(at)?.hotkey.clone());
    tie(near, &[leg], summary.event_index);
}

/// Position of the nearest row of the summary's extrinsic that fits and belongs to no summary.
fn free(
    near: &[StakeMoveRow],
    summary: &StakeMoveRow,
    fits: impl Fn(&StakeMoveRow) -> bool,
) -> Option<usize> {
    near.iter().rposition(|row| {
        row.summary_event.is_none() && row.extrinsic_index == summary.extrinsic_index && fits(row)
    })
}

fn tie(near: &mut [StakeMoveRow], legs: &[Option<usize>], summary: u32) {
    for at in legs.iter().flatten() {
        if let Some(row) = near.get_mut(*at) {
            row.summary_event = Some(summary);
        }
    }
}

/// What went through the pool, and how far from the price before.
fn value(row: &mut StakeMoveRow, has_pool: Option<bool>, era: Era) {
    match (row.side.as_deref(), has_pool) {
        (None, _) => row.volume_rao = Some(0),
        (Some(_), Some(false)) => {
            row.volume_rao = Some(0);
            row.side = None;
        }
        (Some(_), None) => {
            row.volume_rao = None;
            row.side = None;
        }
        (Some(_), Some(true)) => {
            row.volume_rao = row.tao_rao;
            row.slippage = slippage(row, era);
        }
    }
}

/// Parts per million by which less came out than the price before would have given for what went in, the fee aside.
fn slippage(row: &StakeMoveRow, era: Era) -> Option<i32> {
    let price = i128::try_from(row.price_bits?).ok()?;
    let (tao, alpha) = (row.tao_rao?, row.alpha_rao?);
    let fee = row.fee.unwrap_or(0);
    let is_buy = row.side.as_deref() == Some(BUY);
    let (tao, alpha) = match (is_buy, era.fee_in_alpha) {
        (true, true) => (tao.checked_sub(fee)?, alpha),
        (true, false) => (tao, alpha),
        (false, true) if era.sale_without_fee => (tao, alpha),
        (false, true) => (tao, alpha.checked_sub(fee)?),
        (false, false) => (tao.checked_add(fee)?, alpha),
    };
    // both in rao with 32 fraction bits
    let (tao, worth) = (i128::from(tao) << 32, i128::from(alpha).checked_mul(price)?);
    let (ideal, lost) = if is_buy { (tao, tao - worth) } else { (worth, worth - tao) };
    i32::try_from(lost.checked_mul(1_000_000)?.checked_div(ideal)?).ok()
}

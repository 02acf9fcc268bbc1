//! Does a quote give what the chain then gave?
//!
//! Every swap of the recorded chains is quoted against the pool as it was when the chain made it: the state of the
//! parent, the coinbase of the block, and the swaps of the block before it, one after another: of users, of
//! registrations, of claims of root stakers. What is quoted is compared with the event, to the rao, and at the end of
//! each block every pool with the state. Claims are made again too, and what they wrote is compared.

mod claims;

use std::{collections::BTreeMap, path::Path};

use yumascan_chain::{AccountId, DecodedBlock, EventView, Outcome};
use yumascan_protocol::amm::{Curve, Order, Pool, Side, Swap, SwapError};
use yumascan_warehouse::rows::{MoveRows, StakeMoveRow};

use claims::Claims;

use super::{
    coinbase::{self, Pallets, Positions},
    items::Part,
    state::States,
};
use crate::{
    moves::{MovesOf, collect},
    recorded::Chain,
};

/// Subnets looked for.
const MOST_SUBNETS: u16 = 64;
/// Keys of liquidity positions are listed so often.
const LISTED_EVERY: u64 = 200;

/// What came of it.
#[derive(Debug, Default)]
struct Tally {
    exact: BTreeMap<&'static str, u64>,
    /// Swaps that no quote can be compared with, by reason.
    left_out: BTreeMap<String, u64>,
    differ: Vec<String>,
    /// Amounts in `RootClaimed` that claims of the block wrote.
    claims_equal: u64,
    claims_differ: Vec<String>,
    pools_equal: u64,
    pools_differ: Vec<String>,
}

/// What a block did that moved a pool, or what a claim is reckoned from.
enum Act {
    Swap(PoolSwap),
    /// A coldkey claimed.
    Claim(AccountId, Option<u32>),
    /// Stake on root changed: hotkey, coldkey, rao.
    RootStake(AccountId, AccountId, i64),
}

/// A swap against a pool.
struct PoolSwap {
    event: u32,
    netuid: u16,
    order: Order,
    /// What the event says of it; none where the chain tells no amounts.
    told: Option<Swap>,
    kind: &'static str,
    /// The same with the call's own limit.
    limited: Option<Order>,
    /// Whether the fee stays in the pool; else the author of the block gets it, sold where it is alpha.
    fee_stays: bool,
}

fn follow(chain: &Chain) -> Tally {
    let mut tally = Tally::default();
    let (first, last) = (chain.recording.first_block(), chain.recording.last_block());
    let mut positions = Positions::default();
    let mut pallets: BTreeMap<u32, Pallets<'_>> = BTreeMap::new();
    for number in first..=last {
        let (spec, runtime) = chain.runtime_of(number);
        let pallets = pallets.entry(spec).or_insert_with(|| Pallets::of(runtime));
        if (number - first) % LISTED_EVERY == 0 {
            for at in [number - 1, last.min(number + LISTED_EVERY - 1)] {
                let mut states = States::default();
                Positions::want(pallets, &mut states, chain.at(at));
                states.fetch_from(&chain.recording);
                positions.add(pallets, &states, chain.at(at));
            }
        }
        let decoded = chain.decode(number);
        let block = MovesOf { number, timestamp_ms: None, spec_version: spec };
        let found = collect(block, &decoded, &chain.state(number));
        assert_eq!(found.missing, []);
        let fees_stay = pallets.era(spec).unwrap().fees_stay_in_pool();
        let acts = acts(&found.rows, &decoded, fees_stay);
        if number > 1 && chain.runtime_of(number - 1).0 != spec {
            let told = |act: &Act| matches!(act, Act::Swap(swap) if swap.told.is_some());
            let left = acts.iter().filter(|(_, act)| told(act)).count() as u64;
            *tally.left_out.entry("migrations ran in the block".to_owned()).or_default() += left;
            continue;
        }
        follow_block(chain, number, pallets, &positions, (&acts, &decoded), &mut tally);
    }
    tally
}

fn follow_block(
    chain: &Chain,
    number: u64,
    pallets: &Pallets<'_>,
    positions: &Positions,
    (acts, decoded): (&[(u32, Act)], &DecodedBlock),
    tally: &mut Tally,
) {
    let parent = chain.at(number - 1);
    let netuids: Vec<u16> = netuids(chain, pallets, number - 1);
    let mut states = States::default();
    coinbase::want_inputs(pallets, &mut states, parent, &netuids, positions);
    coinbase::want_inputs(pallets, &mut states, chain.at(number), &netuids, positions);
    states.fetch_from(&chain.recording);
    let era = pallets.era(chain.runtime_of(number).0).unwrap();
    let inputs = coinbase::read_inputs(pallets, &states, parent, era, &netuids, positions).unwrap();
    let emitted = coinbase::recompute(&inputs).unwrap();
    let mut pools: BTreeMap<u16, Pool> =
        inputs.subnets.into_iter().map(|subnet| (subnet.netuid, subnet.pool)).collect();
    pools.extend(emitted.subnets.into_iter().map(|subnet| (subnet.netuid, subnet.pool)));
    for (netuid, _) in emitted.unknown {
        pools.remove(&netuid);
    }
    let mut claims = Claims::new(chain, number);
    for (_, act) in acts {
        match act {
            Act::Claim(coldkey, extrinsic) => claims.claim(*coldkey, *extrinsic, decoded, &mut pools),
            Act::RootStake(hotkey, coldkey, rao) => claims.stake(*hotkey, *coldkey, *rao),
            Act::Swap(swap) => match pools.get_mut(&swap.netuid) {
                Some(pool) => follow_swap(number, swap, pool, tally),
                None if swap.told.is_some() => {
                    let reason = "the pool is not known before the block".to_owned();
                    *tally.left_out.entry(reason).or_default() += 1;
                }
                None => {}
            },
        }
    }
    let (equal, differ) = claims.compare();
    tally.claims_equal += equal;
    tally.claims_differ.extend(differ);
    let after = coinbase::read_inputs(pallets, &states, chain.at(number), era, &netuids, positions);
    let Ok(after) = after else { return };
    let still = self::netuids(chain, pallets, number);
    for stored in after.subnets.into_iter().filter(|subnet| still.contains(&subnet.netuid)) {
        let Some(pool) = pools.get(&stored.netuid) else { continue };
        match differing(pool, &stored.pool) {
            None => tally.pools_equal += 1,
            Some(what) => tally.pools_differ.push(format!("{number} subnet {}: {what}", stored.netuid)),
        }
    }
}

fn netuids(chain: &Chain, pallets: &Pallets<'_>, number: u64) -> Vec<u16> {
    let is_there = |netuid: &u16| {
        let key = pallets.subtensor.key("NetworksAdded", &[Part::U16(*netuid)]).unwrap();
        chain.recording.storage(&key, number) == Some(&[1])
    };
    (1..MOST_SUBNETS).filter(is_there).collect()
}

fn follow_swap(number: u64, act: &PoolSwap, pool: &mut Pool, tally: &mut Tally) {
    let mut quote = pool.swap(act.order);
    let Some(told) = act.told else {
        if let Ok((_, after)) = quote {
            *pool = after;
        }
        return;
    };
    let fits = |quote: &Result<(Swap, Pool), SwapError>| {
        quote.as_ref().is_ok_and(|(swap, _)| {
            let same_in = swap.paid_in_rao + swap.fee_rao == told.paid_in_rao + told.fee_rao;
            same_in && swap.fee_rao == told.fee_rao && swap.paid_out_rao == told.paid_out_rao
        })
    };
    let mut kind = act.kind;
    if !fits(&quote)
        && let Some(order) = act.limited
    {
        let limited = pool.swap(order);
        if fits(&limited) {
            (quote, kind) = (limited, "stopped at the limit price");
        }
    }
    if fits(&quote) {
        *tally.exact.entry(kind).or_default() += 1;
    } else {
        let quoted = quote.as_ref().map(|(swap, _)| *swap);
        tally.differ.push(format!(
            "{number}-{} subnet {} {kind}: quoted {quoted:?}, told {told:?}",
            act.event, act.netuid
        ));
    }
    if let Ok((swap, after)) = quote {
        *pool = after;
        if act.order.side == Side::Sell && !act.fee_stays && swap.fee_rao > 0 {
            let for_author =
                Order { amount_rao: swap.fee_rao, limit_price_rao: None, with_fee: false, ..act.order };
            if let Ok((_, after)) = pool.swap(for_author) {
                *pool = after;
            }
        }
    }
}

/// The first number of a pool that is not as stored.
fn differing(pool: &Pool, stored: &Pool) -> Option<String> {
    let mut pairs = vec![
        ("TAO", u128::from(pool.tao_rao), u128::from(stored.tao_rao)),
        ("alpha", u128::from(pool.alpha_in_rao), u128::from(stored.alpha_in_rao)),
    ];
    if let (Curve::Concentrated(pool), Curve::Concentrated(stored)) = (&pool.curve, &stored.curve) {
        pairs.push(("root of the price", pool.sqrt_price.to_bits(), stored.sqrt_price.to_bits()));
        pairs.push(("liquidity", pool.liquidity.into(), stored.liquidity.into()));
        pairs.push(("fees", pool.fee_global_tao.to_bits(), stored.fee_global_tao.to_bits()));
        pairs.push(("alpha fees", pool.fee_global_alpha.to_bits(), stored.fee_global_alpha.to_bits()));
    }
    let (name, computed, stored) = pairs.into_iter().find(|(_, computed, stored)| computed != stored)?;
    Some(format!("{name} {computed}, stored {stored}"))
}

/// What users did or caused, in the order in which the chain did it, each with its event.
fn acts(rows: &MoveRows, decoded: &DecodedBlock, fee_stays: bool) -> Vec<(u32, Act)> {
    let trades = rows.stake_moves.iter().filter_map(|row| trade(row, rows, decoded, fee_stays));
    let mut acts: Vec<(u32, Act)> = trades.map(|swap| (swap.event, Act::Swap(swap))).collect();
    acts.extend(rows.stake_moves.iter().filter_map(|row| Some((row.event_index, root_stake(row)?))));
    for row in &rows.registrations {
        let by_tao = matches!(row.cost_source.as_deref(), Some("recycled" | "withdrawn" | "burn"));
        let Some(cost) = row.cost_rao.filter(|_| by_tao) else { continue };
        let order = Order { side: Side::Buy, amount_rao: cost, limit_price_rao: None, with_fee: true };
        let event = row.event_index;
        let (netuid, kind) = (row.netuid, "registration");
        let swap = PoolSwap { event, netuid, order, told: None, kind, limited: None, fee_stays };
        acts.push((event, Act::Swap(swap)));
    }
    let claimed = |event: &EventView<'_>| event.pallet == "SubtensorModule" && event.variant == "RootClaimed";
    for event in decoded.events().filter(claimed) {
        let args: serde_json::Value = serde_json::from_str(event.args).unwrap();
        let coldkey = args["coldkey"].as_str().unwrap().parse().unwrap();
        acts.push((event.index, Act::Claim(coldkey, event.extrinsic_index())));
    }
    acts.sort_by_key(|(event, _)| *event);
    acts
}

fn root_stake(row: &StakeMoveRow) -> Option<Act> {
    let sign = match row.kind.as_str() {
        "stake_added" => 1,
        "stake_removed" => -1,
        _ => return None,
    };
    let rao = row.netuid.filter(|netuid| *netuid == 0).and(row.alpha_rao)?;
    let (hotkey, coldkey) = (row.hotkey.as_ref()?.parse().ok()?, row.coldkey.as_ref()?.parse().ok()?);
    Some(Act::RootStake(hotkey, coldkey, sign * i64::try_from(rao).ok()?))
}

fn trade(row: &StakeMoveRow, rows: &MoveRows, decoded: &DecodedBlock, fee_stays: bool) -> Option<PoolSwap> {
    let side = match row.side.as_deref()? {
        "buy" => Side::Buy,
        _ => Side::Sell,
    };
    let summary =
        row.summary_event.and_then(|event| rows.stake_moves.iter().find(|row| row.event_index == event));
    let (with_fee, kind) = match summary.map(|summary| (summary.kind.as_str(), summary.netuid)) {
        Some(("stake_moved" | "stake_swapped" | "stake_transferred", origin)) => match side {
            Side::Sell => (true, "first leg of a move"),
            // the origin paid already, unless it was root
            Side::Buy => (origin == Some(0), "second leg of a move"),
        },
        Some(("fee_paid_with_alpha", _)) => (false, "fee paid with alpha"),
        _ if side == Side::Buy => (true, "stake added"),
        _ => (true, "stake removed"),
    };
    let fee_rao = row.fee?;
    let (amount_rao, out) = match side {
        Side::Buy => (row.tao_rao?, row.alpha_rao?),
        Side::Sell if fee_stays => (row.alpha_rao?, row.tao_rao?),
        // the event has the alpha without the fee
        Side::Sell => (row.alpha_rao?.checked_add(fee_rao)?, row.tao_rao?),
    };
    let order = Order { side, amount_rao, limit_price_rao: None, with_fee };
    Some(PoolSwap {
        event: row.event_index,
        netuid: row.netuid?,
        order,
        told: Some(Swap { paid_in_rao: amount_rao.saturating_sub(fee_rao), paid_out_rao: out, fee_rao }),
        kind,
        limited: limited(row, order, decoded),
        fee_stays,
    })
}

/// The order as the extrinsic gave it, if that named a limit.
fn limited(row: &StakeMoveRow, order: Order, decoded: &DecodedBlock) -> Option<Order> {
    let (call, amount) = match order.side {
        Side::Buy => ("add_stake_limit", "amount_staked"),
        Side::Sell => ("remove_stake_limit", "amount_unstaked"),
    };
    decoded.calls().find_map(|view| {
        let ran = matches!(view.outcome, Outcome::Success | Outcome::Unknown);
        if Some(view.extrinsic_index) != row.extrinsic_index || view.call != call || !ran {
            return None;
        }
        let args: serde_json::Value = serde_json::from_str(view.args).ok()?;
        let number = |name: &str| args.get(name)?.as_str()?.parse::<u64>().ok();
        let fits = args.get("hotkey")?.as_str() == row.hotkey.as_deref()
            && args.get("netuid")?.as_u64() == row.netuid.map(u64::from);
        fits.then_some(Order { amount_rao: number(amount)?, limit_price_rao: number("limit_price"), ..order })
    })
}

fn report(name: &str, tally: &Tally) {
    println!("{name}: exact {:?}; left out {:?}", tally.exact, tally.left_out);
    println!("  claims equal {}, not {}", tally.claims_equal, tally.claims_differ.len());
    println!(
        "  differ {}, pools equal at the end of a block {}, not {}",
        tally.differ.len(),
        tally.pools_equal,
        tally.pools_differ.len()
    );
    for lines in [&tally.differ, &tally.pools_differ, &tally.claims_differ] {
        lines.iter().take(12).for_each(|line| println!("  {line}"));
    }
}

/// The first part of the bundled chain, with every kind of swap that users make.
#[test]
fn quotes_give_what_the_chain_gave() {
    let tally = follow(&Chain::bundled("main", 330));
    report("main", &tally);
    assert!(tally.exact.values().sum::<u64>() > 200, "{:?}", tally.exact);
    assert_eq!(tally.differ, Vec::<String>::new());
    assert_eq!((tally.pools_differ, tally.left_out), (Vec::new(), BTreeMap::new()));
}

/// All bundled blocks, and the recordings named in `YUMASCAN_RECORDINGS`.
#[test]
#[ignore = "minutes"]
fn quotes_give_what_the_chain_gave_in_whole_recordings() {
    let bundled = ["main", "upgrade"].map(|name| Path::new("../demo").join(name));
    let folders = Chain::others();
    let folders = if folders.is_empty() { bundled.to_vec() } else { folders };
    for folder in folders {
        let tally = follow(&Chain::load(&folder, None));
        report(&folder.display().to_string(), &tally);
    }
}

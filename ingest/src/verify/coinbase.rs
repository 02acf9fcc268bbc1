//! The emission of a block: read, recomputed, compared.
//!
//! The coinbase runs before the epochs of its block, over all subnets at once. What it writes is written by nobody else
//! in a block, but where a subnet is removed or founded. Reserves of pools are moved by extrinsics too: see `reserves`.

mod compare;
mod reserves;

use std::collections::HashMap;

use serde::Deserialize;
use yumascan_chain::{KeyPart, Runtime};
use yumascan_protocol::{
    amm::{Concentrated, Curve, Pool, Position, TickFees, concentrated::FULL_RANGE_TICK},
    emission::{
        CoinbaseInputs, CoinbaseOutputs, Era, FlowAverage, FlowParameters, Pendings, SubnetInputs, coinbase,
    },
    fixed::{I64F64, I96F32, U64F64},
};

use super::{
    items::{Fixed, Items, Part, Reason, Wide},
    state::States,
};
use crate::source::BlockAt;

pub(crate) use compare::{Compared, SubnetEmission, compare};
use reserves::RESERVES;
pub(crate) use reserves::Reserves;

/// The pallets whose state the coinbase reads.
#[derive(Debug)]
pub(crate) struct Pallets<'r> {
    pub(crate) subtensor: Items<'r>,
    pub(crate) swap: Items<'r>,
    pub(crate) timestamp: Items<'r>,
}

impl<'r> Pallets<'r> {
    /// The pallets of a runtime.
    pub(crate) fn of(runtime: &'r Runtime) -> Self {
        Self {
            subtensor: Items::of(runtime, "SubtensorModule"),
            swap: Items::of(runtime, "Swap"),
            timestamp: Items::of(runtime, "Timestamp"),
        }
    }

    /// The rules of a runtime.
    pub(crate) fn era(&self, spec_version: u32) -> Result<Era, Reason> {
        let has = |pallet: &str, item: &str| match pallet {
            "Swap" => self.swap.has(item),
            _ => self.subtensor.has(item),
        };
        Era::detect(spec_version, has).map_err(|error| error.to_string())
    }
}

/// Items of the chain as a whole.
const OF_CHAIN: [&str; 7] = [
    "TotalIssuance",
    "TaoWeight",
    "SubnetOwnerCut",
    "SubnetMovingAlpha",
    "FlowEmaSmoothingFactor",
    "FlowNormExponent",
    "TaoFlowCutoff",
];
/// What the coinbase writes and what it reads again in the next block.
const WRITTEN: [&str; 11] = [
    "SubnetTaoInEmission",
    "SubnetAlphaInEmission",
    "SubnetAlphaOutEmission",
    "PendingServerEmission",
    "PendingValidatorEmission",
    "PendingRootAlphaDivs",
    "PendingOwnerCut",
    "SubnetMovingPrice",
    "SubnetEmaTaoFlow",
    "RootProp",
    "NetworkRegisteredAt",
];
/// What it only reads, of the subnet.
const READ: [&str; 9] = [
    "FirstEmissionBlockNumber",
    "SubtokenEnabled",
    "NetworkRegistrationAllowed",
    "NetworkPowRegistrationAllowed",
    "EMAPriceHalvingBlocks",
    "SubnetTaoFlow",
    "SubnetMechanism",
    "SubnetTaoProvided",
    "SubnetAlphaInProvided",
];
/// What it reads of the pool.
const POOL: [&str; 8] = [
    "SwapV3Initialized",
    "AlphaSqrtPrice",
    "CurrentLiquidity",
    "FeeRate",
    "FeeGlobalTao",
    "FeeGlobalAlpha",
    "ScrapReservoirTao",
    "ScrapReservoirAlpha",
];

/// Keys of all liquidity positions, by subnet.
#[derive(Debug, Default)]
pub(crate) struct Positions(HashMap<u16, Vec<Vec<u8>>>);

impl Positions {
    /// Wants the keys in a state.
    pub(crate) fn want(pallets: &Pallets<'_>, states: &mut States, at: BlockAt) {
        pallets.swap.want_keys(states, at, "Positions", &[]);
    }

    /// Adds the keys that were wanted.
    pub(crate) fn add(&mut self, pallets: &Pallets<'_>, states: &States, at: BlockAt) {
        let (Some(item), Some(prefix)) = (pallets.swap.find("Positions"), pallets.swap.key("Positions", &[]))
        else {
            return;
        };
        for (key, parts) in states.parsed_keys(at.number, item, &prefix) {
            let Some(KeyPart::Json(netuid)) = parts.first() else { continue };
            let Ok(netuid) = netuid.parse::<u16>() else { continue };
            let known = self.0.entry(netuid).or_default();
            if !known.contains(key) {
                known.push(key.clone());
            }
        }
    }

    fn of(&self, netuid: u16) -> &[Vec<u8>] {
        self.0.get(&netuid).map_or(&[], Vec::as_slice)
    }
}

/// Wants what the coinbase of the block after `at` reads.
pub(crate) fn want_inputs(
    pallets: &Pallets<'_>,
    states: &mut States,
    at: BlockAt,
    netuids: &[u16],
    positions: &Positions,
) {
    for name in OF_CHAIN {
        pallets.subtensor.want(states, at, name, &[]);
    }
    pallets.subtensor.want(states, at, "SubnetTAO", &[Part::U16(0)]);
    for netuid in netuids {
        let key = [Part::U16(*netuid)];
        for name in READ.iter().chain(&WRITTEN).chain(&RESERVES) {
            pallets.subtensor.want(states, at, name, &key);
        }
        for name in POOL {
            pallets.swap.want(states, at, name, &key);
        }
        for position in positions.of(*netuid) {
            states.want(at, position.clone());
        }
        for tick in [-FULL_RANGE_TICK, FULL_RANGE_TICK] {
            pallets.swap.want(states, at, "Ticks", &[Part::U16(*netuid), Part::I32(tick)]);
        }
    }
}

/// Wants what the coinbase of block `at` wrote.
pub(crate) fn want_outputs(pallets: &Pallets<'_>, states: &mut States, at: BlockAt, netuids: &[u16]) {
    for netuid in netuids {
        for name in WRITTEN.into_iter().chain(RESERVES) {
            pallets.subtensor.want(states, at, name, &[Part::U16(*netuid)]);
        }
    }
}

/// Reads the state after `parent`, with which the next block begins.
pub(crate) fn read_inputs(
    pallets: &Pallets<'_>,
    states: &States,
    parent: BlockAt,
    era: Era,
    netuids: &[u16],
    positions: &Positions,
) -> Result<CoinbaseInputs, Reason> {
    let items = Reader { items: &pallets.subtensor, states, block: parent.number };
    let subnets: Result<Vec<SubnetInputs>, Reason> =
        netuids.iter().map(|netuid| read_subnet(pallets, states, parent, era, *netuid, positions)).collect();
    Ok(CoinbaseInputs {
        era,
        block_number: parent.number + 1,
        total_issuance_rao: items.amount("TotalIssuance", &[])?,
        root_tao_rao: items.amount("SubnetTAO", &[Part::U16(0)])?,
        tao_weight: items.amount("TaoWeight", &[])?,
        owner_cut: items.get("SubnetOwnerCut", &[])?.unwrap_or_default(),
        moving_alpha: I96F32::from_bits(items.fixed("SubnetMovingAlpha", &[])?),
        flow: FlowParameters {
            smoothing_factor: items.amount("FlowEmaSmoothingFactor", &[])?,
            norm_exponent: U64F64::from_bits(items.unsigned("FlowNormExponent", &[])?),
            cutoff: I64F64::from_bits(items.fixed("TaoFlowCutoff", &[])?),
        },
        subnets: subnets?,
    })
}

fn read_subnet(
    pallets: &Pallets<'_>,
    states: &States,
    parent: BlockAt,
    era: Era,
    netuid: u16,
    positions: &Positions,
) -> Result<SubnetInputs, Reason> {
    let items = Reader { items: &pallets.subtensor, states, block: parent.number };
    let key = [Part::U16(netuid)];
    let first: Option<Option<Wide<u64>>> = items.get("FirstEmissionBlockNumber", &key)?;
    Ok(SubnetInputs {
        netuid,
        first_emission_block: first.flatten().map(|wide| wide.0),
        subtoken_enabled: items.get("SubtokenEnabled", &key)?.unwrap_or_default(),
        registration_allowed: items.get("NetworkRegistrationAllowed", &key)?.unwrap_or_default(),
        pow_registration_allowed: items.get("NetworkPowRegistrationAllowed", &key)?.unwrap_or_default(),
        moving_price: I96F32::from_bits(items.fixed("SubnetMovingPrice", &key)?),
        price_halving_blocks: items.amount("EMAPriceHalvingBlocks", &key)?,
        tao_flow_rao: items.get::<Wide<i64>>("SubnetTaoFlow", &key)?.map_or(0, |wide| wide.0),
        average_flow: read_average(&items, &key)?,
        pool: read_pool(pallets, states, parent, era, netuid, positions)?,
        alpha_out_rao: items.amount("SubnetAlphaOut", &key)?,
        pendings: read_pendings(&items, &key)?,
    })
}

fn read_average(items: &Reader<'_>, key: &[Part<'_>]) -> Result<Option<FlowAverage>, Reason> {
    let found: Option<Option<(Wide<u64>, Fixed<i128>)>> = items.get("SubnetEmaTaoFlow", key)?;
    Ok(found
        .flatten()
        .map(|(block, rao)| FlowAverage { block_number: block.0, rao: I64F64::from_bits(rao.bits.0) }))
}

fn read_pendings(items: &Reader<'_>, key: &[Part<'_>]) -> Result<Pendings, Reason> {
    Ok(Pendings {
        server_rao: items.amount("PendingServerEmission", key)?,
        validator_rao: items.amount("PendingValidatorEmission", key)?,
        root_rao: items.amount("PendingRootAlphaDivs", key)?,
        owner_cut_rao: items.amount("PendingOwnerCut", key)?,
    })
}

/// Value of `Swap.Positions`.
#[derive(Deserialize)]
struct StoredPosition {
    tick_low: i32,
    tick_high: i32,
    liquidity: Wide<u64>,
    fees_tao: Fixed<i128>,
    fees_alpha: Fixed<i128>,
}

/// Value of `Swap.Ticks`.
#[derive(Deserialize)]
struct StoredTick {
    fees_out_tao: Fixed<i128>,
    fees_out_alpha: Fixed<i128>,
}

fn read_pool(
    pallets: &Pallets<'_>,
    states: &States,
    parent: BlockAt,
    era: Era,
    netuid: u16,
    positions: &Positions,
) -> Result<Pool, Reason> {
    let items = Reader { items: &pallets.subtensor, states, block: parent.number };
    let swap = Reader { items: &pallets.swap, states, block: parent.number };
    let key = [Part::U16(netuid)];
    let mut found: Vec<StoredPosition> = Vec::new();
    let item = pallets.swap.find("Positions");
    for position in positions.of(netuid) {
        let (Some(item), Some(bytes)) = (item, states.get(parent.number, position)) else { continue };
        found.extend(super::items::decode::<Option<StoredPosition>>(item, Some(bytes))?.flatten());
    }
    let fees = |tick: i32| -> Result<TickFees, Reason> {
        if tick.abs() != FULL_RANGE_TICK {
            return Err(format!("the protocol's liquidity of subnet {netuid} does not span every price"));
        }
        let tick: Option<Option<StoredTick>> = swap.get("Ticks", &[Part::U16(netuid), Part::I32(tick)])?;
        Ok(tick.flatten().map_or_else(TickFees::default, |tick| TickFees {
            tao: I64F64::from_bits(tick.fees_out_tao.bits.0),
            alpha: I64F64::from_bits(tick.fees_out_alpha.bits.0),
        }))
    };
    let user_liquidity = found.len() > 1;
    let position = match found.first() {
        Some(stored) if !user_liquidity => Some(Position {
            tick_low: stored.tick_low,
            tick_high: stored.tick_high,
            liquidity: stored.liquidity.0,
            fees_tao: I64F64::from_bits(stored.fees_tao.bits.0),
            fees_alpha: I64F64::from_bits(stored.fees_alpha.bits.0),
            low: fees(stored.tick_low)?,
            high: fees(stored.tick_high)?,
        }),
        _ => None,
    };
    Ok(Pool {
        mechanism: items.get("SubnetMechanism", &key)?.unwrap_or_default(),
        tao_rao: items.amount("SubnetTAO", &key)?,
        tao_provided_rao: items.amount("SubnetTaoProvided", &key)?,
        alpha_in_rao: items.amount("SubnetAlphaIn", &key)?,
        alpha_in_provided_rao: items.amount("SubnetAlphaInProvided", &key)?,
        curve: Curve::Concentrated(Box::new(Concentrated {
            initialized: swap.get("SwapV3Initialized", &key)?.unwrap_or_default(),
            sqrt_price: U64F64::from_bits(swap.unsigned("AlphaSqrtPrice", &key)?),
            liquidity: swap.amount("CurrentLiquidity", &key)?,
            fee_rate: swap.get("FeeRate", &key)?.unwrap_or_default(),
            fees_stay: era.fees_stay_in_pool(),
            fee_global_tao: U64F64::from_bits(swap.unsigned("FeeGlobalTao", &key)?),
            fee_global_alpha: U64F64::from_bits(swap.unsigned("FeeGlobalAlpha", &key)?),
            scrap_tao_rao: swap.amount("ScrapReservoirTao", &key)?,
            scrap_alpha_rao: swap.amount("ScrapReservoirAlpha", &key)?,
            position,
            user_liquidity,
        })),
    })
}

/// Recomputes the coinbase.
pub(crate) fn recompute(inputs: &CoinbaseInputs) -> Result<CoinbaseOutputs, Reason> {
    coinbase(inputs).map_err(|error| error.to_string())
}

/// Values of one state.
struct Reader<'a> {
    items: &'a Items<'a>,
    states: &'a States,
    block: u64,
}

impl Reader<'_> {
    fn get<T: serde::de::DeserializeOwned>(&self, name: &str, key: &[Part<'_>]) -> Result<Option<T>, Reason> {
        self.items.read(self.states, self.block, name, key)
    }

    /// An integer; 0 where the runtime has no such item.
    fn amount(&self, name: &str, key: &[Part<'_>]) -> Result<u64, Reason> {
        Ok(self.get::<Wide<u64>>(name, key)?.map_or(0, |wide| wide.0))
    }

    /// Bits of a fixed-point number.
    fn fixed(&self, name: &str, key: &[Part<'_>]) -> Result<i128, Reason> {
        Ok(self.get::<Fixed<i128>>(name, key)?.map_or(0, |fixed| fixed.bits.0))
    }

    /// The same of an unsigned one.
    fn unsigned(&self, name: &str, key: &[Part<'_>]) -> Result<u128, Reason> {
        Ok(self.get::<Fixed<u128>>(name, key)?.map_or(0, |fixed| fixed.bits.0))
    }
}

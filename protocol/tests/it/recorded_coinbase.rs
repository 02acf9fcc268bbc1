//! The coinbase of every recorded block, recomputed and compared with what the chain stored.

use std::{cmp::Ordering, collections::BTreeMap};

use yumascan_protocol::{
    amm::{Concentrated, Curve, Order, Pool, Position, Side, TickFees},
    emission::{
        CoinbaseInputs, Era, FlowAverage, FlowParameters, Pendings, SubnetInputs, SubnetOutputs, coinbase,
    },
    fixed::{I64F64, I96F32, U64F64},
};

use crate::recording::{self, Hasher, Recording, Scale, State, flag, int128, uint, uint_or};

/// Defaults of the metadata of 377 and 402 for items that may be missing.
const DEFAULT_SMOOTHING: u64 = 29_597_889_189_277;
const DEFAULT_TAO_WEIGHT: u64 = 971_718_665_099_567_868;
const DEFAULT_OWNER_CUT: u64 = 11_796;
const DEFAULT_MOVING_ALPHA: i128 = 12_885;
const DEFAULT_PRICE_HALVING: u64 = 201_600;
const DEFAULT_TEMPO: u64 = 360;
const DEFAULT_FEE_RATE: u64 = 33;

pub(crate) fn era(spec_version: u32) -> Era {
    if spec_version >= 401 { Era::Spec401 } else { Era::Spec365 }
}

pub(crate) fn inputs(state: &State, era: Era, block_number: u64) -> CoinbaseInputs {
    let one = U64F64::ONE.to_bits() as i128;
    let exponent = state.single("FlowNormExponent").map_or(one, |value| int128(Some(value)));
    CoinbaseInputs {
        era,
        block_number,
        total_issuance_rao: uint(state.single("TotalIssuance")),
        root_tao_rao: uint(state.of("SubnetTAO", 0)),
        tao_weight: uint_or(state.single("TaoWeight"), DEFAULT_TAO_WEIGHT),
        owner_cut: uint_or(state.single("SubnetOwnerCut"), DEFAULT_OWNER_CUT) as u16,
        moving_alpha: I96F32::from_bits(
            state.single("SubnetMovingAlpha").map_or(DEFAULT_MOVING_ALPHA, |value| int128(Some(value))),
        ),
        flow: FlowParameters {
            smoothing_factor: uint_or(state.single("FlowEmaSmoothingFactor"), DEFAULT_SMOOTHING),
            norm_exponent: U64F64::from_bits(exponent as u128),
            cutoff: I64F64::from_bits(int128(state.single("TaoFlowCutoff"))),
        },
        subnets: state.netuids().into_iter().map(|netuid| subnet(state, era, netuid)).collect(),
    }
}

fn subnet(state: &State, era: Era, netuid: u16) -> SubnetInputs {
    let of = |item| uint(state.of(item, netuid));
    let average_flow = state.of("SubnetEmaTaoFlow", netuid).map(|value| {
        let mut scale = Scale(value);
        FlowAverage { block_number: scale.u64(), rao: I64F64::from_bits(scale.i128()) }
    });
    SubnetInputs {
        netuid,
        first_emission_block: state.of("FirstEmissionBlockNumber", netuid).map(|value| uint(Some(value))),
        subtoken_enabled: flag(state.of("SubtokenEnabled", netuid), false),
        registration_allowed: flag(state.of("NetworkRegistrationAllowed", netuid), true),
        pow_registration_allowed: flag(state.of("NetworkPowRegistrationAllowed", netuid), true),
        moving_price: I96F32::from_bits(int128(state.of("SubnetMovingPrice", netuid))),
        price_halving_blocks: uint_or(state.of("EMAPriceHalvingBlocks", netuid), DEFAULT_PRICE_HALVING),
        tao_flow_rao: of("SubnetTaoFlow") as i64,
        average_flow,
        pool: pool(state, era, netuid),
        alpha_out_rao: of("SubnetAlphaOut"),
        pendings: pendings(state, netuid),
    }
}

fn pendings(state: &State, netuid: u16) -> Pendings {
    let of = |item| uint(state.of(item, netuid));
    Pendings {
        server_rao: of("PendingServerEmission"),
        validator_rao: of("PendingValidatorEmission"),
        root_rao: of("PendingRootAlphaDivs"),
        owner_cut_rao: of("PendingOwnerCut"),
    }
}

fn pool(state: &State, era: Era, netuid: u16) -> Pool {
    let of = |item| uint(state.of(item, netuid));
    let swap = |item| uint(state.swap(item, netuid));
    let wide = |item| U64F64::from_bits(int128(state.swap(item, netuid)) as u128);
    let netuid_key = netuid.to_le_bytes();
    let key: [(Hasher, &[u8]); 1] = [(Hasher::Twox64Concat, &netuid_key)];
    let positions: Vec<&[u8]> = state.under("Swap", "Positions", &key).map(|(_, value)| value).collect();
    let ticks: BTreeMap<i32, &[u8]> = state
        .under("Swap", "Ticks", &key)
        .map(|(key, value)| (i32::from_le_bytes(key[8..].try_into().unwrap()), value))
        .collect();
    let fees = |tick: i32| {
        ticks.get(&tick).map_or(TickFees::default(), |value| {
            // after the net (i128) and the gross (u64) liquidity
            let mut scale = Scale(&value[24..]);
            TickFees { tao: I64F64::from_bits(scale.i128()), alpha: I64F64::from_bits(scale.i128()) }
        })
    };
    let position = positions.first().map(|value| {
        // after the id (u128) and the netuid (u16)
        let mut scale = Scale(&value[18..]);
        let (tick_low, tick_high) = (i32::from_le_bytes(scale.take()), i32::from_le_bytes(scale.take()));
        Position {
            tick_low,
            tick_high,
            liquidity: scale.u64(),
            fees_tao: I64F64::from_bits(scale.i128()),
            fees_alpha: I64F64::from_bits(scale.i128()),
            low: fees(tick_low),
            high: fees(tick_high),
        }
    });
    Pool {
        mechanism: of("SubnetMechanism") as u16,
        tao_rao: of("SubnetTAO"),
        tao_provided_rao: of("SubnetTaoProvided"),
        alpha_in_rao: of("SubnetAlphaIn"),
        alpha_in_provided_rao: of("SubnetAlphaInProvided"),
        curve: Curve::Concentrated(Box::new(Concentrated {
            initialized: flag(state.swap("SwapV3Initialized", netuid), false),
            sqrt_price: wide("AlphaSqrtPrice"),
            liquidity: swap("CurrentLiquidity"),
            fee_rate: uint_or(state.swap("FeeRate", netuid), DEFAULT_FEE_RATE) as u16,
            fees_stay: era.fees_stay_in_pool(),
            fee_global_tao: wide("FeeGlobalTao"),
            fee_global_alpha: wide("FeeGlobalAlpha"),
            scrap_tao_rao: swap("ScrapReservoirTao"),
            scrap_alpha_rao: swap("ScrapReservoirAlpha"),
            position,
            user_liquidity: positions.len() > 1,
        })),
    }
}

/// Whether the subnet's epoch runs in the block.
pub(crate) fn is_due(state: &State, netuid: u16, block: u64) -> bool {
    let tempo = uint_or(state.of("Tempo", netuid), DEFAULT_TEMPO);
    tempo != 0 && (block + u64::from(netuid) + 2).is_multiple_of(tempo + 1)
}

/// Counts of values compared, by what they are.
#[derive(Default)]
struct Tally {
    equal: BTreeMap<&'static str, u64>,
    different: Vec<String>,
}

impl Tally {
    #[expect(clippy::needless_pass_by_value, reason = "the values are made for the comparison")]
    fn check<T: PartialEq + std::fmt::Debug>(
        &mut self,
        what: &'static str,
        at: (u64, u16),
        ours: T,
        chain: T,
    ) {
        if ours == chain {
            *self.equal.entry(what).or_default() += 1;
        } else {
            self.different.push(format!("{what} at {at:?}: {ours:?}, the chain has {chain:?}"));
        }
    }
}

#[test]
fn every_recorded_coinbase_equals_what_the_chain_stored() {
    for mut recording in recording::all() {
        let mut tally = Tally::default();
        let mut dissolved = Vec::new();
        while let Some(block) = recording.step() {
            if recording.is_chosen(block) {
                check_block(&recording, block, &mut tally, &mut dissolved);
            }
        }
        println!("{}: {:?}", recording.directory.display(), tally.equal);
        println!("dissolved in the block: {dissolved:?}");
        for difference in tally.different.iter().take(40) {
            println!("{difference}");
        }
        assert!(tally.different.is_empty(), "{} differences", tally.different.len());
        assert!(tally.equal["SubnetTaoInEmission"] > 1_000, "the recording has subnets");
        assert!(tally.equal["pool"] > 1_000, "and quiet pools");
        assert!(tally.equal["one swap"] > 100, "and swaps");
        assert!(tally.equal["TotalIssuance"] > 30, "and blocks without fees");
    }
}

fn check_block(recording: &Recording, block: u64, tally: &mut Tally, dissolved: &mut Vec<(u64, u16)>) {
    let (before, after) = (&recording.before, &recording.after);
    let era = era(recording.spec_version(block));
    let outputs = coinbase(&inputs(before, era, block)).unwrap();
    // fees and other payments are recycled later in the block, which lowers the issuance again
    let issuance = |state: &State| uint(state.single("TotalIssuance"));
    let issued = issuance(before) + outputs.issued_rao;
    assert_eq!(outputs.unknown, [], "{block}");
    if issuance(after) >= issued {
        tally.check("TotalIssuance", (block, 0), issued, issuance(after));
    }
    for subnet in &outputs.subnets {
        // an extrinsic of the block dissolved the subnet, or it and its successor came within the block
        if before.of("NetworkRegisteredAt", subnet.netuid) != after.of("NetworkRegisteredAt", subnet.netuid) {
            dissolved.push((block, subnet.netuid));
            continue;
        }
        check_subnet(recording, block, subnet, tally);
    }
    for (netuid, _) in &outputs.excluded {
        let at = (block, *netuid);
        for item in [
            "SubnetTaoInEmission",
            "SubnetAlphaInEmission",
            "SubnetAlphaOutEmission",
            "SubnetMovingPrice",
            "SubnetEmaTaoFlow",
            "RootProp",
        ] {
            if after.of("NetworksAdded", *netuid).is_some() {
                tally.check("excluded", at, before.of(item, *netuid), after.of(item, *netuid));
            }
        }
        let stored =
            if is_due(before, *netuid, block) { Pendings::default() } else { pendings(before, *netuid) };
        if after.of("NetworksAdded", *netuid).is_some() {
            tally.check("excluded pendings", at, stored, pendings(after, *netuid));
        }
    }
}

/// Whether one swap of any amount leads from one pool to the other, in every item.
fn is_one_swap_from(start: &Pool, end: &Pool) -> bool {
    let (side, paid_in) = match end.tao_rao.cmp(&start.tao_rao) {
        Ordering::Greater => (Side::Buy, end.tao_rao - start.tao_rao),
        _ => (Side::Sell, end.alpha_in_rao.saturating_sub(start.alpha_in_rao)),
    };
    let Curve::Concentrated(state) = &start.curve else { return false };
    let rate = u64::from(state.fee_rate);
    let gross = (u128::from(paid_in) * 65_535 / u128::from(65_535 - rate)) as u64;
    let candidates =
        [(true, gross - 1), (true, gross), (true, gross + 1), (true, gross + 2), (false, paid_in)];
    candidates.into_iter().any(|(with_fee, amount_rao)| {
        let order = Order { side, amount_rao, limit_price_rao: None, with_fee };
        start.swap(order).is_ok_and(|(_, after)| after == *end)
    })
}

fn check_subnet(recording: &Recording, block: u64, subnet: &SubnetOutputs, tally: &mut Tally) {
    let (before, after) = (&recording.before, &recording.after);
    let (netuid, at) = (subnet.netuid, (block, subnet.netuid));
    let stored = |item| uint(after.of(item, netuid));
    tally.check("SubnetTaoInEmission", at, subnet.tao_in_emission_rao, stored("SubnetTaoInEmission"));
    tally.check("SubnetAlphaInEmission", at, subnet.alpha_in_emission_rao, stored("SubnetAlphaInEmission"));
    tally.check(
        "SubnetAlphaOutEmission",
        at,
        subnet.alpha_out_emission_rao,
        stored("SubnetAlphaOutEmission"),
    );
    tally.check(
        "SubnetMovingPrice",
        at,
        subnet.moving_price.to_bits(),
        int128(after.of("SubnetMovingPrice", netuid)),
    );
    let average = after.of("SubnetEmaTaoFlow", netuid).map(|value| {
        let mut scale = Scale(value);
        FlowAverage { block_number: scale.u64(), rao: I64F64::from_bits(scale.i128()) }
    });
    tally.check("SubnetEmaTaoFlow", at, Some(subnet.average_flow), average);
    let due = is_due(before, netuid, block);
    let expected = if due { Pendings::default() } else { subnet.pendings };
    tally.check("pendings", at, expected, pendings(after, netuid));
    if !due {
        let proportion = int128(after.of("RootProp", netuid));
        tally.check("RootProp", at, subnet.root_proportion.to_bits() as i128, proportion);
    }
    // whoever swaps raises the volume: without that the pool is what the coinbase left
    let volume = |state: &State| int128(state.of("SubnetVolume", netuid));
    if subnet.excess_tao_rao == 0 && volume(before) == volume(after) {
        let era = era(recording.spec_version(block));
        tally.check("pool", at, &subnet.pool, &pool(after, era, netuid));
        // `recycle_alpha` takes alpha away later in the block and leaves no other trace in the pool; that ours is
        // right before it is what RootProp shows
        if !due && subnet.alpha_out_rao <= stored("SubnetAlphaOut") {
            tally.check("SubnetAlphaOut", at, subnet.alpha_out_rao, stored("SubnetAlphaOut"));
        }
    }
    if volume(before) != volume(after) {
        let pool = pool(after, era(recording.spec_version(block)), netuid);
        let what = if is_one_swap_from(&subnet.pool, &pool) { "one swap" } else { "other swaps" };
        *tally.equal.entry(what).or_default() += 1;
    }
    if subnet.excess_tao_rao > 0 {
        *tally.equal.entry("excess (not compared)").or_default() += 1;
    }
}

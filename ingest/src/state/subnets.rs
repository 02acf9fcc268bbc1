//! Subnets and the chain as a whole, after a block.

use serde::de::DeserializeOwned;
use serde_json::Value;
use yumascan_chain::{AccountId, BlockNumber, StorageItem};
use yumascan_protocol::{
    amm::{Balancer, Concentrated, Curve, Pool},
    fixed::U64F64,
    registration::{SubnetLock, reduction_interval},
    supply::block_emission,
};
use yumascan_warehouse::rows::{NetworkStateRow, SubnetStateRow};

use super::block::Pallets;
use crate::{
    source::BlockAt,
    verify::{
        items::{self, Fixed, Items, Part, Wide},
        state::States,
    },
};

const OF_SUBNET: [&str; 47] = [
    "NetworkRegisteredAt",
    "RegisteredSubnetCounter",
    "SubnetMechanism",
    "SubnetTAO",
    "SubnetAlphaIn",
    "SubnetAlphaOut",
    "SubnetTaoProvided",
    "SubnetAlphaInProvided",
    "SubnetMovingPrice",
    "SubnetVolume",
    "SubnetTaoInEmission",
    "SubnetAlphaInEmission",
    "SubnetAlphaOutEmission",
    "SubnetExcessTao",
    "SubnetTaoFlow",
    "SubnetEmaTaoFlow",
    "SubnetProtocolFlow",
    "SubnetEmaProtocolFlow",
    "RootProp",
    "PendingServerEmission",
    "PendingValidatorEmission",
    "PendingRootAlphaDivs",
    "PendingRootDivs",
    "PendingAlphaSwapped",
    "PendingOwnerCut",
    "PendingEmission",
    "Burn",
    "Difficulty",
    "SubnetworkN",
    "Tempo",
    "BlocksSinceLastStep",
    "LastMechansimStepBlock",
    "MechanismCountCurrent",
    "SubtokenEnabled",
    "NetworkRegistrationAllowed",
    "NetworkPowRegistrationAllowed",
    "SubnetEmissionEnabled",
    "FirstEmissionBlockNumber",
    "SubnetOwner",
    "SubnetOwnerHotkey",
    "RAORecycledForRegistration",
    "SubnetLocked",
    "SubnetProtocolAlpha",
    "SubnetRootSellTao",
    "MinerBurned",
    "TokenSymbol",
    "SubnetName",
];
/// Newest first.
const IDENTITIES: [&str; 3] = ["SubnetIdentitiesV3", "SubnetIdentitiesV2", "SubnetIdentities"];
const OF_SWAP: [&str; 5] =
    ["SwapBalancer", "SwapV3Initialized", "AlphaSqrtPrice", "CurrentLiquidity", "FeeRate"];
const OF_ALPHA: [&str; 3] = ["TotalAlphaIssuance", "AlphaBurned", "AlphaRecycled"];
const OF_CHAIN: [&str; 12] = [
    "TotalIssuance",
    "TotalStake",
    "TotalNetworks",
    "SubnetLimit",
    "NetworkLastLockCost",
    "NetworkMinLockCost",
    "NetworkLockReductionInterval",
    "NetworkLastRegistered",
    "TaoWeight",
    "SubnetOwnerCut",
    "NumStakingColdkeys",
    "BlockEmission",
];
/// Wants what a subnet's row tells.
pub(crate) fn want_subnet(pallets: &Pallets<'_>, states: &mut States, at: BlockAt, netuid: u16) {
    let key = [Part::U16(netuid)];
    for name in OF_SUBNET.iter().chain(&IDENTITIES) {
        pallets.subtensor.want(states, at, name, &key);
    }
    for name in OF_SWAP {
        pallets.swap.want(states, at, name, &key);
    }
    for name in OF_ALPHA {
        pallets.alpha_assets.want(states, at, name, &key);
    }
}

/// Wants what the row of the chain as a whole tells.
pub(crate) fn want_network(pallets: &Pallets<'_>, states: &mut States, at: BlockAt) {
    for name in OF_CHAIN {
        pallets.subtensor.want(states, at, name, &[]);
    }
    pallets.subtensor.want(states, at, "SubnetTAO", &[Part::U16(0)]);
    if let Some((_, key)) = last_registered(pallets) {
        states.want(at, key);
    }
    pallets.balances.want(states, at, "TotalIssuance", &[]);
    pallets.safe_mode.want(states, at, "EnteredUntil", &[]);
    pallets.drand.want(states, at, "LastStoredRound", &[]);
}

/// Where the chain keeps the block in which the last subnet was registered, since it is no item of its own.
fn last_registered<'r>(pallets: &Pallets<'r>) -> Option<(StorageItem<'r>, Vec<u8>)> {
    let item = pallets.subtensor.find("LastRateLimitedBlock")?;
    let key = item.key_from_json(&[serde_json::json!({ "NetworkLastRegistered": null })]).ok()?;
    Some((item, key))
}

/// Values of one state that read as `None` where they are not there or of a shape that is not known.
struct Reader<'a> {
    states: &'a States,
    block: BlockNumber,
}

impl Reader<'_> {
    fn get<T: DeserializeOwned>(&self, items: &Items<'_>, name: &str, key: &[Part<'_>]) -> Option<T> {
        items.find_value(self.states, self.block, name, key).unwrap_or_else(|reason| {
            unreadable(self.block, name, &reason);
            None
        })
    }

    fn number<T>(&self, items: &Items<'_>, name: &str, key: &[Part<'_>]) -> Option<T>
    where
        T: TryFrom<i128> + std::str::FromStr,
    {
        self.get::<Wide<T>>(items, name, key).map(|wide| wide.0)
    }

    fn bits<T>(&self, items: &Items<'_>, name: &str, key: &[Part<'_>]) -> Option<T>
    where
        T: TryFrom<i128> + std::str::FromStr,
    {
        self.get::<Fixed<T>>(items, name, key).map(|fixed| fixed.bits.0)
    }

    /// A value that the state itself has; defaults of accounts and texts say nothing.
    fn set<T: DeserializeOwned>(&self, items: &Items<'_>, name: &str, key: &[Part<'_>]) -> Option<T> {
        items.is_set(self.states, self.block, name, key).then(|| self.get(items, name, key)).flatten()
    }
}

/// Counts a value that this version cannot read; the column stays NULL.
pub(crate) fn unreadable(block: BlockNumber, name: &str, reason: &str) {
    metrics::counter!("yumascan_ingest_state_unreadable_total", "item" => name.to_owned()).increment(1);
    tracing::warn!(block, item = name, reason, "a storage value cannot be read; it is stored as unknown");
}

/// The pool of a subnet after `block`, as far as its price needs it; `None` where the runtime has none that is known.
pub(crate) fn pool(pallets: &Pallets<'_>, states: &States, block: BlockNumber, netuid: u16) -> Option<Pool> {
    let (subtensor, swap, key) = (&pallets.subtensor, &pallets.swap, [Part::U16(netuid)]);
    let read = Reader { states, block };
    let amount = |name: &str| read.number::<u64>(subtensor, name, &key);
    let curve = match price_model(pallets) {
        PriceModel::Unknown => return None,
        PriceModel::ConstantProduct => Curve::ConstantProduct,
        PriceModel::Balancer => Curve::Balancer(Balancer {
            quote_weight: quote_weight(&read, pallets, netuid)?,
            fee_rate: read.get(swap, "FeeRate", &key).unwrap_or_default(),
        }),
        PriceModel::Concentrated => Curve::Concentrated(Box::new(Concentrated {
            initialized: read.get(swap, "SwapV3Initialized", &key).unwrap_or_default(),
            sqrt_price: U64F64::from_bits(read.bits(swap, "AlphaSqrtPrice", &key)?),
            liquidity: read.number(swap, "CurrentLiquidity", &key).unwrap_or_default(),
            fee_rate: read.get(swap, "FeeRate", &key).unwrap_or_default(),
            ..Concentrated::default()
        })),
    };
    Some(Pool {
        mechanism: read.get(subtensor, "SubnetMechanism", &key)?,
        tao_rao: amount("SubnetTAO")?,
        tao_provided_rao: amount("SubnetTaoProvided").unwrap_or(0),
        alpha_in_rao: amount("SubnetAlphaIn")?,
        alpha_in_provided_rao: amount("SubnetAlphaInProvided").unwrap_or(0),
        curve,
    })
}

/// How pools price, by what the runtime has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PriceModel {
    ConstantProduct,
    Concentrated,
    Balancer,
    /// Before pools, and where a later runtime has others.
    Unknown,
}

fn price_model(pallets: &Pallets<'_>) -> PriceModel {
    if pallets.swap.has("SwapBalancer") {
        PriceModel::Balancer
    } else if pallets.swap.has("AlphaSqrtPrice") {
        PriceModel::Concentrated
    } else if pallets.subtensor.has("SubnetMechanism") && !pallets.swap.has("FeeRate") {
        PriceModel::ConstantProduct
    } else {
        PriceModel::Unknown
    }
}

fn quote_weight(read: &Reader<'_>, pallets: &Pallets<'_>, netuid: u16) -> Option<u64> {
    let balancer: Value = read.get(&pallets.swap, "SwapBalancer", &[Part::U16(netuid)])?;
    // a composite of one named field, or that field alone
    let quote = balancer.get("quote").unwrap_or(&balancer).clone();
    serde_json::from_value::<Wide<u64>>(quote).ok().map(|wide| wide.0)
}

/// The row of a subnet after a block.
pub(crate) fn read_subnet(
    pallets: &Pallets<'_>,
    states: &States,
    at: BlockNumber,
    netuid: u16,
    timestamp_ms: Option<u64>,
    spec_version: u32,
) -> SubnetStateRow {
    let (items, key) = (&pallets.subtensor, [Part::U16(netuid)]);
    let read = Reader { states, block: at };
    let rao = |name: &str| read.number::<u64>(items, name, &key);
    let flow = |name: &str| read.number::<i64>(items, name, &key);
    let average = |name: &str| read.get::<(Wide<u64>, Fixed<i128>)>(items, name, &key);
    let account = |name: &str| read.set::<AccountId>(items, name, &key).map(|account| account.to_ss58());
    let pool = pool(pallets, states, at, netuid);
    let price_model = match price_model(pallets) {
        _ if pool.as_ref().is_some_and(|pool| !pool.is_dynamic()) => "stable",
        PriceModel::ConstantProduct => "constant_product",
        PriceModel::Concentrated => "concentrated",
        PriceModel::Balancer => "balancer",
        PriceModel::Unknown => "unknown",
    };
    let ema_tao_flow = average("SubnetEmaTaoFlow");
    SubnetStateRow {
        block_number: at,
        netuid,
        timestamp_ms,
        spec_version,
        registered_at: rao("NetworkRegisteredAt"),
        generation: rao("RegisteredSubnetCounter"),
        price_model: price_model.to_owned(),
        tao_in_rao: rao("SubnetTAO"),
        alpha_in_rao: rao("SubnetAlphaIn"),
        alpha_out_rao: rao("SubnetAlphaOut"),
        tao_provided_rao: rao("SubnetTaoProvided"),
        alpha_in_provided_rao: rao("SubnetAlphaInProvided"),
        price_bits: pool.map(|pool| pool.price().to_bits()),
        sqrt_price_bits: read.bits(&pallets.swap, "AlphaSqrtPrice", &key),
        liquidity: read.number(&pallets.swap, "CurrentLiquidity", &key),
        balancer_quote: pallets
            .swap
            .has("SwapBalancer")
            .then(|| quote_weight(&read, pallets, netuid))
            .flatten(),
        moving_price_bits: read.bits(items, "SubnetMovingPrice", &key),
        volume_rao: read.number(items, "SubnetVolume", &key),
        tao_in_emission_rao: rao("SubnetTaoInEmission"),
        alpha_in_emission_rao: rao("SubnetAlphaInEmission"),
        alpha_out_emission_rao: rao("SubnetAlphaOutEmission"),
        excess_tao_rao: rao("SubnetExcessTao"),
        tao_flow_rao: flow("SubnetTaoFlow"),
        ema_tao_flow_bits: ema_tao_flow.map(|(_, average)| average.bits.0),
        ema_tao_flow_block: ema_tao_flow.map(|(block, _)| block.0),
        protocol_flow_rao: flow("SubnetProtocolFlow"),
        ema_protocol_flow_bits: average("SubnetEmaProtocolFlow").map(|(_, average)| average.bits.0),
        root_prop_bits: read.bits(items, "RootProp", &key),
        pending_server_rao: rao("PendingServerEmission"),
        pending_validator_rao: rao("PendingValidatorEmission"),
        pending_root_rao: rao("PendingRootAlphaDivs"),
        pending_root_tao_rao: rao("PendingRootDivs"),
        pending_alpha_swapped_rao: rao("PendingAlphaSwapped"),
        pending_owner_rao: rao("PendingOwnerCut"),
        pending_emission_rao: rao("PendingEmission"),
        burn_rao: rao("Burn"),
        difficulty: rao("Difficulty"),
        neuron_count: read.get(items, "SubnetworkN", &key),
        tempo: read.get(items, "Tempo", &key),
        blocks_since_last_step: rao("BlocksSinceLastStep"),
        last_step_block: rao("LastMechansimStepBlock"),
        mechanism_count: read.get(items, "MechanismCountCurrent", &key),
        fee_rate: read.get(&pallets.swap, "FeeRate", &key),
        subtoken_enabled: read.get(items, "SubtokenEnabled", &key),
        registration_allowed: read.get(items, "NetworkRegistrationAllowed", &key),
        pow_registration_allowed: read.get(items, "NetworkPowRegistrationAllowed", &key),
        emission_enabled: read.get(items, "SubnetEmissionEnabled", &key),
        first_emission_block: rao("FirstEmissionBlockNumber"),
        owner: account("SubnetOwner"),
        owner_hotkey: account("SubnetOwnerHotkey"),
        recycled_rao: rao("RAORecycledForRegistration"),
        locked_rao: rao("SubnetLocked"),
        protocol_alpha_rao: rao("SubnetProtocolAlpha"),
        root_sell_tao_rao: rao("SubnetRootSellTao"),
        alpha_issuance_rao: read.number(&pallets.alpha_assets, "TotalAlphaIssuance", &key),
        alpha_burned_rao: read.number(&pallets.alpha_assets, "AlphaBurned", &key),
        alpha_recycled_rao: read.number(&pallets.alpha_assets, "AlphaRecycled", &key),
        miner_burned_bits: read.bits(items, "MinerBurned", &key),
        symbol: read.get::<String>(items, "TokenSymbol", &key).map(|text| text_of(&text)),
        name: name(&read, items, &key),
    }
}

/// The name in the newest identity, or the plain name that older runtimes kept.
fn name(read: &Reader<'_>, items: &Items<'_>, key: &[Part<'_>]) -> Option<String> {
    let identities = IDENTITIES.iter().filter_map(|item| read.set::<Value>(items, item, key));
    let named =
        identities.filter_map(|identity| Some(text_of(identity.get("subnet_name")?.as_str()?))).next();
    named.or_else(|| read.set::<String>(items, "SubnetName", key).map(|text| text_of(&text)))
}

/// The text that bytes in hex spell.
pub(crate) fn text_of(bytes: &str) -> String {
    match const_hex::decode(bytes) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => bytes.to_owned(),
    }
}

/// The row of the chain as a whole after a block.
pub(crate) fn read_network(
    pallets: &Pallets<'_>,
    states: &States,
    at: BlockNumber,
    timestamp_ms: Option<u64>,
    spec_version: u32,
) -> NetworkStateRow {
    let subtensor = &pallets.subtensor;
    let read = Reader { states, block: at };
    let rao = |name: &str| read.number::<u64>(subtensor, name, &[]);
    let total_issuance_rao = rao("TotalIssuance");
    let limited = last_registered(pallets)
        .and_then(|(item, key)| items::decode::<Wide<u64>>(item, states.get(at, &key)).ok().flatten());
    let last_registered = limited.map(|block| block.0).or_else(|| rao("NetworkLastRegistered"));
    let lock = || -> Option<u64> {
        let emission = block_emission(total_issuance_rao?);
        let lock = SubnetLock {
            least_rao: rao("NetworkMinLockCost")?,
            last_rao: rao("NetworkLastLockCost")?,
            last_block: last_registered?,
            interval: reduction_interval(rao("NetworkLockReductionInterval")?, emission),
        };
        Some(lock.cost_rao(at + 1))
    };
    NetworkStateRow {
        block_number: at,
        timestamp_ms,
        spec_version,
        total_issuance_rao,
        total_stake_rao: rao("TotalStake"),
        balances_issuance_rao: read.number(&pallets.balances, "TotalIssuance", &[]),
        block_emission_rao: total_issuance_rao.map(block_emission),
        root_tao_rao: read.number(subtensor, "SubnetTAO", &[Part::U16(0)]),
        subnet_count: read.get(subtensor, "TotalNetworks", &[]),
        subnet_limit: read.get(subtensor, "SubnetLimit", &[]),
        lock_cost_rao: lock(),
        last_lock_cost_rao: rao("NetworkLastLockCost"),
        min_lock_cost_rao: rao("NetworkMinLockCost"),
        tao_weight: rao("TaoWeight"),
        subnet_owner_cut: read.get(subtensor, "SubnetOwnerCut", &[]),
        safe_mode_until: read.number(&pallets.safe_mode, "EnteredUntil", &[]),
        drand_last_round: read.number(&pallets.drand, "LastStoredRound", &[]),
        staking_coldkeys: rao("NumStakingColdkeys"),
    }
}

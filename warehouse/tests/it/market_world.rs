//! A made-up market: two subnets and root over some hours, with every table that queries read.

use clickhouse::{Row, RowOwned, RowRead};
use serde::Serialize;
use yumascan_protocol::fixed::{U64F64, U96F32};
use yumascan_warehouse::{
    Warehouse,
    rows::{
        AccountBalanceRow, DeregistrationRow, DividendRow, HotkeyPoolRow, HyperparameterRow, IdentityRow,
        NetworkParameterRow, NetworkStateRow, NeuronStateRow, RegistrationRow, StakeMoveRow, StakeShareRow,
        StateWindowRow, SubnetStateRow,
    },
};

pub(crate) const RAO: u64 = 1_000_000_000;
/// First block with state.
pub(crate) const FIRST: u64 = 1_000;
/// Blocks of a window.
const WINDOW: u64 = 100;
/// Epochs are at multiples of it, plus the netuid.
pub(crate) const TEMPO: u64 = 99;
pub(crate) const VALIDATOR: &str = "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y";
pub(crate) const OTHER: &str = "5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy";
pub(crate) const MINER: &str = "5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw";
pub(crate) const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
pub(crate) const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
/// Subnet 2 is dissolved after this block, and registered anew 50 blocks later.
pub(crate) const DISSOLVED: u64 = 1_500;

/// Time of a block: one every 12 seconds, the first one five minutes before a full hour.
pub(crate) fn time_of(block: u64) -> u64 {
    1_770_001_200_000 - 300_000 + (block - FIRST) * 12_000
}

/// Price of a subnet's alpha after a block, bits.
pub(crate) fn price_of(netuid: u16, block: u64) -> u128 {
    match netuid {
        0 => U96F32::ONE.to_bits(),
        netuid => U96F32::ratio(100 * u64::from(netuid) + (block * 37) % 90, 1_000).to_bits(),
    }
}

pub(crate) fn is_epoch(netuid: u16, block: u64) -> bool {
    netuid > 0 && (block + u64::from(netuid)).is_multiple_of(TEMPO + 1)
}

/// Whether a subnet exists after a block, and since when.
pub(crate) fn registered_at(netuid: u16, block: u64) -> Option<u64> {
    match netuid {
        2 if block > DISSOLVED + 50 => Some(DISSOLVED + 51),
        2 if block > DISSOLVED => None,
        2 => Some(500),
        _ => Some(100),
    }
}

fn subnet(netuid: u16, block: u64) -> Option<SubnetStateRow> {
    let registered_at = registered_at(netuid, block)?;
    let last_step = (registered_at..=block).rev().find(|block| is_epoch(netuid, *block));
    Some(SubnetStateRow {
        block_number: block,
        netuid,
        timestamp_ms: Some(time_of(block)),
        spec_version: 377,
        registered_at: Some(registered_at),
        price_model: if netuid == 0 { "stable" } else { "concentrated" }.to_owned(),
        tao_in_rao: Some(1_000 * RAO + block),
        alpha_in_rao: Some(5_000 * RAO + block),
        alpha_out_rao: Some(20_000 * RAO + block),
        price_bits: Some(price_of(netuid, block)),
        sqrt_price_bits: (netuid > 0).then_some(1 << 63),
        liquidity: Some(2_000 * RAO),
        fee_rate: Some(33),
        moving_price_bits: Some((price_of(netuid, block) / 2) as i128),
        volume_rao: Some(u128::from(block - registered_at) * 7),
        tao_in_emission_rao: Some(u64::from(netuid) * 1_000),
        alpha_in_emission_rao: Some(3_000),
        alpha_out_emission_rao: Some(RAO),
        root_prop_bits: Some(U96F32::ratio(1, 4).to_bits()),
        burn_rao: Some(RAO),
        neuron_count: Some(3),
        tempo: Some(TEMPO as u16),
        last_step_block: last_step,
        owner: Some(ALICE.to_owned()),
        name: Some(format!("subnet {netuid} of {registered_at}")),
        ..SubnetStateRow::default()
    })
}

fn network(block: u64) -> NetworkStateRow {
    NetworkStateRow {
        block_number: block,
        timestamp_ms: Some(time_of(block)),
        spec_version: 377,
        total_issuance_rao: Some(10_000_000 * RAO + block),
        block_emission_rao: Some(RAO),
        root_tao_rao: Some(4_000 * RAO),
        lock_cost_rao: Some(200 * RAO),
        last_lock_cost_rao: Some(150 * RAO),
        min_lock_cost_rao: Some(100 * RAO),
        tao_weight: Some(u64::MAX / 5),
        subnet_owner_cut: Some(11_796),
        ..NetworkStateRow::default()
    }
}

/// Stake of the two validators before a block: dividends raise it.
pub(crate) fn stake_of(hotkey: &str, netuid: u16, block: u64) -> u64 {
    let start = if hotkey == VALIDATOR { 6_000 * RAO } else { 3_000 * RAO };
    let paid = (FIRST + 1..=block).filter(|block| is_epoch(netuid, *block)).count() as u64;
    start + paid * dividend_of(hotkey)
}

pub(crate) fn dividend_of(hotkey: &str) -> u64 {
    if hotkey == VALIDATOR { 3 * RAO } else { RAO }
}

fn neuron(netuid: u16, uid: u16, block: u64) -> NeuronStateRow {
    let hotkey = [VALIDATOR, OTHER, MINER][usize::from(uid)];
    NeuronStateRow {
        block_number: block,
        netuid,
        uid,
        timestamp_ms: Some(time_of(block)),
        hotkey: Some(hotkey.to_owned()),
        coldkey: Some(ALICE.to_owned()),
        registered_at: Some(200),
        last_update: Some(block - 10),
        active: Some(true),
        validator_permit: Some(uid < 2),
        alpha_stake_rao: Some(if uid < 2 { stake_of(hotkey, netuid, block) } else { 0 }),
        root_stake_rao: Some(if uid == 0 { 4_000 * RAO } else { 0 }),
        dividends: Some([45_000, 20_535, 0][usize::from(uid)]),
        incentive: Some(if uid == 2 { u16::MAX } else { 0 }),
        emission_rao: Some(u64::from(uid) * RAO),
        ..NeuronStateRow::default()
    }
}

fn dividend(hotkey: &str, netuid: u16, block: u64) -> DividendRow {
    DividendRow {
        block_number: block,
        netuid,
        hotkey: hotkey.to_owned(),
        timestamp_ms: Some(time_of(block)),
        alpha_dividends_rao: Some(dividend_of(hotkey)),
        root_dividends_rao: Some(if hotkey == VALIDATOR { RAO / 2 } else { 0 }),
        tao_dividends_rao: None,
        alpha_stake_before_rao: Some(stake_of(hotkey, netuid, block - 1)),
        alpha_stake_rao: Some(stake_of(hotkey, netuid, block)),
        root_stake_before_rao: Some(if hotkey == VALIDATOR { 4_000 * RAO } else { 0 }),
        root_stake_rao: Some(if hotkey == VALIDATOR { 4_000 * RAO } else { 0 }),
        take: Some(11_796),
        childkey_take: Some(0),
    }
}

fn pool(hotkey: &str, netuid: u16, block: u64) -> HotkeyPoolRow {
    HotkeyPoolRow {
        block_number: block,
        hotkey: hotkey.to_owned(),
        netuid,
        total_alpha_rao: Some(if netuid == 0 { 4_000 * RAO } else { stake_of(hotkey, netuid, block) }),
        shares_bits: Some(U64F64::from_u64(3_000).to_bits()),
        ..HotkeyPoolRow::default()
    }
}

fn share(coldkey: &str, hotkey: &str, netuid: u16, block: u64, shares: u64) -> StakeShareRow {
    StakeShareRow {
        block_number: block,
        coldkey: coldkey.to_owned(),
        hotkey: hotkey.to_owned(),
        netuid,
        shares_bits: Some(U64F64::from_u64(shares).to_bits()),
        ..StakeShareRow::default()
    }
}

/// Every tenth block Bob buys on subnet 1, every fifteenth Alice sells.
fn moves(block: u64) -> Vec<StakeMoveRow> {
    let of = |side: &str, coldkey: &str, event_index| StakeMoveRow {
        block_number: block,
        event_index,
        extrinsic_index: Some(1),
        timestamp_ms: Some(time_of(block)),
        kind: if side == "buy" { "stake_added" } else { "stake_removed" }.to_owned(),
        coldkey: Some(coldkey.to_owned()),
        hotkey: Some(VALIDATOR.to_owned()),
        netuid: Some(1),
        tao_rao: Some(RAO + block),
        alpha_rao: Some(9 * RAO),
        side: Some(side.to_owned()),
        volume_rao: Some(RAO + block),
        price_bits: Some(price_of(1, block - 1)),
        ..StakeMoveRow::default()
    };
    let mut rows = Vec::new();
    if block.is_multiple_of(10) {
        rows.push(of("buy", BOB, 3));
    }
    if block.is_multiple_of(15) {
        rows.push(of("sell", ALICE, 5));
    }
    rows
}

pub(crate) async fn insert<R>(warehouse: &Warehouse, table: &str, rows: &[R])
where
    R: RowOwned + RowRead + Row + Serialize,
    for<'a> R: Row<Value<'a> = R>,
{
    let mut insert = warehouse.client().insert::<R>(table).await.unwrap();
    for row in rows {
        insert.write(row).await.unwrap();
    }
    insert.end().await.unwrap();
}

/// Writes the state of `first..=last`, in windows.
pub(crate) async fn write_blocks(warehouse: &Warehouse, first: u64, last: u64) {
    let blocks = || first..=last;
    let subnets: Vec<_> =
        blocks().flat_map(|block| (0..3).filter_map(move |netuid| subnet(netuid, block))).collect();
    insert(warehouse, "subnet_state", &subnets).await;
    insert(warehouse, "network_state", &blocks().map(network).collect::<Vec<_>>()).await;
    let epochs = || blocks().flat_map(|block| (1..3).map(move |netuid| (netuid, block)));
    let epochs: Vec<(u16, u64)> = epochs()
        .filter(|(netuid, block)| registered_at(*netuid, *block).is_some())
        .filter(|(netuid, block)| is_epoch(*netuid, *block))
        .collect();
    let at_first = (1..3).map(|netuid| (netuid, first)).filter(|_| first == FIRST);
    let known: Vec<_> = epochs.iter().copied().chain(at_first).collect();
    let neurons: Vec<_> =
        known.iter().flat_map(|(netuid, block)| (0..3).map(|uid| neuron(*netuid, uid, *block))).collect();
    insert(warehouse, "neuron_state", &neurons).await;
    let paid: Vec<_> = epochs
        .iter()
        .flat_map(|(netuid, block)| [VALIDATOR, OTHER].map(|hotkey| dividend(hotkey, *netuid, *block)))
        .collect();
    insert(warehouse, "dividends", &paid).await;
    let mut pools: Vec<_> = known
        .iter()
        .flat_map(|(netuid, block)| [VALIDATOR, OTHER].map(|hotkey| pool(hotkey, *netuid, *block)))
        .collect();
    if first == FIRST {
        pools.push(pool(VALIDATOR, 0, FIRST));
        write_start(warehouse).await;
    }
    insert(warehouse, "hotkey_pools", &pools).await;
    insert(warehouse, "stake_moves", &blocks().flat_map(moves).collect::<Vec<_>>()).await;
    write_rare(warehouse, first, last).await;
    let starts = (first / WINDOW..=last / WINDOW).map(|window| (window * WINDOW).max(first));
    let windows: Vec<_> = starts
        .map(|start| StateWindowRow {
            first_block: start,
            last_block: (start / WINDOW * WINDOW + WINDOW - 1).min(last),
            generation: 1,
            stride: 1,
        })
        .collect();
    insert(warehouse, "state_windows", &windows).await;
}

async fn write_start(warehouse: &Warehouse) {
    let shares = [
        share(ALICE, VALIDATOR, 1, FIRST, 1_000),
        share(BOB, VALIDATOR, 1, FIRST, 2_000),
        share(ALICE, OTHER, 1, FIRST, 3_000),
        share(ALICE, VALIDATOR, 0, FIRST, 3_000),
    ];
    insert(warehouse, "stake_shares", &shares).await;
    let parameter = |netuid, name: &str, value: &str| HyperparameterRow {
        block_number: FIRST,
        netuid,
        name: name.to_owned(),
        timestamp_ms: Some(time_of(FIRST)),
        new_value: Some(value.to_owned()),
        cause: "first_seen".to_owned(),
        ..HyperparameterRow::default()
    };
    let parameters = [
        parameter(1, "ImmunityPeriod", "50"),
        parameter(1, "AdjustmentInterval", "100"),
        parameter(1, "TargetRegistrationsPerInterval", "1"),
        parameter(1, "AdjustmentAlpha", "\"17893341751498265066\""),
        parameter(1, "MinBurn", "\"500000\""),
        parameter(1, "MaxBurn", "\"100000000000\""),
        parameter(1, "BurnRegistrationsThisInterval", "0"),
    ];
    insert(warehouse, "hyperparameters", &parameters).await;
    let parameter = |name: &str, value: &str| NetworkParameterRow {
        block_number: FIRST,
        name: name.to_owned(),
        new_value: Some(value.to_owned()),
        cause: "first_seen".to_owned(),
        ..NetworkParameterRow::default()
    };
    let parameters =
        [parameter("NetworkImmunityPeriod", "200"), parameter("NetworkLockReductionInterval", "\"100800\"")];
    insert(warehouse, "network_parameters", &parameters).await;
    let balance = |block_number, free_rao| AccountBalanceRow {
        block_number,
        account: ALICE.to_owned(),
        free_rao,
        ..AccountBalanceRow::default()
    };
    insert(warehouse, "account_balances", &[balance(FIRST, 5), balance(FIRST + 20, 9)]).await;
}

async fn write_rare(warehouse: &Warehouse, first: u64, last: u64) {
    if !(first..=last).contains(&(DISSOLVED + 51)) {
        return;
    }
    let removed = DeregistrationRow {
        block_number: DISSOLVED + 1,
        kind: "subnet".to_owned(),
        netuid: 2,
        reason: "dissolved".to_owned(),
        ..DeregistrationRow::default()
    };
    insert(warehouse, "deregistrations", &[removed]).await;
    let registered = |block_number, kind: &str, netuid, uid| RegistrationRow {
        block_number,
        event_index: 1,
        timestamp_ms: Some(time_of(block_number)),
        kind: kind.to_owned(),
        netuid,
        uid,
        hotkey: Some(MINER.to_owned()),
        coldkey: Some(BOB.to_owned()),
        cost_rao: Some(RAO),
        ..RegistrationRow::default()
    };
    let rows =
        [registered(DISSOLVED + 51, "subnet", 2, None), registered(DISSOLVED + 60, "neuron", 1, Some(2))];
    insert(warehouse, "registrations", &rows).await;
    let identity = |block_number, name: &str, action: &str| IdentityRow {
        block_number,
        kind: "coldkey".to_owned(),
        action: action.to_owned(),
        account: Some(ALICE.to_owned()),
        name: (action == "set").then(|| name.to_owned()),
        value: (action == "set").then(|| "{}".to_owned()),
        ..IdentityRow::default()
    };
    let rows = [
        identity(DISSOLVED + 5, "Alice", "set"),
        identity(DISSOLVED + 55, "Alice the Second", "set"),
        identity(DISSOLVED + 60, "", "removed"),
    ];
    insert(warehouse, "identities", &rows).await;
}

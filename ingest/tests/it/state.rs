//! The state of recorded chains, followed block by block over a real socket.
//!
//! The judge is the recording itself: its storage, key by key, as the runtime wrote it.

use std::{collections::BTreeMap, time::Duration};

use tokio_util::sync::CancellationToken;
use yumascan_chain::{AccountId, hashing::twox_128};
use yumascan_devnode::{Faults, NodeOptions, Recording};
use yumascan_ingest::{IngestConfig, IngestMode, Progress, StateReport, StateRequest};
use yumascan_protocol::{fixed::U64F64, share_pool::FixedPool};
use yumascan_warehouse::{
    Holdings,
    rows::{
        AccountBalanceRow, HotkeyPoolRow, HyperparameterRow, NeuronStateRow, StakeShareRow, SubnetStateRow,
    },
};

use crate::{
    reference::recording,
    site::{Site, config, node, serve, until},
};

const TABLES: [&str; 22] = [
    "subnet_state",
    "network_state",
    "neuron_state",
    "dividends",
    "weights",
    "bonds",
    "hotkey_pools",
    "stake_shares",
    "account_balances",
    "root_claimable",
    "hyperparameters",
    "network_parameters",
    "stake_moves",
    "registrations",
    "deregistrations",
    "identities",
    "delegate_takes",
    "child_keys",
    "key_swaps",
    "root_claims",
    "evm_transactions",
    "evm_logs",
];

/// Tables that the first blocks may leave empty.
const SELDOM: [&str; 8] = [
    "root_claimable",
    "deregistrations",
    "delegate_takes",
    "child_keys",
    "key_swaps",
    "root_claims",
    "evm_transactions",
    "evm_logs",
];

async fn read(site: &Site, url: String, request: StateRequest) -> StateReport {
    let ingest = site.ingest(config(&[url], 1));
    ingest.read_state(request, &CancellationToken::new(), &Progress::unwatched()).await.unwrap()
}

/// Rows and a hash of each table.
async fn checksums(site: &Site) -> Vec<(&'static str, u64, u64)> {
    let mut sums = Vec::new();
    for table in TABLES {
        let sql = format!("SELECT count(), groupBitXor(cityHash64(toString(tuple(*)))) FROM {table}");
        let (count, hash) = site.warehouse.client().query(&sql).fetch_one::<(u64, u64)>().await.unwrap();
        sums.push((table, count, hash));
    }
    sums
}

async fn rows<R: clickhouse::RowOwned + clickhouse::RowRead>(site: &Site, sql: &str) -> Vec<R> {
    site.warehouse.client().query(sql).fetch_all::<R>().await.unwrap()
}

/// What is held at a block, each key's newest row.
async fn held<R: clickhouse::RowOwned + clickhouse::RowRead>(
    site: &Site,
    table: &str,
    key: &str,
    at: u64,
) -> Vec<R> {
    let sql = format!(
        "SELECT ?fields FROM {table} WHERE block_number <= {at} ORDER BY {key}, block_number DESC LIMIT 1 BY {key}"
    );
    rows(site, &sql).await
}

fn prefix(pallet: &str, item: &str) -> Vec<u8> {
    [twox_128(pallet.as_bytes()), twox_128(item.as_bytes())].concat()
}

/// A storage value of a subnet whose key is the netuid as it is.
fn of_subnet<'r>(chain: &'r Recording, item: &str, netuid: u16, block: u64) -> Option<&'r [u8]> {
    let key = [prefix("SubtensorModule", item), netuid.to_le_bytes().to_vec()].concat();
    chain.storage(&key, block)
}

/// The same as an integer; absent ones are 0, as the runtime has them.
fn number(bytes: Option<&[u8]>) -> u128 {
    bytes.unwrap_or_default().iter().rev().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// The price by the runtime's definition: the square of the stored root, cut to 32 fraction bits.
fn square(root_bits: u128) -> u128 {
    let (high, low) = (root_bits >> 64, root_bits & u128::from(u64::MAX));
    (((high * high) << 64) + 2 * high * low + ((low * low) >> 64)) >> 32
}

/// Moves as the lane reads them over the socket: as many as there were events, each with what only the state tells.
async fn compare_moves(chain: &Recording, site: &Site, last: u64) {
    let count = async |sql: &str| rows::<u64>(site, sql).await[0];
    let in_whole = "subnet_registered_at IS NOT NULL AND coldkey IS NOT NULL AND cost_rao IS NOT NULL";
    let registered =
        count(&format!("SELECT count() FROM registrations WHERE kind = 'neuron' AND {in_whole}")).await;
    // nobody lost a place so early, so that all who registered are neurons now, beside the owners
    let netuids = (0..64).filter(|netuid| number(of_subnet(chain, "SubnetworkN", *netuid, last)) > 0);
    let neurons: u128 =
        netuids.clone().map(|netuid| number(of_subnet(chain, "SubnetworkN", netuid, last))).sum();
    let owners = netuids.filter(|netuid| *netuid > 0).count() as u128;
    assert_eq!(u128::from(registered), neurons - owners);
    let swaps =
        "SELECT count() FROM stake_moves WHERE side IS NOT NULL AND price_bits > 0 AND slippage IS NOT NULL";
    assert!(count(swaps).await > 100);
    let gas = "SELECT count() FROM evm_transactions WHERE gas_used IS NULL OR from_account = ''";
    assert_eq!(count(gas).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_what_the_chain_has_in_storage() {
    let last = 300;
    let chain = recording("main", last).await;
    let node = node(&chain, Faults::default()).await;
    let site = Site::new().await;
    let request = StateRequest { to: Some(last), sweep: true, ..StateRequest::default() };
    let report = read(&site, node.url(), request).await;
    assert!(report.agrees(), "{report}");
    assert_eq!((report.blocks, report.stride), (last, 1));
    compare_subnets(&chain, &site, last).await;
    for block in [0, 17, 64, 120, 201, last] {
        compare_accounts(&chain, &site, block).await;
        let pools = compare_positions(&site, block).await;
        assert!(pools > 100 || block < last, "{pools} pools at block {block}");
    }
    compare_moves(&chain, &site, last).await;
    // read again, nothing is another
    let before = checksums(&site).await;
    assert!(before.iter().all(|(table, count, _)| *count > 0 || SELDOM.contains(table)), "{before:?}");
    let again = StateRequest { again: true, ..request };
    assert!(read(&site, node.url(), again).await.agrees());
    assert_eq!(checksums(&site).await, before);
}

/// Every block and subnet: price, reserves, emission, moving price.
async fn compare_subnets(chain: &Recording, site: &Site, last: u64) {
    let found: Vec<SubnetStateRow> =
        rows(site, "SELECT ?fields FROM subnet_state ORDER BY block_number, netuid").await;
    assert!(found.iter().map(|row| row.block_number).max() == Some(last) && found.len() as u64 > last * 2);
    for row in &found {
        let raw = |item: &str| number(of_subnet(chain, item, row.netuid, row.block_number));
        let place = (row.block_number, row.netuid);
        for (item, read) in [
            ("SubnetTAO", row.tao_in_rao),
            ("SubnetAlphaIn", row.alpha_in_rao),
            ("SubnetAlphaOut", row.alpha_out_rao),
            ("SubnetTaoInEmission", row.tao_in_emission_rao),
            ("SubnetAlphaInEmission", row.alpha_in_emission_rao),
            ("SubnetAlphaOutEmission", row.alpha_out_emission_rao),
            ("PendingValidatorEmission", row.pending_validator_rao),
            ("NetworkRegisteredAt", row.registered_at),
        ] {
            assert_eq!(read.map(u128::from), Some(raw(item)), "{item} at {place:?}");
        }
        assert_eq!(row.moving_price_bits, Some(raw("SubnetMovingPrice") as i128), "{place:?}");
        assert_eq!(row.volume_rao, Some(raw("SubnetVolume")), "{place:?}");
        let netuid = row.netuid.to_le_bytes();
        let key = |item: &str| {
            let hashed = yumascan_chain::hashing::twox_64(&netuid);
            [prefix("Swap", item), hashed.to_vec(), netuid.to_vec()].concat()
        };
        let stored = |item: &str| number(chain.storage(&key(item), row.block_number));
        let price = match (raw("SubnetMechanism"), stored("SwapV3Initialized")) {
            (1, 1) => square(stored("AlphaSqrtPrice")),
            (1, _) => (raw("SubnetTAO") << 32).checked_div(raw("SubnetAlphaIn")).unwrap_or(0),
            _ => 1 << 32,
        };
        assert_eq!(row.price_bits, Some(price), "price at {place:?}");
        // this runtime has none of these
        assert_eq!((row.balancer_quote, row.generation, row.miner_burned_bits), (None, None, None));
    }
}

/// All balances at a block.
async fn compare_accounts(chain: &Recording, site: &Site, block: u64) {
    let prefix = prefix("System", "Account");
    let mut wanted = BTreeMap::new();
    for (key, value) in chain.state(block).filter(|(key, _)| key.starts_with(&prefix)) {
        let account = AccountId(key[48..80].try_into().unwrap()).to_ss58();
        let rao = |start: usize| u64::try_from(number(value.get(start..start + 8))).unwrap();
        let nonce = u32::try_from(number(value.get(..4))).unwrap();
        wanted.insert(account, (rao(16), rao(24), rao(32), nonce));
    }
    wanted.retain(|_, held| *held != (0, 0, 0, 0));
    let found: Vec<AccountBalanceRow> = held(site, "account_balances", "account", block).await;
    let mut found: BTreeMap<_, _> = found
        .into_iter()
        .map(|row| (row.account, (row.free_rao, row.reserved_rao, row.frozen_rao, row.nonce)))
        .collect();
    found.retain(|_, held| *held != (0, 0, 0, 0));
    assert_eq!(found, wanted, "block {block}");
}

/// The stakes of all coldkeys at a block sum to what is staked to each hotkey.
async fn compare_positions(site: &Site, block: u64) -> usize {
    let pools: Vec<HotkeyPoolRow> = held(site, "hotkey_pools", "hotkey, netuid", block).await;
    let stakes: Vec<StakeShareRow> = held(site, "stake_shares", "coldkey, hotkey, netuid", block).await;
    for pool in &pools {
        let of_pool =
            stakes.iter().filter(|stake| (&stake.hotkey, stake.netuid) == (&pool.hotkey, pool.netuid));
        let shares: Vec<u128> =
            of_pool.filter_map(|stake| stake.shares_bits).filter(|bits| *bits > 0).collect();
        let (total, denominator) = (pool.total_alpha_rao.unwrap(), pool.shares_bits.unwrap());
        let place = (block, &pool.hotkey, pool.netuid);
        // each change of shares is cut to 64 fraction bits on both sides of the sum
        assert!(shares.iter().sum::<u128>().abs_diff(denominator) <= 1 << 16, "{place:?}");
        let fixed = FixedPool { value_rao: total, denominator: U64F64::from_bits(denominator) };
        let sum: u64 = shares.iter().map(|bits| fixed.value_of(U64F64::from_bits(*bits))).sum();
        assert!(sum <= total && total - sum <= 2 * shares.len() as u64 + 1, "{place:?}: {sum} of {total}");
    }
    pools.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_it_goes_on_and_comes_out_the_same() {
    let chain = recording("main", 200).await;
    let node = node(&chain, Faults::default()).await;
    let (cut, whole) = (Site::new().await, Site::new().await);
    let ingest = cut.ingest(config(&[node.url()], 1));
    let (progress, mut view) = Progress::new();
    let cancel = CancellationToken::new();
    let interrupt = {
        let cancel = cancel.clone();
        async move {
            while view.borrow_and_update().done == 0 {
                view.changed().await.unwrap();
            }
            cancel.cancel();
        }
    };
    let (report, ()) =
        tokio::join!(ingest.read_state(StateRequest::default(), &cancel, &progress), interrupt);
    let report = report.unwrap();
    assert!(report.cancelled && report.blocks > 0 && report.blocks < 200, "{report}");
    let resumed = read(&cut, node.url(), StateRequest::default()).await;
    assert!(!resumed.cancelled && resumed.blocks_done_before >= report.blocks, "{resumed}");
    read(&whole, node.url(), StateRequest::default()).await;
    assert_eq!(checksums(&cut).await, checksums(&whole).await);
    // a window whose rows were lost on the way to being recorded is read again
    for sql in [
        "DELETE FROM state_windows WHERE first_block = 64 SETTINGS lightweight_deletes_sync = 2",
        "DELETE FROM account_balances WHERE block_number BETWEEN 70 AND 90 SETTINGS lightweight_deletes_sync = 2",
    ] {
        cut.warehouse.client().query(sql).execute().await.unwrap();
    }
    assert_eq!(read(&cut, node.url(), StateRequest::default()).await.blocks, 64);
    assert_eq!(checksums(&cut).await, checksums(&whole).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_finds_what_was_not_followed_and_sets_it_right() {
    let chain = recording("main", 60).await;
    let node = node(&chain, Faults::default()).await;
    let site = Site::new().await;
    let request = StateRequest { sweep: true, ..StateRequest::default() };
    assert!(read(&site, node.url(), request).await.agrees());
    let accounts: Vec<AccountBalanceRow> = held(&site, "account_balances", "account", 60).await;
    let wrong =
        AccountBalanceRow { block_number: 60, free_rao: accounts[0].free_rao + 1, ..accounts[0].clone() };
    let stakes: Vec<StakeShareRow> = held(&site, "stake_shares", "coldkey, hotkey, netuid", 60).await;
    // a stake that nobody has
    let foreign = StakeShareRow { block_number: 59, netuid: 60_000, ..stakes[0].clone() };
    let planted = Holdings { accounts: vec![wrong.clone()], stakes: vec![foreign], ..Holdings::default() };
    let sql = format!(
        "DELETE FROM account_balances WHERE account = '{}' AND block_number = 60 SETTINGS lightweight_deletes_sync = 2",
        wrong.account
    );
    site.warehouse.client().query(&sql).execute().await.unwrap();
    site.warehouse.add_holdings(60, &planted).await.unwrap();
    let swept = read(&site, node.url(), request).await;
    assert!(!swept.agrees() && swept.differences.len() == 2, "{swept}");
    assert!(swept.differences.iter().any(|found| found.key.contains("60000") && found.found == "null"));
    let told = site.warehouse.list_sweep_differences(60, 60).await.unwrap();
    assert_eq!(told.len(), 2);
    assert!(told.iter().any(|found| found.item == "account_balances" && found.key.contains(&wrong.account)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_changes_no_holding_by_itself_and_is_named() {
    let chain = recording("upgrade", 840).await;
    let node = node(&chain, Faults::default()).await;
    let site = Site::new().await;
    let request = StateRequest { from: Some(780), to: Some(840), sweep: true, ..StateRequest::default() };
    let report = read(&site, node.url(), request).await;
    assert!(report.agrees(), "{report}");
    for block in [779, 800, 801, 840] {
        compare_accounts(&chain, &site, block).await;
    }
    // shares of both generations live side by side
    let stakes: Vec<StakeShareRow> =
        rows(&site, "SELECT ?fields FROM stake_shares WHERE block_number > 801").await;
    assert!(stakes.iter().any(|row| row.shares_mantissa.is_some_and(|mantissa| mantissa > 0)));
    let older: Vec<StakeShareRow> =
        rows(&site, "SELECT ?fields FROM stake_shares WHERE block_number <= 800").await;
    assert!(older.iter().all(|row| row.shares_mantissa.is_none() && row.shares_bits.is_some()));
    // what a runtime does not have is unknown, not zero
    let subnets: Vec<SubnetStateRow> = rows(&site, "SELECT ?fields FROM subnet_state").await;
    let (before, after): (Vec<_>, Vec<_>) = subnets.iter().partition(|row| row.block_number <= 800);
    assert!(!before.is_empty() && !after.is_empty());
    assert!(before.iter().all(|row| row.generation.is_none() && row.spec_version == 377));
    assert!(after.iter().all(|row| row.generation.is_some() && row.spec_version == 402));
    let neurons: Vec<NeuronStateRow> =
        rows(&site, "SELECT ?fields FROM neuron_state WHERE block_number > 801").await;
    assert!(!neurons.is_empty());
    assert!(
        neurons.iter().all(|row| row.rank.is_none() && row.trust.is_none() && row.pruning_score.is_none())
    );
    let changes: Vec<HyperparameterRow> =
        rows(&site, "SELECT ?fields FROM hyperparameters WHERE name = 'BurnHalfLife'").await;
    assert!(!changes.is_empty());
    assert!(
        changes
            .iter()
            .all(|row| row.block_number == 801 && row.cause == "runtime_upgrade" && row.old_value.is_none())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_the_head_the_rows_are_those_of_a_backfill() {
    let last = 100;
    let chain = recording("main", last).await;
    let options =
        NodeOptions { head: Some(20), block_time: Some(Duration::from_millis(60)), ..NodeOptions::default() };
    let node = serve(&chain, options).await;
    let (head, filled) = (Site::new().await, Site::new().await);
    let following = IngestConfig { state: true, verify: false, ..config(&[node.url()], 1) };
    let ingest = head.ingest(following.clone());
    let cancel = CancellationToken::new();
    let token = cancel.clone();
    let task =
        tokio::spawn(async move { ingest.run(IngestMode::Follow, token, Progress::unwatched()).await });
    let reached = async || {
        let sql = "SELECT max(last_block) FROM state_windows";
        head.warehouse.client().query(sql).fetch_one::<u64>().await.unwrap()
    };
    until("the state of the last finalized block is read", async || reached().await >= last - 2).await;
    cancel.cancel();
    task.await.unwrap().unwrap();
    let to = reached().await;
    // blocks and state in one go; the parameters of the last stretch are read at its end
    let mode = IngestMode::Range { from: 1, to };
    filled.run(IngestConfig { verify: false, ..following }, mode).await.unwrap();
    for (at_head, backfilled) in checksums(&head).await.into_iter().zip(checksums(&filled).await) {
        if !at_head.0.ends_with("parameters") {
            assert_eq!(at_head, backfilled);
        }
    }
    let changes =
        "SELECT ?fields FROM hyperparameters WHERE cause != 'first_seen' AND block_number < 64 ORDER BY ALL";
    let at_head: Vec<HyperparameterRow> = rows(&head, changes).await;
    assert_eq!(at_head, rows::<HyperparameterRow>(&filled, changes).await);
    assert!(at_head.iter().all(|row| row.cause != "unknown"), "{at_head:?}");
}

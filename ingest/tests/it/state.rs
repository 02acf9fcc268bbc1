//! The state of recorded chains, followed block by block over a real socket.

use tokio_util::sync::CancellationToken;
use yumascan_devnode::Faults;
use yumascan_ingest::{Progress, StateReport, StateRequest};
use yumascan_warehouse::{
    Holdings,
    rows::{AccountBalanceRow, HyperparameterRow, NeuronStateRow, StakeShareRow, SubnetStateRow},
};

use crate::{
    reference::recording,
    site::{Site, config, node},
};

const TABLES: [&str; 12] = [
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
];

async fn read(site: &Site, url: String, request: StateRequest) -> StateReport {
    let ingest = site.ingest(config(&[url], 1));
    ingest.read_state(request, &CancellationToken::new(), &Progress::unwatched()).await.unwrap()
}

/// Rows and a hash of each table.
async fn checksums(site: &Site) -> Vec<(u64, u64)> {
    let mut sums = Vec::new();
    for table in TABLES {
        let sql = format!("SELECT count(), groupBitXor(cityHash64(toString(tuple(*)))) FROM {table}");
        sums.push(site.warehouse.client().query(&sql).fetch_one::<(u64, u64)>().await.unwrap());
    }
    sums
}

async fn rows<R: clickhouse::RowOwned + clickhouse::RowRead>(site: &Site, sql: &str) -> Vec<R> {
    site.warehouse.client().query(sql).fetch_all::<R>().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_followed_is_what_a_sweep_finds() {
    let chain = recording("main", 420).await;
    let node = node(&chain, Faults::default()).await;
    let site = Site::new().await;
    let report = read(&site, node.url(), StateRequest { sweep: true, ..StateRequest::default() }).await;
    assert!(report.agrees(), "{report}");
    let sweep = report.sweep.as_ref().unwrap();
    assert!(sweep.accounts > 50 && sweep.stakes > 50 && sweep.pools > 50, "{report}");
    assert_eq!((report.blocks, report.stride), (420, 1));
    // read again, nothing is another
    let before = checksums(&site).await;
    assert!(before.iter().all(|(count, _)| *count > 0), "{before:?}");
    let again = StateRequest { again: true, sweep: true, ..StateRequest::default() };
    assert!(read(&site, node.url(), again).await.agrees());
    assert_eq!(checksums(&site).await, before);
}

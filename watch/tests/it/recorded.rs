//! Recorded chains: what is known to be in them is found, live and in replay.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use yumascan_devnode::{DevNode, LoadOptions, NodeOptions, Recording};
use yumascan_embedded::testing::{TestDatabase, fresh_database};
use yumascan_ingest::{Ingest, IngestConfig, IngestMode, Progress};
use yumascan_store::Store;
use yumascan_warehouse::{LiveTip, Warehouse, WarehouseConfig};
use yumascan_watch::{
    Incident, IncidentState, Kind, ReplayReport, ReplayRequest, Severity, WatchConfig, follow, replay,
};

struct Site {
    _database: TestDatabase,
    _folder: tempfile::TempDir,
    warehouse: Warehouse,
    store: Store,
}

impl Site {
    async fn new() -> Self {
        let database =
            tokio::task::spawn_blocking(fresh_database).await.unwrap().expect("the engine is installed");
        let config = WarehouseConfig {
            url: database.url().to_owned(),
            database: database.database().to_owned(),
            user: database.user().to_owned(),
            password: database.password().to_owned(),
        };
        let warehouse = Warehouse::connect(config).await.unwrap();
        warehouse.migrate().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_file(&folder.path().join("store.sqlite")).await.unwrap();
        Self { _database: database, _folder: folder, warehouse, store }
    }

    /// Stores a recording up to `last`, in windows of `window` blocks.
    async fn ingest(&self, recording: &str, last: u64, window: u64) {
        let folder = Path::new("../demo").join(recording);
        let options = LoadOptions { last_block: Some(last) };
        let recording =
            tokio::task::spawn_blocking(move || Recording::load(&folder, &options)).await.unwrap().unwrap();
        let node =
            DevNode::new(Arc::new(recording), NodeOptions::default()).serve("127.0.0.1:0").await.unwrap();
        let config = IngestConfig {
            endpoints: vec![node.url()],
            window_blocks: window,
            state: false,
            verify: false,
            ..IngestConfig::default()
        };
        let ingest =
            Ingest::new(config, self.warehouse.clone(), self.store.clone(), LiveTip::default()).unwrap();
        let cancel = CancellationToken::new();
        Box::pin(ingest.run(IngestMode::ExitAtHead, cancel, Progress::unwatched())).await.unwrap();
        node.shutdown().await;
    }

    async fn replay(&self) -> ReplayReport {
        replay(&self.warehouse, &self.store, &WatchConfig::default(), &ReplayRequest::default())
            .await
            .unwrap()
    }
}

fn of(report: &ReplayReport, kind: Kind) -> Vec<&Incident> {
    report.incidents.iter().filter(|incident| incident.kind == kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_incidents_are_found_with_their_ranges_and_nothing_serious_in_between() {
    let site = Site::new().await;
    site.ingest("main", 3_210, 128).await;
    let report = site.replay().await;

    let runaway = of(&report, Kind::RunawayBatch);
    assert_eq!(runaway.len(), 1, "{report}");
    assert!(
        runaway[0].first_block.abs_diff(3_000) <= 2 && runaway[0].last_block.abs_diff(3_099) <= 2,
        "{report}"
    );
    assert_eq!(runaway[0].severity, Severity::S2);
    let safe_mode = of(&report, Kind::SafeMode);
    assert_eq!((safe_mode[0].first_block, safe_mode[0].last_block), (3_101, 3_201));
    assert_eq!(
        (safe_mode[0].severity, safe_mode[0].evidence["extensions"].as_u64()),
        (Severity::S1, Some(1))
    );
    let failed = of(&report, Kind::FailedExtrinsics);
    let refused = failed.iter().find(|incident| incident.first_block.abs_diff(3_101) <= 2);
    assert!(refused.is_some_and(|incident| incident.last_block.abs_diff(3_201) <= 2), "{report}");
    let dissolved = of(&report, Kind::SubnetDissolved);
    assert_eq!((dissolved[0].first_block, dissolved[0].netuids.clone()), (2_300, vec![13]));
    let again: Vec<_> = of(&report, Kind::SubnetRegistered)
        .into_iter()
        .filter(|found| found.severity == Severity::S3)
        .collect();
    assert_eq!((again[0].first_block, again[0].netuids.clone()), (2_320, vec![13]));
    let swaps: Vec<u64> = of(&report, Kind::KeySwap).iter().map(|swap| swap.first_block).collect();
    assert_eq!(swaps, [850, 870, 950, 950], "{report}");
    let serious = report.incidents.iter().filter(|incident| incident.severity >= Severity::S2);
    let quiet: Vec<_> = serious.filter(|incident| incident.first_block < 3_000).collect();
    // the beacon stops at 2400, and the commits of subnet 7 are not revealed until it goes on
    assert_eq!(quiet.len(), 1, "{report}");
    assert_eq!((quiet[0].kind, quiet[0].first_block), (Kind::DrandStall, 2_400));
    assert_eq!(quiet[0].netuids, [7]);

    // the state and verification lanes hold nothing here, and it is said
    assert!(report.not_evaluable.iter().any(|blind| blind.kind == Kind::Halving), "{report}");
    assert!(report.not_evaluable.iter().any(|blind| blind.kind == Kind::ReplayDifference));

    let again = site.replay().await;
    assert_eq!((again.written, again.retracted), (0, 0), "a second run changes nothing");
    assert_eq!(again.incidents, report.incidents);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_is_the_only_thing_above_s3_to_be_said_of_the_chain_that_has_one() {
    let site = Site::new().await;
    site.ingest("upgrade", 900, 64).await;
    let report = site.replay().await;
    let upgrade = of(&report, Kind::RuntimeUpgrade);
    assert_eq!(upgrade.len(), 1, "{report}");
    assert_eq!((upgrade[0].first_block, upgrade[0].last_block), (800, 801));
    let evidence = &upgrade[0].evidence;
    assert_eq!((evidence["old_spec"].as_u64(), evidence["new_spec"].as_u64()), (Some(377), Some(402)));
    let added = evidence["metadata"]["added"].as_array().unwrap();
    assert!(added.iter().any(|item| item == "call SubtensorModule.add_stake_burn"), "{added:?}");
    let serious: Vec<_> = report
        .incidents
        .iter()
        .filter(|incident| incident.severity >= Severity::S2 && incident.first_block > 600)
        .collect();
    assert!(serious.is_empty(), "{report}");
}

/// Incidents as stored, by id.
async fn stored(warehouse: &Warehouse) -> BTreeMap<String, String> {
    let rows: Vec<(String, String)> = warehouse
        .client()
        .query("SELECT id, toString(tuple(* EXCEPT (written_at))) FROM incidents ORDER BY id")
        .fetch_all()
        .await
        .unwrap();
    rows.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_while_following_is_what_a_replay_finds() {
    let site = Site::new().await;
    let cancel = CancellationToken::new();
    let (config, tip) = (WatchConfig { checkpoint_blocks: 20, ..WatchConfig::default() }, LiveTip::default());
    const LAST: u64 = 560;
    let watching = async {
        // stopped once on the way: it goes on from its checkpoint
        let stop = cancel.child_token();
        let first = follow(&site.warehouse, &site.store, &config, &tip, 1, &stop);
        let interrupt = async {
            reached(&site.store, 100).await;
            stop.cancel();
        };
        tokio::join!(first, interrupt);
        follow(&site.warehouse, &site.store, &config, &tip, 1, &cancel).await;
    };
    let feeding = async {
        site.ingest("main", LAST, 16).await;
        reached(&site.store, LAST - 20).await;
        // the rest is looked at before a stop is heard
        tokio::time::sleep(Duration::from_secs(3)).await;
        cancel.cancel();
    };
    tokio::join!(watching, feeding);
    let live = stored(&site.warehouse).await;
    assert!(live.len() > 20, "{live:?}");
    let report = replay(&site.warehouse, &site.store, &config, &ReplayRequest::default()).await.unwrap();
    assert_eq!((report.written, report.retracted), (0, 0), "{report}");
    assert_eq!(stored(&site.warehouse).await, live);
    assert!(report.incidents.iter().any(|incident| incident.state == IncidentState::Closed));
}

async fn reached(store: &Store, block: u64) {
    for _ in 0..1_800 {
        let found = store.find_watch_checkpoint("log").await.unwrap();
        if found.is_some_and(|checkpoint| checkpoint.block >= block) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the watch did not reach block {block}");
}

//! A runtime upgrade: every block is decoded by the runtime that executed it, wherever ingestion starts.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use yumascan_devnode::Faults;
use yumascan_ingest::{IngestMode, Progress};

use crate::{
    reference::{comparable, expected, recording},
    site::{Site, config, node},
};

/// The block that sets the new code; executed by the old runtime.
const UPGRADE: u64 = 800;
const LAST: u64 = 830;

fn spec_of(number: u64) -> u32 {
    if number <= UPGRADE { 377 } else { 402 }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_upgrade_is_decoded_right_from_wherever_ingestion_starts() {
    let chain = recording("upgrade", LAST).await;
    let node = node(&chain, Faults::default()).await;
    for from in [UPGRADE - 20, UPGRADE, UPGRADE + 1] {
        let site = Site::new().await;
        let report = site.run(config(&[node.url()], from), IngestMode::ExitAtHead).await.unwrap();
        assert_eq!(report.quarantined, 0, "from {from}");
        let stored = comparable(&site.warehouse, from, LAST).await;
        assert_eq!(stored, expected("upgrade", &chain, from, LAST, spec_of).await, "from {from}");
        let stored_specs: Vec<bool> = vec![
            site.warehouse.find_metadata(377).await.unwrap().is_some(),
            site.warehouse.find_metadata(402).await.unwrap().is_some(),
        ];
        assert_eq!(stored_specs, [from <= UPGRADE, true], "from {from}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_between_the_two_runtimes_it_comes_out_the_same() {
    let chain = recording("upgrade", LAST).await;
    let node = node(&chain, Faults { latency: Duration::from_millis(1), ..Faults::default() }).await;
    let from = UPGRADE - 30;
    let site = Site::new().await;
    let mut config = config(&[node.url()], from);
    config.window_blocks = 1;
    config.windows_in_flight = 1;
    let (progress, mut view) = Progress::new();
    let cancel = CancellationToken::new();
    let ingest = site.ingest(config.clone());
    let interrupt = {
        let cancel = cancel.clone();
        async move {
            // block 800 is stored, 801 is not
            while view.borrow_and_update().blocks < 31 {
                view.changed().await.unwrap();
            }
            cancel.cancel();
        }
    };
    let (report, ()) = tokio::join!(ingest.run(IngestMode::ExitAtHead, cancel.clone(), progress), interrupt);
    assert!(report.unwrap().cancelled);
    let between = site.warehouse.find_head().await.unwrap().unwrap().number;
    assert!((UPGRADE..LAST).contains(&between), "stopped after block {between}");
    site.run(config, IngestMode::ExitAtHead).await.unwrap();
    let stored = comparable(&site.warehouse, from, LAST).await;
    assert_eq!(stored, expected("upgrade", &chain, from, LAST, spec_of).await);
}

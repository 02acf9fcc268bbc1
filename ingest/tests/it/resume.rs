//! Interrupted and started again: the same tables, nothing twice.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use yumascan_devnode::Faults;
use yumascan_ingest::{IngestMode, Progress};
use yumascan_warehouse::{Table, checksum::TableChecksum};

use crate::{
    reference::{expected_main, main_chain},
    site::{Site, config, node},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_finds_nothing_to_do() {
    let recording = main_chain(100).await;
    let node = node(&recording, Faults::default()).await;
    let site = Site::new().await;
    let config = config(&[node.url()], recording.first_block());
    let first = site.run(config.clone(), IngestMode::ExitAtHead).await.unwrap();
    let second = site.run(config, IngestMode::ExitAtHead).await.unwrap();
    assert_eq!((first.blocks, second.blocks, second.to), (100, 0, Some(recording.last_block())));
    assert_eq!(site.checksums(&recording).await, expected_main(&recording).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_in_any_order_and_width_make_one_chain() {
    let recording = main_chain(120).await;
    let (first, last) = (recording.first_block(), recording.last_block());
    let node = node(&recording, Faults::default()).await;
    let site = Site::new().await;
    let mut config = config(&[node.url()], first);
    for (from, to, width) in [(first + 70, first + 90, 32), (first + 10, first + 20, 8), (first, last, 64)] {
        config.window_blocks = width;
        site.run(config.clone(), IngestMode::Range { from, to }).await.unwrap();
    }
    assert_eq!(site.checksums(&recording).await, expected_main(&recording).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn aborted_at_any_moment_the_tables_come_out_the_same() {
    let recording = main_chain(160).await;
    let slow = Faults { latency: Duration::from_millis(1), ..Faults::default() };
    let node = node(&recording, slow).await;
    let site = Site::new().await;
    let mut config = config(&[node.url()], recording.first_block());
    config.window_blocks = 8;
    let mut unfinished = 0;
    for round in 0..12 {
        let ingest = site.ingest(config.clone());
        let running = ingest.run(IngestMode::ExitAtHead, CancellationToken::new(), Progress::unwatched());
        // dropping the future aborts every task of the run wherever it is
        let moment = Duration::from_millis(60 + rand::random_range(0..400) + round * 20);
        if tokio::time::timeout(moment, running).await.is_err() {
            unfinished += 1;
        }
    }
    site.run(config, IngestMode::ExitAtHead).await.unwrap();
    assert!(unfinished > 0, "some runs were aborted");
    assert_eq!(site.checksums(&recording).await, expected_main(&recording).await);
    assert!(site.store.list_open_windows().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_cleanly_with_every_begun_window_sealed() {
    let recording = main_chain(160).await;
    let node = node(&recording, Faults { latency: Duration::from_millis(2), ..Faults::default() }).await;
    let site = Site::new().await;
    let mut config = config(&[node.url()], recording.first_block());
    config.window_blocks = 8;
    let (progress, mut view) = Progress::new();
    let cancel = CancellationToken::new();
    let ingest = site.ingest(config.clone());
    let watcher = {
        let cancel = cancel.clone();
        async move {
            while view.borrow_and_update().windows < 2 {
                view.changed().await.unwrap();
            }
            cancel.cancel();
        }
    };
    let (report, ()) = tokio::join!(ingest.run(IngestMode::ExitAtHead, cancel.clone(), progress), watcher);
    let report = report.unwrap();
    assert!(report.cancelled && report.blocks >= 16 && report.blocks < 160, "{report:?}");
    assert!(site.store.list_open_windows().await.unwrap().is_empty());
    site.run(config, IngestMode::ExitAtHead).await.unwrap();
    assert_eq!(site.checksums(&recording).await, expected_main(&recording).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn genesis_is_ingested_when_asked_for() {
    let recording = main_chain(40).await;
    let node = node(&recording, Faults::default()).await;
    let site = Site::new().await;
    let report = site.run(config(&[node.url()], 0), IngestMode::ExitAtHead).await.unwrap();
    assert_eq!((report.blocks, report.quarantined), (41, 0));
    let genesis = site.warehouse.find_block(0).await.unwrap().unwrap();
    assert_eq!(genesis.hash, recording.genesis_hash().to_string());
    assert_eq!((genesis.timestamp_ms, genesis.author, genesis.event_count), (None, None, 0));
    // names are counted by window, and the first window begins with genesis here: below the range compared
    let but_names = |mut checksums: Vec<TableChecksum>| {
        checksums.retain(|checksum| checksum.table != Table::NameCounts);
        checksums
    };
    assert_eq!(but_names(site.checksums(&recording).await), but_names(expected_main(&recording).await));
}

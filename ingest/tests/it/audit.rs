//! Audit finds what is wrong; redecode repairs what can be rebuilt, and changes nothing else.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use yumascan_devnode::{Faults, Recording};
use yumascan_ingest::{AuditReport, AuditScope, IngestMode, Progress, RedecodeReport, audit, redecode};

use crate::{
    reference::{expected_main, main_chain},
    site::{Site, config, node},
};

async fn filled() -> (Site, Arc<Recording>) {
    let recording = main_chain(100).await;
    let node = node(&recording, Faults::default()).await;
    let site = Site::new().await;
    site.run(config(&[node.url()], recording.first_block()), IngestMode::ExitAtHead).await.unwrap();
    (site, recording)
}

async fn audited(site: &Site) -> AuditReport {
    audit(&site.warehouse, &site.store, AuditScope::default()).await.unwrap()
}

async fn redecoded(site: &Site, recording: &Recording) -> RedecodeReport {
    let (from, to) = (recording.first_block(), recording.last_block());
    redecode(&site.warehouse, &site.store, from, to, CancellationToken::new(), Progress::unwatched())
        .await
        .unwrap()
}

async fn execute(site: &Site, sql: String) {
    site.warehouse.client().query(&sql).execute().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_ingested_passes_the_audit() {
    let (site, recording) = filled().await;
    let report = audited(&site).await;
    assert!(report.ok(), "{report}");
    assert_eq!(
        (report.from, report.to, report.blocks),
        (recording.first_block(), recording.last_block(), 100)
    );
    let json = serde_json::to_value(&report).unwrap();
    for key in ["gaps", "broken_links", "bad_roots", "count_mismatches", "quarantined"] {
        assert_eq!(json[key], 0, "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redecoding_with_the_same_decoder_changes_nothing() {
    let (site, recording) = filled().await;
    let before = site.checksums(&recording).await;
    let report = redecoded(&site, &recording).await;
    assert_eq!((report.blocks, report.changed_windows), (100, 0), "{report:?}");
    assert_eq!(site.checksums(&recording).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_rows_are_found_and_rebuilt_from_raw_bytes() {
    let (site, recording) = filled().await;
    let block = recording.first_block() + 50;
    execute(&site, format!("DELETE FROM events WHERE block_number = {block} AND event_index < 3")).await;
    let report = audited(&site).await;
    assert!(!report.ok() && report.count_mismatches > 0, "{report:?}");
    assert!(report.to_string().contains(&format!("block {block}")), "{report}");

    let repaired = redecoded(&site, &recording).await;
    assert_eq!(repaired.changed_windows, 1, "{repaired:?}");
    assert!(audited(&site).await.ok());
    assert_eq!(site.checksums(&recording).await, expected_main(&recording).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tampered_raw_rows_are_found() {
    let (site, recording) = filled().await;
    let (one, two) = (recording.first_block() + 20, recording.first_block() + 60);
    let change = |number: u64, set: &str| {
        format!("ALTER TABLE raw_blocks UPDATE {set} WHERE number = {number} SETTINGS mutations_sync = 2")
    };
    execute(&site, change(one, "extrinsics = arrayReverse(arrayConcat(extrinsics, ['x']))")).await;
    execute(&site, change(two, "header = concat(header, 'x')")).await;
    let report = audited(&site).await;
    let bad: Vec<u64> = report
        .findings
        .iter()
        .filter(|finding| finding.kind == yumascan_ingest::FindingKind::BadRoot)
        .filter_map(|finding| finding.block)
        .collect();
    assert!(bad.contains(&one) && bad.contains(&two), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_blocks_that_the_warehouse_lost_come_back_with_the_next_ingest() {
    let (site, recording) = filled().await;
    let (from, to) = (recording.first_block() + 10, recording.first_block() + 12);
    execute(&site, format!("DELETE FROM blocks WHERE number BETWEEN {from} AND {to}")).await;
    // a new process: nothing is remembered of what was there
    let report = audited(&site).await;
    assert!(!report.ok() && report.gaps == 3, "{report}");

    let node = node(&recording, Faults::default()).await;
    site.run(config(&[node.url()], recording.first_block()), IngestMode::ExitAtHead).await.unwrap();
    let report = audited(&site).await;
    assert!(report.ok(), "{report}");
    assert_eq!(site.checksums(&recording).await, expected_main(&recording).await);
}

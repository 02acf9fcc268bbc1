//! Epochs of recorded chains, replayed over a real socket.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    sync::Arc,
};

use tokio_util::sync::CancellationToken;
use yumascan_chain::Runtime;
use yumascan_devnode::{Faults, LoadOptions, Recording, RecordingFiles};
use yumascan_ingest::{IngestMode, Progress, VerifyReport, VerifyRequest};
use yumascan_warehouse::{
    PageRequest,
    query::verifications::{CauseCount, VerificationFilter},
    rows::{EpochVerificationRow, Verdict},
};

use crate::{
    reference::recording,
    site::{Site, config, node},
};

const LAST: u64 = 420;

async fn verify(site: &Site, url: String, request: VerifyRequest) -> VerifyReport {
    let ingest = site.ingest(config(&[url], 1));
    ingest.verify(request, &CancellationToken::new(), &Progress::unwatched()).await.unwrap()
}

async fn rows(site: &Site) -> Vec<EpochVerificationRow> {
    let filter = VerificationFilter::default();
    let page = site.warehouse.list_epoch_verifications(&filter, PageRequest::newest(1000)).await.unwrap();
    assert!(!page.has_next);
    page.rows
}

#[tokio::test(flavor = "multi_thread")]
async fn every_epoch_of_a_range_is_verified_or_excused_by_name() {
    let chain = recording("main", LAST).await;
    let node = node(&chain, Faults::default()).await;
    let site = Site::new().await;
    let report = verify(&site, node.url(), VerifyRequest::default()).await;
    assert!(report.agrees(), "{report}");
    assert_eq!((report.verdicts.cannot_say, report.emission.cannot_say), (0, 0), "{report}");
    assert_eq!((report.totals.epochs, report.totals.mechanism_epochs), (100, 104));
    assert_eq!(report.emission.verified, report.emission.total());
    assert!(
        report.excused.iter().all(|found| found.excused_by.as_deref().unwrap().contains("NeuronRegistered"))
    );
    assert!(report.totals.fields_checked > 27_000 && report.rpc_batches_per_epoch < 4.0, "{report}");
    // what the epoch shared out is recomputed from the block's emission, not inferred from its results
    let rows = rows(&site).await;
    assert!(rows.iter().all(|row| row.emission_source == "recomputed" && !row.inputs_hash.is_empty()));
    // the board knows every subnet
    let board = site.warehouse.list_verification_board(5).await.unwrap();
    assert!(board.len() > 5 && board.iter().all(|row| row.counts.total() > 0 && !row.last.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn verifying_again_changes_nothing() {
    let chain = recording("main", 200).await;
    let node = node(&chain, Faults::default()).await;
    let site = Site::new().await;
    let first = verify(&site, node.url(), VerifyRequest::default()).await;
    let stored = rows(&site).await;
    let second = verify(&site, node.url(), VerifyRequest::default()).await;
    assert_eq!((second.blocks, second.replayed, second.blocks_done_before), (0, 0, 200));
    assert_eq!(rows(&site).await, stored);
    // looked at again: the same rows, not written again (the time of the first replay is still there)
    let again = VerifyRequest { again: true, ..VerifyRequest::default() };
    let third = verify(&site, node.url(), again).await;
    assert_eq!((third.blocks, third.replayed), (200, first.replayed));
    assert_eq!(rows(&site).await, stored);
    assert_eq!((third.totals, third.verdicts), (first.totals, first.verdicts));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_ingested_is_not_asked_of_the_node_again() {
    let chain = recording("main", 130).await;
    let node = node(&chain, Faults::default()).await;
    let site = Site::new().await;
    site.run(config(&[node.url()], 1), IngestMode::ExitAtHead).await.unwrap();
    let before = node.stats().by_method.get("chain_getBlock").copied();
    let report = verify(&site, node.url(), VerifyRequest::default()).await;
    assert!(report.agrees() && report.totals.epochs > 0, "{report}");
    assert_eq!(node.stats().by_method.get("chain_getBlock").copied(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_it_goes_on_and_comes_out_the_same() {
    let chain = recording("main", 400).await;
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
    let (report, ()) = tokio::join!(ingest.verify(VerifyRequest::default(), &cancel, &progress), interrupt);
    let report = report.unwrap();
    assert!(report.cancelled && report.blocks > 0 && report.blocks < 400, "{report}");
    let resumed = verify(&cut, node.url(), VerifyRequest::default()).await;
    assert!(!resumed.cancelled && resumed.blocks_done_before >= report.blocks, "{resumed}");
    verify(&whole, node.url(), VerifyRequest::default()).await;
    let untimed = |mut rows: Vec<EpochVerificationRow>| {
        rows.iter_mut().for_each(|row| row.replay_ns = 0);
        rows
    };
    assert_eq!(untimed(rows(&cut).await), untimed(rows(&whole).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_drops_connections_gives_the_same_verdicts() {
    let chain = recording("main", 64).await;
    let node = node(&chain, Faults { drop: 0.02, ..Faults::default() }).await;
    let site = Site::new().await;
    let report =
        verify(&site, node.url(), VerifyRequest { netuid: Some(2), ..VerifyRequest::default() }).await;
    assert!(report.agrees() && report.totals.epochs >= 3, "{report}");
    assert!(rows(&site).await.iter().all(|row| row.netuid == 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_batches_of_keys_is_asked_key_by_key() {
    let chain = recording("main", 64).await;
    let without = vec!["state_queryStorageAt".to_owned()];
    let node = node(&chain, Faults { without, ..Faults::default() }).await;
    let site = Site::new().await;
    let report = verify(&site, node.url(), VerifyRequest::default()).await;
    assert!(report.agrees() && report.totals.epochs >= 5, "{report}");
    assert_eq!((report.verdicts.cannot_say, report.emission.cannot_say), (0, 0), "{report}");
    let asked = node.stats().by_method;
    assert!(asked["state_getStorage"] > 10 * asked["state_queryStorageAt"], "{asked:?}");
    // with batches of keys the verdicts are the same
    let (other, whole) = (Site::new().await, self::node(&chain, Faults::default()).await);
    let expected = verify(&other, whole.url(), VerifyRequest::default()).await;
    assert_eq!(
        (report.totals.fields_equal, report.verdicts),
        (expected.totals.fields_equal, expected.verdicts)
    );
    assert_eq!((report.emission, report.causes), (expected.emission, expected.causes));
}

#[tokio::test(flavor = "multi_thread")]
async fn stake_and_reserves_that_users_moved_are_traced_or_excused_by_name() {
    let chain = recording("main", LAST).await;
    let node = node(&chain, Faults::default()).await;
    let site = Site::new().await;
    let report = verify(&site, node.url(), VerifyRequest::default()).await;
    assert!(report.agrees(), "{report}");
    let count = |lane: &str, field: &str, treatment: &str| -> u64 {
        let of = |one: &&CauseCount| one.lane == lane && one.field == field && one.treatment == treatment;
        report.causes.iter().filter(of).map(|one| one.numbers).sum()
    };
    // amounts of events explain to the rao what they moved
    assert!(count("epoch", "TotalHotkeyAlpha", "traced") > 0, "{report}");
    assert!(count("emission", "SubnetTAO", "traced") > 10, "{report}");
    // what has no amounts is counted by what did it
    let nameless: Vec<&str> = report
        .causes
        .iter()
        .filter(|one| one.lane == "emission" && one.treatment == "excused")
        .map(|one| one.cause.as_str())
        .collect();
    assert!(nameless.iter().all(|cause| ["NeuronRegistered", "RootClaimed"].contains(cause)), "{nameless:?}");
    // most pools were not touched at all
    assert!(count("emission", "SubnetTAO", "excused") < report.emission.total() / 2, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn epochs_around_a_runtime_upgrade_are_verified() {
    let chain = recording("upgrade", 860).await;
    let node = node(&chain, Faults::default()).await;
    let site = Site::new().await;
    let request = VerifyRequest { from: Some(740), ..VerifyRequest::default() };
    let report = verify(&site, node.url(), request).await;
    assert!(report.agrees(), "{report}");
    let rows = rows(&site).await;
    let of_spec =
        |spec| rows.iter().filter(|row| row.spec_version == spec && row.verdict != "cannot_say").count();
    assert!(of_spec(377) > 0 && of_spec(402) > 0, "{report}");
    // nothing is left out in the first block of the new runtime either: its emission comes out as well
    let first: Vec<_> = rows.iter().filter(|row| row.block_number == 801).collect();
    assert!(!first.is_empty() && first.iter().all(|row| row.reason.is_empty()), "{first:#?}");
    assert!(
        rows.iter().filter(|row| row.block_number != 801).all(|row| row.verdict != "cannot_say"),
        "{report}"
    );
}

/// The first blocks of the main recording with the last value of a storage key before `block` (or at it) changed.
fn with_fault(count: u64, at: u64, key: &[u8], change: impl Fn(&mut Vec<u8>)) -> Arc<Recording> {
    let folder = Path::new("../demo/main");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let packed = std::fs::File::open(folder.join("blocks.jsonl.zst")).unwrap();
    let lines = BufReader::new(zstd::Decoder::new(packed).unwrap()).lines();
    let key = const_hex::encode_prefixed(key);
    let mut blocks = Vec::new();
    let mut changed = false;
    for line in lines.take(usize::try_from(count).unwrap()) {
        let mut line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        if line["number"] == at {
            for entry in line["diff"].as_array_mut().unwrap() {
                if entry[0] == key.as_str() {
                    let mut value = const_hex::decode(entry[1].as_str().unwrap()).unwrap();
                    change(&mut value);
                    entry[1] = const_hex::encode_prefixed(value).into();
                    changed = true;
                }
            }
        }
        serde_json::to_writer(&mut blocks, &line).unwrap();
        blocks.push(b'\n');
    }
    assert!(changed, "block {at} writes the key");
    let metadata = std::fs::read_dir(folder.join("metadata")).unwrap().map(|file| {
        let file = file.unwrap();
        (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())
    });
    let files = RecordingFiles {
        manifest: read("manifest.json"),
        genesis_header: read("genesis_header.json"),
        genesis: read("genesis.jsonl.zst"),
        blocks,
        metadata: metadata.collect(),
    };
    Arc::new(Recording::load_files(files, &LoadOptions { last_block: Some(count) }).unwrap())
}

fn key(pallet: &str, item: &str, parts: &[&[u8]]) -> Vec<u8> {
    let metadata = std::fs::read("../demo/main/metadata/377.v16.scale").unwrap();
    Runtime::compile(&metadata).unwrap().storage_item(pallet, item).unwrap().key(parts).unwrap()
}

/// Subnet 2 has tempo 20: epochs at 17, 38, 59, …
const NETUID: u16 = 2;
const EPOCH: u64 = 227;

async fn verdict_with(fault: Arc<Recording>) -> (VerifyReport, Vec<EpochVerificationRow>) {
    let node = node(&fault, Faults::default()).await;
    let site = Site::new().await;
    let request = VerifyRequest {
        from: Some(EPOCH),
        to: Some(EPOCH),
        netuid: Some(NETUID),
        ..VerifyRequest::default()
    };
    let report = verify(&site, node.url(), request).await;
    let rows = rows(&site).await;
    (report, rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_result_that_is_one_off_is_named() {
    let incentive = key("SubtensorModule", "Incentive", &[&NETUID.to_le_bytes()]);
    let fault = tokio::task::spawn_blocking(move || {
        // the last neuron's incentive
        with_fault(EPOCH, EPOCH, &incentive, |value| *value.iter_mut().rev().nth(1).unwrap() ^= 1)
    });
    let (report, rows) = verdict_with(fault.await.unwrap()).await;
    assert_eq!(
        (report.verdicts.differs, report.verdicts.total(), report.agrees()),
        (1, 1, false),
        "{report}"
    );
    assert_eq!(report.differences.len(), 1, "{report}");
    let found = &report.differences[0];
    assert_eq!((found.block, found.netuid, found.field.as_str()), (EPOCH, NETUID, "Incentive"));
    assert_eq!(usize::from(found.uid.unwrap()) + 1, usize::try_from(rows[0].neurons).unwrap());
    assert!(rows[0].first_difference.as_deref().unwrap().starts_with("Incentive"), "{report}");
    assert_eq!(rows[0].fields_checked - rows[0].fields_equal, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_is_not_the_chains_shows_in_the_results() {
    let validator: u16 = 3;
    let weights = key("SubtensorModule", "Weights", &[&NETUID.to_le_bytes(), &validator.to_le_bytes()]);
    let fault = tokio::task::spawn_blocking(move || {
        // set at 216: the first weight, 16 bits after a compact length and a uid
        with_fault(EPOCH, 216, &weights, |value| value[4] ^= 0x40)
    });
    let (report, rows) = verdict_with(fault.await.unwrap()).await;
    assert_eq!((report.verdicts.differs, report.agrees()), (1, false), "{report}");
    assert!(rows[0].first_difference.is_some() && !report.differences.is_empty(), "{report}");
    assert!(report.differences.iter().all(|found| found.excused_by.is_none() && found.hotkey.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_amount_that_is_one_off_is_named_in_the_emission() {
    let pending = key("SubtensorModule", "PendingServerEmission", &[&NETUID.to_le_bytes()]);
    let fault =
        tokio::task::spawn_blocking(move || with_fault(EPOCH, EPOCH - 1, &pending, |value| value[0] ^= 1));
    let fault = fault.await.unwrap();
    let node = node(&fault, Faults::default()).await;
    let site = Site::new().await;
    let request = VerifyRequest { from: Some(EPOCH - 1), to: Some(EPOCH - 1), ..VerifyRequest::default() };
    let report = verify(&site, node.url(), request).await;
    assert_eq!(report.emission.differs, 1, "{report}");
    let filter = VerificationFilter { verdict: Some(Verdict::Differs), ..VerificationFilter::default() };
    let page = site.warehouse.list_emission_verifications(&filter, PageRequest::newest(10)).await.unwrap();
    assert_eq!(page.rows[0].netuid, NETUID);
    let first = page.rows[0].first_difference.as_deref().unwrap();
    assert!(first.starts_with("PendingServerEmission"), "{first}");
}

/// A hotkey of subnet 2 whose stake its epoch changes, and the keys of stake and reserves.
async fn moved_by_one(at: u64, key: Vec<u8>) -> VerifyReport {
    let fault = tokio::task::spawn_blocking(move || with_fault(at, at, &key, |value| value[0] ^= 1));
    let node = node(&fault.await.unwrap(), Faults::default()).await;
    let site = Site::new().await;
    let request = VerifyRequest { from: Some(at), to: Some(at), ..VerifyRequest::default() };
    verify(&site, node.url(), request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rao_of_a_hotkeys_stake_is_missed_after_its_epoch() {
    // any hotkey that was paid: its dividends are stored beside its stake
    let chain = recording("main", EPOCH).await;
    let (healthy, site) = (node(&chain, Faults::default()).await, Site::new().await);
    let explanation = site.ingest(config(&[healthy.url()], 1)).explain(NETUID, 3, EPOCH).await.unwrap();
    assert!(explanation.agrees());
    let hotkey: yumascan_chain::AccountId = explanation.hotkey.as_deref().unwrap().parse().unwrap();
    let report =
        moved_by_one(EPOCH, key("SubtensorModule", "TotalHotkeyAlpha", &[&hotkey.0, &NETUID.to_le_bytes()]))
            .await;
    assert_eq!((report.verdicts.differs, report.differences.len()), (1, 1), "{report}");
    assert_eq!(report.differences[0].field, "TotalHotkeyAlpha");
    assert_eq!(report.differences[0].hotkey, Some(hotkey.to_ss58()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rao_of_a_reserve_is_missed() {
    for item in ["SubnetTAO", "SubnetAlphaIn", "SubnetAlphaOut"] {
        // nothing but the coinbase touches the subnet in this block
        let report = moved_by_one(EPOCH - 1, key("SubtensorModule", item, &[&NETUID.to_le_bytes()])).await;
        assert_eq!(report.emission.differs, 1, "{item}: {report}");
    }
    let report =
        moved_by_one(EPOCH, key("SubtensorModule", "SubnetAlphaOut", &[&NETUID.to_le_bytes()])).await;
    assert_eq!((report.verdicts.differs, report.differences.len()), (1, 1), "{report}");
    assert_eq!(report.differences[0].field, "SubnetAlphaOut");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neurons_epoch_is_explained_number_by_number() {
    let chain = recording("main", LAST).await;
    let node = node(&chain, Faults::default()).await;
    let site = Site::new().await;
    let ingest = site.ingest(config(&[node.url()], 1));
    let explanation = ingest.explain(NETUID, 0, EPOCH).await.unwrap();
    assert!(explanation.agrees(), "{explanation}");
    let stored = explanation.lines.iter().filter(|line| line.stored.is_some()).count();
    assert!(stored >= 6 && explanation.lines.len() > 20, "{explanation}");
    let missing = ingest.explain(NETUID, 5000, EPOCH).await.unwrap_err().to_string();
    assert!(missing.contains("uid 5000 does not exist"), "{missing}");
    let not_due = ingest.explain(NETUID, 0, EPOCH + 1).await.unwrap_err().to_string();
    assert!(not_due.contains("none was due"), "{not_due}");
}

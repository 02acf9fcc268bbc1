//! `kill -9` at random moments: started again, the tables are those of a run that was never killed.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use yumascan_devnode::Faults;
use yumascan_embedded::{EmbeddedEngine, EngineConfig, EngineLibrary, FindOptions};
use yumascan_ingest::{Ingest, IngestMode, Progress};
use yumascan_store::Store;
use yumascan_warehouse::{LiveTip, Warehouse, WarehouseConfig, checksum::TableChecksum};

use crate::{
    reference::{comparable, expected_main, main_chain},
    site::{config, node},
};

const FOLDER: &str = "YUMASCAN_TEST_CRASH_FOLDER";
const URL: &str = "YUMASCAN_TEST_CRASH_URL";
const FROM: &str = "YUMASCAN_TEST_CRASH_FROM";
const KILLS: usize = 6;

/// Not a test of its own: the process that is killed. Runs only when the test below starts it.
#[tokio::test(flavor = "multi_thread")]
async fn the_process_that_is_killed() {
    let (Ok(folder), Ok(url), Ok(from)) = (std::env::var(FOLDER), std::env::var(URL), std::env::var(FROM))
    else {
        return;
    };
    let (_engine, warehouse) = open(Path::new(&folder)).await;
    warehouse.migrate().await.unwrap();
    let store = Store::open_file(&Path::new(&folder).join("store.sqlite")).await.unwrap();
    let mut config = config(&[url], from.parse().unwrap());
    config.window_blocks = 4;
    let ingest = Ingest::new(config, warehouse, store, LiveTip::default()).unwrap();
    ingest.run(IngestMode::ExitAtHead, Default::default(), Progress::unwatched()).await.unwrap();
}

async fn open(folder: &Path) -> (EmbeddedEngine, Warehouse) {
    let library = EngineLibrary::find(&FindOptions::default()).unwrap();
    let engine = EmbeddedEngine::open(EngineConfig::new(folder.to_path_buf(), library)).unwrap();
    let config = WarehouseConfig {
        url: engine.url().to_owned(),
        database: "yumascan".to_owned(),
        user: engine.user().to_owned(),
        password: engine.password().to_owned(),
    };
    let warehouse = Warehouse::connect(config).await.unwrap();
    (engine, warehouse)
}

fn start(folder: &Path, url: &str, from: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::the_process_that_is_killed", "--nocapture"])
        .env(FOLDER, folder)
        .env(URL, url)
        .env(FROM, from.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_the_tables_come_out_the_same() {
    let recording = main_chain(160).await;
    let from = recording.first_block();
    let node = node(&recording, Faults { latency: Duration::from_millis(1), ..Faults::default() }).await;
    let folder = tempfile::tempdir().unwrap();
    let url = node.url();
    let mut killed = 0;
    for _ in 0..KILLS {
        let mut child = start(folder.path(), &url, from);
        tokio::time::sleep(Duration::from_millis(rand::random_range(700..2500))).await;
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            killed += 1;
        }
        child.wait().unwrap();
    }
    let mut last = start(folder.path(), &url, from);
    let finished = tokio::task::spawn_blocking(move || last.wait().unwrap()).await.unwrap();
    assert!(finished.success(), "the last run, which nobody kills, ends well");
    assert!(killed > 0, "some runs were killed");
    assert_eq!(tables_of(folder.path(), &recording).await, expected_main(&recording).await);
}

/// The checksums of a folder, read by a process of its own: an engine is one a process.
async fn tables_of(folder: &Path, recording: &yumascan_devnode::Recording) -> Vec<TableChecksum> {
    let output = folder.join("checksums.json");
    let ends = format!("{}-{}", recording.first_block(), recording.last_block());
    let mut reader = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::the_process_that_reads", "--nocapture"])
        .env("YUMASCAN_TEST_READ_FOLDER", folder)
        .env("YUMASCAN_TEST_READ_ENDS", ends)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status = tokio::task::spawn_blocking(move || reader.wait().unwrap()).await.unwrap();
    assert!(status.success());
    let read: Vec<(String, u64, u64)> = serde_json::from_slice(&std::fs::read(output).unwrap()).unwrap();
    let table =
        |name: &str| yumascan_warehouse::Table::ALL.into_iter().find(|table| table.name() == name).unwrap();
    read.into_iter().map(|(name, rows, sum)| TableChecksum { table: table(&name), rows, sum }).collect()
}

/// Not a test of its own: reads the checksums of a folder. Runs only when the test above starts it.
#[tokio::test(flavor = "multi_thread")]
async fn the_process_that_reads() {
    let (Ok(folder), Ok(ends)) =
        (std::env::var("YUMASCAN_TEST_READ_FOLDER"), std::env::var("YUMASCAN_TEST_READ_ENDS"))
    else {
        return;
    };
    let (from, to) = ends.split_once('-').unwrap();
    let (_engine, warehouse) = open(Path::new(&folder)).await;
    let checksums = comparable(&warehouse, from.parse().unwrap(), to.parse().unwrap()).await;
    let rows: Vec<(&str, u64, u64)> =
        checksums.iter().map(|checksum| (checksum.table.name(), checksum.rows, checksum.sum)).collect();
    std::fs::write(Path::new(&folder).join("checksums.json"), serde_json::to_vec(&rows).unwrap()).unwrap();
}

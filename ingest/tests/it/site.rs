//! One installation: a database, a store, and the ingester between them and some nodes.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use yumascan_devnode::{DevNode, Faults, Handle, NodeOptions, Recording};
use yumascan_embedded::testing::{TestDatabase, fresh_database};
use yumascan_ingest::{Ingest, IngestConfig, IngestError, IngestMode, IngestReport, Progress};
use yumascan_store::Store;
use yumascan_warehouse::{LiveTip, Warehouse, WarehouseConfig, checksum::TableChecksum};

use crate::reference::comparable;

pub(crate) async fn fresh_warehouse() -> (TestDatabase, Warehouse) {
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
    (database, warehouse)
}

pub(crate) struct Site {
    _database: TestDatabase,
    _folder: tempfile::TempDir,
    pub(crate) warehouse: Warehouse,
    pub(crate) store: Store,
    pub(crate) tip: LiveTip,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let (database, warehouse) = fresh_warehouse().await;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_file(&folder.path().join("store.sqlite")).await.unwrap();
        Self { _database: database, _folder: folder, warehouse, store, tip: LiveTip::default() }
    }

    pub(crate) fn ingest(&self, config: IngestConfig) -> Ingest {
        Ingest::new(config, self.warehouse.clone(), self.store.clone(), self.tip.clone()).unwrap()
    }

    /// Runs to the end of `mode`.
    pub(crate) async fn run(
        &self,
        config: IngestConfig,
        mode: IngestMode,
    ) -> Result<IngestReport, IngestError> {
        self.ingest(config).run(mode, CancellationToken::new(), Progress::unwatched()).await
    }

    pub(crate) async fn checksums(&self, recording: &Recording) -> Vec<TableChecksum> {
        comparable(&self.warehouse, recording.first_block(), recording.last_block()).await
    }
}

/// Settings that suit tests: small windows, short patience.
pub(crate) fn config(endpoints: &[String], from: u64) -> IngestConfig {
    IngestConfig {
        endpoints: endpoints.to_vec(),
        from,
        window_blocks: 32,
        windows_in_flight: 3,
        request_timeout_s: 10,
        connect_patience_s: 3,
        give_up_after_s: 60,
        head_stall_s: 1,
        poll_ms: 50,
        state: false,
        ..IngestConfig::default()
    }
}

/// A node with the whole recording, finalized.
pub(crate) async fn node(recording: &Arc<Recording>, faults: Faults) -> Handle {
    serve(recording, NodeOptions { faults, ..NodeOptions::default() }).await
}

pub(crate) async fn serve(recording: &Arc<Recording>, options: NodeOptions) -> Handle {
    DevNode::new(recording.clone(), options).serve("127.0.0.1:0").await.unwrap()
}

/// Waits until `reached` holds; tests fail by their own assertion, not by the clock, save for a generous bound.
pub(crate) async fn until(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    for _ in 0..1200 {
        if reached().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never happened: {what}");
}

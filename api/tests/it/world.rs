//! The recorded chain in a warehouse, once for all tests, and a client that speaks HTTP to the router.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    sync::{Arc, OnceLock, Weak},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tower::ServiceExt;
use yumascan_api::{ApiConfig, ApiState, router};
use yumascan_chain::{DecodedBlock, Hash, Header, RawBlock, Runtime, SpecVersion};
use yumascan_embedded::testing::{TestDatabase, fresh_database};
use yumascan_store::Store;
use yumascan_warehouse::{LiveTip, Warehouse, WarehouseConfig, WindowRows, labels::Labels};

/// Blocks in the warehouse: calm ones, then the first of the incident with its huge batches.
pub(crate) const FIRST: u64 = 2_990;
pub(crate) const LAST: u64 = 3_010;
/// The last calm block.
pub(crate) const CALM: u64 = 2_999;

/// The recorded blocks.
pub(crate) struct World {
    /// In order, from [`FIRST`].
    pub(crate) decoded: Vec<DecodedBlock>,
    pub(crate) raw: Vec<RawBlock>,
}

/// A block of the capture format.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordedBlock {
    number: u64,
    hash: String,
    parent_hash: String,
    state_root: String,
    extrinsics_root: String,
    digest: RecordedDigest,
    extrinsics: Vec<String>,
    events: String,
}

#[derive(Deserialize)]
struct RecordedDigest {
    logs: Vec<String>,
}

fn bytes(hex: &str) -> Vec<u8> {
    const_hex::decode(hex).unwrap()
}

impl RecordedBlock {
    fn into_raw(self) -> RawBlock {
        let hash = |text: &str| text.parse::<Hash>().unwrap();
        RawBlock {
            hash: hash(&self.hash),
            header: Header {
                parent_hash: hash(&self.parent_hash),
                number: self.number,
                state_root: hash(&self.state_root),
                extrinsics_root: hash(&self.extrinsics_root),
                logs: self.digest.logs.iter().map(|log| bytes(log)).collect(),
            },
            extrinsics: self.extrinsics.iter().map(|extrinsic| bytes(extrinsic)).collect(),
            events: bytes(&self.events),
            authorities: Vec::new(),
            spec_version: SpecVersion(377),
        }
    }
}

fn demo() -> PathBuf {
    PathBuf::from("../demo/main")
}

fn read_blocks() -> Vec<RawBlock> {
    let file = std::fs::File::open(demo().join("blocks.jsonl.zst")).unwrap();
    let lines = BufReader::new(zstd::Decoder::new(file).unwrap()).lines();
    let mut blocks = Vec::new();
    // One block a line, from block 1.
    for line in lines.take(usize::try_from(LAST).unwrap()).skip(usize::try_from(FIRST).unwrap() - 1) {
        let block: RecordedBlock = serde_json::from_str(&line.unwrap()).unwrap();
        blocks.push(block.into_raw());
    }
    assert_eq!(blocks.first().map(|block| block.header.number), Some(FIRST));
    assert_eq!(blocks.last().map(|block| block.header.number), Some(LAST));
    blocks
}

fn config_of(database: &TestDatabase) -> WarehouseConfig {
    WarehouseConfig {
        url: database.url().to_owned(),
        database: database.database().to_owned(),
        user: database.user().to_owned(),
        password: database.password().to_owned(),
    }
}

/// The recorded blocks, read and decoded once.
pub(crate) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let runtime = Runtime::compile(&metadata()).unwrap();
        let raw = read_blocks();
        World { decoded: raw.iter().map(|raw| runtime.decode_block(raw)).collect(), raw }
    })
}

fn metadata() -> Vec<u8> {
    std::fs::read(demo().join("metadata/377.v15.scale")).unwrap()
}

/// The database that holds the world: shared by the tests that run at the same time, dropped with the last of them, as
/// no database may outlive the engine.
async fn stored_world() -> Arc<TestDatabase> {
    static STORED: Mutex<Weak<TestDatabase>> = Mutex::const_new(Weak::new());
    let mut stored = STORED.lock().await;
    if let Some(database) = stored.upgrade() {
        return database;
    }
    let database = Arc::new(fresh_database().unwrap());
    let warehouse = Warehouse::connect(config_of(&database)).await.unwrap();
    warehouse.migrate().await.unwrap();
    write_world(&warehouse).await;
    *stored = Arc::downgrade(&database);
    database
}

/// Writes the recorded blocks.
async fn write_world(warehouse: &Warehouse) {
    let mut rows = WindowRows::new(FIRST, LAST);
    for (raw, decoded) in world().raw.iter().zip(&world().decoded) {
        rows.push(raw, decoded).unwrap();
    }
    warehouse.write_window(&rows.finish().unwrap()).await.unwrap();
    warehouse.insert_metadata(377, 15, &metadata()).await.unwrap();
}

/// The API over the world, or over a warehouse of its own.
pub(crate) struct Api {
    pub(crate) router: Router,
    pub(crate) state: ApiState,
    /// Dropped last: it takes the database along.
    _database: Arc<TestDatabase>,
}

/// Settings of tests: nothing is remembered between requests unless the test says so.
pub(crate) fn plain() -> ApiConfig {
    ApiConfig { head_ttl_ms: 0, ..ApiConfig::default() }
}

/// A team with two subnets.
fn labels() -> Labels {
    Labels::parse("[[label]]\nname = \"Team\"\nkind = \"team\"\nsubnets = [1, 2]").unwrap()
}

async fn store() -> Store {
    let store = Store::open("sqlite::memory:").await.unwrap();
    store.claim_chain(Hash([7; 32]), "recorded").await.unwrap();
    store
}

/// The API over a warehouse that others started.
pub(crate) async fn router_over(config: WarehouseConfig) -> Router {
    let warehouse = Warehouse::connect(config).await.unwrap();
    let (tip, labels) = (LiveTip::default(), labels());
    router(ApiState { warehouse, store: store().await, tip, labels, config: plain() })
}

impl Api {
    /// Over the recorded blocks.
    pub(crate) async fn new(config: ApiConfig) -> Self {
        Self::connect(stored_world().await, config).await
    }

    /// Over an empty, migrated warehouse.
    pub(crate) async fn empty(config: ApiConfig) -> Self {
        let api = Self::broken(config).await;
        api.state.warehouse.migrate().await.unwrap();
        api
    }

    /// Over a database without any table.
    pub(crate) async fn broken(config: ApiConfig) -> Self {
        Self::connect(Arc::new(fresh_database().unwrap()), config).await
    }

    /// Adds the recorded blocks to a warehouse that has something else.
    pub(crate) async fn store_recorded(&self) {
        write_world(&self.state.warehouse).await;
    }

    async fn connect(database: Arc<TestDatabase>, config: ApiConfig) -> Self {
        let warehouse = Warehouse::connect(config_of(&database)).await.unwrap();
        let state =
            ApiState { warehouse, store: store().await, tip: LiveTip::default(), labels: labels(), config };
        Self { router: router(state.clone()), state, _database: database }
    }

    /// The answer to a request.
    pub(crate) async fn send(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, headers, body.to_vec())
    }

    /// A GET.
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// A query with variables; the whole answer.
    pub(crate) async fn ask_with(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.into())
            .unwrap();
        let (_, _, body) = self.send(request).await;
        serde_json::from_slice(&body).unwrap()
    }

    /// A query; the whole answer.
    pub(crate) async fn ask(&self, query: &str) -> Value {
        self.ask_with(query, json!({})).await
    }

    /// The data of a query that must be answered without errors.
    pub(crate) async fn data(&self, query: &str) -> Value {
        self.data_with(query, json!({})).await
    }

    /// The data of a query with variables that must be answered without errors.
    pub(crate) async fn data_with(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.ask_with(query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}\n{answer:#}");
        answer["data"].take()
    }

    /// Code and message of the first error of a query that must be refused.
    pub(crate) async fn refusal(&self, query: &str) -> (String, String) {
        let answer = self.ask(query).await;
        let error = &answer["errors"][0];
        let text =
            |value: &Value| value.as_str().unwrap_or_else(|| panic!("no error: {answer:#}")).to_owned();
        (text(&error["extensions"]["code"]), text(&error["message"]))
    }

    /// Warehouse queries that `query` takes.
    pub(crate) async fn cost(&self, query: &str) -> u64 {
        let before = self.state.warehouse.queries_executed();
        self.data(query).await;
        self.state.warehouse.queries_executed() - before
    }
}

impl World {
    pub(crate) fn block(&self, number: u64) -> &DecodedBlock {
        &self.decoded[usize::try_from(number - FIRST).unwrap()]
    }

    pub(crate) fn raw_block(&self, number: u64) -> &RawBlock {
        &self.raw[usize::try_from(number - FIRST).unwrap()]
    }
}

//! An explorer over a few recorded blocks, and requests to it.

use std::{path::PathBuf, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use http_body_util::BodyExt;
use tower::ServiceExt;
use yumascan_embedded::testing::TestDatabase;
use yumascan_warehouse::{AskLimits, LiveTip, Warehouse, WarehouseConfig};
use yumascan_web::{EndpointLine, KeptQuestion, Operations, OperationsDesk, SqlShelf, WebState};

use crate::recording;

/// Spec that executed the demo's main recording.
const SPEC: u32 = 377;

/// An explorer; its database lives as long as it.
pub(crate) struct Explorer {
    pub(crate) router: Router,
    pub(crate) warehouse: Warehouse,
    pub(crate) tip: LiveTip,
    _database: TestDatabase,
}

/// An answer of the explorer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) body: String,
}

fn demo() -> PathBuf {
    PathBuf::from("../demo/main")
}

/// SQL with one kept question, `kept`.
fn shelf() -> SqlShelf {
    let limits = AskLimits {
        seconds: 20,
        memory_bytes: 1 << 29,
        result_rows: 100,
        result_bytes: 1 << 24,
        read_rows: 1 << 30,
        read_bytes: 1 << 32,
        threads: 1,
    };
    let kept = KeptQuestion {
        title: "Blocks, counted".to_owned(),
        sql: "SELECT count() AS n FROM v_blocks".to_owned(),
    };
    let find = move |id: String| {
        let found = (id == "kept").then(|| kept.clone());
        Box::pin(std::future::ready(found)) as futures::future::BoxFuture<'static, Option<KeptQuestion>>
    };
    SqlShelf::new(limits, 2, Arc::new(find))
}

/// A node that is three blocks ahead of the demo's main recording.
fn desk() -> OperationsDesk {
    let endpoint = EndpointLine {
        endpoint: "wss://archive.example".to_owned(),
        state: "rate_limited",
        detail: Some("asked to be spared".to_owned()),
        latency_ms: Some(1_234),
        finalized_block: Some(3_106),
        checked_at_ms: 1,
    };
    OperationsDesk(Arc::new(move || {
        let operations = Operations { endpoints: vec![endpoint.clone()], places: Vec::new() };
        Box::pin(std::future::ready(Some(operations)))
    }))
}

/// An explorer over an empty warehouse.
pub(crate) async fn empty() -> Explorer {
    let database = yumascan_embedded::testing::fresh_database().expect("the embedded engine");
    let config = WarehouseConfig {
        url: database.url().to_owned(),
        database: database.database().to_owned(),
        user: database.user().to_owned(),
        password: database.password().to_owned(),
    };
    let warehouse = Warehouse::connect(config).await.expect("a connection");
    warehouse.migrate().await.expect("the schema");
    let tip = LiveTip::default();
    let state = WebState::new(warehouse.clone(), tip.clone()).with_sql(shelf()).with_operations(desk());
    let router = yumascan_web::router(state);
    Explorer { router, warehouse, tip, _database: database }
}

/// An explorer over these recorded blocks; the last one is the unfinalized tip.
pub(crate) async fn over(blocks: std::ops::RangeInclusive<u64>) -> Explorer {
    let explorer = empty().await;
    let (runtime, metadata) = recording::runtime(&demo(), SPEC);
    explorer.warehouse.insert_metadata(SPEC, 15, &metadata).await.expect("metadata");
    let raw = recording::raw_blocks(&demo(), SPEC, blocks);
    let (tip, stored) = raw.split_last().expect("blocks in the demo");
    recording::store(&explorer.warehouse, &runtime, stored).await;
    explorer.tip.push_best(Arc::new(recording::tip_block(&runtime, tip)));
    explorer
}

impl Explorer {
    /// GETs a path.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let body = String::from_utf8(bytes.to_vec()).expect("text");
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// GETs a page that must be there.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", text_of(&answer.body));
        answer.body
    }
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// What a reader sees of a page's main part: its text without tags.
pub(crate) fn text_of(html: &str) -> String {
    let main =
        html.split_once("<main").map_or(html, |(_, rest)| rest).split("</main>").next().unwrap_or_default();
    let mut text = String::new();
    let mut in_tag = true;
    for character in main.chars() {
        match character {
            '<' => {
                in_tag = true;
                text.push(' ');
            }
            '>' => in_tag = false,
            _ if !in_tag => text.push(character),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

//! Health, readiness, metrics, the console, and what leaks of errors: nothing.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};
use yumascan_api::ApiConfig;
use yumascan_store::{EndpointHealth, EndpointState};

use crate::world::{Api, CALM, LAST, plain};

async fn ready(api: &Api) -> (StatusCode, Value) {
    let (status, _, body) = api.get("/ready").await;
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn health_says_that_the_process_lives_whatever_else_is_broken() {
    let api = Api::broken(plain()).await;
    let (status, _, body) = api.get("/health").await;
    assert_eq!(status, StatusCode::OK);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["status"], "ok");
}

#[tokio::test]
async fn ready_is_503_with_reasons_until_blocks_are_there() {
    let (status, body) = ready(&Api::new(plain()).await).await;
    assert_eq!((status, &body["ready"], &body["head"]), (StatusCode::OK, &json!(true), &json!(LAST)));

    let (status, body) = ready(&Api::empty(plain()).await).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body["reasons"][0].as_str().unwrap().contains("nothing is stored"), "{body}");

    let (status, body) = ready(&Api::broken(plain()).await).await;
    assert_eq!(
        (status, &body["engine"], &body["warehouse"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!(true), &json!(false))
    );
    assert!(body["reasons"][0].as_str().unwrap().contains("yumascan migrate"), "{body}");
}

fn endpoint(name: &str, state: EndpointState, finalized: u64) -> EndpointHealth {
    EndpointHealth {
        endpoint: name.into(),
        state,
        detail: None,
        latency_ms: Some(5),
        best_block: Some(finalized),
        finalized_block: Some(finalized),
        consecutive_failures: 0,
        checked_at_ms: 1,
        last_ok_at_ms: Some(1),
    }
}

#[tokio::test]
async fn ready_is_503_when_the_chain_has_run_away_and_a_liar_does_not_count() {
    let api = Api::new(plain()).await;
    let store = &api.state.store;
    store.record_endpoint_health(&endpoint("ws://liar", EndpointState::Distrusted, 9_999_999)).await.unwrap();
    store.record_endpoint_health(&endpoint("ws://good", EndpointState::Healthy, LAST + 50)).await.unwrap();
    let (status, body) = ready(&api).await;
    assert_eq!((status, &body["lag_blocks"]), (StatusCode::OK, &json!(50)));
    store.record_endpoint_health(&endpoint("ws://better", EndpointState::Healthy, LAST + 51)).await.unwrap();
    let (status, body) = ready(&api).await;
    assert_eq!((status, &body["lag_blocks"]), (StatusCode::SERVICE_UNAVAILABLE, &json!(51)));
    assert!(body["reasons"][0].as_str().unwrap().contains("51 blocks behind"), "{body}");
}

#[tokio::test]
async fn ready_is_503_when_the_newest_block_is_old_and_that_is_asked_for() {
    let (status, body) = ready(&Api::new(ApiConfig { ready_max_age_s: Some(0), ..plain() }).await).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body["reasons"][0].as_str().unwrap().contains("s old"), "{body}");
}

#[tokio::test]
async fn internal_errors_are_masked_and_named_by_their_request() {
    let api = Api::broken(plain()).await;
    let body = json!({ "query": "{ a: blocks { nodes { number } } }" }).to_string();
    let request = Request::post("/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-request-id", "req-7");
    let (status, headers, body) = api.send(request.body(body.into()).unwrap()).await;
    assert_eq!((status, &headers["x-request-id"]), (StatusCode::OK, &"req-7".parse().unwrap()));
    let text = String::from_utf8(body).unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["errors"][0]["extensions"], json!({ "code": "INTERNAL", "requestId": "req-7" }));
    for inner in ["SELECT", "DB::Exception", "Code:", "blocks WHERE", "UNKNOWN_TABLE"] {
        assert!(!text.contains(inner), "{text}");
    }
}

#[tokio::test]
async fn metrics_tell_of_queries_caches_and_the_process() {
    yumascan_api::install_metrics().unwrap();
    yumascan_api::install_metrics().unwrap();
    let api = Api::new(plain()).await;
    for _ in 0..2 {
        api.data(&format!("{{ block(number: {CALM}) {{ hash }} }}")).await;
    }
    let (status, _, body) = api.get("/metrics").await;
    assert_eq!(status, StatusCode::OK);
    let text = String::from_utf8(body).unwrap();
    for line in [
        "yumascan_api_queries_total{outcome=\"ok\"}",
        "yumascan_api_cache_hits_total{cache=\"block\"}",
        "yumascan_api_cache_misses_total{cache=\"block\"}",
        "yumascan_api_cache_bytes{cache=\"block\"}",
        "yumascan_api_query_seconds_bucket",
        "yumascan_api_request_seconds_bucket{route=\"/graphql\",status=\"200\"",
        "yumascan_runtime_workers",
        "# HELP yumascan_api_queries_total",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn the_console_needs_nothing_from_elsewhere() {
    let api = Api::new(plain()).await;
    let (status, headers, page) = api.get("/graphql").await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("http"),
        "{policy}"
    );
    let page = String::from_utf8(page).unwrap();
    let mut texts = vec![page.clone()];
    for asset in ["/graphql/assets/console.js", "/graphql/assets/console.css"] {
        assert!(page.contains(asset));
        let (status, _, body) = api.get(asset).await;
        assert_eq!(status, StatusCode::OK);
        texts.push(String::from_utf8(body).unwrap());
    }
    for text in &texts {
        assert!(
            !text.contains("http://") && !text.contains("https://") && !text.contains("src=\"//"),
            "no other host is named"
        );
    }
    let (status, headers, _) = api
        .send(Request::get("/graphql").header(header::IF_NONE_MATCH, "*").body(Body::empty()).unwrap())
        .await;
    assert_eq!(status, StatusCode::NOT_MODIFIED);
    assert!(headers.contains_key(header::ETAG));
    assert_eq!(api.get("/graphql/assets/other.js").await.0, StatusCode::NOT_FOUND);
    let (_, _, sdl) = api.get("/graphql/schema.graphql").await;
    assert_eq!(String::from_utf8(sdl).unwrap(), yumascan_api::sdl());
}

#[tokio::test]
async fn origins_may_read_only_when_they_are_allowed() {
    let ask = |api: Api| async move {
        let request =
            Request::get("/health").header(header::ORIGIN, "https://a.example").body(Body::empty()).unwrap();
        api.send(request).await.1.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).cloned()
    };
    assert_eq!(ask(Api::new(plain()).await).await, None);
    let open = ApiConfig { cors_allow_origins: vec!["*".into()], ..plain() };
    assert_eq!(ask(Api::new(open).await).await.unwrap(), "*");
    let one = ApiConfig { cors_allow_origins: vec!["https://a.example".into()], ..plain() };
    assert_eq!(ask(Api::new(one).await).await.unwrap(), "https://a.example");
}

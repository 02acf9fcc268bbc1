//! Hostile and simultaneous requests.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use yumascan_api::ApiConfig;

use crate::world::{Api, CALM, plain};

#[test]
fn no_query_text_whatever_breaks_the_server() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let api = runtime.block_on(Api::new(plain()));
    let words = prop_oneof![
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("(".to_owned()),
        Just(")".to_owned()),
        Just(":".to_owned()),
        Just("...".to_owned()),
        Just("block".to_owned()),
        Just("blocks".to_owned()),
        Just("first".to_owned()),
        Just("nodes".to_owned()),
        Just("number".to_owned()),
        Just("on".to_owned()),
        Just("Block".to_owned()),
        Just("fragment".to_owned()),
        Just("query".to_owned()),
        Just("$a".to_owned()),
        Just("@skip(if: true)".to_owned()),
        Just("\"x".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("-1".to_owned()),
        Just("\u{0}".to_owned()),
        Just("__schema".to_owned()),
        Just("mutation".to_owned()),
        Just("subscription".to_owned()),
        ".{0,8}",
    ];
    let queries = proptest::collection::vec(words, 0..40).prop_map(|words| words.join(" "));
    let mut runner = TestRunner::new(ProptestConfig { cases: 300, ..ProptestConfig::default() });
    let outcome = runner.run(&(queries, any::<Option<String>>()), |(query, operation)| {
        let body = json!({ "query": query, "operationName": operation }).to_string();
        let request = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .unwrap();
        let (status, _, body) = runtime.block_on(api.send(request));
        prop_assert!(!status.is_server_error(), "{}", query);
        let answer: Value = serde_json::from_slice(&body).unwrap();
        if let Some(errors) = answer["errors"].as_array() {
            prop_assert!(errors.iter().all(|error| error["extensions"]["code"].is_string()), "{}", answer);
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn no_cursor_whatever_breaks_the_server() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let api = runtime.block_on(Api::new(plain()));
    let page = runtime.block_on(api.data("{ events(first: 1) { pageInfo { endCursor } } }"));
    let good = page["events"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    let mut runner = TestRunner::new(ProptestConfig { cases: 60, ..ProptestConfig::default() });
    let changes = proptest::collection::vec((0..good.len(), "[0-9a-fx]"), 0..4);
    let outcome = runner.run(&changes, |changes| {
        let mut cursor = good.clone();
        for (at, digit) in changes {
            cursor.replace_range(at..=at, &digit);
        }
        for (size, from) in [("first", "after"), ("last", "before")] {
            let query = format!(
                "query($cursor: String) {{ events({size}: 3, {from}: $cursor) {{ nodes {{ id }} }} }}"
            );
            let answer = runtime.block_on(api.ask_with(&query, json!({ "cursor": cursor })));
            let code = &answer["errors"][0]["extensions"]["code"];
            prop_assert!(
                code.is_null() || code == "INVALID_CURSOR" || code == "CURSOR_MISMATCH",
                "{}: {}",
                cursor,
                answer
            );
        }
        Ok(())
    });
    outcome.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_at_once_get_the_same_answers() {
    let api = Api::new(ApiConfig::default()).await;
    let query = format!(
        "{{ block(number: {CALM}) {{ hash extrinsics {{ nodes {{ id events {{ nodes {{ id }} }} }} }} }} transfers(first: 5) {{ nodes {{ id }} }} }}"
    );
    let alone = api.data(&query).await;
    let together = futures::future::join_all((0..60).map(|_| api.data(&query))).await;
    assert!(together.iter().all(|answer| *answer == alone));
}

#[tokio::test]
async fn queries_beyond_those_that_may_run_wait_and_are_then_refused() {
    let api = Api::new(ApiConfig { max_concurrent_queries: 1, max_queue_ms: 0, ..plain() }).await;
    let ask = || {
        let body = json!({ "query": "{ events { totalCount nodes { id } } }" }).to_string();
        let request = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .unwrap();
        api.send(request)
    };
    let (first, second) = tokio::join!(ask(), ask());
    assert_eq!(first.0, StatusCode::OK);
    assert_eq!(second.0, StatusCode::SERVICE_UNAVAILABLE);
    assert!(second.1.contains_key(header::RETRY_AFTER));
    let answer: Value = serde_json::from_slice(&second.2).unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["code"], "OVERLOADED");
    assert_eq!(ask().await.0, StatusCode::OK, "the turn is given back");
}

#[tokio::test]
async fn a_client_that_leaves_gives_its_turn_back() {
    let api = Api::new(ApiConfig { max_concurrent_queries: 1, ..plain() }).await;
    let gone =
        tokio::time::timeout(std::time::Duration::ZERO, api.ask("{ events { totalCount nodes { id } } }"))
            .await;
    assert!(gone.is_err());
    api.data("{ block { number } }").await;
}

//! Every path is answered as its schema says, and random requests break nothing.

use proptest::{prelude::*, strategy::ValueTree};
use serde_json::Value;

use super::{conforms::faults, document};
use crate::{
    market::market,
    market_world::{ALICE, FIRST, VALIDATOR},
    world::{Api, CALM, plain},
};

/// The path with values for its parts.
fn filled(path: &str, block: u64) -> String {
    path.replace("{block}", &block.to_string())
        .replace("{extrinsic}", &format!("{block}-0"))
        .replace("{account}", ALICE)
        .replace("{hotkey}", VALIDATOR)
        .replace("{netuid}", "1")
        .replace("{uid}", "0")
        .replace("{mechid}", "0")
}

async fn check(api: &Api, document: &Value, path: &str, query: &str, block: u64) -> Value {
    let address = filled(path, block) + query;
    let (status, headers, body) = api.get(&address).await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    let content = &document["paths"][path]["get"]["responses"][status.as_str()]["content"];
    let schema = &content[headers["content-type"].to_str().unwrap()]["schema"];
    assert!(!schema.is_null(), "{address}: {status} is not in the document");
    assert_eq!(faults(document, schema, &body, "$"), Vec::<String>::new(), "{address}\n{body:#}");
    assert!(status == 200 || status == 404, "{address}\n{body:#}");
    body
}

#[tokio::test]
async fn every_path_is_answered_as_its_schema_says_at_any_block() {
    let document = document();
    let api = market().await;
    let mut answered = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        let has_at = parameters.iter().any(|parameter| parameter["name"] == "at");
        let query = if path.ends_with("search") { "?q=1500".to_owned() } else { String::new() };
        let newest = check(&api, &document, path, &query, FIRST).await;
        answered += usize::from(newest.get("data").is_some());
        if has_at {
            let past = check(&api, &document, path, &format!("?at={}", FIRST + 700), FIRST).await;
            if past["as_of"]["read_at_block"].is_u64() {
                assert_eq!(past["as_of"]["block"], FIRST + 700, "{path}");
            }
        }
    }
    assert!(answered >= 34, "{answered}");
}

#[tokio::test]
async fn the_recorded_chain_is_answered_as_the_schemas_say() {
    let document = document();
    let api = Api::new(plain()).await;
    for path in [
        "blocks",
        "blocks/{block}",
        "extrinsics",
        "extrinsics/{extrinsic}",
        "events",
        "calls",
        "transfers",
        "accounts/{account}",
        "runtimes",
        "status",
    ] {
        let body = check(&api, &document, &format!("/api/v1/{path}"), "", CALM).await;
        let data = &body["data"];
        assert!(data.is_object() || !data.as_array().unwrap().is_empty(), "{path}");
    }
    let block = api.rest(&format!("/api/v1/blocks/{CALM}")).await;
    let by_hash = api.rest(&format!("/api/v1/blocks/{}", block["data"]["hash"].as_str().unwrap())).await;
    assert_eq!(block["data"], by_hash["data"]);
    let extrinsic = api.rest(&format!("/api/v1/extrinsics/{CALM}-0")).await;
    assert_eq!(extrinsic["data"]["call"], "set");
}

fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,20}",
        "-[0-9]{1,3}",
        "0x[0-9a-f]{64}",
        "[a-zA-Z_.]{1,12}",
        Just(ALICE.to_owned()),
        Just(String::new()),
        Just("true".to_owned()),
        Just("newest".to_owned()),
        Just("2026-02-03T04:05:06Z".to_owned()),
        Just("%00%ff%27%22%20OR%201=1".to_owned()),
        Just("%F0%9F%98%80".to_owned()),
    ]
}

/// A path of either set, with some of the parameters that its document names, or others.
fn requests() -> impl Strategy<Value = String> {
    let document = document();
    let described = document["paths"].as_object().unwrap().iter().map(|(path, item)| {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        let queries = parameters.into_iter().filter(|parameter| parameter["in"] == "query");
        (
            path.clone(),
            queries.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>(),
        )
    });
    let paths: Vec<(String, Vec<String>)> = described.collect();
    proptest::sample::select(paths).prop_flat_map(|(path, names)| {
        let names = if names.is_empty() { vec!["none".to_owned()] } else { names };
        let parameters = proptest::collection::vec((proptest::sample::select(names), values()), 0..4);
        let parts = proptest::collection::vec(values(), 3);
        (Just(path), parameters, parts).prop_map(|(path, parameters, parts)| {
            let mut address = path;
            for part in parts {
                if let Some((from, to)) = address.find('{').zip(address.find('}')) {
                    let part = if part.is_empty() { "x".to_owned() } else { part };
                    address.replace_range(from..=to, &part);
                }
            }
            let query: Vec<_> =
                parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{address}?{}", query.join("&")).replace(' ', "%20")
        })
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_whatever_is_a_fault_of_ours() {
    let api = market().await;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..300 {
        let address = requests().new_tree(&mut runner).unwrap().current();
        let (status, _, body) = api.get(&address).await;
        assert!(status.as_u16() < 500, "{address}: {status} {}", String::from_utf8_lossy(&body));
        assert!(serde_json::from_slice::<Value>(&body).is_ok(), "{address}");
    }
}

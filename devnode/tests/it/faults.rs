//! Faults: each happens when asked for, and only then.

use std::time::Duration;

use jsonrpsee::core::client::Error;
use serde_json::{Value, json};
use yumascan_chain::matches_extrinsics_root;
use yumascan_devnode::{DevNode, Faults, Handle, NodeOptions, RateLimit, RateLimitAnswer};

use crate::{
    client::{ask, get, header, heads, http, next, post, refused, websocket},
    generated::{self, EVENTS_KEY, events_of, extrinsics_of},
};

const CHAIN: &str = r#"{"jsonrpc":"2.0","id":1,"method":"system_chain"}"#;

async fn node(faults: Faults) -> Handle {
    let options = NodeOptions { faults, seed: 7, ..NodeOptions::default() };
    DevNode::new(generated::recording(30), options).serve("127.0.0.1:0").await.unwrap()
}

#[tokio::test]
async fn a_dropped_connection_is_closed_without_an_answer() {
    let node = node(Faults { drop: 1.0, ..Faults::default() }).await;
    let client = websocket(&node).await;
    let lost = ask(&client, "system_chain", &[]).await;
    assert!(matches!(lost, Err(Error::RestartNeeded(_))), "{lost:?}");
    assert_eq!(post(&node, CHAIN).await.1, "");
    assert_eq!(node.stats().dropped, 2);

    node.set_faults(Faults::default());
    assert_eq!(get(&websocket(&node).await, "system_chain", &[]).await, json!("generated"));
}

#[tokio::test]
async fn drops_are_as_frequent_as_asked_and_the_same_for_the_same_seed() {
    let mut patterns = Vec::new();
    for _ in 0..2 {
        let node = node(Faults { drop: 0.3, ..Faults::default() }).await;
        let mut pattern = Vec::new();
        for _ in 0..200 {
            pattern.push(post(&node, CHAIN).await.1.is_empty());
        }
        patterns.push(pattern);
    }
    let dropped = patterns[0].iter().filter(|dropped| **dropped).count();
    assert!((30..90).contains(&dropped), "{dropped} of 200 were dropped");
    assert_eq!(patterns[0], patterns[1]);
}

#[tokio::test]
async fn every_websocket_is_closed_when_the_node_restarts() {
    let node = node(Faults::default()).await;
    let clients = [websocket(&node).await, websocket(&node).await];
    let mut heads = heads(&clients[0], "NewHeads").await;
    next(&mut heads).await;
    node.drop_connections();
    for client in &clients {
        tokio::time::timeout(crate::client::PATIENCE, client.on_disconnect()).await.unwrap();
    }
    assert!(heads.next().await.is_none());
    assert_eq!(node.stats().connections, 2);
}

#[tokio::test]
async fn a_hanging_request_holds_up_no_other() {
    let node = node(Faults { hang: 1.0, ..Faults::default() }).await;
    let client = websocket(&node).await;
    let hanging = tokio::time::timeout(Duration::from_millis(200), ask(&client, "system_chain", &[])).await;
    assert!(hanging.is_err(), "{hanging:?}");
    node.set_faults(Faults::default());
    assert_eq!(get(&client, "system_chain", &[]).await, json!("generated"));
    // and the node shuts down although it owes an answer
    node.shutdown().await;
}

#[tokio::test]
async fn latency_delays_answers_and_lets_them_overtake_each_other() {
    let latency = Duration::from_millis(80);
    let node = node(Faults { latency, ..Faults::default() }).await;
    let client = websocket(&node).await;
    let begun = std::time::Instant::now();
    let requests = (0..30).map(|number| {
        let client = &client;
        async move { get(client, "chain_getBlockHash", &[json!(number)]).await }
    });
    let answers = futures::future::join_all(requests).await;
    for (number, answer) in (0..).zip(answers) {
        let expected = node.recording().block(number).map(|block| block.hash);
        assert_eq!(answer, json!(expected));
    }
    // 30 random delays of up to 80 ms: the longest is no shorter than 8, one after another they would take 1.2 s
    assert!(begun.elapsed() >= latency / 10);
}

#[tokio::test]
async fn requests_over_the_limit_are_refused_in_the_way_asked_for() {
    for (answer, code, status) in [
        (RateLimitAnswer::HistoricalWork, -32004, 200),
        (RateLimitAnswer::Wait, -32029, 200),
        (RateLimitAnswer::Http429, -32029, 429),
    ] {
        let none = RateLimit { per_second: 0, answer };
        let node = node(Faults { rate_limit: Some(none), ..Faults::default() }).await;
        let client = websocket(&node).await;
        assert_eq!(refused(&client, "system_chain", &[]).await.0, code);
        let (found, body) = post(&node, CHAIN).await;
        assert_eq!(found, status);
        assert!(body.contains(&code.to_string()), "{body}");
        assert_eq!(node.stats().rate_limited, 2);

        let many = RateLimit { per_second: 1_000_000, answer };
        node.set_faults(Faults { rate_limit: Some(many), ..Faults::default() });
        assert_eq!(get(&client, "system_chain", &[]).await, json!("generated"));
    }
}

#[tokio::test]
async fn the_requests_of_a_batch_count_one_by_one() {
    let limit = RateLimit { per_second: 10, answer: RateLimitAnswer::Wait };
    let node = node(Faults { rate_limit: Some(limit), ..Faults::default() }).await;
    let batch: Vec<Value> =
        (0..1000).map(|id| json!({ "jsonrpc": "2.0", "id": id, "method": "system_chain" })).collect();
    let (_, answers) = post(&node, &json!(batch).to_string()).await;
    let answers: Vec<Value> = serde_json::from_str(&answers).unwrap();
    let answered = answers.iter().filter(|answer| answer.get("result").is_some()).count();
    // the batch may span a second or two, but not a hundred
    assert!((10..500).contains(&answered), "{answered} of 1000 were answered");
}

#[tokio::test]
async fn pruned_state_is_gone_but_its_blocks_are_not() {
    let node = node(Faults { prune: Some(10), ..Faults::default() }).await;
    let client = http(&node);
    for (number, kept) in [(1, false), (19, false), (20, true), (30, true)] {
        let at = json!(node.recording().block(number).unwrap().hash);
        assert_ne!(get(&client, "chain_getBlock", &[at.clone()]).await, Value::Null);
        let state = ask(&client, "state_getStorage", &[json!(EVENTS_KEY), at.clone()]).await;
        match kept {
            true => assert_eq!(state.unwrap(), json!(events_of(number))),
            false => {
                let (code, message) = refused(&client, "state_getStorage", &[json!(EVENTS_KEY), at]).await;
                assert_eq!(code, 4003);
                assert!(message.contains("State already discarded"), "{message}");
            }
        }
    }
}

#[tokio::test]
async fn corrupt_events_differ_in_one_byte_and_only_events_are_corrupted() {
    let node = node(Faults { corrupt_events: 1.0, ..Faults::default() }).await;
    let client = websocket(&node).await;
    for number in 1..=30 {
        let at = json!(node.recording().block(number).unwrap().hash);
        let corrupt = get(&client, "state_getStorage", &[json!(EVENTS_KEY), at.clone()]).await;
        let corrupt = const_hex::decode(corrupt.as_str().unwrap()).unwrap();
        let true_events = const_hex::decode(events_of(number)).unwrap();
        assert_eq!(corrupt.len(), true_events.len());
        let wrong = corrupt.iter().zip(&true_events).filter(|(one, other)| one != other).count();
        assert_eq!((wrong, corrupt[0]), (1, true_events[0]), "block {number}");
        assert_eq!(
            get(&client, "state_getStorage", &[json!("0xaa01"), at]).await,
            json!(format!("0x{number:08x}"))
        );
    }
    assert_eq!(node.stats().falsified, 30);
}

#[tokio::test]
async fn a_lying_node_can_be_found_out() {
    let node = node(Faults { wrong_header: 1.0, ..Faults::default() }).await;
    let client = websocket(&node).await;
    let at = json!(node.recording().block(9).unwrap().hash);
    assert_ne!(json!(header(&get(&client, "chain_getHeader", &[at.clone()]).await).hash()), at);

    node.set_faults(Faults { other_extrinsics: 1.0, ..Faults::default() });
    let block = get(&client, "chain_getBlock", &[at.clone()]).await;
    let true_header = header(&block["block"]["header"]);
    assert_eq!(json!(true_header.hash()), at);
    let extrinsics: Vec<String> = serde_json::from_value(block["block"]["extrinsics"].clone()).unwrap();
    let extrinsics: Vec<Vec<u8>> = extrinsics.iter().map(|hex| const_hex::decode(hex).unwrap()).collect();
    assert_eq!(extrinsics.len(), extrinsics_of(9).len());
    assert!(!matches_extrinsics_root(&true_header, &extrinsics));

    node.set_faults(Faults::default());
    assert_eq!(json!(header(&get(&client, "chain_getHeader", &[at.clone()]).await).hash()), at);
}

//! Methods and messages.

use serde_json::{Value, json};
use yumascan_chain::matches_extrinsics_root;
use yumascan_devnode::{DevNode, Handle, LoadOptions, NodeOptions, Recording};

use crate::{
    client::{ask, get, header, http, post, refused, websocket},
    generated::{self, EVENTS_KEY, SPECS, UPGRADED_AT, events_of, extrinsics_of},
};

async fn node(blocks: u64, head: Option<u64>) -> Handle {
    let options = NodeOptions { head, ..NodeOptions::default() };
    DevNode::new(generated::recording(blocks), options).serve("127.0.0.1:0").await.unwrap()
}

#[tokio::test]
async fn every_method_that_is_listed_is_answered_on_both_transports() {
    let node = node(3, None).await;
    let (websocket, http) = (websocket(&node).await, http(&node));
    let listed = get(&websocket, "rpc_methods", &[]).await;
    assert_eq!(get(&http, "rpc_methods", &[]).await, listed);
    let methods: Vec<&str> =
        listed["methods"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(methods.len() > 40 && methods.is_sorted() && methods.contains(&"chain_getBlock"), "{methods:?}");
    for method in methods {
        let raw = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": [] }).to_string();
        let (_, answer) = post(&node, &raw).await;
        let is_subscription = method.contains("subscribe") && !method.contains("unsubscribe");
        let unknown = answer.contains("Method not found");
        assert!(!unknown, "{method}: {answer}");
        assert_eq!(
            answer.contains("not available on this transport"),
            is_subscription && method != "state_subscribeStorage",
            "{method}: {answer}"
        );
    }
    assert_eq!(refused(&websocket, "system_nonsense", &[]).await.0, -32601);
}

#[tokio::test]
async fn blocks_come_with_the_hashes_links_and_roots_they_were_recorded_with() {
    let node = node(12, None).await;
    let client = websocket(&node).await;
    let mut parent = get(&client, "chain_getBlockHash", &[json!(0)]).await;
    for number in 1..=12 {
        let hash = get(&client, "chain_getBlockHash", &[json!(number)]).await;
        assert_eq!(get(&client, "chain_getBlockHash", &[json!(format!("{number:#x}"))]).await, hash);
        let block = get(&client, "chain_getBlock", &[hash.clone()]).await;
        let found = header(&block["block"]["header"]);
        assert_eq!(
            (json!(found.hash()), json!(found.parent_hash), found.number),
            (hash.clone(), parent, number)
        );
        assert_eq!(get(&client, "chain_getHeader", &[hash.clone()]).await, block["block"]["header"]);
        let extrinsics: Vec<String> = serde_json::from_value(block["block"]["extrinsics"].clone()).unwrap();
        let extrinsics: Vec<Vec<u8>> = extrinsics.iter().map(|hex| const_hex::decode(hex).unwrap()).collect();
        assert_eq!(extrinsics, extrinsics_of(number));
        assert!(matches_extrinsics_root(&found, &extrinsics));
        parent = hash;
    }
    let several = get(&client, "chain_getBlockHash", &[json!([12, 0, "0xc", 13])]).await;
    assert_eq!(several, json!([parent, node.recording().genesis_hash(), parent, null]));
    assert_eq!(get(&client, "chain_getBlockHash", &[]).await, parent);
    assert_eq!(get(&client, "chain_getFinalizedHead", &[]).await, parent);
}

#[tokio::test]
async fn what_does_not_exist_yet_or_never_is_null_and_its_state_an_error() {
    let node = node(12, Some(4)).await;
    let client = websocket(&node).await;
    assert_eq!(get(&client, "chain_getBlockHash", &[json!(5)]).await, Value::Null);
    let not_yet = json!(node.recording().block(5).unwrap().hash);
    for unknown in [not_yet, json!(format!("0x{}", "11".repeat(32)))] {
        assert_eq!(get(&client, "chain_getHeader", &[unknown.clone()]).await, Value::Null);
        assert_eq!(get(&client, "chain_getBlock", &[unknown.clone()]).await, Value::Null);
        let (code, message) = refused(&client, "state_getStorage", &[json!(EVENTS_KEY), unknown]).await;
        assert_eq!(code, 4003);
        assert!(message.contains("UnknownBlock"), "{message}");
    }
    assert_eq!(refused(&client, "chain_getHeader", &[json!("0x12")]).await.0, -32602);
    assert_eq!(refused(&client, "state_getStorage", &[json!("not hex")]).await.0, -32602);
    assert_eq!(refused(&client, "state_getStorage", &[]).await.0, -32602);
}

#[tokio::test]
async fn state_is_that_of_the_block_asked_for() {
    let node = node(8, None).await;
    let client = websocket(&node).await;
    for number in 0..=8_u64 {
        let at = get(&client, "chain_getBlockHash", &[json!(number)]).await;
        let value = |key: &str| {
            let (client, params) = (&client, [json!(key), at.clone()]);
            async move { get(client, "state_getStorage", &params).await }
        };
        assert_eq!(value("0xaa01").await, json!(format!("0x{number:08x}")));
        assert_eq!(value("0xaa02").await, if number < 2 { json!("0x") } else { Value::Null });
        assert_eq!(value(EVENTS_KEY).await, if number == 0 { Value::Null } else { json!(events_of(number)) });
        assert_eq!(value("0xaa").await, Value::Null);
        assert_eq!(get(&client, "state_getStorageSize", &[json!("0xaa01"), at.clone()]).await, json!(4));
        assert_eq!(get(&client, "state_getStorageSize", &[json!("0xcc"), at.clone()]).await, Value::Null);

        let queried = get(&client, "state_queryStorageAt", &[json!(["0xaa01", "0xcc"]), at.clone()]).await;
        assert_eq!(
            queried,
            json!([{ "block": at, "changes": [["0xaa01", format!("0x{number:08x}")], ["0xcc", null]] }])
        );

        let written: Vec<String> =
            (1..=number).filter(|n| n % 2 == 0).map(|n| format!("0xbb{n:08x}")).collect();
        let mut paged: Vec<String> = Vec::new();
        loop {
            let params = [json!("0xbb"), json!(3), json!(paged.last()), at.clone()];
            let page: Vec<String> =
                serde_json::from_value(get(&client, "state_getKeysPaged", &params).await).unwrap();
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        assert_eq!(paged, written);
    }
    let range = [json!(["0xaa02"]), json!(node.recording().genesis_hash())];
    let changes = get(&client, "state_queryStorage", &range).await;
    let blocks: Vec<&Value> =
        changes.as_array().unwrap().iter().map(|change| &change["changes"][0][1]).collect();
    assert_eq!(blocks, [&json!("0x"), &Value::Null]);
    assert_eq!(refused(&client, "state_getKeysPaged", &[json!("0x"), json!(1001)]).await.0, 4002);
}

#[tokio::test]
async fn the_runtime_named_at_a_block_is_that_of_the_state_after_it() {
    let node = node(8, None).await;
    let client = websocket(&node).await;
    for number in 0..=8 {
        let at = get(&client, "chain_getBlockHash", &[json!(number)]).await;
        let spec = SPECS[usize::from(number >= UPGRADED_AT)];
        let version = get(&client, "state_getRuntimeVersion", &[at.clone()]).await;
        assert_eq!(version["specVersion"], json!(spec));
        let call = |function: &str, argument: &str| {
            let (client, params) = (&client, [json!(function), json!(argument), at.clone()]);
            async move { get(client, "state_call", &params).await }
        };
        let hex = |text: String| json!(const_hex::encode_prefixed(text));
        assert_eq!(
            get(&client, "state_getMetadata", &[at.clone()]).await,
            hex(format!("metadata {spec} V14"))
        );
        assert_eq!(call("Metadata_metadata_versions", "0x").await, json!("0x080e0000000f000000"));
        // an Option of bytes behind their length of 15, which is 60 as a compact
        assert_eq!(
            call("Metadata_metadata_at_version", "0x0f000000").await,
            hex(format!("\u{1}<metadata {spec} V15"))
        );
        assert_eq!(call("Metadata_metadata_at_version", "0x10000000").await, json!("0x00"));
        let refused = refused(&client, "state_call", &[json!("Core_execute_block"), json!("0x"), at]).await;
        assert!(refused.1.contains("executes nothing"), "{refused:?}");
    }
}

#[tokio::test]
async fn batches_are_answered_request_by_request_and_notifications_not_at_all() {
    let node = node(3, None).await;
    let batch = json!([
        { "jsonrpc": "2.0", "id": 1, "method": "system_chain" },
        { "jsonrpc": "2.0", "method": "system_chain" },
        { "jsonrpc": "2.0", "id": "two", "method": "nonsense", "params": [] },
        7,
        { "jsonrpc": "2.0", "id": null, "method": "chain_getBlockHash", "params": [9] },
    ]);
    let (status, answer) = post(&node, &batch.to_string()).await;
    let answers: Vec<Value> = serde_json::from_str(&answer).unwrap();
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    assert_eq!((status, ids), (200, vec![&json!(1), &json!("two"), &Value::Null]), "{answer}");
    assert_eq!(answers[0]["result"], json!("generated"));
    assert_eq!(answers[1]["error"]["code"], json!(-32601));
    assert_eq!(answers[2]["error"]["code"], json!(-32600));

    for (body, code) in
        [("{", -32700), ("[]", -32600), ("{\"id\":1}", -32600), ("\"text\"", -32600), ("", -32700)]
    {
        let (status, answer) = post(&node, body).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((status, &answer["error"]["code"]), (200, &json!(code)), "{body}");
    }
    assert_eq!(node.stats().by_method["system_chain"], 2);
}

#[tokio::test]
async fn a_slice_answers_as_a_node_synced_from_a_snapshot() {
    let recording = Recording::load_files(generated::files(700, 10), &LoadOptions::default()).unwrap();
    assert_eq!((recording.first_block(), recording.last_block()), (701, 710));
    let node = DevNode::new(recording.into(), NodeOptions::default()).serve("127.0.0.1:0").await.unwrap();
    let client = http(&node);
    let genesis = get(&client, "chain_getBlockHash", &[json!(0)]).await;
    assert_eq!(genesis, json!(node.recording().genesis_hash()));
    assert_eq!(get(&client, "chain_getBlockHash", &[json!([1, 699])]).await, json!([null, null]));
    assert_eq!(get(&client, "chain_getBlock", &[genesis.clone()]).await, Value::Null);
    assert_eq!(get(&client, "chain_getHeader", &[genesis.clone()]).await, Value::Null);
    assert!(refused(&client, "state_getStorage", &[json!("0xaa01"), genesis]).await.1.contains("discarded"));

    let base = get(&client, "chain_getBlockHash", &[json!(700)]).await;
    assert_eq!(header(&get(&client, "chain_getHeader", &[base.clone()]).await).number, 700);
    assert_eq!(get(&client, "chain_getBlock", &[base.clone()]).await, Value::Null);
    assert_eq!(get(&client, "state_getStorage", &[json!("0xaa01"), base]).await, json!("0x000002bc"));
    let first = get(&client, "chain_getBlockHash", &[json!(701)]).await;
    assert_eq!(header(&get(&client, "chain_getBlock", &[first]).await["block"]["header"]).number, 701);
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_way_out() {
    let node = node(1, None).await;
    let address = node.address().to_string();
    let refused =
        DevNode::new(generated::recording(1), NodeOptions::default()).serve(&address).await.unwrap_err();
    let message = refused.to_string();
    assert!(message.contains(&address) && message.contains("--listen"), "{message}");
    node.shutdown().await;
    let again = DevNode::new(generated::recording(1), NodeOptions::default()).serve(&address).await.unwrap();
    assert!(ask(&http(&again), "system_chain", &[]).await.is_ok());
}

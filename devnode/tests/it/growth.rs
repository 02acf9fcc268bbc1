//! Growth, finality, competing branches.

use std::time::Duration;

use jsonrpsee::{core::client::SubscriptionClientT, rpc_params};
use serde_json::{Value, json};
use yumascan_devnode::{DevNode, Faults, Handle, NodeOptions};

use crate::{
    client::{PATIENCE, get, header, heads, next, number, websocket},
    generated::{self, SPECS, UPGRADED_AT, events_of},
};

async fn node(options: NodeOptions) -> Handle {
    DevNode::new(generated::recording(30), options).serve("127.0.0.1:0").await.unwrap()
}

fn from(head: u64) -> NodeOptions {
    NodeOptions { head: Some(head), ..NodeOptions::default() }
}

async fn numbers(subscription: &mut jsonrpsee::core::client::Subscription<Value>, count: usize) -> Vec<u64> {
    let mut seen = Vec::new();
    for _ in 0..count {
        seen.push(number(&next(subscription).await));
    }
    seen
}

#[tokio::test]
async fn a_subscriber_sees_every_block_once_and_in_order() {
    let node = node(from(3)).await;
    let client = websocket(&node).await;
    let (mut new, mut all) = (heads(&client, "NewHeads").await, heads(&client, "AllHeads").await);
    let mut finalized = heads(&client, "FinalizedHeads").await;
    assert_eq!(node.advance(5), 8);
    assert_eq!(numbers(&mut new, 6).await, [3, 4, 5, 6, 7, 8]);
    assert_eq!(numbers(&mut all, 6).await, [3, 4, 5, 6, 7, 8]);
    assert_eq!(numbers(&mut finalized, 4).await, [3, 4, 5, 6]);
    assert_eq!((node.best(), node.finalized()), (8, 6));

    new.unsubscribe().await.unwrap();
    assert_eq!(node.grow_to(10), 10);
    assert_eq!(numbers(&mut all, 2).await, [9, 10]);
    assert_eq!(node.grow_to(99), 30);
    assert_eq!(node.advance(1), 30);
}

#[tokio::test]
async fn unsubscribing_tells_whether_there_was_a_subscription() {
    let node = node(from(3)).await;
    let client = websocket(&node).await;
    assert_eq!(get(&client, "chain_unsubscribeNewHeads", &[json!("0123456789abcdef")]).await, json!(false));
    let id = get(&client, "chain_subscribeNewHeads", &[]).await;
    assert_eq!(get(&client, "chain_unsubscribeNewHeads", &[id.clone()]).await, json!(true));
    assert_eq!(get(&client, "chain_unsubscribeNewHeads", &[id]).await, json!(false));
}

#[tokio::test]
async fn a_chain_with_a_block_time_grows_by_itself_and_finality_follows() {
    let options = NodeOptions { block_time: Some(Duration::from_millis(5)), ..from(10) };
    let node = node(options).await;
    assert_eq!(node.finalized(), 8);
    let client = websocket(&node).await;
    let mut finalized = heads(&client, "FinalizedHeads").await;
    let first = number(&next(&mut finalized).await);
    for expected in first + 1..=28 {
        assert_eq!(number(&next(&mut finalized).await), expected);
    }
    assert_eq!((node.best(), node.finalized()), (30, 28));
}

#[tokio::test]
async fn a_competing_branch_is_best_for_a_while_and_never_finalized() {
    let faults = Faults { fork_every: Some(10), fork_depth: 2, ..Faults::default() };
    let node = node(NodeOptions { faults, ..from(9) }).await;
    let client = websocket(&node).await;
    let mut new = heads(&client, "NewHeads").await;
    let mut all = heads(&client, "AllHeads").await;
    let mut finalized = heads(&client, "FinalizedHeads").await;

    assert!(!node.step() && !node.step());
    assert_eq!(numbers(&mut all, 3).await, [9, 10, 11]);
    next(&mut new).await;
    let (tenth, eleventh) = (header(&next(&mut new).await), header(&next(&mut new).await));
    assert_eq!(tenth.parent_hash, node.recording().block(9).unwrap().hash);
    assert_eq!(eleventh.parent_hash, tenth.hash());
    assert_ne!(tenth.hash(), node.recording().block(10).unwrap().hash);
    // while it is best, everything leads to it
    assert_eq!(get(&client, "chain_getBlockHash", &[]).await, json!(eleventh.hash()));
    assert_eq!(get(&client, "chain_getBlockHash", &[json!(10)]).await, json!(tenth.hash()));
    assert_eq!(header(&get(&client, "chain_getHeader", &[]).await), eleventh);
    let body = get(&client, "chain_getBlock", &[json!(tenth.hash())]).await;
    assert_eq!(header(&body["block"]["header"]), tenth);

    assert!(node.step());
    assert_eq!((node.best(), node.finalized()), (11, 9));
    // newHeads tells where the chain is now, allHeads how it came there
    let switched = header(&next(&mut new).await);
    assert_eq!(switched.hash(), node.recording().block(11).unwrap().hash);
    assert_eq!(numbers(&mut all, 2).await, [10, 11]);
    assert_eq!(
        get(&client, "chain_getBlockHash", &[json!(10)]).await,
        json!(node.recording().block(10).unwrap().hash)
    );
    // a retracted block can still be asked for, as on a node that has not forgotten it yet
    assert_eq!(header(&get(&client, "chain_getHeader", &[json!(tenth.hash())]).await), tenth);

    node.grow_to(30);
    // the subscription began with the finalized block of then
    for expected in 9..=28 {
        let hash = header(&next(&mut finalized).await).hash();
        assert_eq!(hash, node.recording().block(expected).unwrap().hash);
    }
}

#[tokio::test]
async fn a_stalled_chain_stays_where_it_is_until_the_stall_ends() {
    let faults = Faults { stall_at: Some(12), stall_for: Duration::from_secs(3600), ..Faults::default() };
    let node = node(NodeOptions { block_time: Some(Duration::from_millis(1)), faults, ..from(10) }).await;
    let client = websocket(&node).await;
    let mut new = heads(&client, "NewHeads").await;
    while number(&next(&mut new).await) < 12 {}
    let more = tokio::time::timeout(Duration::from_millis(300), new.next()).await;
    assert!(more.is_err(), "the chain went on: {more:?}");
    assert_eq!(node.best(), 12);
    // a test may push it on
    assert_eq!(node.advance(1), 13);
    assert_eq!(number(&next(&mut new).await), 13);
}

#[tokio::test]
async fn a_runtime_subscriber_is_told_of_the_upgrade_once() {
    let node = node(from(2)).await;
    let client = websocket(&node).await;
    let mut versions: jsonrpsee::core::client::Subscription<Value> = client
        .subscribe("state_subscribeRuntimeVersion", rpc_params![], "state_unsubscribeRuntimeVersion")
        .await
        .unwrap();
    let mut new = heads(&client, "NewHeads").await;
    assert_eq!(next(&mut versions).await["specVersion"], json!(SPECS[0]));
    node.grow_to(20);
    assert_eq!(next(&mut versions).await["specVersion"], json!(SPECS[1]));
    while number(&next(&mut new).await) < 20 {}
    let more = tokio::time::timeout(Duration::from_millis(50), versions.next()).await;
    assert!(more.is_err() && UPGRADED_AT < 20, "told again: {more:?}");
}

#[tokio::test]
async fn a_storage_subscriber_is_told_of_changes_only() {
    let node = node(from(1)).await;
    let client = websocket(&node).await;
    let keys = [generated::EVENTS_KEY, "0xaa02", "0xcc"];
    let mut changes: jsonrpsee::core::client::Subscription<Value> = client
        .subscribe("state_subscribeStorage", rpc_params![keys], "state_unsubscribeStorage")
        .await
        .unwrap();
    let at = |number: u64| json!(node.recording().block(number).unwrap().hash);
    let first = next(&mut changes).await;
    assert_eq!(first["block"], at(1));
    assert_eq!(first["changes"].as_array().unwrap().len(), 3);
    node.advance(2);
    let (second, third) = (next(&mut changes).await, next(&mut changes).await);
    assert_eq!(second, json!({ "block": at(2), "changes": [[keys[0], events_of(2)], ["0xaa02", null]] }));
    assert_eq!(third, json!({ "block": at(3), "changes": [[keys[0], events_of(3)]] }));
}

#[tokio::test]
async fn subscribers_that_come_while_the_chain_grows_miss_nothing() {
    let node = node(NodeOptions { block_time: Some(Duration::from_millis(3)), ..from(1) }).await;
    let client = websocket(&node).await;
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let mut new = heads(&client, "NewHeads").await;
        readers.spawn(async move {
            let mut last = number(&next(&mut new).await);
            while last < 30 {
                let seen = number(&next(&mut new).await);
                assert_eq!(seen, last + 1);
                last = seen;
            }
        });
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    let done = tokio::time::timeout(PATIENCE, async {
        while let Some(read) = readers.join_next().await {
            read.unwrap();
        }
    });
    done.await.unwrap();
}

//! The unfinalized tip: shown when it is asked for, marked as not final, gone when it is retracted.

use std::sync::Arc;

use serde_json::{Value, json};
use yumascan_warehouse::live::TipBlock;

use crate::world::{Api, LAST, plain, world};

/// A block above the stored ones: the last stored one under another height.
fn tip_block(api_head: &TipBlock, number: u64) -> Arc<TipBlock> {
    let mut block = api_head.clone();
    block.block.number = number;
    block.block.hash = format!("0x{number:064x}");
    for extrinsic in &mut block.extrinsics {
        extrinsic.block_number = number;
    }
    Arc::new(block)
}

async fn with_tip(count: u64) -> Api {
    let api = Api::new(plain()).await;
    let head = TipBlock::new(world().raw_block(LAST), world().block(LAST));
    for number in LAST + 1..=LAST + count {
        api.state.tip.push_best(tip_block(&head, number));
    }
    api
}

fn numbers(page: &Value) -> Vec<u64> {
    page["nodes"].as_array().unwrap().iter().map(|node| node["number"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn unfinalized_blocks_are_listed_only_when_asked_for_and_say_so() {
    let api = with_tip(2).await;
    let data = api.data("{ stored: blocks(first: 1) { nodes { number finalized } } all: blocks(first: 3, includeUnfinalized: true) { totalCount asOf { block finalized } nodes { number finalized } } }").await;
    assert_eq!(data["stored"]["nodes"], json!([{ "number": LAST, "finalized": true }]));
    assert_eq!(
        data["all"]["nodes"],
        json!([{ "number": LAST + 2, "finalized": false }, { "number": LAST + 1, "finalized": false }, { "number": LAST, "finalized": true }])
    );
    assert_eq!(data["all"]["asOf"], json!({ "block": LAST + 2, "finalized": false }));
    assert_eq!(data["all"]["totalCount"], world().decoded.len() + 2);
}

#[tokio::test]
async fn pages_cross_from_the_tip_into_the_stored_blocks_and_back() {
    let api = with_tip(5).await;
    for (order, size) in [("NEWEST", 2), ("NEWEST", 5), ("NEWEST", 7), ("OLDEST", 10), ("OLDEST", 21)] {
        for forward in [true, false] {
            let mut seen = Vec::new();
            let mut cursor = String::new();
            loop {
                let (count, from, more, next) = if forward {
                    ("first", "after", "hasNextPage", "endCursor")
                } else {
                    ("last", "before", "hasPreviousPage", "startCursor")
                };
                let data = api
                    .data(&format!("{{ blocks(order: {order}, includeUnfinalized: true, {count}: {size}{cursor}) {{ totalCount nodes {{ number }} pageInfo {{ {more} {next} }} }} }}"))
                    .await;
                let page = &data["blocks"];
                if forward {
                    seen.extend(numbers(page));
                } else {
                    seen.splice(0..0, numbers(page));
                }
                if page["pageInfo"][more] == json!(false) {
                    assert_eq!(page["totalCount"], seen.len());
                    break;
                }
                cursor = format!(", {from}: {}", page["pageInfo"][next]);
            }
            let mut expected = seen.clone();
            expected.sort_unstable();
            expected.dedup();
            if order == "NEWEST" {
                expected.reverse();
            }
            assert_eq!(seen, expected, "{order} {size} {forward}");
        }
    }
}

#[tokio::test]
async fn the_tip_knows_extrinsics_but_not_what_is_only_stored() {
    let api = with_tip(1).await;
    let number = LAST + 1;
    let data = api
        .data(&format!(
            "{{ without: block(number: {number}) {{ number }}
                block(number: {number}, includeUnfinalized: true) {{ finalized extrinsics(first: 2) {{ totalCount nodes {{ id finalized calls {{ totalCount }} events {{ totalCount }} block {{ number }} }} }} events {{ totalCount }} transfers {{ totalCount }} }}
                tip {{ best finalized blocks {{ number }} asOf {{ block finalized }} }} }}"
        ))
        .await;
    assert_eq!(data["without"], Value::Null);
    let block = &data["block"];
    assert_eq!(
        (&block["finalized"], &block["events"], &block["transfers"]),
        (&json!(false), &Value::Null, &Value::Null)
    );
    assert_eq!(block["extrinsics"]["totalCount"], world().block(LAST).extrinsics().len());
    assert_eq!(
        block["extrinsics"]["nodes"][0],
        json!({ "id": format!("{number}-0"), "finalized": false, "calls": null, "events": null, "block": { "number": number } })
    );
    assert_eq!(
        data["tip"],
        json!({ "best": number, "finalized": LAST, "blocks": [{ "number": number }], "asOf": { "block": number, "finalized": false } })
    );
}

#[tokio::test]
async fn retracted_blocks_are_gone() {
    let api = with_tip(3).await;
    api.state.tip.retract_to(LAST + 1);
    let data = api.data("{ tip { best blocks { number } } }").await;
    assert_eq!(data["tip"], json!({ "best": LAST + 1, "blocks": [{ "number": LAST + 1 }] }));
    api.state.tip.retract_to(LAST);
    let data = api.data("{ tip { best finalized } }").await;
    assert_eq!(data["tip"], json!({ "best": null, "finalized": LAST }));
}

//! No N+1: the number of warehouse queries does not grow with the rows.

use yumascan_api::ApiConfig;

use crate::world::{Api, CALM, FIRST, plain};

#[tokio::test]
async fn nested_lists_take_the_same_few_queries_whatever_the_number_of_blocks() {
    let api = Api::new(ApiConfig { max_complexity: usize::MAX, ..plain() }).await;
    let query = |blocks: u64| {
        format!(
            "{{ blocks(first: {blocks}, filter: {{ toBlock: {CALM} }}) {{ nodes {{ number
                  extrinsics(first: 100) {{ nodes {{ id
                    calls(first: 100) {{ nodes {{ path parent {{ path }} children {{ nodes {{ path }} }} }} }}
                    events(first: 100) {{ nodes {{ name }} }} }} }}
                  events(first: 100) {{ nodes {{ name extrinsic {{ id }} block {{ number }} }} }} }} }} }}"
        )
    };
    // The first run may learn which blocks are visible.
    api.data(&query(10)).await;
    let (one, ten) = (api.cost(&query(1)).await, api.cost(&query(10)).await);
    // head, blocks, extrinsics, calls, events of extrinsics, events of blocks, extrinsics by place, blocks by number
    assert!(one <= 8, "{one} queries for one block");
    assert!(ten <= one + 1, "{ten} queries for ten blocks, {one} for one");
}

#[tokio::test]
async fn rows_that_share_a_parent_load_it_once_and_those_that_do_not_in_one_query() {
    let api = Api::new(plain()).await;
    let query = |first: u32| {
        format!(
            "{{ events(first: {first}, order: OLDEST, filter: {{ fromBlock: {FIRST} }}) {{ nodes {{ block {{ hash }} extrinsic {{ id block {{ number }} }} }} }} }}"
        )
    };
    api.data(&query(200)).await;
    let (few, many) = (api.cost(&query(2)).await, api.cost(&query(200)).await);
    assert!(many <= few + 2, "{many} queries for 200 events, {few} for 2");
}

#[tokio::test]
async fn counts_and_rows_are_read_only_when_they_are_selected() {
    let api = Api::new(plain()).await;
    let filter = "filter: { success: true, fromBlock: 2990 }";
    // The first read may learn which blocks are visible.
    api.data("{ extrinsics(first: 1000) { nodes { id } } }").await;
    let rows = api.cost(&format!("{{ extrinsics({filter}) {{ nodes {{ id }} }} }}")).await;
    let rows_again = api
        .cost(&format!(
            "{{ extrinsics({filter}) {{ nodes {{ id }} edges {{ cursor }} pageInfo {{ endCursor }} }} }}"
        ))
        .await;
    let count = api.cost(&format!("{{ extrinsics({filter}) {{ totalCount }} }}")).await;
    let both = api.cost(&format!("{{ extrinsics({filter}) {{ totalCount nodes {{ id }} }} }}")).await;
    let neither = api.cost(&format!("{{ extrinsics({filter}) {{ __typename }} }}")).await;
    assert_eq!(rows, rows_again, "edges, nodes and pageInfo are one read");
    assert_eq!(neither, 1, "the head alone");
    assert_eq!(both - neither, (rows - neither) + (count - neither));
}

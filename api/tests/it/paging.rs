//! Pages: every row once, in order, forward and backward; cursors only where they belong.

use serde_json::{Value, json};

use crate::world::{Api, CALM, plain};

/// Lists with a query each: `FILTER` stands for filter and order, `PAGE` for the page.
const LISTS: [(&str, &str); 6] = [
    (
        "blocks",
        "{ blocks(ORDER PAGE) { totalCount edges { cursor node { id: number } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
    ),
    (
        "extrinsics",
        "{ extrinsics(ORDER filter: { signed: true, toBlock: 3001 } PAGE) { totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
    ),
    (
        "calls",
        "{ calls(ORDER filter: { toBlock: 2999 } PAGE) { totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
    ),
    (
        "events",
        "{ events(ORDER filter: { fromBlock: 2995, toBlock: 2997 } PAGE) { totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
    ),
    (
        "transfers",
        "{ transfers(ORDER filter: { minAmountRao: \"1\" } PAGE) { totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
    ),
    (
        "runtimeVersions",
        "{ runtimeVersions(ORDER PAGE) { totalCount edges { cursor node { id: specVersion } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }",
    ),
];

/// Ids of all rows, page by page: `forward` with `first/after`, else with `last/before`.
async fn walk(api: &Api, list: &str, query: &str, order: &str, size: u32, forward: bool) -> Vec<Value> {
    let mut ids = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let (count, from) = if forward { ("first", "after") } else { ("last", "before") };
        let from = cursor.as_ref().map_or_else(String::new, |cursor| format!(", {from}: \"{cursor}\""));
        let query = query
            .replace("ORDER", &format!("order: {order},"))
            .replace("PAGE", &format!(", {count}: {size}{from}"));
        let query = query.replace(",,", ",").replace(", ,", ",");
        let data = api.data(&query).await;
        let page = &data[list];
        let edges = page["edges"].as_array().unwrap();
        assert!(edges.len() <= size as usize);
        let page_ids = edges.iter().map(|edge| edge["node"]["id"].clone());
        let info = &page["pageInfo"];
        assert_eq!(info["startCursor"], edges.first().map_or(Value::Null, |edge| edge["cursor"].clone()));
        assert_eq!(info["endCursor"], edges.last().map_or(Value::Null, |edge| edge["cursor"].clone()));
        if forward {
            ids.extend(page_ids);
        } else {
            ids.splice(0..0, page_ids);
        }
        let (more, next) =
            if forward { ("hasNextPage", "endCursor") } else { ("hasPreviousPage", "startCursor") };
        if info[more] == json!(false) {
            assert_eq!(page["totalCount"], ids.len(), "{list}: every row was visited");
            return ids;
        }
        cursor = Some(info[next].as_str().unwrap().to_owned());
    }
}

#[tokio::test]
async fn forward_and_backward_paging_visit_every_edge_once() {
    let api = Api::new(plain()).await;
    for (list, query) in LISTS {
        let newest = walk(&api, list, query, "NEWEST", 37, true).await;
        let unique: std::collections::HashSet<String> = newest.iter().map(Value::to_string).collect();
        assert_eq!(unique.len(), newest.len(), "{list}: no row twice");
        assert_eq!(walk(&api, list, query, "NEWEST", 53, false).await, newest, "{list}: backward");
        let mut oldest = walk(&api, list, query, "OLDEST", 101, true).await;
        oldest.reverse();
        assert_eq!(oldest, newest, "{list}: the other order is the reverse");
    }
}

#[tokio::test]
async fn lists_inside_of_objects_page_the_same_way() {
    let api = Api::new(plain()).await;
    let mut cursor = String::new();
    let mut seen = Vec::new();
    loop {
        let data = api.data(&format!("{{ block(number: {CALM}) {{ events(first: 5{cursor}) {{ totalCount edges {{ node {{ index }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}")).await;
        let page = &data["block"]["events"];
        seen.extend(
            page["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["index"].as_u64().unwrap()),
        );
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            assert_eq!(page["totalCount"], seen.len());
            break;
        }
        cursor = format!(", after: {}", page["pageInfo"]["endCursor"]);
    }
    assert_eq!(seen, (0..seen.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_cursor_of_another_list_filter_or_order_is_refused_with_the_way_out() {
    let api = Api::new(plain()).await;
    let data =
        api.data("{ events(first: 2, filter: { pallet: \"System\" }) { pageInfo { endCursor } } }").await;
    let cursor = data["events"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    api.data(&format!(
        "{{ events(first: 2, filter: {{ pallet: \"System\" }}, after: \"{cursor}\") {{ nodes {{ id }} }} }}"
    ))
    .await;
    for query in [
        format!("{{ events(first: 2, after: \"{cursor}\") {{ nodes {{ id }} }} }}"),
        format!(
            "{{ events(first: 2, filter: {{ pallet: \"System\" }}, order: OLDEST, after: \"{cursor}\") {{ nodes {{ id }} }} }}"
        ),
        format!("{{ blocks(first: 2, after: \"{cursor}\") {{ nodes {{ number }} }} }}"),
        format!(
            "{{ block(number: {CALM}) {{ events(first: 2, after: \"{cursor}\") {{ nodes {{ id }} }} }} }}"
        ),
    ] {
        let (code, message) = api.refusal(&query).await;
        assert_eq!(code, "CURSOR_MISMATCH", "{query}");
        assert!(message.contains("same") || message.contains("repeat the filter"), "{message}");
    }
    let (code, message) = api.refusal("{ events(after: \"nonsense\") { nodes { id } } }").await;
    assert_eq!(code, "INVALID_CURSOR");
    assert!(message.contains("endCursor"), "{message}");
}

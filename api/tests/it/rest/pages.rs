//! Pages of lists.

use serde_json::Value;

use crate::world::{Api, CALM, FIRST, LAST, plain};

/// All rows of a list, page by page.
async fn all(api: &Api, path: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = api.rest(&format!("{path}{cursor}")).await;
        rows.extend(page["data"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return rows };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn following_the_cursor_visits_every_row_once_in_either_order() {
    let api = Api::new(plain()).await;
    for list in ["blocks", "transfers", "events", "calls", "extrinsics"] {
        let path = |order, limit| format!("/api/v1/{list}?to_block={CALM}&order={order}&limit={limit}");
        let whole = all(&api, &path("newest", 1_000)).await;
        let mut upward = all(&api, &path("oldest", 7)).await;
        assert!(!whole.is_empty(), "{list}");
        upward.reverse();
        assert_eq!(whole, upward, "{list}");
    }
}

#[tokio::test]
async fn rest_and_graphql_tell_the_same() {
    let api = Api::new(plain()).await;
    let rest = api.rest(&format!("/api/v1/transfers?to_block={CALM}&limit=50")).await;
    let data = api
        .data(&format!(
            "{{ transfers(first: 50, filter: {{ toBlock: {CALM} }}) {{ nodes {{ from to amountRao }} }} }}"
        ))
        .await;
    let nodes = data["transfers"]["nodes"].as_array().unwrap();
    assert_eq!(rest["data"].as_array().unwrap().len(), nodes.len());
    for (left, right) in rest["data"].as_array().unwrap().iter().zip(nodes) {
        assert_eq!(left["amount_rao"], right["amountRao"]);
    }
}

#[tokio::test]
async fn a_page_says_as_of_which_block_it_holds_and_what_is_missing() {
    let api = Api::new(plain()).await;
    let page = api.rest(&format!("/api/v1/blocks?from_block={}&at={CALM}", FIRST - 5)).await;
    assert_eq!(page["as_of"]["block"], LAST);
    assert_eq!(page["data"][0]["number"], CALM);
    assert_eq!(page["coverage"]["missing_blocks"], 5);
    assert_eq!(page["coverage"]["to_block"], CALM);
}

#[tokio::test]
async fn who_has_the_answer_already_is_told_so() {
    let api = Api::new(plain()).await;
    let (_, headers, _) = api.get("/api/v1/blocks").await;
    let request = axum::http::Request::get("/api/v1/blocks")
        .header("if-none-match", headers["etag"].clone())
        .body(axum::body::Body::empty())
        .unwrap();
    let (status, _, body) = api.send(request).await;
    assert_eq!((status.as_u16(), body.len()), (304, 0));
}

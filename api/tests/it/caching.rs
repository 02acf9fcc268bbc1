//! Finalized objects come from memory, and HTTP caches are told what they may keep.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use yumascan_api::ApiConfig;

use crate::world::{Api, CALM, plain, world};

#[tokio::test]
async fn a_finalized_object_is_read_once() {
    let api = Api::new(plain()).await;
    let hash = world().block(CALM).summary.hash;
    let by_number = format!("{{ block(number: {CALM}) {{ hash }} }}");
    let by_hash = format!("{{ block(hash: \"{hash}\") {{ number }} }}");
    let by_id = format!("{{ extrinsic(id: \"{CALM}-0\") {{ hash }} }}");
    // Each request asks for the head: nothing is remembered of it here.
    for query in [&by_number, &by_id] {
        assert!(api.cost(query).await > 1, "{query}");
        assert_eq!(api.cost(query).await, 1, "{query}");
    }
    assert_eq!(api.cost(&by_hash).await, 1, "the cache knows the hash of a block it has seen");

    let remembering = Api::new(ApiConfig { head_ttl_ms: 600_000, ..plain() }).await;
    remembering.data(&by_number).await;
    assert_eq!(remembering.cost(&by_number).await, 0);
}

#[tokio::test]
async fn what_is_not_stored_is_asked_for_again() {
    let api = Api::empty(plain()).await;
    let query = "{ block(number: 5) { hash } }";
    api.data(query).await;
    assert!(api.cost(query).await > 1);
}

fn get(query: &str) -> axum::http::request::Builder {
    let encoded: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
    Request::get(format!("/graphql?query={encoded}")).header(header::ACCEPT, "application/json")
}

#[tokio::test]
async fn answers_of_finalized_objects_may_be_kept_and_others_are_asked_for_again() {
    let api = Api::new(plain()).await;
    for (query, kept) in [
        (format!("{{ block(number: {CALM}) {{ hash extrinsics {{ nodes {{ id }} }} }} }}"), true),
        (format!("{{ extrinsic(id: \"{CALM}-0\") {{ hash }} }}"), true),
        ("{ block { number } }".to_owned(), false),
        (format!("{{ block(number: {CALM}) {{ asOf {{ block }} }} }}"), false),
        (format!("{{ block(number: {CALM}) {{ next {{ number }} }} }}"), false),
        ("{ block(number: 1) { number } }".to_owned(), false),
        ("{ blocks { nodes { number } } }".to_owned(), false),
        ("{ status { version } }".to_owned(), false),
    ] {
        let (status, headers, _) = api.send(get(&query).body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK);
        let control = headers[header::CACHE_CONTROL].to_str().unwrap();
        assert_eq!(control.contains("max-age"), kept, "{query}: {control}");

        let known =
            get(&query).header(header::IF_NONE_MATCH, &headers[header::ETAG]).body(Body::empty()).unwrap();
        let (status, _, body) = api.send(known).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0), "{query}");
    }
    let (_, headers, _) =
        api.send(get("{ block(number: \"x\") { hash } }").body(Body::empty()).unwrap()).await;
    assert_eq!(headers[header::CACHE_CONTROL], "no-store", "refusals are not kept");
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_can_read_it() {
    let api = Api::new(plain()).await;
    for encoding in ["gzip", "br"] {
        let request =
            get("{ events(first: 200) { nodes { id args } } }").header(header::ACCEPT_ENCODING, encoding);
        let (_, headers, body) = api.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(headers[header::CONTENT_ENCODING], encoding);
        assert!(!body.starts_with(b"{"));
    }
}

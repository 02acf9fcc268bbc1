//! Queries that would cost too much are refused with the reason and the way out.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};
use yumascan_api::ApiConfig;

use crate::world::{Api, CALM, LAST, plain};

#[tokio::test]
async fn pages_beyond_the_limit_are_refused_everywhere() {
    let api = Api::new(plain()).await;
    for query in [
        "{ blocks(first: 1001) { nodes { number } } }".to_owned(),
        "{ blocks(first: 0) { nodes { number } } }".to_owned(),
        "{ events(last: -1) { nodes { id } } }".to_owned(),
        "{ transfers(first: 2147483648) { nodes { id } } }".to_owned(),
        format!("{{ block(number: {CALM}) {{ extrinsics(first: 5000) {{ nodes {{ id }} }} }} }}"),
    ] {
        let (code, message) = api.refusal(&query).await;
        assert_eq!(code, "PAGE_SIZE", "{query}");
        assert!(message.contains("1 to 1000"), "{message}");
    }
    let (code, _) = api.refusal("{ search(text: \"x\", first: 51) { hits { __typename } } }").await;
    assert_eq!(code, "PAGE_SIZE");
}

#[tokio::test]
async fn deep_queries_are_refused_with_the_depth() {
    let api = Api::new(plain()).await;
    let query = format!("{{ block {{ {}number{} }} }}", "parent { ".repeat(25), " }".repeat(25));
    let (code, message) = api.refusal(&query).await;
    assert_eq!(code, "DEPTH_LIMIT");
    assert!(message.contains("27") && message.contains("20"), "{message}");
    // Beyond what the parser takes.
    let query = format!("{{ block {{ {}number{} }} }}", "parent { ".repeat(5_000), " }".repeat(5_000));
    let answer = api.ask(&query).await;
    assert!(answer["errors"][0]["extensions"]["code"].is_string(), "{answer}");
}

#[tokio::test]
async fn costly_queries_are_refused_with_the_estimate() {
    let api = Api::new(plain()).await;
    let (code, message) = api
        .refusal("{ blocks(first: 1000) { nodes { extrinsics(first: 1000) { nodes { id calls(first: 1000) { nodes { id } } } } } } }")
        .await;
    assert_eq!(code, "COMPLEXITY_LIMIT");
    assert!(message.contains("1000000") && message.contains("first"), "{message}");
    // By variables too, and by page sizes that no integer arithmetic bears.
    let query = "query($n: Int) { blocks(first: $n) { nodes { extrinsics(first: $n) { nodes { calls(first: $n) { nodes { children(first: $n) { nodes { id } } } } } } } } }";
    let answer = api.ask_with(query, json!({ "n": i64::MAX })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "COMPLEXITY_LIMIT", "{answer}");
}

#[tokio::test]
async fn fragments_that_double_are_refused_at_once() {
    let api = Api::new(plain()).await;
    let mut query = String::from("{ ...f0 }");
    for level in 0..29 {
        query += &format!(" fragment f{level} on Query {{ ...f{} ...f{} }}", level + 1, level + 1);
    }
    query += " fragment f29 on Query { status { version } }";
    let (code, message) = api.refusal(&query).await;
    assert_eq!(code, "FIELD_LIMIT", "{message}");
}

#[tokio::test]
async fn an_answer_may_read_only_so_many_rows_and_take_only_so_many_queries() {
    let api = Api::new(ApiConfig { max_nodes: 500, max_complexity: usize::MAX, ..plain() }).await;
    let (code, message) = api.refusal(&format!("{{ block(number: {LAST}) {{ extrinsics(first: 1000) {{ nodes {{ id events(first: 1000) {{ nodes {{ id }} }} }} }} }} }}")).await;
    assert_eq!(code, "NODE_LIMIT", "{message}");
    assert!(message.contains("500"), "{message}");

    let api = Api::new(ApiConfig { max_warehouse_queries: 10, ..plain() }).await;
    let aliases: String = (0..30)
        .map(|number| format!("a{number}: extrinsicsByHash(hash: \"0x{}\") {{ id }} ", "ab".repeat(32)))
        .collect();
    let (code, message) = api.refusal(&format!("{{ {aliases} }}")).await;
    assert_eq!(code, "QUERY_LIMIT");
    assert!(message.contains("10"), "{message}");
}

/// What would cost much if it were begun. Each is refused before anything is read; the times are printed, for the reader.
#[tokio::test]
async fn the_abuse_set_is_refused_before_anything_is_read() {
    let api = Api::new(plain()).await;
    let one = "blocks(first: 1000) { nodes { events(first: 1000) { nodes { id } } } }";
    let cases: Vec<(&str, String, &str)> = vec![
        ("depth", format!("{{ block {{ {}number{} }} }}", "parent { ".repeat(40), " }".repeat(40)), "DEPTH_LIMIT"),
        ("aliases", format!("{{ {} }}", (0..200).map(|n| format!("a{n}: {one} ")).collect::<String>()), "COMPLEXITY_LIMIT"),
        ("aliases of a field", format!("{{ block {{ {} }} }}", (0..6_000).map(|n| format!("a{n}: number ")).collect::<String>()), "FIELD_LIMIT"),
        ("a cycle of fragments", "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(), "FIELD_LIMIT"),
        ("fragments that double", {
            let levels = (0..40).map(|n| format!("fragment f{n} on Query {{ ...f{0} ...f{0} }} ", n + 1));
            format!("{{ ...f0 }} {} fragment f40 on Query {{ status {{ version }} }}", levels.collect::<String>())
        }, "FIELD_LIMIT"),
        ("huge lists", "{ blocks(first: 1000) { nodes { extrinsics(first: 1000) { nodes { events(first: 1000) { nodes { id } } } } } } }".to_owned(), "COMPLEXITY_LIMIT"),
        ("a huge page", "{ events(first: 2000000000) { nodes { id } } }".to_owned(), "PAGE_SIZE"),
        ("a list of arguments", format!("{{ {} }}", (0..3_000).map(|n| format!("b{n}: block(number: {n}) {{ hash }} ")).collect::<String>()), "FIELD_LIMIT"),
    ];
    for (name, query, wanted) in cases {
        let started = std::time::Instant::now();
        let (code, message) = api.refusal(&query).await;
        println!("{name}: {code} after {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
        assert_eq!(code, wanted, "{name}: {message}");
    }
    let many = format!("[{}]", vec![r#"{"query":"{ status { version } }"}"#; 500].join(","));
    let started = std::time::Instant::now();
    let (status, ..) = api.send(post("application/json", many)).await;
    println!("batching: {status} after {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_sent() {
    let api = Api::new(ApiConfig { max_response_bytes: 2_000, ..plain() }).await;
    let (code, message) = api.refusal("{ events(first: 100) { nodes { id args } } }").await;
    assert_eq!(code, "RESPONSE_TOO_LARGE");
    assert!(message.contains("2000"), "{message}");
    assert!(api.ask("{ status { version } }").await["errors"].is_null());
}

/// Hash and text once, then the hash alone, by both methods.
#[tokio::test]
async fn a_persisted_query_is_sent_once() {
    use sha2::{Digest, Sha256};
    let api = Api::new(plain()).await;
    let query = "query($n: BlockNumber) { block(number: $n) { number } }";
    let hash: String = Sha256::digest(query).iter().map(|byte| format!("{byte:02x}")).collect();
    let ask = async |query: Option<&str>, hash: &str| {
        let body = json!({
            "query": query.unwrap_or_default(), "variables": { "n": LAST },
            "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } },
        });
        let (_, _, answer) = api.send(post("application/json", body.to_string())).await;
        serde_json::from_slice::<Value>(&answer).unwrap()
    };
    let unknown = ask(None, &hash).await;
    assert_eq!(unknown["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
    let other = ask(Some("{ status { version } }"), &hash).await;
    assert_eq!(other["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_HASH_MISMATCH");
    assert_eq!(ask(None, &hash).await["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(ask(Some(query), &hash).await["data"]["block"]["number"], LAST);
    assert_eq!(ask(None, &hash).await["data"]["block"]["number"], LAST);
    let extensions =
        format!("%7B%22persistedQuery%22:%7B%22version%22:1,%22sha256Hash%22:%22{hash}%22%7D%7D");
    let (_, _, body) =
        api.get(&format!("/graphql?variables=%7B%22n%22:{LAST}%7D&extensions={extensions}")).await;
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["data"]["block"]["number"], LAST);
    assert_eq!(ask(None, "no hash").await["errors"][0]["extensions"]["code"], "BAD_REQUEST");
}

fn post(content_type: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post("/graphql").header(header::CONTENT_TYPE, content_type).body(body.into()).unwrap()
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused_in_the_shape_of_answers() {
    let api = Api::new(ApiConfig { max_body_bytes: 2_000, ..plain() }).await;
    let long = json!({ "query": format!("{{ block {{ number }} }} #{}", "x".repeat(3_000)) }).to_string();
    for (request, status, code) in [
        (post("application/json", long), StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE"),
        (post("application/json", "{"), StatusCode::BAD_REQUEST, "BAD_REQUEST"),
        (post("application/json", "[1]"), StatusCode::BAD_REQUEST, "BAD_REQUEST"),
        (
            post("text/plain", "{ block { number } }"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
    ] {
        let (answered, _, body) = api.send(request).await;
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((answered, &body["errors"][0]["extensions"]["code"]), (status, &json!(code)), "{body}");
        assert!(body["errors"][0]["message"].as_str().unwrap().len() > 20);
    }
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_cancelled_with_advice() {
    let api = Api::new(ApiConfig { timeout_ms: 0, ..plain() }).await;
    let (status, headers, body) =
        api.send(post("application/json", json!({ "query": "{ blocks { totalCount } }" }).to_string())).await;
    assert_eq!(status, StatusCode::GATEWAY_TIMEOUT);
    assert!(headers.contains_key("x-request-id"));
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["errors"][0]["extensions"]["code"], "TIMEOUT");
    assert!(body["errors"][0]["message"].as_str().unwrap().contains("narrow the block range"));
}

#[tokio::test]
async fn wrong_arguments_are_refused_with_the_right_form() {
    let api = Api::new(plain()).await;
    for (query, code, hint) in [
        ("{ block(number: -1) { hash } }", "", "non-negative"),
        ("{ block(hash: \"0x12\") { number } }", "", "64 digits"),
        ("{ account(id: \"5Grw\") { id } }", "", "SS58"),
        ("{ extrinsic(id: \"x\") { id } }", "BAD_INPUT", "3010-4"),
        ("{ extrinsic { id } }", "BAD_INPUT", "`id`"),
        ("{ events(filter: { fromBlock: 9, toBlock: 8 }) { nodes { id } } }", "BAD_INPUT", "exchange"),
        ("{ events(filter: { name: \"A.b\", pallet: \"A\" }) { nodes { id } } }", "BAD_INPUT", "leave out"),
        ("{ transfers(filter: { minAmountRao: \"1.5\" }) { nodes { id } } }", "", "rao"),
        ("{ blocks(filter: { fromTime: \"yesterday\" }) { nodes { number } } }", "", "ISO 8601"),
        ("{ blocks(first: 1, last: 1) { nodes { number } } }", "BAD_INPUT", "not both"),
        ("{ block { noSuchField } }", "GRAPHQL_VALIDATION_FAILED", "noSuchField"),
        ("{ block { number }", "GRAPHQL_PARSE_FAILED", ""),
    ] {
        let (answered, message) = api.refusal(query).await;
        assert!(code.is_empty() || answered == code, "{query}: {answered} {message}");
        assert!(message.contains(hint), "{query}: {message}");
    }
}

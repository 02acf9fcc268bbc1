//! The Model Context Protocol as a client speaks it.

use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::world::{Api, FIRST, LAST, plain};

async fn post(api: &Api, origin: Option<&str>, body: String) -> (StatusCode, HeaderMap, Value) {
    let mut request = Request::post("/mcp")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .header(header::HOST, "127.0.0.1:8080");
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    let (status, headers, body) = api.send(request.body(body.into()).unwrap()).await;
    (status, headers, serde_json::from_slice(&body).unwrap_or_default())
}

async fn rpc(api: &Api, method: &str, params: Value) -> Value {
    let body = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
    let (status, _, answer) = post(api, None, body.to_string()).await;
    assert_eq!((status, &answer["id"]), (StatusCode::OK, &json!(7)), "{answer}");
    answer
}

/// The answer of a tool, and whether it is an error.
async fn tool(api: &Api, name: &str, arguments: Value) -> (String, bool) {
    let answer = rpc(api, "tools/call", json!({ "name": name, "arguments": arguments })).await;
    let text =
        answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    (text, answer["result"]["isError"].as_bool().unwrap())
}

#[tokio::test]
async fn a_client_says_hello_lists_the_tools_and_calls_each() {
    let api = Api::new(plain()).await;
    let hello = rpc(&api, "initialize", json!({ "protocolVersion": "2025-03-26" })).await;
    assert_eq!(hello["result"]["protocolVersion"], "2025-03-26");
    let (status, ..) =
        post(&api, None, json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string())
            .await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let tools = rpc(&api, "tools/list", json!({})).await;
    let names: Vec<_> = tools["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "block",
            "extrinsic",
            "account",
            "epoch_verification",
            "subnet",
            "validator",
            "yields",
            "incidents",
            "sql",
            "sql_views",
        ]
    );

    let (text, is_error) = tool(&api, "block", json!({ "number": FIRST })).await;
    let block: Value = serde_json::from_str(&text).unwrap();
    assert!(!is_error && block["number"] == FIRST, "{text}");
    let id = block["extrinsics"]["nodes"][0]["id"].as_str().unwrap();
    let (text, is_error) = tool(&api, "extrinsic", json!({ "id": id })).await;
    assert!(!is_error && text.contains("\"args\""), "{text}");
    let author = block["author"].as_str().map(str::to_owned);
    let sql = "SELECT from_account FROM v_transfers ORDER BY block_number LIMIT 1";
    let (text, is_error) = tool(&api, "sql", json!({ "statement": sql })).await;
    assert!(!is_error, "{text} {author:?}");
    let rows: Value = serde_json::from_str(&text).unwrap();
    if let Some(account) = rows["data"][0][0].as_str() {
        let (text, is_error) = tool(&api, "account", json!({ "address": account })).await;
        assert!(!is_error && text.contains(account), "{text}");
    }
    let (text, is_error) = tool(&api, "epoch_verification", json!({ "netuid": 1, "to_block": LAST })).await;
    assert!(!is_error && text.contains("totalCount"), "{text}");
    let (text, is_error) = tool(&api, "incidents", json!({ "open": true, "severity": "S2" })).await;
    assert!(!is_error && text.contains("\"severity\""), "{text}");
    // the recorded blocks have no state: the tools say so, and their queries are valid
    for (name, arguments) in [
        ("subnet", json!({ "netuid": 1 })),
        ("validator", json!({ "hotkey": "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY" })),
        ("yields", json!({ "netuid": 1, "window": "WEEK" })),
    ] {
        let (text, _) = tool(&api, name, arguments).await;
        assert!(text.contains("state"), "{name}: {text}");
    }
    let (text, is_error) = tool(&api, "sql_views", json!({ "view": "v_blocks" })).await;
    assert!(!is_error && text.contains("parent_hash"), "{text}");
}

#[tokio::test]
async fn what_a_tool_cannot_do_is_told_to_its_caller() {
    let api = Api::new(plain()).await;
    for (name, arguments, words) in [
        ("sql", json!({ "statement": "SELECT * FROM system.users" }), "system"),
        ("sql", json!({}), "statement"),
        ("incidents", json!({ "severity": "S0'; DROP" }), "S1, S2"),
        ("block", json!({ "number": 1 }), "not stored"),
        ("account", json!({ "address": "nobody" }), "nobody"),
        ("sql_views", json!({ "view": "blocks" }), "no view"),
    ] {
        let (text, is_error) = tool(&api, name, arguments).await;
        assert!(is_error && text.contains(words), "{name}: {text}");
    }
    let unknown = rpc(&api, "tools/call", json!({ "name": "drop", "arguments": {} })).await;
    assert_eq!(unknown["error"]["code"], -32602);
    assert_eq!(rpc(&api, "resources/list", json!({})).await["error"]["code"], -32601);
}

#[tokio::test]
async fn pages_of_other_origins_and_broken_messages_are_refused() {
    let api = Api::new(plain()).await;
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }).to_string();
    assert_eq!(post(&api, Some("https://evil.example"), ping.clone()).await.0, StatusCode::FORBIDDEN);
    assert_eq!(post(&api, Some("null"), ping.clone()).await.0, StatusCode::FORBIDDEN);
    assert_eq!(post(&api, Some("http://127.0.0.1:8080"), ping).await.0, StatusCode::OK);
    for broken in ["", "[]", "{}", "{\"jsonrpc\":\"1.0\",\"id\":null,\"method\":\"ping\"}"] {
        assert_eq!(post(&api, None, broken.to_owned()).await.0, StatusCode::BAD_REQUEST, "{broken}");
    }
    assert_eq!(api.get("/mcp").await.0, StatusCode::METHOD_NOT_ALLOWED);
}

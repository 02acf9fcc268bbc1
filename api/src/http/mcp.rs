//! `/mcp`: the Model Context Protocol over streamable HTTP, for assistants that read the chain.
//!
//! A server without sessions: every request is a JSON-RPC message with a JSON answer, nothing is pushed. The tools are few, say
//! what they give, and read through the same queries as everyone else, with the same limits. The protocol is small enough to be
//! spoken here: a library would bring a second web framework's worth of code for four methods.

mod tools;

use axum::{
    Extension,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{App, answer, request_id::RequestId};
use crate::limits::Visitor;

/// Versions of the protocol that are spoken, the newest first.
const VERSIONS: [&str; 3] = ["2025-06-18", "2025-03-26", "2024-11-05"];

const INSTRUCTIONS: &str = "Reads a Bittensor chain that this server has stored: blocks, extrinsics, accounts, recomputed epochs, and everything else \
    in SQL. Amounts are in rao (1 TAO = 1,000,000,000 rao) unless a name says TAO. null means unknown, never 0. Call sql_views before sql.";

/// A JSON-RPC message. Without an id it is a notification.
#[derive(Debug, Deserialize)]
struct Message {
    jsonrpc: Option<String>,
    id: Option<Value>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
}

/// Codes of JSON-RPC.
const PARSE_ERROR: i32 = -32_700;
const INVALID_REQUEST: i32 = -32_600;
const METHOD_NOT_FOUND: i32 = -32_601;
const INVALID_PARAMS: i32 = -32_602;

/// `GET /mcp`: there is nothing to listen to.
pub(super) async fn get() -> Response {
    let text = "POST JSON-RPC messages of the Model Context Protocol here; this server pushes nothing";
    let mut response = answer::problem(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", text);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

/// `POST /mcp`: one message.
pub(super) async fn post(
    State(app): State<App>,
    Extension(RequestId(id)): Extension<RequestId>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !is_own_origin(&app, &headers) {
        let text = "pages of other origins may not speak to this server (api.cors_allow_origins)";
        return answer::problem(StatusCode::FORBIDDEN, "ORIGIN", text);
    }
    if let Some(version) = headers.get("mcp-protocol-version").and_then(|value| value.to_str().ok())
        && !VERSIONS.contains(&version)
    {
        return failure(
            &Value::Null,
            INVALID_REQUEST,
            &format!("protocol version {version} is not spoken here"),
        );
    }
    let config = &app.shared.state.config;
    let Ok(Ok(bytes)) = timeout(config.timeout(), to_bytes(body, config.max_body_bytes)).await else {
        let text =
            format!("the body is larger than {} bytes, or did not arrive in time", config.max_body_bytes);
        return answer::problem(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", &text);
    };
    let Ok(message) = serde_json::from_slice::<Message>(&bytes) else {
        return failure(&Value::Null, PARSE_ERROR, "the body is not one JSON-RPC message");
    };
    let Some(method) = message.method.filter(|_| message.jsonrpc.as_deref() == Some("2.0")) else {
        return failure(
            &message.id.unwrap_or_default(),
            INVALID_REQUEST,
            "the message is not a JSON-RPC 2.0 request",
        );
    };
    let Some(call) = message.id else {
        // a notification: there is nothing to do, and nothing to say
        return StatusCode::ACCEPTED.into_response();
    };
    match method.as_str() {
        "initialize" => success(&call, &initialize(&message.params)),
        "ping" => success(&call, &json!({})),
        "tools/list" => success(&call, &json!({ "tools": tools::list() })),
        "tools/call" => {
            let name = message.params["name"].as_str().unwrap_or_default();
            match tools::call(&app, &visitor, &id, name, &message.params["arguments"]).await {
                Some(Ok(text)) => success(&call, &content(&text, false)),
                // what went wrong within a tool is for the one who called it, to do better
                Some(Err(text)) => success(&call, &content(&text, true)),
                None => failure(&call, INVALID_PARAMS, &format!("there is no tool `{name}`; see tools/list")),
            }
        }
        _ => failure(
            &call,
            METHOD_NOT_FOUND,
            &format!("there is no method `{method}` here; there are tools only"),
        ),
    }
}

fn initialize(params: &Value) -> Value {
    let asked = params["protocolVersion"].as_str().unwrap_or_default();
    let version = VERSIONS.into_iter().find(|known| *known == asked).unwrap_or(VERSIONS[0]);
    json!({
        "protocolVersion": version,
        "capabilities": { "tools": {} },
        "serverInfo": { "name": "yumascan", "title": "Yumascan", "version": env!("CARGO_PKG_VERSION") },
        "instructions": INSTRUCTIONS,
    })
}

fn content(text: &str, is_error: bool) -> Value {
    json!({ "content": [{ "type": "text", "text": text }], "isError": is_error })
}

fn success(id: &Value, result: &Value) -> Response {
    let body = json!({ "jsonrpc": "2.0", "id": id, "result": result });
    answer::json_response(StatusCode::OK, body.to_string().into())
}

fn failure(id: &Value, code: i32, message: &str) -> Response {
    let status = if id.is_null() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let body = json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } });
    answer::json_response(status, body.to_string().into())
}

/// Browsers name the origin of a page: a page of elsewhere must not reach a server on this machine.
fn is_own_origin(app: &App, headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return true };
    let allowed = &app.shared.state.config.cors_allow_origins;
    if allowed.iter().any(|known| known == "*" || known == origin) {
        return true;
    }
    let host = origin.split_once("://").map(|(_, host)| host);
    host.is_some() && host == text(header::HOST)
}

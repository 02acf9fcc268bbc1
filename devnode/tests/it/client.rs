//! Clients: a real WebSocket client, and HTTP requests as plain as they get.

use std::time::Duration;

use jsonrpsee::{
    core::{
        client::{ClientT, Error, Subscription, SubscriptionClientT},
        params::ArrayParams,
    },
    http_client::{HttpClient, HttpClientBuilder},
    ws_client::{WsClient, WsClientBuilder},
};
use serde_json::Value;
use yumascan_chain::{Hash, Header};
use yumascan_devnode::Handle;

/// Long enough for anything that happens at all on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn websocket(node: &Handle) -> WsClient {
    WsClientBuilder::default()
        .request_timeout(PATIENCE)
        .max_response_size(u32::MAX)
        .build(node.url())
        .await
        .unwrap()
}

pub(crate) fn http(node: &Handle) -> HttpClient {
    HttpClientBuilder::default()
        .request_timeout(PATIENCE)
        .max_response_size(u32::MAX)
        .build(node.http_url())
        .unwrap()
}

pub(crate) async fn ask(client: &impl ClientT, method: &str, params: &[Value]) -> Result<Value, Error> {
    let mut positional = ArrayParams::new();
    for param in params {
        positional.insert(param).unwrap();
    }
    client.request(method, positional).await
}

pub(crate) async fn get(client: &impl ClientT, method: &str, params: &[Value]) -> Value {
    ask(client, method, params).await.unwrap()
}

/// Code and message of the error that a request must end in.
pub(crate) async fn refused(client: &impl ClientT, method: &str, params: &[Value]) -> (i32, String) {
    match ask(client, method, params).await {
        Err(Error::Call(error)) => (error.code(), error.message().to_owned()),
        other => panic!("{method} gave {other:?}"),
    }
}

pub(crate) async fn heads(client: &WsClient, topic: &str) -> Subscription<Value> {
    let (begin, end) = (format!("chain_subscribe{topic}"), format!("chain_unsubscribe{topic}"));
    client.subscribe(&begin, ArrayParams::new(), &end).await.unwrap()
}

pub(crate) async fn next(subscription: &mut Subscription<Value>) -> Value {
    tokio::time::timeout(PATIENCE, subscription.next()).await.expect("a notification").unwrap().unwrap()
}

/// Posts a body as it is and returns the status and the answer.
pub(crate) async fn post(node: &Handle, body: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(node.address()).await.unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: node\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    // a connection that breaks off gives what came before
    let _ = stream.read_to_string(&mut answer).await;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    (status, body)
}

/// A header as it came over the wire.
pub(crate) fn header(json: &Value) -> Header {
    let hash = |name: &str| -> Hash { json[name].as_str().unwrap().parse().unwrap() };
    Header {
        parent_hash: hash("parentHash"),
        number: number(json),
        state_root: hash("stateRoot"),
        extrinsics_root: hash("extrinsicsRoot"),
        logs: json["digest"]["logs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|log| const_hex::decode(log.as_str().unwrap()).unwrap())
            .collect(),
    }
}

/// Height in a header that came over the wire.
pub(crate) fn number(header: &Value) -> u64 {
    u64::from_str_radix(header["number"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

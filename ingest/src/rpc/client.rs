//! One connection: WebSocket or HTTP behind one face, errors put into our words.

use std::time::Duration;

use jsonrpsee::{
    core::{
        JsonRawValue,
        client::{BatchResponse, ClientT, Error as ClientError, Subscription, SubscriptionClientT},
        params::BatchRequestBuilder,
    },
    http_client::{HttpClient, HttpClientBuilder, transport::Error as HttpError},
    ws_client::{PingConfig, WsClient, WsClientBuilder},
};

use super::{
    call::{Call, RawParams},
    error::RpcError,
};

/// Largest answer taken: a batch of blocks with runaway event blobs has many megabytes.
const MAX_RESPONSE_BYTES: u32 = 512 << 20;
/// Largest request sent.
const MAX_REQUEST_BYTES: u32 = 32 << 20;
/// Calls that may wait for their answers on one connection.
const MAX_CONCURRENT_REQUESTS: usize = 4096;
/// Notifications that may wait to be read.
const SUBSCRIPTION_BUFFER: usize = 4096;

/// A connection to an endpoint.
#[derive(Debug)]
pub(super) enum Client {
    Ws(WsClient),
    Http(HttpClient),
}

/// Each call's own outcome, in the order of the calls.
pub(super) type Outcomes = Vec<Result<Box<JsonRawValue>, RpcError>>;

impl Client {
    /// Connects (WebSocket) or prepares to (HTTP).
    pub(super) async fn connect(url: &str, label: &str, timeouts: Timeouts) -> Result<Self, RpcError> {
        if url.starts_with("ws://") || url.starts_with("wss://") {
            let ping = PingConfig::new()
                .ping_interval(Duration::from_secs(20))
                .inactive_limit(Duration::from_secs(40))
                .max_failures(3);
            let connecting = WsClientBuilder::new()
                .max_response_size(MAX_RESPONSE_BYTES)
                .max_request_size(MAX_REQUEST_BYTES)
                .max_concurrent_requests(MAX_CONCURRENT_REQUESTS)
                .max_buffer_capacity_per_subscription(SUBSCRIPTION_BUFFER)
                .connection_timeout(timeouts.connect)
                .request_timeout(timeouts.request)
                .enable_ws_ping(ping)
                .build(url);
            let connected = tokio::time::timeout(timeouts.connect * 2, connecting).await.map_err(|_| {
                RpcError::TimedOut { endpoint: label.to_owned(), after: timeouts.connect * 2 }
            })?;
            return connected.map(Self::Ws).map_err(|error| read_error(&error, url, label, timeouts.request));
        }
        HttpClientBuilder::default()
            .max_response_size(MAX_RESPONSE_BYTES)
            .max_request_size(MAX_REQUEST_BYTES)
            .max_concurrent_requests(MAX_CONCURRENT_REQUESTS)
            .connect_timeout(timeouts.connect)
            .request_timeout(timeouts.request)
            .build(url)
            .map(Self::Http)
            .map_err(|error| read_error(&error, url, label, timeouts.request))
    }

    pub(super) fn is_connected(&self) -> bool {
        match self {
            Self::Ws(client) => client.is_connected(),
            Self::Http(_) => true,
        }
    }

    /// Asks all `calls` in one message (a single call is not wrapped in a batch).
    pub(super) async fn ask(
        &self,
        calls: &[&Call],
        url: &str,
        label: &str,
        timeout: Duration,
    ) -> Result<Outcomes, RpcError> {
        if let [call] = calls {
            let answer: Result<Box<JsonRawValue>, ClientError> = match self {
                Self::Ws(client) => client.request(call.method, RawParams(&call.params)).await,
                Self::Http(client) => client.request(call.method, RawParams(&call.params)).await,
            };
            return match answer {
                Ok(value) => Ok(vec![Ok(value)]),
                Err(ClientError::Call(object)) => {
                    Ok(vec![Err(item_error(label, call, object.code(), object.message()))])
                }
                Err(error) => Err(read_error(&error, url, label, timeout)),
            };
        }
        let mut batch = BatchRequestBuilder::new();
        for call in calls {
            batch.insert(call.method, RawParams(&call.params)).map_err(|error| RpcError::Node {
                endpoint: label.to_owned(),
                method: call.method,
                code: 0,
                reason: format!("the parameters are no JSON: {error}"),
            })?;
        }
        let answers: Result<BatchResponse<'_, Box<JsonRawValue>>, ClientError> = match self {
            Self::Ws(client) => client.batch_request(batch).await,
            Self::Http(client) => client.batch_request(batch).await,
        };
        let answers = answers.map_err(|error| match error {
            // one error for the whole batch, which the client cannot match to its calls: this server takes no
            // batches, or not such long ones
            ClientError::InvalidRequestId(_) | ClientError::ParseError(_) => RpcError::TooLarge {
                endpoint: label.to_owned(),
                reason: format!("its answer does not fit a batch of {} calls", calls.len()),
            },
            ClientError::RestartNeeded(cause) if matches!(*cause, ClientError::InvalidRequestId(_)) => {
                let reason = format!("its answer does not fit a batch of {} calls", calls.len());
                RpcError::TooLarge { endpoint: label.to_owned(), reason }
            }
            error => read_error(&error, url, label, timeout),
        })?;
        if answers.len() != calls.len() {
            let reason = format!("{} answers to a batch of {}", answers.len(), calls.len());
            return Err(RpcError::TooLarge { endpoint: label.to_owned(), reason });
        }
        let outcomes = answers.into_iter().zip(calls).map(|(answer, call)| match answer {
            Ok(value) => Ok(value),
            // an answer that was left out of the batch
            Err(object) if object.code() == 0 && object.message().is_empty() => Err(RpcError::Unreachable {
                endpoint: label.to_owned(),
                reason: "it left a call of the batch without an answer".to_owned(),
            }),
            Err(object) => Err(item_error(label, call, object.code(), object.message())),
        });
        Ok(outcomes.collect())
    }

    /// Subscribes; WebSocket only.
    pub(super) async fn subscribe(
        &self,
        method: &'static str,
        unsubscribe: &'static str,
        url: &str,
        label: &str,
        timeout: Duration,
    ) -> Result<Subscription<Box<JsonRawValue>>, RpcError> {
        match self {
            Self::Ws(client) => client
                .subscribe(method, jsonrpsee::core::rpc_params![], unsubscribe)
                .await
                .map_err(|error| match &error {
                    ClientError::Call(object) => {
                        RpcError::from_object(label, method, None, object.code(), object.message())
                    }
                    _ => read_error(&error, url, label, timeout),
                }),
            Self::Http(_) => Err(RpcError::NoSuchMethod { endpoint: label.to_owned(), method }),
        }
    }
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    pub(super) connect: Duration,
    pub(super) request: Duration,
}

fn item_error(label: &str, call: &Call, code: i32, message: &str) -> RpcError {
    RpcError::from_object(label, call.method, call.state_at.map(|at| at.0), code, message)
}

/// Puts a client error into our words; the URL (which may hold credentials) is replaced by the endpoint's label.
fn read_error(error: &ClientError, url: &str, label: &str, timeout: Duration) -> RpcError {
    let endpoint = label.to_owned();
    match error {
        ClientError::RequestTimeout => RpcError::TimedOut { endpoint, after: timeout },
        ClientError::Call(object) => {
            RpcError::from_object(label, "batch", None, object.code(), object.message())
        }
        ClientError::ParseError(parse) => {
            RpcError::NotANode { endpoint, reason: format!("its answer is no JSON-RPC ({parse})") }
        }
        ClientError::RestartNeeded(cause) => read_error(cause, url, label, timeout),
        ClientError::Transport(source) => {
            if let Some(HttpError::Rejected { status_code }) = source.downcast_ref::<HttpError>() {
                return RpcError::from_status(label, *status_code);
            }
            let reason = chain_of(source.as_ref());
            if let Some(status) = status_in(&reason) {
                return RpcError::from_status(label, status);
            }
            let lower = reason.to_ascii_lowercase();
            if ["message too large", "length limit", "too large", "payload too"]
                .iter()
                .any(|words| lower.contains(words))
            {
                return RpcError::TooLarge { endpoint, reason: scrub(&reason, url, label) };
            }
            // an answer of another content type, or none of HTTP
            if ["malformed", "invalid http", "parse error"].iter().any(|words| lower.contains(words)) {
                let reason = "what answers there speaks no JSON-RPC".to_owned();
                return RpcError::NotANode { endpoint, reason };
            }
            if ["invalid url", "url scheme"].iter().any(|words| lower.contains(words)) {
                return RpcError::BadUrl { endpoint, reason: scrub(&reason, url, label) };
            }
            RpcError::Unreachable { endpoint, reason: scrub(&reason, url, label) }
        }
        other => RpcError::Unreachable { endpoint, reason: scrub(&other.to_string(), url, label) },
    }
}

/// The status of a rejected WebSocket handshake, out of the transport's text.
fn status_in(reason: &str) -> Option<u16> {
    let (_, rest) = reason.split_once("status code: ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// An error and its sources in one line.
fn chain_of(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        let more = next.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = next.source();
    }
    text
}

fn scrub(text: &str, url: &str, label: &str) -> String {
    text.replace(url, label).chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_refused_handshake_is_found() {
        assert_eq!(status_in("Connection rejected with status code: 429"), Some(429));
        assert_eq!(status_in("Error when opening the TCP socket"), None);
    }

    #[test]
    fn credentials_do_not_reach_messages() {
        let text = scrub("cannot open ws://user:secret@host:1/", "ws://user:secret@host:1/", "ws://host:1");
        assert_eq!(text, "cannot open ws://host:1");
    }
}

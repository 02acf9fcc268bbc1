//! JSON-RPC 2.0: requests and batches in, answers out.

mod chain;
mod state;
mod subscribe;
mod system;

use std::{collections::HashMap, sync::Mutex};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    faults::RateLimitAnswer,
    node::{Shared, lock},
};

pub(crate) use subscribe::Subscription;

/// An answer's `result`, as JSON text.
type Answer = Result<String, RpcError>;

/// An answer's `error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RpcError {
    code: i32,
    message: String,
}

/// A request; its parameters are positional.
#[derive(Debug, Deserialize)]
struct Request<'a> {
    method: String,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
}

/// What is to be sent back for one message.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// The answer or the batch of answers; `None` where there were only notifications.
    pub(crate) text: Option<String>,
    /// Subscriptions to begin once the answer is sent.
    pub(crate) subscriptions: Vec<Subscription>,
    /// Refuse the whole message with status 429 (HTTP only).
    pub(crate) too_many_requests: bool,
}

/// The subscriptions of a connection; HTTP requests have none and can have none.
pub(crate) type Subscriptions = Mutex<HashMap<String, Subscription>>;

/// What answering needs to know.
#[derive(Clone, Copy)]
struct Context<'a> {
    node: &'a Shared,
    subscriptions: Option<&'a Subscriptions>,
}

impl RpcError {
    fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    fn method_not_found(method: &str) -> Self {
        Self::new(-32601, format!("Method not found: {method}"))
    }

    fn invalid_params(reason: impl std::fmt::Display) -> Self {
        Self::new(-32602, format!("Invalid params: {reason}"))
    }

    /// Substrate's error for what its client cannot find or has discarded.
    fn client(reason: impl std::fmt::Display) -> Self {
        Self::new(4003, format!("Client error: {reason}"))
    }
}

/// Answers a message: a request or a batch of them.
pub(crate) fn reply(node: &Shared, body: &[u8], subscriptions: Option<&Subscriptions>) -> Reply {
    let context = Context { node, subscriptions };
    let mut reply = Reply::default();
    let Ok(message) = serde_json::from_slice::<&RawValue>(body) else {
        reply.text = Some(error_text(None, &RpcError::new(-32700, "Parse error")));
        return reply;
    };
    if !message.get().starts_with('[') {
        reply.text = answer(context, message, &mut reply);
        return reply;
    }
    let batch: Vec<&RawValue> = serde_json::from_str(message.get()).unwrap_or_default();
    if batch.is_empty() {
        reply.text = Some(error_text(None, &RpcError::new(-32600, "Invalid request")));
        return reply;
    }
    let answers: Vec<String> =
        batch.into_iter().filter_map(|request| answer(context, request, &mut reply)).collect();
    if !answers.is_empty() {
        reply.text = Some(format!("[{}]", answers.join(",")));
    }
    reply
}

/// Answers one request; `None` for a notification, which wants no answer.
fn answer(context: Context<'_>, request: &RawValue, reply: &mut Reply) -> Option<String> {
    let Ok(request) = serde_json::from_str::<Request<'_>>(request.get()) else {
        return Some(error_text(None, &RpcError::new(-32600, "Invalid request")));
    };
    {
        let mut stats = context.node.stats();
        stats.requests += 1;
        *stats.by_method.entry(request.method.clone()).or_default() += 1;
    }
    let result = match refusal(context, reply) {
        Some(error) => Err(error),
        None => Params::parse(request.params)
            .and_then(|params| dispatch(context, &request.method, &params, reply)),
    };
    request.id?;
    Some(match result {
        Ok(result) => format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, id_text(request.id)),
        Err(error) => error_text(request.id, &error),
    })
}

/// What the rate limit says to this request, if it is one too many.
fn refusal(context: Context<'_>, reply: &mut Reply) -> Option<RpcError> {
    let limit = context.node.exceeded_limit()?;
    let is_http = context.subscriptions.is_none();
    reply.too_many_requests = is_http && limit.answer == RateLimitAnswer::Http429;
    Some(match limit.answer {
        RateLimitAnswer::HistoricalWork => RpcError::new(-32004, "Historical work rate limit exceeded"),
        RateLimitAnswer::Wait | RateLimitAnswer::Http429 => {
            RpcError::new(-32029, "Too many requests, please wait a second and try again")
        }
    })
}

fn dispatch(context: Context<'_>, method: &str, params: &Params<'_>, reply: &mut Reply) -> Answer {
    let Context { node, subscriptions } = context;
    if node.faults().without.iter().any(|missing| missing == method) {
        return Err(RpcError::method_not_found(method));
    }
    if let Some(topic) = subscribe::topic_of(method, params)? {
        if subscriptions.is_none() {
            return Err(RpcError::new(-32601, "Subscriptions are not available on this transport"));
        }
        let id = node.random_id();
        let result = json(&id);
        reply.subscriptions.push(Subscription::new(id, topic));
        return result;
    }
    if subscribe::is_unsubscribe(method) {
        let id: Option<String> = params.optional(0)?;
        let ended = id.zip(subscriptions).and_then(|(id, subscriptions)| lock(subscriptions).remove(&id));
        return json(&ended.is_some());
    }
    if let Some(answer) = chain::answer(node, method, params) {
        return answer;
    }
    if let Some(answer) = state::answer(node, method, params) {
        return answer;
    }
    system::answer(node, method).unwrap_or_else(|| Err(RpcError::method_not_found(method)))
}

/// Positional parameters.
#[derive(Debug)]
struct Params<'a>(Vec<&'a RawValue>);

impl<'a> Params<'a> {
    fn parse(params: Option<&'a RawValue>) -> Result<Self, RpcError> {
        let Some(params) = params.filter(|params| params.get() != "null") else {
            return Ok(Self(Vec::new()));
        };
        serde_json::from_str(params.get()).map(Self).map_err(RpcError::invalid_params)
    }

    /// A parameter that may be missing or null.
    fn optional<T: Deserialize<'a>>(&self, index: usize) -> Result<Option<T>, RpcError> {
        let Some(param) = self.0.get(index) else { return Ok(None) };
        serde_json::from_str(param.get()).map_err(RpcError::invalid_params)
    }

    fn required<T: Deserialize<'a>>(&self, index: usize) -> Result<T, RpcError> {
        self.optional(index)?
            .ok_or_else(|| RpcError::invalid_params(format!("No more params: number {index} is missing")))
    }

    /// Bytes given as 0x hex.
    fn bytes(&self, index: usize) -> Result<Vec<u8>, RpcError> {
        bytes(&self.required::<String>(index)?)
    }

    fn optional_bytes(&self, index: usize) -> Result<Option<Vec<u8>>, RpcError> {
        self.optional::<String>(index)?.map(|hex| bytes(&hex)).transpose()
    }
}

fn bytes(hex: &str) -> Result<Vec<u8>, RpcError> {
    let digits =
        hex.strip_prefix("0x").ok_or_else(|| RpcError::invalid_params(format!("`{hex}` lacks 0x")))?;
    const_hex::decode(digits).map_err(RpcError::invalid_params)
}

fn json(value: &impl serde::Serialize) -> Answer {
    serde_json::to_string(value).map_err(|error| RpcError::new(-32603, error.to_string()))
}

/// Bytes as a JSON text in 0x hex.
fn hex_json(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len() + 4);
    text.push('"');
    text.push_str(&const_hex::encode_prefixed(bytes));
    text.push('"');
    text
}

fn error_text(id: Option<&RawValue>, error: &RpcError) -> String {
    let error = serde_json::json!({ "code": error.code, "message": error.message });
    format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, id_text(id))
}

fn id_text(id: Option<&RawValue>) -> &str {
    id.map_or("null", RawValue::get)
}

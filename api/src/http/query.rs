//! `/graphql`: queries by GET and POST, in their turn and in time.

use std::{panic::AssertUnwindSafe, time::Instant};

use async_graphql::{Request, http::parse_query_string};
use axum::{
    Extension,
    body::{Body, Bytes, to_bytes},
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use futures::FutureExt;
use metrics::{counter, gauge, histogram};
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::{App, answer, console, request_id::RequestId};
use crate::{
    graphql::{self, Scope},
    limits::Visitor,
    metrics::names,
};

/// Finalized objects do not change, except by a decoder's correction; a cache may keep them for a while.
const FINALIZED: &str = "public, max-age=600, stale-while-revalidate=86400";
/// Everything else may be another thing with the next block: ask again, with the tag.
const VOLATILE: &str = "no-cache";

const LEGACY_JSON: &str = "application/json";
const GRAPHQL_JSON: &str = "application/graphql-response+json";

/// `GET /graphql`: with `query` an answer, without it the console page.
pub(super) async fn get(
    State(app): State<App>,
    Extension(RequestId(id)): Extension<RequestId>,
    visitor: Visitor,
    RawQuery(parameters): RawQuery,
    headers: HeaderMap,
) -> Response {
    let parameters = parameters.unwrap_or_default();
    // a persisted query has its hash in `extensions` instead
    let has_query = ["query=", "extensions="]
        .iter()
        .any(|name| parameters.split('&').any(|parameter| parameter.starts_with(name)));
    // The console links to itself with a query in the address: a browser gets the page then, too.
    let wants_page = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if !has_query || wants_page {
        return console::page(&headers);
    }
    match parse_query_string(&parameters) {
        Ok(request) => execute(&app, &visitor, request, id, &headers, true).await,
        Err(error) => answer::refuse(
            StatusCode::BAD_REQUEST,
            "BAD_REQUEST",
            &format!("the address cannot be read as a query: {error}"),
        ),
    }
}

/// `POST /graphql` with a JSON body.
pub(super) async fn post(
    State(app): State<App>,
    Extension(RequestId(id)): Extension<RequestId>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.trim_start().starts_with(LEGACY_JSON) {
        let text = "send the query as JSON: content-type: application/json, body {\"query\": \"…\", \"variables\": {…}}";
        return answer::refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", text);
    }
    let max = app.shared.state.config.max_body_bytes;
    let Ok(Ok(bytes)) = timeout(app.shared.state.config.timeout(), to_bytes(body, max)).await else {
        let text = format!(
            "the body is larger than {max} bytes, or did not arrive in time; put long lists into several requests"
        );
        return answer::refuse(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", &text);
    };
    match serde_json::from_slice::<Request>(&bytes) {
        Ok(request) => execute(&app, &visitor, request, id, &headers, false).await,
        Err(error) => {
            let text = format!(
                "the body is not a GraphQL request ({error}); send {{\"query\": \"…\", \"variables\": {{…}}}}"
            );
            answer::refuse(StatusCode::BAD_REQUEST, "BAD_REQUEST", &text)
        }
    }
}

/// One of the turns that may run at the same time, or none in time.
pub(crate) async fn take_turn(app: &App) -> Option<OwnedSemaphorePermit> {
    let patience = std::time::Duration::from_millis(app.shared.state.config.max_queue_ms);
    timeout(patience, app.shared.turns.clone().acquire_owned()).await.ok()?.ok()
}

async fn execute(
    app: &App,
    visitor: &Visitor,
    mut request: Request,
    id: String,
    headers: &HeaderMap,
    cacheable: bool,
) -> Response {
    if !visitor.may("read") {
        let text = "this key does not have the scope `read`; ask the operator for one that does";
        return answer::refuse(StatusCode::FORBIDDEN, "SCOPE", text);
    }
    if let Err(refused) = app.shared.persisted.resolve(&mut request).await {
        return refused.response();
    }
    let Some(_turn) = take_turn(app).await else {
        counter!(names::QUERIES, "outcome" => "OVERLOADED").increment(1);
        let mut response = answer::refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "OVERLOADED",
            "too many queries at once; try again in a moment",
        );
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        return response;
    };
    let config = &app.shared.state.config;
    let operation = request.operation_name.clone().unwrap_or_default();
    let scope = Scope::new(app.shared.clone(), id, visitor.tier);
    let _in_flight = InFlight::new();
    let started = Instant::now();
    let running = AssertUnwindSafe(graphql::execute(&app.schema, request, &scope)).catch_unwind();
    let outcome = timeout(config.timeout(), running).await;
    let seconds = started.elapsed().as_secs_f64();
    let (rows, queries) = scope.budget.spent();
    visitor.owe(cost(rows, queries));
    histogram!(names::QUERY_SECONDS).record(seconds);
    histogram!(names::WAREHOUSE_QUERIES).record(queries as f64);
    histogram!(names::ROWS).record(rows as f64);
    if started.elapsed().as_millis() > u128::from(config.slow_query_ms) {
        tracing::warn!(seconds, rows, queries, operation, "slow query");
    }

    let response = match outcome {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            counter!(names::QUERIES, "outcome" => "INTERNAL").increment(1);
            answer::log_panic(panic.as_ref());
            return answer::refuse(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", answer::PANICKED);
        }
        Err(_) => {
            counter!(names::QUERIES, "outcome" => "TIMEOUT").increment(1);
            let text = format!(
                "the query did not finish within {} ms and was cancelled; narrow the block range, ask for smaller pages, or leave \
                 out `totalCount`",
                config.timeout_ms
            );
            return answer::refuse(StatusCode::GATEWAY_TIMEOUT, "TIMEOUT", &text);
        }
    };
    let code = graphql::first_code(&response);
    counter!(names::QUERIES, "outcome" => code.unwrap_or_else(|| "ok".into())).increment(1);
    let mut body = Bounded { bytes: Vec::new(), max: config.max_response_bytes };
    if serde_json::to_writer(&mut body, &response).is_err() {
        let text = format!(
            "the answer is larger than {} bytes; ask for smaller pages, or for fewer fields",
            config.max_response_bytes
        );
        return answer::refuse(StatusCode::UNPROCESSABLE_ENTITY, "RESPONSE_TOO_LARGE", &text);
    }
    let body = Bytes::from(body.bytes);
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let content_type = if accept.contains(GRAPHQL_JSON) { GRAPHQL_JSON } else { LEGACY_JSON };
    if cacheable && response.errors.is_empty() {
        let is_final = scope.is_immutable() && scope.known_head().is_some();
        return answer::tagged(headers, body, content_type, if is_final { FINALIZED } else { VOLATILE });
    }
    // By the GraphQL-over-HTTP draft, clients that ask for its media type learn of refused queries from the status.
    let refused = !response.errors.is_empty()
        && response.data == async_graphql::Value::Null
        && content_type == GRAPHQL_JSON;
    let mut answer =
        answer::json_response(if refused { StatusCode::BAD_REQUEST } else { StatusCode::OK }, body);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// A body that does not grow beyond its limit.
struct Bounded {
    bytes: Vec<u8>,
    max: usize,
}

impl std::io::Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        if self.bytes.len() + piece.len() > self.max {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Units that an answer is worth beyond the one of its request: by what it really read.
fn cost(rows: u64, queries: u64) -> u32 {
    u32::try_from(queries / 4 + rows / 500).unwrap_or(u32::MAX)
}

/// Counts a query as long as it runs, also when its client leaves.
struct InFlight;

impl InFlight {
    fn new() -> Self {
        gauge!(names::IN_FLIGHT).increment(1.0);
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        gauge!(names::IN_FLIGHT).decrement(1.0);
    }
}

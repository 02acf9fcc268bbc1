//! Around every REST request: its turn, its time, its problem, its entity tag.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, sync::LazyLock};

use axum::{
    body::to_bytes,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::Response,
};
use futures::FutureExt;
use tokio::time::timeout;
use utoipa::openapi::{
    RefOr,
    path::{Parameter, ParameterIn},
};

use super::{openapi, problem::Problem};
use crate::{
    ApiError,
    http::{App, RequestId, log_panic, tagged, take_turn},
};

/// Everything may be another thing with the next block: ask again, with the tag.
const VOLATILE: &str = "no-cache";

/// Parameters of every described path. A parameter that a path does not have is refused: a filter that is misspelt must
/// not pass for no filter.
static PARAMETERS: LazyLock<HashMap<String, Vec<String>>> = LazyLock::new(|| {
    let document = openapi::document();
    let of_path = |item: &utoipa::openapi::PathItem| {
        let operation = item.get.as_ref();
        let parameters = operation.and_then(|operation| operation.parameters.clone()).unwrap_or_default();
        let in_query = |parameter| match parameter {
            RefOr::T(Parameter { parameter_in: ParameterIn::Query, name, .. }) => Some(name),
            _ => None,
        };
        parameters.into_iter().filter_map(in_query).collect()
    };
    document.paths.paths.iter().map(|(path, item)| (path.clone(), of_path(item))).collect()
});

/// The layer of `/api/v1`.
pub(crate) async fn of_v1(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = id_of(&request);
    if let Some(unknown) = unknown_parameter(&request) {
        return Problem::new("UNKNOWN_PARAMETER", unknown, &id).into_response();
    }
    run(&app, request, next, &id).await.unwrap_or_else(Problem::into_response)
}

/// The layer of the compatible paths: problems have a `message`, too.
pub(crate) async fn of_taostats(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = id_of(&request);
    run(&app, request, next, &id).await.unwrap_or_else(|problem| problem.with_message().into_response())
}

fn id_of(request: &Request) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

fn unknown_parameter(request: &Request) -> Option<String> {
    let path = request.extensions().get::<MatchedPath>()?;
    let known = PARAMETERS.get(path.as_str())?;
    let asked = request.uri().query()?;
    let names =
        asked.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split('=').next().unwrap_or(pair));
    let name = names.into_iter().find(|name| !known.iter().any(|known| known == name))?;
    let shown: String = name.chars().take(60).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Some(format!("`{}` has no parameter `{shown}`; it has {known}", path.as_str()))
}

async fn run(app: &App, request: Request, next: Next, id: &str) -> Result<Response, Problem> {
    let Some(_turn) = take_turn(app).await else {
        return Err(Problem::new(
            "OVERLOADED",
            "too many requests at once; try again in a moment".into(),
            id,
        ));
    };
    let headers = request.headers().clone();
    let running = AssertUnwindSafe(next.run(request)).catch_unwind();
    let response = match timeout(app.shared.state.config.timeout(), running).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            log_panic(panic.as_ref());
            let text = format!("internal error; the log names it under request {id}");
            return Err(Problem::new("INTERNAL", text, id));
        }
        Err(_) => {
            let text = format!(
                "the request did not finish within {} ms and was cancelled; narrow the block range or ask for a smaller page",
                app.shared.state.config.timeout_ms
            );
            return Err(Problem::new("TIMEOUT", text, id));
        }
    };
    if let Some(error) = response.extensions().get::<Arc<ApiError>>() {
        if error.is_ours() {
            tracing::error!(request = id, error = %error, "rest request failed");
        }
        return Err(Problem::of(error, id));
    }
    Ok(tag(&headers, response).await)
}

/// Answers 304 to whom has the body already.
async fn tag(request: &HeaderMap, response: Response) -> Response {
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes() == b"application/json");
    if response.status() != StatusCode::OK || !is_json {
        return response;
    }
    match to_bytes(response.into_body(), usize::MAX).await {
        Ok(body) => tagged(request, body, "application/json", VOLATILE),
        Err(_) => Problem::new("INTERNAL", "internal error".into(), "").into_response(),
    }
}

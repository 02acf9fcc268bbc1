//! `/health`, `/ready`, `/metrics`.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{App, answer};
use crate::{metrics as recorder, readiness};

/// Whether the process lives: it does if this is answered. Nothing else is asked.
pub(super) async fn health() -> Response {
    let body = json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") });
    answer::json_response(StatusCode::OK, body.to_string().into())
}

/// Whether it can answer queries: 200, or 503 with the reasons.
pub(super) async fn ready(State(app): State<App>) -> Response {
    let readiness = readiness(&app.shared.state).await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_vec(&readiness).unwrap_or_default();
    answer::json_response(status, body.into())
}

/// Everything the process counts, in Prometheus' text format.
pub(super) async fn metrics(State(app): State<App>) -> Response {
    app.shared.cache.report();
    match recorder::render() {
        Some(text) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
        }
        None => (StatusCode::SERVICE_UNAVAILABLE, "no metrics recorder is installed in this process\n")
            .into_response(),
    }
}

//! Why a question has no answer, for the one who asked.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use yumascan_warehouse::{AskLimits, WarehouseError};

use super::super::answer;
use crate::limits::Limited;

/// A refusal on its way to an RFC 9457 problem. `{request}` in its text becomes the request's id.
#[derive(Debug)]
pub(in crate::http) struct Failure {
    pub(in crate::http) status: StatusCode,
    pub(in crate::http) code: &'static str,
    pub(in crate::http) detail: String,
    /// Seconds after which it may be tried again.
    wait_s: Option<u64>,
}

pub(super) const INTERNAL: &str = "internal error; the log names it under request {request}";

impl Failure {
    pub(in crate::http) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), wait_s: None }
    }

    pub(in crate::http) fn response(&self, request_id: &str) -> Response {
        let mut response =
            answer::problem(self.status, self.code, &self.detail.replace("{request}", request_id));
        if let Some(seconds) = self.wait_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Limited> for Failure {
    fn from(limited: Limited) -> Self {
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", limited.to_string());
        Self { wait_s: Some(limited.wait_s), ..refusal }
    }
}

/// What the engine says of a question, for the one who asked.
pub(in crate::http) fn explain(error: &WarehouseError, limits: &AskLimits) -> Failure {
    let limit = |text: String| Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "SQL_LIMIT", text);
    match error.code() {
        Some(159 | 160 | 209) => limit(format!(
            "it takes longer than {} s; narrow the range of blocks, or group less finely",
            limits.seconds
        )),
        Some(241) => limit(format!(
            "it needs more than {} MB of memory; narrow the range, or select fewer columns",
            limits.memory_bytes >> 20
        )),
        Some(158) => limit(format!(
            "it reads more than {} rows; give a range of block_number, which the tables are sorted by",
            limits.read_rows
        )),
        Some(307) => limit(format!(
            "it reads more than {} MB; select fewer columns, or a smaller range",
            limits.read_bytes >> 20
        )),
        Some(396) => limit(format!(
            "the answer is larger than {} MB; select fewer rows or columns",
            limits.result_bytes >> 20
        )),
        Some(202 | 203 | 210) | None if error.is_transient() => Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "UNAVAILABLE",
            "the warehouse cannot be reached right now; try again in a moment",
        ),
        // the person's own statement: wrong columns, types, arguments
        Some(_) => Failure::new(StatusCode::BAD_REQUEST, "SQL_ERROR", error.question_text()),
        None => {
            tracing::error!(%error, "question failed");
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", INTERNAL)
        }
    }
}

pub(super) fn failed(error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(error, "the SQL endpoint failed");
    answer::problem(
        StatusCode::INTERNAL_SERVER_ERROR,
        "INTERNAL",
        "internal error; see the log under the request's id",
    )
}

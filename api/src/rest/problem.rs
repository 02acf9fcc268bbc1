//! Refusals: problems by RFC 9457, with a stable code.
//!
//! Handlers fail with [`ApiError`]; the layer around them writes the problem, as only it knows the request.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, Response as Described, ResponseBuilder},
};

use crate::{ApiError, error::Nearest};

/// Media type of problems.
const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was refused, by RFC 9457.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Reference to the code in the documentation.
    #[serde(rename = "type")]
    #[schema(example = "/api/v1/docs#BAD_INPUT")]
    kind: String,
    /// What the status means.
    title: String,
    /// The status of the response.
    status: u16,
    /// Stable code for programs.
    #[schema(example = "BAD_INPUT")]
    code: String,
    /// What is wrong with this request, and what to do.
    detail: String,
    /// Id of the request, as in the header `x-request-id`; the log knows it.
    instance: String,
    /// What can be had instead of what was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nearest: Vec<NearestThing>,
    /// The detail again, where clients of the compatible paths look for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// Something that can be had instead of what was asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
enum NearestThing {
    /// A subnet that had the number.
    Subnet {
        /// Number.
        netuid: u16,
        /// Block of its registration.
        registered_at: Option<u64>,
        /// First block with its state.
        first_block: u64,
        /// Last block with its state.
        last_block: u64,
    },
    /// A block whose state is known.
    Block {
        /// Height.
        block: u64,
    },
    /// A number that a subnet has or had.
    Netuid {
        /// Number.
        netuid: u16,
    },
    /// The highest uid of a subnet.
    Uid {
        /// Number.
        uid: u16,
    },
}

impl From<Nearest> for NearestThing {
    fn from(nearest: Nearest) -> Self {
        match nearest {
            Nearest::Block { block } => Self::Block { block },
            Nearest::Netuid { netuid } => Self::Netuid { netuid },
            Nearest::Subnet { netuid, registered_at, first_block, last_block } => {
                Self::Subnet { netuid, registered_at, first_block, last_block }
            }
            Nearest::Uid { uid } => Self::Uid { uid },
        }
    }
}

/// Codes, the status each comes with, and what it means: the table of the documentation.
pub(crate) const CODES: [(&str, StatusCode, &str); 17] = [
    ("BAD_INPUT", StatusCode::BAD_REQUEST, "a parameter cannot be used as it is"),
    ("UNKNOWN_PARAMETER", StatusCode::BAD_REQUEST, "the path has no such parameter"),
    ("PAGE_SIZE", StatusCode::BAD_REQUEST, "`limit` is out of bounds"),
    ("INVALID_CURSOR", StatusCode::BAD_REQUEST, "the cursor is none"),
    ("CURSOR_MISMATCH", StatusCode::BAD_REQUEST, "the cursor belongs to another list, filter or order"),
    ("RANGE_LIMIT", StatusCode::BAD_REQUEST, "the range is too wide for one answer"),
    ("UNAUTHORIZED", StatusCode::UNAUTHORIZED, "the key is not known, expired, or may not do this"),
    ("NO_STATE", StatusCode::NOT_FOUND, "the state of the block is not stored"),
    ("UNKNOWN_SUBNET", StatusCode::NOT_FOUND, "there is no such subnet at the block"),
    ("UNKNOWN_NEURON", StatusCode::NOT_FOUND, "the subnet has no such uid at the block"),
    ("UNKNOWN", StatusCode::NOT_FOUND, "there is no such thing, or no such path"),
    ("TOO_LARGE", StatusCode::UNPROCESSABLE_ENTITY, "the answer would need too much memory"),
    (
        "RATE_LIMITED",
        StatusCode::TOO_MANY_REQUESTS,
        "too many requests; `Retry-After` says when to come back",
    ),
    ("INTERNAL", StatusCode::INTERNAL_SERVER_ERROR, "a fault of ours; the log names it under `instance`"),
    ("UNAVAILABLE", StatusCode::SERVICE_UNAVAILABLE, "the warehouse cannot be reached right now"),
    ("OVERLOADED", StatusCode::SERVICE_UNAVAILABLE, "too many requests at once; try again in a moment"),
    ("TIMEOUT", StatusCode::GATEWAY_TIMEOUT, "the warehouse took too long"),
];

/// The status that goes with a code.
fn status_of(code: &str) -> StatusCode {
    let known = CODES.iter().find(|(known, ..)| *known == code);
    known.map_or(StatusCode::BAD_REQUEST, |(_, status, _)| *status)
}

impl Problem {
    /// What a client is told.
    pub(crate) fn new(code: &str, detail: String, request_id: &str) -> Self {
        let status = status_of(code);
        Self {
            kind: format!("/api/v1/docs#{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail,
            instance: request_id.to_owned(),
            nearest: Vec::new(),
            message: None,
        }
    }

    /// What a client is told of an error.
    pub(crate) fn of(error: &ApiError, request_id: &str) -> Self {
        let detail = match error {
            ApiError::InvalidCursor { cursor } => {
                format!("`{cursor}` is not a cursor; pass `next_cursor` of an earlier page, unchanged")
            }
            ApiError::CursorMismatch { list } => format!(
                "this cursor belongs to another list: `{list}` with this filter and order did not make it; repeat the \
                 parameters of the page it came from, or start again without a cursor"
            ),
            // the texts are shared with GraphQL, which has its extensions where a problem has members
            other => other.public_message(request_id).replace("extensions.nearest", "nearest"),
        };
        let mut problem = Self::new(error.code(), detail, request_id);
        if let ApiError::NotFound { nearest, .. } = error {
            problem.nearest = nearest.iter().copied().map(Into::into).collect();
        }
        problem
    }

    /// With the detail under `message`, too.
    pub(crate) fn with_message(mut self) -> Self {
        self.message = Some(self.detail.clone());
        self
    }

    pub(crate) fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(self.code.as_str(), "OVERLOADED" | "UNAVAILABLE") {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

impl IntoResponse for ApiError {
    /// The error on its way to the layer that writes it.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status_of(self.code());
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// The refusals that every path of v1 may answer with.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        let mut responses = BTreeMap::new();
        for status in CODES.map(|(_, status, _)| status) {
            let codes: Vec<_> = CODES
                .iter()
                .filter(|(_, of, _)| *of == status)
                .map(|(code, ..)| format!("`{code}`"))
                .collect();
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let response = ResponseBuilder::new()
                .description(format!(
                    "{}: {}",
                    status.canonical_reason().unwrap_or("Error"),
                    codes.join(", ")
                ))
                .content(MEDIA_TYPE, content)
                .build();
            responses.insert(status.as_str().to_owned(), response.into());
        }
        responses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_an_error_has_its_status() {
        let error = ApiError::NotFound {
            code: "UNKNOWN_SUBNET",
            message: "see `extensions.nearest`".into(),
            nearest: vec![Nearest::Netuid { netuid: 7 }],
        };
        let problem = Problem::of(&error, "r1");
        assert_eq!((problem.status, problem.detail.as_str()), (404, "see `nearest`"));
        let body = serde_json::to_value(&problem).unwrap();
        assert_eq!(body["nearest"], serde_json::json!([{ "netuid": 7 }]));
        assert_eq!(body["type"], "/api/v1/docs#UNKNOWN_SUBNET");
        assert!(body.get("message").is_none());
        for (code, status, _) in CODES {
            assert_eq!(status_of(code), status);
        }
    }
}

//! Answers outside of GraphQL's own: refusals, panics, and the headers of caches.

use std::any::Any;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde_json::json;

/// A refusal in the shape of a GraphQL answer, so that clients read it where they read all errors.
pub(crate) fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "data": null, "errors": [{ "message": message, "extensions": { "code": code } }] });
    json_response(status, body.to_string().into())
}

/// A refusal outside of GraphQL: an RFC 9457 problem with a code for programs.
pub(crate) fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let body = json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or("Refused"),
        "status": status.as_u16(),
        "code": code,
        "detail": detail,
    });
    let mut response = json_response(status, body.to_string().into());
    let media = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    response
}

/// A JSON response that caches must not keep.
pub(super) fn json_response(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What is left of a request whose handler panicked: nothing of the panic's text.
#[allow(clippy::needless_pass_by_value)]
pub(super) fn panicked(cause: Box<dyn Any + Send>) -> Response {
    log_panic(cause.as_ref());
    refuse(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", PANICKED)
}

/// What a client is told of a panic.
pub(super) const PANICKED: &str = "internal error; the log names it under the id in the header x-request-id";

/// Writes the text of a panic to the log.
pub(crate) fn log_panic(cause: &(dyn Any + Send)) {
    let text =
        cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("unknown"), "request handler panicked");
}

/// Serves `body` under an entity tag made of it; answers 304 to whom has it already.
pub(crate) fn tagged(
    request: &HeaderMap,
    body: Bytes,
    content_type: &'static str,
    cache: &'static str,
) -> Response {
    // Weak, as compression changes the bytes that are sent.
    let tag = format!("W/\"{:016x}\"", xxhash_rust::xxh3::xxh3_64(&body));
    let known = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known =
        known.flat_map(|value| value.split(',')).any(|value| value.trim() == tag || value.trim() == "*");
    let mut response = Response::new(if is_known { Body::empty() } else { Body::from(body) });
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_body_already_is_told_so() {
        let fresh = tagged(&HeaderMap::new(), Bytes::from_static(b"{}"), "application/json", "no-cache");
        let tag = fresh.headers()[header::ETAG].clone();
        let mut request = HeaderMap::new();
        request.insert(header::IF_NONE_MATCH, tag);
        let again = |body: &'static [u8]| {
            tagged(&request, Bytes::from_static(body), "application/json", "no-cache").status()
        };
        assert_eq!(again(b"{}"), StatusCode::NOT_MODIFIED);
        assert_eq!(again(b"{ }"), StatusCode::OK);
    }

    #[tokio::test]
    async fn the_text_of_a_panic_stays_inside() {
        let response = panicked(Box::new("secret"));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("INTERNAL") && !text.contains("secret"), "{text}");
    }
}

//! The GraphQL console: a page without any asset from elsewhere, and the schema as text.

use axum::{
    body::Bytes,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::answer;
use crate::graphql;

const PAGE: &str = include_str!("../../assets/console/index.html");
const SCRIPT: &str = include_str!("../../assets/console/console.js");
const STYLE: &str = include_str!("../../assets/console/console.css");
const EXAMPLES: &str = include_str!("../../assets/console/examples.json");

/// Nothing is loaded from, or sent to, any other host.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

/// `GET /graphql` of a browser.
pub(super) fn page(request: &HeaderMap) -> Response {
    let mut response =
        answer::tagged(request, Bytes::from_static(PAGE.as_bytes()), "text/html; charset=utf-8", "no-cache");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// `GET /graphql/assets/{name}`.
pub(super) async fn asset(request: HeaderMap, Path(name): Path<String>) -> Response {
    let (text, content_type) = match name.as_str() {
        "console.js" => (SCRIPT, "text/javascript; charset=utf-8"),
        "console.css" => (STYLE, "text/css; charset=utf-8"),
        "examples.json" => (EXAMPLES, "application/json"),
        _ => return (StatusCode::NOT_FOUND, "no such asset").into_response(),
    };
    answer::tagged(&request, Bytes::from_static(text.as_bytes()), content_type, "no-cache")
}

/// `GET /graphql/schema.graphql`.
pub(super) async fn schema(request: HeaderMap) -> Response {
    answer::tagged(&request, graphql::sdl().into(), "text/plain; charset=utf-8", "no-cache")
}

//! How long a page took and how much it asked of the warehouse, told in its `Server-Timing` header.

use std::time::Instant;

use axum::{
    extract::Request,
    http::{HeaderValue, header::HeaderName},
    middleware::Next,
    response::Response,
};

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Answers, and says what it cost: milliseconds in all, and statements sent to the warehouse.
pub(super) async fn tell(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (mut response, statements) = yumascan_warehouse::count_statements(next.run(request)).await;
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    let told = format!("total;dur={milliseconds:.2}, warehouse;desc=\"{statements} statements\"");
    if let Ok(told) = HeaderValue::from_str(&told) {
        response.headers_mut().insert(SERVER_TIMING, told);
    }
    response
}

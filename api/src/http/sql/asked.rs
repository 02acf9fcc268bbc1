//! What is asked: by the address, by JSON, by a form, or as the statement itself.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use tokio::time::timeout;

use super::super::{App, answer};

/// What is asked, by body or address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::http) struct Asked {
    pub(super) sql: Option<String>,
    /// Id of a kept question, in place of `sql`.
    pub(super) q: Option<String>,
    pub(super) format: Option<String>,
    pub(super) max_rows: Option<u64>,
    pub(super) title: Option<String>,
}

pub(super) async fn read_body(
    app: &App,
    headers: &HeaderMap,
    query: Option<String>,
    body: Body,
) -> Result<Asked, Response> {
    let config = &app.shared.state.config;
    let Ok(Ok(bytes)) = timeout(config.timeout(), to_bytes(body, config.max_body_bytes)).await else {
        let text =
            format!("the body is larger than {} bytes, or did not arrive in time", config.max_body_bytes);
        return Err(answer::problem(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", &text));
    };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return serde_json::from_slice(&bytes).map_err(|error| {
            let text = format!("the body is not {{\"sql\": \"SELECT …\"}}: {error}");
            answer::problem(StatusCode::BAD_REQUEST, "BAD_REQUEST", &text)
        });
    }
    if is_form(headers) {
        let asked = from_form(&bytes);
        if asked.sql.is_some() || asked.q.is_some() {
            return Ok(asked);
        }
        // `curl --data 'SELECT …'` says that it is a form
    }
    let sql = String::from_utf8(bytes.to_vec())
        .map_err(|_| answer::problem(StatusCode::BAD_REQUEST, "BAD_REQUEST", "the body is not UTF-8"))?;
    Ok(Asked { sql: Some(sql), ..from_form(query.unwrap_or_default().as_bytes()) })
}

pub(super) fn from_form(bytes: &[u8]) -> Asked {
    let mut asked = Asked::default();
    for (name, value) in url::form_urlencoded::parse(bytes) {
        let value = value.into_owned();
        match name.as_ref() {
            "sql" => asked.sql = Some(value),
            "q" => asked.q = Some(value),
            "format" => asked.format = Some(value),
            "max_rows" => asked.max_rows = value.parse().ok(),
            "title" => asked.title = Some(value),
            _ => {}
        }
    }
    asked
}

pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

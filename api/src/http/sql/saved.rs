//! Questions that are kept under a link.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use yumascan_warehouse::Question;

use super::super::{App, answer};
use super::{
    asked::{is_form, read_body},
    failure::failed,
};

/// Longest title of a kept question, characters.
const MAX_TITLE: usize = 120;

/// `POST /api/v1/sql/saved`: keeps a question; the same one again has the same link.
pub(in crate::http) async fn save(State(app): State<App>, headers: HeaderMap, body: Body) -> Response {
    if !is_same_site(&headers) {
        let text = "a form of another site cannot keep questions here; send JSON from a program";
        return answer::problem(StatusCode::FORBIDDEN, "CROSS_SITE", text);
    }
    let asked = match read_body(&app, &headers, None, body).await {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let statement = asked.sql.unwrap_or_default();
    let title: String = asked.title.unwrap_or_default().chars().take(MAX_TITLE).collect();
    if let Err(refusal) = Question::new(&statement) {
        return answer::problem(StatusCode::BAD_REQUEST, "SQL_REFUSED", &refusal.to_string());
    }
    let max = app.shared.state.config.sql_max_saved;
    match app.shared.state.store.save_query(statement.trim(), title.trim(), max).await {
        Ok(Some(saved)) => {
            let place = format!("/sql?q={}", saved.id);
            if is_form(&headers) {
                return (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response();
            }
            (StatusCode::CREATED, Json(json!({ "id": saved.id, "url": place }))).into_response()
        }
        Ok(None) => {
            let text =
                format!("{max} questions are kept, and no more fit; the link with ?sql=… works all the same");
            answer::problem(StatusCode::INSUFFICIENT_STORAGE, "SAVED_FULL", &text)
        }
        Err(error) => failed(&error),
    }
}

/// `GET /api/v1/sql/saved/{id}`: the text of a kept question.
pub(in crate::http) async fn saved(State(app): State<App>, Path(id): Path<String>) -> Response {
    match app.shared.state.store.find_query(&id).await {
        Ok(Some(saved)) => Json(json!({
            "id": saved.id, "title": saved.title, "sql": saved.sql, "created_at_ms": saved.created_at_ms,
        }))
        .into_response(),
        Ok(None) => answer::problem(StatusCode::NOT_FOUND, "NOT_FOUND", "no question is kept under this id"),
        Err(error) => failed(&error),
    }
}

/// Browsers say where a form comes from; programs say nothing, and carry no one's cookies either.
fn is_same_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    site.is_none_or(|site| matches!(site, "same-origin" | "none"))
}

//! `/api/v1/sql`: everyone's SQL over the views, as JSON or a file.

mod asked;
mod failure;
mod file;
mod saved;

use std::time::Instant;

use axum::{
    Extension, Json,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use metrics::{counter, histogram};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use yumascan_warehouse::{Answer, AskFormat, AskLimits, Question, ask::function_names};

pub(super) use failure::{Failure, explain};
pub(super) use file::{file_response, take_turn};
pub(super) use saved::{save, saved};

use super::{App, request_id::RequestId};
use crate::{
    limits::{Tier, Visitor},
    metrics::names,
};
use asked::{Asked, from_form, read_body};
use failure::{INTERNAL, failed};

/// Longest answer to a tool, bytes.
const MAX_TEXT: u64 = 1 << 20;
/// Units that a relation costs which a question reads.
const PRICE: u32 = 5;

/// `GET /api/v1/sql?sql=…&format=…`, for links.
pub(super) async fn get(
    State(app): State<App>,
    Extension(RequestId(id)): Extension<RequestId>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    run(&app, &id, &visitor, from_form(query.unwrap_or_default().as_bytes())).await
}

/// `POST /api/v1/sql` with `{"sql": "…", "format": "csv"}`, or with the statement itself as text.
pub(super) async fn post(
    State(app): State<App>,
    Extension(RequestId(id)): Extension<RequestId>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match read_body(&app, &headers, query, body).await {
        Ok(asked) => run(&app, &id, &visitor, asked).await,
        Err(refused) => refused,
    }
}

/// `GET /api/v1/sql/reference`: views with their columns, functions, formats and limits.
pub(super) async fn reference(State(app): State<App>, visitor: Visitor) -> Response {
    let views = match app.shared.state.warehouse.list_views().await {
        Ok(views) => views,
        Err(error) => return failed(&error),
    };
    let limits = app.shared.state.config.sql_limits(visitor.tier);
    let formats: Vec<_> = AskFormat::ALL.iter().map(|format| format.name()).collect();
    Json(json!({
        "views": views,
        "functions": function_names().collect::<Vec<_>>(),
        "formats": formats,
        "limits": {
            "seconds": limits.seconds, "memory_bytes": limits.memory_bytes, "result_rows": limits.result_rows,
            "result_bytes": limits.result_bytes, "read_rows": limits.read_rows, "read_bytes": limits.read_bytes,
        },
    }))
    .into_response()
}

async fn run(app: &App, request_id: &str, visitor: &Visitor, asked: Asked) -> Response {
    let outcome = answer_question(app, visitor, asked).await;
    let code = outcome.as_ref().map_or_else(|failure| failure.code, |_| "ok");
    counter!(names::SQL_QUERIES, "outcome" => code).increment(1);
    outcome.unwrap_or_else(|failure| failure.response(request_id))
}

async fn answer_question(app: &App, visitor: &Visitor, asked: Asked) -> Result<Response, Failure> {
    let name = asked.format.as_deref().unwrap_or("json");
    let Some(format) = AskFormat::from_name(name) else {
        let text = format!("`{name}` is no format; use json, jsonl, csv, tsv, parquet or arrow");
        return Err(Failure::new(StatusCode::BAD_REQUEST, "BAD_INPUT", text));
    };
    let mut limits = app.shared.state.config.sql_limits(visitor.tier);
    limits.result_rows = asked.max_rows.map_or(limits.result_rows, |max| max.clamp(1, limits.result_rows));
    let (turn, mut answer) = begin(app, visitor, &asked, format, &limits).await?;
    let started = Instant::now();
    // what is wrong with a question shows before its first bytes: then the status can say so
    let first = answer.next().await.map_err(|error| explain(&error, &limits))?.unwrap_or_default();
    histogram!(names::SQL_SECONDS).record(started.elapsed().as_secs_f64());
    let mut response = file_response(first, answer, turn, format, "yumascan");
    response.headers_mut().insert("x-yumascan-max-rows", HeaderValue::from(limits.result_rows));
    Ok(response)
}

/// Whether it may be asked, by whom, and when; then asks.
async fn begin(
    app: &App,
    visitor: &Visitor,
    asked: &Asked,
    format: AskFormat,
    limits: &AskLimits,
) -> Result<(OwnedSemaphorePermit, Answer), Failure> {
    if !app.shared.state.config.sql_enabled {
        let text = "the operator of this server has switched SQL off (api.sql_enabled)";
        return Err(Failure::new(StatusCode::NOT_FOUND, "NOT_FOUND", text));
    }
    if !visitor.may("sql") {
        let text = "this key does not have the scope `sql`; ask the operator for one that does";
        return Err(Failure::new(StatusCode::FORBIDDEN, "SCOPE", text));
    }
    let statement = statement(app, asked).await?;
    let question = Question::new(&statement)
        .map_err(|refusal| Failure::new(StatusCode::BAD_REQUEST, "SQL_REFUSED", refusal.to_string()))?;
    visitor.charge(question.cost().saturating_mul(PRICE))?;
    let turn = take_turn(app).await?;
    let answer =
        app.shared.state.warehouse.ask(&question, format, limits).map_err(|error| explain(&error, limits))?;
    Ok((turn, answer))
}

/// The answer for a tool: JSON of a bounded size, or what is wrong with the question.
pub(super) async fn ask_text(
    app: &App,
    visitor: &Visitor,
    request_id: &str,
    statement: &str,
    max_rows: u64,
) -> Result<String, String> {
    let asked = Asked { sql: Some(statement.to_owned()), ..Asked::default() };
    let limits = app.shared.state.config.sql_limits(visitor.tier);
    let limits =
        AskLimits { result_rows: max_rows, result_bytes: limits.result_bytes.min(MAX_TEXT), ..limits };
    let answered = async {
        let (_turn, mut answer) = begin(app, visitor, &asked, AskFormat::Json, &limits).await?;
        answer.collect().await.map_err(|error| explain(&error, &limits))
    };
    let answered: Result<_, Failure> = answered.await;
    let code = answered.as_ref().map_or_else(|failure| failure.code, |_| "ok");
    counter!(names::SQL_QUERIES, "outcome" => code).increment(1);
    let bytes = answered.map_err(|failure| failure.detail.replace("{request}", request_id))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn statement(app: &App, asked: &Asked) -> Result<String, Failure> {
    if let Some(sql) = &asked.sql {
        return Ok(sql.clone());
    }
    let Some(id) = &asked.q else {
        let text = "no statement: POST {\"sql\": \"SELECT …\"}, or GET with ?sql=… or ?q=ID; views and examples are at /sql";
        return Err(Failure::new(StatusCode::BAD_REQUEST, "BAD_INPUT", text));
    };
    match app.shared.state.store.find_query(id).await {
        Ok(Some(saved)) => Ok(saved.sql),
        Ok(None) => {
            Err(Failure::new(StatusCode::NOT_FOUND, "NOT_FOUND", "no question is kept under this id"))
        }
        Err(error) => {
            tracing::error!(%error, "kept question not read");
            Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", INTERNAL))
        }
    }
}

impl crate::ApiConfig {
    /// How many times an anonymous visitor's limits this tier has.
    #[must_use]
    pub(crate) fn factor(&self, tier: Tier) -> u64 {
        match tier {
            Tier::Anonymous => 1,
            Tier::Keyed => self.keyed_factor.max(1),
            Tier::Admin => self.keyed_factor.max(1).saturating_mul(4),
        }
    }

    /// What a question of this tier may take.
    #[must_use]
    pub fn sql_limits(&self, tier: Tier) -> AskLimits {
        let factor = self.factor(tier);
        let megabytes = |count: u64| count.saturating_mul(factor) << 20;
        AskLimits {
            seconds: self.sql_timeout_ms.div_ceil(1000).saturating_mul(factor),
            memory_bytes: megabytes(self.sql_memory_mb),
            result_rows: self.sql_max_rows.saturating_mul(factor),
            result_bytes: megabytes(self.sql_max_result_mb),
            read_rows: self.sql_max_read_rows.saturating_mul(factor),
            read_bytes: megabytes(self.sql_max_read_mb),
            threads: 2,
        }
    }
}

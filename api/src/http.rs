//! Routes and the layers around them.

pub(crate) mod answer;
mod console;
mod export;
mod health;
mod mcp;
mod query;
mod request_id;
mod sql;
pub(crate) mod udf;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method, header},
    middleware,
    routing::{get, post},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    cors::{AllowOrigin, CorsLayer},
    set_header::SetResponseHeaderLayer,
};

pub(crate) use answer::{log_panic, tagged};
pub(crate) use query::take_turn;
pub(crate) use request_id::RequestId;

use crate::{ApiState, config::ApiConfig, graphql, rest, shared::Shared};

/// What handlers get.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) shared: Arc<Shared>,
    schema: graphql::ApiSchema,
}

/// All routes of the API, ready to be merged with others: it has no fallback, and its layers are around its own routes
/// only.
pub fn router(state: ApiState) -> Router {
    let config = state.config.clone();
    let app = App { schema: graphql::schema(&config), shared: Arc::new(Shared::new(state)) };
    Router::new()
        .route("/graphql", get(query::get).post(query::post))
        .route("/graphql/schema.graphql", get(console::schema))
        .route("/graphql/assets/{name}", get(console::asset))
        .route("/api/udf/config", get(udf::config))
        .route("/api/udf/symbols", get(udf::symbols))
        .route("/api/udf/history", get(udf::history))
        .route("/api/v1/sql", get(sql::get).post(sql::post))
        .route("/api/v1/sql/reference", get(sql::reference))
        .route("/api/v1/sql/saved", post(sql::save))
        .route("/api/v1/sql/saved/{id}", get(sql::saved))
        .route("/api/v1/export/{list}", get(export::export))
        .route("/mcp", get(mcp::get).post(mcp::post))
        .merge(rest::router(&app))
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .layer(CompressionLayer::new().gzip(true).br(true))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(cors(&config))
        .layer(CatchPanicLayer::custom(answer::panicked))
        .layer(middleware::from_fn(request_id::name_request))
        .with_state(app)
}

/// Reading needs no credentials, so an origin is either allowed to read or not.
fn cors(config: &ApiConfig) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::CONTENT_TYPE,
            header::ACCEPT,
            header::AUTHORIZATION,
            HeaderName::from_static("x-request-id"),
        ])
        .expose_headers([
            HeaderName::from_static("x-request-id"),
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
            header::ETAG,
            header::LINK,
            header::RETRY_AFTER,
        ]);
    if config.cors_allow_origins.iter().any(|origin| origin == "*") {
        return layer.allow_origin(AllowOrigin::any());
    }
    let origins = config.cors_allow_origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    layer.allow_origin(AllowOrigin::list(origins))
}

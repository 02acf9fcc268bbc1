//! The server's side: routes, request context, assets, headers and the live stream.

use std::sync::Arc;

use axum::{Router, http::header, routing::get};
use tower_http::{compression::CompressionLayer, set_header::SetResponseHeaderLayer};
use yumascan_warehouse::{LiveTip, Warehouse};

use crate::pages;

mod assets;
mod context;
mod error;
mod live;
mod operations;
mod params;
mod shelf;
mod status;
mod timing;

pub use context::{Answer, Context, FileContent};
pub use error::PageError;
pub use operations::{EndpointLine, Operations, OperationsDesk, PlaceLine, ReadOperations};
pub(crate) use params::cursor_text;
pub use params::{Paging, Params};
pub use shelf::{FindQuestion, KeptQuestion, SqlShelf};
pub use status::Status;

pub(crate) use assets::{css_url, logo_url, pkg_url, script_url};

/// Nothing but this server's own files; no inline script or style at all.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// What the pages are rendered from; cheap to clone.
#[derive(Debug, Clone)]
pub struct WebState {
    /// Stored, finalized blocks.
    pub warehouse: Warehouse,
    /// The unfinalized tip; one that is never written to where this process does not ingest.
    pub tip: LiveTip,
    /// How the header calls the chain, e.g. `demo chain`.
    pub chain_name: Option<String>,
    /// Everyone's SQL; `None` where it is switched off.
    pub sql: Option<SqlShelf>,
    /// Endpoints and places of the work; `None` where nobody reads them.
    pub operations: Option<OperationsDesk>,
    pub(crate) moment: Arc<status::Moment>,
}

impl WebState {
    /// State over a warehouse and the tip that ingest writes.
    #[must_use]
    pub fn new(warehouse: Warehouse, tip: LiveTip) -> Self {
        Self { warehouse, tip, chain_name: None, sql: None, operations: None, moment: Arc::default() }
    }

    /// Opens the page for SQL.
    #[must_use]
    pub fn with_sql(mut self, shelf: SqlShelf) -> Self {
        self.sql = Some(shelf);
        self
    }

    /// Gives the page of the instance's state what the store knows.
    #[must_use]
    pub fn with_operations(mut self, desk: OperationsDesk) -> Self {
        self.operations = Some(desk);
        self
    }

    /// Names the chain in the header.
    #[must_use]
    pub fn with_chain_name(mut self, name: impl Into<String>) -> Self {
        self.chain_name = Some(name.into());
        self
    }
}

/// All pages, their assets and streams, and the 404 page as fallback.
pub fn router(state: WebState) -> Router {
    Router::new()
        .route("/", get(pages::home::handle))
        .route("/blocks", get(pages::blocks::handle))
        .route("/block/{id}", get(pages::block::handle))
        .route("/extrinsics", get(pages::extrinsics::handle))
        .route("/extrinsic/{id}", get(pages::extrinsic::handle))
        .route("/extrinsic/{id}/args.json", get(pages::extrinsic::handle_args))
        .route("/events", get(pages::events::handle))
        .route("/transfers", get(pages::transfers::handle))
        .route("/account/{id}", get(pages::account::handle))
        .route("/incidents", get(pages::incidents::handle))
        .route("/incident/{id}", get(pages::incident::handle))
        .route("/incident/{id}/incident.json", get(pages::incident::handle_json))
        .route("/verification", get(pages::verification::handle))
        .route("/subnets", get(pages::subnets::handle))
        .route("/subnet/{netuid}", get(pages::subnet::handle))
        .route("/subnet/{netuid}/pool.json", get(pages::subnet::handle_pool))
        .route("/subnet/{netuid}/epoch/{block}", get(pages::epoch::handle))
        .route("/subnet/{netuid}/epoch/{block}/inputs.json", get(pages::epoch::handle_inputs))
        .route("/validators", get(pages::validators::handle))
        .route("/validator/{hotkey}", get(pages::validator::handle))
        .route("/yield", get(pages::yields::handle))
        .route("/slippage", get(pages::slippage::handle))
        .route("/tokenomics", get(pages::tokenomics::handle))
        .route("/runtimes", get(pages::runtimes::handle))
        .route("/sql", get(pages::sql::handle))
        .route("/status", get(pages::status::handle))
        .route("/search", get(pages::search::handle))
        .route("/search.json", get(pages::search::handle_json))
        .route("/help", get(pages::help::handle))
        .route("/theme", get(pages::help::handle_theme))
        .route("/live/blocks", get(live::stream))
        .route("/live/blocks.json", get(live::snapshot))
        .route("/assets/{hash}/{file}", get(assets::asset))
        .route("/pkg/{hash}/{file}", get(assets::package))
        .route("/favicon.ico", get(assets::favicon))
        .route("/robots.txt", get(assets::robots))
        .fallback(pages::not_found)
        .layer(axum::middleware::from_fn(timing::tell))
        .layer(CompressionLayer::new())
        .layer(fixed_header(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(fixed_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed_header(header::REFERRER_POLICY, "same-origin"))
        .with_state(state)
}

fn fixed_header(
    name: header::HeaderName,
    value: &'static str,
) -> SetResponseHeaderLayer<header::HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, header::HeaderValue::from_static(value))
}

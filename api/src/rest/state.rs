//! The moment at which a request asks for state.

use std::sync::Arc;

use axum::{Extension, extract::FromRequestParts, http::request::Parts};
use yumascan_warehouse::Warehouse;

use super::extract::{At, Fields};
use crate::{
    ApiError,
    graphql::{BlockNumber, Market, Scope},
    http::{App, RequestId},
    limits::Visitor,
};

/// The market at the block that the parameter `at` names, or at the newest one.
pub(crate) struct AtBlock(pub(crate) Arc<Market>);

impl FromRequestParts<App> for AtBlock {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Fields(At { at }) = Fields::from_request_parts(parts, app).await?;
        let id = Extension::<RequestId>::from_request_parts(parts, app).await;
        let id = id.map(|Extension(RequestId(id))| id).unwrap_or_default();
        let tier = parts.extensions.get::<Visitor>().map(|visitor| visitor.tier).unwrap_or_default();
        let scope = Scope::new(app.shared.clone(), id, tier);
        Ok(Self(Market::at(scope, at.map(|height| BlockNumber(height.0))).await?))
    }
}

impl AtBlock {
    /// The warehouse.
    pub(crate) fn warehouse(&self) -> &Warehouse {
        &self.0.scope.shared.state.warehouse
    }
}

/// What is not there.
pub(crate) fn unknown(message: String) -> ApiError {
    ApiError::NotFound { code: "UNKNOWN", message, nearest: Vec::new() }
}

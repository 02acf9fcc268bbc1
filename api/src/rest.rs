//! REST over the same query functions as GraphQL and the pages.
//!
//! Two sets of paths: [`v1`], described by an OpenAPI document that is made of its handlers, and [`taostats`], the paths
//! and shapes that clients of an existing API know. Both refuse with RFC 9457 problems ([`problem`]) and wait for the
//! same turns as GraphQL ([`turn`]).

#[macro_use]
mod dto;
mod docs;
mod extract;
mod listing;
mod openapi;
mod problem;
mod scalars;
mod state;
mod taostats;
mod turn;
mod v1;

use axum::{Router, middleware};

pub use openapi::document as openapi;

use crate::http::App;

/// All REST routes; their layers are around them only.
pub(crate) fn router(app: &App) -> Router<App> {
    let (described, _) = v1::router().split_for_parts();
    let own =
        described.merge(docs::router()).route_layer(middleware::from_fn_with_state(app.clone(), turn::of_v1));
    let compatible =
        taostats::router().route_layer(middleware::from_fn_with_state(app.clone(), turn::of_taostats));
    own.merge(compatible)
}

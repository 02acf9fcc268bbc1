//! The GraphQL schema: one file a type, one file an idea.
#![allow(clippy::too_many_arguments, reason = "the arguments of a method are those of its field")]

mod account;
mod as_of;
mod block;
mod call;
mod connection;
mod cursor;
mod epoch;
mod event;
mod extrinsic;
mod filter;
mod guard;
mod loaders;
mod market;
mod names;
mod paging;
mod query;
mod runtime_version;
mod scalars;
mod scope;
mod search;
mod status;
mod tip;
mod transfer;
mod verification;

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, Request, Response, SDLExportOptions, Schema};

pub(crate) use cursor::ListId;
pub(crate) use guard::first_code;
pub(crate) use market::{Decimal, Market, no_state};
pub(crate) use names::{parse_place, split_name};
use query::Query;
pub(crate) use scalars::{BlockNumber, format_time, parse_time};
pub(crate) use scope::Scope;

use crate::config::ApiConfig;

/// The schema of the API.
pub(crate) type ApiSchema = Schema<Query, EmptyMutation, EmptySubscription>;

/// Builds the schema with the limits of `config`.
pub(crate) fn schema(config: &ApiConfig) -> ApiSchema {
    Schema::build(Query::default(), EmptyMutation, EmptySubscription)
        .extension(guard::Guard { config: Arc::new(config.clone()) })
        // The guard states its own, better explained limits; this one only shields the parser's own recursion.
        .limit_recursive_depth(64)
        .finish()
}

/// Answers a request within `scope`.
pub(crate) async fn execute(schema: &ApiSchema, request: Request, scope: &Arc<Scope>) -> Response {
    let response = schema.execute(request.data(scope.clone())).await;
    guard::finish(response, scope)
}

/// The schema in the schema definition language, as in `api/schema.graphql`.
#[must_use]
pub fn sdl() -> String {
    let options =
        SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items().include_specified_by();
    schema(&ApiConfig::default()).sdl_with_options(options)
}

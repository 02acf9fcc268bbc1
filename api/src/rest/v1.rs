//! `/api/v1`: the chain and its markets, one file a kind of thing.

mod accounts;
mod amounts;
mod blocks;
mod calls;
mod events;
mod extrinsics;
mod metagraph;
mod parameters;
mod registrations;
mod search;
mod stake;
mod status;
mod subnets;
mod transfers;
mod validators;
mod verification;
mod yields;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ApiError, http::App};

/// All paths of v1 with their description.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(blocks::list))
        .routes(routes!(blocks::get))
        .routes(routes!(extrinsics::list))
        .routes(routes!(extrinsics::get))
        .routes(routes!(events::list))
        .routes(routes!(calls::list))
        .routes(routes!(transfers::list))
        .routes(routes!(accounts::get))
        .routes(routes!(accounts::positions))
        .routes(routes!(accounts::balances))
        .routes(routes!(stake::list))
        .routes(routes!(subnets::list))
        .routes(routes!(subnets::get))
        .routes(routes!(subnets::blocks))
        .routes(routes!(subnets::candles))
        .routes(routes!(subnets::holders))
        .routes(routes!(metagraph::list))
        .routes(routes!(metagraph::get))
        .routes(routes!(metagraph::history))
        .routes(routes!(metagraph::weights))
        .routes(routes!(parameters::of_subnet))
        .routes(routes!(parameters::of_chain))
        .routes(routes!(parameters::changes))
        .routes(routes!(validators::list))
        .routes(routes!(validators::get))
        .routes(routes!(yields::of_subnet))
        .routes(routes!(yields::of_validator))
        .routes(routes!(verification::epochs))
        .routes(routes!(verification::epoch))
        .routes(routes!(verification::emission))
        .routes(routes!(amounts::emissions))
        .routes(routes!(amounts::supply))
        .routes(routes!(registrations::arrivals))
        .routes(routes!(registrations::departures))
        .routes(routes!(registrations::pruning))
        .routes(routes!(search::search))
        .routes(routes!(status::runtimes))
        .routes(routes!(status::status))
}

/// Rows of lists that have no cursor.
fn limit(asked: Option<u32>) -> Result<u32, ApiError> {
    let limit = asked.unwrap_or(25);
    if (1..=1_000).contains(&limit) {
        return Ok(limit);
    }
    Err(ApiError::BadInput(format!("`limit={limit}` is out of bounds: 1 to 1000 rows are given")))
}

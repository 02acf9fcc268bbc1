//! Parameters of subnets and of the chain.

use axum::Json;
use serde::Deserialize;
use utoipa::IntoParams;
use yumascan_warehouse::rows::{HyperparameterRow, NetworkParameterRow};

use crate::{
    ApiError,
    rest::{
        extract::{At, Fields, Height, Segments, name},
        listing::{Listing, all_at},
        problem::Refusals,
        scalars::{Json as Raw, Time, time},
        state::AtBlock,
    },
};

dto! {
    /// A parameter of a subnet, as it is since a block.
    Hyperparameter from HyperparameterRow as row {
        /// Storage item, with its pallet where it is not SubtensorModule.
        name: String = row.name,
        /// Value; null where there is none.
        value: Raw = Raw::maybe(row.new_value),
        /// Value before; null where there was none.
        old_value: Raw = Raw::maybe(row.old_value),
        /// Block that changed it.
        since_block: u64 = row.block_number,
        /// Its time.
        timestamp: Option<Time> = time(row.timestamp_ms),
        /// `call`, `first_seen`, `subnet_registered`, `subnet_removed`, `runtime_upgrade`, `adjustment` or `unknown`.
        cause: String = row.cause,
        /// Call that changed it; null where none did or none can be named.
        call: Option<String> = row.call,
        /// Who signed the extrinsic, SS58; null likewise.
        signer: Option<String> = row.signer,
    }
}

dto! {
    /// A parameter of the chain, as it is since a block.
    NetworkParameter from NetworkParameterRow as row {
        /// Storage item, with its pallet where it is not SubtensorModule.
        name: String = row.name,
        /// Value; null where there is none.
        value: Raw = Raw::maybe(row.new_value),
        /// Value before; null where there was none.
        old_value: Raw = Raw::maybe(row.old_value),
        /// Block that changed it.
        since_block: u64 = row.block_number,
        /// Its time.
        timestamp: Option<Time> = time(row.timestamp_ms),
        /// As for subnets.
        cause: String = row.cause,
        /// Call that changed it; null where none did or none can be named.
        call: Option<String> = row.call,
        /// Who signed the extrinsic, SS58; null likewise.
        signer: Option<String> = row.signer,
    }
}

/// Hyperparameters of a subnet
///
/// At a block, by name, each with the change that made it so.
#[utoipa::path(get, path = "/api/v1/subnets/{netuid}/hyperparameters", tag = "subnets",
    params(("netuid" = u16, Path, description = "Number of the subnet", maximum = 65535, example = 1), At),
    responses((status = 200, description = "By name", body = Listing<Hyperparameter>), Refusals))]
pub(super) async fn of_subnet(
    Segments(netuid): Segments<u16>,
    state: AtBlock,
) -> Result<Json<Listing<Hyperparameter>>, ApiError> {
    state.0.subnet(netuid).await?;
    let rows = state.warehouse().list_hyperparameters(netuid, &state.0.moment).await?;
    Ok(all_at(rows.into_iter().map(Into::into).collect(), &state.0.moment))
}

/// Parameters of the chain
///
/// At a block, by name, each with the change that made it so.
#[utoipa::path(get, path = "/api/v1/network-parameters", tag = "chain", params(At),
    responses((status = 200, description = "By name", body = Listing<NetworkParameter>), Refusals))]
pub(super) async fn of_chain(state: AtBlock) -> Result<Json<Listing<NetworkParameter>>, ApiError> {
    let rows = state.warehouse().list_network_parameters(&state.0.moment).await?;
    Ok(all_at(rows.into_iter().map(Into::into).collect(), &state.0.moment))
}

/// Which changes.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Of this storage item only.
    #[param(pattern = "^[A-Za-z0-9_.]+$")]
    name: Option<String>,
    /// Lowest block.
    #[param(inline)]
    from_block: Option<Height>,
    /// First readings, too, which are no changes.
    first_seen: Option<bool>,
    /// Rows, newest first.
    #[param(minimum = 1, maximum = 1000, default = 25)]
    limit: Option<u32>,
}

/// Changes of a subnet's hyperparameters
///
/// At a block and before, newest first.
#[utoipa::path(get, path = "/api/v1/subnets/{netuid}/hyperparameters/history", tag = "subnets",
    params(("netuid" = u16, Path, description = "Number of the subnet", maximum = 65535, example = 1), At, Which),
    responses((status = 200, description = "Newest first", body = Listing<Hyperparameter>), Refusals))]
pub(super) async fn changes(
    Segments(netuid): Segments<u16>,
    state: AtBlock,
    Fields(which): Fields<Which>,
) -> Result<Json<Listing<Hyperparameter>>, ApiError> {
    let moment = state.0.moment;
    let limit = super::limit(which.limit)?;
    let wanted = name("name", which.name, |c| c.is_ascii_alphanumeric() || c == '_' || c == '.')?;
    let range = (which.from_block.map_or(0, |height| height.0), moment.block);
    let listing = state.warehouse().list_hyperparameter_changes(
        netuid,
        wanted.as_deref(),
        range,
        which.first_seen.unwrap_or(false),
        limit,
    );
    Ok(all_at(listing.await?.into_iter().map(Into::into).collect(), &moment))
}

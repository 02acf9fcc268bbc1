//! One box, every kind of thing.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use yumascan_warehouse::query::search::SearchHit;

use crate::{
    ApiError,
    http::App,
    rest::{
        extract::Fields,
        listing::{Listing, whole},
        problem::Refusals,
    },
};

/// Something that a text can mean.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Hit {
    /// A stored block.
    Block {
        /// Height.
        number: u64,
        /// Hash, 0x hex.
        hash: String,
    },
    /// A stored extrinsic.
    Extrinsic {
        /// Block and index.
        id: String,
        /// `Pallet.call`.
        name: String,
    },
    /// An account, mentioned or not.
    Account {
        /// SS58 with prefix 42.
        account: String,
        /// Whether a stored block mentions it.
        known: bool,
    },
    /// A call that occurs.
    Call {
        /// `Pallet.call`.
        name: String,
        /// How often.
        count: u64,
    },
    /// An event that occurs.
    Event {
        /// `Pallet.Variant`.
        name: String,
        /// How often.
        count: u64,
    },
}

impl From<SearchHit> for Hit {
    fn from(hit: SearchHit) -> Self {
        match hit {
            SearchHit::Block { number, hash } => Self::Block { number, hash },
            SearchHit::Extrinsic { block, index, name } => {
                Self::Extrinsic { id: format!("{block}-{index}"), name }
            }
            SearchHit::Account { account, known } => Self::Account { account, known },
            SearchHit::Call { pallet, call, count } => Self::Call { name: format!("{pallet}.{call}"), count },
            SearchHit::Event { pallet, variant, count } => {
                Self::Event { name: format!("{pallet}.{variant}"), count }
            }
        }
    }
}

/// What to look for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// A height, a hash, an extrinsic's id, an account, or `Pallet.name`.
    #[param(max_length = 200, example = "3010")]
    q: String,
    /// Hits.
    #[param(minimum = 1, maximum = 1000, default = 25)]
    limit: Option<u32>,
}

/// Search
///
/// What a text can mean, best first.
#[utoipa::path(get, path = "/api/v1/search", tag = "service", params(Wanted),
    responses((status = 200, description = "Hits, best first", body = Listing<Hit>), Refusals))]
pub(super) async fn search(
    State(app): State<App>,
    Fields(wanted): Fields<Wanted>,
) -> Result<Json<Listing<Hit>>, ApiError> {
    let limit = super::limit(wanted.limit)?;
    if wanted.q.chars().count() > 200 {
        return Err(ApiError::BadInput(
            "`q` is longer than anything that can be looked for: at most 200 characters".into(),
        ));
    }
    let hits = app.shared.state.warehouse.search(&wanted.q, limit).await?;
    whole(&app, hits.into_iter().map(Into::into).collect()).await
}

//! At which block a market answer holds, and what all its parts share.

use std::{collections::HashMap, sync::Arc};

use async_graphql::Object;
use tokio::sync::OnceCell;
use yumascan_warehouse::{
    query::market::{
        Moment, NoMoment,
        changes::Changes,
        registrations::{PruningPlace, pruning_of},
    },
    rows::{NetworkStateRow, SubnetStateRow},
};

use super::super::{
    scalars::{BlockNumber, Long, Timestamp},
    scope::Scope,
};
use crate::{ApiError, error::Nearest};

/// One market answer: its moment, and what is read once for all its parts.
pub(crate) struct Market {
    pub(crate) scope: Arc<Scope>,
    pub(crate) moment: Moment,
    subnets: OnceCell<Arc<Vec<Arc<SubnetStateRow>>>>,
    network: OnceCell<Option<Arc<NetworkStateRow>>>,
    changes: OnceCell<HashMap<u16, Arc<Changes>>>,
    pruning: OnceCell<HashMap<u16, Arc<PruningPlace>>>,
}

impl Market {
    /// The market at a block, or at the newest one with state.
    pub(crate) async fn at(scope: Arc<Scope>, at: Option<BlockNumber>) -> Result<Arc<Self>, ApiError> {
        scope.pin().await?;
        if at.is_none() {
            scope.mark_volatile();
        }
        let found = scope.warehouse()?.find_moment(at.map(|number| number.0)).await?;
        let moment = found.map_err(|reason| no_state(at.map(|number| number.0), reason))?;
        Ok(Arc::new(Self {
            scope,
            moment,
            subnets: OnceCell::new(),
            network: OnceCell::new(),
            changes: OnceCell::new(),
            pruning: OnceCell::new(),
        }))
    }

    /// All subnets at the moment, root first.
    pub(crate) async fn subnets(&self) -> Result<&Arc<Vec<Arc<SubnetStateRow>>>, ApiError> {
        let read = || async {
            let rows = self.scope.warehouse()?.list_subnets(&self.moment).await?;
            self.scope.budget.take_rows("subnets", rows.len() as u64)?;
            Ok(Arc::new(rows.into_iter().map(Arc::new).collect()))
        };
        self.subnets.get_or_try_init(read).await
    }

    /// A subnet at the moment.
    ///
    /// # Errors
    /// Where it does not exist then, with what does.
    pub(crate) async fn subnet(&self, netuid: u16) -> Result<Arc<SubnetStateRow>, ApiError> {
        if let Some(rows) = self.subnets.get() {
            if let Some(row) = rows.iter().find(|row| row.netuid == netuid) {
                return Ok(row.clone());
            }
        } else if let Some(row) = self.scope.warehouse()?.find_subnet(netuid, &self.moment).await? {
            return Ok(Arc::new(row));
        }
        Err(self.no_subnet(netuid).await?)
    }

    async fn no_subnet(&self, netuid: u16) -> Result<ApiError, ApiError> {
        let block = self.moment.block;
        let generations = self.scope.warehouse()?.list_generations(netuid).await?;
        let subnets: Vec<_> = generations
            .iter()
            .map(|of| Nearest::Subnet {
                netuid,
                registered_at: of.registered_at,
                first_block: of.first_block,
                last_block: of.last_block,
            })
            .collect();
        if !subnets.is_empty() {
            let count = subnets.len();
            let message = format!(
                "there is no subnet {netuid} at block {block}; the number was used by {count} subnet{} at other blocks: \
                 pass `at` within one of those in `extensions.nearest`",
                if count == 1 { "" } else { "s" }
            );
            return Ok(ApiError::NotFound { code: "UNKNOWN_SUBNET", message, nearest: subnets });
        }
        let known = self.scope.warehouse()?.list_netuids().await?;
        let (lowest, highest) = (known.first().copied().unwrap_or(0), known.last().copied().unwrap_or(0));
        let nearest = known.iter().min_by_key(|of| of.abs_diff(netuid)).copied();
        let message = format!("there never was a subnet {netuid}; known numbers are {lowest} to {highest}");
        let nearest = nearest.map(|netuid| Nearest::Netuid { netuid });
        Ok(ApiError::NotFound { code: "UNKNOWN_SUBNET", message, nearest: nearest.into_iter().collect() })
    }

    /// The chain as a whole at the moment.
    pub(crate) async fn network(&self) -> Result<Option<Arc<NetworkStateRow>>, ApiError> {
        let read = || async {
            Ok::<_, ApiError>(self.scope.warehouse()?.find_network(&self.moment).await?.map(Arc::new))
        };
        self.network.get_or_try_init(read).await.cloned()
    }

    /// How the market of a subnet moved.
    pub(crate) async fn changes(&self, netuid: u16) -> Result<Option<Arc<Changes>>, ApiError> {
        let read = || async {
            // one subnet alone is cheaper than all of them
            let only = if self.subnets.initialized() { None } else { Some(netuid) };
            let rows = self.scope.warehouse()?.list_changes(only, &self.moment).await?;
            Ok::<_, ApiError>(rows.into_iter().map(|row| (row.netuid, Arc::new(row))).collect())
        };
        Ok(self.changes.get_or_try_init(read).await?.get(&netuid).cloned())
    }

    /// Where a subnet stands in the order of pruning.
    pub(crate) async fn pruning(&self, netuid: u16) -> Result<Option<Arc<PruningPlace>>, ApiError> {
        let read = || async {
            let subnets = self.subnets().await?;
            let parameters = self.scope.warehouse()?.list_network_parameters(&self.moment).await?;
            let immunity = parameters.iter().find(|row| row.name == "NetworkImmunityPeriod");
            let digits = immunity.and_then(|row| row.new_value.as_deref()).unwrap_or("0").trim_matches('"');
            let rows: Vec<_> = subnets.iter().map(|row| (**row).clone()).collect();
            let places = pruning_of(&rows, self.moment.block, digits.parse().unwrap_or(0));
            Ok::<_, ApiError>(places.into_iter().map(|place| (place.netuid, Arc::new(place))).collect())
        };
        Ok(self.pruning.get_or_try_init(read).await?.get(&netuid).cloned())
    }

    pub(crate) fn as_of(&self) -> StateAsOf {
        StateAsOf(self.moment)
    }
}

pub(crate) fn no_state(at: Option<u64>, reason: NoMoment) -> ApiError {
    let message = match at {
        Some(at) => format!("the state of block {at} is not known: {reason}"),
        None => reason.to_string(),
    };
    let (before, after) = reason.nearest();
    let nearest = before.into_iter().chain(after).map(|block| Nearest::Block { block }).collect();
    ApiError::NotFound { code: "NO_STATE", message, nearest }
}

/// The block at which an answer about state holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StateAsOf(pub(crate) Moment);

/// The block at which an answer about state holds.
#[Object]
impl StateAsOf {
    /// The block asked for, or the newest one whose state is known.
    async fn block(&self) -> BlockNumber {
        BlockNumber(self.0.block)
    }
    /// The newest block at or before it at which state was read: the same, unless blocks are read at a stride.
    async fn read_at_block(&self) -> BlockNumber {
        BlockNumber(self.0.read_at)
    }
    /// Whether the state was read at an earlier block than asked for.
    async fn is_earlier(&self) -> bool {
        self.0.read_at < self.0.block
    }
    /// Its time, UTC.
    async fn timestamp(&self) -> Option<Timestamp> {
        self.0.timestamp_ms.map(Timestamp)
    }
    /// Runtime that executed it (`spec_version`).
    async fn spec_version(&self) -> u32 {
        self.0.spec_version
    }
    /// Every subnet was read at least once in so many blocks.
    async fn stride_blocks(&self) -> Long {
        Long(self.0.stride)
    }
}

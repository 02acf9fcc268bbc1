//! Answers of v1: a thing or a page of things, and as of which block they hold.

use std::sync::Arc;

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use yumascan_warehouse::{
    Keyed, Page, PageRequest,
    query::{Range, market::Moment},
    rows::BlockRow,
};

use super::{
    extract::Paging,
    scalars::{Time, time},
};
use crate::{ApiError, graphql::ListId, http::App};

/// The block as of which an answer holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AsOf {
    /// Height.
    block: u64,
    /// Hash of its header, 0x hex; null in answers about state.
    hash: Option<String>,
    /// Whether it is final.
    finalized: bool,
    /// Runtime that executed it.
    spec_version: u32,
    /// Its time; null for genesis.
    timestamp: Option<Time>,
    /// The newest block at or before it at which state was read; null in answers that hold no state.
    read_at_block: Option<u64>,
}

impl From<&BlockRow> for AsOf {
    fn from(row: &BlockRow) -> Self {
        Self {
            block: row.number,
            hash: Some(row.hash.clone()),
            finalized: true,
            spec_version: row.spec_version,
            timestamp: time(row.timestamp_ms),
            read_at_block: None,
        }
    }
}

impl From<&Moment> for AsOf {
    fn from(moment: &Moment) -> Self {
        Self {
            block: moment.block,
            hash: None,
            finalized: true,
            spec_version: moment.spec_version,
            timestamp: time(moment.timestamp_ms),
            read_at_block: Some(moment.read_at),
        }
    }
}

/// Which of the blocks of a list are stored.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Coverage {
    /// Lowest block of the range; null while nothing is stored.
    from_block: Option<u64>,
    /// Highest block of the range, no higher than `as_of`.
    to_block: Option<u64>,
    /// Blocks of the range that are not stored.
    missing_blocks: u64,
}

/// One thing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Single<T> {
    /// The thing.
    data: T,
    /// The block as of which it holds; null while nothing is stored.
    as_of: Option<AsOf>,
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Listing<T> {
    /// The rows.
    data: Vec<T>,
    /// Pass it as `cursor` for the next page; null on the last one.
    next_cursor: Option<String>,
    /// The block as of which the page holds; null while nothing is stored.
    as_of: Option<AsOf>,
    /// Which blocks of the range asked for are stored; null where the list does not range over blocks.
    coverage: Option<Coverage>,
}

/// An answer about state.
pub(crate) fn at_moment<T>(data: T, moment: &Moment) -> Json<Single<T>> {
    Json(Single { data, as_of: Some(moment.into()) })
}

/// A whole list about state.
pub(crate) fn all_at<T>(data: Vec<T>, moment: &Moment) -> Json<Listing<T>> {
    Json(Listing { data, next_cursor: None, as_of: Some(moment.into()), coverage: None })
}

/// A thing of the log.
pub(crate) async fn stored<T>(app: &App, data: T) -> Result<Json<Single<T>>, ApiError> {
    let head = app.shared.find_head().await?;
    Ok(Json(Single { data, as_of: head.as_deref().map(Into::into) }))
}

/// A whole list about the log.
pub(crate) async fn whole<T>(app: &App, data: Vec<T>) -> Result<Json<Listing<T>>, ApiError> {
    let head = app.shared.find_head().await?;
    Ok(Json(Listing { data, next_cursor: None, as_of: head.as_deref().map(Into::into), coverage: None }))
}

/// A page that was asked for, checked.
pub(crate) struct Plan {
    /// What to ask of the list.
    pub(crate) request: PageRequest,
    /// What of the chain it ranges over: nothing above the head of this answer.
    pub(crate) range: Range,
    head: Option<Arc<BlockRow>>,
    id: ListId,
}

impl Plan {
    /// Checks the page against the limits and the list, which its name and filter identify.
    pub(crate) async fn new(
        app: &App,
        name: &'static str,
        filter: &impl std::fmt::Debug,
        range: Range,
        paging: &Paging,
    ) -> Result<Self, ApiError> {
        let order = paging.order.unwrap_or_default().into();
        let config = &app.shared.state.config;
        let id = ListId::new(name, filter, order);
        let limit = paging.limit.unwrap_or(config.default_page_size);
        if !(1..=config.max_page_size).contains(&limit) {
            return Err(ApiError::BadInput(format!(
                "`limit={limit}` is out of bounds: a page has 1 to {} rows; ask for less and follow `next_cursor`",
                config.max_page_size
            )));
        }
        let after = paging.cursor.as_deref().map(|cursor| id.decode(cursor)).transpose()?;
        let head = app.shared.find_head().await?;
        let top = head.as_ref().map(|head| head.number);
        let to_block = match (range.to_block, top) {
            (Some(to), Some(top)) => Some(to.min(top)),
            (to, top) => to.or(top),
        };
        let request = PageRequest { limit, order, after, before: None };
        Ok(Self { request, range: Range { to_block, ..range }, head, id })
    }

    /// The answer with a page of rows.
    pub(crate) async fn answer<R: Keyed, T: From<R>>(
        self,
        app: &App,
        page: Page<R>,
    ) -> Result<Json<Listing<T>>, ApiError> {
        let last = page.rows.last().map(Keyed::cursor);
        let next_cursor = last.filter(|_| page.has_next).map(|place| self.id.encode(place));
        let (from, to) = (self.range.from_block, self.range.to_block);
        let found = app.shared.state.warehouse.get_coverage(from, to).await?;
        let coverage = Coverage {
            from_block: from.or_else(|| found.stored.first().map(|run| run.from)),
            to_block: to.or_else(|| found.stored.last().map(|run| run.to)),
            missing_blocks: found.gaps.iter().map(|gap| gap.to - gap.from + 1).sum(),
        };
        Ok(Json(Listing {
            data: page.rows.into_iter().map(T::from).collect(),
            next_cursor,
            as_of: self.head.as_deref().map(Into::into),
            coverage: Some(coverage),
        }))
    }
}

//! Histories: the moments at which they are told.

use yumascan_warehouse::query::{Range, market::Moment};

use super::{
    asked::Asked,
    page::Place,
    values::{at, newest},
};
use crate::{ApiError, http::App};

/// A day.
pub(super) const DAY_MS: u64 = 86_400_000;

/// A page of moments, and how many there are: every block of a range, or the last of each period. The period that still
/// runs counts, with its newest block.
pub(super) async fn moments(
    app: &App,
    asked: &Asked,
    place: Place,
    default: Option<u64>,
) -> Result<(Vec<Moment>, u64), ApiError> {
    let length = asked.frequency(default)?;
    let range = asked.range()?;
    let warehouse = &app.shared.state.warehouse;
    let (blocks, total) = warehouse.list_state_blocks(range, length, place.slice()).await?;
    let mut moments = Vec::with_capacity(blocks.len());
    for block in blocks {
        moments.push(at(warehouse, Some(block)).await?);
    }
    Ok((moments, total))
}

/// The range of blocks of a request up to the newest state.
pub(super) async fn blocks(app: &App, asked: &Asked) -> Result<(u64, u64), ApiError> {
    let Range { from_block, to_block, from_ms, to_ms } = asked.range()?;
    let top = newest(app).await?.block;
    let (mut from, mut to) = (from_block.unwrap_or(0), to_block.unwrap_or(top));
    if from_ms.is_some() || to_ms.is_some() {
        let warehouse = &app.shared.state.warehouse;
        let found = warehouse.find_state_blocks(from_ms.unwrap_or(0), to_ms.unwrap_or(u64::MAX)).await?;
        let Some((first, last)) = found else { return Ok((1, 0)) };
        (from, to) = (from.max(first), to.min(last));
    }
    Ok((from, to))
}

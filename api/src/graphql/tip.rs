//! The unfinalized tip, and lists of blocks that reach into it.

use std::{future::Future, sync::Arc};

use async_graphql::SimpleObject;
use yumascan_warehouse::{
    Cursor, LiveTip, Order, Page, PageRequest, query::blocks::BlockFilter, rows::BlockRow,
};

use super::{as_of::AsOf, block::Block, connection::Node, paging::page_of, scalars::BlockNumber};
use crate::ApiError;

/// The live tip: the blocks above the finalized head that this process has seen. They may still be retracted.
#[derive(SimpleObject)]
pub(crate) struct Tip {
    /// Unfinalized blocks, newest first; empty where no node is followed.
    pub(crate) blocks: Vec<Block>,
    /// Height of the newest unfinalized block; null where no node is followed.
    pub(crate) best: Option<BlockNumber>,
    /// Height of the highest stored, final block; null while nothing is stored.
    pub(crate) finalized: Option<BlockNumber>,
    /// The newest block known, final or not; null while there is none.
    pub(crate) as_of: Option<AsOf>,
}

impl Tip {
    pub(crate) fn new(tip: &LiveTip, head: Option<Arc<BlockRow>>) -> Self {
        let mut blocks = blocks_above(tip, head.as_deref(), &BlockFilter::default());
        blocks.reverse();
        let best = blocks.first();
        let newest = best.map(|block| AsOf { row: block.row.clone(), finalized: false });
        Self {
            best: best.map(|block| BlockNumber(block.row.number)),
            finalized: head.as_ref().map(|head| BlockNumber(head.number)),
            as_of: newest.or(head.map(|row| AsOf { row, finalized: true })),
            blocks,
        }
    }
}

/// Unfinalized blocks above `head` that pass `filter`, lowest first.
pub(crate) fn blocks_above(tip: &LiveTip, head: Option<&BlockRow>, filter: &BlockFilter) -> Vec<Block> {
    let is_above = |row: &BlockRow| head.is_none_or(|head| row.number > head.number);
    let blocks = tip.blocks().into_iter().filter(|tip| is_above(&tip.block) && passes(&tip.block, filter));
    blocks.map(Block::from).collect()
}

/// The filter of the warehouse, for blocks that are not in it.
fn passes(row: &BlockRow, filter: &BlockFilter) -> bool {
    let within = |value: Option<u64>, from: Option<u64>, to: Option<u64>| {
        from.is_none_or(|from| value.is_some_and(|value| value >= from))
            && to.is_none_or(|to| value.is_some_and(|value| value <= to))
    };
    within(Some(row.number), filter.range.from_block, filter.range.to_block)
        && within(row.timestamp_ms, filter.range.from_ms, filter.range.to_ms)
        && filter.author.as_ref().is_none_or(|author| row.author.as_ref() == Some(author))
        && filter.spec_version.is_none_or(|spec| row.spec_version == spec)
}

/// A page of the list that has `tip` (lowest first) above the stored blocks, which `read` reads.
pub(crate) async fn read_with_tip<F>(
    tip: &[Block],
    request: PageRequest,
    read: impl Fn(PageRequest) -> F,
) -> Result<Page<Block>, ApiError>
where
    F: Future<Output = Result<Page<Block>, ApiError>>,
{
    // A page before a cursor is the page after it of the list turned around.
    if let (Some(before), None) = (request.before, request.after) {
        let order = match request.order {
            Order::Newest => Order::Oldest,
            Order::Oldest => Order::Newest,
        };
        let turned = PageRequest { limit: request.limit, order, after: Some(before), before: None };
        let mut page = read_forward(tip, turned, read).await?;
        page.rows.reverse();
        (page.has_previous, page.has_next) = (page.has_next, page.has_previous);
        return Ok(page);
    }
    read_forward(tip, request, read).await
}

async fn read_forward<F>(
    tip: &[Block],
    request: PageRequest,
    read: impl Fn(PageRequest) -> F,
) -> Result<Page<Block>, ApiError>
where
    F: Future<Output = Result<Page<Block>, ApiError>>,
{
    let lowest_of_tip = tip.first().map_or(u64::MAX, |block| block.row.number);
    let is_in_tip = |cursor: &Cursor| cursor.block >= lowest_of_tip;
    let has_previous = request.after.is_some();
    let room = |taken: usize| request.limit.saturating_sub(u32::try_from(taken).unwrap_or(u32::MAX));
    match request.order {
        Order::Newest => {
            let mut page = match request.after {
                Some(after) if !is_in_tip(&after) => Page { rows: Vec::new(), has_previous, has_next: false },
                _ => page_of(tip, Block::place, request),
            };
            if page.has_next {
                return Ok(page);
            }
            let room = room(page.rows.len());
            // Without room for more, one row tells whether there are more.
            let after = request.after.filter(|after| !is_in_tip(after));
            let below =
                read(PageRequest { limit: room.max(1), order: Order::Newest, after, before: None }).await?;
            page.has_next = below.has_next || room == 0 && !below.rows.is_empty();
            page.rows.extend(below.rows.into_iter().take(room as usize));
            page.has_previous = has_previous;
            Ok(page)
        }
        Order::Oldest => {
            let mut page = match request.after {
                Some(after) if is_in_tip(&after) => Page { rows: Vec::new(), has_previous, has_next: false },
                _ => read(request).await?,
            };
            if page.has_next {
                return Ok(page);
            }
            let room = room(page.rows.len());
            let after = request.after.filter(is_in_tip);
            let above = page_of(
                tip,
                Block::place,
                PageRequest { limit: room.max(1), order: Order::Oldest, after, before: None },
            );
            page.has_next = above.has_next || room == 0 && !above.rows.is_empty();
            page.rows.extend(above.rows.into_iter().take(room as usize));
            page.has_previous = has_previous;
            Ok(page)
        }
    }
}

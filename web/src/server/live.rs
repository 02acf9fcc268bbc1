//! The live stream: the home feed, sent anew whenever it changed.
//!
//! Each message is the whole feed (a few kB), so a reader that missed some is right again with the next one, and a
//! retracted block needs no message of its own.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::Stream;
use tokio::{sync::broadcast::error::RecvError, time::timeout};
use yumascan_warehouse::{
    PageRequest, WarehouseError,
    query::{blocks::BlockFilter, extrinsics::ExtrinsicFilter},
    rows::{BlockRow, ExtrinsicRow},
};

use super::WebState;
use crate::feed::{FEED_ROWS, Feed, FeedBlock, FeedExtrinsic, FeedTotals};

/// While a backfill stores hundreds of blocks a second, a reader gets one message a second.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);
/// Without news from the tip (another process ingests), the warehouse is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(3);

fn feed_block(row: &BlockRow, finalized: bool) -> FeedBlock {
    FeedBlock {
        number: row.number,
        timestamp_ms: row.timestamp_ms,
        author: row.author.clone(),
        extrinsics: row.extrinsic_count,
        events: row.event_count,
        finalized,
    }
}

fn feed_extrinsic(row: &ExtrinsicRow) -> FeedExtrinsic {
    FeedExtrinsic {
        block: row.block_number,
        index: row.extrinsic_index,
        timestamp_ms: row.timestamp_ms,
        name: format!("{}.{}", row.pallet, row.call),
        signer: row.signer.clone(),
        success: row.success,
    }
}

/// The feed of this moment: the unfinalized tip above the newest stored rows.
pub(super) async fn read_feed(state: &WebState) -> Result<Feed, WarehouseError> {
    let page = PageRequest::newest(FEED_ROWS as u32);
    let signed = ExtrinsicFilter { signed: Some(true), ..ExtrinsicFilter::default() };
    let everything = BlockFilter::default();
    let (status, blocks, extrinsics) = tokio::join!(
        state.status(),
        state.warehouse.list_blocks(&everything, page),
        state.warehouse.list_extrinsics(&signed, page),
    );
    let (status, blocks, extrinsics) = (status?, blocks?.rows, extrinsics?.rows);

    let stored_head = blocks.first().map(|block| block.number);
    let tip: Vec<_> =
        state.tip.blocks().into_iter().rev().filter(|tip| Some(tip.block.number) > stored_head).collect();
    let tip_blocks = tip.iter().map(|tip| feed_block(&tip.block, false));
    let tip_extrinsics = tip
        .iter()
        .flat_map(|tip| tip.extrinsics.iter().rev())
        .filter(|row| row.signer.is_some())
        .map(feed_extrinsic);
    let totals = status.totals;
    Ok(Feed {
        finalized: stored_head,
        best: status.best.max(stored_head),
        totals: FeedTotals {
            blocks: Some(totals.blocks),
            extrinsics: Some(totals.extrinsics),
            signed_extrinsics: Some(totals.signed_extrinsics),
            calls: Some(totals.calls),
            events: Some(totals.events),
            transfers: Some(totals.transfers),
            quarantined: Some(totals.quarantined),
        },
        blocks: tip_blocks.chain(blocks.iter().map(|row| feed_block(row, true))).take(FEED_ROWS).collect(),
        extrinsics: tip_extrinsics.chain(extrinsics.iter().map(feed_extrinsic)).take(FEED_ROWS).collect(),
    })
}

/// The feed once, for browsers without streams.
pub(super) async fn snapshot(State(state): State<WebState>) -> Response {
    match state.feed().await {
        Ok(feed) => Json(feed.as_ref()).into_response(),
        Err(error) => {
            tracing::warn!(%error, "live feed not read");
            axum::http::StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The feed now and whenever it changed, as Server-Sent Events.
pub(super) async fn stream(
    State(state): State<WebState>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let news = state.tip.subscribe();
    let feeds = futures::stream::unfold(
        (state, news, None::<std::sync::Arc<Feed>>),
        |(state, mut news, mut sent)| async move {
            loop {
                if sent.is_some() {
                    tokio::time::sleep(AT_MOST_EVERY).await;
                    match timeout(LOOK_EVERY, news.recv()).await {
                        // Old news lost, no news, or no writer in this process: the warehouse tells all the same.
                        Ok(Ok(_) | Err(RecvError::Lagged(_))) | Err(_) => {}
                        Ok(Err(RecvError::Closed)) => tokio::time::sleep(LOOK_EVERY).await,
                    }
                }
                let feed = match state.feed().await {
                    Ok(feed) => feed,
                    Err(error) => {
                        tracing::warn!(%error, "live feed not read");
                        tokio::time::sleep(LOOK_EVERY).await;
                        continue;
                    }
                };
                if sent.as_ref() == Some(&feed) {
                    continue;
                }
                let Ok(event) = Event::default().json_data(feed.as_ref()) else { continue };
                sent = Some(feed);
                return Some((Ok(event), (state, news, sent)));
            }
        },
    );
    Sse::new(feeds).keep_alive(KeepAlive::default())
}

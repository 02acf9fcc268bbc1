//! The home page's heads, totals, newest blocks and newest extrinsics, kept current.
//!
//! The lists have a fixed number of rows whose contents change in place: nothing moves, nothing blinks.

use leptos::prelude::*;

use crate::{
    feed::{FEED_ROWS, Feed, FeedBlock, FeedExtrinsic},
    text, ui,
};

/// The live part of the home page.
#[island]
pub fn LiveFeed(initial: Feed, now_ms: u64) -> impl IntoView {
    let feed = RwSignal::new(initial);
    #[cfg(feature = "hydrate")]
    follow(feed);
    let tile = move |label: &'static str, href: &'static str, value: fn(&Feed) -> Option<u64>| {
        let shown = move || feed.with(value).map_or_else(|| "unknown".to_owned(), text::group);
        view! { <div class="tile"><dt><a href=href>{label}</a></dt><dd>{shown}</dd></div> }
    };
    let ahead = move || {
        feed.with(|feed| match (feed.best, feed.finalized) {
            (Some(best), Some(finalized)) if best > finalized => {
                format!("best {}, {} not yet final", text::group(best), best - finalized)
            }
            (Some(_), Some(_)) => "best block is final".to_owned(),
            (Some(best), None) => format!("best {}, none final yet", text::group(best)),
            (None, _) => "no block yet".to_owned(),
        })
    };
    view! {
        <dl class="tiles">
            <div class="tile head">
                <dt>"Finalized block"</dt>
                <dd>{move || feed.with(|feed| feed.finalized).map_or_else(|| "none yet".to_owned(), text::group)}</dd>
                <dd class="sub">{ahead}</dd>
            </div>
            {tile("Blocks", "/blocks", |feed| feed.totals.blocks)}
            {tile("Extrinsics", "/extrinsics?signed=any", |feed| feed.totals.extrinsics)}
            {tile("Signed", "/extrinsics", |feed| feed.totals.signed_extrinsics)}
            {tile("Events", "/events", |feed| feed.totals.events)}
            {tile("Transfers", "/transfers", |feed| feed.totals.transfers)}
        </dl>
        <div class="columns">
            <section aria-labelledby="newest-blocks">
                <header class="row"><h2 id="newest-blocks">"Newest blocks"</h2><a href="/blocks">"All blocks"</a></header>
                <table class="list feed of-blocks">
                    <thead><tr><th scope="col">"Block"</th><th scope="col">"Age"</th><th scope="col" class="p2">"Author"</th>
                        <th scope="col" class="r">"Extrinsics"</th><th scope="col" class="r">"Events"</th></tr></thead>
                    <tbody>{(0..FEED_ROWS).map(|row| block_row(feed, row, now_ms)).collect_view()}</tbody>
                </table>
            </section>
            <section aria-labelledby="newest-extrinsics">
                <header class="row"><h2 id="newest-extrinsics">"Newest signed extrinsics"</h2><a href="/extrinsics">"All extrinsics"</a></header>
                <table class="list feed of-calls">
                    <thead><tr><th scope="col">"Extrinsic"</th><th scope="col">"Call"</th><th scope="col" class="p2">"Signer"</th>
                        <th scope="col" class="r">"Age"</th></tr></thead>
                    <tbody>{(0..FEED_ROWS).map(|row| extrinsic_row(feed, row, now_ms)).collect_view()}</tbody>
                </table>
            </section>
        </div>
    }
}

fn block_row(feed: RwSignal<Feed>, row: usize, now_ms: u64) -> AnyView {
    let block = Memo::new(move |_| feed.with(|feed| feed.blocks.get(row).cloned()));
    view! { <tr>{move || block_cells(block.get().as_ref(), clock(now_ms))}</tr> }.into_any()
}

fn block_cells(block: Option<&FeedBlock>, now_ms: u64) -> AnyView {
    let Some(block) = block else { return blank(5) };
    let state = if block.finalized { "" } else { "unfinal" };
    view! {
        <td class=state>{ui::block_link(block.number)}</td>
        <td class="age">{ui::time(block.timestamp_ms, now_ms)}</td>
        <td class="p2">{ui::account_or(block.author.as_deref(), "unknown")}</td>
        <td class="r">{text::group(block.extrinsics)}</td>
        <td class="r">{text::group(block.events)}</td>
    }
    .into_any()
}

fn extrinsic_row(feed: RwSignal<Feed>, row: usize, now_ms: u64) -> AnyView {
    let extrinsic = Memo::new(move |_| feed.with(|feed| feed.extrinsics.get(row).cloned()));
    view! { <tr>{move || extrinsic_cells(extrinsic.get().as_ref(), clock(now_ms))}</tr> }.into_any()
}

fn extrinsic_cells(extrinsic: Option<&FeedExtrinsic>, now_ms: u64) -> AnyView {
    let Some(extrinsic) = extrinsic else { return blank(4) };
    let (pallet, call) = extrinsic.name.split_once('.').unwrap_or(("", extrinsic.name.as_str()));
    view! {
        <td class="nowrap">{ui::result_sign(extrinsic.success)}{ui::extrinsic_link(extrinsic.block, extrinsic.index)}</td>
        <td class="clip">{ui::name(pallet, call)}</td>
        <td class="p2">{ui::account_or(extrinsic.signer.as_deref(), "none")}</td>
        <td class="r age">{ui::time(extrinsic.timestamp_ms, now_ms)}</td>
    }
    .into_any()
}

fn blank(columns: u8) -> AnyView {
    view! { <td colspan=columns.to_string()>"\u{a0}"</td> }.into_any()
}

#[cfg(feature = "hydrate")]
fn clock(_: u64) -> u64 {
    super::browser::now_ms()
}

#[cfg(not(feature = "hydrate"))]
fn clock(now_ms: u64) -> u64 {
    now_ms
}

/// Follows the stream; where there is none, or it ends for good, asks every six seconds.
#[cfg(feature = "hydrate")]
fn follow(feed: RwSignal<Feed>) {
    use super::browser;
    use web_sys::{EventSource, MessageEvent};

    let Ok(stream) = EventSource::new("/live/blocks") else { return poll(feed) };
    browser::listen(&stream, "message", move |event: MessageEvent| {
        let fresh = event.data().as_string().and_then(|text| serde_json::from_str::<Feed>(&text).ok());
        if let Some(fresh) = fresh {
            feed.set(fresh);
        }
    });
    let watched = stream.clone();
    let polling = std::cell::Cell::new(false);
    browser::listen(&stream, "error", move |_: web_sys::Event| {
        // While it is connecting, the browser tries again by itself.
        if watched.ready_state() == EventSource::CLOSED && !polling.replace(true) {
            poll(feed);
        }
    });
}

#[cfg(feature = "hydrate")]
fn poll(feed: RwSignal<Feed>) {
    gloo_timers::callback::Interval::new(6_000, move || {
        leptos::task::spawn_local(async move {
            if let Some(fresh) = super::browser::fetch_json("/live/blocks.json").await {
                feed.set(fresh);
            }
        });
    })
    .forget();
}

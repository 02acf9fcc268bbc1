//! Home: what the chain does now, and what is stored of it.

use axum::response::Response;
use leptos::prelude::*;
use yumascan_warehouse::{PageRequest, query::blocks::BlockFilter, rows::BlockRow};

use super::Page;
use crate::{
    islands::LiveFeed,
    server::{Answer, Context, PageError, Status},
    text,
};

mod economy;

/// Blocks in the activity chart.
const CHARTED: u32 = 120;

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let state = &context.state;
    let newest = BlockFilter::default();
    let (feed, status, charted) = tokio::try_join!(
        state.feed(),
        state.status(),
        state.warehouse.list_blocks(&newest, PageRequest::newest(CHARTED))
    )?;
    let economy = economy::read(context).await?;
    let now_ms = context.now_ms;
    let context = context.clone();
    let empty = feed.best.is_none();
    let feed = feed.as_ref().clone();
    Ok(Page::new("", "/", move || {
        view! {
            <h1 class="sr">"Yumascan: the Bittensor chain, decoded"</h1>
            {empty.then(|| view! {
                <div class="notice"><p><b>"No block is stored yet. "</b>"This page fills by itself as soon as the ingester delivers the first ones."</p></div>
            })}
            <LiveFeed initial=feed now_ms=now_ms/>
            {economy.as_ref().map(|economy| economy::section(&context, economy))}
            {chart(&charted.rows)}
            {coverage(&status)}
        }
        .into_any()
    })
    .into())
}

/// Bars of extrinsics and events per block, oldest left. Drawn by the server; no script.
fn chart(rows: &[BlockRow]) -> AnyView {
    if rows.len() < 2 {
        return ().into_any();
    }
    let oldest_first: Vec<&BlockRow> = rows.iter().rev().collect();
    let series = |title: &'static str, unit: &'static str, value: fn(&BlockRow) -> u32| {
        let highest = oldest_first.iter().map(|row| value(row)).max().unwrap_or(0).max(1);
        let bars = oldest_first
            .iter()
            .enumerate()
            .map(|(position, row)| {
                let height = (f64::from(value(row)) / f64::from(highest) * 40.0).max(0.6);
                let label = format!("block {}: {} {unit}", text::group(row.number), text::group(value(row)));
                view! {
                    <a href=format!("/block/{}", row.number) tabindex="-1">
                        <rect class="hit" x=(position * 6).to_string() y="0" width="6" height="40"/>
                        <rect class="bar" x=(position * 6).to_string() y=format!("{:.1}", 40.0 - height) width="5" height=format!("{height:.1}")><title>{label}</title></rect>
                    </a>
                }
                .into_any()
            })
            .collect::<Vec<_>>();
        let view_box = format!("0 0 {} 40", oldest_first.len() * 6);
        let (first, last) = (
            oldest_first.first().map_or(0, |row| row.number),
            oldest_first.last().map_or(0, |row| row.number),
        );
        let described = format!(
            "{title}, blocks {} to {}; highest {}",
            text::group(first),
            text::group(last),
            text::group(highest)
        );
        view! {
            <figure class="chart">
                <figcaption><span>{title}</span><span class="none">"highest " {text::group(highest)}</span></figcaption>
                <svg viewBox=view_box preserveAspectRatio="none" role="img" aria-label=described>{bars}</svg>
                <div class="axis"><span>{text::group(first)}</span><span>{text::group(last)}</span></div>
            </figure>
        }
        .into_any()
    };
    view! {
        <section aria-labelledby="activity">
            <h2 id="activity">"The last " {oldest_first.len()} " blocks"</h2>
            <div class="columns">
                {series("Extrinsics per block", "extrinsics", |row| row.extrinsic_count)}
                {series("Events per block", "events", |row| row.event_count)}
            </div>
        </section>
    }
    .into_any()
}

/// Which part of the chain is stored, as a bar from genesis to the head.
pub(super) fn coverage(status: &Status) -> AnyView {
    let (Some(first), Some(last)) = (status.coverage.stored.first(), status.coverage.stored.last()) else {
        return ().into_any();
    };
    let end = status.best.unwrap_or(last.to).max(last.to).max(1);
    let place = |block: u64| block as f64 / end as f64 * 1_000.0;
    let runs = status
        .coverage
        .stored
        .iter()
        .take(500)
        .map(|run| {
            let (from, to) = (place(run.from.saturating_sub(1)), place(run.to));
            let label = format!("stored: {} – {}", text::group(run.from), text::group(run.to));
            view! { <rect class="bar" x=format!("{from:.2}") y="0" width=format!("{:.2}", (to - from).max(1.0)) height="8"><title>{label}</title></rect> }
        })
        .collect_view();
    let described = format!("Stored: {}", status.coverage_text());
    let _ = first;
    let undecoded = match status.totals.quarantined {
        0 => "Every item was decoded.".to_owned(),
        count => format!("{} items could not be decoded and are kept raw.", text::group(count)),
    };
    view! {
        <section class="coverage" aria-labelledby="coverage">
            <h2 id="coverage">"Stored"</h2>
            <svg viewBox="0 0 1000 8" preserveAspectRatio="none" role="img" aria-label=described.clone()>
                <rect class="ground" x="0" y="0" width="1000" height="8"/>{runs}
            </svg>
            <div class="axis"><span>"0"</span><span>{text::group(end)}</span></div>
            <p>{described}". "{undecoded}</p>
        </section>
    }
    .into_any()
}

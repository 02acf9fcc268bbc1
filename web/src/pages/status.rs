//! The state of this instance: how far it is, what is stored, what the endpoints do, and whether the chain's maths hold.

use std::sync::Arc;

use axum::response::Response;
use leptos::prelude::*;
use yumascan_warehouse::query::verifications::{VerdictCounts, VerificationFilter};

use super::{Page, home};
use crate::{
    server::{Answer, Context, EndpointLine, Operations, PageError, PlaceLine, Status},
    text, ui,
};

/// Gaps that are named.
const MAX_GAPS: usize = 50;
/// Without a new block for longer, the head stands.
const LATE_MS: u64 = 120_000;

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let state = &context.state;
    let all = VerificationFilter::default();
    let (status, epochs, emission) = tokio::try_join!(
        async { state.status().await },
        state.warehouse.count_epoch_verdicts(&all),
        state.warehouse.count_emission_verdicts(&all),
    )?;
    let operations = match &state.operations {
        Some(desk) => (desk.0)().await,
        None => Some(Operations::default()),
    };
    let shown = Shown { status, epochs, emission, operations, now_ms: context.now_ms };
    Ok(Page::new("Status", "/status", move || shown.view()).into())
}

struct Shown {
    status: Arc<Status>,
    epochs: VerdictCounts,
    emission: VerdictCounts,
    operations: Option<Operations>,
    now_ms: u64,
}

impl Shown {
    fn view(self) -> AnyView {
        let endpoints = match &self.operations {
            Some(operations) => endpoints(&operations.endpoints, self.now_ms),
            None => view! { <p>"The operational store does not answer at the moment."</p> }.into_any(),
        };
        let places = self.operations.as_ref().map(|operations| places(&operations.places, self.now_ms));
        view! {
            <h1>"Status"</h1>
            {self.facts()}
            {home::coverage(&self.status)}
            {gaps(&self.status)}
            <section><h2>"Verification"</h2>{verification(&self.epochs, &self.emission)}</section>
            <section><h2>"Endpoints"</h2>{endpoints}</section>
            {places}
            <p>"For programs: " <a href="/health" rel="external">"/health"</a> ", " <a href="/ready" rel="external">"/ready"</a> ", " <a href="/metrics" rel="external">"/metrics"</a> ", and " <code>"status"</code> " in GraphQL."</p>
        }
        .into_any()
    }

    /// The newest finalized block that anybody told of.
    fn seen(&self) -> Option<u64> {
        let of_nodes = self.operations.iter().flat_map(|operations| &operations.endpoints);
        of_nodes.filter_map(|endpoint| endpoint.finalized_block).max()
    }

    fn facts(&self) -> AnyView {
        let head = self.status.head.as_ref();
        let newest = match head {
            Some(head) => {
                view! { {ui::block_link(head.number)} ", " {ui::time(head.timestamp_ms, self.now_ms)} }
                    .into_any()
            }
            None => ui::unknown("Nothing is stored yet"),
        };
        let behind = match (self.seen(), head) {
            (Some(seen), Some(head)) => {
                let lag = seen.saturating_sub(head.number);
                let said = if lag == 0 {
                    "level with the nodes".to_owned()
                } else {
                    text::count(lag, "block") + " behind the nodes"
                };
                view! { <span class="num">{said}</span> }.into_any()
            }
            _ => ui::unknown("No node was asked yet"),
        };
        let is_late = head.and_then(|head| head.timestamp_ms).is_some_and(|ms| ms + LATE_MS < self.now_ms);
        let late = is_late.then(|| {
            view! { <p class="lead">"The newest stored block is not of now: the chain is a recording, it stands, or ingestion does."</p> }
        });
        let totals = &self.status.totals;
        let rows = format!(
            "{}, {}, {}, {}",
            text::count(totals.blocks, "block"),
            text::count(totals.extrinsics, "extrinsic"),
            text::count(totals.calls, "call"),
            text::count(totals.events, "event")
        );
        view! {
            {late}
            <dl class="facts">
                <div><dt>"Newest block"</dt><dd>{newest}</dd></div>
                <div><dt>"Lag"</dt><dd>{behind}</dd></div>
                <div><dt>"Stored"</dt><dd class="num">{rows}</dd></div>
                <div><dt>"Not decoded"</dt><dd class="num">{text::count(totals.quarantined, "item")}</dd></div>
                <div><dt>"Version"</dt><dd class="num">{env!("CARGO_PKG_VERSION")}</dd></div>
            </dl>
        }
        .into_any()
    }
}

fn gaps(status: &Status) -> AnyView {
    let gaps = &status.coverage.gaps;
    if gaps.is_empty() {
        return ().into_any();
    }
    let rows = gaps
        .iter()
        .take(MAX_GAPS)
        .map(|gap| {
            let missing = text::count(gap.to - gap.from + 1, "block");
            view! { <tr><td class="r num">{text::group(gap.from)}</td><td class="r num">{text::group(gap.to)}</td><td class="r">{missing}</td></tr> }
        })
        .collect_view();
    let more = gaps.len().saturating_sub(MAX_GAPS);
    let rest =
        (more > 0).then(|| view! { <p>{format!("and {}.", text::count(more as u64, "more gap"))}</p> });
    view! {
        <section>
            <h2>"Gaps"</h2>
            <p>"Not stored, between blocks that are. " <code>"yumascan backfill"</code> " fills them."</p>
            <table class="list">
                <thead><tr><th scope="col" class="r">"From"</th><th scope="col" class="r">"To"</th><th scope="col" class="r">"Missing"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
            {rest}
        </section>
    }
    .into_any()
}

fn verification(epochs: &VerdictCounts, emission: &VerdictCounts) -> AnyView {
    let row = |what: &'static str, counts: &VerdictCounts| {
        // of those about which something can be said
        let judged = counts.verified + counts.excused + counts.differs;
        let rate = match judged {
            0 => ui::unknown("Nothing was recomputed yet"),
            _ => view! { <span class="num">{text::percent_ppm((counts.verified + counts.excused) * 1_000_000 / judged)}</span> }.into_any(),
        };
        view! {
            <tr>
                <td>{what}</td><td class="r">{rate}</td>
                <td class="r num">{text::group(counts.verified)}</td><td class="r num">{text::group(counts.excused)}</td>
                <td class="r num">{text::group(counts.differs)}</td><td class="r num">{text::group(counts.cannot_say)}</td>
            </tr>
        }
        .into_any()
    };
    view! {
        <table class="list">
            <thead><tr>
                <th scope="col">"Recomputed"</th><th scope="col" class="r">"Equal to the chain"</th><th scope="col" class="r">"Verified"</th>
                <th scope="col" class="r">"Excused"</th><th scope="col" class="r">"Differ"</th><th scope="col" class="r">"Cannot say"</th>
            </tr></thead>
            <tbody>{row("Epochs", epochs)}{row("Emission", emission)}</tbody>
        </table>
        <p><a href="/verification">"What was recomputed, subnet by subnet"</a></p>
    }
    .into_any()
}

fn endpoints(endpoints: &[EndpointLine], now_ms: u64) -> AnyView {
    if endpoints.is_empty() {
        return view! { <p>"No node was asked by this instance."</p> }.into_any();
    }
    let rows = endpoints
        .iter()
        .map(|endpoint| {
            let latency = endpoint.latency_ms.map(|ms| format!("{} ms", text::group(ms)));
            let finalized = endpoint.finalized_block.map(text::group);
            view! {
                <tr>
                    <td>{endpoint.endpoint.clone()}</td>
                    <td>{endpoint.state.replace('_', " ")}</td>
                    <td class="r num">{latency}</td>
                    <td class="r num">{finalized}</td>
                    <td class="p2">{ui::time(Some(endpoint.checked_at_ms), now_ms)}</td>
                    <td class="p2">{endpoint.detail.clone()}</td>
                </tr>
            }
            .into_any()
        })
        .collect::<Vec<_>>();
    view! {
        <table class="list">
            <thead><tr>
                <th scope="col">"Endpoint"</th><th scope="col">"State"</th><th scope="col" class="r">"Answers in"</th>
                <th scope="col" class="r">"Finalized"</th><th scope="col" class="p2">"Last asked"</th><th scope="col" class="p2">"Why"</th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn places(places: &[PlaceLine], now_ms: u64) -> AnyView {
    if places.is_empty() {
        return ().into_any();
    }
    let rows = places
        .iter()
        .map(|place| {
            view! {
                <tr>
                    <td>{place.name.clone()}</td>
                    <td class="r num">{text::group(place.block)}</td>
                    <td>{ui::time(Some(place.updated_at_ms), now_ms)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section>
            <h2>"Places of the work"</h2>
            <table class="list">
                <thead><tr><th scope="col">"Job"</th><th scope="col" class="r">"Block"</th><th scope="col">"Moved"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

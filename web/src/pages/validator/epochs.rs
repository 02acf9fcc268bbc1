//! How a validator did on one subnet, epoch by epoch.

use leptos::prelude::*;
use yumascan_warehouse::rows::NeuronStateRow;

use super::Shown;
use crate::{
    graph::{Axis, Graph, Kind},
    islands::GraphView,
    server::{Context, PageError},
    text,
};

/// Epochs charted.
const CHARTED: u32 = 400;
/// Epochs are looked for so far back: two months.
const LOOK_BACK: u64 = 432_000;

/// Epochs of a neuron, oldest first.
pub(super) struct History {
    netuid: Option<u16>,
    /// Subnets to choose from.
    netuids: Vec<u16>,
    rows: Vec<NeuronStateRow>,
}

/// Of the subnet that the address names, or of the one where the most is staked to it.
pub(super) async fn read(
    context: &Context,
    shown: &Shown,
    chosen: Option<u64>,
) -> Result<History, PageError> {
    let places = shown.places();
    let netuids: Vec<u16> = places.iter().map(|neuron| neuron.netuid).collect();
    let greatest = match &shown.of {
        Some(of) => of.seats.iter().max_by_key(|seat| seat.alpha_worth_rao).map(|seat| &seat.neuron),
        None => places.first().copied(),
    };
    let neuron = match chosen {
        Some(netuid) => {
            let found = places.iter().find(|neuron| u64::from(neuron.netuid) == netuid).copied();
            let known = || netuids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Some(found.ok_or_else(|| {
                PageError::bad(
                    "Subnet",
                    &netuid.to_string(),
                    &format!("one on which it is a neuron: {}", known()),
                )
            })?)
        }
        None => greatest,
    };
    let Some(neuron) = neuron else { return Ok(History { netuid: None, netuids, rows: Vec::new() }) };
    let (from, to) = (shown.moment.block.saturating_sub(LOOK_BACK), shown.moment.block);
    let mut rows =
        context.state.warehouse.list_neuron_history(neuron.netuid, neuron.uid, from, to, CHARTED).await?;
    // the uid may have been another's
    rows.retain(|row| row.hotkey.as_deref() == Some(shown.hotkey.as_str()));
    rows.reverse();
    Ok(History { netuid: Some(neuron.netuid), netuids, rows })
}

pub(super) fn section(context: &Context, history: &History) -> AnyView {
    let Some(netuid) = history.netuid.filter(|_| history.rows.len() > 1) else { return ().into_any() };
    let links = history.netuids.iter().map(|of| {
        let href = format!("{}#epochs", context.link(&[("netuid", Some(&of.to_string()))]));
        view! { <a href=href aria-current=if *of == netuid { "true" } else { "false" }>{format!("Subnet {of}")}</a> }
    });
    let points = |value: fn(&NeuronStateRow) -> Option<f64>| {
        history.rows.iter().map(|row| (row.block_number as f64, value(row))).collect::<Vec<_>>()
    };
    let of_share = |share: Option<u16>| share.map(|share| f64::from(share) / 655.35);
    let shares = |value: fn(&NeuronStateRow) -> Option<u16>| {
        history.rows.iter().map(|row| (row.block_number as f64, of_share(value(row)))).collect::<Vec<_>>()
    };
    let trust = Graph::new("vtrust", format!("Trust and dividends on subnet {netuid}"), "%", Axis::Blocks)
        .from_zero()
        .with("vtrust", Kind::Line, shares(|row| row.validator_trust))
        .with("dividends", Kind::Line, shares(|row| row.dividends));
    let stake = Graph::new("stake", format!("Alpha staked to it on subnet {netuid}"), "α", Axis::Blocks)
        .with("stake", Kind::Area, points(|row| row.alpha_stake_rao.map(|rao| rao as f64 / 1e9)));
    view! {
        <section aria-labelledby="epochs"><h2 id="epochs">"Epoch by epoch"</h2>
            <nav class="tabs" aria-label="Subnet of the charts">{links.collect_view()}</nav>
            <p class="lead">{format!("{} states, one an epoch.", text::group(history.rows.len() as u64))}</p>
            <GraphView graph=trust/>
            <GraphView graph=stake/>
        </section>
    }
    .into_any()
}

//! What the chain gives a subnet: TAO into its pool, alpha into its pool and to its participants, and who gets it.

use leptos::prelude::*;
use yumascan_warehouse::{query::market::emissions::SubnetEmission, rows::SubnetStateRow};

use super::{Content, Shown, alpha_or_unknown, facts};
use crate::{
    graph::{Axis, Graph, Kind},
    islands::GraphView,
    server::{Context, PageError},
    text, ui,
};

/// Blocks drawn.
const BLOCKS: u32 = 360;

pub(super) async fn load(context: &Context, shown: &Shown) -> Result<Content, PageError> {
    let warehouse = &context.state.warehouse;
    let since = shown.row.registered_at.unwrap_or(0);
    let (all, network, history) = tokio::try_join!(
        warehouse.list_subnets(&shown.moment),
        warehouse.find_network(&shown.moment),
        warehouse.list_subnet_blocks(shown.netuid, (since, shown.moment.block), BLOCKS),
    )?;
    let emissions = warehouse.list_emissions_of(&all, network.as_ref()).await?;
    let emission = emissions.into_iter().find(|emission| emission.netuid == shown.netuid);
    let row = shown.row.clone();
    let history: Vec<SubnetStateRow> = history.into_iter().rev().collect();
    Ok(Content::new(move |_| body(&row, emission.as_ref(), &history)))
}

fn body(row: &SubnetStateRow, emission: Option<&SubnetEmission>, history: &[SubnetStateRow]) -> AnyView {
    let rao = |value: Option<u64>| {
        value.map_or_else(|| ui::unknown("The runtime does not keep it"), |rao| ui::tao(u128::from(rao)))
    };
    let share = emission.and_then(|emission| emission.share_ppm);
    let of_block = facts(vec![
        (
            "Share of all",
            share.map_or_else(
                || ui::unknown("Known once the emission of the block is verified"),
                |ppm| view! { <span class="num">{text::percent_ppm(ppm)}</span> }.into_any(),
            ),
        ),
        ("TAO into the pool", rao(row.tao_in_emission_rao)),
        (
            "Chain's own buy",
            emission.and_then(|emission| emission.chain_buy_rao).map_or_else(
                || ui::unknown("The runtime does not keep it, and this block is not verified"),
                |rao| ui::tao(u128::from(rao)),
            ),
        ),
        ("Alpha into the pool", alpha_or_unknown(row.alpha_in_emission_rao)),
        ("Alpha to participants", alpha_or_unknown(row.alpha_out_emission_rao)),
        ("Root proportion", ui::share_bits(row.root_prop_bits)),
    ]);
    let split = facts(vec![
        ("Owner", alpha_or_unknown(emission.and_then(|emission| emission.owner_rao))),
        ("Miners", alpha_or_unknown(emission.and_then(|emission| emission.miners_rao))),
        ("Validators", alpha_or_unknown(emission.and_then(|emission| emission.validators_rao))),
        ("Root", alpha_or_unknown(emission.and_then(|emission| emission.root_rao))),
    ]);
    let pending = facts(vec![
        ("For the owner", alpha_or_unknown(row.pending_owner_rao)),
        ("For miners", alpha_or_unknown(row.pending_server_rao)),
        ("For validators", alpha_or_unknown(row.pending_validator_rao)),
        ("For root", alpha_or_unknown(row.pending_root_rao)),
        (
            "Last epoch",
            row.last_step_block
                .map_or_else(|| ui::unknown("Not stored"), |block| ui::block_link(block).into_any()),
        ),
        (
            "Tempo",
            row.tempo.map_or_else(
                || ui::unknown("Not stored"),
                |tempo| view! { <span class="num">{format!("{tempo} blocks")}</span> }.into_any(),
            ),
        ),
    ]);
    view! {
        {graph(row.netuid, history)}
        <section aria-labelledby="of-block"><h2 id="of-block">{format!("In block {}", text::group(row.block_number))}</h2>{of_block}</section>
        <section aria-labelledby="split"><h2 id="split">"Who the alpha of a block is for"</h2>{split}
            <p class="lead">"It is collected and paid out at the epoch; owner's hotkeys that mine lose their part, and takes and child keys move it on."</p></section>
        <section aria-labelledby="pending"><h2 id="pending">"Collected since the last epoch"</h2>{pending}</section>
    }
    .into_any()
}

fn graph(netuid: u16, history: &[SubnetStateRow]) -> AnyView {
    let points = |value: fn(&SubnetStateRow) -> Option<u64>| {
        history.iter().map(|row| (row.block_number as f64, value(row).map(|rao| rao as f64 / 1e9))).collect()
    };
    let tao =
        Graph::new(format!("subnet-{netuid}-tao-emission"), "TAO into the pool", "TAO a block", Axis::Blocks)
            .from_zero()
            .with("TAO", Kind::Area, points(|row| row.tao_in_emission_rao));
    let alpha =
        Graph::new(format!("subnet-{netuid}-alpha-emission"), "Alpha emitted", "α a block", Axis::Blocks)
            .from_zero()
            .with("to participants", Kind::Line, points(|row| row.alpha_out_emission_rao))
            .with("into the pool", Kind::Line, points(|row| row.alpha_in_emission_rao));
    if !tao.is_drawable() {
        return ().into_any();
    }
    view! { <div class="columns"><GraphView graph=tao/><GraphView graph=alpha/></div> }.into_any()
}

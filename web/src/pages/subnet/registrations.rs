//! Who came to a subnet and who lost a place, and what a place costs.

use leptos::prelude::*;
use yumascan_warehouse::{
    PageRequest,
    query::{
        Range,
        market::registrations::{NeuronCost, RegistrationFilter},
    },
    rows::{DeregistrationRow, RegistrationRow},
};

use super::{Content, Shown};
use crate::{
    graph::{Axis, Graph, Kind},
    islands::GraphView,
    pages::{
        list::{self, Turns},
        rows,
    },
    server::{Context, PageError},
    text, ui,
};

/// Blocks ahead for which the price is shown if nobody registers.
const AHEAD: [u64; 6] = [1, 60, 360, 1_440, 3_600, 7_200];
/// Deregistrations listed.
const LOST: u32 = 50;

pub(super) async fn load(context: &Context, shown: &Shown) -> Result<Content, PageError> {
    let warehouse = &context.state.warehouse;
    let range =
        Range { from_block: shown.row.registered_at, to_block: Some(shown.moment.block), ..Range::default() };
    let filter = RegistrationFilter { range, netuid: Some(shown.netuid), ..RegistrationFilter::default() };
    let (came, lost, cost) = tokio::try_join!(
        warehouse.list_registrations(&filter, context.params.paging()?.request),
        warehouse.list_deregistrations(&filter, PageRequest::newest(LOST)),
        warehouse.find_neuron_cost(&shown.row, &shown.moment, &AHEAD),
    )?;
    let block = shown.moment.block;
    Ok(Content::new(move |context| {
        let span = rows::span(&came, yumascan_warehouse::Keyed::cursor);
        view! {
            {price(block, &cost)}
            <section aria-labelledby="came"><h2 id="came">"Registered"</h2>{registrations(&came.rows, context.now_ms)}
                <div class="end">{list::pager(context, span, Turns::NEWEST, "")}</div></section>
            <section aria-labelledby="lost"><h2 id="lost">"Lost their place"</h2>{deregistrations(&lost.rows, context.now_ms)}</section>
        }
        .into_any()
    }))
}

fn price(block: u64, cost: &NeuronCost) -> AnyView {
    let now = cost.burn_rao.map_or_else(|| ui::unknown("Not stored"), |rao| ui::tao(u128::from(rao)));
    let after = cost
        .after_registration_rao
        .map(|rao| view! { ", and "{ui::tao(u128::from(rao))}" after one more registration" });
    let points =
        cost.ahead.iter().map(|ahead| ((block + ahead.blocks) as f64, Some(ahead.cost_rao as f64 / 1e9)));
    let first = cost.burn_rao.map(|rao| (block as f64, Some(rao as f64 / 1e9)));
    let graph = Graph::new("registration-price", "Price of a place if nobody registers", "TAO", Axis::Blocks)
        .with("price", Kind::Line, first.into_iter().chain(points).collect());
    view! {
        <p class="lead">"A place costs "{now}{after}"."{cost.rule.map(|rule| format!(" {rule}"))}</p>
        {graph.is_drawable().then(|| view! { <GraphView graph=graph/> })}
    }
    .into_any()
}

fn registrations(rows: &[RegistrationRow], now_ms: u64) -> AnyView {
    if rows.is_empty() {
        return ui::empty(
            "Nobody registered here in the stored blocks.",
            view! { "As far as the events tell." }.into_any(),
        );
    }
    let rows = rows.iter().map(|row| {
        let cost = row.cost_rao.map_or_else(|| ui::unknown("Not known"), |rao| ui::tao(u128::from(rao)));
        view! {
            <tr><td class="num">{ui::block_link(row.block_number)}</td><td class="age p2">{ui::time(row.timestamp_ms, now_ms)}</td>
                <td>{row.kind.clone()}</td><td class="r num">{row.uid}</td><td>{ui::account_or(row.hotkey.as_deref(), "unknown")}</td>
                <td class="r" title=row.cost_source.clone()>{cost}</td><td class="p3">{row.replaced_hotkey.as_deref().map(ui::account)}</td></tr>
        }
        .into_any()
    });
    view! {
        <div class="wide"><table class="list"><thead><tr><th scope="col">"Block"</th><th scope="col" class="p2">"Age"</th><th scope="col">"What"</th><th scope="col" class="r">"Uid"</th>
            <th scope="col">"Hotkey"</th><th scope="col" class="r">"Cost"</th><th scope="col" class="p3">"In place of"</th></tr></thead><tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>
    }
    .into_any()
}

fn deregistrations(rows: &[DeregistrationRow], now_ms: u64) -> AnyView {
    if rows.is_empty() {
        return ui::empty(
            "Nobody lost a place here in the stored blocks.",
            view! { "As far as the events tell." }.into_any(),
        );
    }
    let rows = rows.iter().map(|row| {
        view! {
            <tr><td class="num">{ui::block_link(row.block_number)}</td><td class="age p2">{ui::time(row.timestamp_ms, now_ms)}</td>
                <td>{row.reason.replace('_', " ")}</td><td class="r num">{row.uid}</td><td>{ui::account_or(row.hotkey.as_deref(), "unknown")}</td>
                <td class="r num p2">{row.incentive.map(text::share)}</td><td class="r p2">{row.emission_rao.map(ui::alpha_short)}</td>
                <td class="r num p3">{row.registered_at.map(|block| ui::block_link(block).into_any())}</td></tr>
        }
        .into_any()
    });
    view! {
        <div class="wide"><table class="list"><thead><tr><th scope="col">"Block"</th><th scope="col" class="p2">"Age"</th><th scope="col">"Why"</th><th scope="col" class="r">"Uid"</th>
            <th scope="col">"Hotkey"</th><th scope="col" class="r p2">"Last incentive"</th><th scope="col" class="r p2">"Last emission"</th><th scope="col" class="r p3">"Registered"</th></tr></thead>
            <tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>
    }
    .into_any()
}

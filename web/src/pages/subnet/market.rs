//! The market of a subnet: candles with what users traded, and how price and flows changed.

use leptos::prelude::*;
use yumascan_warehouse::{
    query::market::{
        candles::INTERVALS,
        changes::{Changes, Flow, PriceChange},
        quotes::pool_of,
    },
    rows::SubnetPeriodRow,
};

use super::{Content, Shown};
use crate::{
    graph::{Axis, Candle, Graph, Kind, Series},
    islands::GraphView,
    server::{Context, PageError},
    text, ui,
};

/// Candles drawn at most.
const CANDLES: u64 = 240;
/// Interval where none is chosen.
const USUAL: &str = "15m";

pub(super) async fn load(context: &Context, shown: &Shown) -> Result<Content, PageError> {
    let asked = context.params.get("interval").unwrap_or(USUAL).to_owned();
    let interval = INTERVALS.iter().find(|(name, _)| *name == asked);
    let Some((name, length_ms)) = interval.copied() else {
        let known = INTERVALS.map(|(name, _)| name).join("`, `");
        return Err(PageError::bad("Interval", &asked, &format!("one of `{known}`")));
    };
    let warehouse = &context.state.warehouse;
    let to_ms = shown.moment.timestamp_ms.unwrap_or(0).saturating_add(1);
    let from_ms = to_ms.saturating_sub(length_ms.saturating_mul(CANDLES));
    let (candles, changes) = tokio::try_join!(
        warehouse.list_candles(shown.netuid, length_ms, from_ms, to_ms, shown.moment.block),
        warehouse.list_changes(Some(shown.netuid), &shown.moment),
    )?;
    let registered_at = shown.row.registered_at;
    // another subnet's prices under the same number do not belong here
    let candles: Vec<SubnetPeriodRow> =
        candles.into_iter().filter(|candle| candle.registered_at == registered_at).collect();
    let changes = changes.into_iter().next();
    let netuid = shown.netuid;
    Ok(Content::new(move |context| body(context, netuid, name, &candles, changes.as_ref())))
}

/// The pool as the calculators take it.
pub(super) async fn pool_json(context: &Context, netuid: u16) -> Result<String, PageError> {
    let moment = crate::pages::as_of::moment(context).await?;
    let row = context.state.warehouse.find_subnet(netuid, &moment).await?;
    let row = row.ok_or_else(|| PageError::NotFound {
        what: format!("No subnet {netuid} at block {}", text::group(moment.block)),
        hint: "No stored state has it there.".to_owned(),
    })?;
    let pool = pool_of(&row).ok_or_else(|| PageError::NotFound {
        what: format!("The pool of subnet {netuid} is not known"),
        hint: "A part of its state is not stored.".to_owned(),
    })?;
    Ok(serde_json::to_string(&pool).unwrap_or_else(|_| "null".to_owned()))
}

fn body(
    context: &Context,
    netuid: u16,
    interval: &str,
    candles: &[SubnetPeriodRow],
    changes: Option<&Changes>,
) -> AnyView {
    let choices = INTERVALS.iter().map(|(name, _)| {
        let current = if *name == interval { "true" } else { "false" };
        view! { <a href=context.link(&[("interval", Some(name))]) aria-current=current rel="nofollow">{*name}</a> }
    });
    let drawn = match candles.len() {
        0 | 1 => ui::empty(
            "Too few prices are stored for candles of this length.",
            view! { "Choose a shorter one." }.into_any(),
        ),
        _ => view! { <GraphView graph=graph(netuid, candles)/> }.into_any(),
    };
    view! {
        <nav class="tabs" aria-label="Length of a candle">{choices.collect_view()}</nav>
        {drawn}
        {changes.map(of_windows)}
        <p class="lead"><a href=format!("/yield?netuid={netuid}")>"What stake earns here"</a>" · "<a href=format!("/slippage?from=tao&to={netuid}")>"What an order would get"</a></p>
    }
    .into_any()
}

fn graph(netuid: u16, candles: &[SubnetPeriodRow]) -> Graph {
    let price = |bits: Option<u128>| bits.map(|bits| bits as f64 / 4_294_967_296.0);
    let mut graph = Graph::new(format!("subnet-{netuid}-price"), "Price", "TAO", Axis::Time);
    graph.xs = candles.iter().map(|candle| candle.start_ms as f64).collect();
    graph.candles = candles
        .iter()
        .map(|candle| {
            Some(Candle {
                open: price(candle.open_bits)?,
                high: price(candle.high_bits)?,
                low: price(candle.low_bits)?,
                close: price(candle.close_bits)?,
            })
        })
        .collect();
    let values = candles.iter().map(|candle| Some((candle.buy_rao + candle.sell_rao) as f64 / 1e9)).collect();
    graph.below =
        Some((Series { name: "volume of users".to_owned(), kind: Kind::Bars, values }, "TAO".to_owned()));
    graph
}

fn of_windows(changes: &Changes) -> AnyView {
    let rows = changes.prices.iter().zip(&changes.flows).map(|(price, flow)| row(price, flow));
    view! {
        <div class="wide"><table class="list"><thead><tr><th scope="col">"In"</th><th scope="col" class="r">"Price then"</th><th scope="col" class="r">"Change"</th>
            <th scope="col" class="r">"Bought"</th><th scope="col" class="r">"Sold"</th><th scope="col" class="r">"Net flow"</th>
            <th scope="col" class="r p2">"Buyers"</th><th scope="col" class="r p2">"Sellers"</th></tr></thead><tbody>{rows.collect::<Vec<_>>()}</tbody></table></div>
    }
    .into_any()
}

fn row(price: &PriceChange, flow: &Flow) -> AnyView {
    let window = match price.window {
        "1h" => "an hour",
        "1d" => "a day",
        "7d" => "7 days",
        "30d" => "30 days",
        other => other,
    };
    let people = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), text::group);
    let anchor = price.anchor_block.map_or_else(
        || "No state that old is stored".to_owned(),
        |block| format!("Against block {}", text::group(block)),
    );
    view! {
        <tr><td title=anchor>{window}</td><td class="r">{ui::price(price.then_bits)}</td><td class="r">{ui::change(price.change_ppm)}</td>
            <td class="r">{ui::tao_short(flow.buy_rao)}</td><td class="r">{ui::tao_short(flow.sell_rao)}</td><td class="r">{ui::signed_tao(Some(flow.net_rao()))}</td>
            <td class="r num p2">{people(flow.buyers)}</td><td class="r num p2">{people(flow.sellers)}</td></tr>
    }
    .into_any()
}

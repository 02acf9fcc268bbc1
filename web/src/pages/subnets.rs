//! All subnets: price, size, flows, emission.

use std::collections::HashMap;

use axum::response::Response;
use leptos::prelude::*;
use yumascan_protocol::{
    fixed::U96F32,
    valuation::{self, Holdings},
};
use yumascan_warehouse::{query::market::Moment, rows::SubnetStateRow};

use super::{
    Page, as_of,
    sorting::{self, Column, Sorted},
};
use crate::{
    server::{Answer, Context, FileContent, PageError},
    text, ui,
};

const DAY_MS: u64 = 86_400_000;

/// A subnet as the table shows it.
pub(crate) struct Line {
    pub(crate) row: SubnetStateRow,
    pub(crate) holdings: Option<Holdings>,
    /// Change of the price against a day before, parts per million.
    pub(crate) change_ppm: Option<i64>,
    /// TAO that went through the pool since a day before, rao.
    pub(crate) volume_rao: Option<u64>,
    /// Share of the TAO emission of the block, parts per million.
    pub(crate) emission_ppm: Option<u64>,
    /// TAO of the pool for one alpha outside of it, bits of a U96F32: what a dissolved subnet would pay.
    pub(crate) liquidation_bits: Option<u128>,
    pub(crate) href: String,
}

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let moment = as_of::moment(context).await?;
    let columns = columns();
    let emission = columns.iter().position(|column| column.key == "emission").unwrap_or(0);
    let sorted = Sorted::of(context, &columns, Sorted { column: emission, descending: true })?;
    let (mut lines, anchor) = read(context, &moment).await?;
    sorted.sort(&columns, &mut lines);
    if context.params.get("format") == Some("csv") {
        let name = format!("subnets-{}.csv", moment.block);
        return Ok(Answer::File { name, content: FileContent::Csv(sorting::csv(&columns, &lines)) });
    }
    let context = context.clone();
    Ok(Page::new("Subnets", "/subnets", move || {
        let anchored = anchor.map_or_else(
            || "no block a day before is stored, so changes and volumes are unknown".to_owned(),
            |then| format!("changes and volumes are against block {}, a day before", text::group(then.block)),
        );
        view! {
            <header class="title"><h1>"Subnets"</h1><span class="pager"><a href=context.link(&[("format", Some("csv"))]) rel="nofollow" download="">"CSV"</a></span></header>
            {as_of::line(&context, &moment)}
            <p class="lead">{format!("{} subnets; {anchored}.", lines.len())}</p>
            {sorting::table(&context, &columns, sorted, &lines)}
        }
        .into_any()
    })
    .into())
}

/// All subnets but root at a moment, and the moment that changes are measured against.
pub(crate) async fn read(context: &Context, moment: &Moment) -> Result<(Vec<Line>, Option<Moment>), PageError> {
    let warehouse = &context.state.warehouse;
    let rows = warehouse.list_subnets(moment).await?;
    let anchor = warehouse.find_earlier_moment(moment, DAY_MS).await?;
    let before: HashMap<(u16, Option<u64>), SubnetStateRow> = match &anchor {
        Some(then) => {
            let rows = warehouse.list_subnets(then).await?;
            // a netuid that went to another subnet meanwhile has no change
            rows.into_iter().map(|row| ((row.netuid, row.registered_at), row)).collect()
        }
        None => HashMap::new(),
    };
    let emitted = |row: &SubnetStateRow| Some(u128::from(row.tao_in_emission_rao?) + u128::from(row.excess_tao_rao.unwrap_or(0)));
    let whole: u128 = rows.iter().filter(|row| row.netuid != 0).filter_map(emitted).sum();
    let lines = rows.into_iter().filter(|row| row.netuid != 0).map(|row| {
        let then = before.get(&(row.netuid, row.registered_at));
        let price = |row: &SubnetStateRow| row.price_bits.map(U96F32::from_bits);
        let change_ppm = then.and_then(|then| valuation::change_ppm(price(then)?, price(&row)?));
        let volume_rao = then.and_then(|then| u64::try_from(row.volume_rao?.checked_sub(then.volume_rao?)?).ok());
        let holdings = holdings(&row);
        let liquidation_bits = holdings.and_then(|held| {
            (held.alpha_out_rao > 0).then(|| U96F32::ratio(held.tao_in_rao, held.alpha_out_rao).to_bits())
        });
        Line {
            change_ppm,
            volume_rao,
            emission_ppm: emitted(&row).and_then(|part| valuation::share_ppm(part, whole)),
            liquidation_bits,
            href: as_of::keep(context, &format!("/subnet/{}", row.netuid)),
            holdings,
            row,
        }
    });
    Ok((lines.collect(), anchor))
}

/// What a subnet's worth follows from; `None` where a part of it is not known.
pub(crate) fn holdings(row: &SubnetStateRow) -> Option<Holdings> {
    Some(Holdings {
        price: U96F32::from_bits(row.price_bits?),
        tao_in_rao: row.tao_in_rao?,
        alpha_in_rao: row.alpha_in_rao?,
        alpha_out_rao: row.alpha_out_rao?,
    })
}

fn rao(value: Option<u128>) -> AnyView {
    value.map_or_else(|| ui::unknown("Not stored"), ui::tao_short)
}

fn of_rao(value: Option<u128>) -> Option<f64> {
    value.map(|rao| rao as f64)
}

fn plain(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

#[allow(clippy::too_many_lines)] // one entry a column
fn columns() -> Vec<Column<Line>> {
    vec![
        Column {
            key: "netuid",
            label: "Subnet",
            meaning: "Netuid and name",
            class: "",
            value: |line| Some(-f64::from(line.row.netuid)),
            cell: |line| ui::subnet_link(&line.href, line.row.netuid, line.row.name.as_deref(), line.row.symbol.as_deref()),
            text: |line| line.row.netuid.to_string(),
        },
        Column {
            key: "price",
            label: "Price",
            meaning: "TAO for one alpha, as the chain's pool has it",
            class: "r",
            value: |line| line.row.price_bits.map(|bits| bits as f64),
            cell: |line| ui::price(line.row.price_bits),
            text: |line| line.row.price_bits.map_or_else(String::new, text::price),
        },
        Column {
            key: "change",
            label: "24 h",
            meaning: "Change of the price against the block a day before",
            class: "r",
            value: |line| line.change_ppm.map(|ppm| ppm as f64),
            cell: |line| ui::change(line.change_ppm),
            text: |line| plain(line.change_ppm),
        },
        Column {
            key: "cap",
            label: "Market cap",
            meaning: "Price times alpha outside of the pool, TAO",
            class: "r",
            value: |line| of_rao(line.holdings.map(|held| held.staked_cap_rao())),
            cell: |line| rao(line.holdings.map(|held| held.staked_cap_rao())),
            text: |line| plain(line.holdings.map(|held| held.staked_cap_rao())),
        },
        Column {
            key: "volume",
            label: "Volume 24 h",
            meaning: "TAO through the pool in a day, the chain's own buys included",
            class: "r p2",
            value: |line| line.volume_rao.map(|rao| rao as f64),
            cell: |line| rao(line.volume_rao.map(u128::from)),
            text: |line| plain(line.volume_rao),
        },
        Column {
            key: "flow",
            label: "Flow",
            meaning: "Moving average of net TAO staked, TAO a block",
            class: "r p2",
            value: |line| line.row.ema_tao_flow_bits.map(|bits| bits as f64),
            cell: |line| ui::flow(line.row.ema_tao_flow_bits),
            text: |line| plain(line.row.ema_tao_flow_bits.map(|bits| bits >> 64)),
        },
        Column {
            key: "liquidity",
            label: "Liquidity",
            meaning: "Both sides of the pool, in TAO",
            class: "r p2",
            value: |line| of_rao(line.holdings.map(|held| held.liquidity_rao())),
            cell: |line| rao(line.holdings.map(|held| held.liquidity_rao())),
            text: |line| plain(line.holdings.map(|held| held.liquidity_rao())),
        },
        Column {
            key: "emission",
            label: "Emission",
            meaning: "Share of the block's TAO emission",
            class: "r",
            value: |line| line.emission_ppm.map(|ppm| ppm as f64),
            cell: |line| line.emission_ppm.map_or_else(|| ui::unknown("Not stored"), |ppm| view! { <span class="num">{text::percent_ppm(ppm)}</span> }.into_any()),
            text: |line| plain(line.emission_ppm),
        },
        Column {
            key: "root",
            label: "Root share",
            meaning: "Root proportion: part of the validators' alpha that goes to root stake",
            class: "r p3",
            value: |line| line.row.root_prop_bits.map(|bits| bits as f64),
            cell: |line| ui::share_bits(line.row.root_prop_bits),
            text: |line| line.row.root_prop_bits.map_or_else(String::new, text::price),
        },
        Column {
            key: "liquidation",
            label: "Liquidation",
            meaning: "TAO of the pool for one staked alpha: what a dissolved subnet would pay",
            class: "r p3",
            value: |line| line.liquidation_bits.map(|bits| bits as f64),
            cell: |line| ui::price(line.liquidation_bits),
            text: |line| line.liquidation_bits.map_or_else(String::new, text::price),
        },
        Column {
            key: "neurons",
            label: "Neurons",
            meaning: "Neurons of the subnet",
            class: "r p3",
            value: |line| line.row.neuron_count.map(f64::from),
            cell: |line| line.row.neuron_count.map_or_else(|| ui::unknown("Not stored"), |count| view! { <span class="num">{count}</span> }.into_any()),
            text: |line| plain(line.row.neuron_count),
        },
    ]
}

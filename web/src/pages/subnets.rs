//! All subnets: price, size, flows, emission.

use std::collections::HashMap;

use axum::response::Response;
use leptos::prelude::*;
use yumascan_protocol::{fixed::U96F32, valuation::Holdings};
use yumascan_warehouse::{
    query::market::{
        Moment,
        changes::{Changes, Flow},
    },
    rows::SubnetStateRow,
};

use super::{
    Page, as_of,
    sorting::{self, Column, Sorted},
};
use crate::{
    server::{Answer, Context, FileContent, PageError},
    text, ui,
};

const WEEK_MS: u64 = 7 * 86_400_000;
/// Hours between two points of a sparkline.
const SPARK_HOURS: u64 = 4;

/// A subnet as the table shows it.
pub(crate) struct Line {
    pub(crate) row: SubnetStateRow,
    pub(crate) holdings: Option<Holdings>,
    pub(crate) changes: Option<Changes>,
    /// Share of the TAO emission of the block, parts per million.
    pub(crate) emission_ppm: Option<u64>,
    /// TAO of the pool for one alpha outside of it, bits of a U96F32: what a dissolved subnet would pay.
    pub(crate) liquidation_bits: Option<u128>,
    /// Closing prices of the last week, oldest first, bits of U96F32.
    pub(crate) week: Vec<u128>,
    pub(crate) href: String,
}

/// Positions of windows in [`Changes`].
const DAY: usize = 1;
const WEEK: usize = 2;

impl Line {
    fn change_ppm(&self, window: usize) -> Option<i64> {
        self.changes.as_ref()?.prices.get(window)?.change_ppm
    }

    /// Change of the price against the block a day before, parts per million.
    pub(crate) fn day_change_ppm(&self) -> Option<i64> {
        self.change_ppm(DAY)
    }

    fn flow(&self, window: usize) -> Option<&Flow> {
        self.changes.as_ref()?.flows.get(window)
    }

    fn volume_rao(&self) -> Option<u128> {
        self.flow(DAY).map(|flow| flow.buy_rao + flow.sell_rao)
    }
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
    let mut lines = read(context, &moment).await?;
    sorted.sort(&columns, &mut lines);
    if context.params.get("format") == Some("csv") {
        let name = format!("subnets-{}.csv", moment.block);
        return Ok(Answer::File { name, content: FileContent::Csv(sorting::csv(&columns, &lines)) });
    }
    let context = context.clone();
    Ok(Page::new("Subnets", "/subnets", move || {
        let anchor = lines.iter().find_map(|line| line.changes.as_ref()?.prices.get(DAY)?.anchor_block);
        let anchored = anchor.map_or_else(
            || "no block a day before is stored, so changes are unknown".to_owned(),
            |block| format!("changes of a day are against block {}", text::group(block)),
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

/// All subnets but root at a moment.
pub(crate) async fn read(context: &Context, moment: &Moment) -> Result<Vec<Line>, PageError> {
    let warehouse = &context.state.warehouse;
    let week_ago = moment.timestamp_ms.unwrap_or(0).saturating_sub(WEEK_MS);
    let (rows, changes, mut weeks) = tokio::try_join!(
        warehouse.list_subnets(moment),
        warehouse.list_changes(None, moment),
        warehouse.list_sparklines(moment, week_ago, SPARK_HOURS),
    )?;
    let emissions = warehouse.list_emissions_of(&rows, None).await?;
    let shares: HashMap<u16, Option<u64>> =
        emissions.into_iter().map(|emission| (emission.netuid, emission.share_ppm)).collect();
    let mut changes: HashMap<u16, Changes> =
        changes.into_iter().map(|changes| (changes.netuid, changes)).collect();
    let lines = rows.into_iter().filter(|row| row.netuid != 0).map(|row| {
        let holdings = holdings(&row);
        let liquidation_bits = holdings.and_then(|held| {
            (held.alpha_out_rao > 0).then(|| U96F32::ratio(held.tao_in_rao, held.alpha_out_rao).to_bits())
        });
        Line {
            changes: changes.remove(&row.netuid),
            week: weeks.remove(&row.netuid).unwrap_or_default(),
            emission_ppm: shares.get(&row.netuid).copied().flatten(),
            liquidation_bits,
            href: as_of::keep(context, &format!("/subnet/{}", row.netuid)),
            holdings,
            row,
        }
    });
    Ok(lines.collect())
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
            cell: |line| {
                ui::subnet_link(
                    &line.href,
                    line.row.netuid,
                    line.row.name.as_deref(),
                    line.row.symbol.as_deref(),
                )
            },
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
            value: |line| line.change_ppm(DAY).map(|ppm| ppm as f64),
            cell: |line| ui::change(line.change_ppm(DAY)),
            text: |line| plain(line.change_ppm(DAY)),
        },
        Column {
            key: "week",
            label: "7 d",
            meaning: "Change of the price against the block a week before",
            class: "r p2",
            value: |line| line.change_ppm(WEEK).map(|ppm| ppm as f64),
            cell: |line| ui::change(line.change_ppm(WEEK)),
            text: |line| plain(line.change_ppm(WEEK)),
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
            meaning: "TAO of users' buys and sales in a day",
            class: "r p2",
            value: |line| of_rao(line.volume_rao()),
            cell: |line| rao(line.volume_rao()),
            text: |line| plain(line.volume_rao()),
        },
        Column {
            key: "flow",
            label: "Net flow 24 h",
            meaning: "TAO of buys less TAO of sales in a day",
            class: "r p2",
            value: |line| line.flow(DAY).map(|flow| flow.net_rao() as f64),
            cell: |line| ui::signed_tao(line.flow(DAY).map(Flow::net_rao)),
            text: |line| plain(line.flow(DAY).map(Flow::net_rao)),
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
            cell: |line| {
                line.emission_ppm.map_or_else(
                    || ui::unknown("Not stored"),
                    |ppm| view! { <span class="num">{text::percent_ppm(ppm)}</span> }.into_any(),
                )
            },
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
            cell: |line| {
                line.row.neuron_count.map_or_else(
                    || ui::unknown("Not stored"),
                    |count| view! { <span class="num">{count}</span> }.into_any(),
                )
            },
            text: |line| plain(line.row.neuron_count),
        },
        Column {
            key: "spark",
            label: "Week",
            meaning: "Price of the last seven days",
            class: "p3",
            value: |_| None,
            cell: |line| ui::spark(&line.week),
            text: |line| line.week.iter().map(|bits| text::price(*bits)).collect::<Vec<_>>().join(" "),
        },
    ]
}

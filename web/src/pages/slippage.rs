//! The slippage calculator: what a trade of alpha would get at a block.

use axum::response::Response;
use leptos::prelude::*;
use yumascan_warehouse::query::market::quotes::pool_of;

use super::{Page, as_of};
use crate::{
    calculators::slippage::{Fields, Market, Markets},
    islands::SlippageCalculator,
    server::{Answer, Context, PageError},
    text, ui,
};

pub(crate) async fn handle(context: Context) -> Response {
    let loaded = load(&context).await;
    context.answer(loaded).await
}

async fn load(context: &Context) -> Result<Answer, PageError> {
    let moment = as_of::moment(context).await?;
    let rows = context.state.warehouse.list_subnets(&moment).await?;
    let known = rows.len();
    let of = |row: yumascan_warehouse::rows::SubnetStateRow| {
        let name = row.name.clone().filter(|name| !name.is_empty());
        let label =
            name.map_or_else(|| format!("Subnet {}", row.netuid), |name| format!("{} {name}", row.netuid));
        Some((row.netuid, Market { label, pool: pool_of(&row)? }))
    };
    // root stake is TAO, one to one
    let markets: Markets = rows.into_iter().filter(|row| row.netuid != 0).filter_map(of).collect();
    let value = |name: &str| context.params.get(name).unwrap_or_default().to_owned();
    let first = markets.keys().next().map(ToString::to_string).unwrap_or_default();
    let to = if value("to").is_empty() { first } else { value("to") };
    let fields = Fields { amount: value("amount"), from: value("from"), to };
    let at = context.params.get("at").map(str::to_owned);
    let context = context.clone();
    Ok(Page::new("Slippage", "/yield", move || {
        let calculator = if markets.is_empty() {
            let why = if known > 1 { "The pools of this block are of a kind that cannot be computed here." } else { "No subnet has a pool at this block." };
            ui::empty(why, view! { <a href="/subnets">"All subnets"</a> }.into_any())
        } else {
            let action = context.path.clone();
            view! { <SlippageCalculator action=action at=at markets=markets fields=fields/> }.into_any()
        };
        view! {
            <header class="title"><h1>"Slippage"</h1></header>
            {as_of::line(&context, &moment)}
            <p class="lead">{format!("What a trade would have got right after block {}, computed as the chain does: the pool's fee and the price moving against it, without the fee of the transaction. Alpha of one subnet becomes that of another through TAO; the second swap pays no fee. Root stake is TAO, one to one.", text::group(moment.block))}</p>
            {calculator}
        }
        .into_any()
    })
    .into())
}

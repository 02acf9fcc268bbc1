//! The figures at the head of a subnet's page.

use leptos::prelude::*;
use yumascan_warehouse::rows::SubnetStateRow;

use crate::{pages::subnets::holdings, text, ui};

/// Cards: price, worth, pool, emission.
pub(super) fn cards(row: &SubnetStateRow) -> AnyView {
    let held = holdings(row);
    let rao = |value: Option<u128>| value.map_or_else(|| ui::unknown("Not stored"), ui::tao_short);
    let pool = match (row.tao_in_rao, row.alpha_in_rao) {
        (Some(tao), Some(alpha)) => {
            view! { {ui::tao_short(u128::from(tao))}" · "{ui::alpha_short(alpha)} }.into_any()
        }
        _ => ui::unknown("Not stored"),
    };
    let emission = match (row.tao_in_emission_rao, row.alpha_out_emission_rao) {
        (Some(tao), Some(alpha)) => {
            view! { {ui::tao_short(u128::from(tao))}" · "{ui::alpha_short(alpha)} }.into_any()
        }
        _ => ui::unknown("Not stored"),
    };
    let model = match row.price_model.as_str() {
        "stable" => "one to one",
        "constant_product" => "pool x·y = k",
        "concentrated" => "pool with a square-root price",
        "balancer" => "weighted pool",
        _ => "of an unknown kind",
    };
    view! {
        <dl class="tiles figures">
            {tile("Price", ui::price(row.price_bits), model.to_owned())}
            {tile("Moving price", ui::moving_price(row.moving_price_bits), "decides emission and pruning".to_owned())}
            {tile("Market cap", rao(held.map(|held| held.staked_cap_rao())), "of alpha outside of the pool".to_owned())}
            {tile("Total cap", rao(held.map(|held| held.total_cap_rao())), "with the pool's alpha".to_owned())}
            {tile("Diluted", rao(held.map(|held| held.diluted_rao())), "at 21 million alpha".to_owned())}
            {tile("Pool", pool, "TAO and alpha".to_owned())}
            {tile("Emission of the block", emission, "TAO to the pool, alpha to participants".to_owned())}
            {tile("Neurons", row.neuron_count.map_or_else(|| ui::unknown("Not stored"), |count| view! { {text::group(count)} }.into_any()),
                row.burn_rao.map_or_else(String::new, |burn| format!("a place costs {} TAO", text::amount(burn))))}
        </dl>
    }
    .into_any()
}

fn tile(name: &'static str, value: AnyView, sub: String) -> AnyView {
    view! { <div class="tile"><dt>{name}</dt><dd>{value}</dd><dd class="sub">{sub}</dd></div> }.into_any()
}
